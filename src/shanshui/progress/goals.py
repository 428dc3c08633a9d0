"""The goal of a promise on the number line, and whether a figure may be set against it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from shanshui.progress._exact import Number, exact, plain
from shanshui.progress.commitment import Commitment, Figure
from shanshui.standards import Basis, compare_bases

_UNSTATED = Basis()

Sign = Literal["<=", "<", ">=", ">", "="]


@dataclass(frozen=True)
class Goal:
    """At most, at least, or near a value within a slack, or between two values.

    Attributes
    ----------
    value : Fraction
        The value to reach; of a range the end on which it is judged (the lower, where no way is
        better).
    sign : str
        How a figure must compare with it.
    slack : Fraction
        How far it may stay away (左右).
    value_to : Fraction or None
        The upper end of a range where no way is better.
    text : str
        The goal as it is written.
    """

    value: Fraction
    sign: Sign
    slack: Fraction = Fraction(0)
    value_to: Fraction | None = None
    text: str = ""

    @property
    def bound(self) -> Fraction:
        """The value with its slack, on the side from which it is approached."""
        if not self.slack:
            return self.value
        return self.value + (self.slack if self.sign[0] == "<" else -self.slack)

    def met(self, value: Fraction) -> bool:
        """Whether a figure meets the goal."""
        if self.value_to is not None:
            return self.value <= value <= self.value_to
        if self.sign == "=":
            return abs(value - self.value) <= self.slack
        if value == self.bound:
            return len(self.sign) == 2
        return (value < self.bound) == (self.sign[0] == "<")

    def edge(self, start: Fraction) -> Fraction:
        """Return the value to move to from where a figure starts."""
        if self.value_to is not None and start > self.value_to:
            return self.value_to
        return self.value

    def gap(self, value: Fraction) -> Fraction:
        """How far a figure still has to move to touch the goal, 0 when it is met."""
        if self.met(value):
            return Fraction(0)
        if self.value_to is not None and value > self.value_to:
            return value - self.value_to
        return abs(value - self.value)


def goal_of(
    commitment: Commitment, baseline: Figure | None, about: Fraction, value: Number | None = None
) -> Goal:
    """Resolve a promise to a goal; `value` stands in for the promised one (力争)."""
    written = commitment.value if value is None else value
    aim = exact(0 if written is None else written, "value")
    comparator = commitment.comparator
    if baseline is not None and comparator in ("increase_by", "decrease_by"):
        base = baseline.exact
        change = base * aim / 100 if commitment.unit == "%" else aim
        up = comparator == "increase_by"
        aim = base + change if up else base - change
        return Goal(aim, ">=" if up else "<=", text=plain(aim))
    better = commitment.better
    sign: Sign = "="
    if comparator in ("=", "~") and better is not None:
        sign = "<=" if better == "lower" else ">="
    if commitment.value_to is not None and value is None:
        low, high = sorted((aim, exact(commitment.value_to, "value_to")))
        text = f"{plain(low)}—{plain(high)}"
        if better is None:
            return Goal(low, "=", value_to=high, text=text)
        return Goal(high if better == "lower" else low, sign, text=text)
    if comparator in ("=", "~"):
        slack = abs(aim) * about if comparator == "~" else Fraction(0)
        return Goal(aim, sign, slack, text=plain(aim))
    assert comparator in ("<=", "<", ">=", ">")
    return Goal(aim, comparator, text=plain(aim))


def differences(
    commitment: Commitment, figure: Figure, baseline: Figure | None
) -> list[tuple[str, str]]:
    """Name what keeps a figure from answering a promise (口径不一致), in both languages."""
    found: list[tuple[str, str]] = []

    def note(label: str, english: str, a: str | None, b: str | None) -> None:
        if a is not None and b is not None and a != b:
            found.append((f"{label}：{a} ≠ {b}", f"{english}: {a} ≠ {b}"))

    note("范围", "region", commitment.region, figure.region)
    if not commitment.relative or commitment.unit not in ("pp", "%"):
        note("单位", "unit", commitment.unit, figure.unit)
    known = figure.basis != _UNSTATED
    stated = compare_bases(commitment.basis, figure.basis) if known else []
    found += [(str(d), f"{d.field}: {d.a} ≠ {d.b}") for d in stated]
    if baseline is not None:
        note("基期单位", "unit of the baseline", baseline.unit, figure.unit)
    if baseline is not None and known:
        found += [
            (f"基期与现值{d}", f"baseline, {d.field}: {d.a} ≠ {d.b}")
            for d in compare_bases(baseline.basis, figure.basis)
            if d.field not in ("status", "formula")
        ]
    return found

"""How a target stands (完成情况)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, get_args

from shanshui.progress._exact import Number, exact, plain
from shanshui.standards import compare_bases

if TYPE_CHECKING:
    from shanshui.progress.commitment import Commitment, Figure

State = Literal[
    "已完成",
    "达到序时进度",
    "存在风险",
    "滞后于序时进度",
    "未完成",
    "暂无数据",
    "待下达",
    "口径不一致",
]
STATES: tuple[State, ...] = get_args(State)
"""The states of a target; `standing` says what each means."""

RISK = Fraction(3, 5)
"""Share of the required progress below which a target lags."""
ABOUT = Fraction(1, 20)
"""How far a value may lie from a target of 左右 (``~``), as a share of it."""


@dataclass(frozen=True)
class Standing:
    """How a commitment stands by a figure; made by `standing`.

    Attributes
    ----------
    state : str
        One of `STATES`.
    reason, reason_en : str
        Why, in Chinese and in English.
    goal : Fraction or None
        The value to reach, with ``increase_by`` and ``decrease_by`` resolved.
    gap : Fraction or None
        How far the value still has to move to touch the goal, never negative; 0 when met. None
        when the figure cannot answer.
    required : Fraction or None
        The value that the straight line from the baseline to the goal has in the figure's year.
    pace : Fraction or None
        Progress made as a share of the progress required by then: 1 is on the line.
    differences : tuple of str
        Where the bases differ, for 口径不一致.
    """

    state: State
    reason: str
    reason_en: str
    goal: Fraction | None = None
    gap: Fraction | None = None
    required: Fraction | None = None
    pace: Fraction | None = None
    differences: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Goal:
    """A goal on the number line: at most, at least, or near `value` within `slack`."""

    value: Fraction
    sign: Literal["<=", "<", ">=", ">", "="]
    slack: Fraction = Fraction(0)

    def met(self, value: Fraction) -> bool:
        if self.sign == "=":
            return abs(value - self.value) <= self.slack
        bound = self.value + (self.slack if self.sign[0] == "<" else -self.slack)
        if value == bound:
            return len(self.sign) == 2
        return (value < bound) == (self.sign[0] == "<")


def standing(
    commitment: Commitment,
    figure: Figure | None = None,
    baseline: Figure | None = None,
    *,
    risk: Number = RISK,
    about: Number = ABOUT,
) -> Standing:
    """Say how a commitment stands by the latest figure.

    The words mean here, tried in this order:

    待下达
        The plan leaves the value to a higher authority and none is given.
    暂无数据
        No figure; or none that can be judged: the base value of ``increase_by`` is missing, no
        baseline or no figure after the baseline to measure progress by, or a state of a year
        known only for a year after the deadline.
    口径不一致
        Region, unit or a field of the basis that the commitment states differs from the figure's,
        or baseline and figure differ among themselves. `Standing.differences` names each.
    已完成
        The goal is met by the figure of the deadline year; or before it, for what lasts or where
        no deadline is set.
    未完成
        The goal is not met and the deadline year's figure is in, or the plan sets no deadline.
    达到序时进度
        Before the deadline: the goal is already met and has to be held, or the progress since the
        baseline is at least what a straight line from baseline to goal asks for.
    存在风险
        Progress is between `risk` and the whole of what the line asks for.
    滞后于序时进度
        Progress is less than `risk` of it, or a goal met at the baseline has been lost.

    The straight line and the share `risk` are this project's convention, not a national rule;
    three fifths is also where Open SDG ends "moderate progress".

    Parameters
    ----------
    commitment : Commitment
        The promise.
    figure : Figure, optional
        The latest value that may answer it.
    baseline : Figure, optional
        The value that progress counts from; for ``increase_by`` and ``decrease_by`` that of the
        base year.
    risk : number
        Share of the required progress below which the target lags.
    about : number
        Tolerance of ``~`` as a share of the target.

    Returns
    -------
    Standing

    Examples
    --------
    At most 30 by 2027, 33.0 in 2024 and 31.7 in 2025, where the line asks for 32.0:

    >>> from shanshui.progress import Commitment, Figure
    >>> promise = Commitment("<=", 30, "µg/m3", 2027, better="lower")
    >>> now, then = Figure(31.7, 2025, "µg/m3"), Figure(33.0, 2024, "µg/m3")
    >>> result = standing(promise, now, then)
    >>> result.state, float(result.required), float(result.gap)
    ('达到序时进度', 32.0, 1.7)
    """
    if commitment.deferred:
        return Standing(
            "待下达",
            "目标值由上级下达，尚无下达值",
            "the value is set by a higher authority and is not known yet",
        )
    if commitment.relative and baseline is None:
        base = "基期" if commitment.base_year is None else f"{commitment.base_year}年基期"
        return Standing(
            "暂无数据",
            f"缺{base}值，不能换算目标",
            "the base value is missing, so the goal is unknown",
        )
    goal = _goal(commitment, baseline, about)
    if figure is None:
        return Standing(
            "暂无数据", "没有可用的公布值或计算值", "no published or computed value", goal.value
        )
    differences = _differences(commitment, figure, baseline)
    if differences:
        return Standing(
            "口径不一致",
            "；".join(zh for zh, _ in differences),
            "; ".join(en for _, en in differences),
            goal.value,
            differences=tuple(zh for zh, _ in differences),
        )
    return _judge(commitment, goal, figure, baseline, exact(risk, "risk"))


def _judge(
    commitment: Commitment, goal: _Goal, figure: Figure, baseline: Figure | None, risk: Fraction
) -> Standing:
    value, year, deadline = figure.exact, figure.year, commitment.year
    met = goal.met(value)
    gap = Fraction(0) if met else abs(value - goal.value)
    shown, aim = plain(value), plain(goal.value)
    if deadline is None or year >= deadline:
        if deadline is not None and year > deadline and not commitment.lasting:
            return Standing(
                "暂无数据",
                f"缺到期年{deadline}年的值（现有{year}年）",
                f"no value for the deadline year {deadline}, only for {year}",
                goal.value,
            )
        when = "（未设期限）" if deadline is None else ""
        if met:
            reason = f"{year}年{shown}，达到目标{aim}{when}"
            return Standing("已完成", reason, f"{shown} in {year} meets {aim}", goal.value, gap)
        reason = f"{year}年{shown}，距目标{aim}差{plain(gap)}{when}"
        english = f"{shown} in {year} is {plain(gap)} short of {aim}"
        return Standing("未完成", reason, english, goal.value, gap)
    if baseline is not None and year <= baseline.year:
        return Standing(
            "暂无数据",
            f"基期{baseline.year}年之后尚无值（{year}年{shown}，目标{aim}）",
            f"no value after the baseline year {baseline.year} ({shown} in {year}, goal {aim})",
            goal.value,
            gap,
        )
    if met:
        if commitment.lasting:
            reason = f"{year}年{shown}，提前达到目标{aim}"
            english = f"{shown} in {year} reaches {aim} early"
            return Standing("已完成", reason, english, goal.value, gap)
        reason = f"{year}年{shown}，已达到{deadline}年目标{aim}，须保持"
        english = f"{shown} in {year} is at the goal for {deadline} already and has to be held"
        return Standing("达到序时进度", reason, english, goal.value, gap)
    if baseline is None:
        return Standing(
            "暂无数据",
            f"缺基期值，不能评价序时进度（{year}年{shown}，目标{aim}）",
            f"no baseline to measure progress from ({shown} in {year}, goal {aim})",
            goal.value,
            gap,
        )
    start = baseline.exact
    if goal.met(start) or start == goal.value:
        reason = f"基期{plain(start)}已达目标{aim}，{year}年退至{shown}"
        english = f"met at the baseline ({plain(start)}), lost in {year} ({shown})"
        return Standing("滞后于序时进度", reason, english, goal.value, gap)
    elapsed = Fraction(year - baseline.year, deadline - baseline.year)
    required = start + (goal.value - start) * elapsed
    pace = (value - start) / (required - start)
    state: State = "达到序时进度" if pace >= 1 else "存在风险" if pace >= risk else "滞后于序时进度"
    done = ("较基期倒退", "worse than the baseline")
    if pace >= 0:
        share = plain(pace * 100, 0)
        done = (f"完成应有进度的{share}%", f"{share} % of the progress due by then")
    asked = plain(required, 2)
    reason = f"{year}年{shown}，序时要求{asked}，{done[0]}"
    english = f"{shown} in {year}, the line asks {asked}: {done[1]}"
    return Standing(state, reason, english, goal.value, gap, required, pace)


def _goal(commitment: Commitment, baseline: Figure | None, about: Number) -> _Goal:
    value = exact(commitment.value or 0, "value")
    comparator = commitment.comparator
    if baseline is not None and comparator in ("increase_by", "decrease_by"):
        base = baseline.exact
        change = base * value / 100 if commitment.unit == "%" else value
        up = comparator == "increase_by"
        return _Goal(base + change if up else base - change, ">=" if up else "<=")
    if comparator in ("=", "~"):
        slack = abs(value) * exact(about, "about") if comparator == "~" else Fraction(0)
        sign: Literal["<=", ">=", "="] = "="
        if commitment.better is not None:
            sign = "<=" if commitment.better == "lower" else ">="
        return _Goal(value, sign, slack)
    assert comparator in ("<=", "<", ">=", ">")
    return _Goal(value, comparator)


def _differences(
    commitment: Commitment, figure: Figure, baseline: Figure | None
) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    def note(label: str, english: str, a: str | None, b: str | None) -> None:
        if a is not None and b is not None and a != b:
            found.append((f"{label}：{a} ≠ {b}", f"{english}: {a} ≠ {b}"))

    note("范围", "region", commitment.region, figure.region)
    if not commitment.relative or commitment.unit not in ("pp", "%"):
        note("单位", "unit", commitment.unit, figure.unit)
    found += [
        (str(d), f"{d.field}: {d.a} ≠ {d.b}") for d in compare_bases(commitment.basis, figure.basis)
    ]
    if baseline is not None:
        note("基期单位", "unit of the baseline", baseline.unit, figure.unit)
        found += [
            (f"基期与现值{d}", f"baseline, {d.field}: {d.a} ≠ {d.b}")
            for d in compare_bases(baseline.basis, figure.basis)
            if d.field not in ("status", "formula")
        ]
    return found

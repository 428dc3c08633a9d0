"""Promises beside each other: pure rules that find conflicts and what cannot be followed up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from typing import Any, NamedTuple

from shanshui.platform.plans.units import amount, measure
from shanshui.standards import Basis, compare_bases

SEVERITIES = {"error": "错误", "warning": "警告", "info": "提示"}


class Rule(NamedTuple):
    """A check: its severity, what it is called and what to do about a finding."""

    severity: str
    zh: str
    en: str
    advice_zh: str
    advice_en: str


RULES = {
    "conflict": Rule(
        "error",
        "目标值冲突",
        "different values",
        "核对两处原文，改正读错的一条，或请发文单位明确以哪个为准",
        "check both texts; correct the one misread, or ask the issuers which holds",
    ),
    "weaker": Rule(
        "error",
        "低于上级要求",
        "weaker than the region above asks",
        "核对是否同一口径；确实低于上级要求的，按上级目标调整或另行说明",
        "check the basis; where it is weaker indeed, raise it or say why",
    ),
    "basis": Rule(
        "warning",
        "口径不一致",
        "different bases",
        "按所列字段统一口径后再比较",
        "bring both to one basis before comparing them",
    ),
    "unit": Rule(
        "warning",
        "单位不能换算",
        "units that do not convert",
        "核对单位和指标是否读错",
        "check whether the unit or the indicator was misread",
    ),
    "baseline_differs": Rule(
        "warning",
        "现状值不一致",
        "different baselines",
        "核对哪个是定稿数，口径是否相同",
        "check which figure is final and whether the bases agree",
    ),
    "unset": Rule(
        "warning",
        "按上级下达而未设年度目标",
        "deferred and not set",
        "收到下达文件后用 shanshui plan annual 录入年度目标",
        "enter the value with shanshui plan annual once it is handed down",
    ),
    "no_owner": Rule(
        "warning",
        "没有责任单位",
        "without an owner",
        "用 shanshui plan add 分工方案 --for 规划，或 shanshui plan assign 定责任单位",
        "add a division of work with --for, or use shanshui plan assign",
    ),
    "no_base_year": Rule(
        "warning",
        "变化目标没有基准年",
        "a change without its base year",
        "用 shanshui plan correct 编号 base_year=年份 补上",
        "add it with shanshui plan correct CODE base_year=YEAR",
    ),
    "no_baseline": Rule(
        "info",
        "没有现状值",
        "without a baseline",
        "补现状值才能算序时进度：shanshui plan correct 编号 base_year=… base_value=…",
        "progress counts from a baseline: shanshui plan correct CODE base_year=… base_value=…",
    ),
    "no_year": Rule(
        "warning",
        "没有期限",
        "without a deadline",
        "用 shanshui plan correct 编号 year=年份 补上",
        "add it with shanshui plan correct CODE year=YEAR",
    ),
    "no_indicator": Rule(
        "warning",
        "指标不在目录中",
        "not in the catalogue",
        "用 shanshui catalog indicators 找到指标，shanshui plan correct 编号 indicator=名称",
        "find it with shanshui catalog indicators, then shanshui plan correct CODE indicator=NAME",
    ),
    "no_region": Rule(
        "warning",
        "地区没有代码",
        "region without a code",
        "用 shanshui plan correct 编号 region=代码 指明",
        "say it with shanshui plan correct CODE region=CODE",
    ),
    "no_measure": Rule(
        "info",
        "定性目标，没有可测指标",
        "qualitative, nothing measurable",
        "可用 shanshui plan correct 编号 kind=target indicator=… 定一个可测指标",
        "give it an indicator with shanshui plan correct CODE kind=target indicator=…",
    ),
    "coverage": Rule(
        "info",
        "没有读出的话",
        "uncovered clauses",
        "用 shanshui plan review 代码 在原文中逐处核对",
        "go through them in the text with shanshui plan review CODE",
    ),
}
"""The checks by name."""
_RANK = {name: number for number, name in enumerate(SEVERITIES)}
_CHANGES = {"increase_by": 1, "decrease_by": -1}
_VALUED = frozenset({"target", "count", "annual"})


@dataclass(frozen=True)
class Promise:
    """A commitment or target of the year, as the rules look at it."""

    code: str
    document: str
    kind: str
    indicator: str
    indicator_code: str | None
    region: str | None
    region_code: str | None
    year: int | None
    comparator: str | None
    value: Decimal | None
    value_to: Decimal | None
    unit: str | None
    base_year: int | None
    base_value: Decimal | None
    stretch: bool
    basis: Mapping[str, Any] | None
    direction: str | None
    own_unit: str | None
    measurable: bool
    owned: bool
    answers: str | None = None

    @property
    def quantity(self) -> str:
        """What it is a value of."""
        return self.indicator_code or self.indicator

    @property
    def place(self) -> str | None:
        """Where."""
        return self.region_code or self.region

    @property
    def said(self) -> str:
        """The value as a person reads it; nothing where it is set elsewhere."""
        if self.value is None:
            return ""
        value = format(self.value, "f")
        if self.value_to is not None:
            value += f"—{self.value_to:f}"
        sign = {"<=": "≤", ">=": "≥", "=": "", "~": "约", "increase_by": "+", "decrease_by": "-"}
        return f"{sign.get(self.comparator or '', self.comparator or '')}{value}{self.unit or ''}"


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes
    ----------
    rule : str
        A key of `RULES`.
    document : str
        Code of the plan.
    subject : str
        Code of the item, or of the plan.
    zh, en : str
        What is the matter.
    others : tuple of str
        Codes of the items that it is in conflict with.
    documents : tuple of str
        Codes of their plans.
    places : tuple
        Of uncovered clauses the span in the text and the words.
    severity : str
        ``error``, ``warning`` or ``info``; by default that of the rule.
    """

    rule: str
    document: str
    subject: str
    zh: str
    en: str
    others: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    places: tuple[tuple[int, int, str], ...] = ()
    severity: str = ""

    def __post_init__(self) -> None:
        """Take the severity of the rule where none is said."""
        if not self.severity:
            object.__setattr__(self, "severity", RULES[self.rule].severity)

    @property
    def rank(self) -> int:
        """0 of the gravest."""
        return _RANK[self.severity]

    def as_dict(self) -> dict[str, Any]:
        """Return what a line of JSON holds."""
        rule = RULES[self.rule]
        return {
            "severity": self.severity,
            "rule": self.rule,
            "document": self.document,
            "subject": self.subject,
            "message_zh": self.zh,
            "message_en": self.en,
            "advice_zh": rule.advice_zh,
            "advice_en": rule.advice_en,
            "others": list(self.others),
            "places": [{"start": a, "end": b, "quote": quote} for a, b, quote in self.places],
        }


def _groups(
    promises: Iterable[Promise], *, kinds: frozenset[str] = _VALUED
) -> Iterable[list[Promise]]:
    """Give the promises of one quantity, region and year."""
    groups: dict[Hashable, list[Promise]] = defaultdict(list)
    for one in promises:
        if one.kind in kinds and one.value is not None and one.year and one.place:
            groups[one.quantity, one.place, one.year].append(one)
    return (group for group in groups.values() if len(group) > 1)


def _amounts(one: Promise) -> tuple[Fraction, ...]:
    """Return the value and the end of a range, in the first unit of its family; a fall negative."""
    sign = _CHANGES.get(one.comparator or "", 1)
    ends = (one.value, one.value_to)
    return tuple(sign * amount(end, one.unit) for end in ends if end is not None)


def _way(one: Promise) -> Hashable:
    """Say what a value is counted from: changes of one base year stand beside each other."""
    return ("change", one.base_year) if one.comparator in _CHANGES else "level"


def _differ(a: Promise, b: Promise) -> list[str]:
    """Name the fields in which the bases of two promises differ."""
    return [str(d) for d in compare_bases(Basis(**(a.basis or {})), Basis(**(b.basis or {})))]


def _comparable(a: Promise, b: Promise) -> bool:
    return (
        measure(a.unit).family == measure(b.unit).family
        and _way(a) == _way(b)
        and not _differ(a, b)
    )


def conflicts(promises: Iterable[Promise]) -> list[Finding]:
    """Find different values for one indicator, region and year, also within one plan.

    A goal to strive for (力争) may go beyond the target; things counted in one plan are named too
    loosely to be told apart.
    """
    found = []
    for group in _groups(promises):
        for a, b in combinations(group, 2):
            within = a.document == b.document
            loose = within and "count" in (a.kind, b.kind)
            if a.stretch != b.stretch or loose or not _comparable(a, b):
                continue
            if _amounts(a) != _amounts(b):
                found.append(_pair("conflict", a, b))
    return found


def bases(promises: Iterable[Promise]) -> list[Finding]:
    """Find promises of one indicator, region and year on different bases (口径不一致)."""
    found = []
    for group in _groups(promises, kinds=_VALUED | {"baseline"}):
        for a, b in combinations(group, 2):
            if a.document != b.document and (fields := _differ(a, b)):
                found.append(_pair("basis", a, b, "；".join(fields)))
    return found


def baselines(promises: Iterable[Promise]) -> list[Finding]:
    """Find plans that state different values of one year for the present (现状值)."""
    found = []
    for group in _groups(promises, kinds=frozenset({"baseline"})):
        for a, b in combinations(group, 2):
            if a.document != b.document and _comparable(a, b) and _amounts(a) != _amounts(b):
                found.append(_pair("baseline_differs", a, b))
    return found


def units(promises: Iterable[Promise]) -> list[Finding]:
    """Find values in a unit that does not convert into that of their indicator."""
    found = []
    for one in promises:
        if one.value is None or not one.own_unit or not one.unit:
            continue
        mine, own = measure(one.unit).family, measure(one.own_unit).family
        # A change is in percentage points, or in per cent of whatever it is.
        changed = one.comparator in _CHANGES and mine in ("%", "pp", "倍")
        if mine != own and not changed:
            found.append(
                Finding(
                    "unit",
                    one.document,
                    one.code,
                    f"{_what(one)}：{one.said}，而该指标的单位是 {one.own_unit}",
                    f"{_what(one)}: {one.said}, while the indicator is in {one.own_unit}",
                )
            )
    return found


def weaker(promises: Sequence[Promise], around: Mapping[str, Mapping[str, bool]]) -> list[Finding]:
    """Find places that promise less than the region above them asks for the same year.

    By the direction of the indicator; shares and concentrations alone, since amounts add up. What
    a group of regions asks on average is a hint only.

    Parameters
    ----------
    promises : sequence of Promise
        All of them.
    around : mapping
        For each region those that it lies in, and whether each is a group.
    """
    above: dict[Hashable, list[Promise]] = defaultdict(list)
    mine = [
        one
        for one in promises
        if one.kind in _VALUED
        and one.value is not None
        and one.year
        and one.region_code
        and measure(one.unit).level
    ]
    for one in mine:
        above[one.quantity, one.region_code, one.year].append(one)
    found = []
    for one in mine:
        for region, group in around.get(one.region_code or "", {}).items():
            for other in above.get((one.quantity, region, one.year), ()):
                if other.stretch or not _comparable(one, other) or not _falls_short(one, other):
                    continue
                severity = "info" if group else "error"
                found.append(_pair("weaker", one, other, severity=severity))
    return found


def _falls_short(one: Promise, other: Promise) -> bool:
    way = one.direction
    if way is None:
        way = {"<=": "lower", "<": "lower", ">=": "higher", ">": "higher"}.get(
            other.comparator or ""
        )
    mine, asked = _amounts(one)[-1 if way == "lower" else 0], _amounts(other)[0]
    return (way == "lower" and mine > asked) or (way == "higher" and mine < asked)


def open_ends(promises: Sequence[Promise]) -> list[Finding]:
    """Find promises without an owner, a baseline, a deadline or a region with a code."""
    known = {(one.quantity, one.place) for one in promises if one.kind == "baseline"}
    found = []
    for one in promises:
        if one.kind == "baseline":
            continue
        if not one.owned:
            found.append(_single("no_owner", one))
        if one.region and not one.region_code:
            found.append(_single("no_region", one, one.region))
        if one.kind == "milestone":
            continue
        if one.year is None:
            found.append(_single("no_year", one))
        if one.kind == "target" and one.value is not None:
            if one.comparator in _CHANGES:
                if one.base_year is None:
                    found.append(_single("no_base_year", one))
            elif one.base_value is None and (one.quantity, one.place) not in known:
                found.append(_single("no_baseline", one))
    return found


def unmeasured(promises: Iterable[Promise]) -> list[Finding]:
    """Find promises that no indicator of the catalogue measures."""
    found = []
    for one in promises:
        if one.kind == "milestone" and not one.indicator_code:
            found.append(_single("no_measure", one))
        elif one.kind in ("target", "deferred", "count") and not one.indicator_code:
            severity = "info" if one.kind == "count" else ""
            found.append(_single("no_indicator", one, severity=severity))
    return found


def unset(promises: Iterable[Promise], annual: Sequence[Promise]) -> list[Finding]:
    """Find deferred values (按上级下达) for which no target of the year has been set."""
    named = {one.answers for one in annual if one.answers}
    placed = {(one.quantity, one.place, one.year) for one in annual}
    return [
        _single("unset", one)
        for one in promises
        if one.kind == "deferred"
        and one.code not in named
        and (one.quantity, one.place, one.year) not in placed
    ]


def _what(one: Promise) -> str:
    year = f"{one.year}年" if one.year else ""
    return f"{one.region or ''}{year}{one.indicator}"


def _single(rule: str, one: Promise, more: str = "", *, severity: str = "") -> Finding:
    names = RULES[rule]
    said = f"（{more}）" if more else ""
    return Finding(
        rule,
        one.document,
        one.code,
        f"{_what(one)}{one.said}：{names.zh}{said}",
        f"{_what(one)} {one.said}: {names.en}{f' ({more})' if more else ''}",
        severity=severity,
    )


def _pair(rule: str, a: Promise, b: Promise, more: str = "", *, severity: str = "") -> Finding:
    names = RULES[rule]
    place = "" if a.place == b.place else f"{b.region or ''} "
    said = f"；{more}" if more else ""
    return Finding(
        rule,
        a.document,
        a.code,
        f"{_what(a)}：{a.said}，而 {b.document} 为 {place}{b.said}{said}",
        f"{_what(a)}: {a.said}, while {b.document} has {place}{b.said} ({names.en})",
        (b.code,),
        (b.document,),
        severity=severity,
    )

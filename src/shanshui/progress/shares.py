"""What may still fail: sections of a ratio, and days of a percentile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from shanshui.progress._exact import Number, exact, plain, whole
from shanshui.progress.remainder import Comparator, limit_of, remaining
from shanshui.standards import ShanshuiError

Whole = Literal["sections", "points"]
_WORDS: dict[Whole, str] = {"sections": "断面", "points": "点位"}


@dataclass(frozen=True)
class Spare:
    """How many sections may still be lost; made by `remaining_sections`.

    Attributes
    ----------
    target : Fraction
        The target as given, in %.
    comparator : str
        How the ratio must compare with it.
    total, counted : int
        Sections, and those that count in the ratio now.
    so_far : Fraction
        The ratio now, in %.
    allowed : int
        Sections that may still turn for the worse; negative: so many have to turn for the better.
    feasible : bool
        Some number of sections meets the target.
    count : {"sections", "points"}
        What they are: sections of rivers and lakes, or points of groundwater.
    """

    target: Fraction
    comparator: Comparator
    total: int
    counted: int
    so_far: Fraction
    allowed: int
    feasible: bool
    count: Whole = "sections"

    @property
    def value(self) -> None:
        """None: no mean is to be kept."""
        return

    @property
    def safe(self) -> bool:
        """Whether the target is met whatever happens."""
        return self.allowed >= (
            self.counted if self.comparator[0] == ">" else self.total - self.counted
        )

    @property
    def plausible(self) -> None:
        """None: a number of sections has no stated best."""
        return

    def text(self, language: Literal["zh", "en"] = "zh") -> str:
        """Say it in one sentence.

        Examples
        --------
        >>> remaining_sections(90, total=149, counted=136).text()
        '149个断面中还可有1个断面超标'
        """
        pick = 0 if language == "zh" else 1
        word, words = _WORDS[self.count], self.count
        if not self.feasible:
            return (
                f"{self.total}个{word}全部达标也不能达到目标",
                f"all {self.total} {words} together do not reach the target",
            )[pick]
        if self.allowed < 0:
            return (
                f"{self.total}个{word}中还须有{-self.allowed}个{word}转为达标",
                f"{-self.allowed} of {self.total} {words} have to come to meet the target",
            )[pick]
        return (
            f"{self.total}个{word}中还可有{self.allowed}个{word}超标",
            f"{self.allowed} of {self.total} {words} may still be lost",
        )[pick]


def remaining_sections(
    target: Number,
    *,
    total: int,
    counted: int,
    comparator: Comparator = ">=",
    digits: int | None = None,
    count: Whole = "sections",
) -> Spare:
    """Say how many sections may still fail (还可超标几个断面).

    Every section is judged on its mean, so the ratio is known at any time and none is "left": what
    can change is which sections count in it.

    Parameters
    ----------
    target : number
        The ratio in %: of the good (``>=``), or of the bad (``<=``, 劣Ⅴ类比例).
    total, counted : int
        Sections, and those that count in the ratio now.
    comparator, digits
        As in `remaining`.
    count : {"sections", "points"}
        What they are.

    Raises
    ------
    ShanshuiError
        For numbers that are none, no section, or more counted than there are.

    Examples
    --------
    >>> remaining_sections(90, total=149, counted=136, digits=0).allowed
    2
    """
    counted, total = whole(counted, "counted"), whole(total, "total")
    if counted > total:
        raise ShanshuiError(
            f"计入{_WORDS[count]} {counted} 多于{_WORDS[count]}总数 {total} / "
            f"{counted} {count} counted of {total}"
        )
    all_in = remaining(target, done=0, left=total, days=0, comparator=comparator, digits=digits)
    assert all_in.allowed is not None
    failing = total - counted if comparator[0] == ">" else counted
    return Spare(
        all_in.target,
        comparator,
        total,
        counted,
        Fraction(100 * counted, total),
        min(all_in.allowed, total) - failing,  # half a step below 0 % rounds to it, but is none
        all_in.feasible,
        count,
    )


@dataclass(frozen=True)
class PercentileRemainder:
    """How many days may still exceed the limit; made by `remaining_percentile`.

    Attributes
    ----------
    target : Fraction
        The target as given.
    comparator : str
        How the percentile of the year must compare with it.
    percent : Fraction
        Which percentile.
    done, left : int
        Valid days so far and to come.
    so_far : Fraction or None
        The percentile of the days so far.
    over : int
        Days so far beyond the limit.
    allowed : int
        Days among those left that may exceed the limit by any amount, while the others come up to
        it; negative when more than may have done so already.
    feasible : bool
        The target is met if the rest is at its lowest.
    safe : bool
        The target is met whatever the rest brings.
    over_same, over_last : int or None
        Days beyond the same limit over the same part of last year, and over all of it; None where
        they are not known.
    """

    target: Fraction
    comparator: Comparator
    percent: Fraction
    done: int
    left: int
    so_far: Fraction | None
    over: int
    allowed: int
    feasible: bool
    safe: bool
    over_same: int | None = None
    over_last: int | None = None

    @property
    def value(self) -> None:
        """None: a percentile has no mean to be kept."""
        return

    @property
    def budget(self) -> int:
        """Days of the whole year that may exceed the limit by any amount."""
        return self.over + self.allowed

    @property
    def plausible(self) -> None:
        """None: no best is stated."""
        return

    def text(self, language: Literal["zh", "en"] = "zh") -> str:
        """Say it in one sentence.

        Examples
        --------
        >>> remaining_percentile(160, 90, [150] * 290 + [170] * 30, left=45).text()
        '剩余45天最多还可有6天超过160'
        """
        pick = 0 if language == "zh" else 1
        above, above_en, limit = self.beyond(), self.beyond("en"), plain(self.target)
        if self.safe:
            return (
                f"已锁定：剩余{self.left}天无论如何均能达到目标",
                f"settled: the target is met whatever the remaining {self.left} days bring",
            )[pick]
        if not self.feasible:
            return (
                f"已无法达到目标：{above}的已有{self.over}天",
                f"out of reach: {self.over} days {above_en} already",
            )[pick]
        if self.allowed < 0:
            over = -self.allowed
            return (
                f"{above}的天数已多出{over}天，仅因超幅小仍有可能达到目标",
                f"{over} days {above_en} too many; only their small excess leaves room",
            )[pick]
        left = f"at most {self.allowed} of the remaining {self.left} days"
        return (
            f"剩余{self.left}天最多还可有{self.allowed}天{above}",
            f"{left} may {'exceed' if self.comparator == '<=' else 'reach'} {limit}",
        )[pick]

    def beyond(self, language: Literal["zh", "en"] = "zh") -> str:
        """Say what a day is that does not keep to the limit."""
        limit = plain(self.target)
        if self.comparator == "<=":
            return f"超过{limit}" if language == "zh" else f"above {limit}"
        return f"不低于{limit}" if language == "zh" else f"at or above {limit}"


def remaining_percentile(
    target: Number,
    percent: Number,
    values: Iterable[Number],
    *,
    left: int,
    comparator: Comparator = "<=",
    digits: int | None = None,
    lowest: Number = 0,
    same: Iterable[Number] | None = None,
    last_year: Iterable[Number] | None = None,
) -> PercentileRemainder:
    """Say how many days may still exceed the limit of a percentile of the year.

    A percentile has no control mean: it depends on the order of the days, not on their sum. What
    can be said exactly is how many of the days left may exceed the limit, whatever their height,
    while the others keep to it: so many and no more. One day more may or may not break the target,
    by how far it exceeds.

    Parameters
    ----------
    target : number
        Target of the percentile.
    percent : number
        Which one: 90 for O3 (daily maximum of 8 hours), 95 for CO.
    values : iterable of number
        Valid daily values so far.
    left : int
        Valid days expected in the rest of the year.
    comparator : {"<=", "<"}
        How the percentile must compare with the target.
    digits : int, optional
        The percentile is rounded half to even to so many decimals before it is compared.
    lowest : number
        Least possible daily value.
    same, last_year : iterable of number, optional
        Valid daily values of last year, of the same part of it and of all of it: its days beyond
        the limit are the course that this year's are set against.

    Raises
    ------
    ShanshuiError
        For numbers that are none, no day at all, or a comparator of a percentile to be exceeded.

    References
    ----------
    HJ 663-2013, A.6: of n values in order, the percentile lies at 1 + (n - 1) p, straight between
    two of them.

    Examples
    --------
    >>> rest = remaining_percentile(160, 90, [150] * 290 + [170] * 30, left=45)
    >>> rest.over, rest.allowed, rest.feasible
    (30, 6, True)
    """
    if comparator not in ("<=", "<"):
        raise ShanshuiError(
            f"百分位数目标的比较符应为 <= 或 <：{comparator!r} / "
            f"a percentile is kept at or below its target, got {comparator!r}"
        )
    share = exact(percent, "percent") / 100
    if not 0 <= share <= 1:
        raise ShanshuiError(f"percent 应在 0 与 100 之间 / must lie in 0..100: {percent!r}")
    days = sorted(exact(v, "values") for v in values)
    total = len(days) + whole(left, "left")
    if not total:
        raise ShanshuiError("没有有效天 / the period has no valid day")
    goal = exact(target, "target")
    limit, strict = limit_of(goal, comparator, digits)

    def kept(value: Fraction) -> bool:
        return value < limit or (value == limit and not strict)

    place = (total - 1) * share
    highest_that_counts = int(place) + (place.denominator != 1)

    def beyond(values: Iterable[Number] | None, name: str) -> int | None:
        return None if values is None else sum(not kept(exact(v, name)) for v in values)

    over = sum(not kept(day) for day in days)
    allowed = total - 1 - highest_that_counts - over
    # Between two ranks, one more does no harm where the upper one is a day just above the limit.
    if over and place.denominator != 1 and 0 <= allowed + 1 <= left:
        others = [] if allowed + 1 == left else [_highest(goal, limit, digits)]
        below = max([*days[-over - 1 : -over], *others], default=None)
        if below is not None and kept(below + (days[-over] - below) * (place - int(place))):
            allowed += 1
    at_best = _percentile(sorted([*days, *[exact(lowest, "lowest")] * left]), share)
    safe = allowed >= left if left else kept(at_best)
    return PercentileRemainder(
        goal,
        comparator,
        100 * share,
        len(days),
        left,
        _percentile(days, share) if days else None,
        over,
        allowed,
        kept(at_best),
        safe,
        beyond(same, "same"),
        beyond(last_year, "last_year"),
    )


def percentile(values: Iterable[Number], percent: Number) -> Fraction:
    """Read a percentile of daily values exactly (HJ 663-2013, A.6).

    Examples
    --------
    >>> percentile([4, 1, 3, 2], 90)
    Fraction(37, 10)
    """
    days = sorted(exact(v, "values") for v in values)
    if not days:
        raise ShanshuiError("没有有效天 / the period has no valid day")
    return _percentile(days, exact(percent, "percent") / 100)


def _highest(goal: Fraction, limit: Fraction, digits: int | None) -> Fraction:
    """Return the highest value of a day that keeps to the limit, with the decimals of the goal."""
    return goal if digits is None else limit - Fraction(1, 2 * 10**digits)


def _percentile(ordered: list[Fraction], share: Fraction) -> Fraction:
    """Read the percentile of values in order."""
    place = (len(ordered) - 1) * share
    low = int(place)
    if place.denominator == 1:
        return ordered[low]
    return ordered[low] + (ordered[low + 1] - ordered[low]) * (place - low)

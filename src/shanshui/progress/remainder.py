"""The remaining control value (剩余控制值) of an in-year target."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Literal

from shanshui.progress._exact import Number, exact, plain, whole
from shanshui.standards import ShanshuiError

Comparator = Literal["<=", "<", ">=", ">"]

_LIMIT = {
    "<=": ("控制在{}以内", "must average at most {}"),
    "<": ("控制在低于{}", "must average below {}"),
    ">=": ("达到{}以上", "must average at least {}"),
    ">": ("高于{}", "must average above {}"),
}

Count = Literal["days", "months"]

_UNITS = {"days": ("天", "days"), "months": ("个月", "months")}

_SIGNS = {"<=": "≤", "<": "<", ">=": "≥", ">": ">"}


@dataclass(frozen=True)
class Remainder:
    """What the rest of a period may still be; made by `remaining`.

    Attributes
    ----------
    target : Fraction
        The target as given (a ratio in %).
    comparator : str
        How the figure of the whole period must compare with the target.
    digits : int or None
        Decimals to which that figure is rounded before it is compared; None compares it exactly.
    done, left : int
        Valid days so far and to come.
    so_far : Fraction or None
        Mean (or ratio in %) of the valid days so far; None when there are none.
    value : Fraction or None
        Mean (or ratio in %) at which the remaining days would just reach the limit; None when no
        day is left.
    strict : bool
        True when the remaining days must stay clear of `value` itself.
    allowed : int or None
        For a ratio: exceedance days (超标天) still allowed among the days left: the days that do
        not count for a ratio to be reached (good days), the days that count for one to be kept
        down (heavy-pollution days). Negative when the target is lost already. None for a mean.
    feasible : bool
        The target can still be met; with no day left, it is met.
    safe : bool
        The target is met whatever the remaining days bring.
    count : str
        What is counted: days or months.
    best : Fraction or None
        What the rest plausibly reaches at best, where that is stated.
    plausible : bool or None
        With that best the target is met; None where it is not stated or no day is left.
    """

    target: Fraction
    comparator: Comparator
    digits: int | None
    done: int
    left: int
    so_far: Fraction | None
    value: Fraction | None
    strict: bool
    allowed: int | None
    feasible: bool
    safe: bool
    count: Count = "days"
    best: Fraction | None = None
    plausible: bool | None = None

    def text(
        self, language: Literal["zh", "en"] = "zh", *, digits: int = 2, printed: int = 0
    ) -> str:
        """Say it in one sentence.

        Parameters
        ----------
        language : {"zh", "en"}
            Chinese or English.
        digits : int
            Decimals of the control value.
        printed : int
            Decimals to which the control value is given once more, as figures are printed (修约).

        Examples
        --------
        >>> remaining(57, mean=58, done=209, left=157).text()
        '剩余157天均值需控制在55.67以内（修约56）'
        >>> remaining("0.5", mean="0.56", done=7, left=5, count="months").text()
        '后5个月均值需控制在0.42以内（修约0）'
        """
        pick = 0 if language == "zh" else 1
        unit = _UNITS[self.count][pick]
        rest = (
            f"剩余{self.left}{unit}" if self.count == "days" else f"后{self.left}{unit}",
            f"the remaining {self.left} {unit}",
        )[pick]
        if self.value is None:
            return self._ended(pick, digits, unit)
        if self.safe or not self.feasible:
            return self._settled(pick, digits, rest, unit)
        if self.allowed is not None:
            over = unit if self.count == "months" else "个超标天"
            return (
                f"{rest}最多还可有{self.allowed}{over}" + ("" if self.count == "days" else "超标"),
                f"{rest} may hold at most {self.allowed} exceedance {unit}",
            )[pick]
        # Falling on the limit itself is allowed or not whatever the comparator of the target says:
        # a figure that is rounded first may tie.
        sign = self.comparator[0] + ("" if self.strict else "=")
        limit = _LIMIT[sign][pick].format(plain(self.value, digits))
        value = plain(self.value, printed)
        return (
            f"{rest}均值需{limit}（修约{value}）",
            f"{rest} {limit} (rounded {value})",
        )[pick]

    def _ended(self, pick: int, digits: int, unit: str) -> str:
        figure = "—" if self.so_far is None else plain(self.so_far, digits)
        goal = f"{_SIGNS[self.comparator]}{plain(self.target)}"
        verdict = ("达到目标", "target met") if self.feasible else ("未达到目标", "target missed")
        return (
            (
                f"{self.done}个有效{unit.removeprefix('个')}已全部计入，结果{figure}，"
                f"{verdict[0]}（{goal}）"
            ),
            f"all {self.done} valid {unit} are in: {figure}, {verdict[1]} ({goal})",
        )[pick]

    def _settled(self, pick: int, digits: int, rest: str, unit: str) -> str:
        if self.safe:
            return (
                f"已锁定：{rest}无论如何均能达到目标",
                f"settled: the target is met whatever {rest} bring",
            )[pick]
        if self.allowed is not None:
            return (
                f"已无法达到目标：超标{unit.removeprefix('个')}已多出{-self.allowed}{unit}",
                f"out of reach: {-self.allowed} exceedance {unit} too many already",
            )[pick]
        value = plain(self.value or Fraction(0), digits)
        return (
            f"已无法达到目标：{rest}需为{value}，超出可能范围",
            f"out of reach: {rest} would have to be {value}",
        )[pick]


def remaining(
    target: Number,
    *,
    done: int,
    left: int,
    mean: Number | None = None,
    days: int | None = None,
    comparator: Comparator = "<=",
    digits: int | None = None,
    lowest: Number = 0,
    highest: Number | None = None,
    count: Count = "days",
    best: Number | None = None,
) -> Remainder:
    """Give what the rest of the period may still be for an in-year target to hold.

    For a mean: the mean that the remaining valid days must not exceed (or must reach). For a ratio
    of days: the exceedance days still allowed. Every valid day weighs the same, so the answer is
    exact on valid days; a `mean` that was printed rounded carries its rounding into the answer,
    multiplied by ``done / left``.

    Parameters
    ----------
    target : number
        Target of the mean, or of the ratio in %.
    done, left : int
        Valid days so far, and valid days expected in the rest of the period.
    mean : number, optional
        Mean of the valid days so far, in the unit of `target`. Needed when `done` is not 0 and
        `days` is not given.
    days : int, optional
        For a ratio: the days so far that count in it (good days for 优良天数比例, heavy-pollution
        days for 重度及以上污染天数比例). Giving it makes `target` a ratio in % of the valid days.
    comparator : {"<=", "<", ">=", ">"}
        How the figure of the whole period must compare with `target`.
    digits : int, optional
        The figure is rounded half to even to so many decimals (GB/T 8170) before it is compared,
        as a printed figure is: 57.4 printed 57 meets ``<= 57``. By default it is compared exactly.
    lowest, highest : number, optional
        Least and greatest possible daily value; they decide whether a mean can still be met or
        missed. Concentrations: 0 and none.
    count : {"days", "months"}
        What `done` and `left` count; the mean of a year of water samples is one of its months.
    best : number, optional
        Mean (or ratio in %) that the rest plausibly reaches at best, such as the best of the same
        months of past years; it fills ``plausible`` and decides nothing else.

    Returns
    -------
    Remainder

    Raises
    ------
    ShanshuiError
        For a number that is none, days that are not whole, no day at all, both or neither of
        `mean` and `days`, more counted days than valid ones, or another comparator.

    Notes
    -----
    With limit B of the whole period, ``value = (B (done + left) - mean done) / left``. When
    `digits` is given, B is the last value that still rounds to a figure that meets the target; a
    tie belongs to the even neighbour, so B itself meets ``<= 56`` (56.5 → 56) but not ``<= 57``
    (57.5 → 58).

    Examples
    --------
    A target of 57 for the year, 58 over the 209 days to 27 July 2020:

    >>> rest = remaining(57, mean=58, done=209, left=157)
    >>> float(round(rest.value, 2)), rest.feasible
    (55.67, True)

    Good days: at least 90 % of 366 days, 190 of 209 so far:

    >>> remaining(90, days=190, done=209, left=157, comparator=">=").allowed
    17
    """
    if comparator not in _LIMIT:
        raise ShanshuiError(
            f"比较符应为 {' '.join(_LIMIT)}：{comparator!r} / unknown comparator {comparator!r}"
        )
    goal = exact(target, "target")
    total = whole(done, "done") + whole(left, "left")
    if not total:
        raise ShanshuiError("没有有效天 / the period has no valid day")
    bound, strict = limit_of(goal, comparator, digits)
    upper = comparator[0] == "<"
    so_far, value, allowed = None, None, None
    if days is not None:
        if mean is not None:
            raise ShanshuiError("mean 与 days 只能给一个 / give either mean or days")
        if whole(days, "days") > done:
            raise ShanshuiError(
                f"计入天数 {days} 多于有效天数 {done} / {days} days counted of {done} valid days"
            )
        so_far = Fraction(100 * days, done) if done else None
        reach = bound * total / 100
        value = (reach - days) * 100 / left if left else None
        if upper:  # at most this many days may count
            allowed = (ceil(reach) - 1 if strict else floor(reach)) - days
        else:  # at least this many must
            allowed = total - (floor(reach) + 1 if strict else ceil(reach)) - (done - days)
        feasible, safe = allowed >= 0, allowed >= left
    else:
        if mean is None and done:
            raise ShanshuiError("缺 mean（已有天数的均值） / the mean of days so far is missing")
        so_far = None if mean is None or not done else exact(mean, "mean")
        reach = bound * total - (so_far or 0) * done  # sum that the days left may reach
        value = reach / left if left else None
        least = exact(lowest, "lowest")
        most = None if highest is None else exact(highest, "highest")
        kindest, worst = (least, most) if upper else (most, least)
        feasible = kindest is None or _holds(kindest * left, reach, upper=upper, strict=strict)
        safe = worst is not None and _holds(worst * left, reach, upper=upper, strict=strict)
        if not left:
            feasible = safe = _holds(Fraction(0), reach, upper=upper, strict=strict)
    likely = None if best is None else exact(best, "best")
    plausible = None
    if likely is not None and value is not None:
        plausible = _holds(likely, value, upper=upper, strict=strict)
    return Remainder(
        goal, comparator, digits, done, left, so_far, value, strict, allowed, feasible, safe,
        count, likely, plausible,
    )  # fmt: skip


def limit_of(goal: Fraction, comparator: Comparator, digits: int | None) -> tuple[Fraction, bool]:
    """Limit of the unrounded figure of the whole period, and whether it is excluded."""
    if digits is None:
        return goal, len(comparator) == 1
    step = Fraction(1, 10**digits)
    units = goal / step
    if comparator[0] == "<":
        grid = ceil(units) - 1 if comparator == "<" else floor(units)
        return (grid + Fraction(1, 2)) * step, grid % 2 == 1
    grid = floor(units) + 1 if comparator == ">" else ceil(units)
    return (grid - Fraction(1, 2)) * step, grid % 2 == 1


def _holds(value: Fraction, bound: Fraction, *, upper: bool, strict: bool) -> bool:
    if value == bound:
        return not strict
    return (value < bound) == upper

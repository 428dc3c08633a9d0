"""A promise, the value set for a year, and the figures that may answer them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Literal

from shanshui.progress._exact import Number, exact, moment
from shanshui.standards import Basis, ShanshuiError

if TYPE_CHECKING:
    from fractions import Fraction

    from shanshui.progress.tally import Days

Comparator = Literal["<=", "<", ">=", ">", "=", "~", "increase_by", "decrease_by"]
Better = Literal["lower", "higher"]

COMPARATORS: tuple[Comparator, ...] = (
    "<=",
    "<",
    ">=",
    ">",
    "=",
    "~",
    "increase_by",
    "decrease_by",
)


@dataclass(frozen=True)
class Figure:
    """A published or computed value (数值) of one indicator and region.

    Attributes
    ----------
    value : number
        As printed. Of a milestone: the share of the work that is done, 100 when it is finished.
    year : int
        The year that it describes.
    unit : str or None
        Its unit.
    region : str or None
        The place or group that it describes.
    basis : Basis
        What it stands on (口径).
    day : date or None
        Up to when a cumulative count reaches (截至); None is the end of `year`.
    evidence : tuple of str
        What proves it (佐证): files, document numbers, addresses.
    """

    value: Number
    year: int
    unit: str | None = None
    region: str | None = None
    basis: Basis = field(default_factory=Basis)
    day: date | None = None
    evidence: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.day is not None and self.day.year != self.year:
            raise ShanshuiError(
                f"截至日期 {self.day} 不在 {self.year} 年内 / day {self.day} is not in {self.year}"
            )

    @property
    def exact(self) -> Fraction:
        """The value as an exact fraction."""
        return exact(self.value, "value")

    @property
    def end(self) -> date:
        """The day up to which the figure reaches."""
        return self.day or date(self.year, 12, 31)

    @property
    def moment(self) -> Fraction:
        """That day's end in years, counting months as twelfths."""
        return moment(self.end)

    @property
    def when(self) -> str:
        """The year, or the day up to which the figure reaches, in words."""
        return f"{self.year}年" if self.day is None else f"截至{self.day.isoformat()}累计"

    @property
    def when_en(self) -> str:
        """The same in English."""
        return f"in {self.year}" if self.day is None else f"by {self.day.isoformat()}"


@dataclass(frozen=True)
class AnnualTarget:
    """The value set for one year (年度目标), or handed down for a deferred promise (下达值).

    Attributes
    ----------
    comparator : str
        One of `COMPARATORS`.
    value : number
        The value, in `unit`.
    year : int
        The year for which it is set.
    unit : str or None
        As in `Commitment`; None takes the commitment's.
    value_to : number or None
        The other end of a range.
    base_year : int or None
        As in `Commitment`.
    source : str
        The document that sets it, for the reason.
    """

    comparator: Comparator
    value: Number
    year: int
    unit: str | None = None
    value_to: Number | None = None
    base_year: int | None = None
    source: str = ""


@dataclass(frozen=True)
class Commitment:
    """A target (目标任务) with what is needed to judge it.

    Attributes
    ----------
    comparator : str or None
        One of `COMPARATORS`; None when the value is set elsewhere (按省下达), which makes the
        target deferred. ``=`` is a bare number or 为/保持, ``~`` is 左右.
    value : number or None
        The value, in `unit`; None for a deferred target.
    unit : str or None
        For ``increase_by`` and ``decrease_by``: ``pp`` or the figure's own unit is a difference,
        ``%`` a share of the base value.
    year : int or None
        The deadline; None where the plan sets none.
    base_year : int or None
        The year that ``increase_by`` and ``decrease_by`` count from.
    region : str or None
        The place or group that promises.
    better : {"lower", "higher"} or None
        Which way of the indicator is better; with it, a value past ``=``, ``~`` or a range on the
        better side meets the target. None asks for the value itself.
    lasting : bool
        What is reached stays reached (things built, cumulative counts), so a value before the
        deadline can complete the target. A state of a year (a concentration) must hold in the
        year of the deadline.
    basis : Basis
        The basis that the plan states; a field that it does not state asks for nothing.
    value_to : number or None
        The other end of a range (40—50), with the comparator ``=``.
    decimals : int or None
        Decimals to which the evaluation rounds the figure half to even (GB/T 8170) before it is
        compared: with 0, 25.4 counts as 25. None compares the figure as it is.
    stretch : number or None
        The value beyond the plain one that the plan strives for (力争), in the same terms. It is
        judged beside the plain one and never fails it. A promise that has a 力争 value only is a
        commitment of that value.
    deadline : date or None
        The day of the deadline where it is not the year's end (2026年6月底前).
    schedule : tuple of (date, number)
        Cumulative values due by days before the deadline, in the unit of the figure; between two of
        them, and from the baseline, the path is straight. Empty: straight to the deadline.
    evidence : bool
        Met only where the figure brings evidence (佐证).
    milestone : bool
        Done or not, as `Commitment.of_milestone` makes it: before the deadline nothing is due but
        what `schedule` says.
    """

    comparator: Comparator | None
    value: Number | None
    unit: str | None = None
    year: int | None = None
    base_year: int | None = None
    region: str | None = None
    better: Better | None = None
    lasting: bool = False
    basis: Basis = field(default_factory=Basis)
    value_to: Number | None = None
    decimals: int | None = None
    stretch: Number | None = None
    deadline: date | None = None
    schedule: tuple[tuple[date, Number], ...] = ()
    evidence: bool = False
    milestone: bool = False

    def __post_init__(self) -> None:
        if self.comparator is not None and self.comparator not in COMPARATORS:
            raise ShanshuiError(
                f"比较符应为 {' '.join(COMPARATORS)}：{self.comparator!r} / "
                f"unknown comparator {self.comparator!r}"
            )
        if (self.comparator is None) != (self.value is None):
            raise ShanshuiError(
                "比较符与目标值应同时给出或同时为空（待下达）/ "
                "give both comparator and value, or neither (deferred)"
            )
        if self.value_to is not None and self.comparator != "=":
            raise ShanshuiError(
                f"区间目标（value_to）的比较符应为 '='：{self.comparator!r} / "
                f"a range has the comparator '=', got {self.comparator!r}"
            )
        if self.decimals is not None and (
            not isinstance(self.decimals, int) or self.decimals < 0  # type: ignore[redundant-expr]
        ):
            raise ShanshuiError(
                f"小数位数应为非负整数：{self.decimals!r} / decimals must be 0 or more"
            )
        if self.deadline is not None and self.deadline.year != self.year:
            raise ShanshuiError(
                f"截止日期 {self.deadline} 不在目标年 {self.year} 内 / "
                f"the deadline {self.deadline} is not in the target's year {self.year}"
            )
        if list(self.schedule) != sorted(self.schedule, key=lambda point: point[0]):
            raise ShanshuiError("进度安排应按日期排列 / the schedule must be in order of days")

    @classmethod
    def of_milestone(
        cls,
        year: int,
        *,
        deadline: date | None = None,
        region: str | None = None,
        schedule: tuple[tuple[date, Number], ...] = (),
    ) -> Commitment:
        """Make a thing to be finished (节点任务), which only evidence shows to be done.

        Its figures are the share of the work in %: 100 is finished, 0 not.

        Examples
        --------
        >>> Commitment.of_milestone(2026, deadline=date(2026, 6, 30)).evidence
        True
        """
        return cls(
            ">=", 100, "%", year, None, region, "higher", lasting=True, deadline=deadline,
            schedule=schedule, evidence=True, milestone=True,
        )  # fmt: skip

    @property
    def deferred(self) -> bool:
        """Whether the value is set elsewhere (待下达)."""
        return self.value is None

    @property
    def relative(self) -> bool:
        """Whether the value counts from a base value."""
        return self.comparator in ("increase_by", "decrease_by")

    @property
    def end(self) -> date | None:
        """The last day, or None where the plan sets no deadline."""
        return self.deadline or (None if self.year is None else date(self.year, 12, 31))

    def set_by(self, target: AnnualTarget) -> Commitment:
        """Give the promise the value of a year's target.

        Direction, basis and rounding stay; the deadline is the target's year. The stretch value
        stays only where the target is of the promise's own year and counts alike.

        Examples
        --------
        >>> waiting = Commitment(None, None, "%", 2030, better="higher")
        >>> waiting.set_by(AnnualTarget(">=", "88.5", 2026)).deferred
        False
        """
        same = target.year == self.year
        return replace(
            self,
            comparator=target.comparator,
            value=target.value,
            value_to=target.value_to,
            unit=target.unit or self.unit,
            year=target.year,
            base_year=target.base_year or self.base_year,
            deadline=self.deadline if same else None,
            schedule=self.schedule if same else (),
            stretch=self.stretch if same and target.comparator == self.comparator else None,
        )


@dataclass(frozen=True)
class SoFar:
    """The part of a year that has passed (1—N月累计), for a mean or a ratio of the whole year.

    Attributes
    ----------
    value : number
        Mean of the units so far, or the ratio in %.
    through : date
        The last day that is in.
    done, left : int
        Valid days (or months) so far, and expected in the rest of the year. With
        ``count="sections"`` or ``"points"`` `done` is every one, as each is judged on its mean so
        far, and `left` is 0.
    counted : int or None
        For a ratio: the units so far that count in it (good days, sections of Ⅰ—Ⅲ).
    count : {"days", "months", "sections", "points"}
        What the units are.
    unit, region, basis
        As in `Figure`.
    same : number or None
        The same months of last year (上年同期), for 同比.
    last_year : number or None
        The whole of last year.
    best : number or None
        What the rest of the year plausibly reaches at best, such as the best of the same months
        of past years (mean, or ratio in %); beyond it the target is called out of reach.
    tally : {"good", "heavy"} or None
        The value is itself a count of days of the year: 优良天数, 重污染天数. `done` and `left` are
        then days of the calendar.
    percent : number or None
        The value is this percentile of the daily values (90 for O3, 95 for CO).
    daily : sequence of number
        Of a percentile: the `done` valid daily values that it is of, rounded as they enter it.
    daily_same, daily_last : sequence of number or None
        Of a percentile: those of last year, of the same part of it and of all of it.
    """

    value: Number
    through: date
    done: int
    left: int
    counted: int | None = None
    count: Literal["days", "months", "sections", "points"] = "days"
    unit: str | None = None
    region: str | None = None
    basis: Basis = field(default_factory=Basis)
    same: Number | None = None
    last_year: Number | None = None
    best: Number | None = None
    tally: Days | None = None
    percent: Number | None = None
    daily: Sequence[Number] = ()
    daily_same: Sequence[Number] | None = None
    daily_last: Sequence[Number] | None = None

    def __post_init__(self) -> None:
        if self.percent is not None and len(self.daily) != self.done:
            raise ShanshuiError(
                f"百分位数的日值应有 {self.done} 个，得到 {len(self.daily)} 个 / "
                f"a percentile of {self.done} days has as many values, got {len(self.daily)}"
            )
        if self.count in ("sections", "points") and (self.left or self.counted is None):
            raise ShanshuiError(
                "断面（点位）比例应给出达标数 counted，且 left 为 0 / "
                "a ratio of sections or points needs counted, and left is 0"
            )

    @property
    def figure(self) -> Figure:
        """The part as a figure of its day."""
        return Figure(
            self.value, self.through.year, self.unit, self.region, self.basis, self.through
        )

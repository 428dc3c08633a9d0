"""What a year is going to come to (预测), where back-tests say that it can be told."""

from __future__ import annotations

import tomllib
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, cast

from shanshui._frames import enter, naive_date, require, require_numbers
from shanshui.progress._exact import Number, exact
from shanshui.progress.remainder import limit_of
from shanshui.standards import SchemaError, ShanshuiError

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame

    from shanshui.progress.remainder import Comparator

    Floats = np.ndarray[Any, np.dtype[np.float64]]

Kind = Literal["mean", "ratio"]


@dataclass(frozen=True)
class Record:
    """How projections of one sort did against years that were held back.

    Attributes
    ----------
    name : str
        The sort of series: ``pm25``, ``pm10``, ``no2``, ``so2`` (means), ``good_ratio``.
    kind : {"mean", "ratio"}
        What a year's figure is made of.
    ahead : int
        0 for the year that runs, 1 for the next.
    cases : int
        Series and dates for which a year was projected and held back.
    coverage : Fraction
        Share of them within the 80 % interval.
    brier, brier_climatology, brier_last_year : Fraction
        Mean squared error of the chance: of the projection, of the share of all cases that met the
        target (known afterwards), of last year's remaining months as a forecast.
    error, error_last_year : Fraction
        Mean absolute error of the year's figure: of a mean in % of it, of a ratio in percentage
        points.
    least_months : int
        Fewest months of history among the cases.
    data : str
        What it was tested on.
    from_month : int
        Of the year that runs: complete months from which on the Brier score was below that of
        climatology on every day of the year that was tested; before, a chance says less than the
        climatology does.
    """

    name: str
    kind: Kind
    ahead: int
    cases: int
    coverage: Fraction
    brier: Fraction
    brier_climatology: Fraction
    brier_last_year: Fraction
    error: Fraction
    error_last_year: Fraction
    least_months: int
    data: str
    from_month: int = 1

    @property
    def passes(self) -> bool:
        """Whether a chance may be shown: enough cases, a true interval, better than climatology."""
        gate = table()["gate"]
        low, high = map(Fraction, gate["coverage"])
        return (
            self.cases >= gate["cases"]
            and low <= self.coverage <= high
            and self.brier < self.brier_climatology
        )


@dataclass(frozen=True)
class Projection:
    """What a year is going to come to; made by `projection`.

    Attributes
    ----------
    year : int
        The year of the figure.
    at : date
        The last day that was known.
    months : int
        Months of history that were used.
    value, low, high : float or None
        The middle of the projected figures and the interval that holds 80 % of them; None when the
        projection is silent.
    chance : Fraction or None
        Chance of meeting the target, to the number of futures drawn; None when silent.
    silence, silence_en : str
        Why it is silent; empty when it is not.
    target : Fraction or None
        The target that the chance is of.
    """

    year: int
    at: date
    months: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    chance: Fraction | None = None
    silence: str = ""
    silence_en: str = ""
    target: Fraction | None = None

    def text(self, language: Literal["zh", "en"] = "zh", *, digits: int = 1) -> str:
        """Say it in one sentence.

        Examples
        --------
        >>> Projection(2026, date(2026, 9, 30), 45, 24.31, 22.96, 26.02, Fraction(71, 100)).text()
        '预计全年24.3（80%区间23.0—26.0），达标可能性71%'
        """
        pick = 0 if language == "zh" else 1
        if self.chance is None:
            return (f"不作预测：{self.silence}", f"no projection: {self.silence_en}")[pick]
        value, low, high = (f"{x:.{digits}f}" for x in (self.value, self.low, self.high))
        chance = f"{round(float(self.chance) * 100)}%"
        return (
            f"预计全年{value}（80%区间{low}—{high}），达标可能性{chance}",
            (
                f"{value} expected for {self.year} (80 % interval {low} to {high}), "
                f"chance of meeting the target {chance}"
            ),
        )[pick]


@cache
def table() -> dict[str, Any]:
    """Read the packaged parameters and records."""
    path = files("shanshui.progress").joinpath("outlook.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def records() -> tuple[Record, ...]:
    """Give the records of the packaged back-tests.

    Examples
    --------
    >>> sorted(r.name for r in records() if r.passes)
    ['good_ratio', 'no2', 'pm10', 'pm25', 'so2']
    """
    shares = (
        "coverage",
        "brier",
        "brier_climatology",
        "brier_last_year",
        "error",
        "error_last_year",
    )
    return tuple(
        Record(**(row | {name: Fraction(row[name]) for name in shares}))
        for row in table().get("record", ())
    )


def projection(
    history: IntoFrame,
    *,
    at: date,
    target: Number,
    comparator: Comparator = "<=",
    name: str,
    year: int | None = None,
    decimals: int | None = None,
    value: str = "value",
    time: str = "date",
    tested: Sequence[Record] | None = None,
    seed: int = 1,
) -> Projection:
    """Project a year's mean or ratio from the months before, with the chance of a target.

    Monthly values follow a level that wanders and a course of the year (see the page on
    projections); means are taken as logarithms, ratios by the arcsine. The days (or months) that
    are in count as they are; what is left is drawn many times. Nothing after `at` is looked at.

    It is silent, and says why, where history is too short or lacks a month of this year or of the
    last, and where no back-test of that sort of series and that distance passed the gate: at least
    200 cases held back, 70 to 90 % of them within the 80 % interval, and a Brier score below that
    of climatology.

    Parameters
    ----------
    history : frame in memory
        One series: days, or months under any of their days.
    at : date
        The last day that is known (评价日). A month counts from its last day.
    target : number
        Target of the year's figure.
    comparator : {"<=", "<", ">=", ">"}
        How the figure must compare with it.
    name : str
        The sort of series, as in `Record`.
    year : int, optional
        The year to project; by default that of `at`.
    decimals : int, optional
        The figure is rounded half to even to so many decimals before it is compared.
    value, time : str
        Columns of the values (null where missing; a ratio in %, so that a good day is 100 and
        another 0) and the dates.
    tested : sequence of Record, optional
        Back-tests to go by; by default the packaged ones. Make records of your own series with
        `shanshui.progress.backtest.backtest`.
    seed : int
        Of the random numbers: the same input gives the same output.

    Returns
    -------
    Projection

    Raises
    ------
    SchemaError
        The frame is lazy, a column is missing or of the wrong kind, or a day is there twice.
    ShanshuiError
        Another comparator, a year before that of `at`, or the extra [analysis] is absent.
    """
    if comparator not in ("<=", "<", ">=", ">"):
        raise ShanshuiError(
            f"预测目标的比较符应为 <= < >= >：{comparator!r} / unknown comparator {comparator!r}"
        )
    year = at.year if year is None else year
    drawn = draw(
        history, at=at, name=name, year=year, value=value, time=time, tested=tested, seed=seed
    )
    if drawn.figures is None:
        return Projection(
            year, at, drawn.months, silence=drawn.silence[0], silence_en=drawn.silence[1]
        )
    width = float(Fraction(table()["model"]["interval"]))
    low, middle, high = drawn.quantiles((1 - width) / 2, 0.5, (1 + width) / 2)
    goal = exact(target, "target")
    chance = drawn.chance(goal, comparator, decimals)
    return Projection(year, at, drawn.months, middle, low, high, chance, target=goal)


@dataclass(frozen=True)
class Drawn:
    """Figures of the year as drawn, or why there are none."""

    months: int
    silence: tuple[str, str] = ("", "")
    figures: Floats | None = None

    def quantiles(self, *shares: float) -> list[float]:
        """Read shares of the figures."""
        import numpy as np

        assert self.figures is not None
        return [float(q) for q in np.quantile(self.figures, shares)]

    def chance(self, target: Fraction, comparator: Comparator, decimals: int | None) -> Fraction:
        """Count the figures that meet a target, rounded as the evaluation rounds them."""
        figures = self.figures
        assert figures is not None
        limit, strict = limit_of(target, comparator, decimals)
        edge = float(limit)
        if comparator[0] == "<":
            met = figures < edge if strict else figures <= edge
        else:
            met = figures > edge if strict else figures >= edge
        return Fraction(int(met.sum()), len(figures))


def draw(
    history: IntoFrame,
    *,
    at: date,
    name: str,
    year: int,
    value: str = "value",
    time: str = "date",
    tested: Sequence[Record] | None = None,
    seed: int = 1,
) -> Drawn:
    """Draw the figures from which `projection` reads interval and chance; see there."""
    if year < at.year:
        raise ShanshuiError(f"{year} 年早于评价日 {at} / the year {year} is before {at}")
    days, daily = _days(history, value, time, at)
    ahead = year - at.year
    known = _record(records() if tested is None else tested, name, ahead)
    months = _months(days, at, daily=daily)
    reason = _silence(months, at, known, name, ahead)
    if reason is not None:
        return Drawn(months.height, reason)
    assert known is not None
    figures = _figures(days, months, at, year, known.kind, seed=seed, daily=daily)
    return Drawn(months.height, figures=figures)


def _days(history: IntoFrame, value: str, time: str, at: date) -> tuple[pl.DataFrame, bool]:
    """Take the series up to a day: ``date`` and ``value`` in order, and whether they are days."""
    import polars as pl

    entered = enter(history)
    if not entered.eager:
        raise SchemaError(
            "预测需要内存中的数据，请先取回（.collect()、.df()） / "
            "a projection needs a frame that holds its rows; collect the lazy frame first"
        )
    require(entered.schema, [time, value], what="历史数据")
    require_numbers(entered.schema, [value])
    rows = cast(
        "pl.DataFrame",
        entered.frame.with_columns(naive_date(entered, time).alias("_day")).to_native().collect(),
    )
    days = rows.select(date=pl.col("_day"), value=pl.col(value).cast(pl.Float64).fill_nan(None))
    days = days.drop_nulls().sort("date")
    if days["date"].is_duplicated().any():
        first = days.filter(pl.col("date").is_duplicated())["date"][0]
        raise SchemaError(
            f"同一日期有多行（{first}），一次只预测一个序列 / "
            f"several rows for {first}; project one series at a time"
        )
    daily = bool(days["date"].dt.truncate("1mo").is_duplicated().any())
    end = pl.col("date") if daily else pl.col("date").dt.month_end()
    return days.filter(end <= at), daily


def _months(days: pl.DataFrame, at: date, *, daily: bool) -> pl.DataFrame:
    """Make means of the months that have enough of their days."""
    import polars as pl

    share = float(Fraction(table()["model"]["days"]))
    months = days.group_by(month=pl.col("date").dt.truncate("1mo")).agg(
        value=pl.col("value").mean(), days=pl.len()
    )
    if daily:
        room = pl.col("month").dt.month_end().dt.day()
        months = months.filter(pl.col("days") >= share * room)
    # The month that runs is not one yet: its days so far count, its days to come are drawn.
    return months.filter(pl.col("month").dt.month_end() <= at).sort("month")


def _record(tested: Sequence[Record], name: str, ahead: int) -> Record | None:
    return next((r for r in tested if r.name == name and r.ahead == ahead), None)


def _silence(
    months: pl.DataFrame, at: date, known: Record | None, name: str, ahead: int
) -> tuple[str, str] | None:
    """Say why there is nothing to say, or None."""
    if known is None:
        which = ("当年", "次年")[ahead] if ahead < 2 else f"{ahead}年后"
        which_en = (
            ("the year that runs", "the next year")[ahead] if ahead < 2 else f"{ahead} years on"
        )
        return (
            f"{name} 的{which}预测未经回测",
            f"projections of {name} for {which_en} have not been back-tested",
        )
    if not known.passes:
        return (
            (
                f"{name} 的回测未达到要求（{known.cases}例，"
                f"80%区间覆盖{float(known.coverage):.0%}，"
                f"Brier {float(known.brier):.3f}，气候态{float(known.brier_climatology):.3f}）"
            ),
            (
                f"the back-test of {name} did not pass ({known.cases} cases, the 80 % interval "
                f"held {float(known.coverage):.0%}, Brier {float(known.brier):.3f} against "
                f"{float(known.brier_climatology):.3f})"
            ),
        )
    if months.height < known.least_months:
        return (
            f"历史仅{months.height}个月，少于{known.least_months}个月",
            f"{months.height} months of history, fewer than {known.least_months}",
        )
    have = {(day.year, day.month) for day in months["month"]}
    lacking = sorted(set(range(1, 13)) - {month for _, month in have})
    if lacking:
        return (
            f"历史中没有{'、'.join(map(str, lacking))}月的值",
            f"no value of month {', '.join(map(str, lacking))} in history",
        )
    complete = at.month if at.day == monthrange(at.year, at.month)[1] else at.month - 1
    if not ahead and complete < known.from_month:
        return (
            f"{known.from_month}月底前的预测在回测中不优于气候态",
            f"before the end of month {known.from_month} its back-test does not beat climatology",
        )
    # As in the back-tests: every month of the year that runs and, within it, of the year before.
    due = [(at.year, m) for m in range(1, complete + 1)]
    due += [] if ahead else [(at.year - 1, m) for m in range(1, 13)]
    gaps = [f"{y}-{m:02d}" for y, m in sorted(due) if (y, m) not in have]
    if gaps:
        return (
            f"缺{'、'.join(gaps[:3])}{'等' if gaps[3:] else ''}月的值",
            f"no value of {', '.join(gaps[:3])}{' and others' if gaps[3:] else ''}",
        )
    return None


def _figures(
    days: pl.DataFrame,
    months: pl.DataFrame,
    at: date,
    year: int,
    kind: Kind,
    *,
    seed: int,
    daily: bool,
) -> Floats:
    """Draw figures of the year."""
    import numpy as np

    from shanshui.progress._seasonal import simulate

    model = table()["model"]
    index = [12 * day.year + day.month - 1 for day in months["month"]]
    series = np.full(index[-1] - index[0] + 1, np.nan)
    series[np.array(index) - index[0]] = months["value"].to_numpy()
    to, back = _scales(kind)
    first = index[-1] + 1
    futures = back(
        simulate(
            to(series),
            12 * year + 12 - first,
            count=model["paths"],
            harmonics=model["harmonics"],
            ratio=float(Fraction(model["ratio"])),
            seed=seed,
        )
    )
    total, room = 0.0, 0.0
    if year == at.year:
        known = days.filter(days["date"].dt.year() == year)
        weights = np.ones(known.height)
        if not daily:
            weights = known["date"].dt.month_end().dt.day().to_numpy().astype(float)
        total, room = float(known["value"].to_numpy() @ weights), float(weights.sum())
    left = np.array([_left(at, divmod(first + i, 12), daily=daily) for i in range(len(futures.T))])
    left *= np.array([(first + i) // 12 == year for i in range(len(futures.T))])
    figures: Floats = (total + futures @ left) / (room + left.sum())
    return figures


def _left(at: date, month: tuple[int, int], *, daily: bool) -> float:
    """Count the days of a month (year, month from 0) that are not in yet."""
    year, number = month[0], month[1] + 1
    room = monthrange(year, number)[1]
    if daily and (year, number) == (at.year, at.month):
        return float(room - at.day)
    return float(room)


def _scales(kind: Kind) -> tuple[Any, Any]:
    """Give the scale on which months vary alike, and the way back."""
    import numpy as np

    if kind == "mean":
        return lambda x: np.log(np.where(x > 0, x, np.nan)), np.exp
    return (
        lambda x: np.arcsin(np.sqrt(np.clip(x, 0, 100) / 100)),
        lambda y: 100 * np.sin(np.clip(y, 0, np.pi / 2)) ** 2,
    )

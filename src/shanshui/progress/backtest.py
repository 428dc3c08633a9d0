"""How projections do against years that are known: coverage, Brier score, errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from shanshui._frames import enter, names, require
from shanshui.progress._exact import Number, exact
from shanshui.progress.outlook import Kind, Record, draw
from shanshui.standards import SchemaError, ShanshuiError

if TYPE_CHECKING:
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame

TARGETS: dict[Kind, tuple[str, ...]] = {
    "mean": ("0.85", "0.95", "1", "1.1"),
    "ratio": ("-5", "-2", "2", "5"),
}
"""Targets to try: times last year's mean, or points from last year's ratio."""


def backtest(
    history: IntoFrame,
    *,
    by: str | Sequence[str],
    name: str,
    kind: Kind,
    years: Sequence[int],
    ends: Sequence[tuple[int, int]] = ((3, 31), (6, 30), (9, 30)),
    ahead: int = 0,
    targets: Sequence[Number] | None = None,
    value: str = "value",
    time: str = "date",
    least_months: int = 15,
    data: str = "",
) -> tuple[Record, pl.DataFrame]:
    """Project years that are known from the rows before, and compare.

    A case is a series, a year with every month and the one before it with every month too, and a
    day of the year (of the year before, with ``ahead=1``). Each is asked for several targets.

    Parameters
    ----------
    history : frame in memory
        Keys, dates and values: days, or months.
    by : str or list of str
        Key columns; one series each.
    name, kind, data
        As in `Record`.
    years : sequence of int
        Years to hold back.
    ends : sequence of (month, day)
        Last known days.
    ahead : int
        0 projects the year of the day, 1 the next.
    targets : sequence of number, optional
        Times last year's mean, or points added to last year's ratio; by default `TARGETS`.
    value, time : str
        Columns of values and dates.
    least_months : int
        Fewest months of history of a case.

    Returns
    -------
    Record
        The figures to go by; pass them to `projection` as `tested`.
    polars.DataFrame
        One row a case: ``series``, ``year``, ``at``, ``actual``, ``value``, ``low``, ``high``,
        ``last_year`` (the year so far with last year's remaining months), and lists ``chances``
        and ``met``, one entry a target.

    Raises
    ------
    ShanshuiError
        When there is no case.
    """
    import polars as pl

    entered = enter(history)
    if not entered.eager:
        raise SchemaError(
            "回测需要内存中的数据，请先取回（.collect()、.df()） / "
            "a back-test needs a frame that holds its rows; collect the lazy frame first"
        )
    keys = names(by)
    require(entered.schema, [*keys, time, value], what="历史数据")
    rows: Any = entered.frame.to_native().collect()
    asked = [exact(t, "targets") for t in (targets or TARGETS[kind])]
    free = opened(name, kind, ahead, least_months)
    found: list[dict[str, Any]] = []
    for part in rows.partition_by(keys, maintain_order=True):
        label = "/".join(map(str, part.select(keys).row(0)))
        series = part.select(time, value)
        monthly = _whole_months(series, time, value)
        for year in years:
            now, before = _year(monthly, year), _year(monthly, year - 1)
            if now is None or before is None:
                continue
            known: Any = series.filter(pl.col(time) <= date(year, 12, 31))
            for at in (date(year - ahead, *end) for end in ends):
                case = _case(known, at, year, now, before, asked, free, value=value, time=time)
                if case is not None:
                    found.append({"series": label, **case})
    if not found:
        raise ShanshuiError("没有可回测的年份 / no year to hold back")
    cases = pl.DataFrame(found)
    return scored(cases, free, data), cases


def opened(name: str, kind: Kind, ahead: int, least: int) -> Record:
    """Make a record that lets every projection through, to test by."""
    zero = Fraction(0)
    return Record(
        name, kind, ahead, 10**9, Fraction(4, 5), zero, Fraction(1), zero, zero, zero, least, ""
    )


def _whole_months(series: pl.DataFrame, time: str, value: str) -> dict[tuple[int, int], float]:
    """Make means of months that have at least three quarters of their days, or are given so."""
    import polars as pl

    day = pl.col(time).cast(pl.Date)
    clean = series.select(day.alias("_d"), pl.col(value).cast(pl.Float64).fill_nan(None))
    clean = clean.drop_nulls()
    months = clean.group_by(m=pl.col("_d").dt.truncate("1mo")).agg(
        v=pl.col(value).mean(), n=pl.len()
    )
    if months["n"].max() != 1:
        months = months.filter(pl.col("n") >= 0.75 * pl.col("m").dt.month_end().dt.day())
    return {(m.year, m.month): v for m, v, _ in months.iter_rows()}


def _year(months: dict[tuple[int, int], float], year: int) -> list[float] | None:
    """Give the twelve months of a year, or None where one is missing."""
    values = [months.get((year, month)) for month in range(1, 13)]
    return None if None in values else [v for v in values if v is not None]


def _lengths(year: int) -> list[int]:
    return [(date(year + m // 12, m % 12 + 1, 1) - date(year, m, 1)).days for m in range(1, 13)]


def _mean(months: Sequence[float], year: int) -> float:
    days = _lengths(year)
    return sum(v * d for v, d in zip(months, days, strict=True)) / sum(days)


def _case(
    known: Any,
    at: date,
    year: int,
    now: list[float],
    before: list[float],
    asked: Sequence[Fraction],
    free: Record,
    *,
    value: str,
    time: str,
) -> dict[str, Any] | None:
    """Project one year for every target."""
    last = _mean(before, year - 1)
    actual = _mean(now, year)
    done = at.month if at.year == year else 0
    rule = _mean([*now[:done], *before[done:]], year)
    goals = [
        last * float(t) if free.kind == "mean" else min(max(last + float(t), 0.0), 100.0)
        for t in asked
    ]
    sign: Any = "<=" if free.kind == "mean" else ">="
    drawn = draw(known, at=at, name=free.name, year=year, value=value, time=time, tested=(free,))
    if drawn.figures is None:
        return None
    low, middle, high = drawn.quantiles(0.1, 0.5, 0.9)
    return {
        "year": year,
        "at": at,
        "months": drawn.months,
        "actual": actual,
        "value": middle,
        "low": low,
        "high": high,
        "last_year": rule,
        "chances": [float(drawn.chance(exact(g, "target"), sign, None)) for g in goals],
        "met": [_met(actual, goal, sign) for goal in goals],
        "met_last_year": [_met(rule, goal, sign) for goal in goals],
    }


def _met(figure: float, goal: float, sign: str) -> float:
    return float(figure <= goal if sign == "<=" else figure >= goal)


def scored(cases: pl.DataFrame, free: Record, data: str) -> Record:
    """Sum the cases up."""
    covered = ((cases["low"] <= cases["actual"]) & (cases["actual"] <= cases["high"])).mean()
    size = cases["actual"] if free.kind == "mean" else cases["actual"] * 0 + 100
    errors = [
        _fraction(((cases[c] - cases["actual"]).abs() / size * 100).mean(), 2)
        for c in ("value", "last_year")
    ]
    pairs = list(_pairs(cases))
    return replace(
        free,
        least_months=min(cases["months"].to_list()),
        cases=cases.height,
        coverage=_fraction(covered, 3),
        brier=_fraction(_brier(pairs, 0), 4),
        brier_climatology=_fraction(_climatology(pairs), 4),
        brier_last_year=_fraction(_brier(pairs, 2), 4),
        error=errors[0],
        error_last_year=errors[1],
        data=data,
        from_month=1 if free.ahead else _from_month(cases),
    )


def _from_month(cases: pl.DataFrame) -> int:
    """Return the month from whose end on every tested day beats climatology; 13 if none does."""
    first = 13
    for part in cases.with_columns(_m=cases["at"].dt.month()).sort("_m").partition_by("_m")[::-1]:
        pairs = list(_pairs(part))
        if _brier(pairs, 0) >= _climatology(pairs):
            break
        first = part["_m"][0]
    return int(first)


def _brier(pairs: list[list[tuple[float, float, float]]], place: int) -> float:
    """Mean squared error of the chance (place 0) or of last year's months (2)."""
    rows = [row for one in pairs for row in one]
    return sum((row[place] - row[1]) ** 2 for row in rows) / len(rows)


def _climatology(pairs: list[list[tuple[float, float, float]]]) -> float:
    """Score each target's own share of the cases that met it: known only afterwards, so hard."""
    spread = 0.0
    for rows in pairs:
        share = sum(r[1] for r in rows) / len(rows)
        spread += sum((share - r[1]) ** 2 for r in rows)
    return spread / sum(len(rows) for rows in pairs)


def _pairs(cases: pl.DataFrame) -> Iterator[list[tuple[float, float, float]]]:
    """Give, target by target, the chance, what came, and what last year's months said."""
    columns = (cases["chances"], cases["met"], cases["met_last_year"])
    lists = [column.to_list() for column in columns]
    for place in range(len(lists[0][0])):
        yield [(p[place], m[place], r[place]) for p, m, r in zip(*lists, strict=True)]


def _fraction(value: Any, digits: int) -> Fraction:
    return Fraction(f"{float(value):.{digits}f}")

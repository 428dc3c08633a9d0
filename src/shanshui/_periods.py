"""Periods of the calendar: month, quarter, half-year, year, year to date, spans of months."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import narwhals.stable.v2 as nw

from shanshui._frames import Entered, beside
from shanshui.standards.errors import ShanshuiError
from shanshui.standards.rounding import integer

if TYPE_CHECKING:
    from shanshui._frames import LazyFrame

Period = Literal["month", "quarter", "half", "year", "ytd"] | tuple[str, str]


def _month_of(text: str) -> date:
    try:
        year, month = text.split("-")
        return date(int(year), int(month), 1)
    except (AttributeError, ValueError):
        raise ShanshuiError(
            f"时段应写作 ('2026-10', '2027-03') / a span is two months like '2026-10': {text!r}"
        ) from None


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def with_period(
    days: LazyFrame, entered: Entered, keys: Sequence[str], period: Period
) -> LazyFrame:
    """Add ``period, start, end`` and ``_year, _month`` (since year 0) to rows with ``_day``."""
    day = nw.col("_day")
    year, month = day.dt.year().cast(nw.Int64), day.dt.month().cast(nw.Int64)
    days = days.with_columns(year.alias("_year"), (year * 12 + month - 1).alias("_month"))
    if isinstance(period, tuple):
        first, last = _month_of(period[0]), _month_of(period[1])
        if last < first:
            raise ShanshuiError(f"时段的终月早于始月 / the span ends before it begins: {period}")
        end = _next_month(last) - timedelta(days=1)
        span = f"{first:%Y-%m}~{last:%Y-%m}"
        return days.filter(day >= nw.lit(first), day <= nw.lit(end)).with_columns(
            nw.lit(span).alias("period"), nw.lit(first).alias("start"), nw.lit(end).alias("end")
        )
    year_text = nw.col("_year").cast(nw.String)
    number = nw.col("_month") % 12 + 1
    start_of_year = day.dt.truncate("1y").cast(nw.Date)
    if period == "month":
        start, length = day.dt.truncate("1mo").cast(nw.Date), "1mo"
        label = nw.concat_str(year_text, nw.lit("-"), _two_digits(number))
    elif period == "quarter":
        quarter, length = (nw.col("_month") % 12) // 3 + 1, "3mo"
        start = start_of_year
        for n in (2, 3, 4):
            later = start_of_year.dt.offset_by(f"{3 * (n - 1)}mo").cast(nw.Date)
            start = nw.when(quarter == n).then(later).otherwise(start)
        label = nw.concat_str(year_text, nw.lit("-Q"), quarter.cast(nw.Int64).cast(nw.String))
    elif period == "half":
        second = number > 6
        start = (
            nw.when(second)
            .then(start_of_year.dt.offset_by("6mo").cast(nw.Date))
            .otherwise(start_of_year)
        )
        length = "6mo"
        half = nw.when(second).then(nw.lit("-H2")).otherwise(nw.lit("-H1"))
        label = nw.concat_str(year_text, half)
    elif period == "year":
        start, length, label = start_of_year, "1y", year_text
    elif period == "ytd":
        return _with_year_to_date(days, entered, keys)
    else:
        raise ShanshuiError(
            "period 应为 month、quarter、half、year、ytd 或两个月份 / must be one of them or a "
            f"pair of months: {period!r}"
        )
    days = days.with_columns(label.alias("period"), start.alias("start"))
    after = nw.col("start").dt.offset_by(length).dt.offset_by("-1d")
    return days.with_columns(after.cast(nw.Date).alias("end"))


def _with_year_to_date(days: LazyFrame, entered: Entered, keys: Sequence[str]) -> LazyFrame:
    """Put each day into the spans from January to N that hold it, N up to the key's last month."""
    import polars as pl

    spans = pl.DataFrame({"_upto": pl.Series(range(12), dtype=pl.Int64)})
    days = days.with_columns(nw.col("_month").max().over(*keys, "_year").alias("_last"))
    days = days.join(beside(entered, spans).frame, how="cross").filter(
        nw.col("_upto") >= nw.col("_month") % 12, nw.col("_upto") <= nw.col("_last") % 12
    )
    start = nw.col("_day").dt.truncate("1y").cast(nw.Date)
    end = nw.lit(None, dtype=nw.Date)
    for n in range(12):
        until = start.dt.offset_by(f"{n + 1}mo").dt.offset_by("-1d").cast(nw.Date)
        end = nw.when(nw.col("_upto") == n).then(until).otherwise(end)
    year = nw.col("_year").cast(nw.String)
    label = nw.concat_str(year, nw.lit("-01~"), _two_digits(nw.col("_upto") + 1))
    return days.with_columns(label.alias("period"), start.alias("start"), end.alias("end"))


def _two_digits(number: nw.Expr) -> nw.Expr:
    text = number.cast(nw.Int64).cast(nw.String)
    pad = nw.when(number < 10).then(nw.lit("0")).otherwise(nw.lit(""))
    return nw.concat_str(pad, text)


def calendar_days(period: Period) -> nw.Expr:
    """Return the days of the calendar that a period has."""
    if isinstance(period, tuple):
        first, after = _month_of(period[0]), _next_month(_month_of(period[1]))
        return integer((after - first).days)
    ordinal = nw.col("end").dt.ordinal_day() - nw.col("start").dt.ordinal_day()
    return (ordinal + 1).cast(nw.Int64)

"""Averages of calendar periods and running means, with a least share of values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from shanshui._frames import names
from shanshui.analysis._series import (
    TIME,
    Span,
    Stamp,
    choice,
    clock,
    expected,
    extra,
    once,
    opened,
    share,
    truncated,
)
from shanshui.standards.errors import SchemaError, ShanshuiError

if TYPE_CHECKING:
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrameT

_STATISTICS = ("mean", "median", "max", "min", "sum", "std", "count", "share")


def average(
    frame: IntoFrameT,
    values: str | Sequence[str],
    *,
    to: Span = "day",
    statistic: str = "mean",
    min_share: float = 0,
    time: str = "time",
    by: str | Sequence[str] | None = None,
    stamp: Stamp = "end",
    every: str | None = None,
) -> IntoFrameT:
    """Aggregate a series to days, months, quarters or years, with a least share of values.

    The share is counted against the calendar period, not against the rows of the file: a month of
    which the file holds three days has at most a tenth of its hours. This is for any series; the
    daily values and statistics of the standards are `air.daily` and `air.statistics`.

    Parameters
    ----------
    frame : frame in memory
        Keys, a date or datetime, numeric values. Any order; nulls and missing rows are missing.
    values : str or list of str
        Columns to aggregate.
    to : {"day", "month", "quarter", "year"}
        The calendar period.
    statistic : str
        ``"mean"``, ``"median"``, ``"max"``, ``"min"``, ``"sum"``, ``"std"`` (n − 1), ``"count"``,
        ``"share"`` (of the values that the period has room for), or a percentile such as
        ``"p95"`` or ``"p2.5"`` (linear between order statistics: type 7 of Hyndman and Fan).
    min_share : float
        Least share (0 to 1) of the period's values that must be there; compared exactly.
    time : str
        Column of times. Dates, and times that are all midnight, are days.
    by : str or list of str, optional
        Key columns.
    stamp : {"end", "start"}
        Whether a time is the end (as the national network stamps) or the start of its hour.
    every : str, optional
        How often there is a value (``"1h"``, ``"15m"``, ``"1d"``); by default days for dates and
        hours for times.

    Returns
    -------
    frame of the kind that came
        One row a key and period that has a row: keys, ``date`` (the first day), the values, and
        ``n_<value>``, the values that there are. Sorted by key and date. A value whose share is too
        small is null.

    Raises
    ------
    SchemaError
        The frame is lazy, a column is missing or of the wrong kind, or a time is there twice.

    References
    ----------
    Hyndman, R. J., Fan, Y. (1996), Sample quantiles in statistical packages, The American
    Statistician 50(4), 361-365.

    Examples
    --------
    >>> import polars as pl
    >>> days = pl.DataFrame(
    ...     {"date": pl.date_range(pl.date(2026, 1, 30), pl.date(2026, 2, 28), eager=True)}
    ... ).with_columns(pm25=pl.int_range(30).cast(pl.Float64))
    >>> average(days, "pm25", to="month", min_share=0.75, time="date").rows()
    [(datetime.date(2026, 1, 1), None, 2), (datetime.date(2026, 2, 1), 15.5, 28)]
    """
    import polars as pl

    choice("to", to, "day", "month", "quarter", "year")
    least = share("min_share", min_share)
    columns = names(values)
    data = opened(frame, columns, by, time)
    rows, minutes = clock(data, time, stamp=stamp, every=every)
    if minutes == 1440 and to == "day":
        raise ShanshuiError("数据已经是日值 / the data are daily values already")
    once(rows, data.keys, time)
    if "date" in data.keys:
        raise SchemaError("键列不能叫 date / a key cannot be called date")
    result = (
        rows.lazy()
        .with_columns(truncated(to).alias("_period"))
        .group_by(*data.keys, "_period")
        .agg(
            *(_statistic(v, statistic).alias(v) for v in columns),
            *(pl.col(v).count().cast(pl.Int64).alias(f"n_{v}") for v in columns),
        )
        .with_columns(expected(pl.col("_period"), to, minutes).alias("_room"))
    )
    if statistic == "share":
        result = result.with_columns(pl.col(v) / pl.col("_room") for v in columns)
    elif statistic != "count":
        result = result.with_columns(
            pl.when(
                pl.col(f"n_{v}") > 0,
                pl.col(f"n_{v}") * least.denominator >= pl.col("_room") * least.numerator,
            ).then(pl.col(v))
            for v in columns
        )
    out = result.select(
        *data.keys,
        pl.col("_period").dt.date().alias("date"),
        *columns,
        *(f"n_{v}" for v in columns),
    ).collect()
    left: IntoFrameT = data.leave(out, [*data.keys, "date"])
    return left


def _statistic(value: str, statistic: str) -> pl.Expr:
    """Return the aggregate that a word names."""
    import polars as pl

    column = pl.col(value)
    percentile = re.fullmatch(r"p(\d{1,2}(?:\.\d+)?|100)", statistic)
    if percentile:
        return column.quantile(float(percentile[1]) / 100, interpolation="linear")
    choice("statistic", statistic, *_STATISTICS)
    name = "count" if statistic == "share" else statistic
    made: pl.Expr = getattr(column, name)()
    return made.cast(pl.Float64 if statistic != "count" else pl.Int64)


def rolling(
    frame: IntoFrameT,
    value: str,
    *,
    hours: int = 8,
    min_share: float = 0.75,
    align: Literal["end", "centre", "start"] = "end",
    time: str = "time",
    by: str | Sequence[str] | None = None,
) -> IntoFrameT:
    """Add running means over clock hours.

    The window is of hours by the clock, not of rows: a missing row is a missing hour. Each window
    is summed afresh, so no rounding error runs along the series.

    Parameters
    ----------
    frame : frame in memory
        Keys, a datetime on full hours, a numeric value. Any order.
    value : str
        Column to average.
    hours : int
        Length of the window.
    min_share : float
        Least share of the hours that must be there; compared exactly.
    align : {"end", "centre", "start"}
        Whether a row's own hour is the last of its window, the middle one (of an even number the
        later of the two middle ones) or the first.
    time : str
        Column of times.
    by : str or list of str, optional
        Key columns.

    Returns
    -------
    frame of the kind that came
        Every row and column, and ``<value>_rolling<hours>h``.

    Raises
    ------
    SchemaError
        The frame is lazy, a column is missing or of the wrong kind, a time is no full hour or is
        there twice.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime
    >>> hours = pl.DataFrame(
    ...     {"time": [datetime(2026, 3, 1, h) for h in (1, 2, 4)], "o3": [90.0, 60.0, 30.0]}
    ... )
    >>> rolling(hours, "o3", hours=3, min_share=0.6)["o3_rolling3h"].to_list()
    [None, 75.0, 45.0]
    """
    import polars as pl

    choice("align", align, "end", "centre", "start")
    if hours < 1:
        raise ShanshuiError(f"hours 应为正整数 / must be a positive whole number: {hours!r}")
    least = share("min_share", min_share)
    data = opened(frame, [value], by, time)
    added = f"{value}_rolling{hours}h"
    numbered = data.rows.with_row_index("_row")
    rows, _ = clock(type(data)(numbered, data.keys, data.entered), time, stamp="start", every="1h")
    once(rows, data.keys, time)
    if (rows[TIME] != rows[TIME].dt.truncate("1h")).any():
        raise SchemaError(f"列 {time} 应为整点 / column {time} must be on full hours")
    hour = (pl.col(TIME).dt.epoch("s") // 3600).alias("_hour")
    rows = rows.select("_row", *data.keys, value, hour)
    # All keys stand one behind the other on one line of hours, each with an empty window behind it.
    spans = (
        rows.group_by(data.keys or pl.lit(0).alias("_all"), maintain_order=True)
        .agg(pl.col("_hour").min().alias("_first"), pl.col("_hour").max().alias("_last"))
        .with_columns((pl.col("_last") - pl.col("_first") + 1 + hours).alias("_length"))
        .with_columns((pl.col("_length").cum_sum() - pl.col("_length")).alias("_offset"))
    )
    if data.keys:
        rows = rows.join(spans, on=data.keys, how="left", nulls_equal=True)
    else:
        rows = rows.join(spans.drop("_all"), how="cross")
    place = pl.col("_hour") - pl.col("_first") + pl.col("_offset")
    rows = rows.with_columns(place.cast(pl.UInt32).alias("_place"))
    ahead = {"end": 0, "centre": hours // 2, "start": hours - 1}[align]
    means = _windows(rows, int(spans["_length"].sum()) + hours, value, hours, ahead, least)
    out = numbered.join(
        rows.select("_row", means.alias(added)), on="_row", how="left", maintain_order="left"
    ).drop("_row")
    # The caller's own column keeps its type.
    out = out.with_columns(data.entered.frame.to_native().select(value).collect().to_series())
    left: IntoFrameT = data.leave(out)
    return left


def _windows(
    rows: pl.DataFrame, length: int, value: str, hours: int, ahead: int, least: Any
) -> pl.Series:
    """Return the mean of each row's window on the line of hours."""
    import polars as pl

    np = extra("numpy")
    line = np.full(length + 2 * hours, np.nan)
    place = rows["_place"].to_numpy().astype(np.int64) + hours
    line[place] = rows[value].to_numpy()
    there = ~np.isnan(line)
    filled = np.where(there, line, 0.0)
    last = place + ahead
    total, count = np.zeros(len(place)), np.zeros(len(place), dtype=np.int64)
    for back in range(hours - 1, -1, -1):
        total += filled[last - back]
        count += there[last - back]
    enough = (count > 0) & (count * least.denominator >= hours * least.numerator)
    means = np.divide(total, count, out=np.full(len(place), np.nan), where=enough)
    return pl.Series(means, dtype=pl.Float64).fill_nan(None)

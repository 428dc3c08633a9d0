"""Completeness of monitoring: 应测, 实测, 有效, and their rates, against a monitoring scheme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import narwhals.stable.v2 as nw

from shanshui._frames import enter, naive_date, naive_time, require
from shanshui._rules import percent
from shanshui.quality._levels import SCALE
from shanshui.quality._observed import By, observed
from shanshui.quality.rules import rules
from shanshui.standards.errors import SchemaError, ShanshuiError

if TYPE_CHECKING:
    from collections.abc import Collection

    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame

Span = Literal["day", "month", "quarter", "year"]
_LENGTH = {"day": "1d", "month": "1mo", "quarter": "1q", "year": "1y"}
_DAY = 86400


def completeness(
    frame: IntoFrame,
    scheme: IntoFrame | None = None,
    period: Span = "month",
    *,
    by: By = ("station", "property"),
    seconds: int | None = None,
    valid: Collection[str] = ("pass", "suspect"),
    digits: int = 1,
) -> Any:
    """Count what should have been measured, what was, and what of it is valid.

    Parameters
    ----------
    frame : dataframe
        Observations as of `check`, held in memory; with the column ``qc`` of `grade`, values of
        the levels in `valid` are valid. ``time`` is the end of a value's period, so the hour
        stamped 00:00 on the first belongs to the month before.
    scheme : dataframe, optional
        What is to be measured: the keys, ``property``, ``period`` (seconds, a divisor of a day),
        ``start`` and ``end`` of service (dates, the last day included, or moments; null for open).
        Without it every series of the frame is due in every period of the calendar from that of
        the first time to that of the last: the denominator is the month, not the file.
    period : {"month", "day", "quarter", "year"}
        Of the calendar.
    by : str or list of str
        Key columns; ``property`` always counts.
    seconds : int, optional
        Seconds that a value stands for, where the frame has no column ``period``.
    valid : list of str
        Levels of ``qc`` that are valid. Neither unknown nor missing is good.
    digits : int
        Decimals of the rates.

    Returns
    -------
    dataframe
        keys, ``property``, ``seconds``, ``period`` (its first day), ``expected`` (应测),
        ``measured`` (实测: values on the scheme, a repeated time once), ``valid`` (有效),
        ``suspect``, ``outside`` (values of times that no scheme asks for), ``capture_rate``
        (获取率, measured of expected, %), ``valid_rate`` (有效率, valid of expected, %),
        ``valid_of_measured`` (%).
        Without ``qc``, validity is not known and null. Rates are rounded half to even.

    Raises
    ------
    SchemaError
        When the frame is lazy or columns are missing.
    ShanshuiError
        When periods of the scheme overlap, end before they begin, or do not divide a day.

    Notes
    -----
    No text with a definition of the rates was found that could be read: both readings of validity,
    of what was due and of what was measured, are given ("convention").

    Examples
    --------
    >>> from datetime import date, datetime
    >>> import polars as pl
    >>> hours = pl.DataFrame(
    ...     {
    ...         "station": "甲",
    ...         "property": "pm25",
    ...         "time": pl.datetime_range(
    ...             datetime(2026, 4, 15, 1), datetime(2026, 5, 1), "1h", eager=True
    ...         ),
    ...         "value": 35.0,
    ...     }
    ... )
    >>> columns = ["expected", "measured", "capture_rate"]
    >>> completeness(hours, seconds=3600).select(columns).rows()
    [(720, 384, 53.3)]
    >>> scheme = pl.DataFrame(
    ...     {
    ...         "station": "甲",
    ...         "property": "pm25",
    ...         "period": 3600,
    ...         "start": date(2026, 4, 15),
    ...         "end": None,
    ...     }
    ... )
    >>> completeness(hours, scheme, seconds=3600).select(columns).rows()
    [(384, 384, 100.0)]
    """
    import polars as pl

    if period not in _LENGTH:
        raise ShanshuiError(
            f"period 应为 {'、'.join(_LENGTH)}，得到 {period!r} / one of {', '.join(_LENGTH)}"
        )
    graded = "qc" in enter(frame).schema
    data = observed(frame, by, seconds, items=rules().properties(), more=["qc"] if graded else [])
    if not data.eager:
        raise SchemaError(
            "完整性统计需要内存中的数据，请先取回 / completeness needs a frame that holds its "
            "rows; collect the lazy frame first"
        )
    keys = [*data.keys, "property", "period"]
    everything = data.frame.to_native().collect().drop_nulls("time")
    level = pl.col("qc") if graded else pl.lit(None, dtype=pl.String)
    rows = everything.filter(pl.col("value").is_not_null()).select(
        *keys, _end=pl.col("time").cast(pl.Int64), _level=level
    )
    due = _scheme(scheme, keys, everything, _LENGTH[period])
    counted = _counted(rows, due, keys, list(valid), _LENGTH[period])
    result = (
        _expected(due, keys, _LENGTH[period])
        .join(counted, on=[*keys, "_begin"], how="full", coalesce=True, nulls_equal=True)
        .with_columns(pl.col("expected", "measured", "valid", "suspect", "outside").fill_null(0))
    )
    if not graded:
        none = pl.lit(None, dtype=pl.Int64)
        result = result.with_columns(valid=none, suspect=none)
    result = result.with_columns(seconds=pl.col("period"), period=pl.col("_begin").dt.date())
    rated = nw.from_native(result.lazy()).select(
        *data.keys,
        *("property", "seconds", "period", "expected", "measured", "valid", "suspect", "outside"),
        percent(nw.col("measured"), nw.col("expected"), digits).alias("capture_rate"),
        percent(nw.col("valid"), nw.col("expected"), digits).alias("valid_rate"),
        percent(nw.col("valid"), nw.col("measured"), digits).alias("valid_of_measured"),
    )
    return data.leave(rated, [*data.keys, "property", "seconds", "period"])


def _scheme(
    scheme: IntoFrame | None, keys: list[str], rows: pl.DataFrame, length: str
) -> pl.DataFrame:
    """Return the scheme with ``_from, _to`` in microseconds; open ends are those of the data."""
    import polars as pl

    begin = pl.col("time") - pl.duration(microseconds=pl.col("period").cast(pl.Int64) * SCALE)
    # A first value that ends at midnight is of the month before, which is not due for its sake.
    span = rows.filter(pl.col("period") > 0).select(
        _first=pl.col("time").min().dt.truncate(length),
        _last=begin.max().dt.truncate(length).dt.offset_by(length),
    )
    first, last = (span[c].cast(pl.Datetime("us")).cast(pl.Int64) for c in span.columns)
    if scheme is None:
        due = (
            rows.select(keys)
            .unique()
            .with_columns(
                pl.lit(first.item(), dtype=pl.Int64).alias("_from"),
                pl.lit(last.item(), dtype=pl.Int64).alias("_to"),
            )
        )
    else:
        entered = enter(scheme)
        require(entered.schema, [*keys, "start", "end"], what="监测方案")
        if not entered.eager:
            raise SchemaError("监测方案应为内存中的表 / the scheme must hold its rows")
        table = entered.frame.select(
            *(nw.col(k) for k in keys),
            _moment(entered, "start").alias("_from"),
            _moment(entered, "end").alias("_to"),
        )
        due = table.to_native().collect().with_columns(pl.col("period").cast(pl.Int32))
        if entered.schema["end"] == nw.Date:  # the last day is a day of service
            due = due.with_columns(pl.col("_to") + _DAY * SCALE)
        due = due.with_columns(
            pl.col("_from").fill_null(first.item()), pl.col("_to").fill_null(last.item())
        )
        _sound(due, keys)
    _divides(due)
    return due.drop_nulls(["_from", "_to"])


def _moment(entered: Any, column: str) -> nw.Expr:
    kind = entered.schema[column]
    if kind == nw.Unknown:  # all null
        return nw.lit(None, dtype=nw.Int64)
    if kind == nw.Date:
        day = naive_date(entered, column).cast(nw.Datetime("us"))
        return day.cast(nw.Int64)
    return naive_time(entered, column).cast(nw.Datetime("us")).cast(nw.Int64)


def _divides(due: pl.DataFrame) -> None:
    import polars as pl

    period = pl.col("period").cast(pl.Int64)
    bad = due.filter(period.is_null() | (period <= 0) | (_DAY % period != 0))
    if bad.height:
        raise ShanshuiError(
            f"监测周期应能整除一天，得到 {bad['period'][0]} 秒 / a period of monitoring must "
            f"divide a day, got {bad['period'][0]} s"
        )


def _sound(due: pl.DataFrame, keys: list[str]) -> None:
    """Refuse a scheme whose lines end before they begin, or count a time twice."""
    import polars as pl

    ordered = due.sort(*keys, "_from")
    same = pl.all_horizontal(pl.col(k).eq_missing(pl.col(k).shift(1)) for k in keys)
    wrong = ordered.filter(
        (pl.col("_to") < pl.col("_from")) | (same & (pl.col("_from") < pl.col("_to").shift(1)))
    )
    if wrong.height:
        where = " ".join(str(v) for v in wrong.select(keys).row(0))
        raise ShanshuiError(
            f"监测方案中 {where} 的起止时间重叠或颠倒 / in the scheme the times of {where} overlap "
            "or end before they begin"
        )


def _expected(due: pl.DataFrame, keys: list[str], length: str) -> pl.DataFrame:
    """Count the periods of measurement that lie wholly in service, by period of the calendar."""
    import polars as pl

    moment = pl.Datetime("us")
    dated = due.filter(pl.col("_to") > pl.col("_from")).with_columns(
        _begin=pl.datetime_ranges(
            pl.col("_from").cast(moment).dt.truncate(length),
            pl.col("_to").cast(moment),
            length,
            closed="left",
        )
    )
    months = dated.explode("_begin")
    after = pl.col("_begin").dt.offset_by(length).cast(pl.Int64)
    step = pl.col("period").cast(pl.Int64) * SCALE
    lower = pl.max_horizontal("_from", pl.col("_begin").cast(pl.Int64))
    upper = pl.min_horizontal("_to", after)
    # A period divides the day, so its beginnings are multiples of it since any midnight.
    slots = (upper // step - (-((-lower) // step))).clip(0)
    counts = months.with_columns(expected=slots)
    return counts.group_by(*keys, "_begin").agg(pl.col("expected").sum())


def _counted(
    rows: pl.DataFrame, due: pl.DataFrame, keys: list[str], valid: list[str], length: str
) -> pl.DataFrame:
    """Count values on the scheme and off it, by period of the calendar, a time once."""
    import polars as pl

    step = pl.col("period").cast(pl.Int64) * SCALE
    rows = rows.with_columns(
        _valid=pl.col("_level").is_in(valid), _doubt=pl.col("_level") == "suspect"
    )
    # A repeated time counts once, and as valid only if all that is said of it is.
    times = rows.group_by(*keys, "_end").agg(
        pl.col("_valid").all(ignore_nulls=False).fill_null(value=False),
        pl.col("_doubt").any().fill_null(value=False),
    )
    begin = pl.col("_end") - step
    served = (
        times.join(due.select(*keys, "_from", "_to"), on=keys, how="inner", nulls_equal=True)
        .filter(begin >= pl.col("_from"), pl.col("_end") <= pl.col("_to"), begin % step == 0)
        .select(*keys, "_end", _on=pl.lit(value=True))
    )
    times = times.join(served, on=[*keys, "_end"], how="left", nulls_equal=True).with_columns(
        pl.col("_on").fill_null(value=False),
        _begin=begin.cast(pl.Datetime("us")).dt.truncate(length),
    )
    on = pl.col("_on")
    return times.group_by(*keys, "_begin").agg(
        measured=on.sum().cast(pl.Int64),
        valid=(on & pl.col("_valid")).sum().cast(pl.Int64),
        suspect=(on & pl.col("_doubt")).sum().cast(pl.Int64),
        outside=(~on).sum().cast(pl.Int64),
    )

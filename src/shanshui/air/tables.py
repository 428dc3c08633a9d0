"""The tables of the air standards as frames, and the list of faults of a frame of hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from shanshui._frames import enter, naive_time, names, require, require_numbers
from shanshui.air._hours import Stamp, stamped
from shanshui.air._rules import HOURLY, bounds, edition_name, measured
from shanshui.standards.editions import Edition
from shanshui.standards.editions import edition as find
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrameT


def limits(*, edition: str | date | Edition, grade: int | None = None) -> pl.DataFrame:
    """Return the concentration limits of an edition (GB 3095 表1 and 表2).

    Parameters
    ----------
    edition : str, date or Edition
        E.g. ``"2026"``.
    grade : {1, 2}, optional
        One grade only, as the column ``limit``; otherwise ``grade1`` and ``grade2``.

    Returns
    -------
    polars.DataFrame
        ``item, averaging`` (``year, quarter, day, 8h, 1h``), limits, ``unit, standard, clause,
        confidence``.

    Examples
    --------
    >>> table = limits(edition="2026", grade=2)
    >>> table.filter(item="pm25").select("averaging", "limit").rows()
    [('year', 30.0), ('day', 60.0)]
    """
    import polars as pl

    if grade not in (None, 1, 2):
        raise ShanshuiError(f"grade 应为 1 或 2 / must be 1 or 2: {grade!r}")
    standard, rows = find("air", edition).source_of("limits")
    table = pl.DataFrame(rows).with_columns(
        pl.col("grade1", "grade2").cast(pl.Float64),
        standard=pl.lit(standard.number),
        confidence=pl.lit(standard.confidence),
    )
    if grade is None:
        shown = ["grade1", "grade2"]
    else:
        table, shown = table.with_columns(limit=pl.col(f"grade{grade}")), ["limit"]
    return table.select("item", "averaging", *shown, "unit", "standard", "clause", "confidence")


def breakpoints(*, edition: str | date | Edition) -> pl.DataFrame:
    """Return the IAQI breakpoints of an edition (HJ 633 表1).

    Returns
    -------
    polars.DataFrame
        ``item, averaging, iaqi, concentration, unit, standard, confidence``, one row a point.

    Examples
    --------
    >>> table = breakpoints(edition="2026")
    >>> table.filter(item="pm25", iaqi=100)["concentration"].item()
    60
    """
    import polars as pl

    found = find("air", edition)
    standard, rows = found.source_of("breakpoints")
    scale = found.table("iaqi")
    points = [
        (*row["name"].split("_"), iaqi, concentration, row["unit"])
        for row in rows
        for iaqi, concentration in zip(scale, row["concentrations"], strict=False)
    ]
    columns = ["item", "averaging", "iaqi", "concentration", "unit"]
    return pl.DataFrame(points, schema=columns, orient="row").with_columns(
        standard=pl.lit(standard.number), confidence=pl.lit(standard.confidence)
    )


def categories(*, edition: str | date | Edition) -> pl.DataFrame:
    """Return the classes of the AQI: names, colours, and what to do (HJ 633 表2).

    Returns
    -------
    polars.DataFrame
        ``level, grade, name, name_en, low, high`` (null for the worst), ``colour_zh, colour``
        (hex), ``effect, advice`` (null where the edition's wording was not read), ``standard``.

    Examples
    --------
    >>> categories(edition="2012").select("level", "name", "colour").row(1)
    (2, '良', '#FFFF00')
    """
    import polars as pl

    standard, classes = find("air", edition).source_of("classes")
    text = ("level", "grade", "name", "name_en", "low", "high", "colour_zh", "colour")
    rows = [{c: row.get(c) for c in (*text, "effect", "advice")} for row in classes["categories"]]
    schema = dict.fromkeys((*text, "effect", "advice"), pl.String) | dict.fromkeys(
        ("level", "low", "high"), pl.Int64
    )
    return pl.DataFrame(rows, schema=schema).with_columns(standard=pl.lit(standard.number))


def sensitive(*, edition: str | date | Edition) -> pl.DataFrame:
    """Return who should take care when an item's IAQI is above 100 (HJ 633-2026).

    Returns
    -------
    polars.DataFrame
        ``item, groups``.

    Raises
    ------
    ShanshuiError
        The edition names no such groups by item (2012).

    Examples
    --------
    >>> sensitive(edition="2026").filter(item="co")["groups"].item()
    '心血管疾病患者'
    """
    import polars as pl

    return pl.DataFrame(find("air", edition).table("sensitive")["groups"])


FAULTS = {
    "no_time": "时间缺失 / no time",
    "off_hour": "时间不在整点 / not on the full hour",
    "repeated_hour": "同一站点同一时间重复 / the same station and time more than once",
    "no_edition": "没有适用的标准版本 / no edition covers the date",
    "negative": "浓度为负 / negative concentration",
    "absurd": "浓度超出可能范围，检查单位 / beyond what is possible: check the unit",
}


def check(
    hours: IntoFrameT, *, stamp: Stamp = "end", by: str | Sequence[str] = "station"
) -> IntoFrameT:
    """List the faults of a frame of hours that the other functions set aside.

    Parameters
    ----------
    hours : frame
        As for `daily`; items that the frame lacks are not looked at.
    stamp : {"end", "start"}
        Whether ``time`` is the end or the start of the hour.
    by : str or list of str
        Key columns of a station.

    Returns
    -------
    frame of the kind that came
        One row a fault: keys, ``time``, ``item`` (null where the whole row is meant), ``value``,
        ``fault`` (``no_time, off_hour, repeated_hour, no_edition, negative, absurd``), ``message``.
        A bound for ``absurd`` is the project's own (``plausible.toml``), not a standard's.

    Raises
    ------
    SchemaError
        A key or the time is missing or has the wrong type.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime
    >>> hours = pl.DataFrame(
    ...     {"station": "1001A", "time": [datetime(2020, 1, 1, 1)] * 2, "pm25": [35, -3]}
    ... )
    >>> check(hours).select("item", "value", "fault").rows()
    [(None, None, 'repeated_hour'), (None, None, 'repeated_hour'), ('pm25', -3.0, 'negative')]
    """
    entered = enter(hours)
    keys = names(by)
    require(entered.schema, [*keys, "time"], what="小时数据")
    require_numbers(entered.schema, HOURLY)
    frame = stamped(entered, keys, stamp)
    clock = naive_time(entered, "time")
    frame = frame.with_columns(
        clock.alias("time"),
        edition_name(nw.col("_date"), None).alias("_edition"),
        nw.len().over(*keys, "time").alias("_times"),
    )
    time = nw.col("time")
    there = ~time.is_null()
    whole_row = {
        "no_time": time.is_null(),
        "off_hour": there & ((time.dt.minute() != 0) | (time.dt.second() != 0)),
        "repeated_hour": there & (nw.col("_times") > 1),
        "no_edition": there & nw.col("_edition").is_null(),
    }
    parts = []

    def add(condition: nw.Expr, item: str | None, fault: str, value: nw.Expr) -> None:
        parts.append(
            frame.filter(condition).select(
                *keys,
                "time",
                nw.lit(item, dtype=nw.String).alias("item"),
                value.alias("value"),
                nw.lit(fault).alias("fault"),
                nw.lit(FAULTS[fault]).alias("message"),
            )
        )

    for fault, condition in whole_row.items():
        add(condition, None, fault, nw.lit(None, dtype=nw.Float64))
    for item in (i for i in HOURLY if i in entered.schema):
        value = measured(item, entered.schema[item])
        add(value < 0, item, "negative", value)
        add(value > bounds()[item], item, "absurd", value)
    out: IntoFrameT = entered.leave(
        nw.concat(parts, how="vertical"), [*keys, "time", "item", "fault"]
    )
    return out

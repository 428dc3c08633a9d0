"""Patterns of a series: variation over the day, week and year; wind and pollution roses."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Any, Literal

from shanshui._frames import names
from shanshui.analysis._series import TIME, Opened, Stamp, choice, clock, extra, opened
from shanshui.standards.errors import SchemaError, ShanshuiError

if TYPE_CHECKING:
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrameT

Over = Literal["hour", "weekday", "month", "season", "year_month"]

WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
SEASONS = ("春", "夏", "秋", "冬")
"""March to May, June to August, September to November, December to February."""
_OVER = ("hour", "weekday", "month", "season", "year_month")

POINTS = (
    *("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE"),
    *("S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"),
)
CHINESE_POINTS = (
    *("北", "东北偏北", "东北", "东北偏东", "东", "东南偏东", "东南", "东南偏南"),
    *("南", "西南偏南", "西南", "西南偏西", "西", "西北偏西", "西北", "西北偏北"),
)
_OTHER_POINTS = {
    "北东北": 1,
    "北北东": 1,
    "东东北": 3,
    "东北东": 3,
    "北东": 2,
    "南东": 6,
    "南西": 10,
    "北西": 14,
    "东东南": 5,
    "东南东": 5,
    "南东南": 7,
    "南南东": 7,
    "南西南": 9,
    "南南西": 9,
    "西西南": 11,
    "西南西": 11,
    "西西北": 13,
    "西北西": 13,
    "北西北": 15,
    "北北西": 15,
}
_STILL = ("C", "CALM", "静", "静风", "无风")
_SPEEDS = (2.0, 4.0, 6.0)
CALM = 0.3
"""Below this speed (m/s) there is no direction: force 0 is 0 to 0.2 m/s."""


def variation(
    frame: IntoFrameT,
    values: str | Sequence[str],
    *,
    over: Over | Sequence[Over] = "hour",
    time: str = "time",
    by: str | Sequence[str] | None = None,
    stamp: Stamp = "end",
    interval: bool = True,
    confidence: float = 0.95,
    every: str | None = None,
) -> IntoFrameT:
    """Average a series over the hours of the day, the days of the week, the months, the seasons.

    Parameters
    ----------
    frame : frame in memory
        Keys, a date or datetime, numeric values, in any order.
    values : str or list of str
        Columns to average.
    over : str or two of them
        ``"hour"`` (1 to 24: the hour that ends then), ``"weekday"`` (周一 first), ``"month"``,
        ``"season"`` (春 is March to May, 冬 December to February) or ``"year_month"``; two give
        every combination that has rows.
    time : str
        Column of times. Dates, and times that are all midnight, are days.
    by : str or list of str, optional
        Key columns; without them the rows of all stations are taken together.
    stamp : {"end", "start"}
        Whether a time is the end (as the national network stamps) or the start of its hour: the
        value stamped Monday 00:00 is of Sunday's 24th hour.
    interval : bool
        Add the interval of the mean: mean ± t·s/√n by Student's t. It takes the values as
        independent, as a bootstrap of single values does; hours that follow each other are not,
        so a true interval is wider.
    confidence : float
        Of the interval.
    every : str, optional
        How often there is a value; by default days for dates, else hours.

    Returns
    -------
    frame of the kind that came
        One row a key, item and class: keys, ``item``, a column named as `over` (number; text for
        ``year_month``), ``label`` (``1时``, ``周一``, ``1月``, ``春``; of two joined by a space),
        ``n``, ``mean``, and with `interval` ``lower``, ``upper`` (null where n < 2).

    Raises
    ------
    SchemaError
        The frame is lazy, a column is missing or of the wrong kind, or days have no hours.
    ShanshuiError
        An argument is wrong, or an interval is asked for and the extra [analysis] is absent.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime
    >>> hours = pl.DataFrame(
    ...     {
    ...         "time": [datetime(2026, 3, 1, 1), datetime(2026, 3, 2, 0), datetime(2026, 3, 3, 0)],
    ...         "no2": [20.0, 40.0, 60.0],
    ...     }
    ... )
    >>> variation(hours, "no2", interval=False).select("hour", "label", "n", "mean").rows()
    [(1, '1时', 1, 20.0), (24, '24时', 2, 50.0)]
    """
    import polars as pl

    classes: list[Any] = names(over)
    if len(classes) not in (1, 2) or len(set(classes)) < len(classes):
        raise ShanshuiError(f"over 应为一个或两个不同的划分 / must be one or two: {over!r}")
    for one in classes:
        choice("over", one, *_OVER)
    if not 0 < confidence < 1:
        raise ShanshuiError(
            f"confidence 应在 0 与 1 之间 / must lie between 0 and 1: {confidence!r}"
        )
    columns = names(values)
    data = opened(frame, columns, by, time)
    rows, minutes = clock(data, time, stamp=stamp, every=every)
    if "hour" in classes and minutes == 1440:
        raise SchemaError(
            f"列 {time} 只有日期，没有小时 / column {time} holds days, which have no hours"
        )
    labels = [_label(one) for one in classes]
    found = pl.concat(
        rows.lazy()
        .with_columns(_number(one).alias(f"_{one}") for one in classes)
        .group_by(*data.keys, *(f"_{one}" for one in classes))
        .agg(
            pl.col(v).count().cast(pl.Int64).alias("n"),
            pl.col(v).mean().alias("mean"),
            pl.col(v).std().alias("_std"),
        )
        .select(
            *data.keys,
            pl.lit(v).alias("item"),
            pl.lit(place).alias("_item"),
            *(pl.col(f"_{one}").alias(one) for one in classes),
            pl.concat_str(labels, separator=" ").alias("label"),
            *("n", "mean", "_std"),
        )
        for place, v in enumerate(columns)
    )
    out = found.sort(*data.keys, "_item", *classes).drop("_item").collect()
    if interval:
        out = _with_interval(out, confidence)
    left: IntoFrameT = data.leave(out.drop("_std"))
    return left


def _number(over: Over) -> Any:
    """Return the class of ``_time``, which is the start of the hour."""
    import polars as pl

    time = pl.col(TIME).dt
    if over == "hour":
        return time.hour().cast(pl.Int64) + 1
    if over == "weekday":
        return time.weekday().cast(pl.Int64)
    if over == "month":
        return time.month().cast(pl.Int64)
    if over == "season":
        return (time.month().cast(pl.Int64) + 9) % 12 // 3 + 1
    return time.strftime("%Y-%m")


def _label(over: Over) -> Any:
    import polars as pl

    number = pl.col(f"_{over}")
    words: dict[str, Sequence[str]] = {"weekday": WEEKDAYS, "season": SEASONS}
    if over in words:
        return number.replace_strict(dict(enumerate(words[over], 1)), return_dtype=pl.String)
    return pl.format("{}{}", number, pl.lit({"hour": "时", "month": "月"}.get(over, "")))


def _with_interval(out: pl.DataFrame, confidence: float) -> pl.DataFrame:
    """Add the interval of each mean by Student's t."""
    import polars as pl

    np, special = extra("numpy"), extra("scipy.special")
    n = out["n"].to_numpy()
    quantile = special.stdtrit(np.maximum(n - 1, 1), (1 + confidence) / 2)
    half = pl.Series("_half", quantile) * out["_std"] / pl.Series(np.sqrt(n))
    half = pl.select(pl.when(out["n"] > 1).then(half)).to_series()
    return out.with_columns(lower=out["mean"] - half, upper=out["mean"] + half)


def rose(
    frame: IntoFrameT,
    *,
    direction: str = "wd",
    speed: str | None = "ws",
    value: str | None = None,
    sectors: int = 16,
    breaks: Sequence[float] | None = None,
    by: str | Sequence[str] | None = None,
    calm: float = CALM,
    unbias: bool = True,
) -> IntoFrameT:
    """Count a wind rose (speed by direction) or a pollution rose (a value by direction).

    Parameters
    ----------
    frame : frame in memory
        Keys and the columns named below.
    direction : str
        Column of where the wind comes from: degrees (0 and 360 are north), or one of 16 compass
        points as text (``NNE``, ``东北``, ``东北偏北``, ``北东北``; with or without 风).
    speed : str or None
        Column of wind speed in m/s. None where there is none: then `value` is needed.
    value : str, optional
        Column of a value: a pollution rose. Without it the classes are of the speed.
    sectors : int
        Number of sectors; the first is centred on north. A direction on an edge belongs to the
        sector before it (clockwise): of 16, north is from above 348.75 to 11.25.
    breaks : list of float, optional
        Upper edges of the classes, each of which includes its edge; a last class has what is above.
        By default 2, 4 and 6 m/s; for a value its quartiles and 95th percentile to two digits.
    by : str or list of str, optional
        Key columns; one rose each.
    calm : float
        Speeds below are calm, and so are 0, the letter C and 静风: they have no direction and are
        told apart. 0.3 by default (force 0 of the wind scale is up to 0.2 m/s); 0 for openair's.
    unbias : bool
        Where all directions are whole tens of degrees and the sectors do not hold equally many of
        them, shares are multiplied by the mean number over the sector's own, as openair does by
        default; counts stay as they are. Of 16 sectors the main four hold 3 tens and the others 2.

    Returns
    -------
    frame of the kind that came
        One row a key, sector and class, none left out: keys, ``sector`` (1 to `sectors`; 0 is
        calm), ``direction`` (of its middle, degrees; null for calm), ``point`` (``NNE``, of 16, 8
        or 4 sectors), ``point_zh``, ``class`` (1 upwards), ``class_from`` and ``class_to`` (the
        outer ones null), ``n``, ``share`` (% of the rows that count), ``sector_n``,
        ``sector_share``, ``sector_mean`` (of the value, or of the speed), ``contribution`` (the
        sector's part of the sum of the value, %), ``unknown`` (rows without direction, speed or
        value, which do not count), ``unbiased`` (bool).

    Raises
    ------
    SchemaError
        The frame is lazy, a column is missing, a text is no direction, or points do not fit the
        sectors.

    References
    ----------
    Applequist, S. (2012), Wind rose bias correction, J. Appl. Meteor. Climatol. 51, 1305-1309;
    GB/T 28591-2012 风力等级 (force 0).

    Examples
    --------
    >>> import polars as pl
    >>> wind = pl.DataFrame({"wd": [350, 10, 90, 200], "ws": [1.0, 3.0, 5.0, 0.0]})
    >>> found = rose(wind, sectors=4)
    >>> found.filter(pl.col("n") > 0).select("point_zh", "class_to", "n", "share").rows()
    [('静风', 2.0, 1, 25.0), ('北', 2.0, 1, 25.0), ('北', 4.0, 1, 25.0), ('东', 6.0, 1, 25.0)]
    """
    import polars as pl

    if sectors < 2:
        raise ShanshuiError(f"sectors 应至少为 2 / must be at least 2: {sectors!r}")
    classed = value or speed
    if classed is None:
        raise ShanshuiError("需要 speed 或 value / either speed or value is needed")
    numbers_ = [c for c in (speed, value) if c]
    data = opened(frame, numbers_, by, direction)
    rows = data.rows.select(
        *data.keys,
        _degrees(data, direction, sectors).alias("_degrees"),
        _still(data, direction, speed, calm).alias("_still"),
        (pl.col(speed) if speed else pl.lit(0.0)).alias("_speed"),
        pl.col(classed).alias("_value"),
    )
    unbias = unbias and data.rows.schema[direction].is_numeric()  # points are no rounded degrees
    known = (
        (pl.col("_degrees").is_not_null() | pl.col("_still"))
        & pl.col("_value").is_not_null()
        & pl.col("_speed").is_not_null()
    )
    # openair's edges: 11.25 is north's.
    width = 360 / sectors
    number = (pl.col("_degrees") / width - 0.5).ceil().cast(pl.Int64) % sectors + 1
    rows = rows.with_columns(
        known.alias("_known"),
        pl.when("_still").then(pl.lit(0, dtype=pl.Int64)).otherwise(number).alias("sector"),
    )
    edges = _edges(rows, breaks, of_speed=value is None)
    rows = rows.with_columns(
        pl.when("_known")
        .then(pl.sum_horizontal((pl.col("_value") > e).cast(pl.Int64) for e in edges) + 1)
        .alias("class")
    )
    none: dict[str, Any] = dict.fromkeys(data.keys)
    groups = list(data.parts(rows)) or [(none, rows)]
    out = pl.concat(
        _rose(part, edges, sectors, unbias=unbias).select(
            *(pl.lit(v, dtype=data.rows.schema[k]).alias(k) for k, v in key.items()), pl.all()
        )
        for key, part in groups
    )
    left: IntoFrameT = data.leave(out.clear() if data.keys and rows.is_empty() else out)
    return left


def _degrees(data: Opened, direction: str, sectors: int) -> pl.Expr:
    """Return directions in degrees, 0 to below 360; null where there is none."""
    import polars as pl

    column = data.rows[direction]
    if column.dtype.is_numeric() or column.dtype == pl.Null:
        number = pl.col(direction).cast(pl.Float64).fill_nan(None)
        wrong = (
            column.cast(pl.Float64).is_between(0, 360).not_() & column.cast(pl.Float64).is_not_nan()
        )
        if wrong.any():
            raise SchemaError(
                f"列 {direction} 应为 0—360 度，得到 {column.filter(wrong)[0]} / "
                f"column {direction} must be 0 to 360 degrees, got {column.filter(wrong)[0]}"
            )
        return number % 360
    if column.dtype != pl.String and column.dtype != pl.Categorical:
        raise SchemaError(
            f"列 {direction} 应为度数或方位文字，得到 {column.dtype} / "
            f"column {direction} must be degrees or compass points, got {column.dtype}"
        )
    found: dict[str, float | None] = {}
    for text in column.cast(pl.String).unique().drop_nulls().to_list():
        plain = text.strip().upper().removesuffix("风") or "风"
        if text.strip().upper() in _STILL or not text.strip():
            found[text] = None
        elif plain in _points():
            found[text] = 22.5 * _points()[plain]
        else:
            found[text] = _number_in(text, direction)
    turned = {t: d for t, d in found.items() if d is not None}
    on_edge = [t for t, d in turned.items() if (d * sectors / 360) % 1 == 0.5]
    if on_edge:
        raise SchemaError(
            f"方位“{on_edge[0]}”在两个扇区之间，请用 sectors=16 / "
            f'"{on_edge[0]}" lies between two of {sectors} sectors; use sectors=16'
        )
    return (
        pl.col(direction)
        .cast(pl.String)
        .replace_strict(found, default=None, return_dtype=pl.Float64)
    )


def _points() -> dict[str, int]:
    """Return the names of the 16 points, without 风."""
    return {
        **{p: i for i, p in enumerate(POINTS)},
        **{p: i for i, p in enumerate(CHINESE_POINTS)},
        **_OTHER_POINTS,
    }


def _number_in(text: str, direction: str) -> float:
    """Return degrees written as text."""
    try:
        degrees = float(text)
    except ValueError:
        degrees = -1
    if not 0 <= degrees <= 360:
        raise SchemaError(
            f"列 {direction} 的“{text}”不是风向（0—360 度、N、NNE、北、东北……、C、静风） / "
            f'column {direction}: "{text}" is no wind direction (0 to 360, N, NNE, 北, C)'
        )
    return degrees % 360


def _still(data: Opened, direction: str, speed: str | None, calm: float) -> pl.Expr:
    """Tell whether a row is calm, by its speed or by its direction's text."""
    import polars as pl

    said: pl.Expr = pl.lit(value=False)
    if data.rows.schema[direction] in (pl.String, pl.Categorical):
        text = pl.col(direction).cast(pl.String).str.strip_chars().str.to_uppercase()
        said = text.is_in(list(_STILL)).fill_null(value=False)
    if speed is None:
        return said
    slow: pl.Expr = (pl.col(speed) == 0) | (pl.col(speed) < calm)
    either: pl.Expr = said | slow.fill_null(value=False)
    return either


def _edges(rows: pl.DataFrame, breaks: Sequence[float] | None, *, of_speed: bool) -> list[float]:
    """Return the upper edges of all classes but the last."""
    if breaks is not None:
        edges = [float(b) for b in breaks]
        if not edges or edges != sorted(set(edges)):
            raise ShanshuiError(f"breaks 应由小到大 / must be rising: {list(breaks)!r}")
        return edges
    if of_speed:
        return list(_SPEEDS)
    known = rows.filter("_known")["_value"]
    if known.is_empty():
        return [0.0]
    found = (known.quantile(q, interpolation="linear") for q in (0.25, 0.5, 0.75, 0.95))
    return sorted({float(f"{q:.2g}") for q in found if q is not None})


def _rose(
    rows: pl.DataFrame, edges: Sequence[float], sectors: int, *, unbias: bool
) -> pl.DataFrame:
    """Count one rose."""
    import polars as pl

    known = rows.filter("_known")
    total, whole = known.height, known["_value"].sum()
    grid = pl.DataFrame({"sector": range(sectors + 1)}, schema={"sector": pl.Int64}).join(
        pl.DataFrame(
            {
                "class": range(1, len(edges) + 2),
                "class_from": [None, *edges],
                "class_to": [*edges, None],
            },
            schema={"class": pl.Int64, "class_from": pl.Float64, "class_to": pl.Float64},
        ),
        how="cross",
    )
    cells = known.group_by("sector", "class").agg(pl.len().cast(pl.Int64).alias("n"))
    each = known.group_by("sector").agg(
        pl.len().cast(pl.Int64).alias("sector_n"),
        pl.col("_value").mean().alias("sector_mean"),
        (pl.col("_value").sum() / whole * 100 if whole else pl.lit(None, dtype=pl.Float64)).alias(
            "contribution"
        ),
    )
    factor, unbiased = _factors(known, sectors) if unbias else ([1.0] * (sectors + 1), False)
    factors = pl.DataFrame(
        {"sector": range(sectors + 1), "_factor": factor},
        schema={"sector": pl.Int64, "_factor": pl.Float64},
    )
    step = 16 // sectors if sectors in (16, 8, 4) else 0
    point = ["C", *(POINTS[i * step] if step else None for i in range(sectors))]
    point_zh = ["静风", *(CHINESE_POINTS[i * step] if step else None for i in range(sectors))]
    return (
        grid.join(cells, on=["sector", "class"], how="left")
        .join(each, on="sector", how="left")
        .join(factors, on="sector", how="left")
        .sort("sector", "class")
        .select(
            "sector",
            pl.when(pl.col("sector") > 0)
            .then((pl.col("sector") - 1) * (360 / sectors))
            .alias("direction"),
            pl.col("sector")
            .replace_strict(dict(enumerate(point)), return_dtype=pl.String)
            .alias("point"),
            pl.col("sector")
            .replace_strict(dict(enumerate(point_zh)), return_dtype=pl.String)
            .alias("point_zh"),
            *("class", "class_from", "class_to"),
            pl.col("n").fill_null(0),
            _percent("n", total).alias("share"),
            pl.col("sector_n").fill_null(0),
            _percent("sector_n", total).alias("sector_share"),
            "sector_mean",
            pl.col("contribution").fill_null(0.0) if whole else pl.col("contribution"),
            pl.lit(rows.height - total, dtype=pl.Int64).alias("unknown"),
            pl.lit(unbiased).alias("unbiased"),
        )
    )


def _percent(count: str, total: int) -> pl.Expr:
    """Return a count as % of all, corrected by the sector's factor."""
    import polars as pl

    if not total:
        return pl.lit(None, dtype=pl.Float64)
    return pl.col(count).fill_null(0) * pl.col("_factor") / total * 100


def _factors(known: pl.DataFrame, sectors: int) -> tuple[list[float], bool]:
    """Return by what the share of calm and of each sector is multiplied, and whether by any."""
    import polars as pl

    same = [1.0] * (sectors + 1)
    turned = known.filter(~pl.col("_still"))["_degrees"]
    if turned.is_empty() or (turned % 10 != 0).any():
        return same, False
    held = [0] * sectors
    for ten in range(36):
        held[ceil(ten * 10 * sectors / 360 - 0.5) % sectors] += 1
    if min(held) == max(held) or min(held) == 0:
        return same, False
    return [1.0, *(36 / sectors / h for h in held)], True

"""Functional zones (GB 3096) and the noise of a city: region, roads, rates (HJ 640)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from shanshui._confidence import warn_recalled
from shanshui._frames import enter, names, require, require_numbers, set_aside
from shanshui._rules import code_if
from shanshui.noise._levels import (
    LOUDEST,
    PLACES,
    graded,
    in_force,
    in_tenths,
    level,
    named,
    number,
    tenths,
)
from shanshui.standards.editions import Edition
from shanshui.standards.errors import SchemaError
from shanshui.standards.rounding import divide_half_even, from_fixed, integer, to_fixed

if TYPE_CHECKING:
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrameT


SIDES = ("day", "night")
LENGTH = 3  # decimals of a length as a fixed integer


def zones(
    values: IntoFrameT,
    *,
    zone: str = "zone",
    day: str = "ld",
    night: str = "ln",
    maximum: str = "lmax_night",
    unverified: bool = False,
    edition: str | date | Edition | None = None,
) -> IntoFrameT:
    """Set the levels of functional zones against their limits (声环境功能区达标).

    Parameters
    ----------
    values : frame
        One row a point and time, with its zone and Ld and Ln in dB(A), as `levels` gives them; one
        of the two may be missing. Levels are rounded to 0.1 dB before they are compared.
    zone : str
        Column of zones: ``0, 1, 2, 3, 4a, 4b``, as numbers or texts, also 2类, 4a类. A plain 4
        is taken for 4a, whose night limit is the stricter.
    day, night : str
        Columns of Ld and Ln.
    maximum : str
        Column of the maximum level of sudden noise in the night (夜间突发噪声), where there is one.
    unverified : bool
        Judge zone 4b too. Its limits could not be verified (confidence C), so a warning is given;
        without it, 4b has no result.
    edition : str, date or Edition, optional
        By default the newest.

    Returns
    -------
    frame of the kind that came
        Every row and column, and ``zone_class`` (``0`` … ``4b``), ``limit_day, limit_night``;
        ``attains_day, attains_night``; ``exceed_day, exceed_night`` (dB above the limit, one
        decimal, where it is exceeded); ``reason_day, reason_night``
        where there is no result (``missing, absurd, unknown_zone, unverified``); where there is a
        maximum, ``attains_sudden``: not more than 15 dB above the night limit; ``edition``.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.

    References
    ----------
    GB 3096-2008 表1, 5.4 (sudden noise).

    Examples
    --------
    >>> import polars as pl
    >>> points = pl.DataFrame({"zone": ["2类", "4a"], "ld": [60.04, 64.3], "ln": [49.0, 60.8]})
    >>> zones(points).select("attains_day", "attains_night", "exceed_night").rows()
    [(True, True, None), (True, False, 5.8)]
    """
    found = in_force(edition)
    rows = {row["zone"]: row for row in found.table("limits")}
    if unverified:
        warn_recalled("GB 3096-2008 4b类区限值", "limits of zone 4b of GB 3096-2008")
    entered = enter(values)
    sides = {s: c for s, c in (("day", day), ("night", night)) if c in entered.schema}
    if not sides:
        raise SchemaError(
            f"数据应有昼间列 {day} 或夜间列 {night}；现有列：{'、'.join(entered.schema)} / "
            f"needs a column {day} or {night}; found: {', '.join(entered.schema)}"
        )
    require(entered.schema, [zone], what="功能区数据")
    sudden = [maximum] if maximum in entered.schema else []
    require_numbers(entered.schema, [*sides.values(), *sudden])
    added = [
        "zone_class",
        *(f"{kind}_{s}" for kind in ("limit", "attains", "exceed", "reason") for s in sides),
        *(["attains_sudden"] if sudden else []),
        "edition",
    ]
    frame = set_aside(entered, added)
    own = frame.collect_schema().names()
    read = {c: f"{c}_input" if c in added else c for c in (zone, *sides.values(), *sudden)}
    frame = frame.with_columns(_zone(read[zone], entered.schema[zone], rows).alias("zone_class"))
    judged = {z: row for z, row in rows.items() if unverified or row.get("confidence") != "C"}
    frame = frame.with_columns(
        *(_of_zone({z: row[s] for z, row in judged.items()}).alias(f"_limit_{s}") for s in SIDES),
        *(tenths(level(read[c], entered.schema[c])).alias(f"_v_{s}") for s, c in sides.items()),
        *(number(read[c], entered.schema[c]).alias(f"_n_{s}") for s, c in sides.items()),
        *(tenths(level(read[c], entered.schema[c])).alias("_peak") for c in sudden),
    )
    over = {s: nw.col(f"_v_{s}") - nw.col(f"_limit_{s}") for s in sides}
    frame = frame.with_columns(
        *(from_fixed(nw.col(f"_limit_{s}"), 1).alias(f"limit_{s}") for s in sides),
        *((over[s] <= 0).alias(f"attains_{s}") for s in sides),
        *(from_fixed(nw.when(over[s] > 0).then(over[s]), 1).alias(f"exceed_{s}") for s in sides),
        *(_why(s).alias(f"reason_{s}") for s in sides),
        nw.lit(found.name).alias("edition"),
    )
    if sudden:
        above = integer(in_tenths(found.parameter("sudden_above")))
        frame = frame.with_columns(
            (nw.col("_peak") <= nw.col("_limit_night") + above).alias("attains_sudden")
        )
    out: IntoFrameT = entered.leave(frame.select(*own, *added), [])
    return out


def attainment(points: IntoFrameT, *, by: str | Sequence[str] = ()) -> IntoFrameT:
    """Compute the attainment rates of functional zones (功能区点次达标率).

    Parameters
    ----------
    points : frame
        One row a point and time, as `zones` gives it: ``zone_class, attains_day, attains_night``.
        A point gives one day and one night time a quarter.
    by : str or list of str
        Apart for each of these, e.g. a city and a quarter.

    Returns
    -------
    frame of the kind that came
        One row a zone, and one with the zone ``total``: keys, ``zone``, and for day and night
        ``<side>_points`` (point-times with a result), ``<side>_attained``, ``<side>_rate`` (%,
        one decimal; null without points).

    Raises
    ------
    SchemaError
        A column is missing.

    References
    ----------
    HJ 640-2012 (functional zones: compliant point-times / all point-times, day and night apart).

    Examples
    --------
    >>> import polars as pl
    >>> points = pl.DataFrame({"zone": ["1", "1", "2"], "ld": [54.0, 56.0, 58.0], "ln": 45.0})
    >>> attainment(zones(points)).select("zone", "day_rate", "night_rate").rows()
    [('1', 50.0, 100.0), ('2', 100.0, 100.0), ('total', 66.7, 100.0)]
    """
    entered = enter(points)
    keys = names(by)
    sides = [s for s in SIDES if f"attains_{s}" in entered.schema]
    if not sides:
        raise SchemaError(
            "缺少 attains_day 或 attains_night，请先用 noise.zones / "
            "attains_day or attains_night is missing: use noise.zones first"
        )
    require(entered.schema, [*keys, "zone_class"], what="功能区数据")
    frame = entered.frame.select(
        *keys,
        nw.col("zone_class").alias("zone"),
        *(_flag(~nw.col(f"attains_{s}").is_null()).alias(f"{s}_points") for s in sides),
        *(_flag(nw.col(f"attains_{s}")).alias(f"{s}_attained") for s in sides),
    ).filter(~nw.col("zone").is_null())
    frame = nw.concat([frame, frame.with_columns(nw.lit("total").alias("zone"))], how="vertical")
    counts = [f"{s}_{c}" for s in sides for c in ("points", "attained")]
    rates = frame.group_by(*keys, "zone").agg(nw.col(c).sum().cast(nw.Int64) for c in counts)
    rates = rates.with_columns(_rate(s).alias(f"{s}_rate") for s in sides)
    shown = [f"{s}_{c}" for s in sides for c in ("points", "attained", "rate")]
    out: IntoFrameT = entered.leave(rates.select(*keys, "zone", *shown), [*keys, "zone"])
    return out


def region(
    points: IntoFrameT,
    *,
    by: str | Sequence[str] = (),
    day: str = "ld",
    night: str = "ln",
    edition: str | date | Edition | None = None,
) -> IntoFrameT:
    """Grade the noise of a region by the mean of its grid points (区域环境噪声).

    Parameters
    ----------
    points : frame
        One row a grid point, with the equivalent level of the day, of the night, or both, in
        dB(A).
    by : str or list of str
        Apart for each of these, e.g. a city and a year.
    day, night : str
        Columns of levels; one may be missing. A value that is missing, below 0 or above 200 dB is
        left out.
    edition : str, date or Edition, optional
        By default the newest.

    Returns
    -------
    frame of the kind that came
        Keys, and for day and night ``<side>`` (arithmetic mean, dB(A), one decimal),
        ``<side>_grade`` (1 to 5), ``<side>_name`` (好, 较好, 一般, 较差, 差), ``<side>_points``,
        ``<side>_left_out``; ``edition``. The grades of the night have confidence B.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.

    References
    ----------
    HJ 640-2012 (region: S̄ = (1/n)·Σ L_i and its five levels).

    Examples
    --------
    >>> import polars as pl
    >>> grid = pl.DataFrame({"ld": [54.2, 54.9, 54.4], "ln": [46.0, 46.1, 46.2]})
    >>> region(grid).select("day", "day_name", "night", "night_name").row(0)
    (54.5, '较好', 46.1, '一般')
    """
    return _graded("region", points, by, day, night, None, edition)


def road(
    sections: IntoFrameT,
    *,
    length: str = "length",
    by: str | Sequence[str] = (),
    day: str = "ld",
    night: str = "ln",
    edition: str | date | Edition | None = None,
) -> IntoFrameT:
    """Grade the noise of road traffic by the mean weighted by length (道路交通噪声).

    Parameters
    ----------
    sections : frame
        One row a section of road, with its length (any one unit) and the equivalent level of the
        day, of the night, or both, in dB(A).
    length : str
        Column of lengths, used to three decimals. A section whose length is missing or not above 0
        is left out.
    by, day, night, edition
        As in `region`.

    Returns
    -------
    frame of the kind that came
        Keys, and for day and night ``<side>`` (dB(A), one decimal), ``<side>_grade``,
        ``<side>_name``, ``<side>_points`` (sections), ``<side>_left_out``, ``<side>_length``;
        ``edition``. The grades of the night have confidence B.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.

    References
    ----------
    HJ 640-2012 (roads: L̄ = (1/l)·Σ l_i·L_i and its five levels).

    Examples
    --------
    >>> import polars as pl
    >>> roads = pl.DataFrame({"length": [1.2, 0.8], "ld": [68.0, 70.0]})
    >>> road(roads).select("day", "day_grade", "day_name").row(0)
    (68.8, 2, '较好')
    """
    return _graded("road", sections, by, day, night, length, edition)


def zone_named(text: str, *, edition: str | date | Edition | None = None) -> str | None:
    """Return the class of the functional zone that a text names, or None (GB 3096 表1).

    Examples
    --------
    >>> zone_named("4a类"), zone_named("2"), zone_named("绿地")
    ('4a', '2', None)
    """
    plain = text.strip().lower()
    _, rows = in_force(edition).source_of("limits")
    return next((row["zone"] for row in rows if plain in row["names"]), None)


def noise_limits(*, edition: str | date | Edition | None = None) -> pl.DataFrame:
    """Return the limits of the functional zones (GB 3096 表1).

    Returns
    -------
    polars.DataFrame
        ``zone, name, what, day, night`` (dB(A)), ``standard, confidence``.

    Examples
    --------
    >>> noise_limits().filter(zone="4b").select("night", "confidence").row(0)
    (60.0, 'C')
    """
    import polars as pl

    standard, rows = in_force(edition).source_of("limits")
    return pl.DataFrame(
        [
            {
                **{c: row[c] for c in ("zone", "name", "what")},
                **{s: float(row[s]) for s in SIDES},
                "standard": standard.number,
                "confidence": row.get("confidence", standard.confidence),
            }
            for row in rows
        ]
    )


def _graded(
    what: str,
    rows: IntoFrameT,
    by: str | Sequence[str],
    day: str,
    night: str,
    length: str | None,
    edition: str | date | Edition | None,
) -> IntoFrameT:
    found = in_force(edition)
    entered = enter(rows)
    keys = names(by)
    sides = {s: c for s, c in (("day", day), ("night", night)) if c in entered.schema}
    if not sides:
        raise SchemaError(
            f"数据应有昼间列 {day} 或夜间列 {night}；现有列：{'、'.join(entered.schema)} / "
            f"needs a column {day} or {night}; found: {', '.join(entered.schema)}"
        )
    weights = [length] if length else []
    require(entered.schema, [*keys, *weights], what="监测数据")
    require_numbers(entered.schema, [*sides.values(), *weights])
    weight = integer(1)
    if length:
        own = number(length, entered.schema[length])
        weight = to_fixed(nw.when(own > 0).then(own), LENGTH)
    frame = entered.frame.with_columns(
        weight.alias("_weight"),
        integer(0).alias("_all"),
        *(level(c, entered.schema[c]).alias(f"_v_{s}") for s, c in sides.items()),
    ).with_columns(nw.when(nw.col("_weight") > 0).then(nw.col("_weight")).alias("_weight"))
    frame = frame.with_columns(
        *((nw.col(f"_v_{s}") * nw.col("_weight")).alias(f"_p_{s}") for s in sides),
        *(nw.when(~nw.col(f"_v_{s}").is_null()).then("_weight").alias(f"_w_{s}") for s in sides),
    )
    means = frame.group_by(*(keys or ["_all"])).agg(
        nw.len().cast(nw.Int64).alias("_rows"),
        *(nw.col(f"_p_{s}").sum().cast(nw.Int64).alias(f"_p_{s}") for s in sides),
        *(nw.col(f"_p_{s}").count().cast(nw.Int64).alias(f"{s}_points") for s in sides),
        *(nw.col(f"_w_{s}").sum().cast(nw.Int64).alias(f"_w_{s}") for s in sides),
    )
    means = means.with_columns(
        nw.when(nw.col(f"{s}_points") > 0).then(nw.col(f"_w_{s}")).alias(f"_w_{s}") for s in sides
    )
    means = means.with_columns(
        divide_half_even(nw.col(f"_p_{s}"), nw.col(f"_w_{s}") * 10 ** (PLACES - 1)).alias(f"_m_{s}")
        for s in sides
    )
    upto = found.table(what)
    means = means.with_columns(
        *(from_fixed(nw.col(f"_m_{s}"), 1).alias(s) for s in sides),
        *(graded(nw.col(f"_m_{s}"), upto[s]).alias(f"{s}_grade") for s in sides),
        *((nw.col("_rows") - nw.col(f"{s}_points")).alias(f"{s}_left_out") for s in sides),
        *(from_fixed(nw.col(f"_w_{s}"), LENGTH).alias(f"{s}_length") for s in sides if length),
        nw.lit(found.name).alias("edition"),
    )
    words = {row["grade"]: row["name"] for row in found.table("levels")}
    means = means.with_columns(named(f"{s}_grade", words).alias(f"{s}_name") for s in sides)
    shown = [
        name
        for s in sides
        for name in (s, *(f"{s}_{c}" for c in ("grade", "name", "points", "left_out")))
    ]
    shown += [f"{s}_length" for s in sides if length]
    out: IntoFrameT = entered.leave(means.select(*keys, *shown, "edition"), keys or shown[:1])
    return out


def _zone(column: str, kind: Any, rows: dict[str, dict[str, list[str]]]) -> nw.Expr:
    """Return the zone that a column of numbers or texts names."""
    result = nw.lit(None, dtype=nw.String)
    value = nw.col(column)
    text = value.cast(nw.String).str.strip_chars().str.to_lowercase()
    for code, row in rows.items():
        numbers = [int(n) for n in row["names"] if n.isdigit()]
        if kind.is_numeric():
            if numbers:
                result = nw.when(value.is_in(numbers)).then(nw.lit(code)).otherwise(result)
        else:
            result = nw.when(text.is_in(row["names"])).then(nw.lit(code)).otherwise(result)
    return result


def _of_zone(limits: dict[str, float]) -> nw.Expr:
    """Return a limit of each row's zone, in tenths."""
    result = nw.lit(None, dtype=nw.Int64)
    for code, value in limits.items():
        inside = nw.col("zone_class") == code
        result = nw.when(inside).then(integer(in_tenths(value))).otherwise(result)
    return result


def _why(side: str) -> nw.Expr:
    """Return why a row has no result."""
    value = nw.col(f"_n_{side}")
    unverified = code_if(nw.col(f"_limit_{side}").is_null(), "unverified")
    no_zone = nw.col("zone_class").is_null()
    place = nw.when(no_zone).then(nw.lit("unknown_zone")).otherwise(unverified)
    absurd = code_if((value < 0) | (value > LOUDEST), "absurd")
    return nw.when(value.is_null()).then(nw.lit("missing")).otherwise(nw.coalesce(absurd, place))


def _flag(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(integer(1)).otherwise(integer(0))


def _rate(side: str) -> nw.Expr:
    whole = nw.when(nw.col(f"{side}_points") > 0).then(nw.col(f"{side}_points"))
    return from_fixed(divide_half_even(nw.col(f"{side}_attained") * 1000, whole), 1)

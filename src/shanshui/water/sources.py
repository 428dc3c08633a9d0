"""Sources of drinking water (集中式饮用水水源): do they comply, and the shares that do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from shanshui._frames import Entered, enter, names, require, require_numbers
from shanshui._rules import code_if, joined, one_if, percent
from shanshui.standards.editions import Edition
from shanshui.standards.errors import SchemaError, ShanshuiError
from shanshui.standards.rounding import from_fixed, integer, to_fixed
from shanshui.water import _judge, ground
from shanshui.water._classes import class_of, fixed
from shanshui.water.surface.classify import KINDS
from shanshui.water.surface.classify import standard as surface_standard

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrameT

    from shanshui.water.ground import Unit

SOURCES = {
    "surface": ("surface", "地表水", "地表", "地表水型", "河流型", "湖库型", "水库型", "湖泊型"),
    "ground": ("ground", "地下水", "地下", "地下水型"),
}
"""Words for sources of surface water and of groundwater."""

VOLUME_PLACES = 4
VOLUME_MOST = 1e9


def assess(
    samples: IntoFrameT,
    *,
    source: str = "surface",
    kind: str = "river",
    edition: str | date | Edition | None = None,
    ground_edition: str | date | Edition | None = None,
    items: Collection[str] | None = None,
    organics: Unit = "µg/L",
    detection: Mapping[str, float] | None = None,
    digits: int = 1,
    by: str | Sequence[str] = ("station", "time"),
) -> IntoFrameT:
    """Say whether each sample of a source complies, and which items exceed by how much.

    A surface source: table 1 of GB 3838 up to class Ⅲ (temperature, total nitrogen and fecal
    coliforms are reported and not judged), tables 2 and 3 within their limits. A source of
    groundwater: GB/T 14848 up to class Ⅲ. Values are not rounded first.

    Parameters
    ----------
    samples : frame
        Wide: items as in `surface.classify` and `ground.classify` and those of tables 2 and 3 of
        GB 3838, in the unit that the standard of the source prints: all mg/L for surface sources,
        but organic items µg/L for groundwater (see `organics`). Or long: the columns of `by`,
        ``item`` and ``value``.
    source : str
        ``"surface"`` or ``"ground"`` for all rows, or a column that says 地表水 or 地下水 (or
        河流型, 湖库型) of each.
    kind : str
        Of surface sources, ``"river"`` or ``"lake"``, or a column that says 河流 or 湖库 of each:
        the limit of total phosphorus.
    edition, ground_edition : str, date or Edition, optional
        There is one so far of surface water, and one of groundwater.
    items : collection of str, optional
        Items to judge; by default all that the samples have.
    organics : {"µg/L", "mg/L"}
        Unit of the organic items of groundwater sources.
    detection : mapping, optional
        Detection limits by item, for results given as a bare ``ND``.
    digits : {0, 1, 2}
        Decimals of multiples.
    by : str or list of str
        Keys of long samples.

    Returns
    -------
    frame of the kind that came
        Every row and column (of long samples one row a key, with a column per item), and:
        ``complies`` (null where nothing was judged), ``exceeding`` (items, by code joined by ','),
        ``exceeding_text`` (``硫酸盐(0.2)、pH``), ``times_<item>`` (超标倍数; none for pH, DO and
        words), ``used`` (items judged) and ``unused`` (values that are not judged for such a
        source), ``standard`` and ``edition``; ``reason_<item>``: ``below_limit`` (not detected,
        which never exceeds), ``coarse_limit`` (by a detection limit above the limit), ``no_kind``,
        ``unreadable``, ``negative``, ``absurd``, ``repeated``.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type, or there is no item to judge.
    ShanshuiError
        An unknown source, kind, item, unit or number of decimals.

    References
    ----------
    GB 3838-2002 表1, 表2, 表3, 5; GB/T 14848-2017; 环办〔2011〕22号.

    Examples
    --------
    >>> import polars as pl
    >>> plant = pl.DataFrame({"do": [6.1], "codmn": [1.8], "tn": [1.05], "fe": [0.45]})
    >>> assess(plant).select("complies", "exceeding_text", "unused").row(0)
    (False, '铁(0.5)', 'tn')
    """
    surface_edition, under = surface_standard(edition), ground.standard(ground_edition)
    _judge.checked_digits(digits)
    above = _surface_rows(surface_edition) if source != "ground" else {}
    below = ground.rows_of(under, organics) if source != "surface" else {}
    known = above | below  # sense and unit, for reading; a larger bound is groundwater's µg/L
    extra = _reference(surface_edition) if source != "ground" else []
    wanted = names(items) if isinstance(items, str) else items
    asked = [i for i in [*known, *extra] if wanted is None or i in wanted or i in extra]
    entered = _judge.entered(samples, by, asked)
    judged = _judge.asked(entered, items, known, entered.schema)
    beside = [i for i in extra if i in entered.schema and i not in judged]

    timed = [i for i in judged if _has_limit(i, above) or _has_limit(i, below)]
    added = [
        *("complies", "exceeding", "exceeding_text"),
        *(f"times_{i}" for i in timed),
        *("used", "unused", "standard"),
    ]
    keyed = entered.frame.with_columns(
        _which(source, SOURCES, entered.schema, "source").alias("_source"),
        _which(kind, KINDS, entered.schema, "kind").alias("_kind"),
    )
    kept = _judge.aside(Entered(keyed, entered.schema, entered.eager, entered.leave), added)
    reference = {row["item"]: row for row in surface_edition.table("limits")}
    frame = ground.measured(
        kept, [*judged, *beside], known | {i: reference[i] for i in beside}, detection
    )

    on_surface, on_ground = nw.col("_source") == "surface", nw.col("_source") == "ground"
    frame = frame.with_columns(
        *(_beyond_surface(i, above).alias(f"_up_{i}") for i in judged),
        *(_beyond_ground(i, below, under).alias(f"_down_{i}") for i in judged),
        *(_limit_surface(i, above).alias(f"_above_{i}") for i in timed),
        *(_limit_ground(i, below).alias(f"_below3_{i}") for i in timed),
    )
    frame = frame.with_columns(
        *(
            nw.when(on_surface)
            .then(nw.col(f"_up_{i}"))
            .otherwise(nw.when(on_ground).then(nw.col(f"_down_{i}")))
            .alias(f"_over_{i}")
            for i in judged
        ),
        *(
            nw.when(on_surface)
            .then(nw.col(f"_above_{i}"))
            .otherwise(nw.when(on_ground).then(nw.col(f"_below3_{i}")))
            .alias(f"_limit_{i}")
            for i in timed
        ),
    )
    over = {i: nw.col(f"_over_{i}") for i in judged}
    frame = frame.with_columns(
        *(
            nw.when(over[i])
            .then(_judge.multiple(i, nw.col(f"_limit_{i}"), digits))
            .alias(f"_times_{i}")
            for i in timed
        ),
        *(one_if(~o.is_null()).alias(f"_one_{i}") for i, o in over.items()),
        *(one_if(o.fill_null(value=False)).alias(f"_bad_{i}") for i, o in over.items()),
    )
    frame = frame.with_columns(
        nw.sum_horizontal(*(f"_one_{i}" for i in judged)).cast(nw.Int64).alias("_judged"),
        nw.sum_horizontal(*(f"_bad_{i}" for i in judged)).cast(nw.Int64).alias("_beyond"),
    )
    none = nw.lit(None, dtype=nw.String)
    words = [
        (over[i] & on, i, rows[i]["name"], _has_limit(i, rows))
        for i in judged
        for on, rows in ((on_surface, above), (on_ground, below))
        if i in rows
    ]
    has = {i: ~nw.col(f"_v_{i}").is_null() | nw.col(f"_undetected_{i}") for i in [*judged, *beside]}
    frame = frame.with_columns(
        nw.when(nw.col("_judged") > 0).then(nw.col("_beyond") == 0).alias("complies"),
        joined([none, *(code_if(o, i) for i, o in over.items())]).alias("exceeding"),
        _judge.in_words(words, digits),
        *(from_fixed(nw.col(f"_times_{i}"), digits).alias(f"times_{i}") for i in timed),
        joined([none, *(code_if(~o.is_null(), i) for i, o in over.items())]).alias("used"),
        joined(
            [
                none,
                *(code_if(has[i] & o.is_null(), i) for i, o in over.items()),
                *(code_if(has[i], i) for i in beside),
            ]
        ).alias("unused"),
        _of(on_surface, on_ground, surface_edition.numbers[0], under.numbers[0]).alias("standard"),
    )
    reasons = [f"reason_{i}" for i in judged]
    result = frame.select(
        *_judge.own(entered, added, reasons),
        *added,
        _of(on_surface, on_ground, surface_edition.name, under.name).alias("edition"),
        *(_reason(i, above, timed=i in timed).alias(f"reason_{i}") for i in judged),
    )
    out: IntoFrameT = entered.leave(result, [])
    return out


def judged_items(
    *,
    edition: str | date | Edition | None = None,
    ground_edition: str | date | Edition | None = None,
) -> list[str]:
    """Return the items that some source is judged by, in the order of the standards.

    Examples
    --------
    >>> found = judged_items()
    >>> "tn" in found, "nitrobenzene" in found, "hardness" in found
    (False, True, True)
    """
    above = _surface_rows(surface_standard(edition))
    return list(above | ground.rows_of(ground.standard(ground_edition), "µg/L"))


def _surface_rows(e: Edition) -> dict[str, dict[str, Any]]:
    """Return what a surface source is judged by, a single limit as the limits of all classes."""
    rows = {row["item"]: row for row in e.table("limits") if row["item"] not in _reference(e)}
    for row in (*e.table("source_items"), *e.table("source_items_specific")):
        rows[row["item"]] = row | {"sense": "<=", "classes": [row["limit"]] * 3}
    return rows


def _reference(e: Edition) -> list[str]:
    """Return the items of table 1 that are reported only and can be read as numbers of it."""
    table = {row["item"] for row in e.table("limits")}
    return [i for i in e.table("source_reference") if i in table]


def _which(
    value: str, words: Mapping[str, Collection[str]], schema: Mapping[str, Any], what: str
) -> nw.Expr:
    if value in words:
        return nw.lit(value)
    if value not in schema:
        raise ShanshuiError(
            f"{what} 应为 {'、'.join(words)} 或数据的一列：{value!r} / "
            f"{what} must be one of {', '.join(words)} or a column: {value!r}"
        )
    if schema[value] != nw.String:
        raise SchemaError(
            f"列 {value} 应为文本，得到 {schema[value]} / "
            f"column {value} must be text, got {schema[value]}"
        )
    result = nw.lit(None, dtype=nw.String)
    for name, meanings in words.items():
        result = nw.when(nw.col(value).is_in(list(meanings))).then(nw.lit(name)).otherwise(result)
    return result


def _has_limit(item: str, rows: Mapping[str, Mapping[str, Any]]) -> bool:
    return item in rows and _judge.limit_at(rows[item], 3) is not None


def _beyond_surface(item: str, rows: Mapping[str, Mapping[str, Any]]) -> nw.Expr:
    if item not in rows:
        return nw.lit(None, dtype=nw.Boolean)
    row, value = rows[item], nw.col(f"_v_{item}")
    number = class_of(value, row)
    if "lake" in row:
        lake = nw.when(nw.col("_kind") == "lake").then(class_of(value, row, "lake"))
        number = lake.otherwise(nw.when(nw.col("_kind") == "river").then(number))
    return nw.when(nw.col(f"_undetected_{item}")).then(nw.lit(False)).otherwise(number > 3)


def _beyond_ground(item: str, rows: Mapping[str, Mapping[str, Any]], e: Edition) -> nw.Expr:
    if item not in rows:
        return nw.lit(None, dtype=nw.Boolean)
    return ground.item_class(item, rows[item], e, None) > 3


def _limit_surface(item: str, rows: Mapping[str, Mapping[str, Any]]) -> nw.Expr:
    if not _has_limit(item, rows):
        return nw.lit(None, dtype=nw.Int64)
    row = rows[item]
    limit = integer(fixed(row["classes"][2], item))
    if "lake" in row:
        lake = integer(fixed(row["lake"][2], item))
        return nw.when(nw.col("_kind") == "lake").then(lake).otherwise(limit)
    return limit


def _limit_ground(item: str, rows: Mapping[str, Mapping[str, Any]]) -> nw.Expr:
    if not _has_limit(item, rows):
        return nw.lit(None, dtype=nw.Int64)
    return integer(fixed(rows[item]["classes"][2], item))


def _of(on_surface: nw.Expr, on_ground: nw.Expr, above: str, below: str) -> nw.Expr:
    other = nw.when(on_ground).then(nw.lit(below))
    return nw.when(on_surface).then(nw.lit(above)).otherwise(other)


def _reason(item: str, above: Mapping[str, Mapping[str, Any]], *, timed: bool) -> nw.Expr:
    none, undetected = nw.lit(None, dtype=nw.String), nw.col(f"_undetected_{item}")
    codes = [
        none,
        nw.when(undetected).then(nw.lit("below_limit")).otherwise(nw.col(f"_why_{item}")),
    ]
    if timed:
        # Half the detection limit stands in the value.
        coarse = undetected & (nw.col(f"_v_{item}") * 2 > nw.col(f"_limit_{item}"))
        codes.append(code_if(coarse, "coarse_limit"))
    if "lake" in above.get(item, {}):
        unsettled = nw.col("_kind").is_null() & (nw.col("_source") == "surface")
        codes.append(code_if(unsettled & ~nw.col(f"_v_{item}").is_null(), "no_kind"))
    return joined(codes)


def rate(
    assessed: IntoFrameT, *, by: str | Sequence[str] = (), volume: str | None = None
) -> IntoFrameT:
    """Return the share of sources that comply (水质达标率), and of water taken (水量达标率).

    Parameters
    ----------
    assessed : frame
        One row a source (of each period in `by`), with ``complies``, as `assess` gives it.
    by : str or list of str
        What to count by, e.g. ``["city", "month"]``; nothing for all rows together.
    volume : str, optional
        Column with the water taken from each source in the period (取水量, in one unit, e.g. 万m3,
        below 10^9).

    Returns
    -------
    frame of the kind that came
        Keys, ``sources`` (judged), ``left_out`` (rows not judged), ``complying``,
        ``complying_ratio`` (%, one decimal); with `volume` also ``volume``, ``complying_volume``,
        ``volume_ratio``; ``reason``: ``no_volume`` where a judged source has none, or an impossible
        one, which leaves the volumes null.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.

    References
    ----------
    集中式饮用水水源水质达标率: complying sources (or withdrawals) / monitored × 100 %.

    Examples
    --------
    >>> import polars as pl
    >>> year = pl.DataFrame({"complies": [True] * 565 + [False] * 25})
    >>> rate(year).select("sources", "complying", "complying_ratio").row(0)
    (590, 565, 95.8)
    """
    keys = names(by)
    entered = enter(assessed)
    require(entered.schema, [*keys, "complies", *([volume] if volume else [])], what="评价结果")
    if entered.schema["complies"] not in (nw.Boolean, nw.Unknown):
        raise SchemaError(
            f"列 complies 应为真假，得到 {entered.schema['complies']} / "
            "column complies must be boolean"
        )
    if volume:
        require_numbers(entered.schema, [volume])
    entered = _judge.needed(entered, [*keys, "complies", *([volume] if volume else [])])
    complies = nw.col("complies").cast(nw.Boolean)
    sums = ["sources", "left_out", "complying"]
    frame = entered.frame.with_columns(
        one_if(~complies.is_null()).alias("sources"),
        one_if(complies.is_null()).alias("left_out"),
        one_if(complies.fill_null(value=False)).alias("complying"),
    )
    if volume:
        taken = nw.col(volume).cast(nw.Float64)
        taken = to_fixed(nw.when((taken >= 0) & (taken < VOLUME_MOST)).then(taken), VOLUME_PLACES)
        frame = frame.with_columns(taken.alias("_taken"))
        known = ~nw.col("_taken").is_null()
        frame = frame.with_columns(
            _sum_if(~complies.is_null() & known).alias("_all_taken"),
            _sum_if(complies.fill_null(value=False) & known).alias("_good_taken"),
            one_if(~complies.is_null() & ~known).alias("_unknown"),
        )
    frame = _judge.grouped(
        frame, keys, [*sums, *(["_all_taken", "_good_taken", "_unknown"] if volume else [])]
    )
    columns: list[str | nw.Expr] = [
        *keys,
        *sums,
        percent(nw.col("complying"), nw.col("sources"), 1).alias("complying_ratio"),
    ]
    if volume:
        whole = nw.col("_unknown") == 0
        everything = nw.when(whole).then(nw.col("_all_taken"))
        good = nw.when(whole).then(nw.col("_good_taken"))
        columns += [
            from_fixed(everything, VOLUME_PLACES).alias("volume"),
            from_fixed(good, VOLUME_PLACES).alias("complying_volume"),
            percent(good, everything, 1).alias("volume_ratio"),
            joined([nw.lit(None, dtype=nw.String), code_if(~whole, "no_volume")]).alias("reason"),
        ]
    result = frame.select(*columns)
    out: IntoFrameT = entered.leave(result, keys)
    return out


def _sum_if(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.col("_taken")).otherwise(integer(0))

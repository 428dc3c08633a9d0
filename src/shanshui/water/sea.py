"""Sea water (GB 3097-1997): classes of points, grade of an area, 优良比例, eutrophication."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from shanshui._confidence import warn_recalled
from shanshui._frames import Entered, enter, names, require, require_numbers
from shanshui._rules import code_if, joined, one_if, percent
from shanshui.standards.editions import Edition, editions
from shanshui.standards.editions import edition as find
from shanshui.standards.rounding import divide_half_even, from_fixed, integer, to_fixed
from shanshui.water import _judge
from shanshui.water._classes import class_of
from shanshui.water._samples import as_float, sampled

if TYPE_CHECKING:
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrameT

    from shanshui._frames import LazyFrame

CLASSES = range(1, 6)
AREA_PLACES = 6
AREA_MOST = 1e7
"""Areas are km2: all oceans hold 3.6e8, all seas of China some 4.7e6."""
INDEX_PLACES = 6


def standard(which: str | date | Edition | None) -> Edition:
    """Return the edition of the sea: the one named, or the one there is."""
    return editions("water.sea")[-1] if which is None else find("water.sea", which)


def limits(*, edition: str | date | Edition | None = None) -> pl.DataFrame:
    """Return the limits of sea water (GB 3097-1997 表1).

    Returns
    -------
    polars.DataFrame
        ``item, name, unit, sense`` (``<=``, ``>``, ``bands``), ``class_1`` to ``class_4`` (null for
        a range, and where there is no limit), ``confidence``.

    Examples
    --------
    >>> limits().filter(item="din").select("class_1", "class_4", "confidence").row(0)
    (0.2, 0.5, 'A')
    """
    import polars as pl

    texts = dict.fromkeys(("item", "name", "unit", "sense"), pl.String)
    return _judge.limits_frame(standard(edition).table("limits"), texts)


def classes(*, edition: str | date | Edition | None = None) -> pl.DataFrame:
    """Return the classes of sea water: names, map colours, uses.

    Returns
    -------
    polars.DataFrame
        ``class`` (1 to 5), ``name``, ``colour`` (hex, as public maps have it; B), ``use``.

    Examples
    --------
    >>> classes().select("name", "colour").row(4)
    ('劣四类', '#7A624A')
    """
    import polars as pl

    return pl.DataFrame(standard(edition).table("classes")).select("class", "name", "colour", "use")


def classify(
    samples: IntoFrameT,
    *,
    edition: str | date | Edition | None = None,
    items: Collection[str] | None = None,
    target: int | None = None,
    shellfish: bool = False,
    detection: Mapping[str, float] | None = None,
    below: float = 0.5,
    digits: int = 1,
    by: str | Sequence[str] = ("station", "time"),
) -> IntoFrameT:
    """Judge samples of sea water by the worst of their items (单因子评价).

    Parameters
    ----------
    samples : frame
        Wide: a column per item by its code (`limits` lists them), mg/L, bacteria per L; numbers, or
        texts such as ``0.02L``, ``<0.02``, ``ND``. Inorganic nitrogen is ``din``, or the sum of
        ``no3n, no2n, nh4n`` (as N) where there is none. What man adds is given as such:
        ``ss_rise``, ``temp_rise_summer`` and ``temp_rise`` (other seasons), ``ph_shift`` (how far
        pH is beyond its normal local range). Or long: the columns of `by`, ``item``, ``value``.
    edition : str, date or Edition, optional
        There is one so far.
    items : collection of str, optional
        Items to judge; by default all that the samples have. Naming those of confidence A (``ph,
        do, cod, din, dip, oil``) judges without a warning.
    target : int, optional
        Class whose limits the multiples are of and beyond which an item is exceeding, 1 to 4; by
        default 2, the worst of 优良.
    shellfish : bool
        Whether shellfish are raised here that are eaten raw: stricter limits of bacteria.
    detection : mapping, optional
        Detection limits by item, for results given as a bare ``ND``.
    below : float
        Share of the detection limit with which a result below it enters. What the standard for the
        sea says was not found; half is the rule for surface water.
    digits : {0, 1, 2}
        Decimals of multiples.
    by : str or list of str
        Keys of long samples.

    Returns
    -------
    frame of the kind that came
        Every row and column (of long samples one row a key, with a column per item), and:

        - ``din_sum`` where there are parts of inorganic nitrogen: their sum (mg/L), null where one
          is missing; judged where ``din`` itself is null or no column;
        - ``class_<item>`` (1 to 5; 5 is 劣四类), ``class`` (the worst), ``class_name`` (一类 …
          劣四类), ``deciding`` (items that have the worst class, by code joined by ','; null for
          class 1);
        - ``times_<item>`` (超标倍数, where the item exceeds the target class; none for pH and DO),
          ``exceeding`` (items beyond it, by code), ``exceeding_text`` (``无机氮(0.4)``);
        - ``used``: items that have a class;
        - ``edition``;
        - ``reason_<item>``: ``below_limit``, ``unreadable``, ``no_detection_limit``, ``negative``,
          ``absurd``, ``repeated``; of ``din`` also ``missing_part``.

    Warns
    -----
    UnverifiedFigure
        Once, when items are judged whose limits have confidence C.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type, or there is no item to judge.
    ShanshuiError
        An unknown item or target.

    References
    ----------
    GB 3097-1997 表1. Its limits of pesticides, benzo(a)pyrene, radioactivity and of what floats,
    colours or smells were not to be had, so that they are not judged.

    Examples
    --------
    >>> import polars as pl
    >>> points = pl.DataFrame(
    ...     {"ph": [8.1, 8.0], "do": [6.0, 7.2], "cod": [0.9, 1.2], "no3n": [0.35, 0.1]}
    ... ).with_columns(no2n=0.01, nh4n=0.04, dip=pl.Series([0.020, 0.010]))
    >>> classify(points).select("din_sum", "class_name", "deciding", "exceeding_text").rows()
    [(0.4, '三类', 'din', '无机氮(0.3)'), (0.15, '一类', None, None)]
    """
    e = standard(edition)
    rows = {row["item"]: row for row in e.table("limits")}
    if shellfish:
        rows = {
            i: row | {"classes": row["shellfish"]} if "shellfish" in row else row
            for i, row in rows.items()
        }
    parts = list(e.table("din_parts"))
    _judge.checked_digits(digits)
    against = _judge.checked_target(e.parameter("target") if target is None else target, 4)
    entered = _judge.entered(samples, by, [*rows, *parts])
    there = [p for p in parts if p in entered.schema]
    derived = {"din"} if there else set()
    judged = _judge.asked(entered, items, rows, {*entered.schema, *derived})
    if any(rows[i]["confidence"] == "C" for i in judged):
        warn_recalled("GB 3097-1997 部分项目限值", "limits of some items of GB 3097-1997")

    summed = "din" in judged and bool(there)
    added = [*(["din_sum"] if summed else []), *_judge.judgement_columns(judged, rows, against)]
    kept = _judge.aside(entered, added)
    given = [i for i in judged if i in entered.schema]
    measured = [*given, *(there if summed else [])]
    # A part is a nitrogen like inorganic nitrogen itself, and has its bounds.
    spans = _judge.spans({i: rows[i] for i in judged}) | {
        p: _judge.unit_bounds()["mg/L"] for p in there
    }
    frame = sampled(kept, measured, detection, below, spans)
    if summed:
        frame = _with_din(frame, parts, there, given="din" in given)
    frame = frame.with_columns(
        class_of(nw.col(f"_v_{i}"), rows[i]).alias(f"class_{i}") for i in judged
    )
    frame = _judge.with_judgement(frame, judged, rows, e, target=against, digits=digits)
    reasons = [f"reason_{i}" for i in judged]
    none = nw.lit(None, dtype=nw.String)
    result = frame.select(
        *_judge.own(entered, added, reasons),
        *added,
        nw.lit(e.name).alias("edition"),
        *(joined([none, nw.col(f"_why_{i}")]).alias(f"reason_{i}") for i in judged),
    )
    out: IntoFrameT = entered.leave(result, [])
    return out


def _with_din(
    frame: LazyFrame, parts: Sequence[str], there: Sequence[str], *, given: bool
) -> LazyFrame:
    """Add the sum of the parts of inorganic nitrogen, and take it where there is no ``din``."""
    none = nw.lit(None, dtype=nw.Int64)
    whole = len(there) == len(parts)
    total = nw.col(f"_v_{there[0]}")
    for part in there[1:]:
        total = total + nw.col(f"_v_{part}")
    frame = frame.with_columns((total if whole else none).cast(nw.Int64).alias("_v_sum"))
    summed, some = nw.col("_v_sum"), nw.lit(False)
    below = nw.lit(False)
    for part in there:
        some = some | ~nw.col(f"_v_{part}").is_null()
        below = below | nw.col(f"_below_{part}")
    why = [code_if(summed.is_null() & some, "missing_part"), code_if(below, "below_limit")]
    own = nw.col("_v_din") if given else none
    because = joined([nw.lit(None, dtype=nw.String), *why])
    if given:
        because = (
            nw.when(own.is_null())
            .then(joined([nw.lit(None, dtype=nw.String), nw.col("_why_din"), *why]))
            .otherwise(nw.col("_why_din"))
        )
    return frame.with_columns(
        nw.coalesce(own, summed).alias("_v_din"),
        because.alias("_why_din"),
        as_float(summed, "din").alias("din_sum"),
    )


def evaluate(
    classified: IntoFrameT,
    *,
    by: str | Sequence[str] = (),
    area: str | None = None,
    edition: str | date | Edition | None = None,
) -> IntoFrameT:
    """Count points or areas by class: shares, 优良水质比例, and the grade of the sea area.

    Parameters
    ----------
    classified : frame
        One row a point (or a patch of sea), with ``class`` (1 to 5), as `classify` gives it.
    by : str or list of str
        What to count by, e.g. ``["province", "year"]``; nothing for all rows together.
    area : str, optional
        Column with the area of each row in km2: shares are of area (面积法, in use since about
        2018), otherwise of points (点位法). How areas are interpolated from points is not of this
        package.
    edition : str, date or Edition, optional
        There is one so far.

    Returns
    -------
    frame of the kind that came
        Keys, ``points`` (with a class), ``left_out`` (rows without one), ``class_<1-5>_points``;
        with `area` also ``area``, ``class_<1-5>_area``; ``class_<1-5>_ratio``, ``good_ratio`` (一、
        二类, 优良水质比例), ``bad_ratio`` (劣四类): %, one decimal; ``grade`` (优, 良好, 一般, 差,
        极差), judged by the shares before rounding; ``shares_of`` (``points`` or ``area``);
        ``edition``; ``reason``: ``no_area`` where the area of a row with a class is missing,
        negative or above 10^7 km2, which leaves shares null.

    Warns
    -----
    UnverifiedFigure
        Once: the table of grades has confidence C.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.

    References
    ----------
    HJ 442-2008, HJ 442.10-2020 (grades; consistent with all seven published cases that could be
    found); 近岸海域优良水质面积比例.

    Examples
    --------
    The East China Sea, 2017, by the published shares of its points:

    >>> import polars as pl
    >>> sea = pl.DataFrame({"class": [1, 2, 3, 4, 5], "km2": [15.9, 31.0, 12.4, 9.7, 31.0]})
    >>> evaluate(sea, area="km2").select("good_ratio", "bad_ratio", "grade").row(0)
    (46.9, 31.0, '差')
    """
    e = standard(edition)
    warn_recalled("近岸海域水质分级表（HJ 442）", "table of grades of sea areas (HJ 442)")
    keys = names(by)
    entered = enter(classified)
    require(entered.schema, [*keys, "class", *([area] if area else [])], what="评价结果")
    require_numbers(entered.schema, ["class", *([area] if area else [])])
    entered = _judge.needed(entered, [*keys, "class", *([area] if area else [])])
    frame = _weighed(entered, area)
    sums = ["points", "left_out", *(f"class_{n}_points" for n in CLASSES)]
    weighed = [f"_w_{n}" for n in CLASSES]
    frame = _judge.grouped(frame, keys, [*sums, *weighed, "_unknown"])
    known = nw.col("_unknown") == 0
    frame = frame.with_columns(nw.when(known).then(nw.col(w)).alias(w) for w in weighed)
    frame = frame.with_columns(
        (nw.col("_w_1") + nw.col("_w_2")).alias("_good"),
        (nw.col("_w_1") + nw.col("_w_2") + nw.col("_w_3")).alias("_third"),
        (nw.col("_w_1") + nw.col("_w_2") + nw.col("_w_3") + nw.col("_w_4") + nw.col("_w_5")).alias(
            "_whole"
        ),
    )
    digits, whole = int(e.parameter("digits_share")), nw.col("_whole")
    result = frame.select(
        *keys,
        *sums,
        *(
            [
                from_fixed(whole, AREA_PLACES).alias("area"),
                *(
                    from_fixed(nw.col(f"_w_{n}"), AREA_PLACES).alias(f"class_{n}_area")
                    for n in CLASSES
                ),
            ]
            if area
            else []
        ),
        *(percent(nw.col(f"_w_{n}"), whole, digits).alias(f"class_{n}_ratio") for n in CLASSES),
        percent(nw.col("_good"), whole, digits).alias("good_ratio"),
        percent(nw.col("_w_5"), whole, digits).alias("bad_ratio"),
        _grade(e).alias("grade"),
        nw.lit("area" if area else "points").alias("shares_of"),
        nw.lit(e.name).alias("edition"),
        joined([nw.lit(None, dtype=nw.String), code_if(~known, "no_area")]).alias("reason"),
    )
    out: IntoFrameT = entered.leave(result, keys)
    return out


def _weighed(entered: Entered, area: str | None) -> LazyFrame:
    number = _judge.class_number(entered)
    valid = (number >= 1) & (number <= CLASSES[-1])
    if area:
        size = nw.col(area).cast(nw.Float64)
        weight = to_fixed(nw.when((size >= 0) & (size <= AREA_MOST)).then(size), AREA_PLACES)
    else:
        weight = integer(1)
    frame = entered.frame.with_columns(weight.alias("_weight"))
    none = nw.col("_weight").is_null()
    return frame.with_columns(
        one_if(valid).alias("points"),
        one_if(~valid.fill_null(value=False)).alias("left_out"),
        *(one_if(number == n).alias(f"class_{n}_points") for n in CLASSES),
        *(
            nw.when((number == n) & ~none)
            .then(nw.col("_weight"))
            .otherwise(integer(0))
            .alias(f"_w_{n}")
            for n in CLASSES
        ),
        one_if(valid & none).alias("_unknown"),
    )


def _grade(e: Edition) -> nw.Expr:
    """Return the first grade whose conditions hold, on sums and not on rounded shares."""
    whole = nw.col("_whole")
    shares = {"first": "_w_1", "good": "_good", "third": "_third", "bad": "_w_5"}
    table = e.table("grades")
    result: nw.Expr = nw.lit(table[-1]["grade"])
    for row in reversed(table[:-1]):
        holds = whole > 0
        for name, column in shares.items():
            if f"{name}_from" in row:
                holds = holds & (nw.col(column) * 100 >= whole * row[f"{name}_from"])
            if f"{name}_to" in row:
                holds = holds & (nw.col(column) * 100 <= whole * row[f"{name}_to"])
        result = nw.when(holds).then(nw.lit(row["grade"])).otherwise(result)
    return nw.when(whole > 0).then(result)


def eutrophication(
    samples: IntoFrameT,
    *,
    edition: str | date | Edition | None = None,
    detection: Mapping[str, float] | None = None,
    below: float = 0.5,
    by: str | Sequence[str] = ("station", "time"),
) -> IntoFrameT:
    """Compute the eutrophication index of sea water, E = COD × DIN × DIP × 10⁶ / 4500.

    Parameters
    ----------
    samples : frame
        ``cod, dip`` and ``din``, or the parts ``no3n, no2n, nh4n`` (mg/L), as in `classify`.
    edition, detection, below, by
        As in `classify`.

    Returns
    -------
    frame of the kind that came
        Every row and column, ``din_sum`` (where there are parts), ``eutrophication`` (two
        decimals), ``level`` (0 to 3) and ``state`` (非富营养 below 1, 轻度富营养 to 3, 中度富营养
        to 9, 重度富营养), judged before rounding; ``edition``; ``reason_cod, reason_din,
        reason_dip``.

    Warns
    -----
    UnverifiedFigure
        Once: formula and grades have confidence C.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.

    References
    ----------
    近岸海域富营养化指数; HJ 442.10-2020.

    Examples
    --------
    >>> import polars as pl
    >>> point = pl.DataFrame({"cod": [1.5], "din": [0.4], "dip": [0.03]})
    >>> eutrophication(point).select("eutrophication", "state").row(0)
    (4.0, '中度富营养')
    """
    e = standard(edition)
    warn_recalled("海水富营养化指数（公式与分级）", "eutrophication index (formula and grades)")
    rows = {row["item"]: row for row in e.table("limits") if row["item"] in ("cod", "din", "dip")}
    parts = list(e.table("din_parts"))
    entered = _judge.entered(samples, by, [*rows, *parts])
    there = [p for p in parts if p in entered.schema]
    require(entered.schema, ["cod", "dip", *([] if there else ["din"])], what="样品数据")
    added = [*(["din_sum"] if there else []), "eutrophication", "level", "state"]
    kept = _judge.aside(entered, added)
    given = [i for i in rows if i in entered.schema]
    spans = _judge.spans(rows) | {p: _judge.unit_bounds()["mg/L"] for p in there}
    frame = sampled(kept, [*given, *there], detection, below, spans)
    if there:
        frame = _with_din(frame, parts, there, given="din" in given)
    values = [as_float(nw.col(f"_v_{i}"), i) for i in rows]
    frame = frame.with_columns(v.alias(f"_f_{i}") for i, v in zip(rows, values, strict=True))
    # The constant is one number before an engine sees it: engines divide by literals differently.
    factor = 1e6 / float(e.parameter("eutrophication_divisor"))
    product = nw.col("_f_cod") * nw.col("_f_din") * nw.col("_f_dip") * factor
    frame = frame.with_columns(product.alias("_product"))
    plausible = nw.when(nw.col("_product") < 10.0**12).then(nw.col("_product"))
    frame = frame.with_columns(to_fixed(plausible, INDEX_PLACES).alias("_e"))
    spots = int(e.parameter("digits_eutrophication"))
    shown = divide_half_even(nw.col("_e"), 10 ** (INDEX_PLACES - spots))
    frame = frame.with_columns(
        from_fixed(shown, spots).alias("eutrophication"),
        _level(e, "level").alias("level"),
        _level(e, "state").alias("state"),
    )
    none = nw.lit(None, dtype=nw.String)
    result = frame.select(
        *_judge.own(entered, added, [f"reason_{i}" for i in rows]),
        *added,
        nw.lit(e.name).alias("edition"),
        *(joined([none, nw.col(f"_why_{i}")]).alias(f"reason_{i}") for i in rows),
    )
    out: IntoFrameT = entered.leave(result, [])
    return out


def _level(e: Edition, column: str) -> nw.Expr:
    table, value = e.table("eutrophication"), nw.col("_e")

    def said(row: Mapping[str, Any]) -> nw.Expr:
        return integer(row[column]) if column == "level" else nw.lit(row[column])

    result = said(table[-1])
    for row in reversed(table[:-1]):
        end = row.get("below", row.get("to")) * 10**INDEX_PLACES
        inside = value < end if "below" in row else value <= end
        result = nw.when(inside).then(said(row)).otherwise(result)
    return nw.when(~value.is_null()).then(result)

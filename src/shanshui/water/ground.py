"""Groundwater (GB/T 14848-2017): classes Ⅰ to Ⅴ by the worst item, and shares of points."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import narwhals.stable.v2 as nw

from shanshui._frames import Entered, enter, names, require, require_numbers
from shanshui._rules import code_if, joined, one_if, percent
from shanshui.standards.editions import Edition, editions
from shanshui.standards.editions import edition as find
from shanshui.standards.errors import SchemaError, ShanshuiError
from shanshui.standards.rounding import integer
from shanshui.water import _judge
from shanshui.water._classes import class_of, fixed
from shanshui.water._samples import sampled

if TYPE_CHECKING:
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrameT

    from shanshui._frames import LazyFrame

Unit = Literal["µg/L", "mg/L"]
SHARE = 0.5  # of a detection limit; an undetected item is class Ⅰ whatever the number
ABSENT = ("无", "none", "no", "N", "0", "未检出")
PRESENT = ("有", "yes", "Y", "1", "微弱", "弱", "明显", "强")
"""Words for smell and taste and for what the eye sees."""


def standard(which: str | date | Edition | None) -> Edition:
    """Return the edition of groundwater: the one named, or the one there is."""
    return editions("water.ground")[-1] if which is None else find("water.ground", which)


def limits(*, edition: str | date | Edition | None = None) -> pl.DataFrame:
    """Return the limits of the 93 items (GB/T 14848-2017 表1 and 表2).

    Returns
    -------
    polars.DataFrame
        ``number, item, name, group`` (``regular`` 常规, ``other`` 非常规), ``unit``, ``class_1`` to
        ``class_4`` (null where the limit is a word or a range; 0 is 不得检出), ``confidence``.

    Examples
    --------
    >>> limits().filter(item="mn").select("name", "unit", "class_3", "class_4").row(0)
    ('锰', 'mg/L', 0.1, 1.5)
    """
    import polars as pl

    texts = dict.fromkeys(("item", "name", "group", "unit"), pl.String)
    rows = standard(edition).table("limits")
    return _judge.limits_frame(rows, {"number": pl.Int64, **texts})


def rows_of(e: Edition, organics: Unit) -> dict[str, dict[str, Any]]:
    """Return the rows of the limits by item, the organic ones in the unit asked for."""
    if organics not in ("µg/L", "mg/L"):
        raise ShanshuiError(f"organics 应为 µg/L 或 mg/L / must be one of them: {organics!r}")
    rows = {row["item"]: row for row in e.table("limits")}
    if organics == "µg/L":
        return rows
    return {
        i: row
        | {"classes": [Fraction(str(limit)) / 1000 for limit in row["classes"]], "unit": organics}
        if row["unit"] == "µg/L"
        else row
        for i, row in rows.items()
    }


def classify(
    samples: IntoFrameT,
    *,
    edition: str | date | Edition | None = None,
    items: Collection[str] | None = None,
    target: int = 3,
    organics: Unit = "µg/L",
    radioactivity: Literal[4, 5] = 4,
    detection: Mapping[str, float] | None = None,
    digits: int = 1,
    by: str | Sequence[str] = ("station", "time"),
) -> IntoFrameT:
    """Judge samples of groundwater by the worst of their items (综合评价).

    Each item gets its class; of classes that share a limit the better one counts; the sample has
    the class of its worst item. What was not detected is class Ⅰ.

    Parameters
    ----------
    samples : frame
        Wide: a column per item by its code (`limits` lists the 93), in the unit that the standard
        prints: mg/L, organic items µg/L, radioactivity Bq/L; numbers, or texts such as ``0.02L``,
        ``<0.02``, ``未检出``. ``odour`` and ``visible`` are 无 or 有, true or false, or a number
        (0 is none). Or long: the columns of `by`, ``item`` and ``value``.
    edition : str, date or Edition, optional
        There is one so far.
    items : collection of str, optional
        Items to judge; by default all that the samples have. Long samples that are not in
        memory (a lazy frame, DuckDB, Spark) get a column for each of the 93 unless named here.
    target : int
        Class whose limits the multiples are of and beyond which an item is exceeding, 1 to 4; Ⅲ.
    organics : {"µg/L", "mg/L"}
        Unit in which the organic items (in µg/L in the standard) are given.
    radioactivity : {4, 5}
        Class of total α or β beyond the limit of Ⅲ. The standard gives Ⅳ and Ⅴ the same words, and
        an analysis of the nuclides decides; the reason is then ``nuclides``.
    detection : mapping, optional
        Detection limits by item, for results given as a bare ``ND``: only to find limits that are
        too coarse.
    digits : {0, 1, 2}
        Decimals of multiples; the standard does not say.
    by : str or list of str
        Keys of long samples.

    Returns
    -------
    frame of the kind that came
        Every row and column (of long samples one row a key, with a column per item), and:

        - ``class_<item>`` (1 to 5), ``class`` (the worst), ``class_name`` (Ⅰ … Ⅴ), ``deciding``
          (items that have the worst class, by code joined by ','; null for class Ⅰ);
        - ``times_<item>`` (超标倍数, where the item exceeds the target class; none for pH, smell
          and what the eye sees), ``exceeding`` (items beyond it, by code) and ``exceeding_text``
          (``锰(1.2)、氨氮(0.4)``);
        - ``used``: items that have a class;
        - ``edition``;
        - ``reason_<item>``: ``below_limit``; ``coarse_limit`` (not detected, by a limit above that
          of class Ⅰ), ``nuclides``, ``unreadable``, ``negative``, ``absurd``, ``repeated``.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type, or there is no item to judge.
    ShanshuiError
        An unknown item, target, unit or number of decimals.

    References
    ----------
    GB/T 14848-2017 表1 (39 regular items), 表2 (54 non-regular items), 6 (single item, worst item,
    the better class where limits are equal).

    Examples
    --------
    >>> import polars as pl
    >>> well = pl.DataFrame({"ph": [7.2], "mn": [0.22], "nh3n": [0.7], "as": ["0.0003L"]})
    >>> classify(well).select("class_name", "deciding", "exceeding_text").row(0)
    ('Ⅳ', 'mn,nh3n', '锰(1.2)、氨氮(0.4)')
    """
    e = standard(edition)
    rows = rows_of(e, organics)
    _judge.checked_digits(digits)
    _judge.checked_target(target, 4)
    if radioactivity not in (4, 5):
        raise ShanshuiError(f"radioactivity 应为 4 或 5 / must be 4 or 5: {radioactivity!r}")
    wanted = names(items) if isinstance(items, str) else items
    entered = _judge.entered(samples, by, [i for i in rows if wanted is None or i in wanted])
    judged = _judge.asked(entered, items, rows, entered.schema)

    added = _judge.judgement_columns(judged, rows, target)
    reasons = [f"reason_{i}" for i in judged]
    kept = _judge.aside(entered, added)
    frame = measured(kept, judged, rows, detection)
    worst = {i: radioactivity for i in judged if rows[i].get("nuclides")}
    frame = frame.with_columns(
        item_class(i, rows[i], e, worst.get(i)).alias(f"class_{i}") for i in judged
    )
    frame = _judge.with_judgement(frame, judged, rows, e, target=target, digits=digits)
    result = frame.select(
        *_judge.own(entered, added, reasons),
        *added,
        nw.lit(e.name).alias("edition"),
        *(_reason(i, rows[i]).alias(f"reason_{i}") for i in judged),
    )
    out: IntoFrameT = entered.leave(result, [])
    return out


def measured(
    entered: Entered,
    judged: Sequence[str],
    rows: Mapping[str, Mapping[str, Any]],
    detection: Mapping[str, float] | None,
) -> LazyFrame:
    """Add what `sampled` adds, for words as well, and ``_undetected_<item>``."""
    words = [i for i in judged if rows[i]["sense"] == "none"]
    values = {i: rows[i] for i in judged if i not in words}
    frame = entered.frame
    if values:
        frame = sampled(entered, list(values), detection, SHARE, _judge.spans(values))
    frame = frame.with_columns(
        *(_undetected(i).alias(f"_undetected_{i}") for i in values),
        *(_present(i, entered.schema[i]).alias(f"_v_{i}") for i in words),
        *(nw.lit(False).alias(f"_undetected_{i}") for i in words),
    )
    if not words:
        return frame
    return frame.with_columns(_why_word(i, entered).alias(f"_why_{i}") for i in words)


def _undetected(item: str) -> nw.Expr:
    bare = nw.col(f"_nd_{item}") & nw.col(f"_number_{item}").is_null()
    below = nw.col(f"_below_{item}") & ~nw.col(f"_v_{item}").is_null()
    return (bare | below).fill_null(value=False)


def _why_word(item: str, entered: Entered) -> nw.Expr:
    unread = nw.col(f"_v_{item}").is_null() & ~_said_nothing(item, entered)
    reason, name = code_if(unread, "unreadable"), f"reason_{item}"
    if name in entered.schema:
        reason = nw.coalesce(nw.col(name).cast(nw.String), reason)
    return reason


def _present(item: str, kind: Any) -> nw.Expr:
    """Return 0 for nothing smelt or seen, 1 for something, null for what cannot be read."""
    value = nw.col(item)
    if kind == nw.Boolean:
        none, some = ~value, value
    elif kind == nw.String:
        text = value.str.replace_all(r"\s", "")
        none, some = text.is_in(ABSENT), text.is_in(PRESENT)
    elif kind.is_numeric() or kind == nw.Unknown:
        number = value.cast(nw.Float64)
        none, some = number == 0.0, number > 0.0
    else:
        raise SchemaError(
            f"列 {item} 应为 无/有、真假或数值，得到 {kind} / "
            f"column {item} must be words, truth values or numbers, got {kind}"
        )
    # A NaN is larger than all numbers to some engines.
    if kind.is_float():
        some = some & ~value.is_nan()
    return nw.when(none).then(integer(0)).otherwise(nw.when(some).then(integer(1)))


def _said_nothing(item: str, entered: Entered) -> nw.Expr:
    kind, value = entered.schema[item], nw.col(item)
    if kind == nw.String:
        return value.is_null() | value.str.replace_all(r"\s", "").is_in(["", "-", "—", "--", "/"])
    return value.is_null() | value.is_nan() if kind.is_float() else value.is_null()


def item_class(item: str, row: Mapping[str, Any], e: Edition, beyond: int | None) -> nw.Expr:
    """Return the class of an item; `beyond` where the standard leaves the worst one open."""
    value = nw.col(f"_v_{item}")
    if row["sense"] == "none":
        return nw.when(value == 0).then(integer(1)).otherwise(nw.when(value == 1).then(integer(5)))
    number = class_of(value, row)
    if beyond is not None:
        number = nw.when(number > 3).then(integer(beyond)).otherwise(number)
    best = integer(e.parameter("undetected"))
    return nw.when(nw.col(f"_undetected_{item}")).then(best).otherwise(number)


def _reason(item: str, row: Mapping[str, Any]) -> nw.Expr:
    none = nw.lit(None, dtype=nw.String)
    why = nw.col(f"_why_{item}")
    if row["sense"] == "none":
        return joined([none, why])
    undetected = nw.col(f"_undetected_{item}")
    said = nw.when(undetected).then(nw.lit("below_limit")).otherwise(why)
    codes = [none, said]
    first = fixed(row["classes"][0], item) if row["sense"] == "<=" else 0
    if first:
        # Half the detection limit stands in the value.
        coarse = undetected & (nw.col(f"_v_{item}") * 2 > first)
        codes.append(code_if(coarse, "coarse_limit"))
    if row.get("nuclides"):
        codes.append(code_if(nw.col(f"class_{item}") > 3, "nuclides"))
    return joined(codes)


def share(
    classified: IntoFrameT,
    *,
    by: str | Sequence[str] = (),
    edition: str | date | Edition | None = None,
) -> IntoFrameT:
    """Count points by class, and the shares that plans set (Ⅰ—Ⅳ类比例, Ⅴ类水比例).

    Parameters
    ----------
    classified : frame
        One row a point, with ``class`` (1 to 5), as `classify` gives it.
    by : str or list of str
        What to count by, e.g. ``["city", "year"]``; nothing for all rows together.
    edition : str, date or Edition, optional
        There is one so far.

    Returns
    -------
    frame of the kind that came
        Keys, ``points`` (with a class), ``left_out`` (rows without one), ``class_<1-5>_points``,
        ``class_<1-5>_ratio``, ``good_ratio`` (Ⅰ–Ⅳ), ``bad_ratio`` (Ⅴ): %, one decimal.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.

    References
    ----------
    GB/T 14848-2017; 国家地下水环境质量考核点位: share of points of class Ⅴ.

    Examples
    --------
    >>> import polars as pl
    >>> wells = pl.DataFrame({"city": "甲", "class": [2, 3, 4, 4, 4, 5]})
    >>> share(wells, by="city").select("points", "good_ratio", "bad_ratio").row(0)
    (6, 83.3, 16.7)
    """
    e = standard(edition)
    keys = names(by)
    entered = enter(classified)
    require(entered.schema, [*keys, "class"], what="评价结果")
    require_numbers(entered.schema, ["class"])
    entered = _judge.needed(entered, [*keys, "class"])
    number, numbers = _judge.class_number(entered), range(1, 6)
    counts = ["points", "left_out", *(f"class_{n}_points" for n in numbers), "_good"]
    good, digits = e.parameter("good"), e.parameter("digits_share")
    frame = entered.frame.with_columns(
        one_if((number >= 1) & (number <= 5)).alias("points"),
        one_if(~((number >= 1) & (number <= 5)).fill_null(value=False)).alias("left_out"),
        *(one_if(number == n).alias(f"class_{n}_points") for n in numbers),
        one_if((number >= 1) & (number <= good)).alias("_good"),
    )
    frame = _judge.grouped(frame, keys, counts)
    points = nw.col("points")
    result = frame.select(
        *keys,
        *counts[:-1],
        *(
            percent(nw.col(f"class_{n}_points"), points, digits).alias(f"class_{n}_ratio")
            for n in numbers
        ),
        percent(nw.col("_good"), points, digits).alias("good_ratio"),
        percent(points - nw.col("_good"), points, digits).alias("bad_ratio"),
    )
    out: IntoFrameT = entered.leave(result, keys)
    return out

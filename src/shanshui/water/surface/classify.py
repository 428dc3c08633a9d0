"""The class of surface water by GB 3838-2002 and 环办〔2011〕22号."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import narwhals.stable.v2 as nw

from shanshui._confidence import warn_recalled
from shanshui._frames import (
    Entered,
    enter,
    names,
    require,
    require_numbers,
    set_aside,
    settled,
)
from shanshui._rules import code_if, joined
from shanshui.standards.editions import Edition, edition, editions
from shanshui.standards.errors import SchemaError, ShanshuiError
from shanshui.standards.rounding import divide_half_even, from_fixed, integer
from shanshui.water._classes import (
    class_of,
    deciding,
    fixed,
    named,
    named_by_order,
    place_in_order,
    topped,
    worst_of,
)
from shanshui.water._samples import as_float, places, sampled, widened

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrameT

    from shanshui._frames import LazyFrame

Rule = Literal["assessment", "platform"]
KINDS = {
    "river": ("river", "河流", "河", "river-type reservoir", "河流型水库"),
    "lake": ("lake", "reservoir", "湖库", "湖泊", "水库", "湖", "库"),
}
"""Words for rivers and for lakes and reservoirs; a river-type reservoir is judged as a river."""


def standard(which: str | date | Edition | None) -> Edition:
    """Return the edition of surface water: the one named, or the one there is."""
    return editions("water.surface")[-1] if which is None else edition("water.surface", which)


def item_names() -> dict[str, str]:
    """Return the Chinese name of each item by its code."""
    e = standard(None)
    return {row["item"]: row["name"] for row in (*e.table("limits"), *e.table("other_items"))}


def classify(
    samples: IntoFrameT,
    *,
    kind: str = "river",
    edition: str | date | Edition | None = None,
    rule: Rule = "assessment",
    target: int | str | None = None,
    items: Collection[str] | None = None,
    detection: Mapping[str, float] | None = None,
    saturation: bool = False,
    by: str | Sequence[str] = ("station", "time"),
) -> IntoFrameT:
    """Judge samples, or means of samples, by the worst of their items (单因子评价).

    ``rule="assessment"``: 21 items, values rounded to the digits of assessment first; total
    nitrogen (lakes only) and fecal coliforms get a class of their own and do not count. Take means
    first (`aggregate`), never the mean of classes. ``rule="platform"``: as the national real-time
    platform publishes automatic data, five items (pH, DO, CODMn, NH3-N, TP), not rounded.

    Parameters
    ----------
    samples : frame
        Wide: columns ``temp`` (℃), ``ph, do, codmn, cod, bod5, nh3n, tp, tn, cu, zn, f, se, as, hg,
        cd, cr6, pb, cn, phenol, oil, las, sulfide`` (mg/L), ``fecal_coliform`` (per L), as far as
        there; numbers, or texts such as ``0.02L``, ``<0.02``, ``ND``. Or long: the columns of `by`,
        ``item`` and ``value``.
    kind : str
        ``"river"`` or ``"lake"`` for all rows, or a column that says 河流 or 湖库 of each. It
        decides the limits of total phosphorus, and whether total nitrogen has a class.
    edition : str, date or Edition, optional
        There is one so far.
    rule : {"assessment", "platform"}
        See above.
    target : int or str, optional
        Target class, 1 to 5, for all rows, or a column of such. Multiples and main indicators then
        are against it, and ``attains`` is added; otherwise they are against class Ⅲ.
    items : collection of str, optional
        Items to judge, of those that the rule judges; by default all that the samples have.
    detection : mapping, optional
        Detection limits by item, for results given as a bare ``ND``.
    saturation : bool
        Also give DO class Ⅰ at 90 % saturation, by the column ``temp`` (formula of confidence C,
        which warns); the national network uses 7.5 mg/L alone.
    by : str or list of str
        Keys of long samples.

    Returns
    -------
    frame of the kind that came
        Every row and column (of long samples one row a key, with a column per item), and:

        - ``class_<item>`` (1 to 6; 6 is 劣Ⅴ), ``class`` (the worst that counts), ``class_name``
          (Ⅰ … 劣Ⅴ), ``status`` (优, 良好, 轻度污染, 中度污染, 重度污染), ``deciding`` (items that
          have the worst class, by code joined by ','; null for class Ⅰ);
        - ``times_<item>`` (超标倍数, one decimal, where the item exceeds the target or class Ⅲ;
          none for pH and DO), ``main`` (at most three main indicators by code, the worst first) and
          ``main_text`` (``高锰酸盐指数(1.2)、总磷(0.3)``);
        - ``attains`` where there is a target;
        - ``used`` and ``unused``: items of the row that count, and that do not, by code;
        - ``reason_<item>``: ``below_limit`` (half the detection limit was used), ``unreadable``,
          ``no_detection_limit``, ``negative``, ``absurd``, ``repeated``, ``no_kind``;
        - ``edition``.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type, or there is no item to judge.
    ShanshuiError
        An unknown rule, kind, item or target.

    References
    ----------
    GB 3838-2002 表1, 5; 地表水环境质量评价办法（试行）(环办〔2011〕22号): items, status, main
    indicators; 环办监测函〔2020〕82号: digits. The platform's way was proved on 23,043 of 23,049
    published classes.

    Examples
    --------
    >>> import polars as pl
    >>> section = pl.DataFrame(
    ...     {"ph": [7.66], "do": [6.03], "codmn": [13.3], "nh3n": [1.77], "tp": ["0.01L"]}
    ... )
    >>> classify(section).select("class_name", "status", "deciding", "main_text").row(0)
    ('Ⅴ', '中度污染', 'codmn,nh3n', '高锰酸盐指数(1.2)、氨氮(0.8)')
    """
    e = standard(edition)
    if rule not in ("assessment", "platform"):
        raise ShanshuiError(f"rule 应为 assessment 或 platform / must be one of them: {rule!r}")
    rows = {row["item"]: row for row in e.table("limits")}
    entered = widened(enter(samples), names(by), [*rows, "temp"])
    counting = e.parameter("platform_items") if rule == "platform" else e.table("evaluated")
    apart = [] if rule == "platform" else e.table("apart")
    asked = _asked(items, [*counting, *apart])
    there = [i for i in rows if i in entered.schema]
    judged = [i for i in there if i in asked and i in counting]
    beside = [i for i in there if i in asked and i in apart]
    if not judged:
        raise SchemaError(
            f"数据没有可评价的项目；应有 {'、'.join(counting)} 中至少一列 / "
            f"no item to judge; expected at least one of {', '.join(counting)}"
        )
    if saturation:
        require(entered.schema, ["temp"], what="数据")
    measured = [*there, *(["temp"] if saturation and "temp" in entered.schema else [])]

    added = [
        *(f"class_{i}" for i in [*judged, *beside]),
        *("class", "class_name", "status", "deciding"),
        *(f"times_{i}" for i in judged if i not in e.table("no_multiple")),
        *("main", "main_text"),
        *(["attains"] if target is not None else []),
        *("used", "unused"),
    ]
    frame = _prepared(entered, added, kind, target)
    kept = Entered(frame, dict(frame.collect_schema()), entered.eager, entered.leave)
    frame = settled(sampled(kept, measured, detection, e.parameter("below_limit")))
    digits = e.parameter("digits") if rule == "assessment" else {}
    frame = frame.with_columns(
        _class(i, rows[i], digits.get(i), e, saturation=saturation).alias(f"class_{i}")
        for i in [*judged, *beside]
    )
    frame = settled(frame)
    classes = {i: nw.col(f"class_{i}") for i in judged}
    frame = frame.with_columns(worst_of(classes.values()).alias("class"))
    worst = nw.col("class")
    frame = frame.with_columns(
        named(worst, e.table("classes")).alias("class_name"),
        status_of(worst, e).alias("status"),
        deciding(classes, worst).alias("deciding"),
        *_counted(judged, there),
    )
    frame = _with_multiples(frame, judged, rows, digits, e, target=target is not None)
    if target is not None:
        frame = frame.with_columns((worst <= nw.col("_target")).alias("attains"))
    reasons = [i for i in there if i in [*judged, *beside]]
    own = [
        c if c not in added else f"{c}_input"
        for c in entered.schema
        if c not in {"edition", *(f"reason_{i}" for i in reasons)}
        and (c not in added or f"{c}_input" not in entered.schema)
    ]
    result = frame.select(
        *own,
        *added,
        nw.lit(e.name).alias("edition"),
        *(_reason(i, rows[i]).alias(f"reason_{i}") for i in reasons),
    )
    out: IntoFrameT = entered.leave(result, [])
    return out


def _asked(items: Collection[str] | None, known: Sequence[str]) -> list[str]:
    if items is None:
        return list(known)
    wanted = names(items) if isinstance(items, str) else list(items)
    if unknown := set(wanted) - set(known):
        raise ShanshuiError(
            f"items 应取自 {'、'.join(known)} / items must be among them: {sorted(unknown)}"
        )
    return wanted


def kind_of(kind: str, entered: Entered) -> nw.Expr:
    """Return ``river`` or ``lake`` for each row: the one said, or by the words of a column.

    Raises
    ------
    ShanshuiError
        It is neither a kind nor a column.
    """
    if kind in KINDS:
        return nw.lit(kind)
    if kind not in entered.schema:
        raise ShanshuiError(
            f"kind 应为 river、lake 或数据的一列：{kind!r} / "
            f"kind must be river, lake or a column: {kind!r}"
        )
    which = nw.lit(None, dtype=nw.String)
    for name, words in KINDS.items():
        which = nw.when(nw.col(kind).is_in(words)).then(nw.lit(name)).otherwise(which)
    return which


def _prepared(
    entered: Entered, added: Sequence[str], kind: str, target: int | str | None
) -> LazyFrame:
    """Set clashing columns aside, and add ``_kind`` and ``_target``."""
    which = kind_of(kind, entered)
    goal: nw.Expr = nw.lit(None, dtype=nw.Int64)
    if isinstance(target, str):
        require(entered.schema, [target], what="数据")
        require_numbers(entered.schema, [target])
        goal = nw.col(target).cast(nw.Int64)
    elif target is not None:
        if target not in range(1, 6):
            raise ShanshuiError(f"target 应为 1—5 / must be 1 to 5: {target!r}")
        goal = integer(target)
    # The keys are read before a clashing column is renamed.
    keyed = entered.frame.with_columns(which.alias("_kind"), goal.alias("_target"))
    return set_aside(Entered(keyed, entered.schema, entered.eager, entered.leave), added)


def _class(
    item: str, row: Mapping[str, Any], digits: int | None, e: Edition, *, saturation: bool
) -> nw.Expr:
    value, lake = nw.col(f"_v_{item}"), nw.col("_kind") == "lake"
    if "lake" in row:
        of_lake = nw.when(lake).then(class_of(value, row, "lake", digits))
        if "classes" not in row:
            return of_lake
        river = nw.when(nw.col("_kind") == "river").then(class_of(value, row, "classes", digits))
        return of_lake.otherwise(river)
    result = class_of(value, row, "classes", digits)
    if item == "do" and saturation:
        warn_recalled("溶解氧饱和浓度公式", "formula of saturated dissolved oxygen")
        a, b = e.parameter("do_saturation")
        full = a / (b + as_float(nw.col("_v_temp"), "temp"))
        enough = as_float(value, item) * 100.0 >= full * e.parameter("do_saturation_class1")
        result = nw.when(enough & (result == 2)).then(integer(1)).otherwise(result)
    return result


def status_of(worst: nw.Expr, e: Edition) -> nw.Expr:
    """Return the word for the water (水质状况) of a class."""
    status = nw.lit(None, dtype=nw.String)
    for row in e.table("statuses"):
        status = nw.when(worst.is_in(row["classes"])).then(nw.lit(row["status"])).otherwise(status)
    return status


def _counted(judged: Sequence[str], there: Sequence[str]) -> list[nw.Expr]:
    has = {i: ~nw.col(f"_v_{i}").is_null() for i in there}
    counts = {i: has[i] & ~nw.col(f"class_{i}").is_null() for i in judged}
    none = nw.lit(None, dtype=nw.String)
    return [
        joined([none, *(code_if(c, i) for i, c in counts.items())]).alias("used"),
        joined([none, *(code_if(has[i], i) for i in there if i not in judged)]).alias("unused"),
    ]


def _reason(item: str, row: Mapping[str, Any]) -> nw.Expr:
    codes = [nw.col(f"_why_{item}")]
    if "lake" in row and "classes" in row:
        codes.append(
            code_if(nw.col("_kind").is_null() & ~nw.col(f"_v_{item}").is_null(), "no_kind")
        )
    return joined([nw.lit(None, dtype=nw.String), *codes])


# --- multiples and main indicators -------------------------------------------------------------


def _with_multiples(
    frame: LazyFrame,
    judged: Sequence[str],
    rows: Mapping[str, Mapping[str, Any]],
    digits: Mapping[str, int],
    e: Edition,
    *,
    target: bool,
) -> LazyFrame:
    """Add ``times_<item>``, ``main`` and ``main_text``."""
    plain = integer(e.parameter("main_above"))
    against = nw.coalesce(nw.col("_target"), plain) if target else plain
    frame = frame.with_columns(against.alias("_against"))
    spots = int(e.parameter("digits_times"))
    with_times = [i for i in judged if i not in e.table("no_multiple")]
    beyond = {i: nw.col(f"class_{i}") > nw.col("_against") for i in judged}
    if target:
        frame = frame.with_columns(_goal(i, rows[i]).alias(f"_limit_{i}") for i in with_times)

    def times(item: str) -> nw.Expr:
        def over(limit: nw.Expr | int) -> nw.Expr:
            return divide_half_even((_assessed(item, digits) - limit) * 10**spots, limit)

        if target:
            return over(nw.col(f"_limit_{item}"))
        # A divisor that is known is many times faster than one in a column.
        row, number = rows[item], int(e.parameter("main_above")) - 1
        river = over(fixed(row["classes"][number], item))
        if "lake" not in row:
            return river
        lake = over(fixed(row["lake"][number], item))
        return nw.when(nw.col("_kind") == "lake").then(lake).otherwise(river)

    frame = frame.with_columns(
        nw.when(beyond[i]).then(times(i)).alias(f"_times_{i}") for i in with_times
    )
    first = e.table("first")
    order = {
        i: nw.when(beyond[i]).then(
            nw.col(f"class_{i}") * 10**12
            + (nw.col(f"_times_{i}") if i in with_times else integer(0)) * 100
            + integer((10**15 if i in first else 0) + place_in_order(n))
        )
        for n, i in enumerate(judged)
    }
    count = int(e.parameter("main_indicators"))
    frame = topped(settled(frame), order, count)
    titles = [rows[i]["name"] for i in judged]
    plain_ones = [n for n, i in enumerate(judged) if i not in with_times]
    frame = settled(frame).with_columns(
        *(named_by_order(nw.col(f"_top_{k}"), judged).alias(f"_main_{k}") for k in range(count)),
        *(named_by_order(nw.col(f"_top_{k}"), titles).alias(f"_title_{k}") for k in range(count)),
        *((nw.col(f"_top_{k}") // 100 % 10**10).alias(f"_multiple_{k}") for k in range(count)),
    )
    frame = settled(frame).with_columns(
        _said(k, spots, plain_ones).alias(f"_said_{k}") for k in range(count)
    )
    said = nw.concat_str(
        [nw.col(f"_said_{k}") for k in range(count)], separator="、", ignore_nulls=True
    )
    return frame.with_columns(
        *(from_fixed(nw.col(f"_times_{i}"), spots).alias(f"times_{i}") for i in with_times),
        joined(nw.col(f"_main_{k}") for k in range(count)).alias("main"),
        nw.when(said != "").then(said).alias("main_text"),
    )


def _said(place: int, spots: int, plain: Sequence[int]) -> nw.Expr:
    """Write a main indicator with its multiple, as bulletins do: 总磷(0.3)."""
    title, times = nw.col(f"_title_{place}"), nw.col(f"_multiple_{place}")
    with_times = nw.concat_str(
        title,
        nw.lit("("),
        (times // 10**spots).cast(nw.Int64).cast(nw.String),
        nw.lit("."),
        (times % 10**spots).cast(nw.Int64).cast(nw.String),
        nw.lit(")"),
    )
    without = (nw.col(f"_top_{place}") % 100).is_in([place_in_order(n) for n in plain])
    return nw.when(without).then(title).otherwise(with_times)


def _assessed(item: str, digits: Mapping[str, int]) -> nw.Expr:
    """Return a value that exceeds a limit as it is assessed; it cannot be rounded to zero."""
    value = nw.col(f"_v_{item}")
    if item not in digits:
        return value
    drop: int = 10 ** (places(item) - digits[item])
    return divide_half_even(value, drop) * drop


def _goal(item: str, row: Mapping[str, Any]) -> nw.Expr:
    """Return the limit of the target class."""

    def of(column: str) -> nw.Expr:
        result = nw.lit(None, dtype=nw.Int64)
        for number, limit in enumerate(row[column], start=1):
            result = (
                nw.when(nw.col("_against") == number)
                .then(integer(fixed(limit, item)))
                .otherwise(result)
            )
        return result

    if "lake" not in row:
        return of("classes")
    return nw.when(nw.col("_kind") == "lake").then(of("lake")).otherwise(of("classes"))

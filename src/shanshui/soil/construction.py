"""Soil of construction land by GB 36600-2018: 45 basic and 40 other items by class of land."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from shanshui._frames import (
    ORDER,
    Entered,
    beside,
    enter,
    names,
    remember_order,
    require,
    require_numbers,
    set_aside,
)
from shanshui._rules import code_if, joined, largest
from shanshui.soil._values import (
    PLACES,
    chosen_items,
    code_of,
    faults,
    fixed,
    in_force,
    number,
    times_of,
    with_contents,
    worst,
)
from shanshui.standards.editions import Edition
from shanshui.standards.errors import SchemaError, ShanshuiError
from shanshui.standards.rounding import from_fixed, integer, to_fixed

if TYPE_CHECKING:
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame, IntoFrameT

    from shanshui._frames import LazyFrame


def construction(
    samples: IntoFrameT,
    *,
    land: int | str = 1,
    items: Sequence[str] | None = None,
    background: Mapping[str, float] | IntoFrame | None = None,
    by: str | Sequence[str] | None = None,
    edition: str | date | Edition | None = None,
) -> IntoFrameT:
    """Set samples of construction land against screening and control values (建设用地土壤).

    At or below the screening value the risk may be ignored; above it a detailed survey and a risk
    assessment are needed; above the control value (管制值) control or remediation.

    Parameters
    ----------
    samples : frame
        One row a sample, with any of the 85 items (see `construction_limits`), in mg/kg.
        ``censored_<item>`` may hold the detection limit of a result below it.
    land : {1, 2} or str
        The class of land (第一类、第二类用地) of all rows, or a column of classes: 1 and 2, or
        names such as 第一类用地 and 工业用地. A class that is null or not known is class 1.
    items : sequence of str, optional
        Judge these only. By default all that are there.
    background : mapping or frame, optional
        Local background (mg/kg) of ``as, co, v``: one value each, or a table by place with the
        columns of `by`. An item above its screening value and not above the background is not
        managed as pollution, and its risk is 1.
    by : str or list of str, optional
        Key columns of a table of backgrounds.
    edition : str, date or Edition, optional
        By default the newest.

    Returns
    -------
    frame of the kind that came
        Every row and column, and

        - ``land_class`` (1, 2), ``land_assumed`` (true where class 1 was taken for want of a use);
        - ``screening_<item>, control_<item>``, the values used (mg/kg);
        - ``risk_<item>``: 1 may be ignored, 2 survey and assess, 3 control or remediate;
          ``times_<item>``: exceedance multiple (C - S) / S of the screening value, two decimals,
          where it is exceeded; ``reason_<item>`` where there is no result: ``missing, negative,
          absurd, detection_limit``;
        - ``risk`` (the worst), ``risk_name``, ``deciding`` (items of that risk, where it is 2 or
          3), ``within_background`` (items that only the background excuses), ``assessed`` (number
          of items with a result), ``edition``.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type, or a place has two backgrounds.
    ShanshuiError
        `land`, `items` or `background` are not understood.

    References
    ----------
    GB 36600-2018 表1 (basic items), 表2 (other items, confidence B), 5.3 (use of the values; the
    background of As, Co, V).

    Examples
    --------
    >>> import polars as pl
    >>> soils = pl.DataFrame({"use": ["工业用地", None], "as": [119.0, 25.0], "pb": [300.0, 50.0]})
    >>> made = construction(soils, land="use", background={"as": 30.0})
    >>> made.select("land_class", "risk_as", "times_as", "risk", "within_background").rows()
    [(2, 2, 0.98, 2, None), (1, 1, 0.25, 1, 'as')]
    """
    found = in_force("soil.construction", edition)
    limits = {row["item"]: row for row in found.table("limits")}
    entered = enter(samples)
    judged = chosen_items(entered, limits, items)
    natural = [i for i in found.parameter("natural_items") if i in judged]
    digits = found.parameter("digits_times")
    added = [
        *("land_class", "land_assumed"),
        *(f"{kind}_{i}" for i in judged for kind in ("screening", "control", "risk", "times")),
        *("risk", "risk_name", "deciding", "within_background", "assessed", "edition"),
    ]
    frame = set_aside(entered, added)
    own = [c for c in frame.collect_schema() if c not in {f"reason_{i}" for i in judged}]
    frame = remember_order(frame, entered)
    frame = _with_class(frame, land, found, entered)
    frame = with_contents(frame, entered, judged)
    frame = _with_background(frame, background, by, natural, found, entered)
    first = nw.col("land_class") == 1
    frame = frame.with_columns(
        nw.when(first).then(fixed(row[kind][0])).otherwise(fixed(row[kind][1])).alias(name)
        for i, row in limits.items()
        if i in judged
        for kind, name in (("screening", f"_s_{i}"), ("control", f"_t_{i}"))
    )
    frame = frame.with_columns(faults(i, entered).alias(f"_why_{i}") for i in judged)
    frame = frame.with_columns(
        nw.when(nw.col(f"_why_{i}").is_null()).then(nw.col(f"_v_{i}")).alias(f"_v_{i}")
        for i in judged
    )
    frame = frame.with_columns(
        *((nw.col(f"_v_{i}") > nw.col(f"_s_{i}")).alias(f"_over_{i}") for i in judged),
        *(
            ((nw.col(f"_v_{i}") > nw.col(f"_s_{i}")) & (nw.col(f"_v_{i}") <= nw.col(f"_b_{i}")))
            .fill_null(value=False)
            .alias(f"_natural_{i}")
            for i in natural
        ),
    )
    frame = frame.with_columns(
        *(_risk(i, natural=i in natural).alias(f"risk_{i}") for i in judged),
        *(_times(i, digits).alias(f"times_{i}") for i in judged),
        *(from_fixed(nw.col(f"_s_{i}"), PLACES).alias(f"screening_{i}") for i in judged),
        *(from_fixed(nw.col(f"_t_{i}"), PLACES).alias(f"control_{i}") for i in judged),
        *(
            nw.when(~nw.col(f"_v_{i}").is_null())
            .then(integer(1))
            .otherwise(integer(0))
            .alias(f"_p_{i}")
            for i in judged
        ),
    )
    frame = frame.with_columns(
        largest(nw.col(f"risk_{i}") for i in judged).alias("risk"),
        nw.sum_horizontal(*(f"_p_{i}" for i in judged)).cast(nw.Int64).alias("assessed"),
        joined(
            [
                nw.lit(None, dtype=nw.String),
                *(code_if(nw.col(f"_natural_{i}"), i) for i in natural),
            ]
        ).alias("within_background"),
        nw.lit(found.name).alias("edition"),
    )
    name = nw.lit(None, dtype=nw.String)
    for row in found.table("results"):
        name = nw.when(nw.col("risk") == row["risk"]).then(nw.lit(row["name"])).otherwise(name)
    frame = frame.with_columns(
        name.alias("risk_name"),
        nw.when(nw.col("risk") > 1).then(worst(judged, nw.col("risk"))).alias("deciding"),
    )
    result = frame.select(
        *([ORDER] if entered.eager else []),
        *own,
        *added,
        *(nw.col(f"_why_{i}").alias(f"reason_{i}") for i in judged),
    )
    out: IntoFrameT = entered.leave(result, [])
    return out


def construction_limits(*, edition: str | date | Edition | None = None) -> pl.DataFrame:
    """Return the screening and control values of construction land (GB 36600 表1 and 表2).

    Returns
    -------
    polars.DataFrame
        ``item, name, cas, group`` (``basic``, ``other``), ``number, screening_1, screening_2,
        control_1, control_2`` (mg/kg, by class of land), ``standard, clause, confidence``.

    Examples
    --------
    >>> construction_limits().filter(item="cr6").select("name", "screening_1", "control_2").row(0)
    ('铬(六价)', 3.0, 78.0)
    """
    import polars as pl

    standard, rows = in_force("soil.construction", edition).source_of("limits")
    return pl.DataFrame(
        [
            {
                **{c: row.get(c) for c in ("item", "name", "cas", "group", "number")},
                **{
                    f"{kind}_{n}": float(row[kind][n - 1])
                    for kind in ("screening", "control")
                    for n in (1, 2)
                },
                "standard": standard.number,
                "clause": row["clause"],
                "confidence": row.get("confidence", standard.confidence),
            }
            for row in rows
        ]
    )


def _with_class(frame: LazyFrame, land: int | str, found: Edition, entered: Entered) -> LazyFrame:
    """Add ``land_class`` and ``land_assumed``."""
    known = {str(row["class"]): row["names"] for row in found.table("classes")}
    if isinstance(land, str) and land in entered.schema:
        code = code_of(land, entered.schema[land], known)
    else:
        said = next((c for c, words in known.items() if str(land).strip() in words), None)
        if said is None:
            raise ShanshuiError(
                f"land 应为 1、2 或列名，得到“{land}”；现有列：{'、'.join(entered.schema)} / "
                f"land must be 1, 2 or a column: {land!r}; columns: {', '.join(entered.schema)}"
            )
        code = nw.lit(said)
    frame = frame.with_columns(code.alias("_class"))
    number_of = integer(found.parameter("unknown_class"))
    for text in known:
        number_of = nw.when(nw.col("_class") == text).then(integer(int(text))).otherwise(number_of)
    return frame.with_columns(
        number_of.alias("land_class"), nw.col("_class").is_null().alias("land_assumed")
    )


def _with_background(
    frame: LazyFrame,
    background: Mapping[str, float] | IntoFrame | None,
    by: str | Sequence[str] | None,
    natural: Sequence[str],
    found: Edition,
    entered: Entered,
) -> LazyFrame:
    """Add ``_b_<item>``, the background as a fixed integer, of the items that may have one."""
    allowed = found.parameter("natural_items")
    nothing = nw.lit(None, dtype=nw.Int64)
    if background is None or isinstance(background, Mapping):
        given: Mapping[str, Any] = background or {}
        if wrong := [i for i in given if i not in allowed or not given[i] >= 0]:
            raise ShanshuiError(
                f"背景值只用于 {'、'.join(allowed)}，且不为负；得到 {'、'.join(wrong)} / "
                f"only {', '.join(allowed)} have a background, which is not negative: {wrong}"
            )
        return frame.with_columns(
            (fixed(given[i]) if i in given else nothing).alias(f"_b_{i}") for i in natural
        )
    if by is None:
        raise ShanshuiError(
            "背景值表需要用 by 指明地点列 / a table of backgrounds needs its key columns in by"
        )
    keys = names(by)
    side = beside(entered, background)
    require(entered.schema, keys, what="样品数据")
    require(side.schema, keys, what="背景值表")
    present = [i for i in allowed if i in side.schema]
    if not present:
        raise SchemaError(
            f"背景值表应有 {'、'.join(allowed)} 中的列 / "
            f"a table of backgrounds has columns of {', '.join(allowed)}"
        )
    require_numbers(side.schema, present)
    own = enter(background)
    if own.eager:
        table = own.frame.select(*keys).to_native().collect()
        if table.height > table.unique().height:
            raise SchemaError(
                "背景值表中同一地点有两行 / a place has two rows in the table of backgrounds"
            )
    values = side.frame.select(
        *keys,
        *(
            to_fixed(number(i, side.schema[i]), PLACES).alias(f"_b_{i}")
            for i in natural
            if i in present
        ),
    )
    frame = frame.join(values, on=keys, how="left")
    return frame.with_columns(nothing.alias(f"_b_{i}") for i in natural if i not in present)


def _risk(item: str, *, natural: bool) -> nw.Expr:
    value, high, over = nw.col(f"_v_{item}"), nw.col(f"_t_{item}"), nw.col(f"_over_{item}")
    above = nw.when(value > high).then(integer(3)).otherwise(integer(2))
    if natural:
        above = nw.when(nw.col(f"_natural_{item}")).then(integer(1)).otherwise(above)
    return nw.when(over).then(above).otherwise(nw.when(~over).then(integer(1)))


def _times(item: str, digits: int) -> nw.Expr:
    value, low = nw.col(f"_v_{item}"), nw.col(f"_s_{item}")
    above = nw.when(nw.col(f"_over_{item}")).then(value - low)
    return from_fixed(times_of(above, low, digits), digits)

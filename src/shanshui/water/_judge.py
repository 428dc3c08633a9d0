"""What groundwater, the sea and drinking-water sources share: samples in, classes out."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from shanshui._frames import Entered, enter, names, set_aside, settled
from shanshui._rules import code_if, joined
from shanshui.standards.editions import Edition
from shanshui.standards.errors import SchemaError, ShanshuiError
from shanshui.standards.rounding import divide_half_even, from_fixed, integer
from shanshui.water._classes import deciding, fixed, named, worded, worst_of
from shanshui.water._samples import bounds, widened

if TYPE_CHECKING:
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame

    from shanshui._frames import LazyFrame

Rows = Mapping[str, Mapping[str, Any]]

DIGITS_MOST = 2
"""Decimals of a multiple that still fit 64 bits with the largest value and the smallest limit."""


@cache
def unit_bounds() -> dict[str, list[float]]:
    """Return the project's bounds by unit, for items that have none of their own."""
    text = files("shanshui.water").joinpath("plausible.toml").read_text(encoding="utf-8")
    table: dict[str, list[float]] = tomllib.loads(text)["units"]
    return table


def spans(rows: Rows) -> dict[str, list[float]]:
    """Return the bounds of what a value of each item can be."""
    own, units = bounds(), unit_bounds()
    return {i: own[i] if i in own else units[row["unit"]] for i, row in rows.items()}


def entered(samples: IntoFrame, by: str | Sequence[str], items: Collection[str]) -> Entered:
    """Take samples, wide or long; long ones in memory get columns for what they have only."""
    frame = enter(samples)
    if frame.eager and {"item", "value"} <= set(frame.schema):
        has = set(frame.frame.select("item").unique().collect()["item"].to_list())
        items = [i for i in items if i in has] or items
    return widened(frame, names(by), items)


def needed(frame: Entered, columns: Iterable[str]) -> Entered:
    """Keep what an aggregation needs, closed against the step that computed it.

    Otherwise DuckDB computes a class as often as a count names it: five times as long.
    """
    rows = settled(frame.frame.select(*dict.fromkeys(columns)))
    return Entered(rows, frame.schema, frame.eager, frame.leave)


def class_number(frame: Entered) -> nw.Expr:
    """Return the column ``class`` as an integer; a NaN is no class."""
    value = nw.col("class")
    if frame.schema["class"].is_float():
        value = nw.when((value >= 0) & (value < 100)).then(value)
    return value.cast(nw.Int64)


def limits_frame(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, Any]) -> pl.DataFrame:
    """Return limits as a frame: the columns asked for, ``class_1`` to ``class_4``, confidence."""
    import polars as pl

    numbers = range(1, 5)
    schema = {**columns, **{f"class_{n}": pl.Float64 for n in numbers}, "confidence": pl.String}
    table = []
    for row in rows:
        values = [*row.get("classes", []), *[None] * 4]
        table.append({**row, **{f"class_{n}": values[n - 1] for n in numbers}})
    return pl.DataFrame([{c: row[c] for c in schema} for row in table], schema=schema)


def asked(
    frame: Entered, items: Collection[str] | None, rows: Collection[str], known: Collection[str]
) -> list[str]:
    """Return the items to judge: those asked for of those that are there, in the standard's order.

    Raises
    ------
    ShanshuiError
        An item that the standard does not have.
    SchemaError
        The data have none.
    """
    wanted = set(names(items) if isinstance(items, str) else rows if items is None else items)
    if unknown := wanted - set(rows):
        raise ShanshuiError(
            f"标准没有项目 {'、'.join(sorted(unknown))} / "
            f"the standard has no such items: {sorted(unknown)}"
        )
    there = [i for i in rows if i in known and i in wanted]
    if not there:
        shown = list(rows)[:8]
        raise SchemaError(
            f"数据没有可评价的项目，如 {'、'.join(shown)}；现有列：{'、'.join(frame.schema)} / "
            f"no item to judge, such as {', '.join(shown)}"
        )
    return there


def checked_digits(digits: int) -> int:
    """Return the decimals of multiples, if they are possible."""
    if digits not in range(DIGITS_MOST + 1):
        raise ShanshuiError(f"digits 应为 0—{DIGITS_MOST} / must be 0 to {DIGITS_MOST}: {digits!r}")
    return digits


def checked_target(target: int, classes: int) -> int:
    """Return the class that multiples are against, if there is one."""
    if target not in range(1, classes + 1):
        raise ShanshuiError(f"target 应为 1—{classes} / must be 1 to {classes}: {target!r}")
    return target


def aside(frame: Entered, added: Iterable[str]) -> Entered:
    """Set clashing columns aside, so that the samples can be read from what is left."""
    columns = set_aside(frame, added)
    return Entered(columns, dict(columns.collect_schema()), frame.eager, frame.leave)


def own(frame: Entered, added: Collection[str], reasons: Collection[str]) -> list[str]:
    """Return the caller's columns as they are called after `aside`."""
    replaced = {"edition", *reasons}
    return [
        c if c not in added else f"{c}_input"
        for c in frame.schema
        if c not in replaced and (c not in added or f"{c}_input" not in frame.schema)
    ]


def limit_at(row: Mapping[str, Any], target: int) -> int | None:
    """Return the limit that a multiple is of; none for pH, oxygen, words, or a limit of 0."""
    if row["sense"] != "<=" or len(row["classes"]) < target:
        return None
    return fixed(row["classes"][target - 1], row["item"]) or None


def multiple(item: str, limit: nw.Expr | int, digits: int) -> nw.Expr:
    """Return (value - limit) / limit as a fixed integer; the value must be above the limit."""
    above = nw.col(f"_v_{item}") - limit
    return divide_half_even(above * 10**digits, limit)


def judgement_columns(judged: Sequence[str], rows: Rows, target: int) -> list[str]:
    """Return the columns that `with_judgement` and the classes of items are."""
    return [
        *(f"class_{i}" for i in judged),
        *("class", "class_name", "deciding"),
        *(f"times_{i}" for i in judged if limit_at(rows[i], target) is not None),
        *("exceeding", "exceeding_text", "used"),
    ]


def with_judgement(
    frame: LazyFrame, judged: Sequence[str], rows: Rows, e: Edition, *, target: int, digits: int
) -> LazyFrame:
    """Add the columns of `judgement_columns` to a frame that has ``class_<item>``."""
    classes = {i: nw.col(f"class_{i}") for i in judged}
    limits = {i: limit_at(rows[i], target) for i in judged}
    timed = {i: limit for i, limit in limits.items() if limit is not None}
    frame = frame.with_columns(
        worst_of(classes.values()).alias("class"),
        *(
            nw.when(classes[i] > target).then(multiple(i, limit, digits)).alias(f"_times_{i}")
            for i, limit in timed.items()
        ),
    )
    worst, none = nw.col("class"), nw.lit(None, dtype=nw.String)
    return frame.with_columns(
        named(worst, e.table("classes")).alias("class_name"),
        deciding(classes, worst).alias("deciding"),
        *(from_fixed(nw.col(f"_times_{i}"), digits).alias(f"times_{i}") for i in timed),
        joined([none, *(code_if(c > target, i) for i, c in classes.items())]).alias("exceeding"),
        in_words(
            [(c > target, i, rows[i]["name"], i in timed) for i, c in classes.items()], digits
        ),
        joined([none, *(code_if(~c.is_null(), i) for i, c in classes.items())]).alias("used"),
    )


def in_words(said: Iterable[tuple[nw.Expr, str, str, bool]], digits: int) -> nw.Expr:
    """Return ``exceeding_text``: what exceeds, with multiples where there are any: 锰(1.2)、pH.

    Each part is the condition, the item, its name and whether it has a multiple.
    """
    parts = [
        nw.when(beyond).then(worded(item, name, digits) if timed else nw.lit(name))
        for beyond, item, name, timed in said
    ]
    text = nw.concat_str([nw.lit(None, dtype=nw.String), *parts], separator="、", ignore_nulls=True)
    return nw.when(text != "").then(text).alias("exceeding_text")


def grouped(frame: LazyFrame, keys: Sequence[str], sums: Iterable[str]) -> LazyFrame:
    """Sum integer columns by the keys, or over all rows where there are none."""
    # An engine groups by something, so that no key at all is one constant.
    rows = frame.with_columns(integer(1).alias("_all")).group_by(*(keys or ["_all"]))
    return rows.agg(nw.col(c).sum().cast(nw.Int64) for c in sums)

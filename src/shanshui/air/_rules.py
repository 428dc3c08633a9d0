"""What the air functions share: items, faults of values, rules by edition."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from shanshui.standards.editions import Edition, edition, editions
from shanshui.standards.errors import ShanshuiError
from shanshui.standards.rounding import integer, to_fixed

HOURLY = ("so2", "no2", "co", "o3", "pm10", "pm25")
DAILY = ("so2", "no2", "co", "o3_1h", "o3_8h", "pm10", "pm25")
SIX = ("so2", "no2", "co", "o3_8h", "pm10", "pm25")

K = TypeVar("K", bound=Hashable)


def pollutant(item: str) -> str:
    """Return the substance of an item: ``o3_8h`` is ozone."""
    return "o3" if item.startswith("o3") else item.removesuffix("_24h")


@cache
def bounds() -> dict[str, float]:
    """Return the project's bounds above which a value is absurd."""
    text = files("shanshui.air").joinpath("plausible.toml").read_text(encoding="utf-8")
    table: dict[str, float] = tomllib.loads(text)["bounds"]
    return table


def chosen(which: str | date | Edition | None) -> tuple[Edition, ...]:
    """Return the editions that may apply: the one named, or all of the domain."""
    return editions("air") if which is None else (edition("air", which),)


def limit(edition: Edition, item: str, averaging: str, grade: int = 2) -> float:
    """Return a limit of GB 3095, e.g. of ``pm25`` over a ``year``.

    Raises
    ------
    ShanshuiError
        When the edition has none.
    """
    for row in edition.table("limits"):
        if row["item"] == item and row["averaging"] == averaging:
            value: float = row[f"grade{grade}"]
            return value
    raise ShanshuiError(
        f"{edition.title}没有 {item} {averaging} 的限值 / "
        f"edition {edition.name} has no limit of {item} over {averaging}"
    )


def agreed(editions: Sequence[Edition], parameter: str) -> Any:
    """Return a parameter that lays out the computation and so must be one for all rows.

    Raises
    ------
    ShanshuiError
        When the editions disagree: compute each span with its own ``edition=``.
    """
    values = [e.parameter(parameter) for e in editions]
    if any(v != values[0] for v in values):
        raise ShanshuiError(
            f"各版本的 {parameter} 不同，请指明 edition / "
            f"the editions disagree on {parameter}: name one"
        )
    return values[0]


def edition_name(day: nw.Expr, which: str | date | Edition | None) -> nw.Expr:
    """Return the name of the edition for each day: the one named, or the one of the date."""
    if which is not None:
        return nw.lit(edition("air", which).name)
    name = nw.lit(None, dtype=nw.String)
    for e in editions("air"):
        inside = day >= nw.lit(e.start)
        if e.end is not None:
            inside = inside & (day <= nw.lit(e.end))
        name = nw.when(inside).then(nw.lit(e.name)).otherwise(name)
    return name


def by_edition(
    candidates: Iterable[Edition],
    key: Callable[[Edition], K],
    build: Callable[[K], nw.Expr],
    column: nw.Expr,
) -> nw.Expr:
    """Build an expression that follows the edition of each row.

    Editions with the same `key` share one branch, so that what does not differ is computed once.
    """
    groups: dict[K, list[str]] = {}
    for e in candidates:
        groups.setdefault(key(e), []).append(e.name)
    result: nw.Expr | None = None
    for rule, members in groups.items():
        branch = nw.when(column.is_in(members)).then(build(rule))
        result = branch if result is None else branch.otherwise(result)
    assert result is not None  # there is always an edition
    return result


def measured(column: str, kind: Any) -> nw.Expr:
    """Return a column of values as 64-bit floats, with NaN as null.

    A 32-bit float stands for its decimal with three places: it holds no more above 16 µg/m3, and
    its error would lift a value just over a breakpoint.
    """
    value = nw.col(column).cast(nw.Float64)
    if kind.is_float() or kind.is_decimal():
        value = nw.when(~value.is_nan()).then(value)
    if kind == nw.Float32:
        value = (value * 1000.0 + 0.5).floor() / 1000.0
    return value


def valid_fixed(value: nw.Expr, item: str) -> nw.Expr:
    """Return sound values as fixed integers; negative and absurd ones become null."""
    sound = (value >= 0) & (value <= bounds()[pollutant(item)])
    return to_fixed(nw.when(sound).then(value))


ABSURD = 2**15
"""Weight of an absurd value in a fault code; a negative one weighs 1."""


def fault_code(value: nw.Expr, item: str, lane: int = 1) -> nw.Expr:
    """Return a code whose sum over rows tells of both kinds of fault: see `fault_codes`.

    `lane` multiplies the code, so that codes of two items may share a sum. It is put into the
    literals, as Ibis writes small ones with 32 bits and a product of such would overflow.
    """
    above = nw.when(value > bounds()[pollutant(item)])
    absurd = above.then(integer(ABSURD * lane)).otherwise(integer(0))
    return nw.when(value < 0).then(integer(lane)).otherwise(absurd)


def fault_codes(total: nw.Expr) -> list[nw.Expr]:
    """Return ``negative`` and ``absurd`` where a sum of fault codes holds them."""
    return [code_if(total % ABSURD > 0, "negative"), code_if(total >= ABSURD, "absurd")]


def largest(values: Iterable[nw.Expr]) -> nw.Expr:
    """Return the largest of some columns, nulls left out; Spark wants no function for one."""
    columns = list(values)
    return columns[0] if len(columns) == 1 else nw.max_horizontal(*columns)


def joined(parts: Iterable[nw.Expr]) -> nw.Expr:
    """Join codes by ',' and give null where there is none."""
    text = nw.concat_str(list(parts), separator=",", ignore_nulls=True)
    return nw.when(text != "").then(text)


def code_if(condition: nw.Expr, code: str) -> nw.Expr:
    """Return a code where the condition holds, else null."""
    return nw.when(condition).then(nw.lit(code))

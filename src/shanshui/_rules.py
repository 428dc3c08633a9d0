"""What the functions of all domains share: rules by edition, values as fixed integers, codes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import date
from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from shanshui.standards.editions import Edition, edition, editions
from shanshui.standards.errors import ShanshuiError
from shanshui.standards.rounding import divide_half_even, from_fixed, integer

K = TypeVar("K", bound=Hashable)


def chosen(domain: str, which: str | date | Edition | None) -> tuple[Edition, ...]:
    """Return the editions that may apply: the one named, or all of the domain."""
    return editions(domain) if which is None else (edition(domain, which),)


def edition_name(domain: str, day: nw.Expr, which: str | date | Edition | None) -> nw.Expr:
    """Return the name of the edition for each day: the one named, or the one of the date."""
    if which is not None:
        return nw.lit(edition(domain, which).name)
    name = nw.lit(None, dtype=nw.String)
    for e in editions(domain):
        inside = day >= nw.lit(e.start)
        if e.end is not None:
            inside = inside & (day <= nw.lit(e.end))
        name = nw.when(inside).then(nw.lit(e.name)).otherwise(name)
    return name


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


def one_if(condition: nw.Expr) -> nw.Expr:
    """Return 1 where the condition holds, else 0, to be summed."""
    return nw.when(condition).then(integer(1)).otherwise(integer(0)).cast(nw.Int64)


def percent(part: nw.Expr, of: nw.Expr, digits: int) -> nw.Expr:
    """Return a share in % of whole numbers; null where there is nothing to share."""
    return from_fixed(divide_half_even(part * 10 ** (2 + digits), nw.when(of > 0).then(of)), digits)


def number(column: str, kind: Any, places: int) -> nw.Expr:
    """Return a column as 64-bit floats, with NaN as null.

    A 32-bit float stands for its decimal with some places: what lies behind them is its error.
    """
    value = nw.col(column).cast(nw.Float64)
    if kind.is_float() or kind.is_decimal():
        value = nw.when(~value.is_nan()).then(value)
    if kind == nw.Float32:
        value = (value * 10.0**places + 0.5).floor() / 10.0**places
    return value

"""What the soil functions share: contents as exact integers, land uses, faults of values."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from shanshui import _rules
from shanshui._frames import Entered, require_numbers
from shanshui._rules import code_if, joined
from shanshui.standards.editions import Edition, editions
from shanshui.standards.editions import edition as find
from shanshui.standards.errors import SchemaError, ShanshuiError
from shanshui.standards.rounding import divide_half_even, integer, to_fixed

if TYPE_CHECKING:
    from shanshui._frames import LazyFrame

PLACES = 9
"""Decimal places of a content as a fixed integer: dioxins are judged at the fifth."""
MOST = 1_000_000.0
"""mg/kg; a kilogram holds no more."""


def in_force(domain: str, which: str | date | Edition | None) -> Edition:
    """Return the edition that is named, or the newest: a sample need not bear a date."""
    return editions(domain)[-1] if which is None else find(domain, which)


def fixed(value: float) -> nw.Expr:
    """Return a limit as a fixed integer."""
    return integer(int(Fraction(str(value)) * 10**PLACES))


def chosen_items(
    entered: Entered, known: Collection[str], items: Sequence[str] | None
) -> list[str]:
    """Return the items to be judged: those named, or all that the frame has.

    Raises
    ------
    SchemaError
        There is none, one named is not there, or one is not of numbers.
    ShanshuiError
        One named has no value in the standard.
    """
    if items is not None and (strange := [i for i in items if i not in known]):
        raise ShanshuiError(
            f"标准没有项目 {'、'.join(strange)}；可用：{'、'.join(known)} / "
            f"the standard has no item {', '.join(strange)}"
        )
    found = [i for i in (known if items is None else items) if i in entered.schema]
    absent = [i for i in items or () if i not in entered.schema]
    if absent or not found:
        raise SchemaError(
            f"数据没有项目列 {'、'.join(absent) or '（一个也没有）'}；可用：{'、'.join(known)} / "
            f"the frame has no column of {', '.join(absent) or 'any item'}; "
            f"items are {', '.join(known)}"
        )
    require_numbers(entered.schema, [*found, *censored(entered, found).values()])
    return found


def censored(entered: Entered, items: Sequence[str]) -> dict[str, str]:
    """Return the columns with detection limits of results below them, by item."""
    return {i: f"censored_{i}" for i in items if f"censored_{i}" in entered.schema}


def number(column: str, kind: Any) -> nw.Expr:
    """Return a column as 64-bit floats; a 32-bit float stands for six places."""
    return _rules.number(column, kind, 6)


def with_contents(frame: LazyFrame, entered: Entered, items: Sequence[str]) -> LazyFrame:
    """Add ``_n_<item>`` (the number), ``_v_<item>`` (fixed) and ``_d_<item>`` (detection limit)."""
    limits = censored(entered, items)
    frame = frame.with_columns(number(i, entered.schema[i]).alias(f"_n_{i}") for i in items)
    return frame.with_columns(
        *(
            to_fixed(
                nw.when((nw.col(f"_n_{i}") >= 0) & (nw.col(f"_n_{i}") <= MOST)).then(
                    nw.col(f"_n_{i}")
                ),
                PLACES,
            ).alias(f"_v_{i}")
            for i in items
        ),
        *(
            to_fixed(number(name, entered.schema[name]), PLACES).alias(f"_d_{i}")
            for i, name in limits.items()
        ),
    )


def faults(item: str, entered: Entered, *others: nw.Expr) -> nw.Expr:
    """Return why an item has no result: codes joined by ','; a reason that is there stays.

    Needs ``_s_<item>``, the screening value: a result below a detection limit that lies above the
    screening value says nothing.
    """
    value = nw.col(f"_n_{item}")
    codes = [
        code_if(value.is_null(), "missing"),
        code_if(value < 0, "negative"),
        code_if(value > MOST, "absurd"),
        *others,
    ]
    if censored(entered, [item]):
        codes.append(code_if(nw.col(f"_d_{item}") > nw.col(f"_s_{item}"), "detection_limit"))
    reason = joined(codes)
    name = f"reason_{item}"
    if name in entered.schema:
        told = nw.when(value.is_null()).then(nw.col(name).cast(nw.String))
        reason = nw.coalesce(told, reason)
    return reason


def times_of(value: nw.Expr, limit: nw.Expr, digits: int) -> nw.Expr:
    """Return value / limit as a fixed integer of so many decimals, half to even.

    The whole part is taken out first, as the value with more decimals would overflow.
    """
    whole: nw.Expr = value // limit * 10**digits
    return whole + divide_half_even(value % limit * 10**digits, limit)


def code_of(column: str, kind: Any, names: Mapping[str, Sequence[str]]) -> nw.Expr:
    """Return the code that a column of names means, null where it means none."""
    if kind.is_numeric():
        kinds = {code: [int(n) for n in known if n.isdigit()] for code, known in names.items()}
        result = nw.lit(None, dtype=nw.String)
        for code, numbers in kinds.items():
            if numbers:
                result = nw.when(nw.col(column).is_in(numbers)).then(nw.lit(code)).otherwise(result)
        return result
    text = nw.col(column).cast(nw.String).str.strip_chars().str.to_lowercase()
    result = nw.lit(None, dtype=nw.String)
    for code, known in names.items():
        result = (
            nw.when(text.is_in([n.lower() for n in known])).then(nw.lit(code)).otherwise(result)
        )
    return result


def worst(items: Sequence[str], level: nw.Expr) -> nw.Expr:
    """Return the items whose risk is the level of the row, joined by ','."""
    return joined(code_if(nw.col(f"risk_{i}") == level, i) for i in items)

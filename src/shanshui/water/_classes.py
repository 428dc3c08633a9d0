"""The class of a concentration by a table of limits, and what is made of the classes of items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from shanshui._frames import settled
from shanshui._rules import code_if, joined, largest
from shanshui.standards.rounding import integer
from shanshui.water._samples import places

if TYPE_CHECKING:
    from shanshui._frames import LazyFrame


def fixed(limit: float, item: str) -> int:
    """Return a limit as a fixed integer of the item."""
    scaled = Fraction(str(limit)) * 10 ** places(item)
    assert scaled.denominator == 1, "limits have no more decimals than values"
    return int(scaled)


def class_of(
    value: nw.Expr, row: Mapping[str, Any], column: str = "classes", digits: int | None = None
) -> nw.Expr:
    """Return the class of a fixed value: 1 for the best, one more than there are for worse.

    Limits are inclusive but for the sense ``>``, and of classes that share a limit the better one
    counts; the sense ``bands`` has a range for each class. With `digits`
    the value is judged as if it were rounded half to even first: the limits are moved instead,
    which is the same and costs no division.
    """
    item, sense = row["item"], row["sense"]
    if sense == "in":
        low, high = row["range"]
        inside = (value >= _lowest(low, item, digits)) & (value <= _highest(high, item, digits))
        worst = integer(row.get("worst", 6))
        return nw.when(~value.is_null()).then(nw.when(inside).then(integer(1)).otherwise(worst))
    if sense == "bands":
        result = integer(row["worst"])
        for band in reversed(row["bands"]):
            low, high = (fixed(limit, item) for limit in band["range"])
            inside = (value >= low) & (value <= high)
            result = nw.when(inside).then(integer(band["class"])).otherwise(result)
        return nw.when(~value.is_null()).then(result).cast(nw.Int64)
    result = integer(len(row[column]) + 1)
    for number, limit in reversed(list(enumerate(row[column], start=1))):
        if sense == ">=":
            within = value >= _lowest(limit, item, digits)
        elif sense == ">":
            within = value > fixed(limit, item)
        else:
            within = value <= _highest(limit, item, digits)
        result = nw.when(within).then(integer(number)).otherwise(result)
    return nw.when(~value.is_null()).then(result).cast(nw.Int64)


def _highest(limit: float, item: str, digits: int | None) -> int:
    """Return the highest value that is not above a limit once rounded."""
    return fixed(limit, item) + _tie(limit, item, digits)


def _lowest(limit: float, item: str, digits: int | None) -> int:
    """Return the lowest value that is not below a limit once rounded."""
    return fixed(limit, item) - _tie(limit, item, digits)


def _tie(limit: float, item: str, digits: int | None) -> int:
    """Return how far a value may lie from a limit and still be rounded to it.

    Half a unit of the last decimal where the limit's is even, as a tie goes there; one less else.
    """
    if digits is None or digits >= places(item):
        return 0
    unit = int(10 ** (places(item) - digits))
    count, rest = divmod(fixed(limit, item), unit)
    assert not rest, "a limit has no more decimals than the values that it judges"
    return unit // 2 - count % 2


def worst_of(classes: Iterable[nw.Expr]) -> nw.Expr:
    """Return the worst class of a row, nulls left out."""
    return largest(classes)


def deciding(classes: Mapping[str, nw.Expr], worst: nw.Expr) -> nw.Expr:
    """Return the items that have the worst class; none where it is the best there is."""
    return joined(code_if((worst > 1) & (c == worst), i) for i, c in classes.items())


def named(number: nw.Expr, rows: Sequence[Mapping[str, Any]]) -> nw.Expr:
    """Return the name of a class by its number."""
    name = nw.lit(None, dtype=nw.String)
    for row in rows:
        name = nw.when(number == row["class"]).then(nw.lit(row["name"])).otherwise(name)
    return name


def worded(item: str, name: str, digits: int) -> nw.Expr:
    """Write an item with its multiple, ``_times_<item>``, as bulletins do: 总磷(0.3)."""
    times = nw.col(f"_times_{item}")
    decimals = [
        (times // 10**place % 10).cast(nw.Int64).cast(nw.String)
        for place in reversed(range(digits))
    ]
    return nw.concat_str(
        nw.lit(f"{name}("),
        (times // 10**digits).cast(nw.Int64).cast(nw.String),
        *([nw.lit("."), *decimals] if decimals else []),
        nw.lit(")"),
    )


def topped(frame: LazyFrame, order: Mapping[str, nw.Expr], count: int) -> LazyFrame:
    """Add ``_top_0`` and on: the largest of the orders of the items, then the next.

    An order is a whole number whose last two digits tell the item: see `place_in_order`.
    """
    frame = frame.with_columns(value.alias(f"_order_{item}") for item, value in order.items())
    columns = [nw.col(f"_order_{item}") for item in order]
    for place in range(count):
        frame = settled(frame).with_columns(largest(columns).alias(f"_top_{place}"))
        if place + 1 == count:
            break
        top = nw.col(f"_top_{place}")
        frame = settled(frame).with_columns(
            nw.when(value < top).then(value).alias(f"_order_{item}")
            for item, value in zip(order, columns, strict=True)
        )
    return frame


def place_in_order(number: int) -> int:
    """Return the last two digits of the order of the item of a number; the first is the largest."""
    return 99 - number


def named_by_order(top: nw.Expr, names: Sequence[str]) -> nw.Expr:
    """Return the name of the item that an order tells of.

    One number is compared for all items, which is cheaper than a text for each of them.
    """
    number = top % 100
    name = nw.lit(None, dtype=nw.String)
    for n, text in enumerate(names):
        name = nw.when(number == place_in_order(n)).then(nw.lit(text)).otherwise(name)
    return name

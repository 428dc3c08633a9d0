"""Samples of water: wide or long, numbers or texts such as ``0.02L``, as exact integers.

A concentration is a fixed integer with nine decimals, as mercury is judged at the fifth and enters
at half a detection limit.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from shanshui._frames import Entered, require
from shanshui._rules import code_if, joined
from shanshui.standards.errors import SchemaError, ShanshuiError
from shanshui.standards.rounding import divide_half_even, from_fixed, integer, to_fixed

if TYPE_CHECKING:
    from shanshui._frames import LazyFrame

PLACES = 9
"""Decimal places of a concentration as a fixed integer."""
WHOLE = ("fecal_coliform", "algae")
"""Counts, which run to 10^12: three decimals, for means of them."""
LIFTED = {"temp": 10, "orp": 10_000}
"""What may stand below zero is lifted while it is made an integer."""

NUMBER = r"^-?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?$"
BELOW = r"^<|L$"
UNDETECTED = ("ND", "N.D.", "未检出", "不得检出")


def places(item: str) -> int:
    """Return the decimal places of an item as a fixed integer."""
    return 3 if item in WHOLE else PLACES


@cache
def bounds() -> dict[str, list[float]]:
    """Return the project's bounds of what a value of water can be."""
    text = files("shanshui.water").joinpath("plausible.toml").read_text(encoding="utf-8")
    table: dict[str, list[float]] = tomllib.loads(text)["bounds"]
    return table


def sampled(
    entered: Entered,
    items: Sequence[str],
    detection: Mapping[str, float] | None,
    share: float,
    within: Mapping[str, Sequence[float]] | None = None,
) -> LazyFrame:
    """Add ``_v_<item>``, ``_below_<item>`` and ``_why_<item>`` to a wide frame of samples.

    A result below its detection limit (``0.02L``, ``<0.02``) enters as `share` of the limit. A bare
    ``ND`` needs the limit in `detection`. What is no number, negative or absurd becomes null, and
    ``_why_<item>`` says so. `within` gives the bounds of items that are not in `bounds`.
    """
    span = within or bounds()
    unknown = set(detection or {}) - set(items)
    if unknown:
        raise ShanshuiError(
            f"detection 中有数据没有的项目 {'、'.join(sorted(unknown))} / "
            f"detection names items that the data lack: {sorted(unknown)}"
        )
    frame = entered.frame
    texts = [i for i in items if entered.schema[i] == nw.String]
    if texts:
        frame = frame.with_columns(_plain(i).alias(f"_text_{i}") for i in texts)
        frame = frame.with_columns(
            *(nw.col(f"_text_{i}").str.contains(BELOW).alias(f"_below_{i}") for i in texts),
            *(nw.col(f"_text_{i}").is_in(UNDETECTED).alias(f"_nd_{i}") for i in texts),
            *(
                nw.col(f"_text_{i}").str.replace_all("[<L]", "").alias(f"_digits_{i}")
                for i in texts
            ),
        )
        # A text that is no number is made null first: not every engine's cast forgives it.
        frame = frame.with_columns(
            nw.when(nw.col(f"_digits_{i}").str.contains(NUMBER))
            .then(nw.col(f"_digits_{i}"))
            .alias(f"_digits_{i}")
            for i in texts
        )
        frame = frame.with_columns(
            nw.col(f"_digits_{i}").cast(nw.Float64).alias(f"_number_{i}") for i in texts
        )
    numbers = [i for i in items if i not in texts]
    if numbers:
        frame = frame.with_columns(
            *(_finite(i, entered.schema[i]).alias(f"_number_{i}") for i in numbers),
            *(nw.lit(False).alias(f"_below_{i}") for i in numbers),
            *(nw.lit(False).alias(f"_nd_{i}") for i in numbers),
        )
    halved = {i: _entering(i, (detection or {}).get(i), share) for i in items}
    frame = frame.with_columns(halved[i].alias(f"_number_{i}") for i in items)
    return frame.with_columns(
        *(_fixed(i, span[i]).alias(f"_v_{i}") for i in items),
        *(_why(i, entered, span[i], text=i in texts).alias(f"_why_{i}") for i in items),
        *(
            (nw.col(f"_below_{i}") | nw.col(f"_nd_{i}")).fill_null(value=False).alias(f"_below_{i}")
            for i in items
        ),
    )


def _plain(item: str) -> nw.Expr:
    """Return a text without blanks, with the small l and the wide < of some sheets mended."""
    text = nw.col(item).str.replace_all(r"\s", "").str.replace_all("＜", "<")
    text = text.str.replace_all("l$", "L")
    # Signs for "no value" are no fault.
    return nw.when(~text.is_in(["", "-", "—", "--", "/", "*", "NA"])).then(text)


def _finite(item: str, kind: Any) -> nw.Expr:
    if not kind.is_numeric() and kind != nw.Unknown:
        raise SchemaError(
            f"列 {item} 应为数值或文本，得到 {kind} / "
            f"column {item} must be numeric or text, got {kind}"
        )
    value = nw.col(item).cast(nw.Float64)
    return nw.when(~value.is_nan()).then(value) if kind.is_float() or kind.is_decimal() else value


def _entering(item: str, limit: float | None, share: float) -> nw.Expr:
    value = nw.col(f"_number_{item}")
    below = nw.when(nw.col(f"_below_{item}")).then(value * share).otherwise(value)
    if limit is None:
        return below
    return nw.when(nw.col(f"_nd_{item}")).then(nw.lit(limit * share)).otherwise(below)


def _fixed(item: str, span: Sequence[float]) -> nw.Expr:
    low, high = span
    value, lift = nw.col(f"_number_{item}"), LIFTED.get(item, 0)
    lifted = value + float(lift) if lift else value
    fixed = to_fixed(nw.when((value >= low) & (value <= high)).then(lifted), places(item))
    return fixed - lift * 10**PLACES if lift else fixed


def _why(item: str, entered: Entered, span: Sequence[float], *, text: bool) -> nw.Expr:
    low, high = span
    value = nw.col(f"_number_{item}")
    codes = [
        code_if(nw.col(f"_nd_{item}") & value.is_null(), "no_detection_limit"),
        code_if(value < min(low, 0), "negative"),
        code_if((value >= min(low, 0)) & ((value < low) | (value > high)), "absurd"),
        code_if(
            (nw.col(f"_below_{item}") | nw.col(f"_nd_{item}")) & ~value.is_null(), "below_limit"
        ),
    ]
    if text:
        unread = ~nw.col(f"_text_{item}").is_null() & value.is_null() & ~nw.col(f"_nd_{item}")
        codes.insert(0, code_if(unread, "unreadable"))
    reason = joined(codes)
    name = f"reason_{item}"
    if name in entered.schema:
        reason = nw.coalesce(nw.col(name).cast(nw.String), reason)
    return reason


def widened(entered: Entered, by: Sequence[str], items: Collection[str]) -> Entered:
    """Bring long samples (``item, value`` and other columns) to one row a key.

    Codes of items that are not known are left out. Two values of one item under one key are a
    contradiction that nobody can settle: the value is null, with the reason ``repeated``.
    """
    if not {"item", "value"} <= set(entered.schema):
        return entered
    require(entered.schema, [*by, "item", "value"], what="样品数据")
    value, kind = nw.col("value"), entered.schema["value"]
    known = sorted(items)
    picked = entered.frame.with_columns(
        *(nw.when(nw.col("item") == i).then(value).alias(i) for i in known),
        *(
            nw.when((nw.col("item") == i) & ~value.is_null())
            .then(integer(1))
            .otherwise(integer(0))
            .alias(f"_n_{i}")
            for i in known
        ),
    )
    rows = picked.group_by(*by).agg(
        *(nw.col(i).max() for i in known),
        *(nw.col(f"_n_{i}").sum().cast(nw.Int64) for i in known),
    )
    rows = rows.with_columns(
        *(nw.when(nw.col(f"_n_{i}") <= 1).then(nw.col(i)).alias(i) for i in known),
        *(code_if(nw.col(f"_n_{i}") > 1, "repeated").alias(f"reason_{i}") for i in known),
    ).drop(f"_n_{i}" for i in known)
    schema = {k: entered.schema[k] for k in by} | dict.fromkeys(known, kind)
    schema |= {f"reason_{i}": nw.String() for i in known}
    return replace(
        entered, frame=rows, schema=schema, leave=lambda out, keys: entered.leave(out, keys or by)
    )


def at_digits(value: nw.Expr, item: str, digits: int) -> nw.Expr:
    """Round a fixed value half to even to some decimals, but never to zero.

    A value that would become zero keeps its first significant digit, as the national platform
    prints it: 0.00042 at three decimals is 0.0004.
    """
    drop = 10 ** (places(item) - digits)
    rounded = divide_half_even(value, drop) * drop
    kept = rounded
    for step in range(places(item) - digits):
        unit = 10**step
        first = divide_half_even(value, unit) * unit
        kept = nw.when((value >= unit) & (value < unit * 10)).then(first).otherwise(kept)
    return nw.when((rounded == 0) & (value > 0)).then(kept).otherwise(rounded)


def as_float(value: nw.Expr, item: str) -> nw.Expr:
    """Give a fixed value of an item back as a float."""
    return from_fixed(value, places(item))

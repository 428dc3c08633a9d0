"""What a test says of a value: levels, the frame of flags, numbers as text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from shanshui.standards.errors import ShanshuiError
from shanshui.standards.rounding import from_fixed, integer

if TYPE_CHECKING:
    from shanshui._frames import LazyFrame

LEVELS = ("pass", "unknown", "suspect", "fail", "missing")
"""Levels after QARTOD (1, 2, 3, 4, 9). Neither unknown (not evaluated) nor missing is good."""
FLAGGED = ("suspect", "fail", "missing")
"""Levels that `check` hands back unless it is asked for others."""
ROW = "_row"
FIXED = "_v"
"""The value in whole millionths, so that differences and comparisons are exact."""
SCALE = 10**6
Part = str | nw.Expr


def asked(levels: Collection[str]) -> tuple[str, ...]:
    """Return the levels asked for; refuse others."""
    chosen = (levels,) if isinstance(levels, str) else tuple(levels)
    unknown = [level for level in chosen if level not in LEVELS]
    if unknown:
        raise ShanshuiError(
            f"levels 应取自 {'、'.join(LEVELS)}，得到 {unknown} / "
            f"levels are of {', '.join(LEVELS)}, got {unknown}"
        )
    return chosen


def fixed(value: float) -> int:
    """Return a limit in whole millionths."""
    from decimal import ROUND_HALF_EVEN, Decimal

    return int((Decimal(str(value)) * SCALE).to_integral_value(ROUND_HALF_EVEN))


def said(value: nw.Expr) -> nw.Expr:
    """Return whole millionths as a decimal text: every engine's own text of floats differs."""
    size = value.abs()
    whole = (size // SCALE).cast(nw.Int64).cast(nw.String)
    part = (size % SCALE + SCALE).cast(nw.Int64).cast(nw.String).str.slice(1)
    sign = nw.when(value < 0).then(nw.lit("-")).otherwise(nw.lit(""))
    text = nw.concat_str(whole, nw.lit("."), part)
    return nw.concat_str(sign, text.str.replace_all(r"\.?0+$", ""))


def counted(value: nw.Expr) -> nw.Expr:
    """Return a whole number as text."""
    return value.cast(nw.Int64).cast(nw.String)


def written(value: float) -> str:
    """Return a limit as text.

    Examples
    --------
    >>> written(5.0), written(0.25)
    ('5', '0.25')
    """
    return f"{value:.6f}".rstrip("0").rstrip(".")


def text_of(parts: Sequence[Part]) -> nw.Expr:
    """Join texts and columns of texts."""
    return nw.concat_str([nw.lit(p) if isinstance(p, str) else p for p in parts])


def worst(fail: nw.Expr | None, suspect: nw.Expr | None, known: nw.Expr | None = None) -> nw.Expr:
    """Return the level by conditions: fail before suspect, pass where it was evaluated."""
    level = nw.lit("pass")
    if suspect is not None:
        level = nw.when(suspect).then(nw.lit("suspect")).otherwise(level)
    if fail is not None:
        level = nw.when(fail).then(nw.lit("fail")).otherwise(level)
    if known is not None:
        level = nw.when(known).then(level).otherwise(nw.lit("unknown"))
    return level


def flags(
    frame: LazyFrame,
    keys: Sequence[str],
    rule: str,
    level: nw.Expr,
    levels: Collection[str],
    *,
    zh: Sequence[Part],
    en: Sequence[Part],
    measure: nw.Expr | None = None,
    limit: nw.Expr | None = None,
) -> LazyFrame:
    """Return a flag for each row of one of the levels, with its numbers.

    `measure` and `limit` are in whole millionths: what was tested and what it was held against.
    A text is made for the rows that remain only.
    """
    none = nw.lit(None, dtype=nw.Int64)
    frame = frame.with_columns(level.alias("level")).filter(nw.col("level").is_in(list(levels)))
    evaluated = nw.col("level").is_in(["suspect", "fail", "missing"])
    detail = nw.concat_str(text_of(zh), nw.lit(" / "), text_of(en))
    detail = nw.when(evaluated).then(detail)
    detail = (
        nw.when(nw.col("level") == "unknown")
        .then(nw.lit("未能评价 / not evaluated"))
        .otherwise(detail)
    )
    rows = [ROW] if ROW in frame.collect_schema() else []
    chosen: LazyFrame = frame.select(
        *rows,
        *keys,
        "property",
        "time",
        "period",
        nw.lit(rule).alias("rule"),
        "level",
        "value",
        from_fixed(none if measure is None else measure).alias("measure"),
        from_fixed(none if limit is None else limit).alias("limit"),
        detail.alias("detail"),
    )
    return chosen


def limit_by_level(fail: float | None, suspect: float | None) -> nw.Expr:
    """Return the limit that a level was given by, in millionths."""
    value = nw.lit(None, dtype=nw.Int64) if suspect is None else integer(fixed(suspect))
    if fail is None:
        return value
    return nw.when(nw.col("level") == "fail").then(integer(fixed(fail))).otherwise(value)

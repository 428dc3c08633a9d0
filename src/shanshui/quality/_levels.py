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
    # The leading 1 keeps the zeros before the decimals until those after them are gone.
    decimals = (size % SCALE + SCALE).cast(nw.Int64).cast(nw.String).str.replace_all("0+$", "")
    point = nw.when(size % SCALE > 0).then(nw.lit(".")).otherwise(nw.lit(""))
    sign = nw.when(value < 0).then(nw.lit("-")).otherwise(nw.lit(""))
    return nw.concat_str(sign, whole, point, decimals.str.slice(1))


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


def _written(frame: LazyFrame, zh: Sequence[Part], en: Sequence[Part]) -> tuple[LazyFrame, nw.Expr]:
    """Make texts of the parts; a column that both languages use is made once."""
    parts = {id(part): part for part in (*zh, *en) if isinstance(part, nw.Expr)}
    names = {key: f"_text_{n}" for n, key in enumerate(parts)}
    if parts:
        frame = frame.with_columns(**{names[key]: part for key, part in parts.items()})
    texts = [
        nw.lit(part) if isinstance(part, str) else nw.col(names[id(part)])
        for part in (*zh, " / ", *en)
    ]
    return frame, nw.concat_str(texts)


def given(level: str) -> nw.Expr:
    """Return a level as its place in `LEVELS`: rows are chosen by it before it becomes a text."""
    return nw.lit(LEVELS.index(level), dtype=nw.Int8)


def worst(fail: nw.Expr | None, suspect: nw.Expr | None, known: nw.Expr | None = None) -> nw.Expr:
    """Return the level by conditions: fail before suspect, pass where it was evaluated."""
    level = given("pass")
    if suspect is not None:
        level = nw.when(suspect).then(given("suspect")).otherwise(level)
    if fail is not None:
        level = nw.when(fail).then(given("fail")).otherwise(level)
    if known is not None:
        level = nw.when(known).then(level).otherwise(given("unknown"))
    return level


def _named(level: nw.Expr) -> nw.Expr:
    """Return the name of a level by its place."""
    name = nw.lit(LEVELS[-1])
    for n, one in enumerate(LEVELS[:-1]):
        name = nw.when(level == n).then(nw.lit(one)).otherwise(name)
    return name


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

    `level` is of `worst` or `given`; `measure` and `limit` are in whole millionths: what was tested
    and what it was held against. A text is made for the rows that remain only.
    """
    none = nw.lit(None, dtype=nw.Int64)
    chosen = [LEVELS.index(name) for name in levels]
    frame = frame.with_columns(level.alias("level")).filter(nw.col("level").is_in(chosen))
    frame = frame.with_columns(_named(nw.col("level")).alias("level"))
    evaluated = nw.col("level").is_in(["suspect", "fail", "missing"])
    frame, detail = _written(frame, zh, en)
    detail = nw.when(evaluated).then(detail)
    detail = (
        nw.when(nw.col("level") == "unknown")
        .then(nw.lit("未能评价 / not evaluated"))
        .otherwise(detail)
    )
    rows = [ROW] if ROW in frame.collect_schema() else []
    result: LazyFrame = frame.select(
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
    return result


def limit_by_level(fail: float | None, suspect: float | None) -> nw.Expr:
    """Return the limit that a level was given by, in millionths."""
    value = nw.lit(None, dtype=nw.Int64) if suspect is None else integer(fixed(suspect))
    if fail is None:
        return value
    return nw.when(nw.col("level") == "fail").then(integer(fixed(fail))).otherwise(value)

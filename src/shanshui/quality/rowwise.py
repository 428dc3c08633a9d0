"""Tests of each value by itself, in the portable core: any engine, lazy frames stay lazy."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from shanshui._clock import ZONE
from shanshui._rules import code_if, joined
from shanshui.quality._levels import (
    FIXED,
    SCALE,
    counted,
    fixed,
    flags,
    given,
    limit_by_level,
    said,
    worst,
    written,
)
from shanshui.standards.errors import ShanshuiError
from shanshui.standards.rounding import integer

if TYPE_CHECKING:
    from shanshui._frames import LazyFrame
    from shanshui.quality._observed import Observed
    from shanshui.quality.rules import Flag

VALUE = nw.col(FIXED)
_SPLIT = r"[,;，；|/+\s]"
NOTHING = nw.lit(None, dtype=nw.String)


def missing(data: Observed, levels: Collection[str]) -> LazyFrame:
    """Flag values that are not there: missing is not good."""
    level = nw.when(nw.col("value").is_null()).then(given("missing")).otherwise(given("pass"))
    return flags(data.frame, data.keys, "missing", level, levels, zh=["缺测"], en=["no value"])


def gross_range(
    data: Observed,
    levels: Collection[str],
    *,
    low: float | None = None,
    high: float | None = None,
    suspect_low: float | None = None,
    suspect_high: float | None = None,
) -> LazyFrame:
    """Flag values outside a range (fail), or outside a narrower one (suspect)."""
    value = nw.col("value")
    outside = [_outside(value, low, high), _outside(value, suspect_low, suspect_high)]
    known = None if any(o is not None for o in outside) else nw.lit(False)
    if known is not None:
        outside = [None, None]
    level = nw.when(~value.is_null()).then(worst(outside[0], outside[1], known))
    above = _limit(high, suspect_high)
    below = _limit(low, suspect_low)
    middle = [x for x in (low, high, suspect_low, suspect_high) if x is not None]
    # Which of the two limits was passed: values below the least of the upper limits are too low.
    tops = [x for x in (high, suspect_high) if x is not None]
    limit = below if not tops else nw.when(value > min(tops)).then(above).otherwise(below)
    text = _value()
    span, narrow = _span(low, high), _span(suspect_low, suspect_high)
    failed = nw.col("level") == "fail"
    words = nw.when(failed).then(nw.lit(span)).otherwise(nw.lit(narrow)) if middle else nw.lit("")
    return flags(
        data.frame,
        data.keys,
        "gross_range",
        level,
        levels,
        zh=["值 ", text, " 超出范围 ", words],
        en=[text, " is outside ", words],
        measure=VALUE,
        limit=limit,
    )


def _outside(value: nw.Expr, low: float | None, high: float | None) -> nw.Expr | None:
    found = [
        *([value < low] if low is not None else []),
        *([value > high] if high is not None else []),
    ]
    return None if not found else found[0] if len(found) == 1 else found[0] | found[1]


def _span(low: float | None, high: float | None) -> str:
    left = "(-∞" if low is None else f"[{written(low)}"
    right = "+∞)" if high is None else f"{written(high)}]"
    return f"{left}, {right}"


def _limit(fail: float | None, suspect: float | None) -> nw.Expr:
    return limit_by_level(fail, suspect)


def _value() -> nw.Expr:
    """Return the value as text; one too large for millionths as its size."""
    huge = nw.when(nw.col("value") < 0).then(nw.lit("< -9e12")).otherwise(nw.lit("> 9e12"))
    return nw.when(VALUE.is_null()).then(huge).otherwise(said(VALUE))


def negative(data: Observed, levels: Collection[str], *, drift: float = 0) -> LazyFrame:
    """Flag negative values: within the drift suspect, beyond it fail."""
    beyond = nw.col(FIXED) < -fixed(drift)
    level = nw.when(~VALUE.is_null()).then(worst(beyond, VALUE < 0))
    within = nw.col("level") == "suspect"
    zh = (
        nw.when(within)
        .then(nw.lit("在零点漂移内，取舍由审核人定"))
        .otherwise(nw.lit("超出零点漂移"))
    )
    en = (
        nw.when(within)
        .then(nw.lit("within drift, the reviewer decides"))
        .otherwise(nw.lit("beyond drift"))
    )
    value = said(VALUE)
    return flags(
        data.frame,
        data.keys,
        "negative",
        level,
        levels,
        zh=["负值 ", value, f"（漂移 {written(drift)}），", zh],
        en=["negative ", value, f" (drift {written(drift)}), ", en],
        measure=VALUE,
        limit=integer(-fixed(drift)),
    )


def source_flag(
    data: Observed, levels: Collection[str], *, known: Sequence[Flag] = ()
) -> LazyFrame:
    """Judge values by the flags of their source; a flag that is not known is not good."""
    flag = nw.col("flag").str.replace_all(r"^\s+|\s+$", "")
    by_level = {level: [f for f in known if f.level == level] for level in ("fail", "suspect")}
    bears = {
        level: flag.str.contains(_bears(found)) if found else nw.lit(False)
        for level, found in by_level.items()
    }
    codes = "|".join(sorted({re.escape(f.code) for f in known})) or "(?:)"
    every = flag.str.contains(f"^(?:{codes})(?:{_SPLIT}+(?:{codes}))*$")
    level = worst(bears["fail"], bears["suspect"], every | bears["fail"] | bears["suspect"])
    blank = flag.is_null() | (flag == "")
    level = nw.when(blank).then(given("pass")).otherwise(level)
    level = nw.when(~nw.col("value").is_null()).then(level)
    told = {
        "zh": joined([code_if(flag.str.contains(_bears([f])), f"{f.code} {f.zh}") for f in known])
        if known
        else NOTHING,
        "en": joined([code_if(flag.str.contains(_bears([f])), f"{f.code} {f.en}") for f in known])
        if known
        else NOTHING,
    }
    return flags(
        data.frame,
        data.keys,
        "source_flag",
        level,
        levels,
        zh=["数据源标识 ", told["zh"].fill_null("")],
        en=["flag of the source ", told["en"].fill_null("")],
    )


def _bears(found: Sequence[Flag]) -> str:
    """Return the pattern of a cell that bears one of some codes."""
    codes = "|".join(sorted({re.escape(f.code) for f in found}))
    return f"(?:^|{_SPLIT})(?:{codes})(?:$|{_SPLIT})"


def future(
    data: Observed, levels: Collection[str], *, now: datetime | None, tolerance: float = 0
) -> LazyFrame:
    """Flag values of a time that has not come."""
    if now is None:
        level = given("unknown")
        return flags(data.frame, data.keys, "future", level, levels, zh=[""], en=[""])
    from datetime import timedelta

    bound = naive_now(now) + timedelta(seconds=tolerance)
    text = f"{bound:%Y-%m-%d %H:%M:%S}"
    return flags(
        data.frame,
        data.keys,
        "future",
        worst(nw.col("time") > nw.lit(bound, dtype=nw.Datetime("us")), None),
        levels,
        zh=[f"时间晚于 {text}"],
        en=[f"time is after {text}"],
    )


def naive_now(now: datetime) -> datetime:
    """Return a moment as the clock of Asia/Shanghai, which has no summer time."""
    if not isinstance(now, datetime):
        raise ShanshuiError(f"now 应为 datetime，得到 {now!r} / now must be a datetime")
    if now.tzinfo is None:
        return now
    return now.astimezone(ZONE).replace(tzinfo=None)


def off_cadence(data: Observed, levels: Collection[str]) -> LazyFrame:
    """Flag times that are no multiple of the period since midnight."""
    time, period = nw.col("time"), nw.col("period").cast(nw.Int64)
    seconds = (
        time.dt.hour().cast(nw.Int64) * 3600
        + time.dt.minute().cast(nw.Int64) * 60
        + time.dt.second().cast(nw.Int64)
    )
    safe = nw.when(period > 0).then(period)
    off = (seconds % safe != 0) | (time.dt.microsecond().cast(nw.Int64) != 0)
    divides = (integer(86400) % safe == 0).fill_null(value=False)
    cadence = counted(period)
    return flags(
        data.frame,
        data.keys,
        "off_cadence",
        worst(None, off, divides),
        levels,
        zh=["时间不在每 ", cadence, " 秒的整点上"],
        en=["time is not on the cadence of ", cadence, " s"],
        measure=(seconds % safe) * SCALE,
    )


def inversion(
    data: Observed,
    levels: Collection[str],
    *,
    lower: str,
    upper: str,
    margin: float = 0,
    ratio: float = 1,
) -> LazyFrame:
    """Flag both values where what must be the lower exceeds the upper."""
    rule = f"{lower}_above_{upper}"
    sides = [
        _side(data, levels, rule, own, other, margin, ratio)
        for own, other in ((lower, upper), (upper, lower))
    ]
    both: LazyFrame = nw.concat(sides, how="vertical")
    return both


def _side(
    data: Observed,
    levels: Collection[str],
    rule: str,
    own: str,
    other: str,
    margin: float,
    ratio: float,
) -> LazyFrame:
    keys = [*data.keys, "time", "period"]
    lower, upper = rule.split("_above_")
    # A repeated time has one value only where all agree.
    others = (
        data.frame.filter(nw.col("property") == other)
        .group_by(*keys)
        .agg(VALUE.min().alias("_least"), VALUE.max().alias("_most"))
    )
    mine = data.frame.filter(nw.col("property") == own)
    together = mine.join(others, on=keys, how="left")
    theirs = nw.when(nw.col("_least") == nw.col("_most")).then(nw.col("_least"))
    low, high = (VALUE, theirs) if own == lower else (theirs, VALUE)
    bound = high if ratio == 1 else (high.cast(nw.Float64) * ratio + 0.5).floor().cast(nw.Int64)
    above = low > bound + fixed(margin)
    level = worst(None, above, ~theirs.is_null())
    level = nw.when(~VALUE.is_null()).then(level)
    least, most = said(low), said(high)
    return flags(
        together,
        data.keys,
        rule,
        level,
        levels,
        zh=[f"{lower} ", least, f" 高于 {upper} ", most],
        en=[f"{lower} ", least, f" is above {upper} ", most],
        measure=low,
        limit=bound + fixed(margin),
    )

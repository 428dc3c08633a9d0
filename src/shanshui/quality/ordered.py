"""Tests of values that follow each other: clocks, gaps, runs, steps, spikes, neighbours.

They compare rows, which engines without an order of rows do not do alike, so they take frames that
hold their rows and compute in Polars. Nothing is compared across a gap: a series is cut into
unbroken blocks of periods first.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw
import polars as pl

from shanshui.quality._levels import (
    FIXED,
    ROW,
    SCALE,
    counted,
    fixed,
    flags,
    given,
    limit_by_level,
    said,
    worst,
)
from shanshui.standards.rounding import integer

if TYPE_CHECKING:
    from shanshui._frames import LazyFrame
    from shanshui.quality._observed import Observed

V = pl.col(FIXED)
MAD = 1.4826
"""Makes the median absolute deviation of a normal distribution its standard deviation."""
_MINUTE = "%Y-%m-%d %H:%M"


def _handed(rows: pl.DataFrame) -> LazyFrame:
    frame: LazyFrame = nw.from_native(rows.lazy())
    return frame


# --- clocks and gaps --------------------------------------------------------------------------


def repeated(data: Observed, levels: Collection[str]) -> LazyFrame:
    """Flag times that a series has twice: suspect where the values agree, else fail."""
    rows = data.ordered
    again = (pl.col("_gap") == 0).fill_null(value=False)
    rows = rows.with_columns(
        _again=again | again.shift(-1, fill_value=False),
        _time=(~again).cum_sum(),
    )
    if "pass" not in levels:
        rows = rows.filter("_again")
    groups = rows.group_by("_time", maintain_order=True).agg(
        pl.all().exclude("_least", "_most").first(),
        _count=pl.len().cast(pl.Int64),
        _least=pl.col("value").min(),
        _most=pl.col("value").max(),
        _nulls=pl.col("value").null_count(),
    )
    agree = (pl.col("_least").eq_missing(pl.col("_most"))) & (
        (pl.col("_nulls") == 0) | (pl.col("_nulls") == pl.col("_count"))
    )
    groups = groups.with_columns(_fail=pl.col("_again") & ~agree, _suspect=pl.col("_again") & agree)
    failed = nw.col("level") == "fail"
    count = counted(nw.col("_count"))
    return flags(
        _handed(groups),
        data.keys,
        "repeated",
        worst(nw.col("_fail"), nw.col("_suspect")),
        levels,
        zh=[
            "同一时间有 ",
            count,
            " 行，",
            nw.when(failed).then(nw.lit("值不同")).otherwise(nw.lit("值相同")),
        ],
        en=[
            count,
            " rows for one time, ",
            nw.when(failed).then(nw.lit("values differ")).otherwise(nw.lit("values agree")),
        ],
        measure=nw.col("_count") * SCALE,
    )


def unordered(data: Observed, levels: Collection[str]) -> LazyFrame:
    """Flag rows that come after a row of a later time of their series."""
    rows = data.ordered
    if "_late" not in rows.columns:
        new = pl.col("_gap").is_null()
        falls = rows.select(((pl.col(ROW).cast(pl.Int64).diff() < 0) & ~new).any()).item()
        if falls:
            # In the order of time: does a later row stand further up in the caller's frame?
            after = pl.col(ROW).cum_min(reverse=True).over(new.cum_sum())
            rows = rows.with_columns(_late=after < pl.col(ROW))
        else:
            rows = rows.with_columns(_late=pl.lit(value=False))
    # Of rows of one time none is the later.
    return flags(
        _handed(rows),
        data.keys,
        "unordered",
        worst(None, nw.col("_late")),
        levels,
        zh=["排在更晚时间的行之后"],
        en=["stands after a row of a later time"],
    )


def gap(data: Observed, levels: Collection[str]) -> LazyFrame:
    """Flag the first period that is missing between two rows of a series."""
    step = pl.col("period").cast(pl.Int64) * SCALE
    rows = data.ordered.filter(pl.col("_gap") > step, step > 0)
    rows = rows.with_columns(
        _count=(pl.col("_gap") - 1) // step,
        _until=pl.col("time").dt.to_string(_MINUTE),
        time=(pl.col("time").cast(pl.Int64) - pl.col("_gap") + step).cast(pl.Datetime("us")),
        value=pl.lit(None, dtype=pl.Float64),
    ).with_columns(pl.lit(None, dtype=pl.UInt32).alias(ROW))
    count = counted(nw.col("_count"))
    return flags(
        _handed(rows),
        data.keys,
        "gap",
        given("missing"),
        levels,
        zh=["断数 ", count, " 个时段，至 ", nw.col("_until"), " 前"],
        en=[count, " periods without a row before ", nw.col("_until")],
        measure=nw.col("_count") * SCALE,
    )


# --- runs -------------------------------------------------------------------------------------


def zero_run(
    data: Observed,
    levels: Collection[str],
    *,
    suspect: int | None = None,
    fail: int | None = None,
) -> LazyFrame:
    """Flag unbroken runs of zeros."""
    return _run(data, levels, "zero_run", V == 0, suspect, fail, ("零值", "zeros"))


def stuck(
    data: Observed,
    levels: Collection[str],
    *,
    suspect: int | None = None,
    fail: int | None = None,
    above: float | None = None,
) -> LazyFrame:
    """Flag unbroken runs of one value; with `above` of values above it only."""
    tested = V.is_not_null() if above is None else fixed(above) < V
    return _run(data, levels, "stuck", tested, suspect, fail, ("不变值", "values unmoved"))


def _run(
    data: Observed,
    levels: Collection[str],
    rule: str,
    tested: pl.Expr,
    suspect: int | None,
    fail: int | None,
    words: tuple[str, str],
) -> LazyFrame:
    """Flag all values of a run of equal ones: as many as `suspect`, or as `fail`."""
    rows = data.ordered
    tested = tested.fill_null(value=False)
    holds = (
        tested & (V.shift(1) == V) & (pl.col("_block") == pl.col("_block").shift(1))
    ).fill_null(value=False)
    begins = rows.select(~holds).to_series()
    starts = begins.arg_true()
    lengths = (starts.cast(pl.Int64).diff().shift(-1)).fill_null(
        rows.height - (starts[-1] if len(starts) else 0)
    )
    rows = rows.with_columns(lengths.gather(begins.cum_sum() - 1).alias("_run"))
    most = nw.col("_run")
    level = worst(
        None if fail is None else most >= fail, None if suspect is None else most >= suspect
    )
    rows = rows.with_columns(_tested=tested)
    known = nw.col("_tested") & nw.lit(value=suspect is not None or fail is not None)
    level = nw.when(known).then(level).otherwise(given("pass"))
    level = nw.when(~nw.col("value").is_null()).then(level)
    count, value = counted(most), said(nw.col(FIXED))
    return flags(
        _handed(rows),
        data.keys,
        rule,
        level,
        levels,
        zh=["连续 ", count, f" 个{words[0]}（", value, "）"],
        en=[count, f" {words[1]} in a row (", value, ")"],
        measure=most * SCALE,
        limit=limit_by_level(fail, suspect),
    )


# --- changes ----------------------------------------------------------------------------------


def step(
    data: Observed,
    levels: Collection[str],
    *,
    suspect: float | None = None,
    fail: float | None = None,
) -> LazyFrame:
    """Flag a value that differs from the one of the period before by more than a limit."""
    same = pl.col("_block") == pl.col("_block").shift(1)
    rows = data.ordered.with_columns(
        _before=pl.when(same).then(V.shift(1)),
    ).with_columns(_step=(V - pl.col("_before")).abs())
    size = nw.col("_step")
    level = worst(
        None if fail is None else size > integer(fixed(fail)),
        None if suspect is None else size > integer(fixed(suspect)),
        ~size.is_null(),
    )
    change, before = said(size), said(nw.col("_before"))
    return flags(
        _handed(rows),
        data.keys,
        "step",
        nw.when(~nw.col(FIXED).is_null()).then(level),
        levels,
        zh=["较上一时段 ", before, " 变化 ", change],
        en=["differs by ", change, " from ", before, " a period before"],
        measure=size,
        limit=limit_by_level(fail, suspect),
    )


def rate_of_change(
    data: Observed,
    levels: Collection[str],
    *,
    suspect: float | None = None,
    fail: float | None = None,
    within: int,
) -> LazyFrame:
    """Flag a change an hour above a limit, since the last value at most `within` seconds before."""
    series = pl.col("_gap").is_null().cum_sum()
    rows = data.ordered.with_columns(_series=series).filter(V.is_not_null())
    same = pl.col("_series") == pl.col("_series").shift(1)
    apart = pl.when(same).then(pl.col("time").diff().dt.total_microseconds())
    near = (apart > 0) & (apart <= within * SCALE)
    rows = rows.with_columns(
        _apart=pl.when(near).then(apart),
        _before=pl.when(near).then(V.shift(1)),
    )
    change = (V - pl.col("_before")).abs().cast(pl.Float64) * 3_600_000_000.0
    rows = rows.with_columns(_change=change, _over=pl.col("_apart").cast(pl.Float64)).with_columns(
        _rate=(pl.col("_change") / pl.col("_over") + 0.5).floor().cast(pl.Int64)
    )

    def beyond(limit: float | None) -> nw.Expr | None:
        return None if limit is None else nw.col("_change") > nw.col("_over") * fixed(limit)

    level = worst(beyond(fail), beyond(suspect), ~nw.col("_apart").is_null())
    rate = nw.col("_rate")
    speed, before = said(rate), said(nw.col("_before"))
    return flags(
        _handed(rows),
        data.keys,
        "rate_of_change",
        level,
        levels,
        zh=["每小时变化 ", speed, "，前值 ", before],
        en=["changes by ", speed, " an hour since ", before],
        measure=rate,
        limit=limit_by_level(fail, suspect),
    )


def spike(
    data: Observed,
    levels: Collection[str],
    *,
    sigmas: float | None = None,
    fail_sigmas: float | None = None,
    least: float = 0,
    half: int,
    points: int | None = None,
) -> LazyFrame:
    """Flag a value far from the median of its window (Hampel identifier).

    The window has `half` periods on each side, within the block; it needs `points` values
    (default ``half + 2``). Far is more than `sigmas` times 1.4826 MAD, and more than `least`.
    """
    rows = data.ordered
    needed = half + 2 if points is None else points
    # Blocks are set apart by `half` empty places, so that no window reaches into another.
    changes = pl.col("_block") != pl.col("_block").shift(1, fill_value=-1)
    place = rows.select(
        pl.int_range(pl.len(), dtype=pl.Int64) + changes.cum_sum().cast(pl.Int64) * half
    ).to_series()
    room = (int(place[-1]) if len(place) else 0) + half + 1
    line = pl.repeat(None, room, dtype=pl.Float64, eager=True)
    line = line.scatter(place.cast(pl.UInt32), rows[FIXED].cast(pl.Float64))
    dense = pl.DataFrame({"_line": line}).with_columns(
        _middle=pl.col("_line").rolling_median(2 * half + 1, min_samples=needed, center=True)
    )
    dense = dense.with_columns(_off=(pl.col("_line") - pl.col("_middle")).abs())
    rows = rows.with_columns(dense.select("_middle", "_off").select(pl.all().gather(place)))
    rows = rows.with_columns(_place=place).with_row_index("_n")
    known = pl.col("_middle").is_not_null() & V.is_not_null()
    # The spread of a window is needed only where it can be small enough.
    times = min(x for x in (sigmas, fail_sigmas) if x is not None)
    small = dense.select(_spread_may_be_below(half, times).gather(place)).to_series()
    far = rows.filter(known & (pl.col("_off") > fixed(least)) & small)
    far = far.select("_n", "_place", "_middle")
    around = pl.DataFrame(
        {
            str(j): (line.gather(far["_place"] + j) - far["_middle"]).abs()
            for j in range(-half, half + 1)
        }
    )
    spread = around.select(pl.concat_list(pl.all()).list.drop_nulls().list.median()).to_series()
    far = far.select("_n", _bound=spread * MAD)
    rows = rows.with_columns(
        _bound=pl.repeat(None, rows.height, dtype=pl.Float64, eager=True).scatter(
            far["_n"], far["_bound"]
        ),
        _known=known,
    )
    return _deviating(
        data,
        rows,
        "spike",
        levels,
        sigmas,
        fail_sigmas,
        least,
        zh="较前后时段中位数",
        en="the median of its window",
    )


def _spread_may_be_below(half: int, times: float) -> pl.Expr:
    """Tell where the median deviation of a window may be small enough to flag its middle.

    It is below a bound only if half of the deviations are: counting needs no sorting. The bound is
    a hair too large, so that rounding leaves nothing out.
    """
    if times <= 0:
        return pl.lit(value=True) & pl.col("_line").is_not_null()
    bound = pl.col("_off") * ((1 + 1e-9) / (times * MAD))
    below: pl.Expr = pl.lit(0, dtype=pl.UInt8)
    there: pl.Expr = pl.lit(0, dtype=pl.UInt8)
    for j in range(-half, half + 1):
        neighbour = pl.col("_line").shift(j)
        near = (neighbour - pl.col("_middle")).abs() <= bound
        below = below + near.fill_null(value=False).cast(pl.UInt8)
        there = there + neighbour.is_not_null().cast(pl.UInt8)
    return below * 2 >= there


def _deviating(
    data: Observed,
    rows: pl.DataFrame,
    rule: str,
    levels: Collection[str],
    sigmas: float | None,
    fail_sigmas: float | None,
    least: float,
    *,
    zh: str,
    en: str,
) -> LazyFrame:
    """Flag what lies further off than its bound, `_bound` being one standard deviation."""

    def beyond(times: float | None) -> nw.Expr | None:
        if times is None:
            return None
        return (nw.col("_off") > nw.col("_bound") * times).fill_null(value=False)

    level = worst(beyond(fail_sigmas), beyond(sigmas), nw.col("_known"))
    level = nw.when(~nw.col(FIXED).is_null()).then(level)
    frame = _handed(rows)
    off, middle, bound = (
        (nw.col(c) + 0.5).floor().cast(nw.Int64) for c in ("_off", "_middle", "_bound")
    )
    # The limit is the larger of the two conditions.
    chosen = nw.lit(float(sigmas if sigmas is not None else fail_sigmas or 0))
    if sigmas is not None and fail_sigmas is not None:
        chosen = (
            nw.when(nw.col("level") == "fail").then(nw.lit(float(fail_sigmas))).otherwise(chosen)
        )
    by_spread = (nw.col("_bound") * chosen + 0.5).floor().cast(nw.Int64)
    floor = integer(fixed(least))
    limit = nw.when(by_spread > floor).then(by_spread).otherwise(floor)
    centre, distance, sigma = said(middle), said(off), said(bound)
    return flags(
        frame,
        data.keys,
        rule,
        level,
        levels,
        zh=[f"{zh} ", centre, " 偏离 ", distance, "（标准差 ", sigma, "）"],
        en=[distance, f" off {en} ", centre, " (sigma ", sigma, ")"],
        measure=off,
        limit=nw.when(~nw.col("_bound").is_null()).then(limit),
    )


def neighbours(
    data: Observed,
    levels: Collection[str],
    *,
    group: str,
    sigmas: float | None = None,
    fail_sigmas: float | None = None,
    least: float = 0,
    stations: int = 4,
) -> LazyFrame:
    """Flag a value far from the median of its group's stations at the time.

    Far is more than `sigmas` times 1.4826 MAD of the group and more than `least`; the group needs
    `stations` values.
    """
    keys = ["property", "period", "time", group]
    rows = data.ordered.with_row_index("_n")
    value = rows.filter(V.is_not_null(), pl.col(group).is_not_null()).select(
        "_n", *keys, _f=V.cast(pl.Float64)
    )
    middle = value.group_by(keys).agg(_middle=pl.col("_f").median(), _count=pl.len())
    off = value.join(
        middle.filter(pl.col("_count") >= stations), on=keys, how="inner", nulls_equal=True
    ).with_columns(_off=(pl.col("_f") - pl.col("_middle")).abs())
    # Only groups with a value far enough off need their spread.
    some = off.filter((pl.col("_off") > fixed(least)).any().over(keys)) if off.height else off
    spread = some.group_by(keys).agg(_bound=pl.col("_off").median() * MAD)
    some = some.filter(pl.col("_off") > fixed(least)).join(
        spread, on=keys, how="inner", nulls_equal=True
    )
    rows = rows.with_columns(
        **{
            name: pl.repeat(None, rows.height, dtype=pl.Float64, eager=True).scatter(
                source["_n"], source[name]
            )
            for name, source in (("_middle", off), ("_off", off), ("_bound", some))
        }
    ).with_columns(_known=pl.col("_middle").is_not_null())
    return _deviating(
        data,
        rows,
        "neighbours",
        levels,
        sigmas,
        fail_sigmas,
        least,
        zh="较同组站点中位数",
        en="the median of its group",
    )

"""Hours laid out by the clock: one row a day with the 24 hours side by side.

Running means are then plain column arithmetic over clock hours: a missing row is a missing hour,
wherever the rows stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import narwhals.stable.v2 as nw

from shanshui._frames import Entered, naive_time, require
from shanshui.air._rules import fault_code, measured, valid_fixed
from shanshui.standards.errors import ShanshuiError
from shanshui.standards.rounding import integer

if TYPE_CHECKING:
    from shanshui._frames import LazyFrame

Stamp = Literal["start", "end"]


def stamped(entered: Entered, keys: Sequence[str], stamp: Stamp) -> LazyFrame:
    """Add ``_date`` and ``_hour`` (1 to 24, the label of the hour's end) to a frame of hours.

    Raises
    ------
    SchemaError
        When a key or the time is missing, or the time is none.
    ShanshuiError
        When `stamp` is neither ``"start"`` nor ``"end"``.
    """
    if stamp not in ("start", "end"):
        raise ShanshuiError(f"stamp 应为 'start' 或 'end' / must be 'start' or 'end': {stamp!r}")
    require(entered.schema, [*keys, "time"], what="小时数据")
    time = naive_time(entered, "time")
    start = time.dt.offset_by("-1h") if stamp == "end" else time
    return entered.frame.with_columns(
        start.dt.date().alias("_date"),
        (start.dt.hour().cast(nw.Int64) + 1).alias("_hour"),
    )


def sound_values(frame: LazyFrame, entered: Entered, items: Sequence[str]) -> LazyFrame:
    """Add ``_v_<item>`` (sound values as fixed integers) and ``_f_<item>`` (fault codes)."""
    values = {item: measured(item, entered.schema[item]) for item in items}
    return frame.with_columns(
        *(valid_fixed(value, item).alias(f"_v_{item}") for item, value in values.items()),
        *(fault_code(value, item).alias(f"_f_{item}") for item, value in values.items()),
    )


def hour_columns(item: str) -> list[nw.Expr]:
    """Return the 24 columns ``_<item>_<label>`` of a row's own hour."""
    return [
        nw.when(nw.col("_hour") == label).then(nw.col(f"_v_{item}")).alias(f"_{item}_{label}")
        for label in range(1, 25)
    ]


def day_row(item: str) -> list[nw.Expr]:
    """Return the aggregates that bring an item's 24 hours into the row of the day."""
    return [nw.col(f"_{item}_{label}").max() for label in range(1, 25)]


COUNT = 2**43
"""What is added to each value, so that one sum holds both sum and count of a day's hours.

A column of an aggregation is what a row costs most. 24 sums of 10^10 stay well below it.
"""


def with_counted(frame: LazyFrame, items: Sequence[str]) -> LazyFrame:
    """Add ``_s_<item>``: sound values with `COUNT` added, to be summed."""
    return frame.with_columns((nw.col(f"_v_{i}") + COUNT).alias(f"_s_{i}") for i in items)


def days_of(frame: LazyFrame, keys: Sequence[str], *aggregates: nw.Expr) -> LazyFrame:
    """Aggregate hours to one row a key and day, with ``_repeats``: an hour is there twice.

    A repeated hour shows in the sum of 2^hour: adding powers of two never leaves more ones than
    powers, and leaves as many only where all differ.
    """
    power = (nw.lit(2.0) ** nw.col("_hour").cast(nw.Float64)).cast(nw.Int64)
    days = (
        frame.with_columns(power.alias("_power"))
        .group_by(*keys, "_date")
        .agg(
            nw.len().cast(nw.Int64).alias("_rows"),
            nw.col("_power").sum().cast(nw.Int64).alias("_mask"),
            *aggregates,
        )
    )
    ones = nw.sum_horizontal(*(nw.col("_mask") // 2**bit % 2 for bit in range(32)))
    repeats = (ones < nw.col("_rows")) & ~nw.col("_date").is_null()
    return days.with_columns(repeats.alias("_repeats"))


def by_day(frame: LazyFrame, keys: Sequence[str], items: Sequence[str]) -> LazyFrame:
    """Bring the hours of `items` side by side as ``_<item>_<label>``, one row a key and day."""
    frame = frame.with_columns(c for item in items for c in hour_columns(item))
    return days_of(frame, keys, *(aggregate for item in items for aggregate in day_row(item)))


def with_running(
    days: LazyFrame,
    item: str,
    labels: Iterable[int],
    length: int,
    least: int,
) -> LazyFrame:
    """Add ``_t_<item>_<label>`` and ``_n_<item>_<label>``: sum and count of running hours.

    They are the `length` hours that end at the label; a count below `least` is null. Hours of the
    day before are the columns with the suffix ``_before``. Steps are columns of their own, as
    expressions that hold each other would grow without measure.
    """

    def column(hour: int) -> str:
        return f"_{item}_{hour}" if hour >= 1 else f"_{item}_{hour + 24}_before"

    spans = {
        label: [column(hour) for hour in range(label - length + 1, label + 1)] for label in labels
    }
    days = days.with_columns(
        nw.when(~nw.col(c).is_null()).then(integer(1)).otherwise(integer(0)).alias(f"_p{c}")
        for c in sorted({c for span in spans.values() for c in span})
    )
    days = days.with_columns(
        *(
            nw.sum_horizontal(*span).cast(nw.Int64).alias(f"_t_{item}_{k}")
            for k, span in spans.items()
        ),
        *(
            nw.sum_horizontal(*(f"_p{name}" for name in span))
            .cast(nw.Int64)
            .alias(f"_n_{item}_{k}")
            for k, span in spans.items()
        ),
    )
    return days.with_columns(
        nw.when(nw.col(f"_n_{item}_{k}") >= least)
        .then(nw.col(f"_n_{item}_{k}"))
        .alias(f"_n_{item}_{k}")
        for k in spans
    )


def with_day_before(days: LazyFrame, keys: Sequence[str], columns: Sequence[str]) -> LazyFrame:
    """Add the given columns of the day before, with the suffix ``_before``.

    A day that repeats an hour has nothing to lend.
    """
    before = days.select(
        *keys,
        nw.col("_date").dt.offset_by("1d").cast(nw.Date).alias("_date"),
        *(nw.when(~nw.col("_repeats")).then(nw.col(c)).alias(f"{c}_before") for c in columns),
    )
    return days.join(before, on=[*keys, "_date"], how="left")

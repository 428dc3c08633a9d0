"""Daily values of the six items from hourly means (GB 3095, HJ 663)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from math import lcm
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from shanshui._frames import enter, naive_time, names, require, require_numbers
from shanshui._rules import agreed, by_edition, code_if, joined, largest
from shanshui.air._hours import (
    COUNT,
    Stamp,
    days_of,
    sound_values,
    stamped,
    with_counted,
    with_day_before,
)
from shanshui.air._marks import carried
from shanshui.air._rules import (
    DAILY,
    HOURLY,
    edition_name,
    fault_code,
    fault_codes,
    in_force,
    limit,
    measured,
    pollutant,
)
from shanshui.standards.editions import Edition
from shanshui.standards.errors import ShanshuiError
from shanshui.standards.rounding import PLACES, divide_half_even, from_fixed, integer

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrameT

MEANS = ("so2", "no2", "co", "pm10", "pm25")
WINDOW = 8
"""Hours of a running mean of O3."""
FAULT_PAIRS = (("so2", "no2"), ("co", "o3"), ("pm10", "pm25"))
FAULT_LANE = 2**30
"""Radix of two fault codes in one sum: see `_rules.fault_code`."""


def daily(
    hours: IntoFrameT,
    *,
    stamp: Stamp = "end",
    by: str | Sequence[str] = "station",
    edition: str | date | Edition | None = None,
    rounded: bool = True,
    o3_labels: tuple[int, int] | None = None,
) -> IntoFrameT:
    """Compute the daily values of each station from its hourly means.

    The natural day D holds the hours that end at D 01:00 to D+1 00:00. Means need at least 20
    hours. The daily maximum 8-hour O3 is the largest mean of 8 clock hours (at least 6 of them
    valid) among the labels of the day, and needs at least 14 such means or a value above the
    grade-2 limit. The daily maximum 1-hour O3 is the largest valid hour: the standards state no
    least number of hours for it, so look at ``hours_o3`` beside it.

    Parameters
    ----------
    hours : frame
        Keys, ``time`` (datetime, Beijing clock), ``so2, no2, co, o3, pm10, pm25`` (µg/m3, CO
        mg/m3). Any order; nulls and missing rows are missing hours.
    stamp : {"end", "start"}
        Whether ``time`` is the end (as the national network stamps) or the start of the hour.
    by : str or list of str
        Key columns of a station.
    edition : str, date or Edition, optional
        Edition by name, member number or date; by default the one of each row's date.
    rounded : bool
        Round to the published digits (µg/m3 whole, CO one decimal; GB/T 8170). Otherwise values
        keep six decimals.
    o3_labels : (int, int), optional
        First and last hour label of the 8-hour means of a day; by default the edition's, 8 to 24
        (confidence C). Labels below 8 take hours of the day before.

    Returns
    -------
    frame of the kind that came
        One row per key and day: keys, ``date, so2, no2, co, o3_1h, o3_8h, pm10, pm25, edition``,
        ``reason_<item>``, ``hours_<item>``, ``windows_o3``; and ``excluded_<item>``, ``event``,
        ``state_gas``, ``state_pm`` where the hours have them (`exclude`, `convert_state`). A value
        that fails its rule is null.
        Reasons are codes joined by ',': ``no_data``, ``few_hours``, ``few_windows``,
        ``repeated_hour`` (the day has two rows for one hour: nothing of it is used), ``negative``
        and ``absurd`` (an hour was set aside for that), ``no_edition``, ``no_time``. A frame that
        holds its rows comes back sorted by key and date.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.
    UnknownEdition, NoEdition
        From `edition`.

    References
    ----------
    GB 3095 表4 (validity), 3.9 (daily maximum 8-hour mean); HJ 663 6.1.2 (14 windows).

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime
    >>> from shanshui import air
    >>> hours = pl.DataFrame(
    ...     {
    ...         "station": "1001A",
    ...         "time": pl.datetime_range(
    ...             datetime(2026, 3, 1, 1), datetime(2026, 3, 2), "1h", eager=True
    ...         ),
    ...     }
    ... ).with_columns(so2=5.0, no2=20.0, co=0.45, o3=80.0, pm10=41.0, pm25=12.5)
    >>> air.daily(hours).select("date", "co", "o3_8h", "pm25", "edition").row(0)
    (datetime.date(2026, 3, 1), 0.4, 80.0, 12.0, '2026')
    """
    entered = enter(hours)
    keys = names(by)
    require(entered.schema, [*keys, "time", *HOURLY], what="小时数据")
    editions = in_force(entered, naive_time(entered, "time").dt.date(), edition)
    which = nw.col("edition")
    first, last = o3_labels or agreed(editions, "o3_labels")
    if not 1 <= first <= last <= 24:
        raise ShanshuiError(f"o3_labels 应在 1—24 内 / must lie within 1..24: {(first, last)}")

    require_numbers(entered.schema, HOURLY)
    labels = range(first, last + 1)
    marks = carried(entered.schema, {i: pollutant(i) for i in DAILY})
    frame = sound_values(stamped(entered, keys, stamp), entered, HOURLY)
    frame = with_counted(frame, HOURLY).with_columns(
        *(_within(max(1, k - 7), k).alias(f"_w_{k}") for k in labels),
        *(_within(k + 17, 24).alias(f"_late_{k}") for k in labels if k < 8),
        *(
            (
                fault_code(measured(a, entered.schema[a]), a)
                + fault_code(measured(b, entered.schema[b]), b, FAULT_LANE)
            ).alias(f"_faults_{a}")
            for a, b in FAULT_PAIRS
        ),
        *marks.prepare,
    )
    summed = [
        *(f"_s_{i}" for i in HOURLY),
        *(f"_w_{k}" for k in labels),
        *(f"_late_{k}" for k in labels if k < 8),
        *(f"_faults_{a}" for a, _ in FAULT_PAIRS),
    ]
    days = days_of(
        frame,
        keys,
        nw.col("_v_o3").max().alias("_o3_max"),
        *(nw.col(c).sum().cast(nw.Int64) for c in summed),
        *marks.aggregates,
    )
    if first < 8:
        late = [k for k in labels if k < 8]
        days = with_day_before(days, keys, [f"_late_{k}" for k in late])
        days = days.with_columns(
            (nw.col(f"_w_{k}") + nw.col(f"_late_{k}_before").fill_null(0)).alias(f"_w_{k}")
            for k in late
        )
    days = days.with_columns(
        *((nw.col(f"_s_{i}") % COUNT).alias(f"_sum_{i}") for i in MEANS),
        *((nw.col(f"_s_{i}") // COUNT).cast(nw.Int64).alias(f"hours_{i}") for i in HOURLY),
        *((nw.col(f"_w_{k}") % COUNT).alias(f"_t_{k}") for k in labels),
        *((nw.col(f"_w_{k}") // COUNT).cast(nw.Int64).alias(f"_n_{k}") for k in labels),
        *((nw.col(f"_faults_{a}") % FAULT_LANE).alias(f"_fault_{a}") for a, _ in FAULT_PAIRS),
        *((nw.col(f"_faults_{a}") // FAULT_LANE).alias(f"_fault_{b}") for a, b in FAULT_PAIRS),
    )
    least = agreed(editions, "window_hours_min")
    parts = lcm(*range(least, WINDOW + 1))
    days = days.with_columns(
        nw.when(nw.col(f"_n_{k}") >= least).then(nw.col(f"_n_{k}")).alias(f"_n_{k}") for k in labels
    )
    days = days.rename({"_date": "date"})
    days = days.with_columns(edition_name(nw.col("date"), edition).alias("edition"))
    usable = ~nw.col("_repeats") & ~nw.col("edition").is_null() & ~nw.col("date").is_null()
    days = days.with_columns(
        nw.when(usable & (nw.col(f"hours_{i}") >= agreed(editions, "day_hours_min")))
        .then(nw.col(f"hours_{i}"))
        .alias(f"_count_{i}")
        for i in MEANS
    )

    def at_digits(item: str, build: Callable[[int], nw.Expr], *, published: bool) -> nw.Expr:
        """Build a fixed value at the digits that are published, or at all six."""
        return by_edition(
            editions,
            lambda e: e.parameter("digits_daily")[pollutant(item)] if published else PLACES,
            lambda digits: build(10 ** (PLACES - digits)) * 10 ** (PLACES - digits),
            which,
        )

    days = days.with_columns(
        *(
            at_digits(
                i,
                lambda drop, i=i: divide_half_even(  # type: ignore[misc]
                    nw.col(f"_sum_{i}"), nw.col(f"_count_{i}") * drop
                ),
                published=rounded,
            ).alias(f"_d_{i}")
            for i in MEANS
        ),
        nw.when(~nw.col("_repeats"))
        .then(nw.sum_horizontal(*(_one_unless_null(f"_n_{k}") for k in labels)).cast(nw.Int64))
        .alias("windows_o3"),
        # As many whole parts as every count of hours divides, so that means compare as they are.
        *(
            (nw.col(f"_t_{k}") * (integer(parts) // nw.col(f"_n_{k}"))).alias(f"_w_{k}")
            for k in labels
        ),
    )
    days = days.with_columns(largest(nw.col(f"_w_{k}") for k in labels).alias("_largest"))

    def ozone(drop: int) -> nw.Expr:
        return divide_half_even(nw.col("_largest"), parts * drop)

    days = days.with_columns(
        at_digits("o3", ozone, published=rounded).alias("_o3_8h"),
        # A limit is compared with the value as published.
        at_digits("o3", ozone, published=True).alias("_o3_8h_published"),
        at_digits(
            "o3", lambda drop: divide_half_even(nw.col("_o3_max"), drop), published=rounded
        ).alias("_o3_1h"),
    )
    enough_windows = by_edition(
        editions,
        lambda e: (e.parameter("o3_windows_min"), limit(e, "o3", "8h") * 10**PLACES),
        lambda rule: (nw.col("windows_o3") >= rule[0]) | (nw.col("_o3_8h_published") > rule[1]),
        which,
    )
    days = days.with_columns(
        *(from_fixed(nw.col(f"_d_{i}")).alias(i) for i in MEANS),
        nw.when(usable).then(from_fixed(nw.col("_o3_1h"))).alias("o3_1h"),
        nw.when(usable & enough_windows).then(from_fixed(nw.col("_o3_8h"))).alias("o3_8h"),
    )
    result = days.select(
        *keys,
        "date",
        *DAILY,
        "edition",
        *(_reason(item).alias(f"reason_{item}") for item in DAILY),
        *(nw.col(f"hours_{item}") for item in HOURLY),
        "windows_o3",
        *marks.results,
    )
    out: IntoFrameT = entered.leave(result, [*keys, "date"])
    return out


def _within(first: int, last: int) -> nw.Expr:
    """Return the counted O3 value of a row whose hour lies between two labels."""
    inside = (nw.col("_hour") >= first) & (nw.col("_hour") <= last)
    return nw.when(inside).then(nw.col("_s_o3"))


def _one_unless_null(column: str) -> nw.Expr:
    return nw.when(~nw.col(column).is_null()).then(integer(1)).otherwise(integer(0))


def _reason(item: str) -> nw.Expr:
    """Say why a value is null, and which of its hours were set aside."""
    substance = pollutant(item)
    hours = nw.col(f"hours_{substance}")
    missing = nw.col(item).is_null()
    known = ~nw.col("date").is_null() & ~nw.col("edition").is_null() & ~nw.col("_repeats")
    few = "few_windows" if item == "o3_8h" else "few_hours"
    return joined(
        [
            code_if(nw.col("date").is_null(), "no_time"),
            code_if(~nw.col("date").is_null() & nw.col("edition").is_null(), "no_edition"),
            code_if(nw.col("_repeats"), "repeated_hour"),
            *fault_codes(nw.col(f"_fault_{substance}")),
            code_if(known & missing & (hours == 0), "no_data"),
            code_if(known & missing & (hours > 0), few),
        ]
    )

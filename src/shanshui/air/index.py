"""Air quality index: IAQI, AQI, level, primary pollutant (HJ 633-2012 and HJ 633-2026)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import narwhals.stable.v2 as nw

from shanshui._frames import (
    ORDER,
    Entered,
    enter,
    naive_date,
    naive_time,
    names,
    remember_order,
    require,
    require_numbers,
    set_aside,
)
from shanshui._rules import agreed, by_edition, code_if, joined, largest
from shanshui.air._hours import (
    Stamp,
    by_day,
    sound_values,
    stamped,
    with_day_before,
    with_running,
)
from shanshui.air._rules import (
    DAILY,
    HOURLY,
    SIX,
    chosen,
    edition_name,
    fault_codes,
    in_force,
    pollutant,
)
from shanshui.standards.editions import Edition
from shanshui.standards.errors import SchemaError, ShanshuiError
from shanshui.standards.rounding import PLACES, divide_half_even, from_fixed, integer

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrameT

    from shanshui._frames import LazyFrame

Report = Literal["daily", "hourly", "hourly_text"]


class Scale(NamedTuple):
    """How one item of a report becomes an IAQI."""

    column: str
    concentrations: tuple[int, ...]
    iaqi: tuple[int, ...]
    above: int | None
    digits: int | None  # the concentration is rounded to so many decimals first, or not at all


def running_column(item: str, hours: int) -> str:
    """Return the name of an item's running mean: ``pm25_24h``, ``o3_8h``."""
    return f"{pollutant(item)}_{hours}h"


def scale(edition: Edition, report: Report, item: str) -> Scale | None:
    """Return the scale of an item, or None where the edition does not judge it."""
    name = edition.table("reports")[report].get(item)
    if name is None:
        return None
    row: dict[str, Any] = next(r for r in edition.table("breakpoints") if r["name"] == name)
    digits = edition.parameter("digits_daily")[pollutant(item)]
    hours = edition.table("running").get(item) if report == "hourly_text" else None
    return Scale(
        running_column(item, hours) if hours else item,
        tuple(row["concentrations"]),
        tuple(edition.table("iaqi")),
        row.get("above"),
        digits if edition.parameter("round_before_index") else None,
    )


def judged_value(rule: Scale | None) -> nw.Expr:
    """Return the concentration that the scale is applied to, rounded first where it says so."""
    if rule is None:
        return nw.lit(None, dtype=nw.Int64)
    value = nw.col(f"_v_{rule.column}")
    if rule.digits is None:
        return value
    drop: int = 10 ** (PLACES - rule.digits)
    return divide_half_even(value, drop) * drop


def iaqi_of(value: nw.Expr, rule: Scale | None) -> nw.Expr:
    """Compute the IAQI of a fixed concentration, exactly, rounded up.

    Each segment of the scale is ``(a·C + b) / d`` in integers, rounded up by what is added to b.
    """
    if rule is None:
        return nw.lit(None, dtype=nw.Int64)
    points = [c * 10**PLACES for c in rule.concentrations]
    index = nw.lit(rule.above, dtype=nw.Int64)  # above the last breakpoint
    # From the top segment down, so that the lowest segment that holds the value wins.
    for k in reversed(range(len(points) - 1)):
        rise = rule.iaqi[k + 1] - rule.iaqi[k]
        run = points[k + 1] - points[k]
        shift = integer(rule.iaqi[k] * run - rise * points[k] + run - 1)
        index = nw.when(value <= points[k + 1]).then((value * rise + shift) // run).otherwise(index)
    return nw.when(~value.is_null()).then(index).cast(nw.Int64)


def add_index(
    frame: LazyFrame,
    report: Report,
    editions: Sequence[Edition],
    *,
    items: Collection[str],
    exempt: Collection[str],
) -> LazyFrame:
    """Add ``iaqi_<item>`` and the columns of `OUTCOME` to a frame with ``_v_…`` and ``edition``.

    `items` are those of the report that the frame holds.
    """
    if not items:
        raise SchemaError("没有可评价的项目 / the frame has no item that the report judges")
    which = nw.col("edition")

    def scales(item: str, build: Callable[[Scale | None], nw.Expr]) -> nw.Expr:
        return by_edition(editions, lambda e: scale(e, report, item), build, which)

    frame = frame.with_columns(scales(i, judged_value).alias(f"_c_{i}") for i in items)
    frame = frame.with_columns(
        scales(i, partial(iaqi_of, nw.col(f"_c_{i}"))).alias(f"iaqi_{i}") for i in items
    )
    iaqi = {item: nw.col(f"iaqi_{item}") for item in items}

    # The daily maximum hour of O3 and its running 8 hours stand beside another O3 value and are
    # published less often: their absence alone is no gap.
    asked = [i for i in (SIX if report == "daily" else HOURLY) if i not in exempt]
    gaps = {i: iaqi[i].is_null() for i in asked}
    if "o3_8h" in gaps and "o3_1h" in iaqi:
        # 2012: above the scale of 8 hours, the hour reports for O3.
        stands_in = ~nw.col("_v_o3_8h").is_null() & ~iaqi["o3_1h"].is_null()
        gaps["o3_8h"] = gaps["o3_8h"] & ~stands_in
    incomplete = nw.any_horizontal(nw.lit(False), *gaps.values(), ignore_nulls=False)
    frame = frame.with_columns(
        largest(iaqi.values()).alias("_rest"), incomplete.alias("_incomplete")
    )
    rest = nw.col("_rest")
    may_withhold = by_edition(
        editions,
        lambda e: bool(e.parameter("withhold_incomplete")),
        nw.lit,
        which,
    )
    withheld = may_withhold & nw.col("_incomplete") & ((rest <= 100) | rest.is_null())
    frame = frame.with_columns(
        nw.when(~withheld).then(rest).alias("aqi"),
        nw.when(which.is_null())
        .then(nw.lit("no_edition"))
        .otherwise(
            nw.when(withheld)
            .then(nw.lit("NA"))
            .otherwise(
                nw.when(rest.is_null())
                .then(nw.lit("no_data"))
                .otherwise(
                    nw.when(nw.col("_incomplete")).then(nw.lit("partial")).otherwise(nw.lit("ok"))
                )
            )
        )
        .alias("aqi_status"),
    )
    aqi = nw.col("aqi")
    classes = by_edition(editions, _classes, lambda rows: _class_of(aqi, rows), which)
    names_ = by_edition(editions, _classes, lambda rows: _class_of(aqi, rows, name=True), which)
    above = by_edition(editions, lambda e: e.parameter("primary_above"), lambda n: aqi > n, which)
    exceeding = by_edition(
        editions,
        lambda e: "exceeding_above" in _parameters(e) and e.parameter("exceeding_above"),
        lambda n: (
            joined(code_if(v > n, i) for i, v in iaqi.items())
            if n
            else nw.lit(None, dtype=nw.String)
        ),
        which,
    )
    return frame.with_columns(
        classes.cast(nw.Int64).alias("level"),
        names_.alias("category"),
        joined(code_if(above & (v == aqi), i) for i, v in iaqi.items()).alias("primary"),
        nw.when(~aqi.is_null()).then(exceeding).alias("exceeding"),
    )


def _parameters(edition: Edition) -> set[str]:
    return {name for member in edition.members for name in member.parameters}


def _classes(edition: Edition) -> tuple[tuple[int, int | None, str], ...]:
    rows = edition.table("classes")["categories"]
    return tuple((row["level"], row.get("high"), row["name"]) for row in rows)


def _class_of(
    aqi: nw.Expr, classes: tuple[tuple[int, int | None, str], ...], *, name: bool = False
) -> nw.Expr:
    """Return level or name of the class; the worst class has no upper end."""
    result = nw.lit(None, dtype=nw.String if name else nw.Int64)
    for level, high, title in reversed(classes):
        inside = ~aqi.is_null() if high is None else aqi <= high
        result = nw.when(inside).then(nw.lit(title if name else level)).otherwise(result)
    return result


def report_items(report: Report, editions: Sequence[Edition]) -> list[str]:
    """Return the items that any of the editions judges in a report, in their usual order."""
    asked = {item for e in editions for item in e.table("reports")[report]}
    order = DAILY if report == "daily" else ("so2", "no2", "co", "o3", "o3_8h", "pm10", "pm25")
    return [item for item in order if item in asked]


OUTCOME = ("aqi", "level", "category", "primary", "exceeding", "aqi_status")


def aqi(
    daily: IntoFrameT,
    *,
    edition: str | date | Edition | None = None,
    exempt: Collection[str] = (),
) -> IntoFrameT:
    """Compute the daily AQI of rows of daily values.

    2012: seven items, the concentration as it stands; O3 8 h above 800 has no IAQI; an AQI is
    given from whatever is there. 2026: six items, concentrations rounded first; O3 8 h above 800
    counts 300; with an item missing the AQI stands only above 100, otherwise it is null and
    ``aqi_status`` is ``"NA"``. Above the last breakpoint the IAQI is 500. All zero gives AQI 0.

    Parameters
    ----------
    daily : frame
        ``date, so2, no2, co, o3_8h, pm10, pm25`` and, for 2012, ``o3_1h`` where there is one
        (µg/m3, CO mg/m3); any other columns.
    edition : str, date or Edition, optional
        By default the one of each row's date.
    exempt : collection of str
        Items that the site's programme does not measure and that are excused by HJ 633-2026
        5.3.2; their columns may be absent.

    Returns
    -------
    frame of the kind that came
        Every row and column, and ``iaqi_<item>``, ``aqi``, ``level`` (1 to 6), ``category``,
        ``primary`` and ``exceeding`` (codes joined by ','; 2026 defines no exceeding items),
        ``aqi_status``, ``edition``, ``reason_<item>``. ``aqi_status`` is ``ok``, ``partial``
        (computed without a missing item), ``NA`` (withheld), ``no_data`` or ``no_edition``. An
        input column of such a name is kept as ``<name>_input``, but ``edition``, which names the
        edition used here, and ``reason_<item>``, which is added to.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.
    UnknownEdition, NoEdition
        From `edition`.

    References
    ----------
    HJ 633-2012 表1, 6.2; HJ 633-2026 4.2.2, 4.2.6, 5.3.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> day = pl.DataFrame(
    ...     {
    ...         "date": [date(2025, 1, 1), date(2026, 4, 1)],
    ...         "so2": 6,
    ...         "no2": 20,
    ...         "co": 2.2,
    ...         "o3_8h": 90,
    ...         "pm10": 60,
    ...         "pm25": 70,
    ...     }
    ... )
    >>> aqi(day).select("iaqi_co", "aqi", "category", "primary", "edition").rows()
    [(55, 94, '良', 'pm25', '2012'), (55, 110, '轻度污染', 'pm25', '2026')]
    """
    entered = enter(daily)
    excused = exempted(exempt, SIX)
    require(entered.schema, ["date", *(i for i in SIX if i not in excused)], what="日值数据")
    require_numbers(entered.schema, DAILY)
    day = naive_date(entered, "date")
    editions = in_force(entered, day, edition)
    present = [i for i in DAILY if i in entered.schema]
    items = [i for i in report_items("daily", chosen(edition)) if i in present]
    added = [*(f"iaqi_{i}" for i in items), *OUTCOME]
    frame = sound_values(set_aside(entered, added), entered, present).with_columns(
        edition_name(day, edition).alias("edition")
    )
    frame = add_index(frame, "daily", editions, items=items, exempt=excused)
    out: IntoFrameT = entered.leave(_finish(frame, entered, added, present), [])
    return out


def aqi_hourly(
    hours: IntoFrameT,
    *,
    edition: str | date | Edition | None = None,
    rule: Literal["platform", "text"] = "platform",
    stamp: Stamp = "end",
    by: str | Sequence[str] = "station",
    exempt: Collection[str] = (),
) -> IntoFrameT:
    """Compute the real-time AQI of each hour.

    Parameters
    ----------
    hours : frame
        ``time, so2, no2, co, o3, pm10, pm25`` (1-hour means, µg/m3, CO mg/m3); any other columns.
        `by` is needed for ``rule="text"`` only.
    edition : str, date or Edition, optional
        By default the one of each row's date.
    rule : {"platform", "text"}
        For 2012: ``"platform"`` as the national platform publishes it, six 1-hour means with
        particulates by the daily breakpoints; ``"text"`` as the standard is written, particulates
        by the running mean of 24 clock hours (at least 20 valid) and O3 by the larger IAQI of the
        hour and of the running 8 hours (at least 6 valid). 2026 is the platform's way in its text.
    stamp : {"end", "start"}
        Whether ``time`` is the end or the start of the hour.
    by : str or list of str
        Key columns of a station.
    exempt : collection of str
        Items excused by HJ 633-2026 5.3.2; their columns may be absent.

    Returns
    -------
    frame of the kind that came
        Every row and column, and the columns that `aqi` adds; with ``rule="text"`` also
        ``o3_8h, pm10_24h, pm25_24h`` (rounded running means) and ``iaqi_o3_8h``. SO2 above
        800 has no IAQI in 2012 and counts 200 in 2026.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.
    UnknownEdition, NoEdition
        From `edition`.

    References
    ----------
    HJ 633-2012 表1; HJ 633-2026 4.2.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime
    >>> hour = pl.DataFrame({"time": [datetime(2025, 8, 30, 10)]}).with_columns(
    ...     so2=3, no2=15, co=0.6, o3=67, pm10=26, pm25=11
    ... )
    >>> aqi_hourly(hour).select("iaqi_pm10", "iaqi_pm25", "aqi", "category").row(0)
    (26, 16, 26, '优')
    """
    if rule not in ("platform", "text"):
        raise ShanshuiError(f"rule 应为 'platform' 或 'text' / must be one of them: {rule!r}")
    report: Report = "hourly" if rule == "platform" else "hourly_text"
    entered = enter(hours)
    keys = names(by) if rule == "text" else []
    excused = exempted(exempt, HOURLY)
    require(entered.schema, (i for i in HOURLY if i not in excused), what="小时数据")
    require_numbers(entered.schema, HOURLY)
    every = chosen(edition)
    present = [i for i in HOURLY if i in entered.schema]
    means = {
        running_column(item, length): length
        for e in every
        for item, length in e.table("running").items()
        if rule == "text" and pollutant(item) in present
    }
    items = [i for i in report_items(report, every) if pollutant(i) in present]
    added = [*means, *(f"iaqi_{i}" for i in items), *OUTCOME]
    frame = set_aside(entered, added)
    if means:
        frame = remember_order(frame, entered)
    frame = stamped(replace(entered, frame=frame), keys, stamp)
    frame = sound_values(frame, entered, present)
    if means:
        frame = _with_running_means(frame, keys, means, every)
    frame = frame.with_columns(edition_name(nw.col("_date"), edition).alias("edition"))
    editions = in_force(entered, naive_time(entered, "time").dt.date(), edition)
    frame = add_index(frame, report, editions, items=items, exempt=excused)
    frame = frame.with_columns(from_fixed(nw.col(f"_v_{c}")).alias(c) for c in means)
    out: IntoFrameT = entered.leave(_finish(frame, entered, added, present), [])
    return out


def _with_running_means(
    frame: LazyFrame, keys: Sequence[str], means: dict[str, int], editions: Sequence[Edition]
) -> LazyFrame:
    """Add ``_v_<item>_<n>h``: running means over clock hours, rounded as published."""
    items = [pollutant(column) for column in means]
    days = with_day_before(
        by_day(frame, keys, items),
        keys,
        [f"_{item}_{label}" for item in items for label in range(1, 25)],
    )
    labels = range(1, 25)
    columns = []
    for column, length in means.items():
        item = pollutant(column)
        least = agreed(editions, "window_hours_min" if item == "o3" else "day_hours_min")
        drop = 10 ** (PLACES - agreed(editions, "digits_daily")[item])
        days = with_running(days, item, labels, length, least)
        columns += [
            (
                divide_half_even(nw.col(f"_t_{item}_{k}"), nw.col(f"_n_{item}_{k}") * drop) * drop
            ).alias(f"_{column}_{k}")
            for k in labels
        ]
    days = days.filter(~nw.col("_repeats")).with_columns(*columns)
    columns_by_label = [f"_{column}_{k}" for column in means for k in labels]
    wide = days.select(*keys, "_date", *columns_by_label)
    frame = frame.join(wide, on=[*keys, "_date"], how="left")
    return frame.with_columns(
        largest(
            nw.when(nw.col("_hour") == label).then(nw.col(f"_{column}_{label}"))
            for label in range(1, 25)
        ).alias(f"_v_{column}")
        for column in means
    )


def exempted(exempt: Collection[str], items: Sequence[str]) -> frozenset[str]:
    """Return the excused items, which must be items of the report."""
    given = frozenset([exempt] if isinstance(exempt, str) else exempt)
    if unknown := given - frozenset(items):
        raise ShanshuiError(
            f"exempt 应取自 {'、'.join(items)} / exempt items must be among them: {sorted(unknown)}"
        )
    return given


def _finish(
    frame: LazyFrame, entered: Entered, added: Sequence[str], present: Sequence[str]
) -> LazyFrame:
    """Keep the caller's columns, then what was added, then edition and reasons."""
    reasons = [f"reason_{i}" for i in present]
    own = [
        c if c not in added else f"{c}_input"
        for c in entered.schema
        if c not in {*reasons, "edition"} and (c not in added or f"{c}_input" not in entered.schema)
    ]
    order = [ORDER] if ORDER in frame.collect_schema() else []
    return frame.select(*order, *own, *added, "edition", *(_reason(i, entered) for i in present))


def _reason(item: str, entered: Entered) -> nw.Expr:
    """Say why a value was not used; a reason that the row already carries stands."""
    codes = [
        code_if(nw.col("edition").is_null(), "no_edition"),
        *fault_codes(nw.col(f"_f_{item}")),
    ]
    name = f"reason_{item}"
    reason = joined(codes)
    if name in entered.schema:
        reason = nw.coalesce(nw.col(name).cast(nw.String), reason)
    return reason.alias(name)

"""Statistics of a month, quarter, half-year, year or any span of months (GB 3095, HJ 663)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from shanshui._frames import (
    enter,
    naive_date,
    names,
    require,
    require_numbers,
    set_aside,
)
from shanshui._periods import Period, calendar_days, with_period
from shanshui._rules import agreed, by_edition, code_if, joined, one_if
from shanshui.air._marks import STATES, carried
from shanshui.air._rules import (
    DAILY,
    SIX,
    chosen,
    edition_name,
    in_force,
    limit,
    measured,
    pollutant,
    valid_fixed,
)
from shanshui.air.events import Dust, dust_basis
from shanshui.air.index import add_index, exempted, report_items
from shanshui.air.state import state_on
from shanshui.standards.basis import UNSTATED, Basis
from shanshui.standards.editions import Edition, editions
from shanshui.standards.errors import ShanshuiError
from shanshui.standards.rounding import PLACES, divide_half_even, from_fixed, integer, to_fixed

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrameT

    from shanshui._frames import LazyFrame

PERIOD = (
    *("period", "start", "end", "edition", "mixed_editions"),
    *("state", "state_pm", "basis", "days"),
)
"""Columns that say what a row of statistics is about."""

MEANS = ("so2", "no2", "pm10", "pm25")
PERCENTILES = {"so2": 98, "no2": 98, "co": 95, "o3_8h": 90, "pm10": 95, "pm25": 95}
COUNT_LEVELS = range(1, 7)
GOOD, HEAVY = 2, 5  # levels: 优 and 良; 重度 and 严重
QUANTILE_PLACES = PLACES + 2  # a percentile of values with six places has at most two more


def statistics(
    daily: IntoFrameT,
    *,
    by: str | Sequence[str] = "station",
    period: Period = "month",
    edition: str | date | Edition | None = None,
    grade: int = 2,
    weights: Mapping[str, float] | None = None,
    digits: Mapping[str, int] | None = None,
    basis: Basis | None = None,
    exempt: Collection[str] = (),
    dust: Dust | None = None,
) -> IntoFrameT:
    """Assess daily values over periods: means, percentiles, days, attainment, composite index.

    One edition judges a whole period: the one named, or the one of the period's last day; the AQI
    of every day is computed by it. Daily values are rounded as published before they enter
    (confidence C).

    Parameters
    ----------
    daily : frame
        Keys, ``date, so2, no2, co, o3_8h, pm10, pm25`` and, where there is one, ``o3_1h`` (µg/m3,
        CO mg/m3), as `daily` or `area` give them.
    by : str or list of str
        Key columns, e.g. ``"city"``.
    period : {"month", "quarter", "half", "year", "ytd"} or (str, str)
        ``"ytd"`` is 1—N月累计 for each month N up to the key's last in that year. A pair of months
        such as ``("2026-10", "2027-03")`` is one span, both included.
    edition : str, date or Edition, optional
        One set of standards for all periods.
    grade : {1, 2}
        Grade of the limits for attainment and exceedance. The indices always use grade 2.
    weights : mapping, optional
        Weights of the composite index by item (``o3_8h``, ``pm25`` …); 1 where not named.
    digits : mapping, optional
        Decimals of the means and percentiles by pollutant (``{"pm25": 1}``), to print more than
        the edition does. Indices and attainment keep the edition's.
    basis : Basis, optional
        What the daily values stand on: roster, dust, data status, source. Edition and state
        (标况 before 2018-09-01, 实况 after) are filled in where it leaves them open.
    exempt : collection of str
        Items excused by HJ 633-2026 5.3.2, see `aqi`.
    dust : {"national", "removed", "kept"}, optional
        What is done with the values that `exclude` has marked. ``"national"``, the default where
        there are marks, as the national bulletins print: PM10, PM2.5 and the composite index
        without them, the AQI of days and the ratios with them. ``"removed"``: all figures without
        them, a marked day having the AQI of its other items. ``"kept"``: all with them. A value
        that is left out counts for the least number of days all the same (confidence C).

    Returns
    -------
    frame of the kind that came
        One row per key and period:

        - ``period`` (``2020-03``, ``2020-Q1``, ``2020-H1``, ``2020``, ``2020-01~03`` for ytd),
          ``start``, ``end``, ``edition``, ``mixed_editions`` (the period's days belong to more than
          one), ``state`` of the gases and ``state_pm`` of the particulates (see `convert_state`),
          ``basis``, ``days`` (of the calendar);
        - ``valid_days`` (with an AQI), ``partial_days`` (of these, with an item missing: 2012 gives
          an AQI of the others), ``good_days``, ``good_ratio`` (% of valid days, 1 decimal),
          ``heavy_days``, ``heavy_ratio`` (AQI above 200), ``level_1_days`` …,
          ``primary_<item>_days`` (a tie counts for each);
        - ``so2, no2, pm10, pm25`` (means), ``co_p95``, ``o3_8h_p90``, ``so2_p98``, ``no2_p98``,
          ``pm10_p95``, ``pm25_p95``;
        - ``days_<item>`` (values that count), ``excluded_<item>_days`` (left out by an event),
          ``valid_<item>`` (enough days in every month of the period, and in the
          year), ``reason_<item>``;
        - ``exceed_<item>_days`` (above the daily limit), ``times_<item>`` (exceedance multiple of
          the mean, of the percentile for CO and O3), ``attains_<item>``, ``attains``;
        - ``index_<item>``, ``composite``, ``index_max``, ``main`` (items with it).

        A yearly figure of an item with too few days is null with the reason ``few_days``; shorter
        periods keep theirs beside ``valid_<item>``. Attainment (mean and percentile within the
        limits) is judged for whole years. ``repeated_day`` marks a key that has a day twice: all
        its figures are null.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.
    UnknownEdition, NoEdition
        From `edition`.
    ShanshuiError
        An unknown period, grade, weight or item.

    References
    ----------
    GB 3095 表1, 表4; HJ 663-2013 附录A (percentile: linear interpolation at 1 + (n - 1)·p);
    rounding of the composite index by 42 published rows.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> month = pl.DataFrame({"station": "广州", "date": [date(2019, 11, 1)]}).with_columns(
    ...     so2=11, no2=64, co=1.2, o3_8h=200, pm10=92, pm25=47
    ... )
    >>> statistics(month).select("period", "composite", "index_max", "main").row(0)
    ('2019-11', 5.98, 1.6, 'no2')
    """
    entered = enter(daily)
    keys = names(by)
    excused = exempted(exempt, SIX)
    require(entered.schema, [*keys, "date", *(i for i in SIX if i not in excused)], what="日值数据")
    require_numbers(entered.schema, DAILY)
    if grade not in (1, 2):
        raise ShanshuiError(f"grade 应为 1 或 2 / must be 1 or 2: {grade!r}")
    day = naive_date(entered, "date")
    spans = isinstance(period, tuple)
    sets = chosen(edition) if spans else in_force(entered, day, edition, whole_years=True)
    present = [i for i in DAILY if i in entered.schema]
    six = [i for i in SIX if i in present]
    marked = [i for i in present if f"excluded_{i}" in entered.schema]
    dust, basis = dust_basis(dust, basis, marked=bool(marked))
    left_out = marked if dust in ("national", "removed") else []
    states = STATES if all(s in entered.schema for s in STATES) else ()

    days = entered.frame.select(
        *keys,
        *states,
        day.alias("_day"),
        *(valid_fixed(measured(i, entered.schema[i]), i).alias(f"_v_{i}") for i in present),
        *((~nw.col(f"excluded_{i}").is_null()).alias(f"_out_{i}") for i in left_out),
    )
    if left_out:
        days = days.with_columns(
            one_if(nw.col(f"_out_{i}") & ~nw.col(f"_v_{i}").is_null()).alias(f"_lost_{i}")
            for i in left_out
        )
    if dust == "removed":
        days = days.with_columns(
            nw.when(~nw.col(f"_out_{i}")).then(nw.col(f"_v_{i}")).alias(f"_v_{i}") for i in left_out
        )
    days = with_period(days, entered, keys, period)
    days = _with_basis(days, edition)
    judged = [i for i in report_items("daily", chosen(edition)) if i in present]
    days = add_index(days, "daily", sets, items=judged, exempt=excused)
    days = _with_day_columns(days, sets, six, judged, grade, left_out)
    lost = [i for i in six if i in left_out]

    about = [*keys, "period", "start", "end", "edition", "mixed_editions", "_state_by_date"]
    said = carried(dict.fromkeys(states), {})
    pooled = days.group_by(about).agg(*_pooled(six, judged, lost), *said.aggregates)
    pooled = _with_state(pooled, said.results, basis)
    pooled = pooled.join(_months(days, keys, sets, six, lost), on=[*keys, "period"], how="left")
    whole_year = period == "year"
    pooled = _with_validity(pooled, sets, six, lost, whole_year=whole_year)
    pooled = _with_figures(pooled, sets, digits, whole_year=whole_year)
    pooled = _with_attainment(pooled, sets, grade, whole_year=whole_year)
    pooled = _with_indices(pooled, sets, weights)
    sound = ~nw.col("_repeats") & ~nw.col("edition").is_null()
    own = [*keys, *PERIOD]
    result = pooled.with_columns(
        _basis_text(basis).alias("basis"), calendar_days(period).alias("days")
    ).select(
        *own,
        *(nw.when(sound).then(nw.col(c)).alias(c) for c in _figure_columns()),
        *(nw.col(f"reason_{i}") for i in SIX),
    )
    out: IntoFrameT = entered.leave(result, [*keys, "start", "end"])
    return out


def _figure_columns() -> list[str]:
    """Return the figures in the order in which they are handed out."""
    return [
        *("valid_days", "partial_days", "good_days", "good_ratio", "heavy_days", "heavy_ratio"),
        *(f"level_{n}_days" for n in COUNT_LEVELS),
        *(f"primary_{i}_days" for i in DAILY),
        *MEANS,
        *(percentile(i) for i in ("co", "o3_8h", *MEANS)),
        *(f"days_{i}" for i in SIX),
        *(f"excluded_{i}_days" for i in SIX),
        *(f"valid_{i}" for i in SIX),
        *(f"exceed_{i}_days" for i in SIX),
        *(f"times_{i}" for i in SIX),
        *(f"attains_{i}" for i in SIX),
        "attains",
        *(f"index_{i}" for i in SIX),
        *("composite", "index_max", "main"),
    ]


def percentile(item: str) -> str:
    """Return the column of an item's assessed percentile: ``o3_8h_p90``."""
    return f"{item}_p{PERCENTILES[item]}"


def figures(schema: Collection[str]) -> list[str]:
    """Return the columns of statistics that are concentrations, ratios or indices."""
    known = [
        *MEANS,
        *(percentile(i) for i in ("co", "o3_8h", *MEANS)),
        *("good_ratio", "heavy_ratio"),
        *(f"index_{i}" for i in SIX),
        *("composite", "index_max"),
    ]
    return [c for c in known if c in schema]


def figure_digits(column: str, edition: Edition, digits: Mapping[str, int] | None) -> int:
    """Return the decimals of a figure of the statistics."""
    if column.endswith("_ratio"):
        return int(edition.parameter("digits_ratio"))
    if column.startswith("index") or column == "composite":
        return int(edition.parameter("digits_index"))
    item = pollutant(column.split("_", maxsplit=1)[0])
    return int((digits or {}).get(item, edition.parameter("digits_mean")[item]))


def rounded_mean(
    column: str, total: nw.Expr, count: nw.Expr, digits: Mapping[str, int] | None
) -> nw.Expr:
    """Return the mean of fixed figures, rounded to the digits of the figure."""
    places = figure_digits(column, editions("air")[0], digits)
    return from_fixed(divide_half_even(total, count * 10 ** (PLACES - places)), places)


# --- basis -------------------------------------------------------------------------------------


def _with_basis(days: LazyFrame, edition: str | date | Edition | None) -> LazyFrame:
    """Add edition and state of the period, and whether its days belong to several editions."""
    first, last = nw.col("start"), nw.col("end")
    days = days.with_columns(
        edition_name(last, edition).alias("edition"),
        edition_name(first, edition).alias("_first_edition"),
        state_on(first).alias("_first_state"),
        state_on(last).alias("_last_state"),
    )
    one, other = nw.col("_first_state"), nw.col("_last_state")
    state = nw.when(one == other).then(one).otherwise(nw.concat_str(one, nw.lit("+"), other))
    same = nw.col("_first_edition") == nw.col("edition")
    return days.with_columns(
        (~same).fill_null(value=True).alias("mixed_editions"), state.alias("_state_by_date")
    )


def _with_state(pooled: LazyFrame, said: Sequence[nw.Expr], basis: Basis | None) -> LazyFrame:
    """Add ``state`` of gases and ``state_pm``: as the basis says, or the rows, or the dates."""
    if basis is not None and basis.state is not None:
        gas = pm = nw.lit(basis.state)
    elif said:
        gas, pm = said
    else:
        gas = pm = nw.col("_state_by_date")
    return pooled.with_columns(gas.alias("state"), pm.alias("state_pm"))


def _basis_text(basis: Basis | None) -> nw.Expr:
    """Write the basis of each row as `Basis.parse` reads it."""
    # The text form with marks where each row has its own edition and state.
    own = replace(basis or Basis(), edition="{edition}", state="{state}")
    before, between, after = re.split(r"\{edition\}|\{state\}", str(own))
    return nw.concat_str(
        nw.lit(before),
        nw.col("edition").fill_null(UNSTATED),
        nw.lit(between),
        nw.col("state").fill_null(UNSTATED),
        nw.lit(after),
    )


# --- one row a day -----------------------------------------------------------------------------


def _with_day_columns(
    days: LazyFrame,
    sets: Sequence[Edition],
    six: Sequence[str],
    judged: Sequence[str],
    grade: int,
    left_out: Collection[str],
) -> LazyFrame:
    """Add what is counted: rounded values, exceedances, primary pollutants, levels."""
    which, aqi, level = nw.col("edition"), nw.col("aqi"), nw.col("level")

    def rounded(item: str) -> nw.Expr:
        value = nw.col(f"_v_{item}")
        if item in left_out:
            value = nw.when(~nw.col(f"_out_{item}")).then(value)
        return by_edition(
            sets,
            lambda e: _daily_digits(e, item),
            lambda d: divide_half_even(value, 10 ** (PLACES - d)) * 10 ** (PLACES - d),
            which,
        )

    days = days.with_columns(rounded(i).alias(f"_d_{i}") for i in six)
    primary_above = by_edition(
        sets, lambda e: e.parameter("primary_above"), lambda n: aqi > n, which
    )
    return days.with_columns(
        *(
            one_if(
                by_edition(
                    sets,
                    lambda e, i=i: limit(e, pollutant(i), _daily_averaging(i), grade),  # type: ignore[misc]
                    lambda top, i=i: nw.col(f"_d_{i}") > round(top * 10**PLACES),  # type: ignore[misc]
                    which,
                )
            ).alias(f"_exceed_{i}")
            for i in six
        ),
        *(
            one_if(primary_above & (nw.col(f"iaqi_{i}") == aqi)).alias(f"_primary_{i}")
            for i in judged
        ),
        *(one_if(level == n).alias(f"_level_{n}") for n in COUNT_LEVELS),
        one_if(nw.col("aqi_status") == "partial").alias("_partial"),
    )


def _daily_digits(edition: Edition, item: str) -> int:
    """Return the decimals with which daily values enter the figures of a period."""
    first = edition.parameter("round_daily_first")
    return int(edition.parameter("digits_daily")[pollutant(item)]) if first else PLACES


def daily_figure(item: str, kind: Any, edition: Edition) -> nw.Expr:
    """Return the daily values of an item as they enter the figures of a period.

    Parameters
    ----------
    item : str
        Column of days, e.g. ``o3_8h``.
    kind : data type
        Of the column.
    edition : Edition
        By which the period is assessed.
    """
    places = _daily_digits(edition, item)
    value = valid_fixed(measured(item, kind), item)
    return from_fixed(divide_half_even(value, 10 ** (PLACES - places)), places)


def _daily_averaging(item: str) -> str:
    return "8h" if item == "o3_8h" else "day"


def _pooled(six: Sequence[str], judged: Sequence[str], lost: Sequence[str]) -> list[nw.Expr]:
    def total(name: str) -> nw.Expr:
        return nw.col(name).sum().cast(nw.Int64)

    return [
        nw.col("aqi").count().cast(nw.Int64).alias("valid_days"),
        total("_partial").alias("partial_days"),
        *(total(f"_level_{n}").alias(f"level_{n}_days") for n in COUNT_LEVELS),
        *(total(f"_primary_{i}").alias(f"primary_{i}_days") for i in judged),
        *(total(f"_exceed_{i}").alias(f"exceed_{i}_days") for i in six),
        *(total(f"_d_{i}").alias(f"_sum_{i}") for i in six),
        *(total(f"_lost_{i}").alias(f"excluded_{i}_days") for i in lost),
        *(nw.col(f"_d_{i}").count().cast(nw.Int64).alias(f"days_{i}") for i in six),
        *(
            nw.col(f"_d_{i}")
            .cast(nw.Float64)
            .quantile(PERCENTILES[i] / 100, interpolation="linear")
            .alias(f"_quantile_{i}")
            for i in six
        ),
    ]


# --- one row a period --------------------------------------------------------------------------


def _months(
    days: LazyFrame,
    keys: Sequence[str],
    sets: Sequence[Edition],
    six: Sequence[str],
    lost: Sequence[str],
) -> LazyFrame:
    """Count the months with enough days, and see whether a day is there twice.

    A value that an event takes out was measured: it counts among the days that a month must have.

    Repeated days show in the sum of 2^day as repeated hours do, see `_hours.repeated_hours`.
    """
    power = nw.lit(2.0) ** nw.col("_day").dt.day().cast(nw.Float64)
    months = days.group_by(*keys, "period", "edition", "_month").agg(
        nw.len().cast(nw.Int64).alias("_rows"),
        power.cast(nw.Int64).sum().cast(nw.Int64).alias("_mask"),
        *(nw.col(f"_d_{i}").count().cast(nw.Int64).alias(f"_n_{i}") for i in six),
        *(nw.col(f"_lost_{i}").sum().cast(nw.Int64) for i in lost),
    )
    if lost:
        months = months.with_columns(
            (nw.col(f"_n_{i}") + nw.col(f"_lost_{i}")).alias(f"_n_{i}") for i in lost
        )
    february = nw.col("_month") % 12 == 1
    least = by_edition(
        sets,
        lambda e: (e.parameter("february_days_min"), e.parameter("month_days_min")),
        lambda rule: nw.when(february).then(integer(rule[0])).otherwise(integer(rule[1])),
        nw.col("edition"),
    )
    ones = nw.sum_horizontal(*(nw.col("_mask") // 2**bit % 2 for bit in range(40)))
    months = months.with_columns(
        one_if(ones < nw.col("_rows")).alias("_repeated"),
        *(one_if(nw.col(f"_n_{i}") >= least).alias(f"_ok_{i}") for i in six),
    )
    return months.group_by(*keys, "period").agg(
        nw.col("_repeated").max().alias("_repeated"),
        *(nw.col(f"_ok_{i}").sum().cast(nw.Int64).alias(f"_ok_{i}") for i in six),
    )


def _with_validity(
    pooled: LazyFrame,
    sets: Sequence[Edition],
    six: Sequence[str],
    lost: Sequence[str],
    *,
    whole_year: bool,
) -> LazyFrame:
    """Add ``valid_<item>``, ``reason_<item>`` and ``_repeats``; items not there are null."""
    months = (
        (nw.col("end").dt.year().cast(nw.Int64) - nw.col("start").dt.year().cast(nw.Int64)) * 12
        + nw.col("end").dt.month().cast(nw.Int64)
        - nw.col("start").dt.month().cast(nw.Int64)
        + 1
    )
    year_days = by_edition(sets, lambda e: e.parameter("year_days_min"), integer, nw.col("edition"))

    def valid(item: str) -> nw.Expr:
        enough = nw.col(f"_ok_{item}") == months
        had = nw.col(f"days_{item}")
        if item in lost:
            had = had + nw.col(f"excluded_{item}_days")
        return enough & (had >= year_days) if whole_year else enough

    absent = [i for i in SIX if i not in six]
    pooled = pooled.with_columns(
        (nw.col("_repeated") == 1).alias("_repeats"),
        *(valid(i).alias(f"valid_{i}") for i in six),
        *(nw.lit(False).alias(f"valid_{i}") for i in absent),
        *(integer(0).alias(f"{c}_{i}") for i in absent for c in ("days", "_sum")),
        *(integer(0).alias(f"exceed_{i}_days") for i in absent),
        *(integer(0).alias(f"excluded_{i}_days") for i in SIX if i not in lost),
        *(nw.lit(None, dtype=nw.Float64).alias(f"_quantile_{i}") for i in absent),
    )
    pooled = pooled.with_columns(
        integer(0).alias(name)
        for name in (f"primary_{i}_days" for i in DAILY)
        if name not in pooled.collect_schema()
    )
    few = "few_days"
    return pooled.with_columns(
        joined(
            [
                code_if(nw.col("edition").is_null(), "no_edition"),
                code_if(nw.col("_repeats"), "repeated_day"),
                code_if(
                    (nw.col(f"days_{i}") == 0) & (nw.col(f"excluded_{i}_days") > 0), "excluded"
                ),
                code_if(
                    (nw.col(f"days_{i}") == 0) & (nw.col(f"excluded_{i}_days") == 0), "no_data"
                ),
                code_if((nw.col(f"days_{i}") > 0) & ~nw.col(f"valid_{i}"), few),
            ]
        ).alias(f"reason_{i}")
        for i in SIX
    )


def _with_figures(
    pooled: LazyFrame,
    sets: Sequence[Edition],
    digits: Mapping[str, int] | None,
    *,
    whole_year: bool,
) -> LazyFrame:
    """Add days and ratios, means and percentiles, and ``_m_<item>``, ``_p_<item>`` to judge by.

    Those are integers at the edition's digits, as compliance and indices take them.
    """
    which = nw.col("edition")
    _check_digits(digits)

    def enough(item: str) -> nw.Expr:
        there = nw.col(f"days_{item}") > 0
        return there & nw.col(f"valid_{item}") if whole_year else there

    pooled = pooled.with_columns(
        *(nw.when(enough(i)).then(nw.col(f"days_{i}")).alias(f"_count_{i}") for i in SIX),
        *(
            nw.when(enough(i))
            .then(to_fixed(nw.col(f"_quantile_{i}"), QUANTILE_PLACES - PLACES))
            .alias(f"_exact_{i}")
            for i in SIX
        ),
    )

    def mean(item: str, places: int) -> nw.Expr:
        return divide_half_even(
            nw.col(f"_sum_{item}"), nw.col(f"_count_{item}") * 10 ** (PLACES - places)
        )

    def quantile(item: str, places: int) -> nw.Expr:
        return divide_half_even(nw.col(f"_exact_{item}"), 10 ** (QUANTILE_PLACES - places))

    def shown(item: str, name: str, build: Callable[[str, int], nw.Expr]) -> nw.Expr:
        """Return a figure at the digits asked for, or at the edition's."""
        own = (digits or {}).get(pollutant(item))
        if own is not None:
            return from_fixed(build(item, own), own)
        places = _mean_digits(sets, item)
        return from_fixed(nw.col(name), places)

    def ratio(name: str) -> nw.Expr:
        valid = nw.when(nw.col("valid_days") > 0).then(nw.col("valid_days"))
        return by_edition(
            sets,
            lambda e: e.parameter("digits_ratio"),
            lambda d: from_fixed(divide_half_even(nw.col(name) * 10 ** (2 + d), valid), d),
            which,
        )

    level_days = [nw.col(f"level_{n}_days") for n in COUNT_LEVELS]
    pooled = pooled.with_columns(
        nw.sum_horizontal(*level_days[:GOOD]).cast(nw.Int64).alias("good_days"),
        nw.sum_horizontal(*level_days[HEAVY - 1 :]).cast(nw.Int64).alias("heavy_days"),
        *(mean(i, _mean_digits(sets, i)).alias(f"_m_{i}") for i in MEANS),
        *(quantile(i, _mean_digits(sets, i)).alias(f"_p_{i}") for i in SIX),
    )
    return pooled.with_columns(
        ratio("good_days").alias("good_ratio"),
        ratio("heavy_days").alias("heavy_ratio"),
        *(shown(i, f"_m_{i}", mean).alias(i) for i in MEANS),
        *(shown(i, f"_p_{i}", quantile).alias(percentile(i)) for i in SIX),
    )


def _mean_digits(sets: Sequence[Edition], item: str) -> int:
    """Return the decimals of an item's figures as compliance and indices take them."""
    return int(agreed(sets, "digits_mean")[pollutant(item)])


def _check_digits(digits: Mapping[str, int] | None) -> None:
    for item, places in (digits or {}).items():
        if item not in {pollutant(i) for i in SIX} or not 0 <= places <= PLACES:
            raise ShanshuiError(
                f"digits 应为污染物到小数位（0—{PLACES}）的映射 / digits maps a pollutant to its "
                f"decimals: {item}={places}"
            )


def _judged(item: str) -> nw.Expr:
    """Return the figure that an index judges: the mean, or the percentile of CO and O3."""
    return nw.col(f"_m_{item}" if item in MEANS else f"_p_{item}")


def _index_limit(edition: Edition, item: str, grade: int = 2) -> float:
    averaging = "year" if item in MEANS else _daily_averaging(item)
    return limit(edition, pollutant(item), averaging, grade)


def _scaled_limit(edition: Edition, item: str, top: float) -> int:
    """Return a limit at the digits of the item's figures."""
    scaled = Fraction(str(top)) * 10 ** int(edition.parameter("digits_mean")[pollutant(item)])
    assert scaled.denominator == 1, "limits have no more digits than the figures"
    return int(scaled)


def _with_attainment(
    pooled: LazyFrame, sets: Sequence[Edition], grade: int, *, whole_year: bool
) -> LazyFrame:
    """Add exceedance multiples and attainment, judged on ``_m_<item>`` and ``_p_<item>``."""
    which = nw.col("edition")

    def times(item: str) -> nw.Expr:
        def build(rule: tuple[int, int]) -> nw.Expr:
            top, places = rule
            over = nw.when(_judged(item) > top).then(_judged(item) - top)
            return from_fixed(divide_half_even(over * 10**places, top), places)

        return by_edition(
            sets,
            lambda e: (
                _scaled_limit(e, item, _index_limit(e, item, grade)),
                int(e.parameter("digits_times")),
            ),
            build,
            which,
        )

    def attains(item: str) -> nw.Expr:
        if not whole_year:
            return nw.lit(None, dtype=nw.Boolean)

        def build(tops: tuple[int, int]) -> nw.Expr:
            within = nw.col(f"_p_{item}") <= tops[1]
            return (nw.col(f"_m_{item}") <= tops[0]) & within if item in MEANS else within

        return by_edition(
            sets,
            lambda e: (
                _scaled_limit(e, item, _index_limit(e, item, grade)),
                _scaled_limit(e, item, limit(e, pollutant(item), _daily_averaging(item), grade)),
            ),
            build,
            which,
        )

    pooled = pooled.with_columns(
        *(times(i).alias(f"times_{i}") for i in SIX),
        *(attains(i).alias(f"attains_{i}") for i in SIX),
    )
    every = nw.all_horizontal(*(nw.col(f"attains_{i}") for i in SIX), ignore_nulls=False)
    return pooled.with_columns(every.alias("attains"))


# --- indices -----------------------------------------------------------------------------------


def _with_indices(
    frame: LazyFrame, sets: Sequence[Edition], weights: Mapping[str, float] | None
) -> LazyFrame:
    """Add single indices, composite index, its maximum and its items to ``_m_…`` and ``_p_…``."""
    which = nw.col("edition")
    scaled_weights = _weights(weights)
    places = int(agreed(sets, "digits_index"))

    def single(item: str) -> nw.Expr:
        return by_edition(
            sets,
            lambda e: _scaled_limit(e, item, _index_limit(e, item)),
            lambda top: divide_half_even(_judged(item) * 10**places, top),
            which,
        )

    frame = frame.with_columns(single(i).alias(f"_i_{i}") for i in SIX)
    indices = {i: nw.col(f"_i_{i}") for i in SIX}
    whole = ~nw.any_horizontal(*(v.is_null() for v in indices.values()), ignore_nulls=False)
    total = nw.sum_horizontal(*(v * scaled_weights[i] for i, v in indices.items()))
    frame = frame.with_columns(
        nw.when(whole).then(total.cast(nw.Int64)).alias("_total"),
        nw.when(whole).then(nw.max_horizontal(*indices.values())).alias("_largest"),
    )
    largest = nw.col("_largest")
    return frame.with_columns(
        *(from_fixed(v, places).alias(f"index_{i}") for i, v in indices.items()),
        from_fixed(divide_half_even(nw.col("_total"), 10**WEIGHT_PLACES), places).alias(
            "composite"
        ),
        from_fixed(largest, places).alias("index_max"),
        joined(code_if(v == largest, i) for i, v in indices.items()).alias("main"),
    )


WEIGHT_PLACES = 6


def _weights(weights: Mapping[str, float] | None) -> dict[str, int]:
    given = weights or {}
    if unknown := set(given) - set(SIX):
        raise ShanshuiError(
            f"weights 的项目应取自 {'、'.join(SIX)} / unknown items in weights: {sorted(unknown)}"
        )
    scaled = {i: Fraction(str(given.get(i, 1))) * 10**WEIGHT_PLACES for i in SIX}
    for item, weight in scaled.items():
        if weight < 0 or weight.denominator != 1:
            raise ShanshuiError(
                f"权重应为非负数且不超过{WEIGHT_PLACES}位小数 / a weight is not negative and has "
                f"at most {WEIGHT_PLACES} decimals: {item}={given[item]}"
            )
    return {i: int(w) for i, w in scaled.items()}


def composite(
    means: IntoFrameT,
    *,
    edition: str | date | Edition | None = None,
    weights: Mapping[str, float] | None = None,
) -> IntoFrameT:
    """Compute single indices and the composite index (环境空气质量综合指数) of given figures.

    For figures that are already means and percentiles, such as a published bulletin's; from
    daily values use `statistics`. Each concentration is rounded half to even to whole µg/m3 (CO one
    decimal), each single index to two decimals, then they are added: so 42 published rows are
    reproduced, and with any other order of steps they are not.

    Parameters
    ----------
    means : frame
        ``so2, no2, pm10, pm25`` (means), ``co_p95``, ``o3_8h_p90`` (µg/m3, CO mg/m3); and
        ``edition`` or ``date`` (or ``end``) where `edition` is not named.
    edition : str, date or Edition, optional
        By default the row's ``edition``, or the one of its ``date`` or ``end``.
    weights : mapping, optional
        Weights by item; 1 where not named.

    Returns
    -------
    frame of the kind that came
        Every row and column, and ``index_<item>``, ``composite``, ``index_max``, ``main``. With a
        figure missing, the composite is null.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.
    ShanshuiError
        No edition is named and the frame has no column to find it by.

    References
    ----------
    环境空气质量综合指数 (城市环境空气质量排名技术规定); limits of GB 3095 表1, grade 2.

    Examples
    --------
    >>> import polars as pl
    >>> row = pl.DataFrame(
    ...     {"so2": [7], "no2": 21, "pm10": 28, "pm25": 15, "co_p95": 0.8, "o3_8h_p90": 142}
    ... )
    >>> composite(row, edition="2012").select("index_no2", "composite", "main").row(0)
    (0.52, 2.56, 'o3_8h')
    """
    entered = enter(means)
    columns = {i: i if i in MEANS else percentile(i) for i in SIX}
    require(entered.schema, columns.values(), what="数据")
    require_numbers(entered.schema, columns.values())
    sets = chosen(edition)
    if edition is not None:
        which = edition_name(nw.lit(None, dtype=nw.Date), edition)
    elif "edition" in entered.schema:
        which = nw.col("edition")
    else:
        day = next((c for c in ("date", "end") if c in entered.schema), None)
        if day is None:
            raise ShanshuiError(
                "请指明 edition，或给出 edition、date、end 列之一 / "
                "name an edition, or give a column edition, date or end"
            )
        which = edition_name(naive_date(entered, day), None)
    added = [*(f"index_{i}" for i in SIX), "composite", "index_max", "main"]
    frame = set_aside(entered, added)
    own = [c for c in frame.collect_schema() if c != "edition"]
    frame = frame.with_columns(
        which.alias("edition"),
        *(
            valid_fixed(measured(c, entered.schema[c]), i).alias(f"_v_{i}")
            for i, c in columns.items()
        ),
    )
    frame = frame.with_columns(
        by_edition(
            sets,
            lambda e, i=i: e.parameter("digits_mean")[pollutant(i)],  # type: ignore[misc]
            lambda d, i=i: divide_half_even(nw.col(f"_v_{i}"), 10 ** (PLACES - d)),  # type: ignore[misc]
            nw.col("edition"),
        ).alias(f"_m_{i}" if i in MEANS else f"_p_{i}")
        for i in SIX
    )
    result = _with_indices(frame, sets, weights).select(*own, *added, "edition")
    out: IntoFrameT = entered.leave(result, [])
    return out

"""From stations to cities, counties and groups of cities (HJ 663, national bulletins)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from shanshui._frames import beside, enter, naive_date, names, require, require_numbers
from shanshui._rules import by_edition, code_if, joined
from shanshui.air._marks import STATES, carried
from shanshui.air._rules import (
    DAILY,
    SIX,
    edition_name,
    in_force,
    measured,
    pollutant,
    valid_fixed,
)
from shanshui.air.statistics import PERIOD, figures, rounded_mean
from shanshui.standards.editions import Edition
from shanshui.standards.errors import SchemaError, ShanshuiError
from shanshui.standards.rounding import PLACES, divide_half_even, from_fixed, integer, to_fixed

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrame, IntoFrameT


def area(
    daily: IntoFrameT,
    stations: IntoFrame,
    *,
    by: str | Sequence[str] = "city",
    station: str | Sequence[str] = "station",
    min_share: float | None = None,
    edition: str | date | Edition | None = None,
) -> IntoFrameT:
    """Average station days to the days of a city or county.

    The value of an area is the mean of its valid assessment stations, rounded as published;
    reference sites (对照点) are left out. Too small a share of valid stations makes it null.

    Parameters
    ----------
    daily : frame
        Station keys, ``date`` and daily items (µg/m3, CO mg/m3), as `daily` gives them.
    stations : frame
        One row a station: its keys, the columns of `by`, and, where there are reference sites, a
        boolean ``reference``. In memory, or lazy on the engine of `daily`.
    by : str or list of str
        The area, e.g. ``"city"``.
    station : str or list of str
        Key columns of a station.
    min_share : float, optional
        Least share (0 to 1) of the listed assessment stations that must be valid. By default the
        edition's: 75 %, 50 % with fewer than four stations (confidence C).
    edition : str, date or Edition, optional
        By default the one of each row's date.

    Returns
    -------
    frame of the kind that came
        One row per area and day: `by`, ``date``, the daily items, ``edition``,
        ``reason_<item>`` (``no_data``, ``few_stations``, ``not_listed``; ``repeated_day`` where a
        station has the day twice, which leaves it out), ``stations_<item>`` (valid assessment
        stations); and ``excluded_<item>`` (a station's value is marked), ``event``, ``state_gas``,
        ``state_pm`` where the days have them. Stations that are not listed come under a null area.

    Raises
    ------
    SchemaError
        A column is missing, or `stations` lists a station twice or lives on another engine.

    References
    ----------
    GB 3095 (averages); HJ 663 (city assessment; shares from third-party notes, confidence C).

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> days = pl.DataFrame(
    ...     {"station": ["A", "B", "C"], "date": [date(2025, 1, 1)] * 3}
    ... ).with_columns(so2=5, no2=20, co=0.5, o3_8h=80, pm10=50, pm25=pl.Series([20, 25, 90]))
    >>> sites = pl.DataFrame(
    ...     {"station": ["A", "B", "C"], "city": "广州市", "reference": [False, False, True]}
    ... )
    >>> area(days, sites).select("city", "pm25", "stations_pm25").row(0)
    ('广州市', 22.0, 2)
    """
    entered = enter(daily)
    station_keys, area_keys = names(station), names(by)
    items = [i for i in DAILY if i in entered.schema or i in SIX]
    require(entered.schema, [*station_keys, "date", *items], what="日值数据")
    require_numbers(entered.schema, items)
    if min_share is not None and not 0 <= min_share <= 1:
        raise ShanshuiError(f"min_share 应在 0—1 之间 / must lie within 0..1: {min_share}")
    editions = in_force(entered, naive_date(entered, "date"), edition)
    which = nw.col("edition")

    side = beside(entered, stations)
    require(side.schema, [*station_keys, *area_keys], what="点位名单")
    reference = (
        nw.col("reference").cast(nw.Boolean).fill_null(value=False)
        if "reference" in side.schema
        else nw.lit(False)
    )
    listed = side.frame.select(
        *dict.fromkeys([*station_keys, *area_keys]),
        nw.when(reference).then(integer(0)).otherwise(integer(1)).alias("_assessed"),
    )
    _check_once(stations, station_keys)
    roster = listed.group_by(area_keys).agg(nw.col("_assessed").sum().cast(nw.Int64).alias("_of"))

    assessed = nw.when((nw.col("_assessed") == 1) & ~nw.col("_twice"))
    marks = carried(entered.schema, {i: i for i in items})
    own = [f"excluded_{i}" for i in items if f"excluded_{i}" in entered.schema]
    own += [c for c in ("event", *STATES) if c in entered.schema]
    days = (
        entered.frame.select(
            *station_keys,
            naive_date(entered, "date").alias("date"),
            *own,
            *(valid_fixed(measured(i, entered.schema[i]), i).alias(f"_v_{i}") for i in items),
        )
        .with_columns((nw.len().over(*station_keys, "date") > 1).alias("_twice"))
        .with_columns(
            nw.when(nw.col("_twice")).then(integer(1)).otherwise(integer(0)).alias("_repeats")
        )
        .join(listed, on=station_keys, how="left")
        .with_columns(
            *(assessed.then(nw.col(f"_v_{i}")).alias(f"_v_{i}") for i in items),
            *(assessed.then(nw.col(c)).alias(c) for c in own),
        )
    )
    days = (
        marks.prepared(days)
        .group_by(*area_keys, "date")
        .agg(
            nw.col("_repeats").max(),
            *(nw.col(f"_v_{i}").sum().cast(nw.Int64).alias(f"_sum_{i}") for i in items),
            *(nw.col(f"_v_{i}").count().cast(nw.Int64).alias(f"stations_{i}") for i in items),
            *marks.aggregates,
        )
        .join(roster, on=area_keys, how="left")
        .with_columns(edition_name(nw.col("date"), edition).alias("edition"))
    )

    def enough(item: str) -> nw.Expr:
        count, of = nw.col(f"stations_{item}"), nw.col("_of")
        if min_share is not None:
            return (count * 1_000_000 >= of * round(min_share * 1_000_000)) & (count > 0)
        return by_edition(
            editions,
            lambda e: tuple(
                e.parameter(p) for p in ("small_network", "area_share_min_small", "area_share_min")
            ),
            lambda rule: (
                (
                    count * 100
                    >= of * nw.when(of < rule[0]).then(integer(rule[1])).otherwise(integer(rule[2]))
                )
                & (count > 0)
            ),
            which,
        )

    def value(item: str) -> nw.Expr:
        count = nw.when(enough(item)).then(nw.col(f"stations_{item}"))
        return by_edition(
            editions,
            lambda e: e.parameter("digits_daily")[pollutant(item)],
            lambda d: from_fixed(
                divide_half_even(nw.col(f"_sum_{item}"), count * 10 ** (PLACES - d)), d
            ),
            which,
        )

    days = days.with_columns(value(i).alias(i) for i in items)
    is_listed = nw.col("_of") > 0
    is_listed = nw.when(is_listed).then(nw.lit(True)).otherwise(nw.lit(False))
    result = days.select(
        *area_keys,
        "date",
        *items,
        "edition",
        *(
            joined(
                [
                    code_if(which.is_null(), "no_edition"),
                    code_if(~is_listed, "not_listed"),
                    code_if(nw.col("_repeats") == 1, "repeated_day"),
                    code_if(is_listed & (nw.col(f"stations_{i}") == 0), "no_data"),
                    code_if(
                        is_listed
                        & ~which.is_null()
                        & nw.col(i).is_null()
                        & (nw.col(f"stations_{i}") > 0),
                        "few_stations",
                    ),
                ]
            ).alias(f"reason_{i}")
            for i in items
        ),
        *(nw.col(f"stations_{i}") for i in items),
        *marks.results,
    )
    out: IntoFrameT = entered.leave(result, [*area_keys, "date"])
    return out


def _check_once(stations: IntoFrame, keys: Sequence[str]) -> None:
    """Refuse a list in memory that holds a station twice: it would count twice."""
    own = enter(stations)
    if not own.eager:
        return
    counted = own.frame.group_by(keys).agg(nw.len().alias("_n")).filter(nw.col("_n") > 1)
    twice = counted.select(keys).collect("polars").rows()
    if twice:
        shown = "、".join("/".join(map(str, row)) for row in sorted(twice, key=str)[:5])
        raise SchemaError(
            f"点位名单中重复的站点：{shown}（共{len(twice)}个） / "
            f"stations listed more than once: {len(twice)}, e.g. {shown}"
        )


def group(
    statistics: IntoFrameT,
    members: Mapping[str, Sequence[str]] | IntoFrame,
    *,
    by: str = "city",
    name: str = "group",
    allow_missing: bool = False,
    digits: Mapping[str, int] | None = None,
) -> IntoFrameT:
    """Compute the figures of a group (京津冀, 珠三角 …): the mean of its cities' statistics.

    The order of averaging is the bulletins': station day, city day, city statistic, group. Days of
    the cities are never pooled.

    Parameters
    ----------
    statistics : frame
        Statistics of cities over one or more periods, as `statistics` gives them.
    members : mapping or frame
        ``{"珠三角": ["广州市", …]}``, or a frame with the columns `name` and `by`.
    by, name : str
        Column of the cities, and column of the groups in the result.
    allow_missing : bool
        Give a figure although a member has none; otherwise it is null.
    digits : mapping, optional
        Decimals by pollutant, as in `statistics`.

    Returns
    -------
    frame of the kind that came
        One row per group and period: `name`, the period's columns, ``members`` (listed),
        ``members_present`` (with a row), and every figure of the statistics that is a
        concentration, a ratio or an index, rounded to its digits.

    Raises
    ------
    SchemaError
        A column is missing, or the members are on another engine.

    Examples
    --------
    >>> import polars as pl
    >>> cities = pl.DataFrame(
    ...     {"city": ["广州市", "深圳市"], "period": "2020", "pm25": [23.0, 20.0]}
    ... )
    >>> group(cities, {"珠三角": ["广州市", "深圳市"]}).select("group", "members", "pm25").row(0)
    ('珠三角', 2, 22.0)
    """
    entered = enter(statistics)
    require(entered.schema, [by], what="统计结果")
    side = beside(entered, _member_table(members, by=by, name=name))
    require(side.schema, [name, by], what="成员名单")
    listed = side.frame.select(name, by)
    size = listed.group_by(name).agg(nw.len().cast(nw.Int64).alias("members"))
    period = [c for c in PERIOD if c in entered.schema]
    columns = [c for c in figures(entered.schema) if c not in (by, name)]
    pooled = (
        entered.frame.select(by, *period, *(to_fixed(nw.col(c)).alias(f"_v_{c}") for c in columns))
        .join(listed, on=by, how="inner")
        .group_by(name, *period)
        .agg(
            nw.len().cast(nw.Int64).alias("members_present"),
            *(nw.col(f"_v_{c}").sum().cast(nw.Int64).alias(f"_sum_{c}") for c in columns),
            *(nw.col(f"_v_{c}").count().cast(nw.Int64).alias(f"_n_{c}") for c in columns),
        )
        .join(size, on=name, how="left")
    )

    def mean(column: str) -> nw.Expr:
        count = nw.col(f"_n_{column}")
        whole = count > 0 if allow_missing else count == nw.col("members")
        return rounded_mean(column, nw.col(f"_sum_{column}"), nw.when(whole).then(count), digits)

    result = pooled.select(
        name, *period, "members", "members_present", *(mean(c).alias(c) for c in columns)
    )
    out: IntoFrameT = entered.leave(
        result, [name, *(["start", "end"] if "start" in period else period)]
    )
    return out


def _member_table(members: Mapping[str, Sequence[str]] | IntoFrame, *, by: str, name: str) -> Any:
    if not isinstance(members, Mapping):
        return members
    import polars as pl

    rows = [(group, city) for group, cities in members.items() for city in cities]
    return pl.DataFrame(rows, schema={name: pl.String, by: pl.String}, orient="row")

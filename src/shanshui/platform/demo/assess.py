"""What the report draws by the library: the workspace's hours, the nation's, published water."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from shanshui import air
from shanshui.platform import catalog
from shanshui.platform.demo import samples
from shanshui.water import lake, surface

if TYPE_CHECKING:
    from shanshui.platform.store import Workspace

EDITION = "2012"  # all packaged hours were measured while the standards of 2012 were in force
YEAR, BEFORE = 2015, 2014
SIX = {
    "so2": "so2",
    "no2": "no2",
    "co": "co_p95",
    "o3_8h": "o3_8h_p90",
    "pm10": "pm10",
    "pm25": "pm25",
}
"""The figure of each item that bulletins print."""


@dataclass(frozen=True)
class Beijing:
    """Twelve stations of Beijing, 2013-03 to 2015-12.

    Attributes
    ----------
    hours, days : int
        Station hours read, station days made of them.
    city_days, months, years : polars.DataFrame
        Statistics of the city.
    change : polars.DataFrame
        The year beside the year before.
    stations : polars.DataFrame
        Stations ranked by the composite index of the last quarter, with the quarter a year before.
    unranked : dict
        Stations whose yearly figures fail the validity rule, with the items.
    """

    hours: int
    days: int
    city_days: pl.DataFrame
    months: pl.DataFrame
    seasons: pl.DataFrame
    years: pl.DataFrame
    change: pl.DataFrame
    stations: pl.DataFrame
    unranked: dict[str, list[str]]


@dataclass(frozen=True)
class National:
    """The national network in spring 2020.

    Attributes
    ----------
    hours : polars.DataFrame
        Hours with a published AQI, with the AQI computed anew.
    checks : polars.DataFrame
        By published level: hours, and those of the same AQI, level and primary pollutants.
    moment : polars.DataFrame
        The stations with coordinates, at the hour with the most published AQI.
    time : datetime
        That hour.
    unplaced : int
        Stations with an AQI at that hour and no coordinates.
    """

    hours: pl.DataFrame
    checks: pl.DataFrame
    moment: pl.DataFrame
    time: Any
    unplaced: int


@dataclass(frozen=True)
class Water:
    """Published facts of surface water, computed anew.

    Attributes
    ----------
    sections : polars.DataFrame
        Sections with their class beside the published one.
    shares : polars.DataFrame
        Rivers and basins by shares of classes, with their state beside the published one.
    hulun : polars.DataFrame
        Ten years of the trophic level index of Hulun Lake beside the published one.
    series : dict
        By region: year, value, text, part (one line a set of sections) of 优良水体比例.
    """

    sections: pl.DataFrame
    shares: pl.DataFrame
    hulun: pl.DataFrame
    series: dict[str, pl.DataFrame]


def beijing(workspace: Workspace) -> Beijing:
    """Take Beijing's hours to daily values, AQI, statistics, comparison and ranks."""
    hours = workspace.lake.observations(wide=True).collect()
    stations = samples.beijing_stations().with_columns(station="code")
    days = air.daily(hours)
    city_days = air.aqi(air.area(days, stations.select("station", "city", "reference")))
    station_days = air.aqi(days)
    months = air.statistics(city_days, by="city", period="month")
    years = air.statistics(city_days, by="city", period="year")
    now, before = years.filter(period=str(YEAR)), years.filter(period=str(BEFORE))
    quarters = air.statistics(station_days, period="quarter")
    ranked = air.rank(
        air.compare(quarters.filter(period=f"{YEAR}-Q4"), quarters.filter(period=f"{BEFORE}-Q4"))
    )
    yearly = air.statistics(station_days, period="year").filter(period=str(YEAR))
    return Beijing(
        hours=hours.height,
        days=days.height,
        city_days=city_days,
        months=months,
        seasons=air.statistics(city_days, by="city", period="quarter"),
        years=years,
        change=air.compare(now, before, by="city"),
        stations=ranked.join(stations, on="station"),
        unranked=_unranked(yearly.join(stations, on="station")),
    )


def _unranked(years: pl.DataFrame) -> dict[str, list[str]]:
    rows = years.filter(pl.col("composite").is_null()).sort("code").to_dicts()
    return {row["name_zh"]: [item for item in SIX if not row[f"valid_{item}"]] for row in rows}


# The relay spells the items out; an hour's O3 is named twice over the years.
_SPELLED = {
    "细颗粒物(PM2.5)": "pm25",
    "颗粒物(PM10)": "pm10",
    "臭氧1小时": "o3",
    "二氧化氮": "no2",
    "二氧化硫": "so2",
    "一氧化碳": "co",
}


def national() -> National:
    """Compute every published hourly AQI anew and compare AQI, level and primary pollutants."""
    hours = air.aqi_hourly(samples.national_hours(), by=["city", "station"])
    published = hours.filter(pl.col("aqi_input").is_not_null()).with_columns(
        same_aqi=pl.col("aqi") == pl.col("aqi_input"),
        same_level=pl.col("category") == pl.col("level_input"),
        same_primary=_items(pl.col("primary").fill_null(""))
        == _items(pl.col("primary_input").fill_null("").replace_strict(_spelled(hours))),
    )
    order = air.categories(edition=EDITION).select("name", place="level")
    checks = (
        published.group_by(name="level_input")
        .agg(
            hours=pl.len(),
            **{name: pl.col(name).sum() for name in ("same_aqi", "same_level", "same_primary")},
        )
        .join(order, on="name")
        .sort("place")
        .drop("place")
    )
    time = (
        published.group_by("time")
        .agg(count=pl.len(), exceeding=(pl.col("aqi") > 100).sum())
        .sort("count", "exceeding", "time")
        .row(-1, named=True)["time"]
    )
    moment = published.filter(pl.col("time") == time)
    placed = (
        samples.national_stations()
        .filter(pl.col("lon").is_not_null())
        .join(moment, on=["city", "station"], how="left")
    )
    unplaced = moment.height - placed["aqi"].count()
    return National(published, checks, placed, time, unplaced)


def _items(codes: pl.Expr) -> pl.Expr:
    return codes.str.split(",").list.sort()


def _spelled(hours: pl.DataFrame) -> dict[str, str]:
    names = hours["primary_input"].fill_null("").unique().to_list()
    return {name: ",".join(_SPELLED.get(part, part) for part in name.split(",")) for name in names}


# --- water -------------------------------------------------------------------------------------

_SETS = {"全国": ("1940", "3641"), "广东省": ("149",)}
"""The sets of sections on which a published series stands, by a number that its basis names."""


def water() -> Water:
    """Compute published classes, states and indices of water anew."""
    sections = surface.classify(samples.water_sections(), kind="kind", target="target")
    return Water(
        sections=sections.with_columns(same=pl.col("class_name") == pl.col("published")),
        shares=_states(samples.water_shares()),
        hulun=_indices(samples.lake_hulun()),
        series={region: _good_water(region, sets) for region, sets in _SETS.items()},
    )


def _states(shares: pl.DataFrame) -> pl.DataFrame:
    """Judge rivers of which only shares are published: of a thousand sections so many."""
    values = {"good": 3.0, "middle": 9.0, "bad": 20.0}
    rows = pl.concat(
        shares.select(
            "area",
            pl.lit(value).alias("codmn"),
            pl.col(column).mul(10).round().cast(pl.Int64).alias("count"),
        )
        for column, value in values.items()
    )
    each = rows.select(pl.col("area", "codmn").repeat_by("count").explode()).drop_nulls()
    states = surface.evaluate(each, by="area").select("area", "status")
    judged = shares.join(states, on="area", maintain_order="left")
    return judged.with_columns(same=pl.col("status") == pl.col("published"))


def _indices(hulun: pl.DataFrame) -> pl.DataFrame:
    columns = ["tli_chla", "tli_tp", "tli_tn", "tli_sd"]
    computed = lake.tli_of(hulun.select(columns), digits=3).select("tli", computed="state")
    rows = hulun.hstack(computed)
    return rows.with_columns(
        same=(pl.col("tli") == pl.col("published")) & (pl.col("computed") == pl.col("state"))
    )


def _good_water(region: str, sets: tuple[str, ...]) -> pl.DataFrame:
    """Give the published share of classes Ⅰ–Ⅲ by year, one line a set of sections."""
    values = catalog.published().filter(
        pl.col("indicator") == "优良水体比例",
        pl.col("region") == region,
        pl.col("period").str.len_chars() == 4,
        pl.col("roster").is_not_null(),
    )
    lines = [
        values.filter(pl.col("roster").str.contains(number))
        .sort("period", "confidence")
        .unique("period", keep="first", maintain_order=True)
        .select(
            year=pl.col("period").cast(pl.Int32),
            value=pl.col("value").cast(pl.Float64),
            text="value",
            part=pl.lit(place),
            answers=pl.lit(place == len(sets) - 1),
            source="source_title",
            confidence="confidence",
        )
        for place, number in enumerate(sets)
    ]
    return pl.concat(lines)

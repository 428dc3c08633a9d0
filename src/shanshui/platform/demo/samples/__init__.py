"""Packaged real data: hours of Beijing and of the national network, published facts of water.

Each folder holds the data, the stations and a README with source, licence and changes.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "beijing_hours",
    "beijing_stations",
    "lake_hulun",
    "national_hours",
    "national_stations",
    "water_sections",
    "water_shares",
]

_BEIJING, _NATIONAL, _WATER = "beijing_2013_2015", "national_2020_spring", "water_published"


def beijing_hours() -> pl.DataFrame:
    """Give twelve Beijing stations by the hour, 2013-03 to 2015-12.

    Returns
    -------
    polars.DataFrame
        station, time (end of the hour, China Standard Time), so2, no2, co, o3, pm10, pm25 in
        µg/m3, CO in mg/m3.
    """
    return _read(_BEIJING).select(
        "station",
        "time",
        *(_decimal(item, 10_000) for item in ("so2", "no2")),
        _decimal("co_ugm3", 1000).alias("co"),
        *(_decimal(item, 10_000) for item in ("o3", "pm10", "pm25")),
    )


def beijing_stations() -> pl.DataFrame:
    """Give the stations: station, name_zh, city, code, lon, lat, reference (对照点)."""
    return _stations(_BEIJING)


def national_hours() -> pl.DataFrame:
    """Give the national stations by the hour, 79 hours of 2020-03-24 to 2020-04-04.

    Returns
    -------
    polars.DataFrame
        city, station, time (end of the hour, China Standard Time), the published aqi, level and
        primary, and so2, no2, co, o3, o3_8h (running 8 hours), pm10, pm25 in µg/m3, CO in mg/m3.
    """
    return _read(_NATIONAL).select(
        *("city", "station", "time", "aqi", "level", "primary", "so2", "no2"),
        _decimal("co_ugm3", 1000).alias("co"),
        *("o3", "o3_8h", "pm10", "pm25"),
    )


def national_stations() -> pl.DataFrame:
    """Give the stations: city, station, code, lon, lat (the last three null for 448 of 1,800)."""
    return _stations(_NATIONAL)


def water_sections() -> pl.DataFrame:
    """Give sections with their published class.

    Returns
    -------
    polars.DataFrame
        place, section, printed (period as printed), month (its first day), kind (河流 or 湖库),
        target, items in mg/L (nh3n and tp as texts), published.
    """
    import polars as pl

    table = _csv(_WATER, "sections.csv", {"nh3n": pl.String, "tp": pl.String, "month": pl.String})
    return table.with_columns(pl.col("month").str.to_date("%Y-%m"))


def water_shares() -> pl.DataFrame:
    """Give shares of classes with the published state: area, period, good, middle, bad, published.

    Shares are of classes Ⅰ–Ⅲ, Ⅳ–Ⅴ and 劣Ⅴ in %.
    """
    return _csv(_WATER, "shares.csv", {})


def lake_hulun() -> pl.DataFrame:
    """Give ten years of Hulun Lake: year, tli_chla, tli_tp, tli_tn, tli_sd, published, state."""
    return _csv(_WATER, "hulun.csv", {})


def _csv(folder: str, name: str, texts: dict[str, Any]) -> pl.DataFrame:
    import polars as pl

    return pl.read_csv((files(__name__) / folder / name).read_bytes(), schema_overrides=texts)


def _decimal(column: str, factor: int) -> pl.Expr:
    import polars as pl

    return (pl.col(column).cast(pl.Float64) / factor).alias(column)


def _read(folder: str) -> pl.DataFrame:
    import polars as pl

    return pl.read_parquet((files(__name__) / folder / "hours.parquet").read_bytes())


def _stations(folder: str) -> pl.DataFrame:
    return _csv(folder, "stations.csv", {})

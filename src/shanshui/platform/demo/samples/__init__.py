"""Packaged real hours: Beijing 2013 to 2015 and the national network in spring 2020.

Each folder holds the data, the stations and a README with source, licence and changes.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

__all__ = ["beijing_hours", "beijing_stations", "national_hours", "national_stations"]

_BEIJING, _NATIONAL = "beijing_2013_2015", "national_2020_spring"


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


def _decimal(column: str, factor: int) -> pl.Expr:
    import polars as pl

    return (pl.col(column).cast(pl.Float64) / factor).alias(column)


def _read(folder: str) -> pl.DataFrame:
    import polars as pl

    return pl.read_parquet((files(__name__) / folder / "hours.parquet").read_bytes())


def _stations(folder: str) -> pl.DataFrame:
    import polars as pl

    return pl.read_csv((files(__name__) / folder / "stations.csv").read_bytes())

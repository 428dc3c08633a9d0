"""Hours to ranks with shanshui: daily, AQI, statistics of the year, ranks, on a lazy scan."""

import polars as pl

from shanshui import air


def run(files: list[str]) -> dict:
    hours = pl.scan_parquet(files)
    days = air.aqi(air.daily(hours)).collect(engine="streaming")
    stats = air.rank(air.statistics(days.lazy(), period="year")).collect()
    return {
        "days": days.height,
        "rows": stats.height,
        "composite": stats["composite"].mean(),
        "aqi": days["aqi"].sum(),
    }

"""The same with statistics of every month: twelve times as many groups."""

import polars as pl

from shanshui import air


def run(files: list[str]) -> dict:
    hours = pl.scan_parquet(files)
    days = air.aqi(air.daily(hours)).collect(engine="streaming")
    stats = air.rank(air.statistics(days.lazy(), period="month")).collect()
    return {"days": days.height, "rows": stats.height, "composite": stats["composite"].mean()}

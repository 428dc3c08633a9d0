"""AQI of daily rows with the package aqi-hub, one call a row (its 24-hour tables are 2026's)."""

import csv
import time

from aqi_hub.aqi_cn import cal_aqi_cn, cal_primary_pollutant, get_aqi_level


def run(files: list[str]) -> dict:
    with open(files[0], newline="") as file:  # noqa: PTH123
        rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
    start = time.perf_counter()
    for row in rows:
        aqi, parts = cal_aqi_cn(
            row["pm25"],
            row["pm10"],
            row["so2"],
            row["no2"],
            row["co"],
            row["o3_8h"],
            data_type="daily",
        )
        get_aqi_level(aqi)
        cal_primary_pollutant(parts)
    return {"seconds": time.perf_counter() - start, "rows": len(rows)}

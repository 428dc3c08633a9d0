"""AQI of daily rows with the package python-aqi, one call a row (its tables are 2012's)."""

import csv
import time

import aqi
from aqi import constants


def run(files: list[str]) -> dict:
    with open(files[0], newline="") as file:  # noqa: PTH123
        rows = list(csv.DictReader(file))
    names = {
        "pm25": aqi.POLLUTANT_PM25,
        "pm10": aqi.POLLUTANT_PM10,
        "so2": constants.POLLUTANT_SO2_24H,
        "no2": constants.POLLUTANT_NO2_24H,
        "co": constants.POLLUTANT_CO_24H,
        "o3_8h": aqi.POLLUTANT_O3_8H,
    }
    start = time.perf_counter()
    for row in rows:
        aqi.to_aqi([(code, row[item]) for item, code in names.items()], algo=aqi.ALGO_MEP)
    return {"seconds": time.perf_counter() - start, "rows": len(rows)}

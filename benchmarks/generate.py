"""Make a national year of hourly air data: 1,700 stations x every hour x six items, as Parquet.

The values are not real, but they behave: a level for each station and item, seasons, hours of the
day, good and bad days that last, whole µg/m3 (CO 0.1 mg/m3), and the gaps of a real network: single
hours without a value, items out for days, hours that are missing as rows.

    python benchmarks/generate.py [year ...]        # into benchmarks/data/year=2024/*.parquet

One file a month, one row group a day, in the order in which the hours arrive.
"""

import argparse
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

FOLDER = Path(__file__).resolve().parent / "data"
STATIONS = 1_700
ITEMS = ("so2", "no2", "co", "o3", "pm10", "pm25")
LEVEL = {"so2": 9, "no2": 26, "co": 0.7, "o3": 62, "pm10": 60, "pm25": 34}
# Winter over summer, amplitude of the day, and the hour of its maximum.
SEASON = {"so2": 0.3, "no2": 0.35, "co": 0.35, "o3": -0.4, "pm10": 0.35, "pm25": 0.5}
CYCLE = {
    "so2": (0.15, 10),
    "no2": (0.30, 20),
    "co": (0.20, 9),
    "o3": (0.60, 15),
    "pm10": (0.15, 9),
    "pm25": (0.15, 8),
}


def make_year(year: int, folder: Path = FOLDER, stations: int = STATIONS) -> Path:
    """Write one year; the same year always has the same values."""
    target = folder / f"year={year}"
    done = target / "_done"
    if done.exists():
        return target
    target.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(year)
    names = pl.Series("station", [f"{1001 + k}A" for k in range(stations)])
    level = {item: LEVEL[item] * rng.lognormal(0, 0.35, stations) for item in ITEMS}
    weather = np.zeros(stations)
    for month in range(1, 13):
        first = datetime(year, month, 1)
        after = datetime(year + month // 12, month % 12 + 1, 1)
        days = (after - first).days
        # Stamps end the hour: the first of the month is 01:00, the last the next month's 00:00.
        time = pl.datetime_range(first, after, "1h", closed="right", eager=True, time_unit="us")
        hours = days * 24
        mood = np.empty((days, stations))
        for day in range(days):  # good and bad days come in runs
            weather = 0.7 * weather + 0.7 * rng.normal(0, 0.45, stations)
            mood[day] = weather
        mood = np.repeat(mood, 24, axis=0)
        angle = 2 * np.pi * ((first.timetuple().tm_yday + 15) / 365.25)
        clock = (np.arange(hours) + 1) % 24
        columns: dict[str, object] = {
            "station": names.gather(np.tile(np.arange(stations), hours)),
            "time": time.gather(np.repeat(np.arange(hours), stations)),
        }
        for item in ITEMS:
            amplitude, peak = CYCLE[item]
            day = 1 + amplitude * np.cos(2 * np.pi * (clock - peak) / 24)
            values = (
                level[item][None, :]
                * (1 + SEASON[item] * np.cos(angle))
                * day[:, None]
                * np.exp((-0.4 if item == "o3" else 1.0) * mood)
                * rng.lognormal(0, 0.2, (hours, stations))
            )
            values = np.maximum(np.round(values, int(item == "co")), 0.1 if item == "co" else 1)
            gone = rng.random((hours, stations)) < 0.015
            for station in np.flatnonzero(rng.random(stations) < 0.04):  # out for some days
                start = rng.integers(0, hours)
                gone[start : start + rng.integers(12, 120), station] = True
            columns[item] = pl.Series(item, values.ravel()).set(pl.Series(gone.ravel()), None)
        frame = pl.DataFrame(columns).filter(pl.Series(rng.random(hours * stations) >= 0.005))
        frame.write_parquet(target / f"{year}-{month:02}.parquet", row_group_size=24 * stations)
    done.touch()
    return target


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("years", nargs="*", type=int, default=[2024])
    for wanted in parser.parse_args().years:
        print(make_year(wanted))

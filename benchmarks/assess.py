"""Measure assessment: all there is, then what one new day of 1,700 stations changes.

    python benchmarks/assess.py              # 304 days of a year: some minutes, 2 GiB of disk
    python benchmarks/assess.py --days 60    # a look
    python benchmarks/assess.py --relisted   # a year more, on another list: comparisons as well

Stations stand in the 337 cities of the catalogue, so provinces and groups are computed as well.
The ratio is to a bare scan by Polars of the same new day, and to the run over everything.
"""

import argparse
import itertools
import json
import shutil
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from shanshui.platform import assess, catalog
from shanshui.platform.review import rosters
from shanshui.platform.store import Workspace

STATIONS = [f"{1001 + i}A" for i in range(1_700)]
ITEMS = {"pm25": 30, "pm10": 55, "so2": 8, "no2": 25, "co": 0.7, "o3": 70}
FIRST = datetime(2025, 1, 1)


def hours(first: datetime, days: int, rng: np.random.Generator) -> pl.DataFrame:
    """Return the hours of days, 2 % of them missing."""
    last = first + timedelta(days=days)
    times = pl.datetime_range(first + timedelta(hours=1), last, "1h", eager=True).alias("time")
    frame = times.to_frame().join(pl.DataFrame({"station": STATIONS}), how="cross")
    columns = {}
    for item, typical in ITEMS.items():
        drawn = np.round(rng.gamma(2, typical / 2, frame.height), 1 if item == "co" else 0)
        drawn[rng.integers(0, frame.height, frame.height // 50)] = np.nan
        columns[item] = pl.Series(drawn).fill_nan(None)
    return frame.select("station", "time").with_columns(**columns)


def then(frame: pl.DataFrame) -> pl.DataFrame:
    """Give stations or hours as they were a year before: each tenth elsewhere, 30 not at all."""
    code = "code" if "code" in frame.columns else "station"
    moved = pl.when(pl.col(code).is_in(STATIONS[3::10])).then(pl.col(code) + "x").otherwise(code)
    return frame.filter(~pl.col(code).is_in(STATIONS[5::57])).with_columns(moved.alias(code))


def cities() -> list[str]:
    """Return the names of the cities, the four municipalities among them."""
    rows = catalog.regions().filter(
        (pl.col("level") == "city") | pl.col("code").is_in(["110000", "120000", "310000", "500000"])
    )
    names = rows.group_by("name").len().filter(pl.col("len") == 1)["name"].to_list()
    return sorted(names)


def timed(work):
    start, used = time.perf_counter(), time.process_time()
    out = work()
    return time.perf_counter() - start, time.process_time() - used, out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=304)
    parser.add_argument("--relisted", action="store_true")
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=args.folder))
    rng = np.random.default_rng(8)
    names = cities()
    told = {}
    try:
        with Workspace.create(folder / "w") as workspace:
            listed = pl.DataFrame({"station": STATIONS, "code": STATIONS}).with_columns(
                city=pl.Series([names[i % len(names)] for i in range(len(STATIONS))])
            )
            lists = [("2025", "2025-01-01", listed)]
            pieces = (
                hours(FIRST + timedelta(days=n), min(15, args.days - n), rng)
                for n in range(0, args.days, 15)
            )
            if args.relisted:
                old = pl.when(pl.col("code").is_in(STATIONS[3::10])).then(pl.col("code") + "x")
                lists = [
                    ("2024", "2024-01-01", then(listed)),
                    ("2025", "2025-01-01", listed.with_columns(moved_from=old)),
                ]
                before = (
                    then(hours(FIRST - timedelta(days=n), 15, rng)) for n in range(360, 0, -15)
                )
                pieces = itertools.chain(before, pieces)
            for version, start, stations in lists:
                rosters.load(
                    workspace.ledger,
                    stations,
                    version=version,
                    start=start,
                    who="bench",
                    code="guokong",
                    domain="air",
                    purpose="国控点位",
                )
            rosters.use(workspace.ledger, "guokong", who="bench")
            wall, _, stored = timed(lambda: workspace.lake.store(pieces, source="bench"))
            told["load, s"], told["values"] = round(wall, 1), stored.read
            wall, cpu, done = timed(lambda: assess.run(workspace, domain="air"))
            told["everything, s"] = [round(wall, 1), round(cpu, 1)]
            told["results"], told["comparisons"] = done.stored, done.compared
            day = hours(FIRST + timedelta(days=args.days), 1, rng)
            workspace.lake.store(day, source="new day")
            wall, cpu, done = timed(lambda: assess.run(workspace, domain="air"))
            told["one new day, s"] = [round(wall, 2), round(cpu, 2)]
            told["results of it"], told["comparisons of it"] = done.stored, done.compared
            started = FIRST + timedelta(days=args.days)
            scan, _, _ = timed(
                lambda: workspace.lake.observations(
                    start=started,
                    end=started + timedelta(days=1),
                    properties=list(ITEMS),
                    period=3600,
                    wide=True,
                ).collect()
            )
            told["bare scan of the day, s"] = round(scan, 3)
            wall, cpu, done = timed(lambda: assess.run(workspace, domain="air"))
            told["nothing new, s"] = [round(wall, 3), round(cpu, 3)]
            assert done.stored == 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(told, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()

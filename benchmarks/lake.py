"""Measure the lake: loading, re-sending, reviewing, reading.

    python benchmarks/lake.py                    # ten years: about ten minutes, 8 GiB of disk
    python benchmarks/lake.py --years 1          # a look
    python benchmarks/lake.py --folder /mnt/tmp  # elsewhere

1,700 stations, six items an hour; values are drawn at random, so they compress less well than real
ones. Ratios are taken in one run: plain Polars reads and writes the same file just before.
"""

import argparse
import json
import os
import resource
import shutil
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from deltalake import DeltaTable, write_deltalake

from shanshui.platform.store.lake import Lake

HERE = Path(__file__).resolve().parent
STATIONS = [f"{1001 + i}A" for i in range(1_700)]
ITEMS = {"pm25": 30, "pm10": 55, "so2": 8, "no2": 25, "co": 0.7, "o3": 70}


def month(first: datetime, rng: np.random.Generator) -> pl.DataFrame:
    """Return the hours of a month, in order of time, 2 % of them missing."""
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    hours = pl.datetime_range(first + timedelta(hours=1), last, "1h", eager=True).alias("time")
    frame = hours.to_frame().join(pl.DataFrame({"station": STATIONS}), how="cross")
    n = frame.height
    columns = {}
    for item, typical in ITEMS.items():
        digits = 1 if item == "co" else 0
        drawn = np.round(rng.gamma(2, typical / 2, n).astype(np.float32), digits).astype(float)
        drawn[rng.integers(0, n, n // 50)] = np.nan
        columns[item] = pl.Series(drawn).fill_nan(None)
    return frame.select("station", "time").with_columns(**columns)


def timed(work, repeat: int = 1):
    best, out = float("inf"), None
    for _ in range(repeat):
        start = time.perf_counter()
        out = work()
        best = min(best, time.perf_counter() - start)
    return best, out


def load(folder: Path, months: int, told: dict) -> None:
    """Load one CSV file, wide and long, beside plain Polars."""
    rng = np.random.default_rng(1)
    frames = [month(datetime(2025, m + 1, 1), rng) for m in range(months)]
    source = folder / "hours.csv"
    pl.concat(frames).write_csv(source)
    rows = sum(f.height for f in frames)
    told["csv rows"], told["csv MB"] = rows, source.stat().st_size // 10**6
    lazy = pl.scan_csv(source, try_parse_dates=True)
    told["plain CSV to Parquet s"] = timed(lambda: lazy.sink_parquet(folder / "plain.parquet"))[0]
    lake = Lake(folder / "loaded")
    told["load wide s"], done = timed(lambda: lake.store(lazy, source="hours.csv"))
    assert done.stored == sum(f.select(list(ITEMS)).count().sum_horizontal().item() for f in frames)
    told["load wide, ratio"] = told["load wide s"] / told["plain CSV to Parquet s"]
    told["the same again s"], again = timed(lambda: lake.store(lazy, source="hours.csv"))
    assert (again.stored, again.changed, again.version) == (0, 0, done.version)

    long = folder / "long.csv"
    frames[0].unpivot(
        on=list(ITEMS), index=["station", "time"], variable_name="property"
    ).drop_nulls("value").with_columns(period=3600).sort("time").write_csv(long)
    lazy = pl.scan_csv(long, try_parse_dates=True)
    plain = timed(lambda: lazy.sink_parquet(folder / "plain.parquet"))[0]
    other = Lake(folder / "loaded_long")
    seconds, done = timed(lambda: other.store(lazy, source="long.csv"))
    told["long rows"] = done.stored
    told["load long, ratio"] = seconds / plain
    for name in ("loaded", "loaded_long"):
        shutil.rmtree(folder / name)
    for path in (source, long):
        path.unlink()


def years(folder: Path, count: int, told: dict) -> Lake:
    """Fill a lake, year by year."""
    lake = Lake(folder / "lake")
    rng = np.random.default_rng(2)
    made = stored = compacted = 0.0
    values = 0
    for year in range(2026 - count, 2026):
        for number in range(1, 13):
            seconds, frame = timed(lambda y=year, n=number: month(datetime(y, n, 1), rng))
            made += seconds
            seconds, done = timed(lambda f=frame: lake.store(f, source="benchmark"))
            stored += seconds
            values += done.stored
        seconds, _ = timed(lake.compact)
        compacted += seconds
        lake.vacuum(timedelta(0))
        print(f"{year}: {values:,} values, {stored:.0f} s stored, {compacted:.0f} s compacted")
    told["values"] = values
    told["store, values a second"] = values / stored
    told["compaction s a year"] = compacted / count
    told["GB on disk"] = sum(p.stat().st_size for p in folder.rglob("*.parquet")) / 1e9
    return lake


def read(lake: Lake, told: dict) -> None:
    """Ask what pages and methods ask."""
    where = lake.place.url

    def ask(**more):
        return lambda: Lake(where).observations(**more).collect()

    told["latest of all ms"], latest = timed(lambda: Lake(where).latest().collect(), 5)
    assert latest.height == len(STATIONS) * len(ITEMS)
    span = {"start": datetime(2025, 1, 1), "end": datetime(2026, 1, 1), "stations": "1501A"}
    told["year of a station, wide ms"], got = timed(ask(**span, wide=True), 5)
    assert 8_700 < got.height <= 8_760
    told["year of a station, long ms"], _ = timed(ask(**span), 5)
    told["year of a station, one item ms"], _ = timed(ask(**span, properties="pm25"), 5)
    day = {"start": datetime(2025, 6, 1), "end": datetime(2025, 6, 2)}
    told["a day of all stations, wide ms"], _ = timed(ask(**day, wide=True), 5)
    hour = {"start": datetime(2025, 6, 1), "end": datetime(2025, 6, 1, 1)}
    told["an hour of all stations, wide ms"], _ = timed(ask(**hour, wide=True), 5)
    for name in [n for n in told if n.endswith(" ms")]:
        told[name] = round(told[name] * 1000, 1) if told[name] < 100 else told[name]
    everything = lake.observations(wide=True).select(pl.col("pm25").mean())
    told["mean of pm25 over all s"], _ = timed(lambda: everything.collect(engine="streaming"))


def change(lake: Lake, told: dict) -> None:
    """Send a month again, and review one item of it at a tenth of the stations."""
    start, end = datetime(2025, 6, 1), datetime(2025, 7, 1)
    sent = lake.observations(start=start, end=end, wide=True).collect()
    before = lake.version
    told["a month again s"], done = timed(lambda: lake.store(sent, source="again"))
    assert (done.stored, done.changed, lake.version) == (0, 0, before)

    some = lake.observations(STATIONS[::10], "pm25", start, end).collect()
    some = some.filter(pl.col("value").is_not_null()).with_columns(value=pl.col("value") + 1)
    review = some.drop("state", "recorded_from", "source")
    told["reviewed values"] = review.height
    told["review s"], done = timed(lambda: lake.store(review, source="review", state="reviewed"))
    assert done.changed == review.height


def merge(lake: Lake, folder: Path, told: dict) -> None:
    """Review the same values by a MERGE of Delta, in a table of that year alone."""
    start, end = datetime(2025, 1, 1), datetime(2026, 1, 1)
    year = lake.observations(start=start, end=end, wide=True).collect().sort("time", "station")
    year = year.with_columns(year=pl.lit(2025, pl.Int32), state_pm25=pl.lit(None, pl.String))
    write_deltalake(folder / "merged", year, partition_by="year")
    del year
    some = lake.observations(STATIONS[::10], "pm25", datetime(2025, 6, 1), datetime(2025, 7, 1))
    rows = some.select("station", "time", "value", year=pl.lit(2025, pl.Int32)).collect()

    def work():
        table = DeltaTable(folder / "merged")
        found = table.merge(
            rows.to_arrow(),
            "t.year = s.year AND t.station = s.station AND t.time = s.time",
            source_alias="s",
            target_alias="t",
        )
        found = found.when_matched_update({"pm25": "s.value", "state_pm25": "'reviewed'"})
        return found.execute()

    # MERGE alone: it does not keep the old rows, nor tell what is the same, nor flush anything.
    told["review by Delta MERGE s"], found = timed(work)
    assert found["num_target_rows_updated"] == rows.height
    told["files rewritten by MERGE"] = found["num_target_files_removed"]


def show(told: dict) -> None:
    for key, value in told.items():
        print(f"{key:36} {value:,.3f}" if isinstance(value, float) else f"{key:36} {value:,}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--months", type=int, default=3, help="months of the CSV file")
    parser.add_argument("--merge", action="store_true", help="compare with MERGE: takes 8 GB")
    parser.add_argument("--folder", type=Path)
    said = parser.parse_args()
    told: dict = {"cores": os.cpu_count(), "load before": round(os.getloadavg()[0], 1)}
    with tempfile.TemporaryDirectory(dir=said.folder, prefix="bench-lake-") as name:
        folder = Path(name)
        load(folder, said.months, told)
        told["peak GB, loading"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        lake = years(folder, said.years, told)
        read(lake, told)
        show(told)
        change(lake, told)
        told["peak GB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        if said.merge:
            merge(lake, folder, told)
            told["peak GB with MERGE"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    told["load after"] = round(os.getloadavg()[0], 1)
    show(told)
    (HERE / "results_lake.json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()

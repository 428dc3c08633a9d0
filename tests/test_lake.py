"""The lake: what is stored, what takes its place, what is refused, and what survives."""

import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from filelock import FileLock

from shanshui.platform.store.lake import Lake
from shanshui.platform.store.lake_errors import LakeBusy, LakeDamaged, LakeFailed
from shanshui.platform.store.lake_tables import AIR_HOUR
from shanshui.standards.errors import SchemaError, ShanshuiError

ROOT = Path(__file__).resolve().parent
NINE = datetime(2026, 3, 1, 9)


def hours(stations=2, count=24, first=NINE, **values):
    """Wide hours."""
    frame = pl.DataFrame({"station": [f"{1001 + i}A" for i in range(stations)]}).join(
        pl.DataFrame({"time": [first + timedelta(hours=h) for h in range(count)]}), how="cross"
    )
    number = pl.int_range(pl.len()).cast(pl.Float64)
    return frame.with_columns(**(values or {"pm25": number, "o3": number + 100}))


def long(item, value, *, station="1001A", time=NINE, period=3600, **more):
    return pl.DataFrame(
        {"station": [station], "property": [item], "time": [time]}
        | {"period": [period], "value": [value]}
        | {name: [one] for name, one in more.items()},
        schema_overrides={"value": pl.Float64},
    )


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path / "lake")


def values(lake, **asked):
    return sorted(lake.observations(**asked).select("property", "value").collect().rows())


def test_empty_lake_has_every_column(lake):
    found = lake.observations().collect()
    assert found.height == 0
    assert found.columns == [
        *("station", "property", "time", "period", "value"),
        *("flag", "source", "state", "recorded_from"),
    ]
    assert lake.versions().height == 0
    assert lake.version == 0
    assert not Path(lake.place.url).exists()


def test_counts_and_version(lake):
    first = lake.store(hours(), source="a.csv")
    assert (first.read, first.stored, first.version) == (96, 96, 1)
    again = lake.store(hours(), source="b.csv")
    assert (again.stored, again.already, again.version) == (0, 96, 1)
    row = lake.versions().row(0, named=True)
    assert (row["source"], row["action"], row["read"]) == ("a.csv", "store", 96)


def test_resent_month_writes_no_file(lake):
    lake.store(hours(50, 744), source="a")
    before = sorted(Path(lake.place.url).rglob("*.parquet"))
    done = lake.store(hours(50, 744), source="a")
    assert (done.stored, done.already) == (0, 2 * 50 * 744)
    assert sorted(Path(lake.place.url).rglob("*.parquet")) == before


def test_states_and_as_of(lake):
    lake.store(long("pm25", 30.0), source="a")
    lake.store(long("pm25", 31.0), source="b", state="reviewed")
    low = lake.store(long("pm25", 32.0), source="c")
    assert low.outranked == 1
    assert lake.store(long("pm25", 32.0), source="c").version == low.version
    lake.store(long("pm25", 33.0), source="d", state="corrected")
    assert values(lake) == [("pm25", 33.0)]
    assert values(lake, as_of=1) == [("pm25", 30.0)]
    assert values(lake, as_of=2) == [("pm25", 31.0)]
    between = lake.versions().sort("version")["recorded"][1]
    assert values(lake, as_of=between) == [("pm25", 31.0)]
    assert values(lake, as_of=datetime(2000, 1, 1, tzinfo=UTC)) == []
    revisions = lake.revisions().sort("value").collect()
    assert revisions["value"].to_list() == [30.0, 31.0, 32.0]
    never = revisions.row(2, named=True)
    assert never["recorded_from"] == never["recorded_to"]


def test_review_of_one_item_does_not_touch_the_others(lake):
    lake.store(hours(1, 1, pm25=35.0, o3=80.0), source="a")
    lake.store(long("pm25", 36.0), source="b", state="reviewed")
    rows = {r["property"]: r for r in lake.observations().collect().iter_rows(named=True)}
    assert (rows["pm25"]["state"], rows["pm25"]["source"]) == ("reviewed", "b")
    assert (rows["o3"]["state"], rows["o3"]["source"], rows["o3"]["value"]) == ("raw", "a", 80.0)
    assert rows["o3"]["recorded_from"] < rows["pm25"]["recorded_from"]
    assert values(lake, as_of=1) == [("o3", 80.0), ("pm25", 35.0)]


def test_missing_value_is_kept_as_missing(lake):
    lake.store(long("so2", None), source="a")
    lake.store(hours(1, 1, pm25=None, flag_o3=pl.lit("N"), o3=None), source="b")
    assert values(lake) == [("o3", None), ("so2", None)]


def test_year_ends_with_its_last_hour(lake):
    lake.store(hours(1, 1, first=datetime(2026, 1, 1)), source="a")
    assert [p.name for p in Path(lake.place.url, "air_hour").glob("year=*")] == ["year=2025"]


def test_asking_by_station_time_property_and_period(lake):
    lake.store(hours(3, 48), source="a")
    lake.store(long("nh3n", 0.2, period=14400), source="b")
    got = lake.observations("1002A", "pm25", NINE, NINE + timedelta(hours=3)).collect()
    assert sorted(got["time"].to_list()) == [NINE + timedelta(hours=h) for h in (1, 2, 3)]
    assert lake.observations(properties="nh3n", period=3600).collect().height == 0
    assert lake.observations(period=timedelta(hours=4)).collect().height == 1
    wide = lake.observations(properties=["pm25"], wide=True).collect()
    assert wide.columns == ["station", "time", "pm25", "flag_pm25"]
    assert wide.height == 144
    other = lake.observations(properties=["nh3n"], period=14400, wide=True).collect()
    assert other.select("station", "nh3n").rows() == [("1001A", 0.2)]
    with pytest.raises(ShanshuiError, match="period"):
        lake.observations(properties=["nh3n"], wide=True)


def test_latest_is_the_newest_row_also_when_older_ones_come_later(lake):
    lake.store(hours(2, 24), source="a")
    lake.store(hours(2, 24, first=NINE - timedelta(days=9)), source="late")
    lake.store(long("pm25", None, time=NINE + timedelta(days=1)), source="b")
    got = lake.latest(stations="1001A").sort("property").collect()
    assert got.select("property", "value", "time").rows() == [
        ("o3", 123.0, NINE + timedelta(hours=23)),
        ("pm25", None, NINE + timedelta(days=1)),
    ]


def test_times_with_offset_become_beijing_time(lake):
    aware = long("pm25", 1.0).with_columns(
        pl.col("time").dt.replace_time_zone("Asia/Shanghai").dt.convert_time_zone("UTC")
    )
    lake.store(aware, source="a")
    assert lake.observations().collect()["time"].to_list() == [NINE]


def test_a_delivery_that_changed_nothing_is_known_too(lake):
    lake.store(hours(pm25=1.0), source="a", transaction="first")
    lake.store(hours(pm25=1.0), source="a", transaction="same")
    lake.store(hours(pm25=2.0), source="a", transaction="later")
    assert lake.store(hours(pm25=1.0), source="a", transaction="same").repeated
    assert lake.observations(properties="pm25").collect()["value"].unique().to_list() == [2.0]


def test_transaction_is_taken_once(lake):
    first = lake.store(hours(), source="a", transaction=("gateway", 5))
    again = lake.store(hours(pm25=1.0), source="a", transaction=("gateway", 5))
    older = lake.store(hours(pm25=2.0), source="a", transaction=("gateway", 4))
    assert again.repeated
    assert older.repeated
    assert (again.version, again.stored) == (first.version, 96)
    assert lake.version == 1
    newer = lake.store(hours(pm25=2.0), source="a", transaction=("gateway", 6))
    assert not newer.repeated
    assert newer.changed == 47 + 1 - 1 or newer.changed == 47  # one value was 2.0 already


def test_lazy_frames_and_iterators_are_taken_piece_by_piece(lake, tmp_path):
    hours(20, 100).write_csv(tmp_path / "a.csv")
    lazy = pl.scan_csv(tmp_path / "a.csv", try_parse_dates=True)
    assert lake.store(lazy, source="a.csv").stored == 4000
    assert lake.store(hours(20, 100).iter_slices(77), source="b").already == 4000


def test_preview_says_what_store_does_and_writes_nothing(lake):
    lake.store(hours(1, 2, pm25=pl.Series([1.0, 2.0])), source="a")
    files = sorted(Path(lake.place.url).rglob("*"))
    new = hours(1, 3, pm25=pl.Series([1.0, 5.0, 7.0]))
    told = lake.preview(new, source="b")
    assert sorted(Path(lake.place.url).rglob("*")) == files
    assert told.sums.rows() == [("pm25", 2, 3.0, 3, 13.0)]
    done = lake.store(new, source="b")
    assert (told.read, told.stored, told.already, told.changed) == (3, 1, 1, 1)
    assert (done.read, done.stored, done.already, done.changed) == (3, 1, 1, 1)


# What cannot be taken


@pytest.mark.parametrize(
    ("frame", "error", "words"),
    [
        (pl.DataFrame({"a": [1]}), SchemaError, "property"),
        (hours().drop("time"), SchemaError, "time"),
        (hours().with_columns(aqi=pl.lit(50)), SchemaError, "aqi"),
        (hours().with_columns(period=pl.lit(86400)), SchemaError, "period"),
        (long("pm25", 1.0).drop("period"), SchemaError, "period"),
        (long("pm25", 1.0).with_columns(pl.col("time").dt.date()), SchemaError, "time"),
        (long("pm25", 1.0).with_columns(value=pl.lit("高")), SchemaError, "value"),
        (long("pm25", float("inf")), ShanshuiError, "row 49, column value"),
        (long("pm25", 1.0, state="final"), ShanshuiError, "row 49, column state"),
        (long("pm25", 1.0, period=0), ShanshuiError, "row 49, column period"),
        (pl.concat([long("a", 1.0), long(None, 1.0)]), ShanshuiError, "row 50, column property"),
        ([1], SchemaError, "int"),
    ],
)
def test_frames_that_cannot_be_taken_are_refused_whole(lake, frame, error, words):
    lake.store(hours(), source="a")
    before = sorted(Path(lake.place.url).rglob("*.parquet"))
    with pytest.raises(error, match=words):
        lake.store([hours(first=NINE + timedelta(days=9)), frame], source="b")
    assert lake.observations().collect().height == 96
    assert sorted(Path(lake.place.url).rglob("*.parquet")) == before


def test_unknown_state_and_naive_as_of_are_refused(lake):
    with pytest.raises(ShanshuiError, match="reviewed"):
        lake.store(hours(), source="a", state="final")
    with pytest.raises(ShanshuiError, match="aware"):
        lake.observations(as_of=NINE)
    with pytest.raises(ShanshuiError, match="no version 3"):
        lake.observations(as_of=3)


# Flags


def flags(level="suspect", rule="spike"):
    return (
        long("pm25", 1.0)
        .drop("value")
        .with_columns(rule=pl.lit(rule), level=pl.lit(level, pl.String), detail=pl.lit("6 × MAD"))
    )


def test_flags_stand_beside_the_values(lake):
    lake.store(hours(1, 1), source="a")
    assert lake.flag(flags()).stored == 1
    assert lake.flag(flags()).already == 1
    assert lake.flag(flags("bad")).changed == 1
    assert lake.flag(flags(rule="range")).stored == 1
    version = lake.version
    assert lake.flag(flags(None)).changed == 1
    assert lake.flags().collect()["rule"].to_list() == ["range"]
    then = lake.versions().filter(pl.col("version") == version)["recorded"][0]
    assert lake.flags(as_of=then).sort("rule").collect()["level"].to_list() == ["suspect", "bad"]
    assert lake.observations().collect()["flag"].to_list() == [None, None]


# Care


def test_compaction_and_vacuum_change_no_answer(lake):
    for day in range(6):
        lake.store(hours(3, 24, first=NINE + timedelta(days=20 * day)), source=f"{day}")
    lake.store(hours(3, 24, pm25=-1.0), source="c", state="corrected")
    version = lake.version
    rows = lake.observations().collect().sort(pl.all())
    then = lake.observations(as_of=2).collect().sort(pl.all())
    done = lake.compact()
    assert (done.before, done.after) == (7, 2)  # the rows of half a year, and the revisions
    assert lake.compact() == type(done)(done.version, 0, 0)
    removed = lake.vacuum(timedelta(0), dry_run=True).files
    assert sum(map(len, removed.values())) > 7
    assert lake.vacuum(timedelta(0)).files.keys() == removed.keys()
    left = {p.name for p in Path(lake.place.url, "air_hour").rglob("part-*.parquet")}
    assert left == set()
    assert lake.observations().collect().sort(pl.all()).equals(rows)
    assert lake.observations(as_of=version).collect().sort(pl.all()).equals(rows)
    assert lake.observations(as_of=2).collect().sort(pl.all()).equals(then)
    assert lake.status().missing == []


def test_vacuum_keeps_what_is_younger_than_its_retention(lake):
    lake.store(hours(), source="a")
    reader = lake.observations()
    lake.store(hours(pm25=1.0), source="b")
    assert lake.vacuum().files["air_hour"] == []
    assert reader.collect().height == 96


def test_many_versions_stay_quick_to_list(lake, monkeypatch):
    monkeypatch.setattr("shanshui.platform.store.lake_log._TOGETHER", 5)
    for hour in range(12):
        lake.store(hours(1, 1, first=NINE + timedelta(hours=hour)), source=str(hour))
    assert lake.versions()["source"].to_list() == [str(h) for h in range(11, -1, -1)]
    files = Lake(lake.place.url)._log.open("commits").file_uris()
    assert len(files) == 3  # ten versions in one, and two


def test_backup_comes_back(lake, tmp_path):
    lake.store(hours(), source="a", transaction="t1")
    lake.store(hours(pm25=1.0), source="b")
    lake.compact()
    made = lake.backup(tmp_path / "copy")
    assert made.version == 3
    assert made.rows["air_hour"] == 48
    back = Lake.restore(tmp_path / "copy", tmp_path / "back")
    for asked in ({}, {"as_of": 1}):
        assert (
            back.observations(**asked)
            .collect()
            .sort(pl.all())
            .equals(lake.observations(**asked).collect().sort(pl.all()))
        )
    assert back.versions().equals(lake.versions())
    assert back.store(hours(), source="a", transaction="t1").repeated
    assert back.store(hours(first=NINE + timedelta(days=1)), source="c").stored == 96
    with pytest.raises(ShanshuiError, match="not an empty folder"):
        Lake.restore(tmp_path / "copy", tmp_path / "back")


@pytest.mark.parametrize("harm", ["cut", "gone", "other"])
def test_damaged_backup_is_refused(lake, tmp_path, harm):
    lake.store(hours(), source="a")
    lake.backup(tmp_path / "copy")
    file = next((tmp_path / "copy" / "air_hour").rglob("*.parquet"))
    if harm == "cut":
        file.write_bytes(file.read_bytes()[:-8])
    elif harm == "gone":
        file.unlink()
    else:
        manifest = tmp_path / "copy" / "backup.json"
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"version": 9}))
    with pytest.raises(LakeDamaged, match="damaged"):
        Lake.restore(tmp_path / "copy", tmp_path / "back")
    assert not (tmp_path / "back").exists()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="paths of open files are needed")
def test_everything_is_flushed_before_a_store_is_reported(lake, monkeypatch):
    lake.store(hours(), source="a")
    root = Path(lake.place.url)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    flushed = []
    fsync = os.fsync

    def record(handle):
        flushed.append(Path(f"/proc/self/fd/{handle}").readlink())
        fsync(handle)

    monkeypatch.setattr(os, "fsync", record)
    lake.store(hours(first=NINE + timedelta(days=400)), source="b")  # a new year: a new folder
    lake.store(hours(1, 1, pm25=9.0), source="c", state="reviewed")
    touched = {
        path
        for path in root.rglob("*")
        if path.name != "writer.lock" and before.get(path) != path.stat().st_mtime_ns
    }
    logs = [path.parts[-3] for path in touched if path.suffix == ".json"]
    assert sorted(logs) == ["air_hour", "air_hour", "commits", "commits", "latest", "revisions"]
    assert touched - set(flushed) == set()
    # The data were there before the log that names them, and that before the head.
    air = [path for path in flushed if "air_hour" in path.parts]
    assert air[0].suffix == ".parquet"
    last = [path for path in flushed if path.suffix == ".json"][-1]
    assert last == root / "commits" / "_delta_log" / f"{3:020}.json"


# Two writers, full and read-only disks, damage


def test_two_loaders_at_once_lose_nothing(tmp_path):
    lakes = [Lake(tmp_path / "lake") for _ in range(4)]
    done = []

    def load(number):
        for day in range(5):
            first = NINE + timedelta(days=day)
            frame = hours(3, 24, first=first).with_columns(station=pl.col("station") + str(number))
            done.append(lakes[number].store(frame, source=str(number)).version)

    threads = [threading.Thread(target=load, args=(n,)) for n in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(done) == list(range(1, 21))
    rows = lakes[0].observations().collect()
    assert rows.height == 4 * 5 * 3 * 24 * 2
    assert rows.select("station", "property", "time").is_unique().all()


def test_second_writer_is_told_to_wait(tmp_path):
    Lake(tmp_path).store(hours(), source="a")
    with (
        FileLock(tmp_path / "writer.lock"),
        pytest.raises(LakeBusy, match="another program is writing"),
    ):
        Lake(tmp_path, wait=0.1).store(hours(), source="b")
    assert Lake(tmp_path).observations().collect().height == 96


FULL = """
import resource, signal, sys
from datetime import timedelta
sys.path.insert(0, {tests!r})
from test_lake import NINE, hours
from shanshui.platform.store.lake import Lake
from shanshui.platform.store.lake_errors import LakeFailed
lake = Lake({folder!r})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))
try:
    lake.store(hours(200, 24 * 30, first=NINE + timedelta(days=40)), source="b")
except LakeFailed as error:
    print("refused:", error)
else:
    print("stored")
"""


@pytest.mark.parametrize("limit", [0, 200, 1_500, 40_000])
def test_full_disk_is_one_clear_error_and_nothing_is_lost(tmp_path, limit):
    """Files may grow to a limit: the data file, the log or the note does not fit any more."""
    lake = Lake(tmp_path / "lake")
    lake.store(hours(), source="a")
    code = FULL.format(tests=str(ROOT), folder=str(tmp_path / "lake"), limit=limit)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.startswith("refused: "), done.stdout + done.stderr
    assert " / " in done.stdout
    assert lake.observations().collect().height == 96
    after = lake.store(hours(200, 24 * 30, first=NINE + timedelta(days=40)), source="b")
    assert after.stored == 2 * 200 * 24 * 30
    assert not lake.status().unfinished


def test_failure_between_the_commits_is_taken_back(lake, monkeypatch):
    lake.store(hours(), source="a")
    pin = type(lake._log)._pin

    def fail(*_args, **_more):
        raise LakeFailed("中断 / cut")

    monkeypatch.setattr(type(lake._log), "_pin", fail)
    with pytest.raises(LakeFailed):
        lake.store(hours(pm25=5.0), source="b")
    assert lake._log.open("air_hour").version() == 2
    assert values(Lake(lake.place.url), stations="1001A", properties="o3")[0] == ("o3", 100.0)
    assert lake.revisions().collect().height == 0
    assert lake.status().unfinished
    monkeypatch.setattr(type(lake._log), "_pin", pin)
    assert lake.store(hours(), source="a").already == 96
    assert lake.versions()["action"].to_list() == ["recover", "store"]
    assert not lake.status().unfinished
    assert lake.store(hours(pm25=5.0), source="b").changed == 47


@pytest.mark.parametrize("torn", [b"", b'{"add":{"pa'])
def test_log_cut_off_by_a_power_failure_is_taken_back(lake, torn):
    """A name can reach the disk before its bytes do; the note tells that it was never reported."""
    lake.store(hours(), source="a")
    root = Path(lake.place.url)
    (root / "pending.json").write_text(json.dumps({"version": 2, "pins": {}}))
    for name in ("air_hour", "commits"):
        (root / name / "_delta_log" / f"{2:020}.json").write_bytes(torn)
    fresh = Lake(root)
    assert fresh.observations().collect().height == 96
    assert fresh.store(hours(first=NINE + timedelta(days=2)), source="b").stored == 96
    assert fresh.observations().collect().height == 192
    assert not fresh.status().unfinished


@pytest.mark.parametrize("torn", [b"", b'{"add":{"pa', None])
def test_damaged_log_is_told_and_nothing_is_touched(lake, torn):
    lake.store(hours(), source="a")
    lake.store(hours(first=NINE + timedelta(days=2)), source="b")
    log = Path(lake.place.url, "commits", "_delta_log", f"{2:020}.json")
    if torn is None:
        for path in log.parent.iterdir():
            path.unlink()
    else:
        log.write_bytes(torn)
    before = sorted(Path(lake.place.url).rglob("*.*"))
    with pytest.raises(LakeDamaged, match="restore"):
        Lake(lake.place.url).store(hours(), source="c")
    with pytest.raises(LakeDamaged, match="restore"):
        Lake(lake.place.url).observations()
    assert sorted(Path(lake.place.url).rglob("*.*")) == before


def test_missing_data_file_is_found_by_status(lake):
    lake.store(hours(), source="a")
    file = next(Path(lake.place.url, "air_hour").rglob("*.parquet"))
    file.unlink()
    assert lake.status().missing == [str(file)]


@pytest.mark.skipif(os.name != "posix", reason="folders have no such modes")
def test_read_only_folder(lake_of_another):
    """Reading works, writing is one clear error."""
    lake = Lake(lake_of_another, wait=0.1)
    assert lake.observations().collect().height == 96
    assert lake.preview(hours(), source="b").already == 96
    with pytest.raises(LakeFailed, match="Permission denied"):
        lake.store(hours(), source="b")
    with pytest.raises(LakeFailed, match="Permission denied"):
        lake.compact()


@pytest.fixture
def lake_of_another():
    """A lake that this process may read and not write, be it root's or not."""
    with tempfile.TemporaryDirectory(dir="/tmp") as home:
        folder = Path(home, "lake")
        Lake(folder).store(hours(), source="a")
        Path(home).chmod(0o755)
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield folder
        finally:
            if root:
                os.seteuid(0)
            for path in [folder, *folder.rglob("*")]:
                path.chmod(0o755 if path.is_dir() else 0o644)


def test_killed_loaders_leave_a_lake_that_is_whole():
    """About twenty seconds of `kill_lake.py`; the long run is made by hand and in releases."""
    spec = importlib.util.spec_from_file_location("kill_lake", ROOT / "kill_lake.py")
    kill_lake = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kill_lake)
    told = kill_lake.kill_often(8, 20, seed=int(time.time()))
    assert told["kills"] >= 1


def test_items_of_the_wide_table_are_columns_of_its_delta_schema(lake):
    lake.store(hours(), source="a")
    names = [field.name for field in lake._log.open("air_hour").schema().fields]
    assert names == [*AIR_HOUR.schema, "year"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 0

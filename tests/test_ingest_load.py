"""Files into a workspace: counted, told, stored whole or not at all, recognised when sent again."""

import csv
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import select

from shanshui.platform.ingest import load as loading
from shanshui.platform.ingest.hj212 import packed
from shanshui.platform.ingest.load import ingest
from shanshui.platform.ingest.profiles import Column, Profile
from shanshui.platform.ingest.sniff import sniff
from shanshui.platform.store import Workspace, models
from shanshui.standards.errors import ShanshuiError

HEAD = "城市,点位,编码,时间,PM2.5,SO2,CO\n"


def hours(path, station="1001A", first=1, count=24, offset=0.0):
    rows = [
        f"京,甲{station},{station},2026-03-01 {h:02}:00,{30 + h + offset},{5 + h},0.{h % 9 + 1}\n"
        for h in range(first, first + count)
    ]
    path.write_text(HEAD + "".join(rows), encoding="utf-8")
    return path


def take(workspace, path, profile=None, **more):
    profile = profile or sniff(path).profile
    return ingest(workspace, path, profile, who="张三", **more)


def rows_of(workspace):
    return workspace.lake.observations().collect()


def loads(workspace):
    with workspace.ledger.read() as session:
        return [row.values() for row in session.scalars(select(models.Load).order_by("id"))]


def test_a_file_is_stored_counted_and_noted(workspace, tmp_path):
    path = hours(tmp_path / "三月.csv")
    with path.open("a", encoding="utf-8") as stream:
        stream.write(
            "京,甲1001A,1001A,2026-03-02 01:00,x,,0.3\n京,甲1001A,1001A,昨天,1,1,1\n,,,,,,\n"
        )
    told = take(workspace, path)
    assert (told.rows, told.read, told.stored, told.set_aside) == (27, 74, 74, 2)
    assert (told.already, told.changed, told.outranked, told.missing) == (0, 0, 0, 1)
    assert told.found == ["1001A"]
    text = (workspace.folder / told.rejected_file).read_text(encoding="utf-8-sig")
    listed = list(csv.DictReader(text.splitlines()))
    assert [(r["row"], r["column"], r["value"]) for r in listed] == [
        ("26", "PM2.5", "x"),
        ("27", "时间", "昨天"),
    ]
    assert all(r["reason"] and r["reason_en"] for r in listed)
    (row,) = loads(workspace)
    assert (row["state"], row["stored"], row["rejected"], row["who"]) == ("done", 74, 2, "张三")
    assert row["sha256"] == told.sha256
    assert row["finished"] >= row["started"]
    with workspace.ledger.read() as session:
        station = session.get_one(models.Station, "1001A")
        assert (station.found, station.kind) == (True, "空气站")
        assert session.get_one(models.Property, "pm25").unit == "ug/m3"


def test_sending_again_is_harmless_and_a_change_is_told(workspace, tmp_path):
    path = hours(tmp_path / "a.csv")
    take(workspace, path)
    again = take(workspace, path)
    assert (again.stored, again.already, again.changed, again.found) == (0, 72, 0, [])
    hours(path, offset=0.5)
    changed = take(workspace, path)
    assert (changed.stored, changed.already, changed.changed) == (0, 48, 24)
    assert rows_of(workspace).height == 72
    assert workspace.lake.revisions().collect().height == 24


def test_a_value_that_the_source_withdraws_is_withdrawn(workspace, tmp_path):
    path = hours(tmp_path / "a.csv", count=1)
    take(workspace, path)
    path.write_text(path.read_text(encoding="utf-8").replace(",31.0,", ",—,"), encoding="utf-8")
    told = take(workspace, path)
    assert (told.already, told.changed, told.missing) == (2, 1, 1)
    values = dict(rows_of(workspace).select("property", "value").rows())
    assert values == {"pm25": None, "so2": 6.0, "co": 0.2}


def test_reviewed_data_outrank_raw_ones(workspace, tmp_path):
    path = hours(tmp_path / "a.csv", count=2)
    take(workspace, path, state="reviewed")
    hours(path, count=2, offset=1.0)
    told = take(workspace, path)
    assert (told.outranked, told.changed) == (6, 0)


def test_a_dry_run_says_what_would_change_and_writes_nothing(workspace, tmp_path):
    path = hours(tmp_path / "a.csv", count=2)
    dry = take(workspace, path, dry_run=True)
    assert (dry.dry, dry.stored, dry.found, dry.load) == (True, 6, ["1001A"], None)
    assert {r["property"]: (r["count_before"], r["count_after"], r["sum_after"]) for r in dry.sums}[
        "pm25"
    ] == (0, 2, 63.0)
    assert loads(workspace) == []
    assert not (workspace.folder / "rejected").exists()
    assert rows_of(workspace).is_empty()
    take(workspace, path)
    hours(path, count=2, offset=1.0)
    dry = take(workspace, path, dry_run=True)
    sums = {r["property"]: r for r in dry.sums}
    assert dry.changed == 2
    assert (sums["pm25"]["sum_before"], sums["pm25"]["sum_after"]) == (63.0, 65.0)
    assert rows_of(workspace).filter(pl.col("property") == "pm25")["value"].sum() == 63.0


def test_contradictions_far_apart_are_set_aside(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr("shanshui.platform.ingest.tabular.PIECE", 30)
    path = hours(tmp_path / "a.csv")
    with path.open("a", encoding="utf-8") as stream:
        stream.write("京,甲1001A,1001A,2026-03-01 01:00,99,6,0.2\n")  # said otherwise before
        stream.write("京,甲1001A,1001A,2026-03-01 02:00,32.0,7,0.3\n")  # said the same
    told = take(workspace, path)
    assert (told.rows, told.set_aside) == (26, 2)
    assert [(r["row"], r["code"]) for r in told.first] == [(2, "conflict"), (26, "conflict")]
    assert rows_of(workspace)["time"].min() == datetime(2026, 3, 1, 2)


def test_a_column_that_tells_stations_apart_is_missed(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr("shanshui.platform.ingest.tabular.PIECE", 30)
    lines = [
        f"京,{p},2026-03-01 {h:02}:00,{h + n}\n" for n, p in enumerate("甲乙") for h in range(1, 25)
    ]
    path = tmp_path / "a.csv"
    path.write_text("城市,岗,时间,PM2.5\n" + "".join(lines), encoding="utf-8")
    with pytest.raises(ShanshuiError, match="--station-column") as error:
        take(workspace, path)
    assert "岗" in str(error.value)
    assert rows_of(workspace).is_empty()
    assert [r["state"] for r in loads(workspace)] == ["failed"]
    told = take(workspace, path, replace(sniff(path).profile, station=("城市", "岗")))
    assert told.stored == 48


def test_packets_of_hj212_find_the_registered_station(workspace, tmp_path):
    with workspace.ledger.write(who="张三", action="test") as session:
        session.add(models.Station(code="W001", name="一号水站"))
        session.flush()
        session.add(models.StationCode(station_code="W001", system="hj212", code="MN1"))
    path = tmp_path / "a.log"
    one = packed("ST=21;CN=2061;MN=MN1;CP=&&DataTime=20260301080000;w21003-Avg=0.2&&")
    other = packed("ST=21;CN=2061;MN=MN2;CP=&&DataTime=20260301080000;w21003-Avg=0.2&&")
    path.write_bytes(one + other + other[:-8] + b"\r\n")
    told = take(workspace, path)
    assert (told.rows, told.stored, told.set_aside, told.found) == (3, 2, 1, ["MN2"])
    assert sorted(rows_of(workspace)["station"]) == ["MN2", "W001"]


def test_a_file_without_anything_is_an_error(workspace, tmp_path):
    path = tmp_path / "a.log"
    path.write_text("nothing here\n")
    with pytest.raises(ShanshuiError, match="没有可读"):
        take(workspace, path, Profile("hj212", "hj212"))
    with pytest.raises(ShanshuiError, match="找不到"):
        take(workspace, tmp_path / "none.csv", Profile("hj212", "hj212"))
    with pytest.raises(ShanshuiError, match="文件夹"):
        take(workspace, tmp_path, Profile("hj212", "hj212"))


# --- faults of the machine


def test_no_room_for_the_list_stores_nothing(workspace, tmp_path):
    path = hours(tmp_path / "a.csv")
    with path.open("a", encoding="utf-8") as stream:
        stream.write("京,甲,1001A,昨天,1,1,1\n")
    rejected = workspace.folder / "rejected"
    rejected.write_text("a file where the folder should be")
    with pytest.raises(ShanshuiError, match="搁置清单写不下"):
        take(workspace, path)
    assert rows_of(workspace).is_empty()
    rejected.unlink()
    assert take(workspace, path).stored == 72
    assert [r["state"] for r in loads(workspace)] == ["failed", "done"]


def test_a_ledger_that_goes_away_after_the_store_is_made_good(workspace, tmp_path, monkeypatch):
    path = hours(tmp_path / "a.csv")

    def gone(*_):
        raise ShanshuiError("台账不见了 / the ledger is gone")

    with monkeypatch.context() as patch:
        patch.setattr(loading, "register", gone)
        with pytest.raises(ShanshuiError, match="不见了"):
            take(workspace, path)
    # The lake has it; the run says so, and again stores nothing twice.
    (row,) = loads(workspace)
    assert (row["state"], row["stored"]) == ("done", 72)
    told = take(workspace, path)
    assert (told.stored, told.already, told.found) == (0, 72, ["1001A"])


def test_a_run_whose_end_could_not_be_noted_is_closed_by_the_next(workspace, tmp_path, monkeypatch):
    path = hours(tmp_path / "a.csv")

    def gone(*_):
        raise ShanshuiError("台账不见了 / the ledger is gone")

    with monkeypatch.context() as patch:
        patch.setattr(loading, "register", gone)
        patch.setattr(loading, "_end", gone)
        with pytest.raises(ShanshuiError):
            take(workspace, path)
    assert [r["state"] for r in loads(workspace)] == ["running"]
    take(workspace, path)
    assert [(r["state"], r["stored"]) for r in loads(workspace)] == [("done", 72), ("done", 0)]


def test_a_ledger_that_is_not_there_stores_nothing(tmp_path):
    with Workspace.create(tmp_path / "w") as workspace:
        path = hours(tmp_path / "a.csv")
        ledger = tmp_path / "w" / "ledger.db"
        workspace.ledger.close()
        kept = ledger.with_suffix(".away")
        ledger.rename(kept)
        for more in ("-wal", "-shm"):
            Path(f"{ledger}{more}").unlink(missing_ok=True)
        with pytest.raises(ShanshuiError):
            take(workspace, path)
        assert not (tmp_path / "w" / "lake").exists()
        workspace.ledger.close()
        for more in ("", "-wal", "-shm"):
            Path(f"{ledger}{more}").unlink(missing_ok=True)
        kept.rename(ledger)
        assert take(workspace, path).stored == 72


CHILD = """
import sys
from shanshui.platform.ingest.load import ingest
from shanshui.platform.ingest.sniff import sniff
from shanshui.platform.store import Workspace
folder, path = sys.argv[1:]
profile = sniff(path).profile
with Workspace.open(folder) as workspace:
    print("ready", flush=True)
    told = ingest(workspace, path, profile, who="x")
    print("stored", told.stored, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills by POSIX signals")
def test_a_loader_that_is_killed_leaves_all_or_nothing(tmp_path):
    folder = tmp_path / "w"
    Workspace.create(folder).close()
    files = [hours(tmp_path / f"{n}.csv", f"{1001 + n}A") for n in range(6)]
    chance = random.Random(20261120)
    for path in files:
        run = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(folder), str(path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert run.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0, 0.4))
        run.send_signal(signal.SIGKILL)
        said = run.stdout.read()
        run.wait()
        run.stdout.close()
        with Workspace.open(folder) as workspace:
            there = workspace.lake.observations(stations=f"{1001 + files.index(path)}A").collect()
            assert there.height in (0, 72)
            if "stored 72" in said:
                assert there.height == 72
    with Workspace.open(folder) as workspace:
        for path in files:
            take(workspace, path)
        assert rows_of(workspace).height == 6 * 72
        assert {r["state"] for r in loads(workspace)} <= {"done", "failed"}
        done = [r for r in loads(workspace) if r["state"] == "done"]
        assert sum(r["stored"] for r in done) == 6 * 72  # each observation reported stored once


def test_two_loaders_at_once_store_each_once(tmp_path):
    folder = tmp_path / "w"
    Workspace.create(folder).close()
    path = hours(tmp_path / "a.csv")
    command = [sys.executable, "-c", CHILD, str(folder), str(path)]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [run.communicate(timeout=120)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert sorted(text.split("stored ")[1].strip() for text in said) == ["0", "72"]
    with Workspace.open(folder) as workspace:
        assert rows_of(workspace).height == 72


MEASURE = """
import resource, sys
from shanshui.platform.ingest.load import read
from shanshui.platform.ingest.sniff import sniff
profile = sniff(sys.argv[1]).profile
rows = sum(chunk.rows for chunk in read(sys.argv[1], profile).chunks)
print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="measures the memory as Linux counts it")
def test_memory_does_not_grow_with_the_file(tmp_path):
    """A file three times as long needs about the same memory: it is read in pieces."""
    found = []
    for times in (12, 36):  # the first is beyond what is read at a time
        path = tmp_path / f"{times}.csv"
        count = 0
        # Written as it is made: a child's peak begins with the memory of its parent.
        with path.open("w", encoding="utf-8") as stream:
            stream.write(HEAD)
            for station in range(150 * times):
                for day in range(1, 29):
                    stream.writelines(
                        f"京,甲{station},{1000 + station}A,2026-03-{day:02} {h:02}:00,"
                        f"{station % 90 + 1},{h + 1},0.{day % 9 + 1}\n"
                        for h in range(24)
                    )
                    count += 24
        out = subprocess.run(
            [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True
        )
        rows, peak = map(int, out.stdout.split())
        assert rows == count
        found.append((path.stat().st_size / 1024, peak))
    (small, low), (large, high) = found
    assert high - low < (large - small) / 2  # read whole, it would be several times as much


def test_columns_of_flags_reach_the_lake(workspace, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "站点,时间,PM2.5,PM2.5标识\n1001A,2026-03-01 01:00,35,H\n1001A,2026-03-01 02:00,36,\n",
        encoding="utf-8",
    )
    take(workspace, path)
    assert rows_of(workspace).sort("time")["flag"].to_list() == ["H", None]


def test_properties_of_ones_own(workspace, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("点,日,镉\n甲,2026-03-01,0.2\n", encoding="utf-8")
    profile = Profile(
        "table",
        "wide",
        period="day",
        stamp="start",
        station=("点",),
        time={"date": "日"},
        columns={"镉": Column("rice_cd", "mg/kg")},
    )
    take(workspace, path, profile)
    assert rows_of(workspace).select("property", "period", "value").rows() == [
        ("rice_cd", 86400, 0.2)
    ]
    with workspace.ledger.read() as session:
        assert session.get_one(models.Property, "rice_cd").unit == "mg/kg"

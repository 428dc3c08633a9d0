"""``shanshui lake …``"""

import json
import shutil
from datetime import datetime

import polars as pl
import pytest
from typer.testing import CliRunner

from shanshui.cli.app import app
from shanshui.platform.store import Workspace
from shanshui.platform.store.lake import Lake
from shanshui.standards.errors import ShanshuiError


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "工作区"
    with Workspace.create(made) as workspace:
        hours = pl.DataFrame({"station": ["1001A"], "time": [datetime(2026, 3, 1, 9)]})
        workspace.lake.store(hours.with_columns(pm25=35.0), source="a.csv")
        workspace.lake.store(hours.with_columns(pm25=36.0, o3=80.0), source="b.csv")
    return made


@pytest.fixture
def shanshui(folder):
    def run(*said):
        done = CliRunner().invoke(app, ["lake", *map(str, said), "-w", str(folder)])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_status_and_versions(shanshui):
    rows = {row["table"]: row for row in json.loads(shanshui("status", "--json"))}
    assert (rows["air_hour"]["rows"], rows["revisions"]["rows"]) == (1, 1)
    assert "空气小时值" in shanshui("status")
    versions = json.loads(shanshui("versions", "--json"))
    assert [(v["version"], v["source"], v["stored"], v["changed"]) for v in versions] == [
        (2, "b.csv", 1, 1),
        (1, "a.csv", 1, 0),
    ]
    assert "b.csv" in shanshui("versions")


def test_compact_and_vacuum(shanshui, folder):
    assert "1 → 1" in shanshui("compact")
    assert "0 → 0" in shanshui("compact")
    told = shanshui("vacuum", "--days", 0, "--dry-run")
    assert "would remove" in told
    assert shanshui("vacuum", "--days", 0).split()[-3:] == told.split()[-3:]
    assert Lake(folder / "lake").observations().collect()["value"].sort().to_list() == [36, 80]


def test_backup_and_restore(shanshui, folder, tmp_path):
    assert "version 2" in shanshui("backup", tmp_path / "copy")
    with pytest.raises(ShanshuiError, match="not an empty folder"):
        shanshui("restore", tmp_path / "copy")
    shutil.rmtree(folder / "lake")
    assert "version 2" in shanshui("restore", tmp_path / "copy")
    assert Lake(folder / "lake").observations(as_of=1).collect()["value"].to_list() == [35]
    shanshui("restore", tmp_path / "copy", "--to", tmp_path / "other")
    assert Lake(tmp_path / "other").version == 2


def test_missing_file_is_an_error(shanshui, folder):
    for path in (folder / "lake" / "air_hour").rglob("*.parquet"):
        path.unlink()
    with pytest.raises(ShanshuiError, match="1 data files are missing"):
        shanshui("status")

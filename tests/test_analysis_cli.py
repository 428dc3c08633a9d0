"""``shanshui air trend``, ``pattern`` and ``rose``."""

from __future__ import annotations

import json
from datetime import datetime
from xml.etree import ElementTree as ET

import polars as pl
import pytest
from typer.testing import CliRunner

from shanshui import air, analysis
from shanshui.cli.app import app
from shanshui.platform.demo import samples


@pytest.fixture(scope="module")
def hours():
    """Two Beijing stations of three years, with a wind made up of the hours."""
    frame = samples.beijing_hours().filter(pl.col("station").is_in(["Dongsi", "Dingling"]))
    hour = pl.col("time").dt.hour()
    points = pl.Series(["N", "东北", "E", "—"])
    return frame.with_columns(
        wd=points.gather(frame["time"].dt.hour() % 4), WSPM=(hour % 5).cast(pl.Float64)
    )


@pytest.fixture
def folder(hours, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hours.write_csv("小时.csv", datetime_format="%Y-%m-%d %H:%M")
    return tmp_path


def run(*said):
    return CliRunner().invoke(app, ["air", *said])


@pytest.mark.usefixtures("folder")
def test_trend_is_that_of_the_daily_values(hours):
    done = run("trend", "小时.csv", "--item", "o3_8h", "--json", "-q")
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)
    days = air.daily(hours)
    slow = analysis.theil_sen(days, "o3_8h", by="station")
    test = analysis.mann_kendall(days, "o3_8h", by="station", average="month", seasonal="month")
    for row, ours, mk in zip(rows, slow.to_dicts(), test.to_dicts(), strict=True):
        assert row["station"] == ours["station"]
        assert [row[c] for c in ("slope", "slope_lower", "p")] == pytest.approx(
            [ours[c] for c in ("slope", "slope_lower", "p")]
        )
        assert (row["s"], row["mk_p"], row["trend"]) == (
            mk["s"],
            pytest.approx(mk["p"]),
            mk["trend"],
        )


def test_trend_draws_and_warns_of_few_years(folder):
    done = run("trend", "小时.csv", "--at", "Dongsi", "--deseason", "stl", "--figure", "图.svg")
    assert done.exit_code == 0, done.output
    assert "不足五年" in done.output
    assert "PM2.5" in done.output
    drawn = [e.text for e in ET.parse(folder / "图.svg").iter() if e.text]
    assert any("Dongsi PM2.5" in t and "/年" in t for t in drawn)
    done = run("trend", "小时.csv", "--figure", "图.svg", "-q")
    assert done.exit_code == 1
    assert "--at" in str(done.exception)


@pytest.mark.parametrize(
    "over", ["hour", "weekday", "month", "season", "year_month", "weekday-hour"]
)
def test_pattern_draws_what_it_prints(folder, over):
    done = run("pattern", "小时.csv", "--at", "Dongsi", "--over", over, "--figure", "a.svg", "-q")
    assert done.exit_code == 0, done.output
    assert "PM2.5" in done.output
    drawn = [e.text for e in ET.parse(folder / "a.svg").iter() if e.text]
    assert any("Dongsi" in t for t in drawn) == (over != "weekday-hour")
    # Of February 2013 there is the one hour that was stamped 2013-03-01 00:00.
    assert ("2013-02" in done.output) == (over == "year_month")
    assert "2013-02" not in drawn


def test_pattern_takes_no_negative_value_and_refuses_hours_of_days(folder):
    frame = pl.DataFrame(
        {
            "station": "甲",
            "time": [datetime(2026, 3, 2, 0), datetime(2026, 3, 3, 0), datetime(2026, 3, 3, 1)],
            "PM2.5": [-5.0, 7.0, 9.0],
        }
    )
    frame.write_csv("a.csv", datetime_format="%Y-%m-%d %H:%M")
    rows = json.loads(run("pattern", "a.csv", "--json", "-q").stdout)
    assert [(r["label"], r["n"], r["mean"]) for r in rows] == [("1时", 1, 9.0), ("24时", 1, 7.0)]
    air.daily(pl.read_csv("小时.csv", try_parse_dates=True)).write_csv("日值.csv")
    done = run("pattern", "日值.csv", "--over", "hour", "-q")
    assert done.exit_code == 1
    assert "no hours" in str(done.exception)
    assert run("pattern", "日值.csv", "--over", "weekday", "-q").exit_code == 0
    assert folder


def test_rose_finds_the_wind_and_reads_its_words(folder, hours):
    done = run("rose", "小时.csv", "--item", "pm25", "--breaks", "35,75", "--json", "-q")
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)
    own = hours.filter(station="Dongsi").with_columns(wd=pl.col("wd").replace("—", None))
    slow = analysis.rose(own, speed="WSPM", value="pm25", breaks=[35, 75])
    assert [r["n"] for r in rows if r["station"] == "Dongsi"] == slow["n"].to_list()
    done = run("rose", "小时.csv", "--at", "Dongsi", "--figure", "玫瑰.png", "-q")
    assert done.exit_code == 0, done.output
    assert (folder / "玫瑰.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("folder")
def test_what_is_missing_is_named(hours):
    hours.drop("wd").write_csv("b.csv", datetime_format="%Y-%m-%d %H:%M")
    for said, words in (
        (("rose", "b.csv", "-q"), "--direction"),
        (("rose", "小时.csv", "--speed", "没有", "-q"), "no column"),
        (("trend", "小时.csv", "--at", "没有", "-q"), "have no"),
    ):
        done = run(*said)
        assert done.exit_code == 1
        assert words in str(done.exception)
    for name in ("图.gif", "没有/图.svg"):
        assert run("trend", "小时.csv", "--figure", name).exit_code == 2

"""``shanshui assess`` and ``shanshui explain``, as a person uses them."""

import json
import shutil
from datetime import datetime

import polars as pl
import pytest
from assess_samples import enrol, hours, one_value

from shanshui.cli import main
from shanshui.platform.review import rosters
from shanshui.platform.store import Workspace


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return ended.value.code


@pytest.fixture
def place(blank, tmp_path, monkeypatch):
    shutil.copytree(blank, tmp_path / "广州")
    monkeypatch.chdir(tmp_path / "广州")
    with Workspace.open() as workspace:
        rows = hours(datetime(2026, 10, 30, 1), datetime(2026, 11, 2))
        workspace.lake.store(rows, source="小时值.csv")
        enrol(workspace)
    return tmp_path / "广州"


@pytest.mark.usefixtures("place")
def test_assess_says_what_is_new_and_then_nothing(capsys):
    assert run("assess", "--period", "2026-10", "--region", "清远市") == 0
    told = capsys.readouterr()
    assert "PM2.5年均浓度" in told.out
    assert "清远市" in told.out
    assert "新 new 11" in told.err
    assert "没有在用名单" in told.err  # of water
    assert run("assess", "--period", "2026-10", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["region"] for row in rows} == {"440100"}
    assert run("assess", "--domain", "air") == 0
    capsys.readouterr()
    assert run("assess", "--domain", "air") == 0
    told = capsys.readouterr()
    assert "新 new 0" in told.err
    assert not told.out


def test_results_are_listed_without_computing(place, capsys):
    assert run("assess", "--list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    assert run("assess", "--domain", "air") == 0
    capsys.readouterr()
    listed = ("assess", "--list", "--period", "2026", "--region", "广州", "--domain", "air")
    assert run(*listed, "-o", "结果.csv") == 0
    assert (place / "结果.csv").read_text("utf-8-sig").count("\n") == 12
    capsys.readouterr()
    assert run(*listed) == 0
    assert "有效天数不足" in capsys.readouterr().out


@pytest.mark.usefixtures("place")
def test_results_are_listed_by_the_rosters_that_answer(capsys):
    with Workspace.open() as workspace:
        wells = pl.DataFrame({"station": ["一号井"], "code": ["G1"], "city": ["清远市"]})
        told = {"who": "张三", "code": "jing", "domain": "ground", "purpose": "地下水"}
        rosters.load(workspace.ledger, wells, version="2026", start="2026-01-01", **told)
        workspace.lake.store(one_value(9.0, station="G1", item="mn"), source="地下水.xlsx")
    assert run("assess", "--domain", "ground") == 0
    assert "地下水国控点位Ⅴ类水比例" in capsys.readouterr().out
    assert run("assess", "--list", "--domain", "ground", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["indicator"] for row in rows} == {"water.ground.v_share", "water.ground.good_share"}
    assert run("assess", "--list", "--domain", "water", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    assert run("explain", "water.ground.v_share", "清远市", "2026-10") == 0
    assert "从原始数据重算，相等" in capsys.readouterr().out
    assert run("assess", "--domain", "sea") == 0
    assert "没有在用名单" in capsys.readouterr().err


def test_methods_that_observations_do_not_answer_are_listed(capsys):
    assert run("assess", "--unanswered", "--json") == 0
    assert "soil.farmland.safe_share" in {
        row["code"] for row in json.loads(capsys.readouterr().out)
    }


@pytest.mark.usefixtures("place")
def test_as_of_a_day(capsys):
    assert run("assess", "--domain", "air", "--as-of", "2026-10-30", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["period"] for row in rows} == {"2026", "2026-Q4", "2026-10", "2026-01/2026-10"}
    assert {row["days_valid"] for row in rows if row["indicator"].endswith("good")} == {1}
    assert run("assess", "--as-of", "昨天") == 1
    assert "2026-10-31" in capsys.readouterr().err


def test_explain_says_where_a_figure_comes_from(place, capsys):
    assert run("explain", "PM2.5年均浓度", "清远市", "2026-10") == 1
    assert "先 shanshui assess" in capsys.readouterr().err
    assert run("assess", "--domain", "air") == 0
    capsys.readouterr()
    assert run("explain", "PM2.5年均浓度", "清远市", "2026-10") == 0
    told = capsys.readouterr().out
    assert "重算，相等" in told
    assert "小时值.csv" in told
    assert (
        run("explain", "air.pm25.annual_mean 441800 2026-10", "--json", "--day", "2026-10-31") == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert found["rows_of"] == "2026-10-31"
    assert len(found["rows"]) == 48
    assert run("explain", found["result"]["id"], "-o", "来历.html") == 0
    assert "<html" in (place / "来历.html").read_text("utf-8")
    assert run("explain", found["result"]["id"], "-o", "来历.json") == 0
    assert json.loads((place / "来历.json").read_text("utf-8"))["recomputed"]["equal"]


@pytest.mark.usefixtures("place")
def test_a_figure_that_the_rows_do_not_yield_ends_with_1(capsys):
    assert run("assess", "--domain", "air") == 0
    from shanshui.platform.assess import results
    from shanshui.platform.assess.tables import RESULTS

    with Workspace.open() as workspace:
        shelf = results.shelf(workspace)
        rows = shelf.read(RESULTS).collect()
        mine = rows.filter(rows["indicator"] == "air.days.good", rows["period"] == "2026-10").head(
            1
        )
        wrong = mine.with_columns(value=mine["value"] + "9", at=mine["at"].dt.offset_by("1us"))
        shelf.add(RESULTS, wrong, "end")
        workspace.lake.store(one_value(1.0), source="x")
    capsys.readouterr()
    assert run("explain", mine["id"].item()) == 1
    assert "不等 not equal" in capsys.readouterr().err

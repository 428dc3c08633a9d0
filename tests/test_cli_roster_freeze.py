"""``shanshui roster`` and ``shanshui freeze`` as a person runs them, over Beijing's hours."""

import json
import shutil
from datetime import datetime

import polars as pl
import pytest
from sqlalchemy import select

from shanshui.cli import main
from shanshui.platform.demo import samples
from shanshui.platform.store import Workspace, models


@pytest.fixture(scope="module")
def beijing(blank, tmp_path_factory):
    """A workspace with the hours of two Octobers of the twelve stations, by their codes."""
    folder = tmp_path_factory.mktemp("beijing") / "w"
    shutil.copytree(blank, folder)
    stations = samples.beijing_stations()
    hours = (
        samples.beijing_hours()
        .filter(
            pl.any_horizontal(
                pl.col("time").is_between(datetime(year, 10, 1, 1), datetime(year, 11, 1))
                for year in (2013, 2014)
            )
        )
        .join(stations.select("station", "code"), on="station")
        .drop("station")
        .rename({"code": "station"})
    )
    with Workspace.open(folder) as workspace:
        workspace.lake.store(hours, source="北京.csv")
    stations.write_csv(folder / "stations.csv")
    return folder


@pytest.fixture
def run(beijing, tmp_path, monkeypatch, capsys):
    """Run a command in a fresh copy of the workspace; give its code, output and messages."""
    folder = tmp_path / "w"
    shutil.copytree(beijing, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SHANSHUI_WHO", "张三")

    def command(*words):
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        caught = capsys.readouterr()
        return ended.value.code, caught.out, caught.err

    command.folder = folder
    return command


NEW = ("--domain", "air", "--purpose", "国控点位", "--version", "2013", "--from", "2013-01-01")


def imported(run):
    code, _, err = run("roster", "import", "stations.csv", "guokong", *NEW, "--approval", "1号")
    assert code == 0
    assert "12 个点位" in err
    assert run("roster", "use", "guokong")[0] == 0


def test_a_roster_is_imported_listed_shown_and_compared(run):
    imported(run)
    table = pl.read_csv("stations.csv").with_columns(
        moved_from=pl.when(pl.col("code") == "1007A").then(pl.lit("1007A")),
        code=pl.col("code").replace("1007A", "1007B"),
    )
    table.write_csv("new.csv")
    words = ("--version", "2014", "--from", "2014-07-01")
    code, _, err = run("roster", "import", "new.csv", "guokong", *words)
    assert code == 0
    assert "2013 版到前一天为止" in err
    rows = json.loads(run("roster", "list", "--json")[1])
    assert [(r["version"], r["end"], r["used"]) for r in rows] == [
        ("2013", "2014-06-30", "by date"),
        ("2014", None, "by date"),
    ]
    shown = json.loads(run("roster", "show", "guokong", "--date", "2014-10-01", "--json")[1])
    assert [r["moved_from"] for r in shown if r["station"] == "1007B"] == ["1007A"]
    assert "万寿西宫" in run("roster", "show", "guokong", "--version", "2013")[1]
    changes = json.loads(run("roster", "diff", "guokong", "--json")[1])
    assert [(r["change"], r["before"], r["after"]) for r in changes] == [
        ("moved", "1007A", "1007B")
    ]
    code, out, err = run("roster", "compare", "guokong", "2014-10")
    assert code == 0
    assert "两期都计 11 个点位；其间变动 1 个：迁 1、增 0、减 0" in err
    assert "北京市：11 个评价点位里 10 个可比" in err
    assert "迁，不计 moved" in out
    code, _, err = run("roster", "compare", "guokong", "2014-10", "--before", "2014-05")
    assert (code, "没有一个点位在 2014-05 和 2014-10 都可比" in err) == (1, True)


def test_bad_rows_of_a_roster_are_told_and_kept_aside(run):
    text = "点位名称,编码,城市,对照点\n东四,1003A,北京市,否\n天坛,1004A,北京市,也许\n"
    (run.folder / "bad.csv").write_text(text, "utf-8")
    code, _, err = run("roster", "import", "bad.csv", "guokong", *NEW)
    assert code == 1
    assert "第 3 行，对照点“也许”" in err
    kept = pl.read_csv(run.folder / "rejected" / "bad-guokong-2013.csv")
    assert kept.select("row", "column", "value").rows() == [(3, "对照点", "也许")]
    assert "1 行被搁置" in run("roster", "list")[1]


def test_a_month_is_frozen_verified_and_corrected(run):
    imported(run)
    assert run("freeze", "2014-10", "--force")[0] == 2  # no reason
    code, _, err = run("freeze", "2014-10")
    assert code == 0, err
    assert "第 1 版" in err
    assert "官园二氧化硫、二氧化氮、一氧化碳" in err  # too few valid days, kept as a warning
    code, _, err = run("freeze", "--domain", "air", "2014-10", "--force", "--reason", "x")
    assert (code, "已由 张三 定版" in err) == (1, True)
    (city,) = json.loads(run("freeze", "show", "2014-10", "--json")[1])
    assert (city["place"], city["pm25"], city["heavy_days"]) == ("北京市", "120.0", "11")
    code, _, err = run("freeze", "verify", "--recompute")
    assert (code, "未变 unmoved" in err) == (0, True)
    assert "数据不变" in run("freeze", "diff", "2014-10")[2]
    assert run("freeze", "correct", "2014-10", "--document", "1号", "--reason", "x")[0] == 1

    with Workspace.open(run.folder) as workspace:
        day = workspace.lake.observations(
            "1003A", "pm25", datetime(2014, 10, 7), datetime(2014, 10, 8)
        ).collect()
        halved = day.select("station", "property", "time", "period", pl.col("value") / 2)
        workspace.lake.store(halved, source="更正.csv", state="corrected")
    changes = json.loads(run("freeze", "diff", "2014-10", "--json")[1])
    assert {c["place"] for c in changes} == {"1003A", "北京市"}
    values = json.loads(run("freeze", "diff", "2014-10", "--values", "--json")[1])
    assert {(v["change"], v["station"], v["property"]) for v in values} == {
        ("changed", "1003A", "pm25")
    }
    words = ("--document", "〔2026〕12号", "--reason", "东四校准", "--who", "李四")
    code, _, err = run("freeze", "correct", "2014-10", *words)
    assert code == 0, err
    assert "第 2 版" in err
    rows = json.loads(run("freeze", "list", "--json")[1])
    assert [(r["number"], r["current"], r["document"], r["frozen_by"]) for r in rows] == [
        (1, False, None, "张三"),
        (2, True, "〔2026〕12号", "李四"),
    ]
    assert json.loads(run("freeze", "corrections", "--json")[1])[0]["changed"] == len(values)
    (old,) = json.loads(run("freeze", "show", "2014-10", "--number", "1", "--json")[1])
    assert old == city
    assert run("freeze", "verify", "2014-10")[0] == 0
    assert "北京市" in run("freeze", "show", "2014-10", "--kind", "city_daily")[1]
    assert "没有 section 的结果" in run("freeze", "show", "2014-10", "--kind", "section")[2]

    with (
        Workspace.open(run.folder) as workspace,
        workspace.ledger.write(who="x", action="test") as session,
    ):
        session.scalars(select(models.Freeze).where(models.Freeze.current)).one().digest = "0"
    code, _, err = run("freeze", "verify", "2014-10")
    assert code == 1
    assert "变了 moved" in err, err


def test_what_is_not_there_is_told(run):
    assert "没有定版" in run("freeze", "verify")[2]
    assert "请写明 --domain" in run("freeze", "2014-10")[2]
    assert "时段应如" in run("freeze", "2014-13", "--domain", "air")[2]
    assert run("freeze", "lst")[0] == 2
    assert "现有：无" in run("roster", "use", "guokong")[2]
    imported(run)
    assert "只有一版" in run("roster", "diff", "guokong")[2]

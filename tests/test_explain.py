"""The chain from a result down to its rows, and whether the rows still yield it."""

import json
import re
import shutil
from datetime import date, datetime

import polars as pl
import pytest
from assess_samples import CITY, enrol, hours, one_value

from shanshui.platform import assess
from shanshui.platform.assess import results
from shanshui.platform.assess.lineage import explain
from shanshui.platform.assess.tables import RESULTS
from shanshui.platform.report import explain as report
from shanshui.platform.review import freeze
from shanshui.platform.store import Workspace
from shanshui.standards.errors import ShanshuiError

FIRST, LAST = datetime(2026, 10, 28, 1), datetime(2026, 11, 4)
WHAT = f"air.pm25.annual_mean {CITY} 2026-10"


@pytest.fixture
def made(blank, tmp_path):
    shutil.copytree(blank, tmp_path / "工作区")
    with Workspace.open(tmp_path / "工作区") as workspace:
        workspace.lake.store(hours(FIRST, LAST), source="小时值.csv")
        enrol(workspace, reference=["否", "否", "否", "否"])
        assess.run(workspace)
        yield workspace


def test_the_chain_goes_down_to_the_rows_of_the_file(made):
    found = explain(made, WHAT)
    row = assess.read(made, indicator="air.pm25.annual_mean", region=CITY, period="2026-10")
    assert found.result["id"] == row["id"].item()
    assert found.recomputed == {
        "value": row["value"].item(),
        "reason": None,
        "equal": True,
        "inputs_equal": True,
    }
    assert [one["date"].day for one in found.days] == [28, 29, 30, 31]
    mean = sum(one["pm25"] for one in found.days) / 4
    assert abs(float(found.result["value"]) - mean) <= 0.05
    assert [(one["station"], one["hours"], one["days"]) for one in found.stations] == [
        ("A1", 96, 4),
        ("A2", 96, 4),
    ]
    assert found.counts["values"] == 2 * 96
    assert found.counts["source"] == {"小时值.csv": 192}
    assert found.counts["state"] == {"raw": 192}
    worst = max(found.days, key=lambda one: (one["pm25"], -one["date"].toordinal()))["date"]
    assert found.rows_of == worst.isoformat()
    own = hours(FIRST, LAST, stations=("A1", "A2"))
    shown = {(one["station"], one["time"]): one["value"] for one in found.rows}
    assert len(shown) == 48
    for station, time, value in own.select("station", "time", "pm25").rows():
        assert shown.get((station, time), value) == value
    clauses = {(one["standard"], one["name"]): one for one in found.rules}
    assert clauses["GB 3095-2026", "limits"]["clause"]
    assert clauses["GB 3095-2026", "day_hours_min"]["value"] == 20
    assert found.roster["text"] == "guokong@2026"
    assert found.data["lake_version"] == 1


def test_what_was_stored_later_does_not_enter(made):
    made.lake.store(one_value(900.0), source="更正", state="corrected")
    assert explain(made, WHAT).recomputed["equal"]  # the result names the version before
    assess.run(made)
    found = explain(made, WHAT)
    assert (found.data["lake_version"], found.recomputed["equal"]) == (2, True)
    assert found.counts["state"] == {"raw": 191, "corrected": 1}
    rows = explain(made, WHAT, day=date(2026, 10, 31)).rows
    assert [one["source"] for one in rows if one["value"] == 900] == ["更正"]


def test_a_figure_that_was_tampered_with_is_found(made):
    shelf = results.shelf(made)
    row = shelf.read(RESULTS).filter(pl.col("indicator") == "air.days.good").collect()
    row = row.filter(pl.col("region") == CITY, pl.col("period") == "2026-10")
    shelf.add(
        RESULTS, row.with_columns(value=pl.lit("31"), at=pl.col("at").dt.offset_by("1us")), "end"
    )
    found = explain(made, row["id"].item())
    assert not found.recomputed["equal"]
    assert (found.result["value"], found.recomputed["value"]) == ("31", row["value"].item())
    assert "不等" in report.text(found)
    assert "not equal" in report.page(found, made_at=datetime(2026, 11, 20))


def test_a_final_figure_is_explained_from_its_freeze(made):
    freeze.take(made, "2026-10", who="张三", domain="air", force="补录", today=date(2026, 12, 1))
    made.lake.store(one_value(900.0), source="迟到", state="corrected")
    assess.run(made)
    month, quarter = explain(made, WHAT), explain(made, WHAT[:-2] + "Q4")
    assert (month.result["status"], month.data["freeze"]) == ("定版", "2026-10#1")
    assert month.recomputed["equal"]
    assert quarter.recomputed["equal"]
    for found in (month, quarter):
        assert "迟到" not in found.counts["source"]


def test_events_are_named(made):
    (made.folder / "events.csv").write_text(
        "城市,开始,结束,依据,认定单位\n清远,2026-10-29,2026-10-29,卫星监测,总站\n", encoding="utf-8"
    )
    assess.run(made)
    found = explain(made, WHAT)  # the national way counts where nothing is said
    assert found.result["dust"] == "扣沙（比例不扣）"
    assert found.excluded == [
        {"date": date(2026, 10, 29), "items": ["pm10", "pm25"], "kinds": ["dust"]}
    ]
    assert found.recomputed["equal"]
    assert found.result["days_valid"] == 3
    assert explain(made, f"{WHAT} 不扣沙").result["days_valid"] == 4
    assert "2026-10-29 可吸入颗粒物、细颗粒物 dust" in report.text(found)


@pytest.mark.parametrize(
    "what",
    ["air.days.good_share 441800 2026", "air.index.composite 清远市 2026-Q4", WHAT[:-7] + "2026"],
)
def test_every_kind_of_figure_is_told_in_every_form(made, what):
    found = explain(made, what)
    assert found.recomputed["equal"]
    told = json.loads(json.dumps(found.as_dict()))
    assert told["result"]["id"] == found.result["id"]
    text = report.text(found)
    assert report.title(found) in text
    assert "小时值.csv" in text
    page = report.page(found, made_at=datetime(2026, 11, 20))
    assert found.result["id"] in page
    loaded = r"""(?:src|href)=["']?(?:https?:)?//|@import|url\("""
    assert not re.search(loaded, page)


def test_the_page_opens_in_a_browser(made, require, tmp_path):
    import subprocess

    browser = require("chromium", "chromium-browser", "google-chrome")
    page = tmp_path / "来历.html"
    page.write_text(report.page(explain(made, WHAT), made_at=datetime(2026, 11, 20)), "utf-8")
    picture = tmp_path / "page.png"
    subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=390,900"),
            *(f"--screenshot={picture}", f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    assert picture.stat().st_size > 10_000


def test_what_is_not_there_is_said(made):
    with pytest.raises(ShanshuiError, match="there is no such result"):
        explain(made, f"air.pm25.annual_mean {CITY} 2020")
    with pytest.raises(ShanshuiError, match="INDICATOR REGION PERIOD"):
        explain(made, "a b")
    ids = assess.read(made)["id"].to_list()
    assert explain(made, ids[0][:14]).result["id"] == ids[0]


def test_reasons_are_words():
    assert report.reason("pm25:few_days,o3_8h:no_data") == "细颗粒物有效天数不足；臭氧没有数据"
    assert report.reason("missing_items:ph,cod").startswith("缺项目")

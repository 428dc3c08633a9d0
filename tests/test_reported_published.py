"""Published series in the ledger: places, basis, versions; one series with what is reported."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from shanshui.platform import catalog, track
from shanshui.platform.catalog import find_indicator
from shanshui.platform.store import models
from shanshui.platform.track import published, reported
from shanshui.platform.track.periods import period_of
from shanshui.standards import ShanshuiError

ROW = {
    "region": "广州市",
    "adcode": "440100",
    "indicator": "PM2.5年均浓度",
    "period": "2024",
    "value": "21.0",
    "unit": "µg/m3",
    "basis": "国控站点;实况",
    "source_title": "甲公报",
    "publisher": "甲局",
    "published": "2025-01-10",
    "confidence": "A",
}


def test_the_notes_are_read_as_the_packaged_table_has_them():
    read = 0
    for row in catalog.published().to_dicts():
        found = published.basis_of(row["basis"] or "", find_indicator(row["indicator"])["domain"])
        fields = {name: found.basis.stated().get(name) for name in reported.BASIS}
        assert fields == {name: row[name] for name in reported.BASIS}, row
        assert (found.derived, found.bound) == (row["derived"], row["bound"]), row
        read += 1
    assert read > 1800


def test_packaged_values_load_once(workspace):
    table = catalog.published()
    first = published.load(workspace.ledger, who="张三")
    assert first.read == table.height
    assert first.added == first.read - len(first.aside)
    assert {one.value for one in first.aside} == {"珠江口邻近海域"}
    again = published.load(workspace.ledger, who="张三")
    assert (again.added, again.restated, again.already) == (0, 0, first.added)
    rows = reported.figures(workspace)
    assert rows.height == first.added - table["bound"].sum()
    assert reported.figures(workspace, bounds=True).height == first.added
    assert rows["status"].unique().to_list() == ["公布"]
    own = table.filter(region="北京市", indicator="PM2.5年均浓度", period="2018")
    mine = reported.figures(workspace.ledger, "PM2.5年均浓度", "北京", "2018")
    assert sorted(mine["value"]) == sorted(own["value"])
    assert sorted(mine["state"], key=str) == sorted(own["state"], key=str)
    with workspace.ledger.read() as session:
        trail = session.scalars(
            select(models.Audit).where(models.Audit.subject == "published_figures")
        ).all()
    assert len(trail) == first.added


def test_the_whole_collection_loads_on_top(workspace, shared):
    path = shared / "data/published_indicators/indicators.csv"
    published.load(workspace.ledger, who="张三")
    rows = published.rows_of(path.read_bytes(), path.name)
    found = published.load(workspace.ledger, rows, who="张三")
    recalled = sum(row["confidence"] == "C" for row in rows)
    assert (found.read, found.added, found.restated) == (len(rows), recalled, 0)
    assert found.already + found.added + len(found.aside) == found.read
    again = published.load(workspace.ledger, rows, who="张三")
    assert (again.added, again.restated) == (0, 0)


def test_bases_and_sources_stand_beside_each_other_and_a_restated_value_keeps_the_old(workspace):
    rows = [
        ROW,
        ROW | {"basis": "国控站点;标况", "value": "23"},
        ROW | {"source_title": "乙年鉴", "value": "21"},
        ROW | {"basis": "国控站点;实况;“20以上”", "value": "20"},
    ]
    ledger = workspace.ledger
    assert published.load(ledger, rows, who="张三", dry_run=True).added == 4
    assert reported.figures(ledger).is_empty()
    published.load(ledger, rows, who="张三")
    seen = reported.figures(ledger, region="440100")
    assert sorted(zip(seen["value"], seen["state"], seen["ref"], strict=True)) == [
        ("21", "实况", "乙年鉴"),
        ("21.0", "实况", "甲公报"),
        ("23", "标况", "甲公报"),
    ]
    moment = seen["at"].max()
    done = published.load(ledger, [ROW | {"value": "21.4"}], who="李四", reason="更正")
    assert (done.added, done.restated, done.already) == (0, 1, 0)
    now = reported.figures(ledger, "air.pm25.annual_mean", "广州", "2024")
    assert "21.4" in now["value"]
    assert "21.0" not in now["value"]
    before = reported.figures(ledger, as_of=moment)
    assert sorted(before["value"]) == ["21", "21.0", "23"]
    assert reported.figures(ledger, as_of=moment - timedelta(days=1)).is_empty()
    line = track.series(workspace, "PM2.5年均浓度", "广州市")
    assert sorted(line["value"]) == ["21", "21.4", "23"]


def test_what_cannot_be_read_is_set_aside_with_its_place(workspace):
    rows = [
        ROW | {"region": "无此地", "adcode": ""},
        ROW | {"indicator": "无此指标"},
        ROW | {"period": "2024年冬"},
        ROW | {"value": "约二十"},
        ROW | {"confidence": "D"},
        ROW | {"value": ""},
        ROW,
    ]
    done = published.load(workspace.ledger, rows, who="张三")
    assert (done.added, len(done.aside)) == (1, 6)
    places = [(one.row, one.column) for one in done.aside]
    assert places == [
        (2, "region"),
        (3, "indicator"),
        (4, "period"),
        (5, "value"),
        (6, "confidence"),
        (7, "value"),
    ]
    assert str(done.aside[3]).startswith("第 5 行“value”列：数值应为数，得到“约二十” / row 5")


def test_a_table_of_another_kind_is_refused(workspace):
    with pytest.raises(ShanshuiError, match="第 1 行缺列 indicator、period"):
        published.rows_of("region,value\n广州市,1\n".encode(), "a.csv")
    with pytest.raises(ShanshuiError, match="读不懂"):
        published.rows_of(b"PK\x03\x04\xff\xfe", "a.xlsx")
    with pytest.raises(ShanshuiError, match="时刻缺时区"):
        reported.figures(workspace, as_of=datetime(2026, 1, 1))


@pytest.mark.parametrize(
    ("text", "plain", "earlier"),
    [
        ("2026", "2026", ["2024", "2025"]),
        ("2026-q1", "2026-Q1", ["2025-Q3", "2025-Q4"]),
        ("2026-01", "2026-01", ["2025-11", "2025-12"]),
        ("2026年1—10月", "2026-01/2026-10", ["2024-01/2024-10", "2025-01/2025-10"]),
    ],
)
def test_periods(text, plain, earlier):
    one = period_of(text)
    assert one.text == plain
    assert [before.text for before in one.earlier(2)] == earlier


@pytest.mark.parametrize("text", ["2026-13", "", "2026-10/2026-01", "2026-Q5", "去年"])
def test_no_periods(text):
    with pytest.raises(ShanshuiError):
        period_of(text)

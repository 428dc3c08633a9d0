"""Lists of events as bureaus keep them."""

import datetime as dt
import io

import polars as pl
import pytest
from typer.testing import CliRunner

from shanshui import air
from shanshui.cli.app import app
from shanshui.platform.demo import samples
from shanshui.platform.ingest import ReadError, read_events

HEAD = "编号,城市,类型,项目,开始时间,结束时间,依据,认定单位\n"


def events_of(text):
    return read_events(io.BytesIO(text.encode()))


def test_days():
    got = events_of(
        HEAD + "S1,银川市,沙尘,PM10、PM2.5,2021/3/15,2021年3月17日,卫星,中国环境监测总站\n"
        "S2,,,,2021-04-01,,通报,总站\n,,,,,,,\n"
    )
    assert got.rows(named=True) == [
        {
            "city": "银川市",
            "event": "S1",
            "kind": "沙尘",
            "evidence": "卫星",
            "decided_by": "中国环境监测总站",
            "start": dt.date(2021, 3, 15),
            "end": dt.date(2021, 3, 17),
            "items": "pm10,pm25",
        },
        {
            "city": None,
            "event": "S2",
            "kind": None,
            "evidence": "通报",
            "decided_by": "总站",
            "start": dt.date(2021, 4, 1),
            "end": None,
            "items": None,
        },
    ]


def test_hours_and_gb18030():
    text = HEAD + "S1,银川市,沙尘,PM10,2021-03-15 05:00,2021-03-15 13:00,卫星,总站\n"
    got = read_events(io.BytesIO(text.encode("gb18030")))
    assert got.select("start", "end").row(0) == (
        dt.datetime(2021, 3, 15, 5),
        dt.datetime(2021, 3, 15, 13),
    )


def test_excel_cells_of_dates_are_dates():
    book = io.BytesIO()
    table = {"开始": [dt.date(2021, 3, 15)], "依据": ["卫星"], "认定单位": ["总站"]}
    pl.DataFrame(table).write_excel(book)
    book.seek(0)
    assert read_events(book)["start"].to_list() == [dt.date(2021, 3, 15)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("开始,依据\n2021-03-15,卫星\n", "缺少列：认定单位 decided_by"),
        ("开始,依据,认定单位\n三月,卫星,总站\n", "第 2 行，“start”列：“三月”不是日期"),
        ("开始,依据,认定单位\n,卫星,总站\n", "第 2 行，“start”列"),
        ("开始,项目,依据,认定单位\n2021-03-15,PM1,卫星,总站\n", "不认识的项目“PM1”"),
        ("开始,结束,依据,认定单位\n2021-03-15 5:00,2021-03-16,卫星,总站\n", "同为日期"),
        ("开始,依据,认定单位\n2021-03-15,卫星\n", "第 2 行：列数与表头不符"),
    ],
)
def test_faults_name_the_row(text, said):
    with pytest.raises(ReadError, match=said):
        events_of(text)


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hours = samples.beijing_hours().filter(pl.col("time").dt.strftime("%Y-%m") == "2015-04")
    days = air.daily(hours)
    days.write_csv("日值.csv")
    (tmp_path / "沙尘.csv").write_text(
        "开始,结束,依据,认定单位\n2015-04-15,2015-04-16,通报,总站\n", encoding="utf-8"
    )
    return days


def table(*said):
    done = CliRunner().invoke(app, ["air", *said, "-q"])
    assert done.exit_code == 0, done.output
    return pl.read_json(io.BytesIO(done.stdout.encode()))


@pytest.mark.parametrize("dust", ["national", "removed", "kept"])
def test_the_command_line_leaves_events_out(files, dust):
    got = table("stats", "日值.csv", "--events", "沙尘.csv", "--dust", dust, "--json")
    events = pl.DataFrame(
        {
            "start": [dt.date(2015, 4, 15)],
            "end": [dt.date(2015, 4, 16)],
            "evidence": "通报",
            "decided_by": "总站",
        }
    )
    want = air.statistics(air.exclude(files, events), dust=dust)
    columns = ["station", "pm10", "pm25", "good_ratio", "composite", "excluded_pm10_days", "basis"]
    assert got.select(columns).equals(want.select(columns))
    assert (got["excluded_pm10_days"].sum() > 0) == (dust != "kept")


def test_a_target_leaves_events_out_of_means_and_not_of_ratios(files):
    def done(*said):
        rows = table("remaining", "日值.csv", *said, "--events", "沙尘.csv", "--json")
        return dict(zip(rows["station"], rows["done"], strict=True))

    kept = done("--item", "pm10", "--target", "90", "--dust", "kept")
    national = done("--item", "pm10", "--target", "90")
    marked = files.filter(pl.col("date").is_between(dt.date(2015, 4, 15), dt.date(2015, 4, 16)))
    lost = dict(marked.group_by("station").agg(pl.col("pm10").count()).iter_rows())
    assert {s: kept[s] - national[s] for s in kept} == lost
    assert max(lost.values()) == 2
    ratio = ("--item", "good_ratio", "--target", "60")
    assert done(*ratio) == done(*ratio, "--dust", "kept")


def test_dust_without_events_is_refused(files):  # noqa: ARG001 - the files are there
    done = CliRunner().invoke(app, ["air", "stats", "日值.csv", "--dust", "removed"])
    assert done.exit_code == 2
    assert "--events" in done.output

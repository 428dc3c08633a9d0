"""Tables of water samples and rosters of sections as bureaus keep them."""

import datetime as dt
import io

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shanshui.platform.ingest import ReadError, read_roster, read_samples
from shanshui.water import surface

HEAD = (
    "断面名称,采样日期,水温(℃),pH（无量纲）,溶解氧,高锰酸盐指数（CODMn）,"
    "氨氮(NH3-N)(mg/L),总磷 mg/L\n"
)


def read(text, **more):
    return read_samples(io.BytesIO(text.encode()), **more)


def test_a_bureau_table():
    got = read(
        HEAD + "石角,2021年1月5日,15.2,7.6,8.1,2.4,0.21,0.02L\n"
        "石角,2021/2/3,16,7.7,8.0,—,＜0.025,0.05\n"
        "东江口,2021-01-05,,,,,未检出,ND\n"
    )
    assert (got.kind, got.keys) == ("samples", ["station"])
    assert got.frame.columns == ["station", "date", "ph", "do", "codmn", "nh3n", "tp", "temp"]
    assert got.frame["date"].to_list()[:2] == [dt.date(2021, 1, 5), dt.date(2021, 2, 3)]
    assert got.frame["codmn"].to_list() == [2.4, None, None]
    assert got.frame["nh3n"].to_list() == ["0.21", "0.025L", "ND"]
    assert got.frame["tp"].to_list() == ["0.02L", "0.05", "ND"]
    assert got.rejected.is_empty()
    judged = surface.classify(got.frame, items=["tp"], detection={"tp": 0.01})
    assert judged["class_tp"].to_list() == [1, 2, 1]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_encodings_and_titles_above_the_header(encoding):
    text = (
        "某市地表水监测结果,,,,\n\n断面,监测时间,溶解氧,总氮,备注\n石角,2021-01-05 10:30,8,1.2,晴\n"
    )
    got = read_samples(io.BytesIO(text.encode(encoding)))
    assert got.frame.rows() == [("石角", dt.datetime(2021, 1, 5, 10, 30), 8.0, 1.2)]
    assert got.report.unread == ["备注"]


def test_long_form_with_units_and_other_items():
    got = read(
        "断面,采样日期,监测项目,监测结果,单位\n"
        "石角,2021-01-05,氨氮,0.21,mg/L\n石角,2021-01-05,镉,0.08L,μg/L\n"
        "石角,2021-01-05,流量,12,m3/s\n石角,2021-01-05,铅,3,斤\n石角,2021-01-05,汞,微量,mg/L\n"
        "东江口,2021-01-05,氨氮,0.3,毫克/升\n"
    )
    assert got.frame.rows(named=True) == [
        {
            "station": "石角",
            "date": dt.date(2021, 1, 5),
            "nh3n": 0.21,
            "hg": None,
            "cd": "0.00008L",
        },
        {"station": "东江口", "date": dt.date(2021, 1, 5), "nh3n": 0.3, "hg": None, "cd": None},
    ]
    assert got.rejected.select("row", "code", "value").rows() == [
        (5, "water_unit", "斤"),
        (6, "text", "微量"),
    ]
    assert (got.report.other, got.report.unread) == (1, ["流量"])


@pytest.mark.parametrize(
    ("head", "cell", "item", "value"),
    [
        ("镉(µg/L)", "5", "cd", 0.005),
        ("镉(mg/m3)", "5", "cd", 0.005),
        ("叶绿素a(mg/L)", "0.012", "chla", 12.0),
        ("叶绿素a(µg/L)", "12", "chla", 12.0),
        ("叶绿素a", "12", "chla", 12.0),
        ("透明度(cm)", "60", "sd", 0.6),
        ("粪大肠菌群(MPN/100mL)", "20", "fecal_coliform", 200.0),
        ("粪大肠菌群(个/L)", "1.2×10^4", "fecal_coliform", 12000.0),
        ("氨氮浓度(毫克/升)", "0.3", "nh3n", 0.3),
    ],
)
def test_units_are_converted_where_they_are_stated(head, cell, item, value):
    frame = read(f"断面,日期,{head}\n石角,2021-01-05,{cell}\n").frame
    assert frame[item].to_list() == [value]


def test_a_unit_may_be_said_and_must_fit():
    text = "断面,日期,镉\n石角,2021-01-05,5\n石角,2021-02-05,0.2L\n"
    got = read(text, units={"镉": "μg/L"})
    assert got.frame["cd"].to_list() == ["0.005", "0.0002L"]
    assert got.report.units["cd"][0] == "ug/L"
    with pytest.raises(ReadError, match=r"第 1 行，“镉\(cm\)”列.*cm"):
        read("断面,日期,镉(cm)\n石角,2021-01-05,5\n")
    with pytest.raises(ReadError, match="cd=ug/L"):
        read(text, units={"镉": "斤"})


def test_a_probable_slip_of_units_is_told():
    notes = read("断面,日期,镉,铅\n石角,2021-01-05,0.8,0.01\n").report.notes
    assert [n.zh[:1] for n in notes] == ["镉"]
    assert "--units cd=ug/L" in notes[0].zh


def test_months_years_and_english_dates():
    assert read("断面,监测月份,总磷\n石角,2021年1月,0.1\n石角,202102,0.1\n").frame[
        "date"
    ].to_list() == [
        dt.date(2021, 1, 1),
        dt.date(2021, 2, 1),
    ]
    assert read("断面,年,月,总磷\n石角,2021,3,0.1\n").frame["date"][0] == dt.date(2021, 3, 1)
    got = read(
        "section,sampling date,TP\nA,5 Jan 2021,0.1\nA,Feb. 3 2021,0.1\n"
        'A,"March 4th, 2021",0.1\nA,06-Apr-2021,0.1\nA,2021.5.7,0.1\n'
    )
    days = [(1, 5), (2, 3), (3, 4), (4, 6), (5, 7)]
    assert got.frame["date"].to_list() == [dt.date(2021, m, d) for m, d in days]
    assert got.rejected.is_empty()


def test_a_clock_makes_contradictions_and_a_date_does_not():
    clock = read(
        "断面,监测时间,总磷\nA,2021-01-05 08:00,0.1\nA,2021-01-05 08:00,0.2\nB,2021-01-05 08:00,1\n"
    )
    assert clock.frame["station"].to_list() == ["B"]
    assert clock.rejected["code"].to_list() == ["conflict"] * 2
    days = read("断面,日期,总磷\nA,2021-01-05,0.1\nA,2021-01-05,0.2\nA,2021-01-05,0.2\n")
    assert days.frame["tp"].to_list() == [0.1, 0.2]
    assert days.report.repeats == 1
    assert "多次监测" in days.report.notes[0].zh
    long = read("断面,日期,项目,值\nA,2021-01-05,总磷,0.1\nA,2021-01-05,总磷,0.2\n")
    assert long.frame["tp"].to_list() == [0.1, 0.2]


def test_nothing_is_lost():
    got = read(
        "断面,日期,总磷,氨氮\nA,2021-01-05,0.1,0.2\n,2021-01-06,0.1,0.2\nA,昨天,0.1,0.2\n"
        "A,2021-01-07,约0.1,0.2\nA,2021-01-08,0.1\n"
    )
    report = got.report
    assert report.rows == report.kept + report.set_aside + report.repeats + report.other == 5
    assert got.frame["tp"].to_list() == [0.1, None]
    assert got.rejected.select("row", "column", "code").rows() == [
        (3, "断面", "section"),
        (4, "日期", "time"),
        (5, "总磷", "text"),
        (6, None, "fields"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("断面,日期\nA,2021-01-05\n", "没有水质项目列"),
        ("断面,总磷\nA,0.1\n", "缺少时间列"),
        ("日期,总磷\n2021-01-05,0.1\n", "缺少断面列"),
        ("断面,日期,总磷\n", "只有表头"),
        ("断面,日期,总磷\nA,昨天,0.1\n", "第 2 行，“日期”列.*昨天"),
        ("断面,日期,总磷,TP\nA,2021-01-05,1,1\n", "含义相同"),
        ("断面,日期,项目,值\nA,2021-01-05,流量,1\n", "“项目”列.*流量"),
    ],
)
def test_one_clear_error(text, said):
    with pytest.raises(ReadError, match=said):
        read(text)


def test_said_columns_and_one_section():
    got = read("何时,P\n2021-01-05,0.1\n", columns={"何时": "date", "P": "总磷"}, station="石角")
    assert got.frame.row(0) == ("石角", dt.date(2021, 1, 5), 0.1)
    with pytest.raises(ReadError, match="何物"):
        read("断面,日期,P\n石角,2021-01-05,0.1\n", columns={"P": "何物"})


def test_two_files_of_one_section_and_source():
    one = io.BytesIO("断面,日期,总磷,数据来源,水质目标\nA,2021-01-05,0.1L,手工,Ⅲ类\n".encode())
    two = io.BytesIO("断面,日期,总磷,数据来源,水质目标\nA,2021-01-05,0.2,自动,其他\n".encode())
    got = read_samples(one, two)
    assert got.frame.select("source", "target", "tp").rows() == [
        ("手工", 3, "0.1L"),
        ("自动", None, "0.2"),
    ]
    assert any("其他" in note.zh for note in got.report.notes)


def test_what_is_said_of_samples_in_one_form():
    got = read(
        "断面,日期,水体类型,监测方式,水质目标,项目,值,监测方法\n"
        "A,2021-01-05,水库,在线,III,总磷,0.1,HJ 1\nA,2021-01-05,水库,在线,III,氨氮,0.2,HJ 2\n"
        "B,2021-01-05,渠,某公司,,总磷,0.1,HJ 1\nB,2021-01-05,渠,别的公司,,氨氮,0.1,HJ 1\n"
    )
    assert got.frame.select("station", "kind", "source", "target", "tp", "nh3n").rows() == [
        ("A", "湖库", "自动", 3, 0.1, 0.2),
        ("B", None, None, None, 0.1, 0.1),
    ]
    assert [n.zh.split("”")[0] for n in got.report.notes] == ["“水体类型", "“监测方式"]


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("甲乙"),
            st.dates(dt.date(2021, 1, 1), dt.date(2021, 3, 31)),
            st.one_of(st.none(), st.decimals("0", "2", places=3)),
            st.one_of(st.none(), st.decimals("0", "0.01", places=5)),
            st.booleans(),
        ),
        min_size=1,
        max_size=12,
        unique_by=lambda row: row[:2],
    )
)
def test_wide_and_long_say_the_same_in_any_unit(rows):
    """The same samples wide in mg/L and long in µg/L: the same frame, limits kept as limits."""
    known = [row for row in rows if row[2] is not None or row[3] is not None]
    if not known:
        return
    wide, long = ["断面,日期,总磷(mg/L),镉(mg/L)"], ["断面,日期,项目,值,单位"]
    for station, day, tp, cd, below in known:
        mark = "L" if below else ""
        cells = ["" if v is None else f"{v}{mark}" for v in (tp, cd)]
        wide.append(f"{station},{day},{','.join(cells)}")
        for name, value in (("总磷", tp), ("镉", cd)):
            if value is not None:
                long.append(f"{station},{day},{name},{value * 1000}{mark},µg/L")
    one, two = (read("\n".join(text)).frame for text in (wide, long))
    for frame in (one, two):
        assert frame.height == len(known)
    for item in ("tp", "cd"):
        if item not in one.columns or item not in two.columns:
            assert item not in two.columns or one[item].null_count() == one.height
            continue
        for mine, other in zip(one[item], two[item], strict=True):
            assert number_of(mine) == number_of(other)


def number_of(cell):
    """Return a result as a number and whether it is below its limit."""
    if cell is None:
        return None
    text = str(cell)
    return round(float(text.removesuffix("L")), 9), text.endswith("L")


def test_groundwater_in_its_own_units():
    got = read(
        "监测井,日期,总硬度(mg/L),三氯甲烷(mg/L),苯\nW1,2021-01-05,300,0.05,3\n", domain="ground"
    )
    assert got.frame.select("hardness", "chloroform", "benzene").row(0) == (300.0, 50.0, 3.0)


def test_automatic_stations_as_they_are_published(shared):
    folder = shared / "data" / "water_auto_stations_2020_2021"
    got = read_samples(folder / "national_snapshot_20200508.parquet", everything=True)
    assert got.keys == ["province", "basin", "station"]
    assert (got.report.rows, got.frame.height, got.report.set_aside) == (1901, 1899, 2)
    judged = surface.classify(got.frame, rule="platform")
    rated = judged.filter(pl.col("wq_class").is_not_null())
    assert (rated["wq_class"] == rated["class_name"]).mean() > 0.96  # lakes are judged as rivers
    key = read_samples(folder / "key100_daily_202005_202012.parquet")
    assert key.rejected["code"].unique().to_list() == ["time"]


# --- rosters -----------------------------------------------------------------------------------

ROSTER = "断面名称,水体,水体类型,控制级别,考核属性,责任县区,河长,水质目标,开始,结束,未评价原因\n"


def roster(text, **more):
    file = io.BytesIO((ROSTER + text).encode())
    file.name = "2021名单.csv"
    return read_roster(file, **more)


def test_a_roster():
    got = roster(
        "石角,北江,河流,国控,国考/入海,清城区,张三,Ⅱ类,2021,,\n水库心,某库,湖库,,,,,3,,2020年,干涸\n"
    )
    assert got.select("kind", "attribute", "county", "target", "from", "to", "version").rows() == [
        ("河流", "国考,入海", "清城区", 2, dt.date(2021, 1, 1), None, "2021名单"),
        ("湖库", None, None, 3, None, dt.date(2020, 12, 31), "2021名单"),
    ]
    assert got["left_out"].to_list() == [None, "干涸"]
    assert roster("石角,北江,河流,,,,,,,,\n", version="v2")["version"].to_list() == ["v2"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("石角,,沟渠,,,,,,,,\n", "2021名单.csv，第 2 行，“水体类型”列.*沟渠"),
        ("石角,,河流,,,,,Ⅵ,,,\n", "第 2 行，“水质目标”列.*Ⅵ"),
        ("\n石角,,河流,,,,,,,,\n石角,,河流,,,,,,,,\n", "第 4 行，“开始”列.*重叠"),
    ],
)
def test_a_bad_row_is_named(text, said):
    with pytest.raises(ReadError, match=said):
        roster(text)


def test_a_roster_without_kinds():
    with pytest.raises(ReadError, match="水体类型"):
        read_roster(io.BytesIO("断面名称,水质目标\n石角,3\n".encode()))

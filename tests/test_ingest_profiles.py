"""Tables as observations: what they are taken for, profiles, headers, signs, contradictions."""

import io
import tomllib
from datetime import datetime

import openpyxl
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shanshui.platform.ingest import ReadError, read, read_samples
from shanshui.platform.ingest.contradictions import Contradictions
from shanshui.platform.ingest.hj212_values import Device
from shanshui.platform.ingest.observations import SCHEMA
from shanshui.platform.ingest.profiles import (
    Column,
    Profile,
    dumps,
    fingerprint,
    load,
    period,
    save,
    saved,
)
from shanshui.platform.ingest.propose import extended, propose
from shanshui.platform.ingest.sniff import sniff
from shanshui.platform.ingest.tabular import read_table


def as_file(text, encoding="utf-8"):
    return io.BytesIO(text.encode(encoding))


def taken(file, profile=None, **more):
    """Return proposal, observations, what was set aside and the counts of rows."""
    found = propose(file, **more) if profile is None else None
    file.seek(0)
    reading = read_table(file, profile or found.profile)
    chunks = list(reading.chunks)
    frame = pl.concat([c.frame for c in chunks])
    assert frame.schema == pl.Schema(SCHEMA)
    return found, frame, pl.concat([c.rejected for c in chunks]), reading


def workbook(rows, merges=(), sheet="Sheet1"):
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    for row in rows:
        page.append(row)
    for merge in merges:
        page.merge_cells(merge)
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    return out


# --- what a table is taken for


def test_hours_of_air():
    found, frame, rejected, reading = taken(
        as_file(
            "城市,点位名称,监测时间,PM2.5(μg/m3),CO(mg/m³),O3-8h,备注\n"
            "广州,麓湖,2026-03-01 01:00,23,0.6,51,好\n广州,麓湖,2026-03-01 24:00,—,0.7,-99,\n"
        )
    )
    assert (found.form, found.confidence, found.unread) == ("air", "high", ["备注"])
    assert (found.profile.period, found.profile.stamp) == (3600, "end")
    assert frame.sort("time", "property").rows() == [
        ("广州/麓湖", "co", datetime(2026, 3, 1, 1), 3600, 0.6, None),
        ("广州/麓湖", "o3_8h", datetime(2026, 3, 1, 1), 28800, 51.0, None),
        ("广州/麓湖", "pm25", datetime(2026, 3, 1, 1), 3600, 23.0, None),
        ("广州/麓湖", "co", datetime(2026, 3, 2), 3600, 0.7, None),
        ("广州/麓湖", "o3_8h", datetime(2026, 3, 2), 28800, None, None),
        ("广州/麓湖", "pm25", datetime(2026, 3, 2), 3600, None, None),
    ]
    assert rejected.is_empty()
    assert reading.units["co"][0] == "mg/m3"
    assert reading.unread == ["备注"]


def test_the_archive_of_the_national_network():
    text = (
        "date,hour,type,1001A,1002A\n20260301,1,PM2.5,35,\n20260301,1,PM2.5_24h,30,31\n"
        "20260301,1,AQI,50,51\n20260301,1,CO,0.5,x\n"
    )
    found, frame, rejected, reading = taken(as_file(text))
    assert (found.form, found.profile.layout) == ("archive", "archive")
    assert frame.sort("property", "station").rows() == [
        ("1001A", "co", datetime(2026, 3, 1, 1), 3600, 0.5, None),
        ("1001A", "pm25", datetime(2026, 3, 1, 1), 3600, 35.0, None),
        ("1002A", "pm25", datetime(2026, 3, 1, 1), 3600, None, None),
        ("1001A", "pm25_24h", datetime(2026, 3, 1, 1), 86400, 30.0, None),
        ("1002A", "pm25_24h", datetime(2026, 3, 1, 1), 86400, 31.0, None),
    ]
    assert rejected.select("row", "column", "value").rows() == [(5, "1002A", "x")]
    assert reading.unread == ["AQI"]
    # The stations of an archive change; its fingerprint does not.
    other = propose(as_file(text.replace("1002A", "2002A,3002A").replace(",31", ",31,32")))
    assert other.profile.fingerprint == found.profile.fingerprint


def test_automatic_stations_of_water():
    found, frame, _, reading = taken(
        as_file(
            "省份,流域,断面名称,监测时间,水质类别,水温(℃),pH(无量纲),溶解氧(mg/L),叶绿素α(mg/L),站点情况\n"
            "广东省,珠江流域,石角,2026-03-01 08:00,Ⅱ,20.1,7.5,8.2,*,正常\n"
            "广东省,珠江流域,飞来峡,,,--,--,--,--,维护\n"
        )
    )
    assert (found.form, found.profile.period) == ("water-auto", 14400)
    assert found.profile.station == ("省份", "断面名称")
    assert frame.select("station", "property", "time", "period", "value").rows() == [
        ("广东省/石角", "temp", datetime(2026, 3, 1, 8), 14400, 20.1),
        ("广东省/石角", "ph", datetime(2026, 3, 1, 8), 14400, 7.5),
        ("广东省/石角", "do", datetime(2026, 3, 1, 8), 14400, 8.2),
    ]
    assert "叶绿素α(mg/L)" in reading.unread  # α is no a: it is said, not guessed


def test_samples_keep_their_detection_limits():
    found, frame, rejected, _ = taken(
        as_file(
            "断面名称,采样日期,pH,氨氮(mg/L),总磷(µg/L),汞,石油类\n"
            '石角,2026-01-05,7.6,"1,021.5",40L,未检出,<0.02\n'
            "石角,2026-02-05,7.7,0.025L,52,微量,0.02\n"
        )
    )
    assert (found.form, found.profile.period, found.profile.stamp) == ("water", "day", "start")
    january = frame.filter(pl.col("time") == datetime(2026, 1, 6))
    rows = {p: (v, f) for p, v, f in january.select("property", "value", "flag").rows()}
    assert rows == {
        "ph": (7.6, None),
        "nh3n": (1021.5, None),
        "tp": (0.02, "L"),  # half the limit, the limit is twice the value
        "hg": (None, "ND"),
        "oil": (0.01, "L"),
    }
    assert rejected.select("row", "column", "value").rows() == [(3, "汞", "微量")]


def test_soils_are_told_by_land_use_or_by_their_units():
    found, frame, _, _ = taken(
        as_file(
            "样品编号,点位,日期,土地利用,pH,镉(mg/kg),铅(ug/kg)\nS1,甲,2026-05-01,水田,5.6,<0.02,35\n"
        )
    )
    assert found.form == "soil"
    assert dict(frame.select("property", "value").rows()) == {
        "soil_ph": 5.6,
        "soil_cd": 0.01,
        "soil_pb": 0.035,
    }


@pytest.mark.parametrize("head", ["网格编号", "路段名称", "城市,道路"])
def test_points_of_noise_are_the_stations_of_their_sheet(head):
    place = "青禾市,北路" if "," in head else "北路"
    sheet = as_file(f"{head},监测日期,昼间等效声级,路段长度(km)\n{place},2026-05-10,68.1,1.2\n")
    assert taken(sheet)[1].rows() == [
        (place.replace(",", "/"), "ld", datetime(2026, 5, 11), 86400, 68.1, None)
    ]


def test_long_tables_by_item_with_units_and_flags():
    found, frame, rejected, reading = taken(
        as_file(
            "站点,时间,项目,浓度,单位,标识\n甲,2026-03-01 01:00,PM2.5,0.035,mg/m3,N\n"
            "甲,2026-03-01 01:00,SO2,7,,H\n甲,2026-03-01 01:00,AQI,50,,\n"
            "甲,2026-03-01 01:00,NO2,7,斤,\n甲,xx,NO2,7,,\n"
        )
    )
    assert (found.form, found.profile.layout) == ("air", "long")
    assert frame.select("property", "value", "flag").rows() == [
        ("pm25", 35.0, "N"),
        ("so2", 7.0, "H"),
    ]
    assert rejected.select("row", "code").rows() == [(5, "any_unit"), (6, "time")]
    assert reading.unread == ["AQI"]


def test_flags_in_columns_beside_and_behind_the_value():
    _, frame, rejected, _ = taken(
        as_file(
            "站点,时间,PM2.5,PM2.5标识,SO2\n甲,2026-03-01 01:00,35,H,7(BB)\n"
            "甲,2026-03-01 02:00,36,,8W\n甲,2026-03-01 03:00,37,,8ZZ\n"
        )
    )
    rows = frame.sort("time", "property").select("property", "value", "flag").rows()
    assert rows == [
        ("pm25", 35.0, "H"),
        ("so2", 7.0, "BB"),
        ("pm25", 36.0, None),
        ("so2", 8.0, "W"),
        ("pm25", 37.0, None),
    ]
    assert rejected["value"].to_list() == ["8ZZ"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("站点,时间,CO\n甲,2026-03-01 01:00,1\n", "--as air|water"),
        ("站点,时间,PM2.5,氨氮\n甲,2026-03-01 01:00,1,2\n", "--as air|water"),
        ("站点,时间,甲乙\n甲,2026-03-01 01:00,1\n", "--map"),
        ("站点,PM2.5\n甲,1\n", "--time"),
        ("站点,时间,PM2.5,细颗粒物\n甲,2026-03-01 01:00,1,2\n", '--column "细颗粒物=-"'),
        ("站点,时间,PM2.5\n甲,昨天,1\n", "昨天"),
        ("站点,时间,PM2.5\n", "没有数据行"),
        ('{"a": 1}', "SensorThings"),
    ],
)
def test_what_cannot_be_told_is_an_error_that_names_the_option(text, expected):
    with pytest.raises(ReadError) as error:
        sniff(as_file(text))
    assert expected in str(error.value)
    assert " / " in str(error.value)


def test_the_caller_may_say_what_it_is():
    found = sniff(as_file("站点,时间,CO,站点情况\n甲,2026-03-01 01:00,1,正常\n"), form="air")
    assert found.profile.columns == {"CO": Column("co")}
    found = sniff(as_file("断面,时间,CO\n甲,2026-03-01 01:00,1\n"), form="water")
    assert found.profile.columns == {"CO": Column("w20038")}  # cobalt
    with pytest.raises(ReadError, match="--as"):
        sniff(as_file("x"), form="fire")


def test_forms_that_are_no_tables():
    assert sniff(as_file("10:00 ##0026ST=91;CN=9014;MN=A;CP=&&&&8BC1\n")).form == "hj212"
    assert sniff(as_file('{"value": [{"phenomenonTime": "x"}]}')).form == "sensorthings"


def test_codes_name_stations_only_where_they_tell_them_apart():
    head = "城市,站点,编码,时间,PM2.5\n"
    one = head + "京,甲,1001A,2026-03-01 01:00,1\n京,乙,1002A,2026-03-01 01:00,2\n"
    assert propose(as_file(one)).profile.station == ("编码",)
    for other in (one.replace("1002A", "1001A"), one.replace("1002A", "")):
        assert propose(as_file(other)).profile.station == ("城市", "站点")


def test_a_daily_ozone_that_does_not_say_which_is_not_read():
    text = "城市,日期,PM2.5,O3\n甲,2026-03-01,1,80\n"
    found = propose(as_file(text))
    assert list(found.profile.columns) == ["PM2.5"]
    assert any("O3" in zh for zh, _ in found.why)
    _, frame, _, _ = taken(as_file(text), extended(found.profile, {"O3": "o3_8h"}, {}))
    assert frame.rows() == [
        ("甲", "pm25", datetime(2026, 3, 2), 86400, 1.0, None),
        ("甲", "o3_8h", datetime(2026, 3, 2), 86400, 80.0, None),
    ]


def test_stamps_and_periods():
    text = "站点,时间,PM2.5\n甲,2026-03-01 01:00,1\n甲,2026-03-01 02:30,2\n"
    profile = Profile(
        "air", "wide", station=("站点",), time={"time": "时间"}, columns={"PM2.5": Column("pm25")}
    )
    from dataclasses import replace

    _, frame, rejected, _ = taken(as_file(text), replace(profile, stamp="start"))
    assert frame["time"].to_list() == [datetime(2026, 3, 1, 2)]
    assert rejected["code"].to_list() == ["off_hour"]
    _, frame, _, _ = taken(as_file(text), replace(profile, period=1800))
    assert frame["period"].to_list() == [1800, 1800]
    months = "站点,年,月,PM2.5\n甲,2024,2,1\n"
    found, frame, _, _ = taken(as_file(months))
    assert frame.row(0)[2:4] == (datetime(2024, 3, 1), 29 * 86400)
    assert found.profile.period == "month"


# --- units


def test_units_that_cannot_be_are_refused_until_they_are_said():
    text = "站点,时间,CO\n" + "".join(f"甲,2026-03-01 {h:02}:00,{600 + h}\n" for h in range(1, 9))
    found = propose(as_file(text), form="air")
    with pytest.raises(ReadError, match="--units co=ug/m3") as error:
        taken(as_file(text), found.profile)
    assert error.value.column == "CO"
    _, frame, _, reading = taken(as_file(text), extended(found.profile, {}, {"co": "ug/m3"}))
    assert frame["value"][0] == 0.601
    assert reading.units["co"][0] == "ug/m3"
    with pytest.raises(ReadError, match="斤"):
        extended(found.profile, {}, {"co": "斤"})
    volume = text.replace("CO\n", "CO(ppb)\n")
    with pytest.raises(ReadError, match="ppb"):
        taken(as_file(volume), propose(as_file(volume), form="air").profile)


# --- headers of laboratories


LAB = [
    ["某某环境监测有限公司 检测结果表"],
    ["断面名称", "采样日期", "检测项目", None, None, None],
    [None, None, "氨氮", "总磷", "化学需氧量", "石油类"],
    [None, None, "mg/L", "μg/L", "mg/L", "mg/L"],
    ["石角", "2026-01-05", 0.21, 40, "1,012", "<0.02"],
    [None, "2026-01-06", "ND", "—", -99, "0.01L"],
]
MERGES = ("A1:F1", "A2:A4", "B2:B4", "C2:F2", "A5:A6")


def test_sheets_of_a_laboratory():
    found, frame, rejected, reading = taken(workbook(LAB, MERGES))
    assert found.header == [
        *("断面名称", "采样日期", "氨氮(mg/L)", "总磷(μg/L)", "化学需氧量(mg/L)", "石油类(mg/L)")
    ]
    assert rejected.is_empty()
    assert frame.sort("time", "property").select("station", "property", "value", "flag").rows() == [
        ("石角", "cod", 1012.0, None),
        ("石角", "nh3n", 0.21, None),
        ("石角", "oil", 0.01, "L"),
        ("石角", "tp", 0.04, None),
        ("石角", "cod", None, None),
        ("石角", "nh3n", None, "ND"),
        ("石角", "oil", 0.005, "L"),
        ("石角", "tp", None, None),
    ]
    assert reading.units["tp"][0] == "ug/L"


def test_the_reader_of_samples_reads_them_too():
    table = read_samples(workbook(LAB, MERGES))
    assert table.frame.select("station", "nh3n", "tp", "cod", "oil").rows() == [
        ("石角", "0.21", 0.04, 1012.0, "0.02L"),
        ("石角", "ND", None, None, "0.01L"),
    ]


AIR = [
    [None, "环境空气质量月报"],
    [None, "城市", "点位名称", "日期", "污染物浓度", None, None],
    [None, None, None, None, "SO2", "NO2", "CO"],
    [None, None, None, None, "μg/m³", "μg/m³", "mg/m³"],
    [None, "广州", "麓湖", "2026-03-01", 5, "1,012", 0.6],
    [None, None, "体育西", "2026-03-01", 6, 22, 0.7],
]


@pytest.mark.parametrize("merges", [("B1:G1", "B2:B4", "C2:C4", "D2:D4", "E2:G2", "B5:B6")])
def test_the_reader_of_air_reads_headers_over_rows_and_thousands(merges):
    table = read(workbook(AIR, merges))
    assert table.frame.select("city", "station", "so2", "no2", "co").rows() == [
        ("广州", "麓湖", 5.0, 1012.0, 0.6),
        ("广州", "体育西", 6.0, 22.0, 0.7),
    ]
    assert table.report.units["co"] == ("mg/m3", ("在文件中注明", "stated in the file to be"))


def test_groups_over_columns_without_merged_cells():
    text = (
        "点位,日期,监测结果,,\n,,二氧化硫,一氧化碳,臭氧最大8小时\n,,μg/m3,mg/m3,μg/m3\n"
        "甲,2026-03-01,5,0.4,88\n"
    )
    table = read(as_file(text))
    assert table.frame.select("station", "so2", "co", "o3_8h").rows() == [("甲", 5.0, 0.4, 88.0)]
    group = "站点,日期,二氧化硫,,细颗粒物,\n,,浓度,IAQI,浓度,IAQI\n甲,2026-03-01,5,5,30,43\n"
    table = read(as_file(group))
    assert table.frame.select("so2", "pm25").rows() == [(5.0, 30.0)]


def test_one_number_in_merged_cells_is_not_that_of_several_items():
    rows = [
        ["站点", "日期", "SO2", "NO2"],
        ["甲", "2026-03-01", 5, None],
        ["乙", "2026-03-01", 7, 8],
    ]
    table = read(workbook(rows, ("C2:D2",)))
    assert table.frame.select("so2", "no2").rows() == [(5.0, None), (7.0, 8.0)]


def test_merged_cells_of_a_sheet_that_begins_anywhere():
    book = openpyxl.Workbook()
    page = book.active
    for column, name in zip("DEF", ("站点", "日期", "SO2"), strict=True):
        page[f"{column}4"] = name
    page["D5"], page["E5"], page["F5"] = "甲", "2026-03-01", 5
    page["E6"], page["F6"] = "2026-03-02", 6
    page.merge_cells("D5:D6")
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    table = read(out)
    assert table.frame["station"].to_list() == ["甲", "甲"]


def test_a_row_of_data_is_no_header():
    text = "站点,日期,SO2\n甲,2026-03-01,—\n乙,2026-03-01,3\n"
    assert read(as_file(text)).frame.height == 2


def test_several_sheets_with_data_are_to_be_chosen():
    out = workbook([["站点", "日期", "SO2"], ["甲", "2026-03-01", 5]], sheet="一月")
    book = openpyxl.load_workbook(out)
    page = book.create_sheet("二月")
    page.append(["站点", "日期", "SO2"])
    page.append(["甲", "2026-04-01", 6])
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    with pytest.raises(ReadError, match="--sheet"):
        propose(out)
    out.seek(0)
    assert propose(out, sheet="二月").profile.sheet == "二月"


# --- contradictions


def test_rows_of_one_piece_that_contradict_one_another_are_set_aside():
    hour = "2026-03-01 01:00"
    text = f"站点,时间,PM2.5\n甲,{hour},1\n甲,{hour},2\n乙,{hour},3\n乙,{hour},3\n"
    _, frame, rejected, _ = taken(as_file(text))
    assert frame.rows() == [("乙", "pm25", datetime(2026, 3, 1, 1), 3600, 3.0, None)]
    assert rejected["row"].to_list() == [2, 3]


@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), max_size=8), max_size=6))
def test_contradictions_of_pieces_are_found(pieces):
    said = {}
    with Contradictions() as keys:
        for piece in pieces:
            rows = {"key": [k for k, _ in piece], "said": [s for _, s in piece]}
            keys.add(pl.DataFrame(rows, schema={"key": pl.UInt64, "said": pl.UInt64}))
            for key, value in piece:
                said.setdefault(key, set()).add(value)
        found, count = keys.found()
    assert set(found) == {key for key, values in said.items() if len(values) > 1}
    assert count == sum(map(len, pieces))


def test_contradictions_beyond_the_memory_are_found(monkeypatch):
    monkeypatch.setattr("shanshui.platform.ingest.contradictions._HELD", 10)
    with Contradictions() as keys:
        for start in range(0, 60, 6):
            rows = {"key": list(range(start, start + 12)), "said": [start % 4] * 12}
            keys.add(pl.DataFrame(rows, schema={"key": pl.UInt64, "said": pl.UInt64}))
        found, count = keys.found()
        folder = keys._folder.name
    assert count == 120
    assert sorted(found) == list(range(6, 60))
    from pathlib import Path

    assert not Path(folder).exists()


# --- profiles


names = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=12
)
columns = st.builds(
    Column,
    st.sampled_from(["pm25", "co", "nh3n", "-"]),
    st.sampled_from([None, "ug/m3", "mg/m3"]),
    st.one_of(st.none(), names),
    st.booleans(),
)
profiles = st.builds(
    Profile,
    form=st.sampled_from(["air", "water", "table"]),
    layout=st.sampled_from(["wide", "long", "archive"]),
    medium=st.sampled_from(["air", "water"]),
    name=st.just("某模板"),
    stamp=st.sampled_from(["end", "start"]),
    period=st.sampled_from([1, 3600, 14400, "day", "month"]),
    station=st.lists(names, max_size=3).map(tuple),
    fixed_station=st.one_of(st.none(), names),
    time=st.dictionaries(st.sampled_from(["time", "date", "hour"]), names, max_size=2),
    columns=st.dictionaries(names, columns, max_size=4),
    items=st.dictionaries(names, columns, max_size=2),
    item=st.one_of(st.none(), names),
    missing=st.lists(names, max_size=2).map(tuple),
    units=st.dictionaries(st.sampled_from(["co", "pm25"]), st.just("ug/m3"), max_size=2),
    sheet=st.one_of(st.none(), names),
    devices=st.dictionaries(
        st.text("ABC019", min_size=1, max_size=8),
        st.builds(
            Device,
            st.sampled_from([(), ("crc_modbus",)]),
            st.sampled_from([None, 5]),
            st.dictionaries(st.just("a34004"), st.just("ug/m3"), max_size=1),
        ),
        max_size=2,
    ),
    fingerprint=st.text("0123456789abcdef", max_size=16),
)


@given(profiles)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_profiles_are_read_back_as_they_were_written(tmp_path, profile):
    path = save(profile, tmp_path / "profiles")
    tomllib.loads(path.read_text(encoding="utf-8"))
    assert load(path) == profile
    assert dumps(load(path)) == dumps(profile)


def test_saved_profiles_are_listed(tmp_path):
    assert saved(tmp_path / "none") == []
    save(Profile("air", "wide", name="乙"), tmp_path)
    save(Profile("air", "wide", name="甲"), tmp_path)
    assert {p.name for p in saved(tmp_path)} == {"甲", "乙"}
    for name in ("../x", "", ".x", "a/b"):
        with pytest.raises(ReadError, match="模板名"):
            save(Profile("air", "wide", name=name), tmp_path)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("form = 3", "form"),
        ('form = "fire"', "form"),
        ('colour = "red"', "colour"),
        ("period = -1", "period"),
        ('period = "week"', "period"),
        ("period = true", "period"),
        ("station = 3", "station"),
        ('columns = "x"', "columns"),
        ('[columns]\na = "nosuch"', "columns.a"),
        ("[columns.a]\nproperty = 3", "columns.a"),
        ('[columns.a]\nproperty = "pm25"\ncolour = 1', "columns.a"),
        ('[time]\nweek = "x"', "time"),
        ('[devices.A]\nrepairs = ["magic"]', "devices.A.repairs"),
        ("[devices.A]\nminutes = 7", "devices.A.minutes"),
    ],
)
def test_faults_of_a_mapping_name_the_key(tmp_path, text, key):
    path = tmp_path / "m.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ReadError) as error:
        load(path)
    assert error.value.column == key


def test_a_mapping_lies_over_a_proposal(tmp_path):
    path = tmp_path / "m.toml"
    path.write_text(
        'station = "post"\nperiod = "day"\n[columns]\n'
        'x = { property = "rice_cd", unit = "mg/kg" }\n'
        '"PM2.5" = "-"\n',
        encoding="utf-8",
    )
    base = Profile("air", "wide", columns={"PM2.5": Column("pm25"), "CO": Column("co")})
    made = load(path, base)
    assert made.station == ("post",)
    assert made.columns == {
        "PM2.5": Column("-"),
        "CO": Column("co"),
        "x": Column("rice_cd", "mg/kg"),
    }
    with pytest.raises(ReadError, match="找不到"):
        load(tmp_path / "none.toml")
    path.write_bytes(b"\xff\xfe = [")
    with pytest.raises(ReadError, match="TOML"):
        load(path)


def test_fingerprints_are_of_names_not_of_their_order():
    assert fingerprint("wide", ["a", "b"]) == fingerprint("wide", ["b ", "A"])
    assert fingerprint("wide", ["a", "b"]) != fingerprint("wide", ["a", "b", "c"])
    assert fingerprint("wide", ["a"]) != fingerprint("long", ["a"])


def test_a_profile_whose_columns_are_gone_says_which():
    found = propose(as_file("站点,时间,PM2.5\n甲,2026-03-01 01:00,1\n"))
    with pytest.raises(ReadError, match=r"PM2\.5") as error:
        taken(as_file("站点,时间,SO2\n甲,2026-03-01 01:00,1\n"), found.profile)
    assert error.value.row == 1


def test_periods_in_words():
    assert [period(t) for t in ("hour", "10min", "4h", "30s", "moment", 600)] == [
        *(3600, 600, 14400, 30, 1, 600)
    ]


def test_parquet_of_any_size_comes_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr("shanshui.platform.ingest.sources.SLICE", 7)
    path = tmp_path / "a.parquet"
    hours = pl.datetime_range(datetime(2026, 3, 1), datetime(2026, 3, 2), "1h", eager=True)
    pl.DataFrame({"station": ["甲"] * 25, "time": hours, "pm25": range(25)}).write_parquet(path)
    chunks = list(read_table(path, propose(path).profile).chunks)
    assert [c.rows for c in chunks] == [7, 7, 7, 4]
    assert pl.concat([c.frame for c in chunks])["value"].to_list() == list(map(float, range(25)))
    assert read(path, kind="hours").frame.height == 25


def test_whole_rows_come_as_rows_of_the_wide_table():
    text = "站点,时间,PM2.5,SO2,SO2标识\n甲,2026-03-01 01:00,1,2,H\n甲,2026-03-01 02:00,3,,\n"
    file = as_file(text)
    profile = propose(file).profile
    file.seek(0)
    chunk = next(read_table(file, profile, wide=(("pm25", "so2"), 3600)).chunks)
    assert chunk.wide.rows(named=True) == [
        {
            "station": "甲",
            "time": datetime(2026, 3, 1, 1),
            "pm25": 1.0,
            "so2": 2.0,
            "flag_so2": "H",
        }
    ]
    assert chunk.frame.select("property", "value").rows() == [("pm25", 3.0), ("so2", None)]

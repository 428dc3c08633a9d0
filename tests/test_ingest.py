"""The reader of monitoring tables: every form and encoding that people have, every fault."""

import gzip
import io
from datetime import date, datetime

import polars as pl
import pytest
import xlsxwriter

from shanshui.platform.ingest import ReadError, columns, read, read_stations, sources

HEADER = "站点,时间,SO2,NO2,CO,O3,PM10,PM2.5\n"
ROWS = (
    "麓湖,2026-03-01 01:00,5,20,0.5,80,40,21\n"
    "麓湖,2026-03-01 02:00,—,21,0.6,78,41,22\n"
    "帽峰山,2026-03-01 01:00,3,8,0.4,95,28,15\n"
)
HOURS = [
    ("麓湖", datetime(2026, 3, 1, 1), 5.0, 20.0, 0.5, 80.0, 40.0, 21.0),
    ("麓湖", datetime(2026, 3, 1, 2), None, 21.0, 0.6, 78.0, 41.0, 22.0),
    ("帽峰山", datetime(2026, 3, 1, 1), 3.0, 8.0, 0.4, 95.0, 28.0, 15.0),
]


def table(text, name="数据.csv", **said):
    data = io.BytesIO(text if isinstance(text, bytes) else text.encode())
    data.name = name
    result = read(data, **said)
    report = result.report
    assert report.rows == report.kept + report.set_aside + report.repeats + report.other
    return result


def fault(text, **said):
    with pytest.raises(ReadError) as caught:
        table(text, **said)
    return caught.value


# ------------------------------------------------------------------------------ encodings


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("gbk", "gb18030"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("block", [None, 7])
def test_encodings(tmp_path, monkeypatch, encoding, found, ending, block):
    if block:  # lines and characters cut anywhere
        monkeypatch.setattr(sources, "BLOCK", block)
    path = tmp_path / "数据.csv"
    path.write_bytes((HEADER + ROWS).replace("\n", ending).encode(encoding))
    result = read(path)
    assert result.frame.rows() == HOURS
    assert (result.kind, result.keys) == ("hours", ["station"])
    assert result.report.encodings == [found]


def test_said_encoding():
    text = "測站,時間,PM2.5\n中環,2026-03-01 01:00,21\n"
    assert table(text.encode("big5"), encoding="big5").frame["station"].to_list() == ["中環"]
    assert table((HEADER + ROWS).encode("utf-8-sig"), encoding="utf8").frame.height == 3


def test_late_chinese_is_found():
    """A file that is ASCII for long and then GB18030 is still GB18030."""
    head = "station,time,pm25\n" + "a,2026-03-01 01:00,1\n" * 3
    assert table((head + "麓湖,2026-03-01 01:00,2\n").encode("gbk")).report.encodings == ["gb18030"]


def test_gzip(tmp_path):
    path = tmp_path / "数据.csv.gz"
    path.write_bytes(gzip.compress((HEADER + ROWS).encode("gbk")))
    assert read(path).frame.rows() == HOURS


@pytest.mark.parametrize(("delimiter", "name"), [("\t", "a.tsv"), (";", "a.csv"), ("|", "a.txt")])
def test_delimiters(tmp_path, delimiter, name):
    path = tmp_path / name
    path.write_text((HEADER + ROWS).replace(",", delimiter), encoding="utf-8")
    result = read(path)
    assert result.frame.rows() == HOURS
    assert result.report.delimiters == [delimiter]


def test_progress(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "BLOCK", 50)
    path = tmp_path / "a.csv"
    path.write_text(HEADER + ROWS, encoding="utf-8")
    seen = []
    read(path, progress=lambda *what: seen.append(what))
    assert seen[-1] == ("a.csv", path.stat().st_size, path.stat().st_size)


# ---------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("PM₂.₅ （μg/m³）", "pm25"),
        ("PM2.5(µg/m3)", "pm25"),
        ("pm2_5", "pm25"),
        ("PM2.5小时浓度", "pm25_1h"),
        ("细颗粒物(PM2.5)", "pm25"),
        ("PM2.5_24h", "pm25_24h"),
        ("日均PM10", "pm10_24h"),
        ("二氧化硫（SO₂）", "so2"),
        ("CO 毫克/立方米", "co"),
        ("co_ugm3", "co"),
        ("O3_8h", "o3_8h"),
        ("臭氧8小时", "o3_8h"),
        ("臭氧日最大8小时滑动平均", "o3_8h"),
        ("O3-1h", "o3_1h"),
        ("a34004", "pm25"),
        ("监测点位", "station"),
        ("Station Code", "code"),
        ("城市名称", "city"),
        ("日期/时间", "time"),
        ("监测日期", "date"),
        ("小 时", "hour"),
    ],
)
def test_names(name, role):
    assert columns.recognise(name).name == role


@pytest.mark.parametrize(
    "name", ["AQI", "PM2.5 IAQI", "iaqi_pm25", "hours_so2", "o3_8h_24h_max", "NO", "CO2", "score"]
)
def test_names_of_nothing(name):
    assert columns.recognise(name) is None


def test_vocabulary_is_unambiguous():
    words = columns.vocabulary()
    seen = {}
    for group in ("keys", "time", "long", "roster"):
        for role, names in words[group].items():
            for name in names:
                assert seen.setdefault(columns.simplify(name), role) == role, name
    for item, names in words["items"].items():
        for name in names:
            assert seen.setdefault(columns.simplify(name), item) == item
            assert columns.recognise(name).name == item
    for name in words["known"]["names"]:
        assert columns.recognise(name) is None


def test_said_columns():
    result = table(
        "城市,日期,O3,PM2.5,x\n广州,2026-03-01,150,20,1\n", columns={"O3": "o3_8h", "x": "SO2"}
    )
    assert result.frame.row(0, named=True)["o3_8h"] == 150
    assert result.frame.row(0, named=True)["so2"] == 1
    assert "含义" in fault(HEADER + ROWS, columns={"O3": "花"}).zh


def test_a_title_above_the_header():
    text = f"广州市空气质量小时报,,,,,,,\n导出时间：2026-03-02,,,,,,,\n\n{HEADER}{ROWS}"
    result = table(text + "麓湖,坏,1,1,1,1,1,1\n")
    assert result.frame.rows() == HOURS
    assert result.rejected["row"].to_list() == [8]


def test_a_name_over_two_lines():
    text = (HEADER + ROWS + "麓湖,坏,1,1,1,1,1,1\n").replace("PM10", '"PM10\n(μg/m3)"', 1)
    result = table(text)
    assert result.frame.rows() == HOURS
    assert result.rejected["row"].to_list() == [6]


# ---------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    "mark",
    [
        *("", "—", "-", "--", "－", "NA", "n/a", "#N/A", "NaN", "null", "/", "缺测", " — "),
        *("-99", "-99.0", "-99.000", "-999", "-9999"),
    ],
)
def test_null_marks(mark):
    result = table(f"站点,时间,PM2.5,SO2\n麓湖,2026-03-01 01:00,{mark},5\n")
    assert result.frame["pm25"].to_list() == [None]
    assert result.rejected.is_empty()


@pytest.mark.parametrize(
    ("text", "value"), [("１２", 12), (" 12 ", 12), ("１２．５", 12.5), ("1.2e1", 12), ("　12", 12)]
)
def test_numbers(text, value):
    assert table(f"站点,时间,PM2.5\n麓湖,2026-03-01 01:00,{text}\n").frame["pm25"][0] == value


@pytest.mark.parametrize("text", ["abc", "12H", "12 µg", "1 2", "inf", "＜2", "维护"])
def test_text_in_a_number_column(text):
    result = table(
        f"站点,时间,PM2.5,SO2\n麓湖,2026-03-01 01:00,{text},5\n麓湖,2026-03-01 02:00,6,5\n"
    )
    assert result.frame.select("pm25", "so2").rows() == [(None, 5.0), (6.0, 5.0)]
    row = result.rejected.row(0, named=True)
    assert (row["file"], row["row"], row["column"], row["code"]) == ("数据.csv", 2, "PM2.5", "text")
    assert row["value"] == text
    assert "数值" in row["expected"]
    assert row["reason"]
    assert row["reason_en"]
    assert result.report.cells == 1
    assert result.report.set_aside == 0


def test_negative_values_stay_and_are_counted():
    result = table("站点,时间,PM2.5\n麓湖,2026-03-01 01:00,-5\n麓湖,2026-03-01 02:00,5\n")
    assert result.frame["pm25"].to_list() == [-5.0, 5.0]
    assert result.report.negative == {"pm25": 1}


@pytest.mark.parametrize(
    "text",
    [
        *("2026-03-01 13:00", "2026/3/1 13:00", "2026-03-01T13:00:00", "2026-03-01 13:00:00.000"),
        *("2026-03-01T13:00+08:00", "2026-03-01T05:00:00Z", "2026-02-28 23:00:00-0600"),
        *("2026年3月1日13时", "2026年03月01日 13:00", "2026.3.1 13:00", "2026-03-01 13"),
        *("2026030113", "20260301130000", "20260301 13:00", "２０２６-03-01 １３：００"),
    ],
)
def test_times(text):
    result = table(f"站点,时间,PM2.5\n麓湖,{text},5\n麓湖,2026-03-01 14:00,5\n")
    assert result.frame["time"][0] == datetime(2026, 3, 1, 13)
    converted = any("北京时间" in note.zh for note in result.report.notes)
    assert converted == text.endswith(("Z", "-0600"))


def test_hour_24():
    result = table("站点,时间,PM2.5\n麓湖,2026-12-31 24:00,5\n麓湖,2026-12-31 23:00,5\n")
    assert result.frame["time"][0] == datetime(2027, 1, 1)
    result = table("站点,日期,小时,PM2.5\n麓湖,2026/12/31,24,5\n麓湖,2026/12/31,1时,5\n")
    assert result.frame["time"].to_list() == [datetime(2027, 1, 1), datetime(2026, 12, 31, 1)]


@pytest.mark.parametrize(
    "text",
    [
        "坏",
        "2026-02-30 01:00",
        "2026-03-01 25:00",
        "2026-03-01 24:30",
        "1/2/2026 13:00",
        "",
        "45000.5",
    ],
)
def test_no_time(text):
    result = table(f"站点,时间,PM2.5\n麓湖,{text},5\n麓湖,2026-03-01 14:00,6\n")
    assert result.frame["pm25"].to_list() == [6.0]
    assert result.rejected.select("row", "column", "code").rows() == [(2, "时间", "time")]


def test_year_month_day_hour():
    result = table("No,year,month,day,hour,PM2.5,station\n1,2013,3,1,0,4,A\n2,2013,3,1,1,8,A\n")
    assert result.frame["time"].to_list() == [datetime(2013, 3, 1), datetime(2013, 3, 1, 1)]


def test_time_that_is_only_an_hour():
    result = table("站点,日期,时间,PM2.5\n麓湖,2026-03-01,13:00,4\n麓湖,2026-03-01,14:00,4\n")
    assert result.frame["time"][0] == datetime(2026, 3, 1, 13)


def test_off_the_hour():
    result = table("站点,时间,PM2.5\n麓湖,2026-03-01 13:05,4\n麓湖,2026-03-01 14:00,5\n")
    assert result.frame["pm25"].to_list() == [5.0]
    assert result.rejected["code"].to_list() == ["off_hour"]


# ---------------------------------------------------------------------------- hours or days


DAYS = "城市,日期,SO2,NO2,CO,O3_8h,PM10,PM2.5\n广州,2026/3/1,5,20,0.5,100,40,21\n"


def test_days():
    result = table(DAYS)
    assert result.kind == "daily"
    assert result.keys == ["city"]
    row = ("广州", date(2026, 3, 1), 5.0, 20.0, 0.5, None, 100.0, 40.0, 21.0)
    assert result.frame.rows() == [row]
    assert result.report.missing == ["o3_1h"]


def test_days_by_their_24_hour_means():
    result = table("城市,日期,PM2.5_24h,O3_1h\n广州,2026-03-01,21,90\n")
    assert result.frame.select("pm25", "o3_1h").rows() == [(21.0, 90.0)]
    assert "--column" in fault("城市,日期,PM2.5_24h,PM2.5\n广州,2026-03-01,21,22\n").zh


def test_plain_ozone_of_days_is_not_guessed():
    result = table(DAYS.replace("O3_8h", "O3"))
    assert result.frame["o3_8h"].to_list() == [None]
    assert any("O3=o3_8h" in note.zh for note in result.report.notes)


def test_midnights_are_days_unless_said():
    text = "站点,时间,PM2.5\n麓湖,2026-03-01 00:00,4\n麓湖,2026-03-02 00:00,5\n"
    result = table(text)
    assert result.kind == "daily"
    assert result.report.notes
    assert table(text, kind="hours").frame["time"][0] == datetime(2026, 3, 1)
    assert "小时" in fault(HEADER + ROWS, kind="daily").zh


def test_running_means_of_hours_are_not_read():
    result = table("站点,时间,PM2.5,PM2.5_24h,O3_8h\n麓湖,2026-03-01 01:00,4,5,6\n")
    assert result.frame.row(0, named=True)["pm25"] == 4
    assert set(result.report.unread) == {"PM2.5_24h", "O3_8h"}


# ----------------------------------------------------------------------------------- units


def test_stated_units():
    result = table("站点,时间,CO(μg/m3),PM2.5（毫克/立方米）\n麓湖,2026-03-01 01:00,500,0.035\n")
    assert result.frame.select("co", "pm25").row(0) == (0.5, 35.0)
    assert result.report.units["co"][0] == "ug/m3"


@pytest.mark.parametrize(
    ("name", "value", "probable"),
    [
        ("CO", 800, "co=ug/m3"),
        ("CO(mg/m3)", 800, "co=ug/m3"),
        ("CO(ug/m3)", 0.8, "co=mg/m3"),
        ("PM2.5", 0.035, "pm25=mg/m3"),
        ("PM2.5(mg/m3)", 35, "pm25=ug/m3"),
        ("NO2", 0.02, "no2=mg/m3"),
    ],
)
def test_the_classic_accident_is_refused(name, value, probable):
    text = f"站点,时间,{name}\n麓湖,2026-03-01 01:00,{value}\n麓湖,2026-03-01 02:00,0\n"
    error = fault(text)
    assert error.column == name
    assert f"--units {probable}" in error.zh
    assert f"--units {probable}" in error.en
    item, _, unit = probable.partition("=")
    stated = table(text, units={item: unit}).frame[item][0]
    assert 0.005 <= stated <= 1000


def test_units_said_to_be_right_are_taken():
    result = table("站点,时间,CO\n麓湖,2026-03-01 01:00,25\n", units={"CO": "mg/m³"})
    assert result.frame["co"].to_list() == [25.0]


def test_volume_shares_are_refused():
    assert "温度" in fault("站点,时间,CO(ppm)\n麓湖,2026-03-01 01:00,0.5\n").zh
    assert "co=ug/m3" in fault(HEADER + ROWS, units={"co": "克"}).zh


# -------------------------------------------------------------------------------- long forms


def test_long():
    result = table(
        "站点,时间,项目,值,单位\n"
        "麓湖,2026-03-01 01:00,PM2.5,21,μg/m3\n"
        "麓湖,2026-03-01 01:00,一氧化碳,500,μg/m3\n"
        "麓湖,2026-03-01 02:00,PM2.5,坏,μg/m3\n"
        "麓湖,2026-03-01 02:00,SO2,5,斤\n"
        "麓湖,2026-03-01 02:00,气温,21,℃\n"
        "麓湖,2026-03-01 02:00,NO2,21,\n"
    )
    assert result.report.forms == ["long"]
    assert result.frame.select("time", "no2", "co", "pm25").rows() == [
        (datetime(2026, 3, 1, 1), None, 0.5, 21.0),
        (datetime(2026, 3, 1, 2), 21.0, None, None),
    ]
    assert result.rejected.select("row", "code").rows() == [(4, "text"), (5, "unit")]
    assert result.report.other == 1
    assert result.report.unread == ["气温"]


def test_long_repeats_and_contradictions():
    rows = "麓湖,2026-03-01 01:00,PM2.5,21\n"
    result = table(
        f"站点,时间,项目,值\n{rows}{rows}麓湖,2026-03-01 02:00,PM2.5,1\n"
        "麓湖,2026-03-01 02:00,PM2.5,2\n麓湖,2026-03-01 02:00,SO2,2\n"
    )
    assert result.frame.select("so2", "pm25").rows() == [(None, 21.0), (2.0, None)]
    assert result.report.repeats == 1
    assert result.rejected["row"].to_list() == [4, 5]


def test_long_without_the_six_items():
    assert "六项" in fault("站点,时间,项目,值\n麓湖,2026-03-01 01:00,气温,21\n").zh


ARCHIVE = (
    "date,hour,type,1001A,1002A\n"
    "20200101,0,AQI,50,60\n20200101,0,PM2.5,12,\n20200101,0,PM2.5_24h,1,1\n20200101,0,CO,0.5,坏\n"
    "20200101,1,PM2.5,13,14\n20200101,1,PM2.5,13,14\n20200101,1,CO,1,2\n20200101,1,CO,1,3\n"
)


def test_archive():
    result = table(ARCHIVE)
    assert result.report.forms == ["archive"]
    assert result.keys == ["station"]
    assert result.frame.sort("station", "time").select("station", "time", "co", "pm25").rows() == [
        ("1001A", datetime(2020, 1, 1, 0), 0.5, 12.0),
        ("1001A", datetime(2020, 1, 1, 1), None, 13.0),
        ("1002A", datetime(2020, 1, 1, 0), None, None),
        ("1002A", datetime(2020, 1, 1, 1), None, 14.0),
    ]
    listed = result.rejected.select("row", "column", "code").rows()
    assert listed == [(5, "1002A", "text"), (8, None, "conflict"), (9, None, "conflict")]
    assert result.report.repeats == 1
    assert result.report.unread == ["AQI", "PM2.5_24h"]


def test_archive_of_cities():
    result = table("date,hour,type,北京,天津\n20200101,0,PM2.5,12,13\n20200101,1,PM2.5,1,2\n")
    assert result.keys == ["city"]


# ------------------------------------------------------------------------ keys and repeats


def test_keys():
    text = (
        "城市,站点,站点编码,时间,PM2.5\n"
        "广州,麓湖,1346A,2026-03-01 01:00,5\n"
        "广州,天河,{},2026-03-01 01:00,6\n"
    )
    assert table(text.format("1347A")).keys == ["city", "station", "code"]
    partial = table(text.format(""))
    assert partial.keys == ["city", "station"]
    assert partial.frame["code"].to_list() == ["1346A", None]
    assert table("编码,时间,PM2.5\n1346A,2026-03-01 01:00,5\n").keys == ["station"]


def test_no_key():
    result = table("站点,时间,PM2.5\n,2026-03-01 01:00,5\n麓湖,2026-03-01 01:00,6\n")
    assert result.frame["pm25"].to_list() == [6.0]
    assert result.rejected["code"].to_list() == ["key"]


def test_one_station_said():
    text = "时间,PM2.5\n2026-03-01 01:00,5\n"
    assert "--station" in fault(text).zh
    assert table(text, station="麓湖").frame["station"].to_list() == ["麓湖"]


def test_repeats_and_contradictions():
    text = HEADER + ROWS + ROWS.splitlines(keepends=True)[0] + ROWS.replace(",15\n", ",16\n")
    result = table(text)
    assert result.frame.rows() == HOURS[:2]
    assert result.report.repeats == 3
    assert result.rejected.select("row", "code").rows() == [(4, "conflict"), (8, "conflict")]


def test_a_null_contradicts_a_value_within_a_file_but_files_of_items_complete_each_other(tmp_path):
    one, two = tmp_path / "so2.csv", tmp_path / "no2.csv"
    one.write_text("站点,时间,SO2\n麓湖,2026-03-01 01:00,5\n", encoding="utf-8")
    two.write_text("站点,时间,NO2\n麓湖,2026-03-01 01:00,6\n", encoding="utf-8")
    assert read(one, two).frame.select("so2", "no2").rows() == [(5.0, 6.0)]
    error = fault("站点,时间,SO2\n麓湖,2026-03-01 01:00,5\n麓湖,2026-03-01 01:00,\n")
    assert error.row == 2


def test_several_files(tmp_path):
    paths = []
    for number, row in enumerate(ROWS.splitlines(keepends=True)):
        paths.append(tmp_path / f"{number}.csv")
        paths[-1].write_text(HEADER + row, encoding="gbk" if number else "utf-8")
    result = read(*paths)
    assert result.frame.rows() == HOURS
    assert result.report.encodings == ["utf-8", "gb18030", "gb18030"]
    days = tmp_path / "days.csv"
    days.write_text(DAYS.replace("城市", "站点"), encoding="utf-8")
    with pytest.raises(ReadError, match="小时数据"):
        read(*paths, days)
    days.write_text(DAYS, encoding="utf-8")
    with pytest.raises(ReadError, match="站点列"):
        read(*paths, days)


def test_many_contradictions_point_at_a_missing_key():
    rows = "".join(f"广州,{post},2026-03-01 01:00,{n}\n" for n, post in enumerate("甲乙丙"))
    error = "城市,岗,时间,PM2.5\n" + rows + "广州,甲,2026-03-01 02:00,5\n"
    result = table(error)
    assert any("岗" in note.zh for note in result.report.notes)
    assert table(error, columns={"岗": "station"}).keys == ["city", "station"]


def test_other_columns_on_request():
    text = "站点,时间,PM2.5,AQI,备注\n麓湖,2026-03-01 01:00,5,30,好\n"
    assert table(text).frame.columns[-1] == "pm25"
    assert table(text, everything=True).frame.select("AQI", "备注").rows() == [("30", "好")]


# ------------------------------------------------------------------------------ bad lines


def test_lines_with_a_wrong_number_of_fields():
    result = table(
        HEADER + "麓湖,2026-03-01 03:00,5\n" + ROWS + "麓湖,2026-03-01 04:00,1,2,3,4,5,6,7\n"
    )
    assert result.frame.rows() == HOURS
    assert result.rejected.select("row", "code").rows() == [(2, "fields"), (6, "fields")]


def test_a_stray_quotation_mark_costs_its_line_only():
    result = table(HEADER + '麓湖,2026-03-01 03:00,"5,1,1,1,1,1\n' + ROWS)
    assert result.frame.rows() == HOURS
    assert result.rejected.select("row", "code").rows() == [(2, "quote")]


def test_text_beside_a_quoted_field_costs_its_own_line_only():
    rows = [
        '广州,麓湖,2026-03-01 01:00,23,0.6,"a,b"外',
        '广州,麓湖,2026-03-01 02:00,24,0.7,"a ""b"", c"',
        '广州,"麓"湖"",2026-03-01 03:00,25,0.8,',
        '广州,麓湖,2026-03-01 04:00,26,0.9,a"b"c',
        '广州, "麓,湖",2026-03-01 05:00,27,0.9,',
    ]
    text = "城市,点位,时间,PM2.5(μg/m3),CO(mg/m3),备注\n" + "".join(f"{row}\n" for row in rows)
    result = table(text)
    assert result.frame["pm25"].to_list() == [24.0, 26.0]
    assert result.rejected.select("row", "code").rows() == [
        (2, "quote"),
        (4, "quote"),
        (6, "time"),  # a mark that does not begin its field is a sign like any other
    ]


def test_quoted_fields_blank_lines_and_trailing_delimiters():
    quoted = "".join(
        ",".join(f'"{cell}"' for cell in line.split(",")) + ",\n\n" for line in ROWS.splitlines()
    )
    assert table(HEADER + quoted).frame.rows() == HOURS


def test_delimiters_at_the_end_of_lines():
    text = (HEADER + ROWS).replace("\n", ",,,\n")
    assert table(text).frame.rows() == HOURS
    mixed = HEADER.replace("\n", ",\n") + ROWS.replace("21\n", "21,,\n", 1)
    assert table(mixed).frame.rows() == HOURS
    result = table(HEADER + ROWS.replace("21\n", "21,,9\n", 1))
    assert result.frame.rows() == HOURS[1:]
    assert result.rejected.select("row", "code").rows() == [(2, "fields")]


def test_compensating_lines():
    """One field too many and one too few in a block do not cancel out."""
    result = table(
        "站点,时间,PM2.5\n"
        "麓湖,2026-03-01 01:00,5,6\n麓湖,2026-03-01 02:00\n麓湖,2026-03-01 03:00,7\n"
    )
    assert result.frame["pm25"].to_list() == [7.0]
    assert result.rejected["row"].to_list() == [2, 3]


@pytest.mark.parametrize("block", [40, 64, 1 << 20])
def test_line_numbers_over_blocks(monkeypatch, block):
    monkeypatch.setattr(sources, "BLOCK", block)
    lines = [f"麓湖,2026-03-{d:02d} {h:02d}:00,5" for d in range(1, 5) for h in range(24)]
    lines[30], lines[70] = "麓湖,坏,5", "麓湖,2026-03-03 22:00,坏"
    result = table("站点,时间,PM2.5\n" + "\n".join(lines))
    assert result.rejected.select("row", "code").rows() == [(32, "time"), (72, "text")]


# ----------------------------------------------------------------------------- files refused


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("", "空的", "empty"),
        ("\n \n", "空的", "empty"),
        (HEADER, "没有数据行", "no rows"),
        ("a,b\n1,2\n", "没有可识别的列", "no recognisable column"),
        ("站点,PM2.5\n麓湖,3\n", "时间列", "time column"),
        ("站点,时间,气温\n麓湖,2026-03-01 01:00,3\n", "污染物列", "item columns"),
        ("站点,时间,PM2.5,PM2.5\n麓湖,2026-03-01 01:00,3,4\n", "重复列名", "twice"),
        ("站点,时间,PM2.5,细颗粒物\n麓湖,2026-03-01 01:00,3,4\n", "含义相同", "mean the same"),
        ("站点,时间,PM2.5\n麓湖,坏,3\n", "无一可用", "none of 1 rows"),
        ("<html><table></table></html>", "网页", "web page"),
        (bytes(range(256)), "二进制", "binary"),
        (b"PAR1broken", "Parquet", "Parquet"),
        (b"PK\x03\x04broken", "Excel", "Excel"),
        ("station,time,PM2.5(µg/m³)\na,2026-03-01 01:00,1\n".encode("latin-1"), "解码", "decoded"),
    ],
)
def test_refused(text, zh, en):
    error = fault(text)
    assert zh in error.zh
    assert en in error.en
    assert error.file == "数据.csv"
    assert isinstance(error, ValueError)


def test_a_wrong_encoding_names_the_row():
    data = (HEADER + ROWS).encode() + b"\xff,2026-03-01 04:00,1,1,1,1,1,1\n"
    error = fault(data)
    assert error.row == 5
    assert "UTF-8" in error.zh
    assert fault((HEADER + ROWS).encode("gbk"), encoding="utf-8").row == 1
    assert "klingon" in fault(HEADER, encoding="klingon").zh


def test_cut_off_in_a_character():
    data = (HEADER + ROWS).encode()
    assert fault(data[: data.rindex("帽".encode()) + 1]).row == 4


def test_paths_refused(tmp_path):
    for path, word in [
        (tmp_path, "文件夹"),
        (tmp_path / "没有.csv", "找不到"),
        (tmp_path / "a.doc", "不认识"),
    ]:
        if path.suffix == ".doc":
            path.write_bytes(b"x")
        with pytest.raises(ReadError, match=word):
            read(path)
    with pytest.raises(ReadError, match="没有给出"):
        read()
    with pytest.raises(ReadError, match="end"):
        table(HEADER + ROWS, stamp="middle")


@pytest.mark.parametrize("name", ["a.parquet", "a.xlsx"])
def test_disguised_files(name):
    assert "损坏" in fault(HEADER + ROWS, name=name).zh


def test_cut_off_gzip():
    packed = gzip.compress((HEADER + ROWS * 50).encode())
    assert "压缩" in fault(packed[:-20], name="a.csv.gz").zh


# --------------------------------------------------------------------------- Excel, Parquet


def workbook(sheets):
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        time = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        day = book.add_format({"num_format": "yyyy/m/d"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for r, row in enumerate(rows):
                for c, cell in enumerate(row):
                    if isinstance(cell, datetime):
                        sheet.write_datetime(r, c, cell, time)
                    elif isinstance(cell, date):
                        sheet.write_datetime(r, c, cell, day)
                    elif cell is not None:
                        sheet.write(r, c, cell)
    return stream.getvalue()


SHEET = [
    ["广州市空气质量小时报"],
    [],
    ["站点", "时间", "SO2", "NO2", "CO", "O3", "PM10", "PM2.5"],
    *(list(row) for row in HOURS),
]


def test_excel():
    result = table(workbook({"数据": SHEET, "说明": [["口径"], ["实况"]]}), name="a.xlsx")
    assert result.frame.rows() == HOURS
    assert result.report.files == ["a.xlsx[数据]"]


def test_excel_rows_set_aside():
    rows = [*SHEET, [], ["麓湖", "2026-03-01 24:00", "坏"], ["麓湖", True]]
    result = table(workbook({"Sheet1": rows}), name="a.xlsx")
    assert result.frame["time"][-1] == datetime(2026, 3, 2)
    assert result.rejected.select("row", "column", "code").rows() == [
        (8, "SO2", "text"),
        (9, "时间", "time"),
    ]


def test_excel_days_and_hours():
    days = [
        ["城市", "日期", "PM2.5"],
        ["广州", date(2026, 3, 1), 21],
        ["广州", date(2026, 3, 2), 22],
    ]
    result = table(workbook({"a": days}), name="a.xlsx")
    assert result.kind == "daily"
    assert result.frame["date"].to_list() == [date(2026, 3, 1), date(2026, 3, 2)]
    hours = [["城市", "日期", "小时", "PM2.5"], ["广州", date(2026, 3, 1), 13, 21]]
    assert table(workbook({"a": hours}), name="a.xlsx").frame["time"][0].hour == 13


def test_excel_sheets():
    book = workbook({"一月": SHEET, "二月": [SHEET[2], ["麓湖", datetime(2026, 4, 1, 1), 1]]})
    error = fault(book, name="a.xlsx")
    assert "一月、二月" in error.zh
    assert table(book, name="a.xlsx", sheet="二月").frame.height == 1
    assert table(book, name="a.xlsx", sheet="*").frame.height == 4
    assert "三月" in fault(book, name="a.xlsx", sheet="三月").zh
    assert "没有数据" in fault(workbook({"a": []}), name="a.xlsx").zh
    assert "没有可识别" in fault(workbook({"a": [["甲", "乙"], [1, 2]]}), name="a.xlsx").zh
    assert "损坏" in fault(book[: len(book) // 2], name="a.xlsx").zh


FRAME = pl.DataFrame(
    HOURS,
    schema={
        "station": pl.String,
        "time": pl.Datetime("us"),
        **dict.fromkeys(columns.ITEMS, pl.Float64),
    },
    orient="row",
)


def parquet(frame):
    stream = io.BytesIO()
    frame.write_parquet(stream)
    return stream.getvalue()


def test_parquet():
    result = table(parquet(FRAME), name="a.parquet")
    assert result.frame.equals(FRAME)


def test_parquet_types():
    frame = FRAME.with_columns(
        pl.col("time").dt.replace_time_zone("Asia/Shanghai").dt.convert_time_zone("UTC"),
        pl.col("station").cast(pl.Categorical),
        pl.col("so2").fill_null(float("nan")).cast(pl.Float32),
        pl.col("no2").cast(pl.Int16),
        pl.col("o3").cast(pl.Decimal(10, 2)),
        pl.col("pm10").cast(pl.Int64).cast(pl.String) + pl.lit(" "),
        pm25=pl.Series([-999, 22, 15]),
    ).with_columns(pl.col("time").dt.cast_time_unit("ns"))
    result = table(parquet(frame), name="a.parquet")
    want = FRAME.with_columns(pm25=pl.Series([None, 22.0, 15.0]))
    assert result.frame.equals(want)


def test_parquet_faults():
    data = parquet(FRAME)
    assert "损坏" in fault(data[: len(data) // 2], name="a.parquet").zh
    assert "损坏" in fault(data[:30] + b"\0" * 40 + data[70:], name="a.parquet").zh
    bad = FRAME.with_columns(pm25=pl.Series(["5", "坏", "6"]))
    result = table(parquet(bad), name="a.parquet")
    assert result.rejected.select("row", "value").rows() == [(2, "坏")]
    yes = FRAME.with_columns(pm25=pl.Series([True, False, True]))
    assert table(parquet(yes), name="a.parquet").report.cells == 3


# -------------------------------------------------------------------------------- stations


def test_stations():
    text = "城市,点位名称,点位编码,对照点\n广州,麓湖,1346A,否\n广州,帽峰山,1349A,是\n"
    frame = read_stations(io.BytesIO(text.encode("gbk")))
    assert frame.columns == ["city", "station", "code", "reference"]
    assert frame["reference"].to_list() == [False, True]
    for bad, word in [
        (text.replace("是", "也许"), "也许"),
        (text.replace("城市", "甲"), "城市"),
        (text.replace("1349A,", ""), "列数"),
    ]:
        with pytest.raises(ReadError, match=word):
            read_stations(io.BytesIO(bad.encode()))


# --------------------------------------------------------------------------------- real data


def decimal(values):
    """Take 32-bit floats as the decimals that they print as."""
    return values.cast(pl.String).cast(pl.Float64)


def test_national_hours(shared):
    path = shared / "data" / "air_hourly_national_2020" / "hourly.parquet"
    result = read(path, everything=True)
    assert result.frame.height == 119_647
    assert result.keys == ["city", "station"]
    assert result.rejected.is_empty()
    source = pl.read_parquet(path)
    for item in columns.ITEMS:
        assert result.frame[item].equals(decimal(source[item])), item
    assert {"aqi", "level", "primary"} <= {*result.frame.columns}


def test_beijing_hours(shared):
    path = shared / "data" / "air_hourly_beijing_2013_2017" / "hourly_201303_201512.parquet"
    result = read(path)
    source = pl.read_parquet(path)
    assert result.frame["co"].equals(decimal(source["co_ugm3"]) / 1000)
    assert result.keys == ["station", "code"]
    text = source.head(2000).rename({"co_ugm3": "CO"}).write_csv()
    assert "co=ug/m3" in fault(text).zh
    again = table(text, units={"co": "ug/m3"})
    assert again.frame.equals(result.frame.head(2000))

"""The command line, as an analyst meets it."""

import io
import json
import os
import subprocess
import sys
from datetime import date, datetime, timedelta

import polars as pl
import pytest
from typer.testing import CliRunner

import shanshui
from shanshui import air
from shanshui.cli import main, options
from shanshui.cli.app import app
from shanshui.platform.ingest import columns, read

ITEMS = list(columns.ITEMS)


@pytest.fixture(scope="session")
def hours():
    """Two cities of three stations each, 40 days over a year boundary, with gaps."""
    start = datetime(2025, 12, 10, 1)
    times = pl.DataFrame({"time": [start + timedelta(hours=h) for h in range(40 * 24)]})
    stations = pl.DataFrame({"city": ["广州"] * 3 + ["清远"] * 3, "station": list("甲乙丙") * 2})
    frame = stations.join(times, how="cross").with_row_index("i")
    wave = (pl.col("i") * 7919 % 101).cast(pl.Float64)
    return frame.with_columns(
        so2=(wave / 10).floor() + 2,
        no2=(wave / 2).floor() + 5,
        co=(wave % 12).floor() / 10 + 0.2,
        o3=wave + 20,
        pm10=wave + 10,
        pm25=pl.when(pl.col("i") % 97 == 0).then(None).otherwise((wave / 2).floor() + 3),
    ).drop("i")


@pytest.fixture(scope="session")
def folder(tmp_path_factory, hours):
    path = tmp_path_factory.mktemp("数据")
    names = {"city": "城市", "station": "站点", "time": "时间", "pm25": "PM2.5"}
    text = hours.rename(names).write_csv(datetime_format="%Y-%m-%d %H:%M", null_value="—")
    (path / "小时.csv").write_bytes(text.encode("gb18030"))
    days = air.daily(hours, by=["city", "station"])
    days.write_csv(path / "日值.csv", include_bom=True)
    (path / "点位.csv").write_text(
        "城市,区县,点位名称,对照点\n"
        + "".join(
            f"{c},{c}{s}区,{s},{'是' if s == '丙' else '否'}\n"
            for c in ("广州", "清远")
            for s in "甲乙丙"
        ),
        encoding="utf-8",
    )
    bad = text.splitlines()
    bad[3] = bad[3].replace("2025-12-10", "昨天")
    bad[5] = bad[5].rpartition(",")[0] + ",坏"
    (path / "坏.csv").write_text("\n".join(bad), encoding="utf-8")
    return path


@pytest.fixture
def run(folder, monkeypatch):
    monkeypatch.chdir(folder)

    def go(*words, code=0, given=None):
        result = CliRunner().invoke(app, [str(w) for w in words], input=given)
        assert result.exit_code == code, (result.output, result.exception)
        return result

    return go


def table(result):
    return pl.DataFrame(json.loads(result.stdout), infer_schema_length=None)


def same(result, frame, columns):
    """Compare JSON with a frame, both as text."""
    want = json.loads(frame.select(columns).write_json())
    assert [{c: row[c] for c in columns} for row in json.loads(result.stdout)] == want


# ----------------------------------------------------------------------------------- common


def test_version(run):
    assert run("--version").stdout.strip() == f"shanshui {shanshui.__version__}"


@pytest.mark.parametrize(
    "words",
    [
        *([], ["demo"], ["air"]),
        *(["air", c] for c in ("daily", "aqi", "stats", "rank", "remaining", "check")),
        *(["air", c] for c in ("limits", "breakpoints")),
    ],
)
def test_help(run, words):
    text = run(*words, "--help").stdout
    assert "shanshui" in text
    assert "例" in text or "从这里开始" in text
    assert "…" not in text.replace("FILE…", ""), "a Chinese text is cut where it does not fit"


def test_a_table_for_people(run):
    result = run("air", "aqi", "小时.csv", "--rows", "3")
    for word in ("城市", "PM2.5", "AQI", "类别", "首要污染物", "还有 5,757 行", "5,757 more rows"):
        assert word in result.stdout
    for word in ("小时数据", "gb18030", "stamp=end", "6 个站点"):
        assert word in result.stderr
    assert "\x1b" not in result.stdout


def test_quiet(run):
    assert run("air", "daily", "小时.csv", "-q").stderr == ""


def test_formats(run, tmp_path, hours):
    days = air.daily(hours, by=["city", "station"])
    for ending in ("csv", "parquet", "json", "xlsx"):
        path = tmp_path / f"日值.{ending}"
        result = run("air", "daily", "小时.csv", "-o", path)
        assert result.stdout == ""
        assert "已写" in result.stderr
        assert [p.name for p in tmp_path.iterdir()] == [path.name]  # and no temporary file
        if ending == "json":
            assert len(json.loads(path.read_text(encoding="utf-8"))) == days.height
        else:
            again = read(path).frame
            assert again.select("city", "date", "pm25", "o3_8h").equals(
                days.select("city", "date", "pm25", "o3_8h")
            )
        if ending == "csv":
            assert path.read_bytes().startswith(b"\xef\xbb\xbf")
        if ending == "parquet":
            assert pl.read_parquet(path).equals(days)
        path.unlink()


def test_format_to_stdout(run, hours):
    result = run("air", "daily", "小时.csv", "--format", "csv")
    assert result.stdout_bytes.startswith(b"city,station,date")
    result = run("air", "daily", "小时.csv", "--format", "parquet", "-o", "-")
    frame = pl.read_parquet(io.BytesIO(result.stdout_bytes))
    assert frame.equals(air.daily(hours, by=["city", "station"]))


def test_a_file_is_replaced_whole_or_not_at_all(run, tmp_path, monkeypatch):
    path = tmp_path / "日值.csv"
    path.write_text("旧", encoding="utf-8")

    def broken(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", broken)
    result = run("air", "daily", "小时.csv", "-o", path, code=1)
    assert isinstance(result.exception, OSError)
    assert path.read_text(encoding="utf-8") == "旧"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_rejected_rows(run, tmp_path):
    path = tmp_path / "日值.csv"
    result = run("air", "daily", "坏.csv", "-o", path)
    assert "1 行被搁置" in result.stderr
    listed = pl.read_csv(tmp_path / "日值.rejected.csv")
    assert listed.select("row", "column", "code").rows() == [
        (4, "时间", "time"),
        (6, "PM2.5", "text"),
    ]
    printed = run("air", "daily", "坏.csv").stderr
    assert "坏.csv:4 时间" in printed
    assert "not a number" in printed
    run("air", "daily", "小时.csv", "-o", path)
    assert pl.read_csv(tmp_path / "日值.rejected.csv").is_empty()


def test_stdin(folder, hours):
    given = (folder / "小时.csv").read_bytes()
    done = subprocess.run(
        [sys.executable, "-m", "shanshui.cli", "air", "daily", "-", "--format", "csv", "-q"],
        input=given,
        capture_output=True,
        check=True,
    )
    assert pl.read_csv(done.stdout).height == air.daily(hours, by=["city", "station"]).height
    assert done.stderr == b""


def test_a_reader_that_has_seen_enough(folder):
    words = [sys.executable, "-m", "shanshui.cli", "air", "aqi", str(folder / "小时.csv")]
    with subprocess.Popen(
        [*words, "--format", "csv", "-q"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        running.stdout.read(10)
        running.stdout.close()
        said = running.stderr.read()
    assert b"Traceback" not in said
    assert b"Exception" not in said


def test_patterns(run):
    assert len(table(run("air", "aqi", "日*.csv", "--json"))) == 40 * 6 + 0


# ----------------------------------------------------------------------------------- errors


def failing(capsys, *words):
    with pytest.raises(SystemExit) as caught:
        main([str(w) for w in words])
    return caught.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["air", "aqi", "没有.csv"], 1, "找不到文件"),
        (["air", "aqi", "小时.csv", "--edition", "1999"], 1, "标准版本"),
        (["air", "aqi", "小时.csv", "--encoding", "utf-8"], 1, "解码"),
        (["air", "aqi", "小时.csv", "--by", "city"], 1, "--period day"),
        (["air", "aqi", "日值.csv", "--period", "hour"], 1, "日数据"),
        (["air", "daily", "日值.csv"], 1, "已经是日值"),
        (["air", "stats", "日值.csv", "--by", "county"], 1, "--stations"),
        (["air", "stats", "日值.csv", "--against", "1999"], 1, "1999"),
        (["air", "rank", "日值.csv", "--figure", "花"], 1, "花"),
        (["air", "remaining", "日值.csv", "--item", "pm25", "--target", "x"], 2, "数值"),
        (["air", "remaining", "日值.csv", "--item", "co", "--target", "1"], 2, "co"),
        (["air", "rank", "日值.csv", "--figure", "change"], 2, "--against"),
        (["air", "stats", "日值.csv", "--period", "decade"], 2, "decade"),
        (["air", "stats", "日值.csv", "--weight", "pm25"], 2, "名称=含义"),
        (["air", "daily", "小时.csv", "-o", "结果.doc"], 2, "--format"),
        (["air", "daily", "小时.csv", "-o", "没有/结果.csv"], 2, "文件夹"),
        (["air", "daily"], 2, "FILE"),
        (["air", "daily", "小时.csv", "--nonsense"], 2, "nonsense"),
    ],
)
def test_errors(folder, monkeypatch, capsys, words, code, said):
    monkeypatch.chdir(folder)
    found, text = failing(capsys, *words)
    assert found == code
    assert said in text.replace("\n", "")
    assert "Traceback" not in text


def test_debug_lets_the_error_out(folder):
    with pytest.raises(shanshui.ShanshuiError):
        main(["air", "aqi", str(folder / "没有.csv"), "--debug"])


def test_a_fault_of_the_program(folder, monkeypatch, capsys):
    def broken(*_, **__):
        raise RuntimeError("oh")

    monkeypatch.setattr(air, "aqi", broken)
    code, text = failing(capsys, "air", "aqi", folder / "日值.csv")
    assert code == 1
    assert "--debug" in text
    monkeypatch.setattr(air, "aqi", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "")))
    assert "Excel" in failing(capsys, "air", "aqi", folder / "日值.csv")[1]


def test_without_typer():
    """The base install has no Typer: the command says what to install."""
    code = (
        "import sys\n"
        "sys.modules['typer'] = None\n"
        "from shanshui.cli import main\n"
        "main(['--version'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code],
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 1
    assert 'pip install "shanshui[platform]"' in done.stderr
    assert "请安装" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_colour(folder):
    done = subprocess.run(
        [sys.executable, "-m", "shanshui.cli", "air", "aqi", str(folder / "日值.csv")],
        capture_output=True,
        check=True,
        env={**os.environ, "NO_COLOR": "1", "FORCE_COLOR": "1", "PYTHONUTF8": "1"},
    )
    assert b"\x1b[3" not in done.stdout.replace(b"\x1b[3m", b"")  # italics of the title are none


# --------------------------------------------------------------------------------- commands


def test_daily(run, hours):
    days = air.daily(hours, by=["city", "station"])
    same(run("air", "daily", "小时.csv", "--json"), days, days.columns)


def test_stamp(run, hours):
    days = air.daily(hours, by=["city", "station"], stamp="start")
    same(run("air", "daily", "小时.csv", "--json", "--stamp", "start"), days, ["date", "pm25"])


def test_hourly_aqi(run, hours):
    for rule in ("platform", "text"):
        want = air.aqi_hourly(hours, by=["city", "station"], rule=rule)
        result = run("air", "aqi", "小时.csv", "--json", "--rule", rule)
        same(result, want, ["station", "aqi", "primary"])
        assert f"小时 AQI hourly（rule={rule}）" in result.stderr


def test_daily_aqi(run, hours):
    want = air.aqi(air.daily(hours, by=["city", "station"]))
    shown = ["city", "station", "date", "aqi", "category", "primary", "aqi_status"]
    for words in (["日值.csv"], ["小时.csv", "--period", "day"]):
        result = run("air", "aqi", *words, "--json")
        same(result, want, shown)
        assert "日 AQI daily" in result.stderr
    want = air.aqi(air.daily(hours, by=["city", "station"]), edition="2026")
    same(run("air", "aqi", "日值.csv", "--json", "--edition", "HJ 633-2026"), want, shown)


def test_keep(run, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("站点,时间,PM2.5,AQI,备注\n甲,2025-03-01 01:00,40,99,好\n", encoding="utf-8")
    row = json.loads(run("air", "aqi", path, "--keep", "--json").stdout)[0]
    assert (row["aqi"], row["AQI"], row["备注"]) == (57, "99", "好")


def test_areas(run, hours):
    days = air.daily(hours, by=["city", "station"])
    all_sites = days.select("city", "station").unique()
    own = air.area(days, all_sites, by="city", station=["city", "station"])
    figures = ["city", "date", "pm25", "o3_8h", "stations_pm25"]
    same(run("air", "daily", "小时.csv", "--by", "city", "--json"), own, figures)
    sites = all_sites.with_columns(
        reference=pl.col("station") == "丙",
        county=pl.col("city") + pl.col("station") + "区",
    )
    listed = air.area(days, sites, by="city", station=["city", "station"])
    words = ["air", "daily", "小时.csv", "--stations", "点位.csv", "--json"]
    same(run(*words), listed, figures)
    same(run(*words, "--by", "city"), listed, figures)
    counties = air.area(days, sites, by=["city", "county"], station=["city", "station"])
    same(run(*words, "--by", "county"), counties, ["city", "county", "date", "pm25"])


def test_lists_of_stations(run, tmp_path):
    listed = tmp_path / "名单.csv"
    hours = tmp_path / "h.csv"
    hours.write_text(
        "站点,时间,PM2.5\n1001A,2025-03-01 01:00,40\n1002A,2025-03-01 01:00,40\n", encoding="utf-8"
    )
    listed.write_text("城市,站点,编码\n广州,甲,1001A\n广州,乙,1003A\n", encoding="utf-8")
    result = run("air", "daily", hours, "--stations", listed, "--json")
    assert "1 个站点不在点位名单中" in result.stderr
    assert "1002A" in result.stderr
    assert {row["city"] for row in json.loads(result.stdout)} == {"广州"}
    listed.write_text("城市,站点\n广州,甲\n", encoding="utf-8")
    assert "没有一个" in str(run("air", "daily", hours, "--stations", listed, code=1).exception)
    two = tmp_path / "two.csv"
    two.write_text(
        "城市,站点,时间,PM2.5\n广州,甲,2025-03-01 01:00,4\n清远,甲,2025-03-01 01:00,4\n",
        encoding="utf-8",
    )
    listed.write_text("区县,站点\n天河,甲\n", encoding="utf-8")
    words = ["air", "daily", two, "--stations", listed, "--by", "county"]
    assert "同名" in str(run(*words, code=1).exception)


@pytest.mark.parametrize(
    ("said", "period"),
    [("month", "month"), ("year", "year"), ("2025-12:2026-01", ("2025-12", "2026-01"))],
)
def test_stats(run, hours, said, period):
    days = air.daily(hours, by=["city", "station"])
    want = air.statistics(days, by=["city", "station"], period=period)
    result = run("air", "stats", "小时.csv", "--period", said, "--json")
    same(result, want, ["city", "station", "period", "pm25", "composite", "good_ratio", "basis"])


def test_stats_options(run, hours):
    days = air.daily(hours, by=["city", "station"])
    want = air.statistics(
        days,
        by=["city", "station"],
        edition="2026",
        grade=1,
        weights={"pm25": 3.0},
        digits={"pm25": 1},
    )
    words = ["--edition", "2026", "--grade", "1", "--weight", "pm25=3", "--digits", "pm25=1"]
    result = run("air", "stats", "日值.csv", *words, "--json")
    same(result, want, ["pm25", "composite", "exceed_pm25_days"])


def test_against(run, tmp_path):
    rows = [
        f"广州,{date(year, 1, day)},{10 + year % 100 + day},{20},{0.5},{90},{50},{30}\n"
        for year in (2024, 2025)
        for day in range(1, 29)
    ]
    path = tmp_path / "日值.csv"
    head = "城市,日期,SO2,NO2,CO,O3_8h,PM10,PM2.5\n"
    path.write_text(head + "".join(rows), encoding="utf-8")
    row = json.loads(run("air", "stats", path, "--against", "2024", "--json").stdout)[0]
    assert (row["period"], row["period_before"], row["pm25_change"]) == ("2025-01", "2024-01", 0.0)
    assert row["pm25_trend"] == "持平"
    assert row["so2_change"] > 0
    ranked = run("air", "rank", path, "--figure", "change", "--against", "2024", "--json")
    assert json.loads(ranked.stdout)[0]["rank"] == 1
    assert "对比时段" in run("air", "stats", path, "--against", "2024").stdout


def test_rank(run):
    result = run("air", "rank", "小时.csv", "--by", "city", "--json")
    ranked = table(result)
    assert ranked["period"].to_list() == ["2025-12"] * 2 + ["2026-01"] * 2
    for _, month in ranked.group_by("period"):
        assert month["rank"].to_list() in ([1, 2], [1, 1])
        assert month["composite"].is_sorted()
    printed = run("air", "rank", "小时.csv", "--by", "city")
    assert "2026-01" in printed.stdout
    assert "2025-12" not in printed.stdout
    assert "共 2 个时段" in printed.stderr
    down = table(run("air", "rank", "小时.csv", "--figure", "pm25", "--descending", "--json"))
    first = down.filter(pl.col("period") == "2026-01")
    assert first["pm25"][0] == first["pm25"].max()
    assert table(run("air", "rank", "日值.csv", "--figure", "guangdong", "--json")).height == 12


def test_remaining(run, tmp_path):
    """The checked example: annual target 57, mean 58 to 27 July 2020, 157 days left."""
    path = tmp_path / "日值.csv"
    first = date(2020, 1, 1)
    rows = [f"广州,{first + timedelta(days=d)},58\n" for d in range(209)]
    path.write_text("城市,日期,PM2.5\n" + "".join(rows), encoding="utf-8")
    words = ["air", "remaining", path, "--item", "pm25", "--target", "57"]
    row = json.loads(run(*words, "--json").stdout)[0]
    assert (row["done"], row["left"], row["value"], row["feasible"]) == (209, 157, 55.6688, True)
    assert row["text"] == "剩余157天均值需控制在55.67以内（修约56）"
    assert "55.67" in run(*words).stdout
    assert "2020-07-27" in run(*words).stderr
    few = json.loads(run(*words, "--until", "2020-01-31", "--left", "10", "--json").stdout)[0]
    assert (few["done"], few["left"]) == (31, 10)


def test_remaining_ratio(run, hours):
    days = air.daily(hours, by=["city", "station"])
    level = air.aqi(days.filter(pl.col("date").dt.year() == 2026), edition="2012")["level"]
    words = ["--item", "good_ratio", "--target", "90"]
    result = run("air", "remaining", "小时.csv", *words, "--json", "--year", "2026")
    found = table(result)
    assert found["done"].sum() == level.count()
    assert (found["comparator"] == ">=").all()
    assert found["allowed"].null_count() == 0
    late = run("air", "remaining", "小时.csv", *words, "--year", "2025").stderr
    assert "从 2025-12-10 开始" in late


def test_remaining_is_exact(run, tmp_path):
    """Daily values are taken as published: 20.5 is 20 (half to even), and sums are whole."""
    path = tmp_path / "日值.csv"
    path.write_text(
        "城市,日期,PM2.5\n广州,2025-01-01,20.5\n广州,2025-01-02,21.5\n广州,2025-01-03,\n",
        encoding="utf-8",
    )
    words = ["air", "remaining", path, "--item", "pm25", "--target", "21", "--json"]
    row = json.loads(run(*words).stdout)[0]
    assert (row["done"], row["so_far"], row["value"], row["left"]) == (2, 21.0, 21.0, 363)


def test_check(run, tmp_path):
    assert "没有发现问题" in run("air", "check", "小时.csv").stderr
    path = tmp_path / "a.csv"
    path.write_text(
        "站点,时间,PM2.5,SO2\n"
        "甲,2025-03-01 01:00,-4,坏\n甲,昨天,1,1\n甲,2025-03-01 03:00,99999,5\n",
        encoding="utf-8",
    )
    found = table(run("air", "check", path, "--json"))
    assert found["fault"].to_list() == ["text", "time", "negative", "absurd"]
    assert found["row"].to_list() == [2, 3, None, None]
    assert "坏" in run("air", "check", path).stdout
    days = tmp_path / "日.csv"
    days.write_text("站点,日期,PM2.5\n甲,2025-03-01,4\n甲,昨天,4\n", encoding="utf-8")
    assert table(run("air", "check", days, "--json"))["row"].to_list() == [3]


def test_tables_of_the_standard(run):
    limits = table(run("air", "limits", "--edition", "2012", "--json"))
    assert limits.equals(air.limits(edition="2012").select(limits.columns))
    assert "GB 3095-2026" in run("air", "limits", "--grade", "2").stdout
    breakpoints = run("air", "breakpoints", "--format", "csv").stdout_bytes
    assert pl.read_csv(breakpoints).height == air.breakpoints(edition="2026").height


def test_demo_is_wired(run, tmp_path, monkeypatch):
    from shanshui.platform import demo

    seen = {}
    monkeypatch.setattr(demo, "run", lambda output, *, console: seen.update(o=output, c=console))
    run("demo", "-o", tmp_path / "演示")
    assert seen["o"] == tmp_path / "演示"
    assert seen["c"] is not None


def test_options_are_understood():
    assert options.pairs(["O3(μg/m3)=x = o3_8h"], "--column") == {"O3(μg/m3)=x": "o3_8h"}
    assert options.period_of("2026-10~2027-03") == ("2026-10", "2027-03")


# -------------------------------------------------------------------------------- real data


def test_published_aqi(shared, run, tmp_path):
    """The whole way from the file to the published AQI of every station and hour."""
    path = shared / "data" / "air_hourly_national_2020" / "hourly.parquet"
    out = tmp_path / "aqi.parquet"
    run("air", "aqi", path, "--keep", "-o", out)
    found = pl.read_parquet(out).filter(pl.col("aqi_input").is_not_null())
    assert found.height == 103_330
    assert (found["aqi"] == found["aqi_input"].cast(pl.Int64)).all()


def test_beijing(shared, run):
    path = shared / "data" / "air_hourly_beijing_2013_2017" / "hourly_201303_201512.parquet"
    result = run("air", "stats", path, "--period", "year", "--json")
    assert "co：在文件中注明为 ug/m3，已换算" in result.stderr
    years = table(result).filter(pl.col("period") == "2015", pl.col("co_p95").is_not_null())
    assert years["co_p95"].is_between(2, 5).all()

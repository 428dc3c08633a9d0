"""Rosters: their versions, what differs between them, and comparisons with last year on one."""

import io
from datetime import date

import openpyxl
import polars as pl
import pytest
import slow_roster
from sqlalchemy import select

from shanshui import air
from shanshui.platform.demo import samples
from shanshui.platform.ingest import ReadError
from shanshui.platform.review import rosters
from shanshui.platform.store import models
from shanshui.standards import ShanshuiError

TOLD = {"who": "张三", "code": "guokong", "domain": "air", "purpose": "国控点位"}


def sites(**columns):
    base = {
        "station": ["城东", "城西", "山顶"],
        "code": ["A1", "A2", "A3"],
        "city": ["青禾市"] * 3,
        "reference": ["否", "否", "是"],
    }
    return pl.DataFrame(base | columns)


def load(workspace, frame, version="2021", start="2021-01-01", **more):
    return rosters.load(workspace.ledger, frame, version=version, start=start, **TOLD | more)


def moved():
    """The list of 2026: 城西 has moved, 城南 is new, 山顶 is gone, 城东 has another unit."""
    return pl.DataFrame(
        {
            "station": ["城东", "城西新址", "城南"],
            "code": ["A1", "B2", "A4"],
            "city": "青禾市",
            "unit": ["东区", None, None],
            "moved_from": [None, "A2", None],
        }
    )


@pytest.fixture
def listed(workspace):
    load(workspace, sites(), approval="〔2020〕5号")
    load(workspace, moved(), "2026", "2026-07-01")
    return workspace


def test_a_version_ends_the_one_before(listed):
    with listed.ledger.read() as session:
        rows = rosters.listing(session)
        assert [(r["version"], r["start"], r["end"], r["stations"]) for r in rows] == [
            ("2021", "2021-01-01", "2026-06-30", 3),
            ("2026", "2026-07-01", None, 3),
        ]
        assert (rows[0]["approval"], rows[0]["reference"], rows[1]["moved"]) == (
            "〔2020〕5号",
            1,
            1,
        )
        assert rosters.in_force(session, "guokong", "2026-06-30").label == "2021"
        assert rosters.in_force(session, "国控点位", date(2026, 7, 1)).label == "2026"
        with pytest.raises(ShanshuiError, match="no version of the roster guokong is in force"):
            rosters.in_force(session, "guokong", "2020-12-31")
        with pytest.raises(ShanshuiError, match="现有：guokong"):
            rosters.find(session, "shengkong")


def test_a_version_between_two_fits_in(listed):
    assert load(listed, sites(), "2024", "2024-01-01", approval="x").closed == "2021"
    with listed.ledger.read() as session:
        spans = [(v.label, v.start, v.end) for v in rosters.versions(session, "guokong")]
    assert spans == [
        ("2021", "2021-01-01", "2023-12-31"),
        ("2024", "2024-01-01", "2026-06-30"),
        ("2026", "2026-07-01", None),
    ]
    with pytest.raises(ShanshuiError, match="begins on 2024-01-01 too"):
        load(listed, moved(), "2024b", "2024-01-01")
    with pytest.raises(ShanshuiError, match="leave --to out"):
        load(listed, moved(), "2027", "2027-01-01", end="2027-12-31")
    with pytest.raises(ShanshuiError, match="ends before it begins"):
        load(listed, moved(), "2027", "2027-01-01", end="2026-12-31")


def test_the_same_again_does_nothing_and_a_replacement_says_so(listed):
    assert load(listed, sites(), approval="〔2020〕5号").state == "same"
    with pytest.raises(ShanshuiError, match="another version 2021"):
        load(listed, sites(code=["A1", "A2", "A9"]))
    assert load(listed, sites(code=["A1", "A2", "A9"]), replace=True).state == "replaced"
    with listed.ledger.read() as session:
        one = rosters.version_of(session, "guokong", "2021")
        assert [e.station_code for e in rosters.entries_of(session, one)] == ["A1", "A2", "A9"]
        trail = session.scalars(
            select(models.Audit).where(models.Audit.subject == "roster_entries")
        ).all()
        changes = [row.change for row in trail]
        assert {row.who for row in trail} == {"张三"}
    assert (changes.count("insert"), changes.count("delete")) == (9, 3)


def test_bad_rows_are_set_aside_by_row_and_column(workspace):
    text = (
        "断面名称,断面编码,水体,水体类型,控制级别,考核属性,2026年水质目标,2027年水质目标,河长\n"
        "石角,A1,北江,河流,国控断面,国考、入海,Ⅲ类,Ⅱ,张三\n"
        "某桥,A2,某河,沟,省控,,Ⅲ,Ⅲ,\n"
        "某湖,A3,某湖,湖库,省控,,七,Ⅲ,\n"
        "又一,A1,某河,河流,市控,,Ⅲ,Ⅲ,\n"
    )
    told = TOLD | {"domain": "water", "code": "guokao", "purpose": "国考断面"}
    got = rosters.load(
        workspace.ledger,
        io.BytesIO(text.encode("gb18030")),
        version="1",
        start="2026-01-01",
        **told,
    )
    assert (got.read, got.entries) == (4, 1)
    rows = got.rejected.select("row", "column", "value").rows()
    assert rows == [(3, "水体类型", "沟"), (4, "2026年水质目标", "七"), (5, "断面编码", "A1")]
    with workspace.ledger.read() as session:
        one = rosters.in_force(session, "guokao", "2026-05-01")
        (entry,) = rosters.entries_of(session, one)
        assert (entry.control, entry.attributes, entry.chief) == ("国控", ["国考", "入海"], "张三")
        years = [rosters.target(entry, year) for year in (2025, 2026, 2027, 2030)]
        assert years == [None, 3, 2, 2]
        assert "3 行被搁置" in one.note
        frame = rosters.stations(session, one)
    assert frame.select("station", "kind", "target", "attribute").row(0) == (
        "A1",
        "河流",
        3,
        "国考,入海",
    )


def test_a_workbook_is_read_too(workspace, tmp_path):
    book = openpyxl.Workbook()
    for row in (["点位名单"], ["点位名称", "点位编码", "城市", "对照点", "备注"]):
        book.active.append(row)
    book.active.append(["城东", "A1", "青禾市", "否", "学校楼顶"])
    book.active.append(["山顶", "A3", "青禾市", "也许", None])
    book.save(tmp_path / "名单.xlsx")
    got = load(workspace, tmp_path / "名单.xlsx")
    assert got.entries == 1
    fault = got.rejected.row(0, named=True)
    assert (fault["row"], fault["column"], fault["value"]) == (4, "对照点", "也许")
    assert "名单.xlsx" in fault["file"]


def test_what_cannot_be_a_roster_is_refused(workspace):
    with pytest.raises(ReadError, match="needs a column of names or codes"):
        load(workspace, pl.DataFrame({"x": [1]}))
    with pytest.raises(ShanshuiError, match="第 1 行（reference）无法判断是否为对照点"):
        load(workspace, sites().head(1).with_columns(reference=pl.lit("也许")))
    with pytest.raises(ShanshuiError, match="needs its domain"):
        load(workspace, sites(), domain=None)
    with pytest.raises(ShanshuiError, match="needs its purpose"):
        load(workspace, sites(), purpose=None)
    with pytest.raises(ShanshuiError, match="small letters"):
        load(workspace, sites(), code="国控")
    with pytest.raises(ShanshuiError, match="日期应如"):
        load(workspace, sites(), start="2021年")
    load(workspace, sites())
    with pytest.raises(ShanshuiError, match="is of air, 国控点位"):
        load(workspace, sites(), "2022", "2022-01-01", purpose="省控点位")
    with workspace.ledger.read() as session:
        assert len(rosters.listing(session)) == 1


def test_a_move_from_a_place_that_is_still_listed_is_no_move(listed):
    frame = moved().with_columns(moved_from=pl.Series([None, "A1", None], dtype=pl.String))
    got = load(listed, frame, "2027", "2027-01-01")
    assert got.rejected["column"].to_list() == ["moved_from"]
    frame = moved().with_columns(moved_from=pl.Series([None, "Z9", None], dtype=pl.String))
    assert load(listed, frame, "2028", "2028-01-01").unmoved == ("B2",)


def test_codes_of_the_registry_take_the_place_of_names(workspace):
    with workspace.ledger.write(who="张三", action="test") as session:
        session.add(models.Station(code="A1", name="城东"))
        session.flush()
        session.add(models.StationCode(station_code="A1", system="file", code="440100001"))
    got = load(workspace, pl.DataFrame({"station": ["城东", "城北"], "city": "青禾市"}))
    assert got.unknown == ("城北",)
    load(workspace, pl.DataFrame({"station": ["东"], "code": ["440100001"]}), "2", "2022-01-01")
    with workspace.ledger.read() as session:
        for label, codes in (("2021", ["A1", "城北"]), ("2", ["A1"])):
            one = rosters.version_of(session, "guokong", label)
            assert [e.station_code for e in rosters.entries_of(session, one)] == codes


def test_diff_names_what_was_added_dropped_moved_and_changed(listed):
    with listed.ledger.read() as session:
        a, b = rosters.versions(session, "guokong")
        found = rosters.diff(session, a, b)
        assert [e.station_code for e in found.added] == ["A4"]
        assert [e.station_code for e in found.dropped] == ["A3"]
        assert [(o.station_code, n.station_code) for o, n in found.moved] == [("A2", "B2")]
        assert {(r["station"], r["field"], r["before"], r["after"]) for r in found.rows()} >= {
            ("A1", "unit", None, "东区"),
            ("B2", "name", "城西", "城西新址"),
            ("B2", "station_code", "A2", "B2"),
        }
        assert found.same == 0
        back = rosters.diff(session, a, a)
        assert (back.rows(), back.same) == ([], 3)


def test_moves_are_followed_over_several_versions(listed):
    again = moved().with_columns(
        code=pl.Series(["A1", "C2", "A4"]), moved_from=pl.Series([None, "B2", None])
    )
    load(listed, again, "2027", "2027-03-01")
    with listed.ledger.read() as session:
        first, _, last = rosters.versions(session, "guokong")
        found = rosters.diff(session, first, last)
        assert [(o.station_code, n.station_code) for o, n in found.moved] == [("A2", "C2")]
        comparison = rosters.compared(session, "guokong", "2027-10")
        assert comparison.moved == {"C2": "B2"}  # of October 2026, when B2 was listed
        assert rosters.compared(session, "guokong", "2027-06").moved == {"C2": "A2"}
        assert rosters.compared(session, "guokong", "2028-06").changed == 0


def test_a_comparison_stands_on_one_version_and_counts_changes(listed):
    with listed.ledger.read() as session:
        found = rosters.compared(session, "guokong", "2026-10")
        assert (found.version, found.before.text) == ("2026", "2025-10")
        assert found.stations["station"].to_list() == ["A1", "A4"]
        assert (found.moved, found.added, found.dropped) == ({"B2": "A2"}, ("A4",), ("A3",))
        assert found.changed == 3
        assert found.thinned == {"青禾市": (2, 3)}
        assert found.basis == "guokong@2026（同口径，去 1 个点位）"
        assert "其间变动 3 个：迁 1、增 1、减 1" in str(found)
        found = rosters.compared(session, "guokong", "2026-10", measured={"A1", "A2", "A3"})
        assert found.unmeasured == ("A4",)
        assert found.stations["station"].to_list() == ["A1"]
        # On the list of last year, which knows nothing of the move, nothing has changed.
        old = rosters.compared(session, "guokong", "2026-10", version="2021")
        assert (old.changed, old.basis) == (0, "guokong@2021")
        assert rosters.compared(session, "guokong", "2026-05").changed == 0
        with pytest.raises(ShanshuiError, match="can be compared"):
            rosters.compared(session, "guokong", "2026-10", measured=set())
        with pytest.raises(ShanshuiError, match="is to be before"):
            rosters.compared(session, "guokong", "2026-10", "2026-11")


def test_a_city_whose_only_station_moved_cannot_be_compared(workspace):
    load(workspace, sites(city=["甲市", "乙市", "甲市"]))
    frame = moved().with_columns(city=pl.Series(["甲市", "乙市", "甲市"]))
    load(workspace, frame, "2026", "2026-07-01")
    with workspace.ledger.read() as session:
        found = rosters.compared(session, "guokong", "2026-10")
    assert found.impossible == ("乙市",)
    assert "不可比：乙市" in str(found)


def test_a_roster_in_use_counts_where_none_is_named(listed):
    with listed.ledger.read() as session, pytest.raises(ShanshuiError, match="no single roster"):
        rosters.used(session, "air", "2026-10-31")
    rosters.use(listed.ledger, "guokong", who="张三")
    with listed.ledger.read() as session:
        assert rosters.used(session, "air", "2026-10-31")[1].label == "2026"
        assert rosters.used(session, "air", "2026-06-30")[1].label == "2021"
        assert {r["used"] for r in rosters.listing(session)} == {"by date"}
    rosters.use(listed.ledger, "guokong", who="张三", version="2021")
    with listed.ledger.read() as session:
        assert rosters.used(session, "air", "2026-10-31")[1].label == "2021"
        assert [r["used"] for r in rosters.listing(session)] == ["yes", None]
        named = rosters.used(session, "air", "2026-10-31", roster="guokong", version="2026")
        assert named[1].label == "2026"
        with pytest.raises(ShanshuiError, match="is of air, not water"):
            rosters.used(session, "water", "2026-10-31", roster="guokong")
    load(listed, sites(), code="shengkong", purpose="省控点位")
    rosters.use(listed.ledger, "shengkong", who="张三")
    with listed.ledger.read() as session:
        with pytest.raises(ShanshuiError, match="国控点位、省控点位"):
            rosters.used(session, "air", "2026-10-31")
        assert rosters.used(session, "air", "2026-10-31", purpose="省控点位")[0].code == "shengkong"


# --------------------------------------------------- the same roster on both sides, on real data


@pytest.fixture(scope="module")
def beijing_days():
    """Daily values of the twelve stations, with the move that `slow_roster` tells."""
    named = samples.beijing_stations().select("station", "code")
    hours = samples.beijing_hours().join(named, on="station").drop("station")
    hours = hours.rename({"code": "station"})
    # Stamps are ends: the hour that ends at 00:00 of the day is the last of the old place.
    since = pl.datetime(slow_roster.DAY.year, slow_roster.DAY.month, slow_roster.DAY.day)
    came = hours.filter(
        pl.col("station") == slow_roster.CLEANER, pl.col("time") > since
    ).with_columns(station=pl.lit(slow_roster.CAME))
    gone = (pl.col("station") == slow_roster.MOVED) & (pl.col("time") > since)
    return air.daily(pl.concat([hours.filter(~gone), came]))


@pytest.fixture(scope="module")
def slow():
    return slow_roster.answer()


def test_a_year_on_year_change_on_the_same_roster_equals_an_independent_script(
    workspace, beijing_days, slow
):
    table = samples.beijing_stations().select("code", "city", "reference", station="name_zh")
    load(workspace, table, "2013", "2013-01-01")
    new = table.with_columns(
        code=pl.col("code").replace(slow_roster.MOVED, slow_roster.CAME),
        moved_from=pl.when(pl.col("code") == slow_roster.MOVED).then(pl.col("code")),
    )
    load(workspace, new, "2015", slow_roster.DAY.isoformat())
    figures = {item: item for item in ("pm25", "pm10", "so2", "no2", "composite")}
    figures |= {"co": "co_p95", "o3_8h": "o3_8h_p90"}
    for period in ("2015-10", "2015"):
        with workspace.ledger.read() as session:
            found = rosters.compared(session, "guokong", period)
            lists = {
                "same": [found.stations] * 2,
                "naive": [
                    rosters.stations(session, rosters.in_force(session, "guokong", one.end))
                    for one in (found.now, found.before)
                ],
            }
        assert found.moved == {slow_roster.CAME: slow_roster.MOVED}
        assert (found.changed, found.stations.height) == (1, 11)  # one of them a reference site
        got = {}
        for how, pair in lists.items():
            sides = []
            for listed, when in zip(pair, (found.now, found.before), strict=True):
                own = beijing_days.filter(
                    pl.col("station").is_in(listed["station"].to_list()),
                    pl.col("date").is_between(when.start, when.end),
                )
                city = air.area(own, listed.select("station", "city", "reference"))
                sides.append(air.statistics(city, by="city", period=when.kind))
            change = air.compare(*sides, by="city").row(0, named=True)
            got[how] = {
                item: tuple(change[f"{column}{end}"] for end in ("", "_before", "_change"))
                for item, column in figures.items()
            }
        wanted = {
            how: {
                item: tuple(None if one is None else float(one) for one in three)
                for item, three in items.items()
            }
            for how, items in slow[period].items()
        }
        assert got == wanted
        assert got["same"]["pm25"][2] > got["naive"]["pm25"][2]  # the move fakes an improvement


def test_points_of_noise_have_a_zone_or_a_length(workspace):
    text = (
        "点位名称,编码,城市,类型,声功能区类别,路段长度(m)\n"
        "文化宫,N1,青禾市,功能区,1类,\n"
        "工业园,N2,青禾市,功能区,绿地,\n"
        "网格一,N3,青禾市,区域,,\n"
        '人民路,N4,青禾市,道路,,"1,250"\n'
        "解放路,N5,青禾市,道路,,\n"
        "桥头,N6,青禾市,桥,,\n"
    )
    noise = {"code": "shengqu", "domain": "noise", "purpose": "声环境监测点位"}
    found = load(workspace, io.BytesIO(text.encode()), **noise)
    assert found.entries == 3
    assert found.rejected.select("row", "column", "value", "reason").rows() == [
        (3, "声功能区类别", "绿地", "声环境功能区类别无法识别"),
        (6, "路段长度(m)", "", "没有写明"),
        (7, "类型", "桥", "点位类型无法识别"),
    ]
    with workspace.ledger.read() as session:
        version = rosters.version_of(session, "shengqu", "2021")
        rows = rosters.stations(session, version).select("station", "kind", "zone", "length").rows()
    assert rows == [
        ("N1", "功能区", "1", None),
        ("N3", "区域", None, None),
        ("N4", "道路", None, 1.25),
    ]


def test_sources_say_what_they_take_water_from_and_points_of_the_sea_their_area(workspace):
    source = io.BytesIO("水源名称,类型\n甲水厂,水库型\n乙井群,地下水型\n丙,雨水\n".encode())
    told = {"code": "shuiyuan", "domain": "source", "purpose": "县级以上水源地"}
    found = load(workspace, source, **told)
    assert found.rejected.select("row", "column", "value").rows() == [(4, "类型", "雨水")]
    sea = pl.DataFrame({"station": ["S1", "S2", "S3"], "area": ["120.50", "0", None]})
    found = load(workspace, sea, code="haiyu", domain="sea", purpose="近岸海域国控点位")
    assert found.rejected.select("row", "reason").rows() == [(2, "不是大于 0 的数")]
    with workspace.ledger.read() as session:
        kinds = rosters.stations(session, rosters.version_of(session, "shuiyuan", "2021"))
        areas = rosters.stations(session, rosters.version_of(session, "haiyu", "2021"))
    assert kinds.select("station", "kind").rows() == [("甲水厂", "湖库"), ("乙井群", "地下水")]
    assert areas["area"].to_list() == [120.5, None]

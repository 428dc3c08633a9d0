"""The packaged tables: complete, sourced, equal to a rebuild; and what they can answer."""

from __future__ import annotations

import importlib.util
import json
import re
import warnings
from collections import Counter
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shanshui import air, noise, water
from shanshui.cli.catalog import Domain
from shanshui.plan.commitments import commitments
from shanshui.plan.grammar import lexicon
from shanshui.plan.grammar_names import known, named, normal
from shanshui.plan.reading import read
from shanshui.platform import catalog
from shanshui.platform.catalog.load import load
from shanshui.platform.catalog.series import segments, series, wording
from shanshui.platform.demo import samples
from shanshui.platform.store import models
from shanshui.platform.track.packaged import answers
from shanshui.progress import STATES
from shanshui.progress.commitment import COMPARATORS
from shanshui.standards import Basis, ShanshuiError
from shanshui.standards.errors import UnverifiedFigure
from shanshui.water.surface.classify import item_names

ROOT = Path(__file__).parents[1]
PLATFORM = ROOT / "src" / "shanshui" / "platform"
DATA = [
    path
    for folder in ("catalog", "demo/samples")
    for path in sorted((PLATFORM / folder).rglob("*"))
    if path.suffix in (".csv", ".parquet")
]


@pytest.fixture(scope="module")
def judged():
    return answers()


def test_packaged_files_equal_a_rebuild(shared) -> None:
    spec = importlib.util.spec_from_file_location("samples_tool", ROOT / "tools" / "samples.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    stale = [path.name for path, table in tool.build(shared) if not tool.same(path, table)]
    assert stale == []


@pytest.mark.parametrize("path", DATA, ids=lambda path: path.name)
def test_every_data_file_is_small_and_told_of_beside_it(path: Path) -> None:
    readme = path.with_name("README.md").read_text(encoding="utf-8")
    assert path.name in readme
    assert path.stat().st_size < 3_000_000


def test_the_tables_fit_together() -> None:
    targets, indicators = catalog.targets(), catalog.indicators()
    assert set(targets["indicator"]) <= set(indicators["name"])
    assert set(targets["document"]) == set(catalog.documents()["document"])
    assert indicators["name"].is_unique().all()
    assert targets["id"].is_unique().all()
    assert set(indicators["direction"].drop_nulls()) == {"lower", "higher"}
    assert set(targets["kind"]) == {"target", "count", "deferred", "baseline"}
    assert set(targets["comparator"].drop_nulls()) <= set(COMPARATORS)
    deferred = targets.filter(kind="deferred")
    assert deferred["value"].null_count() == deferred.height
    for text in targets["value"].drop_nulls():
        Fraction(text)
    for text in targets["basis"].drop_nulls():
        Basis.parse(text)


def test_regions_and_counts_of_the_plans() -> None:
    targets = catalog.targets()
    assert targets.height == 162
    assert Counter(targets["document"]) == {
        "jjj": 17,
        "yrd": 14,
        "gba": 9,
        "gz2035": 20,
        "gz145": 1,
        "qingyuan": 101,
    }
    assert {"京津冀", "长三角", "粤港澳大湾区", "广州市", "清远市"} <= set(targets["region"])


def test_facts_only_no_sentence_of_a_plan() -> None:
    targets = catalog.targets()
    words = pl.concat(column for column in targets.select(pl.col(pl.String)))
    words = words.drop_nulls()
    assert words.str.len_chars().max() < 30
    assert not words.str.contains("[，。]").any()


def test_published_values_are_numbers_with_a_source() -> None:
    table = catalog.published()
    assert table.height == 1902
    assert set(table["confidence"]) == {"A", "B"}
    assert table["source_title"].str.len_chars().min() > 4
    assert not table["source_title"].str.contains(r"\.md|jsonl|§").any()
    assert table["period"].str.contains(r"^\d{4}(-\d{2}|-Q[1-4])?$").all()
    assert {Fraction(value) for value in table["value"]}
    assert set(table["state"].drop_nulls()) == {"标况", "实况"}
    edition = table.filter(edition="2026")
    assert edition["basis"].str.contains("过渡限值").all()


def test_one_series_never_joins_two_bases() -> None:
    pm25 = catalog.published().filter(indicator="PM2.5年均浓度")
    delta = segments(pm25, "长三角")
    parts = {part: rows for (part,), rows in delta.group_by("part")}
    cities = [set(rows["roster"].drop_nulls()) for rows in parts.values()]
    assert all(len(found) == 1 for found in cities)
    assert {next(iter(found)) for found in cities} == {"25城市", "41城市", "31城市"}
    assert delta.filter(period="2017")["value"].to_list() == ["44", "49"]
    canton = segments(pm25, "广州市")
    years = [set(rows["period"]) for _, rows in canton.group_by("part", maintain_order=True)]
    assert years == [{"2013", "2014", "2015", "2017"}, {"2019", "2020", "2021", "2023", "2024"}]
    assert series(pm25, "无此地").is_empty()


def test_every_target_is_judged_and_says_why(judged) -> None:
    assert len(judged) == 111
    assert Counter(a.standing.state for a in judged) == {
        "暂无数据": 93,
        "待下达": 12,
        "口径不一致": 3,
        "达到序时进度": 2,
        "未完成": 1,
    }
    assert all(a.standing.state in STATES for a in judged)
    assert all(a.standing.reason and a.standing.reason_en for a in judged)
    ids = [identity for a in judged for identity in a.ids]
    promised = catalog.targets().filter(pl.col("kind") != "baseline")["id"].to_list()
    assert sorted(ids) == sorted(promised)


def by_id(judged, identity: str):
    return next(a for a in judged if identity in a.ids)


def test_the_delta_is_on_its_line(judged) -> None:
    answer = by_id(judged, "regions-049")
    assert answer.standing.state == "达到序时进度"
    assert (answer.figure["value"], answer.figure["period"]) == ("31.7", "2025")
    assert answer.figure["roster"] == answer.baseline["roster"] == "31城市"
    assert answer.standing.required == 32
    assert answer.standing.gap == Fraction(17, 10)
    assert answer.answered


@pytest.mark.parametrize(
    ("identity", "region"),
    [
        ("regions-002", "京津冀及周边(2+36)"),
        ("regions-074", "珠三角"),
        ("qingyuan-188", "清远市"),
    ],
)
def test_a_stand_in_is_shown_but_never_taken_as_the_answer(judged, identity, region) -> None:
    answer = by_id(judged, identity)
    assert answer.standing.state == "口径不一致"
    assert answer.figure["region"] == region
    assert region in answer.standing.reason
    assert answer.remark
    assert not answer.answered


def test_a_figure_of_the_base_year_is_no_progress(judged) -> None:
    for identity in ("gz2035-026", "qingyuan-105", "qingyuan-121"):
        answer = by_id(judged, identity)
        assert answer.standing.state == "暂无数据"
        assert "之后尚无值" in answer.standing.reason
    assert "不能代替年值" in by_id(judged, "qingyuan-105").remark


def test_water_of_qingyuan_is_taken_on_the_sections_that_the_plan_counts(judged) -> None:
    answer = by_id(judged, "qingyuan-107")
    assert answer.ids == ("qingyuan-107", "qingyuan-158")
    assert answer.figure["roster"] == "国考断面"


def test_deferred_targets_wait(judged) -> None:
    assert by_id(judged, "qingyuan-103").standing.state == "待下达"
    assert by_id(judged, "gz145-029").standing.state == "待下达"


@pytest.mark.parametrize(
    ("identity", "words"),
    [
        ("regions-002", "≤33 µg/m3"),
        ("regions-006", "较2024年提高3.2个百分点"),
        ("gz2035-027", "约15 µg/m3"),
        ("gz2035-053", "100万亩"),
        ("qingyuan-091", "按上级下达"),
        ("qingyuan-197", "降低30%"),
    ],
)
def test_targets_in_words(judged, identity: str, words: str) -> None:
    assert wording(by_id(judged, identity).target) == words


def test_hours_are_as_their_readmes_say() -> None:
    beijing, nation = samples.beijing_hours(), samples.national_hours()
    assert (beijing.height, nation.height) == (298_368, 119_647)
    items = ["so2", "no2", "co", "o3", "pm10", "pm25"]
    assert beijing.columns == ["station", "time", *items]
    assert set(items) <= set(nation.columns)
    assert beijing["co"].max() == 10  # mg/m3
    assert beijing.select(pl.struct("station", "time").is_unique().all()).item()
    assert nation.select(pl.struct("city", "station", "time").is_unique().all()).item()
    assert nation["aqi"].count() == 103_330
    stations = samples.beijing_stations()
    assert stations.filter("reference")["name_zh"].to_list() == ["定陵"]
    assert set(stations["station"]) == set(beijing["station"])
    assert samples.national_stations()["lon"].count() == 1352


def test_a_decimal_survives_its_integer(shared) -> None:
    source = shared / "data/air_hourly_beijing_2013_2017/hourly_201303_201512.parquet"
    raw = pl.read_parquet(source).sort("station", "time")
    packed = samples.beijing_hours()
    for item in ("so2", "no2", "o3", "pm10", "pm25"):
        assert packed[item].cast(pl.Float32).equals(raw[item])
    assert (packed["co"] * 1000).round().equals(raw["co_ugm3"].cast(pl.Float64))


def test_no_private_word_in_packaged_text() -> None:
    words = re.compile(r"gold/|facts/|jsonl|anchors|session", re.IGNORECASE)
    for path in PLATFORM.rglob("*"):
        if path.suffix in (".csv", ".md", ".j2", ".css"):
            assert not words.search(path.read_text(encoding="utf-8")), path.name


# ----- names of indicators ------------------------------------------------------------------


def test_one_list_of_names_and_what_is_known_of_each() -> None:
    """The reading of plans and the catalogue: the same codes, and no name of two indicators."""
    table = lexicon("indicators")
    rows = [*table["indicator"], *table["listed"]]
    assert sorted(row["code"] for row in rows) == sorted(catalog.indicators()["code"])
    meant: dict[str, set[str]] = {}
    for row in catalog.indicators().to_dicts():
        for name in (row["name"], *row["aliases"]):
            meant.setdefault(normal(name), set()).add(row["code"])
    assert {name: codes for name, codes in meant.items() if len(codes) > 1} == {}
    for row in table["indicator"]:  # what the reading writes is what the catalogue finds
        for name in (row["name"], *row.get("aliases", ())):
            assert known(name).code == named(name).code == catalog.find_indicator(name)["code"]


def test_fields_of_indicators() -> None:
    table = catalog.indicators()
    assert table.height >= 120
    assert table["code"].is_unique().all()
    assert table["code"].str.contains(r"^[a-z]+(\.[a-z0-9_]+)+$").all()
    assert set(table["domain"]) == set(catalog.DOMAINS) == set(Domain)
    for column in ("name_en", "method"):
        assert table[column].null_count() == 0
        assert (table[column].str.len_chars() > 0).all()
    # A digit is stated with its confidence, or not at all.
    assert table.filter(
        pl.col("decimals").is_null() != pl.col("decimals_confidence").is_null()
    ).is_empty()
    assert set(table["decimals_confidence"].drop_nulls()) == {"A", "B", "C"}
    # What nobody computes is reported by somebody.
    assert table.filter(method="reported")["reported_by"].null_count() == 0


def test_digits_are_those_that_are_published() -> None:
    """No printed figure has more digits than the catalogue says, but for a few of many."""
    names = {row["name"]: row for row in catalog.indicators().to_dicts()}
    printed = catalog.published().filter(~pl.col("derived"), ~pl.col("bound"))
    for (name,), rows in printed.group_by("indicator"):
        row = names[catalog.find_indicator(name)["name"]]
        if row["decimals"] is None:
            continue
        digits = rows["value"].str.split(".").list.get(1, null_on_oob=True).str.len_chars()
        more = (digits.fill_null(0) > row["decimals"]).sum()
        assert more <= 0.05 * rows.height, (name, row["decimals"])


def test_units_are_those_of_the_targets() -> None:
    units = {row["name"]: row["unit"] for row in catalog.indicators().to_dicts()}
    same = {"pp": "%", "t": "吨"}  # a change of a share
    differing = {
        (row["indicator"], row["unit"], units[row["indicator"]])
        for row in catalog.targets().to_dicts()
        if row["unit"] and same.get(row["unit"], row["unit"]) != units[row["indicator"]]
    }
    assert differing == set()


@pytest.fixture(scope="module")
def gold(shared):
    """The hand-made labels of five plans."""
    folder = shared / "plans/gold"
    files = ("gz2035", "regions", "gba", "qingyuan", "gz145")
    texts = [(folder / f"{name}.jsonl").read_text(encoding="utf-8") for name in files]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def test_every_labelled_quantity_has_a_code(gold, capsys) -> None:
    quantities = [one for one in gold if one["kind"] != "milestone"]
    assert len(quantities) == 246
    lacking = {one["indicator"] for one in quantities if named(one["indicator"]) is None}
    assert lacking == set()
    canonical = set(catalog.indicators()["name"])
    assert {one["indicator"] for one in quantities} <= canonical
    coded = sum(named(one["indicator"]) is not None for one in gold)
    with capsys.disabled():
        print(f"\nlabels with a code: {coded} of {len(gold)}, all {len(quantities)} quantities")
    assert coded >= 270


def test_commitments_that_are_read_carry_codes(shared, capsys) -> None:
    """Of what is read of the two plans that the grammar was made with; the others are not seen."""
    codes = set(catalog.indicators()["code"])
    for name, least in (("regions", 0.9), ("qingyuan", 0.85)):
        found = commitments(read(shared / "plans/texts" / f"{name}.txt"))
        quantities = [one for one in found if one.kind != "milestone"]
        coded = [one for one in quantities if one.indicator_code]
        assert {one.indicator_code for one in coded} <= codes
        with capsys.disabled():
            print(f"\n{name}: {len(coded)} of {len(quantities)} quantities read have a code")
        assert len(coded) >= least * len(quantities)


def test_every_published_indicator_is_found(shared) -> None:
    source = shared / "data/published_indicators/indicators.csv"
    for name in sorted(set(pl.read_csv(source, infer_schema=False)["indicator"])):
        assert catalog.find_indicator(name)["code"]


def test_an_indicator_is_found_by_code_name_and_english_or_not_at_all() -> None:
    for said in ("air.pm25.annual_mean", "PM2.5年均浓度", "细颗粒物 浓度", "Annual mean PM2.5"):
        assert catalog.find_indicator(said)["code"] == "air.pm25.annual_mean"
    found = catalog.find_indicator("森林覆盖率")
    found["name"] = "changed by a caller"
    assert catalog.find_indicator("森林覆盖率")["name"] == "森林覆盖率"
    with pytest.raises(ShanshuiError, match=r"相近的有 森林覆盖率.* / .*near are 森林覆盖率"):
        catalog.find_indicator("森林复盖率")
    with pytest.raises(ShanshuiError, match=r"没有名为“”的指标 / no indicator"):
        catalog.find_indicator(" ")


# ----- methods ------------------------------------------------------------------------------


def yielded(name: str) -> list[str]:
    """Give the columns that a method yields, by running it."""
    sections = {"city": "甲", "river": "甲", "class": [2, 3, 6], "attains": [True, True, False]}
    items = dict.fromkeys(item_names(), 0.5) | {"ph": 7.5, "do": 8.0}
    noise_points = {"zone": ["1", "2"], "ld": [54.0, 58.0], "ln": 45.0, "length": 1.0}
    days = pl.DataFrame({"date": pl.date_range(date(2024, 1, 1), date(2024, 12, 31), eager=True)})
    daily = days.with_columns(
        pl.lit("甲").alias("station"),
        *(pl.lit(20.0).alias(item) for item in ("so2", "no2", "o3_8h", "pm10", "pm25")),
        co=pl.lit(0.5),
    )
    runs = {
        "air.statistics": lambda: air.statistics(daily, period="year"),
        "water.surface.shares": lambda: water.surface.shares(pl.DataFrame(sections)),
        "water.surface.classify": lambda: water.surface.classify(pl.DataFrame(items | {"a": [1]})),
        "water.surface.cwqi": lambda: water.surface.cwqi(pl.DataFrame(items | {"city": ["甲"]})),
        "water.lake.tli": lambda: water.lake.tli(
            pl.DataFrame({"chla": [29.68], "tp": 0.07, "tn": 1.52, "sd": 0.6, "codmn": 5.18})
        ),
        "water.ground.share": lambda: water.ground.share(pl.DataFrame({"class": [2, 5]})),
        "water.sea.evaluate": lambda: water.sea.evaluate(pl.DataFrame({"class": [2, 5]})),
        "water.sources.rate": lambda: water.sources.rate(pl.DataFrame({"complies": [True]})),
        "noise.attainment": lambda: noise.attainment(noise.zones(pl.DataFrame(noise_points))),
        "noise.region": lambda: noise.region(pl.DataFrame(noise_points)),
        "noise.road": lambda: noise.road(pl.DataFrame(noise_points)),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnverifiedFigure)
        return runs[name.removeprefix("shanshui.")]().columns


COMPUTED = catalog.indicators().filter(pl.col("method") != "reported")


@pytest.mark.parametrize(("code", "said"), COMPUTED.select("code", "method").rows())
def test_methods_are_there_and_yield_what_they_say(code: str, said: str) -> None:
    function, column = catalog.method(code)
    assert callable(function)
    dotted, _, named_column = said.partition(":")
    assert (column or "") == named_column
    if dotted == "shanshui.soil.safe_use_ratio":
        assert column is None
        assert function(120.5, 800, 30, 1020) == Decimal("93.19")
    else:
        assert column in yielded(dotted)


def test_what_is_reported_has_no_method() -> None:
    assert COMPUTED.height >= 20
    assert catalog.method("森林覆盖率") is None


# ----- regions ------------------------------------------------------------------------------


def test_regions_are_those_of_the_source(shared) -> None:
    source = shared / "data/boundaries/adcodes.csv"
    rows = pl.read_csv(source, schema_overrides={"adcode": pl.String})
    counties = rows.filter(level="county").select(code="adcode", name="name")
    # 大柴旦 and its like have no code of the standard; 台湾省 stands there as its own county.
    counties = counties.filter(~pl.col("code").is_in(["632825", "710000"]))
    mine = catalog.regions().filter(pl.col("level").is_in(["city", "county"]))
    same = counties.join(mine.select("code", own="name"), on="code", how="left")
    assert same.filter(pl.col("own").is_null() | (pl.col("own") != pl.col("name"))).is_empty()
    assert same.height == 2873
    assert Counter(catalog.regions()["level"]) == {
        "country": 1,
        "province": 34,
        "city": 333,
        "county": 2869,
        "group": 30,
    }


def test_regions_hang_together() -> None:
    table = catalog.regions()
    assert table["code"].is_unique().all()
    codes = set(table["code"])
    places = table.filter(pl.col("level") != "group")
    assert places.filter(pl.col("parent").is_null())["code"].to_list() == ["100000"]
    assert set(table["parent"].drop_nulls()) <= codes
    assert places["longitude"].is_between(73, 136).all()
    assert places["latitude"].is_between(3, 54).all()
    levels = dict(table.select("code", "level").rows())
    above = {row["level"]: set() for row in table.to_dicts()}
    for row in places.to_dicts():
        above[row["level"]].add(levels.get(row["parent"]))
    assert above["city"] == {"province"}
    assert above["county"] == {"city", "province"}
    wanted = {"11": 16, "12": 16, "13": 167, "31": 16, "32": 95, "33": 90, "34": 104, "44": 122}
    counties = Counter(code[:2] for code, level in levels.items() if level == "county")
    assert {province: counties[province] for province in wanted} == wanted


@pytest.mark.parametrize(
    ("group", "count"),
    [
        ("京津冀", 3),
        ("京津冀(13城市)", 13),
        ("京津冀及周边(2+26)", 28),
        ("京津冀及周边(2+36)", 38),
        ("长三角(25城市)", 25),
        ("长三角(41城市)", 41),
        ("长三角(31城市)", 31),
        ("汾渭平原(11城市)", 11),
        ("汾渭平原(13城市)", 13),
        ("珠三角", 9),
        ("粤港澳大湾区", 11),
        ("74城市", 74),
        ("168城市", 0),
        ("汾渭平原", 0),
    ],
)
def test_groups_have_as_many_members_as_are_published(group: str, count: int) -> None:
    members = catalog.members(group)
    assert len(set(members)) == len(members) == count
    row = catalog.find_region(group)
    assert catalog.members(row["code"]) == members
    assert set(members) <= set(catalog.regions()["code"])
    # Members with a confidence, or none and a word on why.
    assert row["confidence"] if count else row["note"]


def test_the_key_regions_of_2018_and_2023_do_not_overlap() -> None:
    for names, count in (
        (("京津冀及周边(2+26)", "长三角(41城市)", "汾渭平原(11城市)"), 80),
        (("京津冀及周边(2+36)", "长三角(31城市)", "汾渭平原(13城市)"), 82),
    ):
        assert len({code for name in names for code in catalog.members(name)}) == count


def test_published_regions_are_in_the_catalogue() -> None:
    rows = catalog.published().select("region", "adcode").unique()
    lacking = set()
    for name, code in rows.rows():
        try:
            found = catalog.find_region(code or name)
        except ShanshuiError:
            lacking.add(name)
            continue
        assert found["name"] == name
    assert lacking <= {"珠江口邻近海域"}  # a sea


def test_a_region_is_found_or_the_several_are_named() -> None:
    assert catalog.find_region("吉林")["code"] == "220000"
    assert catalog.find_region("吉林市")["code"] == "220200"
    assert catalog.find_region("江苏省 南京市 鼓楼区")["code"] == "320106"
    assert catalog.find_region("鼓楼区", within="福州")["code"] == "350102"
    assert catalog.find_region("2+26城市")["code"] == "group:jjj-28"
    assert catalog.find_region("100000")["name"] == "全国"
    assert catalog.find_region("inner mongolia")["code"] == "150000"
    with pytest.raises(ShanshuiError, match=r"南京市鼓楼区\(320106\).*福州市鼓楼区\(350102\)"):
        catalog.find_region("鼓楼区")
    with pytest.raises(ShanshuiError, match=r"没有名为“鼓楼区”的地区"):
        catalog.find_region("鼓楼区", within="广东")
    with pytest.raises(ShanshuiError, match=r"near are"):
        catalog.find_region("清元市")
    with pytest.raises(ShanshuiError, match=r"没有名为“东南西北”的区域组；有 .*京津冀"):
        catalog.members("东南西北")


@given(st.text(alphabet="广东州市南京鼓楼区group:110", max_size=12))
def test_any_text_is_a_region_or_the_error_of_the_house(text: str) -> None:
    try:
        found = catalog.find_region(text)
    except ShanshuiError:
        return
    assert found == catalog.regions().filter(code=found["code"]).row(0, named=True)


# ----- in the ledger ------------------------------------------------------------------------


def test_a_new_workspace_holds_the_catalogue(workspace) -> None:
    with workspace.ledger.read() as session:
        pm25 = session.get(models.Indicator, "air.pm25.annual_mean")
        assert (pm25.name, pm25.unit, pm25.direction) == ("PM2.5年均浓度", "µg/m3", "lower")
        assert "细颗粒物年均浓度" in pm25.aliases
        assert session.query(models.Indicator).count() == catalog.indicators().height
        assert session.query(models.Region).count() == catalog.regions().height
        assert session.get(models.Region, "441823").parent_code == "441800"
        members = session.query(models.RegionMember).filter_by(group_code="group:jjj-28").all()
        assert {one.member_code for one in members} == set(catalog.members("group:jjj-28"))
        assert {(one.start, one.end) for one in members} == {("2017-01-01", "2023-12-31")}


def test_loading_again_changes_nothing(workspace) -> None:
    with workspace.ledger.write(who="张三", action="test") as session:
        assert load(session) == (0, 0, 0)
    with workspace.ledger.read() as session:
        assert session.query(models.Audit).filter_by(action="test").count() == 0


def test_loading_mends_what_is_old_and_leaves_what_is_ones_own(workspace) -> None:
    own = {"group_code": "group:cities-168", "member_code": "440100"}
    with workspace.ledger.write(who="张三", action="before") as session:
        session.get(models.Indicator, "ecology.forest.cover").unit = "亩"
        session.get(models.Region, "440100").name = "穗"
        session.delete(session.get(models.Indicator, "noise.zones.day_share"))
        session.add(models.Indicator(code="own.frogs", name="青蛙数量", lasting=False))
        session.add(models.Region(code="unit:440106-03", name="某单元", level="unit"))
        session.add(models.RegionMember(group_code="group:yrd-25", member_code="340100"))
        session.add(models.RegionMember(**own))
    with workspace.ledger.write(who="张三", action="again") as session:
        assert load(session) == (1, 2, 1)
    with workspace.ledger.read() as session:
        assert session.get(models.Indicator, "ecology.forest.cover").unit == "%"
        assert session.get(models.Region, "440100").name == "广州市"
        assert session.get(models.Indicator, "own.frogs").name == "青蛙数量"
        assert session.get(models.Region, "unit:440106-03") is not None
        assert session.query(models.RegionMember).filter_by(**own).count() == 1
        changes = session.query(models.Audit).filter_by(action="again").all()
        assert sorted(one.change for one in changes) == ["delete", "insert", "update", "update"]

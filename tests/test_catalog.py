"""The packaged tables: complete, sourced, equal to a rebuild; and what they can answer."""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from shanshui.platform import catalog
from shanshui.platform.catalog.answers import answers, segments, series, wording
from shanshui.platform.demo import samples
from shanshui.progress import STATES
from shanshui.progress.commitment import COMPARATORS
from shanshui.standards import Basis

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

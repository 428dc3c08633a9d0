"""The five plans by published values: what answers what, and what the data's cautions come to."""

from collections import Counter
from datetime import date

import polars as pl
import pytest
from track_samples import CITY, plan, promise

from shanshui.platform import catalog
from shanshui.platform.plans.loading import load_packaged
from shanshui.platform.store import Workspace, models
from shanshui.platform.track import packaged, published, standings

DAY = packaged.AT


@pytest.fixture(scope="module")
def judged():
    return packaged.answers()


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A workspace with the packaged plans and the packaged published values."""
    with Workspace.create(tmp_path_factory.mktemp("plans") / "workspace") as made:
        load_packaged(made.ledger)
        published.load(made.ledger, who="张三")
        yield made


def test_the_counts_and_why(judged):
    """A count that moves is a change of data or of rule, to be told in docs/track/five-plans.md.

    Published values answer three of 111 targets: most are counts or shares that departments report,
    and of 清远 nothing yearly is published after 2020.
    """
    assert Counter(one.standing.state for one in judged) == {
        "暂无数据": 93,
        "待下达": 12,
        "口径不一致": 3,
        "达到序时进度": 2,
        "未完成": 1,
    }
    why = Counter(
        "none" if "没有可用" in reason
        else "no base value" if "基期值，不能换算" in reason
        else "none since the base year" if "之后尚无值" in reason
        else reason
        for reason in (one.standing.reason for one in judged if one.standing.state == "暂无数据")
    )  # fmt: skip
    assert why == {"none": 75, "no base value": 5, "none since the base year": 13}


def test_other_regions_never_answer(judged):
    found = {
        one.target["region"]: one.standing.differences
        for one in judged
        if one.standing.state == "口径不一致"
    }
    assert found == {
        "京津冀": ("范围：京津冀 ≠ 京津冀及周边(2+36)",),
        "粤港澳大湾区": ("范围：粤港澳大湾区 ≠ 珠三角",),
        "清远市中心城区": ("范围：清远市中心城区 ≠ 清远市",),
    }


def test_a_workspace_judges_as_the_packaged_table_does(book, judged):
    """The ledger, loaded with the same plans and values, says the same row by row."""
    found = standings.at(book, DAY)
    with book.ledger.read() as session:
        ids = dict(session.query(models.Commitment.code, models.Commitment.why))
    states = {ids[row["id"]]: row for row in found.iter_rows(named=True)}
    assert len(states) == sum(len(one.ids) for one in judged)
    for one in judged:
        for number in one.ids:
            row = states[number]
            assert (row["state"], row["reason"]) == (one.standing.state, one.standing.reason)


GOOD, PM25, WATER = "空气质量优良天数比例", "PM2.5年均浓度", "优良水体比例"


@pytest.mark.parametrize(
    ("region", "indicator", "asked", "state", "said"),
    [
        ("全国", PM25, {"comparator": "decrease_by", "value": "5", "base_year": 2017},
         "口径不一致", "状态：标况 ≠ 实况"),
        ("长三角", GOOD, {"comparator": "increase_by", "value": "1", "unit": "pp",
                        "base_year": 2023}, "口径不一致", "点位：41城市 ≠ 31城市"),
        ("全国", GOOD, {"comparator": ">=", "value": "89", "basis": {"dust": "扣沙"}},
         "已完成", "89.3"),
        ("全国", GOOD, {"comparator": ">=", "value": "89"}, "未完成", "88.1"),
        ("全国", GOOD, {"comparator": ">=", "value": "83", "basis": {"edition": "2026"}},
         "已完成", "83.6"),
        ("全国", WATER, {"comparator": "increase_by", "value": "3", "unit": "pp",
                       "base_year": 2020}, "口径不一致", "点位：1937个国控断面 ≠ 3641个国考断面"),
    ],
)  # fmt: skip
def test_the_cautions_of_the_data_are_found_by_the_bases(
    book, region, indicator, asked, state, said
):
    with book.ledger.write(who="张三", action="test") as session:
        row = catalog.find_indicator(indicator)
        place = catalog.find_region(region)["code"]
        number = session.query(models.Document).count()
        paper = plan(session, f"caution-{number}", region_code=place)
        code = promise(session, paper, 1, **{
            "indicator": indicator, "indicator_code": row["code"], "region": region,
            "region_code": place, "unit": row["unit"], "year": 2025} | asked)  # fmt: skip
    found = standings.at(book, DAY, document=f"caution-{number}")
    (row,) = found.iter_rows(named=True)
    assert row["id"] == code
    assert row["state"] == state, row["reason"]
    assert said in row["reason"]


def test_published_values_of_another_day_are_not_seen(book):
    early = standings.at(book, date(2024, 6, 30), document="yrd-action-2030")
    assert early.filter(pl.col("state") == "达到序时进度").is_empty()
    assert CITY not in early["region"].to_list()

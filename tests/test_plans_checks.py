"""The checks: each finds what it is for, and is quiet where nothing is the matter."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shanshui.platform.plans import comparing, review
from shanshui.platform.plans.checks import check
from shanshui.platform.plans.comparing import Promise
from shanshui.platform.plans.documents import add
from shanshui.platform.plans.units import amount, measure
from shanshui.platform.store import models
from shanshui.standards import ShanshuiError

ONE = Promise(
    code="a-001",
    document="a",
    kind="target",
    indicator="PM2.5年均浓度",
    indicator_code="air.pm25.annual_mean",
    region="清远市",
    region_code="441800",
    year=2027,
    comparator="<=",
    value=Decimal(25),
    value_to=None,
    unit="µg/m3",
    base_year=None,
    base_value=Decimal(27),
    stretch=False,
    basis=None,
    direction="lower",
    own_unit="µg/m3",
    measurable=True,
    owned=True,
)


def other(**more):
    return replace(ONE, code="b-001", document="b", **more)


def test_two_documents_that_promise_different_values():
    (found,) = comparing.conflicts([ONE, other(value=Decimal(24))])
    assert (found.severity, found.subject, found.others) == ("error", "a-001", ("b-001",))
    assert "≤25µg/m3" in found.zh
    assert "≤24µg/m3" in found.zh
    annual = other(kind="annual", value=Decimal(24))
    assert len(comparing.conflicts([ONE, annual])) == 1
    assert len(comparing.conflicts([ONE, replace(ONE, code="a-002", value=Decimal(9))])) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"value": Decimal("25.0")},
        {"value": Decimal("0.025"), "unit": "mg/m3"},
        {"value": Decimal(24), "year": 2028},
        {"value": Decimal(24), "region_code": "440100"},
        {"value": Decimal(24), "indicator_code": "air.pm10.annual_mean"},
        {"value": Decimal(24), "stretch": True},
        {"value": Decimal(24), "kind": "baseline"},
        {"value": Decimal(3), "comparator": "decrease_by", "base_year": 2024},
        {"value": None, "kind": "deferred"},
    ],
)
def test_what_is_no_conflict(change):
    assert comparing.conflicts([ONE, other(**change)]) == []


def test_different_bases_are_told_instead_of_a_conflict():
    a, b = replace(ONE, basis={"state": "标况"}), other(value=Decimal(24), basis={"state": "实况"})
    assert comparing.conflicts([a, b]) == []
    (found,) = comparing.bases([a, b])
    assert "状态：标况 ≠ 实况" in found.zh
    assert comparing.bases([a, replace(b, basis={"dust": "扣沙"})]) == []


AROUND = {"441800": {"440000": False, "100000": False, "group:gba": True}, "440000": {}}


def test_a_city_below_its_province():
    province = other(region="广东省", region_code="440000", value=Decimal(22))
    (found,) = comparing.weaker([ONE, province], AROUND)
    assert (found.rule, found.severity, found.subject) == ("weaker", "error", "a-001")
    assert comparing.weaker([ONE, replace(province, value=Decimal(25))], AROUND) == []
    group = replace(province, region_code="group:gba")
    assert comparing.weaker([ONE, group], AROUND)[0].severity == "info"
    share = {"comparator": ">=", "unit": "%", "direction": "higher", "own_unit": "%"}
    low, high = (
        replace(ONE, value=Decimal(40), **share),
        replace(province, value=Decimal(50), **share),
    )
    assert len(comparing.weaker([low, high], AROUND)) == 1
    assert comparing.weaker([replace(low, value=Decimal(50)), high], AROUND) == []
    # Amounts of the cities add up to that of the province.
    area = {"unit": "km2", "direction": "higher", "comparator": ">="}
    assert comparing.weaker([replace(low, **area), replace(high, **area)], AROUND) == []


def test_units_that_do_not_convert():
    assert comparing.units([ONE, other(unit="mg/m3"), other(unit=None)]) == []
    (found,) = comparing.units([replace(ONE, unit="天")])
    assert found.rule == "unit"
    share = replace(ONE, own_unit="%", unit="pp", comparator="increase_by")
    assert comparing.units([share]) == []
    assert comparing.units([replace(ONE, own_unit="个", unit="家")]) == []


def test_open_ends():
    def rules(**change):
        return {one.rule for one in comparing.open_ends([replace(ONE, **change)])}

    assert rules() == set()
    assert rules(owned=False) == {"no_owner"}
    assert rules(year=None) == {"no_year"}
    assert rules(region_code=None) == {"no_region"}
    assert rules(base_value=None) == {"no_baseline"}
    assert rules(comparator="decrease_by") == {"no_base_year"}
    assert rules(comparator="decrease_by", base_year=2024) == set()
    now = other(kind="baseline", year=2024)
    assert comparing.open_ends([replace(ONE, base_value=None), now]) == []
    assert [one.rule for one in comparing.unmeasured([replace(ONE, indicator_code=None)])] == [
        "no_indicator"
    ]


def test_deferred_values_wait_for_a_target_of_the_year():
    waits = replace(ONE, kind="deferred", value=None)
    assert [one.rule for one in comparing.unset([waits], [])] == ["unset"]
    assert comparing.unset([waits], [other(kind="annual")]) == []
    assert comparing.unset([waits], [other(kind="annual", year=2026, answers="a-001")]) == []
    assert len(comparing.unset([waits], [other(kind="annual", year=2026)])) == 1


@given(st.decimals(-1000, 1000, places=3), st.sampled_from(["亩", "万亩", "km2", "公顷", "m2"]))
def test_areas_convert_exactly(value, unit):
    assert measure(unit).family == "m2"
    back = amount(value, unit) / measure(unit).factor
    assert back == value
    assert amount(Decimal(15), "亩") == amount(Decimal(1), "公顷")
    assert measure("吨").family != measure("吨标煤").family


CITY = """清远市蓝天行动方案（2026—2027年）
一、目标
到2027年，全市PM2.5年均浓度降至25微克/立方米（市生态环境局负责）。
到2027年，空气质量优良天数比例达到省下达目标要求。
另有12座老旧锅炉。
"""
PROVINCE = """广东省蓝天行动方案（2026—2027年）
一、目标
到2027年，全省PM2.5年均浓度降至22微克/立方米。
"""
SPECIAL = """清远市大气污染防治规划（2026—2027年）
一、目标
到2027年，全市PM2.5年均浓度降至24微克/立方米。
"""


def test_the_plans_of_a_ledger_are_checked(workspace):
    ledger = workspace.ledger
    for text in (CITY, PROVINCE, SPECIAL):
        add(ledger, text.encode(), who="张三")
    found = check(ledger)
    said = {(one.rule, one.document) for one in found}
    city, special = "441800-action-2027", "441800-plan-2027"
    assert ("conflict", city) in said
    assert {one.document for one in found if one.rule == "weaker"} == {city, special}
    assert ("unset", city) in said
    assert ("no_owner", special) in said
    (left,) = [one for one in found if one.rule == "coverage"]
    assert left.document == city
    for start, end, quote in left.places:
        assert CITY[start:end] == quote
    assert [one.rank for one in found] == sorted(one.rank for one in found)
    # Of one plan only what concerns it; what is rejected counts nowhere.
    assert {one.document for one in check(ledger, ["440000-action-2027"])} >= {city}
    review.reject(ledger, f"{special}-001", who="李四")
    assert not [one for one in check(ledger) if one.rule == "conflict"]
    with ledger.write(who="李四", action="test") as session:
        session.add(
            models.AnnualTarget(
                indicator_code="air.days.good_share",
                region_code="441800",
                year=2027,
                comparator=">=",
                value=Decimal(90),
                commitment=f"{city}-002",
            )
        )
    assert not [one for one in check(ledger) if one.rule == "unset"]
    with pytest.raises(ShanshuiError, match="没有检查“x”"):
        check(ledger, rules=["x"])
    with pytest.raises(ShanshuiError, match="没有规划 x"):
        check(ledger, ["x"])
    assert check(ledger, rules=["basis"]) == []


def test_the_five_plans_hold_one_conflict(workspace, shared):
    """Guangzhou promises a smaller share of counties than the plan of the bay area asks of 广东."""
    folder = shared / "plans" / "texts"
    if not folder.is_dir():
        pytest.skip("no plans beside the checkout")
    for name in ("regions", "gz2035"):
        add(workspace.ledger, folder / f"{name}.txt", who="张三")
    (found,) = [one for one in check(workspace.ledger) if one.severity == "error"]
    assert (found.rule, found.document) == ("weaker", "440100-outline-2035")
    assert found.documents == ("gba-action-2030",)

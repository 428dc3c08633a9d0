"""Targets of years: set, listed, resolved, proposed, split to counties and months, checked."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from shanshui.platform.plans import lists, split, targets
from shanshui.platform.plans.documents import add
from shanshui.platform.plans.weights import by_place
from shanshui.platform.store import models
from shanshui.standards import ShanshuiError

PLAN = """清远市蓝天行动方案（2026—2028年）
一、主要目标
2025年细颗粒物年均浓度为25.0微克/立方米。
到2028年，细颗粒物年均浓度降至22.0微克/立方米，建成碧道86公里，空气质量优良天数比例完成省下达目标。
"""
CODE = "441800-action-2028"
PM25 = "air.pm25.annual_mean"


@pytest.fixture
def plan(workspace):
    assert [one.code for one in add(workspace.ledger, PLAN.encode(), who="张三")] == [CODE]
    return workspace


def write(workspace):
    return workspace.ledger.write(who="张三", action="test")


def put(workspace, **more):
    given = {"indicator": PM25, "region": "441800", "year": 2026, "value": "24.0"}
    with write(workspace) as session:
        row, done = targets.set_target(session, **given | more)
        return row.id, done


def of_kind(workspace, kind):
    with workspace.ledger.read() as session:
        return session.scalars(
            select(models.Commitment.code).where(models.Commitment.kind == kind)
        ).all()


def number(places=1, most=100_000):
    return st.integers(1, most).map(lambda n: Decimal(n).scaleb(-places))


# -------------------------------------------------------------------------------- set and list


def test_a_target_keeps_its_digits_and_is_changed_only_by_another_value(workspace):
    made, done = put(workspace, source="省下达")
    assert done == "new"
    assert put(workspace, source="省下达") == (made, "same")
    assert put(workspace, source="省下达", value="24") == (made, "changed")
    assert put(workspace, source="市里自定", value="≤23.5")[1] == "new"
    with workspace.ledger.read() as session:
        rows = targets.rows(session, indicator="细颗粒物年均浓度", region="清远", year=2026)
    assert [(r["comparator"], str(r["value"]), r["unit"], r["source"]) for r in rows] == [
        ("<=", "23.5", "µg/m3", "市里自定"),
        ("<=", "24", "µg/m3", "省下达"),
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"indicator": "无此指标"}, "没有名为"),
        ({"region": "无此地"}, "没有名为"),
        ({"value": "很低"}, "数值应如"),
        ({"unit": "mg/m3"}, "单位是 µg/m3，得到 mg/m3"),
        ({"month": 13}, "月份应为"),
        ({"year": 26}, "年份不对"),
        ({"document": "x"}, "没有文件"),
        ({"comparator": "最好"}, "比较方式应为"),
    ],
)
def test_what_is_not_known_is_refused(workspace, more, said):
    with pytest.raises(ShanshuiError, match=said):
        put(workspace, **more)


def test_a_unit_may_be_written_otherwise_and_a_change_has_points(workspace):
    assert put(workspace, unit="微克/立方米")[1] == "new"
    share = {"indicator": "空气质量优良天数比例", "value": "1.5", "comparator": "提高"}
    assert put(workspace, **share, unit="个百分点", base_year=2025)[1] == "new"


# -------------------------------------------------------------------------------------- resolve


def test_what_the_province_sets_resolves_a_deferred_commitment(plan):
    (code,) = of_kind(plan, "deferred")
    with plan.ledger.read() as session:
        assert targets.resolved(session, code).how == "waiting"
        assert [one.code for one in lists.waiting(session, CODE)] == [code]
        row = next(r for r in lists.targets(session, CODE) if r["item"] == code)
        assert row["values"] == {2028: "待下达"}
    share = {"indicator": "空气质量优良天数比例", "value": "95.0"}
    put(plan, **share, year=2027)
    with plan.ledger.read() as session:
        assert targets.resolved(session, code).how == "waiting"
        assert targets.resolved(session, code, 2027).value == Decimal("95.0")
    put(plan, **share, year=2028, source="省下达")
    with plan.ledger.read() as session:
        answer = targets.resolved(session, code)
        assert (answer.how, str(answer.value), answer.comparator) == ("set", "95.0", ">=")
        assert lists.waiting(session, CODE) == []
        row = next(r for r in lists.targets(session, CODE) if r["item"] == code)
        assert row["values"] == {2028: "≥95.0（下达）"}
    put(plan, **share | {"value": "96"}, year=2028, source="部里")
    with plan.ledger.read() as session:
        answer = targets.resolved(session, code)
        assert (answer.how, answer.value, len(answer.candidates)) == ("conflict", None, 2)
    put(plan, **share | {"value": "96"}, year=2028, source="部里", commitment=code)
    with plan.ledger.read() as session:
        assert targets.resolved(session, code).value == Decimal(96)


def test_a_commitment_with_its_own_value_keeps_it_in_its_year_only(plan):
    code = of_kind(plan, "target")[0]
    put(plan, value="23.3")
    with plan.ledger.read() as session:
        assert str(targets.resolved(session, code).value) == "22.0"
        assert str(targets.resolved(session, code, 2026).value) == "23.3"
        assert targets.resolved(session, code, 2027).how == "waiting"


def test_a_straight_line_is_proposed_and_confirmed(plan):
    code = of_kind(plan, "target")[0]
    with plan.ledger.read() as session:
        made = targets.propose(session, code)
        assert (made.base_year, made.base) == (2025, Decimal("25.0"))
        assert [(y, str(v)) for y, v in made.values.items()] == [
            (2026, "24.0"),
            (2027, "23.0"),
            (2028, "22.0"),
        ]
    with write(plan) as session:
        targets.confirm(session, targets.propose(session, code))
    with plan.ledger.read() as session:
        assert str(targets.resolved(session, code, 2026).value) == "24.0"
        rows = targets.rows(session, indicator=PM25)
        assert {row["source"] for row in rows} == {"直线推算"}
        assert all("GB/T 8170" in row["note"] for row in rows)
        with pytest.raises(ShanshuiError, match=r"没有基期值|没有单一的数值"):
            targets.propose(session, of_kind(plan, "count")[0])


@given(number(), number(), st.integers(2000, 2030), st.integers(1, 20), st.integers(0, 2))
def test_the_steps_of_a_line_add_up_to_the_whole_change(base, goal, year, years, decimals):
    values = targets.line(year, base, year + years, goal, decimals)
    assert list(values) == list(range(year + 1, year + years + 1))
    assert values[year + years] == goal
    path = [base, *values.values()]
    steps = [Fraction(b) - Fraction(a) for a, b in pairwise(path)]
    assert sum(steps) == Fraction(goal) - Fraction(base)
    for n, value in enumerate(list(values.values())[:-1], start=1):
        exact = Fraction(base) + (Fraction(goal) - Fraction(base)) * n / years
        assert abs(Fraction(value) - exact) <= Fraction(1, 2 * 10**decimals)


# ---------------------------------------------------------------------------------------- split

NAMES = "甲乙丙丁戊己庚辛"


def table(values):
    return st.integers(1, len(NAMES)).flatmap(
        lambda n: st.lists(values, min_size=n, max_size=n).map(
            lambda v: dict(zip(NAMES, v, strict=False))
        )
    )


@given(st.integers(0, 10**6), st.integers(0, 3), table(st.integers(0, 999).map(Decimal)))
def test_the_parts_of_a_sum_add_up_exactly_and_each_is_its_share(units, places, weights):
    total = Decimal(units).scaleb(-places)
    if not any(weights.values()):
        with pytest.raises(ShanshuiError, match="权重之和"):
            split.largest_remainder(total, weights, places)
        return
    parts = split.largest_remainder(total, weights, places)
    assert sum(parts.values()) == total
    whole = sum(weights.values())
    for name, part in parts.items():
        share = Fraction(total) * Fraction(weights[name]) / Fraction(whole)
        assert abs(Fraction(part) - share) < Fraction(1, 10**places)
        assert weights[name] or not part
    check = split.check_parts(total, "=", parts, how="sum")
    assert (check.gap, check.meets) == (0, True)


@given(
    number(),
    table(st.tuples(st.integers(1, 366).map(Decimal), number())),
    st.booleans(),
    st.booleans(),
    st.integers(1, 2),
)
def test_the_mean_of_the_parts_meets_the_goal_and_no_part_is_for_worse(
    goal, given_, lower, measured, decimals
):
    weights = {name: weight for name, (weight, _) in given_.items()}
    baseline = {name: value for name, (_, value) in given_.items()} if measured else None
    parts = split.spread_mean(goal, weights, baseline, lower=lower, decimals=decimals)
    check = split.check_parts(
        goal, "<=" if lower else ">=", parts, how="mean", weights=weights, baseline=baseline
    )
    assert check.meets
    assert check.findings == ()
    mean = sum(Fraction(parts[n]) * Fraction(weights[n]) for n in parts) / sum(
        Fraction(w) for w in weights.values()
    )
    assert check.reached == mean
    assert check.gap == (mean - Fraction(goal) if lower else Fraction(goal) - mean)
    was = split.weighted_mean(baseline, weights) if baseline else None
    if was is None or (was > goal if lower else was < goal):
        assert abs(check.gap) < Fraction(1, 10**decimals)
        if len(set(weights.values())) == 1:
            assert check.gap == 0


@given(number(0), table(number(0)), st.sampled_from(["<=", ">=", "="]))
def test_a_check_says_by_exactly_how_much_parts_miss(whole, parts, comparator):
    check = split.check_parts(whole, comparator, parts, how="sum")
    over = sum(parts.values()) - whole
    expected = {"<=": over, ">=": -over, "=": abs(over)}[comparator]
    assert check.gap == expected
    assert check.meets == (expected <= 0)
    if expected > 0:
        assert check.sentence.endswith(f"差 {expected}")


def test_a_check_names_what_is_laxer_than_today():
    parts = {"甲": Decimal("30.5"), "乙": Decimal(20)}
    was = {"甲": Decimal(30), "乙": Decimal(25)}
    check = split.check_parts(Decimal(26), "<=", parts, how="mean", baseline=was)
    assert check.meets
    assert check.findings == ("甲 的目标 30.5 比现状 30 还宽",)
    assert check.sentence == "各部分均值 25.25，比总目标 26 严 0.75"


def test_a_target_is_split_to_counties_written_and_checked(plan):
    made, _ = put(plan)
    with write(plan) as session:
        parted = split.split(session, str(made), "counties")
        assert len(parted.parts) == 8
        assert parted.how == "mean"
        split.apply(session, parted)
    with plan.ledger.read() as session:
        (found,) = split.check(session, str(made)).values()
        assert (found.gap, found.meets) == (0, True)
    with write(plan) as session:
        row = session.scalar(
            select(models.AnnualTarget).where(models.AnnualTarget.region_code == "441823")
        )
        row.value = Decimal("24.8")
    with plan.ledger.read() as session:
        (found,) = split.check(session, str(made)).values()
        assert not found.meets
        assert found.sentence == "各部分均值 24.1，未达到总目标 24.0，差 0.1"
    baseline = {"清城区": Decimal(28), "阳山县": Decimal(20)}
    with write(plan) as session:  # other parts take the place of those
        parted = split.split(session, str(made), "counties", baseline=baseline)
        assert [(p.name, str(p.value)) for p in parted.parts] == [
            ("清城区", "28.0"),
            ("阳山县", "20.0"),
        ]
        split.apply(session, parted)
        assert len(targets.rows(session, indicator=PM25)) == 3


def test_months_are_weighted_by_their_days(plan):
    made, _ = put(plan, year=2028)
    baseline = {str(m): Decimal(v) for m, v in enumerate([40, 35, *[22] * 8, 30, 38], start=1)}
    with write(plan) as session:
        parted = split.split(session, str(made), "months", baseline=baseline)
        assert [int(p.weight) for p in parted.parts][:3] == [31, 29, 31]
        assert parted.check.meets
        assert abs(parted.check.gap) < Fraction(1, 10)
        split.apply(session, parted)
    with plan.ledger.read() as session:
        (found,) = split.check(session, str(made), baseline=baseline).values()
        assert found.reached == parted.check.reached
        assert found.findings == ()


def test_a_commitment_is_split_and_becomes_a_target_of_its_year(plan):
    code = of_kind(plan, "target")[0]
    with write(plan) as session:
        parted = split.split(session, code, "counties", weights=None)
        split.apply(session, parted)
    with plan.ledger.read() as session:
        (found,) = split.check(session, code).values()
        assert found.meets
        parents = [r for r in targets.rows(session) if r["parent"] is None]
        assert [(r["commitment"], str(r["value"])) for r in parents] == [(code, "22.0")]


def test_what_no_rule_holds_for_is_refused(plan):
    ozone, _ = put(plan, indicator="air.o3.annual_p90", value="150")
    pm25, _ = put(plan)
    counties = {"清城区": Decimal(1), "阳山县": Decimal(1)}

    def refused(said, *asked, **more):
        with plan.ledger.read() as session, pytest.raises(ShanshuiError, match=said):
            split.split(session, *asked, **more)

    refused("百分位数", str(ozone), "months")
    refused("百分位数", str(ozone), "months", how="mean")
    refused("没有编号 999", "999", "months")
    few = {"清城区": Decimal(1)}
    refused("权重缺 阳山县", str(ozone), "counties", weights=few, baseline=counties)
    refused("不是月份", str(pm25), "months", weights={"甲": Decimal(1)})
    refused("权重缺 2月", str(pm25), "months", weights={"1": Decimal(1)})
    refused("应不小于 0", str(pm25), "counties", weights=counties | {"阳山县": Decimal(-1)})
    with plan.ledger.read() as session, pytest.raises(ShanshuiError, match="还没有分解"):
        split.check(session, str(ozone))


def test_weights_are_read_from_files(tmp_path):
    file = tmp_path / "权重.csv"
    file.write_text('区县,人口,点位数\n清城区,"1,086.3",3\n清新区,61,1\n合计,1147.3,4\n', "gb18030")
    assert by_place(file, "点位数") == {"清城区": Decimal(3), "清新区": Decimal(1)}
    assert by_place(file, "人口")["清城区"] == Decimal("1086.3")
    with pytest.raises(ShanshuiError, match="有几列数"):
        by_place(file)
    with pytest.raises(ShanshuiError, match="没有“面积”一列"):
        by_place(file, "面积")
    file.write_text("区县,人口\n清城区,很多\n", "utf-8")
    with pytest.raises(ShanshuiError, match="应为数值"):
        by_place(file)
    file.write_text("名目,人口\n清城区,1\n", "utf-8")
    with pytest.raises(ShanshuiError, match="缺地区"):
        by_place(file)
    file.write_text("月份,现状\n1,40\n2,38.5\n", "utf-8")
    assert by_place(file) == {"1": Decimal(40), "2": Decimal("38.5")}

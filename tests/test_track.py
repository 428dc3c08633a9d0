"""Standings: which figure answers a target, what it comes to, and how it is kept."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import polars as pl
import pytest
from assess_samples import enrol, hours
from track_samples import CITY, GOOD, NOW, O3, PM25, RIVERS, figure, figures, plan, promise

from shanshui.platform import assess
from shanshui.platform.assess import lineage, results
from shanshui.platform.plans import targets, work
from shanshui.platform.store import models
from shanshui.platform.track import history, standings
from shanshui.platform.track.answers import choose, figures_known, span
from shanshui.progress import STATES, Commitment, Figure, SoFar, standing
from shanshui.standards import ShanshuiError

DAY = date(2026, 11, 20)


@pytest.fixture
def ledger(workspace):
    """Give what writes made-up targets into the workspace, and judges them."""

    class Book:
        def __init__(self):
            self.workspace = workspace

        def write(self):
            return workspace.ledger.write(who="张三", action="test")

        def one(self, *rows, at=DAY, **more):
            """Add one promise, judge it by figures."""
            with self.write() as session:
                code = promise(session, plan(session), 1, **more)
            return self.judged(*rows, at=at)[code]

        def judged(self, *rows, at=DAY, **more):
            frame = figures(*rows) if rows else figures(figure("2019", "30"))
            found = standings.at(workspace, at, figures=frame, **more)
            return {row["id"]: row for row in found.iter_rows(named=True)}

    return Book()


# ----------------------------------------------------------------------------- which figure answers


def test_periods_are_understood_and_no_other_is():
    assert span("2026-Q3") == ("quarter", 2026, date(2026, 9, 30))
    assert span("2026-01/2026-02").end == date(2026, 2, 28)
    assert [span(text) for text in ("2026-02/2026-10", "2025-01/2026-10", "W43", "")] == [None] * 4


def test_the_best_attested_figure_of_the_best_fitting_time_answers(ledger):
    rows = [
        figure("2026", "24.9", status="实时", ref="live"),
        figure("2026", "25.1", status="公布", source="published", confidence="B", ref="B"),
        figure("2026", "24.0", status="公布", source="published", confidence="A", ref="A"),
        figure("2026", "26.0", status="公布", source="published", confidence="C", ref="C"),
        figure("2026", "26.0", status="草稿", source="reported", ref="draft"),
        figure("2026", "26.0", status="公布", source="published", bound=True, ref="bound"),
    ]
    row = ledger.one(*rows, at=date(2027, 2, 1))
    assert (row["ref"], row["value"], row["state"]) == ("A", "24.0", "已完成")
    frozen = ledger.judged(*rows, figure("2026", "25.2", status="定版", ref="final"),
                           at=date(2027, 2, 1))  # fmt: skip
    (row,) = frozen.values()
    assert (row["ref"], row["state"], row["gap"]) == ("final", "未完成", 0.2)


def test_only_memory_drafts_and_bounds_are_no_data(ledger):
    rows = [
        figure("2026", "20", status="公布", confidence="C"),
        figure("2026", "20", status="草稿"),
        figure("2026", "20", status="公布", confidence="B", bound=True),
    ]
    assert ledger.one(*rows, at=date(2027, 2, 1))["state"] == "暂无数据"


def test_another_basis_is_named_and_never_judged(ledger):
    row = ledger.one(
        figure("2026", "20", state="标况", roster="国控"),
        at=date(2027, 2, 1),
        basis={"state": "实况", "roster": "国控"},
    )
    assert (row["state"], row["differences"]) == ("口径不一致", "状态：实况 ≠ 标况")
    assert row["value"] == "20"


def test_a_figure_on_the_basis_answers_before_a_better_attested_one_that_differs(ledger):
    row = ledger.one(
        figure("2026", "24", dust="扣沙（2026年沙尘）", status="实时", ref="mine"),
        figure("2026", "30", dust="不扣沙", status="定版", ref="other"),
        at=date(2027, 2, 1),
        basis={"dust": "扣沙"},
    )
    assert (row["ref"], row["state"]) == ("mine", "已完成")


def test_an_older_figure_on_the_basis_is_judged_and_the_later_one_is_told_of(ledger):
    row = ledger.one(
        figure("2024", "27", state="实况"),
        figure("2025", "26", state="实况", ref="mine"),
        figure("2027", "20", state="标况"),
        at=date(2028, 3, 1),
        year=2030,
        base_year=2024,
        basis={"state": "实况"},
    )
    assert (row["ref"], row["state"]) == ("mine", "达到序时进度")
    assert "2027" in row["remark"]


def test_at_the_deadline_only_its_own_figure_counts(ledger):
    row = ledger.one(
        figure("2025", "20", state="实况"),
        figure("2026", "20", state="标况"),
        at=date(2027, 3, 1),
        basis={"state": "实况"},
    )
    assert row["state"] == "口径不一致"


def test_what_ends_or_was_recorded_later_is_not_known(ledger):
    late = figure("2026", "20", at=NOW + timedelta(days=100))
    early = figure("2026", "26", at=NOW, ref="early")
    with ledger.write() as session:
        code = promise(session, plan(session), 1)
    before = ledger.judged(late, early, at=date(2026, 12, 30))[code]
    assert before["state"] == "暂无数据"
    after = ledger.judged(late, early, at=date(2027, 3, 1))[code]
    assert after["state"] == "已完成"
    then = ledger.judged(late, early, at=date(2027, 3, 1), as_of=NOW + timedelta(days=1))[code]
    assert (then["ref"], then["state"]) == ("early", "未完成")


def test_figures_of_a_nearby_region_are_shown_but_do_not_answer(ledger):
    row = ledger.one(
        figure("2025", "18", region="group:prd"),
        year=2027, region="粤港澳大湾区", region_code="group:gba", comparator="<=", value="20",
    )  # fmt: skip
    assert (row["state"], row["differences"]) == ("口径不一致", "范围：粤港澳大湾区 ≠ 珠三角")
    assert (row["figure_code"], row["value"]) == ("group:prd", "18")


def test_units_that_only_count_differ_in_the_word_alone(ledger):
    more = {
        "indicator": "国家级绿色工厂数量", "indicator_code": "industry.green_factories",
        "comparator": ">=", "value": "72", "kind": "count",
    }  # fmt: skip
    with ledger.write() as session:
        names = dict(session.query(models.Indicator.name, models.Indicator.code))
        more["indicator_code"] = names[more["indicator"]]
        code = promise(session, plan(session), 1, unit="家", **more)
    rows = [
        figure("2026", "80", indicator=more["indicator_code"], unit=unit, source="reported",
               status="已审")
        for unit in ("个", "%")
    ]  # fmt: skip
    found = ledger.judged(rows[0], at=date(2027, 1, 31))[code]
    assert (found["state"], found["figure_unit"]) == ("已完成", "家")
    found = ledger.judged(rows[1], at=date(2027, 1, 31))[code]
    assert found["differences"] == "单位：家 ≠ %"


def test_choosing_alone_is_deterministic_in_whatever_order_figures_come():
    asked = pl.DataFrame(
        {
            "id": ["a"], "indicator": ["x"], "region": ["r"], "year": [2027], "month": [0],
            "end": [date(2027, 12, 31)], "lasting": [False], "way": [None], "base_year": [2024],
            "base_value": [None], "one_place": [True],
            **{f"want_{n}": [None] for n in ("roster", "edition", "state", "dust", "status")},
            "want_formula": [None],
        },
        schema_overrides={
            "way": pl.String, "base_value": pl.String, "year": pl.Int32,
            **{f"want_{n}": pl.String for n in ("roster", "edition", "state", "dust", "status",
                                                "formula")},
        },
    )  # fmt: skip
    rows = [
        figure(str(year), f"{year % 100}.{n}", "x", "r", status=status, ref=f"{year}{n}")
        for year in range(2020, 2028)
        for n, status in enumerate(("实时", "审核", "定版"))
    ]
    seen = set()
    for turn in range(len(rows)):
        frame = figures(*rows[turn:], *rows[:turn])
        found = choose(asked, figures_known(frame, DAY), DAY).row(0, named=True)
        seen.add((found["now_ref"], found["then_ref"]))
    assert seen == {("20252", "20242")}


# -------------------------------------------------------------------------------- the running year


def test_the_year_so_far_is_judged_with_what_its_rest_may_be(ledger):
    parts = [
        figure("2026-01/2026-10", "26.4", days_valid=300, ref="so far"),
        figure("2025-01/2025-10", "27.5", ref="same"),
        figure("2025", "28.0", ref="last"),
    ]
    row = ledger.one(*parts)
    alone = standing(
        Commitment("<=", 25, "µg/m3", 2026, region="青禾县", better="lower", decimals=1),
        so_far=SoFar("26.4", date(2026, 10, 31), 300, 61, unit="µg/m3", same="27.5",
                     last_year="28.0"),
        at=DAY,
    )  # fmt: skip
    assert (row["state"], row["reason"]) == (alone.state, alone.reason)
    assert row["rest"] == alone.rest.text()
    assert row["rest_value"] == pytest.approx(float(alone.rest.value))
    assert (row["part_value"], row["part_period"]) == ("26.4", "2026-01/2026-10")
    assert row["change"] == pytest.approx(-4.0)
    assert (row["ref"], row["same_ref"], row["last_ref"]) == ("so far", "same", "last")


def test_the_rest_is_exact_to_the_last_decimal_of_the_control_value(ledger):
    row = ledger.one(figure("2026-01/2026-10", "26.4", days_valid=300))
    least = row["rest_value"]
    for rest, meets in ((least - 1e-9, True), (least + 1e-3, False)):
        mean = (26.4 * 300 + rest * 61) / 361
        assert (mean <= 25.05) is meets  # 25.05 is printed 25.0 (GB/T 8170)


def test_days_that_may_still_exceed_are_counted_at_one_place_only(ledger):
    rows = [figure("2026-01/2026-10", "90.0", GOOD, unit="%", days_valid=300)]
    more = {"indicator": "空气质量优良天数比例", "indicator_code": GOOD, "unit": "%"}
    row = ledger.one(*rows, comparator=">=", value="90", **more)
    # 361 days at 90 % that are printed 90.0: 89.95 %, or 36 days that are not good, less 30.
    assert (row["rest_allowed"], row["rest"]) == (6, "剩余61天最多还可有6个超标天")
    for value, counted in (("91.4", True), ("91.5", False)):  # 278 of the 304 days; of none
        (row,) = ledger.judged(figure("2026-01/2026-10", value, GOOD, unit="%")).values()
        assert (row["rest_allowed"] is not None) is counted
    with ledger.write() as session:
        group = promise(session, plan(session, "jjj"), 1, region="京津冀", region_code="group:jjj",
                        comparator=">=", value="90", **more)  # fmt: skip
    shared = figure("2026-01/2026-10", "90.0", GOOD, "group:jjj", unit="%", days_valid=300)
    found = ledger.judged(shared)[group]
    assert found["rest"] is None
    assert found["part_value"] == "90.0"


def test_sections_that_may_still_fail(ledger):
    row = ledger.one(
        figure("2026-01/2026-10", "91.3", RIVERS, unit="%", stations=149),
        indicator="优良水体比例", indicator_code=RIVERS, comparator=">=", value="90", unit="%",
    )  # fmt: skip
    # 136 of 149 are good; 135 are 90.6 %, but 134 are 89.9 %.
    assert row["rest"] == "149个断面中还可有1个断面超标"


def test_a_percentile_has_no_control_mean(ledger):
    row = ledger.one(
        figure("2026-01/2026-10", "158", O3, days_valid=300),
        figure("2025", "165", O3),
        indicator="臭氧浓度", indicator_code=O3, value="160",
    )  # fmt: skip
    assert (row["rest"], row["state"]) == (None, "达到序时进度")
    assert row["value"] == "158"


def test_the_rest_is_set_against_the_best_of_the_same_months_of_past_years(ledger):
    so_far = figure("2026-01/2026-10", "26.4", days_valid=300)
    past = [
        figure("2024-11", "20"), figure("2024-12", "22", days_valid=10),
        figure("2025-11", "30"), figure("2025-12", "30"),
        figure("2023-12", "5"),  # of 2023 November is not known
        figure("2024-10", "1"),
    ]  # fmt: skip
    row = ledger.one(so_far, *past)
    # 18.07 may be left; the best was (30 · 20 + 10 · 22) / 40 = 20.5.
    assert (row["state"], row["feasible"]) == ("滞后于序时进度", True)
    assert "严于往年同期最好水平20.50" in row["reason"]
    (row,) = ledger.judged(so_far, figure("2025-11", "15"), figure("2025-12", "17")).values()
    assert row["state"] == "存在风险"
    assert "往年同期最好水平16.02可以达到" in row["reason"]
    (row,) = ledger.judged(so_far, *past[:1], past[3]).values()
    assert "往年同期" not in row["reason"]


def test_counts_of_days_are_judged_before_the_year_ends(ledger):
    days = {"unit": "天", "indicator": "天数"}
    with ledger.write() as session:
        paper = plan(session)
        good = promise(session, paper, 1, **days, indicator_code="air.days.good",
                       comparator=">=", value="300")  # fmt: skip
        heavy = promise(session, paper, 2, **days, indicator_code="air.days.heavy",
                        comparator="<=", value="3")  # fmt: skip

    def found(good_days, heavy_days):
        return ledger.judged(
            figure("2026-01/2026-10", good_days, "air.days.good", unit="天", days_valid=300),
            figure("2026-01/2026-10", heavy_days, "air.days.heavy", unit="天", days_valid=300),
        )

    rows = found("270", "2")
    assert rows[good]["rest"] == "剩余61天中须有30天优良，还可超标31天"
    assert rows[heavy]["rest"] == "剩余61天中还可有1天重污染"
    assert (rows[good]["rest_allowed"], rows[heavy]["rest_allowed"]) == (31, 1)
    assert {row["state"] for row in rows.values()} == {"达到序时进度"}
    rows = found("238", "4")
    assert {row["state"] for row in rows.values()} == {"滞后于序时进度"}
    assert not any(row["feasible"] for row in rows.values())
    # A mean of places' counts is none of whole days.
    assert found("270.5", "2")[good]["rest"] is None


def test_the_figure_of_the_whole_year_is_judged_on_its_last_day(ledger):
    rows = [
        figure("2026-01/2026-11", "24", days_valid=334, roster="A"),
        figure("2026", "26", status="定版", ref="whole", roster="A"),
    ]
    row = ledger.one(*rows, at=date(2026, 12, 31), basis={"roster": "A"})
    assert (row["ref"], row["state"], row["part_period"]) == ("whole", "未完成", None)
    (row,) = ledger.judged(*rows, at=date(2026, 12, 30)).values()
    assert (row["value"], row["period"]) == ("24", "2026-01/2026-11")
    # One on another basis does not take the place of the months on the promised one.
    other = rows[1] | {"roster": "B"}
    (row,) = ledger.judged(rows[0], other, at=date(2026, 12, 31)).values()
    assert row["period"] == "2026-01/2026-11"


def test_months_and_another_year_are_not_the_year(ledger):
    row = ledger.one(figure("2026-10", "20"), figure("2025-01/2025-10", "20"))
    assert row["state"] == "暂无数据"


def test_a_year_that_is_over_is_not_judged_by_its_months(ledger):
    row = ledger.one(figure("2026-01/2026-11", "20", days_valid=330), at=date(2027, 1, 20))
    assert row["state"] == "暂无数据"
    (row,) = ledger.judged(figure("2026-01/2026-12", "20"), at=date(2027, 1, 20)).values()
    assert (row["state"], row["value"]) == ("已完成", "20")


def test_a_projection_is_shown_where_back_tests_allow_it(ledger):
    months = [
        figure(f"{year}-{month:02}", f"{30 - (year - 2023) + 8 * (month in (1, 2, 11, 12))}")
        for year in range(2023, 2027)
        for month in range(1, 13)
        if (year, month) <= (2026, 10)
    ]
    row = ledger.one(figure("2026-01/2026-10", "28.3", days_valid=300), *months, value="40")
    assert row["chance"] is not None
    assert "达标可能性" in row["reason"]
    few = ledger.judged(figure("2026-01/2026-10", "28.3", days_valid=300), *months[-3:])
    (row,) = few.values()
    assert row["chance"] is None


# ----------------------------------------------------------------------- what progress counts from


def test_the_base_value_is_the_plans_own_before_the_series(ledger):
    series = [figure("2025", "26"), figure("2026", "25.5")]
    with ledger.write() as session:
        paper = plan(session)
        promise(session, paper, 1, year=2030, value="21")
        promise(session, paper, 2, year=2025, kind="baseline", value="24.6", comparator="=")
        promise(session, paper, 3, year=2029, value="21", base_year=2025, base_value="28")
        promise(session, paper, 4, year=2030, value="21", status="rejected")
    found = ledger.judged(*series, at=date(2027, 2, 1))
    assert set(found) == {"qinghe-2030-001", "qinghe-2030-003"}
    by_plan, own = found["qinghe-2030-001"], found["qinghe-2030-003"]
    assert (by_plan["base_value"], by_plan["base_ref"]) == ("24.6", "qinghe-2030-002")
    assert (own["base_value"], own["base_ref"]) == ("28", "qinghe-2030-003")
    assert own["completion"] == pytest.approx(2.5 / 7)
    assert by_plan["state"] == "滞后于序时进度"


def test_a_change_counts_from_the_base_year_on_one_basis(ledger):
    more = {"indicator": "优良水体比例", "indicator_code": RIVERS, "unit": "pp", "base_year": 2024}
    rows = [
        figure("2024", "90.0", RIVERS, unit="%", roster="3641断面", ref="base"),
        figure("2024", "84.0", RIVERS, unit="%", roster="1940断面", ref="old", status="定版"),
        figure("2026", "93.0", RIVERS, unit="%", roster="3641断面"),
    ]
    row = ledger.one(*rows, at=date(2027, 2, 1), comparator="increase_by", value="3.2", **more)
    assert (row["goal"], row["base_ref"], row["state"]) == (93.2, "base", "未完成")
    (row,) = ledger.judged(rows[1], rows[2], at=date(2027, 2, 1)).values()
    assert row["state"] == "口径不一致"
    assert "1940断面" in row["reason"]


def test_deferred_targets_wait_until_a_paper_sets_them(ledger):
    with ledger.write() as session:
        code = promise(session, plan(session), 1, kind="deferred", comparator=None, value=None)
    assert ledger.judged(figure("2026", "24"), at=date(2027, 1, 31))[code]["state"] == "待下达"
    with ledger.write() as session:
        targets.set_target(session, indicator=PM25, region=CITY, year=2026, value="≤24.5",
                           source="省下达〔2026〕5号", commitment=code)  # fmt: skip
    found = ledger.judged(figure("2026", "24"), at=date(2027, 1, 31))
    assert (found[code]["state"], found[code]["goal"]) == ("已完成", 24.5)
    assert "省下达〔2026〕5号" in found[code]["remark"]
    with ledger.write() as session:
        targets.set_target(session, indicator=PM25, region=CITY, year=2026, value="≤23",
                           source="另文", commitment=code)  # fmt: skip
    found = ledger.judged(figure("2026", "24"), at=date(2027, 1, 31))[code]
    assert found["state"] == "待下达"
    assert "不一致" in found["remark"]


def test_targets_of_years_stand_beside_the_promise(ledger):
    with ledger.write() as session:
        code = promise(session, plan(session), 1, year=2030, value="21", nature="约束性")
        for year, value in ((2025, "27"), (2026, "26"), (2027, "25")):
            targets.set_target(session, indicator=PM25, region=CITY, year=year, value=f"≤{value}",
                               source="年度计划", commitment=code)  # fmt: skip
        targets.set_target(session, indicator=PM25, region=CITY, year=2026, value="≤24", month=10)
        targets.set_target(session, indicator=PM25, region=CITY, year=2026, value="≤24", month=9)
    found = ledger.judged(
        figure("2025", "26.8"), figure("2026-01/2026-10", "25.5", days_valid=304),
        figure("2026-10", "23"),
    )  # fmt: skip
    annual = {row["year"]: row for row in found.values() if row["kind"] == "annual"}
    assert set(annual) == {2025, 2026}
    assert (annual[2025]["state"], annual[2025]["nature"]) == ("已完成", "约束性")
    assert annual[2026]["state"] == "达到序时进度"
    assert annual[2026]["commitment"] == code
    (month,) = [row for row in found.values() if row["kind"] == "month"]
    assert (month["month"], month["value"], month["state"]) == (10, "23", "已完成")


def test_counts_go_by_reports_of_units_and_need_evidence(ledger):
    with ledger.write() as session:
        paper = plan(session)
        count = promise(session, paper, 1, kind="count", indicator="口袋公园", indicator_code=None,
                        comparator=">=", value="72", unit="个", year=2027)  # fmt: skip
        thing = promise(session, paper, 2, kind="milestone", indicator="建成监测中心",
                        indicator_code=None, comparator=None, value=None, unit=None)  # fmt: skip
        work.report(session, count, "2026-10", who="李四", values={"rate": "50"})
        work.report(session, thing, "2026-11", who="李四", values={"state": "done"})
    found = ledger.judged()
    row = found[count]
    # 50 % of the work by October of the first of two years, of which 10/24 are due.
    assert (row["state"], row["completion"], row["target"]) == ("达到序时进度", 0.5, "72")
    assert row["ahead"] == pytest.approx(100 * (0.5 - 10 / 24))
    assert (row["source"], row["period"]) == ("progress", "2026-10")
    assert (found[thing]["state"], "缺佐证" in found[thing]["reason"]) == ("存在风险", True)
    with ledger.write() as session:
        work.report(session, thing, "2026-11", who="李四", values={"evidence": "验收意见.pdf"})
    assert ledger.judged()[thing]["state"] == "已完成"
    assert ledger.judged(at=date(2026, 9, 30))[thing]["state"] == "暂无数据"


def test_a_region_holds_its_places_and_a_plan_its_targets(ledger):
    with ledger.write() as session:
        mine = promise(session, plan(session), 1)
        other = promise(session, plan(session, "gz"), 1, region="广州市", region_code="440100")
    assert set(ledger.judged(region="清远市")) == {mine}
    assert set(ledger.judged(region="广东省")) == {mine, other}
    assert set(ledger.judged(document="gz")) == {other}
    with pytest.raises(ShanshuiError, match="nowhere"):
        ledger.judged(document="nowhere")


def test_a_promise_that_cannot_be_read_says_so_and_stops_no_other(ledger):
    with ledger.write() as session:
        paper = plan(session)
        bad = promise(session, paper, 1, comparator=None)
        good = promise(session, paper, 2)
    found = ledger.judged(figure("2026", "24"), at=date(2027, 1, 31))
    assert found[good]["state"] == "已完成"
    assert (found[bad]["state"], found[bad]["reason"][:5]) == ("暂无数据", "不能评价：")


def test_every_state_is_reached_and_only_the_eight(ledger):
    with ledger.write() as session:
        paper = plan(session)
        for n, (value, year) in enumerate([("25", 2026), ("20", 2026), ("27", 2030), ("21", 2030),
                                           ("24.6", 2030)]):  # fmt: skip
            promise(session, paper, n, value=value, year=year, base_year=2025, base_value="28")
        promise(session, paper, 11, kind="deferred", comparator=None, value=None)
        promise(session, paper, 12, basis={"state": "标况"})
        promise(session, paper, 13, indicator_code=O3)
    found = ledger.judged(figure("2026", "24.9", state="实况"), at=date(2027, 3, 1))
    had = {row["state"] for row in found.values()}
    assert had <= set(STATES)
    assert had == {"已完成", "未完成", "达到序时进度", "待下达", "口径不一致", "暂无数据"}


def test_the_same_as_the_single_judgement(ledger):
    """Standings of the platform are those of `shanshui.progress` on the figures that it chose."""
    with ledger.write() as session:
        paper = plan(session)
        for n in range(40):
            promise(session, paper, n, year=2026 + n % 5, value=str(18 + n % 11),
                    comparator=("<=", "<", "=", "~")[n % 4])  # fmt: skip
    rows = [figure(str(y), f"{33 - (y - 2020) * 1.3:.1f}", ref=str(y)) for y in range(2020, 2027)]
    for row in ledger.judged(*rows, at=date(2027, 2, 1)).values():
        number = next(r for r in rows if r["ref"] == row["ref"])
        alone = standing(
            Commitment(row["comparator"], row["target"], "µg/m3", row["year"], better="lower",
                       decimals=1),
            Figure(number["value"], int(number["period"]), "µg/m3"),
            Figure("26.5", 2025, "µg/m3") if row["year"] > 2026 else None,
            at=date(2027, 2, 1),
        )  # fmt: skip
        assert (row["state"], row["reason"]) == (alone.state, alone.reason)
        assert row["gap"] == (None if alone.gap is None else float(alone.gap))


# -------------------------------------------------------------------------------------- the history


def test_the_same_standings_are_kept_once_and_a_change_has_its_date(ledger):
    with ledger.write() as session:
        code = promise(session, plan(session), 1, year=2030, value="21", base_year=2025)
    book = ledger.workspace.ledger
    at = {date(2026, 9, 30): "24", date(2026, 10, 31): "28", date(2026, 11, 20): "28"}
    for day, base in at.items():
        rows = figures(figure("2024", "29"), figure("2025", base))
        found = standings.at(ledger.workspace, day, figures=rows)
        assert history.keep(book, found, day, who="张三").new
        assert not history.keep(book, found, day, who="李四").new
    with book.read() as session:
        kept = history.read(session)
        assert session.query(models.StandingRun).count() == 3
        audited = session.query(models.Audit).filter_by(subject="standing_runs").count()
        assert audited == 3
        run = session.query(models.StandingRun).first()
        assert (run.targets, sum(run.counts.values()), run.made_by) == (1, 1, "张三")
    assert kept["day"].to_list() == list(at)
    assert kept["value"].to_list() == ["24", "28", "28"]
    assert history.before(kept, DAY).row(0, named=True)["id"] == code


def test_a_later_run_of_a_day_counts_and_what_was_so_before_may_come_back(ledger):
    with ledger.write() as session:
        promise(session, plan(session), 1)
    book, day = ledger.workspace.ledger, date(2027, 2, 1)
    for value, state in (("24", "已完成"), ("26", "未完成"), ("24", "已完成")):
        found = standings.at(ledger.workspace, day, figures=figures(figure("2026", value)))
        assert history.keep(book, found, day, who="张三").new
        with book.read() as session:
            assert history.read(session)["state"].to_list() == [state]


def test_since_when_a_state_stands():
    days = [date(2026, month, 28) for month in range(5, 12)]
    states = ["a", "b", "b", "a", "a", "c", "c"]
    kept = pl.DataFrame({"id": ["x"] * 7, "day": days, "state": states})
    row = history.before(kept, date(2026, 11, 30)).row(0, named=True)
    assert (row["since"], row["before"]) == (date(2026, 10, 28), "c")
    row = history.before(kept, date(2026, 9, 30)).row(0, named=True)
    assert (row["since"], row["before"], row["before_day"]) == (
        date(2026, 8, 28), "a", date(2026, 8, 28)
    )  # fmt: skip


def test_an_interrupted_keep_leaves_nothing(ledger):
    with ledger.write() as session:
        promise(session, plan(session), 1)
    found = standings.at(ledger.workspace, DAY, figures=figures(figure("2025", "24")))
    broken = pl.concat([found, found])  # the same target twice: the second is refused
    with pytest.raises(ShanshuiError):
        history.keep(ledger.workspace.ledger, broken, DAY, who="张三")
    with ledger.workspace.ledger.read() as session:
        assert session.query(models.StandingRun).count() == 0
        assert history.read(session).is_empty()


def test_a_recorded_time_is_kept_with_the_run(ledger):
    with ledger.write() as session:
        promise(session, plan(session), 1)
    known = datetime(2026, 11, 1, tzinfo=UTC)
    found = standings.at(ledger.workspace, DAY, figures=figures(figure("2025", "24")), as_of=known)
    history.keep(ledger.workspace.ledger, found, DAY, who="张三", known=known)
    with ledger.workspace.ledger.read() as session:
        assert session.query(models.StandingRun).one().known == known


# ----------------------------------------------------------------------------- with measured values


def test_measured_figures_answer_and_each_reference_opens(ledger):
    """From hours in the lake to a standing whose figure `shanshui explain` computes once more."""
    workspace = ledger.workspace
    workspace.lake.store(hours(datetime(2026, 10, 1, 1), datetime(2026, 11, 1)), source="小时值")
    enrol(workspace)
    assess.run(workspace)
    with ledger.write() as session:
        code = promise(session, plan(session), 1, region="清远市", region_code="441800",
                       value="60")  # fmt: skip
    found = standings.at(workspace, DAY)
    (row,) = found.iter_rows(named=True)
    result = results.find(workspace, row["ref"])
    assert (row["id"], row["period"], row["source"]) == (code, "2026-01/2026-10", "monitored")
    assert (row["value"], row["status"]) == (result["value"], "实时")
    assert "roster=guokong@2026" in row["basis"]
    assert f"剩余{(date(2026, 12, 31) - date(2026, 10, 31)).days}天" in row["rest"]
    # The valid days are those of the result, not those of the calendar.
    least = Fraction("60.05") * (result["days_valid"] + 61)
    least -= Fraction(row["value"]) * result["days_valid"]
    assert row["rest_value"] == pytest.approx(float(least / 61))
    assert lineage.explain(workspace, row["ref"]).recomputed["equal"]


# ------------------------------------------------------------------------- what other sources say


def told(ledger, *rows, **more):
    """Judge one promise on 2026's value; give its remark and the other figures."""
    row = ledger.one(*rows, at=date(2027, 2, 1), **more)
    return row["remark"], [(one["source"], one["value"], one["ref"]) for one in row["others"] or ()]


LIVE = {"status": "实时", "ref": "live"}
TOLD = {"source": "published", "status": "公布", "confidence": "A", "ref": "bulletin"}
FILED = {"source": "reported", "status": "已审", "ref": "reported:1"}


def test_a_monitored_value_that_differs_from_the_published_one_is_told(ledger):
    remark, rows = told(ledger, figure("2026", "33.1", **LIVE), figure("2026", "32.0", **TOLD))
    assert remark == "监测（实时）为33.1，与所用公布值32.0不同"
    assert rows == [("monitored", "33.1", "live")]


def test_every_source_is_told_once_by_its_best_figure(ledger):
    remark, rows = told(
        ledger,
        figure("2026", "30.9", **TOLD | {"confidence": "B", "ref": "b"}),
        figure("2026", "31.0", **TOLD),
        figure("2026", "31.5", **FILED),
        figure("2026", "32.5", status="定版", ref="final"),
        figure("2026", "32.6", **LIVE),
        figure("2025", "40", **TOLD),
        figure("2026-12", "50", **TOLD),
    )
    assert (
        remark == "公布（A）为31.0，与所用监测值32.5不同；填报（已审）为31.5，与所用监测值32.5不同"
    )
    assert [one[2] for one in rows] == ["bulletin", "reported:1"]


@pytest.mark.parametrize(
    ("other", "used"),
    [("32", "32.0"), ("32.00", "32.0"), ("032.0", "32"), ("0", "-0.0"), ("1200", "1200.0")],
)
def test_equal_numbers_are_not_told_however_they_are_written(ledger, other, used):
    remark, rows = told(ledger, figure("2026", other, **LIVE), figure("2026", used, **TOLD))
    assert (remark, rows) == ("", [])


@pytest.mark.parametrize("other", ["32.01", "3.2", "320", "-32", "3200"])
def test_other_numbers_are_told_however_little_they_differ(ledger, other):
    remark, rows = told(ledger, figure("2026", other, **LIVE), figure("2026", "32.00", **TOLD))
    assert f"为{other}，" in remark
    assert len(rows) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"dust": "不扣沙"},
        {"roster": "guokong@2026"},
        {"state": "标况"},
        {"unit": "mg/m3"},
        {"region": "441800"},
        {"period": "2026-01/2026-11"},
        {"status": "草稿", "source": "reported"},
    ],
)
def test_what_is_of_another_thing_or_basis_is_not_told(ledger, other):
    stated = {"dust": "扣沙", "roster": "国控点2021", "state": "实况"}
    remark, rows = told(
        ledger,
        figure("2026", "33.1", **LIVE) | other,
        figure("2026", "32.0", **TOLD, **stated),
    )
    assert (remark, rows) == ("", [])


def test_a_source_that_has_the_value_on_some_basis_does_not_differ(ledger):
    """The published value does not say whether dust is removed; one of the two ways has it."""
    remark, rows = told(
        ledger,
        figure("2026", "31.0", dust="扣沙（比例不扣）", **LIVE),
        figure("2026", "32.0", dust="不扣沙", **LIVE),
        figure("2026", "32.0", **TOLD),
    )
    assert (remark, rows) == ("", [])


def test_the_months_so_far_are_set_beside_each_other_too(ledger):
    row = ledger.one(
        figure("2026-01/2026-10", "26.4", days_valid=300, **LIVE),
        figure("2026-01/2026-10", "26.0", **TOLD),
    )
    assert row["part_value"] == "26.0"
    assert "监测（实时）为26.4，与所用公布值26.0不同" in row["remark"]


def test_others_are_found_in_columns_as_one_by_one(ledger):
    """Many promises at once, against a loop over all figures."""
    with ledger.write() as session:
        paper = plan(session)
        codes = [promise(session, paper, n, year=2026 + n % 3) for n in range(30)]
    sources = [LIVE, TOLD, FILED]
    rows = [
        figure(str(year), f"{20 + (7 * n + year) % 3}.{'0' * (n % 3 + 1)}",
               dust=(None, "扣沙", "不扣沙")[n % 3], **sources[n % 2 if year % 2 else n % 3])
        for year in (2024, 2025, 2026)
        for n in range(6)
    ]  # fmt: skip
    for n, one in enumerate(rows):
        one["ref"] = f"r{n}"
    found = ledger.judged(*rows, at=date(2027, 2, 1))
    by_ref = {one["ref"]: one for one in rows}
    rank = {"定版": 0, "A": 1, "已审": 2, "实时": 4}
    seen = 0
    for code in codes:
        row = found[code]
        used = by_ref[row["ref"]]
        expected = {}
        for source in ("monitored", "published", "reported"):
            mine = [
                one for one in rows
                if one["source"] == source != used["source"] and one["period"] == used["period"]
                and (one["dust"] == used["dust"] or None in (one["dust"], used["dust"]))
            ]  # fmt: skip
            if mine and all(Fraction(one["value"]) != Fraction(used["value"]) for one in mine):
                best = min(rank[one.get("confidence") or one["status"]] for one in mine)
                expected[source] = {
                    one["value"] for one in mine
                    if rank[one.get("confidence") or one["status"]] == best
                }  # fmt: skip
        told_of = {one["source"]: one["value"] for one in row["others"] or ()}
        assert set(told_of) == set(expected)
        assert all(told_of[source] in expected[source] for source in told_of)
        seen += len(told_of)
    assert seen

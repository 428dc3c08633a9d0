"""Standings in the year, by schedules, ranges, evidence, rounding and chance."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shanshui.progress import (
    AnnualTarget,
    Commitment,
    Figure,
    Projection,
    SoFar,
    remaining,
    remaining_percentile,
    standing,
    thresholds,
)
from shanshui.progress._exact import moment, plain, rounded
from shanshui.standards import Basis, ShanshuiError, round_half_even

PM25 = Commitment("<=", 25, "µg/m3", 2026, better="lower", decimals=0)
GOOD = Commitment(">=", "88.0", "%", 2026, better="higher")
PARKS = Commitment(">=", 72, "个", 2030, base_year=2025, better="higher", lasting=True)


def part(value: object, through: date, **more: object) -> SoFar:
    whole = (date(through.year, 12, 31) - date(through.year, 1, 1)).days + 1
    done = (through - date(through.year, 1, 1)).days + 1
    asked = {"done": done, "left": whole - done, "unit": "µg/m3"} | more
    return SoFar(value, through, **asked)


# --- numbers ---------------------------------------------------------------------------------


@given(st.fractions(-1000, 1000), st.integers(0, 4))
def test_rounding_and_writing_are_those_of_gb_t_8170(value: Fraction, digits: int) -> None:
    assert rounded(value, digits) == Fraction(round_half_even(value, digits))
    assert Fraction(plain(value, digits)) == Fraction(round_half_even(value, digits))
    assert Fraction(plain(value)) == Fraction(round_half_even(value, 4))


@given(st.dates(date(2000, 1, 1), date(2099, 12, 30)))
def test_moments_run_with_the_calendar(day: date) -> None:
    assert moment(day) < moment(day + timedelta(days=1))
    assert moment(date(day.year, 12, 31)) == day.year + 1


def test_the_rounding_of_the_evaluation_decides_and_is_said() -> None:
    met = standing(PM25, Figure("25.4", 2026, "µg/m3"))
    assert (met.state, met.value, met.gap) == ("已完成", 25, 0)
    assert "25.4（修约25）" in met.reason
    assert "25.4 (rounded 25)" in met.reason_en
    assert standing(PM25, Figure("25.5", 2026, "µg/m3")).state == "未完成"  # a tie: 26
    even = Commitment("<=", 26, "µg/m3", 2026, decimals=0)
    assert standing(even, Figure("26.5", 2026, "µg/m3")).state == "已完成"  # a tie: 26
    plainly = Commitment("<=", 25, "µg/m3", 2026)
    assert standing(plainly, Figure("25.4", 2026, "µg/m3")).state == "未完成"


# --- counts, schedules, milestones -----------------------------------------------------------


def test_a_count_is_set_against_the_calendar() -> None:
    base = Figure(0, 2025, "个")
    late = standing(PARKS, Figure(9, 2026, "个", day=date(2026, 9, 30)), base)
    assert (late.completion, late.due) == (Fraction(1, 8), Fraction(3, 20))
    assert late.ahead == Fraction(-5, 2)
    assert late.state == "存在风险"
    assert late.reason == (
        "截至2026-09-30累计9，完成率12.5%，序时进度15.0%，落后序时进度2.5个百分点"
    )
    early = standing(PARKS, Figure(18, 2026, "个", day=date(2026, 9, 30)), base)
    assert (early.state, early.ahead) == ("达到序时进度", 10)
    assert "超过序时进度10.0个百分点" in early.reason
    assert "10.0 points ahead" in early.reason_en
    assert standing(PARKS, Figure(72, 2028, "个"), base).state == "已完成"


def test_a_stated_schedule_takes_the_place_of_the_line() -> None:
    paced = Commitment(
        ">=", 72, "个", 2030, lasting=True,
        schedule=((date(2026, 12, 31), 5), (date(2028, 12, 31), 45)),
    )  # fmt: skip
    mid = standing(paced, Figure(20, 2027, "个"), Figure(0, 2025, "个"))
    assert (mid.required, mid.state) == (25, "存在风险")
    assert standing(paced, Figure(25, 2027, "个")).state == "达到序时进度"  # no baseline needed
    assert standing(paced, Figure(1, 2026, "个", day=date(2026, 3, 31))).state == "达到序时进度"
    with pytest.raises(ShanshuiError, match="in order"):
        Commitment(">=", 9, schedule=((date(2027, 1, 1), 1), (date(2026, 1, 1), 2)))


def test_less_than_at_the_start_lags_even_where_nothing_is_due() -> None:
    promise = Commitment("<=", 20, "%", 2030, schedule=((date(2027, 12, 31), 30),))
    base = Figure(30, 2025, "%")
    assert standing(promise, Figure(31, 2026, "%"), base).state == "滞后于序时进度"
    assert standing(promise, Figure(30, 2026, "%"), base).state == "达到序时进度"


def test_a_milestone_is_done_only_with_evidence() -> None:
    plant = Commitment.of_milestone(2026, deadline=date(2026, 6, 30))

    def reported(value: int, day: date, *evidence: str) -> Figure:
        return Figure(value, day.year, "%", day=day, evidence=evidence)

    may, july = date(2026, 5, 31), date(2026, 7, 31)
    assert standing(plant, reported(100, may, "竣工验收意见.pdf")).state == "已完成"
    unproven = standing(plant, reported(100, may))
    assert (unproven.state, unproven.gap) == ("存在风险", None)
    assert "缺佐证" in unproven.reason
    assert standing(plant, reported(100, may), at=july).state == "未完成"
    assert standing(plant, reported(60, may)).state == "达到序时进度"
    assert standing(plant, reported(60, july)).state == "未完成"
    assert standing(plant, reported(60, may), at=july).state == "暂无数据"
    assert standing(plant).state == "暂无数据"
    stepped = Commitment.of_milestone(2026, schedule=((date(2026, 5, 31), 80),))
    assert standing(stepped, reported(40, may)).state == "滞后于序时进度"


def test_a_count_that_needs_evidence() -> None:
    units = Commitment(">=", 3, "个", 2026, lasting=True, evidence=True)
    assert standing(units, Figure(3, 2026, "个")).state == "未完成"
    assert standing(units, Figure(3, 2026, "个", evidence=("名单.docx",))).state == "已完成"


# --- ranges, stretch, deferred ---------------------------------------------------------------


def test_a_range_is_met_between_its_ends() -> None:
    asked = Commitment("=", 40, "%", 2027, value_to=50)
    states = {v: standing(asked, Figure(v, 2027, "%")).state for v in (39, 40, 45, 50, 51)}
    assert list(states.values()) == ["未完成", "已完成", "已完成", "已完成", "未完成"]
    assert standing(asked, Figure(52, 2027, "%")).gap == 2
    assert "目标40—50" in standing(asked, Figure(45, 2027, "%")).reason
    down = standing(asked, Figure(56, 2026, "%"), Figure(60, 2025, "%"))
    assert (down.required, down.state) == (55, "存在风险")  # to the nearer end
    rising = Commitment("=", 40, "%", 2027, better="higher", value_to=50)
    assert standing(rising, Figure(51, 2027, "%")).state == "已完成"
    assert standing(rising, Figure(39, 2027, "%")).gap == 1
    falling = Commitment("=", 50, "%", 2027, better="lower", value_to=40)
    assert standing(falling, Figure(50, 2027, "%")).state == "已完成"
    assert standing(falling, Figure(51, 2027, "%")).state == "未完成"
    with pytest.raises(ShanshuiError, match="range"):
        Commitment(">=", 40, "%", 2027, value_to=50)


@given(value=st.integers(0, 100), year=st.sampled_from([2026, 2027]))
def test_what_is_striven_for_never_changes_the_state(value: int, year: int) -> None:
    plainly = Commitment(">=", 45, "%", 2027, better="higher")
    striving = Commitment(">=", 45, "%", 2027, better="higher", stretch=55)
    base = Figure(30, 2025, "%")
    alone = standing(plainly, Figure(value, year, "%"), base)
    both = standing(striving, Figure(value, year, "%"), base)
    assert (both.state, both.gap, both.goal) == (alone.state, alone.gap, alone.goal)
    assert both.stretch_met == (value >= 55)
    assert both.stretch_gap == max(0, 55 - value)
    assert both.reason.startswith(alone.reason)
    assert "力争55" in both.reason


def test_a_deferred_promise_takes_the_value_that_is_handed_down() -> None:
    waiting = Commitment(None, None, "%", 2030, region="青禾县", better="higher")
    figure = Figure("87.9", 2026, "%", "青禾县")
    assert standing(waiting, figure).state == "待下达"
    handed = AnnualTarget(">=", "88.0", 2026, source="青禾环〔2026〕1号")
    found = standing(waiting, figure, target=handed)
    assert (found.state, found.gap) == ("未完成", Fraction(1, 10))
    assert found.reason.endswith("目标依据：青禾环〔2026〕1号")
    better = AnnualTarget("increase_by", "3.2", 2026, "pp", base_year=2024)
    base = Figure("84.6", 2024, "%", "青禾县")
    assert standing(waiting, figure, base, target=better).goal == Fraction("87.8")
    assert standing(waiting, figure, base, target=better).state == "已完成"


def test_a_year_on_the_way_is_judged_by_its_own_value() -> None:
    path = ((date(2028, 12, 31), 32),)
    promise = Commitment(
        "<=", 30, "µg/m3", 2030, deadline=date(2030, 6, 30), stretch=28, schedule=path
    )
    own = promise.set_by(AnnualTarget("<=", 33, 2026))
    assert (own.year, own.end, own.stretch) == (2026, date(2026, 12, 31), None)
    assert own.schedule == ()
    assert promise.set_by(AnnualTarget("<=", 30, 2030)).end == date(2030, 6, 30)
    assert promise.set_by(AnnualTarget("<=", 30, 2030)).schedule == path
    assert standing(own, Figure(32, 2026, "µg/m3")).state == "已完成"


# --- as of a date ----------------------------------------------------------------------------


def test_nothing_later_than_the_date_is_judged_and_an_old_figure_is_no_answer() -> None:
    promise = Commitment("<=", 30, "µg/m3", 2026)
    later = standing(promise, Figure(29, 2026, "µg/m3"), at=date(2026, 11, 20))
    assert (later.state, later.gap) == ("暂无数据", None)
    assert "晚于评价日" in later.reason
    due = standing(promise, Figure(31, 2025, "µg/m3"), Figure(33, 2024), at=date(2027, 1, 5))
    assert (due.state, due.gap) == ("暂无数据", 1)
    assert "已于2026-12-31到期" in due.reason
    early = standing(promise, so_far=part(29, date(2026, 9, 30)), at=date(2026, 9, 29))
    assert early.state == "暂无数据"
    with pytest.raises(ShanshuiError, match="is not in 2026"):
        Figure(1, 2026, day=date(2025, 1, 1))
    with pytest.raises(ShanshuiError, match="is not in the target's year"):
        Commitment("<=", 1, year=2026, deadline=date(2025, 1, 1))


# --- in the year -----------------------------------------------------------------------------


def test_the_course_of_last_year_is_the_path() -> None:
    """Last year 26 to September and 28 in all; 25.5 asked with rounding: 26 × 25.5 / 28 = 23.68."""
    day = date(2026, 9, 30)

    def found(value: object) -> object:
        return standing(PM25, so_far=part(value, day, same=26, last_year=28))

    kept = found("23.4")
    assert (kept.state, kept.required) == ("达到序时进度", Fraction(26 * 25, 28))
    assert kept.change == Fraction(-300, 26)
    assert "1—9月累计23.4（修约23）（目标25）" in kept.reason
    assert "同比下降11.5%" in kept.reason
    assert "剩余92天均值需控制在" in kept.reason
    risky = found("24.4")
    assert (risky.state, risky.pace) == ("存在风险", Fraction(2) / (26 - Fraction(650, 28)))
    assert found("25.4").state == "滞后于序时进度"


def test_on_the_edges_of_the_path() -> None:
    on_it = part(25, date(2026, 9, 30), same=26, last_year=26)
    assert standing(PM25, so_far=on_it).state == "达到序时进度"
    promise, base = Commitment("<=", 30, "µg/m3", 2027), Figure("33.0", 2024, "µg/m3")
    assert standing(promise, Figure("32.4", 2025, "µg/m3"), base).pace == Fraction(3, 5)
    assert standing(promise, Figure("32.4", 2025, "µg/m3"), base).state == "存在风险"
    assert standing(promise, Figure("32.5", 2025, "µg/m3"), base).state == "滞后于序时进度"


def test_by_points_for_ratios() -> None:
    day = date(2026, 9, 30)
    so_far = SoFar("89.0", day, 273, 92, counted=243, unit="%", same="88.0", last_year="87.2")
    found = standing(GOOD, so_far=so_far)
    assert (found.required, found.change) == (Fraction("88.8"), 1)
    assert found.state == "达到序时进度"
    assert "同比提高1.0个百分点" in found.reason
    assert found.rest == remaining("88.0", done=273, left=92, days=243, comparator=">=")
    assert "剩余92天最多还可有13个超标天" in found.reason


def test_settled_and_lost_come_before_everything() -> None:
    day = date(2026, 12, 20)
    sure = Projection(2026, day, 40, 20.0, 19.0, 21.0, Fraction(1))
    lost = standing(PM25, so_far=part("40", day), projection=sure)
    assert (lost.state, lost.chance) == ("滞后于序时进度", None)
    assert "已无法达到目标" in lost.reason
    good = SoFar(95, day, 354, 11, counted=336, unit="%")
    safe = standing(Commitment(">=", 80, "%", 2026), so_far=good)
    assert (safe.state, safe.rest.safe) == ("达到序时进度", True)


def test_a_rest_beyond_the_best_of_past_years_lags() -> None:
    day = date(2026, 11, 20)
    far = standing(Commitment("<=", 30, "µg/m3", 2026), so_far=part("32", day, best="16.2"))
    assert (far.rest.feasible, far.rest.plausible, far.state) == (True, False, "滞后于序时进度")
    assert "严于往年同期最好水平16.20" in far.reason
    near = standing(Commitment("<=", 30, "µg/m3", 2026), so_far=part("32", day, best="10"))
    assert near.state == "存在风险"
    assert "累计值未达目标" in near.reason


@pytest.mark.parametrize(
    ("chance", "state"),
    [
        (Fraction(8, 10), "达到序时进度"),
        (Fraction(79, 100), "存在风险"),
        (Fraction(1, 2), "存在风险"),
        (Fraction(49, 100), "滞后于序时进度"),
    ],
)
def test_the_chance_gives_the_state_where_there_is_one(chance: Fraction, state: str) -> None:
    day = date(2026, 9, 30)
    guess = Projection(2026, day, 40, 24.6, 23.1, 26.0, chance)
    found = standing(PM25, so_far=part("23.4", day, same=26, last_year=28), projection=guess)
    assert (found.state, found.chance) == (state, chance)
    assert "达标可能性" in found.reason
    other = Projection(2027, day, 40, 24.6, 23.1, 26.0, chance)
    assert standing(PM25, so_far=part("23.4", day), projection=other).chance is None
    years = Commitment("<=", 25, "µg/m3", 2026)
    base, now = Figure(30, 2024, "µg/m3"), Figure(27, 2025, "µg/m3")
    assert standing(years, now, base, projection=guess).state == state
    quiet = Projection(2026, day, 3, silence="历史仅3个月", silence_en="3 months")
    silent = standing(years, now, base, projection=quiet)
    assert silent.state == "达到序时进度"  # by the line: 27.5
    assert silent.reason.endswith("不作预测：历史仅3个月")
    assert thresholds().on_track == Fraction(4, 5)
    with pytest.raises(ShanshuiError, match="is of 24, not of 25"):
        standing(years, now, base, projection=replace(guess, target=Fraction(24)))
    assert standing(years, now, base, projection=replace(guess, target=Fraction(25))).state == state


def test_sections_and_percentiles_in_the_year() -> None:
    sections = Commitment(">=", "90.0", "%", 2026, decimals=1)
    so_far = SoFar(
        Fraction(100 * 133, 149), date(2026, 9, 30), 149, 0, counted=133, count="sections", unit="%"
    )
    found = standing(sections, so_far=so_far)
    assert (found.state, found.rest.allowed) == ("存在风险", -2)
    assert "还须有2个断面转为达标" in found.reason
    with pytest.raises(ShanshuiError, match="ratio of sections"):
        SoFar(90, date(2026, 9, 30), 149, 3, counted=133, count="sections")
    ozone = Commitment("<=", 160, "µg/m3", 2026)
    rest = remaining_percentile(160, 90, [150] * 263 + [170] * 10, left=92)
    found = standing(ozone, so_far=part(150, date(2026, 9, 30)), rest=rest)
    assert (found.rest, found.state) == (rest, "达到序时进度")
    assert "最多还可有26天超过160" in found.reason
    exactly = standing(Commitment("=", 5, "µg/m3", 2026), so_far=part(5, date(2026, 9, 30)))
    assert (exactly.rest, exactly.state) == (None, "达到序时进度")


def test_a_whole_year_is_its_figure_and_bases_must_agree() -> None:
    whole = part("25.4", date(2026, 12, 31))
    assert standing(PM25, so_far=whole).state == "已完成"
    assert standing(PM25, so_far=whole).reason == "2026年25.4（修约25），达到目标25"
    stated = Commitment("<=", 25, "µg/m3", 2026, basis=Basis(state="实况"))
    other = part(20, date(2026, 9, 30), basis=Basis(state="标况"))
    assert standing(stated, so_far=other).state == "口径不一致"
    early = standing(Commitment("<=", 25, "µg/m3", 2030), Figure(26, 2025, "µg/m3"),
                     Figure(30, 2024, "µg/m3"), so_far=part(20, date(2026, 9, 30)))  # fmt: skip
    assert early.value == 26  # a later target is not judged by part of a year


def test_a_year_before_last_year_was_better_already() -> None:
    """Last year's course leads below the goal: no progress is due, only room to be kept."""
    day = date(2026, 9, 30)
    found = standing(Commitment("<=", 30, "µg/m3", 2026),
                     so_far=part(29, day, same=20, last_year=25))  # fmt: skip
    assert (found.required, found.pace, found.state) == (24, None, "存在风险")
    worse = standing(Commitment("<=", 30, "µg/m3", 2026),
                     so_far=part(31, day, same=20, last_year=25))  # fmt: skip
    assert worse.state == "滞后于序时进度"

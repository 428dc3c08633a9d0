"""The remaining control value and the standing of a target, against brute force and by hand."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shanshui.progress import STATES, Commitment, Figure, remaining, standing
from shanshui.standards import Basis, ShanshuiError, round_half_even

COMPARE = {
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
}
TINY = Fraction(1, 10**9)


def meets(figure: Fraction, target: Fraction, comparator: str, digits: int | None) -> bool:
    """Judge a figure of a whole period the slow way: round it as printed, then compare."""
    shown = figure if digits is None else Fraction(round_half_even(figure, digits))
    return COMPARE[comparator](shown, target)


# --- remaining -------------------------------------------------------------------------------


def test_the_published_case_of_july_2020() -> None:
    rest = remaining(57, mean=58, done=209, left=157)
    assert rest.value == Fraction(8740, 157)
    assert round_half_even(rest.value, 2) == Decimal("55.67")
    assert (rest.feasible, rest.safe, rest.strict, rest.allowed) == (True, False, False, None)
    assert rest.text() == "剩余157天均值需控制在55.67以内（修约56）"
    assert rest.text("en") == "the remaining 157 days must average at most 55.67 (rounded 56)"


@pytest.mark.parametrize(
    ("target", "limit", "strict"),
    [(57, "57.5", True), (56, "56.5", False)],  # a tie goes to the even figure
)
def test_a_printed_figure_has_half_a_unit_of_room(target: int, limit: str, *, strict: bool) -> None:
    rest = remaining(target, done=0, left=366, digits=0)
    assert (rest.value, rest.strict) == (Fraction(limit), strict)
    assert ("低于" in rest.text()) == strict


@given(
    target=st.integers(0, 2000),
    scale=st.sampled_from([1, 10, 100]),
    mean=st.integers(0, 3000),
    done=st.integers(0, 366),
    left=st.integers(1, 366),
    comparator=st.sampled_from(sorted(COMPARE)),
    digits=st.sampled_from([None, 0, 1]),
)
def test_the_control_value_is_the_very_edge(
    target: int,
    scale: int,
    mean: int,
    done: int,
    left: int,
    comparator: str,
    digits: int | None,
) -> None:
    goal, so_far = Fraction(target, scale), Fraction(mean, scale)
    rest = remaining(goal, mean=so_far, done=done, left=left, comparator=comparator, digits=digits)

    def outcome(value: Fraction) -> bool:
        whole_year = (so_far * done + value * left) / (done + left)
        return meets(whole_year, goal, comparator, digits)

    inside = -TINY if comparator[0] == "<" else TINY
    assert outcome(rest.value) is not rest.strict
    assert outcome(rest.value + inside)
    assert not outcome(rest.value - inside)
    if comparator[0] == "<":
        assert rest.feasible == outcome(Fraction(0))
        assert not rest.safe  # a concentration has no upper end
    else:
        assert rest.feasible
        assert rest.safe == outcome(Fraction(0))


@given(
    permille=st.integers(0, 1000),
    done=st.integers(0, 60),
    left=st.integers(0, 60),
    share=st.fractions(0, 1),
    comparator=st.sampled_from(sorted(COMPARE)),
    digits=st.sampled_from([None, 0, 1]),
)
def test_allowed_exceedance_days_by_trying_every_count(
    permille: int,
    done: int,
    left: int,
    share: Fraction,
    comparator: str,
    digits: int | None,
) -> None:
    assume(done + left)
    counted = math.floor(share * done)
    target = Fraction(permille, 10)
    rest = remaining(
        target, days=counted, done=done, left=left, comparator=comparator, digits=digits
    )
    kept_down = comparator[0] == "<"
    good = [
        bad
        for bad in range(left + 1)
        if meets(
            Fraction(100 * (counted + (bad if kept_down else left - bad)), done + left),
            target,
            comparator,
            digits,
        )
    ]
    assert rest.feasible == bool(good)
    assert rest.safe == (len(good) == left + 1)
    if good and not rest.safe:
        assert rest.allowed == max(good)


def test_good_days_in_words() -> None:
    rest = remaining(90, days=190, done=209, left=157, comparator=">=")
    assert rest.allowed == 17
    assert rest.text() == "剩余157天最多还可有17个超标天"
    lost = remaining(90, days=150, done=209, left=157, comparator=">=")
    assert (lost.feasible, lost.text()) == (False, "已无法达到目标：超标天已多出23天")
    sure = remaining(50, days=200, done=209, left=157, comparator=">=")
    assert sure.safe
    assert sure.text().startswith("已锁定")
    assert "17 exceedance days" in rest.text("en")


def test_out_of_reach_ended_and_not_begun() -> None:
    lost = remaining(30, mean=50, done=300, left=66)
    assert not lost.feasible
    assert lost.value < 0
    assert "无法达到" in lost.text()
    ended = remaining(30, mean=Decimal("30.4"), done=365, left=0)
    assert (ended.feasible, ended.safe, ended.value) == (False, False, None)
    assert "未达到目标（≤30）" in ended.text()
    assert remaining(30, mean=Decimal("30.4"), done=365, left=0, digits=0).safe
    fresh = remaining(30, done=0, left=365)
    assert (fresh.value, fresh.so_far) == (30, None)
    capped = remaining(30, mean=10, done=300, left=65, highest=100)
    assert capped.safe


@pytest.mark.parametrize(
    "wrong",
    [
        {"done": 0, "left": 0},
        {"done": 10, "left": 5},  # no mean
        {"done": 10, "left": 5, "mean": 3, "days": 3},
        {"done": 10, "left": 5, "days": 11},
        {"done": -1, "left": 5},
        {"done": 1.5, "left": 5, "mean": 3},
        {"done": 10, "left": 5, "mean": float("nan")},
        {"done": 10, "left": 5, "mean": "三"},
        {"done": 10, "left": 5, "mean": 3, "comparator": "≤"},
    ],
)
def test_wrong_input_is_one_clear_error_in_both_languages(wrong: dict[str, object]) -> None:
    with pytest.raises(ShanshuiError, match=r".+ / .+"):
        remaining(30, **wrong)


# --- standing --------------------------------------------------------------------------------

PM25 = Commitment("<=", 30, "µg/m3", 2027, region="长三角", better="lower")


def air(value: float | str, year: int, **more: object) -> Figure:
    return Figure(value, year, "µg/m3", "长三角", **more)


def test_every_state_is_reached_and_named() -> None:
    base = air("33.0", 2024)
    cases = {
        "待下达": standing(Commitment(None, None, "%", 2025), air(1, 2025)),
        "暂无数据": standing(PM25),
        "口径不一致": standing(PM25, Figure(20, 2025, "µg/m3", "珠三角")),
        "已完成": standing(PM25, air(30, 2027), base),
        "未完成": standing(PM25, air("30.1", 2027), base),
        "达到序时进度": standing(PM25, air("31.7", 2025), base),
        "存在风险": standing(PM25, air("32.2", 2025), base),
        "滞后于序时进度": standing(PM25, air("32.9", 2025), base),
    }
    assert {state: result.state for state, result in cases.items()} == {s: s for s in STATES}
    assert all(result.reason and result.reason_en for result in cases.values())
    assert cases["未完成"].gap == Fraction(1, 10)
    assert cases["存在风险"].pace == Fraction(4, 5)
    assert cases["存在风险"].required == 32
    assert cases["口径不一致"].differences == ("范围：长三角 ≠ 珠三角",)


def test_a_state_of_a_year_must_hold_and_a_thing_built_stays() -> None:
    early = standing(PM25, air(29, 2025), air(33, 2024))
    assert (early.state, early.gap) == ("达到序时进度", 0)
    assert "须保持" in early.reason
    built = Commitment("=", 72, "个", 2035, better="higher", lasting=True)
    assert standing(built, Figure(75, 2030, "个")).state == "已完成"
    assert standing(PM25, air(29, 2028), air(33, 2024)).state == "暂无数据"
    assert standing(built, Figure(70, 2036, "个")).state == "未完成"


def test_progress_counts_from_after_the_baseline() -> None:
    assert standing(PM25, air(33, 2024), air(33, 2024)).state == "暂无数据"
    assert standing(PM25, air(33, 2024)).state == "暂无数据"
    lost = standing(
        Commitment(">=", 35, "%", 2025, better="higher"),
        Figure("34.9", 2023, "%"),
        Figure("35.86", 2020, "%"),
    )
    assert lost.state == "滞后于序时进度"


@pytest.mark.parametrize(
    ("comparator", "value", "unit", "goal"),
    [
        ("increase_by", 10, "pp", Fraction("20.4")),
        ("increase_by", 50, "%", Fraction("15.6")),
        ("decrease_by", 30, "%", Fraction("7.28")),
    ],
)
def test_changes_count_from_the_base_year(
    comparator: str, value: int, unit: str, goal: Fraction
) -> None:
    promise = Commitment(comparator, value, unit, 2027, base_year=2020, region="北京市")
    base = Figure("10.4", 2020, "%", "北京市")
    assert standing(promise, Figure(18, 2025, "%", "北京市"), base).goal == goal
    missing = standing(promise, Figure(18, 2025, "%", "北京市"))
    assert (missing.state, missing.goal) == ("暂无数据", None)
    assert "2020" in missing.reason


def test_beijing_renewables_are_on_the_line() -> None:
    promise = Commitment("increase_by", 10, "pp", 2027, 2020, "北京市", "higher")
    result = standing(promise, Figure(18, 2025, "%", "北京市"), Figure("10.4", 2020, "%", "北京市"))
    assert result.state == "达到序时进度"
    assert result.required == Fraction("10.4") + Fraction(50, 7)
    assert result.gap == Fraction("2.4")


def test_about_and_equal_know_which_way_is_better() -> None:
    about = Commitment("~", 15, "µg/m3", 2035, better="lower")
    assert standing(about, Figure("15.75", 2035, "µg/m3")).state == "已完成"
    assert standing(about, Figure("15.8", 2035, "µg/m3")).state == "未完成"
    assert standing(about, Figure(9, 2035, "µg/m3")).state == "已完成"
    exactly = Commitment("=", 100, "%", 2025)
    assert standing(exactly, Figure(101, 2025, "%")).state == "未完成"
    reached = Commitment("=", 70, "%", 2025, better="higher")
    assert standing(reached, Figure(71, 2025, "%")).state == "已完成"
    below = Commitment("<", 19, "µg/m3", 2035, better="lower")
    assert standing(below, Figure(19, 2035, "µg/m3")).state == "未完成"


def test_no_deadline() -> None:
    undated = Commitment("<", 20, "µg/m3", better="lower")
    result = standing(undated, Figure(21, 2024, "µg/m3"))
    assert (result.state, result.gap) == ("未完成", 1)
    assert "未设期限" in result.reason
    assert standing(undated, Figure(19, 2024, "µg/m3")).state == "已完成"


def test_bases_must_agree_where_the_plan_states_them() -> None:
    water = Commitment("=", 100, "%", 2025, better="higher", basis=Basis(roster="国考断面"))
    other = Figure(100, 2025, "%", basis=Basis(roster="15个省考断面"))
    result = standing(water, other)
    assert result.state == "口径不一致"
    assert result.differences == ("点位：国考断面 ≠ 15个省考断面",)
    assert standing(water, Figure(100, 2025, "%", basis=Basis(roster="国考断面"))).state == "已完成"
    moved = standing(
        PM25,
        air(31, 2025, basis=Basis(roster="31城市", state="实况")),
        air(44, 2018, basis=Basis(roster="41城市", state="标况")),
    )
    assert moved.state == "口径不一致"
    assert moved.differences == (
        "基期与现值点位：41城市 ≠ 31城市",
        "基期与现值状态：标况 ≠ 实况",
    )
    assert standing(PM25, Figure(31, 2025, "mg/m3", "长三角")).state == "口径不一致"


@given(
    start=st.integers(1, 200),
    goal=st.integers(1, 200),
    value=st.integers(1, 200),
    year=st.integers(2021, 2029),
)
def test_the_pace_is_the_straight_line(start: int, goal: int, value: int, year: int) -> None:
    assume(start > goal)
    promise = Commitment("<=", goal, "µg/m3", 2030, better="lower")
    result = standing(promise, Figure(value, year, "µg/m3"), Figure(start, 2020, "µg/m3"))
    if value <= goal:
        assert result.state == "达到序时进度"
    else:
        on_line = start + Fraction(goal - start) * Fraction(year - 2020, 10)
        assert result.required == on_line
        assert (result.state == "达到序时进度") == (value <= on_line)
        assert result.gap == value - goal


def test_a_wrong_commitment_is_refused() -> None:
    with pytest.raises(ShanshuiError, match="unknown comparator"):
        Commitment("≥", 3)
    with pytest.raises(ShanshuiError, match="neither"):
        Commitment("<=", None)

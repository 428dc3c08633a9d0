"""What the rest may be: months, sections and percentiles, against brute force."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shanshui.progress import remaining, remaining_percentile, remaining_sections
from shanshui.standards import ShanshuiError, round_half_even

TINY = Fraction(1, 10**9)
HUGE = 10**6


def shown(value: Fraction, digits: int | None) -> Fraction:
    return value if digits is None else Fraction(round_half_even(value, digits))


def percentile(values: list[Fraction], percent: int) -> Fraction:
    """Read a percentile the slow way: rank 1 + (n - 1) p, straight between its neighbours."""
    ordered = sorted(values)
    rank = 1 + (len(ordered) - 1) * Fraction(percent, 100)
    low = rank.__floor__()
    if rank == low:
        return ordered[low - 1]
    return ordered[low - 1] + (ordered[low] - ordered[low - 1]) * (rank - low)


# --- months ----------------------------------------------------------------------------------


@given(
    months=st.lists(st.integers(0, 300), min_size=1, max_size=11),
    target=st.integers(1, 200),
    digits=st.sampled_from([None, 2]),
)
def test_the_months_left_at_the_control_value_just_meet_the_target(
    months: list[int], target: int, digits: int | None
) -> None:
    """Ammonia in hundredths of a mg/L: the year is the mean of its twelve months."""
    values, goal = [Fraction(m, 100) for m in months], Fraction(target, 100)
    left = 12 - len(values)
    rest = remaining(
        goal,
        mean=sum(values) / len(values),
        done=len(values),
        left=left,
        digits=digits,
        count="months",
    )

    def met(each: Fraction) -> bool:
        return shown((sum(values) + each * left) / 12, digits) <= goal

    assert met(rest.value) is not rest.strict
    assert met(rest.value - TINY)
    assert not met(rest.value + TINY)
    assert rest.feasible == met(Fraction(0))
    assert f"后{left}个月" in rest.text() or rest.value is None


def test_the_words_for_months() -> None:
    rest = remaining("0.5", mean="0.56", done=7, left=5, count="months")
    assert rest.text("en") == "the remaining 5 months must average at most 0.42 (rounded 0)"
    assert remaining("0.5", mean="0.5", done=12, left=0, count="months").text() == (
        "12个有效月已全部计入，结果0.50，达到目标（≤0.5）"
    )
    share = remaining(75, days=6, done=8, left=4, comparator=">=", count="months")
    assert share.text() == "后4个月最多还可有1个月超标"
    lost = remaining(75, days=3, done=8, left=4, comparator=">=", count="months")
    assert lost.text() == "已无法达到目标：超标月已多出2个月"


@pytest.mark.parametrize(("best", "plausible"), [("18.2", True), ("18.3", True), ("18.4", False)])
def test_a_stated_best_says_whether_the_rest_is_plausible(best: str, *, plausible: bool) -> None:
    rest = remaining(30, mean=Fraction(30 * 365 - Fraction("18.3") * 41, 324), done=324, left=41,
                     best=best)  # fmt: skip
    assert rest.value == Fraction("18.3")
    assert (rest.feasible, rest.plausible) == (True, plausible)


# --- sections --------------------------------------------------------------------------------


@given(
    total=st.integers(1, 200),
    share=st.fractions(0, 1),
    permille=st.integers(0, 1000),
    comparator=st.sampled_from(["<=", ">="]),
    digits=st.sampled_from([None, 0, 1]),
)
def test_sections_that_may_fail_by_trying_every_number(
    total: int, share: Fraction, permille: int, comparator: str, digits: int | None
) -> None:
    counted, target = (share * total).__floor__(), Fraction(permille, 10)
    rest = remaining_sections(
        target, total=total, counted=counted, comparator=comparator, digits=digits
    )

    def met(now: int) -> bool:
        ratio = shown(Fraction(100 * now, total), digits)
        return ratio >= target if comparator == ">=" else ratio <= target

    good = [n for n in range(total + 1) if met(n)]
    assert rest.feasible == bool(good)
    assume(good)
    spare = counted - min(good) if comparator == ">=" else max(good) - counted
    assert rest.allowed == spare
    assert rest.safe == (len(good) == total + 1) or rest.safe == (
        met(0) if comparator == ">=" else met(total)
    )


def test_sections_in_words() -> None:
    assert remaining_sections(90, total=149, counted=136).text() == "149个断面中还可有1个断面超标"
    lost = remaining_sections(90, total=149, counted=133)
    assert lost.text() == "149个断面中还须有2个断面转为达标"
    assert "2 of 149" in lost.text("en")
    assert "1 of 149" in remaining_sections(90, total=149, counted=136).text("en")
    never = remaining_sections(100, total=10, counted=9, comparator=">")
    assert not never.feasible
    assert "不能达到" in never.text()
    assert "do not reach" in never.text("en")
    with pytest.raises(ShanshuiError, match="11 sections counted of 10"):
        remaining_sections(90, total=10, counted=11)


# --- percentiles -----------------------------------------------------------------------------


@given(
    days=st.lists(st.integers(0, 300), min_size=0, max_size=40),
    left=st.integers(0, 40),
    target=st.integers(50, 250),
    percent=st.sampled_from([90, 95, 98, 50, 100]),
    digits=st.sampled_from([None, 0]),
)
def test_so_many_days_may_exceed_and_no_more(
    days: list[int], left: int, target: int, percent: int, digits: int | None
) -> None:
    assume(days or left)
    values = [Fraction(d) for d in days]
    rest = remaining_percentile(target, percent, values, left=left, digits=digits)

    def met(over: int, height: int) -> bool:
        future = [Fraction(height)] * over + [Fraction(target)] * (left - over)
        return shown(percentile(values + future, percent), digits) <= target

    assert rest.feasible == (
        shown(percentile([*values, *[Fraction(0)] * left], percent), digits) <= target
    )
    if 0 <= rest.allowed <= left:
        assert met(rest.allowed, HUGE)
    if 0 <= rest.allowed < left:
        assert not met(rest.allowed + 1, HUGE)  # one more, if it is high enough
    if rest.safe:
        assert met(left, HUGE)
    elif left:
        assert not met(left, HUGE)


def test_a_percentile_in_words() -> None:
    days = [150] * 290 + [170] * 30
    rest = remaining_percentile(160, 90, days, left=45)
    assert (rest.over, rest.allowed, rest.so_far, rest.value) == (30, 6, 150, None)
    assert rest.text("en") == "at most 6 of the remaining 45 days may exceed 160"
    few = remaining_percentile(160, 90, [150] * 280 + [161] * 50, left=35)
    assert few.allowed < 0
    assert not few.feasible
    assert "已无法达到" in few.text()
    assert "out of reach" in few.text("en")
    slight = remaining_percentile(160, 90, [100] * 9 + [161] * 2, left=0)
    assert (slight.allowed, slight.feasible) == (-1, False)
    between = remaining_percentile(160, 90, [100, 100, 100, 161], left=0)
    assert (between.allowed, between.feasible, between.safe) == (-1, True, True)
    room = remaining_percentile(160, 90, [100, 100, 161], left=1)
    assert (room.allowed, room.feasible, room.safe) == (-1, True, False)
    assert "仅因超幅小" in room.text()
    assert "small excess" in room.text("en")
    sure = remaining_percentile(160, 90, [100] * 360, left=5)
    assert sure.text().startswith("已锁定")
    assert sure.text("en").startswith("settled")


@pytest.mark.parametrize(
    "wrong",
    [
        {"comparator": ">="},
        {"percent": 101},
        {"values": [], "left": 0},
        {"values": ["三"]},
        {"left": -1},
    ],
)
def test_wrong_percentiles_are_refused(wrong: dict[str, object]) -> None:
    asked = {"target": 160, "percent": 90, "values": [100], "left": 1} | wrong
    with pytest.raises(ShanshuiError, match=r".+ / .+"):
        remaining_percentile(**asked)

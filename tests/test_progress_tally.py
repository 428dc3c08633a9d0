"""Counts of days in the year (优良天数), against every number that the rest may bring."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shanshui.progress import Commitment, SoFar, remaining_days, standing
from shanshui.standards import ShanshuiError

MET = {
    "<=": lambda count, goal: count <= goal,
    "<": lambda count, goal: count < goal,
    ">=": lambda count, goal: count >= goal,
    ">": lambda count, goal: count > goal,
}


@given(
    counted=st.integers(0, 40),
    left=st.integers(0, 40),
    halves=st.integers(0, 170),
    sign=st.sampled_from(sorted(MET)),
)
def test_so_many_days_and_not_one_more_by_trying_all(
    counted: int, left: int, halves: int, sign: str
) -> None:
    goal = Fraction(halves, 2)
    rest = remaining_days(goal, counted=counted, left=left, comparator=sign)
    met = {n for n in range(left + 1) if MET[sign](counted + n, goal)}
    assert rest.feasible == bool(met)
    assert rest.safe == (len(met) == left + 1)
    if not met:
        return
    if sign[0] == "<":
        assert (max(met), rest.needed) == (min(rest.allowed, left), None)
    else:
        assert (min(met), left - min(met)) == (rest.needed, rest.allowed)


def test_the_words() -> None:
    good = remaining_days(300, counted=250, left=41, comparator=">=")
    assert good.text() == "已无法达到目标：剩余41天中须有50天优良"
    assert good.text("en") == "out of reach: 50 of the remaining 41 days would have to be good"
    heavy = remaining_days(3, counted=5, left=41, of="heavy")
    assert heavy.text() == "已无法达到目标：重污染天已多出2天"
    assert remaining_days(300, counted=301, left=41, comparator=">=").text() == (
        "已锁定：剩余41天无论如何均能达到目标"
    )
    assert remaining_days(3, counted=2, left=41, of="heavy").text("en") == (
        "1 of the remaining 41 days may still be heavily polluted"
    )


@pytest.mark.parametrize(
    "wrong", [{"comparator": "="}, {"counted": -1}, {"left": 1.5}, {"target": "many"}]
)
def test_what_is_no_count_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ShanshuiError):
        remaining_days(**{"target": 300, "counted": 1, "left": 2} | wrong)


def part(value: str, tally: str, **more: object) -> SoFar:
    return SoFar(value, date(2026, 11, 20), 324, 41, unit="天", tally=tally, **more)


@pytest.mark.parametrize(
    ("value", "state"),
    [
        ("300", "达到序时进度"),  # settled
        ("267", "达到序时进度"),  # 300 · 324 / 365 = 266.3 are due
        ("266", "存在风险"),
        ("258", "滞后于序时进度"),  # 42 of 41 days
    ],
)
def test_good_days_are_judged_before_the_year_ends(value: str, state: str) -> None:
    promise = Commitment(">=", 300, "天", 2026, better="higher", decimals=0)
    assert standing(promise, so_far=part(value, "good")).state == state


def test_heavy_days_are_judged_by_those_left_and_by_last_year() -> None:
    promise = Commitment("<=", 3, "天", 2026, better="lower", decimals=0)
    found = standing(promise, so_far=part("2", "heavy"))
    assert (found.state, found.rest.allowed) == ("达到序时进度", 1)
    assert standing(promise, so_far=part("4", "heavy")).state == "滞后于序时进度"
    # Last year's course, 3 of 6 days by now, allows 1.5.
    found = standing(promise, so_far=part("2", "heavy", same=3, last_year=6))
    assert (found.state, found.required) == ("存在风险", Fraction(3, 2))
    assert found.reason.endswith("按上年走势序时至多1.50天，已超过")
    assert found.reason_en.endswith("last year's course allows 1.50 days by now: exceeded")


@pytest.mark.parametrize(
    ("value", "day", "state"),
    [
        (0, date(2026, 1, 31), "达到序时进度"),
        (3, date(2026, 3, 31), "存在风险"),  # all of it, in a quarter of the year
        (1, date(2026, 3, 31), "存在风险"),  # 3 · 90 / 365 = 0.74 are due
        (1, date(2026, 5, 2), "达到序时进度"),  # 3 · 122 / 365 = 1.003
        (1, date(2026, 5, 1), "存在风险"),  # 3 · 121 / 365 = 0.995
        (3, date(2026, 12, 30), "存在风险"),
        (4, date(2026, 3, 31), "滞后于序时进度"),
        (4, date(2026, 12, 31), "未完成"),
    ],
)
@pytest.mark.parametrize("more", [{}, {"same": 2}, {"last_year": 5}, {"same": 0, "last_year": 0}])
def test_an_allowance_without_last_years_course_is_set_against_the_calendar(
    value: int, day: date, state: str, more: dict[str, int]
) -> None:
    promise = Commitment("<=", 3, "天", 2026, better="lower", decimals=0)
    done = day.timetuple().tm_yday
    so_far = SoFar(value, day, done, 365 - done, unit="天", tally="heavy", **more)
    found = standing(promise, so_far=so_far)
    assert found.state == state
    if done < 365 and value <= 3:
        assert found.required == Fraction(3 * done, 365)
        kept = state == "达到序时进度"
        assert found.reason.endswith("天，未超过" if kept else "天，已超过")
        assert "the calendar allows" in found.reason_en


def test_no_heavy_day_is_allowed_and_none_came() -> None:
    promise = Commitment("<=", 0, "天", 2026, better="lower", decimals=0)
    assert standing(promise, so_far=part("0", "heavy")).state == "达到序时进度"
    assert standing(promise, so_far=part("1", "heavy")).state == "滞后于序时进度"


def test_a_mean_of_counts_is_refused_as_one() -> None:
    promise = Commitment(">=", 300, "天", 2026, better="higher")
    with pytest.raises(ShanshuiError, match="整数"):
        standing(promise, so_far=part("270.5", "good"))

"""What the rest may be: months, sections and percentiles, against brute force."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shanshui import air
from shanshui.progress import (
    Commitment,
    SoFar,
    remaining,
    remaining_percentile,
    remaining_sections,
    standing,
    standings,
)
from shanshui.progress.shares import percentile as exact_percentile
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


def test_no_more_sections_may_fail_than_there_are() -> None:
    assert remaining_sections(0, total=200, counted=0, digits=0).allowed == 0
    assert remaining_sections(0, total=200, counted=150, digits=0).allowed == 150


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
    if -1 <= rest.allowed < left:
        assert not met(rest.allowed + 1, HUGE)  # one more, if it is high enough
    if rest.safe:
        assert met(left, HUGE)
    elif left:
        assert not met(left, HUGE)


def test_one_day_more_is_without_harm_where_those_there_are_exceed_by_little() -> None:
    """Rank 342.05 of 360 days: a twentieth of the way from 3.5 to 3.6 is printed 3.5."""
    days = [Fraction(3)] * 108 + [Fraction("3.6")] * 7
    rest = remaining_percentile("3.5", 95, days, left=245, digits=1)
    assert (rest.over, rest.allowed) == (7, 11)

    def year(over: int) -> Fraction:
        return shown(percentile([*days, *[Fraction("3.5")] * (245 - over), *[HUGE] * over], 95), 1)

    assert year(11) == Fraction("3.5")
    assert year(12) == Fraction("3.6")
    high = remaining_percentile("3.5", 95, [3] * 108 + [6] * 7, left=245, digits=1)
    assert high.allowed == 10


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
    assert (between.allowed, between.feasible, between.safe) == (0, True, True)
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


def completed(item: str, values: list[str]) -> Fraction:
    """Let the library assess a year of daily values: its percentile, as it is printed."""
    first = date(2025, 1, 1)
    days = pl.DataFrame(
        {"station": ["甲"] * 365, "date": [first + timedelta(days=n) for n in range(365)]}
        | {one: [float(v) for v in values] if one == item else [10.0] * 365 for one in AIR}
    )
    column = "o3_8h_p90" if item == "o3_8h" else "co_p95"
    return Fraction(str(air.statistics(days, period="year")[column].item()))


AIR = ("so2", "no2", "co", "o3_8h", "pm10", "pm25")


@settings(max_examples=12, deadline=None)
@given(
    item=st.sampled_from(["o3_8h", "co"]),
    done=st.integers(120, 364),
    spread=st.lists(st.integers(-9, 30), min_size=1, max_size=30),
    more=st.integers(0, 45),
)
def test_the_library_finds_the_target_of_the_completed_year_met_and_one_day_more_missed(
    item: str, done: int, spread: list[int], more: int
) -> None:
    """HJ 663 over the whole year: rounded days, interpolated rank, rounded percentile."""
    percent, digits, target = (90, 0, Fraction(160)) if item == "o3_8h" else (95, 1, Fraction(4))
    step = Fraction(1, 10**digits)
    days = [target - 31 * step + spread[n % len(spread)] * step for n in range(done)]
    days[:more] = [target + (1 + n % 9) * step for n in range(min(more, done))]
    left = 365 - done
    rest = remaining_percentile(target, percent, days, left=left, digits=digits)
    usual = 36 if percent == 90 else 18
    assert rest.over + rest.allowed == rest.budget
    assert rest.budget in (usual, usual + 1)  # one more, where those there are exceed by little

    def year(over: int, height: Fraction) -> Fraction:
        filled = [height] * over + [target] * (left - over)
        return completed(item, [f"{float(v):.{digits}f}" for v in [*days, *filled]])

    low = completed(item, [f"{float(v):.{digits}f}" for v in [*days, *[Fraction(0)] * left]])
    assert rest.feasible == (low <= target)
    if 0 <= rest.allowed <= left:
        assert year(rest.allowed, target + step) <= target
        assert year(rest.allowed, 6 * target) <= target
    if -1 <= rest.allowed < left:
        assert year(rest.allowed + 1, 6 * target) > target
    assert rest.safe == (year(left, 6 * target) <= target)


@given(
    values=st.lists(st.integers(0, 300), min_size=1, max_size=50),
    percent=st.sampled_from([90, 95, 98, 0, 100]),
)
def test_a_percentile_is_read_exactly(values: list[int], percent: int) -> None:
    assert exact_percentile(values, percent) == percentile([Fraction(v) for v in values], percent)


# --- percentiles in the year -----------------------------------------------------------------

OZONE = Commitment("<=", 160, "µg/m3", 2026, better="lower", decimals=0)


def ozone(over: int, day: date, value: int = 150, **more: object) -> SoFar:
    done = day.timetuple().tm_yday
    daily = [170] * over + [120] * (done - over)
    return SoFar(value, day, done, 365 - done, unit="µg/m3", percent=90, daily=daily, **more)


@pytest.mark.parametrize(
    ("over", "day", "state"),
    [
        (0, date(2026, 3, 31), "达到序时进度"),
        (8, date(2026, 3, 31), "达到序时进度"),  # 36 · 90 / 365 = 8.9
        (9, date(2026, 3, 31), "存在风险"),
        (36, date(2026, 3, 31), "存在风险"),
        (20, date(2026, 12, 20), "达到序时进度"),  # settled: 11 days are left
        (60, date(2026, 9, 30), "滞后于序时进度"),  # out of reach
    ],
)
def test_days_above_the_limit_are_an_allowance_of_the_year(
    over: int, day: date, state: str
) -> None:
    found = standing(OZONE, so_far=ozone(over, day, 180 if over > 40 else 150))
    assert found.state == state
    assert found.rest.over == over
    assert found.required == Fraction(36 * day.timetuple().tm_yday, 365)
    if not (found.rest.safe or not found.rest.feasible):
        assert f"已有{over}天超过160，按日历序时至多" in found.reason
        assert f"{over} days above 160 so far; the calendar allows" in found.reason_en


def test_last_years_days_above_the_limit_are_the_course_of_this_years() -> None:
    """By its own percentile a winter that has used nothing would seem to lag: 130 against 120."""
    day = date(2026, 6, 30)
    last = {"daily_last": [165] * 60 + [90] * 305, "same": 120, "last_year": 190}
    early = last | {"daily_same": [165] * 20 + [90] * 161}
    none = last | {"daily_same": [90] * 181}
    kept = standing(OZONE, so_far=ozone(12, day, 130, **early))
    assert (kept.state, kept.required) == ("达到序时进度", 36 * Fraction(20, 60))
    near = standing(OZONE, so_far=ozone(15, day, 130, **early))
    assert (near.state, near.pace) == ("存在风险", Fraction(5, 8))
    assert standing(OZONE, so_far=ozone(16, day, 130, **early)).state == "滞后于序时进度"
    assert standing(OZONE, so_far=ozone(0, day, 130, **none)).state == "达到序时进度"
    assert standing(OZONE, so_far=ozone(1, day, 130, **none)).state == "存在风险"
    quiet = {"daily_same": [90] * 181, "daily_last": [90] * 365}
    assert standing(OZONE, so_far=ozone(17, day, **quiet)).required == Fraction(36 * 181, 365)


def test_the_goal_itself_sets_the_limit_of_a_day() -> None:
    """A base year, a tolerance, a strict sign: the days are set against what they come to."""
    from shanshui.progress import Figure

    so_far = ozone(12, date(2026, 6, 30))
    down = Commitment("decrease_by", 5, "%", 2026, base_year=2025, better="lower", decimals=0)
    found = standing(down, so_far=so_far, baseline=Figure(180, 2025, "µg/m3"))
    assert (found.goal, found.rest.over) == (171, 0)
    about = Commitment("~", 163, "µg/m3", 2026, better="lower", decimals=0)
    assert standing(about, so_far=so_far).rest.over == 0
    below = Commitment("<", 170, "µg/m3", 2026, better="lower", decimals=0)
    strict = standing(below, so_far=so_far)
    assert strict.rest.over == 12
    assert "天不低于170" in strict.reason
    assert "at or above 170" in strict.reason_en
    assert standing(Commitment(">=", 100, "µg/m3", 2026), so_far=so_far).rest is None
    with pytest.raises(ShanshuiError, match="got 181"):
        SoFar(150, date(2026, 7, 1), 182, 183, percent=90, daily=so_far.daily)


def test_frames_take_the_days_of_percentiles() -> None:
    day = date(2026, 9, 30)
    one = ozone(30, day, daily_same=[170] * 9 + [1] * 264, daily_last=[170] * 9 + [1] * 356)
    names = ("value", "through", "done", "left", "percent", "daily", "daily_same", "daily_last")
    parts = pl.DataFrame(
        [{"id": "o3", "unit": "µg/m3"} | {name: getattr(one, name) for name in names},
         {"id": "pm25", "unit": "µg/m3", "value": 20, "through": day, "done": 273, "left": 92}],
        infer_schema_length=None,
    )  # fmt: skip
    asked = pl.DataFrame(
        {"id": ["o3", "pm25"], "comparator": "<=", "value": ["160", "25"], "year": 2026,
         "better": "lower", "decimals": 0, "unit": "µg/m3"}
    )  # fmt: skip
    found = {r["id"]: r for r in standings(asked, so_far=parts, at=day).iter_rows(named=True)}
    alone = standing(OZONE, so_far=one)
    assert (found["o3"]["reason"], found["o3"]["rest_allowed"]) == (alone.reason, 6)
    assert found["o3"]["rest"] == "剩余92天最多还可有6天超过160"
    assert found["pm25"]["rest_allowed"] is None

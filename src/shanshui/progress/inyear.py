"""Judging in the year itself: a mean or a ratio of the months so far, and what is left of it."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

from shanshui.progress._exact import exact, plain
from shanshui.progress._standing import Judging, Standing, State
from shanshui.progress.commitment import SoFar
from shanshui.progress.remainder import Remainder, remaining
from shanshui.progress.shares import PercentileRemainder, Spare, remaining_sections
from shanshui.progress.tally import Tally, remaining_days
from shanshui.standards import ShanshuiError

if TYPE_CHECKING:
    from shanshui.progress._exact import Number
    from shanshui.progress.remainder import Comparator

Rest = Remainder | Spare | PercentileRemainder | Tally
Verdict = tuple[State, str, str]
# strftime would speak the language of the machine.
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def judge(asked: Judging, so_far: SoFar, rest: Rest | None, at: date | None) -> Standing:
    """Judge the part of the target's year that has passed."""
    goal = asked.goal
    if at is not None and so_far.through > at:
        return Standing(
            "暂无数据",
            f"累计值截至{so_far.through}，晚于评价日{at}",
            f"the figure so far runs to {so_far.through}, later than {at}",
            goal.value,
        )
    value, shown, shown_en = asked.shown(exact(so_far.value, "value"))
    rest = _rest(asked, so_far) if rest is None else rest
    change = _change(asked, so_far)
    required, pace = _path(asked, so_far, value)
    likely = None if _settled(rest) else asked.by_chance()
    verdict = likely or _without_chance(asked, so_far, rest, value, required, pace)
    why, why_en = asked.silent()
    parts = [f"{period(so_far.through)[0]}累计{shown}（目标{goal.text}）"]
    parts_en = [f"{shown_en} over {period(so_far.through)[1]} (goal {goal.text})"]
    if change is not None:
        zh, en = _compared(so_far, change)
        parts, parts_en = [*parts, zh], [*parts_en, en]
    if rest is not None:
        parts, parts_en = [*parts, rest.text()], [*parts_en, rest.text("en")]
        if isinstance(rest, Remainder) and rest.plausible and not rest.safe:
            best = plain(rest.best or Fraction(0), 2)
            parts.append(f"往年同期最好水平{best}可以达到")
            parts_en.append(f"the best of past years, {best}, is enough")
    parts += [verdict[1]] if verdict[1] else []
    parts_en += [verdict[2]] if verdict[2] else []
    return Standing(
        verdict[0], "，".join(parts) + why, "; ".join(parts_en) + why_en, goal.value,
        goal.gap(value), required, pace, value=value, change=change, rest=rest,
        chance=asked.projection.chance if likely and asked.projection else None,
    )  # fmt: skip


def period(through: date) -> tuple[str, str]:
    """Name the part of the year up to a day: 1—9月, or up to the day.

    Examples
    --------
    >>> from datetime import date
    >>> period(date(2026, 9, 30)), period(date(2026, 11, 20))[0]
    (('1—9月', 'January to September'), '1月1日—11月20日')
    """
    month = _MONTHS[through.month - 1]
    if through.day < monthrange(through.year, through.month)[1]:
        return f"1月1日—{through.month}月{through.day}日", f"1 January to {through.day} {month}"
    if through.month == 1:
        return "1月", "January"
    return f"1—{through.month}月", f"January to {month}"


def _rest(asked: Judging, so_far: SoFar) -> Rest | None:
    """Compute what the rest may be; a goal that asks for the value itself has none."""
    goal = asked.goal
    if goal.sign == "=":
        return None
    sign: Comparator = goal.sign
    digits = asked.commitment.decimals
    if so_far.tally is not None:
        days = exact(so_far.value, "value")
        if days.denominator != 1:
            raise ShanshuiError(
                f"天数应为整数：{plain(days)} / a count of days is a whole number: {plain(days)}"
            )
        return remaining_days(
            goal.bound, counted=int(days), left=so_far.left, comparator=sign, of=so_far.tally
        )
    match so_far.count:
        case "sections" | "points" as places:
            assert so_far.counted is not None
            return remaining_sections(
                goal.bound,
                total=so_far.done,
                counted=so_far.counted,
                comparator=sign,
                digits=digits,
                count=places,
            )
        case "days" | "months" as units:
            pass
    ratio = so_far.counted is not None
    mean: Number | None = None if ratio or not so_far.done else so_far.value
    return remaining(
        goal.bound,
        done=so_far.done,
        left=so_far.left,
        mean=mean,
        days=so_far.counted,
        comparator=sign,
        digits=digits,
        count=units,
        best=so_far.best,
    )


def _settled(rest: Rest | None) -> bool:
    return rest is not None and (rest.safe or not rest.feasible)


def _share(so_far: SoFar) -> bool:
    return so_far.counted is not None or so_far.unit == "%"


def _change(asked: Judging, so_far: SoFar) -> Fraction | None:
    """Compare with the same months of last year, on the figures as evaluated."""
    if so_far.same is None:
        return None
    now = asked.shown(exact(so_far.value, "value"))[0]
    before = asked.shown(exact(so_far.same, "same"))[0]
    if _share(so_far):
        return now - before
    return (now - before) / before * 100 if before else None


def _compared(so_far: SoFar, change: Fraction) -> tuple[str, str]:
    size = plain(abs(change), 1)
    if not change:
        return "同比持平", "unchanged on last year"
    if _share(so_far):
        word, english = ("提高", "up") if change > 0 else ("降低", "down")
        return f"同比{word}{size}个百分点", f"{english} {size} points on last year"
    word, english = ("上升", "up") if change > 0 else ("下降", "down")
    return f"同比{word}{size}%", f"{english} {size} % on last year"


def _path(
    asked: Judging, so_far: SoFar, value: Fraction
) -> tuple[Fraction | None, Fraction | None]:
    """Move last year's course to the goal: by points for ratios, by proportion for means.

    So the seasons are in the path: a winter may lie above the year's target, as last year's did.
    A count of days to be reached is set against the days of the calendar.
    """
    goal = asked.goal
    if so_far.tally is not None and goal.sign[0] == ">":
        # It grows day by day, so the goal itself is no measure of a part of the year.
        due = goal.bound * so_far.done / (so_far.done + so_far.left)
        return due, value / due if due else None
    if so_far.same is None or so_far.last_year is None or goal.sign == "=":
        return None, None
    same, last = exact(so_far.same, "same"), exact(so_far.last_year, "last_year")
    if _share(so_far):
        required = same + goal.bound - last
    elif last:
        required = same * goal.bound / last
    else:
        return None, None
    asks = (required < same) == (goal.sign[0] == "<")
    if required == same or not asks:  # last year's course already leads to the goal
        return required, None
    return required, (value - same) / (required - same)


def _without_chance(
    asked: Judging,
    so_far: SoFar,
    rest: Rest | None,
    value: Fraction,
    required: Fraction | None,
    pace: Fraction | None,
) -> Verdict:
    """Judge by what the rest may be, then by the path."""
    goal = asked.goal
    if rest is not None and rest.safe:
        return "达到序时进度", "", ""
    if rest is not None and not rest.feasible:
        return "滞后于序时进度", "", ""
    if isinstance(rest, Remainder) and rest.plausible is False:
        best = plain(rest.best or Fraction(0), 2)
        return (
            "滞后于序时进度",
            f"严于往年同期最好水平{best}，难以达到",
            f"stricter than the best of past years, {best}",
        )
    met = goal.met(value)
    if required is None:
        if met:
            return "达到序时进度", "", ""
        return "存在风险", "累计值未达目标，仍可达到", "short so far, still within reach"
    asked_for = plain(required, 2)
    even = so_far.tally is not None and goal.sign[0] == ">"
    by, by_en = ("按日历", "the calendar") if even else ("按上年走势", "last year's course")
    kept = value <= required if goal.sign[0] == "<" else value >= required
    if kept:
        return (
            "达到序时进度",
            f"{by}序时要求{asked_for}，达到",
            f"{by_en} asks {asked_for}: kept",
        )
    state: State = "滞后于序时进度"
    if (pace is None and met) or (pace is not None and pace >= asked.limits.path_at_risk):
        state = "存在风险"
    return (
        state,
        f"{by}序时要求{asked_for}，未达到",
        f"{by_en} asks {asked_for}: missed",
    )

"""Judging in the year itself: a mean or a ratio of the months so far, and what is left of it."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from shanshui.progress._exact import exact, plain
from shanshui.progress._standing import Judging, Standing, State
from shanshui.progress.commitment import SoFar
from shanshui.progress.remainder import Remainder, remaining
from shanshui.progress.shares import (
    PercentileRemainder,
    Spare,
    remaining_percentile,
    remaining_sections,
)
from shanshui.progress.tally import Tally, remaining_days
from shanshui.standards import ShanshuiError

if TYPE_CHECKING:
    from shanshui.progress._exact import Number
    from shanshui.progress.remainder import Comparator

Rest = Remainder | Spare | PercentileRemainder | Tally
Verdict = tuple[State, str, str]
_CALENDAR = ("按日历", "the calendar")
_LAST_YEAR = ("按上年走势", "last year's course")
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
    path = _path(asked, so_far, value, rest)
    likely = None if _settled(rest) else asked.by_chance()
    verdict = likely or _without_chance(asked, rest, value, path)
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
        goal.gap(value), path.required, path.pace, value=value, change=change, rest=rest,
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
    if so_far.percent is not None:
        if sign[0] == ">":
            return None  # nothing exact is said of a percentile that has to be exceeded
        return remaining_percentile(
            goal.bound,
            so_far.percent,
            so_far.daily,
            left=so_far.left,
            comparator=sign,
            digits=digits,
            same=so_far.daily_same,
            last_year=so_far.daily_last,
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


class _Path(NamedTuple):
    """What the path asks for by now; `required` None where nothing is known of it."""

    required: Fraction | None = None
    pace: Fraction | None = None
    by: tuple[str, str] = _LAST_YEAR
    allowance: bool = False


def _path(asked: Judging, so_far: SoFar, value: Fraction, rest: Rest | None) -> _Path:
    """Move last year's course to the goal: by points for ratios, by proportion for means.

    So the seasons are in the path: a winter may lie above the year's target, as last year's did.
    A count of days to be reached is set against the days of the calendar.
    """
    goal = asked.goal
    same = None if so_far.same is None else exact(so_far.same, "same")
    last = None if so_far.last_year is None else exact(so_far.last_year, "last_year")
    if isinstance(rest, PercentileRemainder):
        # The order of the days tells, so the percentile so far has no course: its days above have.
        return _allowance(so_far, rest.budget, rest.over, rest.over_same, rest.over_last)
    if so_far.tally is not None and goal.sign[0] == "<":
        return _allowance(so_far, goal.bound, value, same, last)
    if so_far.tally is not None and goal.sign[0] == ">":
        # It grows day by day, so the goal itself is no measure of a part of the year.
        due = goal.bound * _passed(so_far)
        return _Path(due, value / due if due else None, _CALENDAR)
    if same is None or last is None or goal.sign == "=":
        return _Path()
    if _share(so_far):
        required = same + goal.bound - last
    elif last:
        required = same * goal.bound / last
    else:
        return _Path()
    return _Path(required, _progress(value, same, required, lower=goal.sign[0] == "<"))


def _allowance(
    so_far: SoFar,
    budget: Fraction | int,
    used: Fraction | int,
    same: Fraction | int | None,
    last: Fraction | int | None,
) -> _Path:
    """Share an allowance of days out over the year: as last year used its own, else evenly."""
    if same is None or not last:
        return _Path(budget * _passed(so_far), None, _CALENDAR, allowance=True)
    required = Fraction(budget) * same / last
    pace = _progress(Fraction(used), Fraction(same), required, lower=True)
    return _Path(required, pace, allowance=True)


def _passed(so_far: SoFar) -> Fraction:
    """Return the share of the year's days that have passed."""
    return Fraction(so_far.done, so_far.done + so_far.left)


def _progress(
    value: Fraction, same: Fraction, required: Fraction, *, lower: bool
) -> Fraction | None:
    """Return the share of the change on last year that is made, where a change is asked for."""
    asks = (required < same) == lower
    if required == same or not asks:  # last year's course already leads to the goal
        return None
    return (value - same) / (required - same)


def _without_chance(asked: Judging, rest: Rest | None, value: Fraction, path: _Path) -> Verdict:
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
    if path.required is None:
        if met:
            return "达到序时进度", "", ""
        return "存在风险", "累计值未达目标，仍可达到", "short so far, still within reach"
    said = value
    if isinstance(rest, PercentileRemainder):
        said = Fraction(rest.over)
        met = met or rest.allowed >= 0
    kept = said <= path.required if goal.sign[0] == "<" else said >= path.required
    state: State = "达到序时进度"
    if not kept:
        state = "滞后于序时进度"
        if met if path.pace is None else path.pace >= asked.limits.path_at_risk:
            state = "存在风险"
    return state, *_asked_for(path, rest, kept=kept)


def _asked_for(path: _Path, rest: Rest | None, *, kept: bool) -> tuple[str, str]:
    """Say what the path asks for, and whether it is kept."""
    asked_for = plain(path.required or Fraction(0), 2)
    by, by_en = path.by
    if not path.allowance:
        return (
            f"{by}序时要求{asked_for}，{'达到' if kept else '未达到'}",
            f"{by_en} asks {asked_for}: {'kept' if kept else 'missed'}",
        )
    zh = f"{by}序时至多{asked_for}天，{'未超过' if kept else '已超过'}"
    en = f"{by_en} allows {asked_for} days by now: {'kept' if kept else 'exceeded'}"
    if isinstance(rest, PercentileRemainder):
        zh = f"已有{rest.over}天{rest.beyond()}，{zh}"
        en = f"{rest.over} days {rest.beyond('en')} so far; {en}"
    return zh, en

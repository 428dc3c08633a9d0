"""Judging by a figure of a year, or by a count up to a day, on the way to a deadline."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from shanshui.progress._exact import exact, moment, plain
from shanshui.progress._standing import Judging, Seen, Standing, State
from shanshui.progress.commitment import Commitment, Figure
from shanshui.progress.goals import Goal


def judge(asked: Judging, figure: Figure, baseline: Figure | None, at: date | None) -> Standing:
    """Judge a figure that agrees in region, unit and basis."""
    commitment, goal = asked.commitment, asked.goal
    seen = asked.shown(figure.exact)
    value, shown, shown_en = seen
    end = commitment.end
    if at is not None and figure.end > at:
        return Standing(
            "暂无数据",
            f"现有值截至{figure.end}，晚于评价日{at}",
            f"the figure {figure.when_en} is later than {at}",
            goal.value,
        )
    proven = bool(figure.evidence) or not commitment.evidence
    met = goal.met(value)
    if met and not proven:
        return _unproven(asked, figure, at, seen)
    late = commitment.year is not None and figure.year > commitment.year
    if end is None or figure.end >= end:
        if late and not commitment.lasting:
            return Standing(
                "暂无数据",
                f"缺到期年{commitment.year}年的值（现有{figure.year}年）",
                f"no value for the deadline year {commitment.year}, only for {figure.year}",
                goal.value,
            )
        return _final(asked, figure, seen)
    if baseline is not None and figure.moment <= baseline.moment:
        return Standing(
            "暂无数据",
            f"基期{baseline.year}年之后尚无值（{figure.when}{shown}，目标{goal.text}）",
            f"no value after the baseline year {baseline.year} ({shown_en} {figure.when_en}, "
            f"goal {goal.text})",
            goal.value,
            goal.gap(value),
            value=value,
        )
    if met and commitment.lasting:
        return Standing(
            "已完成",
            f"{figure.when}{shown}，提前达到目标{goal.text}",
            f"{shown_en} {figure.when_en} reaches {goal.text} early",
            goal.value,
            Fraction(0),
            value=value,
            completion=_share(goal, baseline, value),
        )
    if at is not None and at >= end:
        return Standing(
            "暂无数据",
            f"已于{end}到期，缺到期时的值（现有{figure.when}{shown}，目标{goal.text}）",
            f"due on {end}, no value of that time ({shown_en} {figure.when_en}, goal {goal.text})",
            goal.value,
            goal.gap(value),
            value=value,
        )
    return _on_the_way(asked, figure, baseline, seen)


def _unproven(asked: Judging, figure: Figure, at: date | None, seen: Seen) -> Standing:
    """Say that a figure would meet the target, had it evidence."""
    end = asked.commitment.end
    over = end is not None and max(figure.end, at or figure.end) >= end
    state: State = "未完成" if over else "存在风险"
    value, shown, shown_en = seen
    return Standing(
        state,
        f"{figure.when}报{shown}，已达目标{asked.goal.text}，但缺佐证材料",
        f"{shown_en} reported {figure.when_en} reaches {asked.goal.text}, without evidence",
        asked.goal.value,
        value=value,
    )


def _final(asked: Judging, figure: Figure, seen: Seen) -> Standing:
    """Judge the figure of the deadline."""
    commitment, goal = asked.commitment, asked.goal
    value, shown, shown_en = seen
    gap = goal.gap(value)
    when = "（未设期限）" if commitment.year is None else ""
    if not gap and goal.met(value):
        reason = f"{figure.when}{shown}，达到目标{goal.text}{when}"
        english = f"{shown_en} {figure.when_en} meets {goal.text}"
        return Standing("已完成", reason, english, goal.value, gap, value=value)
    reason = f"{figure.when}{shown}，距目标{goal.text}差{plain(gap)}{when}"
    english = f"{shown_en} {figure.when_en} is {plain(gap)} short of {goal.text}"
    return Standing("未完成", reason, english, goal.value, gap, value=value)


def _on_the_way(asked: Judging, figure: Figure, baseline: Figure | None, seen: Seen) -> Standing:
    """Judge a figure before the deadline."""
    commitment, goal = asked.commitment, asked.goal
    value, shown, shown_en = seen
    gap = goal.gap(value)
    likely = asked.by_chance()
    said, said_en = f"{figure.when}{shown}", f"{shown_en} {figure.when_en}"
    if likely is not None:
        state, zh, en = likely
        return Standing(
            state, f"{said}，{zh}", f"{said_en}; {en}", goal.value, gap, value=value,
            chance=asked.projection.chance if asked.projection else None,
        )  # fmt: skip
    why, why_en = asked.silent()
    if goal.met(value):
        reason = f"{said}，已达到{commitment.year}年目标{goal.text}，须保持{why}"
        english = (
            f"{said_en} is at the goal for {commitment.year} already and has to be held{why_en}"
        )
        return Standing("达到序时进度", reason, english, goal.value, gap, value=value)
    found = _by_path(asked, figure, baseline, seen, said, said_en)
    if not why:
        return found
    return Standing(
        **{**vars(found), "reason": found.reason + why, "reason_en": found.reason_en + why_en}
    )


def _by_path(
    asked: Judging,
    figure: Figure,
    baseline: Figure | None,
    seen: Seen,
    said: str,
    said_en: str,
) -> Standing:
    """Judge a figure by the path from the baseline, through the schedule, to the goal."""
    commitment, goal = asked.commitment, asked.goal
    value = seen[0]
    gap = goal.gap(value)
    if commitment.milestone and not commitment.schedule and baseline is None:
        return Standing(
            "达到序时进度",
            f"{said}%，{commitment.end}到期前无进度要求",
            f"{said_en}: nothing is due before {commitment.end}",
            goal.value,
            gap,
            value=value,
        )
    if baseline is None and not (commitment.schedule and commitment.lasting):
        return Standing(
            "暂无数据",
            f"缺基期值，不能评价序时进度（{said}，目标{goal.text}）",
            f"no baseline to measure progress from ({said_en}, goal {goal.text})",
            goal.value,
            gap,
            value=value,
        )
    start = baseline.exact if baseline is not None else Fraction(0)
    aim = goal.edge(start)
    if goal.met(start) or start == aim:
        reason = f"基期{plain(start)}已达目标{goal.text}，{figure.when}退至{seen[1]}"
        english = f"met at the baseline ({plain(start)}), lost {said_en}"
        return Standing("滞后于序时进度", reason, english, goal.value, gap, value=value)
    required = _required(commitment, aim, figure, baseline)
    made, due = value - start, required - start
    way = aim - start
    pace = made / due if due else None
    state: State = "达到序时进度"
    if pace is None and made * way < 0:  # nothing is due yet, and less is there than at the start
        state = "滞后于序时进度"
    if pace is not None and pace < 1:
        state = "存在风险" if pace >= asked.limits.path_at_risk else "滞后于序时进度"
    completion, share = made / way, due / way
    ahead = (completion - share) * 100
    if commitment.lasting:
        zh, en = _counted(completion, share, ahead)
    else:
        zh, en = _paced(required, pace)
    return Standing(
        state, f"{said}，{zh}", f"{said_en}, {en}", goal.value, gap, required, pace,
        value=value, completion=completion, due=share, ahead=ahead,
    )  # fmt: skip


def _counted(completion: Fraction, due: Fraction, ahead: Fraction) -> tuple[str, str]:
    """Say how a count stands against the calendar."""
    made, asked = plain(completion * 100, 1), plain(due * 100, 1)
    apart = plain(abs(ahead), 1)
    word, english = ("超过", "ahead") if ahead >= 0 else ("落后", "behind")
    return (
        f"完成率{made}%，序时进度{asked}%，{word}序时进度{apart}个百分点",
        f"{made} % done, {asked} % due: {apart} points {english}",
    )


def _paced(required: Fraction, pace: Fraction | None) -> tuple[str, str]:
    """Say how a state of a year stands against the line."""
    done = ("较基期倒退", "worse than the baseline")
    if pace is None or pace >= 0:
        share = plain((pace or Fraction(1)) * 100, 0)
        done = (f"完成应有进度的{share}%", f"{share} % of the progress due by then")
    asked = plain(required, 2)
    return f"序时要求{asked}，{done[0]}", f"the line asks {asked}: {done[1]}"


def _required(
    commitment: Commitment, aim: Fraction, figure: Figure, baseline: Figure | None
) -> Fraction:
    """Read the path at the figure's time."""
    end = commitment.end
    assert end is not None
    points = [(moment(day), exact(value, "schedule")) for day, value in commitment.schedule]
    if baseline is not None:
        points = [(baseline.moment, baseline.exact), *points]
    elif points[0][0] > figure.moment:
        return Fraction(0)  # a count: nothing is due before the first day of the schedule
    if points[-1][0] < moment(end):
        points.append((moment(end), aim))
    before = max(point for point in points if point[0] <= figure.moment)
    after = min(point for point in points if point[0] > figure.moment)
    share = (figure.moment - before[0]) / (after[0] - before[0])
    return before[1] + (after[1] - before[1]) * share


def _share(goal: Goal, baseline: Figure | None, value: Fraction) -> Fraction | None:
    """Return the share of the way that is made, where a baseline says how long it is."""
    if baseline is None or goal.value == baseline.exact:
        return None
    return (value - baseline.exact) / (goal.value - baseline.exact)

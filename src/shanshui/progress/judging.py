"""How a target stands (完成情况)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from shanshui.progress import inyear, years
from shanshui.progress._exact import Number, exact, plain
from shanshui.progress._standing import STATES, Judging, Standing, State, noted
from shanshui.progress.goals import differences, goal_of
from shanshui.progress.limits import Thresholds, thresholds

if TYPE_CHECKING:
    from shanshui.progress.commitment import AnnualTarget, Commitment, Figure, SoFar
    from shanshui.progress.inyear import Rest
    from shanshui.progress.outlook import Projection

__all__ = ["STATES", "Standing", "State", "standing"]


def standing(
    commitment: Commitment,
    figure: Figure | None = None,
    baseline: Figure | None = None,
    *,
    at: date | None = None,
    target: AnnualTarget | None = None,
    so_far: SoFar | None = None,
    rest: Rest | None = None,
    projection: Projection | None = None,
    limits: Thresholds | None = None,
    risk: Number | None = None,
    about: Number | None = None,
) -> Standing:
    """Say how a commitment stands by the latest figure.

    The words mean here, tried in this order:

    待下达
        The plan leaves the value to a higher authority and no `target` is given.
    暂无数据
        No figure; or none that can be judged: the base value of ``increase_by`` is missing, no
        baseline or no figure after the baseline to measure progress by, a figure later than `at`, a
        state of a year known only for a year after the deadline, or the deadline has passed and the
        figure is older.
    口径不一致
        Region, unit or a field of the basis that the commitment states differs from the figure's,
        or baseline and figure differ among themselves. `Standing.differences` names each.
    已完成
        The goal is met by the figure of the deadline; or before it, for what lasts or where no
        deadline is set. Where evidence is asked for, only with evidence.
    未完成
        The goal is not met and the deadline's figure is in, or the plan sets no deadline.
    达到序时进度, 存在风险, 滞后于序时进度
        Before the deadline, by the first of these that can tell:

        1. in the year of the target (`so_far`): settled for good, or out of reach;
        2. a projection that is not silent: its chance against ``limits.on_track`` and
           ``limits.chance_at_risk``;
        3. in the year: a rest that has to be better than the best of past years lags;
        4. the required path. Over years the straight line from the baseline to the goal, or
           through the schedule; in the year last year's course moved to the goal, or where last
           year is unknown the goal itself. On it or better is 达到序时进度, at least
           ``limits.path_at_risk`` of the progress that it asks for 存在风险, else 滞后于序时进度.
           A goal that is met already and has to be held keeps pace; one that was met at the
           baseline and has been lost lags. An allowance of days of the year (重污染天数 kept down;
           the days above the limit of a percentile) is used up as last year's was, or where last
           year is unknown evenly over the year: more than is due by now, but no more than the
           year allows, is 存在风险.

    Parameters
    ----------
    commitment : Commitment
        The promise.
    figure : Figure, optional
        The latest value that may answer it.
    baseline : Figure, optional
        The value that progress counts from; for ``increase_by`` and ``decrease_by`` that of the
        base year.
    at : date, optional
        The as-of date (评价日). None judges as of the figure.
    target : AnnualTarget, optional
        The value set for a year (年度目标), or handed down for a deferred promise (下达值); it is
        judged in the promise's place.
    so_far : SoFar, optional
        The part of the target's year that has passed (1—N月累计). A whole year, with nothing left,
        is the year's figure.
    rest : Remainder, Spare or PercentileRemainder, optional
        What the rest may be, where `so_far` does not tell it.
    projection : Projection, optional
        Made by `projection` for the target (`Standing.goal` of a call without it) and its year.
    limits : Thresholds, optional
        By default the packaged ones.
    risk, about : number, optional
        Stand in for ``limits.path_at_risk`` and ``limits.about``.

    Returns
    -------
    Standing

    Raises
    ------
    ShanshuiError
        A number is none, or the projection is of another target.

    Examples
    --------
    At most 30 by 2027, 33.0 in 2024 and 31.7 in 2025, where the line asks for 32.0:

    >>> from shanshui.progress import Commitment, Figure
    >>> promise = Commitment("<=", 30, "µg/m3", 2027, better="lower")
    >>> now, then = Figure(31.7, 2025, "µg/m3"), Figure(33.0, 2024, "µg/m3")
    >>> result = standing(promise, now, then)
    >>> result.state, float(result.required), float(result.gap)
    ('达到序时进度', 32.0, 1.7)

    The same in the course of 2027, with 41 days left:

    >>> from datetime import date
    >>> from shanshui.progress import SoFar
    >>> part = SoFar("31.5", date(2027, 11, 20), done=324, left=41, unit="µg/m3")
    >>> standing(promise, so_far=part).reason
    '1月1日—11月20日累计31.5（目标30），剩余41天均值需控制在18.15以内（修约18），累计值未达目标，仍可达到'
    """
    if target is not None:
        commitment = commitment.set_by(target)
    if commitment.deferred:
        return Standing(
            "待下达",
            "目标值由上级下达，尚无下达值",
            "the value is set by a higher authority and is not known yet",
        )
    if commitment.relative and baseline is None:
        base = "基期" if commitment.base_year is None else f"{commitment.base_year}年基期"
        return Standing(
            "暂无数据",
            f"缺{base}值，不能换算目标",
            "the base value is missing, so the goal is unknown",
        )
    limits = _limits(limits, risk, about)
    goal = goal_of(commitment, baseline, limits.about)
    if so_far is not None and so_far.through.year == commitment.year:
        if so_far.left == 0 and so_far.through == commitment.end:
            figure, so_far = replace(so_far.figure, day=None), None
        else:
            figure = so_far.figure
    else:
        so_far = None
    if figure is None:
        return Standing(
            "暂无数据", "没有可用的公布值或计算值", "no published or computed value", goal.value
        )
    found = differences(commitment, figure, baseline)
    if found:
        return Standing(
            "口径不一致",
            "；".join(zh for zh, _ in found),
            "; ".join(en for _, en in found),
            goal.value,
            differences=tuple(zh for zh, _ in found),
        )
    asked = Judging(commitment, goal, limits, projection)
    if so_far is not None:
        result = inyear.judge(asked, so_far, rest, at)
    else:
        result = years.judge(asked, figure, baseline, at)
    if target is not None and target.source:
        result = noted(result, (f"目标依据：{target.source}", f"set by {target.source}"))
    return _beside(result, asked, baseline)


def _limits(limits: Thresholds | None, risk: Number | None, about: Number | None) -> Thresholds:
    known = limits or thresholds()
    if risk is not None:
        known = replace(known, path_at_risk=exact(risk, "risk"))
    if about is not None:
        known = replace(known, about=exact(about, "about"))
    return known


def _beside(result: Standing, asked: Judging, baseline: Figure | None) -> Standing:
    """Judge the 力争 value beside the plain one."""
    commitment = asked.commitment
    if commitment.stretch is None or result.value is None:
        return result
    goal = goal_of(commitment, baseline, asked.limits.about, commitment.stretch)
    gap, met = goal.gap(result.value), goal.met(result.value)
    note = (f"力争{goal.text}：已达到", f"the value striven for, {goal.text}, is reached")
    if not met:
        short = plain(gap)
        note = (f"力争{goal.text}：差{short}", f"{short} short of {goal.text}, striven for")
    return replace(noted(result, note), stretch_met=met, stretch_gap=gap)

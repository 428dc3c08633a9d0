"""The standing as a record, and what the ways of judging it share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from shanshui.progress._exact import plain, rounded
from shanshui.progress.goals import Goal
from shanshui.standards import ShanshuiError

if TYPE_CHECKING:
    from shanshui.progress.commitment import Commitment
    from shanshui.progress.limits import Thresholds
    from shanshui.progress.outlook import Projection
    from shanshui.progress.remainder import Remainder
    from shanshui.progress.shares import PercentileRemainder, Spare
    from shanshui.progress.tally import Tally

State = Literal[
    "已完成",
    "达到序时进度",
    "存在风险",
    "滞后于序时进度",
    "未完成",
    "暂无数据",
    "待下达",
    "口径不一致",
]
STATES: tuple[State, ...] = get_args(State)
"""The states of a target; `standing` says what each means."""


@dataclass(frozen=True)
class Standing:
    """How a commitment stands by a figure; made by `standing`.

    Attributes
    ----------
    state : str
        One of `STATES`.
    reason, reason_en : str
        Why, in Chinese and in English.
    goal : Fraction or None
        The value to reach, with ``increase_by`` and ``decrease_by`` resolved.
    gap : Fraction or None
        How far the value, rounded as the evaluation rounds it, still has to move to touch the goal,
        never negative; 0 when met. None when the figure cannot answer.
    required : Fraction or None
        The value that the path (straight or as scheduled; in the year: last year's course moved to
        the goal) has at the figure's time. Of a percentile in the year: the days beyond its limit
        that the path allows by then.
    pace : Fraction or None
        Progress made as a share of the progress required by then: 1 is on the path.
    differences : tuple of str
        Where the bases differ, for 口径不一致.
    value : Fraction or None
        The figure, rounded as the evaluation rounds it.
    completion, due : Fraction or None
        Share of the way from the baseline to the goal that is made (完成率), and that the path asks
        for by then (序时进度).
    ahead : Fraction or None
        ``completion - due`` in percentage points: 超过 when positive, 落后 when negative.
    change : Fraction or None
        Against the same months of last year (同比): in % of them, or in percentage points for
        figures in %.
    rest : Remainder, Spare, PercentileRemainder or None
        What the rest of the year may still be.
    chance : Fraction or None
        Chance of meeting the target, where a projection gave the state or stands beside it.
    stretch_met : bool or None
        Whether the 力争 value is met; None where there is none or no figure can answer.
    stretch_gap : Fraction or None
        The gap to it.
    """

    state: State
    reason: str
    reason_en: str
    goal: Fraction | None = None
    gap: Fraction | None = None
    required: Fraction | None = None
    pace: Fraction | None = None
    differences: tuple[str, ...] = ()
    value: Fraction | None = None
    completion: Fraction | None = None
    due: Fraction | None = None
    ahead: Fraction | None = None
    change: Fraction | None = None
    rest: Remainder | Spare | PercentileRemainder | Tally | None = None
    chance: Fraction | None = None
    stretch_met: bool | None = None
    stretch_gap: Fraction | None = None


Seen = tuple[Fraction, str, str]
"""A figure as the evaluation sees it, and how it reads in both languages."""


class Judging(NamedTuple):
    """What every way of judging a figure needs."""

    commitment: Commitment
    goal: Goal
    limits: Thresholds
    projection: Projection | None

    def shown(self, value: Fraction) -> Seen:
        """Return the figure as the evaluation sees it, and how it reads in both languages."""
        digits = self.commitment.decimals
        seen = rounded(value, digits)
        text = plain(seen, digits)
        if seen == value:
            return seen, text if digits is None else plain(value), plain(value)
        return seen, f"{plain(value)}（修约{text}）", f"{plain(value)} (rounded {text})"

    def by_chance(self) -> tuple[State, str, str] | None:
        """Give the state that the chance of meeting the target has, where there is one."""
        projection = self.projection
        if (
            projection is None
            or projection.chance is None
            or projection.year != self.commitment.year
        ):
            return None
        if projection.target not in (None, self.goal.bound):
            asked, made = plain(self.goal.bound), plain(projection.target or Fraction(0))
            raise ShanshuiError(
                f"预测是对目标{made}作的，不是{asked} / the projection is of {made}, not of {asked}"
            )
        chance = projection.chance
        state: State = "滞后于序时进度"
        if chance >= self.limits.on_track:
            state = "达到序时进度"
        elif chance >= self.limits.chance_at_risk:
            state = "存在风险"
        return state, projection.text(), projection.text("en")

    def silent(self) -> tuple[str, str]:
        """Say why there is no projection, where one was asked for."""
        projection = self.projection
        if projection is None or projection.chance is not None:
            return "", ""
        return f"；{projection.text()}", f"; {projection.text('en')}"


def noted(standing: Standing, *notes: tuple[str, str]) -> Standing:
    """Add sentences to the reasons."""
    return replace(
        standing,
        reason="；".join([standing.reason, *(zh for zh, _ in notes if zh)]),
        reason_en="; ".join([standing.reason_en, *(en for _, en in notes if en)]),
    )

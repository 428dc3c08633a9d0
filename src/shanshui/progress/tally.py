"""What the rest of a year may bring where days themselves are counted (优良天数, 重污染天数)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Literal

from shanshui.progress._exact import Number, exact, whole
from shanshui.progress.remainder import Comparator
from shanshui.standards import ShanshuiError

Days = Literal["good", "heavy"]
"""Days that are counted: 优良天, 重污染天 (重度及以上)."""

_WORDS = {"good": ("优良", "good"), "heavy": ("重污染", "heavily polluted")}
_OVER = {"good": ("超标", "exceed"), "heavy": ("非重污染", "not be heavily polluted")}


@dataclass(frozen=True)
class Tally:
    """How many of the days left have to count, or may; made by `remaining_days`.

    Attributes
    ----------
    target : Fraction
        The target as given, in days.
    comparator : str
        How the count of the year must compare with it.
    counted, left : int
        Days that count so far, and days to come.
    needed : int or None
        For a count to be reached: days left that still have to count, at least 0. None for one to
        be kept down.
    allowed : int
        Days left that may still exceed: those that do not count where a count is to be reached,
        those that count where one is kept down. Negative when the target is lost already.
    of : str
        Which days are counted.
    """

    target: Fraction
    comparator: Comparator
    counted: int
    left: int
    needed: int | None
    allowed: int
    of: Days

    @property
    def value(self) -> None:
        """None: no mean is to be kept."""
        return

    @property
    def feasible(self) -> bool:
        """Whether some number of the days left meets the target."""
        return self.allowed >= 0

    @property
    def safe(self) -> bool:
        """Whether the target is met whatever the days left bring."""
        return self.allowed >= self.left

    def text(self, language: Literal["zh", "en"] = "zh") -> str:
        """Say it in one sentence.

        Examples
        --------
        >>> remaining_days(300, counted=270, left=41, comparator=">=").text()
        '剩余41天中须有30天优良，还可超标11天'
        >>> remaining_days(3, counted=2, left=41, of="heavy").text()
        '剩余41天中还可有1天重污染'
        """
        pick = 0 if language == "zh" else 1
        day, over = _WORDS[self.of][pick], _OVER[self.of][pick]
        left = f"剩余{self.left}天" if language == "zh" else f"the remaining {self.left} days"
        if not self.feasible:
            if self.needed is None:
                return (
                    f"已无法达到目标：{day}天已多出{-self.allowed}天",
                    f"out of reach: {-self.allowed} {day} days too many already",
                )[pick]
            return (
                f"已无法达到目标：{left}中须有{self.needed}天{day}",
                f"out of reach: {self.needed} of {left} would have to be {day}",
            )[pick]
        if self.safe:
            return (
                f"已锁定：{left}无论如何均能达到目标",
                f"settled: the target is met whatever {left} bring",
            )[pick]
        if self.needed is None:
            return (
                f"{left}中还可有{self.allowed}天{day}",
                f"{self.allowed} of {left} may still be {day}",
            )[pick]
        return (
            f"{left}中须有{self.needed}天{day}，还可{over}{self.allowed}天",
            f"{self.needed} of {left} have to be {day}, {self.allowed} may {over}",
        )[pick]


def remaining_days(
    target: Number,
    *,
    counted: int,
    left: int,
    comparator: Comparator = "<=",
    of: Days = "good",
) -> Tally:
    """Say how many of the days left have to count, or may, for a count of days (天数) to hold.

    Unlike a ratio of days, a count does not ask how many days are valid: a day that turns out
    invalid is one that does not count.

    Parameters
    ----------
    target : number
        Days of the year that the target asks for, or allows.
    counted : int
        Days so far that count.
    left : int
        Days of the rest of the year.
    comparator : {"<=", "<", ">=", ">"}
        How the count of the year must compare with `target`.
    of : {"good", "heavy"}
        Which days are counted; for the words only.

    Returns
    -------
    Tally

    Raises
    ------
    ShanshuiError
        For a number that is none, days that are not whole, or another comparator.

    Examples
    --------
    >>> rest = remaining_days(300, counted=250, left=41, comparator=">=")
    >>> rest.needed, rest.allowed, rest.feasible
    (50, -9, False)
    """
    if comparator not in ("<=", "<", ">=", ">"):
        raise ShanshuiError(
            f"比较符应为 <= < >= >：{comparator!r} / unknown comparator {comparator!r}"
        )
    goal = exact(target, "target")
    had, rest = whole(counted, "counted"), whole(left, "left")
    if comparator[0] == "<":
        most = floor(goal) if comparator == "<=" else ceil(goal) - 1
        return Tally(goal, comparator, had, rest, None, most - had, of)
    least = ceil(goal) if comparator == ">=" else floor(goal) + 1
    needed = max(0, least - had)
    # Beyond what is left nothing can be lost.
    return Tally(goal, comparator, had, rest, needed, rest - needed, of)

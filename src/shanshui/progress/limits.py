"""The thresholds of the states, as data."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Thresholds:
    """Where the states of a target part; by default those of ``thresholds.toml``.

    Attributes
    ----------
    on_track, chance_at_risk : Fraction
        Chance of meeting the target (0 to 1) from which it is 达到序时进度, and 存在风险.
    path_at_risk : Fraction
        Share of the required progress from which it is 存在风险, where there is no projection.
    about : Fraction
        Tolerance of ``~`` (左右) as a share of the target.
    """

    on_track: Fraction
    chance_at_risk: Fraction
    path_at_risk: Fraction
    about: Fraction


@cache
def thresholds() -> Thresholds:
    """Read the packaged thresholds.

    Examples
    --------
    >>> thresholds().on_track, thresholds().path_at_risk
    (Fraction(4, 5), Fraction(3, 5))
    """
    path = files("shanshui.progress").joinpath("thresholds.toml")
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return Thresholds(
        Fraction(table["chance"]["on_track"]),
        Fraction(table["chance"]["at_risk"]),
        Fraction(table["path"]["at_risk"]),
        Fraction(table["about"]["slack"]),
    )

"""Quality control of observations: range, drift, runs, steps, spikes, inversions, clocks, gaps.

Every test gives flags beside the values, never instead of them, with its rule and its numbers.
Levels are those of QARTOD: ``pass, unknown, suspect, fail, missing``; what was not evaluated and
what is missing is not good. The rules are dated tables beside the functions, with what each figure
stands on; a figure that no text gives is this project's own and says so.
"""

from shanshui.quality._levels import FLAGGED, LEVELS
from shanshui.quality.check import ORDERED, ROWWISE, check, grade
from shanshui.quality.completeness import completeness
from shanshui.quality.rules import TESTS, Flag, Rule, Rules, rules
from shanshui.quality.single import (
    future,
    gap,
    gross_range,
    inversion,
    missing,
    negative,
    neighbours,
    off_cadence,
    rate_of_change,
    repeated,
    source_flag,
    spike,
    step,
    stuck,
    unordered,
    zero_run,
)

__all__ = [
    "FLAGGED",
    "LEVELS",
    "ORDERED",
    "ROWWISE",
    "TESTS",
    "Flag",
    "Rule",
    "Rules",
    "check",
    "completeness",
    "future",
    "gap",
    "grade",
    "gross_range",
    "inversion",
    "missing",
    "negative",
    "neighbours",
    "off_cadence",
    "rate_of_change",
    "repeated",
    "rules",
    "source_flag",
    "spike",
    "step",
    "stuck",
    "unordered",
    "zero_run",
]

"""Progress: how a target stands, what the rest of a period may still be, and what is to come.

Pure arithmetic on exact fractions: no clock, no database. A number given as a float stands for its
shortest decimal form, so 0.1 is exactly one tenth. Only a projection is an estimate.
"""

from shanshui.progress.commitment import AnnualTarget, Commitment, Figure, SoFar
from shanshui.progress.frames import standings
from shanshui.progress.judging import STATES, Standing, standing
from shanshui.progress.limits import Thresholds, thresholds
from shanshui.progress.outlook import Projection, Record, projection, records
from shanshui.progress.remainder import Remainder, remaining
from shanshui.progress.shares import (
    PercentileRemainder,
    Spare,
    remaining_percentile,
    remaining_sections,
)
from shanshui.progress.tally import Tally, remaining_days

__all__ = [
    "STATES",
    "AnnualTarget",
    "Commitment",
    "Figure",
    "PercentileRemainder",
    "Projection",
    "Record",
    "Remainder",
    "SoFar",
    "Spare",
    "Standing",
    "Tally",
    "Thresholds",
    "projection",
    "records",
    "remaining",
    "remaining_days",
    "remaining_percentile",
    "remaining_sections",
    "standing",
    "standings",
    "thresholds",
]

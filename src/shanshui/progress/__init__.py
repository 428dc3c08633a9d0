"""Progress: what the rest of a period may still be, and how a target stands.

Pure arithmetic on exact fractions: no clock, no files. A number given as a float stands for its
shortest decimal form, so 0.1 is exactly one tenth.
"""

from shanshui.progress.commitment import Commitment, Figure
from shanshui.progress.remainder import Remainder, remaining
from shanshui.progress.standings import STATES, Standing, standing

__all__ = [
    "STATES",
    "Commitment",
    "Figure",
    "Remainder",
    "Standing",
    "remaining",
    "standing",
]

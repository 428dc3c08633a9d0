"""Run methods over the lake, and keep results with their lineage."""

from shanshui.platform.assess.results import figures, find, read
from shanshui.platform.assess.running import Assessed, run

__all__ = ["Assessed", "figures", "find", "read", "run"]

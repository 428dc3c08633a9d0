"""Run methods over the lake, and keep results with their lineage."""

from shanshui.platform.assess.results import figures, find, read
from shanshui.platform.assess.running import Assessed, run
from shanshui.platform.assess.unanswered import answered, unanswered

__all__ = ["Assessed", "answered", "figures", "find", "read", "run", "unanswered"]

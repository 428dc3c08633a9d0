"""Surface water (GB 3838-2002, 环办〔2011〕22号): classes, means, shares, ranks."""

from shanshui.water.surface.aggregate import aggregate, merge, rounded
from shanshui.water.surface.classify import classify
from shanshui.water.surface.groups import change, evaluate, shares
from shanshui.water.surface.ranking import cwqi, trend
from shanshui.water.surface.roster import enroll, roster

__all__ = [
    "aggregate",
    "change",
    "classify",
    "cwqi",
    "enroll",
    "evaluate",
    "merge",
    "roster",
    "rounded",
    "shares",
    "trend",
]

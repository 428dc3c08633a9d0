"""Trends and patterns of any measured series: air today, water and soil by the same functions.

Every function takes a frame that holds its rows (Polars, pandas, PyArrow) and hands back the kind
that came. Trends need numpy, scipy and statsmodels: ``pip install "shanshui[analysis]"``.
"""

from shanshui.analysis.averages import average, rolling
from shanshui.analysis.patterns import rose, variation
from shanshui.analysis.trend import deseasonalise, mann_kendall, theil_sen

__all__ = [
    "average",
    "deseasonalise",
    "mann_kendall",
    "rolling",
    "rose",
    "theil_sen",
    "variation",
]

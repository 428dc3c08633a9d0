"""Noise by the Chinese standards (GB 3096, HJ 640): levels, functional zones, city grades.

Levels are in dB(A). Every function takes any frame that Narwhals knows (Polars, pandas, PyArrow,
DuckDB, Ibis, PySpark) and hands back the same kind; a lazy frame is never executed.
"""

from shanshui.noise.city import attainment, noise_limits, region, road, zone_named, zones
from shanshui.noise.series import levels

__all__ = ["attainment", "levels", "noise_limits", "region", "road", "zone_named", "zones"]

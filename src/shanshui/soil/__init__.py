"""Soil by the Chinese standards (GB 15618, GB 36600).

Contents are totals in mg/kg. Every function takes any frame that Narwhals knows (Polars, pandas,
PyArrow, DuckDB, Ibis, PySpark) and hands back the same kind; a lazy frame is never executed.
"""

from shanshui.soil.construction import construction, construction_limits
from shanshui.soil.farmland import farmland, safe_use_ratio

__all__ = ["construction", "construction_limits", "farmland", "safe_use_ratio"]

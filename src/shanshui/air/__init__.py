"""Ambient air by the Chinese standards (GB 3095, HJ 633, HJ 663).

Hourly items are ``so2, no2, co, o3, pm10, pm25``, daily items ``so2, no2, co, o3_1h, o3_8h,
pm10, pm25``: µg/m3, CO mg/m3. Every function takes any frame that Narwhals knows (Polars, pandas,
PyArrow, DuckDB, Ibis, PySpark) and hands back the same kind; a lazy frame is never executed.
"""

from shanshui.air.across import compare_editions
from shanshui.air.area import area, group
from shanshui.air.compare import compare, rank
from shanshui.air.daily import daily
from shanshui.air.events import exclude
from shanshui.air.health import health_bands, health_coefficients, health_index
from shanshui.air.index import aqi, aqi_hourly
from shanshui.air.state import convert_state
from shanshui.air.statistics import composite, statistics
from shanshui.air.tables import breakpoints, categories, check, limits, sensitive

__all__ = [
    "aqi",
    "aqi_hourly",
    "area",
    "breakpoints",
    "categories",
    "check",
    "compare",
    "compare_editions",
    "composite",
    "convert_state",
    "daily",
    "exclude",
    "group",
    "health_bands",
    "health_coefficients",
    "health_index",
    "limits",
    "rank",
    "sensitive",
    "statistics",
]

"""Water by the Chinese standards: surface water, lakes, groundwater, sea.

Concentrations are mg/L where nothing else is said. Every function takes any frame that Narwhals
knows (Polars, pandas, PyArrow, DuckDB, Ibis, PySpark) and hands back the same kind; a lazy frame is
never executed.
"""

from shanshui.water import ground, lake, sea, sources, surface
from shanshui.water.odour import black_odour, black_odour_rural

__all__ = [
    "black_odour",
    "black_odour_rural",
    "ground",
    "lake",
    "sea",
    "sources",
    "surface",
]

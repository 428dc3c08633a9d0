"""Local Spark gives what Polars gives."""

import polars as pl
from engine_cases import Engines
from water_engines import check_engine

from shanshui.water import ground, surface

WELLS = pl.DataFrame(
    {
        "station": ["a", "b", "c", "d", "e"],
        "ph": [7.0, 5.5, 9.1, None, 8.5],
        "mn": ["0.05", "0.3", "0.02L", "ND", "坏"],
        "odour": ["无", "有", None, "怪", "无"],
        "alpha": [0.1, 0.6, 0.5, None, 1e9],
    }
)


def test_groundwater_on_spark_as_on_polars(spark):
    check_engine("spark", ground.classify, WELLS, ["station"], Engines(spark))


def test_surface_water_on_spark_as_on_polars(spark):
    rows = pl.DataFrame(
        {
            "station": ["a", "b", "c", "d"],
            "kind": ["河流", "湖库", "运河", "河流"],
            "do": [8.0, 4.0, 6.0, None],
            "nh3n": ["0.02L", "1.2", "ND", "2.4"],
            "tp": [0.05, 0.05, 0.3, 0.45],
        }
    )
    check_engine(
        "spark", lambda f: surface.classify(f, kind="kind"), rows, ["station"], Engines(spark)
    )

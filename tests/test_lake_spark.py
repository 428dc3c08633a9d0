"""The lake read with Spark: equal rows to what Polars gives."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from shanshui.platform.store.lake import Lake

NINE = datetime(2025, 12, 31, 20)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    lake = Lake(tmp_path_factory.mktemp("湖 spark") / "lake")
    hours = pl.DataFrame({"station": ["1001A", "1002A", "1003A"]}).join(
        pl.DataFrame({"time": [NINE + timedelta(hours=h) for h in range(9)]}), how="cross"
    )
    number = pl.int_range(pl.len()).cast(pl.Float64)
    wide = hours.with_columns(
        pm25=pl.when(number % 5 > 0).then(number),
        flag_pm25=pl.when(number % 10 == 0).then(pl.lit("N")),
        o3=number,
    )
    lake.store(wide, source="a")
    reviewed = hours.head(5).with_columns(
        property=pl.lit("o3"), period=3600, value=pl.lit(None, pl.Float64)
    )
    lake.store(reviewed, source="b", state="reviewed")
    ammonia = hours.with_columns(property=pl.lit("nh3n"), period=14400, value=number / 7)
    lake.store(ammonia, source="c")
    return lake


def plain(frame):
    """Rows and columns, with moments of recording as numbers, whatever the session's zone."""
    from pyspark.sql import functions as sf

    if "recorded_from" in frame.columns:
        frame = frame.withColumn("recorded_from", sf.expr("unix_micros(recorded_from)"))
    return frame.columns, [tuple(row) for row in frame.collect()]


def expected(lazy):
    frame = lazy.collect()
    if "recorded_from" in frame.columns:
        frame = frame.with_columns(pl.col("recorded_from").dt.epoch("us"))
    return frame.columns, sorted(frame.rows(), key=lambda row: tuple(map(repr, row)))


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"as_of": 1},
        {"wide": True},
        {"stations": ["1002A"], "properties": ["pm25", "nh3n"]},
        {"start": datetime(2026, 1, 1), "end": datetime(2026, 1, 1, 3), "properties": "pm25"},
        {"properties": ["nh3n"], "period": 14400, "wide": True},
        {"stations": "9999A"},
    ],
    ids=str,
)
def test_spark_gives_the_same_rows(spark, lake, asked):
    columns, rows = expected(lake.observations(**asked))
    frame = lake.spark(spark, **asked)
    found, got = plain(frame)
    assert found == columns
    assert sorted(got, key=lambda row: tuple(map(repr, row))) == rows

"""Reading the lake with Spark: the same rows, from the same files.

Spark has no reader of Delta without a package that PyPI does not have, so it is given the data
files of the pinned version, which are plain Parquet.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import polars as pl

from shanshui.platform.store.lake_read import Reader, Wanted, hourly
from shanshui.platform.store.lake_tables import (
    LONG,
    OBSERVATIONS,
    REVISIONS,
    TABLES,
    WIDE,
    Table,
    Wide,
)

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

_TYPES = {
    pl.String(): "string",
    pl.Float64(): "double",
    pl.Int32(): "int",
    pl.Int64(): "bigint",
    pl.Datetime("us"): "timestamp_ntz",
    pl.Datetime("us", "UTC"): "timestamp",
}


def observations(spark: SparkSession, reader: Reader, wanted: Wanted, *, wide: bool) -> DataFrame:
    """Return observations as `Reader.wide` or `Reader.long` does."""
    if not wide:
        return _long(spark, reader, wanted)
    from pyspark.sql import functions as sf

    kept = hourly(wanted)
    if kept is not None and wanted.as_of is None:
        items = wanted.items(kept)
        rows = _rows(spark, reader, TABLES[kept.name], wanted)
        rows = rows.filter(reduce(lambda a, b: a | b, (_present(item) for item in items)))
        return rows.select("station", "time", *items, *(f"flag_{item}" for item in items))
    wanted, properties = wanted.turned()
    of = sf.col("property")
    return (
        _long(spark, reader, wanted)
        .groupBy("station", "time")
        .agg(
            *(
                sf.first(sf.when(of == item, sf.col(name)), ignorenulls=True).alias(prefix + item)
                for prefix, name in (("", "value"), ("flag_", "flag"))
                for item in properties
            )
        )
    )


def _long(spark: SparkSession, reader: Reader, wanted: Wanted) -> DataFrame:
    from pyspark.sql import functions as sf

    parts = []
    for one in WIDE:
        items = wanted.items(one)
        if items:
            rows = _rows(spark, reader, TABLES[one.name], wanted)
            parts += [_narrow(rows, one, item) for item in items]
    if wanted.others:
        parts.append(_rows(spark, reader, OBSERVATIONS, wanted))
    out = reduce(lambda a, b: a.unionByName(b), parts)
    if wanted.as_of is None:
        return out
    moment = sf.lit(wanted.as_of)
    old = _rows(spark, reader, REVISIONS, wanted)
    old = old.filter((sf.col("recorded_from") <= moment) & (sf.col("recorded_to") > moment))
    return out.filter(sf.col("recorded_from") <= moment).unionByName(old.select(*LONG))


def _rows(spark: SparkSession, reader: Reader, table: Table, wanted: Wanted) -> DataFrame:
    from pyspark.sql import functions as sf

    uris = [file.uri for file in wanted.near(reader.log.files(reader.head, table.name))]
    schema = _schema(table)
    if not uris:
        return spark.createDataFrame([], schema)
    rows = spark.read.schema(schema).parquet(*(_spelt(uri) for uri in uris)).select(*table.schema)
    if wanted.stations is not None:
        rows = rows.filter(sf.col("station").isin(list(wanted.stations)))
    # A naive time is bound as text: Spark would take a datetime as one of its session's zone.
    if wanted.start is not None:
        rows = rows.filter(sf.col("time") > sf.to_timestamp_ntz(sf.lit(str(wanted.start))))
    if wanted.end is not None:
        rows = rows.filter(sf.col("time") <= sf.to_timestamp_ntz(sf.lit(str(wanted.end))))
    if wanted.properties is not None and "property" in table.schema:
        rows = rows.filter(sf.col("property").isin(list(wanted.properties)))
    if wanted.period is not None and "period" in table.schema:
        rows = rows.filter(sf.col("period") == wanted.period)
    return rows


def _spelt(uri: str) -> str:
    """Return a URI as Hadoop has it."""
    if "://" not in uri:
        return f"file://{uri}"
    return f"s3a://{uri.removeprefix('s3://')}" if uri.startswith("s3://") else uri


def _schema(table: Table) -> str:
    return ", ".join(f"`{name}` {_TYPES[kind]}" for name, kind in table.schema.items())


def _present(item: str) -> Column:
    from pyspark.sql import functions as sf

    named = (item, f"flag_{item}", f"state_{item}")
    return reduce(lambda a, b: a | b, (sf.col(name).isNotNull() for name in named))


def _narrow(rows: DataFrame, wide: Wide, item: str) -> DataFrame:
    from pyspark.sql import functions as sf

    return rows.filter(_present(item)).select(
        "station",
        sf.lit(item).alias("property"),
        "time",
        sf.lit(wide.period).cast("int").alias("period"),
        sf.col(item).alias("value"),
        sf.col(f"flag_{item}").alias("flag"),
        sf.coalesce(f"source_{item}", "source").alias("source"),
        sf.coalesce(f"state_{item}", "state").alias("state"),
        sf.coalesce(f"recorded_{item}", "recorded_from").alias("recorded_from"),
    )

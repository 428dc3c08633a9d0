"""The tables of the lake: their columns, and how wide rows and long rows become each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_

import polars as pl
from deltalake import Field
from deltalake import Schema as DeltaSchema
from deltalake.schema import PrimitiveType

Schema = dict[str, "pl.DataType"]

STRING, FLOAT, INT = pl.String(), pl.Float64(), pl.Int64()
TIME, MOMENT, SECONDS = pl.Datetime("us"), pl.Datetime("us", "UTC"), pl.Int32()

KEY = ("station", "property", "time", "period")
"""What one observation is known by."""
SERIES = ("station", "property", "period")
"""What the observations of one series share."""
RANKS = {"raw": 0, "reviewed": 1, "corrected": 2}
"""States of data, a later one outranking an earlier one."""

LONG: Schema = {
    "station": STRING,
    "property": STRING,
    "time": TIME,
    "period": SECONDS,
    "value": FLOAT,
    "flag": STRING,
    "source": STRING,
    "state": STRING,
    "recorded_from": MOMENT,
}
FLAGS: Schema = {
    "station": STRING,
    "property": STRING,
    "time": TIME,
    "period": SECONDS,
    "rule": STRING,
    "level": STRING,
    "detail": STRING,
    "recorded_from": MOMENT,
}
COMMITS: Schema = {
    "version": INT,
    "recorded": MOMENT,
    "action": STRING,
    "source": STRING,
    "transaction": STRING,
    "number": INT,
    "read": INT,
    "stored": INT,
    "already": INT,
    "changed": INT,
    "outranked": INT,
}


@dataclass(frozen=True)
class Wide:
    """A table with a column for each property of a fixed set at one cadence.

    ``source``, ``state`` and ``recorded_from`` of a row hold for all its values; where a value has
    its own, ``source_<item>``, ``state_<item>`` and ``recorded_<item>`` say so, so that the review
    of one item does not touch the others. A value is there where it, its flag or its own state is
    not null. Files leave out the columns that are wholly null.

    Attributes
    ----------
    name : str
        Name of the table.
    items : tuple of str
        Codes of its properties.
    period : int
        Seconds that each value stands for.
    """

    name: str
    items: tuple[str, ...]
    period: int

    @property
    def schema(self) -> Schema:
        """Every column and its type."""
        own = {
            f"{name}_{item}": kind
            for name, kind in (
                ("flag", STRING),
                ("state", STRING),
                ("source", STRING),
                ("recorded", MOMENT),
            )
            for item in self.items
        }
        return (
            {"station": STRING, "time": TIME}
            | dict.fromkeys(self.items, FLOAT)
            | {"source": STRING, "state": STRING, "recorded_from": MOMENT}
            | own
        )

    def present(self, item: str) -> pl.Expr:
        """Whether a row has an observation of an item, be its value missing or not."""
        named = (item, f"flag_{item}", f"state_{item}")
        return reduce(or_, (pl.col(name).is_not_null() for name in named))

    def any_present(self, items: Iterable[str]) -> pl.Expr:
        """Whether a row has an observation of one of the items."""
        return pl.any_horizontal([self.present(item) for item in items])

    def long(self, rows: pl.LazyFrame, items: Iterable[str], *also: str) -> pl.LazyFrame:
        """Turn wide rows into a row for each observation.

        Parameters
        ----------
        rows : polars LazyFrame
            With every column of the table.
        items : iterable of str
            Items wanted.
        *also : str
            Further columns to keep.
        """
        parts = [
            rows.filter(self.present(item)).select(
                "station",
                pl.lit(item).alias("property"),
                "time",
                pl.lit(self.period, pl.Int32).alias("period"),
                pl.col(item).alias("value"),
                pl.col(f"flag_{item}").alias("flag"),
                pl.coalesce(f"source_{item}", "source").alias("source"),
                pl.coalesce(f"state_{item}", "state").alias("state"),
                pl.coalesce(f"recorded_{item}", "recorded_from").alias("recorded_from"),
                *also,
            )
            for item in items
        ]
        return pl.concat(parts) if parts else pl.LazyFrame(schema=LONG)

    def wide(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Turn long rows, one for each observation, into wide rows."""
        keys = ["station", "time"]
        out = rows.select(keys).unique(maintain_order=True)
        for item in self.items:
            own = rows.filter(pl.col("property") == item).select(
                *keys,
                pl.col("value").alias(item),
                pl.col("flag").alias(f"flag_{item}"),
                pl.col("state").alias(f"state_{item}"),
                pl.col("source").alias(f"source_{item}"),
                pl.col("recorded_from").alias(f"recorded_{item}"),
            )
            out = out.join(own, on=keys, how="left", maintain_order="left")
        none = [pl.lit(None, self.schema[n]).alias(n) for n in ("source", "state", "recorded_from")]
        return self.tidied(out.with_columns(none))

    def tidied(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Say once for a row what holds for all its values.

        Parameters
        ----------
        rows : polars DataFrame
            Where each value that is there has its own state, source and time of recording, and a
            row that is in the lake already has those of the row.
        """
        shared = {"state": "state", "source": "source", "recorded": "recorded_from"}
        rows = rows.with_columns(
            pl.coalesce(column, *(f"{name}_{item}" for item in self.items)).alias(column)
            for name, column in shared.items()
        )
        slim = []
        for item in self.items:
            bare = pl.col(item).is_null() & pl.col(f"flag_{item}").is_null()
            for name, column in shared.items():
                own = pl.col(f"{name}_{item}")
                kept = own.ne_missing(pl.col(column))
                if name == "state":  # alone it says that a missing value was observed as missing
                    kept = kept | bare
                slim.append(pl.when(kept).then(own).alias(f"{name}_{item}"))
        return rows.with_columns(slim).select(list(self.schema))

    def renewed(self, rows: pl.DataFrame, observations: pl.DataFrame) -> pl.DataFrame:
        """Put observations into wide rows of the lake.

        Parameters
        ----------
        rows : polars DataFrame
            Rows of the table, with every column and perhaps others.
        observations : polars DataFrame
            Long rows whose stations and times are among them.
        """
        shared = {"state": "state", "source": "source", "recorded": "recorded_from"}
        spelt = rows.with_columns(
            pl.when(self.present(item))
            .then(pl.coalesce(f"{name}_{item}", column))
            .alias(f"{name}_{item}")
            for item in self.items
            for name, column in shared.items()
        )
        for item in self.items:
            own = observations.filter(pl.col("property") == item)
            if own.is_empty():
                continue
            own = own.select(
                "station",
                "time",
                pl.col("value").alias("_value"),
                pl.col("flag").alias("_flag"),
                pl.col("state").alias("_state"),
                pl.col("source").alias("_source"),
                pl.col("recorded_from").alias("_recorded"),
            )
            new = pl.col("_state").is_not_null()
            spelt = (
                spelt.join(own, on=["station", "time"], how="left", maintain_order="left")
                .with_columns(
                    pl.when(new).then(pl.col("_value")).otherwise(pl.col(item)).alias(item),
                    *(
                        pl.when(new)
                        .then(pl.col(f"_{name}"))
                        .otherwise(pl.col(f"{name}_{item}"))
                        .alias(f"{name}_{item}")
                        for name in ("flag", "state", "source", "recorded")
                    ),
                )
                .drop("_value", "_flag", "_state", "_source", "_recorded")
            )
        others = [c for c in rows.columns if c not in self.schema]
        return pl.concat([self.tidied(spelt), spelt.select(others)], how="horizontal")


AIR_HOUR = Wide("air_hour", ("pm25", "pm10", "so2", "no2", "co", "o3"), 3600)
WIDE = (AIR_HOUR,)
"""The wide tables. What fits none of them goes to ``observations``."""


@dataclass(frozen=True)
class Table:
    """A Delta table of the lake.

    Attributes
    ----------
    name : str
        Its folder.
    schema : dict
        Columns and types of its files.
    by_year : bool
        Whether it is partitioned by the year that a period lies in.
    order : tuple of str
        Columns that compaction sorts by.
    """

    name: str
    schema: Schema
    by_year: bool = True
    order: tuple[str, ...] = ("station", "property", "time", "period")


REVISIONS = Table("revisions", LONG | {"recorded_to": MOMENT})
"""What was current once, or never could be because a higher state was there."""
OBSERVATIONS = Table("observations", LONG)
FLAG_TABLE = Table("flags", FLAGS)
LATEST = Table("latest", LONG, by_year=False)
COMMIT_TABLE = Table("commits", COMMITS, by_year=False, order=("version",))

BESIDE = ("results", "comparisons", "assessed_days", "assessments")
"""Tables that assessment keeps in the place of the lake, each at its own version."""
TABLES = {
    table.name: table
    for table in (
        REVISIONS,
        FLAG_TABLE,
        *(Table(wide.name, wide.schema, order=("station", "time")) for wide in WIDE),
        OBSERVATIONS,
        LATEST,
    )
}
"""The tables in the order of their commits: the old row is kept before the new one is put."""


def year_of(time: str = "time") -> pl.Expr:
    """Return the year that a period lies in, by its end: 24:00 of 31 December is of that year."""
    return (pl.col(time) - pl.duration(microseconds=1)).dt.year()


def month_of(time: str = "time") -> pl.Expr:
    """Return the first day of the month that a period lies in, by its end."""
    return (pl.col(time) - pl.duration(microseconds=1)).dt.truncate("1mo").dt.date()


_KINDS = {
    pl.String(): "string",
    pl.Float64(): "double",
    pl.Int64(): "long",
    pl.Int32(): "integer",
    pl.Datetime("us"): "timestamp_ntz",
    pl.Datetime("us", "UTC"): "timestamp",
}


def delta_schema(table: Table) -> DeltaSchema:
    """Return the schema of a table as Delta has it."""
    fields = [Field(n, PrimitiveType(_KINDS[kind])) for n, kind in table.schema.items()]
    if table.by_year:
        fields.append(Field("year", PrimitiveType("integer")))
    return DeltaSchema(fields)

"""Reading the lake with Polars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from shanshui.platform.store.lake_log import Head, Log
from shanshui.platform.store.lake_place import DataFile, scan
from shanshui.platform.store.lake_tables import (
    KEY,
    LONG,
    OBSERVATIONS,
    REVISIONS,
    TABLES,
    WIDE,
    Table,
    Wide,
)
from shanshui.standards.errors import ShanshuiError


@dataclass(frozen=True)
class Wanted:
    """Which observations are asked for.

    Attributes
    ----------
    stations, properties : sequence of str or None
        None for all.
    start, end : datetime or None
        The times asked for: after `start`, up to and with `end`.
    period : int or None
        Seconds.
    as_of : datetime or None
        What was current at this moment.
    """

    stations: Sequence[str] | None = None
    properties: Sequence[str] | None = None
    start: datetime | None = None
    end: datetime | None = None
    period: int | None = None
    as_of: datetime | None = None

    def items(self, wide: Wide) -> list[str]:
        """Return the columns of a wide table that are asked for."""
        if self.period not in {None, wide.period}:
            return []
        asked = self.properties
        return [item for item in wide.items if asked is None or item in asked]

    @property
    def others(self) -> bool:
        """Whether what is asked for may be in the long table."""
        return not any(
            self.period == wide.period
            and self.properties is not None
            and set(self.properties) <= set(wide.items)
            for wide in WIDE
        )

    def turned(self) -> tuple[Wanted, Sequence[str]]:
        """Return what is asked for where long rows become wide, and the columns.

        Raises
        ------
        ShanshuiError
            The columns cannot be known.
        """
        kept = hourly(self)
        if kept is not None:
            items = self.items(kept)
            return replace(self, period=kept.period, properties=items), items
        if self.properties is None or self.period is None:
            raise ShanshuiError(
                "宽表要指明 properties 和 period（秒） / a wide answer needs properties and period "
                "(seconds)"
            )
        return self, self.properties

    def near(self, files: Iterable[DataFile]) -> list[DataFile]:
        """Return the files that may hold what is asked for."""
        return [file for file in files if self._near(file)]

    def _near(self, file: DataFile) -> bool:
        if file.times is None or file.stations is None:
            return True
        if self.start is not None and file.times[1] <= self.start:
            return False
        if self.end is not None and file.times[0] > self.end:
            return False
        low, high = file.stations
        return self.stations is None or any(low <= one <= high for one in self.stations)

    def filters(self, table: Table) -> list[pl.Expr]:
        """Return the conditions on the rows of a table."""
        out = []
        if self.stations is not None:
            out.append(pl.col("station").is_in(list(self.stations)))
        if self.start is not None:
            out.append(pl.col("time") > self.start)
        if self.end is not None:
            out.append(pl.col("time") <= self.end)
        if self.properties is not None and "property" in table.schema:
            out.append(pl.col("property").is_in(list(self.properties)))
        if self.period is not None and "period" in table.schema:
            out.append(pl.col("period") == self.period)
        return out


def hourly(wanted: Wanted) -> Wide | None:
    """Return the wide table that has all that is asked for in columns, if one does."""
    for wide in WIDE:
        if set(wanted.properties or ()) <= set(wide.items) and wanted.items(wide):
            return wide
    return None


class Reader:
    """A version of the lake to read."""

    def __init__(self, log: Log, head: Head) -> None:
        self.log = log
        self.head = head

    def rows(self, table: Table, wanted: Wanted) -> pl.LazyFrame:
        """Scan a table as far as it is asked for."""
        files = wanted.near(self.log.files(self.head, table.name))
        conditions = wanted.filters(table)
        rows = scan(self.log.place, table, files)
        return rows.filter(*conditions) if conditions else rows

    def long(self, wanted: Wanted) -> pl.LazyFrame:
        """Return observations in long form."""
        parts = []
        for wide in WIDE:
            items = wanted.items(wide)
            if items:
                parts.append(wide.long(self.rows(TABLES[wide.name], wanted), items))
        if wanted.others:
            parts.append(self.rows(OBSERVATIONS, wanted))
        rows = pl.concat(parts)
        if wanted.as_of is None:
            return rows
        rows = rows.filter(pl.col("recorded_from") <= wanted.as_of)
        return pl.concat([rows, self.revisions(wanted).select(*LONG)])

    def wide(self, wanted: Wanted) -> pl.LazyFrame:
        """Return observations with a column for each property.

        The items of one wide table come from it as they are; anything else is turned.
        """
        kept = hourly(wanted)
        if kept is not None and wanted.as_of is None:
            return self._as_kept(kept, wanted)
        wanted, properties = wanted.turned()
        rows = self.long(wanted)
        return rows.group_by("station", "time").agg(
            *(
                pl.col(name).filter(pl.col("property") == item).first().alias(prefix + item)
                for prefix, name in (("", "value"), ("flag_", "flag"))
                for item in properties
            )
        )

    def _as_kept(self, wide: Wide, wanted: Wanted) -> pl.LazyFrame:
        items = wanted.items(wide)
        rows = self.rows(TABLES[wide.name], wanted)
        if len(items) < len(wide.items):
            rows = rows.filter(wide.any_present(items))
        return rows.select("station", "time", *items, *(f"flag_{item}" for item in items))

    def revisions(self, wanted: Wanted) -> pl.LazyFrame:
        """Return what was current once; with `as_of`, what was so then."""
        rows = self.rows(REVISIONS, wanted)
        if wanted.as_of is None:
            return rows
        return rows.filter(
            pl.col("recorded_from") <= wanted.as_of, pl.col("recorded_to") > wanted.as_of
        )

    def flags(self, wanted: Wanted, table: Table) -> pl.LazyFrame:
        """Return the flag that each rule gave last; one withdrawn (no level) is left out."""
        rows = self.rows(table, wanted)
        if wanted.as_of is not None:
            rows = rows.filter(pl.col("recorded_from") <= wanted.as_of)
        return (
            rows.sort("recorded_from", maintain_order=True)
            .unique([*KEY, "rule"], keep="last", maintain_order=True)
            .filter(pl.col("level").is_not_null())
        )

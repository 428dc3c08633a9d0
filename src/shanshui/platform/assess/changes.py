"""What has changed in the lake since a version of it."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from shanshui.platform.store.lake import Lake
from shanshui.platform.store.lake_log import Log
from shanshui.platform.store.lake_place import scan
from shanshui.platform.store.lake_tables import AIR_HOUR, LONG, OBSERVATIONS, TABLES, Table

SCHEMA = {"station": pl.String, "property": pl.String, "date": pl.Date}
_WAIT = 60


def since(lake: Lake, version: int, upto: int) -> pl.DataFrame:
    """Return the days of stations that have another current row than in an earlier version.

    Only the files that were written since are read: each row that is new has its time of recording.

    Parameters
    ----------
    lake : Lake
        The lake.
    version, upto : int
        After which, and up to which version.

    Returns
    -------
    polars DataFrame
        ``station``, ``property``, ``date`` (the natural day that a period ends in).
    """
    log = Log(lake.place, _WAIT)
    then, now = log.head_at(version), log.head_at(upto)
    parts = []
    for name in (AIR_HOUR.name, OBSERVATIONS.name):
        table = TABLES[name]
        known = {file.path for file in log.files(then, name)}
        fresh = [file for file in log.files(now, name) if file.path not in known]
        if not fresh:
            continue
        rows = scan(lake.place, table, fresh)
        long = _long(table, rows)
        parts.append(
            long.filter(pl.col("recorded_from") > then.recorded)
            .select("station", "property", day_of().alias("date"))
            .unique()
        )
    if not parts:
        return pl.DataFrame(schema=SCHEMA)
    return pl.concat(parts).unique().collect().select(*SCHEMA)


def _long(table: Table, rows: pl.LazyFrame) -> pl.LazyFrame:
    if table.name == AIR_HOUR.name:
        return AIR_HOUR.long(rows, AIR_HOUR.items)
    return rows.select(*LONG)


def day_of(time: str = "time") -> pl.Expr:
    """Return the natural day that a period belongs to, by its end: 24:00 ends the day."""
    return (pl.col(time) - pl.duration(microseconds=1)).dt.date()


def runs(days: list[date], most: int) -> list[tuple[date, date]]:
    """Part days into runs that follow each other, none longer than `most` days.

    Examples
    --------
    >>> runs([date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 5)], 30)
    [(datetime.date(2026, 1, 1), datetime.date(2026, 1, 2)),
     (datetime.date(2026, 1, 5), datetime.date(2026, 1, 5))]
    """
    found: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if found and day - found[-1][1] == timedelta(days=1) and (day - found[-1][0]).days < most:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found

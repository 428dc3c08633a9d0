"""Care of the lake: what it holds, compaction and vacuum."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from deltalake import DeltaTable

from shanshui.platform.store.lake_log import Head, Log
from shanshui.platform.store.lake_place import DataFile, scan
from shanshui.platform.store.lake_tables import BESIDE, LATEST, TABLES, month_of
from shanshui.platform.store.lake_write import View

UNIT = 2_000_000
"""Rows that compaction puts together: whole months of a year, as many as fit."""


@dataclass(frozen=True)
class Content:
    """What a table holds.

    Attributes
    ----------
    table : str
        Its name.
    rows, files, size : int
        Rows, data files and their bytes.
    first, last : datetime or None
        The times of its rows.
    scattered : int
        Files that compaction would put in order.
    """

    table: str
    rows: int
    files: int
    size: int
    first: datetime | None
    last: datetime | None
    scattered: int


@dataclass(frozen=True)
class Status:
    """The state of the lake.

    Attributes
    ----------
    url : str
        Where it is.
    version : int
        Its newest version.
    recorded : datetime or None
        When that was recorded.
    tables : list of Content
        What it holds.
    missing : list of str
        Data files that are gone or of another size.
    unfinished : bool
        Whether a writer is at work, or was killed: the next one takes back what he left.
    """

    url: str
    version: int
    recorded: datetime | None
    tables: list[Content]
    missing: list[str]
    unfinished: bool


@dataclass(frozen=True)
class Compacted:
    """What compaction did: files before and after, of those that it touched."""

    version: int
    before: int
    after: int


@dataclass(frozen=True)
class Vacuumed:
    """What vacuum removed, or would: files of each table."""

    version: int
    files: dict[str, list[str]]


def status(log: Log) -> Status:
    """Say what the lake holds."""
    head = log.head()
    tables = []
    missing = []
    for table in TABLES.values():
        files = log.files(head, table.name)
        times = [file.times for file in files if file.times is not None]
        tables.append(
            Content(
                table.name,
                sum(file.rows for file in files),
                len(files),
                sum(file.size for file in files),
                min((low for low, _ in times), default=None),
                max((high for _, high in times), default=None),
                0 if table is LATEST else sum(not file.ordered for file in files),
            )
        )
        if log.place.folder is not None:
            missing += [file.uri for file in files if not _there(file)]
    recorded = head.recorded if head.version else None
    unfinished = log.pending() is not None
    return Status(str(log.place.url), head.version, recorded, tables, missing, unfinished)


def _there(file: DataFile) -> bool:
    path = Path(file.uri)
    return path.is_file() and path.stat().st_size == file.size


def compact(log: Log) -> Compacted:
    """Put the files of each year in order: a file for so many months, by station and time.

    A month is what is delivered, reviewed and corrected at a time, so a review rewrites one file;
    in it a station's rows are side by side, so that a year of one station reads few row groups.
    """
    with log.alone() as head:
        views: dict[str, View] = {}
        for table in TABLES.values():
            if table is LATEST:
                continue
            view = View(log.place, table, log.files(head, table.name))
            try:
                for year in sorted({file.year for file in view.files.values()}, key=str):
                    _order(view, [f for f in view.files.values() if f.year == year])
            except BaseException:
                for each in (*views.values(), view):
                    log.place.forget(each.fresh.values())
                raise
            if view.change.removed:
                view.change.data = False
                views[table.name] = view
        if not views:
            return Compacted(head.version, 0, 0)
        changes = {name: view.change for name, view in views.items()}
        new = log.commit(head, changes, {"action": "compact"})
        return Compacted(
            new.version,
            sum(len(change.removed) for change in changes.values()),
            sum(len(change.added) for change in changes.values()),
        )


def _order(view: View, files: Sequence[DataFile]) -> None:
    """Put the files of a year in order, those that are not."""
    units = _units(view, files)
    dirty = {unit for unit in units if not _ordered(unit, files)}
    # What reaches into a unit that is rewritten is rewritten with it.
    while True:
        touched = [file for file in files if any(_meets(file, unit) for unit in dirty)]
        wider = {unit for unit in units if any(_meets(file, unit) for file in touched)}
        if wider <= dirty:
            break
        dirty |= wider
    rows = scan(view.place, view.table, touched)
    for low, high in sorted(dirty):
        part = rows.filter(month_of().is_between(low, high)).sort(view.table.order).collect()
        # One unit may be a very large month: its files then have ranges of stations of their own.
        for piece in part.iter_slices(2 * UNIT):
            view.append(piece, ordered=True)
    for file in touched:
        view.drop(file)


def _units(view: View, files: Sequence[DataFile]) -> list[tuple[date, date]]:
    """Return the spans of months, first and last, that are put together."""
    months = (
        scan(view.place, view.table, list(files))
        .group_by(month_of().alias("month"))
        .len()
        .sort("month")
        .collect()
    )
    units: list[tuple[date, date]] = []
    held = 0
    for month, rows in months.rows():
        if units and held + rows <= UNIT:
            units[-1] = (units[-1][0], month)
            held += rows
        else:
            units.append((month, month))
            held = rows
    return units


def _months(file: DataFile) -> tuple[date, date]:
    assert file.times is not None
    low, high = ((time - timedelta(microseconds=1)).date().replace(day=1) for time in file.times)
    return low, high


def _meets(file: DataFile, unit: tuple[date, date]) -> bool:
    low, high = _months(file)
    return low <= unit[1] and high >= unit[0]


def _ordered(unit: tuple[date, date], files: Sequence[DataFile]) -> bool:
    own = [file for file in files if _meets(file, unit)]
    inside = all(file.ordered and _within(file, unit) for file in own)
    rows = sum(file.rows for file in own)
    return inside and len(own) <= max(1, math.ceil(rows / UNIT))


def _within(file: DataFile, unit: tuple[date, date]) -> bool:
    low, high = _months(file)
    return unit[0] <= low and high <= unit[1]


def vacuum(log: Log, retention: timedelta, *, dry_run: bool) -> Vacuumed:
    """Remove files that no version newer than `retention` has, of the results beside it too."""
    hours = math.ceil(retention.total_seconds() / 3600)
    with log.unassessed(), log.alone() as head:
        found: dict[str, list[str]] = {}
        pins: dict[str, int] = {}

        def clean() -> None:
            for name in TABLES:
                table = log.open(name)
                before = table.version()
                found[name] = table.vacuum(
                    hours, dry_run=dry_run, enforce_retention_duration=False, full=True
                )
                if (after := log.open(name).version()) > before:
                    pins[name] = after
            for name in BESIDE:
                where, storage = log.place.of(name), log.place.storage
                if DeltaTable.is_deltatable(where, storage):
                    found[name] = DeltaTable(where, storage_options=storage).vacuum(
                        hours, dry_run=dry_run, enforce_retention_duration=False, full=True
                    )

        if dry_run:
            clean()
            return Vacuumed(head.version, found)
        new: Head = log.beyond(head, clean, pins, {"action": "vacuum"})
        return Vacuumed(new.version, found)

"""What assessment keeps: Delta tables beside the lake's, each of which is only added to.

A commit of one table is whole by itself. Days are written before results, results before
comparisons and these before the note of the run, so that a run that was cut off is simply done
again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from deltalake import CommitProperties, DeltaTable
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, RemoveAction

from shanshui.air._rules import DAILY
from shanshui.platform.files import sync_folder
from shanshui.platform.store.lake_errors import LakeDamaged, LakeFailed
from shanshui.platform.store.lake_place import DataFile, Place, scan, sync_file
from shanshui.platform.store.lake_tables import (
    FLOAT,
    INT,
    MOMENT,
    STRING,
    Schema,
    Table,
    delta_schema,
)

_MOST_FILES = 40  # of a partition, before they are put into one
_SETTINGS = {"delta.enableExpiredLogCleanup": "false", "delta.checkpointInterval": "20"}

RESULT: Schema = {
    "id": STRING,
    "indicator": STRING,
    "region": STRING,
    "period": STRING,
    "start": STRING,
    "end": STRING,
    "value": STRING,
    "unit": STRING,
    "reason": STRING,
    "roster": STRING,
    "state": STRING,
    "dust": STRING,
    "edition": STRING,
    "formula": STRING,
    "method": STRING,
    "status": STRING,
    "freeze": STRING,
    "lake_version": INT,
    "as_of": MOMENT,
    "stations": INT,
    "days_expected": INT,
    "days_valid": INT,
    "inputs": STRING,
    "code": STRING,
    "at": MOMENT,
}
"""Columns of a result."""
RESULTS = Table("results", RESULT, order=("id", "at"))

COMPARISONS = Table(
    "comparisons",
    {
        "id": STRING,
        "result": STRING,
        "indicator": STRING,
        "region": STRING,
        "period": STRING,
        "before": STRING,
        "start": STRING,
        "end": STRING,
        "value": STRING,
        "value_before": STRING,
        "unit": STRING,
        "reason": STRING,
        "roster": STRING,
        "state": STRING,
        "dust": STRING,
        "edition": STRING,
        "method": STRING,
        "status": STRING,
        "freeze": STRING,
        "freeze_before": STRING,
        "lake_version": INT,
        "as_of": MOMENT,
        "stations": INT,
        "moved": INT,
        "added": INT,
        "dropped": INT,
        "unmeasured": INT,
        "inputs": STRING,
        "code": STRING,
        "at": MOMENT,
    },
    order=("id", "at"),
)
"""A period and the same of the year before on the stations that both have (同比、同口径)."""

DAY_KEY = ("roster_version", "layer", "region", "date")
"""What a day of an area is known by."""
DAYS = Table(
    "assessed_days",
    {
        "roster_version": INT,
        "layer": INT,
        "region": STRING,
        "date": STRING,
        **dict.fromkeys(DAILY, FLOAT),
        **dict.fromkeys((f"stations_{i}" for i in DAILY), INT),
        **dict.fromkeys((f"excluded_{i}" for i in DAILY), STRING),
        "raw": INT,
        "digest": STRING,
        "at": MOMENT,
    },
    order=("region", "date"),
)
"""Days of areas: the last row of a key counts; all of it can be computed anew.

Of a comparison with the year before, days are of the stations that both years have: the version
of the roster is negative, and a mark of the set of stations follows the region."""

RUNS = Table(
    "assessments",
    {
        "at": MOMENT,
        "who": STRING,
        "domain": STRING,
        "roster": STRING,
        "roster_version": INT,
        "lake_version": INT,
        "digest": STRING,
        "freezes": STRING,
        "engine": STRING,
        "stored": INT,
        "same": INT,
        "withdrawn": INT,
        "code": STRING,
    },
    by_year=False,
    order=("at",),
)
"""Runs over everything, up to which version of the lake each roster is assessed."""


class Shelf:
    """The tables of assessment beside the lake.

    Parameters
    ----------
    place : Place
        Where the lake is.
    wait : float, optional
        Seconds to wait while another program assesses.
    """

    def __init__(self, place: Place, wait: float = 60) -> None:
        self.place = place
        self.wait = wait

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only one that assesses.

        Raises
        ------
        LakeBusy
            Another program assesses for longer than `wait` seconds.
        """
        with self.place.assessing(self.wait, self._failed):
            for table in (DAYS, RESULTS, COMPARISONS, RUNS):
                self._recover(table)
            yield

    def read(self, table: Table, years: Sequence[int] | None = None) -> pl.LazyFrame:
        """Scan a table, or the years of it that matter; empty where there is none yet."""
        return scan(self.place, table, self._files(table, years))

    def add(self, table: Table, rows: pl.DataFrame, years: str | None = None) -> None:
        """Add rows, all of them or none; when it returns they are on the disk.

        Parameters
        ----------
        table : Table
            The table.
        rows : polars DataFrame
            With the columns of the table.
        years : str, optional
            Column with the ISO date whose year is the partition, where the table has partitions.

        Raises
        ------
        LakeFailed
            The disk is full or cannot be written.
        """
        if rows.is_empty():
            return
        known = self._open(table)
        rows = rows.select(pl.col(c).cast(kind) for c, kind in table.schema.items())
        parts: list[tuple[int | None, pl.DataFrame]] = [(None, rows)]
        if table.by_year:
            assert years is not None
            parts = [
                (int(year), part)
                for (year,), part in rows.group_by(pl.col(years).str.head(4), maintain_order=True)
            ]
        added = [self.place.write(table, part, year) for year, part in parts]
        self.place.sync(added)
        self._commit(table, known, added, [], data=True)
        self._gather(table, {year for year, _ in parts})

    # ---------------------------------------------------------------------------------- inside

    def _gather(self, table: Table, years: set[int | None]) -> None:
        """Put many small files of a year into one; of the days only the rows that count."""
        for year in years:
            files = [f for f in self._files(table, None) if f.year == year]
            if len(files) <= _MOST_FILES:
                continue
            rows = scan(self.place, table, files).collect()
            if table is DAYS:
                rows = newest(rows)
            one = self.place.write(table, rows.sort(table.order), year, ordered=True)
            self.place.sync([one])
            self._commit(table, self._open(table), [one], files, data=False)

    def _files(self, table: Table, years: Sequence[int] | None) -> list[DataFile]:
        if not self._exists(table):
            return []
        actions = pl.DataFrame(self._open(table).get_add_actions(flatten=True))
        if actions.is_empty():
            return []
        year = pl.col("partition.year") if table.by_year else pl.lit(None, pl.Int64)
        rows = actions.select("path", "size_bytes", "num_records", year.alias("year")).rows()
        return [
            DataFile(self.place.of(table.name, path), path, size, count, of)
            for path, size, count, of in rows
            if years is None or of is None or of in years
        ]

    def _logs(self, table: Table) -> Path | None:
        folder = self.place.folder
        return None if folder is None else folder / table.name / "_delta_log"

    def _exists(self, table: Table) -> bool:
        logs = self._logs(table)
        if logs is not None:
            first = logs / f"{0:020}.json"
            return first.is_file() and _whole(first)
        return DeltaTable.is_deltatable(self.place.of(table.name), self.place.storage)

    def _open(self, table: Table) -> DeltaTable:
        where = self.place.of(table.name)
        try:
            if not self._exists(table):
                DeltaTable.create(
                    where,
                    schema=delta_schema(table),
                    mode="ignore",
                    partition_by=["year"] if table.by_year else None,
                    configuration=_SETTINGS,
                    storage_options=self.place.storage,
                )
                self._sync(table)
            return DeltaTable(where, storage_options=self.place.storage)
        except (DeltaError, OSError) as error:
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise LakeDamaged(
                f"评价结果 {where} 的日志缺失或损坏：{first}；没有改动任何文件 / "
                f"the log of the results {where} is missing or damaged: {first}; nothing was "
                "changed"
            ) from error

    def _recover(self, table: Table) -> None:
        """Remove the end of a log that a power failure cut off: nobody was told of it."""
        logs = self._logs(table)
        if logs is None or not logs.is_dir():
            return
        entries = sorted(p for p in logs.glob("*.json") if p.stem.isdigit())
        while entries and not _whole(entries[-1]):
            entries.pop().unlink()
            sync_folder(logs)

    def _sync(self, table: Table) -> None:
        logs = self._logs(table)
        if logs is None:
            return
        newest_two = sorted(p for p in logs.iterdir() if p.is_file())[-4:]
        for path in newest_two:
            sync_file(path)
        for folder in (logs, logs.parent, logs.parent.parent):
            sync_folder(folder)

    def _commit(
        self,
        table: Table,
        known: DeltaTable,
        added: Sequence[DataFile],
        removed: Sequence[DataFile],
        *,
        data: bool,
    ) -> None:
        now = int(datetime.now(UTC).timestamp() * 1000)
        actions: list[AddAction | RemoveAction] = [file.add(data_change=data) for file in added]
        actions += [RemoveAction(f.path, data, now, f.size, f.partition) for f in removed]
        try:
            known.create_write_transaction(
                actions,
                "append",
                delta_schema(table),
                partition_by=["year"] if table.by_year else None,
                commit_properties=CommitProperties(max_commit_retries=0),
            )
            self._sync(table)
        except (DeltaError, OSError) as error:
            self.place.forget(added)
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> LakeFailed:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        return LakeFailed(
            f"评价结果 {self.place.url} 无法写入，此前的结果不变：{first} / "
            f"the results {self.place.url} cannot be written; what there was is as it was: {first}"
        )


def newest(days: pl.DataFrame) -> pl.DataFrame:
    """Keep the last row of each day of an area."""
    return days.sort("at").unique(DAY_KEY, keep="last", maintain_order=True)


def _whole(path: Path) -> bool:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return bool(lines) and all(isinstance(json.loads(line), Mapping) for line in lines)
    except ValueError:
        return False

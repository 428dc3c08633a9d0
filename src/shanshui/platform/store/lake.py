"""The lake: observations at rest in Delta tables, each with what it was before.

>>> from datetime import datetime
>>> from tempfile import TemporaryDirectory
>>> import polars as pl
>>> from shanshui.platform.store.lake import Lake
>>> hours = pl.DataFrame(
...     {
...         "station": ["1001A", "1002A"],
...         "time": [datetime(2026, 3, 1, 9)] * 2,
...         "pm25": [35.0, 41.0],
...     }
... )
>>> with TemporaryDirectory() as folder:
...     lake = Lake(folder)
...     first = lake.store(hours, source="小时值.csv")
...     again = lake.store(hours, source="小时值.csv")
...     lake.observations(stations="1002A", wide=True).select("station", "pm25").collect().rows()
[('1002A', 41.0)]
>>> first.stored, again.stored, again.already
(2, 0, 2)
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from deltalake import Transaction

from shanshui.platform.store import lake_backup, lake_care, lake_flags
from shanshui.platform.store.lake_frames import Frames, arrivals
from shanshui.platform.store.lake_log import Head, Log
from shanshui.platform.store.lake_place import Place
from shanshui.platform.store.lake_read import Reader, Wanted
from shanshui.platform.store.lake_tables import FLAG_TABLE, LATEST
from shanshui.platform.store.lake_write import Tally, Writer, mesh
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame as SparkFrame
    from pyspark.sql import SparkSession

    from shanshui.platform.store.lake_backup import Backup
    from shanshui.platform.store.lake_care import Compacted, Status, Vacuumed

Names = str | Iterable[str] | None
When = datetime | int | None


@dataclass(frozen=True)
class Stored:
    """What a store did.

    Attributes
    ----------
    read : int
        Observations that came in.
    stored : int
        Those that are new.
    already : int
        Those that were there already, in value, flag and state.
    changed : int
        Those that took the place of another, which is among the revisions.
    outranked : int
        Those that a reviewed or corrected one outranks; kept among the revisions.
    version : int
        The version of the lake that has them: unchanged where nothing was stored.
    repeated : bool
        Whether the transaction was known, and so nothing was done.
    """

    read: int
    stored: int
    already: int
    changed: int
    outranked: int
    version: int
    repeated: bool = False


@dataclass(frozen=True)
class Preview:
    """What a store would do: the counts of `Stored`, and the sums.

    Attributes
    ----------
    sums : polars DataFrame
        A row for each property: ``property, count_before, sum_before, count_after, sum_after``,
        the values that are not missing at the keys that came in, before and after.
    """

    read: int
    stored: int
    already: int
    changed: int
    outranked: int
    sums: pl.DataFrame


class Lake:
    """Observations in Delta tables.

    Each (station, property, time, period) has one current row. What takes its place sends it to
    the revisions with the time until which it was current. Corrected outranks reviewed outranks
    raw; of equal state the later counts; the same again stores nothing.

    Parameters
    ----------
    url : str or path
        A folder, or the URL of an object store (``s3://bucket/prefix``). Made on the first store.
    options : mapping, optional
        Storage options of delta-rs, for an object store.
    wait : float, optional
        Seconds to wait while another program writes.

    Notes
    -----
    Long rows: ``station, property, time`` (naive clock time of Asia/Shanghai, end of the period),
    ``period`` (seconds), ``value`` (null: missing), ``flag, source, state`` (raw, reviewed,
    corrected) and ``recorded_from`` (UTC).
    """

    def __init__(
        self,
        url: str | Path,
        options: Mapping[str, str] | None = None,
        *,
        wait: float = 60,
    ) -> None:
        self.place = Place(url, options)
        self._log = Log(self.place, wait)

    def __repr__(self) -> str:
        return f"Lake({str(self.place.url)!r})"

    # Writing

    def store(
        self,
        frames: Frames,
        *,
        source: str,
        transaction: str | tuple[str, int] | None = None,
        state: str = "raw",
    ) -> Stored:
        """Store observations, all of them or none.

        Parameters
        ----------
        frames : polars DataFrame, LazyFrame, or an iterable of them
            Long rows, or wide ones: ``station, time`` and some of ``pm25, pm10, so2, no2, co, o3``
            (hourly; a null without ``flag_<item>`` is no observation). An iterable or a lazy frame
            is taken piece by piece, so the whole need not fit into memory. ``period`` may be left
            out of wide rows, ``flag, source, state`` of both.
        source : str
            Where they come from, for rows without ``source``.
        transaction : str or (str, int), optional
            What the sender calls this delivery, or his name and the number of it, which rises. A
            delivery that is known is not read again, also where it changed nothing.
        state : str
            ``raw``, ``reviewed`` or ``corrected``, for rows without ``state``.

        Returns
        -------
        Stored
            When it is returned, the rows are on the disk.

        Raises
        ------
        SchemaError, ShanshuiError
            A frame or row cannot be taken; nothing is stored.
        LakeBusy
            Another program writes for longer than `wait`.
        LakeFailed
            The disk is full or read-only; nothing is stored.
        LakeDamaged
            The log of the lake cannot be read.
        """
        app, number = _named(transaction)
        with self._log.alone() as head:
            if app is not None and (known := self._log.done(app)) is not None and number <= known:
                return self._told(head, app, number)
            moment = self._log.moment(head)
            writer = Writer(self._log, self.place, head, moment)
            try:
                writer.take(mesh(arrivals(frames, source=source, state=state, moment=moment)))
            except BaseException:
                writer.forget()
                raise
            tally = writer.tally
            # A delivery with a name is noted though it changed nothing: sent again after others it
            # would put its old values above theirs.
            if not writer.changed and app is None:
                return _stored(tally, head.version)
            facts = {
                "action": "store",
                "source": source,
                "transaction": app,
                "number": None if app is None else number,
                **_counts(tally),
            }
            ids = [] if app is None else [Transaction(f"store:{app}", number)]
            new = self._log.commit(head, writer.changes, facts, ids, recorded=moment)
            return _stored(tally, new.version)

    def _told(self, head: Head, app: str, number: int) -> Stored:
        rows = (
            self._log.commits(head)
            .filter(pl.col("transaction") == app, pl.col("number") == number)
            .collect()
        )
        if rows.is_empty():  # an older number, which the sender has sent before
            return Stored(0, 0, 0, 0, 0, head.version, repeated=True)
        row = rows.row(0, named=True)
        counts = {name: row[name] for name in _counts(Tally())}
        return Stored(**counts, version=row["version"], repeated=True)

    def preview(self, frames: Frames, *, source: str = "", state: str = "raw") -> Preview:
        """Say what `store` would do, and write nothing into the lake.

        Returns
        -------
        Preview
            The counts of a store, and the sums by property before and after.
        """
        head = self._log.head()
        moment = self._log.moment(head)
        with tempfile.TemporaryDirectory(prefix="shanshui-preview-") as folder:
            # Pieces are set against each other as in a store, so they are written, but elsewhere.
            writer = Writer(self._log, self.place, head, moment, sums=True, scratch=Place(folder))
            writer.take(mesh(arrivals(frames, source=source, state=state, moment=moment)))
        tally = writer.tally
        return Preview(**_counts(tally), sums=tally.total())

    # Reading

    def observations(
        self,
        stations: Names = None,
        properties: Names = None,
        start: datetime | None = None,
        end: datetime | None = None,
        period: int | timedelta | None = None,
        as_of: When = None,
        *,
        wide: bool = False,
    ) -> pl.LazyFrame:
        """Return the current observations.

        Parameters
        ----------
        stations, properties : str or list of str, optional
            By default all.
        start, end : datetime, optional
            Times after `start`, up to and with `end`: stamps are ends of periods.
        period : int or timedelta, optional
            Seconds that a value stands for.
        as_of : datetime (aware) or int, optional
            What was current at that moment, or in that version of the lake.
        wide : bool
            A column for each property and ``flag_<property>``, a row for each station and time.
            The six hourly air items come as they are kept; other properties have to be named, with
            their period.

        Returns
        -------
        polars LazyFrame
            Unordered. Files and row groups that cannot hold what is asked for are not read.
        """
        reader, wanted = self._asked(stations, properties, start, end, period, as_of)
        return reader.wide(wanted) if wide else reader.long(wanted)

    def latest(
        self,
        stations: Names = None,
        properties: Names = None,
        period: int | timedelta | None = None,
    ) -> pl.LazyFrame:
        """Return the newest observation of each station, property and period.

        It is the newest row, also where its value is missing.
        """
        reader, wanted = self._asked(stations, properties, None, None, period, None)
        return reader.rows(LATEST, wanted)

    def revisions(
        self,
        stations: Names = None,
        properties: Names = None,
        start: datetime | None = None,
        end: datetime | None = None,
        period: int | timedelta | None = None,
    ) -> pl.LazyFrame:
        """Return what is no longer current, from ``recorded_from`` to before ``recorded_to``.

        Where both are the same, a higher state was there, and the row was never current.
        """
        reader, wanted = self._asked(stations, properties, start, end, period, None)
        return reader.revisions(wanted)

    def spark(
        self,
        spark: SparkSession,
        stations: Names = None,
        properties: Names = None,
        start: datetime | None = None,
        end: datetime | None = None,
        period: int | timedelta | None = None,
        as_of: When = None,
        *,
        wide: bool = False,
    ) -> SparkFrame:
        """Return what `observations` returns as a Spark DataFrame, with equal rows.

        Spark reads the data files of the pinned version itself; it needs no Delta package.
        """
        from shanshui.platform.store import lake_spark

        reader, wanted = self._asked(stations, properties, start, end, period, as_of)
        return lake_spark.observations(spark, reader, wanted, wide=wide)

    def _asked(
        self,
        stations: Names,
        properties: Names,
        start: datetime | None,
        end: datetime | None,
        period: int | timedelta | None,
        as_of: When,
    ) -> tuple[Reader, Wanted]:
        head = self._log.head()
        seconds = int(period.total_seconds()) if isinstance(period, timedelta) else period
        wanted = Wanted(
            _listed(stations), _listed(properties), start, end, seconds, self._moment(as_of)
        )
        return Reader(self._log, head), wanted

    def _moment(self, as_of: When) -> datetime | None:
        if as_of is None:
            return None
        if isinstance(as_of, int):
            return self._log.head_at(as_of).recorded
        if as_of.tzinfo is None:
            raise ShanshuiError(
                f"as_of 应带时区，得到 {as_of} / as_of must be aware of its time zone, got {as_of}"
            )
        return as_of.astimezone(UTC)

    # Quality control

    def flag(self, frame: pl.DataFrame, *, source: str = "qc") -> Stored:
        """Keep flags of quality control beside the values.

        Parameters
        ----------
        frame : polars DataFrame
            ``station, property, time, period, rule, level, detail``. A flag that a rule gave
            before, the same, is not kept again; another level or detail takes its place; a null
            level withdraws it.
        source : str
            What gave them.
        """
        return lake_flags.store(self._log, self.place, frame, source)

    def flags(
        self,
        stations: Names = None,
        properties: Names = None,
        start: datetime | None = None,
        end: datetime | None = None,
        period: int | timedelta | None = None,
        as_of: When = None,
    ) -> pl.LazyFrame:
        """Return the flags that stand: the last of each rule for each observation."""
        reader, wanted = self._asked(stations, properties, start, end, period, as_of)
        return reader.flags(wanted, FLAG_TABLE)

    # Versions and care

    @property
    def version(self) -> int:
        """The newest version; `observations(as_of=version)` gives its rows for ever."""
        return self._log.head().version

    def versions(self) -> pl.DataFrame:
        """Return every version, the newest first, and what made it.

        Returns
        -------
        polars DataFrame
            ``version, recorded, action, source, transaction, number, read, stored, already,
            changed, outranked``.
        """
        commits = self._log.commits(self._log.head()).collect()
        return commits.sort("version", descending=True)

    def status(self) -> Status:
        """Say what the lake holds, and whether every file of it is there."""
        return lake_care.status(self._log)

    def compact(self) -> Compacted:
        """Join small files and sort them by station and time; no observation changes."""
        return lake_care.compact(self._log)

    def vacuum(
        self, retention: timedelta = timedelta(days=7), *, dry_run: bool = False
    ) -> Vacuumed:
        """Remove files that no version newer than `retention` needs.

        What was current at any moment stays: `as_of` is answered from the rows, not from old files.
        """
        return lake_care.vacuum(self._log, retention, dry_run=dry_run)

    def backup(self, path: str | Path) -> Backup:
        """Copy the whole lake into a new folder, and read the copy back.

        Raises
        ------
        LakeFailed
            The copy differs, or cannot be written.
        """
        return lake_backup.backup(self._log, Path(path))

    @staticmethod
    def restore(path: str | Path, to: str | Path) -> Lake:
        """Make a lake of a backup, in a folder that is empty or not there.

        Raises
        ------
        LakeDamaged
            The backup is not whole.
        """
        lake_backup.restore(Path(path), Path(to))
        return Lake(to)


def _listed(names: Names) -> Sequence[str] | None:
    if names is None:
        return None
    return [names] if isinstance(names, str) else list(names)


def _named(transaction: str | tuple[str, int] | None) -> tuple[str | None, int]:
    if transaction is None:
        return None, 0
    return (transaction, 1) if isinstance(transaction, str) else transaction


def _counts(tally: Tally) -> dict[str, Any]:
    names = ("read", "stored", "already", "changed", "outranked")
    return {name: getattr(tally, name) for name in names}


def _stored(tally: Tally, version: int) -> Stored:
    return Stored(**_counts(tally), version=version)

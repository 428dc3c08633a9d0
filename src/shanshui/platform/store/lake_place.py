"""Where a lake is: a folder or an object store, and how data files get there whole."""

from __future__ import annotations

import json
import os
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
from deltalake.transaction import AddAction
from filelock import FileLock, Timeout

from shanshui.platform.files import sync_folder
from shanshui.platform.store.lake_errors import LakeBusy, LakeFailed
from shanshui.platform.store.lake_tables import Table

ROW_GROUP = 32_768
"""Rows of a group: small, so that one station's year touches little else."""


_ORDERED = "ordered-"


@dataclass(frozen=True)
class DataFile:
    """A Parquet file of a table.

    Attributes
    ----------
    uri : str
        Where to read it.
    path : str
        Its path in the table.
    size, rows : int
        Bytes and rows.
    year : int or None
        Its partition.
    stations : tuple of str
        First and last station, where the table has stations.
    times : tuple of datetime
        First and last time.
    """

    uri: str
    path: str
    size: int
    rows: int
    year: int | None = None
    stations: tuple[str, str] | None = None
    times: tuple[datetime, datetime] | None = None

    @property
    def ordered(self) -> bool:
        """Whether its rows are sorted, which its name says."""
        return self.path.rpartition("/")[2].startswith(_ORDERED)

    @property
    def partition(self) -> dict[str, str | None]:
        """Its partition as Delta writes it."""
        return {} if self.year is None else {"year": str(self.year)}

    def add(self, *, data_change: bool = True) -> AddAction:
        """Return the action that makes it part of the table."""
        least: dict[str, str] = {}
        most: dict[str, str] = {}
        if self.stations and self.times:
            # Delta keeps milliseconds, so the last time is rounded up.
            low, high = self.times
            high += timedelta(microseconds=-high.microsecond % 1000)
            for bounds, station, time in (
                (least, self.stations[0], low),
                (most, self.stations[1], high),
            ):
                bounds["station"] = station
                bounds["time"] = time.isoformat(timespec="milliseconds")
        stats = {
            "numRecords": self.rows,
            "minValues": least,
            "maxValues": most,
            "nullCount": dict.fromkeys(least, 0),
        }
        now = int(datetime.now(UTC).timestamp() * 1000)
        return AddAction(self.path, self.size, self.partition, now, data_change, json.dumps(stats))


@dataclass
class Place:
    """A folder or an object-store URL.

    Parameters
    ----------
    url : str or path
        Folder, ``s3://bucket/prefix``, or another URL that delta-rs knows.
    options : mapping, optional
        Storage options of delta-rs.
    """

    url: str | Path
    options: Mapping[str, str] | None = None
    folder: Path | None = field(init=False)

    def __post_init__(self) -> None:
        text = str(self.url)
        if text.startswith("file://"):
            text = text.removeprefix("file://")
        self.folder = None if "://" in text else Path(text).absolute()
        self.url = text.rstrip("/") if self.folder is None else str(self.folder)

    @property
    def storage(self) -> dict[str, str] | None:
        """Storage options, none for a folder."""
        return dict(self.options or {}) if self.folder is None else None

    @property
    def polars(self) -> dict[str, Any] | None:
        """The same as Polars takes them: numbers as numbers."""
        if self.storage is None:
            return None
        numbers = {"max_retries"}
        return {k: int(v) if k.lower() in numbers else v for k, v in self.storage.items()}

    @contextmanager
    def assessing(self, wait: float, failed: Callable[[OSError], Exception]) -> Iterator[None]:
        """Hold the tables that assessment keeps here; see `alone`."""
        busy = (
            f"另一个程序正在评价 {self.url}，等了 {wait:g} 秒；请稍后再试 / "
            f"another program is assessing {self.url}; waited {wait:g} s, try again later"
        )
        with self.alone("assess.lock", wait, busy, failed):
            yield

    @contextmanager
    def alone(
        self, name: str, wait: float, busy: str, failed: Callable[[OSError], Exception]
    ) -> Iterator[None]:
        """Hold a lock of this place, so that one program at a time does a thing here.

        Parameters
        ----------
        name : str
            The lock's file: in the folder, or for an object store among the temporary files.
        wait : float
            Seconds to wait for another program.
        busy : str
            What to say where it holds the lock for longer.
        failed : callable
            Makes the error where the lock cannot be made.

        Raises
        ------
        LakeBusy
            Another program holds it for longer than `wait` seconds.
        """
        try:
            if self.folder is None:
                mark = sha256(str(self.url).encode()).hexdigest()[:16]
                kind = name.removesuffix(".lock")
                path = Path(tempfile.gettempdir()) / f"shanshui-{kind}-{mark}.lock"
            else:
                self.folder.mkdir(parents=True, exist_ok=True)
                path = self.folder / name
            lock = FileLock(path)
            lock.acquire(timeout=wait)
        except Timeout as error:
            raise LakeBusy(busy) from error
        except OSError as error:
            raise failed(error) from error
        try:
            yield
        finally:
            lock.release()

    def of(self, *parts: str) -> str:
        """Return the URI of a table or file."""
        return "/".join((str(self.url), *parts))

    def write(
        self, table: Table, frame: pl.DataFrame, year: int | None, *, ordered: bool = False
    ) -> DataFile:
        """Write a data file, flushed to the disk; no table has it until a commit says so.

        Raises
        ------
        LakeFailed
            The disk is full or cannot be written.
        """
        # A column that is wholly null is left out of the file; readers put it back.
        kept = [
            c for c in table.schema if c in frame.columns and frame[c].null_count() < len(frame)
        ]
        name = f"{_ORDERED if ordered else 'part-'}{uuid.uuid4()}.parquet"
        path = name if year is None else f"year={year}/{name}"
        uri = self.of(table.name, path)
        try:
            size = self._put(uri, frame.select(kept))
        except (OSError, pl.exceptions.PolarsError) as error:
            if self.folder is not None:
                with suppress(OSError):
                    Path(uri).unlink(missing_ok=True)
            raise LakeFailed(
                f"数据湖无法写入（磁盘已满或只读？），此前的数据不变：{error} / the lake cannot be "
                f"written (disk full or read-only?); what it had is as it was: {error}"
            ) from error
        stations = times = None
        if "station" in frame.columns and "time" in frame.columns:
            bounds = frame.select(
                a=pl.col("station").min(),
                b=pl.col("station").max(),
                c=pl.col("time").min(),
                d=pl.col("time").max(),
            ).row(0)
            stations, times = (bounds[0], bounds[1]), (bounds[2], bounds[3])
        return DataFile(uri, path, size, frame.height, year, stations, times)

    def _put(self, uri: str, frame: pl.DataFrame) -> int:
        how: dict[str, Any] = {"compression": "zstd", "row_group_size": ROW_GROUP}
        if self.folder is None:
            import io

            # The size is a part of the table's log, so the file is made in memory.
            stream = io.BytesIO()
            frame.write_parquet(stream, **how)
            frame.write_parquet(uri, storage_options=self.polars, **how)
            return len(stream.getbuffer())
        path = Path(uri)
        fresh = [folder for folder in (path.parent, path.parent.parent) if not folder.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(path, **how)
        sync_file(path)
        for folder in fresh:
            sync_folder(folder.parent)
        return path.stat().st_size

    def sync(self, files: Iterable[DataFile]) -> None:
        """Flush the names of new files to the disk."""
        if self.folder is not None:
            for folder in {Path(file.uri).parent for file in files}:
                sync_folder(folder)

    def forget(self, files: Iterable[DataFile]) -> None:
        """Remove files that no table has, as far as that can be done here."""
        if self.folder is not None:
            for file in files:
                with suppress(OSError):
                    Path(file.uri).unlink(missing_ok=True)


def scan(
    place: Place, table: Table, files: list[DataFile], *, paths: str | None = None
) -> pl.LazyFrame:
    """Scan data files of a table; columns that a file leaves out are null."""
    if not files:
        schema = table.schema | ({paths: pl.String()} if paths else {})
        return pl.LazyFrame(schema=schema)
    return pl.scan_parquet(
        [file.uri for file in files],
        schema=table.schema,
        missing_columns="insert",
        extra_columns="ignore",
        include_file_paths=paths,
        storage_options=place.polars,
        hive_partitioning=False,
        glob=False,
    )


def sync_file(path: Path) -> None:
    """Flush a file to the disk."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())

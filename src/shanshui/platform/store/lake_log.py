"""Versions of the lake: which version of each Delta table belongs together.

A store touches several tables, and Delta commits one at a time. So the table ``commits`` is the
head: its newest version pins a version of every other table, by transaction ids. Readers read what
is pinned; what a killed writer committed beyond it is seen by nobody and is taken back by the next
writer. delta-rs flushes nothing to the disk, so logs are flushed here, and a note beside the tables
(``pending.json``) says while a commit is under way, so that a log cut off by a power failure can be
told from one that was damaged later.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from shanshui.platform.files import sync_folder, write_whole
from shanshui.platform.store.lake_errors import LakeBusy, LakeDamaged, LakeFailed
from shanshui.platform.store.lake_place import DataFile, Place, scan, sync_file
from shanshui.platform.store.lake_tables import COMMIT_TABLE, TABLES, delta_schema

_SETTINGS = {
    # The log is what versions are made of: nothing of it is thrown away unasked.
    "delta.enableExpiredLogCleanup": "false",
    "delta.checkpointInterval": "20",
}
_PENDING = "pending.json"
_TOGETHER = 100  # versions whose rows are put into one file
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Head:
    """A version of the lake.

    Attributes
    ----------
    version : int
        Its number; 0 is the empty lake.
    recorded : datetime
        When it was recorded, UTC.
    pins : dict
        The version of each table.
    """

    version: int = 0
    recorded: datetime = _EPOCH
    pins: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Change:
    """What a commit does to a table."""

    added: list[DataFile] = field(default_factory=list)
    removed: list[DataFile] = field(default_factory=list)
    data: bool = True  # false for compaction: other files, the same rows


class Log:
    """The heads of a lake."""

    def __init__(self, place: Place, wait: float) -> None:
        self.place = place
        self.wait = wait
        self._files: dict[str, tuple[int, list[DataFile]]] = {}

    # Reading

    def head(self) -> Head:
        """Return the newest version of the lake.

        Raises
        ------
        LakeDamaged
            Its log cannot be read.
        """
        commits = self._commits()
        return Head() if commits is None else self._head(commits)

    def head_at(self, version: int) -> Head:
        """Return an earlier version of the lake."""
        newest = self.head()
        if not 0 <= version <= newest.version:
            raise LakeDamaged(
                f"数据湖没有版本 {version}，最新为 {newest.version} / "
                f"the lake has no version {version}; the newest is {newest.version}"
            )
        return newest if version == newest.version else self._head(self.open("commits", version))

    def _commits(self) -> DeltaTable | None:
        where = self.place.of("commits")
        if self.place.folder is not None and not Path(where, "_delta_log").is_dir():
            self._refuse_headless()
            return None
        pending = self.pending()
        try:
            table = DeltaTable(where, storage_options=self.place.storage)
            version = table.version()
            if version and table.transaction_version("lake") != version:
                raise LakeDamaged("")  # noqa: TRY301 - told below, like what cannot be opened
        except TableNotFoundError:
            self._refuse_headless()
            return None
        except (DeltaError, LakeDamaged, OSError) as error:
            if pending is None:
                raise self._damaged("commits", error) from error
            # Cut off while it was made: nobody was told that it is stored.
            if pending["version"] == 0:
                return None
            return self.open("commits", pending["version"] - 1)
        return table

    def _refuse_headless(self) -> None:
        """Refuse to take tables with rows but no head for an empty lake."""
        if self.place.folder is None:
            return
        for name in TABLES:
            logs = Path(self.place.of(name), "_delta_log")
            if any(_number(path) > 0 for path in logs.glob("*.json")):
                raise self._damaged("commits", FileNotFoundError("commits"))

    def _head(self, commits: DeltaTable) -> Head:
        version = commits.version()
        if version == 0:
            return Head()
        if commits.transaction_version("lake") != version:
            raise self._damaged("commits", LakeDamaged(""))
        micros = commits.transaction_version("recorded") or 0
        recorded = _EPOCH + timedelta(microseconds=micros)
        pins = {name: commits.transaction_version(f"table:{name}") or 0 for name in TABLES}
        return Head(version, recorded, pins)

    def open(self, name: str, version: int | None = None) -> DeltaTable:
        """Open a table at a version."""
        try:
            return DeltaTable(self.place.of(name), version, self.place.storage)
        except (DeltaError, OSError) as error:
            raise self._damaged(name, error) from error

    def _damaged(self, name: str, error: Exception) -> LakeDamaged:
        first = str(error).splitlines()[0] if str(error) else "版本不符 version differs"
        where = self.place.of(name, "_delta_log")
        return LakeDamaged(
            f"数据湖的日志 {where} 缺失或损坏：{first}；没有改动任何文件，请从备份恢复"
            "（shanshui lake restore） / "
            f"the log {where} of the lake is missing or damaged: {first}; nothing was changed, "
            "restore a backup (shanshui lake restore)"
        )

    def files(self, head: Head, name: str) -> list[DataFile]:
        """Return the data files of a table in a version of the lake."""
        version = head.pins.get(name, 0)
        if name == COMMIT_TABLE.name:
            version = head.version
        if version == 0:
            return []
        known = self._files.get(name)
        if known and known[0] == version:
            return known[1]
        found = self._listed(name, self.open(name, version))
        self._files[name] = (version, found)
        return found

    def _listed(self, name: str, table: DeltaTable) -> list[DataFile]:
        actions = pl.DataFrame(table.get_add_actions(flatten=True))
        rows = actions.select(
            "path",
            "size_bytes",
            "num_records",
            *(
                pl.col(c) if c in actions.columns else pl.lit(None).alias(c)
                for c in ("partition.year", "min.station", "max.station", "min.time", "max.time")
            ),
        ).rows()
        return [
            DataFile(
                self.place.of(name, path),
                path,
                size,
                count,
                year,
                None if low is None else (low, high),
                None if since is None else (since, until),
            )
            for path, size, count, year, low, high, since, until in rows
        ]

    def commits(self, head: Head) -> pl.LazyFrame:
        """Return what is written of each version, unordered."""
        return scan(self.place, COMMIT_TABLE, self.files(head, COMMIT_TABLE.name))

    def done(self, app: str) -> int | None:
        """Return the number that a sender's last transaction had."""
        commits = self._commits()
        number = None if commits is None else commits.transaction_version(f"store:{app}")
        return None if number is None else int(number)

    def pending(self) -> dict[str, Any] | None:
        """Return what the note of an unfinished commit says."""
        if self.place.folder is None:
            return None
        try:
            found: dict[str, Any] = json.loads((self.place.folder / _PENDING).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except ValueError as error:
            raise self._damaged("", error) from error
        return found

    # Writing

    @contextmanager
    def alone(self) -> Iterator[Head]:
        """Be the only writer; what another left unfinished is taken back first.

        Yields
        ------
        Head
            The newest version.

        Raises
        ------
        LakeBusy
            Another program writes for longer than `wait` seconds.
        """
        busy = (
            f"另一个程序正在写入数据湖 {self.place.url}，等了 {self.wait:g} 秒；请稍后再试 / "
            f"another program is writing to the lake {self.place.url}; waited {self.wait:g} s, "
            "try again later"
        )
        with self.place.alone("writer.lock", self.wait, busy, self._failed):
            self._create()
            yield self._recovered()

    @contextmanager
    def unassessed(self) -> Iterator[None]:
        """Keep assessment from writing meanwhile; taken before `alone` where both are.

        Raises
        ------
        LakeBusy
            Another program assesses for longer than `wait` seconds.
        """
        with self.place.assessing(self.wait, self._failed):
            yield

    def _failed(self, error: Exception) -> LakeFailed:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        return LakeFailed(
            f"数据湖 {self.place.url} 无法写入，此前的数据不变：{first} / "
            f"the lake {self.place.url} cannot be written; what it had is as it was: {first}"
        )

    def _create(self) -> None:
        """Make the tables that are not there; ``commits`` last, which says that all are."""
        if self._exists("commits"):
            return
        self._refuse_headless()
        for table in (*TABLES.values(), COMMIT_TABLE):
            where = self.place.of(table.name)
            logs = Path(where, "_delta_log")
            if self.place.folder is not None and logs.is_dir():
                for path in logs.iterdir():  # cut off while the lake was made
                    path.unlink()
            with self._telling():
                DeltaTable.create(
                    where,
                    schema=delta_schema(table),
                    mode="ignore",
                    partition_by=["year"] if table.by_year else None,
                    configuration=_SETTINGS,
                    storage_options=self.place.storage,
                )
            self._sync(table.name, -1)
            if self.place.folder is not None:
                sync_folder(Path(where))
        if self.place.folder is not None:
            sync_folder(self.place.folder)

    def _exists(self, name: str) -> bool:
        if self.place.folder is not None:
            first = self.place.folder / name / "_delta_log" / f"{0:020}.json"
            return first.is_file() and first.stat().st_size > 0
        return DeltaTable.is_deltatable(self.place.of(name), self.place.storage)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (DeltaError, OSError) as error:
            raise self._failed(error) from error

    def _sync(self, name: str, after: int) -> None:
        """Flush the log of a table beyond a version to the disk."""
        if self.place.folder is None:
            return
        logs = self.place.folder / name / "_delta_log"
        for path in logs.iterdir():
            number = path.name.partition(".")[0]
            if path.is_file() and (not number.isdigit() or int(number) > after):
                sync_file(path)
        sync_folder(logs)

    def _recovered(self) -> Head:
        """Take back what no head pins, and return the head."""
        pending = self.pending()
        head = self.head()
        if pending is not None:
            for name in TABLES:
                self._cut(name, head.pins.get(name, 0))
                self._sync(name, -1)
            self._cut("commits", head.version)
            self._sync("commits", -1)
        beyond = {
            name: table
            for name in TABLES
            if (table := self.open(name)).version() > head.pins.get(name, 0)
        }
        if beyond:
            self._note(head)
            with self._telling():
                for name, table in beyond.items():
                    table.restore(head.pins.get(name, 0))
                    self._sync(name, head.pins.get(name, 0))
            pins = {name: self.open(name).version() for name in beyond}
            head = self._pin(head, pins, {"action": "recover"}, [])
        if pending is not None or beyond:
            self._unnote()
        return head

    def _cut(self, name: str, pinned: int) -> None:
        """Remove log files beyond a version that a power failure cut off."""
        assert self.place.folder is not None
        logs = self.place.folder / name / "_delta_log"
        beyond = sorted(p for p in logs.glob("*.json") if _number(p) > pinned)
        whole = [path for path in beyond if _reads(path)]
        first_cut = next((_number(p) for p in beyond if p not in whole), None)
        newest = pinned if first_cut is None else first_cut - 1
        for path in logs.iterdir():
            # Checkpoints are a convenience: the log is all there.
            late = path.name == "_last_checkpoint" or "checkpoint" in path.name
            if late or (first_cut is not None and _number(path) > newest):
                if path.name != "_last_checkpoint" and _number(path) <= pinned:
                    continue
                path.unlink(missing_ok=True)
        sync_folder(logs)

    def _note(self, head: Head) -> None:
        if self.place.folder is not None:
            note = {"version": head.version + 1, "pins": dict(head.pins)}
            with self._telling():
                write_whole(self.place.folder / _PENDING, json.dumps(note).encode())

    def _unnote(self) -> None:
        if self.place.folder is not None:
            with suppress(FileNotFoundError):
                (self.place.folder / _PENDING).unlink()
            sync_folder(self.place.folder)

    def commit(
        self,
        head: Head,
        changes: Mapping[str, Change],
        facts: Mapping[str, Any],
        transactions: list[Transaction] | None = None,
        *,
        recorded: datetime | None = None,
    ) -> Head:
        """Make a new version of the lake of changes to tables, all or none.

        Parameters
        ----------
        head : Head
            The newest version, as `alone` gave it.
        changes : mapping
            For each table its new and removed files, already written and flushed.
        facts : mapping
            Columns of the row that ``commits`` gets.
        transactions : list, optional
            What the sender calls this.
        recorded : datetime, optional
            When it is recorded, later than the version before.

        Raises
        ------
        LakeFailed
            The log cannot be written; the next writer takes back what there is of it.
        """
        self._note(head)
        pins = {}
        for name in TABLES:
            change = changes.get(name)
            if change and (change.added or change.removed):
                self.place.sync(change.added)
                pins[name] = self._apply(name, head.pins.get(name, 0), change)
        new = self._pin(head, pins, facts, transactions or [], recorded)
        self._unnote()
        return new

    def beyond(
        self,
        head: Head,
        work: Callable[[], None],
        pins: Mapping[str, int],
        facts: Mapping[str, Any],
    ) -> Head:
        """Pin what delta-rs commits of its own: `work` fills `pins` with the new versions."""
        self._note(head)
        with self._telling():
            work()
        for name in pins:
            self._sync(name, head.pins.get(name, 0))
        new = self._pin(head, pins, facts, []) if pins else head
        self._unnote()
        return new

    def _apply(self, name: str, pinned: int, change: Change) -> int:
        actions: list[AddAction | RemoveAction] = [
            file.add(data_change=change.data) for file in change.added
        ]
        actions += _removals(change.removed, data_change=change.data)
        with self._telling():
            table = self.open(name)
            if table.version() != pinned:
                raise self._overtaken()
            table.create_write_transaction(
                actions,
                "append",
                delta_schema(TABLES[name]),
                partition_by=["year"] if TABLES[name].by_year else None,
                commit_properties=CommitProperties(max_commit_retries=0),
            )
            self._sync(name, pinned)
        return pinned + 1

    def _overtaken(self) -> LakeBusy:
        return LakeBusy(
            f"另一台机器刚刚写入了数据湖 {self.place.url}；没有写入，请再试 / "
            f"another machine has just written to the lake {self.place.url}; "
            "nothing was written, try again"
        )

    def _pin(
        self,
        head: Head,
        pins: Mapping[str, int],
        facts: Mapping[str, Any],
        transactions: list[Transaction],
        recorded: datetime | None = None,
    ) -> Head:
        recorded = recorded or self.moment(head)
        new = Head(head.version + 1, recorded, {**head.pins, **pins})
        row = {"version": new.version, "recorded": recorded, **facts}
        frame = pl.DataFrame([row], schema=COMMIT_TABLE.schema, orient="row")
        old: list[DataFile] = []
        if new.version % _TOGETHER == 0:
            old = self.files(head, COMMIT_TABLE.name)
            frame = pl.concat([scan(self.place, COMMIT_TABLE, old).collect(), frame])
        file = self.place.write(COMMIT_TABLE, frame, None)
        self.place.sync([file])
        micros = (recorded - _EPOCH) // timedelta(microseconds=1)
        ids = [Transaction("lake", new.version), Transaction("recorded", micros)]
        ids += [Transaction(f"table:{name}", version) for name, version in pins.items()]
        with self._telling():
            table = self.open("commits")
            if table.version() != head.version:
                raise self._overtaken()
            table.create_write_transaction(
                [file.add(), *_removals(old, data_change=False)],
                "append",
                delta_schema(COMMIT_TABLE),
                commit_properties=CommitProperties(
                    max_commit_retries=0, app_transactions=[*ids, *transactions]
                ),
            )
            self._sync("commits", head.version)
        return new

    def moment(self, head: Head) -> datetime:
        """Return the time to record at: now, but always later than the version before."""
        return max(datetime.now(UTC), head.recorded + timedelta(microseconds=1))


def _removals(files: list[DataFile], *, data_change: bool) -> list[RemoveAction]:
    now = int(datetime.now(UTC).timestamp() * 1000)
    return [RemoveAction(file.path, data_change, now, file.size, file.partition) for file in files]


def _number(path: Path) -> int:
    digits = path.name.partition(".")[0]
    return int(digits) if digits.isdigit() else -1


def _reads(path: Path) -> bool:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return bool(lines) and all(isinstance(json.loads(line), dict) for line in lines)
    except ValueError:
        return False

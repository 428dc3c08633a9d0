"""Taking files into a workspace: read piece by piece, stored whole or not at all, told in full."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from filelock import FileLock, Timeout
from sqlalchemy import select

from shanshui.platform.files import sync_folder
from shanshui.platform.ingest.aside import SCHEMA as ASIDE
from shanshui.platform.ingest.content import Progress
from shanshui.platform.ingest.contradictions import Contradictions
from shanshui.platform.ingest.errors import ReadError
from shanshui.platform.ingest.forms import Note
from shanshui.platform.ingest.hj212_values import read_packets
from shanshui.platform.ingest.observations import Chunk, Reading
from shanshui.platform.ingest.profiles import Profile
from shanshui.platform.ingest.register import Names, known_as, register
from shanshui.platform.ingest.sensorthings import read_sensorthings
from shanshui.platform.ingest.tabular import read_table
from shanshui.platform.store.lake_tables import AIR_HOUR
from shanshui.platform.store.models import Load, now
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from shanshui.platform.store import Workspace

_BLOCK = 1 << 22
_MANY = 0.2  # of all rows in conflict: not a slip but a column that tells stations apart
_ENOUGH = 500_000  # rows that are given to the lake at a time
_LISTED = 1000  # values set aside that are told beside the file
_LONGEST = 64  # characters of a station's code in the ledger


@dataclass
class Outcome:
    """What became of a file.

    Attributes
    ----------
    file, sha256, size, form, profile : str, str, int, str, str
        What it was, and the profile by which it was read (empty: none was saved).
    rows : int
        Rows, packets or results of the file.
    other : int
        Those with nothing to store.
    read, stored, already, changed, outranked : int
        Observations; see `shanshui.platform.store.lake.Stored`.
    missing : int
        Observations among them whose value is missing.
    set_aside : int
        Entries in the list of what was set aside.
    rejected_file : str or None
        That list, in the folder ``rejected`` of the workspace.
    found : list of str
        Stations that the registry did not know; they are registered as found.
    units : dict
        Property to the unit of the source, and how it is known.
    unread : list of str
        Columns and items that are not read.
    notes : list of Note
        What a person should know.
    sums : list of dict
        On a dry run: property, count and sum before and after.
    dry : bool
        Nothing was written.
    load : int or None
        Number of the run in the ledger.
    """

    file: str
    sha256: str
    size: int
    form: str
    profile: str = ""
    rows: int = 0
    other: int = 0
    read: int = 0
    stored: int = 0
    already: int = 0
    changed: int = 0
    outranked: int = 0
    missing: int = 0
    set_aside: int = 0
    rejected_file: str | None = None
    found: list[str] = field(default_factory=list)
    units: dict[str, tuple[str, Note]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    first: list[dict[str, Any]] = field(default_factory=list)
    sums: list[dict[str, Any]] = field(default_factory=list)
    dry: bool = False
    load: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        told = asdict(self)
        told["notes"] = [{"zh": n.zh, "en": n.en} for n in self.notes]
        told["units"] = {c: {"unit": u, "how": h.en} for c, (u, h) in self.units.items()}
        return told


def read(
    file: str | Path,
    profile: Profile,
    *,
    progress: Progress | None = None,
    contradicted: pl.Series | None = None,
    beside: tuple[str | Path, ...] = (),
) -> Reading:
    """Read a file of any form by its profile; see `tabular.read_table` and its kin."""
    if profile.layout == "hj212":
        return read_packets(file, devices=profile.devices, progress=progress)
    if profile.layout == "sensorthings":
        return read_sensorthings(file, *beside, profile=profile, progress=progress)
    wide = (AIR_HOUR.items, AIR_HOUR.period)
    return read_table(file, profile, progress=progress, contradicted=contradicted, wide=wide)


class _Contradicted(Exception):
    def __init__(self, keys: pl.Series) -> None:
        self.keys = keys
        super().__init__("rows of different pieces contradict one another")


def ingest(
    workspace: Workspace,
    file: str | Path,
    profile: Profile,
    *,
    who: str,
    state: str = "raw",
    dry_run: bool = False,
    progress: Progress | None = None,
    beside: tuple[str | Path, ...] = (),
) -> Outcome:
    """Take a file into a workspace.

    The file is stored whole or not at all; sent again, it stores nothing. A run that was cut off
    has stored nothing that is visible, or everything, and can be run again.

    Parameters
    ----------
    workspace : Workspace
        Where to.
    file : str or path
        The file.
    profile : Profile
        How it is read.
    who : str
        The person who answers for it.
    state : str
        ``raw``, ``reviewed`` or ``corrected``.
    dry_run : bool
        Say what would become of it, and write nothing.
    progress : callable, optional
        Told the file, the bytes done and the bytes in all.
    beside : tuple of paths
        SensorThings: files with the Datastreams of this one.

    Raises
    ------
    ReadError
        When the file cannot be read so; nothing is stored.
    ShanshuiError
        When the lake or the ledger cannot be written; what is said then is true.
    """
    path = Path(file)
    sha256, size = _digest(path)
    outcome = Outcome(path.name, sha256, size, profile.form, profile.name, dry=dry_run)
    names = known_as(workspace.ledger, profile.layout)
    if dry_run:
        run = _Run(path, profile, names, outcome, None, progress, beside)
        preview = _whole(run, lambda frames: workspace.lake.preview(frames, state=state))
        _counted(outcome, preview)
        outcome.sums = preview.sums.to_dicts()
        outcome.found = sorted(run.stations - names.known)
        return outcome
    _recover(workspace, sha256, who)
    with _held(workspace, path, outcome, who) as (load, transaction):
        outcome.load = load
        folder = workspace.folder / "rejected"
        rejected = _Rejected(folder, f"{path.stem}-{load}.csv")
        run = _Run(path, profile, names, outcome, rejected, progress, beside)
        stored = _whole(
            run,
            lambda frames: workspace.lake.store(
                frames, source=path.name, transaction=transaction, state=state
            ),
        )
        _counted(outcome, stored)
        outcome.rejected_file = rejected.keep()
        with workspace.ledger.write(who=who, action="ingest", reason=path.name) as session:
            outcome.found = register(session, run.stations - names.known, profile, outcome.units)
            row = session.get_one(Load, load)
            _close(row, outcome)
    return outcome


def _counted(outcome: Outcome, told: Any) -> None:
    for name in ("read", "stored", "already", "changed", "outranked"):
        setattr(outcome, name, getattr(told, name))


def _whole(run: _Run, do: Callable[[Iterator[pl.DataFrame]], Any]) -> Any:
    """Run a store or a preview; again, with them set aside, where rows contradict one another."""
    try:
        return do(run.frames(None))
    except _Contradicted as found:
        return do(run.frames(found.keys))


@dataclass
class _Run:
    """One reading of a file for the lake."""

    path: Path
    profile: Profile
    names: Names
    outcome: Outcome
    rejected: _Rejected | None
    progress: Progress | None
    beside: tuple[str | Path, ...]
    stations: set[str] = field(default_factory=set)

    def frames(self, contradicted: pl.Series | None) -> Iterator[pl.DataFrame]:
        """Yield the observations piece by piece; count, and set aside, on the way."""
        told = self.outcome
        told.rows = told.other = told.missing = told.set_aside = 0
        told.first = []
        self.stations = set()
        if self.rejected:
            self.rejected.restart()
        reading = read(
            self.path,
            self.profile,
            progress=self.progress,
            contradicted=contradicted,
            beside=self.beside,
        )
        held = _Held()
        with Contradictions() as keys:
            for chunk in reading.chunks:
                if chunk.keys is not None and contradicted is None:
                    keys.add(chunk.keys)
                yield from held.add(self._taken(chunk))
            yield from held.rest()
            if contradicted is None:
                self._settled(keys, reading)
        told.notes, told.units = reading.notes, reading.units
        told.unread = sorted(set(reading.unread))
        if not told.read and not self.stations and not told.rows:
            raise ReadError(
                "没有可读的数据行或数据包", "no row and no packet to read", file=self.path.name
            )

    def _taken(self, chunk: Chunk) -> tuple[pl.DataFrame, ...]:
        told = self.outcome
        told.rows += chunk.rows
        told.other += chunk.other
        told.missing += chunk.frame["value"].null_count()
        told.set_aside += chunk.rejected.height
        if len(told.first) < _LISTED:
            told.first += chunk.rejected.head(_LISTED - len(told.first)).to_dicts()
        if self.rejected and chunk.rejected.height:
            self.rejected.add(chunk.rejected)
        frames = [f for f in (chunk.frame, chunk.wide) if f is not None and f.height]
        taken = []
        for frame in frames:
            names = frame["station"].unique()
            long = names.filter(names.str.len_chars() > _LONGEST)
            if len(long):
                raise ReadError(
                    f"站名超过 {_LONGEST} 字：{long[0]}",
                    f"the name of a station is above {_LONGEST} characters: {long[0]}",
                    file=self.path.name,
                )
            renamed = self.names.renamed(frame)
            self.stations |= set(renamed["station"].unique())
            taken.append(renamed)
        return tuple(taken)

    def _settled(self, keys: Contradictions, reading: Reading) -> None:
        found, rows = keys.found()
        if found.is_empty():
            return
        if len(found) > rows * _MANY:
            unread = "、".join(reading.unread[:12]) or "无"
            raise ReadError(
                f"{len(found)} 组行的站点和时间相同而数值不同，很可能还有区分站点的列；"
                f"请用 --station-column 列名 指明（未读取的列：{unread}）",
                f"{len(found)} stations and times have rows that contradict one another: probably "
                "a column that tells stations apart is not read; say it with --station-column NAME "
                f"(not read: {', '.join(reading.unread[:12]) or 'none'})",
                file=self.path.name,
            )
        raise _Contradicted(found)


class _Held:
    """Holds pieces until there are enough of one form: the lake writes files of one form."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, ...], list[pl.DataFrame]] = {}

    def add(self, frames: tuple[pl.DataFrame, ...]) -> Iterator[pl.DataFrame]:
        """Take pieces; give those of a form of which there are enough."""
        for frame in frames:
            parts = self._parts.setdefault(tuple(frame.columns), [])
            parts.append(frame)
            if sum(part.height for part in parts) >= _ENOUGH:
                yield pl.concat(parts)
                parts.clear()

    def rest(self) -> Iterator[pl.DataFrame]:
        """Give what is left."""
        for parts in self._parts.values():
            if parts:
                yield pl.concat(parts)
        self._parts = {}


# ------------------------------------------------------------------------------ what is set aside


class _Rejected:
    """The list of what was set aside, written as it grows and named when the run ends."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.path = folder, folder / name
        self.temporary = folder / f".{name}.tmp"
        self.any = False

    def restart(self) -> None:
        """Begin anew."""
        self.any = False
        self.drop()

    def add(self, rejected: pl.DataFrame) -> None:
        """Write some down."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self.temporary.open("ab") as stream:
                if not self.any:
                    stream.write(b"\xef\xbb\xbf")  # so that Excel and WPS show Chinese
                rejected.select(list(ASIDE)).write_csv(stream, include_header=not self.any)
        except OSError as error:
            raise ReadError(
                f"搁置清单写不下：{error.strerror}",
                f"cannot write the list of what is set aside: {error.strerror}",
                file=str(self.path),
            ) from error
        self.any = True

    def keep(self) -> str | None:
        """Give the list its name, and return it; None where nothing was set aside."""
        if not self.any:
            return None
        with self.temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        self.temporary.replace(self.path)
        sync_folder(self.folder)
        return f"{self.folder.name}/{self.path.name}"

    def drop(self) -> None:
        """Leave nothing behind."""
        with suppress(OSError):
            self.temporary.unlink()


# ---------------------------------------------------------------------------------- the ledger


def _digest(path: Path) -> tuple[str, int]:
    """Return the SHA-256 of a file and its size."""
    if not path.is_file():
        what = ("这是文件夹", "is a directory") if path.is_dir() else ("找不到文件", "no such file")
        raise ReadError(*what, file=str(path))
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
                size += len(block)
    except OSError as error:
        raise ReadError(
            f"无法读文件：{error.strerror}", f"cannot read: {error.strerror}", file=str(path)
        ) from error
    return digest.hexdigest(), size


def _lock(workspace: Workspace, load: int) -> FileLock:
    folder = workspace.folder / ".loads"
    folder.mkdir(exist_ok=True)
    return FileLock(folder / f"{load}.lock", timeout=0)


class _held:  # noqa: N801 - reads as a word of the sentence it is used in
    """Note a run in the ledger and hold its lock, so that others know that it lives."""

    def __init__(self, workspace: Workspace, path: Path, outcome: Outcome, who: str) -> None:
        self._workspace, self._who, self._name = workspace, who, path.name
        self._transaction = f"load-{secrets.token_hex(12)}"
        row = Load(
            transaction=self._transaction,
            file_name=path.name[-300:],
            sha256=outcome.sha256,
            size=outcome.size,
            form=outcome.form,
            profile=outcome.profile or None,
            who=who[:100],
            started=now(),
            state="running",
        )
        with workspace.ledger.write(who=who, action="ingest", reason=path.name) as session:
            session.add(row)
            session.flush()
            self._load = row.id
        self._held = _lock(workspace, self._load)

    def __enter__(self) -> tuple[int, str]:
        self._held.acquire()
        return self._load, self._transaction

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            _Rejected(
                self._workspace.folder / "rejected", f"{Path(self._name).stem}-{self._load}.csv"
            ).drop()
            # The ledger may be what failed: then the next run of the file closes this one.
            with suppress(ShanshuiError, OSError):
                _end(self._workspace, self._load, self._who, str(error))
        self._held.release()
        with suppress(OSError):
            Path(self._held.lock_file).unlink()


def _end(workspace: Workspace, load: int, who: str, why: str) -> None:
    """Close a run that failed: as done where the lake has it after all."""
    with workspace.ledger.write(who=who, action="ingest", reason=why[:500]) as session:
        row = session.get_one(Load, load)
        if row.state != "running":
            return
        counts = _in_lake(workspace, row.transaction)
        row.state = "done" if counts else "failed"
        row.finished = now()
        row.report = {"error": why[:2000]}
        for name, count in (counts or {}).items():
            setattr(row, name, count)


def _in_lake(workspace: Workspace, transaction: str) -> Mapping[str, int] | None:
    """Return the counts of a transaction that the lake has, or None."""
    try:
        found = workspace.lake.versions().filter(pl.col("transaction") == transaction)
    except ShanshuiError:
        return None
    if found.is_empty():
        return None
    row = found.row(0, named=True)
    return {name: int(row[name]) for name in ("stored", "already", "changed", "outranked")}


def _recover(workspace: Workspace, sha256: str, who: str) -> None:
    """Close runs of the same file that were cut off; one that lives is left alone."""
    with workspace.ledger.read() as session:
        asked = select(Load.id, Load.file_name).where(
            Load.sha256 == sha256, Load.state == "running"
        )
        open_runs = session.execute(asked).all()
    for load, name in open_runs:
        lock = _lock(workspace, load)
        try:
            with lock:
                _end(workspace, load, who, "中断 / cut off")
        except Timeout:
            continue
        _Rejected(workspace.folder / "rejected", f"{Path(name).stem}-{load}.csv").drop()
        with suppress(OSError):
            Path(lock.lock_file).unlink()


def _close(row: Load, outcome: Outcome) -> None:
    row.state, row.finished = "done", now()
    row.rows_read = outcome.rows
    for name in ("stored", "already", "changed", "outranked"):
        setattr(row, name, getattr(outcome, name))
    row.rejected = outcome.set_aside
    row.rejected_file = outcome.rejected_file
    told = outcome.as_dict()
    row.report = {k: told[k] for k in ("other", "read", "missing", "units", "unread", "notes")}

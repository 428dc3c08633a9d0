"""Copies of the ledger that any database can take back.

A backup is a ZIP: ``ledger.json`` names the revision and counts the rows, and each table is a file
of JSON Lines. A ledger on SQLite can be restored to PostgreSQL and the other way round. With a
workspace's folder, the files that the ledger speaks of are in it too; the lake has backups of its
own.
"""

from __future__ import annotations

import base64
import json
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import DateTime, LargeBinary, MetaData, Table, func, insert, select, text

from shanshui.platform.files import whole, write_whole
from shanshui.platform.store.upgrade import alone, pending, revision, steps, upgrade
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shanshui.platform.store.ledger import Ledger

_MANIFEST = "ledger.json"
_FILES = "files/"
_KEPT = ("shanshui.toml", "profiles/**/*", "evidence/**/*")
_ROWS = 1_000  # held in memory at a time


def dump(ledger: Ledger, folder: str | Path, *, beside: Path | None = None) -> Path:
    """Write a backup of the ledger into a folder.

    Parameters
    ----------
    ledger : Ledger
        Of this or an older version.
    folder : str or path
        Made where it is not there.
    beside : pathlib.Path, optional
        Folder of the workspace, whose settings, import profiles and evidence are taken too.

    Returns
    -------
    pathlib.Path
        ``ledger-<revision>-<time>.zip``; whole, or not there.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    found = revision(ledger)
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    path = folder / f"ledger-{found}-{moment}.zip"
    with whole(path) as temporary, ledger.read() as session:
        connection = session.connection()
        if not ledger.sqlite:  # one picture of all tables, as SQLite gives anyway
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as packed:
            counts = {
                table.name: _write(connection, table, packed) for table in _tables(connection)
            }
            for file in _files(beside):
                packed.write(file, _FILES + file.relative_to(beside or file).as_posix())
            manifest = {"revision": found, "made": moment, "rows": counts}
            packed.writestr(_MANIFEST, json.dumps(manifest, indent=1))
    return path


def restore(path: str | Path, ledger: Ledger, *, beside: Path | None = None) -> dict[str, int]:
    """Fill an empty database from a backup, and bring it up to date.

    Parameters
    ----------
    path : str or path
        A file that `dump` wrote.
    ledger : Ledger
        An empty database: a file that is not there yet, or a PostgreSQL database without tables.
    beside : pathlib.Path, optional
        Folder of the workspace, which gets back the files that it has lost; those that are there
        stay as they are.

    Returns
    -------
    dict
        Rows of each table.

    Raises
    ------
    ShanshuiError
        The file is no backup, is damaged, or was made by a newer program; the database is not
        empty. Nothing is written then.
    """
    manifest = examine(path)
    pending(manifest["revision"])
    there = ledger.path is None or ledger.path.is_file()
    if there and revision(ledger) is not None:
        raise ShanshuiError(
            f"{ledger.label} 不是空的，不能恢复到那里 / {ledger.label} is not empty"
        )
    with zipfile.ZipFile(path) as packed:
        _put_back(packed, beside)
    with zipfile.ZipFile(path) as packed, alone(ledger) as connection:
        steps(connection, manifest["revision"])
        for table in _tables(connection):
            _read(connection, table, packed)
            if not ledger.sqlite and "id" in table.c:
                _continue_ids(connection, table)
    upgrade(ledger)
    rows: dict[str, int] = manifest["rows"]
    return rows


def examine(path: str | Path) -> dict[str, Any]:
    """Read a backup through, and return what it says of itself: revision, made, rows."""
    try:
        with zipfile.ZipFile(path) as packed:
            damaged = packed.testzip()
            manifest: dict[str, Any] = json.loads(packed.read(_MANIFEST))
            short = [
                name
                for name, count in manifest["rows"].items()
                if sum(1 for _ in _lines(packed, name)) != count
            ]
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, EOFError) as fault:
        raise ShanshuiError(
            f"{path} 不是台账备份或已损坏：{fault} / {path} is no backup, or damaged: {fault}"
        ) from None
    if damaged or short:
        raise ShanshuiError(
            f"{path} 已损坏：{damaged or short[0]} / {path} is damaged: {damaged or short[0]}"
        )
    return manifest


def _files(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    return sorted(file for kept in _KEPT for file in folder.glob(kept) if file.is_file())


def _put_back(packed: zipfile.ZipFile, folder: Path | None) -> None:
    for name in packed.namelist():
        if folder is None or not name.startswith(_FILES) or name.endswith("/"):
            continue
        path = (folder / name.removeprefix(_FILES)).resolve()
        if path.is_relative_to(folder.resolve()) and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, packed.read(name))


def _tables(connection: Connection) -> list[Table]:
    """Return the tables as the database has them, those that are referred to first."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def _write(connection: Connection, table: Table, packed: zipfile.ZipFile) -> int:
    count = 0
    rows = connection.execution_options(yield_per=_ROWS).execute(
        select(table).order_by(*table.primary_key.columns)
    )
    with packed.open(f"{table.name}.jsonl", "w") as stream:
        for row in rows.mappings():
            line = json.dumps({k: _plain(v) for k, v in row.items()}, ensure_ascii=False)
            stream.write(line.encode() + b"\n")
            count += 1
    return count


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return moment.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _lines(packed: zipfile.ZipFile, name: str) -> Iterator[dict[str, Any]]:
    with packed.open(f"{name}.jsonl") as stream:
        for line in stream:
            yield json.loads(line)


def _read(connection: Connection, table: Table, packed: zipfile.ZipFile) -> None:
    rows: list[dict[str, Any]] = []
    for line in _lines(packed, table.name):
        for column in table.columns:
            value = line.get(column.name)
            if value is not None and isinstance(column.type, DateTime):
                line[column.name] = datetime.fromisoformat(value)
            elif value is not None and isinstance(column.type, LargeBinary):
                line[column.name] = base64.b64decode(value)
        rows.append(line)
        if len(rows) == _ROWS:
            connection.execute(insert(table), rows)
            rows.clear()
    if rows:
        connection.execute(insert(table), rows)


def _continue_ids(connection: Connection, table: Table) -> None:
    """Let PostgreSQL number new rows after those that were restored."""
    last = connection.scalar(select(func.max(table.c.id)))
    sequence = connection.scalar(select(func.pg_get_serial_sequence(table.name, "id")))
    if last is not None and sequence is not None:
        connection.execute(select(func.setval(sequence, last)))

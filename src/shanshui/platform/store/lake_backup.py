"""Backups of the lake: a copy that is read back before it counts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from shanshui.platform.files import sync_folder, write_whole
from shanshui.platform.store.lake_care import status
from shanshui.platform.store.lake_errors import LakeDamaged, LakeFailed
from shanshui.platform.store.lake_log import Head, Log
from shanshui.platform.store.lake_place import Place, sync_file
from shanshui.platform.store.lake_tables import BESIDE, COMMIT_TABLE, TABLES
from shanshui.standards.errors import ShanshuiError

MANIFEST = "backup.json"
_FORMAT = 1
_PIECE = 1 << 20


@dataclass(frozen=True)
class Backup:
    """A backup that was read back.

    Attributes
    ----------
    path : pathlib.Path
        Its folder.
    version : int
        The version of the lake that it has.
    files, size : int
        Its files and their bytes.
    rows : dict
        Rows of each table.
    """

    path: Path
    version: int
    files: int
    size: int
    rows: dict[str, int]


def backup(log: Log, path: Path) -> Backup:
    """Copy the newest version and all its log into a new folder, and the results beside it."""
    if log.place.folder is None:
        raise ShanshuiError(
            "对象存储上的数据湖请用存储服务自己的备份；shanshui 只备份文件夹里的数据湖 / "
            "a lake on an object store is backed up by the store's own means; "
            "only a folder is copied here"
        )
    _empty(path)
    made = path.with_name(f".{path.name}.partial")
    try:
        with log.unassessed(), log.alone() as head:
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir(parents=True)
            listed = {
                name: _copied(log.place.folder / name, made / name) for name in _relative(log, head)
            }
            rows = {t.table: t.rows for t in status(log).tables}
            manifest = {
                "format": _FORMAT,
                "version": head.version,
                "made": datetime.now(UTC).isoformat(timespec="seconds"),
                "rows": rows,
                "files": listed,
            }
            write_whole(made / MANIFEST, json.dumps(manifest, indent=1).encode())
        _verify(made)
        for folder in (made, *(p for p in made.rglob("*") if p.is_dir())):
            sync_folder(folder)
        if path.exists():
            path.rmdir()
        made.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        shutil.rmtree(made, ignore_errors=True)
        raise LakeFailed(
            f"备份 {path} 没有做成：{error} / the backup {path} could not be made: {error}"
        ) from error
    except LakeDamaged:
        shutil.rmtree(made, ignore_errors=True)
        raise
    size = sum(size for size, _ in listed.values())
    return Backup(path, head.version, len(listed), size, rows)


def restore(path: Path, to: Path) -> None:
    """Make a lake of a backup, in a folder that is empty or not there."""
    _empty(to)
    manifest = _verify(path)
    made = to.with_name(f".{to.name}.partial")
    try:
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        for name, (size, digest) in manifest["files"].items():
            if _copied(path / name, made / name) != (size, digest):
                raise _broken(path, name)
        for folder in (made, *(p for p in made.rglob("*") if p.is_dir())):
            sync_folder(folder)
        _agrees(made, manifest)
        if to.exists():
            to.rmdir()
        made.rename(to)
        sync_folder(to.parent)
    except OSError as error:
        raise LakeFailed(
            f"数据湖没有恢复到 {to}：{error} / the lake was not restored to {to}: {error}"
        ) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ShanshuiError(
            f"{folder} 不是空文件夹；不覆盖已有的文件 / "
            f"{folder} is not an empty folder; what is there is never overwritten"
        )


def _relative(log: Log, head: Head) -> Iterator[str]:
    """Give the files of the lake that its newest version needs, its logs, and results beside it."""
    if head.version == 0:
        return
    root = log.place.folder
    assert root is not None
    for name in (*TABLES, COMMIT_TABLE.name):
        for file in log.files(head, name):
            yield f"{name}/{file.path}"
        for entry in sorted((root / name / "_delta_log").iterdir()):
            if entry.is_file() and not entry.name.startswith("_commit_"):
                yield entry.relative_to(root).as_posix()
    # Figures could be computed anew, but not what they were on an earlier day.
    for name in BESIDE:
        for entry in sorted((root / name).rglob("*")):
            if entry.is_file() and not entry.name.startswith("_commit_"):
                yield entry.relative_to(root).as_posix()


def _copied(source: Path, target: Path) -> tuple[int, str]:
    """Copy a file, flush it, and return its size and hash as read from the source."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = sha256()
    size = 0
    with source.open("rb") as read, target.open("wb") as write:
        while piece := read.read(_PIECE):
            digest.update(piece)
            size += len(piece)
            write.write(piece)
    sync_file(target)
    return size, digest.hexdigest()


def _digest(path: Path) -> tuple[int, str]:
    with path.open("rb") as stream:
        digest = sha256()
        size = 0
        while piece := stream.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()


def _broken(path: Path, name: str) -> LakeDamaged:
    return LakeDamaged(
        f"备份 {path} 里的 {name} 缺失或损坏 / {name} of the backup {path} is missing or damaged"
    )


def _verify(path: Path) -> dict[str, Any]:
    """Read a backup back: each file by its hash, and the tables by their rows."""
    try:
        manifest: dict[str, Any] = json.loads((path / MANIFEST).read_bytes())
        files = manifest["files"]
    except (OSError, ValueError, KeyError) as error:
        raise LakeDamaged(
            f"{path} 不是数据湖的备份：{error} / {path} is no backup of a lake: {error}"
        ) from error
    if manifest.get("format") != _FORMAT:
        raise LakeDamaged(
            f"备份 {path} 的格式是 {manifest.get('format')}，本程序只认 {_FORMAT} / "
            f"the backup {path} is of format {manifest.get('format')}; this program knows {_FORMAT}"
        )
    for name, (size, digest) in files.items():
        if not (path / name).is_file() or _digest(path / name) != (size, digest):
            raise _broken(path, name)
    _agrees(path, manifest)
    return manifest


def _agrees(path: Path, manifest: dict[str, Any]) -> None:
    found = status(Log(Place(path), 0))
    rows = {table.table: table.rows for table in found.tables}
    if found.version != manifest["version"] or rows != manifest["rows"] or found.missing:
        raise _broken(path, "_delta_log")

"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shanshui.standards.errors import ShanshuiError


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a temporary file beside `path` that takes its place at the end, flushed to the disk.

    Parameters
    ----------
    path : pathlib.Path
        The file to write; its folder must exist.

    Yields
    ------
    pathlib.Path
        The temporary file; gone where an error is raised.
    """
    if not path.parent.is_dir():
        raise ShanshuiError(f"没有这个文件夹：{path.parent} / no such folder: {path.parent}")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    os.close(handle)
    try:
        yield Path(name)
        with Path(name).open("rb+") as stream:
            os.fsync(stream.fileno())
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
        sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def write_whole(path: Path, data: bytes) -> None:
    """Write a file by way of a temporary one beside it, so that no half file is ever there."""
    with whole(path) as temporary:
        temporary.write_bytes(data)


def sync_folder(folder: Path) -> None:
    """Flush the names of a folder to the disk, where the system can (not on Windows)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

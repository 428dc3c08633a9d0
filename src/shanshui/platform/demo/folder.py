"""The folder of the demo: its workspace is made anew, and nothing of anybody else is touched."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shanshui.platform.files import write_whole
from shanshui.standards.errors import ShanshuiError

WORKSPACE = "workspace"
MARK = ".shanshui-demo.json"
_OTHERS = ("SHANSHUI_WORKSPACE", "SHANSHUI_LEDGER", "SHANSHUI_LAKE", "SHANSHUI_WHO")
"""Settings of the environment that point at somebody's own work."""


def vacate(folder: Path) -> Path | None:
    """Take away the workspace that an earlier demo left, so that a new one can be made.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of the workspace.

    Returns
    -------
    pathlib.Path or None
        Where the old one is kept, if anybody has worked in it since, or it was cut off.

    Raises
    ------
    ShanshuiError
        There is a folder that no demo has made.
    """
    if not folder.exists():
        return None
    mark = folder / MARK
    if not mark.is_file():
        raise ShanshuiError(
            f"{folder} 不是演示建的，不动它；请用 -o 换一个输出文件夹 / "
            f"{folder} was not made by the demo and is left alone; say another folder with -o"
        )
    if _read(mark) == _files(folder):
        shutil.rmtree(folder)  # all of it is as the demo left it
        return None
    kept = next(
        path
        for number in range(1, 10_000)
        if not (path := folder.with_name(f"{folder.name}-{number}")).exists()
    )
    folder.rename(kept)
    return kept


def begin(folder: Path) -> None:
    """Mark a new folder as the demo's."""
    folder.mkdir(parents=True)
    write_whole(folder / MARK, b"null\n")


def finish(folder: Path) -> None:
    """Note what the demo leaves, so that the next one sees what others did since."""
    write_whole(folder / MARK, (json.dumps(_files(folder), indent=0) + "\n").encode())


def _read(mark: Path) -> object:
    """Return what a demo left; nothing that any folder holds, where it was cut off."""
    try:
        return json.loads(mark.read_text(encoding="utf-8"))
    except ValueError:
        return None


def _files(folder: Path) -> dict[str, list[int]]:
    """Return size and time of each file; a lock or an empty log of SQLite says nothing."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name == MARK or path.suffix == ".lock":
            continue
        about = path.stat()
        if path.name.endswith("-shm") or (path.name.endswith("-wal") and not about.st_size):
            continue
        found[path.relative_to(folder).as_posix()] = [about.st_size, about.st_mtime_ns]
    return found


@contextmanager
def alone() -> Iterator[list[str]]:
    """Keep the demo off a ledger, lake or workspace that the environment names.

    Yields
    ------
    list of str
        The variables that are set aside meanwhile.
    """
    aside = {name: os.environ.pop(name) for name in _OTHERS if name in os.environ}
    try:
        yield [name for name in aside if name != "SHANSHUI_WHO"]
    finally:
        os.environ.update(aside)

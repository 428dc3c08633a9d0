"""Evidence of decisions: files kept in the workspace by their digest, never lost."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shanshui.platform.files import sync_folder, write_whole
from shanshui.platform.store.models import Evidence
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Workspace

FOLDER = "evidence"


@dataclass(frozen=True)
class Kept:
    """A file of evidence.

    Attributes
    ----------
    sha256 : str
        Its digest.
    name : str
        What it was called.
    size : int
        Bytes.
    path : pathlib.Path
        Where it is kept.
    """

    sha256: str
    name: str
    size: int
    path: Path


def keep(workspace: Workspace, path: str | Path, *, copy: bool = True) -> Kept:
    """Copy a file into the workspace, under its digest; the same file is kept once.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    path : str or path
        The file.
    copy : bool
        False to see only whether it could be kept.

    Raises
    ------
    ShanshuiError
        There is no such file, or it is empty.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from shanshui.platform.store import Workspace
    >>> with TemporaryDirectory() as folder, Workspace.create(folder + "/w") as workspace:
    ...     _ = Path(folder, "运维记录.txt").write_bytes(b"lamp replaced")
    ...     kept = keep(workspace, folder + "/运维记录.txt")
    ...     kept.name, kept.path.suffix, kept.path.read_bytes()
    ('运维记录.txt', '.txt', b'lamp replaced')
    """
    source = Path(path)
    if not source.is_file():
        raise ShanshuiError(f"没有佐证文件：{source} / no such file of evidence: {source}")
    data = source.read_bytes()
    if not data:
        raise ShanshuiError(f"佐证文件是空的：{source} / the file of evidence is empty: {source}")
    digest = hashlib.sha256(data).hexdigest()
    folder = workspace.folder / FOLDER
    target = folder / f"{digest}{source.suffix.lower()}"
    if not copy:
        return Kept(digest, source.name, len(data), target)
    if not folder.is_dir():
        folder.mkdir(exist_ok=True)
        sync_folder(workspace.folder)
    if not target.is_file() or target.stat().st_size != len(data):
        write_whole(target, data)
    return Kept(digest, source.name, len(data), target)


def note_down(session: Session, kept: Iterable[Kept], who: str) -> None:
    """Enter files in the ledger that it does not know yet."""
    for one in {each.sha256: each for each in kept}.values():
        if session.get(Evidence, one.sha256) is None:
            session.add(Evidence(sha256=one.sha256, name=one.name, size=one.size, added_by=who))
    session.flush()


def path_of(workspace: Workspace, one: Evidence) -> Path:
    """Return where a file of evidence is kept."""
    return workspace.folder / FOLDER / f"{one.sha256}{Path(one.name).suffix.lower()}"

"""Checks of the folder, the database file and the lake."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from shanshui.platform.review.evidence import path_of
from shanshui.platform.store.models import Audit, Base, Evidence, Freeze, Load
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Workspace

_DAYS = 7  # without a backup

Found = Iterator[tuple[str, str]]
Question = Callable[["Workspace", "Session", date], Found]


def database_damaged(workspace: Workspace, session: Session, _: date) -> Found:
    """Let SQLite read its file through."""
    if workspace.ledger.sqlite:
        try:
            lines = session.scalars(text("PRAGMA integrity_check")).all()
        except DatabaseError as fault:
            lines = [str(fault.orig)]
        yield from ((workspace.ledger.label, line) for line in lines if line != "ok")


def reference_broken(workspace: Workspace, session: Session, _: date) -> Found:
    """Find rows that refer to what is not there; PostgreSQL lets none be."""
    if workspace.ledger.sqlite:
        for table, row, other, _number in session.execute(text("PRAGMA foreign_key_check")):
            yield f"{table} {row}", other


def trail_incomplete(_: Workspace, session: Session, __: date) -> Found:
    """Find tables with more rows than the trail has additions less removals."""
    entered = (
        select(Audit.subject, Audit.change, func.count())
        .where(Audit.change.in_(("insert", "delete")))
        .group_by(Audit.subject, Audit.change)
    )
    counts = {(subject, change): n for subject, change, n in session.execute(entered)}
    for table in Base.metadata.sorted_tables:
        name = table.name
        if not table.info.get("audit", True) or name == "audit":
            continue
        known = counts.get((name, "insert"), 0) - counts.get((name, "delete"), 0)
        rows = session.scalar(select(func.count()).select_from(table)) or 0
        if rows != known:
            yield name, f"{rows} 行 rows, 留痕 trail {known}"


def backup_old(workspace: Workspace, _: Session, today: date) -> Found:
    """Find a ledger without a backup of the last days."""
    made = sorted((workspace.folder / "backups").glob("ledger-*.zip"))
    days = [path.stem.rpartition("-")[2][:8] for path in made]
    if not days or max(days) < (today - timedelta(days=_DAYS)).strftime("%Y%m%d"):
        yield workspace.ledger.label, f"最近 last: {max(days, default='—')}"


def profile_unreadable(workspace: Workspace, _: Session, __: date) -> Found:
    """Find import profiles that are not TOML."""
    for path in sorted((workspace.folder / "profiles").glob("*.toml")):
        try:
            tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as fault:
            yield path.name, str(fault)


def lake_unreadable(workspace: Workspace, session: Session, _: date) -> Found:
    """Open the lake, and see whether it has what was stored."""
    url = str(workspace.lake.place.url)
    try:
        status = workspace.lake.status()
    except (ShanshuiError, OSError) as fault:
        yield url, str(fault)
        return
    yield from ((url, f"缺文件 missing: {name}") for name in status.missing)
    stored = session.scalar(select(func.coalesce(func.sum(Load.stored), 0))) or 0
    if stored and not status.version:
        yield url, f"导入过 {stored} 行，现在是空的 / {stored} rows were stored, and it is empty"


def freeze_moved(workspace: Workspace, session: Session, _: date) -> Found:
    """Read what is final back, and compare it with its checksums."""
    from shanshui.platform.review.freeze_verify import verify

    for row in session.scalars(select(Freeze).where(Freeze.current)):
        try:
            faults = [str(fault) for fault in verify(workspace, row)]
        except ShanshuiError as fault:
            faults = [str(fault)]
        yield from ((f"{row.period} {row.domain}", fault) for fault in faults)


def evidence_lost(workspace: Workspace, session: Session, _: date) -> Found:
    """Find evidence whose file is gone or is not what it was."""
    for one in session.scalars(select(Evidence)):
        path = path_of(workspace, one)
        if not path.is_file():
            yield one.name, f"没有 gone: {path.name}"
        elif hashlib.sha256(path.read_bytes()).hexdigest() != one.sha256:
            yield one.name, f"内容变了 changed: {path.name}"


QUESTIONS: dict[str, Question] = {
    question.__name__: question
    for question in (
        database_damaged,
        reference_broken,
        trail_incomplete,
        backup_old,
        profile_unreadable,
        lake_unreadable,
        freeze_moved,
        evidence_lost,
    )
}

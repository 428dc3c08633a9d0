"""The ledger: one database of plans, places, people and work, with its audit trail."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    IntegrityError,
    NoSuchModuleError,
    StatementError,
)
from sqlalchemy.orm import Session, UOWTransaction
from sqlalchemy.orm.exc import StaleDataError

from shanshui.platform.store.models import Audit, Base, now
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection

WAIT = 30  # seconds that a write waits for another to end


class Conflict(ShanshuiError):
    """Another has changed the same row meanwhile."""


class Ledger:
    """A database of the ledger: SQLite in a file, or PostgreSQL by URL.

    Parameters
    ----------
    url : str or sqlalchemy.URL
        ``sqlite:////folder/ledger.db`` or ``postgresql://user@host/database``.

    Attributes
    ----------
    engine : sqlalchemy.Engine
        The engine; SQLite runs in WAL mode with full synchronisation and foreign keys on.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from shanshui.platform.store import Workspace, models
    >>> with TemporaryDirectory() as folder:
    ...     with Workspace.create(folder) as workspace:
    ...         with workspace.ledger.write(who="张三", action="test") as session:
    ...             session.add(models.Organization(name="青禾县水务局"))
    ...         with workspace.ledger.read() as session:
    ...             session.query(models.Audit.change).filter_by(subject="organizations").all()
    [('insert',)]
    """

    def __init__(self, url: str | URL) -> None:
        self.url = _url(url)
        self.engine = _engine(self.url)
        self._writer = self.engine.execution_options(write=True)

    @property
    def sqlite(self) -> bool:
        """Whether the ledger is a file of SQLite."""
        return self.engine.dialect.name == "sqlite"

    @property
    def path(self) -> Path | None:
        """The file of an SQLite ledger."""
        return Path(self.url.database) if self.sqlite and self.url.database else None

    @property
    def label(self) -> str:
        """The URL without its password."""
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session to read; nothing of it is written."""
        with self._told(), Session(self.engine) as session:
            yield session
            session.rollback()

    @contextmanager
    def write(self, *, who: str, action: str, reason: str | None = None) -> Iterator[Session]:
        """Open a session to write: one transaction, each change of a row in the audit trail.

        Parameters
        ----------
        who : str
            The person who answers for the change.
        action : str
            What was done, e.g. ``plan confirm``.
        reason : str, optional
            Why.

        Yields
        ------
        sqlalchemy.orm.Session
            Committed at the end; undone as a whole where an error is raised.

        Raises
        ------
        Conflict
            Another has changed the same row since it was read.
        """
        if not who.strip():
            raise ShanshuiError("须写明是谁 / say who makes the change")
        with self._told(), Session(self._writer, autoflush=True) as session:
            session.info["trail"] = {
                "who": who.strip(),
                "action": action,
                "reason": reason,
                "batch": secrets.token_hex(8),
            }
            yield session
            session.commit()

    def close(self) -> None:
        """Let the connections go."""
        self.engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say the database's faults in words of the house."""
        try:
            yield
        except StaleDataError:
            raise Conflict(
                "别人刚改过同一行，本次未写入；请重新读取后再改 / "
                "another has changed the same row; nothing was written: read it again"
            ) from None
        except IntegrityError as fault:
            raise ShanshuiError(
                f"台账不接受：{fault.orig} / the ledger refuses: {fault.orig}"
            ) from fault
        except StatementError as fault:
            if isinstance(fault.orig, ShanshuiError):  # a value that a column does not take
                raise fault.orig from None
            if not isinstance(fault, DatabaseError):
                raise
            raise ShanshuiError(
                f"台账 {self.label} 读写失败：{fault.orig} / "
                f"cannot read or write the ledger {self.label}: {fault.orig}"
            ) from fault


def _url(url: str | URL) -> URL:
    try:
        made = make_url(url)
    except ArgumentError:
        raise ShanshuiError(
            "台账地址不对，应如 sqlite:///ledger.db 或 postgresql://用户@主机/库 / "
            "not the URL of a ledger, e.g. postgresql://user@host/database"
        ) from None
    if made.drivername in ("postgresql", "postgres"):
        made = made.set(drivername="postgresql+psycopg")
    if made.get_backend_name() not in ("sqlite", "postgresql"):
        raise ShanshuiError(
            f"台账只能是 SQLite 或 PostgreSQL：{made.drivername} / "
            f"a ledger is SQLite or PostgreSQL, not {made.drivername}"
        )
    return made


def _engine(url: URL) -> Engine:
    try:
        if url.get_backend_name() == "postgresql":
            return create_engine(url, pool_pre_ping=True)
        engine = create_engine(url, connect_args={"timeout": WAIT})
    except (ModuleNotFoundError, NoSuchModuleError):
        raise ShanshuiError(
            'PostgreSQL 台账需要 psycopg：pip install "shanshui[postgres]" / '
            'a ledger on PostgreSQL needs psycopg: pip install "shanshui[postgres]"'
        ) from None
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: DBAPIConnection, _: Any) -> None:
    # The driver's own BEGIN comes late and never for DDL; ours comes in `_begin`.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A writer takes the lock at once: two that read first and write later would both fail.
    write = connection.get_execution_options().get("write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


# ------------------------------------------------------------------------------- the audit trail


def plain(value: Any) -> Any:
    """Make a value of a column one that JSON holds."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    return value


def _columns(row: Base) -> list[str]:
    return [
        attribute.key
        for attribute in inspect(type(row)).column_attrs
        if attribute.columns[0].info.get("audit", True) and attribute.key != "version"
    ]


def _changed(row: Base) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns of a changed row before and after."""
    before, after = {}, {}
    state = inspect(row)
    for name in _columns(row):
        history = state.attrs[name].history
        if history.has_changes():
            old = plain(history.deleted[0]) if history.deleted else None
            new = plain(history.added[0]) if history.added else None
            if old != new:
                before[name], after[name] = old, new
    return before, after


def _whole(row: Base) -> dict[str, Any]:
    values = {name: plain(getattr(row, name)) for name in _columns(row)}
    return {name: value for name, value in values.items() if value is not None}


@event.listens_for(Session, "before_flush")
def _note(session: Session, _: UOWTransaction, __: Any) -> None:
    if "trail" not in session.info:
        return
    pending: list[tuple[Base, str, Any, Any]] = session.info.setdefault("pending", [])
    for row in session.dirty:
        if isinstance(row, Base) and session.is_modified(row):
            before, after = _changed(row)
            if after:
                pending.append((row, "update", before, after))
    pending += [(row, "delete", _whole(row), None) for row in session.deleted]
    pending += [(row, "insert", None, None) for row in session.new]


@event.listens_for(Session, "after_flush")
def _write_down(session: Session, _: UOWTransaction) -> None:
    """Write the trail once the keys of new rows are known."""
    pending: list[tuple[Base, str, Any, Any]] = session.info.pop("pending", [])
    if not pending:
        return
    at, trail = now(), session.info["trail"]
    rows = [
        {
            **trail,
            "at": at,
            "subject": row.__tablename__,
            "key": _key(row),
            "change": change,
            "before": before,
            "after": _whole(row) if change == "insert" else after,
        }
        for row, change, before, after in pending
    ]
    session.connection().execute(insert(Audit), rows)


def _key(row: Base) -> str:
    parts = tuple(inspect(type(row)).primary_key_from_instance(row))
    return str(parts[0]) if len(parts) == 1 else json.dumps([plain(p) for p in parts])

"""Bring a ledger to the version of this program; one of a newer program is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from shanshui.platform.store.ledger import Ledger

_LOCK = 7_245_001  # of PostgreSQL's advisory locks: one program migrates, the others wait


def head() -> str:
    """Return the revision that this program writes."""
    found = _scripts().get_current_head()
    assert found is not None
    return found


def revision(ledger: Ledger) -> str | None:
    """Return the revision of a ledger, or None where the database is empty.

    Raises
    ------
    ShanshuiError
        The database is not a ledger, or cannot be reached.
    """
    path = ledger.path
    if path is not None and not path.is_file():
        raise ShanshuiError(
            f"台账文件不在：{path}；请从备份恢复（shanshui restore） / "
            f"the ledger is gone: {path}; restore it from a backup (shanshui restore)"
        )
    with ledger.read() as session:
        connection = session.connection()
        found = MigrationContext.configure(connection).get_current_revision()
        if found is None and inspect(connection).get_table_names():
            raise ShanshuiError(
                f"{ledger.label} 不是山水的台账 / {ledger.label} is not a ledger of Shanshui"
            )
    return found


def pending(found: str | None) -> bool:
    """Say whether a ledger of this revision has steps to make.

    Raises
    ------
    ShanshuiError
        A newer program wrote the ledger.
    """
    known = [script.revision for script in _scripts().walk_revisions()]
    if found is not None and found not in known:
        raise ShanshuiError(
            f"台账版本 {found} 比本程序（{head()}）新，请升级 shanshui / "
            f"a newer Shanshui wrote this ledger (revision {found}, here {head()}): upgrade it"
        )
    return found != head()


def upgrade(ledger: Ledger) -> None:
    """Make the steps that are missing, all in one transaction.

    A program that is killed meanwhile leaves the ledger as it was.
    """
    with alone(ledger) as connection:
        steps(connection)


def steps(connection: Connection, to: str = "head") -> None:
    """Make the steps up to a revision on a connection that `alone` gave."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


@contextmanager
def alone(ledger: Ledger) -> Iterator[Connection]:
    """Give the one connection that may change tables, in a transaction.

    References are not checked row by row, since a table is made anew under its old name, but
    before the end.
    """
    writer = ledger.engine.execution_options(write=True)
    with writer.connect() as connection:
        if ledger.sqlite:
            driver = connection.connection.dbapi_connection
            assert driver is not None
            driver.cursor().execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                if not ledger.sqlite:
                    connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
                yield connection
                if ledger.sqlite and connection.execute(text("PRAGMA foreign_key_check")).first():
                    raise ShanshuiError(
                        "有的引用会落空，未写入 / references would break; nothing was written"
                    )
        finally:
            # The pool must not hand out a connection that does not check its references.
            connection.invalidate()


def _config() -> Config:
    folder = Path(__file__).with_name("migrations")
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())

"""Run the steps on the connection that `shanshui.platform.store.upgrade` gives."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy.types import TypeDecorator

from shanshui.platform.store.models import Base


def _plain(kind: str, thing: Any, _: Any) -> str | Literal[False]:
    """Write our own types as what the database has, so that a step outlives their code."""
    if kind == "type" and isinstance(thing, TypeDecorator):
        return f"sa.{thing.impl!r}"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_item=_plain,
    # SQLite alters a table by making it anew; all in one transaction, so that a power cut in the
    # middle leaves the ledger as it was.
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()

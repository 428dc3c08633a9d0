"""The audit trail: who changed what, when and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from shanshui.platform.store.models.base import Base


class Audit(Base):
    """One change of one row of the ledger.

    ``before`` and ``after`` hold the columns that changed, by name; of a new row all that are set,
    of a deleted one all that were. Rows of this table are never changed.
    """

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_subject_key", "subject", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    who: Mapped[str] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str | None]
    batch: Mapped[str] = mapped_column(String(32), index=True)
    subject: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(200))
    change: Mapped[str] = mapped_column(String(8))
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]

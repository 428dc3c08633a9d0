"""Where each target stood (完成情况) as of a day: the history of standings."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from shanshui.platform.store.models.base import PACKAGED, Base, now


class StandingRun(Base):
    """One judging of all targets as of a day (评价日, ISO date).

    ``digest`` is over every standing: what the last run of the day found already is not kept
    twice. Of several runs of a day the last counts; ``code`` is the version of the program,
    ``known`` the recorded time up to which figures were known, where one was asked for.
    """

    __tablename__ = "standing_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(String(10), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    targets: Mapped[int]
    counts: Mapped[dict[str, Any]]
    code: Mapped[str] = mapped_column(String(32))
    known: Mapped[datetime | None]
    made_by: Mapped[str] = mapped_column(String(100))
    made_at: Mapped[datetime] = mapped_column(default=now)


class Standing(Base):
    """How one target stood in a run; never changed, so that the trail has the run alone.

    ``subject`` is the code of the commitment, or ``annual-`` and the number of the target of a
    year; ``value`` the figure as printed, of ``period`` (the months so far: ``2026-01/2026-10``),
    ``refs`` what it stands on: the result, the reported or the published figure, the base value.
    """

    __tablename__ = "standings"
    __table_args__ = (
        Index("ix_standings_subject_run", "subject", "run_id", unique=True),
        PACKAGED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("standing_runs.id"), index=True)
    subject: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str]
    value: Mapped[Decimal | None]
    period: Mapped[str | None] = mapped_column(String(20))
    gap: Mapped[str | None] = mapped_column(String(64))
    refs: Mapped[dict[str, Any] | None]

"""The review of data (审核): queues, what stands in them, and who decided what and why."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shanshui.platform.store.models.base import Base, Versioned, later, now

_ROWS = JSON(none_as_null=True)


class Review(Base, Versioned):
    """The review of one domain in one period.

    ``start`` and ``end`` are clock times of Asia/Shanghai (ISO 8601): stamps after the first, up to
    and with the second. ``stages`` are the codes of the stages in their order, ``distinct`` whether
    each is of another person, as it was configured when the review was opened. ``share`` of the
    ``population`` (values neither flagged nor reviewed) was drawn with ``seed``.
    """

    __tablename__ = "reviews"
    __table_args__ = (UniqueConstraint("domain", "period"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    domain: Mapped[str] = mapped_column(String(32), index=True)
    period: Mapped[str] = mapped_column(String(20))
    start: Mapped[str] = mapped_column(String(26))
    end: Mapped[str] = mapped_column(String(26))
    stages: Mapped[list[str]]
    distinct: Mapped[bool]
    share: Mapped[Decimal]
    seed: Mapped[str] = mapped_column(String(64))
    population: Mapped[int] = mapped_column(default=0)
    lake_version: Mapped[int] = mapped_column(default=0)
    opened_by: Mapped[str] = mapped_column(String(100))
    opened_at: Mapped[datetime] = mapped_column(default=now)


class ReviewItem(Base, Versioned):
    """What is decided as one: a value, or values of one property of a station in a span.

    A value of the lake is in one item at most. ``first`` and ``last`` are the times of the first
    and the last value (ISO 8601); ``seen`` holds the values as they were when they were queued:
    time, value, flag of the source, state (null: the lake has no row). ``origin`` is flagged,
    sampled or added; ``why`` the flags of quality control, each with rule, level, detail, count.
    ``stage`` counts the stages that are done; ``decision_id`` is the decision that stands.
    """

    __tablename__ = "review_items"
    __table_args__ = (Index("ix_review_items_series", "station", "property", "first"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id"), index=True)
    station: Mapped[str] = mapped_column(String(64))
    property: Mapped[str] = mapped_column(String(32))
    first: Mapped[str] = mapped_column(String(26))
    last: Mapped[str] = mapped_column(String(26))
    period: Mapped[int]
    count: Mapped[int]
    origin: Mapped[str] = mapped_column(String(8))
    level: Mapped[str | None] = mapped_column(String(8))
    why: Mapped[list[Any]] = mapped_column(_ROWS)
    seen: Mapped[list[Any]] = mapped_column(_ROWS)
    stage: Mapped[int] = mapped_column(default=0)
    decision_id: Mapped[int | None]


class Evidence(Base):
    """A file that proves something; it lies in ``evidence/`` of the workspace by its digest."""

    __tablename__ = "evidence"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(300))
    size: Mapped[int]
    added_by: Mapped[str] = mapped_column(String(100))
    added_at: Mapped[datetime] = mapped_column(default=now)


class ReviewDecision(Base, Versioned):
    """What a person decided of an item at a stage; never changed but for what became of it.

    ``kind`` is keep, correct, withdraw (剔除), backfill (补录) or undo; ``before`` the values that
    the person saw (time, value, flag, state), ``written`` what the decision makes of them (time,
    value, flag). ``standing`` is false once it is undone. ``state`` is noted (of an earlier stage:
    the lake is not touched), pending (it has to go to the lake) or applied; ``transaction`` names
    all decisions made at once, in the lake as well. ``evidence_required`` is what the reason asked
    for when it was decided.
    """

    __tablename__ = "review_decisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("review_items.id"), index=True)
    station: Mapped[str] = mapped_column(String(64))
    property: Mapped[str] = mapped_column(String(32))
    period: Mapped[int]
    stage: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(32))
    note: Mapped[str | None]
    evidence_sha256: Mapped[str | None] = mapped_column(ForeignKey("evidence.sha256"))
    evidence_required: Mapped[bool] = mapped_column(default=False)
    before: Mapped[list[Any]] = mapped_column(_ROWS)
    written: Mapped[list[Any]] = mapped_column(_ROWS)
    undoes_id: Mapped[int | None] = mapped_column(later("review_decisions.id"))
    standing: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(String(8), index=True)
    transaction: Mapped[str] = mapped_column(String(64), index=True)
    via: Mapped[str] = mapped_column(String(16))
    who: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(default=now)

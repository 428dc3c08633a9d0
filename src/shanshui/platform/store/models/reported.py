"""What departments report (填报), and what authorities publish: forms, lines, versions."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shanshui.platform.store.models.base import Base, Versioned, later, now

_ROWS = JSON(none_as_null=True)


class ReportForm(Base, Versioned):
    """What a unit owes for a period (填报表), by ``deadline`` (ISO date, the day itself counts).

    ``origin`` is plans (from the division of the plans' targets) or hand.
    """

    __tablename__ = "report_forms"
    __table_args__ = (UniqueConstraint("organization_id", "period"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    period: Mapped[str] = mapped_column(String(20), index=True)
    deadline: Mapped[str] = mapped_column(String(10), index=True)
    origin: Mapped[str] = mapped_column(String(8))
    note: Mapped[str | None]
    made_by: Mapped[str] = mapped_column(String(100))
    made_at: Mapped[datetime] = mapped_column(default=now)


class ReportLine(Base, Versioned):
    """One figure that a form asks for: an indicator in a region.

    ``item`` is the code of the commitment that it answers, ``unit`` the unit of measure.
    """

    __tablename__ = "report_lines"
    __table_args__ = (UniqueConstraint("form_id", "indicator_code", "region_code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("report_forms.id"), index=True)
    indicator_code: Mapped[str] = mapped_column(ForeignKey("indicators.code"))
    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"))
    unit: Mapped[str | None] = mapped_column(String(32))
    item: Mapped[str | None] = mapped_column(String(80))
    position: Mapped[int] = mapped_column(default=0)
    added_at: Mapped[datetime] = mapped_column(default=now)


class ReportedFigure(Base, Versioned):
    """One version (第几次填报) of what is reported of a line.

    ``state`` is draft (草稿), submitted (已报), accepted (已审) or returned (退回). An accepted
    version is never changed: a restated value is a version of its own, with its ``reason``, and
    supersedes the one before when it is accepted (``accepted_at``, ``superseded_at``). Without a
    value the ``note`` says why there is none. ``basis`` are the stated fields of a
    `shanshui.standards.Basis`, ``evidence`` the digests of files, ``warnings`` what was implausible
    when it was filled in, ``answer`` why it was returned.
    """

    __tablename__ = "reported_figures"
    __table_args__ = (UniqueConstraint("line_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("report_lines.id"), index=True)
    number: Mapped[int] = mapped_column(default=1)
    supersedes_id: Mapped[int | None] = mapped_column(later("reported_figures.id"))
    state: Mapped[str] = mapped_column(String(10), index=True)
    value: Mapped[Decimal | None]
    basis: Mapped[dict[str, Any] | None]
    evidence: Mapped[list[str] | None]
    note: Mapped[str | None]
    reason: Mapped[str | None]
    warnings: Mapped[list[Any] | None] = mapped_column(_ROWS)
    via: Mapped[str] = mapped_column(String(16))
    filled_by: Mapped[str] = mapped_column(String(100))
    filled_at: Mapped[datetime] = mapped_column(default=now)
    submitted_by: Mapped[str | None] = mapped_column(String(100))
    submitted_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(100))
    decided_at: Mapped[datetime | None]
    answer: Mapped[str | None]
    accepted_at: Mapped[datetime | None]
    superseded_at: Mapped[datetime | None]


class PublishedFigure(Base, Versioned):
    """A value that an authority has made public (公布), one row for each basis and source.

    ``remark`` is the note of the collector from which the ``basis`` was read; ``derived`` says that
    the number was computed from a published one, ``bound`` that it is a bound or a round figure
    (…以上, …左右). A value that a later load gives otherwise is a row of its own that supersedes.
    """

    __tablename__ = "published_figures"
    __table_args__ = (Index("ix_published_figures_series", "indicator_code", "region_code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    indicator_code: Mapped[str] = mapped_column(ForeignKey("indicators.code"))
    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"))
    period: Mapped[str] = mapped_column(String(20))
    value: Mapped[Decimal]
    unit: Mapped[str | None] = mapped_column(String(32))
    basis: Mapped[dict[str, Any] | None]
    remark: Mapped[str] = mapped_column(default="")
    derived: Mapped[bool] = mapped_column(default=False)
    bound: Mapped[bool] = mapped_column(default=False)
    source_title: Mapped[str] = mapped_column(default="")
    publisher: Mapped[str | None]
    published: Mapped[str | None] = mapped_column(String(32))
    confidence: Mapped[str | None] = mapped_column(String(1))
    supersedes_id: Mapped[int | None] = mapped_column(later("published_figures.id"))
    recorded_at: Mapped[datetime] = mapped_column(default=now)
    superseded_at: Mapped[datetime | None]

"""Plans and their three lists (三张清单): targets, tasks and projects, worked with every month."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shanshui.platform.store.models.base import Base, Versioned, later, now


class Document(Base, Versioned):
    """One edition (版本) of a plan.

    ``code`` names the plan through all its editions and opens the codes of its items. ``kind`` is
    outline (规划纲要), plan (规划), action (行动计划), annual (年度计划), division (分工方案) or
    order (下达文件); ``scope`` is comprehensive (综合) or special (专项); ``parent_code`` the plan
    above it in its family. ``current`` is the edition in force; ``text`` the original, in which
    the items have their places. Of a file that holds several plans each is a document of its own:
    ``part`` is its number there, 0 where the file is one plan.
    """

    __tablename__ = "documents"
    __table_args__ = (UniqueConstraint("code", "edition"), UniqueConstraint("sha256", "part"))

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), index=True)
    edition: Mapped[int] = mapped_column(default=1)
    current: Mapped[bool] = mapped_column(default=True)
    supersedes_id: Mapped[int | None] = mapped_column(later("documents.id"))
    title: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(16))
    scope: Mapped[str | None] = mapped_column(String(16))
    parent_code: Mapped[str | None] = mapped_column(String(64), index=True)
    issuer: Mapped[str | None] = mapped_column(String(200))
    number: Mapped[str | None] = mapped_column(String(100))
    issued: Mapped[str | None] = mapped_column(String(10))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("regions.code"), index=True)
    first_year: Mapped[int | None]
    last_year: Mapped[int | None]
    baseline_year: Mapped[int | None]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    part: Mapped[int] = mapped_column(default=0, server_default="0")
    file_name: Mapped[str | None] = mapped_column(String(300))
    text: Mapped[str | None] = mapped_column(Text, deferred=True, info={"audit": False})
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True, info={"audit": False})
    note: Mapped[str | None]
    added_at: Mapped[datetime] = mapped_column(default=now)


class Checked(Versioned):
    """What was read from a plan and is checked by a person (核对).

    ``status`` is extracted, confirmed, corrected, rejected, or added by hand; ``original`` holds
    the fields of a corrected row as they were extracted. ``start`` and ``end`` are its place in
    the text of the document; ``owners`` the units that the document names there, by their role
    (who answers for it in the end stands in `Assignment`).
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), index=True)
    code: Mapped[str] = mapped_column(String(80), index=True)
    position: Mapped[int]
    section: Mapped[str] = mapped_column(String(300), default="")
    start: Mapped[int | None]
    end: Mapped[int | None]
    status: Mapped[str] = mapped_column(String(16), default="extracted")
    original: Mapped[dict[str, Any] | None]
    checked_by: Mapped[str | None] = mapped_column(String(100))
    checked_at: Mapped[datetime | None]
    owners: Mapped[dict[str, Any] | None]
    note: Mapped[str | None]


class Commitment(Base, Checked):
    """A promise of a plan (目标任务), or a baseline that it states.

    The fields of `shanshui.plan.Commitment`; a range has ``value`` and ``value_to``.
    """

    __tablename__ = "commitments"
    __table_args__ = (UniqueConstraint("document_id", "code"),)

    kind: Mapped[str] = mapped_column(String(16))
    quote: Mapped[str] = mapped_column(default="")
    indicator: Mapped[str] = mapped_column(String(200))
    indicator_code: Mapped[str | None] = mapped_column(ForeignKey("indicators.code"), index=True)
    region: Mapped[str | None] = mapped_column(String(100))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("regions.code"), index=True)
    year: Mapped[int | None]
    comparator: Mapped[str | None] = mapped_column(String(16))
    value: Mapped[Decimal | None]
    value_to: Mapped[Decimal | None]
    unit: Mapped[str | None] = mapped_column(String(32))
    base_year: Mapped[int | None]
    base_value: Mapped[Decimal | None]
    stretch: Mapped[bool] = mapped_column(default=False)
    approx: Mapped[bool] = mapped_column(default=False)
    nature: Mapped[str | None] = mapped_column(String(8))
    basis: Mapped[dict[str, Any] | None]
    deadline: Mapped[str | None] = mapped_column(String(10))
    confidence: Mapped[float | None]
    why: Mapped[str | None]


class Task(Base, Checked):
    """A task of a plan or one of its actions (主要任务); an action names its task by ``parent``."""

    __tablename__ = "tasks"
    __table_args__ = (UniqueConstraint("document_id", "code"),)

    parent: Mapped[str | None] = mapped_column(String(80))
    number: Mapped[str | None] = mapped_column(String(32))
    title: Mapped[str]
    region_code: Mapped[str | None] = mapped_column(ForeignKey("regions.code"), index=True)
    deadline: Mapped[str | None] = mapped_column(String(10))


class Project(Base, Checked):
    """A listed project of a plan (重点项目)."""

    __tablename__ = "projects"
    __table_args__ = (UniqueConstraint("document_id", "code"),)

    box: Mapped[str | None] = mapped_column(String(64))
    name: Mapped[str]
    category: Mapped[str | None] = mapped_column(String(100))
    place: Mapped[str | None] = mapped_column(String(200))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("regions.code"), index=True)
    capacity: Mapped[str | None]
    investment: Mapped[str | None] = mapped_column(String(100))
    investment_wan: Mapped[Decimal | None]
    period: Mapped[str | None] = mapped_column(String(64))
    deadline: Mapped[str | None] = mapped_column(String(10))


class Assignment(Base, Versioned):
    """Who answers for an item (分工): ``role`` lead (牵头), support (配合), responsible (责任).

    ``item`` is the code of a commitment, task or project, the same through the editions.
    """

    __tablename__ = "assignments"
    __table_args__ = (UniqueConstraint("item", "role", "organization_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(String(80), index=True)
    role: Mapped[str] = mapped_column(String(16))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    document_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id"))
    position: Mapped[int] = mapped_column(default=0)


class Progress(Base, Versioned):
    """What a unit reports of an item for a period (周/月调度): ``2026-10`` or ``2026-W43``.

    ``progress`` 进展, ``rate`` 完成率 (%), ``problems`` 存在问题, ``next_step`` 下一步,
    ``evidence`` 佐证, ``state`` not_started, under_way, done or late.
    """

    __tablename__ = "progress"
    __table_args__ = (UniqueConstraint("item", "period"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(String(80), index=True)
    period: Mapped[str] = mapped_column(String(10))
    state: Mapped[str | None] = mapped_column(String(16))
    progress: Mapped[str | None]
    rate: Mapped[Decimal | None]
    problems: Mapped[str | None]
    next_step: Mapped[str | None]
    evidence: Mapped[str | None]
    reported_by: Mapped[str | None] = mapped_column(String(100))
    reported_at: Mapped[datetime] = mapped_column(default=now)


class AnnualTarget(Base, Versioned):
    """The value set for one region and year (年度目标); ``month`` is 0 for the whole year.

    ``commitment`` is the code of the promise that it resolves (按省下达) or spreads over the years;
    ``parent_id`` the target that it is split from; ``document_id`` the paper that sets it.
    """

    __tablename__ = "annual_targets"
    __table_args__ = (UniqueConstraint("indicator_code", "region_code", "year", "month", "source"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    indicator_code: Mapped[str] = mapped_column(ForeignKey("indicators.code"), index=True)
    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"), index=True)
    year: Mapped[int]
    month: Mapped[int] = mapped_column(default=0)
    comparator: Mapped[str] = mapped_column(String(16))
    value: Mapped[Decimal]
    unit: Mapped[str | None] = mapped_column(String(32))
    base_year: Mapped[int | None]
    source: Mapped[str] = mapped_column(String(200), default="")
    document_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id"))
    commitment: Mapped[str | None] = mapped_column(String(80), index=True)
    parent_id: Mapped[int | None] = mapped_column(later("annual_targets.id"), index=True)
    basis: Mapped[dict[str, Any] | None]
    note: Mapped[str | None]

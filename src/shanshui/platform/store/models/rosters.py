"""Rosters of stations and sections (名单), and periods that are made final (定版)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shanshui.platform.store.models.base import Base, Versioned, later, now


class Roster(Base, Versioned):
    """A list of stations or sections for one purpose (点位名单, 断面名单), through its versions.

    ``domain`` is one of `shanshui.platform.review.rosters.DOMAINS`; ``purpose`` what it is for, in
    the bureau's words (国控点位).
    """

    __tablename__ = "rosters"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    domain: Mapped[str] = mapped_column(String(32), index=True)
    purpose: Mapped[str] = mapped_column(String(100))
    note: Mapped[str | None]


class RosterVersion(Base, Versioned):
    """A roster from ``start`` to ``end`` (ISO dates, both included; no end: until further notice).

    ``approval`` is the number or title of the paper that approves it, ``document_id`` that paper
    where the ledger holds it; ``sha256`` tells the file that it was read from.
    """

    __tablename__ = "roster_versions"
    __table_args__ = (UniqueConstraint("roster_id", "label"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    roster_id: Mapped[int] = mapped_column(ForeignKey("rosters.id"), index=True)
    label: Mapped[str] = mapped_column(String(64))
    start: Mapped[str] = mapped_column(String(10))
    end: Mapped[str | None] = mapped_column(String(10))
    approval: Mapped[str | None] = mapped_column(String(300))
    document_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id"))
    file_name: Mapped[str | None] = mapped_column(String(300))
    sha256: Mapped[str | None] = mapped_column(String(64))
    added_at: Mapped[datetime] = mapped_column(default=now)
    note: Mapped[str | None]


class RosterEntry(Base):
    """A station or section of a version of a roster; versions are not edited but followed.

    ``station_code`` is what the lake calls it; ``control`` 国控, 省控 or 市控; ``attributes`` of
    assessment (国考, 省考, 市考, 入海, 跨界, 水源); ``county``, ``unit`` and ``chief`` answer for
    it; ``targets`` holds the target class (1 to 5) by year; ``reference`` is a reference site
    (对照点), ``left_out`` why a listed section is not assessed, and ``moved_from`` the code of the
    station whose place this one took. Of noise ``zone`` is the class of the functional zone and
    ``length`` that of a section of road in km; ``area`` in km2 what a point of the sea stands for.
    """

    __tablename__ = "roster_entries"
    __table_args__ = (UniqueConstraint("version_id", "station_code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("roster_versions.id"), index=True)
    position: Mapped[int]
    station_code: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(200))
    province: Mapped[str | None] = mapped_column(String(100))
    city: Mapped[str | None] = mapped_column(String(100))
    county: Mapped[str | None] = mapped_column(String(100))
    basin: Mapped[str | None] = mapped_column(String(200))
    river: Mapped[str | None] = mapped_column(String(200))
    kind: Mapped[str | None] = mapped_column(String(16))
    control: Mapped[str | None] = mapped_column(String(16))
    attributes: Mapped[list[str] | None]
    unit: Mapped[str | None] = mapped_column(String(200))
    chief: Mapped[str | None] = mapped_column(String(100))
    targets: Mapped[dict[str, Any] | None]
    zone: Mapped[str | None] = mapped_column(String(8))
    length: Mapped[str | None] = mapped_column(String(32))
    area: Mapped[str | None] = mapped_column(String(32))
    reference: Mapped[bool] = mapped_column(default=False)
    left_out: Mapped[str | None] = mapped_column(String(200))
    moved_from: Mapped[str | None] = mapped_column(String(64))
    note: Mapped[str | None]


class RosterUse(Base, Versioned):
    """The roster that counts for a domain and purpose where none is named.

    ``version_id`` pins one version; without it the one in force on the day counts.
    """

    __tablename__ = "roster_uses"
    __table_args__ = (UniqueConstraint("domain", "purpose"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    domain: Mapped[str] = mapped_column(String(32))
    purpose: Mapped[str] = mapped_column(String(100))
    roster_id: Mapped[int] = mapped_column(ForeignKey("rosters.id"))
    version_id: Mapped[int | None] = mapped_column(ForeignKey("roster_versions.id"))


class Freeze(Base, Versioned):
    """A period made final (定版): the data as they were at one moment, a roster and an edition.

    ``period`` is ``2026-10``, ``2026-Q3`` or ``2026``; ``number`` counts from 1 and rises by one
    with each correction; ``current`` is the one in force. ``as_of`` is the recorded time by which
    the lake is read, ``lake_version`` the version that had it. ``properties`` has for each the
    number of values and their exact sum, ``digest`` is over every frozen row; ``figures_digest``
    over the figures. ``warnings`` says what was not in order, ``forced`` why it was frozen so.
    """

    __tablename__ = "freezes"
    __table_args__ = (
        UniqueConstraint("domain", "period", "roster_id", "number"),
        Index(
            "ix_freezes_in_force",
            "domain",
            "period",
            "roster_id",
            unique=True,
            sqlite_where=text("current"),
            postgresql_where=text("current"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    domain: Mapped[str] = mapped_column(String(32))
    period: Mapped[str] = mapped_column(String(10), index=True)
    start: Mapped[str] = mapped_column(String(10))
    end: Mapped[str] = mapped_column(String(10))
    roster_id: Mapped[int] = mapped_column(ForeignKey("rosters.id"))
    roster_version_id: Mapped[int] = mapped_column(ForeignKey("roster_versions.id"))
    edition: Mapped[str] = mapped_column(String(64))
    number: Mapped[int] = mapped_column(default=1)
    current: Mapped[bool] = mapped_column(default=True)
    supersedes_id: Mapped[int | None] = mapped_column(later("freezes.id"))
    lake_version: Mapped[int]
    as_of: Mapped[datetime]
    rows: Mapped[int]
    properties: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(String(64))
    figures_digest: Mapped[str] = mapped_column(String(64))
    basis: Mapped[str] = mapped_column(String(500))
    settings: Mapped[dict[str, Any] | None]
    warnings: Mapped[list[str] | None]
    forced: Mapped[str | None]
    frozen_by: Mapped[str] = mapped_column(String(100))
    frozen_at: Mapped[datetime] = mapped_column(default=now)
    note: Mapped[str | None]


class FrozenFigure(Base):
    """A line of the figures of a freeze, exactly as it was computed.

    ``kind`` is the kind of figures (``city_daily``, ``city``, ``station`` …), ``place`` whose they
    are, ``start`` and ``end`` of which days. ``figures`` has them by the names of the method's
    columns; numbers are texts, digit for digit. The freeze has a digest over all, so the trail need
    not repeat them.
    """

    __tablename__ = "frozen_figures"
    __table_args__ = (UniqueConstraint("freeze_id", "kind", "place", "start", "end"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    freeze_id: Mapped[int] = mapped_column(ForeignKey("freezes.id"), index=True)
    kind: Mapped[str] = mapped_column(String(32))
    place: Mapped[str] = mapped_column(String(200), default="")
    start: Mapped[str] = mapped_column(String(10))
    end: Mapped[str] = mapped_column(String(10))
    basis: Mapped[str | None] = mapped_column(String(500))
    figures: Mapped[dict[str, Any]] = mapped_column(JSON(none_as_null=True), info={"audit": False})


class Correction(Base, Versioned):
    """A frozen period that was made final anew (更正): by which paper, why, and what it changed.

    ``freeze_id`` is the freeze that came of it, ``corrects_id`` the one before; ``changed``,
    ``added`` and ``withdrawn`` count observations, ``figures`` names each figure before and after.
    """

    __tablename__ = "corrections"

    id: Mapped[int] = mapped_column(primary_key=True)
    freeze_id: Mapped[int] = mapped_column(ForeignKey("freezes.id"), unique=True)
    corrects_id: Mapped[int] = mapped_column(ForeignKey("freezes.id"))
    document: Mapped[str | None] = mapped_column(String(300))
    reason: Mapped[str]
    changed: Mapped[int]
    added: Mapped[int]
    withdrawn: Mapped[int]
    figures: Mapped[dict[str, Any] | None]
    who: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(default=now)

"""Stations and sections, what they measure, and the files that were taken in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shanshui.platform.store.models.base import PACKAGED, Base, Versioned


class Station(Base, Versioned):
    """A station, section or outlet (点位, 断面, 排口).

    ``longitude`` and ``latitude`` are WGS84 (CGCS2000 to a metre); ``datum`` names what the source
    gave and ``note`` how it was turned. ``control`` is 国控, 省控 or 市控; ``start`` and ``end``
    (ISO dates) its period of service; ``found`` says that a file brought it and nobody entered it.
    """

    __tablename__ = "stations"

    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    kind: Mapped[str | None] = mapped_column(String(32))
    control: Mapped[str | None] = mapped_column(String(16))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("regions.code"), index=True)
    water_body: Mapped[str | None] = mapped_column(String(200))
    longitude: Mapped[float | None]
    latitude: Mapped[float | None]
    datum: Mapped[str | None] = mapped_column(String(16))
    reference: Mapped[bool] = mapped_column(default=False)
    start: Mapped[str | None] = mapped_column(String(10))
    end: Mapped[str | None] = mapped_column(String(10))
    found: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str | None]


class StationCode(Base):
    """What a system calls a station: the national network's code, an HJ 212 MN."""

    __tablename__ = "station_codes"
    __table_args__ = (UniqueConstraint("system", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    station_code: Mapped[str] = mapped_column(ForeignKey("stations.code"), index=True)
    system: Mapped[str] = mapped_column(String(32))
    code: Mapped[str] = mapped_column(String(100))


class Property(Base):
    """What is measured (监测项目), with its unit in the lake and its codes elsewhere."""

    __tablename__ = "properties"
    __table_args__ = PACKAGED

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str | None] = mapped_column(String(100))
    unit: Mapped[str | None] = mapped_column(String(32))
    medium: Mapped[str | None] = mapped_column(String(32))
    codes: Mapped[dict[str, Any] | None]
    note: Mapped[str | None]


class Load(Base, Versioned):
    """One run that took a file in; ``state`` is running, done or failed.

    ``transaction`` is the name under which the lake knows the run, so that a run that was cut off
    is told from one that ended.
    """

    __tablename__ = "loads"

    id: Mapped[int] = mapped_column(primary_key=True)
    transaction: Mapped[str] = mapped_column(String(100), unique=True)
    file_name: Mapped[str] = mapped_column(String(300))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    form: Mapped[str | None] = mapped_column(String(32))
    profile: Mapped[str | None] = mapped_column(String(100))
    who: Mapped[str] = mapped_column(String(100))
    started: Mapped[datetime]
    finished: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(16))
    rows_read: Mapped[int | None]
    stored: Mapped[int | None]
    already: Mapped[int | None]
    changed: Mapped[int | None]
    outranked: Mapped[int | None]
    rejected: Mapped[int | None]
    rejected_file: Mapped[str | None] = mapped_column(String(300))
    report: Mapped[dict[str, Any] | None]

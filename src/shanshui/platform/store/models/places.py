"""Places, units (责任单位) and what can be promised and measured there."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shanshui.platform.store.models.base import PACKAGED, Base, Versioned, later


class Region(Base):
    """A place with a code (行政区 / 区域): GB/T 2260, or a group or unit of the project's own.

    ``level`` is country, province, city, county, group or unit; the point lies inside the place.
    """

    __tablename__ = "regions"
    __table_args__ = PACKAGED

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), index=True)
    name_en: Mapped[str | None] = mapped_column(String(100))
    short_name: Mapped[str | None] = mapped_column(String(100))
    level: Mapped[str] = mapped_column(String(16))
    parent_code: Mapped[str | None] = mapped_column(String(32), index=True)
    longitude: Mapped[float | None]
    latitude: Mapped[float | None]
    note: Mapped[str | None]


class RegionMember(Base):
    """A place of a group, from ``start`` to ``end`` (ISO dates) where the group has changed."""

    __tablename__ = "region_members"
    __table_args__ = (UniqueConstraint("group_code", "member_code", "start"), PACKAGED)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_code: Mapped[str] = mapped_column(ForeignKey("regions.code"), index=True)
    member_code: Mapped[str] = mapped_column(ForeignKey("regions.code"))
    start: Mapped[str | None] = mapped_column(String(10))
    end: Mapped[str | None] = mapped_column(String(10))
    confidence: Mapped[str | None] = mapped_column(String(1))


class Indicator(Base):
    """A quantity that can be promised and measured (指标).

    ``direction`` is lower, higher or null; ``method`` the function that yields it, or
    ``reported``; ``lasting`` says that what is reached stays reached.
    """

    __tablename__ = "indicators"
    __table_args__ = PACKAGED

    code: Mapped[str] = mapped_column(String(100), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    name_en: Mapped[str | None] = mapped_column(String(200))
    aliases: Mapped[list[str] | None]
    unit: Mapped[str | None] = mapped_column(String(32))
    direction: Mapped[str | None] = mapped_column(String(8))
    decimals: Mapped[int | None]
    domain: Mapped[str | None] = mapped_column(String(32))
    lasting: Mapped[bool] = mapped_column(default=False)
    method: Mapped[str | None] = mapped_column(String(200))
    note: Mapped[str | None]


class Organization(Base, Versioned):
    """A unit that answers for work (责任单位)."""

    __tablename__ = "organizations"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    short_name: Mapped[str | None] = mapped_column(String(100))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("regions.code"))
    parent_id: Mapped[int | None] = mapped_column(later("organizations.id"))
    active: Mapped[bool] = mapped_column(default=True)
    note: Mapped[str | None]

"""Stations and properties in the ledger, as files meet them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
from sqlalchemy import select

from shanshui.platform.ingest.forms import Note
from shanshui.platform.ingest.measures import measures
from shanshui.platform.ingest.profiles import Profile
from shanshui.platform.store import Ledger
from shanshui.platform.store.models import Property, Station, StationCode

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_KINDS = {
    "air": "空气站",
    "archive": "空气站",
    "water": "水质断面",
    "water-auto": "水质自动站",
    "soil": "土壤点位",
    "noise": "噪声点位",
    "hj212": "在线监测设备",
}


@dataclass(frozen=True)
class Names:
    """What files call stations, and what the registry does.

    Attributes
    ----------
    aliases : mapping
        A system's code to the station's.
    known : frozenset of str
        The stations of the registry.
    """

    aliases: Mapping[str, str]
    known: frozenset[str]

    def renamed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Put the registry's codes in the place of a file's."""
        if not self.aliases or frame.is_empty():
            return frame
        return frame.with_columns(pl.col("station").replace(dict(self.aliases)))


def known_as(ledger: Ledger, layout: str) -> Names:
    """Return the names by which stations are known; those of HJ 212 only to its packets."""
    with ledger.read() as session:
        known = frozenset(session.scalars(select(Station.code)))
        rows = session.execute(
            select(StationCode.system, StationCode.code, StationCode.station_code)
        )
        packets = layout == "hj212"
        aliases = {
            code: station
            for system, code, station in rows
            if (system == "hj212") == packets and code != station
        }
    return Names(aliases, known)


def register(
    session: Session,
    stations: Iterable[str],
    profile: Profile,
    units: Mapping[str, tuple[str, Note]],
) -> list[str]:
    """Register stations and properties that the ledger does not have.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        A session that writes.
    stations : iterable of str
        Names as files have them.
    profile : Profile
        How they were read.
    units : mapping
        The properties read, with the units of the source.

    Returns
    -------
    list of str
        The stations that are new; each is marked as found, for a person to complete.
    """
    there = set(session.scalars(select(Station.code)))
    new = sorted(set(stations) - there)
    system = {"hj212": "hj212", "sensorthings": "sensorthings"}.get(profile.layout, "file")
    for code in new:
        name = code.rpartition("/")[2] or code
        session.add(
            Station(
                code=code,
                name=name[:200],
                kind=_KINDS.get(profile.form),
                found=True,
                note="由数据导入发现 / found in data",
            )
        )
    session.flush()
    taken = {
        (row.system, row.code)
        for row in session.execute(select(StationCode.system, StationCode.code))
    }
    for code in new:
        if (system, code) not in taken:
            session.add(StationCode(station_code=code, system=system, code=code))
    _properties(session, units)
    return new


def _properties(session: Session, units: Mapping[str, tuple[str, Note]]) -> None:
    there = set(session.scalars(select(Property.code)))
    for code, (unit, _) in units.items():
        if code in there or len(code) > 32:
            continue
        known = measures().get(code)
        session.add(
            Property(
                code=code,
                name=known.name if known else code,
                name_en=(known.name_en or None) if known else None,
                unit=known.unit if known else unit or None,
                medium=known.medium if known else None,
                codes={"hj212": list(known.hj212)} if known and known.hj212 else None,
            )
        )

"""Read rosters: their versions, which is in force on a day, and what it lists."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import select

from shanshui.platform.store.models import Roster, RosterEntry, RosterUse, RosterVersion
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

DOMAINS = {
    "air": "环境空气",
    "water": "地表水",
    "source": "饮用水水源",
    "ground": "地下水",
    "sea": "近岸海域",
    "noise": "声环境",
}
"""What rosters are of."""


def day_of(text: str | date) -> date:
    """Understand a day in ISO form.

    Raises
    ------
    ShanshuiError
        It is none.
    """
    if isinstance(text, date):
        return text
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ShanshuiError(
            f"日期应如 2026-07-01，得到“{text}” / a date is 2026-07-01, got {text!r}"
        ) from None


def find(session: Session, code: str) -> Roster:
    """Return a roster by its code or its name.

    Raises
    ------
    ShanshuiError
        None is called so; those that are there are named.
    """
    rows = list(session.scalars(select(Roster).order_by(Roster.code)))
    found = [one for one in rows if one.code == code] or [one for one in rows if one.name == code]
    if len(found) != 1:
        there = "、".join(one.code for one in rows) or "无 none"
        raise ShanshuiError(
            f"没有名单“{code}”；现有：{there} / no roster is called {code}; there are: {there}"
        )
    return found[0]


def versions(session: Session, roster: Roster | str) -> list[RosterVersion]:
    """Return the versions of a roster, the oldest first."""
    one = find(session, roster) if isinstance(roster, str) else roster
    query = select(RosterVersion).where(RosterVersion.roster_id == one.id)
    return list(session.scalars(query.order_by(RosterVersion.start)))


def version_of(session: Session, roster: Roster | str, label: str) -> RosterVersion:
    """Return a version of a roster by its label.

    Raises
    ------
    ShanshuiError
        There is none; those that are there are named.
    """
    found = versions(session, roster)
    for one in found:
        if one.label == label:
            return one
    there = "、".join(one.label for one in found)
    raise ShanshuiError(
        f"没有版本“{label}”；现有：{there} / no version {label}; there are: {there}"
    )


def in_force(session: Session, roster: Roster | str, day: str | date) -> RosterVersion:
    """Return the version of a roster that is in force on a day.

    Raises
    ------
    ShanshuiError
        There is none.
    """
    one = find(session, roster) if isinstance(roster, str) else roster
    when = day_of(day).isoformat()
    found = [
        row
        for row in versions(session, one)
        if row.start <= when and (row.end is None or when <= row.end)
    ]
    if not found:
        spans = "；".join(f"{r.label} {r.start}—{r.end or ''}" for r in versions(session, one))
        raise ShanshuiError(
            f"名单“{one.code}”在 {when} 没有有效的版本（{spans}） / "
            f"no version of the roster {one.code} is in force on {when}"
        )
    return found[-1]


def previous(session: Session, version: RosterVersion) -> RosterVersion | None:
    """Return the version before."""
    return session.scalar(
        select(RosterVersion)
        .where(
            RosterVersion.roster_id == version.roster_id,
            RosterVersion.start < version.start,
        )
        .order_by(RosterVersion.start.desc())
        .limit(1)
    )


def entries_of(session: Session, version: RosterVersion) -> list[RosterEntry]:
    """Return the stations of a version, in the order of its list."""
    query = select(RosterEntry).where(RosterEntry.version_id == version.id)
    return list(session.scalars(query.order_by(RosterEntry.position)))


def stations(session: Session, version: RosterVersion) -> pl.DataFrame:
    """Return the stations of a version, as `shanshui.air.area` and `surface.enroll` need them.

    Returns
    -------
    polars DataFrame
        ``station`` (the code in the lake), ``name, province, city, county, basin, river, kind,
        level, attribute, unit, chief, target`` (class of the year in which the version begins),
        ``zone, length`` (km), ``area`` (km2), ``reference, left_out, moved_from, from, to,
        version``.
    """
    schema: dict[str, Any] = dict.fromkeys(
        (
            *("station", "name", "province", "city", "county", "basin", "river", "kind", "level"),
            *("attribute", "unit", "chief", "zone"),
        ),
        pl.String,
    )
    numbers = ("length", "area")
    schema |= dict.fromkeys(numbers, pl.Float64)
    schema |= {"target": pl.Int64, "reference": pl.Boolean}
    schema |= {"left_out": pl.String, "moved_from": pl.String, "from": pl.Date, "to": pl.Date}
    schema |= {"version": pl.String}
    rows = [
        {
            "station": one.station_code,
            "level": one.control,
            "attribute": ",".join(one.attributes or ()) or None,
            "target": target(one, int(version.start[:4])),
            "from": date.fromisoformat(version.start),
            "to": date.fromisoformat(version.end) if version.end else None,
            "version": version.label,
            **{
                name: getattr(one, name)
                for name in schema
                if name in RosterEntry.__mapper__.column_attrs and name not in numbers
            },
            **{name: _number(getattr(one, name)) for name in numbers},
        }
        for one in entries_of(session, version)
    ]
    return pl.DataFrame(rows, schema=schema)


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def target(entry: RosterEntry, year: int) -> int | None:
    """Return the target class of a section for a year: the last that was set up to it."""
    said = entry.targets or {}
    upto = [key for key in said if key.isdigit() and int(key) <= year]
    found = said[max(upto)] if upto else said.get("every")
    return None if found is None else int(found)


def listing(session: Session) -> list[dict[str, Any]]:
    """List the versions of all rosters.

    Returns
    -------
    list of dict
        ``roster, name, domain, purpose, version, start, end, stations, reference, moved,
        approval, used`` (``yes``: this version is pinned; ``by date``: the roster is in use and
        the day decides; else null), ``note``.
    """
    uses = {one.roster_id: one.version_id for one in session.scalars(select(RosterUse))}
    rows = []
    for roster in session.scalars(select(Roster).order_by(Roster.domain, Roster.code)):
        for one in versions(session, roster):
            listed = entries_of(session, one)
            pinned = uses.get(roster.id, -1)
            rows.append(
                {
                    "roster": roster.code,
                    "name": roster.name,
                    "domain": roster.domain,
                    "purpose": roster.purpose,
                    "version": one.label,
                    "start": one.start,
                    "end": one.end,
                    "stations": len(listed),
                    "reference": sum(entry.reference for entry in listed),
                    "moved": sum(entry.moved_from is not None for entry in listed),
                    "approval": one.approval,
                    "used": "by date" if pinned is None else "yes" if pinned == one.id else None,
                    "note": one.note,
                }
            )
    return rows

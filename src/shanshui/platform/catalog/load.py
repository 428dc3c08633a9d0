"""Put the catalogue into a ledger, and bring it up to date there."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import insert, select

from shanshui.plan.regions import divisions
from shanshui.platform.catalog.names import indicator_rows, region_rows
from shanshui.platform.store.models import Indicator, Region, RegionMember

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store.models import Base

Row = dict[str, Any]

_INDICATOR = (
    *("code", "name", "name_en", "aliases", "unit", "direction", "decimals", "domain", "lasting"),
    "method",
)
_REGION = ("code", "name", "name_en", "short_name", "level", "longitude", "latitude", "note")
_MEMBER = ("group_code", "member_code", "start")


class Loaded(NamedTuple):
    """What a load did: rows added, changed and removed."""

    added: int
    changed: int
    removed: int


def load(session: Session) -> Loaded:
    """Put the indicators, regions and members of groups of the catalogue into the ledger.

    Rows that are there already are brought to what the catalogue says; doing it twice changes
    nothing. Indicators and regions that a bureau has added under codes of its own stay as they
    are, also the members that it gave to a group of which the catalogue knows none.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        A session of ``ledger.write``.

    Returns
    -------
    Loaded
        Rows added, changed and removed.
    """
    regions = [{name: row[name] for name in _REGION} | _above(row) for row in region_rows()]
    indicators = [{name: row[name] for name in _INDICATOR} for row in indicator_rows()]
    parts = [
        _bring(session, Region, ("code",), regions),
        _bring(session, Indicator, ("code",), indicators),
        _bring(session, RegionMember, _MEMBER, _members()),
    ]
    removed = _remove_members(session)
    return Loaded(sum(part[0] for part in parts), sum(part[1] for part in parts), removed)


def _above(row: Row) -> Row:
    return {"parent_code": row["parent"]}


def _members() -> list[Row]:
    return [
        {
            "group_code": region.code,
            "member_code": code,
            "start": region.start,
            "end": region.end,
            "confidence": region.confidence,
        }
        for region in divisions()
        for code in region.members
        if region.code
    ]


def _bring(
    session: Session, model: type[Base], key: tuple[str, ...], rows: list[Row]
) -> tuple[int, int]:
    """Add and change the rows of one table; return how many."""
    there = {_key(row, key): row for row in session.scalars(select(model))}
    if not there:
        # A new ledger: thousands of rows of the package are no change that anybody made, so that
        # they are put in at once and not one by one into the audit trail.
        session.execute(insert(model), rows)
        return len(rows), 0
    added = changed = 0
    for row in rows:
        kept = there.get(tuple(row[name] for name in key))
        if kept is None:
            session.add(model(**row))
            added += 1
        elif differing := {k: v for k, v in row.items() if getattr(kept, k) != v}:
            for name, value in differing.items():
                setattr(kept, name, value)
            changed += 1
    session.flush()
    return added, changed


def _key(row: Base, key: Iterable[str]) -> tuple[Hashable, ...]:
    return tuple(getattr(row, name) for name in key)


def _remove_members(session: Session) -> int:
    """Take out of the groups of the catalogue what is not, or no longer, among their members."""
    known = {tuple(row[name] for name in _MEMBER) for row in _members()}
    groups = {row["group_code"] for row in _members()}
    query = select(RegionMember).where(RegionMember.group_code.in_(groups))
    stale = [row for row in session.scalars(query) if _key(row, _MEMBER) not in known]
    for row in stale:
        session.delete(row)
    session.flush()
    return len(stale)

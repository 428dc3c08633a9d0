"""Take a version of a roster in, and end the one before."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import select

from shanshui.platform.review.roster_read import (
    DOMAINS,
    day_of,
    entries_of,
    previous,
    versions,
)
from shanshui.platform.review.roster_rows import Entries, Source, entries
from shanshui.platform.store.models import (
    Document,
    Freeze,
    Roster,
    RosterEntry,
    RosterVersion,
    Station,
    StationCode,
)
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from shanshui.platform.store import Ledger

_CODE = re.compile(r"^[a-z0-9][a-z0-9._-]{0,63}$")


@dataclass(frozen=True)
class Loaded:
    """What became of a list.

    Attributes
    ----------
    roster, version : str
        Its code and label.
    state : str
        ``new``, ``replaced``, or ``same``: the version was there already, and nothing was done.
    read, entries : int
        Rows of the list; those that are stations of the version now.
    rejected : polars DataFrame
        Rows that were set aside: file, row, column, value, expected, reason, reason_en, code.
    unknown : tuple of str
        Codes that the registry of stations does not have.
    unmoved : tuple of str
        Stations said to have moved from one that the version before did not list.
    closed : str or None
        The version that this one ends.
    unread : tuple of str
        Columns that were not read.
    """

    roster: str
    version: str
    state: str
    read: int
    entries: int
    rejected: pl.DataFrame
    unknown: tuple[str, ...] = ()
    unmoved: tuple[str, ...] = ()
    closed: str | None = None
    unread: tuple[str, ...] = field(default=())


def load(
    ledger: Ledger,
    source: Source,
    *,
    who: str,
    code: str,
    version: str,
    start: str | date,
    end: str | date | None = None,
    name: str | None = None,
    domain: str | None = None,
    purpose: str | None = None,
    approval: str | None = None,
    document: str | None = None,
    replace: bool = False,
    reason: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> Loaded:
    """Take a version of a roster in.

    The version that is in force on `start` ends the day before; one that begins later ends the
    new one. A version is not edited: a change of a list is a new version.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    source : path, open binary file or polars DataFrame
        See `shanshui.platform.review.roster_rows.entries`.
    who : str
        The person who answers for it.
    code : str
        What the roster is called in commands: small letters, digits, ``.-_``.
    version : str
        Label of the version, e.g. ``2021`` or ``十四五``.
    start, end : str or date
        First and last day (ISO); no `end`: until further notice.
    name, domain, purpose : str, optional
        Of a roster that is new: its name (by default the purpose); one of `rosters.DOMAINS`; what
        it is for (国控点位).
    approval : str, optional
        Number or title of the paper that approves it.
    document : str, optional
        Code of that paper, where the ledger holds it.
    replace : bool
        Put the list in the place of the version of this label, as long as no freeze stands on it.
    reason, encoding, columns, sheet : optional
        For the trail; as in `shanshui.platform.ingest.read`.

    Returns
    -------
    Loaded
        What became of it.

    Raises
    ------
    ReadError
        The file cannot be read as a list of stations.
    ShanshuiError
        No row is good, the dates do not fit the other versions, or the version is there already
        with another content.
    """
    if not _CODE.match(code):
        raise ShanshuiError(
            f"名单代码应为小写字母、数字和 . _ -，得到“{code}” / "
            f"the code of a roster is of small letters, digits and . _ -, got {code!r}"
        )
    first, last = day_of(start), None if end is None else day_of(end)
    if last is not None and last < first:
        raise ShanshuiError(f"名单止于 {last}，早于 {first} / the version ends before it begins")
    with ledger.read() as session:
        there = session.scalar(select(Roster).where(Roster.code == code))
        domain = domain or (there.domain if there else None)
        _check_roster(there, code, domain, purpose)
    found = entries(source, domain=domain or "", encoding=encoding, columns=columns, sheet=sheet)
    if not found.rows:
        raise ShanshuiError(
            f"名单没有可用的行{_first(found)} / the list has no row that can be used"
        )
    with ledger.write(who=who, action="roster import", reason=reason) as session:
        roster = _roster(session, code, name, domain or "", purpose)
        _resolve(session, found)
        facts = {
            "start": first.isoformat(),
            "end": last and last.isoformat(),
            "approval": approval,
            "document_id": _paper(session, document),
            "file_name": None if isinstance(source, pl.DataFrame) else found.name,
            "sha256": _hash(source, found),
        }
        made, state, closed = _version(session, roster, version, facts, replace=replace)
        told = Loaded(
            roster=code,
            version=version,
            state=state,
            read=found.read,
            entries=len(found.rows),
            rejected=found.rejected,
            unknown=_unknown(session, found),
            unmoved=_unmoved(session, made, found),
            closed=closed,
            unread=tuple(found.unread),
        )
        if state != "same":
            if found.rejected.height:
                made.note = f"{found.rejected.height} 行被搁置 rows set aside"
            for position, row in enumerate(found.rows, start=1):
                values = {k: v for k, v in row.items() if k not in ("_row", "coded")}
                session.add(RosterEntry(version_id=made.id, position=position, **values))
    return told


def _first(found: Entries) -> str:
    if found.rejected.is_empty():
        return ""
    row = found.rejected.row(0, named=True)
    where = f"{row['file']} 第 {row['row']} 行（{row['column']}）"
    return f"：{where}{row['reason']}，应为{row['expected']}"


def _check_roster(there: Roster | None, code: str, domain: str | None, purpose: str | None) -> None:
    if domain not in DOMAINS:
        raise ShanshuiError(
            f"新名单须写明领域（{'、'.join(DOMAINS)}），得到 {domain} / "
            f"a new roster needs its domain: {', '.join(DOMAINS)}"
        )
    if there is None and not purpose:
        raise ShanshuiError(
            f"新名单“{code}”须写明用途，如 国控点位 / the new roster {code} needs its purpose"
        )
    if there is not None and (there.domain != domain or purpose not in (None, there.purpose)):
        raise ShanshuiError(
            f"名单“{code}”的领域和用途是 {there.domain}、{there.purpose}；另一用途请另设名单 / "
            f"the roster {code} is of {there.domain}, {there.purpose}; make another for another"
        )


def _roster(
    session: Session, code: str, name: str | None, domain: str, purpose: str | None
) -> Roster:
    roster = session.scalar(select(Roster).where(Roster.code == code))
    if roster is None:
        roster = Roster(code=code, name=name or purpose, domain=domain, purpose=purpose)
        session.add(roster)
    elif name:
        roster.name = name
    session.flush()
    return roster


def _resolve(session: Session, found: Entries) -> None:
    """Put the registry's code in the place of a name or of another system's code."""
    known = set(session.scalars(select(Station.code)))
    # A code of HJ 212 is a device's, and may be the same as a station's of another list.
    others = select(StationCode.code, StationCode.station_code).where(StationCode.system != "hj212")
    aliases = {code: own for code, own in session.execute(others).all() if code not in known}
    named: dict[str, set[str]] = {}
    for own, name in session.execute(select(Station.code, Station.name)).all():
        named.setdefault(name, set()).add(own)
    for row in found.rows:
        code = row["station_code"]
        if code in known:
            continue
        if code in aliases:
            row["station_code"] = aliases[code]
        elif not row["coded"] and len(named.get(code, ())) == 1:
            (row["station_code"],) = named[code]
    codes = [row["station_code"] for row in found.rows]
    if twice := sorted({code for code in codes if codes.count(code) > 1}):
        raise ShanshuiError(
            f"名单里有几行是同一点位：{'、'.join(twice[:5])} / "
            f"several rows are one station: {', '.join(twice[:5])}"
        )


def _unknown(session: Session, found: Entries) -> tuple[str, ...]:
    known = set(session.scalars(select(Station.code)))
    return tuple(row["station_code"] for row in found.rows if row["station_code"] not in known)


def _unmoved(session: Session, made: RosterVersion, found: Entries) -> tuple[str, ...]:
    moved = {row["moved_from"]: row["station_code"] for row in found.rows if row["moved_from"]}
    if not moved:
        return ()
    before = previous(session, made)
    codes = {one.station_code for one in entries_of(session, before)} if before else set()
    return tuple(new for old, new in moved.items() if old not in codes)


def _paper(session: Session, code: str | None) -> int | None:
    if code is None:
        return None
    paper = session.scalar(select(Document).where(Document.code == code, Document.current))
    if paper is None:
        raise ShanshuiError(f"台账里没有文件“{code}” / the ledger has no document {code}")
    return paper.id


def _hash(source: Source, found: Entries) -> str:
    if isinstance(source, str | Path) and Path(source).is_file():
        return hashlib.sha256(Path(source).read_bytes()).hexdigest()
    return hashlib.sha256(repr(found.rows).encode()).hexdigest()


def _version(
    session: Session, roster: Roster, label: str, facts: dict[str, Any], *, replace: bool
) -> tuple[RosterVersion, str, str | None]:
    """Make the version and end the one before; say what was done, and which was ended."""
    there = session.scalar(
        select(RosterVersion).where(
            RosterVersion.roster_id == roster.id, RosterVersion.label == label
        )
    )
    if there is not None:
        same = ("sha256", "start", "approval")
        if not replace and all(getattr(there, name) == facts[name] for name in same):
            return there, "same", None
        _refuse_replacing(session, roster, there, replace=replace)
        for entry in entries_of(session, there):
            session.delete(entry)  # each is in the trail
        session.flush()
    others = [one for one in versions(session, roster) if one is not there]
    closed = _fit(roster, others, facts)
    made = there or RosterVersion(roster_id=roster.id, label=label)
    for name, value in facts.items():
        setattr(made, name, value)
    session.add(made)
    session.flush()
    return made, "replaced" if there else "new", closed


def _refuse_replacing(
    session: Session, roster: Roster, there: RosterVersion, *, replace: bool
) -> None:
    if not replace:
        raise ShanshuiError(
            f"名单“{roster.code}”已有版本 {there.label}，内容不同；变动请用新的版本名，"
            "录错了用 --replace / "
            f"the roster {roster.code} has another version {there.label}: name a change by a new "
            "label, or --replace what was entered wrongly"
        )
    frozen = session.scalar(select(Freeze.period).where(Freeze.roster_version_id == there.id))
    if frozen:
        raise ShanshuiError(
            f"版本 {there.label} 已用于 {frozen} 的定版，不能替换；请录入新版本 / "
            f"the freeze of {frozen} stands on version {there.label}: enter a new version instead"
        )


def _fit(roster: Roster, others: list[RosterVersion], facts: dict[str, Any]) -> str | None:
    """End the version before the new one, and the new one before a later one."""
    start, end, closed = facts["start"], facts["end"], None
    for one in others:
        if one.start == start:
            raise ShanshuiError(
                f"名单“{roster.code}”的版本 {one.label} 也从 {start} 起；同一天只能有一版 / "
                f"version {one.label} of {roster.code} begins on {start} too"
            )
        if one.start < start and (one.end is None or one.end >= start):
            if end is not None and (one.end is None or one.end > end):
                raise ShanshuiError(
                    f"版本 {one.label}（{one.start} 起）在 {end} 之后还有效，请不写 --to，"
                    "或把后段另列一版 / "
                    f"version {one.label} is in force after {end}: leave --to out"
                )
            one.end = (date.fromisoformat(start) - timedelta(days=1)).isoformat()
            closed = one.label
    later = min((one.start for one in others if one.start > start), default=None)
    if later is not None and (end is None or end >= later):
        facts["end"] = (date.fromisoformat(later) - timedelta(days=1)).isoformat()
    return closed

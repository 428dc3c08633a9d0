"""Which roster counts for a domain and purpose where none is named."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select

from shanshui.platform.review.roster_read import DOMAINS, find, in_force, version_of
from shanshui.platform.store.models import Roster, RosterUse, RosterVersion
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Ledger


def use(
    ledger: Ledger, code: str, *, who: str, version: str | None = None, reason: str | None = None
) -> RosterUse:
    """Say which roster counts for its domain and purpose where none is named.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    code : str
        The roster.
    who, reason : str
        For the trail.
    version : str, optional
        Label of a version that counts whatever the day; by default the one in force on the day.

    Returns
    -------
    RosterUse
        The row.
    """
    with ledger.write(who=who, action="roster use", reason=reason) as session:
        roster = find(session, code)
        key = {"domain": roster.domain, "purpose": roster.purpose}
        row = session.scalar(select(RosterUse).filter_by(**key))
        if row is None:
            row = RosterUse(**key, roster_id=roster.id)
            session.add(row)
        row.roster_id = roster.id
        row.version_id = version_of(session, roster, version).id if version else None
        session.flush()
        session.expunge(row)
    return row


def used(
    session: Session,
    domain: str,
    day: str | date,
    *,
    purpose: str | None = None,
    roster: str | None = None,
    version: str | None = None,
) -> tuple[Roster, RosterVersion]:
    """Return the roster and the version that count: the ones named, else the ones in use.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    domain : str
        One of `rosters.DOMAINS`.
    day : str or date
        The day that decides between versions.
    purpose, roster, version : str, optional
        Purpose, code and label.

    Raises
    ------
    ShanshuiError
        None is in use, or several for several purposes.
    """
    if roster is not None:
        one = find(session, roster)
        if one.domain != domain:
            raise ShanshuiError(
                f"名单“{one.code}”的领域是 {one.domain}，不是 {domain} / "
                f"the roster {one.code} is of {one.domain}, not {domain}"
            )
        row = None
    else:
        query = select(RosterUse).where(RosterUse.domain == domain)
        rows = [r for r in session.scalars(query) if purpose in (None, r.purpose)]
        if len(rows) != 1:
            there = "、".join(r.purpose for r in rows) or "无 none"
            raise ShanshuiError(
                f"{DOMAINS.get(domain, domain)}没有唯一的在用名单（{there}）；"
                "请用 --roster 指明，或先 shanshui roster use 名单 / "
                f"no single roster is in use for {domain} ({there}): name one by --roster, or "
                "say shanshui roster use ROSTER first"
            )
        (row,) = rows
        one = session.get_one(Roster, row.roster_id)
    if version is not None:
        return one, version_of(session, one, version)
    if row is not None and row.version_id is not None:
        return one, session.get_one(RosterVersion, row.version_id)
    return one, in_force(session, one, day)

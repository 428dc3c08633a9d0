"""Read freezes: which is in force, its observations and figures, the list of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shanshui.platform.review import rosters
from shanshui.platform.review.frozen_rows import Asked
from shanshui.platform.review.periods import Span, span
from shanshui.platform.store.models import (
    Correction,
    Freeze,
    FrozenFigure,
    Roster,
    RosterVersion,
)
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    import polars as pl
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Workspace


def find(
    session: Session,
    period: str | Span,
    *,
    domain: str | None = None,
    roster: str | None = None,
    number: int | None = None,
) -> Freeze:
    """Return a freeze: the one in force, or the one of a number.

    Raises
    ------
    ShanshuiError
        There is none, or several domains or rosters have one.
    """
    when = span(period)
    query = select(Freeze).where(Freeze.period == when.text)
    if domain is not None:
        query = query.where(Freeze.domain == domain)
    if roster is not None:
        query = query.where(Freeze.roster_id == rosters.find(session, roster).id)
    query = query.where(Freeze.current if number is None else Freeze.number == number)
    found = list(session.scalars(query))
    if len(found) == 1:
        return found[0]
    if not found:
        which = "" if number is None else f"第 {number} 版"
        raise ShanshuiError(
            f"{when.text} 没有定版{which} / {when.text} is not frozen"
            + ("" if number is None else f" as number {number}")
        )
    codes = [f"{one.domain} {session.get_one(Roster, one.roster_id).code}" for one in found]
    raise ShanshuiError(
        f"{when.text} 有几个定版：{'、'.join(codes)}；请写明 --domain 和 --roster / "
        f"{when.text} has several freezes: {', '.join(codes)}; say --domain and --roster"
    )


def asked_of(workspace: Workspace, row: Freeze) -> Asked:
    """Return which observations a freeze holds."""
    start, end = span(row.period).times
    with workspace.ledger.read() as session:
        version = session.get_one(RosterVersion, row.roster_version_id)
        codes = [one.station_code for one in rosters.entries_of(session, version)]
    properties = (row.settings or {})["properties"]
    return Asked(tuple(codes), tuple(properties), start, end, row.as_of)


def observations(workspace: Workspace, row: Freeze) -> pl.LazyFrame:
    """Return the frozen observations, whatever was imported, corrected or compacted since.

    Returns
    -------
    polars LazyFrame
        Long rows; see `shanshui.platform.store.lake.Lake.observations`.
    """
    return asked_of(workspace, row).rows(workspace.lake)


def figures(session: Session, row: Freeze) -> list[dict[str, Any]]:
    """Return the frozen figures: ``kind, place, start, end, basis, figures``."""
    query = select(FrozenFigure).where(FrozenFigure.freeze_id == row.id).order_by(FrozenFigure.id)
    names = ("kind", "place", "start", "end", "basis", "figures")
    return [{name: getattr(one, name) for name in names} for one in session.scalars(query)]


def listing(session: Session) -> list[dict[str, Any]]:
    """List all freezes, the latest period first, with the corrections that made them.

    Returns
    -------
    list of dict
        ``period, domain, roster, version, edition, number, current, document`` (of the
        correction), ``reason``, ``rows, lake_version, as_of, frozen_by, frozen_at, forced,
        warnings, basis``.
    """
    query = (
        select(Freeze, Roster.code, RosterVersion.label, Correction.document, Correction.reason)
        .join(Roster, Roster.id == Freeze.roster_id)
        .join(RosterVersion, RosterVersion.id == Freeze.roster_version_id)
        .outerjoin(Correction, Correction.freeze_id == Freeze.id)
        .order_by(Freeze.start.desc(), Freeze.period, Freeze.domain, Roster.code, Freeze.number)
    )
    return [
        {
            "period": row.period,
            "domain": row.domain,
            "roster": code,
            "version": label,
            "edition": row.edition,
            "number": row.number,
            "current": row.current,
            "document": document,
            "reason": reason,
            "rows": row.rows,
            "lake_version": row.lake_version,
            "as_of": row.as_of.isoformat(),
            "frozen_by": row.frozen_by,
            "frozen_at": row.frozen_at.isoformat(timespec="seconds"),
            "forced": row.forced,
            "warnings": row.warnings,
            "basis": row.basis,
        }
        for row, code, label, document, reason in session.execute(query)
    ]

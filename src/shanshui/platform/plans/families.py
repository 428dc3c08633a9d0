"""Families of plans (规划体系): an outline, its action plans, their plans of the year."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from shanshui.platform.store.models import Document, Region
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Ledger

RANK = {"outline": 0, "plan": 1, "action": 2, "annual": 3, "order": 3, "division": 4}
"""Kinds of plans, from the one that all others carry out."""


@dataclass(frozen=True)
class Member:
    """A plan in its family.

    Attributes
    ----------
    code, title, kind : str
        Of the edition in force.
    scope, region_code : str or None
        Comprehensive or special; the region.
    first_year, last_year : int or None
        Its years.
    parent : str or None
        Code of the plan above it.
    depth : int
        0 of a plan that has none above it.
    """

    code: str
    title: str
    kind: str
    scope: str | None
    region_code: str | None
    first_year: int | None
    last_year: int | None
    parent: str | None
    depth: int = 0


def families(ledger: Ledger) -> list[Member]:
    """Give the plans in force, each below the plan that it carries out.

    Parameters
    ----------
    ledger : Ledger
        The ledger.

    Returns
    -------
    list of Member
        Each plan before those below it; plans without one above by region and kind.
    """
    with ledger.read() as session:
        members = [_member(row) for row in sorted(_current(session), key=_order)]
    codes = {one.code for one in members}
    below: dict[str | None, list[Member]] = {}
    for one in members:
        below.setdefault(one.parent if one.parent in codes else None, []).append(one)
    found: list[Member] = []

    def walk(above: str | None, depth: int) -> None:
        for one in below.get(above, ()):
            found.append(replace(one, depth=depth))
            walk(one.code, depth + 1)

    walk(None, 0)
    return found


def _current(session: Session) -> list[Document]:
    return list(session.scalars(select(Document).where(Document.current)))


def _order(row: Document) -> tuple[str, int, int, str]:
    return row.region_code or "~", RANK.get(row.kind, 9), row.last_year or 0, row.code


def _member(row: Document) -> Member:
    return Member(
        row.code,
        row.title,
        row.kind,
        row.scope,
        row.region_code,
        row.first_year,
        row.last_year,
        row.parent_code,
    )


def above(session: Session, code: str) -> list[str]:
    """Give the codes of the plans above a plan, the nearest first."""
    parents = {row.code: row.parent_code for row in _current(session)}
    found: list[str] = []
    one = parents.get(code)
    while one and one not in found:
        found.append(one)
        one = parents.get(one)
    return found


def link(session: Session, code: str, parent: str | None) -> None:
    """Put a plan below another, or take it out of its family.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of ``ledger.write``.
    code : str
        The plan.
    parent : str or None
        The plan above it.

    Raises
    ------
    ShanshuiError
        A plan is not in the ledger, or would stand above itself.
    """
    rows = {row.code: row for row in _current(session)}
    for one in filter(None, (code, parent)):
        if one not in rows:
            raise ShanshuiError(f"台账里没有规划“{one}” / no plan {one} in the ledger")
    if parent and code in (parent, *above(session, parent)):
        raise ShanshuiError(
            f"{code} 不能在自己之下：{parent} 已在它之下 / {code} cannot stand below itself: "
            f"{parent} is below it"
        )
    rows[code].parent_code = parent


def suggested(ledger: Ledger) -> dict[str, str]:
    """Propose the plan above each plan that has none.

    It is of the same region or of one around it, of a higher kind or comprehensive where the plan
    is special, begins no later and does not end before it; the nearest counts, and where two are
    as near nothing is proposed.

    Parameters
    ----------
    ledger : Ledger
        The ledger.

    Returns
    -------
    dict
        Code of a plan and of the plan that may stand above it. Nothing is written.
    """
    with ledger.read() as session:
        rows = [_member(row) for row in _current(session)]
        places = session.execute(select(Region.code, Region.parent_code))
        parents: dict[str, str | None] = {code: parent for code, parent in places}  # noqa: C416
        taken = {row.code: above(session, row.code) for row in rows}  # never in a circle
    found = {}
    for row in rows:
        if row.parent is None:
            others = [one for one in rows if one is not row and row.code not in taken[one.code]]
            if best := _nearest(row, others, parents):
                found[row.code] = best
    return found


def _nearest(
    row: Member, others: Iterable[Member], parents: Mapping[str, str | None]
) -> str | None:
    around: list[str] = []
    place = row.region_code
    while place and place not in around:
        around.append(place)
        place = parents.get(place)
    scores = []
    for one in others:
        if one.region_code not in around or not _meet(row, one):
            continue
        rise = _rank(row) - _rank(one)
        distance = around.index(one.region_code)
        # At home the plan above is of a higher rank; around, one of the same rank will do.
        if rise > 0 or (distance and rise == 0):
            scores.append((distance, abs(rise), one.code))
    scores.sort()
    alone = len(scores) == 1 or (len(scores) > 1 and scores[0][:2] != scores[1][:2])
    return scores[0][2] if scores and alone else None


def _rank(row: Member) -> float:
    return RANK.get(row.kind, 9) + (0.5 if row.scope == "special" else 0)


def _meet(row: Member, other: Member) -> bool:
    """Whether a plan can carry out another by its years; what is not known is no hindrance."""
    first = row.first_year or row.last_year
    begins, ends = other.first_year, other.last_year
    later = first is not None and begins is not None and begins > first
    over = first is not None and ends is not None and ends < first
    return not (later or over)

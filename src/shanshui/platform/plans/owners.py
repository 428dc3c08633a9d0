"""Who answers for an item of a plan (分工): said by hand, or by a paper that divides the work."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from sqlalchemy import select

from shanshui.plan.assignments import assignments
from shanshui.plan.document import Document as Text
from shanshui.plan.parties import ROLES
from shanshui.platform.plans import work
from shanshui.platform.store.models import Assignment, Commitment, Document, Organization, Task
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

ROLE_NAMES = {"lead": "牵头单位", "support": "配合单位", "responsible": "责任单位"}
"""Roles of units, and how the lists of the bureaus call them."""
_PARTED = re.compile(r"[、,，;；\n]+")
_INNER = re.compile(r"([(（][^()（）]*[)）])")


def names_of(text: str) -> list[str]:
    """Part a cell of units; what stands in brackets belongs to its name.

    Examples
    --------
    >>> names_of("县水利局、县财政局，各镇（街道、农场）")
    ['县水利局', '县财政局', '各镇（街道、农场）']
    """
    names: list[str] = [""]
    for part in _INNER.split(text):
        if part.startswith(("(", "（")):
            names[-1] += part
            continue
        first, *more = _PARTED.split(part)
        names[-1] += first
        names += more
    return list(dict.fromkeys(name.strip() for name in names if name.strip()))


def organizations(
    session: Session, names: Iterable[str], *, new: bool = False
) -> dict[str, Organization]:
    """Return units by name.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    names : list of str
        Full or short names.
    new : bool
        Make those that are not known.

    Raises
    ------
    ShanshuiError
        A unit is not known and `new` is false; the nearest are named.
    """
    asked = list(dict.fromkeys(name.strip() for name in names if name.strip()))
    known: dict[str, Organization] = {}
    every = list(session.scalars(select(Organization)))
    for unit in every:
        if unit.short_name:
            known.setdefault(unit.short_name, unit)
    known |= {unit.name: unit for unit in every}
    missing = [name for name in asked if name not in known]
    if missing and not new:
        raise ShanshuiError(_strange(missing, known))
    for name in missing:
        known[name] = Organization(name=name)
        session.add(known[name])
    if missing:
        session.flush()
    return {name: known[name] for name in asked}


def _strange(missing: Sequence[str], known: Collection[str]) -> str:
    near = {name: get_close_matches(name, known, n=3, cutoff=0.5) for name in missing}
    zh = "；".join(f"{n}（相近：{'、'.join(m)}）" if m else n for n, m in near.items())
    en = "; ".join(f"{n} (near: {', '.join(m)})" if m else n for n, m in near.items())
    return f"没有登记的单位：{zh}；确为新单位的请加 --new / units not known: {en}; --new makes them"


@dataclass(frozen=True)
class Given:
    """What changed in the units of one item.

    Attributes
    ----------
    item : str
        Code of the item.
    before, after : dict
        Names by role.
    """

    item: str
    before: Mapping[str, Sequence[str]]
    after: Mapping[str, Sequence[str]]


def assign(
    session: Session,
    items: Iterable[str],
    units: Mapping[str, Sequence[str]],
    *,
    new: bool = False,
    document_id: int | None = None,
) -> list[Given]:
    """Give items to units; the units of a role that is named are replaced, other roles stay.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of `Ledger.write`.
    items : list of str
        Codes of commitments, tasks or projects.
    units : dict
        Names by role: ``lead``, ``support``, ``responsible``. An empty list takes all away.
    new : bool
        Make units that are not known.
    document_id : int, optional
        The paper that divides the work.

    Returns
    -------
    list of Given
        The items whose units changed.

    Raises
    ------
    ShanshuiError
        An item or a unit is not known.
    """
    codes = list(work.find(session, items))
    if strange := set(units) - set(ROLES):
        raise ShanshuiError(f"不认识的分工角色 {strange} / unknown roles {strange}")
    made = organizations(session, (n for names in units.values() for n in names), new=new)
    was = work.owners(session, codes)
    for code in codes:
        for role, names in units.items():
            _replace(session, code, role, [made[name.strip()] for name in names], document_id)
    session.flush()
    now = work.owners(session, codes)
    return [
        Given(code, was.get(code, {}), now.get(code, {}))
        for code in codes
        if was.get(code, {}) != now.get(code, {})
    ]


def _replace(
    session: Session, item: str, role: str, units: Sequence[Organization], document_id: int | None
) -> None:
    rows = session.scalars(
        select(Assignment).where(Assignment.item == item, Assignment.role == role)
    )
    have = {row.organization_id: row for row in rows}
    wanted = list(dict.fromkeys(unit.id for unit in units))
    for place, unit in enumerate(wanted):
        if row := have.pop(unit, None):
            row.position = place
            continue
        session.add(
            Assignment(
                item=item,
                role=role,
                organization_id=unit,
                position=place,
                document_id=document_id,
            )
        )
    for row in have.values():
        session.delete(row)


# ------------------------------------------------------------------------- from a division of work


@dataclass(frozen=True)
class Line:
    """A line of a division of work, and the items of the ledger that it answers to.

    Attributes
    ----------
    task : str
        The work, as the paper says it.
    items : tuple of str
        Codes; empty where nothing of the plan is alike enough.
    units : dict
        Names by role.
    deadline : str or None
        As the paper says it.
    """

    task: str
    items: tuple[str, ...]
    units: Mapping[str, Sequence[str]]
    deadline: str | None = None


def divided(session: Session, code: str, paper: Text) -> list[Line]:
    """Match a division of work to the tasks and targets of a plan in the ledger.

    The matching is that of `shanshui.plan.assignments`: a line goes to the actions that it names
    where there are any, else to its task. Who is to do the work answers for the targets in its
    text; of several lines that whose text is the shortest has the target.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    code : str
        Code of the plan; its text must be in the ledger.
    paper : shanshui.plan.Document
        The paper, as `shanshui.plan.reading.read` gives it.

    Raises
    ------
    ShanshuiError
        The plan is not in the ledger, or without its text; the paper divides no work.
    """
    plan = session.scalar(select(Document).where(Document.code == code, Document.current))
    if plan is None:
        raise ShanshuiError(f"台账里没有规划“{code}” / no plan {code} in the ledger")
    from shanshui.platform.plans.documents import plan_text  # which imports this module

    text = plan_text(plan)
    if text is None:
        raise ShanshuiError(
            f"台账里没有规划“{code}”的原文，无法对应 / the ledger has no text of {code} to match"
        )
    found = assignments(paper, text)
    if not found:
        raise ShanshuiError(
            f"{paper.name} 里没有分工：应有任务和牵头、配合或责任单位 / "
            f"{paper.name} divides no work: expected tasks and their units"
        )
    places = [
        (row.start, row.end, row.code, row.parent is not None)
        for row in session.scalars(select(Task).where(Task.document_id == plan.id))
        if row.start is not None and row.end is not None
    ]
    lines, spans = [], []
    for one in found:
        units = {role: names for role in ROLES if (names := getattr(one, role))}
        exact = [(m, _at(places, m.start, m.end, m.kind)) for m in one.matches]
        actions = [at[0] for _, at in exact if at and at[1]]
        tasks = [at[0] for _, at in exact if at and not at[1]]
        lines.append(Line(one.task, tuple(dict.fromkeys(actions or tasks)), units, one.deadline))
        whole = not actions  # a line that names actions speaks for these, not for all of the task
        spans.append([(m.start, m.end) for m, at in exact if whole or not at or at[1]])
    goals = session.scalars(
        select(Commitment)
        .where(Commitment.document_id == plan.id, Commitment.kind != "baseline")
        .order_by(Commitment.start, Commitment.code)
    )
    for goal in goals:
        first, last = goal.start, goal.end
        if first is None or last is None:
            continue
        near = {
            number: min(lengths)
            for number, own in enumerate(spans)
            if (lengths := [end - start for start, end in own if start <= first and last <= end])
        }
        for number, length in near.items():
            if length == min(near.values()):
                line = lines[number]
                lines[number] = replace(line, items=(*line.items, goal.code))
    return lines


def _at(
    places: Sequence[tuple[int, int, str, bool]], start: int, end: int, kind: str
) -> tuple[str, bool] | None:
    """Return the item that shares most of a span of the text, and whether it is an action."""
    if kind not in ("task", "action"):
        return None
    best: tuple[float, str, bool] | None = None
    for first, last, code, action in places:
        if action != (kind == "action"):
            continue
        shared = min(end, last) - max(start, first)
        whole = max(end, last) - min(start, first)
        if shared > 0 and (best is None or shared / whole > best[0]):
            best = (shared / whole, code, action)
    return best[1:] if best else None

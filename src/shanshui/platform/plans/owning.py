"""The units that plans name: as owners of their items, and of those of a plan that they divide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shanshui.plan.assignments import assignments
from shanshui.platform.plans.owners import Line, divided, organizations
from shanshui.platform.plans.records import named, owners_of
from shanshui.platform.store.models import Assignment, Document, Task

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.plan.document import Document as Text


def divide(session: Session, source: Text, for_plan: str | None) -> list[Line]:
    """Read a division of work, matched to a plan of the ledger where one is named."""
    if for_plan:
        return divided(session, for_plan, source)
    return [
        Line(one.task, (), named(one.parties) or {}, one.deadline) for one in assignments(source)
    ]


def work(line: Line) -> dict[str, Any]:
    """Make work of a division a task of its own document."""
    return {
        "number": None,
        "title": line.task,
        "section": "",
        "start": None,
        "end": None,
        "deadline": _year(line.deadline),
        "owners": {role: list(names) for role, names in line.units.items()} or None,
        "actions": [],
    }


def _year(deadline: str | None) -> str | None:
    years = re.findall(r"20\d\d", deadline or "")
    return max(years) if years else None


def own(
    session: Session,
    row: Document,
    named_by: Sequence[tuple[str, Mapping[str, Any] | None]],
    gone: Iterable[str],
) -> int:
    """Give the items to the units that the plan itself names; take back what it no longer says."""
    mine = set(session.scalars(select(Document.id).where(Document.code == row.code)))
    units = organizations(
        session,
        (name for _, owners in named_by for _, _, name in owners_of({"owners": owners})),
        new=True,
    )
    wanted = {
        (item, role, units[name].id): position
        for item, owners in named_by
        for role, position, name in owners_of({"owners": owners})
    }
    before = {item for item, _ in named_by} | set(gone)
    have = {
        (one.item, one.role, one.organization_id): one
        for one in session.scalars(select(Assignment).where(Assignment.item.in_(before)))
    }
    for key, position in wanted.items():
        if key not in have:
            item, role, unit = key
            session.add(
                Assignment(
                    item=item,
                    role=role,
                    organization_id=unit,
                    position=position,
                    document_id=row.id,
                )
            )
    for key, one in have.items():
        if key not in wanted and one.document_id in mine:
            session.delete(one)
    session.flush()
    return len(wanted)


def assign(session: Session, row: Document, lines: Iterable[Line]) -> int:
    """Give the tasks of a plan to the units that a division of its work names."""
    units = organizations(
        session,
        (name for line in lines for names in line.units.values() for name in names),
        new=True,
    )
    items = {item for line in lines for item in line.items}
    have = {
        (one.item, one.role, one.organization_id)
        for one in session.scalars(select(Assignment).where(Assignment.item.in_(items)))
    }
    made = 0
    for line in lines:
        for item in line.items:
            for role, names in line.units.items():
                for position, name in enumerate(names):
                    key = (item, role, units[name.strip()].id)
                    if key in have:
                        continue
                    have.add(key)
                    made += 1
                    session.add(
                        Assignment(
                            item=item,
                            role=role,
                            organization_id=key[2],
                            position=position,
                            document_id=row.id,
                        )
                    )
    _due(session, lines)
    session.flush()
    return made


def _due(session: Session, lines: Iterable[Line]) -> None:
    """Set the deadlines that a division gives to tasks that have none; the plan's word is kept."""
    years = {item: year for line in lines if (year := _year(line.deadline)) for item in line.items}
    rows = session.scalars(
        select(Task)
        .join(Document, Document.id == Task.document_id)
        .where(Document.current, Task.code.in_(years), Task.deadline.is_(None))
    )
    for task in rows:
        task.original = {"deadline": None} | (task.original or {})
        task.deadline = years[task.code]

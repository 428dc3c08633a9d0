"""Checks of the ledger that SQL cannot put simply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shanshui.platform.store.models import Document, Indicator, Organization, Region

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Workspace

Found = Iterator[tuple[str, str]]
Question = Callable[["Workspace", "Session", date], Found]


def _loops(above: Mapping[Any, Any]) -> list[list[Any]]:
    """Return the rings of things that are each above themselves."""
    rings, seen = [], set()
    for one in above:
        path: list[Any] = []
        while one is not None and one not in seen:
            seen.add(one)
            path.append(one)
            one = above.get(one)  # noqa: PLW2901 - walks up
        if one in path:
            rings.append(path[path.index(one) :])
    return rings


def plan_above_itself(_: Workspace, session: Session, __: date) -> Found:
    """Find plans that are their own ancestors."""
    rows = session.execute(select(Document.code, Document.parent_code).where(Document.current))
    for ring in _loops(dict(rows.all())):
        yield ring[0], " → ".join([*ring, ring[0]])


def unit_above_itself(_: Workspace, session: Session, __: date) -> Found:
    """Find units that are their own ancestors."""
    rows = session.execute(select(Organization.id, Organization.parent_id))
    names = dict(session.execute(select(Organization.id, Organization.name)).all())
    for ring in _loops(dict(rows.all())):
        yield names[ring[0]], " → ".join(names[one] for one in [*ring, ring[0]])


def region_above_itself(_: Workspace, session: Session, __: date) -> Found:
    """Find regions that are their own ancestors."""
    rows = session.execute(select(Region.code, Region.parent_code))
    for ring in _loops(dict(rows.all())):
        yield ring[0], " → ".join([*ring, ring[0]])


def indicator_method_unknown(_: Workspace, session: Session, __: date) -> Found:
    """Find indicators whose method is not there."""
    rows = session.execute(select(Indicator.code, Indicator.method))
    for code, method in rows:
        if method is None or method == "reported":
            continue
        name = method.partition(":")[0]
        module, _dot, function = name.rpartition(".")
        try:
            there = hasattr(import_module(module), function)
        except (ImportError, ValueError):
            there = False
        if not there:
            yield code, method


def indicator_name_shared(_: Workspace, session: Session, __: date) -> Found:
    """Find names that mean two indicators."""
    owners: dict[str, set[str]] = {}
    for one in session.scalars(select(Indicator)):
        for name in {one.name, *(one.aliases or [])}:
            owners.setdefault(name, set()).add(one.code)
    for name, codes in owners.items():
        if len(codes) > 1:
            yield name, " / ".join(sorted(codes))


QUESTIONS: dict[str, Question] = {
    question.__name__: question
    for question in (
        plan_above_itself,
        unit_above_itself,
        region_above_itself,
        indicator_method_unknown,
        indicator_name_shared,
    )
}

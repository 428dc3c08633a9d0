"""What differs between two editions of a plan: targets, tasks and projects."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shanshui.platform.store.ledger import plain
from shanshui.platform.store.models import Commitment, Document, Project, Task
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Ledger

Item = Commitment | Task | Project

MODELS: dict[str, type[Item]] = {"commitment": Commitment, "task": Task, "project": Project}
FIELDS: dict[type[Item], tuple[str, ...]] = {
    Commitment: (
        *("kind", "indicator", "region", "year", "comparator", "value", "value_to", "unit"),
        *("base_year", "base_value", "stretch", "approx", "nature", "basis", "deadline", "owners"),
    ),
    Task: ("title", "deadline", "owners"),
    Project: (
        *("name", "category", "place", "capacity", "investment", "investment_wan", "period"),
        *("deadline", "owners"),
    ),
}
"""What an item says. A change of one of these is a change of the plan."""
WORDING: dict[type[Item], tuple[str, ...]] = {
    Commitment: ("quote", "section"),
    Task: ("number", "section", "parent"),
    Project: ("box", "section"),
}
"""How and where an item says it."""
_SET = re.compile(r"[\s_{}]+")
_NUMBERS = frozenset({"value", "value_to", "base_value", "investment_wan"})


@dataclass(frozen=True)
class Change:
    """One item that differs.

    Attributes
    ----------
    code : str
        Code of the item, the same in both editions.
    model : str
        ``commitment``, ``task`` or ``project``.
    change : str
        ``added``, ``dropped``, ``changed`` or ``reworded`` (other words or another place alone).
    label : str
        What the item is.
    fields : dict
        Of a changed item the old and the new value of each field that differs.
    """

    code: str
    model: str
    change: str
    label: str
    fields: Mapping[str, tuple[Any, Any]]

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as a line of JSON holds them."""
        fields = {name: {"old": old, "new": new} for name, (old, new) in self.fields.items()}
        return {
            "code": self.code,
            "model": self.model,
            "change": self.change,
            "label": self.label,
            "fields": fields,
        }


def diff(ledger: Ledger, code: str, old: int | None = None, new: int | None = None) -> list[Change]:
    """Show what differs between two editions of a plan, as they were extracted.

    Corrections by people do not count: they are changes of the ledger and not of the plan.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    code : str
        Code of the plan.
    old, new : int, optional
        Editions; by default the one in force and the one before it.

    Returns
    -------
    list of Change
        Commitments first, then tasks and projects, in the order of the text.

    Raises
    ------
    ShanshuiError
        The plan or an edition is not in the ledger, or there is one edition only.
    """
    with ledger.read() as session:
        before, after = _editions(session, code, old, new)
        changes: list[Change] = []
        for name, model in MODELS.items():
            changes += compare(name, items(session, model, before), items(session, model, after))
        return changes


def _editions(
    session: Session, code: str, old: int | None, new: int | None
) -> tuple[Document, Document]:
    rows = session.scalars(
        select(Document).where(Document.code == code).order_by(Document.edition)
    ).all()
    if not rows:
        raise ShanshuiError(f"台账里没有规划“{code}” / no plan {code} in the ledger")
    editions = {row.edition: row for row in rows}
    last = new if new is not None else rows[-1].edition
    first = old if old is not None else max((e for e in editions if e < last), default=None)
    if first is None:
        raise ShanshuiError(f"{code} 只有一版，无可比较 / {code} has one edition only")
    for edition in (first, last):
        if edition not in editions:
            known = "、".join(map(str, editions))
            raise ShanshuiError(
                f"{code} 没有第 {edition} 版，有 {known} / {code} has no edition {edition}: {known}"
            )
    return editions[first], editions[last]


def items(session: Session, model: type[Item], document: Document) -> list[Item]:
    """Return the items of one edition, in the order of the text."""
    query = select(model).where(model.document_id == document.id).order_by(model.position)
    return list(session.scalars(query))


def compare(model: str, old: Iterable[Item], new: Iterable[Item]) -> list[Change]:
    """Compare the items of two editions by their codes; what people added is left out."""
    before = {row.code: row for row in old if row.status != "added"}
    after = {row.code: row for row in new if row.status != "added"}
    changes = []
    for code, row in after.items():
        if (was := before.get(code)) is None:
            changes.append(Change(code, model, "added", label(row), {}))
            continue
        one, other = extracted(was), extracted(row)
        fields = differing(FIELDS[type(row)], one, other)
        said = differing(WORDING[type(row)], one, other)
        if fields:
            changes.append(Change(code, model, "changed", label(row), fields))
        elif said:
            changes.append(Change(code, model, "reworded", label(row), said))
    dropped = [
        Change(code, model, "dropped", label(row), {})
        for code, row in before.items()
        if code not in after
    ]
    return changes + dropped


def extracted(row: Item) -> dict[str, Any]:
    """Return the fields of an item as they were extracted, whatever people made of them."""
    said = {name: plain(value) for name, value in row.values().items()}
    return said | (row.original or {})


def differing(
    names: Iterable[str], old: Mapping[str, Any], new: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    """Give the fields that differ, with both values; 20 and 20.0 are one number."""
    return {
        name: (old.get(name), new.get(name))
        for name in names
        if not same(name, old.get(name), new.get(name))
    }


def same(name: str, old: Any, new: Any) -> bool:
    """Whether two values of a field say the same."""
    if name in _NUMBERS and old is not None and new is not None:
        try:
            return Decimal(str(old)) == Decimal(str(new))
        except InvalidOperation:
            return False
    return bool(_spelled(plain(old)) == _spelled(plain(new)))


def _spelled(value: Any) -> Any:
    """Leave out of a text how it was set: blanks, full-width marks, PM_{2.5} and PM₂.₅."""
    if isinstance(value, str):
        return _SET.sub("", unicodedata.normalize("NFKC", value)) or None
    return value


def label(row: Item) -> str:
    """Say in a few words what an item is."""
    if isinstance(row, Commitment):
        return row.indicator
    return row.title if isinstance(row, Task) else row.name

"""核对: people confirm, correct or reject what was read from a plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shanshui.platform.plans import families, work
from shanshui.platform.plans.correcting import ITEM_KINDS as ITEM_KINDS  # noqa: PLC0414 - also here
from shanshui.platform.plans.correcting import apply, columns
from shanshui.platform.plans.diff import MODELS, Item
from shanshui.platform.store import Conflict
from shanshui.platform.store.models import Audit, Commitment, Document, Exact, Task, now
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Ledger

STATUSES = {
    "extracted": "待核对",
    "confirmed": "已确认",
    "corrected": "已更正",
    "rejected": "已剔除",
    "added": "手工添加",
}
"""Statuses of an item, and what they are called."""


@dataclass(frozen=True)
class Reviewed:
    """What a step of the review did.

    Attributes
    ----------
    changed : tuple of str
        Codes of the items that it changed.
    same : tuple of str
        Codes of those that were so already.
    """

    changed: tuple[str, ...]
    same: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """Which items are meant: by code, or all of a plan, a kind, a confidence.

    Attributes
    ----------
    codes : collection of str
        Codes of items.
    document : str, optional
        Code of a plan.
    kinds : collection of str
        Keys of `ITEM_KINDS`.
    confidence : float, optional
        The least that the reader must have had, 0 to 1; tasks and projects have none.
    """

    codes: Collection[str] = ()
    document: str | None = None
    kinds: Collection[str] = ()
    confidence: float | None = None


def confirm(
    ledger: Ledger,
    choice: Choice | str,
    *,
    who: str,
    reason: str | None = None,
    versions: Mapping[str, int] | None = None,
) -> Reviewed:
    """Confirm items as they were read.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    choice : Choice or str
        Which. Of a plan, a kind or a confidence only those that nobody has checked yet.
    who : str
        Who has checked them.
    reason : str, optional
        Why, for the audit trail.
    versions : mapping, optional
        The version of each item that the person saw.

    Returns
    -------
    Reviewed

    Raises
    ------
    ShanshuiError
        An item is not known, or nothing is chosen.
    Conflict
        An item was changed since the person saw it; nothing is written.
    """
    return _mark(ledger, choice, "confirmed", who, reason, versions)


def reject(
    ledger: Ledger,
    choice: Choice | str,
    *,
    who: str,
    reason: str | None = None,
    versions: Mapping[str, int] | None = None,
) -> Reviewed:
    """Reject items: they were misread, or are no promise. They stay, and count nowhere.

    Parameters and errors are those of `confirm`; the reason stays with the item as its note.
    """
    return _mark(ledger, choice, "rejected", who, reason, versions)


def revert(
    ledger: Ledger,
    choice: Choice | str,
    *,
    who: str,
    reason: str | None = None,
    versions: Mapping[str, int] | None = None,
) -> Reviewed:
    """Take a check back: the items are as they were extracted, and to be checked again.

    Parameters and errors are those of `confirm`; of a plan or a kind all that were checked.
    """
    return _mark(ledger, choice, "extracted", who, reason, versions)


def _mark(
    ledger: Ledger,
    choice: Choice | str,
    status: str,
    who: str,
    reason: str | None,
    versions: Mapping[str, int] | None,
) -> Reviewed:
    asked = Choice([choice]) if isinstance(choice, str) else choice
    verb = {"confirmed": "confirm", "rejected": "reject", "extracted": "revert"}[status]
    with ledger.write(who=who, action=f"plan {verb}", reason=reason) as session:
        rows = chosen(session, asked)
        _fresh(rows, versions)
        changed, same = [], []
        for row in rows:
            # A batch leaves alone what somebody has looked at.
            seen = row.status != "extracted" and not asked.codes and status != "extracted"
            done = row.status == status and not (status == "extracted" and row.original)
            kept = status == "confirmed" and row.status == "corrected"
            if seen or done or kept or row.status == "added":
                same.append(row.code)
                continue
            if status == "extracted":
                restore(row)
            else:
                row.status, row.checked_by, row.checked_at = status, who.strip(), now()
                if status == "rejected" and reason:
                    row.note = reason
            changed.append(row.code)
        return Reviewed(tuple(changed), tuple(same))


def restore(row: Item) -> None:
    """Make an item what it was when it was extracted."""
    for name, value in (row.original or {}).items():
        kind = type(row).__table__.c[name].type
        exactly = value is not None and isinstance(kind, Exact)
        setattr(row, name, Decimal(value) if exactly else value)
    row.original = None
    row.status, row.checked_by, row.checked_at, row.note = "extracted", None, None, None


def chosen(session: Session, choice: Choice) -> list[Item]:
    """Return the items that are meant, of the plans in force.

    Raises
    ------
    ShanshuiError
        A code is not known, or nothing says which items are meant.
    """
    if choice.codes:
        return list(work.find(session, choice.codes).values())
    if not (choice.document or choice.kinds or choice.confidence is not None):
        raise ShanshuiError("须指明哪些条目 / say which items are meant")
    if choice.document:
        document_of(session, choice.document)
    rows: list[Item] = []
    for model in MODELS.values():
        query = (
            select(model)
            .join(Document, Document.id == model.document_id)
            .where(Document.current)
            .order_by(Document.code, model.position)
        )
        if choice.document:
            query = query.where(Document.code == choice.document)
        every: Iterable[Item] = session.scalars(query)
        rows += [row for row in every if _fits(row, choice)]
    return rows


def _fits(row: Item, choice: Choice) -> bool:
    if choice.kinds and kind_of(row) not in choice.kinds:
        return False
    if choice.confidence is None:
        return True
    return isinstance(row, Commitment) and (row.confidence or 0) >= choice.confidence


def kind_of(row: Item) -> str:
    """Return the kind of an item: a key of `ITEM_KINDS`."""
    if isinstance(row, Commitment):
        return row.kind
    if isinstance(row, Task):
        return "action" if row.parent else "task"
    return "project"


def document_of(session: Session, code: str) -> Document:
    """Return the edition in force of a plan.

    Raises
    ------
    ShanshuiError
        There is none.
    """
    row = session.scalar(select(Document).where(Document.code == code, Document.current))
    if row is None:
        known = session.scalars(select(Document.code).where(Document.current)).all()
        listed = "、".join(sorted(known)) or "（空 none）"
        raise ShanshuiError(
            f"台账里没有规划“{code}”，有 {listed} / no plan {code} in the ledger; "
            f"there are {listed}"
        )
    return row


def _fresh(rows: Iterable[Item | Document], versions: Mapping[str, int] | None) -> None:
    """Refuse where a row is not what the person saw."""
    for row in rows:
        seen = (versions or {}).get(row.code)
        if seen is not None and seen != row.version:
            raise Conflict(
                f"{row.code} 已被改过（现为第 {row.version} 版，所见为第 {seen} 版），未写入；"
                f"请重新查看 / {row.code} was changed meanwhile (version {row.version}, seen "
                f"{seen}); nothing was written: look at it again"
            )


# ----------------------------------------------------------------------------------- correcting


def correct(
    ledger: Ledger,
    code: str,
    fields: Mapping[str, Any],
    *,
    who: str,
    reason: str | None = None,
    version: int | None = None,
) -> Reviewed:
    """Correct fields of an item, or of a plan itself.

    What was extracted stays in ``original``, whatever is corrected how often. A region or an
    indicator is found by name or code. An item that is corrected back to what was extracted is
    confirmed.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    code : str
        Code of the item, or of a plan.
    fields : mapping
        New values by field, English or Chinese name (`FIELDS`); an empty one takes a value away.
    who : str
        Who corrects it.
    reason : str, optional
        Why.
    version : int, optional
        The version that the person saw.

    Returns
    -------
    Reviewed

    Raises
    ------
    ShanshuiError
        The item or a field is not known, a value is not of its kind.
    Conflict
        It was changed since the person saw it.
    """
    with ledger.write(who=who, action="plan correct", reason=reason) as session:
        row: Item | Document
        plan = session.scalar(select(Document).where(Document.code == code, Document.current))
        row = plan if plan is not None else work.find(session, [code])[code]
        _fresh([row], {code: version} if version is not None else None)
        if isinstance(row, Document):
            changed = _correct_document(session, row, fields)
        else:
            changed = bool(apply(session, row, fields, who=who))
        return Reviewed((code,)) if changed else Reviewed((), (code,))


def _correct_document(session: Session, row: Document, fields: Mapping[str, Any]) -> bool:
    values = columns(session, row, fields)
    if "parent" in values:
        parent = values.pop("parent")
        families.link(session, row.code, str(parent).strip() if parent else None)
    for name, value in values.items():
        setattr(row, name, value)
    return session.is_modified(row)


# ---------------------------------------------------------------------------------- the trail


def trail(session: Session, code: str) -> list[Audit]:
    """Return what was done to an item or plan, through all its editions, the earliest first."""
    found: list[Audit] = []
    for model in (*MODELS.values(), Document):
        keys = [str(key) for key in session.scalars(select(model.id).where(model.code == code))]
        if keys:
            query = select(Audit).where(Audit.subject == model.__tablename__, Audit.key.in_(keys))
            found += session.scalars(query)
    return sorted(found, key=lambda row: row.id)

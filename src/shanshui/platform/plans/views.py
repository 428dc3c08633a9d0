"""What is shown of the plans in a ledger: documents, items, one item whole, the review page."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from shanshui.plan.commitments import Commitment as Read
from shanshui.platform.plans import checks, families, work
from shanshui.platform.plans.correcting import FIELDS
from shanshui.platform.plans.diff import MODELS, Item, label
from shanshui.platform.plans.documents import plan_text
from shanshui.platform.plans.review import STATUSES, document_of, kind_of, trail
from shanshui.platform.store.ledger import plain
from shanshui.platform.store.models import (
    AnnualTarget,
    Commitment,
    Document,
    Project,
    Region,
    Task,
)
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.plan.document import Document as Text
    from shanshui.platform.store import Ledger

Row = dict[str, Any]

_STOPS = "。；;！？!?\n"
_AROUND = 160  # characters of a sentence that are shown before and after an item


def documents(ledger: Ledger) -> list[Row]:
    """Give the plans in force in the order of their families.

    Returns
    -------
    list of dict
        code, title, kind, scope, region, first_year, last_year, edition, parent, depth, targets,
        tasks, projects (numbers of items, baselines and actions left out), checked (items that a
        person has looked at) and items (all of them).
    """
    members = families.families(ledger)
    with ledger.read() as session:
        used = {member.region_code for member in members}
        regions = session.scalars(select(Region).where(Region.code.in_(used)))
        names = {region.code: region.name for region in regions}
        current = {row.code: row for row in session.scalars(_current())}
        rows = []
        for member in members:
            row = current[member.code]
            rows.append(
                {
                    "code": row.code,
                    "title": row.title,
                    "kind": row.kind,
                    "scope": row.scope,
                    "region": names.get(row.region_code or ""),
                    "region_code": row.region_code,
                    "first_year": row.first_year,
                    "last_year": row.last_year,
                    "edition": row.edition,
                    "parent": row.parent_code,
                    "depth": member.depth,
                    **_counts(session, row),
                    "file": row.file_name,
                    "added_at": plain(row.added_at),
                }
            )
    return rows


def _current() -> Any:
    return select(Document).where(Document.current)


def _counts(session: Session, row: Document) -> Row:
    def count(model: type[Item], *conditions: Any) -> int:
        query = select(func.count()).select_from(model).where(model.document_id == row.id)
        return int(session.scalar(query.where(*conditions)) or 0)

    looked = sum(count(model, model.status != "extracted") for model in MODELS.values())
    return {
        "targets": count(Commitment, Commitment.kind != "baseline"),
        "baselines": count(Commitment, Commitment.kind == "baseline"),
        "tasks": count(Task, Task.parent.is_(None)),
        "actions": count(Task, Task.parent.is_not(None)),
        "projects": count(Project),
        "checked": looked,
        "items": sum(count(model) for model in MODELS.values()),
    }


def items(
    ledger: Ledger,
    code: str,
    *,
    kinds: Collection[str] = (),
    statuses: Collection[str] = (),
) -> list[Row]:
    """Give the items of a plan, in the order of the text of each list.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    code : str
        Code of the plan.
    kinds, statuses : collection of str
        Which; by default all.

    Returns
    -------
    list of dict
        code, kind, label, then the fields of the item, its owners by role, and its status.
    """
    with ledger.read() as session:
        document = document_of(session, code)
        rows: list[Item] = []
        for model in MODELS.values():
            query = select(model).where(model.document_id == document.id).order_by(model.position)
            every: Iterable[Item] = session.scalars(query)
            rows += every
        owners = work.owners(session, [row.code for row in rows])
        return [
            _row(row) | owners.get(row.code, {})
            for row in rows
            if (not kinds or kind_of(row) in kinds) and (not statuses or row.status in statuses)
        ]


_HIDDEN = frozenset({"id", "document_id", "position", "owners", "kind", "code"})


def _row(row: Item) -> Row:
    values = {k: plain(v) for k, v in row.values().items() if k not in _HIDDEN}
    return {"code": row.code, "kind": kind_of(row), "label": label(row), **values}


def shown(ledger: Ledger, code: str) -> Row:
    """Give one item whole: its fields, its sentence in the document, its original and its trail.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    code : str
        Code of an item.

    Returns
    -------
    dict
        The fields of `items`, with document, title, page, before, said and after (the sentence,
        parted at the item), annual (targets of the year) and trail.

    Raises
    ------
    ShanshuiError
        No item is called so.
    """
    with ledger.read() as session:
        row = work.find(session, [code])[code]
        document = session.get_one(Document, row.document_id)
        before, said, after = sentence(document.text or "", row.start, row.end)
        source = plan_text(document) if row.start is not None else None
        return (
            _row(row)
            | work.owners(session, [code]).get(code, {})
            | {
                "document": document.code,
                "edition": document.edition,
                "title_of_document": document.title,
                "page": _page(source, row.start),
                "before": before,
                "said": said,
                "after": after,
                "annual": _annual(session, code),
                "trail": [
                    {
                        "at": plain(one.at),
                        "who": one.who,
                        "action": one.action,
                        "reason": one.reason,
                        "change": one.change,
                        "before": one.before,
                        "after": one.after,
                    }
                    for one in trail(session, code)
                ],
            }
        )


def _page(source: Text | None, start: int | None) -> int | None:
    if source is None or start is None or not source.pages:
        return None
    return sum(1 for page in source.pages if page <= start)


def _annual(session: Session, code: str) -> list[Row]:
    query = select(AnnualTarget).where(AnnualTarget.commitment == code).order_by(AnnualTarget.year)
    names = ("region_code", "year", "month", "comparator", "value", "unit", "source")
    return [{name: plain(getattr(one, name)) for name in names} for one in session.scalars(query)]


def sentence(text: str, start: int | None, end: int | None) -> tuple[str, str, str]:
    """Return the sentence that holds a span, parted at the span, without its line breaks.

    Examples
    --------
    >>> sentence("治水。到2027年，建成碧道86公里，水清岸绿。", 10, 17)
    ('到2027年，', '建成碧道86公', '里，水清岸绿。')
    """
    if start is None or end is None or not text:
        return "", "", ""
    first = max(text.rfind(stop, 0, start) for stop in _STOPS) + 1
    ends = [place for stop in _STOPS if (place := text.find(stop, end)) >= 0]
    last = min(ends, default=len(text) - 1) + 1
    if end > start and text[end - 1] in _STOPS:
        last = end
    first, last = max(first, start - _AROUND), min(last, end + _AROUND)
    parts = (text[first:start], text[start:end], text[end:last])
    before, said, after = (re.sub(r"[\r\n\f]+", "", part) for part in parts)
    return before.lstrip(), said, after.rstrip()


def page(ledger: Ledger, code: str) -> tuple[str, int, int]:
    """Write the review page of a plan: its text, its commitments and how far each is checked.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    code : str
        Code of the plan.

    Returns
    -------
    str, int, int
        One HTML page, and how many records and uncovered clauses it shows.

    Raises
    ------
    ShanshuiError
        The plan is not in the ledger, or without its text.
    """
    from shanshui.platform.report.plan_review import Check
    from shanshui.platform.report.plan_review import page as written

    with ledger.read() as session:
        document = document_of(session, code)
        source = plan_text(document)
        if source is None:
            raise ShanshuiError(
                f"台账里没有 {code} 的原文 / the ledger has no text of {code}; add its file"
            )
        query = (
            select(Commitment)
            .where(Commitment.document_id == document.id, Commitment.start.is_not(None))
            .order_by(Commitment.position)
        )
        rows = session.scalars(query).all()
        owners = work.owners(session, [row.code for row in rows])
        names = [
            "、".join(name for names in owners.get(row.code, {}).values() for name in names)
            for row in rows
        ]
        records = [_read(row, name) for row, name in zip(rows, names, strict=True)]
        marks = [Check(row.status, _checked(row)) for row in rows]
        left = checks.uncovered(session, document)
        title = f"{document.title}（{document.code}）"
        return written(source, records, left, title=title, checks=marks), len(rows), len(left)


def _checked(row: Commitment) -> list[tuple[str, str]]:
    fields = [("编号", row.code), ("核对", STATUSES[row.status])]
    if row.checked_by:
        fields.append(("核对人", row.checked_by))
    names = FIELDS[Commitment]
    fields += [
        (f"原{names.get(name, name)}", "无" if value is None else str(value))
        for name, value in (row.original or {}).items()
        if name in names
    ]
    if row.note:
        fields.append(("备注", row.note))
    return fields


def _read(row: Commitment, owner: str) -> Read:
    """Give a row of the ledger as the reader would have it."""
    value: Any = _number(row.value)
    if row.value_to is not None:
        value = (value, _number(row.value_to))
    return Read(
        row.code,
        row.kind,
        row.quote,
        row.section,
        row.indicator,
        row.region,
        row.year,
        row.comparator,
        value,
        row.unit,
        row.base_year,
        row.stretch,
        row.approx,
        row.nature,
        owner or None,
        row.start or 0,
        row.end or 0,
        row.indicator_code,
        row.confidence or 0.0,
        row.why or "",
    )


def _number(value: Decimal | None) -> float | int | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)

"""核对: people confirm, correct or reject what was read from a plan."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Integer, select

from shanshui.platform.plans import families, work
from shanshui.platform.plans.diff import MODELS, Item
from shanshui.platform.plans.targets import comparator_of, exact, indicator_of, region_of
from shanshui.platform.plans.titles import KINDS, SCOPES
from shanshui.platform.store import Conflict
from shanshui.platform.store.ledger import plain
from shanshui.platform.store.models import (
    Audit,
    Commitment,
    Document,
    Exact,
    Project,
    Task,
    now,
)
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
ITEM_KINDS = {
    "target": "目标值",
    "count": "数量任务",
    "milestone": "定性目标",
    "deferred": "按上级下达",
    "baseline": "现状值",
    "task": "任务",
    "action": "工作",
    "project": "项目",
}
"""Kinds of items, and what they are called."""
FIELDS: dict[type[Any], dict[str, str]] = {
    Commitment: {
        "kind": "类别",
        "indicator": "指标",
        "region": "地区",
        "year": "年份",
        "comparator": "比较",
        "value": "数值",
        "value_to": "上限",
        "unit": "单位",
        "base_year": "基准年",
        "base_value": "现状值",
        "stretch": "力争",
        "approx": "约数",
        "nature": "属性",
        "deadline": "期限",
        "note": "备注",
    },
    Task: {"title": "任务", "number": "序号", "deadline": "期限", "region": "地区", "note": "备注"},
    Project: {
        "name": "项目",
        "category": "类型",
        "place": "地点",
        "region": "地区",
        "capacity": "规模",
        "investment": "投资",
        "investment_wan": "投资万元",
        "period": "年限",
        "deadline": "期限",
        "note": "备注",
    },
    Document: {
        "title": "题名",
        "kind": "类别",
        "scope": "范围",
        "parent": "上位规划",
        "region": "地区",
        "issuer": "发文单位",
        "number": "文号",
        "issued": "发文日期",
        "first_year": "起始年",
        "last_year": "结束年",
        "baseline_year": "基准年",
        "note": "备注",
    },
}
"""Fields that a person may correct, and what they are called."""
_REQUIRED = frozenset({"kind", "indicator", "title", "name"})
_FREE = frozenset({"milestone", "count", "baseline"})  # may have an indicator of their own
_YES = frozenset({"是", "true", "yes", "1", "y"})
_NO = frozenset({"否", "false", "no", "0", "n"})


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


def apply(session: Session, row: Item, fields: Mapping[str, Any], *, who: str) -> list[str]:
    """Correct fields of an item in a session; return the columns that changed.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of ``ledger.write``.
    row : Commitment, Task or Project
        The item.
    fields : mapping
        As `correct` takes them.
    who : str
        Who corrects it.

    Returns
    -------
    list of str
        Empty where the item says that already.
    """
    values = columns(session, row, fields)
    changed = {k: v for k, v in values.items() if plain(getattr(row, k)) != plain(v)}
    if not changed:
        return []
    original = dict(row.original or {})
    for name, value in changed.items():
        if name != "note":
            original.setdefault(name, plain(getattr(row, name)))
        setattr(row, name, value)
    left = {k: v for k, v in original.items() if plain(getattr(row, k)) != v}
    row.original = left or None
    if row.status != "added" and changed.keys() != {"note"}:
        row.status = "corrected" if left else "confirmed"
    row.checked_by, row.checked_at = who.strip(), now()
    return list(changed)


def columns(session: Session, row: Item | Document, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Turn what a person enters into columns of a row.

    Raises
    ------
    ShanshuiError
        A field is not known, or a value is not of its kind; the message says what was expected.
    """
    known = FIELDS[type(row)]
    by_name = {zh: name for name, zh in known.items()} | {name: name for name in known}
    values: dict[str, Any] = {}
    for said, value in fields.items():
        name = by_name.get(said.strip())
        if name is None:
            listed = "、".join(f"{field}（{zh}）" for field, zh in known.items())
            raise ShanshuiError(
                f"{row.code} 没有字段“{said}”，可改 {listed} / {row.code} has no field {said}; "
                f"there are {', '.join(known)}"
            )
        empty = value is None or (isinstance(value, str) and not value.strip())
        if empty and name in _REQUIRED:
            raise ShanshuiError(f"{known[name]}不能为空 / {name} must not be empty")
        values |= _column(session, row, name, None if empty else value)
    return values


def _column(session: Session, row: Item | Document, name: str, value: Any) -> dict[str, Any]:
    if name == "region":
        return _region(session, row, value)
    if name == "indicator":
        return _indicator(session, row, str(value).strip())
    if name in ("parent", "place") or value is None:
        return {name: value}
    reader = _READERS.get(name)
    if name == "kind":
        reader = _one_of(KINDS if isinstance(row, Document) else list(ITEM_KINDS)[:5])
    if reader is None:
        kind = type(row).__table__.c[name].type
        reader = _by_type(kind, name)
    return {name: reader(value)}


def _by_type(kind: Any, name: str) -> Callable[[Any], Any]:
    if isinstance(kind, Exact):
        return lambda value: exact(value, name)
    if isinstance(kind, Boolean):
        return _truth
    if isinstance(kind, Integer):
        return lambda value: _whole(value, name)
    return lambda value: str(value).strip()


def _one_of(allowed: Sequence[str]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        said = str(value).strip()
        by_name = {ITEM_KINDS.get(one, one): one for one in allowed}
        if said not in allowed and said not in by_name:
            raise ShanshuiError(
                f"应为 {'、'.join(allowed)} 之一：{said} / one of {', '.join(allowed)}: {said}"
            )
        return by_name.get(said, said)

    return read


def _truth(value: Any) -> bool:
    said = str(value).strip().lower()
    if said not in _YES | _NO:
        raise ShanshuiError(f"应为 是 或 否：{value} / yes or no is expected: {value}")
    return said in _YES


def _whole(value: Any, name: str) -> int:
    said = str(value).strip().removesuffix("年")
    if not said.isdecimal() or ("year" in name and not 1949 <= int(said) <= 2100):
        raise ShanshuiError(f"应为年份，如 2027：{value} / a year is expected, e.g. 2027: {value}")
    return int(said)


_READERS: dict[str, Callable[[Any], Any]] = {
    "comparator": lambda value: comparator_of(str(value)),
    "nature": _one_of(("约束性", "预期性")),
    "scope": _one_of(SCOPES),
    "deadline": lambda value: work.deadline_of(str(value)),
}


def _region(session: Session, row: Item | Document, value: Any) -> dict[str, Any]:
    named = {"region": None} if isinstance(row, Commitment) else {}
    if value is None:
        return named | {"region_code": None}
    within = None
    if not isinstance(row, Document):
        within = session.get_one(Document, row.document_id).region_code
    try:
        place = region_of(session, str(value), within=within)
    except ShanshuiError:
        place = region_of(session, str(value))
    return dict.fromkeys(named, place.name) | {"region_code": place.code}


def _indicator(session: Session, row: Item | Document, said: str) -> dict[str, Any]:
    try:
        found = indicator_of(session, said)
    except ShanshuiError:
        if isinstance(row, Commitment) and row.kind in _FREE:
            return {"indicator": said, "indicator_code": None}
        raise
    return {"indicator": found.name, "indicator_code": found.code}


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

"""Correcting what was read from a plan: which fields, and what may stand in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Integer

from shanshui.platform.plans import work
from shanshui.platform.plans.targets import comparator_of, exact, indicator_of, region_of
from shanshui.platform.plans.titles import KINDS, SCOPES
from shanshui.platform.store.ledger import plain
from shanshui.platform.store.models import Commitment, Document, Exact, Project, Task, now
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.plans.diff import Item

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

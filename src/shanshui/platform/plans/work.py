"""Work on the items of a plan: what is reported of them by month or week, what is overdue."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shanshui.platform.store.models import (
    Assignment,
    Commitment,
    Document,
    Organization,
    Progress,
    Project,
    Task,
    now,
)
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

STATES = {"not_started": "未启动", "under_way": "推进中", "done": "已完成", "late": "滞后"}
"""States of an item, and what they are called."""
FIELDS = ("state", "progress", "rate", "problems", "next_step", "evidence")
"""What is reported of an item for a period."""
SOON = 30
"""Days before its deadline from which an item is due soon: a convention of this project."""

Item = Commitment | Task | Project
MODELS: dict[str, type[Item]] = {"target": Commitment, "task": Task, "project": Project}
_MONTH = re.compile(r"(\d{4})(?:-|/|年)(\d{1,2})月?")
_WEEK = re.compile(r"(\d{4})(?:-W|W|年第?)(\d{1,2})周?", re.IGNORECASE)
_DAY = re.compile(r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?")
_YEAR = re.compile(r"(\d{4})年?")
_FILLERS = re.compile(r"(?:年?底|末|之?前|以前|前)+$")
_PERCENT = Decimal(100)


@dataclass(frozen=True)
class Period:
    """A month or a week that is worked by.

    Attributes
    ----------
    text : str
        ``2026-10`` or ``2026-W43``.
    start, end : datetime.date
        First and last day; a week runs from Monday to Sunday (ISO 8601).
    """

    text: str
    start: date
    end: date


def period_of(text: str) -> Period:
    """Understand a month or a week.

    Parameters
    ----------
    text : str
        ``2026-10``, ``2026年10月``, ``2026-W43`` or ``2026年第43周``.

    Raises
    ------
    ShanshuiError
        It is neither.

    Examples
    --------
    >>> period_of("2026-10").end, period_of("2026-W43").start
    (datetime.date(2026, 10, 31), datetime.date(2026, 10, 19))
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    try:
        if month := _MONTH.fullmatch(plain):
            year, number = int(month[1]), int(month[2])
            first = date(year, number, 1)
            return Period(f"{first:%Y-%m}", first, first.replace(day=monthrange(year, number)[1]))
        if week := _WEEK.fullmatch(plain):
            first = date.fromisocalendar(int(week[1]), int(week[2]), 1)
            name = f"{int(week[1])}-W{int(week[2]):02}"
            return Period(name, first, first + timedelta(days=6))
    except ValueError:
        pass
    raise ShanshuiError(
        f"时段应如 2026-10 或 2026-W43，得到“{text}” / "
        f'a period is a month (2026-10) or a week (2026-W43), got "{text}"'
    )


def deadline_of(text: str) -> str:
    """Bring a deadline into the form of the ledger: a year, a month or a day.

    Raises
    ------
    ShanshuiError
        It is none of them.

    Examples
    --------
    >>> deadline_of("2027年底前"), deadline_of("2026年6月"), deadline_of("2026/6/30")
    ('2027', '2026-06', '2026-06-30')
    """
    plain = _FILLERS.sub("", unicodedata.normalize("NFKC", text).strip())
    try:
        if day := _DAY.fullmatch(plain):
            return date(int(day[1]), int(day[2]), int(day[3])).isoformat()
        if month := _MONTH.fullmatch(plain):
            return f"{date(int(month[1]), int(month[2]), 1):%Y-%m}"
        if year := _YEAR.fullmatch(plain):
            return f"{date(int(year[1]), 1, 1):%Y}"
    except ValueError:
        pass
    raise ShanshuiError(
        f"期限应为年、月或日，如 2027、2027-06、2027-06-30，得到“{text}” / "
        f'a deadline is a year, a month or a day, got "{text}"'
    )


def last_day(deadline: str) -> date | None:
    """Return the day by which a deadline of the ledger asks; None where it names no date.

    Examples
    --------
    >>> last_day("2027"), last_day("2026-06"), last_day("长期")
    (datetime.date(2027, 12, 31), datetime.date(2026, 6, 30), None)
    """
    try:
        plain = deadline_of(deadline)
    except ShanshuiError:
        return None
    if len(plain) == len("2027"):
        return date(int(plain), 12, 31)
    if len(plain) == len("2027-06"):
        return period_of(plain).end
    return date.fromisoformat(plain)


def due(deadline: str | None, state: str | None, on: date, soon: int = SOON) -> str | None:
    """Say whether an item is ``overdue`` or ``due_soon`` on a day; None where neither.

    Parameters
    ----------
    deadline : str or None
        As the ledger has it; the item may be done on its last day.
    state : str or None
        What is done is never overdue.
    on : datetime.date
        The day it is asked for.
    soon : int
        Days ahead that count as soon.

    Examples
    --------
    >>> due("2026-10", None, date(2026, 10, 31)), due("2026-10", None, date(2026, 11, 1))
    ('due_soon', 'overdue')
    """
    last = last_day(deadline) if deadline else None
    if last is None or state == "done":
        return None
    if last < on:
        return "overdue"
    return "due_soon" if (last - on).days <= soon else None


# ------------------------------------------------------------------------------------------ items


def find(session: Session, codes: Iterable[str]) -> dict[str, Item]:
    """Return items of the plans in force by their codes.

    Raises
    ------
    ShanshuiError
        A code is not known; the nearest are named.
    """
    asked = list(dict.fromkeys(codes))
    found: dict[str, Item] = {}
    for model in MODELS.values():
        rows: Iterable[Item] = session.scalars(
            select(model)
            .join(Document, Document.id == model.document_id)
            .where(Document.current, model.code.in_(asked))
        )
        found |= {row.code: row for row in rows}
    for code in asked:
        if code not in found:
            _unknown(session, code)
    return {code: found[code] for code in asked}


def _unknown(session: Session, code: str) -> None:
    known: list[str] = []
    for model in MODELS.values():
        known += session.scalars(
            select(model.code)
            .join(Document, Document.id == model.document_id)
            .where(Document.current)
        )
    near = get_close_matches(code, known, n=5, cutoff=0.6)
    zh = f"，相近的有 {'、'.join(near)}" if near else ""
    en = f"; near: {', '.join(near)}" if near else ""
    raise ShanshuiError(f"没有编号为“{code}”的条目{zh} / no item has the code {code}{en}")


def kind_of(item: Item) -> str:
    """Return ``target``, ``task`` or ``project``."""
    return next(kind for kind, model in MODELS.items() if isinstance(item, model))


def owners(session: Session, codes: Collection[str]) -> dict[str, dict[str, list[str]]]:
    """Return the units of items: by code and role, in the order given to them."""
    rows = session.execute(
        select(Assignment.item, Assignment.role, Organization.name)
        .join(Organization, Organization.id == Assignment.organization_id)
        .where(Assignment.item.in_(codes))
        .order_by(Assignment.item, Assignment.position, Assignment.id)
    )
    found: dict[str, dict[str, list[str]]] = {}
    for item, role, name in rows:
        found.setdefault(item, {}).setdefault(role, []).append(name)
    return found


# --------------------------------------------------------------------------------------- progress


@dataclass(frozen=True)
class Known:
    """What is known of an item at the end of a period.

    Attributes
    ----------
    values : dict
        By field (``state``, ``progress``, ``rate`` % …): the last value reported.
    periods : dict
        By field: the period of which that value was reported.
    own : set of str
        The fields that were reported of the period asked for; the rest are carried for reading.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    periods: Mapping[str, str] = field(default_factory=dict)
    own: frozenset[str] = frozenset()


def known(
    session: Session, codes: Collection[str], period: Period | None = None
) -> dict[str, Known]:
    """Return what is known of items at the end of a period: its own report, or the last before.

    Nothing is copied: a value that was reported earlier stays of its own period.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    codes : list of str
        Codes of items.
    period : Period, optional
        By default the latest reports.

    Returns
    -------
    dict
        By code; an item of which nothing was reported is left out.
    """
    rows: dict[str, list[tuple[bool, date, Progress]]] = {}
    for row in session.scalars(select(Progress).where(Progress.item.in_(codes))):
        of = period_of(row.period)
        if period is None or of.end <= period.end:
            own = period is not None and row.period == period.text
            rows.setdefault(row.item, []).append((own, of.end, row))
    found = {}
    for item, reports in rows.items():
        values: dict[str, Any] = {}
        periods: dict[str, str] = {}
        mine: set[str] = set()
        for own, _, row in sorted(reports, key=lambda r: r[:2], reverse=True):
            for name in FIELDS:
                value = getattr(row, name)
                if value is not None and name not in values:
                    values[name], periods[name] = value, row.period
                    if own:
                        mine.add(name)
        found[item] = Known(values, periods, frozenset(mine))
    return found


def rate_of(value: Any) -> Decimal:
    """Understand a rate of completion in %.

    Examples
    --------
    >>> rate_of("45%"), rate_of("４５．５")
    (Decimal('45'), Decimal('45.5'))
    """
    plain = unicodedata.normalize("NFKC", str(value)).strip().removesuffix("%").strip()
    try:
        rate = Decimal(plain)
        if rate.is_finite() and 0 <= rate <= _PERCENT:
            return rate
    except InvalidOperation:
        pass
    raise ShanshuiError(
        f"完成率应为 0 到 100 的数，得到“{value}” / a rate is a number from 0 to 100, got {value!r}"
    )


def state_of(text: str) -> str:
    """Return a state by its code or its Chinese name.

    Examples
    --------
    >>> state_of("推进中")
    'under_way'
    """
    plain = text.strip()
    for code, name in STATES.items():
        if plain in (code, name):
            return code
    raise ShanshuiError(
        f"状态应为 {'、'.join(STATES.values())}，得到“{text}” / "
        f"a state is one of {', '.join(STATES)}, got {text!r}"
    )


def report(
    session: Session,
    item: str,
    period: str | Period,
    *,
    who: str,
    values: Mapping[str, Any],
) -> tuple[Progress, list[str]]:
    """Write down what is reported of an item for a period; fields that are not given stay.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of `Ledger.write`.
    item : str
        Code of a commitment, task or project of a plan in force.
    period : str or Period
        A month or a week.
    who : str
        Who reports.
    values : dict
        ``state``, ``progress``, ``rate`` (%), ``problems``, ``next_step``, ``evidence``; None
        empties a field.

    Returns
    -------
    Progress
        The row of the period.
    list of str
        The fields that changed.

    Raises
    ------
    ShanshuiError
        The item, the period, the state or the rate is not known.
    """
    when = period if isinstance(period, Period) else period_of(period)
    find(session, [item])
    row = session.scalar(
        select(Progress).where(Progress.item == item, Progress.period == when.text)
    )
    row, changed = put(session, row, item, when, who=who, values=values)
    session.flush()
    return row, changed


def put(
    session: Session,
    row: Progress | None,
    item: str,
    when: Period,
    *,
    who: str,
    values: Mapping[str, Any],
) -> tuple[Progress, list[str]]:
    """Write a report of an item that is known into its row, or a new one; see `report`."""
    given = dict(values)
    if given.get("rate") is not None:
        given["rate"] = rate_of(given["rate"])
    if given.get("state") is not None:
        given["state"] = state_of(given["state"])
    if unknown := set(given) - set(FIELDS):
        raise ShanshuiError(f"不认识的字段 {unknown} / unknown fields {unknown}")
    changed = [name for name, new in given.items() if new != (getattr(row, name) if row else None)]
    if row is None:
        row = Progress(item=item, period=when.text, reported_by=who)
        if not changed:
            return row, []
        session.add(row)
    if changed:
        for name in changed:
            setattr(row, name, given[name])
        row.reported_by, row.reported_at = who, now()
    return row, changed

"""The three lists (三张清单) as which the bureaus work a plan: targets, tasks and projects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shanshui.platform.catalog.series import wording
from shanshui.platform.plans import work
from shanshui.platform.plans.targets import Resolved, resolve
from shanshui.platform.store.models import (
    AnnualTarget,
    Commitment,
    Document,
    Indicator,
    Project,
    Task,
)
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Row = dict[str, Any]
_WAITING = "待下达"


@dataclass(frozen=True)
class Asked:
    """What a list is asked for.

    Attributes
    ----------
    period : str or None
        Month or week (``2026-10``, ``2026-W43``) whose reports are shown, those before carried
        for reading; by default the latest.
    on : datetime.date or None
        The day for which overdue and due soon are marked; by default nothing is marked.
    unit : str or None
        Only items of this unit, in whatever role.
    soon : int
        Days ahead that count as due soon.
    """

    period: str | None = None
    on: date | None = None
    unit: str | None = None
    soon: int = work.SOON

    @property
    def until(self) -> work.Period | None:
        """The period, understood."""
        return work.period_of(self.period) if self.period else None


@dataclass
class _Known:
    """What stands beside the items of a list."""

    units: Mapping[str, Mapping[str, list[str]]]
    reports: Mapping[str, work.Known]
    asked: Asked = field(default_factory=Asked)

    def apart(self, code: str, above: str) -> bool:
        """Say whether an action has a report, or other units than its task."""
        units = self.units.get(code)
        return code in self.reports or (units is not None and units != self.units.get(above))

    def working(self, code: str, deadline: str | None, above: str | None = None) -> Row:
        """Return the columns of work of an item; what it has no unit for, its task may have."""
        own = self.units.get(code, {})
        units = own or (self.units.get(above, {}) if above else {})
        report = self.reports.get(code, work.Known())
        values = dict(report.values)
        row: Row = {role: list(units.get(role, ())) for role in ("lead", "support", "responsible")}
        row["inherited"] = bool(units) and not own
        row["deadline"] = deadline
        row |= {name: values.get(name) for name in work.FIELDS}
        row["carried"] = (
            {name: of for name, of in report.periods.items() if name not in report.own}
            if self.asked.period
            else {}
        )
        state = values.get("state")
        on = self.asked.on
        row["due"] = work.due(deadline, state, on, self.asked.soon) if on else None
        return row


def documents(session: Session, document: str | None = None) -> list[Document]:
    """Return the plans in force: one by its code, or all.

    Raises
    ------
    ShanshuiError
        No plan has the code.
    """
    query = select(Document).where(Document.current).order_by(Document.code)
    if document is not None:
        query = query.where(Document.code == document)
    found = list(session.scalars(query))
    if document is not None and not found:
        known = "、".join(session.scalars(select(Document.code).where(Document.current)))
        raise ShanshuiError(
            f"台账里没有规划“{document}”；有 {known or '（空）'} / "
            f"no plan {document} in the ledger; it has {known or 'none'}"
        )
    return found


def _beside(session: Session, codes: Sequence[str], asked: Asked) -> _Known:
    return _Known(work.owners(session, codes), work.known(session, codes, asked.until), asked)


# ---------------------------------------------------------------------------------------- targets


def targets(
    session: Session,
    document: str | None = None,
    *,
    period: str | None = None,
    on: date | None = None,
    unit: str | None = None,
    soon: int = work.SOON,
) -> list[Row]:
    """Return the list of targets (目标指标清单): a row for each indicator and region of a plan.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    document : str, optional
        Code of a plan; by default all plans in force.
    period, on, unit, soon
        As in `Asked`.

    Returns
    -------
    list of dict
        ``document``, ``number`` (序号), ``item`` (code of the commitment that is worked: the next
        deadline), ``items`` (codes by year), ``indicator``, ``indicator_code``, ``region``,
        ``unit``, ``nature``, ``baseline`` (text with its year), ``values`` (texts by year; None
        for no year), ``basis`` (口径), ``lead``, ``support``, ``responsible`` (names),
        ``inherited``, ``deadline``, ``state``, ``progress``, ``rate`` (%), ``problems``,
        ``next_step``, ``evidence``, ``carried`` (period by field where it is not the one asked
        for), ``due`` (``overdue``, ``due_soon``), ``status`` (核对). Rejected items and baselines
        without a target are left out.

    Raises
    ------
    ShanshuiError
        The plan or the period is not known.
    """
    asked = Asked(period, on, unit, soon)
    rows: list[Row] = []
    for plan in documents(session, document):
        found = list(
            session.scalars(
                select(Commitment)
                .where(Commitment.document_id == plan.id, Commitment.status != "rejected")
                .order_by(Commitment.position, Commitment.id)
            )
        )
        rows += _of_plan(session, plan, found, asked)
    return _numbered(rows)


def _of_plan(
    session: Session, plan: Document, found: Sequence[Commitment], asked: Asked
) -> list[Row]:
    groups: dict[tuple[Any, ...], list[Commitment]] = {}
    baselines: dict[tuple[Any, ...], list[Commitment]] = {}
    for one in found:
        key = (one.indicator_code or one.indicator, one.region_code or one.region)
        if one.kind == "baseline":
            baselines.setdefault(key, []).append(one)
        else:
            # What is to be built and what is to be reached are two rows, as are two units.
            groups.setdefault((*key, one.kind == "milestone"), []).append(one)
    codes = [one.code for ones in groups.values() for one in ones]
    beside = _beside(session, codes, asked)
    resolved = resolve(session, [one for ones in groups.values() for one in ones])
    names = _indicators(session, found)
    rows = []
    for key, ones in groups.items():
        row = _target_row(plan, ones, resolved, beside, names)
        row["baseline"] = _baseline(plan, ones, baselines.get(key[:2], []))
        if is_of(row, asked.unit):
            rows.append(row)
    return sorted(rows, key=lambda row: row["kinds"] == ["milestone"])  # figures first


def _indicators(session: Session, found: Sequence[Commitment]) -> dict[str, Indicator]:
    codes = {one.indicator_code for one in found if one.indicator_code}
    return {
        row.code: row for row in session.scalars(select(Indicator).where(Indicator.code.in_(codes)))
    }


def _target_row(
    plan: Document,
    ones: Sequence[Commitment],
    resolved: Mapping[str, Resolved],
    beside: _Known,
    names: Mapping[str, Indicator],
) -> Row:
    working = _worked(ones, beside.asked.on)
    values: dict[int | None, list[str]] = {}
    for one in ones:
        text = value_text(one, resolved.get(one.code))
        if text not in values.setdefault(one.year, []):
            values[one.year].append(text)
    natures = {one.nature for one in ones if one.nature}
    units = dict.fromkeys(one.unit for one in ones if one.unit)
    indicator = names.get(working.indicator_code or "")
    row: Row = {
        "document": plan.code,
        "item": working.code,
        "items": {one.code: one.year for one in ones},
        "indicator": indicator.name if indicator else working.indicator,
        "indicator_code": working.indicator_code,
        "region": working.region,
        "unit": "、".join("个百分点" if unit == "pp" else unit for unit in units),
        "nature": "、".join(sorted(natures)) or None,
        "values": {year: "；".join(texts) for year, texts in values.items()},
        "basis": basis_text(working.basis),
        "kinds": sorted({one.kind for one in ones}),
        "status": _status([one.status for one in ones]),
    }
    return row | beside.working(working.code, working.deadline or _year(working.year))


def _worked(ones: Sequence[Commitment], on: date | None) -> Commitment:
    """Return the commitment that is worked now: of the next deadline, else the last."""
    dated = sorted(
        (one for one in ones if one.year is not None), key=lambda one: (one.year or 0, one.position)
    )
    coming = [one for one in dated if on is None or (one.year or 0) >= on.year]
    return coming[0] if coming else dated[-1] if dated else ones[0]


def _baseline(
    plan: Document, ones: Sequence[Commitment], before: Sequence[Commitment]
) -> str | None:
    for one in ones:
        if one.base_value is not None:
            return _dated(one.base_value, one.base_year)
    stated = [one for one in before if one.value is not None]
    stated.sort(key=lambda one: (one.year != plan.baseline_year, -(one.year or 0)))
    if not stated:
        return None
    one = stated[0]
    return _dated(one.value, one.year)


def _dated(value: Decimal | None, year: int | None) -> str:
    return f"{value:f} ({year})" if year else f"{value:f}"


def value_text(one: Commitment, resolved: Resolved | None = None) -> str:
    """Write what a commitment promises as the lists of the bureaus do; the unit has its column.

    A value that another paper set for it is followed by 下达; one that nobody has set is 待下达.
    """
    if one.kind == "milestone":
        return "定性目标"
    value, comparator, base = one.value, one.comparator, one.base_year
    end = ""
    if value is None:
        if resolved is None or resolved.target is None:
            return "待下达（数值不一）" if resolved and resolved.candidates else _WAITING
        value, comparator = resolved.target.value, resolved.target.comparator
        base, end = resolved.target.base_year, "（下达）"
    if one.value_to is not None:
        text = f"{value:f}—{one.value_to:f}"
    else:
        unit = "pp" if one.unit == "pp" else ""
        text = wording(
            {"comparator": comparator or "=", "value": f"{value:f}", "unit": unit}
            | {"base_year": base}
        )
    return (
        text
        + ("左右" if one.approx and comparator in {"=", "~"} else "")
        + ("（力争）" if one.stretch else "")
        + end
    )


def basis_text(basis: Mapping[str, Any] | None) -> str | None:
    """Write a basis (口径) in one line."""
    if not basis:
        return None
    return "；".join(str(value) for value in basis.values() if value not in (None, ""))


def _year(year: int | None) -> str | None:
    return None if year is None else str(year)


def _status(statuses: Sequence[str]) -> str:
    """Return the status of several: what waits for a person comes first."""
    order = ("extracted", "corrected", "added", "confirmed")
    return min(statuses, key=lambda s: order.index(s) if s in order else len(order))


def _numbered(rows: list[Row]) -> list[Row]:
    return [{"number": str(at), **row} for at, row in enumerate(rows, start=1)]


def waiting(session: Session, document: str | None = None) -> list[Commitment]:
    """Return the commitments whose value another paper sets (按省下达) and has not set yet."""
    found: list[Commitment] = []
    for plan in documents(session, document):
        rows = list(
            session.scalars(
                select(Commitment)
                .where(
                    Commitment.document_id == plan.id,
                    Commitment.kind == "deferred",
                    Commitment.status != "rejected",
                )
                .order_by(Commitment.position)
            )
        )
        resolved = resolve(session, rows)
        found += [row for row in rows if resolved[row.code].target is None]
    return found


# ------------------------------------------------------------------------------- tasks and projects


def tasks(
    session: Session,
    document: str | None = None,
    *,
    period: str | None = None,
    on: date | None = None,
    unit: str | None = None,
    soon: int = work.SOON,
    folded: bool = False,
) -> list[Row]:
    """Return the list of tasks (主要任务清单): each task, with its actions after it.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    document : str, optional
        Code of a plan; by default all plans in force.
    period, on, unit, soon
        As in `Asked`.
    folded : bool
        Leave out the actions that nobody works by themselves: without a unit other than their
        task's, a deadline or a report. Their words stand in ``actions`` of their task.

    Returns
    -------
    list of dict
        ``document``, ``number`` (序号: ``3``, of an action ``3.2``), ``item``, ``parent`` (code of
        the task), ``title`` (任务), ``actions`` (words of its actions), ``section``, and the
        columns of work as in `targets`. An action without units of its own shows those of its
        task, and ``inherited`` says so.

    Raises
    ------
    ShanshuiError
        The plan or the period is not known.
    """
    asked = Asked(period, on, unit, soon)
    rows: list[Row] = []
    at = 0
    for plan in documents(session, document):
        found = list(
            session.scalars(
                select(Task)
                .where(Task.document_id == plan.id, Task.status != "rejected")
                .order_by(Task.position, Task.id)
            )
        )
        beside = _beside(session, [one.code for one in found], asked)
        kept = {one.code for one in found}
        below: dict[str | None, list[Task]] = {}
        for one in found:
            below.setdefault(one.parent if one.parent in kept else None, []).append(one)
        for one in below.get(None, []):
            at += 1
            own = below.get(one.code, [])
            if folded:
                own = [a for a in own if a.deadline or beside.apart(a.code, one.code)]
            rest = [a.title for a in below.get(one.code, []) if a not in own]
            rows.append(_task_row(plan, one, None, str(at), beside) | {"actions": rest})
            for place, action in enumerate(own, start=1):
                rows.append(_task_row(plan, action, one, f"{at}.{place}", beside))
    return [row for row in rows if is_of(row, unit)]


def is_of(row: Row, unit: str | None) -> bool:
    """Say whether a row is of a unit, in whatever role; without one every row is."""
    return unit is None or any(unit in row[role] for role in ("lead", "support", "responsible"))


def _task_row(plan: Document, one: Task, above: Task | None, number: str, beside: _Known) -> Row:
    deadline = one.deadline or (above.deadline if above else None)
    return {
        "document": plan.code,
        "number": number,
        "item": one.code,
        "parent": one.parent,
        "title": one.title,
        "actions": [],
        "section": one.section,
        "status": one.status,
    } | beside.working(one.code, deadline, above.code if above else None)


def projects(
    session: Session,
    document: str | None = None,
    *,
    period: str | None = None,
    on: date | None = None,
    unit: str | None = None,
    soon: int = work.SOON,
) -> list[Row]:
    """Return the list of projects (重点项目清单).

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    document : str, optional
        Code of a plan; by default all plans in force.
    period, on, unit, soon
        As in `Asked`.

    Returns
    -------
    list of dict
        ``document``, ``number``, ``item``, ``name`` (项目名称), ``category``, ``capacity``
        (建设内容及规模), ``place``, ``investment`` (as written), ``investment_wan`` (万元),
        ``years`` (建设年限), and the columns of work as in `targets`.

    Raises
    ------
    ShanshuiError
        The plan or the period is not known.
    """
    asked = Asked(period, on, unit, soon)
    rows: list[Row] = []
    for plan in documents(session, document):
        found = list(
            session.scalars(
                select(Project)
                .where(Project.document_id == plan.id, Project.status != "rejected")
                .order_by(Project.position, Project.id)
            )
        )
        beside = _beside(session, [one.code for one in found], asked)
        for one in found:
            row: Row = {
                "document": plan.code,
                "item": one.code,
                "name": one.name,
                "box": one.box,
                "category": one.category,
                "capacity": one.capacity,
                "place": one.place,
                "investment": one.investment,
                "investment_wan": one.investment_wan,
                "years": one.period,
                "status": one.status,
            } | beside.working(one.code, one.deadline)
            if is_of(row, unit):
                rows.append(row)
    return _numbered(rows)


def annual_of(session: Session, document: str | None = None) -> list[AnnualTarget]:
    """Return the targets of years that are set for the commitments of a plan."""
    codes = [
        code
        for plan in documents(session, document)
        for code in session.scalars(
            select(Commitment.code).where(Commitment.document_id == plan.id)
        )
    ]
    return list(
        session.scalars(
            select(AnnualTarget)
            .where(AnnualTarget.commitment.in_(codes))
            .order_by(AnnualTarget.year, AnnualTarget.month, AnnualTarget.region_code)
        )
    )

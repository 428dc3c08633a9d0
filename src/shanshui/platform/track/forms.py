"""What each unit owes for a period (填报表): by the division of the plans' targets, or by hand."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from shanshui.platform.plans.owners import organizations
from shanshui.platform.plans.targets import indicator_of, region_of
from shanshui.platform.store.models import (
    AnnualTarget,
    Assignment,
    Commitment,
    Document,
    Indicator,
    Organization,
    Region,
    ReportedFigure,
    ReportForm,
    ReportLine,
    Roster,
)
from shanshui.platform.track.periods import Period, period_of
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Ledger

KINDS = ("target", "count", "deferred")
"""Kinds of commitments that figures answer."""
ROLES = ("responsible", "lead")
"""Who reports: the responsible unit of a commitment, else the leading one."""
MISSING = "missing"
"""State of a line for which nothing was filled in."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Due:
    """A figure that the plans ask for in a period.

    Attributes
    ----------
    unit : str or None
        Who owes it; None where nobody is assigned.
    indicator, region : str
        Codes.
    name, place : str
        Their names.
    measure : str or None
        Unit of measure.
    item : str
        Code of the commitment.
    """

    unit: str | None
    indicator: str
    region: str
    name: str
    place: str
    measure: str | None
    item: str


@dataclass
class Opened:
    """What became of forms.

    Attributes
    ----------
    forms, lines : int
        How many were made.
    already : int
        Lines that were there.
    unassigned : list of Due
        Figures for which no unit answers.
    """

    forms: int = 0
    lines: int = 0
    already: int = 0
    unassigned: list[Due] = field(default_factory=list)


def deadline_after(period: str | Period) -> date:
    """Return by when the figures of a period are due, where nothing else is said.

    Examples
    --------
    >>> deadline_after("2026-Q3").isoformat()
    '2026-10-15'
    """
    when = period_of(period)
    return when.end + timedelta(days=_days()[when.kind])


@cache
def _days() -> dict[str, int]:
    text = (files(__package__) / "forms.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text)["days"])


def due(ledger: Ledger, period: str, *, every: bool = False) -> list[Due]:
    """Give the figures that units owe for a period, by the plans in force.

    A commitment whose deadline is not past asks for its indicator in its region; the targets set
    for the year (年度目标) of the same commitment ask for it in their regions too.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    period : str
        ``2026-Q3``.
    every : bool
        Indicators that monitoring yields as well. By default only what is reported, and what
        wells, sources, the sea and noise yield where the ledger has no roster of them.

    Returns
    -------
    list of Due
        Once for each unit, indicator and region; by unit, those without one last.
    """
    with ledger.read() as session:
        return asked(session, period, every=every)


def asked(session: Session, period: str, *, every: bool = False) -> list[Due]:
    """Give what units owe for a period, within a session; see `due`."""
    when = period_of(period)
    promises = _promises(session, when, every=every)
    units = _units(session, [one.code for one, _ in promises])
    wanted = [(one, indicator, str(one.region_code)) for one, indicator in promises]
    by_code = {one.code: (one, indicator) for one, indicator in promises}
    set_for = select(AnnualTarget.commitment, AnnualTarget.region_code).where(
        AnnualTarget.year == when.end.year, AnnualTarget.commitment.in_(by_code)
    )
    wanted += [(*by_code[str(code)], region) for code, region in session.execute(set_for).all()]
    places = dict(session.execute(select(Region.code, Region.name)).all())
    found: dict[tuple[str | None, str, str], Due] = {}
    for one, indicator, region in wanted:
        for unit in units.get(one.code) or [None]:
            found.setdefault(
                (unit, indicator.code, region),
                Due(
                    unit,
                    indicator.code,
                    region,
                    indicator.name,
                    places[region],
                    indicator.unit,
                    one.code,
                ),
            )
    return sorted(found.values(), key=lambda d: (d.unit is None, d.unit or "", d.item, d.region))


def _promises(
    session: Session, when: Period, *, every: bool
) -> Sequence[tuple[Commitment, Indicator]]:
    query: Any = (
        select(Commitment, Indicator)
        .join(Document, Document.id == Commitment.document_id)
        .join(Indicator, Indicator.code == Commitment.indicator_code)
        .where(
            Document.current,
            Commitment.kind.in_(KINDS),
            Commitment.status != "rejected",
            Commitment.region_code.is_not(None),
            or_(Commitment.year.is_(None), Commitment.year >= when.end.year),
            or_(Document.first_year.is_(None), Document.first_year <= when.end.year),
        )
        .order_by(Commitment.year, Commitment.document_id, Commitment.position)
    )
    if not every:
        from shanshui.platform.assess.running import USUAL
        from shanshui.platform.assess.unanswered import answered

        # A method without a roster measures nothing: the figure is asked of its unit.
        domains = {*USUAL, *session.scalars(select(Roster.domain))}
        measured = [code for one in domains for code in answered(one)]
        query = query.where(Indicator.code.not_in(measured))
    found: Sequence[tuple[Commitment, Indicator]] = session.execute(query).all()
    return found


def _units(session: Session, items: Collection[str]) -> dict[str, list[str | None]]:
    """Return the units that report of items: the responsible ones, else those that lead."""
    rows = session.execute(
        select(Assignment.item, Assignment.role, Organization.name)
        .join(Organization, Organization.id == Assignment.organization_id)
        .where(Assignment.item.in_(items), Assignment.role.in_(ROLES), Organization.active)
        .order_by(Assignment.item, Assignment.position, Assignment.id)
    ).all()
    roles: dict[str, dict[str, list[str | None]]] = {}
    for item, role, name in rows:
        roles.setdefault(item, {}).setdefault(role, []).append(name)
    return {item: by.get("responsible") or by["lead"] for item, by in roles.items()}


def open_forms(
    session: Session,
    period: str,
    *,
    who: str,
    deadline: date | None = None,
    units: Collection[str] = (),
    every: bool = False,
) -> Opened:
    """Make the forms that the plans ask for; what is there already stays.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of `Ledger.write`.
    period : str
        ``2026-Q3``.
    who : str
        Who makes them.
    deadline : datetime.date, optional
        By default `deadline_after`; of forms that are there it is set anew where it is given.
    units : list of str
        Only of these.
    every : bool
        See `due`.

    Returns
    -------
    Opened
    """
    found = asked(session, period, every=every)
    chosen = set(organizations(session, units)) if units else None
    done = Opened(unassigned=[one for one in found if one.unit is None])
    by_unit: dict[str, list[Due]] = {}
    for one in found:
        if one.unit is not None and (chosen is None or one.unit in chosen):
            by_unit.setdefault(one.unit, []).append(one)
    for unit, ones in by_unit.items():
        form, new = _form(session, unit, period, who=who, deadline=deadline, origin="plans")
        done.forms += new
        added = _lines(session, form, [(d.indicator, d.region, d.measure, d.item) for d in ones])
        done.lines += added
        done.already += len(ones) - added
    return done


def add(
    session: Session,
    unit: str,
    period: str,
    figures: Iterable[tuple[str, str]],
    *,
    who: str,
    deadline: date | None = None,
    new: bool = False,
) -> Opened:
    """Ask a unit for figures by hand.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of `Ledger.write`.
    unit : str
        Its name.
    period : str
        ``2026-Q3``.
    figures : list of (str, str)
        Indicators and regions, codes or names.
    who : str
        Who asks.
    deadline : datetime.date, optional
        By default `deadline_after`.
    new : bool
        Make a unit that is not known.

    Raises
    ------
    ShanshuiError
        The unit, the period, an indicator or a region is not known.
    """
    name = organizations(session, [unit], new=new)[unit.strip()].name
    rows = []
    for indicator, region in figures:
        what = indicator_of(session, indicator)
        rows.append((what.code, region_of(session, region).code, what.unit, None))
    form, made = _form(session, name, period, who=who, deadline=deadline, origin="hand")
    added = _lines(session, form, rows)
    return Opened(int(made), added, len(rows) - added)


def _form(
    session: Session, unit: str, period: str, *, who: str, deadline: date | None, origin: str
) -> tuple[ReportForm, bool]:
    when = period_of(period)
    owner = organizations(session, [unit])[unit]
    known = session.scalar(select(ReportForm).filter_by(organization_id=owner.id, period=when.text))
    if known is not None:
        if deadline is not None:
            known.deadline = deadline.isoformat()
        return known, False
    form = ReportForm(
        organization_id=owner.id,
        period=when.text,
        deadline=(deadline or deadline_after(when)).isoformat(),
        origin=origin,
        made_by=who.strip(),
    )
    session.add(form)
    session.flush()
    return form, True


def _lines(
    session: Session,
    form: ReportForm,
    wanted: Iterable[tuple[str, str, str | None, str | None]],
) -> int:
    there = {
        (line.indicator_code, line.region_code)
        for line in session.scalars(select(ReportLine).where(ReportLine.form_id == form.id))
    }
    added = 0
    for indicator, region, measure, item in wanted:
        if (indicator, region) in there:
            continue
        there.add((indicator, region))
        session.add(
            ReportLine(
                form_id=form.id,
                indicator_code=indicator,
                region_code=region,
                unit=measure,
                item=item,
                position=len(there),
            )
        )
        added += 1
    session.flush()
    return added


# ------------------------------------------------------------------------------------ what is there


def form_of(session: Session, unit: str, period: str) -> tuple[ReportForm, Organization]:
    """Return the form of a unit for a period.

    Raises
    ------
    ShanshuiError
        There is no such unit or form.
    """
    owner = organizations(session, [unit])[unit.strip()]
    when = period_of(period).text
    form = session.scalar(select(ReportForm).filter_by(organization_id=owner.id, period=when))
    if form is None:
        raise ShanshuiError(
            f"{owner.name} 没有 {when} 的填报表；用 shanshui report-in open {when} 建立 / "
            f"{owner.name} has no form for {when}: make it with shanshui report-in open {when}"
        )
    return form, owner


def lines(
    session: Session,
    *,
    unit: str | None = None,
    period: str | None = None,
    numbers: Collection[int] | None = None,
) -> list[Row]:
    """Give the lines of forms with their latest figures.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    unit : str, optional
        Of this unit.
    period : str, optional
        Of this period.
    numbers : list of int, optional
        These lines.

    Returns
    -------
    list of dict
        ``line`` (number of the line), ``unit``, ``period``, ``deadline``, ``indicator``,
        ``indicator_code``, ``region``, ``region_code``, ``measure``, ``item``, ``state`` (of
        `shanshui.platform.track.reported.STATES`, or ``missing``), ``value`` (Decimal), ``number``
        (of the version), ``basis``, ``evidence``, ``note``, ``reason``, ``warnings``, ``answer``,
        ``filled_by``, ``filled_at``, ``submitted_by``, ``submitted_at``, ``decided_by``,
        ``decided_at``, ``figure`` (id).
    """
    query: Any = (
        select(ReportLine, ReportForm, Organization.name, Indicator.name, Region.name)
        .join(ReportForm, ReportForm.id == ReportLine.form_id)
        .join(Organization, Organization.id == ReportForm.organization_id)
        .join(Indicator, Indicator.code == ReportLine.indicator_code)
        .join(Region, Region.code == ReportLine.region_code)
        .order_by(ReportForm.deadline, Organization.name, ReportForm.id, ReportLine.position)
    )
    if unit:
        owner = organizations(session, [unit])[unit.strip()]
        query = query.where(ReportForm.organization_id == owner.id)
    if period:
        query = query.where(ReportForm.period == period_of(period).text)
    if numbers is not None:
        query = query.where(ReportLine.id.in_(numbers))
    found = session.execute(query).all()
    latest = latest_of(session, [line.id for line, *_ in found])
    return [
        {
            "line": line.id,
            "unit": owner,
            "period": form.period,
            "deadline": form.deadline,
            "indicator": indicator,
            "indicator_code": line.indicator_code,
            "region": region,
            "region_code": line.region_code,
            "measure": line.unit,
            "item": line.item,
            **_figure(latest.get(line.id)),
        }
        for line, form, owner, indicator, region in found
    ]


_FIELDS = (
    *("value", "number", "basis", "evidence", "note", "reason", "warnings", "answer"),
    *("filled_by", "filled_at", "submitted_by", "submitted_at", "decided_by", "decided_at"),
)


def _figure(row: ReportedFigure | None) -> Row:
    if row is None:
        return {"state": MISSING, **dict.fromkeys(_FIELDS), "figure": None}
    values = {name: getattr(row, name) for name in _FIELDS}
    return {"state": row.state, **values, "figure": row.id}


def latest_of(session: Session, numbers: Collection[int]) -> dict[int, ReportedFigure]:
    """Return the latest version of the figure of each line."""
    rows = session.scalars(
        select(ReportedFigure)
        .where(ReportedFigure.line_id.in_(numbers))
        .order_by(ReportedFigure.line_id, ReportedFigure.number)
    )
    return {row.line_id: row for row in rows}

"""Fill in, submit, accept or return figures (填报、审核、退回): one way for sheets and programs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shanshui.platform.plans.targets import exact
from shanshui.platform.review.evidence import Kept, note_down
from shanshui.platform.store.models import (
    Evidence,
    Indicator,
    Organization,
    Region,
    ReportedFigure,
    ReportForm,
    ReportLine,
    now,
)
from shanshui.platform.track.forms import form_of, latest_of
from shanshui.platform.track.plausible import Doubt, Known
from shanshui.platform.track.reported import STATES
from shanshui.standards import Basis
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

FIELDS = ("value", "note", "basis", "evidence")
"""What is filled in."""


@dataclass(frozen=True)
class Entry:
    """What a person fills in on a line; what is not given stays.

    Attributes
    ----------
    line : int
        Number of the line.
    values : dict
        ``value`` (a number as it is written, or None), ``note``, ``basis`` (a Basis, its text
        form or its fields), ``evidence`` (list of `shanshui.platform.review.evidence.Kept`).
    reason : str or None
        Why an accepted value is restated.
    """

    line: int
    values: Mapping[str, Any]
    reason: str | None = None


@dataclass(frozen=True)
class Filled:
    """What came of an entry.

    Attributes
    ----------
    line : int
        Number of the line.
    label : str
        What the line is, in words.
    changed : tuple of str
        The fields that changed; empty where nothing did.
    number : int
        The version.
    doubts : tuple of Doubt
        What is implausible.
    """

    line: int
    label: str
    changed: tuple[str, ...]
    number: int
    doubts: tuple[Doubt, ...] = field(default=())


@dataclass
class _Line:
    row: ReportLine
    form: ReportForm
    unit: str
    indicator: Indicator
    region: str

    @property
    def label(self) -> str:
        return f"{self.indicator.name} {self.region} {self.form.period}"


def lines_named(session: Session, numbers: Collection[int]) -> dict[int, _Line]:
    """Return lines by number.

    Raises
    ------
    ShanshuiError
        A number is not known.
    """
    query = (
        select(ReportLine, ReportForm, Organization.name, Indicator, Region.name)
        .join(ReportForm, ReportForm.id == ReportLine.form_id)
        .join(Organization, Organization.id == ReportForm.organization_id)
        .join(Indicator, Indicator.code == ReportLine.indicator_code)
        .join(Region, Region.code == ReportLine.region_code)
        .where(ReportLine.id.in_(numbers))
    )
    found = {row[0].id: _Line(*row) for row in session.execute(query).all()}
    for number in numbers:
        if number not in found:
            raise ShanshuiError(f"没有编号为 {number} 的填报项 / no line has the number {number}")
    return found


def line_of(session: Session, unit: str, period: str, indicator: str, region: str) -> int:
    """Return the number of the line of a form by its indicator and region.

    Raises
    ------
    ShanshuiError
        The form does not ask for it.
    """
    from shanshui.platform.plans.targets import indicator_of, region_of

    form, owner = form_of(session, unit, period)
    what, where = indicator_of(session, indicator), region_of(session, region)
    found = session.scalar(
        select(ReportLine.id).filter_by(
            form_id=form.id, indicator_code=what.code, region_code=where.code
        )
    )
    if found is None:
        raise ShanshuiError(
            f"{owner.name} {form.period} 的填报表没有“{what.name} {where.name}”；"
            f"用 shanshui report-in add 加上 / the form of {owner.name} for {form.period} "
            f"does not ask for {what.name} of {where.name}: add it with shanshui report-in add"
        )
    return int(found)


def fill(
    session: Session,
    entries: Sequence[Entry],
    *,
    who: str,
    via: str = "python",
    known: Mapping[str, Known] | None = None,
) -> list[Filled]:
    """Fill figures in as drafts.

    A draft or a returned figure is changed; an accepted one is restated: a new version that
    supersedes it once it is accepted itself. A figure that waits for its acceptance is not changed.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of `Ledger.write`.
    entries : list of Entry
        What is filled in.
    who : str
        By whom (填报人).
    via : str
        ``excel``, ``cli``, ``python`` or the like.
    known : dict of Known, optional
        By period, where the caller has it: what the values are set against.

    Returns
    -------
    list of Filled
        In the order of the entries.

    Raises
    ------
    ShanshuiError
        A line is not known, a value is no number or impossible, a restated value has no reason, a
        figure waits for its acceptance. Nothing is changed then.
    """
    lines = lines_named(session, [one.line for one in entries])
    latest = latest_of(session, list(lines))
    against = known or _known(session, lines.values())
    done = []
    for entry in entries:
        line = lines[entry.line]
        row, changed = _written(session, line, latest.get(entry.line), entry, who, via)
        doubts: list[Doubt] = []
        if row.value is not None:
            doubts = against[line.form.period].doubts(
                line.indicator, line.row.region_code, row.value
            )
        for doubt in doubts:
            if doubt.level == "impossible" and "value" in changed:
                raise ShanshuiError(f"{line.label}：{doubt.zh} / {line.label}: {doubt.en}")
        if changed:
            row.warnings = [doubt.as_dict() for doubt in doubts] or None
            session.add(row)
            session.flush()
        done.append(Filled(entry.line, line.label, changed, row.number, tuple(doubts)))
    return done


def _known(session: Session, lines: Iterable[_Line]) -> dict[str, Known]:
    by_period: dict[str, list[_Line]] = {}
    for line in lines:
        by_period.setdefault(line.form.period, []).append(line)
    return {
        period: Known(
            session,
            [one.row.indicator_code for one in ones],
            [one.row.region_code for one in ones],
            period,
        )
        for period, ones in by_period.items()
    }


def _written(
    session: Session,
    line: _Line,
    before: ReportedFigure | None,
    entry: Entry,
    who: str,
    via: str,
) -> tuple[ReportedFigure, tuple[str, ...]]:
    """Write an entry into the version that it changes, or into a new one."""
    given = _given(session, line, entry, who)
    had = {name: getattr(before, name) if before else None for name in FIELDS}
    changed = tuple(name for name, new in given.items() if not _equal(new, had[name]))
    blank = ReportedFigure(line_id=line.row.id, number=1, state="draft", via=via, filled_by=who)
    if not changed:
        return before or blank, ()
    if before is None:
        row = blank
    elif before.state == "submitted":
        raise ShanshuiError(
            f"{line.label} 已报、等待审核，要改请先退回 / "
            f"{line.label} waits for its acceptance: it has to be returned first"
        )
    elif before.state == "accepted":
        row = _restated(before, line, entry, who, via)
    else:
        row = before
        row.state, row.answer = "draft", None
        row.filled_by, row.filled_at, row.via = who, now(), via
    if entry.reason and before is not None:
        row.reason = entry.reason
    for name in changed:
        setattr(row, name, given[name])
    return row, changed


def _restated(
    before: ReportedFigure, line: _Line, entry: Entry, who: str, via: str
) -> ReportedFigure:
    if not entry.reason:
        raise ShanshuiError(
            f"{line.label} 已审，更正须写明理由 / {line.label} is accepted: say why it is restated"
        )
    kept = {name: getattr(before, name) for name in FIELDS}
    return ReportedFigure(
        **kept,
        line_id=line.row.id,
        number=before.number + 1,
        supersedes_id=before.id,
        state="draft",
        via=via,
        filled_by=who,
    )


def _equal(a: Any, b: Any) -> bool:
    """Tell 20.0 from 20, and nothing from what is there."""
    return str(a) == str(b) if isinstance(a, Decimal) else (a or None) == (b or None)


def _given(session: Session, line: _Line, entry: Entry, who: str) -> dict[str, Any]:
    """Understand what is given."""
    given = dict(entry.values)
    if unknown := set(given) - set(FIELDS):
        listed = "、".join(sorted(unknown))
        raise ShanshuiError(f"不认识的字段 {listed} / unknown fields {listed}")
    if given.get("value") is not None:
        given["value"] = exact(given["value"], f"{line.label} 的值")
    if "basis" in given:
        given["basis"] = basis_fields(given["basis"])
    if "evidence" in given:
        files: list[Kept] = list(given["evidence"] or ())
        note_down(session, files, who)
        given["evidence"] = [one.sha256 for one in files] or None
    if "note" in given:
        given["note"] = (given["note"] or "").strip() or None
    return given


def basis_fields(basis: Basis | Mapping[str, Any] | str | None) -> dict[str, str] | None:
    """Return the stated fields of a basis however it is given.

    Examples
    --------
    >>> basis_fields("roster=国考断面;edition=2012")
    {'roster': '国考断面', 'edition': '2012'}
    """
    if basis is None or basis == "":
        return None
    if isinstance(basis, str):
        basis = Basis.parse(basis)
    elif not isinstance(basis, Basis):
        basis = Basis(**basis)
    return basis.stated() or None


def submit(session: Session, numbers: Sequence[int], *, who: str) -> list[Filled]:
    """Submit drafts (上报): they wait for another person's acceptance.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of `Ledger.write`.
    numbers : list of int
        Lines.
    who : str
        Who submits.

    Returns
    -------
    list of Filled
        With what is implausible as it stands now.

    Raises
    ------
    ShanshuiError
        A line has no draft, or a draft has neither a value nor a note that says why. Nothing is
        changed then.
    """
    lines = lines_named(session, numbers)
    latest = latest_of(session, list(lines))
    known = _known(session, lines.values())
    done = []
    for number in dict.fromkeys(numbers):
        line, row = lines[number], latest.get(number)
        if row is None or row.state not in ("draft", "returned"):
            said, said_en = ("还没有填", "nothing is filled in")
            if row is not None:
                said, said_en = f"的状态是{STATES[row.state]}，不能再报", f"is {row.state} already"
            raise ShanshuiError(f"{line.label} {said} / {line.label}: {said_en}")
        if row.state == "returned":
            raise ShanshuiError(
                f"{line.label} 被退回（{row.answer}），改了再报 / "
                f"{line.label} was returned ({row.answer}): change it first"
            )
        if row.value is None and not row.note:
            raise ShanshuiError(
                f"{line.label} 没有值；确无数据的请在说明里写原因 / "
                f"{line.label} has no value: say why in the note"
            )
        doubts: list[Doubt] = []
        if row.value is not None:
            doubts = known[line.form.period].doubts(line.indicator, line.row.region_code, row.value)
        row.warnings = [doubt.as_dict() for doubt in doubts] or None
        row.state, row.submitted_by, row.submitted_at = "submitted", who.strip(), now()
        done.append(Filled(number, line.label, ("state",), row.number, tuple(doubts)))
    session.flush()
    return done


def accept(session: Session, numbers: Sequence[int], *, who: str) -> list[Filled]:
    """Accept submitted figures (审核通过); from now on they count.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of `Ledger.write`.
    numbers : list of int
        Lines.
    who : str
        Who accepts (审核人): not the one who filled in or submitted.

    Returns
    -------
    list of Filled
        With what was implausible when they were submitted.

    Raises
    ------
    ShanshuiError
        A figure is not submitted, or it is the person's own. Nothing is changed then.
    """
    done = []
    for line, row in _decided(session, numbers, who):
        moment = now()
        row.state, row.accepted_at = "accepted", moment
        row.decided_by, row.decided_at, row.answer = who.strip(), moment, None
        if row.supersedes_id is not None:
            before = session.get(ReportedFigure, row.supersedes_id)
            if before is not None:
                before.superseded_at = moment
        doubts = tuple(Doubt(**doubt) for doubt in row.warnings or ())
        done.append(Filled(line.row.id, line.label, ("state",), row.number, doubts))
    session.flush()
    return done


def send_back(session: Session, numbers: Sequence[int], *, who: str, reason: str) -> list[Filled]:
    """Return submitted figures (退回) to the unit, with the reason.

    Raises
    ------
    ShanshuiError
        A figure is not submitted, it is the person's own, or no reason is given. Nothing is
        changed then.
    """
    if not reason.strip():
        raise ShanshuiError("退回须写明理由 / say why it is returned")
    done = []
    for line, row in _decided(session, numbers, who):
        row.state, row.answer = "returned", reason.strip()
        row.decided_by, row.decided_at = who.strip(), now()
        done.append(Filled(line.row.id, line.label, ("state",), row.number))
    session.flush()
    return done


def _decided(
    session: Session, numbers: Sequence[int], who: str
) -> list[tuple[_Line, ReportedFigure]]:
    """Return figures that a person may decide on."""
    lines = lines_named(session, numbers)
    latest = latest_of(session, list(lines))
    found = []
    for number in dict.fromkeys(numbers):
        line, row = lines[number], latest.get(number)
        if row is None or row.state != "submitted":
            state = STATES[row.state] if row else "未填"
            raise ShanshuiError(
                f"{line.label} 的状态是{state}，不是已报 / {line.label} is not submitted"
            )
        if who.strip() in (row.filled_by.strip(), (row.submitted_by or "").strip()):
            raise ShanshuiError(
                f"{line.label} 是 {who.strip()} 自己填报的，须由另一人审核 / "
                f"{line.label} was reported by {who.strip()}: another person has to review it"
            )
        found.append((line, row))
    return found


def history(session: Session, line: int) -> list[dict[str, Any]]:
    """Give all versions of the figure of a line, the first first.

    Returns
    -------
    list of dict
        The columns of `shanshui.platform.store.models.ReportedFigure`, and ``files``: name, digest
        and size of each file of evidence.
    """
    lines_named(session, [line])
    rows = session.scalars(
        select(ReportedFigure).filter_by(line_id=line).order_by(ReportedFigure.number)
    ).all()
    digests = {digest for row in rows for digest in row.evidence or ()}
    kept = {
        one.sha256: one
        for one in session.scalars(select(Evidence).where(Evidence.sha256.in_(digests)))
    }
    return [
        row.values()
        | {
            "files": [
                {"name": kept[digest].name, "sha256": digest, "size": kept[digest].size}
                for digest in row.evidence or ()
            ]
        }
        for row in rows
    ]

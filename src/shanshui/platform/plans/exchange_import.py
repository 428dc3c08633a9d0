"""Bring an edited workbook back into the ledger: the edited cells, each in the audit trail."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import func, select

from shanshui.platform.plans import correcting, lists, owners, review, work
from shanshui.platform.plans.exchange import cells_of, items_of, ledger_id
from shanshui.platform.plans.exchange_form import FORMS, Form, stored
from shanshui.platform.plans.exchange_read import (
    Edit,
    Fault,
    Line,
    Returned,
    read_workbook,
)
from shanshui.platform.store.ledger import plain
from shanshui.platform.store.models import Document, Progress, now
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from shanshui.platform.plans.work import Item
    from shanshui.platform.store import Ledger

_LAST = re.compile(r"(\d+)$")


@dataclass(frozen=True)
class Change:
    """A cell that changes the ledger.

    Attributes
    ----------
    sheet, column, code : str
        Where it is; the code of the item.
    row : int
        Of the sheet.
    before, after : str
        As the sheet writes them.
    """

    sheet: str
    row: int
    column: str
    code: str
    before: str
    after: str


@dataclass(frozen=True)
class Clash:
    """A cell that was edited here and in the ledger since the export; the ledger's value stays.

    Attributes
    ----------
    sheet, column, code : str
        Where it is; the code of the item.
    row : int
        Of the sheet.
    exported, here, ledger : str
        What was exported, what the sheet has, and what the ledger has now.
    """

    sheet: str
    row: int
    column: str
    code: str
    exported: str
    here: str
    ledger: str


@dataclass
class Outcome:
    """What an import did, or would do.

    Attributes
    ----------
    document, period : str
        The plan, and the month or week of the reports.
    changes : list of Change
        Cells that changed the ledger, decisions among them.
    added : list of str
        Codes of the items that were inserted.
    clashes : list of Clash
        Cells that were not taken: the item was changed in the ledger since the export.
    faults : list of Fault
        Cells that cannot be taken; of their rows nothing was.
    missing : list of str
        Codes of rows that were deleted in the sheet; the ledger keeps the items.
    already : int
        Edited cells that the ledger has already.
    applied : bool
        Whether the ledger was changed.
    """

    document: str
    period: str
    changes: list[Change] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    clashes: list[Clash] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    already: int = 0
    applied: bool = False


class Refused(ShanshuiError):
    """A workbook with cells that cannot be taken; nothing was changed."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        zh, _, en = str(outcome.faults[0]).partition(" / ")
        more = len(outcome.faults) - 1
        others = (f"；另有 {more} 处", f"; and {more} more") if more else ("", "")
        super().__init__(f"{zh}{others[0]}；台账未改动 / {en}{others[1]}; nothing was changed")


def import_workbook(
    ledger: Ledger,
    data: bytes,
    *,
    who: str,
    name: str = "",
    reason: str | None = None,
    dry_run: bool = False,
    keep_good: bool = False,
    new_units: bool = False,
) -> Outcome:
    """Bring back a workbook of `shanshui.platform.plans.exchange.export`.

    Only edited cells change the ledger, in one transaction, each in the audit trail. Rows with an
    empty code become items ``added``; rows that were deleted change nothing. An item that was
    changed in the ledger since the export is not overwritten. Bringing the same file back twice
    changes nothing.

    Parameters
    ----------
    ledger : Ledger
        The ledger from which it was exported.
    data : bytes
        The file.
    who : str
        Who has edited it.
    name : str
        What the file is called, for the errors.
    reason : str, optional
        Why, for the audit trail.
    dry_run : bool
        Only say what would change.
    keep_good : bool
        Take the good rows where some cannot be taken; by default all or nothing.
    new_units : bool
        Make units (责任单位) that are not known.

    Returns
    -------
    Outcome

    Raises
    ------
    Refused
        Cells cannot be taken, and `keep_good` is false.
    ShanshuiError
        It is no such workbook, of another ledger, or its plan has a new edition.
    """
    returned = read_workbook(data, name)
    way = ledger.read() if dry_run else ledger.write(who=who, action="plan import", reason=reason)
    with way as session:
        plan = _plan(session, returned, name or "核对表")
        judged = _Judged(session, plan, returned, new_units=new_units)
        judged.judge()
        outcome = judged.outcome
        if dry_run:
            return outcome
        if outcome.faults and not keep_good:
            raise Refused(outcome)
        judged.apply(who)
        outcome.applied = bool(outcome.changes or outcome.added)
        return outcome


def _plan(session: Session, returned: Returned, label: str) -> Document:
    about = returned.about
    own = ledger_id(session)
    if about["ledger"] != own:
        raise ShanshuiError(
            f"{label} 出自另一个台账（{about['ledger']}，本台账 {own}），不能带回 / "
            f"{label} was exported from another ledger ({about['ledger']}, this is {own})"
        )
    plan = lists.documents(session, str(about["document"]))[0]
    if plan.edition != int(about["edition"]):
        raise ShanshuiError(
            f"{label} 是“{plan.code}”第 {about['edition']} 版导出的，台账里已是第 {plan.edition} "
            f"版；请重新导出 / {label} is of edition {about['edition']} of {plan.code}; the ledger "
            f"has {plan.edition}: export it again"
        )
    return plan


@dataclass
class _Work:
    """What is to be done with a row."""

    line: Line
    item: Item | None
    fields: dict[str, str] = field(default_factory=dict)
    units: dict[str, list[str]] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    decision: str = ""


class _Judged:
    """The rows of a workbook, held against the ledger."""

    def __init__(
        self, session: Session, plan: Document, returned: Returned, *, new_units: bool
    ) -> None:
        self.session = session
        self.plan = plan
        self.returned = returned
        self.new_units = new_units
        self.period = work.period_of(str(returned.about["period"]))
        self.outcome = Outcome(
            plan.code,
            self.period.text,
            faults=list(returned.faults),
            missing=list(returned.missing),
        )
        self.works: list[_Work] = []

    # ------------------------------------------------------------------------------------- judge

    def judge(self) -> None:
        """Say of each edited cell whether it changes the ledger, clashes, or cannot be taken."""
        for form in FORMS:
            lines = [line for line in self.returned.lines if line.form is form]
            if not lines:
                continue
            items = {item.code: item for item in items_of(self.session, self.plan, form)}
            asked = [items[line.code] for line in lines if line.code in items]
            cells = cells_of(self.session, form, asked, self.period)
            for line in lines:
                self._judge(line, items, cells.get(line.code, {}))

    def _judge(self, line: Line, items: Mapping[str, Item], cells: Mapping[str, str]) -> None:
        item = items.get(line.code)
        if line.code and item is None:
            said = f"台账里已没有 {line.code} / the ledger has no {line.code} any more"
            self.outcome.faults.append(line.fault("编号", line.code, said))
            return
        todo = _Work(line, item)
        if item is None:
            todo = self._inserted(line, items)
        faults = self._faults(todo)
        if faults:
            self.outcome.faults += faults
            return
        if not line.code and self._there(todo, items):
            self.outcome.already += len(line.edits)
            return
        before = len(self.outcome.changes)
        stale = item is not None and item.version != line.version
        for edit in line.edits:
            self._place(todo, edit, cells, stale=stale)
        if item is None or len(self.outcome.changes) > before:
            self.works.append(todo)

    def _inserted(self, line: Line, items: Mapping[str, Item]) -> _Work:
        """Make the row of an item that was inserted; it is not in the session yet."""
        parent = line.parent if line.form.key == "tasks" else ""
        values: dict[str, Any] = {
            "document_id": self.plan.id,
            "code": "",
            "position": 1 + max((one.position for one in items.values()), default=0),
            "status": "added",
        }
        if line.form.key == "tasks":
            values["parent"] = parent or None
            if above := items.get(parent):
                values["section"], values["position"] = above.section, above.position
        if line.form.key == "targets":
            # A kind frees an indicator to be one of its own, so it is set first.
            kind = line.text("kind")
            values["kind"] = stored(line.form.column("kind"), kind) if kind else "target"
        row = line.form.model(**values)
        work_ = _Work(line, row)
        if parent and parent not in items:
            work_.decision = "!parent"
        return work_

    def _there(self, todo: _Work, items: Mapping[str, Item]) -> bool:
        """Say whether an inserted row was brought in before."""
        fields = {edit.column.key: _said(edit) for edit in todo.line.of("item")}
        values = correcting.columns(self.session, cast("Item", todo.item), fields)
        return any(
            all(plain(getattr(one, name)) == plain(value) for name, value in values.items())
            and getattr(one, "parent", None) == getattr(todo.item, "parent", None)
            for one in items.values()
            if one.status == "added"
        )

    def _same(self, item: Item, edit: Edit) -> bool:
        """Say whether the ledger has what a cell means: 清远市, where the sheet has 清远."""
        values = correcting.columns(self.session, item, {edit.column.key: _said(edit)})
        return all(plain(getattr(item, name)) == plain(value) for name, value in values.items())

    def _faults(self, todo: _Work) -> list[Fault]:
        line, item = todo.line, todo.item
        found = []
        if todo.decision == "!parent":
            said = "没有这项任务 / there is no such task"
            return [line.fault("所属任务编号", line.parent, said)]
        needed = line.form.column(line.form.needed)
        if not line.code and not line.text(needed.key):
            said = f"新增的行须填{needed.head} / a new row needs {needed.head}"
            found.append(line.fault(needed.head, "", said))
        for edit in line.of("item"):
            try:
                correcting.columns(self.session, cast("Item", item), {edit.column.key: _said(edit)})
            except ShanshuiError as error:
                found.append(line.fault(edit.column.head, edit.now, error))
        for edit in line.of("owner"):
            try:
                if not self.new_units:
                    owners.organizations(self.session, owners.names_of(edit.now))
            except ShanshuiError as error:
                found.append(line.fault(edit.column.head, edit.now, error))
        return found + _undecided(line)

    def _place(self, todo: _Work, edit: Edit, cells: Mapping[str, str], *, stale: bool) -> None:
        line, column = todo.line, edit.column
        if column.key == "why":
            return
        if column.part == "decision":
            self._decide(todo, edit, stale=stale)
            return
        theirs = cells.get(column.key, "")
        known = column.part == "item" and line.code and self._same(cast("Item", todo.item), edit)
        if theirs == edit.now or known:
            self.outcome.already += 1
            return
        if theirs != edit.was or (stale and column.part == "item"):
            self._clash(line, edit, theirs)
            return
        if column.part == "item":
            todo.fields[column.key] = _said(edit)
        elif column.part == "owner":
            todo.units[column.key] = owners.names_of(edit.now)
        else:
            todo.report[column.key] = stored(column, edit.now)
        self._change(line, edit, theirs)

    def _decide(self, todo: _Work, edit: Edit, *, stale: bool) -> None:
        if todo.item is None or not todo.line.code:
            return
        decision = stored(edit.column, edit.now)
        status = {"confirm": "confirmed", "reject": "rejected"}.get(decision)
        if status is None or (decision == "confirm" and todo.line.of("item")):
            return  # what is corrected is told by its cells
        theirs = review.STATUSES[todo.item.status]
        done = {status, "corrected", "added"} if status == "confirmed" else {status, "added"}
        if todo.item.status in done:
            self.outcome.already += 1
        elif stale:
            self._clash(todo.line, edit, theirs)
        else:
            todo.decision = decision
            self._change(todo.line, edit, theirs)

    def _change(self, line: Line, edit: Edit, before: str) -> None:
        where = (line.form.name, line.row, edit.column.head, line.code)
        self.outcome.changes.append(Change(*where, before, edit.now))

    def _clash(self, line: Line, edit: Edit, theirs: str) -> None:
        where = (line.form.name, line.row, edit.column.head, line.code)
        self.outcome.clashes.append(Clash(*where, edit.was, edit.now, theirs))

    # ------------------------------------------------------------------------------------- apply

    def apply(self, who: str) -> None:
        """Write what was judged to change the ledger."""
        reports: dict[str, Mapping[str, Any]] = {}
        for todo in self.works:
            code = todo.line.code
            if not code:
                code = self._add(todo, who)
                self.outcome.added.append(code)
            elif todo.fields:
                correcting.apply(self.session, cast("Item", todo.item), todo.fields, who=who)
            if todo.units:
                owners.assign(self.session, [code], todo.units, new=self.new_units)
            if todo.report:
                reports[code] = todo.report
        self._report(reports, who)
        self._mark(who)

    def _report(self, reports: Mapping[str, Mapping[str, Any]], who: str) -> None:
        query = select(Progress).where(
            Progress.item.in_(reports), Progress.period == self.period.text
        )
        rows = {row.item: row for row in self.session.scalars(query)}
        for code, values in reports.items():
            work.put(self.session, rows.get(code), code, self.period, who=who, values=values)
        self.session.flush()

    def _mark(self, who: str) -> None:
        """Confirm and reject by the functions of the review, within this transaction."""
        here = cast("Ledger", _Within(self.session))
        confirmed = [todo.line.code for todo in self.works if todo.decision == "confirm"]
        if confirmed:
            review.confirm(here, review.Choice(confirmed), who=who)
        reasons: dict[str | None, list[str]] = {}
        for todo in self.works:
            if todo.decision == "reject":
                reasons.setdefault(todo.line.text("why") or None, []).append(todo.line.code)
        for reason, codes in reasons.items():
            review.reject(here, review.Choice(codes), who=who, reason=reason)

    def _add(self, todo: _Work, who: str) -> str:
        row = cast("Item", todo.item)
        for name, value in correcting.columns(self.session, row, todo.fields).items():
            setattr(row, name, value)
        if todo.line.form.key == "targets" and "region" not in todo.fields:
            place = correcting.columns(self.session, row, {"region": self.plan.region_code})
            for name, value in place.items():
                setattr(row, name, value)
        elif row.region_code is None:
            row.region_code = self.plan.region_code
        row.code = _next_code(self.session, self.plan, todo.line.form, todo.line.parent)
        row.checked_by, row.checked_at = who.strip(), now()
        self.session.add(row)
        self.session.flush()
        return row.code


def _said(edit: Edit) -> str:
    return edit.now or "否" if edit.column.kind == "flag" else edit.now


def _undecided(line: Line) -> list[Fault]:
    """Say where a decision and what was edited contradict each other."""
    decision, edited = line.text("decision"), line.of("item")
    head = line.form.column("decision").head
    if not line.code or not decision:
        return []
    if decision == "剔除" and edited:
        said = "剔除的行不应同时修改内容 / a row that is rejected is not corrected too"
        return [line.fault(head, decision, said)]
    if decision == "更正" and not edited:
        said = "填了更正，但没有改动任何内容 / marked as corrected, but nothing was edited"
        return [line.fault(head, decision, said)]
    return []


class _Within:
    """A transaction under way in the place of a ledger: its writing is a part of that."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @contextmanager
    def write(self, **_: Any) -> Iterator[Session]:
        """Give the session that writes already."""
        yield self._session


def _next_code(session: Session, plan: Document, form: Form, parent: str) -> str:
    """Return a code above all that an edition of the plan has ever had."""
    marks = {"targets": "", "tasks": "t", "projects": "p"}
    action = form.key == "tasks" and parent
    stem = f"{parent}-" if action else f"{plan.code}-{marks[form.key]}"
    model = form.model
    codes: Sequence[str] = session.scalars(
        select(model.code)
        .join(Document, Document.id == model.document_id)
        .where(Document.code == plan.code, func.substr(model.code, 1, len(stem)) == stem)
    ).all()
    numbers = [int(last[1]) for c in codes if (last := _LAST.fullmatch(c[len(stem) :]))]
    width = 2 if action else 3
    return f"{stem}{1 + max(numbers, default=0):0{width}}"

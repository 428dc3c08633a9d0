"""A unit's form as a workbook (填报表) that is filled in in Excel or WPS, and brought back.

The workbook is that of the plans: what was exported lies in a hidden sheet, and only edited cells
come back.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shanshui.platform.plans.exchange import ledger_id, write_kept, write_sheet
from shanshui.platform.plans.exchange_form import (
    VERSION,
    Book,
    Column,
    Form,
    read_only,
    shown,
    stored,
)
from shanshui.platform.plans.exchange_import import Change, Clash, Outcome, Refused
from shanshui.platform.plans.exchange_read import Fault, Line, Returned, read_workbook
from shanshui.platform.report import office
from shanshui.platform.report.office import day_text
from shanshui.platform.review.evidence import Kept, keep, path_of
from shanshui.platform.store.models import Evidence, Organization, ReportedFigure, ReportForm, now
from shanshui.platform.track.filling import Entry, Filled, fill, submit
from shanshui.platform.track.forms import MISSING, form_of, lines
from shanshui.platform.track.periods import period_of
from shanshui.platform.track.plausible import Known
from shanshui.platform.track.reported import STATES
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Workspace

COMMAND = "shanshui report-in export"
SHEET = "填报"
PAST = 3
"""Earlier periods that are shown."""
_HELP = (
    "蓝色表头的列可以填，灰色表头的列只供查看，改了也不会带回。",
    "“本期值”只填数，单位见“计量单位”，不要带单位；小数位按实际填写，20.0 就写 20.0。",
    "确实没有数据的，“本期值”留空，在“说明”里写原因。",
    "“佐证文件”写文件的路径，相对于本表所在的文件夹，几个文件用顿号隔开；导入时复制到工作区。",
    "已审的数要更正，改“本期值”并写“更正理由”；更正须再审，原来的值保留可查。",
    "“已报”的行正在等待审核，要改请审核人先退回。",
    "可以排序、筛选、调整列宽；请不要改表头、工作表的名称和“编号”，也不要加行。",
)
_PARTED = re.compile(r"[、；;\n]+")
Row = dict[str, Any]


@dataclass
class Taken(Outcome):
    """What an import did, or would do; ``document`` is the unit.

    Attributes
    ----------
    filled : list of Filled
        The lines that changed, with what is implausible.
    submitted : int
        How many were submitted.
    """

    filled: list[Filled] = field(default_factory=list)
    submitted: int = 0


def form(periods: Sequence[str] = ()) -> Form:
    """Return the columns of the sheet, with the earlier periods that it shows."""
    return Form(
        "report",
        SHEET,
        ReportedFigure,
        (
            read_only("code", "编号", 7),
            read_only("indicator", "指标", 26),
            read_only("region", "地区", 12),
            read_only("measure", "计量单位", 10),
            *(read_only(f"past{at}", period, 12) for at, period in enumerate(periods)),
            Column("value", "本期值", 12, "number"),
            Column("evidence", "佐证文件", 20),
            Column("note", "说明", 22),
            Column("reason", "更正理由", 16),
            read_only("state", "状态", 8),
            read_only("answer", "退回理由", 16),
            read_only("doubts", "提示", 28),
        ),
        "value",
    )


def export(workspace: Workspace, unit: str, period: str) -> bytes:
    """Write the form of a unit as a workbook.

    Parameters
    ----------
    workspace : Workspace
        With the form.
    unit : str
        Name of the unit.
    period : str
        ``2026-Q3``.

    Returns
    -------
    bytes
        An XLSX file.

    Raises
    ------
    ShanshuiError
        There is no such unit or form.
    """
    with workspace.ledger.read() as session:
        one, owner = form_of(session, unit, period)
        rows = lines(session, unit=owner.name, period=one.period)
        when = period_of(one.period)
        # The same period of the year before, where it is not among the last ones anyway.
        before = [earlier.text for earlier in when.earlier(PAST - (when.kind != "year"))]
        last_year = when.year_before().text
        periods = before if last_year in before else [last_year, *before]
        sheet = form(periods)
        known = _known(session, rows, one.period)
        cells = [_cells(session, sheet, row, periods, known) for row in rows]
        name, text = owner.name, one.period
        deadline = day_text(date.fromisoformat(one.deadline))
        about = {
            "form": VERSION,
            "ledger": ledger_id(session),
            "document": owner.name,
            "edition": one.id,
            "period": one.period,
            "sheets": sheet.key,
            "exported": now().isoformat(timespec="seconds"),
            "rows": len(rows),
        }
        editable = [column.key for column in sheet.editable]
        kept = [
            (sheet.key, str(row["line"]), row["number"] or 0, {key: cell[key] for key in editable})
            for row, cell in zip(rows, cells, strict=True)
        ]
    out = io.BytesIO()
    book = office.workbook(Book(f"{name} 指标填报", text), out)
    sheets = office.Sheets(book)
    write_sheet(sheets, sheet, cells, name, f"{text}（{deadline}截止）")
    sheets.words({"填写说明": _HELP})
    write_kept(book, about, kept)
    book.close()
    return out.getvalue()


def _known(session: Session, rows: Sequence[Row], period: str) -> Known:
    return Known(
        session,
        [row["indicator_code"] for row in rows],
        [row["region_code"] for row in rows],
        period,
    )


def _cells(
    session: Session, sheet: Form, row: Row, periods: Sequence[str], known: Known
) -> dict[str, str]:
    """Return the words of the cells of a line."""
    past = {
        period: f"{value:f}" + ("（公布）" if source == "published" else "")
        for period, value, source in known.past(row["indicator_code"], row["region_code"])
    }
    values = {
        **row,
        **{f"past{at}": past.get(period) for at, period in enumerate(periods)},
        "code": str(row["line"]),
        "evidence": "、".join(one.name for one in _files(session, row["evidence"])) or None,
        "reason": row["reason"] if row["state"] in ("draft", "returned") else None,
        "state": "未填" if row["state"] == MISSING else STATES[row["state"]],
        "doubts": "；".join(doubt["zh"] for doubt in row["warnings"] or ()) or None,
    }
    return {column.key: shown(column, values.get(column.key)) for column in sheet.columns}


def _files(session: Session, digests: Sequence[str] | None) -> list[Evidence]:
    found = {
        one.sha256: one
        for one in session.scalars(select(Evidence).where(Evidence.sha256.in_(digests or ())))
    }
    return [found[digest] for digest in digests or () if digest in found]


def take_in(
    workspace: Workspace,
    data: bytes,
    *,
    who: str,
    name: str = "",
    folder: str | Path | None = None,
    reason: str | None = None,
    dry_run: bool = False,
    send: bool = False,
) -> Taken:
    """Take a workbook in that was filled in: the edited cells only, all or nothing.

    Parameters
    ----------
    workspace : Workspace
        From which it was exported.
    data : bytes
        The file.
    who : str
        Who has filled it in (填报人).
    name : str
        What the file is called, for the errors.
    folder : str or path, optional
        From which paths of evidence count.
    reason : str, optional
        Why, for the audit trail.
    dry_run : bool
        Only say what would change.
    send : bool
        Submit what is filled in.

    Returns
    -------
    Taken
        A line that another has changed since the export is a clash and stays as it is.

    Raises
    ------
    Refused
        Cells cannot be taken: numbers, impossible values, evidence that is not there.
    ShanshuiError
        It is no such workbook, damaged, or of another ledger.
    """
    label = name or "填报表"
    returned = read_workbook(data, label, forms=[form()], command=COMMAND)
    with workspace.ledger.write(who=who, action="report-in import", reason=reason) as session:
        taken = _Taking(workspace, session, returned, label, folder, dry_run).take(who)
        if taken.faults:
            raise Refused(taken)
        if send:
            taken.submitted = _send(session, taken, who)
        if dry_run:
            session.rollback()
            return taken
    taken.applied = bool(taken.changes or taken.submitted)
    return taken


def _send(session: Session, taken: Taken, who: str) -> int:
    rows = lines(session, unit=taken.document, period=taken.period)
    ready = [
        row["line"]
        for row in rows
        if row["state"] == "draft" and (row["value"] is not None or row["note"])
    ]
    return len(submit(session, ready, who=who)) if ready else 0


class _Taking:
    """The taking in of one workbook within a transaction."""

    def __init__(
        self,
        workspace: Workspace,
        session: Session,
        returned: Returned,
        label: str,
        folder: str | Path | None,
        dry_run: bool,
    ) -> None:
        self.workspace, self.session, self.returned = workspace, session, returned
        self.folder = Path(folder) if folder else Path()
        self.dry_run = dry_run
        one, owner = _own(session, returned, label)
        rows = lines(session, unit=owner, period=one.period)
        self.rows = {str(row["line"]): row for row in rows}
        self.known = {one.period: _known(session, rows, one.period)}
        self.taken = Taken(owner, one.period, faults=list(returned.faults))
        self.taken.missing = list(returned.missing)

    def take(self, who: str) -> Taken:
        for line in self.returned.lines:
            if not line.code:
                said = "填报表里不能加行；增加指标请用 shanshui report-in add / no rows are added"
                self.taken.faults.append(line.fault("编号", "", said))
            elif line.code not in self.rows:
                said = "不是这张填报表的编号 / not a line of this form"
                self.taken.faults.append(line.fault("编号", line.code, said))
            else:
                self._line(line, self.rows[line.code], who)
        return self.taken

    def _line(self, line: Line, row: Row, who: str) -> None:
        now_there = _cells(self.session, line.form, row, (), self.known[row["period"]])
        values: dict[str, Any] = {}
        changes = []
        clashes = []
        reason = None
        for edit in line.edits:
            key, head = edit.column.key, edit.column.head
            if now_there[key] == edit.now:
                self.taken.already += 1
            elif now_there[key] != edit.was:
                clashes.append(
                    Clash(SHEET, line.row, head, line.code, edit.was, edit.now, now_there[key])
                )
            elif key == "reason":
                reason = edit.now
            else:
                changes.append(Change(SHEET, line.row, head, line.code, edit.was, edit.now))
                values[key] = edit.now
        self.taken.clashes += clashes
        if clashes or not (values or reason):
            return
        fault = self._fill(line, row, values, reason, who)
        if fault is not None:
            self.taken.faults.append(fault)
        else:
            self.taken.changes += changes

    def _fill(
        self, line: Line, row: Row, cells: Mapping[str, str], reason: str | None, who: str
    ) -> Fault | None:
        column = "value" if "value" in cells else next(iter(cells), "reason")
        given: dict[str, Any] = {}
        try:
            for column in cells:
                if column == "evidence":
                    given[column] = self._evidence(row, cells[column])
                else:
                    given[column] = stored(line.form.column(column), cells[column])
            column = "value" if "value" in cells else column
            entry = Entry(row["line"], given, reason)
            filled = fill(self.session, [entry], who=who, via="excel", known=self.known)
        except ShanshuiError as fault:
            head = line.form.column(column).head
            return line.fault(head, cells.get(column, ""), fault)
        self.taken.filled += filled
        return None

    def _evidence(self, row: Row, text: str) -> list[Kept]:
        """Return the files that a cell names: kept ones by their names, others by their paths."""
        there = {one.name: one for one in _files(self.session, row["evidence"])}
        found = []
        for part in filter(None, (one.strip() for one in _PARTED.split(text))):
            if part in there:
                one = there[part]
                path = path_of(self.workspace, one)
                found.append(Kept(one.sha256, one.name, one.size, path))
            else:
                found.append(keep(self.workspace, self.folder / part, copy=not self.dry_run))
        return found


def _own(session: Session, returned: Returned, label: str) -> tuple[ReportForm, str]:
    """See that a workbook is of this ledger and of a form that is there."""
    about = returned.about
    own = ledger_id(session)
    if about["ledger"] != own:
        raise ShanshuiError(
            f"{label} 出自另一个台账（{about['ledger']}，本台账 {own}），不能带回 / "
            f"{label} was exported from another ledger ({about['ledger']}, this is {own})"
        )
    try:
        number = int(about["edition"])
    except (TypeError, ValueError):
        number = 0
    one = session.get(ReportForm, number)
    owner = session.get(Organization, one.organization_id) if one else None
    if one is None or owner is None or one.period != about["period"]:
        raise ShanshuiError(
            f"{label} 的填报表（{about['document']} {about['period']}）不在台账里 / the form of "
            f"{label} ({about['document']}, {about['period']}) is not in the ledger"
        )
    return one, owner.name

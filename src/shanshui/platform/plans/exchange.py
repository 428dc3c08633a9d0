"""A plan as a workbook in which it is checked and worked, and which is brought back.

The workbook carries in a hidden sheet what was exported: the form, the ledger, the codes and
versions of the rows and the words of their cells, so that `exchange_import` takes back what was
edited and nothing else.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from shanshui.platform.plans import lists, work
from shanshui.platform.plans.exchange_form import (
    FORMS,
    HEAD_ROW,
    HIDDEN,
    VERSION,
    Book,
    Column,
    Form,
    shown,
)
from shanshui.platform.plans.review import STATUSES
from shanshui.platform.report import office
from shanshui.platform.report.lists_documents import height
from shanshui.platform.store.models import Audit, now
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.plans.work import Item
    from shanshui.platform.store.models import Document

PIECE = 30_000
"""Characters of a hidden cell; Excel takes 32,767."""
_LONGEST = 32_000  # characters of a cell that is shown
_SPARE = 200  # empty rows below the list that take choices too
_HELP = (
    "蓝色表头的列可以改，灰色表头的列只供查看，改了也不会带回。",
    "“核对决定”填 确认、更正 或 剔除；直接改了内容的行就是更正，不必再填。",
    "新增一项：在表里插入一行，“编号”留空，至少填指标（任务、项目名称）；新增的工作写明所属任务编号。",
    "删掉的行不会从台账里删除；要去掉一项，请填 剔除。",
    "进展、完成率等是所示月份（周）的填报；“上期进展”供参考，不会自动带入本期。",
    "多个单位之间用顿号（、）隔开。年份、期限如 2027、2027-06、2027-06-30。",
    "可以排序、筛选、调整列宽和列的次序；请不要改表头、工作表的名称和“编号”。",
)


def ledger_id(session: Session) -> str:
    """Return what tells one ledger from another: the name of its first change.

    Raises
    ------
    ShanshuiError
        Nothing was ever written to the ledger.
    """
    first = session.scalar(select(func.min(Audit.id)))
    name = session.scalar(select(Audit.batch).where(Audit.id == first)) if first else None
    if name is None:
        raise ShanshuiError("台账是空的 / the ledger is empty")
    return name


def items_of(session: Session, plan: Document, form: Form) -> list[Item]:
    """Return the items of a plan that a sheet lists, rejected ones too."""
    model = form.model
    rows: Iterable[Item] = session.scalars(
        select(model).where(model.document_id == plan.id).order_by(model.position, model.id)
    )
    return list(rows)


def cells_of(
    session: Session, form: Form, items: Sequence[Item], period: work.Period
) -> dict[str, dict[str, str]]:
    """Return the words of the cells of a sheet, by code and column.

    Fields of work are those reported of the period itself; what was reported before stands in
    ``before`` to be read.
    """
    codes = [item.code for item in items]
    units = work.owners(session, codes)
    reports = work.known(session, codes, period)
    found = {}
    for item in items:
        report = reports.get(item.code, work.Known())
        cells = {}
        for column in form.columns:
            if column.part == "owner":
                value: Any = units.get(item.code, {}).get(column.key)
            elif column.part == "work":
                value = report.values.get(column.key) if column.key in report.own else None
            elif column.part == "decision":
                value = None
            elif column.key == "before":
                value = _before(report)
            else:
                value = getattr(item, column.key)
            if column.key == "status":
                value = STATUSES.get(str(value), value)
            cells[column.key] = shown(column, value)[:_LONGEST]
        found[item.code] = cells
    return found


def _before(report: work.Known) -> str | None:
    if "progress" not in report.values or "progress" in report.own:
        return None
    rate = report.values.get("rate")
    share = f"，{rate:f}%" if rate is not None and "rate" not in report.own else ""
    return f"〔{report.periods['progress']}〕{report.values['progress']}{share}"


def export(session: Session, code: str, *, period: str, forms: Sequence[Form] = FORMS) -> bytes:
    """Write a plan as a workbook to be checked and worked in Excel or WPS, and brought back.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    code : str
        Code of the plan.
    period : str
        Month or week of which progress is to be reported, ``2026-10`` or ``2026-W43``.
    forms : list of Form
        The sheets; by default targets, tasks and projects.

    Returns
    -------
    bytes
        An XLSX file.

    Raises
    ------
    ShanshuiError
        The plan or the period is not known.
    """
    plan = lists.documents(session, code)[0]
    when = work.period_of(period)
    out = io.BytesIO()
    book = office.workbook(Book(f"{plan.title} 核对与填报", when.text), out)
    sheets = office.Sheets(book)
    kept: list[tuple[str, str, int, dict[str, str]]] = []
    for form in forms:
        items = items_of(session, plan, form)
        cells = cells_of(session, form, items, when)
        write_sheet(sheets, form, [cells[item.code] for item in items], plan.title, when.text)
        editable = [column.key for column in form.editable]
        kept += [
            (form.key, item.code, item.version, {k: cells[item.code][k] for k in editable})
            for item in items
        ]
    sheets.words({"填写说明": _HELP})
    about = {
        "form": VERSION,
        "ledger": ledger_id(session),
        "document": plan.code,
        "edition": plan.edition,
        "period": when.text,
        "sheets": ",".join(form.key for form in forms),
        "exported": now().isoformat(timespec="seconds"),
        "rows": len(kept),
    }
    write_kept(book, about, kept)
    book.close()
    return out.getvalue()


def write_sheet(
    sheets: office.Sheets, form: Form, rows: Sequence[Mapping[str, str]], title: str, period: str
) -> None:
    """Write a list whose blue columns are brought back by `exchange_read.read_workbook`."""
    columns = form.columns
    page = sheets.sheet(form.name, len(columns), f"{title}　{form.name}", f"填报时段：{period}")
    page.set_row(HEAD_ROW - 1, 32)
    for at, column in enumerate(columns):
        page.set_column(at, at, column.width, sheets.look(num_format="@", text_wrap=True))
        page.write_string(HEAD_ROW - 1, at, column.head, _head(sheets, column))
    for place, row in enumerate(rows, start=HEAD_ROW):
        for at, column in enumerate(columns):
            page.write_string(place, at, row[column.key], _look(sheets, column))
        page.set_row(place, height((row[c.key], c.width) for c in columns))
    last = HEAD_ROW + len(rows) + _SPARE
    for at, column in enumerate(columns):
        names = list(column.choices.values()) or (["是", "否"] if column.kind == "flag" else [])
        if column.editable and names:
            page.data_validation(
                HEAD_ROW, at, last, at, {"validate": "list", "source": names, "error_type": "stop"}
            )
    # Numbers are texts here, so that 20.0 stays 20.0; no green corners for it.
    page.ignore_errors({"number_stored_as_text": f"A1:{_letter(len(columns))}{last + 1}"})
    page.freeze_panes(HEAD_ROW, 1)
    page.autofilter(HEAD_ROW - 1, 0, max(HEAD_ROW, HEAD_ROW + len(rows) - 1), len(columns) - 1)


def _letter(column: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(column - 1))


def _head(sheets: office.Sheets, column: Column) -> Any:
    colour = "#CFE3F5" if column.editable else "#E3E3E0"
    return sheets.look(font_name="黑体", align="center", text_wrap=True, border=1, bg_color=colour)


def _look(sheets: office.Sheets, column: Column) -> Any:
    look: dict[str, Any] = {"border": 1, "text_wrap": True, "num_format": "@"}
    if not column.editable:
        look["bg_color"] = "#F6F6F4"
    if column.width < 13 and column.kind != "text":
        look["align"] = "center"
    return sheets.look(**look)


def write_kept(
    book: Any,
    about: Mapping[str, Any],
    kept: Sequence[tuple[str, str, int, dict[str, str]]],
) -> None:
    """Write down what was exported; Excel and WPS keep the sheet, and show it to nobody."""
    page = book.add_worksheet(HIDDEN)
    page.write_string(0, 0, json.dumps(about, ensure_ascii=False))
    for place, (form, code, version, cells) in enumerate(kept, start=1):
        page.write_string(place, 0, form)
        page.write_string(place, 1, code)
        page.write_string(place, 2, str(version))
        text = json.dumps(cells, ensure_ascii=True)  # Excel rewrites no plain letters
        for at in range(0, len(text), PIECE):
            page.write_string(place, 3 + at // PIECE, text[at : at + PIECE])
    page.very_hidden()

"""The queue as a workbook in which a reviewer decides in Excel or WPS, and which is brought back.

The workbook is that of the plans: what was exported lies in a hidden sheet with the versions of
the items, and only edited rows come back.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shanshui.platform.plans.exchange import ledger_id, write_kept, write_sheet
from shanshui.platform.plans.exchange_form import VERSION, Book, Column, Form, read_only, shown
from shanshui.platform.plans.exchange_read import Fault, Line, Returned, read_workbook
from shanshui.platform.report import office
from shanshui.platform.review import listing
from shanshui.platform.review.decisions import Choice, Refusal, decide, undo
from shanshui.platform.review.items import items_named, review_named
from shanshui.platform.review.reasons import KINDS, domains, reasons_for, stage_named, stage_words
from shanshui.platform.store.models import ReviewItem, now
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from shanshui.platform.store import Workspace

COMMAND = "shanshui review export"
_DECISIONS = {code: zh for code, (zh, _) in KINDS.items()}
_HELP = (
    "蓝色表头的列可以填，灰色表头的列只供查看，改了也不会带回；只有填了“决定”的行才算。",
    "“决定”：保留、修改（填新值）、剔除、补录（给缺测的填新值）、同意（同意前一阶段的决定）、撤销。",
    "“理由”从下拉里选；保留正常的值可以不填。仪器故障、断流、补录等须附佐证。",
    "“佐证文件”写文件的路径，相对于本表所在的文件夹；导入时复制到工作区，按内容保存，不会丢失。",
    "一行含几个值时，修改和补录要按时间逐个给出，请用命令行的 --values；保留和剔除对整段有效。",
    "导出后别人又审过的行不会被覆盖，导入时逐条列出是谁、何时、怎么定的。",
    "可以排序、筛选、调整列宽；请不要改表头、工作表的名称和“编号”，也不要加行。",
)


@dataclass(frozen=True)
class Imported:
    """What came of a workbook.

    Attributes
    ----------
    review : int
        The review that it is of.
    stage : str
        At which was decided.
    edited : int
        Rows with a decision.
    decisions : list of int
        Decisions that were made (or would be, on a dry run: then each is 0).
    refused : list of Refusal
        Rows that were not taken: conflicts with others, reasons, evidence, values.
    faults : list of Fault
        Cells that cannot be understood.
    transactions : list of str
        Names by which the decisions can be undone.
    """

    review: int
    stage: str
    edited: int
    decisions: list[int] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    transactions: list[str] = field(default_factory=list)


def form(domain: str | None = None) -> Form:
    """Return the sheet of a domain: its columns, decisions and reasons; without one, of all."""
    wanted = domains() if domain is None else (domain,)
    reasons = {one.code: one.zh for each in wanted for one in reasons_for(each)}
    return Form(
        "review",
        "审核",
        ReviewItem,
        (
            read_only("code", "编号", 8),
            read_only("station", "站点", 12),
            read_only("station_name", "名称", 12),
            read_only("property_name", "项目", 9),
            read_only("first", "时间", 16),
            read_only("last", "至", 16),
            read_only("value", "数值", 15),
            read_only("unit", "单位", 8),
            read_only("flag", "来源标记", 9),
            read_only("origin", "入列", 9),
            read_only("why", "质控说明", 34),
            read_only("decided", "已有决定", 26),
            Column("decision", "决定", 8, "choice", "decision", _DECISIONS),
            Column("reason", "理由", 16, "choice", "decision", reasons),
            Column("new_value", "新值", 9, "number", "decision"),
            Column("evidence", "佐证文件", 18, part="decision"),
            Column("note", "说明", 22, part="decision"),
        ),
        "decision",
    )


def export(
    workspace: Workspace,
    review: int | str,
    *,
    stage: str,
    stations: Sequence[str] = (),
    properties: Sequence[str] = (),
) -> bytes:
    """Write the items that wait for a stage as a workbook.

    Parameters
    ----------
    workspace : Workspace
        With the review.
    review : int or str
        Its number, or domain and period.
    stage : str
        At which the workbook is to decide.
    stations, properties : list of str
        Only these.

    Returns
    -------
    bytes
        An XLSX file.

    Raises
    ------
    ShanshuiError
        There is no such review or stage.
    """
    with workspace.ledger.read() as session:
        one = review_named(session, review)
        number, domain, period = one.id, one.domain, one.period
        code = stage_named(stage, one.stages)
        ledger = ledger_id(session)
    rows = listing.queue(workspace, number, stage=code, stations=stations, properties=properties)
    sheet = form(domain)
    cells = [_cells(sheet, row) for row in rows]
    words = f"{period}（{stage_words(code)[0]}）"
    out = io.BytesIO()
    book = office.workbook(Book("监测数据审核", period), out)
    sheets = office.Sheets(book)
    write_sheet(sheets, sheet, cells, "监测数据", words)
    sheets.words({"填写说明": _HELP})
    about = {
        "form": VERSION,
        "ledger": ledger,
        "document": f"{domain} {period}",
        "edition": number,
        "period": period,
        "sheets": sheet.key,
        "exported": now().isoformat(timespec="seconds"),
        "rows": len(rows),
        "stage": code,
        "domain": domain,
    }
    blank = {column.key: "" for column in sheet.editable}
    write_kept(book, about, [(sheet.key, str(row["item"]), row["version"], blank) for row in rows])
    book.close()
    return out.getvalue()


def _cells(sheet: Form, row: dict[str, Any]) -> dict[str, str]:
    """Return the words of the cells of an item."""
    single = row["count"] == 1
    values = {
        **row,
        "code": str(row["item"]),
        "first": row["first"].replace("T", " ")[:16],
        "last": None if single else row["last"].replace("T", " ")[:16],
        "value": row["value_zh"],
        "origin": listing.ORIGINS[row["origin"]],
        "decided": row["decision_zh"],
    }
    own = {column.key for column in sheet.editable}
    return {c.key: "" if c.key in own else shown(c, values.get(c.key)) for c in sheet.columns}


def take_in(
    workspace: Workspace,
    data: bytes,
    *,
    who: str,
    name: str = "",
    folder: str | Path | None = None,
    dry_run: bool = False,
) -> Imported:
    """Take the decisions of a workbook in: edited rows only, each judged by itself.

    Parameters
    ----------
    workspace : Workspace
        From which it was exported.
    data : bytes
        The file.
    who : str
        The person who decided.
    name : str
        What the file is called, for the errors.
    folder : str or path, optional
        From which paths of evidence count.
    dry_run : bool
        Only say what would come of it.

    Returns
    -------
    Imported

    Raises
    ------
    ShanshuiError
        It is no workbook of this queue, or damaged; nothing is changed then.
    """
    label = name or "审核表"
    returned = read_workbook(data, label, forms=[form()], command=COMMAND)
    number, stage = _own(workspace, returned, label)
    choices: list[Choice] = []
    undone: list[Choice] = []
    faults = list(returned.faults)
    for line in returned.lines:
        found = _choice(line, Path(folder) if folder else None)
        if isinstance(found, Fault):
            faults.append(found)
        elif found.kind == "undo":
            undone.append(found)
        else:
            choices.append(found)
    edited = len(choices) + len(undone)
    strange = _of_other(workspace, [one.item for one in (*choices, *undone)], number)
    if strange:
        raise ShanshuiError(
            f"{label} 的编号 {strange} 不是审核 {number} 的 / "
            f"item {strange} of {label} is not of review {number}"
        )
    outcome = decide(workspace, choices, who=who, stage=stage, via="excel", dry_run=dry_run)
    decisions, refused = list(outcome.decisions), list(outcome.refused)
    names = [outcome.transaction] if outcome.transaction else []
    if undone and dry_run:
        decisions += [0] * len(undone)
    for note in dict.fromkeys(one.note or "" for one in undone if not dry_run):
        versions = {one.item: one.seen for one in undone if (one.note or "") == note}
        taken = undo(
            workspace, who=who, note=note, items=list(versions), via="excel", seen=versions
        )
        decisions += taken.decisions
        refused += taken.refused
        names += [taken.transaction] if taken.transaction else []
    return Imported(number, stage, edited, decisions, refused, faults, names)


def _own(workspace: Workspace, returned: Returned, label: str) -> tuple[int, str]:
    """See that a workbook is of this ledger and of a review that is there."""
    about = returned.about
    try:
        number, stage = int(about["edition"]), str(about["stage"])
    except (KeyError, ValueError, TypeError):
        raise ShanshuiError(
            f"{label} 不是 {COMMAND} 导出的表 / {label} was not exported by {COMMAND}"
        ) from None
    with workspace.ledger.read() as session:
        if about["ledger"] != ledger_id(session):
            raise ShanshuiError(
                f"{label} 是从另一个台账导出的 / {label} was exported from another ledger"
            )
        review = review_named(session, number)
        return review.id, stage_named(stage, review.stages)


def _of_other(workspace: Workspace, items: Sequence[int], number: int) -> int | None:
    with workspace.ledger.read() as session:
        found = items_named(session, items)
        return next((i for i, one in found.items() if one.review_id != number), None)


def _choice(line: Line, folder: Path | None) -> Choice | Fault:
    """Return what a row decides."""
    if not line.code:
        return line.fault("编号", "", "审核表里不能加行 / a row cannot be added here")
    kinds = {zh: code for code, zh in _DECISIONS.items()}
    said = line.text("decision")
    if not said:
        heads = "、".join(edit.column.head for edit in line.edits)
        return line.fault("决定", "", f"填了{heads}，没有填决定 / filled in without a decision")
    kind = kinds[said]
    value = line.text("new_value")
    if value and kind not in ("correct", "backfill"):
        return line.fault("新值", value, f"{said}不带新值 / only corrections have a new value")
    if kind == "undo" and not line.text("note"):
        return line.fault("说明", "", "撤销须写说明 / say why it is taken back")
    path = line.text("evidence")
    return Choice(
        int(line.code),
        kind,
        line.text("reason") or None,
        float(value) if value else None,
        str(folder / path) if path and folder else path or None,
        line.text("note") or None,
        line.version,
    )

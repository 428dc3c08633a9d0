"""``shanshui plan assign|export|import``: the three lists, given out, printed, worked in Excel."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from shanshui.cli.documents import Letterhead, shipped_template
from shanshui.cli.listing import Form, Listing, deliver
from shanshui.cli.options import METHOD, RESULT, option, spread
from shanshui.cli.output import note, out, said, working
from shanshui.cli.plan import app
from shanshui.cli.plan_ledger import Code
from shanshui.cli.workspace import Reason, Where, Who, opened, person
from shanshui.platform.files import write_whole

if TYPE_CHECKING:
    from shanshui.platform.plans.exchange_import import Outcome
    from shanshui.platform.plans.owners import Given, Line
    from shanshui.platform.report.lists import Which

ROLES = {"lead": "牵头单位", "support": "配合单位", "responsible": "责任单位"}
WORK = "分工 Owners"
_FIRST = 20  # changes that are printed


class Lists(StrEnum):
    """The three lists."""

    TARGETS = "targets"
    TASKS = "tasks"
    PROJECTS = "projects"


class Sheet(StrEnum):
    """What an export is for."""

    REVIEW = "review"
    LISTS = "lists"


Period = Annotated[
    str | None,
    option(
        "--period",
        "月份或周： 2026-10、 2026-W43；默认本月",
        "month or week; by default this month",
        METHOD,
        metavar="时段",
    ),
]
On = Annotated[
    str | None,
    option(
        "--on",
        "按哪一天看逾期、临期；默认今天",
        "the day for which overdue is marked; by default today",
        METHOD,
        metavar="日期",
    ),
]
NewUnits = Annotated[
    bool, option("--new", "登记没有登记过的单位", "make units that are not known", WORK)
]


def day_of(text: str | None) -> date:
    """Understand the day that is meant; by default today."""
    if text is None:
        return date.today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"日期应写作 2026-11-20，得到“{text}” / expected a date such as 2026-11-20",
            param_hint="--on",
        ) from None


def period_or_now(text: str | None) -> str:
    """Return the period that is meant; by default this month."""
    return text or f"{date.today():%Y-%m}"


# ----------------------------------------------------------------------------------------- assign


def _units(names: str, zh: str, en: str) -> Any:
    return option(
        names, f"{zh}；可多次，或用、隔开", f"{en}; may be repeated", WORK, metavar="单位"
    )


@dataclass(frozen=True)
class Units:
    """Units by their part in the work."""

    lead: Annotated[list[str] | None, _units("--lead", "牵头单位", "who leads")] = None
    support: Annotated[list[str] | None, _units("--support", "配合单位", "who supports")] = None
    responsible: Annotated[
        list[str] | None, _units("--responsible", "责任单位", "who is responsible")
    ] = None

    def named(self) -> dict[str, list[str]]:
        """Return the names by role; ``-`` alone takes all of a role away."""
        from shanshui.platform.plans.owners import names_of

        found = {}
        for role in ROLES:
            if (texts := getattr(self, role)) is not None:
                found[role] = [n for text in texts if text != "-" for n in names_of(text)]
        return found


@app.command(
    short_help="分工到单位 [dim]give items to units[/dim]",
    help="把目标、任务、项目分给单位。写了哪个角色就换掉哪个角色，别的照旧；写 - 为清空。\n\n"
    "没有登记过的单位要加 --new，以免写错一个字就成了新单位。\n\n"
    "[dim]Give items to units. The units of a role that is named are replaced; - takes all away. "
    "--from reads a division of work (分工方案) and matches it to the plan.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui plan assign 440100-outline-2035-t001 --lead 市生态环境局 --new[/cyan]\n\n"
    "[cyan]shanshui plan assign --from 分工方案.xlsx -d 440100-outline-2035 --new[/cyan]",
)
@spread
def assign(
    listing: Listing,
    units: Units,
    items: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[编号 ITEM…]",
            help="目标、任务、项目的编号\n\n[dim]codes of items[/dim]",
            show_default=False,
        ),
    ] = None,
    paper: Annotated[
        str | None,
        option("--from", "分工方案： .docx .xlsx .txt", "a division of work", WORK, metavar="文件"),
    ] = None,
    document: Annotated[
        str | None,
        option(
            "--document", "分工方案对应的规划", "the plan it divides", WORK, "-d", metavar="代码"
        ),
    ] = None,
    new: NewUnits = False,
    dry_run: Annotated[
        bool, option("--dry-run", "只看会怎样，不写入", "only say what would be done", METHOD)
    ] = False,
    where: Where = None,
    who: Who = None,
    reason: Reason = None,
) -> None:
    """Give items to units."""
    from shanshui.platform.plans import owners

    named = units.named()
    if paper:
        _divide(listing, paper, document, (where, who, reason), new=new, dry_run=dry_run)
        return
    if not items or not named:
        raise typer.BadParameter(
            "须写明编号和单位，或用 --from 分工方案 / say items and units, or --from FILE"
        )
    with opened(where) as workspace:
        if dry_run:
            with workspace.ledger.read() as session:
                owners.organizations(session, (n for ns in named.values() for n in ns), new=False)
        with workspace.ledger.write(
            who=person(who), action="plan assign", reason=reason
        ) as session:
            done = owners.assign(session, items, named, new=new)
            if dry_run:
                session.rollback()
    _given(done, listing, f"{'将' if dry_run else '已'}分工 assigned")


def _given(done: list[Given], listing: Listing, title: str) -> None:
    rows = [
        {"item": one.item}
        | {role: list(one.after.get(role, ())) for role in ROLES}
        | {"before": {role: list(names) for role, names in one.before.items()}}
        for one in done
    ]
    deliver(rows, rows, {"item": "编号"} | ROLES, listing, f"{title}：{len(done)} 项")


def _divide(
    listing: Listing,
    paper: str,
    document: str | None,
    by: tuple[str | None, str | None, str | None],
    *,
    new: bool,
    dry_run: bool,
) -> None:
    from shanshui.plan.reading import read
    from shanshui.platform.plans import owners

    if document is None:
        raise typer.BadParameter(
            "请用 -d 写明对应的规划 / say the plan with -d CODE", param_hint="--document"
        )
    where, who, reason = by
    with opened(where) as workspace:
        with working("读分工方案 reading the division of work"):
            text = read(paper)
            with workspace.ledger.read() as session:
                lines = owners.divided(session, document, text)
                if not new:
                    names = [n for line in lines for ns in line.units.values() for n in ns]
                    owners.organizations(session, names)
        done: list[Given] = []
        if not dry_run:
            with workspace.ledger.write(
                who=person(who), action="plan assign", reason=reason or f"按 {Path(paper).name}"
            ) as session:
                for line in lines:
                    done += owners.assign(session, line.items, line.units, new=new)
    _lines(lines, listing, Path(paper).name)
    if listing.said() is Form.TABLE:
        left = [line for line in lines if not line.items]
        said("将分工 would assign" if dry_run else "已分工 assigned", f"{len(done)} 项 items")
        if left:
            note(
                f"{len(left)} 行没有对到规划里的任务，请用编号分工：{left[0].task[:30]}…",
                f"{len(left)} lines answer to nothing in the plan; assign them by code",
            )


def _lines(lines: list[Line], listing: Listing, name: str) -> None:
    rows = [
        {"task": line.task, "items": list(line.items)}
        | {role: list(line.units.get(role, ())) for role in ROLES}
        for line in lines
    ]
    heads = {"task": "分工方案的任务", "items": "对应编号"} | ROLES
    deliver(rows, rows, heads, listing, f"{name} 的分工 division of work")


# ----------------------------------------------------------------------------------------- export


def _shipped() -> bytes:
    from shanshui.platform.report.lists_documents import shipped

    return shipped()


@dataclass(frozen=True)
class Print(Letterhead):
    """What the document says of itself, and its template."""

    write_template: Annotated[str | None, shipped_template(_shipped)] = None


@app.command(
    "export",
    short_help="导出核对表或三张清单 [dim]a workbook to edit, or the three lists[/dim]",
    help="导出一份规划。\n\n"
    "核对表（.xlsx）：每条目标、任务、项目一行，在 Excel 或 WPS 里核对、改、填进展，"
    "再用 shanshui plan import 带回。\n\n"
    "三张清单（.docx，或加 --as lists 的 .xlsx）：目标指标、主要任务、重点项目，按报送格式。\n\n"
    "[dim]Export a plan: as a workbook to check and work in Excel and to bring back with plan "
    "import, or as the three lists in the form of the bureaus.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui plan export 440100-outline-2035 -o 核对.xlsx[/cyan]\n\n"
    "[cyan]shanshui plan export 440100-outline-2035 --as lists --period 2026-10 -o 清单.xlsx"
    "[/cyan]\n\n"
    "[cyan]shanshui plan export 440100-outline-2035 -o 清单.docx --unit 市生态环境局[/cyan]",
)
@spread
def export_(
    code: Code,
    document: Print,
    output: Annotated[
        str,
        option(
            "--output", "写到文件： .xlsx .docx", "the file to write", RESULT, "-o", metavar="文件"
        ),
    ],
    sheet: Annotated[
        Sheet | None,
        option(
            "--as",
            "review 核对表； lists 三张清单；默认 .xlsx 为核对表、 .docx 为清单",
            "a workbook to edit, or lists to hand in",
            RESULT,
        ),
    ] = None,
    which: Annotated[
        list[Lists] | None,
        option("--list", "只要这些清单；可多次", "these lists only; may be repeated", METHOD),
    ] = None,
    period: Period = None,
    on: On = None,
    of: Annotated[
        str | None,
        option("--of", "只要这个单位的", "only the items of this unit", METHOD, metavar="单位"),
    ] = None,
    actions: Annotated[
        bool, option("--actions", "任务下的每项工作都列出", "a row for every action", METHOD)
    ] = False,
    where: Where = None,
) -> None:
    """Export a plan."""
    ending = Path(output).suffix.lower().removeprefix(".")
    if ending not in {"xlsx", "docx"}:
        raise typer.BadParameter(
            f"应为 .xlsx 或 .docx，得到“{output}” / expected .xlsx or .docx", param_hint="--output"
        )
    kind = sheet or (Sheet.REVIEW if ending == "xlsx" else Sheet.LISTS)
    if kind is Sheet.REVIEW and ending == "docx":
        raise typer.BadParameter("核对表只有 .xlsx / a review is .xlsx", param_hint="--as")
    if document.template and ending != "docx":
        raise typer.BadParameter("只有 .docx 用模板 / only .docx has a template")
    names = cast("list[Which]", [str(one) for one in which or list(Lists)])
    when = period_or_now(period)
    with opened(where) as workspace, workspace.ledger.read() as session, working("导出 exporting"):
        if kind is Sheet.REVIEW:
            from shanshui.platform.plans.exchange import export
            from shanshui.platform.plans.exchange_form import FORMS

            data = export(session, code, period=when, forms=[f for f in FORMS if f.key in names])
        else:
            from shanshui.platform.report.lists import three_lists
            from shanshui.platform.report.lists_documents import write

            made = three_lists(
                session,
                code,
                which=names,
                period=when,
                on=day_of(on),
                of=of,
                title=document.title or "",
                unit=document.unit or "",
                made=day_of(document.made) if document.made else None,
                actions=actions,
            )
            template = Path(document.template).read_bytes() if document.template else None
            data = write(made, cast("Literal['xlsx', 'docx']", ending), template=template)
    write_whole(Path(output), data)
    said("已写 wrote", output)
    if kind is Sheet.REVIEW:
        note(
            f"改好后用 shanshui plan import {output} 带回；只有改过的格子会写入台账",
            "bring it back with shanshui plan import; only edited cells are written",
            style="dim",
            head="说明",
        )


# ----------------------------------------------------------------------------------------- import


@app.command(
    "import",
    short_help="带回核对表 [dim]bring an edited workbook back[/dim]",
    help="带回在 Excel 或 WPS 里改过的核对表：只有改过的格子写入台账，每一处都留痕。\n\n"
    "插入的行成为新条目；删掉的行不动；导出之后台账里也改过的条目不覆盖，列为冲突。"
    "有一格看不懂就整个不写，除非加 --keep-good。\n\n"
    "[dim]Only edited cells are written, each in the audit trail. Inserted rows are added, deleted "
    "rows change nothing, items changed in the ledger since the export are listed as conflicts."
    "[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui plan import 核对.xlsx --dry-run[/cyan]\n\n"
    "[cyan]shanshui plan import 核对.xlsx --who 张三[/cyan]",
)
@spread
def import_(
    file: Annotated[
        str,
        typer.Argument(
            metavar="文件 FILE",
            help="plan export 导出的 .xlsx； - 为标准输入\n\n[dim]- is stdin[/dim]",
            show_default=False,
        ),
    ],
    listing: Listing,
    dry_run: Annotated[
        bool, option("--dry-run", "只看会改什么，不写入", "only say what would change", METHOD)
    ] = False,
    keep_good: Annotated[
        bool,
        option(
            "--keep-good",
            "看得懂的行先写入，看不懂的另存一个文件",
            "take the good rows, set the bad ones aside in a file",
            METHOD,
        ),
    ] = False,
    new: NewUnits = False,
    where: Where = None,
    who: Who = None,
    reason: Reason = None,
) -> None:
    """Bring an edited workbook back."""
    from shanshui.platform.plans.exchange_import import import_workbook
    from shanshui.platform.plans.exchange_read import set_aside

    data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    name = "标准输入 stdin" if file == "-" else Path(file).name
    with opened(where) as workspace, working("核对改动 comparing"):
        outcome = import_workbook(
            workspace.ledger,
            data,
            who=person(who),
            name=name,
            reason=reason,
            dry_run=dry_run,
            keep_good=keep_good,
            new_units=new,
        )
    _changes(outcome, listing)
    if listing.said() is Form.TABLE:
        _tell(outcome, dry_run=dry_run)
    if outcome.faults and not dry_run:
        path = Path(f"{Path(name).stem}.rejected.csv")
        path = Path(file).with_name(path.name) if file != "-" else path
        write_whole(path, set_aside(outcome.faults))
        note(
            f"{len(outcome.faults)} 处看不懂，所在的行没有写入，见 {path}",
            f"{len(outcome.faults)} cells were not understood; their rows are set aside in {path}",
            head="搁置 set aside",
        )
    if outcome.faults or outcome.clashes:
        raise typer.Exit(1)


def _changes(outcome: Outcome, listing: Listing) -> None:
    rows: list[dict[str, Any]] = [
        {"kind": "change", "sheet": c.sheet, "row": c.row, "code": c.code or "（新增）"}
        | {"column": c.column, "before": c.before, "after": c.after}
        for c in outcome.changes
    ]
    rows += [
        {"kind": "conflict", "sheet": c.sheet, "row": c.row, "code": c.code, "column": c.column}
        | {"exported": c.exported, "after": c.here, "ledger": c.ledger}
        for c in outcome.clashes
    ]
    rows += [
        {"kind": "fault", "sheet": f.sheet, "row": f.row, "code": f.code, "column": f.column}
        | {"after": f.value, "reason": f.reason}
        for f in outcome.faults
    ]
    kinds = {"change": "", "conflict": "冲突", "fault": "看不懂"}
    shown = [
        row
        | {"kind": kinds[row["kind"]], "where": f"{row['sheet']} {row['row']}行"}
        | {"why": row.get("reason", "").partition(" / ")[0]}
        for row in rows
    ]
    heads = {"kind": "", "where": "位置", "code": "编号", "column": "列", "before": "原为"}
    heads |= {"exported": "导出时", "after": "表中", "ledger": "台账现为", "why": "原因"}
    deliver(rows, shown, heads, listing, f"{outcome.document} 的改动 changes")


def _tell(outcome: Outcome, *, dry_run: bool) -> None:
    verb = "将改 would change" if dry_run else "已改 changed"
    added = f"，新增 {len(outcome.added)} 条 added" if outcome.added else ""
    said(verb, f"{len(outcome.changes)} 格 cells{added}")
    if outcome.added:
        out().print(f"[dim]新增的编号 new codes: {'、'.join(outcome.added)}[/dim]", soft_wrap=True)
    if outcome.clashes:
        note(
            f"{len(outcome.clashes)} 格没有写入：导出之后条目在台账里改过；请重新导出再改",
            f"{len(outcome.clashes)} cells were not written: the items were changed in the ledger "
            "since the export; export again",
            head="冲突 conflict",
        )
    if outcome.missing:
        listed = "、".join(outcome.missing[:_FIRST])
        note(
            f"{len(outcome.missing)} 行在表里删掉了，台账里照旧：{listed}；要去掉请填 剔除",
            f"{len(outcome.missing)} rows were deleted in the sheet; the ledger keeps them",
        )
    if outcome.already:
        note(
            f"{outcome.already} 格台账里已是这样",
            f"{outcome.already} cells are so in the ledger already",
            style="dim",
        )

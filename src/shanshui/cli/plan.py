"""``shanshui plan …``: what plan documents promise, read from their text."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shanshui.cli.listing import Form, Listing, deliver
from shanshui.cli.options import METHOD, RESULT, option, spread
from shanshui.cli.output import note, said, working
from shanshui.cli.workspace import Where
from shanshui.platform.files import write_whole
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shanshui.plan import Document

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="规划文件：读出目标、任务、分工、项目，每条都能回到原文。\n\n"
    "[dim]Plan documents: targets, tasks, divisions of work and projects, each with its place in "
    "the text. Reads .docx .pdf .html .txt .md .xlsx.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui plan extract 规划.docx[/cyan]\n\n"
    "[cyan]shanshui plan extract 规划.pdf --region 440100 -o 目标.xlsx[/cyan]\n\n"
    "[cyan]shanshui plan review 规划.docx -o 核对.html[/cyan]",
)

KINDS = {
    "target": "目标值",
    "count": "数量任务",
    "milestone": "定性目标",
    "deferred": "按上级下达",
    "baseline": "现状值",
}


class Kind(StrEnum):
    """Kinds of commitments."""

    TARGET = "target"
    COUNT = "count"
    MILESTONE = "milestone"
    DEFERRED = "deferred"
    BASELINE = "baseline"


File = Annotated[
    str,
    typer.Argument(
        metavar="文件 FILE",
        help="规划文件： .docx .pdf .html .txt .md .xlsx； - 为标准输入\n\n[dim]- is stdin[/dim]",
        show_default=False,
    ),
]
Region = Annotated[
    str | None,
    option(
        "--region",
        "规划所属地区的名称或代码； 默认从标题看",
        "region of the plan, name or code; by default seen from the title",
        METHOD,
        metavar="地区",
    ),
]


@app.command(
    short_help="目标和指标 [dim]targets, counts, milestones, baselines[/dim]",
    help="读出规划里的目标值、数量任务、定性目标、按上级下达的目标和现状值。\n\n"
    "[dim]Find the commitments of a plan: targets, counts, milestones, deferred targets and "
    "baselines, each with its quote, its place and why it was read.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui plan extract 规划.docx[/cyan]\n\n"
    "[cyan]shanshui plan extract 规划.pdf --kind target --kind count -o 目标.xlsx[/cyan]\n\n"
    "[cyan]shanshui plan extract 规划.txt --format jsonl[/cyan]",
)
@spread
def extract(
    file: File,
    listing: Listing,
    region: Region = None,
    kinds: Annotated[
        list[Kind] | None,
        option("--kind", "只要这些类别；可多次", "these kinds only; may be repeated", METHOD),
    ] = None,
) -> None:
    """Find the commitments of a plan."""
    from shanshui.plan.commitments import commitments
    from shanshui.plan.coverage import coverage

    document = _read(file)
    with working("读目标 finding commitments"):
        found = commitments(document, region=region)
        left = coverage(document, [*found, *_items(document)])
    chosen = [one for one in found if not kinds or one.kind in {str(kind) for kind in kinds}]
    rows = [one.as_dict() for one in chosen]
    heads = {
        "section": "章节",
        "kind_zh": "类别",
        "region": "地区",
        "indicator": "指标",
        "year": "年份",
        "value_zh": "数值",
        "quote": "原文",
    }
    shown = [row | {"kind_zh": KINDS.get(row["kind"], ""), "value_zh": _value(row)} for row in rows]
    deliver(rows, shown, heads, listing, f"{document.name} 的目标 commitments")
    if left and listing.said() is Form.TABLE:
        note(
            f"另有 {len(left)} 处带数字、时间或承诺动词的话没有读出；用 shanshui plan review 核对",
            f"{len(left)} more clauses with numbers, dates or verbs of commitment ended in no "
            "record; check them with shanshui plan review",
        )


@app.command(
    "outline",
    short_help="章节 [dim]headings[/dim]",
    help="列出章节。\n\n[dim]List the headings.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui plan outline 规划.docx[/cyan]",
)
@spread
def outline_(file: File, listing: Listing) -> None:
    """List the headings."""
    document = _read(file)
    rows = [
        {
            "level": heading.level,
            "number": heading.number,
            "title": heading.title,
            "path": heading.path,
            "page": document.page_at(heading.start),
            **_original(document, heading.start, heading.end),
        }
        for heading in document.outline
    ]
    shown = [row | {"words": "　" * (row["level"] - 1) + row["title"]} for row in rows]
    heads = {"path": "章节", "words": "标题", "page": "页"}
    deliver(rows, shown, heads, listing, f"{document.name} 的章节 outline")


@app.command(
    "tables",
    short_help="指标表 [dim]indicator tables[/dim]",
    help="读出指标表：指标、单位、现状值、目标值、属性；文本里散成行的表也能读。\n\n"
    "[dim]Rows of indicator tables, also of tables flattened to lines of text.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui plan tables 规划.docx -o 指标.xlsx[/cyan]",
)
@spread
def tables_(file: File, listing: Listing) -> None:
    """Read the indicator tables."""
    from shanshui.plan.tables import tables

    document = _read(file)
    rows = [
        {
            "category": row.category,
            "number": row.number,
            "indicator": row.indicator,
            "unit": row.unit,
            "year": cell.year,
            "role": str(cell.role),
            "value": cell.text,
            "nature": row.nature,
            **_original(document, cell.start, cell.end),
        }
        for row in tables(document)
        for cell in row.cells
    ]
    heads = {
        "category": "类别",
        "number": "序号",
        "indicator": "指标",
        "unit": "单位",
        "year": "年份",
        "role_zh": "现状或目标",
        "value": "数值",
        "nature": "属性",
    }
    roles = {"baseline": "现状", "target": "目标"}
    shown = [row | {"role_zh": roles[str(row["role"])]} for row in rows]
    deliver(rows, shown, heads, listing, f"{document.name} 的指标表 indicator tables")


@app.command(
    "tasks",
    short_help="任务和责任单位 [dim]tasks and who answers for them[/dim]",
    help="读出编号的任务、各项工作和责任单位。\n\n"
    "[dim]Numbered tasks, their actions and the parties named.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui plan tasks 规划.docx -o 任务.xlsx[/cyan]",
)
@spread
def tasks_(file: File, listing: Listing) -> None:
    """Find the tasks of a plan."""
    from shanshui.plan.tasks import tasks

    document = _read(file)
    with working("读任务 finding tasks"):
        found = tasks(document)
    rows: list[dict[str, Any]] = [
        {
            "section": task.path,
            "no": task.number,
            "title": task.title,
            "actions": [action.quote for action in task.actions],
            "aims": [aim.quote for aim in task.aims],
            **_parties(task.parties),
            **_original(document, task.start, task.end),
        }
        for task in found
    ]
    if listing.said() in {Form.JSON, Form.JSONL}:
        flat = rows
    else:  # a row for each action
        flat = [
            {"section": row["section"], "title": row["title"], "action": action.quote}
            | {"deadline": action.deadline}
            | _parties(action.parties or task.parties)
            | _original(document, action.start, action.end)
            for row, task in zip(rows, found, strict=True)
            for action in task.actions
        ]
    heads = {
        "section": "章节",
        "title": "任务",
        "action": "工作",
        "deadline": "期限",
        "lead": "牵头",
        "support": "配合",
        "responsible": "负责",
    }
    deliver(flat, flat, heads, listing, f"{document.name} 的任务 tasks")


@app.command(
    "assignments",
    short_help="分工方案 [dim]divisions of work[/dim]",
    help="读分工方案（表格或文字）：任务、牵头、配合、期限；加 --plan 对到规划的任务和目标。\n\n"
    "[dim]Who does what, from tables or running text; --plan matches it to a plan.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui plan assignments 分工方案.docx[/cyan]\n\n"
    "[cyan]shanshui plan assignments 分工方案.xlsx --plan 规划.docx -o 对照.xlsx[/cyan]",
)
@spread
def assignments_(
    file: File,
    listing: Listing,
    plan: Annotated[
        str | None,
        option("--plan", "对到这份规划", "match to this plan", METHOD, metavar="文件"),
    ] = None,
) -> None:
    """Read a division of work."""
    from shanshui.plan.assignments import assignments, unassigned

    document = _read(file)
    whole = _read(plan) if plan else None
    with working("读分工 reading the division of work"):
        found = assignments(document, whole)
    rows = [
        {
            "number": one.number,
            "task": one.task,
            **_parties(one.parties),
            "deadline": one.deadline,
            "section": one.section,
            **_original(document, one.start, one.end),
            "matches": [
                {"kind": m.kind, "path": m.path, "quote": m.quote, "score": round(m.score, 3)}
                for m in one.matches
            ],
        }
        for one in found
    ]
    heads = {
        "number": "序号",
        "task": "任务",
        "lead": "牵头",
        "support": "配合",
        "responsible": "负责",
        "deadline": "期限",
    }
    if whole:
        heads["matched"] = "对应规划"
    shown = [
        row | {"matched": "、".join(dict.fromkeys(m.path for m in one.matches))}
        for row, one in zip(rows, found, strict=True)
    ]
    deliver(rows, shown, heads, listing, f"{document.name} 的分工 assignments")
    if whole and (missing := unassigned(whole, found)):
        listed = "、".join(task.path for task in missing[:20])
        note(
            f"规划里有 {len(missing)} 项任务没有人分工：{listed}",
            f"{len(missing)} tasks of the plan have nobody assigned",
        )


@app.command(
    "projects",
    short_help="重点项目 [dim]listed projects[/dim]",
    help="读出专栏、附表里的项目：名称、地点、类别、规模、投资、年限。\n\n"
    "[dim]Projects of boxes and annexes: name, place, category, capacity, investment, period."
    "[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui plan projects 规划.docx -o 项目.xlsx[/cyan]",
)
@spread
def projects_(file: File, listing: Listing) -> None:
    """Find the listed projects of a plan."""
    from shanshui.plan.projects import projects

    document = _read(file)
    with working("读项目 finding projects"):
        found = projects(document)
    rows = [
        {
            "box": one.box,
            "name": one.name,
            "location": one.place,
            "category": one.category,
            "capacity": one.capacity,
            "investment": one.investment,
            "investment_wan": one.investment_wan,
            "period": one.period,
            "section": one.section,
            **_original(document, one.start, one.end),
        }
        for one in found
    ]
    heads = {
        "box": "专栏",
        "name": "项目",
        "location": "地点",
        "category": "类别",
        "capacity": "规模",
        "investment": "投资",
        "period": "年限",
    }
    deliver(rows, rows, heads, listing, f"{document.name} 的项目 projects")


@app.command(
    short_help="核对网页 [dim]a page to check the reading[/dim]",
    help="写一个核对网页：全文，目标在原处按类别标色，指着看字段和依据，没读出的也标出；"
    "给出台账里规划的代码，则标出核对状态。\n\n"
    "[dim]Write one self-contained page: the document with each record in its place, coloured by "
    "kind, with its fields and why; clauses that ended in no record are marked. Of a plan in the "
    "ledger, named by its code, it shows how far each is checked.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui plan review 规划.docx -o 核对.html[/cyan]\n\n"
    "[cyan]shanshui plan review 440100-outline-2035[/cyan]",
)
@spread
def review(
    file: File,
    region: Region = None,
    output: Annotated[
        str | None,
        option(
            "--output",
            "网页文件；默认在旁边，名为 …核对.html",
            "the page; by default beside the document",
            RESULT,
            "-o",
            metavar="文件",
        ),
    ] = None,
    where: Where = None,
) -> None:
    """Write the page on which a person checks the reading."""
    from shanshui.cli.plan_ledger import is_code, page_of

    if is_code(file):
        _page(*page_of(file, where), output, Path(f"{file}-核对.html"))
        return
    try:
        from shanshui.platform.report.plan_review import page
    except ModuleNotFoundError as fault:
        raise ShanshuiError(
            f'写网页需要 {fault.name}：pip install "shanshui[platform]" / '
            f'writing the page needs {fault.name}: pip install "shanshui[platform]"'
        ) from None
    from shanshui.plan.commitments import commitments
    from shanshui.plan.coverage import coverage

    document = _read(file)
    with working("读目标 finding commitments"):
        found = commitments(document, region=region)
        left = coverage(document, [*found, *_items(document)])
        text = page(document, found, left)
    beside = (
        Path("核对.html") if file == "-" else Path(file).with_name(f"{Path(file).stem}-核对.html")
    )
    _page(text, f"{len(found)} 条记录 records，{len(left)} 处未读出 uncovered", output, beside)


def _page(text: str, counts: str, output: str | None, beside: Path) -> None:
    """Write the page where it is wanted, and say so."""
    if output == "-":
        sys.stdout.buffer.write(text.encode())
        return
    path = Path(output) if output else beside
    write_whole(path, text.encode())
    said("已写 wrote", f"{path}（{counts}）")


# ----------------------------------------------------------------------------------------- helpers


def _read(file: str) -> Document:
    from shanshui.plan.reading import read

    with working("读文件 reading"):
        if file == "-":
            return read(sys.stdin.buffer.read(), name="标准输入 stdin")
        return read(file)


@dataclass(frozen=True)
class _Span:
    start: int
    end: int


def _items(document: Document) -> list[_Span]:
    """Return the spans of listed projects, whose figures are read as theirs."""
    from shanshui.plan.projects import projects

    return [
        _Span(*document.original_span(one.item_start, one.item_end)) for one in projects(document)
    ]


def _original(document: Document, start: int, end: int) -> dict[str, Any]:
    first, last = document.original_span(start, end)
    return {"start": first, "end": last}


def _parties(parties: Iterable[Any]) -> dict[str, Any]:
    """Return the names of those who lead, support and answer."""
    named: dict[str, list[str]] = {"lead": [], "support": [], "responsible": []}
    for party in parties:
        if party.name not in named[party.role]:
            named[party.role].append(party.name)
    return dict(named)


SIGNS = {
    "<=": "≤",
    ">=": "≥",
    "<": "<",
    ">": ">",
    "=": "",
    "~": "约",
    "increase_by": "提高 ",
    "decrease_by": "下降 ",
}
"""How the screen writes comparators before a value."""


def _value(row: dict[str, Any]) -> str:
    """Write the value of a commitment for the screen."""
    value = row["value"]
    if value is None:
        return "按上级下达" if row["kind"] == "deferred" else ""
    if isinstance(value, list | tuple):
        number = "—".join(f"{one:.12g}" for one in value)
    else:
        number = f"{value:.12g}"
    unit = {"pp": " 个百分点", "%": "%"}.get(row["unit"], f" {row['unit'] or ''}")
    hedge = "（力争）" if row["stretch"] else ""
    return f"{SIGNS.get(row['comparator'] or '', '')}{number}{unit}".strip() + hedge

"""``shanshui plan add|list|diff``: plans in the ledger."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shanshui.cli.listing import Form, Listing, deliver
from shanshui.cli.options import METHOD, option, spread
from shanshui.cli.output import note, said, working
from shanshui.cli.plan import SIGNS, app
from shanshui.cli.workspace import Reason, Where, Who, opened, person

if TYPE_CHECKING:
    from shanshui.platform.plans.documents import Added
    from shanshui.platform.store import Ledger

CHOICE = "哪些 Which"
FACTS = "规划 The plan"
_FACTS = {
    "title": "题名",
    "kind": "类别",
    "scope": "范围",
    "region": "地区",
    "first_year": "起始年",
    "last_year": "结束年",
    "baseline_year": "基准年",
    "issuer": "发文单位",
    "number": "文号",
    "issued": "发文日期",
}
_KINDS = {
    "outline": "规划纲要",
    "plan": "规划",
    "action": "行动计划",
    "annual": "年度计划",
    "division": "分工方案",
    "order": "下达文件",
}
_SCOPES = {"comprehensive": "综合", "special": "专项"}
_MODELS = {"commitment": "目标", "task": "任务", "project": "项目"}
_CHANGES = {"added": "新增", "dropped": "删去", "changed": "改动", "reworded": "措辞"}


class PlanKind(StrEnum):
    """Kinds of plans."""

    OUTLINE = "outline"
    PLAN = "plan"
    ACTION = "action"
    ANNUAL = "annual"
    DIVISION = "division"
    ORDER = "order"


class Scope(StrEnum):
    """Comprehensive or special."""

    COMPREHENSIVE = "comprehensive"
    SPECIAL = "special"


class ItemKind(StrEnum):
    """Kinds of items."""

    TARGET = "target"
    COUNT = "count"
    MILESTONE = "milestone"
    DEFERRED = "deferred"
    BASELINE = "baseline"
    TASK = "task"
    ACTION = "action"
    PROJECT = "project"


class Status(StrEnum):
    """How far an item is checked."""

    EXTRACTED = "extracted"
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    REJECTED = "rejected"
    ADDED = "added"


Code = Annotated[
    str,
    typer.Argument(
        metavar="代码 CODE",
        help="规划的代码，见 shanshui plan list\n\n[dim]code of the plan[/dim]",
        show_default=False,
    ),
]
Kinds = Annotated[
    list[ItemKind] | None,
    option("--kind", "只要这些类别；可多次", "these kinds only; may be repeated", CHOICE),
]


# ------------------------------------------------------------------------------------------ add


@app.command(
    short_help="加入台账 [dim]put a plan into the ledger[/dim]",
    help="把规划加入台账：文件原样存下，读出目标、任务、项目和责任单位，都标为“待核对”。\n\n"
    "同一个文件加两次不会有变化；同一规划的新版取代旧版，核对和更正过的照旧，"
    "改了什么见 plan diff。\n\n"
    "[dim]Put a plan into the ledger with its targets, tasks, projects and owners. The same file "
    "twice changes nothing; a new version takes the place of the old and keeps what was checked."
    "[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui plan add 规划.docx[/cyan]\n\n"
    "[cyan]shanshui plan add 规划-修订.docx --code 440100-outline-2035[/cyan]\n\n"
    "[cyan]shanshui plan add 分工方案.docx --for 440100-outline-2035[/cyan]",
)
@spread
def add(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="文件 FILE…",
            help="规划文件： .docx .pdf .html .txt .md .xlsx，可多个； - 为标准输入\n\n"
            "[dim]- is stdin[/dim]",
            show_default=False,
        ),
    ],
    where: Where = None,
    who: Who = None,
    reason: Reason = None,
    code: Annotated[
        str | None,
        option(
            "--code",
            "规划的代码；默认 地区-类别-末年，如 440100-outline-2035",
            "code of the plan; by default region, kind and last year",
            FACTS,
            metavar="代码",
        ),
    ] = None,
    title: Annotated[
        str | None,
        option(
            "--title",
            "题名；默认从文中看",
            "title; by default seen from the text",
            FACTS,
            metavar="题名",
        ),
    ] = None,
    kind: Annotated[
        PlanKind | None,
        option("--kind", "类别；默认从题名看", "kind; by default seen from the title", FACTS),
    ] = None,
    scope: Annotated[
        Scope | None,
        option("--scope", "综合或专项；默认从题名看", "comprehensive or special", FACTS),
    ] = None,
    region: Annotated[
        str | None,
        option("--region", "地区的名称或代码", "its region, name or code", FACTS, metavar="地区"),
    ] = None,
    parent: Annotated[
        str | None,
        option("--parent", "上位规划的代码", "code of the plan above it", FACTS, metavar="代码"),
    ] = None,
    division: Annotated[
        str | None,
        option(
            "--for",
            "这是该规划的分工方案：责任单位对到它的任务上",
            "a division of work: its units are given to the tasks of this plan",
            FACTS,
            metavar="代码",
        ),
    ] = None,
    whole: Annotated[
        bool,
        option(
            "--whole",
            "文件里有几个规划也作为一个",
            "one document, though the file holds several plans",
            FACTS,
        ),
    ] = False,
) -> None:
    """Put plans into the ledger."""
    if len(files) > 1 and (code or title):
        raise typer.BadParameter(
            "--code 和 --title 一次只用于一个文件 / --code and --title are of one file",
            param_hint="--code",
        )
    from shanshui.platform.plans.documents import add as add_

    added: set[str] = set()
    with opened(where) as workspace:
        for file in files:
            source = sys.stdin.buffer.read() if file == "-" else file
            with working(f"读入 reading {file}"):
                found = add_(
                    workspace.ledger,
                    source,
                    who=person(who),
                    name="标准输入 stdin" if file == "-" else None,
                    code=code,
                    parent=parent,
                    for_plan=division,
                    split=not whole,
                    reason=reason,
                    title=title,
                    kind=str(kind) if kind else None,
                    scope=str(scope) if scope else None,
                    region=region,
                )
            if len(found) > 1:
                said("文件里有 holds", f"{len(found)} 个规划 plans，各为一个文件 each its own")
            for one in found:
                _tell(one)
            added |= {one.code for one in found if one.new}
        if added and not parent:
            _suggest(workspace.ledger, added)


def _tell(one: Added) -> None:
    """Say what became of a plan."""
    if not one.new:
        old = "" if one.current else "，已被新版取代 superseded since"
        said("已在台账 there already", f"{one.code} 《{one.title}》第{one.edition}版{old}")
        return
    said("已加入 added", f"{one.code} 《{one.title}》{_KINDS[one.kind]} 第{one.edition}版")
    names = {
        "commitments": "目标 commitments",
        "tasks": "任务 tasks",
        "actions": "工作 actions",
        "projects": "项目 projects",
        "assignments": "分工 assignments",
    }
    said("　　读出 read", "，".join(f"{one.counts.get(k, 0):,} {v}" for k, v in names.items()))
    sources: dict[str, list[str]] = {}
    for name, source in one.taken.items():
        sources.setdefault(source, []).append(_FACTS[name])
    said("　　依据 from", "；".join(f"{'、'.join(n)} ← {s}" for s, n in sources.items()))
    if one.superseded:
        said(
            "　　取代 supersedes",
            f"第{one.superseded}版，{one.kept:,} 条沿用 kept；看改动 see "
            f"shanshui plan diff {one.code}",
        )
    if one.again:
        listed = "、".join(one.again[:8]) + ("…" if len(one.again) > 8 else "")
        note(
            f"核对过的 {len(one.again)} 条在新版里有改动，请重新核对：{listed}",
            f"{len(one.again)} items that were checked have changed; check them again",
        )
    if one.unmatched:
        listed = "、".join(one.unmatched[:5]) + ("…" if len(one.unmatched) > 5 else "")
        note(
            f"{len(one.unmatched)} 项分工对不上规划的任务，记为 {one.code} 自己的任务：{listed}",
            f"{len(one.unmatched)} lines answer to no task and are kept as tasks of {one.code}",
        )
    if one.beside:
        note(
            f"{one.beside} 已是另一题名的规划；若这是它的新版，请加 --code {one.beside} 重新加入",
            f"{one.beside} is a plan of another title; if this is its new version, add it with "
            f"--code {one.beside}",
        )
    if one.taken.get("title", "").startswith("文件名"):
        note(
            f"没有找到题名，暂用文件名；可用 shanshui plan correct {one.code} title=题名 改正",
            "no title was found, the name of the file is used; correct it with "
            f"shanshui plan correct {one.code} title=TITLE",
        )


def _suggest(ledger: Ledger, added: set[str]) -> None:
    """Propose the plan above what was added, or below it."""
    from shanshui.platform.plans.families import suggested

    for code, above in suggested(ledger).items():
        if not added & {code, above}:
            continue
        note(
            f"{above} 可能是 {code} 的上位规划：shanshui plan correct {code} parent={above}",
            f"{above} may stand above {code}",
            style="cyan",
            head="可以 maybe",
        )


# ----------------------------------------------------------------------------------------- list


@app.command(
    "list",
    short_help="台账里的规划和条目 [dim]plans and items of the ledger[/dim]",
    help="列出台账里的规划（按体系，下位在上位之下）；给出代码则列出它的条目。\n\n"
    "[dim]List the plans of the ledger, each below the one above it; with a code its items."
    "[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui plan list[/cyan]\n\n"
    "[cyan]shanshui plan list 440100-outline-2035 --kind target --status extracted[/cyan]",
)
@spread
def list_(
    listing: Listing,
    code: Annotated[
        str | None,
        typer.Argument(
            metavar="代码 CODE", help="规划的代码\n\n[dim]code of a plan[/dim]", show_default=False
        ),
    ] = None,
    where: Where = None,
    kinds: Kinds = None,
    statuses: Annotated[
        list[Status] | None,
        option("--status", "只要这些核对状态；可多次", "these statuses only", CHOICE),
    ] = None,
) -> None:
    """List plans, or the items of one."""
    from shanshui.platform.plans import views

    with opened(where) as workspace:
        if code is None:
            _documents(views.documents(workspace.ledger), listing)
            return
        rows = views.items(
            workspace.ledger,
            code,
            kinds={str(one) for one in kinds or ()},
            statuses={str(one) for one in statuses or ()},
        )
    _items(rows, listing, code)


def _documents(rows: list[dict[str, Any]], listing: Listing) -> None:
    shown = [
        {
            "code": row["code"],
            "name": "　" * row["depth"] + row["title"],
            "kind": _KINDS[row["kind"]] + f"\n{_SCOPES.get(row['scope'] or '', '')}",
            "years": _span(row["first_year"], row["last_year"]),
            "edition": row["edition"],
            "lists": f"{row['targets']}/{row['tasks']}/{row['projects']}",
            "checked": f"{row['checked']:,}/{row['items']:,}",
        }
        for row in rows
    ]
    heads = {
        "code": "代码",
        "name": "题名",
        "kind": "类别",
        "years": "年份",
        "edition": "版",
        "lists": "目标/任务/项目",
        "checked": "已核对",
    }
    deliver(rows, shown, heads, listing, "台账里的规划 plans")
    if not rows and listing.said() is Form.TABLE:
        note(
            "用 shanshui plan add 规划.docx 加入",
            "put one in with shanshui plan add FILE",
            style="cyan",
            head="接着 then",
        )


def _span(first: int | None, last: int | None) -> str:
    if first and last and first != last:
        return f"{first}—{last}"
    return str(last or first or "")


def _items(rows: list[dict[str, Any]], listing: Listing, code: str) -> None:
    from shanshui.platform.plans.correcting import ITEM_KINDS
    from shanshui.platform.plans.review import STATUSES

    shown = [
        {
            "code": row["code"].removeprefix(code),
            "kind": ITEM_KINDS[row["kind"]],
            "name": row["label"],
            "region": row.get("region") or row.get("place"),
            "year": row.get("year") or row.get("deadline"),
            "value": value_of(row),
            "owner": "、".join(
                name for role in ("lead", "responsible", "support") for name in row.get(role, ())
            ),
            "status": STATUSES[row["status"]],
        }
        for row in rows
    ]
    heads = {
        "code": "编号",
        "kind": "类别",
        "name": "条目",
        "region": "地区",
        "year": "年份",
        "value": "数值",
        "owner": "责任单位",
        "status": "核对",
    }
    if not _nested(listing):
        rows = [{k: _text(v) if isinstance(v, dict) else v for k, v in row.items()} for row in rows]
    deliver(rows, shown, heads, listing, f"{code} 的条目 items（编号前接 {code}）")


def _nested(listing: Listing) -> bool:
    """Whether records are written as they are, and not into the cells of a table."""
    return listing.said() in {Form.JSON, Form.JSONL}


def _text(values: dict[str, Any]) -> str:
    return "；".join(f"{name} {plain(value)}" for name, value in values.items())


def value_of(row: dict[str, Any]) -> str:
    """Write the value of a commitment, or what a project costs."""
    if row.get("value") is None:
        return row.get("investment") or ""
    sign = SIGNS.get(row["comparator"] or "", row["comparator"] or "")
    ends = "—".join(str(row[name]) for name in ("value", "value_to") if row.get(name) is not None)
    unit = "个百分点" if row["unit"] == "pp" else row["unit"] or ""
    return f"{sign}{ends}{unit}" + ("（力争）" if row.get("stretch") else "")


def plain(value: Any) -> str:
    """Write a value for people."""
    if value is None:
        return "无"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dict):  # units by role
        return "、".join(name for names in value.values() for name in names)
    return str(value)


# ----------------------------------------------------------------------------------------- diff


@app.command(
    short_help="两版的差别 [dim]what a new version changes[/dim]",
    help="比较规划的两版：新增、删去、改动了哪些目标、任务、项目，改前改后各是什么。\n\n"
    "[dim]Show what differs between two versions of a plan: items added, dropped and changed, with "
    "old and new values.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui plan diff 440100-outline-2035[/cyan]\n\n"
    "[cyan]shanshui plan diff 440100-outline-2035 --old 1 --new 3 -o 改动.xlsx[/cyan]",
)
@spread
def diff(
    code: Code,
    listing: Listing,
    where: Where = None,
    old: Annotated[
        int | None,
        option("--old", "旧版；默认上一版", "the older edition", METHOD, metavar="版"),
    ] = None,
    new: Annotated[
        int | None,
        option("--new", "新版；默认现行版", "the newer edition", METHOD, metavar="版"),
    ] = None,
    wording: Annotated[
        bool,
        option(
            "--wording",
            "措辞、章节变了而内容没变的也列出",
            "also items of which only words or place changed",
            METHOD,
        ),
    ] = False,
) -> None:
    """Show what differs between two editions."""
    from shanshui.platform.plans.diff import diff as diff_

    with opened(where) as workspace:
        found = diff_(workspace.ledger, code, old, new)
    kept = [one for one in found if wording or one.change != "reworded"]
    rows = [one.as_dict() for one in kept]
    names = _field_names()
    shown = [
        {
            "change": _CHANGES[one.change],
            "list": _MODELS[one.model],
            "code": one.code.removeprefix(code),
            "name": one.label,
            "fields": "\n".join(
                f"{names.get(name, name)} {plain(a)} → {plain(b)}"
                for name, (a, b) in one.fields.items()
            ),
        }
        for one in kept
    ]
    if not _nested(listing):  # a row for each field
        rows = [
            {k: v for k, v in row.items() if k != "fields"}
            | {"field": name, "old": plain(values["old"]), "new": plain(values["new"])}
            for row in rows
            for name, values in (row["fields"] or {"": {"old": None, "new": None}}).items()
        ]
    heads = {"change": "改动", "list": "清单", "code": "编号", "name": "条目", "fields": "前 → 后"}
    deliver(rows, shown, heads, listing, f"{code} 两版的差别 differences（编号前接 {code}）")
    if listing.said() is Form.TABLE and not wording and len(kept) < len(found):
        note(
            f"另有 {len(found) - len(kept)} 条只变了措辞或章节，加 --wording 列出",
            f"{len(found) - len(kept)} more changed in words or place alone: --wording",
        )


def _field_names() -> dict[str, str]:
    from shanshui.platform.plans.correcting import FIELDS

    names = {"owners": "责任单位", "basis": "口径", "quote": "原文", "section": "章节"}
    names |= {"box": "专栏", "number": "序号", "parent": "所属任务"}
    for fields in FIELDS.values():
        names = fields | names
    return names


def page_of(code: str, where: str | None) -> tuple[str, str]:
    """Write the review page of a plan of the ledger; return it and what to say of it."""
    from shanshui.platform.plans import views

    with opened(where) as workspace, working("写网页 writing the page"):
        text, records, left = views.page(workspace.ledger, code)
    return text, f"{records} 条记录 records，{left} 处未读出 uncovered"


def is_code(file: str) -> bool:
    """Whether an argument names a plan of a ledger rather than a file."""
    from pathlib import Path

    return file != "-" and not Path(file).exists() and "." not in Path(file).name

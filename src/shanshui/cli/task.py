"""``shanshui task list|update``: the work on targets, tasks and projects, by month or week."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from shanshui.cli.listing import Listing, deliver
from shanshui.cli.options import METHOD, option, spread
from shanshui.cli.output import note, said
from shanshui.cli.plan_lists import Lists, On, Period, day_of, period_or_now
from shanshui.cli.workspace import Reason, Where, Who, opened, person

WORK = "调度 Work"
app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="工作调度：三张清单里各项的进展、完成率、问题、下一步，按月或按周。\n\n"
    "[dim]The work on the items of plans, by month or week.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui task list --overdue[/cyan]\n\n"
    "[cyan]shanshui task update 440100-outline-2035-t001 --progress 已铺管3公里 --rate 45[/cyan]",
)


class State(StrEnum):
    """States of an item."""

    NOT_STARTED = "not_started"
    UNDER_WAY = "under_way"
    DONE = "done"
    LATE = "late"


@app.command(
    "list",
    short_help="列出要做的 [dim]what is to be done[/dim]",
    help="列出任务（--list 可选目标、项目）和到所问时段为止的进展；以前时段报的值后面注明时段。"
    "任务下的工作，只列有单位、期限或填报的，--actions 全列。\n\n"
    "[dim]List items with what is known of them at the end of a period; values of an earlier "
    "period bear it.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui task list --of 市水利局 --overdue[/cyan]\n\n"
    "[cyan]shanshui task list --list projects --state under_way --period 2026-10 --json[/cyan]",
)
@spread
def list_(
    listing: Listing,
    which: Annotated[
        list[Lists] | None,
        option("--list", "哪些清单；可多次；默认任务", "which lists; by default tasks", METHOD),
    ] = None,
    document: Annotated[
        str | None,
        option("--document", "只要这份规划的", "of this plan", METHOD, "-d", metavar="代码"),
    ] = None,
    unit: Annotated[
        str | None, option("--of", "只要这个单位的", "of this unit", METHOD, metavar="单位")
    ] = None,
    overdue: Annotated[bool, option("--overdue", "只要逾期的", "overdue only", METHOD)] = False,
    soon: Annotated[
        int | None,
        option("--soon", "只要 N 天内到期的（和逾期的）", "due within N days", METHOD, min=0),
    ] = None,
    states: Annotated[
        list[State] | None, option("--state", "只要这些状态；可多次", "of these states", METHOD)
    ] = None,
    assigned: Annotated[
        bool, option("--unassigned", "只要没有责任单位的", "without a unit only", METHOD)
    ] = False,
    actions: Annotated[
        bool, option("--actions", "任务下的每项工作都列出", "every action of a task", METHOD)
    ] = False,
    period: Period = None,
    on: On = None,
    where: Where = None,
) -> None:
    """List items and their progress."""
    from shanshui.platform.plans import lists, work

    rows: list[dict[str, Any]] = []
    day = day_of(on)
    with opened(where) as workspace, workspace.ledger.read() as session:
        for one in which or [Lists.TASKS]:
            asked: dict[str, Any] = {"period": period_or_now(period), "on": day, "unit": unit}
            asked["soon"] = work.SOON if soon is None else soon
            if one is Lists.TASKS:
                asked["folded"] = not actions
            found = getattr(lists, one.value)(session, document, **asked)
            rows += [{"list": one.value, **row} for row in found]
    chosen = [
        row
        for row in rows
        if (not overdue or row["due"] == "overdue")
        and (soon is None or row["due"])
        and (not states or (row["state"] or "not_started") in {str(s) for s in states})
        and (not assigned or not (row["lead"] or row["responsible"]))
    ]
    _show(chosen, listing)


def _show(rows: list[dict[str, Any]], listing: Listing) -> None:
    from shanshui.platform.plans.work import STATES

    due = {"overdue": "逾期", "due_soon": "临期"}
    shown = []
    for row in rows:
        of = row["carried"].get("progress")
        shown.append(
            row
            | {"name": row.get("title") or row.get("name") or row.get("indicator")}
            | {"lead": row["lead"] or row["responsible"]}
            | {"until": f"{row['deadline'] or ''} {due.get(row['due'] or '', '')}".strip()}
            | {"state": STATES.get(row["state"] or "", "")}
            | {"rate": "" if row["rate"] is None else f"{row['rate']:f}%"}
            | {"progress": f"{row['progress'] or ''}{f'〔{of}〕' if of else ''}"}
        )
    heads = {"item": "编号", "name": "任务", "lead": "牵头", "until": "时限", "state": "状态"}
    heads |= {"rate": "完成率", "progress": "进展"}
    deliver(rows, shown, heads, listing, "工作清单 work")


@app.command(
    short_help="填报进展 [dim]report progress[/dim]",
    help="填报一项某月（周）的进展；没写的字段照旧，写 - 清空。\n\n"
    "[dim]Report on an item for a month or week; fields that are not said stay, - empties one."
    "[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui task update 440100-outline-2035-t001 --period 2026-10 --progress 已铺管3公里 "
    "--rate 45 --state under_way[/cyan]\n\n"
    "[cyan]shanshui task update 440100-outline-2035-t001 --problems 征地慢 --next 协调属地[/cyan]",
)
@spread
def update(
    item: Annotated[
        str,
        typer.Argument(
            metavar="编号 ITEM",
            help="目标、任务、项目的编号\n\n[dim]code of an item[/dim]",
            show_default=False,
        ),
    ],
    period: Period = None,
    progress: Annotated[
        str | None, option("--progress", "进展", "what was done", WORK, metavar="文字")
    ] = None,
    rate: Annotated[
        str | None, option("--rate", "完成率， 0 到 100", "rate, %", WORK, metavar="数")
    ] = None,
    problems: Annotated[
        str | None, option("--problems", "存在问题", "problems", WORK, metavar="文字")
    ] = None,
    next_step: Annotated[
        str | None, option("--next", "下一步", "what comes next", WORK, metavar="文字")
    ] = None,
    evidence: Annotated[
        str | None, option("--evidence", "佐证：文件、链接", "evidence", WORK, metavar="文字")
    ] = None,
    state: Annotated[State | None, option("--state", "状态", "the state", WORK)] = None,
    where: Where = None,
    who: Who = None,
    reason: Reason = None,
) -> None:
    """Report on an item."""
    from shanshui.platform.plans import work

    given = {
        "state": state.value if state else None,
        "progress": progress,
        "rate": rate,
        "problems": problems,
        "next_step": next_step,
        "evidence": evidence,
    }
    values = {k: None if v == "-" else v for k, v in given.items() if v is not None}
    if not values:
        raise typer.BadParameter("没有写要填报什么 / say what to report")
    when = work.period_of(period_or_now(period))
    with (
        opened(where) as workspace,
        workspace.ledger.write(who=person(who), action="task update", reason=reason) as session,
    ):
        _, changed = work.report(session, item, when, who=person(who), values=values)
        row = work.known(session, [item], when).get(item)
    names = {"state": "状态", "progress": "进展", "rate": "完成率", "problems": "存在问题"}
    names |= {"next_step": "下一步", "evidence": "佐证"}
    if changed:
        said("已填报 reported", f"{item} {when.text}：{'、'.join(names[n] for n in changed)}")
    else:
        note(f"{item} {when.text} 没有变化", "nothing changed", style="dim")
    if row and row.values.get("rate") == 100 and row.values.get("state") != "done":
        note(
            "完成率已是 100%，状态还不是“已完成”；完成了请加 --state done",
            "the rate is 100 %, the state is not done",
        )

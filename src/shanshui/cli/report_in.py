"""``shanshui report-in …``: figures that units report (填报), from the form to the acceptance."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shanshui.cli.listing import Listing, deliver
from shanshui.cli.options import METHOD, RESULT, option, spread
from shanshui.cli.output import err, note, said, working
from shanshui.cli.plan_lists import day_of
from shanshui.cli.workspace import Reason, Where, Who, opened, person
from shanshui.platform.files import write_whole

if TYPE_CHECKING:
    from shanshui.platform.track.filling import Filled

CHOICE = "选哪些 Which"
TOLD = 12  # lines that are printed

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="指标填报：各单位按期填报 → 另一人审核或退回；催报、逾期、更正都有记录。\n\n"
    "[dim]Figures that units report: filled in, submitted, accepted by another person or "
    "returned; reminders, who is late, restated values.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui report-in open 2026-Q3[/cyan]\n\n"
    "[cyan]shanshui report-in export 市水务局 --period 2026-Q3 -o 填报.xlsx[/cyan]\n\n"
    "[cyan]shanshui report-in import 填报.xlsx --submit --who 张三[/cyan]\n\n"
    "[cyan]shanshui report-in accept 1 2 --who 李四[/cyan]",
)

Period = Annotated[
    str,
    option(
        "--period",
        "时段： 2026-Q3、 2026-10、 2026 或累计 2026-01/2026-10",
        "a quarter, a month, a year, or months together",
        METHOD,
        metavar="时段",
    ),
]
PeriodOf = Annotated[
    str | None, option("--period", "只要这个时段的", "of this period", CHOICE, metavar="时段")
]
UnitOf = Annotated[
    str | None, option("--of", "只要这个单位的", "of this unit", CHOICE, metavar="单位")
]
Unit = Annotated[
    str,
    typer.Argument(
        metavar="单位 UNIT",
        help="责任单位的名称\n\n[dim]name of the unit[/dim]",
        show_default=False,
    ),
]
Deadline = Annotated[
    str | None,
    option(
        "--deadline",
        "截止日，当天不算逾期；默认月后10天、季后15天、年后45天",
        "by when; by default 10, 15, 45 days after a month, a quarter, a year",
        METHOD,
        metavar="日期",
    ),
]
Dry = Annotated[
    bool, option("--dry-run", "只说会怎样，不写入", "only say what would come of it", METHOD)
]


# ------------------------------------------------------------------------------------------- forms


@app.command(
    "open",
    short_help="建立填报表 [dim]make the forms of a period[/dim]",
    help="按规划目标的分工，给各责任单位（没有则牵头单位）建立一个时段的填报表；已有的不动。\n\n"
    "[dim]Make the forms of a period by the division of the plans' targets; what is there stays."
    "[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui report-in open 2026-Q3 --dry-run[/cyan]\n\n"
    "[cyan]shanshui report-in open 2026-Q3 --deadline 2026-10-20[/cyan]",
)
@spread
def open_(
    period: Annotated[
        str, typer.Argument(metavar="时段 PERIOD", help="如 2026-Q3", show_default=False)
    ],
    deadline: Deadline = None,
    units: Annotated[
        list[str] | None,
        option("--of", "只要这些单位；可多次", "only these units", CHOICE, metavar="单位"),
    ] = None,
    every: Annotated[
        bool,
        option("--all", "由监测得出的指标也要", "indicators that monitoring yields too", CHOICE),
    ] = False,
    dry_run: Dry = False,
    where: Where = None,
    who: Who = None,
    reason: Reason = None,
) -> None:
    """Make forms."""
    from shanshui.platform.track import forms

    until = day_of(deadline) if deadline else None
    with (
        opened(where) as workspace,
        workspace.ledger.write(who=person(who), action="report-in open", reason=reason) as session,
    ):
        done = forms.open_forms(
            session, period, who=person(who), deadline=until, units=units or (), every=every
        )
        if dry_run:
            session.rollback()
    said(
        "将建立 would make" if dry_run else "已建立 made",
        f"{done.forms} 张表 forms，{done.lines} 项 lines；已有 there already {done.already}",
    )
    for one in done.unassigned[:TOLD]:
        note(
            f"没有责任单位：{one.place} {one.name}；用 shanshui plan assign {one.item} --lead 单位",
            f"nobody is assigned to {one.item}: shanshui plan assign",
        )
    if len(done.unassigned) > TOLD:
        err().print(f"[dim]还有 {len(done.unassigned) - TOLD:,} 项 more[/dim]")


@app.command(
    short_help="手工加一项 [dim]ask a unit for a figure[/dim]",
    help="给一个单位的填报表加指标；还没有表就建立。\n\n"
    "[dim]Ask a unit for figures of a period by hand.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui report-in add 市水务局 --period 2026-Q3 "
    "--indicator 农村生活污水治理率 --region 清城区 --region 佛冈县[/cyan]",
)
@spread
def add(
    unit: Unit,
    period: Period,
    indicators: Annotated[
        list[str],
        option("--indicator", "指标；可多次", "indicators", METHOD, "-i", metavar="指标"),
    ],
    regions: Annotated[
        list[str], option("--region", "地区；可多次", "regions", METHOD, "-r", metavar="地区")
    ],
    deadline: Deadline = None,
    new: Annotated[
        bool, option("--new", "登记没有登记过的单位", "make a unit that is not known", METHOD)
    ] = False,
    where: Where = None,
    who: Who = None,
    reason: Reason = None,
) -> None:
    """Ask for figures."""
    from shanshui.platform.track import forms

    until = day_of(deadline) if deadline else None
    figures = [(indicator, region) for indicator in indicators for region in regions]
    with (
        opened(where) as workspace,
        workspace.ledger.write(who=person(who), action="report-in add", reason=reason) as session,
    ):
        done = forms.add(session, unit, period, figures, who=person(who), deadline=until, new=new)
    said("已加 added", f"{done.lines} 项 lines；已有 there already {done.already}")


@app.command(
    "list",
    short_help="列出填报项 [dim]the lines of forms[/dim]",
    help="列出填报项：谁报、截止日、状态、数值、提示。\n\n"
    "[dim]List what is to be reported: by whom, by when, its state, value and warnings.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui report-in list --period 2026-Q3 --state 已报[/cyan]\n\n"
    "[cyan]shanshui report-in list --of 市水务局 --json[/cyan]",
)
@spread
def list_(
    listing: Listing,
    unit: UnitOf = None,
    period: PeriodOf = None,
    kinds: Annotated[
        list[str] | None,
        option(
            "--state",
            "只要这些状态：未填、草稿、已报、已审、退回；可多次",
            "of these states: missing, draft, submitted, accepted, returned",
            CHOICE,
            metavar="状态",
        ),
    ] = None,
    where: Where = None,
) -> None:
    """List lines."""
    from shanshui.platform.track.forms import lines

    names = states()
    wanted = {_state(text, names) for text in kinds or ()}
    with opened(where) as workspace, workspace.ledger.read() as session:
        rows = lines(session, unit=unit, period=period)
    rows = [row for row in rows if not wanted or row["state"] in wanted]
    shown = [
        row
        | {"state": names[row["state"]], "value": value_text(row)}
        | {"said": "；".join(one["zh"] for one in row["warnings"] or ()) or row["answer"]}
        for row in rows
    ]
    heads = {"line": "编号", "unit": "单位", "period": "时段", "deadline": "截止"}
    heads |= {"indicator": "指标", "region": "地区", "value": "数值", "state": "状态"}
    heads |= {"filled_by": "填报人", "said": "提示、退回理由"}
    deliver(rows, shown, heads, listing, "填报 reported figures")


def states() -> dict[str, str]:
    """Return the states of a line and what they are called."""
    from shanshui.platform.track.forms import MISSING
    from shanshui.platform.track.reported import STATES

    return {MISSING: "未填", **STATES}


def _state(text: str, names: dict[str, str]) -> str:
    for code, name in names.items():
        if text.strip() in (code, name):
            return code
    raise typer.BadParameter(
        f"状态应为 {'、'.join(names.values())}，得到“{text}” / a state is one of "
        f"{', '.join(names)}, got {text!r}",
        param_hint="--state",
    )


def value_text(row: dict[str, Any]) -> str:
    """Write a value with its unit, or why there is none."""
    value = "" if row["value"] is None else f"{row['value']:f} {row['measure'] or ''}".strip()
    return value or (row["note"] or "")


# ------------------------------------------------------------------------------------------ sheets


@app.command(
    "export",
    short_help="导出填报表 [dim]a form as a workbook[/dim]",
    help="把一个单位一个时段的填报表写成 Excel：带往期的值，填本期值、佐证、说明，再导入。\n\n"
    "[dim]Write the form of a unit as a workbook to be filled in and imported.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui report-in export 市水务局 --period 2026-Q3 -o 填报.xlsx[/cyan]",
)
@spread
def export_(
    unit: Unit,
    period: Period,
    output: Annotated[
        str,
        option(
            "--output",
            "写到这个 .xlsx； - 为标准输出",
            "the .xlsx to write; - is stdout",
            RESULT,
            "-o",
            metavar="文件",
        ),
    ],
    where: Where = None,
) -> None:
    """Write the workbook."""
    from shanshui.platform.track.sheets import export

    if output != "-" and Path(output).suffix.lower() != ".xlsx":
        raise typer.BadParameter(
            f"应以 .xlsx 结尾：{output} / must end in .xlsx: {output}", param_hint="--output"
        )
    with opened(where) as workspace, working("导出 exporting"):
        data = export(workspace, unit, period)
    write(output, data)


@app.command(
    "import",
    short_help="导入填好的表 [dim]take a workbook in[/dim]",
    help="导入填好的填报表：只取改过的格，逐条留痕；有一格不能用，整张表都不写入。\n\n"
    "[dim]Take a workbook in: the edited cells only; one cell that cannot be taken, and nothing "
    "is changed.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui report-in import 填报.xlsx --dry-run[/cyan]\n\n"
    "[cyan]shanshui report-in import 填报.xlsx --submit --who 张三[/cyan]",
)
@spread
def import_(
    file: Annotated[
        str,
        typer.Argument(metavar="文件 FILE", help="填好的填报表； - 为标准输入", show_default=False),
    ],
    send: Annotated[
        bool, option("--submit", "填了的同时上报", "submit what is filled in", METHOD)
    ] = False,
    dry_run: Dry = False,
    where: Where = None,
    who: Who = None,
    reason: Reason = None,
) -> None:
    """Take the workbook in."""
    from shanshui.platform.plans.exchange_import import Refused
    from shanshui.platform.track.sheets import take_in

    data, name = data_of(file)
    try:
        with opened(where) as workspace, working("导入 importing"):
            done = take_in(
                workspace,
                data,
                who=person(who),
                name=name,
                folder=Path(file).resolve().parent if file != "-" else None,
                reason=reason,
                dry_run=dry_run,
                send=send,
            )
    except Refused as refused:
        for one in refused.outcome.faults[1:TOLD]:
            zh, _, en = str(one).partition(" / ")
            note(zh, en, style="red", head="不能用 cannot be taken")
        raise
    doubted(done.filled)
    for clash in done.clashes[:TOLD]:
        note(
            f"第 {clash.row} 行“{clash.column}”：导出后别人改为 {clash.ledger}，"
            f"本表的 {clash.here} 未采用",
            f"row {clash.row}: changed to {clash.ledger} since the export; not taken",
            style="red",
            head="冲突 conflict",
        )
    said(
        "将改 would change" if dry_run else "已导入 took",
        f"{done.document} {done.period}：{len(done.filled)} 项 lines，"
        f"{len(done.changes)} 格 cells；上报 submitted {done.submitted}，"
        f"已有 already {done.already}，"
        f"冲突 conflicts {len(done.clashes)}",
    )
    if done.clashes:
        raise typer.Exit(1)


def doubted(filled: Sequence[Filled]) -> None:
    """Say what is implausible."""
    for one in filled:
        for doubt in one.doubts:
            note(f"{one.label}：{doubt.zh}", doubt.en, head="提示 check")


def data_of(file: str) -> tuple[bytes, str]:
    """Read a file or standard input."""
    from shanshui.standards.errors import ShanshuiError

    if file == "-":
        return sys.stdin.buffer.read(), "标准输入 stdin"
    path = Path(file)
    if not path.is_file():
        raise ShanshuiError(f"没有这个文件：{file} / no such file: {file}")
    return path.read_bytes(), path.name


def write(output: str, data: bytes) -> None:
    """Write a file or standard output."""
    if output == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    write_whole(Path(output), data)
    said("已写 wrote", output)


def register(root: typer.Typer) -> None:
    """Put the commands on the root of the command line."""
    root.add_typer(app, name="report-in", short_help="填报 [dim]reported figures[/dim]")

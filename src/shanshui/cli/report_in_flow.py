"""``shanshui report-in set …``: figures are filled in, submitted, accepted or returned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from shanshui.cli.listing import Listing, deliver
from shanshui.cli.options import METHOD, option, spread
from shanshui.cli.output import note, said
from shanshui.cli.report_in import CHOICE, app, doubted, states, value_text
from shanshui.cli.workspace import Reason, Where, Who, opened, person

Numbers = Annotated[
    list[int],
    typer.Argument(
        metavar="编号 LINE…",
        help="填报项的编号，shanshui report-in list 列出\n\n[dim]numbers of lines[/dim]",
        show_default=False,
    ),
]


@app.command(
    "set",
    context_settings={"ignore_unknown_options": True},  # a value may be negative
    short_help="填一项 [dim]fill a figure in[/dim]",
    help="填一项的值、说明、佐证；已审的值要更正须写 --why，更正后再审，原值保留。\n\n"
    "[dim]Fill a figure in; an accepted one is restated with --why and reviewed again.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui report-in set 7 66.0 --evidence 台账.pdf --submit[/cyan]"
    "\n\n[cyan]shanshui report-in set 市水务局 66.0 --period 2026-Q3 -i 农村生活污水治理率 "
    "-r 清城区[/cyan]",
)
@spread
def set_(
    line: Annotated[
        str,
        typer.Argument(
            metavar="编号或单位 LINE",
            help="填报项的编号；或单位，另写 --period、-i、-r\n\n"
            "[dim]number of a line; or a unit, with --period, -i and -r[/dim]",
            show_default=False,
        ),
    ],
    value: Annotated[
        str,
        typer.Argument(
            metavar="数值 VALUE", help="照实填写，20.0 就写 20.0； - 为没有数", show_default=False
        ),
    ],
    period: Annotated[
        str | None, option("--period", "时段", "period of the form", CHOICE, metavar="时段")
    ] = None,
    indicator: Annotated[
        str | None, option("--indicator", "指标", "indicator", CHOICE, "-i", metavar="指标")
    ] = None,
    region: Annotated[
        str | None, option("--region", "地区", "region", CHOICE, "-r", metavar="地区")
    ] = None,
    words: Annotated[
        str | None, option("--note", "说明；没有数的写原因", "in words", METHOD, metavar="文字")
    ] = None,
    evidence: Annotated[
        list[Path] | None,
        option(
            "--evidence",
            "佐证文件，复制进工作区；可多次",
            "files of evidence, copied into the workspace",
            METHOD,
            metavar="文件",
        ),
    ] = None,
    basis: Annotated[
        str | None,
        option(
            "--basis",
            "口径，如 roster=行政村;state=实况",
            "basis, field=value",
            METHOD,
            metavar="口径",
        ),
    ] = None,
    why: Annotated[
        str | None,
        option("--why", "更正已审值的理由", "why an accepted value is restated", METHOD),
    ] = None,
    send: Annotated[bool, option("--submit", "同时上报", "submit it at once", METHOD)] = False,
    where: Where = None,
    who: Who = None,
) -> None:
    """Fill a figure in."""
    from shanshui.platform.review.evidence import keep
    from shanshui.platform.track import filling

    given: dict[str, Any] = {"value": None if value == "-" else value}
    if words is not None:
        given["note"] = words
    if basis is not None:
        given["basis"] = basis
    with opened(where) as workspace:
        if evidence:
            given["evidence"] = [keep(workspace, path) for path in evidence]
        with workspace.ledger.write(who=person(who), action="report-in set", reason=why) as session:
            if line.isdecimal():
                number = int(line)
            elif period and indicator and region:
                number = filling.line_of(session, line, period, indicator, region)
            else:
                raise typer.BadParameter(
                    "写编号，或写单位和 --period、-i、-r / say the number of a line, or the unit, "
                    "--period, -i and -r",
                    param_hint="LINE",
                )
            entry = filling.Entry(number, given, why)
            (done,) = filling.fill(session, [entry], who=person(who), via="cli")
            if send:
                filling.submit(session, [number], who=person(who))
    doubted([done])
    if not done.changed:
        note(f"{done.label} 没有变化", "nothing changed", style="dim")
    else:
        said("已填 filled in", f"{number} {done.label}，第 {done.number} 次")
    if send:
        said("已报 submitted", f"{number} {done.label}")


@app.command(
    short_help="上报 [dim]submit drafts[/dim]",
    help="上报草稿，等待另一人审核。\n\n[dim]Submit drafts, for another person to accept.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui report-in submit 7 8[/cyan]",
)
@spread
def submit(numbers: Numbers, where: Where = None, who: Who = None) -> None:
    """Submit drafts."""
    from shanshui.platform.track import filling

    with (
        opened(where) as workspace,
        workspace.ledger.write(who=person(who), action="report-in submit") as session,
    ):
        done = filling.submit(session, numbers, who=person(who))
    doubted(done)
    said("已报 submitted", f"{len(done)} 项 lines")


@app.command(
    short_help="审核通过 [dim]accept[/dim]",
    help="审核通过已报的数；须是填报人以外的人。此后才计入。\n\n"
    "[dim]Accept submitted figures; not by the one who reported them. From now on they count."
    "[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui report-in accept 7 8 --who 李四[/cyan]",
)
@spread
def accept(numbers: Numbers, where: Where = None, who: Who = None, reason: Reason = None) -> None:
    """Accept figures."""
    from shanshui.platform.track import filling

    with (
        opened(where) as workspace,
        workspace.ledger.write(
            who=person(who), action="report-in accept", reason=reason
        ) as session,
    ):
        done = filling.accept(session, numbers, who=person(who))
    doubted(done)
    said("已审 accepted", f"{len(done)} 项 lines")


@app.command(
    "return",
    short_help="退回 [dim]return to the unit[/dim]",
    help="把已报的数退回单位，写明理由。\n\n[dim]Return submitted figures, with the reason.[/dim]",
    epilog='例 Examples\n\n[cyan]shanshui report-in return 7 --why "缺佐证" --who 李四[/cyan]',
)
@spread
def return_(
    numbers: Numbers,
    why: Annotated[str, option("--why", "退回的理由", "the reason", METHOD, metavar="文字")],
    where: Where = None,
    who: Who = None,
) -> None:
    """Return figures."""
    from shanshui.platform.track import filling

    with (
        opened(where) as workspace,
        workspace.ledger.write(who=person(who), action="report-in return", reason=why) as session,
    ):
        done = filling.send_back(session, numbers, who=person(who), reason=why)
    said("已退回 returned", f"{len(done)} 项 lines")


@app.command(
    short_help="一项的全部版本 [dim]all versions of a figure[/dim]",
    help="看一项填报的全部版本：谁填、谁审、佐证、退回和更正的理由。\n\n"
    "[dim]All versions of a figure: by whom, evidence, reasons.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui report-in show 7[/cyan]",
)
@spread
def show(
    number: Annotated[
        int, typer.Argument(metavar="编号 LINE", help="填报项的编号", show_default=False)
    ],
    listing: Listing,
    where: Where = None,
) -> None:
    """Show a line."""
    from shanshui.platform.track import filling
    from shanshui.platform.track.forms import lines

    with opened(where) as workspace, workspace.ledger.read() as session:
        versions = filling.history(session, number)
        (line,) = lines(session, numbers=[number])
    names = states()
    shown = [
        row
        | {"value": value_text(row | {"measure": line["measure"]}), "state": names[row["state"]]}
        | {"files": "、".join(one["name"] for one in row["files"])}
        | {name: _clock(row[name]) for name in ("submitted_at", "accepted_at", "superseded_at")}
        | {"why": row["reason"] or row["answer"], "warned": _words(row["warnings"])}
        for row in versions
    ]
    heads = {"number": "版本", "value": "数值", "state": "状态", "filled_by": "填报人"}
    heads |= {"submitted_at": "上报", "decided_by": "审核人", "accepted_at": "审核"}
    heads |= {"superseded_at": "被取代", "why": "理由", "files": "佐证", "warned": "提示"}
    title = f"{number} {line['unit']}：{line['region']} {line['indicator']} {line['period']}"
    deliver(versions, shown, heads, listing, title)


def _words(warnings: Sequence[dict[str, str]] | None) -> str:
    return "；".join(one["zh"] for one in warnings or ())


def _clock(moment: datetime | None) -> str:
    """Write a moment by the clock of Asia/Shanghai."""
    from shanshui._clock import ZONE

    return f"{moment.astimezone(ZONE):%Y-%m-%d %H:%M}" if moment else ""

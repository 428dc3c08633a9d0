"""``shanshui report-in late …``: who is late, reminders; the figures that count, published ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shanshui.cli.listing import Listing, deliver
from shanshui.cli.options import METHOD, RESULT, option, spread
from shanshui.cli.output import err, note, out, said, working
from shanshui.cli.plan_lists import day_of
from shanshui.cli.report_in import CHOICE, TOLD, Dry, PeriodOf, UnitOf, app, data_of, states, write
from shanshui.cli.workspace import Reason, Where, Who, opened, person

At = Annotated[
    str | None,
    option(
        "--at", "截至哪一天；默认今天", "as of this day; by default today", METHOD, metavar="日期"
    ),
]


@app.command(
    short_help="谁逾期未报 [dim]who is late[/dim]",
    help="列出截至一天逾期未报的单位；--lines 逐项列。\n\n"
    "[dim]List the units that are late as of a day; --lines for each figure.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui report-in late --at 2026-10-18[/cyan]",
)
@spread
def late(
    listing: Listing,
    at: At = None,
    unit: UnitOf = None,
    period: PeriodOf = None,
    each: Annotated[bool, option("--lines", "逐项列出", "each figure", CHOICE)] = False,
    where: Where = None,
) -> None:
    """List who is late."""
    from shanshui.platform.track.late import late_units, outstanding

    day = day_of(at)
    with opened(where) as workspace:
        rows = outstanding(workspace.ledger, day, unit=unit, period=period)
    names = states()
    if not each:
        found = late_units(rows)
        heads = {"unit": "单位", "period": "时段", "deadline": "截止", "days": "逾期天数"}
        heads |= {"figures": "项数", "returned": "其中退回"}
        deliver(found, found, heads, listing, f"逾期未报 late on {day}")
        return
    heads = {"line": "编号", "unit": "单位", "period": "时段", "days": "逾期天数"}
    heads |= {"indicator": "指标", "region": "地区", "state": "状态", "answer": "退回理由"}
    shown = [row | {"state": names[row["state"]]} for row in rows]
    deliver(rows, shown, heads, listing, f"逾期未报 late on {day}")


@app.command(
    short_help="催报 [dim]reminders, ready to be sent[/dim]",
    help="写好每个单位的催报文字：逾期的、快到期的、退回的；-o 写成 .docx、.txt 或 .json。\n\n"
    "[dim]Write a reminder for each unit; -o writes .docx, .txt or .json.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui report-in remind --sign 市美丽办 -o 催报.docx[/cyan]",
)
@spread
def remind(
    at: At = None,
    unit: UnitOf = None,
    period: PeriodOf = None,
    soon: Annotated[
        int,
        option(
            "--soon",
            "几天内到期的也提醒",
            "those due within so many days too",
            CHOICE,
            min=0,
            show_default=True,
        ),
    ] = 5,
    sign: Annotated[
        str | None, option("--sign", "落款", "who signs", RESULT, metavar="单位")
    ] = None,
    json_: Annotated[bool, option("--json", "以 JSON 输出", "as JSON", RESULT)] = False,
    output: Annotated[
        str | None,
        option(
            "--output",
            "写到 .docx .txt 或 .json； - 为标准输出",
            "write a file; - is stdout",
            RESULT,
            "-o",
            metavar="文件",
        ),
    ] = None,
    where: Where = None,
) -> None:
    """Write reminders."""
    import json

    from shanshui.platform.track.late import document, reminders

    form = Path(output).suffix.lower() if output and output != "-" else ""
    if form not in {"", ".docx", ".txt", ".json"} or (output and output != "-" and not form):
        raise typer.BadParameter(
            f"应以 .docx、.txt 或 .json 结尾：{output} / must end in .docx, .txt or .json",
            param_hint="--output",
        )
    with opened(where) as workspace:
        found = reminders(
            workspace.ledger, day_of(at), unit=unit, period=period, soon=soon, sender=sign
        )
    if form == ".docx":
        data = document(found)
    elif form == ".json" or json_:
        data = (
            json.dumps(
                [one.as_dict() for one in found], ensure_ascii=False, indent=1, default=str
            ).encode()
            + b"\n"
        )
    else:
        data = "\n".join(one.text for one in found).encode()
    if output:
        write(output, data)
    elif not found and not json_:
        out().print("[dim]没有要催的 nobody to remind[/dim]")
    else:
        write("-", data)


@app.command(
    short_help="已审和公布的数 [dim]figures that count[/dim]",
    help="列出已审的填报数和公布的数，各带口径；--as-of 看某一时刻算数的是哪些。\n\n"
    "[dim]Figures that count: accepted reports and published values, each with its basis.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui report-in figures -i 农村生活污水治理率 -r 清城区[/cyan]",
)
@spread
def figures(
    listing: Listing,
    indicators: Annotated[
        list[str] | None,
        option("--indicator", "指标；可多次", "indicators", CHOICE, "-i", metavar="指标"),
    ] = None,
    regions: Annotated[
        list[str] | None,
        option("--region", "地区；可多次", "regions", CHOICE, "-r", metavar="地区"),
    ] = None,
    period: PeriodOf = None,
    as_of: Annotated[
        str | None,
        option(
            "--as-of",
            "到这一天结束时算数的",
            "what counted at the end of this day",
            METHOD,
            metavar="日期",
        ),
    ] = None,
    where: Where = None,
) -> None:
    """List figures."""
    from datetime import datetime, time, timedelta

    from shanshui._clock import ZONE
    from shanshui.platform.track import reported

    moment = None
    if as_of:
        moment = datetime.combine(day_of(as_of) + timedelta(days=1), time(), ZONE)
    with opened(where) as workspace:
        found = reported.figures(workspace, indicators, regions, period, moment)
        names = reported.names(workspace, found)
    rows = found.to_dicts()
    shown = [
        row
        | {name: names[row[name]] for name in ("indicator", "region")}
        | {"value": f"{row['value']} {row['unit'] or ''}"}
        | {"basis": "；".join(row[name] for name in reported.BASIS if row[name])}
        for row in rows
    ]
    heads = {"indicator": "指标", "region": "地区", "period": "时段", "value": "数值"}
    heads |= {"status": "状态", "basis": "口径", "confidence": "可信度", "ref": "来源"}
    deliver(rows, shown, heads, listing, "填报和公布的数 figures")


@app.command(
    "load-published",
    short_help="导入公布的数 [dim]load published values[/dim]",
    help="导入公布的数：不写文件为软件自带的，或一个 CSV（region, indicator, period, value 等列）；"
    "同一来源同一口径只存一次，值变了记为新版本。\n\n"
    "[dim]Load published values: the packaged ones, or a CSV of the same columns. Run again it "
    "changes nothing; a value that has changed becomes a new version.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui report-in load-published[/cyan]\n\n"
    "[cyan]shanshui report-in load-published 公报.csv --dry-run[/cyan]",
)
@spread
def load_published(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="文件 FILE",
            help="CSV，UTF-8； - 为标准输入；不写为软件自带的",
            show_default=False,
        ),
    ] = None,
    dry_run: Dry = False,
    where: Where = None,
    who: Who = None,
    reason: Reason = None,
) -> None:
    """Load published values."""
    from shanshui.platform.track import published

    rows = None if file is None else published.rows_of(*data_of(file))
    with opened(where) as workspace, working("导入 loading"):
        done = published.load(
            workspace.ledger, rows, who=person(who), reason=reason, dry_run=dry_run
        )
    for one in done.aside[:TOLD]:
        zh, _, en = str(one).partition(" / ")
        note(f"{zh}（{one.value}）", en, head="搁置 set aside")
    if len(done.aside) > TOLD:
        err().print(f"[dim]还有 {len(done.aside) - TOLD:,} 行 more[/dim]")
    said(
        "将导入 would load" if dry_run else "已导入 loaded",
        f"读 read {done.read:,}：新 new {done.added:,}，更新 restated {done.restated:,}，"
        f"已有 already {done.already:,}，搁置 set aside {len(done.aside):,}",
    )
    if done.aside and file is not None:
        raise typer.Exit(1)

"""``shanshui review …``: monitoring data are reviewed (审核) before they are made final."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from shanshui.cli.listing import Listing, deliver
from shanshui.cli.options import METHOD, option, spread
from shanshui.cli.output import label, note, out, said, working
from shanshui.cli.workspace import Where, Who, opened, person

CHOICE = "选哪些 Which"

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="监测数据审核：初审 → 复审 → 终审；保留、修改、剔除、补录，都有理由、佐证和姓名。\n\n"
    "[dim]Review of monitoring data in stages: keep, correct, withdraw, back-fill, each with its "
    "reason, evidence, person and time. The lake changes once the last stage has decided.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui review open 2026-10 --domain air[/cyan]\n\n"
    "[cyan]shanshui review list 1 --stage 初审[/cyan]\n\n"
    "[cyan]shanshui review withdraw 17 --stage 初审 --reason 仪器故障 --evidence 记录.pdf[/cyan]",
)

Stations = Annotated[
    list[str] | None,
    option("--station", "站点；可多次", "station; may be repeated", CHOICE, metavar="编码"),
]
Properties = Annotated[
    list[str] | None,
    option(
        "--property", "项目，如 pm25；可多次", "property; may be repeated", CHOICE, metavar="项目"
    ),
]


@app.command(
    "open",
    short_help="建立审核 [dim]open a review[/dim]",
    help="把一个时段里有质控标记的值，和其余值里随机抽的一部分，列入审核。再次运行则更新。\n\n"
    "[dim]Queue the flagged values of a period and a random sample of the rest. Run again it takes "
    "in what came since.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui review open 2026-10 --domain air[/cyan]\n\n"
    "[cyan]shanshui review open 2026-10 --domain water --sample 0.1[/cyan]",
)
@spread
def open_(
    period: Annotated[
        str,
        typer.Argument(metavar="时段 PERIOD", help="2026-10、2026-Q4 或 2026", show_default=False),
    ],
    domain: Annotated[
        str,
        option(
            "--domain",
            "air weather water noise soil",
            "domain",
            METHOD,
            metavar="领域",
            show_default=True,
        ),
    ] = "air",
    sample: Annotated[
        str,
        option(
            "--sample",
            "抽查没有标记的值的比例",
            "share of the values without a flag that is drawn",
            METHOD,
            metavar="比例",
            show_default=True,
        ),
    ] = "0.05",
    seed: Annotated[
        str | None,
        option(
            "--seed",
            "抽样种子；默认由领域和时段定，任何人可重抽",
            "of the sample; by default domain and period",
            METHOD,
            metavar="文字",
        ),
    ] = None,
    stations: Stations = None,
    properties: Properties = None,
    where: Where = None,
    who: Who = None,
) -> None:
    """Open a review."""
    from shanshui.platform.review import queue

    with opened(where) as workspace, working("列入审核 queueing"):
        done = queue.open(
            workspace,
            period,
            domain,
            who=person(who),
            sample=sample,
            seed=seed,
            stations=stations,
            properties=properties,
        )
    said(
        "已建立 opened" if done.new else "已更新 brought up to date",
        f"审核 review {done.review}：标记 flagged {done.flagged:,} 个值 values"
        f"（{done.flagged_items:,} 条 items），"
        f"抽查 sampled {done.sampled:,} / {done.population:,}（种子 seed {done.seed}），"
        f"新增 added {done.added:,} 条 items",
    )
    if done.changed:
        note(
            f"{done.changed} 条的原始值已变，重新从初审开始",
            f"the values of {done.changed} items had changed: they begin again",
        )
    if not done.flagged:
        note(
            "没有质控标记；先运行质控（shanshui qc），再打开一次",
            "no flag of quality control: run it, then open the review again",
        )


@app.command(
    "list",
    short_help="列出 [dim]reviews, or the items of one[/dim]",
    help="列出全部审核；写明一个，则列出它的条目。\n\n"
    "[dim]List the reviews, or the items of one.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui review list[/cyan]\n\n"
    "[cyan]shanshui review list 1 --stage 复审 --station 1001A[/cyan]",
)
@spread
def list_(
    listing: Listing,
    review: Annotated[
        str | None,
        typer.Argument(
            metavar="[审核 REVIEW]",
            help='编号，或 "air 2026-10"\n\n[dim]its number, or domain and period[/dim]',
            show_default=False,
        ),
    ] = None,
    stage: Annotated[
        str | None,
        option(
            "--stage",
            "只看等待这一阶段的；done 为已审完",
            "waiting for this stage; done for those decided to the end",
            CHOICE,
            metavar="阶段",
        ),
    ] = None,
    origin: Annotated[
        str | None,
        option("--origin", "flagged sampled added", "how they came in", CHOICE, metavar="来由"),
    ] = None,
    stations: Stations = None,
    properties: Properties = None,
    where: Where = None,
) -> None:
    """List reviews or items."""
    from shanshui.platform.review import listing as lists
    from shanshui.platform.review.reasons import stage_words

    with opened(where) as workspace:
        if review is None:
            rows = lists.reviews(workspace)
        else:
            rows = lists.queue(
                workspace,
                review,
                stage=stage,
                stations=stations or (),
                properties=properties or (),
                origin=origin,
            )
    if review is None:
        shown = [
            row
            | {
                "waiting": "，".join(
                    f"{stage_words(code)[0]} {count:,}"
                    for code, count in row["waiting"].items()
                    if count
                )
                or "—"
            }
            for row in rows
        ]
        heads = {
            "review": "编号",
            "domain": "领域",
            "period": "时段",
            "items": "条目",
            "values": "值",
            "flagged": "标记",
            "sampled": "抽查",
            "waiting": "等待",
            "done": "审完",
            "opened_by": "建立人",
        }
        deliver(rows, shown, heads, listing, "审核 reviews")
        return
    heads = {
        "item": "条目",
        "station": "站点",
        "property": "项目",
        "time": "时间",
        "value_zh": "数值",
        "why": "质控说明",
        "stage_zh": "等待",
        "decision_zh": "已有决定",
        "version": "版本",
    }
    shown = [_shown(row) for row in rows]
    deliver(rows, shown, heads, listing, f"审核 review {review}")


@app.command(
    short_help="看一条 [dim]one item and its history[/dim]",
    help="看一条：值、质控说明、每一步决定。\n\n"
    "[dim]One item: its values, what quality control says, every decision.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui review show 17[/cyan]",
)
@spread
def show(
    item: Annotated[int, typer.Argument(metavar="条目 ITEM", help="编号", show_default=False)],
    listing: Listing,
    where: Where = None,
) -> None:
    """Show an item."""
    from shanshui.platform.review import listing as lists

    with opened(where) as workspace:
        row = lists.show(workspace, item)
    if listing.said() != "table":
        deliver([row], [row], {}, listing, "")
        return
    shown = _shown(row)
    console = out()
    console.print(
        f"[bold]#{row['item']}[/bold] {row['station']} {label(row['property'])} {shown['time']}"
        f"　{row['value_zh']} {row['unit'] or ''}　[dim]等待[/dim] {shown['stage_zh']}"
        f"　[dim]版本[/dim] {row['version']}"
    )
    if row["why"]:
        console.print(row["why"], markup=False)
    values = [one | {"time": one["time"].replace("T", " ")} for one in row["values"]]
    deliver(
        values,
        values,
        {"time": "时间", "value": "数值", "flag": "来源标记", "state": "状态"},
        listing,
        "值 values",
    )
    if not row["history"]:
        console.print("[dim]还没有决定 not decided yet[/dim]")
        return
    steps = [_history(one) for one in row["history"]]
    heads = {
        "at": "时间",
        "stage_zh": "阶段",
        "who": "谁",
        "what": "决定",
        "reason_zh": "理由",
        "note": "说明",
        "evidence": "佐证",
        "state_zh": "状态",
        "transaction": "批次",
    }
    deliver(steps, steps, heads, listing, "决定 decisions")


@app.command(
    "reasons",
    short_help="理由 [dim]reasons[/dim]",
    help="列出理由：用于哪些领域和决定，什么时候要佐证，依据。\n\n"
    "[dim]List the reasons: for which domains and decisions, when a file is needed, on what they "
    "stand.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui review reasons --domain water[/cyan]",
)
@spread
def reasons_(
    listing: Listing,
    domain: Annotated[
        str | None, option("--domain", "只看这个领域", "of this domain", METHOD, metavar="领域")
    ] = None,
) -> None:
    """List the reasons."""
    from shanshui.platform.review.reasons import KINDS, reasons

    rows = [
        {
            "code": one.code,
            "zh": one.zh,
            "en": one.en,
            "media": list(one.media),
            "decisions": list(one.decisions),
            "evidence": list(one.evidence),
            "source": one.source,
            "confidence": one.confidence,
        }
        for one in reasons().values()
        if domain is None or domain in one.media
    ]
    shown = [
        row | {key: [KINDS[k][0] for k in row[key]] for key in ("decisions", "evidence")}
        for row in rows
    ]
    heads = {
        "code": "代号",
        "zh": "理由",
        "media": "领域",
        "decisions": "用于",
        "evidence": "须佐证",
        "source": "依据",
        "confidence": "可信度",
    }
    deliver(rows, shown, heads, listing, "理由 reasons")


@app.command(
    "apply",
    short_help="完成中断的写入 [dim]finish what was cut off[/dim]",
    help="把已经终审、但因断电等没有写进数据湖的决定写完；平时自动进行。\n\n"
    "[dim]Carry into the lake what was decided and cut off; otherwise it is done at once.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui review apply[/cyan]",
)
@spread
def apply_(where: Where = None, who: Who = None) -> None:
    """Finish what was cut off."""
    from shanshui.platform.review.applying import apply

    with opened(where) as workspace, working("写入 applying"):
        done = apply(workspace, who=person(who))
    said("已写入 applied", f"{done.decisions:,} 个决定 decisions，{done.values:,} 个值 values")


# ----------------------------------------------------------------------------------------- helpers


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    from shanshui.platform.review.reasons import stage_words

    time = row["first"].replace("T", " ")[:16]
    if row["count"] > 1:
        last = row["last"].replace("T", " ")[:16]
        time += f" — {last[11:] if last[:10] == time[:10] else last[5:]}"
    stage = "审完" if row["stage"] == "done" else stage_words(row["stage"])[0]
    return row | {"time": time, "stage_zh": stage}


def _history(one: dict[str, Any]) -> dict[str, Any]:
    from shanshui._clock import ZONE

    states = {"noted": "", "pending": "待写入", "applied": "已写入"}
    values = [row[1] for row in one["written"]]
    single = len(values) == 1 and values[0] is not None
    new = f" → {values[0]:g}" if single and one["kind"] != "keep" else ""
    taken = "" if one["standing"] else "（已撤销）"
    when = datetime.fromisoformat(one["at"]).astimezone(ZONE)
    return one | {
        "at": f"{when:%Y-%m-%d %H:%M}",
        "what": f"{one['kind_zh']}{new}{taken}",
        "state_zh": states[one["state"]],
    }

"""``shanshui review keep …``: what is decided of data in review, here and in Excel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shanshui.cli.options import METHOD, RESULT, option, spread
from shanshui.cli.output import err, note, said, working
from shanshui.cli.review import CHOICE, Properties, Stations, app
from shanshui.cli.workspace import Where, Who, opened, person
from shanshui.platform.files import write_whole
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from shanshui.platform.review.decisions import Outcome
    from shanshui.platform.review.judging import Refusal
    from shanshui.platform.store import Workspace

_TOLD = 12  # refusals that are printed
_ALSO = "；终审后写入数据湖，留痕，可撤销。\n\n"
_ALSO_EN = (
    "It goes to the lake after the last stage, is in the audit trail, and can be undone.[/dim]"
)
_SPAN = "--review 1 --station 1001A --property pm25 --from 2026-10-03 --to 2026-10-04"

Review = Annotated[
    str,
    typer.Argument(
        metavar="审核 REVIEW",
        help='编号，或 "air 2026-10"\n\n[dim]its number, or domain and period[/dim]',
        show_default=False,
    ),
]
Stage = Annotated[
    str,
    option(
        "--stage",
        "您在哪一阶段审：初审、复审、终审",
        "the stage at which you sit: first, second, final",
        METHOD,
        metavar="阶段",
    ),
]
Dry = Annotated[
    bool, option("--dry-run", "只说会怎样，不写入", "only say what would come of it", METHOD)
]


@dataclass(frozen=True)
class Which:
    """Items by number, or a batch by station, property and span."""

    items: Annotated[
        list[int] | None,
        typer.Argument(
            metavar="条目 ITEM…",
            help="条目编号，可多个；或用 --review、--station、--from、--to 选一批\n\n"
            "[dim]numbers of items; or a batch by --review, --station, --from, --to[/dim]",
            show_default=False,
        ),
    ] = None
    review: Annotated[
        str | None,
        option("--review", "整批：哪次审核", "a batch: of which review", CHOICE, metavar="审核"),
    ] = None
    stations: Stations = None
    properties: Properties = None
    start: Annotated[
        str | None,
        option(
            "--from",
            "从这一天或时刻（时段末）起",
            "from this day or time, the end of a period",
            CHOICE,
            metavar="时间",
        ),
    ] = None
    end: Annotated[
        str | None,
        option("--to", "到这一天或时刻止，含", "up to and with it", CHOICE, metavar="时间"),
    ] = None

    def __post_init__(self) -> None:
        """Refuse what names nothing, or both."""
        batch = [self.review, self.stations, self.start]
        if bool(self.items) == any(batch) or (any(batch) and not all(batch)):
            raise typer.BadParameter(
                "写条目编号，或写全 --review、--station、--from / name items, or all of --review, "
                "--station and --from",
                param_hint="ITEM",
            )

    def of(self, workspace: Workspace, who: str, kind: str, period: int) -> list[int]:
        """Return the items that are meant."""
        if self.items:
            return self.items
        from shanshui.platform.review.selecting import batch

        first = _time(self.start or "", last=False)
        last = _time(self.end or self.start or "", last=True)
        return batch(
            workspace,
            self.review or "",
            who=who,
            start=first,
            end=last,
            stations=self.stations or [],
            properties=self.properties,
            missing=period if kind == "backfill" else None,
            valued=kind in ("correct", "withdraw"),
        )


@dataclass(frozen=True)
class Grounds:
    """Why something is decided."""

    stage: Stage
    reason: Annotated[
        str | None,
        option(
            "--reason",
            "理由，如 仪器故障；shanshui review reasons 列出",
            "reason; listed by shanshui review reasons",
            METHOD,
            metavar="理由",
        ),
    ] = None
    evidence: Annotated[
        str | None,
        option(
            "--evidence",
            "佐证文件，复制进工作区",
            "file of evidence, copied into the workspace",
            METHOD,
            metavar="文件",
        ),
    ] = None
    words: Annotated[str | None, option("--note", "说明", "in words", METHOD, metavar="文字")] = (
        None
    )
    seen: Annotated[
        int | None,
        option(
            "--seen",
            "看到的版本（list、show 里的 version），别人又改过就不写入",
            "the version that you saw; refused where another has changed it",
            METHOD,
            metavar="版本",
        ),
    ] = None
    dry_run: Dry = False


@dataclass(frozen=True)
class Value:
    """The new value, and of which periods."""

    value: Annotated[
        float | None, option("--value", "新值", "the new value", METHOD, metavar="数值")
    ] = None
    values: Annotated[
        str | None,
        option(
            "--values",
            "几个新值的 CSV：time,value，多个站点或项目时加 station,property",
            "a CSV of several new values: time, value, and station, property where needed",
            METHOD,
            metavar="文件",
        ),
    ] = None
    period: Annotated[
        int,
        option(
            "--period",
            "补录数据湖里没有的值时，它的时段秒数",
            "seconds of the period of a value that the lake has no row of",
            CHOICE,
            metavar="秒",
            show_default=True,
        ),
    ] = 3600

    def of(self, workspace: Workspace, items: Sequence[int]) -> dict[int, dict[datetime, float]]:
        """Return the new values of items, where a file has them."""
        if self.values is None:
            return {}
        import polars as pl

        from shanshui.platform.review.selecting import values_for

        try:
            table = pl.read_csv(self.values, infer_schema_length=None)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise ShanshuiError(
                f"读不了 {self.values}：{error} / cannot read {self.values}: {error}"
            ) from None
        return values_for(workspace, items, table)


@app.command(
    short_help="保留 [dim]keep values[/dim]",
    help=f"保留{_ALSO}[dim]Keep values. {_ALSO_EN}",
    epilog="例 Examples\n\n[cyan]shanshui review keep 17 18 --stage 初审[/cyan]",
)
@spread
def keep(
    which: Which,
    grounds: Grounds,
    where: Where = None,
    who: Who = None,
) -> None:
    """Keep values."""
    _decide("keep", which, grounds, Value(), where, who)


@app.command(
    short_help="修改为新值 [dim]correct a value[/dim]",
    help=f"修改为新值{_ALSO}[dim]Correct a value. {_ALSO_EN}",
    epilog="例 Examples\n\n[cyan]shanshui review correct 17 --value 35 --stage 初审 "
    "--reason 录入或单位错误 --evidence 原始记录.pdf[/cyan]",
)
@spread
def correct(
    which: Which,
    grounds: Grounds,
    value: Value,
    where: Where = None,
    who: Who = None,
) -> None:
    """Correct a value."""
    _decide("correct", which, grounds, value, where, who)


@app.command(
    short_help="剔除 [dim]withdraw values[/dim]",
    help=f"剔除{_ALSO}[dim]Withdraw values. {_ALSO_EN}",
    epilog=f"例 Examples\n\n[cyan]shanshui review withdraw {_SPAN} --stage 初审 --reason 仪器故障 "
    "--evidence 维修单.pdf[/cyan]",
)
@spread
def withdraw(
    which: Which,
    grounds: Grounds,
    where: Where = None,
    who: Who = None,
) -> None:
    """Withdraw values."""
    _decide("withdraw", which, grounds, Value(), where, who)


@app.command(
    short_help="补录缺测的值 [dim]back-fill a missing value[/dim]",
    help=f"补录缺测的值{_ALSO}[dim]Back-fill a missing value. {_ALSO_EN}",
    epilog="例 Examples\n\n[cyan]shanshui review backfill --review 1 --station 1001A "
    "--property pm25 --from '2026-10-03 09:00' --value 35 --stage 初审 --reason late "
    "--evidence 数采仪.csv[/cyan]",
)
@spread
def backfill(
    which: Which,
    grounds: Grounds,
    value: Value,
    where: Where = None,
    who: Who = None,
) -> None:
    """Back-fill a missing value."""
    _decide("backfill", which, grounds, value, where, who)


@app.command(
    short_help="同意前一阶段的决定 [dim]agree with the stage before[/dim]",
    help=f"同意前一阶段的决定{_ALSO}[dim]Agree with the stage before. {_ALSO_EN}",
    epilog="例 Examples\n\n[cyan]shanshui review agree 17 18 --stage 复审[/cyan]",
)
@spread
def agree(
    which: Which,
    grounds: Grounds,
    where: Where = None,
    who: Who = None,
) -> None:
    """Agree with the stage before."""
    _decide("agree", which, grounds, Value(), where, who)


@app.command(
    short_help="撤销 [dim]take back[/dim]",
    help="撤销条目的最后一个决定，或一整批；不删除，另记一个决定，数据湖恢复为收到的值。\n\n"
    "[dim]Take back the last decision on items, or a whole batch. Nothing is deleted; in the lake "
    "the value as it was received counts again.[/dim]",
    epilog='例 Examples\n\n[cyan]shanshui review undo 17 --note "看错站点"[/cyan]\n\n'
    '[cyan]shanshui review undo --batch 3f2a… --note "维修单日期不符"[/cyan]',
)
@spread
def undo(
    note_: Annotated[str, option("--note", "为什么", "why", METHOD, metavar="文字")],
    items: Annotated[
        list[int] | None,
        typer.Argument(metavar="条目 ITEM…", help="编号，可多个", show_default=False),
    ] = None,
    batch: Annotated[
        str | None,
        option("--batch", "整批的名称（show 里有）", "name of a batch", CHOICE, metavar="批次"),
    ] = None,
    where: Where = None,
    who: Who = None,
) -> None:
    """Take decisions back."""
    from shanshui.platform.review import decisions

    with opened(where) as workspace, working("撤销 taking back"):
        done = decisions.undo(
            workspace,
            who=person(who),
            note=note_,
            items=items or (),
            transaction=batch,
            via="cli",
        )
    _told(done, "撤销")


@app.command(
    "export",
    short_help="导出审核表 [dim]a workbook to decide in[/dim]",
    help="把等待一个阶段的条目写成 Excel 审核表：在表里选决定和理由，再导入。\n\n"
    "[dim]Write what waits for a stage as a workbook in which it is decided, to be imported."
    "[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui review export 1 --stage 初审 -o 审核.xlsx[/cyan]",
)
@spread
def export_(
    review: Review,
    stage: Stage,
    output: Annotated[
        Path,
        option("--output", "写到这个 .xlsx", "the .xlsx to write", RESULT, "-o", metavar="文件"),
    ],
    stations: Stations = None,
    properties: Properties = None,
    where: Where = None,
) -> None:
    """Write the workbook."""
    from shanshui.platform.review.exchange import export

    if output.suffix.lower() != ".xlsx":
        raise typer.BadParameter(
            f"应以 .xlsx 结尾：{output} / must end in .xlsx: {output}", param_hint="--output"
        )
    with opened(where) as workspace, working("导出 exporting"):
        data = export(
            workspace, review, stage=stage, stations=stations or (), properties=properties or ()
        )
    write_whole(output, data)
    said("已写 wrote", str(output))


@app.command(
    "import",
    short_help="导入审核表 [dim]take a workbook in[/dim]",
    help="导入填好的审核表：只取填了决定的行，逐条留痕；别人已审的行不覆盖，列出是谁。\n\n"
    "[dim]Take in the rows with a decision, each in the audit trail; rows that another has decided "
    "are listed with who and when.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui review import 审核.xlsx --dry-run[/cyan]\n\n"
    "[cyan]shanshui review import 审核.xlsx --who 张三[/cyan]",
)
@spread
def import_(
    file: Annotated[
        Path, typer.Argument(metavar="文件 FILE", help="填好的审核表", show_default=False)
    ],
    dry_run: Dry = False,
    where: Where = None,
    who: Who = None,
) -> None:
    """Take the workbook in."""
    from shanshui.platform.review.exchange import take_in

    with opened(where) as workspace, working("导入 importing"):
        done = take_in(
            workspace,
            file.read_bytes(),
            who=person(who),
            name=file.name,
            folder=file.resolve().parent,
            dry_run=dry_run,
        )
    for one in done.faults[:_TOLD]:
        zh, _, en = str(one).partition(" / ")
        note(zh, en, style="red", head="搁置 set aside")
    refused = _refusals(done.refused)
    said(
        "将导入 would take" if dry_run else "已导入 took",
        f"{len(done.decisions):,} 条 items，共填 of {done.edited:,}；"
        f"未采用 not taken {refused + len(done.faults):,}"
        + "".join(f"；批次 batch {name}" for name in done.transactions),
    )
    if refused or done.faults:
        raise typer.Exit(1)


# ----------------------------------------------------------------------------------------- helpers


def _decide(
    kind: str,
    which: Which,
    grounds: Grounds,
    value: Value,
    where: str | None,
    who: str | None,
) -> None:
    from shanshui.platform.review.decisions import Choice, decide

    if grounds.dry_run and not which.items:
        raise typer.BadParameter(
            "只用于条目编号；整批会先列入审核 / only with numbers of items: a batch is "
            "queued first",
            param_hint="--dry-run",
        )
    with opened(where) as workspace:
        name = person(who)
        items = which.of(workspace, name, kind, value.period)
        given = value.of(workspace, items)
        choices = [
            Choice(
                item,
                kind,
                grounds.reason,
                given.get(item, value.value),
                grounds.evidence,
                grounds.words,
                grounds.seen,
            )
            for item in items
        ]
        with working("审核 deciding"):
            done = decide(
                workspace,
                choices,
                who=name,
                stage=grounds.stage,
                via="cli",
                dry_run=grounds.dry_run,
            )
    from shanshui.platform.review.reasons import KINDS

    _told(done, KINDS[kind][0], dry_run=grounds.dry_run)


def _time(text: str, *, last: bool) -> datetime:
    """Understand a day or a time; a day is its periods, which end after its midnight."""
    plain = text.strip().replace("T", " ").replace("/", "-")
    try:
        time = datetime.fromisoformat(plain)
    except ValueError:
        raise typer.BadParameter(
            f"应如 2026-10-03 或 2026-10-03 09:00，得到“{text}” / "
            f'a day or a time is expected, such as 2026-10-03 09:00, got "{text}"',
            param_hint="--from/--to",
        ) from None
    if ":" in plain:
        return time
    return time + (timedelta(days=1) if last else timedelta(seconds=1))


def _refusals(refused: Sequence[Refusal]) -> int:
    """Print what was not taken; return how many, those told twice not counted."""
    counted = [one for one in refused if one.code != "already"]
    for one in counted[:_TOLD]:
        note(one.zh, one.en, style="red", head="未采用 not taken")
    if len(counted) > _TOLD:
        err().print(f"[dim]还有 {len(counted) - _TOLD:,} 条 more[/dim]")
    return len(counted)


def _told(done: Outcome, zh: str, *, dry_run: bool = False) -> None:
    refused = _refusals(done.refused)
    if dry_run:
        said("将审 would decide", f"{len(done.decisions):,} 条 items：{zh}")
    elif done.decisions:
        lake = f"，写入数据湖 to the lake {done.values:,} 个值 values" if done.values else ""
        said(
            "已审 decided",
            f"{len(done.decisions):,} 条 items：{zh}{lake}；批次 batch {done.transaction}",
        )
    if done.final:
        note(
            f"{'、'.join(done.final)} 已定版，定版数不变；要改须更正（见 shanshui freeze diff）",
            f"{', '.join(done.final)} is final and its figures stay; correct it by a document "
            "(shanshui freeze diff says what differs)",
        )
    if refused:
        raise typer.Exit(1)

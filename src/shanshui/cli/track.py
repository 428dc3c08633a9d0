"""``shanshui track``: where each target stands, and what the rest of the year may still be."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shanshui.cli.documents import Letterhead, shipped_template
from shanshui.cli.listing import AsJson, WrittenTo
from shanshui.cli.options import METHOD, RESULT, option, spread
from shanshui.cli.output import out, said, working
from shanshui.cli.plan_lists import day_of
from shanshui.cli.workspace import Where, Who, opened, person
from shanshui.platform.files import write_whole

if TYPE_CHECKING:
    from rich.table import Table as Grid

    from shanshui.platform.track.table import Table

Row = dict[str, Any]
_NARROW = 100  # columns of a page that is not a terminal
COLOURS = {
    "已完成": "green",
    "达到序时进度": "green",
    "存在风险": "yellow",
    "滞后于序时进度": "red",
    "未完成": "red",
    "暂无数据": "dim",
    "待下达": "dim",
    "口径不一致": "magenta",
}


class Form(StrEnum):
    """Forms of the table."""

    TABLE = "table"
    JSON = "json"
    XLSX = "xlsx"
    DOCX = "docx"
    HTML = "html"


def _shipped() -> bytes:
    from shanshui.platform.report.track import shipped

    return shipped()


@dataclass(frozen=True)
class Print(Letterhead):
    """What the document says of itself, and its template."""

    write_template: Annotated[str | None, shipped_template(_shipped)] = None


@dataclass(frozen=True)
class Which:
    """Which targets, as of which day."""

    region: Annotated[
        str | None,
        option(
            "--region",
            "只看这个地区及其下级；名称或代码",
            "this region and the places within",
            METHOD,
            metavar="地区",
        ),
    ] = None
    document: Annotated[
        str | None,
        option("--document", "只看这份规划", "this plan only", METHOD, "-d", metavar="代码"),
    ] = None
    state: Annotated[
        list[str] | None,
        option(
            "--status",
            "只看这些完成情况，如 滞后于序时进度；可多次",
            "these states only; may be repeated",
            METHOD,
            metavar="状态",
        ),
    ] = None
    owner: Annotated[
        str | None,
        option("--owner", "只看这个责任单位的", "of this unit only", METHOD, metavar="单位"),
    ] = None
    at: Annotated[
        str | None,
        option(
            "--at", "评价日；默认今天", "the as-of date; by default today", METHOD, metavar="日期"
        ),
    ] = None


@dataclass(frozen=True)
class Into:
    """Where the table goes."""

    form: Annotated[
        Form | None,
        option(
            "--format",
            "table json xlsx docx html； 默认看 -o 的后缀，没有 -o 则为 table",
            "by default by the name of the file, without one a table",
            RESULT,
        ),
    ] = None
    json: AsJson = False
    path: WrittenTo = None

    def said(self) -> Form:
        """Return the form: as said, or by the name of the file."""
        if self.form or self.json:
            return self.form or Form.JSON
        if self.path is None:
            return Form.TABLE
        ending = Path(self.path).suffix.lower().removeprefix(".")
        if ending in set(Form) - {Form.TABLE}:
            return Form(ending)
        if self.path == "-":
            return Form.JSON
        raise typer.BadParameter(
            f"从“{self.path}”看不出格式，请加 --format json|xlsx|docx|html / "
            f'"{self.path}" does not tell the format; say --format json|xlsx|docx|html',
            param_hint="--output",
        )


@spread
def track(
    which: Which,
    into: Into,
    document: Print,
    keep: Annotated[
        bool,
        option(
            "--keep/--no-keep",
            "是否把评价结果记入台账，供与上月对照；默认记",
            "whether the standings are kept for comparison; by default they are",
            METHOD,
        ),
    ] = True,
    where: Where = None,
    who: Who = None,
) -> None:
    """Judge all targets, keep the standings, show the table."""
    form = into.said()
    _check(which, into, document, form)
    day = day_of(which.at)
    with opened(where) as workspace, working("评价目标 judging targets"):
        from shanshui.platform.track import history, standings
        from shanshui.platform.track.table import records, table

        found = standings.at(workspace, day)
        if keep and found.height:
            history.keep(workspace.ledger, found, day, who=person(who))
        with workspace.ledger.read() as session:
            found = standings.narrowed(session, found, region=which.region, document=which.document)
            rows = records(session, found, day)
        rows = _chosen(rows, which)
        made = table(rows, day)
        data = _written(made, rows, form, document, workspace.name or "")
    if form is Form.TABLE:
        _show(made)
    else:
        _deliver(data, into.path or "-", len(rows))


def _check(which: Which, into: Into, document: Print, form: Form) -> None:
    from shanshui.progress import STATES

    for state in which.state or ():
        if state not in STATES:
            raise typer.BadParameter(
                f"没有“{state}”这种完成情况；有 {'、'.join(STATES)} / no state is called {state}",
                param_hint="--status",
            )
    if form in (Form.XLSX, Form.DOCX) and into.path in (None, "-") and sys.stdout.isatty():
        raise typer.BadParameter(
            f"{form} 请用 -o 写到文件 / write {form} to a file with -o", param_hint="--output"
        )
    if into.path not in (None, "-") and not Path(into.path or "").parent.is_dir():
        folder = Path(into.path or "").parent
        raise typer.BadParameter(
            f"没有这个文件夹：{folder} / no such folder: {folder}", param_hint="--output"
        )
    if document.template and form is not Form.DOCX:
        raise typer.BadParameter("只有 .docx 用模板 / only .docx has a template")


def _chosen(rows: list[Row], which: Which) -> list[Row]:
    if which.state:
        rows = [row for row in rows if row["state"] in which.state]
    if which.owner:
        rows = [row for row in rows if which.owner in row["owner"].split("、")]
    return rows


def _written(made: Table, rows: list[Row], form: Form, document: Print, name: str) -> bytes:
    if form is Form.TABLE:
        return b""
    if form is Form.JSON:
        each = [json.dumps(row, ensure_ascii=False, default=str) for row in rows]
        return ("[\n" + ",\n".join(each) + "\n]\n" if each else "[]\n").encode()
    from shanshui.platform.report import track as report

    sheet = report.Dispatch(
        document.title or f"{name}目标调度表",
        document.unit or "",
        day_of(document.made) if document.made else None,
        made,
    )
    if form is Form.HTML:
        return report.html(sheet).encode()
    if form is Form.XLSX:
        return report.xlsx(sheet)
    template = Path(document.template).read_bytes() if document.template else None
    return report.docx(sheet, template)


def _deliver(data: bytes, path: str, count: int) -> None:
    if path == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    write_whole(Path(path), data)
    said("已写 wrote", f"{path}（{count} 项目标 targets）")


# -------------------------------------------------------------------------------------- the screen


def _show(made: Table) -> None:
    console = out()
    if not console.is_terminal:
        console.width = _NARROW
    title = ""
    for line in made.rows:
        if line["title"] != title or not title:
            title = line["title"] or "其他年度目标"
            rows = [one for one in made.rows if (one["title"] or "其他年度目标") == title]
            if line is rows[0]:
                console.print(_grid(title, rows, made))
    if not made.rows:
        console.print("[dim]没有目标 no targets：shanshui plan add、shanshui plan target set[/dim]")
    console.print(f"[bold]{made.day}[/]  {made.summary()}")


def _grid(title: str, rows: list[Row], made: Table) -> Grid:
    from rich import box
    from rich.table import Table as Grid
    from rich.text import Text

    several = len({row["region"] for row in rows}) > 1
    now = made.heads["now"]
    grid = Grid(title=title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for head, ratio in (
        ("指标", 5), ("目标", 5), (f"{now}／同比", 4), ("完成情况", 4),
        ("差距／剩余", 5), ("责任单位／口径", 4),
    ):  # fmt: skip
        least = 16 if head == "完成情况" else None  # ▲ 滞后于序时进度
        grid.add_column(head, overflow="fold", ratio=ratio, min_width=least)
    for row in rows:
        state = Text(row["state"], style=COLOURS[row["judged"]])
        if row["before"]:
            state.append(f"\n上月{row['before']}", style="dim")
        place = f"\n{row['region']}" if several else ""
        grid.add_row(
            f"{row['indicator']}{place}",
            _lines(row["annual"] and f"年度{row['annual']}", row["plan"].replace("；", "\n")),
            _lines(row["now"], row["change"] and f"同比{row['change']}"),
            state,
            _lines(_short(row), row["rest"]),
            _lines(row["owner"], row["basis"], row["status"]),
        )
    return grid


def _short(row: Row) -> str:
    """Say how far it is, or what differs."""
    if row["judged"] == "口径不一致" or row["gap"] in ("", "0"):
        return str(row["gap"]).removeprefix("0")
    return f"差{row['gap']}"


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def register(app: typer.Typer) -> None:
    """Put the command on the root of the command line."""
    app.command(
        "track",
        short_help="目标调度表 [dim]where each target stands[/dim]",
        help="目标调度表：每个指标的年度目标、规划目标、1—N月、同比、完成情况、差距、剩余控制值、"
        "责任单位、数据口径和数据状态。\n\n"
        "数来自监测结果、部门填报和公布数据，口径一致才评价，不一致写明差在哪里。\n\n"
        "[dim]Where each target of the plans stands as of a day, by monitored, reported and "
        "published figures: judged where the bases agree, else the difference is named.[/dim]",
        epilog="例 Examples\n\n[cyan]shanshui track[/cyan]\n\n"
        "[cyan]shanshui track --region 广州市 --at 2026-10-31 -o 调度表.xlsx[/cyan]\n\n"
        "[cyan]shanshui track --status 滞后于序时进度 --owner 市生态环境局 --json[/cyan]",
    )(track)

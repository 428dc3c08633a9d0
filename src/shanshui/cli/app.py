"""The root of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shanshui import __version__
from shanshui.cli import (  # noqa: F401 - some join air or water
    air,
    assess,
    bulletin,
    catalog,
    doctor,
    editions,
    freeze,
    ingest,
    lake,
    noise,
    patterns,
    plan,
    plan_checks,
    plan_ledger,
    plan_lists,
    plan_show,
    plan_targets,
    qc,
    report_in,
    report_in_flow,
    report_in_late,
    review,
    review_decide,
    roster,
    soil,
    station,
    task,
    track,
    water,
    water_bulletin,
    workspace,
)
from shanshui.cli.options import RESULT, option

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["--help", "-h"]},
    help="山水 Shanshui：按国家标准计算环境指标，对照规划目标。\n\n"
    "[dim]Environmental indicators by China's national standards, set against the targets of "
    "plans.[/dim]",
    epilog="从这里开始 Start with\n\n"
    "[cyan]shanshui demo[/cyan]\n\n"
    "[cyan]shanshui air aqi 文件.csv[/cyan]\n\n"
    "出错时加 --debug 可看详情。 [dim]--debug shows where an error comes from.[/dim]",
)
app.add_typer(air.app, name="air", short_help="环境空气 [dim]ambient air[/dim]")
app.add_typer(water.app, name="water", short_help="水 [dim]water[/dim]")
app.add_typer(soil.app, name="soil", short_help="土壤 [dim]soil[/dim]")
app.add_typer(noise.app, name="noise", short_help="噪声 [dim]noise[/dim]")
app.add_typer(plan.app, name="plan", short_help="规划文件 [dim]plan documents[/dim]")
app.add_typer(task.app, name="task", short_help="工作调度 [dim]the work on plans[/dim]")
app.add_typer(catalog.app, name="catalog", short_help="指标和行政区 [dim]indicators, regions[/dim]")
app.add_typer(lake.app, name="lake", short_help="监测数据湖 [dim]lake of observations[/dim]")
app.add_typer(station.app, name="station", short_help="站点名录 [dim]stations[/dim]")
app.add_typer(qc.app, name="qc", short_help="质控 [dim]quality control[/dim]")
app.add_typer(review.app, name="review", short_help="审核 [dim]review of data[/dim]")
app.add_typer(roster.app, name="roster", short_help="名单 [dim]rosters of stations[/dim]")
app.add_typer(freeze.app, name="freeze", short_help="定版、更正 [dim]final periods[/dim]")

workspace.register(app)
ingest.register(app)
doctor.register(app)
report_in.register(app)
track.register(app)
assess.register(app)


def _version(asked: bool) -> None:
    if asked:
        print(f"shanshui {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="版本 [dim]version[/dim]"),
    ] = False,
) -> None:
    """Hold what is common to all commands."""


@app.command(
    short_help="用真实数据走一遍 [dim]the loop closed once on real data[/dim]",
    help="在新建的工作区里用真实数据走一遍：规划目标 → 监测数据 → 质控、审核、定版 → 评价 → "
    "目标调度 → 月报和网页报告。\n\n"
    "[dim]The whole loop on real data in a new workspace, from plans to a report; needs no "
    "network.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui demo[/cyan]\n\n[cyan]shanshui demo -o 演示[/cyan]",
)
def demo(
    output: Annotated[
        Path | None,
        option(
            "--output",
            "放工作区、报告和结果表的文件夹；默认 shanshui-demo",
            "folder of the workspace, the report and the tables",
            RESULT,
            "-o",
            metavar="文件夹",
        ),
    ] = None,
) -> None:
    """Run the demo."""
    from rich.console import Console

    from shanshui.platform.demo import run

    run(output, console=Console())


_PANELS = {
    "开始 Start": ("demo", "init"),
    "规划 Plans": ("track", "plan", "task", "report-in", "catalog"),
    "监测数据 Observations": ("ingest", "station", "lake", "qc", "roster", "review", "freeze"),
    "评价 Assessment": ("assess", "explain", "air", "water", "soil", "noise"),
    "工作区 Workspace": ("doctor", "log", "backup", "restore"),
}


def _arrange() -> None:
    """Show the commands by what they are for, in the order of the work."""
    places = {name: panel for panel, names in _PANELS.items() for name in names}
    order = list(places)
    commands, groups = app.registered_commands, app.registered_groups
    for command in commands:
        command.name = command.name or getattr(command.callback, "__name__", "")
        command.rich_help_panel = places[str(command.name)]
    for group in groups:
        group.rich_help_panel = places[str(group.name)]
    commands.sort(key=lambda command: order.index(str(command.name)))
    groups.sort(key=lambda group: order.index(str(group.name)))


_arrange()

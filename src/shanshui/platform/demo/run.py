"""Run the demo: walk the loop in a workspace, print, and write the report."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from shanshui.standards import ShanshuiError

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console
    from rich.table import Table

    from shanshui.platform.demo.assess import Beijing, National, Water
    from shanshui.platform.demo.walk import Day, Step

FOLDER = "shanshui-demo"
REPORT = "report.html"
STEPS = (
    {
        "command": "shanshui track --region 北京市 --at 2015-11-30",
        "zh": "11 月底的目标调度表：完成情况、差距、剩余控制值。",
        "en": "The table of targets at the end of November.",
    },
    {
        "command": 'shanshui explain "PM2.5年均浓度 北京市 2015"',
        "zh": "把一个数打开到各站、各日、原始小时值和条款，并重算一遍。",
        "en": "Open a figure down to its rows and clauses, and compute it anew.",
    },
    {
        "command": "shanshui review list 1 --station 1011A --property pm25",
        "zh": "审核了哪些值，谁决定的，为什么。",
        "en": "Which values were reviewed, by whom and why.",
    },
    {
        "command": "shanshui freeze verify 2015-11 --recompute",
        "zh": "核验定版的数据和结果没有变。",
        "en": "Prove that the final month has not moved.",
    },
    {
        "command": "shanshui track --document 441800-plan-2025 -o 调度表.xlsx",
        "zh": "一份规划的目标调度表，写成 Excel。",
        "en": "The table of one plan, as a workbook.",
    },
    {
        "command": "shanshui doctor",
        "zh": "体检：一百多个问题，缺什么、错什么，怎么办。",
        "en": "Put more than a hundred questions to the workspace.",
    },
)
"""What to try next, in the folder of the workspace."""
OWN = (
    {
        "command": "shanshui air stats 你的小时数据.csv -o 统计.csv",
        "zh": "把小时值算成月度统计、优良天数、达标情况和综合指数。",
        "en": "Hourly values to monthly statistics, good days, attainment and composite index.",
    },
    {
        "command": "shanshui air rank 你的小时数据.csv -o 排名.csv",
        "zh": "各站或各市排名，并列照规定标明。",
        "en": "Rank stations or cities; ties are marked.",
    },
    {
        "command": "shanshui air remaining 你的小时数据.csv --item pm25 --target 35",
        "zh": "年度目标还剩多少余地：余下的天数均值不能超过多少，还可有几个超标天。",
        "en": "What the rest of the year may still be for a target to hold.",
    },
    {
        "command": "shanshui water classify 你的断面数据.csv -o 类别.csv",
        "zh": "地表水断面的类别、水质状况、主要污染指标和超标倍数。",
        "en": "Classes, state and main indicators of sections of surface water.",
    },
)
"""What to try with one's own files."""
EXAMPLE = "hours_example.csv"
WATER_EXAMPLE = "water_sections.csv"


@dataclass(frozen=True)
class _File:
    name: str
    about: str
    table: pl.DataFrame


def run(
    output: Path | None = None,
    *,
    console: Console | None = None,
    now: datetime | None = None,
) -> Path:
    """Walk the whole loop in a new workspace, and write the report.

    Parameters
    ----------
    output : Path, optional
        Folder for the workspace, the report and the result tables; by default ``shanshui-demo``
        here. Files of an earlier run are replaced. Its workspace is too, unless somebody has worked
        in it since: then it is kept under another name.
    console : rich.console.Console, optional
        Where steps and tables are printed.
    now : datetime, optional
        The time that the report bears, on the clock of Asia/Shanghai; by default the clock's.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    ShanshuiError
        When `output` is a file, or holds a workspace that no demo has made.
    """
    from rich.console import Console

    from shanshui.platform.demo import folder as place

    console = console or Console()
    folder = Path(FOLDER) if output is None else Path(output)
    if folder.exists() and not folder.is_dir():
        raise ShanshuiError(f"输出位置不是文件夹：{folder} / the output is not a folder: {folder}")
    folder.mkdir(parents=True, exist_ok=True)
    home = folder / place.WORKSPACE
    kept = place.vacate(home)
    if kept is not None:
        console.print(f"[yellow]动过的旧工作区留在 kept as[/] {kept}", soft_wrap=True)
    with place.alone() as aside:
        place.begin(home)
        try:
            report = _walk(folder, home, console, now)
        except BaseException:
            shutil.rmtree(home, ignore_errors=True)  # half of a demo is of no use to anybody
            raise
        place.finish(home)
    _next(console, report, aside)
    return report


def _walk(folder: Path, home: Path, console: Console, now: datetime | None) -> Path:
    with console.status("建工作区 making the workspace") as status:
        began = time.monotonic()
        from shanshui._clock import OFFSET
        from shanshui.platform.catalog.names import indicator_rows, region_rows
        from shanshui.platform.demo import assess, judge, observe
        from shanshui.platform.demo.page import page
        from shanshui.platform.demo.walk import CITY, REGION, Step, Walk
        from shanshui.platform.store import Workspace
        from shanshui.platform.store.models import now as utc

        clock = now or (utc() + OFFSET).replace(tzinfo=None)
        with Workspace.create(home, name="演示", region=REGION) as workspace:
            walk = Walk(
                workspace,
                folder,
                clock,
                lambda step: _line(console, len(walk.day.steps), step),
                status.update,
            )
            told = f"台账里有指标 {len(indicator_rows())} 个、行政区 {len(region_rows()):,} 个"
            command = f"shanshui init {home.name} --name 演示 --region {CITY}"
            seconds = time.monotonic() - began
            walk.done(Step("建工作区", "a workspace", command, told, seconds))
            for part in (
                *(judge.plans, observe.stations, observe.hours, observe.control),
                *(observe.review, observe.freeze, judge.assess, judge.published, judge.track),
                *(judge.december, judge.beside, judge.explain, judge.bulletin, judge.dispatch),
            ):
                part(walk)
            status.update("北京三年 three years of Beijing")
            beijing = assess.beijing(workspace)
        status.update("全国：逐小时重算 AQI the national network")
        national = assess.national()
        status.update("水：公布的类别逐行重算 water")
        water = assess.water()
        files = _files(beijing, national, water)
        for file in files:
            file.table.write_csv(folder / file.name, include_bom=True)
        status.update("画图并写报告 figures and report")
        report = folder / REPORT
        text = page(
            walk.day,
            beijing,
            national,
            water,
            files=[{"name": file.name, "about": file.about} for file in files],
            steps=STEPS,
            own=OWN,
            made=clock,
        )
        report.write_text(text, encoding="utf-8", newline="\n")
    _tell(console, walk.day, beijing, national, water)
    return report


def _files(beijing: Beijing, national: National, water: Water) -> list[_File]:
    import polars as pl

    from shanshui.platform.demo import samples

    stamp = pl.col("time").dt.offset_by("-1h")  # a stamp ends its hour
    month = samples.beijing_hours().filter(stamp.dt.strftime("%Y-%m") == "2015-11")
    return [
        _File("beijing_days.csv", "北京城市逐日浓度、分指数与 AQI", beijing.city_days),
        _File("beijing_months.csv", "北京逐月统计", beijing.months),
        _File("beijing_years.csv", "北京逐年统计", beijing.years),
        _File("beijing_year_on_year.csv", "北京 2015 年与 2014 年相比", beijing.change),
        _File("beijing_stations_2015Q4.csv", "各站 2015 年第四季度排名", beijing.stations),
        _File("national_check.csv", "全国小时 AQI 重算与公布对照", national.checks),
        _File("national_hour.csv", "图中那一小时各点位", national.moment),
        _File(WATER_EXAMPLE, "断面类别重算与公布对照，也是水的数据格式的样子", _sections(water)),
        _File(EXAMPLE, "北京 2015 年 11 月小时值：数据格式的样子，可拿来先试", month),
    ]


def _sections(water: Water) -> pl.DataFrame:
    from shanshui.water.surface.classify import item_names

    names = item_names()
    items = [c for c in water.sections.columns if c in names]
    return water.sections.select(
        地区="place",
        断面="section",
        监测月份="month",
        水体类型="kind",
        水质目标="target",
        **{names[i]: i for i in items},
        公布类别="published",
        计算类别="class_name",
        水质状况="status",
        主要污染指标="main_text",
        一致="same",
    )


def _line(console: Console, number: int, step: Step) -> None:
    """Print a step in a line."""
    from rich.cells import set_cell_size

    name, told = set_cell_size(step.zh, 16), step.told.partition("。")[0]
    console.print(
        f"[green]✓[/]{number:>2} [dim]{step.seconds:>5.1f}s[/]  [bold]{name}[/]  {told}",
        soft_wrap=True,
        highlight=False,
    )


def _tell(console: Console, day: Day, beijing: Beijing, national: National, water: Water) -> None:
    same, total = int(national.checks["same_aqi"].sum()), int(national.checks["hours"].sum())
    count = f"{int(water.sections['same'].sum())} / {water.sections.height}"
    states = f"{int(water.shares['same'].sum())} / {water.shares.height}"
    years = f"{int(water.hulun['same'].sum())} / {water.hulun.height}"
    console.print(
        f"\n[bold]与公布的数核对[/]  全国小时 AQI {same:,} / {total:,} 一致；断面类别 {count}，"
        f"河流状况 {states}，呼伦湖营养状态 {years}  [dim]computed anew and as published[/]"
    )
    console.print(_years(beijing))
    console.print(_course(day))
    console.print(_standings(day))
    assert day.plans is not None
    console.print(f"所有规划，截至 {day.plans.day}：{day.plans.summary()}")


def _next(console: Console, report: Path, aside: list[str]) -> None:
    """Say what to try next."""
    console.print(f"\n[bold]报告 Report[/]  {report}", soft_wrap=True)
    console.print("\n接着试，先进入工作区 Next, in the workspace:", soft_wrap=True)
    home = report.parent / "workspace"
    where = f'"{home}"' if " " in str(home) else str(home)
    console.print(f"  [cyan]cd {where}[/]", soft_wrap=True)
    for each in STEPS:
        console.print(f"  [cyan]{each['command']}[/]  [dim]{each['zh']}[/]", soft_wrap=True)
    console.print(
        f"\n换成自己的文件（可先拿 {EXAMPLE}、{WATER_EXAMPLE} 试）With your own files:",
        soft_wrap=True,
    )
    for each in OWN:
        console.print(f"  [cyan]{each['command']}[/]  [dim]{each['zh']}[/]", soft_wrap=True)
    if aside:
        names = "、".join(aside)
        console.print(
            f"\n[yellow]注意[/] 环境变量 {names} 指向别处，演示没有用它；在演示的工作区里试命令前，"
            f"先取消它 [dim]unset {', '.join(aside)} before you try these[/]",
            soft_wrap=True,
        )


def _years(beijing: Beijing) -> Table:
    from rich.table import Table

    table = Table(title="北京 Beijing", title_justify="left", header_style="")
    for name in ("年", "PM2.5", "PM10", "O3", "NO2", "SO2", "CO", "优良 %", "重度+ 天", "综合指数"):
        table.add_column(name, justify="right")
    figures = ("pm25", "pm10", "o3_8h_p90", "no2", "so2", "co_p95", "good_ratio", "heavy_days")
    for row in beijing.years.to_dicts():
        shown = ["—" if row[name] is None else f"{row[name]:g}" for name in figures]
        composite = "—" if row["composite"] is None else f"{row['composite']:.2f}"
        table.add_row(row["period"], *shown, composite)
    return table


def _course(day: Day) -> Table:
    """Show how the year's target of PM2.5 stood at some ends of month."""
    from rich.table import Table

    from shanshui.platform.demo.judge import NO_WORSE, PM25
    from shanshui.platform.track.table import goal

    rows = [row for row in day.course if row["indicator"] == PM25]
    title = f"北京 PM2.5 年均值 {goal(rows[0])}（{NO_WORSE}）"
    table = Table(title=title, title_justify="left", header_style="")
    for name in ("截至", "累计", "完成情况", "剩余控制值"):
        table.add_column(name, no_wrap=True)
    for row in rows:
        if row["at"].month in (1, 3, 6, 9, 11):
            table.add_row(f"{row['at']}", row["value"], row["state"], row["rest"] or "")
    return table


def _standings(day: Day) -> Table:
    """Show the targets of the plans that a published value answers, or would but for its basis."""
    from rich.table import Table

    table = Table(title="规划目标 Targets", title_justify="left", header_style="")
    table.add_column("目标", overflow="fold", ratio=5)
    table.add_column("最近数值", overflow="fold", ratio=3)
    table.add_column("完成情况", no_wrap=True)
    table.add_column("说明", overflow="fold", ratio=6)
    assert day.plans is not None
    for row in day.plans.rows:
        if row["judged"] not in ("暂无数据", "待下达"):
            asked = row["plan"] or row["annual"]
            table.add_row(
                f"{row['region']} {row['indicator']} {asked}", row["now"], row["state"],
                row["reason"],
            )  # fmt: skip
    return table

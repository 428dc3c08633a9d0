"""Run the demo: assess, compare, print, and write the report."""

from __future__ import annotations

from collections import Counter
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
    from shanshui.platform.track.packaged import Answer

FOLDER = "shanshui-demo"
REPORT = "report.html"
STEPS = (
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
"""What to try next with one's own data."""
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
    """Assess the packaged hours, set published values against targets, and write the report.

    Parameters
    ----------
    output : Path, optional
        Folder for the report and the result tables; by default ``shanshui-demo`` here. Files of an
        earlier run are replaced.
    console : rich.console.Console, optional
        Where progress and tables are printed.
    now : datetime, optional
        The time that the report bears; by default the clock's.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    ShanshuiError
        When `output` is a file.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = console or Console()
    folder = Path(FOLDER) if output is None else Path(output)
    if folder.exists() and not folder.is_dir():
        raise ShanshuiError(f"输出位置不是文件夹：{folder} / the output is not a folder: {folder}")
    folder.mkdir(parents=True, exist_ok=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("装入 loading", total=7)

        def step(text: str) -> None:
            progress.update(task, advance=1, description=text)

        from shanshui.platform.demo import assess
        from shanshui.platform.demo.page import page
        from shanshui.platform.track.packaged import answers as judge

        step("北京：小时 → 日 → AQI → 统计 Beijing")
        beijing = assess.beijing()
        step("全国：逐小时重算 AQI the national network")
        national = assess.national()
        step("水：公布的类别逐行重算 water")
        water = assess.water()
        step("目标与公布数值 targets and published values")
        answers = judge()
        step("写结果表 result tables")
        files = _files(beijing, national, water, answers)
        for file in files:
            file.table.write_csv(folder / file.name, include_bom=True)
        step("画图并写报告 figures and report")
        listed = [{"name": file.name, "about": file.about} for file in files]
        report = folder / REPORT
        text = page(
            beijing,
            national,
            water,
            answers,
            files=listed,
            steps=STEPS,
            made=now or datetime.now().astimezone(),
        )
        report.write_text(text, encoding="utf-8", newline="\n")
        progress.update(task, advance=1)
    _tell(console, beijing, national, water, answers, report)
    return report


def _files(
    beijing: Beijing, national: National, water: Water, answers: list[Answer]
) -> list[_File]:
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
        _File("targets.csv", "逐项目标、数值、完成情况与原因", _answers_table(answers)),
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


def _answers_table(answers: list[Answer]) -> pl.DataFrame:
    import polars as pl

    from shanshui.platform.catalog.series import wording

    rows = []
    for answer in answers:
        now, then, result = answer.figure or {}, answer.baseline or {}, answer.standing
        rows.append(
            {
                "id": ",".join(answer.ids),
                "document": answer.document["title"],
                "section": answer.target["section"],
                "indicator": answer.target["indicator"],
                "region": answer.target["region"],
                "year": answer.target["year"],
                "target": wording(answer.target),
                "state": result.state,
                "reason": result.reason,
                "remark": answer.remark,
                "goal": None if result.goal is None else float(result.goal),
                "gap": None if result.gap is None else float(result.gap),
                "required": None if result.required is None else float(result.required),
                "value": now.get("value"),
                "value_year": now.get("period"),
                "value_region": now.get("region"),
                "unit": now.get("unit"),
                "roster": now.get("roster"),
                "reference_state": now.get("state"),
                "baseline": then.get("value"),
                "baseline_year": then.get("period"),
                "source_title": now.get("source_title"),
                "confidence": now.get("confidence"),
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def _tell(
    console: Console,
    beijing: Beijing,
    national: National,
    water: Water,
    answers: list[Answer],
    report: Path,
) -> None:
    same, total = int(national.checks["same_aqi"].sum()), int(national.checks["hours"].sum())
    console.print(
        f"[bold]全国小时 AQI[/]  重算 {total:,} 个公布值，一致 {same:,} 个  "
        f"[dim]{same:,} of {total:,} published hourly AQI reproduced[/]"
    )
    count = f"{int(water.sections['same'].sum())} / {water.sections.height}"
    states = f"{int(water.shares['same'].sum())} / {water.shares.height}"
    years = f"{int(water.hulun['same'].sum())} / {water.hulun.height}"
    console.print(
        f"[bold]水[/]  公布的断面类别 {count} 一致，河流状况 {states}，呼伦湖营养状态 {years}  "
        "[dim]classes, states and trophic indices as published[/]"
    )
    console.print(_years(beijing))
    console.print(_standings(answers))
    counts = Counter(answer.standing.state for answer in answers)
    told = "，".join(f"{state} {count}" for state, count in counts.most_common())
    answered = sum(answer.answered for answer in answers)
    console.print(f"目标共 {len(answers)} 项，公布数值能回答 {answered} 项：{told}")
    console.print(f"\n[bold]报告 Report[/]  {report}", soft_wrap=True)
    example = report.with_name(EXAMPLE)
    console.print(
        f"\n接下来用自己的数据（可先拿 {example}、{WATER_EXAMPLE} 试）Next, with your own data:",
        soft_wrap=True,
    )
    for each in STEPS:
        console.print(f"  [cyan]{each['command']}[/]", soft_wrap=True)
        console.print(f"  [dim]{each['zh']}[/]")


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


def _standings(answers: list[Answer]) -> Table:
    from rich.table import Table

    from shanshui.platform.catalog.series import wording

    table = Table(title="目标 Targets", title_justify="left", header_style="")
    table.add_column("目标", overflow="fold", ratio=5)
    table.add_column("最近数值", overflow="fold", ratio=3)
    table.add_column("完成情况", no_wrap=True)
    table.add_column("说明", overflow="fold", ratio=6)
    shown = [a for a in answers if a.answered or a.standing.state == "口径不一致"]
    for answer in shown:
        now, target = answer.figure or {}, answer.target
        until = f"，{target['year']}年" if target["year"] else ""
        table.add_row(
            f"{target['region']} {target['indicator']} {wording(target)}{until}",
            f"{now.get('region')} {now.get('period')}年 {now.get('value')}",
            answer.standing.state,
            answer.standing.reason,
        )
    return table

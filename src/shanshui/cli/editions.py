"""``shanshui air editions`` and ``shanshui air health``: other measures of the same air."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from shanshui.cli.air import app
from shanshui.cli.options import (
    METHOD,
    RESULT,
    Events,
    Output,
    Place,
    Reading,
    numbers,
    option,
    period_of,
    spread,
)
from shanshui.cli.output import deliver, note, rejects, said, working
from shanshui.standards.errors import ShanshuiError


class Health(StrEnum):
    """Editions of the health index."""

    HK_2025 = "hk-2025"
    HK_2013 = "hk-2013"
    CA = "ca"


@app.command(
    short_help="新旧标准对比 [dim]two editions side by side[/dim]",
    help="新旧标准对比：同一批日值按两个版本各评价一次，列出变化的日子和原因；"
    "加 --period 则比较各时段的优良天数、超标天数、达标和综合指数。\n\n"
    "[dim]Judge the same days by two editions and list the days that change, and why; with "
    "--period, the figures of periods side by side.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui air editions 小时.csv --period year[/cyan]\n\n"
    "[cyan]shanshui air editions 日值.csv --old 2012 --new 2026 -o 新旧标准.xlsx[/cyan]",
)
@spread
def editions(
    reading: Reading,
    place: Place,
    events: Events,
    output: Output,
    period: Annotated[
        str | None,
        option(
            "--period",
            "month quarter half year ytd 或 2026-10:2027-03；默认逐日",
            "by default day by day",
            METHOD,
            metavar="时段",
        ),
    ] = None,
    old: Annotated[
        str, option("--old", "旧版本", "the old edition", METHOD, metavar="版本", show_default=True)
    ] = "2012",
    new: Annotated[
        str, option("--new", "新版本", "the new edition", METHOD, metavar="版本", show_default=True)
    ] = "2026",
    weights: Annotated[
        list[str] | None,
        option(
            "--weight",
            "综合指数权重，如 pm25=3；可多次",
            "weight in the composite index",
            METHOD,
            metavar="项目=权重",
        ),
    ] = None,
) -> None:
    """Compare two editions."""
    from shanshui import air
    from shanshui.cli.compute import days_of, marked, read_table
    from shanshui.standards import edition as find

    if place.edition:
        raise typer.BadParameter(
            "请用 --old 和 --new 指明两个版本 / name the two editions with --old and --new",
            param_hint="--edition",
        )
    span = period_of(period) if period else None
    if events.events and not span:
        raise typer.BadParameter(
            "扣除事件只用于时段统计，请加 --period / events are left out of periods: add --period",
            param_hint="--events",
        )
    one, other = (find("air", e).name for e in (old, new))
    if one == other:
        raise typer.BadParameter(
            f"两个版本相同：{one} / the two editions are the same: {one}", param_hint="--new"
        )
    table = read_table(reading)
    with working("比较版本 editions"):
        days, keys = days_of(table, place)
        result = air.compare_editions(
            marked(days, keys, events),
            editions=(old, new),
            by=keys,
            period=span,
            weights=numbers(weights, "--weight"),
            exempt=place.exempt or (),
            dust=events.dust.value if events.dust else None,
        )

    def both(*columns: str) -> list[str]:
        return [f"{c}_{e}" for c in columns for e in (one, other)]

    title = f"新旧标准对比 editions（{one} → {other}"
    if span:
        columns = [*keys, "period", *both("good_days"), "good_days_difference", "pm25"]
        columns += [*both("exceed_pm25_days", "composite"), "composite_difference", *both("main")]
        deliver(result, output, columns=columns, title=f"{title}，{period}）", latest="start")
    else:
        columns = [*keys, "date", "pm25", "pm10", *both("aqi"), "aqi_difference"]
        columns += [*both("category"), "changed"]
        moved = result.filter(result["changed"].is_not_null())
        if not reading.quiet:
            up = int((result["level_difference"] > 0).sum())
            down = int((result["level_difference"] < 0).sum())
            said(
                "变化 changed",
                f"{result.height:,} 天中 {moved.height:,} 天的 AQI 或首要污染物不同，"
                f"级别变差 {up:,} 天、变好 {down:,} 天 "
                f"{moved.height:,} of {result.height:,} days; {up:,} in a worse class, "
                f"{down:,} in a better one",
            )
        deliver(
            result,
            output,
            columns=columns,
            title=f"{title}，变化的日子 days that change）",
            shown=moved,
            latest="date",
        )
    rejects(table, output, quiet=reading.quiet)


@app.command(
    short_help="空气质量健康指数 AQHI [dim]the health index of hours[/dim]",
    help="空气质量健康指数（AQHI）：各小时前 3 小时平均浓度的附加健康风险之和，"
    "香港或加拿大的系数，或自己的系数表。hk-2025 的 O3 系数和分级只有一个来源。\n\n"
    "[dim]Air quality health index: the added risk of 3-hour means, by the coefficients of Hong "
    "Kong, of Canada or of a table of one's own. O3 and the bands of hk-2025 rest on one "
    "source.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui air health 小时.csv[/cyan]\n\n"
    "[cyan]shanshui air health 小时.csv --edition ca -o AQHI.xlsx[/cyan]\n\n"
    "[cyan]shanshui air health 小时.csv --coefficients 本地系数.toml[/cyan]",
)
@spread
def health(
    reading: Reading,
    output: Output,
    edition: Annotated[
        Health,
        option(
            "--edition", "香港新、旧版或加拿大", "Hong Kong or Canada", METHOD, show_default=True
        ),
    ] = Health.HK_2025,
    coefficients: Annotated[
        str | None,
        option(
            "--coefficients",
            "自己的系数和分级表（TOML），代替 --edition",
            "table of coefficients and bands in the place of an edition",
            METHOD,
            metavar="文件",
        ),
    ] = None,
    min_hours: Annotated[
        int | None,
        option(
            "--min-hours",
            "3 小时中至少几个有效；默认 2",
            "least valid hours of the three; by default 2",
            METHOD,
            min=1,
        ),
    ] = None,
    exempt: Annotated[
        list[str] | None,
        option(
            "--exempt",
            "缺了也照算的项目；可多次",
            "item without which the index is computed all the same",
            METHOD,
            metavar="项目",
        ),
    ] = None,
    keep: Annotated[
        bool,
        option("--keep", "保留文件的其他列", "keep the other columns of the file", RESULT),
    ] = False,
) -> None:
    """Compute the health index of hours."""
    from shanshui import air
    from shanshui.cli.compute import read_table

    if coefficients and not Path(coefficients).is_file():
        raise typer.BadParameter(
            f"没有这个文件：{coefficients} / no such file: {coefficients}",
            param_hint="--coefficients",
        )
    table = read_table(reading, everything=keep)
    if table.kind == "daily":
        raise ShanshuiError("健康指数需要小时数据 / the health index needs hourly values")
    with working("计算 AQHI"):
        result = air.health_index(
            table.frame,
            edition=edition.value,
            coefficients=coefficients,
            by=table.keys,
            stamp=table.report.stamp,
            min_hours=min_hours,
            exempt=exempt or (),
        )
    first = table.frame["time"].min()
    if isinstance(first, datetime) and first < datetime(2018, 9, 1) and not reading.quiet:
        note(
            "2018年9月1日以前的气体为标况（273 K），指数按 298 K 定义；换算见 air.convert_state",
            "gases before 2018-09-01 are at 273 K, the index wants 298 K: see air.convert_state",
        )
    columns = [*table.keys, "time", "pm25", "pm10", "so2", "no2", "o3"]
    columns += ["added_risk", "aqhi_text", "aqhi_class", "aqhi_status"]
    used = result["aqhi_edition"].head(1).to_list()
    title = f"空气质量健康指数 AQHI（{', '.join(used)}）"
    deliver(result, output, columns=columns, title=title, latest="time")
    rejects(table, output, quiet=reading.quiet)

"""``shanshui air …``: the air functions on files."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

import typer

from shanshui.cli.options import (
    METHOD,
    RESULT,
    Events,
    Output,
    Period,
    Place,
    Reading,
    option,
    spread,
)
from shanshui.cli.output import deliver, note, rejects, said, working
from shanshui.standards.errors import ShanshuiError

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="环境空气：日值、AQI、统计、排名、剩余控制值。\n\n"
    "[dim]Ambient air: daily values, AQI, statistics, ranks, remaining control values.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui air check 小时.csv[/cyan]\n\n"
    "[cyan]shanshui air aqi 小时.csv -o AQI.xlsx[/cyan]\n\n"
    "[cyan]shanshui air stats 小时.csv --by city --period month[/cyan]\n\n"
    "每个命令的 --help 都有例子。 [dim]The --help of every command has examples.[/dim]",
)


class Rule(StrEnum):
    """How the hourly AQI of the 2012 edition is computed."""

    PLATFORM = "platform"
    TEXT = "text"


class Step(StrEnum):
    """Whether an AQI is of hours or of days."""

    HOUR = "hour"
    DAY = "day"


class Goal(StrEnum):
    """What a remaining control value is of."""

    SO2 = "so2"
    NO2 = "no2"
    PM10 = "pm10"
    PM25 = "pm25"
    GOOD = "good_ratio"
    HEAVY = "heavy_ratio"


class Comparator(StrEnum):
    """How a figure must compare with its target."""

    AT_MOST = "<="
    BELOW = "<"
    AT_LEAST = ">="
    ABOVE = ">"


@app.command(
    short_help="小时值 → 日值 [dim]daily values of hours[/dim]",
    help="由小时值计算日值：24 小时平均、O3 日最大 8 小时和 1 小时（GB 3095、HJ 663）。\n\n"
    "[dim]Daily values from hourly means: 24-hour means, daily maximum 8-hour and 1-hour O3.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui air daily 小时.csv -o 日值.csv[/cyan]\n\n"
    "[cyan]shanshui air daily 2026-*.csv --by city --stations 点位.xlsx -o 城市日值.xlsx[/cyan]",
)
@spread
def daily(reading: Reading, place: Place, output: Output) -> None:
    """Compute daily values from hourly means."""
    from shanshui.cli.compute import days_of, read_table

    table = read_table(reading)
    if table.kind == "daily":
        raise ShanshuiError(
            "数据已经是日值（如为小时数据，请用 --kind hours） / "
            "the data are daily values already (say --kind hours if they are hours)"
        )
    with working("计算日值 daily values"):
        days, keys = days_of(table, place)
    columns = [*keys, "date", "pm25", "pm10", "so2", "no2", "co", "o3_8h", "o3_1h"]
    title = "日值 daily values（µg/m3，CO mg/m3）"
    deliver(days, output, columns=columns, title=title, latest="date")
    rejects(table, output, quiet=reading.quiet)


@app.command(
    short_help="AQI、级别、首要污染物 [dim]the AQI of hours or days[/dim]",
    help="计算 AQI、级别、类别和首要污染物（HJ 633）：小时数据给小时 AQI，日数据给日 AQI。\n\n"
    "[dim]AQI, level, class and primary pollutants: of hours for hourly data, of days for daily "
    "data; --period day makes days of hours first.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui air aqi 小时.parquet[/cyan]\n\n"
    "[cyan]shanshui air aqi 小时.csv --period day --by city -o 日报.xlsx[/cyan]\n\n"
    "[cyan]shanshui air aqi 日值.csv --edition 2026 --json[/cyan]",
)
@spread
def aqi(
    reading: Reading,
    place: Place,
    output: Output,
    period: Annotated[
        Step | None,
        option(
            "--period",
            "小时还是日的 AQI；默认同数据",
            "of hours or days; by default as the data",
            METHOD,
        ),
    ] = None,
    rule: Annotated[
        Rule,
        option(
            "--rule",
            "2012 版小时 AQI：platform 同全国平台，text 按条文",
            "hourly AQI of 2012: as the national platform publishes it, or by the letter",
            METHOD,
            show_default=True,
        ),
    ] = Rule.PLATFORM,
    keep: Annotated[
        bool,
        option("--keep", "保留文件的其他列", "keep the other columns of the file", RESULT),
    ] = False,
) -> None:
    """Compute the AQI of hours or days."""
    from shanshui import air
    from shanshui.cli.compute import days_of, read_table

    table = read_table(reading, everything=keep)
    hourly = table.kind == "hours" and period is not Step.DAY
    if table.kind == "daily" and period is Step.HOUR:
        raise ShanshuiError("日数据不能计算小时 AQI / daily values have no hourly AQI")
    if hourly and place.by and place.by.value != table.keys[-1]:
        raise ShanshuiError(
            "小时 AQI 按站点计算；要城市的日 AQI，请加 --period day / "
            "the hourly AQI is of stations; add --period day for the daily AQI of areas"
        )
    with working("计算 AQI"):
        if hourly:
            result = air.aqi_hourly(
                table.frame,
                edition=place.edition,
                rule=rule.value,
                stamp=table.report.stamp,
                by=table.keys,
                exempt=place.exempt or (),
            )
            keys, time, o3 = table.keys, "time", "o3"
            title = f"小时 AQI hourly（rule={rule.value}）"
        else:
            days, keys = days_of(table, place)
            result = air.aqi(days, edition=place.edition, exempt=place.exempt or ())
            time, o3, title = "date", "o3_8h", "日 AQI daily"
    if not reading.quiet:
        said("计算 computed", title)
    columns = [*keys, time, "pm25", "pm10", "so2", "no2", "co", o3]
    columns += ["aqi", "aqi_input", "category", "primary"]
    deliver(result, output, columns=columns, title=title, latest=time)
    rejects(table, output, quiet=reading.quiet)


@app.command(
    short_help="月、季、年统计和综合指数 [dim]statistics of periods[/dim]",
    help="统计月、季、年或任意时段：均值、百分位数、优良率、达标、综合指数（GB 3095、HJ 663）。\n\n"
    "[dim]Means, percentiles, good days, attainment and composite index of a month, quarter, year "
    "or any span; --against compares with the same period of other years.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui air stats 小时.csv --by city --period month[/cyan]\n\n"
    "[cyan]shanshui air stats 2019.csv 2020.csv --period ytd --against 2019[/cyan]\n\n"
    "[cyan]shanshui air stats 日值.xlsx --period year --edition 2026 -o 年度.xlsx[/cyan]\n\n"
    "[cyan]shanshui air stats 日值.csv --by city --events 沙尘.xlsx --dust national[/cyan]",
)
@spread
def stats(
    reading: Reading,
    place: Place,
    period: Period,
    events: Events,
    output: Output,
    grade: Annotated[
        int,
        option(
            "--grade",
            "达标按一级还是二级限值",
            "grade of the limits",
            METHOD,
            min=1,
            max=2,
            show_default=True,
        ),
    ] = 2,
    digits: Annotated[
        list[str] | None,
        option(
            "--digits",
            "均值多保留小数，如 pm25=1；可多次",
            "more decimals of a mean",
            METHOD,
            metavar="项目=位数",
        ),
    ] = None,
) -> None:
    """Compute statistics of periods."""
    from shanshui.cli.compute import read_table, statistics_of

    table = read_table(reading)
    result, keys = statistics_of(table, place, period, events, grade=grade, digits=digits)
    if period.against:
        columns = [*keys, "period", "period_before", "good_ratio", "good_ratio_change", "pm25"]
        columns += ["pm25_change", "composite", "composite_change", "main", "basis_difference"]
    else:
        columns = [*keys, "period", "valid_days", "good_ratio", "pm25", "pm10", "so2", "no2"]
        columns += ["co_p95", "o3_8h_p90", "composite", "main"]
    deliver(
        result, output, columns=columns, title=f"统计 statistics（{period.period}）", latest="start"
    )
    rejects(table, output, quiet=reading.quiet)


@app.command(
    short_help="城市或站点排名 [dim]ranks[/dim]",
    help="城市或站点排名：每个时段单独排，相同的并列（1、2、2、4）。\n\n"
    "[dim]Rank cities or stations within each period, ties sharing a rank.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui air rank 日值.csv --period year[/cyan]\n\n"
    "[cyan]shanshui air rank 小时.csv --by city --figure guangdong[/cyan]\n\n"
    "[cyan]shanshui air rank 2019.csv 2020.csv --figure change --against 2019[/cyan]",
)
@spread
def rank(
    reading: Reading,
    place: Place,
    period: Period,
    events: Events,
    output: Output,
    figure: Annotated[
        str,
        option(
            "--figure",
            "composite、 guangdong（先优良率再 PM2.5）、 change（需 --against） 或统计的任一列",
            "or any column of the statistics",
            METHOD,
            metavar="指标",
            show_default=True,
        ),
    ] = "composite",
    descending: Annotated[
        bool | None,
        option(
            "--descending/--ascending",
            "由大到小或由小到大；默认好的在前",
            "order; by default good ones first",
            METHOD,
        ),
    ] = None,
) -> None:
    """Rank places within each period."""
    from shanshui import air
    from shanshui.cli.compute import read_table, statistics_of

    if figure == "change" and not period.against:
        raise typer.BadParameter(
            "按变化排名需要 --against 年份 / ranking by change needs --against YEAR",
            param_hint="--figure",
        )
    table = read_table(reading)
    result, keys = statistics_of(table, place, period, events)
    ascending = None if descending is None else not descending
    result = air.rank(result, by=figure, ascending=ascending)
    result = result.sort("start", "rank", *keys, nulls_last=True)
    last = result.filter(result["start"] == result["start"].max())
    name = last["period"][0]
    if output.printed and last.height < result.height and not reading.quiet:
        count = result["period"].n_unique()
        note(
            f"共 {count} 个时段，这里是最后一个（{name}）；全部请用 -o 保存",
            f"{count} periods, of which this is the last ({name}); save all with -o",
        )
    used = {"guangdong": "good_ratio", "change": "composite_change"}.get(figure, figure)
    columns = ["rank", "tied", *keys, "period", used]
    columns += [c for c in ("composite", "good_ratio", "pm25", "main") if c != used]
    deliver(result, output, columns=columns, title=f"排名 rank（{figure}，{name}）", shown=last)
    rejects(table, output, quiet=reading.quiet)


@app.command(
    short_help="剩余控制值 [dim]what the rest of the year may be[/dim]",
    help="剩余控制值：为完成全年目标，剩余的天平均不能超过多少，还能有几个超标天。\n\n"
    "[dim]What the rest of the year may still be for an annual target to be met, exactly, on valid "
    "days.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui air remaining 日值.csv --item pm25 --target 25[/cyan]\n\n"
    "[cyan]shanshui air remaining 小时.csv --by city --item good_ratio --target 90 "
    "--until 2026-07-27[/cyan]",
)
@spread
def remaining(
    reading: Reading,
    item: Annotated[
        Goal,
        option("--item", "年均浓度，或优良率、重污染率", "annual mean, or ratio of days", METHOD),
    ],
    target: Annotated[
        str,
        option(
            "--target",
            "全年目标（µg/m3 或 %）",
            "target of the year",
            METHOD,
            metavar="数值",
        ),
    ],
    place: Place,
    events: Events,
    output: Output,
    comparator: Annotated[
        Comparator | None,
        option("--comparator", "默认 <=，优良率为 >=", "by default <=, for good_ratio >=", METHOD),
    ] = None,
    year: Annotated[
        int | None,
        option("--year", "年份；默认数据的最后一年", "by default the last of the data", METHOD),
    ] = None,
    until: Annotated[
        str | None,
        option(
            "--until",
            "计到哪天；默认数据的最后一天",
            "last day counted; by default the last of the data",
            METHOD,
            metavar="日期",
        ),
    ] = None,
    left: Annotated[
        int | None,
        option(
            "--left",
            "剩余的有效天数；默认到年底的日历天数",
            "valid days left; by default all to the end of the year",
            METHOD,
            min=0,
        ),
    ] = None,
    digits: Annotated[
        int | None,
        option(
            "--digits",
            "全年值先修约到几位再比；默认不修约",
            "decimals at which the year's figure is compared; by default exact",
            METHOD,
            min=0,
        ),
    ] = None,
) -> None:
    """Compute what the rest of the year may still be."""
    from shanshui.cli.compute import days_of, last_day, marked, read_table, remainders
    from shanshui.platform.report.targets import counting

    table = read_table(reading)
    with working("计算剩余控制值 remaining"):
        days, keys = days_of(table, place)
        days = counting(
            marked(days, keys, events), item.value, events.dust.value if events.dust else None
        )
        end = last_day(days, item.value, year, until)
        rest = (date(end.year, 12, 31) - end).days if left is None else left
        result = remainders(
            days,
            keys,
            place,
            item=item.value,
            target=target,
            comparator=comparator.value if comparator else None,
            end=end,
            left=rest,
            digits=digits,
        )
    if not reading.quiet:
        said(
            "计算 computed",
            f"{end.year} 年计到 {end}，剩余 {rest} 个有效天 "
            f"counted to {end}, {rest} valid days left",
        )
    columns = [*keys, "done", "so_far", "target", "left", "value", "allowed", "feasible", "text"]
    if item not in {Goal.GOOD, Goal.HEAVY}:
        columns.remove("allowed")
    title = f"剩余控制值 remaining（{item.value} {result['comparator'][0]} {target}）"
    deliver(result, output, columns=columns, title=title)
    rejects(table, output, quiet=reading.quiet)


@app.command(
    short_help="数据里的问题 [dim]faults of files[/dim]",
    help="列出文件里的问题：不能用的行和单元格、矛盾的重复行、负值、异常值。\n\n"
    "[dim]List the faults of files: rows and cells that cannot be used, contradicting repeats, "
    "negative and absurd values.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui air check 小时.csv[/cyan]\n\n"
    "[cyan]shanshui air check *.xlsx -o 问题清单.csv[/cyan]",
)
@spread
def check(reading: Reading, output: Output) -> None:
    """List the faults of files."""
    from shanshui.cli.compute import faults_of, read_table

    table = read_table(reading)
    with working("检查 checking"):
        faults = faults_of(table)
    if faults.is_empty() and output.printed:
        said("检查 checked", "没有发现问题 no fault found")
        return
    columns = ["file", "row", *table.keys, "time", "item", "value", "fault", "message"]
    columns = [c for c in columns if c in faults.columns and faults[c].count()]
    deliver(faults, output, columns=columns, title="数据问题 faults")


Edition = Annotated[
    str,
    option(
        "--edition",
        "标准版本：2012、2026、2031 或标准号",
        "edition or number of a standard",
        METHOD,
        metavar="版本",
        show_default=True,
    ),
]


@app.command(
    short_help="浓度限值 [dim]limits of GB 3095[/dim]",
    help="浓度限值（GB 3095 表1、表2）。 [dim]Concentration limits.[/dim]",
    epilog="例 Example\n\n[cyan]shanshui air limits --edition 2026 --grade 2[/cyan]",
)
@spread
def limits(
    output: Output,
    edition: Edition = "2026",
    grade: Annotated[
        int | None, option("--grade", "只要一级或二级", "one grade only", METHOD, min=1, max=2)
    ] = None,
) -> None:
    """Print the concentration limits of an edition."""
    from shanshui import air

    table = air.limits(edition=edition, grade=grade)
    title = f"浓度限值 limits（edition={edition}）"
    deliver(table, output, columns=table.columns, title=title, whole=True)


@app.command(
    short_help="分指数浓度限值 [dim]breakpoints of HJ 633[/dim]",
    help="空气质量分指数对应的浓度限值（HJ 633 表1）。 [dim]Breakpoints of the IAQI.[/dim]",
    epilog="例 Example\n\n[cyan]shanshui air breakpoints --edition 2012 --format csv[/cyan]",
)
@spread
def breakpoints(output: Output, edition: Edition = "2026") -> None:
    """Print the breakpoints of an edition."""
    from shanshui import air

    table = air.breakpoints(edition=edition)
    title = f"分指数浓度限值 breakpoints（edition={edition}）"
    deliver(table, output, columns=table.columns, title=title, whole=True)

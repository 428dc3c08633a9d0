"""``shanshui noise …``: the noise functions on files."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from shanshui.cli.options import METHOD, RESULT, Output, Stamp, option, spread
from shanshui.cli.output import deliver, said, working
from shanshui.cli.samples import Listing, Standard, keys, listed, places, told

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="噪声：等效声级、功能区达标、区域和道路（GB 3096、HJ 640）。\n\n"
    "[dim]Noise: levels, functional zones, region and roads.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui noise levels 声级.csv --step 1h[/cyan]\n\n"
    "[cyan]shanshui noise zones 功能区.xlsx --rates[/cyan]",
)


class Step(StrEnum):
    """What one row of a series stands for."""

    SECOND = "1s"
    MINUTE = "1min"
    HOUR = "1h"


class Span(StrEnum):
    """Of what levels are computed."""

    HOUR = "hour"
    PART = "part"
    DATE = "date"


class Night(StrEnum):
    """To which date the hours before the morning belong."""

    FOLLOWING = "following"
    CALENDAR = "calendar"


By = Annotated[
    list[str] | None,
    option("--by", "按这些列分别计算，如 city；可多次", "apart for these", METHOD, metavar="列"),
]


@app.command(
    short_help="等效声级 Leq、Ld、Ln、Ldn [dim]levels of a series[/dim]",
    help="由声级序列计算 Leq、L10、L50、L90、Ld、Ln、Ldn（能量平均）；"
    "夜间 22 时至次日 6 时，归入开始的日期。\n\n"
    "[dim]Levels of hours, of days and nights, or of dates from samples of a second, a minute or "
    "an hour. A night belongs to the date on which it begins.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui noise levels 小时声级.csv --step 1h[/cyan]\n\n"
    "[cyan]shanshui noise levels 秒级.parquet --period hour -o 小时.csv[/cyan]",
)
@spread
def levels(
    listing: Listing,
    output: Output,
    edition: Standard = None,
    step: Annotated[
        Step, option("--step", "每行是多长时间", "what a row stands for", METHOD, show_default=True)
    ] = Step.SECOND,
    period: Annotated[
        Span,
        option(
            "--period",
            "hour 每小时； part 每个 昼间、 夜间； date 每天",
            "each hour, each day and night, or each date",
            METHOD,
            show_default=True,
        ),
    ] = Span.DATE,
    stamp: Annotated[
        Stamp,
        option(
            "--stamp",
            "时间是每行的初 start 还是末 end",
            "whether a time is the start or the end of its row",
            METHOD,
            show_default=True,
        ),
    ] = Stamp.START,
    day: Annotated[
        str | None,
        option(
            "--day",
            "昼间的起止小时，默认 6-22",
            "hours between which it is day",
            METHOD,
            metavar="6-22",
        ),
    ] = None,
    night: Annotated[
        Night,
        option(
            "--night",
            "凌晨归前一天的夜间 following，或归当天 calendar",
            "the hours before the morning: of the night before, or of the date",
            METHOD,
            show_default=True,
        ),
    ] = Night.FOLLOWING,
    min_share: Annotated[
        float,
        option(
            "--min-share",
            "有效样本的最小占比（本项目的约定）",
            "least share of valid samples, the project's own",
            METHOD,
            min=0,
            max=1,
            show_default=True,
        ),
    ] = 0.75,
    by: By = None,
) -> None:
    """Compute the levels of a series."""
    import polars as pl

    from shanshui import noise
    from shanshui.platform.ingest import read_noise

    hours = _hours(day)
    table = listed(listing, read_noise, timed=True)
    place = keys(table, by, "sound") or places(table)
    if not place:
        place, table = ["station"], table.with_columns(station=pl.lit("—"))
    with working("计算声级 levels"):
        result = noise.levels(
            table,
            by=place,
            step=step.value,
            stamp=stamp.value,
            period=period.value,
            maximum="lmax" if "lmax" in table.columns else None,
            day=hours,
            night=night.value,
            min_share=min_share,
            edition=edition,
        )
    if not listing.quiet:
        said("计算 computed", f"step={step} stamp={stamp} night={night}")
    columns = [*place, "date", "hour", "part", "ld", "ln", "ldn", "lmax_night"]
    columns += ["leq", "l10", "l50", "l90", "lmax", "lmin", "sd", "samples", "reason"]
    deliver(result, output, columns=columns, title="声级 levels dB(A)")


def _hours(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    first, _, last = text.replace("—", "-").partition("-")
    if not (first.strip().isdigit() and last.strip().isdigit()):
        raise typer.BadParameter(
            f"应如 6-22，得到“{text}” / expected 6-22, got {text!r}", param_hint="--day"
        )
    return int(first), int(last)


@app.command(
    short_help="功能区达标 [dim]functional zones[/dim]",
    help="声环境功能区（GB 3096）：昼间、夜间是否达标；"
    "--rates 给出各类区和全部的点次达标率（HJ 640）。\n\n"
    "[dim]Day and night of functional zones against their limits; with --rates the share of "
    "point-times that comply.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui noise zones 功能区.xlsx[/cyan]\n\n"
    "[cyan]shanshui noise zones 功能区.csv --rates --by city[/cyan]",
)
@spread
def zones(
    listing: Listing,
    output: Output,
    edition: Standard = None,
    rates: Annotated[
        bool, option("--rates", "给出点次达标率", "rates of attainment", RESULT)
    ] = False,
    by: By = None,
    unverified: Annotated[
        bool,
        option(
            "--unverified",
            "也评价 4b 类区（限值未核实）",
            "judge zone 4b too, whose limits are not verified",
            METHOD,
        ),
    ] = False,
) -> None:
    """Set functional zones against their limits."""
    from shanshui import noise
    from shanshui.platform.ingest import read_noise

    table = listed(listing, read_noise)
    with working("评价功能区 zones"), told():
        result = noise.zones(table, unverified=unverified, edition=edition)
        shares = noise.attainment(result, by=keys(table, by, "sound"))
    if not listing.quiet:
        whole = noise.attainment(result)
        for row in whole.filter(whole["zone"] == "total").iter_rows(named=True):
            said("达标率 rates", "，".join(_rates(row)))
    if rates:
        columns = list(shares.columns)
        deliver(shares, output, columns=columns, title="功能区点次达标率 attainment（%）")
        return
    columns = [*places(table), "zone", "ld", "ln", "attains_day", "attains_night"]
    columns += ["exceed_day", "exceed_night", "attains_sudden", "reason_day", "reason_night"]
    deliver(result, output, columns=columns, title="声环境功能区 zones dB(A)")


def _rates(row: dict[str, object]) -> list[str]:
    return [
        f"{zh} {en} {row[f'{en}_attained']}/{row[f'{en}_points']} = {row[f'{en}_rate']}%"
        for zh, en in (("昼间", "day"), ("夜间", "night"))
        if row.get(f"{en}_points")
    ]


@app.command(
    short_help="区域声环境 [dim]noise of a region[/dim]",
    help="区域声环境（HJ 640）：网格点等效声级的算术平均和等级。\n\n"
    "[dim]Arithmetic mean of the grid points and its grade.[/dim]",
    epilog="例 Example\n\n[cyan]shanshui noise region 网格.csv --by city[/cyan]",
)
@spread
def region(listing: Listing, output: Output, edition: Standard = None, by: By = None) -> None:
    """Grade the noise of a region."""
    from shanshui import noise
    from shanshui.platform.ingest import read_noise

    table = listed(listing, read_noise)
    with working("评价区域 region"):
        result = noise.region(table, by=keys(table, by, "sound"), edition=edition)
    deliver(result, output, columns=list(result.columns), title="区域声环境 region dB(A)")


@app.command(
    short_help="道路交通噪声 [dim]noise of road traffic[/dim]",
    help="道路交通噪声（HJ 640）：按路段长度加权的平均和等级。\n\n"
    "[dim]Mean weighted by the length of the sections, and its grade.[/dim]",
    epilog="例 Example\n\n[cyan]shanshui noise road 路段.xlsx[/cyan]",
)
@spread
def road(listing: Listing, output: Output, edition: Standard = None, by: By = None) -> None:
    """Grade the noise of road traffic."""
    from shanshui import noise
    from shanshui.platform.ingest import read_noise

    table = listed(listing, read_noise)
    with working("评价道路 road"):
        result = noise.road(table, by=keys(table, by, "sound"), edition=edition)
    deliver(result, output, columns=list(result.columns), title="道路交通噪声 road dB(A)")

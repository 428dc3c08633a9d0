"""``shanshui air trend``, ``pattern`` and ``rose``: trends and patterns of files, and figures."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shanshui.cli.air import app
from shanshui.cli.options import METHOD, RESULT, Output, Place, Reading, number, option, spread
from shanshui.cli.output import deliver, label, note, rejects, said, working
from shanshui.platform.files import write_whole
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    import polars as pl

    from shanshui.platform.report.figures import Chart

_DIRECTIONS = ("wd", "风向", "wind_direction", "winddirection", "风向(°)", "cbwd")
_SPEEDS = ("ws", "wspm", "风速", "wind_speed", "windspeed", "风速(m/s)")
_NOTHING = ("", "-", "--", "—", "na", "nan", "null", "none", "n/a")


class Item(StrEnum):
    """Items of daily values."""

    SO2 = "so2"
    NO2 = "no2"
    CO = "co"
    O3 = "o3_8h"
    PM10 = "pm10"
    PM25 = "pm25"


class Hourly(StrEnum):
    """Items of hours and days."""

    SO2 = "so2"
    NO2 = "no2"
    CO = "co"
    O3 = "o3"
    O3_8H = "o3_8h"
    PM10 = "pm10"
    PM25 = "pm25"


class Season(StrEnum):
    """How the seasonal part is taken off."""

    STL = "stl"
    MONTH = "month"


class Mean(StrEnum):
    """Periods whose means make a series."""

    MONTH = "month"
    YEAR = "year"


class Interval(StrEnum):
    """How the interval of a slope is found."""

    BOOTSTRAP = "bootstrap"
    ANALYTIC = "analytic"


class Over(StrEnum):
    """What a pattern is over."""

    HOUR = "hour"
    WEEKDAY = "weekday"
    MONTH = "month"
    SEASON = "season"
    YEAR_MONTH = "year_month"
    WEEKDAY_HOUR = "weekday-hour"
    MONTH_HOUR = "month-hour"


At = Annotated[
    str | None,
    option(
        "--at",
        "只算这一个站点或地区",
        "only this station or area",
        METHOD,
        metavar="名称",
    ),
]
Figure = Annotated[
    str | None,
    option(
        "--figure",
        "把图画到文件：.svg 或 .png；只画一个站点或地区",
        "draw a figure, .svg or .png, of one station or area",
        RESULT,
        metavar="文件",
    ),
]
Narrow = Annotated[
    bool, option("--narrow", "图按手机宽度画", "draw the figure for a phone", RESULT)
]


@app.command(
    short_help="趋势：Theil–Sen、Mann–Kendall [dim]trends[/dim]",
    help="趋势：日值的月均值（或年均值）的 Theil–Sen 斜率，Mann–Kendall 检验（月均值按季节）。"
    "\n\n[dim]Theil–Sen slope of monthly (or yearly) means of daily values with its interval, and "
    "the Mann–Kendall test (seasonal for months).[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui air trend 小时.csv --item pm25 --deseason stl[/cyan]\n\n"
    "[cyan]shanshui air trend 20*.csv --by city --at 广州 --figure 趋势.svg[/cyan]",
)
@spread
def trend(
    reading: Reading,
    place: Place,
    output: Output,
    item: Annotated[Item, option("--item", "项目", "item", METHOD, show_default=True)] = Item.PM25,
    average: Annotated[
        Mean, option("--average", "先取月均值或年均值", "means first", METHOD, show_default=True)
    ] = Mean.MONTH,
    coverage: Annotated[
        float,
        option(
            "--coverage",
            "均值需要的有效天数占比",
            "least share of days of a mean",
            METHOD,
            min=0,
            max=1,
            show_default=True,
        ),
    ] = 0.75,
    deseason: Annotated[
        Season | None,
        option("--deseason", "先去掉季节变化", "take the seasonal part off first", METHOD),
    ] = None,
    interval: Annotated[
        Interval,
        option("--interval", "区间的算法", "how the interval is found", METHOD, show_default=True),
    ] = Interval.BOOTSTRAP,
    confidence: Annotated[
        float,
        option("--confidence", "置信度", "of the interval", METHOD, show_default=True),
    ] = 0.95,
    autocorrelation: Annotated[
        bool,
        option(
            "--autocorrelation",
            "考虑自相关（成块重抽样）",
            "allow for autocorrelation (blocks)",
            METHOD,
        ),
    ] = False,
    at: At = None,
    figure: Figure = None,
    narrow: Narrow = False,
) -> None:
    """Estimate trends of daily values."""
    import polars as pl

    from shanshui import analysis
    from shanshui.cli.compute import days_of, read_table

    _drawable(figure)
    table = read_table(reading)
    with working("计算趋势 trends"):
        days, keys = days_of(table, place)
        days, name = _one(days, keys, at, figure)
        if item.value not in days.columns or not days[item.value].count():
            raise ShanshuiError(
                f"数据里没有 {item.value} 的日值 / the data have no daily values of {item.value}"
            )
        sen = analysis.theil_sen(
            days,
            item.value,
            by=keys,
            average=average.value,
            min_coverage=coverage,
            deseason=deseason.value if deseason else False,
            interval=interval.value,
            confidence=confidence,
            autocorrelation=autocorrelation,
        )
        test = analysis.mann_kendall(
            days,
            item.value,
            by=keys,
            average=average.value,
            min_coverage=coverage,
            seasonal="month" if average is Mean.MONTH else None,
            confidence=confidence,
        ).select(*keys, "s", "z", pl.col("p").alias("mk_p"), "trend")
    result = sen.join(test, on=keys, how="left", nulls_equal=True, maintain_order="left")
    result = result.with_columns(pl.lit(item.value).alias("item"))
    if figure:
        monthly = analysis.average(
            days, item.value, to=average.value, min_share=coverage, time="date"
        ).select("date", value=item.value)
        if sen["deseason"][0]:
            monthly = analysis.deseasonalise(monthly, "value", method=sen["deseason"][0])
            monthly = monthly.rename({"value_deseasoned": "deseasoned"})
        _draw(
            lambda width: _figures().trend_line(
                _gapless(monthly), sen, width, _unit(item.value), f"{name} {_name(item.value)}"
            ),
            figure,
            f"{name} {_name(item.value)} 趋势",
            narrow=narrow,
        )
    reasons = ",".join(result["reason"].drop_nulls()).split(",")
    if "few_years" in reasons and not reading.quiet:
        note(
            "数据不足五年，去季节会吸收噪声，区间偏窄；请慎用",
            "fewer than five years: the seasonal part takes in noise and the interval is narrow",
        )
    if "short_for_deseason" in reasons and not reading.quiet:
        note("不足两年多的数据没有去季节", "24 months or fewer were not deseasonalised")
    shown = result.with_columns(
        *(_short(c) for c in ("slope", "slope_lower", "slope_upper", "p", "mk_p"))
    )
    columns = [*keys, "n", "first", "last", "slope", "slope_lower", "slope_upper"]
    columns += ["slope_percent", "p", "significance", "mk_p", "trend"]
    title = f"趋势 trend（{_name(item.value)}，{_unit(item.value)}/年）"
    deliver(result, output, columns=columns, title=title, shown=shown)
    rejects(table, output, quiet=reading.quiet)


@app.command(
    short_help="日、周、季节变化 [dim]diurnal, weekly, seasonal variation[/dim]",
    help="变化规律：各小时（1—24，时段末）、星期、月、季的平均和区间。\n\n"
    "[dim]Means over the hours of the day (1 to 24, the end of the hour), the days of the week, "
    "the months or the seasons, with intervals; weekday-hour and month-hour give a heat map.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui air pattern 小时.csv --item pm25 --item pm10 --over hour[/cyan]\n\n"
    "[cyan]shanshui air pattern 小时.csv --at 东四 --over weekday-hour --figure 周.svg[/cyan]",
)
@spread
def pattern(
    reading: Reading,
    output: Output,
    items: Annotated[
        list[Hourly] | None,
        option("--item", "项目，可多次；默认 pm25", "items; pm25 by default", METHOD),
    ] = None,
    over: Annotated[
        Over, option("--over", "按什么划分", "over what", METHOD, show_default=True)
    ] = Over.HOUR,
    confidence: Annotated[
        float,
        option("--confidence", "置信度", "of the interval", METHOD, show_default=True),
    ] = 0.95,
    at: At = None,
    figure: Figure = None,
    narrow: Narrow = False,
) -> None:
    """Average over hours, weekdays, months or seasons."""
    from shanshui import analysis
    from shanshui.cli.compute import read_table

    _drawable(figure)
    table = read_table(reading)
    wanted = [one.value for one in items or [Hourly.PM25]]
    daily = table.kind == "daily"
    if daily and "hour" in over.value:
        raise ShanshuiError("日数据没有小时 / daily values have no hours")
    two = over in {Over.WEEKDAY_HOUR, Over.MONTH_HOUR}
    if two and figure and len(wanted) > 1:
        raise ShanshuiError("热力图只画一个项目 / a heat map is of one item")
    frame, name = _one(_sound(table.frame, wanted), table.keys, at, figure)
    classes: list[Any] = over.value.split("-")
    with working("计算规律 patterns"):
        result = analysis.variation(
            frame,
            wanted,
            over=classes,
            time="date" if daily else "time",
            by=table.keys,
            stamp=table.report.stamp,
            confidence=confidence,
            every="1d" if daily else "1h",
        )
    if figure:
        if two:
            cells = _cells(result, classes[0])
            _draw(
                lambda width: _figures().heat(cells, width, _unit(wanted[0])),
                figure,
                f"{name} {_name(wanted[0])}",
                narrow=narrow,
            )
        else:
            rows = _places(result, over.value, name)
            _draw(
                lambda width: _figures().variation(rows, width, _unit(wanted[0])),
                figure,
                f"{name} {label(over.value)}",
                narrow=narrow,
            )
    columns = [*table.keys, "item", "label", "n", "mean", "lower", "upper"]
    title = f"规律 pattern（{label(over.value)}）"
    deliver(result, output, columns=columns, title=title)
    rejects(table, output, quiet=reading.quiet)


@app.command(
    short_help="风玫瑰、污染玫瑰 [dim]wind and pollution roses[/dim]",
    help="风玫瑰图；给出 --item 则为污染玫瑰图（各风向的分级、平均和贡献）。要有风向、风速列。\n\n"
    "[dim]A wind rose, or with --item a pollution rose: classes, mean and contribution by wind "
    "direction. The data need columns of wind direction and speed.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui air rose 小时.csv --figure 风玫瑰.svg[/cyan]\n\n"
    "[cyan]shanshui air rose 小时.csv --item pm25 --breaks 35,75,115,150 --at 东四 "
    "--figure 污染玫瑰.png[/cyan]",
)
@spread
def rose(
    reading: Reading,
    output: Output,
    item: Annotated[
        Hourly | None,
        option("--item", "项目；没有则按风速分级", "item; without, classes of speed", METHOD),
    ] = None,
    direction: Annotated[
        str | None,
        option(
            "--direction", "风向列；默认 wd、风向等", "column of direction", METHOD, metavar="列"
        ),
    ] = None,
    speed: Annotated[
        str | None,
        option("--speed", "风速列；默认 ws、wspm、风速等", "column of speed", METHOD, metavar="列"),
    ] = None,
    sectors: Annotated[
        int, option("--sectors", "方位数", "number of sectors", METHOD, min=4, show_default=True)
    ] = 16,
    breaks: Annotated[
        str | None,
        option(
            "--breaks", "分级上界，如 35,75,115", "upper edges of classes", METHOD, metavar="数"
        ),
    ] = None,
    calm: Annotated[
        float,
        option(
            "--calm",
            "风速小于此值（m/s）为静风",
            "speeds below are calm",
            METHOD,
            min=0,
            show_default=True,
        ),
    ] = 0.3,
    at: At = None,
    figure: Figure = None,
    narrow: Narrow = False,
) -> None:
    """Count wind and pollution roses."""
    import polars as pl

    from shanshui import analysis
    from shanshui.cli.compute import read_table

    _drawable(figure)
    edges = [number(b, "--breaks") for b in breaks.split(",")] if breaks else None
    table = read_table(reading, everything=True)
    found = _column(table.frame, direction, _DIRECTIONS, "风向", "wind direction", "--direction")
    speeds = _column(table.frame, speed, _SPEEDS, "风速", "wind speed", "--speed")
    value = item.value if item else None
    frame = _sound(table.frame, [value] if value else [])
    frame = frame.with_columns(_readable(frame[found], number_only=False))
    frame = frame.with_columns(_readable(frame[speeds], number_only=True))
    frame, name = _one(frame, table.keys, at, figure)
    with working("计算玫瑰图 roses"):
        result = analysis.rose(
            frame,
            direction=found,
            speed=speeds,
            value=value,
            sectors=sectors,
            breaks=edges,
            by=table.keys,
            calm=calm,
        )
    if figure:
        unit = _unit(value) if value else "m/s"
        _draw(
            lambda width: _figures().rose(result, width, unit, value=value is not None),
            figure,
            f"{name} {'污染' if value else '风'}玫瑰图",
            narrow=narrow,
        )
    columns = [*table.keys, "point_zh", "direction", "sector_n", "sector_share", "sector_mean"]
    columns += ["contribution"] * bool(value)
    shown = result.filter(pl.col("class") == 1)
    title = f"{'污染' if value else '风'}玫瑰 rose（{_name(value) if value else 'm/s'}）"
    deliver(result, output, columns=columns, title=title, shown=shown)
    rejects(table, output, quiet=reading.quiet)


def _figures() -> Any:
    """Return the module of figures, which needs Altair."""
    from shanshui.platform.report import figures

    return figures


def _drawable(path: str | None) -> None:
    """Refuse at once a figure that could not be written after the work."""
    if path is None:
        return
    if Path(path).suffix.lower() not in {".svg", ".png"}:
        raise typer.BadParameter(
            f"图应为 .svg 或 .png，得到“{path}” / expected .svg or .png", param_hint="--figure"
        )
    if not Path(path).parent.is_dir():
        raise typer.BadParameter(
            f"没有这个文件夹：{Path(path).parent} / no such folder", param_hint="--figure"
        )


def _one(
    frame: pl.DataFrame, keys: list[str], at: str | None, figure: str | None
) -> tuple[pl.DataFrame, str]:
    """Keep one station or area where asked, and return its name."""
    import polars as pl

    if at:
        frame = frame.filter(pl.any_horizontal(pl.col(k).cast(pl.String) == at for k in keys))
        if frame.is_empty():
            raise ShanshuiError(f"数据里没有“{at}” / the data have no {at}")
    places = frame.select(keys).unique(maintain_order=True)
    if figure and places.height > 1:
        some = "、".join(" ".join(str(n) for n in p if n) for p in places.head(4).rows())
        raise ShanshuiError(
            f"图只画一个站点或地区，数据里有 {places.height} 个（{some}……），请用 --at 选一个 / "
            f"a figure is of one station or area and the data have {places.height}; choose one "
            "with --at NAME"
        )
    return frame, " ".join(str(n) for n in places.row(0) if n) if places.height else ""


def _sound(frame: pl.DataFrame, items: list[str]) -> pl.DataFrame:
    """Take negative values as missing, as everywhere."""
    import polars as pl

    missing = [i for i in items if i not in frame.columns or not frame[i].count()]
    if missing:
        raise ShanshuiError(
            f"数据里没有 {'、'.join(missing)} / the data have no {', '.join(missing)}"
        )
    return frame.with_columns(pl.when(pl.col(i) >= 0).then(pl.col(i)).alias(i) for i in items)


def _column(
    frame: pl.DataFrame, said_: str | None, known: tuple[str, ...], zh: str, en: str, name: str
) -> str:
    """Find a column of the wind."""
    if said_:
        if said_ in frame.columns:
            return said_
        raise ShanshuiError(f"没有“{said_}”列 / no column {said_}")
    for one in known:
        match = next((c for c in frame.columns if c.strip().lower() == one), None)
        if match:
            return match
    raise ShanshuiError(
        f"数据里没有{zh}列（{'、'.join(known)}）；请用 {name} 指明 / "
        f"no column of {en}; name it with {name}"
    )


def _readable(column: pl.Series, *, number_only: bool) -> pl.Series:
    """Make a column numbers where all of it is, with null for the marks of nothing."""
    import polars as pl

    if column.dtype != pl.String:
        return column
    nothing = column.str.strip_chars().str.to_lowercase().is_in(list(_NOTHING))
    texts = column.set(nothing, None)
    numbers = texts.str.strip_chars().cast(pl.Float64, strict=False)
    lost = texts.filter(numbers.is_null() & texts.is_not_null())
    if not lost.len():
        return numbers
    if number_only:
        note(
            f"{column.name} 有 {lost.len():,} 个不是数（如“{lost[0]}”），按缺测处理",
            f"{lost.len():,} cells of {column.name} are no numbers and taken as missing",
        )
        return numbers
    return texts


def _gapless(series: pl.DataFrame) -> pl.DataFrame:
    """Add the periods that have no row, so that a line breaks there."""
    import polars as pl

    date = series["date"].sort()
    step = "1mo" if (date.dt.month() != 1).any() else "1y"
    every = pl.select(pl.date_range(date[0], date[-1], step).alias("date"))
    return every.join(series, on="date", how="left", maintain_order="left")


def _cells(result: pl.DataFrame, row: str) -> pl.DataFrame:
    import polars as pl

    words = pl.col("label").str.split(" ").list.first()
    return result.select("hour", pl.col(row).alias("row"), words.alias("label"), "mean")


def _places(result: pl.DataFrame, over: str, name: str) -> pl.DataFrame:
    """Bring a variation into the form of the figure."""
    import polars as pl

    if over == "year_month":  # a month at the edge may have one hour
        few = result.filter(pl.col("n") * 2 < pl.col("n").median().over("item"))
        if few.height:
            months = sorted(set(few["label"]))
            note(
                f"数据不到通常一半的月份不画：{'、'.join(months)}",
                f"months with less than half of the usual count are not drawn: {', '.join(months)}",
            )
        result = result.join(few, on=["item", "label"], how="anti", maintain_order="left")
    items = result["item"].unique(maintain_order=True)
    one = f" {_name(items[0])}" if len(items) == 1 else ""  # several are told by the legend
    return result.select(
        pl.lit(f"{name}{one} {label(over)}").alias("panel"),
        pl.col(over).rank("dense").cast(pl.Int64).alias("place"),
        *("label", "mean", "lower", "upper"),
        pl.col("item").replace_strict({i: _name(i) for i in items}).alias("series"),
    )


def _draw(draw: Any, path: str, words: str, *, narrow: bool) -> None:
    """Draw a figure into a file."""
    chart: Chart = draw(350 if narrow else 1040)
    text = _figures().svg(chart, words, "figure")
    if Path(path).suffix.lower() == ".svg":
        write_whole(Path(path), text.encode())
    else:
        import vl_convert

        # Without a ground of its own, a half transparent mark comes out grey.
        head, _, rest = text.partition(">")
        ground = '<rect width="100%" height="100%" fill="#ffffff"/>'
        write_whole(Path(path), vl_convert.svg_to_png(f"{head}>{ground}{rest}", scale=2))
    said("已画 drew", path)


def _short(column: str) -> Any:
    """Write a number of a trend with the digits that it deserves."""
    import polars as pl

    def text(value: float) -> str:
        if column in {"p", "mk_p"}:
            return "<0.001" if value < 0.001 else f"{value:.3f}"
        return f"{value:.3g}"

    return pl.col(column).map_elements(text, return_dtype=pl.String)


def _name(item: str) -> str:
    return label(item)


def _unit(item: str) -> str:
    return "mg/m3" if item == "co" else "µg/m3"

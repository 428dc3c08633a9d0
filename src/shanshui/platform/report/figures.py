"""Every chart, made as a Vega-Lite spec and drawn to SVG with no browser and no network.

Each function takes a Polars frame with the columns that it names and the width of the drawing in
pixels, and gives an Altair chart; `svg` draws it. A page draws a chart once for a desk and once for
a phone, so the letters keep their size on both.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Chart = alt.TopLevelMixin
"""Any chart of Altair."""

SANS = (
    "Noto Sans SC, Source Han Sans SC, Noto Sans CJK SC, PingFang SC, Hiragino Sans GB, "
    "Microsoft YaHei, WenQuanYi Micro Hei, Helvetica Neue, Arial, sans-serif"
)
INK, MUTED, FAINT, PAPER = "#24303a", "#5d6870", "#d9d5c9", "#fbfaf6"
BLUE, RED = "#21566b", "#a63d2d"

ITEMS = {
    "pm25": ("PM2.5", "#8c4a36"),
    "pm10": ("PM10", "#d09a5c"),
    "o3_8h": ("O3", "#2f6f8f"),
    "no2": ("NO2", "#6c6390"),
    "so2": ("SO2", "#7f9560"),
    "co": ("CO", "#a9adab"),
}
"""Names and colours of the six items, in the order in which they are drawn."""

STATES = {
    "已完成": "#1f7a4d",
    "达到序时进度": "#6fb08a",
    "存在风险": "#e3b23c",
    "滞后于序时进度": "#d9772b",
    "未完成": "#a63d2d",
    "口径不一致": "#7d6aa0",
    "待下达": "#8fa9b8",
    "暂无数据": "#dcdad2",
}
"""Colours of the states of a target, in the order in which they are drawn."""

NONE = "无数据"
_NARROW = 420  # below this width a chart is drawn for a phone


def svg(chart: Chart, label: str, name: str) -> str:
    """Draw a chart to an SVG element that can stand in a page.

    Parameters
    ----------
    chart : altair chart
        What to draw.
    label : str
        What it shows, read out to those who cannot see it.
    name : str
        Prefix of the ids inside, unique in the page.

    Returns
    -------
    str
        One ``<svg>`` element with a view box and no fixed size.
    """
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(_styled(chart), allowed_base_urls=[])
    drawn = re.sub(r'\b(id="|url\(#|href="#)', rf"\g<1>{name}-", drawn)
    # Two decimals of a pixel are enough, and make the page a third smaller.
    drawn = re.sub(r"<[^>]+>", lambda tag: re.sub(r"(\d\.\d\d)\d+", r"\1", tag[0]), drawn)
    head, rest = drawn.split(">", 1)
    box = re.search(r'viewBox="[^"]*"', head)
    text = label.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {box[0] if box else ""} role="img" '
        f'aria-label="{text}">{rest}'
    )


def _styled(chart: Chart) -> dict[str, Any]:
    spec: dict[str, Any] = chart.to_dict()
    text: dict[str, Any] = {
        "labelFont": SANS,
        "titleFont": SANS,
        "labelColor": MUTED,
        "titleColor": MUTED,
    }
    text |= {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}
    spec["config"] = {
        "font": SANS,
        "aria": False,
        "background": "transparent",
        "view": {"stroke": None},
        "axis": text | {"domain": False, "ticks": False, "gridColor": "#e9e6dc", "labelPadding": 6},
        "axisX": {"grid": False, "domain": True, "domainColor": FAINT},
        "legend": text | {"symbolStrokeWidth": 0, "labelColor": INK},
        "header": text | {"labelColor": INK, "labelFontSize": 13, "labelFontWeight": "bold"},
        "title": {"font": SANS, "color": INK, "fontSize": 13, "anchor": "start"},
        "text": {"font": SANS, "color": INK, "fontSize": 12},
    }
    return spec


def _data(frame: pl.DataFrame) -> alt.InlineData:
    """Put rows into the spec; dates with a time of day, so that no time zone moves them."""
    dates = [name for name, kind in frame.schema.items() if kind.is_temporal()]
    rows = frame.with_columns(
        pl.col(dates).cast(pl.Datetime).dt.strftime("%Y-%m-%dT%H:%M:%S")
    ).to_dicts()
    return alt.InlineData(values=rows)


def _colours(scale: Mapping[str, str]) -> alt.Scale:
    return alt.Scale(domain=list(scale), range=list(scale.values()))


def _flat_legend(columns: int) -> alt.Legend:
    return alt.Legend(title=None, orient="top", direction="horizontal", columns=columns)


def ridges(series: pl.DataFrame, width: int, height: int) -> Chart:
    """Draw a landscape out of daily values: one ridge a year, the later in front.

    Parameters
    ----------
    series : polars.DataFrame
        year, day (of the year), value; values are smoothed by the caller.
    """
    years = series["year"].unique().sort().to_list()
    starts = series.group_by("year").agg(first=pl.col("day").min(), last=pl.col("day").max())
    span: list[Any] = [starts["first"].max(), starts["last"].min()]  # days that every year has
    tones = ["#c9d6d3", "#9bb5b3", "#5f8889", "#2f5d66"][-len(years) :]
    top = float(series["value"].max() or 0) * 1.05  # type: ignore[arg-type]
    layers = []
    for place, (year, tone) in enumerate(zip(years, tones, strict=True)):
        lift = top * 0.34 * (len(years) - 1 - place)
        rows = series.filter(pl.col("year") == year, pl.col("day").is_between(*span)).with_columns(
            high=pl.col("value") + lift
        )
        layers.append(
            alt.Chart(_data(rows))
            .mark_area(interpolate="basis", color=tone, opacity=1)
            .encode(
                alt.X("day:Q", axis=None, scale=alt.Scale(domain=span, nice=False)),
                alt.Y("high:Q", axis=None, scale=alt.Scale(domain=[0, top * 1.7], nice=False)),
            )
        )
    return alt.layer(*layers).properties(width=width, height=height, padding=0)


def calendar(days: pl.DataFrame, colours: Mapping[str, str], width: int) -> Chart:
    """Draw each day as a square in the colour of its AQI category, a block a year.

    Weeks run from left to right, on a phone from top to bottom.

    Parameters
    ----------
    days : polars.DataFrame
        date, category (null where there is no AQI).
    colours : mapping
        Categories in order, with their colours.
    """
    narrow = width < _NARROW
    date = pl.col("date")
    first = pl.date(date.dt.year(), 1, 1).dt.weekday()  # 1 is Monday
    cells = days.select(
        "date",
        pl.col("category").fill_null(NONE),
        year=date.dt.year(),
        week=(date.dt.ordinal_day() + first - 2) // 7,
        weekday=date.dt.weekday(),
    )
    years = cells["year"].unique().sort().to_list()
    size = (width - 66) / (len(years) * 7 + 3) if narrow else (width - 40) / 53
    week = alt.Scale(domain=list(range(53)), paddingInner=0.1)
    weekday = alt.Scale(domain=list(range(1, 8)), paddingInner=0.1)
    colour = alt.Color(
        "category:N",
        scale=_colours({**colours, NONE: "#eeebe2"}),
        legend=_flat_legend(4 if narrow else 7),
    )
    blocks = []
    for year in years:
        mine = cells.filter(year=year)
        months = mine.filter(pl.col("date").dt.day() == 1).select(
            "week", name=pl.format("{}月", pl.col("date").dt.month())
        )
        squares = alt.Chart(_data(mine.drop("date", "year"))).mark_rect(
            cornerRadius=1.5, stroke="#00000018", strokeWidth=0.5
        )
        names = alt.Chart(_data(months))
        if narrow:
            squares = squares.encode(
                alt.X("weekday:O", axis=None, scale=weekday),
                alt.Y("week:O", axis=None, scale=week),
                colour,
            )
            names = names.mark_text(align="right", dx=-4, fontSize=11, color=MUTED).encode(
                alt.Y("week:O"), alt.Text("name:N"), x=alt.value(0)
            )
        else:
            squares = squares.encode(
                alt.X("week:O", axis=None, scale=week),
                alt.Y("weekday:O", axis=None, scale=weekday),
                colour,
            )
            names = names.mark_text(
                align="left", baseline="bottom", dx=-size / 2, fontSize=11, color=MUTED
            ).encode(alt.X("week:O"), alt.Text("name:N"), y=alt.value(-4))
        title = alt.TitleParams(str(year), offset=8 if narrow else 14)
        wide, high = (7, 53) if narrow else (53, 7)
        block = alt.layer(squares, names).properties(
            width=wide * size, height=high * size, title=title
        )
        blocks.append(block)
    return alt.hconcat(*blocks, spacing=30) if narrow else alt.vconcat(*blocks, spacing=14)


def trend(months: pl.DataFrame, width: int) -> Chart:
    """Draw monthly figures of the six items beside their limits, one panel an item.

    Parameters
    ----------
    months : polars.DataFrame
        start (date), item, value, limit, unit.
    """
    narrow = width < _NARROW
    columns = 2 if narrow else 3
    panel = (width - columns * 46) / columns
    named = months.with_columns(
        panel=pl.concat_str(
            pl.col("item").replace_strict({k: v[0] for k, v in ITEMS.items()}),
            pl.lit("  "),
            pl.col("unit"),
        )
    )
    order = named["panel"].unique(maintain_order=True).to_list()
    base = alt.Chart().encode(
        alt.X(
            "start:T",
            title=None,
            axis=alt.Axis(format="%Y", tickCount="year", labelAlign="left", labelOffset=2),
        )
    )
    value = alt.Y("value:Q", title=None, axis=alt.Axis(tickCount=4))
    colour = alt.Color("item:N", scale=_colours({k: v[1] for k, v in ITEMS.items()}), legend=None)
    area = base.mark_area(opacity=0.13, line=False).encode(value, colour)
    line = base.mark_line(strokeWidth=2, strokeJoin="round").encode(value, colour)
    limit = base.mark_line(strokeDash=[4, 3], strokeWidth=1.2, color=RED).encode(alt.Y("limit:Q"))
    chart: Chart = (
        alt.layer(area, line, limit, data=_data(named))
        .properties(width=panel, height=100 if narrow else 120)
        .facet(
            facet=alt.Facet("panel:N", title=None, sort=order),
            columns=columns,
            spacing=26,
        )
        .resolve_scale(y="independent")
    )
    return chart


def indices(periods: pl.DataFrame, width: int) -> Chart:
    """Stack the six single indices of each period; the sum is the composite index.

    Parameters
    ----------
    periods : polars.DataFrame
        period (text), item, index, composite.
    """
    narrow = width < _NARROW
    order = {key: place for place, key in enumerate(ITEMS)}
    rows = periods.with_columns(
        name=pl.col("item").replace_strict({k: v[0] for k, v in ITEMS.items()}),
        place=pl.col("item").replace_strict(order),
    )
    scale = _colours(dict(ITEMS.values()))
    along = alt.X(
        "period:O",
        title=None,
        axis=alt.Axis(
            labelAngle=0,
            labelExpr="split(datum.value, '-')[1] == '01' || split(datum.value, '-')[1] == 'Q1' || "
            "datum.value == domain('x')[0] ? reverse(split(datum.value, '-')) : "
            "split(datum.value, '-')[1]",
            labelOverlap=False,
        ),
        scale=alt.Scale(paddingInner=0.22),
    )
    bars = (
        alt.Chart(_data(rows))
        .mark_bar()
        .encode(
            along,
            alt.Y("index:Q", title=None, axis=alt.Axis(tickCount=5)),
            alt.Color(
                "name:N", scale=scale, sort=None, legend=_flat_legend(6 if not narrow else 3)
            ),
            alt.Order("place:Q"),
        )
    )
    totals = (
        alt.Chart(_data(rows.unique("period", maintain_order=True)))
        .mark_text(dy=-6, fontSize=10)
        .encode(alt.X("period:O"), alt.Y("composite:Q"), alt.Text("composite:Q", format=".1f"))
    )
    return alt.layer(bars, totals).properties(width=width - 40, height=240)


def levels(years: pl.DataFrame, colours: Mapping[str, str], width: int) -> Chart:
    """Show the days of each year by AQI category as one bar.

    Parameters
    ----------
    years : polars.DataFrame
        period (text), category, days.
    """
    narrow = width < _NARROW
    order = {name: place for place, name in enumerate(colours)}
    rows = (
        years.with_columns(place=pl.col("category").replace_strict(order))
        .sort("period", "place")
        .with_columns(middle=pl.col("days").cum_sum().over("period") - pl.col("days") / 2)
    )
    period = alt.Y("period:N", title=None)
    bars = (
        alt.Chart(_data(rows))
        .mark_bar(stroke=PAPER, strokeWidth=1, height=26)
        .encode(
            period,
            alt.X("days:Q", title=None, axis=None, stack="zero"),
            alt.Color(
                "category:N",
                scale=_colours(colours),
                sort=None,
                legend=_flat_legend(3 if narrow else 6),
            ),
            alt.Order("place:Q"),
        )
    )
    numbers = (
        alt.Chart(_data(rows.filter(pl.col("days") >= (16 if narrow else 7))))
        .mark_text(fontWeight="bold", color=alt.expr("datum.place > 2 ? '#fff' : '#24303a'"))
        .encode(period, alt.X("middle:Q"), alt.Text("days:Q"))
    )
    return alt.layer(bars, numbers).properties(width=width - 60, height=alt.Step(38))


def ranking(stations: pl.DataFrame, width: int) -> Chart:
    """Rank stations by the composite index, with the year before as an open circle.

    Parameters
    ----------
    stations : polars.DataFrame
        name, label (rank in words), rank, composite, before.
    """
    order = alt.EncodingSortField("rank")
    base = alt.Chart(_data(stations.sort("rank", "name"))).encode(
        alt.Y("name:N", title=None, sort=order)
    )
    top = stations.select(pl.max_horizontal("composite", "before").max()).item()
    along = alt.X("composite:Q", title=None, scale=alt.Scale(domain=[0, top * 1.12], nice=False))
    bars = base.mark_bar(color="#9bb5b3", height=15, cornerRadiusEnd=2).encode(along)
    before = base.mark_point(size=46, stroke=RED, strokeWidth=1.6, fill=PAPER).encode(
        alt.X("before:Q")
    )
    rank = base.mark_text(align="left", color="#fff", fontWeight="bold").encode(
        x=alt.value(6), text="label:N"
    )
    values = base.mark_text(align="left", dx=6, fontWeight="bold", color=INK).encode(
        along, alt.Text("composite:Q", format=".2f")
    )
    return alt.layer(bars, before, rank, values).properties(width=width - 80, height=alt.Step(25))


def points(stations: pl.DataFrame, colours: Mapping[str, str], width: int) -> Chart:
    """Place stations by longitude and latitude on a plain ground, without any boundary.

    An equal-area cone with parallels of 25° and 47° N about 105° E; the net is every 10 degrees.

    Parameters
    ----------
    stations : polars.DataFrame
        lon, lat, aqi, category.
    """
    narrow = width < _NARROW
    shown = stations.sort("aqi", nulls_last=False).select(
        "lon", "lat", pl.col("category").fill_null(NONE)
    )
    scale = width / 0.99
    height = scale * 0.69
    net = alt.graticule(step=[10, 10], extent=[[60, 0], [150, 60]])
    lines = alt.Chart(net).mark_geoshape(stroke="#e2dfd4", strokeWidth=0.8, filled=False)
    marks = pl.DataFrame(
        [(lon, 16.9, f"{lon}°E") for lon in range(80, 140, 10)]
        + [(76.5 if lat < 40 else 71.5, lat, f"{lat}°N") for lat in (20, 30, 40, 50)],
        schema=["lon", "lat", "name"],
        orient="row",
    )
    names = (
        alt.Chart(_data(marks))
        .mark_text(color="#a5a89f", fontSize=9 if narrow else 11)
        .encode(longitude="lon:Q", latitude="lat:Q", text="name:N")
    )
    dots = (
        alt.Chart(_data(shown))
        .mark_circle(size=13 if narrow else 46, opacity=0.92, stroke="#00000055", strokeWidth=0.4)
        .encode(
            longitude="lon:Q",
            latitude="lat:Q",
            color=alt.Color(
                "category:N",
                scale=_colours({**colours, NONE: "#c9c6bd"}),
                sort=None,
                legend=_flat_legend(4 if narrow else 7),
            ),
        )
    )
    return (
        alt.layer(lines, names, dots)
        .project(
            type="conicEqualArea",
            parallels=[25, 47],
            rotate=[-105, 0, 0],
            center=[0.4, 35.4],
            scale=scale,
            translate=[width / 2, height / 2],
        )
        .properties(width=width, height=height)
    )


def path(series: pl.DataFrame, line: pl.DataFrame, goal: pl.DataFrame, width: int) -> Chart:
    """Draw a published series against a target with the straight path to its deadline.

    Parameters
    ----------
    series : polars.DataFrame
        year, value, part (one line each: a basis is not joined to another), answers (bool: the
        part on which the target is judged).
    line : polars.DataFrame
        year, value: the path from baseline to goal; may be empty.
    goal : polars.DataFrame
        year, value, label: one row; empty where there is no target.
    """
    years = [*series["year"], *goal["year"]]
    year = alt.X(
        "year:Q",
        title=None,
        axis=alt.Axis(format="d", tickMinStep=1, tickCount=6, domain=True, domainColor=FAINT),
        scale=alt.Scale(domain=[min(years) - 0.6, max(years) + 0.6], nice=False),
    )
    value = alt.Y(
        "value:Q", title=None, axis=alt.Axis(tickCount=5), scale=alt.Scale(zero=False, padding=26)
    )
    colour = alt.condition("datum.answers", alt.value(BLUE), alt.value("#b4b8b3"))
    base = alt.Chart(_data(series)).encode(year, value, detail="part:N")
    lines = base.mark_line(strokeWidth=2).encode(color=colour)
    dots = base.mark_point(filled=True, opacity=1, size=42).encode(color=colour)
    last = series.filter(pl.col("year") == pl.col("year").max()).tail(1)
    rising = len(series) > 1 and series["value"][-1] > series["value"][-2]
    latest = (
        alt.Chart(_data(last))
        .mark_text(
            align="right" if rising else "left",
            dx=-7 if rising else 7,
            dy=-9,
            fontWeight="bold",
            fontSize=13,
        )
        .encode(year, value, alt.Text("text:N"))
    )
    layers = [lines, dots, latest]
    if not line.is_empty():
        way = alt.Chart(_data(line)).mark_line(strokeDash=[5, 4], color=RED, strokeWidth=1.5)
        layers.append(way.encode(year, value))
    if goal.is_empty():
        return alt.layer(*layers).properties(width=width - 46, height=200)
    above = goal["value"][0] > series["value"][-1]
    mark = alt.Chart(_data(goal))
    layers += [
        mark.mark_point(shape="diamond", filled=True, opacity=1, size=120, color=RED).encode(
            year, value
        ),
        mark.mark_text(
            align="right", dx=10, dy=-14 if above else 17, color=RED, fontWeight="bold"
        ).encode(year, value, alt.Text("label:N")),
    ]
    return alt.layer(*layers).properties(width=width - 46, height=200)


def control(months: pl.DataFrame, target: float, width: int) -> Chart:
    """Draw the mean so far and what the rest of the year may still be, month by month.

    Parameters
    ----------
    months : polars.DataFrame
        month (int), so_far, control (null where no day is left).
    target : float
        The target of the year.
    """
    rows = months.unpivot(["so_far", "control"], index="month").drop_nulls()
    words = {"so_far": "累计均值", "control": "剩余控制值"}
    rows = rows.with_columns(pl.col("variable").replace_strict(words))
    month = alt.X(
        "month:O", title=None, axis=alt.Axis(labelAngle=0, labelExpr="datum.value + '月'")
    )
    value = alt.Y("value:Q", title=None, scale=alt.Scale(zero=False, padding=12))
    colour = alt.Color(
        "variable:N",
        scale=_colours({"累计均值": BLUE, "剩余控制值": "#c98a3c"}),
        sort=None,
        legend=_flat_legend(2),
    )
    base = alt.Chart(_data(rows)).encode(month, value, colour)
    rule = alt.Chart(_data(pl.DataFrame({"value": [target], "label": [f"目标 {target:g}"]})))
    return alt.layer(
        rule.mark_rule(color=RED, strokeDash=[5, 4]).encode(value),
        rule.mark_text(align="right", dy=-7, color=RED, fontWeight="bold").encode(
            value, alt.Text("label:N"), x=alt.value(width - 50)
        ),
        base.mark_line(strokeWidth=2),
        base.mark_point(filled=True, opacity=1, size=40),
    ).properties(width=width - 46, height=220)


def squares(states: Sequence[str], width: int) -> Chart:
    """Draw one square a target in the colour of its state.

    Parameters
    ----------
    states : sequence of str
        States of the targets; drawn in the order of `STATES`.
    """
    narrow = width < _NARROW
    known = [state for state in STATES if state in states]
    words = {state: f"{state} {states.count(state)}" for state in known}
    rows = 8 if narrow else 4
    cells = pl.DataFrame(
        [
            (words[state], place // rows, place % rows)
            for place, state in enumerate(sorted(states, key=list(STATES).index))
        ],
        schema=["state", "x", "y"],
        orient="row",
    )
    columns = -(-len(states) // rows)
    size = min(width / columns, 40)
    chart: Chart = (
        alt.Chart(_data(cells))
        .mark_rect(cornerRadius=2)
        .encode(
            alt.X("x:O", axis=None, scale=alt.Scale(paddingInner=0.14)),
            alt.Y("y:O", axis=None, scale=alt.Scale(paddingInner=0.14)),
            alt.Color(
                "state:N",
                scale=_colours({words[state]: STATES[state] for state in known}),
                sort=None,
                legend=_flat_legend(2 if narrow else 5),
            ),
        )
        .properties(width=size * columns, height=size * rows)
    )
    return chart


def trend_line(
    months: pl.DataFrame, trend: pl.DataFrame, width: int, unit: str = "", name: str = ""
) -> Chart:
    """Draw a monthly series with its Theil–Sen line, the band of its interval and the slope.

    Parameters
    ----------
    months : polars.DataFrame
        date, value; optionally deseasoned, on which the line then stands (the value stays behind
        it, faint).
    trend : polars.DataFrame
        One row of `analysis.theil_sen`.
    unit : str
        Of the value.
    name : str
        What the series is, to stand before its slope.
    """
    narrow = width < _NARROW
    fit = trend.row(0, named=True)
    own = "deseasoned" if "deseasoned" in months.columns else "value"
    date = alt.X("date:T", title=None, axis=alt.Axis(format="%Y", tickCount="year"))
    base = alt.Chart(_data(months))
    value = alt.Y(
        f"{own}:Q", title=None, axis=alt.Axis(tickCount=5), scale=alt.Scale(zero=False, padding=14)
    )
    layers: list[Any] = []
    if own != "value":
        layers.append(
            base.mark_line(color="#b9bfba", strokeWidth=1.2).encode(date, alt.Y("value:Q"))
        )
    layers += [
        base.mark_line(color=BLUE, strokeWidth=1, opacity=0.45).encode(date, value),
        base.mark_point(filled=True, color=BLUE, opacity=0.9, size=20 if narrow else 30).encode(
            date, value
        ),
    ]
    if fit["slope"] is not None:
        line = _trend_points(fit)
        drawn = alt.Chart(_data(line))
        layers.insert(
            0,
            drawn.mark_area(color=RED, opacity=0.13).encode(date, alt.Y("low:Q"), alt.Y2("high:Q")),
        )
        layers.append(drawn.mark_line(color=RED, strokeWidth=2).encode(date, alt.Y("middle:Q")))
    words = _slope_words(fit, unit)
    words[0] = f"{name}  {words[0]}".lstrip()
    return alt.layer(*layers).properties(
        width=width - 46,
        height=200 if narrow else 280,
        title=alt.TitleParams(
            words[0],
            subtitle=words[1:],
            subtitleColor=MUTED,
            subtitleFont=SANS,
            subtitleFontSize=12,
            color=RED,
            offset=10,
            subtitlePadding=5,
        ),
    )


def _trend_points(fit: Mapping[str, Any]) -> pl.DataFrame:
    """Return the line and its band at the months from first to last."""
    day = pl.col("date").to_physical() / 365

    def line(part: str) -> pl.Expr:
        height: pl.Expr = day * fit[f"slope{part}"] + fit[f"intercept{part}"]
        return height

    months = pl.date_range(fit["first"], fit["last"], "1mo", eager=True).alias("date")
    return months.to_frame().select(
        "date",
        middle=line(""),
        low=pl.min_horizontal(line(part) for part in ("", "_lower", "_upper")),
        high=pl.max_horizontal(line(part) for part in ("", "_lower", "_upper")),
    )


def _slope_words(fit: Mapping[str, Any], unit: str) -> list[str]:
    """Say a slope, its interval and whether it is significant."""
    if fit["slope"] is None:
        return ["数据不足，没有趋势线"]
    width = fit["slope_upper"] - fit["slope_lower"]
    digits = 1 if width >= 2 else 2 if width >= 0.02 else 4
    slope, low, high = (
        f"{fit[f'slope{part}']:+.{digits}f}".replace("-", "−") for part in ("", "_lower", "_upper")
    )
    words = [f"{slope} {unit}/年".replace(" /", "/"), f"区间 {low} 至 {high}"]
    if fit["slope_percent"] is not None:
        words[0] += f"（{fit['slope_percent']:+.1f}%/年）".replace("-", "−")
    p = "p < 0.001" if fit["p"] < 0.001 else f"p = {fit['p']:.3f}"
    clear = fit["p"] < 0.05
    words[1] += f"，{p}，{'显著' if clear else '不显著'}"
    return words


def variation(rows: pl.DataFrame, width: int, unit: str = "") -> Chart:
    """Draw means over the hours of the day, the days of the week or the months, with intervals.

    Parameters
    ----------
    rows : polars.DataFrame
        panel (its title; drawn in order), place, label, mean, lower, upper, series (one line
        each).
    unit : str
        Of the values.
    """
    narrow = width < _NARROW
    series = rows["series"].unique(maintain_order=True).to_list()
    tones = [BLUE, "#c98a3c", "#6c6390", "#7f9560", RED, "#5d6870"]
    scale = alt.Scale(domain=series, range=[tones[i % len(tones)] for i in range(len(series))])
    legend = _flat_legend(3 if narrow else 6)
    legend.symbolOpacity = 1
    colour = alt.Color(
        "series:N", scale=scale, sort=None, legend=legend if len(series) > 1 else None
    )
    ends: list[Any] = [
        rows["lower"].fill_null(rows["mean"]).min(),
        rows["upper"].fill_null(rows["mean"]).max(),
    ]
    along = alt.Scale(domain=ends, zero=False, nice=True)
    titles = rows["panel"].unique(maintain_order=True).to_list()
    counts = [rows.filter(panel=title)["place"].n_unique() for title in titles]
    room = width - 46 * (1 if narrow else len(titles))
    shares = [(c + 10) / (sum(counts) + 10 * len(counts)) for c in counts]
    panels = []
    for title, count, share in zip(titles, counts, shares, strict=True):
        own = rows.filter(panel=title)
        labels = own.unique("place").sort("place")["label"].to_list()
        wide = room if narrow else room * share
        step = 3 if count == 24 else -(-count * (7 * max(map(len, labels)) + 6) // int(wide))
        shown = [text for place, text in enumerate(labels, 1) if place % step == 0]
        across = alt.X(
            "label:O",
            title=None,
            sort=labels,
            scale=alt.Scale(type="point", padding=0.5),
            axis=alt.Axis(
                labelAngle=0,
                values=shown,
                labelOverlap=False,
                labelExpr="replace(datum.value, /[时月周]/, '')",
            ),
        )
        base = alt.Chart(_data(own))
        middle = alt.Y("mean:Q", title=None, scale=along, axis=alt.Axis(tickCount=5))
        layers: list[Any] = []
        if own["lower"].count():
            band = alt.Y("lower:Q", scale=along)
            layers.append(
                base.mark_area(opacity=0.16).encode(across, band, alt.Y2("upper:Q"), colour)
                if count > 7
                else base.mark_rule(strokeWidth=2, opacity=0.5).encode(
                    across, band, alt.Y2("upper:Q"), colour
                )
            )
        layers += [
            base.mark_line(strokeWidth=2, strokeJoin="round").encode(across, middle, colour),
            base.mark_point(filled=True, opacity=1, size=18 if count > 12 else 34).encode(
                across, middle, colour
            ),
        ]
        panels.append(
            alt.layer(*layers).properties(
                width=wide,
                height=150 if narrow else 210,
                title=alt.TitleParams(f"{title}  {unit}".rstrip(), offset=8),
            )
        )
    return alt.vconcat(*panels, spacing=18) if narrow else alt.hconcat(*panels, spacing=14)


WINDS = ("#bcd0cc", "#86a9a6", "#4f7f83", "#2a5964", "#173b45", "#0d2830")
GRADES = ("#8fb8a8", "#e9d8a6", "#e0a458", "#c4623a", "#8c2f24", "#561a1a")
"""Colours of speeds and of values, from low to high."""


def rose(cells: pl.DataFrame, width: int, unit: str = "m/s", *, value: bool = False) -> Chart:
    """Draw a wind rose or a pollution rose: bars from where the wind comes, stacked by class.

    Parameters
    ----------
    cells : polars.DataFrame
        `analysis.rose`: sector, direction, class, class_from, class_to, share. One rose.
    unit : str
        Of the classes.
    value : bool
        The classes are of a value, not of the wind's speed.
    """
    narrow = width < _NARROW
    size = min(width - 20, 460)
    around = cells.filter(pl.col("sector") > 0).sort("sector", "class")
    turn = 360 / around["sector"].n_unique()
    ends = pl.col("share").cum_sum().over("sector")
    bars = around.with_columns(to=ends, **{"from": ends - pl.col("share")}).with_columns(
        left=pl.col("direction") - turn * 0.44,
        right=pl.col("direction") + turn * 0.44,
        name=_class_name(),
    )
    most = float(bars["to"].max() or 1)  # type: ignore[arg-type]
    step = next(s for s in (0.5, 1, 2, 2.5, 5, 10, 20, 25, 50) if most / s <= 4.4)
    rings = [step * k for k in range(1, int(most // step) + 1)]
    outer = size / 2 - 26
    radius = alt.Scale(type="linear", domain=[0, most * 1.02], range=[size * 0.075, outer])
    turned = alt.Scale(domain=[0, 360], range=[0, 6.283185307179586])
    circles = pl.DataFrame({"share": rings, "start": 0.0, "end": 360.0})
    grid = (
        alt.Chart(_data(circles))
        .mark_arc(filled=False, stroke="#dcd8cc", strokeWidth=1)
        .encode(
            alt.Theta("start:Q", scale=turned, stack=None),
            alt.Theta2("end:Q"),
            alt.Radius("share:Q", scale=radius, stack=None),
        )
    )
    names = bars.select("class", "name").unique().sort("class")["name"].to_list()
    tones = (
        (GRADES if value else WINDS)[-len(names) :]
        if len(names) > 4
        else (GRADES if value else WINDS)
    )
    petals = (
        alt.Chart(_data(bars.filter(pl.col("share") > 0)))
        .mark_arc(stroke=PAPER, strokeWidth=0.6)
        .encode(
            alt.Theta("left:Q", scale=turned, stack=None),
            alt.Theta2("right:Q"),
            alt.Radius("to:Q", scale=radius, stack=None),
            alt.Radius2("from:Q"),
            alt.Color(
                "name:N",
                scale=alt.Scale(domain=names, range=list(tones)[: len(names)]),
                sort=None,
                legend=alt.Legend(
                    title=unit,
                    orient="bottom",
                    direction="horizontal",
                    columns=(2 if len(names) == 4 else 3) if narrow else len(names),
                    titleOrient="left",
                ),
            ),
        )
    )
    points = pl.DataFrame(
        {
            "angle": [45.0 * i for i in range(8)],
            "name": ["北", "东北", "东", "东南", "南", "西南", "西", "西北"],
            "share": most * 1.02,
        }
    )
    around_text = (
        alt.Chart(_data(points))
        .mark_text(radiusOffset=15, fontSize=13, color=INK)
        .encode(
            alt.Theta("angle:Q", scale=turned, stack=None),
            alt.Radius("share:Q", scale=radius, stack=None),
            alt.Text("name:N"),
        )
    )
    # The scale stands where the bars are shortest.
    quiet = bars.group_by("sector").agg(pl.col("to").max(), pl.col("direction").first())
    beside = quiet.filter(pl.col("direction") % 45 != 0)
    free = (beside if beside.height else quiet).sort("to", "sector")["direction"][0]
    marks = alt.Chart(
        _data(
            circles.with_columns(angle=pl.lit(float(free)), name=pl.format("{}%", _plain("share")))
        )
    ).encode(
        alt.Theta("angle:Q", scale=turned, stack=None),
        alt.Radius("share:Q", scale=radius, stack=None),
        alt.Text("name:N"),
    )
    halo = marks.mark_text(
        fontSize=10, fontWeight="bold", stroke=PAPER, strokeWidth=3, strokeJoin="round"
    )
    scale_text = marks.mark_text(fontSize=10, fontWeight="bold", color=MUTED)
    still = float(cells.filter(sector=0)["share"].sum())
    calm = alt.Chart(_data(pl.DataFrame({"name": [["静风", f"{still:.1f}%"]]})))
    middle = calm.mark_text(
        fontSize=11 if narrow else 12, color=INK, lineBreak="|", dy=-6, align="center"
    ).encode(text="name:N", x=alt.value(size / 2), y=alt.value(size / 2))
    return alt.layer(grid, petals, around_text, halo, scale_text, middle).properties(
        width=size, height=size
    )


def _plain(column: str) -> pl.Expr:
    """Write a number without needless decimals."""
    number = pl.col(column)
    return (
        pl.when(number == number.floor())
        .then(number.cast(pl.Int64).cast(pl.String))
        .otherwise(number.cast(pl.String))
    )


def _class_name() -> pl.Expr:
    """Name a class by its edges."""
    low, high = (_plain(f"class_{end}") for end in ("from", "to"))
    return (
        pl.when(pl.col("class_from").is_null())
        .then(pl.format("≤{}", high))
        .when(pl.col("class_to").is_null())
        .then(pl.format(">{}", low))
        .otherwise(pl.format("{}–{}", low, high))
    )


def heat(cells: pl.DataFrame, width: int, unit: str = "") -> Chart:
    """Draw the mean of every hour of the day by weekday or month as a coloured cell.

    Parameters
    ----------
    cells : polars.DataFrame
        hour (1 to 24), row (its order), label (of the row), mean.
    unit : str
        Of the mean.
    """
    narrow = width < _NARROW
    labels = cells.unique("row").sort("row")["label"].to_list()
    cell = (width - 46) / 24
    high = min(cell * 1.15, 34) if not narrow else 19
    chart: Chart = (
        alt.Chart(_data(cells))
        .mark_rect(stroke=PAPER, strokeWidth=0.8 if narrow else 1.4, cornerRadius=1)
        .encode(
            alt.X(
                "hour:O",
                title=None,
                axis=alt.Axis(
                    labelAngle=0,
                    domain=False,
                    values=[3, 6, 9, 12, 15, 18, 21, 24] if narrow else list(range(2, 25, 2)),
                    labelExpr="datum.value + '时'" if not narrow else "datum.value + ''",
                    labelOverlap=False,
                ),
            ),
            alt.Y("label:O", title=None, sort=labels),
            alt.Color(
                "mean:Q",
                scale=alt.Scale(
                    range=["#eef1e6", "#b9cfc4", "#e3c98a", "#c9773f", "#8c2f24"],
                    interpolate="lab",
                ),
                legend=alt.Legend(
                    title=unit or None,
                    orient="top",
                    direction="horizontal",
                    gradientLength=min(220, width - 150),
                    gradientThickness=9,
                    titleOrient="left",
                    tickCount=4,
                ),
            ),
        )
        .properties(width=width - 46, height=high * len(labels))
    )
    return chart


def class_shares(rows: pl.DataFrame, colours: Mapping[str, str], width: int) -> Chart:
    """Show the shares of classes of water in each period as one bar of 100 %.

    Parameters
    ----------
    rows : polars.DataFrame
        period (text, in order), class_name, share (%), sections.
    colours : mapping
        Colour of each class, the best first.
    width : int
        Width of the drawing.
    """
    narrow = width < _NARROW
    order = {name: place for place, name in enumerate(colours)}
    periods = rows["period"].unique(maintain_order=True).to_list()
    drawn = (
        rows.filter(pl.col("share") > 0)
        .with_columns(
            place=pl.col("class_name").replace_strict(order),
            row=pl.col("period").replace_strict({p: n for n, p in enumerate(periods)}),
            label=pl.format("{}%", "share"),
        )
        .sort("row", "place")
        .with_columns(middle=pl.col("share").cum_sum().over("period") - pl.col("share") / 2)
    )
    period = alt.Y("period:N", title=None, sort=periods)
    along = alt.Scale(domain=[0, 100], nice=False)
    bars = (
        alt.Chart(_data(drawn))
        .mark_bar(stroke=PAPER, strokeWidth=1, height=26)
        .encode(
            period,
            alt.X("share:Q", title=None, axis=None, stack="zero", scale=along),
            alt.Color(
                "class_name:N",
                scale=_colours(colours),
                sort=None,
                legend=_flat_legend(3 if narrow else 6),
            ),
            alt.Order("place:Q"),
        )
    )
    numbers = (
        alt.Chart(_data(drawn.filter(pl.col("share") >= (16 if narrow else 6))))
        .mark_text(fontWeight="bold", color=INK)
        .encode(period, alt.X("middle:Q", scale=along), alt.Text("label:N"))
    )
    return alt.layer(bars, numbers).properties(width=width - 90, height=alt.Step(38))

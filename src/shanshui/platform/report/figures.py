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
    drawn = re.sub(r"(\d\.\d\d)\d+", r"\1", drawn)
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
        year, value, label: one row.
    """
    years = [*series["year"], *goal["year"]]
    above = goal["value"][0] > series["value"][-1]
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

"""Every chart draws, at both widths, to SVG that stands alone."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from shanshui import analysis
from shanshui.platform.report import figures
from shanshui.platform.report.pages import figure, render

COLOURS = {"优": "#00E400", "良": "#FFFF00", "轻度污染": "#FF7E00", "中度污染": "#FF0000"}
WIDTHS = (1040, 350)

DAYS = pl.DataFrame(
    {
        "date": [date(2015, 12, 20) + timedelta(days=i) for i in range(20)],
        "category": ["优", "良", None, "中度污染"] * 5,
    }
)
MONTHS = pl.DataFrame(
    [
        {"start": date(2015, m, 1), "item": item, "value": 10.0 * m, "limit": 40.0, "unit": "µg/m3"}
        for item in figures.ITEMS
        for m in range(1, 13)
        if m != 5  # a month without a value
    ]
)
INDICES = pl.DataFrame(
    [
        {"period": f"2015-{m:02}", "item": item, "index": 0.5, "composite": 3.0}
        for item in figures.ITEMS
        for m in (11, 12)
    ]
)
SERIES = pl.DataFrame(
    {"date": [date(2015 + m // 12, m % 12 + 1, 1) for m in range(40)]}
).with_columns(value=50 - 0.5 * pl.int_range(40) + 6 * (pl.int_range(40) % 12 < 6))
FIT = analysis.theil_sen(SERIES, "value", average=None)
PLACES = pl.DataFrame(
    [
        {"panel": panel, "place": i, "label": f"{i}{unit}", "series": series}
        for panel, count, unit in (("日变化", 24, "时"), ("月变化", 12, "月"))
        for i in range(1, count + 1)
        for series in ("PM2.5", "PM10")
    ]
).with_columns(mean=40.0 + pl.col("place"), lower=38.0 + pl.col("place"), upper=None)
WIND = pl.DataFrame(
    {"wd": [float(d) for d in range(0, 360, 5)] * 2, "ws": [1.0, 3.0, 5.0, 7.0, 0.0, 2.5] * 24}
)
CHARTS = {
    "trend_line": lambda width: figures.trend_line(SERIES, FIT, width, "µg/m3", "东四 PM2.5"),
    "trend_split": lambda width: figures.trend_line(
        analysis.deseasonalise(SERIES, "value").rename({"value_deseasoned": "deseasoned"}),
        FIT,
        width,
    ),
    "trend_none": lambda width: figures.trend_line(
        SERIES[:3], analysis.theil_sen(SERIES[:3], "value"), width
    ),
    "variation": lambda width: figures.variation(PLACES, width, "µg/m3"),
    "rose": lambda width: figures.rose(analysis.rose(WIND), width),
    "values": lambda width: figures.rose(
        analysis.rose(WIND.with_columns(x=pl.col("wd") / 3), value="x", breaks=[30, 60, 75, 90]),
        width,
        "µg/m3",
        value=True,
    ),
    "heat": lambda width: figures.heat(
        pl.DataFrame(
            [
                {"hour": h, "row": r, "label": f"周{'一二三四五六日'[r]}", "mean": h * 2.0 + r}
                for h in range(1, 25)
                for r in range(7)
            ]
        ),
        width,
        "µg/m3",
    ),
    "ridges": lambda width: figures.ridges(
        pl.DataFrame(
            {"year": [2014] * 9 + [2015] * 9, "day": [*range(9)] * 2, "value": [3.0, 5, 4] * 6}
        ),
        width,
        200,
    ),
    "calendar": lambda width: figures.calendar(DAYS, COLOURS, width),
    "trend": lambda width: figures.trend(MONTHS, width),
    "indices": lambda width: figures.indices(INDICES, width),
    "levels": lambda width: figures.levels(
        pl.DataFrame({"period": ["2015"] * 2, "category": ["良", "优"], "days": [200, 100]}),
        COLOURS,
        width,
    ),
    "ranking": lambda width: figures.ranking(
        pl.DataFrame(
            {
                "name": ["东四", "天坛"],
                "label": ["1 并列", "1 并列"],
                "rank": [1, 1],
                "composite": [5.5, 5.5],
                "before": [6.0, None],
            }
        ),
        width,
    ),
    "points": lambda width: figures.points(
        pl.DataFrame(
            {
                "lon": [116.4, 113.3],
                "lat": [39.9, 23.1],
                "aqi": [160, None],
                "category": ["中度污染", None],
            }
        ),
        COLOURS,
        width,
    ),
    "path": lambda width: figures.path(
        pl.DataFrame(
            {
                "year": [2024, 2025],
                "value": [33.0, 31.7],
                "text": ["33.0", "31.7"],
                "part": [0, 0],
                "answers": [True, True],
            }
        ),
        pl.DataFrame({"year": [2024, 2027], "value": [33.0, 30.0]}),
        pl.DataFrame({"year": [2027], "value": [30.0], "label": ["≤30"]}),
        width,
    ),
    "control": lambda width: figures.control(
        pl.DataFrame({"month": [1, 2, 12], "so_far": [90.0, 80, 70], "control": [60.0, 65, None]}),
        75,
        width,
    ),
    "squares": lambda width: figures.squares(["暂无数据", "已完成", "暂无数据"], width),
}


def draw(name: str, width: int) -> ET.Element:
    text = figures.svg(CHARTS[name](width), '说明 <&"', name)
    return ET.fromstring(text)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_one_svg_with_a_box_and_a_label(name: str, width: int) -> None:
    root = draw(name, width)
    assert root.tag.endswith("svg")
    assert root.get("role") == "img"
    assert root.get("aria-label") == '说明 <&"'
    assert root.get("width") is None
    box = [float(n) for n in root.get("viewBox").split()]
    assert box[2] < width * 1.12
    # A rose is as wide as it is high, and few squares take less.
    assert box[2] > width * 0.8 or name in {"squares", "rose", "values"}
    assert 60 < box[3] < 1400


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_needs_nothing_from_outside_and_keeps_its_ids(name: str) -> None:
    text = figures.svg(CHARTS[name](1040), "x", name)
    outside = re.findall(r'(?:href|src)="(?!#)[^"]*"|url\((?!#)[^)]*\)|<script|@import', text)
    assert outside == []
    assert all(found.startswith(f"{name}-") for found in re.findall(r'\bid="([^"]*)"', text))


def texts(name: str, width: int) -> list[str]:
    return [element.text for element in draw(name, width).iter() if element.text]


def test_words_and_numbers_stand_in_the_drawing() -> None:
    assert {"2015", "2016", "1月", "无数据"} <= set(texts("calendar", 1040))
    assert {"31.7", "≤30"} <= set(texts("path", 350))
    assert {"1 并列", "东四", "5.50"} <= set(texts("ranking", 1040))
    assert {"暂无数据 2", "已完成 1"} <= set(texts("squares", 350))
    assert {"200", "100"} <= set(texts("levels", 1040))
    assert {"110°E", "30°N"} <= set(texts("points", 1040))
    assert "目标 75" in texts("control", 350)
    assert {"日变化  µg/m3", "PM2.5", "24"} <= set(texts("variation", 350))
    assert {"周一", "周日", "24时"} <= set(texts("heat", 1040))
    assert {"北", "西南", "静风", "16.7%", "≤2", "2–4", ">6"} <= set(texts("rose", 350))
    assert {">90", "µg/m3"} <= set(texts("values", 1040))
    assert "数据不足，没有趋势线" in texts("trend_none", 350)


def test_a_trend_says_its_slope_and_whether_it_is_significant() -> None:
    slope = FIT["slope"][0]
    head, under = (t for t in texts("trend_line", 350) if "/年" in t or "区间" in t)
    assert head.startswith(f"东四 PM2.5  −{-slope:.2f} µg/m3/年（−")
    assert under.endswith("p < 0.001，显著")  # decimals of words are not cut


def test_the_bars_of_a_rose_point_to_where_the_wind_comes_from() -> None:
    spec = figures.rose(analysis.rose(WIND.with_columns(wd=pl.lit("东"))), 350).to_dict()
    rows = [row for data in spec["datasets"].values() for row in data if row.get("share")]
    bars = [row for row in rows if "left" in row]
    assert {(row["left"] + row["right"]) / 2 for row in bars} == {90}
    assert min(row["from"] for row in bars) == 0
    assert max(row["to"] for row in bars) == pytest.approx(100 - 100 / 6)


def fills(name: str) -> list[str]:
    return [element.get("fill") for element in draw(name, 1040).iter() if element.get("fill")]


def test_colours_are_the_ones_given() -> None:
    seen = [colour.upper() for colour in fills("calendar")]
    assert seen.count("#FF0000") == 5 + 1  # days and the legend
    assert figures.STATES["已完成"] in fills("squares")


def test_dates_carry_a_time_of_day_so_that_no_time_zone_moves_them() -> None:
    spec = json.dumps(CHARTS["trend"](1040).to_dict())
    assert "2015-01-01T00:00:00" in spec
    assert not re.search(r"2015-01-01(?!T)", spec)


def test_a_page_escapes_what_is_not_svg() -> None:
    drawn = figure("one", CHARTS["squares"], "说明")
    assert drawn.wide.startswith("<svg")
    assert 'id="one-w' in drawn.wide or "id=" not in drawn.wide
    with pytest.raises(Exception, match="undefined"):
        render("demo.html.j2")

"""The report of the demo: figures and numbers for the template, which holds the words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

import shanshui
from shanshui import air
from shanshui.platform import catalog
from shanshui.platform.catalog.names import indicator_rows
from shanshui.platform.catalog.series import segments
from shanshui.platform.demo.assess import BEFORE, EDITION, SIX, YEAR
from shanshui.platform.demo.judge import EXPLAINED
from shanshui.platform.report import figures
from shanshui.platform.report.pages import HALF, NARROW, Figure, figure, render
from shanshui.platform.report.water import COLOURS
from shanshui.platform.track.standings import ANSWERED
from shanshui.platform.track.table import goal as wanted
from shanshui.standards import Basis, edition, editions, round_half_even

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from shanshui.platform.demo.assess import Beijing, National, Water
    from shanshui.platform.demo.walk import Day, Step

Row = dict[str, Any]

NAMES = {item: name for item, (name, _) in figures.ITEMS.items()}
UNITS = {item: "mg/m3" if item == "co" else "µg/m3" for item in NAMES}


def page(
    day: Day,
    beijing: Beijing,
    national: National,
    water: Water,
    *,
    files: Sequence[Row],
    steps: Sequence[Row],
    own: Sequence[Row],
    made: datetime,
) -> str:
    """Write the report as one HTML page that needs nothing else.

    Parameters
    ----------
    day
        The walk through the workspace.
    beijing, national, water
        What was computed besides.
    files : sequence of dict
        name and about of each result table beside the page.
    steps, own : sequence of dict
        command, zh and en of what to try next, in the workspace and with one's own data.
    made : datetime
        When.
    """
    categories = air.categories(edition=EDITION)
    colours = dict(categories.select("name", "colour").iter_rows())
    return render(
        "demo.html.j2",
        version=shanshui.__version__,
        made=f"{made:%Y-%m-%d %H:%M}",
        colours=colours,
        states=figures.STATES,
        standards=edition("air", EDITION).members,
        water_standards=[m for m in editions("water.surface")[-1].members if "排名" not in m.title],
        ridges=_ridges(beijing),
        walk=_walk(day),
        city=_city(day),
        explained=_explained(day),
        nation=_nation(national, colours),
        beijing=_beijing(day, beijing, categories, colours),
        water=_water(water, day),
        targets=_targets(day),
        sources=catalog.published()
        .select(pl.len(), titles=pl.col("source_title").n_unique())
        .row(0, named=True),
        files=files,
        steps=steps,
        own=own,
    )


def _ridges(beijing: Beijing) -> str:
    smooth = pl.col("pm25").interpolate().rolling_mean(11, center=True, min_samples=1)
    days = beijing.city_days.sort("date").select(
        year=pl.col("date").dt.year(), day=pl.col("date").dt.ordinal_day(), value=smooth
    )
    drawn = figures.svg(figures.ridges(days.drop_nulls(), 1400, 230), "", "ridges")
    return drawn.replace("<svg ", '<svg preserveAspectRatio="none" ', 1)


# --- the walk --------------------------------------------------------------------------------

PM25, GOOD = "air.pm25.annual_mean", "air.days.good_share"


def _walk(day: Day) -> Row:
    return {
        "steps": [_step(step) for step in day.steps],
        "seconds": round(sum(step.seconds for step in day.steps)),
        "flags": day.flags,
        "withdrawn": day.withdrawn,
        "frozen": day.frozen,
        "incremental": day.incremental,
    }


def _step(step: Step) -> Row:
    return {
        "zh": step.zh,
        "en": step.en,
        "command": step.command,
        "told": step.told,
        "files": [{"name": name, "about": about} for name, about in step.files],
    }


def _city(day: Day) -> Row:
    """Give the year's course of the city: its targets at each end of month."""
    assert day.city is not None
    of = {code: [row for row in day.course if row["indicator"] == code] for code in (PM25, GOOD)}
    mean, share = of[PM25], of[GOOD]
    so_far = [row for row in mean if row["part_value"] is not None]
    called = {row["code"]: row["name"] for row in indicator_rows()}
    months = pl.DataFrame(
        {
            "month": row["at"].month,
            "so_far": float(row["part_value"]),
            "control": row["rest_value"],
        }
        for row in so_far
    )
    target = float(mean[0]["goal"])
    november = so_far[-1]
    return {
        "table": day.city,
        "rows": [row for row in day.city.rows if row["annual"]],
        "control": figure(
            "control",
            lambda width: figures.control(months, target, width),
            f"{YEAR} 年各月末 PM2.5 的累计均值与剩余控制值，目标 {target:g}。",
            wide=HALF,
        ),
        "course": list(zip(mean, share, strict=True)),
        "target": target,
        "november": november,
        "end": [rows[-1] for rows in (mean, share)],
        "beside": [row | {"name": called[row["indicator"]]} for row in day.beside],
    }


def _explained(day: Day) -> Row:
    """Give the heart of where a figure comes from; the page beside has all of it."""
    from shanshui.platform.report import explain

    made = day.explained
    assert made is not None
    return {
        "file": EXPLAINED,
        "title": explain.title(made),
        "verdict": explain.verdict(made)[0],
        "basis": explain.basis(made),
        "counts": made.counts,
        "sources": _sources(made.counts["source"]),
    }


def _sources(counts: Mapping[str, int]) -> dict[str, int]:
    """Count rows by the file that brought them; what the review decided comes together."""
    found: dict[str, int] = {}
    for source, count in counts.items():
        name = "审核 reviewed" if source.startswith("review/") else source
        found[name] = found.get(name, 0) + count
    return found


# --- the nation ------------------------------------------------------------------------------


def _nation(national: National, colours: dict[str, str]) -> Row:
    hours, checks, placed = national.hours, national.checks, national.moment
    moment = f"{national.time:%Y-%m-%d %H:%M}"
    counts = dict(placed["category"].drop_nulls().value_counts().iter_rows())
    spread = "、".join(f"{name} {counts[name]}" for name in colours if name in counts)
    return {
        "map": figure(
            "map",
            lambda width: figures.points(placed, colours, width),
            f"{moment} 全国 {placed.height} 个点位按经纬度落点，按 AQI 级别着色：{spread}。",
        ),
        "moment": moment,
        "spread": spread,
        "placed": placed.height,
        "lit": placed["category"].count(),
        "unplaced": national.unplaced,
        "start": hours["time"].min(),
        "end": hours["time"].max(),
        "times": hours["time"].n_unique(),
        "cities": hours["city"].n_unique(),
        "stations": hours.select("city", "station").n_unique(),
        "checks": checks.to_dicts(),
        "total": checks.drop("name").sum().row(0, named=True),
    }


# --- Beijing ---------------------------------------------------------------------------------


def _beijing(day: Day, beijing: Beijing, categories: pl.DataFrame, colours: dict[str, str]) -> Row:
    days, months = beijing.city_days, beijing.months
    good, valid = int((days["aqi"] <= 100).sum()), days["aqi"].count()
    by_index = months.sort("composite").to_dicts()
    before = beijing.years.filter(period=str(BEFORE))
    return {
        "hours": beijing.hours,
        "days": beijing.days,
        "city_days": days.height,
        "year": YEAR,
        "before": BEFORE,
        "valid": valid,
        "good": good,
        "calendar": figure(
            "calendar",
            lambda width: figures.calendar(days, colours, width),
            f"北京 2013 年 3 月至 2015 年 12 月逐日 AQI 级别：{valid} 个有效天中优良 {good} 天。",
        ),
        "levels": _levels(beijing, categories, colours),
        "years": beijing.years.to_dicts(),
        "trend": _trend(beijing),
        "indices": _indices(beijing),
        "worst": by_index[-1],
        "best": by_index[0],
        "names": NAMES,
        "ranking": _ranking(beijing),
        "unranked": {
            name: "、".join(NAMES[item] for item in items)
            for name, items in beijing.unranked.items()
        },
        "change": _change(beijing),
        "invalid": [
            (NAMES[item], before[f"days_{item}"].item())
            for item in NAMES
            if not before[f"valid_{item}"].item()
        ],
        "december": months.filter(period=f"{YEAR}-12")["pm25"].item(),
        "published": next(
            row["value"]
            for row in day.beside
            if (row["indicator"], row["period"]) == (PM25, str(YEAR))
        ),
    }


def _levels(beijing: Beijing, categories: pl.DataFrame, colours: dict[str, str]) -> Figure:
    names = dict(categories.select("level", "name").iter_rows())
    rows = pl.DataFrame(
        {
            "period": row["period"] + ("（3—12月）" if row["period"] == "2013" else ""),
            "category": name,
            "days": row[f"level_{level}_days"],
        }
        for row in beijing.years.to_dicts()
        for level, name in names.items()
    )
    told = "；".join(f"{r['period']} 年优良 {r['good_days']} 天" for r in beijing.years.to_dicts())
    return figure("levels", lambda width: figures.levels(rows, colours, width), told)


def _trend(beijing: Beijing) -> Figure:
    limits = _limits()
    rows = pl.concat(
        beijing.months.select(
            "start",
            item=pl.lit(item),
            value=pl.col(SIX[item]),
            limit=pl.lit(limits[item]),
            unit=pl.lit(UNITS[item]),
        )
        for item in NAMES
    )
    label = f"北京逐月的 {'、'.join(NAMES.values())}，红色虚线为二级限值。"
    return figure("trend", lambda width: figures.trend(rows, width), label)


def _limits() -> dict[str, float]:
    """Give the grade-2 limit that each item's figure is held against."""
    averaging = {"co": ("co", "day"), "o3_8h": ("o3", "8h")}
    table = air.limits(edition=EDITION, grade=2)
    found = {}
    for item in NAMES:
        substance, mean = averaging.get(item, (item, "year"))
        found[item] = float(table.filter(item=substance, averaging=mean)["limit"].item())
    return found


def _indices(beijing: Beijing) -> Figure:
    def draw(width: int) -> figures.Chart:
        periods = beijing.months if width > NARROW else beijing.seasons
        rows = pl.concat(
            periods.select("period", "composite", item=pl.lit(item), index=f"index_{item}")
            for item in NAMES
        )
        return figures.indices(rows, width)

    return figure("indices", draw, "北京逐月（窄屏逐季）六项单项指数之和，即综合指数。")


def _ranking(beijing: Beijing) -> Figure:
    mark = pl.when("reference").then(pl.lit("*")).otherwise(pl.lit(""))
    tied = pl.when("tied").then(pl.lit(" 并列")).otherwise(pl.lit(""))
    rows = beijing.stations.with_columns(
        name=pl.format("{}{}", pl.col("name_zh").str.strip_prefix("海淀区"), mark),
        label=pl.format("{}{}", "rank", tied),
        before="composite_before",
    )
    told = "、".join(rows.sort("rank")["name"])
    return figure(
        "ranking",
        lambda width: figures.ranking(rows, width),
        f"{YEAR} 年第四季度十二站综合指数从低到高：{told}。",
        wide=HALF,
    )


def _change(beijing: Beijing) -> list[Row]:
    """Give the rows of the year-on-year table, with the sense of each change."""
    row, limits = beijing.change.row(0, named=True), _limits()
    kept = [(NAMES[i], UNITS[i], SIX[i], int(i == "co"), f"{limits[i]:g}", "%") for i in NAMES]
    kept += [("优良天数比例", "%", "good_ratio", 1, "", "个百分点")]
    kept += [("综合指数", "", "composite", 2, "", "%")]
    rows = []
    for name, unit, column, digits, limit, sign in kept:
        change, trend = row[f"{column}_change"], row[f"{column}_trend"]
        good = "上升" if column == "good_ratio" else "下降"
        sense = "" if trend not in ("上升", "下降") else "better" if trend == good else "worse"
        told = "—" if change is None else "持平" if trend == "持平" else f"{change:+.1f}{sign}"
        rows.append(
            {
                "name": name,
                "unit": unit,
                "before": _shown(row[f"{column}_before"], digits),
                "now": _shown(row[column], digits),
                "change": told,
                "sense": sense,
                "limit": limit,
            }
        )
    return rows


def _shown(value: float | None, digits: int) -> str:
    return "—" if value is None else str(round_half_even(value, digits))


# --- water -----------------------------------------------------------------------------------

QUALITY = ("优良水体比例", "长江干流水质类别", "新安江水质类别", "淮河水质类别")
"""Targets of the quality of surface water."""


def _water(water: Water, day: Day) -> Row:
    sections = water.sections.to_dicts()
    groups: dict[str, list[Row]] = {}
    for row in sections:
        groups.setdefault(row["place"], []).append(row)
    assert day.plans is not None
    asked = [row for row in day.plans.rows if row["indicator"] in QUALITY]
    return {
        "colours": COLOURS,
        "groups": groups,
        "sections": len(sections),
        "same": sum(row["same"] for row in sections),
        "differing": [row for row in sections if not row["same"]],
        "shares": water.shares.to_dicts(),
        "bars": _water_shares(water),
        "hulun": water.hulun.to_dicts(),
        "series": [_water_series(region, rows) for region, rows in water.series.items()],
        "targets": asked,
    }


def _water_shares(water: Water) -> Figure:
    parts = {"good": ("Ⅰ—Ⅲ类", "Ⅲ"), "middle": ("Ⅳ—Ⅴ类", "Ⅳ"), "bad": ("劣Ⅴ类", "劣Ⅴ")}
    colours = {name: COLOURS[of] for name, of in parts.values()}
    rows = pl.DataFrame(
        {"period": f"{row['area']}", "class_name": name, "share": row[column], "sections": 1}
        for row in water.shares.to_dicts()
        for column, (name, _) in parts.items()
    )
    told = "；".join(
        f"{r['area']}Ⅰ—Ⅲ类{r['good']}%，{r['status']}" for r in water.shares.to_dicts()
    )
    return figure(
        "shares", lambda width: figures.class_shares(rows, colours, width), f"{told}。", wide=HALF
    )


def _water_series(region: str, rows: pl.DataFrame) -> Row:
    goal = pl.DataFrame(schema={"year": pl.Int32, "value": pl.Float64, "label": pl.String})
    line = goal.drop("label")
    first, last = rows.row(0, named=True), rows.row(-1, named=True)
    drawn = figure(
        f"water-{'nation' if region == '全国' else 'province'}",
        lambda width: figures.path(rows, line, goal, width),
        f"{region}优良水体比例，{first['year']}年{first['text']}%，{last['year']}年{last['text']}%。",
        wide=470,
        narrow=310,
    )
    return {"region": region, "drawn": drawn, "last": last, "lines": rows["part"].n_unique()}


# --- targets ---------------------------------------------------------------------------------


def _targets(day: Day) -> Row:
    assert day.plans is not None
    rows = day.plans.rows
    states = [row["judged"] for row in rows]
    told = "、".join(f"{state} {count}" for state, count in day.plans.counts.items())
    plans: dict[str, list[Row]] = {}
    for row in rows:
        plans.setdefault(row["title"], []).append(row)
    return {
        "total": len(rows),
        "targets": day.plans.targets,
        "day": day.plans.day,
        "answered": sum(state in ANSWERED for state in states),
        "squares": figure(
            "squares", lambda width: figures.squares(states, width), f"目标完成情况：{told}。"
        ),
        "told": told,
        "cards": [_card(place, row) for place, row in enumerate(_drawn(day.standings))],
        "plans": [
            {
                "title": title,
                "rows": own,
                "answered": sum(row["judged"] in ANSWERED for row in own),
            }
            for title, own in plans.items()
        ],
    }


def _series(row: Row) -> pl.DataFrame:
    values = catalog.published().filter(pl.col("indicator") == row["indicator_name"])
    return segments(values, row["figure_region"])


def _drawn(standings: Sequence[Row]) -> list[Row]:
    """Choose what is worth a picture: dated goals with a published series, and PM2.5."""
    chosen: dict[tuple[str, str], Row] = {}
    for row in standings:
        if row["goal"] is None or row["source"] != "published" or row["kind"] == "annual":
            continue
        if row["year"] is None or row["stretch_only"]:
            continue
        if row["indicator"] == PM25 or _series(row)["period"].n_unique() > 2:
            chosen.setdefault((row["indicator"], row["region"]), row)
    return list(chosen.values())


def _card(place: int, row: Row) -> Row:
    goal = float(row["goal"])
    series = _series(row)
    stands = series.filter(period=row["period"], value=row["value"])["part"].max()
    agrees = row["state"] != "口径不一致"
    rows = series.select(
        year=pl.col("period").cast(pl.Int32),
        value=pl.col("value").cast(pl.Float64),
        text="value",
        part="part",
        answers=(pl.col("part") == stands) & pl.lit(agrees),
    )
    sign = {"<=": "≤", "<": "<", ">=": "≥", ">": ">", "=": ""}.get(row["comparator"], "≥")
    aim = pl.DataFrame({"year": [row["year"]], "value": [goal], "label": [f"{sign}{goal:g}"]})
    line = pl.DataFrame(schema={"year": pl.Int32, "value": pl.Float64})
    if agrees and row["base_value"] is not None and row["base_year"]:
        points = [float(row["base_value"]), goal]
        line = pl.DataFrame({"year": [row["base_year"], row["year"]], "value": points})
    said = wanted(row)
    label = (
        f"{row['region_name']}{row['indicator_name']}历年公布值，目标{said}；"
        f"{row['figure_region']}{row['period']}年为{row['value']}。"
    )
    drawn = figure(
        f"card{place}",
        lambda width: figures.path(rows, line, aim, width),
        label,
        wide=470,
        narrow=310,
    )
    basis = "、".join(
        value
        for name, value in Basis.parse(row["basis"] or "").stated().items()
        if name != "status"
    )
    return row | {"drawn": drawn, "said": said, "basis": basis or "来源未说明"}

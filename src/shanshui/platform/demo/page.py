"""The report of the demo: figures and numbers for the template, which holds the words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import polars as pl

import shanshui
from shanshui import air
from shanshui.platform import catalog
from shanshui.platform.catalog.series import segments, wording
from shanshui.platform.demo.assess import BEFORE, EDITION, SIX, YEAR
from shanshui.platform.report import figures
from shanshui.platform.report.pages import HALF, NARROW, Figure, figure, render
from shanshui.platform.report.water import COLOURS
from shanshui.standards import edition, editions, round_half_even

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shanshui.platform.demo.assess import Beijing, National, Water
    from shanshui.platform.track.packaged import Answer

Row = dict[str, Any]

NAMES = {item: name for item, (name, _) in figures.ITEMS.items()}
UNITS = {item: "mg/m3" if item == "co" else "µg/m3" for item in NAMES}


def page(
    beijing: Beijing,
    national: National,
    water: Water,
    answers: list[Answer],
    *,
    files: Sequence[Row],
    steps: Sequence[Row],
    made: datetime,
) -> str:
    """Write the report as one HTML page that needs nothing else.

    Parameters
    ----------
    beijing, national, water, answers
        What was computed.
    files : sequence of dict
        name and about of each result table beside the page.
    steps : sequence of dict
        command, zh and en of what to try next.
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
        nation=_nation(national, colours),
        beijing=_beijing(beijing, categories, colours),
        water=_water(water, answers),
        targets=_targets(answers),
        sources=catalog.published()
        .select(pl.len(), titles=pl.col("source_title").n_unique())
        .row(0, named=True),
        files=files,
        steps=steps,
    )


def _ridges(beijing: Beijing) -> str:
    smooth = pl.col("pm25").interpolate().rolling_mean(11, center=True, min_samples=1)
    days = beijing.city_days.sort("date").select(
        year=pl.col("date").dt.year(), day=pl.col("date").dt.ordinal_day(), value=smooth
    )
    drawn = figures.svg(figures.ridges(days.drop_nulls(), 1400, 230), "", "ridges")
    return drawn.replace("<svg ", '<svg preserveAspectRatio="none" ', 1)


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


def _beijing(beijing: Beijing, categories: pl.DataFrame, colours: dict[str, str]) -> Row:
    days, months = beijing.city_days, beijing.months
    good, valid = int((days["aqi"] <= 100).sum()), days["aqi"].count()
    by_index = months.sort("composite").to_dicts()
    november, before = beijing.rest[-2], beijing.years.filter(period=str(BEFORE))
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
        "control": _control(beijing),
        "mean_target": float(november[1].target),
        "share_target": float(november[2].target),
        "november": (float(november[1].so_far or 0), november[1].text(digits=1)),
        "december": months.filter(period=f"{YEAR}-12")["pm25"].item(),
        "rest": [
            (day, mean.text(digits=1), share.text(digits=1))
            for day, mean, share in beijing.rest
            if day.month in (3, 6, 9, 11, 12)
        ],
        "mean": beijing.years.filter(period=str(YEAR))["pm25"].item(),
        "published": beijing.checks.filter(indicator="PM2.5年均浓度", period=str(YEAR))["value"][0],
        "checks": beijing.checks.to_dicts(),
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


def _control(beijing: Beijing) -> Figure:
    target = float(beijing.rest[0][1].target)
    rows = pl.DataFrame(
        {
            "month": day.month,
            "so_far": None if mean.so_far is None else float(mean.so_far),
            "control": None if mean.value is None else float(mean.value),
        }
        for day, mean, _ in beijing.rest
    )
    return figure(
        "control",
        lambda width: figures.control(rows, target, width),
        f"{YEAR} 年各月末 PM2.5 的累计均值与剩余控制值，目标 {target:g}。",
        wide=HALF,
    )


# --- water -----------------------------------------------------------------------------------

QUALITY = ("优良水体比例", "长江干流水质类别", "新安江水质类别", "淮河水质类别")
"""Targets of the quality of surface water."""


def _water(water: Water, answers: list[Answer]) -> Row:
    sections = water.sections.to_dicts()
    groups: dict[str, list[Row]] = {}
    for row in sections:
        groups.setdefault(row["place"], []).append(row)
    asked = [a for a in answers if a.target["indicator"] in QUALITY]
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
        "targets": [_row(a) for a in asked],
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


def _targets(answers: list[Answer]) -> Row:
    states = [str(a.standing.state) for a in answers]
    counts = Counter(states)
    told = "、".join(f"{state} {counts[state]}" for state in figures.STATES if counts[state])
    plans = []
    for document in catalog.documents().to_dicts():
        mine = [a for a in answers if a.document["document"] == document["document"]]
        answered = sum(a.answered for a in mine)
        plans.append(document | {"rows": [_row(a) for a in mine], "answered": answered})
    return {
        "total": len(answers),
        "answered": sum(a.answered for a in answers),
        "squares": figure(
            "squares", lambda width: figures.squares(states, width), f"目标完成情况：{told}。"
        ),
        "cards": [_card(place, answer) for place, answer in enumerate(_drawn(answers))],
        "plans": plans,
    }


def _row(answer: Answer) -> Row:
    """Give what the table and the cards tell of one target."""
    target = answer.target
    marks = "、".join(filter(None, (target["nature"], "力争" if target["stretch"] else None)))
    return {
        "indicator": target["indicator"],
        "name_en": answer.indicator["name_en"],
        "region": target["region"],
        "year": target["year"],
        "goal": wording(target) + (f"（{marks}）" if marks else ""),
        "figure": answer.figure,
        "state": answer.standing.state,
        "reason": answer.standing.reason,
        "remark": answer.remark,
        # A bare heading ends in its mark: 一、
        "section": "；".join(s.rstrip("、") for s in target["section"].split("；")),
        "document": answer.document,
        "base_year": target["base_year"],
    }


def _series(answer: Answer) -> pl.DataFrame:
    region = (answer.figure or {})["region"]
    values = catalog.published().filter(pl.col("indicator") == answer.target["indicator"])
    return segments(values, region)


def _drawn(answers: list[Answer]) -> list[Answer]:
    """Choose what is worth a picture: dated goals with a published series, and PM2.5."""
    chosen: dict[tuple[str, str], Answer] = {}
    for answer in answers:
        target = answer.target
        if answer.figure is None or answer.standing.goal is None:
            continue
        if target["year"] is None or target["stretch"]:
            continue
        pm25 = target["indicator"] == "PM2.5年均浓度"
        if pm25 or _series(answer)["period"].n_unique() > 2:
            chosen.setdefault((target["indicator"], target["region"]), answer)
    return list(chosen.values())


def _card(place: int, answer: Answer) -> Row:
    now, base, target = answer.figure, answer.baseline, answer.target
    assert now is not None
    goal = float(answer.standing.goal or 0)
    series = _series(answer)
    stands = series.filter(period=now["period"], value=now["value"])["part"].max()
    agrees = answer.standing.state != "口径不一致"
    rows = series.select(
        year=pl.col("period").cast(pl.Int32),
        value=pl.col("value").cast(pl.Float64),
        text="value",
        part="part",
        answers=(pl.col("part") == stands) & pl.lit(agrees),
    )
    sign = wording({**target, "value": "", "unit": ""}) if not target["base_year"] else "≥"
    aim = pl.DataFrame({"year": [target["year"]], "value": [goal], "label": [f"{sign}{goal:g}"]})
    line = pl.DataFrame(schema={"year": pl.Int32, "value": pl.Float64})
    if agrees and base is not None:
        years = [int(base["period"]), target["year"]]
        line = pl.DataFrame({"year": years, "value": [float(base["value"]), goal]})
    row = _row(answer)
    label = (
        f"{target['region']}{target['indicator']}历年公布值，目标{row['goal']}；"
        f"{now['region']}{now['period']}年为{now['value']}。"
    )
    drawn = figure(
        f"card{place}",
        lambda width: figures.path(rows, line, aim, width),
        label,
        wide=470,
        narrow=310,
    )
    basis = (now["basis"] or "来源未说明").replace(";", "、")
    return row | {"drawn": drawn, "basis": basis}

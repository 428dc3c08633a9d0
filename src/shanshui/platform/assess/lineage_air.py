"""Where a figure of air comes from."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, cast

import polars as pl

from shanshui import air
from shanshui.air._rules import HOURLY, SIX, pollutant
from shanshui.air.events import Dust, tables
from shanshui.platform.assess import changes
from shanshui.platform.assess.air import MARKS, AirRun, of_groups, pairs
from shanshui.platform.assess.air_figures import (
    Wanted,
    digits,
    figures,
    fingerprints,
    statistics_of,
    wanted,
)
from shanshui.platform.assess.engines import HOUR
from shanshui.platform.assess.layers import LIVE, Frozen, layer_of_days
from shanshui.platform.assess.lineage import Asked, Explained, Row, counted, parameters, verdict
from shanshui.standards.editions import Edition, edition

_DAY = ("day_hours_min", "digits_daily", "area_share_min", "small_network", "area_share_min_small")
_OZONE = ("window_hours_min", "o3_labels", "o3_windows_min")
_PERIOD = ("month_days_min", "february_days_min", "year_days_min", "round_daily_first")
_RAW = ("station", "property", "time", "value", "flag", "state", "source", "recorded_from")
_AVERAGING = {"o3_8h": "8h"}
_SPANS = {"year": "年平均", "day": "24 小时平均", "8h": "日最大 8 小时平均"}


def explained(asked: Asked, day: date | None) -> Explained:
    """Explain a figure of air."""
    row, term = asked.row, asked.term
    one = next(w for w in wanted() if w.code == row["indicator"])
    run = AirRun(asked.job, asked.series)
    holder = next((f for f in run.frozen if f.text == row["freeze"]), None)
    days = _days(asked, run, holder)
    dust = _dust(row["dust"])
    if dust is None:
        days = days.drop(MARKS)
    groups = {g: m for g, m in asked.version.places.groups.items() if g == row["region"]}
    named = None if holder is None else holder.edition
    found = figures(days, [term], groups, edition=named, dusts=[dust])
    marks = fingerprints(days, [term])
    marks = pl.concat([marks, of_groups(marks, groups)])
    mine = found.filter(pl.col("region") == row["region"], pl.col("indicator") == one.code)
    inputs = marks.filter(pl.col("region") == row["region"])["inputs"]
    made = Explained(row, verdict(row, mine, inputs.item() if inputs.len() else None))
    judged = edition("air", row["edition"])
    made.rules = _rules(one, judged, row["period"])
    said: dict[str, Any] = {"by": "region", "edition": named, "digits": digits()}
    if dust is not None:
        said["dust"] = dust
    if groups:
        of = found.filter(pl.col("region").is_in(groups[row["region"]]))
        of = of.filter(pl.col("indicator") == one.code)
        made.members = of.select("region", "value", "reason", "days_valid").to_dicts()
    else:
        made.statistics = _statistics(statistics_of(days, [term], said))
        made.days = _shown_days(days, one, judged)
        made.excluded = _excluded(days)
    hours = _hours(asked, run, holder, _properties(one))
    made.counts = counted(hours)
    made.stations = _stations(asked, hours, one)
    shown = day or _weightiest(days, one, judged)
    if shown is not None:
        made.rows_of = shown.isoformat()
        own = hours.filter(changes.day_of() == shown).sort("station", "property", "time")
        made.rows = own.select(*_RAW).to_dicts()
    return made


def _days(asked: Asked, run: AirRun, holder: Frozen | None) -> pl.DataFrame:
    regions = frozenset({asked.row["region"]})
    if holder is not None:
        near = asked.version.places.with_groups(regions)
        every = pl.date_range(asked.term.start, asked.term.end, eager=True).to_list()
        days = run.computed(asked.version, holder, pairs(asked.version, every, near))
    else:
        days = run.open_days(asked.version, [asked.term], regions, None)
    groups = asked.version.places.groups
    keep = list(groups.get(asked.row["region"], (asked.row["region"],)))
    inside = pl.col("date").is_between(asked.term.start, asked.term.end)
    return days.filter(pl.col("region").is_in(keep), inside).sort("region", "date")


def _dust(text: str | None) -> Dust | None:
    """Return what was done with marked values, by what the basis says."""
    known = tables()["dust"]
    return next((cast("Dust", name) for name in known if known[name]["basis"] == text), None)


def _statistics(frames: list[pl.DataFrame]) -> Row:
    if not frames:
        return {}
    row = frames[0].row(0, named=True)
    return {name: value for name, value in row.items() if value is not None and name != "region"}


def _properties(one: Wanted) -> list[str]:
    return [pollutant(one.item)] if one.item else list(HOURLY)


def _shown_days(days: pl.DataFrame, one: Wanted, judged: Edition) -> list[Row]:
    """Return the days of a region: the item's value, or AQI and its grade."""
    graded = air.aqi(days, edition=judged)
    items = [one.item] if one.item else list(SIX)
    stations = f"stations_{one.item}" if one.item else "stations_pm25"
    return graded.select(
        "date", *items, pl.col(stations).alias("stations"), "aqi", "category", "primary"
    ).to_dicts()


def _excluded(days: pl.DataFrame) -> list[Row]:
    marks = [c for c in MARKS if c in days.columns]
    if not marks:
        return []
    touched = days.filter(pl.any_horizontal(pl.col(c).is_not_null() for c in marks))
    return [
        {
            "date": row["date"],
            "items": [c.removeprefix("excluded_") for c in marks if row[c]],
            "kinds": sorted({row[c] for c in marks if row[c]}),
        }
        for row in touched.iter_rows(named=True)
    ]


def _weightiest(days: pl.DataFrame, one: Wanted, judged: Edition) -> date | None:
    """Return the day with the highest value, or AQI."""
    column = one.item or "aqi"
    frame = days if one.item else air.aqi(days, edition=judged)
    there = frame.filter(pl.col(column).is_not_null()).sort(
        column, "date", descending=[True, False]
    )
    return there["date"][0] if there.height else None


def _hours(asked: Asked, run: AirRun, holder: Frozen | None, properties: list[str]) -> pl.DataFrame:
    """Return the raw rows that entered: each day's of the freeze that holds it, else live."""
    names = asked.stations()["station"].unique().to_list()
    first, last = asked.term.start, asked.term.end
    frozen = run.frozen if holder is None else [holder]
    layers = layer_of_days(frozen, first, last)
    parts = []
    for layer in layers["layer"].unique():
        one = next((f for f in frozen if f.id == layer), None)
        as_of = asked.job.cut.recorded if layer == LIVE or one is None else one.asked.as_of
        end = datetime.combine(last + timedelta(days=1), time())
        if asked.job.cut.until is not None:
            end = min(end, asked.job.cut.until)
        rows = asked.job.lake.observations(
            names, properties, datetime.combine(first, time()), end, HOUR, as_of
        )
        days = layers.filter(pl.col("layer") == layer).select("date").lazy()
        parts.append(
            rows.with_columns(changes.day_of().alias("date"))
            .join(days, on="date", how="semi")
            .select(*_RAW)
            .collect()
        )
    return pl.concat(parts)


def _stations(asked: Asked, hours: pl.DataFrame, one: Wanted) -> list[Row]:
    """Return the stations with their hours, valid days and mean."""
    listed = asked.stations().unique("station", maintain_order=True)
    names = asked.version.stations.select("station", "name")
    counts = hours.group_by("station").agg(
        pl.col("value").count().alias("hours"),
        (pl.col("state") == "raw").sum().alias("raw"),
        (pl.col("state") == "reviewed").sum().alias("reviewed"),
        (pl.col("state") == "corrected").sum().alias("corrected"),
    )
    wide = hours.pivot("property", index=["station", "time"], values="value")
    wide = wide.with_columns(
        pl.lit(None, pl.Float64).alias(i) for i in HOURLY if i not in wide.columns
    )
    item = one.item or "pm25"
    days = pl.DataFrame(schema={"station": pl.String, "days": pl.UInt32, "mean": pl.Float64})
    if wide.height:
        days = (
            air.daily(wide)
            .group_by("station")
            .agg(pl.col(item).count().alias("days"), pl.col(item).mean().round(1).alias("mean"))
        )
    return (
        listed.select("station", "reference")
        .join(names, on="station", how="left")
        .join(counts, on="station", how="left")
        .join(days, on="station", how="left")
        .sort("station")
        .to_dicts()
    )


def _rules(one: Wanted, judged: Edition, period: str) -> list[Row]:
    """Return the limits and the rules that the figure is made by."""
    found: list[Row] = []
    if one.item:
        averaging = _AVERAGING.get(one.item) or ("year" if one.column == one.item else "day")
        member, table = judged.source_of("limits")
        found += [
            {
                "standard": member.number,
                "title": member.title,
                "clause": row.get("clause"),
                "what": f"二级浓度限值，{_SPANS[averaging]}",
                "what_en": f"limit, grade 2, {averaging}",
                "name": "limits",
                "value": row["grade2"],
                "unit": row.get("unit"),
                "confidence": row.get("confidence", member.confidence),
            }
            for row in table
            if row["item"] == pollutant(one.item) and row["averaging"] == averaging
        ]
    names = list(_DAY)
    if one.item == "o3_8h" or one.item is None:
        names += _OZONE
    names += _PERIOD if len(period) == len("2026") or "-" in period else ()
    names += ["digits_mean", "percentiles"] if one.item else ["digits_ratio", "digits_index"]
    found += parameters(judged, names)
    if one.item and pollutant(one.item) in digits():
        found.append(
            {
                "standard": "目录 catalogue",
                "title": "",
                "clause": None,
                "what": "公布此数所用的小数位数，多于标准所定",
                "what_en": "decimals in which this figure is published, more than the edition's",
                "name": "decimals",
                "value": one.decimals,
                "unit": None,
                "confidence": "B",
            }
        )
    if not one.item:
        table = "breakpoints" if any("breakpoints" in m.tables for m in judged.members) else None
        if table:
            member, _ = judged.source_of(table)
            found.append(
                {
                    "standard": member.number,
                    "title": member.title,
                    "clause": "表1",
                    "what": "空气质量分指数对应的浓度限值",
                    "what_en": "breakpoints of the AQI",
                    "name": table,
                    "value": None,
                    "unit": None,
                    "confidence": member.confidence,
                }
            )
    return found

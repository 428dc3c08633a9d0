"""Where a figure of noise comes from."""

from __future__ import annotations

from datetime import date
from inspect import signature

import polars as pl

from shanshui import noise
from shanshui.platform.assess.lineage import Asked, Explained, Row, counted, parameters, verdict
from shanshui.platform.assess.noise import (
    KINDS,
    MEASURED,
    SIDES,
    STATED,
    NoiseRun,
    day_levels,
    function_of,
    judged,
    kind_of,
    levels_of,
    points,
    side_of,
    wanted,
)
from shanshui.standards.editions import Edition, edition

_RAW = ("station", "property", "time", "value", "flag", "state", "source", "recorded_from")
_SHOWN = ("date", "station", "name", "zone", "level", "limit", "attains", "reason", "source")
_SIDES = {"day": "昼间", "night": "夜间"}


def explained(asked: Asked, day: date | None) -> Explained:
    """Explain a figure of noise."""
    row, term = asked.row, asked.term
    one = wanted()[row["indicator"]]
    run = NoiseRun(asked.job, asked.series)
    holder = next((f for f in run.frozen if f.text == row["freeze"]), None)
    observed = run.observed(term.start, term.end, holder)
    levels = day_levels(observed)
    listed = run.listed(asked.version, term.end.year)
    regions = run.regions(asked.version).filter(pl.col("region") == row["region"])
    found = run.figures(levels, term, listed, regions, row["edition"])
    mine = found.filter(pl.col("indicator") == row["indicator"])
    made = Explained(row, verdict(row, mine, mine["inputs"].item() if mine.height else None))
    by = edition("noise", row["edition"])
    names = asked.version.stations.select("station", "name")
    own = points(levels, listed, one).join(regions, on="station").join(names, on="station")
    days = _days(own, one, by)
    made.days = days.select(_SHOWN).to_dicts()
    made.rules = _rules(one, by, days)
    made.statistics = _statistics(own, one, by)
    made.stations = _stations(
        regions.join(listed.filter(pl.col("kind") == kind_of(one)), on="station"), days, own
    )
    inside = observed.filter(
        pl.col("part") == SIDES[side_of(one)],
        pl.col("station").is_in(days["station"].unique().to_list()),
    )
    made.counts = counted(inside)
    shown = day or _weightiest(days)
    if shown is not None:
        made.rows_of = shown.isoformat()
        rows = inside.filter(pl.col("date") == shown).sort("station", "property", "time")
        made.rows = rows.select(*_RAW).to_dicts()
    return made


def _days(own: pl.DataFrame, one: Row, by: Edition) -> pl.DataFrame:
    """Return the levels of points and dates, those of zones with their limits."""
    if kind_of(one) == KINDS["attainment"]:
        found = judged(own, one, by)
    else:
        found = own.with_columns(
            pl.lit(None, pl.Float64).alias("limit"),
            pl.lit(None, pl.Float64).alias("exceed"),
            pl.lit(None, pl.Boolean).alias("attains"),
            pl.col("flag").alias("reason"),
        )
    return found.rename({"value": "level"}).sort("date", "station")


def _weightiest(days: pl.DataFrame) -> date | None:
    """Return the date of the level that is furthest above its limit, else of the highest."""
    order = ["exceed", "level", "date"]
    there = days.filter(pl.col("level").is_not_null()).sort(
        order, descending=[True, True, False], nulls_last=True
    )
    return there["date"][0] if there.height else None


def _statistics(own: pl.DataFrame, one: Row, by: Edition) -> Row:
    """Return the counts of each zone, or the mean with its grade."""
    if own.is_empty():
        return {}
    side = side_of(one)
    if kind_of(one) == KINDS["attainment"]:
        found = judged(own, one, by).rename({"attains": f"attains_{side}"})
        rates = noise.attainment(found).sort("zone")
        return {"zones": rates.to_dicts(), "left_out": found["reason"].drop_nulls().len()}
    function = noise.road if kind_of(one) == KINDS["road"] else noise.region
    said: Row = {side: "value", "edition": by}
    return function(levels_of(own), **said).row(0, named=True)


def _stations(listed: pl.DataFrame, days: pl.DataFrame, own: pl.DataFrame) -> list[Row]:
    """Return the points of the region with their times, levels and what they attain."""
    times = days.group_by("station").agg(
        pl.col("level").count().alias("times"),
        (pl.col("source") == STATED).sum().alias("stated"),
        pl.when(pl.col("attains").count() > 0).then(pl.col("attains").sum()).alias("attained"),
        pl.col("reason").drop_nulls().unique().sort().str.join(",").replace("", None),
    )
    means = levels_of(own).select("station", pl.col("value").alias("level"))
    return (
        listed.select("station", "name", "kind", "zone", "length")
        .join(times, on="station", how="left")
        .join(means, on="station", how="left")
        .sort("station")
        .select(
            *("station", "name", "kind", "zone", "length"),
            pl.col("times").fill_null(0),
            pl.col("stated").fill_null(0),
            "attained",
            # Shares are of point-times: a zone has a level of its own where it was measured once.
            pl.when((pl.col("kind") != KINDS["attainment"]) | (pl.col("times") == 1)).then("level"),
            pl.when(pl.col("times").is_null())
            .then(pl.lit("no_data"))
            .otherwise("reason")
            .alias("reason"),
        )
        .to_dicts()
    )


def _rules(one: Row, by: Edition, days: pl.DataFrame) -> list[Row]:
    """Return the limits and the rules that the figure is made by."""
    found: list[Row] = []
    side = side_of(one)
    if kind_of(one) == KINDS["attainment"]:
        member, table = by.source_of("limits")
        found = [
            {
                "standard": member.number,
                "title": member.title,
                "clause": "表1",
                "what": f"{row['name']}区{_SIDES[side]}限值",
                "what_en": f"limit of zone {row['zone']}, {side}",
                "name": "limits",
                "value": row[side],
                "unit": "dB(A)",
                "confidence": row.get("confidence", member.confidence),
            }
            for row in table
            if row["zone"] in days["zone"]
        ]
        names = ["digits_rate", "point_times"]
        return found + parameters(by, ["day_hours", "digits_level", *names]) + _enough(days)
    member, table = by.source_of(function_of(one))
    grades = {row["grade"]: row["name"] for row in by.table("levels")}
    found = [
        {
            "standard": member.number,
            "title": member.title,
            "clause": None,
            "what": f"{_SIDES[side]}{grades[grade]}（{grade} 级）上限",
            "what_en": f"upper end of grade {grade}, {side}",
            "name": function_of(one),
            "value": value,
            "unit": "dB(A)",
            "confidence": table.get(f"confidence_{side}", member.confidence),
        }
        for grade, value in enumerate(table[side], start=1)
    ]
    names = ["day_hours", "measured_minutes", "digits_level", "point_level"]
    return found + parameters(by, names) + _enough(days)


def _enough(days: pl.DataFrame) -> list[Row]:
    """Return how much of a series has to be there, where levels are made of one."""
    if days.filter(~pl.col("source").is_in([STATED, MEASURED])).is_empty():
        return []
    return [
        {
            "standard": "本项目 this project",
            "title": "",
            "clause": None,
            "what": "昼间、夜间声级所需有效值的最低比例",
            "what_en": "least share of the values of a day or night that a level is made of",
            "name": "min_share",
            "value": signature(noise.levels).parameters["min_share"].default,
            "unit": None,
            "confidence": "C",
        }
    ]

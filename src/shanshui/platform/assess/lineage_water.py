"""Where a figure of surface water comes from."""

from __future__ import annotations

from datetime import date

import polars as pl

from shanshui.platform.assess import changes
from shanshui.platform.assess.lineage import Asked, Explained, Row, counted, parameters, verdict
from shanshui.platform.assess.water import WaterRun, figures_of, sections
from shanshui.standards.editions import edition
from shanshui.water import surface

_RAW = ("station", "property", "time", "value", "flag", "state", "source", "recorded_from")
_RULES = ("do_saturation_class1", "digits_index", "digits_ratio")


def explained(asked: Asked, day: date | None) -> Explained:
    """Explain a figure of surface water."""
    row, term = asked.row, asked.term
    run = WaterRun(asked.job, asked.series)
    holder = next((f for f in run.frozen if f.text == row["freeze"]), None)
    named = None if holder is None else holder.edition
    rows = run.rows(term.start, term.end, holder)
    listed = run.listed(asked.version, term.end.year)
    regions = run.regions(asked.version)
    own = regions.filter(pl.col("region") == row["region"])
    found = figures_of(rows, term, listed, own, run.items, named)
    mine = found.filter(pl.col("indicator") == row["indicator"])
    made = Explained(row, verdict(row, mine, mine["inputs"].item() if mine.height else None))
    judged = sections(rows, term, listed, run.items, named)
    here = judged.join(own, on="station")
    kept = here.filter(pl.col("left_out").is_null())
    if kept.height:
        made.statistics = surface.shares(kept).row(0, named=True)
    names = asked.version.stations.select("station", "name")
    shown = ["station", "name", "class_name", "target", "attains", "main_text", "left_out"]
    made.stations = (
        own.join(names, on="station", how="left")
        .join(here.drop("region"), on="station", how="left")
        .sort("station")
        .select(*shown, *(c for c in run.items if c in here.columns))
        .to_dicts()
    )
    inside = rows.join(own, on="station", how="semi")
    made.counts = counted(inside)
    part = inside if day is None else inside.filter(changes.day_of() == day)
    made.rows_of = term.text if day is None else day.isoformat()
    made.rows = part.sort("station", "property", "time").select(*_RAW).to_dicts()
    made.rules = _rules(row)
    return made


def _rules(row: Row) -> list[Row]:
    judged = edition("water.surface", row["edition"])
    member, _ = judged.source_of("limits")
    found = [
        {
            "standard": member.number,
            "title": member.title,
            "clause": "表1",
            "what": "各类别限值",
            "what_en": "limits of the classes",
            "name": "limits",
            "value": None,
            "unit": "mg/L",
            "confidence": member.confidence,
        }
    ]
    return found + parameters(judged, _RULES)

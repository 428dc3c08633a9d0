"""Where a figure of water comes from: of sections, lakes, wells, sources and the sea."""

from __future__ import annotations

from datetime import date
from typing import cast

import polars as pl

from shanshui.platform.assess import changes, lakes
from shanshui.platform.assess.lineage import Asked, Explained, Row, counted, parameters, verdict
from shanshui.platform.assess.points import PointsRun
from shanshui.platform.assess.running import DOMAINS
from shanshui.platform.assess.samples import SampleRun
from shanshui.platform.assess.terms import Term
from shanshui.platform.assess.water import sections
from shanshui.standards.editions import editions
from shanshui.water import lake, surface
from shanshui.water.surface.aggregate import known_items
from shanshui.water.surface.classify import standard

_RAW = ("station", "property", "time", "value", "flag", "state", "source", "recorded_from")
_SHOWN = ("station", "name", "class_name", "target", "attains", "main_text", "left_out")
_CLASSES = ("limits", "表1", "各类别限值", "limits of the classes")
_WELLS = ("limits", "表1、表2", "各类别限值", "limits of the classes")
Table = tuple[str, str | None, str, str]
_RULES: dict[str, list[tuple[str, list[Table], tuple[str, ...]]]] = {
    "water": [
        ("water.surface", [_CLASSES], ("do_saturation_class1", "digits_cwqi", "digits_share"))
    ],
    "lake": [
        (
            "water.lake",
            [("parameters", None, "指数各参数", "parameters of the index")],
            ("digits", "below_limit"),
        )
    ],
    "source": [
        (
            "water.surface",
            [
                _CLASSES,
                ("source_items", "表2", "水源地项目限值", "limits of sources"),
                ("source_items_specific", "表3", "水源地项目限值", "limits of sources"),
            ],
            ("source_class",),
        ),
        ("water.ground", [_WELLS], ("target", "undetected")),
    ],
    "ground": [("water.ground", [_WELLS], ("undetected", "good", "digits_share"))],
    "sea": [
        (
            "water.sea",
            [_CLASSES, ("din_parts", None, "无机氮的组成", "parts of inorganic nitrogen")],
            ("good", "digits_share"),
        )
    ],
}
"""By what each is judged: its standard, the tables with clause, and parameters."""


def explained(asked: Asked, day: date | None) -> Explained:
    """Explain a figure of water."""
    row, term = asked.row, asked.term
    run = cast("SampleRun", DOMAINS[asked.series.domain](asked.job, asked.series))
    holder = next((f for f in run.frozen if f.text == row["freeze"]), None)
    named = None if holder is None else holder.edition
    rows = run.rows(term.start, term.end, holder)
    listed = run.listed(asked.version, term.end.year)
    regions = run.regions(asked.version)
    own = regions.filter(pl.col("region") == row["region"])
    found = run.figures(rows, term, listed, own, named)
    mine = found.filter(pl.col("indicator") == row["indicator"], pl.col("region") == row["region"])
    made = Explained(row, verdict(row, mine, mine["inputs"].item() if mine.height else None))
    what = "lake" if row["indicator"] in lakes.wanted() else asked.series.domain
    if what == "lake":
        here, rows = _of_lakes(rows, term, listed, own)
    elif isinstance(run, PointsRun):
        here, made.statistics = _of_points(run, rows, term, listed, own, named)
    else:
        here, made.statistics = _of_sections(rows, term, listed, own, named)
    items = [c for c in run.items if c in here.columns]
    blank = [pl.lit(None).alias(c) for c in _SHOWN if c not in (*here.columns, "name")]
    names = asked.version.stations.select("station", "name")
    counts = here["station"] if what == "lake" else own["station"]
    made.stations = (
        own.filter(pl.col("station").is_in(counts.to_list()))
        .join(names, on="station", how="left")
        .join(here.with_columns(blank).drop("region", strict=False), on="station", how="left")
        .sort("station")
        .select(*_SHOWN, *items)
        .to_dicts()
    )
    inside = rows.join(own, on="station", how="semi")
    made.counts = counted(inside)
    part = inside if day is None else inside.filter(changes.day_of() == day)
    made.rows_of = term.text if day is None else day.isoformat()
    made.rows = part.sort("station", "property", "time").select(*_RAW).to_dicts()
    made.rules = _rules(what, row)
    return made


def _of_sections(
    rows: pl.DataFrame, term: Term, listed: pl.DataFrame, own: pl.DataFrame, named: str | None
) -> tuple[pl.DataFrame, Row]:
    """Return the sections of a region as they are judged, and the shares of classes."""
    items = known_items(standard(named))
    there = rows.filter(pl.col("property").is_in(items))
    here = sections(there, term, listed, items, named).join(own, on="station")
    kept = here.filter(pl.col("left_out").is_null())
    return here, surface.shares(kept).row(0, named=True) if kept.height else {}


def _of_lakes(
    rows: pl.DataFrame, term: Term, listed: pl.DataFrame, own: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the points of lakes with the index of each, and the rows that it is made of."""
    rows = rows.filter(
        pl.col("property").is_in(lakes.parameters()),
        pl.col("station").is_in(lakes.points(listed)["station"].to_list()),
    )
    found = lakes.of_points(rows, term, listed)
    if found.is_empty():
        return lakes.points(listed).join(own, on="station"), rows
    index = pl.lit("TLI ") + pl.col("tli").cast(pl.String)
    here = lake.tli(found).with_columns(class_name="state", main_text=index)
    return here.join(own, on="station"), rows


def _of_points(
    run: PointsRun,
    rows: pl.DataFrame,
    term: Term,
    listed: pl.DataFrame,
    own: pl.DataFrame,
    named: str | None,
) -> tuple[pl.DataFrame, Row]:
    """Return the points of a region as they are judged, and what was counted."""
    inside = rows.join(own, on="station", how="semi")
    if inside.is_empty():
        return own.select("station"), {}
    everywhere = listed.filter(pl.col("left_out").is_null()).join(own, on="station")
    here = run.judged(inside, term, listed, named)
    placed = here.join(everywhere.select("station", "region"), on="station")
    return here, run.counted(placed, everywhere).row(0, named=True) if placed.height else {}


def _rules(what: str, row: Row) -> list[Row]:
    named = (row["edition"] or "").split("、")  # sources of two kinds are judged by two standards
    found: list[Row] = []
    for domain, tables, names in _RULES[what]:
        judged = next((one for one in editions(domain) if one.name in named), None)
        if judged is None:
            continue
        for table, clause, zh, en in tables:
            member, _ = judged.source_of(table)
            found.append(
                {
                    "standard": member.number,
                    "title": member.title,
                    "clause": clause,
                    "what": zh,
                    "what_en": en,
                    "name": table,
                    "value": None,
                    "unit": None,
                    "confidence": member.confidence,
                }
            )
        found += parameters(judged, names)
    return found

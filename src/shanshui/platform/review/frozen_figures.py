"""The figures of a frozen period, by the methods of its domain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from shanshui.platform.ingest.measures import measures
from shanshui.platform.review.frozen_rows import text_of
from shanshui.standards.basis import Basis
from shanshui.standards.editions import edition as edition_of

if TYPE_CHECKING:
    from shanshui.platform.review.frozen_rows import Asked
    from shanshui.platform.review.periods import Span
    from shanshui.platform.store.lake import Lake

EDITIONS = {
    "air": "air",
    "water": "water.surface",
    "source": "water.surface",
    "ground": "water.ground",
    "sea": "water.sea",
}
"""Domain of the editions by which each is judged."""
MEDIA = {"source": "water", "ground": "water", "sea": "water"}
"""Medium of the properties of a domain, where it is another."""
_HOUR, _DAY = 3600, 86_400
_GAPS = {
    "few_days": ("有效天数不足", "too few valid days"),
    "few_samples": ("监测次数不足", "too few samples"),
    "few_months": ("监测月数不足", "too few months"),
}


@dataclass(frozen=True)
class Figures:
    """What was computed.

    Attributes
    ----------
    lines : list of dict
        ``kind``, ``place``, ``start``, ``end``, ``basis``, ``figures`` (by the names of the
        method's columns; numbers are texts, what is missing is left out).
    gaps : list of (str, str)
        What the data lack, in Chinese and in English.
    """

    lines: list[dict[str, Any]]
    gaps: list[tuple[str, str]]


def air(
    lake: Lake, asked: Asked, stations: pl.DataFrame, span: Span, edition: str, basis: Basis
) -> Figures:
    """Compute days of cities, and statistics of cities and stations (HJ 663)."""
    from shanshui import air

    # Days are made by the edition of their date, unless the freeze names another.
    named = None if edition == edition_of(EDITIONS["air"], span.end).name else edition
    days = _days(lake, asked, named).filter(pl.col("date").is_between(span.start, span.end))
    if days.is_empty():
        return Figures([], [])
    said: dict[str, Any] = {"period": span.kind, "edition": edition, "basis": basis}
    of_stations = air.statistics(days, **said)
    lines = _lines("station", of_stations, "station")
    gaps = _invalid(of_stations, stations)
    area = "city" if stations["city"].null_count() < stations.height else "county"
    listed = stations.filter(pl.col("left_out").is_null(), pl.col(area).is_not_null())
    if listed.height:
        kept = days.filter(pl.col("station").is_in(listed["station"].to_list()))
        of_area = air.aqi(
            air.area(kept, listed.select("station", area, "reference"), by=area, edition=named),
            edition=edition,
        )
        lines += _lines("city_daily", of_area, area, day="date")
        lines += _lines("city", air.statistics(of_area, by=area, **said), area)
    return Figures(lines, gaps)


def _days(lake: Lake, asked: Asked, edition: str | None) -> pl.DataFrame:
    """Make the days of stations of their hours; where the lake has days only, those."""
    from shanshui import air
    from shanshui.air._rules import DAILY, HOURLY

    hours = asked.rows(lake, properties=HOURLY, period=_HOUR, wide=True).collect()
    if not hours.is_empty():
        return air.daily(_whole(hours, "time", HOURLY), edition=edition)
    days = asked.rows(lake, properties=DAILY, period=_DAY, wide=True).collect()
    # A day's value ends at the midnight after it.
    dated = days.with_columns(date=(pl.col("time") - pl.duration(days=1)).dt.date())
    return _whole(dated, "date", DAILY)


def _whole(frame: pl.DataFrame, time: str, items: Sequence[str]) -> pl.DataFrame:
    there = [pl.col(i) if i in frame.columns else pl.lit(None, pl.Float64).alias(i) for i in items]
    return frame.select("station", time, *there)


def _invalid(statistics: pl.DataFrame, stations: pl.DataFrame) -> list[tuple[str, str]]:
    """Name the stations of which an item has too few valid days."""
    names = dict(stations.select("station", "name").rows())
    counted = set(stations.filter(pl.col("left_out").is_null())["station"])
    items = [c for c in statistics.columns if c.startswith("valid_") and c != "valid_days"]
    gaps = []
    for row in statistics.sort("station").iter_rows(named=True):
        failed = [c.removeprefix("valid_") for c in items if row[c] is False]
        if failed and row["station"] in counted:
            gaps.append(_gap(names[row["station"]], failed, "few_days"))
    return gaps


def _gap(place: str, items: Sequence[str], code: str) -> tuple[str, str]:
    zh, en = _GAPS[code]
    called = [measures()[i].name if i in measures() else i for i in items]
    return f"{place}{'、'.join(called)}{zh}", f"{place}: {', '.join(items)}, {en}"


def water(
    lake: Lake, asked: Asked, stations: pl.DataFrame, span: Span, edition: str, basis: Basis
) -> Figures:
    """Compute means and classes of sections, and shares of classes (GB 3838, 环办〔2011〕22号)."""
    from shanshui.water import surface
    from shanshui.water.surface.aggregate import known_items
    from shanshui.water.surface.classify import standard

    items = [i for i in known_items(standard(edition)) if i in asked.properties]
    rows = asked.rows(lake, properties=items).collect()
    if rows.is_empty():
        return Figures([], [])
    taken = samples(rows, items, asked.start).join(stations.select("station", "kind"), on="station")
    means = surface.aggregate(taken, by=["station", "kind"], period=span.kind, edition=edition)
    listed = surface.roster(stations.drop("reference", "moved_from"))
    judged = surface.classify(
        surface.enroll(means.drop("kind"), listed), kind="kind", target="target"
    ).with_columns(basis=pl.lit(str(basis)))
    lines = _lines("section", judged, "station")
    for kind, by in (("shares", []), ("city_shares", ["city"])):
        placed = judged.join(stations.select("station", "city"), on="station")
        if by:
            placed = placed.filter(pl.col("city").is_not_null())
        if placed.is_empty():
            continue
        counted = surface.shares(placed, by=by).with_columns(
            start=pl.lit(span.start), end=pl.lit(span.end), basis=pl.lit(str(basis))
        )
        lines += _lines(kind, counted, *by)
    return Figures(lines, _scant(judged, stations))


def _points(domain: str) -> Method:
    """Return what judges the points of a domain, and counts them."""

    def computed(
        lake: Lake, asked: Asked, stations: pl.DataFrame, span: Span, edition: str, basis: Basis
    ) -> Figures:
        from shanshui.platform.assess.points import POINTS
        from shanshui.platform.assess.terms import term

        run = POINTS[domain]
        kept = stations.filter(pl.col("left_out").is_null())
        there = [i for i in run.known() if i in asked.properties]
        rows = asked.rows(lake, properties=there).collect()
        rows = rows.filter(pl.col("station").is_in(kept["station"].to_list()))
        if rows.is_empty():
            return Figures([], [])
        said = (
            pl.lit(span.start).alias("start"),
            pl.lit(span.end).alias("end"),
            pl.lit(str(basis)).alias("basis"),
        )
        judged = run.judged(rows, term(span.text), stations, edition)
        lines = _lines("point", judged.drop("entered", "raw").with_columns(said), "station")
        whole = kept.with_columns(region=pl.lit(""))
        cities = kept.rename({"city": "region"}).filter(pl.col("region").is_not_null())
        for kind, everywhere in (("shares", whole), ("city_shares", cities)):
            placed = judged.join(everywhere.select("station", "region"), on="station")
            if placed.is_empty():
                continue
            counted = run.counted(placed, everywhere).with_columns(said)
            lines += _lines(kind, counted.sort("region"), "region")
        return Figures(lines, [])

    return computed


def samples(rows: pl.DataFrame, items: Sequence[str], first: datetime) -> pl.DataFrame:
    """Turn observations of water into samples: a result below its limit as it was written.

    The lake has half the limit and the flag L, or no value and the flag ND where the limit is not
    stated; the method halves the limit itself.
    """
    flags = pl.col("flag").str.split(",")
    below = flags.list.contains("L").fill_null(value=False)
    bare = flags.list.contains("ND").fill_null(value=False) & pl.col("value").is_null()
    value = pl.col("value").cast(pl.String)
    texts = rows.select(
        "station",
        # A day's sample ends at the midnight after it; what ends in the period belongs to it.
        pl.max_horizontal(pl.col("time") - pl.duration(seconds="period"), pl.lit(first)).alias(
            "time"
        ),
        "property",
        pl.when(below)
        .then((pl.col("value") * 2).cast(pl.String) + "L")
        .when(bare)
        .then(pl.lit("ND"))
        .otherwise(value)
        .alias("value"),
        (below | bare).alias("below"),
    )
    wide = texts.pivot("property", index=["station", "time"], values="value", sort_columns=True)
    plain = set(rows["property"].unique()) - set(texts.filter("below")["property"])
    return wide.with_columns(pl.col(i).cast(pl.Float64) for i in items if i in plain).sort(
        "station", "time"
    )


def _scant(judged: pl.DataFrame, stations: pl.DataFrame) -> list[tuple[str, str]]:
    names = dict(stations.select("station", "name").rows())
    gaps = []
    for row in judged.sort("station").iter_rows(named=True):
        few = [
            (column.removeprefix("reason_"), code)
            for column in judged.columns
            if column.startswith("reason_") and row["left_out"] is None
            for code in (row[column] or "").split(",")
            if code in _GAPS
        ]
        if few:
            gaps.append(_gap(names[row["station"]], [item for item, _ in few], few[0][1]))
    return gaps


def _lines(
    kind: str, frame: pl.DataFrame, *place: str, day: str | None = None
) -> list[dict[str, Any]]:
    """Make a line of figures of each row."""
    lines = []
    for row in frame.iter_rows(named=True):
        start, end = (row[day], row[day]) if day else (row["start"], row["end"])
        values = {
            name: text_of(value)
            for name, value in row.items()
            if value is not None and name not in {*place, "start", "end", "date", "basis"}
        }
        lines.append(
            {
                "kind": kind,
                "place": " ".join(str(row[name]) for name in place),
                "start": start.isoformat(),
                "end": end.isoformat(),
                "basis": row.get("basis"),
                "figures": values,
            }
        )
    return lines


Method = Callable[["Lake", "Asked", pl.DataFrame, "Span", str, Basis], Figures]
COMPUTED: dict[str, Method] = {"air": air, "water": water} | {d: _points(d) for d in MEDIA}
"""The methods of each domain."""

"""Assess surface water: samples of the lake to means of sections, classes, shares and index."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import polars as pl

from shanshui.platform.assess import lakes
from shanshui.platform.assess.air_figures import FIGURES, NO_DATA, written
from shanshui.platform.assess.averages import MADE, entered, fingerprints, indicators, sampled
from shanshui.platform.assess.job import Job, Series, Version
from shanshui.platform.assess.samples import SampleRun
from shanshui.platform.assess.terms import Term
from shanshui.standards.errors import UnverifiedFigure
from shanshui.water import surface
from shanshui.water.surface.aggregate import known_items
from shanshui.water.surface.classify import standard

_HOME = "shanshui.water.surface"
_RATIO, _INDEX = 1, 4  # decimals of a share, of the index where the catalogue has none


class WaterRun(SampleRun):
    """One roster of surface water in one run, the lakes of it among the places."""

    domain = "water"

    def __init__(self, job: Job, series: Series) -> None:
        super().__init__(job, series)
        self._lakes: set[str] = set()  # places that are no regions of sections

    @classmethod
    def known(cls) -> list[str]:
        """Return the properties that are read."""
        return list(dict.fromkeys([*known_items(standard(None)), *lakes.parameters()]))

    @classmethod
    def wanted(cls) -> list[str]:
        """Return the indicators that are answered."""
        return [*wanted(), *lakes.wanted()]

    def figures(
        self,
        rows: pl.DataFrame,
        term: Term,
        listed: pl.DataFrame,
        regions: pl.DataFrame,
        edition: str | None,
    ) -> pl.DataFrame:
        """Compute the figures of regions over a period; see `figures_of`, `lakes.figures_of`."""
        items = known_items(standard(edition))
        own = rows.filter(pl.col("property").is_in(items))
        wide = regions.filter(~pl.col("region").is_in(self._lakes))
        parts = [lakes.figures_of(rows, term, listed, regions)]
        if own.height:
            parts.append(figures_of(own, term, listed, wide, items, edition))
        return pl.concat(parts, how="diagonal")

    def regions(self, version: Version) -> pl.DataFrame:
        """Return sections with every region that they count for, and lakes as places."""
        parts = self.regions_of(version)
        known = pl.concat(parts)["region"].unique().to_list()
        with self.job.workspace.ledger.read() as session:
            bodies = lakes.places(session, version.counted, known)
        self._lakes |= set(bodies["region"])
        return pl.concat([*parts, bodies]).unique(maintain_order=True)


def wanted() -> dict[str, dict[str, Any]]:
    """Return the indicators of the catalogue that surface water answers, by code."""
    return indicators(_HOME)


def sections(
    rows: pl.DataFrame,
    term: Term,
    listed: pl.DataFrame,
    items: Sequence[str],
    edition: str | None,
) -> pl.DataFrame:
    """Average the samples of a period by section, and judge them against the roster.

    Parameters
    ----------
    rows : polars DataFrame
        Long observations of the period.
    term : Term
        The period.
    listed : polars DataFrame
        The roster.
    items : sequence of str
        Items of the standard.
    edition : str or None
        By default the one there is.

    Returns
    -------
    polars DataFrame
        A row for each section: its means, ``class, attains, left_out`` …
    """
    wide = sampled(rows, items, term).join(listed.select("station", "kind"), on="station")
    kind: Any = term.months if term.kind == "ytd" else term.kind
    means = surface.aggregate(wide, by=["station", "kind"], period=kind, edition=edition)
    placed = surface.enroll(means.drop("kind"), surface.roster(listed))
    return surface.classify(placed, kind="kind", target="target")


def figures_of(
    rows: pl.DataFrame,
    term: Term,
    listed: pl.DataFrame,
    regions: pl.DataFrame,
    items: Sequence[str],
    edition: str | None,
) -> pl.DataFrame:
    """Compute the figures of regions over a period.

    Parameters
    ----------
    rows, term, listed, items, edition
        As in `sections`.
    regions : polars DataFrame
        ``station`` with each ``region`` that it counts for.

    Returns
    -------
    polars DataFrame
        Columns of `FIGURES`, ``inputs`` and ``raw``.
    """
    judged = sections(rows, term, listed, items, edition)
    placed = judged.filter(pl.col("left_out").is_null()).join(regions, on="station")
    if placed.is_empty():
        return pl.DataFrame(schema=MADE)
    shares = surface.shares(placed, by="region")
    with warnings.catch_warnings():
        # What is not certain of the index is said in the documentation.
        warnings.simplefilter("ignore", UnverifiedFigure)
        index = surface.cwqi(placed, by="region", kind="kind")
    known = standard(edition).name
    parts = []
    for code, row in wanted().items():
        _, column = row["method"].split(":")
        if column == "class":
            parts.append(_class_of_river(placed, code, row))
            continue
        source = index if column == "cwqi" else shares
        value = pl.col(column) if column in source.columns else pl.lit(None, pl.Float64)
        reason = (
            pl.lit("missing_items:") + pl.col("missing")
            if column == "cwqi"
            else pl.lit("no_target" if column.startswith("attained") else NO_DATA)
        )
        decimals = row["decimals"]
        if decimals is None:
            decimals = _INDEX if column == "cwqi" else _RATIO
        parts.append(
            source.select(
                pl.lit(code).alias("indicator"),
                "region",
                written(value, decimals).alias("value"),
                pl.lit(row["unit"], pl.String).alias("unit"),
                pl.when(value.is_null()).then(reason).alias("reason"),
                pl.lit(row["method"]).alias("method"),
            )
        )
    marks = _marks(placed, rows, items)
    out = pl.concat(parts).join(marks, on="region", how="left")
    return out.with_columns(
        pl.lit(term.text).alias("period"),
        pl.lit(known).alias("edition"),
        *(pl.lit(None, pl.String).alias(c) for c in ("state", "dust")),
        pl.lit(None, pl.Int64).alias("days_valid"),
    ).select(*FIGURES, "inputs", "raw")


def _class_of_river(placed: pl.DataFrame, code: str, row: dict[str, Any]) -> pl.DataFrame:
    """Judge the river that an indicator names, where it has fewer than five sections."""
    river = str(row["name"]).removesuffix("水质类别")
    own = placed.filter(pl.col("river") == river)
    empty = pl.DataFrame(
        schema=dict.fromkeys(
            ("indicator", "region", "value", "unit", "reason", "method"), pl.String
        )
    )
    if own.is_empty():
        return empty
    judged = surface.evaluate(own, by="region", kind="kind")
    value = pl.col("class").cast(pl.String)
    return judged.select(
        pl.lit(code).alias("indicator"),
        "region",
        value.alias("value"),
        pl.lit(row["unit"], pl.String).alias("unit"),
        pl.when(value.is_null()).then(pl.lit("judged_by_shares")).alias("reason"),
        pl.lit(row["method"]).alias("method"),
    )


def _marks(placed: pl.DataFrame, rows: pl.DataFrame, items: Sequence[str]) -> pl.DataFrame:
    """Return the fingerprint of the means that entered, and how many values nobody reviewed."""
    shown = [c for c in (*items, "target") if c in placed.columns]
    once = placed.unique("station", maintain_order=True)
    return fingerprints(placed.join(entered(once, shown, rows), on="station", how="left"))

"""Assess groundwater, drinking-water sources and the sea: samples of points to shares of them."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from shanshui.platform.assess.averages import (
    MADE,
    averaged,
    entered,
    fingerprints,
    indicators,
    sampled,
    told,
)
from shanshui.platform.assess.job import Version
from shanshui.platform.assess.samples import SampleRun
from shanshui.platform.assess.terms import Term
from shanshui.platform.catalog.names import region_rows
from shanshui.platform.ingest.measures import measures
from shanshui.standards.errors import UnverifiedFigure
from shanshui.water import ground, sea, sources

GROUND, SOURCES, SEA = "shanshui.water.ground", "shanshui.water.sources", "shanshui.water.sea"
_NAMED = {"co": "w20038"}
"""Items that the lake calls otherwise than the standard: ``co`` is carbon monoxide there."""
_SHARE = 1  # decimals of a share where the catalogue has none
_UNDERGROUND = "地下水"  # the kind of such a source
_BY_AREA, _BY_POINTS = "面积法", "点位法"
JUDGED = ("station", "class_name", "main_text", "left_out", "entered", "raw")
"""Columns that every judgement of points has."""


class PointsRun(SampleRun):
    """One roster of points in one run, each judged by its samples of a period.

    A subclass says by what points are judged and how they are counted.
    """

    home = ""
    """The module whose functions answer the indicators."""

    @classmethod
    def wanted(cls) -> list[str]:
        """Return the codes of the indicators that are answered."""
        return list(indicators(cls.home))

    @classmethod
    @abstractmethod
    def judged(
        cls, rows: pl.DataFrame, term: Term, listed: pl.DataFrame, edition: str | None
    ) -> pl.DataFrame:
        """Judge each point over a period.

        Returns
        -------
        polars DataFrame
            A row a point: columns of `JUDGED` and what `counted` needs.
        """

    @classmethod
    @abstractmethod
    def counted(cls, placed: pl.DataFrame, everywhere: pl.DataFrame) -> pl.DataFrame:
        """Count judged points by region; see `averages.told`.

        Parameters
        ----------
        placed : polars DataFrame
            Made by `judged`, with each ``region`` of a point.
        everywhere : polars DataFrame
            All assessed points of the roster with each ``region``, sampled or not.
        """

    def figures(
        self,
        rows: pl.DataFrame,
        term: Term,
        listed: pl.DataFrame,
        regions: pl.DataFrame,
        edition: str | None,
    ) -> pl.DataFrame:
        """Compute the figures of regions over a period."""
        own = rows.filter(pl.col("station").is_in(listed["station"].to_list()))
        if own.is_empty():
            return pl.DataFrame(schema=MADE)
        everywhere = listed.filter(pl.col("left_out").is_null()).join(regions, on="station")
        placed = self.judged(own, term, listed, edition).join(
            everywhere.select("station", "region"), on="station"
        )
        if placed.is_empty():
            return pl.DataFrame(schema=MADE)
        counted = self.counted(placed, everywhere)
        return told(counted, indicators(self.home), fingerprints(placed), term, _SHARE)


class GroundRun(PointsRun):
    """One roster of wells: the class of each by the means of its items (GB/T 14848-2017)."""

    domain = "ground"
    home = GROUND

    @classmethod
    def known(cls) -> list[str]:
        """Return the properties that are read."""
        return [_NAMED.get(i, i) for i in ground.rows_of(ground.standard(None), "mg/L")]

    @classmethod
    def judged(
        cls, rows: pl.DataFrame, term: Term, listed: pl.DataFrame, edition: str | None
    ) -> pl.DataFrame:
        """Give each well the class of the means of its samples."""
        rules = ground.rows_of(ground.standard(edition), "mg/L")
        rows = _in_grams(rows)
        means = averaged(sampled(_worded(rows, rules), rules, term), term, rules)
        judged = ground.classify(means, organics="mg/L", edition=edition)
        return _with_marks(judged, [i for i in rules if i in means.columns], rows, listed)

    @classmethod
    def counted(cls, placed: pl.DataFrame, _: pl.DataFrame) -> pl.DataFrame:
        """Count wells by class."""
        shares = ground.share(placed, by="region")
        return shares.rename({"points": "stations"}).join(_editions(placed), on="region")


class SourceRun(PointsRun):
    """One roster of sources: each complies where all its samples of the period do."""

    domain = "source"
    home = SOURCES

    @classmethod
    def known(cls) -> list[str]:
        """Return the properties that are read."""
        return [_NAMED.get(i, i) for i in sources.judged_items()]

    @classmethod
    def judged(
        cls, rows: pl.DataFrame, term: Term, listed: pl.DataFrame, edition: str | None
    ) -> pl.DataFrame:
        """Say of each source whether all its samples comply, and what exceeds."""
        rules = sources.judged_items()
        rows = _in_grams(rows)
        kinds = listed.select(
            "station",
            "kind",
            pl.when(pl.col("kind") == _UNDERGROUND)
            .then(pl.lit("ground"))
            .otherwise(pl.lit("surface"))
            .alias("source"),
        )
        below = ground.rows_of(ground.standard(None), "mg/L")
        wide = sampled(_worded(rows, below), rules, term).join(kinds, on="station")
        found = sources.assess(wide, source="source", kind="kind", organics="mg/L", edition=edition)
        items = [i for i in rules if i in wide.columns]
        # What is no item of such a source plays no part.
        used = found.select(
            "station",
            "time",
            *(
                pl.when(pl.col("used").str.split(",").list.contains(i)).then(i).alias(i)
                for i in items
            ),
        )
        complies = (
            found.filter(pl.col("complies").is_not_null())
            .group_by("station")
            .agg(
                pl.col("complies").all(),
                pl.col("exceeding_text").drop_nulls().unique().sort().str.join("；"),
                pl.col("edition").first(),
            )
        )
        complies = complies.with_columns(pl.col("exceeding_text").replace("", None))
        judged = found.select("station").unique().join(complies, on="station", how="left")
        judged = judged.with_columns(
            pl.when("complies").then(pl.lit("达标")).when(~pl.col("complies"))
            .then(pl.lit("不达标")).alias("class_name")
        )  # fmt: skip
        return _with_marks(judged, items, rows, listed, used)

    @classmethod
    def counted(cls, placed: pl.DataFrame, _: pl.DataFrame) -> pl.DataFrame:
        """Count sources that comply."""
        shares = sources.rate(placed, by="region")
        return (
            shares.drop("reason", strict=False)
            .rename({"sources": "stations"})
            .join(_editions(placed), on="region")
        )


class SeaRun(PointsRun):
    """One roster of points of the sea: classes of the means (GB 3097-1997), by area or points."""

    domain = "sea"
    home = SEA

    @classmethod
    def known(cls) -> list[str]:
        """Return the properties that are read; ammonium is the lake's ammonia nitrogen."""
        e = sea.standard(None)
        items = [row["item"] for row in e.table("limits")]
        parts = [_AMMONIUM.get(i, i) for i in e.table("din_parts")]
        return list(dict.fromkeys([*items, *parts]))

    def regions_of(self, version: Version) -> list[pl.DataFrame]:
        """Return points by region; all within the region of the workspace count for it.

        A province with cities that have no sea is never a group of the roster.
        """
        parts = super().regions_of(version)
        if (home := self.job.workspace.region) is not None:
            inside = pl.concat(parts).filter(pl.col("region").is_in(_within(home)))
            parts.append(inside.with_columns(pl.lit(home).alias("region")))
        return parts

    @classmethod
    def judged(
        cls, rows: pl.DataFrame, term: Term, listed: pl.DataFrame, edition: str | None
    ) -> pl.DataFrame:
        """Give each point the class of the means of its samples."""
        e = sea.standard(edition)
        rules = {row["item"]: row for row in e.table("limits")}
        names = {said: part for part, said in _AMMONIUM.items()}
        rows = rows.with_columns(pl.col("property").replace(names))
        wide = sampled(rows, dict.fromkeys([*rules, *e.table("din_parts")]), term)
        with warnings.catch_warnings():
            # What is not certain of the limits is said in the documentation.
            warnings.simplefilter("ignore", UnverifiedFigure)
            wide = _with_din(wide, list(e.table("din_parts")))
            means = averaged(wide, term, rules)
            judged = sea.classify(means, edition=edition)
        marked = _with_marks(judged, [i for i in rules if i in means.columns], rows, listed)
        return marked.join(listed.select("station", "area"), on="station", how="left")

    @classmethod
    def counted(cls, placed: pl.DataFrame, everywhere: pl.DataFrame) -> pl.DataFrame:
        """Count points or areas by class: areas where every point of the roster has one."""
        parts = []
        known = pl.col("area").is_not_null()
        ways = everywhere.group_by("region").agg(whole=known.all(), none=(~known).all())
        placed = placed.join(ways, on="region")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnverifiedFigure)
            for rows, area, formula in (
                (placed.filter("whole"), "area", _BY_AREA),
                (placed.filter("none"), None, _BY_POINTS),
            ):
                if rows.height:
                    shares = sea.evaluate(rows, by="region", area=area)
                    parts.append(
                        shares.select("region", "points", "good_ratio").with_columns(
                            formula=pl.lit(formula), reason=pl.lit(None, pl.String)
                        )
                    )
        mixed = placed.filter(~pl.col("whole"), ~pl.col("none"))
        if mixed.height:
            parts.append(
                mixed.group_by("region").agg(
                    pl.col("class").is_not_null().sum().cast(pl.Int64).alias("points"),
                    pl.lit(None, pl.Float64).alias("good_ratio"),
                    pl.lit(None, pl.String).alias("formula"),
                    pl.lit("some_areas").alias("reason"),
                )
            )
        both = pl.concat(parts, how="diagonal_relaxed")
        return both.rename({"points": "stations"}).join(_editions(placed), on="region")


POINTS: dict[str, type[PointsRun]] = {"source": SourceRun, "ground": GroundRun, "sea": SeaRun}
"""What judges the points of each domain."""
_AMMONIUM = {"nh4n": "nh3n"}
"""Part of inorganic nitrogen and what the lake calls it."""


def _within(region: str) -> list[str]:
    """Return the codes of the places within a region."""
    found, level = [], {region}
    while level:
        level = {row["code"] for row in region_rows() if row["parent"] in level}
        found += sorted(level)
    return found


def _in_grams(rows: pl.DataFrame) -> pl.DataFrame:
    """Bring what the lake has in µg/L to mg/L, and its codes to those of the standard."""
    small = [code for code, one in measures().items() if one.unit == "ug/L"]
    value = pl.when(pl.col("property").is_in(small)).then(pl.col("value") / 1000)
    codes = {said: item for item, said in _NAMED.items()}
    return rows.with_columns(
        value.otherwise(pl.col("value")).alias("value"), pl.col("property").replace(codes)
    )


def _worded(rows: pl.DataFrame, rules: Mapping[str, Mapping[str, Any]]) -> pl.DataFrame:
    """Give what is judged by a word (无, 有) a number where nothing was found."""
    words = [i for i, row in rules.items() if row["sense"] == "none"]
    bare = pl.col("flag").str.split(",").list.contains("ND").fill_null(value=False)
    nothing = pl.col("property").is_in(words) & pl.col("value").is_null() & bare
    return rows.with_columns(pl.when(nothing).then(0.0).otherwise("value").alias("value"))


def _with_din(wide: pl.DataFrame, parts: Sequence[str]) -> pl.DataFrame:
    """Sum the parts of inorganic nitrogen sample by sample, where it is not given itself."""
    if not set(parts) & set(wide.columns):
        return wide
    there = wide.select("station", "time", *(c for c in wide.columns if c in parts))
    summed = sea.classify(there, items=["din"])["din_sum"]
    if "din" not in wide.columns:
        return wide.with_columns(summed.alias("din"))
    return wide.with_columns(pl.coalesce("din", summed.cast(wide.schema["din"])).alias("din"))


def _with_marks(
    judged: pl.DataFrame,
    items: list[str],
    rows: pl.DataFrame,
    listed: pl.DataFrame,
    samples: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Add what entered, why the roster leaves a point out, and the words of what exceeds."""
    marks = entered(judged if samples is None else samples, items, rows)
    return (
        judged.rename({"exceeding_text": "main_text"})
        .join(marks, on="station", how="left")
        .join(listed.select("station", "left_out"), on="station")
    )


def _editions(placed: pl.DataFrame) -> pl.DataFrame:
    """Return the editions that points of a region are judged by."""
    named = pl.col("edition").drop_nulls().unique().sort().str.join("、")
    return placed.group_by("region").agg(named)

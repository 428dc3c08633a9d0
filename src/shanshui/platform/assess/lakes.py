"""The trophic level index of lakes: of each lake by its name, and of regions that have one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import select

from shanshui.platform.assess.averages import (
    MADE,
    averaged,
    entered,
    fingerprints,
    indicators,
    sampled,
    told,
)
from shanshui.platform.store.models import Region
from shanshui.water import lake
from shanshui.water._means import means
from shanshui.water.surface.aggregate import least_of
from shanshui.water.surface.classify import standard

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.assess.terms import Term

_HOME = "shanshui.water.lake"
_OWN_PLACES = ("unit", "group")
LAKE = "湖库"
_MOST_NAMED = 6


def wanted() -> dict[str, dict[str, Any]]:
    """Return the indicators of the catalogue that lakes answer, by code."""
    return indicators(_HOME)


def parameters() -> list[str]:
    """Return the properties that the index is made of."""
    return [row["item"] for row in lake.standard(None).table("parameters")]


def points(stations: pl.DataFrame) -> pl.DataFrame:
    """Return the points of a roster that lie in lakes: ``station``, ``lake``.

    A point whose water body is not stated stands for itself.
    """
    kept = stations.filter(pl.col("kind") == LAKE, pl.col("left_out").is_null())
    return kept.select("station", pl.coalesce("river", "name").alias("lake"))


def places(session: Session, stations: pl.DataFrame, taken: Sequence[str]) -> pl.DataFrame:
    """Return the points of lakes with the place that a lake is: ``station``, ``region``.

    That is the place of the ledger with just its name, else the name itself; never a city or county
    that is called like the lake (巢湖市), nor what is a region already.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    stations : polars DataFrame
        As `rosters.stations` gives them.
    taken : sequence of str
        Regions of the roster.
    """
    query = select(Region.name, Region.code).where(Region.level.in_(_OWN_PLACES))
    codes = {str(name): str(code) for name, code in session.execute(query)}
    found = points(stations)
    named = found.select("station", pl.col("lake").replace(codes).alias("region"))
    return named.filter(~pl.col("region").is_in(list(taken)))


def of_points(rows: pl.DataFrame, term: Term, listed: pl.DataFrame) -> pl.DataFrame:
    """Average the parameters of each point of a lake over a period.

    Parameters
    ----------
    rows : polars DataFrame
        Long observations of the period.
    term : Term
        The period.
    listed : polars DataFrame
        The roster.

    Returns
    -------
    polars DataFrame
        A row a ``station``: ``lake``, the parameters, ``short`` (why one of them has no mean in
        spite of samples), ``entered``, ``raw``; no row where there are no samples.
    """
    rules = {row["item"]: row for row in lake.standard(None).table("parameters")}
    here = points(listed)
    rows = rows.filter(
        pl.col("property").is_in(list(rules)), pl.col("station").is_in(here["station"].to_list())
    )
    if rows["value"].null_count() == rows.height:
        return pl.DataFrame()
    found = averaged(sampled(rows, rules, term), term, rules)
    items = [i for i in rules if i in found.columns]
    kind: Any = term.months if term.kind == "ytd" else term.kind
    least, few = least_of(kind, None, standard(None))
    scant = {i: pl.col(f"n_{i}").is_between(1, least - 1) for i in items}
    core = [scant[i] for i in lake.standard(None).table("core") if i in items]
    short = pl.any_horizontal(core) if core else pl.lit(value=False)
    found = found.with_columns(pl.when(short).then(pl.lit(few)).alias("short")).with_columns(
        pl.when(~scant[i]).then(i).alias(i) for i in items
    )
    marks = entered(found, items, rows)
    return found.select("station", *items, "short").join(here, on="station").join(
        marks, on="station", how="left"
    )  # fmt: skip


def figures_of(
    rows: pl.DataFrame, term: Term, listed: pl.DataFrame, regions: pl.DataFrame
) -> pl.DataFrame:
    """Compute the index of lakes and of regions over a period.

    Means come first: in time for each point, then over the points. A region with several lakes has
    no index, and the reason names them.

    Parameters
    ----------
    rows, term, listed
        As in `of_points`.
    regions : polars DataFrame
        ``station`` with each ``region`` that it counts for, lakes among them.

    Returns
    -------
    polars DataFrame
        Columns of `MADE`.
    """
    made = of_points(rows, term, listed)
    if made.is_empty():
        return pl.DataFrame(schema=MADE)
    e = lake.standard(None)
    rules = {row["item"]: row for row in e.table("parameters")}
    items = [i for i in rules if i in made.columns]
    lakes = (
        points(listed)
        .join(regions, on="station")
        .group_by("region")
        .agg(pl.col("lake").unique().sort().alias("lakes"))
    )
    placed = made.join(regions, on="station")
    if placed.is_empty():
        return pl.DataFrame(schema=MADE)
    some = pl.any_horizontal(pl.col(i).is_not_null() for i in items)
    counts = placed.group_by("region").agg(
        some.sum().cast(pl.Int64).alias("stations"), pl.col("short").drop_nulls().first()
    )
    index = lake.tli(means(placed, ["region"], rules))
    names = {i: str(row["name"]) for i, row in rules.items()}
    lacking = pl.col("reason_tli").str.replace_all("missing_", "")
    used = pl.col("parameters").str.split(",")
    said = used.list.eval(pl.element().replace_strict(names, return_dtype=pl.String))
    single = pl.col("lakes").list.len() == 1
    counted = (
        index.join(counts, on="region")
        .join(lakes, on="region")
        .with_columns(
            pl.when(~single)
            .then(pl.lit("several_lakes:") + _named(pl.col("lakes")))
            .otherwise(pl.coalesce("short", pl.lit("missing_items:") + lacking))
            .alias("reason"),
            pl.when(single).then("tli").alias("tli"),
            # Fewer than the five parameters are another index.
            pl.when(single & (used.list.len() < len(rules)))
            .then(pl.lit("参数：") + said.list.join("、"))
            .alias("formula"),
        )
    )
    inputs = fingerprints(placed).join(
        counted.select("region", single.alias("single")), on="region", how="left"
    )
    inputs = inputs.select("region", pl.when("single").then("inputs").alias("inputs"), "raw")
    return told(counted, wanted(), inputs, term, int(e.parameter("digits")))


def _named(lakes: pl.Expr) -> pl.Expr:
    """Name lakes; of many the first and how many there are."""
    many = pl.lit("等 ") + lakes.list.len().cast(pl.String) + pl.lit(" 个")
    more = pl.when(lakes.list.len() > _MOST_NAMED).then(many).otherwise(pl.lit(""))
    return lakes.list.head(_MOST_NAMED).list.join("、") + more

"""Figures of air from days of areas: HJ 663 statistics as rows, an indicator each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import polars as pl

from shanshui import air
from shanshui.air._rules import DAILY, SIX, pollutant
from shanshui.air.statistics import MEANS, figure_digits, percentile
from shanshui.platform.catalog.names import indicator_rows
from shanshui.standards.editions import editions

if TYPE_CHECKING:
    from shanshui.air.events import Dust
    from shanshui.platform.assess.terms import Term

METHOD = "shanshui.air.statistics"
FIGURES = {
    "indicator": pl.String,
    "region": pl.String,
    "period": pl.String,
    "value": pl.String,
    "unit": pl.String,
    "reason": pl.String,
    "edition": pl.String,
    "state": pl.String,
    "dust": pl.String,
    "method": pl.String,
    "days_valid": pl.Int64,
}
"""Columns of figures, before they are results."""
MISSING_MEMBER, NO_DATA = "missing_member", "no_data"
_ITEM_OF = {i if i in MEANS else percentile(i): i for i in SIX}


@dataclass(frozen=True)
class Wanted:
    """An indicator that statistics answer.

    Attributes
    ----------
    code, unit : str
        Of the catalogue.
    column : str
        Of the statistics.
    decimals : int
        Digits of the figure: those of the catalogue, where they are more than the edition's.
    """

    code: str
    unit: str | None
    column: str
    decimals: int

    @property
    def item(self) -> str | None:
        """The item, where the figure is a concentration."""
        return _ITEM_OF.get(self.column)


@cache
def wanted() -> tuple[Wanted, ...]:
    """Return the indicators of the catalogue that the statistics answer."""
    newest = editions("air")[-1]
    found = []
    for row in indicator_rows():
        home, _, column = row["method"].partition(":")
        if home != METHOD:
            continue
        least = 0 if column.endswith("_days") else figure_digits(column, newest, None)
        found.append(Wanted(row["code"], row["unit"], column, max(least, row["decimals"] or 0)))
    return tuple(found)


@cache
def digits() -> dict[str, int]:
    """Return the digits of concentrations that are more than the editions'."""
    newest = editions("air")[-1]
    return {
        pollutant(one.item): one.decimals
        for one in wanted()
        if one.item and one.decimals > figure_digits(one.column, newest, None)
    }


def figures(
    days: pl.DataFrame,
    terms: Sequence[Term],
    groups: Mapping[str, Sequence[str]],
    *,
    edition: str | None = None,
    dusts: Sequence[Dust | None] = (None,),
) -> pl.DataFrame:
    """Compute the figures of regions over periods.

    Parameters
    ----------
    days : polars DataFrame
        Days of areas: ``region, date``, items and, where there are events, marks.
    terms : sequence of Term
        Periods.
    groups : mapping
        Provinces and groups, and the cities whose statistics they are the mean of.
    edition : str, optional
        By default the one of each period's last day.
    dusts : sequence
        What is done with values that events mark; a row for each.

    Returns
    -------
    polars DataFrame
        Columns of `FIGURES`.
    """
    parts = []
    for dust in dusts:
        said: dict[str, Any] = {"by": "region", "edition": edition, "digits": digits()}
        if dust is not None:
            said["dust"] = dust
        frames = statistics_of(days, terms, said)
        if not frames:
            continue
        # Most of the time goes into building expressions, so what can be done at once is.
        frame = pl.concat(frames, how="vertical_relaxed")
        parts.append(_rows(frame))
        if groups:
            grouped = air.group(frame, groups, by="region", digits=digits())
            parts.append(_rows(grouped.rename({"group": "region"})))
    empty = pl.DataFrame(schema=FIGURES)
    found = pl.concat([empty, *parts])
    named = pl.DataFrame(
        {"_label": [one.label for one in terms], "_text": [one.text for one in terms]},
        schema={"_label": pl.String, "_text": pl.String},
    )
    return (
        found.join(named, left_on="period", right_on="_label", how="inner")
        .with_columns(period=pl.col("_text"))
        .select(*FIGURES)
    )


def statistics_of(
    days: pl.DataFrame, terms: Sequence[Term], said: Mapping[str, Any]
) -> list[pl.DataFrame]:
    """Call the statistics once for each kind of period, over no more days than it needs."""
    found = []
    for kind in ("month", "quarter", "year"):
        of_kind = [one for one in terms if one.kind == kind]
        inside = _inside(days, of_kind)
        if inside.height:
            found.append(air.statistics(inside, period=kind, **said))
    years: dict[int, list[Term]] = {}
    for one in terms:
        if one.kind == "ytd":
            years.setdefault(one.end.year, []).append(one)
    for of_year in years.values():
        inside = _inside(days, of_year)
        # A place has 1—N月 only where it has days of month N or later.
        last = max(of_year)
        if len(of_year) > 1:
            if inside.height:
                found.append(air.statistics(inside, period="ytd", **said))
            continue
        reached = days.filter(
            pl.col("date") >= last.end.replace(day=1), pl.col("date").dt.year() == last.end.year
        )
        inside = inside.join(reached.select("region").unique(), on="region", how="semi")
        if inside.height:
            frame = air.statistics(inside, period=last.months, **said)
            found.append(frame.with_columns(period=pl.lit(last.label)))
    return found


def _inside(days: pl.DataFrame, terms: Sequence[Term]) -> pl.DataFrame:
    if not terms:
        return days.clear()
    spans = [pl.col("date").is_between(one.start, one.end) for one in terms]
    return days.filter(pl.any_horizontal(spans))


def _rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn wide statistics into a row for each indicator."""
    of_group = "members" in frame.columns
    dust = pl.col("basis").str.extract(r"dust=([^;]*)")
    dust = pl.when(dust != "未说明").then(dust)
    parts = []
    for one in wanted():
        if one.column not in frame.columns:
            continue
        if of_group:
            reason, valid = pl.lit(MISSING_MEMBER), pl.lit(None, pl.Int64)
        elif one.item:
            reason, valid = pl.col(f"reason_{one.item}"), pl.col(f"days_{one.item}")
        elif one.column == "composite":
            reason, valid = _reasons(), pl.col("valid_days")
        else:
            reason, valid = pl.lit(NO_DATA), pl.col("valid_days")
        value = pl.col(one.column)
        parts.append(
            frame.select(
                pl.lit(one.code).alias("indicator"),
                "region",
                "period",
                written(value, one.decimals).alias("value"),
                pl.lit(one.unit, pl.String).alias("unit"),
                pl.when(value.is_null()).then(pl.coalesce(reason, pl.lit(NO_DATA))).alias("reason"),
                "edition",
                "state",
                dust.alias("dust"),
                pl.lit(f"{METHOD}:{one.column}").alias("method"),
                valid.cast(pl.Int64).alias("days_valid"),
            )
        )
    return pl.concat(parts)


def _reasons() -> pl.Expr:
    """Name the items for want of which there is no composite index."""
    return pl.concat_str(
        [
            pl.when(pl.col(f"index_{i}").is_null()).then(
                pl.lit(f"{i}:") + pl.col(f"reason_{i}").fill_null(NO_DATA)
            )
            for i in SIX
        ],
        separator=",",
        ignore_nulls=True,
    )


def written(value: pl.Expr, decimals: int) -> pl.Expr:
    """Write a figure with its decimals, as it is published.

    Examples
    --------
    >>> pl.select(written(pl.lit(80.6), 1), written(pl.lit(81.0), 0).alias("b")).row(0)
    ('80.6', '81')
    """
    scaled = (value * 10**decimals).round().cast(pl.Int64)
    text = scaled.abs().cast(pl.String).str.zfill(decimals + 1)
    if decimals:
        text = pl.concat_str(
            text.str.slice(0, text.str.len_chars() - decimals), pl.lit("."), text.str.tail(decimals)
        )
    return pl.when(scaled < 0).then(pl.lit("-") + text).otherwise(text)


def fingerprints(days: pl.DataFrame, terms: Sequence[Term]) -> pl.DataFrame:
    """Return what tells the days that entered a figure from others, and how much data is raw.

    Parameters
    ----------
    days : polars DataFrame
        As in `figures`, with ``raw``.
    terms : sequence of Term
        Periods.

    Returns
    -------
    polars DataFrame
        ``region, period, inputs, raw``.
    """
    marks = [c for c in days.columns if c.startswith("excluded_")]
    cells = [pl.col(c).cast(pl.String).fill_null("-") for c in ("date", *DAILY, *marks)]
    months = (
        days.sort("region", "date")
        .group_by("region", pl.col("date").dt.strftime("%Y-%m").alias("month"), maintain_order=True)
        .agg(pl.concat_str(cells, separator=",").str.join("\n").alias("text"), pl.col("raw").sum())
    )
    known: dict[str, list[tuple[str, str, int]]] = {}
    for region, month, text, raw in months.rows():
        mark = sha256(text.encode()).hexdigest()
        known.setdefault(region, []).append((month, mark, raw))
    rows = []
    for region, found in known.items():
        for one in terms:
            first, last = one.months
            inside = [f for f in found if first <= f[0] <= last]
            if inside:
                both = sha256("".join(f[0] + f[1] for f in inside).encode()).hexdigest()
                rows.append((region, one.text, both[:16], sum(f[2] for f in inside)))
    schema = {"region": pl.String, "period": pl.String, "inputs": pl.String, "raw": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")

"""What figures from samples of points have in common: the means, what entered, and the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import polars as pl

from shanshui.platform.assess.air_figures import FIGURES, NO_DATA, written
from shanshui.platform.catalog.names import indicator_rows
from shanshui.platform.review.frozen_figures import samples as samples_of
from shanshui.water._means import means

if TYPE_CHECKING:
    from shanshui.platform.assess.terms import Term

MADE: dict[str, Any] = FIGURES | {
    "inputs": pl.String,
    "raw": pl.Int64,
    "formula": pl.String,
    "stations": pl.Int64,
}
"""Columns of figures from samples; the last two where a figure says them itself."""


def indicators(home: str) -> dict[str, dict[str, Any]]:
    """Return the indicators of the catalogue that functions of a module answer, by code."""
    return {row["code"]: row for row in indicator_rows() if row["method"].startswith(f"{home}.")}


def sampled(rows: pl.DataFrame, items: Iterable[str], term: Term) -> pl.DataFrame:
    """Turn the observations of a period into samples, each of the day that it ends in.

    Parameters
    ----------
    rows : polars DataFrame
        Long observations of the period.
    items : iterable of str
        Items to take.
    term : Term
        The period.

    Returns
    -------
    polars DataFrame
        ``station``, ``time`` and the items that are there, as a laboratory writes them.
    """
    known = set(rows["property"].unique())
    there = [i for i in items if i in known]
    # What ends at one moment may be of several lengths (a day's sample, an hour's): a sample each.
    number = pl.col("period").rank("dense").over("station", "property", "time").cast(pl.Int64)
    moments = rows.filter(pl.col("property").is_in(there)).with_columns(
        time=pl.col("time") - pl.duration(microseconds=number - 1), period=pl.lit(1, pl.Int32)
    )
    return samples_of(moments, there, datetime.combine(term.start, time()))


def averaged(
    samples: pl.DataFrame, term: Term, rows: Mapping[str, Mapping[str, Any]]
) -> pl.DataFrame:
    """Average the samples of points over a period as those of surface water are (环办〔2011〕22号).

    A month and a quarter are the mean of their samples, longer periods that of the monthly means.

    Parameters
    ----------
    samples : polars DataFrame
        Made by `sampled`.
    term : Term
        The period.
    rows : mapping
        By item what the standard says of it.

    Returns
    -------
    polars DataFrame
        A row a ``station``; see `shanshui.water._means.means`.
    """
    if term.kind in ("year", "ytd"):
        months = samples.with_columns(month=pl.col("time").dt.truncate("1mo"))
        samples = means(months, ["station", "month"], rows)
    return means(samples, ["station"], rows)


def entered(frame: pl.DataFrame, items: Sequence[str], rows: pl.DataFrame) -> pl.DataFrame:
    """Write down what of each point entered, and count what nobody reviewed.

    Parameters
    ----------
    frame : polars DataFrame
        Means, or samples with their ``time``.
    items : sequence of str
        Columns that enter.
    rows : polars DataFrame
        The observations that they are made of.

    Returns
    -------
    polars DataFrame
        ``station``, ``entered`` (a text of the items that have a value) and ``raw``.
    """
    keys = [c for c in ("time",) if c in frame.columns]
    cells = [pl.lit(f"{c}=") + pl.col(c).cast(pl.String) for c in (*keys, *sorted(items))]
    texts = (
        frame.select("station", *keys, pl.concat_str(cells, separator=",", ignore_nulls=True))
        .rename({"literal": "entered"})
        .sort("station", *keys)
        .group_by("station", maintain_order=True)
        .agg(pl.col("entered").str.join(";"))
    )
    waiting = (
        rows.filter(pl.col("state") == "raw", pl.col("value").is_not_null())
        .group_by("station")
        .agg(pl.len().cast(pl.Int64).alias("raw"))
    )
    return texts.join(waiting, on="station", how="left")


def fingerprints(placed: pl.DataFrame) -> pl.DataFrame:
    """Return the fingerprint of what entered by region, and how many values nobody reviewed."""
    cells = [pl.col("station"), pl.col("entered").fill_null("-")]
    texts = (
        placed.sort("region", "station")
        .group_by("region", maintain_order=True)
        .agg(
            pl.concat_str(cells, separator=":").str.join("\n").alias("text"),
            pl.col("raw").sum(),
        )
    )
    return hashed(texts)


def hashed(texts: pl.DataFrame) -> pl.DataFrame:
    """Return ``region, inputs, raw``: for the text of what entered its fingerprint."""
    found = [sha256(text.encode()).hexdigest()[:16] for text in texts["text"]]
    return texts.select("region", pl.Series("inputs", found, dtype=pl.String), "raw")


def told(
    counted: pl.DataFrame,
    rows: Mapping[str, Mapping[str, Any]],
    inputs: pl.DataFrame,
    term: Term,
    digits: int,
) -> pl.DataFrame:
    """Lay what was counted out as figures, an indicator and region each.

    Parameters
    ----------
    counted : polars DataFrame
        ``region, edition``, the columns that the methods of the indicators name and, where they
        have anything to say, ``stations, formula, reason``.
    rows : mapping
        The indicators of the catalogue by code.
    inputs : polars DataFrame
        Made by `fingerprints`.
    term : Term
        The period.
    digits : int
        Decimals where the catalogue has none.

    Returns
    -------
    polars DataFrame
        Columns of `MADE`.
    """
    absent = [
        pl.lit(None, kind).alias(c)
        for c, kind in (("formula", pl.String), ("reason", pl.String), ("stations", pl.Int64))
        if c not in counted.columns
    ]
    counted = counted.with_columns(absent)
    parts = []
    for code, row in rows.items():
        value = pl.col(row["method"].partition(":")[2])
        decimals = digits if row["decimals"] is None else row["decimals"]
        why = pl.coalesce("reason", pl.lit(NO_DATA))
        parts.append(
            counted.select(
                pl.lit(code).alias("indicator"),
                "region",
                written(value, decimals).alias("value"),
                pl.lit(row["unit"], pl.String).alias("unit"),
                pl.when(value.is_null()).then(why).alias("reason"),
                pl.lit(row["method"]).alias("method"),
                *("edition", "formula", "stations"),
            )
        )
    lines = pl.concat(parts).join(inputs, on="region", how="left")
    return lines.with_columns(
        pl.lit(term.text).alias("period"),
        *(pl.lit(None, pl.String).alias(c) for c in ("state", "dust")),
        pl.lit(None, pl.Int64).alias("days_valid"),
    ).select(pl.col(c).cast(kind) for c, kind in MADE.items())

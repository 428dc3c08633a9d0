"""Projections (预测) of the years of targets, from the monthly figures of the same series."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from shanshui.progress import Projection, projection, records

if TYPE_CHECKING:
    from shanshui.progress.remainder import Comparator

_LEAST = 12  # months of history below which nothing is tried, and nothing said
_SAME = ("roster", "edition", "state", "dust")
_SIGNS: dict[tuple[str, str | None], Comparator] = {
    ("<=", None): "<=",
    ("<", None): "<",
    (">=", None): ">=",
    (">", None): ">",
    ("=", "lower"): "<=",
    ("=", "higher"): ">=",
}


def projections(both: pl.DataFrame, known: pl.DataFrame, at: date) -> dict[str, Projection]:
    """Project the year of each target whose sort of series was back-tested.

    Parameters
    ----------
    both : polars.DataFrame
        Promises with the figures that were chosen for them.
    known : polars.DataFrame
        Made by `answers.figures_known`.
    at : datetime.date
        The as-of date.

    Returns
    -------
    dict
        By ``id``. A series with fewer than twelve months up to the as-of date has none.
    """
    names = {record.name for record in records()}
    asked = both.filter(
        pl.col("item").is_in(sorted(names)) & pl.col("way").is_in(["mean", "ratio"]),
        pl.col("month") == 0,
        pl.col("year").is_between(at.year, at.year + 1),
        pl.col("value").is_not_null() & pl.col("value_to").is_null(),
    )
    if asked.is_empty():
        return {}
    months = known.filter(pl.col("kind") == "month")
    histories: dict[Any, pl.DataFrame] = {}
    made: dict[Any, Projection] = {}
    found: dict[str, Projection] = {}
    for row in asked.iter_rows(named=True):
        sign = _SIGNS.get((row["comparator"], None)) or _SIGNS.get(
            (row["comparator"], row["better"])
        )
        series = (row["indicator"], row["by_region"], *(row[f"by_{name}"] for name in _SAME))
        if sign is None or row["by_region"] is None or row["by_stand_in"]:
            continue
        if series not in histories:
            histories[series] = _history(months, series)
        history = histories[series]
        if history.height < _LEAST:
            continue
        key = (series, row["item"], sign, row["value"], row["year"], row["decimals"])
        if key not in made:
            made[key] = projection(
                history,
                at=history["date"][-1],
                target=row["value"],
                comparator=sign,
                name=row["item"],
                year=row["year"],
                decimals=row["decimals"],
            )
        found[row["id"]] = made[key]
    return found


def _history(months: pl.DataFrame, series: tuple[str | None, ...]) -> pl.DataFrame:
    """Take the months of a series, the best attested of each, on one basis."""
    indicator, region, *basis = series
    same = [
        pl.col(name).is_null() | (pl.col(name) == said)
        for name, said in zip(_SAME, basis, strict=True)
        if said is not None
    ]
    mine = months.filter(pl.col("indicator") == indicator, pl.col("region") == region, *same)
    return (
        mine.unique("end", keep="first", maintain_order=True)
        .sort("end")
        .select(date="end", value=pl.col("value").cast(pl.Float64, strict=False))
    )

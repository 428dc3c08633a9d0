"""Projections (预测) of the years of targets, from the monthly figures of the same series."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from fractions import Fraction
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


def bests(both: pl.DataFrame, known: pl.DataFrame) -> dict[str, str]:
    """Give what the rest of the year came to at best in past years (往年同期最好水平).

    Of each past year in which every month that is left has its figure on the same basis, the mean
    of these months, weighted by their valid days, or by those of the calendar.

    Parameters
    ----------
    both : polars.DataFrame
        Promises with the figures that were chosen for them.
    known : polars.DataFrame
        Made by `answers.figures_known`.

    Returns
    -------
    dict
        Decimals by ``id``; none where the way is unknown, or no past year has all months.
    """
    asked = both.filter(
        pl.col("part_judged").fill_null(value=False) & pl.col("way").is_in(["mean", "ratio"]),
        ~pl.col("part_stand_in").fill_null(value=False),
    )
    months = known.filter(
        pl.col("kind") == "month",
        pl.col("value").cast(pl.Float64, strict=False).is_finite(),
    ).join(
        asked.select("indicator", region="part_region").unique(),
        on=["indicator", "region"], how="semi", maintain_order="left",
    )  # fmt: skip
    # Cut up once: a plan may have thousands of series.
    parts = months.partition_by("indicator", "region", as_dict=True, maintain_order=True)
    found: dict[str, str] = {}
    made: dict[Any, Fraction | None] = {}
    for row in asked.iter_rows(named=True):
        sign = _SIGNS.get((row["comparator"], None)) or _SIGNS.get(
            (row["comparator"], row["better"])
        )
        through = row["part_end"]
        if sign is None or (through + timedelta(days=1)).day != 1:
            continue
        basis = (row[f"part_{name}"] for name in _SAME)
        key = ((row["indicator"], row["part_region"], *basis), through, sign[0])
        if key not in made:
            mine = parts.get((row["indicator"], row["part_region"]), months.clear())
            made[key] = _best(_months(mine, key[0]), through, lowest=sign[0] == "<")
        best = made[key]
        if best is not None:
            found[row["id"]] = f"{float(best):.6f}"
    return found


def _best(months: pl.DataFrame, through: date, *, lowest: bool) -> Fraction | None:
    """Take the best of the months after a day over the years before it."""
    years: dict[int, list[tuple[Fraction, int]]] = {}
    for row in months.filter(pl.col("end").dt.month() > through.month).iter_rows(named=True):
        end: date = row["end"]
        if end.year < through.year:
            days = row["days_valid"] or monthrange(end.year, end.month)[1]
            years.setdefault(end.year, []).append((Fraction(row["value"]), days))
    whole = [had for had in years.values() if len(had) == 12 - through.month]
    means = [sum(v * n for v, n in had) / Fraction(sum(n for _, n in had)) for had in whole]
    if not means:
        return None
    return min(means) if lowest else max(means)


def _history(months: pl.DataFrame, series: tuple[str | None, ...]) -> pl.DataFrame:
    """Take the values of the months of a series, as floats."""
    return _months(months, series).select(
        date="end", value=pl.col("value").cast(pl.Float64, strict=False)
    )


def _months(months: pl.DataFrame, series: tuple[str | None, ...]) -> pl.DataFrame:
    """Take the months of a series, the best attested of each, on one basis."""
    indicator, region, *basis = series
    same = [
        pl.col(name).is_null() | (pl.col(name) == said)
        for name, said in zip(_SAME, basis, strict=True)
        if said is not None
    ]
    mine = months.filter(pl.col("indicator") == indicator, pl.col("region") == region, *same)
    return mine.unique("end", keep="first", maintain_order=True).sort("end")

"""Targets of a year and what its rest may still be, exactly, of daily values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw
import polars as pl

from shanshui import air
from shanshui.progress import Remainder, remaining
from shanshui.standards.rounding import PLACES, divide_half_even, to_fixed

if TYPE_CHECKING:
    from shanshui.air.events import Dust
    from shanshui.progress.remainder import Comparator
    from shanshui.standards import Edition

RATIOS = {"good_ratio": (1, 2), "heavy_ratio": (5, 6)}
"""Ratios of days that a target may name, with the levels of the days that count."""

MEANS = ("so2", "no2", "pm10", "pm25")
"""Items whose mean over the year a target may name; a percentile has no rest to control."""


def usual(item: str) -> Comparator:
    """Return how an item must compare with its target where nothing is said."""
    return ">=" if item == "good_ratio" else "<="


def counting(days: pl.DataFrame, item: str, dust: Dust | None) -> pl.DataFrame:
    """Take the values that events mark out of what counts for a target of an item.

    By the national rule (where there are marks and nothing else is said) means leave them out and
    ratios of days keep them.
    """
    marked = [c.removeprefix("excluded_") for c in days.columns if c.startswith("excluded_")]
    if not marked or dust == "kept" or (item in RATIOS and dust != "removed"):
        return days
    return days.with_columns(
        pl.when(pl.col(f"excluded_{i}").is_null()).then(pl.col(i)).alias(i)
        for i in marked
        if i in days.columns
    )


def sums(
    days: pl.DataFrame,
    keys: Sequence[str],
    item: str,
    *,
    edition: Edition,
    exempt: Collection[str] = (),
) -> pl.DataFrame:
    """Sum daily values as published: whole numbers, so that means of them are exact.

    Parameters
    ----------
    days : polars.DataFrame
        Keys, date and the items, of the days so far.
    keys : sequence of str
        Key columns.
    item : str
        One of `MEANS` or `RATIOS`.
    edition : Edition
        The standards that round and judge the days.
    exempt : collection of str
        As in `shanshui.air.aqi`.

    Returns
    -------
    polars.DataFrame
        Keys, ``done`` (valid days) and ``total``: the sum in units of the last published decimal,
        or the days that count.
    """
    if item in RATIOS:
        judged = air.aqi(days, edition=edition, exempt=exempt)
        counted = pl.col("level")
        total = counted.is_between(*RATIOS[item])
    else:
        places = edition.parameter("digits_daily")[item]
        whole = divide_half_even(to_fixed(nw.col(item)), 10 ** (PLACES - places))
        valid = nw.when(nw.col(item) >= 0).then(whole).alias("_whole")
        judged = nw.from_native(days).with_columns(valid).to_native()
        counted = total = pl.col("_whole")
    return judged.group_by(keys).agg(done=counted.count(), total=total.sum()).sort(keys)


def rest(
    item: str,
    target: str,
    *,
    done: int,
    total: int,
    left: int,
    edition: Edition,
    comparator: Comparator | None = None,
    digits: int | None = None,
) -> Remainder | None:
    """Say what the days left may be, of the sums that `sums` gives; None where there is no day."""
    if not done + left:
        return None
    ratio = item in RATIOS
    steps = 1 if ratio else 10 ** edition.parameter("digits_daily")[item]
    return remaining(
        target,
        done=done,
        left=left,
        mean=None if ratio or not done else Fraction(total, done * steps),
        days=total if ratio else None,
        comparator=comparator or usual(item),
        digits=digits,
    )


def days_left(last: date) -> int:
    """Count the days of the year after a day."""
    return (date(last.year, 12, 31) - last).days

"""The days behind percentiles (O₃, CO) of the running year: they alone say what is left of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from shanshui.platform.assess.behind import Behind

Find = Callable[[pl.DataFrame], "Mapping[str, Behind]"]
"""Gives what is behind figures: ``indicator, region, period, ref``; by ``ref``."""
_ROLES = ("part", "same", "last")
_DAYS = pl.List(pl.Float64)
OF_GROUP = "百分位数为各市的平均，不能按天计算余量"


def with_days(both: pl.DataFrame, find: Find | None) -> pl.DataFrame:
    """Add to percentiles of the year so far the days that they are of; without them, undo the part.

    Parameters
    ----------
    both : polars.DataFrame
        Promises with the figures that were chosen for them.
    find : callable or None
        What finds the days; None where there are none to be found.

    Returns
    -------
    polars.DataFrame
        The same rows with ``part_percent``, ``part_daily``, ``same_daily``, ``last_daily`` and
        ``undone`` (why nothing is said of the rest); ``part_judged`` is false without days.
    """
    mine = (pl.col("way") == "percentile") & pl.col("part_judged").fill_null(value=False)
    rows = both.filter(mine)
    known: Mapping[str, Behind] = {}
    if find is not None and rows.height:
        region = pl.coalesce("part_region", "region")
        asked = [
            rows.select("indicator", region=region, period=f"{role}_period", ref=f"{role}_ref")
            for role in _ROLES
        ]
        known = find(pl.concat(asked).drop_nulls().unique())
    names = ("id", "part_percent", "part_daily", "same_daily", "last_daily", "why_not")
    found = []
    for row in rows.iter_rows(named=True):
        part, same, last = (known.get(row[f"{role}_ref"] or "") for role in _ROLES)
        if part is None or not part.daily:
            found.append((row["id"], None, None, None, None, part and part.why_not))
            continue
        # Last year's days tell its course only where both parts of it are known.
        course = (same.daily, last.daily) if same and last and same.daily else (None, None)
        # Sorted as floats, which is fast: the order of days does not matter.
        found.append((row["id"], part.percent, sorted(part.daily), *course, None))
    kinds = (pl.String, pl.Int64, _DAYS, _DAYS, _DAYS, pl.String)
    table = pl.DataFrame(found, schema=dict(zip(names, kinds, strict=True)), orient="row")
    both = both.join(table, on="id", how="left", maintain_order="left")
    group = (
        (pl.col("way") == "percentile")
        & ~pl.col("one_place")
        & (pl.col("part_source") == "monitored")
        & (pl.col("part_year") == pl.col("year"))
    )
    return both.with_columns(
        part_judged=pl.when(mine).then(pl.col("part_daily").is_not_null()).otherwise("part_judged"),
        undone=pl.when(group).then(pl.lit(OF_GROUP)).otherwise("why_not"),
    ).drop("why_not")

"""Changes on last year (同比) where the roster has another version than then (同口径)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from shanshui.platform.assess import comparisons
from shanshui.platform.assess.tables import COMPARISONS

if TYPE_CHECKING:
    from datetime import datetime

    from shanshui.platform.store import Workspace

_COLUMNS = {
    "pair_value": "value",
    "pair_period": "period",
    "pair_value_before": "value_before",
    "pair_period_before": "before",
    "pair_basis": "roster",
    "pair_ref": "id",
}


def pairs_of(workspace: Workspace, as_of: datetime | None = None) -> pl.DataFrame:
    """Return the comparisons that assessment keeps; see `shanshui.platform.assess.comparisons`."""
    return comparisons.read(workspace, as_of=as_of)


def beside(chosen: pl.DataFrame, pairs: pl.DataFrame | None) -> pl.DataFrame:
    """Put pairs beside figures for which there is none of last year on the same basis.

    They only tell the change. What a year may still come to, and the course of last year, go by
    the figures of the roster itself.

    Parameters
    ----------
    chosen : polars.DataFrame
        Made by `answers.choose`: ``part_ref``, ``now_ref``, ``same_value``.
    pairs : polars.DataFrame or None
        Columns of `COMPARISONS`.

    Returns
    -------
    polars.DataFrame
        With ``pair_value`` of ``pair_period``, ``pair_value_before`` of ``pair_period_before`` on
        ``pair_basis``, ``pair_ref`` and ``pair_note`` (how many stations do not count, or changed).
    """
    rows = pl.DataFrame(schema=COMPARISONS.schema) if pairs is None else pairs
    left = pl.col("moved") + pl.col("unmeasured")
    changed = pl.col("moved") + pl.col("added") + pl.col("dropped")
    counted = [
        pl.when(number > 0).then(pl.lit(before) + number.cast(pl.String) + pl.lit("个点位"))
        for before, number in (("去", left), ("其间变动", changed))
    ]
    said = pl.concat_str(counted, separator="，", ignore_nulls=True)
    few = rows.select(
        pl.col("result").alias("_ref"),
        *(pl.col(name).alias(column) for column, name in _COLUMNS.items()),
        pair_note=pl.lit("同比按同口径")
        + pl.when(said != "").then(pl.lit("（") + said + pl.lit("）")).otherwise(pl.lit(""))
        + pl.format("：{}，{}为{}", "value", "before", "value_before"),
    )
    asked = chosen.with_columns(
        _ref=pl.when(pl.col("same_value").is_null()).then(pl.coalesce("part_ref", "now_ref"))
    )
    return asked.join(few, on="_ref", how="left", maintain_order="left").drop("_ref")

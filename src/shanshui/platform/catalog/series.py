"""Published values as series on one basis each, and targets in a few signs."""

from __future__ import annotations

from typing import Any

import polars as pl

from shanshui.standards import Basis, compare_bases

Row = dict[str, Any]

_BASIS = ("roster", "state", "dust", "edition", "formula")


def series(values: pl.DataFrame, region: str) -> pl.DataFrame:
    """Give the yearly values of one region, the best attested row of each year and basis.

    Parameters
    ----------
    values : polars.DataFrame
        Rows of `catalog.published` of one indicator.
    region : str
        The region.

    Returns
    -------
    polars.DataFrame
        The same columns, ordered by year; one row per year, roster and state.
    """
    yearly = pl.col("period").str.len_chars() == 4
    mine = values.filter(yearly, pl.col("region") == region, ~pl.col("bound"))
    return (
        mine.filter(pl.col("dust").is_null())
        .sort(
            "period",
            "confidence",
            "derived",
            pl.col("formula").is_not_null(),
            pl.col("roster").is_null(),
            pl.col("published"),
            descending=[False, False, False, False, False, True],
            nulls_last=True,
        )
        .unique(["period", "roster", "state"], keep="first", maintain_order=True)
    )


def segments(values: pl.DataFrame, region: str) -> pl.DataFrame:
    """Give the yearly values of one region as lines that each stand on one basis.

    Values are on one line while nothing that their sources state differs; a value on another
    roster, state or edition begins another line.

    Parameters
    ----------
    values : polars.DataFrame
        Rows of `catalog.published` of one indicator.
    region : str
        The region.

    Returns
    -------
    polars.DataFrame
        The columns of `series` and part (int), one row per year and part.
    """
    lines: list[Basis] = []
    rows: dict[tuple[str, int], Row] = {}
    for row in series(values, region).to_dicts():
        mine = Basis(**{name: row[name] for name in _BASIS})
        places = [i for i, known in enumerate(lines) if not compare_bases(known, mine)]
        if not places:
            lines.append(mine)
            places = [len(lines) - 1]
        place = places[-1]
        lines[place] = Basis(**(mine.stated() | lines[place].stated()))
        rows.setdefault((row["period"], place), row | {"part": place})
    return pl.DataFrame(list(rows.values()), infer_schema_length=None)


_SIGNS = {"<=": "≤", "<": "<", ">=": "≥", ">": ">", "=": "", "~": "约"}


def wording(target: Row) -> str:
    """Say a target's value in a few signs: ≤30 µg/m3, 较2020年提高10个百分点.

    Parameters
    ----------
    target : dict
        A row of `catalog.targets`.
    """
    comparator, value, unit = target["comparator"], target["value"], target["unit"] or ""
    if comparator is None:
        return "按上级下达"
    unit = "个百分点" if unit == "pp" else unit
    space = " " if unit[:1] in set("µmk") else ""
    if comparator in _SIGNS:
        return f"{_SIGNS[comparator]}{value}{space}{unit}"
    base = f"较{target['base_year']}年" if target["base_year"] else ""
    return f"{base}{'提高' if comparator == 'increase_by' else '降低'}{value}{space}{unit}"

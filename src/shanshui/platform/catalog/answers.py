"""Set the latest published values against the targets that they can answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from shanshui.platform import catalog
from shanshui.progress import Commitment, Figure, Standing, standing
from shanshui.standards import Basis, compare_bases

Row = dict[str, Any]

ANSWERED = ("已完成", "达到序时进度", "存在风险", "滞后于序时进度", "未完成")
"""States in which a figure did answer the target."""

_BASIS = ("roster", "state", "dust", "edition", "formula")


@dataclass(frozen=True)
class Answer:
    """One target of a plan and what is published about it.

    Attributes
    ----------
    ids : tuple of str
        Rows of `catalog.targets` that say the same (a plan often says it twice).
    target : dict
        The first of those rows, with the sections of all.
    document, indicator : dict
        Rows of `catalog.documents` and `catalog.indicators`.
    commitment : Commitment
        The target as `shanshui.progress` takes it.
    figure, baseline : dict or None
        Rows of `catalog.published`: the latest yearly value and the one that progress counts from.
    standing : Standing
        How it stands.
    remark : str
        What a reader has to know besides: a stand-in region, months without a year.
    """

    ids: tuple[str, ...]
    target: Row
    document: Row
    indicator: Row
    commitment: Commitment
    figure: Row | None
    baseline: Row | None
    standing: Standing
    remark: str

    @property
    def answered(self) -> bool:
        """Whether a published value answers the target."""
        return self.standing.state in ANSWERED


def answers() -> list[Answer]:
    """Judge every packaged target by the packaged published values.

    Targets that a plan repeats count once. A figure is yearly, as printed, on one basis; where
    sources differ the better attested comes first (confidence, then printed before derived, then
    the later publication).

    Returns
    -------
    list of Answer
        In the order of the plans.
    """
    documents = {row["document"]: row for row in catalog.documents().to_dicts()}
    indicators = {row["name"]: row for row in catalog.indicators().to_dicts()}
    stand_ins = {row["region"]: row for row in catalog.stand_ins().to_dicts()}
    values = catalog.published()
    found = []
    for rows in _promises():
        target = rows[0] | {"section": "；".join(dict.fromkeys(row["section"] for row in rows))}
        indicator = indicators[target["indicator"]]
        commitment = Commitment(
            target["comparator"],
            target["value"],
            target["unit"],
            target["year"],
            target["base_year"],
            target["region"],
            indicator["direction"],
            indicator["lasting"],
            Basis.parse(target["basis"] or ""),
        )
        document = documents[target["document"]]
        found.append(
            _answer(
                tuple(row["id"] for row in rows),
                target,
                document,
                indicator,
                commitment,
                values.filter(indicator=target["indicator"]),
                stand_ins.get(target["region"]),
            )
        )
    return found


def figure(row: Row) -> Figure:
    """Make a published row a figure for `shanshui.progress`."""
    basis = Basis(**{name: row[name] for name in _BASIS})
    return Figure(row["value"], int(row["period"]), row["unit"], row["region"], basis)


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
        mine = figure(row).basis
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


def _promises() -> list[list[Row]]:
    """Group the rows of targets that say the same; baselines are not promises."""
    same = ("document", "indicator", "region", "year", "value", "unit", "stretch")
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in catalog.targets().filter(pl.col("kind") != "baseline").to_dicts():
        groups.setdefault(tuple(row[name] for name in same), []).append(row)
    return list(groups.values())


def _answer(
    ids: tuple[str, ...],
    target: Row,
    document: Row,
    indicator: Row,
    commitment: Commitment,
    values: pl.DataFrame,
    stand_in: Row | None,
) -> Answer:
    region, remarks = target["region"], []
    known = series(values, region)
    if stand_in is not None:
        nearby = series(values, stand_in["series_region"])
        if max(nearby["period"], default="") > max(known["period"], default=""):
            region, known = stand_in["series_region"], nearby
            remarks.append(stand_in["note"])
    now = _latest(known, commitment.basis)
    then = _base(known, target["base_year"] or document["baseline_year"], now)
    if now is None or int(now["period"]) < (target["year"] or 0):
        remarks += _months(values, region, now)
    result = standing(
        commitment,
        None if now is None else figure(now),
        None if then is None else figure(then),
    )
    return Answer(
        ids, target, document, indicator, commitment, now, then, result, "；".join(remarks)
    )


def _latest(known: pl.DataFrame, asked: Basis) -> Row | None:
    """Pick the latest year, there the row that agrees with the plan's basis, if any does."""
    if known.is_empty():
        return None
    rows = known.filter(pl.col("period") == known["period"].max()).to_dicts()
    return min(rows, key=lambda row: len(compare_bases(asked, figure(row).basis)))


def _base(known: pl.DataFrame, year: int | None, now: Row | None) -> Row | None:
    """Pick the base year's row on the basis of the latest figure, if any is."""
    rows = known.filter(pl.col("period") == str(year)).to_dicts()
    if not rows or now is None:
        return None
    mine = figure(now).basis
    return min(rows, key=lambda row: len(compare_bases(mine, figure(row).basis)))


def _months(values: pl.DataFrame, region: str, now: Row | None) -> list[str]:
    """Tell of monthly values after the latest year: they do not make a year."""
    since = "0" if now is None else f"{now['period']}-99"
    months = values.filter(
        pl.col("region") == region,
        pl.col("period").str.contains(r"^\d{4}-\d{2}$"),
        pl.col("period") > since,
        ~pl.col("bound"),
    ).sort("period")
    if months.is_empty():
        return []
    last = months.row(-1, named=True)
    count, value = months["period"].n_unique(), f"{last['period']}：{last['value']} {last['unit']}"
    return [f"另有{count}个月的月值（最近{value}），不能代替年值"]

"""The packaged targets of the five plans, judged by the packaged published values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl

from shanshui.platform import catalog
from shanshui.platform.track import promises
from shanshui.platform.track.standings import ANSWERED, judge
from shanshui.progress import Standing
from shanshui.standards import Basis

Row = dict[str, Any]

AT = date(2026, 3, 31)
"""As of when they are judged: the last of the packaged values was published in February 2026."""
_SAME = ("document", "indicator", "region", "year", "value", "unit", "stretch")


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
    figure, baseline : dict or None
        Rows of `catalog.published`: the value that it is set against, and the one that progress
        counts from where that is published.
    standing : Standing
        How it stands; numbers to the decimals of a float.
    remark : str
        What a reader has to know besides: a stand-in region, months without a year.
    """

    ids: tuple[str, ...]
    target: Row
    document: Row
    indicator: Row
    figure: Row | None
    baseline: Row | None
    standing: Standing
    remark: str

    @property
    def answered(self) -> bool:
        """Whether a published value answers the target."""
        return self.standing.state in ANSWERED


def answers(at: date = AT) -> list[Answer]:
    """Judge every packaged target by the packaged published values, as `standings` judges all.

    Targets that a plan repeats count once.

    Parameters
    ----------
    at : datetime.date
        The as-of date.

    Returns
    -------
    list of Answer
        In the order of the plans.
    """
    documents = {row["document"]: row for row in catalog.documents().to_dicts()}
    indicators = {row["name"]: row for row in catalog.indicators().to_dicts()}
    places = {row["name"]: row for row in catalog.regions().to_dicts()}
    notes = {row["region"]: row["note"] for row in catalog.stand_ins().to_dicts()}
    values = catalog.published()
    rows = catalog.targets().to_dicts()
    asked = promises.settled(
        [_asked(row, documents[row["document"]], indicators, places) for row in rows]
    )
    names = {place["code"]: place["name"] for place in places.values()}
    found = judge(promises.frame(asked), _figures(values), at=at, names=names)
    judged = {row["id"]: row for row in found.iter_rows(named=True)}
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        if row["kind"] != "baseline":
            groups.setdefault(tuple(row[name] for name in _SAME), []).append(row)
    return [
        _answer(same, judged[same[0]["id"]], documents, indicators, values, notes)
        for same in groups.values()
    ]


def _asked(row: Row, document: Row, indicators: dict[str, Row], places: dict[str, Row]) -> Row:
    """Give a row of the packaged targets as `promises` gives one of the ledger."""
    place = places.get(row["region"], {})
    return dict.fromkeys(promises.SCHEMA) | {
        "id": row["id"],
        "kind": row["kind"],
        "commitment": row["id"],
        "document": row["document"],
        "title": document["title"],
        "section": row["section"],
        **promises.described(indicators[row["indicator"]]),
        "region": place.get("code", row["region"]),
        "region_name": row["region"],
        "one_place": promises.one_place(place.get("code"), place.get("level")),
        **{name: row[name] for name in ("year", "comparator", "value", "unit", "base_year")},
        "month": 0,
        "stretch_only": row["stretch"],
        "approx": row["approx"],
        "nature": row["nature"],
        "evidence": False,
        "milestone": False,
        "start_year": document["baseline_year"],
        **promises.wanted(Basis.parse(row["basis"] or "").stated()),
    }


def _figures(values: pl.DataFrame) -> pl.DataFrame:
    """Give the packaged values as figures; each is known by its place in the table."""
    codes = dict(catalog.indicators().select("name", "code").iter_rows())
    places = dict(catalog.regions().select("name", "code").iter_rows())
    return values.with_row_index("ref").with_columns(
        pl.col("indicator").replace(codes),
        pl.col("region").replace(places),
        pl.col("ref").cast(pl.String),
        source=pl.lit("published"),
        status=pl.lit("公布"),
        # The day on which it was published, as far as it is known, stands in for the recording.
        at=pl.col("published").str.to_datetime("%Y-%m-%d", strict=False, time_zone="UTC"),
    )


def _answer(
    same: list[Row],
    judged: Row,
    documents: dict[str, Row],
    indicators: dict[str, Row],
    values: pl.DataFrame,
    notes: dict[str, str],
) -> Answer:
    target = same[0] | {"section": "；".join(dict.fromkeys(row["section"] for row in same))}
    now, base = _row(values, judged["ref"]), _row(values, judged["base_ref"])
    remarks = []
    if now is not None and now["region"] != target["region"]:
        remarks.append(notes.get(target["region"], ""))
    if now is None or int(now["period"][:4]) < (target["year"] or 0):
        remarks += _months(values, target, now)
    standing = Standing(
        judged["state"],
        judged["reason"],
        judged["reason_en"],
        goal=_exact(judged["goal"]),
        gap=_exact(judged["gap"]),
        required=_exact(judged["required"]),
        pace=_exact(judged["pace"]),
        differences=tuple(filter(None, (judged["differences"] or "").split("；"))),
        value=_exact(judged["value"]),
        change=_exact(judged["change"]),
    )
    return Answer(
        tuple(row["id"] for row in same),
        target,
        documents[target["document"]],
        indicators[target["indicator"]],
        now,
        base,
        standing,
        "；".join(filter(None, remarks)),
    )


def _exact(value: float | str | None) -> Fraction | None:
    return None if value is None else Fraction(str(value))


def _row(values: pl.DataFrame, ref: str | None) -> Row | None:
    """Return the published row that a reference names; a baseline may be a plan's own."""
    return values.row(int(ref), named=True) if ref is not None and ref.isdigit() else None


def _months(values: pl.DataFrame, target: Row, now: Row | None) -> list[str]:
    """Tell of monthly values after the latest year: they do not make a year."""
    since = "0" if now is None else f"{now['period'][:4]}-99"
    region = target["region"] if now is None else now["region"]
    months = values.filter(
        pl.col("indicator") == target["indicator"],
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

"""The tables of a bulletin: records, and the statistics behind them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from shanshui import air
from shanshui.air.statistics import figure_digits
from shanshui.platform.report.figures import ITEMS
from shanshui.platform.report.office import NONE
from shanshui.standards import Edition
from shanshui.standards.basis import Basis

if TYPE_CHECKING:
    from shanshui._periods import Period
    from shanshui.air.events import Dust

COLUMNS = {
    "rank": "排名",
    "name": "地区",
    "good_ratio": "优良天数比例",
    "good_ratio_change": "同比(百分点)",
    "pm25": "PM2.5",
    "pm25_change": "同比%",
    "pm10": "PM10",
    "so2": "SO2",
    "no2": "NO2",
    "co": "CO-95per",
    "o3": "O3-8h-90per",
    "composite": "综合指数",
    "composite_change": "同比%",
    "main": "首要污染物",
    "heavy_days": "重度及以上天数",
    "previous": "上月名次",
}
"""The columns of a table and their heads, in the order in which bureaus print them."""

_BASES = {"edition": "标准版本", "state": "浓度状态", "state_pm": "颗粒物浓度状态", "basis": "口径"}
FIGURES = {"co": "co_p95", "o3": "o3_8h_p90"}
"""Figures of the statistics behind the columns that have another name."""

NAMES = {item: name for item, (name, _) in ITEMS.items()}
_COMPARED = ("period", "edition", "state", "state_pm", "basis", "good_ratio", "pm25", "composite")
PLACE = "_place"


@dataclass(frozen=True)
class Row:
    """A place in a table.

    Attributes
    ----------
    name : str
        What it is called.
    rank, previous : int or None
        Rank in the period and in the one before.
    tied : bool
        Whether others share the rank (并列).
    whole : bool
        The city as a whole, which stands first and is not ranked.
    figures : mapping
        Figures by column of the table; None where there is none.
    reason : str
        Why the place has no rank; empty where it has one.
    uncompared : str
        Why nothing is compared with the year before; empty where something is.
    """

    name: str
    rank: int | None
    previous: int | None
    tied: bool
    whole: bool
    figures: Mapping[str, Any]
    reason: str = ""
    uncompared: str = ""


@dataclass(frozen=True)
class Table:
    """One table of the bulletin.

    Attributes
    ----------
    key : str
        ``"month"``, ``"ytd"`` or ``"year"``.
    title, label : str
        What it is of, e.g. ``"2015年1—10月"``, and the short form of sentences, ``"1—10月"``.
    columns : mapping
        Heads by column, in order.
    digits : mapping
        Decimals of the columns that are numbers.
    rows : tuple of Row
        The city as a whole, then the places by rank, then those without rank.
    """

    key: str
    title: str
    label: str
    columns: Mapping[str, str]
    digits: Mapping[str, int]
    rows: tuple[Row, ...]

    def values(self, row: Row) -> dict[str, Any]:
        """Return the cells of a row as they are: numbers, text, or None."""
        main = row.figures["main"]
        told = None if main is None else "、".join(NAMES[item] for item in main.split(","))
        return {
            **{column: row.figures.get(column) for column in self.columns},
            "rank": row.rank,
            "name": row.name,
            "main": told,
            "previous": row.previous,
        }

    def texts(self, row: Row) -> dict[str, str]:
        """Return the cells of a row as they are printed."""
        cells = {}
        for column, value in self.values(row).items():
            if value is None:
                text = NONE
            elif column in self.digits:
                text = f"{value:.{self.digits[column]}f}" + "%" * (column == "good_ratio")
            else:
                text = f"{value}" + "(并列)" * (column == "rank" and row.tied)
            cells[column] = text
        return cells


@dataclass(frozen=True)
class Overview:
    """One figure of every place, month by month, in a yearly bulletin."""

    title: str
    digits: int
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]

    def texts(self, values: Sequence[float | None]) -> list[str]:
        """Return the twelve cells of a row as they are printed."""
        return [NONE if v is None else f"{v:.{self.digits}f}" for v in values]


@dataclass(frozen=True)
class Span:
    """The months of a table, of the year before, and of the period before."""

    key: str
    year: int
    first: int
    last: int

    @property
    def title(self) -> str:
        return f"{self.year}年" + ("" if self.key == "year" else self.months)

    @property
    def label(self) -> str:
        return f"{self.year}年" if self.key == "year" else self.months

    @property
    def months(self) -> str:
        return f"{self.first}月" if self.first == self.last else f"{self.first}—{self.last}月"

    @property
    def start(self) -> date:
        return date(self.year, self.first, 1)

    @property
    def end(self) -> date:
        return date(self.year + self.last // 12, self.last % 12 + 1, 1) - timedelta(days=1)

    def before(self) -> Span:
        """Return the same months of the year before."""
        return Span(self.key, self.year - 1, self.first, self.last)

    def previous(self) -> Span:
        """Return the months that the rank before is of."""
        if self.key == "year":
            return self.before()
        if self.key == "ytd":
            return Span("ytd", self.year, 1, self.last - 1)
        if self.last > 1:
            return Span("month", self.year, self.last - 1, self.last - 1)
        return Span("month", self.year - 1, 12, 12)


@dataclass(frozen=True)
class Source:
    """The daily values of all places and how they are judged."""

    days: pl.DataFrame
    places: list[str]
    whole: str | None
    reference: frozenset[str]
    edition: Edition
    basis: Basis
    exempt: Collection[str]
    digits: Mapping[str, int]
    dust: Dust | None

    @property
    def marked(self) -> list[str]:
        """The items of which values are marked, and left out by what `dust` says."""
        marks = (
            c.removeprefix("excluded_") for c in self.days.columns if c.startswith("excluded_")
        )
        return [] if self.dust in (None, "kept") else [i for i in marks if i in self.days.columns]

    def without(self) -> pl.DataFrame:
        """Return the days without the values that are left out."""
        return self.days.with_columns(
            pl.when(pl.col(f"excluded_{i}").is_null()).then(pl.col(i)).alias(i) for i in self.marked
        )

    def judged(self) -> pl.DataFrame:
        """Return the days that AQI and ratios are of."""
        return self.without() if self.dust == "removed" else self.days

    def kept(self) -> Source:
        """Return the same with nothing left out."""
        return replace(self, dust="kept", basis=replace(self.basis, dust=None))

    @cached_property
    def months(self) -> pl.DataFrame:
        """The statistics of every month."""
        return self._statistics(self.days, "month")

    @cached_property
    def years(self) -> pl.DataFrame:
        """The statistics of every year."""
        return self._statistics(self.days, "year")

    def statistics(self, span: Span) -> pl.DataFrame:
        """Return one row a place: the statistics of a span, all by the bulletin's edition."""
        if span.key == "ytd":
            within = self.days.filter(pl.col("date").is_between(span.start, span.end))
            return self._statistics(within, (f"{span.start:%Y-%m}", f"{span.end:%Y-%m}"))
        found = self.years if span.key == "year" else self.months
        return found.filter(pl.col("start") == span.start)

    def _statistics(self, days: pl.DataFrame, period: Period) -> pl.DataFrame:
        return air.statistics(
            days,
            by=PLACE,
            period=period,
            edition=self.edition,
            digits=self.digits,
            basis=self.basis,
            exempt=self.exempt,
            dust=self.dust,
        )

    def reasons(self, found: pl.DataFrame) -> dict[str, str]:
        """Say of each place that cannot be ranked why."""
        rows = by_place(found)
        told = {}
        for place in self.places:
            if place == self.whole:
                continue
            if place in self.reference:
                told[place] = "对照点"
            elif reason := self.short(rows.get(place)):
                told[place] = reason
            elif rows[place]["composite"] is None:
                told[place] = "缺项，无综合指数"
        return told

    def short(self, row: Mapping[str, Any] | None) -> str:
        """Say which items of a row of statistics do not have days enough."""
        if row is None:
            return "无数据"
        if "repeated_day" in (row["reason_pm25"] or ""):
            return "日期重复"
        faults: dict[str, list[str]] = {"无有效数据": [], "有效天数不足": []}
        for item in (i for i in NAMES if i not in self.exempt):
            if not row[f"days_{item}"]:
                faults["无有效数据"].append(NAMES[item])
            elif not row[f"valid_{item}"]:
                faults["有效天数不足"].append(NAMES[item])
        if len(faults["无有效数据"]) == len(NAMES):
            return "无有效数据"
        return "，".join(
            f"{'六项' if len(items) == len(NAMES) else '、'.join(items)}{what}"
            for what, items in faults.items()
            if items
        )

    def ranks(self, found: pl.DataFrame) -> dict[str, tuple[int, bool]]:
        """Rank the places that have figures enough by the composite index."""
        out = [*self.reasons(found), *filter(None, [self.whole])]
        ranked = air.rank(
            found.filter(~pl.col(PLACE).is_in(out), pl.col("composite").is_not_null()), within=[]
        )
        return {place: (rank, tied) for place, rank, tied in pick(ranked, "rank", "tied")}


def pick(frame: pl.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return frame.select(PLACE, *columns).rows()


# --- tables ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """A table with the statistics behind it, by place."""

    span: Span
    table: Table
    now: dict[str, dict[str, Any]]
    before: dict[str, dict[str, Any]]


def by_place(frame: pl.DataFrame) -> dict[str, dict[str, Any]]:
    return {row[PLACE]: row for row in frame.iter_rows(named=True)}


def table_of(source: Source, span: Span) -> Part:
    """Return a table, and the statistics behind it."""
    now, before = source.statistics(span), source.statistics(span.before())
    frame = air.compare(now, before.select(PLACE, *_COMPARED), by=PLACE)
    ranks = source.ranks(frame)
    was = source.ranks(source.statistics(span.previous()))
    reasons = source.reasons(frame)
    found = by_place(frame)
    columns = dict(COLUMNS)
    if span.key == "year":
        columns["previous"] = "上年名次"
    digits = {
        c: 1 if c.endswith("_change") else figure_digits(figure(c), source.edition, source.digits)
        for c in columns
        if c not in ("rank", "name", "main", "heavy_days", "previous")
    }
    rows = []
    for place in source.places:
        of = found.get(place, {})
        rank, tied = ranks.get(place, (None, False))
        rows.append(
            Row(
                name=place,
                rank=rank,
                previous=was[place][0] if place in was else None,
                tied=tied,
                whole=place == source.whole,
                figures={
                    c: of.get(figure(c)) for c in (*columns, "heavy_ratio", "composite_before")
                },
                reason=reasons.get(place, ""),
                uncompared=_uncompared(of),
            )
        )
    rows.sort(key=lambda row: (not row.whole, row.rank is None, row.rank or 0))
    table = Table(span.key, span.title, span.label, columns, digits, tuple(rows))
    return Part(span, table, found, by_place(before))


def _uncompared(row: Mapping[str, Any]) -> str:
    """Say why a place is not compared with the year before."""
    if row.get("basis_difference"):
        codes = row["basis_difference"].split(",")
        differing = "、".join(
            _BASES[c] for c in codes if not (c == "state_pm" and "state" in codes)
        )
        return f"与上年同期口径不一致（{differing}）"
    lacking = (row.get(f"{c}_before") is None for c in ("good_ratio", "pm25", "composite"))
    return "上年同期无有效数据" if row and all(lacking) else ""


def figure(column: str) -> str:
    return FIGURES.get(column, column)

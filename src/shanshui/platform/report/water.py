"""The monthly bulletin of surface water (地表水水质月报): what a bureau prints, as a record.

`water_bulletin` takes samples and a roster to the table of sections, those below their targets,
regions, sentences, notes and charts; `water_documents` writes them.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import polars as pl

from shanshui.platform.report import figures
from shanshui.platform.report.bulletin import Picture
from shanshui.platform.report.office import NONE
from shanshui.standards.basis import Basis
from shanshui.standards.editions import Edition, edition, editions
from shanshui.standards.errors import SchemaError, ShanshuiError, UnverifiedFigure
from shanshui.water import surface
from shanshui.water.surface.aggregate import known_items
from shanshui.water.surface.classify import item_names
from shanshui.water.surface.roster import ABOUT

CLASSES = {1: "Ⅰ", 2: "Ⅱ", 3: "Ⅲ", 4: "Ⅳ", 5: "Ⅴ", 6: "劣Ⅴ"}
COLOURS = {
    "Ⅰ": "#a9d6ea",
    "Ⅱ": "#5ea9cf",
    "Ⅲ": "#7fbf7b",
    "Ⅳ": "#f1d35b",
    "Ⅴ": "#ea9a4b",
    "劣Ⅴ": "#cf5b4d",
}
"""Colours of classes, in the words of 环办〔2011〕22号: 蓝 (Ⅰ, Ⅱ), 绿, 黄, 橙, 红."""

FAILING = ("station", "river", "county", "unit", "chief", "target", "now", "ytd", "main")
"""Columns of the list of sections below their target."""

COLUMN_WIDTHS = {
    "station": 18,
    "river": 13,
    "level": 9,
    "attribute": 11,
    "county": 12,
    "unit": 16,
    "chief": 11,
    "target": 7,
    "now": 7,
    "previous": 7,
    "last_year": 8,
    "ytd": 8,
    "ytd_before": 9,
    "main": 30,
    "attains": 7,
    "source": 8,
    "kind": 8,
    "class_name": 8,
    "main_text": 30,
}
"""Widths of columns, in those of a letter."""

AUTO = ("auto", "自动")
SOURCES = {"auto": "自动", "manual": "手工", "both": "融合"}
_MORE = {"unit": "责任单位", "chief": "河(湖)长"}
_SPANS = ("now", "previous", "last_year", "ytd", "ytd_before")
_SHARES = ("sections", "good_ratio", "bad_ratio")


@dataclass(frozen=True)
class Section:
    """A section in the table.

    Attributes
    ----------
    name : str
        What it is called.
    about : mapping
        What the roster says of it: river, kind, level, attribute, county, unit, chief.
    target : int or None
        Its target class.
    classes : mapping
        Class in each span (now, previous, last_year, ytd, ytd_before); None where there is none.
    main : str
        What exceeds the target (class Ⅲ where there is none) this month, with multiples.
    attains : bool or None
        Whether it reaches its target this month.
    source : str
        自动, 手工 or 融合; empty without data.
    left_out : str
        Why it is not assessed; empty where it is.
    """

    name: str
    about: Mapping[str, str | None]
    target: int | None
    classes: Mapping[str, int | None]
    main: str
    attains: bool | None
    source: str
    left_out: str

    def texts(self) -> dict[str, str]:
        """Return the cells of the row as they are printed."""
        about = {
            c: self.about[c] or NONE for c in ("river", "level", "county", "unit", "chief", "kind")
        }
        attribute = (self.about["attribute"] or NONE).replace(",", "、")
        attains = {True: "是", False: "否", None: NONE}[self.attains]
        classes = {span: CLASSES.get(self.classes[span] or 0, NONE) for span in _SPANS}
        return {
            "station": self.name,
            **about,
            "attribute": attribute,
            "target": CLASSES.get(self.target or 0, NONE),
            **classes,
            "main": self.left_out or self.main or NONE,
            "attains": attains,
            "source": self.source or NONE,
        }


@dataclass(frozen=True)
class WaterBulletin:
    """A bulletin of surface water, ready to be written; made by `water_bulletin`.

    Attributes
    ----------
    title, period, stem, unit, made
        As in the air bulletin.
    edition : Edition
        The standards that judge all of it.
    basis : Basis
        What the figures stand on: the versions of the roster, the edition.
    columns, failing_columns, region_columns : mapping
        Heads of the table of sections, of the list of those below their target, of the regions.
    sections : tuple of Section
        In the order of the roster.
    failing : tuple of Section
        Those below their target.
    regions : tuple of dict
        One row a responsible county, 合计 first: cells by column, None where there is none.
    summary, sentences, notes : tuple of str
        The opening, a sentence for each river, lake and reservoir, what the figures stand on.
    pictures : tuple of Picture
        The charts.
    shares : polars.DataFrame
        span, sections, shares of classes of all assessed sections.
    rivers : polars.DataFrame
        What the sentences say, by river.
    values : polars.DataFrame
        Means of the month behind the classes.
    """

    title: str
    period: str
    stem: str
    unit: str
    made: date | None
    edition: Edition
    basis: Basis
    columns: Mapping[str, str]
    failing_columns: Mapping[str, str]
    region_columns: Mapping[str, str]
    sections: tuple[Section, ...]
    failing: tuple[Section, ...]
    regions: tuple[Mapping[str, Any], ...]
    summary: tuple[str, ...]
    sentences: tuple[str, ...]
    notes: tuple[str, ...]
    pictures: tuple[Picture, ...]
    shares: pl.DataFrame = field(repr=False)
    rivers: pl.DataFrame = field(repr=False)
    values: pl.DataFrame = field(repr=False)

    @property
    def region_rows(self) -> list[dict[str, str]]:
        """Return the rows of the table of regions as they are printed."""
        return [
            {c: _printed(row[c]) for c in self.region_columns} | {"whole": row["whole"]}
            for row in self.regions
        ]


def _printed(value: Any) -> str:
    if value is None:
        return NONE
    return f"{value:.1f}%" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Span:
    """Some months of a year."""

    year: int
    first: int
    last: int

    @property
    def start(self) -> date:
        """The first day."""
        return date(self.year, self.first, 1)

    @property
    def end(self) -> date:
        """The last day."""
        return date(self.year + self.last // 12, self.last % 12 + 1, 1) - timedelta(days=1)

    @property
    def months(self) -> str:
        """The months as they are printed."""
        return f"{self.first}月" if self.first == self.last else f"{self.first}—{self.last}月"

    @property
    def label(self) -> str:
        """The span as it is printed."""
        return f"{self.year}年{self.months}"

    @property
    def pair(self) -> tuple[str, str]:
        """The span as `surface.aggregate` takes it."""
        return f"{self.start:%Y-%m}", f"{self.end:%Y-%m}"


def water_bulletin(
    samples: pl.DataFrame | None,
    roster: pl.DataFrame,
    *,
    month: str,
    auto: pl.DataFrame | None = None,
    detection: Mapping[str, float] | None = None,
    basis: Basis | None = None,
    place: str = "",
    title: str = "",
    unit: str = "",
    made: date | None = None,
) -> WaterBulletin:
    """Make the bulletin of a month out of samples and the roster of sections.

    Automatic and manual data are averaged by month and joined as national bulletins do
    (`shanshui.water.surface.merge`); the months so far are the mean of the months. The month before
    and the year before are compared as far as the samples have them.

    Parameters
    ----------
    samples : polars.DataFrame or None
        ``station``, ``time`` or ``date``, and the items, as
        `shanshui.platform.ingest.read_samples` gives them. Rows whose ``source`` says 自动 are
        automatic data.
    roster : polars.DataFrame
        What `shanshui.water.surface.roster` takes or gives. The rows in force at the end of the
        month are the table.
    month : str
        ``"2021-01"``.
    auto : polars.DataFrame, optional
        Automatic data, in the same form.
    detection : mapping, optional
        Detection limits by item, for results given as a bare ``ND``.
    basis : Basis, optional
        What is known of the data besides: status, source.
    place, title, unit : str
        What all sections together are of (清远市), the title, the bureau that issues.
    made : date, optional
        The day that it bears.

    Returns
    -------
    WaterBulletin

    Raises
    ------
    SchemaError
        A column is missing.
    ShanshuiError
        A month that cannot be read or that the data do not have, a roster that cannot be
        understood, or without a section in force.

    References
    ----------
    GB 3838-2002; 地表水环境质量评价办法（试行）(环办〔2011〕22号); 环办监测函〔2020〕82号.
    """
    spans = _spans(month)
    months = _months(samples, auto, detection)
    now = spans["now"]
    if months.filter(pl.col("date") == now.start).is_empty():
        days = months["date"].dt.strftime("%Y-%m")
        held = f"{days.min()!s} — {days.max()!s}" if len(days) else NONE
        raise ShanshuiError(
            f"数据里没有{now.label}；数据为 {held} / no data of {month}; the data are of {held}"
        )
    source = _Source(months, surface.roster(roster), spans, edition("water.surface", now.end))
    if source.listed.is_empty():
        raise ShanshuiError(
            f"断面名单中没有{now.label}有效的断面 / the roster has no section in force in {month}"
        )
    place = place or "全部断面"
    sections = source.sections
    with warnings.catch_warnings():  # the notes say it
        warnings.simplefilter("ignore", UnverifiedFigure)
        rivers = source.rivers
    versions = "、".join(source.listed["version"].unique(maintain_order=True))
    standing = replace(basis or Basis(), roster=versions, edition=source.edition.name)
    return WaterBulletin(
        title=title or f"{'' if place == '全部断面' else place}地表水水质月报",
        period=now.label,
        stem=month,
        unit=unit,
        made=made,
        edition=source.edition,
        basis=standing,
        columns=_columns(spans),
        failing_columns={c: (_columns(spans) | _MORE)[c] for c in FAILING},
        region_columns=_region_columns(spans),
        sections=sections,
        failing=tuple(s for s in sections if s.attains is False),
        regions=source.regions,
        summary=_summary(source, place),
        sentences=tuple(_sentence(row) for row in rivers.iter_rows(named=True)),
        notes=_notes(source, standing),
        pictures=_pictures(source, place),
        shares=source.shares,
        rivers=rivers,
        values=source.values,
    )


def _spans(month: str) -> dict[str, Span]:
    try:
        day = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise ShanshuiError(
            f"月份应写作 2021-01，得到“{month}” / expected a month such as 2021-01, got {month!r}"
        ) from None
    year, n = day.year, day.month
    return {
        "now": Span(year, n, n),
        "previous": Span(year, n - 1, n - 1) if n > 1 else Span(year - 1, 12, 12),
        "last_year": Span(year - 1, n, n),
        "ytd": Span(year, 1, n),
        "ytd_before": Span(year - 1, 1, n),
    }


def _columns(spans: Mapping[str, Span]) -> dict[str, str]:
    so_far = _so_far(spans)
    return {
        "station": "断面",
        "river": "水体",
        "level": "控制级别",
        "attribute": "考核属性",
        "county": "责任县区",
        "target": "水质目标",
        "now": "本月",
        "previous": "上月",
        "last_year": "上年同期",
        "ytd": so_far,
        "ytd_before": f"上年{so_far}",
        "main": "主要污染指标(超标倍数)",
        "attains": "是否达标",
        "source": "数据来源",
    }


def _so_far(spans: Mapping[str, Span]) -> str:
    months = spans["ytd"].months
    return months if "—" in months else f"{months}累计"


def _region_columns(spans: Mapping[str, Span]) -> dict[str, str]:
    so_far = _so_far(spans)
    return {
        "county": "责任县区",
        "sections": "评价断面",
        "good_ratio": "Ⅰ—Ⅲ类比例",
        "bad_ratio": "劣Ⅴ类比例",
        "judged": "有目标断面",
        "attained": "达标断面",
        "attained_ratio": "达标率",
        "previous": "上月Ⅰ—Ⅲ类",
        "last_year": "上年同期Ⅰ—Ⅲ类",
        "ytd": f"{so_far}Ⅰ—Ⅲ类",
        "ytd_attained": f"{so_far}达标率",
        "ytd_before": f"上年{so_far}Ⅰ—Ⅲ类",
    }


# --- from samples to monthly values ------------------------------------------------------------


def _months(
    samples: pl.DataFrame | None, auto: pl.DataFrame | None, detection: Mapping[str, float] | None
) -> pl.DataFrame:
    """Return one row a section and month: station, date (the first), items, ``_source``."""
    manual = samples
    if samples is not None and "source" in samples.columns:
        automatic = pl.col("source").is_in(AUTO).fill_null(value=False)
        mine = samples.filter(automatic)
        manual = samples.filter(~automatic)
        auto = mine if auto is None else pl.concat([auto, mine], how="diagonal_relaxed")
    sides = {
        "auto": None if auto is None or auto.is_empty() else _by_month(auto, detection),
        "manual": None if manual is None or manual.is_empty() else _by_month(manual, detection),
    }
    there = {name: side for name, side in sides.items() if side is not None}
    if not there:
        raise SchemaError("没有样品数据 / there are no samples")
    if len(there) == 2:
        months = surface.merge(there["auto"], there["manual"])
    else:
        ((name, months),) = there.items()
        months = months.with_columns(
            pl.when(pl.col(i).is_not_null()).then(pl.lit(name)).alias(f"source_{i}")
            for i in _items()
            if i in months.columns
        )
    items = [i for i in _items() if i in months.columns]
    has = {
        side: pl.any_horizontal((pl.col(f"source_{i}") == side).fill_null(False) for i in items)
        for side in ("auto", "manual")
    }
    source = (
        pl.when(has["auto"] & has["manual"])
        .then(pl.lit("both"))
        .when(has["auto"])
        .then(pl.lit("auto"))
        .when(has["manual"])
        .then(pl.lit("manual"))
    )
    return months.select("station", pl.col("start").alias("date"), *items, source.alias("_source"))


def _by_month(samples: pl.DataFrame, detection: Mapping[str, float] | None) -> pl.DataFrame:
    apart = [c for c in ("province", "city", "code") if c in samples.columns]
    places = samples.select("station", *apart).unique()
    twins = places.filter(places["station"].is_duplicated())["station"].unique().sort()
    if len(twins):
        raise ShanshuiError(
            f"数据里有同名而不同地的断面：{'、'.join(twins[:5])}；请在断面名称中加以区分 / "
            f"sections of one name in different places: {', '.join(twins[:5])}; name them apart"
        )
    known = {i: v for i, v in (detection or {}).items() if i in samples.columns}
    return surface.aggregate(samples, period="month", rounded=False, detection=known or None)


def _items() -> list[str]:
    return known_items(editions("water.surface")[-1])


@dataclass(frozen=True)
class _Source:
    """Monthly values, the roster, and what is made of them."""

    months: pl.DataFrame
    roster: pl.DataFrame
    spans: Mapping[str, Span]
    edition: Edition

    @cached_property
    def listed(self) -> pl.DataFrame:
        """The rows of the roster in force at the end of the month."""
        end = self.spans["now"].end
        inside = (pl.col("from").fill_null(end) <= end) & (pl.col("to").fill_null(end) >= end)
        return self.roster.filter(inside)

    @cached_property
    def all_judged(self) -> pl.DataFrame:
        """The assessed sections of every span with their classes: one row a section and span."""
        rows = pl.concat(self._means(name) for name in self.spans)
        told = surface.enroll(rows, self.roster).rename({"left_out": "_why"})
        judged = surface.classify(
            told.filter(pl.col("_why").is_null()),
            kind="kind",
            target="target",
            edition=self.edition,
        )
        return judged.filter(pl.col("class").is_not_null())

    def _means(self, name: str) -> pl.DataFrame:
        span = self.spans[name]
        rows = self.months.filter(pl.col("date").is_between(span.start, span.end))
        means = surface.aggregate(rows.drop("_source"), period=span.pair, edition=self.edition)
        items = [i for i in _items() if i in means.columns]
        return means.select(pl.lit(name).alias("span"), "station", "start", "end", *items)

    @cached_property
    def judged(self) -> dict[str, pl.DataFrame]:
        """The assessed sections by span."""
        return {name: self.all_judged.filter(span=name) for name in self.spans}

    @cached_property
    def unlisted(self) -> list[str]:
        """Sections with data this month that the roster does not have."""
        now = self.spans["now"]
        have = self.months.filter(pl.col("date") == now.start)["station"]
        return sorted(set(have) - set(self.listed["station"]))

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The table of sections."""
        classes = {
            name: dict(frame.select("station", "class").iter_rows())
            for name, frame in self.judged.items()
        }
        now = {row["station"]: row for row in self.judged["now"].iter_rows(named=True)}
        start = self.spans["now"].start
        sources = dict(
            self.months.filter(pl.col("date") == start).select("station", "_source").iter_rows()
        )
        found = []
        for row in self.listed.iter_rows(named=True):
            name, mine = row["station"], now.get(row["station"], {})
            missing = "" if mine else "无监测数据"
            left_out = row["left_out"] or missing
            found.append(
                Section(
                    name=str(name),
                    about={c: row[c] for c in ABOUT if c != "target"},
                    target=row["target"],
                    classes={span: classes[span].get(name) for span in _SPANS},
                    main=mine.get("main_text") or "",
                    attains=mine.get("attains"),
                    source=SOURCES.get(sources.get(name) or "", "") if mine else "",
                    left_out=left_out,
                )
            )
        return tuple(found)

    @cached_property
    def shares(self) -> pl.DataFrame:
        """The shares of classes of all assessed sections in each span."""
        order = pl.col("span").cast(pl.Enum(list(self.spans)))
        return surface.shares(self.all_judged, by="span", edition=self.edition).sort(order)

    def share(self, span: str) -> dict[str, Any]:
        """Return the shares of one span."""
        rows = self.shares.filter(span=span)
        return rows.row(0, named=True) if rows.height else {"sections": 0, "judged": 0}

    @cached_property
    def compared(self) -> dict[str, dict[str, Any]]:
        """The month beside others, on the sections that both have."""
        now = self.judged["now"].select("station", "class")
        pairs = {
            other: now.join(self.judged[other].select("station", was="class"), on="station")
            for other in ("previous", "last_year")
        }
        stacked = pl.concat(
            both.select(pl.lit(f"{other} {side}").alias("_of"), pl.col(side).alias("class"))
            for other, both in pairs.items()
            for side in ("class", "was")
        )
        shares = surface.shares(stacked, by="_of", edition=self.edition)
        by = {row["_of"]: row for row in shares.iter_rows(named=True)}
        found = {}
        for other, both in pairs.items():
            if both.is_empty():
                continue
            mine, then = by[f"{other} class"], by[f"{other} was"]
            found[other] = {
                "sections": both.height,
                "better": both.filter(pl.col("class") < pl.col("was")).height,
                "worse": both.filter(pl.col("class") > pl.col("was")).height,
                **{c: _tenths(mine[c]) - _tenths(then[c]) for c in ("good_ratio", "bad_ratio")},
            }
        return found

    @cached_property
    def regions(self) -> tuple[Mapping[str, Any], ...]:
        """The table of regions, all of them together first."""
        rows = []
        by_county = self.all_judged.filter(pl.col("county").is_not_null())
        shares = surface.shares(by_county, by=["span", "county"], edition=self.edition)
        table: dict[str, dict[str | None, dict[str, Any]]] = {name: {} for name in self.spans}
        for row in (*self.shares.iter_rows(named=True), *shares.iter_rows(named=True)):
            table[row["span"]][row.get("county")] = row
        counties = self.listed["county"].drop_nulls().unique(maintain_order=True)
        for county in (None, *counties):
            now = table["now"].get(county, {})
            row = {c: now.get(c) for c in (*_SHARES, "judged", "attained", "attained_ratio")}
            row |= {"county": county or "合计", "sections": now.get("sections", 0)}
            for span in ("previous", "last_year", "ytd", "ytd_before"):
                row[span] = table[span].get(county, {}).get("good_ratio")
            row["ytd_attained"] = table["ytd"].get(county, {}).get("attained_ratio")
            rows.append(row | {"whole": county is None})
        return tuple(rows)

    @cached_property
    def rivers(self) -> pl.DataFrame:
        """Rivers and lakes with their state, its change, and the shares a year ago."""
        keys = ["river", "kind"]
        order = self.listed.select(keys).drop_nulls().unique(maintain_order=True)
        state = surface.evaluate(
            self.all_judged.filter(
                pl.col("river").is_not_null(),
                pl.col("span").is_in(["now", "previous", "last_year"]),
            ),
            by=[*keys, "span"],
            kind="kind",
            edition=self.edition,
        )
        now, previous, past = (
            state.filter(span=name).drop("span") for name in ("now", "previous", "last_year")
        )
        rows = surface.change(now, previous, by=keys, edition=self.edition)
        past = past.select(*keys, good_a_year_ago="good_ratio")
        return order.join(rows, on=keys, how="left", maintain_order="left").join(
            past, on=keys, how="left", maintain_order="left"
        )

    @cached_property
    def items(self) -> list[str]:
        """The items that were judged this month."""
        used = self.judged["now"]["used"].drop_nulls().str.split(",").explode().unique().to_list()
        return [i for i in self.edition.table("evaluated") if i in used]

    @cached_property
    def values(self) -> pl.DataFrame:
        """The means of the month, in the order of the roster."""
        items = [i for i in _items() if i in self.judged["now"].columns]
        columns = ("station", "river", "kind", "county", *items, "class_name", "main_text")
        return self.listed.select("station").join(
            self.judged["now"].select(*columns), on="station", maintain_order="left"
        )


# --- words -------------------------------------------------------------------------------------


def _tenths(ratio: float) -> int:
    """Return a printed share in tenths of a point."""
    return round(ratio * 10)


def _moved(tenths: int, unit: str = "个百分点") -> str:
    if not tenths:
        return "持平"
    return f"{'上升' if tenths > 0 else '下降'}{abs(tenths) / 10:.1f}{unit}"


def _counted(share: Mapping[str, Any]) -> str:
    """Count sections by class, those classes left out that have none."""
    return "，".join(
        f"{name}类{share[f'class_{n}_sections']}个（{share[f'class_{n}_ratio']:.1f}%）"
        for n, name in CLASSES.items()
        if share[f"class_{n}_sections"]
    )


def _good(share: Mapping[str, Any]) -> str:
    return f"Ⅰ—Ⅲ类断面占{share['good_ratio']:.1f}%，劣Ⅴ类占{share['bad_ratio']:.1f}%"


def _summary(source: _Source, place: str) -> tuple[str, ...]:
    spans, share = source.spans, source.share("now")
    if not share["sections"]:
        return (f"{spans['now'].label}，{place}没有可评价的断面。",)
    told = [
        (
            f"{spans['now'].label}，{place}共评价断面{share['sections']}个：{_counted(share)}。"
            f"{_good(share)}。"
        )
    ]
    for name, label in (("previous", "与上月相比"), ("last_year", "与上年同期相比")):
        found = source.compared.get(name)
        if found is None:
            told.append(f"{label}：{spans[name].label}没有数据，不作比较。")
            continue
        told.append(
            f"{label}，在可比的{found['sections']}个断面中，Ⅰ—Ⅲ类断面比例"
            f"{_moved(found['good_ratio'])}，劣Ⅴ类比例{_moved(found['bad_ratio'])}；"
            f"水质类别变好的{found['better']}个，变差的{found['worse']}个。"
        )
    if share["judged"]:
        failing = [s for s in source.sections if s.attains is False]
        text = (
            f"有水质目标的断面{share['judged']}个，达标{share['attained']}个，"
            f"达标率{share['attained_ratio']:.1f}%"
        )
        listed = "、".join(s.name for s in failing[:10]) + "等" * (len(failing) > 10)
        told.append(f"{text}；未达标的为{listed}。" if failing else f"{text}。")
    ytd = source.share("ytd")
    if spans["ytd"].first != spans["ytd"].last and ytd["sections"]:
        text = f"{spans['ytd'].label}累计，评价断面{ytd['sections']}个：{_good(ytd)}"
        if ytd["judged"]:
            text += f"，达标率{ytd['attained_ratio']:.1f}%"
        told.append(f"{text}。")
    return tuple(told)


def _sentence(row: Mapping[str, Any]) -> str:
    """Say of a river, lake or reservoir what bulletins print."""
    if row["status"] is None:
        return f"{row['river']}本月没有可评价的断面。"
    one, lake = row["sections"] == 1, row["kind"] == "湖库"
    text = f"{row['river']}{'' if one or lake else '总体'}水质为{row['status']}"
    if row["class_name"]:
        text += f"（{row['class_name']}类）"
    if row["main_text"]:
        text += f"，主要污染指标为{row['main_text']}"
    if row["change"]:
        text += f"；与上月相比，水质{row['change']}"
    else:
        text += "；上月无数据，不作环比"
    if one:
        return f"{text}。"
    text += f"；Ⅰ—Ⅲ类{'点位' if lake else '断面'}占{row['good_ratio']:.1f}%"
    if row["bad_ratio"]:
        text += f"，劣Ⅴ类占{row['bad_ratio']:.1f}%"
    if row["good_a_year_ago"] is not None:
        tenths = _tenths(row["good_ratio"]) - _tenths(row["good_a_year_ago"])
        text += (
            f"，Ⅰ—Ⅲ类比例同比{_moved(tenths)}" if row["bad_ratio"] else f"，同比{_moved(tenths)}"
        )
    return f"{text}。"


def _notes(source: _Source, basis: Basis) -> tuple[str, ...]:
    e, names = source.edition, item_names()
    members = [m for m in e.members if "排名" not in m.title]
    standards = "、".join(f"《{m.title}》（{m.number}）" for m in members)
    used = source.items
    missing = len(e.table("evaluated")) - len(used)
    fused = "、".join(names[i] for i in e.parameter("fused_items"))
    kinds: dict[str, int] = {}
    for section in source.sections:
        if section.source:
            kinds[section.source] = kinds.get(section.source, 0) + 1
    sources = "、".join(f"{name}{count}个" for name, count in kinds.items())
    fusion = (
        f"融合断面的{fused}优先采用自动监测数据，其余项目为手工监测数据。"
        if "融合" in kinds
        else ""
    )
    told = [
        (
            f"评价标准：{standards}。单因子评价，断面类别取各项目中最差的类别；水温、总氮、粪大肠菌群不参加"
            "断面类别评价，湖库总磷按湖库标准。"
        ),
        f"参加评价的项目{len(used)}项：{'、'.join(names[i] for i in used)}"
        + (f"；应评价的21项中另有{missing}项没有数据。" if missing else "。"),
        f"数据来源：{sources}断面。{fusion}数据状态：{basis.status or '未说明'}。",
        (
            "均值与修约：先求各月均值，累计值为各月均值的平均；pH按氢离子浓度平均，低于检出限的按检出限的"
            "一半计；均值按规定位数四舍六入五成双修约后再评价。"
        ),
        (
            f"断面名单版本：{basis.roster}；表中为{source.spans['now'].end}仍有效的断面，各时段按当时的"
            "水体类型和目标评价。"
        ),
        *_left_out(source),
        *_lacking(source),
        (
            "主要污染指标：本月超过水质目标的项目（没有目标的断面为超过Ⅲ类的项目），按类别和超标倍数取前三"
            "项，氰化物和重金属在前；括号内为超标倍数，pH和溶解氧不计倍数。"
        ),
        (
            f"河流断面少于{e.parameter('few_sections')}个的，按各断面浓度均值评价；其余按断面类别比例评价。"
            "湖库按各点位浓度均值评价。与上月相比的变化：两期都按比例评价的，以Ⅰ—Ⅲ类与劣Ⅴ类比例之差的"
            f"变化不超过{e.parameter('change_some')}个百分点为无明显变化，超过"
            f"{e.parameter('change_clear')}个百分点为明显变化（此界限未能核实，可信度C）；其余按状况级别。"
        ),
        (
            "全部断面的比较只用两期都有类别的断面；县区和水体用各期评价的断面；比例之差按印出的一位小数计算。"
            f"“{NONE}”为没有数据、没有目标或不评价。"
        ),
    ]
    return tuple(told)


def _left_out(source: _Source) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for section in source.sections:
        if section.left_out:
            reasons.setdefault(section.left_out, []).append(section.name)
    told = []
    if reasons:
        listed = "；".join(f"{why}：{'、'.join(names)}" for why, names in reasons.items())
        told.append(f"未评价断面及原因：{listed}。")
    else:
        told.append("未评价断面：无。")
    if source.unlisted:
        names = "、".join(source.unlisted[:20]) + "等" * (len(source.unlisted) > 20)
        told.append(f"有数据而不在名单中的断面{len(source.unlisted)}个，未列入：{names}。")
    return told


def _lacking(source: _Source) -> list[str]:
    """Name the months that the months so far lack."""
    told = []
    have = set(source.months["date"])
    for name in ("ytd", "ytd_before"):
        span = source.spans[name]
        lacking = [n for n in range(1, span.last + 1) if date(span.year, n, 1) not in have]
        if lacking and len(lacking) < span.last:
            told.append(f"{span.label}累计缺{'、'.join(f'{n}月' for n in lacking)}的数据")
    return [f"{'；'.join(told)}。"] if told else []


# --- charts ------------------------------------------------------------------------------------


def _pictures(source: _Source, place: str) -> tuple[Picture, ...]:
    so_far = _so_far(source.spans)
    labels = {
        "now": "本月",
        "previous": "上月",
        "last_year": "上年同期",
        "ytd": so_far,
        "ytd_before": f"上年{so_far}",
    }
    pictures = []
    rows = [
        {
            "period": f"{labels[row['span']]}（{row['sections']}）",
            "class_name": name,
            "share": row[f"class_{n}_ratio"],
            "sections": row[f"class_{n}_sections"],
        }
        for row in source.shares.iter_rows(named=True)
        for n, name in CLASSES.items()
        if row["sections"]
    ]
    if rows:
        told = "；".join(
            f"{labels[row['span']]}Ⅰ—Ⅲ类{row['good_ratio']:.1f}%、劣Ⅴ类{row['bad_ratio']:.1f}%"
            for row in source.shares.iter_rows(named=True)
            if row["sections"]
        )
        pictures.append(_bars("shares", f"{place}水质类别比例（括号内为断面数）", told, rows))
    shown = source.rivers.filter(pl.col("sections") > 1)
    twice = shown.filter(shown["river"].is_duplicated() & (pl.col("kind") == "湖库"))
    lakes = set(twice["river"])
    by_river = [
        {
            "period": f"{row['river']}{'湖库' if lake else ''}（{row['sections']}）",
            "class_name": name,
            "share": row[f"class_{n}_ratio"],
            "sections": row[f"class_{n}_sections"],
        }
        for row in shown.iter_rows(named=True)
        for lake in [row["river"] in lakes and row["kind"] == "湖库"]
        for n, name in CLASSES.items()
    ]
    if len({row["period"] for row in by_river}) in range(2, 21):  # a page holds no more
        told = f"{source.spans['now'].label}各水体断面类别比例。"
        pictures.append(
            _bars("rivers", "本月各水体断面水质类别比例（括号内为断面数）", told, by_river)
        )
    return tuple(pictures)


def _bars(name: str, title: str, label: str, rows: Sequence[Mapping[str, Any]]) -> Picture:
    frame = pl.DataFrame(rows)
    return Picture(name, title, label, lambda width: figures.class_shares(frame, COLOURS, width))

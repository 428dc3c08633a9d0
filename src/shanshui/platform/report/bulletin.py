"""The monthly and yearly air bulletin (空气质量月报、年报): what a bureau prints, as a record.

`bulletin` takes daily values to tables, sentences, notes and charts; `documents` writes them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from shanshui import air
from shanshui._frames import names
from shanshui.air.events import dust_basis
from shanshui.air.statistics import figure_digits
from shanshui.platform.report import figures
from shanshui.platform.report._bulletin_tables import (
    COLUMNS,
    NAMES,
    PLACE,
    Overview,
    Row,
    Source,
    Span,
    Table,
    table_of,
)
from shanshui.platform.report._bulletin_words import (
    TARGETS,
    goals_of,
    notes,
    sentence,
    summary,
)
from shanshui.platform.report.office import NONE
from shanshui.standards import Edition
from shanshui.standards import edition as find
from shanshui.standards.basis import Basis
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from shanshui.air.events import Dust

__all__ = [
    "COLUMNS",
    "NONE",
    "TARGETS",
    "Bulletin",
    "Overview",
    "Picture",
    "Row",
    "Table",
    "bulletin",
]

PLACES_OF = {"station": "站点", "city": "城市", "county": "区县", "province": "省份"}
OVERVIEW = {
    "composite": "综合指数",
    "pm25": "PM2.5（微克/立方米）",
    "good_ratio": "优良天数比例（%）",
}
WHOLE = "全市"
MOST, ENDS = 22, 10
"""Places that fit a chart on a page of Word, and those at either end that it shows of more."""


@dataclass(frozen=True)
class Picture:
    """A chart: its name, its title, what it shows in words, and what draws it for a width."""

    name: str
    title: str
    label: str
    draw: Callable[[int], figures.Chart] = field(repr=False)


@dataclass(frozen=True)
class Bulletin:
    """A bulletin, ready to be written; made by `bulletin`.

    Attributes
    ----------
    title, period : str
        ``"北京市空气质量月报"``, ``"2015年10月"``.
    stem : str
        ``"2015-10"`` or ``"2015"``, for the names of files.
    unit : str
        The bureau that issues it; may be empty.
    made : date or None
        The day that it bears.
    edition : Edition
        The standards that judge all of it.
    tables : tuple of Table
        The month and the months so far (January: one table), or the year.
    overviews : tuple of Overview
        Figures by month, for a year.
    summary : tuple of str
        The opening paragraphs.
    sentences : tuple of str
        One for each place.
    notes : tuple of str
        What the figures stand on.
    pictures : tuple of Picture
        The charts.
    days : polars.DataFrame
        The daily AQI behind the tables: name, date, aqi, level, category, primary, the items, and
        where values are marked, excluded: the items that are left out.
    kept : tuple of Table
        Where sand-dust or exceptional events are left out: the same tables with nothing left out.
    """

    title: str
    period: str
    stem: str
    unit: str
    made: date | None
    edition: Edition
    tables: tuple[Table, ...]
    overviews: tuple[Overview, ...]
    summary: tuple[str, ...]
    sentences: tuple[str, ...]
    notes: tuple[str, ...]
    pictures: tuple[Picture, ...]
    days: pl.DataFrame = field(repr=False)
    kept: tuple[Table, ...] = ()


def bulletin(
    days: pl.DataFrame,
    *,
    by: str | Sequence[str] = "station",
    month: str | None = None,
    year: int | None = None,
    whole: pl.DataFrame | None = None,
    targets: pl.DataFrame | None = None,
    edition: str | date | Edition | None = None,
    dust: Dust | None = None,
    basis: Basis | None = None,
    exempt: Collection[str] = (),
    digits: Mapping[str, int] | None = None,
    reference: Collection[str] = (),
    cumulative: bool = True,
    place: str = "",
    title: str = "",
    unit: str = "",
    made: date | None = None,
) -> Bulletin:
    """Make the bulletin of a month or of a year out of daily values.

    Parameters
    ----------
    days : polars.DataFrame
        Keys, ``date, so2, no2, co, o3_8h, pm10, pm25`` (µg/m3, CO mg/m3) of the places that the
        tables list, as `shanshui.air.daily` or `shanshui.air.area` give them. With the year before
        there are year-on-year changes, with the month before there are its ranks.
    by : str or list of str
        Key columns; the last one names the place, the others only where it is not unique.
    month : str, optional
        ``"2015-10"``: the month and the months from January on.
    year : int, optional
        The year; one of `month` and `year` is given.
    whole : polars.DataFrame, optional
        Daily values of all places together: the row 全市, which stands first and is not ranked.
    targets : polars.DataFrame, optional
        region, item (`TARGETS`), value, and where there is one comparator (by default at most, for
        good_ratio at least). A region is a place, 全市 or `place`; null is the whole, or every
        place where there is no whole.
    edition : str, date or Edition, optional
        By default the one of the period's last day. It judges the year before as well.
    dust : {"national", "removed", "kept"}, optional
        What is done with values marked by `shanshui.air.exclude`.
    basis : Basis, optional
        What the daily values stand on: roster, dust, data status.
    exempt : collection of str
        As in `shanshui.air.aqi`.
    digits : mapping, optional
        More decimals of a mean, as in `shanshui.air.statistics`.
    reference : collection of str
        Names of reference sites (对照点): listed without a rank.
    cumulative : bool
        Whether a monthly bulletin has the table of the months so far.
    place, title, unit : str
        What `whole` or all places together are called (北京市), the title, the bureau that issues.
    made : date, optional
        The day that it bears.

    Returns
    -------
    Bulletin

    Raises
    ------
    SchemaError
        A column is missing.
    ShanshuiError
        Neither or both of month and year, a month or year that the data do not have, months
        missing in the cumulative table, a target of something unknown.

    References
    ----------
    城市环境空气质量排名技术规定 (环办监测〔2018〕19号); GB 3095 表4 (days that a month and a year
    need); rows without a rank, sentences and notes as published bulletins have them.
    """
    spans = _spans(month, year, cumulative=cumulative)
    last = spans[-1].end
    own = find("air", edition or last)
    keyed, places = _named(days, names(by))
    if whole is not None:
        named = whole.with_columns(pl.lit(WHOLE).alias(PLACE))
        keyed = pl.concat([named, keyed], how="diagonal_relaxed")
        places = [WHOLE, *places]
    marked = any(column.startswith("excluded_") for column in keyed.columns)
    dust, settled = dust_basis(dust, basis, marked=marked)
    source = Source(
        days=keyed.filter(pl.col("date").is_between(date(last.year - 1, 1, 1), last)),
        places=places,
        whole=None if whole is None else WHOLE,
        reference=frozenset(reference),
        edition=own,
        basis=settled or Basis(),
        exempt=exempt,
        digits=digits or {},
        dust=dust,
    )
    judged = air.aqi(source.judged(), edition=own, exempt=exempt)
    until = _until(spans, judged, keyed)
    goals = goals_of(targets, source, place, until)
    parts = [table_of(source, span) for span in spans]
    kept = [table_of(source.kept(), span) for span in spans] if source.marked else []
    tables = [part.table for part in parts]
    of_year = judged.filter(pl.col("date").dt.year() == last.year)
    yearly = year is not None
    return Bulletin(
        title=title or f"{place}空气质量{'年' if yearly else '月'}报",
        period=spans[0].title,
        stem=str(year) if yearly else f"{last:%Y-%m}",
        unit=unit,
        made=made,
        edition=own,
        tables=tuple(tables),
        kept=tuple(part.table for part in kept),
        overviews=_overviews(source, last.year) if yearly else (),
        summary=summary(tables, PLACES_OF.get(names(by)[-1], "地区")),
        sentences=tuple(
            sentence(tables[-1], row, goals.get(row.name, [])) for row in tables[-1].rows
        ),
        notes=notes(source, parts, kept, asked=edition, until=until, aimed=bool(goals)),
        pictures=_pictures(source, tables, of_year, yearly=yearly),
        days=of_year.select(
            pl.col(PLACE).alias("name"),
            *("date", "aqi", "level", "category", "primary"),
            *("pm25", "pm10", "so2", "no2", "co", "o3_8h"),
            *([_left_out(source.marked).alias("excluded")] if source.marked else []),
        ).sort(pl.col("name").cast(pl.Enum(places)), "date"),
    )


def _left_out(items: Sequence[str]) -> pl.Expr:
    """Name the items of a day that are left out, joined by ','."""
    named = [pl.when(pl.col(f"excluded_{i}").is_not_null()).then(pl.lit(i)) for i in items]
    return pl.concat_str(named, separator=",", ignore_nulls=True).replace("", None)


def _spans(month: str | None, year: int | None, *, cumulative: bool) -> list[Span]:
    if (month is None) == (year is None):
        raise ShanshuiError("请给出月份或年份之一 / give either a month or a year")
    if year is not None:
        return [Span("year", year, 1, 12)]
    try:
        day = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise ShanshuiError(
            f"月份应写作 2015-10，得到“{month}” / expected a month such as 2015-10, got {month!r}"
        ) from None
    spans = [Span("month", day.year, day.month, day.month)]
    if cumulative and day.month > 1:
        spans.append(Span("ytd", day.year, 1, day.month))
    return spans


def _named(days: pl.DataFrame, keys: list[str]) -> tuple[pl.DataFrame, list[str]]:
    """Name each place by its last key, and by all of them where that is not unique."""
    places = days.select(keys).unique(maintain_order=True)
    alone = places[keys[-1]].n_unique() == places.height
    name = pl.col(keys[-1]) if alone else pl.concat_str(keys)
    keyed = days.with_columns(name.cast(pl.String).alias(PLACE)).drop_nulls(PLACE)
    return keyed, keyed[PLACE].unique(maintain_order=True).to_list()


def _until(spans: Sequence[Span], judged: pl.DataFrame, days: pl.DataFrame) -> date:
    """Return the last day with data, and refuse months that the data do not have."""
    there = judged.filter(pl.col("aqi").is_not_null())
    main = spans[0]
    own: list[date] = there.filter(pl.col("date").is_between(main.start, main.end))[
        "date"
    ].to_list()
    if not own:
        dates = days["date"].drop_nulls().to_list()
        span = f"{min(dates)} — {max(dates)}" if dates else NONE
        raise ShanshuiError(
            f"数据里没有{main.title}的有效日值；数据为 {span} / no valid daily value from "
            f"{main.start} to {main.end}; the data are of {span}"
        )
    if len(spans) > 1:
        so_far = there.filter(pl.col("date").is_between(spans[1].start, spans[1].end))
        have = set(so_far["date"].dt.month())
        lacking = [n for n in range(1, spans[1].last + 1) if n not in have]
        if lacking:
            told = "、".join(f"{n}月" for n in lacking)
            raise ShanshuiError(
                f"数据里没有{main.year}年{told}，算不出{spans[1].label}累计；请补上这些月份的数据，"
                f"或加 --no-cumulative 只出当月 / no data of months "
                f"{', '.join(map(str, lacking))} of {main.year} for the table of the months so "
                "far; add them, or leave that table out with --no-cumulative"
            )
    return max(own)


def _overviews(source: Source, year: int) -> tuple[Overview, ...]:
    rows = {(row[PLACE], row["start"]): row for row in source.months.iter_rows(named=True)}
    return tuple(
        Overview(
            f"各月{name}",
            figure_digits(column, source.edition, source.digits),
            tuple(
                (
                    place,
                    tuple(
                        rows.get((place, date(year, n, 1)), {}).get(column) for n in range(1, 13)
                    ),
                )
                for place in source.places
            ),
        )
        for column, name in OVERVIEW.items()
    )


def _pictures(
    source: Source,
    tables: Sequence[Table],
    days: pl.DataFrame,
    *,
    yearly: bool,
) -> tuple[Picture, ...]:
    ranked = [(table, [row for row in table.rows if row.rank is not None]) for table in tables]
    pictures = [_ranking(table, rows) for table, rows in ranked if rows]
    if source.whole is None:
        return tuple(pictures)
    year, span = days["date"].dt.year()[0], tables[-1].title
    label = f"{year}年{source.whole}"
    months = source.months.filter(
        pl.col(PLACE) == source.whole, pl.col("start").dt.year() == year
    ).sort("start")
    classes = air.categories(edition=source.edition)
    colours = dict(classes.select("name", "colour").iter_rows())
    own = days.filter(pl.col(PLACE) == source.whole).select("date", "category")
    every = pl.date_range(pl.col("date").min().dt.truncate("1y"), pl.col("date").max())
    calendar = own.select(every).join(own, on="date", how="left")
    pictures.append(
        Picture(
            "calendar",
            f"{label}逐日空气质量级别",
            f"{span}{source.whole}逐日AQI级别。",
            lambda width: figures.calendar(calendar, colours, width),
        )
    )
    stacked = pl.concat(
        months.select(
            pl.col("start").dt.strftime("%Y-%m").alias("period"),
            "composite",
            item=pl.lit(item),
            index=f"index_{item}",
        )
        for item in NAMES
    ).drop_nulls()
    if stacked["period"].n_unique() > 1:
        pictures.append(
            Picture(
                "indices",
                f"{label}各月综合指数及其构成",
                f"{span}{source.whole}各月六项单项指数之和，即综合指数。",
                lambda width: figures.indices(stacked.sort("period"), width),
            )
        )
    if yearly:
        levels = pl.DataFrame(
            {
                "period": f"{row['start'].month:02}月",
                "category": name,
                "days": row[f"level_{n}_days"],
            }
            for row in months.iter_rows(named=True)
            for n, name in classes.select("level", "name").iter_rows()
        )
        pictures.append(
            Picture(
                "levels",
                f"{label}各月空气质量级别天数",
                f"{span}{source.whole}各月各级别的天数。",
                lambda width: figures.levels(levels, colours, width),
            )
        )
    return tuple(pictures)


def _ranking(table: Table, ranked: Sequence[Row]) -> Picture:
    part = ""
    if len(ranked) > MOST:
        ranked = [*ranked[:ENDS], *ranked[-ENDS:]]
        part = f"，前{ENDS}位和后{ENDS}位"
    frame = pl.DataFrame(
        {
            "name": row.name,
            "label": f"{row.rank}" + " 并列" * row.tied,
            "rank": row.rank,
            "composite": row.figures["composite"],
            "before": row.figures["composite_before"],
        }
        for row in ranked
    ).with_columns(pl.col("before").cast(pl.Float64))
    last = "上年" if table.key == "year" else "上年同期"
    return Picture(
        f"ranking-{table.key}",
        f"{table.title}综合指数排名（圆圈为{last}{part}）",
        f"{table.title}综合指数由小到大{part}：{'、'.join(row.name for row in ranked)}。",
        lambda width: figures.ranking(frame, width),
    )

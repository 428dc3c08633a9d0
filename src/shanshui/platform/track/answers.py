"""Which figure answers a promise: on its basis, of its time, the better attested first.

Pure: frames in, frames out. What is chosen here is judged by `shanshui.progress`, and nowhere else.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from shanshui.air.statistics import PERCENTILES
from shanshui.air.statistics import percentile as percentile_column
from shanshui.plan.grammar import lexicon
from shanshui.platform.report.targets import MEANS, RATIOS
from shanshui.platform.track.periods import period_of
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FIELDS = ("roster", "edition", "state", "dust", "status", "formula")
"""Fields of a basis (口径) that are compared."""
FIGURE: dict[str, pl.DataType] = {
    "indicator": pl.String(),
    "region": pl.String(),
    "period": pl.String(),
    "value": pl.String(),
    "unit": pl.String(),
    "source": pl.String(),
    "status": pl.String(),
    "roster": pl.String(),
    "state": pl.String(),
    "dust": pl.String(),
    "edition": pl.String(),
    "formula": pl.String(),
    "confidence": pl.String(),
    "ref": pl.String(),
    "at": pl.Datetime("us", "UTC"),
    "derived": pl.Boolean(),
    "bound": pl.Boolean(),
    "days_valid": pl.Int64(),
    "stations": pl.Int64(),
    "evidence": pl.List(pl.String()),
}
"""Columns of figures; those after ``at`` may be absent."""
DATA_STATES = ("实时", "审核", "定版")
"""Statuses of monitored figures, which are part of their basis."""
_UNREVIEWED = ("草稿", "退回")
# How well a figure is attested, best first: a status, or the confidence of what is published.
_ATTESTED = {"定版": 0, "A": 1, "审核": 2, "已审": 2, "B": 3, "实时": 4, "已报": 4}
_WORST = 5
TALLIES = {"good_days": "good", "heavy_days": "heavy"}
"""Columns that count days of the year, and which."""
_WHOLES = {"shanshui.water.surface.shares": "sections", "shanshui.water.ground.share": "points"}
"""Functions whose ratios are of places that are each judged on their mean so far, and which."""
_PERCENTILES = frozenset(percentile_column(item) for item in PERCENTILES)


class Span(NamedTuple):
    """What a period is."""

    kind: str
    year: int
    end: date


@cache
def span(period: str) -> Span | None:
    """Understand the period of a figure; None where it is none that a target is judged by.

    Examples
    --------
    >>> span("2026-01/2026-10")
    Span(kind='ytd', year=2026, end=datetime.date(2026, 10, 31))
    >>> span("2026-01/2026-12").kind, span("2026-03/2026-10")
    ('year', None)
    """
    try:
        found = period_of(period)
    except ShanshuiError:
        return None
    kind, year, end = str(found.kind), found.end.year, found.end
    if kind == "span":
        if found.start != date(year, 1, 1):
            return None
        kind = "ytd" if end < date(year, 12, 31) else "year"
    return Span(kind, year, end)


def way_of(method: str | None) -> str | None:
    """Say what the rest of a year may be of an indicator by its method.

    Returns
    -------
    str or None
        ``mean`` (of days), ``ratio`` (of days), ``good`` and ``heavy`` (counts of such days),
        ``sections`` and ``points`` (ratios of them), ``percentile`` (of days, which have to be
        known one by one), ``other`` (measured, but nothing exact can be said of the rest, as of
        sources, which what is past settles); None where it is reported.

    Examples
    --------
    >>> [way_of(f"shanshui.air.statistics:{item}") for item in ("pm25", "good_ratio", "o3_8h_p90")]
    ['mean', 'ratio', 'percentile']
    >>> way_of("reported") is None
    True
    """
    if method is None or method == "reported":
        return None
    home, _, column = method.partition(":")
    if home.endswith("air.statistics") and column in MEANS:
        return "mean"
    if home.endswith("air.statistics") and column in RATIOS:
        return "ratio"
    if home.endswith("air.statistics") and column in TALLIES:
        return TALLIES[column]
    if home.endswith("air.statistics") and column in _PERCENTILES:
        return "percentile"
    return _WHOLES.get(home, "other") if column.endswith("_ratio") else "other"


@cache
def measure_words() -> frozenset[str]:
    """Return the units that only count (个, 家, 座 …), which differ in nothing but the word."""
    return frozenset(row["name"] for row in lexicon("units")["unit"] if row.get("counts"))


def figures_known(figures: pl.DataFrame, at: date, as_of: datetime | None = None) -> pl.DataFrame:
    """Take the figures that a target may be judged by on a day.

    Left out are figures of periods that end later, what was recorded after `as_of`, drafts and
    what was returned, bounds (…以上), and what rests on memory only (confidence C).

    Parameters
    ----------
    figures : polars.DataFrame
        Columns of `FIGURE`.
    at : date
        The as-of date (评价日).
    as_of : datetime, optional
        Recorded time up to which figures are known.

    Returns
    -------
    polars.DataFrame
        The same columns, with ``kind`` (year, ytd, month, quarter), ``year``, ``end``, ``rank``
        (0 is attested best), the best first.
    """
    missing = [
        pl.lit(None, dtype=kind).alias(name)
        for name, kind in FIGURE.items()
        if name not in figures.columns
    ]
    known = figures.with_columns(missing).select(pl.col(n).cast(k) for n, k in FIGURE.items())
    periods = known["period"].drop_nulls().unique()
    spans = [(text, *found) for text in periods if (found := span(text)) is not None]
    table = pl.DataFrame(
        spans,
        schema={"period": pl.String, "kind": pl.String, "year": pl.Int32, "end": pl.Date},
        orient="row",
    )
    known = known.join(table, on="period", how="inner", maintain_order="left").filter(
        pl.col("end") <= at,
        pl.col("value").is_not_null(),
        ~pl.col("bound").fill_null(value=False),
        pl.col("confidence").ne_missing("C"),
        ~pl.col("status").is_in(_UNREVIEWED).fill_null(value=False),
    )
    if as_of is not None:
        known = known.filter(pl.col("at").is_null() | (pl.col("at") <= as_of))
    said = pl.col("status").replace_strict(_ATTESTED, default=None, return_dtype=pl.Int8)
    sure = pl.col("confidence").replace_strict(_ATTESTED, default=None, return_dtype=pl.Int8)
    # A list of events may be named behind the word: 扣沙（名单）.
    dust = pl.col("dust").str.splitn("（", 2).struct
    return known.with_columns(
        rank=pl.coalesce(said, sure, pl.lit(_WORST, dtype=pl.Int8)),
        derived=pl.col("derived").fill_null(value=False),
        dust=dust.field("field_0"),
        usual=pl.col("dust").is_null() | dust.field("field_1").is_not_null(),
    ).sort(
        "rank",
        ~pl.col("usual"),
        "derived",
        pl.col("formula").is_not_null(),
        pl.col("roster").is_null(),
        "at",
        descending=[False, False, False, False, False, True],
        nulls_last=True,
        maintain_order=True,
    )


def _basis_status() -> pl.Expr:
    """Return the status where it is part of the basis; of a department's form it is not."""
    return pl.when(pl.col("status").is_in(DATA_STATES)).then("status")


def _apart(mine: str, theirs: str, fields: Sequence[str]) -> pl.Expr:
    """Count the fields in which two bases differ; what one does not state does not differ."""
    return pl.sum_horizontal(
        (pl.col(f"{mine}{name}") != pl.col(f"{theirs}{name}")).fill_null(value=False)
        for name in fields
    ).cast(pl.Int32)


_YEAR_ON_YEAR = ("roster", "edition", "state", "dust")
"""Fields that two figures of one series have to share."""


def choose(
    promises: pl.DataFrame,
    known: pl.DataFrame,
    at: date,
    stand_ins: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """Choose for each promise the figure that answers it, its base value, and the year so far.

    Of the figures of its indicator and region, in this order: one of the deadline before any
    other; one after the baseline; one on the promise's basis before one that differs; the latest;
    the one that differs least, then the one that states most of what is promised; the better
    attested. Of a state of a year, a figure after the
    deadline is the last to be taken. A stand-in's figure comes after every own one.

    Parameters
    ----------
    promises : polars.DataFrame
        ``id``, ``indicator``, ``region``, ``year``, ``month`` (0 for the year), ``end`` (last
        day), ``lasting``, ``way`` (see `way_of`), ``base_year``, ``base_value``, ``one_place``
        (its ratios of days are counted at one place) and the fields of the basis,
        ``want_roster`` ….
    known : polars.DataFrame
        Made by `figures_known`.
    at : date
        The as-of date.
    stand_ins : mapping, optional
        Regions without figures, and the nearest that has some.

    Returns
    -------
    polars.DataFrame
        A row a promise that has a figure: ``id`` and, with prefixes, the columns of the figure
        (``now_``), the figure of the base year (``then_``), the months of the year so far
        (``part_``), the same period of last year (``same_``), the whole of last year (``last_``);
        ``passed`` (the latest period of a figure on another basis that was passed over).
    """
    figures = known.with_columns(basis_status=_basis_status()).with_row_index("place")
    asked = promises.select(
        "id", "indicator", "region", "year", "month", "end", "lasting", "way", "base_year",
        "base_value", "one_place", *(f"want_{name}" for name in FIELDS),
    ).rename({"year": "due", "end": "until"})  # fmt: skip
    found = _candidates(asked, figures, stand_ins or {})
    now = _now(found, at)
    part = _unless_whole(_part(found, at), now)
    chosen = asked.select("id", "indicator", "region", "base_year", "base_value", "due").join(
        _prefixed(now, "now_").with_columns(region_now=pl.col("now_region")), on="id", how="full",
        coalesce=True, maintain_order="left",
    )  # fmt: skip
    chosen = chosen.join(_prefixed(part, "part_"), on="id", how="left", maintain_order="left")
    chosen = chosen.join(_base(chosen, figures), on="id", how="left", maintain_order="left")
    chosen = _before(chosen, figures)
    passed = (
        found.filter(pl.col("apart") > 0)
        .group_by("id")
        .agg(passed=pl.col("period").sort_by("end").last(), passed_end=pl.col("end").max())
    )
    chosen = chosen.join(passed, on="id", how="left", maintain_order="left")
    later = pl.col("passed_end") > pl.coalesce("part_end", "now_end")
    return chosen.with_columns(passed=pl.when(later).then("passed")).filter(
        pl.col("now_place").is_not_null() | pl.col("part_place").is_not_null()
    )


def _candidates(
    asked: pl.DataFrame, figures: pl.DataFrame, stand_ins: Mapping[str, str]
) -> pl.DataFrame:
    """Join promises with the figures of their indicator and region, and of a stand-in."""
    keys = ["indicator", "region"]
    own = asked.join(figures, on=keys, how="inner").with_columns(stand_in=pl.lit(value=False))
    if stand_ins:
        table = pl.DataFrame(
            {"region": list(stand_ins), "series": list(stand_ins.values())},
            schema={"region": pl.String, "series": pl.String},
        )
        nearby = (
            asked.join(table, on="region", how="inner")
            .with_columns(region="series")
            .drop("series")
            .join(figures, on=keys, how="inner")
            .with_columns(stand_in=pl.lit(value=True))
        )
        own = pl.concat([own, nearby])
    return own.with_columns(
        apart=_apart("want_", "", [f for f in FIELDS if f != "status"])
        + (pl.col("want_status") != pl.col("basis_status")).fill_null(value=False).cast(pl.Int32),
        shared=pl.sum_horizontal(
            (pl.col(f"want_{name}") == pl.col(name)).fill_null(value=False)
            for name in FIELDS
            if name != "status"
        ).cast(pl.Int32),
        timely=pl.col("lasting") | pl.col("due").is_null() | (pl.col("year") <= pl.col("due")),
    )


def _now(found: pl.DataFrame, at: date) -> pl.DataFrame:
    """Choose the figure that is set against each promise."""
    whole = pl.col("kind") == "year"
    in_year = (
        (pl.col("kind") == "ytd") & (pl.col("year") == pl.col("due")) & (pl.col("due") == at.year)
    )
    # Nothing exact is known of the rest: the months so far stand by themselves.
    unsplit = (
        pl.col("way").is_in(["other", "percentile"])
        | (pl.col("way").is_in(["ratio", *_WHOLES.values()]) & ~_countable())
        | (pl.col("way").is_in(list(TALLIES.values())) & ~_tallied())
    )
    reported = pl.col("way").is_null() & pl.col("timely")
    of_year = whole | pl.col("lasting") | reported | (unsplit & in_year)
    of_month = pl.when(pl.col("lasting") | pl.col("way").is_null()).then(
        (pl.col("end") <= pl.col("until")) & (pl.col("year") == pl.col("due"))
    ).otherwise((pl.col("kind") == "month") & (pl.col("end") == pl.col("until")))  # fmt: skip
    usable = pl.when(pl.col("month") == 0).then(of_year).otherwise(of_month)
    final = pl.col("timely") & (pl.col("end") >= pl.col("until")).fill_null(value=False)
    after = (pl.col("year") > pl.col("base_year")).fill_null(value=True)
    return _first(
        found.filter(usable).with_columns(final=final),
        "timely", "final", after, ~pl.col("stand_in"), pl.col("apart") == 0, "end",
        -pl.col("apart"), "shared", -pl.col("place").cast(pl.Int64),
    )  # fmt: skip


def _countable() -> pl.Expr:
    """Say whether a ratio is one of whole days at one place, or of whole sections or points."""
    # Without a count of valid days those of the calendar are tried: it must come to whole days.
    days = pl.coalesce("days_valid", pl.col("end").dt.ordinal_day().cast(pl.Int64))
    places = pl.col("way").is_in(list(_WHOLES.values()))
    units = pl.when(places).then("stations").otherwise(days)
    ratio = pl.col("value").cast(pl.Float64, strict=False)
    counted = (ratio * units / 100).round()
    whole = ((counted * 100 / units - ratio).abs() < 0.051) & (units > 0)
    apart = places | pl.col("one_place")
    return (whole & apart).fill_null(value=False)


def _tallied() -> pl.Expr:
    """Say whether a figure is a count of whole days at one place."""
    number = pl.col("value").cast(pl.Float64, strict=False)
    days = pl.col("end").dt.ordinal_day()
    return (
        (number == number.round()) & number.is_between(0, days) & pl.col("one_place")
    ).fill_null(value=False)


def _part(found: pl.DataFrame, at: date) -> pl.DataFrame:
    """Choose the months of the running year so far."""
    running = (pl.col("kind") == "ytd") & (pl.col("year") == at.year) & (pl.col("month") == 0)
    first = _first(
        found.filter(running, ~pl.col("lasting")),
        ~pl.col("stand_in"), pl.col("apart") == 0, "end", -pl.col("apart"),
        "shared", -pl.col("place").cast(pl.Int64),
    )  # fmt: skip
    days = pl.col("end").dt.ordinal_day().cast(pl.Int64)
    year_days = pl.date(pl.col("year"), 12, 31).dt.ordinal_day().cast(pl.Int64)
    sections = pl.col("way").is_in(list(_WHOLES.values()))
    tally = pl.col("way").is_in(list(TALLIES.values()))
    valid = pl.when(tally).then(days).otherwise(pl.coalesce("days_valid", days))
    done = pl.when(sections).then("stations").otherwise(valid)
    ratio = pl.col("way").is_in(["ratio", *_WHOLES.values()])
    number = pl.col("value").cast(pl.Float64, strict=False)
    # Whether the days of a percentile are known is seen when they are looked for.
    days_kept = (pl.col("way") == "percentile") & pl.col("one_place")
    days_kept = days_kept & (pl.col("source") == "monitored")
    exact = (pl.col("way") == "mean") | (ratio & _countable()) | (tally & _tallied()) | days_kept
    return first.with_columns(
        done=done,
        left=pl.when(sections).then(pl.lit(0, dtype=pl.Int64)).otherwise(year_days - days),
        counted=pl.when(ratio).then((number * done / 100).round().cast(pl.Int64)),
        tally=pl.when(tally).then("way"),
        count=pl.when(sections).then("way").otherwise(pl.lit("days")),
        # Judged as a part of the year only in the target's own year, on what can be split.
        judged=exact.fill_null(value=False) & (pl.col("due") == at.year).fill_null(value=False),
    )


def _unless_whole(part: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Leave out the months so far where the figure of the whole year is there, on no worse basis.

    On the last day of a year both may be.
    """
    whole = now.filter(pl.col("kind") == "year").select(
        "id", "year", whole_apart="apart", whole_stand_in="stand_in"
    )
    better = part.join(whole, on=["id", "year"], how="inner").filter(
        pl.col("whole_apart") <= pl.col("apart"), pl.col("whole_stand_in") <= pl.col("stand_in")
    )
    return part.join(better, on="id", how="anti", maintain_order="left")


def _first(rows: pl.DataFrame, *order: str | pl.Expr) -> pl.DataFrame:
    """Take the first row of each promise by an order, greatest first."""
    by = [pl.col(one) if isinstance(one, str) else one for one in order]
    named = [one.alias(f"_{n}") for n, one in enumerate(by)]
    names = [f"_{n}" for n in range(len(by))]
    return (
        rows.with_columns(named)
        .sort("id", *names, descending=[False, *(True for _ in names)], nulls_last=True)
        .unique("id", keep="first", maintain_order=True)
        .drop(names)
    )


_KEPT = (
    "place", "region", "period", "value", "unit", "source", *FIELDS, "basis_status", "confidence",
    "ref", "at", "evidence", "derived", "kind", "year", "end", "apart", "stand_in",
)  # fmt: skip


def _prefixed(rows: pl.DataFrame, prefix: str) -> pl.DataFrame:
    more = ("done", "left", "counted", "count", "tally", "judged", "final", "timely")
    names = [name for name in (*_KEPT, *more) if name in rows.columns]
    return rows.select("id", *(pl.col(name).alias(prefix + name) for name in names))


def _base(chosen: pl.DataFrame, figures: pl.DataFrame) -> pl.DataFrame:
    """Choose the figure of the base year that shares the answer's basis, where none is stated."""
    asked = chosen.filter(pl.col("base_value").is_null(), pl.col("base_year").is_not_null()).select(
        "id",
        "indicator",
        pl.coalesce("region_now", "region").alias("region"),
        year=pl.col("base_year").cast(pl.Int32),
        **{f"mine_{name}": pl.coalesce(f"part_{name}", f"now_{name}") for name in _YEAR_ON_YEAR},
    )
    rows = asked.join(
        figures.filter(pl.col("kind") == "year"), on=["indicator", "region", "year"], how="inner"
    ).with_columns(apart=_apart("mine_", "", _YEAR_ON_YEAR), stand_in=pl.lit(value=False))
    first = _first(rows, -pl.col("apart"), -pl.col("place").cast(pl.Int64))
    return _prefixed(first, "then_")


def _before(chosen: pl.DataFrame, figures: pl.DataFrame) -> pl.DataFrame:
    """Find the same period of last year, and the whole of it, on the same basis."""
    mine = {
        name: pl.coalesce(f"part_{name}", f"now_{name}").alias(f"mine_{name}")
        for name in ("kind", "year", "end", *_YEAR_ON_YEAR)
    }
    asked = chosen.select(
        "id", "indicator", pl.coalesce("part_region", "now_region").alias("region"), *mine.values()
    ).filter(pl.col("mine_year").is_not_null())
    rows = asked.join(figures, on=["indicator", "region"], how="inner").filter(
        pl.col("year") == pl.col("mine_year") - 1
    )
    rows = rows.with_columns(
        apart=_apart("mine_", "", _YEAR_ON_YEAR), stand_in=pl.lit(value=False)
    ).filter(pl.col("apart") == 0)
    month = pl.col("end").dt.month() == pl.col("mine_end").dt.month()
    same = _first(
        rows.filter(pl.col("kind") == pl.col("mine_kind"), month), -pl.col("place").cast(pl.Int64)
    )
    last = _first(rows.filter(pl.col("kind") == "year"), -pl.col("place").cast(pl.Int64))
    for found, prefix in ((same, "same_"), (last, "last_")):
        few = found.select(
            "id", *(pl.col(name).alias(prefix + name) for name in ("period", "value", "ref"))
        )
        chosen = chosen.join(few, on="id", how="left", maintain_order="left")
    return chosen

"""Assess noise: levels of the lake to days and nights of points, shares of zones, mean levels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl

from shanshui import noise
from shanshui.noise._levels import PLACES, in_force, level
from shanshui.platform.assess import changes
from shanshui.platform.assess.air_figures import NO_DATA, written
from shanshui.platform.assess.averages import MADE, hashed, indicators
from shanshui.platform.assess.layers import Frozen
from shanshui.platform.assess.results import Written
from shanshui.platform.assess.samples import SampleRun
from shanshui.platform.assess.terms import Term
from shanshui.platform.ingest.observations import MOMENT
from shanshui.standards.editions import Edition
from shanshui.standards.errors import NoEdition
from shanshui.standards.rounding import divide_half_even, from_fixed

_HOME = "shanshui.noise"
_LEQ = "leq"
SIDES = {"day": "ld", "night": "ln"}
"""The property with the level of each part of a day."""
KINDS = {"attainment": "功能区", "region": "区域", "road": "道路"}
"""The kind of points that each function is over."""
STATED, MEASURED = "stated", "measured"
_STEPS = {3600: "1h", 60: "1min", 1: "1s"}
_DAY = 86_400


class NoiseRun(SampleRun):
    """One roster of points of noise in one run."""

    domain = "noise"

    def run(self) -> Written:
        """Compute and store what is asked for, or what has changed."""
        done = super().run()
        left = _of_unverified(self.series.versions[-1][2].counted)
        if left.height:
            zones = "、".join(left["zone"].unique().sort())
            self.job.unanswered.append(
                (
                    f"{self.domain} {self.series.roster}",
                    f"{zones} 类区 {left.height} 个点位的限值未核实，不计入达标率",
                    f"limits of zone {zones} are not verified: {left.height} points do not count",
                )
            )
        return done

    @classmethod
    def known(cls) -> list[str]:
        """Return the properties that are read."""
        return [*SIDES.values(), _LEQ]

    @classmethod
    def wanted(cls) -> list[str]:
        """Return the codes of the indicators that are answered."""
        return list(wanted())

    def rows(self, first: date, last: date, holder: Frozen | None) -> pl.DataFrame:
        """Return levels of days and nights; see `day_levels`."""
        return day_levels(self.observed(first, last, holder))

    def observed(self, first: date, last: date, holder: Frozen | None) -> pl.DataFrame:
        """Return the observations of dates, with ``date`` and ``part`` (ld, ln) of each."""
        rows = super().rows(first, last + timedelta(days=1), holder)  # with the morning after
        return rows.with_columns(_date(), _part()).filter(pl.col("date").is_between(first, last))

    def edition_of(self, day: date) -> str:
        """Return the edition in force on a day; empty where there was none."""
        try:
            return in_force(day).name
        except NoEdition:
            return ""

    def figures(
        self,
        rows: pl.DataFrame,
        term: Term,
        listed: pl.DataFrame,
        regions: pl.DataFrame,
        edition: str | None,
    ) -> pl.DataFrame:
        """Compute the figures of regions over a period; see `figures_of`."""
        try:
            judged = in_force(edition or term.end)
        except NoEdition:
            self.job.unanswered.append(
                (
                    f"{self.domain} {term.text}",
                    "当时没有适用的标准",
                    "no standard was in force then",
                )
            )
            return pl.DataFrame(schema=MADE)
        return figures_of(rows, term, listed, regions, judged)

    def _days_there(self) -> list[date]:
        rows = self._observations(None, None)
        return sorted(rows.select(_date()).unique().collect()["date"].to_list())

    def _changed(self, version: int, freezes: frozenset[int]) -> list[date]:
        # What changed in the small hours belongs to the night of the day before.
        days = super()._changed(version, freezes)
        return sorted({*days, *(day - timedelta(days=1) for day in days)})


def wanted() -> dict[str, dict[str, Any]]:
    """Return the indicators of the catalogue that noise answers, by code."""
    return indicators(_HOME)


def function_of(row: dict[str, Any]) -> str:
    """Return the name of the function that answers an indicator."""
    return str(row["method"].partition(":")[0].removeprefix(f"{_HOME}."))


def kind_of(row: dict[str, Any]) -> str:
    """Return the kind of points that an indicator is over."""
    return KINDS[function_of(row)]


def side_of(row: dict[str, Any]) -> str:
    """Return the part of the day that an indicator is of."""
    _, _, column = row["method"].partition(":")
    return str(column).partition("_")[0]


@cache
def _hours() -> tuple[int, int]:
    first, last = in_force(None).parameter("day_hours")
    return first, last


def _begin() -> pl.Expr:
    return pl.col("time") - pl.duration(seconds="period")


def _date() -> pl.Expr:
    """Return the date that a row is of: a night goes on to the next morning."""
    own = (_begin() - pl.duration(hours=_hours()[0])).dt.date()
    return pl.when(pl.col("property") == _LEQ).then(own).otherwise(changes.day_of()).alias("date")


def _part() -> pl.Expr:
    """Return the property with the level of the part of the day that a row is of."""
    first, last = _hours()
    hour = _begin().dt.hour()
    part = pl.when((hour >= first) & (hour < last)).then(pl.lit(SIDES["day"]))
    return (
        pl.when(pl.col("property") == _LEQ)
        .then(part.otherwise(pl.lit(SIDES["night"])))
        .otherwise("property")
        .alias("part")
    )


def _of_unverified(listed: pl.DataFrame) -> pl.DataFrame:
    """Return the points of zones whose limits are not verified."""
    unverified = noise.noise_limits().filter(pl.col("confidence") == "C")["zone"].to_list()
    return listed.filter(pl.col("kind") == KINDS["attainment"], pl.col("zone").is_in(unverified))


def day_levels(rows: pl.DataFrame) -> pl.DataFrame:
    """Bring observations to the levels of days and nights of points.

    Where a level is stated (Ld, Ln) for a day or longer, or at a moment of it, that one counts;
    else the one of a series of hours, of minutes, of seconds, the coarsest first; else that of a
    measurement of some minutes, where it is the only one of that part of the day.

    Parameters
    ----------
    rows : polars DataFrame
        Long observations with their ``date`` and ``part``.

    Returns
    -------
    polars DataFrame
        A row a point, date and part of the day: ``station, property`` (ld, ln), ``date``,
        ``time`` (the end of the date), ``value``, ``flag`` (why there is none), ``state``
        (``raw`` where anything of it is) and ``source``: ``stated``, the step of the series, or
        ``measured`` in some minutes.
    """
    keys = ["station", "property", "date"]
    # A level of the day so far, which stations send each hour, is none of the day.
    whole = (pl.col("period") >= _DAY) | (pl.col("period") == MOMENT)
    stated = rows.filter(pl.col("property") != _LEQ, whole).sort("period", descending=True)
    parts = [
        stated.unique(keys, keep="first", maintain_order=True).select(
            *keys, "value", pl.lit(None, pl.String).alias("flag"), "state", *_from(STATED, 0)
        )
    ]
    series = rows.filter(pl.col("property") == _LEQ).with_columns(property="part")
    for place, (period, step) in enumerate(_STEPS.items(), start=1):
        own = series.filter(pl.col("period") == period)
        if own.height:
            parts.append(_of_series(own, step, place))
    minutes = [60 * n for n in in_force(None).parameter("measured_minutes")]
    parts.append(
        series.filter(pl.col("period").is_in(minutes))
        .group_by(keys)
        .agg(
            pl.when(pl.len() == 1).then(pl.col("value").first()).alias("value"),
            pl.when(pl.len() > 1).then(pl.lit("too_many")).alias("flag"),
            _state(),
        )
        .with_columns(*_from(MEASURED, len(_STEPS) + 1))
    )
    return (
        pl.concat(parts)
        .sort(pl.col("value").is_null(), "place", maintain_order=True)
        .unique(keys, keep="first", maintain_order=True)
        .with_columns(
            pl.col("date").dt.offset_by("1d").cast(pl.Datetime("us")).alias("time"),
            pl.lit(_DAY, pl.Int32).alias("period"),
        )
        .drop("place")
        .sort(keys)
    )


def _from(source: str, place: int) -> tuple[pl.Expr, pl.Expr]:
    return pl.lit(source).alias("source"), pl.lit(place, pl.Int64).alias("place")


def _state() -> pl.Expr:
    raw = (pl.col("state") == "raw").any()
    return pl.when(raw).then(pl.lit("raw")).otherwise(pl.lit("reviewed")).alias("state")


def _of_series(own: pl.DataFrame, step: Any, place: int) -> pl.DataFrame:
    """Bring a series of one step to the days and nights that it has rows of."""
    keys = ["station", "property", "date"]
    made = noise.levels(
        own.select("station", "time", "value"), value="value", step=step, stamp="end"
    )
    long = pl.concat(
        made.select(
            "station",
            pl.lit(code).alias("property"),
            "date",
            pl.col(code).alias("value"),
            pl.col(f"reason_{code}").alias("flag"),
        )
        for code in SIDES.values()
    )
    return long.join(own.group_by(keys).agg(_state()), on=keys).with_columns(*_from(step, place))


def _mean(rows: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Average levels arithmetically and exactly, to the decimals in which levels are used."""
    frame = nw.from_native(rows)
    fixed = frame.with_columns(level("value", frame.schema["value"]).alias("_fixed"))
    sums = fixed.group_by(*keys).agg(
        nw.col("_fixed").sum().cast(nw.Int64).alias("_sum"),
        nw.col("_fixed").count().cast(nw.Int64).alias("times"),
    )
    some = nw.when(nw.col("times") > 0).then(nw.col("times"))
    value = from_fixed(divide_half_even(nw.col("_sum"), some), PLACES)
    return sums.with_columns(value.alias("value")).drop("_sum").to_native()


def points(rows: pl.DataFrame, listed: pl.DataFrame, row: dict[str, Any]) -> pl.DataFrame:
    """Return the levels that an indicator is over, with what the roster says of their points.

    Parameters
    ----------
    rows : polars DataFrame
        As `day_levels` gives them.
    listed : polars DataFrame
        The roster.
    row : dict
        Of the catalogue.

    Returns
    -------
    polars DataFrame
        ``station, date, value, flag, state, source, kind, zone, length``.
    """
    kind = kind_of(row)
    own = rows.filter(pl.col("property") == SIDES[side_of(row)])
    if kind == KINDS["attainment"]:  # a zone is measured for 24 hours
        own = own.filter(pl.col("source") != MEASURED)
    said = listed.filter(pl.col("kind") == kind).select("station", "kind", "zone", "length")
    columns = ("station", "date", "value", "flag", "state", "source")
    return own.select(columns).join(said, on="station").sort("station", "date")


def figures_of(
    rows: pl.DataFrame,
    term: Term,
    listed: pl.DataFrame,
    regions: pl.DataFrame,
    edition: Edition,
) -> pl.DataFrame:
    """Compute the figures of regions over a period.

    Parameters
    ----------
    rows : polars DataFrame
        Levels of the days and nights of the period, as `day_levels` gives them.
    term : Term
        The period.
    listed : polars DataFrame
        The roster.
    regions : polars DataFrame
        ``station`` with each ``region`` that it counts for.
    edition : Edition
        By which it is judged.

    Returns
    -------
    polars DataFrame
        Columns of `MADE`.
    """
    parts = [pl.DataFrame(schema=MADE)]
    for code, row in wanted().items():
        own = points(rows, listed, row).join(regions, on="station")
        if own.is_empty():
            continue
        listing = listed.filter(pl.col("kind") == kind_of(row), pl.col("left_out").is_null())
        sizes = regions.join(listing, on="station", how="semi").group_by("region")
        made = of_zones if kind_of(row) == KINDS["attainment"] else of_levels
        value, why = made(own, row, edition)
        parts.append(
            value.join(why, on="region", how="left")
            .join(_marks(own), on="region", how="left")
            .join(sizes.agg(pl.len().cast(pl.Int64).alias("stations")), on="region", how="left")
            .select(
                pl.lit(code).alias("indicator"),
                "region",
                pl.lit(term.text).alias("period"),
                written(pl.col("value"), row["decimals"]).alias("value"),
                pl.lit(row["unit"], pl.String).alias("unit"),
                pl.when(pl.col("value").is_null()).then(pl.coalesce("reason", pl.lit(NO_DATA))),
                pl.lit(edition.name).alias("edition"),
                *(pl.lit(None, pl.String).alias(c) for c in ("state", "dust")),
                pl.lit(row["method"]).alias("method"),
                pl.lit(None, pl.Int64).alias("days_valid"),
                *("inputs", "raw", "stations"),
            )
        )
    return pl.concat(parts, how="diagonal")


def judged(own: pl.DataFrame, row: dict[str, Any], edition: Edition) -> pl.DataFrame:
    """Set levels of zones against their limits: ``limit, attains, exceed, reason`` are added."""
    side = side_of(row)
    names = {f"{c}_{side}": c for c in ("limit", "attains", "exceed", "reason")}
    said: dict[str, Any] = {side: "value", "edition": edition}
    found = noise.zones(own, **said).rename(names)
    missing = pl.col("reason") == "missing"
    return found.with_columns(
        pl.when(missing)
        .then(pl.coalesce("flag", pl.lit(NO_DATA)))
        .otherwise("reason")
        .alias("reason")
    )


def of_zones(
    own: pl.DataFrame, row: dict[str, Any], edition: Edition
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the shares of point-times that attain by region, and why points have none."""
    side = side_of(row)
    found = judged(own, row, edition)
    rates = noise.attainment(found.rename({"attains": f"attains_{side}"}), by="region")
    total = rates.filter(pl.col("zone") == "total")
    return total.select("region", pl.col(f"{side}_rate").alias("value")), _why(found)


def levels_of(own: pl.DataFrame) -> pl.DataFrame:
    """Average the days of each point: a point counts once however often it was measured."""
    return _mean(own, ["station", "region", "zone", "length"])


def of_levels(
    own: pl.DataFrame, row: dict[str, Any], edition: Edition
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the mean levels of regions, and why points have none."""
    side = side_of(row)
    function = noise.road if kind_of(row) == KINDS["road"] else noise.region
    means = function(levels_of(own), by="region", edition=edition, **{side: "value"})
    absurd = pl.when(pl.col("value").is_not_null()).then(pl.lit("absurd"))
    reasons = own.with_columns(pl.coalesce("flag", absurd).alias("reason"))
    return means.select("region", pl.col(side).alias("value")), _why(reasons)


def _why(found: pl.DataFrame) -> pl.DataFrame:
    reasons = pl.col("reason").drop_nulls().unique().sort().str.join(",")
    return found.group_by("region").agg(reasons).with_columns(pl.col("reason").replace("", None))


def _marks(own: pl.DataFrame) -> pl.DataFrame:
    """Return the fingerprint of the levels that entered, and how many nobody reviewed."""
    cells = [
        pl.col(c).cast(pl.String).fill_null("-")
        for c in ("station", "date", "zone", "length", "value", "flag")
    ]
    raw = (pl.col("state") == "raw") & pl.col("value").is_not_null()
    texts = (
        own.sort("region", "station", "date")
        .group_by("region", maintain_order=True)
        .agg(
            pl.concat_str(cells, separator=",").str.join("\n").alias("text"),
            raw.sum().cast(pl.Int64).alias("raw"),
        )
    )
    return hashed(texts)

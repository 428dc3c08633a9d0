"""Assess air: hours of the lake to days of regions, and their statistics as results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl

from shanshui import __version__
from shanshui.air._rules import DAILY, HOURLY
from shanshui.air.events import Dust
from shanshui.platform.assess import changes, comparisons
from shanshui.platform.assess.air_compared import AirPairs
from shanshui.platform.assess.air_figures import figures, fingerprints
from shanshui.platform.assess.air_figures import wanted as indicators
from shanshui.platform.assess.engines import HOUR
from shanshui.platform.assess.events import digest as events_digest
from shanshui.platform.assess.events import events_of, placed
from shanshui.platform.assess.job import Job, Marker, Series, Version, mark, marker
from shanshui.platform.assess.layers import (
    LIVE,
    Frozen,
    covering,
    frozen,
    layer_of_days,
)
from shanshui.platform.assess.results import Scope, Written, store
from shanshui.platform.assess.tables import DAYS, RESULT, newest
from shanshui.platform.assess.terms import Term, touched

DOMAIN = "air"
_PIECE = 20_000  # station days that are held at once
MARKS = [f"excluded_{i}" for i in DAILY]
_DAY: dict[str, Any] = {c: k for c, k in DAYS.schema.items() if c not in {"at", "digest"}} | {
    "date": pl.Date
}
DUSTS: tuple[Dust, ...] = ("national", "removed", "kept")


class AirRun:
    """One roster of air in one run."""

    def __init__(self, job: Job, series: Series) -> None:
        self.job = job
        self.series = series
        self.events = events_of(job.workspace)
        self.frozen = frozen(job.workspace, DOMAIN, series.roster_id, job.cut.freezes)
        self.digest = series.digest(events_digest(self.events), __version__)
        self._cache: dict[int, pl.DataFrame] = {}
        self._final: frozenset[int] = frozenset()  # computed when they became so, once
        self.last = date.max
        """The last day with data, as far as it is known."""

    @classmethod
    def wanted(cls) -> list[str]:
        """Return the codes of the indicators that are answered."""
        return [one.code for one in indicators()]

    # ------------------------------------------------------------------------------ what to do

    def run(self) -> Written:
        """Compute and store what is asked for, or what has changed."""
        job = self.job
        known = marker(job, self.series)
        if known is not None and job.cut.asked is None:
            self._final = known.freezes
        before = known if job.whole and known and known.digest == self.digest else None
        fresh: dict[int, pl.DataFrame] | None = None
        changed = None
        if job.terms is not None:
            terms = set(job.terms)
            regions = job.regions
        elif before is not None:
            changed, spans = self._changed(before)
            if changed.is_empty() and not spans:
                if before.lake_version != job.cut.version:
                    self._mark(Written())
                return Written()
            days = [*changed["date"].to_list(), *spans]
            self.last = max([self._last(days), *days])
            terms = set(touched(days, self.last))
            regions = None if spans else self._regions(changed)
            fresh = self._renewed(changed)
        else:
            days = self._days_there()
            if not days:
                job.silent(self.series)
                return Written()
            self.last = max(days)
            terms = set(touched(days, self.last))
            regions = job.regions
        done = self._assess(sorted(terms), regions, fresh)
        compared = sorted(terms) if job.terms else comparisons.later(terms, self.last)
        done += AirPairs(self, changed).compare(compared, regions)
        if job.whole:
            self._mark(done)
        return done

    def _mark(self, done: Written) -> None:
        counts = {"stored": done.stored, "same": done.same, "withdrawn": done.withdrawn}
        mark(self.job, self.series, self.digest, self.frozen, counts)

    def _changed(self, before: Marker) -> tuple[pl.DataFrame, list[date]]:
        """Return the days of stations that changed, and the days of freezes that did."""
        rows = changes.since(self.job.lake, before.lake_version, self.job.cut.version)
        listed = self.series.stations()
        rows = rows.filter(pl.col("property").is_in(HOURLY), pl.col("station").is_in(listed))
        now = {one.id: one for one in self.frozen}
        other = set(now) ^ before.freezes
        spans: list[date] = []
        for number in other:
            first, last = self._span(number, now)
            spans += [*pl.date_range(first, last, "1mo", eager=True).to_list(), last]
        return rows.select("station", "date").unique(), spans

    def _span(self, number: int, now: dict[int, Frozen]) -> tuple[date, date]:
        if number in now:
            return now[number].start, now[number].end
        from shanshui.platform.store.models import Freeze

        with self.job.workspace.ledger.read() as session:
            row = session.get_one(Freeze, number)
            return date.fromisoformat(row.start), date.fromisoformat(row.end)

    def _regions(self, changed: pl.DataFrame) -> frozenset[str]:
        """Return the regions of changed stations, in any version."""
        stations = changed.select("station").unique()
        found: set[str] = set()
        for _, _, version in self.series.versions:
            both = version.places.all().join(stations, on="station", how="semi")
            found |= set(both["region"])
        return frozenset(found)

    def _renewed(self, changed: pl.DataFrame) -> dict[int, pl.DataFrame]:
        """Compute the days of regions that depend on changed rows, and keep them."""
        found = {}
        for _, _, version in self.series.versions:
            due = changed.join(version.places.all(), on="station").select("region", "date")
            days = self.computed(version, None, due.unique())
            self._keep(LIVE, days)
            found[version.id] = days
        return found

    def _last(self, days: Iterable[date]) -> date:
        """Return the last day with data in the years of days and the next, as far as it is known.

        The years after are compared with them.
        """
        years = sorted({year for day in days for year in (day.year, day.year + 1)})
        own = self.job.shelf.read(DAYS, years).filter(pl.col("roster_version") > 0)
        known = own.select(pl.col("date").max()).collect().item()
        return date.min if known is None else date.fromisoformat(known)

    def _days_there(self) -> list[date]:
        """Return every day on which a station of the roster has an hour."""
        rows = self.job.lake.observations(
            self.series.stations(),
            HOURLY,
            period=HOUR,
            as_of=self.job.as_of(),
            end=self.job.cut.until,
            wide=True,
        )
        found = rows.select(changes.day_of().alias("date")).unique().collect()
        return sorted(found["date"].to_list())

    # ------------------------------------------------------------------------------------ days

    def computed(self, version: Version, one: Frozen | None, wanted: pl.DataFrame) -> pl.DataFrame:
        """Compute days of regions anew: all of them that are wanted (``region, date``)."""
        parts = []
        listed = version.places.all().join(wanted.select("region").unique(), on="region")
        if listed.is_empty():
            return pl.DataFrame(schema=_DAY)
        most = max(1, _PIECE // listed.height)
        for first, last in changes.runs(wanted["date"].unique().to_list(), most):
            self.job.tell(f"日值 days {first:%Y-%m-%d}")
            due = wanted.filter(pl.col("date").is_between(first, last))
            near = listed.join(due.select("region").unique(), on="region", how="semi")
            asked = self.asked(one, sorted(set(near["station"])), first, last)
            if asked is None:
                continue
            for frame in (version.places.cities, version.places.counties):
                part = near.join(frame, on=list(frame.columns), how="semi")
                if part.height:
                    parts.append(self._piece(version, one, asked, part, due))
        return pl.concat([pl.DataFrame(schema=_DAY), *parts]).unique(["region", "date"])

    def asked(
        self, one: Frozen | None, stations: list[str], first: date, last: date
    ) -> dict[str, Any] | None:
        """Say which hours of the lake make up days, nothing later than the cut."""
        start = datetime.combine(first, time())
        end = datetime.combine(last + timedelta(days=1), time())
        until = self.job.cut.until
        if until is not None:
            end = min(end, until)
        if end <= start:
            return None
        as_of = self.job.as_of() if one is None else one.asked.as_of
        return {"stations": stations, "start": start, "end": end, "as_of": as_of}

    def _piece(
        self,
        version: Version,
        one: Frozen | None,
        asked: dict[str, Any],
        listed: pl.DataFrame,
        due: pl.DataFrame,
    ) -> pl.DataFrame:
        own = asked | {"stations": sorted(listed["station"])}
        events = placed(self.events, version.stations)
        days = self.job.engine.days(self.job.lake, own, listed, events)
        if days.is_empty():
            return pl.DataFrame(schema=_DAY)
        days = days.join(due, on=["region", "date"], how="semi")
        raw = self._raw(own, listed) if one is None else None
        if raw is not None:
            days = days.join(raw, on=["region", "date"], how="left")
        return days.with_columns(
            pl.lit(version.id).alias("roster_version"),
            pl.lit(LIVE if one is None else one.id).alias("layer"),
            *(pl.lit(None, pl.String).alias(c) for c in MARKS if c not in days.columns),
            (pl.col("raw") if raw is not None else pl.lit(None)).fill_null(0).alias("raw"),
        ).select(pl.col(c).cast(kind) for c, kind in _DAY.items())

    def _raw(self, asked: dict[str, Any], listed: pl.DataFrame) -> pl.DataFrame:
        """Count the values of each region and day that nobody has reviewed."""
        rows = self.job.lake.observations(**asked, properties=HOURLY, period=HOUR)
        counted = listed.filter(~pl.col("reference")).select("station", "region")
        return (
            rows.filter(pl.col("state") == "raw", pl.col("value").is_not_null())
            .group_by("station", changes.day_of().alias("date"))
            .len("raw")
            .collect()
            .join(counted, on="station")
            .group_by("region", "date")
            .agg(pl.col("raw").sum())
        )

    def _keep(self, layer: int, days: pl.DataFrame) -> None:
        self.keep(days.with_columns(pl.lit(self.digest_of(layer)).alias("digest")))

    def keep(self, days: pl.DataFrame) -> None:
        """Keep days with the digest of what they hold by, where the run is over everything."""
        if self.job.whole:
            rows = days.with_columns(
                pl.col("date").cast(pl.String), pl.lit(self.job.moment).alias("at")
            )
            self.job.shelf.add(DAYS, rows, "date")

    def _kept(self, version: Version, layer: int, years: Sequence[int] | None) -> pl.DataFrame:
        rows = self.job.shelf.read(DAYS, years).filter(
            pl.col("roster_version") == version.id,
            pl.col("layer") == layer,
            pl.col("digest") == self.digest_of(layer),
        )
        return newest(rows.collect()).with_columns(pl.col("date").str.to_date()).select(*_DAY)

    def digest_of(self, layer: int) -> str:
        """Return by what days hold: those of a freeze for ever."""
        return self.digest[:16] if layer == LIVE else ""

    def _frozen_days(self, one: Frozen) -> pl.DataFrame:
        """Return the days of a freeze: computed once, for they never change."""
        if one.id not in self._cache:
            version = self.series.by_id(one.version_id)
            known = self.job.cut.asked is None and not self.job.anew
            days = self._kept(version, one.id, None) if known else pl.DataFrame()
            if days.is_empty():
                every = pl.date_range(one.start, one.end, eager=True).to_list()
                days = self.computed(version, one, pairs(version, every))
                self._keep(one.id, days)
            self._cache[one.id] = days
        return self._cache[one.id]

    # --------------------------------------------------------------------------------- figures

    def _assess(
        self,
        terms: Sequence[Term],
        regions: frozenset[str] | None,
        fresh: dict[int, pl.DataFrame] | None,
    ) -> Written:
        done = Written()
        open_: dict[int, list[Term]] = {}
        closed: dict[int, list[Term]] = {}
        for one in terms:
            holds = covering(self.frozen, one)
            if holds is not None:
                if holds.id not in self._final:
                    closed.setdefault(holds.id, []).append(one)
                continue
            version = self.series.of(one.end)
            if version is None:
                self.job.unlisted(self.series, one)
                continue
            open_.setdefault(version.id, []).append(one)
        for number, of in closed.items():
            holder = next(one for one in self.frozen if one.id == number)
            done += self._written(
                self.series.by_id(holder.version_id),
                self._frozen_days(holder),
                of,
                regions,
                holder,
            )
        for number, of in open_.items():
            version = self.series.by_id(number)
            days = self.open_days(version, of, regions, fresh)
            done += self._written(version, days, of, regions, None)
        return done

    def open_days(
        self,
        version: Version,
        terms: Sequence[Term],
        regions: frozenset[str] | None,
        fresh: dict[int, pl.DataFrame] | None,
    ) -> pl.DataFrame:
        """Return the days of periods that are not final: of freezes inside them, else live."""
        first, last = min(one.start for one in terms), max(one.reach for one in terms)
        if fresh is None:
            inside = [
                day
                for day in pl.date_range(first, last, eager=True).to_list()
                if any(one.start <= day <= one.reach for one in terms)
            ]
            asked = None if regions is None else version.places.with_groups(regions)
            live = self.computed(version, None, pairs(version, inside, asked))
            self._keep(LIVE, live)
        else:
            live = self._kept(version, LIVE, list(range(first.year, last.year + 1)))
        layers = layer_of_days(self.frozen, first, last)
        parts = [live.join(layers.filter(pl.col("layer") == LIVE), on="date", how="semi")]
        for one in self.frozen:
            own = layers.filter(pl.col("layer") == one.id)
            if own.height:
                parts.append(self._frozen_days(one).join(own, on="date", how="semi"))
        return pl.concat(parts)

    def _written(
        self,
        version: Version,
        days: pl.DataFrame,
        terms: Sequence[Term],
        regions: frozenset[str] | None,
        holder: Frozen | None,
    ) -> Written:
        """Compute figures and store what is news."""
        self.job.tell(f"统计 statistics {terms[0].text} … {terms[-1].text}")
        groups = version.places.groups
        if regions is not None:
            near = version.places.with_groups(regions)
            days = days.filter(pl.col("region").is_in(list(near)))
            groups = {g: m for g, m in groups.items() if g in regions or set(m) & regions}
        days, dusts = self.marked(days)
        edition = None if holder is None else holder.edition
        found = figures(days, terms, groups, edition=edition, dusts=dusts)
        marks = fingerprints(days, terms)
        rows = self._rows(found, version, groups, marks, terms, holder)
        scope_regions = None
        if regions is not None:
            wanted_regions = regions | set(groups)
            rows = rows.filter(pl.col("region").is_in(list(wanted_regions)))
            scope_regions = frozenset(wanted_regions)
        scope = Scope(
            self.series.roster,
            frozenset(self.wanted()),
            scope_regions,
            frozenset(one.text for one in terms),
            self.job.cut.asked,
        )
        return store(self.job.shelf, rows, scope, self.job.moment)

    def marked(self, days: pl.DataFrame) -> tuple[pl.DataFrame, Sequence[Dust | None]]:
        """Say what is done with values that events mark; without events there are no marks."""
        if self.events is None:
            return days.drop(MARKS), (None,)
        return days.with_columns(pl.col(MARKS).cast(pl.String)), DUSTS

    def _rows(
        self,
        found: pl.DataFrame,
        version: Version,
        groups: dict[str, tuple[str, ...]],
        marks: pl.DataFrame,
        terms: Sequence[Term],
        holder: Frozen | None,
    ) -> pl.DataFrame:
        """Say of each figure what it stands on."""
        marks = pl.concat([marks, of_groups(marks, groups)])
        sizes = version.places.sizes
        sizes |= {code: sum(sizes.get(m, 0) for m in members) for code, members in groups.items()}
        counted = pl.DataFrame(
            {"region": list(sizes), "stations": list(sizes.values())},
            schema={"region": pl.String, "stations": pl.Int64},
        )
        spans = pl.DataFrame(
            [(one.text, one.start.isoformat(), one.end.isoformat(), one.days) for one in terms],
            schema={
                "period": pl.String,
                "start": pl.String,
                "end": pl.String,
                "days_expected": pl.Int64,
            },
            orient="row",
        )
        if holder is not None:
            status: pl.Expr = pl.lit("定版")
        else:
            status = pl.when(pl.col("raw") > 0).then(pl.lit("实时")).otherwise(pl.lit("审核"))
        version_of = self.job.cut.version if holder is None else holder.lake_version
        return (
            found.join(spans, on="period", how="left")
            .join(marks, on=["region", "period"], how="left")
            .join(counted, on="region", how="left")
            .with_columns(
                pl.lit(version.text).alias("roster"),
                pl.lit(None, pl.String).alias("formula"),
                status.alias("status"),
                pl.lit(None if holder is None else holder.text, pl.String).alias("freeze"),
                pl.lit(version_of).alias("lake_version"),
                pl.lit(self.job.cut.asked, pl.Datetime("us", "UTC")).alias("as_of"),
                pl.lit(__version__).alias("code"),
                pl.lit(self.job.moment, pl.Datetime("us", "UTC")).alias("at"),
            )
            .select(pl.col(c).cast(kind) for c, kind in RESULT.items() if c != "id")
        )


def pairs(version: Version, days: Sequence[date], regions: set[str] | None = None) -> pl.DataFrame:
    """Return every region of a version with every day."""
    codes = version.places.all().select("region").unique()
    if regions is not None:
        codes = codes.filter(pl.col("region").is_in(list(regions)))
    return codes.join(pl.DataFrame({"date": pl.Series(days, dtype=pl.Date)}), how="cross")


def of_groups(marks: pl.DataFrame, groups: dict[str, tuple[str, ...]]) -> pl.DataFrame:
    """Return the fingerprints of groups: those of their cities together."""
    listed = pl.DataFrame(
        [(code, member) for code, members in groups.items() for member in members],
        schema={"group": pl.String, "region": pl.String},
        orient="row",
    )
    return (
        marks.join(listed, on="region")
        .sort("region")
        .group_by("group", "period", maintain_order=True)
        .agg(pl.col("inputs").str.join("+"), pl.col("raw").sum())
        .select(pl.col("group").alias("region"), "period", "inputs", "raw")
        .with_columns(pl.col("inputs").map_elements(_short, return_dtype=pl.String))
    )


def _short(text: str) -> str:
    from hashlib import sha256

    return sha256(text.encode()).hexdigest()[:16]

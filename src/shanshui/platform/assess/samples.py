"""Assess what is sampled at points: the rows of periods and years, the regions, the results."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import cached_property

import polars as pl

from shanshui import __version__
from shanshui.platform.assess import changes, comparisons
from shanshui.platform.assess.averages import MADE
from shanshui.platform.assess.comparisons import Pair
from shanshui.platform.assess.job import Job, Series, Version, mark, marker
from shanshui.platform.assess.layers import Frozen, covering, frozen, layer_of_days
from shanshui.platform.assess.results import Scope, Written, store
from shanshui.platform.assess.tables import RESULT
from shanshui.platform.assess.terms import Term, touched
from shanshui.platform.review import rosters
from shanshui.platform.review.frozen_figures import EDITIONS
from shanshui.platform.store.models import RosterVersion
from shanshui.standards.editions import editions

_ROW = {"station": pl.String, "property": pl.String, "time": pl.Datetime("us"), "period": pl.Int32}
_ROW |= {"value": pl.Float64, "flag": pl.String, "state": pl.String, "source": pl.String}
_ROW |= {"recorded_from": pl.Datetime("us", "UTC")}


class SampleRun(ABC):
    """One roster in one run, assessed by the samples of its points.

    A subclass says which properties are read, which indicators are answered, and how.
    """

    domain: str
    """Of its rosters."""

    def __init__(self, job: Job, series: Series) -> None:
        self.job = job
        self.series = series
        self.frozen = frozen(job.workspace, self.domain, series.roster_id, job.cut.freezes)
        self.digest = series.digest(__version__)
        self.items = self.known()
        self._final: frozenset[int] = frozenset()

    @classmethod
    @abstractmethod
    def known(cls) -> list[str]:
        """Return the properties that are read."""

    @classmethod
    @abstractmethod
    def wanted(cls) -> list[str]:
        """Return the codes of the indicators that are answered."""

    @abstractmethod
    def figures(
        self,
        rows: pl.DataFrame,
        term: Term,
        listed: pl.DataFrame,
        regions: pl.DataFrame,
        edition: str | None,
    ) -> pl.DataFrame:
        """Compute the figures of regions over a period.

        Returns
        -------
        polars DataFrame
            Columns of `averages.MADE`, the last two where a figure says them itself.
        """

    def edition_of(self, _: date) -> str:
        """Return the edition by which a period that ends on a day is assessed: there is one."""
        return editions(EDITIONS[self.domain])[-1].name

    def run(self) -> Written:
        """Compute and store what is asked for, or what has changed."""
        job = self.job
        known = marker(job, self.series)
        if known is not None and job.cut.asked is None:
            self._final = known.freezes
        before = known if job.whole and known and known.digest == self.digest else None
        if job.terms is not None:
            terms = compared = sorted(job.terms)
        else:
            if not self.there:
                job.silent(self.series)
                return Written()
            days = self.there
            if before is not None:
                days = self._changed(before.lake_version, before.freezes)
            terms = touched(days, max(self.there))
            compared = comparisons.later(terms, max(self.there))
        done = self._assess(terms) + self._compare(compared)
        if job.whole:
            counts = {"stored": done.stored, "same": done.same, "withdrawn": done.withdrawn}
            mark(job, self.series, self.digest, self.frozen, counts)
        return done

    @cached_property
    def there(self) -> list[date]:
        """The days with data, in order."""
        return self._days_there()

    def _days_there(self) -> list[date]:
        rows = self._observations(None, None)
        found = rows.select(changes.day_of().alias("date")).unique().collect()
        return sorted(found["date"].to_list())

    def _changed(self, version: int, freezes: frozenset[int]) -> list[date]:
        rows = changes.since(self.job.lake, version, self.job.cut.version).filter(
            pl.col("property").is_in(self.items), pl.col("station").is_in(self.series.stations())
        )
        days = set(rows["date"].to_list())
        spans = {one.id: (one.start, one.end) for one in self.frozen}
        for number in set(spans) ^ freezes:
            first, last = spans.get(number) or self._span_of(number)
            days |= set(pl.date_range(first, last, "1mo", eager=True).to_list())
        return sorted(days)

    def _span_of(self, number: int) -> tuple[date, date]:
        from shanshui.platform.store.models import Freeze

        with self.job.workspace.ledger.read() as session:
            row = session.get_one(Freeze, number)
            return date.fromisoformat(row.start), date.fromisoformat(row.end)

    # ---------------------------------------------------------------------------------- rows

    def _observations(
        self, start: datetime | None, end: datetime | None, one: Frozen | None = None
    ) -> pl.LazyFrame:
        cut = self.job.cut
        if cut.until is not None:
            end = cut.until if end is None else min(end, cut.until)
        return self.job.lake.observations(
            self.series.stations(),
            self.items,
            start,
            end,
            as_of=self.job.as_of() if one is None else one.asked.as_of,
        )

    def rows(self, first: date, last: date, holder: Frozen | None) -> pl.DataFrame:
        """Return the observations of a span: of a freeze, else of freezes inside it and live."""
        span = datetime.combine(first, time()), datetime.combine(last + timedelta(days=1), time())
        if holder is not None:
            return self._taken(self._observations(*span, holder), holder)
        layers = layer_of_days(self.frozen, first, last)
        parts = []
        for layer in layers["layer"].unique():
            one = next((f for f in self.frozen if f.id == layer), None)
            days = layers.filter(pl.col("layer") == layer).select("date")
            rows = self._taken(self._observations(*span, one), one)
            parts.append(
                rows.with_columns(changes.day_of().alias("date"))
                .join(days, on="date", how="semi")
                .drop("date")
            )
        return pl.concat(parts)

    def _taken(self, rows: pl.LazyFrame, one: Frozen | None) -> pl.DataFrame:
        # What is final counts as reviewed.
        state = pl.col("state") if one is None else pl.lit("reviewed").alias("state")
        return rows.select(*(c for c in _ROW if c != "state"), state).collect().select(*_ROW)

    # ------------------------------------------------------------------------------- figures

    def _assess(self, terms: Sequence[Term]) -> Written:
        done = Written()
        groups: dict[tuple[int, int | None], list[Term]] = {}
        for one in sorted(terms):
            holder = covering(self.frozen, one)
            if holder is not None:
                if holder.id not in self._final:
                    groups.setdefault((holder.version_id, holder.id), []).append(one)
                continue
            version = self.series.of(one.end)
            if version is None:
                self.job.unlisted(self.series, one)
                continue
            groups.setdefault((version.id, None), []).append(one)
        for (number, freeze), of in groups.items():
            holder = next((f for f in self.frozen if f.id == freeze), None)
            years: dict[int, list[Term]] = {}
            for one in of:
                years.setdefault(one.end.year, []).append(one)
            for year, of_year in years.items():
                self.job.tell(f"{rosters.DOMAINS[self.domain]} {self.domain} {year}")
                done += self._of_year(self.series.by_id(number), year, of_year, holder)
        return done

    def _of_year(
        self, version: Version, year: int, terms: Sequence[Term], holder: Frozen | None
    ) -> Written:
        first, last = min(t.start for t in terms), max(t.end for t in terms)
        rows = self.rows(first, last, holder)
        listed = self.listed(version, year)
        edition = None if holder is None else holder.edition
        found = [pl.DataFrame(schema=MADE)]
        regions = self.regions(version)
        for one in terms:
            if one.kind == "ytd" and not self._reaches(one):
                continue
            inside = rows.filter(changes.day_of().is_between(one.start, one.end))
            if inside.height:
                found.append(self.figures(inside, one, listed, regions, edition))
        scope_regions = self.job.regions
        lines = pl.concat(found, how="diagonal")
        if scope_regions is not None:
            lines = lines.filter(pl.col("region").is_in(list(scope_regions)))
        kept = self._lines(lines, version, terms, regions, holder)
        return store(self.job.shelf, kept, self._scope(terms), self.job.moment)

    def _compare(self, terms: Sequence[Term]) -> Written:
        """Compare periods with the year before on the sections that both have (同口径)."""
        pairs = []
        empty = pl.DataFrame(schema=MADE)
        sides = [empty], [empty]
        years: dict[tuple[int, int | None], pl.DataFrame] = {}
        for one in comparisons.due(self.series, self.frozen, terms, self.edition_of):
            inside = []
            for term, holder in one.sides:
                key = term.end.year, None if holder is None else holder.id
                if key not in years:
                    span = date(term.end.year, 1, 1), date(term.end.year, 12, 31)
                    years[key] = self.rows(*span, holder)
                days = changes.day_of().is_between(term.start, term.end)
                inside.append(years[key].filter(days))
            there = inside[1].filter(pl.col("value").is_not_null())["station"].unique()
            if there.is_empty():
                continue
            pairs.append(comparisons.pair(self.series, one, there, self.regions))
            made = self._sides(pairs[-1], inside)
            for found, own in zip(sides, made, strict=True):
                found.append(own.with_columns(period=pl.lit(one.now.text)))
        now, before = (pl.concat(side, how="diagonal") for side in sides)
        return comparisons.store(self.job, pairs, (now, before), self._scope(terms))

    def _sides(self, both: Pair, inside: Sequence[pl.DataFrame]) -> list[pl.DataFrame]:
        """Compute the figures of a period and of the year before."""
        one, left = both.due, pl.col("station").is_in(list(both.stations))
        version = replace(
            one.version, stations=one.version.stations.filter(left), places=both.places
        )
        regions = self.regions(version)
        listed = [
            self.listed(version, one.now.end.year),
            self.listed(version, one.before.end.year, one.between),
        ]
        # A section without a target in one of the years counts for what is reached in neither.
        aimed = [set(frame.filter(pl.col("target").is_not_null())["station"]) for frame in listed]
        target = pl.when(pl.col("station").is_in(list(aimed[0] & aimed[1]))).then("target")
        found = []
        for (term, _), rows, frame in zip(one.sides, inside, listed, strict=True):
            own = rows.filter(left)
            if own.is_empty() or (term.kind == "ytd" and not self._reaches(term)):
                found.append(pl.DataFrame(schema=MADE))
                continue
            aims = frame.with_columns(target=target)
            found.append(self.figures(own, term, aims, regions, one.edition))
        return found

    def _scope(self, terms: Sequence[Term]) -> Scope:
        return Scope(
            self.series.roster,
            frozenset(self.wanted()),
            self.job.regions,
            frozenset(one.text for one in terms),
            self.job.cut.asked,
        )

    def _reaches(self, term: Term) -> bool:
        """Whether there are samples of the last month of 1—N月, or of a later one of the year."""
        return any(term.end.replace(day=1) <= day <= term.reach for day in self.there)

    def listed(self, version: Version, year: int, earlier: Sequence[Version] = ()) -> pl.DataFrame:
        """Return the roster with the target classes of a year, in force throughout.

        Where it does not have them, as a list of a later year may not, those of earlier versions.
        """
        targets: dict[str, int | None] = {}
        with self.job.workspace.ledger.read() as session:
            for one in (*earlier, version):
                entries = rosters.entries_of(session, session.get_one(RosterVersion, one.id))
                own = {e.station_code: rosters.target(e, year) for e in entries}
                targets |= {c: t for c, t in own.items() if t is not None or c not in targets}
        return version.stations.drop("reference", "moved_from").with_columns(
            pl.col("station").replace_strict(targets, return_dtype=pl.Int64).alias("target"),
            pl.lit(None, pl.Date).alias("from"),
            pl.lit(None, pl.Date).alias("to"),
        )

    def regions(self, version: Version) -> pl.DataFrame:
        """Return points with every region that they count for."""
        return pl.concat(self.regions_of(version)).unique(maintain_order=True)

    def regions_of(self, version: Version) -> list[pl.DataFrame]:
        """Return stations by cities, counties and groups, and by the region of the workspace."""
        both = version.places.members().select("station", "region").unique(maintain_order=True)
        if (home := self.job.workspace.region) is None:
            return [both]
        alone = version.counted.join(both, on="station", how="anti").select("station")
        return [both, alone.with_columns(pl.lit(home).alias("region"))]

    def _lines(
        self,
        found: pl.DataFrame,
        version: Version,
        terms: Sequence[Term],
        regions: pl.DataFrame,
        holder: Frozen | None,
    ) -> pl.DataFrame:
        spans = pl.DataFrame(
            [(one.text, one.start.isoformat(), one.end.isoformat()) for one in terms],
            schema={"period": pl.String, "start": pl.String, "end": pl.String},
            orient="row",
        )
        counted = regions.join(version.counted, on="station", how="semi")
        sizes = counted.group_by("region").agg(pl.len().cast(pl.Int64).alias("listed"))
        if holder is not None:
            status: pl.Expr = pl.lit("定版")
        else:
            status = pl.when(pl.col("raw") > 0).then(pl.lit("实时")).otherwise(pl.lit("审核"))
        return (
            found.join(spans, on="period", how="left")
            .join(sizes, on="region", how="left")
            .with_columns(
                pl.lit(version.text).alias("roster"),
                pl.coalesce("stations", "listed").alias("stations"),
                status.alias("status"),
                pl.lit(None if holder is None else holder.text, pl.String).alias("freeze"),
                pl.lit(self.job.cut.version if holder is None else holder.lake_version).alias(
                    "lake_version"
                ),
                pl.lit(self.job.cut.asked, pl.Datetime("us", "UTC")).alias("as_of"),
                pl.lit(None, pl.Int64).alias("days_expected"),
                pl.lit(__version__).alias("code"),
                pl.lit(self.job.moment, pl.Datetime("us", "UTC")).alias("at"),
            )
            .select(pl.col(c).cast(kind) for c, kind in RESULT.items() if c != "id")
        )

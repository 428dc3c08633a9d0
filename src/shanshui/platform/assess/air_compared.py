"""Compare air with the year before on the stations that both periods have (同比、同口径).

A day of an area depends on the stations that count for it, and they differ from one comparison to
another. So days are kept by area and set of stations, and are computed anew only where hours
changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

import polars as pl

from shanshui.air._rules import HOURLY
from shanshui.platform.assess import changes, comparisons
from shanshui.platform.assess.air_figures import FIGURES, figures, fingerprints
from shanshui.platform.assess.comparisons import Due, Pair
from shanshui.platform.assess.engines import HOUR
from shanshui.platform.assess.layers import LIVE, Frozen, layer_of_days
from shanshui.platform.assess.places import LISTED, Places
from shanshui.platform.assess.results import Scope, Written
from shanshui.platform.assess.tables import DAYS, newest
from shanshui.platform.assess.terms import Term, term
from shanshui.standards.editions import edition
from shanshui.standards.errors import NoEdition

if TYPE_CHECKING:
    from datetime import date

    from shanshui.platform.assess.air import AirRun
    from shanshui.platform.assess.job import Version

Months = dict[tuple[int, str], dict[str, bool]]
_KEY = ["roster_version", "layer", "region", "date"]
_FINAL = -1  # any layer that is a freeze's
_EMPTY, _GONE = "-", "~"  # of a digest: no hour that day; to be computed anew


class AirPairs:
    """The comparisons of one roster of air in one run.

    Parameters
    ----------
    run : AirRun
        The run.
    changed : polars DataFrame or None
        ``station, date`` that changed since days were kept; None where none that is kept counts.
    """

    def __init__(self, run: AirRun, changed: pl.DataFrame | None) -> None:
        self.run = run
        self.changed = changed
        self._measured: Months = {}
        self._members: dict[int, pl.DataFrame] = {}

    def compare(self, terms: Sequence[Term], regions: frozenset[str] | None) -> Written:
        """Compare periods with the year before, and store what is news."""
        run = self.run
        found = comparisons.due(run.series, run.frozen, terms, _edition)
        pairs = [
            comparisons.pair(run.series, one, there, self._members_of)
            for one in found
            if (there := self._there(one))
        ]
        groups: set[str] = set()
        if regions is not None:
            listed = [version.places.groups for _, _, version in run.series.versions]
            groups = {g for of in listed for g, m in of.items() if g in regions or set(m) & regions}
        scope = Scope(
            run.series.roster,
            frozenset(run.wanted()),
            None if regions is None else regions | groups,
            frozenset(one.text for one in terms),
            run.job.cut.asked,
        )
        if pairs:
            run.job.tell(f"同比 compared {found[0].now.text} … {found[-1].now.text}")
        sides = self._sides(pairs, regions)
        return comparisons.store(run.job, pairs, sides, scope)

    def _members_of(self, version: Version) -> pl.DataFrame:
        """Return the assessed stations of a version with every region that they count for."""
        if version.id not in self._members:
            rows = version.places.members().filter(~pl.col("reference"))
            self._members[version.id] = rows.select("station", "region").unique()
        return self._members[version.id]

    # -------------------------------------------------------------------------- data of last year

    def _there(self, one: Due) -> set[str]:
        """Return the stations with a value in the earlier period.

        Asked of the lake no oftener than it takes: who has one in October has one in the year.
        """
        stations = set(self._members_of(one.version)["station"])
        layers: dict[int, list[str]] = {}
        for layer, month in self._layers(one.before, one.holder_before).select(
            "layer", pl.col("date").dt.strftime("%Y-%m").alias("month")
        ).unique(maintain_order=True).rows():  # fmt: skip
            layers.setdefault(layer, []).append(month)
        asked = [(layer, month) for layer, months in layers.items() for month in months]
        known = [self._measured.setdefault(of, {}) for of in asked]
        seen = {s for of in known for s, there in of.items() if there} & stations
        for layer, months in layers.items():
            left = {
                s
                for s in stations - seen
                if any(s not in self._measured[layer, month] for month in months)
            }
            if left:
                found = self._months(sorted(left), layer, months)
                for month in months:
                    own = found.get(month, set())
                    self._measured[layer, month] |= {s: s in own for s in left}
                    seen |= own
        return seen

    def _months(
        self, stations: list[str], layer: int, months: Sequence[str]
    ) -> dict[str, set[str]]:
        """Return the stations that have a value, by month."""
        first, last = term(min(months)).start, term(max(months)).end
        asked = self.run.asked(self._frozen(layer), stations, first, last)
        if asked is None:
            return {}
        rows = self.run.job.lake.observations(**asked, properties=HOURLY, period=HOUR, wide=True)
        found = (
            rows.filter(pl.any_horizontal(pl.col(item).is_not_null() for item in HOURLY))
            .select("station", changes.day_of().dt.strftime("%Y-%m").alias("month"))
            .unique()
            .collect(engine="streaming")
        )
        return {str(month): set(rows["station"]) for (month,), rows in found.group_by("month")}

    # ------------------------------------------------------------------------------------- sides

    def _layers(self, one: Term, holder: Frozen | None) -> pl.DataFrame:
        """Say from which rows each day of a period is read: ``date, layer``."""
        if holder is None:
            return layer_of_days(self.run.frozen, one.start, one.end)
        days = pl.date_range(one.start, one.end, eager=True)
        return pl.DataFrame({"date": days}).with_columns(layer=pl.lit(holder.id, pl.Int64))

    def _frozen(self, layer: int) -> Frozen | None:
        return next((one for one in self.run.frozen if one.id == layer), None)

    def _sides(
        self, pairs: Sequence[Pair], regions: frozenset[str] | None
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Compute the figures of both sides: those that go by the same rows at once."""
        areas = [_areas(one, regions) for one in pairs]
        calls: dict[tuple[str, int], list[tuple[int, int]]] = {}
        for n, one in enumerate(pairs):
            for side, (_, holder) in enumerate(one.due.sides):
                call = one.due.edition, holder.id if holder else LIVE
                calls.setdefault(call, []).append((n, side))
        days = self._days(pairs, areas)
        parts: tuple[list[pl.DataFrame], list[pl.DataFrame]] = ([], [])
        for (judged, layer), of_call in calls.items():
            terms = sorted({pairs[n].due.sides[side][0] for n, side in of_call})
            used = pl.concat([areas[n] for n, _ in of_call]).select("key").unique()
            own = days.join(used, left_on="region", right_on="key", how="semi")
            layers = [self._upto(one, self._frozen(layer)) for one in terms]
            own = own.join(pl.concat(layers).unique(), on=["date", "layer"], how="semi")
            groups = dict(of for n, _ in of_call for of in _groups(pairs[n], areas[n]).values())
            made = self._figures(own, terms, groups, judged)
            for n, side in of_call:
                now, then = pairs[n].due.now.text, pairs[n].due.sides[side][0].text
                keys = areas[n].select("region", "key").unique()
                named = pl.DataFrame(
                    [(g, name) for g, (name, _) in _groups(pairs[n], areas[n]).items()],
                    schema=keys.schema,
                    orient="row",
                )
                parts[side].append(
                    made.filter(pl.col("period") == then)
                    .join(pl.concat([keys, named]), left_on="region", right_on="key")
                    .with_columns(region="region_right", period=pl.lit(now))
                    .drop("region_right")
                )
        empty = pl.DataFrame(schema=FIGURES | {"inputs": pl.String, "raw": pl.Int64})
        return pl.concat([empty, *parts[0]]), pl.concat([empty, *parts[1]])

    def _upto(self, one: Term, holder: Frozen | None) -> pl.DataFrame:
        """Return the days that have a say in a period: whether there is 1—N月, later ones tell."""
        last = one.reach if holder is None else min(one.reach, holder.end)
        return self._layers(replace(one, end=last), holder)

    def _figures(
        self,
        days: pl.DataFrame,
        terms: Sequence[Term],
        groups: dict[str, tuple[str, ...]],
        judged: str,
    ) -> pl.DataFrame:
        from shanshui.platform.assess.air import of_groups

        days, dusts = self.run.marked(days.drop("layer"))
        found = figures(days, terms, groups, edition=judged, dusts=dusts)
        marks = fingerprints(days, terms)
        marks = pl.concat([marks, of_groups(marks, groups)])
        return found.join(marks, on=["region", "period"], how="left")

    # -------------------------------------------------------------------------------------- days

    def _days(self, pairs: Sequence[Pair], areas: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """Return the days of areas on the stations of comparisons, by key and layer."""
        kept = self._kept(pairs)
        stale = self._stale(kept)
        kept = kept.join(stale, on=_KEY, how="anti")
        made = [kept.clear()]
        for version in {one.due.version.id: one.due.version for one in pairs}.values():
            mine = [n for n, one in enumerate(pairs) if one.due.version.id == version.id]
            wanted = pl.concat(
                areas[n].select(pl.col("key").alias("region")).unique().join(
                    self._upto(*side), how="cross"
                )
                for n in mine
                for side in pairs[n].due.sides
            ).unique().filter(pl.col("date") <= self.run.last)  # fmt: skip
            wanted = wanted.with_columns(roster_version=pl.lit(-version.id, pl.Int64))
            missing = wanted.join(kept, on=_KEY, how="anti")
            listed = pl.concat([areas[n] for n in mine]).unique(maintain_order=True)
            made += self._computed(version, listed, missing)
        fresh = pl.concat(made, how="diagonal_relaxed")
        gone = stale.join(fresh, on=_KEY, how="anti").with_columns(digest=pl.lit(_GONE))
        self.run.keep(pl.concat([fresh, gone], how="diagonal_relaxed"))
        both = pl.concat([kept, fresh])
        return both.filter(~pl.col("digest").str.ends_with(_EMPTY)).drop("digest")

    def _computed(
        self, version: Version, listed: pl.DataFrame, missing: pl.DataFrame
    ) -> list[pl.DataFrame]:
        """Compute days, those of areas that share a station one after the other."""
        found = []
        ranked = listed.with_columns(
            nth=pl.col("key").rank("dense").over("county", "region"), region=pl.col("key")
        )
        for (layer,), due in missing.group_by("layer"):
            digest = self.run.digest_of(layer)
            for _, frame in ranked.group_by("county", "nth", maintain_order=True):
                own = due.join(frame, on="region", how="semi")
                places = Places(frame.select(*LISTED), frame.clear().select(*LISTED), {}, ())
                as_if = replace(version, id=-version.id, places=places)
                made = self.run.computed(as_if, self._frozen(layer), own.select("region", "date"))
                none = own.join(made, on=["region", "date"], how="anti")
                found += [
                    made.with_columns(digest=pl.lit(digest)),
                    none.with_columns(digest=pl.lit(digest + _EMPTY)),
                ]
        return found

    def _kept(self, pairs: Sequence[Pair]) -> pl.DataFrame:
        """Return the days of comparisons that earlier runs kept."""
        years = None
        if self.changed is not None:
            days = [side.end for one in pairs for side, _ in one.due.sides]
            years = sorted({day.year for day in [*days, *self.changed["date"]]})
        digests = [self.run.digest_of(LIVE), self.run.digest_of(_FINAL)]
        rows = self.run.job.shelf.read(DAYS, years).filter(pl.col("roster_version") < 0)
        if not self.run.job.whole:
            rows = rows.limit(0)
        return (
            newest(rows.collect())
            .filter(pl.col("digest").is_in([*digests, *(d + _EMPTY for d in digests)]))
            .with_columns(pl.col("date").str.to_date())
            .drop("at")
        )

    def _stale(self, kept: pl.DataFrame) -> pl.DataFrame:
        """Return those of kept days that no longer count."""
        live = kept.filter(pl.col("layer") == LIVE)
        if self.changed is None:
            return live
        areas = [
            self.changed.join(self._members_of(version), on="station").select("region", "date")
            for _, _, version in self.run.series.versions
        ]
        return live.join(
            pl.concat(areas).unique(),
            left_on=[pl.col("region").str.split("#").list.first(), "date"],
            right_on=["region", "date"],
            how="semi",
        )


def _edition(day: date) -> str | None:
    """Return the edition of a day; None before there was one."""
    try:
        return edition("air", day).name
    except NoEdition:
        return None


def _areas(one: Pair, regions: frozenset[str] | None) -> pl.DataFrame:
    """Return the areas of a comparison with their stations, and the key of their days.

    Returns
    -------
    polars DataFrame
        ``station, region, reference``, ``key`` (the region, the version of the roster and the set
        of stations), ``county``.
    """
    rows = one.places.all()
    if regions is not None:
        rows = rows.filter(pl.col("region").is_in(list(one.places.with_groups(regions))))
    sets = rows.sort("station").group_by("region", maintain_order=True).agg("station")
    version = str(one.due.version.id)
    keys = [f"{region}#{_mark([version, *stations])}" for region, stations in sets.rows()]
    cities = one.places.cities["region"].unique().implode()
    return rows.join(
        sets.select("region", pl.Series("key", keys, dtype=pl.String)), on="region"
    ).with_columns(county=~pl.col("region").is_in(cities))


def _groups(one: Pair, areas: pl.DataFrame) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return the groups of a comparison: a name that tells their members, and these."""
    keys = dict(areas.select("region", "key").unique().rows())
    found = {}
    for code, members in one.places.groups.items():
        if set(members) <= keys.keys():
            own = tuple(keys[member] for member in members)
            found[code] = f"{code}#{_mark(own)}", own
    return found


def _mark(parts: Iterable[str]) -> str:
    return sha256("|".join(parts).encode()).hexdigest()[:12]

"""Writing into the lake: observations become files, and files a version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from shanshui.platform.store.lake_frames import CHUNK, Arrived
from shanshui.platform.store.lake_log import Change, Head, Log
from shanshui.platform.store.lake_place import DataFile, Place, scan
from shanshui.platform.store.lake_resolve import Outcome, resolve
from shanshui.platform.store.lake_tables import (
    KEY,
    LATEST,
    LONG,
    OBSERVATIONS,
    REVISIONS,
    SERIES,
    TABLES,
    WIDE,
    Table,
    Wide,
    year_of,
)

_FILE = "_file"
_PAIR = ["station", "time"]
_MANY = 200  # so many stations are asked for by name, more by their range


@dataclass
class Tally:
    """Counts of observations, in all and by property at the keys that came in."""

    read: int = 0
    stored: int = 0
    already: int = 0
    changed: int = 0
    outranked: int = 0
    sums: list[pl.DataFrame] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count what became of some rows."""
        for name in ("stored", "already", "changed", "outranked"):
            setattr(self, name, getattr(self, name) + getattr(outcome, name))

    def total(self) -> pl.DataFrame:
        """Return the counts and sums of each property."""
        kinds = {
            "count_before": pl.Int64(),
            "sum_before": pl.Float64(),
            "count_after": pl.Int64(),
            "sum_after": pl.Float64(),
        }
        empty = pl.DataFrame(schema={"property": pl.String(), **kinds})
        parts = [
            part.select(pl.col(c).cast(k) for c, k in empty.schema.items()) for part in self.sums
        ]
        whole = pl.concat([empty, *parts])
        columns = list(kinds)
        return whole.group_by("property").agg(pl.col(columns).sum()).sort("property")


class View:
    """A table as one writer sees it: the files of the head, and what he has done since."""

    def __init__(
        self,
        place: Place,
        table: Table,
        files: Iterable[DataFile],
        scratch: Place | None = None,
    ) -> None:
        self.place = place
        self.scratch = scratch or place
        self.table = table
        self.files = {file.uri: file for file in files}
        self.fresh: dict[str, DataFile] = {}
        self.change = Change()

    def near(self, keys: pl.DataFrame) -> list[DataFile]:
        """Return the files that may hold rows of some stations and times."""
        if keys.is_empty() or not self.files:
            return []
        low, high, first, last = keys.select(
            a=pl.col("time").min(),
            b=pl.col("time").max(),
            c=pl.col("station").min(),
            d=pl.col("station").max(),
        ).row(0)
        return [
            file
            for file in self.files.values()
            if file.times is None
            or file.stations is None
            or (
                file.times[0] <= high
                and file.times[1] >= low
                and file.stations[0] <= last
                and file.stations[1] >= first
            )
        ]

    def rows(self, keys: pl.DataFrame, on: list[str]) -> pl.DataFrame:
        """Return the rows of some keys, with the file of each."""
        files = self.near(keys)
        lazy = scan(self.place, self.table, files, paths=_FILE)
        if not files:
            return lazy.collect()
        low, high = keys.select(a=pl.col("time").min(), b=pl.col("time").max()).row(0)
        lazy = lazy.filter(pl.col("time").is_between(low, high))
        stations = keys["station"].unique()
        if stations.len() <= _MANY:
            lazy = lazy.filter(pl.col("station").is_in(stations.implode()))
        return lazy.join(keys.lazy().select(on).unique(), on=on, how="semi").collect()

    def append(self, rows: pl.DataFrame, *, ordered: bool = False) -> None:
        """Write rows that are new."""
        if rows.is_empty():
            return
        if not self.table.by_year:
            self._put(rows, None, ordered=ordered)
            return
        years = rows.select(year_of().alias("year"))["year"]
        for year in years.unique().sort().to_list():
            part = rows if years.n_unique() == 1 else rows.filter(years == year)
            self._put(part, year, ordered=ordered)

    def _put(self, rows: pl.DataFrame, year: int | None, *, ordered: bool) -> None:
        file = self.scratch.write(self.table, rows, year, ordered=ordered)
        self.files[file.uri] = self.fresh[file.uri] = file
        self.change.added.append(file)

    def drop(self, file: DataFile) -> None:
        """Take a file out."""
        del self.files[file.uri]
        if file.uri in self.fresh:
            # Nobody has seen it: it was written a moment ago and goes without a trace.
            del self.fresh[file.uri]
            self.change.added.remove(file)
            self.scratch.forget([file])
        else:
            self.change.removed.append(file)

    def replace(self, rows: pl.DataFrame, on: list[str]) -> None:
        """Put rows, each with its file, in the place of those of the same key."""
        for (uri,), part in rows.group_by(_FILE):
            file = self.files[str(uri)]
            old = scan(self.place, self.table, [file]).collect()
            new = part.drop(_FILE)
            kept = old.join(new.select(on), on=on, how="anti")
            both = pl.concat([kept, new.select(kept.columns)]).sort(self.table.order)
            self._put(both, file.year, ordered=True)
            self.drop(file)


class Writer:
    """One store on its way.

    Parameters
    ----------
    log : Log
        The log of the lake.
    place : Place
        The lake.
    head : Head
        The newest version.
    moment : datetime
        When this is recorded.
    sums : bool
        Whether to add up the values before and after, by property.
    scratch : Place, optional
        Where new files go instead, on a dry run.
    """

    def __init__(
        self,
        log: Log,
        place: Place,
        head: Head,
        moment: datetime,
        *,
        sums: bool = False,
        scratch: Place | None = None,
    ) -> None:
        self.moment = moment
        self.sums = sums
        self.tally = Tally()
        self.views = {
            name: View(place, table, log.files(head, name), scratch)
            for name, table in TABLES.items()
        }
        self._latest: list[pl.DataFrame] = []

    @property
    def changes(self) -> dict[str, Change]:
        """What is to be committed."""
        return {name: view.change for name, view in self.views.items()}

    @property
    def changed(self) -> bool:
        """Whether there is anything to commit."""
        return any(change.added or change.removed for change in self.changes.values())

    def forget(self) -> None:
        """Remove what was written, where it came to nothing."""
        for view in self.views.values():
            view.scratch.forget(view.fresh.values())

    def take(self, arrived: Iterable[Arrived]) -> None:
        """Write observations as they come."""
        for one in arrived:
            self.tally.read += one.count
            if one.wide:
                self._take_wide(one.wide, one.rows)
            else:
                self._take_long(one.rows)
        self._settle_latest()

    def _take_wide(self, wide: Wide, rows: pl.DataFrame) -> None:
        view = self.views[wide.name]
        keys = rows.select(_PAIR)
        there = view.rows(keys, _PAIR)
        again = None if distinct(keys) else keys.is_duplicated()
        if there.is_empty() and again is None:
            fresh, others = rows, rows.clear()
        else:
            known = (
                rows.select(_PAIR)
                .join(
                    there.select(*_PAIR, _there=pl.lit(True)),
                    on=_PAIR,
                    how="left",
                    maintain_order="left",
                )["_there"]
                .fill_null(False)
            )
            slow = known if again is None else known | again
            fresh, others = rows.filter(~slow), rows.filter(slow)
        if fresh.height:
            view.append(fresh)
            count = int(
                fresh.select(pl.sum_horizontal(wide.present(i).sum() for i in wide.items)).item()
            )
            self.tally.stored += count
            self._remember_wide(wide, fresh)
            if self.sums:
                self._add_up_wide(wide, fresh, before=False)
        if others.height:
            once = None if again is None else ~again.filter(slow)
            others = self._news(wide, others, there, once)
        if others.height:
            long = wide.long(others.with_row_index("_order").lazy(), wide.items, "_order")
            self._settle_wide(wide, long.collect().sort("_order").drop("_order"), there)

    def _news(
        self, wide: Wide, rows: pl.DataFrame, there: pl.DataFrame, once: pl.Series | None
    ) -> pl.DataFrame:
        """Count rows that say nothing new, as in a file that is sent again; return the others.

        Parameters
        ----------
        wide : Wide
            The table.
        rows, there : polars DataFrame
            What came in, and what the lake has.
        once : polars Series or None
            Which rows come in once; none where all do. The others have to be set against each
            other too.
        """
        old = there.select(
            *_PAIR, *(pl.col(c).alias(f"{c}_old") for c in there.columns if c not in _PAIR)
        )
        both = rows.join(old, on=_PAIR, how="left", maintain_order="left")
        same = both.select(
            pl.all_horizontal(~wide.present(item) | _alike(item) for item in wide.items)
        ).to_series()
        if once is not None:
            same &= once
        known = rows.filter(same)
        if known.height:
            counts = known.select(wide.present(item).sum().alias(item) for item in wide.items)
            self.tally.already += sum(counts.row(0))
            if self.sums:
                self._add_up_wide(wide, known, before=True)
        return rows.filter(~same)

    def _take_long(self, rows: pl.DataFrame) -> None:
        rest = rows
        for wide in WIDE:
            fits = pl.col("property").is_in(wide.items) & (pl.col("period") == wide.period)
            own = rest.filter(fits)
            if own.height:
                rest = rest.filter(~fits)
                there = self.views[wide.name].rows(own.select(_PAIR), _PAIR)
                self._settle_wide(wide, own, there)
        if rest.height:
            view = self.views[OBSERVATIONS.name]
            there = view.rows(rest.select(KEY), list(KEY))
            outcome = self._resolved(rest, there.select(*LONG))
            files = there.select(*KEY, _FILE)
            changed = outcome.current.join(outcome.replaced, on=KEY, how="semi")
            view.append(outcome.current.join(outcome.replaced, on=KEY, how="anti"))
            view.replace(changed.join(files, on=KEY), list(KEY))

    def _settle_wide(self, wide: Wide, rows: pl.DataFrame, there: pl.DataFrame) -> None:
        view = self.views[wide.name]
        existing = wide.long(there.lazy(), wide.items).collect()
        outcome = self._resolved(rows, existing)
        current = outcome.current
        view.append(wide.wide(current.join(there.select(_PAIR), on=_PAIR, how="anti")))
        old = there.join(current.select(_PAIR).unique(), on=_PAIR, how="semi")
        if old.height:
            view.replace(wide.renewed(old, current), _PAIR)

    def _resolved(self, rows: pl.DataFrame, existing: pl.DataFrame) -> Outcome:
        outcome = resolve(rows, existing, self.moment, self._history)
        self.tally.add(outcome)
        self.views[REVISIONS.name].append(outcome.revisions)
        self._latest.append(_last(outcome.current))
        if self.sums:
            before = existing.join(rows.select(KEY).unique(), on=KEY, how="semi")
            self._add_up(outcome.current, before)
        return outcome

    def _history(self, keys: pl.DataFrame) -> pl.DataFrame:
        view = self.views[REVISIONS.name]
        return view.rows(keys, list(KEY)).drop(_FILE)

    def _remember_wide(self, wide: Wide, rows: pl.DataFrame) -> None:
        ends = (
            rows.lazy()
            .group_by("station")
            .agg(pl.col("time").filter(wide.present(item)).max().alias(item) for item in wide.items)
            .unpivot(
                on=list(wide.items), index="station", variable_name="property", value_name="time"
            )
            .drop_nulls("time")
            .collect()
        )
        near = rows.join(ends.select(_PAIR).unique(), on=_PAIR, how="semi")
        long = wide.long(near.lazy(), wide.items).collect()
        self._latest.append(long.join(ends, on=["station", "property", "time"], how="semi"))

    def _settle_latest(self) -> None:
        """Set the newest observation of each series."""
        view = self.views[LATEST.name]
        files = list(view.files.values())
        news = pl.concat(self._latest) if self._latest else pl.DataFrame(schema=LONG)
        if news.is_empty():
            return
        old = scan(view.place, LATEST, files).collect()
        new = _last(pl.concat([old, news]))
        if new.equals(old):
            return
        view.append(new)
        for file in files:
            view.drop(file)

    def _add_up_wide(self, wide: Wide, rows: pl.DataFrame, *, before: bool) -> None:
        """Add up values of wide rows, which are there after, and perhaps were before."""
        parts = []
        for item in wide.items:
            count, total = rows.select(pl.col(item).count(), b=pl.col(item).sum()).row(0)
            if rows.select(wide.present(item).any()).item():
                then = (count, total) if before else (0, 0.0)
                parts.append((item, *then, count, total))
        names = ["property", "count_before", "sum_before", "count_after", "sum_after"]
        self.tally.sums.append(pl.DataFrame(parts, schema=names, orient="row"))

    def _add_up(self, after: pl.DataFrame, before: pl.DataFrame) -> None:
        """Add up values at the keys that came in, before and after."""
        # What did not change counts on both sides.
        same = before.join(after.select(KEY), on=KEY, how="anti")
        parts = [
            part.group_by("property").agg(
                pl.col("value").count().alias(f"count_{name}"),
                pl.col("value").sum().alias(f"sum_{name}"),
            )
            for name, part in (("before", before), ("after", pl.concat([same, after])))
        ]
        self.tally.sums.append(
            parts[1].join(parts[0], on="property", how="full", coalesce=True).fill_null(0)
        )


def _alike(item: str) -> pl.Expr:
    """Whether a wide row says the same of an item as the row of the lake, named ``…_old``."""
    state = pl.coalesce(f"state_{item}", "state")
    was = pl.coalesce(f"state_{item}_old", "state_old")
    there = pl.any_horizontal(
        pl.col(f"{name}_old").is_not_null() for name in (item, f"flag_{item}", f"state_{item}")
    )
    same = pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(f"{name}_old")) for name in (item, f"flag_{item}")
    )
    return same & there & (state == was).fill_null(False)


def distinct(keys: pl.DataFrame) -> bool:
    """Whether no station and time is there twice; quick where rows are in order."""
    time, station = pl.col("time"), pl.col("station")
    rises = (time > time.shift()) | ((time == time.shift()) & (station > station.shift()))
    if keys.select(rises.all()).item():
        return True
    return keys.unique().height == keys.height


def _last(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the newest row of each series; of equal times the one that came last."""
    return (
        rows.with_row_index("_order")
        .sort("time", "_order")
        .unique(SERIES, keep="last", maintain_order=True)
        .drop("_order")
        .sort(SERIES)
    )


def mesh(frames: Iterable[Arrived]) -> Iterator[Arrived]:
    """Join small pieces of the same form, so that a file is not written for each."""
    held: list[Arrived] = []
    size = 0
    for one in frames:
        if held and (held[0].wide is not one.wide or size + one.rows.height > CHUNK):
            yield Arrived.joined(held)
            held, size = [], 0
        held.append(one)
        size += one.rows.height
    if held:
        yield Arrived.joined(held)

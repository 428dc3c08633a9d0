"""Tables as long observations, read piece by piece as a profile says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import polars as pl

from shanshui.platform.ingest.aside import SCHEMA as ASIDE
from shanshui.platform.ingest.aside import listed
from shanshui.platform.ingest.cells import Cells, Numbers
from shanshui.platform.ingest.columns import simplify
from shanshui.platform.ingest.content import ROW, Asked, Progress, Source
from shanshui.platform.ingest.errors import ReadError
from shanshui.platform.ingest.forms import Note
from shanshui.platform.ingest.items import LISTINGS, item_property
from shanshui.platform.ingest.measures import unit_named
from shanshui.platform.ingest.observations import SCHEMA, Chunk, Reading, settle
from shanshui.platform.ingest.profiles import Column, Profile
from shanshui.platform.ingest.sources import tables
from shanshui.platform.ingest.values import TIME, months, texts, time_of

Wide = tuple[tuple[str, ...], int]
PIECE = 120_000  # cells with values a piece
_CONVERTED = Note(
    "时间带有时区（如 Z、+00:00），已换算为北京时间",
    "times with an offset (such as Z or +00:00) were converted to the Asia/Shanghai clock",
)


def read_table(
    file: str | Path | IO[bytes],
    profile: Profile,
    *,
    progress: Progress | None = None,
    contradicted: pl.Series | None = None,
    wide: Wide | None = None,
) -> Reading:
    """Read a table as a profile says.

    Parameters
    ----------
    file : path, or open binary file
        CSV (also TSV, and packed by gzip), Excel or Parquet.
    profile : Profile
        What its columns hold.
    progress : callable, optional
        Told the file, the bytes done and the bytes in all.
    contradicted : polars Series, optional
        Keys (see `Chunk.keys`) of rows that contradict one another: they are set aside.
    wide : (items, period), optional
        A wide table of the lake: rows that have all that the file has of its items come as rows of
        it, which is several times faster than an observation a row.

    Returns
    -------
    Reading
        Pieces of long observations; see `observations.SCHEMA`.

    Raises
    ------
    ReadError
        When the file cannot be read, lacks a column of the profile, states a unit that does not
        convert, or its values look like another unit than the one taken.
    """
    reading = Reading(profile.form, iter(()))
    found = tables(file, asked(profile, progress))
    reading.chunks = _all(found, profile, reading, contradicted, wide)
    return reading


def asked(profile: Profile, progress: Progress | None = None) -> Asked:
    """Return how a file is opened: its columns by name, without meanings."""
    return Asked(
        encoding=profile.encoding,
        columns={},
        sheet=profile.sheet,
        keyless=True,
        everything=True,
        progress=progress,
        listing=LISTINGS.get(profile.medium, "water"),
        known=profile.known,
        plain=True,
    )


def _all(
    found: Sequence[Source],
    profile: Profile,
    reading: Reading,
    contradicted: pl.Series | None,
    wide: Wide | None,
) -> Iterator[Chunk]:
    for source in found:
        yield from _Table(source, profile, reading, contradicted, wide).pieces()


@dataclass
class _Table:
    """One table on its way in."""

    source: Source
    profile: Profile
    reading: Reading
    contradicted: pl.Series | None = None
    wide: Wide | None = None
    at: dict[str, str] = field(default_factory=dict)
    cells: Cells = field(init=False)

    def __post_init__(self) -> None:
        """Find the profile's columns in the header."""
        self.cells = Cells(self.source, self.profile, self.reading, self.at)
        names = {simplify(n): str(i) for i, n in enumerate(self.source.header.names) if n}
        self.at |= {n: str(i) for i, n in enumerate(self.source.header.names) if n}
        wanted = [*self.profile.station, *self.profile.time.values(), *self.profile.columns]
        wanted += [n for n in (self.profile.item, self.profile.value) if n]
        for name in [*wanted, self.profile.unit, self.profile.flag]:
            if name and name not in self.at and simplify(name) in names:
                self.at[name] = names[simplify(name)]
        missing = [n for n in wanted if n not in self.at]
        if missing:
            raise ReadError(
                f"缺少模板里的列：{'、'.join(missing)}；现有：{'、'.join(self.names[:20])}",
                f"lacks columns of the profile: {', '.join(missing)}; "
                f"found: {', '.join(self.names[:20])}",
                file=self.source.name,
                row=self.source.header_row,
            )
        spoken = self.profile.known
        rest = [n for n in self.names if simplify(n) not in spoken]
        if self.profile.layout != "archive":
            self.reading.unread += [n for n in rest if n not in self.reading.unread]

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return [n for n in self.source.header.names if n]

    def pieces(self) -> Iterator[Chunk]:
        """Yield the table piece by piece."""
        layouts = {"wide": self._wide, "long": self._long, "archive": self._archive}
        take = layouts[self.profile.layout]
        width = 1
        if self.profile.layout == "wide":
            width = max(sum(c.property != "-" for c in self.profile.columns.values()), 1)
        elif self.profile.layout == "archive":
            width = max(len(self.places), 1)
        for batch, faults in self.source.batches:
            lost = [listed(f.lines, self.source.name, "", f.code) for f in faults]
            rows = sum(f.lines.height for f in faults)
            for part in batch.iter_slices(max(PIECE // width, 1)):
                taken = take(part)
                kept, conflicts = settle(taken.frame, taken.rows, self.source.name)
                rejected = _listed([*lost, *taken.rejected, conflicts])
                yield Chunk(kept, rejected, part.height + rows, taken.other, taken.keys, taken.wide)
                lost, rows = [], 0
            if lost:
                yield Chunk(kept_none(), _listed(lost), rows)

    # ----------------------------------------------------------------------------- station, time

    def _placed(
        self, batch: pl.DataFrame, blank: pl.Series
    ) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
        """Return row, station, time, period and whether a row is sound; `blank` rows are empty."""
        rejected: list[pl.DataFrame] = []
        frame = pl.DataFrame([batch[ROW], self._stations(batch)])
        frame = frame.hstack(self._times(batch))
        roles = self.profile.time.values()
        untimed = frame["time"].is_null()
        self._reject(rejected, batch, untimed & ~blank, "time", list(roles))
        nameless = frame["station"].is_null() & ~untimed
        self._reject(rejected, batch, nameless & ~blank, "key", list(self.profile.station))
        sound = ~untimed & ~nameless
        if self.profile.period == 3600:
            off = sound & (frame["time"].dt.truncate("1h") != frame["time"])
            self._reject(rejected, batch, off, "off_hour", list(roles))
            sound &= ~off
        return frame.with_columns(sound.alias("sound")), rejected

    def _stations(self, batch: pl.DataFrame) -> pl.Series:
        columns = [texts(batch, self.at[n]) for n in self.profile.station]
        if not columns:
            only = self.profile.fixed_station
            if self.profile.layout == "archive":  # there each column is a station
                only = "*"
            said = pl.Series("station", [only], dtype=pl.String)
            return said.new_from_index(0, batch.height)
        last = columns[-1]
        joined = pl.select(pl.concat_str(columns, separator="/", ignore_nulls=True)).to_series()
        return joined.set(last.is_null(), None).alias("station")

    def _times(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Return time (the end of the period) and period."""
        stated = self._clock(batch)
        kind, start = self.profile.period, self.profile.stamp == "start"
        time = pl.col("time")
        if kind == "day":
            length = pl.lit(86400, pl.Int32)
            end = time + pl.duration(days=1) if start else time
        elif kind == "month":
            first = time.dt.month_start().dt.truncate("1d")
            after = first.dt.offset_by("1mo")
            length = (after - first).dt.total_seconds().cast(pl.Int32)
            end = after
        else:
            length = pl.lit(kind, pl.Int32)
            end = time + pl.duration(seconds=kind) if start else time
        return pl.DataFrame({"time": stated}).select(
            end.cast(TIME).alias("time"), length.alias("period")
        )

    def _clock(self, batch: pl.DataFrame) -> pl.Series:
        roles = {role: self.at[name] for role, name in self.profile.time.items()}
        if not roles:
            said = pl.Series("time", [self.profile.fixed_time], dtype=pl.String)
            return time_of(pl.DataFrame({"time": said}), {"time": "time"}).time.new_from_index(
                0, batch.height
            )
        if roles.keys() == {"month"}:  # 2013-12
            return months(batch[roles["month"]]).cast(TIME)
        if not {"time", "date"} & roles.keys() and "day" not in roles:
            parts = (
                pl.col(roles[r]).cast(pl.Float64, strict=False).cast(pl.Int32, strict=False)
                for r in ("year", "month")
                if r in roles
            )
            raw = batch.select(pl.concat_str(parts, separator="-")).to_series()
            return months(raw).cast(TIME)
        found = time_of(batch, roles)
        if found.converted and _CONVERTED not in self.reading.notes:
            self.reading.notes.append(_CONVERTED)
        raw = batch[roles.get("time") or roles["date"]]
        if self.profile.period != "month" or not found.time.has_nulls():
            return found.time
        return pl.select(pl.coalesce(found.time, months(raw).cast(TIME))).to_series()

    # ----------------------------------------------------------------------------------- values

    def _wide(self, batch: pl.DataFrame) -> _Taken:
        wanted = {n: c for n, c in self.profile.columns.items() if c.property != "-"}
        made = {n: self.cells.numbers(batch, n, self.at[n], c) for n, c in wanted.items()}
        blank = pl.select(
            pl.all_horizontal(
                pl.lit(value=True),
                *(one.value.is_null() & one.flag.is_null() for one in made.values()),
            )
        ).to_series()
        if len(blank) != batch.height:
            blank = blank.new_from_index(0, batch.height)
        head, rejected = self._placed(batch, blank)
        said = pl.DataFrame([one.value.alias(str(i)) for i, one in enumerate(made.values())])
        head, keys = self._told_apart(batch, head, ["station", "time"], said, rejected)
        whole, wide = self._as_wide(head, wanted, made)
        parts = []
        for name, column in wanted.items():
            one = made[name]
            self._reject(rejected, batch, one.fault & head["sound"], "text", [name])
            left = pl.col("sound") & ~one.fault
            if wide is not None and column.property in wide.columns:
                left &= ~whole
            parts.append(
                head.with_columns(
                    pl.lit(column.property).alias("property"),
                    one.value.alias("value"),
                    one.flag.alias("flag"),
                    pl.lit(self._length(column.property), pl.Int32).alias("_own"),
                ).filter(left)
            )
        frame = pl.concat(parts) if parts else _no_rows(head).with_columns(_own=None)
        frame = frame.with_columns(pl.coalesce("_own", "period").alias("period"))
        other = int((blank & ~head["sound"]).sum())
        return _Taken(frame.select(list(SCHEMA)), frame[ROW], rejected, other, keys, wide)

    def _as_wide(
        self, head: pl.DataFrame, wanted: Mapping[str, Column], made: Mapping[str, Numbers]
    ) -> tuple[pl.Series, pl.DataFrame | None]:
        """Return which rows are whole, and these as rows of the wide table of the lake."""
        items, period = self.wide or ((), 0)
        own = {c.property: made[n] for n, c in wanted.items() if c.property in items}
        if not own or self.profile.period != period:
            return pl.Series([], dtype=pl.Boolean), None
        full = [one.value.is_not_null() & ~one.fault for one in own.values()]
        whole = pl.select(pl.all_horizontal(head["sound"], *full)).to_series()
        whole &= ~head.select("station", "time").is_duplicated()
        wide = head.select("station", "time").hstack(
            [one.value.alias(code) for code, one in own.items()]
            + [
                one.flag.alias(f"flag_{code}")
                for code, one in own.items()
                if one.flag.null_count() < len(one.flag)
            ]
        )
        return whole, wide.filter(whole)

    def _told_apart(
        self,
        batch: pl.DataFrame,
        head: pl.DataFrame,
        on: Sequence[str],
        said: pl.DataFrame,
        rejected: list[pl.DataFrame],
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Set rows of contradicted keys aside, and return the keys of the others."""
        if said.is_empty():
            return head, pl.DataFrame(schema={"key": pl.UInt64, "said": pl.UInt64})
        keys = pl.DataFrame({"key": head.select(on).hash_rows(), "said": said.hash_rows()})
        if self.contradicted is not None:
            bad = head["sound"] & keys["key"].is_in(self.contradicted.implode())
            self._reject(rejected, batch, bad, "conflict", [*self.profile.station])
            head = head.with_columns((pl.col("sound") & ~bad).alias("sound"))
        return head, keys.filter(head["sound"])

    def _length(self, code: str) -> int | None:
        """Return the averaging time that a property of hourly rows has by its name."""
        if self.profile.period != 3600:
            return None
        return {"8h": 28800, "24h": 86400}.get(code.rpartition("_")[2])

    # ------------------------------------------------------------------------- long and archive

    def _meant(self, item: str, unit: str | None) -> Column | None:
        said = self.profile.items.get(item)
        found = said or item_property(item, self.profile.medium)
        if found is None or found.property == "-":
            if item not in self.reading.unread:
                self.reading.unread.append(item)
            return None
        if said and said.unit:
            return said
        return Column(found.property, unit or found.unit, found.flag, found.sure)

    def _long(self, batch: pl.DataFrame) -> _Taken:
        profile = self.profile
        assert profile.item is not None
        assert profile.value is not None
        item = texts(batch, self.at[profile.item])
        unit = texts(batch, self.at[profile.unit]) if profile.unit in self.at else None
        nothing = pl.Series("blank", [False]).new_from_index(0, batch.height)
        head, rejected = self._placed(batch, nothing)
        said = pl.DataFrame([batch[self.at[profile.value]].cast(pl.String)])
        named = head.with_columns(item.alias("item"))
        named, keys = self._told_apart(batch, named, ["station", "time", "item"], said, rejected)
        head = named.drop("item")
        groups = pl.DataFrame({"item": item, "unit": unit if unit is not None else [None]})
        groups = groups.with_columns(pl.col("unit").cast(pl.String)).with_row_index("_at")
        parts, other = [], 0
        for (name, text), lines in groups.group_by(["item", "unit"], maintain_order=True):
            rows = lines["_at"]
            stated = unit_named(str(text)) if text else None
            meant = self._meant(str(name or ""), stated)
            if meant is None:
                other += len(rows)
                continue
            if text and stated is None and simplify(str(text)):
                everything = pl.Series([True]).new_from_index(0, len(rows))
                self._reject(rejected, batch[rows], everything, "any_unit", [str(profile.unit)])
                continue
            meant = Column(meant.property, meant.unit, meant.flag or profile.flag, meant.sure)
            one = self.cells.numbers(batch[rows], profile.value, self.at[profile.value], meant)
            mine = head[rows]
            self._reject(rejected, batch[rows], one.fault & mine["sound"], "text", [profile.value])
            parts.append(
                mine.with_columns(
                    pl.lit(meant.property).alias("property"), one.value, one.flag
                ).filter(pl.col("sound") & ~one.fault)
            )
        frame = pl.concat(parts).sort(ROW) if parts else _no_rows(head)
        return _Taken(frame.select(list(SCHEMA)), frame[ROW], rejected, other, keys)

    @property
    def places(self) -> list[str]:
        """The station columns of an archive."""
        own = self.profile.known
        return [n for n in self.names if simplify(n) not in own]

    def _archive(self, batch: pl.DataFrame) -> _Taken:
        profile = self.profile
        assert profile.item is not None
        item = texts(batch, self.at[profile.item])
        nothing = pl.Series("blank", [False]).new_from_index(0, batch.height)
        head, rejected = self._placed(batch, nothing)
        said = batch.select(pl.col(self.at[p]).cast(pl.String) for p in self.places)
        named = head.with_columns(item.alias("item"))
        named, keys = self._told_apart(batch, named, ["time", "item"], said, rejected)
        head = named.drop("item")
        parts, other = [], 0
        for name in item.unique(maintain_order=True):
            mask = item == name if name is not None else item.is_null()
            meant = self._meant(name or "", None)
            if meant is None:
                other += int(mask.sum())
                continue
            lines, mine = batch.filter(mask), head.filter(mask)
            whole = lines.select(pl.col(self.at[p]).cast(pl.String) for p in self.places)
            whole.columns = self.places
            cells = (
                mine.drop("station")
                .hstack(whole)
                .filter("sound")
                .unpivot(
                    index=[ROW, "time", "period"],
                    on=self.places,
                    variable_name="station",
                    value_name="raw",
                )
            )
            one = self.cells.numbers(cells, name or "", "raw", meant)
            if one.fault.any():
                bad = cells.filter(one.fault)
                for (place,), rows in bad.group_by(["station"], maintain_order=True):
                    said = rows.select(ROW, pl.col("raw").alias("value"))
                    rejected.append(listed(said, self.source.name, str(place), "text"))
            parts.append(
                cells.with_columns(pl.lit(meant.property).alias("property"), one.value, one.flag)
                .filter(~one.fault)
                .with_columns(
                    pl.coalesce(
                        pl.lit(self._length(meant.property), pl.Int32), pl.col("period")
                    ).alias("period")
                )
            )
        frame = pl.concat(parts) if parts else _no_rows(head)
        return _Taken(frame.select(list(SCHEMA)), frame[ROW], rejected, other, keys)

    def _reject(
        self,
        rejected: list[pl.DataFrame],
        batch: pl.DataFrame,
        mask: pl.Series,
        code: str,
        names: Sequence[str],
    ) -> None:
        if not mask.any():
            return
        columns = [pl.col(self.at[n]).cast(pl.String) for n in names if n in self.at]
        value = pl.concat_str(columns or [pl.lit("")], separator=" ", ignore_nulls=True)
        rows = batch.filter(mask).select(ROW, value=value)
        rejected.append(listed(rows, self.source.name, " + ".join(names), code))


@dataclass(frozen=True)
class _Taken:
    """Observations, the row of each, what was set aside, and rows with nothing to store."""

    frame: pl.DataFrame
    rows: pl.Series
    rejected: list[pl.DataFrame]
    other: int
    keys: pl.DataFrame | None = None
    wide: pl.DataFrame | None = None


def _no_rows(head: pl.DataFrame) -> pl.DataFrame:
    added: Mapping[str, pl.DataType] = {n: t for n, t in SCHEMA.items() if n not in head.columns}
    return head.clear().with_columns(pl.lit(None, t).alias(n) for n, t in added.items())


def kept_none() -> pl.DataFrame:
    """Return no observations."""
    return pl.DataFrame(schema=SCHEMA)


def _listed(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema=ASIDE), *parts]).sort("row", maintain_order=True)

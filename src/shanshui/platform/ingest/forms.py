"""The three forms of a monitoring table, each brought to one row a station and time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, cast

import polars as pl

from shanshui.platform.ingest.aside import listed, settled, shown
from shanshui.platform.ingest.columns import ITEMS, KEYS, Header, recognise, unit, vocabulary
from shanshui.platform.ingest.errors import ReadError
from shanshui.platform.ingest.sources import ROW, Source
from shanshui.platform.ingest.values import numbers, texts, time_of


class Note(NamedTuple):
    """What a person should know of how a table was read."""

    zh: str
    en: str


_CONVERTED = Note(
    "时间带有时区（如 Z、+00:00），已换算为北京时间",
    "times with an offset (such as Z or +00:00) were converted to the Asia/Shanghai clock",
)


@dataclass
class Part:
    """One table of a file on its way in.

    Attributes
    ----------
    source : Source
        Where it comes from.
    said : mapping
        Item to the unit said by the caller.
    station : str or None
        Name of the one station of a table without a column for it.
    frame : polars DataFrame
        ``_row``, keys, ``time`` and items by role, in canonical units.
    keys : list of str
        Key columns.
    clock : bool
        Some time states an hour.
    rows, other, repeats : int
        Rows read, rows on items that are not read, and rows that repeat another.
    rejected : list of polars DataFrame
        What was set aside.
    units : dict
        Role to unit, and how it is known.
    unread : list of str
        Columns or items not read.
    notes : list
        What a person should know.
    """

    source: Source
    said: Mapping[str, str]
    station: str | None
    frame: pl.DataFrame = field(default_factory=pl.DataFrame)
    keys: list[str] = field(default_factory=list)
    clock: bool = False
    rows: int = 0
    other: int = 0
    repeats: int = 0
    rejected: list[pl.DataFrame] = field(default_factory=list)
    units: dict[str, tuple[str, Note]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def header(self) -> Header:
        """The header of the table."""
        return self.source.header

    @property
    def columns(self) -> dict[str, str]:
        """Role to raw column."""
        return {role: str(position) for role, position in self.header.roles.items()}

    @property
    def items(self) -> list[str]:
        """Item columns of the frame, by role."""
        return [c for c in self.frame.columns if item_of(c) in ITEMS]


def item_of(role: str) -> str:
    """Return the item of a role: ``"o3_8h"`` is of ``"o3"``."""
    return role.split("_", maxsplit=1)[0]


def parse(
    source: Source, *, said: Mapping[str, str], station: str | None, everything: bool
) -> Part:
    """Read one table whole.

    Raises
    ------
    ReadError
        When nothing of it can be used, or its values look like another unit.
    """
    part = Part(source, said, station)
    form = {"wide": _wide, "long": _long, "archive": _archive}[source.header.form]
    form(part, _batches(part), everything=everything)
    _identify(part)
    _guard(part)
    return part


def _batches(part: Part) -> Iterator[pl.DataFrame]:
    for batch, faults in part.source.batches:
        part.rows += batch.height
        for fault in faults:
            part.rows += fault.lines.height
            part.rejected.append(listed(fault.lines, part.source.name, "", fault.code))
        if not batch.is_empty():
            yield batch


def _whole(part: Part, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Put batches together; raise where no row is left."""
    file, row = part.source.name, part.source.header_row
    if not part.rows:
        raise ReadError("只有表头，没有数据行", "a header and no rows of data", file=file, row=row)
    frame = pl.concat(frames) if frames else pl.DataFrame()
    if frame.is_empty() and part.rejected:
        first = pl.concat(part.rejected).sort("row").row(0, named=True)
        value, (zh, en) = first["value"] or "", first["expected"].split(" / ")
        raise ReadError(
            f"{part.rows} 行数据无一可用。第一处：“{value}”{first['reason']}，应为{zh}",
            f'none of {part.rows} rows can be used. The first: "{value}" ({first["reason_en"]}), '
            f"expected {en}",
            file=file,
            row=first["row"],
            column=first["column"],
        )
    return frame


def _reject(
    part: Part, batch: pl.DataFrame, mask: pl.Series, code: str, columns: Sequence[str]
) -> None:
    if not mask.any():
        return
    value = pl.concat_str(
        [pl.col(c).cast(pl.String) for c in columns] or [pl.lit("")],
        separator=" ",
        ignore_nulls=True,
    )
    names = " + ".join(part.header.names[int(c)] for c in columns)
    rows = batch.filter(mask).select(ROW, value=value)
    part.rejected.append(listed(rows, part.source.name, names, code))


def _timed(part: Part, batch: pl.DataFrame) -> pl.Series:
    """Parse the times of a batch; reject those that are none."""
    found = time_of(batch, part.columns)
    part.clock = part.clock or found.clock
    if found.converted and _CONVERTED not in part.notes:
        part.notes.append(_CONVERTED)
    columns = [part.columns[r] for r in vocabulary()["time"] if r in part.columns]
    _reject(part, batch, found.time.is_null(), "time", columns)
    return found.time.alias("time")


def _placed(part: Part, batch: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """Return row, keys and time of a batch, and which rows have them all."""
    time = _timed(part, batch)
    sound = time.is_not_null()
    keys = [texts(batch, part.columns[k]).alias(k) for k in part.header.keys]
    for key in keys:
        if key.name == "code" and "station" in part.header.keys:
            continue  # the name will do
        named = key.is_not_null()
        _reject(part, batch, sound & ~named, "key", [part.columns[key.name]])
        sound &= named
    if part.station is not None and "station" not in part.header.keys:
        keys.append(pl.Series("station", [part.station]).new_from_index(0, batch.height))
    return pl.DataFrame([batch[ROW], *keys, time]), sound


def _wide(part: Part, batches: Iterator[pl.DataFrame], *, everything: bool) -> None:
    header = part.header
    rest = {header.names[p] or f"column_{p + 1}": str(p) for p in header.rest}
    part.unread = [n for n in rest if not n.startswith("column_")]
    frames = []
    for batch in batches:
        frame, sound = _placed(part, batch)
        values, faults = numbers(batch, {role: part.columns[role] for role in header.items})
        for role, mask in faults.items():
            _reject(part, batch, mask & sound, "text", [part.columns[role]])
        frame = frame.hstack(values)
        if everything:
            frame = frame.hstack(batch.select(pl.col(p).alias(n) for n, p in rest.items()))
        frames.append(frame.filter(sound))
    part.frame = _whole(part, frames).with_columns(
        _converted(pl.col(role), *_factors(part, role, header.units.get(role)))
        for role in header.items
    )


def _long(part: Part, batches: Iterator[pl.DataFrame], *, everything: bool) -> None:  # noqa: ARG001
    columns = part.columns
    frames = []
    for batch in batches:
        frame, sound = _placed(part, batch)
        values, faults = numbers(batch, {"value": columns["value"]})
        stated = (
            texts(batch, columns["unit"])
            if "unit" in columns
            else pl.Series([None], dtype=pl.String).new_from_index(0, batch.height)
        )
        for mask in faults.values():
            _reject(part, batch, mask & sound, "text", [columns["value"]])
        frames.append(
            frame.with_columns(
                texts(batch, columns["item"]).alias("item"), stated.alias("unit"), values["value"]
            ).filter(sound)
        )
    frame = _meant(part, _whole(part, frames))
    keys = [k for k in KEYS if k in frame.columns]
    frame, conflicts, part.repeats = settled(frame, [*keys, "time", "role"], ["value"])
    _reject_conflicts(part, conflicts, [*keys, "time", "item"])
    roles = frame["role"].unique(maintain_order=True)
    part.frame = (
        frame.group_by([*keys, "time"])
        .agg(
            pl.col(ROW).min(),
            *(pl.col("value").filter(pl.col("role") == r).first().alias(r) for r in roles),
        )
        .sort(ROW)
    )


def _reject_conflicts(part: Part, conflicts: pl.DataFrame, on: Sequence[str]) -> None:
    value = pl.concat_str((shown(c) for c in on), separator=" ", ignore_nulls=True)
    part.rejected.append(
        listed(conflicts.select(ROW, value=value), part.source.name, "", "conflict")
    )


def _meant(part: Part, frame: pl.DataFrame) -> pl.DataFrame:
    """Find out what each item and unit of a long table means; rows of other items fall away."""
    rows, column = frame.height, part.header.name("item")
    meanings: list[tuple[str, str | None, str, float, float]] = []
    odd: list[str] = []
    for item, text in frame.select("item", "unit").unique().sort("item", "unit").iter_rows():
        role = recognise(item or "")
        if role is None or role.item is None:
            part.unread.append(item or "")
        elif text and unit(text) is None:
            odd.append(text)
        else:
            stated = (unit(text) if text else None) or role.unit or part.header.units.get("value")
            meanings.append((item, text, role.name, *_factors(part, role.name, stated)))
    part.unread = sorted(set(part.unread))
    bad = pl.col("unit").is_in(odd) & ~pl.col("item").is_in(part.unread)
    aside = frame.filter(bad).select(ROW, value="unit")
    if odd:
        name = part.header.name("unit")
        part.rejected.append(listed(aside, part.source.name, name, "unit"))
    table = pl.DataFrame(
        meanings,
        schema={
            "item": pl.String,
            "unit": pl.String,
            "role": pl.String,
            "given": pl.Float64,
            "wanted": pl.Float64,
        },
        orient="row",
    )
    frame = frame.join(
        table, on=["item", "unit"], nulls_equal=True, maintain_order="left"
    ).with_columns(value=pl.col("value") * pl.col("given") / pl.col("wanted"))
    part.other += rows - frame.height - aside.height
    if frame.is_empty():
        raise _no_item(part, column)
    return frame


def _no_item(part: Part, column: str) -> ReadError:
    found = part.unread[:12]
    return ReadError(
        f"没有六项污染物的数据；该列有：{'、'.join(found)}",
        f"no data of the six items; the column has: {', '.join(found)}",
        file=part.source.name,
        column=column,
    )


def _archive(part: Part, batches: Iterator[pl.DataFrame], *, everything: bool) -> None:  # noqa: ARG001
    header = part.header
    names = {str(p): header.names[p] for p in header.places}
    codes = pl.Series(list(names.values())).str.contains(vocabulary()["archive"]["station_code"])
    place = "station" if codes.all() else "city"
    part.notes.append(
        Note(
            f"每列一个{'站点（按编码）' if place == 'station' else '城市'}，共 {len(names)} 列",
            f"one column a {place}, {len(names)} of them",
        )
    )
    frames = []
    for batch in batches:
        time = _timed(part, batch)
        lines = batch.select(ROW, texts(batch, part.columns["item"]).alias("item"), time, *names)
        frames.append(lines.filter(time.is_not_null()))
    lines = _whole(part, frames)
    roles = {t: recognise(t) for t in lines["item"].unique().drop_nulls()}
    hourly = {t: r for t, r in roles.items() if r and r.item and r.name in {r.item, f"{r.item}_1h"}}
    part.unread = sorted(roles.keys() - hourly.keys())
    wanted = lines.filter(pl.col("item").is_in(list(hourly)))
    part.other += lines.height - wanted.height
    if wanted.is_empty():
        raise _no_item(part, header.name("item"))
    wanted = wanted.with_columns(
        role=pl.col("item").replace_strict({t: cast("str", r.item) for t, r in hourly.items()})
    )
    wanted, conflicts, part.repeats = settled(wanted, ["time", "role"], list(names))
    _reject_conflicts(part, conflicts, ["time", "item"])
    # Each item becomes a column over the same times and places, so that no join is needed.
    times = wanted.group_by("time", maintain_order=True).agg(first=pl.col(ROW).min())
    frame = pl.DataFrame()
    for (role,), block in wanted.group_by(["role"], maintain_order=True):
        item = block["item"][0]
        cells = (
            times.join(block, on="time", how="left", maintain_order="left")
            .select("time", "first", ROW, *names)
            .rename(names)
            .unpivot(index=["time", "first", ROW], variable_name=place, value_name="raw")
        )
        values, faults = numbers(cells, {"value": "raw"})
        for mask in faults.values():
            bad = cells.filter(mask).select(ROW, value="raw", column=place)
            for (column,), rows in bad.group_by(["column"], maintain_order=True):
                part.rejected.append(listed(rows, part.source.name, str(column), "text"))
        stated = cast("str | None", getattr(hourly[item], "unit", None))
        factors = _factors(part, str(role), stated)
        value = values.select(_converted(pl.col("value"), *factors).alias(str(role)))
        if frame.is_empty():
            frame = cells.select(pl.col("first").alias(ROW), place, "time")
        frame = frame.hstack(value)
    part.frame = frame


def _factors(part: Part, role: str, stated: str | None) -> tuple[float, float]:
    """Return what the given and the canonical unit of an item are in µg/m3."""
    item, words = item_of(role), vocabulary()
    if item in part.said:
        name, how = part.said[item], Note("经 --units 指明", "said by --units to be")
    elif stated:
        name, how = stated, Note("在文件中注明", "stated in the file to be")
    else:
        name, how = words["canonical"][item], Note("未注明，按惯例", "not stated, by convention")
    given = words["units"][name]["factor"]
    if not given:
        raise ReadError(
            f"单位为 {name}（体积比），换算成质量浓度需要温度和压力；请先换算为 µg/m3 或 mg/m3",
            f"the unit is {name}, a volume share, which needs a temperature and a pressure to "
            "become a mass; convert it to µg/m3 or mg/m3 first",
            file=part.source.name,
            column=part.header.name(role) if role in part.header.roles else item,
        )
    part.units[role] = name, how
    return float(given), float(words["units"][words["canonical"][item]]["factor"])


def _converted(value: pl.Expr, given: float, wanted: float) -> pl.Expr:
    return value if given == wanted else value * given / wanted


def _identify(part: Part) -> None:
    """Decide which columns tell stations apart."""
    keys = [k for k in KEYS if k in part.frame.columns]
    if "code" in keys and "station" not in keys:
        part.frame = part.frame.rename({"code": "station"})
        keys[keys.index("code")] = "station"
    elif "code" in keys and part.frame["code"].has_nulls():
        keys.remove("code")
        part.notes.append(
            Note(
                "站点编码有空值，站点以名称（及城市）区分",
                "some station codes are empty: stations are told apart by name (and city)",
            )
        )
    part.keys = keys


def _guard(part: Part) -> None:
    """Refuse values that look like another unit than the one taken.

    Raises
    ------
    ReadError
        When the median of an item lies out of the bounds of the vocabulary and the caller has not
        said the unit.
    """
    words = vocabulary()
    for role in part.items:
        item = item_of(role)
        values = part.frame[role]
        median = values.filter(values > 0).median()
        if item in part.said or median is None:
            continue
        bounds, middle = words["guards"][item], float(cast("float", median))
        if bounds["low"] <= middle <= bounds["high"]:
            continue
        taken, how = part.units[role]
        label = words["items"][item][0].upper()
        probable = "mg/m3" if middle < bounds["low"] else "ug/m3"
        if probable == taken:  # no other unit would mend it
            continue
        # In the unit taken, so that people find the number in their file.
        seen = middle * words["units"][words["canonical"][item]]["factor"]
        shown = f"{seen / words['units'][taken]['factor']:g} {taken}"
        raise ReadError(
            f"{label} 的单位{how.zh}为 {taken}，而中位数 {shown} 不合常理，数据很可能是 "
            f"{probable}；请确认后用 --units {item}={probable}（换算）"
            f"或 --units {item}={taken}（确为此单位）指明",
            f"the unit of {label} is {how.en} {taken}, but a median of {shown} cannot be: "
            f"the data are probably in {probable}. Say --units {item}={probable} to convert them, "
            f"or --units {item}={taken} if they are right",
            file=part.source.name,
            column=part.header.name(role) if role in part.header.roles else item,
        )

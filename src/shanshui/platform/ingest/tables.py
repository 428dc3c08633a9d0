"""Tables of monitoring data from files: what is good in one frame, what is not in another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

import polars as pl

from shanshui.platform.ingest.aside import listed, rows_lost, settled, shown, together
from shanshui.platform.ingest.columns import ITEMS, recognise, role_names, unit
from shanshui.platform.ingest.errors import ReadError
from shanshui.platform.ingest.forms import Note, Part, parse
from shanshui.platform.ingest.sources import ROW, Asked, Progress, tables

Kind = Literal["hours", "daily"]
Stamp = Literal["end", "start"]

HOURLY = ITEMS
DAILY = ("so2", "no2", "co", "o3_1h", "o3_8h", "pm10", "pm25")

_FILE = "_file"
_MANY = 0.2  # of all rows in conflict: not a slip of typing but a key column that is not read


@dataclass(frozen=True)
class Report:
    """How files were read.

    Attributes
    ----------
    files : list of str
        Tables read: files, with the sheet where a workbook has several.
    forms, encodings, delimiters : list
        One entry a table; encoding and delimiter are None where the file is no text.
    rows : int
        Rows of data in the files: ``kept + set_aside + repeats + other``.
    kept : int
        Rows used.
    set_aside : int
        Rows not used, each with its reason in `Table.rejected`.
    repeats : int
        Rows that say again what another row says.
    other : int
        Rows of the long forms on items that are not read.
    cells : int
        Cells of kept rows taken as missing, each with its reason in `Table.rejected`.
    negative : dict
        Item to the number of values below zero. They stay in the frame: the library's functions
        set them aside with a reason.
    stamp : {"end", "start"}
        Whether a time is the end or the start of its hour, as the caller said.
    units : dict
        Column in the frame (by item and averaging) to its unit in the file, and how that is known.
    columns : dict
        Name in the frame to name in the file.
    missing : list of str
        Items of which no file has a column; null in the frame.
    unread : list of str
        Columns, or items of the long forms, that are not read.
    notes : list of Note
        What a person should know, in Chinese and in English.
    """

    files: list[str]
    forms: list[str]
    encodings: list[str | None]
    delimiters: list[str | None]
    rows: int
    kept: int
    set_aside: int
    repeats: int
    other: int
    cells: int
    negative: dict[str, int]
    stamp: Stamp
    units: dict[str, tuple[str, Note]]
    columns: dict[str, str]
    missing: list[str]
    unread: list[str]
    notes: list[Note]


@dataclass(frozen=True)
class Table:
    """Monitoring data as read.

    Attributes
    ----------
    frame : polars DataFrame
        Key columns, ``time`` (naive datetime, Asia/Shanghai clock) or ``date``, then the items:
        for hours so2, no2, co, o3, pm10, pm25; for days so2, no2, co, o3_1h, o3_8h, pm10, pm25.
        Float64, µg/m3, CO mg/m3.
    kind : {"hours", "daily", "samples"}
        Which of the two, or samples of water.
    keys : list of str
        Key columns: those found of province, city, county, station, code.
    rejected : polars DataFrame
        What was set aside: file, row (line of the file; the first is 1, in Parquet the first row
        of data), column, value, expected, reason, reason_en, code.
    report : Report
        How it was read.
    """

    frame: pl.DataFrame
    kind: Kind | Literal["samples"]
    keys: list[str]
    rejected: pl.DataFrame
    report: Report


def read(
    *files: str | Path | IO[bytes],
    stamp: Stamp = "end",
    units: Mapping[str, str] | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    kind: Kind | None = None,
    station: str | None = None,
    everything: bool = False,
    progress: Progress | None = None,
) -> Table:
    r"""Read tables of hourly or daily air monitoring data.

    CSV (also TSV, and packed by gzip), Excel and Parquet; UTF-8, GB18030 and UTF-16; one row a
    time (wide), one row a value (long), or the station archive (date, hour, type and one column a
    station); Chinese or English column names. Rows that are good are kept; what is not is set
    aside with its line and a reason.

    Parameters
    ----------
    *files : path, or open binary file
        Files of one kind; ``"-"`` is the standard input.
    stamp : {"end", "start"}
        Whether a time is the end of its hour (as the national network stamps) or the start. It is
        only passed on, to the functions that make days of hours.
    units : mapping, optional
        Item to unit (``{"co": "ug/m3"}``) where the header does not say it, or says it wrongly.
    encoding : str, optional
        Of text files; by default it is found, and said in the report.
    columns : mapping, optional
        Column name in the file to what it holds (``{"O3": "o3_8h"}``), or to ``"-"`` for a column
        that is not to be read.
    sheet : str, optional
        Excel sheet, or ``"*"`` for all.
    kind : {"hours", "daily"}, optional
        By default a table is hourly when its times state an hour other than 0:00.
    station : str, optional
        Name of the station where the whole table is of one and has no column for it.
    everything : bool
        Keep the columns that are not recognised too, under their own names (wide form).
    progress : callable, optional
        Told the file, the bytes done and the bytes in all, while text is read.

    Returns
    -------
    Table

    Raises
    ------
    ReadError
        When a file cannot be read as such a table at all: not found, empty, damaged, of an unknown
        kind or encoding, without the columns needed, or with values that look like another unit.

    Notes
    -----
    Null marks, column names, units and the guards of units are in ``tables.toml`` beside this
    module. Hour 24:00 of a date is 0:00 of the next. Times with an offset are converted to the
    Asia/Shanghai clock.

    Examples
    --------
    >>> import io
    >>> text = "城市,时间,PM2.5\n广州,2026-03-01 01:00,23\n广州,2026-03-01 02:00,—"
    >>> table = read(io.BytesIO(text.encode("gb18030")))
    >>> table.kind, table.keys, table.report.encodings
    ('hours', ['city'], ['gb18030'])
    >>> table.frame["pm25"].to_list()
    [23.0, None]
    """
    if not files:
        raise ReadError("没有给出文件", "no file given")
    if stamp not in {"end", "start"}:
        raise ReadError(
            f"时间标注应为 end（时段末）或 start（时段初），得到“{stamp}”",
            f'the stamp must be end or start, got "{stamp}"',
        )
    said = _said_units(units or {})
    asked = Asked(
        encoding, _said_columns(columns or {}), sheet, station is not None, everything, progress
    )
    parts = [
        parse(source, said=said, station=station, everything=everything)
        for file in files
        for source in tables(file, asked)
    ]
    return _joined(parts, stamp, kind)


def _said_units(units: Mapping[str, str]) -> dict[str, str]:
    said: dict[str, str] = {}
    for name, text in units.items():
        role = recognise(name)
        found = unit(text)
        if role is None or role.item is None or found is None:
            raise ReadError(
                f"单位应写作 项目=单位，如 co=ug/m3、co=mg/m3；得到“{name}={text}”",
                f'a unit is said as item=unit, such as co=ug/m3; got "{name}={text}"',
            )
        said[role.item] = found
    return said


def _said_columns(columns: Mapping[str, str]) -> dict[str, str]:
    said: dict[str, str] = {}
    for name, meaning in columns.items():
        role = recognise(meaning)
        word = role.name if role else meaning
        if word not in {*role_names(), "-"}:
            raise ReadError(
                f"列“{name}”的含义“{meaning}”无法识别；应为 {'、'.join(role_names())}，"
                "或 -（不读）",
                f'column "{name}": unknown meaning "{meaning}"; expected one of '
                f"{', '.join(role_names())}, or - to leave it out",
            )
        said[name] = word
    return said


def _joined(parts: Sequence[Part], stamp: Stamp, said: Kind | None) -> Table:
    """Put the tables of all files together as one."""
    first = parts[0]
    if not all("code" in part.keys for part in parts):  # then names tell stations apart
        for part in parts:
            part.keys = [k for k in part.keys if k != "code"]
    for part in parts[1:]:
        if part.keys != first.keys:
            raise ReadError(
                f"站点列（{'、'.join(part.keys)}）与 {first.source.name} 的"
                f"（{'、'.join(first.keys)}）不同，不能合成一张表；请分别处理",
                f"its key columns differ from those of {first.source.name} "
                f"({', '.join(part.keys)}; {', '.join(first.keys)}); run them one by one",
                file=part.source.name,
            )
    keys = first.keys
    notes: list[Note] = [note for part in parts for note in part.notes]
    kind = _kind(parts, said, notes)
    columns: dict[str, str] = {}
    missing = set(HOURLY if kind == "hours" else DAILY)
    frames: list[pl.DataFrame] = []
    rejected = [r for part in parts for r in part.rejected]
    for number, part in enumerate(parts):
        chosen = _chosen(part, kind, notes)
        missing -= chosen.keys()
        columns.update({k: _name(part, k) for k in keys})
        columns.update({i: _name(part, role) for i, role in chosen.items()})
        frame = part.frame
        if kind == "hours":
            frame, off = _full_hours(frame)
            rejected.append(listed(off, part.source.name, "", "off_hour"))
        extra = [c for c in frame.columns if c not in {ROW, "time", *keys, *part.items}]
        frames.append(
            frame.select(
                pl.lit(number, pl.UInt16).alias(_FILE),
                ROW,
                *keys,
                "time",
                *(pl.col(role).alias(item) for item, role in chosen.items()),
                *extra,
            )
        )
    items = [i for i in (HOURLY if kind == "hours" else DAILY) if i not in missing]
    # Files that each hold other items complete one another; else a null contradicts a value.
    merge = len({frozenset(p.items) for p in parts}) > 1
    frame = pl.concat(frames, how="diagonal_relaxed")
    frame, conflicts, repeats = settled(frame, [*keys, "time"], items, merge=merge)
    if repeats or not conflicts.is_empty():
        frame = frame.sort(_FILE, ROW)
    rejected.extend(_conflicts(parts, conflicts, keys))
    if conflicts.height > sum(f.height for f in frames) * _MANY:
        notes.append(_key_missing(parts, conflicts.height))
    if frame.is_empty():
        aside = together(rejected).row(0, named=True)
        raise ReadError(
            f"没有可用的数据行。第一处：{aside['reason']}",
            f"no row of data can be used. The first: {aside['reason_en']}",
            file=aside["file"],
            row=aside["row"],
        )
    return _table(parts, frame, kind, keys, together(rejected), columns, stamp, notes, repeats)


def _name(part: Part, role: str) -> str:
    """Name of a column in the file."""
    roles = part.header.roles
    if role == "station" and role not in roles:
        role = "code"
    return part.header.name(role) if role in roles else role


def _kind(parts: Sequence[Part], said: Kind | None, notes: list[Note]) -> Kind:
    """Tell hours from days by the times of the tables."""
    hourly = [p for p in parts if p.clock and not _midnights(p)]
    daily = [p for p in parts if not p.clock]
    if said == "daily" and hourly:
        raise ReadError(
            "按日数据读取，但时间里有 0 点以外的小时",
            "read as days, but its times have hours other than 0:00",
            file=hourly[0].source.name,
        )
    if said:
        return said
    if hourly and daily:
        raise ReadError(
            f"是日数据，而 {hourly[0].source.name} 是小时数据；请分别处理",
            f"holds days, while {hourly[0].source.name} holds hours; run them one by one",
            file=daily[0].source.name,
        )
    if hourly:
        return "hours"
    if any("time" in part.header.roles for part in parts if part.clock):
        notes.append(
            Note(
                "时间全部是 0:00，按日数据读取（如为小时数据，请用 --kind hours）",
                "every time is 0:00: read as days (say --kind hours if they are hours)",
            )
        )
    return "daily"


def _midnights(part: Part) -> bool:
    time = part.frame["time"]
    return bool((time.dt.truncate("1d") == time).all()) and "hour" not in part.header.roles


def _full_hours(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    full = frame["time"].dt.truncate("1h") == frame["time"]
    off = frame.filter(~full).select(ROW, value=shown("time"))
    return frame.filter(full), off


def _chosen(part: Part, kind: Kind, notes: list[Note]) -> dict[str, str]:
    """Choose the column of each item that fits hours or days."""
    options: dict[str, tuple[str, ...]]
    if kind == "hours":
        options = {item: (item, f"{item}_1h") for item in HOURLY}
    else:
        options = {item: (item, f"{item}_24h") for item in DAILY}
        options["o3_8h"], options["o3_1h"] = ("o3_8h",), ("o3_1h",)
    chosen: dict[str, str] = {}
    for item, roles in options.items():
        found = [role for role in roles if role in part.items]
        if len(found) > 1:
            names = [_name(part, role) for role in found]
            raise ReadError(
                f"{item} 有两列（{'、'.join(names)}），无法判断用哪一列；"
                f'请用 --column "{names[0]}=-" 排除一列',
                f"two columns for {item} ({', '.join(names)}); leave one out with "
                f'--column "{names[0]}=-"',
                file=part.source.name,
            )
        if found:
            chosen[item] = found[0]
    left = [role for role in part.items if role not in chosen.values()]
    part.unread += [_name(part, role) for role in left]
    plain = next((r for r in left if r in {"o3", "o3_24h"}), None)
    if kind == "daily" and plain and "o3_8h" not in chosen:
        name = _name(part, plain)
        notes.append(
            Note(
                f"日数据的“{name}”列没有说明是最大8小时还是1小时值，未读取；"
                f'请用 --column "{name}=o3_8h" 指明',
                f'the column "{name}" of daily values does not say whether it is the 8-hour or the '
                f'1-hour maximum and is not read; say --column "{name}=o3_8h"',
            )
        )
    if not chosen:
        raise ReadError(
            f"没有可用于{'小时' if kind == 'hours' else '日'}数据的污染物列；"
            f"现有：{'、'.join(part.unread[:12])}",
            f"no item column of {'hourly' if kind == 'hours' else 'daily'} values; found: "
            f"{', '.join(part.unread[:12])}",
            file=part.source.name,
        )
    return chosen


def _conflicts(
    parts: Sequence[Part], conflicts: pl.DataFrame, keys: Sequence[str]
) -> list[pl.DataFrame]:
    value = pl.concat_str((shown(c) for c in (*keys, "time")), separator=" ", ignore_nulls=True)
    return [
        listed(rows.select(ROW, value=value), parts[int(number)].source.name, "", "conflict")
        for (number,), rows in conflicts.group_by([_FILE], maintain_order=True)
    ]


def _key_missing(parts: Sequence[Part], count: int) -> Note:
    unread = list(dict.fromkeys(n for part in parts for n in part.unread))[:12]
    return Note(
        f"{count} 行与同一站点同一时间的其他行矛盾，很可能还有区分站点的列未被识别；"
        f"请用 --column 列名=station 指明（未读取的列：{'、'.join(unread) or '无'}）",
        f"{count} rows contradict another row of the same station and time: probably a column that "
        f"tells stations apart is not recognised (not read: {', '.join(unread) or 'none'}); say "
        "--column NAME=station",
    )


def _table(
    parts: Sequence[Part],
    frame: pl.DataFrame,
    kind: Kind,
    keys: list[str],
    rejected: pl.DataFrame,
    columns: dict[str, str],
    stamp: Stamp,
    notes: list[Note],
    repeats: int,
) -> Table:
    items = HOURLY if kind == "hours" else DAILY
    missing = [i for i in items if i not in frame.columns]
    time = pl.col("time") if kind == "hours" else pl.col("time").cast(pl.Date).alias("date")
    extra = [c for c in frame.columns if c not in {_FILE, ROW, "time", *keys, *items}]
    frame = frame.with_columns(pl.lit(None, pl.Float64).alias(i) for i in missing)
    frame = frame.select(*keys, time, *items, *extra)
    below = frame.select((pl.col(i) < 0).sum() for i in items).row(0, named=True)
    rows, lost = sum(p.rows for p in parts), rows_lost(rejected)
    repeats += sum(p.repeats for p in parts)
    other = sum(p.other for p in parts)
    report = Report(
        files=[p.source.name for p in parts],
        forms=[p.header.form for p in parts],
        encodings=[p.source.encoding for p in parts],
        delimiters=[p.source.delimiter for p in parts],
        rows=rows,
        kept=rows - lost - repeats - other,
        set_aside=lost,
        repeats=repeats,
        other=other,
        cells=rejected.filter(pl.col("code") == "text").height,
        negative={i: int(n) for i, n in below.items() if n},
        stamp=stamp,
        units={role: given for p in parts for role, given in p.units.items()},
        columns=columns,
        missing=missing,
        unread=sorted({n for p in parts for n in p.unread}),
        notes=list(dict.fromkeys(notes)),
    )
    return Table(frame, kind, keys, rejected, report)

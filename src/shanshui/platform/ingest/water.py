"""Samples of water, by hand or by automatic stations, and rosters of sections."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import IO, Literal

import polars as pl

from shanshui.platform.ingest.aside import listed as set_aside
from shanshui.platform.ingest.aside import rows_lost, settled, shown, together
from shanshui.platform.ingest.columns import listed_role, recognise, simplify, vocabulary
from shanshui.platform.ingest.errors import ReadError
from shanshui.platform.ingest.forms import Note
from shanshui.platform.ingest.lists import Listed, lists
from shanshui.platform.ingest.samples import cell
from shanshui.platform.ingest.sources import ROW, Asked, Progress, Source, tables
from shanshui.platform.ingest.tables import Report, Table
from shanshui.platform.ingest.values import TIME, months, numbers, texts, time_of
from shanshui.standards.editions import editions

Domain = Literal["surface", "source", "ground", "sea"]
LISTING = "water"
PLACES = ("province", "city", "county", "basin", "river", "station", "code")
"""Columns that say where a sample is from."""
SAID = ("kind", "target", "source")
"""Columns that say something else of it."""
_TIMES = ("time", "date", "hour", "year", "month", "day")
_FILE = "_file"
_SLIP = 10  # a median so many times the worst limit is rather another unit


def read_samples(
    *files: str | Path | IO[bytes],
    domain: Domain = "surface",
    units: Mapping[str, str] | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    station: str | None = None,
    everything: bool = False,
    progress: Progress | None = None,
) -> Table:
    r"""Read tables of water samples, as `shanshui.water` needs them.

    One row a sample (wide) or one row a result (long: 项目, 值, 单位); Chinese or English names,
    with their units or without; dates with or without a clock, or months. A result below its
    detection limit keeps its sign: ``0.02L``, ``<0.02`` become ``0.02L``, and ND, 未检出 ``ND``.
    Rows that are good are kept; what is not is set aside with its line and a reason.

    Parameters
    ----------
    *files : path, or open binary file
        CSV, Excel or Parquet, as in `read`.
    domain : {"surface", "source", "ground", "sea"}
        Whose items are read, and in whose units; ``source`` are surface sources of drinking water.
    units : mapping, optional
        Item to unit (``{"cd": "ug/L"}``) where the header does not say it, or says it wrongly. A
        value is converted only where its unit is stated.
    encoding, sheet, station, everything, progress
        As in `read`.
    columns : mapping, optional
        Column name in the file to what it holds (``{"CODMn测值": "codmn"}``), or to ``"-"``.

    Returns
    -------
    Table
        ``kind`` is ``"samples"``. The frame has the columns that the files have of ``province,
        city, county, basin, river, station, code`` (the keys), ``time`` (naive, Asia/Shanghai
        clock) or ``date`` where no clock is stated, ``kind`` (河流, 湖库), ``target`` (1 to 5),
        ``source`` (自动, 手工), and the items, in the units of the standard: numbers, or texts
        where any result is below its limit. Rows of one section and time that contradict one
        another are set aside; of one date without a clock they are several samples, and stay.

    Raises
    ------
    ReadError
        When a file cannot be read as such a table at all; file, row and column are named.

    Examples
    --------
    >>> import io
    >>> text = (
    ...     "断面名称,采样日期,pH,氨氮(mg/L),总磷(µg/L),汞\n石角,2021年1月5日,7.6,0.21,40L,未检出"
    ... )
    >>> read_samples(io.BytesIO(text.encode())).frame.row(0)
    ('石角', datetime.date(2021, 1, 5), 7.6, 0.21, '0.04L', 'ND')
    """
    if not files:
        raise ReadError("没有给出文件", "no file given")
    said = _said_units(units or {}, domain)
    asked = Asked(
        encoding=encoding,
        columns=_said_columns(columns or {}, domain),
        sheet=sheet,
        keyless=True,
        everything=everything,
        progress=progress,
        listing=LISTING,
    )
    parts = [
        _parsed(_Part(source, domain, said, station), everything=everything)
        for file in files
        for source in tables(file, asked)
    ]
    return _joined(parts)


def read_roster(
    file: str | Path | IO[bytes],
    *,
    version: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> pl.DataFrame:
    r"""Read a roster of sections, as `shanshui.water.surface.enroll` needs it.

    Parameters
    ----------
    file : path, or open binary file
        CSV, Excel or Parquet with 断面, 水体类型 and, as far as there, 水体, 流域, 控制级别,
        考核属性, 责任县区, 责任单位, 河长, 水质目标, 开始, 结束, 名单版本, 未评价原因.
    version : str, optional
        Version of rows that state none; by default the name of the file.
    encoding, columns, sheet
        As in `read`.

    Returns
    -------
    polars DataFrame
        As `shanshui.water.surface.roster` gives it.

    Raises
    ------
    ReadError
        When it cannot be read, lacks a column, or a row cannot be understood; it is named.

    Examples
    --------
    >>> import io
    >>> head = "断面名称,水体,水体类型,考核属性,水质目标,名单版本\n"
    >>> text = head + "石角,北江,河流,国考、入海,Ⅱ类,十四五"
    >>> got = read_roster(io.BytesIO(text.encode()))
    >>> got.select("station", "river", "attribute", "target", "version").row(0)
    ('石角', '北江', '国考,入海', 2, '十四五')
    """
    from shanshui.water.surface.roster import checked

    found: list[pl.DataFrame] = []
    asked = {"encoding": encoding, "columns": columns, "sheet": sheet}
    name = file if isinstance(file, str | Path) else getattr(file, "name", "")
    for one in lists(file, "sections", **asked):  # type: ignore[arg-type]
        if missing := [c for c in ("station", "kind") if c not in one.rows]:
            needed = {"station": "断面名称", "kind": "水体类型（河流或湖库）"}
            raise one.error(
                f"断面名单缺少列：{'、'.join(needed[c] for c in missing)}；"
                f"现有列：{'、'.join(one.names[:12])}",
                f"a roster of sections needs the columns {', '.join(missing)}; "
                f"found: {', '.join(one.names[:12])}",
            )
        stem = Path(str(name)).stem if name and str(name) != "-" else None
        found.append(checked(one.rows.drop(ROW), wrong=_placing(one), version=version or stem))
    return pl.concat(found, how="diagonal_relaxed")


def _placing(one: Listed) -> Callable[[int, str, str, str], ReadError]:
    """Return what makes the error of a row of the table one of a row of the file."""
    lines = one.rows[ROW].to_list()
    roles = {name: listed_role(name, "sections") for name in one.names}

    def wrong(number: int, column: str, zh: str, en: str) -> ReadError:
        title = next((n for n, role in roles.items() if role and role.name == column), column)
        return one.error(zh, en, row=int(lines[number - 1]), column=title)

    return wrong


# --- what columns and units mean ---------------------------------------------------------------


@cache
def canonical(domain: Domain) -> dict[str, str]:
    """Return the items of a domain in the order of its standard, with their units."""
    surface = domain in ("surface", "source")
    e = editions("water.surface" if surface else f"water.{domain}")[-1]
    tables_of = ["limits", *(["other_items"] if surface else [])]
    tables_of += ["source_items", "source_items_specific"] if domain == "source" else []
    found = {row["item"]: str(row["unit"]) for name in tables_of for row in e.table(name)}
    if surface:
        found |= {"conductivity": "µS/cm", "turbidity": "NTU", "algae": "个/L"}
    if domain == "sea":  # the parts of inorganic nitrogen, and what eutrophication needs
        found |= {"no3n": "mg/L", "no2n": "mg/L", "nh3n": "mg/L", "salinity": "", "temp": "℃"}
    return found


def unit_of(text: str) -> str | None:
    """Return the unit that a text names, or None.

    Examples
    --------
    >>> unit_of("μg/L"), unit_of("MPN/L"), unit_of("斤")
    ('ug/L', '个/L', None)
    """
    plain = simplify(text)
    for unit, spec in vocabulary()["list_units"].items():
        if plain in map(simplify, spec["names"]):
            return str(unit)
    return None


def _family(unit: str) -> tuple[str, Decimal] | None:
    for family, members in vocabulary()["water_units"].items():
        if unit in members:
            return family, Decimal(str(members[unit]))
    return None


def _item_of(name: str, domain: Domain) -> str | None:
    role = listed_role(name, LISTING)
    return role.name if role and role.name in canonical(domain) else None


def _said_units(units: Mapping[str, str], domain: Domain) -> dict[str, str]:
    said = {}
    for name, text in units.items():
        item, unit = _item_of(name, domain), unit_of(text)
        if item is None or unit is None or _family(unit) is None:
            raise ReadError(
                f"单位应写作 项目=单位，如 cd=ug/L、chla=mg/m3；得到“{name}={text}”",
                f'a unit is said as item=unit, such as cd=ug/L; got "{name}={text}"',
            )
        said[item] = unit
    return said


def _said_columns(columns: Mapping[str, str], domain: Domain) -> dict[str, str]:
    known = [*PLACES, *_TIMES, *SAID, "item", "value", "unit", *canonical(domain)]
    said = {}
    for name, meaning in columns.items():
        role = listed_role(meaning, LISTING) or recognise(meaning)
        word = role.name if role else meaning
        if word not in {*known, "-"}:
            raise ReadError(
                f"列“{name}”的含义“{meaning}”无法识别；应为 {'、'.join(known)}，或 -（不读）",
                f'column "{name}": unknown meaning "{meaning}"; expected one of '
                f"{', '.join(known)}, or - to leave it out",
            )
        said[name] = word
    return said


# --- one table ---------------------------------------------------------------------------------


@dataclass
class _Part:
    """One table of a file on its way in; see `forms.Part`."""

    source: Source
    domain: Domain
    said: Mapping[str, str]
    station: str | None
    frame: pl.DataFrame = field(default_factory=pl.DataFrame)
    clock: bool = False
    rows: int = 0
    other: int = 0
    repeats: int = 0
    rejected: list[pl.DataFrame] = field(default_factory=list)
    units: dict[str, tuple[str, Note]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def columns(self) -> dict[str, str]:
        """Role to raw column."""
        return {role: str(at) for role, at in self.source.header.roles.items()}

    @property
    def items(self) -> list[str]:
        """The item columns of a wide table, in the order of the standard."""
        return [i for i in canonical(self.domain) if i in self.columns]

    @property
    def long(self) -> bool:
        """One row a result."""
        return not self.items and {"item", "value"} <= self.columns.keys()

    def error(
        self, zh: str, en: str, *, row: int | None = None, column: str | None = None
    ) -> ReadError:
        at = row or self.source.header_row
        return ReadError(zh, en, file=self.source.name, row=at, column=column)

    def reject(
        self, batch: pl.DataFrame, mask: pl.Series, code: str, columns: Sequence[str]
    ) -> None:
        """Set rows or cells aside."""
        if not mask.any():
            return
        value = pl.concat_str(
            [pl.col(c).cast(pl.String) for c in columns] or [pl.lit("")],
            separator=" ",
            ignore_nulls=True,
        )
        names = " + ".join(self.source.header.names[int(c)] for c in columns)
        rows = batch.filter(mask).select(ROW, value=value)
        self.rejected.append(set_aside(rows, self.source.name, names, code))


def _parsed(part: _Part, *, everything: bool) -> _Part:
    header = part.source.header
    _refuse(part)
    known = {*PLACES, *SAID, *_TIMES, *part.items, *(("item", "value", "unit") * part.long)}
    rest = {header.names[p]: str(p) for p in header.rest if header.names[p]}
    rest |= {header.name(role): c for role, c in part.columns.items() if role not in known}
    part.unread = list(rest)
    frames = []
    for batch, faults in part.source.batches:
        part.rows += batch.height + sum(f.lines.height for f in faults)
        for fault in faults:
            part.rejected.append(set_aside(fault.lines, part.source.name, "", fault.code))
        if batch.is_empty():
            continue
        frame, sound = _placed(part, batch)
        if part.long:
            own = ["item", "value", *(["unit"] if "unit" in part.columns else [])]
            frame = frame.hstack(batch.select(pl.col(part.columns[c]).alias(c) for c in own))
        else:
            items = {i: part.columns[i] for i in part.items}
            frame = frame.hstack(batch.select(pl.col(c).alias(i) for i, c in items.items()))
            if everything:
                frame = frame.hstack(batch.select(pl.col(c).alias(n) for n, c in rest.items()))
        frames.append(frame.filter(sound))
    if not part.rows:
        raise part.error("只有表头，没有数据行", "a header and no rows of data")
    part.frame = pl.concat(frames, how="vertical_relaxed") if frames else pl.DataFrame()
    if part.frame.is_empty():
        first = together(part.rejected).row(0, named=True)
        value, (zh, en) = first["value"] or "", first["expected"].split(" / ")
        raise part.error(
            f"{part.rows} 行数据无一可用。第一处：“{value}”{first['reason']}，应为{zh}",
            f'none of {part.rows} rows can be used. The first: "{value}" ({first["reason_en"]}), '
            f"expected {en}",
            row=first["row"],
            column=first["column"],
        )
    if part.long:
        _widen(part)
    else:
        for item in part.items:
            stated = header.units.get(item)
            part.frame = part.frame.with_columns(_values(part, item, item, stated))
    _warn(part)
    return part


def _refuse(part: _Part) -> None:
    """Refuse a table that lacks what every table of samples has."""
    roles, names = part.columns, part.source.header.names
    some, listed = "、".join(names[:12]), ", ".join(names[:12])
    if not part.items and not part.long:
        raise part.error(
            "没有水质项目列（pH、溶解氧、高锰酸盐指数、氨氮、总磷 …），也没有“项目 + 值”两列；"
            f"现有列：{some}",
            "no column of a water item (ph, do, codmn, nh3n, tp …), and no item and value columns; "
            f"found: {listed}",
        )
    timed = {"time", "date"} & roles.keys() or {"year", "month"} <= roles.keys()
    if not timed:
        raise part.error(
            f"缺少时间列：应有“采样时间”“日期”“年、月”等列；现有列：{some}",
            f"missing time column: expected a time, a date, or a year and a month; found: {listed}",
        )
    if not {"station", "code"} & roles.keys() and part.station is None:
        raise part.error(
            f"缺少断面列；现有列：{some}。若全表为同一断面，请用 --station 名称 指明",
            f"missing section column; found: {listed}. If the whole table is of one section, name "
            "it with --station",
        )


def _placed(part: _Part, batch: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """Return row, places, what else is said and the time of a batch, and which rows are sound."""
    columns = part.columns
    time = _timed(part, batch)
    part.reject(batch, time.is_null(), "time", [columns[t] for t in _TIMES if t in columns])
    sound = time.is_not_null()
    places = {p: texts(batch, columns[p]).alias(p) for p in PLACES if p in columns}
    if part.station is not None and "station" not in places:
        places["station"] = pl.Series("station", [part.station]).new_from_index(0, batch.height)
    if "station" not in places:
        places["station"] = places.pop("code").alias("station")
        own = columns["code"]
    else:
        own = columns.get("station", "0")
    named = places["station"].is_not_null()
    part.reject(batch, sound & ~named, "section", [own])
    sound &= named
    said = [_meant(part, texts(batch, columns[c]), c) for c in SAID if c in columns]
    ordered = [places[p] for p in PLACES if p in places]
    return pl.DataFrame([batch[ROW], *ordered, time.alias("time"), *said]), sound


def _timed(part: _Part, batch: pl.DataFrame) -> pl.Series:
    columns = part.columns
    roles = {r: columns[r] for r in _TIMES if r in columns}
    if not {"time", "date"} & roles.keys() and "day" not in roles:
        whole = (
            pl.col(roles[r]).cast(pl.Float64, strict=False).cast(pl.Int32)
            for r in ("year", "month")
        )
        raw = batch.select(pl.concat_str(whole, separator="-")).to_series()
        return _months(part, raw)
    found = time_of(batch, roles)
    if found.converted:
        part.notes.append(
            Note(
                "时间带有时区（如 Z、+00:00），已换算为北京时间",
                "times with an offset (such as Z or +00:00) were converted to the Asia/Shanghai "
                "clock",
            )
        )
    at_midnight = (found.time.drop_nulls().dt.truncate("1d") == found.time.drop_nulls()).all()
    part.clock = part.clock or (found.clock and not at_midnight)
    if not found.time.has_nulls():
        return found.time
    raw = batch[roles.get("time") or roles["date"]].cast(pl.String)
    lacking = found.time.is_null() & raw.is_not_null()
    if not lacking.any():
        return found.time
    return pl.select(pl.coalesce(found.time, _months(part, raw))).to_series().alias("time")


def _months(part: _Part, raw: pl.Series) -> pl.Series:
    found = months(raw)
    note = Note(
        "只写了月份的，按该月 1 日记", "where only a month is stated, its first day is taken"
    )
    if found.is_not_null().any() and note not in part.notes:
        part.notes.append(note)
    return found.cast(TIME).alias("time")


def _factor(part: _Part, item: str, stated: str | None, column: str) -> Decimal:
    """Return what a value is multiplied by, to come to the unit of the standard."""
    own = unit_of(canonical(part.domain)[item])
    given = part.said.get(item) or stated
    if given is None or own is None:
        if given is not None and _family(given) not in (None, ("plain", Decimal(1))):
            raise _unfit(part, item, given, column)
        if own is not None:
            how = Note("未注明，按标准", "not stated, by the standard")
            part.units.setdefault(item, (own, how))
        return Decimal(1)
    mine, theirs = _family(own), _family(given)
    if mine is None or theirs is None or mine[0] != theirs[0]:
        raise _unfit(part, item, given, column)
    said = item in part.said
    how = (
        Note("经 --units 指明", "said by --units to be")
        if said
        else Note("在文件中注明", "stated in the file to be")
    )
    part.units[item] = (given, how)
    return theirs[1] / mine[1]


def _unfit(part: _Part, item: str, unit: str, column: str) -> ReadError:
    own = canonical(part.domain)[item] or "无量纲"
    return part.error(
        f"单位 {unit} 不适用于该项目，应能换算为 {own}",
        f"the unit {unit} does not fit; it must convert to {own}",
        column=column,
    )


def _values(part: _Part, item: str, column: str, stated: str | None) -> pl.Series:
    """Parse a column of results: numbers, or texts where one is below its detection limit."""
    frame, header = part.frame, part.source.header
    title = header.name(item) if item in header.roles else item
    factor = _factor(part, item, stated, title)
    values, faults = numbers(frame, {item: column})
    value = values[item]
    if factor != 1:
        up, down = factor.as_integer_ratio()
        value = (value * up / down).alias(item)
    if item not in faults:
        return value
    raw = frame[column].cast(pl.String)
    odd = raw.filter(faults[item]).unique()
    meant = {text: cell(text) for text in odd}
    plain = {t: float(c.value * factor) for t, c in meant.items() if c.value is not None}
    below = {
        t: f"{(c.limit * factor).normalize():f}L" for t, c in meant.items() if c.limit is not None
    }
    below |= {t: "ND" for t, c in meant.items() if c.undetected}
    wrong = faults[item] & raw.is_in([t for t, c in meant.items() if c.wrong])
    if wrong.any():
        rows = frame.filter(wrong).select(ROW, value=pl.col(column).cast(pl.String))
        part.rejected.append(set_aside(rows, part.source.name, title, "text"))
    known = {t: v for t, v in plain.items() if t not in below}
    filled = raw.replace_strict(known, default=None, return_dtype=pl.Float64)
    value = pl.select(pl.when(faults[item]).then(filled).otherwise(value)).to_series().alias(item)
    if not below:
        return value
    marked = raw.replace_strict(below, default=None, return_dtype=pl.String)
    marks = pl.when(faults[item]).then(marked)
    return pl.select(pl.coalesce(marks, value.cast(pl.String))).to_series().alias(item)


def _widen(part: _Part) -> None:
    """Bring one row a result to one row a sample, with a column an item."""
    frame, rows = part.frame, part.frame.height
    said = frame.with_columns(item=texts(frame, "item"), value=pl.col("value").cast(pl.String))
    unit = texts(frame, "unit") if "unit" in frame else pl.Series("unit", [None] * rows, pl.String)
    said = said.with_columns(unit.alias("unit"))
    found: list[pl.DataFrame] = []
    odd: list[str] = []
    unread: list[str] = []
    for (name, text), lines in said.group_by(["item", "unit"], maintain_order=True):
        role = listed_role(str(name or ""), LISTING)
        if role is None or role.name not in canonical(part.domain):
            unread.append(str(name or ""))
            part.other += lines.height
            continue
        if text and unit_of(str(text)) is None:
            odd.append(str(text))
            aside = lines.select(ROW, value="unit")
            title = part.source.header.name("unit")
            part.rejected.append(set_aside(aside, part.source.name, title, "water_unit"))
            continue
        stated = (unit_of(str(text)) if text else None) or role.unit
        part.frame = lines
        value = _values(part, role.name, "value", stated or part.source.header.units.get("value"))
        found.append(
            lines.drop("item", "unit", "value").with_columns(
                pl.lit(role.name).alias("item"), value.cast(pl.String).alias("value")
            )
        )
    part.unread += sorted(set(unread))
    if not found:
        raise part.error(
            f"没有认识的水质项目；该列有：{'、'.join(sorted(set(unread))[:12])}",
            f"no water item is known; the column has: {', '.join(sorted(set(unread))[:12])}",
            column=part.source.header.name("item"),
        )
    lines = pl.concat(found).sort(ROW, maintain_order=True)
    about = [c for c in ("kind", "target") if c in lines.columns]
    keys = [c for c in lines.columns if c not in {ROW, "item", "value", *about}]
    if part.clock:
        lines, conflicts, part.repeats = settled(lines, [*keys, "item"], ["value"])
        whole = pl.concat_str((shown(c) for c in [*keys, "item"]), separator=" ", ignore_nulls=True)
        twice = conflicts.select(ROW, value=whole)
        part.rejected.append(set_aside(twice, part.source.name, "", "conflict"))
    # Several samples of a day without a clock are told apart by their order.
    lines = lines.with_columns(pl.int_range(pl.len()).over([*keys, "item"]).alias("_nth"))
    items = [i for i in canonical(part.domain) if i in set(lines["item"])]
    wide = lines.group_by([*keys, "_nth"], maintain_order=True).agg(
        pl.col(ROW).min(),
        *(pl.col(c).drop_nulls().first() for c in about),
        *(pl.col("value").filter(pl.col("item") == i).first().alias(i) for i in items),
    )
    plain = {i: wide[i].cast(pl.Float64, strict=False) for i in items}
    wide = wide.with_columns(
        plain[i].alias(i) for i in items if plain[i].null_count() == wide[i].null_count()
    )
    part.frame = wide.select(ROW, *keys, *about, *items).sort(ROW)


def _warn(part: _Part) -> None:
    """Note an item whose values are so high that they are rather in another unit."""
    if part.domain not in ("surface", "source"):
        return
    for row in editions("water.surface")[-1].table("limits"):
        item = row["item"]
        if item not in part.frame or part.units.get(item, ("", None))[1] is None:
            continue
        how = part.units.get(item)
        if row["sense"] != "<=" or how is None or not how[1].en.startswith("not stated"):
            continue
        values = part.frame[item].cast(pl.Float64, strict=False)
        middle = values.filter(values > 0).median()
        worst = max(row.get("classes") or row["lake"])
        if isinstance(middle, float) and middle > worst * _SLIP:
            part.notes.append(
                Note(
                    f"{row['name']}的中位数 {middle:g} {how[0]} 超过Ⅴ类限值 {_SLIP} 倍以上，"
                    f"而文件没有注明单位；若是 µg/L，请用 --units {item}=ug/L",
                    f"the median of {item}, {middle:g} {how[0]}, is more than {_SLIP} times the "
                    f"limit of class Ⅴ, and the file states no unit; if it is µg/L, say --units "
                    f"{item}=ug/L",
                )
            )


# --- all tables --------------------------------------------------------------------------------


def _joined(parts: Sequence[_Part]) -> Table:
    """Put the tables of all files together as one."""
    domain = parts[0].domain
    clock = any(part.clock for part in parts)
    frames = [
        part.frame.select(pl.lit(number, pl.UInt16).alias(_FILE), pl.all())
        for number, part in enumerate(parts)
    ]
    frame = _together(frames, canonical(domain))
    keys = [p for p in PLACES if p in frame.columns]
    items = [i for i in canonical(domain) if i in frame.columns]
    about = [c for c in SAID if c in frame.columns]
    rejected = [r for part in parts for r in part.rejected]
    notes = [note for part in parts for note in part.notes]
    on = [*keys, "time", *([] if clock else items), *(["source"] if "source" in about else [])]
    frame, conflicts, repeats = settled(frame, on, items)
    frame = frame.sort(_FILE, ROW)
    value = pl.concat_str((shown(c) for c in (*keys, "time")), separator=" ", ignore_nulls=True)
    for (number,), lines in conflicts.group_by([_FILE], maintain_order=True):
        twice = lines.select(ROW, value=value)
        rejected.append(set_aside(twice, parts[int(number)].source.name, "", "conflict"))
    if not clock and frame.select([*keys, "time"]).is_duplicated().any():
        notes.append(
            Note(
                "同一断面同一天（或同一月）有多行，按多次监测处理，统计时取平均",
                "several rows of one section and day (or month) are taken as several samples",
            )
        )
    if frame.is_empty():
        aside = together(rejected).row(0, named=True)
        raise ReadError(
            f"没有可用的数据行。第一处：{aside['reason']}",
            f"no row of data can be used. The first: {aside['reason_en']}",
            file=aside["file"],
            row=aside["row"],
        )
    time = pl.col("time") if clock else pl.col("time").cast(pl.Date).alias("date")
    extra = [c for c in frame.columns if c not in {_FILE, ROW, "time", *keys, *about, *items}]
    frame = frame.select(*keys, time, *about, *items, *extra)
    if domain == "sea":  # there the nitrogen of ammonia is a part of the inorganic nitrogen
        frame = frame.rename({"nh3n": "nh4n"}, strict=False)
    listed = together(rejected)
    rows, lost = sum(p.rows for p in parts), rows_lost(listed)
    repeats += sum(p.repeats for p in parts)
    other = sum(p.other for p in parts)
    report = Report(
        files=[p.source.name for p in parts],
        forms=["long" if p.long else "wide" for p in parts],
        encodings=[p.source.encoding for p in parts],
        delimiters=[p.source.delimiter for p in parts],
        rows=rows,
        kept=rows - lost - repeats - other,
        set_aside=lost,
        repeats=repeats,
        other=other,
        cells=listed.filter(pl.col("code") == "text").height,
        negative={},
        stamp="end",
        units={item: given for p in parts for item, given in p.units.items()},
        columns={r: p.source.header.name(r) for p in parts for r in p.columns},
        missing=[],
        unread=sorted({n for p in parts for n in p.unread}),
        notes=list(dict.fromkeys(notes)),
    )
    return Table(frame, "samples", keys, listed, report)


def _together(frames: Sequence[pl.DataFrame], items: Mapping[str, str]) -> pl.DataFrame:
    """Concatenate; an item that is text in one table is text in all."""
    mixed = {i for f in frames for i in items if i in f.columns and f.schema[i] == pl.String}
    return pl.concat(
        [
            f.with_columns(pl.col(i).cast(pl.String) for i in mixed if i in f.columns)
            for f in frames
        ],
        how="diagonal_relaxed",
    )


def _meant(part: _Part, said: pl.Series, column: str) -> pl.Series:
    """Bring what is said of a sample to one form; what cannot be understood is null, and noted."""
    from shanshui.water.surface.roster import kind_name, target_class

    read: dict[str, Callable[[str], str | int | None]] = {
        "kind": kind_name,
        "target": target_class,
        "source": _source,
    }
    found = {text: read[column](text) for text in said.unique().drop_nulls()}
    if odd := sorted(text for text, meant in found.items() if meant is None):
        title = part.source.header.name(column)
        note = Note(
            f"“{title}”列有不认识的写法，按未说明处理：{'、'.join(odd[:5])}",
            f'column "{title}": what is not understood is taken as not said: {", ".join(odd[:5])}',
        )
        if note not in part.notes:
            part.notes.append(note)
    kind = pl.Int64 if column == "target" else pl.String
    return said.replace_strict(found, default=None, return_dtype=kind).alias(column)


def _source(text: str) -> str | None:
    plain = simplify(text)
    words = vocabulary()["water_sources"]
    return next((s for s, names in words.items() if plain in map(simplify, names)), None)

"""What a table is taken for: its columns by the vocabulary, to be shown and confirmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Literal

import polars as pl

from shanshui.platform.ingest.columns import (
    KEYS,
    listed_role,
    recognise,
    simplify,
    vocabulary,
)
from shanshui.platform.ingest.content import Asked, Source
from shanshui.platform.ingest.errors import ReadError
from shanshui.platform.ingest.items import LISTINGS, item_property
from shanshui.platform.ingest.measures import measures, unit_named
from shanshui.platform.ingest.observations import MOMENT
from shanshui.platform.ingest.profiles import Column, Layout, Period, Profile, fingerprint
from shanshui.platform.ingest.samples import MASS
from shanshui.platform.ingest.sources import tables
from shanshui.platform.ingest.values import months, texts, time_of

MEDIA = ("air", "water", "soil", "noise")
_PLACES = ("province", "city", "county", "station", "code")
_TIMES = ("time", "date", "hour", "year", "month", "day")
_AUTO = frozenset(simplify(n) for n in ("站点情况", "站点状态", "水站状态", "status", "水质类别"))
_FORM = {"air": "air", "water": "water", "soil": "soil", "noise": "noise"}


@dataclass(frozen=True)
class Sniffed:
    """What a file is taken for, and why.

    Attributes
    ----------
    form : str
        A word of `profiles.FORMS`.
    profile : Profile
        How it would be read.
    why : list of (str, str)
        The grounds, in Chinese and in English.
    confidence : {"high", "low"}
        Low where a person should look before it is believed.
    unread : list of str
        Columns that nobody would read.
    header : list of str
        Names of the columns.
    sheet, encoding, delimiter : str or None
        Of the file.
    """

    form: str
    profile: Profile
    why: list[tuple[str, str]]
    confidence: Literal["high", "low"] = "high"
    unread: list[str] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None


@dataclass
class _Table:
    """A table that is looked at."""

    source: Source
    names: list[str]
    some: pl.DataFrame
    asked: str | None
    said: Profile | None = None
    why: list[tuple[str, str]] = field(default_factory=list)
    confidence: Literal["high", "low"] = "high"

    def at(self, name: str) -> str:
        return str(self.source.header.names.index(name))

    def column(self, name: str) -> pl.Series:
        return texts(self.some, self.at(name))

    def error(self, zh: str, en: str) -> ReadError:
        return ReadError(zh, en, file=self.source.name, row=self.source.header_row)

    def say(self, zh: str, en: str) -> None:
        self.why.append((zh, en))


def propose(
    file: str | Path | IO[bytes],
    *,
    form: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    said: Profile | None = None,
) -> Sniffed:
    """Say what a table would be read as.

    Parameters
    ----------
    file : path, or open binary file
        CSV, Excel or Parquet.
    form : str, optional
        A word of `profiles.FORMS`, where the caller says it.
    sheet, encoding : str, optional
        As in `read`.
    said : Profile, optional
        What the caller says of it by a mapping: what that lacks is proposed, and it need not be
        found.

    Raises
    ------
    ReadError
        When it can be read, but as several things: the error lists them and the option to give.
    """
    listing = LISTINGS.get(form.partition("-")[0] if form else "", "water")
    asked = Asked(
        encoding=encoding,
        columns={},
        sheet=sheet,
        keyless=True,
        everything=True,
        progress=None,
        listing=listing,
        known=said.known if said else frozenset(),
        plain=True,
    )
    source = tables(file, asked)[0]
    some = next((b for b, _ in source.batches if not b.is_empty()), None)
    names = [n for n in source.header.names if n]
    if some is None:
        raise ReadError(
            "只有表头，没有数据行",
            "a header and no rows of data",
            file=source.name,
            row=source.header_row,
        )
    return _understood(_Table(source, names, some.head(20_000), form, said), sheet, encoding)


def _understood(table: _Table, sheet: str | None, encoding: str | None) -> Sniffed:
    roles = _roles(table.names)
    layout = _layout(table, roles)
    medium = _medium(table, roles, layout)
    if medium == "noise" and not {"station", "code"} & roles.keys():
        roles |= _point(table.names)
    profile = Profile(
        form=_FORM[medium], layout=layout, medium=medium, sheet=sheet, encoding=encoding
    )
    profile = replace(profile, time={r: n for r, n in roles.items() if r in _TIMES})
    if layout == "archive":
        profile = replace(profile, form="archive", item=roles["item"])
    else:
        profile = replace(profile, station=_station(table, roles))
    if layout == "long":
        profile = replace(
            profile,
            item=roles["item"],
            value=roles["value"],
            unit=roles.get("unit"),
            flag=roles.get("flag"),
        )
    if layout == "wide":
        profile = replace(profile, columns=_columns(table, roles, medium))
    profile = _no_plain_ozone(table, _timed(table, profile))
    places = [n for n in table.names if simplify(n) not in profile.known]
    mark = fingerprint(layout, table.names, places if layout == "archive" else ())
    if layout != "archive":
        mark = fingerprint(layout, table.names)
    profile = replace(profile, fingerprint=mark)
    return Sniffed(
        form=profile.form,
        profile=profile,
        why=table.why,
        confidence=table.confidence,
        unread=[] if layout == "archive" else places,
        header=table.names,
        sheet=sheet,
        encoding=table.source.encoding,
        delimiter=table.source.delimiter,
    )


def _roles(names: Sequence[str]) -> dict[str, str]:
    """Return what is no value: times, places, and the parts of the long form."""
    words = vocabulary()
    flags = {simplify(n) for n in words["source_flags"]["names"]}
    roles: dict[str, str] = {}
    for name in names:
        role = recognise(name)
        listed = listed_role(name, "water")
        for found in (role, listed):
            if found is None or found.item:
                continue
            if found.name in {*KEYS, *_TIMES, "item", "value", "unit"} and found.name not in roles:
                roles[found.name] = name
                break
        if simplify(name) in flags:
            roles.setdefault("flag", name)
    return roles


def _point(names: Sequence[str]) -> dict[str, str]:
    """Return the column that names a grid point or a section of road (路段名称) as the station."""
    listed = ((name, listed_role(name, LISTINGS["noise"])) for name in names)
    found = next((name for name, role in listed if role and role.name == "point"), None)
    return {"station": found} if found else {}


def _values(names: Sequence[str], medium: str) -> dict[str, Column]:
    """Return the columns that hold a property of a medium."""
    found: dict[str, Column] = {}
    for name in names:
        column = item_property(name, medium)
        if column is not None:
            found[name] = column
    return found


def _layout(table: _Table, roles: Mapping[str, str]) -> Layout:
    said = table.asked
    values = {n for m in MEDIA for n in _values(table.names, m)} - set(roles.values())
    codes = [n for n in table.names if _station_code(n)]
    if said == "archive" or (not said and "item" in roles and len(codes) > 1):
        if "item" not in roles:
            raise table.error("站点存档应有“类型”（项目）列", "an archive has a column type")
        table.say(f"{len(codes)} 列是站点编码", f"{len(codes)} columns are codes of stations")
        return "archive"
    if values:
        return "wide"
    if {"item", "value"} <= roles.keys():
        table.say("每行一个值：有项目列和值列", "a row a value: columns of items and values")
        return "long"
    if table.said is not None:
        return table.said.layout
    some = "、".join(table.names[:12])
    raise table.error(
        f"没有认识的监测项目列；现有：{some}；请用 --map 文件 说明各列",
        f"no column of a known property; found: {', '.join(table.names[:12])}; say what they are "
        "with --map FILE",
    )


def _station_code(name: str) -> bool:
    pattern = vocabulary()["archive"]["station_code"]
    return bool(pl.Series([name]).str.contains(pattern)[0])


def _medium(table: _Table, roles: Mapping[str, str], layout: Layout) -> str:
    """Tell of which medium the items are, by those that only one has."""
    said = (table.asked or "").partition("-")[0]
    if said in MEDIA:
        table.say(f"经 --as 指明为 {table.asked}", f"said by --as to be {table.asked}")
        return said
    if layout == "archive":
        return "air"
    if table.said is not None:
        return table.said.medium
    names = table.names
    if layout == "long":
        names = [str(n) for n in table.column(roles["item"]).drop_nulls().unique().to_list()]
    else:
        names = [n for n in names if n not in roles.values()]
    found = {m: _values(names, m) for m in MEDIA}
    lands = {simplify(w) for w in ("land", *vocabulary()["soil"]["land"])}
    if any(column.unit in MASS for column in found["soil"].values()) or lands & {
        simplify(n) for n in table.names
    }:
        found = {"soil": found["soil"]}
    own = {
        medium: {
            n
            for n, column in columns.items()
            if _of(column, medium) and not any(n in o for m, o in found.items() if m != medium)
        }
        for medium, columns in found.items()
    }
    best = [medium for medium, mine in own.items() if mine]
    if not best:
        best = [medium for medium, columns in found.items() if columns]
        table.confidence = "low"
    if len(best) == 1:
        mine = sorted(own.get(best[0]) or found[best[0]], key=names.index)[:6]
        table.say(f"有 {'、'.join(mine)}", f"has {', '.join(mine)}")
        return best[0]
    if not best:
        raise table.error(
            f"没有认识的监测项目：{'、'.join(names[:12])}；请用 --map 文件 说明",
            f"no known property: {', '.join(names[:12])}; say with --map FILE",
        )
    listed = "、".join(f"{m}（{'、'.join(sorted(found[m])[:4])}）" for m in best)
    listed_en = ", ".join(f"{m} ({', '.join(sorted(found[m])[:4])})" for m in best)
    raise table.error(
        f"可以是 {listed}，无法判断；请用 --as {'|'.join(best)} 指明",
        f"may be {listed_en}; say which with --as {'|'.join(best)}",
    )


def _of(column: Column, medium: str) -> bool:
    return measures()[column.property].medium == medium


def _station(table: _Table, roles: Mapping[str, str]) -> tuple[str, ...]:
    """Return the columns that name a station: its code where it is one to one with the names."""
    named = [roles[r] for r in _PLACES[:-1] if r in roles]
    if "code" not in roles:
        if not named:
            table.confidence = "low"
        return tuple(named)
    code = table.column(roles["code"])
    if not named or "station" not in roles:
        return tuple(named) if "station" in roles else (roles["code"],)
    columns = [table.column(n).alias(str(i)) for i, n in enumerate(named)]
    pairs = pl.DataFrame([*columns, code.alias("code")]).unique()
    pairs = pairs.filter(~pl.all_horizontal(pl.all().is_null()))  # empty rows say nothing
    names = pairs.drop("code").unique()
    one = not pairs["code"].has_nulls() and (
        pairs.height == pairs["code"].n_unique() == names.height
    )
    if one:
        table.say("站点编码与名称一一对应，以编码为准", "codes and names agree one to one")
        return (roles["code"],)
    table.say("站点编码不全或有重复，以名称为准", "codes lack or repeat: names tell stations apart")
    return tuple(named)


def _columns(table: _Table, roles: Mapping[str, str], medium: str) -> dict[str, Column]:
    taken = set(roles.values())
    found = {n: c for n, c in _values(table.names, medium).items() if n not in taken}
    doubled: dict[str, list[str]] = {}
    for name, column in found.items():
        doubled.setdefault(column.property, []).append(name)
    for code, names in doubled.items():
        if len(names) > 1:
            raise table.error(
                f"“{'”“'.join(names)}”都像是 {code}，无法判断用哪一列；"
                f'请用 --column "{names[-1]}=-" 排除',
                f"{', '.join(names)} all look like {code}; leave some out with "
                f'--column "{names[-1]}=-"',
            )
    return {n: replace(c, flag=_flag_of(n, table.names)) for n, c in found.items()}


def _flag_of(name: str, names: Sequence[str]) -> str | None:
    """Return the column with the flags of another: its name and a word for a flag."""
    words = [simplify(w) for w in vocabulary()["source_flags"]["names"]]
    stems = {simplify(name), simplify(name.partition("(")[0].partition("（")[0])}
    wanted = {s + w for s in stems for w in words} | {w + s for s in stems for w in words}
    return next((n for n in names if simplify(n) in wanted), None)


def _timed(table: _Table, profile: Profile) -> Profile:
    """Propose the period and the stamp, by how the times are written."""
    if table.said is not None and (table.said.time or table.said.fixed_time):
        return replace(profile, period=table.said.period, stamp=table.said.stamp)
    roles = {role: table.at(name) for role, name in profile.time.items()}
    if not roles:
        raise table.error(
            "缺少时间列；整个文件属于同一时间的，请用 --time 指明",
            "missing a column of times; where the whole file is of one time, say it with --time",
        )
    period, stamp = _period(table, profile, roles)
    form = profile.form
    if form == "water" and (table.asked == "water-auto" or _automatic(table)):
        form = "water-auto"
        if period == MOMENT:
            period = 14400
            table.say("自动站每 4 小时一个值", "automatic stations have a value every four hours")
    if form == "water-auto":
        stamp = "end" if period not in ("day", "month") else stamp
    return replace(profile, form=form, period=period, stamp=stamp)


def _no_plain_ozone(table: _Table, profile: Profile) -> Profile:
    """Leave a daily O3 out that does not say whether it is the 8-hour or the 1-hour maximum."""
    if profile.medium != "air" or profile.period not in ("day", "month"):
        return profile
    plain = [n for n, c in profile.columns.items() if c.property in ("o3", "o3_24h")]
    for name in plain:
        table.say(
            f"“{name}”列没有说明是最大 8 小时还是 1 小时值，不读；"
            f'可用 --column "{name}=o3_8h" 指明',
            f'"{name}" does not say whether it is the 8-hour or the 1-hour maximum and is not '
            f'read; say --column "{name}=o3_8h"',
        )
    left = {n: c for n, c in profile.columns.items() if n not in plain}
    return replace(profile, columns=left)


def _automatic(table: _Table) -> bool:
    if table.asked == "water":
        return False
    return bool({simplify(n) for n in table.names} & _AUTO)


def _period(
    table: _Table, profile: Profile, roles: Mapping[str, str]
) -> tuple[Period, Literal["end", "start"]]:
    if not {"time", "date"} & roles.keys() and "day" not in roles:
        table.say("时间只到月", "times are months")
        return "month", "start"
    found = time_of(table.some, dict(roles))
    stated = found.time.drop_nulls()
    if stated.is_empty():
        raw = texts(table.some, roles.get("time") or roles["date"])
        if months(raw).is_not_null().any():
            table.say("时间只到月", "times are months")
            return "month", "start"
        first = raw.drop_nulls().head(1).to_list()
        raise table.error(
            f"时间列读不出时间，如“{first[0] if first else ''}”",
            f'no time can be read, such as "{first[0] if first else ""}"',
        )
    midnight = bool((stated.dt.truncate("1d") == stated).all())
    if not found.clock or (midnight and "hour" not in roles and len(stated) > 0):
        table.say(
            "时间只有日期：值属于当日，记在次日 0 时", "times are dates: a value is of that day"
        )
        return "day", "start"
    if profile.medium in ("air", "noise"):
        full = bool((stated.dt.truncate("1h") == stated).all())
        if full:
            table.say(
                "时间是整点：小时数据，时间为小时之末（--stamp start 则为之初）",
                "times are full hours: hourly, stamped at the end (or say --stamp start)",
            )
            return 3600, "end"
        share = (stated.dt.truncate("1h") == stated).sum() / len(stated)
        if share > 0.9:
            return 3600, "end"
        table.confidence = "low"
    return MOMENT, "end"


def extended(profile: Profile, columns: Mapping[str, str], units: Mapping[str, str]) -> Profile:
    """Lay over a profile what was said by hand: columns to properties, properties to units."""
    found = dict(profile.columns)
    for name, code in columns.items():
        if code != "-" and code not in measures():
            raise ReadError(
                f"目录里没有“{code}”；自定的项目请写在 --map 文件里",
                f'"{code}" is not in the catalogue; say a property of your own in a --map file',
                column=name,
            )
        found[name] = replace(found.get(name, Column(code)), property=code)
    said = dict(profile.units)
    for code, text in units.items():
        unit = unit_named(text)
        if unit is None or code not in {c.property for c in found.values()} | measures().keys():
            raise ReadError(
                f"单位应写作 项目=单位，如 co=ug/m3；得到“{code}={text}”",
                f'a unit is said as item=unit, such as co=ug/m3; got "{code}={text}"',
            )
        said[code] = unit
    return replace(profile, columns=found, units=said)

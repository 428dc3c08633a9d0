"""Import profiles: what an export's columns mean, said once and used again each month.

A profile is a TOML file in the folder ``profiles`` of a workspace. It is recognised by the
fingerprint of the export's header, so the next month's file needs no words.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, cast

from shanshui.platform.files import write_whole
from shanshui.platform.ingest.columns import simplify
from shanshui.platform.ingest.errors import ReadError
from shanshui.platform.ingest.hj212 import rules
from shanshui.platform.ingest.hj212_values import Device
from shanshui.platform.ingest.measures import measures, unit_named
from shanshui.platform.ingest.observations import MOMENT

Layout = Literal["wide", "long", "archive", "hj212", "sensorthings"]
Period = int | Literal["day", "month"]

FORMS: Mapping[str, tuple[str, str]] = {
    "air": ("环境空气小时或日数据", "hours or days of ambient air"),
    "archive": (
        "国家站点存档：日期、小时、类型、各站一列",
        "the national archive: a column a station",
    ),
    "water-auto": ("水质自动站数据", "automatic stations of surface water"),
    "water": ("水质手工监测（实验室）数据", "samples of water, as laboratories report them"),
    "soil": ("土壤样品数据", "samples of soil"),
    "noise": ("噪声数据", "levels of noise"),
    "hj212": ("HJ 212 数据包日志", "a log of HJ 212 packets"),
    "sensorthings": ("SensorThings JSON", "JSON of the SensorThings API 1.1"),
    "table": ("按 --map 说明的表格", "a table as --map says"),
}
"""What files may be, by the word for ``--as``."""

_LAYOUTS = ("wide", "long", "archive", "hj212", "sensorthings")
_TIMES = ("time", "date", "hour", "year", "month", "day")
_NAME = re.compile(r"[\w.\-·（）()]{1,80}")


@dataclass(frozen=True)
class Column:
    """What a column, or an item of a long table, holds.

    Attributes
    ----------
    property : str
        Code of the property, or ``"-"`` where it is not read.
    unit : str or None
        Unit of the source; None is that of the catalogue.
    flag : str or None
        The column with the flags of this one.
    sure : bool
        A person has said the unit: the guards of units do not ask again.
    """

    property: str
    unit: str | None = None
    flag: str | None = None
    sure: bool = False


@dataclass(frozen=True)
class Profile:
    """How an export is read.

    Attributes
    ----------
    name : str
        Its name; empty where it is not saved.
    form : str
        A word of `FORMS`.
    layout : str
        ``wide`` (a row a time), ``long`` (a row a value), ``archive`` (a column a station),
        ``hj212`` or ``sensorthings``.
    medium : str
        Whose items are meant by names: ``air``, ``water``, ``soil``, ``noise``, ``weather``.
    stamp : {"end", "start"}
        What a time says of its period.
    period : int, "day" or "month"
        Seconds of a value's period (1: a moment), or the calendar's.
    station : tuple of str
        The columns that together name the station, from the largest area on.
    fixed_station, fixed_time : str or None
        Said for the whole file, where it has no column.
    time : mapping
        ``time, date, hour, year, month, day`` to columns.
    columns : mapping
        Column to what it holds (wide).
    items : mapping
        Item of a long table, an archive or SensorThings to what it is.
    item, value, unit, flag : str or None
        The columns of a long table.
    missing : tuple of str
        Texts that stand for no value, beside those known to all.
    units : mapping
        Property to the unit that a person has said its values are in, whatever the file says.
    sheet, encoding : str or None
        Of the file.
    devices : mapping
        MN to `hj212_values.Device`.
    fingerprint : str
        See `fingerprint`.
    """

    form: str
    layout: Layout
    medium: str = "air"
    name: str = ""
    stamp: Literal["end", "start"] = "end"
    period: Period = 3600
    station: tuple[str, ...] = ()
    fixed_station: str | None = None
    fixed_time: str | None = None
    time: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Column] = field(default_factory=dict)
    items: Mapping[str, Column] = field(default_factory=dict)
    item: str | None = None
    value: str | None = None
    unit: str | None = None
    flag: str | None = None
    missing: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None
    encoding: str | None = None
    devices: Mapping[str, Device] = field(default_factory=dict)
    fingerprint: str = ""

    @property
    def known(self) -> frozenset[str]:
        """Simplified names of the columns that it speaks of."""
        own = (self.item, self.value, self.unit, self.flag)
        flags = (c.flag for c in self.columns.values())
        names = [*self.station, *self.time.values(), *self.columns, *own, *flags]
        return frozenset(simplify(n) for n in names if n)


def fingerprint(layout: str, names: Iterable[str], places: Iterable[str] = ()) -> str:
    """Return the mark by which an export is known again: its layout and its columns' names.

    Parameters
    ----------
    layout : str
        See `Profile`.
    names : iterable of str
        Names of the columns, in any order.
    places : iterable of str
        Columns that are stations: they change from month to month and do not count.

    Examples
    --------
    >>> fingerprint("wide", ["时间", "PM2.5"]) == fingerprint("wide", ["pm2.5 ", "时间"])
    True
    """
    left = {simplify(n) for n in names if n} - {simplify(n) for n in places}
    return hashlib.sha256(json.dumps([layout, sorted(left)]).encode()).hexdigest()[:16]


# ------------------------------------------------------------------------------------------ files


def folder_of(workspace: Path) -> Path:
    """Return the folder of the profiles of a workspace."""
    return workspace / "profiles"


def saved(folder: Path) -> list[Profile]:
    """Return the profiles of a folder, by name.

    Raises
    ------
    ReadError
        When one cannot be understood.
    """
    return [load(path) for path in sorted(folder.glob("*.toml"))] if folder.is_dir() else []


def load(path: Path, base: Profile | None = None) -> Profile:
    """Read a profile or a mapping.

    Parameters
    ----------
    path : pathlib.Path
        A TOML file.
    base : Profile, optional
        What holds where the file is silent.

    Raises
    ------
    ReadError
        When it is no such file; the key is named.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ReadError("找不到文件", "no such file", file=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ReadError(
            f"不是 TOML 文件：{error}", f"not a file of TOML: {error}", file=str(path)
        ) from error
    try:
        return _understood(said, base, path.stem if base is None else base.name)
    except _Wrong as wrong:
        raise ReadError(wrong.zh, wrong.en, file=str(path), column=wrong.key) from None


class _Wrong(ValueError):
    def __init__(self, key: str, zh: str, en: str) -> None:
        self.key, self.zh, self.en = key, zh, en
        super().__init__(zh)


_TEXTS = ("fixed_station", "fixed_time", "item", "value", "unit", "flag", "sheet", "encoding")
_PLAIN = {"form", "layout", "medium", "stamp", "period", "fingerprint", *_TEXTS}
_TABLES = {"time", "columns", "items", "units", "devices"}
_LISTS = ("station", "missing")


def _understood(said: Mapping[str, Any], base: Profile | None, name: str) -> Profile:
    for key in said:
        if key not in {*_PLAIN, *_TABLES, *_LISTS}:
            raise _Wrong(key, "不认识的键", "an unknown key")
    changes: dict[str, Any] = {"name": name}
    for key in (*_TEXTS, "fingerprint", "medium"):
        if key in said:
            changes[key] = _text(key, said[key])
    for key, allowed in (("form", FORMS), ("layout", _LAYOUTS), ("stamp", ("end", "start"))):
        if key in said:
            changes[key] = _one_of(key, said[key], tuple(allowed))
    if "period" in said:
        changes["period"] = period(said["period"])
    for key in _LISTS:
        if key in said:
            changes[key] = _list(key, said[key])
    changes |= _tables_of(said, base)
    if base:
        return replace(base, **changes)
    changes.setdefault("form", "table")
    changes.setdefault("layout", "long" if "item" in changes else "wide")
    return Profile(**changes)


def _list(key: str, value: Any) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list):
        raise _Wrong(key, "应为文字的列表", "expected a list of texts")
    return tuple(_text(key, v) for v in values)


def _tables_of(said: Mapping[str, Any], base: Profile | None) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if "time" in said:
        times = _table("time", said["time"])
        changes["time"] = {_one_of("time", k, _TIMES): _text("time", v) for k, v in times.items()}
    for key in ("columns", "items"):
        if key in said:
            before = getattr(base, key) if base else {}
            own = {n: _column(f"{key}.{n}", v) for n, v in _table(key, said[key]).items()}
            changes[key] = {**before, **own}
    if "units" in said:
        units = _table("units", said["units"])
        changes["units"] = {
            c: unit_named(_text(f"units.{c}", u)) or str(u) for c, u in units.items()
        }
    if "devices" in said:
        found = _table("devices", said["devices"])
        changes["devices"] = {mn: _device(f"devices.{mn}", v) for mn, v in found.items()}
    return changes


def period(said: Any) -> Period:
    """Understand a period: seconds, ``hour``, ``day``, ``month`` or ``moment``.

    Examples
    --------
    >>> period("hour"), period("day"), period(14400), period("4h"), period("moment")
    (3600, 'day', 14400, 14400, 1)
    """
    words = {"hour": 3600, "moment": MOMENT}
    if said in ("day", "month"):
        return cast("Period", said)
    if isinstance(said, str):
        if said in words:
            return words[said]
        if found := re.fullmatch(r"(\d{1,7})(s|min|h)?", said):
            said = int(found[1]) * {"min": 60, "h": 3600}.get(found[2] or "s", 1)
    if isinstance(said, int) and not isinstance(said, bool) and 0 < said < 1 << 31:
        return said
    raise _Wrong(
        "period",
        "应为秒数，或 hour、day、month、moment、4h、10min",
        "expected seconds, or hour, day, month, moment, 4h, 10min",
    )


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _Wrong(key, f"应为文字，得到 {value!r}", f"expected a text, got {value!r}")
    return value


def _one_of(key: str, value: Any, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise _Wrong(
            key,
            f"应为 {'、'.join(allowed)} 之一，得到 {value!r}",
            f"expected one of {', '.join(allowed)}, got {value!r}",
        )
    return str(value)


def _table(key: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(key, "应为表", "expected a table")
    return value


def _column(key: str, value: Any) -> Column:
    if isinstance(value, str):
        value = {"property": value}
    value = dict(_table(key, value))
    unknown = value.keys() - {"property", "unit", "flag", "sure"}
    if unknown or "property" not in value:
        raise _Wrong(key, "应有 property，可有 unit、flag", "expected property, and unit or flag")
    code = _text(key, value["property"])
    unit = value.get("unit")
    if unit is not None:
        unit = unit_named(_text(key, unit)) or unit
    if code != "-" and code not in measures() and unit is None:
        raise _Wrong(
            key,
            f"目录里没有“{code}”；自定的项目须写 unit",
            f'"{code}" is not in the catalogue; a property of your own needs a unit',
        )
    if len(code) > 32 or not re.fullmatch(r"[A-Za-z0-9_.\-]+", code):
        raise _Wrong(key, "代码只用字母、数字、_", "a code is letters, digits and _, up to 32")
    flag = value.get("flag")
    return Column(code, unit, _text(key, flag) if flag else None, bool(value.get("sure", False)))


def _device(key: str, value: Any) -> Device:
    value = _table(key, value)
    if value.keys() - {"repairs", "minutes", "units"}:
        raise _Wrong(key, "只有 repairs、minutes、units", "expected repairs, minutes or units")
    repairs = tuple(value.get("repairs", ()))
    for one in repairs:
        _one_of(f"{key}.repairs", one, tuple(rules()["repairs"]))
    minutes = value.get("minutes")
    if minutes is not None and minutes not in rules()["minute_intervals"]["values"]:
        allowed = rules()["minute_intervals"]["values"]
        raise _Wrong(f"{key}.minutes", f"应为 {allowed} 之一", f"expected one of {allowed}")
    units = {
        code: unit_named(_text(f"{key}.units.{code}", unit)) or str(unit)
        for code, unit in _table(f"{key}.units", value.get("units", {})).items()
    }
    return Device(repairs, minutes, units)


# ---------------------------------------------------------------------------------------- writing


def save(profile: Profile, folder: Path) -> Path:
    """Write a profile, whole or not at all, and return its path.

    Raises
    ------
    ReadError
        When its name cannot be a file's.
    """
    if not _NAME.fullmatch(profile.name) or profile.name.startswith("."):
        raise ReadError(
            f"模板名“{profile.name}”只用文字、数字、_、-",
            f'the name of a profile, "{profile.name}", is letters, digits, _ and -',
        )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{profile.name}.toml"
    write_whole(path, dumps(profile).encode())
    return path


def dumps(profile: Profile) -> str:
    """Write a profile as TOML.

    Examples
    --------
    >>> print(dumps(Profile("hj212", "hj212", devices={"A1": Device(("crc_modbus",), 5)})), end="")
    form = "hj212"
    layout = "hj212"
    medium = "air"
    stamp = "end"
    period = 3600
    <BLANKLINE>
    [devices.A1]
    repairs = ["crc_modbus"]
    minutes = 5
    """
    lines = [
        f"{key} = {_toml(getattr(profile, key))}"
        for key in ("form", "layout", "medium", "stamp", "period", *_TEXTS, "fingerprint")
        if getattr(profile, key) not in (None, "")
    ]
    lines += [
        f"{key} = {_toml(list(getattr(profile, key)))}" for key in _LISTS if getattr(profile, key)
    ]
    if profile.time:
        lines += ["", "[time]", *(f"{k} = {_toml(v)}" for k, v in profile.time.items())]
    for key in ("columns", "items"):
        columns: Mapping[str, Column] = getattr(profile, key)
        lines += ["", f"[{key}]"] if columns else []
        lines += [f"{_key(name)} = {_inline(column)}" for name, column in columns.items()]
    if profile.units:
        lines += ["", "[units]", *(f"{_key(c)} = {_toml(u)}" for c, u in profile.units.items())]
    for mn, device in profile.devices.items():
        lines += ["", f"[devices.{_key(mn)}]"]
        lines += [f"repairs = {_toml(list(device.repairs))}"] if device.repairs else []
        lines += [f"minutes = {device.minutes}"] if device.minutes else []
        pairs = ", ".join(f"{_key(c)} = {_toml(u)}" for c, u in device.units.items())
        lines += [f"units = {{ {pairs} }}"] if pairs else []
    return "\n".join(lines) + "\n"


def _inline(column: Column) -> str:
    parts = [f"property = {_toml(column.property)}"]
    parts += [f"unit = {_toml(column.unit)}"] if column.unit else []
    parts += [f"flag = {_toml(column.flag)}"] if column.flag else []
    parts += ["sure = true"] if column.sure else []
    return f"{{ {', '.join(parts)} }}"


def _key(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else _toml(text)


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_toml(v) for v in value)}]"
    # Strings of JSON are strings of TOML, but for the control character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")

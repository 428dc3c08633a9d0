"""What the columns of a table mean: the synonym table of ``tables.toml`` applied to a header."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Literal

from shanshui.platform.ingest.errors import ReadError

KEYS = ("province", "city", "county", "station", "code")
ITEMS = ("so2", "no2", "co", "o3", "pm10", "pm25")

Form = Literal["wide", "long", "archive"]

_DROPPED = re.compile(r"[\s_\-./\\()\[\]{}<>【】〔〕《》,，、:：;；·•*'\"^–—|~]+")


@dataclass(frozen=True)
class Role:
    """What one column holds.

    Attributes
    ----------
    name : str
        A key, a part of the time, a part of the long form, or an item with its averaging time
        (``"o3"``, ``"o3_8h"``, ``"pm25_24h"``).
    item : str or None
        The item, where it is one.
    unit : str or None
        The unit that the name states.
    """

    name: str
    item: str | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Header:
    """The columns of one table and what they hold.

    Attributes
    ----------
    names : list of str
        Column names as in the file.
    roles : dict
        Role name to the position of its column.
    units : dict
        Role name to the unit that the header states.
    form : {"wide", "long", "archive"}
        One row a time, one row a value, or one row a time and item with a column a station.
    places : list of int
        Positions of the station (or city) columns of the archive form.
    rest : list of int
        Positions of the columns that are not read.
    """

    names: list[str]
    roles: dict[str, int]
    units: dict[str, str]
    form: Form
    places: list[int] = field(default_factory=list)
    rest: list[int] = field(default_factory=list)

    def name(self, role: str) -> str:
        """Return the file's own name of a column."""
        return self.names[self.roles[role]]

    @property
    def keys(self) -> list[str]:
        """The key columns, from the largest area to the station."""
        return [k for k in KEYS if k in self.roles]

    @property
    def items(self) -> list[str]:
        """The item columns, by role."""
        return [r for r in self.roles if r.split("_", maxsplit=1)[0] in ITEMS]


@cache
def vocabulary() -> dict[str, Any]:
    """Return the synonym table."""
    text = files("shanshui.platform.ingest").joinpath("tables.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def simplify(name: str) -> str:
    """Bring a name to the form in which names are compared.

    Examples
    --------
    >>> simplify("PM₂.₅ （μg/m³）")
    'pm25ugm3'
    """
    plain = unicodedata.normalize("NFKC", name).lower().replace("μ", "u")
    return _DROPPED.sub("", plain)


@cache
def _roles() -> dict[str, str]:
    """Simplified names of everything but items."""
    words = vocabulary()
    found: dict[str, str] = {}
    for group in ("keys", "time", "long", "roster"):
        for role, names in words[group].items():
            found.update({simplify(n): role for n in names})
    return found


@cache
def _known() -> frozenset[str]:
    return frozenset(simplify(n) for n in vocabulary()["known"]["names"])


@cache
def _items() -> list[tuple[str, str]]:
    """Simplified names of the items, the longest first."""
    pairs = [(simplify(n), i) for i, names in vocabulary()["items"].items() for n in names]
    return sorted(pairs, key=lambda pair: -len(pair[0]))


@cache
def _units() -> list[tuple[str, str]]:
    pairs = [(simplify(n), u) for u, spec in vocabulary()["units"].items() for n in spec["names"]]
    return sorted(set(pairs), key=lambda pair: -len(pair[0]))


@cache
def _averagings() -> dict[str, str]:
    return {simplify(n): a for a, names in vocabulary()["averaging"].items() for n in names}


@cache
def _noise() -> list[str]:
    return sorted((simplify(w) for w in vocabulary()["noise"]["words"]), key=len, reverse=True)


def unit(name: str) -> str | None:
    """Return the unit that a text names, or None."""
    return dict(_units()).get(simplify(name))


@lru_cache(maxsize=1 << 16)
def recognise(name: str) -> Role | None:
    """Say what a column of this name holds, or None.

    Examples
    --------
    >>> recognise("监测点位")
    Role(name='station', item=None, unit=None)
    >>> recognise("CO（mg/m³）")
    Role(name='co', item='co', unit='mg/m3')
    >>> recognise("臭氧最大8小时滑动平均浓度")
    Role(name='o3_8h', item='o3', unit=None)
    """
    plain = simplify(name)
    if plain in _roles():
        return Role(_roles()[plain])
    if plain in _known():
        return None
    stated = None
    for text, unit_name in _units():
        if plain.endswith(text) and plain != text:
            plain, stated = plain.removesuffix(text).removesuffix("单位"), unit_name
            break
    if stated and plain in _roles() and _roles()[plain] == "value":  # 浓度(μg/m3) of the long form
        return Role("value", unit=stated)
    item = next((item for text, item in _items() if text in plain), None)
    if item is None:
        return None
    for text, other in _items():  # 细颗粒物(PM2.5)
        if other == item:
            plain = plain.replace(text, "", 1)
    for word in _noise():
        plain = plain.replace(word, "")
    if not plain:
        return Role(item, item, stated)
    averaging = _averagings().get(plain)
    return Role(f"{item}_{averaging}", item, stated) if averaging else None


@cache
def _own_names(listing: str) -> dict[str, str]:
    """Simplified names of a list's own columns; two of one meaning may stand together: 镉(Cd)."""
    own = {r: [simplify(n) for n in names] for r, names in vocabulary().get(listing, {}).items()}
    pairs = {one + other: role for role, names in own.items() for one in names for other in names}
    return pairs | {name: role for role, names in own.items() for name in names}


@cache
def _list_units() -> list[tuple[str, str]]:
    table = vocabulary()["list_units"]
    pairs = [(simplify(n), unit) for unit, spec in table.items() for n in spec["names"]]
    return sorted(pairs, key=lambda pair: -len(pair[0]))


def list_unit(name: str) -> str | None:
    """Return the unit of a list that a text names, or None."""
    return dict(_list_units()).get(simplify(name))


def listed_role(name: str, listing: str | None) -> Role | None:
    """Say what a column of a list holds by the list's own names, with a unit or without."""
    own, plain = _own_names(listing or ""), simplify(name)
    units = ((text, unit) for text, unit in _list_units() if plain.endswith(text))
    for text, stated in ((None, None), *units):
        stem = plain.removesuffix(text).removesuffix("单位") if text else plain
        for word in ("", *_noise()):  # 氨氮浓度
            if stem.removesuffix(word) in own:
                return Role(own[stem.removesuffix(word)], unit=stated)
    return None


def role_names() -> list[str]:
    """Return every name that a column may be given by hand."""
    words = vocabulary()
    return [
        *words["keys"],
        *words["time"],
        *words["long"],
        *(f"{i}{a}" for i in ITEMS for a in ("", *(f"_{a}" for a in words["averaging"]))),
    ]


def score(names: Iterable[str], listing: str | None = None, known: Collection[str] = ()) -> int:
    """Count the columns of a possible header that are recognised."""
    return sum(
        simplify(n) in known or (listed_role(n, listing) or recognise(n)) is not None
        for n in names
        if n
    )


def read_header(
    names: Sequence[str],
    *,
    file: str,
    row: int | None,
    columns: Mapping[str, str],
    keyless: bool = False,
    listing: str | None = None,
) -> Header:
    """Find out what the columns of a table hold.

    Parameters
    ----------
    names : list of str
        The header.
    file : str
        The file, for messages.
    row : int or None
        Line of the header.
    columns : mapping
        Columns said by hand: name in the file to role, or to ``"-"`` for a column not to be read.
    keyless : bool
        The table may lack a station and a city, since the caller names one.
    listing : str, optional
        The table is a list, without values of items: ``"stations"`` or a table of names of its own
        in the vocabulary, such as ``"events"``.

    Raises
    ------
    ReadError
        For a name that occurs twice, two columns of one meaning, a missing column, or no column
        that is known.
    """
    said = {simplify(k): v for k, v in columns.items()}
    no_doubles([n for n in names if n], file, row)
    roles: dict[str, int] = {}
    units: dict[str, str] = {}
    rest: list[int] = []
    for position, name in enumerate(names):
        found = listed_role(name, listing) or recognise(name) if name else None
        if simplify(name) in said:
            word = said[simplify(name)]
            stated = found.unit if found else None
            item = word.split("_", maxsplit=1)[0]
            found = Role(word, item if item in ITEMS else None, stated) if word != "-" else None
        if found is None:
            rest.append(position)
            continue
        if found.name in roles:
            first = names[roles[found.name]]
            raise ReadError(
                f"“{first}”与“{name}”两列含义相同（{found.name}），无法判断用哪一列；"
                f'请用 --column "{name}=-" 排除一列',
                f'columns "{first}" and "{name}" mean the same ({found.name}); '
                f'leave one out with --column "{name}=-"',
                file=file,
                row=row,
            )
        roles[found.name] = position
        if found.unit:
            units[found.name] = found.unit
    header = Header(list(names), roles, units, "wide", rest=rest)
    if listing:
        return header
    return _formed(header, file=file, row=row, keyless=keyless)


def no_doubles(names: Sequence[str], file: str, row: int | None) -> None:
    """Refuse a header in which a name occurs twice."""
    doubled = sorted({n for n in names if names.count(n) > 1})
    if doubled:
        raise ReadError(
            f"表头有重复列名：{'、'.join(doubled)}；每列应有不同的名称",
            f"column names occur twice: {', '.join(doubled)}; each column needs its own name",
            file=file,
            row=row,
            column=doubled[0],
        )


def _formed(header: Header, *, file: str, row: int | None, keyless: bool) -> Header:
    """Tell the form of the table and whether it has what the form needs."""
    roles = header.roles
    some = header.names[:12]
    more = len(header.names) > len(some)
    shown = "、".join(some) + ("……" if more else "")
    listed = ", ".join(some) + ("..." if more else "")
    timed = "time" in roles or "date" in roles or {"year", "month", "day"} <= roles.keys()
    if not roles or not (timed or header.items or header.keys):
        raise ReadError(
            "没有可识别的列；应有时间、站点或城市、污染物（PM2.5、SO2 …）等列，"
            f"而文件的列为：{shown or '（空）'}",
            "no recognisable column; expected a time, a station or city, and items such as "
            f"PM2.5 or SO2; the file has: {listed or '(none)'}",
            file=file,
            row=row,
        )
    if header.items:
        form: Form = "wide"
    elif "item" in roles and "value" in roles:
        form = "long"
    elif "item" in roles and header.rest and not header.keys:
        form = "archive"
    else:
        raise ReadError(
            "缺少污染物列：应有 SO2、NO2、CO、O3、PM10、PM2.5 中至少一列，或“项目 + 值”两列；"
            f"现有列：{shown}",
            "missing item columns: expected at least one of SO2, NO2, CO, O3, PM10, PM2.5, or an "
            f"item and a value column; found: {listed}",
            file=file,
            row=row,
        )
    if not timed:
        raise ReadError(
            f"缺少时间列：应有“时间”“日期”“日期+小时”或“年、月、日”列；现有列：{shown}",
            "missing time column: expected a time, a date, a date and an hour, or year, month and "
            f"day; found: {listed}",
            file=file,
            row=row,
        )
    if not header.keys and form != "archive" and not keyless:
        raise ReadError(
            f"缺少站点或城市列；现有列：{shown}。若全表为同一站点，请用 --station 名称 指明",
            f"missing station or city column; found: {listed}. If the whole table is of one "
            "station, name it with --station",
            file=file,
            row=row,
        )
    kept = set(roles.values())
    if form == "wide":  # 污染物 or 数据 beside items is no long form
        other = {*vocabulary()["long"], *vocabulary()["roster"]}
        roles = {r: p for r, p in roles.items() if r not in other}
    places = [p for p in header.rest if header.names[p]] if form == "archive" else []
    rest = sorted({*header.rest, *(kept - set(roles.values()))} - set(places))
    return Header(header.names, roles, header.units, form, places, rest)

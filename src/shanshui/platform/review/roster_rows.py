"""Read the entries of a roster from a file or a frame; a row with a fault is set aside."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import IO, Any

import polars as pl

from shanshui.noise import zone_named
from shanshui.platform.ingest.aside import SCHEMA
from shanshui.platform.ingest.columns import listed_role, recognise, simplify, vocabulary
from shanshui.platform.ingest.errors import ReadError
from shanshui.platform.ingest.lists import lists
from shanshui.platform.ingest.sources import ROW
from shanshui.water.surface.roster import kind_name, target_class

Source = str | Path | IO[bytes] | pl.DataFrame
EVERY_YEAR = "every"
"""The year of a target that the list states without a year."""
TEXTS = ("province", "city", "county", "basin", "river", "unit", "chief", "left_out", "note")


@dataclass
class Entries:
    """What a list says.

    Attributes
    ----------
    rows : list of dict
        The fields of `shanshui.platform.store.models.RosterEntry`, and ``_row``, its row.
    rejected : polars DataFrame
        What was set aside: file, row, column, value, expected, reason, reason_en, code.
    read : int
        Rows of the list.
    name : str
        The file, or 数据 frame.
    unread : list of str
        Columns that are not read.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    rejected: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SCHEMA))
    read: int = 0
    name: str = ""
    unread: list[str] = field(default_factory=list)


class _Fault(Exception):
    """A row that cannot be taken: what was expected, and what is wrong with it."""

    def __init__(self, column: str, value: str, expected: str, zh: str, en: str) -> None:
        super().__init__(zh)
        self.column, self.value = column, value
        self.expected, self.zh, self.en = expected, zh, en


def entries(
    source: Source,
    *,
    domain: str,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> Entries:
    """Read the entries of a roster.

    Parameters
    ----------
    source : path, open binary file or polars DataFrame
        CSV, Excel or Parquet with 点位 or 断面 (name) and its 编码; as far as there 省, 市, 县,
        流域, 水体, 水体类型, 控制级别, 考核属性, 责任单位, 河长, 水质目标 (also by year:
        2026年水质目标), 对照点, 原点位编码 (moved from), 不考核原因, 功能区类别, 路段长度, 面积,
        备注. A frame has the English names: ``station, code, city, level, attribute, target_2026,
        reference, moved_from, zone, length, area`` ….
    domain : str
        One of `rosters.DOMAINS`. Sections of water need their kind (河流 or 湖库), sources theirs
        (河流, 湖库 or 地下水), points of noise theirs (功能区, 区域 or 道路) with the class of the
        zone or the length of the road.
    encoding, columns, sheet
        As in `shanshui.platform.ingest.read`.

    Returns
    -------
    Entries
        The good rows; each of the others is named by row and column in ``rejected``.

    Raises
    ------
    ReadError
        The file cannot be read as a list, or has neither names nor codes.
    """
    tables = [_framed(source)] if isinstance(source, pl.DataFrame) else []
    if not tables:
        asked = {"encoding": encoding, "columns": columns, "sheet": sheet}
        assert not isinstance(source, pl.DataFrame)
        tables = [
            _Table(one.name, one.rows, _titles(one.names))
            for one in lists(source, "sections", everything=True, **asked)  # type: ignore[arg-type]
        ]
    found = Entries(name=tables[0].name if tables else "")
    faults: list[dict[str, Any]] = []
    seen: dict[str, int] = {}
    for table in tables:
        roles, unread = _roles(table)
        found.unread += unread
        for row in table.rows.iter_rows(named=True):
            found.read += 1
            values = {role: _text(row[column]) for role, column in roles.items()}
            try:
                entry = _entry(values, domain)
                _once(entry, seen, int(row[ROW]))
            except _Fault as fault:
                faults.append(_told(fault, table, int(row[ROW]), roles))
                continue
            found.rows.append(entry | {"_row": int(row[ROW])})
        _settle_moves(found, faults, table, roles)
    found.rejected = pl.DataFrame(faults, schema=SCHEMA).sort("row")
    return found


@dataclass(frozen=True)
class _Table:
    name: str
    rows: pl.DataFrame
    titles: Mapping[str, str]  # what a column is called in the file


def _framed(frame: pl.DataFrame) -> _Table:
    return _Table("数据 frame", frame.with_row_index(ROW, offset=1), {})


def _titles(names: Sequence[str]) -> dict[str, str]:
    """Return what the file calls the columns that the reader has renamed."""
    said = ((listed_role(name, "sections") or recognise(name), name) for name in names if name)
    return {role.name: name for role, name in said if role}


@cache
def _names() -> dict[str, Any]:
    text = files(__package__).joinpath("roster.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _roles(table: _Table) -> tuple[dict[str, str], list[str]]:
    """Say what each column holds: role to column, and the columns that are not read."""
    own = {simplify(name): role for role, names in _names()["columns"].items() for name in names}
    known = {"station", "code", "kind", "level", "attribute", "target", "area", *TEXTS}
    year = re.compile(_names()["targets"]["pattern"])
    roles: dict[str, str] = {}
    unread = []
    for column in table.rows.columns:
        if column == ROW:
            continue
        plain = simplify(column)
        found = year.match(plain)
        role = column if column in known else own.get(plain) or _measured(plain, own)
        if found:
            role = f"target_{next(part for part in found.groups() if part)}"
        if role is None:
            unread.append(column)
        elif role in roles:
            raise ReadError(
                f"“{roles[role]}”与“{column}”两列含义相同（{role}）",
                f'columns "{roles[role]}" and "{column}" mean the same ({role})',
                file=table.name,
            )
        else:
            roles[role] = column
    if not {"station", "code"} & roles.keys():
        raise ReadError(
            "名单应有点位（断面）名称或编码列；现有列："
            f"{'、'.join(c for c in table.rows.columns if c != ROW)}",
            "a roster needs a column of names or codes of its stations",
            file=table.name,
        )
    return roles, unread


def _measured(plain: str, own: Mapping[str, str]) -> str | None:
    """Say which number a column with a unit in its name holds (路段长度(m)): role and unit."""
    for role, units in _names()["units"].items():
        for unit in units:
            stem = plain.removesuffix(simplify(unit))
            if stem != plain and own.get(stem) == role:
                return f"{role}:{unit}"
    return None


def _text(value: Any) -> str | None:
    return None if value is None else str(value).strip() or None


def _entry(values: Mapping[str, str | None], domain: str) -> dict[str, Any]:
    code = values.get("code") or values.get("station")
    if code is None:
        raise _Fault(
            "station", "", "点位名称或编码 / a name or code", "没有名称和编码", "no station"
        )
    return {
        "station_code": code,
        "coded": values.get("code") is not None,
        "name": values.get("name") or values.get("station") or code,
        "kind": (kind := _kind(values.get("kind"), domain)),
        "control": _control(values.get("level")),
        "attributes": _attributes(values.get("attribute")),
        "targets": _targets(values),
        "reference": _reference(values.get("reference")),
        "moved_from": values.get("moved_from"),
        "zone": _zone(values.get("zone"), needed=domain == "noise" and kind == "功能区"),
        "length": _number("length", values, needed=domain == "noise" and kind == "道路"),
        "area": _number("area", values, needed=False),
        **{name: values.get(name) for name in TEXTS},
    }


def _kind(said: str | None, domain: str) -> str | None:
    if domain in _names()["kinds"]:
        return _kind_among(said, _names()["kinds"][domain])
    if domain != "water":
        return said
    found = kind_name((said or "").removesuffix("断面"))
    if found is None:
        raise _Fault(
            "kind",
            said or "",
            "河流 或 湖库 / 河流 (river) or 湖库 (lake)",
            "水体类型无法识别",
            "not a kind of water body",
        )
    return found


def _kind_among(said: str | None, kinds: Mapping[str, Sequence[str]]) -> str:
    plain = simplify(said or "")
    for kind, words in kinds.items():
        if plain in map(simplify, words):
            return kind
    raise _Fault(
        "kind",
        said or "",
        f"{'、'.join(kinds)} / one of {', '.join(f'{kind} ({kinds[kind][0]})' for kind in kinds)}",
        "点位类型无法识别",
        "not a kind of point",
    )


def _zone(said: str | None, *, needed: bool) -> str | None:
    found = zone_named(said) if said else None
    if found is None and (said or needed):
        raise _Fault(
            "zone",
            said or "",
            "0、1、2、3、4a 或 4b 类 / a class: 0, 1, 2, 3, 4a or 4b",
            "声环境功能区类别无法识别",
            "not a class of functional zones",
        )
    return found


def _number(name: str, values: Mapping[str, str | None], *, needed: bool) -> str | None:
    """Return a number above zero as exact text, in the unit of the ledger (km, km2)."""
    role = next((r for r in values if r == name or r.startswith(f"{name}:")), name)
    said = values.get(role)
    if said is None and not needed:
        return None
    factor = _names()["units"][name].get(role.partition(":")[2], 1)
    try:
        found = Decimal((said or "").replace(",", "")) * Decimal(str(factor))
    except InvalidOperation:
        found = Decimal(0)
    if not found.is_finite() or found <= 0:
        what = ("不是大于 0 的数", "not a number above 0") if said else ("没有写明", "not stated")
        raise _Fault(role, said or "", "大于 0 的数 / a number above 0", *what)
    return f"{found.normalize():f}"


def _control(said: str | None) -> str | None:
    for suffix in _names()["control"]["suffixes"]:
        if said and said != suffix:
            said = said.removesuffix(suffix)
    return said


def _attributes(said: str | None) -> list[str] | None:
    parts = re.split(r"[,，、;；/\s]+", said or "")
    return list(dict.fromkeys(p.removesuffix("断面") for p in parts if p)) or None


def _targets(values: Mapping[str, str | None]) -> dict[str, int] | None:
    found = {}
    for role, said in values.items():
        if not role.startswith("target") or said is None or said in ("-", "—", "/"):
            continue
        number = target_class(said)
        if number is None:
            raise _Fault(
                role, said, "1—5 或 Ⅰ—Ⅴ / 1 to 5 or Ⅰ to Ⅴ", "水质目标无法识别", "not a class"
            )
        found[role.removeprefix("target").removeprefix("_") or EVERY_YEAR] = number
    return found or None


def _reference(said: str | None) -> bool:
    words = vocabulary()["reference"]
    plain = said.lower() if said else ""
    for answer, name in ((True, "yes"), (False, "no")):
        if plain in words[name] or simplify(plain) in {simplify(w) for w in words[name]} - {""}:
            return answer
    raise _Fault(
        "reference",
        said or "",
        "是 或 否 / 是 (yes) or 否 (no)",
        "无法判断是否为对照点",
        "does not say whether it is a reference site",
    )


def _once(entry: Mapping[str, Any], seen: dict[str, int], row: int) -> None:
    code = entry["station_code"]
    if code in seen:
        raise _Fault(
            "code",
            code,
            "每个点位一行 / one row for a station",
            f"与第 {seen[code]} 行是同一点位",
            f"the station of row {seen[code]} again",
        )
    seen[code] = row


def _settle_moves(
    found: Entries, faults: list[dict[str, Any]], table: _Table, roles: Mapping[str, str]
) -> None:
    """Set aside what is said to have moved from a place that is still in the list."""
    codes = {row["station_code"] for row in found.rows}
    kept = []
    for row in found.rows:
        if row["moved_from"] in codes:
            fault = _Fault(
                "moved_from",
                row["moved_from"],
                "不在本名单里的原点位 / a station that is no longer listed",
                "原点位仍在名单里，不是搬迁",
                "the station it moved from is still listed",
            )
            faults.append(_told(fault, table, row["_row"], roles))
        else:
            kept.append(row)
    found.rows = kept


def _told(fault: _Fault, table: _Table, row: int, roles: Mapping[str, str]) -> dict[str, Any]:
    column = roles.get(fault.column, fault.column)
    return {
        "file": table.name,
        "row": row,
        "column": table.titles.get(column, column),
        "value": fault.value,
        "expected": fault.expected,
        "reason": fault.zh,
        "reason_en": fault.en,
        "code": "roster",
    }

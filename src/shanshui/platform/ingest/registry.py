"""The registry of stations: lists of them into the ledger, with codes, places and regions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import select

from shanshui.platform.ingest.aside import SCHEMA as ASIDE
from shanshui.platform.ingest.columns import vocabulary
from shanshui.platform.ingest.coordinates import Datum, to_wgs84
from shanshui.platform.ingest.lists import Listed, lists
from shanshui.platform.ingest.observations import lined
from shanshui.platform.ingest.places import Boundaries
from shanshui.platform.ingest.sources import ROW
from shanshui.platform.ingest.values import times
from shanshui.platform.store.models import Region, Station, StationCode
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LISTING = "registry"
_AREAS = ("province", "city", "county")
_TEXTS = {"kind": 32, "control": 16, "water_body": 200, "note": 2000}


@dataclass
class Imported:
    """What became of a list of stations.

    Attributes
    ----------
    rows, added, changed, same, located : int
        Rows of the list; stations that are new, changed, as they were; those whose region was
        found from their coordinates.
    rejected : polars DataFrame
        Rows that were not taken, each with the reason.
    notes : list of (str, str)
        What a person should know.
    """

    rows: int = 0
    added: int = 0
    changed: int = 0
    same: int = 0
    located: int = 0
    rejected: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ASIDE))
    notes: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class _Row:
    """A row of a list, understood."""

    number: int
    name: str
    codes: list[tuple[str, str]]
    values: dict[str, Any]


class _Unfit(ShanshuiError):
    def __init__(self, column: str, value: str, zh: str, en: str) -> None:
        self.column, self.value, self.zh, self.en = column, value, zh, en
        super().__init__(f"{zh} / {en}")


def import_stations(
    session: Session,
    file: str | Path | IO[bytes],
    *,
    datum: Datum = Datum.WGS84,
    boundaries: Boundaries | None = None,
    system: str = "national",
    kind: str | None = None,
    control: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> Imported:
    """Put a list of stations into the registry.

    A station that is known by one of its codes, or by the name that files give it (area and name),
    is completed; else it is added. Good rows are taken, the others listed.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        A session that writes.
    file : path, or open binary file
        CSV, Excel or Parquet with 站点名称 or 编码 and, as far as there, MN, 别名, 省 市 区县,
        经度 纬度, 类型, 控制级别, 水体, 启用日期, 停用日期, 备注.
    datum : Datum
        Of the coordinates.
    boundaries : Boundaries, optional
        To find regions from coordinates; else they are found from the names of areas.
    system : str
        Whose codes the column of codes holds.
    kind, control : str, optional
        Of all, where the list does not say.
    encoding, columns, sheet
        As in `shanshui.platform.ingest.read`.

    Raises
    ------
    ReadError
        When it cannot be read, or names no station.
    """
    done = Imported()
    regions = _Regions(session)
    known = _Known(session)
    faults: list[tuple[int, str, str, str, str, str, str]] = []
    name = ""
    if datum in (Datum.GCJ02, Datum.BD09):
        done.notes.append(
            (
                f"坐标由 {datum.value.upper()} 换算为 WGS84",
                f"coordinates were turned from {datum.value.upper()} to WGS84",
            )
        )
    asked = {"encoding": encoding, "columns": columns, "sheet": sheet}
    for listed in lists(file, LISTING, **asked):  # type: ignore[arg-type]
        name = listed.name
        if not {"station", "code", "mn"} & set(listed.rows.columns):
            raise listed.error(
                f"缺少站点名称或编码列；现有列：{'、'.join(listed.names[:12])}",
                f"lacks names or codes of stations; found: {', '.join(listed.names[:12])}",
            )
        twice = _twice(listed)
        for row in _rows(listed):
            done.rows += 1
            try:
                one = _understood(row, datum, system, kind, control, twice)
                done.located += regions.place(one, row, boundaries)
                known.take(session, one, done)
            except _Unfit as fault:
                faults.append(
                    (int(row[ROW]), fault.column, fault.value, "", fault.zh, fault.en, "station")
                )
    done.rejected = lined(faults, name)
    return done


def _rows(listed: Listed) -> Iterator[dict[str, Any]]:
    yield from listed.rows.iter_rows(named=True)


def _twice(listed: Listed) -> set[str]:
    """Return codes that stand for several stations: they tell none apart."""
    if "code" not in listed.rows:
        return set()
    codes = listed.rows["code"].drop_nulls()
    return set(codes.filter(codes.is_duplicated()).to_list())


def _understood(
    row: Mapping[str, Any],
    datum: Datum,
    system: str,
    kind: str | None,
    control: str | None,
    twice: set[str],
) -> _Row:
    areas = [row[a] for a in _AREAS if row.get(a)]
    name, code, mn = row.get("station"), row.get("code"), row.get("mn")
    codes: list[tuple[str, str]] = []
    if code and code not in twice:
        codes.append((system, code))
    if mn:
        codes.append(("hj212", mn))
    if name:
        codes.append(("file", "/".join([*areas, name])))
        codes += [("file", f"{a}/{name}") for a in areas[-1:] if len(areas) > 1]
    aliases = re.split(r"[;；]", row.get("alias") or "")
    codes += [("file", one.strip()) for one in aliases if one.strip()]
    if not codes:
        why = ("没有名称，编码也不唯一", "no name, and its code is not its own")
        raise _Unfit("", str(code or ""), *why)
    values: dict[str, Any] = {}
    for key, most in _TEXTS.items():
        if row.get(key):
            values[key] = str(row[key])[:most]
    values.setdefault("kind", kind)
    values.setdefault("control", control)
    for key in ("start", "end"):
        if row.get(key):
            values[key] = _date(key, row[key])
    values |= _located(row, datum)
    if row.get("reference"):
        values["reference"] = row["reference"].strip().lower() in vocabulary()["reference"]["yes"]
    return _Row(int(row[ROW]), name or code or mn or "", codes, values)


def _date(key: str, text: str) -> str:
    found = times(pl.Series([text])).time[0]
    if found is None:
        raise _Unfit(key, text, "应为日期，如 2020-01-01", "expected a date such as 2020-01-01")
    return str(found.date().isoformat())


def _located(row: Mapping[str, Any], datum: Datum) -> dict[str, Any]:
    """Return the coordinates on WGS84, and how they came there."""
    texts = (row.get("longitude"), row.get("latitude"))
    if not any(texts):
        return {}
    try:
        longitude, latitude = (float(str(t)) for t in texts)
        point = to_wgs84(longitude, latitude, datum)
    except ValueError:
        raise _Unfit(
            "longitude/latitude",
            ", ".join(str(t or "") for t in texts),
            "坐标应为十进制度数，经度 -180—180，纬度 -90—90",
            "coordinates are decimal degrees, longitude within ±180, latitude within ±90",
        ) from None
    found: dict[str, Any] = {"longitude": point.longitude, "latitude": point.latitude}
    found["datum"] = datum.value
    if datum in (Datum.GCJ02, Datum.BD09):
        found["note"] = (
            f"原坐标 {datum.value} {longitude}, {latitude}，按公开公式换算 / "
            f"turned from {datum.value} by the public formula"
        )
    return found


class _Regions:
    """Finds the region of a station."""

    def __init__(self, session: Session) -> None:
        rows = session.execute(select(Region.code, Region.name, Region.short_name, Region.level))
        self._codes: set[str] = set()
        self._names: dict[str, list[str]] = {}
        for code, name, short, level in rows:
            self._codes.add(code)
            if level in ("province", "city", "county"):
                for one in {name, short or name, _short(name)}:
                    self._names.setdefault(one, []).append(code)

    def place(self, one: _Row, row: Mapping[str, Any], boundaries: Boundaries | None) -> int:
        """Set the region of a row; return 1 where coordinates told it."""
        said = row.get("region")
        if said and said in self._codes:
            one.values["region_code"] = said
            return 0
        longitude, latitude = one.values.get("longitude"), one.values.get("latitude")
        if boundaries is not None and longitude is not None and latitude is not None:
            code = self._nearest(boundaries.region(longitude, latitude))
            if code:
                one.values["region_code"] = code
                return 1
        code = self._named(row)
        if code:
            one.values["region_code"] = code
        return 0

    def _nearest(self, code: str | None) -> str | None:
        """Return a code that the ledger has: the region's, or that of what holds it."""
        if code is None:
            return None
        wider = (code, f"{code[:4]}00", f"{code[:2]}0000")
        return next((c for c in wider if c in self._codes), None)

    def _named(self, row: Mapping[str, Any]) -> str | None:
        """Return the smallest region that the names of areas tell without doubt."""
        prefix = ""
        found: str | None = None
        for area in _AREAS:
            if not row.get(area):
                continue
            codes = [c for c in self._names.get(row[area], []) if c.startswith(prefix)]
            if area == "city":
                codes = [c for c in codes if c.endswith("00")] or codes
            if len(codes) != 1:
                return found
            found = codes[0]
            stem = found.rstrip("0")
            prefix = stem + "0" * (len(stem) % 2)
        return found


def _short(name: str) -> str:
    return re.sub(r"(市|省|地区|盟|自治州|自治区|特别行政区)$", "", name)


class _Known:
    """The registry on its way: what is known of stations by each of their codes."""

    def __init__(self, session: Session) -> None:
        self._stations = {s.code: s for s in session.scalars(select(Station))}
        self._codes = {
            (c.system, c.code): c.station_code for c in session.scalars(select(StationCode))
        }

    def take(self, session: Session, one: _Row, done: Imported) -> None:
        """Add or complete a station."""
        found = {self._codes[c] for c in one.codes if c in self._codes}
        found |= {code for _, code in one.codes if code in self._stations}
        if len(found) > 1:
            listed = "、".join(sorted(found))
            raise _Unfit(
                "code",
                listed,
                f"与名录里几个站点相符：{listed}",
                f"agrees with several stations of the registry: {listed}",
            )
        new = not found
        if new:
            code = one.codes[0][1]
            if len(code) > 64:
                raise _Unfit("code", code, "编码超过 64 字", "a code is up to 64 characters")
            station = Station(code=code, name=one.name[:200], found=False)
            session.add(station)
            self._stations[code] = station
        else:
            station = self._stations[found.pop()]
        changed = self._completed(station, one)
        if new:
            session.flush()
        fresh = [c for c in dict.fromkeys(one.codes) if c not in self._codes and len(c[1]) <= 100]
        for system, code in fresh:
            session.add(StationCode(station_code=station.code, system=system, code=code))
            self._codes[system, code] = station.code
        if new:
            done.added += 1
        elif changed or fresh:
            done.changed += 1
        else:
            done.same += 1

    @staticmethod
    def _completed(station: Station, one: _Row) -> bool:
        values = {k: v for k, v in one.values.items() if v is not None}
        values["found"] = False
        if one.name:
            values["name"] = one.name[:200]
        changed = {k: v for k, v in values.items() if getattr(station, k) != v}
        for key, value in changed.items():
            setattr(station, key, value)
        return bool(changed)

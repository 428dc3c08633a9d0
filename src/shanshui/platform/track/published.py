"""Load published series (公布的数): each value with its place, basis, source and confidence."""

from __future__ import annotations

import io
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shanshui.platform.catalog.finding import find_indicator, find_region
from shanshui.platform.plans.targets import exact
from shanshui.platform.store.models import Indicator, PublishedFigure, Region, now
from shanshui.platform.track.periods import period_of
from shanshui.platform.track.reported import BASIS
from shanshui.standards import Basis
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Ledger

NEEDED = ("region", "indicator", "period", "value")
"""Columns that a table of published values must have."""
MORE = (
    *("adcode", "unit", "basis", *BASIS, "derived", "bound"),
    *("source_title", "publisher", "published", "confidence"),
)
"""Columns that it may have."""
CONFIDENCES = ("A", "B", "C")
_PARTS = re.compile(r";(?![^(]*\))")
_TRUE = {"true": True, "1": True, "是": True, "false": False, "0": False, "否": False}


@dataclass(frozen=True)
class Read:
    """What is read from the note of a collector.

    Attributes
    ----------
    basis : shanshui.standards.Basis
        What the value stands on.
    derived : bool
        Computed from a published value.
    bound : bool
        A bound or a round figure.
    """

    basis: Basis
    derived: bool
    bound: bool


@dataclass(frozen=True)
class Aside:
    """A row that was not taken.

    Attributes
    ----------
    row : int
        Of the file, counted from one with the heads.
    column, value : str
        The cell.
    reason : str
        Why not, in Chinese and in English.
    """

    row: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        """Say where and why."""
        zh, _, en = self.reason.partition(" / ")
        return (
            f"第 {self.row} 行“{self.column}”列：{zh} / row {self.row}, column {self.column}: {en}"
        )


@dataclass
class Loaded:
    """What a load did.

    Attributes
    ----------
    read, added, restated, already : int
        Rows read; values that are new; values that supersede another of the same basis and source;
        values that the ledger has already.
    aside : list of Aside
        Rows that were not taken.
    """

    read: int = 0
    added: int = 0
    restated: int = 0
    already: int = 0
    aside: list[Aside] = field(default_factory=list)


def basis_of(note: str, domain: str | None = None) -> Read:
    """Read the basis from a note: parts between semicolons, or ``field=value`` throughout.

    Parameters
    ----------
    note : str
        ``338个地级及以上城市;标况``.
    domain : str, optional
        Of the indicator; values of air follow an edition that the note names only where it is not
        the usual one.

    Examples
    --------
    >>> read = basis_of("337个地级及以上城市;实况;由同比推算", "air")
    >>> str(read.basis), read.derived
    ('roster=337城市;edition=2012;state=实况;dust=未说明;status=未说明', True)
    """
    rules = _rules()
    derived = bool(re.search(rules["derived"]["pattern"], note))
    bound = bool(re.search(rules["bound"]["pattern"], note))
    if "=" in note:
        return Read(Basis.parse(note), derived, bound)
    found: dict[str, list[str]] = {}
    edition = rules["edition"]["default"] if domain in rules["edition"]["domains"] else None
    for part in filter(None, (one.strip() for one in _PARTS.split(note))):
        name, value = _part(part, rules)
        if name == "edition":
            edition = value if edition else None
        elif name:
            found.setdefault(name, []).append(value)
    fields = {name: "、".join(values) for name, values in found.items()}
    for name in ("state", "dust"):
        if name in found:
            fields[name] = found[name][-1]
    return Read(Basis(edition=edition, **fields), derived, bound)


def _part(part: str, rules: Mapping[str, Any]) -> tuple[str, str]:
    """Return the field that a part of a note speaks of, and what it says; or nothing."""
    if re.search(rules["edition"]["marked"], part):
        return "edition", rules["edition"]["marked_edition"]
    if re.search(rules["skip"]["pattern"], part):
        return "", ""
    for name in ("state", "dust"):
        for value, pattern in rules[name].items():
            if re.search(pattern, part):
                return name, value
    if cities := re.search(rules["roster"]["cities"], part):
        return "roster", f"{cities[1]}城市"
    if re.search(rules["formula"]["pattern"], part):
        return "formula", part
    listed = re.search(rules["roster"]["lists"], part)
    return ("roster", part) if listed and not re.search(rules["roster"]["not"], part) else ("", "")


@cache
def _rules() -> dict[str, Any]:
    text = (files(__package__) / "published.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def packaged() -> list[dict[str, str | None]]:
    """Return the rows of the packaged published values (`shanshui.platform.catalog.published`)."""
    from shanshui.platform import catalog

    rows = catalog.published().to_dicts()
    return [{k: _text(v) for k, v in row.items()} for row in rows]


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def rows_of(data: bytes, name: str = "") -> list[dict[str, str | None]]:
    """Read a CSV file (UTF-8) of published values.

    Raises
    ------
    ShanshuiError
        It is no such table, or a column is missing.
    """
    import csv

    label = name or "CSV"
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        heads = [head.strip() for head in reader.fieldnames or ()]
        missing = [column for column in NEEDED if column not in heads]
        if missing:
            raise ShanshuiError(
                f"{label} 第 1 行缺列 {'、'.join(missing)}；须有 {'、'.join(NEEDED)} / "
                f"{label}, row 1: no column {', '.join(missing)}; needed: {', '.join(NEEDED)}"
            )
        reader.fieldnames = heads
        return [{k: (v or "").strip() or None for k, v in row.items() if k} for row in reader]
    except (UnicodeDecodeError, csv.Error) as fault:
        raise ShanshuiError(
            f"{label} 读不懂，应为 UTF-8 的 CSV：{fault} / {label} is not a CSV in UTF-8: {fault}"
        ) from None


def load(
    ledger: Ledger,
    rows: Iterable[Mapping[str, str | None]] | None = None,
    *,
    who: str,
    reason: str | None = None,
    dry_run: bool = False,
) -> Loaded:
    """Load published values; those that the ledger has already stay as they are.

    A value is known by indicator, region, period, the collector's note on its basis, and source;
    given otherwise by a later load it supersedes the earlier one, which stays readable by time.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    rows : list of dict, optional
        Columns `NEEDED` and as far as there `MORE`, as text; by default the packaged values.
    who : str
        Who loads.
    reason : str, optional
        Why, for the audit trail.
    dry_run : bool
        Only count.

    Returns
    -------
    Loaded
        Counts, and the rows that were set aside.
    """
    told = packaged() if rows is None else rows
    given = [{name: text or None for name, text in row.items()} for row in told]
    if dry_run:
        with ledger.read() as session:
            return _take(session, given)
    with ledger.write(who=who, action="report-in load-published", reason=reason) as session:
        return _take(session, given)


Key = tuple[str, str, str, str, str]


def _take(session: Session, rows: Sequence[Mapping[str, str | None]]) -> Loaded:
    done, moment = Loaded(len(rows)), now()
    known: dict[Key, PublishedFigure] = {
        _key(row): row
        for row in session.scalars(
            select(PublishedFigure).where(PublishedFigure.superseded_at.is_(None))
        )
    }
    places = _Places(session)
    for at, row in enumerate(rows, start=2):
        made = _made(row, at, places)
        if isinstance(made, Aside):
            done.aside.append(made)
            continue
        made.recorded_at = moment
        before = known.get(_key(made))
        if before is None:
            done.added += 1
        elif _same(before, made):
            done.already += 1
            continue
        else:
            done.restated += 1
            if before.id is None:  # of the same file
                session.flush()
            before.superseded_at = moment
            made.supersedes_id = before.id
        session.add(made)
        known[_key(made)] = made
    return done


def _key(row: PublishedFigure) -> Key:
    return row.indicator_code, row.region_code, row.period, row.remark, row.source_title


def _same(a: PublishedFigure, b: PublishedFigure) -> bool:
    if str(a.value) != str(b.value):
        return False
    names = ("unit", "basis", "derived", "bound", "publisher", "published", "confidence")
    return all(getattr(a, name) == getattr(b, name) for name in names)


class _Places:
    """Indicators and regions by the names that the rows use."""

    def __init__(self, session: Session) -> None:
        self._indicators = {row.code: row for row in session.scalars(select(Indicator))}
        self._regions = set(session.scalars(select(Region.code)))
        self._found: dict[tuple[str, str], str] = {}

    def indicator(self, name: str) -> Indicator:
        code = name if name in self._indicators else self._once("indicator", name)
        return self._indicators[code]

    def region(self, code: str | None, name: str) -> str:
        if code and code in self._regions:
            return code
        return self._once("region", name)

    def _once(self, kind: str, name: str) -> str:
        if (kind, name) not in self._found:
            row = find_indicator(name) if kind == "indicator" else find_region(name)
            known: Any = self._indicators if kind == "indicator" else self._regions
            if row["code"] not in known:
                raise ShanshuiError(
                    f"台账的目录里没有 {row['code']} / the ledger's catalogue lacks {row['code']}"
                )
            self._found[kind, name] = row["code"]
        return self._found[kind, name]


def _made(row: Mapping[str, str | None], at: int, places: _Places) -> PublishedFigure | Aside:
    column = "value"
    try:
        for column in NEEDED:
            _filled(row, column)
        column = "indicator"
        indicator = places.indicator(str(row["indicator"]))
        column = "region"
        region = places.region(row.get("adcode"), str(row["region"]))
        column = "period"
        period = period_of(str(row["period"])).text
        column = "value"
        value = exact(str(row["value"]))
        column = "confidence"
        _confident(row.get("confidence"))
        column = "basis"
        return _figure(row, indicator, region, period, value)
    except ShanshuiError as fault:
        return Aside(at, column, row.get(column) or "", str(fault))


def _filled(row: Mapping[str, str | None], column: str) -> None:
    if not row.get(column):
        raise ShanshuiError("不能为空 / must not be empty")


def _confident(text: str | None) -> None:
    if text not in (None, *CONFIDENCES):
        raise ShanshuiError("应为 A、B 或 C / must be A, B or C")


def _figure(
    row: Mapping[str, str | None], indicator: Indicator, region: str, period: str, value: Decimal
) -> PublishedFigure:
    note = row.get("basis") or ""
    read = basis_of(note, indicator.domain)
    title = row.get("source_title") or ""
    parted = any(name in row for name in BASIS)
    basis = Basis(**{name: row.get(name) for name in BASIS}) if parted else read.basis
    return PublishedFigure(
        indicator_code=indicator.code,
        region_code=region,
        period=period,
        value=value,
        unit=row.get("unit"),
        basis=basis.stated() or None,
        remark=note,
        derived=_flag(row, "derived", read.derived),
        bound=_flag(row, "bound", read.bound),
        source_title=_rules()["titles"].get(title, title),
        publisher=row.get("publisher"),
        published=row.get("published"),
        confidence=row.get("confidence"),
        version=1,
    )


def _flag(row: Mapping[str, str | None], name: str, otherwise: bool) -> bool:
    said = row.get(name)
    return otherwise if said is None else _TRUE.get(said.strip().casefold(), otherwise)

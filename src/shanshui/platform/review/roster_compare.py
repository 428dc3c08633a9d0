"""What differs between versions of a roster; comparisons with last year on one roster (同比)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from shanshui.platform.review.periods import span
from shanshui.platform.review.roster_read import (
    entries_of,
    find,
    in_force,
    stations,
    version_of,
    versions,
)
from shanshui.platform.store.models import Roster
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from shanshui.platform.review.periods import Span
    from shanshui.platform.store.models import RosterEntry, RosterVersion

COMPARED = (
    *("name", "province", "city", "county", "basin", "river", "kind", "control", "attributes"),
    *("unit", "chief", "targets", "zone", "length", "area", "reference", "left_out"),
)
"""What is said of a station and may change from a version to the next."""


@dataclass(frozen=True)
class Diff:
    """What differs between two versions; read it while the session is open.

    Attributes
    ----------
    a, b : str
        Their labels.
    added, dropped : tuple of RosterEntry
        Stations of one of them only, but for those that moved.
    moved : tuple of (RosterEntry, RosterEntry)
        A station and the one that took its place.
    changed : tuple of (RosterEntry, dict)
        A station of both, as `b` lists it, and the fields that differ: name to (before, after).
    same : int
        Stations that are alike in both.
    """

    a: str
    b: str
    added: tuple[RosterEntry, ...]
    dropped: tuple[RosterEntry, ...]
    moved: tuple[tuple[RosterEntry, RosterEntry], ...]
    changed: tuple[tuple[RosterEntry, dict[str, tuple[Any, Any]]], ...]
    same: int

    def rows(self) -> list[dict[str, Any]]:
        """Return a row for each difference: change, station, name, field, before, after."""
        rows = [_row("added", one) for one in self.added]
        rows += [_row("dropped", one) for one in self.dropped]
        rows += [
            _row("moved", new, "station_code", old.station_code, new.station_code)
            for old, new in self.moved
        ]
        rows += [
            _row("changed", one, name, before, after)
            for one, fields in self.changed
            for name, (before, after) in fields.items()
        ]
        return rows


def _row(
    change: str, one: RosterEntry, name: str | None = None, before: Any = None, after: Any = None
) -> dict[str, Any]:
    return {
        "change": change,
        "station": one.station_code,
        "name": one.name,
        "city": one.city,
        "field": name,
        "before": before,
        "after": after,
    }


def diff(session: Session, a: RosterVersion, b: RosterVersion) -> Diff:
    """Say what differs between two versions: added, dropped, moved, changed fields.

    A station of `b` has moved where it, or one between the two versions, is said to stand in the
    place of one of `a`.
    """
    old = {one.station_code: one for one in entries_of(session, a)}
    new = {one.station_code: one for one in entries_of(session, b)}
    between = [
        [(one.station_code, one.moved_from) for one in entries_of(session, row)]
        for row in versions(session, session.get_one(Roster, b.roster_id))
        if a.start < row.start <= b.start
    ]
    origins = _origins(between)
    moved = [
        (old[origins[code]], one)
        for code, one in new.items()
        if code not in old and origins.get(code) in old and origins[code] not in new
    ]
    gone = {one.station_code for one, _ in moved}
    come = {one.station_code for _, one in moved}
    both = [(old[code], one) for code, one in new.items() if code in old]
    changes = [(one, _changes(before, one)) for before, one in [*both, *moved]]
    changed = tuple((one, fields) for one, fields in changes if fields)
    return Diff(
        a.label,
        b.label,
        added=tuple(o for code, o in new.items() if code not in old and code not in come),
        dropped=tuple(o for code, o in old.items() if code not in new and code not in gone),
        moved=tuple(moved),
        changed=changed,
        same=sum(not fields for _, fields in changes[: len(both)]),
    )


def _changes(before: RosterEntry, after: RosterEntry) -> dict[str, tuple[Any, Any]]:
    pairs = {name: (getattr(before, name), getattr(after, name)) for name in COMPARED}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _origins(later: Iterable[Iterable[tuple[str, str | None]]]) -> dict[str, str]:
    """Follow the moves through versions, the earliest first: a code to the one before them all."""
    origins: dict[str, str] = {}
    for listed in later:
        for code, moved_from in listed:
            if moved_from is not None:
                origins[code] = origins.get(moved_from, moved_from)
    return origins


# --------------------------------------------------------------------------------- with last year


class Period(Protocol):
    """What a comparison needs to know of a period."""

    @property
    def start(self) -> date:
        """Its first day."""
        ...

    @property
    def end(self) -> date:
        """Its last day."""
        ...

    @property
    def text(self) -> str:
        """What it is called."""
        ...


@dataclass(frozen=True)
class Comparison:
    """The stations of a comparison with an earlier period, the same on both sides.

    Attributes
    ----------
    roster, version : str
        The roster, and the one version on which both sides stand.
    now, before : Period
        The periods.
    stations : polars DataFrame
        The stations that count on both sides; see `stations`.
    moved : dict
        Stations left out because they moved since: code to the code before.
    added : tuple of str
        Listed only after the earlier period began; they count where they measured in it, else
        they are in `unmeasured`.
    dropped : tuple of str
        Listed in the earlier period, no longer now; they count on neither side.
    unmeasured : tuple of str
        Left out because they have no data of the earlier period.
    impossible : tuple of str
        Cities (counties of a list without cities) whose comparison is not possible: no assessment
        station of theirs is left.
    thinned : dict
        Areas that lose assessment stations: (left, listed).
    """

    roster: str
    version: str
    now: Period
    before: Period
    stations: pl.DataFrame
    moved: dict[str, str]
    added: tuple[str, ...]
    dropped: tuple[str, ...]
    unmeasured: tuple[str, ...]
    impossible: tuple[str, ...]
    thinned: dict[str, tuple[int, int]]

    @property
    def changed(self) -> int:
        """How many stations changed between the periods: moved, added or dropped."""
        return len(self.moved) + len(self.added) + len(self.dropped)

    @property
    def basis(self) -> str:
        """What `Basis.roster` says: the roster, its version, and what was left out."""
        return common_basis(f"{self.roster}@{self.version}", len(self.moved) + len(self.unmeasured))

    def __str__(self) -> str:
        """Say in a sentence how many stations changed."""
        what = f"{self.now.text} 与 {self.before.text} 同用名单 {self.roster} {self.version} 版"
        counts = f"迁 {len(self.moved)}、增 {len(self.added)}、减 {len(self.dropped)}"
        parts = [
            f"{what}，两期都计 {self.stations.height} 个点位",
            f"其间变动 {self.changed} 个：{counts}",
        ]
        if self.moved:
            named = "、".join(f"{old}→{new}" for new, old in self.moved.items())
            parts.append(f"迁的两期都不计（{named}）")
        if self.unmeasured:
            parts.append(f"前期无数据的两期都不计（{'、'.join(self.unmeasured)}）")
        if self.impossible:
            parts.append(f"不可比：{'、'.join(self.impossible)}")
        return "；".join(parts)


def compared(
    session: Session,
    roster: str,
    now: str | Span,
    before: str | Span | None = None,
    *,
    version: str | None = None,
    measured: Collection[str] | None = None,
) -> Comparison:
    """Give the stations of a comparison with an earlier period, on one version of a roster.

    A bulletin that takes each period by the list of its day compares different places: a station
    that moved from a street to a park improves the city by itself. So one version counts on both
    sides, and a station that moved between the beginning of the earlier period and the end of the
    later one counts on neither.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    roster : str
        Code of the roster.
    now : str or Span
        The later period, ``2026-10``, ``2026-Q3`` or ``2026``.
    before : str or Span, optional
        The earlier one; by default the same of the year before.
    version : str, optional
        By default the one in force on the last day of `now`.
    measured : collection of str, optional
        Stations with data of the earlier period. A listed station that is not among them counts on
        neither side; without this it counts where it has data.

    Returns
    -------
    Comparison
        The stations, and how many changed.

    Raises
    ------
    ShanshuiError
        No station is left, or no version is in force.
    """
    later = span(now)
    earlier = later.before if before is None else span(before)
    if earlier.start >= later.start:
        raise ShanshuiError(
            f"{earlier.text} 应早于 {later.text} / {earlier.text} is to be before {later.text}"
        )
    one = find(session, roster)
    chosen = version_of(session, one, version) if version else in_force(session, one, later.end)
    upto = [row for row in versions(session, one) if row.start <= chosen.start]
    upto = upto[reaching([row.start for row in upto], earlier.start) :]
    listed = [stations(session, row) for row in upto]
    found = common(one.code, chosen.label, listed, later, earlier, measured)
    if found.stations.is_empty():
        raise ShanshuiError(
            f"名单 {one.code} 没有一个点位在 {earlier.text} 和 {later.text} 都可比 / "
            f"no station of {one.code} can be compared between {earlier.text} and {later.text}"
        )
    return found


def common(
    roster: str,
    version: str,
    listed: Sequence[pl.DataFrame],
    now: Period,
    before: Period,
    measured: Collection[str] | None = None,
) -> Comparison:
    """Find the stations that two periods have in common on the last of some versions.

    Parameters
    ----------
    roster, version : str
        The roster, and the version on which both sides stand.
    listed : sequence of polars DataFrame
        Stations (see `stations`) of the versions from that of the earlier period's first day, as
        `reaching` finds it, to the one on which both sides stand.
    now, before : Period
        The periods.
    measured : collection of str, optional
        As in `compared`.

    Returns
    -------
    Comparison
        Without stations where none is left.
    """
    first, chosen = listed[0], listed[-1]
    codes = chosen["station"].to_list()
    there, old = set(codes), set(first["station"])
    origins = _origins(one.select("station", "moved_from").rows() for one in listed[1:])
    moved = {code: origin for code, origin in origins.items() if code in there}
    unmeasured: list[str] = []
    if measured is not None:
        known = {*measured, *moved}
        unmeasured = [code for code in codes if code not in known]
    kept = chosen.filter(~pl.col("station").is_in([*moved, *unmeasured]))
    counts = _counts(chosen, kept)
    return Comparison(
        roster=roster,
        version=version,
        now=now,
        before=before,
        stations=kept,
        moved=moved,
        added=tuple(c for c in codes if c not in old and c not in moved),
        dropped=tuple(sorted(old - there - set(moved.values()))),
        unmeasured=tuple(unmeasured),
        impossible=tuple(area for area, (left, _) in counts.items() if left == 0),
        thinned={area: pair for area, pair in counts.items() if pair[0] < pair[1]},
    )


def reaching(starts: Sequence[str], first: date) -> int:
    """Say which of the versions that begin on days counts on a day; the first where none does yet.

    A comparison on an older list knows no later moves: give it no version after the chosen one.

    Examples
    --------
    >>> from datetime import date
    >>> starts = ["2021-01-01", "2026-07-01"]
    >>> [reaching(starts, date(year, 8, 1)) for year in (2019, 2025, 2026)]
    [0, 0, 1]
    """
    return max(0, sum(start <= first.isoformat() for start in starts) - 1)


def common_basis(version: str, left: int) -> str:
    """Say on which version two periods are compared, and how many stations count on neither side.

    Examples
    --------
    >>> common_basis("guokong@2026", 1), common_basis("guokong@2026", 0)
    ('guokong@2026（同口径，去 1 个点位）', 'guokong@2026')
    """
    return f"{version}（同口径，去 {left} 个点位）" if left else version


def _counts(listed: pl.DataFrame, kept: pl.DataFrame) -> dict[str, tuple[int, int]]:
    """Count the assessment stations of each area: those left, those listed."""
    area = "city" if listed["city"].null_count() < listed.height else "county"

    def count(frame: pl.DataFrame) -> dict[str, int]:
        rows = frame.filter(~pl.col("reference"), pl.col("left_out").is_null())
        found: Iterable[tuple[str, int]] = rows.group_by(area).len().drop_nulls(area).rows()
        return dict(found)

    left = count(kept)
    return {name: (left.get(name, 0), of) for name, of in sorted(count(listed).items())}

"""What the parts of one run share."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import select

from shanshui import __version__
from shanshui.platform.assess.layers import Cut, Frozen
from shanshui.platform.assess.places import Places, places
from shanshui.platform.assess.tables import RUNS, Shelf
from shanshui.platform.assess.terms import Term
from shanshui.platform.review import rosters
from shanshui.platform.store.models import Roster, RosterUse, RosterVersion, Station
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from shanshui.platform.assess.engines import Engine
    from shanshui.platform.store import Workspace
    from shanshui.platform.store.lake import Lake


@dataclass
class Job:
    """One run.

    Attributes
    ----------
    workspace : Workspace
        The workspace.
    shelf : Shelf
        The tables, held alone.
    engine : Engine
        What takes hours to days.
    cut : Cut
        Up to when the lake is read.
    who : str
        Who asked for it.
    moment : datetime
        When, UTC.
    terms : tuple of Term or None
        Periods asked for; None for whatever has changed.
    regions : frozenset of str or None
        Regions asked for.
    tell : callable
        Is told what is being done.
    unanswered : list of (str, str, str)
        What could not be answered: subject, why in Chinese, why in English.
    anew : bool
        From rows alone: no day that was computed before is taken.
    """

    workspace: Workspace
    shelf: Shelf
    engine: Engine
    cut: Cut
    who: str
    moment: datetime
    terms: tuple[Term, ...] | None
    regions: frozenset[str] | None
    tell: Callable[[str], None]
    unanswered: list[tuple[str, str, str]] = field(default_factory=list)
    anew: bool = False

    @property
    def lake(self) -> Lake:
        """The lake."""
        return self.workspace.lake

    def unlisted(self, series: Series, of: Term) -> None:
        """Note that a period cannot be answered: no version of the roster is in force then."""
        self.unanswered.append(
            (
                f"{series.domain} {of.text}",
                f"名单 {series.roster} 没有在 {of.end} 有效的版本",
                f"no version of the roster {series.roster} is in force on {of.end}",
            )
        )

    def silent(self, series: Series) -> None:
        """Note that no station of a roster has data, and which are there under another code."""
        listed = pl.concat([one.counted for _, _, one in series.versions])
        codes = dict(listed.select("name", "station").rows())
        with self.workspace.ledger.read() as session:
            query = select(Station.name, Station.code).where(Station.name.in_(codes))
            twins = [
                (codes[name], code) for name, code in session.execute(query) if code != codes[name]
            ]
        zh, en = "名单里的点位没有监测数据", "no station of the roster has data"
        if twins:
            pairs = "、".join(f"{own}（数据里为 {code}）" for own, code in twins[:3])
            zh += f"；有同名的点位，编码不同：{pairs}，请统一编码"
            pairs = ", ".join(f"{own} ({code} in the data)" for own, code in twins[:3])
            en += f"; stations of the same name have other codes: {pairs}"
        self.unanswered.append((f"{series.domain} {series.roster}", zh, en))

    def as_of(self) -> datetime | None:
        """Return the moment to read the lake at: also while another program stores into it."""
        if self.cut.recorded is None and self.cut.made and self.lake.version != self.cut.version:
            return self.cut.made
        return self.cut.recorded

    @property
    def whole(self) -> bool:
        """Whether the run is over everything, so that the next one may go on from it."""
        return self.terms is None and self.regions is None and self.cut.asked is None


@dataclass(frozen=True)
class Version:
    """A version of a roster.

    Attributes
    ----------
    id : int
        Its row.
    text : str
        ``roster@version``.
    stations : polars DataFrame
        As `rosters.stations` gives them.
    places : Places
        Their regions.
    """

    id: int
    text: str
    stations: pl.DataFrame
    places: Places

    @property
    def label(self) -> str:
        """What the version is called in its roster."""
        return self.text.partition("@")[2]

    @property
    def counted(self) -> pl.DataFrame:
        """Return the stations that are assessed."""
        return self.stations.filter(pl.col("left_out").is_null())


@dataclass(frozen=True)
class Series:
    """A roster in use: what its results have in common.

    Attributes
    ----------
    domain, roster : str
        Domain and code of the roster.
    roster_id : int
        Its row.
    pinned : int or None
        The version that counts whatever the day.
    versions : tuple of (str, str or None, Version)
        First and last day of each version.
    """

    domain: str
    roster: str
    roster_id: int
    pinned: int | None
    versions: tuple[tuple[str, str | None, Version], ...]

    def of(self, day: date) -> Version | None:
        """Return the version that counts for a period that ends on a day."""
        when = day.isoformat()
        found = [
            one
            for start, end, one in self.versions
            if (one.id == self.pinned)
            or (self.pinned is None and start <= when and (end is None or when <= end))
        ]
        return found[-1] if found else None

    def by_text(self, text: str) -> Version:
        """Return a version by what results call it."""
        for _, _, one in self.versions:
            if one.text == text:
                return one
        raise ShanshuiError(
            f"名单版本 {text} 已不在台账 / the version {text} of the roster is not in the ledger"
        )

    def by_id(self, number: int) -> Version:
        """Return a version by its row."""
        return next(one for _, _, one in self.versions if one.id == number)

    def between(self, first: date, chosen: Version) -> list[Version]:
        """Return the versions from that of a day to the chosen one, as comparisons take them."""
        last = [one.id for _, _, one in self.versions].index(chosen.id)
        upto = self.versions[: last + 1]
        return [one for _, _, one in upto[rosters.reaching([row[0] for row in upto], first) :]]

    def stations(self) -> list[str]:
        """Return every station of any version."""
        return sorted({s for _, _, one in self.versions for s in one.counted["station"]})

    def digest(self, *more: str) -> str:
        """Return what tells this state of the roster, and of what else counts, from others."""
        said: list[Any] = [self.pinned, *more]
        for start, end, one in self.versions:
            said += [one.id, one.text, start, end, one.stations.write_json()]
        return sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def series_of(workspace: Workspace, domain: str, code: str | None = None) -> list[Series]:
    """Return the rosters in use for a domain; where none is said to be, the only one there is.

    With a `code`, that roster, in use or not.
    """
    found = []
    with workspace.ledger.read() as session:
        uses = list(session.scalars(select(RosterUse).where(RosterUse.domain == domain)))
        pairs = [(session.get_one(Roster, u.roster_id), u.version_id) for u in uses]
        if not pairs:
            there = list(session.scalars(select(Roster).where(Roster.domain == domain)))
            pairs = [(there[0], None)] if len(there) == 1 else []
        if code is not None and code not in {roster.code for roster, _ in pairs}:
            pairs = [(rosters.find(session, code), None)]
        for roster, pinned in pairs:
            versions = tuple(
                (row.start, row.end, _version(session, roster, row))
                for row in rosters.versions(session, roster)
            )
            found.append(Series(domain, roster.code, roster.id, pinned, versions))
    return found


def _version(session: Any, roster: Roster, row: RosterVersion) -> Version:
    listed = rosters.stations(session, row)
    return Version(row.id, f"{roster.code}@{row.label}", listed, places(session, listed))


@dataclass(frozen=True)
class Marker:
    """How far a roster is assessed.

    Attributes
    ----------
    lake_version : int
        Up to which version of the lake.
    digest : str
        Of the roster and of what else counted.
    freezes : frozenset of int
        The freezes that were in force.
    """

    lake_version: int
    digest: str
    freezes: frozenset[int]


def marker(job: Job, series: Series) -> Marker | None:
    """Return how far a roster is assessed, if it ever was."""
    rows = (
        job.shelf.read(RUNS)
        .filter(pl.col("domain") == series.domain, pl.col("roster") == series.roster)
        .sort("at")
        .tail(1)
        .collect()
    )
    if rows.is_empty():
        return None
    row = rows.row(0, named=True)
    return Marker(
        row["lake_version"],
        row["digest"],
        frozenset(int(n) for n in (row["freezes"] or "").split(",") if n),
    )


def mark(
    job: Job, series: Series, digest: str, frozen: list[Frozen], counts: dict[str, int]
) -> None:
    """Note how far a roster is assessed."""
    row = {
        "at": job.moment,
        "who": job.who,
        "domain": series.domain,
        "roster": series.roster,
        "roster_version": None,
        "lake_version": job.cut.version,
        "digest": digest,
        "freezes": ",".join(str(one.id) for one in sorted(frozen, key=lambda f: f.id)),
        "engine": job.engine.name,
        "code": __version__,
        **counts,
    }
    job.shelf.add(RUNS, pl.DataFrame([row], schema=RUNS.schema))

"""What a freeze is made of, and what is not in order, before anything is written down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import select

from shanshui._clock import OFFSET
from shanshui.platform.review import rosters
from shanshui.platform.review.frozen_figures import COMPUTED, EDITIONS, MEDIA
from shanshui.platform.review.frozen_rows import Asked, Checksum, checksum
from shanshui.platform.review.periods import Span, span
from shanshui.platform.review.queue import properties_of
from shanshui.platform.store.models import Review, ReviewItem, now
from shanshui.standards.basis import Basis
from shanshui.standards.editions import edition as edition_of
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Workspace
    from shanshui.platform.store.models import Roster, RosterVersion

STATUS = "定版"
"""What a figure of a freeze says of its data (see `Basis.status`)."""


@dataclass(frozen=True)
class Standing:
    """The version of a roster on which figures stand.

    Attributes
    ----------
    roster_id, version_id : int
        Its rows.
    roster, version : str
        Code and label.
    stations : polars DataFrame
        Its stations.
    """

    roster_id: int
    version_id: int
    roster: str
    version: str
    stations: pl.DataFrame

    @classmethod
    def of(cls, session: Session, roster: Roster, version: RosterVersion) -> Standing:
        """Read what a version says."""
        listed = rosters.stations(session, version)
        return cls(roster.id, version.id, roster.code, version.label, listed)

    def __str__(self) -> str:
        """Return what `Basis.roster` says."""
        return f"{self.roster}@{self.version}"


@dataclass(frozen=True)
class Prepared:
    """Everything that a freeze is made of, before it is written down.

    Attributes
    ----------
    span : Span
        The period.
    on : Standing
        The roster.
    edition : str
        Name of the edition.
    asked : Asked
        Which observations.
    lake_version : int
        The version of the lake that has them.
    checksum : Checksum
        Of the observations.
    lines : list of dict
        The figures.
    basis : Basis
        What they stand on.
    problems : list of (str, str)
        What is not in order, and needs a reason to freeze all the same.
    gaps : list of (str, str)
        Items that have too few valid days, which the figures leave out by their own rules.
    """

    span: Span
    on: Standing
    edition: str
    asked: Asked
    lake_version: int
    checksum: Checksum
    lines: list[dict[str, Any]]
    basis: Basis
    problems: list[tuple[str, str]]
    gaps: list[tuple[str, str]]

    @property
    def warnings(self) -> list[tuple[str, str]]:
        """All that a reader of the figures has to know."""
        return [*self.problems, *self.gaps]


def prepare(
    workspace: Workspace,
    when: Span,
    *,
    domain: str,
    on: Standing,
    edition: str | None = None,
    today: date | None = None,
    properties: Sequence[str] | None = None,
) -> Prepared:
    """Compute what a freeze of this moment would be made of; nothing is written.

    Parameters
    ----------
    workspace, when, domain, edition, today
        As in `take`.
    on : Standing
        The roster.
    properties : sequence of str, optional
        By default those of the domain.
    """
    if domain not in COMPUTED:
        raise ShanshuiError(
            f"领域应为 {'、'.join(COMPUTED)}，得到 {domain} / a domain is one of "
            f"{', '.join(COMPUTED)}, got {domain}"
        )
    lake = workspace.lake
    newest = lake.versions().head(1)
    if newest.is_empty():
        raise ShanshuiError("工作区还没有监测数据 / the workspace has no observations yet")
    start, end = when.times
    asked = Asked(
        tuple(on.stations["station"]),
        tuple(properties or properties_of(workspace, MEDIA.get(domain, domain))),
        start,
        end,
        newest["recorded"].item(),
    )
    if asked.rows(lake).head(1).collect().is_empty():
        raise ShanshuiError(
            f"名单 {on.roster}（{on.version} 版）的点位在 {when.text} 没有数据 / "
            f"the stations of {on.roster} ({on.version}) have no data in {when.text}"
        )
    judged = edition_of(EDITIONS[domain], edition or when.end).name
    basis = Basis(roster=str(on), edition=judged, status=STATUS)
    computed = COMPUTED[domain](lake, asked, on.stations, when, judged, basis)
    return Prepared(
        span=when,
        on=on,
        edition=judged,
        asked=asked,
        lake_version=int(newest["version"].item()),
        checksum=checksum(lake, asked),
        lines=computed.lines,
        basis=_stated(basis, computed.lines),
        problems=[
            *_unended(when, today),
            *_waiting(workspace, domain, asked),
            *_silent(workspace, asked, on.stations),
        ],
        gaps=computed.gaps,
    )


def _stated(basis: Basis, lines: Sequence[dict[str, Any]]) -> Basis:
    """Take in what the method says of the basis, where all figures say the same."""
    said = {line["basis"] for line in lines if line["basis"]}
    return Basis.parse(said.pop()) if len(said) == 1 else basis


def _unended(when: Span, today: date | None) -> Iterable[tuple[str, str]]:
    day = today or (now() + OFFSET).date()
    if day <= when.end:
        yield f"{when.end} 才结束", f"it ends on {when.end}"


def _waiting(workspace: Workspace, domain: str, asked: Asked) -> Iterable[tuple[str, str]]:
    """Count the values of the period whose review has not come to its end."""
    query = (
        select(ReviewItem.station, ReviewItem.count, ReviewItem.stage, Review.stages)
        .join(Review, Review.id == ReviewItem.review_id)
        .where(
            Review.domain == MEDIA.get(domain, domain),
            ReviewItem.last > asked.start.isoformat(),
            ReviewItem.first <= asked.end.isoformat(),
        )
    )
    with workspace.ledger.read() as session:
        rows = session.execute(query).all()
    listed = set(asked.stations)
    open_ = [n for station, n, stage, of in rows if station in listed and stage < len(of)]
    if open_:
        yield f"{sum(open_)} 个值未审完", f"{sum(open_)} values wait for review"


def _silent(workspace: Workspace, asked: Asked, listed: pl.DataFrame) -> Iterable[tuple[str, str]]:
    """Name the listed stations without any value."""
    there = _with_values(workspace, asked)
    rows = listed.filter(listed["left_out"].is_null()).select("station", "name").rows()
    missing = [f"{name}（{code}）" for code, name in rows if code not in there]
    if missing:
        named = "、".join(missing[:8]) + ("等" if len(missing) > 8 else "")
        yield (
            f"{len(missing)} 个点位没有数据：{named}",
            f"{len(missing)} stations have no data: {', '.join(missing[:8])}",
        )


def _with_values(workspace: Workspace, asked: Asked) -> set[str]:
    rows = asked.rows(workspace.lake).filter(pl.col("value").is_not_null())
    return set(rows.select(pl.col("station").unique()).collect()["station"])


def measured(
    workspace: Workspace, domain: str, period: str | Span, stations: Iterable[str]
) -> set[str]:
    """Return those of some stations that have a value in a period."""
    start, end = span(period).times
    properties = properties_of(workspace, MEDIA.get(domain, domain))
    asked = Asked(tuple(stations), tuple(properties), start, end, now())
    return _with_values(workspace, asked)

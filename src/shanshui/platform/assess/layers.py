"""From which rows a period is assessed: those of the freezes that cover it, else the lake's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import polars as pl
from sqlalchemy import select

from shanshui._clock import OFFSET
from shanshui.platform.review import freeze as freezes
from shanshui.platform.review.frozen_rows import Asked
from shanshui.platform.store.models import Freeze
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.assess.terms import Term
    from shanshui.platform.store import Workspace
    from shanshui.platform.store.lake import Lake

LIVE = 0
"""The layer of rows that no freeze holds."""


@dataclass(frozen=True)
class Cut:
    """Up to when the lake is read, so that nothing later enters.

    Attributes
    ----------
    asked : datetime or None
        The moment that was asked for, aware; None for now.
    recorded : datetime
        Rows that were recorded up to here.
    until : datetime or None
        Rows whose period ends up to here, by the clock of Asia/Shanghai.
    version : int
        The version of the lake.
    freezes : datetime or None
        Freezes made up to here count; None for those in force.
    made : datetime or None
        When the version was recorded.
    """

    asked: datetime | None
    recorded: datetime | None
    until: datetime | None
    version: int
    freezes: datetime | None = None
    made: datetime | None = None


def moment_of(as_of: date | datetime) -> datetime:
    """Return a moment in UTC: the end of a day by the clock of Asia/Shanghai, or as it is said.

    Raises
    ------
    ShanshuiError
        A datetime is not aware of its time zone.
    """
    if not isinstance(as_of, datetime):
        return datetime.combine(as_of + timedelta(days=1), time(), UTC) - OFFSET
    if as_of.tzinfo is None:
        raise ShanshuiError(
            f"as_of 应带时区，得到 {as_of} / as_of must be aware of its time zone, got {as_of}"
        )
    return as_of.astimezone(UTC)


def cut(lake: Lake, as_of: date | datetime | None) -> Cut:
    """Say what a moment means for the lake.

    A day means its end by the clock of Asia/Shanghai. Live data are cut by the time of recording; a
    moment before the lake had any row can only be meant for history that was loaded in bulk, which
    is cut by the time of observation.

    Raises
    ------
    ShanshuiError
        The lake is empty, or a datetime is not aware of its time zone.
    """
    versions = lake.versions().sort("version")
    if versions.is_empty():
        raise ShanshuiError("工作区还没有监测数据 / the workspace has no observations yet")
    newest = int(versions["version"][-1])
    if as_of is None:
        return Cut(None, None, None, newest, made=versions["recorded"][-1])
    moment = moment_of(as_of)
    until = (moment + OFFSET).replace(tzinfo=None)
    before = versions.filter(pl.col("recorded") <= moment)
    if before.is_empty():
        return Cut(moment, None, until, newest, moment)
    return Cut(moment, moment, until, int(before["version"][-1]), moment)


@dataclass(frozen=True)
class Frozen:
    """A freeze as assessment needs it."""

    id: int
    period: str
    start: date
    end: date
    number: int
    version_id: int
    edition: str
    asked: Asked
    lake_version: int

    @property
    def text(self) -> str:
        """Period and number, as results name it."""
        return f"{self.period}#{self.number}"

    @property
    def days(self) -> int:
        """Length, by which the closest freeze is chosen."""
        return (self.end - self.start).days

    def covers(self, start: date, end: date) -> bool:
        """Whether a span lies inside."""
        return self.start <= start and end <= self.end


def frozen(
    workspace: Workspace, domain: str, roster_id: int, upto: datetime | None
) -> list[Frozen]:
    """Return the freezes of a roster that were in force at a moment, the shortest first."""
    with workspace.ledger.read() as session:
        rows = _in_force(session, domain, roster_id, upto)
        session.expunge_all()
    found = [
        Frozen(
            row.id,
            row.period,
            date.fromisoformat(row.start),
            date.fromisoformat(row.end),
            row.number,
            row.roster_version_id,
            row.edition,
            freezes.asked_of(workspace, row),
            row.lake_version,
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.days, one.start))


def _in_force(session: Session, domain: str, roster_id: int, upto: datetime | None) -> list[Freeze]:
    query = select(Freeze).where(Freeze.domain == domain, Freeze.roster_id == roster_id)
    if upto is None:
        return list(session.scalars(query.where(Freeze.current)))
    newest: dict[str, Freeze] = {}
    for row in session.scalars(query.where(Freeze.frozen_at <= upto).order_by(Freeze.number)):
        newest[row.period] = row
    return list(newest.values())


def covering(found: Sequence[Frozen], term: Term) -> Frozen | None:
    """Return the shortest freeze that covers a whole period."""
    return next((one for one in found if one.covers(term.start, term.end)), None)


def layer_of_days(found: Sequence[Frozen], first: date, last: date) -> pl.DataFrame:
    """Say for each day which freeze holds it, the shortest first; else `LIVE`.

    Returns
    -------
    polars DataFrame
        ``date``, ``layer``.
    """
    days = pl.date_range(first, last, eager=True)
    layers = [
        next((one.id for one in found if one.covers(day, day)), LIVE) for day in days.to_list()
    ]
    return pl.DataFrame({"date": days, "layer": pl.Series(layers, dtype=pl.Int64)})

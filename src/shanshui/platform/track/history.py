"""The history of standings: kept as of days, so that a change of state has a date."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import func, insert, select

from shanshui import __version__
from shanshui.platform.plans.documents import lock
from shanshui.platform.store.models import Standing, StandingRun
from shanshui.platform.track.standings import counts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Ledger

_PIECE = 1000  # rows of one insert
_SAID = (
    "id", "state", "value", "period", "gap", "reason", "ref", "base_ref", "part_ref", "same_ref",
    "last_ref", "pair_ref",
)  # fmt: skip


@dataclass(frozen=True)
class Kept:
    """What was done with standings.

    Attributes
    ----------
    run : int
        The number of the run.
    targets : int
        How many standings it has.
    new : bool
        Whether it was written now; False where the same standings of the day were kept already.
    """

    run: int
    targets: int
    new: bool


def keep(
    ledger: Ledger, found: pl.DataFrame, day: date, *, who: str, known: datetime | None = None
) -> Kept:
    """Keep the standings of a day; the same again are not written twice.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    found : polars.DataFrame
        Of `shanshui.platform.track.standings.at`, of all targets.
    day : datetime.date
        The as-of date.
    who : str
        Who judged.
    known : aware datetime, optional
        Recorded time up to which figures were known.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from shanshui.platform.plans.loading import load_packaged
    >>> from shanshui.platform.store import Workspace
    >>> from shanshui.platform.track import standings
    >>> with TemporaryDirectory() as folder, Workspace.create(folder) as workspace:
    ...     added = load_packaged(workspace.ledger)
    ...     found = standings.at(workspace, date(2026, 3, 31))
    ...     first = keep(workspace.ledger, found, date(2026, 3, 31), who="张三")
    ...     again = keep(workspace.ledger, found, date(2026, 3, 31), who="李四")
    >>> first.new, again.new, first.run == again.run
    (True, False, True)
    """
    rows = [_row(row) for row in found.select(_SAID).iter_rows(named=True)]
    said = json.dumps(
        sorted(rows, key=lambda row: row["subject"]), ensure_ascii=False, sort_keys=True
    )
    moment = known.isoformat() if known is not None else ""
    digest = sha256(f"{moment}\n{said}".encode()).hexdigest()
    with ledger.write(who=who, action="track") as session:
        lock(session)
        # A later run of a day counts, so what was so before and became so again is written anew.
        last = session.scalar(
            select(StandingRun)
            .where(StandingRun.day == day.isoformat())
            .order_by(StandingRun.id.desc())
            .limit(1)
        )
        if last is not None and last.digest == digest:
            return Kept(last.id, last.targets, new=False)
        run = StandingRun(
            day=day.isoformat(),
            digest=digest,
            targets=len(rows),
            counts=counts(found),
            code=__version__,
            known=known,
            made_by=who,
        )
        session.add(run)
        session.flush()
        number = run.id
        for at in range(0, len(rows), _PIECE):
            piece = [row | {"run_id": number} for row in rows[at : at + _PIECE]]
            session.execute(insert(Standing), piece)
    return Kept(number, len(rows), new=True)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    refs = {
        name: row[column]
        for name, column in (
            ("figure", "ref"),
            ("base", "base_ref"),
            ("part", "part_ref"),
            ("same", "same_ref"),
            ("last", "last_ref"),
            ("pair", "pair_ref"),
        )
        if row[column]
    }
    return {
        "subject": row["id"],
        "state": row["state"],
        "reason": row["reason"],
        "value": row["value"],
        "period": row["period"],
        "gap": None if row["gap"] is None else f"{row['gap']:.10g}",
        "refs": refs or None,
    }


def read(session: Session, *, until: date | None = None) -> pl.DataFrame:
    """Give the states of all targets by day: of several runs of a day the last.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    until : datetime.date, optional
        As of this day or before.

    Returns
    -------
    polars.DataFrame
        ``id``, ``day``, ``state``, ``value``, ``period``, ``gap`` (texts), in the order of days.
    """
    latest = select(func.max(StandingRun.id)).group_by(StandingRun.day)
    if until is not None:
        latest = latest.where(StandingRun.day <= until.isoformat())
    query = (
        select(
            Standing.subject, StandingRun.day, Standing.state, Standing.value, Standing.period,
            Standing.gap,
        )
        .join(StandingRun, StandingRun.id == Standing.run_id)
        .where(StandingRun.id.in_(latest))
        .order_by(StandingRun.day, Standing.id)
    )  # fmt: skip
    rows = [
        (subject, date.fromisoformat(day), state, value and format(value, "f"), period, gap)
        for subject, day, state, value, period, gap in session.execute(query)
    ]
    schema = {
        "id": pl.String, "day": pl.Date, "state": pl.String, "value": pl.String,
        "period": pl.String, "gap": pl.String,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def before(history: pl.DataFrame, day: date) -> pl.DataFrame:
    """Give how each target stood at the end of last month, and since when it stands as it does.

    Parameters
    ----------
    history : polars.DataFrame
        Of `read`.
    day : datetime.date
        The as-of date.

    Returns
    -------
    polars.DataFrame
        ``id``, ``before`` (state at the end of last month, by the last day that was judged),
        ``before_day``, ``since`` (first day of the state that stood last, as far as it was kept).

    Examples
    --------
    >>> days = [date(2026, 9, 30), date(2026, 10, 31), date(2026, 11, 20)]
    >>> states = ["达到序时进度", "存在风险", "存在风险"]
    >>> kept = pl.DataFrame({"id": ["a"] * 3, "day": days, "state": states})
    >>> before(kept, date(2026, 11, 20)).row(0)
    ('a', '存在风险', datetime.date(2026, 10, 31), datetime.date(2026, 10, 31))
    """
    last_month = day.replace(day=1) - timedelta(days=1)
    rows = history.filter(pl.col("day") <= day).sort("day", maintain_order=True)
    earlier = (
        rows.filter(pl.col("day") <= last_month)
        .group_by("id")
        .agg(before=pl.col("state").last(), before_day=pl.col("day").last())
    )
    other = rows.filter(pl.col("state") != pl.col("state").last().over("id"))
    changed = other.group_by("id").agg(changed=pl.col("day").max())
    since = (
        rows.join(changed, on="id", how="left")
        .filter(pl.col("changed").is_null() | (pl.col("day") > pl.col("changed")))
        .group_by("id")
        .agg(since=pl.col("day").min())
    )
    return since.join(earlier, on="id", how="left").select(
        "id", "before", "before_day", "since"
    ).sort("id")  # fmt: skip

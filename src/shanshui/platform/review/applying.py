"""Carry what was decided at the last stage into the lake, once each, whatever is cut off.

A decision is in the ledger first, ``pending``; then its values go into the lake under the name of
its transaction, which the lake takes once; then it is marked ``applied``. Where a program dies
between two of these, `apply` goes on from where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import func, select

from shanshui.platform.store.lake_tables import LONG
from shanshui.platform.store.models import ReviewDecision
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from shanshui.platform.store import Workspace
    from shanshui.platform.store.lake import Lake

_COLUMNS = {name: LONG[name] for name in LONG if name not in ("recorded_from", "state")}


@dataclass(frozen=True)
class Applied:
    """What went to the lake.

    Attributes
    ----------
    transactions, decisions, values : int
        How many.
    """

    transactions: int = 0
    decisions: int = 0
    values: int = 0


def apply(workspace: Workspace, *, who: str) -> Applied:
    """Carry all decisions that are pending into the lake, in the order in which they were made.

    Parameters
    ----------
    workspace : Workspace
        Its ledger says what is pending.
    who : str
        The person in whose name it is marked.

    Raises
    ------
    ShanshuiError
        The lake cannot be written; the decisions stay pending.
    """
    done = Applied()
    for name in _pending(workspace):
        with workspace.ledger.read() as session:
            rows = session.scalars(_of(name)).all()
            frame = observations(
                (one.id, one.review_id, one.station, one.property, one.period, one.written)
                for one in rows
            )
        if rows:
            into_lake(workspace.lake, name, frame)
            marked = _mark(workspace, name, who)
            done = Applied(
                done.transactions + bool(marked),
                done.decisions + marked,
                done.values + (frame.height if marked else 0),
            )
    return done


def _pending(workspace: Workspace) -> list[str]:
    with workspace.ledger.read() as session:
        query = (
            select(ReviewDecision.transaction)
            .where(ReviewDecision.state == "pending")
            .group_by(ReviewDecision.transaction)
            .order_by(func.min(ReviewDecision.id))
        )
        return list(session.scalars(query))


def _of(name: str) -> Any:
    return (
        select(ReviewDecision)
        .where(ReviewDecision.transaction == name, ReviewDecision.state == "pending")
        .order_by(ReviewDecision.id)
    )


def _mark(workspace: Workspace, name: str, who: str) -> int:
    with workspace.ledger.write(who=who, action="review apply") as session:
        # Another program may carry the same decisions: the one that comes later finds none left.
        rows = session.scalars(_of(name).with_for_update()).all()
        for one in rows:
            one.state = "applied"
        return len(rows)


def observations(decisions: Iterable[tuple[int, int, str, str, int, list[Any]]]) -> pl.DataFrame:
    """Return what decisions write, as rows for the lake.

    Parameters
    ----------
    decisions : iterable of tuple
        Number of the decision and of its review, station, property, period, and what is written:
        time, value, flag.
    """
    rows = [
        (
            *(station, prop, datetime.fromisoformat(time), period, value, flag),
            f"review/{review}/{number}",
        )
        for number, review, station, prop, period, written in decisions
        for time, value, flag in written
    ]
    return pl.DataFrame(rows, schema=_COLUMNS, orient="row")


def into_lake(lake: Lake, name: str, rows: pl.DataFrame) -> None:
    """Store the values of a transaction, unless the lake has taken it."""
    try:
        lake.store(rows, source="review", transaction=f"review:{name}", state="reviewed")
    except ShanshuiError as error:
        zh, _, en = str(error).partition(" / ")
        raise ShanshuiError(
            f"决定已记入台账，但尚未写入数据湖；之后用 shanshui review apply 完成。{zh} / "
            f"the decisions are in the ledger but not yet in the lake; finish with shanshui review "
            f"apply. {en}"
        ) from error

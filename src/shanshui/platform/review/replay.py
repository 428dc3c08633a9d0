"""Rebuild what the review made of observations, from the audit trail alone."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shanshui.platform.review.applying import Applied, into_lake, observations
from shanshui.platform.store.models import Audit, ReviewDecision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from shanshui.platform.store import Ledger
    from shanshui.platform.store.lake import Lake

Step = tuple[int, int, str, str, int, list[Any]]


def replay(ledger: Ledger, lake: Lake, *, until: datetime | None = None) -> Applied:
    """Carry every decision that was applied into another lake, in the order of the audit trail.

    Parameters
    ----------
    ledger : Ledger
        Only its audit trail is read.
    lake : Lake
        With the raw rows. What it has taken before it does not take again, so a replay that was cut
        off is begun anew.
    until : datetime, optional
        Only what was applied up to this moment (aware).

    Returns
    -------
    Applied
        Transactions, decisions and values.
    """
    transactions = decisions = values = 0
    with ledger.read() as session:
        for name, steps in _transactions(session, until):
            rows = observations(steps)
            into_lake(lake, name, rows)
            transactions += 1
            decisions += len(steps)
            values += rows.height
    return Applied(transactions, decisions, values)


def _transactions(session: Session, until: datetime | None) -> Iterator[tuple[str, list[Step]]]:
    """Give the transactions that reached the lake, and what each wrote."""
    query = (
        select(Audit.key, Audit.change, Audit.after)
        .where(Audit.subject == ReviewDecision.__tablename__)
        .order_by(Audit.id)
    )
    if until is not None:
        query = query.where(Audit.at <= until)
    made: dict[str, tuple[str, Step]] = {}
    ready: dict[str, list[Step]] = {}
    for key, change, after in session.execute(query).all():
        if change == "insert" and after["state"] == "pending":
            step = (
                int(key),
                *(after[k] for k in ("review_id", "station", "property", "period", "written")),
            )
            made[key] = after["transaction"], step
        elif change == "update" and after.get("state") == "applied":
            name, step = made.pop(key)
            ready.setdefault(name, []).append(step)
    for name, steps in ready.items():
        yield name, sorted(steps)

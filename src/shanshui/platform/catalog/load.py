"""Put the catalogue into a ledger."""

from __future__ import annotations

from sqlalchemy.orm import Session


def load(session: Session) -> None:
    """Put the indicators and regions of the catalogue into the ledger."""
    session.flush()

"""Read the audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shanshui.platform.store.models import Audit

if TYPE_CHECKING:
    from shanshui.platform.store.ledger import Ledger


def changes(
    ledger: Ledger,
    *,
    subject: str | None = None,
    key: str | None = None,
    who: str | None = None,
    action: str | None = None,
) -> list[dict[str, Any]]:
    """List the changes of the ledger, the latest first.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    subject, key : str, optional
        Of this table; of the row with this primary key.
    who, action : str, optional
        Made by this person; in this action.

    Returns
    -------
    list of dict
        at (ISO 8601, UTC), who, action, reason, batch (one for all changes of a transaction),
        subject, key, change (insert, update or delete), before, after (columns by name).
    """
    asked = {"subject": subject, "key": key, "who": who, "action": action}
    query = select(Audit).order_by(Audit.id.desc())
    query = query.filter_by(**{name: value for name, value in asked.items() if value is not None})
    with ledger.read() as session:
        return [
            {
                "at": row.at.isoformat(timespec="seconds"),
                "who": row.who,
                "action": row.action,
                "reason": row.reason,
                "batch": row.batch,
                "subject": row.subject,
                "key": row.key,
                "change": row.change,
                "before": row.before,
                "after": row.after,
            }
            for row in session.scalars(query)
        ]

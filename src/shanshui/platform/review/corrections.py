"""Corrections (更正) of frozen periods: what would change, and the freeze that takes its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import select

from shanshui.platform.review import rosters
from shanshui.platform.review.freeze import NotReady, written
from shanshui.platform.review.freeze_prepare import Prepared, Standing, prepare
from shanshui.platform.review.freeze_read import asked_of, figures, find
from shanshui.platform.review.freeze_verify import differences
from shanshui.platform.review.frozen_rows import Asked
from shanshui.platform.review.periods import span
from shanshui.platform.store.models import Correction, Freeze, Roster, RosterVersion
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from sqlalchemy.orm import Session

    from shanshui.platform.store import Workspace

_KEY = ["station", "property", "time", "period"]
_SAID = ["value", "flag", "state", "source"]
_MANY = 2000  # figures that a correction's row names


@dataclass(frozen=True)
class FreezeDiff:
    """What would change if a frozen period were made final now.

    Attributes
    ----------
    row : Freeze
        The freeze, detached.
    values : polars DataFrame
        ``change`` (``changed``, ``added``, ``withdrawn``, ``restated``: flag or state alone, or a
        missing value that is stated now), ``station, property, time, period, value, value_now,
        flag, flag_now, state, state_now, source_now``.
    figures : list of (str, str, str, str, object, object)
        Kind, place, first day, name, before, now; None where there is none.
    prepared : Prepared
        What the freeze would be made of now.
    """

    row: Freeze
    values: pl.DataFrame
    figures: list[tuple[str, str, str, str, Any, Any]]
    prepared: Prepared

    def __bool__(self) -> bool:
        """Whether anything would change."""
        return bool(self.figures) or not self.values.is_empty()

    @property
    def counts(self) -> Mapping[str, int]:
        """How many observations were changed, added, withdrawn and restated."""
        found = dict(self.values.group_by("change").len().rows())
        return {name: found.get(name, 0) for name in _FATES}

    def by_property(self) -> pl.DataFrame:
        """Count by property: ``property, changed, added, withdrawn, restated, sum_change``.

        ``sum_change`` is by how much the sum of the values would rise.
        """
        zero = pl.col("value").fill_null(0.0), pl.col("value_now").fill_null(0.0)
        return (
            self.values.group_by("property")
            .agg(
                *((pl.col("change") == name).sum().alias(name) for name in _FATES),
                (zero[1] - zero[0]).sum().round(6).alias("sum_change"),
            )
            .sort("property")
        )


_FATES = ("changed", "added", "withdrawn", "restated")


def diff(
    workspace: Workspace,
    period: str,
    *,
    domain: str | None = None,
    roster: str | None = None,
    number: int | None = None,
    version: str | None = None,
    today: date | None = None,
) -> FreezeDiff:
    """Say what would change if a period were made final now; nothing is written.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    period : str
        ``2026-10``, ``2026-Q3`` or ``2026``.
    domain, roster : str, optional
        Where the period has several freezes.
    number : int, optional
        Which of its freezes; by default the one in force.
    version : str, optional
        Version of the roster; by default that of the freeze.
    today : date, optional
        As in `shanshui.platform.review.freeze.take`.

    Returns
    -------
    FreezeDiff
        Observations and figures that differ.
    """
    with workspace.ledger.read() as session:
        row = find(session, period, domain=domain, roster=roster, number=number)
        on = _standing(session, row, version)
        before = figures(session, row)
        session.expunge(row)
    asked = asked_of(workspace, row)
    prepared = prepare(
        workspace,
        span(row.period),
        domain=row.domain,
        on=on,
        edition=row.edition,
        today=today,
        properties=asked.properties,
    )
    return FreezeDiff(
        row,
        _values(workspace, asked, prepared.asked),
        differences(before, prepared.lines),
        prepared,
    )


def _standing(session: Session, row: Freeze, version: str | None) -> Standing:
    roster = session.get_one(Roster, row.roster_id)
    used = session.get_one(RosterVersion, row.roster_version_id)
    if version is not None:
        used = rosters.version_of(session, roster, version)
    return Standing.of(session, roster, used)


def _values(workspace: Workspace, frozen: Asked, fresh: Asked) -> pl.DataFrame:
    """Set the observations then and now against each other, a piece of the period at a time."""
    parts = []
    for start, end in frozen.pieces():
        within = {"start": start, "end": end}
        old = frozen.rows(workspace.lake, **within).select(*_KEY, *_SAID)
        new = fresh.rows(workspace.lake, **within).select(*_KEY, *_SAID)
        # What was recorded before the freeze and is current still cannot differ, but with another
        # roster other stations count: both sides are read whole.
        both = old.join(new, on=_KEY, how="full", coalesce=True, suffix="_now").collect()
        parts.append(
            both.with_columns(_fate().alias("change"))
            .filter(pl.col("change").is_not_null())
            .select(
                "change",
                *_KEY,
                *("value", "value_now", "flag", "flag_now", "state", "state_now", "source_now"),
            )
        )
    return pl.concat(parts).sort("station", "property", "time")


def _fate() -> pl.Expr:
    old, new = pl.col("value"), pl.col("value_now")
    same = [pl.col(name).eq_missing(pl.col(f"{name}_now")) for name in ("value", "flag", "state")]
    return (
        pl.when(pl.all_horizontal(same))
        .then(pl.lit(None, pl.String))
        .when(old.is_null() & new.is_not_null())
        .then(pl.lit("added"))
        .when(old.is_not_null() & new.is_null())
        .then(pl.lit("withdrawn"))
        .when(old.ne_missing(new))
        .then(pl.lit("changed"))
        .otherwise(pl.lit("restated"))
    )


def correct(
    workspace: Workspace,
    period: str,
    *,
    who: str,
    document: str,
    reason: str,
    domain: str | None = None,
    roster: str | None = None,
    version: str | None = None,
    force: str | None = None,
    today: date | None = None,
) -> tuple[Freeze, FreezeDiff]:
    """Correct a frozen period (更正): make it final anew, by a document.

    The freeze before stays readable, with its observations and its figures; results that name the
    new one say its number.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    period : str
        ``2026-10``, ``2026-Q3`` or ``2026``.
    who : str
        The person who answers for it.
    document : str
        Number of the paper that orders it, ``〔2026〕12号``.
    reason : str
        Why.
    domain, roster : str, optional
        Where the period has several freezes.
    version : str, optional
        Version of the roster; by default that of the freeze.
    force : str, optional
        Why it is made although something new is not in order.
    today : date, optional
        As in `shanshui.platform.review.freeze.take`.

    Returns
    -------
    Freeze
        The new one, detached.
    FreezeDiff
        What it changed.

    Raises
    ------
    NotReady
        Something is not in order that was in the freeze before, and `force` is not given.
    ShanshuiError
        Nothing would change, the document or the reason is missing, or another corrects it at the
        same time.
    """
    if not document.strip() or not reason.strip():
        raise ShanshuiError(
            "更正须有文号和理由 / a correction needs the number of its document and a reason"
        )
    found = diff(workspace, period, domain=domain, roster=roster, version=version, today=today)
    old, made = found.row, found.prepared
    if not found and made.on.version_id == old.roster_version_id:
        raise ShanshuiError(
            f"{old.period} 现在定版与第 {old.number} 版相同，无可更正 / "
            f"{old.period} would be the same as number {old.number}: nothing to correct"
        )
    known = set(old.warnings or ())
    fresh = [(zh, en) for zh, en in made.problems if zh not in known]
    if fresh and not (force and force.strip()):
        raise NotReady(old.period, fresh)
    with workspace.ledger.write(who=who, action="freeze correct", reason=reason) as session:
        there = session.get_one(Freeze, old.id)
        if not there.current:
            raise ShanshuiError(
                f"{old.period} 刚被别人更正，请重新查看 / "
                f"{old.period} has just been corrected by another: look again"
            )
        row = written(session, made, domain=old.domain, who=who, force=force, supersedes=there)
        counts = found.counts
        session.add(
            Correction(
                freeze_id=row.id,
                corrects_id=old.id,
                document=document.strip(),
                reason=reason.strip(),
                changed=counts["changed"],
                added=counts["added"],
                withdrawn=counts["withdrawn"],
                figures=_told(found),
                who=who,
            )
        )
        session.flush()
        session.refresh(row)
        session.expunge(row)
    return row, found


def _told(found: FreezeDiff) -> dict[str, Any]:
    """Name each figure that a correction changes; of very many the first."""
    return {
        "count": len(found.figures),
        "changes": [list(change) for change in found.figures[:_MANY]],
        "restated": found.counts["restated"],
    }


def listing(session: Session) -> list[dict[str, Any]]:
    """List the corrections, the latest first.

    Returns
    -------
    list of dict
        ``period, domain, roster, number`` (of the freeze that came of it), ``document, reason,
        changed, added, withdrawn, figures`` (how many differ), ``who, at``.
    """
    query = (
        select(Correction, Freeze, Roster.code)
        .join(Freeze, Freeze.id == Correction.freeze_id)
        .join(Roster, Roster.id == Freeze.roster_id)
        .order_by(Correction.id.desc())
    )
    return [
        {
            "period": row.period,
            "domain": row.domain,
            "roster": code,
            "number": row.number,
            "document": one.document,
            "reason": one.reason,
            "changed": one.changed,
            "added": one.added,
            "withdrawn": one.withdrawn,
            "figures": (one.figures or {}).get("count", 0),
            "who": one.who,
            "at": one.at.isoformat(timespec="seconds"),
        }
        for one, row, code in session.execute(query)
    ]

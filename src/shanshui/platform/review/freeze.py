"""Make a period final (定版): its data, roster, edition and figures, which then never move.

>>> from datetime import datetime
>>> from tempfile import TemporaryDirectory
>>> import polars as pl
>>> from shanshui.platform.review import freeze, rosters
>>> from shanshui.platform.store import Workspace
>>> hours = pl.DataFrame(
...     {
...         "station": "1001A",
...         "time": pl.datetime_range(
...             datetime(2026, 10, 1, 1), datetime(2026, 11, 1), "1h", eager=True
...         ),
...     }
... ).with_columns(so2=5.0, no2=20.0, co=0.4, o3=80.0, pm10=40.0, pm25=25.0)
>>> listed = pl.DataFrame({"station": ["城东"], "code": ["1001A"], "city": ["青禾市"]})
>>> told = {"who": "张三", "code": "guokong", "domain": "air", "purpose": "国控点位"}
>>> with TemporaryDirectory() as folder, Workspace.create(folder) as workspace:
...     first = workspace.lake.store(hours, source="小时值.csv")
...     made = rosters.load(workspace.ledger, listed, version="2026", start="2026-01-01", **told)
...     frozen = freeze.take(workspace, "2026-10", who="张三", domain="air", roster="guokong")
...     late = workspace.lake.store(hours.with_columns(pm25=99.0), source="更正.csv")
...     rows = freeze.observations(workspace, frozen).filter(pl.col("property") == "pm25").collect()
...     rows["value"].mean(), freeze.verify(workspace, frozen)
(25.0, [])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select

from shanshui.platform.review import rosters
from shanshui.platform.review.freeze_prepare import (
    STATUS,
    Prepared,
    Standing,
    measured,
    prepare,
)
from shanshui.platform.review.freeze_read import (
    asked_of,
    figures,
    find,
    listing,
    observations,
)
from shanshui.platform.review.freeze_verify import Fault, differences, verify
from shanshui.platform.review.frozen_rows import figures_digest
from shanshui.platform.review.periods import Span, span
from shanshui.platform.store.models import Freeze, FrozenFigure
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from shanshui.platform.store import Workspace

__all__ = [
    "STATUS",
    "Fault",
    "NotReady",
    "Prepared",
    "Standing",
    "asked_of",
    "differences",
    "figures",
    "find",
    "listing",
    "measured",
    "observations",
    "prepare",
    "take",
    "verify",
    "written",
]


class NotReady(ShanshuiError):
    """A period that is not in order is frozen only by somebody who says why.

    Attributes
    ----------
    problems : tuple of (str, str)
        What is not in order, in Chinese and in English.
    """

    def __init__(self, period: str, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        zh, en = ("；".join(part) for part in zip(*self.problems, strict=True))
        super().__init__(
            f"{period} 还不能定版：{zh}。确要定版，请加 --force 并写明理由 / "
            f"{period} is not ready: {en}. To freeze it so, say --force and why"
        )


def take(
    workspace: Workspace,
    period: str | Span,
    *,
    who: str,
    domain: str,
    roster: str | None = None,
    version: str | None = None,
    edition: str | None = None,
    force: str | None = None,
    note: str | None = None,
    today: date | None = None,
) -> Freeze:
    """Make a period final.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    period : str or Span
        ``2026-10``, ``2026-Q3`` or ``2026``.
    who : str
        The person who answers for it.
    domain : str
        ``air`` or ``water``.
    roster, version : str, optional
        Code and label; by default the roster in use, in the version of the period's last day.
    edition : str, optional
        By default the one in force on the period's last day.
    force : str, optional
        Why it is frozen although it is not in order.
    note : str, optional
        Whatever else.
    today : date, optional
        By default today on the clock of Asia/Shanghai.

    Returns
    -------
    Freeze
        The row, detached.

    Raises
    ------
    NotReady
        The period has not ended, values wait for review, or data lack, and `force` is not given.
    ShanshuiError
        It is frozen already, or there is no data, roster or edition.
    """
    when = span(period)
    with workspace.ledger.read() as session:
        used = rosters.used(session, domain, when.end, roster=roster, version=version)
        on = Standing.of(session, *used)
        _refuse_again(session, domain, when, on)
    made = prepare(workspace, when, domain=domain, on=on, edition=edition, today=today)
    if made.problems and not (force and force.strip()):
        raise NotReady(when.text, made.problems)
    with workspace.ledger.write(who=who, action="freeze", reason=force) as session:
        _refuse_again(session, domain, when, on)
        row = written(session, made, domain=domain, who=who, force=force, note=note)
        session.refresh(row)
        session.expunge(row)
    return row


def _refuse_again(session: Session, domain: str, when: Span, on: Standing) -> None:
    there = session.scalar(
        select(Freeze).where(
            Freeze.domain == domain,
            Freeze.period == when.text,
            Freeze.roster_id == on.roster_id,
            Freeze.current,
        )
    )
    if there is not None:
        raise ShanshuiError(
            f"{when.text}（{domain}，名单 {on.roster}）已由 {there.frozen_by} 定版；"
            "要改动请用更正：shanshui freeze correct / "
            f"{when.text} is frozen already, by {there.frozen_by}; to change it, make a "
            "correction: shanshui freeze correct"
        )


def written(
    session: Session,
    made: Prepared,
    *,
    domain: str,
    who: str,
    force: str | None = None,
    note: str | None = None,
    supersedes: Freeze | None = None,
) -> Freeze:
    """Write a freeze and its figures down, in a session that writes."""
    if supersedes is not None:
        supersedes.current = False
        session.flush()  # one is in force at a time, also within the transaction
    row = Freeze(
        domain=domain,
        period=made.span.text,
        start=made.span.start.isoformat(),
        end=made.span.end.isoformat(),
        roster_id=made.on.roster_id,
        roster_version_id=made.on.version_id,
        edition=made.edition,
        number=1 if supersedes is None else supersedes.number + 1,
        supersedes_id=None if supersedes is None else supersedes.id,
        lake_version=made.lake_version,
        as_of=made.asked.as_of,
        rows=made.checksum.rows,
        properties=dict(made.checksum.properties),
        digest=made.checksum.digest,
        figures_digest=figures_digest(made.lines),
        basis=str(made.basis),
        settings={"properties": list(made.asked.properties)},
        warnings=[zh for zh, _ in made.warnings] or None,
        forced=force if made.problems else None,
        frozen_by=who,
        note=note,
    )
    session.add(row)
    session.flush()
    session.add_all(FrozenFigure(freeze_id=row.id, **line) for line in made.lines)
    session.flush()
    return row

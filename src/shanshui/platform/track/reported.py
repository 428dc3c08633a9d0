"""The figures that are reported and published, as rows of one series with the monitored ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import or_, select

from shanshui.platform.plans.targets import indicator_of, region_of
from shanshui.platform.store import Workspace
from shanshui.platform.store.models import (
    Indicator,
    PublishedFigure,
    Region,
    ReportedFigure,
    ReportForm,
    ReportLine,
)
from shanshui.platform.track.periods import period_of
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Ledger

BASIS = ("roster", "state", "dust", "edition", "formula")
"""Fields of a `shanshui.standards.Basis` that a figure bears."""
STATES = {"draft": "草稿", "submitted": "已报", "accepted": "已审", "returned": "退回"}
"""States of a reported figure, and what they are called."""
PUBLISHED = "公布"
"""What the status of a published figure is called."""
SCHEMA: dict[str, Any] = {
    "indicator": pl.String,
    "region": pl.String,
    "period": pl.String,
    "value": pl.String,
    "unit": pl.String,
    "source": pl.String,
    "status": pl.String,
    **dict.fromkeys(BASIS, pl.String),
    "confidence": pl.String,
    "ref": pl.String,
    "at": pl.Datetime("us", "UTC"),
    "derived": pl.Boolean,
    "published": pl.String,
}
"""Columns of a figure row."""

Names = str | Collection[str] | None


def figures(
    ledger: Ledger | Workspace,
    indicator: Names = None,
    region: Names = None,
    period: Names = None,
    as_of: datetime | None = None,
    *,
    states: Collection[str] = ("accepted",),
    bounds: bool = False,
) -> pl.DataFrame:
    """Give reported and published figures.

    Parameters
    ----------
    ledger : Ledger or Workspace
        Where they are.
    indicator, region : str or list of str, optional
        Codes or names.
    period : str or list of str, optional
        ``2026``, ``2026-Q3``, ``2026-10``, ``2026-01/2026-10``.
    as_of : datetime.datetime, optional
        Aware: what counted at this moment, by the time of acceptance and of loading; by default
        what counts now.
    states : list of str
        Of reported figures: ``accepted``, and before it ``draft``, ``submitted``, ``returned``,
        which have no history and are left out where `as_of` is given.
    bounds : bool
        Whether published bounds and round figures (…以上, …左右) are wanted too.

    Returns
    -------
    polars.DataFrame
        ``indicator``, ``region`` (codes), ``period``, ``value`` (text, digits as written),
        ``unit``, ``source`` (reported or published), ``status`` (草稿, 已报, 已审, 退回; 公布),
        ``roster``, ``state``, ``dust``, ``edition``, ``formula`` (口径; null where not stated),
        ``confidence`` (A, B, C of published ones), ``ref`` (``reported:17``, or the title of the
        source), ``at`` (UTC, when it was recorded), ``derived`` (computed from a published one),
        ``published`` (the day, as far as it is known). A report without a value is left out.

    Raises
    ------
    ShanshuiError
        An indicator, a region or a period is not known, or `as_of` has no time zone.
    """
    book = ledger.ledger if isinstance(ledger, Workspace) else ledger
    with book.read() as session:
        return frame(session, indicator, region, period, as_of, states=states, bounds=bounds)


def frame(
    session: Session,
    indicator: Names = None,
    region: Names = None,
    period: Names = None,
    as_of: datetime | None = None,
    *,
    states: Collection[str] = ("accepted",),
    bounds: bool = False,
) -> pl.DataFrame:
    """Give reported and published figures within a session; see `figures`."""
    if as_of is not None and as_of.tzinfo is None:
        raise ShanshuiError(f"时刻缺时区：{as_of} / a moment needs its zone: {as_of}")
    asked = _asked(session, indicator, region, period)
    rows = [
        *_reported(session, asked, as_of, states),
        *_published(session, asked, as_of, bounds=bounds),
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def series(
    workspace: Workspace,
    indicator: str,
    region: str,
    *,
    period: str | None = None,
    as_of: datetime | None = None,
) -> pl.DataFrame:
    """Give all figures of an indicator in a region: monitored, reported and published.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    indicator, region : str
        Code or name.
    period : str, optional
        Of this period only.
    as_of : datetime.datetime, optional
        What was known at this moment.

    Returns
    -------
    polars.DataFrame
        The columns of `figures`, ordered by period and source; each row has its own basis (口径),
        and rows on different bases stand beside each other.
    """
    from shanshui.platform.assess import results

    with workspace.ledger.read() as session:
        what, where = indicator_of(session, indicator).code, region_of(session, region).code
    told = figures(workspace, what, where, period, as_of)
    measured = results.figures(workspace, what, where, period, as_of)
    every = pl.concat([told, measured], how="diagonal_relaxed")
    return every.sort("period", "source", "at", maintain_order=True)


def names(ledger: Ledger | Workspace, rows: pl.DataFrame) -> dict[str, str]:
    """Return what the ledger calls the indicators and regions of figure rows, by their codes."""
    book = ledger.ledger if isinstance(ledger, Workspace) else ledger
    what = rows["indicator"].unique().to_list()
    where = rows["region"].unique().to_list()
    with book.read() as session:
        indicators = session.scalars(select(Indicator).where(Indicator.code.in_(what)))
        regions = session.scalars(select(Region).where(Region.code.in_(where)))
        return {row.code: row.name for row in indicators} | {row.code: row.name for row in regions}


Asked = dict[str, list[str] | None]


def _asked(session: Session, indicator: Names, region: Names, period: Names) -> Asked:
    def every(given: Names) -> list[str] | None:
        return None if given is None else [given] if isinstance(given, str) else list(given)

    what, where, when = every(indicator), every(region), every(period)
    return {
        "indicator": what and [indicator_of(session, one).code for one in what],
        "region": where and [region_of(session, one).code for one in where],
        "period": when and [period_of(one).text for one in when],
    }


def _within(query: Any, asked: Asked, **columns: Any) -> Any:
    for name, column in columns.items():
        wanted = asked[name]
        if wanted is not None:
            query = query.where(column.in_(wanted))
    return query


def _reported(
    session: Session, asked: Asked, as_of: datetime | None, states: Collection[str]
) -> list[tuple[Any, ...]]:
    query: Any = (
        select(ReportedFigure, ReportLine, ReportForm.period)
        .join(ReportLine, ReportLine.id == ReportedFigure.line_id)
        .join(ReportForm, ReportForm.id == ReportLine.form_id)
        .where(ReportedFigure.value.is_not(None))
        .order_by(
            ReportLine.indicator_code, ReportLine.region_code, ReportForm.period, ReportedFigure.id
        )
    )
    query = _within(
        query,
        asked,
        indicator=ReportLine.indicator_code,
        region=ReportLine.region_code,
        period=ReportForm.period,
    )
    accepted = ReportedFigure.state == "accepted"
    if as_of is not None:
        query = query.where(accepted, ReportedFigure.accepted_at <= as_of).where(
            or_(ReportedFigure.superseded_at.is_(None), ReportedFigure.superseded_at > as_of)
        )
    else:
        query = query.where(
            ReportedFigure.state.in_(states), ReportedFigure.superseded_at.is_(None)
        )
    found: Sequence[tuple[ReportedFigure, ReportLine, str]] = session.execute(query).all()
    return [
        (
            line.indicator_code,
            line.region_code,
            period,
            format(row.value, "f"),
            line.unit,
            "reported",
            STATES[row.state],
            *((row.basis or {}).get(name) for name in BASIS),
            None,
            f"reported:{row.id}",
            row.accepted_at or row.submitted_at or row.filled_at,
            False,
            None,
        )
        for row, line, period in found
    ]


def _published(
    session: Session, asked: Asked, as_of: datetime | None, *, bounds: bool
) -> list[tuple[Any, ...]]:
    model = PublishedFigure
    query = _within(
        select(model).order_by(
            model.indicator_code, model.region_code, model.period, model.source_title, model.id
        ),
        asked,
        indicator=model.indicator_code,
        region=model.region_code,
        period=model.period,
    )
    if not bounds:
        query = query.where(~model.bound)
    if as_of is not None:
        query = query.where(
            model.recorded_at <= as_of,
            or_(model.superseded_at.is_(None), model.superseded_at > as_of),
        )
    else:
        query = query.where(model.superseded_at.is_(None))
    found: Iterable[PublishedFigure] = session.scalars(query)
    return [
        (
            row.indicator_code,
            row.region_code,
            row.period,
            format(row.value, "f"),
            row.unit,
            "published",
            PUBLISHED,
            *((row.basis or {}).get(name) for name in BASIS),
            row.confidence,
            row.source_title,
            row.recorded_at,
            row.derived,
            row.published,
        )
        for row in found
    ]

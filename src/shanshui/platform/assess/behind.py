"""The daily values that percentiles stand on, as they were when the figures were computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import polars as pl
from sqlalchemy import select

from shanshui.air.events import tables
from shanshui.air.statistics import PERCENTILES, daily_figure
from shanshui.platform.assess import results
from shanshui.platform.assess.air import DOMAIN, MARKS
from shanshui.platform.assess.air_figures import fingerprints, wanted
from shanshui.platform.assess.layers import LIVE, Frozen, frozen, layer_of_days, moment_of
from shanshui.platform.assess.tables import DAYS, newest
from shanshui.platform.assess.terms import term
from shanshui.platform.store.models import Roster, RosterVersion
from shanshui.progress.shares import percentile
from shanshui.standards.editions import edition
from shanshui.standards.rounding import round_half_even

if TYPE_CHECKING:
    from shanshui.platform.store import Workspace

Row = dict[str, Any]

OF_GROUP = "为各市百分位数的平均，不能按天计算余量"
NOT_KEPT = "没有留存其逐日值，运行 shanshui assess 后才能按天计算余量"
FEW = "有效天不足一年，不能作为走势"
CHANGED = "留存的逐日值与该结果不符，重新运行 shanshui assess 后才能按天计算余量"


@dataclass(frozen=True)
class Behind:
    """What is behind a percentile.

    Attributes
    ----------
    percent : int
        Which one.
    daily : tuple of float
        The valid daily values of the place, rounded as they enter the percentile.
    why_not : str
        Why there are none; empty where there are.
    """

    percent: int
    daily: tuple[float, ...] = ()
    why_not: str = ""


def behind(
    workspace: Workspace, figures: pl.DataFrame, *, as_of: date | datetime | None = None
) -> dict[str, Behind]:
    """Give the daily values that percentiles of one place stand on.

    The days that are kept may be other than those that a figure was computed from. So they are
    given only where their fingerprint is that of the result, and where their percentile comes to
    the result's value, to the last digit. Those of a whole year have to be as many as a year's
    figure needs, also where the figure is one of 1—12月.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    figures : polars DataFrame
        ``indicator, region, period, ref`` (id of the result).
    as_of : date or aware datetime, optional
        As in `results.read`.

    Returns
    -------
    dict
        By ``ref``; a figure that is no percentile of the results is left out.
    """
    what, where, when = (figures[name].unique() for name in ("indicator", "region", "period"))
    items = {one.code: one.item for one in wanted() if one.column.endswith(_endings())}
    rows = results.read(
        workspace, indicator=what, region=where, period=when.to_list(), as_of=as_of
    ).filter(
        pl.col("id").is_in(figures["ref"].unique().to_list()),
        pl.col("indicator").is_in(list(items)),
        pl.col("value").is_not_null(),
    )
    rows = rows.with_columns(item=pl.col("indicator").replace_strict(items))
    found = {
        row["id"]: Behind(PERCENTILES[row["item"]], why_not=OF_GROUP)
        for row in rows.filter(pl.col("days_valid").is_null()).iter_rows(named=True)
    }
    own = rows.filter(pl.col("days_valid").is_not_null())
    if own.is_empty():
        return found
    shelf = _Shelf(workspace, own, None if as_of is None else moment_of(as_of))
    # What is alike is read and rounded at once: in most workspaces it is all of one sort.
    alike = ["roster", "freeze", "dust", "edition", "item"]
    for (roster, freeze, dust, judged_by, item), part in own.group_by(alike, maintain_order=True):
        days = shelf.days(str(roster), None if freeze is None else str(freeze))
        if dust is None:  # the workspace has no events: marks were no part of what entered
            days = days.drop(MARKS)
        of = part.select("region", "period", "id", "value", "days_valid", "inputs", "start", "end")
        found |= _checked(days, of, str(item), str(judged_by), kept=dust in (None, _kept()))
    return found


def _endings() -> tuple[str, ...]:
    return tuple(f"{item}_p{percent}" for item, percent in PERCENTILES.items())


def _kept() -> str:
    return str(tables()["dust"]["kept"]["basis"])


class _Shelf:
    """The days that are kept for results, as far as they are of their rosters and regions."""

    def __init__(self, workspace: Workspace, rows: pl.DataFrame, upto: datetime | None) -> None:
        codes = [text.partition("@")[0] for text in rows["roster"].unique()]
        with workspace.ledger.read() as session:
            query = (
                select(Roster.code, RosterVersion.label, RosterVersion.id, Roster.id)
                .join(Roster, Roster.id == RosterVersion.roster_id)
                .where(Roster.domain == DOMAIN, Roster.code.in_(codes))
            )
            known = session.execute(query).all()
        self.versions = {f"{code}@{label}": number for code, label, number, _ in known}
        rosters = {code: roster for code, _, _, roster in known}
        self.frozen = {c: frozen(workspace, DOMAIN, n, upto) for c, n in rosters.items()}
        self.first = date.fromisoformat(min(rows["start"]))
        self.last = date.fromisoformat(max(rows["end"]))
        kept = (
            results.shelf(workspace)
            .read(DAYS, list(range(self.first.year, self.last.year + 1)))
            .filter(
                pl.col("roster_version").is_in(list(self.versions.values())),
                pl.col("region").is_in(rows["region"].unique().to_list()),
            )
        )
        if upto is not None and rows["as_of"].is_null().all():
            kept = kept.filter(pl.col("at") <= upto)  # what stood then stands on days of then
        self.rows = newest(kept.collect()).with_columns(pl.col("date").str.to_date())

    def days(self, roster: str, freeze: str | None) -> pl.DataFrame:
        """Give the days by which a period of a roster was assessed.

        Of a freeze that covers the period those of the freeze; else each day's of the freeze that
        holds it, and live where none does.
        """
        if roster not in self.versions:
            return self.rows.clear()
        every = self.frozen[roster.partition("@")[0]]
        if freeze is not None:
            held: Sequence[Frozen] = [one for one in every if one.text == freeze]
            if not held:
                return self.rows.clear()
        else:
            held = every
        versions = {one.id: one.version_id for one in held} | {LIVE: self.versions[roster]}
        layers = layer_of_days(held, self.first, self.last).with_columns(
            roster_version=pl.col("layer").replace_strict(versions, return_dtype=pl.Int64)
        )
        if freeze is not None:
            layers = layers.filter(pl.col("layer") != LIVE)
        return self.rows.join(layers, on=["date", "layer", "roster_version"], how="semi")


def _checked(
    days: pl.DataFrame, of: pl.DataFrame, item: str, judged_by: str, *, kept: bool
) -> dict[str, Behind]:
    """Round the days as the statistics do, and see whether they are those of the results."""
    percent, judged = PERCENTILES[item], edition("air", judged_by)
    days = days.sort("region", "date")
    marks = fingerprints(days, [term(text) for text in of["period"].unique()])
    of = of.join(
        marks.select("region", "period", now="inputs"), on=["region", "period"], how="left"
    )
    rounded = nw.from_native(days).with_columns(
        daily_figure(item, days.schema[item], judged).alias("daily")
    )
    days = rounded.to_native().filter(pl.col("daily").is_not_null())
    if not kept:
        days = days.filter(pl.col(f"excluded_{item}").is_null())
    values: dict[Any, tuple[list[str], list[float]]] = {
        region: (dates, daily)
        for region, dates, daily in days.group_by("region")
        .agg(pl.col("date").cast(pl.String), "daily")
        .rows()
    }
    found = {}
    for row in of.iter_rows(named=True):
        dates, daily = values.get(row["region"], ([], []))
        inside = tuple(
            value
            for day, value in zip(dates, daily, strict=True)
            if row["start"] <= day <= row["end"]
        )
        if row["now"] is None:
            found[row["id"]] = Behind(percent, why_not=NOT_KEPT)
        elif row["now"] != row["inputs"] or not _same(row, percent, inside):
            found[row["id"]] = Behind(percent, why_not=CHANGED)
        elif row["end"].endswith("-12-31") and len(inside) < judged.parameter("year_days_min"):
            found[row["id"]] = Behind(percent, why_not=FEW)
        else:
            found[row["id"]] = Behind(percent, inside)
    return found


def _same(row: Row, percent: int, daily: Sequence[float]) -> bool:
    """Whether days come to the value of a result."""
    if len(daily) != row["days_valid"]:
        return False
    said = Decimal(row["value"])
    digits = -int(said.as_tuple().exponent)
    return round_half_even(percentile(sorted(daily), percent), digits) == said

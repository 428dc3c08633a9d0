"""Items for what a person names by station, property and span: a batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
from sqlalchemy import select

from shanshui.platform.review.items import SAID, items_named, labelled, review_named, values_of
from shanshui.platform.review.queue import SERIES, make_item, properties_of
from shanshui.platform.store.lake_tables import KEY
from shanshui.platform.store.models import Review, ReviewItem
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Workspace


def batch(
    workspace: Workspace,
    review: int | str,
    *,
    who: str,
    start: datetime,
    end: datetime,
    stations: Sequence[str],
    properties: Sequence[str] | None = None,
    missing: int | None = None,
    valued: bool = False,
) -> list[int]:
    """Return the items that hold all values of some stations and properties in a span.

    What is not in the queue is added to it, an item for each station and property. An item of which
    only a part lies in the span is parted, unless it was decided.

    Parameters
    ----------
    workspace : Workspace
        With the review.
    review : int or str
        Its number, or domain and period.
    who : str
        The person who asks.
    start, end : datetime
        Times from `start` to `end`, both included (ends of periods, clock of Asia/Shanghai).
    stations : list of str
        Stations.
    properties : list of str, optional
        By default all of the domain.
    missing : int, optional
        Seconds of a period: times at this cadence of which the lake has no row are added as well,
        to be back-filled. Needs `properties`.
    valued : bool
        Leave out items without any value: there is nothing in them to withdraw or correct.

    Returns
    -------
    list of int
        Numbers of the items, in order of station, property and time.

    Raises
    ------
    ShanshuiError
        The span is not of the review, an item that was decided lies across its edge, or there is
        nothing in it.
    """
    with workspace.ledger.read() as session:
        domain = review_named(session, review).domain
    if missing is not None and not properties:
        raise ShanshuiError("补录须指明项目 / name the properties to back-fill")
    wanted = list(properties) if properties else properties_of(workspace, domain)
    with workspace.ledger.write(who=who, action="review batch") as session:
        one = review_named(session, review)
        session.refresh(one, with_for_update=True)
        _inside(one, start, end)
        held = _held(session, one, stations, wanted, start, end)
        _part(session, held, start, end)
        chosen = [item for item in held if _spans(item, start, end)]
        rows = (
            workspace.lake.observations(stations, wanted, start - timedelta(microseconds=1), end)
            .select(*KEY, *SAID)
            .collect()
        )
        if missing is not None:
            rows = _with_missing(rows, stations, wanted, start, end, missing)
        rows = rows.filter(pl.col("state").ne_missing("corrected"))
        rows = rows.join(values_of(held).select(KEY), on=KEY, how="anti").sort(*SERIES, "time")
        for part in rows.partition_by(SERIES, maintain_order=True):
            item = make_item(one.id, part, "added")
            session.add(item)
            chosen.append(item)
        session.flush()
        if valued:
            chosen = [item for item in chosen if any(row[1] is not None for row in item.seen)]
        if not chosen:
            raise ShanshuiError(
                f"{'、'.join(stations)} 在 {start}—{end} 没有数据 / "
                f"no data of {', '.join(stations)} from {start} to {end}"
            )
        chosen.sort(key=lambda item: (item.station, item.property, item.first))
        return [item.id for item in chosen]


def values_for(
    workspace: Workspace, items: Sequence[int], table: pl.DataFrame
) -> dict[int, dict[datetime, float]]:
    """Return the new values of items, each by its time, from a table.

    Parameters
    ----------
    workspace : Workspace
        With the review.
    items : list of int
        Numbers of the items.
    table : polars DataFrame
        ``time`` and ``value``; ``station`` and ``property`` where the items are of several.

    Raises
    ------
    ShanshuiError
        A column is missing, a row is of none of the items, or is there twice.
    """
    missing = [name for name in ("time", "value") if name not in table.columns]
    if missing:
        raise ShanshuiError(
            f"新值表缺列 {'、'.join(missing)} / the table of new values lacks {', '.join(missing)}"
        )
    on = [name for name in ("station", "property") if name in table.columns]
    with workspace.ledger.read() as session:
        seen = values_of(items_named(session, items).values())
    if seen.select(*SERIES[:2]).n_unique() > 1 and len(on) < 2:
        raise ShanshuiError(
            "条目不止一个站点或项目，新值表须有 station、property 列 / the items are of several "
            "stations or properties: the table of new values needs these columns"
        )
    kinds: dict[str, pl.DataType] = {name: pl.String() for name in on}
    kinds |= {"time": seen.schema["time"], "value": pl.Float64()}
    try:
        if table.schema["time"] == pl.String:
            times = [datetime.fromisoformat(t.replace("/", "-")) for t in table["time"]]
            table = table.with_columns(pl.Series("time", times))
        rows = table.select(pl.col(name).cast(kind) for name, kind in kinds.items())
    except (pl.exceptions.PolarsError, ValueError, AttributeError) as error:
        raise ShanshuiError(
            "新值表的 time 应如 2026-10-03 09:00，value 应为数 / in the table of new values "
            f"time is such as 2026-10-03 09:00 and value a number ({error})"
        ) from None
    both = rows.join(seen.select("item", *on, "time"), on=[*on, "time"], how="left")
    for at, row in enumerate(both.iter_rows(named=True), start=1):
        if row["item"] is None or row["value"] is None:
            raise ShanshuiError(
                f"新值表第 {at} 行（{row['time']}）不属于所选条目，或没有值 / "
                f"row {at} of the table of new values ({row['time']}) is of none of the items, or "
                "has no value"
            )
    if rows.select(*on, "time").is_duplicated().any():
        raise ShanshuiError("新值表有重复的时间 / a time is twice in the table of new values")
    found: dict[int, dict[datetime, float]] = {}
    for item, time, value in both.select("item", "time", "value").iter_rows():
        found.setdefault(item, {})[time] = value
    return found


def _inside(review: Review, start: datetime, end: datetime) -> None:
    if start > end:
        raise ShanshuiError(f"开始晚于结束：{start} > {end} / the start is after the end")
    if start.isoformat() <= review.start or end.isoformat() > review.end:
        raise ShanshuiError(
            f"{start}—{end} 不全在审核 {review.id} 的时段（{review.period}）里 / "
            f"{start} to {end} is not within {review.period}, the period of review {review.id}"
        )


def _held(
    session: Session,
    review: Review,
    stations: Sequence[str],
    properties: Sequence[str],
    start: datetime,
    end: datetime,
) -> list[ReviewItem]:
    query = select(ReviewItem).where(
        ReviewItem.review_id == review.id,
        ReviewItem.station.in_(stations),
        ReviewItem.property.in_(properties),
        ReviewItem.first <= end.isoformat(),
        ReviewItem.last >= start.isoformat(),
    )
    return list(session.scalars(query))


def _spans(item: ReviewItem, start: datetime, end: datetime) -> bool:
    return item.first >= start.isoformat() and item.last <= end.isoformat()


def _part(session: Session, held: list[ReviewItem], start: datetime, end: datetime) -> None:
    """Cut the items that lie across an edge; what lies outside becomes items of their own."""
    first, last = start.isoformat(), end.isoformat()
    for item in list(held):
        if _spans(item, start, end):
            continue
        if item.decision_id is not None:
            raise ShanshuiError(
                f"{labelled(item)} 已有决定，又只有一部分在所选时段里；先撤销，或选整段 / "
                f"{labelled(item)} was decided and lies only partly in the span: undo it first, or "
                "choose all of it"
            )
        outside = [
            [row for row in item.seen if row[0] < first],
            [row for row in item.seen if row[0] > last],
        ]
        inside = [row for row in item.seen if first <= row[0] <= last]
        if not inside:  # the span lies in a hole of the item
            held.remove(item)
            continue
        for rows in outside:
            if rows:
                rest = ReviewItem(
                    **{
                        name: getattr(item, name)
                        for name in (
                            *("review_id", "station", "property", "period", "origin", "level"),
                            "why",
                        )
                    },
                    stage=0,
                )
                _fill(rest, rows)
                session.add(rest)
        _fill(item, inside)
    session.flush()


def _fill(item: ReviewItem, rows: list[list[object]]) -> None:
    item.seen, item.count = rows, len(rows)
    item.first, item.last = str(rows[0][0]), str(rows[-1][0])


def _with_missing(
    rows: pl.DataFrame,
    stations: Sequence[str],
    properties: Sequence[str],
    start: datetime,
    end: datetime,
    period: int,
) -> pl.DataFrame:
    """Add the times of which there is no row."""
    count = int((end - start).total_seconds()) // period
    times = [start + timedelta(seconds=period * n) for n in range(count + 1)]
    kinds = {name: rows.schema[name] for name in KEY}
    every = [(s, p, t, period) for s in stations for p in properties for t in times]
    keys = pl.DataFrame(every, schema=kinds, orient="row")
    return pl.concat([rows, keys.join(rows, on=KEY, how="anti")], how="diagonal")

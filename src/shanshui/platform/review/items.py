"""Items of the review as rows of observations: as they were seen, and as the lake has them now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import select

from shanshui.platform.store.lake_tables import KEY, LONG
from shanshui.platform.store.models import Review, ReviewDecision, ReviewItem
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from shanshui.platform.store.lake import Lake

SAID = ("value", "flag", "state")
VALUES = {"item": pl.Int64(), **{name: LONG[name] for name in (*KEY, *SAID)}}
"""Columns of the values of items."""
_MANY = 500  # ids that one statement names


def clock(time: datetime) -> str:
    """Write a time of the lake as the ledger keeps it."""
    return time.isoformat()


def rows_of(frame: pl.DataFrame) -> list[list[Any]]:
    """Return values as an item keeps them: time, value, flag, state."""
    return [
        [clock(time), value, flag, state]
        for time, value, flag, state in frame.select("time", *SAID).iter_rows()
    ]


def values_of(items: Iterable[ReviewItem]) -> pl.DataFrame:
    """Return the values of items as they were when they were queued; see `VALUES`."""
    rows = [
        (one.id, one.station, one.property, datetime.fromisoformat(time), one.period, *said)
        for one in items
        for time, *said in one.seen
    ]
    return pl.DataFrame(rows, schema=VALUES, orient="row")


def now_in(lake: Lake, keys: pl.DataFrame) -> pl.DataFrame:
    """Return what the lake has at some keys, ``state`` being null where it has no row.

    Parameters
    ----------
    lake : Lake
        The observations.
    keys : polars DataFrame
        With the columns of a key, each once; other columns are kept but for those of `SAID`.
    """
    rest = keys.drop(SAID, strict=False)
    if keys.is_empty():
        return rest.with_columns(pl.lit(None, LONG[name]).alias(name) for name in SAID)
    first, last = keys.select(a=pl.col("time").min(), b=pl.col("time").max()).row(0)
    found = (
        lake.observations(
            stations=keys["station"].unique().to_list(),
            properties=keys["property"].unique().to_list(),
            start=first - timedelta(microseconds=1),
            end=last,
        )
        .join(keys.lazy().select(KEY), on=KEY, how="semi")
        .select(*KEY, *SAID)
        .collect()
    )
    return rest.join(found, on=KEY, how="left", maintain_order="left")


def differing(seen: pl.DataFrame, current: pl.DataFrame) -> set[int]:
    """Return the items whose values or flags are no longer those that were seen."""
    both = seen.join(current.select(*KEY, *SAID), on=KEY, how="left", suffix="_now")
    moved = pl.any_horizontal(
        pl.col(name).ne_missing(pl.col(f"{name}_now")) for name in ("value", "flag")
    )
    return set(both.filter(moved)["item"].unique())


def pieces(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Cut many ids into as many as one statement takes."""
    for at in range(0, len(ids), _MANY):
        yield ids[at : at + _MANY]


def reviews_of(session: Session, ids: Sequence[int]) -> list[int]:
    """Return the numbers of the reviews that items are of."""
    found: set[int] = set()
    for some in pieces(list(ids)):
        query = select(ReviewItem.review_id).where(ReviewItem.id.in_(some)).distinct()
        found |= set(session.scalars(query))
    return sorted(found)


def items_named(session: Session, ids: Sequence[int]) -> dict[int, ReviewItem]:
    """Return items by id."""
    found: dict[int, ReviewItem] = {}
    for some in pieces(list(dict.fromkeys(ids))):
        rows = session.scalars(select(ReviewItem).where(ReviewItem.id.in_(some)))
        found |= {one.id: one for one in rows}
    return found


def standing(session: Session, ids: Sequence[int]) -> dict[int, list[ReviewDecision]]:
    """Return the decisions of items that stand, those of the first stage first."""
    found: dict[int, list[ReviewDecision]] = {one: [] for one in ids}
    for some in pieces(list(found)):
        rows = session.scalars(
            select(ReviewDecision)
            .where(ReviewDecision.item_id.in_(some), ReviewDecision.standing)
            .where(ReviewDecision.kind != "undo")
            .order_by(ReviewDecision.id)
        )
        for one in rows:
            found[one.item_id].append(one)
    return found


def review_named(session: Session, named: int | str) -> Review:
    """Find a review by its number, or as ``air 2026-10`` (domain, period).

    Raises
    ------
    ShanshuiError
        There is none.
    """
    text = str(named).strip()
    query = select(Review)
    if text.isdigit():
        found = session.get(Review, int(text))
    else:
        domain, _, period = text.partition(" ")
        found = session.scalar(query.where(Review.domain == domain, Review.period == period))
    if found is None:
        rows = session.scalars(query.order_by(Review.id))
        known = "、".join(f"{one.id}（{one.domain} {one.period}）" for one in rows) or "—"
        raise ShanshuiError(
            f"没有审核“{text}”；现有：{known}；用 shanshui review open 建立 / "
            f'no review "{text}"; there are {known}; open one with shanshui review open'
        )
    return found


def labelled(item: ReviewItem) -> str:
    """Say which values an item is, for people."""
    times = item.first.replace("T", " ")[:16]
    if item.count > 1:
        times += f"—{item.last.replace('T', ' ')[:16]}（{item.count}）"
    return f"#{item.id} {item.station} {item.property} {times}"

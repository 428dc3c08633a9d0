"""The queue of the review (审核): values that were flagged, and a random sample of the rest."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import select, text

from shanshui.platform.ingest.measures import measures
from shanshui.platform.review.decisions import take_back
from shanshui.platform.review.items import (
    SAID,
    differing,
    now_in,
    rows_of,
    standing,
    values_of,
)
from shanshui.platform.review.periods import span
from shanshui.platform.review.reasons import course
from shanshui.platform.store.lake_tables import KEY
from shanshui.platform.store.models import Property, Review, ReviewItem
from shanshui.quality import FLAGGED
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Workspace

SERIES = ("station", "property", "period")
_DOWN = pl.col("time") - pl.duration(seconds=pl.col("period"))


@dataclass(frozen=True)
class Opened:
    """What is in a review after it was opened.

    Attributes
    ----------
    review : int
        Its number.
    new : bool
        Whether it was opened now, and not brought up to date.
    seed : str
        With which the sample was drawn.
    population, sampled : int
        Values that no rule flagged, and how many of them were drawn in all.
    flagged, flagged_items : int
        Flagged values in the review, and the items they make up.
    added : int
        Items that are new.
    changed : int
        Items whose values had changed: they begin again.
    """

    review: int
    new: bool
    seed: str
    population: int
    sampled: int
    flagged: int
    flagged_items: int
    added: int
    changed: int


def open(  # noqa: A001 - what is done with a review
    workspace: Workspace,
    period: str,
    domain: str,
    *,
    who: str,
    sample: str | float | Decimal = "0.05",
    seed: str | int | None = None,
    stations: Sequence[str] | None = None,
    properties: Sequence[str] | None = None,
) -> Opened:
    """Open the review of a domain in a period, or bring an open one up to date.

    Every value that a rule of quality control flagged (``lake.flags``) is queued, those that follow
    one another under the same rules as one item; also hours that a gap leaves out. Of the rest a
    share is drawn. Values that were reviewed or corrected before are left out.

    Parameters
    ----------
    workspace : Workspace
        Its lake is read, nothing of it is changed.
    period : str
        ``2026-10``, ``2026-Q4`` or ``2026``.
    domain : str
        ``air``, ``weather``, ``water``, ``noise`` or ``soil``.
    who : str
        The person who opens it.
    sample : str or number
        Share of the values without a flag that is drawn, 0 to 1. A review that is there keeps its
        own.
    seed : str or int, optional
        With which it is drawn: the values whose ``seed|station|property|time|period`` have the
        smallest SHA-256. By default domain and period, so that anybody can draw it again.
    stations, properties : list of str, optional
        Only these now; by default all of the domain.

    Returns
    -------
    Opened

    Raises
    ------
    ShanshuiError
        There is no such domain or period, another review covers a part of it, or the lake has
        nothing there.

    Notes
    -----
    Opened a second time it queues what came since: new flags, and the share of values that came
    late. An item that is not decided to the end and whose value in the lake has changed begins
    again; decisions on it are taken back and stay in the audit trail.
    """
    when = span(period)
    course(workspace.settings, domain)
    share = _share(sample)
    start, end = when.times
    wanted = list(properties) if properties else properties_of(workspace, domain)
    with workspace.ledger.write(who=who, action="review open") as session:
        review, new = _review(session, workspace, domain, when.text, start, end, share, seed, who)
        held = list(session.scalars(select(ReviewItem).where(ReviewItem.review_id == review.id)))
        changed = _refresh(session, workspace, review, held, who)
        version = workspace.lake.version
        rows = _rows(workspace, stations, wanted, start, end)
        if rows.is_empty() and new:
            raise ShanshuiError(
                f"{when.text} 没有 {domain} 的监测数据；先导入 / "
                f"the lake has no data of {domain} in {when.text}: take some in first"
            )
        known = values_of(held).select(KEY)
        flags = _flags(workspace, stations, wanted, start, end)
        flagged = _flagged(rows, flags, end).join(known, on=KEY, how="anti")
        rest = rows.filter(pl.col("state") == "raw", pl.col("value").is_not_null())
        rest = rest.join(flags.select(KEY), on=KEY, how="anti").join(known, on=KEY, how="anti")
        drawn_before = sum(
            one.origin == "sampled"
            and one.property in wanted
            and (not stations or one.station in stations)
            for one in held
        )
        population = rest.height + drawn_before
        most = _rounded_up(Decimal(review.share) * population) - drawn_before
        made = [
            *_stretches(review.id, flagged),
            *(_sampled(review.id, _draw(rest, review.seed, most))),
        ]
        session.add_all(made)
        if made or new:
            review.population, review.lake_version = population, version
        session.flush()
        held += made
        return Opened(
            review.id,
            new,
            review.seed,
            population,
            sum(one.count for one in held if one.origin == "sampled"),
            sum(one.count for one in held if one.origin == "flagged"),
            sum(one.origin == "flagged" for one in held),
            len(made),
            changed,
        )


def properties_of(workspace: Workspace, domain: str) -> list[str]:
    """Return the properties of a domain: those of the catalogue and of the workspace."""
    codes = {code for code, one in measures().items() if one.medium == domain}
    with workspace.ledger.read() as session:
        codes |= set(session.scalars(select(Property.code).where(Property.medium == domain)))
    return sorted(codes)


def _share(said: str | float | Decimal) -> Decimal:
    try:
        share = Decimal(str(said))
    except InvalidOperation:
        share = Decimal(-1)
    if not 0 <= share <= 1:
        raise ShanshuiError(
            f"抽查比例应在 0 与 1 之间，得到 {said} / the share of the sample must be from 0 to 1, "
            f"got {said}"
        )
    return share


def _rounded_up(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_CEILING))


def _review(
    session: Session,
    workspace: Workspace,
    domain: str,
    period: str,
    start: datetime,
    end: datetime,
    share: Decimal,
    seed: str | int | None,
    who: str,
) -> tuple[Review, bool]:
    """Return the review that is there, or a new one."""
    if not workspace.ledger.sqlite:  # where a writer of SQLite has the whole file to himself
        session.execute(text("LOCK TABLE reviews IN SHARE ROW EXCLUSIVE MODE"))
    same = session.scalars(
        select(Review).where(
            Review.domain == domain,
            Review.start < end.isoformat(),
            Review.end > start.isoformat(),
        )
    )
    for one in same:
        if one.period == period:
            session.refresh(one, with_for_update=True)  # nobody decides meanwhile
            return one, False
        raise ShanshuiError(
            f"审核 {one.id}（{one.period}）已包括 {period} 的一部分；一个值只在一次审核里 / "
            f"review {one.id} ({one.period}) covers a part of {period}; a value is in one review "
            "only"
        )
    stages = course(workspace.settings, domain)
    review = Review(
        domain=domain,
        period=period,
        start=start.isoformat(),
        end=end.isoformat(),
        stages=list(stages.stages),
        distinct=stages.distinct,
        share=share,
        seed=f"{domain} {period}" if seed is None else str(seed),
        opened_by=who,
    )
    session.add(review)
    session.flush()
    return review, True


# ------------------------------------------------------------------------------ what is in the lake


def _rows(
    workspace: Workspace,
    stations: Sequence[str] | None,
    properties: Sequence[str],
    start: datetime,
    end: datetime,
) -> pl.DataFrame:
    """Return the current rows, in order."""
    return (
        workspace.lake.observations(stations, properties, start, end)
        .select(*KEY, *SAID)
        .collect()
        .sort(KEY)
    )


def _flags(
    workspace: Workspace,
    stations: Sequence[str] | None,
    properties: Sequence[str],
    start: datetime,
    end: datetime,
) -> pl.DataFrame:
    """Return the flags of each value: its rules in order, their levels and details."""
    flags = workspace.lake.flags(stations, properties, start, end)
    return (
        flags.filter(pl.col("level").is_in(FLAGGED))
        .collect()
        .sort(*KEY, "rule")
        .group_by(KEY, maintain_order=True)
        .agg(pl.col("rule"), pl.col("level").alias("levels"), pl.col("detail"))
    )


def _flagged(rows: pl.DataFrame, flags: pl.DataFrame, end: datetime) -> pl.DataFrame:
    """Join flags to values; a flag without a row stands for all hours up to the next row."""
    there = flags.join(rows, on=KEY, how="left", maintain_order="left")
    absent = there.filter(pl.col("state").is_null())
    there = there.filter(pl.col("state") == "raw")
    if absent.is_empty():
        return there
    following = rows.select(*SERIES, "time").with_columns(pl.col("time").alias("_next"))
    gaps = (
        absent.sort("time")
        .join_asof(
            following.sort("time"),
            on="time",
            by=list(SERIES),
            strategy="forward",
            check_sortedness=False,
        )
        .with_columns(
            # To the next row, or where none follows the one hour that was flagged.
            _last=pl.coalesce(pl.col("_next") - pl.duration(seconds=pl.col("period")), "time")
        )
        .with_columns(_last=pl.max_horizontal("time", pl.min_horizontal("_last", pl.lit(end))))
    )
    every = gaps.with_columns(
        time=pl.struct("time", "_last", "period").map_elements(
            _steps, return_dtype=pl.List(pl.Datetime("us"))
        )
    ).explode("time", empty_as_null=True, keep_nulls=True)
    every = every.select(there.columns).unique(KEY, keep="first", maintain_order=True)
    # Hours of a gap that have a row or a flag of their own speak for themselves.
    every = every.join(rows.select(KEY), on=KEY, how="anti")
    return pl.concat([there, every]).sort(KEY)


def _steps(row: dict[str, Any]) -> list[datetime]:
    step = timedelta(seconds=row["period"])
    count = (row["_last"] - row["time"]) // step
    return [row["time"] + n * step for n in range(count + 1)]


# ---------------------------------------------------------------------------------------- the items


def _stretches(review: int, flagged: pl.DataFrame) -> Iterable[ReviewItem]:
    """Make an item of values that follow one another under the same rules."""
    if flagged.is_empty():
        return []
    rows = flagged.sort(*SERIES, "time").with_columns(
        _rules=pl.col("rule").list.join(","), _missing=pl.col("value").is_null()
    )
    alike = pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(name).shift()) for name in (*SERIES, "_rules", "_missing")
    )
    follows = (pl.col("time").shift() == _DOWN).fill_null(value=False)
    rows = rows.with_columns(_run=(~(alike & follows)).cum_sum())
    return [
        _item(review, part, "flagged", _why(part))
        for part in rows.partition_by("_run", maintain_order=True)
    ]


def _why(part: pl.DataFrame) -> list[dict[str, Any]]:
    """Say what the rules say of some values."""
    first = part.row(0, named=True)
    ranks: dict[str, str] = {}
    for rules, levels in part.select("rule", "levels").iter_rows():
        for rule, level in zip(rules, levels, strict=True):
            ranks[rule] = min(ranks.get(rule, level), level, key=_worst)
    return [
        {"rule": rule, "level": ranks[rule], "detail": detail, "count": part.height}
        for rule, detail in zip(first["rule"], first["detail"], strict=True)
    ]


def _worst(level: str) -> int:
    return {"fail": 0, "suspect": 1, "missing": 2}.get(level, 3)


def _item(
    review: int, part: pl.DataFrame, origin: str, why: list[dict[str, Any]] | None = None
) -> ReviewItem:
    head = part.row(0, named=True)
    rows = rows_of(part)
    levels = [one["level"] for one in why or ()]
    return ReviewItem(
        review_id=review,
        station=head["station"],
        property=head["property"],
        period=head["period"],
        first=rows[0][0],
        last=rows[-1][0],
        count=len(rows),
        origin=origin,
        level=min(levels, key=_worst) if levels else None,
        why=why or [],
        seen=rows,
        stage=0,
    )


def make_item(review: int, part: pl.DataFrame, origin: str) -> ReviewItem:
    """Make an item of values of one series, in order of time."""
    return _item(review, part, origin)


def _sampled(review: int, drawn: pl.DataFrame) -> Iterable[ReviewItem]:
    return [_item(review, drawn[at : at + 1], "sampled") for at in range(drawn.height)]


def _draw(rest: pl.DataFrame, seed: str, most: int) -> pl.DataFrame:
    """Draw values: those with the smallest digests, in whatever order they stand."""
    if most <= 0 or rest.is_empty():
        return rest.clear()
    named = rest.select(
        pl.concat_str(
            pl.lit(seed),
            "station",
            "property",
            pl.col("time").dt.strftime("%Y-%m-%dT%H:%M:%S"),
            "period",
            separator="|",
        )
    ).to_series()
    digests = (
        (hashlib.sha256(name.encode()).digest(), at) for at, name in enumerate(named.to_list())
    )
    chosen = sorted(at for _, at in heapq.nsmallest(most, digests))
    return rest[chosen]


def _refresh(
    session: Session, workspace: Workspace, review: Review, held: list[ReviewItem], who: str
) -> int:
    """Let items begin again whose values in the lake have changed meanwhile."""
    under_way = [one for one in held if one.stage < len(review.stages)]
    seen = values_of(under_way)
    current = now_in(workspace.lake, seen)
    moved = differing(seen, current)
    if not moved:
        return 0
    news = {
        key[0]: part
        for key, part in current.filter(pl.col("item").is_in(moved)).group_by(
            "item", maintain_order=True
        )
    }
    stacks = standing(session, sorted(moved))
    for one in under_way:
        if one.id in moved:
            take_back(
                session,
                one,
                stacks[one.id],
                len(stacks[one.id]),
                who=who,
                note="原始值已变 the raw value has changed",
            )
            one.seen = rows_of(news[one.id])
    session.flush()
    return len(moved)

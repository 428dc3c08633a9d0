"""What is in the queue, in words: for lists on the screen and for the workbook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shanshui.platform.ingest.measures import measures
from shanshui.platform.review.items import items_named, pieces, review_named
from shanshui.platform.review.judging import described
from shanshui.platform.review.reasons import KINDS, reasons, stage_named, stage_words
from shanshui.platform.store.models import Evidence, Review, ReviewDecision, ReviewItem, Station
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Workspace

Row = dict[str, Any]
ORIGINS = {"flagged": "质控标记", "sampled": "抽查", "added": "人工加入"}
LEVELS = {"fail": "不合格", "suspect": "存疑", "missing": "缺测"}
DONE = "done"


def reviews(workspace: Workspace) -> list[Row]:
    """List the reviews, the latest period first.

    Returns
    -------
    list of dict
        review (its number), domain, period, items, values, flagged, sampled, added (items of each
        origin), waiting (items by the code of the stage that they wait for), done (items decided to
        the end), pending (decisions that have to go to the lake), share, seed, population,
        opened_by, opened_at.
    """
    with workspace.ledger.read() as session:
        found = session.scalars(select(Review).order_by(Review.start.desc(), Review.id))
        return [_review(session, one) for one in found]


def _review(session: Session, one: Review) -> Row:
    counts = session.execute(
        select(ReviewItem.origin, ReviewItem.stage, ReviewItem.count).where(
            ReviewItem.review_id == one.id
        )
    ).all()
    stages = Counter(stage for _, stage, _ in counts)
    origins = Counter(origin for origin, _, _ in counts)
    pending = session.scalars(
        select(ReviewDecision.id).where(
            ReviewDecision.review_id == one.id, ReviewDecision.state == "pending"
        )
    ).all()
    return {
        "review": one.id,
        "domain": one.domain,
        "period": one.period,
        "items": len(counts),
        "values": sum(count for _, _, count in counts),
        **{origin: origins[origin] for origin in ORIGINS},
        "waiting": {code: stages[at] for at, code in enumerate(one.stages)},
        "done": stages[len(one.stages)],
        "pending": len(pending),
        "share": str(one.share),
        "seed": one.seed,
        "population": one.population,
        "opened_by": one.opened_by,
        "opened_at": one.opened_at.isoformat(timespec="seconds"),
    }


def queue(
    workspace: Workspace,
    review: int | str,
    *,
    stage: str | None = None,
    stations: Sequence[str] = (),
    properties: Sequence[str] = (),
    origin: str | None = None,
) -> list[Row]:
    """List the items of a review.

    Parameters
    ----------
    workspace : Workspace
        With the review.
    review : int or str
        Its number, or domain and period.
    stage : str, optional
        Only those that wait for this stage; ``done`` for those decided to the end.
    stations, properties : list of str
        Only these.
    origin : str, optional
        ``flagged``, ``sampled`` or ``added``.

    Returns
    -------
    list of dict
        item, version, station, station_name, property, property_name, unit, first, last, period,
        count, value (null where there are several or none), value_zh, flag, origin, level, why,
        why_en, stage (for which it waits, or ``done``), decision (kind), reason, decided_by,
        decision_zh, decision_en, new_value.
    """
    with workspace.ledger.read() as session:
        one = review_named(session, review)
        query = select(ReviewItem).where(ReviewItem.review_id == one.id)
        if stage is not None:
            at = (
                len(one.stages)
                if stage == DONE
                else one.stages.index(stage_named(stage, one.stages))
            )
            query = query.where(ReviewItem.stage == at)
        if stations:
            query = query.where(ReviewItem.station.in_(stations))
        if properties:
            query = query.where(ReviewItem.property.in_(properties))
        if origin:
            query = query.where(ReviewItem.origin == origin)
        order = (ReviewItem.station, ReviewItem.property, ReviewItem.first)
        items = session.scalars(query.order_by(*order)).all()
        return list(_entries(session, one, items))


def _entries(session: Session, review: Review, items: Sequence[ReviewItem]) -> Iterable[Row]:
    names = dict(session.execute(select(Station.code, Station.name)).all())
    stands = _last(session, [one.decision_id for one in items if one.decision_id])
    for one in items:
        yield _entry(review, one, stands.get(one.decision_id or 0), names)


def _last(session: Session, ids: Sequence[int]) -> dict[int, ReviewDecision]:
    found: dict[int, ReviewDecision] = {}
    for some in pieces(ids):
        rows = session.scalars(select(ReviewDecision).where(ReviewDecision.id.in_(some)))
        found |= {row.id: row for row in rows}
    return found


def _entry(
    review: Review, one: ReviewItem, last: ReviewDecision | None, names: Mapping[str, str]
) -> Row:
    measure = measures().get(one.property)
    values = [row[1] for row in one.seen if row[1] is not None]
    flags = list(dict.fromkeys(row[2] for row in one.seen if row[2]))
    zh, en = _words(one.why)
    told = described(last) if last else (None, None)
    new = last.written[0][1] if last and len(last.written) == 1 else None
    return {
        "item": one.id,
        "version": one.version,
        "station": one.station,
        "station_name": names.get(one.station),
        "property": one.property,
        "property_name": measure.name if measure else one.property,
        "unit": measure.unit if measure else None,
        "first": one.first,
        "last": one.last,
        "period": one.period,
        "count": one.count,
        "value": values[0] if one.count == 1 and values else None,
        "value_zh": _value(one.count, values),
        "flag": ",".join(flags) or None,
        "origin": one.origin,
        "level": one.level,
        "why": zh or None,
        "why_en": en or None,
        "stage": review.stages[one.stage] if one.stage < len(review.stages) else DONE,
        "decision": last.kind if last else None,
        "reason": last.reason if last else None,
        "decided_by": last.who if last else None,
        "decision_zh": told[0],
        "decision_en": told[1],
        "new_value": new,
    }


def _value(count: int, values: Sequence[float]) -> str:
    if not values:
        return "缺测" if count == 1 else f"{count} 个缺测"
    if count == 1:
        return f"{values[0]:g}"
    low, high = min(values), max(values)
    range_ = f"{low:g}" if low == high else f"{low:g}—{high:g}"
    return f"{count} 个，{range_}"


def _words(why: Iterable[Mapping[str, Any]]) -> tuple[str, str]:
    zh, en = [], []
    for one in why:
        left, _, right = str(one["detail"] or one["rule"]).partition(" / ")
        level = LEVELS.get(one["level"], one["level"])
        zh.append(level if left == level else f"{level}：{left}")
        en.append(f"{one['level']}: {right or left}")
    return "；".join(zh), "; ".join(en)


def show(workspace: Workspace, item: int) -> Row:
    """Return all that is known of an item.

    Returns
    -------
    dict
        The fields of `queue`; ``values``: a list of time, value, flag, state; ``history``: its
        decisions in order, with id, stage, kind, reason, note, evidence (path in the workspace),
        before, written, undoes, standing, state, transaction, via, who, at.

    Raises
    ------
    ShanshuiError
        There is no such item.
    """
    with workspace.ledger.read() as session:
        one = items_named(session, [item]).get(item)
        if one is None:
            raise ShanshuiError(f"没有条目 #{item} / there is no item #{item}")
        review = session.get_one(Review, one.review_id)
        entry = next(iter(_entries(session, review, [one])))
        history = session.scalars(
            select(ReviewDecision).where(ReviewDecision.item_id == item).order_by(ReviewDecision.id)
        )
        steps = [_step(session, each) for each in history]
        values = [
            dict(zip(("time", "value", "flag", "state"), row, strict=True)) for row in one.seen
        ]
    return entry | {"values": values, "history": steps}


def _step(session: Session, one: ReviewDecision) -> Row:
    from pathlib import Path

    proof = session.get(Evidence, one.evidence_sha256) if one.evidence_sha256 else None
    reason = reasons().get(one.reason or "")
    return {
        "id": one.id,
        "stage": one.stage,
        "stage_zh": stage_words(one.stage)[0],
        "kind": one.kind,
        "kind_zh": KINDS[one.kind][0],
        "reason": one.reason,
        "reason_zh": reason.zh if reason else None,
        "note": one.note,
        "evidence": proof.name if proof else None,
        "evidence_file": f"evidence/{proof.sha256}{Path(proof.name).suffix.lower()}"
        if proof
        else None,
        "before": one.before,
        "written": one.written,
        "undoes": one.undoes_id,
        "standing": one.standing,
        "state": one.state,
        "transaction": one.transaction,
        "via": one.via,
        "who": one.who,
        "at": one.at.isoformat(timespec="seconds"),
    }

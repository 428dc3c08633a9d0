"""Decide what stands in the queue: keep, correct, withdraw (剔除), back-fill (补录), and undo.

The lake changes once the last stage has decided: until then a value is what was received, so that
its state ``reviewed`` always means a review that was gone through to its end, and raw values that
come meanwhile are seen and not outranked. From then on raw values sent again stay behind it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import select

from shanshui import quality
from shanshui.platform.review.applying import apply
from shanshui.platform.review.evidence import Kept, keep, note_down
from shanshui.platform.review.items import (
    clock,
    differing,
    items_named,
    labelled,
    now_in,
    reviews_of,
    standing,
    values_of,
)
from shanshui.platform.review.judging import Case, Choice, Refusal, Verdict, judge, told
from shanshui.platform.review.reasons import stage_named
from shanshui.platform.store.lake_tables import KEY, LONG
from shanshui.platform.store.models import Freeze, Review, ReviewDecision, ReviewItem, now
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Workspace
    from shanshui.platform.store.lake import Lake

__all__ = ["Choice", "Outcome", "Refusal", "decide", "take_back", "undo"]


@dataclass(frozen=True)
class Outcome:
    """What became of choices.

    Attributes
    ----------
    decisions : list of int
        Numbers of the decisions that were made, in the order of the choices.
    refused : list of Refusal
        Choices that were not taken, each with who stands against it or what it lacks.
    transaction : str or None
        The name of all of them, by which they can be undone at once.
    values : int
        Values that went to the lake.
    final : list of str
        Periods among theirs that have been made final (定版): their figures stay until they are
        corrected by a document.
    """

    decisions: list[int]
    refused: list[Refusal]
    transaction: str | None
    values: int
    final: list[str] = field(default_factory=list)


def decide(
    workspace: Workspace,
    choices: Iterable[Choice],
    *,
    who: str,
    stage: str,
    via: str = "python",
    dry_run: bool = False,
) -> Outcome:
    """Decide items at a stage.

    Each choice is taken or refused by itself: what is in order counts, what is not comes back with
    its reason. All that is taken is one transaction.

    Parameters
    ----------
    workspace : Workspace
        With the review.
    choices : iterable of Choice
        What is decided.
    who : str
        The person who decides.
    stage : str
        The stage at which he sits, e.g. ``first`` or ``初审``. An item that has gone beyond it was
        decided by another, and is refused with who, when and what.
    via : str
        How it was told, for the audit trail.
    dry_run : bool
        Only say what would be refused.

    Returns
    -------
    Outcome

    Raises
    ------
    ShanshuiError
        A review has no such stage, or the lake cannot be written (the decisions are in the ledger
        then, and `apply` finishes them).
    """
    chosen, who = list(choices), who.strip()
    if not dry_run:
        apply(workspace, who=who)
    files = _files(workspace, chosen, copy=not dry_run)
    name = secrets.token_hex(12)
    with workspace.ledger.write(who=who, action=f"review {_action(chosen, via)}") as session:
        cases, refused = _cases(session, workspace.lake, chosen, files, who, stage)
        verdicts = []
        strange = _implausible(cases)
        for case in cases:
            found = judge(case, strange.get(case.item.id))
            if isinstance(found, Refusal):
                refused.append(found)
            else:
                verdicts.append((case, found))
        refused.sort(key=lambda one: one.position)
        if dry_run or not verdicts:
            session.rollback()
            return Outcome([0] * len(verdicts) if dry_run else [], refused, None, 0)
        used = {case.choice.evidence for case, _ in verdicts}
        note_down(
            session,
            (one for path, one in files.items() if isinstance(one, Kept) and path in used),
            who,
        )
        made = [_made(case, verdict, who, name, via) for case, verdict in verdicts]
        session.add_all(made)
        session.flush()
        for one, (case, _) in zip(made, verdicts, strict=True):
            case.item.stage += 1
            case.item.decision_id = one.id
        session.flush()
        numbers = [one.id for one in made]
        final = _final(session, [case.item for case, _ in verdicts if case.last])
    return Outcome(numbers, refused, name, apply(workspace, who=who).values, final)


def undo(
    workspace: Workspace,
    *,
    who: str,
    note: str,
    items: Sequence[int] = (),
    transaction: str | None = None,
    via: str = "python",
    seen: Mapping[int, int | None] | None = None,
) -> Outcome:
    """Take back the last decision on items, or all decisions of one transaction.

    Nothing is deleted: an undo is a decision of its own. Where the lake had been changed, the
    newest value that was received counts again, as reviewed, until the item is decided anew.

    Parameters
    ----------
    workspace : Workspace
        With the review.
    who : str
        The person who takes it back.
    note : str
        Why.
    items : sequence of int
        Items whose last decision is taken back.
    transaction : str, optional
        The transaction whose decisions are taken back, those with a later decision above them
        excepted.
    via : str
        How it was told.
    seen : mapping, optional
        Versions of items that the person had before him; another is refused.

    Raises
    ------
    ShanshuiError
        There is no word why, or neither items nor a transaction.
    """
    who = who.strip()
    if not note.strip():
        raise ShanshuiError("撤销须写明原因 / say why a decision is taken back")
    apply(workspace, who=who)
    name = secrets.token_hex(12)
    refused: list[Refusal] = []
    with workspace.ledger.write(who=who, action="review undo", reason=note) as session:
        ids = list(dict.fromkeys(items))
        if transaction is not None:
            query = select(ReviewDecision.item_id).where(
                ReviewDecision.transaction == transaction, ReviewDecision.kind != "undo"
            )
            ids = list(session.scalars(query.order_by(ReviewDecision.id)))
        if not ids:
            raise ShanshuiError(
                "没有可撤销的决定；指明条目或批次 / nothing to take back: name items or a "
                "transaction"
            )
        _hold(session, ids)
        found = items_named(session, ids)
        stacks = standing(session, list(found))
        made: list[tuple[ReviewItem, list[ReviewDecision]]] = []
        for position, number in enumerate(ids):
            item, stack = found.get(number), stacks.get(number, [])
            known = (seen or {}).get(number)
            if item is None or not stack:
                refused.append(_nothing(position, number, item))
            elif known is not None and known != item.version:
                words = told(item, stack[-1], "看过之后已变——")
                refused.append(Refusal(position, number, "changed", *words))
            elif transaction is not None and stack[-1].transaction != transaction:
                refused.append(
                    Refusal(position, number, "decided", *told(item, stack[-1], "其后又有决定——"))
                )
            else:
                made.append((item, stack))
        back = _received(
            workspace.lake, [stack[-1] for _, stack in made if stack[-1].state != "noted"]
        )
        news = []
        for item, stack in made:
            rows = back.get(stack[-1].id)
            news += take_back(
                session, item, stack, 1, who=who, note=note, via=via, name=name, back=rows
            )
        session.flush()
        done = [one.id for one in news]
        final = _final(session, [item for item, stack in made if stack[-1].id in back])
    values = apply(workspace, who=who).values
    return Outcome(done, refused, name if done else None, values, final)


def take_back(
    session: Session,
    item: ReviewItem,
    stack: Sequence[ReviewDecision],
    count: int,
    *,
    who: str,
    note: str,
    via: str = "python",
    name: str | None = None,
    back: list[list[Any]] | None = None,
) -> list[ReviewDecision]:
    """Take back the last decisions of an item, the newest first.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        A session of ``ledger.write``.
    item : ReviewItem
        The item.
    stack : sequence of ReviewDecision
        Its decisions that stand, the first stage first.
    count : int
        How many of them.
    who, note, via : str
        Who, why, and how it was told.
    name : str, optional
        The transaction.
    back : list, optional
        Time, value, flag and state to which the lake goes back, where it had been changed.
    """
    kept = stack[: len(stack) - count]
    made = []
    for one in reversed(stack[len(kept) :]):
        one.standing = False
        made.append(
            ReviewDecision(
                **{k: getattr(one, k) for k in ("review_id", "item_id", "station", "property")},
                period=one.period,
                stage=one.stage,
                kind="undo",
                note=note,
                before=[[*row, None] for row in one.written],
                written=[row[:3] for row in back or ()],
                undoes_id=one.id,
                state="noted" if back is None else "pending",
                transaction=name or secrets.token_hex(12),
                via=via,
                who=who,
                at=now(),
            )
        )
    session.add_all(made)
    item.stage = len(kept)
    item.decision_id = kept[-1].id if kept else None
    if back is not None:
        item.seen = [[*row[:3], "reviewed"] for row in back]
    return made


# ----------------------------------------------------------------------------------------- helpers


def _action(chosen: Sequence[Choice], via: str) -> str:
    if via == "excel":
        return "import"
    kinds = {one.kind for one in chosen}
    return next(iter(kinds)) if len(kinds) == 1 else "decide"


def _files(
    workspace: Workspace, chosen: Sequence[Choice], *, copy: bool
) -> dict[str, Kept | ShanshuiError]:
    """Keep the files of evidence, before the ledger speaks of them."""
    found: dict[str, Kept | ShanshuiError] = {}
    for path in {one.evidence for one in chosen if one.evidence}:
        try:
            found[path] = keep(workspace, path, copy=copy)
        except ShanshuiError as error:
            found[path] = error
        except OSError as error:
            found[path] = ShanshuiError(f"读不了 {path}：{error} / cannot read {path}: {error}")
    return found


def _hold(session: Session, ids: Sequence[int]) -> dict[int, Review]:
    """Lock the reviews of items, so that two who decide at once come one after the other."""
    numbers = reviews_of(session, ids)
    query = select(Review).where(Review.id.in_(numbers)).order_by(Review.id).with_for_update()
    return {one.id: one for one in session.scalars(query)}


def _cases(
    session: Session,
    lake: Lake,
    chosen: Sequence[Choice],
    files: dict[str, Kept | ShanshuiError],
    who: str,
    stage: str,
) -> tuple[list[Case], list[Refusal]]:
    """Put together what each choice is judged by."""
    ids = [one.item for one in chosen]
    reviews = _hold(session, ids)
    items = items_named(session, ids)
    stages = {one.id: stage_named(stage, one.stages) for one in reviews.values()}
    stacks = standing(session, list(items))
    seen = values_of(items.values())
    current = now_in(lake, seen)
    moved = differing(seen, current)
    final = set(current.filter(pl.col("state") == "corrected")["item"].unique())
    cases, refused = [], []
    taken: set[int] = set()
    for position, choice in enumerate(chosen):
        item = items.get(choice.item)
        if item is None:
            refused.append(
                Refusal(
                    position,
                    choice.item,
                    "unknown",
                    f"没有条目 #{choice.item}",
                    f"there is no item #{choice.item}",
                )
            )
            continue
        if item.id in taken:
            refused.append(
                Refusal(
                    position,
                    item.id,
                    "twice",
                    f"{labelled(item)} 在本次出现两次",
                    f"{labelled(item)} is there twice",
                )
            )
            continue
        taken.add(item.id)
        review = reviews[item.review_id]
        cases.append(
            Case(
                position,
                choice,
                item,
                review,
                stages[review.id],
                stacks[item.id],
                who,
                files.get(choice.evidence or ""),
                moved=item.id in moved,
                corrected=item.id in final,
            )
        )
    return cases, refused


def _final(session: Session, items: Sequence[ReviewItem]) -> list[str]:
    """Name the periods of items that have been made final."""
    if not items:
        return []
    domains = set(
        session.scalars(select(Review.domain).where(Review.id.in_({i.review_id for i in items})))
    )
    freezes = session.scalars(select(Freeze).where(Freeze.current, Freeze.domain.in_(domains)))
    return sorted(
        {
            one.period
            for one in freezes
            # An hour that ends at midnight is of the day before; a day more is no harm to tell of.
            if any(one.start <= i.last[:10] and i.first[:10] <= one.end for i in items)
        }
    )


def _implausible(cases: Sequence[Case]) -> dict[int, str]:
    """Say which new values cannot be: a slip of unit, as a rule."""
    rows = [
        (case.item.id, case.item.property, time, case.item.period, number)
        for case in cases
        for time, number in case.new_values.items()
    ]
    if not rows:
        return {}
    kinds = {"station": pl.Int64(), **{n: LONG[n] for n in ("property", "time", "period", "value")}}
    frame = pl.DataFrame(rows, schema=kinds, orient="row")
    flags = quality.check(frame, tests=["gross_range", "negative"], levels=["fail"])
    return dict(flags.select("station", "detail").iter_rows())


def _made(case: Case, verdict: Verdict, who: str, name: str, via: str) -> ReviewDecision:
    item = case.item
    return ReviewDecision(
        review_id=item.review_id,
        item_id=item.id,
        station=item.station,
        property=item.property,
        period=item.period,
        stage=case.stage,
        kind=verdict.kind,
        reason=verdict.reason,
        note=verdict.note,
        evidence_sha256=verdict.evidence,
        evidence_required=verdict.required,
        before=item.seen,
        written=verdict.written,
        state="pending" if case.last else "noted",
        transaction=name,
        via=via,
        who=who,
        at=now(),
    )


def _nothing(position: int, number: int, item: ReviewItem | None) -> Refusal:
    if item is None:
        return Refusal(
            position, number, "unknown", f"没有条目 #{number}", f"there is no item #{number}"
        )
    return Refusal(
        position,
        number,
        "nothing",
        f"{labelled(item)} 没有可撤销的决定",
        f"{labelled(item)}: nothing to take back",
    )


def _received(lake: Lake, tops: Sequence[ReviewDecision]) -> dict[int, list[list[Any]]]:
    """Return the values to which the lake goes back: the newest received, also if sent since."""
    back = {top.id: [list(row) for row in top.before] for top in tops}
    raw = {
        (top.station, top.property, row[0], top.period): row
        for top in tops
        for row in back[top.id]
        if row[3] in (None, "raw")
    }
    if not raw:
        return back
    from datetime import datetime, timedelta

    times = [datetime.fromisoformat(key[2]) for key in raw]
    newest = (
        lake.revisions(
            sorted({key[0] for key in raw}),
            sorted({key[1] for key in raw}),
            min(times) - timedelta(microseconds=1),
            max(times),
        )
        .filter(pl.col("state") == "raw")
        .sort("recorded_from")
        .unique(KEY, keep="last", maintain_order=True)
        .select(*KEY, "value", "flag")
        .collect()
    )
    for station, prop, time, period, value, flag in newest.iter_rows():
        row = raw.get((station, prop, clock(time), period))
        if row is not None:
            row[1:3] = [value, flag]
    return back

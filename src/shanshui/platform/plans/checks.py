"""Checks of the plans in the ledger: what is uncovered, in conflict, or cannot be followed up."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from shanshui.plan.coverage import Uncovered, coverage
from shanshui.platform.plans import comparing
from shanshui.platform.plans.comparing import RULES, Finding, Promise
from shanshui.platform.plans.documents import plan_text
from shanshui.platform.store.models import (
    AnnualTarget,
    Assignment,
    Commitment,
    Document,
    Indicator,
    Project,
    Region,
    RegionMember,
)
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Ledger


class Span(NamedTuple):
    """A place in the text of a document."""

    start: int
    end: int


@dataclass(frozen=True)
class _Book:
    """What the checks look at."""

    promises: list[Promise]
    annual: list[Promise]
    around: dict[str, dict[str, bool]]


def check(
    ledger: Ledger, codes: Collection[str] = (), rules: Collection[str] = ()
) -> list[Finding]:
    """Examine the plans in force.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    codes : collection of str
        Plans whose findings are asked for; by default all. They are compared with all others.
    rules : collection of str
        Rules to apply, by the keys of `RULES`; by default all.

    Returns
    -------
    list of Finding
        The gravest first, then by plan.

    Raises
    ------
    ShanshuiError
        A plan is not in the ledger, a rule is unknown.
    """
    if strange := set(rules) - RULES.keys():
        raise ShanshuiError(
            f"没有检查“{'、'.join(sorted(strange))}”，有 {'、'.join(RULES)} / "
            f"no check {', '.join(sorted(strange))}; there are {', '.join(RULES)}"
        )
    with ledger.read() as session:
        return findings(session, codes, rules or RULES)


def findings(
    session: Session, codes: Collection[str] = (), rules: Collection[str] = RULES
) -> list[Finding]:
    """Examine the plans in force in an open session; see `check`."""
    documents = _documents(session)
    if missing := set(codes) - documents.keys():
        raise ShanshuiError(
            f"台账里没有规划 {'、'.join(sorted(missing))} / "
            f"no plan {', '.join(sorted(missing))} in the ledger"
        )
    found: list[Finding] = []
    if "coverage" in rules:
        for code in codes or documents:
            found += _coverage(session, documents[code])
    book = _Book(_promises(session, documents.values()), _annual(session), _around(session))
    for rule in (
        comparing.conflicts,
        comparing.bases,
        comparing.baselines,
        comparing.units,
    ):
        found += rule([*book.promises, *book.annual])
    found += comparing.weaker([*book.promises, *book.annual], book.around)
    found += comparing.open_ends(book.promises)
    found += comparing.unmeasured(book.promises)
    found += comparing.unset(book.promises, book.annual)
    kept = [one for one in found if one.rule in rules and (not codes or _concerns(one, codes))]
    return sorted(kept, key=lambda one: (one.rank, one.document, one.rule, one.subject))


def _concerns(finding: Finding, codes: Collection[str]) -> bool:
    return bool({finding.document, *finding.documents} & set(codes))


def uncovered(session: Session, document: Document) -> list[Uncovered]:
    """List the clauses of a document that look like commitments and ended in no item.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    document : Document
        One with its text.

    Returns
    -------
    list of shanshui.plan.Uncovered
        In the order of the text. What a person has rejected was seen, and counts as covered.
    """
    source = plan_text(document)
    if source is None:
        return []
    spans = [
        Span(start, end)
        for model in (Commitment, Project)
        for start, end in session.execute(
            select(model.start, model.end).where(model.document_id == document.id)
        )
        if start is not None and end is not None
    ]
    return coverage(source, spans)


def _coverage(session: Session, document: Document) -> list[Finding]:
    left = uncovered(session, document)
    if not left:
        return []
    return [
        Finding(
            "coverage",
            document.code,
            document.code,
            f"{len(left)}处带数字、时间或承诺动词的话没有读成条目",
            f"{len(left)} clauses with numbers, dates or verbs of commitment ended in no item",
            places=tuple((one.start, one.end, one.quote) for one in left),
        )
    ]


# --------------------------------------------------------------------------- out of the ledger


def _documents(session: Session) -> dict[str, Document]:
    rows = session.scalars(select(Document).where(Document.current).order_by(Document.code))
    return {row.code: row for row in rows}


def _promises(session: Session, documents: Iterable[Document]) -> list[Promise]:
    codes = {document.id: document.code for document in documents}
    owned = set(session.scalars(select(Assignment.item)))
    rows = session.execute(
        select(Commitment, Indicator.direction, Indicator.unit, Indicator.method)
        .outerjoin(Indicator, Indicator.code == Commitment.indicator_code)
        .where(Commitment.document_id.in_(codes), Commitment.status != "rejected")
        .order_by(Commitment.document_id, Commitment.position)
    )
    return [
        Promise(
            row.code,
            codes[row.document_id],
            row.kind,
            row.indicator,
            row.indicator_code,
            row.region,
            row.region_code,
            row.year,
            row.comparator,
            row.value,
            row.value_to,
            row.unit,
            row.base_year,
            row.base_value,
            row.stretch,
            row.basis,
            direction,
            unit,
            bool(method),
            row.code in owned,
        )
        for row, direction, unit, method in rows
    ]


def _annual(session: Session) -> list[Promise]:
    """Give the targets of the year; those of months answer to the year's."""
    rows = session.execute(
        select(AnnualTarget, Indicator, Region.name, Document.code)
        .join(Indicator, Indicator.code == AnnualTarget.indicator_code)
        .join(Region, Region.code == AnnualTarget.region_code)
        .outerjoin(Document, Document.id == AnnualTarget.document_id)
        .where(AnnualTarget.month == 0)
    )
    return [
        Promise(
            f"annual:{row.id}",
            document or row.source or "年度目标",
            "annual",
            indicator.name,
            indicator.code,
            region,
            row.region_code,
            row.year,
            row.comparator,
            row.value,
            None,
            row.unit or indicator.unit,
            row.base_year,
            None,
            False,
            row.basis,
            indicator.direction,
            indicator.unit,
            bool(indicator.method),
            True,
            answers=row.commitment,
        )
        for row, indicator, region, document in rows
    ]


def _around(session: Session) -> dict[str, dict[str, bool]]:
    """Give for each region those that it lies in, and whether each is a group."""
    places = session.execute(select(Region.code, Region.parent_code)).all()
    parents: dict[str, str | None] = {code: parent for code, parent in places}  # noqa: C416
    groups: dict[str, set[str]] = {}
    for group, member in session.execute(
        select(RegionMember.group_code, RegionMember.member_code).where(RegionMember.end.is_(None))
    ):
        groups.setdefault(member, set()).add(group)
    found: dict[str, dict[str, bool]] = {}
    for code, above in parents.items():
        chain, one = [code], above
        while one and one not in chain:
            chain.append(one)
            one = parents.get(one)
        around = dict.fromkeys(chain[1:], False)
        for place in chain:
            around |= dict.fromkeys(groups.get(place, ()), True)
        found[code] = around
    return found

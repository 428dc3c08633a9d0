"""Targets of years and months (年度目标): set, listed, resolved for what is 按省下达, proposed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from shanshui.plan.grammar import lexicon
from shanshui.platform.catalog.finding import find_indicator, find_region
from shanshui.platform.store.models import (
    AnnualTarget,
    Commitment,
    Document,
    Indicator,
    Region,
)
from shanshui.standards.errors import ShanshuiError
from shanshui.standards.rounding import round_half_even

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

COMPARATORS = {
    "<=": "≤",
    "<": "<",
    ">=": "≥",
    ">": ">",
    "=": "=",
    "~": "约",
    "increase_by": "提高",
    "decrease_by": "下降",
}
"""Comparators, and how lists write them."""
PATH = "直线推算"
"""Source of the values of years that were spread between a baseline and a goal."""
_CHANGES = ("increase_by", "decrease_by")
_SIGNS = {sign: code for code, sign in COMPARATORS.items()} | {
    "≦": "<=",
    "不超过": "<=",
    "不高于": "<=",
    "≧": ">=",
    "不低于": ">=",
    "不少于": ">=",
    "达到": ">=",
    "左右": "~",
    "增加": "increase_by",
    "上升": "increase_by",
    "降低": "decrease_by",
    "减少": "decrease_by",
    "等于": "=",
}
_VALUE = re.compile(r"(<=|>=|[≤≥≦≧<>=约]|不超过|不高于|不低于|不少于)?\s*(-?[\d,]+(?:\.\d+)?)\s*%?")


def comparator_of(text: str) -> str:
    """Return a comparator by its code or its sign.

    Examples
    --------
    >>> comparator_of("≤"), comparator_of("不低于"), comparator_of("increase_by")
    ('<=', '>=', 'increase_by')
    """
    plain = text.strip()
    if plain in COMPARATORS:
        return plain
    folded = unicodedata.normalize("NFKC", plain)
    for name in (plain, folded):
        if name in _SIGNS:
            return _SIGNS[name]
    if folded in COMPARATORS:
        return folded
    raise ShanshuiError(
        f"比较方式应为 {' '.join(COMPARATORS.values())}，得到“{text}” / "
        f"a comparator is one of {' '.join(COMPARATORS)}, got {text!r}"
    )


def exact(value: Any, what: str = "数值") -> Decimal:
    """Understand a number as it is written; its digits stay.

    Examples
    --------
    >>> exact("25.0"), exact("１,２００")
    (Decimal('25.0'), Decimal('1200'))
    """
    plain = unicodedata.normalize("NFKC", str(value)).strip().replace(",", "")
    try:
        number = Decimal(plain)
        if number.is_finite():
            return number
    except InvalidOperation:
        pass
    raise ShanshuiError(f"{what}应为数，得到“{value}” / a number is expected, got {value!r}")


def written(text: str) -> tuple[str | None, Decimal]:
    """Part ``≤25`` into comparator and value; without a sign the comparator is None.

    Examples
    --------
    >>> written("≤25.0"), written("72")
    (('<=', Decimal('25.0')), (None, Decimal('72')))
    """
    found = _VALUE.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if not found:
        raise ShanshuiError(
            f"数值应如 25 或 ≤25，得到“{text}” / a value is 25 or ≤25, got {text!r}"
        )
    return comparator_of(found[1]) if found[1] else None, exact(found[2])


def indicator_of(session: Session, text: str) -> Indicator:
    """Return an indicator of the ledger by its code or any of its names.

    Raises
    ------
    ShanshuiError
        None is called so; the nearest are named.
    """
    row = session.get(Indicator, text.strip()) or session.scalar(
        select(Indicator).where(Indicator.name == text.strip())
    )
    if row is None:
        code = find_indicator(text)["code"]
        row = session.get(Indicator, code)
        if row is None:
            raise ShanshuiError(
                f"台账的指标目录里没有 {code} / the ledger's catalogue has no indicator {code}"
            )
    return row


def region_of(session: Session, text: str, *, within: str | None = None) -> Region:
    """Return a region of the ledger by its code or any of its names.

    Raises
    ------
    ShanshuiError
        None is called so, or several are.
    """
    row = session.get(Region, text.strip())
    if row is None:
        own = list(session.scalars(select(Region).where(Region.name == text.strip())))
        if within is not None:
            own = [one for one in own if one.parent_code == within] or own
        if len(own) == 1:
            return own[0]
        code = find_region(text, within=within)["code"]
        row = session.get(Region, code)
        if row is None:
            raise ShanshuiError(
                f"台账的行政区目录里没有 {code} / the ledger's catalogue has no region {code}"
            )
    return row


# ------------------------------------------------------------------------------------ set and list


def set_target(
    session: Session,
    *,
    indicator: str,
    region: str,
    year: int,
    value: Decimal | str,
    comparator: str | None = None,
    month: int = 0,
    unit: str | None = None,
    source: str = "",
    document: str | None = None,
    commitment: str | None = None,
    base_year: int | None = None,
    basis: Mapping[str, Any] | None = None,
    note: str | None = None,
    parent_id: int | None = None,
) -> tuple[AnnualTarget, str]:
    """Set the value for a region and a year, or a month of it.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of `Ledger.write`.
    indicator, region : str
        Code or name.
    year : int
        The year.
    value : decimal.Decimal or str
        As the paper writes it, ``25.0``; with its sign, ``≤25.0``, where `comparator` is left out.
    comparator : str, optional
        ``<=``, ``<``, ``>=``, ``>``, ``=``, ``~``, ``increase_by`` or ``decrease_by``, or its sign;
        by default that of the value, else the better side of the indicator.
    month : int
        1 to 12; 0 for the whole year.
    unit : str, optional
        By default that of the indicator.
    source : str
        The paper or other ground; one value for each source.
    document : str, optional
        Code of the paper, where the ledger holds it.
    commitment : str, optional
        Code of the promise that this resolves or spreads.
    base_year : int, optional
        Of a change.
    basis : dict, optional
        口径.
    note : str, optional
        Whatever else.
    parent_id : int, optional
        The target that this is split from.

    Returns
    -------
    AnnualTarget
        The row.
    str
        ``new``, ``changed`` or ``same``.

    Raises
    ------
    ShanshuiError
        Something is not known, or the unit is another than the indicator's.
    """
    what = indicator_of(session, indicator)
    where = region_of(session, region)
    sign, number = (None, value) if isinstance(value, Decimal) else written(value)
    how = comparator_of(comparator) if comparator else sign or _side(what)
    paper = _paper(session, document)
    _check_time(year, month)
    key = {
        "indicator_code": what.code,
        "region_code": where.code,
        "year": year,
        "month": month,
        "source": source or (paper.title if paper else ""),
    }
    given: dict[str, Any] = {
        "comparator": how,
        "value": number,
        "unit": _unit(what, unit, how),
        "base_year": base_year,
        "document_id": paper.id if paper else None,
        "commitment": commitment,
        "basis": dict(basis) if basis else None,
        "note": note,
        "parent_id": parent_id,
    }
    row = session.scalar(select(AnnualTarget).filter_by(**key))
    if row is None:
        row = AnnualTarget(**key, **given)
        session.add(row)
        session.flush()
        return row, "new"
    # What is not said stays as it was; digits count, 20.0 is not 20.
    said = {name: new for name, new in given.items() if new is not None}
    changed = {n: v for n, v in said.items() if str(getattr(row, n)) != str(v)}
    for name, new in changed.items():
        setattr(row, name, new)
    session.flush()
    return row, "changed" if changed else "same"


def _check_time(year: int, month: int) -> None:
    if not 1949 <= year <= 2100:
        raise ShanshuiError(f"年份不对：{year} / not a year: {year}")
    if not 0 <= month <= 12:
        raise ShanshuiError(f"月份应为 1 到 12：{month} / a month is 1 to 12: {month}")


def _side(indicator: Indicator) -> str:
    sides = {"lower": "<=", "higher": ">="}
    if indicator.direction not in sides:
        raise ShanshuiError(
            f"指标“{indicator.name}”没有好坏方向，请写明比较方式，如 ≤25 / "
            f"{indicator.name} has no better side; say the comparator, e.g. ≤25"
        )
    return sides[indicator.direction]


def _paper(session: Session, code: str | None) -> Document | None:
    if code is None:
        return None
    paper = session.scalar(select(Document).where(Document.code == code, Document.current))
    if paper is None:
        raise ShanshuiError(f"台账里没有文件“{code}” / the ledger has no document {code}")
    return paper


def _unit(indicator: Indicator, unit: str | None, comparator: str) -> str | None:
    """Refuse a unit of another kind: mg/m3 where the indicator has µg/m3."""
    plain = unicodedata.normalize("NFKC", unit).strip() if unit else None
    plain = _unit_names().get(plain or "", plain)
    own = indicator.unit
    if plain is None:
        change = comparator in _CHANGES and own == "%"
        return None if change else own
    words = _measure_words()
    fits = (
        own in (None, plain)
        or (comparator in _CHANGES and plain in {"%", "pp"})
        or (own in words and plain in words)
    )
    if not fits:
        raise ShanshuiError(
            f"“{indicator.name}”的单位是 {own}，得到 {unit} / "
            f"the unit of {indicator.name} is {own}, got {unit}"
        )
    return plain


def _unit_names() -> dict[str, str]:
    return {
        unicodedata.normalize("NFKC", form): row["name"]
        for row in lexicon("units")["unit"]
        for form in row["forms"]
    }


def _measure_words() -> set[str]:
    return {row["name"] for row in lexicon("units")["unit"] if row.get("counts")}


def rows(
    session: Session,
    *,
    indicator: str | None = None,
    region: str | None = None,
    year: int | None = None,
    document: str | None = None,
    months: bool = True,
) -> list[dict[str, Any]]:
    """Return the targets of years and months.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    indicator, region, document : str, optional
        Code or name; of a document the code.
    year : int, optional
        One year.
    months : bool
        Whether those of months are wanted too.

    Returns
    -------
    list of dict
        ``id``, ``indicator``, ``indicator_code``, ``region``, ``region_code``, ``year``, ``month``
        (0 for the year), ``comparator``, ``value`` (Decimal), ``unit``, ``base_year``, ``source``,
        ``document``, ``commitment``, ``parent``, ``basis``, ``note``.
    """
    query = (
        select(AnnualTarget, Indicator.name, Region.name, Document.code)
        .join(Indicator, Indicator.code == AnnualTarget.indicator_code)
        .join(Region, Region.code == AnnualTarget.region_code)
        .outerjoin(Document, Document.id == AnnualTarget.document_id)
        .order_by(
            AnnualTarget.indicator_code,
            AnnualTarget.region_code,
            AnnualTarget.year,
            AnnualTarget.month,
            AnnualTarget.source,
        )
    )
    if indicator:
        code = indicator_of(session, indicator).code
        query = query.where(AnnualTarget.indicator_code == code)
    if region:
        query = query.where(AnnualTarget.region_code == region_of(session, region).code)
    if year is not None:
        query = query.where(AnnualTarget.year == year)
    if document:
        query = query.where(Document.code == document)
    if not months:
        query = query.where(AnnualTarget.month == 0)
    return [
        {
            "id": row.id,
            "indicator": name,
            "indicator_code": row.indicator_code,
            "region": place,
            "region_code": row.region_code,
            "year": row.year,
            "month": row.month,
            "comparator": row.comparator,
            "value": row.value,
            "unit": row.unit,
            "base_year": row.base_year,
            "source": row.source,
            "document": paper,
            "commitment": row.commitment,
            "parent": row.parent_id,
            "basis": row.basis,
            "note": row.note,
        }
        for row, name, place, paper in session.execute(query)
    ]


# ----------------------------------------------------------------------------------------- resolve


@dataclass(frozen=True)
class Resolved:
    """What a commitment asks for in a year.

    Attributes
    ----------
    how : str
        ``own`` (its own value), ``set`` (another paper sets it), ``waiting`` (待下达),
        ``conflict`` (papers set different values: nobody chooses between them here).
    comparator : str or None
        Of the value.
    value : decimal.Decimal or None
        As written.
    unit : str or None
        Of the value.
    target : AnnualTarget or None
        The paper's row.
    candidates : tuple of AnnualTarget
        Where papers disagree, all of them.
    """

    how: str
    comparator: str | None = None
    value: Decimal | None = None
    unit: str | None = None
    target: AnnualTarget | None = None
    candidates: tuple[AnnualTarget, ...] = field(default=())


def commitment_of(session: Session, code: str) -> Commitment:
    """Return a commitment of a plan in force by its code.

    Raises
    ------
    ShanshuiError
        There is none.
    """
    row = session.scalar(
        select(Commitment)
        .join(Document, Document.id == Commitment.document_id)
        .where(Document.current, Commitment.code == code)
    )
    if row is None:
        raise ShanshuiError(f"没有编号为“{code}”的目标 / no commitment has the code {code}")
    return row


def resolved(session: Session, commitment: Commitment | str, year: int | None = None) -> Resolved:
    """Return what a commitment asks for in a year.

    A value that is set for the year counts before the commitment's own, which counts for its own
    year only. A row that names the commitment counts before one that only agrees with it in
    indicator, region and year.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    commitment : Commitment or str
        The row, or the code of one of a plan in force.
    year : int, optional
        By default the year of its deadline.
    """
    if isinstance(commitment, str):
        commitment = commitment_of(session, commitment)
    return resolve(session, [commitment], year)[commitment.code]


def resolve(
    session: Session, commitments: Iterable[Commitment], year: int | None = None
) -> dict[str, Resolved]:
    """Return what commitments ask for in a year, by code; see `resolved`."""
    asked = list(commitments)
    query = select(AnnualTarget).where(
        AnnualTarget.month == 0,
        or_(
            AnnualTarget.commitment.in_([one.code for one in asked]),
            AnnualTarget.indicator_code.in_(
                {one.indicator_code for one in asked if one.indicator_code}
            ),
        ),
    )
    named: dict[str, list[AnnualTarget]] = {}
    alike: dict[tuple[str, str, int], list[AnnualTarget]] = {}
    for row in session.scalars(query):
        if row.commitment is not None:
            named.setdefault(row.commitment, []).append(row)
        alike.setdefault((row.indicator_code, row.region_code, row.year), []).append(row)
    found = {}
    for one in asked:
        when = one.year if year is None else year
        near = alike.get((one.indicator_code or "", one.region_code or "", when or 0), ())
        found[one.code] = _resolve(one, named.get(one.code, ()), near, when)
    return found


def _resolve(
    one: Commitment, named: Sequence[AnnualTarget], near: Sequence[AnnualTarget], year: int | None
) -> Resolved:
    """Choose among the rows that name a commitment, and those of its indicator, region and year."""
    if one.value is not None and year == one.year:
        return Resolved("own", one.comparator, one.value, one.unit)
    # A deadline that the text leaves open is answered by the last year that is set for it.
    last = max((row.year for row in named), default=None) if year is None else year
    rows = [row for row in named if row.year == last] or [
        row for row in near if row.commitment in (None, one.code)
    ]
    if not rows:
        return Resolved("waiting")
    if len({(row.comparator, row.value.normalize(), row.unit) for row in rows}) > 1:
        return Resolved("conflict", candidates=tuple(rows))
    row = rows[0]
    return Resolved("set", row.comparator, row.value, row.unit, row)


# ----------------------------------------------------------------------------------------- propose


@dataclass(frozen=True)
class Proposal:
    """The values of years between a baseline and a goal, to be confirmed by a person.

    Attributes
    ----------
    commitment : Commitment
        The goal.
    base_year, base : int, decimal.Decimal
        Where the line begins.
    values : dict
        By year, the goal's own last.
    decimals : int
        To which the values are rounded.
    """

    commitment: Commitment
    base_year: int
    base: Decimal
    values: Mapping[int, Decimal]
    decimals: int


def line(
    base_year: int, base: Decimal, goal_year: int, goal: Decimal, decimals: int
) -> dict[int, Decimal]:
    """Spread a change evenly over the years: a straight line, a convention of this project.

    Each year's value is the exact point of the line, rounded to `decimals` by GB/T 8170; the last
    is the goal as it is written. What rounding takes or gives therefore falls on the steps between
    the years, never on the goal, and the steps add up to the whole change exactly.

    Examples
    --------
    >>> [str(v) for v in line(2024, Decimal("30"), 2027, Decimal("28"), 1).values()]
    ['29.3', '28.7', '28']
    """
    years = goal_year - base_year
    if years < 1:
        raise ShanshuiError(
            f"目标年 {goal_year} 应晚于基期 {base_year} / the goal's year is after its baseline's"
        )
    step = (Fraction(goal) - Fraction(base)) / years
    values = {
        base_year + n: round_half_even(Fraction(base) + step * n, decimals) for n in range(1, years)
    }
    return values | {goal_year: goal}


def propose(session: Session, code: str) -> Proposal:
    """Propose the values of the years up to a commitment's deadline.

    The baseline is that of the commitment, else the one that its plan states for the indicator and
    region; of a change (提高, 下降) it is 0 in the base year.

    Raises
    ------
    ShanshuiError
        The commitment has no year, no value or no baseline.
    """
    one = commitment_of(session, code)
    goal = resolved(session, one)
    if goal.value is None or one.year is None or one.value_to is not None:
        raise ShanshuiError(
            f"{code} 没有单一的数值或年份，不能推算 / {code} has no single value or no year"
        )
    base_year, base = _start(session, one, goal)
    indicator = session.get(Indicator, one.indicator_code) if one.indicator_code else None
    decimals = indicator.decimals if indicator and indicator.decimals is not None else None
    if decimals is None or goal.comparator in _CHANGES:
        decimals = max(_decimals(base), _decimals(goal.value), decimals or 0)
    return Proposal(
        one, base_year, base, line(base_year, base, one.year, goal.value, decimals), decimals
    )


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _start(session: Session, one: Commitment, goal: Resolved) -> tuple[int, Decimal]:
    if goal.comparator in _CHANGES:
        if one.base_year is None:
            raise ShanshuiError(f"{one.code} 没有写明较哪一年 / {one.code} does not say its base")
        return one.base_year, Decimal(0)
    if one.base_value is not None and one.base_year is not None:
        return one.base_year, one.base_value
    stated = session.scalars(
        select(Commitment).where(
            Commitment.document_id == one.document_id,
            Commitment.kind == "baseline",
            Commitment.status != "rejected",
            Commitment.indicator_code == one.indicator_code,
            Commitment.region_code == one.region_code,
            Commitment.unit == one.unit,
        )
    )
    found = [row for row in stated if row.year is not None and row.value is not None]
    if one.indicator_code is None or not found:
        raise ShanshuiError(
            f"{one.code} 没有基期值，不能推算 / {one.code} has no baseline to begin from"
        )
    latest = max(found, key=lambda row: (row.year or 0, -row.position))
    return latest.year or 0, Decimal(latest.value or 0)


def confirm(session: Session, proposal: Proposal, *, source: str = PATH) -> list[AnnualTarget]:
    """Set the proposed values, as a person has confirmed them; their note states the convention."""
    one = proposal.commitment
    if one.indicator_code is None or one.region_code is None:
        raise ShanshuiError(
            f"{one.code} 没有对到指标或地区，先修正再设年度目标 / "
            f"{one.code} has no indicator or no region of the catalogue: correct it first"
        )
    goal = resolved(session, one)
    note = (
        f"由{proposal.base_year}年的 {proposal.base:f} 到{one.year}年目标直线推算，"
        f"按 GB/T 8170 修约到 {proposal.decimals} 位小数"
    )
    return [
        set_target(
            session,
            indicator=one.indicator_code,
            region=one.region_code,
            year=year,
            value=value,
            comparator=goal.comparator,
            unit=goal.unit,
            source=source,
            commitment=one.code,
            base_year=one.base_year if goal.comparator in _CHANGES else None,
            note=note,
        )[0]
        for year, value in proposal.values.items()
    ]

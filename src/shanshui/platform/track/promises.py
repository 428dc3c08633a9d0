"""What is to be judged: the commitments of the plans in force and the targets of years, as rows."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import String, and_, case, func, or_, select, type_coerce
from sqlalchemy.orm import aliased

from shanshui.platform.plans import targets as years
from shanshui.platform.plans import work
from shanshui.platform.store.models import (
    AnnualTarget,
    Commitment,
    Document,
    Indicator,
    Region,
)
from shanshui.platform.track.answers import FIELDS, way_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Row = dict[str, Any]

SCHEMA: dict[str, Any] = {
    "id": pl.String,
    "kind": pl.String,
    "commitment": pl.String,
    "document": pl.String,
    "title": pl.String,
    "section": pl.String,
    "indicator": pl.String,
    "indicator_name": pl.String,
    "region": pl.String,
    "region_name": pl.String,
    "year": pl.Int32,
    "month": pl.Int32,
    "deadline": pl.Date,
    "comparator": pl.String,
    "value": pl.String,
    "value_to": pl.String,
    "unit": pl.String,
    "base_year": pl.Int32,
    "base_value": pl.String,
    "base_from": pl.String,
    "stretch_only": pl.Boolean,
    "approx": pl.Boolean,
    "nature": pl.String,
    "better": pl.String,
    "lasting": pl.Boolean,
    "decimals": pl.Int32,
    "way": pl.String,
    "item": pl.String,
    "one_place": pl.Boolean,
    "evidence": pl.Boolean,
    "milestone": pl.Boolean,
    "set_by": pl.String,
    "note": pl.String,
    "start_year": pl.Int32,
    **{f"want_{name}": pl.String for name in FIELDS},
}
"""Columns of what is to be judged."""
_MUNICIPALITIES = ("110000", "120000", "310000", "500000")
_ALONE = ("city", "county", "unit")


@dataclass(frozen=True)
class Reported:
    """What a unit reports of a thing to be built or done: the share that is done, with evidence.

    Attributes
    ----------
    rate : decimal.Decimal
        Share of the work in %.
    day : datetime.date
        Up to when.
    period : str
        Month or week of the report.
    evidence : str or None
        What proves it.
    """

    rate: Decimal
    day: date
    period: str
    evidence: str | None


def promises(session: Session, day: date) -> pl.DataFrame:
    """Give everything that is judged on a day.

    These are the commitments of the plans in force, as they were corrected, without baselines and
    what was rejected; and the targets of years up to that of the day. A commitment without a value
    (按省下达) has that of the paper that sets it. Of the targets of months that of the last whole
    month is taken.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    day : datetime.date
        The as-of date (评价日).

    Returns
    -------
    polars.DataFrame
        Columns of `SCHEMA`: ``id`` (code of the commitment, or ``annual-`` and the number of the
        target), ``indicator`` and ``region`` are codes, or names where the catalogue has none;
        ``base_from`` says where a stated base value stands (the code of the row), ``set_by`` who
        sets a deferred value, ``start_year`` the year before the plan begins.
    """
    rows = _commitments(session)
    annual = _annual(session, day, {row["id"]: row for row in rows})
    return frame([*rows, *annual])


def frame(rows: Sequence[Row]) -> pl.DataFrame:
    """Lay promises out as columns, which is faster than a row at a time."""
    return pl.DataFrame(
        {name: [row[name] for row in rows] for name in SCHEMA}, schema=SCHEMA, strict=False
    )


# -------------------------------------------------------------------------------------- commitments


def _text(column: Any) -> Any:
    """Read a number as the text that is stored: digit for digit, and fast."""
    return type_coerce(column, String)


def _commitments(session: Session) -> list[Row]:
    one, paper = Commitment, Document
    place = case((one.region.is_(None), paper.region_code), else_=one.region_code)
    whole = aliased(Region)
    query = (
        select(
            one.code, one.kind, one.indicator, one.indicator_code, one.region, one.year,
            one.comparator, _text(one.value), _text(one.value_to), one.unit, one.base_year,
            _text(one.base_value), one.stretch, one.approx, one.nature, one.basis, one.deadline,
            one.section, one.document_id, paper.code, paper.title, paper.baseline_year,
            paper.first_year, whole.code, whole.name, whole.level,
        )
        .join(paper, paper.id == one.document_id)
        .outerjoin(whole, whole.code == func.coalesce(one.region_code, place))
        .where(paper.current, one.status != "rejected")
        .order_by(paper.code, one.position, one.id)
    )  # fmt: skip
    known = _indicators(session)
    read = [_read(found, known) for found in session.execute(query)]
    _resolve(session, read)
    return settled(read)


def settled(read: Sequence[Row]) -> list[Row]:
    """Settle what each promise counts from, with the baselines that its plan states.

    Parameters
    ----------
    read : list of dict
        Promises and baselines, columns of `SCHEMA`.

    Returns
    -------
    list of dict
        The promises alone.
    """
    bases = _stated(row for row in read if row["kind"] == "baseline")
    rows = [row for row in read if row["kind"] != "baseline"]
    for row in rows:
        _begin(row, bases.get((row["document"], row["indicator"], row["region"]), ()))
    return rows


def _indicators(session: Session) -> dict[str, Row]:
    query = select(
        Indicator.code, Indicator.name, Indicator.direction, Indicator.lasting, Indicator.decimals,
        Indicator.method,
    )  # fmt: skip
    return {found.code: described(found._asdict()) for found in session.execute(query)}


def described(indicator: Mapping[str, Any]) -> Row:
    """Give what is asked of an indicator: a row of the catalogue."""
    method = indicator["method"]
    return {
        "indicator": indicator["code"],
        "indicator_name": indicator["name"],
        "better": indicator["direction"],
        "lasting": indicator["lasting"],
        "decimals": indicator["decimals"],
        "way": way_of(method),
        "item": (method or "").partition(":")[2] or None,
    }


def _read(found: Any, known: Mapping[str, Row]) -> Row:
    (
        code, kind, name, indicator, region, year, comparator, value, value_to, unit, base_year,
        base_value, stretch, approx, nature, basis, deadline, section, _, document, title,
        baseline_year, first_year, region_code, region_name, level,
    ) = found  # fmt: skip
    last = work.last_day(deadline) if deadline else None
    if last is not None:
        year = last.year
    what = known.get(indicator or "") or {
        "indicator": name,
        "indicator_name": name,
        "better": None,
        "lasting": kind in ("count", "milestone"),
        "decimals": None,
        "way": None,
        "item": None,
    }
    return {
        "id": code, "kind": kind, "commitment": code, "document": document, "title": title,
        "section": section, **what, "region": region_code or region,
        "region_name": region_name or region, "one_place": one_place(region_code, level),
        "year": year, "month": 0, "deadline": last,
        # A range is judged on its better end; the ledger may hold it with another sign.
        "comparator": "=" if value_to is not None else comparator,
        "value": value, "value_to": value_to, "unit": unit, "base_year": base_year,
        "base_value": base_value, "base_from": None if base_value is None else code,
        "stretch_only": stretch, "approx": approx, "nature": nature, "evidence": False,
        "milestone": kind == "milestone", "set_by": None, "note": None,
        "start_year": _start(baseline_year, first_year), **wanted(basis),
    }  # fmt: skip


def _start(baseline_year: int | None, first_year: int | None) -> int | None:
    """Return the year that progress counts from: stated, else the one before the plan begins."""
    if baseline_year is not None:
        return baseline_year
    return None if first_year is None else first_year - 1


def one_place(code: str | None, level: str | None) -> bool:
    """Say whether a place is judged by itself, so that its days can be counted."""
    return level in _ALONE or code in _MUNICIPALITIES


def wanted(basis: Mapping[str, Any] | None) -> Row:
    """Give the fields of the basis that a promise states, as columns."""
    stated = basis or {}
    return {f"want_{name}": stated.get(name) or None for name in FIELDS}


Stated = dict[tuple[Any, ...], list[Row]]


def _stated(rows: Any) -> Stated:
    found: Stated = {}
    for row in rows:
        if row["value"] is not None and row["year"] is not None:
            key = (row["document"], row["indicator"], row["region"])
            found.setdefault(key, []).append(row)
    return found


def _begin(row: Row, stated: Sequence[Row]) -> None:
    """Settle what progress counts from: stated with the promise, else by its plan, else a year."""
    asked = row["base_year"]
    if row["base_value"] is not None:
        row["base_year"] = asked or row["start_year"]
        return
    unit = "%" if row["unit"] == "pp" else row["unit"]
    fitting = [one for one in stated if one["unit"] in (unit, None) and _before(one, row, asked)]
    if fitting:
        best = max(fitting, key=lambda one: (one["year"] == row["start_year"], one["year"]))
        row["base_year"], row["base_value"] = best["year"], best["value"]
        row["base_from"] = best["id"]
        return
    row["base_year"] = asked or row["start_year"]


def _before(base: Row, row: Row, asked: int | None) -> bool:
    if asked is not None:
        return bool(base["year"] == asked)
    return row["year"] is None or base["year"] < row["year"]


def _resolve(session: Session, rows: Sequence[Row]) -> None:
    """Fill in what another paper sets (按省下达)."""
    waiting = {
        row["id"]: row
        for row in rows
        if row["value"] is None and row["kind"] not in ("baseline", "milestone")
    }
    if not waiting:
        return
    for row in waiting.values():  # a sign without a value is of no use to anybody
        row["comparator"] = row["value_to"] = None
    query = (
        select(Commitment)
        .join(Document, Document.id == Commitment.document_id)
        .where(Document.current, Commitment.code.in_(list(waiting)))
    )
    for code, found in years.resolve(session, session.scalars(query)).items():
        row = waiting[code]
        if found.how == "conflict":
            said = "、".join(f"{one.source} {one.value:f}" for one in found.candidates)
            row["note"] = f"下达值不一致：{said}"
        elif found.target is not None and found.value is not None:
            row["comparator"], row["value"] = found.comparator, format(found.value, "f")
            row["unit"] = found.unit or row["unit"]
            row["year"] = row["year"] or found.target.year
            row["base_year"] = found.target.base_year or row["base_year"]
            row["set_by"] = found.target.source or f"annual-{found.target.id}"


# ---------------------------------------------------------------------------------- annual targets


def _annual(session: Session, day: date, commitments: Mapping[str, Row]) -> list[Row]:
    one, paper = AnnualTarget, Document
    last_month = day.month if (_month_end(day.year, day.month) == day) else day.month - 1
    query = (
        select(
            one.id, one.indicator_code, one.region_code, one.year, one.month, one.comparator,
            _text(one.value), one.unit, one.base_year, one.source, one.commitment, one.basis,
            paper.code, paper.title, Region.name, Region.level,
        )
        .join(Region, Region.code == one.region_code)
        .outerjoin(paper, paper.id == one.document_id)
        .where(
            or_(
                and_(one.month == 0, one.year <= day.year),
                and_(one.month == last_month, one.year == day.year, one.month > 0),
            )
        )
        .order_by(one.indicator_code, one.region_code, one.year, one.month, one.id)
    )  # fmt: skip
    known = _indicators(session)
    found = []
    for (
        number, indicator, region, year, month, comparator, value, unit, base_year, source, code,
        basis, document, title, name, level,
    ) in session.execute(query):  # fmt: skip
        above = commitments.get(code or "", {})
        stated = wanted(basis)
        if not any(stated.values()):
            stated = {key: above.get(key) for key in stated}
        found.append(
            {
                "id": f"annual-{number}", "kind": "month" if month else "annual",
                "commitment": code, "document": above.get("document") or document,
                "title": source or title, "section": above.get("section"), **known[indicator],
                "region": region, "region_name": name, "one_place": one_place(region, level),
                "year": year, "month": month,
                "deadline": _month_end(year, month) if month else None,
                "comparator": comparator, "value": value, "value_to": None, "unit": unit,
                "base_year": base_year or above.get("base_year") if "by" in comparator
                else year - 1,
                "base_value": None, "base_from": None,
                "stretch_only": False, "approx": False, "nature": above.get("nature"),
                "evidence": False, "milestone": False, "set_by": source or None, "note": None,
                "start_year": year - 1, **stated,
            }
        )  # fmt: skip
        if "by" in comparator and found[-1]["base_year"] == above.get("base_year"):
            found[-1] |= {name: above.get(name) for name in ("base_value", "base_from")}
    return found


def _month_end(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


# ------------------------------------------------------------------------------ what units report


def reported(session: Session, asked: pl.DataFrame, day: date) -> dict[str, Reported]:
    """Give what is reported of things to be built or done, at the end of the day's month at most.

    A state without a rate says one where it can: 已完成 is 100 %, 未启动 0 %.
    """
    built = pl.col("milestone") | (pl.col("way").is_null() & pl.col("lasting"))
    codes = asked.filter(built, pl.col("kind") != "annual")["id"].to_list()
    found = {}
    if not codes:
        return {}
    for code, known in work.known(session, codes, work.period_of(f"{day:%Y-%m}")).items():
        values = known.values
        rate = values.get("rate")
        name = "rate"
        if rate is None:
            name, rate = "state", {"done": 100, "not_started": 0}.get(values.get("state") or "")
        if rate is None:
            continue
        period = work.period_of(known.periods[name])
        if period.start <= day:
            last = min(period.end, day)
            evidence = values.get("evidence")
            found[code] = Reported(Decimal(rate), last, period.text, evidence)
    return found

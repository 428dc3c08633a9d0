"""Splitting of a target to counties and months (目标分解), and whether the parts meet the whole.

All arithmetic is exact, on decimals as they are written.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import select

from shanshui.platform.plans import targets
from shanshui.platform.store.models import AnnualTarget, Indicator, Region
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

How = Literal["sum", "mean", "ratio"]
To = Literal["counties", "months"]
_LOWER, _HIGHER = ("<=", "<", "decrease_by"), (">=", ">", "increase_by")
_PERCENTILE = re.compile(r"p9[05]|percentile|百分位")
_CONCENTRATION = re.compile(r"(?:µg|mg|ng)/(?:m3|L)")


# ------------------------------------------------------------------------------------- arithmetic


def decimals_of(numbers: Sequence[Decimal]) -> int:
    """Return the most decimals that numbers are written with.

    Examples
    --------
    >>> decimals_of([Decimal("3"), Decimal("2.50")])
    2
    """
    exponents = [number.as_tuple().exponent for number in numbers]
    return max((-e for e in exponents if isinstance(e, int) and e < 0), default=0)


def _decimal(value: Fraction, decimals: int) -> Decimal:
    return Decimal(int(value * 10**decimals)).scaleb(-decimals)


def largest_remainder(
    total: Decimal, weights: Mapping[str, Decimal], decimals: int | None = None
) -> dict[str, Decimal]:
    """Part a total by weights so that the parts add up to it exactly.

    Each part is its exact share cut to `decimals`; what is left goes, a unit of the last place
    each, to those whose share was cut most (largest remainder, Hamilton's method); of equals to
    those that stand first.

    Parameters
    ----------
    total : decimal.Decimal
        Not below zero.
    weights : dict
        By name; none below zero, and not all zero.
    decimals : int, optional
        Of the parts; by default those of the total.

    Returns
    -------
    dict
        By name, with exactly `decimals` decimals.

    Raises
    ------
    ShanshuiError
        The weights cannot be used, or the total has more decimals than the parts.

    Examples
    --------
    >>> ones = dict.fromkeys("甲乙丙", Decimal(1))
    >>> [str(part) for part in largest_remainder(Decimal("10"), ones).values()]
    ['4', '3', '3']
    """
    whole = _checked(weights)
    places = decimals_of([total]) if decimals is None else decimals
    units = Fraction(total) * 10**places
    if units.denominator != 1 or units < 0:
        raise ShanshuiError(
            f"总量 {total:f} 应不小于 0，且不超过 {places} 位小数 / "
            f"a total of {total:f} cannot be parted into parts of {places} decimals"
        )
    shares = {name: units * Fraction(weight) / whole for name, weight in weights.items()}
    counts = {name: int(share) for name, share in shares.items()}
    left = int(units) - sum(counts.values())
    order = sorted(shares, key=lambda name: counts[name] - shares[name])  # stable
    for name in order[:left]:
        counts[name] += 1
    return {name: _decimal(Fraction(n, 10**places), places) for name, n in counts.items()}


def _checked(weights: Mapping[str, Decimal]) -> Fraction:
    for name, weight in weights.items():
        if not weight.is_finite() or weight < 0:
            raise ShanshuiError(
                f"“{name}”的权重 {weight} 应不小于 0 / the weight of {name} is below zero: {weight}"
            )
    whole = sum((Fraction(weight) for weight in weights.values()), Fraction(0))
    if not whole:
        raise ShanshuiError("权重之和应大于 0 / the weights add up to nothing")
    return whole


def weighted_mean(values: Mapping[str, Decimal], weights: Mapping[str, Decimal]) -> Fraction:
    """Return the exact mean of values by weights.

    Examples
    --------
    >>> one, two = Decimal(1), Decimal(2)
    >>> weighted_mean({"a": Decimal(20), "b": Decimal(26)}, {"a": one, "b": two})
    Fraction(24, 1)
    """
    whole = _checked({name: weights[name] for name in values})
    total = sum((Fraction(values[n]) * Fraction(weights[n]) for n in values), Fraction(0))
    return total / whole


def spread_mean(
    goal: Decimal,
    weights: Mapping[str, Decimal],
    baseline: Mapping[str, Decimal] | None,
    *,
    lower: bool,
    decimals: int,
) -> dict[str, Decimal]:
    """Part a mean so that the mean of the parts meets it, as nearly as `decimals` allow.

    Without a baseline every part is the goal. With one, all parts change in the same proportion;
    where the goal is laxer than the mean of the baselines, they stay as they are. Parts are cut
    to the strict side, and what still meets the goal is given back, a unit of the last place each,
    first to those that were cut most. So the mean is never laxer than the goal, no part is laxer
    than its baseline, and without baselines that are better already the mean is stricter by less
    than one unit of the last place; by nothing, where all weigh the same.

    Parameters
    ----------
    goal : decimal.Decimal
        The mean to meet.
    weights : dict
        By name: days of a month, stations or people of a county, or ones.
    baseline : dict or None
        By name: what each part stands at.
    lower : bool
        Whether lower is stricter.
    decimals : int
        Of the parts.

    Examples
    --------
    >>> ones = {"甲": Decimal(1), "乙": Decimal(1)}
    >>> was = {"甲": Decimal(30), "乙": Decimal(25)}
    >>> parts = spread_mean(Decimal("25"), ones, was, lower=True, decimals=1)
    >>> [str(part) for part in parts.values()], weighted_mean(parts, ones)
    (['27.3', '22.7'], Fraction(25, 1))
    """
    whole = _checked(weights)
    exact = _wanted(Fraction(goal), weights, baseline, lower=lower)
    scale = 10**decimals
    sign = 1 if lower else -1  # the strict side of a number is below it, or above
    steps = {name: sign * (sign * value * scale).__floor__() for name, value in exact.items()}
    have = sum((Fraction(weights[n]) * steps[n] for n in steps), Fraction(0))
    slack = sign * (Fraction(goal) * whole * scale - have)
    order = sorted(steps, key=lambda n: sign * (steps[n] - exact[n] * scale))
    for name in order:
        was = None if baseline is None else Fraction(baseline[name])
        next_step = steps[name] + sign
        kept = was is None or sign * (Fraction(next_step, scale) - was) <= 0
        cut = steps[name] != exact[name] * scale
        if cut and kept and 0 < Fraction(weights[name]) <= slack:
            steps[name] = next_step
            slack -= Fraction(weights[name])
    return {name: _decimal(Fraction(n, scale), decimals) for name, n in steps.items()}


def _wanted(
    goal: Fraction,
    weights: Mapping[str, Decimal],
    baseline: Mapping[str, Decimal] | None,
    *,
    lower: bool,
) -> dict[str, Fraction]:
    """Return the exact parts: all the goal, or all changed in one proportion and none for worse."""
    if baseline is None:
        return dict.fromkeys(weights, goal)
    mean = weighted_mean({name: baseline[name] for name in weights}, weights)
    if not mean:
        raise ShanshuiError("基期值全为 0，不能按比例分解 / all baselines are zero")
    change = min(goal / mean, Fraction(1)) if lower else max(goal / mean, Fraction(1))
    return {name: Fraction(baseline[name]) * change for name in weights}


# ------------------------------------------------------------------------------------------ checks


@dataclass(frozen=True)
class Check:
    """Whether the parts of a target meet it.

    Attributes
    ----------
    how : str
        ``sum``, ``mean`` or ``ratio``.
    whole : decimal.Decimal
        What is asked for.
    reached : fractions.Fraction
        The exact sum or mean of the parts.
    gap : fractions.Fraction
        By how much the parts are laxer than the whole; below zero, stricter; 0, exactly it. Of a
        target of a fixed value (=) any difference, above zero.
    meets : bool
        Whether the parts meet the whole.
    findings : tuple of str
        Parts that are laxer than their own baseline, parts that are missing, units that differ.
    """

    how: str
    whole: Decimal
    reached: Fraction
    gap: Fraction
    meets: bool
    findings: tuple[str, ...] = field(default=())

    @property
    def sentence(self) -> str:
        """What the check says, by exactly how much."""
        name = "合计" if self.how == "sum" else "均值"
        reached = exact_text(self.reached)
        if not self.gap:
            return f"各部分{name} {reached}，与总目标 {self.whole:f} 一致"
        gap = exact_text(abs(self.gap))
        if self.gap < 0:
            return f"各部分{name} {reached}，比总目标 {self.whole:f} 严 {gap}"
        return f"各部分{name} {reached}，未达到总目标 {self.whole:f}，差 {gap}"


def exact_text(value: Fraction) -> str:
    """Write a fraction: as a decimal where it is one, else as a fraction with its decimals.

    Examples
    --------
    >>> exact_text(Fraction(5, 4)), exact_text(Fraction(1, 3))
    ('1.25', '1/3（约 0.3333）')
    """
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest == 1:
        places = 0
        while (value * 10**places).denominator != 1:
            places += 1
        return format(Decimal(int(value * 10**places)).scaleb(-places), "f")
    return f"{value}（约 {float(value):.4g}）"


def check_parts(
    whole: Decimal,
    comparator: str,
    parts: Mapping[str, Decimal],
    *,
    how: How,
    weights: Mapping[str, Decimal] | None = None,
    baseline: Mapping[str, Decimal] | None = None,
) -> Check:
    """Check whether parts meet a whole, and say by how much they do not.

    Parameters
    ----------
    whole : decimal.Decimal
        What is asked for.
    comparator : str
        Of it: ``<=`` asks that the parts be no more, ``>=`` no less, ``=`` exactly it.
    parts : dict
        By name.
    how : {"sum", "mean", "ratio"}
        Whether the parts add up, or their mean (of a ratio by the weights of its denominators)
        counts.
    weights : dict, optional
        Of a mean; by default all alike.
    baseline : dict, optional
        What each part stands at: one that is set laxer than that is named.

    Raises
    ------
    ShanshuiError
        There are no parts, or a part has no weight.

    Examples
    --------
    >>> parts = {"甲": Decimal(30), "乙": Decimal(41)}
    >>> check_parts(Decimal(72), ">=", parts, how="sum").sentence
    '各部分合计 71，未达到总目标 72，差 1'
    """
    if not parts:
        raise ShanshuiError("没有分解的部分 / there are no parts to check")
    if how == "sum":
        reached = sum((Fraction(part) for part in parts.values()), Fraction(0))
    else:
        ones = dict.fromkeys(parts, Decimal(1))
        if lacking := [name for name in parts if weights is not None and name not in weights]:
            raise ShanshuiError(
                f"没有权重：{'、'.join(lacking)} / no weight for {', '.join(lacking)}"
            )
        reached = weighted_mean(parts, weights or ones)
    over = reached - Fraction(whole)
    gap = over if comparator in _LOWER else -over if comparator in _HIGHER else abs(over)
    findings = []
    for name, value in parts.items():
        was = (baseline or {}).get(name)
        if was is None:
            continue
        if (comparator in _LOWER and value > was) or (comparator in _HIGHER and value < was):
            findings.append(f"{name} 的目标 {value:f} 比现状 {was:f} 还宽")
    return Check(how, whole, reached, gap, gap <= 0, tuple(findings))


# ------------------------------------------------------------------------------------------- rules


def how_of(indicator: Indicator, unit: str | None, comparator: str, to: To) -> tuple[How, str]:
    """Return how the parts of an indicator make its whole, and the rule that says so.

    Raises
    ------
    ShanshuiError
        No rule holds: of a rate or a change it must be said.
    """
    kind = unit or indicator.unit or ""
    change = comparator in ("increase_by", "decrease_by")
    if not change and _CONCENTRATION.search(kind):
        return "mean", mean_rule(to)
    if not change and kind in ("%", "‰"):
        return "ratio", mean_rule(to, ratio=True)
    if not change and kind and "/" not in kind and kind not in ("pp", "倍", "分贝"):
        return "sum", "各部分之和（数量、长度、面积、吨数相加）"
    raise ShanshuiError(
        f"“{indicator.name}”（{kind or '无单位'}）怎样合成须写明：--how sum 或 mean / "
        f"say how the parts of {indicator.name} make the whole: --how sum or mean"
    )


def _refuse_percentile(indicator: Indicator) -> None:
    name = f"{indicator.code} {indicator.name} {indicator.method or ''}"
    if _PERCENTILE.search(name):
        raise ShanshuiError(
            f"“{indicator.name}”是百分位数，全年值不能由各月值合成，不能分解到月 / "
            f"{indicator.name} is a percentile: that of a year does not follow from the months'"
        )


def mean_rule(to: To, *, ratio: bool = False) -> str:
    """Say by what rule the parts of a mean make the whole."""
    if to == "months":
        return "各月按日历天数加权的均值（年均值是全年日均值的平均，HJ 663）"
    if ratio:
        return "各地按分母（如断面数、天数）加权的均值；未给权重时为算术平均"
    return "各地的均值（先城市后区域、各地等权，同通报；点位平均时以点位数为权重，HJ 663）"


def month_days(year: int) -> dict[str, Decimal]:
    """Return the days of the months of a year, the weights of a mean over the year.

    Examples
    --------
    >>> month_days(2028)["2"]
    Decimal('29')
    """
    return {str(month): Decimal(monthrange(year, month)[1]) for month in range(1, 13)}


# ------------------------------------------------------------------------------------- the ledger


@dataclass(frozen=True)
class Part:
    """One part of a split: a county or a month.

    Attributes
    ----------
    name : str
        Name of the county, or number of the month.
    region_code : str
        Code of the region.
    month : int
        0 for the whole year.
    value : decimal.Decimal
        As it is set.
    weight : decimal.Decimal
        Of it.
    baseline : decimal.Decimal or None
        What it stands at.
    """

    name: str
    region_code: str
    month: int
    value: Decimal
    weight: Decimal
    baseline: Decimal | None = None


@dataclass(frozen=True)
class Split:
    """A target parted, not yet written.

    Attributes
    ----------
    parent : dict
        ``indicator_code``, ``region_code``, ``year``, ``comparator``, ``value``, ``unit``,
        ``source``, ``commitment`` and ``id`` (None where the target is to be made of a commitment).
    to : str
        ``counties`` or ``months``.
    how, rule : str
        How the parts make the whole, and what says so.
    parts : tuple of Part
        The parts.
    check : Check
        Whether they meet it.
    """

    parent: Mapping[str, Any]
    to: To
    how: How
    rule: str
    parts: tuple[Part, ...]
    check: Check


def parent_of(session: Session, target: str) -> dict[str, Any]:
    """Return the target to be split: by its number, or of a commitment by its code.

    Raises
    ------
    ShanshuiError
        There is none, or it has no value yet.
    """
    fields = ("indicator_code", "region_code", "year", "month", "comparator", "value", "unit")
    more = ("source", "commitment", "base_year", "id")
    if target.strip().isdecimal():
        row = session.get(AnnualTarget, int(target))
        if row is None:
            raise ShanshuiError(
                f"没有编号 {target} 的年度目标；用 shanshui plan annual list 查 / "
                f"no target of a year has the number {target}"
            )
        return {name: getattr(row, name) for name in (*fields, *more)}
    answer = targets.resolved(session, target)
    one = targets.commitment_of(session, target)
    if answer.target is not None:
        return {name: getattr(answer.target, name) for name in (*fields, *more)}
    if answer.value is None or one.year is None or one.value_to is not None:
        raise ShanshuiError(
            f"{target} 还没有单一的数值和年份，不能分解 / {target} has no single value and year yet"
        )
    if one.indicator_code is None or one.region_code is None:
        raise ShanshuiError(
            f"{target} 没有对到指标或地区，先修正 / "
            f"{target} has no indicator or region of the catalogue: correct it first"
        )
    set_for = session.scalar(
        select(AnnualTarget.id).where(
            AnnualTarget.commitment == one.code,
            AnnualTarget.year == one.year,
            AnnualTarget.month == 0,
            AnnualTarget.parent_id.is_(None),
            AnnualTarget.region_code == one.region_code,
        )
    )
    return {
        "indicator_code": one.indicator_code,
        "region_code": one.region_code,
        "year": one.year,
        "month": 0,
        "comparator": answer.comparator or "=",
        "value": answer.value,
        "unit": answer.unit,
        "source": "规划目标",
        "commitment": one.code,
        "base_year": one.base_year,
        "id": set_for,
    }


def split(
    session: Session,
    target: str,
    to: To,
    *,
    how: How | None = None,
    weights: Mapping[str, Decimal] | None = None,
    baseline: Mapping[str, Decimal] | None = None,
    decimals: int | None = None,
) -> Split:
    """Part a target among counties or months; nothing is written.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    target : str
        Number of a target of a year, or code of a commitment.
    to : {"counties", "months"}
        The parts. Counties are those of the weights or baselines where any are given, else all
        regions directly below the target's own.
    how : {"sum", "mean", "ratio"}, optional
        By default by the indicator's unit: concentrations are means, shares are ratios, counts,
        lengths, areas and tons are sums.
    weights : dict, optional
        By region (code or name) or month (1 to 12): people, stations, sections. Of a sum they part
        the total; of a mean they weigh the parts. By default all alike, and of a mean over months
        the days of the calendar.
    baseline : dict, optional
        By region or month: what it stands at. A sum is parted by it where no weights are given; a
        mean asks the same proportional change of all.
    decimals : int, optional
        Of the parts; by default those of the target or, of a mean, of the indicator.

    Raises
    ------
    ShanshuiError
        The target, a region or a month is not known, or no rule says how the parts make the whole.
    """
    parent = parent_of(session, target)
    if parent["month"]:
        raise ShanshuiError("月度目标不再分解 / the target of a month is not split further")
    indicator = session.get(Indicator, parent["indicator_code"])
    if indicator is None:
        raise ShanshuiError(f"没有指标 {parent['indicator_code']} / no such indicator")
    if to == "months":
        _refuse_percentile(indicator)
    if how is None:
        how, rule = how_of(indicator, parent["unit"], parent["comparator"], to)
    else:
        rule = "各部分之和" if how == "sum" else mean_rule(to, ratio=how == "ratio")
    places = _places(session, parent, to, [*(weights or {}), *(baseline or {})])
    given = _by_place(session, parent, to, weights)
    was = _by_place(session, parent, to, baseline)
    for name, table in (("权重", given), ("基期值", was)):
        if table is not None and (lacking := [places[p] for p in places if p not in table]):
            raise ShanshuiError(
                f"{name}缺 {'、'.join(lacking)} / the file lacks {', '.join(lacking)}"
            )
    value: Decimal = parent["value"]
    if how == "sum":
        shares = given or was or dict.fromkeys(places, Decimal(1))
        values = largest_remainder(value, {p: shares[p] for p in places}, decimals)
    else:
        shares = given or (
            month_days(parent["year"]) if to == "months" else dict.fromkeys(places, Decimal(1))
        )
        digits = decimals if decimals is not None else _digits(indicator, value)
        values = spread_mean(
            value,
            {p: shares[p] for p in places},
            {p: was[p] for p in places} if was else None,
            lower=parent["comparator"] not in _HIGHER,
            decimals=digits,
        )
    parts = tuple(
        Part(
            name,
            place if to == "counties" else parent["region_code"],
            int(place) if to == "months" else 0,
            values[place],
            shares[place],
            was[place] if was else None,
        )
        for place, name in places.items()
    )
    return Split(parent, to, how, rule, parts, _check(parent, parts, how))


def _digits(indicator: Indicator, value: Decimal) -> int:
    return max(indicator.decimals or 0, decimals_of([value]))


def _check(parent: Mapping[str, Any], parts: Sequence[Part], how: How) -> Check:
    return check_parts(
        parent["value"],
        parent["comparator"],
        {part.name: part.value for part in parts},
        how=how,
        weights={part.name: part.weight for part in parts},
        baseline={part.name: part.baseline for part in parts if part.baseline is not None},
    )


def _places(
    session: Session, parent: Mapping[str, Any], to: To, named: Sequence[str]
) -> dict[str, str]:
    """Return the parts: codes of regions or numbers of months, with their names."""
    if to == "months":
        return {str(month): f"{month}月" for month in range(1, 13)}
    if named:
        rows = [targets.region_of(session, name, within=parent["region_code"]) for name in named]
        return {row.code: row.name for row in rows}
    below = session.scalars(
        select(Region).where(Region.parent_code == parent["region_code"]).order_by(Region.code)
    )
    found = {row.code: row.name for row in below}
    if not found:
        raise ShanshuiError(
            f"目录里没有 {parent['region_code']} 的下级地区，请用 --weights 文件列出 / "
            f"the catalogue has no region below {parent['region_code']}; list them by --weights"
        )
    return found


def _by_place(
    session: Session, parent: Mapping[str, Any], to: To, table: Mapping[str, Decimal] | None
) -> dict[str, Decimal] | None:
    if not table:
        return None
    if to == "counties":
        found = {}
        for name, value in table.items():
            code = targets.region_of(session, name, within=parent["region_code"]).code
            if code in found:
                raise ShanshuiError(f"“{name}”出现了两次 / {name} is there twice")
            found[code] = value
        return found
    months = {}
    for name, value in table.items():
        number = re.sub(r"\D", "", name.rpartition("-")[2])
        if not number or not 1 <= int(number) <= 12:
            raise ShanshuiError(f"不是月份：“{name}” / not a month: {name!r}")
        months[str(int(number))] = value
    return months


def apply(session: Session, parted: Split, *, source: str | None = None) -> list[AnnualTarget]:
    """Write the parts of a target, as a person has confirmed them.

    Parts that were written from the same target before are replaced; one that is no part any more
    is deleted. All of it is in the audit trail.
    """
    parent = dict(parted.parent)
    if parent["id"] is None:
        row, _ = targets.set_target(
            session,
            indicator=parent["indicator_code"],
            region=parent["region_code"],
            year=parent["year"],
            value=parent["value"],
            comparator=parent["comparator"],
            unit=parent["unit"],
            source=parent["source"],
            commitment=parent["commitment"],
            base_year=parent["base_year"],
        )
        parent["id"] = row.id
    name = source or f"分解自 {parent['source'] or parent['id']}"
    rows = []
    for part in parted.parts:
        row, _ = targets.set_target(
            session,
            indicator=parent["indicator_code"],
            region=part.region_code,
            year=parent["year"],
            month=part.month,
            value=part.value,
            comparator=parent["comparator"],
            unit=parent["unit"],
            source=name,
            base_year=parent["base_year"],
            parent_id=parent["id"],
            note=f"{parted.rule}；权重 {part.weight:f}",
        )
        rows.append(row)
    kept = {row.id for row in rows}
    kind = AnnualTarget.month > 0 if parted.to == "months" else AnnualTarget.month == 0
    for row in session.scalars(
        select(AnnualTarget).where(AnnualTarget.parent_id == parent["id"], kind)
    ):
        if row.id not in kept:
            session.delete(row)
    session.flush()
    return rows


def check(
    session: Session,
    target: str,
    *,
    how: How | None = None,
    weights: Mapping[str, Decimal] | None = None,
    baseline: Mapping[str, Decimal] | None = None,
) -> dict[To, Check]:
    """Check the parts of a target that are in the ledger: counties, months, or both.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    target : str
        Number of a target of a year, or code of a commitment.
    how, weights, baseline
        As in `split`; without weights those stand that the split was made with.

    Raises
    ------
    ShanshuiError
        The target has no parts.
    """
    parent = parent_of(session, target)
    rows = (
        list(session.scalars(select(AnnualTarget).where(AnnualTarget.parent_id == parent["id"])))
        if parent["id"] is not None
        else []
    )
    if not rows:
        raise ShanshuiError(f"{target} 还没有分解 / {target} is not split yet")
    indicator = session.get(Indicator, parent["indicator_code"])
    names = {
        row.code: row.name
        for row in session.scalars(
            select(Region).where(Region.code.in_({row.region_code for row in rows}))
        )
    }
    found: dict[To, Check] = {}
    ways: tuple[To, ...] = ("counties", "months")
    for to in ways:
        own = sorted(
            (row for row in rows if bool(row.month) == (to == "months")),
            key=lambda row: (row.month, row.region_code),
        )
        if not own or indicator is None:
            continue
        rule = how or how_of(indicator, parent["unit"], parent["comparator"], to)[0]
        given = _by_place(session, parent, to, weights)
        was = _by_place(session, parent, to, baseline) or {}
        parts = [_part(row, names, to, given, was) for row in own]
        result = _check(parent, parts, rule)
        odd = [
            f"{part.name} 的单位或比较方式与总目标不同"
            for part, row in zip(parts, own, strict=True)
            if (row.unit, row.comparator) != (parent["unit"], parent["comparator"])
        ]
        if to == "months" and len(own) < len(month_days(parent["year"])):
            odd.append(f"只有 {len(own)} 个月")
        meets = result.meets and not odd
        found[to] = replace(result, meets=meets, findings=(*result.findings, *odd))
    return found


def _part(
    row: AnnualTarget,
    names: Mapping[str, str],
    to: To,
    given: Mapping[str, Decimal] | None,
    was: Mapping[str, Decimal],
) -> Part:
    place = str(row.month) if to == "months" else row.region_code
    name = f"{row.month}月" if to == "months" else names[row.region_code]
    weight = given.get(place) if given else _noted(row)
    if weight is None:
        raise ShanshuiError(f"没有权重：{name} / no weight for {name}")
    return Part(name, row.region_code, row.month, row.value, weight, was.get(place))


def _noted(row: AnnualTarget) -> Decimal:
    """Return the weight that a split wrote down beside a part."""
    stated = re.search(r"权重 (\d+(?:\.\d+)?)$", row.note or "")
    return Decimal(stated[1]) if stated else Decimal(1)

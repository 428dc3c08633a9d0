"""Whether a reported figure is plausible: against what is possible, the last periods, its parts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import select

from shanshui.platform.store.models import Region, RegionMember
from shanshui.platform.track import reported
from shanshui.platform.track.periods import Period, period_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store.models import Indicator

Past = Sequence[tuple[str, Decimal]]
"""Periods before, the latest last, and their values."""


@dataclass(frozen=True)
class Doubt:
    """One thing that is implausible.

    Attributes
    ----------
    rule : str
        ``sign``, ``share``, ``jump``, ``slip``, ``unchanged``, ``lower`` or ``parts``.
    level : str
        ``impossible`` or ``warning``.
    zh, en : str
        What is implausible, with the numbers.
    """

    rule: str
    level: str
    zh: str
    en: str

    def as_dict(self) -> dict[str, str]:
        """Return the fields."""
        return asdict(self)


@dataclass(frozen=True)
class Parts:
    """What is known of the parts of a region for the same period.

    Attributes
    ----------
    values : dict
        By code of the part.
    count : int
        How many parts there are.
    """

    values: Mapping[str, Decimal]
    count: int


@cache
def rules() -> dict[str, Any]:
    """Return the packaged rules (`plausible.toml`)."""
    return tomllib.loads((files(__package__) / "plausible.toml").read_text(encoding="utf-8"))


def doubts(
    indicator: Indicator,
    value: Decimal,
    past: Past = (),
    parts: Parts | None = None,
    *,
    given: Mapping[str, Any] | None = None,
) -> list[Doubt]:
    """Say what is implausible about a value.

    Parameters
    ----------
    indicator : Indicator
        Of the ledger: name, unit, lasting.
    value : decimal.Decimal
        The value.
    past : list of (str, decimal.Decimal)
        Earlier periods of the same length and their values, the latest last.
    parts : Parts, optional
        Values of the parts of the region.
    given : dict, optional
        Rules; by default the packaged ones.

    Returns
    -------
    list of Doubt
        Impossible ones first.

    Examples
    --------
    >>> from shanshui.platform.store.models import Indicator
    >>> rate = Indicator(code="x", name="农村生活污水治理率", unit="%", lasting=False)
    >>> [doubt.zh for doubt in doubts(rate, Decimal("650"), [("2026-Q2", Decimal("64.8"))])]
    ['占比应在 0 到 100 之间，得到 650', '与上期（2026-Q2：64.8）约差 10 倍，单位或小数点可能有误']
    >>> doubts(rate, Decimal("66.1"), [("2026-Q2", Decimal("64.8"))])
    []
    """
    asked = rules() if given is None else given
    found = [
        *_possible(indicator, value, asked),
        *_against(indicator, value, past, asked),
        *_whole(indicator, value, parts, asked),
    ]
    return sorted(found, key=lambda one: one.level != "impossible")


def _possible(indicator: Indicator, value: Decimal, asked: Mapping[str, Any]) -> Iterator[Doubt]:
    sign, share = asked["sign"], asked["share"]
    name, unit = indicator.name, indicator.unit or ""
    least, most = Decimal(share["least"]), Decimal(share["most"])
    if re.search(share["unit"], unit) and not re.search(share["not"], name):
        if not least <= value <= most:
            yield Doubt(
                "share",
                share["level"],
                f"占比应在 {least} 到 {most} 之间，得到 {value:f}",
                f"a share lies between {least} and {most}, got {value:f}",
            )
    elif value < 0 and not re.search(sign["changes"], name):
        yield Doubt(
            "sign", sign["level"], f"不能为负，得到 {value:f}", f"below zero, got {value:f}"
        )


def _against(
    indicator: Indicator, value: Decimal, past: Past, asked: Mapping[str, Any]
) -> Iterator[Doubt]:
    """Set a value against the last periods."""
    if not past:
        return
    period, last = past[-1]
    slip = _slip(value, last, asked["slip"])
    if slip:
        yield Doubt(
            "slip",
            asked["slip"]["level"],
            f"与上期（{period}：{last:f}）约差 {slip} 倍，单位或小数点可能有误",
            f"about {slip} times off the last period ({period}: {last:f}): unit or decimal point?",
        )
    else:
        yield from _jump(value, past, asked["jump"], lasting=indicator.lasting)
    same = asked["unchanged"]
    common = value in {Decimal(one) for one in same["common"]}
    if value == last and not common and not (indicator.lasting and same["not_lasting"]):
        yield Doubt(
            "unchanged",
            same["level"],
            f"与上期（{period}：{last:f}）完全相同，是否照抄",
            f"the same as the last period ({period}: {last:f}): copied?",
        )
    if indicator.lasting:
        when, most = max(past, key=lambda one: one[1])
        if value < most:
            yield Doubt(
                "lower",
                asked["lower"]["level"],
                f"累计类指标低于 {when} 的 {most:f}，得到 {value:f}",
                f"what lasts is below {most:f} of {when}, got {value:f}",
            )


def _slip(value: Decimal, last: Decimal, rule: Mapping[str, Any]) -> str | None:
    if value * last <= 0:
        return None
    within = Decimal(rule["within"])
    ratio = max(value / last, last / value)
    for text in rule["factors"]:
        if abs(ratio / Decimal(text) - 1) <= within:
            return str(text)
    return None


def _jump(value: Decimal, past: Past, rule: Mapping[str, Any], *, lasting: bool) -> Iterator[Doubt]:
    """Find a step far beyond those of the last periods, or by more than a share of the last."""
    period, last = past[-1]
    step = value - last
    if abs(step) <= Decimal(rule["floor"]) * abs(last):
        return
    values = [one for _, one in past[-rule["periods"] :]]
    seen = [b - a for a, b in pairwise(values)] if lasting else values
    mine = step if lasting else value
    if len(seen) >= rule["least_periods"]:
        middle = median(seen)
        spread = Decimal(rule["scale"]) * median(abs(one - middle) for one in seen)
        if spread and abs(mine - middle) > Decimal(rule["k"]) * spread:
            times = abs(mine - middle) / spread
            what, what_en = ("增量", "step") if lasting else ("值", "value")
            yield Doubt(
                "jump",
                rule["level"],
                f"{what} {mine:f} 偏离前 {len(seen)} 期中位数 {middle:f}，达 {times:.1f} 倍稳健差",
                f"the {what_en} {mine:f} is {times:.1f} robust deviations off the median "
                f"{middle:f} of {len(seen)} periods",
            )
            return
        if spread:
            return
    if last and abs(step) > Decimal(rule["share"]) * abs(last):
        share = abs(step) / abs(last) * 100
        way, way_en = ("升", "up") if step > 0 else ("降", "down")
        yield Doubt(
            "jump",
            rule["level"],
            f"比上期（{period}：{last:f}）{way} {share:.0f}%，得到 {value:f}",
            f"{way_en} {share:.0f} % from the last period ({period}: {last:f}), got {value:f}",
        )


def _whole(
    indicator: Indicator, value: Decimal, parts: Parts | None, asked: Mapping[str, Any]
) -> Iterator[Doubt]:
    """Set a count or an amount against the sum of its parts."""
    rule = asked["parts"]
    if parts is None or not parts.values or not re.search(rule["unit"], indicator.unit or ""):
        return
    total = sum(parts.values.values(), Decimal(0))
    slack = Decimal(rule["tolerance"]) * abs(value)
    known = f"{len(parts.values)}/{parts.count}"
    if total > value + slack:
        yield Doubt(
            "parts",
            rule["level"],
            f"小于下级之和：{known} 个下级合计 {total:f}，得到 {value:f}",
            f"below the sum {total:f} of its parts ({known} known), got {value:f}",
        )
    elif len(parts.values) == parts.count and total < value - slack:
        yield Doubt(
            "parts",
            rule["level"],
            f"大于下级之和：{known} 个下级合计 {total:f}，得到 {value:f}",
            f"above the sum {total:f} of all its parts, got {value:f}",
        )


# ----------------------------------------------------------------------------------- the ledger


class Known:
    """What the ledger knows to set figures of a period against.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    indicators, regions : list of str
        Codes of the figures that will be asked about.
    period : str or Period
        Their period.
    """

    def __init__(
        self,
        session: Session,
        indicators: Sequence[str],
        regions: Sequence[str],
        period: str | Period,
    ) -> None:
        self._period = period_of(period)
        self._session = session
        every = sorted(set(indicators))
        self._children = {region: _children(session, region) for region in sorted(set(regions))}
        places = set(regions).union(*self._children.values())
        # Parts count as they stand now, accepted or not; the past only as it was accepted.
        self._now = reported.frame(
            session, every, None, self._period.text, states=("accepted", "submitted", "draft")
        ).filter(pl.col("source") == "reported", pl.col("region").is_in(places))
        self._past: dict[tuple[str, str], list[dict[str, Any]]] = {}
        rows = reported.frame(session, every).filter(pl.col("region").is_in(set(regions)))
        for row in rows.iter_rows(named=True):
            when = period_of(row["period"])
            if when.kind == self._period.kind and when.end < self._period.end:
                self._past.setdefault((row["indicator"], row["region"]), []).append(row)

    def past(self, indicator: str, region: str) -> list[tuple[str, Decimal, str]]:
        """Return earlier periods, values and sources, the latest last, one row a period.

        What was reported counts before what was published; published values are taken on one
        basis, that of the latest.
        """
        rows = self._past.get((indicator, region), [])
        found: dict[str, tuple[str, Decimal, str]] = {}
        for row in [*_one_basis(rows), *(one for one in rows if one["source"] == "reported")]:
            found[row["period"]] = row["period"], Decimal(row["value"]), row["source"]
        return sorted(found.values(), key=lambda one: period_of(one[0]).end)

    def doubts(self, indicator: Indicator, region: str, value: Decimal) -> list[Doubt]:
        """Say what is implausible about a value of a region."""
        past = [(period, number) for period, number, _ in self.past(indicator.code, region)]
        inner = self._children.get(region, ())
        mine = self._now.filter(
            pl.col("indicator") == indicator.code, pl.col("region").is_in(inner)
        )
        values = {
            place: Decimal(number)
            for place, number in zip(mine["region"], mine["value"], strict=True)
        }
        return doubts(indicator, value, past, Parts(values, len(inner)))


def _one_basis(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return published rows on the basis of the latest, the better attested last in a period."""
    published = [row for row in rows if row["source"] == "published" and row["confidence"] != "C"]
    if not published:
        return []
    ordered = sorted(
        published,
        key=lambda row: (
            row["period"],
            -ord(row["confidence"] or "Z"),
            not row["derived"],
            row["published"] or "",
        ),
    )
    basis = [ordered[-1][name] for name in reported.BASIS]
    return [row for row in ordered if [row[name] for name in reported.BASIS] == basis]


def _children(session: Session, region: str) -> tuple[str, ...]:
    own = session.scalars(select(Region.code).where(Region.parent_code == region))
    return tuple(own) or tuple(
        session.scalars(select(RegionMember.member_code).where(RegionMember.group_code == region))
    )

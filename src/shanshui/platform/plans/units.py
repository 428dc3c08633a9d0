"""Whether two values of plans can be compared: units that convert into one another."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from shanshui.plan.grammar import lexicon


class Measure(NamedTuple):
    """What a unit measures.

    ``family`` is one for all units that convert into one another, ``factor`` how many of the
    family's first unit it is, ``level`` whether it is a share or concentration and no amount.
    """

    family: str
    factor: Fraction
    level: bool


@cache
def _table() -> tuple[dict[str, Measure], re.Pattern[str], dict[str, int]]:
    text = files("shanshui.platform.plans").joinpath("units.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    units: dict[str, Measure] = {}
    for family in table["family"]:
        first = next(iter(family["units"]))
        for name, factor in family["units"].items():
            units[name] = Measure(first, Fraction(factor), bool(family.get("level")))
    for row in lexicon("units")["unit"]:
        if row.get("counts"):  # 个, 家 and 座 count things
            units[row["name"]] = Measure("个", Fraction(1), False)
    scales = table["scales"]
    longest = sorted(scales, key=len, reverse=True)
    return units, re.compile("|".join(longest)), scales


@cache
def measure(unit: str | None) -> Measure:
    """Say what a unit measures.

    Examples
    --------
    >>> from shanshui.platform.plans.units import measure
    >>> measure("mg/m3").factor / measure("µg/m3").factor
    Fraction(1000, 1)
    >>> measure("万亩").family, measure("km2").family, measure("家").family
    ('m2', 'm2', '个')
    """
    units, scale, scales = _table()
    name, factor = unit or "", Fraction(1)
    if name not in units and (match := scale.match(name)) and match.end() < len(name):
        name, factor = name[match.end() :], Fraction(scales[match[0]])
    stem, per, rest = name.partition("/")
    if name not in units and per and stem in units:  # 座/年: the same things, by the year
        found = units[stem]
        return Measure(f"{found.family}/{rest}", factor * found.factor, False)
    found = units.get(name, Measure(name, Fraction(1), False))
    return found._replace(factor=factor * found.factor)


def amount(value: Decimal, unit: str | None) -> Fraction:
    """Return a value in the first unit of its family."""
    return Fraction(value) * measure(unit).factor

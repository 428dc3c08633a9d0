"""What is measured, in which unit it is kept, and what other units come to.

The catalogue is ``properties.csv`` beside this module: a code, its names, the unit in which the
lake keeps it, its medium and its codes in HJ 212. Units of one kind and their ratios are the tables
``water_units`` and ``measure_units`` of ``tables.toml``.
"""

from __future__ import annotations

import csv
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from shanshui.platform.ingest.columns import simplify, vocabulary


class Measure(NamedTuple):
    """A property that can be observed.

    Attributes
    ----------
    code : str
        As in the lake.
    name, name_en : str
        Chinese and English.
    unit : str
        In which the lake keeps it.
    medium : str
        ``air``, ``weather``, ``water``, ``noise`` or ``soil``.
    hj212 : tuple of str
        Its codes in HJ 212.
    """

    code: str
    name: str
    name_en: str
    unit: str
    medium: str
    hj212: tuple[str, ...]


@cache
def measures() -> dict[str, Measure]:
    """Return the catalogue by code.

    Examples
    --------
    >>> measures()["nh3n"].name, measures()["nh3n"].unit, measures()["nh3n"].hj212
    ('氨氮', 'mg/L', ('w21003',))
    """
    text = files("shanshui.platform.ingest").joinpath("properties.csv").read_text(encoding="utf-8")
    found = {}
    for row in csv.DictReader(text.splitlines()):
        codes = tuple(c for c in row.pop("hj212").split(";") if c)
        found[row["code"]] = Measure(**row, hj212=codes)
    return found


@cache
def _names() -> dict[str, str]:
    words = vocabulary()
    found: dict[str, str] = {}
    for table in (words["units"], words["list_units"], words["unit_names"]):
        for unit, spec in table.items():
            names = spec["names"] if isinstance(spec, dict) else spec
            for name in (unit, *names):
                found.setdefault(simplify(name), unit)
    return found


def unit_named(text: str) -> str | None:
    """Return the unit that a text names, or None.

    Examples
    --------
    >>> unit_named("μg/m³"), unit_named("毫克/升"), unit_named("％"), unit_named("斤")
    ('ug/m3', 'mg/L', '%', None)
    """
    return _names().get(simplify(text))


@cache
def factor(given: str, wanted: str) -> Fraction | None:
    """Return what a value is multiplied by to come from one unit to another, or None.

    Examples
    --------
    >>> factor("mg/m3", "ug/m3"), factor("ug/L", "mg/L"), factor("ppb", "ug/m3")
    (Fraction(1000, 1), Fraction(1, 1000), None)
    """
    if given == wanted:
        return Fraction(1)
    words = vocabulary()
    for family in (*words["measure_units"].values(), *words["water_units"].values()):
        if given in family and wanted in family:
            return Fraction(Decimal(str(family[given]))) / Fraction(Decimal(str(family[wanted])))
    return None


@cache
def by_hj212() -> dict[str, str]:
    """Return the property of each code of HJ 212 that has one."""
    return {code: one.code for one in measures().values() for code in one.hj212}

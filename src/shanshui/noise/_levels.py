"""What the noise functions share: levels as exact integers, zones, grades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import narwhals.stable.v2 as nw

from shanshui import _rules
from shanshui.standards.editions import Edition, editions
from shanshui.standards.editions import edition as find
from shanshui.standards.rounding import divide_half_even, integer, to_fixed

PLACES = 3
"""Decimal places of a level as a fixed integer: meters give one or two."""
LOUDEST = 200.0
"""dB(A) above which a number is no level; with 0 below, the project's own bounds."""


def in_force(which: str | date | Edition | None) -> Edition:
    """Return the edition that is named, or the newest."""
    return editions("noise")[-1] if which is None else find("noise", which)


def number(column: str, kind: Any) -> nw.Expr:
    """Return a column as 64-bit floats; a 32-bit float stands for three places."""
    return _rules.number(column, kind, 3)


def sound(value: nw.Expr) -> nw.Expr:
    """Return a level, or null where it is none."""
    return nw.when((value >= 0) & (value <= LOUDEST)).then(value)


def level(column: str, kind: Any) -> nw.Expr:
    """Return a column of levels as fixed integers, absurd ones null."""
    return to_fixed(sound(number(column, kind)), PLACES)


def tenths(fixed_level: nw.Expr, digits: int = 1) -> nw.Expr:
    """Round a fixed level to 0.1 dB, half to even, as a whole number of tenths."""
    return divide_half_even(fixed_level, 10 ** (PLACES - digits))


def in_tenths(decibels: float) -> int:
    """Return a limit as a whole number of tenths."""
    return int(Fraction(str(decibels)) * 10)


def graded(value: nw.Expr, upto: Sequence[float]) -> nw.Expr:
    """Return the grade of a level in tenths."""
    grade: nw.Expr = nw.when(~value.is_null()).then(integer(len(upto) + 1))
    for place in range(len(upto), 0, -1):
        inside = value <= integer(in_tenths(upto[place - 1]))
        grade = nw.when(inside).then(integer(place)).otherwise(grade)
    return grade


def named(column: str, names: Mapping[int, str]) -> nw.Expr:
    """Return the names of codes."""
    result = nw.lit(None, dtype=nw.String)
    for code, name in names.items():
        result = nw.when(nw.col(column) == code).then(nw.lit(name)).otherwise(result)
    return result

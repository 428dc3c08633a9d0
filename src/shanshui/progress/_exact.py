"""Numbers as written, exactly, and back to text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache

from shanshui.standards import ShanshuiError

Number = int | float | str | Decimal | Fraction


def exact(value: Number, name: str) -> Fraction:
    """Make a number an exact fraction; a float is taken as the decimal that it prints as."""
    if isinstance(value, Fraction):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Fraction(value)
    try:
        return Fraction(value) if isinstance(value, Decimal) else _read(str(value))
    except (InvalidOperation, ValueError, OverflowError):
        raise ShanshuiError(f"{name} 应为数值：{value!r} / {name} must be a number") from None


@lru_cache(maxsize=4096)
def _read(text: str) -> Fraction:
    """Read a decimal as written; a long table holds the same few over and over."""
    return Fraction(Decimal(text))


def whole(value: int, name: str) -> int:
    """Check a count of days, months or sections."""
    if not isinstance(value, int) or value < 0:  # type: ignore[redundant-expr]
        raise ShanshuiError(
            f"{name} 应为非负整数（天、月或断面数）：{value!r} / "
            f"{name} must be a whole number of days, months or sections, 0 or more"
        )
    return value


def plain(value: Fraction, digits: int | None = None) -> str:
    """Write a fraction as a decimal: with `digits` decimals, else at most 4 and no zeros."""
    if digits is None:
        if value.denominator == 1:
            return str(value.numerator)
        return plain(value, 4).rstrip("0").rstrip(".")
    units = _units(value, digits)
    text = f"{abs(units):0{digits + 1}d}"
    sign = "-" if value < 0 else ""  # as Decimal writes it: -0.00 for a little less than nothing
    return f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else sign + text


def rounded(value: Fraction, digits: int | None) -> Fraction:
    """Round half to even (GB/T 8170), or not at all where no decimals are stated."""
    if digits is None:
        return value
    return Fraction(_units(value, digits), 10**digits)


def _units(value: Fraction, digits: int) -> int:
    """Round to whole units of the last decimal, a tie to the even one."""
    scale: int = 10**digits
    quotient, rest = divmod(value.numerator * scale, value.denominator)
    twice = 2 * rest
    up = twice > value.denominator or (twice == value.denominator and quotient % 2 == 1)
    return quotient + int(up)


@lru_cache(maxsize=4096)
def moment(day: date) -> Fraction:
    """Say when a day ends, in years: months are twelfths, so that a month's end is a whole one.

    A 序时进度 counts months (1—9月 is 75 %), not days of 365.

    >>> moment(date(2026, 9, 30)), moment(date(2026, 12, 31))
    (Fraction(8107, 4), Fraction(2027, 1))
    """
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    length = (following - day.replace(day=1)).days
    return day.year + Fraction(day.month - 1, 12) + Fraction(day.day, 12 * length)

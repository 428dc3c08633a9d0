"""Numbers as written, exactly, and back to text."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction

from shanshui.standards import ShanshuiError, round_half_even

Number = int | float | str | Decimal | Fraction


def exact(value: Number, name: str) -> Fraction:
    """Make a number an exact fraction; a float is taken as the decimal that it prints as."""
    if isinstance(value, int | Fraction) and not isinstance(value, bool):
        return Fraction(value)
    try:
        return Fraction(value if isinstance(value, Decimal) else Decimal(str(value)))
    except (InvalidOperation, ValueError, OverflowError):
        raise ShanshuiError(f"{name} 应为数值：{value!r} / {name} must be a number") from None


def whole(value: int, name: str) -> int:
    """Check a count of days."""
    if not isinstance(value, int) or value < 0:  # type: ignore[redundant-expr]
        raise ShanshuiError(
            f"{name} 应为非负整数天数：{value!r} / {name} must be a whole number of days, 0 or more"
        )
    return value


def plain(value: Fraction, digits: int | None = None) -> str:
    """Write a fraction as a decimal: with `digits` decimals, else at most 4 and no zeros."""
    if digits is not None:
        return f"{round_half_even(value, digits):f}"
    text = f"{round_half_even(value, 4):f}"
    return text.rstrip("0").rstrip(".")

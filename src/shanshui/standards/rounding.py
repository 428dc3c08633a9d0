"""Exact arithmetic of the standards: GB/T 8170 rounding on numbers and on columns.

Columns hold a decimal as a scaled 64-bit integer ("fixed"): a value of 1.25 with 6 places is
1250000. Floor division and remainder of such integers give the same result on every engine, where
``round`` and casts of floats do not.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from narwhals.stable.v2 import Expr

PLACES = 6
"""Decimal places of a concentration as a fixed integer."""


def round_half_even(value: float | str | Decimal | Fraction, digits: int = 0) -> Decimal:
    """Round a number as GB/T 8170 does: to the nearest, a tie to the even digit.

    The decimal is taken as written: a float stands for its shortest decimal form, so 0.525 is
    exactly 525/1000. A `Fraction` is rounded exactly.

    Parameters
    ----------
    value : float, int, str, Decimal or Fraction
        The number.
    digits : int
        Decimals to keep.

    Returns
    -------
    Decimal
        With exactly `digits` decimals.

    References
    ----------
    GB/T 8170-2008 数值修约规则与极限数值的表示和判定, 3.2 进舍规则.

    Examples
    --------
    >>> round_half_even(0.525, 2), round_half_even(2.5), round_half_even(3.5)
    (Decimal('0.52'), Decimal('2'), Decimal('4'))
    """
    if isinstance(value, Fraction):
        # round() of a Fraction is exact and half to even.
        return Decimal(round(value * 10**digits)).scaleb(-digits)
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if not number.is_finite():
        raise ShanshuiError(f"不能修约 / cannot round {value!r}")
    return number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)


def integer(value: int) -> Expr:
    """Return a 64-bit integer literal.

    An untyped literal may settle as 32 bits where an engine's optimiser lifts it out of its
    expression, and overflow there.
    """
    import narwhals.stable.v2 as nw

    return nw.lit(value, dtype=nw.Int64)


def to_fixed(value: Expr, places: int = PLACES) -> Expr:
    """Make a non-negative float column a fixed integer, to the nearest at `places` decimals."""
    import narwhals.stable.v2 as nw

    return (value.cast(nw.Float64) * 10.0**places + 0.5).floor().cast(nw.Int64)


def from_fixed(value: Expr, places: int = PLACES) -> Expr:
    """Give a fixed integer back as the float nearest to its decimal.

    The divisor is made a column: Polars turns division by a literal into multiplication by its
    reciprocal, which gives 2.3000000000000003 for 23 / 10.
    """
    import narwhals.stable.v2 as nw

    number = value.cast(nw.Float64)
    return number / (number * 0.0 + 10.0**places) if places else number


def divide_half_even(numerator: Expr, denominator: Expr | int) -> Expr:
    """Divide non-negative integers and round the quotient half to even.

    `denominator` must be positive or null; a null gives null.
    """
    import narwhals.stable.v2 as nw

    quotient = numerator // denominator
    twice = (numerator % denominator) * 2
    up = (twice > denominator) | ((twice == denominator) & (quotient % 2 == 1))
    return (quotient + nw.when(up).then(integer(1)).otherwise(integer(0))).cast(nw.Int64)

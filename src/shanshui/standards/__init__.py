"""The standards as dated data: editions, rounding by GB/T 8170, and the basis of a figure."""

from shanshui.standards.basis import Basis, Difference, compare_bases
from shanshui.standards.editions import Edition, Parameter, Standard, edition, editions
from shanshui.standards.errors import (
    NoEdition,
    SchemaError,
    ShanshuiError,
    UnknownEdition,
    UnverifiedFigure,
)
from shanshui.standards.rounding import round_half_even

__all__ = [
    "Basis",
    "Difference",
    "Edition",
    "NoEdition",
    "Parameter",
    "SchemaError",
    "ShanshuiError",
    "Standard",
    "UnknownEdition",
    "UnverifiedFigure",
    "compare_bases",
    "edition",
    "editions",
    "round_half_even",
]

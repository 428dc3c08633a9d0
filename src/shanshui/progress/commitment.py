"""A promise and a figure that may answer it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from shanshui.progress._exact import Number, exact
from shanshui.standards import Basis, ShanshuiError

if TYPE_CHECKING:
    from fractions import Fraction

Comparator = Literal["<=", "<", ">=", ">", "=", "~", "increase_by", "decrease_by"]
Better = Literal["lower", "higher"]

COMPARATORS: tuple[Comparator, ...] = (
    "<=",
    "<",
    ">=",
    ">",
    "=",
    "~",
    "increase_by",
    "decrease_by",
)


@dataclass(frozen=True)
class Figure:
    """A published or computed value (数值) of one indicator, region and year.

    Attributes
    ----------
    value : number
        As printed.
    year : int
        The year that it describes.
    unit : str or None
        Its unit.
    region : str or None
        The place or group that it describes.
    basis : Basis
        What it stands on (口径).
    """

    value: Number
    year: int
    unit: str | None = None
    region: str | None = None
    basis: Basis = field(default_factory=Basis)

    @property
    def exact(self) -> Fraction:
        """The value as an exact fraction."""
        return exact(self.value, "value")


@dataclass(frozen=True)
class Commitment:
    """A target (目标任务) with what is needed to judge it.

    Attributes
    ----------
    comparator : str or None
        One of `COMPARATORS`; None when the value is set elsewhere (按省下达), which makes the
        target deferred. ``=`` is a bare number or 为/保持, ``~`` is 左右.
    value : number or None
        The value, in `unit`; None for a deferred target.
    unit : str or None
        For ``increase_by`` and ``decrease_by``: ``pp`` or the figure's own unit is a difference,
        ``%`` a share of the base value.
    year : int or None
        The deadline; None where the plan sets none.
    base_year : int or None
        The year that ``increase_by`` and ``decrease_by`` count from.
    region : str or None
        The place or group that promises.
    better : {"lower", "higher"} or None
        Which way of the indicator is better; with it, a value past ``=`` or ``~`` on the better
        side meets the target. None asks for the value itself.
    lasting : bool
        What is reached stays reached (things built, cumulative counts), so a value before the
        deadline can complete the target. A state of a year (a concentration) must hold in the
        year of the deadline.
    basis : Basis
        The basis that the plan states; a field that it does not state asks for nothing.
    """

    comparator: Comparator | None
    value: Number | None
    unit: str | None = None
    year: int | None = None
    base_year: int | None = None
    region: str | None = None
    better: Better | None = None
    lasting: bool = False
    basis: Basis = field(default_factory=Basis)

    def __post_init__(self) -> None:
        if self.comparator is not None and self.comparator not in COMPARATORS:
            raise ShanshuiError(
                f"比较符应为 {' '.join(COMPARATORS)}：{self.comparator!r} / "
                f"unknown comparator {self.comparator!r}"
            )
        if (self.comparator is None) != (self.value is None):
            raise ShanshuiError(
                "比较符与目标值应同时给出或同时为空（待下达）/ "
                "give both comparator and value, or neither (deferred)"
            )

    @property
    def deferred(self) -> bool:
        """Whether the value is set elsewhere (待下达)."""
        return self.value is None

    @property
    def relative(self) -> bool:
        """Whether the value counts from a base value."""
        return self.comparator in ("increase_by", "decrease_by")

"""Periods of results: a month, a quarter, a year, and the months of a year up to one (1—N月)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from shanshui.platform.review.periods import span
from shanshui.standards.errors import ShanshuiError

Kind = Literal["month", "quarter", "year", "ytd"]
KINDS: tuple[Kind, ...] = ("month", "quarter", "year", "ytd")
_CUMULATIVE = re.compile(r"^(\d{4})-01[/~](?:\1-)?(0[1-9]|1[0-2])$")


@dataclass(frozen=True, order=True)
class Term:
    """A period of a result.

    Attributes
    ----------
    start, end : datetime.date
        Its first and last day.
    text : str
        ``2026-10``, ``2026-Q3``, ``2026`` or, for 1—N月, ``2026-01/2026-10``.
    kind : str
        ``month``, ``quarter``, ``year`` or ``ytd``.
    """

    start: date
    end: date
    text: str
    kind: Kind

    @property
    def days(self) -> int:
        """Days of the calendar."""
        return (self.end - self.start).days + 1

    @property
    def reach(self) -> date:
        """The last day that has a say: whether a place has 1—N月, later months of the year tell."""
        return date(self.end.year, 12, 31) if self.kind == "ytd" else self.end

    @property
    def label(self) -> str:
        """What the methods call it."""
        return f"{self.text[:7]}~{self.text[-2:]}" if self.kind == "ytd" else self.text

    @property
    def before(self) -> Term:
        """The same period of the year before."""
        return self._of(self.end.year - 1)

    @property
    def after(self) -> Term:
        """The same period of the year after."""
        return self._of(self.end.year + 1)

    def _of(self, year: int) -> Term:
        return term(self.text.replace(f"{self.end.year:04}", f"{year:04}"))

    @property
    def months(self) -> tuple[str, str]:
        """Its first and last month."""
        return f"{self.start:%Y-%m}", f"{self.end:%Y-%m}"


def term(text: str) -> Term:
    """Understand a period.

    Raises
    ------
    ShanshuiError
        It is none.

    Examples
    --------
    >>> term("2026-01/2026-10").end, term("2026-Q3").kind, term("2026-01/2026-10").label
    (datetime.date(2026, 10, 31), 'quarter', '2026-01~10')
    >>> term("2024-01/2024-02").before.text, term("2025-02").before.days
    ('2023-01/2023-02', 29)
    """
    if found := _CUMULATIVE.match(text.strip()):
        last = span(f"{found[1]}-{found[2]}")
        first = date(int(found[1]), 1, 1)
        return Term(first, last.end, f"{first:%Y-%m}/{last.text}", "ytd")
    try:
        one = span(text)
    except ShanshuiError:
        raise ShanshuiError(
            f"时段应如 2026-10、2026-Q3、2026 或 2026-01/2026-10，得到“{text}” / "
            f"a period is 2026-10, 2026-Q3, 2026 or 2026-01/2026-10, got {text!r}"
        ) from None
    return Term(one.start, one.end, one.text, one.kind)


def around(day: date) -> list[Term]:
    """Return the month, quarter and year that hold a day, and the months up to it."""
    return [
        term(f"{day:%Y-%m}"),
        term(f"{day.year}-Q{(day.month + 2) // 3}"),
        term(f"{day.year}"),
        term(f"{day.year}-01/{day:%Y-%m}"),
    ]


def touched(days: Iterable[date], last: date) -> list[Term]:
    """Return every period that days are part of; 1—N月 up to the month of `last`."""
    found = set()
    for first in {day.replace(day=1) for day in days}:
        found.update(around(first))
        month = first
        while month.year == first.year and month <= last:
            found.add(term(f"{month.year}-01/{month:%Y-%m}"))
            month = (month + timedelta(days=31)).replace(day=1)
    return sorted(found)

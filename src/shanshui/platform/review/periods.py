"""Periods that are made final: a month, a quarter, a year."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from shanshui.standards.errors import ShanshuiError

_FORM = re.compile(r"^(\d{4})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])))?$")


@dataclass(frozen=True, order=True)
class Span:
    """A period of the calendar.

    Attributes
    ----------
    start, end : datetime.date
        Its first and last day.
    text : str
        ``2026-10``, ``2026-Q3`` or ``2026``.
    """

    start: date
    end: date
    text: str

    @property
    def kind(self) -> Literal["month", "quarter", "year"]:
        """``month``, ``quarter`` or ``year``, as the methods call it."""
        return "year" if len(self.text) == 4 else "quarter" if "Q" in self.text else "month"

    @property
    def times(self) -> tuple[datetime, datetime]:
        """After which and up to which end of a period observations belong to it."""
        after = self.end + timedelta(days=1)
        return datetime.combine(self.start, time()), datetime.combine(after, time())

    @property
    def before(self) -> Span:
        """The same period of the year before."""
        return span(f"{self.start.year - 1}{self.text[4:]}")


def span(text: str | Span) -> Span:
    """Understand a period.

    Raises
    ------
    ShanshuiError
        It is none.

    Examples
    --------
    >>> span("2026-Q3").end, span("2024-02").end.day, span("2026-10").before.text
    (datetime.date(2026, 9, 30), 29, '2025-10')
    """
    if isinstance(text, Span):
        return text
    found = _FORM.match(text.strip().upper())
    if found is None or found[1] == "0000":
        raise ShanshuiError(
            f"时段应如 2026-10、2026-Q3 或 2026，得到“{text}” / "
            f"a period is 2026-10, 2026-Q3 or 2026, got {text!r}"
        )
    year, month, quarter = int(found[1]), found[2], found[3]
    if month:
        first = last = int(month)
    elif quarter:
        first, last = int(quarter) * 3 - 2, int(quarter) * 3
    else:
        first, last = 1, 12
    after = date(year + last // 12, last % 12 + 1, 1)
    return Span(date(year, first, 1), after - timedelta(days=1), found[0])

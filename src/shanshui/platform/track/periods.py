"""Periods of figures: a year, a quarter, a month, or months counted together (1—10月)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shanshui.platform.review.periods import span
from shanshui.standards.errors import ShanshuiError

Kind = Literal["month", "quarter", "year", "span"]

_SPAN = re.compile(r"(\d{4}-\d{2})\s*[/~～至]\s*(\d{4}-\d{2})")
_WORDS = re.compile(r"(\d{4})年(\d{1,2})\s*[-—–~至]\s*(\d{1,2})月")


@dataclass(frozen=True)
class Period:
    """A period of which a figure is.

    Attributes
    ----------
    text : str
        ``2026``, ``2026-Q3``, ``2026-10`` or ``2026-01/2026-10``.
    start, end : datetime.date
        Its first and last day.
    kind : str
        ``year``, ``quarter``, ``month`` or ``span``.
    """

    text: str
    start: date
    end: date
    kind: Kind

    def year_before(self, years: int = 1) -> Period:
        """Return the same period of an earlier year."""
        first, slash, last = self.text.partition("/")
        texts = [f"{int(one[:4]) - years:04}{one[4:]}" for one in (first, last) if one]
        return period_of(slash.join(texts))

    def earlier(self, count: int = 1) -> list[Period]:
        """Return the periods before it, the nearest last: of months together the same of the years.

        Examples
        --------
        >>> [one.text for one in period_of("2026-Q1").earlier(2)]
        ['2025-Q3', '2025-Q4']
        >>> [one.text for one in period_of("2026-01/2026-10").earlier(2)]
        ['2024-01/2024-10', '2025-01/2025-10']
        """
        if self.kind in ("year", "span"):
            return [self.year_before(years) for years in range(count, 0, -1)]
        length = 1 if self.kind == "month" else 3
        first = self.start.year * 12 + self.start.month - 1
        found = []
        for back in range(count, 0, -1):
            year, month = divmod(first - back * length, 12)
            text = f"{year:04}-{month + 1:02}" if length == 1 else f"{year:04}-Q{month // 3 + 1}"
            found.append(period_of(text))
        return found


def period_of(text: str | Period) -> Period:
    """Understand a period.

    Raises
    ------
    ShanshuiError
        It is none, or it ends before it begins.

    Examples
    --------
    >>> period_of("2026-Q3").end, period_of("2026年1—10月").text
    (datetime.date(2026, 9, 30), '2026-01/2026-10')
    """
    if isinstance(text, Period):
        return text
    plain = unicodedata.normalize("NFKC", text).strip()
    if words := _WORDS.fullmatch(plain):
        year, first, last = words[1], int(words[2]), int(words[3])
        plain = f"{year}-{first:02}/{year}-{last:02}"
    try:
        if found := _SPAN.fullmatch(plain):
            start, end = span(found[1]), span(found[2])
        else:
            start = end = span(plain)
    except (ShanshuiError, ValueError):
        raise ShanshuiError(
            f"时段应如 2026、2026-Q3、2026-10 或累计 2026-01/2026-10，得到“{text}” / a period is "
            f"2026, 2026-Q3, 2026-10, or months together 2026-01/2026-10, got {text!r}"
        ) from None
    if end.end < start.start:
        raise ShanshuiError(f"时段的终月早于始月：{text} / it ends before it begins: {text}")
    if found:
        return Period(f"{start.text}/{end.text}", start.start, end.end, "span")
    return Period(start.text, start.start, start.end, start.kind)

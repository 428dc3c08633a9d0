"""What a reading left out: clauses that look like commitments and ended in no record."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from shanshui.plan.document import Document


class Spanned(Protocol):
    """A record with its span in the original: a commitment, or what a user has marked."""

    @property
    def start(self) -> int:
        """First character."""

    @property
    def end(self) -> int:
        """One past the last character."""


class Sign(StrEnum):
    """What makes a clause look like a commitment."""

    NUMBER = "number"
    DATE = "date"
    VERB = "verb"


@dataclass(frozen=True)
class Uncovered:
    """A clause that looks like a commitment and ended in no record.

    Attributes
    ----------
    quote : str
        The clause as the original has it, without line breaks.
    section : str
        Path of its section.
    start, end : int
        Span in the original.
    page : int or None
        Page, where the document has pages.
    signs : tuple of Sign
        ``number``, ``date``, ``verb``.
    why : str
        The words that are the signs.
    """

    quote: str
    section: str
    start: int
    end: int
    page: int | None
    signs: tuple[Sign, ...]
    why: str


def coverage(document: Document, commitments: Iterable[Spanned]) -> list[Uncovered]:
    r"""List the clauses with numbers, dates or verbs of commitment that ended in no record.

    Parameters
    ----------
    document : Document
        The plan.
    commitments : iterable
        Records with ``start`` and ``end`` in the original, as `shanshui.plan.commitments` returns.

    Returns
    -------
    list of Uncovered
        In the order of the text. Headings, and dates that only open the next clause, are left out;
        a clause that a record touches is covered.

    Examples
    --------
    >>> from shanshui.plan.reading import read
    >>> from shanshui.plan.coverage import coverage
    >>> document = read("一、任务\n加强管理，到2027年，建成碧道86公里。".encode())
    >>> [(found.quote, found.why) for found in coverage(document, [])]
    [('建成碧道86公里', 'number 86公里; verb 建成')]
    """
    covered = _united(
        text_span(document, record.start, record.end)
        for record in commitments
        if record.end > record.start
    )
    starts = [start for start, _ in covered]
    titles = [(heading.start, heading.end) for heading in document.outline]
    title_starts = [start for start, _ in titles]
    found = []
    for start, end in _clauses(document.text):
        if _touches(start, end, covered, starts) or _touches(start, end, titles, title_starts):
            continue
        clause = document.text[start:end]
        signs = _signs(clause)
        if not signs:
            continue
        first, last = document.original_span(start, end)
        found.append(
            Uncovered(
                document.quote(start, end),
                document.section_at(start),
                first,
                last,
                document.page_at(start),
                tuple(dict.fromkeys(sign for sign, _ in signs)),
                "; ".join(f"{sign} {word}" for sign, word in signs),
            )
        )
    return found


def text_span(document: Document, start: int, end: int) -> tuple[int, int]:
    """Return the span in the text of a span in the original.

    Parameters
    ----------
    document : Document
        The plan.
    start, end : int
        Span in the original.

    Returns
    -------
    int, int
        Span in `Document.text`.
    """
    first = bisect_left(document.offsets, start)
    last = bisect_left(document.offsets, end)
    return min(first, len(document.text)), min(max(first, last), len(document.text))


_CLAUSE = re.compile(r"[^,。;:!?！？\n\t]+(?:(?<=\d),(?=\d{3})[^,。;:!?！？\n\t]+)*")
_OPENS = re.compile(
    r"(?:到|至|截至|其中|力争|预计|在|计划|从)?(?:(?:19|20)\d\d年?[底末前]?前?(?:底|末)?"
    r"|[“”\"]?十[三四五六]五[“”\"]?(?:末|时期|期间|以来)?)[\s]*"
)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d ?年|[“\"]?十[三四五六]五[”\"]?(?:末|时期|期间)|每年|年均")
_AMOUNT = re.compile(
    r"(?<![\dA-Za-z.+-])(?!(?:19|20)\d\d\s?[年—~～-])[≥≤><约]?\d+(?:[.,]\d+)*(?:[-~—～]\d+(?:\.\d+)?)?\s?"
    r"(?!\s?[年月日时]|[+—～]|\d|[A-Za-z]*\d|号|”)"
    r"(?:个百分点|[%‰]|[万亿千百]*[^\s\d,。、;:()“”《》的了]{0,3})"
    r"|[一二三四五六七八九十百千万两]+(?:个|条|座|家|处|项|类|倍|成)(?!体系|方面|问题|原则|总体|主攻|方向)"
)
_FURNITURE = re.compile(  # of contents, of tables, of titles, of letters
    r"[….·]{2,}\s*\d+$|指标.*\d{4} ?年.*\d{4} ?年|\(\d{4}[-—～]\d{4} ?年\)"
    r"|^\d{4} ?年 ?\d{1,2} ?月 ?\d{1,2} ?日$"
)
_NUMBERED = re.compile(
    r"\d{1,2}[.、)]|\(\d{1,2}\)|[一二三四五六七八九十]+、|\([一二三四五六七八九十]+\)"
)


def _clauses(text: str) -> Iterator[tuple[int, int]]:
    """Part a text at its commas and stops."""
    for match in _CLAUSE.finditer(text):
        start, end = match.span()
        if number := _NUMBERED.match(text, start, end):
            start = number.end()
        while start < end and text[start] == " ":
            start += 1
        if start < end and not _OPENS.fullmatch(text, start, end):
            yield start, end


def _signs(clause: str) -> list[tuple[Sign, str]]:
    """Find what makes a clause look like a commitment."""
    verbs, described = _lexicon()
    if described.search(clause) or _FURNITURE.search(clause):
        return []
    signs = [
        (sign, match[0].strip())
        for sign, pattern in ((Sign.NUMBER, _AMOUNT), (Sign.DATE, _YEAR), (Sign.VERB, verbs))
        if (match := pattern.search(clause))
    ]
    # A verb alone says what is done in half of all sentences; with a number or a date it promises.
    alone = len(signs) == 1 and signs[0][0] is Sign.VERB
    return [] if alone and not _STRONG.search(clause) else signs


_STRONG = re.compile("全覆盖|清零|翻一番|不[低高]于|不[少超]|不突破|100%|达标率|力争")


@cache
def _lexicon() -> tuple[re.Pattern[str], re.Pattern[str]]:
    source = files("shanshui.plan").joinpath("coverage.toml").read_text(encoding="utf-8")
    words = tomllib.loads(source)
    verbs, described = ("|".join(map(re.escape, words[key])) for key in ("verbs", "described"))
    return re.compile(verbs), re.compile(described)


def _united(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Unite spans that overlap, in their order."""
    united: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return united


def _touches(start: int, end: int, spans: list[tuple[int, int]], starts: list[int]) -> bool:
    """Whether one of some spans that do not overlap touches a span."""
    number = bisect_right(starts, end - 1)
    return number > 0 and spans[number - 1][1] > start

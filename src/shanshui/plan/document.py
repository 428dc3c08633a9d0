"""A plan document: its text as it is read, and where each character stood in the original."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Heading:
    """A heading of the outline.

    Attributes
    ----------
    level : int
        1 for the highest.
    number : str
        As in section paths: ``三、``, ``(一)``, ``5``, ``专栏 2``, ``表1``, ``附录 2``.
    title : str
        The words after the number.
    path : str
        The section path, e.g. ``三、(一)5``.
    start, end : int
        Span of the heading in `Document.text`.
    """

    level: int
    number: str
    title: str
    path: str
    start: int
    end: int


@dataclass(frozen=True)
class Document:
    """A document as it is read.

    Attributes
    ----------
    original : str
        The text as the file holds it; of a PDF the pages, one after another.
    text : str
        What is read: broken lines joined, page numbers and furniture left out, full-width digits
        and letters made half-width, PM₂.₅ and PM_{2.5} made PM2.5. Paragraphs end with a line feed.
    offsets : array of int
        For each character of `text` its place in `original`; one more for the end.
    pages : tuple of int
        Offsets in `original` at which the pages begin; empty where there are none.
    name : str
        What the document is called in messages.
    """

    original: str
    text: str
    offsets: array[int]
    pages: tuple[int, ...] = ()
    name: str = ""
    tables: tuple[tuple[tuple[str, ...], ...], ...] = field(default=(), repr=False)

    @cached_property
    def outline(self) -> tuple[Heading, ...]:
        """The headings, in the order of the text."""
        from shanshui.plan.outline import outline

        return tuple(outline(self.text))

    @cached_property
    def _starts(self) -> list[int]:
        return [heading.start for heading in self.outline]

    def section_at(self, place: int) -> str:
        """Return the path of the section that holds a place of `text`; empty before the first."""
        number = bisect_right(self._starts, place)
        return self.outline[number - 1].path if number else ""

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span in `original` of a span of `text`."""
        if end <= start:
            return self.offsets[start], self.offsets[start]
        return self.offsets[start], self.offsets[end - 1] + 1

    def quote(self, start: int, end: int) -> str:
        """Return a span as the original has it, without its line breaks."""
        first, last = self.original_span(start, end)
        return "".join(self.original[first:last].split("\n")).replace("\r", "").replace("\f", "")

    def page_at(self, place: int) -> int | None:
        """Return the page (the first is 1) of a place of `text`, or None where there are none."""
        return bisect_right(self.pages, self.offsets[place]) if self.pages else None

"""Indicator tables: rows of baseline and target, from tables and from tables flattened to text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a cell of an indicator table holds."""

    BASELINE = "baseline"
    TARGET = "target"


@dataclass(frozen=True)
class Cell:
    """A value of an indicator table.

    Attributes
    ----------
    year : int or None
        Of the column, where its head names one.
    text : str
        The cell as read, e.g. ``≤25``, ``按省下达目标``, ``/``; empty for an empty cell.
    start, end : int
        Span in `Document.text`; where the text broke the cell into lines they are inside it.
    role : Role
        Whether it is the baseline or the target.
    """

    year: int | None
    text: str
    start: int
    end: int
    role: Role


@dataclass(frozen=True)
class IndicatorRow:
    """A row of an indicator table.

    Attributes
    ----------
    number : str
        The number of the row as written without its stop, or empty.
    indicator : str
        The indicator without number and unit.
    unit : str
        As written, e.g. ``%``, ``微克/立方米``; empty where none is given.
    cells : tuple of Cell
        In the order of the columns.
    nature : str
        ``约束性``, ``预期性`` or empty.
    start, end : int
        Span in `Document.text` of the row.
    category : str
        The group of indicators, e.g. ``环境质量``, or empty.
    """

    number: str
    indicator: str
    unit: str
    cells: tuple[Cell, ...]
    nature: str
    start: int
    end: int
    category: str = ""


def blocks(text: str) -> list[tuple[int, int]]:
    """Find where indicator tables stand that were flattened to lines of text.

    Parameters
    ----------
    text : str
        As `Document.text`.

    Returns
    -------
    list of (int, int)
        Spans from the head of the table to its last row.
    """
    return [(start, end) for start, end, *_ in _flat(text)]


_NATURE = re.compile("约束性|预期性|约束型|预期型|引导性")
_HEAD = re.compile("属性|性质|类型")
_YEAR = re.compile(r"((?:19|20)\d\d) ?年?")
_FAR = 14  # lines between two rows


def _flat(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    begin = end = None
    since = place = 0
    for line in text.split("\n"):
        stop = place + len(line)
        head = (
            "\t" not in line and "指标" in line and len(_YEAR.findall(line)) >= 2 and len(line) < 80
        )
        if head and "。" not in line:
            if begin is None:
                begin, end = place, stop
            since = 0
        elif begin is not None and end is not None:
            since += 1
            if _NATURE.search(line) and len(line) < 120 and "。" not in line:
                end, since = stop, 0
            elif since > _FAR or "。" in line[:-1] or len(line) > 120:
                found.append((begin, end))
                begin = end = None
        place = stop + 1
    if begin is not None and end is not None:
        found.append((begin, end))
    return found

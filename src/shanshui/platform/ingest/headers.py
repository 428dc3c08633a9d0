"""Headers that take several rows: groups over their columns, and a row of units below."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NamedTuple

from shanshui.platform.ingest.columns import listed_role, recognise, simplify
from shanshui.platform.ingest.measures import unit_named

_DEEPEST = 3  # rows of names
_DATUM = re.compile(r"^[<≤]?[-+]?\d[\d,]*(\.\d+)?[lL]?$|^(19|20)\d\d[-/.年]")
_NO_UNIT = frozenset({"", "单位", "unit", "units", "计量单位"})


class Heading(NamedTuple):
    """Where a header stands and what it says.

    Attributes
    ----------
    first, last : int
        Positions of its first and last row, the row of units included.
    names : list of str
        One a column; groups and columns joined by a space, a unit in brackets.
    """

    first: int
    last: int
    names: list[str]


def rank(names: Sequence[str], listing: str | None, known: Collection[str] = ()) -> int:
    """Count the different meanings that are recognised in a possible header."""
    roles = {(listed_role(n, listing) or recognise(n)) for n in names if n}
    own = {simplify(n) for n in names} & set(known)
    return len({role.name for role in roles if role} | own)


def heading(
    rows: Sequence[Sequence[str]], at: int, listing: str | None, known: Collection[str] = ()
) -> Heading:
    """Find how far the header around a row reaches.

    Parameters
    ----------
    rows : sequence of rows of str
        The first rows of the table, cells of merged ranges filled.
    at : int
        The row that says most by itself.
    listing : str or None
        See `columns.read_header`.
    known : collection of str
        Simplified names that are known beside those of the vocabulary.

    Examples
    --------
    >>> rows = [
    ...     ["点位", "日期", "监测结果", ""],
    ...     ["", "", "二氧化硫", "一氧化碳"],
    ...     ["", "", "μg/m3", "mg/m3"],
    ...     ["甲", "2026-03-01", "5", "0.4"],
    ... ]
    >>> heading(rows, 1, None)
    Heading(first=0, last=2, names=['点位', '日期', '二氧化硫(μg/m3)', '一氧化碳(mg/m3)'])
    """
    best = Heading(at, at, list(rows[at]))
    most = rank(rows[at], listing, known)
    for depth in range(2, _DEEPEST + 1):
        for first in range(max(at - depth + 1, 0), min(at, len(rows) - depth) + 1):
            window = rows[first : first + depth]
            if any(_is_data(row) for row in window):
                continue
            names = _joined(window, listing, known)
            found = rank(names, listing, known)
            wider = sum(map(bool, names)) > sum(map(bool, best.names))
            if found > most or (found == most and wider and _beneath(window)):
                best, most = Heading(first, first + depth - 1, names), found
    return _with_units(best, rows, listing)


def _beneath(window: Sequence[Sequence[str]]) -> bool:
    """Tell whether lower rows only fill what the first leaves open, as parts of groups do."""
    upper, lower = window[0], window[1]
    first = lower[0] if lower else ""
    return bool(upper) and bool(upper[0]) and first in ("", upper[0]) and any(lower)


def _is_data(row: Sequence[str]) -> bool:
    return any(_DATUM.match(cell) for cell in row)


def _joined(
    window: Sequence[Sequence[str]], listing: str | None, known: Collection[str]
) -> list[str]:
    width = max(len(row) for row in window)
    cells = [[*row, *[""] * (width - len(row))] for row in window]
    for upper, lower in pairwise(cells):
        for column in range(1, width):  # a group stands over the columns to its right
            if not upper[column] and lower[column] and lower[column - 1]:
                upper[column] = upper[column - 1]
    return [_name(list(column), listing, known) for column in zip(*cells, strict=True)]


def _name(parts: list[str], listing: str | None, known: Collection[str]) -> str:
    parts = [p for i, p in enumerate(parts) if p and p not in parts[:i]]
    if not parts:
        return ""
    whole = " ".join(parts)
    for name in (whole, " ".join(parts[-2:]), parts[-1]):
        if simplify(name) in known or listed_role(name, listing) or recognise(name):
            return name
    return whole


def _with_units(found: Heading, rows: Sequence[Sequence[str]], listing: str | None) -> Heading:
    """Take in the row below, where it holds units and nothing else."""
    below = found.last + 1
    if below >= len(rows):
        return found
    cells = [*rows[below], *[""] * (len(found.names) - len(rows[below]))]
    above = [*rows[found.last], *[""] * (len(cells) - len(rows[found.last]))]
    # A name that is merged down to the row of units says nothing in it.
    cells = ["" if cell == name else cell for cell, name in zip(cells, above, strict=True)]
    plain = [c for c in cells if simplify(c) not in _NO_UNIT and c not in {"/", "-", "—", "--"}]
    said = [c.strip("()（）[]") for c in plain]
    if not said or not all(unit_named(c) for c in said) or len(cells) > len(found.names):
        return found
    names = []
    for name, cell in zip(found.names, cells, strict=True):
        unit = cell.strip("()（）[]")
        role = (listed_role(name, listing) or recognise(name)) if name else None
        stated = role is not None and role.unit is not None
        names.append(f"{name}({unit})" if name and not stated and unit_named(unit) else name)
    return Heading(found.first, below, names)

"""A plan as a page on which a person checks the reading: each record in its place in the text."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING

from shanshui import __version__
from shanshui.plan.coverage import Uncovered, text_span
from shanshui.platform.plans.targets import COMPARATORS
from shanshui.platform.report.pages import render

if TYPE_CHECKING:
    from shanshui.plan.commitments import Commitment
    from shanshui.plan.document import Document

KINDS = {
    "target": ("目标值", "target"),
    "count": ("数量任务", "count"),
    "milestone": ("定性目标", "milestone"),
    "deferred": ("按上级下达", "deferred"),
    "baseline": ("现状值", "baseline"),
}
STATUSES = {
    "extracted": ("待核对", "to check"),
    "confirmed": ("已确认", "confirmed"),
    "corrected": ("已更正", "corrected"),
    "rejected": ("已剔除", "rejected"),
    "added": ("手工添加", "added"),
}
_WHY = {"number": "数字", "date": "时间", "verb": "动词"}


@dataclass(frozen=True)
class Piece:
    """A run of text with the records that lie on it."""

    text: str
    kind: str = ""  # of the shortest record; uncovered; or empty
    ids: str = ""  # numbers of the records, with blanks between
    title: str = ""  # for those without JavaScript
    first: str = ""  # number of the record that begins here


@dataclass(frozen=True)
class Check:
    """How far people have checked a record that stands in a ledger.

    Attributes
    ----------
    status : str
        ``extracted``, ``confirmed``, ``corrected``, ``rejected`` or ``added``.
    fields : sequence
        What is known of it besides: names and values, shown before those that were read.
    """

    status: str
    fields: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Block:
    """A paragraph, a heading or a row of a table."""

    tag: str
    cells: tuple[tuple[Piece, ...], ...]
    anchor: str = ""
    page: int | None = None


def page(
    document: Document,
    commitments: Sequence[Commitment],
    uncovered: Sequence[Uncovered] = (),
    *,
    title: str | None = None,
    checks: Sequence[Check] = (),
) -> str:
    """Write the review page of a plan.

    Parameters
    ----------
    document : Document
        The plan.
    commitments : sequence of Commitment
        What was read from it.
    uncovered : sequence of Uncovered
        What `shanshui.plan.coverage` lists.
    title : str, optional
        Title of the page; by default the first line of the document that is no heading.
    checks : sequence of Check, optional
        Of a plan of a ledger how far people have checked each commitment.

    Returns
    -------
    str
        One HTML page that needs no other file.
    """
    kinds = [
        f"{one.kind} {check.status}" if check else one.kind
        for one, check in zip_longest(commitments, checks)
    ]
    spans = [
        (*text_span(document, one.start, one.end), kinds[i], i) for i, one in enumerate(commitments)
    ]
    gaps = [(*text_span(document, u.start, u.end), "uncovered", i) for i, u in enumerate(uncovered)]
    marks = sorted((one for one in [*spans, *gaps] if one[1] > one[0]), key=lambda m: m[:2])
    records = [
        [*(check.fields if check else ()), *_record(one)]
        for one, check in zip_longest(commitments, checks)
    ]
    whys = [_why(u) for u in uncovered]
    headings = {heading.start: heading for heading in document.outline}
    return render(
        "plan_review.html.j2",
        title=title or _title(document),
        name=document.name,
        blocks=_tables(_blocks(document, marks, records, whys)),
        outline=[
            {
                "anchor": f"s{h.start}",
                "level": min(h.level, 4),
                "text": _shown(document, h.start, h.end),
            }
            for h in headings.values()
        ],
        kinds=[
            {"kind": kind, "zh": zh, "en": en, "count": count}
            for kind, (zh, en) in KINDS.items()
            if (count := Counter(c.kind for c in commitments)[kind])
        ],
        statuses=[
            {"status": status, "zh": zh, "en": en, "count": count}
            for status, (zh, en) in STATUSES.items()
            if (count := Counter(check.status for check in checks)[status])
        ],
        uncovered=len(uncovered),
        records=records,
        whys=whys,
        version=__version__,
    )


def _title(document: Document) -> str:
    starts = {heading.start for heading in document.outline}
    place, titles = 0, []
    for line in document.text.split("\n")[:40]:
        if 4 <= len(line) <= 60 and place not in starts and not _CLAUSE.search(line):
            titles.append((not _TITLE.search(line), place, place + len(line)))
        place += len(line) + 1
    return _shown(document, *min(titles)[1:]) if titles else document.name


_CLAUSE = re.compile("[,。;:]")
_TITLE = re.compile(r"(?:规划|纲要|方案|计划|意见|办法|报告)(?:\(.{4,16}\))?$")


def _record(one: Commitment) -> list[tuple[str, str]]:
    """Return the fields of a record as they are shown: name and value."""
    value = ""
    if one.value is not None:
        unit = {"pp": "个百分点", "µg/m3": "µg/m³", "km2": "km²", "m2": "m²", "m3": "m³"}
        shown = unit.get(one.unit or "", one.unit or "")
        value = f"{COMPARATORS.get(one.comparator or '', '')} {_number(one.value)} {shown}".strip()
    hedges = "、".join(
        word for word, said in (("力争", one.stretch), ("约、左右、以上等", one.approx)) if said
    )
    fields = [
        ("类别", KINDS.get(one.kind, (one.kind, ""))[0]),
        ("指标", one.indicator),
        ("数值", value),
        ("年份", str(one.year or "")),
        ("基准年", str(one.base_year or "")),
        ("地区", one.region or ""),
        ("语气", hedges),
        ("属性", one.nature or ""),
        ("责任单位", one.owner or ""),
        ("指标代码", one.indicator_code or ""),
        ("章节", one.section),
        ("把握", f"{one.confidence:.2f}"),
        ("依据", one.why),
    ]
    return [(name, said) for name, said in fields if said]


def _number(value: object) -> str:
    """Write a value, or the two ends of a range."""
    if isinstance(value, tuple | list):
        return "—".join(map(_number, value))
    return f"{value:.12g}" if isinstance(value, int | float) else str(value)


def _why(one: Uncovered) -> str:
    return "、".join(_WHY[sign] for sign in one.signs) + f"（{one.why}）"


def _blocks(
    document: Document,
    marks: list[tuple[int, int, str, int]],
    records: list[list[tuple[str, str]]],
    whys: list[str],
) -> Iterable[Block]:
    """Part the text into blocks, and each into pieces at the edges of the records."""
    text = document.text
    headings = {heading.start: heading for heading in document.outline}
    begun = sorted(headings)
    active: list[tuple[int, int, str, int]] = []
    waiting, place, before = 0, 0, None
    for line in text.split("\n"):
        end = place + len(line)
        while waiting < len(marks) and marks[waiting][0] < end:
            active.append(marks[waiting])
            waiting += 1
        active = [mark for mark in active if mark[1] > place]
        if line.strip():
            cells, start = [], place
            for cell in line.split("\t"):
                pieces = _pieces(document, start, start + len(cell), active, records, whys)
                cells.append(tuple(pieces))
                start += len(cell) + 1
            heading = headings.get(place)
            alone = heading is not None and heading.end >= end - 1
            tag = f"h{min(heading.level + 1, 5)}" if heading and alone else "p"
            number = document.page_at(place)
            # A heading inside a paragraph has its anchor at the paragraph.
            inside = bisect_left(begun, place) < bisect_left(begun, max(end, place + 1))
            anchor = f"s{begun[bisect_left(begun, place)]}" if inside else ""
            yield Block(
                "tr" if len(cells) > 1 else tag,
                tuple(cells),
                anchor,
                number if number != before else None,
            )
            before = number
        place = end + 1


def _pieces(
    document: Document,
    start: int,
    end: int,
    active: list[tuple[int, int, str, int]],
    records: list[list[tuple[str, str]]],
    whys: list[str],
) -> list[Piece]:
    edges = {start, end}
    for first, last, _, _ in active:
        edges |= {place for place in (first, last) if start < place < end}
    cuts = sorted(edges)
    pieces = []
    for a, b in pairwise(cuts):
        over = [mark for mark in active if mark[0] <= a and mark[1] >= b]
        shown = _shown(document, a, b)
        if not over:
            pieces.append(Piece(shown))
            continue
        over.sort(key=lambda mark: (mark[1] - mark[0], mark[2].startswith("baseline")))
        found = [mark[3] for mark in over if mark[2] != "uncovered"]
        if found:
            told = "\n—\n".join("\n".join(f"{k}：{v}" for k, v in records[i]) for i in found)
            kind = next(mark[2] for mark in over if mark[2] != "uncovered")
            begins = next((str(m[3]) for m in over if m[0] == a and m[2] != "uncovered"), "")
            pieces.append(Piece(shown, kind, " ".join(map(str, found)), told, begins))
        else:
            pieces.append(Piece(shown, "uncovered", f"u{over[0][3]}", whys[over[0][3]]))
    return pieces


def _tables(blocks: Iterable[Block]) -> list[list[Block]]:
    """Put the rows of a table together; other blocks are alone."""
    groups: list[list[Block]] = []
    for block in blocks:
        if block.tag == "tr" and groups and groups[-1][0].tag == "tr":
            groups[-1].append(block)
        else:
            groups.append([block])
    return groups


def _shown(document: Document, start: int, end: int) -> str:
    """Return a span in the characters of the original, without broken lines and furniture."""
    shown = []
    last = document.offsets[start - 1] if start else -1
    for i in range(start, end):
        place, character = document.offsets[i], document.text[i]
        whole = document.original[place] if place < len(document.original) else ""
        plain = unicodedata.normalize("NFKC", whole) if whole != character else character
        if plain == character:
            shown.append(whole)
        elif len(plain) > 1 and character in plain:  # Ⅲ is read as III
            shown.append(whole if place != last else "")
        else:
            shown.append(character)
        last = place
    return "".join(shown)

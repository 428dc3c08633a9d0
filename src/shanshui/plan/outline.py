"""The headings of a plan, and from them the section of any place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from shanshui.plan.document import Heading

_HAN = "[一二三四五六七八九十百]{1,4}"


class _Kind(NamedTuple):
    """A kind of heading: its rank, how it begins, how its number stands in a path."""

    rank: int
    pattern: re.Pattern[str]
    form: str


_BOX = 8
_APPENDIX = 0
_ITEM = 6
_KINDS = (
    _Kind(1, re.compile(rf"(第)({_HAN}|\d{{1,2}})(篇|编|部分)\s*"), "第{0}{1}"),
    _Kind(2, re.compile(rf"(第)({_HAN}|\d{{1,2}})(章)\s*"), "第{0}章"),
    _Kind(3, re.compile(rf"(第)({_HAN}|\d{{1,2}})(节)\s*"), "第{0}节"),
    _Kind(4, re.compile(rf"()({_HAN})(、)\s*"), "{0}、"),
    _Kind(5, re.compile(rf"(\()({_HAN})(\))[、.]?\s*"), "({0})"),
    _Kind(_ITEM, re.compile(r"()(\d{1,2})([.、])(?!\d)\s*"), "{0}"),
    _Kind(7, re.compile(r"(\()(\d{1,2})(\))[、.]?\s*"), "({0})"),
    _Kind(_BOX, re.compile(rf"(专栏)\s?(\d{{1,2}}|{_HAN})([:、.]?)\s*"), "专栏 {0}"),
    _Kind(_BOX, re.compile(rf"([附续]?表)\s?(\d\d?(?:-\d\d?)?|{_HAN})([:、.]?)\s*"), "表{0}"),
    _Kind(_APPENDIX, re.compile(rf"(附[录件表])\s?(\d{{0,2}}|{_HAN})([:、.]?)\s*"), "{2}{0}"),
)
_FIRST = frozenset("第一二三四五六七八九十百(0123456789专表附续")
_LEADER = re.compile(r"(?:[.…·․‥\s]{2,}|\t|\s)[-—]?\s?\d{1,3}[-—]?$")
_CONTENTS = re.compile(r"目\s{0,4}[录次]$")
_STOP = re.compile("[。；;!?！？]")
_RUN_IN = re.compile("[。:]")
_INSIDE = re.compile(rf"(?<=[。；;])({_HAN}、|\({_HAN}\))")
_CUT = re.compile("[,。;:、]|(?:展望|到|至|在)?(?:19|20)\\d\\d年")  # ends a title inside a line
_OPENING = re.compile(rf"{_HAN}、|\({_HAN}\)")
_LONGEST = 60  # characters of a heading that has its line to itself
_LONGEST_RUN_IN = 32
_SHORT_ITEM = 20
_LONG_PARAGRAPH = 120  # a paragraph that begins 三、 and is as long holds its heading
_LONG_LINE = 300  # a line that may hold headings inside
_LEAST_CONTENTS = 4


@dataclass(frozen=True)
class _Candidate:
    line: int
    kind: _Kind
    number: str
    title: str
    start: int
    end: int
    alone: bool  # has its line to itself
    led: bool  # ends as in a contents page


def outline(text: str) -> list[Heading]:
    r"""Find the headings of a text as `Document.text` has it.

    Parameters
    ----------
    text : str
        Paragraphs, each ended by a line feed.

    Returns
    -------
    list of Heading
        In the order of the text. Rows of tables, items of boxes, numbered sentences and contents
        pages are left out.

    Examples
    --------
    >>> from shanshui.plan.outline import outline
    >>> text = "一、总体要求\n(一)目标。到2027年,全县绿化。\n1.空气\n附录 名词\n"
    >>> [(heading.path, heading.title) for heading in outline(text)]
    [('一、', '总体要求'), ('一、(一)', '目标'), ('一、(一)1', '空气'), ('附录', '名词')]
    """
    from shanshui.plan.tables import blocks

    tables = [(start, end) for start, end in blocks(text)]
    found = list(_candidates(text, tables))
    return _tree(_without_contents(found, text))


def _candidates(text: str, tables: list[tuple[int, int]]) -> Iterator[_Candidate]:
    start = block = 0
    for number, line in enumerate(text.split("\n")):
        while block < len(tables) and tables[block][1] <= start:
            block += 1
        inside = block < len(tables) and tables[block][0] <= start
        if line and not inside:
            found = _heading(line, number, start) if line[0] in _FIRST else None
            if not found and len(line) > _LONG_PARAGRAPH and _OPENING.match(line):
                found = _heading(line, number, start, inside=True)  # its title has no stop
            if found:
                yield found
            if len(line) > _LONG_LINE:
                for match in _INSIDE.finditer(line):
                    rest = line[match.start() : match.start() + _LONGEST + 10]
                    if found := _heading(rest, number, start + match.start(), inside=True):
                        yield found
        start += len(line) + 1


def _heading(line: str, number: int, start: int, *, inside: bool = False) -> _Candidate | None:
    """Return the heading that a line is or begins with."""
    for kind in _KINDS:
        if match := kind.pattern.match(line):
            break
    else:
        return None
    title = line[match.end() :]
    led = bool(_LEADER.search(title))
    if "\t" in title and not led:
        return None
    if led:
        title = _LEADER.sub("", title)
    end = _end_of_title(title, kind, inside=inside)
    if end is None or (not title[:end] and kind.rank not in {_APPENDIX, _BOX}):
        return None
    form = kind.form.format(match[2], match[3], match[1])
    alone = not inside and len(title[end:]) <= 1
    length = match.end() + end
    return _Candidate(number, kind, form, title[:end].strip(), start, start + length, alone, led)


def _end_of_title(title: str, kind: _Kind, *, inside: bool) -> int | None:
    """Return where the title ends, or None where the words are no title."""
    if inside:
        match = _CUT.search(title)
        return match.start() if match and match.start() <= _LONGEST_RUN_IN else None
    stop = _RUN_IN.search(title)
    end = stop.start() if stop else len(title)
    words = title[:end]
    if _STOP.search(words) or len(words) > _LONGEST:
        return None
    if kind.rank in {_APPENDIX, _BOX}:  # 表 1 所示…… inside a sentence
        return None if re.match("(所示|为|中|和|、|的|可|见)", words) or stop else end
    runs_in = stop is not None and end + 1 < len(title)
    if runs_in and (len(words) > _LONGEST_RUN_IN or words.count(",") > 1):
        return None
    item = kind.rank >= _ITEM
    if (
        item
        and stop
        and stop[0] == "。"
        and not runs_in
        and (len(words) > _SHORT_ITEM or "," in words)
    ):
        return None  # one numbered sentence
    if item and re.search(r"\d+(\.\d+)?(%|微克|万|亿|个|公里|吨|家|座|条)|年,", words):
        return None  # says a figure: a clause
    return end


def _without_contents(found: list[_Candidate], text: str) -> list[_Candidate]:
    """Leave out the headings of a contents page."""
    if not found:
        return found
    times = Counter(_bare(one.title) for one in found)
    lines = text.split("\n")
    runs: list[list[_Candidate]] = [[]]
    for one in found:
        run = runs[-1]
        if run and not _near(run[-1], one, lines):
            runs.append([])
        runs[-1].append(one)
    kept = []
    for run in runs:
        if _is_contents(run, times, lines):
            continue
        kept += run
    return kept


def _near(one: _Candidate, other: _Candidate, lines: list[str]) -> bool:
    """Whether nothing but short lines stands between two headings."""
    between = lines[one.line + 1 : other.line]
    return one.alone and len(between) <= 4 and all(len(line) <= _SHORT_ITEM + 5 for line in between)


def _is_contents(run: list[_Candidate], times: Counter[str], lines: list[str]) -> bool:
    if len(run) < _LEAST_CONTENTS:
        return False
    led = sum(one.led for one in run)
    if 2 * led > len(run):
        return True
    before = lines[max(0, run[0].line - 3) : run[0].line]
    again = sum(times[_bare(one.title)] > 1 for one in run)
    if any(_CONTENTS.match(line) for line in before):
        return 2 * again > len(run)
    # Of the two places of a title the one among others without a body is the contents page.
    return 5 * again >= 3 * len(run) and len(run) >= 2 * _LEAST_CONTENTS


def _bare(title: str) -> str:
    return re.sub(r"[\s,、:“”\"]", "", title)


def _tree(found: list[_Candidate]) -> list[Heading]:
    """Give each heading its level and path, and leave out numbers that are out of order."""
    headings: list[Heading] = []
    stack: list[tuple[int, str]] = []  # rank and path
    last: dict[tuple[str, int], int] = {}  # of a parent's path and rank: the last number
    box: tuple[int, bool] | None = None  # last item of the box that is open, and whether run-in
    for one in found:
        rank = one.kind.rank
        if box is not None and rank == _ITEM:
            number = int(one.number)
            parent = _parent(stack, rank)
            due = number == last.get((parent, rank), 0) + 1
            if number == box[0] + 1 and not (due and one.alone and box[0] and box[1]):
                box = (number, not one.alone)
                continue
            if not due:
                continue
        elif box is not None and rank > _ITEM and rank != _BOX:
            continue
        parent = _parent(stack, rank)
        if rank == _ITEM and int(one.number) not in {1, last.get((parent, rank), 0) + 1}:
            continue
        while stack and stack[-1][0] >= rank:
            stack.pop()
        if rank == _ITEM:
            last[parent, rank] = int(one.number)
        path = f"{parent} {one.number}" if parent.startswith("附") else parent + one.number
        stack.append((rank, path))
        box = (0, False) if rank == _BOX else None
        headings.append(Heading(len(stack), one.number, one.title, path, one.start, one.end))
    return headings


def _parent(stack: list[tuple[int, str]], rank: int) -> str:
    """Return the path of the innermost section that a heading of a rank can stand in."""
    return next((path for r, path in reversed(stack) if r < rank), "")

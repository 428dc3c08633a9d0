"""From the lines of a file to the paragraphs that are read, each character with its place."""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_right
from collections import Counter
from itertools import pairwise
from typing import NamedTuple

_BLANK = " \t\xa0\u3000\ufeff\u200b\u200c\u200d\u2060\xad"
_LINE = re.compile("[^\n\r\f\x0b\x85\u2028\u2029]+")
_CJK = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

_NUMERAL = "[一二三四五六七八九十百]{1,4}"
_START = re.compile(  # a line that begins something of its own
    rf"第{_NUMERAL}[章节篇条部编]|{_NUMERAL}、|[(（]{_NUMERAL}[)）]"
    r"|\d{1,2}(?:[.．、](?!\d)| (?=\D))|[(（]\d{1,2}[)）]|[①-⑳⑴-⒇⒈-⒛•●■◆◇▪□○*]"
    r"|专栏 ?[\d一二三四五六七八九十]|[表图] ?\d|附[录件表图]|#{1,6} |\|"
    r"|[-–—·] |目 {0,4}[录次]$|前 {0,4}言$|备?注[:：]|来源[:：]"
)
_ENDS = re.compile(r"[。！？!?；;：:…][”’」』）)\]】]*$|(?:约束|预期)[性型]$")
_OPEN = re.compile(r"[、（(《“‘「〈—]$")
_CLOSES = re.compile(r"[，。；、！？”’）》,;)\]：:]")
_RAISED = re.compile(r"[23](?!\d)")  # the 2 of km², fallen to a line of its own
_METRE = re.compile(r"(?<![A-Za-z])(?:[kcd]|h)?m$")
_PROSE = re.compile("[，。；,;！？]")
_PAGE = re.compile(
    r"[-–—－_·]{1,3} ?\d{1,4} ?[-–—－_·]{1,3}|第 ?\d{1,4} ?页.{0,12}|\d{1,4} ?/ ?\d{1,4}"
)
_INTEGER = re.compile(r"\d{1,4}")
_MARKER = re.compile(r"(\d{1,3})、")
_LEAST_MARKERS = 3  # so many page numbers one after another are no accident
_PAGES_APART = 8  # lines between two bare page numbers
_WRAPPED = 140  # columns; longer lines are paragraphs
_LEAST_LINES = 10
_SHARE_FULL = 0.4
_FEWEST_INDENTS, _MOST_INDENTS = 0.02, 0.7  # shares of the lines
_HEAD = 3  # lines at the top and the bottom of a page that may be running heads
_LONG = 20  # characters; a shorter line without a stop may be a heading


class Line(NamedTuple):
    """A line without its blanks at both ends, and its span in the original."""

    start: int
    end: int
    text: str
    glued: bool = False  # goes on with the line before, whatever it looks like
    indented: bool = False


def compose(
    original: str, pages: tuple[int, ...] = (), *, broken: bool = True
) -> tuple[str, array[int]]:
    """Make the text that is read.

    Parameters
    ----------
    original : str
        The text of the file.
    pages : tuple of int
        Where its pages begin.
    broken : bool
        Whether lines may have been broken inside sentences; false where the file knows its
        paragraphs.

    Returns
    -------
    text, offsets
        As in `Document`.
    """
    lines = _lines(original, broken=broken)
    if broken:
        lines = _parted(_without_markers(_without_furniture(lines, pages)))
        paragraphs = _joined(lines)
    else:
        paragraphs = [[line] for line in lines]
    pieces: list[str] = []
    offsets = array("i")
    for paragraph in paragraphs:
        before = len(pieces)
        prose = not any("\t" in line.text for line in paragraph) and any(
            _PROSE.search(line.text) for line in paragraph
        )
        for line in paragraph:
            if len(pieces) > before and _apart(pieces[-1], line.text):
                pieces.append(" ")
                offsets.append(line.start)
            _normalise(line, pieces, offsets, prose=prose)
        pieces.append("\n")
        offsets.append(paragraph[-1].end)
    # A line feed maps to the place after its paragraph, which a file that ends there does not have.
    offsets.append(len(original))
    return "".join(pieces), offsets


def _lines(original: str, *, broken: bool) -> list[Line]:
    found = []
    for match in _LINE.finditer(original):
        raw = match[0]
        text = raw.strip(_BLANK)
        if text:
            # Tabs at the edge of a row are empty cells; before a paragraph they are an indent.
            blank = _BLANK.replace("\t", "") if "\t" in raw.lstrip(_BLANK) or not broken else _BLANK
            text = raw.strip(blank)
            start = match.start() + len(raw) - len(raw.lstrip(blank))
            if broken and text[0] in "#|":
                text, start = _plain(text, start)
                if not text:
                    continue
            indented = bool(_INDENT.match(raw))
            found.append(Line(start, start + len(text), text, indented=indented))
    return found


_INDENT = re.compile(r"[\u3000\xa0 \t]*(?:\u3000| {2}|\xa0{2}|\t)")


def _plain(text: str, start: int) -> tuple[str, int]:
    """Take the marks of Markdown off a heading or a row of a table."""
    if match := _HASHES.match(text):
        return text[match.end() :], start + match.end()
    if _ROW.fullmatch(text):
        if not text.strip("|-: \t"):
            return "", start  # the rule below the head
        return text[1:-1].replace("|", "\t"), start + 1
    return text, start


_HASHES = re.compile("#{1,6} +")
_ROW = re.compile(r"\|.*\|.*\|")


def _without_furniture(lines: list[Line], pages: tuple[int, ...]) -> list[Line]:
    """Leave out page numbers, and heads that run over the pages."""
    gone = {i for i, line in enumerate(lines) if _PAGE.fullmatch(line.text)}
    gone |= _bare_numbers(lines)
    if len(pages) >= _LEAST_MARKERS:
        gone |= _running(lines, pages)
    return [line for i, line in enumerate(lines) if i not in gone]


def _bare_numbers(lines: list[Line]) -> set[int]:
    """Find bare page numbers: each one more than the last, a page apart."""
    bare = [(i, int(line.text)) for i, line in enumerate(lines) if _INTEGER.fullmatch(line.text)]
    gone: set[int] = set()
    run: list[tuple[int, int]] = []
    for place, number in [*bare, (len(lines), -1)]:
        if run and number == run[-1][1] + 1 and place - run[-1][0] >= _PAGES_APART:
            run.append((place, number))
        elif run and place - run[-1][0] < _PAGES_APART and place < len(lines):
            continue  # a number of a table between two pages
        else:
            if len(run) >= _LEAST_MARKERS:
                gone |= {i for i, _ in run}
            run = [(place, number)]
    return gone


def _running(lines: list[Line], pages: tuple[int, ...]) -> set[int]:
    """Find lines at the edges of pages that come again on most of them, numbers aside."""
    of_page: dict[int, list[int]] = {}
    for i, line in enumerate(lines):
        of_page.setdefault(bisect_right(pages, line.start), []).append(i)
    edges: dict[int, str] = {}
    for places in of_page.values():
        for i in {*places[:_HEAD], *places[-_HEAD:]}:
            edges[i] = re.sub(r"\d+", "0", lines[i].text)
    # A line that stands twice on one page counts once for it.
    seen = Counter(
        mask for places in of_page.values() for mask in {edges.get(i, "") for i in places}
    )
    often = max(_LEAST_MARKERS, len(of_page) // 3)
    return {i for i, mask in edges.items() if seen[mask] >= often and not _ENDS.search(mask)}


def _without_markers(lines: list[Line]) -> list[Line]:
    """Leave out numbers that a site has put before each page, though inside a sentence: ``3、``."""
    found = [(i, match) for i, line in enumerate(lines) if (match := _MARKER.match(line.text))]
    inside = sum(1 for i, _ in found if i and not _ENDS.search(lines[i - 1].text))
    steps = all(int(b[1]) == int(a[1]) + 1 for (_, a), (_, b) in pairwise(found))
    if len(found) < _LEAST_MARKERS or not steps or 2 * inside < len(found):
        return lines
    lines = list(lines)
    for i, match in found:
        line = lines[i]
        lines[i] = Line(line.start + match.end(), line.end, line.text[match.end() :], i > 0)
    return [line for line in lines if line.text]


def _parted(lines: list[Line]) -> list[Line]:
    """Part lines at the headings inside, where a site has run all paragraphs together."""
    if not any(line.glued for line in lines):
        return lines
    parted: list[Line] = []
    for line in lines:
        cuts = {0, len(line.text)}
        for match in _INSIDE.finditer(line.text):
            cuts.add(match.start())
            title = _DATED.match(line.text, match.end())
            if title:  # the heading has no stop; the text goes on with a date
                cuts.add(title.end())
        edges = sorted(cuts)
        for first, last in pairwise(edges):
            text = line.text[first:last]
            glued = line.glued and first == 0
            parted.append(Line(line.start + first, line.start + last, text, glued, line.indented))
    return parted


_INSIDE = re.compile(rf"(?<=[。；;])(?:{_NUMERAL}、|[(（]{_NUMERAL}[)）])")
_DATED = re.compile(r"[^，。；：、,;:\d]{2,16}(?=(?:展望|到|至)\d{4} ?年)")


def _joined(lines: list[Line]) -> list[list[Line]]:
    """Put the lines of a paragraph together."""
    if not lines:
        return []
    widths = [_width(line.text) for line in lines]
    full = _full_width(widths)
    # Where some lines are indented, but not nearly all, an indent begins a paragraph.
    share = sum(line.indented for line in lines) / len(lines)
    indents = _FEWEST_INDENTS < share < _MOST_INDENTS
    paragraphs = [[lines[0]]]
    for i, line in enumerate(lines[1:], 1):
        last = lines[i - 1].text
        glued = line.glued and not _ENDS.search(last)
        if glued or _CLOSES.match(line.text) or (_METRE.search(last) and _RAISED.match(line.text)):
            paragraphs[-1].append(line)
            widths[i] += widths[i - 1]  # both are pieces of one line
        elif not (indents and line.indented) and _continues(
            paragraphs[-1], line, widths[i - 1], full
        ):
            paragraphs[-1].append(line)
        else:
            paragraphs.append([line])
    return paragraphs


def _continues(paragraph: list[Line], line: Line, width: int, full: int | None) -> bool:
    last = paragraph[-1].text
    if "\t" in last or "\t" in line.text:
        return False  # rows of a table
    if _OPEN.search(last):
        return True
    if _START.match(line.text):
        return False
    ends = _ENDS.search(last)
    if full is None:  # lines are paragraphs, but one may be broken where a page ends
        return not ends and len(last) >= _LONG and bool(_PROSE.search(last))
    if ends or (len(paragraph) == 1 and _START.match(last) and not _PROSE.search(last)):
        return width >= full - 3 and not last.endswith(("：", ":"))
    return width >= 0.75 * full


def _full_width(widths: list[int]) -> int | None:
    """Find the width to which lines are broken, or None where lines are paragraphs."""
    if len(widths) < _LEAST_LINES:
        return None
    long = sorted(widths)[-max(1, len(widths) // 10) :]
    edge = long[0]
    if edge > _WRAPPED or edge < 2 * _LONG:
        return None
    common = Counter(w // 2 for w in widths if w >= edge // 2).most_common(1)[0][0] * 2
    near = sum(1 for w in widths if 0.85 * common <= w)
    return common if near >= _SHARE_FULL * len(widths) else None


def _width(text: str) -> int:
    """Count columns: a Chinese character takes two."""
    return 2 * len(text) - len(_NARROW.findall(text))


def _apart(before: str, after: str) -> bool:
    """Whether two lines that are joined need a blank: between Latin words only."""
    return bool(_LATIN.match(before[-1:]) and _LATIN.match(after))


_LATIN = re.compile("[A-Za-z]")
_NARROW = re.compile("[\x20-\x7e]")
_KEPT = {
    *map(chr, range(0x2460, 0x2474)),  # ① is no 1
    *map(chr, range(0x24EA, 0x2500)),
    *"…⋯¨´¯¸ºª¼½¾",
}
_CHANGED = re.compile(
    r"(?P<script>[_^]\{ ?(?P<inner>[0-9A-Za-z.+\-]{1,8}) ?\})"
    r"|(?P<pm>(?<=PM)[ _]?(?:2 ?[.．] ?5(?!\d)|10(?!\d)))"
    r"|(?P<mark>\$(?=[A-Z]{1,5}_\{)|(?<=\})\$|\*\*)"  # of a formula, of Markdown
    rf"|(?P<blank>(?<=[{_CJK}，。；：、）》”,;:)\]%])[ \xa0\u3000]+(?=[^ \xa0\u3000])"
    rf"|(?<=[^ \xa0\u3000])[ \xa0\u3000]+(?=[{_CJK}，。；：、（《“,;:%％])"
    r"|(?<=[0-9０-９])[ \xa0\u3000]+(?=[kmcghtμµ‰℃]))"
    rf"|(?P<odd>[^\x20-\x7e\t\u3001-\u3002\u4e00-\u9fff“”‘’—《》])"
)
_DIGITS = str.maketrans("", "", " _")
_WORD = re.compile(r"[0-9A-Za-z０-９Ａ-Ｚａ-ｚ≥≤<>%％.)）(（,，;；:：、。《》“”+\-}]")


def _normalise(line: Line, pieces: list[str], offsets: array[int], *, prose: bool) -> None:
    """Append a line as it is read, and the place of each of its characters."""
    text, done = line.text, 0
    for match in _CHANGED.finditer(text):
        start, end = match.span()
        if match["script"]:
            new, first = match["inner"], match.start("inner")
        elif match["pm"]:
            new, first = match["pm"].translate(_DIGITS).replace("．", "."), start
        elif match["mark"]:
            new, first = "", start
        elif match["blank"]:
            if not prose or not (_WORD.match(text[start - 1]) or _WORD.match(text[end])):
                new, first = " ", start
            else:
                new, first = "", start
        else:
            new, first = _half(match["odd"]), start
            if new == match["odd"]:
                continue
        if start > done:
            pieces.append(text[done:start])
            offsets.extend(range(line.start + done, line.start + start))
        if new:
            pieces.append(new)
            last = line.start + end - 1
            if match["script"]:
                offsets.extend(range(line.start + first, line.start + first + len(new)))
                offsets[-1] = last  # the closing brace belongs to the span
            else:
                # Of one character that became several all map to it; of several to one, the first.
                offsets.extend(min(line.start + first + k, last) for k in range(len(new)))
                offsets[-1] = last
        done = end
    if done < len(text):
        pieces.append(text[done:])
        offsets.extend(range(line.start + done, line.end))


def _half(character: str) -> str:
    """Return the plain form of a character; CJK stays CJK, traditional stays traditional."""
    if character in _KEPT:
        return character
    if unicodedata.category(character) in {"Cf", "Cc", "Cs"}:
        return ""
    return _RADICALS.get(character) or unicodedata.normalize("NFKC", character)


# Radicals that fonts of PDF files give for the characters that look the same; NFKC leaves them.
_RADICALS = dict(
    zip(
        "⼾⺁⺆⺇⺈⺌⺒⺓⺝⺟⺠⺢⺧⺫⺬⺮⺶⺷⺼⺽⻁⻄⻅⻆⻉⻋⻌⻑⻓⻔⻘⻙⻚⻛⻜⻝⻡⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻳",
        "户厂冂几刀小巳幺月母民水牛目示竹羊羊肉臼虎西见角贝车辶長长门青韦页风飞食首马骨鬼鱼鸟卤麦黄齐齿龙龟",
        strict=True,
    )
)

"""Indicator tables: rows of baseline and target, from tables and from tables flattened to text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from shanshui.plan.document import Document


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


class Place(NamedTuple):
    """A cell of a table as it stands in the text."""

    text: str
    start: int
    end: int


def grids(text: str) -> list[list[list[Place]]]:
    """Find the tables whose cells the text keeps apart with tabs.

    Parameters
    ----------
    text : str
        As `Document.text`; Word, Excel and HTML tables come as lines of cells with tabs between.

    Returns
    -------
    list of list of list of Place
        Tables of rows of cells. A cell that is merged with the one above or before it is empty.
    """
    found: list[list[list[Place]]] = []
    place, before = 0, False
    for line in text.split("\n"):
        inside = "\t" in line
        if inside:
            if not before:
                found.append([])
            cells, start = [], place
            for cell in line.split("\t"):
                first = start + len(cell) - len(cell.lstrip(" "))
                bare = cell.strip(" ")
                cells.append(Place(bare, first, first + len(bare)))
                start += len(cell) + 1
            found[-1].append(cells)
        before = inside
        place += len(line) + 1
    return found


def tables(document: Document) -> list[IndicatorRow]:
    r"""Read the indicator tables of a plan.

    Parameters
    ----------
    document : Document
        As `shanshui.plan.read` returns it.

    Returns
    -------
    list of IndicatorRow
        In the order of the text; tables of other things (projects, divisions of work) give none.

    Notes
    -----
    The first of several years is the baseline, the later ones are targets, unless the head of the
    column says otherwise (现状值, 目标值). Tables of Word, Excel and HTML have their cells; a table
    flattened to lines is read by the head, the numbers of its rows and 约束性 or 预期性, which end
    a row.

    Examples
    --------
    >>> from shanshui.plan.reading import read
    >>> from shanshui.plan.tables import tables
    >>> text = "指标 2025年 2030年 属性\n1.森林覆盖率（%） 61.2 ≥62 约束性\n"
    >>> row = tables(read(text.encode()))[0]
    >>> row.indicator, row.unit, row.nature
    ('森林覆盖率', '%', '约束性')
    >>> [(cell.year, cell.text, cell.role.value) for cell in row.cells]
    [(2025, '61.2', 'baseline'), (2030, '≥62', 'target')]
    """
    text = document.text
    rows = [row for grid in grids(text) for row in _of_grid(grid)]
    for start, end in blocks(text):
        rows += _of_block(text, start, end)
    return sorted(rows, key=lambda row: row.start)


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
    lines: list[Place] = []
    place = 0
    for line in text.split("\n"):
        lines.append(Place(line, place, place + len(line)))
        place += len(line) + 1
    found: list[tuple[int, int]] = []
    i = 0
    while i < len(lines):
        head = _head_at(lines, i)
        if not head:
            i += 1
            continue
        closes = _NATURE if _PROPERTY.search(lines[i].text + lines[head - 1].text) else _VALUE_LAST
        last, end = head - 1, head
        while end < len(lines) and end - last <= _FAR and not _is_prose(lines[end].text):
            if closes.search(lines[end].text):
                last = end
            end += 1
        if last >= head:
            found.append((lines[i].start, lines[last].end))
            i = last + 1
        else:
            i += 1
    return found


# ------------------------------------------------------------------------------------------- heads


class _Column(NamedTuple):
    """A column of values: its year and role."""

    year: int | None
    role: Role


_NATURE = re.compile("约束性|预期性|约束型|预期型|引导性|指导性")
_PROPERTY = re.compile("属性|性质|类型|约束")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_PERIODS = {"十三五": 2020, "十四五": 2025, "十五五": 2030, "十六五": 2035}
_BASE = re.compile("现状|基期|基准|基数|基础值|实际|完成值|完成情况|本底")
_SUM = re.compile("累计|年均|增速")
_GOAL = re.compile("目标|规划值|预期值")
_COLUMN = re.compile(
    r"[“”\"]*(?:(?:19|20)\d\d\s?年?|十[三四五六]五[“”\"]*(?:时期|期间|末)?)"
    r"[“”\"]*(?:[^\s\d]{0,6}(?:值|目标|指标值|情况|数))?"
    r"|(?<!\S)(?:现状|基期|基准|基础|目标|规划|实际)(?:值|目标|数)?(?!\S)"
    r"|[\[〔(]?(?:五年)?(?:累计|年均)[^\s\d]{0,6}"
)
_VALUE = re.compile(
    r"[\[〔(]?(?:[≥≤><=＞＜约]|不[低少]于|不[高超大]于|不超过|大于|小于|超过|低于)?\s?"
    r"[-+]?\d[\d,]*(?:\.\d+)?(?:[-~—]\d[\d,]*(?:\.\d+)?)?"
    r"(?:%|‰|以上|以下|左右|万|亿|[年个])*[\]〕)]?"
    r"|[/—–-]+|——|无"
    r"|[按达完由以控]\S{0,12}(?:下达|目标|要求|任务|考核|规定|标准)\S{0,4}"
    r"|(?:持续|稳中|逐步|基本|保持|稳步|进一步|有所|明显|不断|待|只增|全面)\S{0,8}"
)
_VALUE_LAST = re.compile(r"(?:^|\s)(?:[≥≤><约]?\s?\d[\d.,]*%?|/|\S{0,6}目标)$")
_TITLE = re.compile(
    r"[表图]\s?\d|专栏|附[录件表]|[一二三四五六七八九十]+、|\((?!(?:19|20)\d\d)|\d+[.、]"
)
_NUMBER = re.compile(r"(?:^|(?<=\s))(\d{1,3})(?:[.、](?!\d)\s?|\s(?=[^\d\s]))")
_CATEGORY = re.compile(r"(?:[一二三四五六七八九十]+、|\([一二三四五六七八九十]+\))\s?(\S+)")
_UNIT = re.compile(r"\(([^()]{1,16})\)$")
_UNIT_WORD = re.compile(
    r"[%‰]|μ?[mkgtMG][\w/²³]*|[万亿千百十]?(?:吨|[立平]方|公[里顷斤]|千?米|[千兆]瓦|[亩个家座项人辆元"
    r"条处户天名次件台株批宗])|[微毫千]?克|微|标准?[煤台]|分贝|摄氏|度|年|级|类|/"
)
_LONGEST_UNIT = 8
_LONGEST_HEAD = 80
_LONGEST_LINE = 120
_FAR = 14  # lines from one row's end to the next
_HEAD_LINES = 6


def _is_prose(line: str) -> bool:
    return "。" in line[:-1] or len(line) > _LONGEST_LINE or "\t" in line


def _head_at(lines: list[Place], i: int) -> int:
    """Return the line after the head of a flattened table that begins at a line; 0 if none does."""
    line = lines[i].text
    if "指标" not in line or _TITLE.match(line) or not _is_piece(line):
        return 0
    columns = 0
    for k in range(i, min(i + _HEAD_LINES, len(lines))):
        text = lines[k].text
        if k > i and (_TITLE.match(text) or not _is_piece(text) or not _HEADISH.match(text)):
            return k if columns >= 2 else 0
        columns += len(_COLUMN.findall(text))
        if _PROPERTY.search(text) and columns:
            return k + 1
    return 0


_HEADISH = re.compile(
    r"(?:[\[〔(\]〕)“”\d\s]|指标|名称|单位|序号|编号|属性|性质|类[别型]|领域|年|期|末|底|现状|目标|基[期准]|基础"
    r"|规划|实际|完成|累计|年均|增[速长]|变化|十[三四五六]五|值|数|[一二]级)+$"
)


def _is_piece(line: str) -> bool:
    """Whether a line may be a piece of a head."""
    return len(line) <= _LONGEST_HEAD and not re.search("[,。;:\t]", line)


def _columns(heads: list[str]) -> list[_Column | None]:
    """Say of each head which values stand under it; None where no values do."""
    found: list[tuple[int | None, Role | None] | None] = []
    for head in heads:
        year = next(reversed(_YEAR.findall(head)), None)
        period = next((y for name, y in _PERIODS.items() if name in head), None)
        said = Role.BASELINE if _BASE.search(head) else Role.TARGET if _GOAL.search(head) else None
        if said is None and _SUM.search(head):
            said = Role.TARGET
        if year is None and period is None and said is None:
            found.append(None)
        else:
            found.append((int(year) if year else period, said))
    values = [column for column in found if column]
    years = sorted({column[0] for column in values if column[0]})
    many = len(values) > 1
    result: list[_Column | None] = []
    first = True
    for column in found:
        if column is None:
            result.append(None)
            continue
        year_, role = column
        if role is None:
            base = many and (year_ == years[0] if year_ and len(years) > 1 else first)
            role = Role.BASELINE if base else Role.TARGET
        first = False
        if year_ is None and role is Role.TARGET and years:
            year_ = years[-1]  # 累计: by the last year
        result.append(_Column(year_, role))
    return result


def _named(label: str) -> tuple[str, str]:
    """Part an indicator from the unit in brackets behind it."""
    label = label.strip()
    if (match := _UNIT.search(label)) and _UNIT_WORD.match(match[1]):
        return label[: match.start()].strip(), match[1]
    return label, ""


# ------------------------------------------------------------------------------------ with cells


def _of_grid(grid: list[list[Place]]) -> list[IndicatorRow]:
    """Read a table that has its cells."""
    for depth in (2, 1):
        for top in range(min(3, len(grid) - depth)):
            heads = _merged([[cell.text for cell in row] for row in grid[top : top + depth]])
            if depth == 2 and not any(_columns([cell.text for cell in grid[top + 1]])):
                continue
            columns = _columns(heads)
            names = [
                i
                for i, head in enumerate(heads)
                if re.search("指标|名称|项目", head)
                and not columns[i]
                and not re.search("[一1]级|性质|属性|类别|单位", head)
            ]
            if names and any(columns):
                return _rows(grid[top + depth :], heads, columns, names[-1])
    return []


def _merged(rows: list[list[str]]) -> list[str]:
    """Put the rows of a head together: an empty cell of the first belongs to the one before it."""
    if len(rows) == 1:
        return rows[0]
    width = max(len(row) for row in rows)
    upper, lower = (row + [""] * (width - len(row)) for row in rows)
    heads, spread = [], ""
    for above, below in zip(upper, lower, strict=True):
        spread = above or (spread if below else "")
        heads.append(spread + below)
    return heads


def _rows(
    body: list[list[Place]], heads: list[str], columns: list[_Column | None], name: int
) -> list[IndicatorRow]:
    def column(pattern: str) -> int | None:
        return next(
            (
                i
                for i, head in enumerate(heads)
                if i != name and not columns[i] and re.search(pattern, head)
            ),
            None,
        )

    numbers, units, natures = column("序号|编号"), column("单位"), column("属性|性质")
    groups = column("类别|类型|领域|[一1]级|分类|任务")
    rows, category = [], ""
    for cells in body:
        filled = [cell for cell in cells if cell.text]
        if len(filled) == 1 and not any(c.text for c in cells[name + 1 :]):
            category = _bare(filled[0].text)
            continue
        if len(cells) <= name or not cells[name].text:
            continue

        def at(i: int | None, row: list[Place] = cells) -> str:
            return row[i].text if i is not None and i < len(row) else ""

        category = _bare(at(groups)) or category
        label, number = cells[name].text, at(numbers)
        if match := _NUMBER.match(label):
            number, label = number or match[1], label[match.end() :]
        indicator, unit = _named(label)
        found = tuple(
            Cell(head.year, cells[i].text, cells[i].start, cells[i].end, head.role)
            for i, head in enumerate(columns)
            if head and i < len(cells)
        )
        if not any(cell.text for cell in found):
            continue
        nature = _NATURE.search(at(natures))
        rows.append(
            IndicatorRow(
                number.rstrip(".、"),
                indicator,
                at(units) or unit,
                found,
                nature[0] if nature else "",
                cells[name].start,
                filled[-1].end,
                category,
            )
        )
    return rows


def _bare(category: str) -> str:
    match = _CATEGORY.match(category)
    return match[1] if match else category


# ------------------------------------------------------------------------------------- flattened


def _of_block(text: str, start: int, end: int) -> list[IndicatorRow]:
    """Read a table that was flattened to lines."""
    lines = text[start:end].split("\n")
    places = [Place(line, 0, 0) for line in lines]
    depth = _head_at(places, 0)
    head = " ".join(lines[:depth])
    columns = [c for c in _columns(_heads(head)) if c]
    closes = _NATURE if _PROPERTY.search(head) else _VALUE_LAST
    with_unit = "单位" in head
    rows: list[IndicatorRow] = []
    category = ""
    segment: list[tuple[int, str]] = []
    place = start + sum(len(line) + 1 for line in lines[:depth])
    for i, line in enumerate(lines[depth:], depth):
        again = _head_at(places, i)  # the head that comes again on a new page
        if line and not again and (segment or line not in lines[:depth]):
            segment.append((place, line))
        place += len(line) + 1
        if segment and not again and closes.search(line):
            row, category = _of_segment(segment, columns, category, with_unit=with_unit)
            rows += [row] if row else []
            segment = []
    return rows


def _heads(head: str) -> list[str]:
    """Part the head of a flattened table; a word behind a bare year belongs to it."""
    found: list[str] = []
    for match in _COLUMN.finditer(head):
        word = match[0].strip()
        if found and not _YEAR.search(found[-1]) and head[match.start() - 1] == "(":
            found[-1] += word  # 基准值(2020年)
            continue
        said = _BASE.search(word) or _GOAL.search(word)
        if found and said and not _YEAR.search(word) and "五" not in word:
            before = found[-1]
            if not (_BASE.search(before) or _GOAL.search(before)):
                found[-1] = before + word
                continue
        found.append(word)
    return found


def _of_segment(
    segment: list[tuple[int, str]], columns: list[_Column], category: str, *, with_unit: bool
) -> tuple[IndicatorRow | None, str]:
    """Read a row and what stands before it."""
    pieces: list[str] = []
    at: list[int] = []
    for place, line in segment:
        if pieces and not (_HAN.match(pieces[-1][-1]) and _HAN.match(line)):
            pieces.append(" ")  # cells; two pieces of Chinese are one cell
            at.append(place)
        pieces.append(line)
        at.extend(range(place, place + len(line)))
    whole = "".join(pieces)
    nature = _NATURE.search(whole)
    stop = nature.start() if nature else len(whole)
    numbers = list(_NUMBER.finditer(whole, 0, stop))
    begin = 0
    if numbers:
        begin = numbers[0].start()
    if match := _CATEGORY.match(whole):
        category = re.sub(r"\s", "", whole[match.start(1) : begin or match.end()])
        begin = begin or match.end()
    label_from = numbers[0].end() if numbers else begin
    tokens = [match.span() for match in _TOKEN.finditer(whole, label_from, stop)]
    if tokens and tokens[0][0] > label_from:
        label_from = tokens[0][0]
    values: list[tuple[int, int]] = []
    while tokens and len(values) < len(columns) and _VALUE.fullmatch(whole[slice(*tokens[-1])]):
        values.insert(0, tokens.pop())
    if not tokens or not values:
        return None, category
    label = whole[label_from : tokens[-1][1]]
    unit = ""
    last = whole[slice(*tokens[-1])]
    if len(tokens) > 1 and (with_unit or (len(last) <= _LONGEST_UNIT and _UNIT_WORD.match(last))):
        unit = whole[slice(*tokens[-1])]
        label = whole[label_from : tokens[-2][1]]
    indicator, bracketed = _named(label)
    used = columns[-len(values) :]
    cells = tuple(
        Cell(head.year, whole[a:b], at[a], at[b - 1] + 1, head.role)
        for head, (a, b) in zip(used, values, strict=True)
    )
    stop = nature.end() if nature else values[-1][1]
    number = numbers[0][1] if numbers else ""
    while whole[begin] == " ":
        begin += 1
    row = IndicatorRow(
        number,
        indicator,
        unit or bracketed,
        cells,
        nature[0] if nature else "",
        at[begin],
        at[stop - 1] + 1,
        category,
    )
    return row, category


_TOKEN = re.compile(r"\S+")
_HAN = re.compile("[\u3400-\u9fff]")

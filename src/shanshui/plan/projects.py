"""Listed projects of a plan: the items of boxes (专栏) and annexes, and the rows of tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from shanshui.plan.document import Document, Heading
from shanshui.plan.grammar import lexicon
from shanshui.plan.regions import Gazetteer, gazetteer, regions_in
from shanshui.plan.tables import Place, grids

# A town, or a zone of the city itself, right after the name of the city.
_PART = re.compile(
    r"([\u4e00-\u9fff]{2,3}(?:镇(?![区村])|街道|乡(?![村镇土])))"
    r"|(?:高新区|经开区|(?!省|市|国)[\u4e00-\u9fff]{0,4}?(?:开发区|产业园|工业园|新城))"
)
_CHINESE = "一二三四五六七八九"
_LONGEST = 60  # characters of a name
_ITEM = re.compile(
    r"(?:(\d{1,3})[.．、](?!\d)|[(（](\d{1,3})[)）]|([①-⑳])|[(（]([一二三四五六七八九十]{1,3})[)）]|[—–\-·•●■◆*]+)\s*"
)
_INLINE = re.compile(r"[(（](\d{1,2})[)）]|([①-⑳])")
_ROW = re.compile(r"(\d{1,3})\s+(?=\S)")
_OPEN, _CLOSE = "(（“「『《", ")）”」』》"
_MARKS = re.compile(r"[(（“「『《)）”」』》。:：;；,，、\n]")
_TAIL = re.compile(
    r"(?:\s*[(（][^()（）\n]{0,30}[)）]|“[^“”\n]{1,30}”|[一二三四五六七八九十首近远]+期)+$"
)
_INVESTMENT = re.compile(
    r"投资(?:估算|总额|额|规模)?(?:约|达|为|共|[:：])*\s*(\d[\d,.]*)\s*([万亿]?)元"
)
_TO = r"20\d\d(?:年(?:\d{1,2}月)?)?\s*[-—–~～至到]+\s*20\d\d(?:年(?:\d{1,2}月)?)?"
_PERIOD = re.compile(
    rf"(?:期限|年限|周期|时间|工期)(?:为|[:：])*\s*(?P<one>{_TO}|20\d\d年?)|(?P<two>{_TO})"
)
_SIZE = re.compile(
    r"[,，;；](?:(?:计划|估算|概算|建设)?总?投资|建设期限|建设规模|规模|力争|到20\d\d)"
)
_YEARS = re.compile(r"20\d\d")


@dataclass(frozen=True)
class Project:
    """A listed project.

    Attributes
    ----------
    name : str
        As the original has it.
    start, end : int
        Span of the name in `Document.text`.
    box : str
        The box or annex that lists it, e.g. ``专栏 2``; empty for a table outside them.
    section : str
        Section path of the box.
    number : int or None
        Its number in the box; projects that one item lists share it.
    category : str
        The type that the item, the table or else the title of the box gives.
    place : str or None
        Counties of its name, or else the town, zone or city; if it has none, those of its item.
    capacity : str or None
        What it says of its size, as the original has it.
    investment : str or None
        As written, e.g. ``3.2亿元``.
    investment_wan : float or None
        The same in 万元.
    period : str or None
        Years of building as written.
    years : tuple of int or None
        First and last year of them.
    item_start, item_end : int
        Span of the whole item or row.
    """

    name: str
    start: int
    end: int
    box: str
    section: str
    number: int | None
    category: str
    place: str | None
    capacity: str | None
    investment: str | None
    investment_wan: float | None
    period: str | None
    years: tuple[int, int] | None
    item_start: int
    item_end: int


@dataclass(frozen=True)
class _Item:
    """An item of a box before its facts are read."""

    start: int  # of the name
    end: int
    number: int | None
    category: str
    first: int  # of the item
    last: int
    cells: tuple[tuple[str, str, str], ...] = ()  # column, head, text
    shared: bool = False  # whether other projects stand in the same item


def projects(document: Document, *, regions: Gazetteer | None = None) -> list[Project]:
    r"""Read the listed projects of a plan.

    Numbered items of boxes and annexes, with the name up to the first stop, colon or comma; type
    lines (``风电：甲项目、乙项目``) give each of their projects; so do the rows of project tables,
    with cells or flattened to lines.

    Parameters
    ----------
    document : Document
        The plan.
    regions : Gazetteer, optional
        Regions for the places; by default the packaged ones. The counties that the document names
        are found in any case.

    Returns
    -------
    list of Project
        In the order of the text.

    Examples
    --------
    >>> from shanshui.plan.projects import projects
    >>> from shanshui.plan.reading import read
    >>> text = "专栏1 治水\n1.青禾县第二水厂。规模2万吨/日，总投资1.2亿元，建设期限2024—2026年。\n"
    >>> project = projects(read(text.encode()))[0]
    >>> project.name, project.capacity, project.investment_wan, project.years
    ('青禾县第二水厂', '规模2万吨/日', 12000.0, (2024, 2026))
    """
    text = document.text
    known = (regions or gazetteer()).with_counties(text)
    found: list[Project] = []
    outline = document.outline
    for number, heading in enumerate(outline):
        if _lists(heading, text):
            items = _items(text, heading.end, _end(text, outline, number))
            found += (_project(document, item, heading, known) for item in items)
    for grid in grids(text):
        at = grid[0][0].start
        above = next((heading for heading in reversed(outline) if heading.start <= at), None)
        found += (_project(document, item, above, known) for item in _grid_items(grid))
    return sorted(found, key=lambda project: project.start)


def _lists(heading: Heading, text: str) -> bool:
    words = lexicon("projects")["boxes"]
    # The title of an annex may stand in the next line.
    title = heading.title or text[heading.end :][:_LONGEST].strip().split("\n")[0]
    if any(word in title for word in words["none"]):
        return False
    if heading.number.startswith("专栏"):
        return True
    return heading.number.startswith(("附", "表")) and any(
        word in title for word in words["annexes"]
    )


def _end(text: str, outline: Sequence[Heading], number: int) -> int:
    """Return where a box or an annex ends, whose items may look like headings."""
    heading = outline[number]
    annex = heading.number.startswith("附")
    empty, wanted = True, 1
    for at in range(number + 1, len(outline)):
        later = outline[at]
        empty = wanted > 1 or (empty and not text[outline[at - 1].end : later.start].strip())
        # (一), (二) … at once after the title of a box, each with its words in the same line.
        counted = _ordinal(later.number.strip("()（）、 "))
        item = empty and counted == wanted and text[later.end : later.end + 1] not in ("", "\n")
        if not (item or (annex and later.level > heading.level)):
            return later.start
        wanted += 1
    return len(text)


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        if text[start:stop].strip():
            yield start, stop
        start = stop + 1


def _items(text: str, start: int, end: int) -> Iterator[_Item]:
    """Yield the items of a box, whether numbered, marked, bare paragraphs or flattened rows."""
    lines = list(_lines(text, start, end))
    head = next((i for i, (a, b) in enumerate(lines) if _flat_head(text[a:b])), None)
    if head is not None:
        yield from _rows(text, lines[head:])
        return
    lines = [(a, b) for a, b in lines if "\t" not in text[a:b]]
    blocks: list[tuple[int, int, int | None]] = []  # start of the words, end, number
    form = None
    for first, last in lines:
        match = _ITEM.match(text, first, last)
        kind = match.lastindex or 0 if match else None
        number = _number(match)
        if match and form is None:
            form = kind
        opens = match is not None and kind == form
        if opens and number is not None and blocks and blocks[-1][2] is not None:
            opens = number in (1, blocks[-1][2] + 1)  # 1: the parts of an annex count anew
        if opens and match:
            blocks.append((match.end(), last, number))
        elif blocks and form is not None:
            blocks[-1] = (blocks[-1][0], last, blocks[-1][2])
        elif form is None and not match:
            blocks.append((first, last, None))
            continue
    bare = form is None
    for first, last, number in blocks:
        if bare or number is not None or form == 0:
            yield from _of_item(text, first, last, number, bare=bare)


def _number(match: re.Match[str] | None) -> int | None:
    if match is None or not match.lastindex:
        return None
    said = match.group(match.lastindex)
    if said.isdecimal():
        return int(said)
    return _ordinal(said) or ord(said) - ord("①") + 1


def _ordinal(said: str) -> int:
    """Return the number of 一 to 九十九, 0 of anything else."""
    if not said or any(character not in _CHINESE + "十" for character in said):
        return 0
    tens, ten, ones = said.rpartition("十")
    return (10 * (_CHINESE.find(tens) + 1 if tens else 1) if ten else 0) + (
        _CHINESE.find(ones) + 1 if ones else 0
    )


def _marks(text: str, start: int, end: int, stops: str) -> Iterator[int]:
    """Yield the places of marks that stand outside brackets and quotes."""
    depth = 0
    for match in _MARKS.finditer(text, start, end):
        mark = match.group()
        if mark in _OPEN:
            depth += 1
        elif mark in _CLOSE:
            depth = max(0, depth - 1)
        elif mark == "\n":
            depth = 0
        elif not depth and mark in stops:
            yield match.start()


def _of_item(text: str, start: int, end: int, number: int | None, *, bare: bool) -> Iterator[_Item]:
    stop = next(_marks(text, start, end, "。:：;；,，"), end)
    line = text.find("\n", start, end)
    if 0 <= line < stop and stop - start > _LONGEST:
        stop = line
    name = text[start:stop].strip()
    # 1.治水工程。(1)甲厂…(2)乙厂…: the item is a type, its parts are the projects.
    parts = _parts(text, stop, end)
    if parts:
        for first, last in parts:
            cut = next(_marks(text, first, last, "。:：;；,，"), last)
            yield from _named(text, first, cut, number, name, first, last)
        return
    if stop < end and text[stop] in ":：":
        listed = list(_listed(text, stop + 1, end, alone=_ends(name, works=False)))
        if listed:
            for first, last in listed:
                yield from _named(
                    text, first, last, number, name, start, end, shared=len(listed) > 1
                )
            return
    if bare and not _ends(name):
        return
    yield from _named(text, start, stop, number, "", start, end)


def _parts(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the parts (1)…(2)… of an item, two at least, counted from one."""
    found = list(_INLINE.finditer(text, start, end))
    wanted, kept = 1, []
    for match in found:
        if _number(match) == wanted:
            kept.append(match)
            wanted += 1
    if len(kept) < 2:
        return []
    ends = [match.start() for match in kept[1:]] + [end]
    return [(match.end(), last) for match, last in zip(kept, ends, strict=True)]


def _named(
    text: str,
    start: int,
    end: int,
    number: int | None,
    category: str,
    first: int,
    last: int,
    *,
    shared: bool = False,
) -> Iterator[_Item]:
    while start < end and text[start].isspace():
        start += 1
    while start < end and (text[end - 1].isspace() or text[end - 1] in ".。、"):
        end -= 1
    if 2 <= end - start <= _LONGEST and re.search(r"[\u4e00-\u9fff]", text[start:end]):
        yield _Item(start, end, number, category, first, last, shared=shared)


def _ends(name: str, *, works: bool = True) -> bool:
    """Whether a name ends as the names of projects do, with or without those of works (改造)."""
    words = lexicon("projects")["names"]
    return _TAIL.sub("", name).endswith((*words["endings"], *(words["works"] if works else ())))


@lru_cache(maxsize=1)
def _before() -> re.Pattern[str]:
    return re.compile(f"(?:{'|'.join(lexicon('projects')['names']['before'])})+")


@lru_cache(maxsize=1)
def _after() -> re.Pattern[str]:
    words = lexicon("projects")["names"]
    ends = "|".join(sorted(words["endings"], key=len, reverse=True))
    tail = r"(?:\s*[(（][^()（）\n]{0,30}[)）])?"
    return re.compile(f"(?:(?:{ends}){tail})(?=(?:{'|'.join(words['after'])}))")


def _listed(text: str, start: int, end: int, *, alone: bool) -> list[tuple[int, int]]:
    """Return the projects that the first sentence of a type line lists, or nothing.

    `alone`: the words before the colon may themselves name a project, so what follows must be a
    list of at least two names.
    """
    stop = next(_marks(text, start, end, "。"), end)
    if text.startswith("即", start):
        return []  # an explanation
    if size := _SIZE.search(text, start, stop):
        stop = size.start()
    edges = [start, *(m + 1 for m in _marks(text, start, stop, "、;；,，")), stop + 1]
    spans = [(a, b - 1) for a, b in pairwise(edges)]
    found = []
    for number, (a, b) in enumerate(spans):
        first, last = a, b
        if not number and (lead := _before().match(text, first, last)):
            first = lead.end()
        if after := _after().search(text, first, last):
            last = after.end()
        if first < last:
            found.append((first, last))
    good = [span for span in found if _ends(text[slice(*span)].strip())]
    enough = len(good) >= 2 if alone else bool(good)
    return good if enough and 5 * len(good) >= 4 * len(found) else []


def _flat_head(line: str) -> bool:
    cells = line.split()
    return len(cells) > 2 and cells[0] in ("序号", "编号") and "\t" not in line


def _rows(text: str, lines: Sequence[tuple[int, int]]) -> Iterator[_Item]:
    """Yield the rows of a table that was flattened to lines: 1 清城区 飞来湖湿地公园."""
    heads = text[slice(*lines[0])].split()
    columns = _columns(heads)
    if "name" not in columns:
        return
    wanted = 1
    for first, last in lines[1:]:
        match = _ROW.match(text, first, last)
        if not match or int(match.group(1)) != wanted:
            continue
        wanted += 1
        cells = [m.span() for m in re.finditer(r"\S+", text[match.start() : last])]
        cells = [(a + match.start(), b + match.start()) for a, b in cells]
        if len(cells) <= columns["name"]:
            continue
        said = tuple(
            (key, heads[i], text[slice(*cells[i])]) for key, i in columns.items() if i < len(cells)
        )
        start, end = cells[columns["name"]]
        yield _Item(start, end, wanted - 1, "", first, last, said)


def _columns(heads: Sequence[str]) -> dict[str, int]:
    """Return which column holds what, by the words of the heads."""
    found: dict[str, int] = {}
    bare = [re.sub(r"\s", "", head).replace("（", "(") for head in heads]
    for key, words in lexicon("projects")["columns"].items():
        for word in words:
            free = [i for i, h in enumerate(bare) if word in h and i not in found.values()]
            if free:
                found[key] = free[0]
                break
    return found


def _grid_items(grid: list[list[Place]]) -> Iterator[_Item]:
    """Yield the rows of a table of projects that kept its cells."""
    for top in range(min(4, len(grid))):
        heads = [cell.text for cell in grid[top]]
        columns = _columns(heads)
        facts = {"place", "capacity", "investment", "period"} & set(columns)
        label = heads[columns["name"]] if "name" in columns else ""
        # 项目 alone heads tables of indicators and divisions of work as well.
        named = "名称" in label or label.startswith(("建设项目", "重点项目", "重点工程"))
        if facts and (named or ("investment" in columns and label)):
            break
    else:
        return
    above = ""
    for row in grid[top + 1 :]:
        cells = {key: row[i] for key, i in columns.items() if i < len(row)}
        name = cells.get("name")
        kind = cells.get("category")
        above = kind.text if kind and kind.text else above
        if name is None or len(name.text) < 2 or name.text in ("合计", "小计", "总计"):
            continue
        said = tuple((key, heads[columns[key]], cell.text) for key, cell in cells.items())
        number = cells["number"].text if "number" in cells else ""
        count = int(number) if number.isdecimal() and number.isascii() else None
        yield _Item(name.start, name.end, count, above, row[0].start, row[-1].end, said)


@lru_cache(maxsize=1)
def _quantity() -> re.Pattern[str]:
    words = lexicon("projects")["quantities"]
    units = "|".join(sorted(map(re.escape, words["units"]), key=len, reverse=True))
    per = "|".join(sorted(map(re.escape, words["per"]), key=len, reverse=True))
    return re.compile(rf"(?<![\d.])\d[\d,.]*\s*[十百千万亿]*\s*(?:{units})(?:/(?:{per}|{units}))?")


def _capacity(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return the first clauses one after another that state a size."""
    edges = [start, *(m + 1 for m in _marks(text, start, end, "。;；,，")), end + 1]
    span = None
    for a, b in pairwise(edges):
        last = min(b - 1, end)
        clause = text[a:last]
        held = _quantity().search(clause) and "投资" not in clause
        if held:
            span = (span[0] if span else a, last)
        elif span:
            break
    return span


def _project(document: Document, item: _Item, heading: Heading | None, known: Gazetteer) -> Project:
    text = document.text
    cells = {key: (head, said) for key, head, said in item.cells if said}
    # What a type line or a row says besides the name is of all its projects, or in its cells.
    alone = not item.cells and not item.shared
    size = _capacity(text, item.end, item.last) if alone else None
    capacity = document.quote(*_bare(text, *size)) if size else None
    if capacity is None and (inside := _quantity().search(text, item.start, item.end)):
        capacity = document.quote(*inside.span())
    if "capacity" in cells:
        capacity = cells["capacity"][1]
    told = "" if item.shared else text[item.first : item.last]
    money, wan = _money(*cells["investment"]) if "investment" in cells else (None, None)
    if money is None and (match := _INVESTMENT.search(told)):
        money, wan = _money("", match.group(1) + match.group(2) + "元")
    period = cells["period"][1] if "period" in cells else None
    if period is None and (match := _PERIOD.search(told)):
        period = match.group("one") or match.group("two")
    years = [int(year) for year in _YEARS.findall(period or "")]
    listed = heading is not None and heading.number.startswith(("专栏", "附", "表"))
    return Project(
        document.quote(item.start, item.end),
        item.start,
        item.end,
        heading.number if heading and listed else "",
        heading.path if heading else "",
        item.number,
        item.category or (heading.title if heading else ""),
        cells["place"][1] if "place" in cells else _place(text, item, known),
        capacity,
        money,
        wan,
        period,
        (min(years), max(years)) if years else None,
        item.first,
        item.last,
    )


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and (text[start].isspace() or text[start] in ",，。:：、"):
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _money(head: str, said: str) -> tuple[str | None, float | None]:
    """Return a sum as written, with the unit of its column, and in 万元."""
    match = re.search(r"(\d[\d,]*(?:\.\d+)?)\s*([万亿]?元)?", said)
    if not match:
        return None, None
    unit = match.group(2) or next(iter(re.findall(r"[万亿]?元", head)), "万元")
    scale = {"亿元": 10_000.0, "万元": 1.0, "元": 0.0001}[unit]
    digits = match.group(1)
    return digits + unit, round(float(digits.replace(",", "")) * scale, 6)


def _place(text: str, item: _Item, known: Gazetteer) -> str | None:
    """Return the counties or else the town, zone or city of the name, or else of the item."""
    for start, end in ((item.start, item.end), (item.end, item.end if item.shared else item.last)):
        spans = regions_in(text[start:end], gazetteer=known)
        counties = dict.fromkeys(s.region.name for s in spans if s.region.level == "county")
        if counties:
            return "、".join(counties)
        city = next((span for span in spans if span.region.level == "city"), None)
        if city:
            part = _PART.match(text, start + city.end, end)
            if part is None:
                return city.region.name
            return part.group(1) or text[start + city.start : part.end()]
    return None

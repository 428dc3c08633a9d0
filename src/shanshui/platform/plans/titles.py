"""What a plan says of itself: its title, kind, region, years and issuer, and where each is from."""

from __future__ import annotations

import re
import tomllib
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import PurePath
from typing import Any

from shanshui.plan.commitments import Commitment
from shanshui.plan.document import Document
from shanshui.plan.grammar_dates import FIVE, FIVE_YEARS
from shanshui.plan.grammar_scope import Scope
from shanshui.plan.regions import divisions, regions_in

_RANGE = re.compile(r"((?:19|20)\d\d)\s*年?\s*[-—–~～至到]+\s*((?:19|20)\d\d)")
_ONE = re.compile(r"((?:19|20)\d\d)\s*年")
_FIVE = re.compile(FIVE)
_NUMBER = re.compile(r"[\u4e00-\u9fff]{1,10}[〔\[(（]\d{4}[〕\])）]\s?\d{1,4}号")
_DATE = re.compile(r"((?:19|20)\d\d)年(\d{1,2})月(\d{1,2})日\s*")
_ISSUER = re.compile(r"^(?P<who>[\u4e00-\u9fff、\s]{4,60}?)(?:联合)?(?:关于)?印发")
_OFFICE = re.compile(
    r"[\u4e00-\u9fff]{3,40}(?:人民政府|办公厅|办公室|委员会|党委|部|局|厅|指挥部|领导小组)"
)
_BASE = re.compile(r"基准年(?:份)?(?:为|是|:)?\s*(\d{4})")
_TERM = re.compile(
    r"规划期(?:限)?(?:为|是|:)?\s*((?:19|20)\d\d)\s*年?[-—–~～至到]+\s*((?:19|20)\d\d)"
)
_BEFORE_PLACE = "美丽"
_HEAD = 3000  # characters in which a plan tells its name


@cache
def lexicon() -> dict[str, Any]:
    """Return the packaged words of titles (``titles.toml``)."""
    text = files("shanshui.platform.plans").joinpath("titles.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


KINDS = ("outline", "plan", "action", "annual", "division", "order")
SCOPES = ("comprehensive", "special")


@dataclass
class Facts:
    """What a plan says of itself; ``taken`` says of each fact where it is from.

    Attributes
    ----------
    title, kind, scope, region, issuer, number, issued : str or None
        ``region`` is the name as the plan has it, ``issued`` an ISO date.
    first_year, last_year, baseline_year : int or None
        First and last year of the plan, and the year that it starts from.
    taken : dict
        For each fact that was found: 题名, 正文 …, or 指定 where it was given.
    """

    title: str = ""
    kind: str = "plan"
    scope: str | None = None
    region: str | None = None
    first_year: int | None = None
    last_year: int | None = None
    baseline_year: int | None = None
    issuer: str | None = None
    number: str | None = None
    issued: str | None = None
    taken: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, value: Any, source: str) -> None:
        """Take a fact, unless it is none or known already."""
        if value is not None and value != "" and name not in self.taken:
            setattr(self, name, value)
            self.taken[name] = source


def plans(document: Document) -> list[Document]:
    r"""Part a file that holds several plans, each with a title of its own region.

    A plan begins where the numbering begins anew below a title that names another region.

    Parameters
    ----------
    document : shanshui.plan.Document
        The file as it was read.

    Returns
    -------
    list of shanshui.plan.Document
        The document itself where it is one plan.

    Examples
    --------
    >>> from shanshui.plan import read
    >>> text = "广州市行动方案\n一、目标\n建成碧道8公里。\n清远市行动方案\n一、目标\n稳中有进。"
    >>> [part.text.split("\n")[0] for part in plans(read(text.encode()))]
    ['广州市行动方案', '清远市行动方案']
    """
    outline = document.outline
    if not outline:
        return [document]
    top = min(heading.level for heading in outline)
    first = next(heading for heading in outline if heading.level == top)
    scope = Scope(document, None)
    starts: list[tuple[int, str | None]] = []
    for number, heading in enumerate(outline):
        if heading.level != top or heading.number != first.number:
            continue
        before = outline[number - 1].start if number else -1
        titles = [p for p in _lines(document.text, before + 1, heading.start) if scope.is_title(p)]
        region = scope.region(heading.start)
        if titles and (not starts or region != starts[-1][1]):
            starts.append((titles[0] if starts else 0, region))
    if len(starts) < 2:
        return [document]
    ends = [start for start, _ in starts[1:]] + [len(document.text)]
    return [_cut(document, start, end) for (start, _), end in zip(starts, ends, strict=True)]


def _lines(text: str, start: int, end: int) -> Iterable[int]:
    """Give the places at which lines begin."""
    place = start if start == 0 or text[start - 1] == "\n" else text.find("\n", start) + 1
    while 0 < place < end or (place == 0 and start == 0):
        yield place
        place = text.find("\n", place) + 1


def _cut(document: Document, start: int, end: int) -> Document:
    """Return a part of a document as a document, its places counted from its own beginning."""
    first = document.offsets[start]
    last = document.offsets[end] if end < len(document.text) else len(document.original)
    pages = [page - first for page in document.pages if first < page < last]
    return Document(
        document.original[first:last],
        document.text[start:end],
        array("L", [place - first for place in document.offsets[start:end]] + [last - first]),
        (0, *pages) if document.pages else (),
        document.name,
    )


def facts(
    document: Document, found: Sequence[Commitment], given: Mapping[str, Any] | None = None
) -> Facts:
    r"""Find what a plan says of itself.

    Parameters
    ----------
    document : shanshui.plan.Document
        The plan.
    found : sequence of shanshui.plan.Commitment
        What was read from it.
    given : mapping, optional
        Facts that are known, by the names of `Facts`; they count before what is found.

    Returns
    -------
    Facts

    Examples
    --------
    >>> from shanshui.plan import commitments, read
    >>> document = read(
    ...     "广州市大气污染防治行动计划(2026—2028年)\n一、目标\n降低PM2.5浓度。".encode()
    ... )
    >>> found = facts(document, commitments(document))
    >>> found.title, found.kind, found.scope, found.region, found.first_year, found.last_year
    ('广州市大气污染防治行动计划(2026—2028年)', 'action', 'special', '广州市', 2026, 2028)
    """
    told = Facts()
    for name, value in (given or {}).items():
        told.put(name, value, "指定 given")
    scope = Scope(document, None)
    title, place, source = _title(document, scope)
    told.put("title", title, source)
    named = source if told.taken["title"] == source else "题名 title"
    told.put("kind", kind_of(told.title), named)
    told.put("kind", "plan", "默认 default")
    told.put("scope", scope_of(told.title), named)
    spans = regions_in(told.title, gazetteer=scope.places)
    told.put("region", spans[0].region.name if spans else _county(told.title), named)
    told.put("region", scope.region(max(place, 0)), "正文 text")
    _years(told, document, found, named)
    if told.first_year and told.first_year == told.last_year and told.taken["kind"] == named:
        told.kind = "annual" if told.kind in ("plan", "action") else told.kind
    base = _BASE.search(document.text)
    told.put("baseline_year", int(base[1]) if base else None, "正文 text")
    if told.first_year:
        told.put(
            "baseline_year", told.first_year - 1, "推定：规划期前一年 the year before the plan"
        )
    _issue(told, document)
    return told


def _county(title: str) -> str | None:
    """Return the code of the county that a title begins with, also 美丽阳山 of 阳山县."""
    for start in (0, len(_BEFORE_PLACE) if title.startswith(_BEFORE_PLACE) else 0):
        for length in range(10, 1, -1):
            codes = _counties().get(title[start : start + length], ())
            if len(codes) == 1:
                return codes[0]
    return None


@cache
def _counties() -> dict[str, list[str]]:
    """Give the codes of the counties of each name, whole or without its last character."""
    found: dict[str, list[str]] = {}
    for region in divisions():
        if region.level == "county" and region.code:
            short = re.sub(r"(?:自治县|自治旗|[县市区旗])$", "", region.name)
            for name in {region.name, short} if len(short) > 1 else {region.name}:
                found.setdefault(name, []).append(region.code)
    return found


def kind_of(title: str) -> str | None:
    """Say what kind of plan a title names, None where no word of it does."""
    for kind, words in lexicon()["kinds"].items():
        if any(word in title for word in words):
            return str(kind)
    return None


def scope_of(title: str) -> str | None:
    """Say whether a title names a comprehensive (综合) or special (专项) plan."""
    for scope, words in lexicon()["scopes"].items():
        if any(word in title for word in words):
            return str(scope)
    return None


def plain_title(title: str) -> str:
    """Leave out of a title what names its edition, and its marks.

    Examples
    --------
    >>> plain_title("《青禾县水生态规划（2025修订版）》") == plain_title("青禾县水生态规划")
    True
    """
    bare = re.sub(r"[\s《》“”\"'‘’]", "", title).replace("（", "(").replace("）", ")")
    edition = lexicon()["words"]["edition"]
    return re.sub(rf"\((?:(?:19|20)\d\d年?)?(?:{edition})\)|(?:{edition})$", "", bare)


def _title(document: Document, scope: Scope) -> tuple[str, int, str]:
    """Return the title, its place (-1 where it has none) and where it was found."""
    text = document.text
    headings = {heading.start for heading in document.outline}
    end = min(headings, default=len(text))
    for place in _lines(text, 0, end):
        if place not in headings and scope.is_title(place):
            line = text[place : text.find("\n", place) % (len(text) + 1)].strip()
            if title := _bare(line):
                return title, place, "题名 title"
    ends = lexicon()["words"]["ends"]
    inside = rf"《([^《》\n]{{4,60}}?(?:{ends})(?:\([^()]*\))?)》"
    for pattern in (
        inside + r"[\(（]以下简称",
        rf"(?:编制|制定|印发|发布)(?:了)?{inside}",
        rf"{inside}(?:的通知|印发)",
    ):
        if match := re.search(pattern, text[:_HEAD]):
            return match[1], match.start(), "正文 text"
    stem = PurePath(document.name).stem if document.name else ""
    return stem or "未名规划 untitled", -1, "文件名 file name"


def _bare(line: str) -> str:
    """Leave off a title who issued it and how: 关于印发…的通知."""
    inside = re.search(r"《([^《》]{4,})》", line)
    if inside:
        return inside[1]
    order = re.search(r"关于(?:印发|发布|公布|下达)(.{4,}?)的通知$", line)
    return order[1] if order else line


def _years(told: Facts, document: Document, found: Sequence[Commitment], named: str) -> None:
    """Find the first and the last year of a plan."""
    term = _TERM.search(document.text)
    if span := _RANGE.search(told.title):
        told.put("first_year", int(span[1]), named)
        told.put("last_year", int(span[2]), named)
    elif five := _FIVE.search(told.title):
        last = FIVE_YEARS[five[0]]
        told.put("first_year", last - 4, named)
        told.put("last_year", last, named)
    elif one := _ONE.search(told.title):
        told.put("first_year", int(one[1]), named)
        told.put("last_year", int(one[1]), named)
    elif term:
        told.put("first_year", int(term[1]), "正文 text")
        told.put("last_year", int(term[2]), "正文 text")
    beyond = lexicon()["words"]["beyond"]
    years = Counter(
        one.year
        for one in found
        if one.year and one.kind != "baseline" and not re.search(beyond, one.quote)
    )
    often = [year for year, count in years.items() if count > 1] or list(years)
    told.put("last_year", max(often, default=None), "目标的最晚年份 latest year of the targets")


def _issue(told: Facts, document: Document) -> None:
    """Find who issued a plan, when and under what number."""
    text = document.text
    end = min((heading.start for heading in document.outline), default=len(text))
    head, tail = text[:end], text[-600:]
    number = _NUMBER.search(head)
    told.put("number", number[0] if number else None, "正文 text")
    for part in (head, tail):
        for line in part.split("\n"):
            if date := _DATE.fullmatch(line.strip()):
                year, month, day = map(int, date.groups())
                told.put("issued", f"{year:04}-{month:02}-{day:02}", "落款 signature")
    for line in head.split("\n"):
        if who := _ISSUER.match(line.strip()):
            told.put("issuer", re.sub(r"\s", "", who["who"]), "正文 text")
    lines = [line.strip() for line in head.split("\n")]
    for above, line in pairwise(lines):
        if _DATE.fullmatch(line) and _OFFICE.fullmatch(above):
            told.put("issuer", above, "落款 signature")

"""Regions in a text: a gazetteer as data, and a finder of the longest names."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from shanshui.standards.errors import ShanshuiError

LEVELS = ("province", "city", "county", "country", "group")

# What may stand right before the name of a county when its left end is to be sure.
_EDGE = r"(?:^|(?<=[^\u4e00-\u9fff])|(?<=[和与及在对以由为至到从辖省市]))"
# The shortest name that ends in a county's word: 南部县城区域 has no county that this would see.
_COUNTY = re.compile(
    _EDGE + r"([\u4e00-\u9fff]{1,7}?(?:自治县|自治旗)|[\u4e00-\u9fff]{1,3}?[县区市])", re.MULTILINE
)
# What is left off before a name (在青禾县), and what no name has.
_BEFORE = "在到由对以至向辖及与将"
_NO_NAME = re.compile(
    r"[各本我该等个每其有是的了并或如按把被让使用]"
    r"|.*[在的了由将到各为]|.*[一二三四五六七八九十百千两几多数各委个][县区市]$"
)
# 区域, 县级, 县城, 市场 …: the last character belongs to the next word.
_NO_COUNTY_BEFORE = frozenset("域级间内外长城块场")


@dataclass(frozen=True)
class Region:
    """A region.

    Attributes
    ----------
    name : str
        Full name, e.g. ``广州市``.
    level : str
        ``country``, ``province``, ``city``, ``county`` or ``group``.
    code : str or None
        Code of GB/T 2260 (``440100``) or of a group (``group:gba``); None where none is sure.
    names : tuple of str
        Other names, e.g. ``广州``.
    members : tuple of str
        Codes of the members of a group; empty where they are not certain or not whole regions.
    english : str or None
        English name, where one is in use.
    start, end : str or None
        ISO dates between which a group is counted so.
    confidence : str or None
        Of the members of a group: A, B or C.
    note : str or None
        What else is to be known.
    """

    name: str
    level: str
    code: str | None = None
    names: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    english: str | None = None
    start: str | None = None
    end: str | None = None
    confidence: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class RegionSpan:
    """A region as a text names it, with its span.

    Attributes
    ----------
    region : Region
        The region.
    start, end : int
        Span of the name in the text.
    """

    region: Region
    start: int
    end: int


@dataclass(frozen=True)
class Gazetteer:
    """Regions by their names.

    Attributes
    ----------
    regions : tuple of Region
        All regions; of two with one name the later counts.
    none : frozenset of str
        Words that hold the name of a region and mean none (``长治久安``, ``入海口``).
    generic : frozenset of str
        Words that look like the name of a county and are none (``各县``, ``园区``).
    endings : tuple of str
        Ends that no county's name has (``地区``, ``园区``).
    not_before : str
        Characters that make a short name before them a part of another name.
    """

    regions: tuple[Region, ...]
    none: frozenset[str] = frozenset()
    generic: frozenset[str] = frozenset()
    endings: tuple[str, ...] = ()
    not_before: str = ""
    _found: tuple[Region, ...] = field(default=(), repr=False)

    @cached_property
    def by_name(self) -> Mapping[str, Region]:
        """Every name with its region."""
        names = {}
        for region in (*self._found, *self.regions):
            for name in (region.name, *region.names):
                names[name] = region
        return names

    @cached_property
    def by_code(self) -> Mapping[str, Region]:
        """Every code with its region."""
        return {region.code: region for region in self.regions if region.code}

    @cached_property
    def _lengths(self) -> Mapping[str, tuple[int, ...]]:
        """For each first character the lengths of the names that it may begin, longest first."""
        lengths: dict[str, set[int]] = {}
        for name in (*self.by_name, *self.none):
            lengths.setdefault(name[0], set()).add(len(name))
        return {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()}

    @cached_property
    def _first(self) -> re.Pattern[str]:
        firsts = "".join(map(re.escape, self._lengths))
        return re.compile(f"[{firsts}]" if firsts else r"(?!)")

    def with_counties(self, text: str) -> Gazetteer:
        """Return this gazetteer with the counties that a text names (`counties`)."""
        found = counties(text, gazetteer=self)
        return replace(self, _found=found)


def gazetteer(*paths: str | Path) -> Gazetteer:
    """Return the packaged gazetteer, with files of your own over it.

    Parameters
    ----------
    *paths : str or Path
        TOML files with the tables of the packaged ``regions.toml``.

    Returns
    -------
    Gazetteer

    Raises
    ------
    ShanshuiError
        Where a file is not TOML or a row is not as described in ``regions.toml``.

    Examples
    --------
    >>> from shanshui.plan.regions import gazetteer
    >>> gazetteer().by_name["广州"].code
    '440100'
    """
    return _gazetteer(tuple(str(path) for path in paths))


@lru_cache(maxsize=8)
def _gazetteer(paths: tuple[str, ...]) -> Gazetteer:
    regions: list[Region] = []
    none: set[str] = set()
    generic: set[str] = set()
    endings: set[str] = set()
    not_before = ""
    packaged = files("shanshui.plan").joinpath("regions.toml").read_text(encoding="utf-8")
    texts = [("regions.toml", packaged)]
    for path in paths:
        try:
            texts.append((path, Path(path).read_text(encoding="utf-8-sig")))
        except (OSError, UnicodeDecodeError) as e:
            raise ShanshuiError(f"无法读取 {path} / cannot read {path}: {e}") from e
    for name, text in texts:
        try:
            table = tomllib.loads(text)
            regions += _rows(table)
            words = table.get("words", {})
            none.update(map(str, words.get("none", ())))
            generic.update(map(str, words.get("generic", ())))
            endings.update(map(str, words.get("endings", ())))
            not_before += str(words.get("not_before", ""))
        except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError, ValueError) as e:
            raise ShanshuiError(f"{name} 不是地名表 / {name} is no gazetteer: {e}") from e
    return Gazetteer(
        tuple(regions),
        frozenset(none - {""}),
        frozenset(generic),
        tuple(sorted(endings - {""})),
        not_before,
    )


@cache
def divisions() -> tuple[Region, ...]:
    """Return every region of the packaged files: the gazetteer's, and all counties.

    The names of counties are many of one name (鼓楼区), so that a text is not searched for them;
    their codes say where they are (`parent`).

    Returns
    -------
    tuple of Region
        In the order of the codes, groups and regions without a code last.

    Examples
    --------
    >>> from shanshui.plan.regions import divisions
    >>> [region.code for region in divisions() if region.name == "阳山县"]
    ['441823']
    """
    text = files("shanshui.plan").joinpath("counties.toml").read_text(encoding="utf-8")
    every = (*_gazetteer(()).regions, *_rows(tomllib.loads(text)))
    return tuple(sorted(every, key=lambda region: (region.code or "~", region.name)))


@cache
def _codes() -> frozenset[str]:
    return frozenset(region.code for region in divisions() if region.code)


def parent(code: str) -> str | None:
    """Return the code of the region that a region belongs to, None of the country and of groups.

    Examples
    --------
    >>> from shanshui.plan.regions import parent
    >>> parent("441823"), parent("110101"), parent("469024"), parent("440000"), parent("group:yrd")
    ('441800', '110000', '460000', '100000', None)
    """
    if not re.fullmatch(r"\d{6}", code):
        return None
    above = (code[:4] + "00", code[:2] + "0000", "100000")
    known = _codes()
    return next((one for one in above if one != code and one in known), None)


def _rows(table: Mapping[str, Any]) -> list[Region]:
    rows = []
    english = table.get("english", {})
    for level in LEVELS[:3]:
        for code, names in table.get(level, {}).items():
            name, *also = names.split()
            rows.append(Region(name, level, code, tuple(also), english=english.get(code)))
    for kind in ("place", "group"):
        for row in table.get(kind, ()):
            level = row["level"] if kind == "place" else "group"
            if level not in LEVELS or not row["name"]:
                raise ValueError(f"{row['name']}: level {level}")
            also, members = tuple(row.get("also", ())), tuple(row.get("members", ()))
            more = {key: row.get(key) for key in ("start", "end", "confidence", "note")}
            code = row.get("code")
            rows.append(Region(row["name"], level, code, also, members, english.get(code), **more))
    return rows


def regions_in(text: str, *, gazetteer: Gazetteer | None = None) -> list[RegionSpan]:
    """Find the regions that a text names.

    The longest name counts, from left to right, so that 吉林省 is the province and 吉林市 the
    city; a short name (广州) does not count where the next character makes another name of it
    (朝阳区, 河南岸).

    Parameters
    ----------
    text : str
        Any text.
    gazetteer : Gazetteer, optional
        By default the packaged one. ``gazetteer().with_counties(text)`` finds counties as well.

    Returns
    -------
    list of RegionSpan
        In the order of the text, without overlap. Time grows with the length of the text alone.

    Examples
    --------
    >>> from shanshui.plan.regions import regions_in
    >>> [(s.region.name, s.start, s.end) for s in regions_in("京津冀和广州协同，防治入海口污染")]
    [('京津冀', 0, 3), ('广州市', 4, 6)]
    """
    g = gazetteer or _gazetteer(())
    names, none, lengths = g.by_name, g.none, g._lengths
    spans = []
    free = 0
    for match in g._first.finditer(text):
        start = match.start()
        if start < free:
            continue
        for length in lengths[match.group()]:
            end = min(start + length, len(text))
            word = text[start:end]
            if word in none:
                free = end
                break
            region = names.get(word)
            if region is None or (word != region.name and _goes_on(g, text, end)):
                continue
            spans.append(RegionSpan(region, start, end))
            free = end
            break
    return spans


def _goes_on(g: Gazetteer, text: str, end: int) -> bool:
    """Whether what follows makes a short name a part of another name."""
    follows = text[end : end + 2]
    if follows[:1] == "区":
        return follows not in ("区域", "区内", "区外", "区间")
    return bool(follows) and follows[0] in g.not_before


def counties(text: str, *, gazetteer: Gazetteer | None = None) -> tuple[Region, ...]:
    """Return the counties (…县, …区, …市) that a text names, known by form and not by a list.

    A name counts where it stands twice with a clear left end, or once right after the name of a
    city or province, or in a list with one that counts (清城区、清新区). Their short names
    (英德 of 英德市) are taken where they have two characters or more and are no other region.

    Parameters
    ----------
    text : str
        The text of a document.
    gazetteer : Gazetteer, optional
        Regions that are known; what it calls generic (园区, 各县) is no county.

    Returns
    -------
    tuple of Region
        Level ``county``, without codes, in the order in which they first stand.

    Examples
    --------
    >>> from shanshui.plan.regions import counties
    >>> [region.name for region in counties("云川市青禾县、白石区建成两个园区。各县都要推进。")]
    ['青禾县', '白石区']
    """
    g = gazetteer or _gazetteer(())
    # A known name before a county is its left end: 清远市|阳山县, 广州|天河区.
    ends = {span.end for span in regions_in(text, gazetteer=g)}
    names: Counter[str] = Counter()
    sure: set[str] = set()
    previous, previous_end = "", -2
    first: dict[str, int] = {}
    for match in _COUNTY.finditer(text):
        name = match.group(1).lstrip(_BEFORE)
        start = match.end() - len(name)
        known = len(name) < 2 or name in g.generic or name in g.by_name or name in g.none
        if known or name.endswith(g.endings) or _NO_NAME.match(name):
            previous = ""
            continue
        if text[match.end() : match.end() + 1] in _NO_COUNTY_BEFORE:
            continue
        names[name] += 1
        first.setdefault(name, start)
        if start in ends or (start and text[start - 1] in "省市辖" and start - 1 not in ends):
            sure.add(name)
        listed = previous and text[previous_end:start] == "、"
        if listed and (previous in sure or names[previous] > 1):
            sure.add(name)
        previous, previous_end = name, match.end()
    kept = sorted((n for n in names if names[n] > 1 or n in sure), key=first.__getitem__)
    found = []
    for name in kept:
        short = re.sub(r"(?:自治县|自治旗|[县区市])$", "", name)
        fit = len(short) > 1 and short not in g.by_name and short not in g.generic
        found.append(Region(name, "county", None, (short,) if fit else ()))
    return tuple(found)

"""The numbers of a clause with their units: lists, ranges, numerals, 翻一番, water classes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from shanshui.plan.grammar import alternatives, lexicon
from shanshui.plan.numbers import ARABIC, CHINESE, ROMAN, number, times


@dataclass(frozen=True)
class Unit:
    """A unit of the lexicon."""

    name: str
    counts: bool = False
    chinese: bool = False
    scale: bool = False
    scaled: bool = False
    after: str = ""


@dataclass
class Quantity:
    """A number with its unit, or several in one list."""

    start: int
    end: int
    values: list[float | int]
    unit: str | None
    counts: bool
    post: str = ""
    span: bool = False
    text: str = ""
    numeral: bool = False
    more: bool = False
    parts: list[tuple[int, int]] = field(default_factory=list)


@cache
def _units() -> tuple[dict[str, Unit], re.Pattern[str]]:
    table = lexicon("units")
    forms: dict[str, Unit] = {}
    for row in table["unit"]:
        for form in row["forms"]:
            forms[form] = Unit(
                row["name"],
                row.get("counts", False),
                row.get("chinese", False),
                row.get("scale", False),
                row.get("scaled", False),
                row.get("not", ""),
            )
    scales = alternatives(table["scales"])
    units = alternatives(list(forms))
    after = alternatives([word for words in lexicon("verbs")["after"].values() for word in words])
    per = alternatives(table["per"])
    numeral = rf"(?P<number>{ARABIC})|(?P<numeral>{CHINESE})"
    pattern = re.compile(
        rf"(?:(?P<low>{ARABIC})(?P<lowunit>%|个百分点)?(?:-|—|–|~|～|至)(?=\d))?"
        rf"(?:{numeral})(?P<more>余|多)?\s*(?P<scale>{scales})?(?P<more2>余|多)?\s*"
        rf"(?P<unit>{units})(?P<per>/(?:{per})(?:·(?:{per}))?)?级?(?P<post>{after})?"
    )
    return forms, pattern


_LIST = re.compile(r"\s*(?:、|,|和|与|及|以及)\s*")


def quantities(text: str, start: int, end: int) -> list[Quantity]:
    """Find the quantities of a clause; lists such as 42%、55% are one quantity of two values."""
    forms, pattern = _units()
    found: list[Quantity] = []
    place = start
    while match := pattern.search(text, place, end):
        place = match.end()
        quantity = _quantity(text, match, forms, start)
        if quantity is None:
            place = match.start() + max(len(match["number"] or match["numeral"] or "1"), 1)
            continue
        lead = _bare_before(text, found[-1].end if found else start, quantity.start)
        if lead:
            quantity.values = [*lead[0], *quantity.values]
            quantity.parts = [*lead[1], *quantity.parts]
            quantity.start = quantity.parts[0][0]
        if found and _LIST.fullmatch(text, found[-1].end, quantity.start):
            last = found[-1]
            if last.unit == quantity.unit and not last.span:
                last.values += quantity.values
                last.parts += quantity.parts
                last.end, last.post = quantity.end, quantity.post or last.post
                continue
        found.append(quantity)
    return found


_BARE = re.compile(r"(?<![\d.A-Za-z])(\d+(?:\.\d+)?)[、和与:]$")


def _bare_before(
    text: str, start: int, place: int
) -> tuple[list[float | int], list[tuple[int, int]]] | None:
    """Find the numbers without a unit that a list begins with: 7.3、7个百分点."""
    values: list[float | int] = []
    parts: list[tuple[int, int]] = []
    while head := _BARE.search(text[max(start, place - 14) : place]):
        value = number(head[1])
        if value is None:
            break
        base = max(start, place - 14)
        values.insert(0, value)
        parts.insert(0, (base + head.start(1), base + head.end(1)))
        place = base + head.start(1)
    return (values, parts) if values else None


def _is_part(text: str, match: re.Match[str], unit: Unit, start: int) -> bool:
    """Whether a number or its unit is only a part of another word (A4, 第3, 部门, 条例)."""
    before = text[match.start() - 1 : match.start()] if match.start() > start else ""
    follows = text[match.end("unit") : match.end("unit") + 1]
    if before and (before == "第" or (before.isascii() and (before.isalnum() or before in ".-/"))):
        return True
    if unit.after and follows and follows in unit.after:
        return True
    return match["unit"] == "m" and follows.isascii() and follows.isalnum()


def _quantity(
    text: str, match: re.Match[str], forms: dict[str, Unit], start: int
) -> Quantity | None:
    unit, scale = forms[match["unit"]], match["scale"] or ""
    if _is_part(text, match, unit, start):
        return None
    if (unit.scaled and not scale) or (scale and not unit.scale):
        return None
    # 五座, but not 五吨; 一个 is an article more often than a number.
    numeral = match["numeral"]
    if unit.chinese and not numeral:
        return None
    value = number(numeral or match["number"])
    if value is None or (numeral and not scale and (not unit.counts or value < 2)):
        return None
    values: list[float | int] = [value]
    low = number(match["low"]) if match["low"] else None
    if low is not None and low < value:
        values = [low, value]
    quantity = Quantity(
        match.start(),
        match.end(),
        values,
        scale + unit.name + (match["per"] or ""),
        unit.counts,
        match["post"] or "",
        len(values) > 1,
        match.group(),
        bool(numeral),
        bool(match["more"] or match["more2"]),
    )
    quantity.parts = [(match.start(), match.end())] * len(values)
    return quantity


_LEVEL = re.compile(r"(?P<scale>千万|百万|万|亿|万亿|千亿|百亿)(?P<unit>千瓦|元|吨|亩)级")
_CLASS = re.compile(
    r"(?P<roman>III|II|IV|V|I|Ⅲ|Ⅱ|Ⅳ|Ⅴ|Ⅰ)类(?P<noun>水质|标准|水|水体标准|水质标准)?(?P<post>及?以上|左右)?"
    r"(?=$|[,。;、和]|的?要求)"
)
_DOUBLE = re.compile(r"翻(?P<times>[一两二三])番")
_HEAD = re.compile(r"[“\"]?(?P<digit>[一二三四五六七八九])字头[”\"]?")
_RANK = re.compile(
    r"(?P<first>前(?P<top>\d+|[一二三五十]+)(?:位|名|强)?|第(?P<rank>\d+)(?:位|名)?)(?=$|[,。;、)])"
)


def special(text: str, start: int, end: int) -> Iterator[tuple[str, re.Match[str]]]:
    """Find the quantities that are no number with a unit: 万亿元级, II类, 翻一番, 一字头."""
    for name, pattern in (("level", _LEVEL), ("class", _CLASS), ("double", _DOUBLE),
                          ("head", _HEAD), ("rank", _RANK)):  # fmt: skip
        for match in pattern.finditer(text, start, end):
            yield name, match


def special_value(name: str, match: re.Match[str]) -> tuple[float | int, str, str] | None:
    """Return value, unit and comparator of what `special` found."""
    if name == "level":
        forms, _ = _units()
        return 1, match["scale"] + forms[match["unit"]].name, "~"
    if name == "class":
        return ROMAN[match["roman"]], "类", "="
    if name == "double":
        increase = times(match["times"])
        return (increase, "%", "increase_by") if increase else None
    if name == "head":
        digit = number(match["digit"])
        return (digit * 10 + 10, "µg/m3", "<") if digit else None
    value = number(match["top"] or match["rank"])
    return (value, "位", "<=" if match["top"] else "=") if value else None

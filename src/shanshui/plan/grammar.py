"""The small grammar of a clause: dates, quantities and the words before and after them.

A clause is scanned from left to right once. What a number is (a level to reach, a change, a count,
a threshold) is told by the words that touch it: the words before are taken off from the right
(`tail`), until what is left is the subject.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from shanshui.plan.numbers import ARABIC, CHINESE, ROMAN, number, times


@cache
def lexicon(name: str) -> dict[str, Any]:
    """Return one of the packaged lexicons (units, verbs, indicators)."""
    source = files("shanshui.plan").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(source)


def alternatives(words: list[str]) -> str:
    """Return a pattern of words, the longest first."""
    return "|".join(map(re.escape, sorted(set(words), key=lambda word: (-len(word), word))))


# ---------------------------------------------------------------------------------------------
# Clauses


@dataclass(frozen=True)
class Clause:
    """A clause: its span, and whether it opens a sentence."""

    start: int
    end: int
    opens: bool


_OPEN, _CLOSE = "(“《〈[‘", ")”》〉]’"
_MARKS = re.compile(r"[(“《〈\[‘)”》〉\]’。;!?,:]|——")


def clauses(text: str, start: int, end: int) -> list[Clause]:
    """Part a paragraph into clauses; commas in brackets, quotes and numbers part nothing."""
    out: list[Clause] = []
    depth, begin, opens = 0, start, True
    for match in _MARKS.finditer(text, start, end):
        mark, place = match.group(), match.start()
        if mark in _OPEN:
            depth += 1
        elif mark in _CLOSE:
            depth = max(depth - 1, 0)
        elif depth and mark in ",:;":
            continue
        elif mark in ",:" and text[place - 1 : place].isdigit() and _joined(text, place):
            continue
        else:
            if text[begin:place].strip():
                out.append(Clause(begin, place, opens))
                opens = False
            if mark in "。;!?":
                opens, depth = True, 0
            begin = match.end()
    if text[begin:end].strip():
        out.append(Clause(begin, end, opens))
    return out


def _joined(text: str, place: int) -> bool:
    """Whether a comma or colon stands inside a number (1,200) or a ratio (16:33:50)."""
    after = text[place + 1 : place + 5]
    if text[place] == ":":
        return after[:1].isdigit()
    return re.match(r"\d{3}(?!\d)", after) is not None and text[place - 4 : place].count(".") == 0


# ---------------------------------------------------------------------------------------------
# Dates

FIVE_YEARS = {"十一五": 2010, "十二五": 2015, "十三五": 2020, "十四五": 2025, "十五五": 2030,
              "十六五": 2035}  # fmt: skip
_FIVE = "|".join(FIVE_YEARS)
_YEAR = r"(?<!\d)(?:19|20|21)\d\d"
_DATE = re.compile(
    rf"(?:(?P<lead>到了?|至|截至|截止到?|截止|力争在?|争取在?|努力在?|在|于|自|从|由|以|较|比|与)?[“\"]?)?"
    rf"(?:(?P<first>{_YEAR})年?(?:\d+月)?\s*(?:-|—+|–|－|~|～|至|到)\s*)?"
    rf"(?:(?P<year>{_YEAR})\s*(?P<unit>年?)(?P<part>\d+月(?:\d+日)?)?"
    rf"|[“\"]?(?P<plan>{_FIVE})[”\"]?(?P<span>时期|期间|期末|末期|末|规划期|以来|规划以来)?)"
    rf"(?P<tail>年?底前?|年?末前?|前|以前|之前|期间|以来|以后|之后|起|时|的)?[”\"]?"
)


@dataclass(frozen=True)
class Date:
    """A date in a clause.

    `use` is ``by`` (a deadline or the year described), ``base`` (较2020年), ``from`` (由2015年),
    ``since`` (自2016年起) or ``name`` (part of a title).
    """

    start: int
    end: int
    year: int
    use: str
    reached: bool = False


def dates(text: str, start: int, end: int) -> list[Date]:
    """Find the dates of a clause, outside titles and names."""
    out = []
    for match in _DATE.finditer(text, start, end):
        lead, tail = match["lead"] or "", match["tail"] or match["span"] or ""
        if match["plan"]:
            year = FIVE_YEARS[match["plan"]]
            after = text[match.end() : match.end() + 2]
            base = lead in ("较", "比", "与")
            if not (match["span"] or tail or base or lead in ("到", "至") or after[:1] == ","):
                continue
            if after.startswith("规划"):
                continue
            before = text[match.start() - 1 : match.start()] if match.start() > start else ""
            if before in ("、", "《", "的"):
                continue
        else:
            if not match["unit"] and not (match["first"] and tail):
                if not tail.startswith(("底", "末", "年")):
                    continue
            year = int(match["year"])
            if _in_title(text, match.start(), start):
                continue
        if lead in ("较", "比", "与"):
            use = "base"
        elif lead in ("由", "从"):
            use = "from"
        elif lead == "自" or tail in ("以来", "起", "规划以来"):
            use = "since" if not (match["plan"] and "以来" in tail) else "by"
        elif match["part"] and not lead.startswith(("到", "至", "截")) and "前" not in tail:
            use = "since" if tail in ("以后", "之后") else "day"
        else:
            use = "by"
        out.append(Date(match.start(), match.end(), year, use, lead.startswith("截")))
    return out


def _in_title(text: str, place: int, start: int) -> bool:
    before = text[start:place]
    return before.count("《") > before.count("》") or before.count("〔") > before.count("〕")


# ---------------------------------------------------------------------------------------------
# Quantities


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
    exact: str | None = None
    parts: list[tuple[int, int]] = field(default_factory=list)


@cache
def _units() -> tuple[dict[str, Unit], re.Pattern[str], re.Pattern[str]]:
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
    numeral = rf"(?P<number>{ARABIC})|(?P<numeral>{CHINESE})"
    pattern = re.compile(
        rf"(?:(?P<low>{ARABIC})(?P<lowunit>%|个百分点)?(?:-|—|–|~|～|至)(?=\d))?"
        rf"(?:{numeral})(?P<more>余|多)?\s*(?P<scale>{scales})?(?P<more2>余|多)?\s*"
        rf"(?P<unit>{units})(?P<per>/(?:万人|百人|人|村|年|月|日|天|小时|时|户|公顷|亩|万元|平方公里|km2|立方米|升|次|台)(?:·(?:平方公里|km2|年|月|天|日))?)?(?P<level>级)?(?P<post>{after})?"
    )
    bare = re.compile(rf"(?P<number>{ARABIC})(?P<scale>{scales})?(?![\d.])")
    return forms, pattern, bare


_LIST = re.compile(r"\s*(?:、|,|和|与|及|以及)\s*")


def quantities(text: str, start: int, end: int) -> list[Quantity]:
    """Find the quantities of a clause; lists such as 42%、55% are one quantity of two values."""
    forms, pattern, bare = _units()
    found: list[Quantity] = []
    place = start
    while match := pattern.search(text, place, end):
        place = match.end()
        quantity = _quantity(text, match, forms, start)
        if quantity is None:
            place = match.start() + max(len(match["number"] or match["numeral"] or "1"), 1)
            continue
        lead = _bare_before(text, start if not found else found[-1].end, quantity, bare)
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


def _bare_before(
    text: str, start: int, quantity: Quantity, bare: re.Pattern[str]
) -> tuple[list[float | int], list[tuple[int, int]]] | None:
    """Find the numbers without a unit that a list begins with: 7.3、7个百分点."""
    values: list[float | int] = []
    parts: list[tuple[int, int]] = []
    place = quantity.start
    while True:
        head = re.search(
            r"(?<![\d.A-Za-z])(\d+(?:\.\d+)?)[、和与:]$", text[max(start, place - 14) : place]
        )
        if not head:
            break
        value = number(head[1])
        if value is None:
            break
        base = max(start, place - 14)
        values.insert(0, value)
        parts.insert(0, (base + head.start(1), base + head.end(1)))
        place = base + head.start(1)
    return (values, parts) if values else None


def _quantity(
    text: str, match: re.Match[str], forms: dict[str, Unit], start: int
) -> Quantity | None:
    form, scale = match["unit"], match["scale"] or ""
    unit = forms[form]
    before = text[match.start() - 1 : match.start()] if match.start() > start else ""
    follows = text[match.end("unit") : match.end("unit") + 1]
    if before and (before.isascii() and (before.isalnum() or before in ".-/") or before in "第"):
        return None
    if unit.after and follows and follows in unit.after:
        return None
    if unit.scaled and not scale:
        return None
    if scale and not unit.scale:
        return None
    if unit.name in ("人", "天", "分", "m") and form.isascii() is False and match["numeral"]:
        return None
    if form == "m" and follows.isascii() and follows.isalnum():
        return None
    name = unit.name
    if match["numeral"]:
        word = match["numeral"]
        if not scale and form[0] not in "%个" and word[-1] in "千百" and not unit.counts:
            # 千万千瓦级: the numeral is the scale.
            return None
        value = number(word)
        if form in ("千瓦", "亿元", "元") and match["level"] and value is None:
            return None
        few = value is not None and value < 2
        if value is None or (not unit.counts and not scale) or (few and not scale):
            return None
    else:
        if unit.chinese:
            return None
        value = number(match["number"])
    if value is None:
        return None
    post = match["post"] or ""
    values: list[float | int] = [value]
    exact = None
    if match["low"]:
        low = number(match["low"])
        if low is not None and low < value:
            values = [low, value]
            exact = "range"
    if match["more"] or match["more2"]:
        exact = ">"
    if scale:
        name = scale + name
    if match["per"]:
        name += match["per"]
    quantity = Quantity(
        match.start(), match.end(), values, name, unit.counts, post,
        exact == "range", match.group(), bool(match["numeral"]), exact,
    )  # fmt: skip
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
        forms, _, _ = _units()
        return 1, match["scale"] + forms[match["unit"]].name, "~"
    if name == "class":
        return ROMAN[match["roman"]], "类", "="
    if name == "double":
        value = times(match["times"])
        return (value, "%", "increase_by") if value else None
    if name == "head":
        digit = number(match["digit"])
        return (digit * 10 + 10, "µg/m3", "<") if digit else None
    value = number(match["top"] or match["rank"])
    return (value, "位", "<=" if match["top"] else "=") if value else None


# ---------------------------------------------------------------------------------------------
# The words before a number


@dataclass
class Words:
    """What the words that touch a number say."""

    comparator: str | None = None
    change: str | None = None
    approx: bool = False
    stretch: bool = False
    base: int | None = None
    yearly: bool = False
    mean: bool = False
    each: bool = False
    cues: list[str] = field(default_factory=list)


@cache
def _tail() -> tuple[re.Pattern[str], dict[str, str]]:
    verbs = lexicon("verbs")
    kinds: dict[str, str] = {}
    for word in verbs["hedge"]["filler"]:
        kinds[word] = "filler"
    for sign, words in verbs["before"].items():
        kinds |= dict.fromkeys(words, sign)
    kinds |= dict.fromkeys(verbs["hedge"]["approx"], "approx")
    kinds |= dict.fromkeys(verbs["hedge"]["stretch"], "stretch")
    kinds |= {"分别": "each", "每年": "yearly", "年均": "mean", "平均每年": "yearly"}
    base = rf"(?:较|比|与|相比)[“\"]?(?:{_YEAR}年?|{_FIVE})[”\"]?(?:年?[底末]|时期|期末|平均)?(?:水平)?(?:相比)?"
    dated = rf"(?:到|至|在)?{_YEAR}年(?:年?[底末]前?|前)?"
    words = alternatives(list(kinds))
    return re.compile(rf"(?:(?P<base>{base})|(?P<dated>{dated})|(?P<word>{words}))\s*$"), kinds


_FIRST = 24


def tail(before: str) -> tuple[str, Words]:
    """Take the comparators, hedges and bases off the end of what stands before a number.

    Returns
    -------
    str
        What is left: the subject, or a verb with its object.
    Words
        What the words taken off say.
    """
    pattern, kinds = _tail()
    words = Words()
    while True:
        # Only the end is looked at, so that a long clause costs no more than a short one.
        window = before[-_FIRST:]
        match = pattern.search(window)
        if not match or not match.group():
            break
        kept = before[: len(before) - len(window) + match.start()]
        if match["base"]:
            words.base = base_year(match["base"])
        elif match["word"]:
            word = match["word"]
            kind = kinds[word]
            if kind == "filler" and word in ("比例", "提升", "到", "至", "以", "总", "的", "同比"):
                if word == "比例" or (not words.cues and word in ("到", "至")):
                    break
            if word in ("有", "是", "列", "居") and len(kept) < 2:
                break
            if kind in ("increase_by", "decrease_by"):
                if words.comparator is not None and words.comparator != "=":
                    break
                words.change = words.change or kind
            elif kind == "approx":
                if word in ("近",) and kept[-1:] in "附最":
                    break
                words.approx = True
            elif kind == "stretch":
                words.stretch = True
            elif kind == "each":
                words.each = True
            elif kind == "yearly":
                words.yearly = True
            elif kind == "mean":
                words.mean = True
            elif kind != "filler" and (words.comparator is None or words.comparator == "="):
                if words.change is None or kind in (">", "<", ">=", "<=") or kind == "=":
                    words.comparator = (
                        words.comparator if kind == "=" and words.comparator else kind
                    )
            words.cues.insert(0, word)
        before = kept
    return before, words


def base_year(text: str) -> int | None:
    """Return the year of 较2020年, 比“十三五”末."""
    match = re.search(rf"({_YEAR})|({_FIVE})", text)
    if not match:
        return None
    return int(match[1]) if match[1] else FIVE_YEARS[match[2]]


def after_sign(post: str) -> str | None:
    """Return the comparator of 以上, 以内, 左右 …"""
    for sign, words in lexicon("verbs")["after"].items():
        if post in words:
            return str(sign)
    return None

"""Parties: who leads, supports or answers for what a text says, and where it says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from shanshui.plan.grammar import lexicon

ROLES = ("lead", "support", "responsible")


@dataclass(frozen=True)
class Party:
    """A party with a part in a task.

    Attributes
    ----------
    name : str
        As the text has it: ``市生态环境局``.
    role : str
        ``lead`` (牵头), ``support`` (参与, 配合) or ``responsible`` (负责, 责任单位).
    start, end : int
        Span of the name in the text.
    """

    name: str
    role: str
    start: int
    end: int


# One bracket inside is a part of a name: 各县(市、区).
_INNER = r"[(（][^()（）\n]{0,20}[)）]"
_BRACKET = re.compile(
    rf"[(（]((?:[^()（）\n]|{_INNER}){{2,400}})[)）]|[〔【\[]((?:[^〔〕【】\[\]\n]){{2,400}})[〕】\]]"
)
# 由市水务局负责; 市水务局牵头,会同… at the beginning of a clause.
_RUNNING = re.compile(
    r"(?:(?<=[,，。;；:：\n])|^|由)(?P<names>[^,，。;；:：()（）\n由]{2,60}?)(?=总?牵头|负责)",
    re.MULTILINE,
)
_RUNNING_REST = re.compile(
    r"(?:总?牵头|负责)(?:负责|组织|落实)?[,，]?(?:会同(?P<with>[^,，。;；()（）\n]{2,80}?)(?=负责|推进|落实|制定|开展|[,，。;；])"
    r"|(?P<names>[^,，。;；()（）\n]{2,80}?)(?=参与|配合|协助|按职责))?"
)
# 各县、区人民政府 is one name.
_EACH = r"各(?:[县市区州盟旗镇乡]、)+(?=[县市区州盟旗镇乡街])"
_NAME = re.compile(rf"(?:{_EACH}|{_INNER}|[^、,，;；:：。\s])+")
_TAIL = re.compile(rf"{_INNER}$")
_JOINED = re.compile(r"(?<=[局委办厅部府会处院区县])(?:以及|[和及与])")
_AROUND = re.compile(
    r"^(?:由|并由|请|其中|以及|[和及与])|(?:等(?:有关|相关)?(?:部门|单位|地区)?|等|按照?(?:各自)?职责(?:分工)?"
    r"|分工|共同|具体|总|分别|组织|统筹|协同|联合|要|等)+$"
)


_FOR_ALL = re.compile(
    rf"(?P<which>以下|下列|下述|上述|以上|各项|所有|本表)?[^,，。;；()（）\n]{{0,8}}均[需须由应]"
    rf"(?P<names>(?:{_INNER}|[^,，。;；()（）\n]){{1,30}}?)(?P<cue>负责|落实|配合|参与|实施)[^,，。;；()（）\n]{{0,6}}"
    r"[,，]?(?:以下)?不再(?:一一|逐一|单独|重复|另行)?(?:列出|列明|注明|列)"
)


@lru_cache(maxsize=1)
def _cue() -> re.Pattern[str]:
    words = lexicon("tasks")["parties"]
    cues = "|".join(
        f"(?P<{role}>{'|'.join(sorted(words[role], key=len, reverse=True))})" for role in ROLES
    )
    return re.compile(
        f"(?:{cues}|(?P<with>会同))(?:负责|推进|落实|督导|组织|单位|部门|主体|方|机构|地区)*(?P<label>[:：])?"
    )


def _names(text: str, start: int, end: int, role: str, *, known: bool) -> Iterator[Party]:
    """Yield the names between two places; of a form not `known` only what ends as names do."""
    endings = tuple(lexicon("tasks")["parties"]["endings"])
    for match in _NAME.finditer(text, start, end):
        at = match.start()
        pieces = []
        for joint in _JOINED.finditer(match.group()):
            pieces.append((at, match.start() + joint.start()))
            at = match.start() + joint.end()
        for piece in (*pieces, (at, match.end())):
            first, last = _bare(text, *piece)
            name = text[first:last]
            if len(name) > 1 and (known or _TAIL.sub("", name).endswith(endings)):
                yield Party(name, role, first, last)


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    """Leave the words around a name off it: 由, 等部门, 按职责分工."""
    while around := _AROUND.search(text[start:end]):
        if around.start():
            end = start + around.start()
        else:
            start += around.end()
    return start, end


def split(text: str, start: int, end: int, role: str) -> list[Party]:
    """Read a list of names that have one role, as a cell of a table holds it.

    Parameters
    ----------
    text : str
        The text that holds it.
    start, end : int
        Its span.
    role : str
        One of ``lead``, ``support`` and ``responsible``.

    Returns
    -------
    list of Party
        In the order of the text.
    """
    return list(_names(text, start, end, role, known=True))


def parties_of(text: str, start: int, end: int) -> list[Party]:
    """Read a list of parties: ``甲局牵头，乙局、丙局参与``, ``责任单位：甲局、乙局``.

    Parameters
    ----------
    text : str
        The text that holds it.
    start, end : int
        Its span.

    Returns
    -------
    list of Party
        Empty where no word says a role.

    Examples
    --------
    >>> from shanshui.plan.parties import parties_of
    >>> [(p.name, p.role) for p in parties_of("市水务局牵头，市财政局等参与", 0, 14)]
    [('市水务局', 'lead'), ('市财政局', 'support')]
    """
    found: list[Party] = []
    at, role, known = start, "", False
    for cue in _cue().finditer(text, start, end):
        said = next((r for r in ROLES if cue.group(r)), "lead")
        # 乙局 of 甲局会同乙局负责 supports, and a label speaks for what follows it.
        found += _names(text, at, cue.start(), role or said, known=known)
        at = cue.end()
        if cue.group("label"):
            role, known = said, True
        elif cue.group("with"):
            role, known = "support", False
        else:
            role, known = "", False
    if role:
        found += _names(text, at, end, role, known=known)
    return found


@dataclass(frozen=True)
class Naming:
    """A place that names parties.

    Attributes
    ----------
    start, end : int
        Its span; of a bracket with the brackets.
    parties : tuple of Party
        Who is named.
    bracket : bool
        Whether it is a bracket, which speaks for the sentences before it.
    """

    start: int
    end: int
    parties: tuple[Party, ...]
    bracket: bool


def namings(text: str, start: int = 0, end: int | None = None) -> list[Naming]:
    """Find where a text names parties: brackets, and ``由…负责``, ``…牵头`` in running text.

    Parameters
    ----------
    text : str
        Any text.
    start, end : int, optional
        Where to look.

    Returns
    -------
    list of Naming
        In the order of the text.
    """
    end = len(text) if end is None else end
    found = []
    for match in _BRACKET.finditer(text, start, end):
        inside = match.span(match.lastindex or 1)
        # 以下均需…不再列出 in the same bracket is read by `for_all`.
        general = _FOR_ALL.search(text, *inside)
        parties = parties_of(text, inside[0], general.start() if general else inside[1])
        if parties:
            found.append(Naming(match.start(), match.end(), tuple(parties), True))
    taken = [(naming.start, naming.end) for naming in found]
    for match in _RUNNING.finditer(text, start, end):
        first, last = match.span("names")
        if any(a < last and first < b for a, b in taken):
            continue
        lead = "lead" if text[last : last + 1] in "总牵" else "responsible"
        parties = list(_names(text, first, last, lead, known=False))
        rest = _RUNNING_REST.match(text, last, end)
        if parties and rest:
            for group in ("with", "names"):
                if rest.group(group):
                    parties += _names(text, *rest.span(group), "support", known=False)
            found.append(Naming(first, rest.end(), tuple(parties), False))
    return sorted(found, key=lambda naming: naming.start)


def for_all(text: str) -> list[tuple[int, int, tuple[Party, ...]]]:
    """Find parties that are named once for many rows: ``以下均需各区落实，不再列出``.

    Parameters
    ----------
    text : str
        The text of a document.

    Returns
    -------
    list of tuple of int, int, tuple of Party
        The span of the text that each speaks for, and who they are. 以下 speaks for what follows,
        the others for the whole text.
    """
    found = []
    for match in _FOR_ALL.finditer(text):
        role = "support" if match.group("cue") in ("配合", "参与") else "responsible"
        parties = tuple(_names(text, *match.span("names"), role, known=True))
        after = match.group("which") in ("以下", "下列", "下述", None)
        if parties:
            found.append((match.start() if after else 0, len(text), parties))
    return found

"""Tasks of a plan: numbered sections, the actions that they name, and who is to do them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from shanshui.plan.document import Document, Heading
from shanshui.plan.grammar import lexicon
from shanshui.plan.parties import Naming, Party, for_all, namings

_SPLIT = re.compile(r"[,，;；。！？!?\n(（)）“”\"「」『』〔〕【】]")
_OPEN, _CLOSE = "(（“「『〔【", ")）”」』〕】"
# 到2027年 opens an aim, not an action; 2025年底前 is an action with its deadline.
_YEAR = r"(?:20\d\d年|“?十[三四五六七]五”?(?:时期|期间)?|本世纪中叶)"
_AIM = re.compile(
    rf"(?:力争|争取|确保|其中)?[,，]?(?:(?:到|至|截至){_YEAR}|{_YEAR}(?:底|末)?[,，]?(?!底?前|以?前|起)(?=[,，]|实现|达到))"
)
_BY = re.compile(r"(?:到|至|截至|力争)?(20\d\d)年(?:年?底|末|\d{1,2}月(?:底|末)?)?(?:以|之)?前")
_CHINESE = re.compile(r"[\u4e00-\u9fff]{2}")


@dataclass(frozen=True)
class Action:
    """One thing that a task says to do.

    Attributes
    ----------
    quote : str
        The clause as the original has it.
    start, end : int
        Its span in `Document.text`.
    parties : tuple of Party
        Who is named for it.
    deadline : int or None
        Year before the end of which it is due, where the clause or sentence opens with one.
    """

    quote: str
    start: int
    end: int
    parties: tuple[Party, ...] = ()
    deadline: int | None = None


@dataclass(frozen=True)
class Task:
    """A numbered task.

    Attributes
    ----------
    number : str
        Its number, e.g. ``(六)``.
    title : str
        Its heading.
    section : str
        Section path of the heading above it; empty at the top.
    path : str
        Its own section path.
    start, end : int
        Span in `Document.text`, from its heading to the end of its own text.
    actions : tuple of Action
        In the order of the text.
    aims : tuple of Action
        Sentences opened by a date (到2027年…): what is to be reached, not what is to be done.
    parties : tuple of Party
        Everybody who is named in it or for it.
    """

    number: str
    title: str
    section: str
    path: str
    start: int
    end: int
    actions: tuple[Action, ...]
    aims: tuple[Action, ...]
    parties: tuple[Party, ...]


def tasks(document: Document) -> list[Task]:
    r"""Read the numbered tasks of a plan with their actions and parties.

    A task is a numbered section whose own text names something to do. A clause is an action where
    it has one of the verbs of ``tasks.toml``; adverbials (以…为重点) stay with the verb that they
    modify, coordinated objects of one verb are one action. Sections that describe (形势, 总体要求
    and the like) and boxes (专栏, 表) hold no tasks. A bracket of parties speaks for the sentences
    since the bracket before it.

    Parameters
    ----------
    document : Document
        The plan.

    Returns
    -------
    list of Task
        In the order of the text.

    Examples
    --------
    >>> from shanshui.plan.reading import read
    >>> from shanshui.plan.tasks import tasks
    >>> text = "一、治水\n(一)治河。推进截污，以白石河为重点，开展清淤（水务局牵头，财政局参与）。"
    >>> task = tasks(read(text.encode()))[0]
    >>> [action.quote for action in task.actions]
    ['推进截污', '以白石河为重点，开展清淤']
    >>> [(party.name, party.role) for party in task.parties]
    [('水务局', 'lead'), ('财政局', 'support')]
    """
    text = document.text
    everywhere = for_all(text)
    found = []
    for heading, above, following in _sections(document):
        end = _own(text, heading.end, following)
        named = namings(text, heading.end, end)
        actions, aims = _actions(document, heading.end, end, named)
        if not actions:
            continue
        general = [p for first, last, ps in everywhere if first <= heading.start < last for p in ps]
        parties = {(p.name, p.role): p for n in named for p in n.parties}
        parties |= {(p.name, p.role): p for p in general if (p.name, p.role) not in parties}
        last = end - (len(text[heading.end : end]) - len(text[heading.end : end].rstrip()))
        found.append(
            Task(
                heading.number,
                heading.title,
                above.path if above else "",
                heading.path,
                heading.start,
                last,
                tuple(actions),
                tuple(aims),
                tuple(parties.values()),
            )
        )
    return found


def _sections(document: Document) -> Iterator[tuple[Heading, Heading | None, int]]:
    """Yield the headings that may head a task, with the one above and the end of their own text."""
    words = lexicon("tasks")["sections"]
    none, boxes = tuple(words["none"]), tuple(words["boxes"])
    stack: list[tuple[Heading, bool]] = []
    outline = document.outline
    for number, heading in enumerate(outline):
        while stack and stack[-1][0].level >= heading.level:
            stack.pop()
        above = stack[-1] if stack else None
        idle = heading.number.startswith(boxes) or any(word in heading.title for word in none)
        idle = idle or bool(above and above[1])
        stack.append((heading, idle))
        if not idle and heading.number:
            last = number + 1 == len(outline)
            end = len(document.text) if last else outline[number + 1].start
            yield heading, above[0] if above else None, end


def _own(text: str, start: int, end: int) -> int:
    """Return where the text of a heading ends: with its paragraph where that holds both."""
    line = text.find("\n", start, end)
    if line < 0 or not text[start:line].strip(" 。.:：\t"):
        return end
    while line >= 0 and text[line - 1] not in "。）)！？;；.:：":
        line = text.find("\n", line + 1, end)
    return end if line < 0 else line


def clauses(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Yield the clauses of a span with the mark that ends each; brackets and quotes are whole."""
    depth, at = 0, start
    for match in _SPLIT.finditer(text, start, end):
        mark = match.group()
        if mark in _OPEN:
            depth += 1
        elif mark in _CLOSE:
            depth = max(0, depth - 1)
        elif mark == "\n" or not depth:
            if mark == '"':
                continue
            depth = 0
            yield at, match.start(), mark
            at = match.end()
    if at < end:
        yield at, end, ""


@lru_cache(maxsize=1)
def _verb() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, lexicon("tasks")["actions"]["verbs"])))


def _actions(
    document: Document, start: int, end: int, named: list[Naming]
) -> tuple[list[Action], list[Action]]:
    text = document.text
    words = lexicon("tasks")["actions"]
    adverbs, goes_on = tuple(words["adverbs"]), tuple(words["goes_on"])
    settings = tuple(words["setting"])
    parties = _Named(text, named)
    actions: list[list[int | None]] = []  # [start, end, deadline]
    aims: list[tuple[int, int]] = []
    fresh, aim, deadline = True, False, None  # at the beginning of a sentence; inside an aim
    sentence = start  # where the present sentence begins
    carried: int | None = None  # the beginning of an adverbial that waits for its verb
    for opens, closes, mark in clauses(text, start, end):
        first, last = parties.trimmed(opens, closes)
        clause = text[first:last]
        if fresh:
            aim, deadline = False, None
        if by := _BY.match(clause):
            deadline = int(by.group(1))
        elif _AIM.match(clause):
            aim = True
        stops = mark not in (",", "，")
        if aim:
            if aims and not fresh and aims[-1][1] <= first and carried is None:
                aims[-1] = (aims[-1][0], last)
            elif clause:
                aims.append((first, last))
            carried = None
        elif parties.covers(first, last) or _BY.fullmatch(clause):
            pass  # who, or by when, and not what
        elif _CHINESE.search(clause):
            begins = carried if carried is not None else first
            follows = carried is None and bool(actions) and int(actions[-1][0] or 0) >= sentence
            if follows and clause.startswith(goes_on):
                actions[-1][1] = last
            elif not stops and _waits(clause, adverbs, settings):
                carried = begins
            elif follows and not _verb().search(clause):
                actions[-1][1] = last
            elif _verb().search(clause):
                actions.append([begins, last, deadline])
                carried = None
        # A date governs beyond a semicolon; all else ends with it.
        fresh = stops and mark not in (";", "；")
        if stops:
            sentence, carried = last + 1, None
    return (
        [
            Action(document.quote(a, b), a, b, parties.parties(a, b), year)
            for a, b, year in ((int(x[0] or 0), int(x[1] or 0), x[2]) for x in actions)
        ],
        [Action(document.quote(a, b), a, b, parties.parties(a, b)) for a, b in aims if a < b],
    )


def _waits(clause: str, adverbs: tuple[str, ...], settings: tuple[str, ...]) -> bool:
    """Whether a clause is an adverbial of the next one: 以…为重点, 充分利用…资金, 甲作为…核心."""
    if any(word in clause for word in settings):
        return True
    if not clause.startswith(adverbs):
        return False
    # 以丹江为核心打造…样板 has its own verb after the adverbial; 以…为重点 has none.
    if clause.startswith("以"):
        tail = re.search(r"(?:为|作为)[\u4e00-\u9fff]{2,6}?(?=$|[\u4e00-\u9fff])", clause)
        return not (tail and len(clause) - tail.end() > 4 and _verb().search(clause, tail.end()))
    words = lexicon("tasks")["actions"]
    if clause.endswith(tuple(words["frames"])):
        return True
    found = [clause.find(verb, 3) for verb in words["own"]]
    return not any(0 < at < len(clause) - 4 for at in found)


class _Named:
    """The places that name parties in the text of a task, and what each speaks for."""

    def __init__(self, text: str, named: Sequence[Naming]) -> None:
        self.text = text
        self.brackets = [naming for naming in named if naming.bracket]
        self.running = [naming for naming in named if not naming.bracket]
        self.opens = [naming.start for naming in self.brackets]
        self.starts = [naming.start for naming in self.running]

    def trimmed(self, first: int, last: int) -> tuple[int, int]:
        """Leave blanks and brackets of parties off the ends of a clause."""
        text = self.text
        at = bisect_left(self.opens, first)
        while at < len(self.brackets) and self.opens[at] < last:
            naming = self.brackets[at]
            if naming.end >= last - 1:
                last = naming.start
            elif naming.start - first < 2:
                first = naming.end
            at += 1
        while first < last and text[first] in " \t\u3000·—-、":
            first += 1
        while first < last and text[last - 1].isspace():
            last -= 1
        return first, last

    def covers(self, first: int, last: int) -> bool:
        """Whether a clause says who (由水务局负责) and not what."""
        at = bisect_right(self.starts, first + 1) - 1
        return at >= 0 and self.running[at].end >= last

    def parties(self, first: int, last: int) -> tuple[Party, ...]:
        """Return who is named for a clause: in its sentence, and by the next bracket after it."""
        found: tuple[Party, ...] = ()
        at = bisect_left(self.starts, first)
        for number in (at, at - 1):
            if 0 <= number < len(self.running) and self._one(self.running[number], first, last):
                found = self.running[number].parties
                break
        after = bisect_left(self.opens, last)
        return found + (self.brackets[after].parties if after < len(self.brackets) else ())

    def _one(self, naming: Naming, first: int, last: int) -> bool:
        """Whether a naming and a clause stand in one sentence."""
        start, end = (naming.end, first) if naming.start < first else (last, naming.start)
        return not any(self.text.find(mark, start, end) >= 0 for mark in "。；;\n")

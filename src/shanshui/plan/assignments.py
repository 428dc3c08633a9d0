"""Who does what: the documents that divide the work of a plan, matched to its tasks and targets."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from shanshui.plan.commitments import commitments
from shanshui.plan.document import Document
from shanshui.plan.grammar import lexicon
from shanshui.plan.parties import ROLES, Naming, Party, for_all, namings, parties_of, split
from shanshui.plan.tables import Place, grids
from shanshui.plan.tasks import Task, tasks

THRESHOLD = 0.5
_LEAST = 4  # bigrams that a clause must have to be matched by itself
_NUMBER = re.compile(
    r"\s*(?:[一二三四五六七八九十百]{1,4}、|[(（](?:[一二三四五六七八九十百]{1,4}|\d{1,3})[)）]|\d{1,3}[.．、](?!\d)|[①-⑳])\s*"
)
_DEADLINE = re.compile(
    r"(?=每年|20\d\d年|\d{1,2}月|年?底)(?:每年)?(?:20\d\d年)?(?:\d{1,2}月)?(?:\d{1,2}日)?(?:年?底|末)?"
    r"(?:以|之)?前|长期(?:坚持|推进|实施)|持续(?:推进|实施)(?=[。;；)）]|$)"
)
_YEAR = re.compile(r"20\d\d")
_PLAIN = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Match:
    """What an assignment answers to in its plan.

    Attributes
    ----------
    kind : str
        ``task``, ``action`` (a clause of a task), ``aim`` (a dated sentence of a task) or
        ``target`` (a commitment).
    path : str
        Section path in the plan.
    quote : str
        Title of the task, or the clause.
    score : float
        0 to 1, see `assignments`.
    start, end : int
        Span in the original of the plan, as commitments have it.
    """

    kind: str
    path: str
    quote: str
    score: float
    start: int
    end: int


@dataclass(frozen=True)
class Assignment:
    """One piece of work with those who are to do it.

    Attributes
    ----------
    number : str
        As written, or empty.
    task : str
        What is to be done.
    start, end : int
        Span of it in `Document.text`.
    section : str
        Section path in its document.
    parties : tuple of Party
        Who leads, supports or answers for it.
    deadline : str or None
        As written.
    year : int or None
        Last year that the deadline names.
    matches : tuple of Match
        The task first, then clauses and aims; empty where nothing is alike enough.
    """

    number: str
    task: str
    start: int
    end: int
    section: str
    parties: tuple[Party, ...]
    deadline: str | None = None
    year: int | None = None
    matches: tuple[Match, ...] = ()

    @property
    def lead(self) -> tuple[str, ...]:
        """Names of those who lead."""
        return self._named("lead")

    @property
    def support(self) -> tuple[str, ...]:
        """Names of those who support."""
        return self._named("support")

    @property
    def responsible(self) -> tuple[str, ...]:
        """Names of those who answer for it, where nobody is said to lead."""
        return self._named("responsible")

    def _named(self, role: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(p.name for p in self.parties if p.role == role))


def assignments(
    document: Document, plan_document: Document | None = None, *, threshold: float = THRESHOLD
) -> list[Assignment]:
    r"""Read who is to do what, and match it to a plan.

    Tables with a column of tasks and one of parties (牵头单位, 配合单位, 责任单位), with cells or
    flattened to lines; and sentences of running text that end in a bracket of parties or say
    由…负责. Parties that are named once for all (以下均需各区落实，不再列出) are added to each.

    Parameters
    ----------
    document : Document
        The document that divides the work; a plan that names parties itself will do.
    plan_document : Document, optional
        The plan to match.
    threshold : float
        Score from which a match counts.

    Returns
    -------
    list of Assignment
        In the order of the text. Those without `matches` answer to nothing in the plan;
        `unassigned` gives the tasks that nothing answers to.

    Notes
    -----
    Texts are compared by their pairs of neighbouring characters. A pair weighs
    log(1 + (N + 1)/n), where n of the N tasks of the plan have it (one, where none has), so that
    推进 and 建设 count little. The score of a task is the share of the assignment that stands in
    it; that of a clause or an aim is its share that stands in the assignment; that of a target is
    the greater of the two, where its indicator counts as a part of it.

    Examples
    --------
    >>> from shanshui.plan.assignments import assignments
    >>> from shanshui.plan.reading import read
    >>> plan = read("一、治水\n(一)治理白石河。推进沿河截污。\n(二)保护水源。建设围网。".encode())
    >>> work = read(
    ...     "1.推进白石河沿河截污（水务局牵头，财政局配合）。\n2.造林（林业局负责）。".encode()
    ... )
    >>> for a in assignments(work, plan):
    ...     print(a.task, a.lead, a.support, [m.path for m in a.matches if m.kind == "task"])
    推进白石河沿河截污 ('水务局',) ('财政局',) ['一、(一)']
    造林 () () []
    """
    found = sorted((*_of_tables(document), *_of_text(document)), key=lambda a: a.start)
    general = for_all(document.text)
    found = [
        replace(a, parties=a.parties + tuple(_more(a, general))) if general else a for a in found
    ]
    if plan_document is not None:
        index = _Index(plan_document)
        found = [replace(a, matches=tuple(index.matches(a.task, threshold))) for a in found]
    return found


def unassigned(plan_document: Document, found: Iterable[Assignment]) -> list[Task]:
    """Return the tasks of a plan that no assignment answers to.

    Parameters
    ----------
    plan_document : Document
        The plan.
    found : iterable of Assignment
        What `assignments` gave for it.

    Returns
    -------
    list of Task
        In the order of the plan.
    """
    done = {match.start for a in found for match in a.matches if match.kind == "task"}
    place = plan_document.offsets
    return [task for task in tasks(plan_document) if place[task.start] not in done]


def _more(a: Assignment, general: Sequence[tuple[int, int, tuple[Party, ...]]]) -> Iterator[Party]:
    have = {party.name for party in a.parties}
    for first, last, parties in general:
        if first <= a.start < last:
            yield from (party for party in parties if party.name not in have)


# -- Tables ----------------------------------------------------------------------------------------


def _of_tables(document: Document) -> Iterator[Assignment]:
    for grid in (*grids(document.text), *_flat(document.text)):
        yield from _of_grid(document, grid)


def _columns(row: Sequence[Place]) -> dict[str, int]:
    found: dict[str, int] = {}
    bare = [re.sub(r"\s", "", cell.text) for cell in row]
    for key, words in lexicon("assignments")["columns"].items():
        for word in words:
            free = [i for i, h in enumerate(bare) if word in h and i not in found.values()]
            if free:
                found[key] = free[0]
                break
    return found


def _of_grid(document: Document, grid: Sequence[Sequence[Place]]) -> Iterator[Assignment]:
    for top in range(min(4, len(grid))):
        columns = _columns(grid[top])
        if ({"task", "measure"} & set(columns)) and (set(ROLES) & set(columns)):
            break
    else:
        return
    parties: tuple[Party, ...] = ()
    deadline = ""
    for row in grid[top + 1 :]:
        cells = {key: row[i] for key, i in columns.items() if i < len(row) and row[i].text}
        work = cells.get("measure") or cells.get("task")
        if work is None or len(work.text) < 2:
            continue
        # An empty cell of who leads is one that is merged with the cell above; one of who supports
        # only where the task has measures in several rows.
        named = tuple(_of_cells(document.text, cells))
        if not {"lead", "responsible"} & set(cells):
            whole = "task" in columns and "task" not in cells
            above = parties if whole else tuple(p for p in parties if p.role != "support")
            named = above + named
        parties = named
        deadline = cells["deadline"].text if "deadline" in cells else deadline
        number = cells["number"].text if "number" in cells else ""
        yield _assignment(document, number, work.start, work.end, parties, deadline or None)


def _of_cells(text: str, cells: dict[str, Place]) -> Iterator[Party]:
    for role in ROLES:
        if role in cells:
            start, end = cells[role].start, cells[role].end
            # 甲局牵头，乙局配合 in one cell says more than the head of its column.
            yield from parties_of(text, start, end) or split(text, start, end, role)


def _flat(text: str) -> Iterator[list[list[Place]]]:
    """Find tables that were flattened to lines: a head from 序号 on, and rows of as many words."""
    rows: list[list[Place]] = []
    place = 0
    for line in text.split("\n"):
        words = [
            Place(m.group(), place + m.start(), place + m.end())
            for m in re.finditer(r"\S+", line if "\t" not in line else "")
        ]
        if len(words) > 2 and words[0].text in ("序号", "编号"):
            if rows:
                yield rows
            rows = [words]
        elif rows and len(words) == len(rows[0]) and words[0].text.isdecimal():
            rows.append(words)
        place += len(line) + 1
    if rows:
        yield rows


# -- Running text ----------------------------------------------------------------------------------


def _of_text(document: Document) -> Iterator[Assignment]:
    text = document.text
    for first, last in _paragraphs(text):
        number = ""
        at = first
        if match := _NUMBER.match(text, first, last):
            number, at = match.group().strip().rstrip(".．、"), match.end()
        for naming in namings(text, at, last):
            if naming.start < at:
                continue
            start, end = _work(text, at, last, naming)
            while start < end and (text[start].isspace() or text[start] in "。,，;；、"):
                start += 1
            while start < end and (text[end - 1].isspace() or text[end - 1] in "。,，;；由、"):
                end -= 1
            if end - start > 1:
                said = _DEADLINE.search(text, start, max(end, naming.end))
                until = said.group() if said else None
                yield _assignment(document, number, start, end, naming.parties, until)
            at = max(naming.end, end)


def _work(text: str, at: int, last: int, naming: Naming) -> tuple[int, int]:
    """Return the span of what a naming of parties speaks for, between two places."""
    if naming.bracket:
        return at, naming.start
    start = max(at, text.rfind("。", at, naming.start) + 1)
    if text[start : naming.start].strip() in ("", "由"):  # 由甲局负责, and then the work
        stop = text.find("。", naming.end, last)
        return naming.end, stop if stop >= 0 else last
    return start, naming.start


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.split("\n"):
        if line.strip() and "\t" not in line:
            yield start, start + len(line)
        start += len(line) + 1


def _assignment(
    document: Document,
    number: str,
    start: int,
    end: int,
    parties: tuple[Party, ...],
    deadline: str | None,
) -> Assignment:
    years = [int(year) for year in _YEAR.findall(deadline or "")]
    return Assignment(
        number,
        document.quote(start, end),
        start,
        end,
        document.section_at(start),
        parties,
        deadline,
        max(years) if years else None,
    )


# -- Matching --------------------------------------------------------------------------------------


def _pairs(text: str) -> set[str]:
    plain = _PLAIN.sub("", text)
    return {plain[i : i + 2] for i in range(len(plain) - 1)}


class _Index:
    """The tasks and targets of a plan by their pairs of characters."""

    def __init__(self, plan: Document) -> None:
        self.tasks = tasks(plan)
        self.targets = [
            (target, _pairs(target.quote), _pairs(target.quote + target.indicator))
            for target in commitments(plan)
            if target.kind != "baseline"
        ]
        self.held: dict[str, list[int]] = defaultdict(list)
        for number, task in enumerate(self.tasks):
            for pair in _pairs(plan.text[task.start : task.end]):
                self.held[pair].append(number)
        self.about: dict[str, list[int]] = defaultdict(list)
        for number, (_, _, words) in enumerate(self.targets):
            for pair in words:
                self.about[pair].append(number)
        self.clauses = {
            number: [
                (kind, clause, _pairs(clause.quote))
                for kind, clauses in (("action", task.actions), ("aim", task.aims))
                for clause in clauses
            ]
            for number, task in enumerate(self.tasks)
        }
        count = len(self.tasks) + 1
        self.unseen = math.log(1 + count)
        self.weight = {pair: math.log(1 + count / len(n)) for pair, n in self.held.items()}
        self.plan = plan

    def weigh(self, pairs: Iterable[str]) -> float:
        return sum(self.weight.get(pair, self.unseen) for pair in pairs)

    def matches(self, text: str, threshold: float) -> Iterator[Match]:
        has = _pairs(_DEADLINE.sub("", text))
        total = self.weigh(has)
        if not total:
            return
        scores: dict[int, float] = defaultdict(float)
        near: set[int] = set()
        for pair in has:
            for number in self.held.get(pair, ()):
                scores[number] += self.weight[pair]
            near.update(self.about.get(pair, ()))
        best = max(scores, key=lambda number: (scores[number], -number), default=None)
        if best is not None and scores[best] >= threshold * total:
            task = self.tasks[best]
            share = round(scores[best] / total, 3)
            yield Match("task", task.path, task.title, share, *self._span(task.start, task.end))
            for kind, clause, own in self.clauses[best]:
                share = self._share(own, has)
                if share >= threshold:
                    span = self._span(clause.start, clause.end)
                    yield Match(kind, task.path, clause.quote, share, *span)
        for number in sorted(near):
            target, own, words = self.targets[number]
            share = max(self._share(own, has), self._share(has, words))
            if share >= threshold:
                yield Match("target", target.section, target.quote, share, target.start, target.end)

    def _share(self, own: set[str], other: set[str]) -> float:
        if len(own) < _LEAST:
            return 0.0
        whole = self.weigh(own)
        return round(self.weigh(own & other) / whole, 3) if whole else 0.0

    def _span(self, start: int, end: int) -> tuple[int, int]:
        return self.plan.original_span(start, end)

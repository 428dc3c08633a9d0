"""Commitments of a plan: every target, count, milestone, deferred value and baseline, in place."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from itertools import zip_longest
from typing import Any

from shanshui.plan import grammar_acts as acts
from shanshui.plan import grammar_cells as cells
from shanshui.plan import grammar_names as names
from shanshui.plan import grammar_states as states
from shanshui.plan.document import Document
from shanshui.plan.grammar import Clause, clauses
from shanshui.plan.grammar_dates import FIVE, YEAR, Date, base_year, dates
from shanshui.plan.grammar_quantities import Quantity, quantities, special, special_value
from shanshui.plan.grammar_roles import LIMITS, Part, Role, role, sign
from shanshui.plan.grammar_scope import Scope, Section, State
from shanshui.plan.grammar_words import tail
from shanshui.plan.numbers import number
from shanshui.plan.tables import Role as Column
from shanshui.plan.tables import blocks, tables


@dataclass(frozen=True)
class Commitment:
    """One commitment, with the fields of the ledger first.

    Attributes
    ----------
    id : str
        Name of the document and a running number.
    kind : str
        ``target`` (an indicator with a value), ``count`` (build or do N things), ``milestone``
        (dated, no number), ``deferred`` (value set elsewhere) or ``baseline`` (a past value).
    quote : str
        The clause, as the original has it, without its line breaks.
    section : str
        Path of the section.
    indicator : str
        Canonical name where the lexicon has one, else the words of the text.
    region : str or None
        Full name of the region.
    year : int or None
        Deadline; of a baseline the year described.
    comparator : str or None
        ``<=``, ``<``, ``>=``, ``>``, ``=``, ``~``, ``increase_by`` or ``decrease_by``.
    value : float, int, tuple or None
        In the scale as written (100 of 万亩); of a range its two ends.
    unit : str or None
        As in ``units.toml``.
    base_year : int or None
        Of a change: 较2020年.
    stretch, approx : bool
        力争, 争取, 努力; 左右, 约, 以上, 以下, 基本.
    nature : str or None
        约束性 or 预期性.
    owner : str or None
        Party that the clause names.
    start, end : int
        Span in the original.
    indicator_code : str or None
        Code of the catalogue (``air.pm25.annual_mean``), where one of its names is read.
    confidence : float
        0 to 1.
    why : str
        The pattern that made it and the cues.
    """

    id: str
    kind: str
    quote: str
    section: str
    indicator: str
    region: str | None
    year: int | None
    comparator: str | None
    value: float | int | tuple[float | int, ...] | None
    unit: str | None
    base_year: int | None
    stretch: bool
    approx: bool
    nature: str | None
    owner: str | None
    start: int
    end: int
    indicator_code: str | None
    confidence: float
    why: str

    def as_dict(self) -> dict[str, Any]:
        """Return the fields in order, as a line of JSON Lines holds them."""
        return asdict(self)


def commitments(document: Document, *, region: str | None = None) -> list[Commitment]:
    r"""Find the commitments of a plan.

    Parameters
    ----------
    document : Document
        As `shanshui.plan.reading.read` gives it.
    region : str, optional
        Name or code (``440100``) of the region that the plan is for. By default it is taken from
        the titles, else from the regions that the text names most.

    Returns
    -------
    list of Commitment
        In the order of the text.

    Examples
    --------
    >>> from shanshui.plan.reading import read
    >>> plan = read("青禾县计划\n到2027年,PM2.5年均浓度降至25微克/立方米以下。".encode())
    >>> [(c.indicator, c.year, c.comparator, c.value) for c in commitments(plan, region="青禾县")]
    [('PM2.5年均浓度', 2027, '<=', 25)]
    """
    return _Reader(document, region).read()


@dataclass
class _Found:
    """A commitment before it is written down; places are of `Document.text`."""

    kind: str
    start: int
    end: int
    indicator: str
    region: str | None
    year: int | None
    confidence: float
    why: str
    comparator: str | None = None
    value: float | int | tuple[float | int, ...] | None = None
    unit: str | None = None
    base_year: int | None = None
    stretch: bool = False
    approx: bool = False
    nature: str | None = None
    owner: str | None = None


@dataclass(frozen=True)
class _Context:
    """A clause with what holds for it; `body` is where it begins after its date."""

    start: int
    end: int
    body: int
    year: int | None
    past: bool
    own: bool
    section: Section
    state: State


_LIST_ITEM = re.compile(
    r"(?:——|[①-⑩•·●]|\d{1,2}[.、)]|\(\d{1,2}\)|\([一二三四五六七八九十]+\)|[一二三四五六七八九十]+是)"
)
_BEFORE_DATE = re.compile(
    r"(?:其中|力争|争取|总体上|因此|努力|确保|预计|在|并|近期|远期|中期|展望|第.步|目标|\(|:)+"
)
_STRETCH = re.compile("力争|争取|努力")
_LEAD = 40  # characters; what is longer is no lead of a date
_SAID_FIRST = 14  # characters of a date that stands alone before its clause


class _Reader:
    def __init__(self, document: Document, region: str | None) -> None:
        self.document = document
        self.text = document.text
        self.scope = Scope(document, region)
        self.found: list[_Found] = []

    # ----- the walk --------------------------------------------------------------------------

    def read(self) -> list[Commitment]:
        spans = sorted(self._tables())
        headings = {heading.start: heading for heading in self.document.outline}
        place = level = row = 0
        goal: tuple[int, str, int] | None = None
        for line in self.text.split("\n"):
            start, end = place, place + len(line)
            place = end + 1
            if not line.strip() or self.scope.is_title(start):
                continue
            while row < len(spans) and spans[row][1] <= start:
                row += 1
            if row < len(spans) and spans[row][0] <= start:
                continue
            section = self.scope.section(start)
            state = State(cells="\t" in line)
            if heading := headings.get(start):
                level = heading.level
                if goal and level <= goal[2]:
                    goal = None
                if year := _goal_year(heading.title, self.scope.base):
                    goal = (year, heading.title, level)
                # A run-in heading (一)…。 is followed by its paragraph on the same line.
                stop = min(heading.end, end)
                if stop - start < 20 or not quantities(self.text, start, stop):
                    start = stop
            if section.box or not self.text[start:end].strip("。. "):
                continue
            if goal:
                state.year, state.dated, _ = goal
            self._paragraph(start, end, section, state)
            alone = len(line.strip()) < _SAID_FIRST and not re.search("[。,;]", line)
            if state.year and (alone or _leads(line)):
                same = goal is not None and goal[0] == state.year
                goal = (state.year, state.dated, goal[2] if goal and same else level)
        return self._written()

    def _paragraph(self, start: int, end: int, section: Section, state: State) -> None:
        for clause in clauses(self.text, start, end):
            if clause.opens:
                state.new_sentence()
            elif clause.parts and state.regions != ["全国"]:
                state.regions = []
            self._clause(clause, section, state)

    def _clause(self, clause: Clause, section: Section, state: State) -> None:
        start, end = clause.start, clause.end
        while start < end and self.text[start] in " —-、":
            start += 1
        found = dates(self.text, start, end)
        own, body = self._date(found, start, end, state)
        state.years = tuple(date.year for date in found if date.use == "by") or state.years
        if body >= end:
            return
        self.scope.take_regions(body, min(end, body + 40), state)
        year = own.year if own else state.year
        if year is None and not section.past:
            year = self.scope.due
        past = section.past if year is None else year <= self.scope.base
        if year is None and section.past:
            year = self.scope.base
        context = _Context(start, end, body, year, past, own is not None, section, state)
        before = len(self.found)
        if section.aside:
            # Annexes explain; only what is dated ahead is a commitment.
            if own and not past:
                self._milestone(context)
            return
        for step in (self._deferred, self._change, self._ratio, self._numbers, self._milestone):
            step(context)
            if len(self.found) > before:
                break
        if len(self.found) == before:
            bare = self.scope.without_region(self.text[body:end])
            state.subject = states.topic(bare) or state.subject
        elif self.found[-1].kind == "milestone":
            state.subject = self.found[-1].indicator

    def _date(
        self, found: list[Date], start: int, end: int, state: State
    ) -> tuple[Date | None, int]:
        """Take the dates of a clause into the state; return its own and where its body begins."""
        text, own, body = self.text, None, start
        for date in found:
            if date.use == "base":
                state.base = date.year
            if date.use not in ("by", "since"):
                continue
            listed = body > start and text[body : date.start].strip() in ("、", "和", "与", "及")
            lead = "" if listed else names.clean(text[start : date.start][:_LEAD])
            word = text[date.start : date.start + 1]
            head = word != "以" and (not lead or _BEFORE_DATE.fullmatch(lead) is not None)
            own = date if own is None or not own.reached else own
            if (head or word in "到至截") and date.use == "by":
                state.year, state.dated = date.year, text[date.start : date.end]
                state.dated_sentence = state.sentence
                if not listed:
                    state.span = date.start if head else start
            if head:
                body = date.end
                state.stretch = state.stretch or _STRETCH.search(lead) is not None
        while body < end and text[body] in ", 、:":
            body += 1
        return own, body

    # ----- values that are set elsewhere -----------------------------------------------------

    def _deferred(self, context: _Context) -> None:
        body = self.text[context.body : context.end]
        match = states.DEFERRED.search(body[-40:])
        if not match or context.past:
            return
        before = body[: max(len(body) - 40, 0) + match.start()]
        subject, words = tail(before)
        if before.endswith(("降低", "下降")):
            subject = before
        subject = self.scope.without_region(re.sub(r"^.{0,40}?使", "", subject))
        subject = re.sub(r"(?:指标|控制|均|全面)$", "", subject)
        if not names.measurable(subject) and names.measurable(match["what"] or ""):
            # 完成省下达的森林覆盖率目标: the indicator stands inside.
            subject = match["what"]
        parts = names.parts(subject)
        shared = names.share(parts) if len(parts) > 1 else []
        titles = shared if shared and all(map(names.measurable, shared)) else [subject]
        for title in filter(names.measurable, titles):
            entry = names.known(title)
            unit = entry.unit if entry else cells.unit("", title)
            self._add(
                context,
                "deferred",
                title,
                0.9 if entry else 0.8,
                f"deferred: {match.group()}",
                unit=unit,
                stretch=words.stretch,
            )
            context.state.subject = title

    # ----- numbers ---------------------------------------------------------------------------

    _FROM = re.compile(
        r"(?:由|从)(?:现状|目前|当前|现在)?(?P<first>(?:19|20)\d\d)?年?(?:底|末)?的?\s*"
        r"(?P<a>[\d.,]+)[^\d,、。到至]{0,12}?(?:大幅|逐步|稳步|持续)?"
        r"(?P<verb>提高|提升|增加|增长|上升|扩大|下降|降低|降|减少|削减|缩减)(?:到|至|为)了?"
        r"(?P<last>(?:19|20)\d\d)?年?(?:底|末)?的?\s*(?P<b>\d)"
    )

    def _change(self, context: _Context) -> None:
        """由2015年的61%提高到2020年的63%: two values of one indicator."""
        match = self._FROM.search(self.text, context.start, context.end)
        if not match:
            return
        ends = quantities(self.text, match.start("b"), context.end)
        first = number(match["a"].rstrip(",."))
        before = self.text[context.body : match.start()]
        subject = self.scope.without_region(before) or context.state.subject
        if not ends or first is None or not subject:
            return
        last, why = ends[0], f"change: 由…{match['verb']}到"
        began = int(match["first"]) if match["first"] else None
        year = int(match["last"]) if match["last"] else context.year
        self._add(
            context, "baseline", subject, 0.9, why,
            value=first, unit=last.unit, comparator="=", year=began,
        )  # fmt: skip
        ahead = year is not None and year > self.scope.base
        rises = match["verb"][0] in "提增上扩"
        self._add(
            context, "target" if ahead else "baseline", subject, 0.9, why,
            value=last.values[-1], unit=last.unit, year=year, approx=bool(last.post),
            comparator=(">=" if rises else "<=") if ahead else "=",
        )  # fmt: skip
        context.state.subject = subject

    _RATIO = re.compile(
        r"(?:三次产业|三大产业|三产|产业)[^,。\d]{0,10}?\s*"
        r"(?P<values>\d+(?:\.\d+)?:\d+(?:\.\d+)?:\d+(?:\.\d+)?)"
    )

    def _ratio(self, context: _Context) -> None:
        """三次产业比重为12:40:48: three shares."""
        match = self._RATIO.search(self.text, context.body, context.end)
        if not match:
            return
        titles = ("第一产业比重", "第二产业比重", "第三产业比重")
        for title, word in zip(titles, match["values"].split(":"), strict=True):
            self._add(
                context, _kind(context), title, 0.9, "ratio: 三次产业",
                value=number(word), unit="%", comparator="=",
            )  # fmt: skip

    def _numbers(self, context: _Context) -> None:
        found = self._without_sizes(quantities(self.text, context.body, context.end))
        count, place = len(self.found), context.body
        for quantity, following in zip_longest(found, found[1:]):
            before = len(self.found)
            end = following.start if following else context.end
            self._quantity(context, quantity, place, end)
            if len(self.found) > before:
                place = quantity.end
        if len(self.found) == count:
            self._special(context)

    def _without_sizes(self, found: list[Quantity]) -> list[Quantity]:
        """Leave out the sizes of things counted: 1座200吨/日处理厂."""
        out: list[Quantity] = []
        for quantity in found:
            after = self.text[quantity.end : quantity.end + 1]
            size = out and out[-1].counts and out[-1].end == quantity.start
            if not (size and not quantity.counts and after.isalpha()):
                out.append(quantity)
        return out

    _GRADES = re.compile(r"((?:国家|省|市|县)级)\s*[、和]\s*\d[^,。]*?级([\u4e00-\u9fff“”]{2,16})")

    def _quantity(self, context: _Context, quantity: Quantity, begin: int, end: int) -> None:
        text, state = self.text, context.state
        fine = text.find("罚款", quantity.end, context.end) >= 0
        if fine or acts.hidden(text, context.start, quantity.start):
            return
        before = text[begin : quantity.start]
        joined = begin > context.body
        if joined:
            before = re.sub(r"^\s*(?:[、,和与及]|以及|(?:\([^()]*\)))+", "", before)
        before = acts.IN_BRACKETS.sub(lambda match: match.group().split("(")[1], before)
        follow = re.sub(r"^\((?:[^()]{0,30})\)", "", text[quantity.end : end])
        subject, words = tail(before)
        if words.comparator is None and (least := _AT_LEAST.search(before)):
            # 至少建成1个: the word stands before the verb.
            words.comparator = ">="
            words.cues.insert(0, least.group())
        verb, thing = acts.act(self.scope.after_region(subject))
        if not verb and "完成" in words.cues:
            verb = "完成"
        if grade := self._GRADES.match(text, quantity.end, context.end):
            # 15个国家级、30个省级绿色工厂: the last writes the noun for both.
            follow = grade[1] + grade[2]
        noun = acts.noun(re.sub(r"[、和与及]\s*$", "", follow))
        if follow[:1] in tuple("、,和与及"):
            noun = ""
        if quantity.counts and "中" in follow and names.measurable(tail(follow)[0]):
            # 8个断面中水质优良比例达到25%: what the share is taken of.
            return
        if acts.threshold(quantity, words, "" if thing else verb, follow):
            return
        bare = self.scope.without_region(subject)
        part = Part(quantity, words, bare, verb, thing, noun, joined, context.past)
        if found := role(part, state):
            self._values(context, part, found)

    def _values(self, context: _Context, part: Part, found: Role) -> None:
        """Write down the values of a number: one for each subject, region or year of a list."""
        state, quantity, words = context.state, part.quantity, part.words
        base = words.base or state.base
        comparator, approx = sign(part, found, base)
        kind, year, unit = found.kind, context.year, quantity.unit
        said = self.text[context.start : quantity.start]
        if kind == "count" and (words.yearly or re.search("每年|年均(?!浓度)", said)):
            # A yearly count has no deadline but one of its own sentence.
            unit = unit if "/" in (unit or "") else f"{unit}/年"
            year = year if state.dated_sentence == state.sentence else None
        if context.past:
            kind = "baseline"
            if comparator in (">=", "<=") and not quantity.post and not LIMITS & set(words.cues):
                comparator = "="
        confidence = 0.85 - 0.15 * (found.pattern == "carried") - 0.1 * quantity.numeral
        confidence -= 0.1 * (not words.cues and not quantity.post)
        for value, title, region, when in self._spread(context, part, found.name, year):
            label = _plain(title)
            if quantity.counts and found.kind == "count" and not label.endswith(("数", "量")):
                label += "数量"
            self._add(
                context, kind, label, confidence + 0.1 * (names.known(label) is not None),
                f"{found.pattern}: {''.join(words.cues)}{quantity.text}",
                value=value, unit=unit, comparator=comparator, region=region, year=when,
                base_year=base if comparator.endswith("_by") else None,
                stretch=state.stretch or _STRETCH.search(said) is not None, approx=approx,
            )  # fmt: skip

    def _spread(
        self, context: _Context, part: Part, name: str, year: int | None
    ) -> list[tuple[Any, str, str | None, int | None]]:
        """Pair the values of a list with subjects, regions or years (分别)."""
        values: list[Any] = list(part.quantity.values)
        if part.quantity.span:
            values = [tuple(values)]
        regions: list[str | None] = list(context.state.regions)
        regions = regions or [self.scope.region(context.start)]
        many = len(values)
        if many == 1:
            titles = names.each(name, together=bool({"均", "都", "分别"} & set(part.words.cues)))
            if len(titles) > 1:
                return [(values[0], title, regions[0], year) for title in titles]
            return [(values[0], name, region, year) for region in regions]
        years = context.state.years
        if len(years) == many and part.words.each:
            # 到2027年和2030年分别达到60%、70%.
            return [(v, name, regions[0], y) for v, y in zip(values, years, strict=True)]
        if len(regions) == many:
            return [(v, name, r, year) for v, r in zip(values, regions, strict=True)]
        if titles := names.coordinated(name, many) or []:
            return [(v, t, regions[0], year) for v, t in zip(values, titles, strict=True)]
        if context.past and year and part.words.each:
            # 十三五期间分别为五个值: its years in order.
            first = year - many + 1
            return [(v, name, regions[0], first + i) for i, v in enumerate(values)]
        return [(value, name, regions[0], year) for value in values]

    def _special(self, context: _Context) -> None:
        """Write down 万亿元级, II类, 翻一番, 一字头 and ranks."""
        text, state = self.text, context.state
        for name, match in special(text, context.body, context.end):
            worth = special_value(name, match)
            if worth is None:
                continue
            value, unit, comparator = worth
            before, follow = text[context.body : match.start()], text[match.end() : context.end]
            subject, words = tail(before)
            subject = self.scope.without_region(subject)
            titles, approx = [subject], words.approx
            if name == "level":
                noun = acts.noun(follow)
                titles, approx = [noun and noun + "规模"], True
            elif name == "class":
                if not words.cues or not _WATER.search(subject):
                    continue
                titles = [_REACH.sub("", t) + "水质类别" for t in names.share(names.parts(subject))]
                strict = {"<": "<", ">": "<", ">=": "<=", "<=": "<="}
                comparator = strict.get(words.comparator or "=", "=")
                if match["post"]:
                    comparator, approx = "<=", True
                elif words.comparator == ">=":
                    better = any("优" in cue or "好" in cue for cue in words.cues)
                    comparator = "<=" if better else "="
            elif name == "double":
                titles = [subject or state.subject]
            elif name == "head":
                subject = _ENTERS.sub("", subject) or state.subject
                # In 构建…迈入“一字头”的路径 the words name a path, they promise nothing.
                if re.match(r"的?[\u4e00-\u9fff]", follow) or not _PM.search(subject):
                    continue
                titles = ["PM2.5年均浓度"]
            elif "排名" not in before:
                continue
            for title in filter(None, titles):
                self._add(
                    context, _kind(context), title, 0.75, f"{name}: {match.group()}",
                    value=value, unit=unit, comparator=comparator, approx=approx,
                    stretch=words.stretch or state.stretch,
                    base_year=state.base if comparator.endswith("_by") else None,
                )  # fmt: skip

    # ----- milestones ------------------------------------------------------------------------

    def _milestone(self, context: _Context) -> None:
        """Write down a dated clause that asserts a state, a level or a trend without a number."""
        state, year = context.state, context.year
        if year is None or context.past or state.cells:
            return
        if not (context.own or context.section.goal or state.dated_sentence == state.sentence):
            return
        body = self.text[context.body : context.end].strip()
        first = context.own or (state.span >= 0 and context.start - state.span < _SAID_FIRST)
        bare = self.scope.without_region(body)
        word = states.asserted(bare, first)
        if word is None:
            return
        for name in states.monitored(bare):
            self._add(
                context, "milestone", name, 0.7 if word else 0.5,
                f"milestone: {word} {state.dated}".rstrip(),
                stretch=state.stretch or _STRETCH.search(body) is not None,
                approx=re.search("基本|初步|总体", body) is not None, owner=state.owner,
            )  # fmt: skip

    # ----- tables ----------------------------------------------------------------------------

    def _tables(self) -> list[tuple[int, int]]:
        """Read the rows of indicator tables; return where they stand."""
        spans = list(blocks(self.text))
        for row in tables(self.document):
            spans.append((row.start, row.end))
            title = _plain(names.clean(row.indicator))
            entry = names.known(title)
            unit = cells.unit(row.unit, title)
            if not row.unit and entry and entry.unit:
                unit = entry.unit
            for cell in row.cells:
                baseline = cell.role is Column.BASELINE
                reading = cells.cell(cell.text, baseline=baseline)
                if reading is None:
                    continue
                kind = "baseline" if baseline else "deferred" if reading.elsewhere else "target"
                self.found.append(
                    _Found(
                        kind, row.start, row.end, entry.name if entry else title,
                        self.scope.region(row.start), cell.year, 0.95, f"table: {cell.text}",
                        reading.comparator, reading.value, unit, approx=reading.approx,
                        nature=None if baseline else row.nature or None,
                    )
                )  # fmt: skip
        return spans

    # ----- writing ---------------------------------------------------------------------------

    def _add(
        self, context: _Context, kind: str, name: str, confidence: float, why: str, **more: Any
    ) -> None:
        state, start = context.state, context.start
        entry = names.known(name) if kind != "milestone" else None
        region = state.regions[0] if state.regions else self.scope.region(start)
        more = {"region": region, "year": context.year} | more
        # A date that stands alone before the clause belongs to its quote.
        between = self.text[state.span : start] if state.span >= 0 else ""
        if len(between) <= _SAID_FIRST and re.fullmatch(r"[^,。]{2,12},\s*", between):
            start = state.span
        self.found.append(
            _Found(
                kind, start, context.end, entry.name if entry else name,
                confidence=round(min(max(confidence, 0.1), 1.0), 2), why=why,
                **more,
            )
        )  # fmt: skip

    def _written(self) -> list[Commitment]:
        document = self.document
        stem = re.sub(r"\.\w+$", "", document.name) or "plan"
        out = []
        for count, found in enumerate(sorted(self.found, key=lambda found: found.start), 1):
            start, end = document.original_span(found.start, found.end)
            entry = names.named(found.indicator)
            code = entry.code if entry else None
            out.append(
                Commitment(
                    f"{stem}-{count:03}", found.kind, document.quote(found.start, found.end),
                    document.section_at(found.start), found.indicator, found.region, found.year,
                    found.comparator, found.value, found.unit, found.base_year, found.stretch,
                    found.approx, found.nature, found.owner, start, end, code,
                    found.confidence, found.why,
                )
            )  # fmt: skip
        return out


_AT_LEAST = re.compile("至少|不少于|不低于")
_WATER = re.compile("水|断面|江|河|湖|库|海|流域")
_REACH = re.compile("(?:段|干流段)?(?:水质)?$|段$")
_ENTERS = re.compile("(?:迈入|进入|迈进|降至|跨入|步入|进)+$")
_PM = re.compile("PM2.5|细颗粒物")


def _kind(context: _Context) -> str:
    return "baseline" if context.past else "target"


def _goal_year(title: str, base: int) -> int | None:
    """Return the year of a heading such as 2027年目标, which governs what stands below it."""
    if not re.search("目标|指标|愿景", title):
        return None
    match = re.search(rf"({YEAR})年|({FIVE})", title)
    year = base_year(match.group()) if match else None
    return year if year and year > base else None


def _leads(line: str) -> bool:
    """Whether a paragraph's date also governs the paragraphs after it (…主要目标如下:)."""
    bare = line.strip()
    return bare.endswith((":", ";", "如下。", "是。")) or _LIST_ITEM.match(bare) is not None


def _plain(title: str) -> str:
    """Leave out of a name its blanks and what its brackets explain (含学校、园区等)."""
    bare = re.sub(r"\s", "", title)
    short = re.sub(r"\((?:含|包括|不含|其中|以|按|指)[^()]*\)", "", bare)
    return short if len(short) > 2 else bare

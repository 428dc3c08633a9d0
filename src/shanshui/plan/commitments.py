"""Commitments of a plan: every target, count, milestone, deferred value and baseline, in place."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from shanshui.plan import grammar, grammar_names
from shanshui.plan.document import Document
from shanshui.plan.grammar import Clause, Date, Quantity, Words
from shanshui.plan.regions import Gazetteer, gazetteer, regions_in
from shanshui.plan.tables import Cell, IndicatorRow, Role, blocks, tables


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
        Code of the catalogue, where it has the indicator.
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
    """Find the commitments of a plan.

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
    >>> plan = read("青禾县计划\\n到2027年,PM2.5年均浓度降至25微克/立方米以下。".encode())
    >>> [(c.indicator, c.year, c.comparator, c.value) for c in commitments(plan, region="青禾县")]
    [('PM2.5年均浓度', 2027, '<=', 25)]
    """
    return _Reader(document, region).read()


# ---------------------------------------------------------------------------------------------
# What holds for a place of the document


_PAST = re.compile("成效|成就|现状|回顾|进展|问题|基础|形势|挑战|机遇|不足|背景|工作情况|困难|短板")
_AHEAD = re.compile(
    "目标|任务|举措|措施|要求|重点|夯实|打牢|筑牢|推进|加强|构建|提升|解决|建设|完善|强化|实施|保障"
)
_PAST_END = re.compile("(?:成效|成就|现状|回顾|进展|问题|挑战|机遇|不足|困难|短板|形势|基础)$")
_SOLVE = re.compile(
    "解决|夯实|打牢|筑牢|推进|加强|补齐|破解|着力|集中|聚焦|整治|改善|强化|巩固|提升|完善"
)
_GOAL = re.compile("目标|总体要求|愿景|指标|导语|总体思路|工作要求")
_TITLE = re.compile(
    r"(?:规划|纲要|方案|计划|意见|行动|办法|细则|通知|决定|任务|要点|要求|报告|措施)(?:\(.*\))?[》”]?(?:的通知)?$"
)


_BY_FORM = re.compile(
    r"《?([\u4e00-\u9fff]{2,6}?(?:自治区|自治州|自治县|省|市|县|区|州|盟|旗))(?!域|级)"
)
_LIST_ITEM = re.compile(
    r"(?:——|[①-⑩•·●]|\d{1,2}[.、)]|\(\d{1,2}\)|\([一二三四五六七八九十]+\)|[一二三四五六七八九十]+是)"
)
_NO_STATE = re.compile(
    "会议|印发|规划期|基准年|以下简称|(?:提出|指出|明确|要求|强调|认为)$|^(?:提出|通过|根据|依据|按照|结合|综合考虑|制定本)"
)


@dataclass
class _Section:
    start: int
    past: bool = False
    goal: bool = False
    box: bool = False
    aside: bool = False


@dataclass
class _State:
    """What earlier clauses have said that holds for the next."""

    year: int | None = None
    past: bool = False
    dated: str = ""
    span: int = 0
    subject: str = ""
    verb: str = ""
    regions: list[str] = field(default_factory=list)
    base: int | None = None
    stretch: bool = False
    owner: str | None = None
    sentence: int = 0
    dated_sentence: int = 0


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
    code: str | None = None
    order: int = 0


class _Reader:
    def __init__(self, document: Document, region: str | None) -> None:
        self.document = document
        self.text = document.text
        self.places: Gazetteer = gazetteer().with_counties(self.text)
        self.sections = self._sections()
        self.starts = [section.start for section in self.sections]
        self.fixed = self._named(region) if region else None
        self.base = self._base_year()
        self.region = self.fixed or self._usual_region()
        self.found: list[_Found] = []

    # ----- the document ----------------------------------------------------------------------

    def _sections(self) -> list[_Section]:
        """Tell for each heading whether it reports the past, sets goals, lists projects."""
        out = [_Section(0)]
        above: list[tuple[int, _Section]] = []
        for heading in self.document.outline:
            while above and above[-1][0] >= heading.level:
                above.pop()
            title = heading.title
            past = _PAST_END.search(title) is not None or (
                _PAST.search(title) is not None and not _AHEAD.search(title)
            )
            past = past and not _SOLVE.match(title)
            section = _Section(
                heading.start,
                past or any(section.past for _, section in above),
                _GOAL.search(title) is not None or any(section.goal for _, section in above),
                heading.number.startswith("专栏") and not re.search("指标|目标", title),
                heading.number.startswith("附") or any(section.aside for _, section in above),
            )
            above.append((heading.level, section))
            out.append(section)
        return out

    def _section(self, place: int) -> _Section:
        return self.sections[bisect_right(self.starts, place) - 1]

    def _base_year(self) -> int:
        """Return the year that the plan starts from; what is dated no later is the past."""
        text = self.text
        if match := re.search(r"基准年(?:份)?(?:为|是|:)?\s*(\d{4})", text):
            return int(match[1])
        if match := re.search(
            r"\(((?:19|20)\d\d)\s*(?:年)?\s*[-—–~－至]+\s*(?:19|20)\d\d年?\)", text[:3000]
        ):
            return int(match[1]) - 1
        if match := re.search(r"规划期(?:限)?(?:为|是|:)?\s*((?:19|20)\d\d)", text):
            return int(match[1]) - 1
        periods = Counter(re.findall("|".join(grammar.FIVE_YEARS), text[:2000]))
        if periods:
            return grammar.FIVE_YEARS[max(periods, key=lambda name: (periods[name], name))] - 5
        ahead = [int(year) for year in re.findall(r"到((?:19|20)\d\d)年", text)]
        return min(ahead, default=1900) - 1

    def _named(self, region: str) -> str:
        entry = self.places.by_code.get(region) or self.places.by_name.get(region)
        return entry.name if entry else region

    def _usual_region(self) -> str | None:
        names: Counter[str] = Counter()
        for span in regions_in(self.text[:6000], gazetteer=self.places):
            if span.region.level != "province" or span.end - span.start > 2:
                names[span.region.name] += 1
        return names.most_common(1)[0][0] if names else None

    def _title_region(self, line: str) -> str | None:
        """Return the region of a title line; a file may hold several plans."""
        bare = line.strip()
        if (
            len(bare) > 60
            or "。" in bare
            or not _TITLE.search(bare)
            or bare[0] in "一二三四五六七八九十(1234567890"
        ):
            return None
        spans = regions_in(bare, gazetteer=self.places)
        if spans:
            return spans[-1 if "《" in bare else 0].region.name
        match = _BY_FORM.match(bare)
        return match[1] if match else None

    # ----- the walk --------------------------------------------------------------------------

    def read(self) -> list[Commitment]:
        spans = self._tables()
        place = 0
        goal: tuple[int | None, str, int] = (None, "", 0)
        headings = {heading.start: heading for heading in self.document.outline}
        level = 0
        for line in self.text.split("\n"):
            start, end = place, place + len(line)
            place = end + 1
            if not line.strip() or any(a <= start < b for a, b in spans):
                continue
            if not self.fixed and (name := self._title_region(line)):
                self.region = name
                continue
            section = self._section(start)
            state = _State(past=section.past)
            if heading := headings.get(start):
                level = heading.level
                if level <= goal[2]:
                    goal = (None, "", 0)
                # A run-in heading (一)…。 is followed by its paragraph on the same line.
                stop = min(heading.end, end)
                if stop - start < 20 or not grammar.quantities(self.text, start, stop):
                    start = stop
                if not self.text[start:end].strip("。. "):
                    continue
            if goal[0]:
                state.year, state.dated, _ = goal
            if section.box:
                continue
            self._paragraph(start, end, section, state)
            if state.year and self._leads(line):
                goal = (state.year, state.dated, goal[2] if goal[0] == state.year else level)
        return self._written()

    def _leads(self, line: str) -> bool:
        """Whether a paragraph's date also governs the paragraphs after it (…主要目标如下:)."""
        bare = line.strip()
        return (
            bare.endswith((":", "如下。", "是。", ";"))
            or bare.startswith("——")
            or bool(_LIST_ITEM.match(bare))
        )

    def _paragraph(self, start: int, end: int, section: _Section, state: _State) -> None:
        for clause in grammar.clauses(self.text, start, end):
            if clause.opens:
                state.sentence += 1
                state.regions, state.owner, state.stretch, state.base = [], None, False, None
            self._clause(clause, section, state)

    def _clause(self, clause: Clause, section: _Section, state: _State) -> None:
        text = self.text
        start, end = clause.start, clause.end
        while start < end and text[start] in " —-、":
            start += 1
        found = grammar.dates(text, start, end)
        own, body = self._date(found, start, end, state)
        if body >= end:
            return
        self._place(body, min(end, body + 40), state)
        year = own.year if own else state.year
        past = (year <= self.base) if year is not None else section.past
        if year is None and section.past:
            year = self.base
        if section.past and state.year is None and not own:
            past = True
        context = _Context(
            clause, start, end, body, year, past, own is not None, section, state, found
        )
        if section.aside:
            # Annexes explain; only what is dated ahead is a commitment.
            if own and not past:
                self._milestone(context)
            return
        before = len(self.found)
        deferred = self._deferred(context)
        if not deferred:
            self._change(context) or self._ratio(context) or self._numbers(context)
        if len(self.found) == before and not past:
            self._milestone(context)
        self._remember(context, self.found[before:])

    def _date(
        self, found: list[Date], start: int, end: int, state: _State
    ) -> tuple[Date | None, int]:
        """Take the dates of a clause into the state; return its own date and where its body begins."""
        text, own, body = self.text, None, start
        for date in found:
            if date.use == "base":
                state.base = date.year
                continue
            if date.use not in ("by", "since"):
                continue
            lead = grammar_names.clean(text[start : date.start])
            head = (
                not lead
                or re.fullmatch(
                    r"(?:其中|力争|争取|总体上|因此|努力|确保|预计|在|并|近期|远期|中期|展望|第.步)+",
                    lead,
                )
                is not None
            )
            word = text[date.start : date.start + 1]
            own = date if own is None or not own.reached else own
            if (head or word in "到至截") and word != "以" and date.use == "by":
                state.year, state.dated, state.dated_sentence = (
                    date.year,
                    text[date.start : date.end],
                    state.sentence,
                )
                state.past = date.year <= self.base
                state.span = date.start if head else start
            if head and word != "以":
                body = date.end
                if lead and re.search("力争|争取|努力", lead):
                    state.stretch = True
        while body < end and text[body] in ", 、:":
            body += 1
        return own, body

    _SHORT = re.compile(
        r"(?P<nation>全国|我国|中国(?!式))|(?P<province>全省|我省)|(?P<centre>(?:全?市)?中心城区)|(?P<urban>市区)|(?P<city>全市|我市|全县|全区|我县)"
    )

    def _place(self, start: int, end: int, state: _State) -> None:
        """Take the regions at the head of a clause into the state."""
        text = self.text
        head = re.match(
            r"(?:其中|力争|争取|努力|推动|支持|实现|确保|,|区域内?|使|让|将|在|\s)*",
            text[start:end],
        )
        start += head.end() if head else 0
        if match := self._SHORT.match(text, start, end):
            default = self.region or ""
            if match["nation"]:
                state.regions = ["全国"]
            elif match["province"]:
                state.regions = [self._province() or default]
            elif match["centre"]:
                state.regions = [default + "中心城区"]
            elif match["urban"]:
                state.regions = [default + "区" if default.endswith("市") else default + "市区"]
            else:
                state.regions = [default] if default else []
            if match["nation"] == "中国":
                state.owner = "中国"
            return
        names: list[str] = []
        place = 0
        window = text[start:end]
        for span in regions_in(window, gazetteer=self.places):
            joint = window[place : span.start]
            if joint and (not names or joint not in ("、", "和", "与", "及", "以及")):
                break
            names.append(span.region.name)
            place = span.end
        if names:
            follow = window[place : place + 2]
            if re.match(r"港|口|江|河|湖|海|山|湾|国家|经|高|大学|首都|城市副", follow):
                return
            if follow.startswith(("全", "等", "市", "省")) or len(names) > 1 or follow:
                state.regions = names

    def _province(self) -> str | None:
        entry = self.places.by_name.get(self.region or "")
        if entry and entry.code and entry.code[:2].isdigit():
            above = self.places.by_code.get(entry.code[:2] + "0000")
            return above.name if above else None
        return None

    def _strip_region(self, subject: str, state: _State) -> str:
        """Take the regions off the head of a subject."""
        subject = grammar_names.clean(subject)
        place = 0
        for span in regions_in(subject[:40], gazetteer=self.places):
            if subject[place : span.start] not in ("", "、", "和", "与", "及"):
                break
            place = span.end
        if place and re.match(r"港|口|江|河|湖|海|山|湾|国家|高新", subject[place:]):
            return subject
        rest = subject[place:]
        match = self._SHORT.match(rest)
        return grammar_names.clean(rest[match.end() :] if match else rest) or subject

    # ----- deferred --------------------------------------------------------------------------

    _DEFERRED = re.compile(
        r"(?:达到|达|完成|控制在|满足|符合|实现|落实|按照?|以|不低于|不高于|优于|好于|保持在)?"
        r"(?P<who>国家|中央|自治区|上级|全?省级?|市级?|县级?|部)(?:和省|及省|、省|、市|和市)?(?:政府|有关部门)?"
        r"(?:级|(?P<set>下达|定|制定|要求|考核|规定|核定|分解|确定|部署|明确|约束性)+)(?:的)?(?:我市|我县|我区|市)?(?:年度|约束性|考核)*"
        r"(?:目标|任务|指标|要求|标准|控制线)(?:任务|要求|值|范围)?(?:以内|之内|内|水平)?$"
    )

    def _deferred(self, context: _Context) -> bool:
        body = self.text[context.body : context.end]
        tail = body[-40:]
        match = self._DEFERRED.search(tail)
        if not match or context.past or context.section.past:
            return False
        before = body[: len(body) - len(tail) + match.start()]
        subject, words = grammar.tail(before)
        if before.endswith(("降低", "下降")):
            subject = before
        subject = self._strip_region(re.sub(r"^.{0,40}?使", "", subject), context.state)
        subject = re.sub(r"(?:指标|控制|均|全面)$", "", subject)
        names = [subject]
        parts = [part for part in re.split("、|和|与|以及|及(?!以上|以下)", subject) if part]
        if len(parts) > 1 and all(grammar_names.measurable(p) for p in grammar_names.share(parts)):
            names = grammar_names.share(parts)
        names = [
            name for name in names if name and (grammar_names.measurable(name) or len(names) > 1)
        ]
        if not names:
            return False
        for name in names:
            entry = grammar_names.known(name)
            unit = (
                entry.unit
                if entry
                else ("%" if re.search("率|比例|比重|占比|降低|下降", name) else None)
            )
            self._add(
                context, "deferred", entry.name if entry else name, 0.9 if entry else 0.8,
                f"deferred: {match.group()}", unit=unit, code=entry.code if entry else None,
                stretch=words.stretch,
            )  # fmt: skip
        context.state.subject = names[-1]
        return True

    # ----- numbers ---------------------------------------------------------------------------

    _FROM = re.compile(
        r"(?:由|从)(?:现状|目前|当前|现在)?(?P<first>(?:19|20)\d\d)?年?(?:底|末)?的?\s*(?P<a>[\d.,]+)(?P<ua>[^\d,、。到至]{0,12}?)"
        r"(?:大幅|逐步|稳步|持续)?(?P<verb>提高|提升|增加|增长|上升|扩大|下降|降低|降|减少|削减|缩减)(?:到|至|为)了?"
        r"(?P<last>(?:19|20)\d\d)?年?(?:底|末)?的?\s*(?P<b>\d[\d.,]*)(?P<ub>[^\d,、。;]{0,14})"
    )

    def _change(self, context: _Context) -> bool:
        """由2015年的46.6%提高到2020年的50.2%: two values of one indicator."""
        text = self.text
        match = self._FROM.search(text, context.start, context.end)
        if not match:
            return False
        ends = grammar.quantities(text, match.start("b"), context.end)
        if not ends:
            return False
        last = ends[0]
        first_value = grammar.number(match["a"].rstrip(",."))
        if first_value is None:
            return False
        subject = (
            self._strip_region(text[context.body : match.start()], context.state)
            or context.state.subject
        )
        if not subject:
            return False
        entry = grammar_names.known(subject)
        name = entry.name if entry else subject
        code = entry.code if entry else None
        first_year = int(match["first"]) if match["first"] else None
        year = int(match["last"]) if match["last"] else context.year
        why = f"change: 由…{match['verb']}到"
        self._add(context, "baseline", name, 0.9, why, value=first_value, unit=last.unit,
                  comparator="=", year=first_year, code=code)  # fmt: skip
        ahead = year is not None and year > self.base and not context.past
        sign = "=" if not ahead else (">=" if match["verb"][0] in "提增上扩" else "<=")
        approx = bool(last.post)
        self._add(context, "target" if ahead else "baseline", name, 0.9, why, value=last.values[-1],
                  unit=last.unit, comparator=sign, year=year, approx=approx, code=code)  # fmt: skip
        context.state.subject = subject
        return True

    _RATIO = re.compile(
        r"(?P<name>三次产业|三大产业|三产|产业)[^,。]{0,10}?(?:为|到|达|:|是)?\s*(?P<values>\d+(?:\.\d+)?:\d+(?:\.\d+)?:\d+(?:\.\d+)?)"
    )

    def _ratio(self, context: _Context) -> bool:
        """三次产业比重为16.8:33.0:50.2: three shares."""
        match = self._RATIO.search(self.text, context.body, context.end)
        if not match:
            return False
        for name, word in zip(
            ("第一产业比重", "第二产业比重", "第三产业比重"),
            match["values"].split(":"),
            strict=True,
        ):
            self._add(context, "baseline" if context.past else "target", name, 0.9, "ratio: 三次产业",
                      value=grammar.number(word), unit="%", comparator="=")  # fmt: skip
        return True

    def _numbers(self, context: _Context) -> bool:
        text = self.text
        quantities = grammar.quantities(text, context.body, context.end)
        count = len(self.found)
        place = context.body
        for number, quantity in enumerate(quantities):
            following = (
                quantities[number + 1].start if number + 1 < len(quantities) else context.end
            )
            before = len(self.found)
            self._quantity(context, quantity, place, following)
            if len(self.found) > before:
                place = quantity.end
        if len(self.found) == count:
            self._special(context)
        return len(self.found) > count

    def _special(self, context: _Context) -> None:
        text = self.text
        for name, match in grammar.special(text, context.body, context.end):
            value = grammar.special_value(name, match)
            if value is None:
                continue
            number, unit, sign = value
            subject, words = grammar.tail(text[context.body : match.start()])
            subject = self._strip_region(subject, context.state)
            approx = words.approx
            if name == "level":
                subject = self._noun(text[match.end() : context.end])
                subject = subject and subject + "规模"
                approx = True
            elif name == "class":
                if (
                    not re.search("水|断面|江|河|湖|库|海|支流|干流|流域", subject)
                    or not words.cues
                ):
                    continue
                sign = {"<": "<", ">": "<", ">=": "<=", "<=": "<="}.get(
                    words.comparator or "=", "="
                )
                if match["post"]:
                    sign, approx = "<=", True
                parts = [part for part in re.split("、|和|与|及", subject) if part]
                for part in grammar_names.share(parts):
                    title = re.sub(
                        r"(?:水质(?:类别)?|区域内|段)$",
                        "",
                        re.sub(r"段$", "", re.sub("水质$", "", part)),
                    )
                    self._add(context, "baseline" if context.past else "target", title + "水质类别", 0.85,
                              "water class: " + "".join(words.cues), value=number, unit=unit,
                              comparator=sign, approx=approx, stretch=words.stretch)  # fmt: skip
                continue
            elif name == "double":
                subject = subject or context.state.subject
            elif name == "head":
                subject = (
                    re.sub("(?:迈入|进入|迈进|降至|跨入|步入|进)+$", "", subject)
                    or context.state.subject
                )
                entry = grammar_names.known(subject)
                if "PM2.5" not in subject and "细颗粒物" not in subject and not entry:
                    continue
                # In 构建…迈入“一字头”的路径 the words name a path, they promise nothing.
                if re.match(r"的?[\u4e00-\u9fff]", text[match.end() : context.end]):
                    continue
                subject = entry.name if entry else "PM2.5年均浓度"
            elif not subject or "排名" not in text[context.body : match.start()]:
                continue
            if not subject:
                continue
            entry = grammar_names.known(subject)
            self._add(context, "baseline" if context.past else "target", entry.name if entry else subject, 0.75,
                      f"{name}: {match.group()}", value=number, unit=unit, comparator=sign, approx=approx,
                      stretch=words.stretch, base_year=context.state.base if sign.endswith("_by") else None,
                      code=entry.code if entry else None)  # fmt: skip

    def _noun(self, follow: str) -> str:
        """Return the noun that a number counts, from the words after it."""
        follow = re.split(r"[,。;:]", follow)[0]
        return grammar_names.clean(re.sub(r"^(?:的|左右|以上|及以上|以下|级|\s)+", "", follow))[:40]

    _DOES = re.compile(
        r"(?P<who>[^,。]{1,16}?)(?:率先|基本|全部|正式|全面|近.年来|首次|高质量|整体|如期|开展|着力|已|均|的)*"
        r"(?:完成|推进|开展|实现|建成|创建成为|创建|成为|构建|纳入|进行|出台|取得|达到|获评|获得|投入)(?P<what>.*)"
    )

    def _thing(self, noun: str) -> str:
        """Name what is counted: 县率先推进美丽乡村建设 is 美丽乡村建设县."""
        match = self._DOES.fullmatch(noun)
        if not match:
            return noun
        what = match["what"]
        if re.search("成果|成效|进展|突破|使用|运行|运营|分析|试点示范", what) or not what:
            return re.sub("建设$", "", match["who"])
        return grammar_names.clean(what) + match["who"]

    def _quantity(self, context: _Context, quantity: Quantity, begin: int, following: int) -> None:
        text, state = self.text, context.state
        before = text[begin : quantity.start]
        joined = begin > context.body
        if _hidden(text, context.start, quantity.start):
            return
        if joined:
            before = re.sub(r"^\s*(?:[、,和与及]|以及|(?:\([^()]*\)))+", "", before)
        before = _IN_BRACKETS.sub(lambda match: match.group().split("(")[1], before)
        follow = text[quantity.end : following]
        follow = re.sub(r"^\((?:[^()]{0,30})\)", "", follow)
        subject, words = grammar.tail(before)
        verb, thing = _act(subject)
        if match := re.match(
            r"((?:国家|省|市|县)级)\s*[、和]\s*\d[^,。]*?级(?P<noun>[\u4e00-\u9fff“”]{2,16})",
            text[quantity.end : context.end],
        ):
            follow = match[1] + match["noun"]
        noun = (
            "" if follow[:1] in "、,和与及" else self._noun(re.sub(r"[、和与及]\s*$", "", follow))
        )
        if _threshold(quantity, words, verb if not thing else "", follow):
            return
        pattern, name, kind = self._role(
            context, quantity, subject, words, verb, thing, noun, joined
        )
        if not name:
            return
        self._values(context, quantity, words, name, kind, pattern)

    def _role(
        self, context: _Context, quantity: Quantity, subject: str, words: Words,
        verb: str, thing: str, noun: str, joined: bool,
    ) -> tuple[str, str, str]:  # fmt: skip
        """Tell what a quantity is about: its pattern, the name, and target or count."""
        state = context.state
        bare = self._strip_region(subject, state)
        percent = quantity.unit in ("%", "pp", "‰", "倍")
        cued = bool(words.comparator or words.change or quantity.post or words.approx)
        if quantity.numeral:
            if not (_makes(verb) or _makes(_act(noun)[0]) or _makes(self._DOES.sub("完成", noun))):
                return "", "", ""
            head = noun
            if not head or any(
                head.startswith(word) or head.endswith(word) for word in _abstract()
            ):
                return "", "", ""
            if quantity.text.endswith("大类") and re.match(r"\s*共", self.text[quantity.end :][:4]):
                return "", "", ""
        if quantity.counts and _meta(noun, bare):
            return "", "", ""
        if quantity.counts or (
            not percent and (verb or (joined and state.verb)) and not cued_level(words)
        ):
            if noun and (not thing or quantity.counts) and quantity.counts and not _closing(noun):
                name = self._thing(noun)
                if not (verb or _act(bare)[0] or words.comparator or context.past or _act(noun)[0] or words.yearly
                        or (joined and state.verb)):  # fmt: skip
                    return "", "", ""
                state.verb = verb or state.verb
                state.subject = name
                return "count", name, "count"
            name = re.split("达到|达", thing)[0] or thing or bare
            name = re.sub(r"^(?:一批|若干|一系列|若干个)", "", name)
            if bare == verb:
                name = ""
            if thing and noun and not quantity.counts:
                name = thing
            if not name and noun:
                name = noun
            if verb and name:
                state.verb = verb
                state.subject = name
                return "count", self._full(name, state), "count"
            if name and (
                words.comparator or words.approx or quantity.post or context.past or joined
            ):
                full = self._full(name, state)
                state.subject = full
                return "level", full, "count" if verb or state.verb and joined else "target"
            if not name and cued and state.subject:
                return "carried", state.subject, "count" if quantity.counts else "target"
            if name and not quantity.counts and grammar_names.measurable(name):
                if (
                    re.fullmatch(
                        r"(?:辖区|行政区域?|国土|市域|县域|陆域|海域|规划|区域)*总?面积", name
                    )
                    and not state.subject
                ):
                    return "", "", ""
                return "level", self._full(name, state), "target"
            return "", "", ""
        if not bare and percent and noun and not words.change:
            # 80%以上行政村达到省级标准: the share of what follows.
            state.subject = noun
            return "share", noun, "target"
        if bare and noun and percent and not grammar_names.measurable(bare) and not words.change:
            return "share", bare + noun, "target"
        name = self._subject(bare, words)
        if not name:
            if not (cued or words.mean) or not state.subject:
                return "", "", ""
            name = state.subject
            if words.mean:
                return "carried", name + "年均增速", "target"
            if words.cues and "完成" in "".join(words.cues) and not words.change:
                name += "完成率"
            return "carried", name, "target"
        if (
            not cued
            and not grammar_names.measurable(name)
            and not context.past
            and not generic_share(name)
        ):
            return "", "", ""
        if (
            len(name) < 5
            and not grammar_names.measurable(name)
            and grammar_names.measurable(state.subject)
            and "占" not in name
        ):
            # 城区清扫率达到80%,县城达到70%: what is measured is carried over.
            return "carried", name + state.subject, "target"
        full = self._full(name, state)
        if words.mean and words.change:
            return "rate", full + "年均增速", "target"
        if not grammar_names.generic(name):
            state.subject = full
        return "level", full, "target"

    @staticmethod
    def _subject(bare: str, words: Words) -> str:
        """Return the indicator in what stands before a number: the words after the last verb, if any."""
        if not bare:
            return ""
        match = re.match(
            r"(?:.*(?:使得?|推动|促进|带动|确保|保证|保障|力争|实现|争取|努力|提高|推进))(?P<rest>[^率]{2,}(?:率|比例|比重|占比|浓度|总量|面积|强度|量|能耗|度))$",
            bare,
        )
        if match and grammar_names.measurable(match["rest"]) and len(match["rest"]) > 3:
            return grammar_names.clean(match["rest"])
        return bare

    def _full(self, name: str, state: _State) -> str:
        if grammar_names.generic(name) and state.subject:
            stem = re.sub(r"(?:数量|总量|不足|建设)$", "", state.subject)
            stem = re.sub(r"^(?:全域)?(?:推进|开展|建设|推动)", "", stem)
            return stem + name
        return name

    def _values(
        self,
        context: _Context,
        quantity: Quantity,
        words: Words,
        name: str,
        kind: str,
        pattern: str,
    ) -> None:
        state = context.state
        values: list[Any] = [tuple(quantity.values)] if quantity.span else list(quantity.values)
        base = words.base or state.base
        sign, approx = self._sign(quantity, words, name, pattern, base)
        if context.past:
            kind = "baseline"
            if sign in (">=", "<=") and not quantity.post and not set(words.cues) & _LIMITS:
                sign = "="
        if (
            words.comparator is None
            and sign == "="
            and words.yearly is False
            and kind == "target"
            and pattern == "carried"
            and not quantity.post
        ):
            approx = words.approx
        unit = quantity.unit
        year = context.year
        if words.yearly or re.search(
            "每年|年均(?!浓度)", self.text[context.start : quantity.start]
        ):
            if kind == "count" and unit and "/" not in unit:
                unit += "/年"
                year = year if state.dated_sentence == state.sentence else None
        names, regions, years = [name], state.regions or [self.region], [year]
        many = len(values)
        if many > 1:
            parts = grammar_names.coordinated(name, many)
            if len(regions) == many and regions[0] is not None:
                names, years = [name] * many, [year] * many
            elif parts:
                names, regions, years = parts, [regions[0]] * many, [year] * many
            elif context.past and year and words.each:
                names, regions = [name] * many, [regions[0]] * many
                years = [year - many + 1 + i for i in range(many)]
            else:
                names, regions, years = [name] * many, [regions[0]] * many, [year] * many
        elif len(regions) > 1:
            values, names, years = (
                values * len(regions),
                [name] * len(regions),
                [year] * len(regions),
            )
        elif len(values) == 1 and (parts := _each(name, words)):
            names, values = parts, values * len(parts)
            regions, years = [regions[0]] * len(parts), [year] * len(parts)
        for value, title, region, when in zip(values, names, regions, years, strict=False):
            comparator = sign
            entry = grammar_names.known(title)
            label = entry.name if entry else _plain(title)
            if (
                quantity.counts
                and (pattern == "count" or kind == "count")
                and not label.endswith(("数量", "数", "量"))
            ):
                label += "数量"
            cues = "".join(words.cues) + quantity.text
            confidence = 0.95 if entry else 0.85
            confidence -= 0.15 * (pattern == "carried") + 0.1 * (
                not words.cues and not quantity.post
            )
            confidence -= 0.1 * quantity.numeral + 0.05 * (when is None)
            self._add(
                context, kind, label, confidence, f"{pattern}: {cues}", value=value, unit=unit,
                comparator=comparator, region=region, year=when,
                base_year=base if comparator.endswith("_by") else None,
                stretch=words.stretch or state.stretch, approx=approx, code=entry.code if entry else None,
            )  # fmt: skip

    def _sign(
        self, quantity: Quantity, words: Words, name: str, pattern: str, base: int | None
    ) -> tuple[str, bool]:
        after = grammar.after_sign(quantity.post) if quantity.post else None
        approx = words.approx or bool(quantity.post)
        if (
            words.comparator in (">=", "<=", ">", "<")
            and after in (">=", "<=")
            and set(words.cues) & _LIMITS
        ):
            approx = bool(words.approx)
        sign = words.comparator
        if quantity.exact == ">":
            return ">", True
        change = words.change
        if change and not words.mean:
            relative = quantity.unit in ("%", "pp", "‰", "倍") or base is not None
            relative = relative or pattern in ("level", "carried")
            if relative and (
                sign is None or sign == "=" or set(words.cues) & {"力争"} or sign in (">=", ">")
            ):
                return change, approx
        if after == "~":
            return "~", True
        if sign in (None, "="):
            sign = after or sign or "="
            if sign == "=" and "约" in name:
                approx = True
        elif after and not set(words.cues) & _LIMITS:
            sign = after
        entry = grammar_names.known(name)
        if (
            sign == ">="
            and entry
            and entry.better == "lower"
            and not after
            and not set(words.cues) & _LIMITS
        ):
            sign = "<="
        return sign, approx

    # ----- milestones ------------------------------------------------------------------------

    def _milestone(self, context: _Context) -> None:
        """A dated clause that asserts a state, a level or a trend, without a number."""
        state = context.state
        year = context.year
        if year is None or context.past or year <= self.base:
            return
        own = context.own
        if not own and not context.section.goal and state.dated_sentence != state.sentence:
            return
        body = self.text[context.body : context.end].strip()
        first = own or (state.span and context.clause.start - state.span < 14)
        bare = self._strip_region(body, state)
        if len(bare) < 4 or body.startswith(("《", "(")) or _NO_STATE.search(body):
            return
        starts, ends, activity = _state_words()
        begins = starts.match(bare)
        closes = ends.search(bare)
        active = activity.match(bare)
        if active and not begins and not first:
            return
        if not (begins or closes or first):
            return
        if not closes and active and not first:
            return
        approx = re.search("基本|初步|总体", body) is not None
        stretch = state.stretch or re.search("力争|争取|努力", body) is not None
        for name in self._monitored(bare):
            self._add(
                context, "milestone", name, 0.7 if (begins or closes) else 0.5,
                f"milestone: {(begins or closes or active).group() if (begins or closes or active) else ''}"
                f" {state.dated}".rstrip(), stretch=stretch, approx=approx, owner=state.owner,
            )  # fmt: skip

    def _monitored(self, bare: str) -> list[str]:
        """Part a coordinated subject where each part is watched on its own (地下水和近岸海域)."""
        match = _WATCHED.match(bare)
        if not match:
            return [bare[:40]]
        subject, rest = match["subject"], bare[match.end("subject") :]
        parts = [part for part in re.split("、|和|与|及", subject) if part]
        tail = _WATCHED_END.search(parts[-1])
        if len(parts) < 2 or not tail:
            return [bare[:40]]
        ends = _watched()
        if not all(ends.search(part) for part in parts):
            return [bare[:40]]
        return [(part + rest)[:40] for part in parts]

    # ----- tables ----------------------------------------------------------------------------

    def _tables(self) -> list[tuple[int, int]]:
        """Read the rows of indicator tables; return where they stand."""
        spans = list(blocks(self.text))
        for row in tables(self.document):
            spans.append((row.start, row.end))
            title = grammar_names.clean(row.indicator)
            unit = self._unit(row.unit)
            entry = grammar_names.known(title)
            if entry and not unit and entry.unit:
                unit = entry.unit
            label = entry.name if entry else _plain(title)
            quoted = self.text[row.start : row.end]
            for cell in row.cells:
                self._cell(row, cell, label, unit or self._guess(label), entry, quoted)
        return spans

    def _unit(self, text: str) -> str | None:
        if not text:
            return None
        quantity = grammar.quantities("1" + text, 0, len(text) + 1)
        return quantity[0].unit if quantity else text

    @staticmethod
    def _guess(label: str) -> str | None:
        if re.search("(?:率|比例|比重|占比)$", label):
            return "%"
        return "个" if re.search("数量|增加量|公园|基地|城市|单位|项目", label) else None

    _CELL = re.compile(
        r"(?P<sign>≥|≤|>=|<=|>|<|不低于|不少于|不高于|不超过|大于|小于|低于|高于|达到|约|\[|提高|下降|降低|\s)*"
        r"(?P<value>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s*(?P<rest>%|以上|以下|以内|左右|及以上|\]|[^\d]{0,8})?"
    )
    _SIGNS = {"≥": ">=", ">=": ">=", "不低于": ">=", "不少于": ">=", "≤": "<=", "<=": "<=", "不高于": "<=",
              "不超过": "<=", ">": ">", "大于": ">", "高于": ">", "<": "<", "小于": "<", "低于": "<",
              "达到": ">=", "下降": "decrease_by", "降低": "decrease_by", "提高": "increase_by"}  # fmt: skip

    def _cell(
        self, row: IndicatorRow, cell: Cell, label: str, unit: str | None,
        entry: grammar_names.Indicator | None, quoted: str,
    ) -> None:  # fmt: skip
        text = cell.text.strip()
        baseline = cell.role is Role.BASELINE
        found = _Found(
            "baseline" if baseline else "target", row.start, row.end, label, self.region, cell.year, 0.95,
            f"table: {text or '空 empty'}", unit=unit, nature=None if baseline else row.nature or None,
            code=entry.code if entry else None, order=len(self.found),
        )  # fmt: skip
        match = self._CELL.match(text)
        if match and (value := grammar.number(match["value"])) is not None:
            after = grammar.after_sign(match["rest"] or "")
            found.value, found.comparator = (
                value,
                self._SIGNS.get(match["sign"] or "") or after or "=",
            )
            found.approx = after is not None or match["sign"] == "约"
        elif baseline and text in ("", "/", "-", "—", "--", "——", "无", "暂无"):
            if not text:
                return
        elif not baseline and re.search("下达|省定|国家|上级|省|市|要求|目标|任务|考核", text):
            found.kind, found.confidence = "deferred", 0.95
        else:
            return
        self.found.append(found)

    # ----- writing ---------------------------------------------------------------------------

    def _remember(self, context: _Context, new: list[_Found]) -> None:
        """Keep the subject of a clause without a number for the next one (建成率, 占比)."""
        if new and new[-1].kind == "milestone":
            context.state.subject = new[-1].indicator
        if new:
            return
        bare = self._strip_region(self.text[context.body : context.end], context.state)
        bare = _LISTED.split(bare)[0]
        if 2 < len(bare) < 30 and not re.search(r"\d", bare):
            context.state.subject = bare

    def _add(
        self, context: _Context, kind: str, indicator: str, confidence: float, why: str, **more: Any
    ) -> None:
        state = context.state
        more.setdefault("region", state.regions[0] if state.regions else self.region)
        more.setdefault("year", context.year)
        start = context.start
        # A date that stands alone before the clause belongs to its quote.
        if state.span and start - state.span <= 14 and "。" not in self.text[state.span : start]:
            between = self.text[state.span : start]
            if re.fullmatch(r"[^,]{2,12},\s*", between):
                start = state.span
        self.found.append(
            _Found(kind, start, context.end, indicator, confidence=round(max(confidence, 0.1), 2),
                   why=why, order=len(self.found), **more)
        )  # fmt: skip

    def _written(self) -> list[Commitment]:
        document = self.document
        stem = re.sub(r"\.\w+$", "", document.name) or "plan"
        out = []
        for number, found in enumerate(sorted(self.found, key=lambda f: (f.start, f.order)), 1):
            start, end = document.original_span(found.start, found.end)
            out.append(
                Commitment(
                    f"{stem}-{number:03}", found.kind, document.quote(found.start, found.end),
                    document.section_at(found.start), found.indicator, found.region, found.year,
                    found.comparator, found.value, found.unit, found.base_year, found.stretch,
                    found.approx, found.nature, found.owner, start, end, found.code,
                    found.confidence, found.why,
                )
            )  # fmt: skip
        return out


@dataclass(frozen=True)
class _Context:
    """A clause with what holds for it."""

    clause: Clause
    start: int
    end: int
    body: int
    year: int | None
    past: bool
    own: bool
    section: _Section
    state: _State
    dates: list[Date]


_LIMITS = frozenset(
    ["不低于", "不少于", "至少", "不小于", "不得低于", "不得少于", "≥", ">=", "不超过", "不高于", "不大于", "不多于", "不得超过",
     "不得高于", "不突破", "≤", "<=", "超过", "超", "突破", "高于", "低于", "大于", "小于"]
)  # fmt: skip


def cued_level(words: Words) -> bool:
    """Whether the words before a number speak of a level (达到, 降至), not of a thing done."""
    return words.comparator is not None and bool(
        set(words.cues) & {"达到", "达", "提高到", "提升到", "增加到", "降至", "控制在"}
    )


def generic_share(name: str) -> bool:
    """Whether a name is a share: 占国土面积."""
    return "占" in name


def _each(name: str, words: Words) -> list[str] | None:
    """Part a subject whose parts have one value together: 化肥、农药利用率均达到43%."""
    parts = [part.strip() for part in re.split("、|和|与|及(?!以上|以下)", name) if part.strip()]
    if len(parts) < 2:
        return None
    shared = grammar_names.share(parts)
    both = "均" in words.cues or "都" in words.cues or "分别" in words.cues
    if all(grammar_names.known(part) for part in shared):
        return shared
    return shared if both and all(grammar_names.measurable(part) for part in shared) else None


def _closing(noun: str) -> bool:
    return re.fullmatch(r"(?:左右|以上|以下|目标|任务|的|等|余|级)+", noun) is not None


# 力争达标(≤35微克/立方米): the value of the clause stands in its brackets.
_IN_BRACKETS = re.compile(
    r"(?:力争|全面|稳定)*(?:达标|改善|提升|下降)?\((?:≤|≥|<|>|不低于|不高于|不超过|达到|降至)$"
)


def _hidden(text: str, start: int, place: int) -> bool:
    """Whether a place stands inside a quoted name, a title or brackets of the clause."""
    before = text[start:place]
    return (
        before.count("“") > before.count("”")
        or before.count("《") > before.count("》")
        or (before.count("(") > before.count(")") and not _IN_BRACKETS.search(before))
    )


_LEAD = re.compile(r"^(?:其中|力争|争取|努力|全市|全省|全县|全区|区域|累计|共|再|,|、|\s)+")
_MAKES = re.compile(
    "打造|建设|建成|完成|新建|创建|保育|构建|培育|形成|建立|出台|制定|新增|设立|保护|修复|改造|淘汰|治理|整治|部署|实施|达标"
)
_META = re.compile(
    r"(?:主要|重点|具体)?(?:任务|指标|方面|措施|举措|条款|章节?|部分|内容|问题|层面|环节|步骤|阶段|原则|要求|专栏|附件|月|约束性指标|预期性指标|地方性指标|清远地方性指标)"
)


def _makes(verb: str) -> bool:
    return bool(verb) and _MAKES.search(verb) is not None


def _meta(noun: str, bare: str) -> bool:
    """Whether a count tells about the document (22个指标, 6方面), not about the world."""
    return (
        _META.fullmatch(noun) is not None
        or noun.endswith(("性指标", "项任务", "方面"))
        or (not noun and bare.endswith(("指标", "任务", "措施", "举措")))
    )


def _act(subject: str) -> tuple[str, str]:
    """Return the verb that a count needs and its object; both empty where there is none."""
    bare = _LEAD.sub("", subject)
    pattern = _verbs()
    last = None
    for match in pattern.finditer(bare):
        if last is None or match.start() == last.end():
            last = match
        elif (
            re.match(r"[、和]", bare[last.end() : match.start()] or " ")
            or "、" not in bare[last.end() : match.start()]
        ):
            if match.end() < len(bare) and bare[match.end()] in "率量区地场厂站点数":
                continue
            if match.end() == len(bare) and last is not None and bare[last.end() : match.start()]:
                continue
            last = match if last.end() == 0 else last
    if last is None:
        return "", ""
    thing = grammar_names.clean(bare[last.end() :])
    if len(thing) < 2 and last.start() and pattern.match(bare):
        # 完成造林, 完成营造林: the second verb is the thing.
        thing = bare[last.start() :]
    return last.group(), thing


def _plain(title: str) -> str:
    """Leave out of a name its blanks and what its brackets explain (含学校、园区等)."""
    bare = re.sub(r"\s", "", title)
    short = re.sub(r"\((?:含|包括|不含|其中|以|按|指)[^()]*\)", "", bare)
    return short if len(short) > 2 else bare


_LISTED = re.compile("(?:主要|重点)?(?:包括|涵盖|包含|是指|指除|指的是|分布|位于|涉及)")

_cache: dict[str, Any] = {}


def _verbs() -> re.Pattern[str]:
    if "verbs" not in _cache:
        words = grammar.lexicon("verbs")["act"]["verbs"]
        _cache["verbs"] = re.compile(f"(?:{grammar.alternatives(words)})(?![率量区])")
    return _cache["verbs"]  # type: ignore[no-any-return]


def _abstract() -> list[str]:
    return list(grammar.lexicon("verbs")["act"]["abstract"])


def _state_words() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    if "state" not in _cache:
        words = grammar.lexicon("verbs")["state"]
        adverbs = r"(?:基本|初步|全面|率先|力争|努力|逐步|持续|不断|加快|总体|大力|奋力|着力|如期|全部|普遍|广泛)*"
        _cache["state"] = (
            re.compile(f"{adverbs}(?:{grammar.alternatives(words['starts'])})"),
            re.compile(f"(?:{grammar.alternatives(words['ends'])})(?:[”)])*$"),
            re.compile(f"(?:{grammar.alternatives(words['activity'])})"),
        )
    return _cache["state"]  # type: ignore[no-any-return]


def _watched() -> re.Pattern[str]:
    if "watched" not in _cache:
        words = grammar.lexicon("verbs")["state"]["monitored"]
        _cache["watched"] = re.compile(f"(?:{grammar.alternatives(words)})")
    return _cache["watched"]  # type: ignore[no-any-return]


_WATCHED = re.compile(
    r"(?P<subject>[^,。]{2,40}?)(?:水质|水生态环境|生态环境|环境质量|安全利用|建设|基本|全面|总体|持续|有效|保持|得到|实现|稳定|显著|明显|稳步|不断)"
)
_WATCHED_END = re.compile(r"[\u4e00-\u9fff]$")


def _threshold(quantity: Quantity, words: Words, verb: str, follow: str) -> bool:
    """Whether a number only says which things are meant (年产50万吨以下的企业), and promises nothing."""
    if quantity.counts:
        return False
    touches = re.match(r"的?[\u4e00-\u9fffA-Za-z]", follow) is not None
    if not touches or quantity.unit in ("pp",):
        return False
    if quantity.unit == "m" and not quantity.post:
        return True
    if quantity.unit == "%":
        return follow.startswith("的") and words.comparator in (">", "<", ">=", "<=")
    if follow.startswith("的") or (quantity.post and not verb):
        return True
    return words.comparator in (">", "<", ">=", "<=") and follow.startswith(("的", "及"))

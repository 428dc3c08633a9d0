"""What holds for a place of a plan: its region, past or future, the year it starts from."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field

from shanshui.plan.document import Document
from shanshui.plan.grammar_dates import FIVE, FIVE_YEARS
from shanshui.plan.grammar_names import clean
from shanshui.plan.regions import Gazetteer, gazetteer, regions_in

_PAST = re.compile("成效|成就|现状|回顾|进展|问题|基础|形势|挑战|机遇|不足|背景|工作情况|困难|短板")
_PAST_END = re.compile("(?:成效|成就|现状|回顾|进展|问题|挑战|机遇|不足|困难|短板|形势|基础)$")
_AHEAD = re.compile(
    "目标|任务|举措|措施|要求|重点|夯实|打牢|筑牢|推进|加强|构建|提升|解决|建设|完善|强化|实施|保障"
)
_SOLVE = re.compile(
    "解决|夯实|打牢|筑牢|推进|加强|补齐|破解|着力|集中|聚焦|整治|改善|强化|巩固|提升|完善"
)
_GOAL = re.compile("目标|总体要求|愿景|指标|导语|总体思路|工作要求")
_TITLE = re.compile(
    r"(?:规划|纲要|方案|计划|意见|行动|办法|细则|通知|决定|任务|要点|要求|报告|措施)"
    r"(?:\(.*\))?[》”]?(?:的通知)?$"
)
_BY_FORM = re.compile(
    r"《?([\u4e00-\u9fff]{2,6}?(?:自治区|自治州|自治县|省|市|县|区|州|盟|旗))(?!域|级)"
)
_SHORT = re.compile(
    r"(?P<nation>全国|我国|中国(?!式))|(?P<province>全省|我省)|(?P<centre>(?:全?市)?中心城区)"
    r"|(?P<urban>市区)|(?P<city>全市|我市|全县|全区|我县)"
)
_BEFORE_REGION = re.compile(
    r"(?:其中|力争|争取|努力|推动|支持|实现|确保|,|区域内?|使|让|将|在|\s)*"
)
_AND = ("、", "和", "与", "及", "以及")
# 天津港, 广州国家中心城市: the name goes on, and no region is meant.
_GOES_ON = re.compile(r"港|口|江|河|湖|海|山|湾|国家|经|高|大学|首都|城市副")


_AROUND = re.compile("(?:及|和)?周边(?:地区|区域)?|地区|城市群|区域|全域")


@dataclass
class Section:
    """A section, as its heading and the headings above it tell."""

    start: int
    past: bool = False
    goal: bool = False
    box: bool = False
    aside: bool = False


@dataclass
class State:
    """What earlier clauses have said that holds for the next."""

    year: int | None = None
    years: tuple[int, ...] = ()
    dated: str = ""
    dated_sentence: int = 0
    span: int = -1
    subject: str = ""
    verb: str = ""
    regions: list[str] = field(default_factory=list)
    base: int | None = None
    stretch: bool = False
    owner: str | None = None
    sentence: int = 0
    cells: bool = False

    def new_sentence(self) -> None:
        """Forget what a full stop ends."""
        self.sentence += 1
        self.regions, self.owner, self.stretch, self.base = [], None, False, None
        self.verb = ""


class Scope:
    """What holds for the places of a document.

    Parameters
    ----------
    document : Document
        The document.
    region : str, optional
        Name or code of its region.
    """

    def __init__(self, document: Document, region: str | None) -> None:
        self.text = document.text
        self.places: Gazetteer = gazetteer().with_counties(self.text)
        self.sections = _sections(document)
        self._starts = [section.start for section in self.sections]
        self._title_places: set[int] = set()
        self._regions = self._titles(region)
        self.due = self._annual()
        self.base = self.due - 1 if self.due else _base_year(self.text)

    def section(self, place: int) -> Section:
        """Return the section of a place."""
        return self.sections[bisect_right(self._starts, place) - 1]

    # ----- regions ---------------------------------------------------------------------------

    def region(self, place: int) -> str | None:
        """Return the region that the plan at a place is for; a file may hold several plans."""
        number = bisect_right(self._regions, place, key=lambda title: title[0])
        return self._regions[max(number - 1, 0)][1]

    def is_title(self, place: int) -> bool:
        """Whether the title of a plan begins at a place."""
        return place in self._title_places

    def _titles(self, region: str | None) -> list[tuple[int, str | None]]:
        titles: list[tuple[int, str | None]] = []
        place = 0
        for line in self.text.split("\n"):
            if _is_title(line.strip()):
                self._title_places.add(place)
                if name := self._of_title(line.strip()):
                    titles.append((place, name))
            place += len(line) + 1
        if region:
            entry = self.places.by_code.get(region) or self.places.by_name.get(region)
            return [(-1, entry.name if entry else region)]
        return [(-1, self._usual() or (titles[0][1] if titles else None)), *titles]

    def _annual(self) -> int | None:
        """Return the year of a plan for one year (2026年工作方案); all of it is due then."""
        titles = [self.text[place : self.text.find("\n", place)] for place in self._title_places]
        found = [_ANNUAL.search(title) for title in titles if not _PERIOD.search(title)]
        years = {int(match[1]) for match in found if match}
        return years.pop() if len(years) == 1 else None

    def _usual(self) -> str | None:
        names: Counter[str] = Counter()
        for span in regions_in(self.text[:6000], gazetteer=self.places):
            if span.region.level != "province" or span.end - span.start > 2:
                names[span.region.name] += 1
        return names.most_common(1)[0][0] if names else None

    def _of_title(self, line: str) -> str | None:
        spans = regions_in(line, gazetteer=self.places)
        if spans:
            return spans[-1 if "《" in line else 0].region.name
        match = _BY_FORM.match(line)
        return match[1] if match else None

    def _province(self, region: str) -> str | None:
        entry = self.places.by_name.get(region)
        if entry and entry.code and entry.code[:2].isdigit():
            above = self.places.by_code.get(entry.code[:2] + "0000")
            return above.name if above else None
        return None

    def take_regions(self, start: int, end: int, state: State) -> None:
        """Take the regions at the head of a clause into the state."""
        head = _BEFORE_REGION.match(self.text, start, end)
        start = head.end() if head else start
        usual = self.region(start) or ""
        if match := _SHORT.match(self.text, start, end):
            if match["nation"]:
                state.regions = ["全国"]
            elif match["province"]:
                state.regions = [self._province(usual) or usual]
            elif match["centre"]:
                state.regions = [usual + "中心城区"]
            elif match["urban"]:
                state.regions = [usual + "区" if usual.endswith("市") else usual + "市区"]
            else:
                state.regions = [usual] if usual else []
            if match["nation"] == "中国":
                state.owner = "中国"
            return
        names, place = self._leading(self.text[start:end])
        if names and place < end - start and not _GOES_ON.match(self.text, start + place, end):
            state.regions = names

    def _leading(self, window: str) -> tuple[list[str], int]:
        """Return the regions that a text begins with, and where they end."""
        names: list[str] = []
        place = 0
        for span in regions_in(window, gazetteer=self.places):
            joint = window[place : span.start]
            if joint and (not names or joint not in _AND):
                break
            wider = _AROUND.match(window, span.end)
            names.append(span.region.name + ("及周边地区" if wider and "周边" in wider[0] else ""))
            place = wider.end() if wider else span.end
        return names, place

    def after_region(self, subject: str) -> str:
        """Take only the regions off the head of what stands before a number."""
        names, place = self._leading(subject[:40])
        return subject[place:] if names else subject

    def without_region(self, subject: str) -> str:
        """Take the regions off the head of a subject, and what else is no part of its name."""
        subject = clean(subject)
        _, place = self._leading(subject[:40])
        if place and _GOES_ON.match(subject, place):
            return subject
        rest = subject[place:]
        match = _SHORT.match(rest)
        return clean(rest[match.end() :] if match else rest)


def _is_title(line: str) -> bool:
    if (
        not line
        or len(line) > 60
        or "。" in line
        or line[0] in "一二三四五六七八九十(第—0123456789"
    ):
        return False
    return _TITLE.search(line) is not None and not re.search("[,;:]", line)


def _sections(document: Document) -> list[Section]:
    """Tell for each heading whether it reports the past, sets goals, lists projects."""
    out = [Section(0)]
    above: list[tuple[int, Section]] = []
    for heading in document.outline:
        while above and above[-1][0] >= heading.level:
            above.pop()
        title, number = heading.title, heading.number
        past = _PAST_END.search(title) is not None
        past = past or (_PAST.search(title) is not None and not _AHEAD.search(title))
        section = Section(
            heading.start,
            (past and not _SOLVE.match(title)) or any(section.past for _, section in above),
            _GOAL.search(title) is not None or any(section.goal for _, section in above),
            number.startswith("专栏") and not re.search("指标|目标", title),
            number.startswith("附") or any(section.aside for _, section in above),
        )
        above.append((heading.level, section))
        out.append(section)
    return out


_ANNUAL = re.compile(
    r"(?<![-—–~至\d])((?:19|20)\d\d)年度?(?!前|底|远景|规划|远期)[^》。]{0,30}"
    "(?:方案|计划|要点|任务|措施|安排)"
)
_PERIOD = re.compile(r"((?:19|20)\d\d)年?\s*[-—–~至]+\s*(?:19|20)\d\d年?")


_ISSUED = re.compile(r"((?:19|20)\d\d)年\d{1,2}月\d{1,2}日|[〔\[]((?:19|20)\d\d)[〕\]]\d+号")


def _base_year(text: str) -> int:
    """Return the year that a plan starts from; what is dated no later is the past."""
    if match := re.search(r"基准年(?:份)?(?:为|是|:)?\s*(\d{4})", text):
        return int(match[1])
    if match := re.search(rf"\({_PERIOD.pattern}\)", text[:3000]) or _PERIOD.search(text[:120]):
        return int(match[1]) - 1
    if match := re.search(r"规划期(?:限)?(?:为|是|:)?\s*((?:19|20)\d\d)", text):
        return int(match[1]) - 1
    title = re.search(rf"({FIVE})[”\"]?[^。\n]{{0,16}}(?:规划|计划|方案|纲要)", text[:1500])
    if title:
        return FIVE_YEARS[title[1]] - 5
    issued = _ISSUED.findall(text[:1500] + "\n" + text[-800:])
    if issued:
        return max(int(year) for pair in issued for year in pair if year) - 1
    ahead = [int(year) for year in re.findall(r"到((?:19|20)\d\d)年", text)]
    return min(ahead, default=1900) - 1

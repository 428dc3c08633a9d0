"""Names of indicators: from the words of a clause to one name for one indicator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from shanshui.plan.grammar import alternatives, lexicon


@dataclass(frozen=True)
class Indicator:
    """An indicator of the lexicon."""

    name: str
    code: str
    unit: str | None = None
    better: str | None = None


_BRACKETS = re.compile(r"\([^()]*\)")
_SAME = [
    (re.compile(r"(?:地区|国内)生产总值|生产总值"), "GDP"),
    (re.compile(r"规模以上"), "规上"),
    (re.compile(r"比率"), "比例"),
    (re.compile(r"碳排放强度"), "碳排放强度"),
    (re.compile(r"Ⅲ"), "III"),
    (re.compile(r"Ⅴ"), "V"),
    (re.compile(r"固废"), "固体废物"),
    (re.compile(r"增长值"), "增加值"),
    (re.compile(r"[\s的“”\"《》]"), ""),
]


def normal(name: str) -> str:
    """Write a name as the lexicon compares it: no brackets, blanks or 的, GDP for 地区生产总值."""
    bare = _BRACKETS.sub("", name)
    for pattern, form in _SAME:
        bare = pattern.sub(form, bare)
    return bare


def _entry(row: Mapping[str, Any]) -> Indicator:
    return Indicator(row["name"], row["code"], row.get("unit"), row.get("better"))


@cache
def _indicators() -> tuple[dict[str, Indicator], re.Pattern[str]]:
    by_name: dict[str, Indicator] = {}
    for row in lexicon("indicators")["indicator"]:
        entry = _entry(row)
        for name in (row["name"], *row.get("aliases", ())):
            by_name[normal(name)] = entry
    return by_name, re.compile(alternatives(list(by_name)))


def known(name: str) -> Indicator | None:
    """Return the indicator of the lexicon that a name means, where most of the name says so."""
    by_name, pattern = _indicators()
    bare = normal(name)
    if bare in by_name:
        return by_name[bare]
    best = max((match.group() for match in pattern.finditer(bare)), key=len, default="")
    # 地级及以上城市空气质量优良天数比例 is the known one; 重点行业大宗货物清洁运输比例 is another.
    rest = bare[: -len(best)] if best and bare.endswith(best) else None
    if rest is None or _elsewhere(bare, by_name[best].name):
        return None
    near = len(best) >= 0.6 * len(bare) or rest.endswith("中") or _SCOPE.fullmatch(rest)
    return by_name[best] if near else None


@cache
def _names() -> dict[str, Indicator]:
    """Every name of every indicator, also those that no rule of reading uses."""
    table = lexicon("indicators")
    by_name: dict[str, Indicator] = {}
    for row in (*table["listed"], *table["indicator"]):
        for name in (row["name"], *row.get("aliases", ()), *row.get("also", ())):
            by_name[normal(name)] = _entry(row)
    return by_name


def named(name: str) -> Indicator | None:
    """Return the indicator that has a name, its canonical one or another; nothing is guessed.

    Examples
    --------
    >>> named("细颗粒物年均浓度").code, named("特色村").name, named("青山指数")
    ('air.pm25.annual_mean', '特色村数量', None)
    """
    by_name, bare = _names(), normal(name)
    return by_name.get(bare) or by_name.get(f"{bare}数量")


_PLACES = re.compile(r"农村|乡村|乡镇|县城|城镇|城市|工业|农业|生活|建筑|交通|医疗")


def _elsewhere(name: str, indicator: str) -> bool:
    """Whether a name speaks of another place or trade than an indicator: 县城, not 城市."""
    mine, theirs = ({*_PLACES.findall(text)} for text in (name, indicator))
    return bool(mine - theirs) and bool(theirs - mine)


_SCOPE = re.compile(
    r"(?:地级|县级|及以上|城市|全市|全省|全区|全县|区域|主要|农作物|平均|国控|省控|国考|省考|断面|点位|考核|市|省|县|区|城镇|建成)+"
)
_MEASURE = re.compile(
    r"(?:率|比例|比重|占比|浓度|总量|排放量|使用量|用量|强度|面积|长度|里程|规模|数量|指数|满意度|增加值|产值|降低|下降|"
    r"数|值|量|盖度|密度|系数|水平|容量|能力|得分|覆盖|产能|投资|能耗|水耗|排放|级|用水)$"
)


def measurable(name: str) -> bool:
    """Whether a name is that of a quantity (…率, …浓度, …面积)."""
    bare = normal(name)
    return _MEASURE.search(bare) is not None or known(bare) is not None


_HEAD = re.compile(
    r"^(?:其中|区域内?|全区域|全市|全省|全县|全区|我市|我省|我县|我区|全域|各地(?!级)|一是|二是|三是|四是|五是|力争|争取|努力|确保|保证|"
    r"使得?(?!用)|让|全年|年内|实现|推动|累计|基本|全面|有(?![效机毒害色组序关利])|总体上?|到时|届时|同时|并|且|将|要|也|持续|进一步|不断|逐步|率先|市(?![级区域场政民])|省(?![级定控考内道])|在|"
    r"截止|截至|每年|年均|主要包括|通过|区域|本市|本省|本县|约(?!束)|共(?!享|建|治|同)|对|等|的|和(?!美|谐)|及|以及|——|-|、|,|\s)+"
)
_ORDINAL = re.compile(
    r"^(?:\([一二三四五六七八九十]+\)|[一二三四五六七八九十]+是|\(?\d+\)?[.、)]|[①-⑩]|[•·●])"
)
_TAIL = re.compile(
    r"(?:等|的|约|共|不高|偏低|不足|较低|较高|总数|目标|要|应|须|达|由|其中|,|、|\s)+$"
)


def clean(name: str) -> str:
    """Take off a subject what is no part of its name: 其中, 全市, 力争, a trailing 等."""
    name = _ORDINAL.sub("", name.strip())
    for _ in range(3):
        shorter = _TAIL.sub("", _HEAD.sub("", name)).strip()
        if shorter == name:
            break
        name = shorter
    if name.count("(") != name.count(")"):
        name = name.replace("(", "").replace(")", "")
    if name.count("“") != name.count("”"):
        name = name.replace("“", "").replace("”", "")
    return name


_GENERIC = re.compile(
    r"(?:总?面积|建筑面积|占比|比例|比重|完成率|建成率|覆盖率|达标率|总量|数量|长度|规模|总规模|缺口|产能|里程|"
    r"占.{1,12}(?:总量|总面积|面积|比例|比重|总数)?|利用率|普及率|治理率|处理率|年均增速|增速|增幅|降幅|浓度|年均浓度|达标比例|完成|销号率)"
)


def generic(name: str) -> bool:
    """Whether a name says nothing without the subject before it (面积, 占比, 建成率)."""
    return _GENERIC.fullmatch(name) is not None


_AND = re.compile(r"、|以及|和(?!美|谐)|与|及(?!以上|以下)")


def parts(subject: str) -> list[str]:
    """Part a coordinated subject: 化学需氧量、氨氮 and 地下水和近岸海域."""
    return [part.strip() for part in _AND.split(subject) if part.strip()]


def each(name: str, *, together: bool) -> list[str]:
    """Part a subject whose parts have one value together: 化肥、农药利用率均达到43%."""
    found = parts(name)
    if len(found) < 2:
        return [name]
    shared = share(found)
    if all(map(known, shared)) or (together and all(map(measurable, shared))):
        return shared
    return [name]


def coordinated(subject: str, many: int) -> list[str] | None:
    """Part a subject into as many names as there are values; they share the end of the last.

    Examples
    --------
    >>> coordinated("美丽河湖、美丽海湾建成率", 2)
    ['美丽河湖建成率', '美丽海湾建成率']
    """
    found = parts(subject)
    if len(found) != many:
        # 和 may stand inside a name: 受污染耕地和建设用地安全利用率、秸秆综合利用率.
        found = [part.strip() for part in subject.split("、") if part.strip()]
    return share(found) if len(found) == many else None


def share(found: list[str]) -> list[str]:
    """Give to each of coordinated names the end that only the last one writes.

    Examples
    --------
    >>> share(["铁路", "水路货运量"]), share(["地表水水质", "近岸海域水质优良比例"])
    (['铁路货运量', '水路货运量'], ['地表水水质优良比例', '近岸海域水质优良比例'])
    """
    last = found[-1]
    emitted = _EMITTED.search(last)
    end = emitted or _SHARED.search(last) or _ENDING.search(last)
    shared = end.group() if end and end.group() != last else ""
    out = []
    for part in found[:-1]:
        whole = (_EMITTED.search(part) or known(part)) if emitted else measurable(part)
        # 地表水水质、近岸海域水质优良比例: what follows the word that both have.
        place = last.find(part[-2:]) if len(part) > 2 else -1
        lacks = last[place + 2 :] if place > 0 else shared
        out.append(part if whole else part + lacks)
    return [*out, last]


_ENDING = re.compile("[\u4e00-\u9fff]{2}(?:量|值|额|数|产能)$")
_EMITTED = re.compile("(?:重点工程)?(?:累计)?(?:减排量|排放总量|排放量|削减量)$")
_SHARED = re.compile(
    r"(?:[\u4e00-\u9fff]{0,2}综合利用率|安全利用率|年均浓度|平均浓度|消费占比|建成率|治理率|处理率|利用率|覆盖率|普及率|达标率|回收率|"
    r"总?装机容量|装机规模|处理能力|产能|产量|里程|保有量|供应量|蓄积量|排放总量|减排量|排放量|使用量|水质|水生态环境|生态环境质量|安全利用|环境质量|浓度|占比|比重|比例|总量|强度|数量|面积|率)$"
)

"""Things done and counted: verbs of a count, what it counts, numbers that promise nothing."""

from __future__ import annotations

import re
from functools import cache

from shanshui.plan.grammar import alternatives, lexicon
from shanshui.plan.grammar_names import clean, generic
from shanshui.plan.grammar_quantities import Quantity
from shanshui.plan.grammar_words import Words

_LEAD = re.compile(
    r"^(?:其中|至少|力争|争取|努力|全市|全省|全县|全区|区域|累计|共|再|积极|科学|高质量|高标准|高水平"
    r"|全面|大力|加快|稳步|有序|扎实|深入|持续|着力|系统|统筹|梯次|分类|逐步|进一步|全力|切实"
    r"|率先|同步|将|要|,|、|\s)+"
)
_MAKES = re.compile(
    "打造|建设|建成|完成|新建|创建|保育|构建|培育|形成|建立|出台|制定|新增|设立|保护|修复|改造|淘汰|治理|整治|部署|实施|达标"
)
_META = re.compile(
    r"(?:主要|重点|具体)?(?:任务|指标|方面|措施|举措|条款|章节?|部分|内容|问题|层面|环节|步骤|阶段|原则|要求|专栏|附件|月|约束性指标|预期性指标|地方性指标)"
)


def makes(verb: str) -> bool:
    """Whether a verb makes or mends something, so that a Chinese numeral after it counts."""
    return bool(verb) and _MAKES.search(verb) is not None


def meta(noun: str, bare: str) -> bool:
    """Whether a count tells about the document (22个指标, 6方面), not about the world."""
    return (
        _META.fullmatch(noun) is not None
        or noun.endswith(("性指标", "项任务", "方面"))
        or (not noun and bare.endswith(("指标", "任务", "措施", "举措")))
    )


@cache
def _verbs() -> re.Pattern[str]:
    words = lexicon("verbs")["act"]["verbs"]
    return re.compile(f"(?:{alternatives(words)})(?![率量区])")


@cache
def _abstract() -> re.Pattern[str]:
    words = alternatives(lexicon("verbs")["act"]["abstract"])
    return re.compile(f"^(?:{words})|(?:{words})$")


@cache
def _nounlike() -> frozenset[str]:
    return frozenset(lexicon("verbs")["act"]["nounlike"])


def abstract(noun: str) -> bool:
    """Whether a numeral before a noun only makes a name of it (六大行动)."""
    return _abstract().search(noun) is not None


def act(subject: str) -> tuple[str, str]:
    """Return the verb that a count needs and its object; both empty where there is none.

    Of a chain (完成改造, 新建、改造) the last verb counts.

    Examples
    --------
    >>> act("累计建成国家级绿色工厂")
    ('建成', '国家级绿色工厂')
    """
    bare = _LEAD.sub("", subject)
    pattern = _verbs()
    last = None
    for match in pattern.finditer(bare):
        amid = match.start() > 0 and match.end() < len(bare)
        if last is None and amid and match.group() in _nounlike():
            # 优先保护单元, 污水治理工程: amid a name the verb is a part of it.
            continue
        if last is None or bare[last.end() : match.start()] in ("", "、", "和"):
            last = match
        else:
            break
    if last is None:
        return "", ""
    thing = clean(bare[last.end() :])
    if (len(thing) < 2 or generic(thing)) and last.start() and pattern.match(bare):
        # 完成造林, 新增造林面积: the second verb is the thing, or a part of its name.
        thing = bare[last.start() :]
    return last.group(), thing


def alone(bare: str, verb: str) -> bool:
    """Whether a verb stands without an object (每年至少建成2个); then the subject is carried."""
    return bool(verb) and _LEAD.sub("", bare) == verb


def is_act(name: str) -> bool:
    """Whether a name ends in a verb of doing (人工造林, 升级改造); its number is a count."""
    return any(match.end() == len(name) for match in _verbs().finditer(name))


def noun(follow: str) -> str:
    """Return the noun that a number counts, from the words after it."""
    follow = re.split(r"[,。;:]", follow)[0]
    return clean(re.sub(r"^(?:的|左右|以上|及以上|以下|级|\s)+", "", follow))[:40]


DOES = re.compile(
    r"(?P<who>[^,。]{1,16}?)(?:率先|基本|全部|正式|全面|近.年来|首次|高质量|整体|如期|开展|着力|已|均|的)*"
    r"(?P<does>完成|推进|开展|实现|建成|创建成为|创建|成为|构建|纳入|进行|出台|取得|达到|获评|获得|投入)(?P<what>.*)"
)


def thing(noun: str) -> str:
    """Name what is counted: 县率先推进美丽乡村建设 is 美丽乡村建设县."""
    match = DOES.fullmatch(noun)
    if not match:
        return noun
    what = match["what"]
    if match["does"] in ("实现", "取得", "达到"):
        return match["who"]
    if re.search("成果|成效|进展|突破|使用|运行|运营|分析|试点示范", what) or not what:
        return re.sub("建设$", "", match["who"])
    return clean(what) + match["who"]


def threshold(quantity: Quantity, words: Words, verb: str, follow: str) -> bool:
    """Whether a number only says which things are meant (年产50万吨以下的企业)."""
    if quantity.counts:
        return False
    touches = re.match(r"的?[\u4e00-\u9fffA-Za-z]", follow) is not None
    if not touches or quantity.unit == "pp":
        return False
    if re.match("[^,。]{0,6}圈", follow):
        return True
    if quantity.unit == "m" and not quantity.post:
        return True
    if quantity.unit == "%":
        if re.search("处罚|罚款|除外", follow):
            return True
        return follow.startswith("的") and words.comparator in (">", "<", ">=", "<=")
    if follow.startswith("的") or (quantity.post and not verb):
        return True
    return words.comparator in (">", "<", ">=", "<=") and follow.startswith(("的", "及"))


# 力争达标(≤35微克/立方米): the value of the clause stands in its brackets.
IN_BRACKETS = re.compile(
    r"(?:力争|全面|稳定)*(?:达标|改善|提升|下降)?\((?:≤|≥|<|>|不低于|不高于|不超过|达到|降至)$"
)


_NEAR = 300  # characters before a number in which the name that holds it begins


def hidden(text: str, start: int, place: int) -> bool:
    """Whether a place stands inside a quoted name, a title or brackets of the clause."""
    before = text[max(start, place - _NEAR) : place]
    return (
        before.count("“") > before.count("”")
        or before.count("《") > before.count("》")
        or (before.count("(") > before.count(")") and not IN_BRACKETS.search(before))
    )


def closing(noun: str) -> bool:
    """Whether the words after a number only close it (以上, 左右, 目标)."""
    return re.fullmatch(r"(?:左右|以上|以下|目标|任务|的|等|余|级)+", noun) is not None

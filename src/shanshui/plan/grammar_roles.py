"""What a number of a clause is about: a level of an indicator, a share, a count of things."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shanshui.plan import grammar_acts as acts
from shanshui.plan import grammar_names as names
from shanshui.plan.grammar_quantities import Quantity
from shanshui.plan.grammar_scope import State
from shanshui.plan.grammar_words import Words, after_sign

RELATIVE = ("%", "pp", "‰", "倍")
LIMITS = frozenset(
    [
        "不低于", "不少于", "至少", "不小于", "不得低于", "不得少于", "≥", ">=", "不超过",
        "不高于", "不大于", "不多于", "不得超过", "不得高于", "不突破", "≤", "<=", "超过", "超",
        "突破", "高于", "低于", "大于", "小于",
    ]
)  # fmt: skip
_LEVELS = frozenset(["达到", "达", "提高到", "提升到", "增加到", "降至", "控制在"])


@dataclass(frozen=True)
class Part:
    """A number of a clause with the words around it.

    `bare` is the subject without its region, `verb` and `thing` a verb of doing and its object
    in it, `noun` what follows the number; `joined` says that another number stands before.
    """

    quantity: Quantity
    words: Words
    bare: str
    verb: str
    thing: str
    noun: str
    joined: bool
    past: bool

    @property
    def percent(self) -> bool:
        """Whether the number is a share or a ratio."""
        return self.quantity.unit in RELATIVE

    @property
    def cued(self) -> bool:
        """Whether a word says what the number is."""
        words = self.words
        return bool(words.comparator or words.change or self.quantity.post or words.approx)

    @property
    def done(self) -> bool:
        """Whether the number counts things done, not the level of an indicator."""
        if self.quantity.counts:
            return True
        level = bool(self.words.comparator) and bool(_LEVELS & set(self.words.cues))
        return not self.percent and bool(self.verb or self.joined) and not level


@dataclass(frozen=True)
class Role:
    """The answer: the pattern that gave it, the name of the indicator, target or count."""

    pattern: str
    name: str
    kind: str


def role(part: Part, state: State) -> Role | None:
    """Tell what a number is about, or None where it promises nothing."""
    quantity = part.quantity
    if quantity.numeral and not _counts(part):
        return None
    if quantity.counts and acts.meta(part.noun, part.bare):
        return None
    if quantity.unit in ("分钟", "小时"):
        reach = _REACH.match(part.noun)
        title = part.bare + (part.noun[reach.end() :] if reach else "")
        return Role("time", title + "时间", "target") if reach and title else None
    if part.done and (quantity.counts or part.verb or state.verb):
        return _done(part, state)
    return _level(part, state)


# 步行10分钟可达公园: a time that must not be longer.
_REACH = re.compile(
    "(?:内|以内)?(?:可达|可到达|可到|到达|抵达|直达|通达|可及|到(?!位|期)|达|见|进|享|走进|步行)"
)


def _counts(part: Part) -> bool:
    """Whether a Chinese numeral counts (五条生态廊道 under a verb) and names nothing (六大行动)."""
    noun = part.noun
    made = part.verb, acts.act(noun)[0], acts.DOES.sub("完成", noun)
    return bool(noun) and any(map(acts.makes, made)) and not acts.abstract(noun)


def _done(part: Part, state: State) -> Role | None:
    quantity, words, verb = part.quantity, part.words, part.verb
    if quantity.counts and part.noun and not acts.closing(part.noun):
        doing = verb or acts.act(part.bare)[0] or acts.act(part.noun)[0]
        if not (doing or words.comparator or part.past or words.yearly or state.verb):
            return None
        state.verb, state.subject = verb or state.verb, acts.thing(part.noun)
        return Role("count", state.subject, "count")
    name = re.split("达到|达", part.thing)[0] or part.thing
    if not name:
        # 完成400万亩营造林任务, but 散煤治理完成3万户.
        name = (verb and part.noun) or part.bare
    name = re.sub(r"^(?:一批|若干|一系列|若干个)", "", name)
    if acts.alone(part.bare, verb):
        name = ""
    name = name or part.noun
    if verb and name:
        full = _full(name, state)
        state.verb, state.subject = verb, full
        return Role("count", full, "count")
    said = words.comparator or words.approx or quantity.post or part.past
    if name and (said or part.joined or state.verb):
        full = _full(name, state)
        state.subject = full
        plain = quantity.counts and words.comparator in (None, "=")
        count = (state.verb and part.joined) or plain
        return Role("level", full, "count" if count else "target")
    if not name and part.cued and state.subject:
        return Role("carried", state.subject, "count" if quantity.counts else "target")
    if name and acts.is_act(name):
        return Role("count", _full(name, state), "count")
    if name and names.measurable(name) and not quantity.counts:
        return Role("level", _full(name, state), "target")
    return None


_PLACE = re.compile(".{1,6}(?:地区|城市|县城|区域|农村|城镇|乡镇|片区|流域|行业|企业)")
_AREA = re.compile(r"(?:辖区|行政区域?|国土|市域|县域|陆域|海域|规划|区域)*总?面积")


def _level(part: Part, state: State) -> Role | None:
    bare, words, noun = part.bare, part.words, part.noun
    if part.percent and noun and not words.change and not names.measurable(bare):
        # 80%以上行政村达到省级标准: the share of what follows.
        if not bare:
            state.subject = noun
        return Role("share", bare + noun, "target")
    name = _subject(bare)
    if not name:
        return _carried(part, state)
    known = names.measurable(name)
    if not part.percent and acts.is_act(name):
        return Role("count", name, "count")
    if not part.cued and not known and not part.past and "占" not in name:
        return None
    if _AREA.fullmatch(name) and not part.cued and not state.subject:
        return None
    short = len(name) < 5 or _PLACE.fullmatch(name) is not None
    same = part.percent == (re.search("率|比例|比重|占比", state.subject) is not None)
    if short and same and not known and names.measurable(state.subject) and "占" not in name:
        # 城区清扫率达到80%,县城达到70%: what is measured is carried over.
        return Role("carried", name + state.subject, "target")
    full = _full(name, state)
    if words.mean and words.change:
        state.subject = full
        return Role("rate", full + "年均增速", "target")
    if not names.generic(name):
        state.subject = full
    return Role("level", full, "target")


def _carried(part: Part, state: State) -> Role | None:
    words, name = part.words, state.subject
    if not name or not (part.cued or words.mean):
        return None
    if words.mean:
        name += "年均增速"
    elif "完成" in "".join(words.cues) and not words.change:
        name += "完成率"
    return Role("carried", name, "target")


_VERBS = re.compile(
    r"(?:.*(?:使得?(?!用)|推动|促进|带动|确保|保证|保障|力争|实现|争取|努力|提高|推进))"
    r"(?P<rest>[^率]{2,}(?:率|比例|比重|占比|浓度|总量|面积|强度|量|能耗|度))$"
)


def _subject(bare: str) -> str:
    """Return the indicator before a number: the words after the last verb, if there is one."""
    match = _VERBS.match(bare)
    if match and len(match["rest"]) > 3 and names.measurable(match["rest"]):
        return names.clean(match["rest"])
    return bare


def _full(name: str, state: State) -> str:
    """Put the subject that was carried before a name that says nothing alone (面积, 占比)."""
    if not names.generic(name) or not state.subject:
        return name
    stem = re.sub(r"(?:数量|总量|不足|建设)$", "", state.subject)
    return re.sub(r"^(?:全域)?(?:推进|开展|建设|推动)", "", stem) + name


def sign(part: Part, found: Role, base: int | None) -> tuple[str, bool]:
    """Return the comparator of a number, and whether a word makes it approximate."""
    quantity, words = part.quantity, part.words
    after = after_sign(quantity.post) if quantity.post else None
    limit = bool(LIMITS & set(words.cues))
    approx = words.approx or (bool(quantity.post) and not (limit and after in (">=", "<=")))
    if quantity.more:
        return ">", True
    if found.pattern == "time":
        return "<=", approx
    if words.change and not words.mean and words.comparator in (None, "=", ">=", ">"):
        relative = part.percent or base is not None or found.pattern in ("level", "carried")
        if relative:
            return words.change, approx
    if after == "~":
        return "~", True
    comparator = words.comparator or "="
    if after and not limit:
        comparator = after
    entry = names.known(found.name)
    lower = entry is not None and entry.better == "lower"
    if comparator == ">=" and lower and not after and not limit:
        comparator = "<="
    return comparator, approx or (comparator == "=" and "约" in found.name)

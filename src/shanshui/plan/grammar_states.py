"""Milestones: clauses that assert a state or a trend; and values that are set elsewhere."""

from __future__ import annotations

import re
from functools import cache

from shanshui.plan.grammar import alternatives, lexicon
from shanshui.plan.grammar_names import clean

_ADVERBS = (
    "(?:基本|初步|全面|率先|力争|努力|逐步|持续|不断|加快|总体|大力|奋力|着力|如期|全部|普遍|广泛)*"
)
_NONE = re.compile(
    "会议|(?:以下|如下|下列)(?:主要)?目标|印发|规划期|基准年|以下简称|(?:提出|指出|明确|要求|强调|认为)$"
    "|^(?:提出|通过|根据|依据|按照|结合|综合考虑|制定本)"
)


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    words = lexicon("verbs")["state"]
    return (
        re.compile(f"{_ADVERBS}(?:{alternatives(words['starts'])})"),
        re.compile(f"(?:{alternatives(words['ends'])})(?:[”)])*$"),
        re.compile(f"(?:{alternatives(words['activity'])})"),
        re.compile(f"(?:{alternatives(words['monitored'])})$"),
    )


def asserted(bare: str, dated: bool) -> str | None:
    """Return the word by which a clause asserts a state; None where it names only an activity.

    Parameters
    ----------
    bare : str
        The clause without date and region.
    dated : bool
        Whether it carries its own date; then an activity counts too, and the word may be empty.
    """
    if len(bare) < 3 or bare.startswith(("《", "(")) or _NONE.search(bare):
        return None
    starts, ends, activity, _ = _patterns()
    begins, closes, active = starts.match(bare), ends.search(bare), activity.match(bare)
    if dated:
        word = begins or closes or active
        return word.group() if word else ""
    if begins:
        return begins.group()
    return closes.group() if closes and not active else None


_SUBJECT = re.compile(
    r"(?P<subject>[^,。]{2,40}?)(?:水质|水生态环境|生态环境|环境质量|安全利用|建设|基本|全面|总体|持续|有效"
    r"|保持|得到|实现|稳定|显著|明显|稳步|不断)"
)


def monitored(bare: str) -> list[str]:
    """Part a coordinated subject where each part is watched on its own.

    Examples
    --------
    >>> monitored("地下水和近岸海域水质保持稳定")
    ['地下水水质保持稳定', '近岸海域水质保持稳定']
    """
    match = _SUBJECT.match(bare)
    if match:
        parts = [part for part in re.split("、|和|与|及", match["subject"]) if part]
        watched = _patterns()[3]
        if len(parts) > 1 and all(watched.search(part) for part in parts):
            return [(part + bare[match.end("subject") :])[:40] for part in parts]
    return [bare[:40]]


_SET = "下达|制定|考核|规定|核定|分解|确定|部署|明确|约束性|定"
DEFERRED = re.compile(
    "(?:达到|达|完成|控制在|满足|符合|实现|落实|按照?|以|不低于|不高于|优于|好于|保持在)?"
    "(?:国家|中央|自治区|上级|全?省级?|市级?|县级?|部)(?:(?:和|及|、|或)(?:自治区|省|市)级?)?"
    "(?:政府|有关部门)?的?"
    f"(?:(?:{_SET})+标准|(?:下达|分解)(?:给?我[市县区])?的?(?P<what>[\u4e00-\u9fff“”A-Z]{{0,16}}?)"
    f"(?:目标|任务|指标|要求)|(?:级|{_SET})*(?:的|我[市县区])*(?:年度|约束性|考核|相关)*"
    "(?:目标|任务|指标|要求|控制线))"
    "(?:任务|要求|值|范围)?(?:以内|之内|内|水平)?$"
)
_LISTED = re.compile("(?:主要|重点)?(?:包括|涵盖|包含|是指|指除|指的是|分布|位于|涉及)")


def topic(bare: str) -> str:
    """Return what a clause without a number is about, for a number after it; or nothing."""
    head = clean(_LISTED.split(bare)[0])
    return head if 2 < len(head) < 30 and not re.search(r"\d", head) else ""

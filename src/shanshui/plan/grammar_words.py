"""The words that touch a number: comparators, hedges, bases of a change."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

from shanshui.plan.grammar import alternatives, lexicon
from shanshui.plan.grammar_dates import FIVE, YEAR, base_year


@dataclass
class Words:
    """What the words that touch a number say."""

    comparator: str | None = None
    change: str | None = None
    approx: bool = False
    stretch: bool = False
    base: int | None = None
    yearly: bool = False
    mean: bool = False
    each: bool = False
    cues: list[str] = field(default_factory=list)


@cache
def _tail() -> tuple[re.Pattern[str], dict[str, str]]:
    verbs = lexicon("verbs")
    kinds: dict[str, str] = {}
    for word in verbs["hedge"]["filler"]:
        kinds[word] = "filler"
    for sign, words in verbs["before"].items():
        kinds |= dict.fromkeys(words, sign)
    kinds |= dict.fromkeys(verbs["hedge"]["approx"], "approx")
    kinds |= dict.fromkeys(verbs["hedge"]["stretch"], "stretch")
    kinds |= {"分别": "each", "每年": "yearly", "年均": "mean", "平均每年": "yearly"}
    base = (
        rf"(?:较|比|与|相比)[“\"]?(?:{YEAR}年?|{FIVE})[”\"]?"
        "(?:年?[底末]|时期|期末|平均)?(?:水平)?(?:相比)?"
    )
    dated = rf"(?:到|至|在)?{YEAR}年(?:年?[底末]前?|前)?"
    words = alternatives(list(kinds))
    return re.compile(rf"(?:(?P<base>{base})|(?P<dated>{dated})|(?P<word>{words}))\s*$"), kinds


_FIRST = 24
_MARKS = ("stretch", "each", "yearly", "mean")


def tail(before: str) -> tuple[str, Words]:
    """Take the comparators, hedges and bases off the end of what stands before a number.

    Returns
    -------
    str
        What is left: the subject, or a verb with its object.
    Words
        What the words taken off say.
    """
    pattern, kinds = _tail()
    words = Words()
    while True:
        # Only the end is looked at, so that a long clause costs no more than a short one.
        window = before[-_FIRST:]
        match = pattern.search(window)
        if not match or not match.group():
            break
        kept = before[: len(before) - len(window) + match.start()]
        if match["base"]:
            words.base = base_year(match["base"])
        elif match["word"]:
            word = match["word"]
            kind = kinds[word]
            if word == "比例" or (not words.cues and word in ("到", "至")):
                break
            if word in ("有", "是", "列", "居") and len(kept) < 2:
                break
            if kind in ("increase_by", "decrease_by"):
                if words.comparator is not None and words.comparator != "=":
                    break
                words.change = words.change or kind
            elif kind == "approx":
                if word == "近" and kept[-1:] in "附最":
                    break
                words.approx = True
            elif kind in _MARKS:
                setattr(words, kind, True)
            elif kind != "filler" and words.comparator in (None, "="):
                # 稳定达到, 达到并保持在: what says more than "=" counts.
                words.comparator = "=" if kind == "=" else kind
            words.cues.insert(0, word)
        before = kept
    return before, words


def after_sign(post: str) -> str | None:
    """Return the comparator of 以上, 以内, 左右."""
    for sign, words in lexicon("verbs")["after"].items():
        if post in words:
            return str(sign)
    return None

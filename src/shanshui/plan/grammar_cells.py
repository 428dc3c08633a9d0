"""The cells of indicator tables: ≤25, 按省下达目标, /."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shanshui.plan.grammar_quantities import quantities
from shanshui.plan.grammar_words import after_sign
from shanshui.plan.numbers import ARABIC, number

_SIGNS = {
    "≥": ">=", ">=": ">=", "不低于": ">=", "不少于": ">=", "达到": ">=", "≤": "<=", "<=": "<=",
    "不高于": "<=", "不超过": "<=", "控制在": "<=", ">": ">", "大于": ">", "高于": ">", "超过": ">",
    "<": "<", "小于": "<", "低于": "<", "下降": "decrease_by", "降低": "decrease_by",
    "提高": "increase_by", "增加": "increase_by",
}  # fmt: skip
_CELL = re.compile(
    rf"[\[(〔累计\s]*(?P<sign>{'|'.join(sorted(_SIGNS, key=len, reverse=True))}|约)?\s*"
    rf"(?P<value>{ARABIC})\s*(?P<unit>%)?(?P<after>及?以上|及?以下|以内|左右)?"
)
_ELSEWHERE = re.compile("下达|省定|国家|上级|省|市|要求|目标|任务|考核")
_EMPTY = ("/", "-", "—", "--", "——", "无", "暂无")


@dataclass(frozen=True)
class Reading:
    """What a cell says: a value with its comparator, a value set elsewhere, or none."""

    value: float | int | None = None
    comparator: str | None = None
    approx: bool = False
    elsewhere: bool = False


def cell(text: str, *, baseline: bool) -> Reading | None:
    """Read a cell; None where it says nothing that can be kept.

    Examples
    --------
    >>> cell("≤25", baseline=False)
    Reading(value=25, comparator='<=', approx=False, elsewhere=False)
    >>> cell("按省下达目标", baseline=False).elsewhere
    True
    """
    text = text.strip()
    match = _CELL.match(text)
    value = number(match["value"]) if match else None
    if match and value is not None:
        after = after_sign(match["after"] or "")
        sign = _SIGNS.get(match["sign"] or "") or after or "="
        return Reading(value, sign, after is not None or match["sign"] == "约")
    if baseline:
        return Reading() if text in _EMPTY else None
    return Reading(elsewhere=True) if _ELSEWHERE.search(text) else None


def unit(text: str, label: str) -> str | None:
    """Return the unit of a row, from its words or else from its name."""
    if text:
        found = quantities("1" + text, 0, len(text) + 1)
        return found[0].unit if found else text
    if re.search("(?:率|比例|比重|占比)$", label):
        return "%"
    return "个" if re.search("数量|增加量|公园|基地|城市|单位|项目", label) else None

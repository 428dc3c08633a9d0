"""Numbers as plans write them: Arabic with thousands marks, Chinese numerals, 翻一番."""

from __future__ import annotations

import re

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_STEPS = {"十": 10, "百": 100, "千": 1000}

ARABIC = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?"
CHINESE = r"[一二两三四五六七八九十百千]+"
ROMAN = {"Ⅰ": 1, "Ⅱ": 2, "Ⅲ": 3, "Ⅳ": 4, "Ⅴ": 5, "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5}


def chinese(text: str) -> int | None:
    """Read a Chinese numeral below ten thousand.

    Parameters
    ----------
    text : str
        For example ``十五``, ``二百零三``, ``两千``.

    Returns
    -------
    int or None
        None where the text is no numeral (``五四``, ``十百``).

    Examples
    --------
    >>> chinese("十五"), chinese("二百零三"), chinese("五四")
    (15, 203, None)
    """
    total, digit, last = 0, -1, 10_000
    for character in text:
        if character in _STEPS:
            step = _STEPS[character]
            if step >= last:
                return None
            total += (1 if digit < 0 and step == 10 and not total else max(digit, 0)) * step
            digit, last = -1, step
        elif character in _DIGITS:
            if digit > 0:
                return None
            digit = _DIGITS[character]
        else:
            return None
    return (total + max(digit, 0)) or None


def number(text: str) -> int | float | None:
    """Read an Arabic or a Chinese numeral; a whole number comes as an int.

    Parameters
    ----------
    text : str
        For example ``1,200``, ``7.30``, ``十五``.

    Returns
    -------
    int, float or None
        None where the text is no numeral.

    Examples
    --------
    >>> number("1,200"), number("7.30"), number("九")
    (1200, 7.3, 9)
    """
    if re.fullmatch(ARABIC, text):
        value = float(text.replace(",", ""))
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return chinese(text)


def times(text: str) -> int | None:
    """Give the increase in % of 翻一番, 翻两番 …; a 番 doubles.

    Examples
    --------
    >>> times("一"), times("两")
    (100, 300)
    """
    doublings = number(text)
    if not isinstance(doublings, int) or not 0 < doublings < 20:
        return None
    return int((2**doublings - 1) * 100)

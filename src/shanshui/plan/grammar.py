"""The small grammar of plans: its lexicons, and how a paragraph parts into clauses.

A clause is scanned from left to right once: its dates (`grammar_dates`), its numbers
(`grammar_quantities`) and the words that touch them (`grammar_words`), which say what a number is.
What is left is the subject (`grammar_names`) or a thing done (`grammar_acts`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def lexicon(name: str) -> dict[str, Any]:
    """Return one of the packaged lexicons (units, verbs, indicators)."""
    source = files("shanshui.plan").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(source)


def alternatives(words: Iterable[str]) -> str:
    """Return a pattern of words, the longest first."""
    return "|".join(map(re.escape, sorted(set(words), key=lambda word: (-len(word), word))))


@dataclass(frozen=True)
class Clause:
    """A clause: its span, and whether it opens a sentence, or a part of one after a semicolon."""

    start: int
    end: int
    opens: bool
    parts: bool = False


_OPEN, _CLOSE = "(“《〈[‘", ")”》〉]’"
_MARKS = re.compile(r"[(“《〈\[‘)”》〉\]’。;!?,:、\t]|——")


_INNER = ",:;、"
_LONG = 300  # characters after which an enumeration is parted too


def clauses(text: str, start: int, end: int) -> list[Clause]:
    """Part a paragraph into clauses; commas in brackets, quotes and numbers part nothing."""
    out: list[Clause] = []
    depth, begin, opens, parts = 0, start, True, False
    for match in _MARKS.finditer(text, start, end):
        mark, place = match.group(), match.start()
        inner = mark in _INNER and (depth or (mark == "、" and place - begin < _LONG))
        if mark in _OPEN:
            depth += 1
        elif mark in _CLOSE:
            depth = max(depth - 1, 0)
        elif inner or _joined(text, place):
            continue
        else:
            if text[begin:place].strip():
                out.append(Clause(begin, place, opens, parts))
                opens = parts = False
            opens, parts = opens or mark in "。!?\t", parts or mark == ";"
            depth = 0 if mark in "。;!?\t" else depth
            begin = match.end()
    if text[begin:end].strip():
        out.append(Clause(begin, end, opens, parts))
    return out


def _joined(text: str, place: int) -> bool:
    """Whether a comma or colon stands inside a number (1,200) or a ratio (16:33:50)."""
    if text[place] not in ",:" or not text[place - 1 : place].isdigit():
        return False
    after = text[place + 1 : place + 5]
    if text[place] == ":":
        return after[:1].isdigit()
    return re.match(r"\d{3}(?!\d)", after) is not None and text[place - 4 : place].count(".") == 0

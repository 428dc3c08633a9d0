"""The dates of a clause, and what each of them is for."""

from __future__ import annotations

import re
from dataclasses import dataclass

FIVE_YEARS = {"十一五": 2010, "十二五": 2015, "十三五": 2020, "十四五": 2025, "十五五": 2030,
              "十六五": 2035}  # fmt: skip
FIVE = "|".join(FIVE_YEARS)
YEAR = r"(?<!\d)(?:19|20|21)\d\d"
_DATE = re.compile(
    rf"(?:(?P<lead>到了?|至|截至|截止到?|截止|力争在?|争取在?|努力在?|在|于|自|从|由|以|较|比|与)?[“\"]?)?"
    rf"(?:(?P<first>{YEAR})年?(?:\d+月)?\s*(?:-|—+|–|－|~|～|至|到)\s*)?"
    rf"(?:(?P<year>{YEAR})\s*(?P<unit>年?)(?P<part>\d+月(?:\d+日)?)?"
    rf"|[“\"]?(?P<plan>{FIVE})[”\"]?(?P<span>时期|期间|期末|末期|末|规划期|以来|规划以来)?)"
    rf"(?P<tail>年?底前?|年?末前?|前|以前|之前|期间|以来|以后|之后|起|时|的)?[”\"]?"
)
_LISTED = re.compile(r"(?:[、和及与](?:19|20|21)\d\d)+年")
"""The rest of a list of years that says 年 once: 2023、2024、2025年."""


@dataclass(frozen=True)
class Date:
    """A date in a clause.

    `use` is ``by`` (a deadline or the year described), ``base`` (较2020年), ``from`` (由2015年),
    ``since`` (自2016年起) or ``name`` (part of a title).
    """

    start: int
    end: int
    year: int
    use: str
    reached: bool = False


def dates(text: str, start: int, end: int) -> list[Date]:
    """Find the dates of a clause, outside titles and names."""
    out = []
    for match in _DATE.finditer(text, start, end):
        lead, tail = match["lead"] or "", match["tail"] or match["span"] or ""
        if match["plan"]:
            year = FIVE_YEARS[match["plan"]]
            after = text[match.end() : match.end() + 2]
            base = lead in ("较", "比", "与")
            if not (match["span"] or tail or base or lead in ("到", "至") or after[:1] == ","):
                continue
            if after.startswith("规划"):
                continue
            before = text[match.start() - 1 : match.start()] if match.start() > start else ""
            if before in ("、", "《", "的"):
                continue
        else:
            ranged = match["first"] and tail
            listed = _LISTED.match(text, match.end())
            said = match["unit"] or ranged or listed or tail.startswith(("底", "末", "年"))
            if not said:
                continue
            year = int(match["year"])
            if _in_title(text, match.start(), start):
                continue
        if lead in ("较", "比", "与"):
            use = "base"
        elif lead in ("由", "从"):
            use = "from"
        elif lead == "自" or tail in ("以来", "起", "规划以来"):
            use = "since" if not (match["plan"] and "以来" in tail) else "by"
        elif match["part"] and not lead.startswith(("到", "至", "截")) and "前" not in tail:
            use = "since" if tail in ("以后", "之后") else "day"
        else:
            use = "by"
        out.append(Date(match.start(), match.end(), year, use, lead.startswith("截")))
    return out


_NEAR = 200  # characters before a date in which the title that holds it begins


def _in_title(text: str, place: int, start: int) -> bool:
    before = text[max(start, place - _NEAR) : place]
    return before.count("《") > before.count("》") or before.count("〔") > before.count("〕")


def base_year(text: str) -> int | None:
    """Return the year of 较2020年, 比“十三五”末."""
    match = re.search(rf"({YEAR})|({FIVE})", text)
    if not match:
        return None
    return int(match[1]) if match[1] else FIVE_YEARS[match[2]]

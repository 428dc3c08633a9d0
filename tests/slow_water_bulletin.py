"""A bulletin of surface water the slow way: one section, one item, one span at a time.

Plain Python on the rows of the files, after the text of 环办〔2011〕22号 and
环办监测函〔2020〕82号; it knows the five items of automatic stations and nothing of the library.
"""

from __future__ import annotations

import math
from collections import defaultdict
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

NAMES = {"ph": "pH", "do": "溶解氧", "codmn": "高锰酸盐指数", "nh3n": "氨氮", "tp": "总磷"}
DIGITS = {"ph": 0, "do": 1, "codmn": 1, "nh3n": 2, "tp": 3}
LIMITS = {
    "codmn": ("2", "4", "6", "10", "15"),
    "nh3n": ("0.15", "0.5", "1.0", "1.5", "2.0"),
    "tp": ("0.02", "0.1", "0.2", "0.3", "0.4"),
    "tp lake": ("0.01", "0.025", "0.05", "0.1", "0.2"),
    "do": ("7.5", "6", "5", "3", "2"),
}
ROMAN = ["—", "Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ"]
MOST = {"ph": 14, "do": 60, "codmn": 5000, "nh3n": 5000, "tp": 1000}


def rounded(value: Fraction, digits: int) -> Decimal:
    """Round half to even, but never a value above zero to zero."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    out = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)
    while not out and exact > 0:
        digits += 1
        out = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)
    return out


def mean(item: str, values: list[Fraction]) -> Fraction:
    """Average values: arithmetically, pH by its ions."""
    if item != "ph":
        return sum(values, Fraction()) / len(values)
    ions = math.fsum(10.0 ** -float(v) for v in values) / len(values)
    return Fraction(-math.log10(ions)).limit_denominator(10**9)


def class_of(item: str, value: Decimal, kind: str) -> int:
    """Return the class of a rounded value."""
    if item == "ph":
        return 1 if 6 <= value <= 9 else 6
    limits = LIMITS["tp lake" if item == "tp" and kind == "湖库" else item]
    for number, limit in enumerate(limits, start=1):
        good = value >= Decimal(limit) if item == "do" else value <= Decimal(limit)
        if good:
            return number
    return 6


class Section:
    """One section of the roster with its months."""

    def __init__(self, about: dict, rows: list[dict]) -> None:
        self.about = about
        self.months: dict[tuple[int, int], dict[str, Fraction]] = {}
        grouped = defaultdict(lambda: defaultdict(list))
        for row in rows:
            for item in NAMES:
                value = row[item]
                if value is None or not 0 <= value <= MOST[item]:
                    continue
                number = Fraction(Decimal(repr(value))).limit_denominator(10**9)
                grouped[row["time"].year, row["time"].month][item].append(number)
        for month, items in grouped.items():
            self.months[month] = {item: mean(item, values) for item, values in items.items()}

    def values(self, months: list[tuple[int, int]]) -> dict[str, Decimal]:
        """Return the means over months as they are assessed."""
        out = {}
        for item in NAMES:
            there = [self.months[m][item] for m in months if item in self.months.get(m, {})]
            if there:
                out[item] = rounded(mean(item, there), DIGITS[item])
        return out

    def classes(self, months: list[tuple[int, int]]) -> dict[str, int]:
        """Return the class of each item."""
        values = self.values(months)
        return {item: class_of(item, v, self.about["kind"]) for item, v in values.items()}

    def worst(self, months: list[tuple[int, int]]) -> int:
        """Return the class of the section; 0 where there is none."""
        if self.about["left_out"]:
            return 0
        return max(self.classes(months).values(), default=0)

    def main(self, months: list[tuple[int, int]]) -> str:
        """Return what exceeds the target, the worst class first, then the largest multiple."""
        target, values, classes = self.about["target"], self.values(months), self.classes(months)
        found = []
        for place, (item, number) in enumerate(classes.items()):
            if number <= target:
                continue
            times = Decimal(0)
            if item not in ("ph", "do"):
                lake = item == "tp" and self.about["kind"] == "湖库"
                limit = Decimal(LIMITS["tp lake" if lake else item][target - 1])
                times = rounded_once((values[item] - limit) / limit)
            text = NAMES[item] + ("" if item in ("ph", "do") else f"({times})")
            found.append((-number, -times, place, text))
        return "、".join(text for *_, text in sorted(found)[:3])


def rounded_once(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.1"), ROUND_HALF_EVEN)


def share(count: int, of: int) -> str:
    """Print a share in per cent."""
    if not of:
        return "—"
    return f"{rounded_once(Decimal(100 * count) / Decimal(of))}%"


def spans_of(year: int, month: int) -> dict[str, list[tuple[int, int]]]:
    """Return the months of each span."""
    before = (year, month - 1) if month > 1 else (year - 1, 12)
    return {
        "now": [(year, month)],
        "previous": [before],
        "last_year": [(year - 1, month)],
        "ytd": [(year, n) for n in range(1, month + 1)],
        "ytd_before": [(year - 1, n) for n in range(1, month + 1)],
    }


def table(sections: list[Section], year: int, month: int) -> list[dict[str, str]]:
    """Return the cells of the table of sections that are computed."""
    spans = spans_of(year, month)
    out = []
    for section in sections:
        worst = {name: section.worst(months) for name, months in spans.items()}
        now = worst["now"]
        main = section.main(spans["now"]) if now else ""
        missing = section.about["left_out"] or ("" if now else "无监测数据")
        reached = "—" if not now else "是" if now <= section.about["target"] else "否"
        cells = {name: ROMAN[number] for name, number in worst.items()}
        out.append(
            {"station": section.about["station"], "target": ROMAN[section.about["target"]]}
            | cells
            | {"main": missing or main or "—", "attains": reached}
        )
    return out


def region(rows: list[dict[str, str]]) -> dict[str, str]:
    """Return the row of a region out of its rows of the table."""
    now = [r for r in rows if r["now"] != "—"]
    good = {"Ⅰ", "Ⅱ", "Ⅲ"}
    out = {
        "sections": str(len(now)),
        "good_ratio": share(sum(r["now"] in good for r in now), len(now)),
        "bad_ratio": share(sum(r["now"] == "劣Ⅴ" for r in now), len(now)),
        "attained_ratio": share(sum(r["attains"] == "是" for r in now), len(now)),
    }
    for span in ("previous", "last_year", "ytd", "ytd_before"):
        there = [r for r in rows if r[span] != "—"]
        out[span] = share(sum(r[span] in good for r in there), len(there))
    return out


def state(sections: list[Section], months: list[tuple[int, int]], kind: str) -> str | None:
    """Return the state of a river (or of a lake) by its sections."""
    words = ["", "优", "优", "良好", "轻度污染", "中度污染", "重度污染"]
    there = [s for s in sections if s.worst(months)]
    if not there:
        return None
    if len(there) < 5 or kind == "湖库":
        worst = 0
        for item in NAMES:
            own = [s.values(months).get(item) for s in there]
            own = [Fraction(v) for v in own if v is not None]
            if own:
                value = rounded(mean(item, own), DIGITS[item])
                worst = max(worst, class_of(item, value, kind))
        return words[worst]
    good = 100 * sum(s.worst(months) <= 3 for s in there)
    bad = 100 * sum(s.worst(months) == 6 for s in there)
    if good >= 75 * len(there):
        return "优" if good >= 90 * len(there) else "良好"
    if bad < 20 * len(there):
        return "轻度污染"
    return "中度污染" if bad < 40 * len(there) else "重度污染"

"""Surface water by the letter, a value at a time, in exact fractions: slow and obvious."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

# GB 3838-2002 table 1, read anew from the facts: classes Ⅰ to Ⅴ.
LIMITS = {
    "codmn": "2 4 6 10 15",
    "cod": "15 15 20 30 40",
    "bod5": "3 3 4 6 10",
    "nh3n": "0.15 0.5 1.0 1.5 2.0",
    "tp": "0.02 0.1 0.2 0.3 0.4",
    "cu": "0.01 1.0 1.0 1.0 1.0",
    "zn": "0.05 1.0 1.0 2.0 2.0",
    "f": "1.0 1.0 1.0 1.5 1.5",
    "se": "0.01 0.01 0.01 0.02 0.02",
    "as": "0.05 0.05 0.05 0.1 0.1",
    "hg": "0.00005 0.00005 0.0001 0.001 0.001",
    "cd": "0.001 0.005 0.005 0.005 0.01",
    "cr6": "0.01 0.05 0.05 0.05 0.1",
    "pb": "0.01 0.01 0.05 0.05 0.1",
    "cn": "0.005 0.05 0.2 0.2 0.2",
    "phenol": "0.002 0.002 0.005 0.01 0.1",
    "oil": "0.05 0.05 0.05 0.5 1.0",
    "las": "0.2 0.2 0.2 0.3 0.3",
    "sulfide": "0.05 0.1 0.2 0.5 1.0",
    "fecal_coliform": "200 2000 10000 20000 40000",
}
LAKE = {"tp": "0.01 0.025 0.05 0.1 0.2", "tn": "0.2 0.5 1.0 1.5 2.0"}
OXYGEN = "7.5 6 5 3 2"
DIGITS = dict.fromkeys(("do", "codmn", "cod", "bod5"), 1) | dict.fromkeys(
    ("tp", "cu", "zn", "f", "cr6", "pb", "cn", "sulfide"), 3
)
DIGITS |= {"ph": 0, "nh3n": 2, "tn": 2, "se": 4, "as": 4, "hg": 5, "cd": 5, "phenol": 4}
DIGITS |= {"oil": 2, "las": 2, "fecal_coliform": 0}
EVALUATED = ["ph", "do", *(i for i in LIMITS if i != "fecal_coliform")]
METALS = {"cn", "hg", "cd", "cr6", "pb", "as", "cu", "zn"}
NAMES = ["Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ"]


def numbers(text: str) -> list[Fraction]:
    return [Fraction(t) for t in text.split()]


def measured(cell: Any) -> Fraction | None:
    """A cell as a lab writes it: a number, or below a detection limit, which counts half."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    text = str(cell).strip().replace("＜", "<")
    if text in ("", "-", "—", "/"):
        return None
    half = text.startswith("<") or text[-1] in "Ll"
    number = Fraction(Decimal(text.strip("<Ll")))
    return number / 2 if half else number


def rounded(value: Fraction, digits: int) -> Fraction:
    """Half to even, but never to zero: then to the first significant digit."""
    near = Fraction(round(value * 10**digits), 10**digits)
    if near == 0 and value > 0:
        while near == 0:
            digits += 1
            near = Fraction(math.floor(value * 10**digits), 10**digits)
        near = Fraction(round(value * 10**digits), 10**digits)
    return near


def item_class(item: str, value: Fraction, kind: str) -> int | None:
    if item == "ph":
        return 1 if 6 <= value <= 9 else 6
    if item == "do":
        return next((n for n, low in enumerate(numbers(OXYGEN), 1) if value >= low), 6)
    table = LAKE if kind == "lake" and item in LAKE else LIMITS
    if item not in table:
        return None
    return next((n for n, top in enumerate(numbers(table[item]), 1) if value <= top), 6)


def classify(
    row: dict[str, Any], kind: str, *, rule: str = "assessment", target: int | None = None
) -> dict[str, Any]:
    counting = EVALUATED if rule == "assessment" else ["ph", "do", "codmn", "nh3n", "tp"]
    values = {i: measured(row.get(i)) for i in [*EVALUATED, "tn", "fecal_coliform"]}
    if rule == "assessment":
        values = {i: None if v is None else rounded(v, DIGITS[i]) for i, v in values.items()}
    got: dict[str, Any] = {
        f"class_{i}": item_class(i, v, kind) for i, v in values.items() if v is not None
    }
    classes = {i: got[f"class_{i}"] for i in counting if got.get(f"class_{i}")}
    worst = max(classes.values(), default=None)
    got |= {"class": worst, "class_name": NAMES[worst - 1] if worst else None}
    got["deciding"] = {i for i, c in classes.items() if c == worst} if (worst or 0) > 1 else set()
    against = target or 3
    over = []
    for item, c in classes.items():
        if c <= against:
            continue
        times = None
        if item not in ("ph", "do"):
            table = LAKE if kind == "lake" and item in LAKE else LIMITS
            limit = numbers(table[item])[against - 1]
            times = Fraction(round((values[item] - limit) / limit * 10), 10)
        got[f"times_{item}"] = times
        over.append((item in METALS, c, times or 0, -ORDER.index(item), item))
    got["main"] = [item for *_, item in sorted(over, reverse=True)[:3]]
    got["attains"] = None if worst is None or target is None else worst <= target
    return got


ORDER = ["ph", "do", "codmn", "cod", "bod5", "nh3n", "tp", "cu", "zn", "f", "se", "as", "hg", "cd"]
ORDER += ["cr6", "pb", "cn", "phenol", "oil", "las", "sulfide"]


def mean_ph(values: list[Any]) -> float:
    return -math.log10(math.fsum(10 ** -float(v) for v in values) / len(values))


def status_by_shares(counts: dict[int, int]) -> str:
    total = sum(counts.values())
    good = Fraction(100 * sum(n for c, n in counts.items() if c <= 3), total)
    bad = Fraction(100 * counts.get(6, 0), total)
    if good >= 90:
        return "优"
    if good >= 75:
        return "良好"
    return "轻度污染" if bad < 20 else "中度污染" if bad < 40 else "重度污染"

"""Noise of cities the slow way: one point, one day, one hour at a time.

Plain Python on the rows of the sheets, after GB 3096 and HJ 640; it knows nothing of the library.
"""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

LIMITS = {  # of the day, of the night; those of 4b are not verified
    "0": ("50", "40"), "1": ("55", "45"), "2": ("60", "50"), "3": ("65", "55"), "4a": ("70", "55"),
}  # fmt: skip


def rounded(value: Decimal, digits: int = 1) -> Decimal:
    """Round half to even."""
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)


def part_of(begin: datetime) -> tuple[date, str]:
    """Return the date and the part of the day in which an hour that begins then lies."""
    if begin.hour < 6:
        return begin.date() - timedelta(days=1), "ln"
    return begin.date(), "ld" if begin.hour < 22 else "ln"


def levels(
    stated: list[tuple[str, date, str, float]], hours: list[tuple[str, datetime, float]]
) -> dict[tuple[str, date, str], Decimal | None]:
    """Return the levels of points, dates and parts of the day; hours are by their beginning."""
    parts = defaultdict(list)
    for point, begin, level in hours:
        day, part = part_of(begin)
        parts[point, day, part].append(level)
    found: dict[tuple[str, date, str], Decimal | None] = {}
    for (point, day, part), values in parts.items():
        whole = 16 if part == "ld" else 8
        if len(values) < whole * 0.75:
            found[point, day, part] = None
            continue
        mean = sum(10 ** (0.1 * level) for level in values) / len(values)
        near = Decimal(repr(round(10 * math.log10(mean), 6)))
        found[point, day, part] = rounded(near)
    found |= {(p, day, part): Decimal(repr(level)) for p, day, part, level in stated}
    return found


def spans(first: date, last: date) -> dict[str, tuple[date, date]]:
    """Return the periods that days of one year may be part of, 1—N月 up to the last month."""
    year = first.year
    ends = [date(year + n // 12, n % 12 + 1, 1) - timedelta(days=1) for n in range(1, 13)]
    found = {f"{end:%Y-%m}": (end.replace(day=1), end) for end in ends}
    for quarter in range(4):
        end = ends[3 * quarter + 2]
        found[f"{year}-Q{quarter + 1}"] = (date(year, 3 * quarter + 1, 1), end)
    found[f"{year}"] = (date(year, 1, 1), ends[-1])
    for end in ends[: last.month]:
        found[f"{year}-01/{end:%Y-%m}"] = (date(year, 1, 1), end)
    return found


def figures(
    roster: list[dict],
    regions: dict[str, list[str]],
    found: dict[tuple[str, date, str], Decimal | None],
    span: tuple[date, date],
) -> dict[tuple[str, str], str | None]:
    """Return the figures of regions over a span; None where there are points and no figure.

    Parameters
    ----------
    roster : list of dict
        ``code, kind, zone, length, left_out``.
    regions : dict
        Points of each region.
    found : dict
        As `levels` gives them.
    span : (date, date)
        First and last day.
    """
    about = {one["code"]: one for one in roster if not one["left_out"]}
    inside = {key: v for key, v in found.items() if span[0] <= key[1] <= span[1]}
    out: dict[tuple[str, str], str | None] = {}
    for region, members in regions.items():
        own = {key: v for key, v in inside.items() if key[0] in members and key[0] in about}
        for place, (code, part) in enumerate((("day_share", "ld"), ("night_share", "ln"))):
            rows = [(about[p], v) for (p, _, of), v in own.items() if of == part]
            rows = [(one, v) for one, v in rows if one["kind"] == "功能区"]
            if not rows:
                continue
            told = [
                rounded(v) <= Decimal(LIMITS[one["zone"]][place])
                for one, v in rows
                if v is not None and one["zone"] in LIMITS
            ]
            share = rounded(Decimal(100 * sum(told)) / len(told)) if told else None
            out[f"noise.zones.{code}", region] = None if share is None else str(share)
        for code, kind in (("region", "区域"), ("road", "道路")):
            days = defaultdict(list)
            for (p, _, of), v in own.items():
                if of == "ld" and about[p]["kind"] == kind:
                    days[p].append(v)
            if not days:
                continue
            total = weight = Decimal(0)
            for point, values in days.items():
                there = [v for v in values if v is not None]
                if there:
                    mean = rounded(sum(there) / len(there), 3)
                    length = Decimal(about[point]["length"] or 1)
                    total, weight = total + mean * length, weight + length
            out[f"noise.{code}.day", region] = str(rounded(total / weight)) if weight else None
    return out

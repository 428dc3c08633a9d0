"""The slow, obvious reference: China's air rules in dictionaries, loops and fractions.

Written from the printed tables of GB 3095-2012, GB 3095-2026, HJ 633-2012, HJ 633-2026 and the
assessment rules of HJ 663-2013, and from nothing else: no dataframe, no table of the library, no
function of the library. A frame here is a list of dicts, a number is a ``Fraction`` of the decimal
as it is written, and every rule is spelled out once, in the order in which the standard states it.
"""

from __future__ import annotations

import calendar
import datetime as dt
import math
from collections import defaultdict
from fractions import Fraction
from itertools import groupby
from typing import Any

Row = dict[str, Any]

DAY = dt.timedelta(days=1)

HOURLY = ("so2", "no2", "co", "o3", "pm10", "pm25")
DAILY = ("so2", "no2", "co", "o3_1h", "o3_8h", "pm10", "pm25")
SIX = ("so2", "no2", "co", "o3_8h", "pm10", "pm25")
MEANS = ("so2", "no2", "pm10", "pm25")

# The project's own guard against typing and unit accidents, not a figure of a standard: a value
# above it is set aside as absurd.
ABSURD = {"so2": 10000, "no2": 10000, "co": 500, "o3": 10000, "pm10": 10000, "pm25": 10000}

# ---------------------------------------------------------------------------------------------
# numbers


def number(value: Any) -> Fraction | None:
    """Return the decimal as written; None, NaN and the infinities are missing."""
    if value is None:
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, Fraction) else Fraction(str(value))


def half_even(value: Fraction, digits: int = 0) -> Fraction:
    """GB/T 8170: round to the nearest; exactly half goes to the even digit."""
    scaled = value * 10**digits
    below = math.floor(scaled)
    rest = scaled - below
    if rest > Fraction(1, 2) or (rest == Fraction(1, 2) and below % 2 == 1):
        below += 1
    return Fraction(below, 10**digits)


def substance(item: str) -> str:
    return "o3" if item.startswith("o3") else item


def sound(item: str, value: Any) -> Fraction | None:
    """A measured value that can be used: neither missing nor negative nor absurd."""
    got = number(value)
    return got if got is not None and 0 <= got <= ABSURD[substance(item)] else None


def digits_of(item: str) -> int:
    """Carbon monoxide is published in mg/m3 with one decimal, the others in whole µg/m3."""
    return 1 if item == "co" else 0


def mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def percentile(values: list[Fraction], p: Fraction) -> Fraction:
    """HJ 663-2013 appendix A: k = 1 + (n - 1) p, linear between the two neighbours."""
    ordered = sorted(values)
    k = 1 + (len(ordered) - 1) * p
    s = math.floor(k)
    if s == len(ordered):
        return ordered[-1]
    return ordered[s - 1] + (ordered[s] - ordered[s - 1]) * (k - s)


# ---------------------------------------------------------------------------------------------
# editions

EDITIONS = {
    "2012": (dt.date(2012, 1, 1), dt.date(2026, 2, 28)),
    "2026": (dt.date(2026, 3, 1), dt.date(2030, 12, 31)),
    "2031": (dt.date(2031, 1, 1), dt.date.max),
}

# GB 3095 table 1, grade 2: (annual, daily); O3 daily is the daily maximum 8-hour mean.
LIMITS = {
    "2012": {
        "so2": (60, 150),
        "no2": (40, 80),
        "co": (None, 4),
        "o3_8h": (None, 160),
        "pm10": (70, 150),
        "pm25": (35, 75),
    },
    "2026": {
        "so2": (60, 150),
        "no2": (40, 80),
        "co": (None, 4),
        "o3_8h": (None, 160),
        "pm10": (60, 120),
        "pm25": (30, 60),
    },
    "2031": {
        "so2": (20, 50),
        "no2": (30, 50),
        "co": (None, 4),
        "o3_8h": (None, 160),
        "pm10": (50, 100),
        "pm25": (25, 50),
    },
}

IAQI = (0, 50, 100, 150, 200, 300, 400, 500)

# HJ 633 table 1: the concentration at each IAQI of the line above; a short row ends early.
_GASES = {
    ("so2", "24h"): (0, 50, 150, 475, 800, 1600, 2100, 2620),
    ("so2", "1h"): (0, 150, 500, 650, 800),
    ("no2", "24h"): (0, 40, 80, 180, 280, 565, 750, 940),
    ("no2", "1h"): (0, 100, 200, 700, 1200, 2340, 3090, 3840),
    ("co", "24h"): (0, 2, 4, 14, 24, 36, 48, 60),
    ("co", "1h"): (0, 5, 10, 35, 60, 90, 120, 150),
    ("o3", "8h"): (0, 100, 160, 215, 265, 800),
    ("o3", "1h"): (0, 160, 200, 300, 400, 800, 1000, 1200),
}
BREAKPOINTS = {
    "2012": _GASES
    | {
        ("pm10", "24h"): (0, 50, 150, 250, 350, 420, 500, 600),
        ("pm25", "24h"): (0, 35, 75, 115, 150, 250, 350, 500),
    },
    "2026": _GASES
    | {
        ("pm10", "24h"): (0, 50, 120, 250, 350, 420, 500, 600),
        ("pm25", "24h"): (0, 35, 60, 115, 150, 250, 350, 500),
    },
}
# HJ 633-2026 has one table for the transition and for the final limits.
BREAKPOINTS["2031"] = BREAKPOINTS["2026"]

# A daily item is judged by one column of the table, an hourly one by another.
DAILY_COLUMN = {
    "so2": ("so2", "24h"),
    "no2": ("no2", "24h"),
    "co": ("co", "24h"),
    "o3_1h": ("o3", "1h"),
    "o3_8h": ("o3", "8h"),
    "pm10": ("pm10", "24h"),
    "pm25": ("pm25", "24h"),
}
HOURLY_COLUMN = {
    "so2": ("so2", "1h"),
    "no2": ("no2", "1h"),
    "co": ("co", "1h"),
    "o3": ("o3", "1h"),
    "o3_8h": ("o3", "8h"),
    "pm10": ("pm10", "24h"),
    "pm25": ("pm25", "24h"),
}

CATEGORIES = (
    (50, 1, "优"),
    (100, 2, "良"),
    (150, 3, "轻度污染"),
    (200, 4, "中度污染"),
    (300, 5, "重度污染"),
    (500, 6, "严重污染"),
)


def edition_on(date: dt.date | None) -> str | None:
    for name, (first, last) in EDITIONS.items():
        if date is not None and first <= date <= last:
            return name
    return None


# ---------------------------------------------------------------------------------------------
# HJ 633: the index


def iaqi(edition: str, column: tuple[str, str], value: Any) -> int | None:
    """Return the individual index of one concentration, None where the standard gives none."""
    c = number(value)
    if c is None:
        return None
    if edition != "2012":  # HJ 633-2026 4.2.2: the concentration is rounded first
        c = half_even(c, digits_of(column[0]))
    points = BREAKPOINTS[edition][column]
    if c > points[-1]:
        if len(points) == len(IAQI):
            return 500
        if edition == "2012":  # "no longer computed": the other average of the item reports
            return None
        return IAQI[len(points) - 1]  # notes b and c of 2026: SO2 1 h 200, O3 8 h 300
    for k in range(1, len(points)):
        low, high = points[k - 1], points[k]
        if c <= high:
            slope = Fraction(IAQI[k] - IAQI[k - 1], high - low)
            return math.ceil(slope * (c - low) + IAQI[k - 1])
    raise AssertionError((edition, column, value))


def category(index: int | None) -> tuple[int | None, str | None]:
    if index is None:
        return None, None
    for top, level, name in CATEGORIES:
        if index <= top:
            return level, name
    raise AssertionError(index)


def index(
    edition: str | None,
    values: dict[str, Any],
    columns: dict[str, tuple[str, str]],
    exempt: tuple[str, ...] = (),
    optional: tuple[str, ...] = (),
) -> Row:
    """Return IAQIs, AQI, level, category, primary and exceeding pollutants and the status."""
    out: Row = {f"iaqi_{item}": None for item in values}
    out |= dict.fromkeys(("aqi", "level", "category", "primary", "exceeding"))
    if edition is None:
        return out | {"aqi_status": "no_edition"}
    parts = {i: iaqi(edition, columns[i], sound(i, v)) for i, v in values.items()}
    out |= {f"iaqi_{item}": part for item, part in parts.items()}
    present = {item: part for item, part in parts.items() if part is not None}
    # Above the end of its 2012 column an item has no index, and the other average of the same
    # substance reports for it: then nothing is missing.
    spoken_for = {substance(i) for i in present}
    needed = [
        i
        for i in values
        if i not in present
        and i not in exempt
        and i not in optional
        and not (sound(i, values[i]) is not None and substance(i) in spoken_for)
    ]
    top = max(present.values(), default=None)
    if edition != "2012" and needed and (top is None or top <= 100):  # HJ 633-2026 5.3.1
        return out | {"aqi_status": "NA"}
    if top is None:
        return out | {"aqi_status": "no_data"}
    out["aqi"] = top
    out["level"], out["category"] = category(top)
    if top > 50:
        out["primary"] = ",".join(i for i in values if present.get(i) == top)
    if edition == "2012":  # 2026 has struck out the definition
        out["exceeding"] = ",".join(i for i in values if present.get(i, 0) > 100) or None
    out["aqi_status"] = "partial" if needed else "ok"
    return out


def aqi(rows: list[Row], edition: str | None = None, exempt: tuple[str, ...] = ()) -> list[Row]:
    """Judge daily rows: 2012 by seven items (six where there is no O3 1 h), 2026 by six."""
    out = []
    for row in rows:
        ed = edition or edition_on(row["date"])
        items = [i for i in DAILY if i != "o3_1h" or (i in row and ed == "2012")]
        got = index(ed, {i: row.get(i) for i in items}, DAILY_COLUMN, exempt, ("o3_1h",))
        got.setdefault("iaqi_o3_1h", None)
        out.append({**row, **got, "edition": ed})
    return out


def aqi_hourly(
    rows: list[Row],
    *,
    edition: str | None = None,
    rule: str = "platform",
    stamp: str = "end",
    by: tuple[str, ...] = ("station",),
    exempt: tuple[str, ...] = (),
) -> list[Row]:
    """Judge hours: six 1-hour means; by the letter of 2012 with running means of O3 and PM."""
    at: dict[tuple[Any, ...], dict[dt.datetime, Row]] = defaultdict(dict)
    if rule == "text":
        for row in rows:
            at[tuple(row[k] for k in by)][row["time"]] = row

    def running(row: Row, item: str, hours: int, least: int) -> Fraction | None:
        own = at[tuple(row[k] for k in by)]
        times = [row["time"] - dt.timedelta(hours=h) for h in range(hours)]
        got = [v for v in (sound(item, own[t][item]) for t in times if t in own) if v is not None]
        return half_even(mean(got), digits_of(item)) if len(got) >= least else None

    out = []
    for row in rows:
        ed = edition or edition_on(day_of(row["time"], stamp)[0])
        values = {item: row.get(item) for item in HOURLY}
        if rule == "text" and ed == "2012":
            values = {
                "so2": row["so2"],
                "no2": row["no2"],
                "co": row["co"],
                "o3": row["o3"],
                "o3_8h": running(row, "o3", 8, 6),
                "pm10": running(row, "pm10", 24, 20),
                "pm25": running(row, "pm25", 24, 20),
            }
        # The running 8 hours stand beside the hour of ozone: without them nothing is missing.
        got = index(ed, values, HOURLY_COLUMN, exempt, ("o3_8h",))
        out.append({**row, **got, "edition": ed})
    return out


# ---------------------------------------------------------------------------------------------
# GB 3095 table 4, HJ 663: hours to days


def day_of(time: dt.datetime, stamp: str) -> tuple[dt.date, int]:
    """Return the natural day and the hour's label in it, 1 to 24 (the hour that ends there)."""
    end = time + dt.timedelta(hours=1) if stamp == "start" else time
    before = end - dt.timedelta(hours=1)
    return before.date(), before.hour + 1


def daily(
    hours: list[Row],
    *,
    stamp: str = "end",
    by: tuple[str, ...] = ("station",),
    edition: str | None = None,
    rounded: bool = True,
    labels: tuple[int, int] = (8, 24),
) -> list[Row]:
    days: dict[tuple[Any, ...], dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for place, row in enumerate(hours):
        # A row without a time belongs to no day; it repeats nothing.
        date, label = (None, -place) if row["time"] is None else day_of(row["time"], stamp)
        days[(*(row[k] for k in by), date)][label].append(row)

    out = []
    for key, labelled in days.items():
        date = key[-1]
        ed = edition or edition_on(date)
        new: Row = dict(zip(by, key[:-1], strict=True)) | {"date": date, "edition": ed}
        repeated = any(len(rows) > 1 for rows in labelled.values())
        valid: dict[str, dict[int, Fraction]] = {}
        faults: dict[str, set[str]] = {}
        for item in HOURLY:
            valid[item], faults[item], count = {}, set(), 0
            for label, rows in labelled.items():
                for value in (number(row[item]) for row in rows):
                    if value is None:
                        continue
                    if value < 0:
                        faults[item].add("negative")
                    elif value > ABSURD[item]:
                        faults[item].add("absurd")
                    else:
                        valid[item][label] = value
                        count += 1
            new[f"hours_{item}"] = count

        # Labels before 8 o'clock reach back into the hours of the day before.
        ozone = dict(valid["o3"])
        if labels[0] < 8 and date is not None:
            for label, rows in days.get((*key[:-1], date - DAY), {}).items():
                for row in rows:
                    if (value := sound("o3", row["o3"])) is not None:
                        ozone[label - 24] = value
        windows = []
        for label in range(labels[0], labels[1] + 1):
            inside = [ozone[h] for h in range(label - 7, label + 1) if h in ozone]
            if len(inside) >= 6:
                windows.append(mean(inside))
        new["windows_o3"] = None if repeated else len(windows)

        for item in DAILY:
            source = "o3" if item.startswith("o3") else item
            got = list(valid[source].values())
            reasons = set(faults[source])
            value = None
            if item == "o3_1h":
                value = max(got, default=None)
            elif item == "o3_8h":
                best = max(windows, default=None)
                if best is not None and (len(windows) >= 14 or half_even(best) > 160):
                    value = best
            elif len(got) >= 20:
                value = mean(got)
            if repeated or ed is None or date is None:
                value = None
                reasons |= {"repeated_hour"} if repeated else set()
                reasons |= {"no_time"} if date is None else {"no_edition"} if ed is None else set()
            elif value is None:
                few = "few_windows" if item == "o3_8h" else "few_hours"
                reasons.add(few if got else "no_data")
            if value is not None and rounded:
                value = half_even(value, digits_of(item))
            new[item] = value
            new[f"reason_{item}"] = reasons
        out.append(new)
    return out


# ---------------------------------------------------------------------------------------------
# events, reference states


def exclude(
    rows: list[Row], events: list[Row], keys: tuple[str, ...], *, stamp: str = "end"
) -> list[Row]:
    """Add to each row the kinds of the events that touch its values, and their numbers.

    Events have dates; those of hours (datetimes) name the first and the last stamp.
    """
    out = []
    for row in rows:
        new = dict(row)
        items = [i for i in dict.fromkeys((*HOURLY, *DAILY)) if i in row]
        for item in items:
            new[f"excluded_{item}"] = set()
        new["event"] = set()
        for number_, event in enumerate(events, start=1):
            if any(event.get(k) not in (None, row[k]) for k in keys):
                continue
            if not touched(row, event["start"], event["end"] or event["start"], stamp):
                continue
            new["event"].add(str(number_))
            named = (event.get("items") or "pm10,pm25").split(",")
            for item in items:
                if any(n in (item, substance(item)) or item == substance(n) for n in named):
                    new[f"excluded_{item}"].add(event.get("kind") or "dust")
        out.append(new)
    return out


def touched(row: Row, start: Any, end: Any, stamp: str) -> bool:
    stamps = [row["time"]] if "time" in row else None
    if isinstance(start, dt.datetime):
        if stamps:
            return start <= stamps[0] <= end
        first = dt.datetime.combine(row["date"], dt.time(1 if stamp == "end" else 0))
        return any(start <= first + dt.timedelta(hours=n) <= end for n in range(24))
    day = day_of(stamps[0], stamp)[0] if stamps else row["date"]
    return start <= day <= end


def convert(
    item: str, value: Any, state: str, to: str, celsius: Any = None, hpa: Any = None
) -> tuple[Fraction | None, str]:
    """Return a value at another state by C ∝ p / T, and the state that it then has."""
    value = number(value)
    if item in ("pm10", "pm25"):
        if state != to and (celsius is None or hpa is None):
            return value, state
        air = (Fraction("273.15") + (number(celsius) or 0), number(hpa) or Fraction(1))
        standard = (Fraction("273.15"), Fraction("1013.25"))
        of = {"标况": standard, "实况": air}
    else:
        of = {
            k: (Fraction(t), Fraction("1013.25"))
            for k, t in (("标况", "273.15"), ("实况", "298.15"))
        }
    if value is None or state == to:
        return value, to
    (t0, p0), (t1, p1) = of[state], of[to]
    return value * t0 / t1 * p1 / p0, to


# ---------------------------------------------------------------------------------------------
# stations to cities, cities to groups


def area(
    rows: list[Row],
    stations: list[Row],
    *,
    by: tuple[str, ...] = ("city",),
    station: tuple[str, ...] = ("station",),
    min_share: Fraction | None = None,
    edition: str | None = None,
) -> list[Row]:
    """Average the assessment stations; a day with too few of them has no value."""
    home: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    reference: set[tuple[Any, ...]] = set()
    members: dict[tuple[Any, ...], int] = defaultdict(int)
    for row in stations:
        key = tuple(row[k] for k in station)
        home[key] = tuple(row[k] for k in by)
        if row.get("reference"):
            reference.add(key)
        else:
            members[home[key]] += 1
    nowhere = (None,) * len(by)
    grouped: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        key = tuple(row[k] for k in station)
        inside = grouped[(*home.get(key, nowhere), row["date"])]
        if key in home and key not in reference:
            inside.append(row)
    out = []
    for key, group_ in grouped.items():
        new: Row = dict(zip(by, key[:-1], strict=True)) | {"date": key[-1]}
        new["edition"] = ed = edition or edition_on(key[-1])
        total = members[key[:-1]]
        share = min_share
        if share is None:
            share = Fraction(1, 2) if total < 4 else Fraction(3, 4)
        for item in DAILY:
            got = [v for v in (sound(item, r[item]) for r in group_) if v is not None]
            new[f"stations_{item}"] = len(got)
            enough = ed is not None and bool(got) and Fraction(len(got), total) >= share
            new[item] = half_even(mean(got), digits_of(item)) if enough else None
        out.append(new)
    return out


def group(
    rows: list[Row],
    members: dict[str, list[str]],
    figures: list[str],
    *,
    allow_missing: bool = False,
) -> list[Row]:
    """A group's figure is the mean of its cities' figures, never of their pooled days."""
    out = []
    for name, cities in members.items():
        by_period: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            if row["city"] in cities:
                by_period[row["period"]].append(row)
        for period, inside in by_period.items():
            new: Row = {"group": name, "period": period, "members": len(cities)}
            new["members_present"] = len(inside)
            for figure in figures:
                got = [v for v in (number(r[figure]) for r in inside) if v is not None]
                whole = len(got) == len(cities) or (allow_missing and got)
                new[figure] = half_even(mean(got), figure_digits(figure)) if whole else None
            out.append(new)
    return out


# ---------------------------------------------------------------------------------------------
# HJ 663: statistics of a period


def month_end(year: int, month: int) -> dt.date:
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def months_between(start: dt.date, end: dt.date) -> list[tuple[int, int]]:
    first, last = start.year * 12 + start.month - 1, end.year * 12 + end.month - 1
    return [(m // 12, m % 12 + 1) for m in range(first, last + 1)]


def periods_of(date: dt.date, period: Any) -> list[tuple[str, dt.date, dt.date]]:
    """Return name, first and last day of the periods that a day's own month belongs to."""
    y, m = date.year, date.month
    if period == "month":
        return [(f"{y}-{m:02}", dt.date(y, m, 1), month_end(y, m))]
    if period == "quarter":
        q = (m - 1) // 3 + 1
        return [(f"{y}-Q{q}", dt.date(y, 3 * q - 2, 1), month_end(y, 3 * q))]
    if period == "half":
        h = 1 if m <= 6 else 2
        return [(f"{y}-H{h}", dt.date(y, 6 * h - 5, 1), month_end(y, 6 * h))]
    if period == "year":
        return [(f"{y}", dt.date(y, 1, 1), dt.date(y, 12, 31))]
    if period == "ytd":  # one for each month that the year has reached
        return [(f"{y}-01~{n:02}", dt.date(y, 1, 1), month_end(y, n)) for n in range(m, 13)]
    first, last = (tuple(int(p) for p in part.split("-")) for part in period)
    if first <= (y, m) <= last:
        return [(f"{period[0]}~{period[1]}", dt.date(*first, 1), month_end(*last))]
    return []


def enough_days(dates: list[dt.date], start: dt.date, end: dt.date, *, whole_year: bool) -> bool:
    """GB 3095 table 4: 27 days in a month (25 in February), and 324 in a whole year."""
    for year, month in months_between(start, end):
        need = 25 if month == 2 else 27
        if sum(1 for d in dates if (d.year, d.month) == (year, month)) < need:
            return False
    return not (whole_year and len(dates) < 324)


def composite(
    values: dict[str, Any], edition: str, weights: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Composite index as the bulletins print it.

    Each concentration is rounded (CO to 0.1), each quotient to 0.01, then they are added.
    """
    parts: dict[str, Fraction | None] = {}
    for item in SIX:
        value = number(values[item])
        annual, day = LIMITS[edition][item]
        standard = annual if annual is not None else day
        parts[item] = (
            None
            if value is None
            else half_even(half_even(value, digits_of(item)) / Fraction(standard), 2)
        )
    out: dict[str, Any] = {f"index_{item}": part for item, part in parts.items()}
    whole = all(part is not None for part in parts.values())
    weigh = {item: number((weights or {}).get(item, 1)) for item in SIX}
    out["composite"] = (
        half_even(sum(weigh[i] * parts[i] for i in SIX), 2) if whole else None  # type: ignore[operator,misc]
    )
    top = max(p for p in parts.values() if p is not None) if whole else None
    out["index_max"] = top
    out["main"] = ",".join(i for i in SIX if parts[i] == top) if whole else None
    return out


PERCENTILES = {
    "so2_p98": ("so2", Fraction(98, 100)),
    "no2_p98": ("no2", Fraction(98, 100)),
    "pm10_p95": ("pm10", Fraction(95, 100)),
    "pm25_p95": ("pm25", Fraction(95, 100)),
    "co_p95": ("co", Fraction(95, 100)),
    "o3_8h_p90": ("o3_8h", Fraction(90, 100)),
}
SECOND = {
    "so2": "so2_p98",
    "no2": "no2_p98",
    "pm10": "pm10_p95",
    "pm25": "pm25_p95",
    "co": "co_p95",
    "o3_8h": "o3_8h_p90",
}


def figure_digits(figure: str) -> int:
    """Indices keep two decimals, ratios one, concentrations what they are published with."""
    if figure == "composite" or figure.startswith("index_"):
        return 2
    return 1 if figure.endswith("_ratio") or figure.startswith("co") else 0


def percent(part: int, whole: int) -> Fraction | None:
    return half_even(Fraction(100 * part, whole), 1) if whole else None


def without_marked(row: Row) -> Row:
    return row | {i: None for i in DAILY if row.get(f"excluded_{i}")}


def statistics(
    rows: list[Row],
    *,
    by: tuple[str, ...] = ("station",),
    period: Any = "month",
    edition: str | None = None,
    weights: dict[str, Any] | None = None,
    exempt: tuple[str, ...] = (),
    dust: str = "kept",
) -> list[Row]:
    reached: dict[tuple[Any, ...], tuple[int, int]] = {}
    for row in rows:
        key = (*(row[k] for k in by), row["date"].year)
        reached[key] = max(reached.get(key, (0, 0)), (row["date"].year, row["date"].month))
    buckets: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        for name, start, end in periods_of(row["date"], period):
            key = (*(row[k] for k in by), row["date"].year)
            if period == "ytd" and (end.year, end.month) > reached[key]:
                continue
            buckets[(*(row[k] for k in by), name, start, end)].append(row)

    return [
        assess(key, inside, by, period, edition, weights, exempt, dust)
        for key, inside in buckets.items()
    ]


def assess(
    key: tuple[Any, ...],
    inside: list[Row],
    by: tuple[str, ...],
    period: Any,
    edition: str | None,
    weights: dict[str, Any] | None,
    exempt: tuple[str, ...],
    dust: str,
) -> Row:
    name, start, end = key[-3:]
    new: Row = dict(zip(by, key[:-3], strict=True))
    ed = edition or edition_on(end)
    new |= {"period": name, "start": start, "end": end, "edition": ed}
    days = (end - start).days + 1
    mixed = edition is None and len({edition_on(start + DAY * n) for n in range(days)}) > 1
    new |= {"mixed_editions": mixed or (edition is None and ed is None), "days": days}
    dates = [r["date"] for r in inside]
    if ed is None or len(set(dates)) < len(dates):
        return new | dict.fromkeys(FIGURES)

    left_out = inside if dust == "kept" else [without_marked(r) for r in inside]
    judged = aqi(left_out if dust == "removed" else inside, edition=ed, exempt=exempt)
    indices = [r["aqi"] for r in judged if r["aqi"] is not None]
    new["valid_days"] = len(indices)
    new["partial_days"] = sum(1 for r in judged if r["aqi_status"] == "partial")
    new["good_days"] = sum(1 for a in indices if a <= 100)
    new["heavy_days"] = sum(1 for a in indices if a > 200)
    new["good_ratio"] = percent(new["good_days"], len(indices))
    new["heavy_ratio"] = percent(new["heavy_days"], len(indices))
    for level in range(1, 7):
        new[f"level_{level}_days"] = sum(1 for r in judged if r["level"] == level)
    for item in DAILY:
        new[f"primary_{item}_days"] = sum(
            1 for r in judged if item in (r["primary"] or "").split(",")
        )

    whole_year = period == "year"
    figures: dict[str, Fraction | None] = {}
    for item in SIX:
        _, limit_of_day = LIMITS[ed][item]
        # Daily values enter as they are published.
        got = [sound(item, r[item]) for r in left_out]
        values = [half_even(v, digits_of(item)) for v in got if v is not None]
        # What an event takes out was measured, and counts for the validity of the period.
        measured = [r["date"] for r in inside if sound(item, r[item]) is not None]
        valid = enough_days(measured, start, end, whole_year=whole_year)
        new[f"days_{item}"], new[f"valid_{item}"] = len(values), valid
        new[f"excluded_{item}_days"] = len(measured) - len(values)
        new[f"exceed_{item}_days"] = sum(1 for v in values if v > limit_of_day)
        # A year with too few days has no figure (table 4); a shorter period shows what it has.
        there = bool(values) and (valid or not whole_year)
        if item in MEANS:
            figures[item] = mean(values) if there else None
        figures[SECOND[item]] = percentile(values, PERCENTILES[SECOND[item]][1]) if there else None
    for figure, value in figures.items():
        new[figure] = None if value is None else half_even(value, figure_digits(figure))

    for item in SIX:
        annual, limit_of_day = LIMITS[ed][item]
        second = new[SECOND[item]]
        first, limit = (new[item], annual) if item in MEANS else (second, limit_of_day)
        over = first is not None and first > limit
        new[f"times_{item}"] = half_even((first - limit) / limit, 2) if over else None
        new[f"attains_{item}"] = None
        if whole_year and first is not None:
            new[f"attains_{item}"] = first <= limit and second <= limit_of_day
    attained = [new[f"attains_{item}"] for item in SIX]
    new["attains"] = False if False in attained else None if None in attained else True
    judged_by = {i: figures[i if i in MEANS else SECOND[i]] for i in SIX}
    return new | composite(judged_by, ed, weights)


FIGURES = [
    *("valid_days", "partial_days", "good_days", "good_ratio", "heavy_days", "heavy_ratio"),
    *(f"level_{n}_days" for n in range(1, 7)),
    *(f"primary_{i}_days" for i in DAILY),
    *MEANS,
    *PERCENTILES,
    *(f"days_{i}" for i in SIX),
    *(f"excluded_{i}_days" for i in SIX),
    *(f"valid_{i}" for i in SIX),
    *(f"exceed_{i}_days" for i in SIX),
    *(f"times_{i}" for i in SIX),
    *(f"attains_{i}" for i in SIX),
    "attains",
    *(f"index_{i}" for i in SIX),
    *("composite", "index_max", "main"),
]


# ---------------------------------------------------------------------------------------------
# comparing and ranking


def change(now: Any, before: Any, *, points: bool = False) -> tuple[Fraction | None, str | None]:
    """Year-on-year: per cent on the rounded figures, or percentage points for a ratio."""
    a, b = number(now), number(before)
    if a is None or b is None:
        return None, None
    trend = "持平" if a == b else "上升" if a > b else "下降"
    if points:
        return half_even(a - b, 1), trend
    if b == 0:
        return None, trend
    return half_even(100 * (a - b) / b, 1), trend


def compare(
    now: list[Row], earlier: list[list[Row]], by: tuple[str, ...], figures: list[str]
) -> list[Row]:
    """Set each figure against the earlier one, or against the mean of several rounded ones."""
    out = []
    for row in now:
        key = tuple(row[k] for k in by)
        past = [[r for r in rows if tuple(r[k] for k in by) == key] for rows in earlier]
        new = dict(row)
        for figure in figures:
            got = [number(rows[0][figure]) if rows else None for rows in past]
            before = None
            if None not in got:
                before = half_even(mean(got), figure_digits(figure)) if len(got) > 1 else got[0]
            new[f"{figure}_before"] = before
            new[f"{figure}_change"], new[f"{figure}_trend"] = change(
                row[figure], before, points=figure.endswith("_ratio")
            )
        out.append(new)
    return out


def rank(rows: list[Row], keys: list[tuple[str, bool]], within: str = "period") -> list[Row]:
    """Competition ranks 1, 2, 2, 4 by several keys of (column, ascending); no value, no rank."""

    def order(row: Row) -> tuple[Fraction, ...] | None:
        values = [number(row[column]) for column, _ in keys]
        if any(v is None for v in values):
            return None
        return tuple(
            v if up else -v  # type: ignore[operator,misc]
            for v, (_, up) in zip(values, keys, strict=True)
        )

    out = []
    for _, group_ in groupby(sorted(rows, key=lambda r: r[within]), key=lambda r: r[within]):
        inside = list(group_)
        orders = [order(r) for r in inside]
        for row, mine in zip(inside, orders, strict=True):
            if mine is None:
                out.append({**row, "rank": None, "tied": None})
                continue
            better = sum(1 for o in orders if o is not None and o < mine)
            same = sum(1 for o in orders if o == mine)
            out.append({**row, "rank": better + 1, "tied": same > 1})
    return out

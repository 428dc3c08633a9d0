"""Every cell of a monthly bulletin, by plain Python, one number at a time.

Written from the rules alone and importing nothing of the package: hours as integers, means as
fractions, one rounding each (GB/T 8170: half to even). Slow and obvious on purpose.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import polars as pl  # only to read the rows

SAMPLE = (
    Path(__file__).resolve().parent.parent / "src/shanshui/platform/demo/samples/beijing_2013_2015"
)
ITEMS = ("so2", "no2", "co", "o3", "pm10", "pm25")
SIX = ("so2", "no2", "co", "o3_8h", "pm10", "pm25")
NAMES = {
    "so2": "SO2",
    "no2": "NO2",
    "co": "CO",
    "o3_8h": "O3",
    "pm10": "PM10",
    "pm25": "PM2.5",
}
UNIT = 10_000  # hours are whole numbers of 1/10,000 µg/m3, of CO 1/10,000 mg/m3
PLACES = defaultdict(int, co=1)  # decimals of a concentration

# HJ 633-2012, table 1: concentrations at IAQI 0, 50, 100, 150, 200, 300, 400, 500.
POINTS = (0, 50, 100, 150, 200, 300, 400, 500)
BREAKS = {
    "so2": (0, 50, 150, 475, 800, 1600, 2100, 2620),
    "no2": (0, 40, 80, 180, 280, 565, 750, 940),
    "co": (0, 2, 4, 14, 24, 36, 48, 60),
    "o3_1h": (0, 160, 200, 300, 400, 800, 1000, 1200),
    "o3_8h": (0, 100, 160, 215, 265, 800),
    "pm10": (0, 50, 150, 250, 350, 420, 500, 600),
    "pm25": (0, 35, 75, 115, 150, 250, 350, 500),
}
# GB 3095-2012, grade 2: annual means; CO by the day, O3 by 8 hours.
LIMITS = {"so2": 60, "no2": 40, "co": 4, "o3_8h": 160, "pm10": 70, "pm25": 35}


def half_even(value, places=0):
    """Round once, a tie to the even neighbour."""
    scaled = Fraction(value) * 10**places
    low = math.floor(scaled)
    rest = scaled - low
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and low % 2 == 1)
    return Fraction(low + up, 10**places)


def mean(values):
    return sum(values, Fraction(0)) / len(values)


def percentile(values, p):
    """HJ 663-2013, appendix A."""
    ordered = sorted(values)
    k = 1 + (len(ordered) - 1) * p
    s = math.floor(k)
    if s == len(ordered):
        return ordered[-1]
    return ordered[s - 1] + (ordered[s] - ordered[s - 1]) * (k - s)


def stations():
    with (SAMPLE / "stations.csv").open(encoding="utf-8") as file:
        return {
            row["station"]: (row["name_zh"], row["reference"] == "true")
            for row in csv.DictReader(file)
        }


def hours(first, last):
    """Return {station: {date: {label 1..24: {item: whole}}}}; a stamp is the end of its hour."""
    table = pl.read_parquet(SAMPLE / "hours.parquet")
    table = table.filter(
        pl.col("time") > datetime(first.year, first.month, first.day),
        pl.col("time") <= datetime(last.year, last.month, last.day) + timedelta(days=1),
    )
    found = defaultdict(lambda: defaultdict(dict))
    columns = ("station", "time", "so2", "no2", "co_ugm3", "o3", "pm10", "pm25")
    for station, time, so2, no2, co, o3, pm10, pm25 in table.select(columns).iter_rows():
        begin = time - timedelta(hours=1)
        raw = {"so2": so2, "no2": no2, "o3": o3, "pm10": pm10, "pm25": pm25}
        values = {item: v for item, v in raw.items() if v is not None}
        if co is not None:
            values["co"] = co * (UNIT // 1000)
        assert all(v >= 0 for v in values.values())
        label = begin.hour + 1
        assert label not in found[station][begin.date()]
        found[station][begin.date()][label] = values
    return found


def day_values(labels):
    """Return the daily values of one station, rounded as published."""
    day = {}
    for item in ("so2", "no2", "co", "pm10", "pm25"):
        values = [h[item] for h in labels.values() if item in h]
        if len(values) >= 20:
            day[item] = half_even(Fraction(sum(values), len(values) * UNIT), PLACES[item])
    ozone = {label: h["o3"] for label, h in labels.items() if "o3" in h}
    if ozone:
        day["o3_1h"] = half_even(Fraction(max(ozone.values()), UNIT))
    windows = []
    for end in range(8, 25):
        own = [ozone[label] for label in range(end - 7, end + 1) if label in ozone]
        if len(own) >= 6:
            windows.append(half_even(Fraction(sum(own), len(own) * UNIT)))
    if windows and (len(windows) >= 14 or max(windows) > 160):
        day["o3_8h"] = max(windows)
    return day


def city_days(days, assessed):
    """Return the city's daily values: the mean of its assessment stations, 75 % of them valid."""
    out = {}
    for day in sorted({d for name in assessed for d in days[name]}):
        values = {}
        for item in (*SIX, "o3_1h"):
            own = [days[name][day][item] for name in assessed if item in days[name].get(day, {})]
            if own and len(own) * 4 >= len(assessed) * 3:
                values[item] = half_even(mean(own), PLACES[item])
        out[day] = values
    return out


def iaqi(item, value):
    breaks = BREAKS[item]
    if value > breaks[-1]:
        return 500 if len(breaks) == len(POINTS) else None
    for n in range(1, len(breaks)):
        if value <= breaks[n]:
            slope = Fraction(POINTS[n] - POINTS[n - 1], breaks[n] - breaks[n - 1])
            return math.ceil(POINTS[n - 1] + slope * (value - breaks[n - 1]))
    raise AssertionError(item)


def aqi(day):
    parts = [iaqi(item, value) for item, value in day.items()]
    return max((p for p in parts if p is not None), default=None)


def figures(days, year, first, last):
    """Return the figures of the months from first to last of a year, and what has days enough."""
    own = {d: v for d, v in days.items() if d.year == year and first <= d.month <= last}
    indexed = [n for n in (aqi(v) for v in own.values()) if n is not None]
    out = {"valid_days": len(indexed), "enough": True}
    if indexed:
        good = sum(n <= 100 for n in indexed)
        out["good_ratio"] = half_even(Fraction(good * 100, len(indexed)), 1)
        out["heavy_days"] = sum(n > 200 for n in indexed)
    index = {}
    for item in SIX:
        values = [v[item] for v in own.values() if item in v]
        for month in range(first, last + 1):
            count = sum(item in v for d, v in own.items() if d.month == month)
            out["enough"] &= count >= (25 if month == 2 else 27)
        if not values:
            continue
        if item == "co":
            figure = half_even(percentile(values, Fraction(95, 100)), 1)
        elif item == "o3_8h":
            figure = half_even(percentile(values, Fraction(90, 100)))
        else:
            figure = half_even(mean(values))
        out[item] = figure
        index[item] = half_even(figure / LIMITS[item], 2)
    if len(index) == 6:
        out["composite"] = sum(index.values())
        largest = max(index.values())
        out["main"] = "、".join(NAMES[i] for i in SIX if index[i] == largest)
    return out


def ranks(found, unranked):
    """Return {name: (rank, tied)} of the places with days enough, small is good, ties share."""
    taking = {n: f["composite"] for n, f in found.items() if n not in unranked and f["enough"]}
    out = {}
    for name, index in taking.items():
        better = sum(other < index for other in taking.values())
        same = sum(other == index for other in taking.values())
        out[name] = (better + 1, same > 1)
    return out


def change(now, before, *, points=False):
    if now is None or before is None:
        return None
    return half_even(now - before if points else (now - before) * 100 / before, 1)


def shown(value, places=0, *, percent=False):
    if value is None:
        return "—"
    exact = Fraction(value)
    digits = f"{abs(exact * 10**places).numerator:0{places + 1}d}"
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return ("-" if exact < 0 else "") + text + "%" * percent


def table(days, year, first, last, previous, unranked):
    """Return {place: its sixteen cells as printed}."""
    now = {name: figures(own, year, first, last) for name, own in days.items()}
    before = {name: figures(own, year - 1, first, last) for name, own in days.items()}
    rank = ranks(now, unranked)
    was = ranks({n: figures(own, *previous) for n, own in days.items()}, unranked)
    rows = {}
    for name in days:
        new, old = now[name], before[name]
        place, tied = rank.get(name, (None, False))
        rows[name] = [
            "—" if place is None else f"{place}(并列)" if tied else f"{place}",
            name,
            shown(new.get("good_ratio"), 1, percent=True),
            shown(change(new.get("good_ratio"), old.get("good_ratio"), points=True), 1),
            shown(new.get("pm25")),
            shown(change(new.get("pm25"), old.get("pm25")), 1),
            shown(new.get("pm10")),
            shown(new.get("so2")),
            shown(new.get("no2")),
            shown(new.get("co"), 1),
            shown(new.get("o3_8h")),
            shown(new.get("composite"), 2),
            shown(change(new.get("composite"), old.get("composite")), 1),
            new.get("main", "—"),
            shown(new.get("heavy_days")),
            f"{was[name][0]}" if name in was else "—",
        ]
    return rows


def october_2015():
    """Return both tables of Beijing's twelve stations, and what is left of the city's year."""
    sites = stations()
    raw = hours(date(2014, 1, 1), date(2015, 10, 31))
    days = {
        sites[station][0]: {d: day_values(labels) for d, labels in own.items()}
        for station, own in raw.items()
    }
    reference = {name for name, is_reference in sites.values() if is_reference}
    whole = {"全市": city_days(days, [n for n in days if n not in reference])}
    places = whole | days
    unranked = {"全市", *reference}
    return {
        "month": table(places, 2015, 10, 10, (2015, 9, 9), unranked),
        "ytd": table(places, 2015, 1, 10, (2015, 1, 9), unranked),
        "rest": rest({d: v for d, v in whole["全市"].items() if d.year == 2015}),
    }


def rest(days, pm25=80, good=60):
    """Return what 61 days may be for a mean of PM2.5 and a share of good days over the year."""
    left = (date(2015, 12, 31) - date(2015, 10, 31)).days
    values = [v["pm25"] for v in days.values() if "pm25" in v]
    control = (Fraction(pm25) * (len(values) + left) - sum(values)) / left
    indexed = [n for n in (aqi(v) for v in days.values()) if n is not None]
    bad = sum(n > 100 for n in indexed)
    total = len(indexed) + left
    most = math.floor(total * (1 - Fraction(good, 100)))
    return {"left": left, "control": Fraction(math.floor(control * 10), 10), "bad": most - bad}


if __name__ == "__main__":
    answer = october_2015()
    for key in ("month", "ytd"):
        for row in answer[key].values():
            print(*row, sep="\t")
    print(answer["rest"])

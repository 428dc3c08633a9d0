"""A comparison with last year while a station moves, by plain Python, one number at a time.

Imports nothing of the package; the rules are those of `slow_bulletin`. From 2015-04-01 on the
station 万柳 (1007A) stands, as it is told here, in a cleaner place under a new code (1007B): there
it measures what 怀柔镇 (1009A) measured. So nothing became cleaner but the place.
"""

from __future__ import annotations

from datetime import date

import polars as pl  # only to read the rows
from slow_bulletin import SAMPLE, change, city_days, day_values, figures, half_even, hours, mean

MOVED, CAME, CLEANER, DAY = "1007A", "1007B", "1009A", date(2015, 4, 1)
ITEMS = ("pm25", "pm10", "so2", "no2", "co", "o3_8h", "composite")


def codes():
    """Return {code: whether it is a reference site} by the name of the sample."""
    table = pl.read_csv(SAMPLE / "stations.csv")
    return {name: (code, ref) for name, code, ref in table["station", "code", "reference"].rows()}


def days():
    """Return {code: {date: daily values}}, with the move."""
    named = codes()
    raw = {named[name][0]: own for name, own in hours(date(2014, 1, 1), date(2015, 12, 31)).items()}
    raw[CAME] = {day: labels for day, labels in raw[CLEANER].items() if day >= DAY}
    raw[MOVED] = {day: labels for day, labels in raw[MOVED].items() if day < DAY}
    return {
        code: {day: day_values(labels) for day, labels in own.items()} for code, own in raw.items()
    }


def compared(own, now, before, first, last):
    """Return {item: (figure now, figure before, change in %)} of 2015 and 2014."""
    new = valid(city_days(own, now), 2015, first, last)
    old = valid(city_days(own, before), 2014, first, last)
    return {
        item: (new.get(item), old.get(item), change(new.get(item), old.get(item))) for item in ITEMS
    }


def valid(own, year, first, last):
    """Return the figures; those of a year need days enough in it and in each month (HJ 663)."""
    found = figures(own, year, first, last)
    if (first, last) != (1, 12):
        return found
    for item in ITEMS[:-1]:
        there = [day for day, values in own.items() if day.year == year and item in values]
        months = [sum(day.month == month for day in there) for month in range(1, 13)]
        least = [25 if month == 2 else 27 for month in range(1, 13)]
        if len(there) < 324 or any(n < m for n, m in zip(months, least, strict=True)):
            found.pop(item, None)
            found.pop("composite", None)
    return found


def lists():
    """Return the stations of both sides: the same ones, and each period's own."""
    listed = [code for code, reference in codes().values() if not reference]
    same = [code for code in listed if code != MOVED]
    return {
        "same": (same, same),
        "naive": ([CAME if code == MOVED else code for code in listed], listed),
    }


PERIODS = (("2015-10", 10, 10), ("2015-01/2015-10", 1, 10), ("2015", 1, 12))


def answer():
    """Return the comparison of October, 1—10月 and the year: on the same stations, and naively."""
    own = days()
    return {
        name: {how: compared(own, *pair, first, last) for how, pair in lists().items()}
        for name, first, last in PERIODS
    }


def tenths():
    """Return the same of PM2.5 with one decimal, as targets of the plans have it."""
    own = days()
    found = {}
    for name, first, last in PERIODS:
        found[name] = {}
        for how, pair in lists().items():
            sides = []
            for stations, year in zip(pair, (2015, 2014), strict=True):
                inside = valid(city_days(own, stations), year, first, last)
                values = [
                    values["pm25"]
                    for day, values in city_days(own, stations).items()
                    if day.year == year and first <= day.month <= last and "pm25" in values
                ]
                sides.append(half_even(mean(values), 1) if "pm25" in inside else None)
            found[name][how] = (*sides, change(*sides))
    return found


if __name__ == "__main__":
    for period, both in answer().items():
        for how, items in both.items():
            for item, three in items.items():
                print(period, how, item, *(None if one is None else float(one) for one in three))

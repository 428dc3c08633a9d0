"""Random measurements, as bad as real ones: gaps, faults, repeated hours, no order."""

import datetime as dt

import polars as pl
import reference as ref

TYPICAL = {"so2": 12, "no2": 35, "co": 0.9, "o3": 90, "pm10": 70, "pm25": 40}
HOUR_NUMBERS = dict.fromkeys(ref.HOURLY, pl.Float64)
DAY_NUMBERS = dict.fromkeys(ref.DAILY, pl.Float64)


def concentration(rng, item, *, wild=0.0):
    """A value as networks report it: whole, in tenths, or averaged; sometimes far off."""
    typical = TYPICAL["o3" if item.startswith("o3") else item]
    if rng.random() < wild:
        return rng.choice([-1.0, -0.001, 0.0, 1e5, 10000.5, float("nan"), None])
    c = typical * rng.choice([rng.lognormvariate(0, 0.5), rng.lognormvariate(0.7, 0.8)])
    if rng.random() < 0.5:
        return round(c, 1 if item == "co" else 0)
    return round(c, rng.choice([1, 2, 3, 6]))


def hours_of(rng, start, days, stations=2, *, gaps, wild, repeats=0.0):
    """Hours that end at start 01:00 and later, in no order, with holes."""
    rows = []
    for station in range(stations):
        quiet = rng.choice(ref.HOURLY) if rng.random() < 0.3 else None
        for hour in range(1, 24 * days + 1):
            if rng.random() < gaps:
                continue
            row = {"station": f"s{station}", "network": rng.choice("A") + str(station % 2)}
            row["time"] = dt.datetime.combine(start, dt.time()) + dt.timedelta(hours=hour)
            for item in ref.HOURLY:
                row[item] = concentration(rng, item, wild=wild)
                if item == quiet or rng.random() < gaps / 2:
                    row[item] = None
            rows.append(row)
            if rng.random() < repeats:
                rows.append(row | {"pm25": concentration(rng, "pm25")})
    rng.shuffle(rows)
    return rows


def hour_frame(rows):
    schema = {"station": pl.String, "network": pl.String, "time": pl.Datetime("us")}
    return pl.DataFrame(rows, schema=schema | HOUR_NUMBERS)


def days_of(rng, start, count, stations=2, *, gaps, wild=0.0, spread=1.0):
    """Days of some stations, with missing days, missing items and whole silent spells."""
    rows = []
    for station in range(stations):
        silent = {item: rng.random() < 0.1 for item in ref.DAILY}
        spell = rng.randrange(count), rng.randrange(1, 12)
        for n in range(count):
            if rng.random() < gaps or (rng.random() < 0.5 and 0 <= n - spell[0] < spell[1]):
                continue
            row = {"station": f"s{station}", "date": start + dt.timedelta(days=n)}
            mood = rng.lognormvariate(0, spread)
            for item in ref.DAILY:
                c = concentration(rng, item, wild=wild)
                if c is not None and 0 < c < 9000:
                    c = round(min(c * mood, 2000), 1 if item == "co" else rng.choice([0, 0, 1]))
                row[item] = None if silent[item] or rng.random() < gaps / 2 else c
            rows.append(row)
    rng.shuffle(rows)
    return rows


def day_frame(rows, **more):
    return pl.DataFrame(rows, schema={"station": pl.String, "date": pl.Date} | DAY_NUMBERS | more)

"""Quality control the slow way: plain Python over rows, exact fractions, as the words say it."""

import datetime as dt
from fractions import Fraction
from itertools import pairwise
from statistics import median

MAD = Fraction("1.4826")


def exact(value):
    """A float stands for its decimal at six places."""
    return None if value is None else Fraction(round(Fraction(value) * 10**6), 10**6)


def key_of(row):
    return row["station"], row["property"], row["period"]


def series_of(rows):
    """Rows by series, each in the order of time, rows of one time as they came."""
    found = {}
    for n, row in enumerate(rows):
        found.setdefault(key_of(row), []).append({**row, "n": n, "v": exact(row["value"])})
    for series in found.values():
        series.sort(key=lambda r: (r["time"], r["n"]))
    return found


def blocks_of(series):
    """Unbroken runs of periods: each row one period after the row before."""
    blocks = []
    for row in series:
        step = dt.timedelta(seconds=row["period"])
        if blocks and row["time"] - blocks[-1][-1]["time"] == step:
            blocks[-1].append(row)
        else:
            blocks.append([row])
    return blocks


def name(row, rule, level):
    return (*key_of(row), row["time"], rule, level)


def graded(size, suspect, fail, *, least=False):
    def over(limit):
        return limit is not None and (size >= limit if least else size > exact(limit))

    return "fail" if over(fail) else "suspect" if over(suspect) else "pass"


def each_block(rows):
    for series in series_of(rows).values():
        yield from blocks_of(series)


def missing(rows):
    return [name(r, "missing", "missing" if r["value"] is None else "pass") for r in rows]


def gross_range(rows, low, high, suspect_low, suspect_high):
    out = []
    for r in rows:
        v = r["value"]
        if v is None:
            continue
        fail = (low is not None and v < low) or (high is not None and v > high)
        doubt = (suspect_low is not None and v < suspect_low) or (
            suspect_high is not None and v > suspect_high
        )
        out.append(name(r, "gross_range", "fail" if fail else "suspect" if doubt else "pass"))
    return out


def negative(rows, drift):
    out = []
    for r in rows:
        v = exact(r["value"])
        if v is not None:
            level = "pass" if v >= 0 else "suspect" if v >= -exact(drift) else "fail"
            out.append(name(r, "negative", level))
    return out


def inversion(rows, lower, upper, margin):
    out = []
    for r in rows:
        if r["property"] not in (lower, upper) or r["value"] is None:
            continue
        other = upper if r["property"] == lower else lower
        theirs = {
            exact(o["value"])
            for o in rows
            if (o["station"], o["property"], o["time"], o["period"])
            == (r["station"], other, r["time"], r["period"])
            and o["value"] is not None
        }
        if len(theirs) != 1:
            level = "unknown"
        else:
            mine, yours = exact(r["value"]), theirs.pop()
            low, high = (mine, yours) if r["property"] == lower else (yours, mine)
            level = "suspect" if low > high + exact(margin) else "pass"
        out.append(name(r, f"{lower}_above_{upper}", level))
    return out


def future(rows, now):
    return [name(r, "future", "fail" if r["time"] > now else "pass") for r in rows]


def off_cadence(rows):
    out = []
    for r in rows:
        if 86400 % r["period"]:
            level = "unknown"
        else:
            since = r["time"] - dt.datetime.combine(r["time"].date(), dt.time())
            level = "suspect" if since % dt.timedelta(seconds=r["period"]) else "pass"
        out.append(name(r, "off_cadence", level))
    return out


def repeated(rows):
    out = []
    for series in series_of(rows).values():
        for time in sorted({r["time"] for r in series}):
            same = [r for r in series if r["time"] == time]
            values = {r["value"] for r in same}
            level = "pass" if len(same) == 1 else "suspect" if len(values) == 1 else "fail"
            out.append(name(same[0], "repeated", level))
    return out


def unordered(rows):
    out = []
    for series in series_of(rows).values():
        for r in series:
            late = any(o["time"] > r["time"] and o["n"] < r["n"] for o in series)
            out.append(name(r, "unordered", "suspect" if late else "pass"))
    return out


def gap(rows):
    out = []
    for series in series_of(rows).values():
        step = dt.timedelta(seconds=series[0]["period"])
        for before, after in pairwise(series):
            time, count = before["time"] + step, 0
            while time + count * step < after["time"]:
                count += 1
            if count:
                out.append((*key_of(before), time, "gap", "missing", count))
    return out


def runs(rows, rule, tested, suspect, fail):
    out = []
    for block in each_block(rows):
        run = []
        for r in [*block, None]:
            if r and run and tested(r) and r["v"] == run[-1]["v"]:
                run.append(r)
                continue
            level = graded(len(run), suspect, fail, least=True)
            out += [name(one, rule, level) for one in run]
            run = []
            if r is None or r["v"] is None:
                continue
            if tested(r):
                run = [r]
            else:
                out.append(name(r, rule, "pass"))
    return out


def zero_run(rows, suspect, fail):
    return runs(rows, "zero_run", lambda r: r["v"] == 0, suspect, fail)


def stuck(rows, suspect, fail, above):
    def tested(r):
        return r["v"] is not None and (above is None or r["v"] > exact(above))

    return runs(rows, "stuck", tested, suspect, fail)


def step(rows, suspect, fail):
    out = []
    for block in each_block(rows):
        for before, r in zip([None, *block], block, strict=False):
            if r["v"] is None:
                continue
            if before is None or before["v"] is None:
                level = "unknown"
            else:
                level = graded(abs(r["v"] - before["v"]), suspect, fail)
            out.append(name(r, "step", level))
    return out


def rate_of_change(rows, suspect, fail, within):
    out = []
    for series in series_of(rows).values():
        before = None
        for r in series:
            if r["v"] is None:
                continue
            apart = (r["time"] - before["time"]).total_seconds() if before else 0
            if 0 < apart <= within:
                rate = abs(r["v"] - before["v"]) * 3600 / Fraction(apart)
                level = graded(rate, suspect, fail)
            else:
                level = "unknown"
            out.append(name(r, "rate_of_change", level))
            before = r
    return out


def far(value, middle, spread, sigmas, fail_sigmas, least):
    off = abs(value - middle)

    def beyond(times):
        return times is not None and off > exact(least) and off > exact(times) * MAD * spread

    return "fail" if beyond(fail_sigmas) else "suspect" if beyond(sigmas) else "pass"


def spike(rows, sigmas, fail_sigmas, least, half, points):
    out = []
    for block in each_block(rows):
        for n, r in enumerate(block):
            if r["v"] is None:
                continue
            window = [o["v"] for o in block[max(n - half, 0) : n + half + 1] if o["v"] is not None]
            if len(window) < points:
                level = "unknown"
            else:
                middle = median(window)
                spread = median(abs(v - middle) for v in window)
                level = far(r["v"], middle, spread, sigmas, fail_sigmas, least)
            out.append(name(r, "spike", level))
    return out


def neighbours(rows, sigmas, fail_sigmas, least, stations):
    out = []
    for r in rows:
        if r["value"] is None:
            continue
        here = [
            exact(o["value"])
            for o in rows
            if (o["property"], o["period"], o["time"], o["city"])
            == (r["property"], r["period"], r["time"], r["city"])
            and o["value"] is not None
        ]
        if r["city"] is None or len(here) < stations:
            level = "unknown"
        else:
            middle = median(here)
            spread = median(abs(v - middle) for v in here)
            level = far(exact(r["value"]), middle, spread, sigmas, fail_sigmas, least)
        out.append(name(r, "neighbours", level))
    return out


def completeness(rows, scheme, valid=("pass", "suspect")):
    """By station, property, period and month: expected, measured, valid, suspect, outside."""
    found = {}

    def cell(row, period, start):
        key = (row["station"], row["property"], period, dt.date(start.year, start.month, 1))
        return found.setdefault(key, [0, 0, 0, 0, 0])

    due = set()
    for line in scheme:
        step = dt.timedelta(seconds=line["period"])
        start = line["start"]
        midnight = dt.datetime.combine(start.date(), dt.time())
        slot = midnight
        while slot + step <= line["end"]:
            if slot >= start:
                cell(line, line["period"], slot)[0] += 1
                due.add((line["station"], line["property"], line["period"], slot + step))
            slot += step
        # a month that is touched is told even where nothing is due in it
        day = start
        while day < line["end"]:
            cell(line, line["period"], day)
            day += dt.timedelta(days=1)
            day = dt.datetime.combine(day.date(), dt.time())
    times = {}
    for row in rows:
        if row["value"] is not None:
            times.setdefault((*key_of(row), row["time"]), []).append(row)
    for (station, prop, period, time), same in times.items():
        row = {"station": station, "property": prop}
        counts = cell(row, period, time - dt.timedelta(seconds=period))
        if (station, prop, period, time) in due:
            counts[1] += 1
            counts[2] += all(r["qc"] in valid for r in same)
            counts[3] += any(r["qc"] == "suspect" for r in same)
        else:
            counts[4] += 1
    return found

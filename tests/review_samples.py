"""A small month of hours, with what quality control says of it, for the tests of the review."""

from datetime import datetime, timedelta

import polars as pl

from shanshui import quality

START = datetime(2026, 10, 1)
SEATS = (("张三", "first"), ("李四", "second"), ("王五", "final"))
"""Who sits at which stage."""


def hours(days=4, stations=("1001A", "1002A")):
    """Hours of two stations: a stuck analyser, an inversion, a missing hour, a gap."""
    rows = []
    for station in stations:
        for n in range(1, 24 * days + 1):
            time = START + timedelta(hours=n)
            pm25 = 30.0 + n % 7
            pm10 = 70.0 + n % 11
            if station == "1001A" and 30 <= n < 40:
                pm25 = 44.0  # stuck
            if station == "1001A" and n == 50:
                pm25 = 90.0  # above PM10
            if station == "1002A" and 60 <= n < 63:
                continue  # a gap
            rows += [
                (station, "pm25", time, 3600, None if (station, n) == ("1002A", 20) else pm25),
                (station, "pm10", time, 3600, pm10),
            ]
    names = ["station", "property", "time", "period", "value"]
    kinds = [pl.String, pl.String, pl.Datetime("us"), pl.Int32, pl.Float64]
    return pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")


def at(hour):
    """The time of an hour, counted from the first."""
    return START + timedelta(hours=hour)


def fill(workspace, frame=None):
    """Store the hours and their flags."""
    frame = hours() if frame is None else frame
    workspace.lake.store(frame, source="小时值.csv")
    workspace.lake.flag(quality.check(workspace.lake.observations().collect()))
    return workspace


def current(lake, *, recorded=False):
    """All current rows in order, without when they were recorded."""
    rows = lake.observations().collect()
    rows = rows if recorded else rows.drop("recorded_from")
    return rows.sort("station", "property", "time", "period")


def value(workspace, station, prop, hour):
    """Value, flag, state and source of one hour."""
    rows = workspace.lake.observations(station, prop, at(hour) - timedelta(seconds=1), at(hour))
    found = rows.select("value", "flag", "state", "source").collect().rows()
    return found[0] if found else None

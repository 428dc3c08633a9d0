"""The same call on the same measurements, for whatever engine a test brings."""

import datetime as dt
import random

import duckdb
import ibis
import polars as pl
import pyarrow as pa
import reference as ref
from comparing import agree, rows_of
from random_air import day_frame, days_of, hour_frame, hours_of

from shanshui import air

# ---------------------------------------------------------------------------------------------
# one frame as every kind


class Engines:
    """Turns a Polars frame into a native frame of the kind asked for."""

    def __init__(self, spark=None):
        self.spark = spark
        self.connection = duckdb.connect()

    def native(self, kind, frame):
        if kind == "polars":
            return frame
        if kind == "polars lazy":
            return frame.lazy()
        if kind == "pandas":
            return frame.to_pandas()
        table = pa.table(frame.to_arrow()).cast(schema_of(frame))
        if kind == "pyarrow":
            return table
        if kind == "duckdb":
            return duckdb.from_arrow(table)
        if kind == "duckdb other":
            return self.connection.from_arrow(table)
        if kind == "ibis":
            return ibis.memtable(table)
        if kind == "spark":
            return self.spark.createDataFrame(table)
        raise AssertionError(kind)


def schema_of(frame):
    """Arrow types without the large variants, which not every engine takes."""
    schema = frame.to_arrow().schema
    small = {pa.large_string(): pa.string(), pa.string_view(): pa.string()}
    return pa.schema([field.with_type(small.get(field.type, field.type)) for field in schema])


# ---------------------------------------------------------------------------------------------
# the measurements

NEW_RULES = dt.date(2026, 2, 27)  # the editions change on the third of these days


def make_hours():
    rng = random.Random(11)
    rows = hours_of(rng, NEW_RULES, 4, 3, gaps=0.08, wild=0.01, repeats=0.002)
    return hour_frame(rows)


def make_clean_hours():
    """No repeated hours: a running mean over a repeated hour is no one's business."""
    return hour_frame(hours_of(random.Random(12), NEW_RULES, 3, 2, gaps=0.1, wild=0.01))


def make_days():
    rows = days_of(random.Random(13), dt.date(2025, 12, 1), 125, 3, gaps=0.03, wild=0.003)
    return day_frame(rows)


def make_days_before():
    rows = days_of(random.Random(14), dt.date(2024, 12, 1), 125, 3, gaps=0.03, wild=0.003)
    return day_frame(rows)


HOURS, CLEAN_HOURS = make_hours(), make_clean_hours()
DAYS, DAYS_BEFORE = make_days(), make_days_before()
STATIONS = pl.DataFrame(
    {
        "station": ["s0", "s1", "s2"],
        "city": ["甲", "甲", "乙"],
        "reference": [False, None, False],
    }
)
NOW = air.statistics(DAYS, edition="2026")
BEFORE = air.statistics(DAYS_BEFORE, edition="2026")
EARLIER = air.statistics(
    DAYS_BEFORE.with_columns(pl.col("date").dt.offset_by("-1y")), edition="2026"
)
# Enough of the figures to have one of each kind: a plan of all of them is long for SQL engines.
COMPARED = [
    *("station", "period", "start", "end", "edition", "state", "basis"),
    *("pm25", "co_p95", "good_ratio", "index_no2", "composite"),
]
EVENTS = pl.DataFrame(
    {
        "station": ["s0", None],
        "kind": ["exceptional", "dust"],
        "items": ["o3", None],
        "start": [dt.datetime(2026, 2, 27, 20), dt.datetime(2026, 2, 28, 5)],
        "end": [dt.datetime(2026, 2, 28, 4), dt.datetime(2026, 3, 1, 0)],
        "evidence": "卫星",
        "decided_by": "总站",
    }
)
MARKED = air.exclude(air.convert_state(DAYS), EVENTS)
MEMBERS = {"全": ["甲", "乙"], "甲": ["甲"]}
CITIES = air.statistics(air.area(DAYS, STATIONS), by="city")

CASES = {
    "daily": (air.daily, HOURS, ["station", "date"]),
    "daily from midnight": (
        lambda f: air.daily(f, o3_labels=(1, 24), rounded=False, stamp="start"),
        CLEAN_HOURS,
        ["station", "date"],
    ),
    "area": (lambda f: air.area(f, STATIONS), DAYS, ["city", "date"]),
    "aqi": (air.aqi, DAYS, ["station", "date"]),
    "aqi 2012": (lambda f: air.aqi(f, edition="2012"), DAYS, ["station", "date"]),
    "aqi_hourly": (air.aqi_hourly, CLEAN_HOURS, ["station", "time"]),
    "aqi_hourly text": (
        lambda f: air.aqi_hourly(f, rule="text"),
        CLEAN_HOURS,
        ["station", "time"],
    ),
    **{
        f"statistics {period}": (
            lambda f, period=period: air.statistics(f, period=period),
            DAYS,
            ["station", "period"],
        )
        for period in ("month", "quarter", "half", "year", "ytd", ("2025-12", "2026-03"))
    },
    "exclude": (lambda f: air.exclude(f, EVENTS), CLEAN_HOURS, ["station", "time"]),
    "exclude blank": (lambda f: air.exclude(f, EVENTS, blank=True), DAYS, ["station", "date"]),
    "convert_state": (
        lambda f: air.convert_state(f, to="标况", temperature="pm10", pressure="o3_8h"),
        DAYS,
        ["station", "date"],
    ),
    "statistics of marked": (
        lambda f: air.statistics(air.area(f, STATIONS), by="city", dust="national"),
        MARKED,
        ["city", "period"],
    ),
    "compare": (
        lambda f: air.compare(f, BEFORE.select(COMPARED), match="season"),
        NOW.select(COMPARED),
        ["station", "period"],
    ),
    "compare several": (
        lambda f: air.compare(
            f, [BEFORE.select(COMPARED), EARLIER.select(COMPARED)], match="season"
        ),
        NOW.select(COMPARED),
        ["station", "period"],
    ),
    "rank": (air.rank, NOW, ["station", "period"]),
    "rank guangdong": (lambda f: air.rank(f, by="guangdong"), NOW, ["station", "period"]),
    "group": (lambda f: air.group(f, MEMBERS), CITIES, ["group", "period"]),
    "composite": (
        air.composite,
        NOW.select("station", "period", "edition", *ref.MEANS, "co_p95", "o3_8h_p90"),
        ["station", "period"],
    ),
    "chain": (
        lambda f: air.rank(air.statistics(air.aqi(air.area(air.daily(f), STATIONS)), by="city")),
        HOURS,
        ["city", "period"],
    ),
}
EXPECTED = {}


def expected(case, function, frame):
    """What Polars says, which the reference has been held against."""
    if case not in EXPECTED:
        EXPECTED[case] = rows_of(function(frame))
    return EXPECTED[case]


def check_case(made, kind, case, instead=None):
    function, frame, keys = instead or CASES[case]
    native = made.native(kind, frame)
    got = function(native)
    assert type(got) is type(native)
    rows = rows_of(got)
    want = expected((case, instead is None), function, frame)
    assert want, "nothing was compared"
    assert rows
    assert list(rows[0]) == list(want[0])
    agree(rows, want, keys, [c for c in want[0] if c not in keys])


FAULT_KEYS = ["station", "time", "item", "value", "fault"]


def faults(frame):
    return sorted((tuple(str(row[k]) for k in FAULT_KEYS) for row in rows_of(frame)), key=str)

"""The same measurements on every engine: the same results, of the kind that went in."""

import datetime as dt
import importlib.metadata
import random
import re
import subprocess
import sys

import duckdb
import ibis
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import reference as ref
from comparing import agree, rows_of
from test_air_property import day_frame, days_of, hour_frame, hours_of

from shanshui import air

MAIN = ["polars", "polars lazy", "pandas", "pyarrow", "duckdb", "duckdb other", "ibis"]


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


@pytest.fixture(scope="module")
def engines():
    return Engines()


@pytest.fixture(scope="module")
def on_spark(spark):
    return Engines(spark)


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


# What brings a side table must bring it to the connection that the frame lives on.
ON_OTHER_CONNECTION = ("area", "statistics ytd", "compare", "group", "chain")
PAIRS = [
    (kind, case)
    for kind in MAIN[1:]
    for case in CASES
    if kind != "duckdb other" or case in ON_OTHER_CONNECTION
]


@pytest.mark.parametrize(("kind", "case"), PAIRS)
def test_every_engine_gives_what_polars_gives(engines, kind, case):
    check_case(engines, kind, case)


# Spark takes seconds to plan what the others plan at once, so the spans of time that are not the
# month's are tried on one item; the others are excused as HJ 633-2026 5.3.2 allows.
OTHERS = ("so2", "no2", "co", "pm10", "o3_8h")
LIGHTER = {
    f"statistics {period}": (
        lambda f, period=period: air.statistics(f, period=period, exempt=OTHERS),
        DAYS.select("station", "date", "pm25"),
        ["station", "period"],
    )
    for period in ("quarter", "half", "year", "ytd", ("2025-12", "2026-03"))
} | {
    "chain": (
        lambda f: air.rank(
            air.statistics(
                air.aqi(air.area(f, STATIONS)["city", "date", "pm25"], exempt=OTHERS),
                by="city",
                exempt=OTHERS,
            ),
            by="pm25",
        ),
        DAYS,
        ["city", "period"],
    )
}
ELSEWHERE = {"daily from midnight", "aqi 2012", "composite", "compare several"}


@pytest.mark.parametrize("case", [case for case in CASES if case not in ELSEWHERE])
def test_spark_gives_what_polars_gives(spark, on_spark, case):  # noqa: ARG001 - marks it slow
    check_case(on_spark, "spark", case, LIGHTER.get(case))


def test_spark_timestamps_are_the_clock_of_the_session(spark, on_spark):
    hours = on_spark.native("spark", CLEAN_HOURS)
    hours = hours.withColumn("time", hours["time"].cast("timestamp"))
    assert spark.conf.get("spark.sql.session.timeZone") == "Asia/Shanghai"
    rows = rows_of(air.daily(hours))
    want = rows_of(air.daily(CLEAN_HOURS))
    agree(rows, want, ["station", "date"], ref.DAILY)


FAULT_KEYS = ["station", "time", "item", "value", "fault"]


def faults(frame):
    return sorted((tuple(str(row[k]) for k in FAULT_KEYS) for row in rows_of(frame)), key=str)


@pytest.mark.parametrize("kind", MAIN[1:])
def test_faults_are_the_same_everywhere(engines, kind):
    native = engines.native(kind, HOURS)
    got = air.check(native)
    assert type(got) is type(native)
    assert faults(got) == faults(air.check(HOURS))


def test_faults_are_the_same_on_spark(spark, on_spark):  # noqa: ARG001
    assert faults(air.check(on_spark.native("spark", HOURS))) == faults(air.check(HOURS))


def test_faults_are_all_there():
    rows = HOURS.to_dicts()
    times = [(r["station"], r["time"]) for r in rows]
    want = {("repeated_hour", None): sum(times.count(t) > 1 for t in times)}
    for row in rows:
        for item in ref.HOURLY:
            value = ref.number(row[item])
            if value is not None and (value < 0 or value > ref.ABSURD[item]):
                key = ("negative" if value < 0 else "absurd", item)
                want[key] = want.get(key, 0) + 1
    got = {}
    for row in rows_of(air.check(HOURS)):
        key = (row["fault"], row["item"])
        got[key] = got.get(key, 0) + 1
        assert row["message"]
    assert got == {k: n for k, n in want.items() if n}


# ---------------------------------------------------------------------------------------------
# the columns in other dress


@pytest.mark.parametrize("kind", ["nullable", "arrow", "whole numbers"])
def test_pandas_in_its_several_types(kind):
    hours = HOURS.to_pandas()
    if kind == "nullable":
        hours = hours.convert_dtypes(convert_integer=False)
    elif kind == "arrow":
        hours = hours.convert_dtypes(dtype_backend="pyarrow", convert_integer=False)
    else:
        hours["so2"] = hours["so2"].round().astype("Int64")
    want = air.daily(HOURS if kind != "whole numbers" else pl.from_pandas(hours))
    agree(air.daily(hours), rows_of(want), ["station", "date"], [*ref.DAILY, "reason_so2"])


def test_pandas_days_may_be_timestamps():
    days = DAYS.to_pandas()
    days["date"] = pd.to_datetime(days["date"])
    want = rows_of(air.statistics(DAYS))
    agree(air.statistics(days), want, ["station", "period"], ["pm25", "composite", "valid_days"])


def test_times_with_an_offset_are_read_as_beijing_time():
    want = rows_of(air.daily(CLEAN_HOURS))
    beijing = CLEAN_HOURS.with_columns(pl.col("time").dt.replace_time_zone("Asia/Shanghai"))
    for zone in ("Asia/Shanghai", "UTC"):
        hours = beijing.with_columns(pl.col("time").dt.convert_time_zone(zone))
        for frame in (hours, hours.lazy(), hours.to_pandas(), hours.to_arrow()):
            agree(air.daily(frame), want, ["station", "date"], ref.DAILY)


def test_narwhals_frames_come_back_as_narwhals_frames():
    import narwhals as nw_main
    import narwhals.stable.v2 as nw

    for library in (nw_main, nw):
        for frame in (library.from_native(DAYS), library.from_native(DAYS.lazy())):
            got = air.aqi(frame)
            assert type(got).__name__ == type(frame).__name__


def test_rows_in_any_order_give_the_same():
    shuffled = HOURS.sample(fraction=1, shuffle=True, seed=5)
    assert air.daily(shuffled).equals(air.daily(HOURS))


def test_columns_of_the_callers_own_stay():
    tagged = DAYS.with_columns(note=pl.lit("x"), aqi=pl.lit(7))
    got = air.aqi(tagged)
    assert set(got["note"]) == {"x"}
    assert set(got["aqi_input"]) == {7}


# ---------------------------------------------------------------------------------------------
# nothing is computed before it is asked for


def bomb(frame):
    """A lazy frame that fails when anybody computes it."""

    def explode(_):
        raise RuntimeError("executed")

    return frame.lazy().map_batches(explode, schema=frame.schema)


LAZY_CASES = [*CASES, "check"]
LAZY_ON_SQL = ["daily", "aqi_hourly", "area", "statistics ytd", "compare", "group", "rank", "check"]


def lazy_case(case):
    return (air.check, HOURS) if case == "check" else CASES[case][:2]


@pytest.mark.parametrize("case", LAZY_CASES)
def test_polars_is_not_executed(case):
    function, frame = lazy_case(case)
    out = function(bomb(frame))
    assert isinstance(out, pl.LazyFrame)
    with pytest.raises((RuntimeError, pl.exceptions.ComputeError), match="executed"):
        out.collect()


@pytest.mark.parametrize("case", LAZY_ON_SQL)
def test_duckdb_is_not_executed(engines, case):
    function, frame = lazy_case(case)
    column = "so2" if "so2" in frame.columns else "pm25"
    relation = engines.native("duckdb other", frame)
    rest = ", ".join(f'"{c}"' for c in frame.columns if c != column)
    fuse = f"CASE WHEN random() >= 0 THEN error('executed')::DOUBLE END AS {column}"
    out = function(relation.project(f"{rest}, {fuse}"))
    with pytest.raises(duckdb.Error, match="executed"):
        out.fetchall()


def test_spark_is_not_executed(spark, on_spark):
    from pyspark.sql import functions as F  # noqa: N812

    hours = on_spark.native("spark", CLEAN_HOURS)
    fuse = F.when(F.rand() >= 0, F.raise_error(F.lit("executed")).cast("double"))
    spark.sparkContext.setJobGroup("lazy", "nothing may run here")
    out = air.aqi(air.daily(hours.withColumn("so2", fuse)))
    assert "aqi" in out.columns
    assert not spark.sparkContext.statusTracker().getJobIdsForGroup("lazy")


# ---------------------------------------------------------------------------------------------
# what an import brings along


def test_import_brings_no_dataframe():
    code = (
        "import sys, shanshui\n"
        "heavy = {'polars', 'pandas', 'numpy', 'pyarrow', 'duckdb', 'ibis', 'pyspark', 'altair'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_base_install_needs_only_narwhals_and_polars():
    requires = importlib.metadata.requires("shanshui") or []
    base = [r for r in requires if "extra ==" not in r]
    assert {re.split(r"[^A-Za-z0-9_.-]", r)[0] for r in base} == {"narwhals", "polars"}

"""The same measurements on every engine: the same results, of the kind that went in."""

import importlib.metadata
import re
import subprocess
import sys

import duckdb
import pandas as pd
import polars as pl
import pytest
import reference as ref
from comparing import agree, rows_of
from engine_cases import CASES, CLEAN_HOURS, DAYS, HOURS, Engines, check_case, faults

from shanshui import air

MAIN = ["polars", "polars lazy", "pandas", "pyarrow", "duckdb", "duckdb other", "ibis"]


@pytest.fixture(scope="module")
def engines():
    return Engines()


# What brings a side table must bring it to the connection that the frame lives on.
ON_OTHER_CONNECTION = ("area", "statistics ytd", "exclude", "compare", "group", "chain")
PAIRS = [
    (kind, case)
    for kind in MAIN[1:]
    for case in CASES
    if kind != "duckdb other" or case in ON_OTHER_CONNECTION
]


@pytest.mark.parametrize(("kind", "case"), PAIRS)
def test_every_engine_gives_what_polars_gives(engines, kind, case):
    check_case(engines, kind, case)


@pytest.mark.parametrize("kind", MAIN[1:])
def test_faults_are_the_same_everywhere(engines, kind):
    native = engines.native(kind, HOURS)
    got = air.check(native)
    assert type(got) is type(native)
    assert faults(got) == faults(air.check(HOURS))


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

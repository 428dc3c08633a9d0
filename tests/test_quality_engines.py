"""The same flags on every engine: row-wise tests anywhere, ordered tests where rows are held."""

import datetime as dt
import random

import polars as pl
import pytest
from comparing import as_date, rows_of
from engine_cases import Engines

from shanshui import quality
from shanshui.platform.demo import samples
from shanshui.standards.errors import SchemaError

HELD = ("polars", "pandas", "pyarrow")
LAZY = ("polars lazy", "duckdb", "ibis")
NOW = dt.datetime(2026, 3, 2, 18)
ROWS = random.Random(5)


def observations():
    rows = []
    for station in ("甲", "乙", "丙", "丁"):
        for prop, level in (("pm10", 70), ("pm25", 40), ("nh3n", 0.4), ("tn", 1.2)):
            for hour in range(1, 49):
                if ROWS.random() < 0.1:
                    continue
                value = round(ROWS.lognormvariate(0, 0.8) * level, 3)
                wild = ROWS.choice([None, 0.0, -1.5, -80.0, 15000.0, 1e15, float("nan")])
                rows.append(
                    {
                        "station": station,
                        "property": prop,
                        "time": dt.datetime(2026, 3, 1) + dt.timedelta(hours=hour),
                        "period": ROWS.choice([3600] * 9 + [14400]),
                        "value": wild if ROWS.random() < 0.1 else value,
                        "flag": ROWS.choice([None] * 5 + ["N", "D", "T", "HSp", "N,S", "?", ""]),
                        "city": "某市",
                    }
                )
                if ROWS.random() < 0.05:
                    rows.append(rows[-1] | {"value": 1.0})
    ROWS.shuffle(rows)
    types = {"time": pl.Datetime("us"), "period": pl.Int32, "value": pl.Float64}
    return pl.DataFrame(rows, schema_overrides=types)


FRAME = observations()
WIDE = samples.beijing_hours().head(600).with_columns(flag=pl.lit("N"))


def told(flags):
    # pandas has no dates: a first day of a month is a midnight there.
    rows = ({**r, "period": as_date(r["period"])} for r in rows_of(flags))
    return sorted((tuple(r.values()) for r in rows), key=str)


@pytest.fixture(scope="module")
def engines():
    return Engines()


@pytest.mark.parametrize("kind", [*HELD, *LAZY])
def test_rowwise(engines, kind):
    native = engines.native(kind, FRAME)
    got = quality.check(native, tests=quality.ROWWISE, now=NOW, levels=quality.LEVELS)
    assert type(got) is type(native)
    want = quality.check(FRAME, tests=quality.ROWWISE, now=NOW, levels=quality.LEVELS)
    assert set(want["level"]) == set(quality.LEVELS)
    assert len(set(want["rule"])) == 8
    assert told(got) == told(want)


@pytest.mark.parametrize("kind", [*HELD, *LAZY])
def test_rules_of_ones_own(engines, kind):
    """A later rule takes the place of an earlier one for its values, and for no others."""
    own = {
        "gross_range": [
            {"properties": ["pm25"], "high": 60, "suspect_low": 10},
            {"properties": ["pm25"], "periods": [14400], "off": True},
        ],
        "missing": [{"off": True}],
        "inversion": [{"lower": "pm25", "upper": "pm10", "margin": 5, "ratio": 1.1}],
    }
    native = engines.native(kind, FRAME)
    got = quality.check(native, own, tests=quality.ROWWISE)
    want = quality.check(FRAME, own, tests=quality.ROWWISE)
    flagged = want.filter(pl.col("property") == "pm25", pl.col("rule") == "gross_range")
    assert set(flagged["period"]) == {3600}
    assert set(flagged["level"]) == {"suspect", "fail"}
    assert "missing" not in set(want["rule"])
    assert told(got) == told(want)


@pytest.mark.parametrize("kind", HELD)
def test_everything_where_rows_are_held(engines, kind):
    native = engines.native(kind, FRAME)
    got = quality.check(native, now=NOW, group="city")
    assert type(got) is type(native)
    want = quality.check(FRAME, now=NOW, group="city")
    assert set(want["rule"]) >= {"gap", "repeated", "unordered", "step", "spike", "rate_of_change"}
    assert told(got) == told(want)
    graded, plain = quality.grade(native), quality.grade(FRAME)
    assert type(graded) is type(native)
    assert [r["qc"] for r in rows_of(graded)] == plain["qc"].to_list()
    counts = quality.completeness(graded)
    assert type(counts) is type(native)
    assert told(counts) == told(quality.completeness(plain))


@pytest.mark.parametrize("kind", [*HELD, *LAZY])
def test_wide(engines, kind):
    native = engines.native(kind, WIDE)
    got = quality.check(native, tests=quality.ROWWISE, period=3600)
    want = quality.check(WIDE, tests=quality.ROWWISE, period=3600)
    assert not want.is_empty()
    assert told(got) == told(want)


@pytest.mark.parametrize("kind", LAZY)
def test_order_needs_rows(engines, kind):
    native = engines.native(kind, FRAME)
    for call in (quality.check, quality.gap, quality.grade, quality.completeness):
        with pytest.raises(SchemaError, match="内存"):
            call(native)


@pytest.mark.parametrize("kind", LAZY)
def test_single_tests_stay_lazy(engines, kind):
    native = engines.native(kind, FRAME)
    got = quality.gross_range(native, low=0, high=100)
    assert type(got) is type(native)
    assert told(got) == told(quality.gross_range(FRAME, low=0, high=100))

"""Reference states: conversion, and what may still be compared across September 2018."""

import datetime as dt
import random
from fractions import Fraction

import polars as pl
import pytest
import reference as ref
from comparing import rows_of
from hypothesis import given
from hypothesis import strategies as st
from random_air import day_frame, days_of
from test_air_property import examples, seeds

from shanshui import air
from shanshui.standards import SchemaError, ShanshuiError

CHANGE = dt.date(2018, 9, 1)
SIX_DECIMALS = Fraction(1, 10**6)


def test_the_factor_of_gases():
    """273.15 / 298.15 = 0.91615 (facts of GB 3095-2012 and its amendment)."""
    day = pl.DataFrame({"date": [dt.date(2018, 8, 31)], "no2": [1000.0], "co": [10.0]})
    got = air.convert_state(day).row(0, named=True)
    assert got["no2"] == pytest.approx(916.15, abs=0.005)
    assert got["no2"] == round(1000 * 273.15 / 298.15, 6)
    assert got["state_gas"] == "实况"
    back = air.convert_state(air.convert_state(day), to="标况").row(0, named=True)
    assert back["no2"] == pytest.approx(1000.0, abs=2e-6)


@pytest.mark.parametrize(
    ("stamp", "first_actual"),
    [("end", dt.datetime(2018, 9, 1, 1)), ("start", dt.datetime(2018, 9, 1, 0))],
)
def test_the_hour_of_the_change(stamp, first_actual):
    times = pl.datetime_range(
        dt.datetime(2018, 8, 31, 22), dt.datetime(2018, 9, 1, 2), "1h", eager=True
    )
    hours = pl.DataFrame({"time": times, "so2": 100.0})
    got = air.convert_state(hours, stamp=stamp)
    assert got.filter(pl.col("so2") == 100.0)["time"].min() == first_actual
    assert set(got["state_gas"]) == {"实况"}


@examples(30)
@given(
    seed=seeds, to=st.sampled_from(["实况", "标况"]), weather=st.booleans(), marked=st.booleans()
)
def test_convert_state(seed, to, weather, marked):
    rng = random.Random(seed)
    rows = days_of(rng, CHANGE - dt.timedelta(days=4), 8, gaps=0.1, wild=0.02)
    frame = day_frame(rows)
    temperature = [rng.choice([None, 25.0, -31.5, round(rng.uniform(-40, 45), 2)]) for _ in rows]
    pressure = [rng.choice([None, 1013.25, round(rng.uniform(500, 1050), 1), 101.3]) for _ in rows]
    more = {}
    if weather:
        frame = frame.with_columns(t=pl.Series(temperature, dtype=pl.Float64))
        frame = frame.with_columns(p=pl.Series(pressure, dtype=pl.Float64))
        more = {"temperature": "t", "pressure": "p"}
    states = [rng.choice(["标况", "实况"]) for _ in rows]
    if marked:
        frame = frame.with_columns(state_gas=pl.Series(states, dtype=pl.String))
        frame = frame.with_columns(state_pm=pl.Series(states, dtype=pl.String))
    got = rows_of(air.convert_state(frame, to=to, **more))
    assert len(got) == len(rows)
    for row, new, t, p, said in zip(rows, got, temperature, pressure, states, strict=True):
        state = said if marked else "标况" if row["date"] < CHANGE else "实况"
        sound = weather and t is not None and p is not None and p > 300
        for item in ref.DAILY:
            want, then = ref.convert(item, row[item], state, to, *((t, p) if sound else ()))
            column = "state_pm" if item in ("pm10", "pm25") else "state_gas"
            assert new[column] == then
            if want is None or want < 0:
                assert new[item] is None
            else:
                assert abs(Fraction(str(new[item])) - want) <= SIX_DECIMALS, item


def statistics_around_the_change(*, converted, weather=None):
    """May to August 2018 at 标况 and the same months of 2019 at 实况."""
    dates = pl.date_range(dt.date(2018, 5, 1), dt.date(2018, 8, 31), eager=True)
    earlier = pl.DataFrame({"station": "A", "date": dates}).with_columns(
        so2=10.0, no2=40.0, co=1.0, o3_8h=120.0, pm10=90.0, pm25=50.0
    )
    now = earlier.with_columns(pl.col("date").dt.offset_by("1y"))
    if converted:
        more = {"temperature": "t", "pressure": "p"} if weather else {}
        earlier = air.convert_state(earlier.with_columns(t=20.0, p=1000.0), **more)
    span = {"period": "month", "edition": "2012"}
    return air.statistics(now, **span), air.statistics(earlier, **span)


def test_nothing_is_compared_across_the_change_unconverted():
    now, earlier = statistics_around_the_change(converted=False)
    got = air.compare(now, earlier, match="season").row(0, named=True)
    assert got["basis_difference"] == "state,state_pm"
    assert got["no2_change"] is None
    assert got["pm25_change"] is None


def test_converted_gases_are_compared_and_particulates_are_not():
    now, earlier = statistics_around_the_change(converted=True)
    assert earlier.select("state", "state_pm").unique().rows() == [("实况", "标况")]
    got = air.compare(now, earlier, match="season").row(0, named=True)
    assert got["basis_difference"] == "state_pm"
    for gas in ("so2", "no2", "co_p95", "o3_8h_p90", "index_o3_8h"):
        assert got[f"{gas}_change"] is not None, gas
        assert got[f"{gas}_trend"] is not None, gas
    for other in ("pm10", "pm25", "composite", "good_ratio", "index_pm25", "index_max"):
        assert got[f"{other}_change"] is None, other
        assert got[f"{other}_trend"] is None, other
    assert got["pm25_before"] is not None


def test_with_temperature_and_pressure_all_is_compared():
    now, earlier = statistics_around_the_change(converted=True, weather=True)
    got = air.compare(now, earlier, match="season").row(0, named=True)
    assert got["basis_difference"] is None
    assert got["pm25_change"] is not None


def test_a_year_across_the_change_says_so():
    days = day_frame(days_of(random.Random(3), dt.date(2018, 1, 1), 365, 1, gaps=0))
    year = air.statistics(days, period="year", edition="2012")
    assert year.select("state", "state_pm").row(0) == ("标况+实况", "标况+实况")
    converted = air.statistics(air.convert_state(days), period="year", edition="2012")
    assert converted.select("state", "state_pm").row(0) == ("实况", "标况+实况")
    assert "state=实况" in converted["basis"][0]


def test_states_go_with_hours_into_days_and_areas():
    times = pl.datetime_range(
        dt.datetime(2018, 8, 31, 1), dt.datetime(2018, 9, 2), "1h", eager=True
    )
    hours = pl.DataFrame({"station": "A", "time": times}).with_columns(
        so2=10.0, no2=40.0, co=1.0, o3=80.0, pm10=90.0, pm25=50.0
    )
    days = air.daily(air.convert_state(hours))
    assert days.select("no2", "pm25", "state_gas", "state_pm").rows() == [
        (37.0, 50.0, "实况", "标况"),
        (40.0, 50.0, "实况", "实况"),
    ]
    city = air.area(days, pl.DataFrame({"station": ["A"], "city": ["甲"]}))
    assert city.select("state_gas", "state_pm").rows() == [("实况", "标况"), ("实况", "实况")]
    assert air.convert_state(days).select("no2").to_series().to_list() == [37.0, 40.0]


def test_bad_calls_are_refused():
    day = pl.DataFrame({"date": [CHANGE], "no2": [40.0]})
    with pytest.raises(ShanshuiError, match="标况"):
        air.convert_state(day, to="standard")
    with pytest.raises(ShanshuiError, match="both"):
        air.convert_state(day, temperature="t")
    with pytest.raises(SchemaError, match="缺少列 t"):
        air.convert_state(day, temperature="t", pressure="p")
    with pytest.raises(SchemaError, match="可换算"):
        air.convert_state(day.drop("no2"))
    with pytest.raises(SchemaError, match="date"):
        air.convert_state(day.drop("date"))

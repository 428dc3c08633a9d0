"""Quality control of real measurements: what the tests find there, counted a second way."""

import datetime as dt

import polars as pl
import pytest

from shanshui import quality
from shanshui.platform.demo import samples

ITEMS = ("so2", "no2", "co", "o3", "pm10", "pm25")


@pytest.fixture(scope="module")
def hours():
    return samples.beijing_hours().with_columns(city=pl.lit("北京"))


@pytest.fixture(scope="module")
def flags(hours):
    return quality.check(hours, period=3600, group="city", now=dt.datetime(2026, 1, 1))


def count(flags, rule, **of):
    return flags.filter(pl.col("rule") == rule, **of).height


def test_missing_is_what_is_null(hours, flags):
    for item in ITEMS:
        assert count(flags, "missing", property=item) == hours[item].null_count()


def test_inversions_are_those_of_the_columns(hours, flags):
    """Twice: both values are in question."""
    above = hours.filter(pl.col("pm25") > pl.col("pm10")).height
    assert above > 20_000
    assert count(flags, "pm25_above_pm10") == 2 * above


def test_unmoved_values_are_runs(hours, flags):
    """CO above 0.5 mg/m3 for a day: found by grouping runs of rows."""
    series = hours.select("station", "time", v="co").sort("station", "time")
    changed = pl.any_horizontal(pl.col(c).ne_missing(pl.col(c).shift(1)) for c in ("station", "v"))
    runs = series.with_columns(run=changed.cum_sum()).filter(pl.col("v") > 0.5)
    lengths = runs.group_by("run").len().filter(pl.col("len") >= 24)
    assert lengths.height > 0
    found = flags.filter(pl.col("rule") == "stuck", pl.col("property") == "co")
    assert found.height == lengths["len"].sum()
    assert sorted(found["measure"].unique()) == sorted(float(n) for n in lengths["len"].unique())


def test_the_clock_of_the_file_is_sound(flags):
    """The packaged hours are complete, in order, on the hour and in the past."""
    for rule in ("repeated", "unordered", "off_cadence", "future", "gap"):
        assert count(flags, rule) == 0


def test_defaults_leave_most_values_alone(hours, flags):
    """The defaults are conventions: what they flag is told, and is little."""
    values = sum(hours.height - hours[item].null_count() for item in ITEMS)
    for rule in ("step", "spike", "rate_of_change", "neighbours", "stuck", "zero_run"):
        assert count(flags, rule) < 0.005 * values
    assert count(flags, "step") > 0
    assert count(flags, "spike") > 0


def test_completeness_of_beijing(hours):
    long = hours.unpivot(
        on=list(ITEMS), index=["station", "time"], variable_name="property", value_name="value"
    )
    got = quality.completeness(long, seconds=3600)
    february = got.filter(pl.col("period") == dt.date(2014, 2, 1))
    assert february["expected"].unique().to_list() == [672]
    assert got["measured"].sum() + got["outside"].sum() == long["value"].count()
    # The hour that ends at 0:00 on 1 March 2013 is of February, which is not due for its sake.
    first = got.filter(pl.col("period") == dt.date(2013, 2, 1))
    assert first["expected"].sum() == first["measured"].sum() == 0
    assert 0 < first["outside"].sum() <= 72
    got = got.filter(pl.col("expected") > 0)
    months = long.filter(pl.col("value").is_not_null()).with_columns(
        month=pl.col("time").dt.offset_by("-1h").dt.truncate("1mo").dt.date()
    )
    want = months.group_by("station", "property", "month").len()
    joined = got.join(
        want, left_on=["station", "property", "period"], right_on=["station", "property", "month"]
    )
    assert (joined["measured"] == joined["len"]).all()


def test_national_hours(shared):
    frame = pl.read_parquet(shared / "data" / "air_hourly_national_2020" / "hourly.parquet")
    found = quality.check(frame, period=3600, group="city", by=["city", "station"])
    # A time that is there twice has one value of the other item only where both rows agree.
    once = frame.filter(~frame.select("city", "station", "time").is_duplicated())
    both = once.filter(pl.col("pm25") > pl.col("pm10"))
    assert both.height > 0
    times = once.select("city", "station", "time")
    inverted = found.filter(pl.col("rule") == "pm25_above_pm10")
    assert inverted.join(times, on=times.columns, how="semi").height == 2 * both.height
    for item in ITEMS:
        assert count(found, "missing", property=item) == frame[item].null_count()
    repeated = frame.group_by("city", "station", "time").len().filter(pl.col("len") > 1).height
    assert count(found, "repeated", property="pm25") == repeated


def test_water_stations(shared):
    folder = shared / "data" / "water_auto_stations_2020_2021"
    frame = pl.read_parquet(folder / "national_4h_20210401_03.parquet")
    frame = frame.rename({"obs_time": "time", "status": "flag", "water_temp": "temp"})
    found = quality.check(frame.drop_nulls("time"), period=14400, by=["province", "section"])
    inverted = frame.filter(pl.col("nh3n") > pl.col("tn"))
    assert 0 < count(found, "nh3n_above_tn") <= 2 * inverted.height
    odd = frame.filter(pl.col("time").dt.hour() % 4 != 0).height
    assert count(found, "off_cadence", property="ph") == odd
    # The file has chlorophyll in mg/L: the range says so; every other value lies within.
    wrong = frame.filter(pl.col("chla") < 0.05).height
    assert wrong > 2000
    assert count(found, "gross_range") == count(found, "gross_range", property="chla") == wrong
    states = set(found.filter(pl.col("rule") == "source_flag")["level"])
    assert states <= {"fail", "suspect"}

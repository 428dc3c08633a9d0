"""Trends and patterns against slow, obvious references, scipy, and worked examples."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import combinations
from statistics import mean, median

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from shanshui import SchemaError, ShanshuiError, analysis
from shanshui.analysis import patterns, trend
from shanshui.platform.demo import samples

FINE = {"rel": 1e-12, "abs": 1e-9}

# Whole numbers out of few, so that ties are many; None is a gap.
SERIES = st.lists(st.one_of(st.none(), st.integers(-9, 9).map(float)), min_size=0, max_size=30)


def months(values, start=date(2015, 1, 1)):
    """A series of months, one value each."""
    steps = [start.year * 12 + start.month - 1 + i for i in range(len(values))]
    return pl.DataFrame(
        {"date": [date(m // 12, m % 12 + 1, 1) for m in steps], "x": values},
        schema={"date": pl.Date, "x": pl.Float64},
    )


def hours(values, start=datetime(2026, 3, 1, 1), **keys):
    return pl.DataFrame(
        {"time": [start + timedelta(hours=i) for i in range(len(values))], "x": values},
        schema={"time": pl.Datetime("us"), "x": pl.Float64},
    ).with_columns(**{k: pl.lit(v) for k, v in keys.items()})


@pytest.fixture(scope="module")
def beijing():
    return samples.beijing_hours().filter(pl.col("station").is_in(["Dongsi", "Dingling"]))


# ---- Theil–Sen ----------------------------------------------------------------------------------


def slow_slope(frame):
    rows = [
        (d.toordinal() - date(1970, 1, 1).toordinal(), v) for d, v in frame.rows() if v is not None
    ]
    if len(rows) < 6:
        return None, None
    slope = median((b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(rows, 2))
    return slope * 365, median(v for _, v in rows) - slope * median(x for x, _ in rows)


@given(SERIES)
def test_slope_is_the_median_of_all_pairs(values):
    frame = months(values)
    found = analysis.theil_sen(frame, "x", interval="analytic").row(0, named=True)
    slope, intercept = slow_slope(frame)
    assert found["slope"] == (None if slope is None else pytest.approx(slope, **FINE))
    assert found["intercept"] == (None if slope is None else pytest.approx(intercept, **FINE))
    assert found["n"] == sum(v is not None for v in values)


@given(st.lists(st.integers(-9, 9).map(float), min_size=6, max_size=14), st.integers(1, 3))
def test_bootstrapped_slopes_are_those_of_the_resampled_rows(values, block):
    x = np.arange(len(values)) * 30.5
    y = np.array(values)
    draws = trend._resamples(len(y), 25, block, 7)
    slopes, intercepts = [], []
    for draw in draws.tolist():
        pairs = [(y[b] - y[a]) / (x[b] - x[a]) for a, b in combinations(draw, 2) if x[a] != x[b]]
        if pairs:
            slopes.append(median(pairs))
            intercepts.append(median(y[draw]) - slopes[-1] * median(x[draw]))
    found = trend._bootstrapped(x, y, 0.9, 25, block, 7)
    slopes.sort(), intercepts.sort()
    low = round(0.05 * len(slopes))
    assert found["slope_lower"] == pytest.approx(365 * slopes[low], **FINE)
    assert found["slope_upper"] == pytest.approx(365 * slopes[-low - 1], **FINE)
    assert found["intercept_lower"] == pytest.approx(intercepts[-low - 1], **FINE)
    assert found["intercept_upper"] == pytest.approx(intercepts[low], **FINE)
    below = sum((s < 0) + (s == 0) / 2 for s in slopes) / len(slopes)
    assert found["p"] == pytest.approx(2 * min(below, 1 - below), **FINE)


def test_resamples_are_drawn_as_the_r_language_draws_them():
    # What R 4.2.2 answers to set.seed(…); sample(n, m, replace = TRUE), counted from 1.
    answers = {
        (42, 10): [1, 5, 1, 9, 10, 4, 2, 10, 1, 8],
        (2, 86): [85, 79, 70, 6, 32, 8, 17, 81, 76, 41],
        (2, 70_000): [46031, 54621, 36044, 15657, 55939, 25399],
    }
    for (seed, n), said in answers.items():
        assert trend._resamples(n, 1, 1, seed)[0, : len(said)].tolist() == [v - 1 for v in said]


@pytest.mark.parametrize(("n", "block"), [(90, 4), (86, 1), (7, 2), (1, 1), (70_000, 41)])
def test_a_resample_is_made_of_whole_blocks(n, block):
    draws = trend._resamples(n, 3, block, 2)
    assert draws.shape == (3, n)
    assert draws.min() >= 0
    assert draws.max() < n
    for row in draws:
        inside = np.arange(n) % block > 0
        assert (np.diff(row)[inside[1:]] == 1).all()


def test_the_analytic_interval_is_scipys_and_its_p_mann_kendalls():
    rng = np.random.default_rng(3)
    frame = months((30 - 0.1 * np.arange(70) + rng.normal(0, 2, 70)).round(1).tolist())
    found = analysis.theil_sen(frame, "x", interval="analytic", confidence=0.9).row(0, named=True)
    x = frame["date"].to_physical().to_numpy()
    slope, _, low, high = scipy.stats.theilslopes(frame["x"], x, 0.9)
    assert [found[c] for c in ("slope", "slope_lower", "slope_upper")] == pytest.approx(
        [slope * 365, low * 365, high * 365], **FINE
    )
    assert found["p"] == analysis.mann_kendall(frame, "x")["p"].item()
    assert found["significance"] == "***"


def test_the_bootstrap_covers_what_the_analytic_interval_covers():
    rng = np.random.default_rng(4)
    frame = months((30 - 0.1 * np.arange(90) + rng.normal(0, 3, 90)).tolist())
    boot, exact = (
        analysis.theil_sen(frame, "x", interval=i).row(0, named=True)
        for i in ("bootstrap", "analytic")
    )
    width = exact["slope_upper"] - exact["slope_lower"]
    assert boot["slope"] == pytest.approx(exact["slope"], **FINE)
    assert abs(boot["slope_lower"] - exact["slope_lower"]) < 0.15 * width
    assert abs(boot["slope_upper"] - exact["slope_upper"]) < 0.15 * width


def test_percent_is_of_the_lines_first_value():
    frame = months([100.0 - i for i in range(25)])  # exactly falling by one a month
    found = analysis.theil_sen(frame, "x").row(0, named=True)
    days = (found["last"] - found["first"]).days
    start = found["slope"] / 365 * (found["first"] - date(1970, 1, 1)).days + found["intercept"]
    assert found["slope_percent"] == pytest.approx(100 * found["slope"] / start, **FINE)
    assert found["first"], found["last"] == (date(2015, 1, 1), date(2017, 1, 1))
    assert days == 731
    assert found["significance"] == "***"


def test_a_series_without_change_has_no_slope_and_no_significance():
    found = analysis.theil_sen(months([5.0] * 30), "x").row(0, named=True)
    assert (found["slope"], found["slope_lower"], found["slope_upper"], found["p"]) == (0, 0, 0, 1)
    assert (found["slope_percent"], found["significance"]) == (0, "")


@pytest.mark.parametrize("values", [[], [1.0], [None] * 40, [1.0, 2, None, 4, 5, 6]])
def test_too_few_values_give_nulls_and_a_reason(values):
    found = analysis.theil_sen(months(values), "x").row(0, named=True)
    assert found["n"] == sum(v is not None for v in values)
    assert found["reason"] == "few_values"
    assert {found[c] for c in ("slope", "slope_lower", "p", "significance")} == {None}


def test_means_of_months_come_first_and_need_their_days():
    days = pl.DataFrame(
        {"date": pl.date_range(date(2020, 1, 1), date(2020, 12, 31), eager=True)}
    ).with_columns(x=pl.col("date").dt.month().cast(pl.Float64))
    full = analysis.theil_sen(days, "x", interval="analytic").row(0, named=True)
    assert full["n"] == 12
    thin = days.filter((pl.col("date").dt.month() != 5) | (pl.col("date").dt.day() <= 23))
    assert analysis.theil_sen(thin, "x")["n"].item() == 11  # 23 of 31 days
    assert analysis.theil_sen(thin, "x", min_coverage=0.74)["n"].item() == 12
    assert analysis.theil_sen(days, "x", average=None)["n"].item() == 366
    years = analysis.theil_sen(days, "x", average="year").row(0, named=True)
    assert (years["n"], years["reason"]) == (1, "few_values")


def test_keys_have_a_row_each_and_stay_sorted():
    frame = pl.concat(
        [
            months([float(i) for i in range(12)]).with_columns(station=pl.lit("b"), k=1),
            months([-float(i) for i in range(12)]).with_columns(station=pl.lit("a"), k=1),
        ]
    ).sample(fraction=1, shuffle=True, seed=1)
    found = analysis.theil_sen(frame, "x", by=["station", "k"])
    assert found["station"].to_list() == ["a", "b"]
    assert found["slope"].sign().to_list() == [-1, 1]
    with pytest.raises(SchemaError, match="by="):
        analysis.theil_sen(frame, "x")


def test_real_slopes_of_beijing(beijing):
    found = analysis.theil_sen(beijing, "pm25", time="time", by="station", deseason="stl")
    assert found.select("station", "n", "first", "last", "deseason").rows() == [
        ("Dingling", 34, date(2013, 3, 1), date(2015, 12, 1), "stl"),
        ("Dongsi", 34, date(2013, 3, 1), date(2015, 12, 1), "stl"),
    ]
    for row in found.iter_rows(named=True):
        assert row["slope_lower"] < row["slope"] < row["slope_upper"]
    # The same by hand: exact means of months, the hour of 00:00 counted to the day before.
    part = beijing.filter(station="Dongsi").with_columns(pl.col("time").dt.offset_by("-1h"))
    by_month = (
        part.group_by(date=pl.col("time").dt.truncate("1mo").dt.date())
        .agg(x=pl.col("pm25").mean(), share=pl.col("pm25").count() / (pl.len() * 1.0))
        .sort("date")
    )
    assert by_month["share"].min() > 0.8
    plain = analysis.theil_sen(beijing, "pm25", time="time", by="station").row(1, named=True)
    # February 2013 has the one hour stamped 2013-03-01 00:00.
    slope, _ = slow_slope(by_month.select("date", "x").filter(pl.col("date") >= date(2013, 3, 1)))
    assert plain["slope"] == pytest.approx(slope, **FINE)


# ---- Mann–Kendall -------------------------------------------------------------------------------


def slow_s(values):
    return sum((b > a) - (b < a) for a, b in combinations(values, 2))


def slow_variance(values):
    n = len(values)
    ties = Counter(values).values()
    return (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18


@given(SERIES)
def test_s_and_its_variance_are_those_of_all_pairs(values):
    there = [v for v in values if v is not None]
    found = analysis.mann_kendall(months(values), "x").row(0, named=True)
    if len(there) < 4:
        assert (found["s"], found["p"], found["reason"]) == (None, None, "few_values")
        return
    s, variance = slow_s(there), slow_variance(there)
    assert (found["s"], found["variance"]) == (s, variance)
    z = 0 if s == 0 else (s - math.copysign(1, s)) / math.sqrt(variance)
    assert found["z"] == pytest.approx(z, **FINE)
    assert found["p"] == pytest.approx(2 * scipy.stats.norm.sf(abs(z)), **FINE)
    word = "无显著趋势" if found["p"] >= 0.05 else "上升" if s > 0 else "下降"
    assert found["trend"] == word
    tau = scipy.stats.kendalltau(range(len(there)), there).statistic
    assert found["tau"] == pytest.approx(0 if math.isnan(tau) else tau, **FINE)


@given(st.lists(st.one_of(st.none(), st.integers(-4, 4).map(float)), min_size=4, max_size=60))
def test_seasonal_s_is_the_sum_of_the_months(values):
    frame = months(values)
    found = analysis.mann_kendall(frame, "x", seasonal="month").row(0, named=True)
    seasons = [[v for v in values[m::12] if v is not None] for m in range(12)]
    if sum(map(len, seasons)) < 4:
        assert found["reason"] == "few_values"
        return
    assert found["s"] == sum(map(slow_s, seasons))
    assert found["variance"] == pytest.approx(sum(map(slow_variance, seasons)), **FINE)


def test_a_long_series_is_exact():
    rng = np.random.default_rng(5)
    values = rng.integers(0, 400, 3650).astype(float)
    days = pl.DataFrame(
        {"date": pl.date_range(date(2010, 1, 1), date(2019, 12, 29), eager=True)}
    ).with_columns(x=pl.Series(values[:3650]))
    sign = np.sign(values[None, :] - values[:, None])
    assert analysis.mann_kendall(days, "x")["s"].item() == int(np.triu(sign, 1).sum())


def test_hamed_rao_against_the_formula_by_loops():
    rng = np.random.default_rng(6)
    noise = [0.0]
    for step in rng.normal(0, 1, 79):
        noise.append(0.7 * noise[-1] + step)
    frame = months([round(10 - 0.05 * i + v, 2) for i, v in enumerate(noise)])
    plain = analysis.mann_kendall(frame, "x").row(0, named=True)
    found = analysis.mann_kendall(frame, "x", autocorrelation=True).row(0, named=True)
    n, x, y = 80, frame["date"].to_physical().to_list(), frame["x"].to_list()
    slope = median(
        (b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(zip(x, y, strict=True), 2)
    )
    ranks = scipy.stats.rankdata([v - slope * t for v, t in zip(y, x, strict=True)])
    around = [r - mean(ranks) for r in ranks]
    power = sum(a * a for a in around)
    factor = 1.0
    for lag in range(1, n):
        r = sum(a * b for a, b in zip(around, around[lag:], strict=False)) / power
        if abs(r) > 1.959963984540054 / math.sqrt(n):
            factor += 2 / (n * (n - 1) * (n - 2)) * (n - lag) * (n - lag - 1) * (n - lag - 2) * r
    assert factor < 0.9  # the long lags are negative here
    assert found["variance"] == pytest.approx(plain["variance"] * factor, rel=1e-9)
    assert (found["s"], found["correction"]) == (plain["s"], "hamed-rao")


def test_a_constant_series_has_no_trend():
    found = analysis.mann_kendall(months([3.0] * 20), "x").row(0, named=True)
    assert (found["s"], found["tau"], found["z"], found["p"]) == (0, 0, 0, 1)
    assert found["trend"] == "无显著趋势"


def test_s_of_four_values_by_hand():
    # 10, 15, 14, 20: five pairs rise, one falls; n(n-1)(2n+5)/18 = 156/18.
    found = analysis.mann_kendall(months([10.0, 15, 14, 20]), "x").row(0, named=True)
    assert (found["s"], found["variance"]) == (4, 156 / 18)
    assert found["z"] == pytest.approx(3 / math.sqrt(156 / 18))


# ---- deseasonalising ----------------------------------------------------------------------------


def test_month_takes_each_months_mean_off():
    values = [10.0 * (i % 12) + i for i in range(48)]
    out = analysis.deseasonalise(months(values), "x", method="month")
    overall = mean(values)
    for i in range(48):
        part = mean(values[i % 12 :: 12]) - overall
        assert out["x_seasonal"][i] == pytest.approx(part)
        assert out["x_deseasoned"][i] == pytest.approx(values[i] - part)


def test_stl_finds_a_season_and_leaves_the_trend():
    season = [8 * math.sin(i * math.pi / 6) for i in range(72)]
    out = analysis.deseasonalise(months([50 - 0.2 * i + s for i, s in enumerate(season)]), "x")
    line = [50 - 0.2 * i for i in range(72)]
    assert np.abs(out["x_deseasoned"].to_numpy() - line).max() < 0.3
    assert_frame_equal(
        out.select(pl.col("x_seasonal") + pl.col("x_deseasoned")).rename({"x_seasonal": "x"}),
        out.select("x"),
    )


def test_stl_is_that_of_the_r_language():
    # R 4.2.2: stl(ts(nottem[1:49], frequency = 12), s.window = 11, s.degree = 1, robust = TRUE).
    # Of an even number of values R takes a wrong order statistic for their median.
    nottem = [
        *(40.6, 40.8, 44.4, 46.7, 54.1, 58.5, 57.7, 56.4, 54.3, 50.5, 42.9, 39.8, 44.2, 39.8, 45.1),
        *(47.0, 54.1, 58.7, 66.3, 59.9, 57.0, 54.2, 39.7, 42.8, 37.5, 38.7, 39.5, 42.1, 55.7, 57.8),
        *(56.8, 54.3, 54.3, 47.1, 41.8, 41.7, 41.8, 40.1, 42.9, 45.8, 49.2, 52.7, 64.2, 59.6, 54.4),
        *(49.2, 36.3, 37.6, 39.3),
    ]
    seasonal = [
        *(-6.98762750707422, -8.60759207367033, -4.30311836398776, -2.40634728289523),
        *(5.38887735235319, 9.98755732906828, 8.68266634042654, 7.73231700941315),
        *(5.54007337458212, 1.46091350416411, -7.03935777127474, -8.58494057966375),
    ]
    out = analysis.deseasonalise(months(nottem), "x")
    assert out["x_seasonal"][:12].to_list() == pytest.approx(seasonal, abs=1e-9)


@pytest.mark.parametrize("method", ["stl", "month"])
def test_gaps_stay_gaps_and_row_order_stays(method):
    values = [float(i % 12) for i in range(60)]
    values[30] = None
    frame = months(values).filter(pl.int_range(60) != 40).sample(fraction=1, shuffle=True, seed=2)
    out = analysis.deseasonalise(frame, "x", method=method)
    assert out["date"].to_list() == frame["date"].to_list()
    missing = out.filter(pl.col("x").is_null())
    assert missing.select("x_seasonal", "x_deseasoned").row(0) == (None, None)
    assert out.drop_nulls().height == 58
    assert out["x_deseasoned"].drop_nulls().to_list() == pytest.approx([5.5] * 58, abs=0.35)


def test_a_short_series_is_not_deseasonalised():
    out = analysis.deseasonalise(months([1.0] * 24), "x")
    assert out["x_deseasoned"].null_count() == 24
    found = analysis.theil_sen(months([float(i) for i in range(24)]), "x", deseason="stl")
    assert found.select("deseason", "reason").row(0) == (None, "short_for_deseason")
    assert found["slope"].item() > 0
    values = [float(i % 7) for i in range(60)]
    for count, reason in ((59, "few_years"), (60, None)):
        found = analysis.theil_sen(months(values[:count]), "x", deseason="month")
        assert found.select("deseason", "reason").row(0) == ("month", reason)
    with pytest.raises(SchemaError, match="several rows"):
        analysis.deseasonalise(pl.concat([months([1.0] * 30)] * 2), "x")


# ---- averages -----------------------------------------------------------------------------------


def slow_average(frame, to, min_share, statistic):
    groups = {}
    for time, value in frame.rows():
        start = (time - timedelta(hours=1)).date()
        start = {
            "day": start,
            "month": start.replace(day=1),
            "year": start.replace(month=1, day=1),
        }[to]
        groups.setdefault(start, []).append(value)
    out = {}
    for start, values in sorted(groups.items()):
        there = [v for v in values if v is not None]
        after = {
            "day": start + timedelta(days=1),
            "month": (start.replace(day=1) + timedelta(days=31)).replace(day=1),
            "year": date(start.year + 1, 1, 1),
        }[to]
        room = (after - start).days * 24
        enough = there and Fraction(len(there), room) >= Fraction(str(min_share))
        out[start] = (statistic(there) if enough else None, len(there))
    return out


SOME_HOURS = st.lists(st.one_of(st.none(), st.integers(0, 99).map(float)), min_size=1, max_size=80)
STATISTICS = {
    "mean": mean,
    "max": max,
    "min": min,
    "sum": sum,
    "median": median,
    "p95": lambda values: float(np.percentile(values, 95)),
}


@given(
    SOME_HOURS,
    st.sampled_from(["day", "month", "year"]),
    st.sampled_from([0, 0.01, 0.5, 0.75, 1]),
    st.sampled_from(sorted(STATISTICS)),
    st.integers(0, 60),
)
def test_averages_are_of_the_calendar_period(values, to, least, statistic, skipped):
    frame = hours(values, datetime(2024, 2, 27, 5) + timedelta(hours=skipped))
    out = analysis.average(frame, "x", to=to, min_share=least, statistic=statistic, every="1h")
    slow = slow_average(frame, to, least, STATISTICS[statistic])
    assert out["date"].to_list() == list(slow)
    for (_, value, n), (expected, count) in zip(out.rows(), slow.values(), strict=True):
        assert n == count
        assert value == (None if expected is None else pytest.approx(expected, **FINE))


def test_the_share_is_of_the_calendar_not_of_the_file():
    three_days = hours([1.0] * 72, datetime(2026, 3, 1, 1))
    assert analysis.average(three_days, "x", to="month", min_share=0.1)["x"].to_list() == [None]
    out = analysis.average(three_days, "x", to="month", statistic="share")
    assert out["x"].item() == pytest.approx(72 / 744)
    # 0.9 of 30 days is 27 days, exactly: openair's 1 - 0.9 is a little less than 3/30.
    days = pl.DataFrame({"date": [date(2026, 4, d) for d in range(1, 28)], "x": [1.0] * 27})
    assert analysis.average(days, "x", to="month", min_share=0.9, time="date")["x"].item() == 1


def test_an_hour_belongs_to_the_day_in_which_it_lies():
    frame = hours([1.0, 3.0], datetime(2026, 3, 2, 0))  # stamps 00:00 and 01:00
    assert analysis.average(frame, "x").select("date", "x").rows() == [
        (date(2026, 3, 1), 1.0),
        (date(2026, 3, 2), 3.0),
    ]
    assert analysis.average(frame, "x", stamp="start")["x"].to_list() == [2.0]


def test_midnights_alone_are_days():
    frame = hours([1.0], datetime(2026, 3, 1)).vstack(hours([2.0], datetime(2026, 3, 2)))
    assert analysis.average(frame, "x", to="month").select("x", "n_x").row(0) == (1.5, 2)
    quarter = analysis.average(hours([1.0] * 96), "x", to="quarter", statistic="count")
    assert quarter.select("date", "x").row(0) == (date(2026, 1, 1), 96)
    with pytest.raises(ShanshuiError, match="daily values already"):
        analysis.average(frame, "x")


# ---- running means ------------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.one_of(st.none(), st.integers(0, 99).map(float))),
        unique_by=lambda pair: pair[0],
        max_size=40,
    ),
    st.integers(1, 9),
    st.sampled_from(["end", "centre", "start"]),
    st.sampled_from([0, 0.5, 0.75, 1]),
)
def test_running_means_go_by_the_clock(pairs, width, align, least):
    start = datetime(2026, 3, 1)
    frame = pl.DataFrame(
        {"time": [start + timedelta(hours=h) for h, _ in pairs], "x": [v for _, v in pairs]},
        schema={"time": pl.Datetime("us"), "x": pl.Float64},
    )
    out = analysis.rolling(frame, "x", hours=width, align=align, min_share=least)
    by_hour = dict(pairs)
    for (hour, _), found in zip(pairs, out[f"x_rolling{width}h"], strict=True):
        last = hour + {"end": 0, "centre": width // 2, "start": width - 1}[align]
        there = [
            by_hour[h] for h in range(last - width + 1, last + 1) if by_hour.get(h) is not None
        ]
        enough = there and Fraction(len(there), width) >= Fraction(str(least))
        assert found == (pytest.approx(mean(there), **FINE) if enough else None)


def test_running_means_do_not_run_from_one_key_into_the_next():
    frame = pl.concat(
        [hours([1.0] * 4, s="a"), hours([9.0] * 4, start=datetime(2026, 3, 1, 5), s="b")]
    )
    out = analysis.rolling(frame, "x", hours=4, min_share=0.5, by="s")
    assert set(out["x_rolling4h"].drop_nulls()) == {1.0, 9.0}
    assert out["x_rolling4h"].null_count() == 2
    with pytest.raises(SchemaError, match="full hours"):
        analysis.rolling(hours([1.0], datetime(2026, 3, 1, 1, 30)), "x")


# ---- variation ----------------------------------------------------------------------------------


def test_labels_follow_the_rule_of_the_house(beijing):
    end = hours([5.0], datetime(2026, 3, 2, 0))  # Monday 00:00 is Sunday's 24th hour
    for over, label in (("hour", "24时"), ("weekday", "周日"), ("month", "3月"), ("season", "春")):
        found = analysis.variation(end, "x", over=over, every="1h").row(0, named=True)
        assert (found["label"], found["n"], found["mean"], found["lower"]) == (label, 1, 5.0, None)
    assert (
        analysis.variation(end, "x", over="year_month", every="1h")["year_month"].item()
        == "2026-03"
    )
    assert analysis.variation(end, "x", stamp="start", every="1h")["label"].item() == "1时"
    seasons = analysis.variation(
        months([float(m) for m in range(1, 13)]), "x", over="season", time="date"
    )
    assert seasons.select("label", "mean").rows() == [("春", 4), ("夏", 7), ("秋", 10), ("冬", 5)]
    both = analysis.variation(beijing, "pm25", over=["weekday", "hour"], by="station")
    assert both.height == 2 * 7 * 24
    assert both["label"][0] == "周一 1时"


def test_the_interval_is_students():
    rng = np.random.default_rng(9)
    values = rng.normal(30, 5, 24 * 9).tolist()
    found = analysis.variation(hours(values), ["x"], confidence=0.9)
    first = values[::24]
    low, high = scipy.stats.t.interval(0.9, 8, mean(first), scipy.stats.sem(first))
    row = found.select("n", "mean", "lower", "upper").row(0)
    assert row == pytest.approx((9, mean(first), low, high))


def test_days_have_no_hours():
    with pytest.raises(SchemaError, match="no hours"):
        analysis.variation(months([1.0]), "x", time="date")


# ---- roses --------------------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(0, 1440).map(lambda q: q / 4)),
            st.one_of(st.none(), st.integers(0, 40).map(lambda q: q / 4)),
        ),
        max_size=40,
    ),
    st.sampled_from([4, 8, 12, 16, 36]),
)
def test_a_rose_counts_each_row_once(rows, sectors):
    frame = pl.DataFrame(rows, schema={"wd": pl.Float64, "ws": pl.Float64}, orient="row")
    out = analysis.rose(frame, sectors=sectors, unbias=False)
    width = Fraction(360, sectors)
    counts = Counter()
    for wd, ws in rows:
        if ws is None or (wd is None and ws >= 0.3):
            continue
        sector = 0 if ws < 0.3 else math.ceil(Fraction(wd) / width - Fraction(1, 2)) % sectors + 1
        counts[sector, 1 + sum(ws > e for e in (2, 4, 6))] += 1
    assert dict(zip(zip(out["sector"], out["class"], strict=True), out["n"], strict=True)) == {
        (s, c): counts[s, c] for s in range(sectors + 1) for c in range(1, 5)
    }
    total = counts.total()
    assert out["unknown"].unique().to_list() == [len(rows) - total]
    if total:
        assert out["share"].sum() == pytest.approx(100)


def test_edges_wrap_round_north():
    turned = pl.DataFrame({"wd": [348.75, 348.76, 0.0, 11.25, 11.26, 360.0], "ws": [1.0] * 6})
    counts = analysis.rose(turned).group_by("point").agg(pl.col("n").sum()).filter(pl.col("n") > 0)
    assert dict(counts.iter_rows()) == {"N": 4, "NNE": 1, "NNW": 1}


@pytest.mark.parametrize(
    ("text", "point"),
    [("N", "N"), ("nne", "NNE"), ("东北风", "NE"), ("北东北", "NNE"), ("东北偏东", "ENE"),
     ("西北", "NW"), ("225", "SW"), ("C", "C"), ("静风", "C"), (" 南 ", "S")],
)  # fmt: skip
def test_directions_are_understood_as_written(text, point):
    out = analysis.rose(pl.DataFrame({"wd": [text], "ws": [3.0]}))
    assert out.filter(pl.col("n") == 1)["point"].item() == point


def test_every_chinese_point_stands_for_its_degrees():
    frame = pl.DataFrame({"wd": [*patterns.CHINESE_POINTS], "ws": [3.0] * 16})
    out = analysis.rose(frame).filter(pl.col("n") > 0)
    assert out["point"].to_list() == list(patterns.POINTS)
    assert out["direction"].to_list() == [22.5 * i for i in range(16)]


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pl.DataFrame({"wd": ["XX"], "ws": [1.0]}), "no wind direction"),
        (pl.DataFrame({"wd": [361.0], "ws": [1.0]}), "0 to 360"),
        (pl.DataFrame({"wd": [True], "ws": [1.0]}), "compass points"),
        (pl.DataFrame({"wd": [1.0]}), "missing column"),
    ],
)
def test_what_is_no_direction_is_named(frame, words):
    with pytest.raises(SchemaError, match=words):
        analysis.rose(frame)


def test_points_between_two_sectors_are_refused():
    with pytest.raises(SchemaError, match="sectors=16"):
        analysis.rose(pl.DataFrame({"wd": ["NNE"], "ws": [1.0]}), sectors=8)


def test_rounded_directions_are_corrected():
    tens = pl.DataFrame({"wd": [10.0 * t for t in range(36)], "ws": [3.0] * 36})
    biased = analysis.rose(tens, unbias=False).filter(pl.col("class") == 2)
    assert biased["sector_n"].to_list() == [0, *[3, 2, 2, 2] * 4]
    out = analysis.rose(tens).filter(pl.col("class") == 2, pl.col("sector") > 0)
    assert out["sector_share"].to_list() == pytest.approx([6.25] * 16)
    assert out["unbiased"].all()
    assert not analysis.rose(pl.DataFrame({"wd": ["E", "S"], "ws": [3.0] * 2}))["unbiased"].any()


def test_a_pollution_rose_weighs_by_the_value():
    frame = pl.DataFrame(
        {"wd": ["N", "N", "S", "C"], "ws": [1.0, 1, 1, 0], "pm25": [10.0, 30, 100, 60]}
    )
    out = analysis.rose(frame, value="pm25", breaks=[35, 75])
    sectors = out.filter(pl.col("class") == 1, pl.col("sector_n") > 0)
    assert sectors.select("point_zh", "sector_n", "sector_mean", "contribution").rows() == [
        ("静风", 1, 60.0, 30.0), ("北", 2, 20.0, 20.0), ("南", 1, 100.0, 50.0)
    ]  # fmt: skip
    assert out.filter(pl.col("n") > 0)["class"].to_list() == [2, 1, 3]
    without_speed = analysis.rose(frame.drop("ws"), speed=None, value="pm25", breaks=[35, 75])
    assert_frame_equal(without_speed, out)


# ---- frames -------------------------------------------------------------------------------------

CALLS = {
    "theil_sen": lambda f: analysis.theil_sen(f, "x"),
    "mann_kendall": lambda f: analysis.mann_kendall(f, "x"),
    "deseasonalise": lambda f: analysis.deseasonalise(f, "x"),
    "average": lambda f: analysis.average(f, "x", to="year", time="date"),
    "variation": lambda f: analysis.variation(f, "x", over="month", time="date"),
    "rose": lambda f: analysis.rose(f, direction="x", speed=None, value="x"),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_kind_of_frame_that_came_is_given_back(name):
    frame = months([float(i % 17) for i in range(40)])
    polars = CALLS[name](frame)
    assert isinstance(polars, pl.DataFrame)
    in_pandas = CALLS[name](frame.to_pandas())
    assert isinstance(in_pandas, pd.DataFrame)
    assert CALLS[name](frame.to_arrow()).column_names == polars.columns
    numbers = [c for c, kind in polars.schema.items() if kind.is_float()]
    for column in numbers:
        ours = polars[column].fill_null(float("nan")).to_numpy()
        theirs = in_pandas[column].to_numpy(dtype=float, na_value=float("nan"))
        assert theirs == pytest.approx(ours, nan_ok=True)
    with pytest.raises(SchemaError, match="collect"):
        CALLS[name](frame.lazy())


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda f: analysis.theil_sen(f, "y"), "missing column"),
        (lambda f: analysis.theil_sen(f.with_columns(x=pl.lit("a")), "x"), "numeric"),
        (lambda f: analysis.theil_sen(f, "x", deseason="loess"), "deseason"),
        (lambda f: analysis.theil_sen(f, "x", confidence=95), "confidence"),
        (
            lambda f: analysis.theil_sen(f, "x", interval="analytic", autocorrelation=True),
            "bootstrap",
        ),
        (
            lambda f: analysis.mann_kendall(f, "x", seasonal="month", autocorrelation=True),
            "together",
        ),
        (lambda f: analysis.mann_kendall(f, "x", seasonal="season"), "seasonal"),
        (lambda f: analysis.average(f, "x", to="week"), "to "),
        (
            lambda f: analysis.average(f, "x", to="month", statistic="p101", time="date"),
            "statistic",
        ),
        (lambda f: analysis.average(f, "x", to="month", min_share=75, time="date"), "min_share"),
        (lambda f: analysis.average(f, "x", to="year", time="date", every="7m"), "every"),
        (lambda f: analysis.variation(f, "x", over=["hour", "hour"], time="date"), "over"),
        (lambda f: analysis.rose(f, direction="x", speed=None), "speed or value"),
        (lambda f: analysis.rose(f, direction="x", speed="x", breaks=[3, 1]), "rising"),
        (lambda f: analysis.rolling(f, "x", time="date", hours=0), "positive"),
    ],
)
def test_a_wrong_argument_is_named(call, words):
    with pytest.raises(ShanshuiError, match=words):
        call(months([1.0] * 8))


def test_the_library_stays_light_and_names_the_extra():
    code = (
        "import sys\n"
        "from shanshui import analysis\n"
        "assert not {'numpy', 'scipy', 'statsmodels', 'pandas'} & set(sys.modules)\n"
        "import polars as pl\n"
        "sys.modules['scipy'] = sys.modules['scipy.stats'] = None\n"
        "frame = pl.DataFrame({'date': ['2020-01-01']}).select(pl.col('date').str.to_date())\n"
        "months = [pl.col('date').dt.offset_by(f'{i}mo') for i in range(9)]\n"
        "frame = pl.concat(frame.with_columns(date=m, x=1.0) for m in months)\n"
        "try:\n"
        "    analysis.mann_kendall(frame, 'x')\n"
        "except Exception as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert 'pip install "shanshui[analysis]"' in done.stdout
    assert "请安装" in done.stdout

"""Projections: what they must not see, when they are silent, and whether they keep their word."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import numpy as np
import polars as pl
import pytest

from shanshui.platform.demo import samples
from shanshui.progress import Record, projection, records
from shanshui.progress.backtest import backtest
from shanshui.progress.outlook import table
from shanshui.standards import SchemaError, ShanshuiError

AT = date(2025, 9, 30)


def months(first: int, last: int, *, seed: int = 3, level: float = 30.0) -> pl.DataFrame:
    """Make months of a series such as the model has it: a level that wanders, a winter's peak."""
    rng = np.random.default_rng(seed)
    days = pl.date_range(date(first, 1, 1), date(last, 12, 1), "1mo", eager=True)
    noise = 0.12
    walk = np.cumsum(rng.normal(0, noise * np.sqrt(0.3), len(days)))
    course = 0.35 * np.cos(2 * np.pi * np.arange(len(days)) / 12)
    values = level * np.exp(walk + course + rng.normal(0, noise, len(days)))
    return pl.DataFrame({"date": days, "value": values})


def guess(history: pl.DataFrame, **more: object) -> object:
    asked = {"at": AT, "target": 30, "name": "pm25"} | more
    return projection(history, **asked)


def test_nothing_after_the_day_is_looked_at() -> None:
    history = months(2022, 2026)
    past = history.filter(pl.col("date") < date(2025, 10, 1))
    wild = history.with_columns(
        value=pl.when(pl.col("date") > AT).then(9999.0).otherwise(pl.col("value"))
    )
    mixed = past.sample(fraction=1, seed=1, shuffle=True)
    assert guess(history) == guess(past) == guess(wild) == guess(mixed)
    assert guess(history).chance is not None


def test_the_months_that_are_in_count_as_they_are() -> None:
    """With eleven months in, the year's figure lies where the twelfth can bring it."""
    history = months(2022, 2025)
    found = guess(history, at=date(2025, 11, 30))
    year = history.filter(pl.col("date").dt.year() == 2025)
    lengths = year["date"].dt.month_end().dt.day().to_numpy()
    known = (year["value"].to_numpy() * lengths)[:11].sum() / 365
    assert known < found.low < found.value < found.high
    assert found.high - found.low < 3
    assert found.months == 47
    assert guess(history, at=date(2025, 11, 30), target=known).chance == 0
    assert guess(history, at=date(2025, 11, 30), target=known, comparator=">=").chance == 1
    ended = guess(months(2022, 2025), at=date(2025, 12, 31), target=1000)
    assert (ended.chance, ended.low) == (1, ended.high)


def test_days_count_one_by_one() -> None:
    days = pl.date_range(date(2023, 1, 1), date(2025, 9, 30), eager=True)
    rng = np.random.default_rng(5)
    level = 30 + 10 * np.cos(2 * np.pi * days.dt.ordinal_day().to_numpy() / 365)
    history = pl.DataFrame({"date": days, "value": level * rng.lognormal(0, 0.3, len(days))})
    whole = guess(history)
    assert whole.months == 33
    means = history.group_by(date=pl.col("date").dt.truncate("1mo")).agg(pl.col("value").mean())
    assert guess(means).value == pytest.approx(whole.value, rel=1e-3)
    middle = guess(history, at=date(2025, 9, 20))
    assert middle.months == 32
    assert middle.high - middle.low > whole.high - whole.low
    gaps = history.with_columns(
        value=pl.when(pl.col("date").dt.strftime("%Y-%m") == "2025-04")
        .then(None)
        .otherwise(pl.col("value"))
    )
    assert "缺2025-04月" in guess(gaps).silence


def test_a_month_that_has_not_ended_is_not_known() -> None:
    history = months(2022, 2025)
    wild = history.with_columns(
        value=pl.when(pl.col("date") == date(2025, 9, 1)).then(9999.0).otherwise(pl.col("value"))
    )
    day = date(2025, 9, 20)
    assert guess(history, at=day) == guess(wild, at=day)
    assert guess(history, at=day).months == 44


def test_the_days_left_weigh_what_they_are() -> None:
    """A steady town, but for twenty days of December twice as high: nothing is left to chance."""
    days = pl.date_range(date(2023, 1, 1), date(2025, 12, 20), eager=True)
    high = pl.col("date") > date(2025, 11, 30)
    history = pl.DataFrame({"date": days}).with_columns(
        value=pl.when(high).then(60.0).otherwise(30.0)
    )
    found = guess(history, at=date(2025, 12, 20))
    assert found.value == pytest.approx((334 * 30 + 20 * 60 + 11 * 30) / 365)
    assert found.low == pytest.approx(found.high)


def test_the_next_year_is_of_its_own_months() -> None:
    known = replace(records()[0], ahead=1)
    days = pl.date_range(date(2022, 1, 1), date(2025, 9, 1), "1mo", eager=True)
    values = 30 * np.exp(0.5 * np.cos(2 * np.pi * (days.dt.month().to_numpy() - 1) / 12))
    history = pl.DataFrame({"date": days, "value": values})
    lengths = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    found = guess(history, year=2026, tested=[known])
    assert found.value == pytest.approx(values[:12] @ lengths / 365, rel=1e-6)


def test_rounding_and_the_way_of_the_target() -> None:
    history = months(2022, 2025)
    plain = guess(history, target="29.8")
    assert guess(history, target=29, decimals=0).chance >= guess(history, target=24).chance
    assert guess(history, target="29.8", comparator=">").chance == 1 - plain.chance
    assert plain == guess(history, target="29.8")
    assert guess(history, target="29.8", seed=2) != plain
    assert "达标可能性" in plain.text()
    assert "chance of meeting" in plain.text("en")


def test_it_is_silent_and_says_why() -> None:
    history = months(2022, 2025)
    known = records()[0]
    assert known.passes
    assert "历史仅" in guess(months(2025, 2025)).silence
    assert "未经回测" in guess(history, name="nh3n").silence
    assert "未经回测" in guess(history, year=2027).silence
    assert "回测未达到要求" in guess(history, year=2026).silence
    no_july = history.filter(pl.col("date").dt.month() != 7)
    assert "没有7月" in guess(no_july).silence
    old = history.filter(~pl.col("date").is_between(date(2024, 2, 1), date(2024, 6, 1)))
    assert guess(old).silence == "缺2024-02、2024-03、2024-04等月的值"
    assert guess(old).silence_en == "no value of 2024-02, 2024-03, 2024-04 and others"
    early = guess(history, at=date(2025, 2, 28))
    assert "3月底前" in early.silence
    quiet = guess(history, name="nh3n")
    assert (quiet.chance, quiet.value, quiet.low) == (None, None, None)
    assert quiet.text().startswith("不作预测：")
    assert quiet.text("en").startswith("no projection: ")
    for worse in (
        {"cases": 199},
        {"coverage": Fraction("0.69")},
        {"coverage": Fraction("0.91")},
        {"brier": known.brier_climatology},
    ):
        record = replace(known, **worse)
        assert not record.passes
        assert guess(history, tested=[record]).chance is None
    assert guess(history, tested=[replace(known, cases=200)]).chance is not None


def test_wrong_input_is_refused() -> None:
    history = months(2022, 2025)
    with pytest.raises(ShanshuiError, match="unknown comparator"):
        guess(history, comparator="=")
    with pytest.raises(ShanshuiError, match="before"):
        guess(history, year=2024)
    with pytest.raises(SchemaError, match="several rows"):
        guess(pl.concat([history, history]))
    with pytest.raises(SchemaError, match="value"):
        guess(history.drop("value"))
    with pytest.raises(SchemaError, match="lazy"):
        guess(history.lazy())
    with pytest.raises(SchemaError, match="lazy"):
        backtest(history.lazy(), by="id", name="x", kind="mean", years=[2025])
    with pytest.raises(ShanshuiError, match="no year"):
        backtest(history.with_columns(id=1), by="id", name="x", kind="mean", years=[2030])


def test_the_packaged_records_say_what_the_gate_asks() -> None:
    gate = table()["gate"]
    names = {(r.name, r.ahead) for r in records()}
    assert len(names) == len(records())
    for record in records():
        assert isinstance(record, Record)
        if record.passes:
            assert record.cases >= 200 == gate["cases"]
            assert Fraction("0.7") <= record.coverage <= Fraction("0.9")
            assert record.brier < min(record.brier_climatology, record.brier_last_year)
            assert 1 <= record.from_month <= 9
            assert record.data


def test_two_hundred_years_of_the_model_are_covered_as_promised() -> None:
    """On series that follow the model the interval must hold 80 %, give or take the draw."""
    parts = [months(2022, 2025, seed=s).with_columns(id=s) for s in range(70)]
    record, cases = backtest(
        pl.concat(parts), by="id", name="made", kind="mean", years=(2025,), data="made"
    )
    assert (record.cases, cases.height, record.least_months) == (210, 210, 39)
    assert Fraction("0.74") <= record.coverage <= Fraction("0.86")
    assert record.brier < record.brier_climatology
    assert record.brier < record.brier_last_year
    assert record.error < record.error_last_year
    assert record.passes


def test_the_stations_of_beijing_held_back() -> None:
    """A small back-test of packaged hours: twelve stations, four items, the year 2015."""
    days = (
        samples.beijing_hours()
        .group_by("station", date=pl.col("time").dt.date())
        .agg(pl.col("pm25", "pm10", "no2").mean())
        .unpivot(index=["station", "date"], variable_name="item")
    )
    record, cases = backtest(
        days, by=["station", "item"], name="pm25", kind="mean", years=(2015,), ends=((6, 30),)
    )
    assert record.cases >= 24
    assert cases["at"].unique().to_list() == [date(2015, 6, 30)]
    assert ((cases["value"] / cases["actual"] - 1).abs() < 0.25).all()
    assert record.coverage >= Fraction("0.7")
    shares = pl.concat(
        [
            months(2022, 2025, seed=s, level=80).with_columns(
                value=pl.col("value").clip(0, 100), id=pl.lit(str(s))
            )
            for s in range(3)
        ]
    )
    ratio, found = backtest(shares, by="id", name="good_ratio", kind="ratio", years=(2025,))
    assert ratio.cases == 9
    assert found["high"].max() <= 100
    later, ahead = backtest(
        shares, by="id", name="x", kind="ratio", years=(2025,), ends=((12, 31),), ahead=1
    )
    assert (later.ahead, ahead["at"].to_list()) == (1, [date(2024, 12, 31)] * 3)

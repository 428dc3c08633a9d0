"""Two editions side by side, against printed figures, independent runs and the slow reference."""

import datetime as dt
import json
import math
import random
from fractions import Fraction

import polars as pl
import pytest
import reference as ref
from comparing import agree, rows_of
from engine_cases import DAYS, Engines, check_case
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from random_air import day_frame, days_of
from typer.testing import CliRunner

from shanshui import air
from shanshui.cli.app import app
from shanshui.platform.demo import samples
from shanshui.standards.errors import SchemaError, ShanshuiError, UnknownEdition

CLEAN = {"so2": 1.0, "no2": 1.0, "co": 0.1, "o3_1h": 1.0, "o3_8h": 1.0, "pm10": 1.0, "pm25": 1.0}


def judged(*rows, **options):
    days = [
        {"station": "s", "date": dt.date(2025, 1, 1) + dt.timedelta(days=n)} | CLEAN | row
        for n, row in enumerate(rows)
    ]
    return air.compare_editions(pl.DataFrame(days, infer_schema_length=None), **options)


def test_formula_checks_of_2026_beside_2012():
    """The figures of 2026 were computed exactly from the printed table; 2012 has its own."""
    checks = [
        *(("pm25", 35, 50, 50), ("pm25", 36, 52, 52), ("pm25", 60, 82, 100)),
        *(("pm25", 61, 83, 101), ("pm25", 75, 100, 114), ("pm25", 115, 150, 150)),
        *(("pm25", 500, 500, 500), ("pm10", 51, 51, 51), ("pm10", 120, 85, 100)),
        *(("pm10", 121, 86, 101), ("pm10", 150, 100, 112), ("o3_8h", 161, 101, 101)),
        *(("so2", 476, 151, 151), ("no2", 41, 52, 52), ("co", 0.1, 3, 3)),
        *(("co", 4.1, 101, 101), ("co", 2.2, 55, 55)),
        # rounded first by 2026 only: 60.5 is 60, 35.5 is 36
        *(("pm25", 60.5, 82, 100), ("pm25", 35.5, 51, 52)),
    ]
    rows = [dict.fromkeys(CLEAN, 0.0) | {item: float(c)} for item, c, _, _ in checks]
    got = judged(*rows)
    assert got["aqi_2012"].to_list() == [old for _, _, old, _ in checks]
    assert got["aqi_2026"].to_list() == [new for _, _, _, new in checks]
    assert got["aqi_difference"].to_list() == [new - old for _, _, old, new in checks]
    want = [None if old == new else item for item, _, old, new in checks]
    want[0] = want[1] = None
    want[-2] = "pm25,rounding"  # 60.5 itself would be 101
    want[-1] = "rounding"  # 35.5 is 51 on either scale
    assert got["changed"].to_list() == want
    assert {f"iaqi_{i}_2026" for i in ref.DAILY} - set(got.columns) == {"iaqi_o3_1h_2026"}


@pytest.mark.parametrize(
    ("row", "changed", "difference", "level"),
    [
        ({"pm25": 75.0}, "pm25", 14, 1),
        ({"pm25": 50.0, "pm10": 120.0}, "pm10", 15, 0),
        ({"o3_1h": 210.0, "o3_8h": 130.0}, "o3_1h", -30, -1),
        ({"o3_1h": 190.0, "o3_8h": 100.0, "pm25": 70.0}, "pm25", 16, 1),
        ({"o3_1h": 210.0, "o3_8h": 130.0, "pm25": 55.0}, "o3_1h,pm25", -15, -1),
        ({"no2": 40.4}, "rounding", -1, -1),
        ({"pm25": 52.5}, "pm25,rounding", 12, 0),
        ({"pm25": 30.0}, None, 0, 0),
        ({"so2": None, "no2": 60.0}, "NA", None, None),
        ({"so2": None, "pm25": 80.0}, "pm25", 12, 0),
        ({"so2": None, "pm25": 70.0}, "pm25", 16, 1),
        (dict.fromkeys(CLEAN), None, None, None),
        ({"o3_1h": 1100.0, "o3_8h": 820.0}, "o3_1h,o3_8h", -150, -1),
    ],
)
def test_why_a_day_changes(row, changed, difference, level):
    got = judged(row).row(0, named=True)
    assert got["changed"] == changed
    assert got["aqi_difference"] == difference
    assert got["level_difference"] == level


def test_a_tie_that_ends_is_a_change():
    """By 2012 both share the first place, by 2026 one of them has it alone."""
    got = judged({"pm25": 75.0, "o3_8h": 160.0}).row(0, named=True)
    assert (got["primary_2012"], got["primary_2026"]) == ("o3_8h,pm25", "pm25")
    got = judged({"o3_1h": 200.0, "o3_8h": 160.0}).row(0, named=True)
    assert (got["primary_2012"], got["primary_2026"]) == ("o3_1h,o3_8h", "o3_8h")
    assert (got["aqi_difference"], got["changed"]) == (0, "o3_1h")


def test_the_other_way_about():
    """An item that only the second edition judges is named as well."""
    got = judged({"o3_1h": 210.0, "o3_8h": 130.0, "pm25": 75.0}, editions=("2026", "2012"))
    assert got["changed"].to_list() == ["o3_1h,pm25"]  # 114 falls to 100, below the hour's 105
    got = judged({"o3_1h": 210.0, "o3_8h": 130.0}, editions=("2026", "2012")).row(0, named=True)
    assert (got["aqi_difference"], got["changed"]) == (30, "o3_1h")


# ---------------------------------------------------------------------------------------------
# the slow reference


def on_new_scale(item, value):
    """The index of 2026 without its rounding."""
    points = ref.BREAKPOINTS["2026"][ref.DAILY_COLUMN[item]]
    c = ref.number(value)
    if c > points[-1]:
        return 500 if len(points) == len(ref.IAQI) else ref.IAQI[len(points) - 1]
    k = next(k for k in range(1, len(points)) if c <= points[k])
    slope = Fraction(ref.IAQI[k] - ref.IAQI[k - 1], points[k] - points[k - 1])
    return math.ceil(slope * (c - points[k - 1]) + ref.IAQI[k - 1])


def why(row, old, new):
    if old["aqi"] == new["aqi"] and old["primary"] == new["primary"]:
        return None
    if None in (old["aqi"], new["aqi"]) and "NA" in (old["aqi_status"], new["aqi_status"]):
        return {"NA"}
    codes = set()
    for item in ref.DAILY:
        before, after = old.get(f"iaqi_{item}"), new.get(f"iaqi_{item}")
        if before == after or not (
            (before is not None and before == old["aqi"])
            or (after is not None and after == new["aqi"])
        ):
            continue
        if item == "o3_1h":
            codes.add(item)
            continue
        alone = on_new_scale(item, row[item])
        codes |= {item} if alone != before else set()
        codes |= {"rounding"} if alone != after else set()
    assert codes, (row, old, new)
    return codes


def examples(count):
    return settings(max_examples=count, phases=[Phase.explicit, Phase.reuse, Phase.generate])


@examples(8)
@given(seed=st.integers(0, 2**32 - 1), gaps=st.sampled_from([0.0, 0.1, 0.3]))
def test_random_days(seed, gaps):
    rng = random.Random(seed)
    rows = days_of(rng, dt.date(2025, 11, 1), 60, 3, gaps=gaps, wild=0.03)
    exempt = rng.choice([(), (), ("so2",), ("co", "o3_8h")])
    sides = {e: ref.aqi(rows, edition=e, exempt=exempt) for e in ("2012", "2026")}
    want = []
    for row, old, new in zip(rows, sides["2012"], sides["2026"], strict=True):
        made = dict(row) | {"changed": why(row, old, new)}
        for e, side in (("2012", old), ("2026", new)):
            made |= {f"{c}_{e}": side[c] for c in ("aqi", "level", "category", "aqi_status")}
            made[f"primary_{e}"] = side["primary"]
            made |= {f"iaqi_{i}_{e}": side[f"iaqi_{i}"] for i in ref.DAILY}
        for c in ("aqi", "level"):
            both = new[c], old[c]
            made[f"{c}_difference"] = None if None in both else both[0] - both[1]
        del made["iaqi_o3_1h_2026"]
        want.append(made)
    got = air.compare_editions(day_frame(rows), exempt=exempt)
    columns = [c for c in (want[0] if want else ()) if c not in {"station", "date", *ref.DAILY}]
    agree(got, want, ["station", "date"], columns)
    # The other way about, the same days change.
    back = air.compare_editions(day_frame(rows), editions=("2026", "2012"), exempt=exempt)
    assert back["changed"].is_null().equals(got["changed"].is_null())
    assert (back["aqi_difference"] + got["aqi_difference"]).drop_nulls().eq(0).all()


FIGURES = [
    *("valid_days", "good_days", "good_ratio", "heavy_days", "heavy_ratio"),
    *(f"level_{n}_days" for n in range(1, 7)),
    *(f"primary_{i}_days" for i in ref.DAILY),
    *(f"{what}_{i}" for i in ref.SIX for what in ("times", "index")),
    *(f"exceed_{i}_days" for i in ref.SIX),
    *("composite", "index_max"),
]
OTHERS = [*(f"attains_{i}" for i in ref.SIX), "attains", "main"]
ONCE = [*ref.MEANS, "co_p95", "o3_8h_p90", "pm25_p95", "days_pm25", "valid_pm25"]


@examples(4)
@given(
    seed=st.integers(0, 2**32 - 1),
    period=st.sampled_from(["month", "quarter", "year", "ytd", ("2025-12", "2026-03")]),
    editions=st.sampled_from([("2012", "2026"), ("2026", "2031"), ("2031", "2012")]),
)
def test_random_periods(seed, period, editions):
    rng = random.Random(seed)
    whole = period == "year"
    start = dt.date(2025, 1, 1) if whole else dt.date(2025, 12, 1)
    rows = days_of(rng, start, 365 if whole else 95, gaps=0.01 if whole else 0.1, wild=0.01)
    old, new = (ref.statistics(rows, period=period, edition=e) for e in editions)
    want = []
    for one, other in zip(old, new, strict=True):
        made = {c: one[c] for c in ("station", "period", "start", "end", *ONCE)}
        assert all(one[c] == other[c] for c in made)
        for c in FIGURES + OTHERS:
            made |= {f"{c}_{editions[0]}": one[c], f"{c}_{editions[1]}": other[c]}
        for c in FIGURES:
            both = one[c], other[c]
            made[f"{c}_difference"] = None if None in both else both[1] - both[0]
        want.append(made)
    got = air.compare_editions(day_frame(rows), period=period, editions=editions)
    agree(got, want, ["station", "period"], list(want[0]) if want else [])
    assert not {"edition", "mixed_editions", *FIGURES} & set(got.columns)
    assert set(got[f"basis_{editions[1]}"].str.contains(f"edition={editions[1]};")) == {True}


def test_differences_carry_no_dust():
    """1.86 - 1.45 is 0.41000000000000014 in floats."""
    got = judged({"pm10": 44.0, "pm25": 33.0, "no2": 20.0}, period="month").row(0, named=True)
    for name in ("composite", "index_pm25", "index_pm10"):
        one, other = (Fraction(str(got[f"{name}_{e}"])) for e in ("2012", "2026"))
        assert got[f"{name}_difference"] == float(other - one)
        assert other > one
    back = judged({"pm25": 33.0}, period="month", editions=("2026", "2012")).row(0, named=True)
    assert back["index_pm25_difference"] == -0.16  # 33/35 is 0.94, 33/30 is 1.10


# ---------------------------------------------------------------------------------------------
# real days


@pytest.fixture(scope="module")
def beijing():
    hours = samples.beijing_hours().filter(pl.col("time").dt.year() == 2015)
    return air.daily(hours, edition="2012").filter(pl.col("date").dt.year() == 2015)


def test_beijing_2015_equals_two_runs_of_their_own(beijing):
    both = air.compare_editions(beijing)
    old, new = (air.aqi(beijing, edition=e) for e in ("2012", "2026"))
    for name in ("aqi", "level", "category", "primary", "aqi_status"):
        assert both[f"{name}_2012"].equals(old[name])
        assert both[f"{name}_2026"].equals(new[name])
    assert both.select(beijing.columns).equals(beijing)
    year = air.compare_editions(beijing, period="year")
    for edition, run in (("2012", old), ("2026", new)):
        counts = run.group_by("station").agg(
            pl.col("aqi").count().alias("valid"), (pl.col("aqi") <= 100).sum().alias("good")
        )
        found = year.select("station", f"valid_days_{edition}", f"good_days_{edition}")
        assert found.rows() == counts.sort("station").select("station", "valid", "good").rows()
    assert (year["good_days_difference"] < -10).all()
    same = both.filter(pl.col("changed").is_null())
    assert same["aqi_2012"].equals(same["aqi_2026"])
    assert (both["changed"].is_null()).sum() < both.height


# ---------------------------------------------------------------------------------------------
# frames


def test_columns_of_the_input_stay(beijing):
    """What an earlier run has added stands beside the two editions."""
    days = air.aqi(beijing.head(50))
    got = air.compare_editions(days)
    assert got.select(days.columns).equals(days)
    again = air.compare_editions(got)
    assert again["aqi_2012"].equals(got["aqi_2012"])
    assert again["aqi_2012_input"].equals(got["aqi_2012"])
    assert air.compare_editions(again).columns == again.columns


def test_faults_are_said_and_earlier_reasons_stand():
    days = pl.DataFrame([{"station": "s", "date": dt.date(2025, 1, 1)} | CLEAN | {"pm25": -1.0}])
    assert air.compare_editions(days)["reason_pm25"].to_list() == ["negative"]
    days = days.with_columns(reason_pm25=pl.lit("few_hours"))
    assert air.compare_editions(days)["reason_pm25"].to_list() == ["few_hours"]


KINDS = ["polars lazy", "pandas", "pyarrow", "duckdb", "ibis"]


@pytest.fixture(scope="module")
def engines():
    return Engines()


@pytest.mark.parametrize("kind", KINDS)
def test_every_engine_gives_the_same_days(engines, kind):
    instead = (air.compare_editions, DAYS, ["station", "date"])
    check_case(engines, kind, "editions by day", instead)


@pytest.mark.parametrize("kind", KINDS)
def test_every_engine_gives_the_same_months(engines, kind):
    def function(frame):
        return air.compare_editions(frame, period="month")

    instead = (function, DAYS, ["station", "period"])
    check_case(engines, kind, "editions by month", instead)


def test_options_reach_the_statistics():
    days = DAYS.with_columns(excluded_pm10=pl.when(pl.col("pm10") > 150).then(pl.lit("dust")))
    options = {"period": "month", "grade": 1, "weights": {"pm25": 3}, "dust": "removed"}
    got = air.compare_editions(days, **options)
    for edition in ("2012", "2026"):
        want = air.statistics(days, edition=edition, **options)
        for name in ("good_days", "exceed_no2_days", "composite", "basis", "primary_pm10_days"):
            assert got[f"{name}_{edition}"].equals(want[name]), name
        assert got["pm10"].equals(want["pm10"])
        assert got["excluded_pm10_days"].equals(want["excluded_pm10_days"])
    assert got["excluded_pm10_days"].sum() > 0


def test_any_names_of_two_editions():
    got = judged({"pm25": 75.0}, editions=("HJ 633-2012", dt.date(2026, 5, 1)))
    assert got["aqi_difference"].to_list() == [14]
    got = judged({"pm25": 75.0}, editions=("2026", "2031"))
    assert rows_of(got.select("aqi_difference", "changed")) == [
        {"aqi_difference": 0, "changed": None}
    ]


def test_bad_input():
    for editions in (("2012",), ("2012", "2026", "2031"), "2012"):
        with pytest.raises(ShanshuiError, match="two"):
            judged({}, editions=editions)
    with pytest.raises(ShanshuiError, match="same"):
        judged({}, editions=("2012", "HJ 633-2012"))
    with pytest.raises(UnknownEdition):
        judged({}, editions=("2012", "1996"))
    with pytest.raises(SchemaError, match="pm25"):
        air.compare_editions(DAYS.drop("pm25"))
    with pytest.raises(SchemaError, match="station"):
        air.compare_editions(DAYS.drop("station"), period="month")
    assert air.compare_editions(DAYS.drop("station")).height == DAYS.height
    with pytest.raises(ShanshuiError, match="period"):
        air.compare_editions(DAYS, period="week")
    for only in ({"grade": 1}, {"weights": {"pm25": 3}}, {"dust": "kept"}):
        with pytest.raises(ShanshuiError, match="give a period"):
            air.compare_editions(DAYS, **only)


# ---------------------------------------------------------------------------------------------
# command line


@pytest.fixture
def command(beijing, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    beijing.filter(pl.col("date").dt.month() <= 3).write_csv("日值.csv")
    samples.beijing_stations().write_csv("点位.csv")

    def run(*words, code=0):
        done = CliRunner().invoke(app, ["air", "editions", *words])
        assert done.exit_code == code, (done.output, done.exception)
        return done

    return run


def test_command_day_by_day(command, beijing):
    done = command("日值.csv", "-o", "新旧.csv")
    assert "新旧.csv" in done.stderr
    got = pl.read_csv("新旧.csv", try_parse_dates=True)
    want = air.compare_editions(beijing.filter(pl.col("date").dt.month() <= 3))
    assert got["changed"].to_list() == want["changed"].to_list()
    days = want["changed"].is_not_null().sum()
    assert f"{want.height:,} 天中 {days:,} 天" in done.stderr
    printed = command("日值.csv", "--rows", "0").stdout
    assert "AQI 2026版" in printed
    assert printed.count("2015-0") == days
    assert "缺项不评价" in printed


def test_command_by_period_and_city(command):
    done = command(
        *("日值.csv", "--by", "city", "--stations", "点位.csv", "--period", "month", "--json"),
        *("--new", "2031", "--weight", "pm25=3"),
    )
    got = pl.DataFrame(json.loads(done.stdout), infer_schema_length=None)
    assert got["period"].to_list() == ["2015-01", "2015-02", "2015-03"]
    assert (got["composite_2031"] > got["composite_2012"]).all()
    assert (
        "北京市"
        in command(
            *("日值.csv", "--by", "city", "--stations", "点位.csv", "--period", "ytd")
        ).stdout
    )


def test_command_refuses_at_once(command):
    assert "--old" in command("没有.csv", "--edition", "2012", code=2).output
    assert "相同" in command("没有.csv", "--new", "2012", code=2).output
    assert "--period" in command("没有.csv", "--events", "沙尘.csv", code=2).output
    assert "month" in command("没有.csv", "--period", "week", code=2).output

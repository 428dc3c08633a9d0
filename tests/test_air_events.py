"""Sand-dust and exceptional events: marked, left out, printed both ways."""

import datetime as dt
import random

import polars as pl
import pytest
import reference as ref
from comparing import agree, rows_of
from hypothesis import given
from hypothesis import strategies as st
from random_air import day_frame, days_of, hour_frame, hours_of
from test_air_property import STATISTICS, examples, seeds

from shanshui import air
from shanshui.standards import Basis, SchemaError, ShanshuiError

WHO = {"evidence": "卫星、地面监测", "decided_by": "中国环境监测总站"}
SCHEMA = {
    **dict.fromkeys(["station", "network", "kind", "items", "event"], pl.String),
    **dict.fromkeys(["evidence", "decided_by"], pl.String),
}


def event_frame(events, kind=pl.Date, keys=("station",)):
    drop = [k for k in ("station", "network") if k not in keys]
    frame = pl.DataFrame(
        [WHO | e for e in events], schema=SCHEMA | {"start": kind, "end": kind}, orient="row"
    )
    return frame.drop(*drop, "event")


# --- published days ----------------------------------------------------------------------------

# 广东省 dust-day table, April 2025: PM removed, the AQI of the four other items (facts/air.md 7.4).
PUBLISHED = [
    ("广州", 13, 6, 25, 0.4, 87, 44, "优"),
    ("广州", 14, 8, 51, 0.6, 158, 99, "良"),
    ("广州", 15, 7, 52, 0.6, 153, 95, "良"),
    ("广州", 16, 6, 40, 0.5, 185, 123, "轻度污染"),
    ("广州", 17, 5, 21, 0.5, 131, 76, "良"),
    ("广州", 18, 5, 32, 0.6, 43, 40, "优"),
    ("深圳", 14, 9, 56, 0.7, 159, 100, "良"),
    ("深圳", 15, 8, 44, 0.7, 178, 117, "轻度污染"),
    ("珠海", 15, 9, 30, 0.5, 244, 179, "中度污染"),
    ("佛山", 14, 10, 48, 0.6, 123, 70, "良"),
    ("佛山", 15, 9, 62, 0.7, 165, 105, "轻度污染"),
    ("惠州", 14, 10, 39, 0.6, 161, 101, "轻度污染"),
    ("东莞", 15, 8, 50, 0.6, 163, 103, "轻度污染"),
    ("中山", 15, 6, 33, 0.5, 209, 145, "轻度污染"),
    ("江门", 15, 9, 39, 0.6, 202, 139, "轻度污染"),
    ("阳江", 16, 5, 20, 0.6, 191, 129, "轻度污染"),
    ("湛江", 16, 8, 11, 0.6, 214, 150, "轻度污染"),
    ("茂名", 15, 25, 24, 1.0, 167, 107, "轻度污染"),
    ("清远", 16, 10, 33, 0.6, 213, 149, "轻度污染"),
    ("肇庆", 15, 11, 37, 0.4, 188, 126, "轻度污染"),
]


def guangdong():
    names = ["city", "day", "so2", "no2", "co", "o3_8h", "published", "class"]
    days = pl.DataFrame(PUBLISHED, schema=names, orient="row")
    # What the dust brought is not published; any heavy day will do.
    return days.select(
        *("city", "so2", "no2", "co", "o3_8h", "published", "class"),
        date=pl.date(2025, 4, pl.col("day")),
        pm10=pl.lit(480.0),
        pm25=pl.lit(90.0),
    )


DUST_2025 = pl.DataFrame([WHO | {"start": dt.date(2025, 4, 11), "end": dt.date(2025, 4, 18)}])


def test_published_aqi_of_dust_days_comes_from_the_other_items():
    got = air.aqi(air.exclude(guangdong(), DUST_2025, by="city", blank=True))
    assert got["aqi"].to_list() == got["published"].to_list()
    assert got["category"].to_list() == got["class"].to_list()
    assert got["reason_pm10"].to_list() == ["excluded"] * len(PUBLISHED)
    assert got["pm10_excluded"].to_list() == [480.0] * len(PUBLISHED)


def test_published_aqi_with_pm25_kept():
    """中山 2025-04-18: only PM10 is removed."""
    day = pl.DataFrame({"city": "中山", "date": dt.date(2025, 4, 18)}, height=1).with_columns(
        so2=4, no2=11, co=0.4, o3_8h=50, pm10=300, pm25=19
    )
    events = DUST_2025.with_columns(items=pl.lit("pm10"))
    got = air.aqi(air.exclude(day, events, by="city", blank=True)).row(0, named=True)
    assert (got["aqi"], got["category"], got["iaqi_pm25"]) == (28, "优", 28)


def test_removed_ratio_counts_the_aqi_of_the_other_items():
    marked = air.exclude(guangdong().drop("published", "class"), DUST_2025, by="city")
    figures = {
        dust: air.statistics(marked, by="city", dust=dust).filter(city="广州").row(0, named=True)
        for dust in ("national", "removed", "kept")
    }
    assert {d: f["good_days"] for d, f in figures.items()} == {
        "national": 0,
        "removed": 5,
        "kept": 0,
    }
    assert {d: f["pm10"] for d, f in figures.items()} == {
        "national": None,
        "removed": None,
        "kept": 480.0,
    }
    assert figures["national"]["reason_pm10"] == "excluded"
    assert {d: Basis.parse(f["basis"]).dust for d, f in figures.items()} == {
        "national": "扣沙（比例不扣）",
        "removed": "扣沙",
        "kept": "不扣沙",
    }


def test_national_is_the_default_where_there_are_marks():
    marked = air.exclude(guangdong().drop("published", "class"), DUST_2025, by="city")
    assert air.statistics(marked, by="city").equals(
        air.statistics(marked, by="city", dust="national")
    )


# --- against the reference ---------------------------------------------------------------------


def random_events(rng, start, days, *, hourly):
    events = []
    for _ in range(rng.randrange(5)):
        first = start + dt.timedelta(days=rng.randrange(-2, days))
        last = first + dt.timedelta(days=rng.choice([0, 0, 1, 3]))
        if hourly:
            first = dt.datetime.combine(first, dt.time(rng.randrange(24)))
            last = dt.datetime.combine(last, dt.time(23))
            last = max(first, last - dt.timedelta(hours=rng.randrange(24)))
        kind = rng.choice([None, "dust", "exceptional"])
        items = rng.choice(["pm10", "o3,pm25", "o3_8h", "so2,no2,co"])
        events.append(
            {
                "station": rng.choice([None, "s0", "s1"]),
                "network": rng.choice([None, None, "A0"]),
                "kind": kind,
                "items": items if kind == "exceptional" or rng.random() < 0.5 else None,
                "start": first,
                "end": last if rng.random() < 0.8 else None,
            }
        )
    return events


@examples(30)
@given(
    seed=seeds, hourly=st.booleans(), exact=st.booleans(), stamp=st.sampled_from(["end", "start"])
)
def test_exclude(seed, hourly, exact, stamp):
    rng = random.Random(seed)
    start = dt.date(2026, 2, 26)
    if hourly:
        rows = hours_of(rng, start, 4, gaps=0.1, wild=0.01)
        frame, time, keys = hour_frame(rows), "time", ["station", "network"]
    else:
        rows = days_of(rng, start, 12, gaps=0.05)
        rows = [r | {"network": "A" + str(rng.randrange(2))} for r in rows]
        frame, time, keys = day_frame(rows, network=pl.String), "date", ["station", "network"]
    frame = frame.unique([*keys, time], keep="first", maintain_order=True)
    rows = rows_of(frame)
    events = random_events(rng, start, 6, hourly=exact)
    table = event_frame(events, pl.Datetime("us") if exact else pl.Date, keys)
    want = ref.exclude(rows, events, keys, stamp=stamp)
    got = air.exclude(frame, table, by=keys, stamp=stamp)
    items = [i for i in (*ref.HOURLY, *ref.DAILY) if i in frame.columns]
    marks = [f"excluded_{i}" for i in items]
    agree(got, want, [*keys, time], [*marks, "event"])
    assert got.select(frame.columns).equals(frame)


@examples(20)
@given(
    seed=seeds,
    dust=st.sampled_from(["national", "removed", "kept"]),
    period=st.sampled_from(["month", "quarter", "ytd"]),
    edition=st.sampled_from([None, "2012", "2026"]),
)
def test_statistics_with_marks(seed, dust, period, edition):
    rng = random.Random(seed)
    start = dt.date(2026, 1, 20)
    rows = days_of(rng, start, 70, gaps=0.03)
    events = [e | {"network": None} for e in random_events(rng, start, 70, hourly=False)]
    marked = air.exclude(day_frame(rows), event_frame(events))
    want = ref.statistics(
        ref.exclude(rows, events, ("station",)), period=period, edition=edition, dust=dust
    )
    got = air.statistics(marked, period=period, edition=edition, dust=dust)
    agree(got, want, ["station", "period"], STATISTICS)


@examples(6)
@given(seed=seeds, dust=st.sampled_from(["national", "removed"]))
def test_a_year_of_many_dust_days_keeps_its_figure(seed, dust):
    """Days taken out were measured: they count for the least number of days."""
    rng = random.Random(seed)
    rows = days_of(rng, dt.date(2023, 1, 1), 365, 1, gaps=0, spread=0.1)
    events = [
        {"start": dt.date(2023, 3, 1), "end": dt.date(2023, 5, 1)},
        {"start": dt.date(2023, 12, 1), "end": dt.date(2023, 12, rng.randrange(1, 31))},
    ]
    marked = air.exclude(day_frame(rows), event_frame(events, keys=()))
    want = ref.statistics(ref.exclude(rows, events, ()), period="year", dust=dust)
    agree(air.statistics(marked, period="year", dust=dust), want, ["station", "period"], STATISTICS)


@examples(10)
@given(seed=seeds)
def test_marks_go_with_hours_into_days_and_areas(seed):
    rng = random.Random(seed)
    start = dt.date(2026, 2, 27)
    hours = hour_frame(hours_of(rng, start, 4, gaps=0.05, wild=0.0)).drop("network")
    events = random_events(rng, start, 4, hourly=True)
    marked = air.exclude(hours, event_frame(events, pl.Datetime("us")))
    days = air.daily(marked)
    want = {}
    for row in rows_of(marked):
        day = ref.day_of(row["time"], "end")[0]
        for item in ref.DAILY:
            kinds = row[f"excluded_{ref.substance(item)}"]
            found = want.setdefault((row["station"], day), {i: set() for i in ref.DAILY})
            found[item] |= set(kinds.split(",")) if kinds else set()
    for row in rows_of(days):
        for item in ref.DAILY:
            kinds = row[f"excluded_{item}"]
            assert set(kinds.split(",") if kinds else []) == want[row["station"], row["date"]][item]
    plain = air.daily(hours)
    assert days.select(plain.columns).equals(plain)

    sites = pl.DataFrame({"station": ["s0", "s1"], "city": "甲", "reference": [False, True]})
    city = air.area(days, sites)
    own = days.filter(station="s0").select("date", "excluded_pm10", "event")
    both = city.join(own, on="date", how="left")
    assert both["excluded_pm10"].eq_missing(both["excluded_pm10_right"]).all()
    assert both["event"].eq_missing(both["event_right"]).all()


# --- both ways side by side, again, bad tables -------------------------------------------------


def test_blank_hours_leave_the_daily_mean():
    times = pl.datetime_range(
        dt.datetime(2021, 3, 15, 1), dt.datetime(2021, 3, 16), "1h", eager=True
    )
    hours = pl.DataFrame({"station": "A", "time": times}).with_columns(
        so2=5.0, no2=20.0, co=0.5, o3=60.0, pm10=pl.Series([2000.0] * 4 + [100.0] * 20), pm25=30.0
    )
    dust = {"start": dt.datetime(2021, 3, 15, 1), "end": dt.datetime(2021, 3, 15, 4)}
    events = pl.DataFrame([WHO | dust])
    day = air.daily(air.exclude(hours, events, blank=True)).row(0, named=True)
    assert (day["pm10"], day["hours_pm10"], day["excluded_pm10"]) == (100.0, 20, "dust")
    longer = events.with_columns(end=pl.lit(dt.datetime(2021, 3, 15, 5)))
    day = air.daily(air.exclude(hours, longer, blank=True)).row(0, named=True)
    assert (day["pm10"], day["reason_pm10"], day["no2"]) == (None, "few_hours", 20.0)


def test_marking_again_adds():
    days = guangdong().drop("published", "class").head(2)
    once = air.exclude(days, DUST_2025, by="city")
    fire = pl.DataFrame(
        [{"start": dt.date(2025, 4, 14), "kind": "例外事件", "items": "pm25", "event": "F1"} | WHO]
    )
    both = air.exclude(once, fire, by="city")
    assert both["excluded_pm25"].to_list() == ["dust", "dust,exceptional"]
    assert both["excluded_pm10"].to_list() == ["dust", "dust"]
    assert both["event"].to_list() == ["1", "1,F1"]
    other_way = air.exclude(air.exclude(days, fire, by="city"), DUST_2025, by="city")
    assert other_way["excluded_pm25"].to_list() == ["dust", "dust,exceptional"]


def test_no_event_marks_nothing():
    days = guangdong().drop("published", "class")
    marked = air.exclude(days, DUST_2025.clear(), by="city")
    assert marked["excluded_pm10"].null_count() == days.height
    figures = [air.statistics(marked, by="city", dust=d) for d in ("national", "removed", "kept")]
    numbers = [f.drop("basis") for f in figures]
    assert numbers[0].equals(numbers[1])
    assert numbers[0].equals(numbers[2])


BAD = [
    ({"evidence": " "}, "第 1 行：没有填写 evidence"),
    ({"decided_by": None}, "第 1 行：没有填写 decided_by"),
    ({"kind": "火山"}, "kind “火山”"),
    ({"kind": "exceptional", "items": None}, "须写明项目"),
    ({"items": "pm1"}, "不认识的项目 pm1"),
    ({"end": dt.date(2025, 4, 1)}, "不成时段"),
    ({"start": None}, "起止时间应为日期"),
    ({"start": dt.date(2020, 1, 1)}, "长于"),
]


@pytest.mark.parametrize(("fault", "said"), BAD)
def test_a_bad_event_is_named_by_its_row(fault, said):
    event = WHO | {"kind": "dust", "items": "pm10", "start": dt.date(2025, 4, 14)}
    event |= {"end": dt.date(2025, 4, 15)} | fault
    types = dict.fromkeys(("kind", "items", *WHO), pl.String) | {"start": pl.Date, "end": pl.Date}
    with pytest.raises(ShanshuiError, match=said):
        air.exclude(guangdong(), pl.DataFrame([event], schema=types), by="city")


def test_bad_tables_are_refused():
    days = guangdong()
    with pytest.raises(SchemaError, match="decided_by"):
        air.exclude(days, DUST_2025.drop("decided_by"), by="city")
    with pytest.raises(SchemaError, match="不认识的列 province"):
        air.exclude(days, DUST_2025.with_columns(province=pl.lit("广东")), by="city")
    with pytest.raises(SchemaError, match="内存"):
        air.exclude(days, DUST_2025.lazy(), by="city")
    with pytest.raises(SchemaError, match="可扣除的项目"):
        air.exclude(days.select("city", "date"), DUST_2025, by="city")
    with pytest.raises(SchemaError, match=r"air\.exclude"):
        air.statistics(days, by="city", dust="removed")
    with pytest.raises(ShanshuiError, match="national"):
        air.statistics(days, by="city", dust="some")
    with pytest.raises(ShanshuiError, match="不符"):
        air.statistics(days, by="city", dust="kept", basis=Basis(dust="扣沙"))

"""Random measurements, as bad as real ones: the library equals the slow reference."""

import datetime as dt
import random

import polars as pl
import reference as ref
from comparing import agree
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from random_air import day_frame, days_of, hour_frame, hours_of

from shanshui import air

# First days of the data: an ordinary month, leap and common February, the turn of the year, the
# turns of the editions, and the first day that any edition covers.
STARTS = [
    dt.date(2019, 7, 14),
    dt.date(2020, 2, 27),
    dt.date(2023, 2, 27),
    dt.date(2024, 12, 30),
    dt.date(2026, 2, 27),
    dt.date(2030, 12, 30),
    dt.date(2011, 12, 30),
]


def examples(count):
    """Draw so many; a seed that fails is printed, and shrinking it would only make another."""
    return settings(max_examples=count, phases=[Phase.explicit, Phase.reuse, Phase.generate])


seeds = st.integers(0, 2**32 - 1)
starts = st.sampled_from(STARTS)


DAILY_COLUMNS = [
    *ref.DAILY,
    "edition",
    *(f"reason_{i}" for i in ref.DAILY),
    *(f"hours_{i}" for i in ref.HOURLY),
    "windows_o3",
]


@examples(40)
@given(
    seed=seeds,
    start=starts,
    stamp=st.sampled_from(["end", "start"]),
    gaps=st.sampled_from([0.0, 0.1, 0.15, 0.2, 0.3, 0.7]),
    wild=st.sampled_from([0.0, 0.02, 0.3]),
    repeats=st.sampled_from([0.0, 0.02]),
)
def test_daily(seed, start, stamp, gaps, wild, repeats):
    rng = random.Random(seed)
    rows = hours_of(rng, start, 4, gaps=gaps, wild=wild, repeats=repeats)
    if rng.random() < 0.2 and rows:
        rows.append(rows[0] | {"time": None})
    want = ref.daily(rows, stamp=stamp)
    got = air.daily(hour_frame(rows), stamp=stamp)
    agree(got, want, ["station", "date"], DAILY_COLUMNS)


@examples(12)
@given(seed=seeds, start=starts, edition=st.sampled_from([None, "2012", "2026", "2031"]))
def test_daily_unrounded_by_two_keys_and_a_named_edition(seed, start, edition):
    rows = hours_of(random.Random(seed), start, 3, 3, gaps=0.1, wild=0.01)
    keys = ["network", "station"]
    want = ref.daily(rows, by=tuple(keys), edition=edition, rounded=False)
    for row in want:
        for item in ref.DAILY:
            row[item] = None if row[item] is None else ref.half_even(row[item], 6)
    got = air.daily(hour_frame(rows), by=keys, edition=edition, rounded=False)
    agree(got, want, [*keys, "date"], DAILY_COLUMNS)


@examples(12)
@given(seed=seeds, start=starts, labels=st.sampled_from([(1, 24), (8, 24), (7, 23), (12, 24)]))
def test_daily_with_other_labels_of_the_eight_hours(seed, start, labels):
    rows = hours_of(random.Random(seed), start, 3, gaps=0.15, wild=0.0)
    want = ref.daily(rows, labels=labels)
    got = air.daily(hour_frame(rows), o3_labels=labels)
    agree(got, want, ["station", "date"], DAILY_COLUMNS)


JUDGED = ["aqi", "level", "category", "primary", "exceeding", "aqi_status", "edition"]


@examples(15)
@given(
    seed=seeds,
    start=starts,
    stamp=st.sampled_from(["end", "start"]),
    rule=st.sampled_from(["platform", "text"]),
    gaps=st.sampled_from([0.0, 0.1, 0.3]),
)
def test_hourly_index(seed, start, stamp, rule, gaps):
    rows = hours_of(random.Random(seed), start, 4, gaps=gaps, wild=0.02)
    want = ref.aqi_hourly(rows, stamp=stamp, rule=rule)
    got = air.aqi_hourly(hour_frame(rows), stamp=stamp, rule=rule)
    items = [*ref.HOURLY, *(["o3_8h"] if rule == "text" and "iaqi_o3_8h" in got.columns else [])]
    want = [{f"iaqi_{i}": None for i in items} | row for row in want]
    agree(got, want, ["station", "time"], [*(f"iaqi_{i}" for i in items), *JUDGED])


@examples(15)
@given(seed=seeds, start=starts, edition=st.sampled_from([None, "2012", "2026", "HJ 633-2026"]))
def test_daily_index(seed, start, edition):
    rng = random.Random(seed)
    rows = days_of(rng, start, 40, 3, gaps=0.05, wild=0.03)
    exempt = rng.choice([(), ("so2",), ("co", "o3_8h")])
    want = ref.aqi(rows, edition={"HJ 633-2026": "2026"}.get(edition, edition), exempt=exempt)
    got = air.aqi(day_frame(rows), edition=edition, exempt=exempt)
    items = [i for i in ref.DAILY if f"iaqi_{i}" in got.columns]
    agree(got, want, ["station", "date"], [*(f"iaqi_{i}" for i in items), *JUDGED])


@examples(20)
@given(
    seed=seeds,
    start=starts,
    min_share=st.sampled_from([None, 0.0, 0.5, 0.75, 1.0]),
    stations=st.integers(1, 9),
)
def test_area(seed, start, min_share, stations):
    rng = random.Random(seed)
    rows = days_of(rng, start, 5, stations, gaps=0.3, wild=0.02)
    listed = [
        {"station": f"s{n}", "city": rng.choice(["甲", "乙"]), "reference": rng.random() < 0.2}
        for n in range(stations + 1)
        if rng.random() < 0.9
    ]
    schema = {"station": pl.String, "city": pl.String, "reference": pl.Boolean}
    share = None if min_share is None else ref.Fraction(str(min_share))
    want = ref.area(rows, listed, min_share=share)
    got = air.area(day_frame(rows), pl.DataFrame(listed, schema=schema), min_share=min_share)
    columns = [*ref.DAILY, "edition", *(f"stations_{i}" for i in ref.DAILY)]
    agree(got, want, ["city", "date"], columns)


STATISTICS = ["start", "end", "edition", "mixed_editions", "days", *ref.FIGURES]
SPANS = [("2026-01", "2026-04"), ("2024-11", "2025-02"), ("2020-02", "2020-02")]


@examples(25)
@given(
    seed=seeds,
    start=starts,
    period=st.sampled_from(["month", "quarter", "half", "ytd", *SPANS]),
    gaps=st.sampled_from([0.0, 0.04, 0.12]),
    edition=st.sampled_from([None, None, "2012", "2026", "2031"]),
)
def test_statistics(seed, start, period, gaps, edition):
    rng = random.Random(seed)
    if isinstance(period, tuple):
        year, month = map(int, period[0].split("-"))
        start = dt.date(year, month, 1) - dt.timedelta(days=rng.choice([0, 0, 3]))
    elif rng.random() < 0.5:
        start = start.replace(day=1)
    rows = days_of(rng, start, rng.choice([20, 95, 130]), gaps=gaps, wild=0.01)
    if rng.random() < 0.15 and rows:
        rows.append(dict(rows[0]))  # a day that is there twice
    want = ref.statistics(rows, period=period, edition=edition)
    got = air.statistics(day_frame(rows), period=period, edition=edition)
    agree(got, want, ["station", "period"], STATISTICS)


@examples(8)
@given(seed=seeds, year=st.sampled_from([2020, 2023, 2026, 2031]), gaps=st.sampled_from([0, 0.02]))
def test_statistics_of_years(seed, year, gaps):
    """Whole years, around the least number of days: 324, 27 a month, 25 in February."""
    rng = random.Random(seed)
    rows = days_of(rng, dt.date(year, 1, 1), 380, 3, gaps=0, spread=0.1)
    missing = {(s, m): rng.choice([0, 1, 2, 3, 3, 3, 4]) for s in range(3) for m in range(1, 13)}
    kept = [
        row
        for row in rows
        if row["date"].day > missing[int(row["station"][1:]), row["date"].month]
        and rng.random() >= gaps
    ]
    weights = rng.choice([None, {"pm25": 3, "no2": 2, "o3_8h": 2}, {"so2": 0.5, "co": 0}])
    want = ref.statistics(kept, period="year", weights=weights)
    got = air.statistics(day_frame(kept), period="year", weights=weights)
    agree(got, want, ["station", "period"], STATISTICS)


@examples(5)
@given(seed=seeds, period=st.sampled_from(["month", "ytd"]))
def test_statistics_by_two_keys(seed, period):
    """Two networks that use the same names for their stations do not mix."""
    rng = random.Random(seed)
    rows = []
    for network in ("省", "国"):
        days = days_of(rng, dt.date(2025, 12, 10), 60, gaps=0.05)
        rows += [row | {"network": network} for row in days]
    rng.shuffle(rows)
    want = ref.statistics(rows, by=("network", "station"), period=period)
    frame = day_frame(rows, network=pl.String)
    got = air.statistics(frame, by=["network", "station"], period=period)
    agree(got, want, ["network", "station", "period"], STATISTICS)


def test_a_year_has_figures_from_the_least_number_of_days_on():
    """27 days in every month and 25 in February are 322: two more make a valid year of 324."""
    for extra, there in ((1, False), (2, True)):
        days = []
        for month in range(1, 13):
            count = 25 if month == 2 else 27
            count += extra if month == 7 else 0
            days += [dt.date(2023, month, n) for n in range(1, count + 1)]
        rows = [dict.fromkeys(ref.DAILY, 20.0) | {"station": "s", "date": d} for d in days]
        got = air.statistics(day_frame(rows), period="year").row(0, named=True)
        assert (got["valid_pm25"], got["pm25"] is not None) == (there, there)
        assert got["days_pm25"] == 322 + extra


COMPARED = [
    *ref.MEANS,
    *ref.PERCENTILES,
    "good_ratio",
    "heavy_ratio",
    *(f"index_{i}" for i in ref.SIX),
    "composite",
    "index_max",
]


@examples(6)
@given(seed=seeds, years=st.integers(1, 3))
def test_compare(seed, years):
    rng = random.Random(seed)
    frames, references = [], []
    for back in range(years + 1):
        rows = days_of(rng, dt.date(2023 - back, 3, 1), 31, 4, gaps=0.05, spread=0.3)
        rows = [r for r in rows if r["station"] != f"s{back}"]  # not every place in every year
        references.append(ref.statistics(rows))
        frames.append(air.statistics(day_frame(rows)))
    want = ref.compare(references[0], references[1:], ("station",), COMPARED)
    before = frames[1] if years == 1 else frames[1:]
    got = air.compare(frames[0], before)
    columns = [f"{f}_{what}" for f in COMPARED for what in ("before", "change", "trend")]
    agree(got, want, ["station", "period"], columns)


@examples(5)
@given(seed=seeds)
def test_compare_by_season(seed):
    rng = random.Random(seed)
    now = days_of(rng, dt.date(2024, 1, 1), 90, gaps=0.05, spread=0.3)
    past = days_of(rng, dt.date(2023, 1, 1), 90, gaps=0.05, spread=0.3)
    a, b = ref.statistics(now), ref.statistics(past)
    for row in [*a, *b]:
        row["season"] = row["period"][5:]
    want = ref.compare(a, [b], ("station", "season"), COMPARED)
    frames = [air.statistics(day_frame(rows)) for rows in (now, past)]
    got = air.compare(*frames, match="season")
    columns = [f"{f}_{what}" for f in COMPARED for what in ("before", "change", "trend")]
    agree(got, want, ["station", "period"], columns)


def test_bases_that_differ_are_named_and_not_compared():
    def month(date, **more):
        rows = [dict.fromkeys(ref.DAILY, 20.0) | {"station": "s", "date": date}]
        return air.statistics(day_frame(rows), **more)

    now, past = dt.date(2026, 4, 3), dt.date(2025, 4, 3)
    got = air.compare(month(now), month(past)).row(0, named=True)
    assert "edition" in got["basis_difference"].split(",")
    assert got["pm25_change"] is None
    assert got["pm25_before"] == 20.0
    same = air.compare(month(now), month(past, edition="2026")).row(0, named=True)
    assert same["basis_difference"] is None
    assert (same["pm25_change"], same["pm25_trend"]) == (0.0, "持平")


@examples(15)
@given(seed=seeds, ties=st.integers(1, 6), how=st.sampled_from(["composite", "pm25", "guangdong"]))
def test_rank(seed, ties, how):
    rng = random.Random(seed)
    rows = []
    for n in range(30):
        row = {"n": n, "period": rng.choice(["2024-01", "2024-02"])}
        row["composite"] = rng.choice([None, round(2 + rng.randrange(ties) / 100, 2)])
        row["pm25"] = rng.choice([None, float(20 + rng.randrange(ties))])
        row["good_ratio"] = rng.choice([None, 100.0, 96.8, round(90 + rng.randrange(ties) / 10, 1)])
        rows.append(row)
    keys = {
        "composite": [("composite", True)],
        "pm25": [("pm25", True)],
        "guangdong": [("good_ratio", False), ("pm25", True)],
    }[how]
    want = ref.rank(rows, keys)
    got = air.rank(pl.DataFrame(rows, infer_schema_length=None), by=how)
    agree(got, want, ["n"], ["rank", "tied"])
    upside_down = ref.rank(rows, [("composite", False)])
    got = air.rank(pl.DataFrame(rows, infer_schema_length=None), ascending=False)
    agree(got, upside_down, ["n"], ["rank", "tied"])


def test_rank_by_change():
    rows = pl.DataFrame({"n": [1, 2, 3, 4], "composite_change": [-3.1, 2.0, -3.1, None]})
    got = air.rank(rows, by="change").sort("n")
    assert got["rank"].to_list() == [1, 3, 1, None]
    assert got["tied"].to_list() == [True, False, True, None]


@examples(10)
@given(seed=seeds, allow=st.booleans())
def test_group(seed, allow):
    rng = random.Random(seed)
    rows = days_of(rng, dt.date(2024, 1, 1), 60, 4, gaps=0.05, spread=0.3)
    rows = [r | {"city": f"城{r['station']}"} for r in rows]
    if rng.random() < 0.5:  # a city without its February
        rows = [r for r in rows if r["station"] != "s1" or r["date"].month == 1]
    members = {"全": [f"城s{n}" for n in range(4)], "半": ["城s0", "城s2"]}
    want = ref.group(ref.statistics(rows, by=("city",)), members, COMPARED, allow_missing=allow)
    cities = air.statistics(day_frame(rows, city=pl.String), by="city")
    got = air.group(cities, members, allow_missing=allow)
    agree(got, want, ["group", "period"], ["members", "members_present", *COMPARED])

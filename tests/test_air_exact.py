"""Every representable concentration of every item, both editions, against exact fractions."""

import datetime as dt
import random
from fractions import Fraction

import polars as pl
import pytest
import reference as ref
from comparing import agree

from shanshui import air, standards

DATE = {"2012": dt.date(2025, 6, 1), "2026": dt.date(2026, 6, 1), "2031": dt.date(2031, 6, 1)}
JUDGED = ["aqi", "level", "category", "primary", "exceeding", "aqi_status"]


def steps(top, size):
    """All multiples of 1/size from 0 to a tenth above the top, as the nearest doubles."""
    return [k / size for k in range(int(top * size * 1.1) + 2)]


def fine(points, rng):
    """Decimals of up to six places: around each breakpoint, and anywhere."""
    near = [
        p + sign * d for p in points for d in (1e-6, 0.001, 0.25, 0.499999, 0.5) for sign in (-1, 1)
    ]
    anywhere = [rng.uniform(0, points[-1] * 1.1) for _ in range(2000)]
    return sorted({round(c, 6) for c in [*near, *anywhere] if c >= 0})


def concentrations(edition, item, points):
    """Carbon monoxide by 0.1 and 0.01, and by 0.001 in 2012, which does not round it first."""
    rng = random.Random(f"{item} {points}")
    if item == "co":
        sizes = {"2012": (1000,), "2026": (100,), "2031": (10,)}[edition]
    else:
        sizes = (1,) if edition == "2031" else (2, 10)
    got = {c for size in sizes for c in steps(points[-1], size)} | set(fine(points, rng))
    return sorted(got)


def others_zero(items, item, values):
    data = {name: [0.0] * len(values) for name in items}
    data[item] = values
    return data


def expected(edition, columns, item, values):
    """Judge by the reference; the other items stand at zero, so only one IAQI is worked out."""
    rows = []
    for n, value in enumerate(values):
        part = ref.iaqi(edition, columns[item], ref.number(value))
        row = {"n": n, f"iaqi_{item}": part, "aqi": part if part is not None else 0}
        row["level"], row["category"] = ref.category(row["aqi"])
        row["primary"] = item if row["aqi"] > 50 else None
        row["exceeding"] = item if edition == "2012" and row["aqi"] > 100 else None
        rows.append(row)
    return rows


@pytest.mark.parametrize("edition", ["2012", "2026", "2031"])
@pytest.mark.parametrize("item", ref.DAILY)
def test_daily_index_of_every_concentration(edition, item):
    items = [i for i in ref.DAILY if i != "o3_1h" or edition == "2012"]
    if item not in items:
        pytest.skip("HJ 633-2026 does not judge the 1-hour ozone of a day")
    values = concentrations(edition, item, ref.BREAKPOINTS[edition][ref.DAILY_COLUMN[item]])
    frame = pl.DataFrame(others_zero(items, item, values)).with_columns(
        pl.int_range(pl.len()).alias("n"), pl.lit(DATE[edition]).alias("date")
    )
    want = expected(edition, ref.DAILY_COLUMN, item, values)
    columns = [f"iaqi_{item}", "aqi", "level", "category", "primary", "exceeding"]
    agree(air.aqi(frame.lazy()), want, ["n"], columns)


@pytest.mark.parametrize("edition", ["2012", "2026", "2031"])
@pytest.mark.parametrize("item", ref.HOURLY)
def test_hourly_index_of_every_concentration(edition, item):
    values = concentrations(edition, item, ref.BREAKPOINTS[edition][ref.HOURLY_COLUMN[item]])
    time = dt.datetime.combine(DATE[edition], dt.time(9))
    frame = pl.DataFrame(others_zero(ref.HOURLY, item, values)).with_columns(
        pl.int_range(pl.len()).alias("n"),
        pl.lit(time).alias("time"),
        pl.int_range(pl.len()).cast(pl.String).alias("station"),
    )
    want = expected(edition, ref.HOURLY_COLUMN, item, values)
    columns = [f"iaqi_{item}", "aqi", "level", "category", "primary", "exceeding"]
    agree(air.aqi_hourly(frame.lazy()), want, ["n"], columns)


@pytest.mark.parametrize("kind", [pl.Int16, pl.Int64, pl.UInt32, pl.Float32, pl.Decimal(12, 3)])
def test_the_type_of_a_number_changes_nothing(kind):
    """A value is the decimal as it is written, whatever column type carries it."""
    edition = "2012"  # 2026 rounds first and so forgives more
    whole = kind.is_integer()
    rows = []
    for item in ref.SIX:
        top = ref.BREAKPOINTS[edition][ref.DAILY_COLUMN[item]][-1]
        zero = dict.fromkeys(ref.SIX, 0.0)
        rows += [zero | {item: c} for c in steps(top, 1 if whole else 10)]
    frame = pl.DataFrame(rows).with_columns(pl.all().cast(kind))
    frame = frame.with_columns(
        pl.int_range(pl.len()).alias("n"), pl.lit(DATE[edition]).alias("date")
    )
    items = list(ref.SIX)
    parts = [f"iaqi_{i}" for i in items]
    want = [
        {"n": n}
        | {f"iaqi_{i}": ref.iaqi(edition, ref.DAILY_COLUMN[i], ref.number(row[i])) for i in items}
        for n, row in enumerate(rows)
    ]
    agree(air.aqi(frame), want, ["n"], parts)


def random_rows(edition, seed, count):
    """Rows with ties, gaps, NaN, negative and absurd values, and values above the scales."""
    rng = random.Random(seed)
    rows = []
    for n in range(count):
        row = {"n": n, "date": DATE[edition]}
        for item in ref.DAILY:
            top = ref.BREAKPOINTS[edition][ref.DAILY_COLUMN[item]][-1]
            c = rng.choice([rng.uniform(0, 0.1), rng.uniform(0, 1.2), rng.uniform(0, 0.3)]) * top
            row[item] = round(c, rng.choice([0, 1, 1, 3]))
            row[item] = rng.choice([row[item]] * 30 + [None, float("nan"), -1.0, 99999.0])
            if rng.random() < 0.1:  # a breakpoint itself, so that items tie
                k = rng.randrange(5)
                row[item] = float(ref.BREAKPOINTS[edition][ref.DAILY_COLUMN[item]][k])
        if rng.random() < 0.05:
            row |= dict.fromkeys(rng.sample(ref.DAILY, rng.randint(1, 7)))
        rows.append(row)
    rows[0] |= dict.fromkeys(ref.DAILY)
    rows[1] |= dict.fromkeys(ref.DAILY, 0.0)
    return rows


@pytest.mark.parametrize("exempt", [(), ("o3_8h",), ("so2", "pm10")])
@pytest.mark.parametrize("edition", ["2012", "2026", "2031"])
def test_daily_index_of_whole_rows(edition, exempt):
    rows = random_rows(edition, 7, 4000)
    want = ref.aqi(rows, exempt=exempt)
    columns = [f"iaqi_{i}" for i in ref.DAILY if i != "o3_1h" or edition == "2012"] + JUDGED
    agree(air.aqi(pl.DataFrame(rows), exempt=exempt), want, ["n"], [*columns, "edition"])


@pytest.mark.parametrize("edition", ["2012", "2026"])
def test_daily_index_without_the_hour_of_ozone(edition):
    rows = [{k: v for k, v in r.items() if k != "o3_1h"} for r in random_rows(edition, 8, 1500)]
    got = air.aqi(pl.DataFrame(rows))
    agree(got, ref.aqi(rows), ["n"], [f"iaqi_{i}" for i in ref.SIX] + JUDGED)


@pytest.mark.parametrize("exempt", [(), ("so2",)])
@pytest.mark.parametrize("edition", ["2012", "2026"])
def test_hourly_index_of_whole_rows(edition, exempt):
    rows = []
    for row in random_rows(edition, 9, 3000):
        new = {i: row["o3_1h" if i == "o3" else i] for i in ref.HOURLY}
        time = dt.datetime.combine(row["date"], dt.time(5))
        rows.append(new | {"n": row["n"], "station": f"s{row['n']}", "time": time})
    got = air.aqi_hourly(pl.DataFrame(rows), exempt=exempt)
    want = ref.aqi_hourly(rows, exempt=exempt)
    agree(got, want, ["n"], [f"iaqi_{i}" for i in ref.HOURLY] + JUDGED)


def one(**values):
    row = dict.fromkeys(ref.SIX, 0.0) | {"date": DATE["2026"]} | values
    return air.aqi(pl.DataFrame([row], infer_schema_length=None)).row(0, named=True)


def test_2026_rounds_the_concentration_first():
    assert one(pm25=60.5)["iaqi_pm25"] == 100  # 60.5 -> 60
    assert one(pm25=61.5)["iaqi_pm25"] == ref.iaqi("2026", ("pm25", "24h"), 62)  # 61.5 -> 62
    assert one(pm25=35.5)["iaqi_pm25"] == 52  # 35.5 -> 36
    assert one(co=0.25)["iaqi_co"] == 5  # 0.25 -> 0.2
    assert one(pm25=60.5, date=DATE["2012"])["iaqi_pm25"] == 82  # 2012: as it stands


def test_missing_items():
    kept = one(pm25=None, o3_8h=161)
    assert (kept["aqi"], kept["aqi_status"], kept["primary"]) == (101, "partial", "o3_8h")
    held = one(pm25=None, o3_8h=160)
    assert (held["aqi"], held["level"], held["category"], held["aqi_status"]) == (
        None,
        None,
        None,
        "NA",
    )
    assert held["iaqi_o3_8h"] == 100  # the single indices are still published
    old = one(pm25=None, o3_8h=160, date=DATE["2012"])
    assert (old["aqi"], old["aqi_status"]) == (100, "partial")


def test_rounding_of_the_national_standard():
    assert [
        float(standards.round_half_even(v, d)) for v, d in [(0.525, 2), (2.5, 0), (3.5, 0)]
    ] == [
        0.52,
        2,
        4,
    ]
    for k in range(-3000, 3000):
        for digits in (0, 1, 2):
            got = standards.round_half_even(k / 1000, digits)
            assert Fraction(got) == ref.half_even(Fraction(k, 1000), digits), (k, digits)


def test_co_2_2_is_55():
    assert one(co=2.2)["iaqi_co"] == 55
    assert ref.iaqi("2026", ("co", "24h"), "2.2") == 55

"""Figures that authorities have published, and the library's answer to the same measurements."""

import csv
import datetime as dt
import re
from collections import defaultdict
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest
import reference as ref
from comparing import agree

from shanshui import air

DATA = Path(__file__).parent / "data"


def golden(name):
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    return rows


def value(text):
    return float(text) if text else None


# ---------------------------------------------------------------------------------------------
# every published hourly AQI of the national network, spring 2020

PUBLISHED_NAMES = {
    "二氧化硫": "so2",
    "二氧化氮": "no2",
    "一氧化碳": "co",
    "臭氧1小时": "o3",
    "颗粒物(PM10)": "pm10",
    "细颗粒物(PM2.5)": "pm25",
}


@pytest.fixture(params=["beside the checkout", "packaged"])
def national_hours(request):
    if request.param == "packaged":
        folder = files("shanshui.platform.demo.samples") / "national_2020_spring"
        if not (folder / "hours.parquet").is_file():
            pytest.skip("the hours of spring 2020 are not packaged")
        hours = pl.read_parquet((folder / "hours.parquet").read_bytes())
        return hours.with_columns(co=pl.col("co_ugm3") / 1000)
    folder = request.getfixturevalue("shared") / "data" / "air_hourly_national_2020"
    if not folder.is_dir():
        pytest.skip("no data set air_hourly_national_2020")
    return pl.read_parquet(folder / "hourly.parquet")


def test_103330_published_hourly_aqi(national_hours):
    published = national_hours.filter(pl.col("aqi").is_not_null())
    assert published.height == 103_330
    got = air.aqi_hourly(published)
    assert got.height == published.height
    assert got.filter(pl.col("aqi").ne_missing(pl.col("aqi_input").cast(pl.Int64))).is_empty()
    assert got.filter(pl.col("category").ne_missing(pl.col("level_input"))).is_empty()

    def codes(names):
        return {PUBLISHED_NAMES[n] for n in names.split(",")} if names else set()

    pairs = got.select("primary", pl.col("primary_input").fill_null("")).unique().rows()
    wrong = [(a, b) for a, b in pairs if set((a or "").split(",")) - {""} != codes(b)]
    assert not wrong
    assert set(got["aqi_status"].unique()) == {"ok", "partial"}


def test_national_hours_without_a_published_aqi_keep_their_rows(national_hours):
    got = air.aqi_hourly(national_hours)
    assert got.height == national_hours.height
    silent = got.filter(pl.col("aqi_input").is_null())
    # The platform publishes nothing for a station that is out; the index is there or it is not.
    assert set(silent["aqi_status"].unique()) <= {"partial", "no_data", "ok"}


def test_the_published_snapshot_of_2018(shared):
    path = shared / "data" / "air_snapshot_national_2018" / "snapshot_20180220T07.parquet"
    if not path.is_file():
        pytest.skip("no data set air_snapshot_national_2018")
    published = pl.read_parquet(path).filter(pl.col("aqi").is_not_null())
    whole = published.drop_nulls(list(ref.HOURLY))
    got = air.aqi_hourly(whole)
    assert got.height > 1_200
    assert got.filter(pl.col("aqi").cast(pl.Float64) != pl.col("aqi_input")).is_empty()
    # Where an item is not shown, the platform's index is at least that of the others.
    got = air.aqi_hourly(published)
    assert got.filter(pl.col("aqi") > pl.col("aqi_input")).is_empty()


# ---------------------------------------------------------------------------------------------
# composite index

FIGURES = ["so2", "no2", "pm10", "pm25", "co_p95", "o3_8h_p90"]


def days_that_average_to(figures, place="p", date=dt.date(2023, 1, 15)):
    """Return one day whose values are the figures: its means and percentiles are themselves."""
    day = {ref_item(f): figures[f] for f in FIGURES}
    return [day | {"station": place, "date": date}]


def ref_item(figure):
    return {"co_p95": "co", "o3_8h_p90": "o3_8h"}.get(figure, figure)


COMPOSITES = golden("composite.csv")


def test_42_published_composite_indices():
    assert len(COMPOSITES) == 42
    figures = pl.DataFrame([{f: value(row[f]) for f in FIGURES} for row in COMPOSITES])
    got = air.composite(figures, edition="2012").to_dicts()
    for row, mine in zip(COMPOSITES, got, strict=True):
        assert mine["composite"] == value(row["composite"]), row["place"]
        if row["index_max"]:
            assert mine["index_max"] == value(row["index_max"]), row["place"]
        if row["main"]:
            assert mine["main"] == row["main"], row["place"]


def test_the_same_through_the_statistics_of_a_month():
    """Where the published figures are whole, a month of such days gives the same index."""
    days, want = [], {}
    for n, row in enumerate(COMPOSITES):
        figures = {f: value(row[f]) for f in FIGURES}
        if all(v == round(v, 1 if f == "co_p95" else 0) for f, v in figures.items()):
            days += days_that_average_to(figures, place=str(n))
            want[str(n)] = value(row["composite"])
    got = air.statistics(pl.DataFrame(days), edition="2012").select("station", "composite").rows()
    assert len(want) == 40
    assert dict(got) == want


def test_a_mean_that_ends_in_a_half():
    """广雅中学: means of 4.5, 35.5 and 50.5 are rounded half to even before they are divided."""
    row = next(r for r in COMPOSITES if r["so2"] == "4.5")
    low, high = (
        {ref_item(f): float(int(value(row[f]) + step)) for f in ("so2", "no2", "pm10", "pm25")}
        for step in (0, 0.5)
    )
    ends = {"co": 0.5, "o3_8h": 81.0, "station": "1001A"}
    days = pl.DataFrame(
        [low | ends | {"date": dt.date(2025, 2, 1)}, high | ends | {"date": dt.date(2025, 2, 2)}]
    )
    got = air.statistics(days).row(0, named=True)
    assert (got["so2"], got["no2"], got["pm10"]) == (4.0, 36.0, 50.0)
    assert (got["composite"], got["index_max"], got["main"]) == (2.74, 0.90, "no2")


def test_published_single_indices():
    by_place = {row["place"]: row for row in COMPOSITES}
    for row in golden("composite_single.csv"):
        figures = pl.DataFrame([{f: value(by_place[row["place"]][f]) for f in FIGURES}])
        got = air.composite(figures, edition="2012").row(0, named=True)
        for item in ref.SIX:
            assert got[f"index_{item}"] == value(row[item]), (row["place"], item)


def test_composites_that_are_not_to_be_reproduced():
    """Printed by other rules: no rounding by item, and a mean over the cities of a province."""
    rows = pl.DataFrame(
        {
            "so2": [9, 12],
            "no2": [15, 31],
            "pm10": [39, 74],
            "pm25": [21, 37],
            "co_p95": [0.7, 1.4],
            "o3_8h_p90": [192, 168],
        }
    )
    assert air.composite(rows, edition="2012")["composite"].to_list() == [3.07, 4.50]


INDICATORS = {
    "SO2年均浓度": "so2",
    "NO2年均浓度": "no2",
    "PM10年均浓度": "pm10",
    "PM2.5年均浓度": "pm25",
    "CO日均第95百分位数": "co_p95",
    "O3日最大8小时第90百分位数": "o3_8h_p90",
    "环境空气质量综合指数": "composite",
}
# 清远's bulletins of 2019 and 2020 print the mean of the eight counties' indices beside the mean
# of their concentrations: 2.58 and 2.36, where the city's own concentrations give 2.60 and 2.39.
MEAN_OF_COUNTIES = {
    ("清远市", "2019-08"): (2.58, 2.60),
    ("清远市", "2020-07"): (2.36, 2.39),
}


@pytest.fixture(params=["beside the checkout", "packaged"])
def published_indicators(request):
    if request.param == "packaged":
        table = files("shanshui.platform.catalog") / "published" / "published.csv"
        if not table.is_file():
            pytest.skip("the published series are not packaged")
        text = table.read_text(encoding="utf-8-sig")
    else:
        path = request.getfixturevalue("shared") / "data/published_indicators/indicators.csv"
        if not path.is_file():
            pytest.skip("no data set published_indicators")
        text = path.read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_composites_of_the_published_series(published_indicators):
    known = defaultdict(dict)
    for row in published_indicators:
        if (figure := INDICATORS.get(row["indicator"])) is not None:
            key = (row["region"], row["period"], row["basis"])
            known[key].setdefault(figure, set()).add(float(row["value"]))
    whole = {k: v for k, v in known.items() if v.keys() >= {*FIGURES, "composite"}}
    assert len(whole) == 18
    off = {}
    for (region, period, _), figures in whole.items():
        assert all(len(v) == 1 for v in figures.values()), "two printed values on one basis"
        row = {f: v for f, (v,) in figures.items()}
        frame = pl.DataFrame([{f: row[f] for f in FIGURES}])
        mine = air.composite(frame, edition="2012")["composite"].item()
        if mine != row["composite"]:
            off[region, period] = (row["composite"], mine)
    assert off == MEAN_OF_COUNTIES


# ---------------------------------------------------------------------------------------------
# year on year


def test_published_changes():
    rows = golden("changes.csv")
    assert len(rows) == 14
    for row in rows:
        figure = row["figure"]
        now = pl.DataFrame({"station": ["p"], figure: [value(row["now"])]})
        before = pl.DataFrame({"station": ["p"], figure: [value(row["before"])]})
        got = air.compare(now, before).row(0, named=True)
        assert got[f"{figure}_change"] == value(row["change"]), row
        assert got[f"{figure}_trend"] == ("上升" if value(row["change"]) > 0 else "下降")


def test_published_changes_from_the_days_on():
    """广州 2019-11 against 2018-11: from daily values to the printed percentages."""
    by_place = {row["place"]: row for row in COMPOSITES}

    def month(place, date):
        figures = {f: value(by_place[place][f]) for f in FIGURES}
        days = pl.DataFrame(days_that_average_to(figures, "广州", date))
        return air.statistics(days, edition="2012")

    now = month("广州 2019-11", dt.date(2019, 11, 3))
    got = air.compare(now, month("广州 2018-11", dt.date(2018, 11, 3))).row(0, named=True)
    for row in golden("changes.csv"):
        if row["place"] == "广州 2019-11":
            assert got[f"{row['figure']}_change"] == value(row["change"]), row["figure"]


def test_equal_figures_are_level():
    one = pl.DataFrame({"station": ["p"], "pm25": [30.0], "good_ratio": [93.1]})
    got = air.compare(one, one).row(0, named=True)
    assert (got["pm25_change"], got["pm25_trend"]) == (0.0, "持平")
    assert (got["good_ratio_change"], got["good_ratio_trend"]) == (0.0, "持平")


def test_good_days_are_shared_out_over_valid_days():
    """婺源 2023-09: 27 of 29 valid days in a month of 30 make 93.1 %."""
    clean = dict.fromkeys(ref.SIX, 20.0) | {"co": 0.5, "station": "婺源"}
    days = [clean | {"date": dt.date(2023, 9, n)} for n in range(1, 31)]
    for n in (3, 4):
        days[n] |= {"o3_8h": 170.0}
    days[10] |= dict.fromkeys(ref.SIX)
    got = air.statistics(pl.DataFrame(days)).row(0, named=True)
    assert (got["days"], got["valid_days"], got["good_days"]) == (30, 29, 27)
    assert got["good_ratio"] == 93.1


# ---------------------------------------------------------------------------------------------
# ranks


def test_ranks_of_guangdong_2024_03():
    rows = golden("rank_guangdong_2024_03.csv")
    frame = pl.DataFrame(
        [
            {"city": r["city"], "good_ratio": value(r["good_ratio"]), "pm25": value(r["pm25"])}
            for r in reversed(rows)
        ]
    )
    overall = dict(air.rank(frame, by="guangdong").select("city", "rank").rows())
    pm25 = air.rank(frame, by="pm25")
    assert overall == {r["city"]: int(r["rank"]) for r in rows}
    assert dict(pm25.select("city", "rank").rows()) == {
        r["city"]: int(r["rank_pm25"]) for r in rows
    }
    shared_ranks = {
        r["rank_pm25"] for r in rows if [x["rank_pm25"] for x in rows].count(r["rank_pm25"]) > 1
    }
    tied = {str(n) for n, is_tied in pm25.select("rank", "tied").rows() if is_tied}
    assert tied == shared_ranks


def test_ranks_of_guangdong_2019_06():
    rows = golden("rank_composite_2019_06.csv")
    frame = pl.DataFrame(
        [{"city": r["city"], "composite": value(r["composite"])} for r in reversed(rows)]
    )
    got = air.rank(frame)
    assert dict(got.select("city", "rank").rows()) == {r["city"]: int(r["rank"]) for r in rows}
    assert set(got.filter(pl.col("tied"))["city"]) == {"阳江", "茂名"}


def test_ties_of_guangdong_2020_04():
    """Fifteen better cities, then 江门 and 揭阳 at 3.85, then 佛山 at 3.98."""
    others = [round(2.0 + k / 10, 2) for k in range(15)]
    frame = pl.DataFrame(
        {
            "city": [*map(str, range(15)), "江门", "佛山", "揭阳"],
            "composite": [*others, 3.85, 3.98, 3.85],
        }
    )
    got = dict(air.rank(frame).select("city", "rank").rows())
    assert (got["江门"], got["揭阳"], got["佛山"]) == (16, 16, 18)


# ---------------------------------------------------------------------------------------------
# IAQI and AQI


def test_published_single_indices_of_station_and_city():
    groups = defaultdict(list)
    for row in golden("iaqi_2025_08_30.csv"):
        groups[row["place"], row["averaging"], row["time"], row["aqi"]].append(row)
    assert len(groups) == 3
    for (place, averaging, time, aqi), rows in groups.items():
        measured = {row["item"]: value(row["concentration"]) for row in rows}
        if averaging == "day":
            # CO was 0.5 and its printed IAQI 14: that platform took the unrounded mean.
            frame = pl.DataFrame([measured | {"co": 0.5, "date": dt.date.fromisoformat(time)}])
            got = air.aqi(frame).row(0, named=True)
            assert (got["category"], got["primary"]) == ("优", None)
            assert got["iaqi_co"] == 13
            unrounded = frame.with_columns(co=0.54)
            assert air.aqi(unrounded)["iaqi_co"].item() == 14
        else:
            frame = pl.DataFrame([measured | {"time": dt.datetime.fromisoformat(time)}])
            got = air.aqi_hourly(frame).row(0, named=True)
        for row in rows:
            assert got[f"iaqi_{row['item']}"] == int(row["iaqi"]), (place, row["item"])
        assert got["aqi"] == int(aqi), place


def test_published_aqi_of_days_without_particulates():
    rows = golden("aqi_city_days_2025_04.csv")
    assert len(rows) == 21
    frame = pl.DataFrame(
        [
            {i: value(row.get(i)) for i in ref.SIX}
            | {"city": row["city"], "date": dt.date.fromisoformat(row["date"])}
            for row in rows
        ],
        schema_overrides={"pm10": pl.Float64, "pm25": pl.Float64},
    )
    got = air.aqi(frame)
    assert got["aqi"].to_list() == [int(row["aqi"]) for row in rows]
    assert got["level"].to_list() == [int(row["level"]) for row in rows]
    assert set(got["aqi_status"]) == {"partial"}


def test_formula_checks_of_the_2026_table():
    rows = golden("iaqi_2026.csv")
    for row in rows:
        item, averaging, c = row["item"], row["averaging"], value(row["concentration"])
        if averaging == "1h":
            frame = pl.DataFrame([dict.fromkeys(ref.HOURLY, 0.0) | {item: c}]).with_columns(
                time=dt.datetime(2026, 6, 1, 8)
            )
            got = air.aqi_hourly(frame)[f"iaqi_{item}"].item()
        else:
            name = "o3_8h" if item == "o3" else item
            frame = pl.DataFrame([dict.fromkeys(ref.SIX, 0.0) | {name: c}]).with_columns(
                date=dt.date(2026, 6, 1)
            )
            got = air.aqi(frame)[f"iaqi_{name}"].item()
        assert got == int(row["iaqi"]), row


# ---------------------------------------------------------------------------------------------
# the tables themselves


@pytest.mark.parametrize("edition", ["2012", "2026", "2031"])
def test_breakpoints_are_those_of_the_standard(edition):
    got = defaultdict(dict)
    for row in air.breakpoints(edition=edition).to_dicts():
        got[row["item"], row["averaging"]][row["iaqi"]] = row["concentration"]
    want = {
        column: dict(zip(ref.IAQI, points, strict=False))
        for column, points in ref.BREAKPOINTS[edition].items()
    }
    assert got == want


@pytest.mark.parametrize("edition", ["2012", "2026", "2031"])
def test_limits_are_those_of_the_standard(edition):
    got = {
        (row["item"], row["averaging"]): row["limit"]
        for row in air.limits(edition=edition, grade=2).to_dicts()
    }
    for item, (annual, daily) in ref.LIMITS[edition].items():
        if item == "o3_8h":
            assert got["o3", "8h"] == daily
        else:
            assert got[item, "day"] == daily
            assert got.get((item, "year")) == annual


def test_colours_and_names_of_the_classes():
    colours = ["#00E400", "#FFFF00", "#FF7E00", "#FF0000", "#99004C", "#7E0023"]
    for edition in ("2012", "2026"):
        table = air.categories(edition=edition)
        assert table["colour"].to_list() == colours
        assert table["name"].to_list() == [name for _, _, name in ref.CATEGORIES]
        assert table["high"].to_list()[:5] == [50, 100, 150, 200, 300]
        assert all(re.fullmatch("#[0-9A-F]{6}", c) for c in table["colour"])


def test_the_reference_itself_reproduces_what_was_printed():
    """The slow reference is held to the same printed rows as the library."""
    rows = [{"n": n, "composite": value(r["composite"])} for n, r in enumerate(COMPOSITES)]
    mine = [
        {
            "n": n,
            "composite": ref.composite({ref_item(f): r[f] for f in FIGURES}, "2012")["composite"],
        }
        for n, r in enumerate(COMPOSITES)
    ]
    agree(rows, mine, ["n"], ["composite"])
    for row in golden("changes.csv"):
        assert ref.change(row["now"], row["before"])[0] == ref.number(row["change"])

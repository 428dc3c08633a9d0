"""Count what common habits change, on real hours: Beijing, twelve stations, 2013-03 to 2015-12.

The figures in docs/air/differences.md come from here. Nothing but the packaged sample is needed:

    python docs/scripts/habits.py

The days are computed once more in plain Polars, with one switch a habit. With no switch thrown,
that must give exactly what the library gives, or the script stops; so each row is the effect of
one habit alone.
"""

import csv
from collections.abc import Callable, Iterable
from datetime import date
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from pathlib import Path

import polars as pl

from shanshui import air
from shanshui.platform.demo import samples

ROOT = Path(__file__).resolve().parents[2]
MEANS = ("so2", "no2", "co", "pm10", "pm25")
DAILY = ("so2", "no2", "co", "o3_1h", "o3_8h", "pm10", "pm25")
UNIT = 10**6  # concentrations are whole numbers of millionths, so no step is rounded by accident
FIRST = date(2013, 3, 1)  # the file's first hour, stamped 00:00, ends the day before
Rounding = Callable[[pl.Expr, pl.Expr], pl.Expr]


def half_even(total: pl.Expr, count: pl.Expr) -> pl.Expr:
    whole, rest = total // count, total % count
    up = (rest * 2 > count) | ((rest * 2 == count) & (whole % 2 == 1))
    return whole + up.cast(pl.Int64)


def half_up(total: pl.Expr, count: pl.Expr) -> pl.Expr:
    return (total * 2 + count) // (count * 2)


def printed(item: str, *, rounded: bool = True) -> int:
    """Return the step of printed values: a tenth of CO, else one; of values not rounded, none."""
    if not rounded:
        return 1
    return UNIT // 10 if item == "co" else UNIT


# --- days --------------------------------------------------------------------------------------


def station_days(
    hours: pl.DataFrame,
    *,
    rounding: Rounding = half_even,
    first_window: int = 8,
    stamp_start: bool = False,
    capture: bool = True,
    windows_by_rows: bool = False,
    rounded: bool = True,
) -> pl.DataFrame:
    """Return station days in millionths."""
    whole = printed("o3", rounded=rounded)
    end = pl.col("time").dt.offset_by("1h") if stamp_start else pl.col("time")
    hours = hours.sort("station", "time").with_columns(
        end.dt.offset_by("-1h").dt.date().alias("date"),
        (end.dt.offset_by("-1h").dt.hour() + 1).alias("label"),
        *((pl.col(i) * UNIT).round().cast(pl.Int64) for i in (*MEANS, "o3")),
    )
    rows = hours.filter(pl.col("o3").is_not_null()) if windows_by_rows else hours
    eight = [pl.col("o3").shift(n).over("station") for n in range(8)]
    windows = rows.select(
        "station",
        "date",
        "label",
        pl.sum_horizontal(eight).alias("total"),
        pl.sum_horizontal(e.is_not_null() for e in eight).cast(pl.Int64).alias("count"),
    )
    windows = windows.filter(
        pl.col("label") >= first_window, pl.col("count") >= (6 if capture else 1)
    ).with_columns((rounding(pl.col("total"), pl.col("count") * whole) * whole).alias("window"))
    ozone = windows.group_by("station", "date").agg(
        pl.col("window").max().alias("o3_8h"), pl.len().alias("windows")
    )
    if capture:
        few = (pl.col("windows") < 14) & (pl.col("o3_8h") <= 160 * UNIT)
        ozone = ozone.with_columns(pl.when(~few).then("o3_8h").alias("o3_8h"))

    def mean(item: str) -> pl.Expr:
        enough = pl.when(pl.col(f"{item}_n") >= (20 if capture else 1))
        count = enough.then(pl.col(f"{item}_n").cast(pl.Int64))
        step = printed(item, rounded=rounded)
        return (rounding(pl.col(f"{item}_sum"), count * step) * step).alias(item)

    days = hours.group_by("station", "date").agg(
        *(pl.col(i).sum().alias(f"{i}_sum") for i in MEANS),
        *(pl.col(i).count().alias(f"{i}_n") for i in MEANS),
        pl.col("o3").max().alias("o3_1h"),
    )
    days = days.with_columns(
        *(mean(i) for i in MEANS),
        (rounding(pl.col("o3_1h"), pl.lit(whole)) * whole).alias("o3_1h"),
    )
    days = days.join(ozone, on=["station", "date"], how="left").select("station", "date", *DAILY)
    return days.filter(pl.col("date") >= FIRST)


def city_days(
    days: pl.DataFrame,
    *,
    rounding: Rounding = half_even,
    capture: bool = True,
    with_reference: bool = False,
    rounded: bool = True,
) -> pl.DataFrame:
    """Return the days of the city in millionths."""
    sites = samples.beijing_stations()
    if not with_reference:
        sites = sites.filter(~pl.col("reference"))
    days = days.filter(pl.col("station").is_in(sites["station"].to_list()))
    least = 75 * sites.height if capture else 1

    def mean(item: str) -> pl.Expr:
        count = pl.when(pl.col(f"{item}_n") * 100 >= least).then(pl.col(f"{item}_n").cast(pl.Int64))
        step = printed(item, rounded=rounded)
        return (rounding(pl.col(f"{item}_sum"), count * step) * step).alias(item)

    pooled = days.group_by("date").agg(
        *(pl.col(i).sum().alias(f"{i}_sum") for i in DAILY),
        *(pl.col(i).count().alias(f"{i}_n") for i in DAILY),
    )
    return pooled.select("date", *(mean(i) for i in DAILY)).sort("date")


def concentrations(days: pl.DataFrame) -> pl.DataFrame:
    # Polars multiplies by 1/UNIT, which leaves 0.39999999999999997; rounding divides.
    return days.with_columns((pl.col(i) / UNIT).round(6) for i in DAILY)


def index(days: pl.DataFrame, edition: str = "2012") -> pl.DataFrame:
    return air.aqi(concentrations(days), edition=edition)


# --- an index by other arithmetic --------------------------------------------------------------


def index_by(days: pl.DataFrame, iaqi: Callable[[Fraction, list[int], list[int]], int]) -> list:
    """Return the AQI of each day by another formula of the IAQI."""
    table = air.breakpoints(edition="2012")
    scales = {}
    for item in DAILY:
        averaging = {"o3_1h": "1h", "o3_8h": "8h"}.get(item, "24h")
        mine = table.filter(item=item.split("_")[0], averaging=averaging).sort("iaqi")
        scales[item] = (mine["concentration"].to_list(), mine["iaqi"].to_list())
    found = []
    for day in days.iter_rows(named=True):
        all_of = []
        for item, (points, scale) in scales.items():
            if day[item] is None or day[item] > points[-1] * UNIT:
                continue
            all_of.append(iaqi(Fraction(day[item], UNIT), points, scale))
        found.append(max(all_of, default=None))
    return found


def segment(value: Fraction, points: list[int], scale: list[int]) -> tuple[int, ...]:
    for (low, high), (below, above) in zip(pairwise(points), pairwise(scale), strict=True):
        if value <= high:
            return low, high, below, above
    raise ValueError(value)


def exact_iaqi(value: Fraction, points: list[int], scale: list[int]) -> int:
    low, high, below, above = segment(value, points, scale)
    return ceil(Fraction(above - below, high - low) * (value - low) + below)


def nearest_iaqi(value: Fraction, points: list[int], scale: list[int]) -> int:
    low, high, below, above = segment(value, points, scale)
    return floor(Fraction(above - below, high - low) * (value - low) + below + Fraction(1, 2))


def float_iaqi(value: Fraction, points: list[int], scale: list[int]) -> int:
    low, high, below, above = segment(value, points, scale)
    return ceil((above - below) / (high - low) * (float(value) - low) + below)


# --- tables ------------------------------------------------------------------------------------


def share_of(part: int, whole: int) -> str:
    return f"{part:,} ({100 * part / whole:.1f}\u00a0%)"  # not to be broken in a narrow column


def level(aqi: int | None) -> int | None:
    if aqi is None:
        return None
    return next((n for n, top in enumerate((50, 100, 150, 200, 300), 1) if aqi <= top), 6)


def days_table(hours: pl.DataFrame) -> pl.DataFrame:
    stations = station_days(hours)
    city = city_days(stations)
    # With no switch thrown, the library's own days.
    library = air.daily(hours).filter(pl.col("date") >= FIRST)
    theirs = library.select("station", "date", *DAILY).sort("station", "date")
    mine = concentrations(stations).sort("station", "date")
    assert mine.equals(theirs), "station days differ from the library's"
    area = air.area(library, samples.beijing_stations()).select("date", *DAILY).sort("date")
    assert concentrations(city).equals(area), "city days differ from the library's"
    right = index(city)
    aqi = right["aqi"].to_list()
    complete = (right["aqi_status"] == "ok").to_list()
    assert aqi == index_by(city, exact_iaqi), "the index differs from exact fractions"

    def of(**habit: object) -> list:
        both = {k: v for k, v in habit.items() if k in ("rounding", "capture", "rounded")}
        last = both | {k: v for k, v in habit.items() if k == "with_reference"}
        days = station_days(hours, **{k: v for k, v in habit.items() if k != "with_reference"})
        wanted = city.select("date").join(city_days(days, **last), on="date", how="left")
        return index(wanted)["aqi"].to_list()

    print(f"{len(aqi):,} city days, {sum(complete)} with all six items\n")

    def compare(name: str, given: list[int | None]) -> None:
        """Print how many complete days have another AQI, another level, and by how much."""
        pairs = [(a, b) for a, b, all_six in zip(aqi, given, complete, strict=True) if all_six]
        other = sum(a != b for a, b in pairs)
        levels = sum(level(a) != level(b) for a, b in pairs)
        largest = max((abs(a - b) for a, b in pairs if b is not None), default=0)
        share, moved = (share_of(n, len(pairs)) for n in (other, levels))
        print(f"| {name} | {share} | {moved} | {largest} |")

    print("| habit | another AQI | another level | largest difference |")
    print("|---|---:|---:|---:|")
    each = air.aqi(concentrations(stations), edition="2012").filter(
        pl.col("station").is_in(
            samples.beijing_stations().filter(~pl.col("reference"))["station"].to_list()
        )
    )
    mean = each.group_by("date").agg(pl.col("aqi").mean()).sort("date")
    of_stations = [None if a is None else floor(a + 0.5) for a in mean["aqi"]]
    worst = each.group_by("date").agg(pl.col("aqi").max()).sort("date")["aqi"].to_list()
    compare("the mean of the stations' AQI", of_stations)
    compare("the highest station's AQI", worst)
    hourly = hours.filter(pl.col("station").is_in(each["station"].unique().to_list()))
    hourly = (
        hourly.group_by("time")
        .agg(pl.exclude("station").mean())
        .with_columns(station=pl.lit("city"))
    )
    by_hours = air.daily(hourly).filter(pl.col("date") >= FIRST).sort("date")
    by_hours = air.aqi(by_hours, edition="2012")["aqi"].to_list()
    compare("city hours first, then the day", by_hours)
    compare("the reference site counted in", of(with_reference=True))
    compare("stamps taken as the start: a day of 00:00 to 23:00", of(stamp_start=True))
    compare("8-hour windows that reach into the day before", of(first_window=1))
    compare("8-hour windows over rows with a value", of(windows_by_rows=True))
    compare("no capture rule: means of what there is", of(capture=False))
    compare("ties rounded up (half up)", of(rounding=half_up))
    compare("daily values not rounded", of(rounded=False))
    compare("IAQI in floating point, rounded up", index_by(city, float_iaqi))
    compare("IAQI rounded to the nearest", index_by(city, nearest_iaqi))
    compare("breakpoints of 2026 for these years", index(city, "2026")["aqi"].to_list())
    return stations


def figures_table(hours: pl.DataFrame, stations: pl.DataFrame) -> None:
    """Print how many monthly and yearly figures change, of all stations."""
    days = concentrations(stations)
    month = air.statistics(days, edition="2012", period="month").sort("station", "period")
    year = air.statistics(days, edition="2012", period="year").sort("station", "period")
    label = pl.col("date").dt.strftime("%Y-%m")
    by_month = stations.with_columns(label.alias("period")).group_by("station", "period")
    print("\n| habit | figure | other | of | largest difference |")
    print("|---|---|---:|---:|---:|")

    def line(name: str, figure: str, right: Iterable, given: Iterable) -> None:
        pairs = [
            (Decimal(str(a)), Decimal(str(b)))
            for a, b in zip(right, given, strict=True)
            if a is not None and b is not None
        ]
        other = sum(a != b for a, b in pairs)
        largest = max(abs(a - b) for a, b in pairs)
        print(
            f"| {name} | {figure} | {share_of(other, len(pairs))} | {len(pairs):,} "
            f"| {largest.normalize():f} |"
        )

    # openair's timeAverage as it comes, by its documentation.
    by_stamp = (
        hours.filter(pl.col("time") >= FIRST)
        .with_columns((pl.col("pm25") * UNIT).round().cast(pl.Int64))
        .group_by("station", pl.col("time").dt.date().alias("date"))
        .agg("pm25")
        .sort("station", "date")
    )
    valid = stations.sort("station", "date")
    assert valid.select("station", "date").equals(by_stamp.select("station", "date"))
    given = [rounded(mean(v), 0) for v in by_stamp["pm25"]]
    right = concentrations(valid)["pm25"].to_list()
    line("a day of 00:00 to 23:00, whatever hours there are", "daily PM2.5", right, given)

    def quantile(values: list[int], p: Fraction, *, exclusive: bool, step: int) -> Decimal | None:
        """Return Excel's PERCENTILE.INC or PERCENTILE.EXC, printed."""
        ordered, n = sorted(v for v in values if v is not None), 0
        n = len(ordered)
        k = p * (n + 1) if exclusive else 1 + p * (n - 1)
        if not n or not 1 <= k <= n:
            return None
        s = floor(k)
        upper = ordered[min(s, n - 1)]
        value = Fraction(ordered[s - 1]) + (upper - ordered[s - 1]) * (k - s)
        return rounded(value / UNIT, 1 if step != UNIT else 0)

    lists = by_month.agg("o3_8h", "co").sort("station", "period")
    assert lists.select("station", "period").equals(month.select("station", "period"))
    for figure, item, p in (
        ("monthly O3 90th percentile", "o3_8h", Fraction(9, 10)),
        ("monthly CO 95th percentile", "co", Fraction(95, 100)),
    ):
        column = {"o3_8h": "o3_8h_p90", "co": "co_p95"}[item]
        own = [quantile(v, p, exclusive=False, step=printed(item)) for v in lists[item]]
        theirs = [quantile(v, p, exclusive=True, step=printed(item)) for v in lists[item]]
        for a, b in zip(month[column], own, strict=True):
            assert (a is None) == (b is None), column
            assert a is None or Decimal(str(a)) == b, (column, a, b)
        line("PERCENTILE.EXC in place of PERCENTILE.INC", figure, own, theirs)

    of_hours = (
        hours.with_columns(pl.col("time").dt.offset_by("-1h").alias("time"))
        .filter(pl.col("time") >= FIRST)
        .with_columns(pl.col("time").dt.strftime("%Y-%m").alias("period"))
        .group_by("station", "period")
        .agg((pl.col("pm25") * UNIT).round().cast(pl.Int64))
        .sort("station", "period")
    )
    pooled = [rounded(mean(v), 0) for v in of_hours["pm25"]]
    line("mean of all hours, not of days", "monthly PM2.5", month["pm25"], pooled)

    up = by_month.agg("pm25", "o3_8h").sort("station", "period")
    raw = [mean(v) for v in up["pm25"]]
    line("ties rounded up", "monthly PM2.5", month["pm25"], [rounded(v, 0, up=True) for v in raw])

    monthly = month.with_columns(pl.col("period").str.slice(0, 4).alias("year"))
    of_months = monthly.group_by("station", "year").agg("pm25").sort("station", "year")
    of_months = of_months.filter(pl.col("year") != "2013")
    whole = year.filter(pl.col("period") != "2013")
    given = [
        rounded(Fraction(sum(map(Fraction, map(str, v)))) / len(v), 0) for v in of_months["pm25"]
    ]
    line("mean of the twelve months", "yearly PM2.5", whole["pm25"], given)

    # of the calendar, where the month was valid enough to be printed
    lasting = month.filter(pl.col("valid_days") > 0)
    calendar = [
        rounded(Fraction(100 * g, d), 1) for g, d in lasting.select("good_days", "days").rows()
    ]
    line("good days over the calendar's days", "monthly ratio", lasting["good_ratio"], calendar)

    composite_rows(month)


def mean(values: list[int | None]) -> Fraction | None:
    there = [v for v in values if v is not None]
    return Fraction(sum(there), len(there) * UNIT) if there else None


def rounded(value: Fraction | None, digits: int, *, up: bool = False) -> Decimal | None:
    """Round an exact fraction, a tie to the even digit or up."""
    if value is None:
        return None
    scaled = value * 10**digits
    whole, rest = floor(scaled), scaled - floor(scaled)
    half = Fraction(1, 2)
    whole += rest > half or (rest == half and (up or whole % 2 == 1))
    return Decimal(whole).scaleb(-digits)


def composite_rows(month: pl.DataFrame) -> None:
    """Print how a composite index without rounded single indices fares."""
    limits = {"so2": 60, "no2": 40, "pm10": 70, "pm25": 35, "co_p95": 4, "o3_8h_p90": 160}

    def of(row: dict, mode: str, *, single: bool) -> Decimal:
        total = Fraction(0)
        for column, limit in limits.items():
            value = Decimal(str(row[column]))
            digits = "0.1" if column == "co_p95" else "1"
            value = value.quantize(Decimal(digits), mode)
            one = Fraction(value) / limit
            total += Fraction(rounded(one, 2, up=mode == ROUND_HALF_UP)) if single else one
        return rounded(total, 2, up=mode == ROUND_HALF_UP)

    rows = month.drop_nulls(list(limits)).to_dicts()
    right = [of(row, ROUND_HALF_EVEN, single=True) for row in rows]
    assert right == [Decimal(str(row["composite"])) for row in rows], "composite index"
    with (ROOT / "tests" / "data" / "composite.csv").open(encoding="utf-8", newline="") as file:
        published = list(csv.DictReader(file))
    for name, mode, single in (
        ("single indices rounded, half even (the rule)", ROUND_HALF_EVEN, True),
        ("single indices not rounded", ROUND_HALF_EVEN, False),
        ("all rounded half up", ROUND_HALF_UP, True),
    ):
        mine = [of(row, mode, single=single) for row in rows]
        other = sum(a != b for a, b in zip(right, mine, strict=True))
        hits = sum(of(row, mode, single=single) == Decimal(row["composite"]) for row in published)
        print(
            f"| {name} | monthly composite | {share_of(other, len(rows))} | {len(rows)} "
            f"| {hits} of {len(published)} published rows right |"
        )


def main() -> None:
    hours = samples.beijing_hours()
    span = hours.group_by("station").agg(
        pl.len(), (pl.col("time").max() - pl.col("time").min()).dt.total_hours().alias("span")
    )
    assert (span["len"] == span["span"] + 1).all(), "an hour is missing as a row"
    stations = days_table(hours)
    figures_table(hours, stations)


if __name__ == "__main__":
    main()

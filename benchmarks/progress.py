"""Back-test the projections on real series, and time the standings.

    python benchmarks/progress.py --data FOLDER     # the back-test: two minutes; prints records
    python benchmarks/progress.py --data FOLDER --choose   # the choice of the model's parameters
    python benchmarks/progress.py --data FOLDER --peers    # against statsforecast, where installed
    python benchmarks/progress.py --standings       # 10,000 commitments: seconds

FOLDER holds the data sets in folders of their own (see docs/progress/projection.md): daily
values of 366 cities 2013-2015 and of ten cities 2022-2025, hours of twelve stations of Beijing
2013-2015 and of five cities 2010-2014. The model's two parameters were chosen on the hours; the
records are of the cities, which had no part in it.
"""

import argparse
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from unittest import mock

import numpy as np
import polars as pl

from shanshui import progress
from shanshui.progress import _seasonal, outlook
from shanshui.progress.backtest import backtest, opened, scored

ITEMS = ["pm25", "pm10", "so2", "no2"]
HEAD = "| series | cases | covered | error | rule | Brier | climatology | rule | months |"
ENDS = ((3, 31), (6, 30), (9, 30))


def long(days: pl.DataFrame, key: str, items: list[str]) -> pl.DataFrame:
    """Give positive daily values, a row each."""
    rows = days.unpivot(items, index=[key, "date"], variable_name="item")
    rows = rows.with_columns(pl.col("value").cast(pl.Float64), pl.col("date").cast(pl.Date))
    return rows.filter(pl.col("value") > 0, pl.col("value").is_not_nan()).rename({key: "place"})


def cities366(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give concentrations (PM10 above 1,000 µg/m3, dust storms, out) and monthly shares of days."""
    days = pl.read_parquet(next(folder.glob("air_daily_366cities*/daily_*.parquet")))
    values = long(days, "city", ITEMS)
    values = values.filter((pl.col("item") != "pm10") | (pl.col("value") < 1000))
    seen = days.filter(pl.col("aqi") > 0, pl.col("pm25") > 0)
    good = seen.group_by(place="city", date=pl.col("date").cast(pl.Date).dt.truncate("1mo")).agg(
        value=(pl.col("aqi") <= 100).mean() * 100, days=pl.len()
    )
    good = good.filter(pl.col("days") >= 0.75 * pl.col("date").dt.month_end().dt.day())
    return values, good


def ten(folder: Path) -> pl.DataFrame:
    return long(
        pl.read_parquet(next(folder.glob("air_daily_10cities*/daily.parquet"))), "city", ITEMS
    )


def beijing(folder: Path) -> pl.DataFrame:
    hours = pl.read_parquet(next(folder.glob("air_hourly_beijing*/hourly_*.parquet")))
    days = hours.group_by("station", date=pl.col("time").dt.date()).agg(pl.col(ITEMS).mean())
    return long(days, "station", ITEMS)


def five(folder: Path) -> pl.DataFrame:
    hours = pl.read_parquet(next(folder.glob("air_hourly_pm25_five*/hourly_*.parquet")))
    hours = hours.filter(pl.col("post").str.contains("US"))
    days = hours.group_by("city", date=pl.col("time").dt.date()).agg(
        pl.col("pm25").mean(), n=pl.col("pm25").count()
    )
    return long(days.filter(pl.col("n") >= 12), "city", ["pm25"])


def chosen(folder: Path) -> None:
    """Show the choice of the model's parameters, on series that are in no record."""
    for ratio in ("0.05", "0.1", "0.2", "0.3", "0.5"):
        for harmonics in (1, 2, 3):
            model = outlook.table()["model"] | {"ratio": ratio, "harmonics": harmonics}
            with mock.patch.dict(outlook.table(), model=model):
                record, _ = backtest(
                    pl.concat([five(folder), beijing(folder)], how="diagonal"),
                    by=["place", "item"], name="pm25", kind="mean",
                    years=(2011, 2012, 2013, 2014, 2015), ends=ENDS,
                )  # fmt: skip
            say(f"{ratio}/{harmonics}", record)


def peers(folder: Path) -> None:
    """Put models of statsforecast, which fit themselves to each series, in our model's place."""
    from statsforecast.models import AutoARIMA, AutoETS

    def by(model: type) -> Callable[..., np.ndarray]:
        def simulate(series: np.ndarray, steps: int, *, count: int, seed: int, **_: object):
            whole = pl.Series(series).fill_nan(None).interpolate().to_numpy()
            return model(season_length=12).simulate(steps, count, y=whole, seed=seed)

        return simulate

    rows = ten(folder)
    asks = {"by": ["place", "item"], "name": "pm25", "kind": "mean", "years": (2024,)}
    print(HEAD)
    say("ours", backtest(rows, ends=ENDS, **asks)[0])
    for model in (AutoETS, AutoARIMA):
        with mock.patch.object(_seasonal, "simulate", by(model)):
            say(model.__name__, backtest(rows, ends=ENDS, **asks)[0])


def say(label: str, record: progress.Record) -> None:
    print(
        f"| {label} | {record.cases} | {float(record.coverage):.1%} | {float(record.error):.2f} | "
        f"{float(record.error_last_year):.2f} | {float(record.brier):.4f} | "
        f"{float(record.brier_climatology):.4f} | {float(record.brier_last_year):.4f} | "
        f"{record.least_months} |",
        flush=True,
    )


def toml(record: progress.Record) -> None:
    print("\n[[record]]")
    for name, value in vars(record).items():
        if isinstance(value, int):
            print(f"{name} = {value}")
        else:
            print(f'{name} = "{value if isinstance(value, str) else float(value)}"')


def records(folder: Path) -> None:
    values, good = cities366(folder)
    both = pl.concat([values, ten(folder).with_columns(place="十城 " + pl.col("place"))])
    where = "366 cities 2015, ten cities 2023 and 2024, to the ends of {}"
    print(HEAD)
    found, every = [], []
    for item in ITEMS:
        asks = {"by": "place", "name": item, "kind": "mean", "years": (2015, 2023, 2024)}
        rows = both.filter(item=item)
        record, cases = backtest(
            rows, ends=ENDS, data=where.format("March, June and September"), **asks
        )
        say(item, record)
        found.append(record)
        every.append(cases)
        nears = "June, September and December before"
        record, _ = backtest(
            rows, ends=((6, 30), (9, 30), (12, 31)), ahead=1, least_months=13,
            data=where.format(nears), **asks,
        )  # fmt: skip
        say(f"{item}, next year", record)
        found.append(record)
    asks = {"by": "place", "name": "good_ratio", "kind": "ratio", "years": (2015,)}
    where = "366 cities 2015, to the {}: an AQI of 100 or less, as its source has it"
    record, cases = backtest(
        good, ends=ENDS, data=where.format("ends of March, June and September"), **asks
    )
    say("good_ratio", record)
    found.append(record)
    record, _ = backtest(
        good, ends=((12, 31),), ahead=1, least_months=13,
        data=where.format("end of December before"), **asks,
    )  # fmt: skip
    say("good_ratio, next year", record)
    found.append(record)
    parts = [*every, cases]
    for end in ENDS:
        for label, part in zip([*ITEMS, "good_ratio"], parts, strict=True):
            kept = part.filter(pl.col("at").dt.month() == end[0])
            kind = "ratio" if label == "good_ratio" else "mean"
            say(f"{label}, to month {end[0]}", rescored(kept, label, kind))
    for label, part in zip(ITEMS, every, strict=True):
        kept = part.filter(pl.col("series").str.starts_with("十城"))
        say(f"{label}, ten cities", rescored(kept, label, "mean"))
    asks = {"by": "place", "name": "pm25", "kind": "mean", "years": (2023, 2024)}
    middle = ((5, 15), (8, 20), (11, 10))
    say(
        "pm25, ten cities, in mid-month",
        backtest(ten(folder).filter(item="pm25"), ends=middle, **asks)[0],
    )
    for record in found:
        print(f"# {'passes' if record.passes else 'fails'}")
        toml(record)


def rescored(cases: pl.DataFrame, name: str, kind: str) -> progress.Record:
    return scored(cases, opened(name, kind, 0, 0), "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--choose", action="store_true", help="show the choice of parameters")
    parser.add_argument("--peers", action="store_true", help="needs statsforecast")
    parser.add_argument("--standings", action="store_true")
    asked = parser.parse_args()
    if asked.data and asked.choose:
        chosen(asked.data)
    elif asked.data and asked.peers:
        peers(asked.data)
    elif asked.data:
        records(asked.data)
    if asked.standings:
        timed()


def timed(count: int = 10_000) -> None:
    """Judge commitments of every kind, with figures of six years each."""
    signs = ["<=", ">=", "increase_by", "=", "~", None]
    n = pl.int_range(count, eager=True)
    promises = pl.DataFrame(
        {
            "id": ("c" + n.cast(pl.String)),
            "comparator": [signs[i % 6] for i in n],
            "value": [None if i % 6 == 5 else str(20 + i % 300 / 10) for i in n],
            "unit": ["µg/m3" if i % 6 != 2 else "%" for i in n],
            "year": [2025 + i % 11 for i in n],
            "base_year": [2020] * count,
            "better": [("lower", "higher")[i % 2] for i in n],
            "decimals": [i % 2 for i in n],
        }
    )
    figures = promises.select("id").join(pl.DataFrame({"year": range(2020, 2026)}), how="cross")
    figures = figures.with_columns(
        value=(50 - (pl.col("year") - 2020) * 3.1 + pl.col("id").hash() % 90 / 10)
        .round(1)
        .cast(pl.String),
        unit=pl.lit("µg/m3"),
    )
    times = []
    for _ in range(5):
        start = time.process_time()
        found = progress.standings(promises, figures, at=date(2026, 11, 20))
        times.append(time.process_time() - start)
    print(f"standings of {count} commitments, {figures.height} figures: {min(times):.2f} s")
    print(found["state"].value_counts(sort=True))


if __name__ == "__main__":
    main()

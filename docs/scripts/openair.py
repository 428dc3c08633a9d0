"""Compare openair's daily averages with the standard's, on the packaged hours of Beijing.

The figures of openair in docs/air/differences.md come from here. Needs R with openair (its library
in R_LIBS, where it is not the system's):

    python docs/scripts/openair.py
"""

import os
import subprocess
import tempfile
from datetime import date
from pathlib import Path

import polars as pl

from shanshui import air
from shanshui.platform.demo import samples

HERE = Path(__file__).resolve().parent
FIRST = date(2013, 3, 1)
KEYS = ["station", "date"]


def read(path: Path, value: str) -> pl.DataFrame:
    table = pl.read_csv(path, null_values=["NA", "NaN"], infer_schema_length=None)
    return table.select(pl.col("site").alias("station"), "date", pl.col(value).cast(pl.Float64))


def days(path: Path) -> pl.DataFrame:
    return read(path, "pm25").with_columns(pl.col("date").str.slice(0, 10).str.to_date())


def longest(path: Path) -> pl.DataFrame:
    """Take the daily maximum of the running means labelled 8 to 24, and its rule of 14."""
    running = read(path, "value").with_columns(start=pl.col("date").str.to_datetime())
    running = running.filter(pl.col("start").dt.hour() + 1 >= 8)
    found = running.group_by("station", pl.col("start").dt.date().alias("date")).agg(
        pl.col("value").max(), pl.col("value").count().alias("windows")
    )
    enough = (pl.col("windows") >= 14) | (pl.col("value").round(0) > 160)
    return found.select(*KEYS, pl.when(enough).then("value").alias("o3_8h"))


def report(name: str, ours: pl.DataFrame, theirs: pl.DataFrame, *, places: int) -> None:
    """Print how many station days differ at so many decimals."""
    item = theirs.columns[-1]
    both = ours.select(*KEYS, item).join(theirs, on=KEYS, how="left", suffix="_theirs")
    one, other = pl.col(item), pl.col(f"{item}_theirs")
    there = both.filter(one.is_not_null(), other.is_not_null())
    differ = there.filter((one - other).abs() > 0.51 * 10.0**-places).height
    given = both.filter(one.is_null(), other.is_not_null()).height
    lost = both.filter(one.is_not_null(), other.is_null()).height
    print(
        f"| {name} | {differ:,} ({100 * differ / there.height:.1f}\u00a0%) | {there.height:,} "
        f"| {given:,} | {lost:,} |"
    )


def main() -> None:
    hours = samples.beijing_hours()
    exact = air.daily(hours, rounded=False).filter(pl.col("date") >= FIRST)
    printed = air.daily(hours).filter(pl.col("date") >= FIRST)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shown = hours.filter(pl.col("time") >= FIRST).rename({"station": "site"})
        shown.write_csv(folder / "hours.csv")
        done = subprocess.run(
            ["Rscript", HERE / "openair.R", folder],
            check=True,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=os.environ | {"TZ": "UTC"},
        )
        print(f"openair {done.stdout}\n")
        print("| function | differs | of | a value where the rule has none | none where it has |")
        print("|---|---:|---:|---:|---:|")
        default = days(folder / "default.csv")
        report("timeAverage as it comes", printed, default.with_columns(half_even()), places=6)
        report("timeAverage as set below", exact, days(folder / "set.csv"), places=6)
        report("rollingMean as set below", exact, longest(folder / "running.csv"), places=6)


def half_even() -> pl.Expr:
    """Print a float as a whole number, a tie to the even digit."""
    return pl.col("pm25").round(6).round(0, mode="half_to_even")


if __name__ == "__main__":
    main()

"""Measure trends, averages and annual statistics against openair, pymannkendall and pandas.

    python benchmarks/analysis.py            # speed, on one hourly table of 65,533 rows
    python benchmarks/analysis.py --values   # our values against openair's, on its example data

openair runs where R and openair (2.18) are there; OPENAIR_LIB names the library that holds it.
Without them, and without a network for the peers' environments, what cannot run is left out with
its reason. Nothing of openair or its data is kept in the project.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import date, datetime, timedelta
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
from run import HERE, environment, machine

from shanshui import analysis

ROWS = 65_533  # as long as openair's example data
AIMS = {"annual": 0.2, "theil_sen": 0.3, "mann_kendall": 0.05, "average day": 0.1}
ITEMS = ("nox", "no2", "o3", "pm10", "so2", "co", "pm25")


def tables() -> list[str]:
    """Write the hourly table and the daily series, which are always the same."""
    folder = HERE / "data"
    folder.mkdir(exist_ok=True)
    hours, series = folder / "analysis_hours.csv", folder / "analysis_series.csv"
    if not (hours.exists() and series.exists()):
        rng = np.random.default_rng(1998)
        hour = np.arange(ROWS)
        season = 1 + 0.3 * np.cos(2 * np.pi * hour / 8766)
        columns = {
            name: np.maximum(level * season * rng.lognormal(0, 0.4, ROWS), 1).round(digits)
            for name, level, digits in (
                *(("so2", 9, 0), ("no2", 40, 0), ("co", 0.9, 1), ("o3", 60, 0)),
                *(("pm10", 70, 0), ("pm25", 40, 0), ("nox", 80, 0), ("ws", 3, 1)),
            )
        }
        columns["wd"] = rng.integers(1, 37, ROWS) * 10.0
        times = [datetime(1998, 1, 1) + timedelta(hours=int(h)) for h in hour]
        frame = pl.DataFrame({"time": times, **columns})
        gaps = {c: rng.random(ROWS) < 0.03 for c in columns}
        frame = frame.with_columns(
            pl.when(~pl.Series(gone)).then(pl.col(c)).alias(c) for c, gone in gaps.items()
        )
        frame.write_csv(hours)
        days = [date(2010, 1, 1) + timedelta(days=i) for i in range(3650)]
        noise = rng.normal(0, 10, 3650) - np.arange(3650) * 0.002
        pl.DataFrame({"date": days, "x": (60 + noise).round(1)}).write_csv(series)
    return [str(hours), str(series)]


def child(python: str, workload: str, files: list[str]) -> dict:
    command = [python, str(HERE / "measure.py"), workload, "1", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return json.loads(done.stdout.splitlines()[-1])["answer"]


def openair(*arguments: str) -> str:
    """Run the R script; raise where R or openair is absent."""
    program = shutil.which("Rscript")
    if program is None:
        raise RuntimeError("R is not installed (Rscript)")
    command = [program, str(HERE / "peers" / "openair.R"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return done.stdout


def speed() -> None:
    files = tables()
    print(machine(), "", sep="\n")
    found = {"ours": child(sys.executable, "analysis_ours", files)}
    peers = {
        "openair": lambda: json.loads(openair(files[0]).splitlines()[-1]),
        "pandas 3": lambda: child(environment("pandas 3"), "analysis_pandas", files),
        "pymannkendall": lambda: child(
            environment("pymannkendall"), "analysis_pymannkendall", files
        ),
    }
    for name, run in peers.items():
        try:
            found[name] = run()
        except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
            print(f"left out: {name}: {error}")
    ours = found.pop("ours")
    for task, seconds in ours.items():
        parts = [f"{task:<16}{seconds * 1000:>9.1f} ms"]
        if task in AIMS:
            parts.append(
                f"aim {AIMS[task] * 1000:.0f} ms: {'met' if seconds <= AIMS[task] else 'MISSED'}"
            )
        parts += [f"{n} / ours {t[task] / seconds:.2g}" for n, t in found.items() if task in t]
        print("   ".join(parts))
    if "pymannkendall" in found:
        theirs = found["pymannkendall"]["values"]
        series = pl.read_csv(files[1], try_parse_dates=True)
        own = analysis.mann_kendall(series, "x").row(0, named=True)
        rao = analysis.mann_kendall(series, "x", autocorrelation=True).row(0, named=True)
        print(f"S {own['s']} and {theirs['s']}; p {own['p']:.6g} and {theirs['p']:.6g}")
        print(f"Hamed-Rao variance {rao['variance']:.10g} and {theirs['rao_var']:.10g}")
    if "openair" in found:
        print("openair", found["openair"]["version"])
    (HERE / "results_analysis.json").write_text(json.dumps({"ours": ours, **found}, indent=1))


def differing(ours: pl.Series, theirs: pl.Series) -> str:
    """Count values and those that one has alone; give the largest relative difference."""
    both = ours.is_not_null() & theirs.is_not_null()
    a, b = ours.filter(both).cast(pl.Float64), theirs.filter(both).cast(pl.Float64)
    most = ((a - b).abs() / b.abs().clip(1e-12)).max() or 0.0
    one_only = (ours.is_null() != theirs.is_null()).sum()
    return f"{len(ours):>6} values, in one alone {one_only}, largest relative difference {most:.1e}"


def values() -> None:
    with tempfile.TemporaryDirectory() as folder:
        openair("values", folder)

        def read(name: str) -> pl.DataFrame:
            table = pl.read_csv(
                Path(folder) / f"{name}.csv", null_values="NA", infer_schema_length=None
            )
            if "date" in table.columns:
                dates = pl.col("date").str.slice(0, 10).str.to_date()
                table = table.with_columns(date=dates) if name != "mydata" else table
            return table

        hours = read("mydata").with_columns(
            pl.col("date").str.to_datetime(), pl.col(ITEMS).cast(pl.Float64)
        )
        print("averages (timeAverage, data.thresh = 75), seven items together")
        for to in ("day", "month"):
            for name in ("mean", "max", "min", "sum", "median", "p50", "p90", "p95", "p98"):
                ours = analysis.average(
                    hours, ITEMS, to=to, statistic=name, min_share=0.75, time="date", stamp="start"
                )
                joined = read(f"{name}_{to}").join(ours, on="date", how="left", suffix="_ours")
                pairs = [(joined[f"{i}_ours"], joined[i].cast(pl.Float64)) for i in ITEMS]
                stacked = (pl.concat([p[k].rename("v") for p in pairs]) for k in (0, 1))
                print(f"  {to:<6}{name:<8}{differing(*stacked)}")
        print("running means of O3 (rollingMean, data.thresh = 75)")
        for align, theirs in (("end", "right"), ("start", "left"), ("centre", "centre")):
            for width in (8, 24):
                ours = analysis.rolling(hours, "o3", hours=width, align=align, time="date")
                table = read(f"rolling_{width}_{theirs}")
                print(f"  {width:>2} h {align:<7}", end="")
                print(differing(ours[f"o3_rolling{width}h"], table["value"]))
        annual(hours.filter(pl.col("date").dt.year() < 2005), read("annual"))
        trends(hours, read)
        roses(hours, read("rose"))


def annual(hours: pl.DataFrame, table: pl.DataFrame) -> None:
    print("annual statistics (aqStats, data.thresh = 75): O3, NO2 and PM10 of seven years")
    said = {"min_share": 0.75, "time": "date", "stamp": "start"}
    ours: dict[str, list[pl.Series]] = {}
    for item in ("o3", "no2", "pm10"):
        year = partial(analysis.average, values=item, to="year", **said)
        days = analysis.average(hours, item, **said)
        found = {s: year(hours, statistic=s) for s in ("mean", "min", "max", "median")}
        found |= {f"percentile.{p}": year(hours, statistic=f"p{p}") for p in (50, 95, 98)}
        found |= {"max_daily": year(days, statistic="max")}
        for width in (8, 24):
            means = analysis.rolling(hours, item, hours=width, time="date", align="centre")
            means = means.with_columns(pl.col(f"{item}_rolling{width}h").alias(item))
            found |= {f"roll_{width}_max": year(means, statistic="max")}
        for name, frame in found.items():
            ours.setdefault(name, []).append(frame[item].rename("v"))
    table = pl.concat(table.filter(pollutant=i).sort("year") for i in ("o3", "no2", "pm10"))
    for name, parts in ours.items():
        print(f"  {name:<14}{differing(pl.concat(parts), table[name].cast(pl.Float64))}")


FIGURES = {
    "slope": "slope",
    "slope_lower": "lower",
    "slope_upper": "upper",
    "intercept": "intercept",
    "p": "p",
    "slope_percent": "slope.percent",
    "slope_percent_lower": "lower.percent",
    "slope_percent_upper": "upper.percent",
}


def verdict(ours: dict, theirs: dict) -> str:
    """Say which figures of a trend differ at eleven digits."""
    wrong = [
        f"{n} {ours[n]:.4g} ({theirs[t]:.4g})"
        for n, t in FIGURES.items()
        if not math.isclose(ours[n], theirs[t], rel_tol=1e-11, abs_tol=1e-11)
    ]
    return "all equal" if not wrong else "differs: " + ", ".join(wrong[:3])


def trends(hours: pl.DataFrame, read) -> None:
    print("Theil-Sen (TheilSen, data.thresh = 75): slope, bounds, intercept, p, %, to 11 digits")
    for item, season, auto in product(ITEMS, (False, True), (False, True)):
        flags = f"{str(season).upper()}_{str(auto).upper()}"
        theirs = read(f"trend_{item}_{flags}").drop_nulls("slope").row(0, named=True)
        ours = analysis.theil_sen(
            hours,
            item,
            time="date",
            deseason="stl" if season else False,
            autocorrelation=auto,
            stamp="start",
        ).row(0, named=True)
        months = read(f"series_{item}_{str(season).upper()}").height
        what = f"{item:<5} deseason={season!s:<5} autocor={auto!s:<5} {ours['n']} of {months}"
        print(f"  {what}  {verdict(ours, theirs)}")
    print("the same deseasonalised, no threshold, no month missing: an odd and an even number")
    for item, count in product(("nox", "no2", "o3", "pm10", "co"), (89, 88)):
        theirs = read(f"whole_{item}_{count}").drop_nulls("slope").row(0, named=True)
        part = hours if count == 89 else hours.filter(pl.col("date") < datetime(2005, 5, 1))
        ours = analysis.theil_sen(
            part, item, time="date", deseason="stl", stamp="start", min_coverage=0
        ).row(0, named=True)
        print(f"  {item:<5} {ours['n']} months  {verdict(ours, theirs)}")

    theirs = read("trend_years").drop_nulls("slope").row(0, named=True)
    years = hours.filter(pl.col("date").dt.year() < 2005)
    ours = analysis.theil_sen(
        years, "nox", time="date", average="year", stamp="start", min_coverage=0
    ).row(0, named=True)
    print(f"means of years: {verdict(ours, theirs)}")


def roses(hours: pl.DataFrame, table: pl.DataFrame) -> None:
    ours = analysis.rose(hours, calm=0).filter(pl.col("sector") > 0)
    ours = ours.with_columns(
        wd=pl.when(pl.col("sector") == 1).then(360.0).otherwise("direction"),
        sums=pl.col("share").cum_sum().over("sector"),
    ).pivot("class", index="wd", values="sums")
    joined = table.with_columns(pl.col("wd").cast(pl.Float64)).join(ours, on="wd")
    ratio = [(joined[str(k)] / joined[f"Interval{k}"]) for k in (1, 2, 3, 4)]
    spread = max(float(r.max()) for r in ratio) / min(float(r.min()) for r in ratio) - 1
    print(
        f"wind rose (windRose): shares in one ratio, {float(ratio[0][0]):.6f}, within {spread:.0e}"
    )
    known = hours.filter(pl.col("ws").is_not_null())
    unknown = known.filter(pl.col("wd").is_null() & (pl.col("ws") != 0)).height
    missing = known.height / (known.height - unknown)
    print(f"  which is that of all rows to those that have a direction: {missing:.6f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--values", action="store_true", help="compare values with openair's")
    try:
        values() if parser.parse_args().values else speed()
    except RuntimeError as error:
        raise SystemExit(f"not run: {error}") from None


if __name__ == "__main__":
    os.environ.setdefault("TZ", "GMT")
    main()

"""Annual statistics, trends and averages of one long hourly table, each the best of some runs."""

import time

import polars as pl

from shanshui import air, analysis

VALUES = ("ws", "wd", "so2", "no2", "co", "o3", "pm10", "pm25", "nox")


def best(work, repeat: int = 5) -> float:
    taken = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def run(files: list[str]) -> dict:
    hours = pl.read_csv(files[0], try_parse_dates=True).with_columns(station=pl.lit("甲"))
    months = analysis.average(hours, "pm25", to="month", stamp="start").head(90)
    series = pl.read_csv(files[1], try_parse_dates=True)
    averages = {
        f"average {to}": best(lambda to=to: analysis.average(hours, VALUES, to=to, min_share=0.75))
        for to in ("day", "month", "year")
    }
    return averages | {
        "annual": best(lambda: air.statistics(air.daily(hours), period="year")),
        "theil_sen": best(
            lambda: analysis.theil_sen(months, "pm25", average=None, autocorrelation=True)
        ),
        "theil_sen hours": best(
            lambda: analysis.theil_sen(hours, "pm25", time="time", deseason="stl")
        ),
        "mann_kendall": best(lambda: analysis.mann_kendall(series, "x")),
        "hamed_rao": best(lambda: analysis.mann_kendall(series, "x", autocorrelation=True), 2),
        "rolling": best(lambda: analysis.rolling(hours, "o3")),
    }

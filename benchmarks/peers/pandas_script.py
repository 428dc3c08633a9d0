"""The script that analysts write: pandas, vectorised where pandas is, by the 2012 tables.

It answers what the library answers: repeated hours and impossible values set aside, days from
hours that stamp their end with 20 hours for a mean, 8-hour ozone by a rolling window of rows within
each station, AQI by interpolation, a year's statistics with valid months, exceedances, attainment
and composite index, and the rank. It is not exact (floats, half-even and ceilings as they come;
windows by rows, not by the clock), and it is not slow on purpose: no apply, no loop over rows.
"""

import numpy as np
import pandas as pd

ITEMS = ["so2", "no2", "co", "o3", "pm10", "pm25"]
SIX = ["so2", "no2", "co", "o3_8h", "pm10", "pm25"]
IAQI = [0, 50, 100, 150, 200, 300, 400, 500]
POINTS = {
    "so2": [0, 50, 150, 475, 800, 1600, 2100, 2620],
    "no2": [0, 40, 80, 180, 280, 565, 750, 940],
    "co": [0, 2, 4, 14, 24, 36, 48, 60],
    "o3_1h": [0, 160, 200, 300, 400, 800, 1000, 1200],
    "o3_8h": [0, 100, 160, 215, 265, 800],
    "pm10": [0, 50, 150, 250, 350, 420, 500, 600],
    "pm25": [0, 35, 75, 115, 150, 250, 350, 500],
}
LIMITS = {"so2": 60, "no2": 40, "co": 4, "o3_8h": 160, "pm10": 70, "pm25": 35}
DAILY_LIMITS = {"so2": 150, "no2": 80, "co": 4, "o3_8h": 160, "pm10": 150, "pm25": 75}


def clean(hours: pd.DataFrame) -> pd.DataFrame:
    hours = hours.drop_duplicates(["station", "time"], keep=False)
    for item in ITEMS:
        top = 500 if item == "co" else 10_000
        hours[item] = hours[item].where((hours[item] >= 0) & (hours[item] <= top))
    return hours


def daily(hours: pd.DataFrame) -> pd.DataFrame:
    hours = clean(hours).sort_values(["station", "time"])
    shifted = hours["time"] - pd.Timedelta(hours=1)
    hours["date"] = shifted.dt.normalize()
    hours["o3_8h"] = (
        hours.groupby("station")["o3"]
        .rolling(8, min_periods=6)
        .mean()
        .reset_index(level=0, drop=True)
    )
    hours.loc[shifted.dt.hour < 7, "o3_8h"] = np.nan
    grouped = hours.groupby(["station", "date"])
    means = grouped[["so2", "no2", "co", "pm10", "pm25"]].mean()
    counts = grouped[["so2", "no2", "co", "pm10", "pm25"]].count()
    days = means.where(counts >= 20)
    days["o3_1h"] = grouped["o3"].max()
    windows = grouped["o3_8h"].count()
    highest = grouped["o3_8h"].max()
    days["o3_8h"] = highest.where((windows >= 14) | (highest > 160))
    days = days.round({i: 1 if i == "co" else 0 for i in days.columns})
    return days.reset_index()


def aqi(days: pd.DataFrame) -> pd.DataFrame:
    parts = {}
    for item, points in POINTS.items():
        parts[item] = np.ceil(np.interp(days[item], points, IAQI[: len(points)]))
    parts = pd.DataFrame(parts, index=days.index)
    days["aqi"] = parts.max(axis=1)
    days["level"] = pd.cut(days["aqi"], [-1, 50, 100, 150, 200, 300, 500], labels=False) + 1
    days["primary"] = parts.fillna(-1).idxmax(axis=1).where(days["aqi"] > 50)
    return days


def statistics(days: pd.DataFrame) -> pd.DataFrame:
    days["year"] = days["date"].dt.year
    grouped = days.groupby(["station", "year"])
    stats = grouped[["so2", "no2", "pm10", "pm25"]].mean().round()
    stats["co"] = grouped["co"].quantile(0.95).round(1)
    stats["o3_8h"] = grouped["o3_8h"].quantile(0.9).round()
    for item, p in {"so2": 0.98, "no2": 0.98, "pm10": 0.95, "pm25": 0.95}.items():
        stats[f"{item}_p"] = grouped[item].quantile(p).round()
    stats["valid_days"] = grouped["aqi"].count()
    days["good"] = days["aqi"] <= 100
    days["heavy"] = days["aqi"] > 200
    stats["good_days"] = grouped["good"].sum()
    stats["heavy_days"] = grouped["heavy"].sum()
    stats["good_ratio"] = (stats["good_days"] / stats["valid_days"] * 100).round(1)
    month = days["date"].dt.month.rename("month")
    by_month = days.groupby(["station", "year", month])[SIX].count()
    least = np.where(by_month.index.get_level_values("month") == 2, 25, 27)
    enough = by_month.ge(least, axis=0).groupby(["station", "year"]).sum() == 12
    enough &= grouped[SIX].count() >= 324
    for item in SIX:
        stats[item] = stats[item].where(enough[item])
        days[f"exceed_{item}"] = days[item] > DAILY_LIMITS[item]
        stats[f"exceed_{item}_days"] = days.groupby(["station", "year"])[f"exceed_{item}"].sum()
        over = stats[item] / LIMITS[item] - 1
        stats[f"times_{item}"] = over.where(over > 0).round(2)
        stats[f"attains_{item}"] = stats[item] <= LIMITS[item]
        if f"{item}_p" in stats:
            stats[f"attains_{item}"] &= stats[f"{item}_p"] <= DAILY_LIMITS[item]
    stats["attains"] = stats[[f"attains_{item}" for item in SIX]].all(axis=1)
    levels = days.groupby(["station", "year", "level"]).size().unstack(fill_value=0)
    primary = days.groupby(["station", "year", "primary"]).size().unstack(fill_value=0)
    stats = stats.join(levels.add_prefix("level_")).join(primary.add_prefix("primary_"))
    index = pd.DataFrame({i: (stats[i] / limit).round(2) for i, limit in LIMITS.items()})
    stats["composite"] = index.sum(axis=1, skipna=False)
    stats["index_max"] = index.max(axis=1)
    stats["main"] = index.fillna(-1).idxmax(axis=1)
    return stats.reset_index()


def run(files: list[str]) -> dict:
    hours = pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
    days = aqi(daily(hours))
    stats = statistics(days)
    stats["rank"] = stats.groupby("year")["composite"].rank(method="min")
    return {"days": len(days), "rows": len(stats), "composite": float(stats["composite"].mean())}

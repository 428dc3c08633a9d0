"""Count where aqi-hub and python-aqi depart from HJ 633, over every representable concentration.

The figures in docs/air/differences.md come from here. Run it in a throw-away environment:

    uv run --no-project --with aqi-hub==0.3.3 --with python-aqi==0.6.1 docs/scripts/peers.py

Needs nothing of Shanshui but the tables of the standards; the reference is the formula of the
standard in exact fractions, rounded up.
"""

import tomllib
from collections.abc import Callable, Iterator
from fractions import Fraction
from importlib.metadata import version
from itertools import pairwise
from math import ceil
from pathlib import Path

import aqi
from aqi_hub.aqi_cn import cal_iaqi_cn

TABLES = Path(__file__).resolve().parents[2] / "src" / "shanshui" / "air"
ITEMS = {  # row of the standard's table: names in aqi-hub and in python-aqi
    "so2_24h": ("SO2_24H", "so2_24h"),
    "so2_1h": ("SO2_1H", "so2_1h"),
    "no2_24h": ("NO2_24H", "no2_24h"),
    "no2_1h": ("NO2_1H", "no2_1h"),
    "co_24h": ("CO_24H", "co_24h"),
    "co_1h": ("CO_1H", "co_1h"),
    "o3_8h": ("O3_8H", "o3_8h"),
    "o3_1h": ("O3_1H", "o3_1h"),
    "pm10_24h": ("PM10_24H", "pm10"),
    "pm25_24h": ("PM25_24H", "pm25"),
}


def exact(concentration: Fraction, points: list[int], scale: list[int]) -> int:
    """Return the IAQI by the formula of the standard."""
    for (low, high), (below, above) in zip(pairwise(points), pairwise(scale), strict=False):
        if concentration <= high:
            return ceil(Fraction(above - below, high - low) * (concentration - low) + below)
    raise ValueError(concentration)


def concentrations(row: dict) -> Iterator[tuple[Fraction, str]]:
    """Yield every value a monitor publishes, to the last breakpoint: tenths of CO, else wholes."""
    steps = 10 if row["unit"] == "mg/m3" else 1
    for n in range(row["concentrations"][-1] * steps + 1):
        value = Fraction(n, steps)
        yield value, f"{float(value):.1f}" if steps == 10 else str(n)


def answer(function: Callable[[str], object], text: str) -> int | None:
    try:
        value = function(text)
    except Exception:  # an answer that fails is counted as one that is wrong
        return None
    return None if value is None else int(value)


def count(edition: str, peer: Callable[[str, str], object], names: dict[str, str]) -> None:
    table = tomllib.loads((TABLES / f"hj633-{edition}.toml").read_text(encoding="utf-8"))["tables"]
    print("| row | wrong | of | share | no answer | largest error | first wrong |")
    print("|---|---:|---:|---:|---:|---:|---|")
    for row in table["breakpoints"]:
        name = names[row["name"]]
        wrong, failed, worst, total, first = 0, 0, 0, 0, ""
        for value, text in concentrations(row):
            total += 1
            right = exact(value, row["concentrations"], table["iaqi"])
            given = answer(lambda t, name=name: peer(name, t), text)
            if given == right:
                continue
            wrong += 1
            failed += given is None
            worst = max(worst, abs((given if given is not None else right) - right))
            first = first or f"{text} → {given}, exact {right}"
        share = f"{100 * wrong / total:.1f} %"
        print(f"| {row['name']} | {wrong} | {total} | {share} | {failed} | {worst} | {first} |")


print(f"aqi-hub {version('aqi-hub')} against HJ 633-2026\n")
count("2026", lambda n, t: cal_iaqi_cn(n, float(t)), {k: v[0] for k, v in ITEMS.items()})
print(f"\npython-aqi {version('python-aqi')} (mep) against HJ 633-2012\n")
count(
    "2012", lambda n, t: aqi.to_iaqi(n, t, algo=aqi.ALGO_MEP), {k: v[1] for k, v in ITEMS.items()}
)

"""Measure quality control on one million values, against SaQC and ioos_qc on the same rules.

    python benchmarks/quality.py

One series of a million hourly values for each test alone; a million values of twenty stations and
six items for the whole chain. Each peer runs in an environment of its own; one that cannot be made
(no network) is left out with its reason.
"""

import json
import sys

import numpy as np
import polars as pl
from analysis import child
from run import HERE, environment, machine

ROWS = 1_000_000
AIM = 2.0


def tables() -> list[str]:
    """Write the series, which are always the same: with gaps, runs and spikes."""
    folder = HERE / "data"
    folder.mkdir(exist_ok=True)
    series, csv = folder / "quality_series.parquet", folder / "quality_series.csv"
    many = folder / "quality_many.parquet"
    if not (series.exists() and csv.exists() and many.exists()):
        rng = np.random.default_rng(2026)
        hourly = np.datetime64("1900-01-01T01:00") + np.arange(ROWS) * np.timedelta64(1, "h")
        times = pl.Series(hourly.astype("datetime64[us]")).cast(pl.Datetime("us"))
        level = 60 * np.exp(np.cumsum(rng.normal(0, 0.05, ROWS)) * 0.02)
        value = np.maximum(level * rng.lognormal(0, 0.15, ROWS), 1).round(0)
        for at in rng.integers(0, ROWS - 20, 2000):
            value[at : at + rng.integers(4, 12)] = value[at]
        value[rng.integers(0, ROWS, 3000)] += 400
        one = pl.DataFrame({"time": times, "value": value})
        one.write_parquet(series)
        one.write_csv(csv, datetime_format="%Y-%m-%d %H:%M:%S")
        hours = ROWS // 120
        parts = []
        for station in range(20):
            for n, item in enumerate(("so2", "no2", "co", "o3", "pm10", "pm25")):
                at = (station * 6 + n) * hours
                scale = 0.01 if item == "co" else 1.0
                parts.append(
                    pl.DataFrame(
                        {
                            "time": times.tail(hours),
                            "value": (value[at : at + hours] * scale).round(1),
                        }
                    ).with_columns(
                        station=pl.lit(f"s{station:02d}"),
                        property=pl.lit(item),
                        period=pl.lit(3600, dtype=pl.Int32),
                        city=pl.lit(f"c{station // 10}"),
                    )
                )
        pl.concat(parts).sample(fraction=0.97, seed=1).sort(
            "station", "time", "property"
        ).write_parquet(many)
    return [str(series), str(many), str(csv)]


def main() -> None:
    files = tables()
    print(machine(), "", sep="\n")
    found = {"ours": child(sys.executable, "quality_ours", files)}
    for peer, module in (("saqc", "quality_saqc"), ("ioos_qc", "quality_ioos_qc")):
        try:
            found[peer] = child(environment(peer), module, files)
        except (RuntimeError, OSError, SystemExit) as error:
            print(f"left out: {peer}: {error}")
    ours = found["ours"]
    for test, (seconds, cpu) in ours["seconds"].items():
        parts = [f"{test:<18}{seconds * 1000:>8.0f} ms {cpu * 1000:>8.0f} ms CPU"]
        if test.startswith("chain"):
            parts.append(f"aim {AIM * 1000:.0f} ms: {'met' if seconds <= AIM else 'MISSED'}")
        else:
            parts.append(f"flags {ours['counts'][test]:,}")
        for peer in ("saqc", "ioos_qc"):
            theirs = found.get(peer, {"seconds": {}, "counts": {}})
            name = next((n for n in theirs["seconds"] if n.split(" (")[0] == test), None)
            if name:
                parts.append(
                    f"{peer} / ours {theirs['seconds'][name][0] / seconds:.2g}, CPU "
                    f"{theirs['seconds'][name][1] / cpu:.2g} (flags {theirs['counts'][name]:,})"
                )
            elif test in theirs.get("left", {}):
                parts.append(f"{peer}: {theirs['left'][test]}")
        print("   ".join(parts))
    (HERE / "results_quality.json").write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()

"""Measure the classification of surface water against a bare scan and a pandas script.

    python benchmarks/water.py                # ten million samples of 21 items, 4 GiB of memory
    python benchmarks/water.py --rows 1000000

Our own work is on all rows; the pandas script, which applies a function to each row as analysts do,
is on some of them and its time is scaled.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from shanshui import water
from shanshui.standards import editions

HERE = Path(__file__).resolve().parent
TYPICAL = {
    "do": 8, "codmn": 4, "cod": 15, "bod5": 3, "nh3n": 0.4, "tp": 0.1, "cu": 0.01, "zn": 0.02,
    "f": 0.4, "se": 0.001, "as": 0.003, "hg": 0.00003, "cd": 0.0005, "cr6": 0.004, "pb": 0.003,
    "cn": 0.004,    "phenol": 0.001, "oil": 0.02, "las": 0.05, "sulfide": 0.02,
}  # fmt: skip


def make(rows: int) -> Path:
    """Write samples around typical rivers, a third of them beyond Ⅲ."""
    path = HERE / "data" / f"water_{rows}.parquet"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        rng = np.random.default_rng(1)
        columns = {"ph": np.round(rng.normal(7.6, 0.4, rows), 2)}
        for item, typical in TYPICAL.items():
            columns[item] = np.round(typical * rng.lognormal(-0.3, 0.35, rows), 5)
        pl.DataFrame(columns).write_parquet(path)
    return path


def best(work, repeat: int = 3) -> float:
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def pandas_script(frame: pd.DataFrame) -> pd.Series:
    """Class by a function of each row, as scripts do it."""
    limits = {r["item"]: r for r in editions("water.surface")[-1].table("limits")}

    def judge(row: pd.Series) -> int:
        worst = 1
        for item, value in row.items():
            rule = limits[item]
            if rule["sense"] == "in":
                found = 1 if rule["range"][0] <= round(value) <= rule["range"][1] else 6
            elif rule["sense"] == ">=":
                found = next((n for n, x in enumerate(rule["classes"], 1) if value >= x), 6)
            else:
                found = next((n for n, x in enumerate(rule["classes"], 1) if value <= x), 6)
            worst = max(worst, found)
        return worst

    return frame.apply(judge, axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    rows = parser.parse_args().rows
    scan = pl.scan_parquet(make(rows))
    judged = water.surface.classify(scan)
    bare = best(lambda: scan.select(pl.all().sum()).collect(engine="streaming"))
    classes = best(
        lambda: judged.select(pl.col("class").sum(), pl.col("class_tp").sum()).collect(
            engine="streaming"
        )
    )
    whole = best(lambda: judged.select(pl.all().count()).collect(engine="streaming"), repeat=1)
    few = 20_000
    script = best(lambda: pandas_script(scan.head(few).collect().to_pandas()), repeat=1)
    figures = {
        "rows": rows,
        "bare scan, s": bare,
        "class of every sample, s": classes,
        "class / bare scan": classes / bare,
        "every column (multiples, main indicators, reasons), s": whole,
        "every column / bare scan": whole / bare,
        "pandas apply / class": script / few * rows / classes,
        "pandas apply / every column": script / few * rows / whole,
    }
    for name, value in figures.items():
        print(f"{name:<56}{value:>14,.2f}")
    (HERE / "results_water.json").write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()

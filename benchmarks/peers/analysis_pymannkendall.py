"""Mann–Kendall of one series by pymannkendall."""

import csv
import time
from pathlib import Path

import numpy as np
import pymannkendall


def best(work, repeat: int = 3) -> float:
    taken = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def run(files: list[str]) -> dict:
    rows = csv.DictReader(Path(files[1]).read_text().splitlines())
    x = np.array([float(row["x"]) for row in rows])
    test = pymannkendall.original_test(x)
    rao = pymannkendall.hamed_rao_modification_test(x)
    return {
        "mann_kendall": best(lambda: pymannkendall.original_test(x)),
        "hamed_rao": best(lambda: pymannkendall.hamed_rao_modification_test(x), 1),
        "values": {"s": int(test.s), "p": float(test.p), "rao_var": float(rao.var_s)},
    }

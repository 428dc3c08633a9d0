"""The same rules by ioos_qc, with its flags as arrays."""

import time

import numpy as np
import pandas as pd
from ioos_qc import qartod


def best(work, repeat: int = 3) -> tuple[float, float]:
    """Return the least seconds by the clock, and of all cores together."""
    taken, worked = [], []
    for _ in range(repeat):
        start, cpu = time.perf_counter(), time.process_time()
        work()
        taken.append(time.perf_counter() - start)
        worked.append(time.process_time() - cpu)
    return min(taken), min(worked)


def run(files: list[str]) -> dict:
    frame = pd.read_csv(files[2], parse_dates=["time"])
    x, t = frame["value"].to_numpy(), frame["time"].to_numpy("datetime64[ns]")
    tests = {
        "range": lambda: qartod.gross_range_test(x, fail_span=(0, 300)),
        # Six equal hourly values span five hours.
        "stuck": lambda: qartod.flat_line_test(
            x, t, suspect_threshold=5 * 3600, fail_threshold=23 * 3600, tolerance=1e-9
        ),
        # A limit a second: 40 in an hour.
        "step": lambda: qartod.rate_of_change_test(x, t, threshold=40 / 3600),
        "spike (simpler)": lambda: qartod.spike_test(x, suspect_threshold=30, fail_threshold=60),
    }
    return {
        "seconds": {name: best(work) for name, work in tests.items()},
        "counts": {name: int(np.isin(work(), (3, 4)).sum()) for name, work in tests.items()},
    }

"""Each test of quality control, and the whole chain, over one million values."""

import time
from datetime import datetime

import polars as pl

from shanshui import quality


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
    series = pl.read_parquet(files[0])
    one = series.with_columns(
        station=pl.lit("s"), property=pl.lit("pm25"), period=pl.lit(3600, dtype=pl.Int32)
    )
    many = pl.read_parquet(files[1])
    tests = {
        "range": lambda: quality.gross_range(one, low=0, high=300),
        "stuck": lambda: quality.stuck(one, suspect=6, fail=24),
        "step": lambda: quality.step(one, suspect=40),
        "spike": lambda: quality.spike(one, sigmas=6, least=0, half=3, points=7),
    }
    found = {name: best(work) for name, work in tests.items()}
    counts = {name: work().height for name, work in tests.items()}
    now = datetime(2026, 1, 1)
    found["chain"] = best(lambda: quality.check(many, now=now))
    found["chain, neighbours"] = best(lambda: quality.check(many, now=now, group="city"))
    return {"seconds": found, "counts": counts, "rows": one.height}

"""Run one workload of `work/` or `peers/` in this interpreter and print what it took as JSON.

    python benchmarks/measure.py <module> <repeat> <file> ...

Seconds are the best of the repeats (imports are outside), by the clock and of all cores together;
memory is the peak of the process.
"""

import importlib
import json
import sys
import time
from pathlib import Path


def peak_mib() -> float:
    """Return the highest resident memory that this process has had."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux: what getrusage says there begins with the parent's peak
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) / 2**10
    if sys.platform == "win32":
        return float("nan")  # no resource module there
    import resource

    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / 2**20 if sys.platform == "darwin" else size / 2**10


def main() -> None:
    name, repeat, *files = sys.argv[1:]
    here = Path(__file__).resolve().parent
    sys.path[:0] = [str(here / "peers"), str(here / "work")]
    workload = importlib.import_module(name)
    taken, worked, answer = [], [], {}
    for _ in range(int(repeat)):
        start, cpu = time.perf_counter(), time.process_time()
        answer = workload.run(files)
        taken.append(time.perf_counter() - start)
        worked.append(time.process_time() - cpu)
    report = {
        "seconds": min(taken),
        "cpu": min(worked),
        "all": taken,
        "peak_mib": peak_mib(),
        "answer": answer,
    }
    print(json.dumps(report, default=str))


if __name__ == "__main__":
    main()

"""Measure shanshui on a national year against a bare scan, pandas and the per-value packages.

    make bench                                   # all of it (about ten minutes, 4 GiB of disk)
    python benchmarks/run.py --only year rows    # a part: year, month, ten, rows, import
    python benchmarks/run.py --clean             # remove the data and the environments after

Each measure runs in a process of its own; each peer in an environment of its own (envs/, pinned
below). Everything is printed as a ratio as well, because seconds belong to a machine.
"""

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

# Environment: the workload that it runs, and what it is made of.
PEERS = {
    "pandas 3": ("pandas_script", ["numpy==2.4.6", "pandas==3.1.1", "pyarrow==26.0.1"]),
    "pandas 2": ("pandas_script", ["numpy==2.4.6", "pandas==2.3.3", "pyarrow==26.0.1"]),
    "aqi-hub": ("rows_aqi_hub", ["aqi-hub==0.3.3"]),
    "python-aqi": ("rows_python_aqi", ["python-aqi==0.6.1"]),
    "pymannkendall": (
        "analysis_pymannkendall",
        ["numpy==2.4.6", "scipy==1.17.1", "pymannkendall==1.4.3"],
    ),
    "saqc": ("quality_saqc", ["saqc==2.9.1"]),
    "ioos_qc": ("quality_ioos_qc", ["ioos-qc==3.0.0"]),
}
PARTS = ("year", "month", "ten", "rows", "import")
TEN = tuple(range(2015, 2025))


def environment(peer: str) -> str:
    """Make the peer's environment where it is missing; return its Python."""
    folder = HERE / "envs" / peer.replace(" ", "-")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ready = folder / "ready.json"
    _, pins = PEERS[peer]
    if ready.exists() and json.loads(ready.read_text()) == pins:
        return str(python)
    shutil.rmtree(folder, ignore_errors=True)
    print(f"making {peer}: {', '.join(pins)}", flush=True)
    own = HERE.parent / ".uv" / "bin" / "uv"
    uv = shutil.which("uv") or (str(own) if own.exists() else None)
    if uv:
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
        install = [uv, "pip", "install", "--quiet", "--python", str(python)]
    else:
        venv.create(folder, with_pip=True)
        install = [str(python), "-m", "pip", "install", "--quiet"]
    subprocess.run([*install, *pins], check=True)
    ready.write_text(json.dumps(pins))
    return str(python)


def measure(name: str, files: list[Path], *, repeat: int = 3) -> dict:
    """Run one workload, our own or a peer's, in a child process; return its report."""
    workload, python = name, sys.executable
    if name in PEERS:
        workload, python = PEERS[name][0], environment(name)
    command = [python, str(HERE / "measure.py"), workload, str(repeat), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    report = json.loads(done.stdout.splitlines()[-1])
    print(
        f"  {name:<16}{report['seconds']:>8.2f} s {report['cpu']:>8.2f} s CPU "
        f"{report['peak_mib']:>7.0f} MiB  "
        f"{report['answer'] if name not in ('bare_scan', 'bare_columns') else ''}",
        flush=True,
    )
    return report


def year_files(*years: int) -> list[Path]:
    from generate import make_year

    folders = [make_year(year) for year in years]
    return [file for folder in folders for file in sorted(folder.glob("*.parquet"))]


def daily_rows(target: Path, count: int = 100_000) -> Path:
    """Write the daily rows that every package can do as text: no item missing or off the scale."""
    if not target.exists():
        import polars as pl

        from shanshui import air

        items = ["so2", "no2", "co", "o3_8h", "pm10", "pm25"]
        days = air.daily(pl.read_parquet(year_files(2024)[:3])).select(items).drop_nulls()
        days = days.filter(pl.col("pm25") <= 500, pl.col("pm10") <= 600, pl.col("o3_8h") <= 800)
        days = days.head(count)
        with target.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(items)
            for row in days.iter_rows():
                writer.writerow(v if k == 2 else int(v) for k, v in enumerate(row))
    return target


def import_seconds(repeat: int = 7) -> float:
    """Return how long `import shanshui` takes in a fresh interpreter, best of some."""
    code = (
        "import time; start = time.perf_counter(); import shanshui; "
        "print(time.perf_counter() - start)"
    )
    command = [sys.executable, "-c", code]
    runs = [
        subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(repeat)
    ]
    return min(float(run.stdout) for run in runs)


def machine() -> str:
    if not hasattr(os, "sysconf"):
        return f"{os.cpu_count()} cores"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--clean", action="store_true", help="remove data and environments after")
    options = parser.parse_args()
    results: dict[str, object] = {"machine": machine()}
    print(results["machine"])

    if {"year", "month"} & set(options.only):
        files = year_files(2024)
        print("a national year: 1,700 stations, 8,784 hours, six items")
        bare = measure("bare_scan", files, repeat=options.repeat)
        six = measure("bare_columns", files, repeat=options.repeat)
    if "year" in options.only:
        ours = measure("national_year", files, repeat=options.repeat)
        results["year"] = {
            "ours / bare scan": ours["seconds"] / bare["seconds"],
            "the same in CPU": ours["cpu"] / bare["cpu"],
            "ours / six columns": ours["seconds"] / six["seconds"],
        }
        for name in ("pandas 3", "pandas 2"):
            script = measure(name, files, repeat=1)
            results["year"] |= {
                f"{name} / ours": script["seconds"] / ours["seconds"],
                f"{name} / ours, memory": script["peak_mib"] / ours["peak_mib"],
            }
    if "month" in options.only:
        ours = measure("national_month", files, repeat=options.repeat)
        results["month"] = {"ours / bare scan": ours["seconds"] / bare["seconds"]}
    if "rows" in options.only:
        print("AQI by rows")
        rows = daily_rows(HERE / "data" / "daily_rows.csv")
        speed = {}
        for name in ("aqi_rows", "aqi-hub", "python-aqi"):
            answer = measure(name, [rows], repeat=options.repeat)["answer"]
            speed[name] = answer["rows"] / answer["seconds"]
        results["rows"] = {
            "ours, million rows/s": speed["aqi_rows"] / 1e6,
            "ours / aqi-hub": speed["aqi_rows"] / speed["aqi-hub"],
            "ours / python-aqi": speed["aqi_rows"] / speed["python-aqi"],
        }
    if "ten" in options.only:
        print("ten national years")
        ten = measure("national_year", year_files(*TEN), repeat=1)
        results["ten"] = {"seconds": ten["seconds"], "peak GiB": ten["peak_mib"] / 1024}
    if "import" in options.only:
        results["import"] = {"seconds": import_seconds()}

    print()
    for part, figures in results.items():
        if isinstance(figures, dict):
            for label, figure in figures.items():
                print(f"{part:<8}{label:<24}{figure:>10.2f}")
    (HERE / "results.json").write_text(json.dumps(results, indent=1))
    if options.clean:
        for folder in ("data", "envs"):
            shutil.rmtree(HERE / folder, ignore_errors=True)


if __name__ == "__main__":
    main()

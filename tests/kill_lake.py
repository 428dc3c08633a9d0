"""Kill loaders of a lake at random moments, and look at what they leave.

A child stores delivery after delivery (new hours, the same again, reviewed values, a pause for
compaction) and reports each one once `store` has returned. The parent kills it with SIGKILL after a
random time. Then every row of a reported delivery must be in the lake exactly once, a delivery is
there whole or not at all, and the lake opens and takes more::

    python tests/kill_lake.py --kills 200

"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from shanshui.platform.store.lake import Lake

STATIONS = [f"{1000 + i}A" for i in range(40)]
HOURS = 24
START = datetime(2025, 12, 20)


def delivery(number: int) -> tuple[pl.DataFrame, str]:
    """What is sent under a number: days in order, every third one reviewed once more."""
    day, kind = divmod(number, 3)
    first = START + timedelta(days=day)
    frame = pl.DataFrame({"station": STATIONS}).join(
        pl.DataFrame({"time": [first + timedelta(hours=h + 1) for h in range(HOURS)]}), how="cross"
    )
    value = pl.lit(float(day))
    if kind == 0:  # wide
        return frame.with_columns(pm25=value, o3=value + 0.5), "raw"
    if kind == 1:  # the same day's ammonia, long; and one item that the wide rows have, again
        long = [
            frame.with_columns(property=pl.lit(name), period=3600, value=amount)
            for name, amount in (("nh3n", value), ("pm25", value))
        ]
        return pl.concat(long), "raw"
    # a review of one item changes half of the values
    reviewed = frame.with_columns(property=pl.lit("o3"), period=3600, value=value + 0.5)
    odd = pl.col("time").dt.hour() % 2 == 1
    return reviewed.with_columns(value=pl.when(odd).then(value + 9).otherwise("value")), "reviewed"


def load(folder: str, first: int) -> None:
    """Be the child: store, and say so."""
    lake = Lake(folder)
    number = first
    print("ready", flush=True)
    while True:
        frame, state = delivery(number)
        # In pieces, as a long file comes.
        done = lake.store(frame.iter_slices(300), source=f"{number}", state=state)
        print(f"stored {number} {done.version}", flush=True)
        if number % 4 == 3:
            lake.compact()
        if number % 7 == 6:
            lake.vacuum(timedelta(0))
        number += 1


def expected(count: int) -> pl.DataFrame:
    """Return the current values after so many deliveries, worked out from the deliveries alone."""
    held: dict[tuple[str, str, datetime], tuple[float, str]] = {}
    for number in range(count):
        frame, state = delivery(number)
        if "property" not in frame.columns:
            frame = frame.unpivot(
                on=["pm25", "o3"], index=["station", "time"], variable_name="property"
            )
        for row in frame.select("station", "property", "time", "value").iter_rows():
            old = held.get(row[:3])
            if old is None or state == "reviewed" or old[1] == "raw":
                held[row[:3]] = (row[3], state)
    rows = [(*key, *said) for key, said in held.items()]
    names = ["station", "property", "time", "value", "state"]
    kinds = [pl.String, pl.String, pl.Datetime("us"), pl.Float64, pl.String]
    return pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")


def check(folder: Path, reported: int) -> int:
    """Check what a killed child left; return how many deliveries the lake has."""
    lake = Lake(folder, wait=10)
    columns = ["station", "property", "time", "value", "state"]
    seen = lake.observations().select(columns).collect().sort(columns)
    days = seen.filter(pl.col("property") == "pm25")["time"].max()
    # As a reader sees it, before any writer has tidied up: whole deliveries, reported or next.
    for count in (reported, reported + 1):
        wanted = expected(count).sort(columns)
        if seen.equals(wanted):
            break
    else:
        raise AssertionError(
            f"{seen.height} rows up to {days} are neither {reported} nor {reported + 1} deliveries"
        )
    latest = lake.latest().select("station", "property", "time").collect()
    newest = seen.group_by("station", "property").agg(pl.col("time").max())
    assert latest.sort(pl.all()).equals(newest.sort(pl.all())), "latest differs"
    revisions = lake.revisions().collect()
    keys = ["station", "property", "time", "period"]
    assert revisions.select(keys).is_unique().all(), "a revision is there twice"
    changed = seen.filter(pl.col("state") == "reviewed").height
    assert revisions.height == changed, (revisions.height, changed)
    # As the next writer finds it: it takes back what is half done, and nothing is different.
    again = lake.store(delivery(0)[0], source="again")
    assert (again.stored, again.changed) == (0 if count else again.read, 0)
    assert lake.status().missing == []
    assert not lake.status().unfinished
    after = lake.observations().select(columns).collect().sort(columns)
    assert after.equals(seen if count else expected(1).sort(columns))
    return max(count, 1)


def kill_often(kills: int, seconds: float | None, seed: int, *, verbose: bool = False) -> dict:
    """Kill loaders, and check each time.

    Parameters
    ----------
    kills : int
        How often.
    seconds : float or None
        Stop after so long.
    seed : int
        Of the random moments.
    """
    dice = random.Random(seed)
    began = time.monotonic()
    told = {"kills": 0, "deliveries": 0, "unreported": 0, "unfinished": 0}
    with TemporaryDirectory(prefix="kill-lake-") as home:
        folder = Path(home) / "lake0"
        stored = 0
        while told["kills"] < kills and (seconds is None or time.monotonic() - began < seconds):
            if stored > 60:  # a fresh lake now and then: its making can be killed as well
                folder = Path(home) / f"lake{told['kills']}"
                stored = 0
            child = subprocess.Popen(
                [sys.executable, __file__, "--load", str(folder), str(stored)],
                stdout=subprocess.PIPE,
                text=True,
            )
            assert child.stdout is not None
            # The time to import is of no interest.
            assert child.stdout.readline() == "ready\n"
            time.sleep(dice.uniform(0, 1.0) ** 2)
            os.kill(child.pid, signal.SIGKILL)
            out = child.communicate()[0]
            assert child.returncode == -signal.SIGKILL, f"the loader ended by itself: {out}"
            reported = [
                int(line.split()[1])
                for line in out.splitlines(keepends=True)
                if line.endswith("\n")
            ]
            assert reported == list(range(stored, stored + len(reported)))
            told["unfinished"] += (folder / "pending.json").exists()
            now = check(folder, stored + len(reported))
            told["unreported"] += now - stored - len(reported)
            told["deliveries"] += now - stored
            told["kills"] += 1
            stored = now
            if verbose and told["kills"] % 20 == 0:
                print(told, f"{time.monotonic() - began:.0f} s", flush=True)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--load", nargs=2, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.load:
        load(said.load[0], int(said.load[1]))
    else:
        print(kill_often(said.kills, said.seconds, said.seed, verbose=True))


if __name__ == "__main__":
    main()

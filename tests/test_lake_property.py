"""The lake against a slow, obvious one: a dictionary of what each observation was."""

from datetime import datetime, timedelta
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shanshui.platform.store import lake_frames
from shanshui.platform.store.lake import Lake
from shanshui.platform.store.lake_tables import AIR_HOUR, RANKS

TIMES = [
    datetime(2025, 12, 31, 23),
    datetime(2026, 1, 1, 0),  # 24:00 of the year before
    datetime(2026, 1, 1, 1),
    datetime(2026, 3, 1, 9, 5, 0, 7),
]
LONG = {
    "station": pl.String,
    "property": pl.String,
    "time": pl.Datetime("us"),
    "period": pl.Int32,
    "value": pl.Float64,
    "flag": pl.String,
    "source": pl.String,
    "state": pl.String,
}
KEY = ("station", "property", "time", "period")


class Slow:
    """Observations in Python: each key has its current row and those before."""

    def __init__(self):
        self.current = {}
        self.revisions = {}
        self.seen = []  # what was current after each version, by version

    def store(self, rows, moment):
        counts = dict.fromkeys(("read", "stored", "already", "changed", "outranked"), 0)
        for row in rows:
            counts["read"] += 1
            key = tuple(row[c] for c in KEY)
            new = (row["value"], row["flag"], row["state"])
            old = self.current.get(key)
            before = self.revisions.setdefault(key, [])
            if old is None:
                counts["stored"] += 1
            elif RANKS[new[2]] < RANKS[old["said"][2]]:
                counts["outranked"] += 1
                if new not in [one["said"] for one in before]:
                    before.append(
                        {"said": new, "source": row["source"], "from": moment, "to": moment}
                    )
                continue
            elif new == old["said"]:
                counts["already"] += 1
                continue
            else:
                counts["changed"] += 1
                before.append({**old, "to": moment})
            self.current[key] = {"said": new, "source": row["source"], "from": moment}
        return counts

    def now(self):
        return {(*k, *r["said"], r["source"], r["from"]) for k, r in self.current.items()}

    def past(self):
        rows = [
            (*k, *r["said"], r["source"], r["from"], r["to"])
            for k, rs in self.revisions.items()
            for r in rs
        ]
        return sorted(rows, key=repr)


row = st.fixed_dictionaries(
    {
        "station": st.sampled_from(["1001A", "1002A"]),
        "property": st.sampled_from(["pm25", "o3", "nh3n"]),
        "time": st.sampled_from(TIMES),
        "period": st.sampled_from([3600, 86400]),
        "value": st.sampled_from([None, 1.0, 2.5]),
        "flag": st.sampled_from([None, None, "N"]),
        "source": st.sampled_from(["a.csv", "b.csv"]),
        "state": st.sampled_from(["raw", "raw", "reviewed", "corrected"]),
    }
)
wide_row = st.fixed_dictionaries(
    {
        "station": st.sampled_from(["1001A", "1002A"]),
        "time": st.sampled_from(TIMES),
        "pm25": st.sampled_from([None, 1.0, 2.5]),
        "o3": st.sampled_from([None, 1.0]),
        "flag_o3": st.sampled_from([None, "N"]),
        "state": st.sampled_from(["raw", "reviewed"]),
    }
)
step = st.one_of(
    st.tuples(st.just("long"), st.lists(st.lists(row, max_size=8), min_size=1, max_size=3)),
    st.tuples(st.just("wide"), st.lists(wide_row, min_size=1, max_size=6)),
    st.tuples(st.just("compact"), st.none()),
    st.tuples(st.just("vacuum"), st.none()),
)


def spread(rows):
    """Wide rows as the observations that they hold."""
    return [
        {
            "station": one["station"],
            "property": item,
            "time": one["time"],
            "period": 3600,
            "value": one[item],
            "flag": one.get(f"flag_{item}"),
            "source": "wide.csv",
            "state": one["state"],
        }
        for one in rows
        for item in AIR_HOUR.items
        if item in one and (one[item] is not None or one.get(f"flag_{item}") is not None)
    ]


def rows_of(lazy):
    found = lazy.collect()
    order = [*KEY, "value", "flag", "state", "source", "recorded_from", "recorded_to"]
    return found.select(c for c in order if c in found.columns).rows()


def newest(current):
    found = {}
    for one in current:
        series = (one[0], one[1], one[3])
        if series not in found or one[2] > found[series][2]:
            found[series] = one
    return set(found.values())


def wide_frame(rows):
    kinds = {
        "station": pl.String,
        "time": pl.Datetime("us"),
        "pm25": pl.Float64,
        "o3": pl.Float64,
        "flag_o3": pl.String,
        "state": pl.String,
    }
    return pl.DataFrame(rows, schema=kinds)


def run(steps):
    with TemporaryDirectory() as folder:
        lake = Lake(folder)
        slow = Slow()
        for kind, given_rows in steps:
            before = lake.version
            if kind == "compact":
                lake.compact()
            elif kind == "vacuum":
                lake.vacuum(timedelta(0))
            else:
                if kind == "long":
                    frames = [pl.DataFrame(part, schema=LONG) for part in given_rows]
                    plain = [one for part in given_rows for one in part]
                else:
                    frames = wide_frame(given_rows)
                    plain = spread(given_rows)
                told = lake.preview(frames, source="wide.csv")
                stored = lake.store(frames, source="wide.csv")
                moment = None
                if stored.version > before:
                    moment = lake.versions()["recorded"][0]
                counts = slow.store(plain, moment)
                assert {name: getattr(stored, name) for name in counts} == counts
                assert {name: getattr(told, name) for name in counts} == counts
            now = slow.now()
            if lake.version > before:
                slow.seen += [(v, now) for v in range(before + 1, lake.version + 1)]
            current = rows_of(lake.observations())
            assert len(current) == len(now)
            assert set(current) == now
            assert sorted(rows_of(lake.revisions()), key=repr) == slow.past()
            assert set(rows_of(lake.latest())) == newest(now)
        for version, now in slow.seen:
            then = rows_of(lake.observations(as_of=version))
            assert len(then) == len(now)
            assert set(then) == now
        wide = lake.observations(wide=True).collect()
        hourly = {
            (k[0], k[2]) for k in slow.current if k[1] in AIR_HOUR.items and k[3] == AIR_HOUR.period
        }
        assert sorted(wide.select("station", "time").rows()) == sorted(hourly)


@given(st.lists(step, min_size=1, max_size=6))
@settings(max_examples=25)
def test_lake_is_what_the_slow_one_is(steps):
    run(steps)


@given(st.lists(step, min_size=1, max_size=4))
@settings(max_examples=10)
def test_pieces_of_any_size_give_the_same(steps):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lake_frames, "CHUNK", 2)
        patch.setattr("shanshui.platform.store.lake_write.CHUNK", 2)
        run(steps)

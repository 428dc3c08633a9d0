"""Results of surface water: means of sections, classes, shares, by the roster of the day."""

import shutil
from datetime import date, datetime, timedelta

import polars as pl
import pytest
from assess_samples import plain
from polars.testing import assert_frame_equal

from shanshui.platform import assess
from shanshui.platform.assess import comparisons
from shanshui.platform.assess.tables import COMPARISONS, DAYS, RESULTS, RUNS
from shanshui.platform.review import freeze, rosters
from shanshui.platform.store import Workspace
from shanshui.water import surface

CITY, COUNTY = "441800", "441802"
GOOD, ATTAINED = "water.surface.good_share", "water.surface.attained_share"
SAMPLES = {  # section: month → (codmn, nh3n, tp)
    "W1": {9: (3.1, 0.2, 0.05), 10: (3.5, 0.4, 0.08), 11: (9.9, 1.8, 0.35)},
    "W2": {9: (7.0, 0.3, 0.1), 10: (8.0, 0.3, 0.12), 11: (2.0, 0.1, 0.02)},
    "W3": {9: (3.0, 0.1, 0.05), 10: (3.0, 0.1, 0.05)},
    "W4": {9: (30.0, 9.0, 2.0), 10: (30.0, 9.0, 2.0)},
}


def rows(samples=SAMPLES):
    found = [
        {
            "station": station,
            "property": item,
            "time": datetime(2026, month, 5) + timedelta(days=1),
            "period": 86400,
            "value": value,
        }
        for station, months in samples.items()
        for month, values in months.items()
        for item, value in zip(("codmn", "nh3n", "tp"), values, strict=True)
    ]
    schema = {"station": pl.String, "property": pl.String, "time": pl.Datetime("us")}
    return pl.DataFrame(found, schema=schema | {"period": pl.Int32, "value": pl.Float64})


@pytest.fixture
def made(blank, tmp_path):
    shutil.copytree(blank, tmp_path / "工作区")
    with Workspace.open(tmp_path / "工作区") as workspace:
        workspace.lake.store(rows(), source="手工监测.xlsx")
        listed = pl.DataFrame(
            {
                "station": ["石角", "某桥", "新安江口", "断流桥"],
                "code": ["W1", "W2", "W3", "W4"],
                "kind": ["河流"] * 4,
                "river": ["北江", "北江", "新安江", "北江"],
                "city": "清远市",
                "county": ["清城区", "清城区", None, None],
                "target_2026": ["Ⅲ", "Ⅲ", "Ⅱ", "Ⅲ"],
                "left_out": [None, None, None, "断流"],
            }
        )
        told = {"who": "张三", "code": "guokao", "domain": "water", "purpose": "国考断面"}
        rosters.load(workspace.ledger, listed, version="2026", start="2026-01-01", **told)
        rosters.use(workspace.ledger, "guokao", who="张三")
        yield workspace


def value(workspace, indicator, period, region=CITY):
    found = assess.read(workspace, indicator=indicator, region=region, period=period)
    return found["value"].item()


def test_shares_are_of_the_sections_that_are_assessed(made):
    assess.run(made)
    # W1 Ⅱ, W2 Ⅳ, W3 Ⅱ; W4 is left out by the roster.
    assert value(made, GOOD, "2026-10") == "66.7"
    assert value(made, ATTAINED, "2026-10") == "66.7"
    assert value(made, "water.surface.attained_sections", "2026-10") == "2"
    assert value(made, "water.surface.worse_v_share", "2026-10") == "0.0"
    assert value(made, GOOD, "2026-10", COUNTY) == "50.0"
    assert value(made, GOOD, "2026-11") == "50.0"  # W1 Ⅴ, W2 Ⅱ; W3 was not sampled
    row = assess.read(made, indicator=GOOD, region=CITY, period="2026-10").row(0, named=True)
    assert (row["roster"], row["edition"], row["status"]) == ("guokao@2026", "2002", "实时")
    assert (row["stations"], row["method"]) == (3, "shanshui.water.surface.shares:good_ratio")


def test_months_of_the_year_are_means_of_months(made):
    assess.run(made)
    means = surface.aggregate(
        rows({"W1": SAMPLES["W1"], "W2": SAMPLES["W2"], "W3": SAMPLES["W3"]})
        .with_columns(pl.col("time") - pl.duration(seconds=1))
        .pivot("property", index=["station", "time"], values="value"),
        period=("2026-01", "2026-11"),
    )
    shares = surface.shares(surface.classify(means))
    assert value(made, GOOD, "2026-01/2026-11") == f"{shares['good_ratio'].item():.1f}"
    assert value(made, "water.surface.class.xinan", "2026-10") == "2"
    index = assess.read(made, indicator="water.surface.index", region=CITY, period="2026-10")
    assert index["value"].item() is None
    assert index["reason"].item().startswith("missing_items:")


def test_incremental_equals_whole_and_final_months_stay(made):
    assess.run(made)
    freeze.take(made, "2026-09", who="张三", domain="water", force="补录", today=date(2026, 12, 1))
    assess.run(made)
    final = value(made, GOOD, "2026-09")
    late = rows({"W1": {9: (20.0, 5.0, 1.0)}, "W2": {10: (2.0, 0.1, 0.02)}})
    made.lake.store(late, source="更正", state="corrected")
    before = assess.read(made)
    assess.run(made)
    changed = assess.read(made).join(before, on=["id", "inputs"], how="anti")
    assert "2026-09" not in set(changed["period"])
    assert value(made, GOOD, "2026-09") == final
    assert value(made, GOOD, "2026-10") == "100.0"
    row = assess.read(made, indicator=GOOD, region=CITY, period="2026-09").row(0, named=True)
    assert (row["status"], row["freeze"]) == ("定版", "2026-09#1")
    stepwise = plain(assess.read(made))
    for table in (DAYS, RESULTS, RUNS):
        shutil.rmtree(made.lake.place.folder / table.name, ignore_errors=True)
    assess.run(made)
    assert_frame_equal(stepwise, plain(assess.read(made)))
    assert assess.run(made).stored == 0


def test_as_of_a_day_nothing_later_is_seen(made):
    assess.run(made, as_of=date(2026, 10, 31))
    found = assess.read(made, as_of=date(2026, 10, 31), indicator=GOOD, region=CITY)
    assert sorted(found["period"]) == sorted(["2026-01/2026-10", "2026", "2026-10", "2026-Q4"])
    assert found.filter(pl.col("period") == "2026-Q4")["value"].item() in {None, "66.7"}


# ------------------------------------------------------------ the year before, on the same sections

# section: (year, month) → (codmn, nh3n, tp); classes Ⅱ, Ⅳ, Ⅴ and Ⅱ in 2025
BEFORE = {
    "W1": {10: (3.5, 0.4, 0.08)},
    "W2": {10: (8.0, 0.3, 0.12)},
    "V3": {10: (12.0, 1.8, 0.35)},  # moves to W3
    "V5": {10: (3.0, 0.1, 0.05)},  # dropped
    "W6": {10: (3.0, 0.1, 0.05)},  # listed from 2026, measured before
}
AFTER = {
    "W1": {10: (3.5, 0.4, 0.08)},
    "W2": {10: (5.0, 0.3, 0.12)},
    "W3": {10: (3.0, 0.1, 0.05)},
    "W6": {10: (9.0, 0.1, 0.05)},
    "W7": {10: (3.0, 0.1, 0.05)},  # listed and measured from 2026
}


def section(codes, moved=None, **targets):
    count = len(codes)
    columns = {name: list(of) for name, of in targets.items()}
    return pl.DataFrame(
        {
            "station": [f"断面{code}" for code in codes],
            "code": codes,
            "kind": ["河流"] * count,
            "river": ["北江"] * count,
            "city": ["清远市"] * count,
            "moved_from": pl.Series([(moved or {}).get(c) for c in codes], dtype=pl.String),
        }
        | columns
    )


@pytest.fixture
def relisted(blank, tmp_path):
    """Two Octobers; between them a section moves, one goes and two come."""
    shutil.copytree(blank, tmp_path / "工作区")
    told = {"who": "张三", "code": "guokao", "domain": "water", "purpose": "国考断面"}
    with Workspace.open(tmp_path / "工作区") as workspace:
        workspace.lake.store(
            rows(BEFORE).with_columns(pl.col("time").dt.offset_by("-1y")), source="2025.xlsx"
        )
        workspace.lake.store(rows(AFTER), source="2026.xlsx")
        old = section(["W1", "W2", "V3", "V5"], target_2025=["Ⅲ", "Ⅲ", "Ⅲ", "Ⅲ"])
        rosters.load(workspace.ledger, old, version="2025", start="2021-01-01", **told)
        new = section(
            ["W1", "W2", "W3", "W6", "W7"], {"W3": "V3"}, target_2026=["Ⅱ", "Ⅲ", "Ⅲ", "Ⅲ", "Ⅲ"]
        )
        rosters.load(workspace.ledger, new, version="2026", start="2026-01-01", **told)
        rosters.use(workspace.ledger, "guokao", who="张三")
        yield workspace


def pair(workspace, indicator, period="2026-10"):
    found = comparisons.read(workspace, indicator=indicator, region=CITY, period=period)
    return found.row(0, named=True) if found.height else None


def test_sections_that_moved_or_were_dropped_count_on_neither_side(relisted):
    assess.run(relisted)
    # By their own lists: W1 Ⅱ, W2 Ⅳ, V3 Ⅴ, V5 Ⅱ; W1 Ⅱ, W2 Ⅲ, W3 Ⅱ, W6 Ⅳ, W7 Ⅱ.
    assert (value(relisted, GOOD, "2025-10"), value(relisted, GOOD, "2026-10")) == ("50.0", "80.0")
    # In common: W1 Ⅱ, W2 Ⅳ, W6 Ⅱ; W1 Ⅱ, W2 Ⅲ, W6 Ⅳ.
    row = pair(relisted, GOOD)
    assert (row["value_before"], row["value"]) == ("66.7", "66.7")
    assert [row[name] for name in comparisons.COUNTS] == [3, 1, 2, 1, 1]
    assert row["roster"] == "guokao@2026（同口径，去 2 个点位）"
    # Of W6 there is no target of 2025: W1 and W2 count, W1 by another target each year.
    attained = pair(relisted, ATTAINED)
    assert (attained["value_before"], attained["value"]) == ("50.0", "100.0")
    assert pair(relisted, GOOD, "2026-01/2026-10")["value_before"] == "66.7"
    done = assess.run(relisted)
    assert (done.stored, done.domains["water guokao"].compared) == (0, 0)


def test_pairs_of_water_go_on_from_run_to_run(relisted):
    assess.run(relisted)
    before = comparisons.read(relisted)
    freeze.take(
        relisted, "2025-10", who="张三", domain="water", force="补录", today=date(2026, 12, 1)
    )
    late = rows({"W2": {10: (2.0, 0.1, 0.02)}})
    relisted.lake.store(
        late.with_columns(pl.col("time").dt.offset_by("-1y")), source="更正", state="corrected"
    )
    assess.run(relisted)
    frozen = pair(relisted, GOOD)
    assert (frozen["value_before"], frozen["freeze_before"]) == ("66.7", "2025-10#1")
    relisted.lake.store(late, source="更正", state="corrected")
    assess.run(relisted)
    assert pair(relisted, GOOD)["inputs"] != frozen["inputs"]
    assert set(comparisons.read(relisted)["period"]) == set(before["period"])
    # W1 falls out of the year before: a value that is none leaves it unmeasured.
    relisted.lake.store(
        rows({"W6": {10: (None, None, None)}}).with_columns(pl.col("time").dt.offset_by("-1y")),
        source="无效",
        state="corrected",
    )
    assess.run(relisted)
    assert pair(relisted, GOOD)["unmeasured"] == 1  # what is frozen has it still
    found = comparisons.read(relisted).drop("lake_version", "code", "at").sort("id")
    results = plain(assess.read(relisted))
    for table in (DAYS, RESULTS, COMPARISONS, RUNS):
        shutil.rmtree(relisted.lake.place.folder / table.name, ignore_errors=True)
    assess.run(relisted)
    again = comparisons.read(relisted).drop("lake_version", "code", "at").sort("id")
    assert_frame_equal(found, again)
    assert_frame_equal(results, plain(assess.read(relisted)))

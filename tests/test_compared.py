"""Comparisons with last year on the stations that both years have (同口径), up to the table."""

import shutil
from datetime import UTC, date, datetime, timedelta
from tempfile import TemporaryDirectory

import polars as pl
import pytest
import slow_roster
from assess_samples import CITY, ITEMS, OTHER, hours, plain
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from track_samples import GOOD, plan, promise

from shanshui import air
from shanshui.platform import assess
from shanshui.platform.assess import comparisons, results
from shanshui.platform.assess.tables import COMPARISONS, DAYS, RESULTS, RUNS, Shelf
from shanshui.platform.demo import samples
from shanshui.platform.review import corrections, freeze, rosters
from shanshui.platform.store import Workspace
from shanshui.platform.track import history, standings, table
from shanshui.standards import ShanshuiError

TOLD = {"who": "张三", "code": "guokong", "domain": "air", "purpose": "国控点位"}
BEIJING = "110000"
CODES = {
    "so2": "air.so2.annual_mean",
    "no2": "air.no2.annual_mean",
    "pm10": "air.pm10.annual_mean",
    "co": "air.co.annual_p95",
    "o3_8h": "air.o3.annual_p90",
    "composite": "air.index.composite",
}
PM25 = "air.pm25.annual_mean"
WHEN = ("lake_version", "code", "at")  # when it was computed, not what


def said(rows):
    """Return comparisons without what tells when they were computed."""
    return rows.drop(WHEN).sort("id")


def again(workspace):
    """Compute everything anew; return comparisons and results."""
    for one in (DAYS, RESULTS, COMPARISONS, RUNS):
        shutil.rmtree(workspace.lake.place.folder / one.name, ignore_errors=True)
    assess.run(workspace)
    return said(comparisons.read(workspace)), plain(assess.read(workspace))


def both(workspace):
    return said(comparisons.read(workspace)), plain(assess.read(workspace))


def news(before, after):
    """Return the periods whose comparison is another one than before."""
    ids = ["id", "inputs", "roster", "status", "freeze", "freeze_before"]
    return set(after.join(before, on=ids, how="anti", nulls_equal=True)["period"])


# -------------------------------------------------------------- real hours while a station moves


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Two years of Beijing, with the move that `slow_roster` tells, assessed."""
    named = samples.beijing_stations().select("station", "code")
    rows = samples.beijing_hours().join(named, on="station").drop("station")
    rows = rows.rename({"code": "station"}).filter(pl.col("time") > datetime(2014, 1, 1))
    # Stamps are ends: the hour that ends at 00:00 of the day is the last of the old place.
    since = pl.col("time") > pl.lit(slow_roster.DAY).cast(pl.Datetime("us"))
    came = rows.filter(pl.col("station") == slow_roster.CLEANER, since)
    rows = pl.concat(
        [
            rows.filter(~(since & (pl.col("station") == slow_roster.MOVED))),
            came.with_columns(station=pl.lit(slow_roster.CAME)),
        ]
    )
    listed = samples.beijing_stations().select("code", "city", "reference", station="name_zh")
    moved = pl.col("code") == slow_roster.MOVED
    folder = tmp_path_factory.mktemp("同口径") / "w"
    with Workspace.create(folder, region=BEIJING) as workspace:
        workspace.lake.store(rows, source="hours.parquet")
        rosters.load(workspace.ledger, listed, version="2013", start="2013-01-01", **TOLD)
        new = listed.with_columns(
            code=pl.when(moved).then(pl.lit(slow_roster.CAME)).otherwise("code"),
            moved_from=pl.when(moved).then("code"),
        )
        rosters.load(workspace.ledger, new, version="2015", start="2015-04-01", **TOLD)
        rosters.use(workspace.ledger, "guokong", who="张三")
        assess.run(workspace)
    return folder


@pytest.fixture
def beijing(base, tmp_path):
    shutil.copytree(base, tmp_path / "w")
    with Workspace.open(tmp_path / "w") as workspace:
        yield workspace


@pytest.fixture(scope="module")
def slow():
    return slow_roster.answer()


@pytest.fixture(scope="module")
def slow_tenths():
    return slow_roster.tenths()


def number(text):
    return None if text is None else float(text)


def test_pairs_equal_an_independent_script(beijing, slow, slow_tenths):
    found = {
        (row["indicator"], row["period"]): row
        for row in comparisons.read(beijing).iter_rows(named=True)
    }
    ever = {
        (row["indicator"], row["period"]): row for row in assess.read(beijing).iter_rows(named=True)
    }
    checked = different = 0
    for period, how in slow.items():
        before = period.replace("2015", "2014")
        asked = {code: (how["same"][i], how["naive"][i]) for i, code in CODES.items()}
        asked[PM25] = slow_tenths[period]["same"], slow_tenths[period]["naive"]
        for code, (same, naive) in asked.items():
            # The results are as ever: each period by its own list.
            sides = [number(ever[code, one]["value"]) for one in (period, before)]
            assert sides == [number(one) for one in naive[:2]], (code, period)
            row = found.get((code, period))
            if None in same[:2]:
                assert row is None
                continue
            got = number(row["value"]), number(row["value_before"])
            assert got == (number(same[0]), number(same[1])), (code, period)
            assert row["result"] == ever[code, period]["id"]
            assert (row["before"], row["roster"]) == (
                before,
                "guokong@2015（同口径，去 1 个点位）",
            )
            assert (row["stations"], row["moved"], row["unmeasured"]) == (10, 1, 0)
            checked += 1
            different += list(got) != sides
    assert checked >= 15
    assert different >= 12


def test_the_table_shows_the_change_on_the_same_stations(beijing, slow, slow_tenths):
    items = {PM25: "µg/m3", CODES["no2"]: "µg/m3", CODES["o3_8h"]: "µg/m3", GOOD: "%"}
    with beijing.ledger.write(who="张三", action="test") as session:
        paper = plan(session, region_code=BEIJING, first_year=2015, last_year=2016,
                     baseline_year=2014)  # fmt: skip
        for n, (code, unit) in enumerate(items.items(), start=1):
            promise(session, paper, n, indicator=code, indicator_code=code, region="北京市",
                    region_code=BEIJING, year=2015, unit=unit, value="60")  # fmt: skip
    day = date(2015, 10, 31)
    found = standings.at(beijing, day)
    by = {row["indicator"]: row for row in found.iter_rows(named=True)}
    ytd = "2015-01/2015-10"
    wanted = {
        PM25: (slow_tenths[ytd]["same"], slow_tenths[ytd]["naive"]),
        CODES["no2"]: tuple(slow[ytd][how]["no2"] for how in ("same", "naive")),
        CODES["o3_8h"]: tuple(slow[ytd][how]["o3_8h"] for how in ("same", "naive")),
    }
    pairs = comparisons.read(beijing, period=ytd)
    for code, (same, naive) in wanted.items():
        row = by[code]
        assert f"{row['change']:.1f}" == f"{float(same[2]):.1f}"
        assert (number(row["pair_value"]), number(row["pair_value_before"])) == (
            float(same[0]),
            float(same[1]),
        )
        # What is judged is the figure of the roster; last year's on another list is not beside it.
        assert number(row["part_value"] or row["value"]) == float(naive[0])
        assert (row["same_value"], row["last_value"]) == (None, None)
        (mine,) = pairs.filter(pl.col("indicator") == code).iter_rows(named=True)
        assert (row["pair_ref"], row["pair_basis"]) == (mine["id"], mine["roster"])
        text = f"同比按同口径（去1个点位，其间变动1个点位）：{mine['value']}，2014-01/2014-10为"
        assert text + mine["value_before"] in row["remark"]
    assert float(wanted[PM25][0][2]) > float(wanted[PM25][1][2])  # the move fakes an improvement
    good = by[GOOD]  # a ratio changes by percentage points
    points = float(good["pair_value"]) - float(good["pair_value_before"])
    assert good["change"] == pytest.approx(points)
    with beijing.ledger.read() as session:
        rows = table.records(session, found, day)
    shown = table.table(rows, day)
    assert "change" in shown.heads
    line = next(line for line in shown.rows if line["indicator"] == by[PM25]["indicator_name"])
    assert line["change"] == f"{float(wanted[PM25][0][2]):+.1f}%（同口径）"
    (record,) = (row for row in rows if row["indicator"] == PM25)
    roles = {one["role"]: one for one in record["stands_on"]}
    assert roles["pair"]["ref"] == roles["pair_before"]["ref"] == by[PM25]["pair_ref"]
    assert (roles["pair"]["period"], roles["pair_before"]["period"]) == (ytd, "2014-01/2014-10")
    with pytest.raises(ShanshuiError, match=f"the result of {ytd} is {record['ref']}"):
        results.find(beijing, record["pair_ref"])
    assert history.keep(beijing.ledger, found, day, who="张三").new
    assert not history.keep(beijing.ledger, found, day, who="张三").new
    # The whole year.
    year = {r["indicator"]: r for r in standings.at(beijing, date(2016, 1, 31)).to_dicts()}
    got = year[PM25]["change"], slow_tenths["2015"]["same"][2]
    assert f"{got[0]:.1f}" == f"{float(got[1]):.1f}"
    assert year[CODES["no2"]]["change"] is None  # of 2014 there is no figure


def test_the_same_again_stores_nothing(beijing):
    before = comparisons.read(beijing, history=True)
    assert before.height == 240
    done = assess.run(beijing)
    assert (done.stored, [one.compared for one in done.domains.values()]) == (0, [0])
    asked = assess.run(beijing, period=["2015-10", "2015", "2015-01/2015-10", "2015-Q4", "2014"])
    assert [one.compared for one in asked.domains.values()] == [0]
    assert_frame_equal(comparisons.read(beijing, history=True), before)


@pytest.mark.parametrize(
    ("station", "periods"),
    [
        ("1008A", {"2015-10", "2015-Q4", "2015", *(f"2015-01/2015-{n}" for n in (10, 11, 12))}),
        (slow_roster.MOVED, set()),  # it counts on neither side
    ],
)
def test_a_corrected_hour_of_last_year_renews_what_depends_on_it(beijing, station, periods):
    before = comparisons.read(beijing)
    row = hour(station, datetime(2014, 10, 5, 9), 900.0)
    beijing.lake.store(row, source="更正", state="corrected")
    done = assess.run(beijing)
    assert done.stored > 0  # the results of 2014
    after = comparisons.read(beijing)
    assert news(before, after) == periods
    if periods:
        key = ["indicator", "period"]
        pm25 = after.filter(pl.col("indicator") == PM25).join(before, on=key, suffix="_old")
        higher = pm25.filter(
            pl.col("value_before").cast(pl.Float64) > pl.col("value_before_old").cast(pl.Float64)
        )
        assert set(higher["period"]) >= {"2015-10"}
        assert pm25.filter(pl.col("value") != pl.col("value_old")).is_empty()
    stepwise = both(beijing)
    for mine, whole in zip(stepwise, again(beijing), strict=True):
        assert_frame_equal(mine, whole)


def hour(station, time, value, item="pm25"):
    base = {"station": station, "property": item, "time": time, "period": 3600, "value": value}
    schema = {"station": pl.String, "property": pl.String, "time": pl.Datetime("us")}
    return pl.DataFrame([base], schema=schema | {"period": pl.Int32, "value": pl.Float64})


def take(workspace, period):
    return freeze.take(
        workspace, period, who="张三", domain="air", force="补录", today=date(2026, 12, 1)
    )


def test_what_is_final_does_not_move_on_either_side(beijing):
    before = comparisons.read(beijing)
    take(beijing, "2014-10")
    assess.run(beijing)
    frozen = comparisons.read(beijing)
    assert news(before, frozen) == {"2015-10"}  # the same figures, said to stand on a freeze
    assert frozen["value_before"].equals(before["value_before"])
    october = frozen.filter(pl.col("period") == "2015-10")
    assert set(october["freeze_before"]) == {"2014-10#1"}
    assert set(october["status"]) == {"实时"}

    late = hour("1008A", datetime(2014, 10, 5, 9), 900.0)
    beijing.lake.store(late, source="迟到", state="corrected")
    assess.run(beijing)  # also the quarter and the year read the frozen rows of October
    assert_frame_equal(comparisons.read(beijing), frozen)

    take(beijing, "2015-10")
    assess.run(beijing)
    october = comparisons.read(beijing, period="2015-10")
    assert set(october.select("status", "freeze", "freeze_before").rows()) == {
        ("定版", "2015-10#1", "2014-10#1")
    }
    before = both(beijing)
    corrections.correct(beijing, "2014-10", who="张三", document="〔2015〕1号", reason="校准")
    assess.run(beijing)
    after = comparisons.read(beijing)
    # 更正 of the earlier year changes the change of the later one, though that is final itself.
    assert news(before[0], after) >= {"2015-10", "2015-Q4", "2015", "2015-01/2015-10"}
    assert set(after.filter(pl.col("period") == "2015-10")["freeze_before"]) == {"2014-10#2"}
    stepwise = both(beijing)
    for mine, whole in zip(stepwise, again(beijing), strict=True):
        assert_frame_equal(mine, whole)


def test_a_version_taken_as_the_only_one_withdraws_what_no_longer_comes(beijing):
    rosters.use(beijing.ledger, "guokong", who="张三", version="2013")
    assess.run(beijing)  # pinned to the list without the move
    assert comparisons.read(beijing).is_empty()
    gone = comparisons.read(beijing, history=True).filter(pl.col("reason") == "withdrawn")
    assert gone.height == 240
    assert gone["value"].null_count() == gone["value_before"].null_count() == 240
    rosters.use(beijing.ledger, "guokong", who="张三")
    assess.run(beijing)
    assert comparisons.read(beijing).height == 240


def test_a_run_cut_off_between_results_and_pairs_is_simply_done_again(beijing, monkeypatch):
    late = hour("1008A", datetime(2014, 10, 5, 9), 900.0)
    beijing.lake.store(late, source="更正", state="corrected")
    add = Shelf.add

    def broken(self, name, rows, years=None):
        if name is COMPARISONS:
            raise OSError("断电")
        add(self, name, rows, years)

    monkeypatch.setattr(Shelf, "add", broken)
    with pytest.raises(OSError, match="断电"):
        assess.run(beijing)
    monkeypatch.setattr(Shelf, "add", add)
    done = assess.run(beijing)
    assert done.stored == 0
    assert sum(one.compared for one in done.domains.values()) > 0
    stepwise = both(beijing)
    for mine, whole in zip(stepwise, again(beijing), strict=True):
        assert_frame_equal(mine, whole)


def test_as_of_a_moment_later_corrections_are_not_known(beijing):
    before = comparisons.read(beijing, period="2015-10")
    moment = datetime.now(UTC)
    late = hour("1008A", datetime(2014, 10, 5, 9), 900.0)
    beijing.lake.store(late, source="更正", state="corrected")
    assess.run(beijing)
    now = comparisons.read(beijing, period="2015-10")
    assert not now["value_before"].equals(before["value_before"])
    assert_frame_equal(comparisons.read(beijing, period="2015-10", as_of=moment), before)
    assess.run(beijing, period="2015-10", as_of=moment)
    then = comparisons.read(beijing, period="2015-10", as_of=moment)
    assert set(then["as_of"]) == {moment}
    columns = ["indicator", "value", "value_before", "inputs", "roster"]
    assert_frame_equal(then.select(columns), before.select(columns))
    assert_frame_equal(comparisons.read(beijing, period="2015-10"), now)


# ----------------------------------------------------------- any list, any order: made-up hours

BEGIN = datetime(2025, 12, 30, 1)
OLD = {"A1": "清远市", "A2": "清远市", "A3": "清远市", "B1": "广州市", "C1": "韶关市"}
NEW = {"A1": "清远市", "A2": "清远市", "A9": "清远市", "B1": "广州市", "C9": "韶关市"}
SHAOGUAN = "440200"


def enrol_two(workspace, start="2026-01-01", first="2025-01-01"):
    """Put a roster into use whose A3 and C1 move to A9 and C9 on a day."""
    for listed, version, since, moved in (
        (OLD, "2025", first, {}),
        (NEW, "2026", start, {"A9": "A3", "C9": "C1"}),
    ):
        frame = pl.DataFrame(
            {
                "station": [f"点{code}" for code in listed],
                "code": list(listed),
                "city": list(listed.values()),
                "moved_from": pl.Series([moved.get(code) for code in listed], dtype=pl.String),
            }
        )
        rosters.load(workspace.ledger, frame, version=version, start=since, **TOLD)
    rosters.use(workspace.ledger, "guokong", who="张三")


def two_days(stations, year=2025):
    first = BEGIN.replace(year=year)
    base = 20 + (2026 - year) * 9
    return hours(first, first + timedelta(hours=47), stations=tuple(stations), base=base)


def no_value(stations):
    """Return the hours of stations as ones that have no value."""
    rows = two_days(stations).unpivot(index=["station", "time"], variable_name="property")
    return rows.with_columns(period=pl.lit(3600, pl.Int32), value=pl.lit(None, pl.Float64))


@pytest.fixture
def made(blank, tmp_path):
    """Two days of three cities in each of two years, not yet assessed."""
    shutil.copytree(blank, tmp_path / "w")
    with Workspace.open(tmp_path / "w") as workspace:
        enrol_two(workspace)
        workspace.lake.store(two_days(OLD), source="2025")
        workspace.lake.store(two_days(NEW, 2026), source="2026")
        yield workspace


def only(rows, period="2026-12", indicator="air.no2.annual_mean", region=CITY):
    return rows.filter(
        pl.col("period") == period, pl.col("indicator") == indicator, pl.col("region") == region
    ).to_dicts()


def test_a_city_is_compared_on_what_is_left_of_it(made):
    assess.run(made)
    found = comparisons.read(made)
    assert set(found["region"]) == {CITY, OTHER}  # of 韶关市 no station is left: 不可比
    (qingyuan,) = only(found)
    (guangzhou,) = only(found, region=OTHER)
    assert [qingyuan[name] for name in comparisons.COUNTS] == [2, 1, 0, 0, 0]
    assert [guangzhou[name] for name in comparisons.COUNTS] == [1, 0, 0, 0, 0]
    assert qingyuan["roster"] == "guokong@2026（同口径，去 1 个点位）"
    assert guangzhou["roster"] == "guokong@2026"
    # The same figures as a roster that never had A3 and A9 gives.
    with TemporaryDirectory() as folder, Workspace.create(f"{folder}/w") as other:
        frame = pl.DataFrame({"station": ["甲", "乙"], "code": ["A1", "A2"], "city": "清远市"})
        rosters.load(other.ledger, frame, version="1", start="2025-01-01", **TOLD)
        rosters.use(other.ledger, "guokong", who="张三")
        for year in (2025, 2026):
            other.lake.store(two_days(OLD if year == 2025 else NEW, year), source=str(year))
        assess.run(other)
        figures = {(r["indicator"], r["period"]): r for r in assess.read(other).to_dicts()}
    mine = found.filter(pl.col("region") == CITY).to_dicts()
    assert {row["period"] for row in mine} >= {"2026-12", "2026-Q4", "2026-01/2026-12"}
    assert {row["edition"] for row in mine} == {"2026"}
    for row in mine:
        now, before = (figures[row["indicator"], row[name]] for name in ("period", "before"))
        assert row["value"] == now["value"]
        if row["indicator"] != CODES["composite"]:
            assert row["value_before"] == before["value"]
    # By the standard of the later period on both sides: its limits make another index of 2025.
    days = air.area(air.daily(two_days(["A1", "A2"])), frame.select("city", station="code"))
    index = air.statistics(days, by="city", period="month", edition="2026")["composite"].item()
    (row,) = only(found, indicator=CODES["composite"])
    assert row["value_before"] == f"{index:.2f}" != figures[CODES["composite"], "2025-12"]["value"]


def test_a_station_without_data_of_last_year_counts_on_neither_side(made):
    made.lake.store(no_value(["A2"]), source="无效", state="corrected")
    assess.run(made)
    (row,) = only(comparisons.read(made))
    assert [row[name] for name in comparisons.COUNTS] == [1, 1, 0, 0, 1]
    assert row["roster"] == "guokong@2026（同口径，去 2 个点位）"
    # One hour of it is data, though not enough for a day.
    made.lake.store(
        hour("A2", datetime(2025, 12, 30, 9), 30.0, "no2"), source="补", state="corrected"
    )
    assess.run(made)
    (row,) = only(comparisons.read(made))
    assert [row[name] for name in comparisons.COUNTS] == [2, 1, 0, 0, 0]
    stepwise = both(made)
    for mine, whole in zip(stepwise, again(made), strict=True):
        assert_frame_equal(mine, whole)


def test_no_good_days_of_no_valid_days_are_not_compared(made):
    made.lake.store(no_value(["B1"]), source="无效", state="corrected")
    one = hour("B1", datetime(2025, 12, 30, 9), 30.0, "no2")
    made.lake.store(one, source="补", state="corrected")
    assess.run(made)
    then = assess.read(made, indicator="air.days.good", region=OTHER, period="2025-12")
    assert then.select("value", "days_valid").row(0) == ("0", 0)
    assert set(comparisons.read(made)["region"]) == {CITY}


def test_last_year_without_a_version_is_compared_by_the_first_list(blank, tmp_path):
    shutil.copytree(blank, tmp_path / "w")
    with Workspace.open(tmp_path / "w") as workspace:
        frame = pl.DataFrame({"station": ["甲"], "code": ["B1"], "city": "广州市"})
        rosters.load(workspace.ledger, frame, version="2026", start="2026-01-01", **TOLD)
        rosters.use(workspace.ledger, "guokong", who="张三")
        workspace.lake.store(two_days(OLD), source="2025")
        workspace.lake.store(two_days(NEW, 2026), source="2026")
        assess.run(workspace)
        assert assess.read(workspace, period="2025-12").is_empty()
        (row,) = only(comparisons.read(workspace), region=OTHER)
        assert (row["before"], row["roster"]) == ("2025-12", "guokong@2026")


def test_lists_of_two_years_in_a_row_do_not_mix(blank, tmp_path):
    shutil.copytree(blank, tmp_path / "w")
    with Workspace.open(tmp_path / "w") as workspace:
        for year, codes in ((2024, "A1 A2 B1"), (2025, "A1 A3 B1"), (2026, "A1 A4 B1")):
            listed = codes.split()
            frame = pl.DataFrame({"station": listed, "code": listed})
            frame = frame.with_columns(
                city=pl.when(pl.col("code") == "B1")
                .then(pl.lit("广州市"))
                .otherwise(pl.lit("清远市"))
            )
            rosters.load(workspace.ledger, frame, version=str(year), start=f"{year}-01-01", **TOLD)
            workspace.lake.store(two_days(["A1", "A2", "A3", "A4", "B1"], year), source=str(year))
        rosters.use(workspace.ledger, "guokong", who="张三")
        assess.run(workspace)
        # 广州市 has the one station throughout: its comparisons are its results.
        ever = {
            (row["indicator"], row["period"]): row["value"]
            for row in assess.read(workspace, region=OTHER).to_dicts()
        }
        found = comparisons.read(workspace, region=OTHER)
        found = found.filter(pl.col("indicator") != CODES["composite"])  # by another standard
        assert {"2025-12", "2026-12", "2025-Q4", "2026-Q4"} <= set(found["period"])
        for row in found.to_dicts():
            sides = [ever[row["indicator"], row[name]] for name in ("period", "before")]
            assert [row["value"], row["value_before"]] == sides


@pytest.mark.parametrize(("years", "edition"), [((2024, 2025), None), ((2025, 2026), "2026")])
def test_on_one_list_only_another_standard_needs_pairs(blank, tmp_path, years, edition):
    shutil.copytree(blank, tmp_path / "w")
    with Workspace.open(tmp_path / "w") as workspace:
        enrol_two(workspace, start="2027-01-01", first="2024-01-01")
        for year in years:
            workspace.lake.store(two_days(OLD, year), source=str(year))
        assess.run(workspace)
        found = comparisons.read(workspace, history=True)
        if edition is None:
            assert found.is_empty()
            return
        row = only(found, indicator=CODES["composite"])[0]
        sides = assess.read(workspace, indicator=CODES["composite"], region=CITY)
        by = {one["period"]: one for one in sides.to_dicts()}
        assert (row["roster"], row["edition"]) == ("guokong@2025", edition)
        assert row["value"] == by["2026-12"]["value"]
        # The limits of 2026 make another index of the same year.
        assert by["2025-12"]["edition"] == "2012"
        assert row["value_before"] != by["2025-12"]["value"]


def test_before_there_was_a_standard_nothing_is_compared(blank, tmp_path):
    shutil.copytree(blank, tmp_path / "w")
    with Workspace.open(tmp_path / "w") as workspace:
        enrol_two(workspace, start="2012-01-01", first="2010-01-01")
        for year in (2011, 2012):
            workspace.lake.store(two_days(OLD, year), source=str(year))
        assess.run(workspace)
        assert assess.read(workspace, period="2012-12", region=OTHER).height
        assert comparisons.read(workspace).is_empty()


STEP = st.one_of(
    st.tuples(
        st.just("store"),
        st.sampled_from(["A1", "A2", "A3", "A9", "B1", "C9"]),
        st.sampled_from([2025, 2026]),
        st.integers(0, 30),
        st.sampled_from([None, 5.0, 900.0]),
        st.sampled_from(["raw", "reviewed", "corrected"]),
    ),
    st.tuples(st.just("silence"), st.sampled_from(["A2", "B1"])),
    st.tuples(st.just("speak"), st.sampled_from(["A2", "B1"])),
    st.tuples(st.just("freeze"), st.sampled_from(["2025-12", "2026-12", "2025"])),
    st.tuples(st.just("load"), st.integers(0, 2), st.sampled_from([2025, 2026])),
    st.tuples(st.just("assess")),
    st.tuples(st.just("assess")),
)


@pytest.mark.slow
@settings(max_examples=4)
@given(st.lists(STEP, min_size=3, max_size=6))
def test_incremental_equals_whole_whatever_happens(blank, steps):
    with TemporaryDirectory() as folder:
        shutil.copytree(blank, f"{folder}/w")
        with Workspace.open(f"{folder}/w") as workspace:
            enrol_two(workspace)
            workspace.lake.store(two_days(OLD), source="2025")
            workspace.lake.store(two_days(NEW, 2026), source="2026")
            assess.run(workspace)
            for number, step in enumerate(steps):
                _do(workspace, step, number)
            assess.run(workspace)
            stepwise = both(workspace)
            assert stepwise[0].height
            for mine, whole in zip(stepwise, again(workspace), strict=True):
                assert_frame_equal(mine, whole)


def _do(workspace, step, number):
    kind, *rest = step
    if kind == "store":
        station, year, hours_later, value, state = rest
        time = BEGIN.replace(year=year) + timedelta(hours=hours_later)
        workspace.lake.store(hour(station, time, value), source="改", state=state)
    elif kind in {"silence", "speak"}:
        rows = no_value(rest)
        if kind == "speak":
            rows = two_days(rest).with_columns(pl.col(item) + number for item in ITEMS)
        workspace.lake.store(rows, source=f"{kind} {number}", state="corrected")
    elif kind == "freeze":
        with workspace.ledger.read() as session:
            if any(one["period"] == rest[0] for one in freeze.listing(session)):
                return
        take(workspace, rest[0])
    elif kind == "load":
        day, year = rest
        first = datetime(year, 11, 3 + day, 1)
        rows = hours(first, first + timedelta(hours=23), stations=("A1", "B1"))
        workspace.lake.store(rows, source=f"新 {year} {day}")
    else:
        assess.run(workspace)

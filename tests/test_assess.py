"""Results: what is computed, what is stored, what never moves and what must not be looked at."""

import shutil
from datetime import UTC, date, datetime, timedelta
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from assess_samples import CITY, KEPT, OTHER, enrol, hours, one_value, plain
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from shanshui import air
from shanshui.platform import assess, catalog
from shanshui.platform.assess import air as air_module
from shanshui.platform.assess import results, running
from shanshui.platform.assess.tables import COMPARISONS, DAYS, RESULTS, RUNS, Shelf
from shanshui.platform.review import corrections, freeze, rosters
from shanshui.platform.store import Workspace
from shanshui.platform.store.lake import Lake
from shanshui.platform.store.lake_tables import BESIDE
from shanshui.standards.errors import ShanshuiError

FIRST, LAST = datetime(2026, 10, 20, 1), datetime(2026, 11, 6)
PM25 = "air.pm25.annual_mean"


@pytest.fixture
def made(blank, tmp_path):
    """Give a workspace with eighteen days of two cities, not yet assessed."""
    shutil.copytree(blank, tmp_path / "工作区")
    with Workspace.open(tmp_path / "工作区") as workspace:
        workspace.lake.store(hours(FIRST, LAST), source="小时值.csv")
        enrol(workspace)
        yield workspace


def take(workspace, period="2026-10", **more):
    return freeze.take(
        workspace, period, who="张三", domain="air", force="补录", today=date(2026, 12, 1), **more
    )


def one(workspace, period, indicator=PM25, region=CITY, **more):
    rows = assess.read(workspace, indicator=indicator, region=region, period=period, **more)
    return rows.row(0, named=True)


def test_a_result_says_what_it_stands_on(made):
    done = assess.run(made, who="张三")
    row = one(made, "2026-10")
    days = air.area(
        air.daily(hours(FIRST, LAST)),
        pl.DataFrame({"station": ["A1", "A2"], "city": "清远市"}),
    ).filter(pl.col("city") == "清远市", pl.col("date") <= date(2026, 10, 31))
    expected = air.statistics(days, by="city", digits={"pm25": 1})
    assert row["value"] == f"{expected['pm25'].item():.1f}"
    assert (row["unit"], row["status"], row["roster"]) == ("µg/m3", "实时", "guokong@2026")
    assert (row["edition"], row["state"], row["lake_version"]) == ("2026", "实况", 1)
    assert (row["stations"], row["days_valid"], row["days_expected"]) == (2, 12, 31)
    assert row["method"] == "shanshui.air.statistics:pm25"
    assert (row["freeze"], row["as_of"], row["dust"]) == (None, None, None)
    assert row["at"] == done.at
    assert done.stored == assess.read(made).height > 100
    year = one(made, "2026")
    assert (year["value"], year["reason"]) == (None, "few_days")


def test_periods_are_month_quarter_year_and_months_of_the_year(made):
    assess.run(made)
    found = assess.read(made, indicator=PM25, region=CITY)["period"].to_list()
    assert sorted(found) == sorted(
        ["2026-10", "2026-11", "2026-Q4", "2026", "2026-01/2026-10", "2026-01/2026-11"]
    )


def test_figures_have_the_form_that_reported_ones_share(made):
    assess.run(made)
    rows = assess.figures(made, indicator=PM25, period="2026-10")
    assert rows.columns == list(results.FIGURE)
    assert rows["region"].to_list() == [OTHER, CITY]
    assert set(rows["source"]) == {"monitored"}
    assert (
        rows["ref"].to_list() == assess.read(made, indicator=PM25, period="2026-10")["id"].to_list()
    )
    assert assess.figures(made, indicator=PM25, period="2026").is_empty()  # few days: no figure


def test_the_same_inputs_store_nothing(made):
    assess.run(made)
    before = assess.read(made, history=True)
    again = assess.run(made)
    explicit = assess.run(made, period=["2026-10", "2026-01/2026-11", "2026"])
    assert (again.stored, again.same) == (0, 0)
    assert (explicit.stored, explicit.withdrawn) == (0, 0)
    assert explicit.same == 3 * 2 * 11
    assert made.lake.store(hours(FIRST, LAST), source="又来.csv").stored == 0
    assert assess.run(made).stored == 0
    assert_frame_equal(assess.read(made, history=True), before)


def test_a_correction_changes_exactly_what_depends_on_it(made):
    assess.run(made)
    before = assess.read(made)
    made.lake.store(
        one_value(900.0, time=datetime(2026, 11, 2, 9)), source="更正", state="corrected"
    )
    done = assess.run(made)
    after = assess.read(made)
    changed = after.join(before, on=["id", "inputs"], how="anti")
    assert set(changed["region"]) == {CITY}
    assert set(changed["period"]) == {"2026-11", "2026-Q4", "2026", "2026-01/2026-11"}
    assert done.stored == changed.height == 4 * 11
    untouched = before.join(changed, on="id", how="anti")
    assert_frame_equal(after.join(changed, on="id", how="anti"), untouched)
    history = assess.read(made, indicator=PM25, region=CITY, period="2026-11", history=True)
    assert history["lake_version"].to_list() == [1, 2]
    assert history["id"].n_unique() == 1
    assert float(history["value"][1]) > float(history["value"][0])


def test_only_days_that_changed_are_computed(made, monkeypatch):
    assess.run(made)
    seen = []
    computed = air_module.AirRun.computed

    def watched(self, version, holder, wanted):
        seen.append(wanted)
        return computed(self, version, holder, wanted)

    monkeypatch.setattr(air_module.AirRun, "computed", watched)
    made.lake.store(one_value(33.0, time=datetime(2026, 11, 2)), source="更正", state="corrected")
    assess.run(made)
    assert [frame.rows() for frame in seen] == [[(CITY, date(2026, 11, 1))]]  # 24:00 ends the day


def test_what_is_final_never_moves_but_by_a_correction(made):
    take(made)
    assess.run(made)
    frozen = one(made, "2026-10")
    assert (frozen["status"], frozen["freeze"]) == ("定版", "2026-10#1")
    before = assess.read(made)
    made.lake.store(one_value(900.0), source="迟到", state="corrected")
    done = assess.run(made)
    assert done.stored == 0  # the year and 1—11月 read the frozen rows of October, too
    assert_frame_equal(assess.read(made), before)
    assert assess.run(made, period=["2026-10", "2026-Q4"]).stored == 0

    corrections.correct(made, "2026-10", who="张三", document="〔2026〕1号", reason="校准")
    assess.run(made)
    row = one(made, "2026-10")
    assert (row["freeze"], row["id"]) == ("2026-10#2", frozen["id"])
    assert float(row["value"]) > float(frozen["value"])
    both = assess.read(made, history=True, period="2026-10", indicator=PM25, region=CITY)
    assert both["freeze"].to_list() == ["2026-10#1", "2026-10#2"]
    assert (
        one(made, "2026-Q4")["inputs"]
        != before.filter(
            pl.col("period") == "2026-Q4", pl.col("region") == CITY, pl.col("indicator") == PM25
        )["inputs"].item()
    )


def test_a_frozen_result_is_the_figure_of_its_freeze(made):
    row = take(made)
    assess.run(made)
    with made.ledger.read() as session:
        lines = freeze.figures(session, row)
    (city,) = [x["figures"] for x in lines if (x["kind"], x["place"]) == ("city", "清远市")]
    for code, column in ((("air.no2.annual_mean"), "no2"), ("air.days.good", "good_days")):
        assert float(one(made, "2026-10", code)["value"]) == float(city[column])


def test_reviewed_rows_make_a_reviewed_figure(made):
    assess.run(made)
    own = hours(FIRST, LAST, stations=("A1", "A2")).filter(pl.col("time") <= datetime(2026, 11, 1))
    made.lake.store(own, source="审核", state="reviewed")
    assess.run(made)
    assert one(made, "2026-10")["status"] == "审核"
    assert one(made, "2026-10", region=OTHER)["status"] == "实时"
    assert one(made, "2026-Q4")["status"] == "实时"


def test_a_station_that_leaves_takes_its_region_along(made):
    assess.run(made)
    assert assess.read(made, region=OTHER).height
    listed = pl.DataFrame({"station": ["点A1"], "code": ["A1"], "city": ["清远市"]})
    told = {"who": "张三", "code": "guokong", "domain": "air", "purpose": "国控点位"}
    rosters.load(made.ledger, listed, version="2026b", start="2026-10-01", **told)
    done = assess.run(made)
    assert done.withdrawn > 0
    assert assess.read(made, region=OTHER).is_empty()
    assert one(made, "2026-10")["roster"] == "guokong@2026b"
    gone = assess.read(made, region=OTHER, history=True).filter(pl.col("reason") == "withdrawn")
    assert gone.height == done.withdrawn
    assert assess.run(made).stored == 0


def test_groups_are_means_of_their_cities(blank, tmp_path):
    group = "group:gd-west"
    members = catalog.members(group)
    names = dict(catalog.regions().select("code", "name").rows())
    cities = {f"C{n}": names[code] for n, code in enumerate(members)}
    shutil.copytree(blank, tmp_path / "w")
    with Workspace.open(tmp_path / "w") as workspace:
        rows = hours(FIRST, datetime(2026, 10, 25), stations=tuple(cities))
        workspace.lake.store(rows, source="小时值.csv")
        enrol(workspace, cities)
        assess.run(workspace)
        own = assess.read(workspace, indicator=PM25, period="2026-10")
        parts = own.filter(pl.col("region").is_in(list(members)))["value"].cast(pl.Float64)
        (value,) = own.filter(pl.col("region") == group)["value"]
        assert abs(float(value) - parts.mean()) <= 0.05
        assert assess.read(workspace, indicator="air.days.good", region=group).is_empty()
        # One city's correction reaches the group, and nothing else.
        workspace.lake.store(
            one_value(900.0, station="C0", time=datetime(2026, 10, 22, 9)), source="x"
        )
        before = assess.read(workspace)
        assess.run(workspace)
        changed = assess.read(workspace).join(before, on=["id", "inputs"], how="anti")
        assert members[0] in set(changed["region"])
        assert group in set(changed["region"])
        assert set(changed["region"]) <= {members[0], *running_groups(workspace)}


def running_groups(workspace):
    (series,) = running.series_of(workspace, "air")
    return set(series.versions[0][2].places.groups)


def test_dust_is_told_three_ways(made):
    (made.folder / "events.csv").write_text(
        "城市,开始,结束,依据,认定单位\n清远,2026-10-21,2026-10-22,卫星监测,总站\n", encoding="utf-8"
    )
    made.lake.store(
        hours(datetime(2026, 10, 21, 1), datetime(2026, 10, 22), stations=("A1", "A2"), base=400),
        source="沙尘",
        state="corrected",
    )
    assess.run(made)
    rows = assess.read(made, indicator="air.pm10.annual_mean", region=CITY, period="2026-10")
    by = dict(rows.select("dust", "value").rows())
    assert set(by) == {"扣沙（比例不扣）", "扣沙", "不扣沙"}
    assert by["扣沙（比例不扣）"] == by["扣沙"]
    assert float(by["不扣沙"]) > float(by["扣沙"])
    good = assess.read(made, indicator="air.days.good_share", region=CITY, period="2026-10")
    shares = dict(good.select("dust", "value").rows())
    assert shares["扣沙（比例不扣）"] == shares["不扣沙"] != shares["扣沙"]
    assert rows["id"].n_unique() == 3
    assert assess.run(made).stored == 0


# ---------------------------------------------------------------------------- no looking ahead


def test_history_in_bulk_is_cut_by_the_time_of_observation(made, blank, tmp_path):
    assess.run(made)
    for day in (date(2026, 10, 25), date(2026, 11, 1)):
        assess.run(made, as_of=day)
        shutil.copytree(blank, tmp_path / str(day))
        with Workspace.open(tmp_path / str(day)) as other:
            enrol(other)
            end = datetime.combine(day + timedelta(days=1), datetime.min.time())
            other.lake.store(hours(FIRST, LAST).filter(pl.col("time") <= end), source="小时值.csv")
            assess.run(other)
            then = assess.read(made, as_of=day)
            then = then.filter(pl.col("as_of").is_not_null())
            own = assess.read(other).filter(pl.col("period").is_in(set(then["period"])))
            left = [c for c in KEPT if c != "id"]
            assert_frame_equal(then.select(left).sort(left[:3]), own.select(left).sort(left[:3]))


def test_live_data_are_cut_by_the_time_of_recording(made):
    assess.run(made)
    before = assess.read(made, period="2026-11")
    moment = datetime.now(UTC)
    made.lake.store(
        one_value(900.0, time=datetime(2026, 11, 2, 9)), source="更正", state="corrected"
    )
    assess.run(made)
    assert assess.figures(made, PM25, CITY, "2026-11", as_of=moment)["value"].item() == (
        before.filter(pl.col("region") == CITY, pl.col("indicator") == PM25)["value"].item()
    )
    done = assess.run(made, period="2026-11", as_of=moment)
    then = assess.read(made, period="2026-11", as_of=moment).filter(pl.col("as_of").is_not_null())
    assert done.lake_version == 1
    same = [c for c in KEPT if c != "id"]
    assert_frame_equal(then.select(same), before.select(same))
    assert (
        one(made, "2026-11")["value"]
        != then.filter(pl.col("region") == CITY, pl.col("indicator") == PM25)["value"].item()
    )


def test_a_freeze_of_later_is_not_known_before(made):
    moment = datetime.now(UTC)
    take(made)
    assess.run(made, period="2026-10", as_of=moment)
    assert one(made, "2026-10", as_of=moment)["status"] == "实时"


# ------------------------------------------------------------------- incremental equals whole

STEP = st.one_of(
    st.tuples(
        st.just("store"),
        st.sampled_from(["A1", "B1", "B2"]),
        st.integers(0, 30),
        st.sampled_from([None, 5.0, 60.0, 900.0]),
        st.sampled_from(["raw", "reviewed", "corrected"]),
    ),
    st.tuples(st.just("load"), st.integers(0, 3)),
    st.tuples(st.just("freeze")),
    st.tuples(st.just("compact")),
    st.tuples(st.just("assess")),
)
START = datetime(2025, 12, 30, 1)


@settings(max_examples=6)
@given(st.lists(STEP, min_size=2, max_size=6))
def test_incremental_equals_whole_and_what_is_final_stays(blank, steps):
    with TemporaryDirectory() as folder:
        shutil.copytree(blank, f"{folder}/w")
        with Workspace.open(f"{folder}/w") as workspace:
            enrol(workspace, start="2025-01-01")
            workspace.lake.store(hours(START, START + timedelta(hours=47)), source="始")
            assess.run(workspace)
            final = {}
            for step in steps:
                _do(workspace, step)
                for row in assess.read(workspace).filter(pl.col("freeze").is_not_null()).to_dicts():
                    assert final.setdefault(row["id"], row["value"]) == row["value"]
            assess.run(workspace)
            stepwise = plain(assess.read(workspace))
            for table in (DAYS, RESULTS, RUNS):
                shutil.rmtree(workspace.lake.place.folder / table.name)
            assess.run(workspace)
            assert_frame_equal(stepwise, plain(assess.read(workspace)))


def _do(workspace, step):
    kind, *rest = step
    if kind == "store":
        station, hour, value, state = rest
        row = one_value(value, station=station, time=START + timedelta(hours=hour))
        workspace.lake.store(row, source="改", state=state)
    elif kind == "load":
        first = START + timedelta(days=2 + rest[0])
        workspace.lake.store(hours(first, first + timedelta(hours=23)), source="新")
    elif kind == "freeze":
        with workspace.ledger.read() as session:
            if any(one["period"] == "2025-12" for one in freeze.listing(session)):
                return
        take(workspace, "2025-12")
    elif kind == "compact":
        workspace.lake.compact()
    else:
        assess.run(workspace)


# --------------------------------------------------------------------------------- accidents


def test_a_run_cut_off_anywhere_is_simply_done_again(made, monkeypatch):
    add = Shelf.add
    for table in (DAYS, RESULTS, COMPARISONS, RUNS):

        def broken(self, name, rows, years=None, at=table):
            if name is at:
                raise OSError("断电")
            add(self, name, rows, years)

        monkeypatch.setattr(Shelf, "add", broken)
        with pytest.raises(OSError, match="断电"):
            assess.run(made)
        monkeypatch.setattr(Shelf, "add", add)
    assess.run(made)
    first = plain(assess.read(made))
    assert assess.run(made).stored == 0
    for table in (DAYS, RESULTS, RUNS):
        shutil.rmtree(made.lake.place.folder / table.name)
    assess.run(made)
    assert_frame_equal(plain(assess.read(made)), first)


def test_a_log_cut_off_by_a_power_failure_is_taken_back(made):
    assess.run(made)
    before = plain(assess.read(made))
    logs = made.lake.place.folder / RESULTS.name / "_delta_log"
    last = max(logs.glob("*.json"))
    torn = logs / f"{int(last.stem) + 1:020}.json"
    torn.write_text(last.read_text("utf-8")[:40], "utf-8")
    made.lake.store(
        one_value(900.0, time=datetime(2026, 11, 2, 9)), source="更正", state="corrected"
    )
    assert assess.run(made).stored == 44
    after = plain(assess.read(made))
    assert after.join(before, on=["id", "inputs"], how="semi").height == before.height - 44


def test_what_is_stored_during_a_run_waits_for_the_next(made):
    seen = []

    def store_once(_):
        if not seen:
            late = one_value(900.0, time=datetime(2026, 11, 2, 9))
            seen.append(made.lake.store(late, source="更正", state="corrected"))

    done = assess.run(made, tell=store_once)
    first = one(made, "2026-11")
    assert (done.lake_version, first["lake_version"], seen[0].version) == (1, 1, 2)
    assess.run(made)
    second = one(made, "2026-11")
    assert second["lake_version"] == 2
    assert float(second["value"]) > float(first["value"])


def test_many_runs_leave_few_files_and_every_result(made, monkeypatch):
    monkeypatch.setattr("shanshui.platform.assess.tables._MOST_FILES", 2)
    assess.run(made)
    for n in range(4):
        row = one_value(200.0 * (n + 1), time=datetime(2026, 11, 2, 9))
        made.lake.store(row, source="更正", state="corrected")
        assess.run(made)
    history = assess.read(made, indicator=PM25, region=CITY, period="2026-11", history=True)
    assert history["lake_version"].to_list() == [1, 2, 3, 4, 5]
    shelf = results.shelf(made)
    assert shelf.read(DAYS).collect().height <= 18 * 2 + 3
    assert assess.run(made).stored == 0


# -------------------------------------------------------------------------------------- asking


def test_what_cannot_be_answered_says_why(blank, tmp_path, made):
    done = assess.run(made)
    assert ("water", "没有在用名单", "no roster is in use") in done.unanswered
    methods = {
        row["code"] for row in catalog.indicators().to_dicts() if row["method"] != "reported"
    }
    left = {row["code"] for row in assess.unanswered()}
    assert left | set(assess.answered()) == methods
    assert not left & set(assess.answered())
    assert all(row["zh"] and row["en"] for row in assess.unanswered())
    shutil.copytree(blank, tmp_path / "空")
    with (
        Workspace.open(tmp_path / "空") as empty,
        pytest.raises(ShanshuiError, match="no observations"),
    ):
        assess.run(empty)


def test_what_is_asked_for_wrongly_is_refused(made):
    with pytest.raises(ShanshuiError, match="a domain is one of"):
        assess.run(made, domain="soil")
    with pytest.raises(ShanshuiError, match="a period is"):
        assess.run(made, period="2026-13")
    with pytest.raises(ShanshuiError, match="time zone"):
        assess.run(made, as_of=datetime(2026, 10, 1))
    with pytest.raises(ShanshuiError, match="the engine is one of"):
        assess.run(made, engine="dask")


def test_regions_and_domains_can_be_chosen(made):
    done = assess.run(made, domain="air", region="清远市", period="2026-10")
    assert done.stored == 11
    assert set(assess.read(made)["region"]) == {CITY}
    assess.run(made)  # whatever was computed by hand before
    assert set(assess.read(made)["region"]) == {CITY, OTHER}


@pytest.mark.parametrize("item", ["pm25", "o3"])
def test_a_missing_item_has_a_reason(made, item):
    nothing = (
        hours(FIRST, LAST)
        .filter(pl.col("station").str.starts_with("A"))
        .select(
            "station",
            "time",
            pl.lit(item).alias("property"),
            period=3600,
            value=pl.lit(None, pl.Float64),
        )
    )
    made.lake.store(nothing, source="缺", state="corrected")
    assess.run(made, period="2026-10")
    rows = assess.read(made, region=CITY, period="2026-10")
    code = next(c for c in rows["indicator"] if f".{item}." in c)
    row = rows.filter(pl.col("indicator") == code).row(0, named=True)
    assert row["value"] is None
    assert row["reason"]
    composite = rows.filter(pl.col("indicator") == "air.index.composite").row(0, named=True)
    assert composite["value"] is None
    assert item in composite["reason"]


def test_vacuum_takes_what_results_no_longer_need_and_no_figure(made, monkeypatch):
    monkeypatch.setattr("shanshui.platform.assess.tables._MOST_FILES", 2)
    assess.run(made)
    for number in range(4):
        made.lake.store(one_value(100.0 + 90 * number), source=str(number))
        assess.run(made)
    every = assess.read(made, history=True)
    removed = made.lake.vacuum(timedelta(0)).files
    assert len(removed["results"]) > 2
    assert len(removed["assessed_days"]) > 2
    assert set(BESIDE) == {table.name for table in (RESULTS, COMPARISONS, DAYS, RUNS)}
    assert_frame_equal(assess.read(made, history=True), every, check_row_order=False)
    assert assess.run(made).stored == 0


def test_a_backup_of_the_lake_has_the_results_of_every_day(made, tmp_path):
    assess.run(made)
    made.lake.store(one_value(431.0), source="更正")
    assess.run(made)
    every = assess.read(made, history=True)
    assert every.height > assess.read(made).height  # what the figures were before
    made.lake.backup(tmp_path / "备份")
    shutil.rmtree(made.lake.place.folder)
    Lake.restore(tmp_path / "备份", made.lake.place.folder)
    with Workspace.open(made.folder) as again:
        assert_frame_equal(assess.read(again, history=True), every, check_row_order=False)
        assert assess.run(again).stored == 0

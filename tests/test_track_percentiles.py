"""Percentiles in the year: the days that a result stands on, and what its rest may be."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import polars as pl
import pytest
import reference as ref
from assess_samples import enrol
from assess_samples import hours as level
from track_samples import O3, plan, promise

from shanshui import air
from shanshui.platform import assess
from shanshui.platform.assess.behind import CHANGED, FEW, NOT_KEPT, behind
from shanshui.platform.demo import samples
from shanshui.platform.review import freeze
from shanshui.platform.store import Workspace
from shanshui.platform.track import standings
from shanshui.progress import remaining_percentile

CO = "air.co.annual_p95"
CITY = "441800"  # 清远市
PERIOD = "2026-01/2026-10"
FIRST, LAST = datetime(2026, 9, 1, 1), datetime(2026, 11, 1)
DAY = date(2026, 11, 20)


def hours(first, last, base=20, **more):
    """Return hours of days that differ: O3 by up to 28 and CO by up to 2.8 above the base."""
    step = pl.col("time").dt.offset_by("-1h").dt.ordinal_day() * 5 % 29
    return level(first, last, base=base, **more).with_columns(
        o3=pl.col("o3") + step, co=pl.col("co") + step / 10
    )


def asked(workspace, indicator=O3, region="441800", name="清远市", value="68", **more):
    """Set one target of a percentile."""
    with workspace.ledger.write(who="张三", action="test") as session:
        unit = "mg/m3" if indicator == CO else "µg/m3"
        return promise(session, plan(session, **more.pop("paper", {})), 1, indicator="臭氧浓度",
                       indicator_code=indicator, region=name, region_code=region, value=value,
                       unit=unit, **more)  # fmt: skip


def judged(workspace, at=DAY, **more):
    (row,) = standings.at(workspace, at, **more).iter_rows(named=True)
    return row


def slowly(rows, city, item):
    """Average hours to days of a city in plain Python; the values as they are published."""
    stations = [
        {"station": s, "city": c, "reference": False}
        for s, c in (("A1", "清远市"), ("A2", "清远市"), ("B1", "广州市"), ("B2", "广州市"))
    ]
    days = ref.area(ref.daily(rows.to_dicts()), stations)
    mine = [one for one in days if one["city"] == city and one[item] is not None]
    return {one["date"]: ref.half_even(one[item], 0 if item == "o3_8h" else 1) for one in mine}


@pytest.fixture
def measured(workspace):
    """Give a workspace with two assessed months."""
    workspace.lake.store(hours(FIRST, LAST), source="小时值")
    enrol(workspace)
    assess.run(workspace)
    return workspace


@pytest.mark.parametrize(
    ("item", "indicator", "percent", "target"), [("o3_8h", O3, 90, 68), ("co", CO, 95, "4.6")]
)
def test_the_rest_is_that_of_the_days_of_the_result(measured, item, indicator, percent, target):
    asked(measured, indicator, value=str(target))
    row = judged(measured)
    days = list(slowly(hours(FIRST, LAST), "清远市", item).values())
    digits = 0 if item == "o3_8h" else 1
    rest = remaining_percentile(target, percent, days, left=61, digits=digits)
    assert (row["rest"], row["rest_allowed"]) == (rest.text(), rest.allowed)
    assert (row["part_period"], row["feasible"], row["remark"]) == (PERIOD, rest.feasible, "")
    assert f"已有{rest.over}天超过{target}" in row["reason"] or rest.safe


def test_only_the_days_of_the_months_that_are_judged_count(measured):
    asked(measured)
    row = judged(measured, at=date(2026, 10, 30))
    days = slowly(hours(FIRST, LAST), "清远市", "o3_8h")
    september = [value for day, value in days.items() if day.month == 9]
    rest = remaining_percentile(68, 90, september, left=92, digits=0)
    assert (row["part_period"], row["rest"]) == ("2026-01/2026-09", rest.text())


def later(workspace):
    """Store other hours for October."""
    first = datetime(2026, 10, 1, 1)
    workspace.lake.store(hours(first, LAST, base=35), source="更正", state="corrected")


def test_days_that_are_no_longer_those_of_the_result_are_not_taken(measured):
    asked(measured)
    before = judged(measured)
    later(measured)
    assert judged(measured)["rest"] == before["rest"]  # not assessed yet: as it was
    assess.run(measured, region=CITY, period=PERIOD)  # of which no days are kept
    row = judged(measured)
    assert (row["rest"], row["rest_allowed"]) == (None, None)
    assert row["value"] != before["value"]
    assert CHANGED in row["remark"]
    assess.run(measured)
    row = judged(measured)
    assert row["rest"] not in (None, before["rest"])
    assert row["remark"] == ""


def test_what_stood_at_a_moment_stands_on_the_days_of_then(measured):
    asked(measured)
    before = judged(measured)
    then = datetime.now(UTC)
    later(measured)
    assess.run(measured)
    assert judged(measured)["rest"] != before["rest"]
    row = judged(measured, as_of=then)
    assert (row["value"], row["rest"], row["remark"]) == (before["value"], before["rest"], "")


def test_without_kept_days_nothing_is_said_of_the_rest(workspace):
    workspace.lake.store(hours(FIRST, LAST), source="小时值")
    enrol(workspace)
    assess.run(workspace, region=CITY, period=PERIOD)
    asked(workspace)
    row = judged(workspace)
    assert (row["rest"], row["remark"]) == (None, NOT_KEPT)
    assert row["part_value"] is not None


def test_days_of_a_freeze_count_where_it_holds_them(measured):
    asked(measured)
    freeze.take(measured, "2026-10", who="王五", domain="air")
    assess.run(measured)
    before = judged(measured)
    later(measured)
    september = datetime(2026, 9, 1, 1), datetime(2026, 9, 10)
    measured.lake.store(hours(*september, base=35), source="更正", state="corrected")
    assess.run(measured)
    row = judged(measured)
    assert row["remark"] == ""
    both = pl.concat(
        [hours(*september, base=35), hours(datetime(2026, 9, 10, 1), LAST)]
    )  # October as it was frozen
    days = list(slowly(both, "清远市", "o3_8h").values())
    rest = remaining_percentile(68, 90, days, left=61, digits=0)
    assert (row["rest_allowed"], row["rest"]) == (rest.allowed, rest.text())
    assert row["rest_allowed"] < before["rest_allowed"]


def test_a_mean_of_cities_has_no_days_of_its_own(workspace):
    cities = {"A1": "广州市", "B1": "清远市"}
    workspace.lake.store(hours(FIRST, LAST, stations=tuple(cities)), source="小时值")
    enrol(workspace, cities)
    assess.run(workspace)
    with workspace.ledger.write(who="张三", action="test") as session:
        paper = plan(session)
        region = "group:prd"
        promise(session, paper, 1, indicator="臭氧浓度", indicator_code=O3, region="珠三角",
                region_code=region, value="45")  # fmt: skip
    found = standings.at(workspace, DAY)
    assert found["rest"].to_list() == [None]
    frame = standings.figures_of(workspace).filter(pl.col("indicator") == O3)
    of_group = frame.with_columns(region=pl.lit(region), days_valid=pl.lit(None, pl.Int64))
    (row,) = standings.at(workspace, DAY, figures=of_group).iter_rows(named=True)
    assert row["rest"] is None
    assert "各市的平均" in row["remark"]


def test_dust_takes_nothing_from_ozone_and_an_exceptional_event_what_it_names(measured):
    asked(measured)
    plain = judged(measured)
    events = measured.folder / "events.csv"
    head = "kind,items,start,end,evidence,decided_by\n"
    events.write_text(f"{head}dust,,2026-09-03,2026-09-05,卫星图,总站\n", encoding="utf-8")
    assess.run(measured)
    row = judged(measured)
    assert (row["rest"], row["remark"]) == (plain["rest"], plain["remark"])
    events.write_text(
        f"{head}exceptional,o3,2026-09-03,2026-09-05,山火报告,总站\n", encoding="utf-8"
    )
    assess.run(measured)
    row = judged(measured)
    days = slowly(hours(FIRST, LAST), "清远市", "o3_8h")
    left = [v for day, v in days.items() if not date(2026, 9, 3) <= day <= date(2026, 9, 5)]
    rest = remaining_percentile(68, 90, left, left=61, digits=0)
    assert (row["rest"], len(left)) == (rest.text(), len(days) - 3)
    kept = assess.read(measured, indicator=O3, region=CITY, period=PERIOD)
    kept = kept.filter(pl.col("dust") == "不扣沙").with_columns(ref="id")
    (one,) = behind(measured, kept.select("indicator", "region", "period", "ref")).values()
    assert list(one.daily) == [float(v) for v in days.values()]


def test_a_published_percentile_is_judged_as_before(workspace):
    from track_samples import figure, figures

    asked(workspace, value="160")
    frame = figures(
        figure(PERIOD, "158", O3, CITY, source="published", status="公布", confidence="A"),
        figure("2025", "165", O3, CITY),
    )
    (row,) = standings.at(workspace, DAY, figures=frame).iter_rows(named=True)
    assert (row["rest"], row["state"], row["remark"]) == (None, "达到序时进度", "")


@pytest.mark.slow
def test_walking_through_the_months_of_beijing(tmp_path):
    """Hours of 2013-2015: each month's rest is what plain Python comes to, and what came is so."""
    stations = samples.beijing_stations()
    every = samples.beijing_hours()
    days = [
        one
        for one in ref.area(ref.daily(every.to_dicts()), stations.to_dicts())
        if one["o3_8h"] is not None or one["co"] is not None
    ]
    goals = {(O3, 2014): "200", (O3, 2015): "190", (CO, 2014): "3.5", (CO, 2015): "3.4"}
    with Workspace.create(tmp_path / "w", region="110000") as workspace:
        workspace.lake.store(every, source="hours.parquet")
        enrol(
            workspace,
            dict(stations.select("station", "city").rows()),
            version="2013",
            start="2013-01-01",
            reference=["是" if one else "否" for one in stations["reference"]],
        )
        assess.run(workspace)
        with workspace.ledger.write(who="张三", action="test") as session:
            paper = plan(session, region_code="110000", baseline_year=2013)
            for n, ((code, year), value) in enumerate(goals.items()):
                promise(session, paper, n, indicator=code, indicator_code=code, year=year,
                        region="北京市", region_code="110000", value=value,
                        unit="mg/m3" if code == CO else "µg/m3")  # fmt: skip
        seen = 0
        for year in (2014, 2015):
            for month in range(1, 12):
                through = date(year, month, monthrange(year, month)[1])
                rows = standings.at(workspace, through)
                for row in rows.filter(pl.col("year") == year).iter_rows(named=True):
                    goal = goals[row["indicator"], year]
                    walked(days, row, through, goal)
                    seen += 1
        assert seen == 44


def walked(days, row, through, goal):
    """Compare one row with plain Python: counted days, an interpolated rank, a rounded figure."""
    item, percent, digits = ("o3_8h", 90, 0) if row["indicator"] == O3 else ("co", 95, 1)

    def values(first, last):
        had = [one[item] for one in days if first <= one["date"] <= last and one[item] is not None]
        return [Fraction(ref.half_even(value, digits)) for value in had]

    def figure(numbers):
        rank = 1 + (len(numbers) - 1) * Fraction(percent, 100)
        ordered, low = sorted(numbers), int(rank)
        if rank == low:
            return ref.half_even(ordered[low - 1], digits)
        step = (ordered[low] - ordered[low - 1]) * (rank - low)
        return ref.half_even(ordered[low - 1] + step, digits)

    limit, start, year = Fraction(goal), date(through.year, 1, 1), date(through.year, 12, 31)
    mine, left = values(start, through), (year - through).days
    over = sum(value > limit for value in mine)
    assert Fraction(row["value"]) == figure(mine)
    most = [
        n
        for n in range(left + 1)
        if figure([*mine, *[Fraction(10**4)] * n, *[limit] * (left - n)]) <= limit
    ]
    assert row["feasible"] == (figure([*mine, *[Fraction(0)] * left]) <= limit)
    assert (row["rest_allowed"] >= 0) == bool(most)
    if most:
        assert min(row["rest_allowed"], left) == max(most)
    settled = len(most) == left + 1 or not row["feasible"]
    if not settled:
        assert f"已有{over}天超过{goal}" in row["reason"]
    before = through.replace(year=year.year - 1)
    same = sum(value > limit for value in values(start.replace(year=before.year), before))
    whole = values(start.replace(year=before.year), year.replace(year=before.year))
    due = Fraction(over + row["rest_allowed"]) * len(mine) / (len(mine) + left)
    if len(whole) >= 324 and (above := sum(value > limit for value in whole)):
        due = Fraction(over + row["rest_allowed"]) * same / above
    assert row["required"] == pytest.approx(float(due))
    if not settled:
        assert (row["state"] == "达到序时进度") == (over <= due)
    # What came: no more days above than were allowed, and the year kept its goal.
    came = sum(value > limit for value in values(through + timedelta(days=1), year))
    if came <= row["rest_allowed"]:
        assert figure(values(start, year)) <= limit


@pytest.mark.slow
def test_the_completed_year_as_the_library_computes_it_meets_the_goal_with_so_many_days(tmp_path):
    """The days so far of a result, the rest at the limit: N days above it meet, one more misses."""
    workspace = Workspace.create(tmp_path / "w")
    with workspace:
        first, last = datetime(2026, 1, 1, 1), datetime(2026, 10, 1)
        workspace.lake.store(hours(first, last), source="小时值")
        enrol(workspace)
        assess.run(workspace)
        asked(workspace, value="70")
        row = judged(workspace, at=date(2026, 9, 30))
        refs = assess.read(workspace, indicator=O3, region=CITY, period="2026-01/2026-09")
        one = behind(workspace, refs.select("indicator", "region", "period", ref="id"))
        daily = list(one[row["ref"]].daily)
    allowed = row["rest_allowed"]
    assert 0 < allowed < 92

    def printed(rest):
        days = pl.date_range(date(2026, 1, 1), date(2026, 12, 31), eager=True)
        frame = pl.DataFrame({"station": "清远市", "date": days, "o3_8h": [*daily, *rest]})
        others = (pl.lit(10.0).alias(item) for item in ("so2", "no2", "co", "pm10", "pm25"))
        frame = frame.with_columns(others)
        return air.statistics(frame, period="year", edition="2026")["o3_8h_p90"].item()

    assert printed([71.0] * allowed + [70.0] * (92 - allowed)) <= 70
    assert printed([900.0] * allowed + [70.0] * (92 - allowed)) <= 70
    assert printed([900.0] * (allowed + 1) + [70.0] * (91 - allowed)) > 70


def test_a_year_with_too_few_days_is_no_course(measured):
    measured.lake.store(hours(datetime(2026, 12, 1, 1), datetime(2027, 1, 1)), source="小时值")
    assess.run(measured)
    rows = assess.read(measured, indicator=O3, region=CITY, period="2026-01/2026-12")
    (one,) = behind(measured, rows.select("indicator", "region", "period", ref="id")).values()
    assert (one.daily, one.why_not) == ((), FEW)

"""Results of noise: levels of days and nights, shares of zones, means of grids and roads."""

import csv
import random
import shutil
from datetime import date, datetime, time, timedelta

import polars as pl
import pytest
import slow_noise
from assess_samples import plain
from polars.testing import assert_frame_equal
from track_samples import plan, promise

from shanshui.platform import assess
from shanshui.platform.assess.lineage import explain
from shanshui.platform.assess.tables import DAYS, RESULTS, RUNS
from shanshui.platform.ingest.load import ingest
from shanshui.platform.ingest.propose import propose
from shanshui.platform.report import explain as report
from shanshui.platform.review import freeze, rosters
from shanshui.platform.store import Workspace
from shanshui.platform.track import standings
from shanshui.standards.errors import ShanshuiError

CITY, COUNTY, HOME = "441800", "441803", "441802"  # 清远市, 清新区, that of the workspace
WEST = {"441700": "阳江市", "440800": "湛江市", "440900": "茂名市"}
HAINAN = {"460100": "海口市", "460200": "三亚市", "460300": "三沙市", "460400": "儋州市"}
NIGHT, DAY = "noise.zones.night_share", "noise.zones.day_share"
REGION, ROAD = "noise.region.day", "noise.road.day"
HEADS = ("点位名称", "点位编码", "类型", "功能区类别", "路段长度(km)", "城市", "区县", "不考核原因")


def points():
    """List points of every kind: of a city and a county, a group, a province, and of no place."""
    draw = random.Random(640)
    cities = {CITY: "清远市", **WEST, **HAINAN}
    found = []
    for code, city in cities.items():
        found += [("功能区", zone, "", city, code) for zone in ("0类", "1", "2类", "3类", "4a类")]
        found += [("区域", "", "", city, code)] * 3
        found += [("道路", "", f"{draw.randrange(200, 4000) / 1000}", city, code) for _ in range(3)]
    found += [("功能区", "4b类", "", "清远市", CITY), ("功能区", "2类", "", "", HOME)]
    rows = []
    for n, (kind, zone, length, city, region) in enumerate(found):
        rows.append(
            {
                "name": f"点{n}",
                "code": f"N{n:03}",
                "kind": kind,
                "zone": zone.removesuffix("类"),
                "said": zone,
                "length": length,
                "city": city,
                "county": "清新区" if region == CITY and n % 2 else "",
                "left_out": "施工" if n == 12 else "",
                "region": region,
            }
        )
    return rows


def places(roster):
    """Return the points of each region, those of a group and a province with all their cities'."""
    found = {}
    for one in roster:
        if not one["left_out"]:
            for region in {one["region"], COUNTY if one["county"] else one["region"]}:
                found.setdefault(region, []).append(one["code"])
    found["group:gd-west"] = [p for code in WEST for p in found[code]]
    found["460000"] = [p for code in HAINAN for p in found[code]]
    return found


def sheets(roster):
    """Make the levels that are stated, and hours; of some points and days both."""
    draw = random.Random(3096)
    stated, hours = [], []
    for one in roster:
        base = {"功能区": 52, "区域": 54, "道路": 68}[one["kind"]]
        automatic = one["kind"] == "功能区" and one["code"] in {"N000", "N001", "N011"}
        for month in (2, 3, 5, 8, 11):
            day = date(2026, month, draw.randrange(1, 26))
            if draw.random() < 0.85:
                stated.append(
                    (one["code"], day, "ld", draw.randrange(10 * base, 10 * base + 120) / 10)
                )
                level = draw.randrange(100 * base - 800, 100 * base + 200) / 100
                stated.append((one["code"], day, "ln", level))
            if automatic:
                begin = datetime(2026, month, 27)
                for n in range(24 * 6):  # over the end of a month
                    if draw.random() < 0.9:
                        at = begin + timedelta(hours=n)
                        night = 8 if at.hour < 6 or at.hour >= 22 else 0
                        hours.append((one["code"], at, draw.randrange(400, 640) / 10 - night))
    # The stated level of a night wins, also where its hours are loud.
    loud = next(day for p, day, part, _ in stated if (p, part) == ("N001", "ln"))
    begin = datetime.combine(loud, time(6))
    hours += [("N001", begin + timedelta(hours=n), 88.0) for n in range(24)]
    return stated, hours


def write(path, heads, rows):
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows([heads, *rows])
    return path


def take(workspace, path, **more):
    return ingest(workspace, path, propose(path).profile, who="张三", **more)


@pytest.fixture
def made(blank, tmp_path):
    """Give a workspace into which the sheets and the list of points have come as files."""
    shutil.copytree(blank, tmp_path / "工作区")
    roster = points()
    stated, hours = sheets(roster)
    with Workspace.open(tmp_path / "工作区") as workspace:
        days = {}
        for point, day, part, level in stated:
            days.setdefault((point, day), {})[part] = level
        rows = [(p, day, of["ld"], of["ln"]) for (p, day), of in days.items()]
        path = write(
            tmp_path / "昼夜.csv", ("点位编码", "监测日期", "昼间等效声级", "夜间等效声级"), rows
        )
        assert take(workspace, path).stored == len(stated)
        # Hours are stamped at their end.
        rows = [(p, f"{at + timedelta(hours=1):%Y-%m-%d %H:%M}", level) for p, at, level in hours]
        path = write(tmp_path / "小时.csv", ("点位编码", "监测时间", "等效声级(dB(A))"), rows)
        assert take(workspace, path).stored == len(hours)
        listed = [
            [
                one[c]
                for c in ("name", "code", "kind", "said", "length", "city", "county", "left_out")
            ]
            for one in roster
        ]
        told = {"who": "张三", "code": "sheng", "domain": "noise", "purpose": "声环境"}
        done = rosters.load(
            workspace.ledger, write(tmp_path / "名单.csv", HEADS, listed), version="2026",
            start="2026-01-01", **told,
        )  # fmt: skip
        assert (done.entries, done.rejected.height) == (len(roster), 0)
        workspace.sheets = (roster, stated, hours)
        yield workspace


def expected(roster, stated, hours):
    """Return every figure by indicator, region and period."""
    found = slow_noise.levels(stated, hours)
    last = max(day for _, day, _ in found)
    return {
        (indicator, region, text): value
        for text, span in slow_noise.spans(date(2026, 1, 1), last).items()
        for (indicator, region), value in slow_noise.figures(
            roster, places(roster), found, span
        ).items()
    }


def values(workspace):
    rows = assess.read(workspace).select("indicator", "region", "period", "value").rows()
    return {row[:3]: row[3] for row in rows}


def test_every_figure_equals_the_slow_reference(made):
    of = expected(*made.sheets)
    assess.run(made, "noise", period="2026-02")  # its last night ends in March
    assert values(made) == {key: value for key, value in of.items() if key[2] == "2026-02"}
    assess.run(made, "noise")
    assert values(made) == of
    assert {key[0] for key in of} == {NIGHT, DAY, REGION, ROAD}
    assert {"group:gd-west", "460000", COUNTY, HOME, *WEST} <= {key[1] for key in of}
    assert any(value is None for value in of.values())
    assert len(of) > 500
    assert assess.run(made, "noise").stored == 0


def test_a_correction_changes_what_depends_on_it_and_nothing_else(made):
    assess.run(made, "noise")
    roster, stated, hours = made.sheets
    before = assess.read(made)
    # An hour of the small hours of 1 March is of the night of 28 February.
    at = datetime(2026, 3, 1, 3)
    place = next(n for n, row in enumerate(hours) if row[:2] == ("N001", at))
    hours[place] = ("N001", at, 95.0)
    row = {"station": "N001", "property": "leq", "time": at + timedelta(hours=1), "period": 3600}
    schema = {"station": pl.String, "property": pl.String, "time": pl.Datetime("us")}
    schema |= {"period": pl.Int32, "value": pl.Float64}
    late = pl.DataFrame([row | {"value": 95.0}], schema=schema)
    made.lake.store(late, source="更正", state="corrected")
    done = assess.run(made, "noise")
    after = assess.read(made)
    assert values(made) == expected(roster, stated, hours)
    changed = after.join(before, on=["id", "inputs"], how="anti")
    assert done.stored == changed.height
    assert set(changed["indicator"]) == {NIGHT}
    assert set(changed["region"]) == {CITY, COUNTY}  # no group of the roster has 清远
    months = {f"2026-01/2026-{n:02}" for n in range(2, 13)}
    assert set(changed["period"]) == {"2026-02", "2026-Q1", "2026", *months} & set(after["period"])
    stepwise = plain(after)
    for table in (DAYS, RESULTS, RUNS):
        shutil.rmtree(made.lake.place.folder / table.name, ignore_errors=True)
    assess.run(made, "noise")
    assert_frame_equal(stepwise, plain(assess.read(made)))


def test_a_figure_is_explained_down_to_the_sheet(made):
    assess.run(made, "noise")
    roster, stated, hours = made.sheets
    of = slow_noise.levels(stated, hours)
    found = explain(made, f"{NIGHT} {CITY} 2026-Q1")
    assert found.recomputed == {
        "value": found.result["value"], "reason": None, "equal": True, "inputs_equal": True
    }  # fmt: skip
    mine = {one["code"] for one in roster if one["kind"] == "功能区" and one["region"] == CITY}
    quarter = {
        (p, day): v
        for (p, day, part), v in of.items()
        if part == "ln" and p in mine and day <= date(2026, 3, 31)
    }
    told = {(one["station"], one["date"]): one["level"] for one in found.days}
    assert told == {key: None if v is None else float(v) for key, v in quarter.items()}
    total = found.statistics["zones"][-1]
    assert (total["zone"], f"{total['night_rate']}") == ("total", found.result["value"])
    named = {one["station"]: one for one in found.stations}
    assert set(named) == mine
    unverified = next(one for one in named.values() if one["zone"] == "4b")
    assert (unverified["attained"], unverified["reason"]) == (None, "unverified")
    assert sum(one["attained"] or 0 for one in named.values()) == total["night_attained"]
    rules = {(one["standard"], one["name"]): one for one in found.rules}
    assert rules["GB 3096-2008", "limits"]["clause"] == "表1"
    assert rules["HJ 640-2012", "point_times"]["confidence"] == "C"
    assert rules["本项目 this project", "min_share"]["value"] == 0.75
    limits = {one["what"]: one["value"] for one in found.rules if one["name"] == "limits"}
    assert limits["2类区夜间限值"] == 50
    # A night's rows are those of its hours, of the next morning too.
    night = explain(made, found.result["id"], day=date(2026, 2, 28))
    rows = [row for row in night.rows if row["station"] == "N001"]
    begun = {
        at
        for p, at, _ in hours
        if p == "N001" and slow_noise.part_of(at) == (date(2026, 2, 28), "ln")
    }
    assert {row["time"] - timedelta(hours=1) for row in rows} == begun
    assert {row["source"] for row in rows} == {"小时.csv"}


@pytest.mark.parametrize("what", [DAY, NIGHT, REGION, ROAD])
def test_every_indicator_is_told_in_every_form(made, what):
    assess.run(made, "noise", period="2026")
    for region in (CITY, "460000", "group:gd-west"):
        found = explain(made, f"{what} {region} 2026")
        assert found.recomputed["equal"]
        assert found.recomputed["inputs_equal"]
        text, page = report.text(found), report.page(found, made_at=datetime(2026, 12, 1))
        assert report.title(found) in text
        assert f"点次 levels by date {len(found.days)}" in text
        assert "昼夜.csv" in text
        assert found.result["id"] in page
        for one in found.stations:
            assert one["station"] in text
            assert one["station"] in page


def test_a_target_is_followed_by_the_figure(made):
    assess.run(made, "noise")
    (value,) = assess.read(made, indicator=NIGHT, region=CITY, period="2026")["value"]
    with made.ledger.write(who="张三", action="test") as session:
        paper = plan(session)
        codes = [
            promise(
                session, paper, n, indicator="声环境功能区夜间达标率", indicator_code=NIGHT,
                region="清远市", region_code=CITY, comparator=">=", value=asked, unit="%",
            )
            for n, asked in enumerate((value, "99.9"), start=1)
        ]  # fmt: skip
    rows = {r["id"]: r for r in standings.at(made, date(2027, 1, 15)).iter_rows(named=True)}
    assert [rows[code]["state"] for code in codes] == ["已完成", "未完成"]
    for row in rows.values():
        assert (row["period"], row["value"], row["source"]) == ("2026", value, "monitored")
        assert explain(made, row["ref"]).recomputed["equal"]


def rows_of(*rows):
    names = ("station", "property", "time", "period", "value")
    schema = dict(
        zip(names, (pl.String, pl.String, pl.Datetime("us"), pl.Int32, pl.Float64), strict=True)
    )
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.fixture
def small(blank, tmp_path):
    """Give a workspace with a point of each kind."""
    shutil.copytree(blank, tmp_path / "工作区")
    listed = pl.DataFrame(
        {
            "station": ["公园", "铁路边", "网格一", "网格二", "北路", "南路"],
            "code": ["Z1", "Z2", "G1", "G2", "R1", "R2"],
            "kind": ["功能区", "功能区", "区域", "区域", "道路", "道路"],
            "zone": ["1类", "4b类", None, None, None, None],
            "length": [None, None, None, None, "1.2", "0.8"],
            "city": ["清远市", "广州市", *["清远市"] * 4],
        }
    )
    with Workspace.open(tmp_path / "工作区") as workspace:
        told = {"who": "张三", "code": "sheng", "domain": "noise", "purpose": "声环境"}
        rosters.load(workspace.ledger, listed, version="2026", start="2026-01-01", **told)
        yield workspace


def one(workspace, indicator, region=CITY, period="2026"):
    rows = assess.read(workspace, indicator=indicator, region=region, period=period)
    return rows.select("value", "reason", "stations").row(0) if rows.height else None


def test_by_hand_as_the_worked_example(small):
    """The roads of the documentation: (1.2 × 68 + 0.8 × 70) / 2.0 = 68.8."""
    day = datetime(2026, 5, 11)
    small.lake.store(
        rows_of(
            ("R1", "ld", day, 86400, 68.0),
            ("R2", "leq", datetime(2026, 5, 10, 9, 20), 1200, 70.0),  # twenty minutes of the day
            ("G1", "ld", day, 86400, 54.2),
            ("G1", "ld", day + timedelta(days=90), 86400, 54.3),
            ("G2", "leq", datetime(2026, 5, 10, 15, 10), 600, 54.85),
            ("G2", "leq", datetime(2026, 5, 10, 23, 10), 600, 40.0),  # of the night
        ),
        source="普查.csv",
    )
    assess.run(small)
    assert one(small, ROAD) == ("68.8", None, 2)
    # (54.25 + 54.85) / 2 = 54.55, a tie: to the even tenth.
    assert one(small, REGION) == ("54.6", None, 2)
    assert one(small, REGION, period="2026-Q2") == ("54.5", None, 2)  # (54.2 + 54.85) / 2
    assert one(small, DAY) is None


def test_a_zone_whose_limits_are_not_verified_says_so(small):
    small.lake.store(rows_of(("Z2", "ln", datetime(2026, 5, 11), 86400, 50.0)), source="功能区")
    done = assess.run(small, "noise")
    assert one(small, NIGHT, "440100") == (None, "unverified", 1)
    assert [subject for subject, *_ in done.unanswered] == ["noise sheng"]
    assert "4b" in done.unanswered[0][2]
    found = explain(small, f"{NIGHT} 440100 2026")
    assert found.recomputed["equal"]
    assert "限值未核实" in report.text(found)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # Five of eight hours are too few; six are enough.
        (
            [("leq", datetime(2026, 5, 10, 23) + timedelta(hours=n), 3600) for n in range(5)],
            "few_samples",
        ),
        ([("leq", datetime(2026, 5, 10, 23) + timedelta(hours=n), 3600) for n in range(6)], None),
        (
            [("leq", datetime(2026, 5, 10, 22, 1) + timedelta(minutes=n), 60) for n in range(480)],
            None,
        ),
        # What a station says of the night so far is none; what is said of a moment, a month counts.
        ([("ln", datetime(2026, 5, 10, 23), 3600)], ""),
        ([("ln", datetime(2026, 5, 10, 23), 1)], None),
        ([("ln", datetime(2026, 6, 1), 31 * 86400)], None),
        # Ten minutes are no night of a zone.
        ([("leq", datetime(2026, 5, 10, 23, 10), 600)], ""),
        ([("ln", datetime(2026, 5, 11), 86400, 201.0)], "absurd"),
        ([("ln", datetime(2026, 5, 11), 86400, None)], "no_data"),
    ],
)
def test_what_is_enough_for_a_night(small, rows, expected):
    small.lake.store(
        rows_of(*(("Z1", *row[:3], row[3] if len(row) > 3 else 44.0) for row in rows)),
        source="夜间",
    )
    assess.run(small, "noise")
    found = one(small, NIGHT, period="2026-05")
    if expected == "":
        assert found is None
    else:
        assert found[:2] == ((None, expected) if expected else ("100.0", None))


def test_a_missing_stated_level_gives_way_to_the_hours(small):
    hours = [
        ("Z1", "leq", datetime(2026, 5, 10, 23) + timedelta(hours=n), 3600, 45.1) for n in range(8)
    ]
    small.lake.store(
        rows_of(("Z1", "ln", datetime(2026, 5, 11), 86400, None), *hours), source="夜间"
    )
    assess.run(small, "noise")
    assert one(small, NIGHT) == ("0.0", None, 1)
    stated = rows_of(("Z1", "ln", datetime(2026, 5, 11), 86400, 45.04))
    small.lake.store(stated, source="报告", state="corrected")
    assess.run(small, "noise")
    assert one(small, NIGHT) == ("100.0", None, 1)  # 45.0 by its tenths
    assert explain(small, f"{NIGHT} {CITY} 2026").days[0]["source"] == "stated"


def test_as_of_a_day_the_morning_after_is_not_seen(small):
    hours = [
        ("Z1", "leq", datetime(2026, 5, 31, 23) + timedelta(hours=n), 3600, 44.0) for n in range(8)
    ]
    small.lake.store(rows_of(*hours), source="历史")
    assess.run(small, "noise", as_of=date(2026, 5, 31))
    then = assess.read(small, indicator=NIGHT, period="2026-05", as_of=date(2026, 5, 31))
    assert then["reason"].to_list() == ["few_samples"]
    assess.run(small, "noise")
    assert one(small, NIGHT, period="2026-05") == ("100.0", None, 1)
    assert one(small, NIGHT, period="2026-06") is None


def test_before_the_standard_and_in_a_freeze_it_says_so(small):
    with small.ledger.write(who="张三", action="test") as session:
        rosters.versions(session, "sheng")[0].start = "2000-01-01"
    small.lake.store(rows_of(("Z1", "ln", datetime(2007, 5, 11), 86400, 44.0)), source="旧")
    done = assess.run(small, "noise")
    assert (
        "noise 2007-05",
        "当时没有适用的标准",
        "no standard was in force then",
    ) in done.unanswered
    assert assess.read(small).is_empty()
    rosters.use(small.ledger, "sheng", who="张三")
    with pytest.raises(ShanshuiError, match="a domain is one of"):
        freeze.take(small, "2007-05", who="张三", domain="noise", today=date(2026, 12, 1))

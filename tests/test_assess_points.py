"""Results of lakes, wells, sources and the sea, against figures by hand and a slow reference."""

import shutil
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import exp, log
from pathlib import Path
from random import Random

import polars as pl
import pytest
from assess_samples import plain
from polars.testing import assert_frame_equal
from track_samples import plan, promise

from shanshui.platform import assess, demo
from shanshui.platform.assess.lineage import explain
from shanshui.platform.assess.tables import RESULTS, RUNS
from shanshui.platform.report import explain as report
from shanshui.platform.review import freeze, rosters
from shanshui.platform.store import Workspace, models
from shanshui.platform.track import standings

CITY, COUNTY, OTHER, PROVINCE = "441800", "441802", "440100", "440000"
HULUN = Path(demo.__file__).parent / "samples" / "water_published" / "hulun.csv"
TLI, SOURCE = "water.lake.tli", "water.source.complying_share"
BAD, GOOD, SEA = "water.ground.v_share", "water.ground.good_share", "water.sea.good_share"


def rows(samples):
    """Return long rows of (station, day, item, value or text); 0.02L is half with a flag."""
    found = []
    for station, day, item, value in samples:
        text = str(value)
        flag, number = None, None if text == "ND" else float(text.removesuffix("L"))
        if text.endswith("L"):
            flag, number = "L", number / 2
        elif text == "ND":
            flag = "ND"
        time = datetime.combine(date.fromisoformat(day) + timedelta(days=1), datetime.min.time())
        found.append((station, item, time, 86400, number, flag))
    schema = {"station": pl.String, "property": pl.String, "time": pl.Datetime("us")}
    schema |= {"period": pl.Int32, "value": pl.Float64, "flag": pl.String}
    return pl.DataFrame(found, schema=schema, orient="row")


def enrol(workspace, domain, **columns):
    told = {"who": "张三", "code": f"list-{domain}", "domain": domain, "purpose": "考核"}
    rosters.load(
        workspace.ledger, pl.DataFrame(columns), version="2026", start="2026-01-01", **told
    )
    rosters.use(workspace.ledger, f"list-{domain}", who="张三")


@pytest.fixture
def empty(blank, tmp_path):
    shutil.copytree(blank, tmp_path / "工作区")
    with Workspace.open(tmp_path / "工作区") as workspace:
        yield workspace


def figure(workspace, indicator, period, region=CITY):
    found = assess.read(workspace, indicator=indicator, region=region, period=period)
    return found.row(0, named=True) if found.height else None


def value(workspace, indicator, period, region=CITY):
    return figure(workspace, indicator, period, region)["value"]


def same_from_nothing(workspace):
    """Whether going on from run to run equals computing everything once."""
    stepwise = plain(assess.read(workspace))
    for table in (RESULTS, RUNS):
        shutil.rmtree(workspace.lake.place.folder / table.name)
    assess.run(workspace)
    assert_frame_equal(stepwise, plain(assess.read(workspace)))


def moved(workspace):
    """Run again, and return the (indicator, region, period) of results that are news."""
    done = assess.run(workspace)
    news = assess.read(workspace, history=True).filter(pl.col("at") == done.at)
    return set(news.select("indicator", "region", "period").rows())


# ------------------------------------------------------------------------------------ groundwater


def wells(workspace):
    enrol(
        workspace,
        "ground",
        station=["一号井", "二号井", "三号井", "四号井", "停用井"],
        code=["G1", "G2", "G3", "G4", "G5"],
        city=["清远市", "清远市", "清远市", "广州市", "清远市"],
        county=["清城区", "清城区", None, None, None],
        left_out=[None, None, None, None, "封井"],
    )


def test_wells_are_judged_by_the_means_of_their_samples(empty):
    wells(empty)
    empty.lake.store(
        rows(
            [
                # Means of the year: manganese (1.2 + 2.0) / 2 = 1.6 is Ⅴ, 1.5 is the limit of Ⅳ.
                ("G1", "2026-04-10", "mn", 1.2),
                ("G1", "2026-09-10", "mn", 2.0),
                ("G2", "2026-04-10", "mn", 1.0),
                ("G2", "2026-09-10", "mn", 2.0),
                # The lake has benzene in mg/L and 1,1,1-trichloroethane in µg/L: Ⅳ ends at 120 µg/L
                # of the one and at 4000 µg/L of the other.
                ("G3", "2026-04-10", "benzene", 0.120),
                ("G3", "2026-04-10", "trichloroethane111", 3999),
                ("G3", "2026-09-10", "trichloroethane111", 4001),
                ("G4", "2026-04-10", "benzene", 0.1201),
                # Cobalt is not carbon monoxide; 0.11 mg/L is Ⅴ, and one well out of use.
                ("G4", "2026-09-10", "w20038", 0.11),
                ("G5", "2026-09-10", "w20038", 0.11),
            ]
        ),
        source="地下水.xlsx",
    )
    assess.run(empty)
    assert value(empty, BAD, "2026") == value(empty, BAD, "2026-01/2026-09") == "33.3"
    assert value(empty, GOOD, "2026") == "66.7"
    assert value(empty, BAD, "2026", COUNTY) == "50.0"
    assert value(empty, BAD, "2026", OTHER) == "100.0"
    assert value(empty, BAD, "2026-04") == "0.0"  # 1.2, 1.0 and 120 µg/L
    assert value(empty, BAD, "2026-Q3") == "100.0"  # 2.0, 2.0 and 4001 µg/L
    row = figure(empty, GOOD, "2026")
    assert (row["stations"], row["roster"], row["edition"]) == (3, "list-ground@2026", "2017")
    assert (row["status"], row["method"]) == ("实时", "shanshui.water.ground.share:good_ratio")


def test_what_was_never_detected_in_a_well_is_class_one(empty):
    wells(empty)
    empty.lake.store(
        rows(
            [
                ("G1", "2026-04-10", "hg", "0.01L"),  # half is 0.005: Ⅴ as a number
                ("G1", "2026-09-10", "hg", "ND"),
                ("G2", "2026-04-10", "hg", "0.01L"),
                ("G2", "2026-09-10", "hg", 0.001),  # (0.005 + 0.001) / 2 = 0.003: Ⅴ
                ("G3", "2026-04-10", "odour", "ND"),
            ]
        ),
        source="地下水.xlsx",
    )
    assess.run(empty)
    assert value(empty, BAD, "2026") == "33.3"
    judged = {
        one["station"]: one["class_name"] for one in explain(empty, f"{BAD} {CITY} 2026").stations
    }
    assert judged == {"G1": "Ⅰ", "G2": "Ⅴ", "G3": "Ⅰ"}


def test_samples_of_two_lengths_may_end_together(empty):
    wells(empty)
    daily = rows([("G1", "2026-04-10", "mn", 1.2)])
    hourly = daily.with_columns(period=pl.lit(3600, pl.Int32), value=pl.lit(2.0))
    empty.lake.store(pl.concat([daily, hourly]), source="地下水.xlsx")
    assess.run(empty)
    assert value(empty, BAD, "2026-04") == "100.0"  # (1.2 + 2.0) / 2 = 1.6


LIMITS = {  # GB/T 14848-2017, mg/L: Ⅰ to Ⅳ
    "mn": ("0.05", "0.05", "0.10", "1.50"),
    "nh3n": ("0.02", "0.10", "0.50", "1.50"),
    "no3n": ("2.0", "5.0", "20.0", "30.0"),
    "chloroform": ("0.0005", "0.006", "0.06", "0.3"),
    "naphthalene": ("1", "10", "100", "600"),  # µg/L, in the lake as in the standard
}


def slow_class(samples, longer):
    """Judge one well by fractions: {item: [(month, text)]}."""
    worst = 0
    for item, values in samples.items():
        groups = {}
        for month, text in values:
            groups.setdefault(month if longer else 0, []).append(text)
        numbers, below = [], True
        for texts in groups.values():
            halved = [Fraction(t.removesuffix("L")) / (2 if t.endswith("L") else 1) for t in texts]
            below &= all(t.endswith("L") for t in texts)
            numbers.append(sum(halved) / len(halved))
        mean = sum(numbers) / len(numbers)
        number = 1 + sum(mean > Fraction(limit) for limit in LIMITS[item])
        worst = max(worst, 1 if below else number)
    return worst


def test_shares_of_random_wells_equal_a_slow_reference(empty):
    draw = Random(14848)
    codes = [f"G{n}" for n in range(12)]
    enrol(empty, "ground", station=codes, code=codes, city="清远市")
    samples, by_well = [], {}
    for code in codes:
        for item, limits in LIMITS.items():
            for month in draw.sample(range(1, 13), 3):
                for day in draw.sample(range(1, 28), draw.choice((1, 2))):
                    text = f"{float(draw.choice(limits)) * draw.choice((0.5, 1, 1, 2)):.7f}"
                    text += draw.choice(("", "", "L"))
                    samples.append((code, f"2026-{month:02}-{day:02}", item, text))
                    by_well.setdefault(code, []).append((month, item, text))
    empty.lake.store(rows(samples), source="地下水.xlsx")
    assess.run(empty)
    terms = {f"2026-{m:02}": ({m}, False) for m in range(1, 13)} | {"2026": (range(1, 13), True)}
    terms |= {f"2026-Q{q}": ({3 * q - 2, 3 * q - 1, 3 * q}, False) for q in (1, 2, 3, 4)}
    terms |= {f"2026-01/2026-{m:02}": (range(1, m + 1), True) for m in range(1, 13)}
    for text, (months, longer) in terms.items():
        classes = []
        for taken in by_well.values():
            inside = {}
            for month, item, sample in taken:
                if month in months:
                    inside.setdefault(item, []).append((month, sample))
            if inside:
                classes.append(slow_class(inside, longer))
        bad = Fraction(100 * classes.count(5), len(classes))
        assert figure(empty, BAD, text)["value"] == f"{round(float(bad), 6):.1f}", text
        assert figure(empty, BAD, text)["stations"] == len(classes)


# ---------------------------------------------------------------------------------------- sources


def test_a_source_complies_where_all_its_samples_do(empty):
    enrol(
        empty,
        "source",
        station=["北江取水口", "飞来峡水库", "城西井群"],
        code=["S1", "S2", "S3"],
        kind=["河流", "湖库", "地下水"],
        city="清远市",
    )
    empty.lake.store(
        rows(
            [
                # Total phosphorus 0.06 is Ⅱ of a river and Ⅳ of a lake; nitrate 15 exceeds the 10
                # of a surface source and not the 20 of a well; total nitrogen is only reported.
                ("S1", "2026-04-10", "tp", 0.06),
                ("S1", "2026-04-10", "tn", 3.0),
                ("S1", "2026-05-10", "no3n", 15.0),
                ("S1", "2026-06-10", "fe", 0.3),
                ("S2", "2026-04-10", "tp", 0.06),
                ("S2", "2026-05-10", "tp", 0.05),
                ("S2", "2026-06-10", "tp", 0.05),
                ("S3", "2026-04-10", "no3n", 15.0),
                # Chloroform 0.06 mg/L is the limit of both kinds.
                ("S3", "2026-05-10", "chloroform", 0.06),
                ("S3", "2026-06-10", "hg", "ND"),
            ]
        ),
        source="水源.xlsx",
    )
    assess.run(empty)
    assert [value(empty, SOURCE, f"2026-0{m}") for m in (4, 5, 6)] == ["66.7", "66.7", "100.0"]
    # S1 exceeded in May and S2 in April: of the quarter and the year only the well complies.
    assert value(empty, SOURCE, "2026-Q2") == value(empty, SOURCE, "2026") == "33.3"
    row = figure(empty, SOURCE, "2026-01/2026-06")
    assert (row["value"], row["edition"], row["stations"]) == ("33.3", "2002、2017", 3)
    found = explain(empty, f"{SOURCE} {CITY} 2026-Q2")
    said = {one["station"]: (one["class_name"], one["main_text"]) for one in found.stations}
    assert said == {
        "S1": ("不达标", "硝酸盐(0.5)"),
        "S2": ("不达标", "总磷(0.2)"),
        "S3": ("达标", None),
    }
    assert {one["standard"] for one in found.rules} == {"GB 3838-2002", "GB/T 14848-2017"}
    # Total nitrogen is judged of no source.
    empty.lake.store(rows([("S1", "2026-04-10", "tn", 9.0)]), source="更正", state="corrected")
    assert moved(empty) == set()


def test_a_roster_whose_codes_are_not_those_of_the_data_is_told_of(empty):
    enrol(empty, "source", station=["飞来峡水库"], code=["S1"], kind=["湖库"], city=["清远市"])
    with empty.ledger.write(who="张三", action="test") as session:
        session.add(models.Station(code="飞来峡水库", name="飞来峡水库"))
    empty.lake.store(rows([("飞来峡水库", "2026-03-05", "do", 8.2)]), source="x")
    ((subject, zh, en),) = assess.run(empty, "source").unanswered
    assert subject == "source list-source"
    assert "S1（数据里为 飞来峡水库）" in zh
    assert "S1 (飞来峡水库 in the data)" in en


def test_the_published_share_of_sources_of_2019(empty):
    # The nation: 565 of 590 surface sources and 265 of 312 wells complied all year: 95.8, 84.9 and
    # together 830 of 902, 92.0 %.
    codes = [f"S{n}" for n in range(902)]
    well = [n >= 590 for n in range(902)]
    enrol(
        empty,
        "source",
        station=codes,
        code=codes,
        kind=["地下水" if one else "河流" for one in well],
        city=["清远市"] * 902,
        county=["清新区" if one else "清城区" for one in well],
    )
    samples = [(code, f"2026-{month}-10", "fe", 0.3) for code in codes for month in ("01", "07")]
    failing = [*codes[:25], *codes[590:637]]
    samples += [(code, "2026-10-10", "fe", 0.31) for code in failing]
    empty.lake.store(rows(samples), source="水源.xlsx")
    assess.run(empty, period="2026")
    assert value(empty, SOURCE, "2026", COUNTY) == "95.8"
    assert value(empty, SOURCE, "2026", "441803") == "84.9"
    assert value(empty, SOURCE, "2026") == "92.0"


# -------------------------------------------------------------------------------------------- sea


def sea(workspace, areas, cities=("汕头市", "汕头市", "汕头市", "湛江市")):
    enrol(
        workspace,
        "sea",
        station=["甲", "乙", "丙", "丁"],
        code=["H1", "H2", "H3", "H4"],
        city=list(cities),
        area=areas,
    )
    workspace.lake.store(
        rows(
            [
                # Inorganic nitrogen 0.25 + 0.01 + 0.04 = 0.30 is the limit of class 2.
                *(("H1", "2026-05-10", i, v) for i, v in PARTS.items()),
                ("H2", "2026-05-10", "din", 0.31),
                ("H3", "2026-05-10", "do", 5.0),  # more than 5 is class 2: class 3
                ("H4", "2026-05-10", "dip", 0.010),
                # Mean of the year (0.31 + 0.28) / 2 = 0.295: class 2.
                ("H2", "2026-08-10", "din", 0.28),
            ]
        ),
        source="海水.xlsx",
    )
    assess.run(workspace)


PARTS = {"no3n": 0.25, "no2n": 0.01, "nh3n": 0.04}


def test_the_sea_is_counted_by_area_where_all_points_have_one(empty):
    sea(empty, [30, 50, 20, None])
    assert value(empty, SEA, "2026-05", "440500") == "30.0"
    assert value(empty, SEA, "2026", "440500") == "80.0"
    assert figure(empty, SEA, "2026", "440500")["formula"] == "面积法"
    assert figure(empty, SEA, "2026", "440800")["formula"] == "点位法"
    assert value(empty, SEA, "2026", "440800") == "100.0"


def test_the_sea_of_a_province_is_all_its_points(tmp_path):
    # No roster has every city of a province: most have no sea.
    with Workspace.create(tmp_path / "省", name="省厅", region=PROVINCE) as workspace:
        sea(workspace, [30, 50, 20, 100])
        assert value(workspace, SEA, "2026", PROVINCE) == "90.0"
        assert figure(workspace, SEA, "2026", PROVINCE)["stations"] == 4
    with Workspace.create(tmp_path / "外", name="省厅", region=PROVINCE) as workspace:
        sea(workspace, [30, 50, 20, 100], ["汕头市", "厦门市", "汕头市", None])
        assert value(workspace, SEA, "2026", PROVINCE) == "86.7"  # 30 and 100 of 150
    with Workspace.create(tmp_path / "又", name="省厅", region=PROVINCE) as workspace:
        sea(workspace, [30, 50, 20, None])
        row = figure(workspace, SEA, "2026", PROVINCE)
        assert (row["value"], row["reason"]) == (None, "some_areas")
        assert report.reason(row["reason"]) == "有的点位有面积，有的没有"


def test_the_sea_is_counted_by_points_where_none_has_an_area(empty):
    sea(empty, [None] * 4)
    assert value(empty, SEA, "2026-05", "440500") == "33.3"
    assert value(empty, SEA, "2026", "440500") == "66.7"
    assert figure(empty, SEA, "2026", "440500")["formula"] == "点位法"


def test_the_published_share_of_the_east_china_sea(empty):
    # 2017: 15.9, 31.0, 12.4, 9.7 and 31.0 % of classes 1 to 5; 优良 46.9 %.
    enrol(
        empty,
        "sea",
        station=list("甲乙丙丁戊"),
        code=[f"H{n}" for n in range(1, 6)],
        city="汕头市",
        area=[15.9, 31.0, 12.4, 9.7, 31.0],
    )
    nitrogen = enumerate((0.2, 0.3, 0.4, 0.5, 0.51), start=1)
    samples = rows((f"H{n}", "2026-08-10", "din", value) for n, value in nitrogen)
    empty.lake.store(samples, source="海水.xlsx")
    assess.run(empty, domain="sea")
    assert value(empty, SEA, "2026", "440500") == "46.9"


# ------------------------------------------------------------------------------------------ lakes


def lakes(workspace):
    enrol(
        workspace,
        "water",
        station=["湖心", "湖东", "坝前", "石角", "南湖"],
        code=["L1", "L2", "L3", "W1", "L4"],
        kind=["湖库", "湖库", "湖库", "河流", "湖库"],
        river=["星湖", "星湖", "飞来峡水库", "北江", "南湖"],
        city=["清远市", "清远市", "清远市", "清远市", "广州市"],
        county=["清城区", "清城区", None, None, None],
    )
    workspace.lake.store(
        rows(
            (code, f"2026-0{month}-10", item, value)
            for code, months in LAKES.items()
            for month, values in months.items()
            for item, value in zip(("chla", "tp", "tn", "sd", "codmn"), values, strict=True)
        ),
        source="湖库.xlsx",
    )


LAKES = {
    "L1": {4: (20.0, 0.05, 1.0, 0.8, 4.0), 5: (30.0, 0.07, 1.4, 0.6, 5.0)},
    "L2": {4: (40.0, 0.09, 2.0, 0.4, 6.0), 5: (50.0, "0.02L", 2.4, 0.4, 7.0)},
    "L3": {4: (5.0, 0.01, 0.5, 2.0, 2.0)},
    "W1": {4: (5.0, 0.01, 0.5, 2.0, 2.0)},
    "L4": {4: (8.0, 0.02, 0.8, 1.5, 3.0)},
}


def by_hand(*values):
    """Compute TLI(Σ) of (chla, tp, tn, sd, codmn) as 总站生字〔2001〕090号 prints it."""
    c, p, n, s, m = values
    parts = [
        (1.0, 10 * (2.5 + 1.086 * log(c))),
        (0.84**2, 10 * (9.436 + 1.624 * log(p))),
        (0.82**2, 10 * (5.453 + 1.694 * log(n))),
        (0.83**2, 10 * (5.118 - 1.94 * log(s))),
        (0.83**2, 10 * (0.109 + 2.661 * log(m))),
    ]
    return f"{sum(w * t for w, t in parts) / sum(w for w, _ in parts):.2f}"


def test_a_lake_has_the_index_of_the_means_of_its_points(empty):
    lakes(empty)
    assess.run(empty)
    april = by_hand(30.0, 0.07, 1.5, 0.6, 5.0)
    assert value(empty, TLI, "2026-04", "星湖") == april
    # In time first: (0.05 + 0.07) / 2 and (0.09 + 0.01) / 2, then over the points.
    both = by_hand(35.0, 0.055, 1.7, 0.55, 5.5)
    assert value(empty, TLI, "2026-01/2026-05", "星湖") == both
    assert value(empty, TLI, "2026-Q2", "星湖") == both
    assert value(empty, TLI, "2026-04", "飞来峡水库") == by_hand(5.0, 0.01, 0.5, 2.0, 2.0)
    # A quarter needs two samples and a year twelve months, as of all surface water.
    row = figure(empty, TLI, "2026-Q2", "飞来峡水库")
    assert (row["value"], row["reason"]) == (None, "few_samples")
    assert figure(empty, TLI, "2026", "星湖")["reason"] == "few_months"
    # The county has one lake; the city has two, which the reason names; 广州 has one.
    assert value(empty, TLI, "2026-04", COUNTY) == april
    row = figure(empty, TLI, "2026-04")
    assert (row["value"], row["reason"]) == (None, "several_lakes:星湖、飞来峡水库")
    assert report.reason(row["reason"]) == "有几个湖库，各有各的指数：星湖、飞来峡水库"
    assert value(empty, TLI, "2026-04", OTHER) == value(empty, TLI, "2026-04", "南湖")
    assert figure(empty, TLI, "2026-04", "星湖")["stations"] == 2
    # A lake is a place of this indicator alone.
    assert assess.read(empty, region="星湖")["indicator"].unique().to_list() == [TLI]


def test_of_many_lakes_the_first_are_named(empty):
    names = [f"湖{letter}" for letter in "abcdefgh"]
    enrol(
        empty, "water", station=names, code=names, kind=["湖库"] * 8, river=[None] * 8,
        city=["清远市"] * 8,
    )  # fmt: skip
    empty.lake.store(rows((name, "2026-04-10", "tp", 0.02) for name in names), source="湖库.xlsx")
    assess.run(empty, domain="water", period="2026-04")
    # A point without a water body is a lake by its own name.
    assert figure(empty, TLI, "2026-04", "湖h")["reason"] == "missing_items:chla,tn"
    named = "湖a、湖b、湖c、湖d、湖e、湖f等 8 个"
    assert figure(empty, TLI, "2026-04")["reason"] == f"several_lakes:{named}"


def test_the_published_index_of_hulun_lake(empty):
    """The concentrations behind the published sub-indices yield the published index again."""
    published = pl.read_csv(HULUN)
    forms = {"chla": (2.5, 1.086), "tp": (9.436, 1.624), "tn": (5.453, 1.694), "sd": (5.118, -1.94)}
    enrol(
        empty, "water", station=["湖心"], code=["L1"], kind=["湖库"], river=["呼伦湖"],
        city=["呼伦贝尔市"],
    )  # fmt: skip
    months = {f"2026-{n:02}": row for n, row in enumerate(published.iter_rows(named=True), start=1)}
    empty.lake.store(
        rows(
            ("L1", f"{month}-10", item, exp((row[f"tli_{item}"] / 10 - a) / b))
            for month, row in months.items()
            for item, (a, b) in forms.items()
        ),
        source="湖库.xlsx",
    )
    assess.run(empty, domain="water")
    assert len(months) == 10
    for month, row in months.items():
        assert abs(float(value(empty, TLI, month, "呼伦湖")) - row["published"]) <= 0.0051, month
    assert figure(empty, TLI, "2026-01", "呼伦湖")["formula"] == "参数：叶绿素a、总磷、总氮、透明度"


def test_an_index_of_fewer_parameters_says_so(empty):
    lakes(empty)
    empty.lake.store(
        rows(("L4", "2026-06-10", i, v) for i, v in (("chla", 8.0), ("tp", 0.02), ("tn", 0.8))),
        source="湖库.xlsx",
    )
    empty.lake.store(rows([("L3", "2026-06-10", "sd", 2.0)]), source="湖库.xlsx")
    assess.run(empty)
    row = figure(empty, TLI, "2026-06", "南湖")
    assert row["formula"] == "参数：叶绿素a、总磷、总氮"
    assert figure(empty, TLI, "2026-04", "南湖")["formula"] is None
    row = figure(empty, TLI, "2026-06", "飞来峡水库")
    assert report.reason(row["reason"]) == "缺项目 叶绿素a、总磷、总氮"


def test_a_lake_that_the_ledger_knows_has_its_code(empty):
    from shanshui.platform.store import models

    with empty.ledger.write(who="张三", action="test") as session:
        session.add(models.Region(code="place:xinghu", name="星湖", level="unit"))
        # A county that is called like a lake is not the lake.
        session.add(models.Region(code="889900", name="南湖", level="county"))
    lakes(empty)
    assess.run(empty)
    found = set(assess.read(empty, indicator=TLI, period="2026-04")["region"])
    assert {"place:xinghu", "南湖"} <= found
    assert not {"星湖", "889900"} & found


# ---------------------------------------------------------------------------- all of them at once


@pytest.fixture(scope="module")
def made(blank, tmp_path_factory):
    """Make a workspace with all of them once, to be copied for each test."""
    folder = tmp_path_factory.mktemp("whole") / "工作区"
    shutil.copytree(blank, folder)
    with Workspace.open(folder) as workspace:
        fill(workspace)
    return folder


@pytest.fixture
def whole(made, tmp_path):
    shutil.copytree(made, tmp_path / "工作区")
    with Workspace.open(tmp_path / "工作区") as workspace:
        yield workspace


def fill(empty):
    lakes(empty)
    wells(empty)
    enrol(
        empty,
        "source",
        station=["取水口", "井群"],
        code=["S1", "S2"],
        kind=["河流", "地下水"],
        city=["清远市", "广州市"],
    )
    empty.lake.store(
        rows(
            [
                *((f"G{n}", "2026-04-10", "mn", n * 0.5) for n in (1, 2, 3, 4)),
                ("S1", "2026-04-10", "fe", 0.2),
                ("S2", "2026-04-10", "fe", 0.4),
            ]
        ),
        source="手工.xlsx",
    )
    sea(empty, [30, 50, 20, 10])


def test_a_second_run_stores_nothing(whole):
    done = assess.run(whole)
    assert (done.stored, done.same, done.withdrawn) == (0, 0, 0)
    answered = set(assess.read(whole)["indicator"])
    assert {TLI, SOURCE, BAD, GOOD, SEA} <= answered
    assert assess.answered("ground") == [BAD, GOOD]


@pytest.mark.parametrize(
    ("sample", "indicators", "regions"),
    [
        (("G1", "2026-04-10", "mn", 9.0), {BAD, GOOD}, {CITY, COUNTY}),
        (("S2", "2026-04-10", "fe", 0.1), {SOURCE}, {OTHER}),
        (("H4", "2026-05-10", "dip", 0.9), {SEA}, {"440800"}),
        (("L4", "2026-04-10", "sd", 1.0), {TLI}, {OTHER, "南湖"}),
    ],
)
def test_a_corrected_sample_changes_what_depends_on_it(whole, sample, indicators, regions):
    whole.lake.store(rows([sample]), source="更正", state="corrected")
    news = moved(whole)
    month = int(sample[1][5:7])
    last = max(int(p[-2:]) for p in assess.read(whole)["period"] if "/" in p)
    found = assess.read(whole).filter(
        pl.col("indicator").is_in(list(indicators)), pl.col("region").is_in(list(regions))
    )
    periods = {f"2026-{month:02}", "2026-Q2", "2026"}
    periods |= {f"2026-01/2026-{n:02}" for n in range(month, last + 1)}
    # A mean of too few samples has no index, whatever they are.
    there = found.filter(pl.col("period").is_in(list(periods)), pl.col("value").is_not_null())
    assert news == set(there.select("indicator", "region", "period").rows())
    same_from_nothing(whole)
    assert assess.run(whole).stored == 0


@pytest.mark.parametrize(
    "what",
    [
        f"{TLI} 星湖 2026-01/2026-05",
        f"{TLI} {CITY} 2026-04",
        f"{TLI} {COUNTY} 2026-Q2",
        f"{SOURCE} {CITY} 2026",
        f"{BAD} {CITY} 2026-04",
        f"{GOOD} {OTHER} 2026",
        f"{SEA} 440500 2026",
        "water.surface.good_share 441800 2026-04",
    ],
)
def test_each_figure_is_computed_once_more_from_the_rows(whole, what):
    found = explain(whole, what)
    assert (found.recomputed["equal"], found.recomputed["inputs_equal"]) == (True, True)
    assert found.counts["values"] > 0
    assert found.stations
    assert found.rules
    assert "相等" in report.text(found)
    assert "equal" in report.page(found, made_at=datetime(2026, 11, 20))


def test_targets_of_water_are_answered(whole):
    wanted = {
        TLI: ("<=", "60", {"region": "星湖", "region_code": None}),
        BAD: ("<=", "10", {}),
        GOOD: (">=", "50", {}),
        SOURCE: (">=", "100", {}),
        SEA: (">=", "75", {"region": "汕头市", "region_code": "440500"}),
    }
    with whole.ledger.write(who="张三", action="test") as session:
        paper = plan(session)
        for number, (code, (sign, limit, more)) in enumerate(wanted.items(), start=1):
            told = {"region": "清远市", "region_code": CITY, "unit": "%", "comparator": sign}
            promise(
                session, paper, number, indicator_code=code, indicator=code, value=limit,
                **told | more | ({"unit": ""} if code == TLI else {}),
            )  # fmt: skip
    found = standings.at(whole, date(2026, 11, 20))
    shown = {row["indicator"]: row for row in found.iter_rows(named=True)}
    assert set(shown) == set(wanted)
    assert {row["source"] for row in shown.values()} == {"monitored"}
    periods = {code: row["part_period"] or row["period"] for code, row in shown.items()}
    assert periods == {
        TLI: "2026-01/2026-05",
        BAD: "2026-01/2026-04",
        GOOD: "2026-01/2026-04",
        SOURCE: "2026-01/2026-04",
        SEA: "2026-01/2026-08",
    }
    # G1 and G2 have manganese 0.5 and 1.0, G3 1.5: none is Ⅴ, and of three none may be.
    assert shown[BAD]["rest"] == "3个点位中还可有0个点位超标"
    assert shown[GOOD]["rest"] == "3个点位中还可有1个点位超标"
    # A source that has failed stays so for the year: nothing is said of the rest.
    assert shown[SOURCE]["rest"] is None
    for row in shown.values():
        assert explain(whole, row["part_ref"] or row["ref"]).recomputed["equal"]


@pytest.mark.parametrize(
    ("domain", "indicator", "region", "sample", "kind", "shown"),
    [
        ("ground", BAD, CITY, ("G1", "2026-04-10", "mn", 9.0), "city_shares", "bad_ratio"),
        ("source", SOURCE, CITY, ("S1", "2026-04-10", "fe", 9.0), "city_shares", "complying_ratio"),
        ("sea", SEA, "440500", ("H1", "2026-05-10", "do", 1.0), "city_shares", "good_ratio"),
        ("water", TLI, "星湖", ("L1", "2026-04-10", "sd", 9.0), None, None),
    ],
)
def test_a_final_period_stays(whole, domain, indicator, region, sample, kind, shown):
    month = sample[1][:7]
    before = value(whole, indicator, month, region)
    told = {"who": "张三", "domain": domain, "today": date(2026, 12, 1), "force": "有点位未采样"}
    row = freeze.take(whole, month, **told)
    with whole.ledger.read() as session:
        lines = freeze.figures(session, row)
    if kind is not None:
        city = {"440500": "汕头市"}.get(region, "清远市")
        (line,) = [one for one in lines if (one["kind"], one["place"]) == (kind, city)]
        assert float(line["figures"][shown]) == float(before)
        assert any(one["kind"] == "point" for one in lines)
    assert freeze.verify(whole, row, recompute=True) == []
    assess.run(whole)
    whole.lake.store(rows([sample]), source="迟到", state="corrected")
    assess.run(whole)
    found = figure(whole, indicator, month, region)
    assert (found["value"], found["status"]) == (before, "定版")
    assert found["freeze"] == f"{month}#1"
    assert explain(whole, found["id"]).recomputed["equal"]
    assert freeze.verify(whole, row, recompute=True) == []
    same_from_nothing(whole)

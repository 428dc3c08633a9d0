"""Drinking-water sources and black and odorous waters: published rows, references, engines."""

import random
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from water_engines import KINDS, check_engine

from shanshui import water
from shanshui._confidence import warn_recalled
from shanshui.standards import SchemaError, ShanshuiError, UnverifiedFigure, round_half_even
from shanshui.standards.editions import editions
from shanshui.water import sources

examples = settings(deadline=None, max_examples=15)

# Qingyuan, October 2021: T, pH, DO, CODMn, COD, BOD5, NH3-N, TP, TN; published as up to Ⅲ.
QINGYUAN = [
    ("江南水厂", 29.8, 7.81, 6.1, 1.8, 10, 1.0, "0.025L", 0.037, 1.05),
    ("三坑滩", 27.5, 7.70, 6.7, 1.5, 7, 0.9, "0.028", 0.060, 1.15),
    ("北江芒洲", 30.0, 8.17, 6.8, 2.1, 8, 1.5, "0.025L", 0.040, 1.08),
]
QINGYUAN_ITEMS = ["station", "temp", "ph", "do", "codmn", "cod", "bod5", "nh3n", "tp", "tn"]


def test_published_sources_comply():
    frame = pl.DataFrame(QINGYUAN, schema=QINGYUAN_ITEMS, orient="row")
    got = sources.assess(frame)
    assert got["complies"].to_list() == [True] * 3
    assert got["unused"].to_list() == ["tn"] * 3  # 1.05 to 1.15 is beyond Ⅲ of lakes
    assert got["reason_nh3n"].to_list() == ["below_limit", None, "below_limit"]


def test_published_multiples_of_nitrobenzene():
    """Songhua River, 2005: three sections."""
    got = sources.assess(pl.DataFrame({"nitrobenzene": [0.158, 0.142, 0.0657]}), digits=2)
    assert got["times_nitrobenzene"].to_list() == [8.29, 7.35, 2.86]
    assert got["exceeding_text"][0] == "硝基苯(8.29)"
    assert got["complies"].to_list() == [False] * 3


def test_published_rates():
    cases = [(830, 902, 92.0), (565, 590, 95.8), (265, 312, 84.9), (7, 7, 100.0), (32, 32, 100.0)]
    for good, whole, printed in cases:
        frame = pl.DataFrame({"complies": [True] * good + [False] * (whole - good)})
        got = sources.rate(frame).row(0, named=True)
        assert (got["sources"], got["complying"]) == (whole, good)
        assert got["complying_ratio"] == printed
    seven = pl.DataFrame({"complies": [True] * 7, "volume": [1057.3 - 6 * 151, *[151.0] * 6]})
    got = sources.rate(seven, volume="volume").row(0, named=True)
    assert (got["volume"], got["complying_volume"], got["volume_ratio"]) == (1057.3, 1057.3, 100.0)


# --- the limits, anew from the facts ------------------------------------------------------------

CLASS_3 = {
    "codmn": "6", "cod": "20", "bod5": "4", "nh3n": "1.0", "tp": "0.2", "cu": "1.0", "zn": "1.0",
    "f": "1.0", "se": "0.01", "as": "0.05", "hg": "0.0001", "cd": "0.005", "cr6": "0.05",
    "pb": "0.05", "cn": "0.2", "phenol": "0.005", "oil": "0.05", "las": "0.2", "sulfide": "0.2",
}  # fmt: skip
TABLE_2 = {"so4": "250", "cl": "250", "no3n": "10", "fe": "0.3", "mn": "0.1"}
TABLE_3 = """
三氯甲烷 0.06; 四氯化碳 0.002; 三溴甲烷 0.1; 二氯甲烷 0.02; 1,2-二氯乙烷 0.03; 环氧氯丙烷 0.02;
氯乙烯 0.005; 1,1-二氯乙烯 0.03; 1,2-二氯乙烯 0.05; 三氯乙烯 0.07; 四氯乙烯 0.04; 氯丁二烯 0.002;
六氯丁二烯 0.0006; 苯乙烯 0.02; 甲醛 0.9; 乙醛 0.05; 丙烯醛 0.1; 三氯乙醛 0.01; 苯 0.01; 甲苯 0.7;
乙苯 0.3; 二甲苯 0.5; 异丙苯 0.25; 氯苯 0.3; 1,2-二氯苯 1.0; 1,4-二氯苯 0.3; 三氯苯 0.02;
四氯苯 0.02; 六氯苯 0.05; 硝基苯 0.017; 二硝基苯 0.5; 2,4-二硝基甲苯 0.0003;
2,4,6-三硝基甲苯 0.5; 硝基氯苯 0.05; 2,4-二硝基氯苯 0.5; 2,4-二氯苯酚 0.093;
2,4,6-三氯苯酚 0.2; 五氯酚 0.009; 苯胺 0.1; 联苯胺 0.0002; 丙烯酰胺 0.0005; 丙烯腈 0.1;
邻苯二甲酸二丁酯 0.003; 邻苯二甲酸二(2-乙基己基)酯 0.008; 水合肼 0.01; 四乙基铅 0.0001; 吡啶 0.2;
松节油 0.2; 苦味酸 0.5; 丁基黄原酸 0.005; 活性氯 0.01; 滴滴涕 0.001; 林丹 0.002; 环氧七氯 0.0002;
对硫磷 0.003; 甲基对硫磷 0.002; 马拉硫磷 0.05; 乐果 0.08; 敌敌畏 0.05; 敌百虫 0.05; 内吸磷 0.03;
百菌清 0.01; 甲萘威 0.05; 溴氰菊酯 0.02; 阿特拉津 0.003; 苯并(a)芘 2.8e-6; 甲基汞 1.0e-6;
多氯联苯 2.0e-5; 微囊藻毒素-LR 0.001; 黄磷 0.003; 钼 0.07; 钴 1.0; 铍 0.002; 硼 0.5; 锑 0.005;
镍 0.02; 钡 0.7; 钒 0.05; 钛 0.1; 铊 0.0001
"""


def test_tables_2_and_3_are_those_printed():
    edition = editions("water.surface")[-1]
    second = {row["item"]: row["limit"] for row in edition.table("source_items")}
    assert {i: Fraction(str(x)) for i, x in second.items()} == {
        i: Fraction(x) for i, x in TABLE_2.items()
    }
    printed = [entry.strip().rsplit(" ", 1) for entry in TABLE_3.split(";")]
    third = edition.table("source_items_specific")
    assert [(row["name"], Fraction(str(row["limit"]))) for row in third] == [
        (name, Fraction(limit)) for name, limit in printed
    ]
    assert len({row["item"] for row in third}) == 80
    assert [row["confidence"] for row in third] == ["A"] * 56 + ["B"] * 24


def test_each_item_complies_at_its_limit_and_not_above():
    """Every item of the three tables, alone, at its limit and a billionth above."""
    edition = editions("water.surface")[-1]
    limits = {**CLASS_3, **TABLE_2}
    limits |= {r["item"]: str(r["limit"]) for r in edition.table("source_items_specific")}
    at = {i: [str(Decimal(x)), f"{Decimal(x) + Decimal('1e-9'):f}"] for i, x in limits.items()}
    got = sources.assess(pl.DataFrame(at))
    assert got["complies"].to_list() == [True, False]
    assert got["exceeding"].to_list() == [None, ",".join(i for i in at)]
    assert set(got["used"][0].split(",")) == set(limits)


def test_oxygen_ph_and_phosphorus_of_reservoirs():
    frame = pl.DataFrame(
        {
            "kind": ["湖库", "湖库", "河流", None, "河流", "河流"],
            "tp": [0.05, 0.051, 0.2, 0.01, 0.1, 0.1],
            "do": [5.0, 5.0, 5.0, 5.0, 4.99, 5.0],
            "ph": [6.0, 9.0, 9.0, 9.0, 7.0, 9.01],
        }
    )
    got = sources.assess(frame, kind="kind")
    assert got["exceeding"].to_list() == [None, "tp", None, None, "do", "ph"]
    assert got["times_tp"].to_list()[1] == 0.0  # 0.051 is 0.02 of 0.05 above
    assert got["reason_tp"].to_list() == [None, None, None, "no_kind", None, None]
    assert got["unused"].to_list() == [None, None, None, "tp", None, None]
    assert got["complies"].to_list() == [True, False, True, True, False, False]


def test_what_was_not_detected_never_exceeds():
    frame = pl.DataFrame({"bap": ["ND", "0.000002L", "0.00001L", "0.000003", None]})
    got = sources.assess(frame)
    assert got["complies"].to_list() == [True, True, True, False, None]
    assert got["reason_bap"].to_list() == [
        *("below_limit", "below_limit", "below_limit,coarse_limit", None, None)
    ]


def test_each_source_by_its_own_standard():
    """Manganese 0.1 is the limit of both, chloride too; pH 6.2 and nitrate 15 divide them."""
    frame = pl.DataFrame(
        {
            "type": ["地表水", "地下水", "湖库型", "其他"],
            "ph": [6.2, 6.2, 7.0, 7.0],
            "no3n": [15.0, 15.0, 9.0, 9.0],
            "benzene": [0.01, 10.0, 0.0101, 0.01],
            "odour": ["无", "有", None, None],
        }
    )
    got = sources.assess(frame, source="type")
    assert got["exceeding"].to_list() == ["no3n", "ph,odour", "benzene", None]
    assert got["complies"].to_list() == [False, False, False, None]
    assert got["edition"].to_list() == ["2002", "2017", "2002", None]
    assert got["standard"].to_list() == ["GB 3838-2002", "GB/T 14848-2017", "GB 3838-2002", None]
    alike = sources.assess(frame.with_columns(benzene=0.01), source="type", organics="mg/L")
    assert alike["times_benzene"].to_list() == [None] * 4
    assert sources.assess(frame, source="ground")["standard"].unique().to_list() == [
        "GB/T 14848-2017"
    ]


def test_ground_sources_are_those_up_to_class_3():
    rng = random.Random(4)
    items = ["ph", "mn", "nh3n", "as", "benzene", "odour", "alpha"]
    rows = [
        {i: rng.choice(["0.01", "0.1", "0.5", "6.5", "10", "ND", None, "0.01L"]) for i in items}
        | {"odour": rng.choice(["无", "有", None])}
        for _ in range(200)
    ]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(items, pl.String))
    classified = water.ground.classify(frame)
    got = sources.assess(frame, source="ground")
    assert got["complies"].to_list() == (classified["class"] <= 3).to_list()
    assert got["exceeding"].to_list() == classified["exceeding"].to_list()
    assert got["exceeding_text"].to_list() == classified["exceeding_text"].to_list()


def test_bad_input():
    frame = pl.DataFrame({"mn": [0.1]})
    with pytest.raises(ShanshuiError, match="source"):
        sources.assess(frame, source="river")
    with pytest.raises(ShanshuiError, match="kind"):
        sources.assess(frame, kind="sea")
    with pytest.raises(SchemaError, match="text"):
        sources.assess(frame, source="mn")
    with pytest.raises(SchemaError, match="no item"):
        sources.assess(pl.DataFrame({"tn": [1.0]}))
    with pytest.raises(SchemaError, match="boolean"):
        sources.rate(pl.DataFrame({"complies": ["yes"]}))


@examples
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.sampled_from([True, False, None]),
            st.one_of(st.integers(0, 10**7).map(lambda n: n / 10_000), st.sampled_from([None])),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_rates_are_those_of_the_reference(rows):
    schema = {"city": pl.String, "complies": pl.Boolean, "taken": pl.Float64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    for got in sources.rate(frame, by="city", volume="taken").to_dicts():
        mine = [(ok, v) for city, ok, v in rows if city == got["city"] and ok is not None]
        assert got["sources"] == len(mine)
        assert got["complying"] == sum(ok for ok, _ in mine)
        if any(v is None for _, v in mine):
            assert got["reason"] == "no_volume"
            assert got["volume"] is got["volume_ratio"] is None
            continue
        whole = sum(Fraction(str(v)) for _, v in mine)
        good = sum(Fraction(str(v)) for ok, v in mine if ok)
        want = float(round_half_even(Fraction(good * 100) / whole, 1)) if whole else None
        assert got["volume_ratio"] == want
        assert got["volume"] == float(whole)


# --- black and odorous waters ------------------------------------------------------------------


def level_of(item, value, depth=None):
    """0, 1, 2 by the letter of the guide, in its own units (cm)."""
    if value is None:
        return None
    if item == "sd" and depth is not None and depth < 25:
        return 2 if value < depth * 2 / 5 else 1 if value < depth else 0
    low = {"sd": (25, 10), "do": (2, Fraction(1, 5)), "orp": (50, -200)}
    if item in low:
        light, heavy = low[item]
        return 2 if value < heavy else 1 if value < light else 0
    return 2 if value > 15 else 1 if value > 8 else 0


VALUES = {
    "sd": [None, "0.25", "0.249", "0.10", "0.099", "0.05", "0.12"],
    "do": [None, "2.0", "1.99", "0.2", "0.19", "5"],
    "orp": [None, "50", "49.9", "-200", "-200.1", "300"],
    "nh3n": [None, "8.0", "8.01", "15", "15.1", "1"],
    "depth": [None, "0.25", "0.2", "0.12", "1.5"],
}
MEASURED = st.fixed_dictionaries(
    {"station": st.sampled_from("abc"), "body": st.just("甲")}
    | {i: st.sampled_from(v) for i, v in VALUES.items()}
)


def point_of(rows, inclusive):
    beyond = (lambda a, b: a >= b) if inclusive else (lambda a, b: a > b)
    one, two, black, data = False, 0, False, False
    for item in ("sd", "do", "orp", "nh3n"):
        levels = []
        for row in rows:
            value, depth = row[item], row["depth"]
            cm = 100 if item == "sd" else 1
            depth = None if depth is None else Fraction(depth) * 100
            level = level_of(item, None if value is None else Fraction(value) * cm, depth)
            levels += [] if level is None else [level]
        if levels:
            data = True
            share = Fraction(levels.count(2) * 100, len(levels))
            one |= beyond(share, 60)
            two += beyond(share, 30)
            black |= max(levels) > 0
    return None if not data else 2 if one or two >= 2 else 1 if black else 0


@examples
@given(st.lists(MEASURED, min_size=1, max_size=30), st.sampled_from([None, True, False]))
def test_grades_are_those_of_the_reference(rows, inclusive):
    schema = dict.fromkeys(["station", "body", *VALUES], pl.String)
    got = water.black_odour(pl.DataFrame(rows, schema=schema), body="body", inclusive=inclusive)
    levels = []
    for point in got.to_dicts():
        mine = [r for r in rows if r["station"] == point["station"]]
        assert point["level"] == point_of(mine, bool(inclusive))
        assert point["samples"] == len(mine)
        assert ("few_samples" in (point["reason"] or "")) == (len(mine) < 3)
        levels += [] if point["level"] is None else [point["level"]]
    if levels:
        share = Fraction(levels.count(2) * 100, len(levels))
        heavy = share > 60 if inclusive is False else share >= 60
        assert set(got["body_level"]) == {2 if heavy else min(1, max(levels))}


def test_each_item_alone_at_its_limits():
    for item in ("sd", "do", "orp", "nh3n"):
        cells = [v for v in VALUES[item] if v is not None]
        frame = pl.DataFrame({"station": [f"{n:02}" for n in range(len(cells))], item: cells})
        cm = 100 if item == "sd" else 1
        want = [level_of(item, Fraction(v) * cm) for v in cells]
        assert water.black_odour(frame)["level"].to_list() == want, item
        assert set(want) == {0, 1, 2}


def test_just_sixty_percent_is_a_choice():
    frame = pl.DataFrame({"station": "a", "do": [0.1, 0.1, 0.1, 1.0, 1.0]})
    grades = [water.black_odour(frame, inclusive=i)["grade"].item() for i in (None, False, True)]
    assert grades == ["轻度黑臭", "轻度黑臭", "重度黑臭"]
    points = pl.concat(
        frame.with_columns(station=pl.lit(s), do=pl.lit(d), body=pl.lit("甲河"))
        for s, d in zip("abcde", (0.1, 0.1, 0.1, 1.0, 9.0), strict=True)
    )
    grades = [
        water.black_odour(points, body="body", inclusive=i)["body_grade"][0]
        for i in (None, False, True)
    ]
    assert grades == ["重度黑臭", "轻度黑臭", "重度黑臭"]


def test_clear_to_the_bottom_is_not_black():
    frame = pl.DataFrame({"station": list("abcd"), "sd": [0.2, 0.1, 0.079, 0.2], "depth": 0.2})
    grades = water.black_odour(frame)["grade"].to_list()
    assert grades == ["不黑臭", "轻度黑臭", "重度黑臭", "不黑臭"]
    assert water.black_odour(frame.drop("depth"))["level"].to_list() == [1, 1, 2, 1]


def test_rural_waters_warn():
    warn_recalled.cache_clear()
    frame = pl.DataFrame(
        {"sd": [0.25, 0.1, 0.07, None], "depth": [1.0, 0.2, 0.2, 0.2], "nh3n": [15.0, 1, 1, None]}
    )
    with pytest.warns(UnverifiedFigure, match="rural"):
        got = water.black_odour_rural(frame)
    assert got["black_odorous"].to_list() == [False, False, True, None]
    assert got["deciding"].to_list() == [None, None, "sd", None]


def test_bad_input_of_black_waters():
    with pytest.raises(SchemaError, match="no item"):
        water.black_odour(pl.DataFrame({"station": ["a"]}))
    with pytest.raises(SchemaError, match="station"):
        water.black_odour(pl.DataFrame({"do": [1.0]}))
    with pytest.raises(SchemaError, match="results"):
        water.black_odour(pl.DataFrame({"level": ["a"], "do": [1.0]}), by="level")


# --- engines -----------------------------------------------------------------------------------


def engine_frame():
    rng = random.Random(9)
    values = ["0.05", "0.3L", "ND", None, "1.5", "坏", "10", "6.2"]
    items = ["ph", "do", "tp", "mn", "no3n", "benzene", "tn"]
    rows = [
        {
            "station": f"s{n}",
            "type": ["地表水", "地下水", "湖库型", None][n % 4],
            "kind": ["河流", "湖库", None][n % 3],
            "taken": rng.choice([1.5, 20.25, 3.0]),
        }
        | {i: rng.choice(values) for i in items}
        | {"odour": rng.choice(["无", "有", None])}
        for n in range(48)
    ]
    return pl.DataFrame(rows, schema_overrides=dict.fromkeys([*items, "odour"], pl.String))


FRAME = engine_frame()
POINTS = pl.DataFrame(
    [
        {"station": f"s{n % 6}", "body": "甲乙"[n % 2]}
        | {i: random.Random(n).choice(v) for i, v in VALUES.items()}
        for n in range(48)
    ],
    schema_overrides=dict.fromkeys(VALUES, pl.String),
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_engine_assesses_alike(kind):
    function = lambda f: sources.assess(f, source="type", kind="kind")  # noqa: E731
    check_engine(kind, function, FRAME, ["station"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_engine_rates_alike(kind):
    assessed = sources.assess(FRAME, source="type", kind="kind").select("type", "taken", "complies")
    function = lambda f: sources.rate(f, by="type", volume="taken")  # noqa: E731
    check_engine(kind, function, assessed, ["type"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_engine_grades_alike(kind):
    check_engine(kind, lambda f: water.black_odour(f, body="body"), POINTS, ["station"])
    numbered = POINTS.with_row_index("n").with_columns(pl.col("n").cast(pl.Int64))
    check_engine(kind, water.black_odour_rural, numbered.drop("orp"), ["n"])

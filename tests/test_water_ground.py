"""Groundwater: the limits as printed, classes against a slow reference, shares, every engine."""

import random
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from comparing import rows_of
from engine_cases import Engines
from hypothesis import given, settings
from hypothesis import strategies as st
from water_engines import KINDS, check_engine

from shanshui import water
from shanshui.standards import SchemaError, ShanshuiError, round_half_even
from shanshui.water import ground

examples = settings(deadline=None, max_examples=15)

# GB/T 14848-2017 tables 1 and 2 in the order of the standard: name, unit, Ⅰ to Ⅳ, as printed.
PRINTED = """
色 |  | ≤5 | ≤5 | ≤15 | ≤25
嗅和味 |  | 无 | 无 | 无 | 无
浑浊度 | NTU | ≤3 | ≤3 | ≤3 | ≤10
肉眼可见物 |  | 无 | 无 | 无 | 无
pH |  | 6.5-8.5 | 6.5-8.5 | 6.5-8.5 | 5.5-6.5 或 8.5-9
总硬度 | mg/L | ≤150 | ≤300 | ≤450 | ≤650
溶解性总固体 | mg/L | ≤300 | ≤500 | ≤1000 | ≤2000
硫酸盐 | mg/L | ≤50 | ≤150 | ≤250 | ≤350
氯化物 | mg/L | ≤50 | ≤150 | ≤250 | ≤350
铁 | mg/L | ≤0.1 | ≤0.2 | ≤0.3 | ≤2.0
锰 | mg/L | ≤0.05 | ≤0.05 | ≤0.10 | ≤1.50
铜 | mg/L | ≤0.01 | ≤0.05 | ≤1.00 | ≤1.50
锌 | mg/L | ≤0.05 | ≤0.5 | ≤1.00 | ≤5.00
铝 | mg/L | ≤0.01 | ≤0.05 | ≤0.20 | ≤0.50
挥发性酚类 | mg/L | ≤0.001 | ≤0.001 | ≤0.002 | ≤0.01
阴离子表面活性剂 | mg/L | 不得检出 | ≤0.1 | ≤0.3 | ≤0.3
耗氧量 | mg/L | ≤1.0 | ≤2.0 | ≤3.0 | ≤10.0
氨氮 | mg/L | ≤0.02 | ≤0.10 | ≤0.50 | ≤1.50
硫化物 | mg/L | ≤0.005 | ≤0.01 | ≤0.02 | ≤0.10
钠 | mg/L | ≤100 | ≤150 | ≤200 | ≤400
总大肠菌群 | MPN/100mL | ≤3.0 | ≤3.0 | ≤3.0 | ≤100
菌落总数 | CFU/mL | ≤100 | ≤100 | ≤100 | ≤1000
亚硝酸盐 | mg/L | ≤0.01 | ≤0.10 | ≤1.00 | ≤4.80
硝酸盐 | mg/L | ≤2.0 | ≤5.0 | ≤20.0 | ≤30.0
氰化物 | mg/L | ≤0.001 | ≤0.01 | ≤0.05 | ≤0.1
氟化物 | mg/L | ≤1.0 | ≤1.0 | ≤1.0 | ≤2.0
碘化物 | mg/L | ≤0.04 | ≤0.04 | ≤0.08 | ≤0.50
汞 | mg/L | ≤0.0001 | ≤0.0001 | ≤0.001 | ≤0.002
砷 | mg/L | ≤0.001 | ≤0.001 | ≤0.01 | ≤0.05
硒 | mg/L | ≤0.01 | ≤0.01 | ≤0.01 | ≤0.1
镉 | mg/L | ≤0.0001 | ≤0.001 | ≤0.005 | ≤0.01
铬(六价) | mg/L | ≤0.005 | ≤0.01 | ≤0.05 | ≤0.10
铅 | mg/L | ≤0.005 | ≤0.005 | ≤0.01 | ≤0.10
三氯甲烷 | µg/L | ≤0.5 | ≤6 | ≤60 | ≤300
四氯化碳 | µg/L | ≤0.5 | ≤0.5 | ≤2.0 | ≤50.0
苯 | µg/L | ≤0.5 | ≤1.0 | ≤10.0 | ≤120
甲苯 | µg/L | ≤0.5 | ≤140 | ≤700 | ≤1400
总α放射性 | Bq/L | ≤0.1 | ≤0.1 | ≤0.5 | >0.5
总β放射性 | Bq/L | ≤0.1 | ≤1.0 | ≤1.0 | >1.0
铍 | mg/L | ≤0.0001 | ≤0.0001 | ≤0.002 | ≤0.06
硼 | mg/L | ≤0.02 | ≤0.10 | ≤0.50 | ≤2.00
锑 | mg/L | ≤0.0001 | ≤0.0005 | ≤0.005 | ≤0.01
钡 | mg/L | ≤0.01 | ≤0.10 | ≤0.70 | ≤4.00
镍 | mg/L | ≤0.002 | ≤0.002 | ≤0.02 | ≤0.10
钴 | mg/L | ≤0.005 | ≤0.005 | ≤0.05 | ≤0.10
钼 | mg/L | ≤0.001 | ≤0.01 | ≤0.07 | ≤0.15
银 | mg/L | ≤0.001 | ≤0.01 | ≤0.05 | ≤0.10
铊 | mg/L | ≤0.0001 | ≤0.0001 | ≤0.0001 | ≤0.001
二氯甲烷 | µg/L | ≤1 | ≤2 | ≤20 | ≤500
1,2-二氯乙烷 | µg/L | ≤0.5 | ≤3.0 | ≤30.0 | ≤40.0
1,1,1-三氯乙烷 | µg/L | ≤0.5 | ≤400 | ≤2000 | ≤4000
1,1,2-三氯乙烷 | µg/L | ≤0.5 | ≤0.5 | ≤5.0 | ≤60.0
1,2-二氯丙烷 | µg/L | ≤0.5 | ≤0.5 | ≤5.0 | ≤60.0
三溴甲烷 | µg/L | ≤0.5 | ≤10.0 | ≤100 | ≤800
氯乙烯 | µg/L | ≤0.5 | ≤0.5 | ≤5.0 | ≤90.0
1,1-二氯乙烯 | µg/L | ≤0.5 | ≤3.0 | ≤30.0 | ≤60.0
1,2-二氯乙烯 | µg/L | ≤0.5 | ≤5.0 | ≤50.0 | ≤60.0
三氯乙烯 | µg/L | ≤0.5 | ≤7.0 | ≤70.0 | ≤210
四氯乙烯 | µg/L | ≤0.5 | ≤4.0 | ≤40.0 | ≤300
氯苯 | µg/L | ≤0.5 | ≤60.0 | ≤300 | ≤600
邻二氯苯 | µg/L | ≤0.5 | ≤200 | ≤1000 | ≤2000
对二氯苯 | µg/L | ≤0.5 | ≤30.0 | ≤300 | ≤600
三氯苯 | µg/L | ≤0.5 | ≤4.0 | ≤20.0 | ≤180
乙苯 | µg/L | ≤0.5 | ≤30.0 | ≤300 | ≤600
二甲苯 | µg/L | ≤0.5 | ≤100 | ≤500 | ≤1000
苯乙烯 | µg/L | ≤0.5 | ≤2.0 | ≤20.0 | ≤40.0
2,4-二硝基甲苯 | µg/L | ≤0.1 | ≤0.5 | ≤5.0 | ≤60.0
2,6-二硝基甲苯 | µg/L | ≤0.1 | ≤0.5 | ≤5.0 | ≤30.0
萘 | µg/L | ≤1 | ≤10 | ≤100 | ≤600
蒽 | µg/L | ≤1 | ≤360 | ≤1800 | ≤3600
荧蒽 | µg/L | ≤1 | ≤50 | ≤240 | ≤480
苯并(b)荧蒽 | µg/L | ≤0.1 | ≤0.4 | ≤4.0 | ≤8.0
苯并(a)芘 | µg/L | ≤0.002 | ≤0.002 | ≤0.01 | ≤0.50
多氯联苯 | µg/L | ≤0.05 | ≤0.05 | ≤0.50 | ≤10.0
邻苯二甲酸二(2-乙基己基)酯 | µg/L | ≤3 | ≤3 | ≤8.0 | ≤300
2,4,6-三氯酚 | µg/L | ≤0.05 | ≤20.0 | ≤200 | ≤300
五氯酚 | µg/L | ≤0.05 | ≤0.90 | ≤9.0 | ≤18.0
六六六 | µg/L | ≤0.01 | ≤0.50 | ≤5.00 | ≤300
林丹 | µg/L | ≤0.01 | ≤0.20 | ≤2.00 | ≤150
滴滴涕 | µg/L | ≤0.01 | ≤0.10 | ≤1.00 | ≤2.00
六氯苯 | µg/L | ≤0.01 | ≤0.10 | ≤1.00 | ≤2.00
七氯 | µg/L | ≤0.01 | ≤0.04 | ≤0.40 | ≤0.80
2,4-滴 | µg/L | ≤0.1 | ≤6.0 | ≤30.0 | ≤150
克百威 | µg/L | ≤0.05 | ≤1.40 | ≤7.00 | ≤14.0
涕灭威 | µg/L | ≤0.05 | ≤0.60 | ≤3.00 | ≤30.0
敌敌畏 | µg/L | ≤0.05 | ≤0.10 | ≤1.00 | ≤2.00
甲基对硫磷 | µg/L | ≤0.05 | ≤4.00 | ≤20.0 | ≤40.0
马拉硫磷 | µg/L | ≤0.05 | ≤25.0 | ≤250 | ≤500
乐果 | µg/L | ≤0.05 | ≤16.0 | ≤80.0 | ≤160
毒死蜱 | µg/L | ≤0.05 | ≤6.00 | ≤30.0 | ≤60.0
百菌清 | µg/L | ≤0.05 | ≤1.00 | ≤10.0 | ≤150
莠去津 | µg/L | ≤0.05 | ≤0.40 | ≤2.00 | ≤600
草甘膦 | µg/L | ≤0.1 | ≤140 | ≤700 | ≤1400
"""
TABLE = [[cell.strip() for cell in line.split("|")] for line in PRINTED.strip().splitlines()]
NAMES = dict(zip(ground.limits()["item"], TABLE, strict=True))
WORDS = ("odour", "visible")


# --- the limits ---------------------------------------------------------------------------------


def test_limits_are_those_printed():
    table = ground.limits()
    assert table["number"].to_list() == list(range(1, 94))
    assert table.filter(group="regular").height == 39
    for row in table.iter_rows(named=True):
        name, unit, *printed = NAMES[row["item"]]
        assert (row["name"], row["unit"]) == (name, unit)
        if row["item"] in ("ph", *WORDS):
            continue
        want = [number(limit) for limit in printed if not limit.startswith(">")]
        got = [row[f"class_{n}"] for n in range(1, 5)][: len(want)]
        assert [Fraction(str(g)) for g in got] == want, row["item"]
        assert row["confidence"] == ("A" if row["number"] <= 39 else "B")


def number(limit):
    return Fraction(0) if limit == "不得检出" else Fraction(limit.strip("≤"))


# --- the reference -----------------------------------------------------------------------------


MOST = {"ph": 14, "hg": 10, "nh3n": 5000, "mn": 10**6, "tl": 10**6, "las": 10_000}


def read(item, cell):
    """A cell as (value, undetected, reason)."""
    if cell is None or cell.strip() in ("", "-", "/"):
        return None, False, None
    if cell in ("ND", "未检出"):
        return None, True, "below_limit"
    below = cell.startswith("<") or cell.endswith("L")
    try:
        value = Fraction(Decimal(cell.strip("<L")))
    except ArithmeticError:
        return None, False, "unreadable"
    if value < 0:
        return None, False, "negative,below_limit" if below else "negative"
    if value > MOST.get(item, 9 * 10**7):
        return None, False, "absurd"
    return value, below, "below_limit" if below else None


def class_of(item, cell):
    value, undetected, reason = read(item, cell)
    if item in WORDS:
        known = {"无": 1, "有": 5}
        bad = cell is not None and cell not in known
        return known.get(cell), "unreadable" if bad else None
    printed = NAMES[item][2:]
    if undetected:
        first = 0 if item == "ph" else number(printed[0])
        coarse = value is not None and 0 < first < value
        return 1, "below_limit,coarse_limit" if coarse else "below_limit"
    if value is None:
        return None, reason
    if item == "ph":
        if Fraction(13, 2) <= value <= Fraction(17, 2):
            return 1, None
        return (4 if Fraction(11, 2) <= value <= 9 else 5), None
    for n, limit in enumerate(printed, start=1):
        if limit.startswith(">"):
            return 4, "nuclides"
        if value <= number(limit):
            return n, None
    return 5, None


def times_of(item, cell, found, digits=1):
    if found is None or found <= 3 or item in ("ph", *WORDS):
        return None
    limit = number(NAMES[item][4])
    return float(round_half_even((read(item, cell)[0] - limit) / limit, digits))


def judge(row):
    """One row by the letter."""
    out = {}
    row = {item: row[item] for item in ITEMS}  # in the order of the standard
    for item, cell in row.items():
        out[f"class_{item}"], out[f"reason_{item}"] = class_of(item, cell)
        out[f"times_{item}"] = times_of(item, cell, out[f"class_{item}"])
    classes = {i: out[f"class_{i}"] for i in row if out[f"class_{i}"] is not None}
    worst = max(classes.values(), default=None)
    out["class"] = worst
    out["class_name"] = None if worst is None else "ⅠⅡⅢⅣⅤ"[worst - 1]
    bad = [i for i, c in classes.items() if c == worst and worst > 1]
    out["deciding"] = ",".join(bad) or None
    out["exceeding"] = ",".join(i for i, c in classes.items() if c > 3) or None
    out["used"] = ",".join(classes) or None
    return out


ITEMS = ["odour", "ph", "mn", "las", "nh3n", "hg", "benzene", "alpha", "tl", "dehp"]


def cells(item):
    if item in WORDS:
        return st.sampled_from(["无", "有", None, "怪"])
    printed = ["5.5", "6.5", "8.5", "9"] if item == "ph" else NAMES[item][2:]
    limits = [Decimal(str(float(number(p)))) for p in printed if not p.startswith(">")]
    steps = [Decimal(s) for s in ("0", "1e-9", "-1e-9", "0.004")]
    near = st.builds(lambda a, b: f"{abs(a + b):f}", *map(st.sampled_from, (limits, steps)))
    censored = st.builds(
        lambda a, w: w.format(f"{a:f}"), st.sampled_from(limits), st.sampled_from(["{}L", "<{}"])
    )
    odd = st.sampled_from([None, "", "-", "ND", "未检出", "-0.5", "-0.5L", "1e9", "坏"])
    ties = st.decimals(0, 100, places=4).map(str)
    return st.one_of(near, near, censored, odd, ties)


ROWS = st.lists(st.fixed_dictionaries({i: cells(i) for i in ITEMS}), min_size=10, max_size=30)


@examples
@given(ROWS)
def test_classes_are_those_of_the_reference(rows):
    frame = pl.DataFrame(rows, schema=dict.fromkeys(ITEMS, pl.String))
    for got, row in zip(ground.classify(frame).to_dicts(), rows, strict=True):
        for column, want in judge(row).items():
            if column not in ("times_ph", "times_odour"):
                assert got[column] == want, (column, row)


# --- worked rows -------------------------------------------------------------------------------


def test_shared_limits_give_the_better_class():
    """锰 has one limit for Ⅰ and Ⅱ, 氟化物 for Ⅰ to Ⅲ, 铊 likewise."""
    frame = pl.DataFrame({"mn": [0.05, 0.050001], "f": [1.0, 1.01], "tl": [0.0001, 0.0002]})
    got = ground.classify(frame)
    assert got["class_mn"].to_list() == [1, 3]
    assert got["class_f"].to_list() == [1, 4]
    assert got["class_tl"].to_list() == [1, 4]


def test_bands_of_ph():
    ph = [6.5, 8.5, 6.499, 8.501, 5.5, 9.0, 5.499, 9.001]
    assert ground.classify(pl.DataFrame({"ph": ph}))["class"].to_list() == [1, 1, 4, 4, 4, 4, 5, 5]


def test_words_can_be_numbers_or_truth_values():
    for column in (["无", "有", None], [False, True, None], [0, 2, None], [0.0, 1.0, float("nan")]):
        got = ground.classify(pl.DataFrame({"visible": column}, strict=False))
        assert got["class"].to_list() == [1, 5, None]
        assert got["reason_visible"].to_list() == [None, None, None]


def test_radioactivity_is_left_to_the_nuclides():
    frame = pl.DataFrame({"alpha": [0.5, 0.51], "beta": [1.0, 1.0]})
    assert ground.classify(frame)["class"].to_list() == [3, 4]
    worse = ground.classify(frame, radioactivity=5)
    assert worse["class"].to_list() == [3, 5]
    assert worse["reason_alpha"].to_list() == [None, "nuclides"]


def test_a_slip_of_unit_is_said_or_given():
    """Benzene 10 µg/L is Ⅲ; the same as mg/L needs saying so."""
    grams = pl.DataFrame({"benzene": [0.01, 0.0100001, 0.12, 0.13], "fe": [0.3, 0.3, 0.3, 0.3]})
    assert ground.classify(grams, organics="mg/L")["class_benzene"].to_list() == [3, 4, 4, 5]
    micro = grams.with_columns(pl.col("benzene") * 1000)
    assert ground.classify(micro)["class_benzene"].to_list() == [3, 4, 4, 5]
    absurd = ground.classify(pl.DataFrame({"tds": [2e6], "ph": [72.0]}))
    assert absurd.select("class", "reason_tds", "reason_ph").row(0) == (None, "absurd", "absurd")


def test_multiples_against_another_class_and_with_more_digits():
    frame = pl.DataFrame({"nh3n": [0.7], "las": [0.05], "fe": [0.3]})
    got = ground.classify(frame, target=1, digits=2).row(0, named=True)
    assert (got["times_nh3n"], got["times_fe"]) == (34.0, 2.0)
    assert "times_las" not in got  # its limit is 不得检出
    assert got["exceeding_text"] == "铁(2.00)、阴离子表面活性剂、氨氮(34.00)"


def test_long_samples_and_repeats():
    long = pl.DataFrame(
        {
            "station": ["a", "a", "a", "b"],
            "time": [1, 1, 1, 1],
            "item": ["mn", "odour", "odour", "odour"],
            "value": ["0.2", "无", "有", "有"],
        }
    )
    got = ground.classify(long)
    assert set(got["reason_mn"]) == {None}
    assert "class_ph" not in got  # what the samples do not have gets no column
    assert "class_ph" in ground.classify(long.lazy()).collect_schema()
    got = ground.classify(long.lazy(), items=["mn", "odour"]).sort("station").collect()
    assert got["class"].to_list() == [4, 5]
    assert got["reason_odour"].to_list() == ["repeated", None]


def test_a_second_run_keeps_the_published_class_beside():
    frame = pl.DataFrame({"class": ["Ⅳ"], "mn": [0.2]})
    once = ground.classify(frame)
    assert once.select("class_input", "class").row(0) == ("Ⅳ", 4)
    twice = ground.classify(once)
    assert twice.select("class_input", "class").row(0) == ("Ⅳ", 4)


def test_bad_input():
    with pytest.raises(SchemaError, match="no item to judge"):
        ground.classify(pl.DataFrame({"station": ["a"]}))
    with pytest.raises(ShanshuiError, match="no such items"):
        ground.classify(pl.DataFrame({"mn": [1.0]}), items=["gold"])
    for wrong in ({"digits": 3}, {"target": 5}, {"organics": "g/L"}, {"radioactivity": 3}):
        with pytest.raises(ShanshuiError):
            ground.classify(pl.DataFrame({"mn": [1.0]}), **wrong)
    with pytest.raises(SchemaError, match="numeric"):
        ground.classify(pl.DataFrame({"mn": [[1.0]]}))
    with pytest.raises(SchemaError, match="words"):
        ground.classify(pl.DataFrame({"odour": [[1.0]]}))
    with pytest.raises(ShanshuiError):
        ground.classify(pl.DataFrame({"mn": [1.0]}), edition="1993")


# --- shares ------------------------------------------------------------------------------------


@examples
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([1, 2, 3, 4, 5, None]))))
def test_shares_are_those_of_the_reference(rows):
    frame = pl.DataFrame(rows, schema={"city": pl.String, "class": pl.Int64}, orient="row")
    got = {row["city"]: row for row in ground.share(frame, by="city").to_dicts()}
    assert set(got) == {city for city, _ in rows}
    for city, row in got.items():
        classes = [c for where, c in rows if where == city and c]
        assert row["points"] == len(classes)
        assert row["points"] + row["left_out"] == sum(where == city for where, _ in rows)
        for name, part in [
            ("good_ratio", [c for c in classes if c <= 4]),
            ("bad_ratio", [c for c in classes if c == 5]),
            *((f"class_{n}_ratio", [c for c in classes if c == n]) for n in range(1, 6)),
        ]:
            whole = len(classes)
            share = round_half_even(Fraction(len(part) * 100, whole), 1) if whole else None
            assert row[name] == (None if share is None else float(share))


@pytest.mark.parametrize("kind", ["polars", *KINDS])
def test_a_class_that_is_no_number_is_left_out(kind):
    frame = pl.DataFrame({"class": [1.0, float("nan"), 5.0, None, 6.0]})
    row = rows_of(ground.share(Engines().native(kind, frame)))[0]
    assert (row["points"], row["left_out"], row["bad_ratio"]) == (2, 3, 50.0)


def test_share_of_everything():
    got = water.ground.share(pl.DataFrame({"class": [1, 5, 5, 4]}))
    assert got.select("points", "good_ratio", "bad_ratio").rows() == [(4, 50.0, 50.0)]


# --- engines -----------------------------------------------------------------------------------


def engine_frame():
    rng = random.Random(6)
    values = ["0.05", "0.3L", "ND", None, "1.5", "-1", "坏", "10", "<0.0001", "600"]
    rows = [
        {"station": f"s{n}", "city": "甲乙"[n % 2]}
        | {i: rng.choice(values) for i in ITEMS if i != "odour"}
        | {"odour": rng.choice(["无", "有", None, "怪"]), "fe": rng.choice([0.3, 0.31, 2.5, None])}
        for n in range(40)
    ]
    schema = {"fe": pl.Float64} | dict.fromkeys(ITEMS, pl.String)
    return pl.DataFrame(rows, schema_overrides=schema)


FRAME = engine_frame()


@pytest.mark.parametrize("kind", KINDS)
def test_every_engine_classifies_alike(kind):
    check_engine(kind, ground.classify, FRAME, ["station"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_engine_shares_alike(kind):
    classified = ground.classify(FRAME).select("city", "class")
    check_engine(kind, lambda f: ground.share(f, by="city"), classified, ["city"])
    check_engine(kind, ground.share, classified, ["points"])


def test_a_lazy_frame_is_not_executed():
    def burst(_):
        raise AssertionError("executed")

    fused = FRAME.lazy().map_batches(burst, schema=FRAME.schema)
    assert "class" in ground.classify(fused).collect_schema()
    assert rows_of(FRAME.lazy())

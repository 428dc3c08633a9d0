"""Trophic state: Hulun Lake as published, a slow reference, units that slipped, every engine."""

import math
import random
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from water_engines import KINDS, check_engine

from shanshui.standards import SchemaError, ShanshuiError, round_half_even
from shanshui.water import lake

examples = settings(deadline=None, max_examples=20)

# Sub-indices of chlorophyll, TP, TN and transparency, and TLI(Σ), as published.
HULUN = [
    (2011, 37.749, 69.802, 68.909, 81.743, 61.837, "中度富营养"),
    (2012, 48.321, 60.681, 66.362, 77.199, 61.607, "中度富营养"),
    (2013, 43.745, 64.437, 67.866, 77.837, 61.452, "中度富营养"),
    (2014, 37.101, 82.332, 64.888, 80.690, 63.391, "中度富营养"),
    (2015, 50.054, 72.340, 68.334, 79.757, 65.861, "中度富营养"),
    (2016, 43.519, 86.198, 93.172, 77.313, 71.815, "重度富营养"),
    (2017, 53.865, 79.571, 86.139, 73.053, 71.165, "重度富营养"),
    (2018, 54.379, 69.894, 79.746, 76.036, 68.375, "中度富营养"),
    (2019, 55.209, 64.039, 87.591, 76.198, 69.055, "中度富营养"),
    (2020, 47.262, 73.131, 64.568, 67.415, 61.535, "中度富营养"),
]
SUBS = ["tli_chla", "tli_tp", "tli_tn", "tli_sd"]
# Fenhe reservoirs: chla, TP, TN, SD, CODMn; the mean that is published with its spread; the index
# of these (rounded) means.
FENHE = [
    (29.68, 0.07, 1.52, 0.60, 5.18, 57.42, 3.48, 56.54),
    (51.13, 0.06, 1.38, 0.43, 6.51, 59.22, 5.38, 59.65),
    (84.6, 0.11, 3.35, 0.48, 8.73, 64.08, 9.63, 66.69),
    (54.6, 0.13, 1.95, 0.50, 8.90, 63.16, 0.65, 64.24),
    (58.2, 0.19, 2.86, 0.40, 9.63, 66.99, 3.14, 67.92),
    (46.5, 0.08, 1.81, 0.50, 6.70, 60.2, 2.65, 60.68),
]
FIVE = ["chla", "tp", "tn", "sd", "codmn"]
PUBLISHED_STATES = [(24.0, "贫营养"), (31.1, "中营养"), (39.1, "中营养"), (49.4, "中营养"),
                    (21.2, "贫营养"), (72.0, "重度富营养"), (28.7, "贫营养")]  # fmt: skip


def hulun():
    names = ["year", *SUBS, "published", "word"]
    return pl.DataFrame(HULUN, schema=names, orient="row")


def test_hulun_lake_ten_of_ten():
    got = lake.tli_of(hulun(), digits=3)
    assert got["tli"].to_list() == got["published"].to_list()
    assert got["state"].to_list() == got["word"].to_list()
    assert set(got["parameters"]) == {"chla,tp,tn,sd"}
    assert got["tli_chla_input"].to_list() == got["tli_chla"].to_list()


def test_hulun_nitrogen_from_its_concentration():
    got = lake.tli(pl.DataFrame({"chla": 10.0, "tp": 0.1, "tn": [9.79, 1.81]}), digits=3)
    # Printed 93.172 and 64.568: of more decimals of the concentrations.
    assert got["tli_tn"].to_list() == [93.176, 64.581]


def test_fenhe_within_its_spread():
    names = [*FIVE, "published", "spread", "formula"]
    got = lake.tli(pl.DataFrame(FENHE, schema=names, orient="row"))
    assert got["tli"].to_list() == got["formula"].to_list()
    near = ((got["tli"] - got["published"]).abs() <= got["spread"]).to_list()
    # One published mean of indices is not the index of its means, and has a spread of 0.65 only.
    assert near == [True, True, True, False, True, True]


def test_published_words():
    frame = pl.DataFrame({f"tli_{i}": [t for t, _ in PUBLISHED_STATES] for i in FIVE})
    got = lake.tli_of(frame, digits=1)
    assert got["tli"].to_list() == [t for t, _ in PUBLISHED_STATES]
    assert got["state"].to_list() == [word for _, word in PUBLISHED_STATES]


def test_ends_of_the_states():
    ends = [29.999999, 30.0, 50.0, 50.000001, 60.0, 60.000001, 70.0, 70.000001]
    got = lake.tli_of(pl.DataFrame({f"tli_{i}": ends for i in FIVE}))
    assert got["level"].to_list() == [1, 2, 2, 3, 3, 4, 4, 5]
    assert got["tli"].to_list() == [30.0, 30.0, 50.0, 50.0, 60.0, 60.0, 70.0, 70.0]


# --- the reference -----------------------------------------------------------------------------

FORMULA = {
    "chla": (2.5, 1.086, "1"),
    "tp": (9.436, 1.624, "0.84"),
    "tn": (5.453, 1.694, "0.82"),
    "sd": (5.118, -1.94, "-0.83"),
    "codmn": (0.109, 2.661, "0.83"),
}
LEAST, MOST = {"chla": Fraction("0.05")}, {"tp": 1000, "chla": 10_000, "sd": 60}


def value_of(item, cell):
    if cell is None:
        return None
    below = cell.startswith("<") or cell.endswith("L")
    number = Fraction(Decimal(cell.strip("<L"))) / (2 if below else 1)
    inside = LEAST.get(item, 0) <= number <= MOST.get(item, 5000)
    return number if inside and number > 0 else None


def index_of(row, parameters=None):
    """TLI(Σ), not rounded, with what it was computed from; null where something is missing."""
    subs = {}
    for item, (a, b, _) in FORMULA.items():
        value = value_of(item, row.get(item))
        if value is not None:
            subs[item] = 10 * (a + b * math.log(value))
    needed = parameters or ["chla", "tp", "tn"]
    if not set(needed) <= set(subs):
        return subs, None, None
    used = [i for i in FORMULA if i in subs and (parameters is None or i in parameters)]
    weights = {i: float(Fraction(FORMULA[i][2]) ** 2) for i in used}
    total = sum(weights[i] * subs[i] for i in used) / sum(weights.values())
    return subs, total, ",".join(used)


def cells():
    number = st.decimals(Decimal("0.001"), 100, places=3).map(str)
    text = st.builds(lambda n, w: w.format(n), number, st.sampled_from(["{}L", "<{}"]))
    return st.one_of(number, number, number, text, st.sampled_from([None, "0", "6000"]))


ROWS = st.lists(st.fixed_dictionaries({i: cells() for i in FIVE}), min_size=10, max_size=30)


@examples
@given(ROWS, st.sampled_from([None, ["chla", "tp", "tn", "sd"], ["sd", "tp"], ["chla"]]))
def test_indices_are_those_of_the_reference(rows, parameters):
    frame = pl.DataFrame(rows, schema=dict.fromkeys(FIVE, pl.String))
    got = lake.tli(frame, parameters=parameters, digits=3)
    for mine, row in zip(got.to_dicts(), rows, strict=True):
        subs, total, used = index_of(row, parameters)
        assert mine["parameters"] == used, row
        assert (mine["tli"] is None) == (total is None) == (mine["reason_tli"] is not None)
        if total is not None:
            assert abs(mine["tli"] - total) <= 0.00051, row
        for item in parameters or FIVE:
            sub = mine[f"tli_{item}"]
            assert (sub is None) == (item not in subs)
            assert sub is None or abs(sub - subs[item]) <= 0.00051


@settings(examples, max_examples=8)
@given(st.lists(st.tuples(*[st.integers(-50_000, 120_000)] * 5), min_size=1, max_size=20))
def test_weighted_mean_is_exact(rows):
    """From sub-indices there is no logarithm: to the last digit, ties to the even one."""
    names = [f"tli_{i}" for i in FIVE]
    frame = pl.DataFrame([[v / 1000 for v in r] for r in rows], schema=names, orient="row")
    weights = [Fraction(r) ** 2 for _, _, r in FORMULA.values()]
    printed = [Fraction(w) for w in ("0.2663", "0.1879", "0.1790", "0.1834", "0.1834")]
    for digits in (1, 2):
        for scheme, w in (("relative", weights), ("printed", printed)):
            got = lake.tli_of(frame, digits=digits, weights=scheme)["tli"].to_list()
            exact = [
                sum(a * Fraction(v, 1000) for a, v in zip(w, r, strict=True)) / sum(w) for r in rows
            ]
            assert got == [float(round_half_even(x, digits)) for x in exact]


def test_printed_weights_differ_little_and_need_five():
    names = [*FIVE, "a", "b", "c"]
    frame = pl.DataFrame(FENHE, schema=names, orient="row")
    exact, printed = lake.tli(frame), lake.tli(frame, weights="printed")
    assert (exact["tli"] - printed["tli"]).abs().max() <= 0.011
    four = lake.tli(frame.with_columns(codmn=None), weights="printed")
    assert set(four["reason_tli"]) == {"missing_codmn,no_printed_weights"}
    assert set(four["tli"]) == {None}
    with pytest.raises(ShanshuiError, match="five"):
        lake.tli(frame, weights="printed", parameters=["chla", "tp", "tn"])


# --- what is wrong in the input ----------------------------------------------------------------


def test_slips_of_unit_are_caught():
    """Chlorophyll in mg/L (0.0297) and transparency in cm (60.5) leave the row without them."""
    frame = pl.DataFrame({"chla": [0.02968, 29.68], "tp": 0.07, "tn": 1.52, "sd": [0.6, 60.5]})
    got = lake.tli(frame)
    assert got["reason_chla"].to_list() == ["absurd", None]
    assert got["reason_sd"].to_list() == [None, "absurd"]
    assert got["tli"].to_list() == [None, 58.61]
    assert got["reason_tli"].to_list() == ["missing_chla", None]
    assert got["parameters"].to_list() == [None, "chla,tp,tn"]


def test_zero_has_no_logarithm():
    got = lake.tli(pl.DataFrame({"chla": [5.0], "tp": [0.0], "tn": [1.0]}))
    assert got.select("tli", "reason_tp", "reason_tli").row(0) == (None, "zero", "missing_tp")


def test_not_detected_enters_by_half_and_bare_nd_by_the_limit_given():
    frame = pl.DataFrame({"chla": "5", "tp": ["0.01L", "ND", "0.005"], "tn": "1"})
    got = lake.tli(frame, detection={"tp": 0.01})
    assert len(set(got["tli"])) == 1
    assert got["reason_tp"].to_list() == ["below_limit", "below_limit", None]
    assert lake.tli(frame)["reason_tp"].to_list()[1] == "no_detection_limit"


def test_absurd_sub_indices_are_left_out():
    frame = hulun().with_columns(tli_tp=pl.Series([float("nan"), 1e300, -1000.0, *[50.0] * 7]))
    got = lake.tli_of(frame)
    assert got["reason_tli"].to_list()[:4] == ["missing_tp"] * 3 + [None]


def test_long_samples():
    long = pl.DataFrame(
        {
            "station": "a",
            "time": 1,
            "item": ["chla", "tp", "tn", "tn"],
            "value": [5.0, 0.1, 1.0, 1.1],
        }
    )
    got = lake.tli(long)
    assert got.select("tli_tn", "reason_tn", "reason_tli").row(0) == (
        None,
        "repeated",
        "missing_tn",
    )


def test_bad_input():
    with pytest.raises(SchemaError, match="parameters"):
        lake.tli(pl.DataFrame({"station": ["a"]}))
    with pytest.raises(SchemaError, match="missing"):
        lake.tli(pl.DataFrame({"chla": [1.0]}), parameters=["chla", "tp"])
    with pytest.raises(SchemaError, match="sub-indices"):
        lake.tli_of(pl.DataFrame({"chla": [1.0]}))
    for wrong in ({"parameters": ["do"]}, {"parameters": []}, {"weights": "mine"}, {"digits": 7}):
        with pytest.raises(ShanshuiError):
            lake.tli(pl.DataFrame({"chla": [1.0]}), **wrong)


# --- engines -----------------------------------------------------------------------------------


def engine_frame():
    rng = random.Random(3)
    rows = [
        {"station": f"s{n}"}
        | {i: rng.choice([f"{rng.uniform(0.1, 20):.3f}", "0.5L", None, "坏", "0"]) for i in FIVE}
        for n in range(60)
    ]
    return pl.DataFrame(rows, schema_overrides=dict.fromkeys(FIVE, pl.String))


@pytest.mark.parametrize("kind", KINDS)
def test_every_engine_gives_what_polars_gives(kind):
    check_engine(kind, lake.tli, engine_frame(), ["station"])
    check_engine(kind, lambda f: lake.tli_of(f, weights="relative", digits=3), hulun(), ["year"])

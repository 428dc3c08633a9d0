"""Sea water: published grades, classes against a slow reference, areas, every engine."""

import random
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from water_engines import KINDS, check_engine

from shanshui._confidence import warn_recalled
from shanshui.standards import SchemaError, ShanshuiError, UnverifiedFigure, round_half_even
from shanshui.water import sea

examples = settings(deadline=None, max_examples=15)

# Shares (%) of classes 1 to 劣四类 and the grade, as published. Of 2019 only 1+2 and 劣四类 are.
PUBLISHED = [
    ("全国 2017", (34.5, 33.3, 10.1, 6.5, 15.6), "一般"),
    ("渤海 2017", (19.8, 48.1, 14.8, 7.4, 9.9), "一般"),
    ("黄海 2017", (37.4, 45.1, 9.9, 5.5, 2.2), "良好"),
    ("东海 2017", (15.9, 31.0, 12.4, 9.7, 31.0), "差"),
    ("南海 2017", (57.6, 18.2, 5.3, 3.8, 15.2), "一般"),
    ("全国 2014", (28.6, 38.2, 7.0, 7.6, 18.6), "一般"),
    ("全国 2019", (0.0, 76.6, 11.7, 0.0, 11.7), "一般"),
]

# GB 3097-1997 table 1, classes 1 to 4, anew from the facts.
LIMITS = {
    "cod": "2 3 4 5",
    "bod5": "1 3 4 5",
    "din": "0.20 0.30 0.40 0.50",
    "nh3": "0.020 0.020 0.020 0.020",
    "dip": "0.015 0.030 0.030 0.045",
    "hg": "0.00005 0.0002 0.0002 0.0005",
    "cd": "0.001 0.005 0.010 0.010",
    "pb": "0.001 0.005 0.010 0.050",
    "cr6": "0.005 0.010 0.020 0.050",
    "cr": "0.05 0.10 0.20 0.50",
    "as": "0.020 0.030 0.050 0.050",
    "cu": "0.005 0.010 0.050 0.050",
    "zn": "0.020 0.050 0.10 0.50",
    "se": "0.010 0.020 0.020 0.050",
    "ni": "0.005 0.010 0.020 0.050",
    "cn": "0.005 0.005 0.10 0.20",
    "sulfide": "0.02 0.05 0.10 0.25",
    "phenol": "0.005 0.005 0.010 0.050",
    "oil": "0.05 0.05 0.30 0.50",
    "las": "0.03 0.10 0.10 0.10",
    "ss_rise": "10 10 100 150",
    "temp_rise_summer": "1 1 4 4",
    "temp_rise": "2 2 4 4",
    "ph_shift": "0.2 0.2 0.5 0.5",
    "coliform": "10000 10000 10000",
    "fecal_coliform": "2000 2000 2000",
}


def limits_of(item):
    return [Fraction(x) for x in LIMITS[item].split()]


def test_limits_are_those_printed():
    table = {row["item"]: row for row in sea.limits().iter_rows(named=True)}
    assert set(table) == {*LIMITS, "ph", "do"}
    for item in LIMITS:
        got = [table[item][f"class_{n}"] for n in range(1, 5)]
        assert [Fraction(str(g)) for g in got if g is not None] == limits_of(item), item
    sure = {i for i, row in table.items() if row["confidence"] == "A"}
    assert sure == {"ph", "do", "cod", "din", "dip", "oil"}
    assert sea.classes()["colour"][0] == "#73B2FF"


def test_published_grades_seven_of_seven():
    rows = [
        (place, number, share)
        for place, shares, _ in PUBLISHED
        for number, share in enumerate(shares, start=1)
    ]
    frame = pl.DataFrame(rows, schema=["place", "class", "km2"], orient="row")
    got = {r["place"]: r for r in sea.evaluate(frame, by="place", area="km2").to_dicts()}
    for place, shares, grade in PUBLISHED:
        assert got[place]["grade"] == grade, place
        if abs(sum(shares) - 100) < 0.01:
            assert got[place]["bad_ratio"] == shares[4]
            assert [got[place][f"class_{n}_ratio"] for n in range(1, 6)] == list(shares)


def test_ends_of_the_grades():
    cases = [
        ((60, 30, 10, 0, 0), "优"),
        ((59, 41, 0, 0, 0), "良好"),
        ((60, 29, 11, 0, 0), "良好"),
        ((0, 80, 0, 20, 0), "良好"),
        ((0, 79, 0, 21, 0), "一般"),
        ((0, 60, 0, 10, 30), "一般"),
        ((0, 60, 0, 9, 31), "差"),
        ((0, 59, 31, 10, 0), "一般"),
        ((0, 59, 30, 11, 0), "差"),
        ((0, 0, 0, 60, 40), "差"),
        ((0, 0, 0, 59, 41), "极差"),
        ((30, 20, 0, 9, 41), "极差"),
    ]
    for shares, grade in cases:
        points = [n for n, count in enumerate(shares, start=1) for _ in range(count)]
        got = sea.evaluate(pl.DataFrame({"class": points}))
        assert got["grade"].item() == grade, shares
        assert got["shares_of"].item() == "points"


# --- classes -----------------------------------------------------------------------------------


def read(cell):
    if cell is None:
        return None
    below = cell.startswith("<") or cell.endswith("L")
    value = Fraction(Decimal(cell.strip("<L"))) / (2 if below else 1)
    return value if 0 <= value <= 10**5 else None


def class_of(item, value):
    if value is None:
        return None
    if item == "ph":
        if value > 14:
            return None
        if Fraction("7.8") <= value <= Fraction("8.5"):
            return 1
        return 3 if Fraction("6.8") <= value <= Fraction("8.8") else 5
    if item == "do":
        return (
            None if value > 60 else next((n for n, x in enumerate((6, 5, 4, 3), 1) if value > x), 5)
        )
    printed = limits_of(item)
    return next((n for n, x in enumerate(printed, 1) if value <= x), len(printed) + 1)


ITEMS = ["ph", "do", "cod", "din", "dip", "pb", "coliform"]
PARTS = ["no3n", "no2n", "nh4n"]


def cells(item):
    limits = {"ph": "6.8 7.8 8.5 8.8", "do": "3 4 5 6"}.get(item, LIMITS.get(item, "0.1 0.2"))
    near = st.builds(
        lambda limit, step: f"{Decimal(limit) + Decimal(step):f}",
        st.sampled_from(limits.split()),
        st.sampled_from(["0", "0", "1e-9", "-1e-9", "0.05"]),
    )
    below = st.builds(lambda limit: f"{limit}L", st.sampled_from(limits.split()))
    return st.one_of(near, near, below, st.sampled_from([None, "-1", "0"]))


ROWS = st.lists(
    st.fixed_dictionaries({i: cells(i) for i in [*ITEMS, *PARTS]}), min_size=10, max_size=30
)


@examples
@given(ROWS)
def test_classes_are_those_of_the_reference(rows):
    frame = pl.DataFrame(rows, schema=dict.fromkeys([*ITEMS, *PARTS], pl.String))
    for got, row in zip(sea.classify(frame).to_dicts(), rows, strict=True):
        values = {i: read(row[i]) for i in [*ITEMS, *PARTS]}
        parts = [values[p] for p in PARTS]
        total = None if None in parts else sum(parts)
        assert got["din_sum"] == (None if total is None else float(total))
        if values["din"] is None:
            values["din"] = total
            some = any(p is not None for p in parts)
            said = (got["reason_din"] or "").split(",")
            assert ("missing_part" in said) == (total is None and some)
        classes = {i: class_of(i, values[i]) for i in ITEMS}
        for item, want in classes.items():
            assert got[f"class_{item}"] == want, (item, row)
        known = {i: c for i, c in classes.items() if c}
        worst = max(known.values(), default=None)
        assert got["class"] == worst
        decide = {i for i, c in known.items() if c == worst > 1}
        assert set((got["deciding"] or "").split(",")) - {""} == decide
        assert set((got["exceeding"] or "").split(",")) - {""} == {
            i for i, c in known.items() if c > 2
        }
        for item, number in known.items():
            if item in ("ph", "do"):
                assert f"times_{item}" not in got
                continue
            limit = limits_of(item)[1]
            want = round_half_even((values[item] - limit) / limit, 1) if number > 2 else None
            assert got[f"times_{item}"] == (None if want is None else float(want))


def test_oxygen_must_be_more_than_its_limit():
    got = sea.classify(pl.DataFrame({"do": [6.0, 6.000001, 3.0, 3.1]}))
    assert got["class"].to_list() == [2, 1, 5, 4]


def test_nitrogen_from_its_parts():
    frame = pl.DataFrame(
        {"no3n": [0.2, 0.2, 0.2], "no2n": ["0.05", "0.02L", None], "nh4n": [0.05, 0.09, 0.1]}
    )
    got = sea.classify(frame)
    assert got["din_sum"].to_list() == [0.3, 0.3, None]
    assert got["class_name"].to_list() == ["二类", "二类", None]
    assert got["reason_din"].to_list() == [None, "below_limit", "missing_part"]
    # Only two of the columns: never a sum of two.
    assert sea.classify(frame.drop("nh4n"))["reason_din"].to_list()[0] == "missing_part"
    # What is given goes before the sum.
    both = sea.classify(frame.with_columns(din=pl.Series([0.1, None, None])))
    assert both["class_din"].to_list() == [1, 2, None]


def test_bacteria_have_no_fourth_limit_and_raw_shellfish_a_stricter_one():
    frame = pl.DataFrame({"coliform": [700, 701, 10001], "fecal_coliform": [140, 140, 140]})
    assert sea.classify(frame)["class"].to_list() == [1, 1, 4]
    assert sea.classify(frame, shellfish=True)["class"].to_list() == [1, 4, 4]
    assert "times_coliform" not in sea.classify(frame, target=4)


def test_recalled_limits_warn_and_sure_ones_do_not(recwarn):
    warn_recalled.cache_clear()
    frame = pl.DataFrame({"cod": [1.0], "cu": [0.001]})
    sea.classify(frame, items=["cod"])
    assert not recwarn.list
    with pytest.warns(UnverifiedFigure, match="GB 3097"):
        sea.classify(frame)
    with pytest.warns(UnverifiedFigure, match="HJ 442"):
        sea.evaluate(pl.DataFrame({"class": [1]}))
    with pytest.warns(UnverifiedFigure, match="eutrophication"):
        sea.eutrophication(pl.DataFrame({"cod": [1.0], "din": [0.1], "dip": [0.01]}))
    sea.classify(frame)
    assert not recwarn.list  # once in a process


def test_bad_input():
    with pytest.raises(SchemaError, match="no item"):
        sea.classify(pl.DataFrame({"station": ["a"]}))
    with pytest.raises(ShanshuiError, match="items"):
        sea.classify(pl.DataFrame({"cod": [1.0]}), items=["gold"])
    with pytest.raises(SchemaError, match="class"):
        sea.evaluate(pl.DataFrame({"cod": [1.0]}))
    with pytest.raises(SchemaError, match="numeric"):
        sea.evaluate(pl.DataFrame({"class": [1], "km2": ["much"]}), area="km2")
    with pytest.raises(SchemaError, match="din"):
        sea.eutrophication(pl.DataFrame({"cod": [1.0], "dip": [0.01]}))


# --- areas and eutrophication ------------------------------------------------------------------


@examples
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.sampled_from([1, 2, 3, 4, 5, None]),
            st.one_of(st.integers(0, 10**6).map(lambda n: n / 1000), st.sampled_from([None, -1.0])),
        ),
        min_size=1,
        max_size=25,
    )
)
def test_areas_are_those_of_the_reference(rows):
    frame = pl.DataFrame(
        rows, schema={"sea": pl.String, "class": pl.Int64, "km2": pl.Float64}, orient="row"
    )
    for got in sea.evaluate(frame, by="sea", area="km2").to_dicts():
        mine = [(c, a) for where, c, a in rows if where == got["sea"] and c]
        assert got["points"] == len(mine)
        if any(a is None or a < 0 for _, a in mine):
            assert got["reason"] == "no_area"
            assert got["good_ratio"] is got["grade"] is got["area"] is None
            continue
        areas = [(c, Fraction(str(a))) for c, a in mine]
        whole = sum(a for _, a in areas)
        assert got["area"] == float(whole)
        assert got["reason"] is None
        for name, inside in [("good_ratio", (1, 2)), ("bad_ratio", (5,)), ("class_3_ratio", (3,))]:
            part = sum(a for c, a in areas if c in inside)
            want = float(round_half_even(Fraction(part * 100) / whole, 1)) if whole else None
            assert got[name] == want


def test_eutrophication_at_its_ends():
    """COD × DIN × DIP × 10⁶ / 4500 with COD 1.5: the ends at DIN 0.1 are DIP 0.03, 0.09, 0.27."""
    dip = [0.0299, 0.03, 0.09, 0.0901, 0.27, 0.2701, None]
    frame = pl.DataFrame({"cod": 1.5, "din": 0.1, "dip": dip})
    got = sea.eutrophication(frame)
    assert got["level"].to_list() == [0, 1, 1, 2, 2, 3, None]
    assert got["eutrophication"].to_list() == [1.0, 1.0, 3.0, 3.0, 9.0, 9.0, None]
    parts = frame.select("cod", "dip", no3n=0.05, no2n=0.02, nh4n=0.03)
    assert sea.eutrophication(parts)["level"].to_list() == got["level"].to_list()


# --- engines -----------------------------------------------------------------------------------


def engine_frame():
    rng = random.Random(5)
    values = ["0.02", "0.3", "0.05L", "ND", None, "6", "8.1", "坏"]
    rows = [
        {"station": f"s{n}", "sea": "甲乙"[n % 2], "km2": rng.choice([1.25, 10.0, 0.1])}
        | {i: rng.choice(values) for i in [*ITEMS, *PARTS]}
        for n in range(40)
    ]
    return pl.DataFrame(rows, schema_overrides=dict.fromkeys([*ITEMS, *PARTS], pl.String))


FRAME = engine_frame()


@pytest.mark.parametrize("kind", KINDS)
def test_every_engine_gives_what_polars_gives(kind):
    check_engine(kind, sea.classify, FRAME, ["station"])
    check_engine(kind, sea.eutrophication, FRAME.drop("pb"), ["station"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_engine_evaluates_alike(kind):
    classified = sea.classify(FRAME).select("sea", "km2", "class")
    check_engine(kind, lambda f: sea.evaluate(f, by="sea", area="km2"), classified, ["sea"])
    check_engine(kind, sea.evaluate, classified, ["points"])

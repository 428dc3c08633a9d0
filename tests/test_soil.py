"""Soil: published rows, the clauses' boundaries, a slow reference, engines, bad input, files."""

import io
import math
import random
import re
import warnings
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from comparing import agree, rows_of
from engine_cases import Engines
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from shanshui import soil
from shanshui.cli.app import app
from shanshui.platform.ingest import ReadError, read_soil
from shanshui.platform.ingest.columns import simplify, vocabulary
from shanshui.standards import (
    SchemaError,
    ShanshuiError,
    UnknownEdition,
    UnverifiedFigure,
    editions,
    round_half_even,
)

KINDS = ["polars lazy", "pandas", "pyarrow", "duckdb", "ibis"]
made = Engines()

# ---------------------------------------------------------------------------------------------
# the slow reference: the standard's tables as they are printed, typed a second time

SCREENING = """
cd paddy 0.3 0.4 0.6 0.8
cd other 0.3 0.3 0.3 0.6
hg paddy 0.5 0.5 0.6 1.0
hg other 1.3 1.8 2.4 3.4
as paddy 30 30 25 20
as other 40 40 30 25
pb paddy 80 100 140 240
pb other 70 90 120 170
cr paddy 250 250 300 350
cr other 150 150 200 250
cu orchard 150 150 200 200
cu other 50 50 100 100
ni other 60 70 100 190
zn other 200 200 250 300
hch other 0.1 0.1 0.1 0.1
ddt other 0.1 0.1 0.1 0.1
bap other 0.55 0.55 0.55 0.55
"""
INTERVENTION = """
cd 1.5 2.0 3.0 4.0
hg 2.0 2.5 4.0 6.0
as 200 150 120 100
pb 400 500 700 1000
cr 800 850 1000 1300
"""
FARM = {
    (row.split()[0], row.split()[1]): [Fraction(v) for v in row.split()[2:]]
    for row in SCREENING.strip().splitlines()
}
HIGH = {
    row.split()[0]: [Fraction(v) for v in row.split()[1:]]
    for row in INTERVENTION.strip().splitlines()
}
ITEMS = ("cd", "hg", "as", "pb", "cr", "cu", "ni", "zn", "hch", "ddt", "bap")
USES = {
    "水田": "paddy",
    "Upland": "other",
    "果园": "orchard",
    "水旱轮作": "rotation",
    "茶园": "other",
}


def slow_screening(item, use, band):
    if use == "rotation":
        return min(slow_screening(item, "paddy", band), slow_screening(item, "other", band))
    row = FARM.get((item, use)) or FARM[item, "other"]
    return row[band]


def slow_band(ph):
    return next(
        (n for n, top in enumerate((5.5, 6.5, 7.5)) if Fraction(str(ph)) <= Fraction(top)), 3
    )


def slow_farmland(row, items=ITEMS):
    out, risks, indices = {}, {}, {}
    ph, land = row["ph"], row["land"]
    for item in items:
        value = row[item]
        whys = []
        if value is None:
            whys.append("missing")
        elif value < 0:
            whys.append("negative")
        elif value > 1_000_000:
            whys.append("absurd")
        if item not in ("hch", "ddt", "bap"):
            if ph is None:
                whys.append("no_ph")
            elif not 0 <= ph <= 14:
                whys.append("ph_range")
            if item not in ("ni", "zn"):
                if land is None:
                    whys.append("no_land")
                elif land not in USES:
                    whys.append("unknown_land")
        out[f"reason_{item}"] = ",".join(whys) or None
        out[f"risk_{item}"] = out[f"index_{item}"] = None
        if whys:
            continue
        band = 0 if item in ("hch", "ddt", "bap") else slow_band(ph)
        low = slow_screening(item, USES.get(land, "other"), band)
        exact = Fraction(str(value))
        high = HIGH.get(item)
        risk = 1 if exact <= low else 2 if high is None or exact <= high[band] else 3
        out[f"risk_{item}"] = risks[item] = risk
        indices[item] = exact / low
        out[f"index_{item}"] = float(round_half_even(exact / low, 2))
    worst = max(risks.values(), default=None)
    out["category"] = worst
    out["deciding"] = None
    if worst and worst > 1:
        out["deciding"] = ",".join(i for i in items if risks.get(i) == worst)
    out["assessed"] = len(risks)
    out["nemerow"] = None
    if indices:
        mean = sum(indices.values()) / len(indices)
        square = (mean * mean + max(indices.values()) ** 2) / 2
        # Exact to the second decimal: the root of a whole number of ten-thousandths.
        root = math.isqrt(math.floor(square * 10**40))
        out["nemerow"] = float(round_half_even(Fraction(root, 10**20), 2))
    return out


def random_samples(seed, count):
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        row = {
            "id": number,
            "land": rng.choice([*USES, *USES, None, "火星"]),
            "ph": rng.choice([5.5, 5.500001, 6.5, 6.51, 7.5, 7.6, round(rng.uniform(4, 9), 2)]),
        }
        if rng.random() < 0.1:
            row["ph"] = rng.choice([None, -1.0, 14.5])
        for item in ITEMS:
            edges = [v for key, values in FARM.items() if key[0] == item for v in values]
            edges += HIGH.get(item, [])
            edge = float(rng.choice(edges))
            row[item] = rng.choice(
                [edge, round(edge * 1.0001, 7), round(edge * rng.random() * 3, 3)]
            )
            if rng.random() < 0.06:
                row[item] = rng.choice([None, -0.1, 2e6, 0.0])
        rows.append(row)
    kinds = dict.fromkeys(("ph", *ITEMS), pl.Float64) | {"land": pl.String, "id": pl.Int64}
    return rows, pl.DataFrame(rows, schema_overrides=kinds)


@settings(max_examples=12)
@given(seed=st.integers(0, 10**9))
def test_farmland_gives_what_the_slow_reference_gives(seed):
    rows, frame = random_samples(seed, 40)
    want = [{"id": row["id"], **slow_farmland(row)} for row in rows]
    agree(soil.farmland(frame), want, ["id"], [c for c in want[0] if c != "id"])


# ---------------------------------------------------------------------------------------------
# published rows


def test_manganese_mine_of_guangxi():
    """Soil at a manganese mine (ChinaXiv, 2022): P_i of five items and P_N = 106.69."""
    row = pl.DataFrame(
        {"ph": 6.0, "cd": 5.56, "mn": 25888.62, "cr": 103.34, "pb": 48.91, "zn": 230.02}
    )
    got = soil.farmland(row, land="other", references={"mn": 176.0}).row(0, named=True)
    published = {"cd": 18.53, "mn": 147.09, "cr": 0.69, "pb": 0.54, "zn": 1.15}
    assert {i: got[f"index_{i}"] for i in published} == published
    assert (got["nemerow"], got["nemerow_items"], got["assessed"]) == (106.69, 5, 4)
    # The paper prints no class; cadmium is above its intervention value of 2.0.
    assert (got["category"], got["deciding"]) == (3, "cd")


def test_arsenic_of_a_site():
    """A site's report prints 0.93 for arsenic of 119 against 60; (C - S) / S is 0.98."""
    got = soil.construction(pl.DataFrame({"as": [119.0]}), land=2).row(0, named=True)
    assert (got["screening_as"], got["times_as"], got["risk_as"]) == (60.0, 0.98, 2)


def test_paired_soil_and_rice(shared):
    file = shared / "data" / "soil_cadmium_rice" / "soil_cd.csv"
    if not file.exists():
        pytest.skip("the samples of soil and rice are absent")
    table = pl.read_csv(file)
    given_columns = table.rename({"land_use": "land", "soil_cd_mg_kg": "cd"}).with_row_index("id")
    got = soil.farmland(given_columns)
    uses = {"Paddy": "水田", "Upland": "Upland"}
    want = []
    for row in given_columns.iter_rows(named=True):
        seen = slow_farmland(row | {"land": uses[row["land"]]}, items=("cd",))
        want.append({"id": row["id"], **seen})
    agree(got, want, ["id"], [c for c in want[0] if c != "id"])
    assert got.height == 136
    assert dict(got["category"].value_counts().iter_rows()) == {1: 76, 2: 60}


# ---------------------------------------------------------------------------------------------
# the tables


def cas_is_sound(number):
    digits = number.replace("-", "")
    total = sum(int(d) * n for n, d in enumerate(reversed(digits[:-1]), start=1))
    return total % 10 == int(digits[-1])


def test_construction_table_is_whole_and_plausible():
    table = soil.construction_limits()
    assert dict(table["group"].value_counts().iter_rows()) == {"basic": 45, "other": 40}
    assert table["item"].n_unique() == 85
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", item) for item in table["item"])
    for row in table.iter_rows(named=True):
        assert row["screening_1"] <= row["screening_2"], row
        assert row["control_1"] <= row["control_2"], row
        assert row["screening_1"] <= row["control_1"], row
        assert row["screening_2"] <= row["control_2"], row
        assert all(cas_is_sound(n) for n in (row["cas"] or "").split(", ") if n), row
    assert set(table.filter(pl.col("confidence") != "A")["group"]) == {"other"}


def test_construction_table_is_that_of_the_facts(shared):
    facts = shared / "facts" / "soil_noise.md"
    if not facts.exists():
        pytest.skip("the list of facts is absent")
    text = facts.read_text(encoding="utf-8").split("## 2 GB 36600")[1].split("### 2.3")[0]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if re.match(r"\| \d", line)]

    def decimal(cell):
        raised = cell.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
        return Decimal(raised.replace("×10", "E"))

    figures = ["screening_1", "screening_2", "control_1", "control_2"]
    mine = soil.construction_limits().select("name", *figures).rows()
    want = [(row[1], *(float(decimal(c)) for c in row[-4:])) for row in rows]
    assert mine == want


def test_farmland_values_of_rotation_are_the_stricter():
    frame = pl.DataFrame({"ph": [5.0, 6.0, 7.0, 8.0]}).with_columns(
        **dict.fromkeys(("cd", "hg", "as", "pb", "cr", "cu"), 1.0)
    )
    got = soil.farmland(frame, land="水旱轮作")
    assert got["screening_cd"].to_list() == [0.3, 0.3, 0.3, 0.6]
    assert got["screening_hg"].to_list() == [0.5, 0.5, 0.6, 1.0]
    assert got["screening_pb"].to_list() == [70, 90, 120, 170]
    assert got["screening_cu"].to_list() == [50, 50, 100, 100]
    assert got["intervention_cd"].to_list() == [1.5, 2.0, 3.0, 4.0]
    assert got["intervention_cu"].null_count() == 4


def test_every_item_can_be_read_by_its_names():
    known = {simplify(n): role for role, names in vocabulary()["soil"].items() for n in names}
    for domain, table in (("soil.farmland", "items"), ("soil.construction", "limits")):
        for row in editions(domain)[-1].table(table):
            for name in (row["item"], row["name"], *row.get("cas", "").split(", ")):
                if name:
                    assert known.get(simplify(name)) == row["item"], name


# ---------------------------------------------------------------------------------------------
# rules


def test_construction_against_a_slow_reference():
    rng = random.Random(5)
    table = {r["item"]: r for r in soil.construction_limits().iter_rows(named=True)}
    rows = []
    for number in range(80):
        row = {"id": number, "use": rng.choice(["第一类用地", "2", "工业用地", None, "不明"])}
        for item, limits in table.items():
            edge = limits[rng.choice(["screening_1", "screening_2", "control_1", "control_2"])]
            row[item] = rng.choice([edge, edge * 1.00001, edge * rng.random() * 2, None, -1.0])
        rows.append(row)
    background = {"as": 70.0, "v": 800.0}
    frame = pl.DataFrame(rows, infer_schema_length=None)
    got = soil.construction(frame, land="use", background=background).to_dicts()
    seen = set()
    for row, mine in zip(rows, got, strict=True):
        second = row["use"] in ("2", "工业用地")
        assert mine["land_class"] == (2 if second else 1)
        assert mine["land_assumed"] == (row["use"] in (None, "不明"))
        risks, excused = {}, []
        for item, limits in table.items():
            value = row[item]
            if value is None or value < 0:
                assert mine[f"reason_{item}"] == ("missing" if value is None else "negative")
                assert mine[f"risk_{item}"] is None
                continue
            exact = round_half_even(value, 9)
            low, high = (
                Decimal(str(limits[f"{kind}_{2 if second else 1}"]))
                for kind in ("screening", "control")
            )
            risk = 1 if exact <= low else 2 if exact <= high else 3
            times = float(round_half_even((Fraction(exact) - Fraction(low)) / Fraction(low), 2))
            assert mine[f"times_{item}"] == (times if exact > low else None), item
            if exact > low and exact <= background.get(item, -1):
                excused.append(item)
                risk = 1
            assert mine[f"risk_{item}"] == risk, (item, value)
            risks[item] = risk
            seen.add((item in background, risk))
        worst = max(risks.values())
        assert mine["risk"] == worst
        deciding = [i for i in table if risks.get(i) == worst] if worst > 1 else []
        assert mine["deciding"] == (",".join(deciding) or None)
        assert mine["within_background"] == (",".join(excused) or None)
        assert mine["assessed"] == len(risks)
    assert len(seen) == 6


def test_background_by_place():
    soils = pl.DataFrame({"city": ["甲", "乙", "丙"], "as": [30.0, 30.0, 30.0]})
    local = pl.DataFrame({"city": ["甲", "乙"], "as": [30.0, 29.9]})
    got = soil.construction(soils, background=local, by="city")
    assert got["risk_as"].to_list() == [1, 2, 2]
    assert got["within_background"].to_list() == ["as", None, None]
    with pytest.raises(SchemaError, match="two rows"):
        soil.construction(soils, background=pl.concat([local, local]), by="city")
    with pytest.raises(ShanshuiError, match="in by"):
        soil.construction(soils, background=local)
    with pytest.raises(ShanshuiError, match="only as, co, v"):
        soil.construction(soils, background={"pb": 30.0})


def test_a_detection_limit_above_the_screening_value_says_nothing():
    soils = pl.DataFrame(
        {"ph": 6.0, "cd": [0.1, 5.0], "censored_cd": [0.2, 10.0], "pb": [1.0, 1.0]}
    )
    got = soil.farmland(soils, land="paddy")
    assert got["risk_cd"].to_list() == [1, None]
    assert got["reason_cd"].to_list() == [None, "detection_limit"]
    assert got["category"].to_list() == [1, 1]
    site = soil.construction(soils.select("censored_cd", cd="cd"), land=1)
    assert site["risk_cd"].to_list() == [1, 1]


def test_grades_are_given_on_request_and_with_a_warning():
    from shanshui import _confidence

    soils = pl.DataFrame({"ph": 6.0, "cd": [0.4, 0.41, 0.81, 1.21, 0.29]})
    assert "nemerow_grade" not in soil.farmland(soils, land="paddy").columns
    _confidence.warn_recalled.cache_clear()
    with pytest.warns(UnverifiedFigure, match="confidence C"):
        got = soil.farmland(soils, land="paddy", grades=True)
    assert got["grade_cd"].to_list() == [1, 2, 3, 4, 1]
    assert got["nemerow_grade_name"].to_list() == [
        *("警戒线", "轻度污染", "中度污染", "重度污染", "警戒线")
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        soil.farmland(soils, land="paddy", grades=True)


def test_safe_use_ratio():
    assert soil.safe_use_ratio(0, 93, 0, 100) == Decimal("93.00")
    assert soil.safe_use_ratio("1", "1", "0", "3", digits=1) == Decimal("66.7")
    assert soil.safe_use_ratio(0.1, 0.2, 0, 0.3) == Decimal("100.00")
    for wrong in [(1, 1, 1, 2), (-1, 1, 1, 2), (0, 0, 0, 0)]:
        with pytest.raises(ShanshuiError, match="areas"):
            soil.safe_use_ratio(*wrong)


# ---------------------------------------------------------------------------------------------
# engines


SAMPLES = random_samples(3, 60)[1].with_columns(
    mn=pl.lit(150.5), censored_cd=pl.when(pl.col("id") % 5 == 0).then(pl.lit(0.35))
)
CASES = {
    "farmland": lambda f: soil.farmland(f, references={"mn": 176.0}),
    "construction": lambda f: soil.construction(f, land="land", background={"as": 50.0}),
    "by place": lambda f: soil.construction(
        f, background=pl.DataFrame({"land": ["水田"], "as": [45.0]}), by="land"
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES)
def test_engines_agree(kind, case):
    native = made.native(kind, SAMPLES)
    got = CASES[case](native)
    assert type(got) is type(native)
    want = rows_of(CASES[case](SAMPLES))
    rows = rows_of(got)
    assert list(rows[0]) == list(want[0])
    agree(rows, want, ["id"], [c for c in want[0] if c != "id"])


def test_order_and_columns_of_the_caller_stay():
    shuffled = SAMPLES.sample(fraction=1, shuffle=True, seed=1).with_columns(risk=pl.lit("旧"))
    for case in CASES.values():
        got = case(shuffled)
        assert got["id"].to_list() == shuffled["id"].to_list()
        assert set(SAMPLES.columns) <= set(got.columns)
    assert soil.construction(shuffled)["risk_input"].unique().to_list() == ["旧"]


def test_a_lazy_frame_is_not_executed():
    fuse = SAMPLES.lazy().map_batches(lambda _: pytest.fail("executed"))
    assert isinstance(soil.farmland(fuse), pl.LazyFrame)
    assert isinstance(soil.construction(fuse), pl.LazyFrame)


def test_single_precision_stands_for_its_decimal():
    soils = pl.DataFrame({"ph": [6.5], "cd": [0.3]}, schema={"ph": pl.Float32, "cd": pl.Float32})
    assert soil.farmland(soils, land="upland")["risk_cd"].to_list() == [1]


# ---------------------------------------------------------------------------------------------
# bad input


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        ({"ph": [6.0]}, {"land": "paddy"}, "any item"),
        ({"cd": [1.0]}, {"land": "paddy"}, "missing column"),
        ({"ph": [6.0], "cd": [1.0]}, {}, "must be a column or a land use"),
        ({"ph": [6.0], "cd": ["1"]}, {"land": "paddy"}, "must be numeric"),
        ({"ph": ["酸"], "cd": [1.0]}, {"land": "paddy"}, "must be numeric"),
        ({"ph": [6.0], "cd": [1.0], "land": [3]}, {}, "names of land uses"),
        ({"ph": [6.0], "cd": [1.0]}, {"land": "paddy", "items": ["xx"]}, "has no item xx"),
        ({"ph": [6.0], "cd": [1.0]}, {"land": "paddy", "items": ["pb"]}, "no column of pb"),
        ({"ph": [6.0], "cd": [1.0]}, {"land": "paddy", "references": {"cd": 1}}, "of the standard"),
        ({"ph": [6.0], "cd": [1.0]}, {"land": "paddy", "references": {"mn": 1}}, "missing column"),
        (
            {"ph": [6.0], "cd": [1.0], "mn": [1.0]},
            {"land": "paddy", "references": {"mn": 0}},
            "positive",
        ),
    ],
)
def test_farmland_refuses(frame, options, message):
    with pytest.raises(ShanshuiError, match=message):
        soil.farmland(pl.DataFrame(frame), **options)


def test_unknown_editions_and_classes():
    with pytest.raises(UnknownEdition):
        soil.farmland(SAMPLES, edition="1995")
    assert soil.farmland(SAMPLES, edition="GB 15618-2018")["edition"][0] == "2018"
    with pytest.raises(ShanshuiError, match="1, 2 or a column"):
        soil.construction(SAMPLES, land=3)


def test_nothing_known_is_nothing_said():
    empty = pl.DataFrame({"ph": [None], "cd": [None], "land": [None]})
    got = soil.farmland(empty).row(0, named=True)
    assert got["reason_cd"] == "missing,no_ph,no_land"
    assert (got["category"], got["nemerow"], got["assessed"]) == (None, None, 0)
    assert soil.farmland(SAMPLES.head(0)).height == 0


# ---------------------------------------------------------------------------------------------
# files and commands

SHEET = """某县农用地土壤检测结果,,,,,
样品编号,土地利用类型,pH值,镉(μg/kg),总砷 mg/kg,六六六,备注
S1,水田,5.5,310,12.0,未检出,
S2,旱地,6.2,＜20,0.5L,0.11,重采
S3,果园,,/,—,ND(<0.02),
"""


def test_samples_are_read():
    got = read_soil(io.BytesIO(SHEET.encode("gb18030")))
    assert got["cd"].to_list() == [0.31, 0.01, None]
    assert got["censored_cd"].to_list() == [None, 0.02, None]
    assert got["as"].to_list() == [12.0, 0.25, None]
    assert got["hch"].to_list() == [None, 0.11, 0.01]
    assert got["reason_hch"].to_list() == ["no_detection_limit", None, None]
    assert got["备注"].to_list() == [None, "重采", None]
    judged = soil.farmland(got)
    assert judged["category"].to_list() == [2, 2, 1]
    assert judged["deciding"].to_list() == ["cd", "hch", None]
    assert judged["reason_hch"].to_list() == ["no_detection_limit", None, None]
    assert judged["reason_cd"].to_list() == [None, None, "missing,no_ph"]


def test_one_row_a_result_is_read():
    text = (
        "样品编号,土地利用,项目,结果,单位\n"
        "S1,水田,pH,5.5,\nS1,水田,镉,310,μg/kg\nS1,水田,铅,<2,mg/kg\n"
        "S2,旱地,镉,0.2L,ug/kg\nS2,旱地,pH,7.1,\nS2,旱地,有机质,2.1%,\n"
    )
    got = read_soil(io.BytesIO(text.encode()))
    columns = ["sample", "land", "ph", "cd", "pb", "censored_cd"]
    assert got.select(columns).rows() == [
        ("S1", "水田", 5.5, 0.31, 1.0, None),
        ("S2", "旱地", 7.1, 0.0001, None, 0.0002),
    ]
    assert got["有机质"].to_list() == [None, "2.1%"]
    assert soil.farmland(got)["category"].to_list() == [2, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("样品,项目,结果\nA,镉,0.1\nA,Cd,0.2", "row 3: a sample has two results"),
        ("样品,项目,结果\nA,镉,0.1\nB,镉,多", "row 3, .*多"),
        ("样品,项目,结果,单位\nA,镉,0.1,mg/kg\nB,镉,1,ug/kg", "row 3: the unit"),
        ("项目,结果\n镉,0.1", "column of samples"),
        ("点位,pH,镉\nA,6,0.1\nB,6,微量", r"row 3, column \"镉\": \"微量\" is no number"),
        ("点位,pH,镉\nA,<6,0.1", r"row 2, column \"pH\""),
        ("点位,pH,总量\nA,6,0.1", "no column of a soil item"),
        ("点位,pH,镉(dB)\nA,6,0.1", "unit dB"),
        ("点位,pH,镉,Cd\nA,6,0.1,0.1", "mean the same"),
    ],
)
def test_bad_sheets_are_refused(text, message):
    with pytest.raises(ReadError, match=message):
        read_soil(io.BytesIO(text.encode()))


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_commands(tmp_path, ending):
    file, out = tmp_path / f"样品.{ending}", tmp_path / "结果.csv"
    table = pl.DataFrame(
        {"点位": ["A", "B"], "用地类型": ["水田", "工业用地"], "pH": ["5.4", "7"]}
    ).with_columns(pl.Series("砷", ["35", "119"]), pl.Series("苯并[a]芘", ["<0.1", "1.6"]))
    getattr(table, "write_excel" if ending == "xlsx" else f"write_{ending}")(file)
    run = CliRunner()
    done = run.invoke(app, ["soil", "farmland", str(file), "--land", "水田", "-o", str(out)])
    assert done.exit_code == 0, done.output
    assert pl.read_csv(out)["category_name"].to_list() == ["安全利用类", "安全利用类"]
    done = run.invoke(app, ["soil", "construction", str(file), "-o", str(out)])
    assert done.exit_code == 0, done.output
    got = pl.read_csv(out)
    assert got["land_class"].to_list() == [1, 2]
    assert got["times_as"].to_list() == [0.75, 0.98]
    assert got["deciding"].to_list() == ["as", "as,bap"]
    assert "按第一类用地" in done.output

"""Surface water: published classes, a slow reference, means, shares, ranks, every engine."""

import datetime as dt
import random
from fractions import Fraction
from pathlib import Path

import polars as pl
import published_water as published
import pytest
import reference_water as ref
from comparing import rows_of
from engine_cases import Engines
from hypothesis import given, settings
from hypothesis import strategies as st

from shanshui import water
from shanshui._confidence import warn_recalled
from shanshui.standards import SchemaError, ShanshuiError, UnverifiedFigure, round_half_even

FIVE = ("ph", "do", "codmn", "nh3n", "tp")
DATA = Path("../shared/data/water_auto_stations_2020_2021")


def examples(count):
    return settings(deadline=None, max_examples=count)


def manual_frame(rows=published.MANUAL):
    items = published.MANUAL_ITEMS
    cells = [dict(zip(items, figures, strict=False)) for _, _, figures, _ in rows]
    return pl.DataFrame(
        {
            "station": [r[0] for r in rows],
            "kind": [r[1] for r in rows],
            "published": [r[3] for r in rows],
            **{i: [None if c.get(i) is None else str(c[i]) for c in cells] for i in items},
        }
    )


# --- published ---------------------------------------------------------------------------------


def test_platform_classes():
    names = ["station", "time", "kind", *FIVE, "published", "expected"]
    rows = pl.DataFrame(published.PLATFORM, schema=names, orient="row")
    got = water.surface.classify(rows, kind="kind", rule="platform")
    assert got["class_name"].to_list() == got["published"].to_list()
    mine = [set((d or "").split(",")) for d in got["deciding"]]
    assert mine == [set((d or "").split(",")) for d in got["expected"]]


def test_manual_classes():
    got = water.surface.classify(manual_frame(), kind="kind")
    wrong = got.filter(pl.col("class_name") != pl.col("published"))
    assert wrong.is_empty(), wrong
    # With an item that is not printed, the class is at least as good as the published one.
    short = water.surface.classify(manual_frame(published.UNPRINTED), kind="kind")
    assert short["class"].to_list() == [1]


def test_total_nitrogen_stands_apart():
    rows = pl.DataFrame(
        {"tn": [n for n, _ in published.NITROGEN], "codmn": 1.0, "do": 9.0, "tp": 0.005}
    )
    got = water.surface.classify(rows, kind="lake")
    assert got["class_tn"].to_list() == [c for _, c in published.NITROGEN]
    assert set(got["class"]) == {1}
    assert set(got["unused"]) == {"tn"}
    assert set(water.surface.classify(rows)["class_tn"]) == {None}


@pytest.mark.skipif(
    not DATA.exists(), reason="needs ../shared/data, which is not beside this checkout"
)
@pytest.mark.parametrize(
    ("name", "least", "different"),
    [
        ("national_snapshot_20200508", 1, 0),
        # At one hour the archive carries the class of another hour at four sections.
        ("key100_daily_202005_202012", 0.9997, 4),
        # This file holds only what the platform shows, rounded; the class is of what it measured.
        ("national_4h_20210401_03", 0.986, 307),
    ],
)
def test_archive_of_the_platform(name, least, different):
    """The kind of a section is not in the archive: the one that its published classes obey."""
    rows = pl.read_parquet(DATA / f"{name}.parquet").filter(pl.col("wq_class").is_not_null())
    rows = rows.select("province", "section", "wq_class", *FIVE)
    for kind in ("river", "lake"):
        got = water.surface.classify(rows, kind=kind, rule="platform", items=FIVE)
        rows = rows.with_columns((got["class_name"] == got["wq_class"]).alias(kind))
    sections = rows.group_by("province", "section").agg(pl.sum("river", "lake"), n=pl.len())
    same = sections.select(pl.max_horizontal("river", "lake").sum()).item()
    assert rows.height - same == different
    assert same / rows.height >= least


def test_shares_and_states_as_published():
    for place, counts, good, bad, state in published.SHARES:
        classes = [c for c, n in counts.items() for _ in range(n)]
        row = water.surface.shares(pl.DataFrame({"class": classes})).row(0, named=True)
        assert (row["good_ratio"], row["bad_ratio"]) == (good, bad), place
        assert row["sections"] == sum(counts.values())
        if state:
            assert ref.status_by_shares(counts) == state
            made = evaluated_of(counts)
            assert made["status"] == state, place
            assert made["judged_by"] == "shares"


def evaluated_of(counts):
    """Sections of the given classes, made by ammonia alone."""
    ammonia = {1: 0.1, 2: 0.4, 3: 0.8, 4: 1.2, 5: 1.8, 6: 3.0}
    rows = [{"river": "甲河", "nh3n": ammonia[c]} for c, n in counts.items() for _ in range(n)]
    return water.surface.evaluate(pl.DataFrame(rows)).row(0, named=True)


def test_rounding_as_the_platform_shows():
    for item, _, raw, shown in published.ROUNDED:
        frame = pl.DataFrame({item: [raw]})
        got = water.surface.rounded(frame, digits="hourly")
        assert got[item].to_list() == [shown], (item, raw)


def test_archive_of_the_platform_shows_what_is_rounded(shared):
    """Every value of 2020 that the archive holds as measured and as shown."""
    archive = shared / "data" / "water_auto_stations_2020_2021"
    compared = 0
    for name in ("national_snapshot_20200508", "key100_daily_202005_202012"):
        rows = pl.read_parquet(archive / f"{name}.parquet").rename({"water_temp": "temp"})
        rows = rows.rename({"water_temp_pub": "temp_pub"})
        got = water.surface.rounded(rows, digits="hourly")
        for item in ("temp", "ph", "do", "codmn", "nh3n", "tp", "tn"):
            both = rows.select(raw=pl.col(item), mine=got[item], shown=f"{item}_pub").drop_nulls()
            wrong = both.filter((pl.col("mine") - pl.col("shown")).abs() > 1e-9)
            compared += both.height
            assert wrong.is_empty(), (name, item, wrong)
    assert compared == 117_011


def test_multiples_as_printed():
    for value, limit, printed, digits in published.MULTIPLES:
        times = (Fraction(str(value)) - Fraction(str(limit))) / Fraction(str(limit))
        assert float(round_half_even(times, digits)) == printed
    # 观澜河 2018 against Ⅴ, in whole tenths as bulletins of sections print them.
    row = pl.DataFrame({"nh3n": [3.27], "tp": [0.492]})
    got = water.surface.classify(row, target=5)
    assert got.select("times_nh3n", "times_tp", "main_text").row(0) == (
        0.6,
        0.2,
        "氨氮(0.6)、总磷(0.2)",
    )


def test_mean_of_ph_as_a_public_test_has_it():
    values = [6.5, 7.9, 8.8, 9, 6.78, 8.87]
    days = [dt.date(2021, 1, n) for n in range(1, 7)]
    got = water.surface.aggregate(
        pl.DataFrame({"station": "A", "date": days, "ph": values}), rounded=False
    )
    assert round(got["ph"][0], 2) == 7.08
    assert got["ph"][0] == pytest.approx(ref.mean_ph(values), abs=1e-9)


# --- against the reference ---------------------------------------------------------------------

NEAR = [0, 0, 1, -1, 49, 50, 51, -49, -50, -51]
"""Steps from a limit, in hundredths of the last decimal: on it, beside it, and around the tie."""


def random_cell(rng, item):
    if rng.random() < 0.1:
        return None
    if item == "ph":
        value = Fraction(rng.choice([6, 9, 7, 6, 9]))
    elif item == "do":
        value = rng.choice(ref.numbers(ref.OXYGEN))
    else:
        table = ref.LAKE if item in ref.LAKE and rng.random() < 0.5 else ref.LIMITS
        value = rng.choice(ref.numbers(table.get(item, ref.LAKE.get(item))))
    if item != "ph" and rng.random() < 0.2:
        value *= Fraction(rng.randrange(1, 40), 10)
    value += Fraction(rng.choice(NEAR), 100 * 10 ** ref.DIGITS[item])
    text = format(round_half_even(max(value, Fraction(0)), 9).normalize(), "f")
    if rng.random() < 0.15 and item not in ("ph", "do"):
        return rng.choice(["<{}", "{}L", "＜ {}", "{}l"]).format(text)
    return text


@examples(25)
@given(
    seed=st.integers(0, 10**6),
    rule=st.sampled_from(["assessment", "platform"]),
    target=st.sampled_from([None, 2, 3, 4, 5]),
    long=st.booleans(),
)
def test_classify(seed, rule, target, long):
    rng = random.Random(seed)
    items = rng.sample([*ref.EVALUATED, "tn", "fecal_coliform"], rng.randrange(3, 24))
    if not set(items) & set(FIVE):
        items.append("nh3n")
    rows = []
    for n in range(20):
        rows.append({"station": f"s{n:02}", "kind": rng.choice(["河流", "湖库"])})
        rows[-1] |= {i: random_cell(rng, i) for i in items}
    frame = pl.DataFrame(rows, schema_overrides=dict.fromkeys(items, pl.String))
    if long:
        cells = [
            {"station": r["station"], "kind": r["kind"], "item": i, "value": r[i]}
            for r in rows
            for i in items
        ]
        rng.shuffle(cells)
        frame = pl.DataFrame(cells, schema_overrides={"value": pl.String})
    more = {"by": ["station", "kind"]} if long else {}
    got = water.surface.classify(frame, kind="kind", rule=rule, target=target, **more)
    for row, new in zip(rows, rows_of(got.sort("station")), strict=True):
        kind = "lake" if row["kind"] == "湖库" else "river"
        want = ref.classify(row, kind, rule=rule, target=target)
        for column in ("class", "class_name"):
            assert new[column] == want[column], (row, column)
        assert set(filter(None, (new["deciding"] or "").split(","))) == want["deciding"]
        assert (new["main"] or "").split(",") == (want["main"] or [""]), row
        for item in items:
            if f"class_{item}" in new:
                assert new[f"class_{item}"] == want.get(f"class_{item}"), (item, row[item])
            if f"times_{item}" in new:
                times = want.get(f"times_{item}")
                assert new[f"times_{item}"] == (None if times is None else float(times))
        if target:
            assert new["attains"] == want["attains"]


@examples(20)
@given(
    seed=st.integers(0, 10**6), period=st.sampled_from(["month", "quarter", "half", "year", "ytd"])
)
def test_aggregate(seed, period):
    rng = random.Random(seed)
    rows = []
    for station in ("A", "B"):
        for month in range(1, 13):
            for day in rng.sample(range(1, 29), rng.choice([0, 1, 1, 2, 3])):
                row = {"station": station, "date": dt.date(2021, month, day)}
                row |= {i: random_cell(rng, i) for i in ("ph", "nh3n", "hg", "tp")}
                rows.append(row)
    rng.shuffle(rows)
    if not rows:
        return
    frame = pl.DataFrame(
        rows, schema_overrides=dict.fromkeys(("ph", "nh3n", "hg", "tp"), pl.String)
    )
    got = rows_of(water.surface.aggregate(frame, period=period))
    for new in got:
        own = [
            r
            for r in rows
            if r["station"] == new["station"] and new["start"] <= r["date"] <= new["end"]
        ]
        assert own
        for item in ("nh3n", "hg", "tp"):
            values = [(r["date"].month, ref.measured(r[item])) for r in own]
            values = [(m, v) for m, v in values if v is not None]
            if period not in ("month", "quarter"):
                months = sorted({m for m, _ in values})
                by_month = [[v for n, v in values if n == m] for m in months]
                values = [(m, sum(v) / len(v)) for m, v in zip(months, by_month, strict=True)]
            least = {"quarter": 2, "year": 12}.get(period, 1)
            assert new[f"n_{item}"] == len(values)
            if len(values) < least:
                assert new[item] is None
                assert new[f"reason_{item}"] is not None
                continue
            mean = sum(v for _, v in values) / len(values)
            # A tie that only the ninth decimal of a monthly mean decides is not in these cases.
            assert new[item] == float(ref.rounded(mean, ref.DIGITS[item])), (item, values)


@examples(10)
@given(seed=st.integers(0, 10**6))
def test_evaluate(seed):
    rng = random.Random(seed)
    rows = []
    for river in ("甲河", "乙河", "丙湖"):
        for n in range(rng.choice([1, 3, 4, 5, 6, 12])):
            row = {"river": river, "station": f"{river}{n}"}
            row |= {"kind": "湖库" if river == "丙湖" else "河流"}
            rows.append(row | {i: random_cell(rng, i) for i in ("do", "codmn", "nh3n", "tp", "pb")})
    items = ("do", "codmn", "nh3n", "tp", "pb")
    frame = pl.DataFrame(rows, schema_overrides=dict.fromkeys(items, pl.String))
    got = {r["river"]: r for r in rows_of(water.surface.evaluate(frame, kind="kind"))}
    for river in ("甲河", "乙河", "丙湖"):
        own = [r for r in rows if r["river"] == river]
        kind = "lake" if river == "丙湖" else "river"
        judged = [ref.classify(r, kind) for r in own]
        classes = [j["class"] for j in judged if j["class"]]
        new = got[river]
        assert new["sections"] == len(classes)
        if len(classes) < 5 or kind == "lake":
            means = {}
            for i in items:
                values = [v for v in (ref.measured(r[i]) for r in own) if v is not None]
                mean = sum(values) / len(values) if values else None
                means[i] = None if mean is None else float(ref.rounded(mean, ref.DIGITS[i]))
            want = ref.classify(means, kind)
            assert (new["judged_by"], new["class"]) == ("means", want["class"])
            assert (new["main"] or "").split(",") == (want["main"] or [""])
        else:
            counts = {c: classes.count(c) for c in classes}
            assert (new["judged_by"], new["class"]) == ("shares", None)
            assert new["status"] == ref.status_by_shares(counts)
            over = {i: sum((j.get(f"class_{i}") or 0) > 3 for j in judged) for i in items}
            order = sorted(
                (i for i in items if over[i]), key=lambda i: (-over[i], ref.ORDER.index(i))
            )
            clean = new["status"] in ("优", "良好")
            assert new["main"] == (None if clean or not order else ",".join(order[:3]))


def test_sections_that_the_roster_leaves_out_are_not_counted():
    rows = pl.DataFrame({"river": "甲", "nh3n": [0.1, 3.0, 3.0], "left_out": [None, None, "断流"]})
    judged = water.surface.classify(rows, target=3)
    got = water.surface.shares(judged).row(0, named=True)
    assert (got["sections"], got["bad_ratio"], got["judged"], got["attained"]) == (2, 50.0, 2, 1)
    state = water.surface.evaluate(rows).row(0, named=True)
    assert (state["sections"], state["class"]) == (2, 5)  # the mean of the two is 1.55


def test_cwqi_by_hand():
    """Two river sections and a lake of one city, three items, every step written out."""
    rows = pl.DataFrame(
        {
            "city": "甲市",
            "kind": ["河流", "河流", "湖库"],
            "ph": [7.6, 8.4, 6.0],
            "do": [8.0, 9.0, 10.0],
            "tp": [0.1, 0.3, 0.05],
        }
    )
    got = water.surface.cwqi(rows, kind="kind", items=["ph", "do", "tp"]).row(0, named=True)
    # River: pH 7.82 by ions, 8 at no decimals: (8-7)/2; DO 8.5: 5/8.5; TP 0.2: 0.2/0.2.
    river = Fraction(1, 2) + Fraction(50, 85) + 1
    # Lake: pH 6: (7-6)/1; DO 10: 5/10; TP 0.05 against the lake's 0.05.
    lake = 1 + Fraction(1, 2) + 1
    assert got["cwqi_river"] == float(round_half_even(river, 4))
    assert got["cwqi_lake"] == float(round_half_even(lake, 4))
    assert got["cwqi"] == float(round_half_even((2 * river + lake) / 3, 4))
    assert (got["sections_river"], got["sections_lake"], got["items"]) == (2, 1, 3)
    short = water.surface.cwqi(rows, kind="kind").row(0, named=True)
    assert short["cwqi"] is None
    assert set(short["missing"].split(",")) == set(ref.EVALUATED) - {"ph", "do", "tp"}


def test_trend_is_spearmans():
    scipy = pytest.importorskip("scipy.stats")
    rng = random.Random(5)
    for n in (5, 8, 12):
        values = rng.sample(range(100), n)
        frame = pl.DataFrame({"station": "A", "start": range(n), "v": values})
        got = water.surface.trend(frame, "v").row(0, named=True)
        want = scipy.spearmanr(range(n), values).statistic
        assert got["rs"] == pytest.approx(want, abs=1e-6)
        bound = {5: 0.9, 8: 0.643, 12: 0.506}[n]
        said = "上升" if want >= bound else "下降" if want <= -bound else "无显著变化"
        assert (got["critical"], got["trend"]) == (bound, said)
    few = pl.DataFrame({"station": "A", "start": range(4), "v": range(4)})
    assert water.surface.trend(few, "v")["trend"].to_list() == [None]


CHANGES = [
    ("means", "良好", "means", "良好", "无明显变化"),
    ("means", "优", "means", "良好", "有所好转"),
    ("means", "中度污染", "means", "轻度污染", "有所下降"),
    ("means", "优", "means", "中度污染", "明显好转"),
    ("means", "重度污染", "means", "良好", "明显下降"),
]


@pytest.mark.parametrize(("how", "now", "how_before", "before", "said"), CHANGES)
def test_change_by_grade(how, now, how_before, before, said):
    def one(status, judged_by):
        return pl.DataFrame(
            {"river": ["甲"], "status": [status], "judged_by": [judged_by]}
        ).with_columns(good_ratio=50.0, bad_ratio=0.0)

    assert water.surface.change(one(now, how), one(before, how_before))["change"][0] == said


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        (60.0, 10.0, "无明显变化"),
        (70.1, 10.0, "有所好转"),
        (80.1, 10.0, "明显好转"),
        (60.0, 20.1, "有所下降"),
        (50.0, 20.1, "明显下降"),
        (65.0, 5.0, "无明显变化"),
    ],
)
def test_change_by_shares(good, bad, said):
    before = pl.DataFrame({"river": ["甲"], "status": ["轻度污染"], "judged_by": ["shares"]})
    before = before.with_columns(good_ratio=60.0, bad_ratio=10.0)
    now = before.with_columns(good_ratio=pl.lit(good), bad_ratio=pl.lit(bad))
    got = water.surface.change(now, before).row(0, named=True)
    assert got["change"] == said
    assert got["good_ratio_change"] == round(good - 60, 1)


def test_recalled_figures_warn_once():
    warn_recalled.cache_clear()
    frame = pl.DataFrame({"station": "A", "start": range(5), "v": range(5)})
    with pytest.warns(UnverifiedFigure, match="Wp"):
        water.surface.trend(frame, "v")
    water.surface.trend(frame, "v")


# --- merging, reasons, bad input ---------------------------------------------------------------


def test_merge():
    keys = {"station": ["A", "B"], "period": ["2021-01"] * 2}
    auto = pl.DataFrame(keys | {"ph": [7.1, None], "nh3n": [0.2, 0.3], "tp": [None, 0.05]})
    hand = pl.DataFrame(
        {"station": ["A", "C"], "period": ["2021-01"] * 2, "nh3n": [0.9, 0.8], "tp": [0.1, 0.2]}
    ).with_columns(cod=12.0)
    fused = water.surface.merge(auto, hand)
    assert fused.select("station", "ph", "nh3n", "tp", "cod").rows() == [
        ("A", 7.1, 0.2, 0.1, 12.0),
        ("B", None, 0.3, 0.05, None),
        ("C", None, 0.8, 0.2, 12.0),
    ]
    assert fused.select("source_nh3n", "source_tp", "source_cod").rows() == [
        ("auto", "manual", "manual"),
        ("auto", "auto", None),
        ("manual", "manual", "manual"),
    ]
    manual = water.surface.merge(auto, hand, rule="assessment")
    assert manual.drop_nulls("nh3n").select("station", "nh3n").rows() == [("A", 0.9), ("C", 0.8)]
    platform = water.surface.merge(auto, hand, rule="platform")
    assert "cod" not in platform.columns
    assert platform.drop_nulls("nh3n").select("station", "nh3n").rows() == [("A", 0.2), ("B", 0.3)]


def test_reasons_say_what_happened():
    cells = ["0.02L", "ND", "未检出", "三", "-0.1", "99999", "—", "NaN"]
    rows = pl.DataFrame({"station": [f"s{n}" for n in range(8)], "nh3n": cells, "do": 8.0})
    got = water.surface.classify(rows)
    assert got["reason_nh3n"].to_list() == [
        "below_limit",
        "no_detection_limit",
        "no_detection_limit",
        "unreadable",
        "negative",
        "absurd",
        None,
        "unreadable",
    ]
    assert got["class_nh3n"].to_list() == [1] + [None] * 7
    known = water.surface.classify(rows, detection={"nh3n": 0.5})
    assert known["class_nh3n"].to_list()[1:3] == [2, 2]
    assert known["reason_nh3n"].to_list()[1:3] == ["below_limit"] * 2


def test_a_kind_that_is_not_said_leaves_phosphorus_out():
    rows = pl.DataFrame({"kind": ["河流", "运河", None], "tp": 0.15, "nh3n": 0.3})
    got = water.surface.classify(rows, kind="kind")
    assert got["class_tp"].to_list() == [3, None, None]
    assert got["reason_tp"].to_list() == [None, "no_kind", "no_kind"]
    assert got["class"].to_list() == [3, 2, 2]
    assert got["used"].to_list() == ["nh3n,tp", "nh3n", "nh3n"]


def test_repeated_values_of_a_long_table_settle_nothing():
    rows = pl.DataFrame(
        {"station": "A", "time": 1, "item": ["tp", "tp", "nh3n"], "value": [0.1, 0.3, 0.2]}
    )
    got = water.surface.classify(rows).row(0, named=True)
    assert (got["class_tp"], got["reason_tp"], got["class"]) == (None, "repeated", 2)


def test_a_class_of_the_file_is_kept():
    rows = pl.DataFrame({"nh3n": [0.2], "class": ["Ⅲ"]})
    got = water.surface.classify(rows)
    assert got.select("class_input", "class").row(0) == ("Ⅲ", 2)


def test_oxygen_by_saturation():
    rows = pl.DataFrame({"do": [7.2, 7.2], "temp": [28.0, 10.0]})
    got = water.surface.classify(rows, saturation=True)
    assert got["class_do"].to_list() == [1, 2]  # 90 % of 468 / 59.6 is 7.07


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda f: water.surface.classify(f.select("station")), SchemaError, "可评价的项目"),
        (lambda f: water.surface.classify(f, kind="pond"), ShanshuiError, "pond"),
        (lambda f: water.surface.classify(f, rule="worst"), ShanshuiError, "platform"),
        (lambda f: water.surface.classify(f, target=7), ShanshuiError, "1—5"),
        (lambda f: water.surface.classify(f, items=["x"]), ShanshuiError, "items"),
        (lambda f: water.surface.classify(f, detection={"tp": 1}), ShanshuiError, "detection"),
        (water.surface.aggregate, SchemaError, "date"),
        (water.surface.evaluate, SchemaError, "river"),
        (water.surface.shares, SchemaError, "class"),
        (water.surface.cwqi, SchemaError, "city"),
        (lambda f: water.surface.trend(f, "nh3n"), SchemaError, "start"),
        (lambda f: water.surface.merge(f, f, rule="best", by="station"), ShanshuiError, "fused"),
    ],
)
def test_bad_calls_are_refused(call, error, said):
    with pytest.raises(error, match=said):
        call(pl.DataFrame({"station": ["A"], "nh3n": [0.2]}))


# --- engines -----------------------------------------------------------------------------------


def engine_frame():
    rng = random.Random(8)
    items = ("ph", "do", "codmn", "nh3n", "tp", "pb", "tn")
    rows = []
    for n in range(60):
        row = {"station": f"s{n % 12}", "river": f"r{n % 2}", "kind": ["河流", "湖库"][n % 2]}
        row |= {"date": dt.date(2021, 1 + n // 30, 1 + n % 28), "target": 2 + n % 4}
        rows.append(row | {i: random_cell(rng, i) for i in items})
    return pl.DataFrame(rows, schema_overrides=dict.fromkeys(items, pl.String))


FRAME = engine_frame()
PLAIN = water.surface.aggregate(FRAME, by=["station", "river", "kind", "target"])
CASES = {
    "classify": (
        lambda f: water.surface.classify(f, kind="kind", target="target"),
        FRAME,
        ["station", "date"],
    ),
    "aggregate": (
        lambda f: water.surface.aggregate(f, by=["station", "kind"]),
        FRAME,
        ["station", "period"],
    ),
    "evaluate": (
        lambda f: water.surface.evaluate(f, by=["river", "period"], kind="kind"),
        PLAIN.select("river", "period", "kind", "do", "nh3n", "tp"),
        ["river", "period"],
    ),
    "cwqi": (
        lambda f: water.surface.cwqi(f, by="river", kind="kind", items=["ph", "do", "tp"]),
        PLAIN.select("river", "kind", "ph", "do", "tp"),
        ["river"],
    ),
    "trend": (
        lambda f: water.surface.trend(f, "nh3n", time="date"),
        FRAME.select("station", "date", nh3n=pl.int_range(60).reverse() * 7 % 60),
        ["station"],
    ),
}


@pytest.mark.parametrize("kind", ["polars lazy", "pandas", "pyarrow", "duckdb", "ibis"])
@pytest.mark.parametrize("case", CASES)
def test_every_engine_gives_what_polars_gives(kind, case):
    function, frame, keys = CASES[case]
    native = Engines().native(kind, frame)
    got = function(native)
    assert type(got) is type(native)
    order = lambda row: [str(row[k])[:10] for k in keys]  # noqa: E731 - pandas has days as datetimes
    mine, theirs = (sorted(rows_of(f), key=order) for f in (got, function(frame)))
    assert len(mine) == len(theirs) > 0
    for row, want in zip(mine, theirs, strict=True):
        for column, value in want.items():
            if column not in ("date", "start", "end"):
                assert row[column] == value, (column, row, want)

"""The air quality health index against printed bands, numbers by hand and a slow reference."""

import datetime as dt
import json
import math
import random
import re
import tomllib
from fractions import Fraction
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
import reference as ref
from comparing import agree, rows_of
from engine_cases import Engines, check_case
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from random_air import hour_frame, hours_of
from typer.testing import CliRunner

from shanshui import air
from shanshui.cli.app import app
from shanshui.standards.errors import SchemaError, ShanshuiError, UnknownEdition

# As printed: written down here a second time, so that a slip in the tables shows.
BETA = {
    "no2": 0.0004462559,
    "so2": 0.0001393235,
    "o3": 0.0005116328,
    "pm10": 0.0002821751,
    "pm25": 0.0002180567,
}
BETAS = {
    "hk-2013": BETA,
    "hk-2025": BETA | {"o3": 0.0004888034},
    "ca": {"no2": 0.000871, "o3": 0.000537, "pm25": 0.000487},
}
BOUNDS = {
    "hk-2013": [1.88, 3.76, 5.64, 7.52, 9.41, 11.29, 12.91, 15.07, 17.22, 19.37],
    "hk-2025": [1.87, 3.73, 5.60, 7.46, 9.33, 11.20, 12.81, 14.94, 17.08, 19.21],
    "ca": [n + 0.5 for n in range(1, 11)],
}
CLASSES = {
    "hk": ["低"] * 3 + ["中"] * 3 + ["高"] + ["甚高"] * 3 + ["严重"],
    "ca": ["低"] * 3 + ["中"] * 3 + ["高"] * 4 + ["甚高"],
}
CLASSES_EN = {"低": "Low", "中": "Moderate", "高": "High", "甚高": "Very high", "严重": "Serious"}
MOLAR = {"no2": 46.0055, "o3": 47.9982}
EDITIONS = ["hk-2013", "hk-2025", "ca"]
FIVE = ["so2", "no2", "o3", "pm10", "pm25"]


def steady(*rows, hours=3):
    """Stations whose hours are all alike, so that the mean is the value."""
    return pl.DataFrame(
        [
            {"station": f"s{n}", "time": dt.datetime(2025, 5, 1, hour)}
            | dict.fromkeys(FIVE, 0.0)
            | row
            for n, row in enumerate(rows)
            for hour in range(9, 9 + hours)
        ],
        infer_schema_length=None,
    )


def last(frame):
    """The last hour of each station, where the three hours are there."""
    return frame.filter(pl.col("time") == pl.col("time").max()).sort("station")


# ---------------------------------------------------------------------------------------------
# printed figures and numbers by hand


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_bound_belongs_to_the_band_that_is_printed(edition):
    item = "pm25" if edition == "ca" else "no2"
    share = 0.0104 if edition == "ca" else 0.01  # 10/10.4 of the risk in % is the index of Canada
    exact = [round(math.log1p(b * share) / BETAS[edition][item], 6) for b in BOUNDS[edition]]
    for shift, step in ((-0.0001, 0), (0.0, int(edition == "ca")), (0.0001, 1)):
        got = last(air.health_index(steady(*({item: c + shift} for c in exact)), edition=edition))
        if not shift:
            assert got["aqhi_value"].to_list() == BOUNDS[edition]
        # A bound is the band's own in Hong Kong; in Canada a half is rounded up.
        assert got["aqhi"].to_list() == [n + step for n in range(1, 11)]
    assert got["aqhi_text"].to_list() == [*map(str, range(2, 11)), "10+"]
    classes = CLASSES[edition[:2]]
    assert got["aqhi_class"].to_list() == classes[1:]
    assert got["aqhi_class_en"].to_list() == [CLASSES_EN[c] for c in classes[1:]]
    assert set(got["aqhi_edition"]) == {edition}


@pytest.mark.parametrize("edition", EDITIONS)
def test_tables_are_as_printed(edition):
    bands = air.health_bands(edition=edition)
    assert bands["high"].to_list() == [*BOUNDS[edition], None]
    assert bands["low"].to_list() == [0.0, *BOUNDS[edition]]
    assert bands["name"].to_list() == CLASSES[edition[:2]]
    assert set(bands["confidence"]) == {"B" if edition == "hk-2025" else "A"}
    betas = air.health_coefficients(edition=edition)
    assert dict(betas.select("item", "beta").iter_rows()) == BETAS[edition]


def test_hong_kong_by_hand():
    one = {"so2": 4.0, "no2": 42.0, "o3": 93.0, "pm10": 32.0, "pm25": 22.0}
    got = last(air.health_index(steady(one, one | {"pm25": 60.0}))).to_dicts()
    risk = {i: (math.exp(BETAS["hk-2025"][i] * c) - 1) * 100 for i, c in one.items()}
    for item in FIVE:
        assert got[0][f"risk_{item}"] == pytest.approx(risk[item], abs=6e-7)
    # PM10 0.9070 against PM2.5 0.4809: the larger one of them
    total = risk["so2"] + risk["no2"] + risk["o3"] + risk["pm10"]
    assert total == pytest.approx(7.505524, abs=5e-7)
    assert got[0]["added_risk"] == got[0]["aqhi_value"] == pytest.approx(total, abs=3e-6)
    assert (got[0]["aqhi"], got[0]["aqhi_class"], got[0]["aqhi_status"]) == (5, "中", "ok")
    more = total - risk["pm10"] + (math.exp(0.0002180567 * 60) - 1) * 100
    assert got[1]["added_risk"] == pytest.approx(more, abs=3e-6)


def test_canada_by_hand():
    got = last(air.health_index(steady({"no2": 37.6, "o3": 98.1, "pm25": 20.0}), edition="ca")).row(
        0, named=True
    )
    ppb = {"no2": 37.6 * 24.465 / 46.0055, "o3": 98.1 * 24.465 / 47.9982}
    assert ppb == pytest.approx({"no2": 37.6 / 1.880, "o3": 98.1 / 1.962}, rel=3e-4)
    parts = [0.000871 * ppb["no2"], 0.000537 * ppb["o3"], 0.000487 * 20]
    index = 10 / 10.4 * 100 * sum(math.exp(p) - 1 for p in parts)
    assert got["aqhi_value"] == pytest.approx(index, abs=3e-6)
    assert got["aqhi_value"] == pytest.approx(5.2475, abs=1e-3)  # 20 and 50 ppb
    assert (got["aqhi"], got["aqhi_text"], got["aqhi_class_en"]) == (5, "5", "Moderate")
    assert "so2_3h" not in got


def test_the_scale_begins_at_one():
    got = last(air.health_index(steady({}), edition="ca"))
    assert got.select("added_risk", "aqhi").row(0) == (0.0, 1)


# ---------------------------------------------------------------------------------------------
# hours


def at(*hours, **values):
    """One station: hour offsets from 2025-05-01 00:00 to NO2; the other items are 0."""
    rows = [
        {"station": "s", "time": dt.datetime(2025, 5, 1) + dt.timedelta(hours=h)}
        | dict.fromkeys(FIVE, 0.0)
        | {"no2": v}
        for h, v in hours
    ]
    return air.health_index(pl.DataFrame(rows), **values)


def test_a_missing_row_is_a_missing_hour():
    got = at((10, 30.0), (13, 60.0), (12, 40.0))
    # 10:00 stands alone; 12:00 has 10:00 beside it; 13:00 has 12:00
    assert got["no2_3h"].to_list() == [None, 50.0, 35.0]
    assert got["reason_no2_3h"].to_list() == ["few_hours", None, None]
    assert got["aqhi_status"].to_list() == ["no_data", "ok", "ok"]
    assert at((10, 30.0), (13, 60.0), (12, 40.0), min_hours=3)["no2_3h"].to_list() == [None] * 3
    assert at((10, 30.0), min_hours=1)["no2_3h"].to_list() == [30.0]


def test_means_run_across_midnight_and_months():
    got = at((-1, 10.0), (0, 20.0), (1, 60.0), (2, 70.0))
    assert got["no2_3h"].to_list() == [None, 15.0, 30.0, 50.0]
    assert at((0, 20.0), (1, 60.0), (2, 70.0), stamp="start")["no2_3h"].to_list() == [
        None,
        40.0,
        50.0,
    ]


def test_a_repeated_hour_voids_its_day_and_lends_nothing():
    got = at((22, 1.0), (23, 2.0), (23, 3.0), (24, 4.0), (25, 5.0), (26, 6.0))
    assert got["no2_3h"].to_list() == [None] * 5 + [5.5]
    assert got["reason_no2_3h"].to_list() == ["repeated_hour"] * 4 + ["few_hours", None]


def test_negative_absurd_and_missing_values():
    got = at((1, 10.0), (2, 20.0), (3, -1.0), (4, 99999.0), (5, None))
    assert got["no2_3h"].to_list() == [None, 15.0, 15.0, None, None]
    assert got["reason_no2_3h"].to_list() == [
        *("few_hours", None, "negative", "absurd,few_hours", "few_hours"),
    ]
    assert got["aqhi_status"].to_list() == ["no_data", "ok", "ok", "NA", "NA"]
    assert got["aqhi"].to_list() == [None, 1, 1, None, None]
    # what is there keeps its own risk
    assert got["risk_o3"].to_list()[3] == 0.0


def test_a_missing_item_gives_no_index_unless_it_is_exempt():
    hours = steady({"no2": 50.0, "pm10": 80.0})
    without = hours.with_columns(pm25=pl.lit(None, dtype=pl.Float64))
    got = last(air.health_index(without)).row(0, named=True)
    assert (got["aqhi"], got["added_risk"], got["aqhi_status"]) == (None, None, "NA")
    full = last(air.health_index(hours)).row(0, named=True)
    for frame in (without, hours.drop("pm25")):
        got = last(air.health_index(frame, exempt=["pm25"])).row(0, named=True)
        assert (got["added_risk"], got["aqhi_status"]) == (full["added_risk"], "partial")
    got = last(air.health_index(hours, exempt=["pm25"])).row(0, named=True)
    assert got["aqhi_status"] == "ok"
    with pytest.raises(SchemaError, match="pm25"):
        air.health_index(hours.drop("pm25"))
    with pytest.raises(ShanshuiError, match="exempt"):
        air.health_index(hours, exempt=["co"])


# ---------------------------------------------------------------------------------------------
# the slow reference


def slow(rows, edition, stamp="end", least=2):
    betas, out = BETAS[edition], []
    start = [
        r["time"] - dt.timedelta(hours=stamp == "end") if r["time"] is not None else None
        for r in rows
    ]
    times = [(r["station"], s) for r, s in zip(rows, start, strict=True)]
    twice = {(k, s.date()) for k, s in times if s is not None and times.count((k, s)) > 1}
    hours = {t: r for t, r in zip(times, rows, strict=True) if t[1] is not None}
    for row, (key, begin) in zip(rows, times, strict=True):
        made = dict(row)
        risks, repeated = {}, begin is not None and (key, begin.date()) in twice
        for item, beta in betas.items():
            values = []
            for back in range(3) if begin is not None and not repeated else ():
                hour = begin - dt.timedelta(hours=back)
                if (key, hour.date()) not in twice and (key, hour) in hours:
                    values.append(ref.sound(item, hours[key, hour][item]))
            values = [v for v in values if v is not None]
            mean = risk = None
            if len(values) >= least:
                mean = ref.half_even(sum(values) / len(values), 6)
                c = float(mean) * (24.465 / MOLAR[item] if edition == "ca" and item in MOLAR else 1)
                risk = Fraction(math.floor((math.exp(beta * c) - 1) * 1e8 + 0.5), 10**6)
            own = ref.number(row[item])
            codes = ["negative"] * (own is not None and own < 0)
            codes += ["absurd"] * (own is not None and own > ref.ABSURD[item])
            codes += ["repeated_hour"] * repeated
            codes += ["few_hours"] * (mean is None and not repeated)
            made |= {f"{item}_3h": mean, f"risk_{item}": risk}
            made[f"reason_{item}_3h"] = ",".join(codes) or None
            risks[item] = risk
        made |= dict.fromkeys(["added_risk", "aqhi_value", "aqhi", "aqhi_text", "aqhi_class"])
        made["aqhi_status"] = "no_data" if set(risks.values()) == {None} else "NA"
        if None not in risks.values():
            pm = max(risks.pop(i) for i in ("pm10", "pm25") if i in risks)
            total = sum(risks.values()) + pm
            value = ref.half_even(total / Fraction("1.04"), 6) if edition == "ca" else total
            high = [Fraction(str(b)) for b in BOUNDS[edition]]
            n = 1 + sum(value >= b if edition == "ca" else value > b for b in high)
            made |= {"added_risk": total, "aqhi_value": value, "aqhi": n, "aqhi_status": "ok"}
            made |= {"aqhi_text": "10+" if n == 11 else str(n)}
            made |= {"aqhi_class": CLASSES[edition[:2]][n - 1]}
        out.append(made)
    return out


@settings(max_examples=10, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    seed=st.integers(0, 2**32 - 1),
    start=st.sampled_from([dt.date(2024, 2, 28), dt.date(2025, 3, 20), dt.date(2025, 12, 31)]),
    edition=st.sampled_from(EDITIONS),
    stamp=st.sampled_from(["end", "start"]),
    gaps=st.sampled_from([0.0, 0.1, 0.4]),
    repeats=st.sampled_from([0.0, 0.02]),
)
def test_random_hours(seed, start, edition, stamp, gaps, repeats):
    rng = random.Random(seed)
    rows = hours_of(rng, start, 3, gaps=gaps, wild=0.03, repeats=repeats)
    # Random hours are low for an index of health: half of them are smog.
    factor = rng.choice([1, 5])
    for n, row in enumerate(rows):
        row["n"] = n
        for item in FIVE:
            if row[item] is not None and 0 < row[item] < 1000:
                row[item] = round(row[item] * factor, 6)
    if rng.random() < 0.2 and rows:
        rows.append(rows[0] | {"time": None, "n": len(rows)})
    frame = hour_frame([{k: v for k, v in r.items() if k != "n"} for r in rows])
    got = air.health_index(frame.with_row_index("n"), edition=edition, stamp=stamp)
    want = slow(rows, edition, stamp)
    columns = [c for c in (want[0] if want else {}) if c not in {"n", "network", "co", *FIVE}]
    for row in want:
        for name, value in row.items():
            row[name] = float(value) if isinstance(value, Fraction) else value
    agree(got, want, ["n"], [c for c in columns if c not in {"station", "time"}])


# ---------------------------------------------------------------------------------------------
# engines

KINDS = ["polars lazy", "pandas", "pyarrow", "duckdb", "ibis"]


@pytest.fixture(scope="module")
def engines():
    return Engines()


def smog():
    rows = hours_of(random.Random(5), dt.date(2025, 3, 20), 3, gaps=0.1, wild=0.02)
    frame = hour_frame(rows)
    return frame.with_columns(pl.col("no2", "o3", "pm10") * 3)


# Ibis takes its time to write out the plan, and Canada has three items of five.
PAIRS = [(kind, "ca" if kind == "ibis" else "hk-2025") for kind in KINDS]


@pytest.mark.parametrize(("kind", "edition"), PAIRS)
def test_every_engine_gives_what_polars_gives(engines, kind, edition):
    def function(frame):
        return air.health_index(frame, edition=edition)

    check_case(engines, kind, f"health {edition}", (function, smog(), ["station", "time"]))


def test_rows_keep_their_order_and_columns():
    hours = smog().with_columns(aqhi=pl.lit(3), edition=pl.lit("x"))
    got = air.health_index(hours)
    kept = got.select(pl.col("aqhi_input").alias("aqhi"), pl.exclude("aqhi_input", "aqhi"))
    assert kept.select(hours.columns).equals(hours)
    again = air.health_index(got)
    assert again["aqhi"].equals(got["aqhi"])
    assert air.health_index(again).columns == again.columns


# ---------------------------------------------------------------------------------------------
# tables of one's own


@pytest.mark.parametrize("kind", ["polars", "pandas", "pyarrow", "list"])
def test_an_edition_given_as_frames_says_the_same(kind):
    betas, bands = air.health_coefficients(), air.health_bands()
    turn = {
        "polars": lambda f: f,
        "pandas": pl.DataFrame.to_pandas,
        "pyarrow": pl.DataFrame.to_arrow,
        "list": pl.DataFrame.to_dicts,
    }[kind]
    coefficients = turn(betas)
    hours = smog()
    got = air.health_index(hours, coefficients=coefficients, bands=turn(bands))
    assert set(got["aqhi_edition"]) == {"own"}
    assert got.drop("aqhi_edition").equals(air.health_index(hours).drop("aqhi_edition"))


OWN = """
number = "丽水（示例）"
[tables]
coefficients = [
  { item = "co", beta = 0.03 },
  { item = "o3", beta = 0.0005, term = "gas" },
  { item = "no2", beta = 0.001, unit = "ppb", molar_mass = 46.0055, term = "gas" },
]
bands = [
  { aqhi = 1, high = 2, name = "低" },
  { aqhi = 2, name = "高", name_en = "High" },
]
[parameters]
hours = { value = 1 }
min_hours = { value = 1 }
digits = { value = 2 }
"""


def test_a_file_of_ones_own(tmp_path):
    path = tmp_path / "自定.toml"
    path.write_text(OWN, encoding="utf-8")
    hours = steady({"o3": 10.0, "no2": 10.0}, {"o3": 30.0, "no2": 10.0}).with_columns(co=0.5)
    got = last(air.health_index(hours, coefficients=path))
    co = (math.exp(0.015) - 1) * 100
    no2, o3 = ((math.exp(p) - 1) * 100 for p in (0.01 * 24.465 / 46.0055, 0.015))
    want = [round(co + no2, 2), round(co + o3, 2)]
    assert want == [2.04, 3.02]
    assert got["aqhi_value"].to_list() == want
    assert got["aqhi_class"].to_list() == ["高", "高"]
    assert got["aqhi_class_en"].to_list() == ["High", "High"]
    assert set(got["aqhi_edition"]) == {"丽水（示例）"}
    assert "no2_1h" in got.columns
    assert last(air.health_index(hours, coefficients=str(path))).equals(got)
    low = air.health_index(hours.with_columns(pl.col("co", "o3", "no2") * 0), coefficients=path)
    assert set(low["aqhi_class_en"]) == {"低"}  # no English name was given


def test_the_table_on_the_page_can_be_used():
    page = Path(__file__).parent.parent / "docs" / "air" / "methods" / "health-index.md"
    text = re.search(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)[1]
    got = last(air.health_index(steady({"pm25": 80.0}), coefficients=tomllib.loads(text)))
    risk = (math.exp(0.0003 * 80) - 1) * 100
    assert got["added_risk"].item() == pytest.approx(risk, abs=6e-7)
    assert got.select("aqhi", "aqhi_class", "aqhi_edition").row(0) == (2, "中", "某市2024")


BETA_ROWS = [{"item": "no2", "beta": 0.0004}]
BAND_ROWS = [{"aqhi": 1, "high": 2.0}, {"aqhi": 2}]
BAD = {
    "no bands": ({"no2": 0.0004}, None, "bands"),
    "no tables": ({"tables": 3}, None, "tables"),
    "no coefficients": ({"tables": {"bands": BAND_ROWS}}, None, "coefficients"),
    "none in the table": ({"tables": {"coefficients": BETA_ROWS}}, None, "bands"),
    "unknown item": ({"tsp": 0.0004}, BAND_ROWS, "tsp"),
    "negative beta": ({"no2": -0.0004}, BAND_ROWS, "-0.0004"),
    "beta as text": ({"no2": "0.0004"}, BAND_ROWS, "beta"),
    "beta per 10": ({"no2": 0.04}, BAND_ROWS, "too large"),
    "beta nan": ({"no2": float("nan")}, BAND_ROWS, "beta"),
    "twice": (BETA_ROWS * 2, BAND_ROWS, "more than once"),
    "unit": ([{"item": "no2", "beta": 0.0004, "unit": "mg/m3"}], BAND_ROWS, "mg/m3"),
    "no molar mass": ([{"item": "no2", "beta": 0.0004, "unit": "ppb"}], BAND_ROWS, "molar_mass"),
    "lazy": (pl.LazyFrame(BETA_ROWS), BAND_ROWS, "in memory"),
    "number": (3, BAND_ROWS, "in memory"),
    "aqhi not whole": (BETA_ROWS, [{"aqhi": 1.5, "high": 2.0}, {"aqhi": 2}], "1.5"),
    "no end": (BETA_ROWS, [{"aqhi": 1, "high": 2.0}], "last"),
    "gap": (BETA_ROWS, [{"aqhi": 1}, {"aqhi": 2}], "last"),
    "falling": (BETA_ROWS, [{"aqhi": 1, "high": 2}, {"aqhi": 2, "high": 2}, {"aqhi": 3}], "rise"),
    "falling index": (BETA_ROWS, [{"aqhi": 2, "high": 2}, {"aqhi": 1}], "rise"),
    "decimals": (BETA_ROWS, [{"aqhi": 1, "high": 0.1234567}, {"aqhi": 2}], "decimals"),
    "high below 0": (BETA_ROWS, [{"aqhi": 1, "high": -1}, {"aqhi": 2}], "positive"),
    "empty bands": (BETA_ROWS, [], "bands"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_tables_are_refused_by_one_clear_error(case):
    coefficients, bands, said = BAD[case]
    with pytest.raises(ShanshuiError, match=said) as caught:
        air.health_index(steady({}), coefficients=coefficients, bands=bands)
    assert "健康指数表" in str(caught.value)
    assert " / " in str(caught.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("hours = { value = 25 }", "hours"),
        ("hours = { value = 1 }\nmin_hours = { value = 2 }", "min_hours"),
        ("hours = 3", "value"),
        ("hour = { value = 3 }", "unknown parameter hour"),
        ("scale = { value = [1, 0] }", "scale"),
        ("digits = { value = 7 }", "digits"),
        ("inclusive = { value = 'yes' }", "inclusive"),
        ("= 3", "cannot read"),
    ],
)
def test_bad_parameters_of_a_file(tmp_path, line, said):
    path = tmp_path / "my.toml"
    path.write_text(OWN.partition("[parameters]")[0] + "[parameters]\n" + line, encoding="utf-8")
    hours = steady({}).with_columns(co=0.5)
    with pytest.raises(ShanshuiError, match=said):
        air.health_index(hours, coefficients=path)


def test_what_is_not_there_is_said():
    with pytest.raises(ShanshuiError, match=r"none\.toml"):
        air.health_index(steady({}), coefficients="none.toml")
    with pytest.raises(UnknownEdition, match="hk-2013"):
        air.health_index(steady({}), edition="hk")
    for table in (air.health_bands, air.health_coefficients):
        with pytest.raises(UnknownEdition):
            table(edition="2012")
    with pytest.raises(ShanshuiError, match="min_hours"):
        air.health_index(steady({}), min_hours=4)
    with pytest.raises(SchemaError, match="station"):
        air.health_index(steady({}).drop("station"))


def test_other_dress():
    hours = smog()
    want = air.health_index(hours)
    moved = air.health_index(hours.rename({"station": "站点"}), by="站点")
    assert moved["aqhi"].equals(want["aqhi"])
    ours = rows_of(air.health_index(pd.DataFrame(hours.to_dict(as_series=False))))
    assert [r["aqhi"] for r in ours] == want["aqhi"].to_list()


# ---------------------------------------------------------------------------------------------
# command line


@pytest.fixture
def command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    smog().write_csv("小时.csv")
    (tmp_path / "系数.toml").write_text(OWN, encoding="utf-8")

    def run(*words, code=0):
        done = CliRunner().invoke(app, ["air", "health", *words])
        assert done.exit_code == code, (done.output, done.exception)
        return done

    return run


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ((), {}),
        (("--edition", "ca", "--min-hours", "3"), {"edition": "ca", "min_hours": 3}),
        (("--exempt", "so2", "--stamp", "start"), {"exempt": ["so2"], "stamp": "start"}),
        (("--coefficients", "系数.toml"), {"coefficients": "系数.toml"}),
    ],
)
def test_command(command, words, options):
    got = json.loads(command("小时.csv", "--json", *words).stdout)
    want = air.health_index(
        smog().group_by("station", "time", maintain_order=True).first(), **options
    )
    assert [r["aqhi_text"] for r in got] == want["aqhi_text"].to_list()
    assert {r["aqhi_edition"] for r in got} == set(want["aqhi_edition"])


def test_command_prints_and_refuses(command):
    done = command("小时.csv")
    assert "AQHI" in done.stdout
    assert "2018" not in done.stderr
    assert "没有这个文件" in command("没有.csv", "--coefficients", "无.toml", code=2).output
    air.daily(smog()).write_csv("日值.csv")
    assert "小时数据" in str(command("日值.csv", code=1).exception)

"""Rosters of sections: one form, clear errors, and the row in force on the day."""

import datetime as dt
import random

import polars as pl
import pytest
from comparing import as_date, rows_of
from engine_cases import Engines
from hypothesis import given
from hypothesis import strategies as st

from shanshui.standards.errors import SchemaError, ShanshuiError
from shanshui.water import surface
from shanshui.water.surface.roster import COLUMNS

D = dt.date


def listed(**columns):
    base = {"station": ["石角", "东江口"], "kind": ["河流", "湖库"], "version": "十四五"}
    return pl.DataFrame(base | columns)


def test_one_form():
    got = surface.roster(
        listed(
            target=["Ⅲ类", "2"],
            attribute=["国考断面、入海；水源", "省考"],
            level=["国控断面", " 省控 "],
            **{"from": ["2021-01", "2020年3月"], "to": ["2021", "至今"]},
            lon=[1.5, 2.5],
        )
    )
    assert got.columns == [*COLUMNS, "lon"]
    assert got.select("kind", "target", "attribute", "level", "from", "to", "lon").rows() == [
        ("河流", 3, "国考,入海,水源", "国控", D(2021, 1, 1), D(2021, 12, 31), 1.5),
        ("湖库", 2, "省考", "省控", D(2020, 3, 1), None, 2.5),
    ]
    assert surface.roster(got).equals(got)


@pytest.mark.parametrize("said", ["Ⅲ", "III", "三", "3", "Ⅲ类", 3, 3.0])
def test_targets_as_they_are_written(said):
    assert surface.roster(listed(target=pl.Series([said] * 2)))["target"].to_list() == [3, 3]


@pytest.mark.parametrize("word", ["湖泊", "水库", "湖库", "lake", "湖库断面"])
def test_kinds_as_they_are_written(word):
    assert surface.roster(listed(kind=word))["kind"].unique().to_list() == ["湖库"]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"kind": ["河流", "沟"]}, "第 2 行（kind）.*“沟”"),
        ({"kind": ["河流", None]}, "第 2 行（kind）"),
        ({"target": ["Ⅵ", "3"]}, "第 1 行（target）.*Ⅵ"),
        ({"target": [0, 3]}, "第 1 行（target）"),
        ({"from": ["2021-13", None]}, "第 1 行（from）.*2021-13"),
        ({"from": ["2021-02-30", None]}, "第 1 行（from）"),
        ({"from": ["2022", None], "to": ["2021", None]}, "第 1 行（to）.*早于"),
        ({"station": ["石角", None]}, "第 2 行（station）"),
        ({"version": [None, "a"]}, "第 1 行（version）"),
        ({"station": ["石角", "石角"]}, "第 2 行（from）.*第 1 行重叠"),
    ],
)
def test_one_clear_error(columns, said):
    with pytest.raises(ShanshuiError, match=said):
        surface.roster(listed(**columns))


def test_spans_that_touch_overlap_and_those_that_follow_do_not():
    def of(end, start):
        return listed(station="石角", kind="河流", **{"from": [None, start], "to": [end, None]})

    surface.roster(of("2020-12-31", "2021-01-01"))
    with pytest.raises(ShanshuiError, match="重叠"):
        surface.roster(of("2021-01-01", "2021-01-01"))


def test_sections_of_one_name_have_codes():
    table = listed(station="东江口", code=["A", "B"], target=[2, 3])
    assert surface.roster(table).height == 2
    rows = pl.DataFrame({"code": ["B", "A", "C"], "station": "东江口", "date": D(2021, 1, 1)})
    assert surface.enroll(rows, table, by="code")["target"].to_list() == [3, 2, None]
    with pytest.raises(ShanshuiError, match="重叠"):
        surface.enroll(rows, table)


def test_missing_columns_and_lazy_rosters():
    with pytest.raises(SchemaError, match="缺少列 kind"):
        surface.roster(pl.DataFrame({"station": ["A"]}))
    with pytest.raises(SchemaError, match="内存"):
        surface.roster(listed().lazy())
    with pytest.raises(SchemaError, match="date"):
        surface.enroll(pl.DataFrame({"station": ["石角"]}), listed())
    rows = pl.DataFrame({"station": ["石角"], "city": "清远", "date": D(2021, 1, 1)})
    with pytest.raises(SchemaError, match="city"):
        surface.enroll(rows, listed(), by=["city", "station"])


def test_a_mean_is_of_the_row_on_its_last_day():
    table = listed(
        station="石角",
        kind="河流",
        target=[3, 2],
        **{"from": [None, "2021-07"], "to": ["2021-06", None]},
    )
    means = pl.DataFrame(
        {"station": "石角", "start": [D(2021, 1, 1)] * 2, "end": [D(2021, 6, 30), D(2021, 12, 31)]}
    )
    assert surface.enroll(means, table)["target"].to_list() == [3, 2]


def test_columns_of_the_data_are_set_aside_and_judging_follows():
    rows = pl.DataFrame(
        {"station": ["石角", "东江口", "无名"], "date": D(2021, 1, 5), "river": "北江", "tp": 0.06}
    )
    table = listed(target=[2, 3], river=["北江干流", None], left_out=[None, "断流"])
    got = surface.enroll(rows, table)
    assert got["river_input"].to_list() == ["北江"] * 3
    assert got["river"].to_list() == ["北江干流", None, None]
    assert got["left_out"].to_list() == [None, "断流", "not_listed"]
    assert got["roster"].to_list() == ["十四五", "十四五", None]
    judged = surface.classify(got, kind="kind", target="target")
    assert judged["class"].to_list() == [2, 4, None]  # a lake's phosphorus; and no kind, no class
    assert judged["attains"].to_list() == [True, False, None]


# --- against a slow reference, on every engine -------------------------------------------------


def slow(rows, table):
    """Look every row up by reading the whole roster."""
    found = []
    for row in rows.to_dicts():
        mine = [
            r
            for r in table.to_dicts()
            if r["station"] == row["station"]
            and (r["from"] is None or r["from"] <= row["date"])
            and (r["to"] is None or row["date"] <= r["to"])
        ]
        assert len(mine) <= 1
        one = mine[0] if mine else {"target": None, "version": None, "left_out": "not_listed"}
        found.append((one["target"], one["version"], one["left_out"]))
    return found


def random_case(seed):
    rng = random.Random(seed)
    spans = []
    for station in "ABC":
        cuts = sorted(rng.sample(range(1, 60), rng.choice([0, 2, 4, 5])))
        for start, end in zip(cuts[::2], [*cuts[1::2], None], strict=False):
            spans.append(
                {
                    "station": station,
                    "kind": rng.choice(["河流", "湖库"]),
                    "target": rng.randint(1, 5),
                    "version": rng.choice(["a", "b"]),
                    "from": D(2021, 1, 1) + dt.timedelta(days=start),
                    "to": None if end is None else D(2021, 1, 1) + dt.timedelta(days=end - 1),
                    "left_out": rng.choice([None, "断流"]),
                }
            )
    spans = [s for s in spans if s["to"] is None or s["from"] <= s["to"]]
    rng.shuffle(spans)
    days = [D(2021, 1, 1) + dt.timedelta(days=rng.randint(0, 65)) for _ in range(40)]
    rows = pl.DataFrame({"station": [rng.choice("ABCD") for _ in days], "date": days})
    schema = {"target": pl.Int64, "from": pl.Date, "to": pl.Date}
    names = ("station", "kind", "version", "left_out")
    table = pl.DataFrame(spans, schema=dict.fromkeys(names, pl.String) | schema)
    return rows, table


@given(st.integers(0, 10**6))
def test_the_row_in_force(seed):
    rows, table = random_case(seed)
    got = surface.enroll(rows, table).select("target", "roster", "left_out").rows()
    assert got == slow(rows, table)


@pytest.mark.parametrize("kind", ["polars lazy", "pandas", "pyarrow", "duckdb", "ibis"])
def test_the_same_on_every_engine(kind):
    rows, table = random_case(7)
    want = rows_of(surface.enroll(rows, table))
    got = rows_of(surface.enroll(Engines().native(kind, rows), table))
    for row in got:
        row["date"] = as_date(row["date"])
        row["target"] = None if row["target"] is None else int(row["target"])
    assert sorted(map(str, got)) == sorted(map(str, want))

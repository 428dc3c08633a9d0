"""Many standings at once are the single ones, row for row, with the right figures chosen."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shanshui.progress import (
    AnnualTarget,
    Commitment,
    Figure,
    Projection,
    SoFar,
    standing,
    standings,
)
from shanshui.standards import Basis, SchemaError

AT = date(2026, 11, 20)
number = st.integers(0, 600).map(lambda n: f"{n / 10:.1f}")
promise = st.fixed_dictionaries(
    {
        "comparator": st.sampled_from(
            ["<=", "<", ">=", ">", "=", "~", "increase_by", "decrease_by", None]
        ),
        "value": number,
        "unit": st.sampled_from([None, "%", "µg/m3", "pp"]),
        "year": st.sampled_from([None, 2024, 2025, 2026, 2027, 2030]),
        "base_year": st.sampled_from([None, 2020, 2024]),
        "region": st.sampled_from([None, "青禾县"]),
        "better": st.sampled_from([None, "lower", "higher"]),
        "lasting": st.booleans(),
        "decimals": st.sampled_from([None, 0, 1]),
        "stretch": st.none() | number,
        "evidence": st.booleans(),
        "basis": st.sampled_from([None, "state=实况", "state=标况;roster=国控"]),
        "base_value": st.none() | number,
    }
)
figure = st.fixed_dictionaries(
    {
        "year": st.integers(2019, 2026),
        "value": number,
        "unit": st.sampled_from([None, "%"]),
        "region": st.sampled_from([None, "青禾县", "白石县"]),
        "basis": st.sampled_from([None, "state=实况", "roster=国控"]),
        "evidence": st.sampled_from([None, "验收意见.pdf"]),
        "month": st.sampled_from([None, 3, 6, 12]),
    }
)
part = st.fixed_dictionaries(
    {
        "value": number,
        "year": st.sampled_from([2025, 2026]),
        "month": st.sampled_from([3, 9]),
        "same": st.none() | number,
        "last_year": st.none() | number,
        "best": st.none() | number,
    }
)
target = st.none() | st.fixed_dictionaries(
    {"comparator": st.sampled_from(["<=", ">="]), "value": number, "year": st.just(2026)}
)
SCHEMAS = {
    "promises": {
        "id": pl.String, "comparator": pl.String, "value": pl.String, "unit": pl.String,
        "year": pl.Int64, "base_year": pl.Int64, "region": pl.String, "better": pl.String,
        "lasting": pl.Boolean, "decimals": pl.Int64, "stretch": pl.String, "evidence": pl.Boolean,
        "basis": pl.String, "base_value": pl.String,
    },
    "figures": {
        "id": pl.String, "year": pl.Int64, "value": pl.String, "unit": pl.String,
        "region": pl.String, "basis": pl.String, "evidence": pl.String, "date": pl.Date,
    },
    "parts": {
        "id": pl.String, "value": pl.String, "through": pl.Date, "done": pl.Int64,
        "left": pl.Int64, "same": pl.String, "last_year": pl.String, "best": pl.String,
    },
    "targets": {"id": pl.String, "comparator": pl.String, "value": pl.String, "year": pl.Int64},
}  # fmt: skip


def made(row: dict) -> Figure:
    return Figure(
        row["value"], row["year"], row["unit"], row["region"], Basis.parse(row["basis"] or ""),
        row["date"], (row["evidence"],) if row["evidence"] else (),
    )  # fmt: skip


def by_hand(one: dict, figures: list[dict], parts: list[dict], aim: dict | None) -> object:
    """Choose the figures the slow way and judge by the single function."""
    fields = {k: v for k, v in one.items() if k not in ("id", "basis", "base_value", "evidence")}
    asked = Commitment(**fields, evidence=one["evidence"], basis=Basis.parse(one["basis"] or ""))
    known = [made(r) for r in figures if made(r).end <= AT]
    timely = [f for f in known if asked.lasting or asked.year is None or f.year <= asked.year]
    latest = max(timely or known, key=lambda f: f.end, default=None)
    base = [f for f in known if f.year == asked.base_year and f.end.month == 12]
    baseline = base[0] if base else None
    if one["base_value"] is not None and asked.base_year is not None:
        baseline = Figure(one["base_value"], asked.base_year, latest.unit if latest else None)
    year = aim["year"] if aim else asked.year
    mine = [p for p in parts if p["through"] <= AT and p["through"].year == year]
    last = max(mine, key=lambda p: p["through"], default=None)
    so_far = None if last is None else SoFar(**{k: v for k, v in last.items() if k != "id"})
    return standing(
        asked, latest, baseline, at=AT, so_far=so_far,
        target=AnnualTarget(aim["comparator"], aim["value"], aim["year"]) if aim else None,
    )  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            promise,
            st.lists(figure, max_size=4, unique_by=lambda f: (f["year"], f["month"])),
            st.lists(part, max_size=2, unique_by=lambda p: (p["year"], p["month"])),
            target,
        ),
        min_size=1,
        max_size=8,
    )
)
def test_the_frame_holds_the_single_standings(drawn: list) -> None:
    promises, figures, parts, targets, expected = [], [], [], [], []
    for place, (one, known, so_far, aim) in enumerate(drawn):
        key = {"id": f"c{place}"}
        one = key | one | ({"value": None} if one["comparator"] is None else {})  # noqa: PLW2901
        seen, rows = set(), []
        for f in known:
            day = None if f["month"] is None else date(f["year"], f["month"], 28)
            end = day or date(f["year"], 12, 31)
            if end in seen:
                continue
            seen.add(end)
            rows.append(key | {k: v for k, v in f.items() if k != "month"} | {"date": day})
        bases: set = set()
        rows = [
            r
            for r in rows
            if (r["date"] or date(r["year"], 12, 31)).month != 12
            or not (r["year"] in bases or bases.add(r["year"]))
        ]
        mine = [
            key
            | {
                "value": p["value"],
                "through": date(p["year"], p["month"], 30),
                "done": 30 * p["month"],
                "left": 365 - 30 * p["month"],
            }
            | {k: p[k] for k in ("same", "last_year", "best")}
            for p in so_far
        ]
        promises.append(one)
        figures += rows
        parts += mine
        if aim:
            targets.append(key | aim)
        expected.append(by_hand(one, rows, mine, aim))
    found = standings(
        pl.DataFrame(promises, schema=SCHEMAS["promises"]),
        pl.DataFrame(figures, schema=SCHEMAS["figures"]),
        at=AT,
        so_far=pl.DataFrame(parts, schema=SCHEMAS["parts"]),
        targets=pl.DataFrame(targets, schema=SCHEMAS["targets"]),
    )
    assert found["id"].to_list() == [one["id"] for one in promises]
    for row, one in zip(found.iter_rows(named=True), expected, strict=True):
        assert (row["state"], row["reason"], row["reason_en"]) == (
            one.state,
            one.reason,
            one.reason_en,
        )
        for name in (
            "value", "goal", "gap", "required", "pace", "completion", "due", "ahead", "change",
            "stretch_gap",
        ):  # fmt: skip
            exact = getattr(one, name)
            assert row[name] == (None if exact is None else float(exact)), name
        assert row["stretch_met"] == one.stretch_met
        assert row["rest"] == (None if one.rest is None else one.rest.text())
        assert row["differences"] == ("；".join(one.differences) or None)


PROMISES = pl.DataFrame(
    {
        "id": ["a", "b", "c"],
        "comparator": ["<=", "≤", ">="],
        "value": ["30", "30", "72"],
        "unit": ["µg/m3", "µg/m3", "个"],
        "year": [2027, 2027, 2027],
        "base_year": [2024, 2024, 2024],
        "lasting": [False, False, True],
        "milestone": [False, False, False],
    }
)
FIGURES = pl.DataFrame(
    {
        "id": ["a", "a", "a", "b", "c", "c"],
        "year": [2024, 2025, 2025, 2025, 2024, 2026],
        "value": ["33.0", "35.0", "31.7", "31", "0", "40"],
        "basis": ["state=实况", "state=标况", "state=实况", None, None, None],
    }
)


ONE_BASIS = FIGURES.filter(pl.col("value") != "35.0")


def test_a_row_that_cannot_be_read_is_set_aside_with_its_fault() -> None:
    found = standings(PROMISES, ONE_BASIS, at=date(2027, 1, 5))
    assert found["state"].to_list() == ["达到序时进度", None, "存在风险"]
    assert found["reason"][1].startswith("比较符应为")
    assert found["reason_en"][1].startswith("unknown comparator")


def test_of_several_rows_the_one_on_the_promised_basis_answers() -> None:
    promises = PROMISES.head(1).with_columns(basis=pl.lit("state=实况"))
    assert standings(promises, FIGURES, at=AT)["value"].to_list() == [31.7]
    other = promises.with_columns(basis=pl.lit("state=标况"))
    found = standings(other, FIGURES, at=AT)
    assert found["state"].to_list() == ["口径不一致"]  # 35.0 on it, but the baseline is not


def test_what_is_of_the_very_day_counts() -> None:
    day = date(2026, 9, 30)
    one = {"id": ["a"], "value": ["9"], "unit": ["个"]}
    promises = pl.DataFrame(
        {"id": ["a"], "comparator": [">="], "value": ["9"], "year": [2026], "lasting": [True]}
    )
    figures = pl.DataFrame(one | {"date": [day]})
    parts = pl.DataFrame(one | {"through": [day], "done": [273], "left": [92]})
    for found in (
        standings(promises, figures, at=day),
        standings(promises, at=day, so_far=parts),
    ):
        assert found["day"].to_list() == [day]
    before = date(2026, 9, 29)
    assert standings(promises, figures, at=before)["state"].to_list() == ["暂无数据"]
    assert standings(promises, at=before, so_far=parts)["state"].to_list() == ["暂无数据"]


def test_schedules_projections_and_several_keys() -> None:
    promises = PROMISES.tail(1).with_columns(region=pl.lit("青禾县"))
    schedule = pl.DataFrame(
        {"id": ["c"], "region": ["青禾县"], "date": [date(2026, 6, 30)], "value": ["60"]}
    )
    figures = FIGURES.with_columns(region=pl.lit("青禾县"))
    found = standings(
        promises, figures, at=date(2027, 1, 5), by=["id", "region"], schedule=schedule
    )
    assert found.select("id", "region", "required").row(0) == ("c", "青禾县", 64.0)
    assert found["state"].to_list() == ["存在风险"]
    guess = Projection(2027, AT, 40, 29.0, 27.0, 31.0, Fraction(9, 10))
    seen = standings(PROMISES.head(1), ONE_BASIS, at=AT, projections={"a": guess})
    assert seen.select("state", "chance").row(0) == ("达到序时进度", 0.9)


@pytest.mark.parametrize("kind", ["pandas", "pyarrow", "narwhals"])
def test_the_frame_comes_back_as_it_came(kind: str) -> None:
    expected = standings(PROMISES, FIGURES, at=AT)
    given_frame = {
        "pandas": PROMISES.to_pandas,
        "pyarrow": PROMISES.to_arrow,
        "narwhals": lambda: nw.from_native(PROMISES),
    }[kind]()
    found = standings(given_frame, FIGURES.to_pandas(), at=AT)
    assert type(found) is type(given_frame)
    states = nw.from_native(found, eager_only=True)["state"].to_list()
    assert [None if pd.isna(s) else s for s in states] == expected["state"].to_list()


def test_no_figures_and_wrong_frames() -> None:
    assert standings(PROMISES.head(1), at=AT)["state"].to_list() == ["暂无数据"]
    assert standings(PROMISES.head(0), FIGURES, at=AT).height == 0
    with pytest.raises(SchemaError, match="comparator"):
        standings(PROMISES.drop("comparator"), at=AT)
    with pytest.raises(SchemaError, match="year"):
        standings(PROMISES, FIGURES.drop("year"), at=AT)
    with pytest.raises(SchemaError, match="lazy"):
        standings(PROMISES.lazy(), at=AT)
    twice = pl.DataFrame({"id": ["a", "a"], "comparator": "<=", "value": "3", "year": [2026, 2027]})
    with pytest.raises(SchemaError, match="several targets"):
        standings(PROMISES, FIGURES, at=AT, targets=twice)

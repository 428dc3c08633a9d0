"""The rules of plausibility, one by one, and how often they doubt what authorities published."""

from decimal import Decimal

import polars as pl
import pytest

from shanshui.platform import catalog
from shanshui.platform.catalog import find_indicator
from shanshui.platform.store.models import Indicator
from shanshui.platform.track.plausible import Parts, doubts, rules

SHARE = Indicator(code="a", name="再生水利用率", unit="%", lasting=False)
CHANGE = Indicator(code="b", name="单位GDP能耗降低率", unit="%", lasting=False)
LENGTH = Indicator(code="c", name="碧道长度", unit="km", lasting=True)
MEAN = Indicator(code="d", name="PM2.5年均浓度", unit="µg/m3", lasting=False)
AMOUNT = Indicator(code="e", name="化肥使用量", unit="吨", lasting=False)


def past(*values):
    return [(str(2010 + at), Decimal(value)) for at, value in enumerate(values)]


def found(indicator, value, before=(), parts=None, **more):
    return [one.rule for one in doubts(indicator, Decimal(value), before, parts, **more)]


@pytest.mark.parametrize(
    ("indicator", "value", "before", "expected"),
    [
        (SHARE, "0", (), []),
        (SHARE, "100", (), []),
        (SHARE, "100.1", (), ["share"]),
        (SHARE, "-0.1", (), ["share"]),
        (CHANGE, "-1.2", (), []),
        (CHANGE, "120", (), []),
        (MEAN, "-1", (), ["sign"]),
        # a share of the last value, where there are few periods
        (MEAN, "45", past("30"), []),
        (MEAN, "45.1", past("30"), ["jump"]),
        (MEAN, "14", past("30"), ["jump"]),
        (MEAN, "31.4", past("0"), []),
        # robust deviations, where there are enough: median 30, deviation 1.4826
        (MEAN, "37.4", past("29", "31", "30", "29", "31", "30", "32"), []),
        (MEAN, "37.5", past("29", "31", "30", "29", "31", "30", "32"), ["jump"]),
        # a small step is no jump, however steady the past
        (MEAN, "31.4", past("30", "30", "30.1", "30", "30.1", "30"), []),
        # steps of what lasts: it grows by ten a year
        (LENGTH, "62", past("10", "20", "30", "41", "50"), []),
        (LENGTH, "72", past("10", "20", "30", "41", "50", "61"), []),
        (LENGTH, "95", past("10", "20", "30", "41", "50", "61"), ["jump"]),
        # factors between units
        (MEAN, "320", past("30"), ["slip"]),
        (MEAN, "0.031", past("30"), ["slip"]),
        (AMOUNT, "15200", past("1000"), ["slip"]),
        # copied
        (MEAN, "30.0", past("29", "30"), ["unchanged"]),
        (SHARE, "100", past("100"), []),
        (LENGTH, "30", past("20", "30"), []),
        # lower than before
        (LENGTH, "29", past("20", "30"), ["lower"]),
        (LENGTH, "30.5", past("20", "31", "30"), ["lower"]),
        (MEAN, "29", past("20", "30"), []),
    ],
)
def test_rules(indicator, value, before, expected):
    assert found(indicator, value, before) == expected


@pytest.mark.parametrize(
    ("values", "count", "value", "expected"),
    [
        ({"x": "10", "y": "20"}, 2, "30", []),
        ({"x": "10", "y": "20"}, 2, "30.2", []),  # within one in a hundred
        ({"x": "10", "y": "20"}, 2, "35", ["parts"]),
        ({"x": "10", "y": "20"}, 3, "35", []),  # one part is not known
        ({"x": "10", "y": "20"}, 3, "29", ["parts"]),
        ({}, 3, "29", []),
    ],
)
def test_sum_of_parts(values, count, value, expected):
    parts = Parts({name: Decimal(one) for name, one in values.items()}, count)
    assert found(AMOUNT, value, (), parts) == expected
    assert found(SHARE, value, (), parts) == []  # shares do not add up


def test_only_the_impossible_refuses_and_a_bureau_may_say_otherwise():
    levels = {name: rule["level"] for name, rule in rules().items() if isinstance(rule, dict)}
    assert {name for name, level in levels.items() if level == "impossible"} == {"sign", "share"}
    tighter = {**rules(), "jump": {**rules()["jump"], "share": "0.1"}}
    assert found(MEAN, "34", past("30")) == []
    assert found(MEAN, "34", past("30"), given=tighter) == ["jump"]


def test_nothing_published_is_impossible_and_little_is_doubted():
    """Each yearly value that was published, set against those before it on the same basis."""
    basis = ["roster", "state", "dust", "edition", "formula"]
    rows = catalog.published().filter(
        pl.col("period").str.len_chars() == 4, ~pl.col("bound"), pl.col("formula").is_null()
    )
    asked = doubted = 0
    for (name, _, *_), series in rows.group_by("indicator", "region", *basis, maintain_order=True):
        known = find_indicator(name)
        indicator = Indicator(
            code=known["code"], name=name, unit=known["unit"], lasting=known["lasting"]
        )
        years = series.unique("period", keep="first", maintain_order=True).sort("period")
        values = [(row["period"], Decimal(row["value"])) for row in years.to_dicts()]
        for at, (_, value) in enumerate(values):
            seen = doubts(indicator, value, values[:at])
            assert all(one.level == "warning" for one in seen), (name, seen)
            asked += at > 0
            doubted += any(one.rule != "unchanged" for one in seen)
    assert asked > 300
    assert doubted / asked < 0.1

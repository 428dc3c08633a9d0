"""Small workspaces whose results the tests of assessment know."""

from datetime import datetime

import polars as pl

from shanshui.platform.review import rosters

ITEMS = ("so2", "no2", "co", "o3", "pm10", "pm25")
CITY, OTHER = "441800", "440100"  # 清远市, 广州市
STATIONS = {"A1": "清远市", "A2": "清远市", "B1": "广州市", "B2": "广州市"}
KEPT = (
    *("id", "indicator", "region", "period", "value", "unit", "reason", "roster", "state", "dust"),
    *("edition", "method", "status", "freeze", "stations", "days_expected", "days_valid", "inputs"),
)
"""What is the same however often and in which order results were computed."""


def hours(first, last, stations=tuple(STATIONS), base=20):
    """Return hours whose values tell station and hour."""
    times = pl.datetime_range(first, last, "1h", eager=True)
    return pl.concat(
        pl.DataFrame({"station": [code] * len(times), "time": times}).with_columns(
            ((pl.int_range(pl.len()) * 7 + 13 * n + 3 * k) % 40 + base)
            .cast(pl.Float64)
            .truediv(20 if item == "co" else 1)
            .alias(item)
            for k, item in enumerate(ITEMS)
        )
        for n, code in enumerate(stations)
    )


def enrol(workspace, cities=None, version="2026", start="2026-01-01", **columns):
    """Put the air roster into use."""
    cities = cities or STATIONS
    listed = pl.DataFrame(
        {"station": [f"点{code}" for code in cities], "code": list(cities)}
        | {"city": list(cities.values())}
        | columns
    )
    told = {"who": "张三", "code": "guokong", "domain": "air", "purpose": "国控点位"}
    rosters.load(workspace.ledger, listed, version=version, start=start, **told)
    rosters.use(workspace.ledger, "guokong", who="张三")


def one_value(value, *, station="A1", time=datetime(2026, 10, 31, 9), item="pm25"):
    """Return one long row."""
    base = {"station": station, "property": item, "time": time, "period": 3600, "value": value}
    schema = {"station": pl.String, "property": pl.String, "time": pl.Datetime("us")}
    return pl.DataFrame([base], schema=schema | {"period": pl.Int32, "value": pl.Float64})


def plain(rows):
    """Return results without what tells when they were computed."""
    return rows.select(KEPT).sort(KEPT[:1])

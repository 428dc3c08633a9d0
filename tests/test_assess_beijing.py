"""Real hours: results of Beijing equal what plain Python computes, hour by hour with fractions."""

from datetime import date

import polars as pl
import pytest
import reference as ref
from assess_samples import enrol

from shanshui.platform import assess
from shanshui.platform.demo import samples
from shanshui.platform.store import Workspace

CODES = {
    "so2": "air.so2.annual_mean",
    "no2": "air.no2.annual_mean",
    "pm10": "air.pm10.annual_mean",
    "co_p95": "air.co.annual_p95",
    "o3_8h_p90": "air.o3.annual_p90",
    "good_days": "air.days.good",
    "good_ratio": "air.days.good_share",
    "heavy_days": "air.days.heavy",
    "heavy_ratio": "air.days.heavy_share",
    "composite": "air.index.composite",
}
PM25 = "air.pm25.annual_mean"


@pytest.mark.slow
def test_results_of_beijing_equal_plain_python(tmp_path):
    hours = samples.beijing_hours()
    stations = samples.beijing_stations()
    with Workspace.create(tmp_path / "w", region="110000") as workspace:
        workspace.lake.store(hours, source="hours.parquet")
        enrol(
            workspace,
            dict(stations.select("station", "city").rows()),
            version="2013",
            start="2013-01-01",
            reference=["是" if one else "否" for one in stations["reference"]],
        )
        assess.run(workspace)
        found = {
            (row["indicator"], row["period"]): row
            for row in assess.read(workspace, region="110000").iter_rows(named=True)
        }
    days = ref.area(ref.daily(hours.to_dicts()), stations.to_dicts())
    checked = 0
    for kind in ("month", "quarter", "year", "ytd"):
        for row in ref.statistics(days, by=("city",), period=kind):
            period = row["period"].replace("~", "/")
            if kind == "ytd":
                period = f"{period[:8]}{period[:4]}-{period[-2:]}"
            for column, code in CODES.items():
                said = found[code, period]["value"]
                assert (None if said is None else ref.number(said)) == row[column], (code, period)
                checked += 1
            inside = [one for one in days if row["start"] <= one["date"] <= row["end"]]
            values = [one["pm25"] for one in inside if one["pm25"] is not None]
            said = found[PM25, period]["value"]
            if row["pm25"] is None:
                assert said is None
            else:
                assert ref.number(said) == ref.half_even(ref.mean(values), 1), period
            assert found[PM25, period]["days_valid"] == len(values)
    assert checked > 600


@pytest.mark.slow
def test_walking_through_the_years_nothing_later_is_seen(tmp_path):
    stations = samples.beijing_stations()
    hours = samples.beijing_hours().filter(pl.col("time").dt.year() == 2014)
    roster = dict(stations.select("station", "city").rows())
    with Workspace.create(tmp_path / "all") as whole, Workspace.create(tmp_path / "live") as live:
        for one in (whole, live):
            enrol(one, roster, version="2013", start="2013-01-01")
        whole.lake.store(hours, source="hours.parquet")
        for day in pl.date_range(date(2014, 1, 20), date(2014, 4, 10), "27d", eager=True):
            end = pl.lit(day).cast(pl.Datetime("us")) + pl.duration(days=1)
            upto = hours.filter(pl.col("time") <= end)
            live.lake.store(upto, source="逐日")  # what was there is there already
            assess.run(live)
            assess.run(whole, as_of=day)
            then = assess.read(whole, as_of=day)
            own = assess.read(live, period=then["period"].unique().to_list())
            keys = ["indicator", "region", "period"]
            both = then.join(own, on=keys, how="full", suffix="_live")
            assert both.height == then.height == own.height
            assert both["value"].eq_missing(both["value_live"]).all()
            assert both["inputs"].eq_missing(both["inputs_live"]).all()

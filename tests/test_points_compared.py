"""Wells, sources, the sea, lakes and noise against the year before on the points of both."""

import polars as pl
from test_assess_points import BAD, CITY, SEA, SOURCE, TLI, empty, rows  # noqa: F401

from shanshui.platform import assess
from shanshui.platform.assess import comparisons
from shanshui.platform.review import rosters


def test_points_are_compared_on_those_that_both_years_have(empty):  # noqa: F811
    def listed(domain, versions, **columns):
        told = {"who": "张三", "code": f"list-{domain}", "domain": domain, "purpose": "考核"}
        for year, codes in versions.items():
            frame = pl.DataFrame({"station": codes, "code": codes, "city": "清远市"})
            frame = frame.with_columns(**columns)
            rosters.load(empty.ledger, frame, version=year, start=f"{year}-01-01", **told)
        rosters.use(empty.ledger, f"list-{domain}", who="张三")

    listed("ground", {"2025": ["G1", "G2", "G3"], "2026": ["G1", "G2", "G4"]})
    listed("source", {"2025": ["S1", "S3"], "2026": ["S1", "S2"]}, kind=pl.lit("地下水"))
    listed("sea", {"2025": ["H1", "H3"], "2026": ["H1", "H2"]}, area=pl.lit(30.0))
    road = {"kind": pl.lit("道路"), "length": pl.lit(1.5)}
    listed("noise", {"2025": ["R1", "R3"], "2026": ["R1", "R2"]}, **road)
    lake = {"kind": pl.lit("湖库"), "river": pl.lit("星湖")}
    listed("water", {"2025": ["L1", "L3"], "2026": ["L1", "L2"]}, **lake)
    five = {"chla": 20.0, "tp": 0.05, "tn": 1.0, "sd": 0.8, "codmn": 4.0}
    samples = [
        *((s, "2025-04-10", "mn", v) for s, v in (("G1", 9.0), ("G2", 0.1), ("G3", 9.0))),
        *((s, "2026-04-10", "mn", v) for s, v in (("G1", 0.1), ("G2", 0.1), ("G4", 9.0))),
        *((s, "2025-04-10", "mn", v) for s, v in (("S1", 0.2), ("S3", 0.1))),
        *((s, "2026-04-10", "mn", v) for s, v in (("S1", 0.1), ("S2", 0.2))),
        *((s, "2025-04-10", "ld", v) for s, v in (("R1", 68.0), ("R3", 60.0))),
        *((s, "2026-04-10", "ld", v) for s, v in (("R1", 66.5), ("R2", 60.0))),
        *((s, "2025-04-10", "din", v) for s, v in (("H1", 0.4), ("H3", 0.1))),
        *((s, "2026-04-10", "din", v) for s, v in (("H1", 0.1), ("H2", 0.4))),
        *(
            (code, f"{year}-04-10", item, value * (2 if code == "L2" else 1))
            for code, year in (("L1", 2025), ("L3", 2025), ("L1", 2026), ("L2", 2026))
            for item, value in five.items()
        ),
    ]
    empty.lake.store(rows(samples), source="x")
    assess.run(empty)
    found = comparisons.read(empty, period="2026-04")
    pairs = {
        (indicator, region): tuple(rest)
        for indicator, region, *rest in found.select(
            "indicator", "region", "value", "value_before", "stations"
        ).rows()
    }
    assert pairs[BAD, CITY] == ("0.0", "50.0", 2)
    assert pairs[SOURCE, CITY] == ("100.0", "0.0", 1)
    assert pairs[SEA, CITY] == ("100.0", "0.0", 1)
    assert pairs["noise.road.day", CITY] == ("66.5", "68.0", 1)
    now, before, stations = pairs[TLI, "星湖"]
    assert (now, stations) == (before, 1)  # L1 alone measures the same
    assert assess.run(empty).stored == 0

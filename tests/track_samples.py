"""A ledger with made-up targets, and figures for them."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from shanshui.platform.store import models

CITY = "441802"
"""The region of the workspace of the tests."""
PM25, GOOD, O3 = "air.pm25.annual_mean", "air.days.good_share", "air.o3.annual_p90"
RIVERS = "water.surface.good_share"
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def plan(session, code="qinghe-2030", **more):
    """Add a plan in force."""
    paper = models.Document(
        **{
            "code": code, "title": "青禾县生态文明规划", "kind": "plan",
            "sha256": code.ljust(64, "0"), "first_year": 2026, "last_year": 2030,
            "baseline_year": 2025, "region_code": CITY,
        }
        | more
    )  # fmt: skip
    session.add(paper)
    session.flush()
    return paper


def promise(session, paper, number, **more):
    """Add a commitment of a plan."""
    row = models.Commitment(
        **{
            "document_id": paper.id, "code": f"{paper.code}-{number:03}", "position": number,
            "kind": "target", "indicator": "PM2.5年均浓度", "indicator_code": PM25,
            "region": "青禾县", "region_code": CITY, "year": 2026, "comparator": "<=",
            "value": "25", "unit": "µg/m3", "section": "二、目标",
        }
        | more
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.code


def figure(period, value, indicator=PM25, region=CITY, **more):
    """Give one row of figures."""
    return {
        "indicator": indicator, "region": region, "period": period, "value": value,
        "unit": "µg/m3", "source": "monitored", "status": "审核", "ref": f"r-{period}", "at": NOW,
    } | more  # fmt: skip


def figures(*rows):
    """Give a frame of figures."""
    names = {name: None for row in rows for name in row}
    return pl.DataFrame([names | row for row in rows], infer_schema_length=None)

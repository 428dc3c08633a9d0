"""Measure standings of a whole workspace: 10,000 commitments with 80,000 figures.

    python benchmarks/track.py            # CPU seconds: read, choose, judge; keep; lay out

The figures are made up; what is measured is the way from the ledger to the table. The arithmetic
alone is measured by ``benchmarks/progress.py --standings``.
"""

import argparse
import random
import tempfile
import time
from datetime import date

import polars as pl
from sqlalchemy import insert, select

from shanshui.platform.store import Workspace, models
from shanshui.platform.track import history, standings
from shanshui.platform.track.table import records, table

DAY = date(2026, 11, 20)
PLANS = 50


def filled(workspace: Workspace, count: int, annual_share: int = 0) -> pl.DataFrame:
    """Fill the ledger with plans of every kind of target, and make their figures."""
    draw = random.Random(1)
    with workspace.ledger.read() as session:
        indicators = session.execute(
            select(models.Indicator.code, models.Indicator.name, models.Indicator.unit)
        ).all()
        regions = session.execute(
            select(models.Region.code, models.Region.name).where(models.Region.level == "city")
        ).all()
    pairs = [(i, r) for i in indicators for r in regions]
    draw.shuffle(pairs)
    pairs = pairs[:count]
    signs = ["<=", ">=", "=", "~", ">=", None]
    with workspace.ledger.write(who="bench", action="bench") as session:
        papers = [
            {
                "id": n, "code": f"bench-{n}", "title": f"规划{n}", "kind": "plan",
                "sha256": f"{n:064}", "first_year": 2021, "baseline_year": 2020, "version": 1,
            }
            for n in range(1, PLANS + 1)
        ]  # fmt: skip
        session.execute(insert(models.Document), papers)
        rows = [
            {
                "document_id": n % PLANS + 1, "code": f"bench-{n:05}", "position": n,
                "kind": "target" if signs[n % 6] else "deferred", "indicator": what[1],
                "indicator_code": what[0], "region": where[1], "region_code": where[0],
                "year": 2026 + n % 5, "comparator": signs[n % 6],
                "value": str(20 + n % 300 / 10) if signs[n % 6] else None, "unit": what[2],
                "version": 1, "status": "extracted", "section": "", "quote": "",
                "stretch": False, "approx": False,
            }
            for n, (what, where) in enumerate(pairs)
        ]  # fmt: skip
        session.execute(insert(models.Commitment), rows)
        annual = [
            {
                "indicator_code": what[0], "region_code": where[0], "year": 2026, "month": 0,
                "comparator": "<=", "value": str(30 + n % 20), "unit": what[2],
                "source": "年度计划", "commitment": f"bench-{n:05}", "version": 1,
            }
            for n, (what, where) in enumerate(pairs)
            if annual_share and n % 100 < annual_share
        ]  # fmt: skip
        if annual:
            session.execute(insert(models.AnnualTarget), annual)
    years = [*map(str, range(2020, 2026)), "2025-01/2025-10", "2026-01/2026-10"]
    return pl.DataFrame(
        [
            {
                "indicator": what[0], "region": where[0], "period": period, "unit": what[2],
                "value": f"{draw.uniform(10, 60):.1f}", "source": "monitored", "status": "定版",
                "ref": f"r{n}-{period}",
            }
            for n, (what, where) in enumerate(pairs)
            for period in years
        ]
    )  # fmt: skip


def published(figures: pl.DataFrame) -> pl.DataFrame:
    """Give each figure once more as a published one that differs in the last digit."""
    other = pl.col("value").str.slice(0, pl.col("value").str.len_chars() - 1) + "x"
    digit = (pl.col("value").str.tail(1).cast(pl.Int64) + 1) % 10
    return figures.with_columns(
        source=pl.lit("published"),
        status=pl.lit("公布"),
        value=other.str.replace("x", digit.cast(pl.String)),
        ref=pl.lit("公报 ") + pl.col("ref"),
    )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--annual", type=int, default=0, help="targets of the year, in %%")
    parser.add_argument("--published", action="store_true", help="each figure also as published")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Workspace.create(folder) as workspace:
        figures = filled(workspace, asked.count, asked.annual)
        if asked.published:
            figures = pl.concat([figures, published(figures)])
        times = {"judge": [], "keep": [], "keep again": [], "table": []}
        for _ in range(5):
            start = time.process_time()
            found = standings.at(workspace, DAY, figures=figures)
            times["judge"].append(time.process_time() - start)
        for what in ("keep", "keep again"):
            start = time.process_time()
            history.keep(workspace.ledger, found, DAY, who="bench")
            times[what].append(time.process_time() - start)
        start = time.process_time()
        with workspace.ledger.read() as session:
            made = table(records(session, found, DAY), DAY)
        times["table"].append(time.process_time() - start)
        print(f"{found.height} standings, {figures.height} figures")
        for what, each in times.items():
            print(f"{what}: {min(each):.2f} s of CPU")
        print(made.summary())


if __name__ == "__main__":
    main()

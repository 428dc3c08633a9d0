"""Spark takes hours to the same days, and so to the same results, as Polars."""

import shutil
from datetime import datetime

import polars as pl
import pytest
from assess_samples import KEPT, enrol, hours
from polars.testing import assert_frame_equal

from shanshui.platform import assess
from shanshui.platform.assess import results
from shanshui.platform.assess.tables import DAYS, RESULTS, RUNS
from shanshui.platform.store import Workspace


@pytest.mark.usefixtures("spark")
def test_results_on_spark_as_on_polars(blank, tmp_path):
    shutil.copytree(blank, tmp_path / "w")
    settings = tmp_path / "w" / "shanshui.toml"
    settings.write_text(settings.read_text("utf-8") + '\n[assess]\nengine = "spark"\n', "utf-8")
    with Workspace.open(tmp_path / "w") as workspace:
        rows = hours(datetime(2026, 10, 1, 1), datetime(2026, 10, 4), stations=("A1", "A2"))
        gap = (pl.col("station") == "A2") & (pl.col("time").dt.hour() < 6)
        rows = rows.with_columns(pl.when(~gap).then(pl.col("pm25")).alias("pm25"))
        workspace.lake.store(rows, source="小时值.csv")
        enrol(workspace, {"A1": "清远市", "A2": "清远市"})
        found = []
        for engine in (None, "polars"):
            assert assess.run(workspace, engine=engine).engine == (engine or "spark")
            own = assess.read(workspace).select(KEPT)
            days = results.shelf(workspace).read(DAYS).drop("at").collect()
            found.append((own, days.sort("date", "region")))
            for table in (DAYS, RESULTS, RUNS):
                shutil.rmtree(workspace.lake.place.folder / table.name)
        for one, other in zip(*found, strict=True):
            assert_frame_equal(one, other)

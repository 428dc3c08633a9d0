"""Local Spark gives what Polars gives for soil and for noise."""

import pytest
import test_noise
import test_soil
from comparing import agree, rows_of
from engine_cases import Engines

from shanshui import noise, soil

SERIES = test_noise.SERIES
SAMPLES = test_soil.SAMPLES.select("id", "land", "ph", "cd", "mn", "censored_cd")
# One call of each kind: Spark takes seconds to plan what the others plan at once.
CASES = {
    "farmland": (lambda f: soil.farmland(f, references={"mn": 176.0}), SAMPLES, ["id"]),
    "construction": (
        lambda f: soil.construction(f, land="land", background={"as": 50.0}),
        test_soil.SAMPLES.select("id", "land", "as"),
        ["id"],
    ),
    "hours": (
        lambda f: noise.levels(f, step="1min", period="hour"),
        SERIES,
        ["station", "date", "hour"],
    ),
    "dates": (lambda f: noise.levels(f, step="1min"), SERIES, ["station", "date"]),
    "zones": (
        lambda f: noise.attainment(noise.zones(f), by="city"),
        test_noise.POINTS,
        ["city", "zone"],
    ),
}


@pytest.fixture(scope="module")
def on_spark(spark):
    return Engines(spark)


@pytest.mark.parametrize("case", CASES)
def test_spark_gives_what_polars_gives(spark, on_spark, case):  # noqa: ARG001 - marks it slow
    function, frame, keys = CASES[case]
    rows = rows_of(function(on_spark.native("spark", frame)))
    want = rows_of(function(frame))
    assert rows
    assert list(rows[0]) == list(want[0])
    agree(rows, want, keys, [c for c in want[0] if c not in keys])

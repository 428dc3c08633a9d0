"""Local Spark gives what Polars gives."""

import pytest
import reference as ref
from comparing import agree, rows_of
from engine_cases import (
    CASES,
    CLEAN_HOURS,
    DAYS,
    HOURS,
    MARKED,
    STATIONS,
    Engines,
    check_case,
    faults,
)

from shanshui import air


@pytest.fixture(scope="module")
def on_spark(spark):
    return Engines(spark)


# Spark takes seconds to plan what the others plan at once, so the spans of time that are not the
# month's are tried on one item; the others are excused as HJ 633-2026 5.3.2 allows.
OTHERS = ("so2", "no2", "co", "pm10", "o3_8h")
LIGHTER = {
    f"statistics {period}": (
        lambda f, period=period: air.statistics(f, period=period, exempt=OTHERS),
        DAYS.select("station", "date", "pm25"),
        ["station", "period"],
    )
    for period in ("quarter", "half", "year", "ytd", ("2025-12", "2026-03"))
} | {
    "chain": (
        lambda f: air.rank(
            air.statistics(
                air.aqi(air.area(f, STATIONS)["city", "date", "pm25"], exempt=OTHERS),
                by="city",
                exempt=OTHERS,
            ),
            by="pm25",
        ),
        DAYS,
        ["city", "period"],
    ),
    # The marks come through an aggregation; the plan of statistics with them takes a minute.
    "statistics of marked": (lambda f: air.area(f, STATIONS), MARKED, ["city", "date"]),
}
ELSEWHERE = {"daily from midnight", "aqi 2012", "composite", "compare several", "exclude blank"}


@pytest.mark.parametrize("case", [case for case in CASES if case not in ELSEWHERE])
def test_spark_gives_what_polars_gives(spark, on_spark, case):  # noqa: ARG001 - marks it slow
    check_case(on_spark, "spark", case, LIGHTER.get(case))


def test_spark_timestamps_are_the_clock_of_the_session(spark, on_spark):
    hours = on_spark.native("spark", CLEAN_HOURS)
    hours = hours.withColumn("time", hours["time"].cast("timestamp"))
    assert spark.conf.get("spark.sql.session.timeZone") == "Asia/Shanghai"
    rows = rows_of(air.daily(hours))
    want = rows_of(air.daily(CLEAN_HOURS))
    agree(rows, want, ["station", "date"], ref.DAILY)


def test_faults_are_the_same_on_spark(spark, on_spark):  # noqa: ARG001
    assert faults(air.check(on_spark.native("spark", HOURS))) == faults(air.check(HOURS))


def test_spark_is_not_executed(spark, on_spark):
    from pyspark.sql import functions as F  # noqa: N812

    hours = on_spark.native("spark", CLEAN_HOURS)
    fuse = F.when(F.rand() >= 0, F.raise_error(F.lit("executed")).cast("double"))
    spark.sparkContext.setJobGroup("lazy", "nothing may run here")
    out = air.aqi(air.daily(hours.withColumn("so2", fuse)))
    assert "aqi" in out.columns
    assert not spark.sparkContext.statusTracker().getJobIdsForGroup("lazy")

"""The engine that takes hours to days of areas, where the many rows are: Polars or Spark.

Statistics of areas' days are few rows and are always computed in Polars; both engines run the same
functions and give equal days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from shanshui import air
from shanshui.air._rules import HOURLY
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from shanshui.platform.store import Workspace
    from shanshui.platform.store.lake import Lake

NAMES = ("polars", "spark")
HOUR = 3600


class Engine(Protocol):
    """Takes hours to days of areas."""

    name: str

    def days(
        self, lake: Lake, asked: dict[str, Any], listed: pl.DataFrame, events: pl.DataFrame | None
    ) -> pl.DataFrame:
        """Compute the days of areas.

        Parameters
        ----------
        lake : Lake
            The lake.
        asked : dict
            ``stations, start, end, as_of`` of `Lake.observations`.
        listed : polars DataFrame
            ``station, region, reference``, a station once.
        events : polars DataFrame or None
            As `shanshui.air.exclude` takes them, by station.
        """
        ...


class Polars:
    """In this process."""

    name = "polars"

    def days(
        self, lake: Lake, asked: dict[str, Any], listed: pl.DataFrame, events: pl.DataFrame | None
    ) -> pl.DataFrame:
        """Compute the days of areas."""
        hours = lake.observations(**asked, properties=HOURLY, period=HOUR, wide=True)
        rows = hours.select("station", "time", *HOURLY).collect()
        return days_of(rows, listed, events) if rows.height else pl.DataFrame()


class Spark:
    """On a cluster, or a local Spark."""

    name = "spark"

    def __init__(self) -> None:
        try:
            from pyspark.sql import SparkSession
        except ModuleNotFoundError:
            raise ShanshuiError(
                "没有安装 Spark；请 pip install 'shanshui[spark]'，或用 --engine polars / "
                "Spark is not installed: pip install 'shanshui[spark]', or say --engine polars"
            ) from None
        self.session = SparkSession.getActiveSession() or (
            SparkSession.builder.appName("shanshui")
            .config("spark.sql.session.timeZone", "Asia/Shanghai")
            .getOrCreate()
        )

    def days(
        self, lake: Lake, asked: dict[str, Any], listed: pl.DataFrame, events: pl.DataFrame | None
    ) -> pl.DataFrame:
        """Compute the days of areas."""
        hours = lake.spark(self.session, **asked, properties=HOURLY, period=HOUR, wide=True)
        days = days_of(hours.select("station", "time", *HOURLY), listed, events)
        return pl.DataFrame(pl.from_arrow(days.toArrow()))


def days_of(hours: Any, listed: pl.DataFrame, events: pl.DataFrame | None) -> Any:
    """Take hours of stations to days of regions, on the engine of the hours."""
    if events is not None:
        hours = air.exclude(hours, events)
    return air.area(air.daily(hours), listed, by="region")


def engine_of(workspace: Workspace, said: str | None) -> Engine:
    """Return the engine: the one named, else that of the settings, else Polars.

    Raises
    ------
    ShanshuiError
        There is none of that name, or it is not installed.
    """
    name = said or str(workspace.settings.get("assess", {}).get("engine", "polars"))
    if name not in NAMES:
        raise ShanshuiError(
            f"计算引擎应为 {'、'.join(NAMES)}，得到 {name} / "
            f"the engine is one of {', '.join(NAMES)}, got {name}"
        )
    return Spark() if name == "spark" else Polars()

"""Ambient air by the Chinese standards: daily values, AQI, statistics, comparison, ranks."""

from shanshui.air.daily import daily
from shanshui.air.index import aqi, aqi_hourly

__all__ = ["aqi", "aqi_hourly", "daily"]

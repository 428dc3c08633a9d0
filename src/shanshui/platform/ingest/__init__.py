"""Readers: monitoring data from the files that people have."""

from shanshui.platform.ingest.errors import ReadError
from shanshui.platform.ingest.events import read_events
from shanshui.platform.ingest.stations import read_stations
from shanshui.platform.ingest.tables import Report, Table, read

__all__ = ["ReadError", "Report", "Table", "read", "read_events", "read_stations"]

"""Readers: monitoring data from the files that people have."""

from shanshui.platform.ingest.errors import ReadError
from shanshui.platform.ingest.events import read_events
from shanshui.platform.ingest.samples import read_noise, read_soil
from shanshui.platform.ingest.stations import read_stations
from shanshui.platform.ingest.tables import Report, Table, read
from shanshui.platform.ingest.targets import read_targets, target_item
from shanshui.platform.ingest.water import read_roster, read_samples

__all__ = [
    "ReadError",
    "Report",
    "Table",
    "read",
    "read_events",
    "read_noise",
    "read_roster",
    "read_samples",
    "read_soil",
    "read_stations",
    "read_targets",
    "target_item",
]

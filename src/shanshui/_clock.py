"""The clock of Asia/Shanghai, by which monitoring data are stamped."""

from __future__ import annotations

from datetime import timedelta, timezone

OFFSET = timedelta(hours=8)
"""Before UTC; there has been no summer time since 1991."""
ZONE = timezone(OFFSET)
"""The same as a zone, which needs no zone files (Windows has none)."""

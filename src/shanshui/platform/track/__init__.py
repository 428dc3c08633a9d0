"""What departments report and where each target stands: figures, deadlines, standings."""

from shanshui.platform.track.reported import series

__all__ = ["series"]

"""Errors of the lake."""

from __future__ import annotations

from shanshui.standards.errors import ShanshuiError


class LakeBusy(ShanshuiError):
    """Another program is writing to the lake."""


class LakeDamaged(ShanshuiError):
    """A file of the lake is missing or cannot be read."""


class LakeFailed(ShanshuiError):
    """The lake could not be written; what was stored before is as it was."""

"""The error of plan documents."""

from __future__ import annotations

from shanshui.standards.errors import ShanshuiError


class PlanError(ShanshuiError):
    """A plan document cannot be read."""

"""The examination of a workspace (体检): what does not fit together, and what to do about it."""

from shanshui.platform.doctor.examine import Check, Finding, checks, examine

__all__ = ["Check", "Finding", "checks", "examine"]

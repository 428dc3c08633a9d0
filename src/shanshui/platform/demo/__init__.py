"""The demo: the loop closed once on real data."""

from shanshui.platform.demo.run import run

__all__ = ["run"]

"""The functions of the library that answer indicators."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from shanshui.platform.catalog.finding import find_indicator

REPORTED = "reported"
"""Method of an indicator that a department reports."""


def method(indicator: str) -> tuple[Callable[..., Any], str | None] | None:
    """Give the function that answers an indicator, and the column that holds it.

    Parameters
    ----------
    indicator : str
        Code or name.

    Returns
    -------
    (function, str or None) or None
        None where the figure is reported; no column where the function returns the figure itself.

    Raises
    ------
    ShanshuiError
        Where there is no such indicator.

    Examples
    --------
    >>> function, column = method("air.pm25.annual_mean")
    >>> function.__name__, column
    ('statistics', 'pm25')
    >>> method("森林覆盖率") is None
    True
    """
    said = find_indicator(indicator)["method"]
    return None if said == REPORTED else _resolved(said)


@cache
def _resolved(said: str) -> tuple[Callable[..., Any], str | None]:
    dotted, _, column = said.partition(":")
    home, _, name = dotted.rpartition(".")
    return getattr(import_module(home), name), column or None

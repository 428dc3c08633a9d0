"""Say once where a result rests on a figure that nobody could verify."""

from __future__ import annotations

import warnings
from functools import cache

from shanshui.standards.errors import UnverifiedFigure


@cache
def warn_recalled(what: str, what_en: str) -> None:
    """Warn, once in a process, that a figure has confidence C.

    Parameters
    ----------
    what, what_en : str
        What the figure is, e.g. ``"GB 3096-2008 4b类限值"``.
    """
    warnings.warn(
        f"{what}的数值未能核实（可信度 C），使用前请核对标准原文 / "
        f"{what_en}: the figures could not be verified (confidence C); check them before use",
        UnverifiedFigure,
        stacklevel=3,
    )

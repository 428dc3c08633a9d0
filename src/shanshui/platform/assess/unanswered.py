"""Indicators with a method that assessment of the lake does not run, and why."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from shanshui.platform.assess.air_figures import wanted as of_air
from shanshui.platform.assess.noise import wanted as of_noise
from shanshui.platform.assess.water import wanted as of_water
from shanshui.platform.catalog.methods import REPORTED
from shanshui.platform.catalog.names import indicator_rows


def answered() -> list[str]:
    """Return the codes of the indicators that assessment answers.

    Examples
    --------
    >>> len(answered())
    23
    """
    return [*(one.code for one in of_air()), *of_water(), *of_noise()]


def unanswered() -> list[dict[str, str]]:
    """Return the indicators that have a method and are not answered.

    Returns
    -------
    list of dict
        ``code, name, method``, and why in ``zh`` and ``en``.

    Examples
    --------
    >>> unanswered()[0]["code"]
    'water.lake.tli'
    """
    text = files(__package__).joinpath("unanswered.toml").read_text(encoding="utf-8")
    why = tomllib.loads(text)
    known = set(answered())
    return [
        {"code": row["code"], "name": row["name"], "method": row["method"], **why[row["code"]]}
        for row in indicator_rows()
        if row["method"] != REPORTED and row["code"] not in known
    ]

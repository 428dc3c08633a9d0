"""Indicators with a method that assessment of the lake does not run, and why."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from shanshui.platform.assess.running import DOMAINS
from shanshui.platform.catalog.methods import REPORTED
from shanshui.platform.catalog.names import indicator_rows


def answered(domain: str | None = None) -> list[str]:
    """Return the codes of the indicators that assessment answers.

    Parameters
    ----------
    domain : str, optional
        By the rosters of that domain alone; by default of any.

    Examples
    --------
    >>> len(answered()), answered("sea")
    (28, ['water.sea.good_share'])
    """
    runs = DOMAINS.values() if domain is None else (DOMAINS[domain],)
    return [code for run in runs for code in run.wanted()]


def unanswered() -> list[dict[str, str]]:
    """Return the indicators that have a method and are not answered.

    Returns
    -------
    list of dict
        ``code, name, method``, and why in ``zh`` and ``en``.

    Examples
    --------
    >>> unanswered()[0]["code"]
    'soil.farmland.safe_share'
    """
    text = files(__package__).joinpath("unanswered.toml").read_text(encoding="utf-8")
    why = tomllib.loads(text)
    known = set(answered())
    return [
        {"code": row["code"], "name": row["name"], "method": row["method"], **why[row["code"]]}
        for row in indicator_rows()
        if row["method"] != REPORTED and row["code"] not in known
    ]

"""The catalogue: indicators, regions, targets of plans and published values, as packaged data.

Each table is a small file with a README beside it that says where it comes from and what was
changed. Names of indicators and regions stand in the library, where the reading of plans uses the
same ones; here is what else is known of them.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from shanshui.platform.catalog.finding import find_indicator, find_region
from shanshui.platform.catalog.methods import method
from shanshui.platform.catalog.names import DOMAINS, indicators, members, regions

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "DOMAINS",
    "documents",
    "find_indicator",
    "find_region",
    "indicators",
    "members",
    "method",
    "published",
    "regions",
    "stand_ins",
    "targets",
]


def documents() -> pl.DataFrame:
    """Give the plans that the targets come from.

    Returns
    -------
    polars.DataFrame
        document, title, issuer, issued, first_year, last_year, baseline_year, note.
    """
    return _table("targets/documents.csv")


def targets() -> pl.DataFrame:
    """Give targets, counts, deferred values and baselines of the plans.

    Returns
    -------
    polars.DataFrame
        id, document, section, kind, indicator, region, year, comparator, value (text, as
        written), unit, base_year, stretch, approx, nature, basis.
    """
    return _table("targets/targets.csv", text=["value"])


def published() -> pl.DataFrame:
    """Give the published values, one row per region, indicator, period, basis and source.

    Returns
    -------
    polars.DataFrame
        region, adcode, indicator, period, value (text, as printed), unit, roster, state, dust,
        edition, formula, derived, bound, basis, source_title, publisher, published, confidence.
    """
    return _table("published/published.csv", text=["value", "adcode", "edition", "published"])


def stand_ins() -> pl.DataFrame:
    """Give the regions for which nothing is published and the nearest one with values.

    Returns
    -------
    polars.DataFrame
        region, series_region, note, note_en.
    """
    return _table("published/stand_ins.csv")


def _table(name: str, text: list[str] | None = None) -> pl.DataFrame:
    import polars as pl

    source = (files(__name__) / name).read_bytes()
    overrides = dict.fromkeys(text or [], pl.String)
    return pl.read_csv(source, schema_overrides=overrides, infer_schema_length=None)

"""Indicators and regions as tables: the names of the library, with what else is known of each."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from shanshui.plan.grammar import lexicon
from shanshui.plan.regions import divisions, parent
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    import polars as pl

DOMAINS = {
    "air": "空气",
    "water": "水",
    "soil": "土壤",
    "noise": "声环境",
    "waste": "固废",
    "energy": "能源",
    "carbon": "碳",
    "transport": "交通",
    "economy": "产业",
    "agriculture": "农业",
    "ecology": "生态",
    "city": "城乡",
    "governance": "治理",
}
"""Domains of indicators, the first part of their codes, with their Chinese names."""


def indicators() -> pl.DataFrame:
    """Give all indicators.

    Returns
    -------
    polars.DataFrame
        code, name (canonical), name_en, aliases (list), unit, direction (``lower`` or
        ``higher`` is better, null where neither), decimals (as published, null where not known),
        decimals_confidence (A, B, C), domain (of `DOMAINS`), lasting (what is reached stays
        reached), method (``shanshui.air.statistics:pm25``, or ``reported``), reported_by.

    Examples
    --------
    >>> indicators().filter(code="air.pm25.annual_mean").select("name", "unit", "direction").row(0)
    ('PM2.5年均浓度', 'µg/m3', 'lower')
    """
    import polars as pl

    schema: dict[str, Any] = {
        "aliases": pl.List(pl.String),
        "decimals": pl.Int64,
        "lasting": pl.Boolean,
    }
    return pl.DataFrame(indicator_rows(), schema_overrides=schema, infer_schema_length=None)


def regions() -> pl.DataFrame:
    """Give all regions: country, provinces, cities, counties (GB/T 2260) and groups.

    Returns
    -------
    polars.DataFrame
        code (``440100``, ``group:yrd``), name, name_en, short_name, names (list), level
        (``country``, ``province``, ``city``, ``county``, ``group``), parent (code), longitude,
        latitude (a point inside, most likely GCJ-02), start, end (ISO dates between which a group
        is counted so), confidence (of a group's members), note. Regions without a code that is
        certain (雄安新区) are left out.

    Examples
    --------
    >>> regions().filter(code="441800").select("name", "short_name", "level", "parent").row(0)
    ('清远市', '清远', 'city', '440000')
    """
    import polars as pl

    numbers: dict[str, Any] = {
        "longitude": pl.Float64,
        "latitude": pl.Float64,
        "names": pl.List(pl.String),
    }
    return pl.DataFrame(region_rows(), schema_overrides=numbers, infer_schema_length=None)


def members(group: str) -> tuple[str, ...]:
    """Give the codes of the members of a group.

    Parameters
    ----------
    group : str
        Code or name, e.g. ``group:jjj-38`` or 京津冀及周边(2+36).

    Returns
    -------
    tuple of str
        Empty where the members are not known for certain, or are not whole regions: the note of
        the group says which.

    Raises
    ------
    ShanshuiError
        Where there is no such group.

    Examples
    --------
    >>> members("京津冀")
    ('110000', '120000', '130000')
    """
    for region in divisions():
        if region.level == "group" and group in (region.code, region.name, *region.names):
            return region.members
    known = "、".join(region.name for region in divisions() if region.level == "group")
    raise ShanshuiError(
        f'没有名为“{group}”的区域组；有 {known} / no group is called "{group}"; there are {known}'
    )


@cache
def indicator_rows() -> tuple[dict[str, Any], ...]:
    """Give the rows of `indicators`."""
    table = lexicon("indicators")
    named = {row["code"]: row for row in (*table["indicator"], *table["listed"])}
    text = (files(__package__) / "indicators/indicators.csv").read_text(encoding="utf-8")
    rows = []
    for more in csv.DictReader(text.splitlines()):
        row = named[more["code"]]
        rows.append(
            {
                "code": row["code"],
                "name": row["name"],
                "name_en": more["name_en"],
                "aliases": [*row.get("aliases", ()), *row.get("also", ())],
                "unit": row.get("unit"),
                "direction": row.get("better"),
                "decimals": int(more["decimals"]) if more["decimals"] else None,
                "decimals_confidence": more["decimals_confidence"] or None,
                "domain": row["code"].partition(".")[0],
                "lasting": more["lasting"] == "true",
                "method": more["method"],
                "reported_by": more["reported_by"] or None,
            }
        )
    return tuple(rows)


@cache
def region_rows() -> tuple[dict[str, Any], ...]:
    """Give the rows of `regions`."""
    text = (files(__package__) / "regions/points.csv").read_text(encoding="utf-8")
    points = {row["code"]: row for row in csv.DictReader(text.splitlines())}
    rows = []
    for region in divisions():
        if region.code is None:
            continue
        point = points.get(region.code, {})
        short = region.names[0] if region.names else None
        rows.append(
            {
                "code": region.code,
                "name": region.name,
                "name_en": region.english,
                "short_name": short if region.level in ("province", "city") else None,
                "names": list(region.names),
                "level": region.level,
                "parent": parent(region.code),
                "longitude": float(point["longitude"]) if point else None,
                "latitude": float(point["latitude"]) if point else None,
                "start": region.start,
                "end": region.end,
                "confidence": region.confidence,
                "note": region.note,
            }
        )
    return tuple(rows)

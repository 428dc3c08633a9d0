"""Whose figures a roster yields: the regions of its cities and counties, and their groups."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl
from sqlalchemy import select

from shanshui.platform import catalog
from shanshui.platform.catalog.names import region_rows
from shanshui.platform.store.models import Region
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Known = dict[str, list[tuple[str, str | None]]]
LISTED = {"station": pl.String, "region": pl.String, "reference": pl.Boolean}


@dataclass(frozen=True)
class Places:
    """Regions of a version of a roster.

    Attributes
    ----------
    cities, counties : polars DataFrame
        ``station, region`` (code), ``reference``; of the stations that are assessed.
    groups : dict
        Codes of provinces and groups all of whose cities the roster has, with those cities.
    unknown : tuple of str
        Names that are no region of the ledger; they stand for themselves.
    """

    cities: pl.DataFrame
    counties: pl.DataFrame
    groups: dict[str, tuple[str, ...]]
    unknown: tuple[str, ...]

    @cached_property
    def sizes(self) -> dict[str, int]:
        """How many stations count for each region."""
        both = pl.concat([self.cities, self.counties]).filter(~pl.col("reference"))
        return dict(both.unique().group_by("region").len().rows())

    def all(self) -> pl.DataFrame:
        """Return stations with each region that they count for."""
        return pl.concat([self.cities, self.counties]).unique(maintain_order=True)

    def members(self) -> pl.DataFrame:
        """Return stations with each region and group that they count for."""
        both = self.all()
        parts = [both]
        for code, members in self.groups.items():
            inside = both.filter(pl.col("region").is_in(list(members)))
            parts.append(inside.with_columns(pl.lit(code).alias("region")))
        return pl.concat(parts).unique(maintain_order=True)

    def only(self, stations: Collection[str]) -> Places:
        """Return the regions of which some of the stations are left, and their whole groups.

        Reference sites are left out: they count for no region.
        """
        kept = pl.col("station").is_in(list(stations)) & ~pl.col("reference")
        cities, counties = self.cities.filter(kept), self.counties.filter(kept)
        left = set(cities["region"])
        groups = {code: of for code, of in self.groups.items() if left.issuperset(of)}
        return Places(cities, counties, groups, self.unknown)

    def with_groups(self, regions: Iterable[str]) -> set[str]:
        """Return regions and all cities that share a group with one of them."""
        found = set(regions)
        for code, members in self.groups.items():
            if code in found or found & set(members):
                found |= set(members)
        return found


def places(session: Session, stations: pl.DataFrame) -> Places:
    """Find the regions of a roster's stations by the names in its list.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger, whose regions count first.
    stations : polars DataFrame
        As `rosters.stations` gives them.
    """
    kept = stations.filter(pl.col("left_out").is_null())
    known = _known(session)
    codes: dict[tuple[str | None, str | None], tuple[str | None, str | None]] = {}
    unknown: list[str] = []
    for city, county in kept.select("city", "county").unique(maintain_order=True).rows():
        above = None if city is None else _code(known, city, None, unknown)
        below = None if county is None else _code(known, county, above, unknown)
        codes[city, county] = above, below
    pairs = [codes[row] for row in kept.select("city", "county").rows()]
    frames = []
    for number in (0, 1):
        regions = pl.Series("region", [pair[number] for pair in pairs], dtype=pl.String)
        frame = kept.select("station", pl.col("reference").fill_null(value=False)).with_columns(
            regions
        )
        frames.append(frame.filter(pl.col("region").is_not_null()).select(*LISTED))
    cities, counties = frames
    return Places(cities, counties, _groups(set(cities["region"])), tuple(dict.fromkeys(unknown)))


def _code(known: Known, name: str, within: str | None, unknown: list[str]) -> str:
    rows = known.get(name, ())
    inside = {code for code, above in rows if within is None or above == within}
    if len(inside) == 1:
        return inside.pop()
    try:
        return str(catalog.find_region(name, within=within)["code"])
    except ShanshuiError:
        unknown.append(name)
        return name


def _known(session: Session) -> Known:
    """Return the regions of the ledger with those above them, by code, name and short name."""
    found: Known = {}
    query = select(Region.code, Region.name, Region.short_name, Region.parent_code)
    for code, name, short, above in session.execute(query):
        for said in {code, name, short or name}:
            found.setdefault(said, []).append((code, above))
    return found


def _groups(cities: set[str]) -> dict[str, tuple[str, ...]]:
    """Return the provinces and groups of which the roster has every city."""
    found = {}
    below: dict[str, list[str]] = {}
    for row in region_rows():
        if row["level"] == "city" and row["parent"]:
            below.setdefault(row["parent"], []).append(row["code"])
    for code, members in below.items():
        if set(members) <= cities and code not in cities:
            found[code] = tuple(members)
    for row in region_rows():
        if row["level"] != "group":
            continue
        listed = catalog.members(row["code"])
        if listed and set(listed) <= cities:
            found[row["code"]] = tuple(listed)
    return found

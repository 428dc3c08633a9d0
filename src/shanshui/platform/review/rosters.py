"""Rosters (名单): dated versions of lists of stations and sections, and the ones in use.

>>> from tempfile import TemporaryDirectory
>>> import polars as pl
>>> from shanshui.platform.review import rosters
>>> from shanshui.platform.store import Workspace
>>> old = pl.DataFrame({"station": ["城东", "城西"], "code": ["A1", "A2"], "city": "青禾市"})
>>> new = old.with_columns(
...     code=pl.Series(["A1", "A3"]), moved_from=pl.Series([None, "A2"], dtype=pl.String)
... )
>>> with TemporaryDirectory() as folder, Workspace.create(folder) as workspace:
...     told = {"who": "张三", "code": "guokong", "domain": "air", "purpose": "国控点位"}
...     first = rosters.load(workspace.ledger, old, version="2021", start="2021-01-01", **told)
...     second = rosters.load(workspace.ledger, new, version="2026", start="2026-07-01", **told)
...     with workspace.ledger.read() as session:
...         rosters.in_force(session, "guokong", "2026-06-30").label
'2021'
>>> second.entries, second.closed
(2, '2021')
"""

from shanshui.platform.review.roster_compare import (
    Comparison,
    Diff,
    common,
    common_basis,
    compared,
    diff,
    reaching,
)
from shanshui.platform.review.roster_load import Loaded, load
from shanshui.platform.review.roster_read import (
    DOMAINS,
    entries_of,
    find,
    in_force,
    listing,
    previous,
    stations,
    target,
    version_of,
    versions,
)
from shanshui.platform.review.roster_use import use, used

__all__ = [
    "DOMAINS",
    "Comparison",
    "Diff",
    "Loaded",
    "common",
    "common_basis",
    "compared",
    "diff",
    "entries_of",
    "find",
    "in_force",
    "listing",
    "load",
    "previous",
    "reaching",
    "stations",
    "target",
    "use",
    "used",
    "version_of",
    "versions",
]

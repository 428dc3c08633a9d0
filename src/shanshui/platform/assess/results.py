"""Results: an indicator × a region × a period, with what it stands on, and what it was before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import polars as pl

from shanshui.platform.assess.layers import moment_of
from shanshui.platform.assess.tables import COMPARISONS, RESULTS, Shelf
from shanshui.standards.basis import Basis
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from shanshui.platform.store import Workspace
    from shanshui.platform.store.lake_tables import Table

WITHDRAWN = "withdrawn"
"""Reason of a result that the data no longer yield."""
FIGURE: dict[str, Any] = {
    **dict.fromkeys(("indicator", "region", "period", "value", "unit"), pl.String),
    **dict.fromkeys(("source", "status"), pl.String),
    **dict.fromkeys(("roster", "state", "dust", "edition", "formula"), pl.String),
    **dict.fromkeys(("confidence", "ref"), pl.String),
    "at": pl.Datetime("us", "UTC"),
}
"""Columns of a figure, monitored or reported."""
_SAYS = (
    *("value", "unit", "reason", "roster", "state", "edition", "formula", "method", "status"),
    *("freeze", "stations", "days_expected", "days_valid", "inputs"),
)
"""What makes a result another one than before."""
_YIELDED = ("value", "value_before", "inputs")  # what a withdrawn row no longer has


@dataclass(frozen=True)
class Written:
    """What was done with results.

    Attributes
    ----------
    stored : int
        New, or other than before.
    same : int
        As they were: nothing is written.
    withdrawn : int
        Those that the data no longer yield.
    compared : int
        Comparisons with the year before that are new, other than before or withdrawn.
    """

    stored: int = 0
    same: int = 0
    withdrawn: int = 0
    compared: int = 0

    def __add__(self, other: Written) -> Written:
        """Add up."""
        return Written(
            self.stored + other.stored,
            self.same + other.same,
            self.withdrawn + other.withdrawn,
            self.compared + other.compared,
        )


def shelf(workspace: Workspace) -> Shelf:
    """Return the tables of assessment of a workspace."""
    return Shelf(workspace.lake.place)


def identified(rows: pl.DataFrame) -> pl.DataFrame:
    """Add the stable id: of the indicator, region, period, roster, treatment of dust and moment."""
    keys = rows.select(
        "indicator",
        "region",
        "period",
        pl.col("roster").str.split("@").list.first(),
        pl.col("dust").fill_null(""),
        pl.col("as_of").dt.timestamp("us").cast(pl.String).fill_null(""),
    ).rows()
    ids = [blake2b("|".join(key).encode(), digest_size=8).hexdigest() for key in keys]
    return rows.with_columns(pl.Series("id", ids, dtype=pl.String))


@dataclass(frozen=True)
class Scope:
    """Which results were computed anew: those of it that no longer come are withdrawn.

    Attributes
    ----------
    roster : str
        Code of the roster.
    indicators, regions, periods : collections of str
        No regions: all.
    as_of : datetime or None
        The moment.
    """

    roster: str
    indicators: frozenset[str]
    regions: frozenset[str] | None
    periods: frozenset[str]
    as_of: datetime | None

    def of(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows that are in it."""
        conditions = [
            pl.col("roster").str.split("@").list.first() == self.roster,
            pl.col("indicator").is_in(list(self.indicators)),
            pl.col("period").is_in(list(self.periods)),
            pl.col("as_of").eq_missing(pl.lit(self.as_of, pl.Datetime("us", "UTC"))),
        ]
        if self.regions is not None:
            conditions.append(pl.col("region").is_in(list(self.regions)))
        return rows.filter(conditions)


def store(tables: Shelf, rows: pl.DataFrame, scope: Scope, at: datetime) -> Written:
    """Write what is other than before; what it was stays.

    Parameters
    ----------
    tables : Shelf
        The tables, held alone.
    rows : polars DataFrame
        Columns of a result but ``id``.
    scope : Scope
        What was computed anew.
    at : datetime
        When, UTC.
    """
    return write(tables, RESULTS, identified(rows), _SAYS, scope, at)


def write(
    tables: Shelf,
    table: Table,
    rows: pl.DataFrame,
    says: Sequence[str],
    scope: Scope,
    at: datetime,
) -> Written:
    """Write what is other than before, and withdraw what no longer comes.

    Parameters
    ----------
    tables, scope, at
        As in `store`.
    table : Table
        Of results, or of what goes with them.
    rows : polars DataFrame
        Its columns.
    says : sequence of str
        Those that make a row another one than before.
    """
    years = sorted({int(text[:4]) for text in scope.periods})
    known = newest(scope.of(tables.read(table, years).collect()))
    both = rows.join(
        known.select("id", *says, _known=pl.lit(value=True)), on="id", how="left", suffix="_old"
    )
    same = pl.col("_known").fill_null(value=False) & pl.all_horizontal(
        pl.col(c).eq_missing(pl.col(f"{c}_old")) for c in says
    )
    fresh = both.filter(~same).select(*table.schema)
    gone = known.filter(pl.col("reason").ne_missing(WITHDRAWN)).join(rows, on="id", how="anti")
    if gone.height:
        gone = gone.with_columns(
            *(pl.lit(None, pl.String).alias(c) for c in _YIELDED if c in table.schema),
            reason=pl.lit(WITHDRAWN),
            at=pl.lit(at, pl.Datetime("us", "UTC")),
        ).select(*table.schema)
    tables.add(table, pl.concat([fresh, gone]) if gone.height else fresh, "end")
    return Written(fresh.height, rows.height - fresh.height, gone.height)


def newest(rows: pl.DataFrame) -> pl.DataFrame:
    """Keep the last row of each result."""
    return rows.sort("at").unique("id", keep="last", maintain_order=True)


def read(
    workspace: Workspace,
    *,
    indicator: str | Iterable[str] | None = None,
    region: str | Iterable[str] | None = None,
    period: str | Iterable[str] | None = None,
    as_of: date | datetime | None = None,
    history: bool = False,
) -> pl.DataFrame:
    """Return results.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    indicator, region, period : str or list of str, optional
        Codes, and periods as in `shanshui.platform.assess.terms.term`; by default all.
    as_of : date or aware datetime, optional
        Those that were computed as of that moment and, where there are none, those that stood
        then; a day means its end.
    history : bool
        Also what each result was before.

    Returns
    -------
    polars DataFrame
        ``id, indicator, region, period, start, end, value`` (text, exact; null with a
        ``reason``), ``unit``, the basis (``roster, state, dust, edition, formula``), ``method``,
        ``status`` (实时, 审核 or 定版), ``freeze`` (period#number), ``lake_version, as_of``,
        ``stations`` (that count), ``days_expected, days_valid``, ``inputs`` (fingerprint of what
        entered), ``code`` (version of the program), ``at`` (when it was computed, UTC). Ordered by
        indicator, region, start, end and ``at``.
    """
    said = {"indicator": indicator, "region": region, "period": period}
    return kept(workspace, RESULTS, said, as_of, history=history)


def kept(
    workspace: Workspace,
    table: Table,
    said: Mapping[str, str | Iterable[str] | None],
    as_of: date | datetime | None,
    *,
    history: bool = False,
) -> pl.DataFrame:
    """Return the rows of a table of results, or of what goes with them, as `read` does."""
    conditions = [
        pl.col(name).is_in([of] if isinstance(of, str) else list(of))
        for name, of in said.items()
        if of is not None
    ]
    years, period = None, said.get("period")
    if period is not None:
        years = [int(p[:4]) for p in ([period] if isinstance(period, str) else period)]
    lazy = shelf(workspace).read(table, years)
    rows = (lazy.filter(*conditions) if conditions else lazy).collect()
    if as_of is None:
        rows = rows.filter(pl.col("as_of").is_null())
    else:
        rows = _as_of(rows, moment_of(as_of))
    if not history:
        rows = newest(rows).filter(pl.col("reason").ne_missing(WITHDRAWN))
    return rows.sort("indicator", "region", "start", "end", "at", maintain_order=True)


def _as_of(rows: pl.DataFrame, moment: datetime) -> pl.DataFrame:
    """Return what was computed as of a moment, else what stood then."""
    said = rows.filter(pl.col("as_of") == moment)
    stood = rows.filter(pl.col("as_of").is_null(), pl.col("at") <= moment)
    keys = ["indicator", "region", "period"]
    return pl.concat([said, stood.join(said, on=keys, how="anti")])


def figures(
    workspace: Workspace,
    indicator: str | Iterable[str] | None = None,
    region: str | Iterable[str] | None = None,
    period: str | Iterable[str] | None = None,
    as_of: date | datetime | None = None,
) -> pl.DataFrame:
    """Return results as figures, the form that monitored and reported ones share.

    Parameters
    ----------
    workspace, indicator, region, period, as_of
        As in `read`.

    Returns
    -------
    polars DataFrame
        ``indicator, region, period, value, unit, source`` (monitored), ``status``, the basis,
        ``confidence`` (null), ``ref`` (id of the result), ``at``. Results without a value are left
        out; `read` says why they have none.
    """
    rows = read(workspace, indicator=indicator, region=region, period=period, as_of=as_of)
    return (
        rows.filter(pl.col("value").is_not_null())
        .with_columns(
            source=pl.lit("monitored"), confidence=pl.lit(None, pl.String), ref=pl.col("id")
        )
        .select(pl.col(c).cast(kind) for c, kind in FIGURE.items())
    )


def find(workspace: Workspace, said: str) -> dict[str, Any]:
    """Find a result by its id, or by indicator, region and period.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    said : str
        An id or the beginning of one, or e.g. ``air.pm25.annual_mean 110000 2015`` (codes or
        names).

    Raises
    ------
    ShanshuiError
        There is none, or several.
    """
    parts = said.split()
    if len(parts) == 1:
        rows = newest(shelf(workspace).read(RESULTS).collect())
        found = rows.filter(pl.col("id").str.starts_with(parts[0]))
    elif len(parts) in {3, 4}:
        found = _named(workspace, parts)
    else:
        raise ShanshuiError(
            f"应为结果编号，或“指标 地区 时段”，得到“{said}” / say the id of a result, or "
            f'"INDICATOR REGION PERIOD", got {said!r}'
        )
    if found.height == 1:
        return found.row(0, named=True)
    if found.is_empty():
        if len(parts) == 1:
            _no_result(workspace, parts[0])
        raise ShanshuiError(
            f"没有这个结果：{said}；先 shanshui assess / "
            f"there is no such result: {said}; run shanshui assess first"
        )
    several = "；".join(
        f"{r['id']} {r['roster']} {r['dust'] or ''}".strip() for r in found.iter_rows(named=True)
    )
    raise ShanshuiError(
        f"“{said}”有几个结果，请写编号：{several} / several results are meant: say an id"
    )


def _no_result(workspace: Workspace, said: str) -> None:
    """Say so where an id is one of a comparison with the year before, which is two figures."""
    rows = newest(shelf(workspace).read(COMPARISONS).collect())
    for row in rows.filter(pl.col("id").str.starts_with(said)).head(1).iter_rows(named=True):
        pair = f"{row['period']} {row['value']}, {row['before']} {row['value_before']}"
        raise ShanshuiError(
            f"{row['id']} 是同比的一对数：{row['indicator']} {row['region']} {pair}，"
            f"{row['roster']}；{row['period']} 的结果是 {row['result']} / it is a pair of figures "
            f"on the stations that both years have; the result of {row['period']} is "
            f"{row['result']}"
        )


def _named(workspace: Workspace, parts: Sequence[str]) -> pl.DataFrame:
    from shanshui.platform import catalog
    from shanshui.platform.assess.terms import term

    indicator = str(catalog.find_indicator(parts[0])["code"])
    text = term(parts[2]).text
    rows = read(workspace, indicator=indicator, period=text)
    if rows.filter(pl.col("region") == parts[1]).height:
        found = rows.filter(pl.col("region") == parts[1])
    else:
        found = rows.filter(pl.col("region") == str(catalog.find_region(parts[1])["code"]))
    if len(parts) == 4:
        return found.filter(pl.col("dust") == parts[3])
    # The national way counts where nothing is said.
    national = found.filter(pl.col("dust").str.starts_with("扣沙（").fill_null(value=False))
    return national if national.height == 1 else found


def basis_of(row: dict[str, Any]) -> Basis:
    """Return what a result stands on."""
    names = ("roster", "edition", "state", "dust", "status", "formula")
    return Basis(**{name: row[name] for name in names})

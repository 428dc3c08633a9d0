"""Comparisons with the year before on the stations that both periods have (同比、同口径).

A new version of a roster, or of a standard, is another basis, so the results of a period and of the
year before may not be set against each other. Here both are computed on one version, on the
stations that `shanshui.platform.review.rosters.compared` leaves, by the standard of the later
period: a pair of figures, kept beside the results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING

import polars as pl

from shanshui import __version__
from shanshui.platform.assess.layers import Frozen, covering
from shanshui.platform.assess.places import Places
from shanshui.platform.assess.results import Scope, Written, identified, kept, write
from shanshui.platform.assess.tables import COMPARISONS
from shanshui.platform.review import rosters

if TYPE_CHECKING:
    from shanshui.platform.assess.job import Job, Series, Version
    from shanshui.platform.assess.terms import Term
    from shanshui.platform.store import Workspace

_SAYS = (
    *("before", "value", "value_before", "unit", "reason", "roster", "state", "edition", "method"),
    *("status", "freeze", "freeze_before", "stations", "moved", "added", "dropped", "unmeasured"),
    "inputs",
)
"""What makes a comparison another one than before."""
_SAME = ["indicator", "region", "period", "dust", "edition", "state"]
COUNTS = ("stations", "moved", "added", "dropped", "unmeasured")


@dataclass(frozen=True)
class Due:
    """A period to compare with the same of the year before.

    Attributes
    ----------
    now, before : Term
        The periods.
    version : Version
        On which both sides stand.
    between : list of Version
        The versions from that of the earlier period's first day to it.
    holder, holder_before : Frozen or None
        The freezes that cover them.
    edition : str
        The edition of the standard by which both are computed: that of the later period.
    """

    now: Term
    before: Term
    version: Version
    between: list[Version]
    holder: Frozen | None
    holder_before: Frozen | None
    edition: str

    @property
    def sides(self) -> tuple[tuple[Term, Frozen | None], tuple[Term, Frozen | None]]:
        """The periods with their freezes, the later first."""
        return (self.now, self.holder), (self.before, self.holder_before)


@dataclass(frozen=True)
class Pair:
    """A period and the year before on the stations that they have in common.

    Attributes
    ----------
    due : Due
        The periods.
    stations : frozenset of str
        Those that count on both sides.
    places : Places
        The regions of the stations that are left; none of which no station is.
    counts : polars DataFrame
        ``region`` and `COUNTS`: stations that count on both sides; that moved, came, went, and had
        no data of the earlier period.
    """

    due: Due
    stations: frozenset[str]
    places: Places
    counts: pl.DataFrame


def due(
    series: Series,
    frozen: Sequence[Frozen],
    terms: Iterable[Term],
    edition_of: Callable[[date], str | None],
) -> list[Due]:
    """Find the periods whose year before stands on another version of the roster, or standard.

    Also those that begin a year before on another version than they end on: a station that moved
    meanwhile has half a year at each place.

    Parameters
    ----------
    series : Series
        The roster.
    frozen : sequence of Frozen
        The freezes in force.
    terms : iterable of Term
        Periods.
    edition_of : callable
        Gives the edition by which a period that ends on a day is assessed, if there is one.
    """
    found = []
    for now in terms:
        before = now.before
        holder, holder_before = covering(frozen, now), covering(frozen, before)
        version, judged = series.of(now.end), edition_of(now.end)
        if holder is not None:
            version, judged = series.by_id(holder.version_id), holder.edition
        if version is None or judged is None:
            continue
        then, judged_then = series.of(before.end), edition_of(before.end)
        if holder_before is not None:
            then, judged_then = series.by_id(holder_before.version_id), holder_before.edition
        between = series.between(before.start, version)
        if judged_then is None:
            continue
        one_list = len(between) == 1 and then is not None and then.id == version.id
        if not one_list or judged != judged_then:
            found.append(Due(now, before, version, between, holder, holder_before, judged))
    return found


def pair(
    series: Series,
    one: Due,
    measured: Iterable[str],
    members: Callable[[Version], pl.DataFrame],
) -> Pair:
    """Say which stations count on both sides of a comparison.

    Parameters
    ----------
    series : Series
        The roster.
    one : Due
        The periods.
    measured : iterable of str
        Stations with data of the earlier period.
    members : callable
        Gives the stations of a version with every ``region`` and group that they count for.
    """
    found = rosters.common(
        series.roster,
        one.version.label,
        [version.stations for version in one.between],
        one.now,
        one.before,
        frozenset(measured),
    )
    left = found.stations["station"].to_list()
    places = one.version.places.only(left)
    sets: dict[str, Sequence[str]] = {
        "stations": left,
        "moved": list(found.moved),
        "added": found.added,
        "dropped": found.dropped,
        "unmeasured": found.unmeasured,
    }
    now, then = members(one.version), members(one.between[0])
    counts = now.select("region").unique()
    for name, stations in sets.items():
        listed = then if name == "dropped" else now
        own = listed.filter(pl.col("station").is_in(stations))
        counts = counts.join(
            own.group_by("region").agg(pl.len().cast(pl.Int64).alias(name)), on="region", how="left"
        )
    return Pair(one, frozenset(left), places, counts.with_columns(pl.col(*COUNTS).fill_null(0)))


def later(terms: Iterable[Term], last: date) -> list[Term]:
    """Return periods with those of the year after, which are compared with them.

    Parameters
    ----------
    terms : iterable of Term
        Periods whose data changed.
    last : datetime.date
        The last day with data.
    """
    there = set(terms)
    # 1—N月 has nothing without its last month.
    first = {one.after: one.after.months[one.kind == "ytd"] for one in there}
    return sorted({*there, *(one for one, month in first.items() if month <= f"{last:%Y-%m}")})


def store(
    job: Job,
    pairs: Sequence[Pair],
    figures: tuple[pl.DataFrame, pl.DataFrame],
    scope: Scope,
) -> Written:
    """Write the comparisons that are other than before.

    Parameters
    ----------
    job : Job
        The run.
    pairs : sequence of Pair
        One for each period.
    figures : pair of polars DataFrame
        Of the periods and of the years before, both with ``period`` of the later: columns of
        `shanshui.platform.assess.air_figures.FIGURES`, ``inputs`` and ``raw``.
    scope : Scope
        What was compared anew.
    """
    # No days of no valid days are not a count to compare.
    said = pl.col("value").is_not_null() & pl.col("days_valid").ne_missing(0)
    now, before = (side.filter(said) for side in figures)
    # Shares by area are no shares of points, nor is an index of fewer parameters the same.
    same = [*_SAME, *(c for c in ("formula",) if c in now.columns)]
    both = now.drop("stations", strict=False).join(
        before.select(*same, "value", "inputs", "raw"),
        on=same,
        how="inner",
        suffix="_before",
        nulls_equal=True,
        maintain_order="left",
    )
    if scope.regions is not None:
        both = both.filter(pl.col("region").is_in(list(scope.regions)))
    rows = [
        both.filter(pl.col("period") == one.due.now.text)
        .join(one.counts, on="region", how="left", maintain_order="left")
        .with_columns(_said(job, one.due))
        for one in pairs
    ]
    schema = {name: kind for name, kind in COMPARISONS.schema.items() if name != "id"}
    found = pl.concat(
        [
            pl.DataFrame(schema=schema | {"result": pl.String}),
            *(_plain(frame, job).select(pl.col(c).cast(kind) for c, kind in schema.items())
              for frame in rows),
        ]
    )  # fmt: skip
    ids = [blake2b(f"同比|{one}".encode(), digest_size=8).hexdigest() for one in found["result"]]
    found = found.with_columns(pl.Series("id", ids, dtype=pl.String))
    done = write(
        job.shelf, COMPARISONS, found.select(*COMPARISONS.schema), _SAYS, scope, job.moment
    )
    return Written(compared=done.stored + done.withdrawn)


def _said(job: Job, one: Due) -> list[pl.Expr]:
    """Say of each figure on what it stands."""
    held = [side for side in (one.holder, one.holder_before) if side is not None]
    final = len(held) == 2
    raw = pl.col("raw") + pl.col("raw_before")
    status = pl.when(raw > 0).then(pl.lit("实时")).otherwise(pl.lit("审核"))
    version = max(side.lake_version for side in held) if final else job.cut.version
    return [
        pl.lit(one.before.text).alias("before"),
        pl.lit(one.now.start.isoformat()).alias("start"),
        pl.lit(one.now.end.isoformat()).alias("end"),
        pl.lit(one.version.text).alias("roster"),
        (pl.lit("定版") if final else status).alias("status"),
        pl.lit(one.holder.text if one.holder else None, pl.String).alias("freeze"),
        pl.lit(one.holder_before.text if one.holder_before else None, pl.String).alias(
            "freeze_before"
        ),
        pl.lit(version).alias("lake_version"),
    ]


def _plain(rows: pl.DataFrame, job: Job) -> pl.DataFrame:
    """Name the result that a comparison goes with, and the basis that both sides stand on."""
    rows = rows.with_columns(
        pl.lit(job.cut.asked, pl.Datetime("us", "UTC")).alias("as_of"),
        pl.lit(__version__).alias("code"),
        pl.lit(job.moment, pl.Datetime("us", "UTC")).alias("at"),
    )
    left = [moved + none for moved, none in rows.select("moved", "unmeasured").rows()]
    texts = [rosters.common_basis(text, n) for text, n in zip(rows["roster"], left, strict=True)]
    both = rows["inputs"] + "+" + rows["inputs_before"]
    marks = [blake2b(text.encode(), digest_size=8).hexdigest() for text in both]
    return identified(rows).with_columns(
        pl.col("id").alias("result"),
        pl.Series("roster", texts, dtype=pl.String),
        pl.Series("inputs", marks, dtype=pl.String),
    )


def read(
    workspace: Workspace,
    *,
    indicator: str | Iterable[str] | None = None,
    region: str | Iterable[str] | None = None,
    period: str | Iterable[str] | None = None,
    as_of: date | datetime | None = None,
    history: bool = False,
) -> pl.DataFrame:
    """Return comparisons with the year before on the stations that both periods have.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    indicator, region, period, as_of, history
        As in `shanshui.platform.assess.results.read`.

    Returns
    -------
    polars DataFrame
        ``id``, ``result`` (id of the result of the period), ``indicator, region, period``,
        ``before`` (the period a year earlier), ``start, end``, ``value`` and ``value_before``
        (text, as results are written), ``unit``, ``roster`` (the version that both sides stand on,
        and how many stations of the region count on neither), ``state, dust, edition, method``,
        ``status`` (定版 where both are), ``freeze, freeze_before``, ``lake_version, as_of``,
        ``stations`` (that count on both sides) and those that ``moved``, were ``added``,
        ``dropped`` and ``unmeasured``, ``inputs``, ``code``, ``at``.
    """
    said = {"indicator": indicator, "region": region, "period": period}
    return kept(workspace, COMPARISONS, said, as_of, history=history)

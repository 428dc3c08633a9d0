"""Where a result comes from: the chain down to the raw rows, and whether they still yield it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from shanshui._clock import OFFSET
from shanshui.platform.assess import results
from shanshui.platform.assess.engines import Polars
from shanshui.platform.assess.job import Job, Series, Version, series_of
from shanshui.platform.assess.layers import Cut
from shanshui.platform.assess.terms import Term, term
from shanshui.platform.catalog.names import indicator_rows, region_rows
from shanshui.platform.review import rosters
from shanshui.platform.store.models import RosterVersion, now
from shanshui.standards.editions import Edition

if TYPE_CHECKING:
    from shanshui.platform.store import Workspace

Row = dict[str, Any]


@dataclass
class Explained:
    """A result and what it is made of.

    Attributes
    ----------
    result : dict
        As `results.read` gives it, with ``name`` and ``region_name``.
    recomputed : dict
        ``value`` and ``reason`` of the same figure from the rows now, ``equal`` (whether both are
        as they were) and ``inputs_equal`` (whether what entered is).
    statistics : dict
        The figures beside it and the counts that decide whether it is valid.
    rules : list of dict
        ``standard, title, clause, what, what_en, value, unit, confidence``: what the figure is made
        by.
    members : list of dict
        Of a province or group the cities: ``region, name, value``.
    stations : list of dict
        The stations or sections of the region, with counts and what each contributes.
    days : list of dict
        The days of the region, of noise the levels of points by date; for water the sections'
        judgement is in `stations`.
    excluded : list of dict
        Days with a value that an event marks, and the kinds.
    counts : dict
        ``values, missing``, by ``state`` and by ``source``: the raw rows that entered.
    rows : list of dict
        Raw rows of one day or section: station, property, time, value, flag, state, source,
        recorded_from.
    rows_of : str
        Which rows those are.
    roster : dict
        ``text, start, end, approval, file_name, stations``.
    data : dict
        ``lake_version, recorded, as_of, freeze``.
    """

    result: Row
    recomputed: Row
    statistics: Row = field(default_factory=dict)
    rules: list[Row] = field(default_factory=list)
    members: list[Row] = field(default_factory=list)
    stations: list[Row] = field(default_factory=list)
    days: list[Row] = field(default_factory=list)
    excluded: list[Row] = field(default_factory=list)
    counts: Row = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    rows_of: str = ""
    roster: Row = field(default_factory=dict)
    data: Row = field(default_factory=dict)

    def as_dict(self) -> Row:
        """Return it as plain values: moments and dates as texts."""
        plain: Row = _plain(asdict(self))
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


@dataclass(frozen=True)
class Asked:
    """What the parts of an explanation share.

    Attributes
    ----------
    row : dict
        The result.
    term : Term
        Its period.
    job : Job
        A run over this figure alone, from the rows that were there.
    series : Series
        Its roster.
    version : Version
        The version of it that counted.
    """

    row: Row
    term: Term
    job: Job
    series: Series
    version: Version

    def stations(self) -> pl.DataFrame:
        """Return the stations that count for the region, those of a group by its cities."""
        everywhere = self.version.places.all()
        members = self.version.places.groups.get(self.row["region"], (self.row["region"],))
        return everywhere.filter(pl.col("region").is_in(list(members)))


def explain(workspace: Workspace, said: str, *, day: date | None = None) -> Explained:
    """Say where a result comes from, and compute it once more from the rows.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    said : str
        An id, or ``"air.pm25.annual_mean 110000 2015"``.
    day : date, optional
        Whose raw rows to give; by default the day that weighs most.

    Raises
    ------
    ShanshuiError
        There is no such result, or its roster is gone.
    """
    from shanshui.platform.assess import lineage_air, lineage_noise, lineage_water

    row = results.find(workspace, said)
    roster = row["roster"].partition("@")[0]
    with workspace.ledger.read() as session:
        domain = rosters.find(session, roster).domain  # whose roster answers, not the prefix
    found = [one for one in series_of(workspace, domain, roster) if one.roster == roster]
    when = term(row["period"])
    job = Job(
        workspace,
        results.shelf(workspace),
        Polars(),
        _cut(workspace, row),
        "",
        now(),
        (when,),
        frozenset({row["region"]}),
        lambda _: None,
        anew=True,
    )
    asked = Asked(row, when, job, found[0], found[0].by_text(row["roster"]))
    if row["reason"] == results.WITHDRAWN:
        return Explained(_named(row), {}, data=_data(asked), roster=_roster(asked))
    of = {"air": lineage_air.explained, "noise": lineage_noise.explained}
    made = of.get(domain, lineage_water.explained)(asked, day)
    made.result = _named(row)
    made.roster, made.data = _roster(asked), _data(asked)
    return made


def _cut(workspace: Workspace, row: Row) -> Cut:
    """Read the lake as it was for the result."""
    lake = workspace.lake
    newest = lake.version
    recorded = None
    if row["lake_version"] != newest:
        versions = lake.versions().filter(pl.col("version") == row["lake_version"])
        recorded = versions["recorded"].item()
    moment = row["as_of"]
    until = None if moment is None else (moment + OFFSET).replace(tzinfo=None)
    return Cut(moment, recorded, until, row["lake_version"], moment or row["at"])


def _named(row: Row) -> Row:
    names = {one["code"]: one["name"] for one in indicator_rows()}
    places = {one["code"]: one["name"] for one in region_rows()}
    return row | {
        "name": names.get(row["indicator"], row["indicator"]),
        "region_name": places.get(row["region"], row["region"]),
    }


def _roster(asked: Asked) -> Row:
    with asked.job.workspace.ledger.read() as session:
        one = session.get_one(RosterVersion, asked.version.id)
        return {
            "text": asked.version.text,
            "start": one.start,
            "end": one.end,
            "approval": one.approval,
            "file_name": one.file_name,
            "stations": asked.version.counted.height,
        }


def _data(asked: Asked) -> Row:
    versions = asked.job.lake.versions()
    mine = versions.filter(pl.col("version") == asked.row["lake_version"])
    return {
        "lake_version": asked.row["lake_version"],
        "recorded": mine["recorded"].item() if mine.height else None,
        "as_of": asked.row["as_of"],
        "freeze": asked.row["freeze"],
    }


def verdict(row: Row, found: pl.DataFrame, inputs: str | None) -> Row:
    """Say whether what is computed now is what was stored.

    Parameters
    ----------
    row : dict
        The result.
    found : polars DataFrame
        The figure as it is computed now, one row or none.
    inputs : str or None
        The fingerprint of what entered now.
    """
    if found.is_empty():
        return {"value": None, "reason": "no_data", "equal": False, "inputs_equal": False}
    again = found.row(0, named=True)
    return {
        "value": again["value"],
        "reason": again["reason"],
        "equal": (again["value"], again["reason"]) == (row["value"], row["reason"]),
        "inputs_equal": inputs == row["inputs"],
    }


def counted(rows: pl.DataFrame) -> Row:
    """Count raw rows by state and source, what one review wrote together."""
    # Decisions write as review/<number>/<decision>.
    review = pl.col("source").str.replace(r"^(review/\d+)/\d+$", "${1}")
    rows = rows.with_columns(review)

    def by(column: str) -> Row:
        counts = rows.group_by(column).len().sort("len", column, descending=[True, False])
        return {str(name): n for name, n in counts.rows()}

    return {
        "values": rows.filter(pl.col("value").is_not_null()).height,
        "missing": rows.filter(pl.col("value").is_null()).height,
        "state": by("state"),
        "source": by("source"),
    }


def parameters(edition: Edition, names: Sequence[str]) -> list[Row]:
    """Return parameters of an edition with standard, clause and confidence."""
    found = []
    for name in names:
        for member in edition.members:
            if name in member.parameters:
                one = member.parameters[name]
                found.append(
                    {
                        "standard": member.number,
                        "title": member.title,
                        "clause": one.clause,
                        "what": one.about_zh,
                        "what_en": one.about,
                        "name": name,
                        "value": one.value,
                        "unit": None,
                        "confidence": one.confidence,
                    }
                )
                break
    return found

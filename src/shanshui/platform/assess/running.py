"""Run the catalogue's methods over the lake, and keep what they give."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from shanshui._clock import OFFSET
from shanshui.platform import catalog
from shanshui.platform.assess.air import AirRun
from shanshui.platform.assess.engines import engine_of
from shanshui.platform.assess.job import Job, series_of
from shanshui.platform.assess.layers import cut, moment_of
from shanshui.platform.assess.noise import NoiseRun
from shanshui.platform.assess.points import GroundRun, SeaRun, SourceRun
from shanshui.platform.assess.results import Written, shelf
from shanshui.platform.assess.samples import SampleRun
from shanshui.platform.assess.terms import Term, around, term
from shanshui.platform.assess.water import WaterRun
from shanshui.platform.store.models import now
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from shanshui.platform.store import Workspace

DOMAINS: dict[str, type[AirRun | SampleRun]] = {
    "air": AirRun,
    "water": WaterRun,
    "source": SourceRun,
    "ground": GroundRun,
    "sea": SeaRun,
    "noise": NoiseRun,
}
"""What assesses each domain."""
USUAL = ("air", "water")
"""Domains that a workspace is expected to have a roster of; of others only where asked for."""


@dataclass(frozen=True)
class Assessed:
    """What a run did.

    Attributes
    ----------
    stored, same, withdrawn : int
        Results that are new or other than before; that are as they were; that no longer come.
    compared : int
        Comparisons with the year before, on the stations that both years have, that are news.
    domains : dict
        The same counts by domain and roster.
    lake_version : int
        The version of the lake that was read.
    engine : str
        ``polars`` or ``spark``.
    at : datetime
        When, UTC: results that are news have it too.
    unanswered : list of (str, str, str)
        What could not be answered: subject, why in Chinese, why in English.
    """

    stored: int
    same: int
    withdrawn: int
    compared: int
    domains: dict[str, Written]
    lake_version: int
    engine: str
    at: datetime
    unanswered: list[tuple[str, str, str]] = field(default_factory=list)


def run(
    workspace: Workspace,
    domain: str | None = None,
    region: str | Iterable[str] | None = None,
    period: str | Iterable[str] | None = None,
    as_of: date | datetime | None = None,
    engine: str | None = None,
    *,
    who: str = "",
    tell: Callable[[str], None] | None = None,
) -> Assessed:
    """Assess what the lake has, and store the results that are news.

    Without region, period and moment only what depends on rows that changed since the last run is
    computed. Periods that a freeze covers are read from its rows, and are computed once.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    domain : str, optional
        One of `DOMAINS`; by default all.
    region : str or list of str, optional
        Codes or names; by default all.
    period : str or list of str, optional
        ``2026-10``, ``2026-Q3``, ``2026`` or ``2026-01/2026-10``; by default what has changed.
    as_of : date or aware datetime, optional
        As it was known then: live data are cut by the time of recording, history that was loaded
        later by the time of observation. By default the periods that hold the day.
    engine : str, optional
        ``polars`` or ``spark``; by default ``[assess] engine`` of the settings, else Polars.
    who : str
        Who asks for it.
    tell : callable, optional
        Is told what is being done.

    Returns
    -------
    Assessed
        Counts, and what could not be answered.

    Raises
    ------
    ShanshuiError
        The lake is empty, no roster is in use, or something asked for is unknown.
    LakeBusy
        Another program assesses.
    """
    if domain is not None and domain not in DOMAINS:
        raise ShanshuiError(
            f"领域应为 {'、'.join(DOMAINS)}，得到 {domain} / a domain is one of "
            f"{', '.join(DOMAINS)}, got {domain}"
        )
    tables = shelf(workspace)
    with tables.alone():
        job = Job(
            workspace,
            tables,
            engine_of(workspace, engine),
            cut(workspace.lake, as_of),
            who,
            now(),
            _terms(period, as_of),
            codes(region),
            tell or (lambda _: None),
        )
        done = {}
        for name in DOMAINS if domain is None else (domain,):
            found = series_of(workspace, name)
            if not found and (domain is not None or name in USUAL):
                job.unanswered.append((name, "没有在用名单", "no roster is in use"))
            for one in found:
                done[f"{name} {one.roster}"] = DOMAINS[name](job, one).run()
    total = sum(done.values(), Written())
    return Assessed(
        total.stored,
        total.same,
        total.withdrawn,
        total.compared,
        done,
        job.cut.version,
        job.engine.name,
        job.moment,
        job.unanswered,
    )


def _terms(
    period: str | Iterable[str] | None, as_of: date | datetime | None
) -> tuple[Term, ...] | None:
    if period is not None:
        return tuple(term(one) for one in ([period] if isinstance(period, str) else period))
    if as_of is None:
        return None
    if isinstance(as_of, datetime):
        return tuple(around((moment_of(as_of) + OFFSET).date()))
    return tuple(around(as_of))


def codes(region: str | Iterable[str] | None) -> frozenset[str] | None:
    """Return the codes of regions; what is none is a place of the workspace's own."""
    if region is None:
        return None
    found = []
    for one in [region] if isinstance(region, str) else region:
        try:
            found.append(str(catalog.find_region(one)["code"]))
        except ShanshuiError:
            found.append(one)  # a place of the workspace's own
    return frozenset(found)

"""Sand-dust and exceptional events of a workspace, that take values out of an assessment."""

from __future__ import annotations

import io
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import polars as pl

from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from shanshui.platform.store import Workspace

DEFAULT = "events.csv"
"""Where the list is, beside the settings, unless ``[assess] events`` says otherwise."""


def events_of(workspace: Workspace) -> pl.DataFrame | None:
    """Read the list of events, if the workspace has one.

    Returns
    -------
    polars DataFrame or None
        As `shanshui.platform.ingest.read_events` gives them.

    Raises
    ------
    ShanshuiError
        The settings name a file that is not there, or a row of it cannot be understood.
    """
    from shanshui.platform.ingest import read_events

    said = workspace.settings.get("assess", {}).get("events")
    path = workspace.folder / str(said or DEFAULT)
    if not path.is_file():
        if said is None:
            return None
        raise ShanshuiError(
            f"设置里的事件清单 {path} 不存在 / the list of events {path} of the settings is absent"
        )
    found = read_events(path)
    return found if found.height else None


def placed(events: pl.DataFrame | None, names: pl.DataFrame) -> pl.DataFrame | None:
    """Say where events hold by the codes of stations.

    Parameters
    ----------
    events : polars DataFrame or None
        With ``station``, ``city`` or ``county`` (names or codes) where the list has them.
    names : polars DataFrame
        ``station, name, city, county`` of the roster.

    Returns
    -------
    polars DataFrame or None
        The events by ``station``, null where they hold everywhere; None where none is of the
        roster's places.
    """
    if events is None:
        return None
    by: list[str] = [c for c in ("station", "city", "county") if c in events.columns]
    if not by:
        return events
    listed = names.select("station", "name", "city", "county").rows()
    rows = []
    for row in events.iter_rows(named=True):
        own = {c: row.pop(c) for c in by}
        said = {c: value for c, value in own.items() if value is not None}
        if not said:
            rows.append(row | {"station": None})
        rows += [row | {"station": station[0]} for station in listed if said and _at(said, station)]
    schema: dict[str, Any] = {c: k for c, k in events.schema.items() if c not in by}
    return pl.DataFrame(rows, schema=schema | {"station": pl.String}) if rows else None


def _at(said: dict[str, str], station: tuple[str | None, ...]) -> bool:
    """Whether a station is at the place that an event names; 银川 is 银川市."""
    code, name, city, county = station
    mine = {"station": (code, name), "city": (city,), "county": (county,)}
    return all(
        any(one is not None and value in {one, one.removesuffix("市")} for one in mine[column])
        for column, value in said.items()
    )


def digest(events: pl.DataFrame | None) -> str:
    """Return what tells a list of events from another."""
    if events is None:
        return ""
    stream = io.BytesIO()
    events.select(pl.all().cast(pl.String)).write_csv(stream)
    return sha256(stream.getvalue()).hexdigest()[:16]

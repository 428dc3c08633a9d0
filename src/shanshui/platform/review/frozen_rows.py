"""The observations of a frozen period, and the checksum that proves them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from shanshui.platform.store.lake import Lake

KEY = ("time", "station", "property", "period")
"""Frozen rows in the order in which they are counted."""
ROWS = ["station", "property", "time", "period", "value", "flag", "source", "state"]
_PIECE = 12_000  # station days that are held at once
_SCALE = 1_000_000


@dataclass(frozen=True)
class Asked:
    """Which observations a freeze holds: what it asks of the lake, for ever the same.

    Attributes
    ----------
    stations, properties : tuple of str
        Of the roster's version; of the domain.
    start, end : datetime
        After which and up to which end of a period.
    as_of : datetime
        The moment by which the lake is read.
    """

    stations: tuple[str, ...]
    properties: tuple[str, ...]
    start: datetime
    end: datetime
    as_of: datetime

    def rows(self, lake: Lake, **more: Any) -> pl.LazyFrame:
        """Return the observations, whatever was stored since."""
        asked: dict[str, Any] = {
            "properties": self.properties,
            "start": self.start,
            "end": self.end,
            "as_of": self.as_of,
        }
        return lake.observations(self.stations, **asked | more)

    def pieces(self) -> Iterator[tuple[datetime, datetime]]:
        """Part the period into spans whose rows fit into memory."""
        step = timedelta(days=max(1, _PIECE // max(1, len(self.stations))))
        start = self.start
        while start < self.end:
            end = min(start + step, self.end)
            yield start, end
            start = end


@dataclass(frozen=True)
class Checksum:
    """What proves that observations read the same.

    Attributes
    ----------
    rows : int
        Observations, also those whose value is missing.
    properties : dict
        By property: ``count`` of values, and their ``sum`` as a text: each is taken at six decimals
        (as the methods take them), so it is exact in whatever order.
    digest : str
        SHA-256 over every row in the order of time, station, property and period: its key, the
        bits of its value, its flag and its state.
    """

    rows: int
    properties: Mapping[str, Mapping[str, Any]]
    digest: str


def checksum(lake: Lake, asked: Asked) -> Checksum:
    """Compute the checksum of observations."""
    digest = hashlib.sha256()
    rows, totals = 0, dict[str, tuple[int, int]]()
    for start, end in asked.pieces():
        piece = asked.rows(lake, start=start, end=end).select(ROWS).collect()
        rows += piece.height
        digest.update(_text(piece))
        for name, count, total in _sums(piece):
            before = totals.get(name, (0, 0))
            totals[name] = (before[0] + count, before[1] + total)
    found = {
        name: {"count": count, "sum": format(Decimal(total) / _SCALE, "f")}
        for name, (count, total) in sorted(totals.items())
    }
    return Checksum(rows, found, digest.hexdigest())


def _sums(piece: pl.DataFrame) -> Sequence[tuple[str, int, int]]:
    # Whole numbers of 128 bits: counts of bacteria run to 10^12 and have six decimals here.
    scaled = (pl.col("value") * _SCALE + 0.5).floor().cast(pl.Int128)
    return (
        piece.filter(pl.col("value").is_finite())
        .group_by("property")
        .agg(pl.len().alias("count"), scaled.sum().alias("total"))
        .rows()
    )


def _text(piece: pl.DataFrame) -> bytes:
    """Write rows in one form, whatever files and engines they came from."""
    ordered = piece.sort(KEY)
    # The bits of a value, since texts of floats differ between programs; -0.0 is another than 0.0.
    values = ordered["value"]
    bits = pl.Series("bits", values.fill_null(0.0).to_numpy().view("int64"))
    lines = ordered.with_columns(bits=pl.when(values.is_not_null()).then(bits)).select(
        pl.concat_str(
            "station",
            "property",
            pl.col("time").dt.timestamp("us"),
            "period",
            pl.col("bits").cast(pl.String).fill_null("-"),
            pl.col("flag").fill_null(""),
            "state",
            pl.lit("\n"),
            separator="\x1f",
        ).alias("line")
    )
    return str(lines["line"].str.join("").item() or "").encode()


def text_of(value: Any) -> Any:
    """Return a figure as it is kept: digit for digit, numbers as texts.

    Examples
    --------
    >>> text_of(18.0), text_of(3), text_of(1e-05), text_of("PM2.5"), text_of(True)
    ('18.0', '3', '0.00001', 'PM2.5', True)
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float | Decimal):
        return format(Decimal(str(value)), "f")
    return str(value)


def figures_digest(figures: Sequence[Mapping[str, Any]]) -> str:
    """Return a SHA-256 over lines of figures, in whatever order."""
    lines = sorted(
        json.dumps(dict(one), ensure_ascii=False, sort_keys=True, default=str) for one in figures
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()

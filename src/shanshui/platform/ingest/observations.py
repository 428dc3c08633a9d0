"""What every way in yields: long observations in pieces, with what was set aside of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from shanshui.platform.ingest import aside
from shanshui.platform.ingest.forms import Note

SCHEMA: Mapping[str, pl.DataType] = {
    "station": pl.String(),
    "property": pl.String(),
    "time": pl.Datetime("us"),
    "period": pl.Int32(),
    "value": pl.Float64(),
    "flag": pl.String(),
}
"""Columns of a long frame of observations.

``time`` is the end of the period on the clock of Asia/Shanghai, ``period`` its seconds (1: a
moment). ``value`` is in the unit of the property, null where the source has none. ``flag`` is what
the source says of the value, several joined by ``,``: those of HJ 212 and of the national network,
``L`` for a result below its detection limit (the value is half the limit, so the limit is twice the
value), ``ND`` where the limit is not stated.
"""
MOMENT = 1  # the period of what holds for a moment: the shortest that the lake knows
KEY = ("station", "property", "time", "period")
BELOW, UNDETECTED = "L", "ND"


@dataclass(frozen=True)
class Chunk:
    """A piece of a source.

    Attributes
    ----------
    frame : polars DataFrame
        Observations; see `SCHEMA`.
    rejected : polars DataFrame
        What was set aside: file, row, column, value, expected, reason, reason_en, code.
    rows : int
        Rows (lines, packets, results) of the source that were read.
    other : int
        Rows that hold nothing to store.
    wide : polars DataFrame or None
        Further observations, as rows of a wide table of the lake: station, time, and items with
        ``flag_<item>``. Only where the reader was asked for them.
    keys : polars DataFrame or None
        ``key`` and ``said``: a hash of the place and time of each row that was kept, and one of its
        values. Rows of different pieces that contradict one another are known by them.
    """

    frame: pl.DataFrame
    rejected: pl.DataFrame
    rows: int
    other: int = 0
    keys: pl.DataFrame | None = None
    wide: pl.DataFrame | None = None


@dataclass
class Reading:
    """A source on its way in.

    Attributes
    ----------
    form : str
        What it is read as.
    chunks : iterator of Chunk
        Its pieces, each read when it is asked for.
    notes : list of Note
        What a person should know; complete when the last piece is read.
    units : dict
        Property to the unit of the source, and how that is known.
    unread : list of str
        Columns and factors that are not read.
    """

    form: str
    chunks: Iterator[Chunk]
    notes: list[Note] = field(default_factory=list)
    units: dict[str, tuple[str, Note]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)

    def note(self, zh: str, en: str) -> None:
        """Say something once."""
        one = Note(zh, en)
        if one not in self.notes:
            self.notes.append(one)


def empty() -> pl.DataFrame:
    """Return no observations."""
    return pl.DataFrame(schema=SCHEMA)


def lined(rows: Sequence[tuple[int, str, str, str, str, str, str]], file: str) -> pl.DataFrame:
    """Make a list of what was set aside of (row, column, value, expected, reason, en, code)."""
    frame = pl.DataFrame(
        rows,
        schema={c: t for c, t in aside.SCHEMA.items() if c != "file"},
        orient="row",
    )
    return frame.select(pl.lit(file).alias("file"), pl.all())


def settle(frame: pl.DataFrame, rows: pl.Series, file: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Settle observations of one key in a piece: equal ones become one, others are set aside.

    Parameters
    ----------
    frame : polars DataFrame
        Observations.
    rows : polars Series
        The row of the source of each.
    file : str
        The source, for the list.
    """
    numbered = frame.with_columns(rows.alias("_row"))
    kept, conflicts, _ = aside.settled(numbered, KEY, ["value", "flag"])
    if conflicts.is_empty():
        return kept.select(list(SCHEMA)), pl.DataFrame(schema=aside.SCHEMA)
    said = pl.concat_str(
        "station",
        "property",
        aside.shown("time"),
        pl.col("value").cast(pl.String),
        separator=" ",
        ignore_nulls=True,
    )
    listed = aside.listed(conflicts.select("_row", value=said), file, "", "conflict")
    return kept.select(list(SCHEMA)), listed

"""Lists that people keep beside the values: stations, events, targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import polars as pl

from shanshui.platform.ingest.columns import KEYS
from shanshui.platform.ingest.errors import ReadError
from shanshui.platform.ingest.sources import ROW, Asked, tables
from shanshui.platform.ingest.values import texts


@dataclass(frozen=True)
class Listed:
    """One table of a list.

    Attributes
    ----------
    name : str
        The file, with the sheet where there is one.
    names : list of str
        Its own column names.
    rows : polars DataFrame
        The columns that are known, as texts named by what they hold, and ``_row``.
    header_row : int or None
        Line of the header.
    units : dict
        What the header states of units, by column of `rows`.
    """

    name: str
    names: list[str]
    rows: pl.DataFrame
    header_row: int | None
    units: Mapping[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> list[str]:
        """The key columns, from the largest area to the station."""
        return [k for k in KEYS if k in self.rows]

    def error(
        self, zh: str, en: str, *, row: int | None = None, column: str | None = None
    ) -> ReadError:
        """Return an error that names the file and the row, or the header where none is named."""
        return ReadError(zh, en, file=self.name, row=row or self.header_row, column=column)


def lists(
    file: str | Path | IO[bytes],
    listing: str,
    *,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    everything: bool = False,
) -> Iterator[Listed]:
    """Read a list, whole: a row that is no row is an error, as a list is short and made by hand.

    With `everything`, columns that are not known come too, under their own names.

    Raises
    ------
    ReadError
        When it cannot be read.
    """
    asked = Asked(
        encoding=encoding,
        columns=columns or {},
        sheet=sheet,
        keyless=True,
        everything=everything,
        progress=None,
        listing=listing,
    )
    for source in tables(file, asked):
        parts: list[pl.DataFrame] = []
        for batch, faults in source.batches:
            if faults:
                raise ReadError(
                    "列数与表头不符或引号不成对",
                    "wrong number of fields, or a quotation mark that is not closed",
                    file=source.name,
                    row=int(faults[0].lines[ROW][0]),
                )
            roles = dict(source.header.roles)
            if everything:
                rest = {source.header.names[at]: at for at in source.header.rest}
                roles |= {name: at for name, at in rest.items() if name and name not in roles}
            own = [texts(batch, str(at)).alias(role) for role, at in roles.items()]
            parts.append(pl.DataFrame([batch[ROW], *own]))
        rows = pl.concat(parts) if parts else pl.DataFrame({ROW: pl.Series([], dtype=pl.UInt32)})
        filled = [c for c in rows.columns if c != ROW]
        if filled:
            rows = rows.filter(pl.any_horizontal(pl.col(filled).is_not_null()))
        yield Listed(source.name, source.header.names, rows, source.header_row, source.header.units)

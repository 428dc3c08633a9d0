"""Rows of a file that contradict one another, however far apart, in little memory."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import polars as pl

_HELD = 2_000_000  # rows in memory; more go to a temporary folder
_BUCKETS = 16
_SCHEMA = {"key": pl.UInt64, "said": pl.UInt64}


class Contradictions:
    """Collects a hash of place and time, and one of the values, of every row.

    Examples
    --------
    >>> with Contradictions() as keys:
    ...     keys.add(pl.DataFrame({"key": [1, 2], "said": [7, 8]}, schema=_SCHEMA))
    ...     keys.add(pl.DataFrame({"key": [1, 2], "said": [7, 9]}, schema=_SCHEMA))
    ...     keys.found()[0].to_list()
    [2]
    """

    def __init__(self) -> None:
        self._parts: list[pl.DataFrame] = []
        self._held = 0
        self._rows = 0
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._parts = []
        if self._folder:
            self._folder.cleanup()

    def add(self, keys: pl.DataFrame) -> None:
        """Take the keys of a piece."""
        if keys.is_empty():
            return
        self._parts.append(keys)
        self._held += keys.height
        self._rows += keys.height
        if self._held >= _HELD:
            self._folder = self._folder or tempfile.TemporaryDirectory(prefix="shanshui-keys-")
            path = Path(self._folder.name) / f"{len(self._files)}.arrow"
            pl.concat(self._parts).write_ipc(path)
            self._files.append(path)
            self._parts, self._held = [], 0

    def found(self) -> tuple[pl.Series, int]:
        """Return the keys whose rows contradict one another, and the rows in all."""
        held = pl.concat(self._parts) if self._parts else pl.DataFrame(schema=_SCHEMA)
        if not self._files:
            return _differing(held), self._rows
        found = []
        for bucket in range(_BUCKETS):
            own = pl.col("key") % _BUCKETS == bucket
            parts = [held.filter(own)]
            parts += [pl.read_ipc(path).filter(own) for path in self._files]
            found.append(_differing(pl.concat(parts)))
        return pl.concat(found), self._rows


def _differing(keys: pl.DataFrame) -> pl.Series:
    again = keys.filter(pl.col("key").is_duplicated())
    told = again.group_by("key").agg(pl.col("said").n_unique())
    return told.filter(pl.col("said") > 1)["key"]

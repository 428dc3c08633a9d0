"""Hold what a library frame says against rows of the reference."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

Row = dict[str, Any]


def rows_of(frame: Any) -> list[Row]:
    """Return the rows of a frame of any engine as dicts of plain Python values."""
    module = type(frame).__module__.split(".")[0]
    if module == "polars":
        rows = (frame.collect() if isinstance(frame, pl.LazyFrame) else frame).to_dicts()
    elif module == "pandas":
        rows = frame.to_dict("records")
    elif module == "pyarrow":
        rows = frame.to_pylist()
    elif "duckdb" in module:
        rows = [dict(zip(frame.columns, row, strict=True)) for row in frame.fetchall()]
    elif module == "ibis":
        rows = frame.to_pyarrow().to_pylist()
    elif module == "pyspark":
        # A timestamp is the clock of the session; collect() would give it by the machine's zone.
        clocks = {n: frame[n].cast("timestamp_ntz") for n, t in frame.dtypes if t == "timestamp"}
        rows = [row.asDict() for row in frame.withColumns(clocks).collect()]
    else:
        raise AssertionError(module)
    return [{name: plain(value) for name, value in row.items()} for row in rows]


def plain(value: Any) -> Any:
    """Return a value as the reference has it: NaN, NaT and NA are None, whole days are dates."""
    if value is None or type(value).__name__ in {"NaTType", "NAType"}:
        return None
    if isinstance(value, float) and math.isnan(value):
        return None
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        value = value.item()
    if isinstance(value, (Fraction, Decimal)):
        return float(value)
    if type(value).__name__ == "Timestamp":
        return value.to_pydatetime()
    return value


def as_date(value: Any) -> Any:
    return value.date() if isinstance(value, dt.datetime) else value


def keyed(rows: Iterable[Row], keys: Sequence[str]) -> dict[tuple[Any, ...], Row]:
    out: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = tuple(as_date(row[k]) if k in {"date", "start", "end"} else row[k] for k in keys)
        assert key not in out, f"two rows for {key}"
        out[key] = row
    return out


def differences(
    got: Iterable[Row], want: Iterable[Row], keys: Sequence[str], columns: Sequence[str]
) -> list[str]:
    """Name every cell that differs, and every row that only one side has."""
    mine, theirs = keyed(got, keys), keyed(want, keys)
    found = [f"only in the result: {k}" for k in mine.keys() - theirs.keys()]
    found += [f"only in the reference: {k}" for k in theirs.keys() - mine.keys()]
    for key in mine.keys() & theirs.keys():
        for column in columns:
            a, b = plain(mine[key][column]), plain(theirs[key][column])
            if isinstance(theirs[key][column], (set, frozenset)):
                b = set(b)
                a = set(a.split(",")) if a else set()
            if column in {"start", "end", "date"}:
                a, b = as_date(a), as_date(b)
            if a != b:
                found.append(f"{key} {column}: got {a!r}, expected {b!r}")
    return found


def agree(
    got: Any, want: Iterable[Row], keys: Sequence[str], columns: Sequence[str], *, show: int = 12
) -> None:
    found = differences(got if isinstance(got, list) else rows_of(got), want, keys, columns)
    assert not found, f"{len(found)} differences:\n" + "\n".join(sorted(found)[:show])

"""A function of water on another engine gives what it gives on Polars."""

from comparing import rows_of
from engine_cases import Engines

KINDS = ["polars lazy", "pandas", "pyarrow", "duckdb", "ibis"]


def check_engine(kind, function, frame, keys, engines=None):
    """Hold the rows of one engine against those of Polars, in the order of the keys."""
    native = (engines or Engines()).native(kind, frame)
    got = function(native)
    assert type(got) is type(native)
    order = lambda row: [str(row[k]) for k in keys]  # noqa: E731
    mine, theirs = (sorted(rows_of(f), key=order) for f in (got, function(frame)))
    assert len(mine) == len(theirs) > 0
    assert list(mine[0]) == list(theirs[0])
    for row, want in zip(mine, theirs, strict=True):
        for column, value in want.items():
            assert row[column] == value, (column, row, want)

"""What the commands on lists of samples share: reading their files."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from shanshui.cli.options import METHOD, READ, Encoding, Files, Quiet, Sheet, option, pairs
from shanshui.cli.output import note, said
from shanshui.standards.errors import UnverifiedFigure

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Listing:
    """How lists are read."""

    files: Files
    columns: Annotated[
        list[str] | None,
        option(
            "--column",
            "指明一列的含义，如 砷含量=as；可多次",
            "say what a column is",
            READ,
            metavar="列名=含义",
        ),
    ] = None
    encoding: Encoding = None
    sheet: Sheet = None
    quiet: Quiet = False


Standard = Annotated[
    str | None,
    option(
        "--edition",
        "标准版本或标准号；默认最新",
        "edition or number of a standard; the newest by default",
        METHOD,
        metavar="版本",
    ),
]


def listed(listing: Listing, read: Callable[..., pl.DataFrame], **more: Any) -> pl.DataFrame:
    """Read the files of a command into one table, and tell how many rows it has."""
    import polars as pl

    from shanshui.cli.compute import expanded

    tables = [
        read(
            file,
            encoding=listing.encoding,
            columns=pairs(listing.columns, "--column"),
            sheet=listing.sheet,
            **more,
        )
        for file in expanded(listing.files)
    ]
    table = pl.concat(tables, how="diagonal_relaxed")
    if not listing.quiet:
        said("读取 read", f"{table.height:,} 行 rows · {'、'.join(table.columns[:20])}")
    return table


def places(table: pl.DataFrame) -> list[str]:
    """Return the columns that name places and samples."""
    from shanshui.platform.ingest.columns import KEYS

    return [c for c in (*KEYS, "point", "sample") if c in table.columns]


def keys(table: pl.DataFrame, by: list[str] | None, listing: str) -> list[str]:
    """Return the columns that are said by ``--by``, by their codes or as the file calls them."""
    from shanshui.platform.ingest.columns import listed_role, recognise

    found = []
    for name in by or ():
        role = None if name in table.columns else listed_role(name, listing) or recognise(name)
        found.append(role.name if role else name)
    return found


@contextmanager
def told() -> Iterator[None]:
    """Say of figures that could not be verified what the library warns of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UnverifiedFigure)
        yield
    for one in caught:
        zh, _, en = str(one.message).partition(" / ")
        note(zh, en)

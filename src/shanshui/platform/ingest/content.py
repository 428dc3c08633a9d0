"""What the readers hold: the bytes of a file, its tables, what the caller said of them."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

from shanshui.platform.ingest.columns import Header, no_doubles, read_header
from shanshui.platform.ingest.errors import ReadError

if TYPE_CHECKING:
    import polars as pl

ROW = "_row"
_BLOCK = 1 << 22
HEAD = 1 << 18
PREAMBLE = 20  # a header is looked for in so many rows
SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".parquet", ".pq")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Fault:
    """Lines of a text file that are no rows of its table.

    Attributes
    ----------
    code : str
        ``"fields"`` or ``"quote"``.
    lines : polars DataFrame
        ``_row`` and ``value``, the line.
    expected : int
        Number of fields of the header.
    """

    code: str
    lines: pl.DataFrame
    expected: int


@dataclass(frozen=True)
class Source:
    """One table of a file.

    Attributes
    ----------
    name : str
        File name, with the sheet where there is one, for messages.
    kind : {"text", "excel", "parquet"}
        By content, not by name.
    header : Header
        Its columns.
    header_row : int or None
        Line of the header; None in Parquet.
    batches : iterator of (DataFrame, list of Fault)
        The rows: columns named by their position, and ``_row``.
    encoding, delimiter : str or None
        Of a text file.
    """

    name: str
    kind: Literal["text", "excel", "parquet"]
    header: Header
    header_row: int | None
    batches: Iterator[tuple[pl.DataFrame, list[Fault]]]
    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True)
class Asked:
    """What the caller said about the files.

    Attributes
    ----------
    encoding : str or None
        Of text files; None finds it.
    columns : mapping
        See `columns.read_header`.
    sheet : str or None
        Name of the Excel sheet, ``"*"`` for all.
    keyless : bool
        The caller names the one station of the table.
    everything : bool
        Columns that are not recognised are wanted too.
    progress : callable or None
        Told the file, bytes done and bytes in all.
    listing : str or None
        The file is a list (of stations, of events …), not of values; see `columns.read_header`.
    known : set of str
        Simplified names of columns by which a header is known beside those of the vocabulary.
    plain : bool
        The names of the columns are taken as they are, without meanings.
    """

    encoding: str | None
    columns: Mapping[str, str]
    sheet: str | None
    keyless: bool
    everything: bool
    progress: Progress | None
    listing: str | None = None
    known: frozenset[str] = frozenset()
    plain: bool = False


@dataclass(frozen=True)
class Content:
    """Bytes of a file or of the standard input."""

    name: str
    path: Path | None
    data: bytes | None
    size: int

    @classmethod
    def of(cls, file: str | Path | IO[bytes], *, suffixes: tuple[str, ...] = SUFFIXES) -> Content:
        """Take hold of a file, an open stream or ``-``, the standard input."""
        if file == "-":
            file = sys.stdin.buffer
        if not isinstance(file, (str, Path)):
            data = file.read()
            return cls(getattr(file, "name", None) or "<stdin>", None, data, len(data))
        path = Path(file)
        name = path.name
        if path.is_dir():
            raise ReadError(
                "这是文件夹；应给出一个或多个文件（如 文件夹/*.csv）",
                "is a directory; expected one or more files (such as folder/*.csv)",
                file=str(path),
            )
        if not path.exists():
            raise ReadError("找不到文件", "no such file", file=str(path))
        plain = name.lower().removesuffix(".gz")
        if not plain.endswith(suffixes):
            raise ReadError(
                f"不认识的文件类型“{path.suffix}”；应为 {'、'.join(suffixes)}（文本可加 .gz）",
                f'unknown kind of file "{path.suffix}"; expected {", ".join(suffixes)} '
                "(text also .gz)",
                file=name,
            )
        try:
            size = path.stat().st_size
            with path.open("rb") as stream:
                stream.read(1)
        except OSError as error:
            raise ReadError(
                f"无法打开文件：{error.strerror}",
                f"cannot open the file: {error.strerror}",
                file=str(path),
            ) from error
        return cls(name, path, None, size)

    def raw(self) -> IO[bytes]:
        """Open the bytes as they are."""
        return self.path.open("rb") if self.path else io.BytesIO(self.data or b"")

    def head(self) -> bytes:
        """Return the first bytes, unpacked if they are gzip's."""
        return next(self.blocks(size=HEAD), b"")

    def blocks(self, progress: Progress | None = None, size: int | None = None) -> Iterator[bytes]:
        """Yield the bytes block by block, unpacked if they are gzip's."""
        with self.raw() as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            with gzip.open(raw) if packed else raw as stream:
                try:
                    while block := stream.read(size or _BLOCK):
                        yield block
                        if progress:
                            progress(self.name, raw.tell(), self.size)
                except (OSError, EOFError, zlib.error) as error:
                    raise _broken_gzip(self.name, error) from error


def _broken_gzip(name: str, error: Exception) -> ReadError:
    return ReadError(
        f"压缩文件已损坏或不完整（{error}）；请重新下载或重新压缩",
        f"the compressed file is damaged or cut off ({error}); fetch or pack it again",
        file=name,
    )


def header_of(names: list[str], asked: Asked, *, file: str, row: int | None) -> Header:
    """Find out what the columns of a table hold, as far as the caller wants to know.

    Raises
    ------
    ReadError
        See `columns.read_header`.
    """
    if asked.plain:
        no_doubles([n for n in names if n], file, row)
        return Header(names, {}, {}, "wide", rest=list(range(len(names))))
    return read_header(
        names,
        file=file,
        row=row,
        columns=asked.columns,
        keyless=asked.keyless,
        listing=asked.listing,
    )

"""Files as a header and batches of raw cells, with the line of the file that each row came from.

Text is read in blocks of whole lines, so that a national year needs little memory; Excel cells come
as text; Parquet columns keep their types.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, cast

from shanshui.platform.ingest.columns import Header, read_header, score
from shanshui.platform.ingest.errors import ReadError

if TYPE_CHECKING:
    import polars as pl

ROW = "_row"
BLOCK = 1 << 24
_HEAD = 1 << 18
_PREAMBLE = 20  # a header is looked for in so many rows
_SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".parquet", ".pq")

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
    """

    encoding: str | None
    columns: Mapping[str, str]
    sheet: str | None
    keyless: bool
    everything: bool
    progress: Progress | None
    listing: str | None = None


def tables(file: str | Path | IO[bytes], asked: Asked) -> list[Source]:
    """Open a file and return its tables: one, or one a sheet.

    Raises
    ------
    ReadError
        When it cannot be read.
    """
    content = _Content.of(file)
    head = content.head()
    if not head.strip():
        raise ReadError(
            "文件是空的；应有表头和数据行",
            "the file is empty; expected a header and rows of data",
            file=content.name,
        )
    if head.startswith(b"PAR1"):
        return [_parquet(content, asked)]
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _excel(content, asked)
    _refuse_disguised(content, head)
    return [_text(content, asked)]


@dataclass(frozen=True)
class _Content:
    """Bytes of a file or of the standard input."""

    name: str
    path: Path | None
    data: bytes | None
    size: int

    @classmethod
    def of(cls, file: str | Path | IO[bytes]) -> _Content:
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
        if not plain.endswith(_SUFFIXES):
            raise ReadError(
                f"不认识的文件类型“{path.suffix}”；应为 .csv、.tsv、.txt（可加 .gz）、"
                ".xlsx、.xls 或 .parquet",
                f'unknown kind of file "{path.suffix}"; expected .csv, .tsv, .txt (also .gz), '
                ".xlsx, .xls or .parquet",
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
        return next(self.blocks(size=_HEAD), b"")

    def blocks(self, progress: Progress | None = None, size: int | None = None) -> Iterator[bytes]:
        """Yield the bytes block by block, unpacked if they are gzip's."""
        with self.raw() as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            with gzip.open(raw) if packed else raw as stream:
                try:
                    while block := stream.read(size or BLOCK):
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


def _refuse_disguised(content: _Content, head: bytes) -> None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")):
        raise ReadError(
            "内容其实是网页（HTML/XML）而不是表格文件；请用 Excel 或 WPS 打开后另存为 .xlsx",
            "the content is a web page (HTML/XML), not a table file; open it in Excel or WPS and "
            "save it as .xlsx",
            file=content.name,
        )
    named = content.name.lower()
    if named.endswith((".parquet", ".pq")):
        raise ReadError(
            "不是 Parquet 文件，或文件已损坏（开头应为 PAR1）",
            "not a Parquet file, or damaged (it should begin with PAR1)",
            file=content.name,
        )
    if named.endswith((".xlsx", ".xlsm")):
        raise ReadError(
            "不是 Excel 文件，或文件已损坏；请重新下载，或用 Excel、WPS 打开后另存",
            "not an Excel file, or damaged; fetch it again, or open it in Excel or WPS and save it",
            file=content.name,
        )


# ---------------------------------------------------------------------------------------- text


def _text(content: _Content, asked: Asked) -> Source:
    encoding = _encoding(content, asked.encoding)
    delimiter, names, row, lines = _find_header(content, encoding, asked.listing)
    header = read_header(
        names,
        file=content.name,
        row=row,
        columns=asked.columns,
        keyless=asked.keyless,
        listing=asked.listing,
    )
    return Source(
        name=content.name,
        kind="text",
        header=header,
        header_row=row,
        batches=_rows(content, encoding, delimiter, len(names), lines, asked.progress),
        encoding=encoding,
        delimiter=delimiter,
    )


def _encoding(content: _Content, said: str | None) -> str:
    """Return the encoding in which the whole file can be decoded.

    Raises
    ------
    ReadError
        When it cannot, naming the line.
    """
    head = content.head()
    if said:
        try:
            codec = codecs.lookup(said).name
        except LookupError as error:
            raise ReadError(
                f"不认识的编码“{said}”；例如 utf-8、gb18030、utf-16、big5",
                f'unknown encoding "{said}"; for example utf-8, gb18030, utf-16, big5',
            ) from error
        if codec == "utf-8" and head.startswith(codecs.BOM_UTF8):
            codec = "utf-8-sig"
        fault = _undecodable(content, codec)
        if fault:
            raise fault.error(content.name, said)
        return codec
    if head.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    elif head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    elif head[1:200:2].count(0) > len(head[1:200:2]) // 2:
        candidates = ["utf-16-le"]
    elif head[0:200:2].count(0) > len(head[0:200:2]) // 2:
        candidates = ["utf-16-be"]
    else:
        candidates = ["utf-8", "gb18030"]
    if b"\0" in head and not candidates[0].startswith("utf-16"):
        raise ReadError(
            "内容是二进制而不是文本；应为 CSV、Excel 或 Parquet",
            "the content is binary, not text; expected CSV, Excel or Parquet",
            file=content.name,
        )
    first: _Undecodable | None = None
    for codec in candidates:
        fault = _undecodable(content, codec)
        if not fault:
            return codec
        first = first or fault
        if fault.wide:  # much proper UTF-8 before the fault: damaged, not another encoding
            break
    assert first is not None
    raise first.error(content.name, "/".join(candidates))


@dataclass(frozen=True)
class _Undecodable:
    row: int
    byte: int
    wide: bool

    def error(self, name: str, encoding: str) -> ReadError:
        if self.wide:
            return ReadError(
                f"文件是 UTF-8 编码，但本行有损坏的字节 0x{self.byte:02X}；请重新导出该文件",
                f"the file is UTF-8, but this row has a broken byte 0x{self.byte:02X}; export it "
                "again",
                file=name,
                row=self.row,
            )
        return ReadError(
            f"无法按 {encoding} 解码（字节 0x{self.byte:02X}）；请用 --encoding 指明编码"
            "（如 gb18030、big5、utf-16），或另存为 UTF-8",
            f"cannot be decoded as {encoding} (byte 0x{self.byte:02X}); say the encoding with "
            "--encoding (such as gb18030, big5, utf-16) or save the file as UTF-8",
            file=name,
            row=self.row,
        )


def _undecodable(content: _Content, encoding: str) -> _Undecodable | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    rows, wide = 1, 0
    carried = b""
    for block in content.blocks():
        if block.isascii() and not carried and not encoding.startswith("utf-16"):
            rows += block.count(b"\n")
            continue
        try:
            text = decoder.decode(block)
        except UnicodeDecodeError as error:
            return _fault(error, rows, wide)
        carried = decoder.getstate()[0]
        rows += text.count("\n")
        wide += sum(not c.isascii() for c in text[:2000])
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return _fault(error, rows, wide)
    return None


def _fault(error: UnicodeDecodeError, rows: int, wide: int) -> _Undecodable:
    before = bytes(error.object[: error.start])
    if error.encoding == "utf-8":
        wide += sum(b >= 0xC2 for b in before[-20000:])
    certain = error.encoding == "utf-8" and wide >= 4
    return _Undecodable(rows + before.count(b"\n"), error.object[error.start], certain)


def _find_header(
    content: _Content, encoding: str, listing: str | None
) -> tuple[str, list[str], int, int]:
    """Return the delimiter, the header, its line, and the number of lines to its end."""
    decoder = codecs.getincrementaldecoder(encoding)()
    text = decoder.decode(content.head()).replace("\r\n", "\n").replace("\r", "\n")
    best: tuple[int, str, list[str], int, int] | None = None
    widest: tuple[str, list[str], int, int] | None = None
    for delimiter in (",", "\t", ";", "|"):
        reader = csv.reader(io.StringIO(text), delimiter=delimiter)
        before = 0
        try:
            for _, record in zip(range(_PREAMBLE), reader, strict=False):
                row, before = before + 1, reader.line_num
                names = [" ".join(n.split()) for n in record]
                while names and not names[-1]:  # delimiters at the end of the line
                    names.pop()
                if not any(names):
                    continue
                found = score(names, listing)
                if found > (best[0] if best else 1):
                    best = found, delimiter, names, row, before
                if widest is None or (row == widest[2] and len(names) > len(widest[1])):
                    widest = delimiter, names, row, before
        except csv.Error:  # a field that never ends: another delimiter, or the first row, will do
            continue
    if best:
        return best[1:]
    assert widest is not None
    return widest


def _rows(
    content: _Content,
    encoding: str,
    delimiter: str,
    width: int,
    skip: int,
    progress: Progress | None,
) -> Iterator[tuple[pl.DataFrame, list[Fault]]]:
    row = 1
    for block in _lines(content, encoding, progress):
        lines = block
        while skip and lines:
            _, _, lines = lines.partition(b"\n")
            skip -= 1
            row += 1
        if lines:
            yield _parsed(lines, delimiter, width, row)
            row += lines.count(b"\n")


def _lines(content: _Content, encoding: str, progress: Progress | None) -> Iterator[bytes]:
    """Yield blocks of whole lines in UTF-8, each line ended by a line feed."""
    decoder = (
        None if encoding in {"utf-8", "utf-8-sig"} else codecs.getincrementaldecoder(encoding)()
    )
    rest = b""
    first = True
    for raw in content.blocks(progress):
        block = decoder.decode(raw).encode() if decoder else raw
        if first:
            block = block.removeprefix(codecs.BOM_UTF8)
            first = False
        block = rest + block
        if b"\r" in block:
            held = block.endswith(b"\r")  # its line feed may open the next block
            block = block.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            block += b"\r" if held else b""
        cut = block.rfind(b"\n") + 1
        rest = block[cut:]
        if cut:
            yield block[:cut]
    if rest.strip():
        yield rest.removesuffix(b"\r") + b"\n"


def _parsed(lines: bytes, delimiter: str, width: int, row: int) -> tuple[pl.DataFrame, list[Fault]]:
    """Parse lines, one row each; set aside those with a wrong number of fields.

    A quoted field does not run over several lines here: monitoring tables have none, and so a stray
    quotation mark costs its own line only.
    """
    import polars as pl

    count = lines.count(b"\n")
    commas = lines.count(delimiter.encode())
    even = commas == count * (width - 1)
    if even and b'"' not in lines:
        try:
            frame = _cells(lines, delimiter, width)
        except pl.exceptions.PolarsError:  # too many fields here, too few there
            pass
        else:
            return frame.with_row_index(ROW, offset=row), []
    text = pl.DataFrame({"value": lines.decode().split("\n")[:count]}).with_row_index(
        ROW, offset=row
    )
    bare = pl.col("value").str.replace_all(r'"[^"]*"', "")
    text = text.filter(pl.col("value").str.strip_chars(f" {delimiter}") != "").with_columns(
        open=bare.str.contains('"', literal=True),
        fields=bare.str.count_matches(delimiter, literal=True) + 1,
    )
    whole = text.filter(~pl.col("open") & (pl.col("fields") >= width))
    # More fields than the header has are well if they are empty, as some exports leave them.
    widest = max(cast("int", whole["fields"].max() or 0), width)
    full = delimiter * (widest - 1)  # a first line that tells the width
    body = "\n".join([full, *whole["value"]]) + "\n"
    cells = _cells(body.encode(), delimiter, widest).slice(1).with_columns(whole[ROW])
    names = [str(i) for i in range(width)]
    beyond = [str(i) for i in range(width, widest)]
    excess = cells.select(
        pl.any_horizontal(
            pl.lit(value=False),
            *((pl.col(c).str.strip_chars() != "").fill_null(value=False) for c in beyond),
        )
    ).to_series()
    long = whole.filter(excess)
    short = text.filter(~pl.col("open") & (pl.col("fields") < width))
    faults = [
        Fault("quote", text.filter("open").select(ROW, "value"), width),
        Fault("fields", pl.concat([short, long]).sort(ROW).select(ROW, "value"), width),
    ]
    frame = cells.filter(~excess).select(*names, ROW)
    return frame, [f for f in faults if not f.lines.is_empty()]


def _cells(lines: bytes, delimiter: str, width: int) -> pl.DataFrame:
    import polars as pl

    return pl.read_csv(
        lines,
        has_header=False,
        separator=delimiter,
        schema={str(i): pl.String for i in range(width)},
    )


# --------------------------------------------------------------------------------------- excel


def _excel(content: _Content, asked: Asked) -> list[Source]:
    try:
        import fastexcel
    except ModuleNotFoundError as error:
        raise ReadError(
            '读 Excel 需要 fastexcel：pip install "shanshui[platform]"',
            'reading Excel needs fastexcel: pip install "shanshui[platform]"',
            file=content.name,
        ) from error
    try:
        with content.raw() as stream:
            book = fastexcel.read_excel(stream.read())
        wanted = _sheets(book.sheet_names, asked.sheet, content.name)
        sheets = {
            name: book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
            for name in wanted
        }
    except fastexcel.FastExcelError as error:
        reason = str(error).splitlines()[0]
        raise ReadError(
            f"Excel 文件已损坏、不完整或有密码（{reason}）；请重新下载，"
            "或用 Excel、WPS 打开后另存为 .xlsx",
            f"the Excel file is damaged, cut off or locked ({reason}); fetch it again, or open it "
            "in Excel or WPS and save it as .xlsx",
            file=content.name,
        ) from error
    found = {name: _header_of_sheet(cells, asked.listing) for name, cells in sheets.items()}
    named = {name: place for name, place in found.items() if place}
    if asked.sheet is None and len(named) > 1:
        raise ReadError(
            f"有数据的工作表不止一个：{'、'.join(named)}；"
            '请用 --sheet 名称 选一个，或 --sheet "*" 全读',
            f"several sheets hold data: {', '.join(named)}; choose one with --sheet NAME, or all "
            'with --sheet "*"',
            file=content.name,
        )
    if not named:
        first = next((c for c in sheets.values() if not c.is_empty()), None)
        if first is None:
            raise ReadError(
                "工作簿里没有数据；应有表头和数据行",
                "the workbook holds no data; expected a header and rows of data",
                file=content.name,
            )
        named = {next(n for n, c in sheets.items() if c is first): (0, _texts(first.row(0)))}
    many = len(book.sheet_names) > 1
    return [
        _sheet(content, asked, name if many else None, sheets[name], *place)
        for name, place in named.items()
    ]


def _sheets(names: list[str], said: str | None, file: str) -> list[str]:
    if said is None or said == "*":
        return names
    if said not in names:
        raise ReadError(
            f"没有名为“{said}”的工作表；现有：{'、'.join(names)}",
            f'no sheet named "{said}"; found: {", ".join(names)}',
            file=file,
        )
    return [said]


def _texts(row: tuple[Any, ...]) -> list[str]:
    return [" ".join(str(cell or "").split()) for cell in row]


def _header_of_sheet(cells: pl.DataFrame, listing: str | None) -> tuple[int, list[str]] | None:
    rows = [_texts(row) for row in cells.head(_PREAMBLE).iter_rows()]
    best = max(range(len(rows)), key=lambda i: (score(rows[i], listing), -i), default=None)
    if best is None or score(rows[best], listing) < 2:
        return None
    return best, rows[best]


def _sheet(
    content: _Content,
    asked: Asked,
    sheet: str | None,
    cells: pl.DataFrame,
    position: int,
    names: list[str],
) -> Source:
    import polars as pl

    name = f"{content.name}[{sheet}]" if sheet else content.name
    row = position + 1
    header = read_header(
        names,
        file=name,
        row=row,
        columns=asked.columns,
        keyless=asked.keyless,
        listing=asked.listing,
    )
    cells.columns = [str(i) for i in range(cells.width)]
    body = cells.with_row_index(ROW, offset=1).slice(row)
    body = body.filter(~pl.all_horizontal(pl.exclude(ROW).is_null()))
    if asked.progress:
        asked.progress(content.name, content.size, content.size)
    return Source(name, "excel", header, row, iter([(body, [])]))


# ------------------------------------------------------------------------------------- parquet


def _parquet(content: _Content, asked: Asked) -> Source:
    import polars as pl

    source: Any = content.path or io.BytesIO(content.data or b"")
    try:
        scan = pl.scan_parquet(source)
        names = scan.collect_schema().names()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _broken_parquet(content.name, error) from error
    header = read_header(
        names,
        file=content.name,
        row=None,
        columns=asked.columns,
        keyless=asked.keyless,
        listing=asked.listing,
    )
    wanted = sorted({*header.roles.values(), *header.places})
    if asked.everything:
        wanted = list(range(len(names)))

    def batches() -> Iterator[tuple[pl.DataFrame, list[Fault]]]:
        columns = [pl.col(names[i]).alias(str(i)) for i in wanted]
        try:
            frame = scan.select(columns).collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise _broken_parquet(content.name, error) from error
        if asked.progress:
            asked.progress(content.name, content.size, content.size)
        yield frame.with_row_index(ROW, offset=1), []

    return Source(content.name, "parquet", header, None, batches())


def _broken_parquet(name: str, error: Exception) -> ReadError:
    reason = str(error).strip().splitlines()[0]
    return ReadError(
        f"Parquet 文件已损坏或不完整（{reason}）；请重新下载或重新生成",
        f"the Parquet file is damaged or cut off ({reason}); fetch or write it again",
        file=name,
    )

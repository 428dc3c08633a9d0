"""Files as a header and batches of raw cells, with the line of the file that each row came from.

Text is read in blocks of whole lines, so that a national year needs little memory; Excel cells come
as text; Parquet columns keep their types.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from shanshui.platform.ingest.columns import score
from shanshui.platform.ingest.content import (
    PREAMBLE,
    ROW,
    Asked,
    Content,
    Fault,
    Progress,
    Source,
    header_of,
)
from shanshui.platform.ingest.errors import ReadError
from shanshui.platform.ingest.excel import sheets
from shanshui.platform.ingest.headers import heading

if TYPE_CHECKING:
    import polars as pl

BLOCK = 1 << 24  # bytes read at a time
SLICE = 500_000  # rows of Parquet read at a time
_DEEP = 4  # rows that a header may take below the last row in which it begins

__all__ = ["ROW", "Asked", "Content", "Fault", "Progress", "Source", "tables"]


def tables(file: str | Path | IO[bytes], asked: Asked) -> list[Source]:
    """Open a file and return its tables: one, or one a sheet.

    Raises
    ------
    ReadError
        When it cannot be read.
    """
    content = Content.of(file)
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
        return sheets(content, asked)
    _refuse_disguised(content, head)
    return [_text(content, asked)]


def _refuse_disguised(content: Content, head: bytes) -> None:
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


def _text(content: Content, asked: Asked) -> Source:
    encoding = _encoding(content, asked.encoding)
    delimiter, names, row, lines = _find_header(content, encoding, asked)
    header = header_of(names, asked, file=content.name, row=row)
    return Source(
        name=content.name,
        kind="text",
        header=header,
        header_row=row,
        batches=_rows(content, encoding, delimiter, len(names), lines, asked.progress),
        encoding=encoding,
        delimiter=delimiter,
    )


def _encoding(content: Content, said: str | None) -> str:
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


def _undecodable(content: Content, encoding: str) -> _Undecodable | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    rows, wide = 1, 0
    carried = b""
    for block in content.blocks(size=BLOCK):
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


def _find_header(content: Content, encoding: str, asked: Asked) -> tuple[str, list[str], int, int]:
    """Return the delimiter, the header, its line, and the number of lines to its end."""
    decoder = codecs.getincrementaldecoder(encoding)()
    text = decoder.decode(content.head()).replace("\r\n", "\n").replace("\r", "\n")
    best: tuple[int, str, int] | None = None
    widest: tuple[int, str, int, int] | None = None
    records = {delimiter: _records(text, delimiter) for delimiter in (",", "\t", ";", "|")}
    for delimiter, found in records.items():
        for at, (_, names, _) in enumerate(found[:PREAMBLE]):
            if not any(names):
                continue
            points = score(names, asked.listing, asked.known)
            if points > (best[0] if best else 1):
                best = points, delimiter, at
            if widest is None or (at == widest[2] and len(names) > widest[0]):
                widest = len(names), delimiter, at, at
    if best is None:
        if widest is None:
            raise ReadError(
                "没有可读的行；应有表头和数据行",
                "no row can be read; expected a header and rows of data",
                file=content.name,
            )
        _, delimiter, at, _ = widest
        row, names, end = records[delimiter][at]
        return delimiter, names, row, end
    _, delimiter, at = best
    found = records[delimiter]
    place = heading([names for _, names, _ in found], at, asked.listing, asked.known)
    row, _, end = found[place.last]
    return delimiter, place.names, row, end


def _records(text: str, delimiter: str) -> list[tuple[int, list[str], int]]:
    """Return the first records: line, cells and the line at which each ends."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    found = []
    before = 0
    try:
        for _, record in zip(range(PREAMBLE + _DEEP), reader, strict=False):
            row, before = before + 1, reader.line_num
            names = [" ".join(n.split()) for n in record]
            while names and not names[-1]:  # delimiters at the end of the line
                names.pop()
            found.append((row, names, before))
    except csv.Error:  # a field that never ends: another delimiter, or the first row, will do
        pass
    return found


def _rows(
    content: Content,
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


def _lines(content: Content, encoding: str, progress: Progress | None) -> Iterator[bytes]:
    """Yield blocks of whole lines in UTF-8, each line ended by a line feed."""
    decoder = (
        None if encoding in {"utf-8", "utf-8-sig"} else codecs.getincrementaldecoder(encoding)()
    )
    rest = b""
    first = True
    for raw in content.blocks(progress, BLOCK):
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
    mark = delimiter.replace("|", r"\|")
    quoted = '"(?:[^"]|"")*"'
    field = f'(?:{quoted}|[^"{mark}][^{mark}]*|)'
    # What stands in quotation marks from end to end; then what has some within.
    plain = pl.col("value").str.replace_all(f"(^|{mark}){quoted}", "${1}")
    text = text.filter(pl.col("value").str.strip_chars(f" {delimiter}") != "").with_columns(
        open=plain.str.replace_all('"[^"]*"', "").str.contains('"', literal=True)
        | ~pl.col("value").str.contains(f"^{field}(?:{mark}{field})*$"),
        fields=plain.str.count_matches(delimiter, literal=True) + 1,
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


# ------------------------------------------------------------------------------------- parquet


def _parquet(content: Content, asked: Asked) -> Source:
    import polars as pl

    source: Any = content.path or io.BytesIO(content.data or b"")
    try:
        scan = pl.scan_parquet(source)
        names = scan.collect_schema().names()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _broken_parquet(content.name, error) from error
    header = header_of(names, asked, file=content.name, row=None)
    wanted = sorted({*header.roles.values(), *header.places})
    if asked.everything or asked.plain:
        wanted = list(range(len(names)))

    def batches() -> Iterator[tuple[pl.DataFrame, list[Fault]]]:
        columns = [pl.col(names[i]).alias(str(i)) for i in wanted]
        done, height = 0, None
        while height is None or done < height:
            try:
                if height is None:
                    height = int(scan.select(pl.len()).collect().item())
                frame = scan.slice(done, SLICE).select(columns).collect()
            except (pl.exceptions.PolarsError, OSError) as error:
                raise _broken_parquet(content.name, error) from error
            if frame.is_empty():
                break
            yield frame.with_row_index(ROW, offset=done + 1), []
            done += frame.height
            if asked.progress:
                asked.progress(content.name, content.size * done // height, content.size)

    return Source(content.name, "parquet", header, None, batches())


def _broken_parquet(name: str, error: Exception) -> ReadError:
    reason = str(error).strip().splitlines()[0]
    return ReadError(
        f"Parquet 文件已损坏或不完整（{reason}）；请重新下载或重新生成",
        f"the Parquet file is damaged or cut off ({reason}); fetch or write it again",
        file=name,
    )

"""Sheets of Excel as tables: merged cells filled, headers of several rows joined."""

from __future__ import annotations

import html
import io
import re
import zipfile
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from shanshui.platform.ingest.content import PREAMBLE, ROW, Asked, Content, Source, header_of
from shanshui.platform.ingest.errors import ReadError
from shanshui.platform.ingest.headers import Heading, heading, rank

if TYPE_CHECKING:
    import polars as pl

_DEEP = 4  # rows that a header may take below the last row in which it begins
_WORKBOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_SHEET = re.compile(r"<(?:\w+:)?sheet\b[^>]*>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\b[^>]*>")
_MERGE = re.compile(
    rb"<(?:\w+:)?mergeCell\b[^>]*\bref=[\"']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})[\"']"
)
_CELL = re.compile(rb"<(?:\w+:)?c\b[^>]*?\br=[\"']([A-Z]{1,3})\d+[\"'](?:[^>]*[^/>])?>")
_NUMBER = re.compile(r"\s*[-+]?\d+(\.\d*)?\s*$")
_MOST = 200_000  # merged ranges of a sheet


def sheets(content: Content, asked: Asked) -> list[Source]:
    """Return the tables of a workbook.

    Raises
    ------
    ReadError
        When it is damaged or locked, or several sheets hold data and none is asked for.
    """
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
        cells = {
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
    merged = _merged(content, wanted)
    cells = {name: _filled(frame, merged.get(name, ())) for name, frame in cells.items()}
    found = {name: _heading(frame, asked) for name, frame in cells.items()}
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
        first = next((c for c in cells.values() if not c.is_empty()), None)
        if first is None:
            raise ReadError(
                "工作簿里没有数据；应有表头和数据行",
                "the workbook holds no data; expected a header and rows of data",
                file=content.name,
            )
        named = {
            next(n for n, c in cells.items() if c is first): Heading(0, 0, _texts(first.row(0)))
        }
    many = len(book.sheet_names) > 1
    return [
        _sheet(content, asked, name if many else None, cells[name], place)
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


def _heading(cells: pl.DataFrame, asked: Asked) -> Heading | None:
    rows = [_texts(row) for row in cells.head(PREAMBLE + _DEEP).iter_rows()]
    ranks = [rank(row, asked.listing, asked.known) for row in rows[:PREAMBLE]]
    best = max(range(len(ranks)), key=lambda i: (ranks[i], -i), default=None)
    if best is None or not ranks[best]:
        return None
    found = heading(rows, best, asked.listing, asked.known)
    return found if rank(found.names, asked.listing, asked.known) >= 2 else None


def _sheet(
    content: Content,
    asked: Asked,
    sheet: str | None,
    cells: pl.DataFrame,
    place: Heading,
) -> Source:
    import polars as pl

    name = f"{content.name}[{sheet}]" if sheet else content.name
    row = place.last + 1
    header = header_of(place.names, asked, file=name, row=row)
    cells.columns = [str(i) for i in range(cells.width)]
    body = cells.with_row_index(ROW, offset=1).slice(row)
    body = body.filter(~pl.all_horizontal(pl.exclude(ROW).is_null()))
    if asked.progress:
        asked.progress(content.name, content.size, content.size)
    return Source(name, "excel", header, row, iter([(body, [])]))


# ---------------------------------------------------------------------------------- merged cells


class _Range(NamedTuple):
    """Positions of the first and last row and column of merged cells."""

    top: int
    left: int
    bottom: int
    right: int


def _merged(content: Content, wanted: list[str]) -> dict[str, list[_Range]]:
    """Return the merged ranges of each sheet of an .xlsx; of an .xls they are not told."""
    try:
        with content.raw() as stream, zipfile.ZipFile(io.BytesIO(stream.read())) as book:
            parts = _parts(book)
            return {name: _ranges(book, parts[name]) for name in wanted if name in parts}
    except (zipfile.BadZipFile, KeyError, OSError, zlib.error, NotImplementedError, ValueError):
        return {}  # what is damaged is told by the reader of the cells


def _parts(book: zipfile.ZipFile) -> dict[str, str]:
    """Return the part of the package of each sheet."""
    targets = {}
    for found in _RELATION.finditer(book.read(_RELATIONS).decode("utf-8", "replace")):
        said = _attributes(found[0])
        targets[said.get("Id", "")] = said.get("Target", "")
    parts = {}
    for found in _SHEET.finditer(book.read(_WORKBOOK).decode("utf-8", "replace")):
        said = _attributes(found[0])
        target = targets.get(said.get("id", ""), "")
        part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        parts[said.get("name", "")] = part
    return parts


def _attributes(tag: str) -> dict[str, str]:
    pairs = re.findall(r"(?:\w+:)?(\w+)=[\"']([^\"']*)[\"']", tag)
    return {name: html.unescape(value) for name, value in pairs}


def _ranges(book: zipfile.ZipFile, part: str) -> list[_Range]:
    """Return merged ranges, counted from the first column that holds a value, as the cells are."""
    found: list[_Range] = []
    starts: set[bytes] = set()
    rest = b""
    with book.open(part) as stream:
        while block := stream.read(1 << 20):
            text = rest + block
            end = max((one.end() for one in _MERGE.finditer(text)), default=0)
            starts.update(one[1] for one in _CELL.finditer(text))
            for one in _MERGE.finditer(text):
                left, right = _column(one[1]), _column(one[3])
                found.append(_Range(int(one[2]) - 1, left, int(one[4]) - 1, right))
            if len(found) > _MOST:
                break
            rest = text[max(end, len(text) - 200) :]
    first = min(map(_column, starts), default=0)
    return [
        r._replace(left=r.left - first, right=r.right - first) for r in found if r.left >= first
    ]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _filled(cells: pl.DataFrame, ranges: Iterable[_Range]) -> pl.DataFrame:
    """Repeat the text of merged cells.

    In the rows where a header may stand, over all columns, but for numbers: one value is not that
    of several items. Below, only down a column, as where one date stands beside several samples.
    """
    changes: dict[int, dict[int, int]] = {}  # column, row: the row whose text it has
    across: list[tuple[int, int, int]] = []
    height, width = cells.height, cells.width
    for one in ranges:
        if one.top >= height or one.left >= width:
            continue
        last = min(one.bottom, height - 1)
        for row in range(one.top + 1, last + 1):
            changes.setdefault(one.left, {})[row] = one.top
        if one.top < PREAMBLE:
            for row in range(one.top, min(last, PREAMBLE + _DEEP) + 1):
                across += [(row, column, one.left) for column in range(one.left + 1, one.right + 1)]
    made = {}
    for column, rows in changes.items():
        texts = cells.to_series(column).to_list()
        for row, top in rows.items():
            texts[row] = texts[top]
        made[column] = texts
    for row, column, left in across:
        if column >= width:
            continue
        text = (made[left] if left in made else cells.to_series(left))[row]
        if text is None or _NUMBER.match(text):
            continue
        if column not in made:
            made[column] = cells.to_series(column).to_list()
        made[column][row] = text
    import polars as pl

    return cells.with_columns(
        pl.Series(cells.columns[column], texts, dtype=pl.String) for column, texts in made.items()
    )

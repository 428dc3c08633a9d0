"""Word, Excel, web pages and PDF: to lines of text, the cells of a row with tabs between them."""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from shanshui.plan._numbering import Numbering
from shanshui.plan.errors import PlanError

Rows = tuple[tuple[str, ...], ...]


class Content(NamedTuple):
    """What a file holds."""

    original: str
    pages: tuple[int, ...] = ()
    tables: tuple[Rows, ...] = ()
    broken: bool = False


_MOST_UNPACKED = 256 << 20
_MOST_RATIO = 200
_SMALL = 16 << 20  # a package that unpacks to less is no bomb, whatever its ratio
_MOST_PARTS = 10_000
_MOST_CELLS = 2_000_000
_MOST_PAGES = 3_000
_MOST_SPAN = 200


# --------------------------------------------------------------------------------------- packages


def unpack(data: bytes, name: str) -> dict[str, bytes]:
    """Unpack a package of Word or Excel, after a look at what it would become.

    Raises
    ------
    PlanError
        It is a bomb, encrypted or damaged.
    """
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
        parts = package.infolist()
        size = sum(part.file_size for part in parts)
        packed = sum(part.compress_size for part in parts)
        if (
            size > _MOST_UNPACKED
            or len(parts) > _MOST_PARTS
            or (size > _SMALL and size > _MOST_RATIO * max(packed, len(data) // 2, 1))
        ):
            raise PlanError(
                f"{name}：解压后约 {size >> 20} MB、{len(parts)} 个部件，超过上限，没有打开 / "
                f"{name}: would unpack to {size >> 20} MB in {len(parts)} parts; not opened"
            )
        if any(part.flag_bits & 1 for part in parts):
            raise locked(name)
        # A part is read no further than the size that it states.
        return {part.filename: package.read(part) for part in parts if not part.is_dir()}
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, ValueError) as fault:
        if isinstance(fault, PlanError):
            raise
        raise damaged(name) from None


def locked(name: str) -> PlanError:
    """Say that a file has a password."""
    return PlanError(
        f"{name}：文件有密码，请先去掉密码 / {name}: the file has a password; remove it first"
    )


def damaged(name: str) -> PlanError:
    """Say that a file is damaged."""
    return PlanError(f"{name}：文件已损坏或不完整 / {name}: the file is damaged or cut off")


def _packed(parts: dict[str, bytes]) -> io.BytesIO:
    """Pack parts again without compression, for readers that would unpack without a limit."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as package:
        for part, data in parts.items():
            package.writestr(part, data)
    stream.seek(0)
    return stream


# ------------------------------------------------------------------------------------------- word

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_BREAKS = {f"{_W}tab": " ", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}


def word(data: bytes, name: str) -> Content:
    """Read a document of Word: paragraphs and tables in their order, text boxes after theirs."""
    import docx

    document = docx.Document(_packed(unpack(data, name)))
    parts = {part.reltype.rpartition("/")[2]: part for part in document.part.rels.values()}
    roots = (
        getattr(parts[kind].target_part, "element", None) if kind in parts else None
        for kind in ("numbering", "styles")
    )
    numbering = Numbering(*roots)
    lines: list[str] = []
    tables: list[Rows] = []
    _blocks(document.element.body, lines, tables, numbering)
    return Content("\n".join(lines), tables=tuple(tables))


def _blocks(parent: Any, lines: list[str], tables: list[Rows], numbering: Numbering) -> None:
    for element in parent:
        if element.tag == f"{_W}p":
            boxes: list[Any] = []
            number, text = numbering.before(element), _paragraph(element, boxes)
            if text.strip():
                apart = " " if number and text[0].isdigit() else ""
                lines.extend(f"{number}{apart}{text}".split("\n"))
            for box in boxes:
                _blocks(box, lines, tables, numbering)
        elif element.tag == f"{_W}tbl":
            _table(element, lines, tables, numbering)
        elif element.tag in {f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml"}:
            _blocks(element, lines, tables, numbering)


def _paragraph(paragraph: Any, boxes: list[Any]) -> str:
    pieces: list[str] = []
    waiting = list(reversed(paragraph))
    while waiting:
        element = waiting.pop()
        if element.tag == f"{_W}t":
            pieces.append((element.text or "").replace("\t", " "))
        elif element.tag in _BREAKS:
            pieces.append(_BREAKS[element.tag])
        elif element.tag == f"{_W}txbxContent":
            boxes.append(element)
        elif element.tag not in {f"{_W}pPr", f"{_W}rPr", f"{_W}del", _FALLBACK}:
            waiting.extend(reversed(element))
    return "".join(pieces)


def _table(table: Any, lines: list[str], tables: list[Rows], numbering: Numbering) -> None:
    rows: list[list[str | None]] = []  # None: merged with the cell above
    for row in table.iter(f"{_W}tr"):
        if row.getparent() is not table:
            continue  # of a table inside a cell
        cells: list[str | None] = []
        inner: list[str] = []
        for cell in row.iterchildren(f"{_W}tc"):
            inner = []
            _blocks(cell, inner, tables, numbering)
            merge = cell.find(f"{_W}tcPr/{_W}vMerge")
            joined = "".join(line.strip() for line in inner).replace("\t", " ")
            above = merge is not None and merge.get(f"{_W}val") != "restart"
            cells.append(None if above else joined)
            span = cell.find(f"{_W}tcPr/{_W}gridSpan")
            wide = str(span.get(f"{_W}val")) if span is not None else "1"
            if len(row) > 1:
                cells += [""] * (min(int(wide) if wide.isdigit() else 1, _MOST_SPAN) - 1)
        if sum(1 for _ in row.iterchildren(f"{_W}tc")) == 1 and not rows:
            lines += inner  # a box drawn as a table
        else:
            rows.append(cells)
    _emit(rows, lines, tables)


def _emit(rows: list[list[str | None]], lines: list[str], tables: list[Rows]) -> None:
    """Append the rows of a table to the lines, and the table with merged cells filled."""
    if not rows:
        return
    filled: list[tuple[str, ...]] = []
    for row in rows:
        lines.append("\t".join(cell or "" for cell in row) + ("\t" if len(row) == 1 else ""))
        above = filled[-1] if filled else ()
        filled.append(
            tuple(
                (above[i] if i < len(above) else "") if cell is None else cell
                for i, cell in enumerate(row)
            )
        )
    tables.append(tuple(filled))


# ------------------------------------------------------------------------------------------ excel

_PLACE = re.compile(rb'\br="([A-Z]{1,4})(\d{1,9})"')


def excel(data: bytes, name: str) -> Content:
    """Read the sheets of a workbook as tables."""
    import fastexcel

    parts = unpack(data, name)
    for part, content in parts.items():
        if part.startswith("xl/worksheets/"):
            _check_extent(content, name)
    book = fastexcel.read_excel(_packed(parts).read())
    lines: list[str] = []
    tables: list[Rows] = []
    for sheet in book.sheet_names:
        cells = book.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string")
        rows: list[list[str | None]] = [
            [re.sub(r"\s+", " ", cell or "").strip() for cell in row]
            for row in cells.to_polars().rows()
        ]
        title = [row for row in rows if any(row)]
        while title and sum(map(bool, title[0])) == 1:  # a caption above the head
            lines.append("".join(filter(None, title.pop(0))))
        _emit(title, lines, tables)
    return Content("\n".join(lines), tables=tuple(tables))


def _check_extent(content: bytes, name: str) -> None:
    """Refuse a sheet with cells so far apart that the rectangle between them is too large."""
    rows = columns = 1
    for letters, number in _PLACE.findall(content):
        column = 0
        for letter in letters:
            column = 26 * column + letter - 64
        rows, columns = max(rows, int(number)), max(columns, column)
    if rows * columns > _MOST_CELLS:
        raise PlanError(
            f"{name}：工作表跨 {rows:,} 行 {columns:,} 列，太大 / "
            f"{name}: a sheet spans {rows:,} rows and {columns:,} columns: too large"
        )


# ------------------------------------------------------------------------------------------- html

_SKIPPED = {"script", "style", "noscript", "head", "template", "svg", "select", "button", "iframe"}
_INLINE = {
    *("a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "del", "em", "font", "i", "ins"),
    *("kbd", "label", "mark", "q", "s", "small", "span", "strong", "sub", "sup", "tt", "u", "var"),
}
_SPACES = re.compile("[ \t\r\n\f\v]+")
_BETWEEN = re.compile("(?<=[\u3001-\u9fff\uff00-\uffef])\n(?=[\u3001-\u9fff\uff00-\uffef])")


def web(text: str) -> Content:
    """Read a web page: its blocks as paragraphs, its tables as rows."""
    from lxml import html  # type: ignore[import-untyped]

    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    page = _Page({table for table in root.iter("table") if table.find(".//table") is None})
    waiting: list[tuple[Any, bool]] = [(root, True)]
    while waiting:  # no recursion: pages may be as deep as they like
        element, opening = waiting.pop()
        if not isinstance(element.tag, str):
            page.say(element.tail)
        elif not opening:
            page.close(element)
            page.say(element.tail)
        elif element.tag in _SKIPPED:
            page.say(element.tail)
        else:
            page.open(element)
            page.say(element.text)
            waiting.append((element, False))
            waiting.extend((child, True) for child in reversed(element))
    page.end_line()
    return Content("\n".join(page.lines), tables=tuple(page.tables), broken=True)


class _Page:
    """What has been read of a web page."""

    def __init__(self, tables: set[Any]) -> None:
        self.lines: list[str] = []
        self.tables: list[Rows] = []
        self._data_tables = tables
        self._words: list[str] = []
        self._rows: list[list[str | None]] | None = None
        self._hanging: dict[int, int] = {}  # of a column: rows that a cell above still covers
        self._inner: list[str] = []
        self._outer: list[str] = []

    def say(self, text: str | None) -> None:
        if text:
            text = _BETWEEN.sub("", re.sub(r"[ \t\r]*\n\s*", "\n", text))
            self._words.append(_SPACES.sub(" ", text))

    def end_line(self) -> None:
        line = "".join(self._words).strip()
        if line:
            self.lines.append(line)
        self._words = []

    def open(self, element: Any) -> None:
        if element.tag in _INLINE:
            return
        self.end_line()
        if element.tag == "table" and element in self._data_tables:
            self._rows, self._hanging = [], {}
        elif element.tag == "tr" and self._rows is not None:
            self._rows.append([])
        elif element.tag in {"td", "th"} and self._rows:
            self._outer, self.lines = self.lines, []

    def close(self, element: Any) -> None:
        if element.tag in _INLINE:
            return
        self.end_line()
        if element.tag in {"td", "th"} and self._rows:
            self._inner, self.lines = self.lines, self._outer
            row = self._rows[-1]
            self._pass_hanging(row)
            wide, tall = (_count(element.get(key)) for key in ("colspan", "rowspan"))
            for i in range(len(row), len(row) + wide):
                self._hanging[i] = tall - 1
            row.append("".join(self._inner))
            row += [""] * (wide - 1)
        elif element.tag == "tr" and self._rows:
            row = self._rows[-1]
            self._pass_hanging(row)
            if len(row) == 1 and len(self._rows) == 1:
                self.lines += self._inner  # a box drawn as a table
                self._rows.pop()
        elif element.tag == "table" and self._rows is not None:
            _emit([row for row in self._rows if any(row)], self.lines, self.tables)
            self._rows = None

    def _pass_hanging(self, row: list[str | None]) -> None:
        """Pass the columns that a cell of a row above covers."""
        while self._hanging.get(len(row), 0) > 0:
            self._hanging[len(row)] -= 1
            row.append(None)


def _count(said: str | None) -> int:
    return max(1, min(int(said), _MOST_SPAN)) if said and re.fullmatch("[0-9]{1,4}", said) else 1


# -------------------------------------------------------------------------------------------- pdf

logging.getLogger("pdfminer").addHandler(logging.NullHandler())  # its complaints become errors
_SUNK = 0.45  # of the size of letters; lines are at least one size apart
_LEAST_PER_PAGE = 5
_NO_CHARACTER = re.compile(r"\(cid:\d+\)")


def pdf(data: bytes, name: str) -> Content:
    """Read the text layer of a PDF, page by page."""
    import pdfplumber
    from pdfminer.pdfdocument import PDFPasswordIncorrect
    from pdfplumber.utils.exceptions import PdfminerException

    try:
        with pdfplumber.open(io.BytesIO(data)) as document:
            if len(document.pages) > _MOST_PAGES:
                raise PlanError(f"{name}：{len(document.pages)} 页，太多 / {name}: too many pages")
            pages = []
            for page in document.pages:
                pages.append(_text_of(page))
                page.close()
    except (PdfminerException, PDFPasswordIncorrect) as fault:
        if "Password" in repr(fault):
            raise locked(name) from None
        raise damaged(name) from None
    if not pages:
        raise damaged(name)
    letters = sum(len("".join(page.split())) for page in pages)
    if letters < _LEAST_PER_PAGE * len(pages):
        raise PlanError(
            f"{name}：没有文字层（扫描件？），请先做文字识别（OCR） / "
            f"{name}: has no text layer (a scan?); recognise its text (OCR) first"
        )
    unknown = sum(len(_NO_CHARACTER.findall(page)) for page in pages)
    if 5 * unknown > letters - 7 * unknown:
        raise PlanError(
            f"{name}：字体没有文字编码，读不出文字，请先做文字识别（OCR） / "
            f"{name}: its fonts do not say their characters; recognise its text (OCR) first"
        )
    return Content("\f".join(pages), pages=tuple(_starts(pages)), broken=True)


def _text_of(page: Any) -> str:
    """Return the text of a page; the 2.5 of PM₂.₅ stands in its line, however low it is set."""
    sizes = sorted(char["size"] for char in page.chars)
    if not sizes:
        return ""
    size = sizes[len(sizes) // 2]
    lines = page.extract_text_lines(strip=True, return_chars=False, y_tolerance=_SUNK * size)
    if not lines:
        return ""
    # The edge of the text is where most lines begin; what begins two letters later is indented.
    edge = Counter(round(line["x0"] / size) for line in lines).most_common(1)[0][0] * size
    return "\n".join(
        ("　　" if 1.3 * size < line["x0"] - edge < 2.7 * size else "") + line["text"]
        for line in lines
    )


def _starts(pages: list[str]) -> Iterator[int]:
    place = 0
    for page in pages:
        yield place
        place += len(page) + 1

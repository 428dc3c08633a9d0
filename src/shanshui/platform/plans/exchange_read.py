"""A workbook that comes back from Excel or WPS: what in it was edited, row by row.

Nothing of the ledger is looked at here.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shanshui.platform.plans.exchange_form import (
    FORMS,
    HIDDEN,
    VERSION,
    Column,
    Form,
    clean,
    longest,
    understood,
)
from shanshui.standards.errors import ShanshuiError

_HEADS_WITHIN = 12  # rows in which the heads are looked for
_LARGEST = 512 * 2**20  # bytes that a workbook may unpack to
_BROKEN = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, KeyError, ValueError),
    *(TypeError, AttributeError, IndexError, EOFError, OSError, SyntaxError, NotImplementedError),
)
"""What a damaged workbook makes openpyxl raise."""


@dataclass(frozen=True)
class Fault:
    """A cell that cannot be taken in.

    Attributes
    ----------
    sheet, column, code : str
        Where it is; the code of the item, empty of a row that was inserted.
    row : int
        Of the sheet, counted from one.
    value : str
        What stands there.
    reason : str
        Why not, in Chinese and in English.
    """

    sheet: str
    row: int
    column: str
    code: str
    value: str
    reason: str

    def __str__(self) -> str:
        """Say where and why."""
        zh, _, en = self.reason.partition(" / ")
        where = f"工作表“{self.sheet}”第 {self.row} 行“{self.column}”列"
        return f"{where}：{zh} / sheet {self.sheet}, row {self.row}, column {self.column}: {en}"


@dataclass(frozen=True)
class Edit:
    """A cell that a person changed: what was exported, and what stands there now."""

    column: Column
    was: str
    now: str


@dataclass
class Line:
    """A row that was edited or inserted.

    Attributes
    ----------
    form : Form
        The sheet.
    row : int
        Its row.
    code : str
        Of the item; empty of a row that was inserted.
    version : int
        Of the item when it was exported.
    edits : list of Edit
        The cells that changed.
    parent : str
        Of an inserted action, the code of its task.
    """

    form: Form
    row: int
    code: str
    version: int = 0
    edits: list[Edit] = field(default_factory=list)
    parent: str = ""

    def of(self, part: str) -> list[Edit]:
        """Return the edits of a part of the row."""
        return [edit for edit in self.edits if edit.column.part == part]

    def text(self, key: str) -> str:
        """Return what stands in an edited cell."""
        return next((edit.now for edit in self.edits if edit.column.key == key), "")

    def fault(self, column: str, value: str, error: object) -> Fault:
        """Say that a cell cannot be taken in."""
        return Fault(self.form.name, self.row, column, self.code, value, str(error))


@dataclass
class Returned:
    """A workbook that came back.

    Attributes
    ----------
    about : dict
        What it says of itself: ``ledger``, ``document``, ``edition``, ``period``, ``exported``.
    lines : list of Line
        Rows with edits, and rows that were inserted.
    faults : list of Fault
        Cells that cannot be understood; their rows are not among the lines.
    missing : list of str
        Codes of the rows that were deleted.
    """

    about: Mapping[str, Any]
    lines: list[Line] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


Kept = dict[str, dict[str, tuple[int, dict[str, str]]]]


def read_workbook(
    data: bytes,
    name: str = "",
    *,
    forms: Sequence[Form] = FORMS,
    command: str = "shanshui plan export",
) -> Returned:
    """Read a workbook that was exported and edited.

    Parameters
    ----------
    data : bytes
        The file.
    name : str
        What it is called, for the errors.
    forms : list of Form
        The sheets that it may have.
    command : str
        What exports such a workbook, for the errors.

    Raises
    ------
    ShanshuiError
        It is no workbook, no exported one, of a newer program, or lacks a sheet or a column.
    """
    label = name or "核对表"
    book = _open(data, label)
    about, kept = _hidden(book, label, command)
    returned = Returned(about)
    values = _Values(data, label)
    for form in forms:
        if form.key in str(about["sheets"]).split(","):
            _sheet(book, form, kept.get(form.key, {}), returned, values, label)
    return returned


def _open(data: bytes, label: str, *, data_only: bool = False) -> Any:
    import warnings

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            large = sum(entry.file_size for entry in archive.infolist()) > _LARGEST
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of validations and styles that openpyxl drops
            book = None if large else load_workbook(io.BytesIO(data), data_only=data_only)
    except (*_BROKEN, InvalidFileException) as error:
        raise ShanshuiError(
            f"{label} 打不开：不是 Excel 文件（.xlsx）或已损坏；请用 Excel 或 WPS 打开后另存 / "
            f"cannot open {label}: not an Excel file (.xlsx), or damaged"
        ) from error
    if book is None:
        raise ShanshuiError(f"{label} 太大 / {label} is too large")
    return book


class _Values:
    """What the formulas of a workbook came to, read only where there are any."""

    def __init__(self, data: bytes, label: str) -> None:
        self._data = data
        self._label = label
        self._book: Any = None

    def of(self, sheet: str, coordinate: str) -> Any:
        if self._book is None:
            self._book = _open(self._data, self._label, data_only=True)
        return self._book[sheet][coordinate].value


def _hidden(book: Any, label: str, command: str) -> tuple[dict[str, Any], Kept]:
    """Read what was exported."""
    strange = ShanshuiError(
        f"{label} 不是 {command} 导出的表，或隐藏的工作表 {HIDDEN} 已丢失、损坏；"
        f"请重新导出 / {label} was not exported by {command}, or its hidden sheet "
        f"{HIDDEN} is lost or damaged: export it again"
    )
    if HIDDEN not in book.sheetnames:
        raise strange
    rows = book[HIDDEN].iter_rows(values_only=True)
    try:
        about = json.loads(next(rows)[0])
        form, expected = int(about["form"]), int(about["rows"])
        whole = {"ledger", "document", "edition", "period", "sheets"} <= about.keys()
        kept = _kept(rows) if form <= VERSION and whole else {}
    except (ValueError, TypeError, KeyError, StopIteration, IndexError) as error:
        raise strange from error
    if form > VERSION:
        raise ShanshuiError(
            f"{label} 是更新的程序导出的（第 {form} 版格式），请升级 shanshui / "
            f"a newer Shanshui exported {label} (form {form}): upgrade it"
        )
    if not whole or sum(len(rows) for rows in kept.values()) != expected:
        raise strange
    return about, kept


def _kept(rows: Iterator[tuple[Any, ...]]) -> Kept:
    kept: Kept = {}
    for sheet, code, version, *pieces in rows:
        if sheet is not None:
            cells = json.loads("".join(str(piece) for piece in pieces if piece is not None))
            kept.setdefault(str(sheet), {})[str(code)] = (int(version), dict(cells))
    return kept


def _sheet(
    book: Any,
    form: Form,
    kept: Mapping[str, tuple[int, dict[str, str]]],
    returned: Returned,
    values: _Values,
    label: str,
) -> None:
    if form.name not in book.sheetnames:
        raise ShanshuiError(f"{label} 缺工作表“{form.name}” / {label} lacks the sheet {form.name}")
    page = book[form.name]
    head, places = _heads(page, form, label)
    rows: list[tuple[Line, dict[str, Any]]] = []
    for cells in page.iter_rows(min_row=head + 1):
        row = {key: cells[at] for key, at in places.items() if at < len(cells)}
        code = clean(row["code"].value) if "code" in row else ""
        if code or any(clean(cell.value) for cell in row.values()):
            line = Line(form, cells[0].row, code)
            line.parent = clean(row["parent"].value) if "parent" in row else ""
            rows.append((line, row))
    same: dict[str, list[int]] = {}
    for line, _ in rows:
        if line.code:
            same.setdefault(line.code, []).append(line.row)
    for line, row in rows:
        line.version, was = kept.get(line.code, (0, {}))
        faults = _strange(line, kept, same) or list(_edits(line, row, was, values))
        if faults:
            returned.faults += faults
        elif line.edits:
            returned.lines.append(line)
    returned.missing += [code for code in kept if code not in same]


def _strange(line: Line, kept: Mapping[str, Any], same: Mapping[str, Sequence[int]]) -> list[Fault]:
    """Say where the code of a row is not one that was exported, or stands in several rows."""
    if not line.code:
        return []
    if line.code not in kept:
        said = "不是导出的编号；新增的行请把编号留空 / not a code that was exported"
        return [line.fault("编号", line.code, said)]
    if len(same[line.code]) > 1:
        listed = "、".join(str(row) for row in same[line.code])
        said = f"第 {listed} 行重复；新增的行请把编号留空 / the same code in rows {listed}"
        return [line.fault("编号", line.code, said)]
    return []


def _heads(page: Any, form: Form, label: str) -> tuple[int, dict[str, int]]:
    """Find the row of the heads, and the columns by their keys; they may have been moved."""
    for at, row in enumerate(page.iter_rows(max_row=_HEADS_WITHIN, values_only=True), start=1):
        names = [clean(value) for value in row]
        if form.columns[0].head not in names:
            continue
        for column in form.columns:
            found = names.count(column.head)
            if found != 1 and (column.editable or found > 1):
                many = "有两列" if found else "缺"
                raise ShanshuiError(
                    f"{label} 工作表“{form.name}”第 {at} 行{many}“{column.head}” / sheet "
                    f"{form.name}, row {at}: {'two columns' if found else 'no column'} "
                    f"{column.head}"
                )
        return at, {c.key: names.index(c.head) for c in form.columns if c.head in names}
    raise ShanshuiError(
        f"{label} 工作表“{form.name}”没有表头（“编号”一行） / "
        f"the sheet {form.name} of {label} has no row of heads (编号)"
    )


def _edits(
    line: Line, row: Mapping[str, Any], was: Mapping[str, str], values: _Values
) -> Iterator[Fault]:
    """Find the edited cells of a row; give those that cannot be understood."""
    for column in line.form.editable:
        before = was.get(column.key, "")
        cell = row.get(column.key)
        raw = None if cell is None else cell.value
        try:
            if cell is not None and cell.data_type in {"f", "e"}:
                raw = _computed(line.form.name, cell, values)
            now = understood(column, raw, cell.number_format if cell else "", before)
            _fits(line.form, column, now)
        except ShanshuiError as error:
            yield line.fault(column.head, clean(raw), error)
            continue
        if now != before:
            line.edits.append(Edit(column, before, now))


def _computed(sheet: str, cell: Any, values: _Values) -> Any:
    """Return what a formula came to."""
    value = values.of(sheet, cell.coordinate) if cell.data_type == "f" else cell.value
    if value is None:
        raise ShanshuiError(
            "公式没有算出的值，请改为数值 / a formula without its value: write the value"
        )
    if cell.data_type == "e" or str(value).startswith("#"):
        raise ShanshuiError(f"是错误值 {value} / an error value, {value}")
    return value


def _fits(form: Form, column: Column, text: str) -> None:
    most = longest(form.model, column.key) if column.part == "item" else None
    if most and len(text) > most:
        raise ShanshuiError(
            f"超过 {most} 个字（有 {len(text)} 个） / longer than {most} characters"
        )


def set_aside(faults: Sequence[Fault]) -> bytes:
    """Write faults as a CSV file that Excel and WPS open."""
    import csv

    out = io.StringIO()
    sheet = csv.writer(out)
    sheet.writerow(["工作表", "行", "列", "编号", "内容", "原因", "reason"])
    for one in faults:
        zh, _, en = one.reason.partition(" / ")
        sheet.writerow([one.sheet, one.row, one.column, one.code, one.value, zh, en])
    return out.getvalue().encode("utf-8-sig")

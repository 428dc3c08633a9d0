"""The three lists as Excel and Word: bytes, which the caller writes whole."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from shanshui.platform.report import office
from shanshui.platform.report.lists import SIGNATURE
from shanshui.platform.report.office import Sheets, day_text

if TYPE_CHECKING:
    from shanshui.platform.report.lists import Sheet, ThreeLists

TEMPLATE = "lists"
_LEFT = ("title", "name", "indicator", "capacity", "progress", "problems", "next_step", "evidence")
_FILLS = {"overdue": "#F8D7D0", "due_soon": "#FCF0CC"}
_LINE = 13.5  # points that a line of a cell takes
_HIGHEST = 400.0  # Excel has rows of 409 points at most


def write(
    made: ThreeLists, form: Literal["xlsx", "docx"], *, template: bytes | None = None
) -> bytes:
    """Write the lists as one kind of document.

    Parameters
    ----------
    made : ThreeLists
        What `shanshui.platform.report.lists.three_lists` makes.
    form : {"xlsx", "docx"}
        The kind.
    template : bytes, optional
        For Word: a bureau's own template in place of the one that is shipped.

    Raises
    ------
    ShanshuiError
        The template cannot be filled in.
    """
    return docx(made, template) if form == "docx" else xlsx(made)


def shipped() -> bytes:
    """Return the Word template that is shipped."""
    return office.shipped(TEMPLATE)


def context(made: ThreeLists) -> dict[str, Any]:
    """Return what a template can name; `docs/plan/lists.md` lists it."""
    named = "工作清单" if len(made.sheets) != 1 else made.sheets[0].name
    return {
        "title": f"{made.title}{named}",
        "period": made.period,
        "unit": made.unit,
        "made": day_text(made.made) if made.made else "",
        "signature": SIGNATURE,
        "lists": [
            {
                "which": sheet.which,
                "name": sheet.name,
                "note": sheet.note,
                "heads": list(sheet.heads.values()),
                "rows": [
                    {
                        "cells": [row.get(column, "") for column in sheet.heads],
                        "due": row["due"],
                        **{c: row.get(c, "") for c in sheet.heads if ":" not in c},
                    }
                    for row in sheet.rows
                ],
            }
            for sheet in made.sheets
        ],
    }


def docx(made: ThreeLists, template: bytes | None = None) -> bytes:
    """Fill a Word template.

    Raises
    ------
    ShanshuiError
        It is no Word file, names a placeholder that there is not, or has a broken one.
    """
    filled = office.fill(
        template or shipped(),
        made,
        lambda _: context(made),
        size=lambda _: (850, 225),
        page="docs/plan/lists.md",
    )
    return _laid_out(filled, made)


def _laid_out(filled: bytes, made: ThreeLists) -> bytes:
    """Give the columns of the lists their widths, which a template with a loop cannot."""
    from docx import Document
    from docx.oxml.ns import qn
    from docx.shared import Length, Mm

    def words(cell: Any) -> str:
        return "".join(part.text or "" for part in cell.iter(qn("w:t")))

    document = Document(io.BytesIO(filled))
    sheets = {tuple(sheet.heads.values()): sheet for sheet in made.sheets}
    for table in document.tables:
        rows = table._tbl.tr_lst
        heads = tuple(words(cell) for cell in rows[0].tc_lst) if rows else ()
        sheet = sheets.get(heads)
        if sheet is None:
            continue
        whole = sum(column.w or 0 for column in table._tbl.tblGrid.gridCol_lst) or Mm(257)
        share = [sheet.width(column) for column in sheet.heads]
        widths = [Length(int(whole * part / sum(share))) for part in share]
        for column, width in zip(table._tbl.tblGrid.gridCol_lst, widths, strict=False):
            column.w = width
        for at, row in enumerate(rows):
            for name, cell, width in zip(sheet.heads, row.tc_lst, widths, strict=True):
                cell.width = width
                if at and name in _LEFT:
                    for mark in cell.iter(qn("w:jc")):
                        mark.set(qn("w:val"), "left")
    out = io.BytesIO()
    document.save(out)
    return office.fixed(out.getvalue())


def xlsx(made: ThreeLists) -> bytes:
    """Write a workbook with a sheet for each list: A4 across, the head on every page."""
    out = io.BytesIO()
    book = office.workbook(made, out)
    sheets = Sheets(book)
    for sheet in made.sheets:
        _sheet(sheets, sheet, made)
    book.close()
    return out.getvalue()


def _sheet(sheets: Sheets, one: Sheet, made: ThreeLists) -> None:
    day = day_text(made.made) if made.made else ""
    line = "　　".join(filter(None, (made.unit and f"单位：{made.unit}", made.period, day)))
    columns = list(one.heads)
    page = sheets.sheet(one.name, len(columns), f"{made.title}{one.name}", line or " ")
    sheets.head(page, list(one.heads.values()))
    for at, column in enumerate(columns):
        page.set_column(at, at, one.width(column))
    last = 3
    for last, row in enumerate(one.rows, start=3):
        fill = {"bg_color": _FILLS[row["due"]]} if row["due"] else {}
        for at, column in enumerate(columns):
            text = row.get(column, "")
            left = column in _LEFT
            look: dict[str, Any] = {"border": 1, "text_wrap": True}
            look["align"] = "left" if left else "center"
            if left and row.get("level") == "2" and column == "title":
                look["indent"] = 1
            sheets.cell(page, last, at, text, **look, **(fill if column == "deadline" else {}))
        page.set_row(last, height((row.get(c, ""), one.width(c)) for c in columns))
    if not one.rows:
        page.merge_range(3, 0, 3, len(columns) - 1, "（无）", sheets.look(align="center", border=1))
    # What is counted and the line that is signed stand below, outside the table.
    for below, text in ((last + 1, one.note), (last + 3, SIGNATURE)):
        page.merge_range(below, 0, below, len(columns) - 1, text, sheets.look(align="left"))
        page.set_row(below, 22)
    page.freeze_panes(3, 2)
    page.autofilter(2, 0, last, len(columns) - 1)


def height(texts: Iterable[tuple[str, float]]) -> float:
    """Return the height that the longest cell of a row needs: not every program finds it.

    Parameters
    ----------
    texts : iterable of (str, float)
        The cells and the widths of their columns, in characters.
    """
    most = 1
    for text, width in texts:
        room = max(2.0, width - 1.5)  # less what is left free at the sides
        lines = 0
        for line in text.split("\n"):
            length = sum(2 if ord(letter) > 0xFF else 1 for letter in line)
            lines += max(1, -int(-length // room))
        most = max(most, lines)
    return min(_HIGHEST, 5 + most * _LINE)

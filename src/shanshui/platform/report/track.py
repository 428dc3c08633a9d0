"""The table of targets (目标调度表) as Excel, Word and a page: bytes, which the caller writes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from shanshui import __version__
from shanshui.platform.report import office
from shanshui.platform.report.lists_documents import height
from shanshui.platform.report.office import Sheets, day_text
from shanshui.platform.report.pages import render
from shanshui.platform.track.table import HEADS, MARKS
from shanshui.progress import STATES

if TYPE_CHECKING:
    from shanshui.platform.track.table import Row, Table

TEMPLATE = "track"
OTHERS = "其他年度目标"
"""Under what targets of years stand that belong to no plan."""
WIDTHS = {
    "number": 5,
    "indicator": 22,
    "region": 11,
    "nature": 8,
    "base": 16,
    "annual": 14,
    "plan": 26,
    "now": 15,
    "change": 11,
    "state": 18,
    "gap": 15,
    "rest": 24,
    "owner": 16,
    "basis": 16,
    "status": 11,
}
"""Widths of the columns, in characters of a sheet."""
FILLS = {
    "已完成": "#CFE6D2",
    "达到序时进度": "#E4F1E5",
    "存在风险": "#FCEFC7",
    "滞后于序时进度": "#F6D2C9",
    "未完成": "#EDB8AD",
    "暂无数据": "#EEEEEE",
    "待下达": "#EEEEEE",
    "口径不一致": "#E5DCEF",
}
"""Grounds of the states, each of which has its sign as well: see `MARKS`."""
_LEFT = ("indicator", "plan", "rest", "gap", "basis")
_A3 = 8  # as Excel numbers papers
_NOTES = (
    "1—N月为当年累计，同比按同一口径与上年同期相比；没有累计的，列最近数值及其时段。",
    "差距为现值到目标还差的量；剩余控制值为当年剩余时间须达到的均值、还可超标的天数或断面数。",
    "口径不一致的不评价，“差距”栏写明差在哪里；〔〕内为同一指标其他年份目标的完成情况。",
)


@dataclass(frozen=True)
class Dispatch:
    """The table, to be written as a document.

    Attributes
    ----------
    title : str
        What it is.
    unit : str
        Who makes it.
    made : datetime.date or None
        The day that it bears.
    table : Table
        What `shanshui.platform.track.table.table` makes.
    """

    title: str
    unit: str
    made: date | None
    table: Table

    @property
    def period(self) -> str:
        """The day that it is of."""
        return f"截至{day_text(self.table.day)}"

    @property
    def plans(self) -> dict[str, list[Row]]:
        """The rows by the title of their plan."""
        found: dict[str, list[Row]] = {}
        for row in self.table.rows:
            found.setdefault(row["title"] if row["document"] else OTHERS, []).append(row)
        return found


def legend() -> str:
    """Say which sign means which state."""
    return "　".join(f"{MARKS[state]} {state}" for state in STATES)


def _cell(row: Mapping[str, Any], column: str) -> str:
    if column == "state" and row["before"]:
        return f"{row['state']}\n（上月：{row['before']}）"
    if column == "plan":
        return str(row["plan"]).replace("；", "\n")
    return str(row[column] or "")


# --- Excel -------------------------------------------------------------------------------------


def xlsx(made: Dispatch) -> bytes:
    """Write a workbook: A3 across, the head on every page, a line for each plan."""
    out = io.BytesIO()
    book = office.workbook(made, out)
    sheets = Sheets(book)
    heads = made.table.heads
    columns = list(heads)
    line = "　　".join(
        filter(None, (made.unit, made.period, day_text(made.made) if made.made else ""))
    )
    page = sheets.sheet("目标调度表", len(columns), made.title, line or " ")
    page.set_paper(_A3)
    sheets.head(page, list(heads.values()))
    for at, column in enumerate(columns):
        page.set_column(at, at, WIDTHS[column])
    last = 2
    for title, rows in made.plans.items():
        last += 1
        bold = sheets.look(font_name="黑体", align="left", border=1, bg_color="#F5F2E8")
        page.merge_range(last, 0, last, len(columns) - 1, title, bold)
        page.set_row(last, 22)
        for row in rows:
            last += 1
            _line(sheets, page, last, row, columns)
    if not made.table.rows:
        last = 3
        page.merge_range(3, 0, 3, len(columns) - 1, "（无）", sheets.look(align="center", border=1))
    for below, text in enumerate((made.table.summary(), legend(), *_NOTES), start=last + 1):
        page.merge_range(below, 0, below, len(columns) - 1, text, sheets.look(align="left"))
        page.set_row(below, 20)
    page.freeze_panes(3, 2)
    _grounds(sheets, made)
    book.close()
    return out.getvalue()


def _line(sheets: Sheets, page: Any, at: int, row: Row, columns: Sequence[str]) -> None:
    for place, column in enumerate(columns):
        look: dict[str, Any] = {"border": 1, "text_wrap": True}
        look["align"] = "left" if column in _LEFT else "center"
        if column == "state":
            look["bg_color"] = FILLS[row["judged"]]
        sheets.cell(page, at, place, _cell(row, column), **look)
    page.set_row(at, height((_cell(row, c), WIDTHS[c]) for c in columns))


def _grounds(sheets: Sheets, made: Dispatch) -> None:
    """Write why each row stands as it does, and on which figures."""
    head: office.Head = {
        "number": ("序号", 5, None),
        "id": ("编号", 24, None),
        "indicator": ("指标", 24, None),
        "region": ("地区", 11, None),
        "judged": ("完成情况", 14, None),
        "reason": ("原因", 60, None),
        "remark": ("备注", 24, None),
        "stands_on": ("依据（shanshui explain）", 60, None),
    }
    rows = [tuple(row[name] for name in head) for row in made.table.rows]
    sheets.plain("依据", head, rows, title="完成情况的原因和依据")


# --- Word --------------------------------------------------------------------------------------


def shipped() -> bytes:
    """Return the Word template that is shipped."""
    return office.shipped(TEMPLATE)


def context(made: Dispatch) -> dict[str, Any]:
    """Return what a template can name; `docs/track/track.md` lists it."""
    heads = made.table.heads
    return {
        "title": made.title,
        "period": made.period,
        "unit": made.unit,
        "made": day_text(made.made) if made.made else "",
        "summary": made.table.summary(),
        "legend": legend(),
        "notes": office.numbered(_NOTES),
        "plans": [
            {
                "title": title,
                "heads": list(heads.values()),
                "rows": [
                    {
                        "cells": [_cell(row, column) for column in heads],
                        "reason": row["reason"],
                        "remark": row["remark"],
                        **{column: _cell(row, column) for column in HEADS},
                    }
                    for row in rows
                ],
            }
            for title, rows in made.plans.items()
        ],
    }


def docx(made: Dispatch, template: bytes | None = None) -> bytes:
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
        page="docs/track/track.md",
    )
    return _laid_out(filled, made)


def _laid_out(filled: bytes, made: Dispatch) -> bytes:
    """Give the columns their widths and the states their grounds, which a template cannot."""
    from docx import Document
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Length, Mm

    document = Document(io.BytesIO(filled))
    heads = made.table.heads
    grounds = {row["state"]: FILLS[row["judged"]] for row in made.table.rows}
    for table in document.tables:
        rows = table._tbl.tr_lst
        if not rows or len(rows[0].tc_lst) != len(heads):  # of a bureau's own template
            continue
        grid = table._tbl.tblGrid.gridCol_lst
        whole = sum(column.w or 0 for column in grid) or Mm(380)
        share = [WIDTHS[column] for column in heads]
        widths = [Length(int(whole * part / sum(share))) for part in share]
        for column, width in zip(grid, widths, strict=False):
            column.w = width
        for at, row in enumerate(rows):
            for name, cell, width in zip(heads, row.tc_lst, widths, strict=True):
                cell.width = width
                if at and name in _LEFT:
                    for mark in cell.iter(qn("w:jc")):
                        mark.set(qn("w:val"), "left")
                text = "".join(part.text or "" for part in cell.iter(qn("w:t")))
                ground = grounds.get(text.partition("（")[0]) if name == "state" and at else None
                if ground:
                    shade = OxmlElement("w:shd")
                    shade.set(qn("w:val"), "clear")
                    shade.set(qn("w:color"), "auto")
                    shade.set(qn("w:fill"), ground.removeprefix("#"))
                    cell.get_or_add_tcPr().append(shade)
    out = io.BytesIO()
    document.save(out)
    return office.fixed(out.getvalue())


# --- the page ----------------------------------------------------------------------------------


def html(made: Dispatch) -> str:
    """Write one HTML page that needs no other file; the states bear signs besides colours."""
    return render(
        "track.html.j2",
        version=__version__,
        title=made.title,
        unit=made.unit,
        period=made.period,
        made=day_text(made.made) if made.made else "",
        summary=made.table.summary(),
        counts=made.table.counts,
        marks=MARKS,
        fills=FILLS,
        heads=made.table.heads,
        plans=[
            {"title": title, "rows": [row | {c: _cell(row, c) for c in HEADS} for row in rows]}
            for title, rows in made.plans.items()
        ],
        notes=_NOTES,
    )

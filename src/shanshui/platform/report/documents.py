"""The air bulletin as Word, Excel and HTML: bytes, which the caller writes whole.

The same bulletin gives the same bytes; what a Word document looks like is its template's business.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from shanshui.platform.report import figures, office
from shanshui.platform.report.office import Form, Head, Sheets, day_text, number_format
from shanshui.platform.report.pages import HALF, WIDE, figure, render

if TYPE_CHECKING:
    from shanshui.platform.report.bulletin import Bulletin, Picture, Row, Table

_PICTURE = 850
"""Width in pixels of a chart across a page of Word."""


def write(bulletin: Bulletin, form: Form, *, template: bytes | None = None) -> bytes:
    """Write a bulletin as one kind of document.

    Parameters
    ----------
    bulletin : Bulletin
        What `shanshui.platform.report.bulletin` makes.
    form : {"docx", "xlsx", "html"}
        The kind.
    template : bytes, optional
        For Word: a bureau's own template in place of the one that is shipped.

    Raises
    ------
    ShanshuiError
        The template cannot be filled in.
    """
    if form == "docx":
        return docx(bulletin, template)
    return xlsx(bulletin) if form == "xlsx" else html(bulletin).encode()


def shipped() -> bytes:
    """Return the Word template that is shipped."""
    return office.shipped("bulletin")


# --- Word --------------------------------------------------------------------------------------


def context(bulletin: Bulletin, image: Callable[[Picture], Any] | None = None) -> dict[str, Any]:
    """Return what a template can name; `docs/air/bulletin.md` lists it.

    Parameters
    ----------
    bulletin : Bulletin
        The bulletin.
    image : callable, optional
        Makes of a picture what stands in the document.
    """
    return {
        "title": bulletin.title,
        "period": bulletin.period,
        "unit": bulletin.unit,
        "made": day_text(bulletin.made) if bulletin.made else "",
        "summary": bulletin.summary,
        "sentences": bulletin.sentences,
        "notes": bulletin.notes,
        "tables": [
            {
                "title": table.title,
                "label": table.label,
                "previous": table.columns["previous"],
                "rows": [{"whole": row.whole, **table.texts(row)} for row in table.rows],
            }
            for table in bulletin.tables
        ],
        "overviews": [
            {
                "title": view.title,
                "rows": [{"name": name, "months": view.texts(row)} for name, row in view.rows],
            }
            for view in bulletin.overviews
        ],
        "pictures": office.pictures(bulletin.pictures, image),
    }


def docx(bulletin: Bulletin, template: bytes | None = None) -> bytes:
    """Fill a Word template.

    Raises
    ------
    ShanshuiError
        It is no Word file, names a placeholder that there is not, or has a broken one.
    """

    def size(picture: Picture) -> tuple[int, int]:
        half = picture.name.startswith("ranking")
        return (_PICTURE * 3 // 4, 160) if half else (_PICTURE, 225)

    return office.fill(
        template or shipped(),
        bulletin,
        lambda image: context(bulletin, image),
        size=size,
        page="docs/air/bulletin.md",
    )


# --- Excel -------------------------------------------------------------------------------------

_WIDTHS = {
    "rank": 9,
    "name": 14,
    "main": 13,
    "co": 10,
    "o3": 12,
    "good_ratio": 10,
    "heavy_days": 10,
}
_DAILY: Head = {
    "name": ("地区", 16, None),
    "date": ("日期", 12, "yyyy-mm-dd"),
    "aqi": ("AQI", 8, "0"),
    "level": ("级别", 8, "0"),
    "category": ("类别", 12, None),
    "primary": ("首要污染物", 20, None),
    "pm25": ("PM2.5", 9, "0"),
    "pm10": ("PM10", 9, "0"),
    "so2": ("SO2", 9, "0"),
    "no2": ("NO2", 9, "0"),
    "co": ("CO", 9, "0.0"),
    "o3_8h": ("O3-8h", 9, "0"),
    "excluded": ("剔除项目", 16, None),
}


def xlsx(bulletin: Bulletin) -> bytes:
    """Write a workbook: a sheet for each table, the days behind them, the notes."""
    out = io.BytesIO()
    book = office.workbook(bulletin, out)
    sheets = _Sheets(book, bulletin)
    for table in bulletin.tables:
        sheets.ranking(table)
    for table, kept in zip(bulletin.tables, bulletin.kept, strict=False):
        sheets.beside(table, kept)
    for view in bulletin.overviews:
        head: Head = {"name": ("地区", 16, None)}
        head |= {f"{n}": (f"{n}月", 9, number_format(view.digits)) for n in range(1, 13)}
        rows = [(name, *values) for name, values in view.rows]
        name = view.title.partition("（")[0]
        sheets.plain(name, head, rows, title=f"{bulletin.period}{view.title}")
    daily = {name: about for name, about in _DAILY.items() if name in bulletin.days.columns}
    sheets.plain("逐日", daily, sheets.days(daily), title=f"{bulletin.period}通报所用逐日数据")
    sheets.words(
        {
            "总体情况": bulletin.summary,
            "各地情况": bulletin.sentences,
            "说明": office.numbered(bulletin.notes),
        }
    )
    book.close()
    return out.getvalue()


class _Sheets(Sheets):
    """The sheets of the workbook of an air bulletin."""

    def __init__(self, book: Any, bulletin: Bulletin) -> None:
        super().__init__(book)
        self.bulletin = bulletin

    def ranking(self, table: Table) -> None:
        """Write a table of the bulletin."""
        bulletin, columns = self.bulletin, table.columns
        name = {"month": "当月", "ytd": f"{table.label}累计", "year": "全年"}[table.key]
        sheet = self.sheet(
            name,
            len(columns),
            f"{bulletin.title}（{table.title}）",
            "单位：CO为毫克/立方米，其余浓度为微克/立方米，优良天数比例为%",
        )
        self.head(sheet, list(columns.values()))
        for place, column in enumerate(columns):
            sheet.set_column(place, place, _WIDTHS.get(column, 8.5))
        for place, row in enumerate(table.rows, start=3):
            values = table.values(row)
            for at, column in enumerate(columns):
                look = self._look(table, row, column)
                self.cell(sheet, place, at, values[column], border=1, **look)
        sheet.freeze_panes(3, 2)
        sheet.autofilter(2, 0, 2 + len(table.rows), len(columns) - 1)

    def _look(self, table: Table, row: Row, column: str) -> dict[str, Any]:
        look: dict[str, Any] = {"align": "center"}
        if row.whole:
            look |= {"bold": True, "bg_color": "#F5F5F0"}
        if column in table.digits:
            look["num_format"] = number_format(table.digits[column])
        elif column == "rank" and row.tied:
            look["num_format"] = '0"(并列)"'
        return look

    def beside(self, table: Table, kept: Table) -> None:
        """Write what was left out beside the figures with nothing left out."""
        columns = ("good_ratio", "pm25", "pm10", "composite")
        whole = {row.name: row for row in kept.rows}
        head: Head = {"name": ("地区", 16, None)}
        for column in columns:
            number = number_format(table.digits[column])
            head[column] = (f"{table.columns[column]}\n剔除后", 12, number)
            head[f"{column}_kept"] = (f"{table.columns[column]}\n不剔除", 12, number)
        head |= {"rank": ("排名\n剔除后", 10, "0"), "rank_kept": ("排名\n不剔除", 10, "0")}
        rows = []
        for row in table.rows:
            other = whole[row.name]
            figures = [f.get(c) for c in columns for f in (row.figures, other.figures)]
            rows.append((row.name, *figures, row.rank, other.rank))
        self.plain(
            f"{table.label}剔除前后", head, rows, title=f"{table.title}剔除沙尘等影响前后对照"
        )

    def days(self, columns: Iterable[str]) -> list[tuple[Any, ...]]:
        """Return the days with the items named as people read them."""
        named = {item: name for item, (name, _) in figures.ITEMS.items()} | {
            "o3_8h": "O3-8h",
            "o3_1h": "O3-1h",
        }
        rows = []
        for row in self.bulletin.days.select(*columns).iter_rows(named=True):
            for column in {"primary", "excluded"} & row.keys():
                if row[column]:
                    row[column] = "、".join(named[item] for item in row[column].split(","))
            rows.append(tuple(row.values()))
        return rows


# --- HTML --------------------------------------------------------------------------------------


def html(bulletin: Bulletin) -> str:
    """Write one page that needs nothing else."""
    drawn = [
        (one, figure(one.name, one.draw, one.label, wide=_wide(one))) for one in bulletin.pictures
    ]
    page = render(
        "bulletin.html.j2",
        **context(bulletin),
        heads=[list(table.columns.values()) for table in bulletin.tables],
        columns=list(bulletin.tables[0].columns),
        figures=[(one.title, image, one.name) for one, image in drawn],
    )
    return office.same_clips(page)


def _wide(picture: Picture) -> int:
    return HALF + 160 if picture.name.startswith("ranking") else WIDE

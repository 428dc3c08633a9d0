"""The bulletin as Word, Excel and HTML: bytes, which the caller writes whole.

The same bulletin gives the same bytes; what a Word document looks like is its template's business.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from shanshui.platform.report import figures
from shanshui.platform.report.bulletin import NONE
from shanshui.platform.report.pages import HALF, WIDE, figure, render
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from shanshui.platform.report.bulletin import Bulletin, Picture, Row, Table

Form = Literal["docx", "xlsx", "html"]

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""When a file without a date says that it was made."""
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
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
    return (files("shanshui.platform.report") / "templates" / "bulletin.docx").read_bytes()


def png(chart: figures.Chart) -> bytes:
    """Draw a chart for print, two pixels for one."""
    import vl_convert

    drawn: bytes = vl_convert.vegalite_to_png(
        figures._styled(chart) | {"background": "white"}, scale=2, allowed_base_urls=[]
    )
    return drawn


def fixed(archive: bytes) -> bytes:
    """Write a zip archive again without the times at which it was made."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            target.writestr(entry, source.read(name))
    return out.getvalue()


def _made(bulletin: Bulletin) -> datetime:
    made = bulletin.made
    return datetime(made.year, made.month, made.day, tzinfo=UTC) if made else _EPOCH


def day_text(day: date) -> str:
    """Write a day as documents do.

    Examples
    --------
    >>> day_text(date(2015, 11, 5))
    '2015年11月5日'
    """
    return f"{day.year}年{day.month}月{day.day}日"


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
        "pictures": [
            {
                "name": one.name,
                "title": one.title,
                "label": one.label,
                "image": image and image(one),
            }
            for one in bulletin.pictures
        ],
    }


class _Image:
    """A picture that is drawn where a template asks for it, and only there."""

    def __init__(self, draw: Callable[[], str]) -> None:
        self._draw = draw

    def __html__(self) -> str:
        return self._draw()


def docx(bulletin: Bulletin, template: bytes | None = None) -> bytes:
    """Fill a Word template.

    Raises
    ------
    ShanshuiError
        It is no Word file, names a placeholder that there is not, or has a broken one.
    """
    from docx.shared import Mm
    from docxtpl import DocxTemplate, InlineImage
    from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError
    from jinja2.exceptions import TemplateError
    from jinja2.sandbox import SandboxedEnvironment

    document = DocxTemplate(io.BytesIO(template or shipped()))

    def image(picture: Picture) -> Any:
        half = picture.name.startswith("ranking")

        def draw() -> str:
            drawn = io.BytesIO(png(picture.draw(_PICTURE * 3 // 4 if half else _PICTURE)))
            return str(InlineImage(document, drawn, width=Mm(160 if half else 225)))

        return _Image(draw)

    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
    filled: dict[str, Any] = {}
    try:
        document.init_docx()
        filled = context(bulletin, image)
        document.render(filled, environment, autoescape=True)
        about = document.docx.core_properties
        about.title, about.author = f"{bulletin.title}（{bulletin.period}）", bulletin.unit
        about.created = about.modified = _made(bulletin)
        out = io.BytesIO()
        document.save(out)
    except UndefinedError as error:
        names = "、".join(filled)
        raise ShanshuiError(
            f"Word 模板里有不认识的占位符（{error.message}）；可用的有 {names}，"
            "见 docs/air/bulletin.md / the Word template names something that there is not "
            f"({error.message})"
        ) from error
    except TemplateSyntaxError as error:
        around = " ".join(" ".join(getattr(error, "docx_context", ())).split())[:120]
        raise ShanshuiError(
            f"Word 模板的占位符写法有误：{error.message}（在“{around}”附近） / "
            f"a placeholder of the Word template is broken: {error.message} (near {around!r})"
        ) from error
    except TemplateError as error:
        raise ShanshuiError(
            f"Word 模板无法填写：{error} / the Word template cannot be filled in: {error}"
        ) from error
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ShanshuiError(
            "模板不是 Word 文件（.docx）；请用 Word 或 WPS 另存为 .docx / the template is no Word "
            "file; save it as .docx"
        ) from error
    return fixed(out.getvalue())


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
_Head = dict[str, tuple[str, float, str | None]]
"""Columns of a sheet: head, width, format of numbers."""
_DAILY: _Head = {
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
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    book.set_properties(
        {
            "title": f"{bulletin.title}（{bulletin.period}）",
            "author": bulletin.unit,
            "created": _made(bulletin).replace(tzinfo=None),
        }
    )
    sheets = _Sheets(book, bulletin)
    for table in bulletin.tables:
        sheets.ranking(table)
    for table, kept in zip(bulletin.tables, bulletin.kept, strict=False):
        sheets.beside(table, kept)
    for view in bulletin.overviews:
        head: _Head = {"name": ("地区", 16, None)}
        head |= {f"{n}": (f"{n}月", 9, _number(view.digits)) for n in range(1, 13)}
        rows = [(name, *values) for name, values in view.rows]
        name = view.title.partition("（")[0]
        sheets.plain(name, head, rows, title=f"{bulletin.period}{view.title}")
    daily = {name: about for name, about in _DAILY.items() if name in bulletin.days.columns}
    sheets.plain("逐日", daily, sheets.days(daily), title=f"{bulletin.period}通报所用逐日数据")
    sheets.words()
    book.close()
    return out.getvalue()


def _number(digits: int) -> str:
    return "0" if not digits else "0." + "0" * digits


class _Sheets:
    """The sheets of a workbook, written one by one."""

    def __init__(self, book: Any, bulletin: Bulletin) -> None:
        self.book, self.bulletin = book, bulletin
        self.formats: dict[tuple[tuple[str, Any], ...], Any] = {}

    def look(self, **more: Any) -> Any:
        """Return a format, each made once."""
        key = tuple(sorted(more.items()))
        if key not in self.formats:
            base = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
            self.formats[key] = self.book.add_format(base | more)
        return self.formats[key]

    def sheet(self, name: str, columns: int, title: str, unit: str = "") -> Any:
        """Begin a sheet for A4 across: title in the first row, head in the third."""
        sheet = self.book.add_worksheet(name)
        big = self.look(font_name="黑体", font_size=16, align="center")
        sheet.merge_range(0, 0, 0, columns - 1, title, big)
        sheet.set_default_row(18)
        sheet.set_row(0, 30)
        if unit:
            sheet.merge_range(1, 0, 1, columns - 1, unit, self.look(align="right", font_size=9))
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(0.4, 0.4, 0.6, 0.6)
        sheet.center_horizontally()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0, 2)
        sheet.set_footer("&C— &P —")
        return sheet

    def head(self, sheet: Any, names: list[str]) -> None:
        look = self.look(
            font_name="黑体", align="center", text_wrap=True, border=1, bg_color="#E7EEF0"
        )
        sheet.set_row(2, 32)
        for place, name in enumerate(names):
            sheet.write_string(2, place, name, look)

    def cell(self, sheet: Any, row: int, column: int, value: Any, **look: Any) -> None:
        """Write a value as what it is: a number is a number; what is missing, a dash."""
        if value is None:
            sheet.write_string(row, column, NONE, self.look(**look | {"align": "center"}))
        elif isinstance(value, str):
            sheet.write_string(row, column, value, self.look(**look))
        elif isinstance(value, date):
            sheet.write_datetime(row, column, value, self.look(**look))
        else:
            sheet.write_number(row, column, value, self.look(**look))

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
            look["num_format"] = _number(table.digits[column])
        elif column == "rank" and row.tied:
            look["num_format"] = '0"(并列)"'
        return look

    def beside(self, table: Table, kept: Table) -> None:
        """Write what was left out beside the figures with nothing left out."""
        columns = ("good_ratio", "pm25", "pm10", "composite")
        whole = {row.name: row for row in kept.rows}
        head: _Head = {"name": ("地区", 16, None)}
        for column in columns:
            number = _number(table.digits[column])
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

    def plain(
        self,
        name: str,
        head: _Head,
        rows: list[tuple[Any, ...]],
        *,
        title: str,
    ) -> None:
        """Write a table with one head and one format a column."""
        sheet = self.sheet(name, len(head), title)
        self.head(sheet, [text for text, _, _ in head.values()])
        for at, (_, width, number) in enumerate(head.values()):
            sheet.set_column(at, at, width)
            look = {"align": "center", "border": 1} | ({"num_format": number} if number else {})
            for place, row in enumerate(rows, start=3):
                self.cell(sheet, place, at, row[at], **look)
        sheet.freeze_panes(3, 1)
        sheet.autofilter(2, 0, 2 + len(rows), len(head) - 1)

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

    def words(self) -> None:
        """Write the sentences and the notes."""
        sheet = self.book.add_worksheet("说明")
        sheet.set_column(0, 0, 100)
        bulletin, row = self.bulletin, 0
        numbered = [f"{n}. {text}" for n, text in enumerate(bulletin.notes, start=1)]
        parts = {
            "总体情况": bulletin.summary,
            "各地情况": bulletin.sentences,
            "说明": numbered,
        }
        for head, texts in parts.items():
            sheet.write_string(row, 0, head, self.look(font_name="黑体", font_size=12))
            row += 1
            for text in texts:
                sheet.write_string(row, 0, text, self.look(text_wrap=True, valign="top"))
                # Neither Excel nor WPS finds the height of a row by itself in every case.
                width = sum(2 if ord(letter) > 0xFF else 1 for letter in text)
                sheet.set_row(row, 15 * -(-width // 104))
                row += 1
            row += 1
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(0.4, 0.4, 0.6, 0.6)
        sheet.fit_to_pages(1, 0)


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
    # The drawing counts its clips over the whole life of the process.
    clips: dict[str, str] = {}
    return re.sub(
        r"(?<=-)clip\d+", lambda clip: clips.setdefault(clip[0], f"clip{len(clips)}"), page
    )


def _wide(picture: Picture) -> int:
    return HALF + 160 if picture.name.startswith("ranking") else WIDE

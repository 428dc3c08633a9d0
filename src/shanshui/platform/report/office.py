"""What all bulletins share when they are written: Word from a template, workbooks, one HTML page.

Bytes in, bytes out; the same bulletin gives the same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, Protocol

from shanshui.platform.report import figures
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from shanshui.platform.report.bulletin import Picture

Form = Literal["docx", "xlsx", "html"]
Head = dict[str, tuple[str, float, str | None]]
"""Columns of a sheet: head, width, format of numbers."""

NONE = "—"
"""What a cell without a figure holds."""

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""When a file without a date says that it was made."""
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


class Issue(Protocol):
    """What every bulletin says of itself."""

    @property
    def title(self) -> str:
        """What it is."""

    @property
    def period(self) -> str:
        """What it is of."""

    @property
    def unit(self) -> str:
        """The bureau that issues it."""

    @property
    def made(self) -> date | None:
        """The day that it bears."""


def shipped(name: str) -> bytes:
    """Return a Word template that is shipped."""
    return (files("shanshui.platform.report") / "templates" / f"{name}.docx").read_bytes()


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


def stamp(issue: Issue) -> datetime:
    """Return when a file says that it was made."""
    made = issue.made
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


class _Image:
    """A picture that is drawn where a template asks for it, and only there."""

    def __init__(self, draw: Callable[[], str]) -> None:
        self._draw = draw

    def __html__(self) -> str:
        return self._draw()


def fill(
    template: bytes,
    issue: Issue,
    context: Callable[[Callable[[Picture], Any]], dict[str, Any]],
    *,
    size: Callable[[Picture], tuple[int, int]],
    page: str,
) -> bytes:
    """Fill a Word template.

    Parameters
    ----------
    template : bytes
        The template.
    issue : Issue
        The bulletin, for the properties of the file.
    context : callable
        Returns what the template can name, given what makes of a picture what stands in it.
    size : callable
        Returns the width of a picture in pixels and in millimetres.
    page : str
        The page of the documentation that lists the placeholders.

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

    document = DocxTemplate(io.BytesIO(template))

    def image(picture: Picture) -> Any:
        pixels, wide = size(picture)

        def draw() -> str:
            drawn = io.BytesIO(png(picture.draw(pixels)))
            return str(InlineImage(document, drawn, width=Mm(wide)))

        return _Image(draw)

    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
    filled: dict[str, Any] = {}
    try:
        document.init_docx()
        filled = context(image)
        document.render(filled, environment, autoescape=True)
        about = document.docx.core_properties
        about.title, about.author = f"{issue.title}（{issue.period}）", issue.unit
        about.created = about.modified = stamp(issue)
        out = io.BytesIO()
        document.save(out)
    except UndefinedError as error:
        names = "、".join(filled)
        raise ShanshuiError(
            f"Word 模板里有不认识的占位符（{error.message}）；可用的有 {names}，"
            f"见 {page} / the Word template names something that there is not "
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


def number_format(digits: int) -> str:
    """Return the format of numbers with so many decimals."""
    return "0" if not digits else "0." + "0" * digits


def workbook(issue: Issue, out: io.BytesIO) -> Any:
    """Begin a workbook that bears the day of the bulletin."""
    import xlsxwriter

    book = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    book.set_properties(
        {
            "title": f"{issue.title}（{issue.period}）",
            "author": issue.unit,
            "created": stamp(issue).replace(tzinfo=None),
        }
    )
    return book


def pictures(
    drawn: Sequence[Picture], image: Callable[[Picture], Any] | None
) -> list[dict[str, Any]]:
    """Return what a template can name of pictures; `image` makes what stands in the document."""
    return [
        {
            "name": one.name,
            "title": one.title,
            "label": one.label,
            "image": image and image(one),
        }
        for one in drawn
    ]


def numbered(notes: Sequence[str]) -> list[str]:
    """Put numbers before notes, as they are printed."""
    return [f"{n}. {text}" for n, text in enumerate(notes, start=1)]


class Sheets:
    """The sheets of a workbook, written one by one."""

    def __init__(self, book: Any) -> None:
        self.book = book
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
        """Write the head of a table."""
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

    def plain(
        self,
        name: str,
        head: Head,
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

    def words(self, parts: Mapping[str, Iterable[str]]) -> None:
        """Write sentences and notes under their heads."""
        sheet = self.book.add_worksheet("说明")
        sheet.set_column(0, 0, 100)
        row = 0
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


def same_clips(page: str) -> str:
    """Give the clips of drawings numbers of the page; their own run through the whole process."""
    clips: dict[str, str] = {}
    return re.sub(
        r"(?<=-)clip\d+", lambda clip: clips.setdefault(clip[0], f"clip{len(clips)}"), page
    )

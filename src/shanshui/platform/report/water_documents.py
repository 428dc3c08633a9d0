"""The bulletin of surface water as Word, Excel and HTML: bytes, which the caller writes whole."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shanshui.platform.report import office
from shanshui.platform.report.office import Form, Head, Sheets, day_text
from shanshui.platform.report.pages import figure, render
from shanshui.platform.report.water import COLOURS, COLUMN_WIDTHS
from shanshui.water.surface.classify import item_names

if TYPE_CHECKING:
    from shanshui.platform.report.bulletin import Picture
    from shanshui.platform.report.water import WaterBulletin

TEMPLATE = "water-bulletin"


def write(bulletin: WaterBulletin, form: Form, *, template: bytes | None = None) -> bytes:
    """Write a bulletin as one kind of document.

    Parameters
    ----------
    bulletin : WaterBulletin
        What `shanshui.platform.report.water.water_bulletin` makes.
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
    return office.shipped(TEMPLATE)


def context(
    bulletin: WaterBulletin, image: Callable[[Picture], Any] | None = None
) -> dict[str, Any]:
    """Return what a template can name; `docs/water/bulletin.md` lists it.

    Parameters
    ----------
    bulletin : WaterBulletin
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
        "heads": dict(bulletin.columns),
        "failing_heads": dict(bulletin.failing_columns),
        "region_heads": dict(bulletin.region_columns),
        "sections": [
            {**section.texts(), "failing": section.attains is False}
            for section in bulletin.sections
        ],
        "failing": [section.texts() for section in bulletin.failing],
        "regions": bulletin.region_rows,
        "pictures": office.pictures(bulletin.pictures, image),
    }


def docx(bulletin: WaterBulletin, template: bytes | None = None) -> bytes:
    """Fill a Word template.

    Raises
    ------
    ShanshuiError
        It is no Word file, names a placeholder that there is not, or has a broken one.
    """
    return office.fill(
        template or shipped(),
        bulletin,
        lambda image: context(bulletin, image),
        size=lambda _: (850, 225),
        page="docs/water/bulletin.md",
    )


def xlsx(bulletin: WaterBulletin) -> bytes:
    """Write a workbook: sections, those below target, regions, the means behind, the notes."""
    out = io.BytesIO()
    book = office.workbook(bulletin, out)
    sheets = _Sheets(book)
    title = f"{bulletin.title}（{bulletin.period}）"
    sections = [section.texts() for section in bulletin.sections]
    sheets.texts("断面", bulletin.columns, sections, title=f"{title}断面水质状况", frozen=1)
    failing = [section.texts() for section in bulletin.failing]
    sheets.texts(
        "未达标断面", bulletin.failing_columns, failing, title=f"{title}未达到水质目标的断面"
    )
    sheets.regions(bulletin, f"{title}各责任县区断面水质")
    sheets.shares(bulletin, f"{title}断面水质类别比例")
    sheets.values(bulletin, f"{title}各断面月均值（mg/L，另注单位者除外）")
    sheets.words(
        {
            "总体情况": bulletin.summary,
            "各水体情况": bulletin.sentences,
            "说明": office.numbered(bulletin.notes),
        }
    )
    book.close()
    return out.getvalue()


class _Sheets(Sheets):
    """The sheets of the workbook of a water bulletin."""

    def texts(
        self,
        name: str,
        columns: Any,
        rows: list[dict[str, str]],
        *,
        title: str,
        frozen: int = 1,
    ) -> None:
        """Write a table of words, classes in their colours."""
        sheet = self.sheet(name, len(columns), title)
        self.head(sheet, list(columns.values()))
        for at, column in enumerate(columns):
            sheet.set_column(at, at, COLUMN_WIDTHS[column])
            for place, row in enumerate(rows, start=3):
                look: dict[str, Any] = {"align": "center", "border": 1, "text_wrap": True}
                if row[column] in COLOURS and column != "target":
                    look["bg_color"] = COLOURS[row[column]]
                if row[column] == "否":
                    look |= {"bold": True, "font_color": "#A63D2D"}
                self.cell(sheet, place, at, row[column], **look)
        for place, row in enumerate(rows, start=3):
            lines = max(-(-_width(row[c]) // (COLUMN_WIDTHS[c] * 1.05)) for c in columns)
            sheet.set_row(place, 16 * max(1, lines) + 2)
        sheet.freeze_panes(3, frozen)
        sheet.autofilter(2, 0, 2 + max(1, len(rows)), len(columns) - 1)

    def regions(self, bulletin: WaterBulletin, title: str) -> None:
        """Write the table of regions with its numbers."""
        percent = '0.0"%"'
        whole = ("sections", "judged", "attained")
        head: Head = {
            column: (
                text,
                13 if at else 16,
                None if not at else "0" if column in whole else percent,
            )
            for at, (column, text) in enumerate(bulletin.region_columns.items())
        }
        rows = [tuple(row[c] for c in bulletin.region_columns) for row in bulletin.regions]
        self.plain("责任县区", head, rows, title=title)

    def shares(self, bulletin: WaterBulletin, title: str) -> None:
        """Write the counts and shares of classes of each span."""
        spans = {c: t for c, t in bulletin.columns.items() if c in set(bulletin.shares["span"])}
        head: Head = {"span": ("时段", 14, None), "sections": ("评价断面", 10, "0")}
        for n, name in enumerate(COLOURS, start=1):
            head[f"class_{n}_sections"] = (f"{name}类\n断面", 9, "0")
            head[f"class_{n}_ratio"] = (f"{name}类\n比例", 9, '0.0"%"')
        head |= {"good_ratio": ("Ⅰ—Ⅲ类", 10, '0.0"%"'), "bad_ratio": ("劣Ⅴ类", 10, '0.0"%"')}
        by_span = {row["span"]: row for row in bulletin.shares.iter_rows(named=True)}
        rows = [tuple((by_span[c] | {"span": t})[k] for k in head) for c, t in spans.items()]
        self.plain("类别比例", head, rows, title=title)

    def values(self, bulletin: WaterBulletin, title: str) -> None:
        """Write the means behind the classes."""
        named = {"station": "断面", "river": "水体", "kind": "类型", "county": "责任县区"}
        named |= {"class_name": "类别", "main_text": "主要污染指标"} | _items()
        head: Head = {
            column: (named.get(column, column), COLUMN_WIDTHS.get(column, 9), None)
            for column in bulletin.values.columns
        }
        self.plain("月均值", head, bulletin.values.rows(), title=title)


def _items() -> dict[str, str]:
    units = {"temp": "℃", "conductivity": "µS/cm", "turbidity": "NTU", "fecal_coliform": "个/L"}
    names = item_names() | {"conductivity": "电导率", "turbidity": "浊度", "algae": "藻密度"}
    return {
        code: f"{name}\n{units[code]}" if code in units else name for code, name in names.items()
    }


def _width(text: str) -> int:
    return sum(2 if ord(letter) > 0xFF else 1 for letter in text)


def html(bulletin: WaterBulletin) -> str:
    """Write one page that needs nothing else."""
    page = render(
        "water-bulletin.html.j2",
        **context(bulletin),
        colours=COLOURS,
        figures=[
            (one.title, figure(one.name, one.draw, one.label), one.name)
            for one in bulletin.pictures
        ],
    )
    return office.same_clips(page)

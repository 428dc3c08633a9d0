"""Make the Word template of the air bulletin that the package ships.

    python tools/bulletin_template.py

The same python-docx writes the same bytes: dates and the times in the archive are fixed. Change the
look here, run it, and commit both; `tests/test_bulletin.py` checks that they agree.
"""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from shanshui.platform.report.bulletin import COLUMNS
from shanshui.platform.report.office import fixed

TEMPLATE = Path(__file__).parent.parent / "src/shanshui/platform/report/templates/bulletin.docx"
SONG, HEI, FANG, KAI = "宋体", "黑体", "仿宋", "楷体"
LATIN = "Times New Roman"
WIDTHS = dict(  # of the columns of a table, in mm; together the width of the page
    zip(COLUMNS, (18, 24, 21, 20, 13, 13, 12, 11, 11, 16, 19, 15, 13, 19, 16, 15), strict=True)
)
CENTRE, LEFT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.LEFT


def font(run, size, east=FANG, *, bold=False):
    run.font.name = LATIN
    run.font.size = Pt(size)
    run.bold = bold
    fonts = run._element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), east)
    fonts.set(qn("w:cs"), LATIN)


def write(
    paragraph, text, size, east=FANG, *, bold=False, align=LEFT, line=None, after=0, indent=0
):
    """Fill a paragraph."""
    font(paragraph.add_run(text), size, east, bold=bold)
    shape = paragraph.paragraph_format
    paragraph.alignment = align
    shape.space_before = Pt(0)
    shape.space_after = Pt(after)
    if line:
        shape.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        shape.line_spacing = Pt(line)
    if indent:
        shape.first_line_indent = Pt(indent)
    return paragraph


def heading(document, text, *, new_page=False):
    """Write a heading of the first level, which stays with what follows."""
    paragraph = write(document.add_heading(level=1), text, 15, HEI, after=2)
    paragraph.paragraph_format.space_before = Pt(0 if new_page else 10)
    paragraph.paragraph_format.page_break_before = new_page
    paragraph.paragraph_format.keep_with_next = True
    return paragraph


def caption(document, text):
    """Write what a table or a picture is, which stays with it."""
    paragraph = write(document.add_paragraph(), text, 12, HEI, align=CENTRE, after=2)
    paragraph.paragraph_format.space_before = Pt(4)
    paragraph.paragraph_format.keep_with_next = True
    return paragraph


def control(document, text):
    """Write a paragraph that docxtpl takes away: a loop or a condition."""
    return write(document.add_paragraph(), text, 9)


def cell_text(cell, text, size=9, east=SONG, *, bold=False, align=CENTRE):
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    write(cell.paragraphs[0], text, size, east, bold=bold, align=align)


def marked(row, *names):
    """Set properties of a row: tblHeader repeats it, cantSplit keeps it whole."""
    properties = row._tr.get_or_add_trPr()
    for name in names:
        properties.append(OxmlElement(name))


def margins(table, side=28):
    """Give the cells little room at the sides (twentieths of a point)."""
    properties = table._tbl.tblPr
    box = OxmlElement("w:tblCellMar")
    for name in ("w:left", "w:right"):
        edge = OxmlElement(name)
        edge.set(qn("w:w"), str(side))
        edge.set(qn("w:type"), "dxa")
        box.append(edge)
    properties.append(box)


def shaded(cell, colour):
    shade = OxmlElement("w:shd")
    shade.set(qn("w:val"), "clear")
    shade.set(qn("w:color"), "auto")
    shade.set(qn("w:fill"), colour)
    cell._tc.get_or_add_tcPr().append(shade)


def grid(document, widths):
    table = document.add_table(rows=0, cols=len(widths), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    margins(table)
    return table


def add_row(table, widths, texts, **look):
    row = table.add_row()
    row.height = Mm(look.pop("height", 6))
    shade = look.pop("shade", None)
    for cell, text, width in zip(row.cells, texts, widths, strict=True):
        cell.width = Mm(width)
        cell_text(cell, text, **look)
        if shade:
            shaded(cell, shade)
    marked(row, "w:cantSplit")
    return row


def tag(table, widths, text):
    """Add a row that docxtpl takes away."""
    add_row(table, widths, [text, *[""] * (len(widths) - 1)])


def ranking(document):
    """Write the table of places: a header that repeats, the whole in bold, the places."""
    control(document, "{%p for table in tables %}")
    control(document, "{%p if loop.first %}")
    caption(document, "表{{ loop.index }}　{{ table.title }}环境空气质量状况及排名")
    control(document, "{%p else %}")
    later = caption(document, "表{{ loop.index }}　{{ table.title }}环境空气质量状况及排名")
    later.paragraph_format.page_break_before = True
    control(document, "{%p endif %}")
    unit = "单位：CO为毫克/立方米，其余浓度为微克/立方米"
    units = write(document.add_paragraph(), unit, 9, SONG, align=WD_ALIGN_PARAGRAPH.RIGHT, after=2)
    units.paragraph_format.keep_with_next = True
    widths = list(WIDTHS.values())
    table = grid(document, widths)
    heads = {**COLUMNS, "previous": "{{ table.previous }}"}
    head = add_row(table, widths, heads.values(), east=HEI, size=9, shade="E7EEF0", height=11)
    marked(head, "w:tblHeader")
    cells = [f"{{{{ row.{column} }}}}" for column in COLUMNS]
    tag(table, widths, "{%tr for row in table.rows %}")
    tag(table, widths, "{%tr if row.whole %}")
    add_row(table, widths, cells, bold=True, shade="F5F5F0", size=10)
    tag(table, widths, "{%tr else %}")
    add_row(table, widths, cells, size=10)
    tag(table, widths, "{%tr endif %}")
    tag(table, widths, "{%tr endfor %}")
    control(document, "{%p endfor %}")


def overviews(document):
    """Write the figures by month of a yearly bulletin."""
    control(document, "{%p for table in overviews %}")
    title = caption(document, "表{{ tables|length + loop.index }}　{{ table.title }}")
    title.paragraph_format.page_break_before = True
    widths = [31] + [18] * 12
    table = grid(document, widths)
    months = [f"{n}月" for n in range(1, 13)]
    head = add_row(table, widths, ["地区", *months], east=HEI, shade="E7EEF0", height=8)
    marked(head, "w:tblHeader")
    tag(table, widths, "{%tr for row in table.rows %}")
    cells = ["{{ row.name }}", *(f"{{{{ row.months[{n}] }}}}" for n in range(12))]
    add_row(table, widths, cells)
    tag(table, widths, "{%tr endfor %}")
    control(document, "{%p endfor %}")


def page_number(paragraph):
    """Write — 1 — with a field, as official documents do."""
    paragraph.alignment = CENTRE
    font(paragraph.add_run("— "), 10.5, SONG)
    for kind in ("begin", "PAGE", "end"):
        run = paragraph.add_run()
        font(run, 10.5, SONG)
        if kind == "PAGE":
            part = OxmlElement("w:instrText")
            part.text = kind
        else:
            part = OxmlElement("w:fldChar")
            part.set(qn("w:fldCharType"), kind)
        run._element.append(part)
    font(paragraph.add_run(" —"), 10.5, SONG)


def chinese(document):
    """Say that the text is Chinese, so that punctuation is drawn as in China."""
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "zh-CN")


def begun():
    """Begin a document of A4 across, with title, period and issuer."""
    document = Document()
    normal = document.styles["Normal"]
    normal.font.name = LATIN
    normal.font.size = Pt(14)
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FANG)
    first = document.styles["Heading 1"]
    first.font.name, first.font.color.rgb = LATIN, None
    fonts = first.element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(name), None)
    fonts.set(qn("w:eastAsia"), HEI)
    colour = first.element.rPr.find(qn("w:color"))
    if colour is not None:
        first.element.rPr.remove(colour)

    chinese(document)

    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin, section.bottom_margin = Mm(18), Mm(16)
    section.footer_distance = Mm(8)
    page_number(section.footer.paragraphs[0])

    write(document.add_paragraph(), "{{ title }}", 26, SONG, bold=True, align=CENTRE, after=4)
    write(document.add_paragraph(), "（{{ period }}）", 16, KAI, align=CENTRE, after=6)
    control(document, "{%p if unit or made %}")
    write(document.add_paragraph(), "{{ unit }}　　{{ made }}", 14, KAI, align=CENTRE, after=6)
    control(document, "{%p endif %}")
    return document


def notes(document, *, new_page=True):
    """Write the numbered notes."""
    heading(document, "说明", new_page=new_page)
    control(document, "{%p for text in notes %}")
    note = write(document.add_paragraph(), "{{ loop.index }}.　{{ text }}", 10.5, line=17)
    note.paragraph_format.left_indent = Pt(21)
    note.paragraph_format.first_line_indent = Pt(-21)
    control(document, "{%p endfor %}")


def finished(document, title):
    """Return a document as bytes that are the same each time."""
    about = document.core_properties
    about.author, about.title, about.comments = "", title, ""
    about.created = about.modified = datetime(2026, 1, 1, tzinfo=UTC)
    about.last_modified_by, about.revision = "", 1
    stream = io.BytesIO()
    document.save(stream)
    return fixed(stream.getvalue())


def template():
    """Return the template as bytes."""
    document = begun()

    heading(document, "一、总体情况")
    control(document, "{%p for text in summary %}")
    write(document.add_paragraph(), "{{ text }}", 14, line=25, indent=28)
    control(document, "{%p endfor %}")

    heading(document, "二、排名", new_page=True)
    ranking(document)
    overviews(document)

    heading(document, "三、各地情况", new_page=True)
    control(document, "{%p for text in sentences %}")
    write(document.add_paragraph(), "{{ text }}", 12, line=21, indent=24)
    control(document, "{%p endfor %}")

    control(document, "{%p if pictures %}")
    heading(document, "四、图", new_page=True)
    control(document, "{%p for picture in pictures %}")
    caption(document, "图{{ loop.index }}　{{ picture.title }}")
    write(document.add_paragraph(), "{{ picture.image }}", 12, align=CENTRE, after=8)
    control(document, "{%p endfor %}")
    control(document, "{%p endif %}")

    notes(document)
    return finished(document, "空气质量通报")


if __name__ == "__main__":
    TEMPLATE.write_bytes(template())
    sys.stdout.write(f"{TEMPLATE}\n")

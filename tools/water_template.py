"""Make the Word template of the bulletin of surface water that the package ships.

    python tools/water_template.py

As `bulletin_template.py`, whose hands it uses: the same python-docx writes the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bulletin_template import (
    CENTRE,
    HEI,
    add_row,
    begun,
    caption,
    control,
    finished,
    grid,
    heading,
    marked,
    notes,
    tag,
    write,
)

from shanshui.platform.report.water import COLUMN_WIDTHS, FAILING

TEMPLATES = Path(__file__).parent.parent / "src/shanshui/platform/report/templates"
TEMPLATE = TEMPLATES / "water-bulletin.docx"
PAGE = 257
"""Millimetres between the margins."""
COLUMNS = (
    *("station", "river", "level", "attribute", "county", "target", "now", "previous"),
    *("last_year", "ytd", "ytd_before", "main", "attains", "source"),
)
REGIONS = (
    *("county", "sections", "good_ratio", "bad_ratio", "judged", "attained", "attained_ratio"),
    *("previous", "last_year", "ytd", "ytd_attained", "ytd_before"),
)


def table(document, columns, rows, heads, *, widths=None, whole=False, size=9):
    """Write a table with a head that repeats; of regions the whole stands first in bold."""
    share = [(widths or COLUMN_WIDTHS)[c] for c in columns]
    wide = [PAGE * s / sum(share) for s in share]
    made = grid(document, wide)
    names = [f"{{{{ {heads}.{c} }}}}" for c in columns]
    head = add_row(made, wide, names, east=HEI, size=size, shade="E7EEF0", height=11)
    marked(head, "w:tblHeader")
    cells = [f"{{{{ row.{c} }}}}" for c in columns]
    tag(made, wide, f"{{%tr for row in {rows} %}}")
    if whole:
        tag(made, wide, "{%tr if row.whole %}")
        add_row(made, wide, cells, bold=True, shade="F5F5F0", size=size)
        tag(made, wide, "{%tr else %}")
    add_row(made, wide, cells, size=size)
    if whole:
        tag(made, wide, "{%tr endif %}")
    tag(made, wide, "{%tr endfor %}")


def paragraphs(document, name, size, line):
    """Write one paragraph for each text."""
    control(document, f"{{%p for text in {name} %}}")
    write(document.add_paragraph(), "{{ text }}", size, line=line, indent=2 * size)
    control(document, "{%p endfor %}")


def template():
    """Return the template as bytes."""
    document = begun()
    heading(document, "一、总体情况")
    paragraphs(document, "summary", 14, 25)
    control(document, "{%p for picture in pictures %}")
    caption(document, "图{{ loop.index }}　{{ picture.title }}")
    write(document.add_paragraph(), "{{ picture.image }}", 12, align=CENTRE, after=8)
    control(document, "{%p endfor %}")

    heading(document, "二、断面水质状况", new_page=True)
    caption(document, "表1　{{ period }}断面水质状况")
    table(document, COLUMNS, "sections", "heads")

    heading(document, "三、未达到水质目标的断面", new_page=True)
    control(document, "{%p if failing %}")
    caption(document, "表2　{{ period }}未达到水质目标的断面")
    table(document, FAILING, "failing", "failing_heads", size=10)
    control(document, "{%p else %}")
    write(document.add_paragraph(), "本月没有未达到水质目标的断面。", 14, line=25, indent=28)
    control(document, "{%p endif %}")

    heading(document, "四、各责任县区")
    caption(document, "表{{ 3 if failing else 2 }}　{{ period }}各责任县区断面水质")
    widths = dict.fromkeys(REGIONS, 10) | {"county": 15}
    table(document, REGIONS, "regions", "region_heads", widths=widths, whole=True, size=10)

    heading(document, "五、各水体情况", new_page=True)
    paragraphs(document, "sentences", 12, 21)

    notes(document, new_page=False)
    return finished(document, "地表水水质通报")


if __name__ == "__main__":
    TEMPLATE.write_bytes(template())
    sys.stdout.write(f"{TEMPLATE}\n")

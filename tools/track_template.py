"""Make the Word template of the table of targets that the package ships.

    python tools/track_template.py

As `bulletin_template.py`, whose hands it uses: the same python-docx writes the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bulletin_template import (
    HEI,
    SONG,
    add_row,
    begun,
    control,
    finished,
    grid,
    heading,
    marked,
    tag,
    write,
)
from docx.shared import Mm

TEMPLATES = Path(__file__).parent.parent / "src/shanshui/platform/report/templates"
TEMPLATE = TEMPLATES / "track.docx"
PAGE = 380
"""Millimetres between the margins of A3 across."""


def table(document):
    """Write a table whose columns are those of the plan, with a head that repeats."""
    widths = [PAGE / 3] * 3
    made = grid(document, widths)
    cells = ["{%tc for cell in row.cells %}", "{{ cell }}", "{%tc endfor %}"]
    heads = ["{%tc for head in plan.heads %}", "{{ head }}", "{%tc endfor %}"]
    head = add_row(made, widths, heads, east=HEI, size=10, shade="E7EEF0", height=10)
    marked(head, "w:tblHeader")
    tag(made, widths, "{%tr for row in plan.rows %}")
    add_row(made, widths, cells, size=10)
    tag(made, widths, "{%tr endfor %}")


def template():
    """Return the template as bytes."""
    document = begun()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(420), Mm(297)
    write(document.add_paragraph(), "{{ summary }}", 12, SONG, after=2)
    write(document.add_paragraph(), "{{ legend }}", 10.5, SONG, after=2)
    control(document, "{%p for plan in plans %}")
    heading(document, "{{ plan.title }}")
    table(document)
    control(document, "{%p endfor %}")
    control(document, "{%p for note in notes %}")
    write(document.add_paragraph(), "{{ note }}", 10.5, SONG, after=0)
    control(document, "{%p endfor %}")
    return finished(document, "目标调度表")


if __name__ == "__main__":
    TEMPLATE.write_bytes(template())
    sys.stdout.write(f"{TEMPLATE}\n")

"""Make the Word template of the three lists of a plan that the package ships.

    python tools/lists_template.py

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

TEMPLATES = Path(__file__).parent.parent / "src/shanshui/platform/report/templates"
TEMPLATE = TEMPLATES / "lists.docx"
PAGE = 257
"""Millimetres between the margins."""


def table(document):
    """Write a table whose columns are those of the list, with a head that repeats."""
    widths = [PAGE / 3] * 3
    made = grid(document, widths)
    cells = ["{%tc for cell in row.cells %}", "{{ cell }}", "{%tc endfor %}"]
    heads = ["{%tc for head in list.heads %}", "{{ head }}", "{%tc endfor %}"]
    head = add_row(made, widths, heads, east=HEI, size=9, shade="E7EEF0", height=10)
    marked(head, "w:tblHeader")
    tag(made, widths, "{%tr for row in list.rows %}")
    add_row(made, widths, cells, size=9)
    tag(made, widths, "{%tr endfor %}")


def template():
    """Return the template as bytes."""
    document = begun()
    control(document, "{%p for list in lists %}")
    control(document, "{%p if loop.first %}")
    heading(document, "{{ list.name }}")
    control(document, "{%p else %}")
    heading(document, "{{ list.name }}", new_page=True)
    control(document, "{%p endif %}")
    write(document.add_paragraph(), "{{ list.note }}", 10.5, SONG, after=3)
    table(document)
    signed = write(document.add_paragraph(), "{{ signature }}", 10.5, SONG, after=0)
    signed.paragraph_format.space_before = 120000
    control(document, "{%p endfor %}")
    return finished(document, "三张清单")


if __name__ == "__main__":
    TEMPLATE.write_bytes(template())
    sys.stdout.write(f"{TEMPLATE}\n")

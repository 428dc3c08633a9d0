"""Lists of records on the screen and in files, as the commands that list things share them."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shanshui.cli.options import RESULT, Format, option
from shanshui.cli.output import out, said, save
from shanshui.platform.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence


class Form(StrEnum):
    """Forms of a list of records."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    XLSX = "xlsx"


AsJson = Annotated[
    bool, option("--json", "以 JSON 输出，即 --format json", "short for --format json", RESULT)
]
WrittenTo = Annotated[
    str | None,
    option(
        "--output",
        "写到文件； - 为标准输出",
        "write a file; - is stdout",
        RESULT,
        "-o",
        metavar="文件",
    ),
]


@dataclass(frozen=True)
class Listing:
    """Where a list of records goes."""

    form: Annotated[
        Form | None,
        option(
            "--format",
            "table json jsonl csv xlsx； 默认看 -o 的后缀，没有 -o 则为 table",
            "by default by the name of the file, without one a table",
            RESULT,
        ),
    ] = None
    json: AsJson = False
    path: WrittenTo = None
    rows: Annotated[
        int,
        option(
            "--rows",
            "屏幕上的行数，0 为全部",
            "rows printed, 0 for all",
            RESULT,
            min=0,
            show_default=True,
        ),
    ] = 40

    def __post_init__(self) -> None:
        """Refuse at once what would be refused after the reading."""
        self.said()
        if self.path and self.path != "-" and not Path(self.path).parent.is_dir():
            folder = Path(self.path).parent
            raise typer.BadParameter(
                f"没有这个文件夹：{folder} / no such folder: {folder}", param_hint="--output"
            )

    def said(self) -> Form:
        """Return the form: as said, or by the name of the file."""
        if self.form:
            return self.form
        if self.path in {None, "-"}:
            return Form.JSON if self.json else Form.JSONL if self.path else Form.TABLE
        ending = Path(self.path or "").suffix.lower().removeprefix(".")
        if ending in {Form.JSON, Form.JSONL, Form.CSV, Form.XLSX}:
            return Form(ending)
        if self.json:
            return Form.JSON
        raise typer.BadParameter(
            f"从“{self.path}”看不出格式，请加 --format json|jsonl|csv|xlsx / "
            f'"{self.path}" does not tell the format; say --format json|jsonl|csv|xlsx',
            param_hint="--output",
        )


def _plain(value: Any) -> Any:
    """Write lists into one cell."""
    if isinstance(value, list | tuple):
        return "；".join(
            " ".join(str(v) for v in one.values()) if isinstance(one, dict) else str(one)
            for one in value
        )
    return value


def deliver(
    rows: Sequence[dict[str, Any]],
    shown: Sequence[dict[str, Any]],
    heads: dict[str, str],
    listing: Listing,
    title: str,
) -> None:
    """Print records as a table, or write them as JSON, JSON Lines, CSV or Excel.

    Parameters
    ----------
    rows : list of dict
        The records, whole: what is written.
    shown : list of dict
        The same records as they are printed for people.
    heads : dict
        Columns of the printed table and their headings; a column without any value is left out.
    listing : Listing
        Where they go.
    title : str
        What they are.
    """
    form = listing.said()
    if form is Form.TABLE:
        _show(shown, heads, title, listing.rows)
        return
    path = listing.path or "-"
    if form in {Form.JSON, Form.JSONL}:
        text = _json(rows, lines=form is Form.JSONL)
        if path == "-":
            sys.stdout.buffer.write(text.encode())
            sys.stdout.buffer.flush()
        else:
            write_whole(Path(path), text.encode())
    else:
        import polars as pl

        plain = [{key: _plain(value) for key, value in row.items()} for row in rows]
        frame = pl.DataFrame(plain, infer_schema_length=None, strict=False)
        save(frame, path, Format.CSV if form is Form.CSV else Format.XLSX)
    if path != "-":
        said("已写 wrote", f"{path}（{len(rows):,} 条 records）")


def _json(rows: Sequence[dict[str, Any]], *, lines: bool) -> str:
    """Write records as JSON Lines, or as one list with a record on each line."""
    each = [json.dumps(row, ensure_ascii=False, default=str) for row in rows]
    if lines:
        return "".join(f"{one}\n" for one in each)
    return "[\n" + ",\n".join(each) + "\n]\n" if each else "[]\n"


def _show(rows: Sequence[dict[str, Any]], heads: dict[str, str], title: str, most: int) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    some = rows[:most] if most else rows
    grid = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    kept = [key for key in heads if any(_plain(row.get(key)) not in {None, ""} for row in some)]
    for key in kept:
        wide = key in {"quote", "action", "task", "words", "name"}
        grid.add_column(heads[key], overflow="fold", ratio=3 if wide else None)
    for row in some:
        cells = (_plain(row.get(key)) for key in kept)
        grid.add_row(*(Text("" if cell is None else str(cell)) for cell in cells))
    console = out()
    if not console.is_terminal:
        console.width = 160
    console.print(grid)
    if not rows:
        console.print("[dim]没有找到 nothing found[/dim]")
    if len(some) < len(rows):
        console.print(
            f"[dim]还有 {len(rows) - len(some):,} 条；-o 文件 保存全部，--rows 0 全看\n"
            f"{len(rows) - len(some):,} more; save all with -o FILE, see all with --rows 0[/dim]"
        )

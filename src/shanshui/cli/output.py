"""Results on the screen, in files and in pipes."""

from __future__ import annotations

import io
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid
from rich.text import Text

from shanshui.cli.options import Format, Output
from shanshui.platform.files import write_whole
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    import polars as pl

    from shanshui.platform.ingest import Table

_COLOURED = ("aqi", "category")
_CODES = (  # hold names of columns
    *("primary", "main", "exceeding", "item", "basis_difference", "changed"),
    *("deciding", "within_background"),
)
_LEAST = (  # columns that a narrow terminal can do without, first to go first
    *("code", "period_before", "o3_1h", "valid_days", "co_p95", "co", "so2", "no2", "main"),
    *("good_ratio_change", "pm10", "done", "left", "exceeding"),
)
_FIRST = 5  # rows set aside that are printed
EXCEL_ROWS = 1_048_576  # a sheet of Excel holds so many, the header included


def out() -> Console:
    """Return the console of results."""
    return Console(highlight=False)


def err() -> Console:
    """Return the console of everything else, so that results can be piped."""
    return Console(stderr=True, highlight=False)


def note(zh: str, en: str, *, style: str = "yellow", head: str = "注意 note") -> None:
    """Say something beside the result."""
    console = err()
    console.print(f"[{style}]{head}[/{style}] {escape(zh)}", soft_wrap=True)
    if en:
        console.print(f"[dim]{escape(en)}[/dim]", soft_wrap=True)


def said(head: str, text: str) -> None:
    """Say in one line what was done."""
    err().print(f"[green]{head}[/green] {escape(text)}", soft_wrap=True)


def tell(error: Exception) -> None:
    """Say what went wrong, in Chinese and in English."""
    if isinstance(error, ShanshuiError):
        zh, en = getattr(error, "zh", None), getattr(error, "en", None)
        if zh is None:
            zh, _, en = str(error).partition(" / ")
    elif isinstance(error, PermissionError):
        where = error.filename2 or error.filename or ""
        zh = f"没有权限读写 {where}；该文件可能正在 Excel 或 WPS 中打开"
        en = f"no permission for {where}; it may be open in Excel or WPS"
    elif isinstance(error, OSError):
        zh, en = f"无法读写：{error}", f"cannot read or write: {error}"
    elif isinstance(error, MemoryError):
        zh, en = "内存不足；请分批处理文件", "out of memory; run fewer files at a time"
    else:
        zh = f"程序出错（{type(error).__name__}：{error}）；加 --debug 可看详情"
        en = f"internal error ({type(error).__name__}: {error}); --debug shows where"
    note(zh, en or "", style="bold red", head="错误 error")


@contextmanager
def working(text: str) -> Iterator[None]:
    """Show that something takes its time."""
    console = err()
    if console.is_terminal:
        with console.status(text):
            yield
    else:
        yield


@cache
def _labels() -> dict[str, dict[str, str]]:
    text = files("shanshui.cli").joinpath("labels.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def label(column: str) -> str:
    """Return the Chinese name of a column of a result.

    Examples
    --------
    >>> label("good_ratio"), label("iaqi_pm25"), label("other")
    ('优良率%', '分指数 PM2.5', 'other')
    >>> label("good_days_2026"), label("iaqi_pm25_2026")
    ('优良天数 2026版', '分指数 PM2.5 2026版')
    """
    names = _labels()
    prefix, _, rest = column.partition("_")
    if column in names["columns"]:
        return names["columns"][column]
    if prefix in names["prefixes"] and rest in names["columns"]:
        return f"{names['prefixes'][prefix]} {names['columns'][rest]}"
    stem, _, ending = column.rpartition("_")
    if ending in names["suffixes"] and label(stem) != stem:
        return f"{label(stem)} {names['suffixes'][ending]}"
    return column


def _stem(column: str) -> str:
    """Return the name of a column without its edition."""
    stem, _, ending = column.rpartition("_")
    return stem if ending in _labels()["suffixes"] else column


def show(frame: pl.DataFrame, columns: Sequence[str], *, title: str, rows: int, of: int) -> None:
    """Print a table for people: the columns that matter, and so many rows.

    Where the terminal is too narrow, the columns that matter least are left out.

    Parameters
    ----------
    frame : polars DataFrame
        The result.
    columns : list of str
        Columns to print, as far as the frame has them.
    title : str
        What it is.
    rows : int
        Rows to print; 0 for all.
    of : int
        Rows of the whole result.
    """
    console = out()
    shown = [c for c in columns if c in frame.columns]
    some = frame.head(rows) if rows else frame
    colours = _colours() if "category" in shown else {}
    levels = some["level"].to_list() if colours else [None] * some.height
    cells = {
        column: [
            _cell(column, value, digits, colours.get(level or 0) if column in _COLOURED else None)
            for digits in [_digits(some[column])]
            for value, level in zip(some[column], levels, strict=True)
        ]
        for column in shown
    }
    widths = {
        c: max(cell_len(label(c)), *(cell_len(t.plain) for t in cells[c]), 1) + 3 for c in shown
    }
    left_out = []
    if console.is_terminal:
        for column in _LEAST:
            if column in shown and sum(widths[c] for c in shown) > console.width:
                shown.remove(column)
                left_out.append(column)
    full = sum(max(widths[c], len(c) + 3) for c in shown) + 1
    if not console.is_terminal:  # a file or a pipe has no edge
        console = Console(width=max(full, 80), highlight=False)
    named = full <= console.width
    grid = Grid(title=title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for column in shown:
        head = label(column)
        name = f"{head}\n[dim]{column}[/dim]" if named and head != column else head
        number = frame.schema[column].is_numeric()
        grid.add_column(name, justify="right" if number else "left", overflow="fold")
    for row in zip(*(cells[c] for c in shown), strict=True):
        grid.add_row(*row)
    console.print(grid)
    if any(c.startswith("reason_") for c in frame.columns) and any(
        some[c].has_nulls() for c in shown if f"reason_{c.removesuffix('_p90')}" in frame.columns
    ):
        console.print(
            "[dim]— 缺测或不满足有效性规定，原因见结果的 reason_ 列\n"
            "— missing or failing a validity rule; the reason_ columns of the result say why[/dim]",
            soft_wrap=True,
        )
    more = of - some.height
    if more or left_out:
        zh = [f"还有 {more:,} 行"] * bool(more)
        zh += [f"省去 {'、'.join(label(c) for c in left_out)} 列"] * bool(left_out)
        en = [f"{more:,} more rows"] * bool(more)
        en += [f"columns left out: {', '.join(left_out)}"] * bool(left_out)
        console.print(
            f"[dim]{'，'.join(zh)}；-o 文件 保存全部，--rows 多看几行\n"
            f"{', '.join(en)}; save all with -o FILE, see more with --rows[/dim]",
            soft_wrap=True,
        )


def _digits(values: pl.Series) -> int:
    """Count the decimals that a column of numbers needs, two at most."""
    if not values.dtype.is_float():
        return 0
    texts = (f"{v:.2f}".rstrip("0") for v in values.drop_nulls())
    return max((len(t.partition(".")[2]) for t in texts), default=0)


def _cell(column: str, value: Any, digits: int, style: str | None) -> Text:
    if value is None:
        return Text("—", style="dim")
    if _stem(column) in _CODES:
        value = ", ".join(label(code) for code in str(value).split(","))
    if isinstance(value, bool):
        return Text("是" if value else "否")
    if isinstance(value, float):
        return Text(f"{value:.{digits}f}", style=style or "")
    if hasattr(value, "strftime"):
        pattern = "%Y-%m-%d %H:%M" if hasattr(value, "hour") else "%Y-%m-%d"
        return Text(value.strftime(pattern))
    return Text(str(value), style=style or "")


@cache
def _colours() -> dict[int, str]:
    """Return a style for each AQI level, from the tables of the standard."""
    from shanshui import air

    styles = {}
    for row in air.categories(edition="2026").iter_rows(named=True):
        red, green, blue = (int(row["colour"][i : i + 2], 16) for i in (1, 3, 5))
        light = 0.299 * red + 0.587 * green + 0.114 * blue > 140
        styles[row["level"]] = f"{'black' if light else 'white'} on {row['colour']}"
    return styles


def save(frame: pl.DataFrame, path: str, form: Format) -> None:
    """Write a result whole or not at all; ``-`` is the standard output.

    CSV files begin with a byte order mark, so that Excel and WPS show Chinese; CSV in a pipe does
    not.
    """
    if path == "-":
        if form in {Format.PARQUET, Format.XLSX} and sys.stdout.isatty():
            raise ShanshuiError(
                f"{form} 是二进制，不能打印在终端上；请用 -o 文件，或接管道 / "
                f"{form} is binary and is not printed on a terminal; use -o FILE or a pipe"
            )
        sys.stdout.flush()
        sys.stdout.buffer.write(_bytes(frame, form, mark=False))
        sys.stdout.buffer.flush()
        return
    write_whole(Path(path), _bytes(frame, form, mark=True))


def _bytes(frame: pl.DataFrame, form: Format, *, mark: bool) -> bytes:
    stream = io.BytesIO()
    if form is Format.CSV:
        frame.write_csv(stream, include_bom=mark, datetime_format="%Y-%m-%d %H:%M")
    elif form is Format.PARQUET:
        frame.write_parquet(stream)
    elif form is Format.JSON:
        frame.write_json(stream)
    else:
        if frame.height >= EXCEL_ROWS:
            raise ShanshuiError(
                f"{frame.height:,} 行超过 Excel 一张表的上限；请用 csv 或 parquet / "
                f"{frame.height:,} rows do not fit a sheet of Excel; use csv or parquet"
            )
        frame.write_excel(
            stream,
            worksheet="shanshui",
            autofit=True,
            freeze_panes=(1, 0),
            dtype_formats={_datetime(): "yyyy-mm-dd hh:mm", _date(): "yyyy-mm-dd"},
        )
    return stream.getvalue()


def _datetime() -> Any:
    import polars as pl

    return pl.Datetime


def _date() -> Any:
    import polars as pl

    return pl.Date


def deliver(
    frame: pl.DataFrame,
    output: Output,
    *,
    columns: Sequence[str],
    title: str,
    shown: pl.DataFrame | None = None,
    latest: str | None = None,
    whole: bool = False,
) -> None:
    """Print the result, or write it where it was asked for.

    Parameters
    ----------
    frame : polars DataFrame
        The whole result.
    output : Output
        Where to.
    columns : list of str
        Columns of the printed table.
    title : str
        Its title.
    shown : polars DataFrame, optional
        The rows to print of, where not of all.
    latest : str, optional
        A column of times: the latest are printed first.
    whole : bool
        The table is short and printed whole.
    """
    if output.printed:
        rows = 0 if whole else output.rows
        some = frame if shown is None else shown
        if latest:
            some = _latest(some, latest, rows)
            title += " · 最新在前 latest first"
        show(some, columns, title=title, rows=rows, of=frame.height)
        return
    form = output.format()
    path = output.path or "-"
    with working(f"写出 writing {escape(path)}"):
        save(frame, path, form)
    if path != "-":
        said("已写 wrote", f"{path}（{frame.height:,} 行 rows，{frame.width} 列 columns）")


def _latest(frame: pl.DataFrame, column: str, rows: int) -> pl.DataFrame:
    """Sort by time, the latest first; only as many times as there are rows to print."""
    times = frame[column].unique().sort(descending=True, nulls_last=True)
    times = times.head(rows) if rows else times
    some = frame.filter(frame[column].is_in(times.implode()))
    return some.sort(column, descending=True, nulls_last=True, maintain_order=True)


def rejects(table: Table, output: Output, *, quiet: bool) -> None:
    """Hand on what was set aside: into a file beside the result, or its count and first rows."""
    rejected = table.rejected
    if output.path and output.path != "-":
        path = Path(output.path)
        path = path.with_name(f"{path.stem}.rejected.csv")
        if rejected.height or path.exists():  # an old list must not stand beside a new result
            save(rejected, str(path), Format.CSV)
        where = (f"，见 {path}", f": see {path}")
    else:
        where = ("", "")
    if rejected.is_empty() or quiet:
        return
    report = table.report
    rows, cells = f"{report.set_aside:,}", f"{report.cells:,}"
    note(
        f"{rows} 行被搁置，另有 {cells} 个单元格按缺测处理{where[0]}",
        f"{rows} rows set aside and {cells} cells taken as missing{where[1]}",
        head="搁置 set aside",
    )
    if not where[0]:
        console = err()
        for row in rejected.head(_FIRST).iter_rows(named=True):
            column = f" {row['column']}" if row["column"] else ""
            console.print(
                f"  {row['file']}:{row['row']}{column} “{row['value'] or ''}” {row['reason']} "
                f"{row['reason_en']}",
                soft_wrap=True,
                markup=False,
            )
        if rejected.height > _FIRST:
            console.print("  …")

"""Numbers by county or month, from the files that people keep: weights and baselines."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from shanshui.platform.ingest.lists import Listed, lists
from shanshui.platform.plans.targets import exact
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from pathlib import Path

_PLACES = ("county", "region", "city", "code", "month")
_SUMS = frozenset({"合计", "总计", "全市", "全省", "全区", "全县", "小计", "平均", "total"})


def by_place(file: str | Path, column: str | None = None) -> dict[str, Decimal]:
    """Read a column of numbers by county or month.

    Parameters
    ----------
    file : str or Path
        CSV or Excel: a column of counties (区县, 地区) or of months (月份), and columns of numbers.
        Rows of sums (合计) are left out.
    column : str, optional
        The column of numbers; may be left out where there is one only.

    Returns
    -------
    dict
        By name or code of the county, or by month, in the order of the file.

    Raises
    ------
    ShanshuiError
        A column is missing, a cell is no number, a place is there twice: with file, row and column.
    """
    tables = list(lists(str(file), "targets", everything=True))
    if len(tables) != 1:
        raise ShanshuiError(
            f"{file} 有 {len(tables)} 张表，应只有一张 / {file} holds {len(tables)} tables, not one"
        )
    table = tables[0]
    places = [name for name in _PLACES if name in table.rows]
    if not places:
        raise table.error(
            "缺地区（区县）或月份一列", "no column of regions (区县, 地区) or months (月份)"
        )
    place = places[0]
    name = _column(table, place, column)
    found: dict[str, Decimal] = {}
    for row in table.rows.iter_rows(named=True):
        where = row[place]
        if where is None or where.strip() in _SUMS:
            continue
        try:
            value = exact(row[name] if row[name] is not None else "")
        except ShanshuiError:
            raise table.error(
                f"“{where}”的数应为数值，得到“{row[name] or ''}”",
                f'a number is expected for {where}, got "{row[name] or ""}"',
                row=row["_row"],
                column=name,
            ) from None
        if where in found:
            raise table.error(
                f"“{where}”出现了两次", f"{where} is there twice", row=row["_row"], column=place
            )
        found[where] = value
    return found


def _column(table: Listed, place: str, column: str | None) -> str:
    rest = [name for name in table.rows.columns if name not in {"_row", place, *_PLACES}]
    if column is not None:
        if column not in rest:
            known = "、".join(rest) or "无"
            raise table.error(
                f"没有“{column}”一列，有 {known}", f"no column {column}; there are {known}"
            )
        return column
    if len(rest) != 1:
        known = "、".join(rest) or "无"
        raise table.error(
            f"有几列数，请用 --column 指明一列：{known}",
            f"say which column with --column: {known}",
        )
    return rest[0]

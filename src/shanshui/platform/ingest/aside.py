"""What is set aside: rows and cells that are not used, each with its line and a reason."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from shanshui.platform.ingest.sources import ROW

SCHEMA = {
    "file": pl.String,
    "row": pl.UInt32,
    "column": pl.String,
    "value": pl.String,
    "expected": pl.String,
    "reason": pl.String,
    "reason_en": pl.String,
    "code": pl.String,
}

# Code: what was expected, and the reason in Chinese and in English.
_REASONS = {
    "fields": (
        "列数与表头相同 / as many fields as the header",
        "列数与表头不符",
        "wrong number of fields",
    ),
    "quote": (
        "引号成对 / closed quotation marks",
        "引号不成对，或引号外还有字",
        "a quotation mark is not closed, or text stands beside a closed one",
    ),
    "time": (
        "时间，如 2026-03-01 13:00 / a time such as 2026-03-01 13:00",
        "时间无法识别",
        "not a time",
    ),
    "off_hour": (
        "整点 / a full hour",
        "不是整点的小时数据",
        "an hourly value not on the full hour",
    ),
    "key": ("站点或城市名称 / a station or city", "站点或城市为空", "no station or city"),
    "section": ("断面名称或编码 / a section", "断面名称为空", "no section"),
    "water_unit": ("mg/L、µg/L 等 / mg/L, µg/L …", "单位无法识别", "unknown unit"),
    "any_unit": ("项目的单位 / a unit of the item", "单位无法识别", "unknown unit"),
    "text": ("数值 / a number", "不是数值，该项按缺测处理", "not a number; taken as missing"),
    "unit": ("µg/m3 或 mg/m3 / µg/m3 or mg/m3", "单位无法识别", "unknown unit"),
    "conflict": (
        "同一站点同一时间一行 / one row for a station and time",
        "同一站点同一时间有多行且数值不同，均未采用",
        "several rows with different values for one station and time; none is used",
    ),
}
# Only a cell is lost to these; to all others, the row.
_CELLS = ("text",)


def listed(rows: pl.DataFrame, file: str, column: str, code: str) -> pl.DataFrame:
    """List rows as set aside.

    Parameters
    ----------
    rows : polars DataFrame
        ``_row`` and ``value``.
    file, column : str
        Where they are; the column is empty where it is the whole line.
    code : str
        The reason.
    """
    expected, reason, reason_en = _REASONS[code]
    return rows.select(
        file=pl.lit(file),
        row=pl.col(ROW).cast(pl.UInt32),
        column=pl.lit(column or None, pl.String),
        value=pl.col("value").cast(pl.String),
        expected=pl.lit(expected),
        reason=pl.lit(reason),
        reason_en=pl.lit(reason_en),
        code=pl.lit(code),
    )


def shown(column: str) -> pl.Expr:
    """Return a key column as text."""
    cell = pl.col(column)
    return cell.dt.strftime("%Y-%m-%d %H:%M") if column == "time" else cell.cast(pl.String)


def together(lists: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Put lists together, in the order of the files' rows."""
    if not lists:
        return pl.DataFrame(schema=SCHEMA)
    return pl.concat(lists).sort("file", "row", maintain_order=True)


def rows_lost(rejected: pl.DataFrame) -> int:
    """Count the rows that are set aside as a whole."""
    whole = rejected.filter(~pl.col("code").is_in(_CELLS))
    return whole.select("file", "row").n_unique() if whole.height else 0


def settled(
    frame: pl.DataFrame, on: Sequence[str], values: Sequence[str], *, merge: bool = False
) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Settle rows that share a key: equal ones become one, contradicting ones are taken out.

    Parameters
    ----------
    frame : polars DataFrame
        Rows in order.
    on, values : list of str
        The key, and the columns in which rows of one key must agree.
    merge : bool
        A null does not contradict a value: such rows are merged, as when each item has its file.

    Returns
    -------
    kept, conflicts : polars DataFrame
        The rows that stand, and all rows of the keys that contradict themselves.
    repeats : int
        Rows that went because another says the same.
    """
    hashes = frame.select(on).hash_rows()  # several times faster than comparing the keys
    if hashes.n_unique() == frame.height:
        return frame, frame.clear(), 0
    shared = hashes.is_duplicated()
    some = frame.filter(shared)
    differing = (
        (pl.col(v).drop_nulls().n_unique() > 1) if merge else (pl.col(v).n_unique() > 1)
        for v in values
    )
    verdict = some.group_by(on).agg(pl.any_horizontal(*differing).alias("_differ"))
    some = some.join(verdict, on=on, nulls_equal=True, maintain_order="left")
    conflicts = some.filter("_differ").drop("_differ")
    agreed = some.filter(~pl.col("_differ")).drop("_differ")
    one = agreed.group_by(on, maintain_order=True).agg(
        pl.col(c).drop_nulls().first() if c in values else pl.col(c).first()
        for c in frame.columns
        if c not in on
    )
    kept = pl.concat([frame.filter(~shared), one.select(frame.columns)])
    return kept, conflicts, agreed.height - one.height

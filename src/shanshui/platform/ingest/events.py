"""Lists of sand-dust and exceptional events."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import polars as pl

from shanshui.platform.ingest.columns import recognise
from shanshui.platform.ingest.lists import Listed, lists
from shanshui.platform.ingest.sources import ROW
from shanshui.platform.ingest.values import times

TEXTS = ("event", "kind", "evidence", "decided_by")
NEEDED = {"start": "开始", "evidence": "依据", "decided_by": "认定单位"}


def read_events(
    file: str | Path | IO[bytes],
    *,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> pl.DataFrame:
    r"""Read a list of sand-dust and exceptional events, as `shanshui.air.exclude` needs it.

    Parameters
    ----------
    file : path, or open binary file
        CSV, Excel or Parquet with 开始 (and 结束), 依据, 认定单位, and, where they are needed,
        编号, 类型 (沙尘 or 例外事件), 项目 (e.g. ``PM10、PM2.5``) and the places: 城市, 站点 …
    encoding, columns, sheet
        As in `read`.

    Returns
    -------
    polars DataFrame
        ``start`` and ``end`` (dates, or datetimes where any of them states an hour), ``evidence``,
        ``decided_by``, and of ``event, kind, items`` and the key columns those that the file has.

    Raises
    ------
    ReadError
        When it cannot be read, lacks a column, or a cell is no time or no item.

    Examples
    --------
    >>> import io
    >>> table = "城市,开始,结束,项目,依据,认定单位\n银川,2021-3-15,2021-3-17,PM10,卫星,总站"
    >>> read_events(io.BytesIO(table.encode())).select("city", "start", "end", "items").row(0)
    ('银川', datetime.date(2021, 3, 15), datetime.date(2021, 3, 17), 'pm10')
    """
    found = [
        _understood(listed)
        for listed in lists(file, "events", encoding=encoding, columns=columns, sheet=sheet)
    ]
    events = pl.concat(found, how="diagonal_relaxed")
    whole_days = (pl.col("start", "end").dt.time() == pl.time(0)) | pl.col("start", "end").is_null()
    if not events["_clock"].any() or events.select(pl.all_horizontal(whole_days)).to_series().all():
        events = events.with_columns(pl.col("start", "end").dt.date())
    return events.drop("_clock")


def _understood(listed: Listed) -> pl.DataFrame:
    rows = listed.rows
    if missing := [f"{zh} {name}" for name, zh in NEEDED.items() if name not in rows]:
        raise listed.error(
            f"事件表缺少列：{'、'.join(missing)}；现有列：{'、'.join(listed.names[:12])}",
            f"a list of events needs the columns {', '.join(NEEDED)}; "
            f"found: {', '.join(listed.names[:12])}",
        )
    if "end" not in rows:
        rows = rows.with_columns(end=pl.lit(None, dtype=pl.String))
    parsed = {name: times(rows[name]) for name in ("start", "end")}
    for name, one in parsed.items():
        wrong = rows.filter(one.time.is_null() & rows[name].is_not_null())
        if wrong.height or (name == "start" and rows[name].has_nulls()):
            row = wrong if wrong.height else rows.filter(rows[name].is_null())
            raise listed.error(
                f"“{row[name][0] or ''}”不是日期或时间；应如 2021-03-15 或 2021-03-15 05:00",
                f'"{row[name][0] or ""}" is no date or time; expected 2021-03-15 or '
                "2021-03-15 05:00",
                row=int(row[ROW][0]),
                column=name,
            )
    _refuse_mixed(listed, rows)
    out = rows.select(*listed.keys, *(t for t in TEXTS if t in rows)).with_columns(
        start=parsed["start"].time,
        end=parsed["end"].time,
        _clock=pl.lit(any(one.clock for one in parsed.values())),
    )
    if "item" in rows:
        out = out.with_columns(_items(listed).alias("items"))
    return out


def _refuse_mixed(listed: Listed, rows: pl.DataFrame) -> None:
    """Refuse an event from an hour to a day: whether its last day counts whole is not said."""
    for number, start, end in rows.select(ROW, "start", "end").iter_rows():
        clocks = {times(pl.Series([text])).clock for text in (start, end) if text}
        if len(clocks) > 1:
            raise listed.error(
                f"开始“{start}”和结束“{end}”应同为日期，或同为时间",
                f'start "{start}" and end "{end}" must both be dates, or both times',
                row=int(number),
            )


def _items(listed: Listed) -> pl.Series:
    """Bring the names of items to their codes: ``PM10、臭氧`` to ``pm10,o3``."""
    codes: list[str | None] = []
    for number, text in listed.rows.select(ROW, "item").iter_rows():
        names = [n for n in re.split(r"[,，、;；/+\s]+", text or "") if n]
        roles = [recognise(n) for n in names]
        for name, role in zip(names, roles, strict=True):
            if role is None or role.item is None:
                raise listed.error(
                    f"不认识的项目“{name}”；应为 PM10、PM2.5、SO2、NO2、CO、O3",
                    f'unknown item "{name}"; expected PM10, PM2.5, SO2, NO2, CO or O3',
                    row=int(number),
                    column="items",
                )
        codes.append(",".join(role.name for role in roles if role) or None)
    return pl.Series("items", codes, dtype=pl.String)

"""Lists of targets of a year."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, Any

import polars as pl

from shanshui.platform.ingest.columns import recognise, simplify, vocabulary
from shanshui.platform.ingest.errors import ReadError
from shanshui.platform.ingest.lists import Listed, lists
from shanshui.platform.ingest.sources import ROW

SIGNS = {"<=": "<=", "≤": "<=", "<": "<", ">=": ">=", "≥": ">=", ">": ">"} | {
    "不高于": "<=",
    "不超过": "<=",
    "低于": "<",
    "不低于": ">=",
    "不少于": ">=",
    "高于": ">",
}
NEEDED = {"item": "项目", "value": "目标"}
_SCHEMA = dict.fromkeys(("region", "item", "value", "comparator"), pl.String)


def read_targets(
    file: str | Path | IO[bytes],
    *,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> pl.DataFrame:
    r"""Read a list of targets, as `shanshui.platform.report.bulletin` needs it.

    Parameters
    ----------
    file : path, or open binary file
        CSV, Excel or Parquet with 地区 (or 城市, 站点 …; empty: the whole), 项目 (PM2.5,
        优良天数比例 …), 目标 and, where it is not the usual one, 要求 (``<=`` 不高于, ``>=`` 不低于
        …); or TOML with ``[[target]]`` tables of region, item, value, comparator.
    encoding, columns, sheet
        As in `read`; not for TOML.

    Returns
    -------
    polars DataFrame
        ``region, item, value, comparator``, all texts; a value as it is written.

    Raises
    ------
    ReadError
        When it cannot be read, lacks a column, or a cell is no item, number or comparator.

    Examples
    --------
    >>> import io
    >>> table = "地区,项目,目标\n全市,PM2.5,33\n全市,优良天数比例,72.5%"
    >>> read_targets(io.BytesIO(table.encode())).rows()
    [('全市', 'pm25', '33', None), ('全市', 'good_ratio', '72.5', None)]
    """
    if isinstance(file, str | Path) and Path(file).suffix.lower() == ".toml":
        return _of_toml(Path(file))
    found = lists(file, "targets", encoding=encoding, columns=columns, sheet=sheet)
    return pl.concat([_understood(listed) for listed in found])


def _of_toml(path: Path) -> pl.DataFrame:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        rows = [{k: v if v is None else str(v) for k, v in row.items()} for row in table["target"]]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as e:
        raise ReadError(
            f"应为 TOML，每个目标一个 [[target]]，写明 region、item、value：{e}",
            f"expected TOML with a [[target]] for each target (region, item, value): {e}",
            file=str(path),
        ) from e
    frame = pl.DataFrame(
        {ROW: range(1, len(rows) + 1)}
        | {name: [row.get(name) for row in rows] for name in _SCHEMA},
        schema_overrides=_SCHEMA,
    )
    names = sorted({name for row in rows for name in row})
    return _understood(Listed(str(path), names, frame, None))


def _understood(listed: Listed) -> pl.DataFrame:
    rows = listed.rows
    if missing := [f"{zh} {name}" for name, zh in NEEDED.items() if name not in rows]:
        raise listed.error(
            f"目标表缺少列：{'、'.join(missing)}；现有列：{'、'.join(listed.names[:12])}",
            f"a list of targets needs the columns {', '.join(NEEDED)}; "
            f"found: {', '.join(listed.names[:12])}",
        )
    regions = [c for c in ("region", *reversed(listed.keys)) if c in rows]
    region = pl.coalesce(regions) if regions else pl.lit(None, dtype=pl.String)
    out = [_row(listed, row) for row in rows.with_columns(region=region).iter_rows(named=True)]
    return pl.DataFrame(out, schema=_SCHEMA)


def _row(listed: Listed, row: Mapping[str, Any]) -> dict[str, str | None]:
    number = int(row[ROW])
    item = target_item(row["item"] or "")
    if item is None:
        raise listed.error(
            f"不认识的目标项目“{row['item'] or ''}”；应为 PM2.5、PM10、SO2、NO2、优良天数比例、"
            "重度及以上污染天数比例",
            f'a target is of PM2.5, PM10, SO2, NO2, good_ratio or heavy_ratio: "{row["item"]}"',
            row=number,
            column="item",
        )
    text = (row["value"] or "").strip().removesuffix("%").removesuffix("％")
    try:
        Decimal(text)
    except InvalidOperation:
        raise listed.error(
            f"目标应为数值，得到“{row['value'] or ''}”",
            f'a target is a number: "{row["value"] or ""}"',
            row=number,
            column="value",
        ) from None
    said = (row.get("comparator") or "").strip()
    if said and said not in SIGNS:
        raise listed.error(
            f"要求应为 {'、'.join(SIGNS)}，得到“{said}”",
            f'unknown comparator "{said}"; expected <=, <, >= or >',
            row=number,
            column="comparator",
        )
    return {
        "region": row["region"],
        "item": item,
        "value": text,
        "comparator": SIGNS[said] if said else None,
    }


def target_item(name: str) -> str | None:
    """Return the code of what a target may be of, by any of its names.

    Examples
    --------
    >>> target_item("优良率"), target_item("PM2.5年均浓度"), target_item("臭氧")
    ('good_ratio', 'pm25', None)
    """
    plain = simplify(name)
    for code, known in vocabulary()["target_items"].items():
        if plain in _simple(known):
            return str(code)
    role = recognise(name.replace("年均", "").replace("年平均", ""))
    known_items = ("pm25", "pm10", "so2", "no2")
    return role.item if role is not None and role.item in known_items else None


def _simple(names: Iterable[str]) -> set[str]:
    return {simplify(name) for name in names}

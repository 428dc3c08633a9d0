"""Lists of stations: which city each belongs to, and which are reference sites."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import IO

import polars as pl

from shanshui.platform.ingest.columns import simplify, vocabulary
from shanshui.platform.ingest.errors import ReadError
from shanshui.platform.ingest.sources import ROW, Asked, tables
from shanshui.platform.ingest.values import texts


def read_stations(
    file: str | Path | IO[bytes],
    *,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> pl.DataFrame:
    r"""Read a list of stations, as `shanshui.air.area` needs it.

    Parameters
    ----------
    file : path, or open binary file
        CSV, Excel or Parquet with a station name or code, its city (or county, or province), and,
        where there are reference sites, a column 对照点 (是 or 否).
    encoding, columns, sheet
        As in `read`.

    Returns
    -------
    polars DataFrame
        Those of province, city, county, station, code that the file has, and ``reference`` (bool).
        Exact repeats are dropped.

    Raises
    ------
    ReadError
        When it cannot be read, has no station or no area, or says of a site neither 是 nor 否.

    Examples
    --------
    >>> import io
    >>> read_stations(
    ...     io.BytesIO("城市,点位名称,对照点\n广州,麓湖,否\n广州,帽峰山,是".encode())
    ... ).rows()
    [('广州', '麓湖', False), ('广州', '帽峰山', True)]
    """
    asked = Asked(
        encoding=encoding,
        columns=columns or {},
        sheet=sheet,
        keyless=True,
        everything=False,
        progress=None,
        roster=True,
    )
    found: list[pl.DataFrame] = []
    for source in tables(file, asked):
        header = source.header
        keys = header.keys
        if not {"station", "code"} & set(keys) or not {"city", "county", "province"} & set(keys):
            raise ReadError(
                "点位名单应有点位名称（或编码）列和城市（或区县、省份）列；"
                f"现有列：{'、'.join(header.names[:12])}",
                "a list of stations needs a station (or code) and a city (or county, or province); "
                f"found: {', '.join(header.names[:12])}",
                file=source.name,
                row=source.header_row,
            )
        for batch, faults in source.batches:
            if faults:
                raise ReadError(
                    "列数与表头不符或引号不成对",
                    "wrong number of fields, or a quotation mark that is not closed",
                    file=source.name,
                    row=int(faults[0].lines[ROW][0]),
                )
            frame = pl.DataFrame(texts(batch, str(header.roles[k])).alias(k) for k in keys)
            found.append(frame.with_columns(_reference(batch, source.name, header.roles)))
    return pl.concat(found, how="diagonal").unique(maintain_order=True)


def _reference(batch: pl.DataFrame, file: str, roles: Mapping[str, int]) -> pl.Series:
    if "reference" not in roles:
        return pl.Series("reference", [False]).new_from_index(0, batch.height)
    said = texts(batch, str(roles["reference"])).fill_null("")
    words = vocabulary()["reference"]
    yes, no = (
        {w if w in {"-", "—", "/"} else simplify(w) for w in words[k]} for k in ("yes", "no")
    )
    meaning: dict[str, bool] = {}
    for text in said.unique():
        plain = simplify(text) or text.strip()
        if plain not in yes | no:
            row = batch.filter(said == text)[ROW][0]
            raise ReadError(
                f"“{text}”无法判断是否为对照点；应为 是 或 否",
                f'"{text}" does not say whether it is a reference site; expected 是 or 否',
                file=file,
                row=int(row),
            )
        meaning[text] = plain in yes
    return said.replace_strict(meaning, return_dtype=pl.Boolean).alias("reference")

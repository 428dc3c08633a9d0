"""Lists of stations: which city each belongs to, and which are reference sites."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import IO

import polars as pl

from shanshui.platform.ingest.columns import simplify, vocabulary
from shanshui.platform.ingest.lists import Listed, lists
from shanshui.platform.ingest.sources import ROW


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
    found: list[pl.DataFrame] = []
    asked = {"encoding": encoding, "columns": columns, "sheet": sheet}
    for listed in lists(file, "stations", **asked):  # type: ignore[arg-type]
        keys = listed.keys
        if not {"station", "code"} & set(keys) or not {"city", "county", "province"} & set(keys):
            raise listed.error(
                "点位名单应有点位名称（或编码）列和城市（或区县、省份）列；"
                f"现有列：{'、'.join(listed.names[:12])}",
                "a list of stations needs a station (or code) and a city (or county, or province); "
                f"found: {', '.join(listed.names[:12])}",
            )
        found.append(listed.rows.select(*keys, _reference(listed)))
    return pl.concat(found, how="diagonal").unique(maintain_order=True)


def _reference(listed: Listed) -> pl.Series:
    if "reference" not in listed.rows:
        return pl.Series("reference", [False]).new_from_index(0, listed.rows.height)
    said = listed.rows["reference"].fill_null("")
    words = vocabulary()["reference"]
    yes, no = (
        {w if w in {"-", "—", "/"} else simplify(w) for w in words[k]} for k in ("yes", "no")
    )
    meaning: dict[str, bool] = {}
    for text in said.unique():
        plain = simplify(text) or text.strip()
        if plain not in yes | no:
            raise listed.error(
                f"“{text}”无法判断是否为对照点；应为 是 或 否",
                f'"{text}" does not say whether it is a reference site; expected 是 or 否',
                row=int(listed.rows.filter(said == text)[ROW][0]),
            )
        meaning[text] = plain in yes
    return said.replace_strict(meaning, return_dtype=pl.Boolean).alias("reference")

"""Lists of samples: soils as laboratories report them, points and series of noise."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import IO

import polars as pl

from shanshui.platform.ingest.columns import list_unit, listed_role, recognise, vocabulary
from shanshui.platform.ingest.lists import Listed, lists
from shanshui.platform.ingest.sources import ROW
from shanshui.platform.ingest.values import null_numbers, time_of

MASS = ("mg/kg", "ug/kg", "ng/kg", "g/kg")
LEVELS = ("la", "lmax", "ld", "ln", "lmax_night")
TIMES = ("time", "date", "hour", "year", "month", "day")
PLAIN = {*("sample", "land", "depth", "zone", "point", "period"), *TIMES, "item", "value", "unit"}

_NUMBER = r"[0-9]+(?:\.[0-9]*)?(?:e[-+]?[0-9]+)?"
_GROUPED = re.compile(r"^[<≤]?[-+]?\d{1,3}(,\d{3})+(\.\d*)?l?$")
_BELOW = re.compile(
    rf"^(?:[<≤]|(?:nd|未检出|低于检出限)[<≤(]+)({_NUMBER})\)?$|^({_NUMBER})(?:l|nd|\(l\)|\(nd\))$"
)


@dataclass(frozen=True)
class Cell:
    """What a cell of a laboratory's table says.

    Attributes
    ----------
    value : Decimal or None
        The result; of one below a detection limit, half the limit.
    limit : Decimal or None
        The detection limit of a result below it.
    undetected : bool
        Below a detection limit that is not stated.
    wrong : bool
        Neither a number nor a sign for none.
    """

    value: Decimal | None = None
    limit: Decimal | None = None
    undetected: bool = False
    wrong: bool = False


@cache
def cell(text: str) -> Cell:
    """Understand a cell: ``0.35``, ``<0.01``, ``0.01L``, ``未检出``, ``/``, ``1.2×10-3``.

    Examples
    --------
    >>> cell("<0.01").value, cell("0.01L").limit, cell("未检出").undetected, cell("微量").wrong
    (Decimal('0.005'), Decimal('0.01'), True, True)
    """
    plain = "".join(unicodedata.normalize("NFKC", text).lower().split()).replace("−", "-")
    plain = re.sub(r"(?<=[0-9.])[×x*]10\^?", "e", plain)
    if _GROUPED.match(plain):  # thousands separators
        plain = plain.replace(",", "")
    if plain in vocabulary()["null"]["marks"]:
        return Cell()
    if plain in vocabulary()["undetected"]["marks"]:
        return Cell(undetected=True)
    if below := _BELOW.match(plain):
        limit = Decimal(below[1] or below[2])
        return Cell(value=limit / 2, limit=limit)
    if not re.match(rf"^[-+]?{_NUMBER}$", plain):
        return Cell(wrong=True)
    value = Decimal(plain)
    return Cell() if float(value) in null_numbers() else Cell(value=value)


def read_soil(
    file: str | Path | IO[bytes],
    *,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> pl.DataFrame:
    r"""Read samples of soil, as `shanshui.soil.farmland` and `construction` need them.

    Parameters
    ----------
    file : path, or open binary file
        CSV, Excel or Parquet, one row a sample: 土地利用, pH, and items by their Chinese names,
        codes or CAS numbers, with a unit or without (mg/kg); or one row a result, with 项目, 结果
        and, where there is one, 单位.
    encoding, columns, sheet
        As in `read`; a column may be said to be any item, e.g. ``{"砷含量": "as"}``.

    Returns
    -------
    polars DataFrame
        All columns, those that are known under their codes: items and ``ph`` as numbers, contents
        in mg/kg. A result below a detection limit (``<0.01``, ``0.01L``) is half the limit, and
        ``censored_<item>`` is the limit; where the limit is not written (``ND``, 未检出) it is
        null, and ``reason_<item>`` is ``no_detection_limit``.

    Raises
    ------
    ReadError
        When it cannot be read, has no item, or a cell is no number; file, row and column are named.

    Examples
    --------
    >>> import io
    >>> table = "点位,土地利用,pH,镉(mg/kg),铅\nS1,水田,5.6,<0.02,35\nS2,旱地,6.1,0.41,未检出"
    >>> soils = read_soil(io.BytesIO(table.encode()))
    >>> soils.select("station", "land", "cd", "censored_cd", "reason_pb").rows()
    [('S1', '水田', 0.01, 0.02, None), ('S2', '旱地', 0.41, None, 'no_detection_limit')]
    """

    def understood(listed: Listed) -> pl.DataFrame:
        listed = _widened(listed)
        items = [c for c in listed.rows.columns if c in _items()]
        if not items:
            raise listed.error(
                "没有土壤项目列（镉、汞、砷、铅 …）；每个样品一行，每个项目一列；"
                f"现有列：{'、'.join(listed.names[:12])}",
                "no column of a soil item (cd, hg, as, pb …): one row a sample, one column an "
                f"item; found: {', '.join(listed.names[:12])}",
            )
        return _numbered(listed, "soil", items, ("ph",))

    return _read(file, "soil", understood, encoding=encoding, columns=columns, sheet=sheet)


def read_noise(
    file: str | Path | IO[bytes],
    *,
    timed: bool = False,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> pl.DataFrame:
    r"""Read levels of noise: a series, or points, grids and roads with their day and night.

    Parameters
    ----------
    file : path, or open binary file
        CSV, Excel or Parquet with any of 声级, 最大声级, 昼间, 夜间, 功能区, 路段长度, 时间, and
        places.
    timed : bool
        Whether each row must have a time.
    encoding, columns, sheet
        As in `read`.

    Returns
    -------
    polars DataFrame
        All columns, those that are known under their codes: ``la, lmax, ld, ln, lmax_night``
        (dB(A)) and ``length`` (km, where the header says km or m) as numbers, ``time`` (naive
        Beijing time) where `timed`, ``zone``.

    Raises
    ------
    ReadError
        When it cannot be read, or a cell is no number or no time; file, row and column are named.

    Examples
    --------
    >>> import io
    >>> table = "测点,功能区,昼间,夜间\n甲,2类,58.1,49.0"
    >>> read_noise(io.BytesIO(table.encode())).rows()
    [('甲', '2类', 58.1, 49.0)]
    """

    def understood(listed: Listed) -> pl.DataFrame:
        found = [c for c in (*LEVELS, "length") if c in listed.rows.columns]
        if not set(found) & set(LEVELS):
            raise listed.error(
                f"没有声级列（声级、昼间、夜间 …）；现有列：{'、'.join(listed.names[:12])}",
                f"no column of levels (la, ld, ln …); found: {', '.join(listed.names[:12])}",
            )
        frame = _numbered(listed, "sound", (), found)
        return _with_time(listed, frame) if timed else frame

    return _read(file, "sound", understood, encoding=encoding, columns=columns, sheet=sheet)


def _read(
    file: str | Path | IO[bytes],
    listing: str,
    understood: Callable[[Listed], pl.DataFrame],
    *,
    encoding: str | None,
    columns: Mapping[str, str] | None,
    sheet: str | None,
) -> pl.DataFrame:
    found = lists(file, listing, encoding=encoding, columns=columns, sheet=sheet, everything=True)
    return pl.concat([understood(listed) for listed in found], how="diagonal_relaxed").drop(ROW)


@cache
def _items() -> frozenset[str]:
    return frozenset(vocabulary()["soil"]) - {"ph", *PLAIN}


def _widened(listed: Listed) -> Listed:
    """Bring one row a result (项目, 结果, 单位) to one row a sample, its cells still as texts."""
    rows = listed.rows
    if not {"item", "value"} <= set(rows.columns) or _items() & set(rows.columns):
        return listed
    codes = {
        text: role.name if (role := listed_role(text, "soil")) else text
        for text in rows["item"].unique().drop_nulls()
    }
    rows = rows.filter(pl.col("item").is_not_null()).with_columns(
        pl.col("item").replace_strict(codes, return_dtype=pl.String)
    )
    keys = [c for c in rows.columns if c not in {ROW, "item", "value", "unit"}]
    if not keys:
        raise listed.error(
            "每行一个结果的表应有样品或点位列",
            "a table with a row for each result needs a column of samples or places",
        )
    twice = rows.filter(pl.struct(*keys, "item").is_duplicated())
    if twice.height:
        raise listed.error(
            f"同一样品的“{twice['item'][0]}”有两个结果",
            f'a sample has two results of "{twice["item"][0]}"',
            row=int(twice[ROW][1]),
        )
    known = rows.filter(pl.col("item").is_in([*_items(), "ph"]))
    for number, item, text in known.select(ROW, "item", "value").iter_rows():
        if text is not None and cell(text).wrong:
            _no_number(listed, text, int(number), item)
    wide = rows.pivot("item", index=keys, values="value", aggregate_function=None)
    first = rows.group_by(keys, maintain_order=True).agg(pl.col(ROW).min())
    wide = wide.with_columns(first[ROW])
    return replace(listed, rows=wide, units=_units_of(listed, rows))


def _units_of(listed: Listed, rows: pl.DataFrame) -> dict[str, str]:
    """Return the unit of each item, which must be one."""
    if "unit" not in rows.columns:
        return {}
    found: dict[str, str] = {}
    for number, item, text in rows.select(ROW, "item", "unit").iter_rows():
        if text is None or item not in _items():
            continue
        unit = list_unit(text)
        if unit is None or found.setdefault(item, unit) != unit:
            raise listed.error(
                f"单位“{text}”不认识，或与 {item} 的其他结果不同",
                f'the unit "{text}" is not known, or differs from that of other results of {item}',
                row=int(number),
            )
    return found


def _numbered(
    listed: Listed, listing: str, contents: Sequence[str], plain: Sequence[str]
) -> pl.DataFrame:
    """Make numbers of contents, which may lie below a detection limit, and of plain columns."""
    rows = listed.rows
    for column in (*contents, *(c for c in plain if c in rows.columns)):
        factor = _factor(listed, listing, column, mass=column in contents)
        meant = {text: cell(text) for text in rows[column].unique().drop_nulls()}
        below = {text for text, one in meant.items() if one.limit is not None or one.undetected}
        wrong = {text for text, one in meant.items() if one.wrong}
        if column not in contents:
            wrong |= below
        if wrong:
            _refuse(listed, listing, column, wrong)
        value = {t: float(one.value * factor) for t, one in meant.items() if one.value is not None}
        limit = {t: float(one.limit * factor) for t, one in meant.items() if one.limit is not None}
        unstated = [text for text, one in meant.items() if one.undetected]
        texts = rows[column]
        rows = rows.with_columns(_mapped(texts, value).alias(column))
        if limit:
            rows = rows.with_columns(_mapped(texts, limit).alias(f"censored_{column}"))
        if unstated:
            mark = pl.when(texts.is_in(unstated)).then(pl.lit("no_detection_limit"))
            rows = rows.with_columns(mark.alias(f"reason_{column}"))
    return rows


def _mapped(texts: pl.Series, numbers: Mapping[str, float]) -> pl.Series:
    return texts.replace_strict(numbers, default=None, return_dtype=pl.Float64)


def _factor(listed: Listed, listing: str, column: str, *, mass: bool) -> Decimal:
    unit = listed.units.get(column)
    if unit is None:
        return Decimal(1)
    if mass != (unit in MASS):
        raise listed.error(
            f"单位 {unit} 不适用；土壤含量应为 {'、'.join(MASS)}，声级为 dB(A)",
            f"the unit {unit} does not fit: contents are {', '.join(MASS)}, levels dB(A)",
            column=_name(listed, listing, column),
        )
    return Decimal(str(vocabulary()["list_units"][unit]["factor"]))


def _refuse(listed: Listed, listing: str, column: str, wrong: set[str]) -> None:
    row = listed.rows.filter(pl.col(column).is_in(list(wrong)))
    _no_number(listed, row[column][0], int(row[ROW][0]), _name(listed, listing, column))


def _no_number(listed: Listed, text: str, row: int, column: str) -> None:
    raise listed.error(
        f"“{text}”不是数值；应如 0.35，低于检出限写作 <0.01、0.01L 或 未检出，缺测留空",
        f'"{text}" is no number; expected 0.35, below a detection limit <0.01, 0.01L or ND, '
        "nothing where it is missing",
        row=row,
        column=column,
    )


def _name(listed: Listed, listing: str, column: str) -> str:
    """Return the file's own name of a column."""
    roles = {name: listed_role(name, listing) or recognise(name) for name in listed.names}
    return next((n for n, role in roles.items() if role and role.name == column), column)


def _with_time(listed: Listed, frame: pl.DataFrame) -> pl.DataFrame:
    roles = {c: c for c in TIMES if c in frame.columns}
    if not ({"time", "date"} & set(roles) or {"year", "month", "day"} <= set(roles)):
        raise listed.error(
            f"缺少时间列；现有列：{'、'.join(listed.names[:12])}",
            f"missing time column; found: {', '.join(listed.names[:12])}",
        )
    time = time_of(frame, roles).time
    if time.has_nulls():
        row = frame.filter(time.is_null())
        text = " ".join(str(row[c][0] or "") for c in roles)
        raise listed.error(
            f"“{text}”不是时间；应如 2025-05-01 06:00:00",
            f'"{text}" is no time; expected 2025-05-01 06:00:00',
            row=int(row[ROW][0]),
            column=_name(listed, "sound", next(iter(roles))),
        )
    return frame.drop([c for c in roles if c != "time"]).with_columns(time.alias("time"))

"""Frames that come to the lake: what form they have, and whether they can be taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from shanshui.platform.store.lake_tables import LONG, MOMENT, RANKS, STRING, TIME, WIDE, Wide
from shanshui.standards.errors import SchemaError, ShanshuiError

if TYPE_CHECKING:
    from collections.abc import Sequence

Frames = pl.DataFrame | pl.LazyFrame | Iterable[pl.DataFrame | pl.LazyFrame]

CHUNK = 1_000_000
"""Rows that are held in memory at a time."""
_ZONE = "Asia/Shanghai"


@dataclass(frozen=True)
class Arrived:
    """Rows on their way in.

    Attributes
    ----------
    rows : polars DataFrame
        With the columns of the table that they are for.
    wide : Wide or None
        The wide table, or none for long rows.
    count : int
        Observations among them.
    """

    rows: pl.DataFrame
    wide: Wide | None
    count: int

    @staticmethod
    def joined(parts: Sequence[Arrived]) -> Arrived:
        """Return several of one form as one."""
        if len(parts) == 1:
            return parts[0]
        rows = pl.concat([part.rows for part in parts])
        return Arrived(rows, parts[0].wide, sum(part.count for part in parts))


def arrivals(frames: Frames, *, source: str, state: str, moment: datetime) -> Iterator[Arrived]:
    """Check frames and bring them into the form of the tables, piece by piece.

    Parameters
    ----------
    frames : polars DataFrame, LazyFrame, or an iterable of them
        Long (``station, property, time, period, value``, perhaps ``flag, source, state``) or wide
        (``station, time`` and items of a wide table, perhaps ``flag_<item>, source, state``).
    source, state : str
        What holds for rows that do not say.
    moment : datetime
        When they are recorded.

    Raises
    ------
    SchemaError
        A column is missing, unknown, or of a type that does not fit.
    ShanshuiError
        A row has no station, property, time or period, or its state or value cannot be.
    """
    if state not in RANKS:
        raise ShanshuiError(
            f"状态应为 {'、'.join(RANKS)}，得到“{state}” / "
            f'state must be one of {", ".join(RANKS)}, got "{state}"'
        )
    start = 0
    for frame in _pieces(frames):
        yield _arrived(frame, source, state, moment, start)
        start += frame.height


def _pieces(frames: Frames) -> Iterator[pl.DataFrame]:
    if isinstance(frames, pl.DataFrame):
        if frames.height <= CHUNK:
            yield frames
        else:
            yield from frames.iter_slices(CHUNK)
    elif isinstance(frames, pl.LazyFrame):
        for batch in frames.collect_batches(chunk_size=CHUNK, maintain_order=True):
            yield from _pieces(batch)
    elif hasattr(frames, "__iter__") and not isinstance(frames, str | bytes | dict):
        for one in frames:
            yield from _pieces(one)
    else:
        raise SchemaError(
            f"需要 Polars 数据框，或它们的迭代器，得到 {type(frames).__name__} / "
            f"expected a Polars frame or an iterable of them, got {type(frames).__name__}"
        )


def _arrived(frame: pl.DataFrame, source: str, state: str, moment: datetime, start: int) -> Arrived:
    if "property" in frame.columns:
        rows = _long(frame, source, state, moment)
        _check(rows, start)
        return Arrived(rows, None, rows.height)
    for wide in WIDE:
        if set(wide.items) & set(frame.columns):
            rows = _wide(frame, wide, source, state, moment)
            _check(rows, start)
            rows = rows.filter(wide.any_present(wide.items))
            present = pl.sum_horizontal(wide.present(item).sum() for item in wide.items)
            return Arrived(rows, wide, int(rows.select(present).item() or 0))
    items = "、".join(item for wide in WIDE for item in wide.items)
    raise SchemaError(
        f"长表要有 property 列，宽表要有 {items} 之一；现有列：{'、'.join(frame.columns)} / "
        f"a long frame has a column property, a wide one some of {items.replace('、', ', ')}; "
        f"found: {', '.join(frame.columns)}"
    )


def _missing(frame: pl.DataFrame, needed: Iterable[str]) -> None:
    missing = [c for c in needed if c not in frame.columns]
    if missing:
        raise SchemaError(
            f"缺少列 {'、'.join(missing)}；现有列：{'、'.join(frame.columns)} / "
            f"missing column(s) {', '.join(missing)}; found: {', '.join(frame.columns)}"
        )


def _cast(frame: pl.DataFrame, column: str, kind: pl.DataType) -> pl.Expr:
    """Return a column as the lake keeps it."""
    own = frame.schema[column]
    value = pl.col(column)
    if own == pl.Null:
        return value.cast(kind)
    if kind == TIME:
        if not isinstance(own, pl.Datetime):
            raise _unfit(column, kind, own)
        if own.time_zone is not None:
            value = value.dt.convert_time_zone(_ZONE).dt.replace_time_zone(None)
        return value.cast(kind)
    if kind == STRING:
        if not isinstance(own, pl.String | pl.Categorical | pl.Enum):
            raise _unfit(column, kind, own)
        return value.cast(kind)
    if not own.is_numeric():
        raise _unfit(column, kind, own)
    if own.is_float():
        return value.fill_nan(None).cast(kind)
    return value.cast(kind)


def _unfit(column: str, kind: pl.DataType, own: pl.DataType) -> SchemaError:
    return SchemaError(
        f"列 {column} 应为 {kind}，得到 {own} / column {column} must be {kind}, got {own}"
    )


def _said(frame: pl.DataFrame, column: str, default: str) -> pl.Expr:
    if column not in frame.columns:
        return pl.lit(default).alias(column)
    return _cast(frame, column, STRING).fill_null(default).alias(column)


def _long(frame: pl.DataFrame, source: str, state: str, moment: datetime) -> pl.DataFrame:
    _missing(frame, ("station", "property", "time", "period", "value"))
    flag = (
        _cast(frame, "flag", STRING) if "flag" in frame.columns else pl.lit(None, STRING)
    ).alias("flag")
    return frame.select(
        *(_cast(frame, c, LONG[c]) for c in ("station", "property", "time", "period", "value")),
        flag,
        _said(frame, "source", source),
        _said(frame, "state", state),
        pl.lit(moment, MOMENT).alias("recorded_from"),
    )


def _wide(
    frame: pl.DataFrame, wide: Wide, source: str, state: str, moment: datetime
) -> pl.DataFrame:
    _missing(frame, ("station", "time"))
    flags = [f"flag_{item}" for item in wide.items]
    known = {"station", "time", "period", "source", "state", *wide.items, *flags}
    unknown = [c for c in frame.columns if c not in known]
    if unknown:
        raise SchemaError(
            f"宽表里不认识列 {'、'.join(unknown)}；其他项目请用长表（property、value） / unknown "
            f"column(s) {', '.join(unknown)} of a wide frame; other properties come as long rows "
            "(property, value)"
        )
    if "period" in frame.columns and not frame["period"].eq(wide.period).all():
        raise SchemaError(
            f"宽表的 period 应为 {wide.period} 秒；其他时段请用长表 / "
            f"period of a wide frame must be {wide.period} s; other periods come as long rows"
        )

    def given(column: str, kind: pl.DataType) -> pl.Expr:
        if column in frame.columns:
            return _cast(frame, column, kind)
        return pl.lit(None, kind).alias(column)

    own = {"source": _said(frame, "source", source), "state": _said(frame, "state", state)}
    own["recorded_from"] = pl.lit(moment, MOMENT).alias("recorded_from")
    return frame.select(own[c] if c in own else given(c, kind) for c, kind in wide.schema.items())


def _check(rows: pl.DataFrame, start: int) -> None:
    """Refuse rows that could not be found again."""
    needed = [c for c in ("station", "property", "time", "period") if c in rows.columns]
    values = [c for c, kind in rows.schema.items() if kind == pl.Float64]
    faults: dict[str, tuple[pl.Expr, str, str]] = {
        c: (pl.col(c).is_null(), "不能为空", "must not be null") for c in needed
    }
    for c in values:
        faults[c] = (pl.col(c).is_infinite().fill_null(False), "应为有限数", "must be finite")
    faults["state"] = (
        ~pl.col("state").is_in(list(RANKS)),
        f"应为 {'、'.join(RANKS)}",
        f"must be one of {', '.join(RANKS)}",
    )
    if "period" in rows.columns:
        faults["period"] = (
            pl.col("period").is_null() | (pl.col("period") <= 0),
            "应为正的秒数",
            "must be a positive number of seconds",
        )
    found = rows.select(fault.any().alias(c) for c, (fault, _, _) in faults.items()).row(0)
    for (column, (fault, zh, en)), bad in zip(faults.items(), found, strict=True):
        if bad:
            row = start + int(rows.select(fault.arg_max()).item()) + 1
            value = rows[row - start - 1, column]
            raise ShanshuiError(
                f"第 {row} 行，列 {column}：{zh}，得到 {value} / "
                f"row {row}, column {column}: {en}, got {value}"
            )

"""What the functions of this package share: frames that hold their rows, clocks, the extra."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import narwhals.stable.v2 as nw

from shanshui._frames import Entered, enter, naive_date, naive_time, names, require, require_numbers
from shanshui.standards.errors import SchemaError, ShanshuiError

if TYPE_CHECKING:
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame

Stamp = Literal["start", "end"]
Span = Literal["day", "month", "quarter", "year"]

_TRUNCATED = {"day": "1d", "month": "1mo", "quarter": "1q", "year": "1y"}
_MINUTES = {"m": 1, "h": 60, "d": 1440}
TIME, KEY = "_time", "_key"


def extra(module: str) -> Any:
    """Import a module of the extra [analysis].

    Raises
    ------
    ShanshuiError
        When it is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ShanshuiError(
            f'此功能需要 {error.name}，请安装：pip install "shanshui[analysis]" / '
            f'this needs {error.name}; install it: pip install "shanshui[analysis]"'
        ) from error


@dataclass(frozen=True)
class Opened:
    """The rows of a caller's frame.

    Attributes
    ----------
    rows : polars.DataFrame
        The caller's columns, values as floats without NaN.
    keys : list of str
        Key columns.
    entered : Entered
        The way back.
    """

    rows: pl.DataFrame
    keys: list[str]
    entered: Entered

    def leave(self, result: pl.DataFrame, keys: Sequence[str] = ()) -> Any:
        """Hand a result back as the kind that came, sorted by `keys`."""
        return self.entered.leave(nw.from_native(result.lazy()), keys)

    def parts(self, rows: pl.DataFrame | None = None) -> Iterator[tuple[dict[str, Any], Any]]:
        """Give each key with its rows, in the order of the keys."""
        rows = self.rows if rows is None else rows
        if not self.keys:
            yield {}, rows
            return
        for part in rows.sort(*self.keys, maintain_order=True).partition_by(
            self.keys, maintain_order=True
        ):
            yield part.select(self.keys).row(0, named=True), part


def opened(
    frame: IntoFrame, values: Sequence[str], by: str | Sequence[str] | None, *needed: str
) -> Opened:
    """Take a frame that holds its rows, with its value columns as floats.

    Raises
    ------
    SchemaError
        When the frame is lazy, or a column is missing or not numeric.
    """
    import polars as pl

    entered = enter(frame)
    if not entered.eager:
        raise SchemaError(
            "趋势和规律分析需要内存中的数据，请先取回（.collect()、.df()、.toPandas()） / "
            "analysis needs a frame that holds its rows; collect the lazy frame first"
        )
    keys = [] if by is None else names(by)
    require(entered.schema, [*keys, *needed, *values], what="数据")
    require_numbers(entered.schema, values)
    rows = entered.frame.to_native().collect()
    return Opened(
        rows.with_columns(pl.col(v).cast(pl.Float64).fill_nan(None) for v in values),
        keys,
        entered,
    )


def choice(name: str, value: object, *allowed: object) -> None:
    """Refuse a word that is not one of those allowed."""
    if not any(value is one or (isinstance(one, str) and value == one) for one in allowed):
        said = "、".join(map(repr, allowed))
        raise ShanshuiError(f"{name} 应为 {said} 之一 / must be one of {said}: {value!r}")


def share(name: str, value: float) -> Fraction:
    """Return a share between 0 and 1 as the exact fraction that was written."""
    if not 0 <= value <= 1:
        raise ShanshuiError(f"{name} 应在 0 与 1 之间 / must lie between 0 and 1: {value!r}")
    return Fraction(str(value))


def clock(data: Opened, time: str, *, stamp: Stamp, every: str | None) -> tuple[pl.DataFrame, int]:
    """Add ``_time``, the start of what each row measures; return its minutes as well.

    Dates, and times that are all midnight, are days. Other times are hours unless `every` says
    otherwise, and a `stamp` of ``"end"`` is brought to the start.
    """
    import polars as pl

    choice("stamp", stamp, "start", "end")
    kind = data.entered.schema[time]
    if kind == nw.Date:
        expression: Any = naive_date(data.entered, time)
    else:
        expression = naive_time(data.entered, time)
    rows = (
        nw.from_native(data.rows)
        .with_columns(expression.cast(nw.Datetime("us")).alias(TIME))
        .to_native()
        .drop_nulls(TIME)
    )
    if every is None:
        daily = kind == nw.Date or not (rows[TIME] != rows[TIME].dt.truncate("1d")).any()
        every = "1d" if daily else "1h"
    found = re.fullmatch(r"(\d+)([mhd])", every)
    minutes = int(found[1]) * _MINUTES[found[2]] if found else 0
    if not minutes or 1440 % minutes:
        raise ShanshuiError(
            f"every 应如 '1h'、'15m'、'1d'，且能整除一天 / must be such as '1h', '15m' or '1d' "
            f"and divide a day: {every!r}"
        )
    if stamp == "end" and minutes < 1440:
        rows = rows.with_columns(pl.col(TIME) - pl.duration(minutes=minutes))
    return rows, minutes


def once(rows: pl.DataFrame, keys: Sequence[str], time: str) -> pl.DataFrame:
    """Refuse rows that repeat a time of their key.

    Raises
    ------
    SchemaError
        When a time is there twice, as where `by` was left out.
    """
    repeated = rows.select(*keys, TIME).is_duplicated()
    if repeated.any():
        first = rows.filter(repeated).row(0, named=True)
        where = " ".join(str(first[k]) for k in [*keys, time])
        raise SchemaError(
            f"同一时间有多行（{where}）；多个站点请用 by= 指明键列 / "
            f"several rows for one time ({where}); name the key columns with by="
        )
    return rows


def expected(period: pl.Expr, to: Span, minutes: int) -> pl.Expr:
    """Return how many values a calendar period has room for."""
    import polars as pl

    days = (period.dt.offset_by(_TRUNCATED[to]) - period).dt.total_days()
    return days * pl.lit(1440 // minutes, dtype=pl.Int64)


def truncated(to: Span) -> pl.Expr:
    """Return the first moment of the calendar period of ``_time``."""
    import polars as pl

    return pl.col(TIME).dt.truncate(_TRUNCATED[to])

"""Observations on their way through the tests: long rows, whole millionths, ordered series."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from shanshui._frames import Entered, enter, naive_time, names, require, require_numbers
from shanshui._rules import number
from shanshui.quality._levels import FIXED, ROW, SCALE
from shanshui.standards.errors import SchemaError, ShanshuiError

if TYPE_CHECKING:
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame

    from shanshui._frames import LazyFrame

LARGEST = 9e12
"""Beyond it a value has no millionths in 64 bits; only its range is tested."""
_SOME = 10_000
"""Rows up to which it costs nothing to look closely."""
By = str | Sequence[str]


@dataclass(frozen=True)
class Observed:
    """Observations, one a row.

    Attributes
    ----------
    frame : narwhals LazyFrame
        Keys, ``property, time, period, value, flag``, the value in millionths, other columns asked
        for and, of a frame that holds its rows, the number of the caller's row.
    keys : list of str
        Key columns, without ``property``.
    eager : bool
        Whether the rows are held.
    rows : polars.DataFrame or None
        The rows in the order of property, period, keys and time, with ``_gap`` (seconds since the
        row before in the series; null for the first) and ``_block`` (number of the unbroken run of
        periods). Only where a test needs order.
    leave : callable
        The way back.
    properties : tuple of str or None
        Names of the properties where they are known without a look at the rows.
    """

    frame: LazyFrame
    keys: list[str]
    eager: bool
    leave: Callable[[LazyFrame, Sequence[str]], Any]
    rows: pl.DataFrame | None = None
    properties: tuple[str, ...] | None = None

    @property
    def ordered(self) -> pl.DataFrame:
        """The rows in order."""
        assert self.rows is not None  # see `in_order`
        return self.rows

    def part(self, rows: pl.DataFrame) -> Observed:
        """Return some of the ordered rows."""
        return replace(self, frame=nw.from_native(rows.lazy()), rows=rows)


def observed(
    frame: IntoFrame,
    by: By,
    period: int | None,
    *,
    items: Iterable[str] = (),
    more: Sequence[str] = (),
) -> Observed:
    """Take observations, long or wide.

    A frame without ``property`` is wide: each of `items` that it has is a property, with the flags
    of ``flag_<item>`` or of ``flag``.

    Raises
    ------
    SchemaError
        When a column is missing or of a kind that cannot be used, or the period is not told.
    """
    entered = enter(frame)
    keys = [k for k in names(by) if k != "property"]
    schema = entered.schema
    if "property" in schema:
        require(schema, [*keys, "time", "value", *more], what="数据")
        values = ["value"]
    else:
        require(schema, [*keys, "time", *more], what="数据")
        values = [i for i in dict.fromkeys(items) if i in schema]
        if not values:
            raise SchemaError(
                "长表需要 property 和 value 列，宽表需要项目列（如 pm25、nh3n）；现有列："
                f"{'、'.join(schema)} / a long frame has property and value, a wide one columns of "
                f"items such as pm25 or nh3n; found: {', '.join(schema)}"
            )
    require_numbers(schema, values)
    start = entered.frame
    if entered.eager:
        start = nw.from_native(start.to_native().with_row_index(ROW))
    long = _long(start, entered, keys, values, more)
    long = long.with_columns(_seconds(schema, period).alias("period"))
    big = nw.when(nw.col("value").abs() < LARGEST).then(nw.col("value"))
    long = long.with_columns((big * float(SCALE) + 0.5).floor().cast(nw.Int64).alias(FIXED))
    known = None if "property" in schema else tuple(values)
    return Observed(long, keys, entered.eager, entered.leave, properties=known)


def _long(
    frame: LazyFrame,
    entered: Entered,
    keys: Sequence[str],
    values: Sequence[str],
    more: Sequence[str],
) -> LazyFrame:
    schema = entered.schema
    time = naive_time(entered, "time").cast(nw.Datetime("us"))
    kept = [ROW] * entered.eager + [k for k in dict.fromkeys((*keys, *more)) if k != "flag"]
    period = [nw.col("period")] if "period" in schema else []
    none = nw.lit(None, dtype=nw.String)
    parts = []
    for item in values:
        named = "property" in schema
        flag = "flag" if named or f"flag_{item}" not in schema else f"flag_{item}"
        parts.append(
            frame.select(
                *kept,
                (nw.col("property") if named else nw.lit(item)).cast(nw.String).alias("property"),
                time.alias("time"),
                *period,
                number(item, schema[item], 6).alias("value"),
                (nw.col(flag).cast(nw.String) if flag in schema else none).alias("flag"),
            )
        )
    joined: LazyFrame = parts[0] if len(parts) == 1 else nw.concat(parts, how="vertical")
    return joined


def _seconds(schema: dict[str, Any], period: int | None) -> nw.Expr:
    if period is not None and not _is_seconds(period):
        raise ShanshuiError(
            f"period 应为秒数，得到 {period!r} / period is a number of seconds, got {period!r}"
        )
    if "period" in schema:
        require_numbers(schema, ["period"])
        column = nw.col("period").cast(nw.Int32)
        return column if period is None else column.fill_null(period)
    if period is None:
        raise SchemaError(
            "数据没有 period 列（每个值所代表的秒数），请用 period= 指明，如小时值 3600 / the data "
            "have no column period (seconds that a value stands for); say period=, e.g. 3600"
        )
    return nw.lit(period, dtype=nw.Int32)


def in_order(data: Observed) -> Observed:
    """Order the rows of a frame in memory, and say where the series break.

    Raises
    ------
    SchemaError
        When the frame is lazy: order is no part of what every engine does alike.
    """
    if data.rows is not None:
        return data
    if not data.eager:
        raise SchemaError(
            "此检验按时间先后比较相邻的值，需要内存中的数据，请先取回（.collect()、.df()、"
            ".toPandas()），或用 tests= 只做逐行的检验 / this test compares values that follow "
            "each other and needs a frame that holds its rows; collect it, or name row-wise tests "
            "with tests="
        )
    import polars as pl

    rows = data.frame.to_native().collect()
    by = ["property", "period", *data.keys]
    rows = _spaced(rows.drop_nulls("time"), by)
    if not _in_series(rows, by):
        rows = _by_series(rows, by)
    follows = pl.col("_gap") == pl.col("period").cast(pl.Int64) * SCALE
    rows = rows.with_columns((~follows.fill_null(value=False)).cum_sum().alias("_block"))
    return data.part(rows)


def _spaced(rows: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Add ``_gap``: microseconds since the row before, null where a series begins."""
    import polars as pl

    new = pl.any_horizontal(pl.col(c).ne_missing(pl.col(c).shift(1)) for c in by)
    gap = pl.when(~new).then(pl.col("time").diff().dt.total_microseconds())
    return rows.with_columns(gap.alias("_gap"))


def _by_series(rows: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Sort rows by series and time; series are compared by number, which is cheap."""
    numbers = rows.select(by).unique().sort(by).with_row_index("_series")
    rows = rows.join(numbers, on=by, how="left", nulls_equal=True, maintain_order="left")
    rows = _spaced(rows.sort("_series", maintain_order=True), ["_series"])
    if _goes_back(rows):
        rows = _spaced(rows.sort("_series", "time", ROW), ["_series"])
    return rows.drop("_series")


def _goes_back(rows: pl.DataFrame) -> bool:
    """Whether a row is of an earlier time than the one before it in its series."""
    import polars as pl

    return bool(rows.select((pl.col("_gap") < 0).any()).item())


def _in_series(rows: pl.DataFrame, by: Sequence[str]) -> bool:
    """Whether the rows stand by series, each in the order of time, and by property and period."""
    import polars as pl

    if _goes_back(rows) or rows["_gap"].null_count() * 2 > rows.height > _SOME:
        return False  # or the series change so often that sorting is as cheap as looking closer
    heads = rows.filter(pl.col("_gap").is_null()).select(by)
    kinds = heads.select("property", "period")
    changes = kinds.select(pl.any_horizontal(pl.all().ne_missing(pl.all().shift(1))))
    turns = 1 + int(changes.to_series()[1:].sum())
    return heads.n_unique() == heads.height and turns <= max(kinds.n_unique(), 1)


def parts_of(data: Observed) -> dict[tuple[str, int | None], Observed]:
    """Return the ordered rows by property and period, without copying them."""
    import polars as pl

    rows = data.ordered
    if rows.is_empty():
        return {}
    change = rows.select(
        pl.any_horizontal(pl.col(c).ne_missing(pl.col(c).shift(1)) for c in ("property", "period"))
    ).to_series()
    change[0] = True
    starts = change.arg_true().to_list()
    ends = [*starts[1:], rows.height]
    found = {}
    for start, end in zip(starts, ends, strict=True):
        some = rows.slice(start, end - start)
        name, period = some.select("property", "period").row(0)
        found[name, period] = data.part(some)
    return found


def _is_seconds(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0

"""Frames in and out: any kind that Narwhals knows, computed lazily, handed back as it came.

Polars, DuckDB, Ibis and PySpark compute where they are; pandas, PyArrow and other eager frames are
computed in Polars and handed back as the kind that came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals
import narwhals.stable.v2 as nw

from shanshui.standards.errors import SchemaError

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrame

    LazyFrame = nw.LazyFrame[Any]
    Schema = dict[str, Any]


ORDER = "_row"
"""Column that remembers the order of the caller's rows through a join."""


@dataclass(frozen=True)
class Entered:
    """A frame on its way through a function.

    Attributes
    ----------
    frame : narwhals LazyFrame
        The frame to compute with.
    schema : dict
        Its columns and types.
    eager : bool
        Whether the caller's frame holds its rows, so that the result is computed and sorted.
    leave : callable
        Hands a result back as the kind that came; takes the keys of a result that aggregates (an
        eager one is sorted by them), or none for one that keeps the caller's rows.
    """

    frame: LazyFrame
    schema: Schema
    eager: bool
    leave: Callable[[LazyFrame, Sequence[str]], Any]


def enter(frame: IntoFrame) -> Entered:
    """Take any frame that Narwhals knows.

    Raises
    ------
    SchemaError
        When the object is no such frame.
    """
    try:
        known = nw.from_native(frame)
    except TypeError as error:
        raise SchemaError(
            "需要数据框（Polars、pandas、PyArrow、DuckDB、Ibis、PySpark），"
            f"得到 {type(frame).__name__} / "
            f"expected a dataframe, got {type(frame).__name__}"
        ) from error
    wrap = _wrapping(frame)
    if isinstance(known, nw.LazyFrame):
        return Entered(
            known,
            dict(known.collect_schema()),
            eager=False,
            leave=lambda result, keys: wrap(fenced(result) if keys else result.to_native()),
        )
    backend = known.implementation
    lazy = nw.from_native(known.to_polars()).lazy()

    def leave(result: LazyFrame, keys: Sequence[str]) -> Any:
        native = result.to_native()
        if ORDER in native.collect_schema():
            native = native.sort(ORDER).drop(ORDER)
        elif keys:
            native = native.sort(*keys, maintain_order=True)
        out = native.collect(engine="streaming")
        if backend.is_polars():
            return wrap(out)
        if backend.is_pandas():
            return wrap(out.to_pandas())
        if backend.is_pyarrow():
            return wrap(out.to_arrow())
        return wrap(nw.DataFrame.from_arrow(out, backend=backend).to_native())

    return Entered(lazy, dict(lazy.collect_schema()), eager=True, leave=leave)


def fenced(result: LazyFrame) -> Any:
    """Return the native frame of a step, closed against the next step.

    DuckDB's optimiser writes the expressions of one step into those of the next wherever they are
    named, which for two chained functions took 9 GB on ten rows. It does not reach through a limit.
    """
    native: Any = result.to_native()
    implementation = result.implementation
    if implementation.is_duckdb() or implementation.is_ibis():
        return native.limit(10**15)
    return native


def settled(frame: LazyFrame) -> LazyFrame:
    """Close a step whose columns the next steps name many times: see `fenced`."""
    closed: LazyFrame = nw.from_native(fenced(frame))
    return closed


def _wrapping(frame: Any) -> Callable[[Any], Any]:
    """Return what makes a native result the caller's kind: Narwhals frames stay so."""
    if isinstance(frame, nw.DataFrame | nw.LazyFrame):
        return nw.from_native
    if isinstance(frame, narwhals.DataFrame | narwhals.LazyFrame):
        return narwhals.from_native
    return lambda native: native


def beside(main: Entered, side: IntoFrame) -> Entered:
    """Bring a side table to the engine and connection of the main frame.

    An eager table is moved there; a lazy one must already be on the same engine.

    Raises
    ------
    SchemaError
        When the side table is lazy on another engine.
    """
    own = enter(side)
    target = main.frame.implementation
    if own.frame.implementation is target:
        return own
    if not own.eager:
        raise SchemaError(
            f"附表须与主表同一引擎（{target.name}），或为内存中的表；得到 "
            f"{own.frame.implementation.name} / a side table must be eager or on the main frame's "
            f"engine ({target.name}); got {own.frame.implementation.name}"
        )
    table = own.frame.to_native().collect()
    native: Any = main.frame.to_native()
    moved: Any
    if target.is_duckdb():
        # A relation answers a query on its own connection, which sees the Arrow table by name.
        side_table = table.to_arrow()  # noqa: F841 - named in the query below
        moved = native.query("_main", "SELECT * FROM side_table")
    elif target.is_ibis():
        import ibis

        moved = ibis.memtable(table.to_arrow())
    elif target.is_pyspark():
        moved = native.sparkSession.createDataFrame(table.to_arrow())
    else:
        raise SchemaError(f"不支持的引擎 / unsupported engine: {target.name}")
    lazy = nw.from_native(moved)
    return Entered(lazy, dict(lazy.collect_schema()), eager=False, leave=main.leave)


def names(by: str | Iterable[str]) -> list[str]:
    """Return key columns given as a name or as a list of names."""
    return [by] if isinstance(by, str) else list(by)


def require(schema: Schema, columns: Iterable[str], *, what: str) -> None:
    """Raise a `SchemaError` that names the columns that are missing."""
    missing = [c for c in columns if c not in schema]
    if missing:
        raise SchemaError(
            f"{what}缺少列 {'、'.join(missing)}；现有列：{'、'.join(schema)} / "
            f"missing column(s) {', '.join(missing)}; found: {', '.join(schema)}"
        )


def require_numbers(schema: Schema, columns: Iterable[str]) -> None:
    """Raise a `SchemaError` for a column that is neither numeric nor wholly null."""
    for column in columns:
        kind = schema.get(column)
        if kind is not None and not kind.is_numeric() and not _is_null(kind):
            raise SchemaError(
                f"列 {column} 应为数值，得到 {kind} / column {column} must be numeric, got {kind}"
            )


def _is_null(kind: Any) -> bool:
    return bool(kind == nw.Unknown)  # Narwhals has no type of its own for an all-null column


def naive_time(entered: Entered, column: str) -> nw.Expr:
    """Return a time column as naive clock time of Asia/Shanghai.

    A column with an offset is converted; a Spark timestamp stands for the clock of its session.

    Raises
    ------
    SchemaError
        When the column is no time, or has an offset on an engine that cannot convert it alike.
    """
    kind = entered.schema[column]
    time = nw.col(column)
    if not isinstance(kind, nw.Datetime):
        raise SchemaError(
            f"列 {column} 应为日期时间（datetime），得到 {kind} / "
            f"column {column} must be a datetime, got {kind}"
        )
    if kind.time_zone is None:
        return time
    implementation = entered.frame.implementation
    if implementation.is_polars():
        return time.dt.convert_time_zone("Asia/Shanghai").dt.replace_time_zone(None)
    if implementation.is_pyspark():
        return time.cast(nw.Datetime("us"))
    raise SchemaError(
        f"列 {column} 带时区 {kind.time_zone}，请先换算为北京时间的无时区时间 / "
        f"column {column} has a time zone; convert it to naive Beijing time first"
    )


def naive_date(entered: Entered, column: str) -> nw.Expr:
    """Return a column of dates, or of naive datetimes, as dates."""
    kind = entered.schema[column]
    if kind == nw.Date:
        return nw.col(column)
    if isinstance(kind, nw.Datetime):
        return naive_time(entered, column).dt.date()
    raise SchemaError(
        f"列 {column} 应为日期（date），得到 {kind} / column {column} must be a date, got {kind}"
    )


def remember_order(frame: LazyFrame, entered: Entered) -> LazyFrame:
    """Give each row of a frame in memory its number, so that `leave` can restore the order."""
    if not entered.eager:
        return frame
    numbered: LazyFrame = nw.from_native(frame.to_native().with_row_index(ORDER))
    return numbered


def set_aside(entered: Entered, added: Iterable[str]) -> LazyFrame:
    """Keep an input column whose name a function is going to add, as ``<name>_input``.

    So a published AQI stays beside the computed one. Where such a column is already there, the
    frame has been through the function before and the newer one gives way.
    """
    clash = [name for name in added if name in entered.schema]
    fresh = {n: f"{n}_input" for n in clash if f"{n}_input" not in entered.schema}
    frame = entered.frame.drop([n for n in clash if n not in fresh])
    return frame.rename(fresh) if fresh else frame

"""Standings of many commitments at once, from frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from shanshui._frames import Entered, enter, names, require
from shanshui.progress._standing import Standing
from shanshui.progress.commitment import AnnualTarget, Commitment, Figure, SoFar
from shanshui.progress.judging import standing
from shanshui.standards import Basis, SchemaError, ShanshuiError, compare_bases

if TYPE_CHECKING:
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame, IntoFrameT

    from shanshui.progress.limits import Thresholds
    from shanshui.progress.outlook import Projection

Row = dict[str, Any]
Key = tuple[Any, ...]

PROMISE = (
    "unit", "year", "base_year", "region", "better", "lasting", "value_to", "decimals", "stretch",
    "deadline", "evidence", "milestone",
)  # fmt: skip
"""Columns of commitments that may be absent, named as the fields of `Commitment`."""
_PART = (
    "counted", "count", "unit", "region", "same", "last_year", "best", "tally", "percent", "daily",
    "daily_same", "daily_last",
)  # fmt: skip
_NUMBERS = (
    "value", "goal", "gap", "required", "pace", "completion", "due", "ahead", "change", "chance",
    "stretch_gap",
)  # fmt: skip
_ORDER = "_promise"


def standings(
    commitments: IntoFrameT,
    figures: IntoFrame | None = None,
    *,
    at: date,
    by: str | Sequence[str] = "id",
    so_far: IntoFrame | None = None,
    targets: IntoFrame | None = None,
    schedule: IntoFrame | None = None,
    projections: Mapping[Any, Projection] | None = None,
    limits: Thresholds | None = None,
) -> IntoFrameT:
    """Judge many commitments as of a date, each as `standing` judges one.

    Of the figures with a commitment's key, those later than `at` are not looked at; the latest of
    the rest answers (for a state of a year, the latest up to the year of the deadline, where there
    is one). Where several rows are of that time, the one whose basis differs least from the
    promised one is taken. The baseline is the figure of `base_year`, chosen likewise by the
    figure's basis, unless the commitment states a `base_value`.

    Parameters
    ----------
    commitments : frame in memory
        Key columns, ``comparator`` and ``value`` (both null: deferred), and as far as they are
        there the columns of `PROMISE`, ``basis`` (its text form), ``base_value``. Numbers may be
        text, decimals or floats.
    figures : frame in memory, optional
        Keys, ``value``, ``year`` or ``date`` (the day up to which it reaches; null: the year's
        end), and as far as there ``unit``, ``region``, ``basis``, ``evidence``.
    at : date
        The as-of date (评价日).
    by : str or list of str
        Key columns.
    so_far : frame in memory, optional
        Keys, ``value``, ``through``, ``done``, ``left``, and as far as there the other fields of
        `SoFar` (``daily`` and its like are lists). The latest up to `at` in the target's year is
        taken.
    targets : frame in memory, optional
        One row a key: ``comparator``, ``value``, ``year``, and as far as there ``unit``,
        ``value_to``, ``base_year``, ``source``; judged in the commitment's place.
    schedule : frame in memory, optional
        Keys, ``date``, ``value``: what is due by then.
    projections : mapping, optional
        Projections by key (a tuple where `by` names several columns).
    limits : Thresholds, optional
        By default the packaged ones.

    Returns
    -------
    frame of the kind that came
        One row a commitment, in their order: keys, ``state``, ``reason``, ``reason_en``, ``day``
        (of the figure), ``value``, ``goal``, ``gap``, ``required``, ``pace``, ``completion``,
        ``due``, ``ahead``, ``change``, ``chance``, ``stretch_gap``, ``rest_value`` (floats),
        ``rest_allowed`` (int), ``rest`` (text), ``feasible``, ``stretch_met`` (bool),
        ``differences`` (joined by ；). A commitment that cannot be read has a null ``state`` and
        the fault in ``reason``.

    Raises
    ------
    SchemaError
        A frame is lazy, a column is missing, or a key has two targets.

    Examples
    --------
    >>> import polars as pl
    >>> promises = pl.DataFrame(
    ...     {
    ...         "id": ["pm25", "parks"],
    ...         "comparator": ["<=", ">="],
    ...         "value": ["30", "72"],
    ...         "year": [2027, 2027],
    ...         "base_year": [2024, 2024],
    ...         "lasting": [False, True],
    ...     }
    ... )
    >>> known = pl.DataFrame(
    ...     {
    ...         "id": ["pm25", "pm25", "parks", "parks"],
    ...         "year": [2024, 2025, 2024, 2026],
    ...         "value": ["33.0", "31.7", "0", "40"],
    ...         "date": [None, None, None, date(2026, 6, 30)],
    ...     }
    ... )
    >>> standings(promises, known, at=date(2026, 7, 15))["state"].to_list()
    ['达到序时进度', '达到序时进度']
    """
    import polars as pl

    keys = names(by)
    entered, promises = _eager(commitments, [*keys, "comparator", "value"], "目标任务")
    known, bases = _chosen(promises, figures, keys, at)
    parts = _latest_parts(so_far, keys, at)
    set_by = _targets(targets, keys)
    paths = _paths(schedule, keys)
    asked = projections or {}
    rows: list[Row] = []
    for place, row in enumerate(promises.iter_rows(named=True)):
        key = tuple(row[k] for k in keys)
        found: Standing | ShanshuiError
        figure = None
        try:
            promise = _promise(row, paths.get(key, ()))
            target = set_by.get(key)
            year = promise.year if target is None else target.year
            figure, baseline = _answer(row, promise, known.get(place, ()), bases.get(place, ()))
            part = _part(parts.get((key, year)))
            found = standing(
                promise, figure, baseline, at=at, target=target, so_far=part,
                projection=asked.get(key if len(key) > 1 else key[0]), limits=limits,
            )  # fmt: skip
            day = part.through if part is not None else figure.end if figure is not None else None
        except ShanshuiError as error:
            found, day = error, None
        rows.append({**dict(zip(keys, key, strict=True)), **_record(found, day)})
    schema = {k: promises.schema[k] for k in keys} | _schema()
    result = pl.DataFrame(rows, schema=schema)
    return entered.leave(nw.from_native(result.lazy()), ())  # type: ignore[no-any-return]


def _eager(frame: IntoFrame, columns: Sequence[str], what: str) -> tuple[Entered, pl.DataFrame]:
    entered = enter(frame)
    if not entered.eager:
        raise SchemaError(
            f"{what}应为内存中的表，请先取回（.collect()、.df()） / "
            "expected a frame that holds its rows; collect the lazy frame first"
        )
    require(entered.schema, columns, what=what)
    rows: pl.DataFrame = entered.frame.to_native().collect()
    return entered, rows


Picked = dict[int, list[Row]]


def _chosen(
    promises: pl.DataFrame, figures: IntoFrame | None, keys: list[str], at: date
) -> tuple[Picked, Picked]:
    """Choose, for each row of the promises, the latest figures and those of the base year."""
    import polars as pl

    if figures is None:
        return {}, {}
    _, rows = _eager(figures, [*keys, "value"], "数值")
    if "year" not in rows.columns and "date" not in rows.columns:
        raise SchemaError("数值缺少列 year 或 date / figures need a column year or date")
    day = pl.col("date").cast(pl.Date) if "date" in rows.columns else pl.lit(None, dtype=pl.Date)
    rows = rows.with_columns(day.alias("date"))
    year = pl.col("year").cast(pl.Int32) if "year" in rows.columns else pl.col("date").dt.year()
    rows = rows.with_columns(year=pl.coalesce(year, pl.col("date").dt.year()).cast(pl.Int32))
    rows = rows.with_columns(_end=pl.coalesce("date", pl.date("year", 12, 31)))
    rows = rows.filter(pl.col("value").is_not_null(), pl.col("_end") <= at)
    wanted = promises.with_row_index(_ORDER).select(
        _ORDER,
        *keys,
        _due=_column(promises, "year", pl.Int32),
        _base=_column(promises, "base_year", pl.Int32),
        _lasting=_column(promises, "lasting", pl.Boolean).fill_null(value=False),
    )
    joined = wanted.join(rows, on=keys, how="inner", maintain_order="left_right")
    timely = pl.col("_lasting") | pl.col("_due").is_null() | (pl.col("year") <= pl.col("_due"))
    # One number to order by: a figure up to the deadline's year before any other, then the latest.
    order = timely.cast(pl.Int64) * 10**8 + pl.col("_end").cast(pl.Int32)
    latest = joined.filter(order == order.max().over(_ORDER))
    base = joined.filter(pl.col("year") == pl.col("_base"), pl.col("_end").dt.month() == 12)
    return _grouped(latest), _grouped(base)


def _column(frame: pl.DataFrame, name: str, kind: Any) -> pl.Expr:
    import polars as pl

    return pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, dtype=kind)


def _grouped(rows: pl.DataFrame) -> Picked:
    found: Picked = {}
    for row in rows.iter_rows(named=True):
        found.setdefault(row[_ORDER], []).append(row)
    return found


@lru_cache(maxsize=1024)
def _basis(text: str | None) -> Basis:
    return Basis.parse(text or "")


def _figure(row: Row) -> Figure:
    evidence = row.get("evidence") or ()
    return Figure(
        row["value"],
        row["year"],
        row.get("unit"),
        row.get("region"),
        _basis(row.get("basis")),
        row["date"],
        (evidence,) if isinstance(evidence, str) else tuple(evidence),
    )


def _nearest(rows: Sequence[Row], basis: Basis) -> Figure | None:
    """Take the row whose basis differs least."""
    if len(rows) > 1:
        rows = [min(rows, key=lambda r: len(compare_bases(basis, _basis(r.get("basis")))))]
    return _figure(rows[0]) if rows else None


def _answer(
    row: Row, promise: Commitment, latest: Sequence[Row], bases: Sequence[Row]
) -> tuple[Figure | None, Figure | None]:
    """Choose the figure and the baseline of one promise."""
    figure = _nearest(latest, promise.basis)
    stated = row.get("base_value")
    if stated is not None and promise.base_year is not None:
        unit = None if figure is None else figure.unit
        return figure, Figure(stated, promise.base_year, unit)
    return figure, _nearest(bases, promise.basis if figure is None else figure.basis)


def _promise(row: Row, path: tuple[tuple[date, Any], ...]) -> Commitment:
    more = {name: row[name] for name in PROMISE if row.get(name) is not None}
    return Commitment(
        row["comparator"], row["value"], basis=_basis(row.get("basis")), schedule=path, **more
    )


def _latest_parts(so_far: IntoFrame | None, keys: list[str], at: date) -> dict[Key, Row]:
    """Give the latest part of each key and year up to a day."""
    if so_far is None:
        return {}
    _, rows = _eager(so_far, [*keys, "value", "through", "done", "left"], "累计值")
    found: dict[Key, Row] = {}
    for row in rows.sort("through").iter_rows(named=True):
        if row["through"] <= at and row["value"] is not None:
            found[tuple(row[k] for k in keys), row["through"].year] = row
    return found


def _part(row: Row | None) -> SoFar | None:
    if row is None:
        return None
    more = {name: row[name] for name in _PART if row.get(name) is not None}
    return SoFar(
        row["value"], row["through"], row["done"], row["left"], basis=_basis(row.get("basis")),
        **more,
    )  # fmt: skip


def _targets(targets: IntoFrame | None, keys: list[str]) -> dict[Key, AnnualTarget]:
    if targets is None:
        return {}
    _, rows = _eager(targets, [*keys, "comparator", "value", "year"], "年度目标")
    found: dict[Key, AnnualTarget] = {}
    for row in rows.iter_rows(named=True):
        key = tuple(row[k] for k in keys)
        if key in found:
            said = " ".join(map(str, key))
            raise SchemaError(
                f"{said} 有多个年度目标，请先选定年份 / several targets for {said}; choose a year"
            )
        found[key] = AnnualTarget(
            row["comparator"], row["value"], row["year"], row.get("unit"), row.get("value_to"),
            row.get("base_year"), row.get("source") or "",
        )  # fmt: skip
    return found


def _paths(schedule: IntoFrame | None, keys: list[str]) -> dict[Key, tuple[tuple[date, Any], ...]]:
    if schedule is None:
        return {}
    _, rows = _eager(schedule, [*keys, "date", "value"], "进度安排")
    found: dict[Key, tuple[tuple[date, Any], ...]] = {}
    for row in rows.sort("date").iter_rows(named=True):
        key = tuple(row[k] for k in keys)
        found[key] = (*found.get(key, ()), (row["date"], row["value"]))
    return found


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _record(found: Standing | ShanshuiError, day: date | None) -> Row:
    """Lay a standing out as a row; a fault has no state."""
    if isinstance(found, ShanshuiError):
        zh, _, en = str(found).partition(" / ")
        return {"reason": zh, "reason_en": en or zh}
    rest = found.rest
    return {
        "state": found.state,
        "reason": found.reason,
        "reason_en": found.reason_en,
        "day": day,
        **{name: _float(getattr(found, name)) for name in _NUMBERS},
        "rest_value": None if rest is None else _float(rest.value),
        "rest_allowed": None if rest is None else rest.allowed,
        "rest": None if rest is None else rest.text(),
        "feasible": None if rest is None else rest.feasible,
        "stretch_met": found.stretch_met,
        "differences": "；".join(found.differences) or None,
    }


def _schema() -> dict[str, Any]:
    import polars as pl

    return {
        "state": pl.String,
        "reason": pl.String,
        "reason_en": pl.String,
        "day": pl.Date,
        **dict.fromkeys(_NUMBERS, pl.Float64),
        "rest_value": pl.Float64,
        "rest_allowed": pl.Int64,
        "rest": pl.String,
        "feasible": pl.Boolean,
        "stretch_met": pl.Boolean,
        "differences": pl.String,
    }

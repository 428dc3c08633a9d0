"""Sand-dust and exceptional events: which values are left out, on what evidence, by whom."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import narwhals.stable.v2 as nw

from shanshui._frames import (
    ORDER,
    Entered,
    beside,
    enter,
    naive_date,
    names,
    remember_order,
    require,
)
from shanshui._rules import code_if, joined
from shanshui.air._hours import Stamp, stamped
from shanshui.air._marks import KINDS, has_kind
from shanshui.air._rules import DAILY, HOURLY, pollutant
from shanshui.standards.basis import Basis
from shanshui.standards.errors import SchemaError, ShanshuiError

if TYPE_CHECKING:
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame, IntoFrameT


Dust = Literal["national", "removed", "kept"]
TEXTS = ("event", "evidence", "decided_by")
KNOWN = ("kind", "items", "start", "end", *TEXTS)
MOST_DAYS = 400
"""Length of an event above which its dates must be mistaken."""


@cache
def tables() -> dict[str, Any]:
    """Return the kinds of events and what statistics do with the values that they mark."""
    return tomllib.loads(files("shanshui.air").joinpath("events.toml").read_text(encoding="utf-8"))


def dust_basis(
    dust: Dust | None, basis: Basis | None, *, marked: bool
) -> tuple[Dust | None, Basis | None]:
    """Settle what statistics do with marked values, and say it in the basis.

    Raises
    ------
    SchemaError
        Values are to be left out and the frame has no marks.
    ShanshuiError
        `dust` is unknown, or the basis says something else.
    """
    known = tables()["dust"]
    if dust is None:
        if not marked:
            return None, basis
        dust = "national"
    if dust not in known:
        raise ShanshuiError(f"dust 应为 {'、'.join(known)} / must be one of them: {dust!r}")
    if dust != "kept" and not marked:
        raise SchemaError(
            "数据没有扣除标记列 excluded_…，请先用 air.exclude 标记沙尘等事件 / "
            "the frame has no marks excluded_…; mark the events by air.exclude first"
        )
    own, text = basis or Basis(), known[dust]["basis"]
    if own.dust is None:
        return dust, replace(own, dust=text)
    if own.dust != text and own.dust in {rule["basis"] for rule in known.values()}:
        raise ShanshuiError(
            f"basis 的 dust 为“{own.dust}”，与 dust={dust!r}（{text}）不符 / "
            f"the basis says dust {own.dust!r}, but dust={dust!r} is {text!r}"
        )
    return dust, own


def exclude(
    frame: IntoFrameT,
    events: IntoFrame,
    *,
    by: str | Sequence[str] = "station",
    stamp: Stamp = "end",
    blank: bool = False,
) -> IntoFrameT:
    """Mark the values that sand-dust or exceptional events take out of an assessment.

    The values stay where they are: `statistics` leaves the marked ones out, or not, by its
    ``dust``, so that both can be printed side by side. Marks of hours go with them into their day
    and marks of stations into their area, by `daily` and `area`: a day with one marked hour is a
    marked day, as the national network publishes it.

    Parameters
    ----------
    frame : frame
        Hours (``time``) or days (``date``) with key columns and items.
    events : frame in memory
        One row per event: ``start`` and ``end``, dates, or datetimes that name the first and the
        last hour by their stamps, both included (no ``end``: that day or hour alone); ``kind``,
        ``"dust"`` (沙尘, the default) or ``"exceptional"`` (例外事件); ``items``, codes joined by
        ',' (by default PM10 and PM2.5 for dust; an exceptional event must name its own);
        ``evidence`` and ``decided_by``, which both must be filled in; ``event``, an id (by default
        the number of the row); and any of the key columns. Without a key column, or where it is
        null, an event holds for every place.
    by : str or list of str
        Key columns of the frame.
    stamp : {"end", "start"}
        Whether the times of hours are their end or their start, in the frame and the events.
    blank : bool
        Also make the marked values null, with ``excluded`` in ``reason_<item>`` and the value kept
        as ``<item>_excluded``: so hours are left out of daily means, and days get the AQI of their
        other items.

    Returns
    -------
    frame of the kind that came
        Every row and column, and ``excluded_<item>`` (kinds joined by ',', null where nothing is
        marked), ``event``, ``evidence`` and ``decided_by`` of the events that touch the row. Marks
        that the frame already carries are added to.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type, or `events` is lazy or has a column that is
        neither known nor a key.
    ShanshuiError
        A row of `events` cannot be understood; the row is named.

    References
    ----------
    受沙尘天气过程影响城市空气质量评价补充规定 (环办监测〔2016〕120号): decision and evidence;
    which items: published dust-day tables of 广东 (211 rows, confidence A).

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> days = pl.DataFrame(
    ...     {
    ...         "city": "呼和浩特市",
    ...         "date": [date(2021, 3, 14), date(2021, 3, 15)],
    ...         "no2": [31.0, 28.0],
    ...         "pm10": [80.0, 3500.0],
    ...     }
    ... )
    >>> events = pl.DataFrame(
    ...     {"start": [date(2021, 3, 15)], "evidence": "卫星监测", "decided_by": "中国环境监测总站"}
    ... )
    >>> exclude(days, events, by="city").select("pm10", "excluded_pm10", "excluded_no2").rows()
    [(80.0, None, None), (3500.0, 'dust', None)]
    """
    entered = enter(frame)
    keys = names(by)
    hourly = "time" in entered.schema
    require(entered.schema, [*keys, "time" if hourly else "date"], what="数据")
    items = [i for i in (HOURLY if hourly else DAILY) if i in entered.schema]
    if not items:
        raise SchemaError(
            "数据没有可扣除的项目列 / the frame has no column of an item: "
            f"{'、'.join(HOURLY if hourly else DAILY)}"
        )
    own = [c for c in entered.schema if c not in _added(items, blank=blank)]
    rows = remember_order(entered.frame, entered)
    on = ["_date", "_hour"] if hourly else ["_date"]
    if hourly:
        rows = stamped(Entered(rows, entered.schema, entered.eager, entered.leave), keys, stamp)
    else:
        rows = rows.with_columns(naive_date(entered, "date").alias("_date"))
    tables_of_events = _expanded(events, keys, items, hourly=hourly, stamp=stamp)
    for number, (place, table) in enumerate(tables_of_events):
        marks = [c for c in table.columns if c not in {*place, *on}]
        side = beside(entered, table.rename({c: f"_{c}_{number}" for c in marks}))
        rows = rows.join(side.frame, on=[*place, *on], how="left")
    count = len(tables_of_events)
    rows = rows.with_columns(
        *(_kinds(i, count, entered).alias(f"_kinds_{i}") for i in items),
        *(_texts(t, count, entered).alias(f"_now_{t}") for t in TEXTS),
    )
    result = rows.select(
        *([ORDER] if entered.eager else []),
        *(_value(c, items, entered, blank=blank) for c in own),
        *(_reason(i, entered) for i in items if blank),
        *(_aside(i, entered) for i in items if blank),
        *(nw.col(f"_kinds_{i}").alias(f"excluded_{i}") for i in items),
        *(nw.col(f"_now_{t}").alias(t) for t in TEXTS),
    )
    out: IntoFrameT = entered.leave(result, [])
    return out


def _added(items: Iterable[str], *, blank: bool) -> set[str]:
    """Return the columns that are written anew."""
    marks = {*TEXTS, *(f"excluded_{i}" for i in items)}
    aside = {name for i in items for name in (f"reason_{i}", f"{i}_excluded")}
    return marks | aside if blank else marks


def _kinds(item: str, count: int, entered: Entered) -> nw.Expr:
    """Return the kinds of the events that mark a value, with those it was marked by before."""

    def marked(bit: int, kind: str) -> nw.Expr:
        found = [nw.col(f"_{item}_{n}") // bit % 2 == 1 for n in range(count)]
        if f"excluded_{item}" in entered.schema:
            found.append(has_kind(item, kind))
        return nw.any_horizontal(nw.lit(False), *found, ignore_nulls=True)

    return joined(code_if(marked(2**n, kind), kind) for n, kind in enumerate(KINDS))


def _texts(name: str, count: int, entered: Entered) -> nw.Expr:
    before = [nw.col(name)] if name in entered.schema else []
    return joined(
        [nw.lit(None, dtype=nw.String), *before, *(nw.col(f"_{name}_{n}") for n in range(count))]
    )


def _value(column: str, items: Sequence[str], entered: Entered, *, blank: bool) -> nw.Expr:
    if not blank or column not in items:
        return nw.col(column)
    kept = nw.when(nw.col(f"_kinds_{column}").is_null()).then(nw.col(column))
    return kept.cast(entered.schema[column]).alias(column)


def _reason(item: str, entered: Entered) -> nw.Expr:
    name = f"reason_{item}"
    there = [nw.col(name)] if name in entered.schema else [nw.lit(None, dtype=nw.String)]
    taken = ~nw.col(f"_kinds_{item}").is_null() & ~nw.col(item).is_null()
    return joined([*there, code_if(taken, "excluded")]).alias(name)


def _aside(item: str, entered: Entered) -> nw.Expr:
    name = f"{item}_excluded"
    taken = nw.when(~nw.col(f"_kinds_{item}").is_null()).then(nw.col(item))
    return (nw.coalesce(nw.col(name), taken) if name in entered.schema else taken).alias(name)


# --- the table of events -----------------------------------------------------------------------


class _Event(NamedTuple):
    place: dict[str, Any]
    stamps: list[datetime]
    codes: dict[str, int]
    texts: dict[str, str]


def _expanded(
    events: IntoFrame, keys: Sequence[str], items: Sequence[str], *, hourly: bool, stamp: Stamp
) -> list[tuple[list[str], pl.DataFrame]]:
    """Lay events out by day or hour: one table for each set of keys that events name.

    Columns: the keys, ``_date`` (and ``_hour``), a code per item (1 dust, 2 exceptional, 3 both),
    and the texts, joined where several events meet.
    """
    side = enter(events)
    if not side.eager:
        raise SchemaError(
            "events 应为内存中的表 / events must be a table in memory, not a lazy frame"
        )
    native: pl.LazyFrame = side.frame.to_native()
    table = native.collect()
    require(table.schema, ["start", "evidence", "decided_by"], what="事件表")
    if unknown := [c for c in table.columns if c not in {*KNOWN, *keys}]:
        raise SchemaError(
            f"事件表有不认识的列 {'、'.join(unknown)}；地点列须是 by 所列的：{'、'.join(keys)} / "
            f"unknown columns of events: {', '.join(unknown)}; places must be keys: "
            f"{', '.join(keys)}"
        )
    given = [k for k in keys if k in table.columns]
    found: dict[tuple[str, ...], list[_Event]] = {}
    for number, row in enumerate(table.iter_rows(named=True), start=1):
        event = _understood(row, number, given, items, stamp)
        found.setdefault(tuple(event.place), []).append(event)
    kinds = {k: table.schema[k] for k in given}
    return [
        (
            list(place),
            _laid_out(of_place, {k: kinds[k] for k in place}, items, stamp, hourly=hourly),
        )
        for place, of_place in found.items()
    ]


def _laid_out(
    events: Sequence[_Event],
    place: dict[str, Any],
    items: Sequence[str],
    stamp: Stamp,
    *,
    hourly: bool,
) -> pl.DataFrame:
    import polars as pl

    rows = [
        event.place | {"_stamp": one} | event.codes | event.texts
        for event in events
        for one in event.stamps
    ]
    table = pl.DataFrame(
        rows,
        schema=place
        | {"_stamp": pl.Datetime("us")}
        | dict.fromkeys(items, pl.Int64)
        | dict.fromkeys(TEXTS, pl.String),
    )
    begin = pl.col("_stamp").dt.offset_by("-1h") if stamp == "end" else pl.col("_stamp")
    time = {"_date": begin.dt.date()}
    if hourly:
        time["_hour"] = begin.dt.hour().cast(pl.Int64) + 1
    return (
        table.with_columns(**time)
        .group_by(*place, *time, maintain_order=True)
        .agg(
            *((_bit(i, 1) + _bit(i, 2)).alias(i) for i in items),
            *(pl.col(t).unique(maintain_order=True).str.join(",").alias(t) for t in TEXTS),
        )
    )


def _bit(item: str, bit: int) -> pl.Expr:
    """Return the bit of a kind where any of the events has it."""
    import polars as pl

    return pl.when((pl.col(item) // bit % 2 == 1).any()).then(bit).otherwise(0)


def _understood(
    row: dict[str, Any], number: int, keys: Sequence[str], items: Sequence[str], stamp: Stamp
) -> _Event:
    """Check a row of the table of events; the number is told where it is wrong."""

    def wrong(zh: str, en: str) -> ShanshuiError:
        return ShanshuiError(f"事件表第 {number} 行：{zh} / events, row {number}: {en}")

    for name in ("evidence", "decided_by"):
        if not str(row[name] or "").strip():
            raise wrong(f"没有填写 {name}（依据、认定单位）", f"{name} is empty")
    kinds = tables()["kinds"]
    said = str(row.get("kind") or "dust").strip()
    kind = next((k for k, about in kinds.items() if said in {k, about["name"]}), None)
    if kind is None:
        known = "、".join(f"{k}（{about['name']}）" for k, about in kinds.items())
        raise wrong(
            f"kind “{said}”应为 {known}", f'kind "{said}" must be one of {", ".join(kinds)}'
        )
    text = row.get("items")
    named = (
        [t.strip() for t in str(text).replace("，", ",").split(",") if t.strip()] if text else []
    )
    named = named or kinds[kind]["items"]
    if not named:
        raise wrong("例外事件须写明项目 items", "an exceptional event must name its items")
    if unknown := [n for n in named if n not in {*HOURLY, *DAILY}]:
        raise wrong(
            f"不认识的项目 {'、'.join(unknown)}，应取自 {'、'.join(dict.fromkeys(HOURLY + DAILY))}",
            f"unknown items {', '.join(unknown)}",
        )
    start, end = row["start"], row.get("end")
    stamps = _stamps(start, start if end is None else end, stamp)
    if stamps is None:
        raise wrong(
            f"起止时间应为日期或整点：{start!s} — {end!s}",
            f"start and end must be dates or datetimes: {start!s} to {end!s}",
        )
    if not stamps or len(stamps) > MOST_DAYS * 24:
        raise wrong(
            f"起止时间不成时段，或长于 {MOST_DAYS} 天：{start!s} — {end!s}",
            f"the end lies before the start, or the event is longer than {MOST_DAYS} days: "
            f"{start!s} to {end!s}",
        )
    code = 2 ** KINDS.index(kind)
    codes = {i: code if any(_names(n, i) for n in named) else 0 for i in items}
    texts = {t: str(row[t]).strip() for t in TEXTS if row.get(t) is not None}
    return _Event(
        {k: row[k] for k in keys if row[k] is not None},
        stamps,
        codes,
        {"event": str(number)} | texts,
    )


def _names(named: str, item: str) -> bool:
    """Tell whether an event that names an item means a column: ``o3`` means ``o3_8h`` too."""
    return named in {item, pollutant(item)} or item == pollutant(named)


def _stamps(start: Any, end: Any, stamp: Stamp) -> list[datetime] | None:
    """Return the stamps of the hours from start to end; of whole days where these are dates."""
    hour = timedelta(hours=1)
    shift = hour if stamp == "end" else timedelta()
    if isinstance(start, datetime) and isinstance(end, datetime):
        first, last = start.replace(tzinfo=None), end.replace(tzinfo=None)
        whole = first.replace(minute=0, second=0, microsecond=0)
        first = whole if whole == first else whole + hour
    elif hasattr(start, "year") and hasattr(end, "year") and not isinstance(start, datetime):
        first = datetime(start.year, start.month, start.day) + shift
        final = end.date() if isinstance(end, datetime) else end
        last = datetime(final.year, final.month, final.day) + timedelta(hours=23) + shift
    else:
        return None
    count = int((last - first) / hour) + 1 if last >= first else 0
    if count > (MOST_DAYS + 1) * 24:
        count = (MOST_DAYS + 1) * 24
    return [first + n * hour for n in range(count)]

"""Numbers and times as monitoring tables write them, parsed by columns.

Only the distinct texts that are no plain number, and the distinct times, are looked at closely; a
national year holds a few dozen of the former and 8,784 of the latter.
"""

from __future__ import annotations

from calendar import month_abbr
from dataclasses import dataclass
from functools import cache

import polars as pl

from shanshui.platform.ingest.columns import vocabulary

TIME = pl.Datetime("us")

_GROUPED = r"^[-+]?\d{1,3}(?:,\d{3})+(?:\.\d*)?$"
_DATE = r"((?:19|20)\d\d)"
_OFFSET = r"(Z|[+-]\d\d:?\d\d)?"
# 2020-01-01 13:00, 2020/1/1 13:00:00, 2020-01-01T13:00:00.000+08:00, 2020年1月1日13时, 2020-01-01
_SPACED = (
    rf"^{_DATE}[-/.年](\d{{1,2}})[-/.月](\d{{1,2}})(?:(?:日\s*|\s*[tT\s]\s*)(\d{{1,2}})"
    r"(?:[:时点](?:(\d{1,2})(?:[:分](?:(\d{1,2})(?:\.\d+)?秒?)?)?)?)?"
    rf"\s*{_OFFSET})?日?$"
)
# 20200101, 2020010113, 20200101130000, 20200101 13:00
_COMPACT = rf"^{_DATE}(\d\d)(\d\d)(?:[tT\s]*(\d\d)(?::?(\d\d)(?::?(\d\d))?)?\s*{_OFFSET})?$"
# 13, 13:00, 13.0, 13时, and the time cells of Excel
_HOUR = r"^(?:(?:1899-12-3\d|1900-01-0\d)[T\s])?(\d{1,2})(?:\.0+|[:时点](?:00?分?)?(?::00?)?)?$"


@cache
def _marks() -> list[str]:
    return list(vocabulary()["null"]["marks"])


@cache
def null_numbers() -> list[float]:
    """Return the numbers that stand for no value."""
    return [float(n) for n in vocabulary()["null"]["numbers"]]


def _plain(texts: pl.Series) -> pl.Series:
    """Full-width characters become plain ones, and spaces at the ends fall away."""
    return texts.str.normalize("NFKC").str.strip_chars().str.to_lowercase()


def ungrouped(texts: pl.Series) -> pl.Series:
    """Take the thousands separators out of numbers: ``1,234.5`` is 1234.5; ``1,23`` is none.

    Examples
    --------
    >>> ungrouped(pl.Series(["1,234.5", "-12,345,678", "1,23", "7"])).to_list()
    ['1234.5', '-12345678', '1,23', '7']
    """
    grouped = texts.str.contains(_GROUPED)
    return pl.select(
        pl.when(grouped).then(texts.str.replace_all(",", "", literal=True)).otherwise(texts)
    ).to_series()


def numbers(
    frame: pl.DataFrame, columns: dict[str, str]
) -> tuple[pl.DataFrame, dict[str, pl.Series]]:
    """Parse columns of numbers.

    Parameters
    ----------
    frame : polars DataFrame
        Raw cells, text or numbers.
    columns : dict
        New name to column of the frame.

    Returns
    -------
    values : polars DataFrame
        Float64, null where a cell says so.
    faults : dict
        For each new name with cells that are neither number nor null mark: a mask of these.
    """
    raw = frame.select(_raw(frame, old).alias(new) for new, old in columns.items())
    values = raw.select(
        pl.col(c).cast(pl.Float64, strict=False) if raw.schema[c] == pl.String else pl.col(c)
        for c in raw.columns
    )
    unread = raw.select(
        (pl.col(c).is_not_null() & values[c].is_null()).alias(c)
        for c in raw.columns
        if raw.schema[c] == pl.String
    )
    faults: dict[str, pl.Series] = {}
    for name in unread.columns:
        mask = unread[name]
        if not mask.any():
            continue
        texts = raw[name].filter(mask).unique()
        plain = _plain(texts)
        null = plain.is_in(_marks())
        if null.all():
            continue
        parsed = ungrouped(plain.set(null, None)).cast(pl.Float64, strict=False)
        table = pl.DataFrame({"text": texts, "value": parsed, "null": null})
        found = raw.select(pl.col(name).alias("text")).join(
            table, on="text", how="left", maintain_order="left"
        )
        values = values.with_columns(pl.coalesce(values[name], found["value"]).alias(name))
        fault = mask & values[name].is_null() & ~found["null"].fill_null(value=False)
        if fault.any():
            faults[name] = fault
    values = values.with_columns(
        pl.when(pl.all().is_in(null_numbers()) | pl.all().is_nan())
        .then(None)
        .otherwise(pl.all())
        .name.keep()
    )
    infinite = values.select(pl.all().is_infinite().fill_null(value=False))
    for name in values.columns:
        if infinite[name].any():
            faults[name] = faults[name] | infinite[name] if name in faults else infinite[name]
            values = values.with_columns(
                pl.when(infinite[name]).then(None).otherwise(pl.col(name)).alias(name)
            )
    return values, faults


def _raw(frame: pl.DataFrame, column: str) -> pl.Expr:
    kind = frame.schema[column]
    cell = pl.col(column)
    if kind == pl.Float32:  # the decimal that was meant: 4.8, not 4.80000019
        return cell.cast(pl.String).cast(pl.Float64)
    if kind.is_numeric() or kind == pl.Null:
        return cell.cast(pl.Float64)
    return cell.cast(pl.String).str.strip_chars()


def texts(frame: pl.DataFrame, column: str) -> pl.Series:
    """Return a column of names: text without spaces at the ends, empty ones null."""
    out = frame.select(pl.col(column).cast(pl.String).str.strip_chars().alias(column))[column]
    return out.set(out == "", None)


@dataclass(frozen=True)
class Times:
    """Parsed times.

    Attributes
    ----------
    time : polars Series
        Naive Datetime of the Asia/Shanghai clock, null where the text is no time.
    clock : bool
        Some row states an hour, not only a date.
    converted : bool
        Some row states an offset, and was converted to the Asia/Shanghai clock.
    """

    time: pl.Series
    clock: bool
    converted: bool = False


def times(raw: pl.Series) -> Times:
    """Parse a column of times or dates."""
    kind = raw.dtype
    if isinstance(kind, pl.Datetime):
        if kind.time_zone:
            raw = raw.dt.convert_time_zone("Asia/Shanghai").dt.replace_time_zone(None)
        return Times(raw.cast(TIME), clock=True, converted=kind.time_zone is not None)
    if kind == pl.Date:
        return Times(raw.cast(TIME), clock=False)
    if (
        not kind.is_numeric() or kind.is_integer()
    ):  # a bare number is no time here, but may be 20200101 or 2020010113
        raw = raw.cast(pl.String)
    else:
        return Times(pl.Series("time", [None] * len(raw), dtype=TIME), clock=False)
    distinct = raw.unique()
    parsed = _times(distinct)
    table = parsed.with_columns(text=distinct)
    joined = pl.DataFrame({"text": raw}).join(table, on="text", how="left", maintain_order="left")
    clock, converted = parsed["clock"].any(), parsed["converted"].any()
    return Times(joined["time"], clock=bool(clock), converted=bool(converted))


_NAMES = {name: n for n, name in enumerate(month_abbr) if name}
# 5 Jan 2021, 05-Jan-2021 13:00 and January 5, 2021
_ENGLISH = (
    (r"(?i)^(\d{1,2})[\s-]+([a-z]{3})[a-z]*\.?,?[\s-]+((?:19|20)\d\d)\b(.*)$", (3, 2, 1, 4)),
    (
        r"(?i)^([a-z]{3})[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+((?:19|20)\d\d)\b(.*)$",
        (3, 1, 2, 4),
    ),
)


def _in_figures(texts: pl.Series) -> pl.Series:
    """Write dates with English names of months in figures."""
    if not texts.str.contains(r"(?i)[a-z]{3}").any():
        return texts
    frame = pl.DataFrame({"text": texts})
    for pattern, order in _ENGLISH:
        year, month, day, rest = (pl.col("text").str.extract(pattern, n) for n in order)
        number = month.str.to_titlecase().replace_strict(
            _NAMES, default=None, return_dtype=pl.Int32
        )
        written = pl.concat_str(pl.format("{}-{}-{}", year, number, day), rest)
        frame = frame.with_columns(pl.coalesce(written, pl.col("text")).alias("text"))
    return frame["text"]


def _times(distinct: pl.Series) -> pl.DataFrame:
    plain = _in_figures(distinct.str.normalize("NFKC").str.strip_chars())
    parts = pl.DataFrame({"text": plain}).select(
        pl.coalesce(
            pl.col("text").str.extract(_SPACED, i), pl.col("text").str.extract(_COMPACT, i)
        ).alias(name)
        for i, name in enumerate(("year", "month", "day", "hour", "minute", "second", "offset"), 1)
    )
    offset = pl.col("offset").str.replace("Z", "+00:00").str.replace(":", "")
    ahead = (
        offset.str.slice(1, 2).cast(pl.Int32) * 60 + offset.str.slice(3, 2).cast(pl.Int32)
    ) * pl.when(offset.str.starts_with("-")).then(-1).otherwise(1)
    hour, minute, second = (
        pl.col(p).cast(pl.Int32).fill_null(0) for p in ("hour", "minute", "second")
    )
    sound = (
        (minute < 60)
        & (second < 60)
        & ((hour < 24) | ((hour == 24) & (minute == 0) & (second == 0)))
    )
    day = pl.concat_str("year", "month", "day", separator="-").str.to_date("%Y-%m-%d", strict=False)
    return parts.select(
        time=pl.when(sound)
        .then(
            day.cast(TIME)
            + pl.duration(
                hours=hour,
                minutes=minute + pl.when(ahead.is_null()).then(0).otherwise(480 - ahead),
                seconds=second,
            )
        )
        .cast(TIME),
        clock=pl.col("hour").is_not_null(),
        converted=ahead.is_not_null() & (ahead != 480),
    )


_MONTH = r"^((?:19|20)\d\d)(?:[-/.年](\d{1,2})月?|(\d\d))$"


def months(raw: pl.Series) -> pl.Series:
    """Parse a column of months (2021-01, 2021年1月, 202101) as their first days."""
    text = pl.DataFrame({"text": raw.cast(pl.String).str.normalize("NFKC").str.strip_chars()})
    parts = text.select(
        year=pl.col("text").str.extract(_MONTH, 1),
        month=pl.coalesce(
            pl.col("text").str.extract(_MONTH, 2), pl.col("text").str.extract(_MONTH, 3)
        ),
    )
    first = pl.concat_str("year", "month", pl.lit("1"), separator="-")
    return parts.select(month=first.str.to_date("%Y-%m-%d", strict=False)).to_series()


def hours(raw: pl.Series) -> pl.Series:
    """Parse a column of hours of the day, 0 to 24."""
    kind = raw.dtype
    if isinstance(kind, pl.Time):
        return raw.dt.hour().cast(pl.Int32)
    text = raw.cast(pl.String).str.normalize("NFKC").str.strip_chars()
    hour = text.str.extract(_HOUR, 1).cast(pl.Int32, strict=False)
    return hour.set(hour > 24, None)


def time_of(frame: pl.DataFrame, roles: dict[str, str]) -> Times:
    """Parse the time of each row from whichever columns hold it.

    Parameters
    ----------
    frame : polars DataFrame
        Raw cells.
    roles : dict
        ``time``, ``date``, ``hour``, ``year``, ``month``, ``day`` to columns, as far as there.
    """
    if "time" in roles and not ("date" in roles and _bare_hours(frame[roles["time"]])):
        return times(frame[roles["time"]])
    hour = roles.get("hour") or (roles.get("time") if "date" in roles else None)
    if "date" in roles:
        found = times(frame[roles["date"]])
    else:
        parts = (pl.col(roles[part]) for part in ("year", "month", "day"))
        whole = (p.cast(pl.Float64, strict=False).cast(pl.Int32, strict=False) for p in parts)
        found = times(frame.select(day=pl.concat_str(whole, separator="-")).to_series())
    if hour is None:
        return found
    clock = pl.DataFrame({"day": found.time, "hour": hours(frame[hour])}).select(
        pl.col("day").dt.truncate("1d") + pl.duration(hours="hour")
    )
    return Times(clock.to_series().cast(TIME), clock=True, converted=found.converted)


def _bare_hours(raw: pl.Series) -> bool:
    """Tell whether a column named time holds only the hour, beside a date."""
    if isinstance(raw.dtype, pl.Time):
        return True
    if raw.dtype != pl.String:
        return bool(raw.dtype.is_integer())
    some = raw.drop_nulls().head(100)
    return len(some) > 0 and bool(hours(some).is_not_null().all())

"""Levels of a series of samples: Leq, L10, L50, L90, Ld, Ln, Ldn (GB 3096, HJ 640)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Literal

import narwhals.stable.v2 as nw

from shanshui._frames import Entered, enter, naive_time, names, require, require_numbers
from shanshui._rules import code_if, joined
from shanshui.noise._levels import PLACES, in_force, level, number, sound
from shanshui.standards.editions import Edition
from shanshui.standards.errors import ShanshuiError
from shanshui.standards.rounding import divide_half_even, from_fixed, integer, to_fixed

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrameT

    from shanshui._frames import LazyFrame

Step = Literal["1s", "1min", "1h"]
Period = Literal["hour", "part", "date"]
Night = Literal["following", "calendar"]
Stamp = Literal["start", "end"]

PER_HOUR = {"1s": 3600, "1min": 60, "1h": 1}
OFFSET = {"1s": "-1s", "1min": "-1m", "1h": "-1h"}
GUARD = 6
"""Decimals at which a computed level is taken before it is rounded.

Powers and logarithms differ between engines in the last bits, some 1e-13 dB; so they agree, and a
mean that is 54.25 by its decimals rounds as 54.25 does.
"""
PERCENTILES = {"l10": 0.9, "l50": 0.5, "l90": 0.1}


def levels(
    series: IntoFrameT,
    *,
    value: str = "la",
    by: str | Sequence[str] = "station",
    time: str = "time",
    step: Step = "1s",
    stamp: Stamp = "start",
    period: Period = "date",
    maximum: str | None = None,
    day: tuple[int, int] | None = None,
    night: Night = "following",
    min_share: float = 0.75,
    edition: str | date | Edition | None = None,
) -> IntoFrameT:
    """Compute levels of hours, of days and nights, or of whole dates from a series of samples.

    Leq is the energy mean, 10·lg[(1/n)·Σ 10^(0.1·L)]; L10, L50 and L90 are the levels exceeded 10,
    50 and 90 % of the time (percentiles 90, 50 and 10 of the samples). Results have one decimal.

    The night runs from 22:00 to 06:00 of the next morning and belongs to the date on which it
    begins, so that the day and the night of a date are 24 hours without a gap.

    Parameters
    ----------
    series : frame
        Key columns, time, and A-weighted levels in dB(A): samples of a second, equivalent levels
        of a minute, or of an hour.
    value : str
        Column of the levels. A level below 0 or above 200 dB counts as missing.
    by : str or list of str
        Key columns of a point.
    time : str
        Column of times.
    step : {"1s", "1min", "1h"}
        What one row stands for.
    stamp : {"start", "end"}
        Whether a time is the start of its step (HJ 212, meters) or the end.
    period : {"hour", "part", "date"}
        One row an hour, one a day or night, or one a date with both.
    maximum : str, optional
        Column with the maximum level of each row. Without it, maxima are those of the samples, and
        there are none with ``step="1h"``.
    day : (int, int), optional
        Hours between which it is day, by default those of the standard (6, 22). Local government
        may shift them.
    night : {"following", "calendar"}
        ``"calendar"`` gives a date its own hours before the morning, from 0 o'clock on, with those
        of the evening.
    min_share : float
        Least share (0 to 1) of the samples that must be there and valid. The standards read here
        state none; this is the project's own, and 0 turns it off.
    edition : str, date or Edition, optional
        By default the newest.

    Returns
    -------
    frame of the kind that came
        Keys, ``date``, and

        - by hour ``hour`` (0 to 23, which begins then) and ``part`` (``day``, ``night``); by part
          ``part``; then ``leq``, with steps shorter than an hour ``l10, l50, l90, lmin, sd``
          (standard deviation with n - 1), ``lmax`` where there are maxima, ``samples`` (valid),
          ``expected``, and ``reason`` where there is no result: ``few_samples, repeated_time,
          too_many`` (more samples than the step allows);
        - by date ``ld, ln, ldn``, ``lmax_night`` where there are maxima, ``samples_day,
          samples_night, reason_ld, reason_ln``;
        - ``edition``.

        Rows without a time are left out.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.
    ShanshuiError
        An option is not understood, or hours are asked for of hourly levels.

    References
    ----------
    GB 3096-2008 3 (Leq, Ld, Ln, percentiles) and 4 (day and night); HJ 640-2012. The law on noise
    pollution (2021) has the night last to the next morning.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime
    >>> hours = pl.datetime_range(
    ...     datetime(2025, 5, 1, 6), datetime(2025, 5, 2, 5), "1h", eager=True
    ... )
    >>> table = pl.DataFrame({"station": "A", "time": hours, "la": [60.0] * 16 + [50.0] * 8})
    >>> levels(table, step="1h").select("date", "ld", "ln", "ldn").row(0)
    (datetime.date(2025, 5, 1), 60.0, 50.0, 60.0)
    """
    found = in_force(edition)
    hours = _check(
        step, stamp, period, night, min_share, day or tuple(found.parameter("day_hours"))
    )
    entered = enter(series)
    keys = names(by)
    both = [value] if maximum is None else [value, maximum]
    require(entered.schema, [*keys, time, *both], what="噪声数据")
    require_numbers(entered.schema, both)
    frame = _timed(entered, time, step, stamp, hours, night)
    frame = _valued(frame, entered, value, maximum, step)
    place, whole = [*keys, "date"], step != "1h"
    if period == "hour":
        # An hour stands under the date of the clock, a night under the one on which it begins.
        spans = _aggregated(
            frame,
            keys,
            {"_date": "date", "_hour": "hour", "_part": "part"},
            expected=integer(PER_HOUR[step]),
            min_share=min_share,
            whole=True,
        )
        result = _figures(spans, [*place, "hour", "part"], whole=True)
        order = [*place, "hour"]
    elif period == "part":
        spans = _parts(frame, keys, step, hours, min_share, whole=whole)
        result, order = _figures(spans, [*place, "part"], whole=whole), [*place, "part"]
    else:
        parts = _parts(frame, keys, step, hours, min_share, whole=False)
        result, order = _dates(parts, keys, hours, found.parameter("night_weight")), place
    result = result.with_columns(nw.lit(found.name).alias("edition"))
    out: IntoFrameT = entered.leave(result, order)
    return out


def _check(
    step: str, stamp: str, period: str, night: str, min_share: float, day: Sequence[int]
) -> tuple[int, int]:
    """Refuse options that are not understood, and return the hours of the day."""
    allowed = {
        "step": (step, tuple(PER_HOUR)),
        "stamp": (stamp, ("start", "end")),
        "period": (period, ("hour", "part", "date")),
        "night": (night, ("following", "calendar")),
    }
    for name, (said, known) in allowed.items():
        if said not in known:
            raise ShanshuiError(f"{name} 应为 {'、'.join(known)} / must be one of them: {said!r}")
    if step == "1h" and period == "hour":
        raise ShanshuiError(
            "小时值已是小时等效声级，period 应为 part 或 date / "
            "hourly levels are those of hours already: period must be part or date"
        )
    if not 0 <= min_share <= 1:
        raise ShanshuiError(f"min_share 应在 0—1 之间 / must lie within 0..1: {min_share}")
    if len(day) != 2 or not 0 <= day[0] < day[1] <= 24 or day[1] - day[0] == 24:
        raise ShanshuiError(
            f"day 应为昼间的起止小时，如 (6, 22) / day is its first and last hour: {day!r}"
        )
    return day[0], day[1]


def _timed(
    entered: Entered,
    time: str,
    step: str,
    stamp: str,
    hours: tuple[int, int],
    night: str,
) -> LazyFrame:
    """Add ``_time`` (the start of the step), and the date, hour and part that it lies in."""
    start = naive_time(entered, time)
    if stamp == "end":
        start = start.dt.offset_by(OFFSET[step])
    frame = entered.frame.with_columns(start.alias("_time"))
    frame = frame.filter(~nw.col("_time").is_null()).with_columns(
        nw.col("_time").dt.hour().cast(nw.Int64).alias("_hour"),
        nw.col("_time").dt.date().alias("_date"),
    )
    daytime = (nw.col("_hour") >= hours[0]) & (nw.col("_hour") < hours[1])
    own = nw.col("_date")
    if night == "following":
        before = nw.col("_date").dt.offset_by("-1d").cast(nw.Date)
        own = nw.when(nw.col("_hour") < hours[0]).then(before).otherwise(nw.col("_date"))
    return frame.with_columns(
        nw.when(daytime).then(nw.lit("day")).otherwise(nw.lit("night")).alias("_part"),
        own.alias("_own"),
    )


def _valued(
    frame: LazyFrame, entered: Entered, value: str, maximum: str | None, step: str
) -> LazyFrame:
    """Add ``_l`` (fixed), ``_energy``, ``_square`` and, where there are maxima, ``_max``."""
    frame = frame.with_columns(
        sound(number(value, entered.schema[value])).alias("_level"),
        level(value, entered.schema[value]).alias("_l"),
    )
    top = None
    if maximum is not None:
        top = level(maximum, entered.schema[maximum])
    elif step != "1h":
        top = nw.col("_l")
    return frame.with_columns(
        (nw.lit(10.0) ** (nw.col("_level") * 0.1)).alias("_energy"),
        (nw.col("_l") * nw.col("_l")).alias("_square"),
        *([] if top is None else [top.alias("_max")]),
    )


def _level_of(energy: nw.Expr) -> nw.Expr:
    """Return 10·lg of a mean energy, to one decimal."""
    return _tenth(to_fixed(energy.log(10) * 10.0, GUARD), GUARD)


def _tenth(fixed: nw.Expr, places: int) -> nw.Expr:
    return from_fixed(divide_half_even(fixed, 10 ** (places - 1)), 1)


def _aggregated(
    frame: LazyFrame,
    keys: Sequence[str],
    place: Mapping[str, str],
    *,
    expected: nw.Expr,
    min_share: float,
    whole: bool,
) -> LazyFrame:
    """Bring samples to spans: ``samples, expected, reason, _n`` (null where there is a reason).

    And ``_mean``, the mean energy, ``_highest``, and with `whole` what the other figures need.
    """
    peaks = "_max" in frame.collect_schema()
    spans = frame.group_by(*keys, *place).agg(
        nw.len().cast(nw.Int64).alias("_rows"),
        nw.col("_time").n_unique().cast(nw.Int64).alias("_times"),
        nw.col("_l").count().cast(nw.Int64).alias("samples"),
        nw.col("_energy").sum().alias("_energies"),
        *([nw.col("_max").max().cast(nw.Int64).alias("_highest")] if peaks else []),
        *(
            [
                nw.col("_l").sum().cast(nw.Int64).alias("_sum"),
                nw.col("_square").sum().cast(nw.Int64).alias("_squares"),
                nw.col("_l").min().cast(nw.Int64).alias("_lowest"),
                *(
                    nw.col("_level").quantile(q, interpolation="linear").alias(f"_{name}")
                    for name, q in PERCENTILES.items()
                ),
            ]
            if whole
            else []
        ),
    )
    spans = spans.rename(dict(place)).with_columns(expected.alias("expected"))
    few = nw.col("samples").cast(nw.Float64) < nw.col("expected").cast(nw.Float64) * min_share
    repeated = nw.col("_rows") > nw.col("_times")
    spans = spans.with_columns(
        joined(
            [
                code_if(repeated, "repeated_time"),
                code_if(~repeated & (nw.col("_rows") > nw.col("expected")), "too_many"),
                code_if(few | (nw.col("samples") == 0), "few_samples"),
            ]
        ).alias("reason")
    )
    spans = spans.with_columns(nw.when(nw.col("reason").is_null()).then("samples").alias("_n"))
    return spans.with_columns((nw.col("_energies") / nw.col("_n").cast(nw.Float64)).alias("_mean"))


def _parts(
    frame: LazyFrame,
    keys: Sequence[str],
    step: str,
    hours: tuple[int, int],
    min_share: float,
    *,
    whole: bool,
) -> LazyFrame:
    """Bring samples to days and nights."""
    length = hours[1] - hours[0]
    daytime = nw.when(nw.col("part") == "day").then(integer(length * PER_HOUR[step]))
    return _aggregated(
        frame,
        keys,
        {"_own": "date", "_part": "part"},
        expected=daytime.otherwise(integer((24 - length) * PER_HOUR[step])),
        min_share=min_share,
        whole=whole,
    )


def _figures(spans: LazyFrame, place: Sequence[str], *, whole: bool) -> LazyFrame:
    """Return the columns of spans, rounded."""
    fine = nw.when(nw.col("reason").is_null())
    figures = {"leq": _level_of(nw.col("_mean"))}
    if whole:
        spans = _with_deviation(spans)
        for name in PERCENTILES:
            figures[name] = _tenth(to_fixed(fine.then(nw.col(f"_{name}")), GUARD), GUARD)
    if "_highest" in spans.collect_schema():
        figures["lmax"] = _tenth(fine.then(nw.col("_highest")), PLACES)
    if whole:
        figures["lmin"] = _tenth(fine.then(nw.col("_lowest")), PLACES)
        figures["sd"] = _tenth(to_fixed(nw.col("_deviation"), GUARD), GUARD)
    return spans.select(
        *place, *(f.alias(n) for n, f in figures.items()), "samples", "expected", "reason"
    )


def _with_deviation(spans: LazyFrame) -> LazyFrame:
    """Add ``_deviation``, dB, from exact sums about a whole number near the mean."""
    spans = spans.with_columns(
        (nw.col("_sum") // nw.col("_n")).alias("_near"),
        (nw.col("_sum") % nw.col("_n")).cast(nw.Float64).alias("_rest"),
    )
    near = nw.col("_near")
    spans = spans.with_columns(
        (nw.col("_squares") - near * nw.col("_sum") * 2 + near * near * nw.col("_n"))
        .cast(nw.Float64)
        .alias("_about"),
        nw.col("_n").cast(nw.Float64).alias("_of"),
        nw.when(nw.col("_n") > 1).then(nw.col("_n") - 1).cast(nw.Float64).alias("_free"),
    )
    spans = spans.with_columns(
        (nw.col("_about") - nw.col("_rest") * nw.col("_rest") / nw.col("_of")).alias("_about")
    )
    squared = nw.when(nw.col("_about") > 0).then(nw.col("_about")).otherwise(nw.lit(0.0))
    return spans.with_columns(
        ((squared / nw.col("_free")).sqrt() / 10.0**PLACES).alias("_deviation")
    )


def _dates(parts: LazyFrame, keys: Sequence[str], hours: tuple[int, int], lift: float) -> LazyFrame:
    """Bring days and nights side by side: Ld, Ln and Ldn of dates."""
    peaks = "_highest" in parts.collect_schema()
    columns = ("_mean", "samples", "reason", *(("_highest",) if peaks else ()))
    parts = parts.with_columns(
        nw.when(nw.col("part") == side).then(nw.col(c)).alias(f"{c}_{side}")
        for c in columns
        for side in ("day", "night")
    )
    wanted = [f"{c}_{side}" for c in columns for side in ("day", "night")]
    dates = parts.group_by(*keys, "date").agg(nw.col(c).max() for c in wanted)
    length = hours[1] - hours[0]
    by_hours = nw.col("_mean_day") * float(length)
    lifted = nw.col("_mean_night") * ((24 - length) * 10 ** (lift / 10))
    dates = dates.with_columns(((by_hours + lifted) / 24.0).alias("_mean_both"))
    loudest = nw.when(nw.col("reason_night").is_null()).then(nw.col("_highest_night"))
    return dates.select(
        *keys,
        "date",
        _level_of(nw.col("_mean_day")).alias("ld"),
        _level_of(nw.col("_mean_night")).alias("ln"),
        _level_of(nw.col("_mean_both")).alias("ldn"),
        *([_tenth(loudest, PLACES).alias("lmax_night")] if peaks else []),
        *(nw.col(f"samples_{s}").fill_null(0).alias(f"samples_{s}") for s in ("day", "night")),
        *(
            nw.when(nw.col(f"samples_{s}").is_null())
            .then(nw.lit("few_samples"))
            .otherwise(nw.col(f"reason_{s}"))
            .alias(f"reason_l{s[0]}")
            for s in ("day", "night")
        ),
    )

"""Trends of a series and their significance: Theil–Sen, Mann–Kendall, deseasonalising."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from math import ceil, erfc, log2, sqrt
from typing import TYPE_CHECKING, Any, Literal

from shanshui.analysis._series import (
    TIME,
    Opened,
    Stamp,
    choice,
    clock,
    extra,
    once,
    opened,
    share,
    truncated,
)
from shanshui.analysis.averages import average as averaged
from shanshui.standards.errors import SchemaError, ShanshuiError

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrameT

    Floats = np.ndarray[Any, np.dtype[np.float64]]

Average = Literal["month", "year"]
Method = Literal["stl", "month"]

LEAST = 6
"""Fewest values of a slope, as openair has it."""
LEAST_S = 4
"""Fewest values of a Mann–Kendall test: with three no order is rare."""
LEAST_MONTHS = 24
"""A seasonal part needs more months than these."""
FEW_YEARS = 60
"""Of fewer months, a seasonal part takes in much of the noise and an interval comes out narrow."""
_MOST = 10_000  # values of a slope: 50 million pairs
_CHUNK = 4_000_000  # weights held at once
_MARKS = ((0.001, "***"), (0.01, "**"), (0.05, "*"), (0.1, "+"))


def theil_sen(
    frame: IntoFrameT,
    value: str,
    *,
    time: str = "date",
    by: str | Sequence[str] | None = None,
    average: Average | None = "month",
    min_coverage: float = 0.75,
    deseason: Literal[False] | Method = False,
    interval: Literal["bootstrap", "analytic"] = "bootstrap",
    confidence: float = 0.95,
    autocorrelation: bool = False,
    bootstraps: int = 599,
    seed: int = 2,
    stamp: Stamp = "end",
    every: str | None = None,
) -> IntoFrameT:
    """Estimate the Theil–Sen slope of each series, with its interval and significance.

    The slope is the median of the slopes of all pairs of values, the intercept the median of the
    values less the slope times the median of the times. Time counts in days from 1970-01-01 and a
    year has 365 of them, as in openair, whose definitions these are.

    Parameters
    ----------
    frame : frame in memory
        Keys, a date or datetime, a numeric value; hours, days, months or samples in any order.
    value : str
        Column of the series.
    time : str
        Column of times.
    by : str or list of str, optional
        Key columns; one series each.
    average : {"month", "year"} or None
        Means of calendar months or years first, each at its first day; None takes the rows as they
        are. Where no period has two rows, the rows are taken to be its values already.
    min_coverage : float
        Least share of a period's days (or hours) for its mean.
    deseason : False, "stl" or "month"
        Take the seasonal part off first, as `deseasonalise` does; needs more than 24 months.
    interval : {"bootstrap", "analytic"}
        Percentiles of bootstrapped slopes, or Sen's interval from the variance of Kendall's S.
    confidence : float
        Of the interval, between 0 and 1.
    autocorrelation : bool
        Resample blocks of n^(1/3) neighbouring values in place of single ones. Bootstrap only.
    bootstraps : int
        Number of resamples.
    seed : int
        Of the resamples. They are drawn as R draws them (Mersenne Twister, rejection), so with
        the defaults the intervals are openair's too.
    stamp : {"end", "start"}
        Whether a time is the end or the start of its hour.
    every : str, optional
        How often there is a value (``"1h"``, ``"1d"``); by default days for dates, else hours.

    Returns
    -------
    frame of the kind that came
        One row a key: keys, ``n`` (values used), ``first``, ``last`` (dates of the first and last
        of them), ``slope``, ``slope_lower``, ``slope_upper`` (units a year), ``intercept`` (the
        line on 1970-01-01), ``intercept_lower``, ``intercept_upper`` (of the lines with the lower
        and upper slope), ``slope_percent`` with ``_lower`` and ``_upper`` (change of the line from
        first to last, % of its first value, a year), ``p`` (two-sided), ``significance`` (``***``
        p < 0.001, ``**`` < 0.01, ``*`` < 0.05, ``+`` < 0.1, else empty), ``average``, ``deseason``
        (null where it was not done), ``interval``, ``reason`` (``few_values``: fewer than six,
        everything is null; ``short_for_deseason``: 24 months or fewer, it was not done;
        ``few_years``: it was done on fewer than 60 months, so that the seasonal part takes in noise
        and the interval is too narrow). Codes are joined by ','.

    Raises
    ------
    SchemaError
        The frame is lazy, a column is missing or of the wrong kind, or a time is there twice.
    ShanshuiError
        An argument is wrong, or the extra [analysis] is absent.

    References
    ----------
    Theil, H. (1950), Nederl. Akad. Wetensch. Proc. 53, 386-392, 521-525, 1397-1412; Sen, P. K.
    (1968), J. Am. Stat. Assoc. 63, 1379-1389; Kunsch, H. R. (1989), Ann. Stat. 17, 1217-1241
    (block bootstrap); Carslaw, D. C., Ropkins, K. (2012), Environ. Model. Softw. 27-28, 52-61.

    Examples
    --------
    >>> import polars as pl
    >>> months = pl.DataFrame(
    ...     {"date": pl.date_range(pl.date(2020, 1, 1), pl.date(2024, 12, 1), "1mo", eager=True)}
    ... ).with_columns(pm25=40 - pl.int_range(60) * 0.25 + pl.int_range(60) % 3)
    >>> theil_sen(months, "pm25").select("n", pl.col("slope").round(2), "significance").row(0)
    (60, -3.0, '***')
    """
    import polars as pl

    choice("interval", interval, "bootstrap", "analytic")
    choice("deseason", deseason, False, "stl", "month")
    _proper(confidence)
    if bootstraps < 1:
        raise ShanshuiError(f"bootstraps 应为正整数 / must be positive: {bootstraps!r}")
    if interval == "analytic" and autocorrelation:
        raise ShanshuiError(
            "解析区间不能校正自相关，请用 interval='bootstrap' / "
            "the analytic interval has no correction for autocorrelation; use the bootstrap"
        )
    data = opened(frame, [value], by, time)
    rows = []
    for key, dates, values in _series(data, value, time, average, min_coverage, stamp, every):
        seasonal = _seasonal(dates, values, deseason) if deseason else None
        done = None if seasonal is None else deseason
        x, y, days = _present(dates, values if seasonal is None else values - seasonal)
        row: dict[str, Any] = {"n": len(y)} | _ends(days)
        if len(y) >= LEAST:
            fit = (
                _analytic(x, y, confidence)
                if interval == "analytic"
                else _bootstrapped(
                    x, y, confidence, bootstraps, _block(len(y)) if autocorrelation else 1, seed
                )
            )
            row |= fit | _percents(fit, x[0], x[-1])
            row["significance"] = next((mark for p, mark in _MARKS if fit["p"] < p), "")
        reasons = ["few_values"] * (len(y) < LEAST)
        reasons += ["short_for_deseason"] * (bool(deseason) and done is None)
        reasons += ["few_years"] * (done is not None and len(dates) < FEW_YEARS)
        row |= {"average": average, "deseason": done, "interval": interval}
        rows.append(key | row | {"reason": ",".join(reasons) or None})
    names_ = ("slope", "intercept", "slope_percent")
    schema: dict[str, Any] = {k: data.rows.schema[k] for k in data.keys}
    schema |= {"n": pl.Int64, "first": pl.Date, "last": pl.Date}
    schema |= {f"{n}{part}": pl.Float64 for n in names_ for part in ("", "_lower", "_upper")}
    schema |= {"p": pl.Float64} | dict.fromkeys(_METHOD, pl.String)
    out: IntoFrameT = data.leave(pl.DataFrame(rows, schema=schema, orient="row"))
    return out


_METHOD = ("significance", "average", "deseason", "interval", "reason")


def mann_kendall(
    frame: IntoFrameT,
    value: str,
    *,
    time: str = "date",
    by: str | Sequence[str] | None = None,
    average: Average | None = None,
    min_coverage: float = 0.75,
    seasonal: Literal["month"] | None = None,
    autocorrelation: bool = False,
    confidence: float = 0.95,
    stamp: Stamp = "end",
    every: str | None = None,
) -> IntoFrameT:
    """Test each series for a monotonic trend (Mann–Kendall), by seasons where asked.

    S counts the pairs that rise less those that fall. Its variance allows for ties, and z carries
    the correction for continuity.

    Parameters
    ----------
    frame : frame in memory
        Keys, a date or datetime, a numeric value, in any order.
    value : str
        Column of the series.
    time : str
        Column of times.
    by : str or list of str, optional
        Key columns; one series each.
    average : {"month", "year"} or None
        Means of calendar months or years first; None takes the rows as they are.
    min_coverage : float
        Least share of a period's days (or hours) for its mean.
    seasonal : {"month"}, optional
        Compare a month with the same month of other years only, and add the twelve S and their
        variances (Hirsch, Slack and Smith).
    autocorrelation : bool
        Correct the variance for autocorrelation (Hamed and Rao): by the significant
        autocorrelations (5 %) of the ranks of the values less their Sen slope. Not with `seasonal`.
    confidence : float
        A trend is named where p < 1 − confidence.
    stamp : {"end", "start"}
        Whether a time is the end or the start of its hour.
    every : str, optional
        How often there is a value; by default days for dates, else hours.

    Returns
    -------
    frame of the kind that came
        One row a key: keys, ``n``, ``first``, ``last``, ``s`` (whole), ``tau`` (tau-b: allowing for
        ties), ``variance`` (of S), ``z``, ``p`` (two-sided, normal), ``trend`` (``上升``, ``下降``,
        ``无显著趋势``), ``seasonal``, ``correction`` (``hamed-rao``), ``reason`` (``few_values``:
        fewer than four, all is null; ``no_variance``: the correction leaves none, z and p are
        null).

    Raises
    ------
    SchemaError
        The frame is lazy, a column is missing or of the wrong kind, or a time is there twice.
    ShanshuiError
        An argument is wrong, or the extra [analysis] is absent.

    References
    ----------
    Mann, H. B. (1945), Econometrica 13, 245-259; Kendall, M. G. (1975), Rank Correlation Methods;
    Hirsch, R. M., Slack, J. R., Smith, R. A. (1982), Water Resour. Res. 18, 107-121; Hamed, K. H.,
    Rao, A. R. (1998), J. Hydrol. 204, 182-196.

    Examples
    --------
    >>> import polars as pl
    >>> years = pl.DataFrame(
    ...     {
    ...         "date": pl.date_range(pl.date(2015, 1, 1), pl.date(2024, 1, 1), "1y", eager=True),
    ...         "pm25": [50.0, 48, 44, 39, 40, 33, 30, 29, 31, 30],
    ...     }
    ... )
    >>> mann_kendall(years, "pm25").select("s", pl.col("p").round(4), "trend").row(0)
    (-36, 0.0017, '下降')
    """
    import polars as pl

    choice("seasonal", seasonal, None, "month")
    _proper(confidence)
    if seasonal and autocorrelation:
        raise ShanshuiError(
            "seasonal 与 autocorrelation 不能同时用 / cannot be used together: "
            "seasonal, autocorrelation"
        )
    np = extra("numpy")
    data = opened(frame, [value], by, time)
    rows = []
    for key, dates, values in _series(data, value, time, average, min_coverage, stamp, every):
        x, y, days = _present(dates, values)
        n = len(y)
        row: dict[str, Any] = {"n": n} | _ends(days) | {"seasonal": seasonal}
        row["correction"] = "hamed-rao" if autocorrelation else None
        if n < LEAST_S:
            rows.append(key | row | {"reason": "few_values"})
            continue
        month = np.array([d.month for d in days]) if seasonal else np.zeros(n)
        parts = [_kendall(y[month == m]) for m in np.unique(month)]
        s = sum(p[0] for p in parts)
        variance: float = sum(p[1] for p in parts) / 18
        possible = sum(p[2] for p in parts)
        if autocorrelation:
            variance *= _hamed_rao(x, y)
        row |= {"s": s, "tau": s / possible if possible else 0.0, "variance": variance}
        if variance > 0 or s == 0:
            z = (s - (s > 0) + (s < 0)) / sqrt(variance) if s else 0.0
            p = erfc(abs(z) / sqrt(2))
            word = "无显著趋势" if p >= 1 - confidence else "上升" if s > 0 else "下降"
            row |= {"z": z, "p": p, "trend": word}
        else:
            row["reason"] = "no_variance"
        rows.append(key | row)
    schema: dict[str, Any] = {k: data.rows.schema[k] for k in data.keys}
    schema |= {"n": pl.Int64, "first": pl.Date, "last": pl.Date, "s": pl.Int64}
    schema |= dict.fromkeys(("tau", "variance", "z", "p"), pl.Float64)
    schema |= dict.fromkeys(("trend", "seasonal", "correction", "reason"), pl.String)
    out: IntoFrameT = data.leave(pl.DataFrame(rows, schema=schema, orient="row"))
    return out


def deseasonalise(
    frame: IntoFrameT,
    value: str,
    *,
    method: Method = "stl",
    time: str = "date",
    by: str | Sequence[str] | None = None,
) -> IntoFrameT:
    """Split the seasonal part off a series of months.

    ``"stl"`` lets the seasons change over the years: STL with a seasonal window of 11, robust,
    as openair calls it. ``"month"`` takes each calendar month's mean less the mean of all.

    Parameters
    ----------
    frame : frame in memory
        Keys, a date or datetime, a numeric value; one row a month at most (`average` makes them).
    value : str
        Column of the series.
    method : {"stl", "month"}
        How the seasonal part is found.
    time : str
        Column of times.
    by : str or list of str, optional
        Key columns; one series each.

    Returns
    -------
    frame of the kind that came
        Every row and column, ``<value>_seasonal`` and ``<value>_deseasoned`` (the value less its
        seasonal part). Both are null where the value is, and for a series of 24 months or fewer
        from its first value to its last. STL needs every month: for its sake alone a gap is filled
        with its calendar month's mean and the line between the neighbours' differences from
        theirs; the filled month stays null in the result.

    Raises
    ------
    SchemaError
        The frame is lazy, a column is missing or of the wrong kind, or a month has two rows.
    ShanshuiError
        The extra [analysis] is absent.

    References
    ----------
    Cleveland, R. B., Cleveland, W. S., McRae, J. E., Terpenning, I. (1990), STL: a seasonal-trend
    decomposition procedure based on loess, J. Off. Stat. 6, 3-73.

    Examples
    --------
    >>> import polars as pl
    >>> months = pl.DataFrame(
    ...     {"date": pl.date_range(pl.date(2021, 1, 1), pl.date(2023, 12, 1), "1mo", eager=True)}
    ... ).with_columns(pm25=30 + 10.0 * (pl.int_range(36) % 12 < 6))
    >>> split = deseasonalise(months, "pm25", method="month")
    >>> split["pm25_seasonal"].unique().sort().to_list(), split["pm25_deseasoned"].unique().item()
    ([-5.0, 5.0], 35.0)
    """
    import polars as pl

    choice("method", method, "stl", "month")
    data = opened(frame, [value], by, time)
    numbered = data.rows.with_row_index("_row")
    rows, _ = clock(type(data)(numbered, data.keys, data.entered), time, stamp="start", every="1d")
    rows = rows.with_columns(truncated("month").alias(TIME))
    once(rows, data.keys, time)
    found = []
    for _, part in data.parts(rows):
        months = _months(part.select("_row", TIME, value).sort(TIME), value)
        if months.is_empty():
            continue
        dates, values = months[TIME].dt.date().to_list(), months[value].fill_null(float("nan"))
        seasonal = _seasonal(dates, values.to_numpy(), method)
        if seasonal is not None:
            found.append(months.select("_row", _seasonal_part=pl.Series(seasonal)))
    parts = pl.concat(
        [*found, pl.DataFrame(schema={"_row": pl.UInt32, "_seasonal_part": pl.Float64})]
    )
    out = numbered.join(parts.drop_nulls(), on="_row", how="left", maintain_order="left")
    there = pl.when(pl.col(value).is_not_null()).then(pl.col("_seasonal_part"))
    out = out.with_columns(
        there.alias(f"{value}_seasonal"),
        (pl.col(value) - pl.col("_seasonal_part")).alias(f"{value}_deseasoned"),
    ).drop("_row", "_seasonal_part")
    left: IntoFrameT = data.leave(
        out.with_columns(data.entered.frame.to_native().select(value).collect().to_series())
    )
    return left


def _proper(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ShanshuiError(
            f"confidence 应在 0 与 1 之间 / must lie between 0 and 1: {confidence!r}"
        )


def _series(
    data: Opened,
    value: str,
    time: str,
    average: Average | None,
    min_coverage: float,
    stamp: Stamp,
    every: str | None,
) -> Iterator[tuple[dict[str, Any], list[Any], Floats]]:
    """Give each key with the times and values of its series, NaN where a period has none.

    A series of periods runs without a gap from its first value to its last.
    """
    choice("average", average, "month", "year", None)
    share("min_coverage", min_coverage)
    rows, minutes = clock(data, time, stamp=stamp, every=every)
    once(rows, data.keys, time)
    rows = rows.select(*data.keys, TIME, value)
    if average:
        periods = rows.with_columns(truncated(average).alias(TIME))
        if periods.select(*data.keys, TIME).is_duplicated().any():
            periods = averaged(
                rows.rename({TIME: "_start"}),
                value,
                to=average,
                min_share=min_coverage,
                time="_start",
                by=data.keys,
                stamp="start",
                every=f"{minutes}m",
            ).with_columns(_cast("date"))
        rows = periods
    for key, own in data.parts(rows):
        part = own.select(TIME, value).sort(TIME)
        part = _months(part, value) if average == "month" else part.drop_nulls(value)
        yield key, part[TIME].to_list(), part[value].fill_null(float("nan")).to_numpy()


def _cast(column: str) -> Any:
    import polars as pl

    return pl.col(column).cast(pl.Datetime("us")).alias(TIME)


def _months(part: pl.DataFrame, value: str) -> pl.DataFrame:
    """Lay a series out over every month from its first value to its last."""
    import polars as pl

    there = part.filter(pl.col(value).is_not_null())
    if there.is_empty():
        return there
    first, *_, last = [*there[TIME].to_list()] * 2  # sorted
    every = pl.datetime_range(first, last, "1mo", eager=True, time_unit="us").alias(TIME)
    return every.to_frame().join(part, on=TIME, how="left", maintain_order="left")


def _ends(days: Sequence[date]) -> dict[str, date | None]:
    return {"first": days[0] if days else None, "last": days[-1] if days else None}


def _present(dates: list[Any], values: Floats) -> tuple[Floats, Floats, list[date]]:
    """Return days since 1970 and values without gaps, and the dates of the values."""
    np = extra("numpy")
    there = ~np.isnan(values)
    times = np.array(dates, dtype="datetime64[us]")[there]
    x = times.astype(np.int64) / 86_400_000_000
    return x, values[there], [moment.date() for moment in times.tolist()]


def _pairs(x: Floats, y: Floats) -> tuple[Any, Any, Floats]:
    """Return the pairs of values, earlier and later, and their slopes."""
    np = extra("numpy")
    if len(x) > _MOST:
        raise ShanshuiError(
            f"{len(x):,} 个值太多，请先平均（average='month'） / "
            f"{len(x):,} values are too many pairs; average them first (average='month')"
        )
    i, j = np.triu_indices(len(x), 1)
    return i, j, (y[j] - y[i]) / (x[j] - x[i])


def _line(x: Floats, y: Floats, slope: float) -> float:
    """Return the intercept: the line goes through the medians."""
    np = extra("numpy")
    return float(np.median(y) - slope * np.median(x))


def _analytic(x: Floats, y: Floats, confidence: float) -> dict[str, float]:
    """Fit with Sen's interval; p is that of the Mann–Kendall test."""
    stats = extra("scipy.stats")
    slope, _, lower, upper = map(float, stats.theilslopes(y, x, confidence))
    s, eighteen, _ = _kendall(y)
    z = (s - (s > 0) + (s < 0)) / sqrt(eighteen / 18) if s else 0.0
    return _fit(
        (slope, lower, upper),
        [_line(x, y, b) for b in (slope, lower, upper)],
        erfc(abs(z) / sqrt(2)),
    )


def _fit(slopes: Sequence[float], intercepts: Sequence[float], p: float) -> dict[str, float]:
    names_ = ("", "_lower", "_upper")
    return {
        **{f"slope{n}": b * 365 for n, b in zip(names_, slopes, strict=True)},
        **{f"intercept{n}": a for n, a in zip(names_, intercepts, strict=True)},
        "p": p,
    }


def _percents(fit: dict[str, float], first: float, last: float) -> dict[str, float | None]:
    """Return the change of each line from first to last, in % of its first value, a year."""
    found: dict[str, float | None] = {}
    for part in ("", "_lower", "_upper"):
        slope, intercept = fit[f"slope{part}"] / 365, fit[f"intercept{part}"]
        start, end = slope * first + intercept, slope * last + intercept
        change = 100 * 365 * (end / start - 1) / (last - first) if start else None
        found[f"slope_percent{part}"] = change
    return found


def _block(n: int) -> int:
    """Return the length of a block, n^(1/3) (Bühlmann and Künsch)."""
    root: float = n ** (1 / 3)
    return round(root)


def _bootstrapped(
    x: Floats, y: Floats, confidence: float, bootstraps: int, block: int, seed: int
) -> dict[str, float]:
    """Fit with the percentiles of resampled slopes.

    A resample holds a value c times, so it holds a pair of values c·c' times: its median slope is a
    weighted median of the slopes that are there, which are sorted once.
    """
    np = extra("numpy")
    i, j, slopes = _pairs(x, y)
    order = np.argsort(slopes, kind="stable")
    i, j, ordered = i[order], j[order], slopes[order]
    draws = _resamples(len(y), bootstraps, block, seed)
    counts = np.zeros((bootstraps, len(y)), dtype=np.int32)
    np.add.at(counts, (np.arange(bootstraps)[:, None], draws), 1)
    found = np.full(bootstraps, np.nan)
    step = max(1, _CHUNK // len(ordered))
    for start in range(0, bootstraps, step):
        some = counts[start : start + step]
        found[start : start + step] = _weighted_medians(ordered, some[:, i] * some[:, j])
    intercepts = np.median(y[draws], axis=1) - found * np.median(x[draws], axis=1)
    known = ~np.isnan(found)  # a resample of one value alone has no slope
    found, intercepts = np.sort(found[known]), np.sort(intercepts[known])
    low = round((1 - confidence) / 2 * len(found))
    high = len(found) - low - 1
    below = (np.sum(found < 0) + 0.5 * np.sum(found == 0)) / len(found)
    slope = float(np.median(ordered))
    return _fit(
        (slope, float(found[low]), float(found[high])),
        # The line with the lowest slope starts highest.
        (_line(x, y, slope), float(intercepts[high]), float(intercepts[low])),
        float(2 * min(below, 1 - below)),
    )


def _weighted_medians(ordered: Floats, weights: Any) -> Floats:
    """Return the median of sorted values, each there as often as a row of weights says."""
    np = extra("numpy")
    sums = np.cumsum(weights, axis=1, dtype=np.int64)
    found: Floats = np.full(len(sums), np.nan)
    for place, row in enumerate(sums):
        total = int(row[-1])
        if total:  # else all values of the resample are of one time
            middle = ordered[np.searchsorted(row, ((total + 1) // 2, total // 2 + 1))]
            found[place] = (middle[0] + middle[1]) / 2
    return found


def _resamples(n: int, bootstraps: int, block: int, seed: int) -> Any:
    """Draw the places of each resample's values, with R's generator as R's ``sample`` uses it.

    R (3.6 and later) seeds a Mersenne Twister by a congruential generator, takes as many of a
    number's upper bits as the range needs, and draws again what lies outside of it.
    """
    np = extra("numpy")
    state, key = seed % 2**32, []
    for place in range(50 + 1 + 624):
        state = (69069 * state + 1) % 2**32
        key += [state] * (place > 50)
    twister = np.random.MT19937()
    twister.state = {
        "bit_generator": "MT19937",
        "state": {"key": np.array(key, dtype=np.uint32), "pos": 624},
    }
    blocks, starts = -(-n // block), n - block + 1
    bits = ceil(log2(starts))
    drawn: list[Any] = []
    while sum(map(len, drawn)) < blocks * bootstraps:
        half = twister.random_raw((blocks * bootstraps, bits // 16 + 1)) >> np.uint64(16)
        number = half[:, 0]
        for more in half.T[1:]:
            number = number * np.uint64(65536) + more
        number &= np.uint64(2**bits - 1)
        drawn.append(number[number < starts].astype(np.int64))
    first = np.concatenate(drawn)[: blocks * bootstraps].reshape(bootstraps, blocks)
    places = first[:, :, None] + np.arange(block)
    return places.reshape(bootstraps, blocks * block)[:, :n]


def _kendall(y: Floats) -> tuple[int, int, float]:
    """Return S, eighteen times its variance, and the largest S that the ties allow."""
    np, stats = extra("numpy"), extra("scipy.stats")
    n = len(y)
    _, counts = np.unique(y, return_counts=True)
    ties = [int(t) for t in counts if t > 1]
    pairs = n * (n - 1) // 2
    possible = sqrt(pairs * (pairs - sum(t * (t - 1) // 2 for t in ties)))
    eighteen = n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)
    if not possible or n == 2:  # of two values scipy would divide by zero
        return int(np.sign(y[-1] - y[0])) if n > 1 else 0, eighteen, possible
    # S is whole and below 2^53, so the float is nearest to it.
    tau = stats.kendalltau(np.arange(n), y, method="asymptotic").statistic
    return round(float(tau) * possible), eighteen, possible


def _hamed_rao(x: Floats, y: Floats) -> float:
    """Return by how much autocorrelation widens the variance of S: n/n* of Hamed and Rao."""
    np, stats = extra("numpy"), extra("scipy.stats")
    n = len(y)
    lags = range(1, n)
    slope = np.median(np.concatenate([(y[k:] - y[:-k]) / (x[k:] - x[:-k]) for k in lags]))
    ranks = stats.rankdata(y - slope * (x - x[0]))
    around = ranks - ranks.mean()
    power = float(around @ around)
    if not power:
        return 1.0
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(around, size)
    correlation = np.fft.irfft(spectrum * np.conj(spectrum), size)[1:n] / power
    lag = np.arange(1, n)
    weight = (n - lag) * (n - lag - 1.0) * (n - lag - 2)
    significant = np.abs(correlation) > stats.norm.ppf(0.975) / sqrt(n)
    return float(1 + 2 / (n * (n - 1) * (n - 2)) * np.sum((weight * correlation)[significant]))


def _seasonal(dates: list[Any], values: Floats, method: Method) -> Floats | None:
    """Return the seasonal part of months without a gap in time; None where they are too few."""
    np = extra("numpy")
    steps = [d.year * 12 + d.month for d in dates]
    if any(later - step != 1 for step, later in pairwise(steps)):
        raise SchemaError(
            "去季节需要月值（average='month'） / deseasonalising needs months (average='month')"
        )
    if len(values) <= LEAST_MONTHS:
        return None
    month = np.array(steps) % 12
    there = ~np.isnan(values)
    overall = np.mean(values[there])
    means = np.array(
        [
            np.mean(values[there & (month == m)]) if np.any(there & (month == m)) else overall
            for m in range(12)
        ]
    )
    usual = means[month]
    if method == "month":
        part: Floats = usual - overall
        return part
    place = np.arange(len(values))
    filled = usual + np.interp(place, place[there], (values - usual)[there])
    filled[there] = values[there]
    # Windows, jumps and iterations as R's stl(s.window = 11, s.degree = 1, robust = TRUE).
    split = extra("statsmodels.tsa.seasonal").STL(
        filled,
        period=12,
        seasonal=11,
        robust=True,
        seasonal_jump=2,
        trend_jump=3,
        low_pass_jump=2,
    )
    found: Floats = split.fit(inner_iter=1, outer_iter=15).seasonal
    return found

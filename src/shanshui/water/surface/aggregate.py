"""Means of samples over periods, and automatic data joined with manual ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Literal

import narwhals.stable.v2 as nw

from shanshui._frames import beside, enter, naive_date, names, require, settled
from shanshui._periods import Period, with_period
from shanshui._rules import code_if, joined, one_if
from shanshui.standards.editions import Edition
from shanshui.standards.errors import SchemaError, ShanshuiError
from shanshui.standards.rounding import divide_half_even, to_fixed
from shanshui.water._samples import as_float, at_digits, bounds, places, sampled, widened
from shanshui.water.surface.classify import standard

Fusion = Literal["fused", "assessment", "platform"]
Digits = Literal["assessment", "hourly"]

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrame, IntoFrameT

    from shanshui._frames import LazyFrame


def known_items(e: Edition) -> list[str]:
    """Return the items that have digits of assessment, in the order of the standard."""
    digits: dict[str, int] = e.parameter("digits")
    return list(digits)


def aggregate(
    samples: IntoFrameT,
    *,
    by: str | Sequence[str] = "station",
    period: Period = "month",
    edition: str | date | Edition | None = None,
    rounded: bool = True,
    detection: Mapping[str, float] | None = None,
    least: int | None = None,
) -> IntoFrameT:
    """Average samples of a section over periods, as assessment does before it judges.

    A month and a quarter are the mean of their measurements; a half-year, a year, 1—N月累计 and any
    span of months are the mean of the monthly means. pH is averaged by its hydrogen ions. A result
    below its detection limit enters as half of it. Judge the means by `classify`: a mean of classes
    is never taken.

    Parameters
    ----------
    samples : frame
        Keys, ``time`` or ``date``, and items as in `classify`, wide or long.
    by : str or list of str
        Key columns of a section; name whatever else must stay (its kind, its target) as well.
    period : {"month", "quarter", "half", "year", "ytd"} or (str, str)
        As in `shanshui.air.statistics`.
    edition : str, date or Edition, optional
        There is one so far.
    rounded : bool
        Round to the digits of assessment (a value that would become zero keeps one significant
        digit). Otherwise values keep nine decimals.
    detection : mapping, optional
        Detection limits by item, for results given as a bare ``ND``.
    least : int, optional
        Least number of monthly values of a year. By default 12; 8 for a section that freezes or
        falls dry (confidence C).

    Returns
    -------
    frame of the kind that came
        One row a key and period: keys, ``period``, ``start``, ``end``, the items, ``n_<item>``
        (measurements, or months where months are averaged), ``below_<item>`` (of these, with a
        measurement below its limit), ``reason_<item>`` (``no_data``, ``few_samples`` for a quarter,
        ``few_months`` for a year: the value is null) and ``edition``.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type, or there is no item.
    ShanshuiError
        An unknown period.

    References
    ----------
    环办〔2011〕22号 (averages); 环办监测函〔2020〕82号 (pH, digits, results below the limit); least
    numbers: confidence C.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> ph = [6.5, 7.9, 8.8, 9, 6.78, 8.87]
    >>> days = [date(2021, 1, n) for n in range(1, 7)]
    >>> month = aggregate(pl.DataFrame({"station": "A", "date": days, "ph": ph}), rounded=False)
    >>> round(month["ph"][0], 2), month["n_ph"][0]
    (7.08, 6)
    """
    e = standard(edition)
    keys = names(by)
    entered = enter(samples)
    time = "time" if "time" in entered.schema else "date"
    require(entered.schema, [*keys, time], what="样品数据")
    entered = widened(entered, [*keys, time], known_items(e))
    items = [i for i in known_items(e) if i in entered.schema]
    if not items:
        raise SchemaError(
            f"数据没有可平均的项目 / no item to average; known: {', '.join(known_items(e))}"
        )
    rows = entered.frame.with_columns(naive_date(entered, time).alias("_day"))
    kept = replace(entered, frame=rows, schema=dict(rows.collect_schema()))
    rows = sampled(kept, items, detection, e.parameter("below_limit"))
    rows = rows.with_columns(
        *(
            one_if(nw.col(f"_below_{i}") & ~nw.col(f"_v_{i}").is_null()).alias(f"_b_{i}")
            for i in items
        ),
        *([ions()] if "ph" in items else []),
    )
    by_months = period not in ("month", "quarter")
    first = with_period(rows, entered, keys, "month") if by_months else None
    if first is not None:
        months = means_of(first, [*keys, "start"], items)
        months = months.rename({"start": "_day"}).with_columns(
            one_if(nw.col(f"_b_{i}") > 0).alias(f"_b_{i}") for i in items
        )
        if "ph" in items:
            months = months.with_columns(ions())
        rows = months
    rows = with_period(rows, entered, keys, period)
    means = means_of(rows, [*keys, "period", "start", "end"], items)
    least_rows, few = least_of(period, least, e)
    means = means.with_columns(
        nw.when(nw.col(f"_n_{i}") >= least_rows).then(nw.col(f"_v_{i}")).alias(f"_v_{i}")
        for i in items
    )
    means = settled(means)
    digits = e.parameter("digits")

    def shown(item: str) -> nw.Expr:
        value = nw.col(f"_v_{item}")
        return as_float(at_digits(value, item, digits[item]) if rounded else value, item)

    none = nw.lit(None, dtype=nw.String)
    result = means.select(
        *keys,
        *("period", "start", "end"),
        *(shown(i).alias(i) for i in items),
        *(nw.col(f"_n_{i}").alias(f"n_{i}") for i in items),
        *(nw.col(f"_b_{i}").alias(f"below_{i}") for i in items),
        *(
            joined(
                [
                    none,
                    code_if(nw.col(f"_n_{i}") == 0, "no_data"),
                    code_if((nw.col(f"_n_{i}") > 0) & (nw.col(f"_n_{i}") < least_rows), few),
                ]
            ).alias(f"reason_{i}")
            for i in items
        ),
        nw.lit(e.name).alias("edition"),
    )
    out: IntoFrameT = entered.leave(result, [*keys, "start", "end"])
    return out


def rounded(
    samples: IntoFrameT,
    *,
    digits: Digits = "assessment",
    edition: str | date | Edition | None = None,
    detection: Mapping[str, float] | None = None,
) -> IntoFrameT:
    """Round values as they are assessed, or as the national real-time platform shows them.

    Half to even on the decimal as written; a value that would become zero keeps its first
    significant digit instead. A result below its detection limit becomes half of it.

    Parameters
    ----------
    samples : frame
        Items as in `classify`, and any other columns.
    digits : {"assessment", "hourly"}
        Decimals of assessment, or of the hourly values that the platform shows. An item that has
        none of them stays as it is.
    edition : str, date or Edition, optional
        There is one so far.
    detection : mapping, optional
        Detection limits by item, for results given as a bare ``ND``.

    Returns
    -------
    frame of the kind that came
        Every row and column, the items rounded.

    Raises
    ------
    SchemaError
        A column has the wrong type, or there is no item.
    ShanshuiError
        `digits` is unknown.

    References
    ----------
    环办监测函〔2020〕82号; the rule was proved on 3,103 ties of the national platform, the decimals
    have confidence B.

    Examples
    --------
    >>> import polars as pl
    >>> raw = pl.DataFrame({"ph": [7.685], "nh3n": [0.0605], "tp": [0.00042]})
    >>> rounded(raw, digits="hourly").row(0)
    (7.68, 0.06, 0.0004)
    """
    tables = {"assessment": "digits", "hourly": "digits_hourly"}
    if digits not in tables:
        raise ShanshuiError(f"digits 应为 {'、'.join(tables)} / must be one of them: {digits!r}")
    e = standard(edition)
    places_of = e.parameter(tables[digits])
    entered = enter(samples)
    items = [i for i in places_of if i in entered.schema and i in bounds()]
    if not items:
        raise SchemaError(f"数据没有可修约的项目 / no item to round; known: {', '.join(places_of)}")
    rows = settled(sampled(entered, items, detection, e.parameter("below_limit")))
    result = rows.select(
        as_float(at_digits(nw.col(f"_v_{c}"), c, places_of[c]), c).alias(c)
        if c in items
        else nw.col(c)
        for c in entered.schema
    )
    out: IntoFrameT = entered.leave(result, [])
    return out


def ions() -> nw.Expr:
    """Return hydrogen ions in units of 10^-14 mol/L, a float."""
    return (nw.lit(10.0) ** (nw.lit(14.0) - as_float(nw.col("_v_ph"), "ph"))).alias("_ions")


def means_of(rows: LazyFrame, keys: Sequence[str], items: Sequence[str]) -> LazyFrame:
    """Average ``_v_<item>``; ``_n_<item>`` counts, ``_b_<item>`` sums."""
    plain = [i for i in items if i != "ph"]
    pooled = rows.group_by(*keys).agg(
        *(nw.col(f"_v_{i}").sum().cast(nw.Int64).alias(f"_sum_{i}") for i in plain),
        *(nw.col(f"_v_{i}").count().cast(nw.Int64).alias(f"_n_{i}") for i in items),
        *(nw.col(f"_b_{i}").sum().cast(nw.Int64) for i in items),
        *([nw.col("_ions").sum()] if "ph" in items else []),
    )
    count = {i: nw.when(nw.col(f"_n_{i}") > 0).then(nw.col(f"_n_{i}")) for i in items}
    return pooled.with_columns(
        *(_mean(i, count[i]).alias(f"_v_{i}") for i in plain),
        *([_mean_ph(count["ph"]).alias("_v_ph")] if "ph" in items else []),
    )


def _mean(item: str, count: nw.Expr) -> nw.Expr:
    total = nw.col(f"_sum_{item}")
    if item != "temp":
        return divide_half_even(total, count)
    # Division is of numbers not below zero; water may stand a little below.
    lift: int = 100 * 10 ** places("temp")
    return divide_half_even(total + count * lift, count) - lift


def _mean_ph(count: nw.Expr) -> nw.Expr:
    ions = nw.when(nw.col("_ions") > 0).then(nw.col("_ions"))
    mean = (ions / count.cast(nw.Float64)).log(base=10)
    return to_fixed(mean * -1.0 + 14.0, places("ph"))


def least_of(period: Period, least: int | None, e: Edition) -> tuple[int, str]:
    """Return how many measurements or months a mean needs, and the reason where it has fewer."""
    if period == "year":
        return least or 12, "few_months"
    if period == "quarter":
        return int(e.parameter("quarter_samples_min")), "few_samples"
    return 1, "few_samples"


def merge(
    auto: IntoFrameT,
    manual: IntoFrame,
    *,
    by: str | Sequence[str] = ("station", "period"),
    rule: Fusion = "fused",
    edition: str | date | Edition | None = None,
) -> IntoFrameT:
    """Join automatic and manual data of sections (数据融合).

    ``rule="fused"``, as the national bulletins do: for pH, DO, CODMn, NH3-N, TP and TN the
    automatic value comes first, the manual one where it is missing; all other items are manual.
    ``rule="assessment"``: manual data alone. ``rule="platform"``: the five items of the real-time
    platform, automatic data alone. Judge the result by `classify` with the rule of that name
    (fused data by ``"assessment"``).

    Parameters
    ----------
    auto, manual : frame
        Means of the same period, one row a key, as `aggregate` gives them (not rounded, or both
        rounded; for the platform's rule not rounded).
    by : str or list of str
        Key columns of both.
    rule : {"fused", "assessment", "platform"}
        See above.
    edition : str, date or Edition, optional
        There is one so far.

    Returns
    -------
    frame of the kind that came
        One row for each key that either has: keys, the items of both, ``source_<item>``
        (``auto`` or ``manual``), and ``start``, ``end`` where both have them.

    Raises
    ------
    SchemaError
        A key is missing, or `manual` is lazy on another engine.

    References
    ----------
    环办监测函〔2020〕82号 (automatic data first, confidence B).

    Examples
    --------
    >>> import polars as pl
    >>> auto = pl.DataFrame({"station": ["A"], "period": ["2021-01"], "nh3n": [0.21], "tp": [None]})
    >>> hand = pl.DataFrame(
    ...     {"station": ["A"], "period": ["2021-01"], "nh3n": [0.3], "tp": [0.06], "cod": [12.0]}
    ... )
    >>> merge(auto, hand).select("nh3n", "tp", "cod", "source_nh3n", "source_tp").row(0)
    (0.21, 0.06, 12.0, 'auto', 'manual')
    """
    e = standard(edition)
    keys = names(by)
    entered = enter(auto)
    other = beside(entered, manual)
    for side, what in ((entered, "自动数据"), (other, "手工数据")):
        require(side.schema, keys, what=what)
    if rule not in ("fused", "assessment", "platform"):
        raise ShanshuiError(
            f"rule 应为 fused、assessment 或 platform / must be one of them: {rule!r}"
        )
    known = known_items(e)
    first = {"fused": "fused_items", "platform": "platform_items"}.get(rule)
    mine = [i for i in known if i in entered.schema and first and i in e.parameter(first)]
    theirs = [i for i in known if i in other.schema and rule != "platform"]
    every = [i for i in known if i in {*mine, *theirs}]
    dates = [c for c in ("start", "end") if c in entered.schema and c in other.schema]
    left = entered.frame.select(*keys, *dates, *(nw.col(i).alias(f"_auto_{i}") for i in mine))
    right = other.frame.select(
        *keys,
        *(nw.col(c).alias(f"_{c}") for c in dates),
        *(nw.col(i).alias(f"_hand_{i}") for i in theirs),
    )
    rows = nw.concat([side.select(*keys) for side in (left, right)], how="vertical").unique(keys)
    rows = rows.join(left, on=keys, how="left").join(right, on=keys, how="left")

    def sides(item: str) -> list[nw.Expr]:
        found = [nw.col(f"_auto_{item}").cast(nw.Float64)] if item in mine else []
        return found + ([nw.col(f"_hand_{item}").cast(nw.Float64)] if item in theirs else [])

    def source(item: str) -> nw.Expr:
        hand = (
            code_if(~nw.col(f"_hand_{item}").is_null(), "manual")
            if item in theirs
            else nw.lit(None, dtype=nw.String)
        )
        if item not in mine:
            return hand
        return nw.when(~nw.col(f"_auto_{item}").is_null()).then(nw.lit("auto")).otherwise(hand)

    result = rows.select(
        *keys,
        *(nw.coalesce(nw.col(c), nw.col(f"_{c}")).alias(c) for c in dates),
        *((nw.coalesce(*sides(i)) if len(sides(i)) > 1 else sides(i)[0]).alias(i) for i in every),
        *(source(i).alias(f"source_{i}") for i in every),
    )
    out: IntoFrameT = entered.leave(result, keys)
    return out

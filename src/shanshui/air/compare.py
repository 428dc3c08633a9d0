"""Comparison of periods (同比, 环比, three-year mean) and ranks (排名)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import narwhals.stable.v2 as nw

from shanshui._frames import Entered, beside, enter, names, require, set_aside
from shanshui._rules import code_if, joined
from shanshui.air.statistics import figures, rounded_mean
from shanshui.standards.errors import ShanshuiError
from shanshui.standards.rounding import PLACES, divide_half_even, from_fixed, integer, to_fixed

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrame, IntoFrameT

    from shanshui._frames import LazyFrame

BASES = ("edition", "state", "state_pm", "basis")
GASES = ("so2", "no2", "co", "o3")
CHANGE_PLACES = 1  # changes are printed with one decimal


def compare(
    now: IntoFrameT,
    before: IntoFrame | Sequence[IntoFrame],
    *,
    by: str | Sequence[str] = "station",
    match: Literal["by", "season"] = "by",
    digits: Mapping[str, int] | None = None,
) -> IntoFrameT:
    """Compare statistics with those of an earlier period (同比, 环比) or of several.

    Changes are computed from the rounded figures, as bulletins do: concentrations and indices in
    %, ratios in percentage points, one decimal. Figures are compared on one basis only: where
    edition, state or another part of the basis differs, the changes are null and
    ``basis_difference`` names the difference; recompute the earlier period with
    ``statistics(..., edition=…)``. Where only the state of the particulates differs
    (``state_pm``, see `convert_state`), the gases are still compared.

    Parameters
    ----------
    now : frame
        Statistics, one row a key.
    before : frame or sequence of frames
        Statistics to compare with; several (e.g. three years) are averaged from their rounded
        figures first, and every one of them must have the figure.
    by : str or list of str
        Key columns.
    match : {"by", "season"}
        ``"season"``: `now` and `before` hold several periods of a year each, and a month is
        compared with the same month, a quarter with the same quarter.
    digits : mapping, optional
        Decimals by pollutant, as in `statistics`, for the mean of several.

    Returns
    -------
    frame of the kind that came
        Every column of `now`; for each figure ``<f>_before``, ``<f>_change``, ``<f>_trend``
        (``上升``, ``下降``, ``持平``); ``period_before``; ``basis_difference`` (null where the
        bases agree; codes joined by ','). A key that `before` lacks has nulls.

    Raises
    ------
    SchemaError
        A key is missing, or `before` is on another engine.

    References
    ----------
    Year-on-year figures of published bulletins (e.g. 广州 2019-11: index 5.98 against 4.85 is
    +23.3 %).

    Examples
    --------
    >>> import polars as pl
    >>> now = pl.DataFrame({"station": ["广州"], "pm25": [47.0], "composite": [5.98]})
    >>> before = pl.DataFrame({"station": ["广州"], "pm25": [42.0], "composite": [4.85]})
    >>> compare(now, before).select("pm25_change", "composite_change", "pm25_trend").row(0)
    (11.9, 23.3, '上升')
    """
    if match not in ("by", "season"):
        raise ShanshuiError(f"match 应为 'by' 或 'season' / must be one of them: {match!r}")
    entered = enter(now)
    several = list(before) if isinstance(before, Sequence) else [before]
    if not several:
        raise ShanshuiError("没有可比的时段 / nothing to compare with")
    sides = [beside(entered, one) for one in several]
    keys = names(by)
    needed = [*keys, "period"] if match == "season" else keys
    for side in [entered, *sides]:
        require(side.schema, needed, what="统计结果")
    columns = [
        c for c in figures(entered.schema) if c not in keys and all(c in s.schema for s in sides)
    ]
    bases = [b for b in BASES if b in entered.schema and all(b in s.schema for s in sides)]
    on = [*keys, "_season"] if match == "season" else keys
    past = _past(sides, on, columns, bases, digits)
    if all("period" in s.schema for s in sides):
        past = past.rename({"_period": "period_before"})
    else:
        past = past.drop("_period")

    added = [
        *(f"{c}_{what}" for c in columns for what in ("before", "change", "trend")),
        *(["period_before"] if "period_before" in past.collect_schema() else []),
        "basis_difference",
    ]
    frame = _with_season(set_aside(entered, added), match)
    own = [c for c in frame.collect_schema() if c != "_season"]
    frame = frame.join(past, on=on, how="left")
    difference = (
        joined(code_if((_comparable(b) != nw.col(f"_{b}")).fill_null(value=True), b) for b in bases)
        if bases
        else nw.lit(None, dtype=nw.String)
    )
    frame = frame.with_columns(
        nw.when(nw.col("_there") == 1).then(difference).alias("basis_difference")
    )
    differs = nw.col("basis_difference")
    same = differs.is_null()
    same_gas = (same | (differs == "state_pm")).fill_null(value=True)
    agree = {c: same_gas if _is_gas(c) else same for c in columns}
    frame = frame.with_columns(
        *(from_fixed(nw.col(f"_past_{c}")).alias(f"{c}_before") for c in columns),
        *(nw.when(agree[c]).then(_change(c)).alias(f"{c}_change") for c in columns),
        *(nw.when(agree[c]).then(_trend(c)).alias(f"{c}_trend") for c in columns),
    )
    out: IntoFrameT = entered.leave(
        frame.select(*own, *added),
        [*keys, *(["start", "end"] if "start" in own and "end" in own else [])],
    )
    return out


def _is_gas(figure: str) -> bool:
    """Tell whether a figure is of a gas alone: ``no2``, ``co_p95``, ``index_o3_8h``."""
    return figure.removeprefix("index_").split("_", maxsplit=1)[0] in GASES


def _with_season(frame: LazyFrame, match: str) -> LazyFrame:
    """Add the place of a period within its year: ``-03``, ``-Q1``, ``-01~03``."""
    if match != "season":
        return frame
    return frame.with_columns(nw.col("period").str.slice(4).alias("_season"))


def _past(
    sides: Sequence[Entered],
    on: Sequence[str],
    columns: Sequence[str],
    bases: Sequence[str],
    digits: Mapping[str, int] | None,
) -> LazyFrame:
    """Return one row a key: ``_past_<figure>``, ``_<basis>``, ``_period``, ``_there``."""
    match = "season" if "_season" in on else "by"
    parts = []
    for side in sides:
        period = nw.col("period") if "period" in side.schema else nw.lit(None, dtype=nw.String)
        parts.append(
            _with_season(side.frame, match).select(
                *on,
                period.alias("_period"),
                *(_comparable(b).alias(f"_{b}") for b in bases),
                *(to_fixed(nw.col(c)).alias(f"_past_{c}") for c in columns),
                integer(1).alias("_there"),
            )
        )
    if len(parts) == 1:
        return parts[0]
    pooled = (
        nw.concat(parts, how="vertical")
        .group_by(*on)
        .agg(
            nw.col("_there").max(),
            nw.col("_period").min(),
            *(nw.col(f"_{b}").min() for b in bases),
            *(nw.col(f"_{b}").max().alias(f"_{b}_max") for b in bases),
            *(nw.col(f"_past_{c}").sum().cast(nw.Int64) for c in columns),
            *(nw.col(f"_past_{c}").count().cast(nw.Int64).alias(f"_n_{c}") for c in columns),
        )
    )

    def mean(column: str) -> nw.Expr:
        count = nw.col(f"_n_{column}")
        every = nw.when(count == len(parts)).then(count)
        return to_fixed(rounded_mean(column, nw.col(f"_past_{column}"), every, digits))

    return pooled.with_columns(
        *(mean(c).alias(f"_past_{c}") for c in columns),
        # Years on different bases have no common mean: their basis agrees with nothing.
        *(
            nw.when(nw.col(f"_{b}") == nw.col(f"_{b}_max"))
            .then(nw.col(f"_{b}"))
            .otherwise(nw.lit("—"))
            .alias(f"_{b}")
            for b in bases
        ),
    )


def _comparable(base: str) -> nw.Expr:
    """Return a column of the basis as far as it must agree.

    Edition and state have columns of their own, and the source is where a figure was read.
    """
    text = nw.col(base)
    return text.str.replace_all("(edition|state|source)=[^;]*", "") if base == "basis" else text


def _change(column: str) -> nw.Expr:
    """Return the change in % (of ratios: in percentage points), rounded from exact integers."""
    now, past = to_fixed(nw.col(column)), nw.col(f"_past_{column}")
    size = nw.when(now >= past).then(now - past).otherwise(past - now)
    if column.endswith("_ratio"):
        amount = divide_half_even(size, 10 ** (PLACES - CHANGE_PLACES))
    else:
        base = nw.when(past > 0).then(past)
        amount = divide_half_even(size * 10 ** (2 + CHANGE_PLACES), base)
    signed = nw.when(now >= past).then(amount).otherwise(integer(0) - amount)
    return from_fixed(signed, CHANGE_PLACES)


def _trend(column: str) -> nw.Expr:
    now, past = to_fixed(nw.col(column)), nw.col(f"_past_{column}")
    moved = nw.when(now > past).then(nw.lit("上升")).otherwise(nw.lit("下降"))
    moved = nw.when(now == past).then(nw.lit("持平")).otherwise(moved)
    return nw.when(~now.is_null() & ~past.is_null()).then(moved)


def rank(
    statistics: IntoFrameT,
    *,
    by: str = "composite",
    within: str | Sequence[str] | None = None,
    ascending: bool | None = None,
) -> IntoFrameT:
    """Rank places by a figure, ties sharing a rank (1, 2, 2, 4).

    Parameters
    ----------
    statistics : frame
        Statistics of the places to rank.
    by : str
        ``"composite"`` (small is good); any column; ``"guangdong"``: good-day ratio from high to
        low, ties by PM2.5 from low to high; ``"change"``: change of the composite index, the most
        improved first (needs the columns of `compare`).
    within : str or list of str, optional
        Columns within which to rank; by default ``period`` where there is one.
    ascending : bool, optional
        Whether small is first; by default so, but for ratios and good days.

    Returns
    -------
    frame of the kind that came
        Every row and column, and ``rank`` (null where the figure is) and ``tied`` (并列).

    Raises
    ------
    SchemaError
        A column is missing.

    References
    ----------
    城市环境空气质量排名技术规定 (环办监测〔2018〕19号); 城市环境空气质量变化程度排名方案 (2017);
    广东省生态环境厅 monthly tables.

    Examples
    --------
    >>> import polars as pl
    >>> cities = pl.DataFrame({"city": ["阳江", "茂名", "中山"], "composite": [1.86, 1.86, 1.82]})
    >>> rank(cities).select("city", "rank", "tied").rows()
    [('阳江', 2, True), ('茂名', 2, True), ('中山', 1, False)]
    """
    entered = enter(statistics)
    default = ["period"] if "period" in entered.schema else []
    inside = default if within is None else names(within)
    column = {"change": "composite_change", "guangdong": "good_ratio"}.get(by, by)
    needed = [*inside, column, *(["pm25"] if by == "guangdong" else [])]
    require(entered.schema, needed, what="统计结果")
    if ascending is None:
        ascending = not (column.endswith("_ratio") or column == "good_days")
    value = to_fixed(nw.col(column))
    if by == "guangdong":
        # One key for both: good-day ratio falling, then PM2.5 rising; every value lies below 10^11.
        value = (100 * 10**PLACES - value) // 10**5 * 10**11 + to_fixed(nw.col("pm25"))
    elif not ascending:
        value = integer(0) - value
    frame = set_aside(entered, ["rank", "tied"])
    own = list(frame.collect_schema())
    frame = frame.with_columns(value.alias("_value"))
    frame = frame.with_columns(
        nw.when(nw.col("_value").is_null()).then(integer(1)).otherwise(integer(0)).alias("_missing")
    )
    groups = [*inside, "_missing"]
    there = nw.when(nw.col("_missing") == 0)
    frame = frame.with_columns(
        there.then(nw.col("_value").rank("min").over(*groups).cast(nw.Int64)).alias("rank"),
        there.then(nw.len().over(*groups, "_value") > 1).alias("tied"),
    )
    out: IntoFrameT = entered.leave(frame.select(*own, "rank", "tied"), [])
    return out

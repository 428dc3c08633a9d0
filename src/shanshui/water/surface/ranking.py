"""The index by which cities are ranked (CWQI), and the trend of a series (Spearman)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from shanshui._confidence import warn_recalled
from shanshui._frames import enter, names, require, require_numbers, settled
from shanshui._rules import code_if, joined
from shanshui.standards.editions import Edition
from shanshui.standards.errors import SchemaError, ShanshuiError
from shanshui.standards.rounding import divide_half_even, from_fixed, integer, to_fixed
from shanshui.water._classes import fixed
from shanshui.water._samples import at_digits, places, sampled
from shanshui.water.surface.aggregate import ions, known_items, means_of
from shanshui.water.surface.classify import KINDS, kind_of, standard

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrameT

INDEX_PLACES = 9
"""Decimals of an item's index, before they are added."""


def cwqi(
    sections: IntoFrameT,
    *,
    by: str | Sequence[str] = "city",
    kind: str = "river",
    items: Collection[str] | None = None,
    edition: str | date | Edition | None = None,
    detection: Mapping[str, float] | None = None,
) -> IntoFrameT:
    """Compute the city water quality index (城市水质指数) by which cities are ranked.

    Each item is averaged over the sections of a city, rivers and lakes apart, rounded to the digits
    of assessment, and divided by its limit of class Ⅲ (for DO, the limit by the value; for pH, the
    distance from 7 by that of the limit). The index is the sum of the 21; a city with both kinds
    has their mean, weighed by sections (confidence C, which warns). Rank by `shanshui.air.rank`
    with ``by="cwqi"``.

    Parameters
    ----------
    sections : frame
        One row a section, of one period: `by` and the items, means of the section as `aggregate`
        gives them.
    by : str or list of str
        The city, and the period where there are several.
    kind : str
        ``"river"`` or ``"lake"``, or a column that says which, as in `classify`.
    items : collection of str, optional
        The items of the sum, where not all 21 are measured; a sum of fewer is another index, and
        the column ``items`` says so.
    edition : str, date or Edition, optional
        There is one so far.
    detection : mapping, optional
        Detection limits by item, for results given as a bare ``ND``.

    Returns
    -------
    frame of the kind that came
        One row a city: keys, ``cwqi`` (four decimals; null where an item of the sum is missing),
        ``cwqi_river``, ``cwqi_lake``, ``sections_river``, ``sections_lake``, ``items`` (how many),
        ``missing`` (codes of missing items) and ``edition``.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.
    ShanshuiError
        An unknown item.

    References
    ----------
    城市地表水环境质量排名技术规定（试行）(环办监测〔2017〕51号). No worked example was published:
    the figures of the steps have confidence A, decimals B, the weighing C.

    Examples
    --------
    >>> import polars as pl
    >>> one = pl.DataFrame({"city": ["甲市"], "ph": [8], "do": [7.5], "codmn": [3.0], "tp": [0.1]})
    >>> cwqi(one, items=["ph", "do", "codmn", "tp"]).select("cwqi", "items").row(0)
    (2.1667, 4)
    """
    e = standard(edition)
    keys = names(by)
    wanted = list(e.table("evaluated"))
    if items is not None:
        if unknown := set(items) - set(wanted):
            raise ShanshuiError(
                f"items 应取自 {'、'.join(wanted)} / items must be among them: {sorted(unknown)}"
            )
        wanted = [i for i in wanted if i in items]
    entered = enter(sections)
    require(entered.schema, keys, what="断面数据")
    present = [i for i in known_items(e) if i in entered.schema and i in wanted]
    if not present:
        raise SchemaError("数据没有排名的项目 / the frame has no item of the index")
    if kind not in KINDS:
        require(entered.schema, [kind], what="断面数据")
    rows = sampled(entered, present, detection, e.parameter("below_limit"))
    rows = rows.with_columns(
        kind_of(kind, entered).alias("_kind"),
        *(integer(0).alias(f"_b_{i}") for i in present),
        *([ions()] if "ph" in present else []),
    )
    counted = rows.group_by(*keys, "_kind").agg(nw.len().cast(nw.Int64).alias("_sections"))
    means = means_of(rows, [*keys, "_kind"], present).join(counted, on=[*keys, "_kind"], how="left")
    limits = {row["item"]: row for row in e.table("limits")}
    digits = e.parameter("digits")
    means = settled(means).with_columns(
        at_digits(nw.col(f"_v_{i}"), i, digits[i]).alias(f"_v_{i}") for i in present
    )
    means = settled(means).with_columns(_index(i, limits[i], e).alias(f"_i_{i}") for i in present)
    means = settled(means)
    missing = [
        code_if(nw.col(f"_i_{i}").is_null(), i) if i in present else nw.lit(i) for i in wanted
    ]
    means = means.with_columns(
        nw.sum_horizontal(*(nw.col(f"_i_{i}") for i in present)).cast(nw.Int64).alias("_sum"),
        joined([nw.lit(None, dtype=nw.String), *missing]).alias("_missing"),
    )
    means = means.with_columns(
        nw.when(nw.col("_missing").is_null()).then(nw.col("_sum")).alias("_sum")
    )
    # One row a city with the two kinds side by side.
    sides = means.with_columns(
        *(_only(name, "_sum").alias(f"_sum_{name}") for name in KINDS),
        *(_only(name, "_sections").alias(f"_n_{name}") for name in KINDS),
    )
    cities = sides.group_by(*keys).agg(
        *(nw.col(f"_sum_{name}").max() for name in KINDS),
        *(nw.col(f"_n_{name}").max() for name in KINDS),
        nw.col("_missing").max().alias("missing"),
    )
    if kind not in KINDS:
        warn_recalled("城市水质指数的河湖合成", "the weighing of rivers and lakes in the CWQI")
    spots = int(e.parameter("digits_cwqi"))
    count = {n: nw.col(f"_n_{n}").fill_null(0) for n in KINDS}
    both = count["river"] + count["lake"]
    total = sum((nw.col(f"_sum_{n}").fill_null(0) * count[n] for n in KINDS), integer(0))
    whole = nw.when(nw.col("missing").is_null() & (both > 0)).then(both)
    drop = 10 ** (INDEX_PLACES - spots)
    result = cities.select(
        *keys,
        from_fixed(divide_half_even(total, whole * drop), spots).alias("cwqi"),
        *(
            from_fixed(divide_half_even(nw.col(f"_sum_{n}"), drop), spots).alias(f"cwqi_{n}")
            for n in KINDS
        ),
        *(count[n].alias(f"sections_{n}") for n in KINDS),
        integer(len(wanted)).alias("items"),
        "missing",
        nw.lit(e.name).alias("edition"),
    )
    out: IntoFrameT = entered.leave(result, keys)
    return out


def _only(name: str, column: str) -> nw.Expr:
    return nw.when(nw.col("_kind") == name).then(nw.col(column))


def _index(item: str, row: Mapping[str, Any], e: Edition) -> nw.Expr:
    """Return the index of an item's mean, a fixed integer."""
    value = nw.col(f"_v_{item}")
    if item == "ph":
        low, neutral, high = (fixed(x, item) for x in e.parameter("index_ph"))
        acid = divide_half_even((neutral - value) * 1000, (neutral - low) // 10**6)
        basic = divide_half_even((value - neutral) * 1000, (high - neutral) // 10**6)
        return nw.when(value <= neutral).then(acid).otherwise(basic)
    number = int(e.parameter("index_class")) - 1
    if item == "do":
        some = nw.when(value > 0).then(value)
        # Both are at one decimal, so that a part of the decimals says all, and fits 64 bits.
        limit = integer(fixed(row["classes"][number], item) * 10**3)
        return divide_half_even(limit, divide_half_even(some, 10**6))

    def by(column: str) -> nw.Expr:
        limit = Fraction(fixed(row[column][number], item), int(10 ** places(item)))
        return divide_half_even(value * limit.denominator, limit.numerator)

    if "lake" not in row:
        return by("classes")
    return nw.when(nw.col("_kind") == "lake").then(by("lake")).otherwise(by("classes"))


def trend(
    series: IntoFrameT,
    value: str,
    *,
    by: str | Sequence[str] = "station",
    time: str = "start",
    level: float = 0.05,
    edition: str | date | Edition | None = None,
) -> IntoFrameT:
    """Test a series for a trend by Spearman's rank correlation (秩相关系数法).

    Parameters
    ----------
    series : frame
        Keys, `time` and `value`, one row a key and period; at least five periods.
    value : str
        Column to test, e.g. ``"nh3n"``.
    by : str or list of str
        Key columns.
    time : str
        Column that orders the periods.
    level : {0.05, 0.01}
        Level of significance, one-sided.
    edition : str, date or Edition, optional
        There is one so far.

    Returns
    -------
    frame of the kind that came
        One row a key: ``n``, ``rs``, ``critical`` (Wp), ``trend`` (上升, 下降, 无显著变化; null
        with fewer than five periods, with ties in the values, or where Wp is not tabulated).

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.
    ShanshuiError
        An unknown level.

    Warns
    -----
    UnverifiedFigure
        The table of Wp has confidence C.

    References
    ----------
    环办〔2011〕22号 (several periods); Wp: confidence C.

    Examples
    --------
    >>> import polars as pl
    >>> years = pl.DataFrame(
    ...     {"station": "A", "start": range(2016, 2022), "tp": [0.3, 0.28, 0.2, 0.21, 0.1, 0.08]}
    ... )
    >>> trend(years, "tp").select("n", "rs", "critical", "trend").row(0)
    (6, -0.942857, 0.829, '下降')
    """
    e = standard(edition)
    keys = names(by)
    entered = enter(series)
    require(entered.schema, [*keys, time, value], what="数据")
    require_numbers(entered.schema, [value])
    table = e.table("wp")
    if str(level) not in table:
        raise ShanshuiError(f"level 应为 {'、'.join(table)} / must be one of them: {level!r}")
    warn_recalled("秩相关系数临界值 Wp", "critical values Wp of the rank correlation")
    rows = entered.frame.filter(~nw.col(value).is_null()).select(
        *keys,
        nw.col(value).rank("min").over(*keys).cast(nw.Int64).alias("_x"),
        nw.col(time).rank("min").over(*keys).cast(nw.Int64).alias("_y"),
        nw.len().over(*keys, value).cast(nw.Int64).alias("_same"),
    )
    rows = rows.with_columns((nw.col("_x") - nw.col("_y")).alias("_d"))
    rows = rows.with_columns((nw.col("_d") * nw.col("_d")).alias("_d"))
    pooled = rows.group_by(*keys).agg(
        nw.len().cast(nw.Int64).alias("n"),
        nw.col("_d").sum().cast(nw.Int64),
        nw.col("_same").max().alias("_same"),
    )
    n = nw.col("n")
    cube = nw.when((n >= 5) & (nw.col("_same") == 1)).then(n * n * n - n)
    # rs = 1 - 6 d / (n³ - n), as a whole number of millionths between 0 and 2 less one million.
    part = divide_half_even(nw.col("_d") * 6 * 10**6, cube)
    critical = nw.lit(None, dtype=nw.Float64)
    for count, bound in table[str(level)]:
        critical = nw.when(n == count).then(nw.lit(float(bound))).otherwise(critical)
    pooled = pooled.with_columns((integer(10**6) - part).alias("_rs"), critical.alias("critical"))
    rs, bound = nw.col("_rs"), to_fixed(nw.col("critical"))
    said = nw.when(rs >= bound).then(nw.lit("上升")).otherwise(nw.lit("无显著变化"))
    said = nw.when(rs <= integer(0) - bound).then(nw.lit("下降")).otherwise(said)
    known = ~rs.is_null() & ~bound.is_null()
    result = pooled.select(
        *keys, "n", from_fixed(rs).alias("rs"), "critical", nw.when(known).then(said).alias("trend")
    )
    out: IntoFrameT = entered.leave(result, keys)
    return out

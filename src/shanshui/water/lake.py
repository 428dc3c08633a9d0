"""The trophic state of lakes and reservoirs: TLI(Σ) (总站生字〔2001〕090号)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import narwhals.stable.v2 as nw

from shanshui._frames import Entered, enter, names, require, require_numbers
from shanshui._rules import code_if, joined
from shanshui.standards.editions import Edition, editions
from shanshui.standards.editions import edition as find
from shanshui.standards.errors import SchemaError, ShanshuiError
from shanshui.standards.rounding import divide_half_even, from_fixed, integer, to_fixed
from shanshui.water import _judge
from shanshui.water._samples import as_float, sampled

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrameT

    from shanshui._frames import LazyFrame

Weights = Literal["relative", "printed"]

PLACES = 6
"""Decimals of a sub-index as a fixed integer: more than engines' logarithms could disagree on."""
LIFT = 1000
"""An index may be below zero; it is lifted by this while it is an integer."""
UNIT = 10**PLACES


def standard(which: str | date | Edition | None) -> Edition:
    """Return the edition of trophic state: the one named, or the one there is."""
    return editions("water.lake")[-1] if which is None else find("water.lake", which)


def tli(
    samples: IntoFrameT,
    *,
    parameters: Sequence[str] | None = None,
    weights: Weights = "relative",
    edition: str | date | Edition | None = None,
    digits: int | None = None,
    detection: Mapping[str, float] | None = None,
    by: str | Sequence[str] = ("station", "time"),
) -> IntoFrameT:
    """Compute the trophic level index TLI(Σ) and the trophic state (综合营养状态指数).

    Of a lake with several points and times take the means first (`surface.aggregate`).

    Parameters
    ----------
    samples : frame
        Wide: ``chla`` (mg/m3, which is µg/L), ``tp, tn, codmn`` (mg/L), ``sd`` (m), as far as
        there; numbers or texts such as ``0.01L``. Or long: the columns of `by`, ``item`` and
        ``value``.
    parameters : list of str, optional
        Compute by these alone, and not at all where one is missing. By default each row uses all
        that it has of the five, if chlorophyll, phosphorus and nitrogen are among them: five, four
        or three parameters, as the column ``parameters`` says.
    weights : {"relative", "printed"}
        ``relative``: r²/Σr² over the parameters used, not rounded. ``printed``: the weights of five
        parameters as the method prints them (0.2663, 0.1879, 0.1790, 0.1834, 0.1834); with fewer
        there are none. They differ by less than 0.01 of the index as a rule.
    edition : str, date or Edition, optional
        There is one so far.
    digits : int, optional
        Decimals of the indices, 0 to 6; by default two. National bulletins print one.
    detection : mapping, optional
        Detection limits by item, for results given as a bare ``ND``.
    by : str or list of str
        Keys of long samples.

    Returns
    -------
    frame of the kind that came
        Every row and column (of long samples one row a key, with a column per item), and:
        ``tli_<parameter>``; ``tli``; ``level`` (1 to 5) and ``state`` (贫营养, 中营养, 轻度富营养,
        中度富营养, 重度富营养), judged before rounding; ``parameters`` (codes joined by ',');
        ``edition``; ``reason_<parameter>`` (``below_limit``, ``zero``, ``absurd``: as of
        chlorophyll in mg/L; ``unreadable``, ``no_detection_limit``, ``negative``, ``repeated``);
        ``reason_tli`` (``missing_<parameter>``, ``no_printed_weights``).

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.
    ShanshuiError
        Unknown parameters or weights, or too many decimals.

    References
    ----------
    总站生字〔2001〕090号 湖泊（水库）富营养化评价方法及分级技术规定; 环办〔2011〕22号.

    Examples
    --------
    >>> import polars as pl
    >>> lake = pl.DataFrame({"chla": [29.68], "tp": [0.07], "tn": [1.52], "sd": [0.6]})
    >>> tli(lake.with_columns(codmn=5.18)).select("tli_chla", "tli", "state").row(0)
    (61.82, 56.54, '轻度富营养')
    """
    e = standard(edition)
    rows = {row["item"]: row for row in e.table("parameters")}
    fixed = _checked(parameters, rows, weights)
    entered = _judge.entered(samples, by, rows)
    if fixed:
        require(entered.schema, fixed, what="样品数据")
    there = [i for i in rows if i in entered.schema and (fixed is None or i in fixed)]
    if not there:
        raise SchemaError(
            f"数据没有营养状态参数 {'、'.join(rows)} / none of the parameters {', '.join(rows)}"
        )
    added = _added(there)
    kept = _judge.aside(entered, added)
    frame = sampled(kept, there, detection, e.parameter("below_limit"))
    frame = frame.with_columns(
        nw.when(nw.col(f"_v_{i}") > 0).then(as_float(nw.col(f"_v_{i}"), i)).alias(f"_c_{i}")
        for i in there
    )
    frame = frame.with_columns(
        to_fixed(
            (nw.col(f"_c_{i}").log() * rows[i]["b"] + rows[i]["a"]) * 10.0 + LIFT, PLACES
        ).alias(f"_t_{i}")
        for i in there
    )
    zero = {i: code_if(nw.col(f"_v_{i}") == 0, "zero") for i in there}
    none = nw.lit(None, dtype=nw.String)
    frame = frame.with_columns(
        joined([none, nw.col(f"_why_{i}"), zero[i]]).alias(f"_because_{i}") for i in there
    )
    reasons = {f"reason_{i}": nw.col(f"_because_{i}") for i in there}
    out: IntoFrameT = _finished(entered, frame, there, e, fixed, weights, digits, reasons)
    return out


def tli_of(
    indices: IntoFrameT,
    *,
    parameters: Sequence[str] | None = None,
    weights: Weights = "relative",
    edition: str | date | Edition | None = None,
    digits: int | None = None,
) -> IntoFrameT:
    """Compute TLI(Σ) and the trophic state from sub-indices that are published already.

    Parameters
    ----------
    indices : frame
        ``tli_chla, tli_tp, tli_tn, tli_sd, tli_codmn``, as far as there.
    parameters, weights, edition, digits
        As in `tli`.

    Returns
    -------
    frame of the kind that came
        As of `tli`, without reasons of parameters; the published sub-indices stay beside as
        ``tli_<parameter>_input``.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.
    ShanshuiError
        Unknown parameters or weights, or too many decimals.

    References
    ----------
    总站生字〔2001〕090号.

    Examples
    --------
    Hulun Lake, 2011:

    >>> import polars as pl
    >>> lake = pl.DataFrame({"tli_chla": 37.749, "tli_tp": 69.802, "tli_tn": 68.909})
    >>> tli_of(lake.with_columns(tli_sd=81.743), digits=3).select("tli", "state").row(0)
    (61.837, '中度富营养')
    """
    e = standard(edition)
    rows = {row["item"]: row for row in e.table("parameters")}
    fixed = _checked(parameters, rows, weights)
    entered = enter(indices)
    if fixed:
        require(entered.schema, [f"tli_{i}" for i in fixed], what="分指数")
    there = [i for i in rows if f"tli_{i}" in entered.schema and (fixed is None or i in fixed)]
    if not there:
        raise SchemaError(
            f"数据没有分指数列 {'、'.join(f'tli_{i}' for i in rows)} / "
            f"no column of sub-indices such as tli_{next(iter(rows))}"
        )
    require_numbers(entered.schema, [f"tli_{i}" for i in there])
    value = {i: nw.col(f"tli_{i}").cast(nw.Float64) for i in there}
    frame = entered.frame.with_columns(
        to_fixed(nw.when((v > -LIFT) & (v < LIFT)).then(v + LIFT), PLACES).alias(f"_t_{i}")
        for i, v in value.items()
    )
    # Integers are what is left of the sub-indices, so that the published ones can stand aside.
    read = Entered(frame, entered.schema, entered.eager, entered.leave)
    frame = _judge.aside(read, _added(there)).frame
    out: IntoFrameT = _finished(entered, frame, there, e, fixed, weights, digits, {})
    return out


def _checked(
    parameters: Sequence[str] | None, rows: Mapping[str, Any], weights: str
) -> list[str] | None:
    if weights not in ("relative", "printed"):
        raise ShanshuiError(f"weights 应为 relative 或 printed / must be one of them: {weights!r}")
    if parameters is None:
        return None
    wanted = names(parameters)
    if not wanted or set(wanted) - set(rows):
        raise ShanshuiError(
            f"parameters 应取自 {'、'.join(rows)} / must be among them: {list(wanted)}"
        )
    if weights == "printed" and set(wanted) != set(rows):
        raise ShanshuiError(
            "公布的权重只有五参数一组，其余用 relative / "
            "the printed weights are those of five parameters; use relative for others"
        )
    return [i for i in rows if i in wanted]


def _added(there: Sequence[str]) -> list[str]:
    return [*(f"tli_{i}" for i in there), "tli", "level", "state", "parameters"]


def _finished(
    entered: Entered,
    frame: LazyFrame,
    there: Sequence[str],
    e: Edition,
    fixed: Sequence[str] | None,
    weights: Weights,
    digits: int | None,
    reasons: Mapping[str, nw.Expr],
) -> Any:
    rows = {row["item"]: row for row in e.table("parameters")}
    spots = int(e.parameter("digits") if digits is None else digits)
    if spots not in range(PLACES + 1):
        raise ShanshuiError(f"digits 应为 0—{PLACES} / must be 0 to {PLACES}: {digits!r}")
    needed = list(fixed or (rows if weights == "printed" else e.table("core")))
    has = {i: ~nw.col(f"_t_{i}").is_null() for i in there}
    weight = {i: _weight(rows[i], weights) for i in there}
    zero, none = integer(0), nw.lit(None, dtype=nw.String)

    def wide(item: str) -> nw.Expr:
        # Ibis writes a small literal without its type, and weights alone would overflow 32 bits.
        return nw.col(f"_t_{item}") * 0 + weight[item]

    gone = [
        code_if(~has[i], f"missing_{i}") if i in there else nw.lit(f"missing_{i}") for i in needed
    ]
    frame = frame.with_columns(
        joined([none, *gone]).alias("_gone"),
        nw.sum_horizontal(
            *(
                nw.when(has[i]).then(nw.col(f"_t_{i}") * integer(weight[i])).otherwise(zero)
                for i in there
            )
        )
        .cast(nw.Int64)
        .alias("_sum"),
        nw.sum_horizontal(*(nw.when(has[i]).then(wide(i)).otherwise(zero) for i in there))
        .cast(nw.Int64)
        .alias("_weight"),
        joined([none, *(code_if(has[i], i) for i in there)]).alias("_used"),
    )
    whole = nw.col("_gone").is_null()
    frame = frame.with_columns(
        nw.when(whole).then(nw.col("_sum")).alias("_sum"),
        nw.when(whole).then(nw.col("_weight")).alias("_weight"),
        nw.when(whole).then(nw.col("_used")).alias("_used"),
    )
    drop = 10 ** (PLACES - spots)
    reason = nw.col("_gone")
    if weights == "printed":
        reason = joined([none, reason, code_if(~whole, "no_printed_weights")])
    frame = frame.with_columns(
        *(_shown(nw.col(f"_t_{i}"), integer(drop), spots).alias(f"tli_{i}") for i in there),
        _shown(nw.col("_sum"), nw.col("_weight") * integer(drop), spots).alias("tli"),
        _state(e, "level").alias("level"),
        _state(e, "state").alias("state"),
        nw.col("_used").alias("parameters"),
    )
    added = _added(there)
    result = frame.select(
        *_judge.own(entered, added, [*reasons, "reason_tli"]),
        *added,
        nw.lit(e.name).alias("edition"),
        *(expression.alias(name) for name, expression in reasons.items()),
        reason.alias("reason_tli"),
    )
    return entered.leave(result, [])


def _weight(row: Mapping[str, Any], weights: Weights) -> int:
    """Return a weight in ten-thousandths; only the ratios of relative weights matter."""
    exact = Fraction(str(row["r"])) ** 2 if weights == "relative" else Fraction(str(row["printed"]))
    scaled = exact * 10**4
    assert scaled.denominator == 1, "weights have four decimals"
    return int(scaled)


def _shown(lifted: nw.Expr, divisor: nw.Expr, spots: int) -> nw.Expr:
    # Lifted by an even number of units, so that ties go to the same digit as without.
    rounded = divide_half_even(lifted, divisor) - LIFT * 10**spots
    return from_fixed(rounded, spots)


def _state(e: Edition, column: str) -> nw.Expr:
    """Return the level or word of the index, judged by the whole sum and not by what is shown."""
    rows = e.table("states")
    last = rows[-1][column]
    result = integer(last) if column == "level" else nw.lit(last)
    total, weight = nw.col("_sum"), nw.col("_weight")
    for row in reversed(rows[:-1]):
        if "below" in row:
            inside = total < weight * integer((row["below"] + LIFT) * UNIT)
        else:
            inside = total <= weight * integer((row["to"] + LIFT) * UNIT)
        value = integer(row[column]) if column == "level" else nw.lit(row[column])
        result = nw.when(inside).then(value).otherwise(result)
    return nw.when(~total.is_null()).then(result)

"""Two editions side by side: what a new set of standards changes, day by day or by period."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from shanshui._frames import (
    Entered,
    enter,
    names,
    require,
    require_numbers,
    set_aside,
)
from shanshui._periods import Period
from shanshui._rules import code_if, joined
from shanshui.air._hours import sound_values
from shanshui.air._rules import DAILY, SIX, fault_codes
from shanshui.air.events import Dust
from shanshui.air.index import OUTCOME, Scale, add_index, exempted, iaqi_of, report_items, scale
from shanshui.air.statistics import statistics
from shanshui.standards.editions import Edition
from shanshui.standards.editions import edition as find
from shanshui.standards.errors import ShanshuiError
from shanshui.standards.rounding import from_fixed, to_fixed

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrameT

    from shanshui._frames import LazyFrame


def compare_editions(
    daily: IntoFrameT,
    *,
    editions: Sequence[str | date | Edition] = ("2012", "2026"),
    by: str | Sequence[str] = "station",
    period: Period | None = None,
    grade: int = 2,
    weights: Mapping[str, float] | None = None,
    exempt: Collection[str] = (),
    dust: Dust | None = None,
) -> IntoFrameT:
    """Judge the same daily values by two editions, side by side (新旧标准对比).

    Day by day, or by periods: what the second edition changes for a place. Columns end in the
    edition's name, ``aqi_2012`` beside ``aqi_2026``; a difference is the second less the first,
    exact.

    Parameters
    ----------
    daily : frame
        As for `aqi`; with a `period`, as for `statistics`.
    editions : sequence of two of str, date or Edition
        The old one, then the new one.
    by : str or list of str
        Key columns; needed for periods only.
    period : {"month", "quarter", "half", "year", "ytd"} or (str, str), optional
        As in `statistics`; by default, day by day.
    grade, weights, dust
        As in `statistics`; for periods only.
    exempt : collection of str
        Items excused by HJ 633-2026 5.3.2, see `aqi`.

    Returns
    -------
    frame of the kind that came
        Day by day, every row and column and, for each edition ``e``:

        - ``aqi_<e>, level_<e>, category_<e>, primary_<e>, aqi_status_<e>`` and ``iaqi_<item>_<e>``
          of the items that it judges, as `aqi` gives them; ``reason_<item>``;
        - ``aqi_difference``, ``level_difference`` (positive: worse by the new edition);
        - ``changed``: why AQI or primary pollutant of the day are not the same, null where they
          are; codes joined by ',': an item whose scale decides it (``pm25``, ``pm10``; ``o3_1h``,
          which 2026 no longer has in the daily report), ``rounding`` (of the concentration before
          the index), ``NA`` (an item is missing, and one edition withholds the AQI).

        By periods, one row a key and period: the columns of `statistics` that depend on the
        edition twice (``good_days_<e>, exceed_<item>_days_<e>, attains_<e>, composite_<e>,
        basis_<e>`` …) and ``<figure>_difference`` of the numbers; the others (means, percentiles,
        ``days_<item>`` …) once.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.
    UnknownEdition, NoEdition
        From `editions`.
    ShanshuiError
        `editions` are not two different ones; what only a period has is given without one.

    References
    ----------
    HJ 633-2012 表1, 6.2; HJ 633-2026 4.2, 5.3; GB 3095-2012 and GB 3095-2026 表1.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> days = pl.DataFrame({"station": "甲", "date": [date(2025, 12, d) for d in (1, 2, 3)]})
    >>> days = days.with_columns(
    ...     so2=6, no2=30, co=0.8, o3_8h=70, pm10=60, pm25=pl.Series([30, 70, 120])
    ... )
    >>> both = compare_editions(days)
    >>> both.select("aqi_2012", "aqi_2026", "category_2026", "changed").rows()
    [(55, 58, '良', 'pm10'), (94, 110, '轻度污染', 'pm25'), (158, 158, '中度污染', None)]
    >>> month = compare_editions(days, period="month")
    >>> month.select("good_days_2012", "good_days_2026", "good_days_difference").row(0)
    (2, 1, -1)
    """
    if isinstance(editions, str) or len(editions) != 2:
        raise ShanshuiError(
            "editions 应为两个版本，如 ('2012', '2026') / editions are two, such as "
            f"('2012', '2026'): {editions!r}"
        )
    old, new = (find("air", e) for e in editions)
    if old == new:
        raise ShanshuiError(f"两个版本相同：{old.name} / the two editions are the same: {old.name}")
    entered = enter(daily)
    if period is None:
        if grade != 2 or weights or dust:
            raise ShanshuiError(
                "grade、weights、dust 只用于时段统计，请给出 period / "
                "grade, weights and dust are for periods: give a period"
            )
        out: IntoFrameT = entered.leave(_days(entered, old, new, exempt), [])
        return out
    keys = names(by)
    before, after = (
        _statistics(
            entered,
            by=keys,
            period=period,
            edition=e,
            grade=grade,
            weights=weights,
            exempt=exempt,
            dust=dust,
        )
        for e in (old, new)
    )
    result = _periods(before, after, keys, old, new)
    out = entered.leave(result, [*keys, "start", "end"])
    return out  # noqa: RET504 - typed above


def _statistics(entered: Entered, **options: Any) -> LazyFrame:
    result: LazyFrame = statistics(entered.frame, **options)  # type: ignore[type-var]
    return result


# --- day by day ----------------------------------------------------------------------------------

SIDE = ("aqi", "level", "category", "primary", "aqi_status")


def _days(entered: Entered, old: Edition, new: Edition, exempt: Collection[str]) -> LazyFrame:
    excused = exempted(exempt, SIX)
    require(entered.schema, ["date", *(i for i in SIX if i not in excused)], what="日值数据")
    require_numbers(entered.schema, DAILY)
    present = [i for i in DAILY if i in entered.schema]
    judged = {e.name: [i for i in report_items("daily", [e]) if i in present] for e in (old, new)}
    both = (old.name, new.name)

    def sides(column: str) -> list[str]:
        return [f"{column}_{e}" for e in both]

    added = [
        *(*sides("aqi"), "aqi_difference", *sides("level"), "level_difference"),
        *(*sides("category"), *sides("primary"), "changed", *sides("aqi_status")),
        *(f"iaqi_{i}_{e}" for i in present for e in both if i in judged[e]),
    ]
    frame = set_aside(entered, added)
    own = [c for c in frame.collect_schema() if c not in {f"reason_{i}" for i in present}]
    # What the index is going to write stands aside meanwhile.
    written = {"edition", *OUTCOME, *(f"iaqi_{i}" for i in present)}
    aside = {c: f"_own_{c}" for c in own if c in written}
    frame = sound_values(frame.rename(aside), entered, present)
    for e in (old, new):
        frame = frame.with_columns(nw.lit(e.name).alias("edition"))
        frame = add_index(frame, "daily", [e], items=judged[e.name], exempt=excused)
        made = [*SIDE, "_rest", *(f"iaqi_{i}" for i in judged[e.name])]
        made += [f"_c_{i}" for i in judged[e.name]]
        frame = frame.rename({c: f"{c}_{e.name}" for c in made})
        frame = frame.drop("edition", "exceeding", "_incomplete")
    frame = _with_changed(frame, old, new, judged)
    reasons = []
    for item in present:
        name, reason = f"reason_{item}", joined(fault_codes(nw.col(f"_f_{item}")))
        if name in entered.schema:
            reason = nw.coalesce(nw.col(name).cast(nw.String), reason)
        reasons.append(reason.alias(name))
    return frame.select(*(nw.col(aside.get(c, c)).alias(c) for c in own), *added, *reasons)


def _with_changed(
    frame: LazyFrame, old: Edition, new: Edition, judged: Mapping[str, Sequence[str]]
) -> LazyFrame:
    """Add the differences and ``changed``.

    Where the AQI or the primary pollutants differ, the IAQI of some item differs that is the
    largest by one of the editions. It is asked what its old concentration, as it entered the old
    index, would be on the new scale: what is then left is the rounding.
    """
    one, other = old.name, new.name
    items = [i for i in DAILY if i in {*judged[one], *judged[other]}]
    nothing = nw.lit(None, dtype=nw.Int64)
    scales = {i: (scale(old, "daily", i), scale(new, "daily", i)) for i in items}
    common = [i for i in items if all(scales[i])]
    alone = {
        i: iaqi_of(nw.col(f"_c_{i}_{one}"), scales[i][1]).alias(f"_alone_{i}")
        for i in common
        if _shape(scales[i][0]) != _shape(scales[i][1])
    }

    def iaqi(item: str, e: str) -> nw.Expr:
        return nw.col(f"iaqi_{item}_{e}") if item in judged[e] else nothing

    aqi, primary = (_both(name, one, other) for name in ("aqi", "primary"))
    withheld = (nw.col(f"aqi_status_{one}") == "NA") | (nw.col(f"aqi_status_{other}") == "NA")
    frame = frame.with_columns(
        *alone.values(),
        *(
            (
                (iaqi(i, one) == nw.col(f"_rest_{one}")).fill_null(value=False)
                | (iaqi(i, other) == nw.col(f"_rest_{other}")).fill_null(value=False)
            ).alias(f"_decides_{i}")
            for i in items
        ),
        ((aqi[0].is_null() != aqi[1].is_null()) & withheld).alias("_withheld"),
        (_differ(*aqi) | _differ(*primary)).alias("_changed"),
        (aqi[1] - aqi[0]).alias("aqi_difference"),
        (nw.col(f"level_{other}") - nw.col(f"level_{one}")).alias("level_difference"),
    )
    why = nw.col("_changed") & ~nw.col("_withheld")
    on_scale = {i: nw.col(f"_alone_{i}") if i in alone else iaqi(i, one) for i in common}
    by_scale = {i: _differ(iaqi(i, one), on_scale[i]) for i in alone}
    by_scale |= {i: nw.lit(value=True) for i in items if i not in common}  # one edition's only
    by_rounding = {i: _differ(value, iaqi(i, other)) for i, value in on_scale.items()}
    effects = {f"_scale_{i}": (i, moved) for i, moved in by_scale.items()}
    effects |= {f"_rounding_{i}": (i, moved) for i, moved in by_rounding.items()}
    frame = frame.with_columns(
        (why & nw.col(f"_decides_{i}") & _differ(iaqi(i, one), iaqi(i, other)) & moved).alias(name)
        for name, (i, moved) in effects.items()
    )
    rounding = nw.any_horizontal(
        nw.lit(False), *(f"_rounding_{i}" for i in by_rounding), ignore_nulls=False
    )
    return frame.with_columns(
        joined(
            [
                *(code_if(nw.col(f"_scale_{i}"), i) for i in items if i in by_scale),
                code_if(rounding, "rounding"),
                code_if(nw.col("_withheld"), "NA"),
            ]
        ).alias("changed")
    )


def _shape(rule: Scale | None) -> Scale | None:
    """Return a scale without its rounding, to see whether two are one."""
    return rule and rule._replace(digits=None)


def _both(column: str, *names: str) -> list[nw.Expr]:
    """Return a column of each edition."""
    return [nw.col(f"{column}_{name}") for name in names]


def _differ(one: nw.Expr, other: nw.Expr) -> nw.Expr:
    """Tell whether two values differ, a null being a value of its own."""
    unlike = (one != other).fill_null(value=False)
    return unlike | (one.is_null() != other.is_null())


# --- by periods ----------------------------------------------------------------------------------

DEPENDING = (
    *("good_", "heavy_", "level_", "primary_", "exceed_", "times_", "attains", "index_"),
    *("valid_days", "composite", "main", "basis"),
)
"""What the names of the figures begin with that depend on the edition."""


def _periods(
    before: LazyFrame, after: LazyFrame, keys: Sequence[str], old: Edition, new: Edition
) -> LazyFrame:
    schema = before.collect_schema()
    columns = [c for c in schema if c not in {*keys, "edition", "mixed_editions"}]
    twice = [c for c in columns if c.startswith(DEPENDING)]
    on = [*keys, "period"]
    after = after.select(*on, *(nw.col(c).alias(f"{c}_{new.name}") for c in twice))
    frame = before.rename({c: f"{c}_{old.name}" for c in twice}).join(after, on=on, how="left")
    numbers = [c for c in twice if schema[c].is_numeric()]
    frame = frame.with_columns(
        _difference(c, old.name, new.name, whole=schema[c].is_integer()).alias(f"{c}_difference")
        for c in numbers
    )
    shown = []
    for c in columns:
        shown += [f"{c}_{old.name}", f"{c}_{new.name}"] if c in twice else [c]
        shown += [f"{c}_difference"] if c in numbers else []
    return frame.select(*keys, *shown)


def _difference(column: str, old: str, new: str, *, whole: bool) -> nw.Expr:
    """Return the second less the first: of figures with decimals by way of whole numbers."""
    before, after = _both(column, old, new)
    if whole:
        return after - before
    return from_fixed(to_fixed(after) - to_fixed(before))

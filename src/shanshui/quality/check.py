"""The tests together, and each alone: what is said of every value, beside the values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from shanshui.quality import ordered, rowwise
from shanshui.quality._levels import FLAGGED, ROW, asked
from shanshui.quality._observed import By, Observed, in_order, observed, parts_of
from shanshui.quality.rules import TESTS, Rule, Rules, meanings, rules
from shanshui.standards.errors import SchemaError, ShanshuiError

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrame

    from shanshui._frames import LazyFrame

ROWWISE = (
    *("missing", "source_flag", "gross_range", "negative", "inversion", "future", "off_cadence"),
)
"""Tests of each value by itself: they run on any engine, and leave a lazy frame lazy."""
ORDERED = tuple(test for test in TESTS if test not in ROWWISE)
"""Tests of values that follow each other: they need a frame that holds its rows."""
_KEYED = ("property", "time", "period", "rule")

_RUN: dict[str, Callable[..., LazyFrame]] = {
    **{name: getattr(rowwise, name) for name in ROWWISE},
    **{name: getattr(ordered, name) for name in ORDERED},
}


def check(
    frame: IntoFrame,
    rules: Rules | str | Path | Mapping[str, Any] | None = None,
    by: By = ("station", "property"),
    now: datetime | None = None,
    *,
    period: int | None = None,
    group: str | None = None,
    flag_scheme: str | None = None,
    tests: Collection[str] | None = None,
    levels: Collection[str] = FLAGGED,
) -> Any:
    """Run the tests of quality control over observations.

    Parameters
    ----------
    frame : dataframe
        Long: key columns, ``property``, ``time`` (end of the period, clock of Asia/Shanghai),
        ``period`` (seconds), ``value``, and ``flag`` of the source where there is one. Wide: key
        columns, ``time`` and a column for each property that a rule names, with flags in
        ``flag_<property>`` or ``flag``.
    rules : Rules, path or mapping, optional
        One's own rules above those of the project; see `rules`.
    by : str or list of str
        Key columns of a series; ``property`` may be among them and always counts.
    now : datetime, optional
        The moment after which a time has not come. Without it that test is not run.
    period : int, optional
        Seconds that a value stands for, where the frame has no such column or it is null.
    group : str, optional
        Column that says which stations are neighbours (e.g. ``"city"``). Without it that test is
        not run.
    flag_scheme : str, optional
        Whose flags the column ``flag`` holds: ``"hj212"``, ``"cnemc"``, ``"water"`` or a scheme of
        the rules. By default all: a code of several schemes counts as the worst of them.
    tests : list of str, optional
        Tests to run; by default all. Those of `ROWWISE` run on any engine and leave a lazy frame
        lazy; those of `ORDERED` compare rows and need a frame that holds them.
    levels : list of str
        Levels to hand back, of ``pass, unknown, suspect, fail, missing``.

    Returns
    -------
    dataframe
        A flag a row, beside the values and never instead of them: the keys, ``property, time,
        period, rule, level, value, measure`` (what was tested), ``limit`` (what it was held
        against) and ``detail`` (Chinese / English); sorted by keys, time and rule. A gap is
        flagged at its first missing time.

    Raises
    ------
    SchemaError
        When columns are missing, or a lazy frame comes with a test that needs order.
    ShanshuiError
        When a rule, test or level is none.

    Notes
    -----
    Levels follow QARTOD. ``unknown`` (not evaluated) and ``missing`` are not good. Values that are
    missing are spoken of by the rule ``missing`` alone. Nothing is compared across a gap.

    Examples
    --------
    >>> from datetime import datetime
    >>> import polars as pl
    >>> hours = pl.DataFrame(
    ...     {
    ...         "station": "甲",
    ...         "time": [datetime(2026, 3, 1, h) for h in (1, 2, 3)],
    ...         "pm10": [60.0, 55.0, -3.0],
    ...         "pm25": [35.0, 61.0, None],
    ...     }
    ... )
    >>> check(hours, period=3600).select("property", "time", "rule", "level").rows()
    [('pm10', datetime.datetime(2026, 3, 1, 2, 0), 'pm25_above_pm10', 'suspect'), \
('pm10', datetime.datetime(2026, 3, 1, 3, 0), 'negative', 'suspect'), \
('pm25', datetime.datetime(2026, 3, 1, 2, 0), 'pm25_above_pm10', 'suspect'), \
('pm25', datetime.datetime(2026, 3, 1, 3, 0), 'missing', 'missing')]
    """
    found = _rules(rules)
    more = [group] if group else []
    data = observed(frame, by, period, items=found.properties(), more=more)
    result = _all(data, found, _tests(tests), now, group, flag_scheme, asked(levels))
    result = result.drop(ROW, strict=False)
    return data.leave(result, [*data.keys, *_KEYED])


def grade(
    frame: IntoFrame,
    rules: Rules | str | Path | Mapping[str, Any] | None = None,
    by: By = ("station", "property"),
    now: datetime | None = None,
    *,
    period: int | None = None,
    group: str | None = None,
    flag_scheme: str | None = None,
    tests: Collection[str] | None = None,
    needed: Collection[str] = ("gross_range",),
) -> Any:
    """Give each observation one level, the worst that a test gave, and the rules that gave it.

    Parameters
    ----------
    frame : dataframe
        Long observations that hold their rows; the other parameters are those of `check`.
    needed : list of str
        Rules that must have been evaluated before a value can pass: a value that none of them
        knows is ``unknown``, and unknown is not good.

    Returns
    -------
    dataframe
        The caller's rows and columns, with ``qc`` (``pass, unknown, suspect, fail, missing``) and
        ``qc_rules`` (the rules that gave a flag, joined by ',').

    Raises
    ------
    SchemaError
        When the frame is lazy or wide, or columns are missing.

    Examples
    --------
    >>> from datetime import datetime
    >>> import polars as pl
    >>> rows = pl.DataFrame(
    ...     {
    ...         "station": "甲",
    ...         "property": ["pm25", "pm25", "unheard"],
    ...         "time": [datetime(2026, 3, 1, h) for h in (1, 2, 1)],
    ...         "value": [35.0, -50.0, 7.0],
    ...     }
    ... )
    >>> grade(rows, period=3600)["qc"].to_list()
    ['pass', 'fail', 'unknown']
    """
    import polars as pl

    from shanshui._frames import enter

    entered = enter(frame)
    if "property" not in entered.schema or not entered.eager:
        raise SchemaError(
            "grade 需要内存中的长表（property、value 列） / "
            "grade needs a long frame (property, value) that holds its rows"
        )
    found = _rules(rules)
    data = observed(frame, by, period, more=[group] if group else [])
    chosen = _tests(tests)
    levels = ("suspect", "fail", "missing")
    given = _all(data, found, chosen, now, group, flag_scheme, levels).to_native().collect()
    passed = (
        _all(
            data, found, tuple(t for t in chosen if t in needed), now, group, flag_scheme, ("pass",)
        )
        .to_native()
        .collect()
    )
    order = {"suspect": 1, "fail": 2, "missing": 3}
    worst = (
        given.drop_nulls(ROW)
        .with_columns(_order=pl.col("level").replace_strict(order, return_dtype=pl.Int8))
        .sort(ROW, "rule")
        .group_by(ROW, maintain_order=True)
        .agg(
            _worst=pl.col("_order").max(),
            qc_rules=pl.col("rule").unique(maintain_order=True).str.join(","),
        )
    )
    known = passed.select(ROW).unique().with_columns(_known=pl.lit(value=True))
    level = (
        pl.when(pl.col("_worst").is_not_null())
        .then(pl.col("_worst").replace_strict({v: k for k, v in order.items()}, default=None))
        .when(pl.col("_known"))
        .then(pl.lit("pass"))
        .otherwise(pl.lit("unknown"))
    )
    rows = entered.frame.to_native().drop("qc", "qc_rules", strict=False).with_row_index(ROW)
    rows = (
        rows.join(worst.lazy(), on=ROW, how="left", maintain_order="left")
        .join(known.lazy(), on=ROW, how="left", maintain_order="left")
        .with_columns(qc=level)
        .drop("_worst", "_known", ROW)
    )
    names = [c for c in rows.collect_schema().names() if c not in {"qc", "qc_rules"}]
    return entered.leave(nw.from_native(rows.select(*names, "qc", "qc_rules")), [])


def _rules(own: Any) -> Rules:
    return rules(own)


def _tests(tests: Collection[str] | None) -> tuple[str, ...]:
    if tests is None:
        return TESTS
    chosen = (tests,) if isinstance(tests, str) else tuple(tests)
    unknown = [t for t in chosen if t not in TESTS]
    if unknown:
        raise ShanshuiError(
            f"没有检验 {'、'.join(unknown)}；有 {'、'.join(TESTS)} / "
            f"no test {', '.join(unknown)}; there are {', '.join(TESTS)}"
        )
    return chosen


def _all(
    data: Observed,
    found: Rules,
    tests: Sequence[str],
    now: datetime | None,
    group: str | None,
    flag_scheme: str | None,
    levels: Sequence[str],
) -> LazyFrame:
    """Run the tests, each rule over the values that it is for."""
    settings: dict[str, dict[str, Any]] = {
        "future": {"now": now},
        "neighbours": {"group": group},
        "source_flag": {"known": meanings(found.flags, flag_scheme)},
    }
    wanting = {"future": now, "neighbours": group}
    chosen = [t for t in tests if t not in wanting or wanting[t] is not None]
    run = _in_order if data.eager else _lazily
    results = run(data, found, chosen, settings, levels)
    if not results:
        results = [rowwise.missing(data, levels).filter(nw.col("rule") != "missing")]
    joined: LazyFrame = results[0] if len(results) == 1 else nw.concat(results, how="vertical")
    return joined


def _in_order(
    data: Observed,
    found: Rules,
    tests: Sequence[str],
    settings: Mapping[str, Mapping[str, Any]],
    levels: Sequence[str],
) -> list[LazyFrame]:
    """Run over rows in memory."""
    import polars as pl

    data = in_order(data)
    # What is for several properties alike is run once over all of them.
    alike: dict[tuple[Any, ...], tuple[Rule, list[Observed]]] = {}
    for (name, seconds), part in parts_of(data).items():
        for rule in found.of(name, seconds).values():
            if rule.test in tests:
                key = rule.code, tuple(rule.figures.items())
                alike.setdefault(key, (rule, []))[1].append(part)
    results: list[LazyFrame] = []
    for rule, parts in alike.values():
        rows = pl.concat([part.ordered for part in parts])
        if rule.test == "source_flag" and "pass" not in levels:
            rows = rows.filter(pl.col("flag").is_not_null())
            if rows.is_empty():
                continue
        results.append(_run(data.part(rows), rule, settings, levels))
    return results


def _run(
    data: Observed, rule: Rule, settings: Mapping[str, Mapping[str, Any]], levels: Sequence[str]
) -> LazyFrame:
    values = {**rule.figures, **settings.get(rule.test, {})}
    if rule.pair:
        values |= dict(zip(("lower", "upper"), rule.pair, strict=True))
    return _RUN[rule.test](data, levels, **values)


def _lazily(
    data: Observed,
    found: Rules,
    tests: Sequence[str],
    settings: Mapping[str, Mapping[str, Any]],
    levels: Sequence[str],
) -> list[LazyFrame]:
    """Run row-wise tests where the rows are, without knowing which properties there are."""
    if any(t in ORDERED for t in tests):
        in_order(data)  # says what is amiss
    results: list[LazyFrame] = []
    for rule, narrowed in _disjoint(found, tests, data):
        results.append(_run(narrowed, rule, settings, levels))
    return results


def _disjoint(
    found: Rules, tests: Sequence[str], data: Observed
) -> Iterator[tuple[Rule, Observed]]:
    """Give each rule with the values that no later rule of its code is for.

    Rules that say the same are one: a plan of many parts is long for SQL engines.
    """
    alike: dict[tuple[Any, ...], tuple[Rule, list[nw.Expr | None]]] = {}
    for n, rule in enumerate(found.rules):
        if rule.test not in tests or rule.off or not _concerns(rule, data.properties):
            continue
        later = [r for r in found.rules[n + 1 :] if r.code == rule.code and _meet(rule, r)]
        others = [_where(r) for r in later]
        if any(other is None for other in others):
            continue  # a later one is for all
        condition = _where(rule)
        for other in others:
            assert other is not None
            condition = ~other if condition is None else condition & ~other
        key = rule.code, tuple(rule.figures.items())
        alike.setdefault(key, (rule, []))[1].append(condition)
    for rule, conditions in alike.values():
        some = [condition for condition in conditions if condition is not None]
        whole = len(some) < len(conditions)
        frame = data.frame if whole else data.frame.filter(reduce(or_, some))
        yield rule, replace(data, frame=frame)


def _concerns(rule: Rule, properties: Sequence[str] | None) -> bool:
    return (
        properties is None
        or rule.properties is None
        or bool(set(rule.properties) & set(properties))
    )


def _meet(one: Rule, other: Rule) -> bool:
    """Whether two rules can be for one value."""

    def shared(a: tuple[Any, ...] | None, b: tuple[Any, ...] | None) -> bool:
        return a is None or b is None or bool(set(a) & set(b))

    return shared(one.properties, other.properties) and shared(one.periods, other.periods)


def _where(rule: Rule) -> nw.Expr | None:
    """Return the condition for values of a rule; None for all."""
    condition = None
    if rule.properties is not None:
        condition = nw.col("property").is_in(list(rule.properties)).fill_null(value=False)
    if rule.periods is not None:
        period = nw.col("period").is_in(list(rule.periods)).fill_null(value=False)
        condition = period if condition is None else condition & period
    return condition


def alone(
    test: str,
    frame: IntoFrame,
    *,
    by: By,
    period: int | None,
    levels: Collection[str],
    more: Sequence[str] = (),
    **values: Any,
) -> Any:
    """Run one test over all values of a frame."""
    data = observed(frame, by, period, items=rules().properties(), more=more)
    chosen = asked(levels)
    if test in ORDERED:
        data = in_order(data)
    result = _RUN[test](data, chosen, **values)
    return data.leave(result.drop(ROW, strict=False), [*data.keys, *_KEYED])

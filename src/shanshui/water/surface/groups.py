"""Rivers, lakes, basins and regions: their state by means or by shares of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from shanshui._confidence import warn_recalled
from shanshui._frames import (
    Entered,
    beside,
    enter,
    fenced,
    names,
    require,
    require_numbers,
    set_aside,
    settled,
)
from shanshui._rules import joined, one_if, percent
from shanshui.standards.editions import Edition
from shanshui.standards.errors import SchemaError
from shanshui.standards.rounding import integer, to_fixed
from shanshui.water._classes import named_by_order, place_in_order, topped
from shanshui.water._samples import as_float, at_digits, sampled
from shanshui.water.surface.aggregate import ions, known_items, means_of
from shanshui.water.surface.classify import KINDS, classify, item_names, standard

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrame, IntoFrameT

    from shanshui._frames import LazyFrame

CLASSES = range(1, 7)
OUTCOME = ("class", "class_name", "status", "main", "main_text")
GOOD, BAD = 3, 6
"""优良: class Ⅲ or better; 劣Ⅴ."""


def shares(
    classified: IntoFrameT,
    *,
    by: str | Sequence[str] = (),
    edition: str | date | Edition | None = None,
) -> IntoFrameT:
    """Count sections by class, and the share of each (水质类别比例).

    Parameters
    ----------
    classified : frame
        One row a section, with ``class`` (1 to 6), as `classify` gives it; a section without a
        class, or with a reason in ``left_out`` (see `enroll`), is not counted. With ``attains``,
        those that reach their target are counted too.
    by : str or list of str
        What to count by, e.g. ``["region", "period"]``; nothing for all rows together.
    edition : str, date or Edition, optional
        There is one so far.

    Returns
    -------
    frame of the kind that came
        Keys, ``sections`` (with a class), ``class_<1-6>_sections``, ``class_<1-6>_ratio``,
        ``good_ratio`` (Ⅰ–Ⅲ, 优良比例), ``bad_ratio`` (劣Ⅴ): %, one decimal; and, where there are
        targets, ``judged``, ``attained``, ``attained_ratio`` (达标率).

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.

    References
    ----------
    环办〔2011〕22号; shares as bulletins print them.

    Examples
    --------
    >>> import polars as pl
    >>> sections = pl.DataFrame({"river": "湘江", "class": [2] * 169 + [4] * 6 + [6] * 5})
    >>> shares(sections, by="river").select("sections", "good_ratio", "bad_ratio").row(0)
    (180, 93.9, 2.8)
    """
    e = standard(edition)
    keys = names(by)
    entered = enter(classified)
    require(entered.schema, [*keys, "class"], what="断面类别")
    require_numbers(entered.schema, ["class"])
    rows = _marked(entered)
    # An engine groups by something, so that no key at all is one constant.
    grouped = rows.with_columns(integer(1).alias("_all")).group_by(*(keys or ["_all"]))
    counted = grouped.agg(*_counts("attains" in entered.schema))
    counted = _with_shares(counted, e, targets="attains" in entered.schema)
    result = counted.select(*keys, *_share_columns("attains" in entered.schema))
    out: IntoFrameT = entered.leave(result, keys)
    return out


def _marked(entered: Entered) -> LazyFrame:
    number = nw.col("class").cast(nw.Int64)
    if "left_out" in entered.schema:  # a section that the roster leaves out
        number = nw.when(nw.col("left_out").is_null()).then(number)
    rows = entered.frame.with_columns(
        *(one_if(number == n).alias(f"class_{n}_sections") for n in CLASSES),
        one_if(~number.is_null()).alias("sections"),
    )
    if "attains" not in entered.schema:
        return rows
    attains = nw.when(~number.is_null()).then(nw.col("attains").cast(nw.Boolean))
    return rows.with_columns(
        one_if(~attains.is_null()).alias("judged"),
        one_if(attains.fill_null(value=False)).alias("attained"),
    )


def _counts(targets: bool) -> list[nw.Expr]:
    counted = ["sections", *(f"class_{n}_sections" for n in CLASSES)]
    counted += ["judged", "attained"] if targets else []
    return [nw.col(c).sum().cast(nw.Int64) for c in counted]


def _share_columns(targets: bool) -> list[str]:
    return [
        "sections",
        *(f"class_{n}_sections" for n in CLASSES),
        *(f"class_{n}_ratio" for n in CLASSES),
        *("good_ratio", "bad_ratio"),
        *(["judged", "attained", "attained_ratio"] if targets else []),
    ]


def _with_shares(frame: LazyFrame, e: Edition, *, targets: bool) -> LazyFrame:
    digits = int(e.parameter("digits_share"))

    def ratio(count: nw.Expr, of: str) -> nw.Expr:
        return percent(count, nw.col(of), digits)

    good = nw.sum_horizontal(*(f"class_{n}_sections" for n in range(1, GOOD + 1))).cast(nw.Int64)
    frame = frame.with_columns(good.alias("_good"), nw.col(f"class_{BAD}_sections").alias("_bad"))
    return frame.with_columns(
        *(
            ratio(nw.col(f"class_{n}_sections"), "sections").alias(f"class_{n}_ratio")
            for n in CLASSES
        ),
        ratio(nw.col("_good"), "sections").alias("good_ratio"),
        ratio(nw.col("_bad"), "sections").alias("bad_ratio"),
        *([ratio(nw.col("attained"), "judged").alias("attained_ratio")] if targets else []),
    )


def evaluate(
    sections: IntoFrameT,
    *,
    by: str | Sequence[str] = "river",
    kind: str = "river",
    edition: str | date | Edition | None = None,
    detection: Mapping[str, float] | None = None,
) -> IntoFrameT:
    """Judge a river, basin or lake by its sections (河流、流域、湖库水质状况).

    With fewer than five sections: the mean of each item over the sections, judged as one section.
    With five and more: by the shares of classes. A lake or reservoir (``kind`` 湖库) is always
    judged by the mean over its points.

    Parameters
    ----------
    sections : frame
        One row a section, of one period: `by` and the items, means of the section as `aggregate`
        gives them. A section with a reason in ``left_out`` (see `enroll`) is not used.
    by : str or list of str
        The river, basin or lake, and the period where there are several.
    kind : str
        ``"river"`` or ``"lake"``, or a column that says which, as in `classify`; the sections of a
        group are of one kind.
    edition : str, date or Edition, optional
        There is one so far.
    detection : mapping, optional
        Detection limits by item, for results given as a bare ``ND``.

    Returns
    -------
    frame of the kind that came
        Keys, ``status`` (优, 良好, 轻度污染, 中度污染, 重度污染), ``judged_by`` (``means`` or
        ``shares``), ``class`` and ``class_name`` (by means only), ``main`` and ``main_text`` (at
        most three main indicators: by means as of one section; by shares the items beyond Ⅲ in the
        order of the share of sections that exceed; none where the state is 优 or 良好), and the
        columns of `shares`.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.

    References
    ----------
    环办〔2011〕22号: fewer than five sections, five and more, lakes, main indicators.

    Examples
    --------
    >>> import polars as pl
    >>> one = {"river": "甲河", "ph": 7.5, "do": 8.0, "codmn": 3.0, "nh3n": 0.3}
    >>> rows = pl.DataFrame([one | {"tp": tp} for tp in (0.1, 0.1, 0.5)])
    >>> evaluate(rows).select("status", "judged_by", "class_name", "good_ratio", "main_text").row(0)
    ('轻度污染', 'means', 'Ⅳ', 66.7, '总磷(0.2)')
    """
    e = standard(edition)
    keys = names(by)
    entered = enter(sections)
    require(entered.schema, keys, what="断面数据")
    items = [i for i in known_items(e) if i in entered.schema]
    if not items:
        raise SchemaError("数据没有可评价的项目 / the frame has no item to judge")
    more = [kind] if kind in entered.schema and kind not in keys else []
    rows = entered.frame
    if "left_out" in entered.schema:
        rows = rows.filter(nw.col("left_out").is_null())
    given: IntoFrame = rows.select(*keys, *more, *items).to_native()
    classified = enter(classify(given, kind=kind, edition=e, detection=detection))
    judged = replace(classified, frame=settled(classified.frame))
    by_shares = _by_shares(judged, keys, [i for i in e.table("evaluated") if i in items], e)
    means = _pooled(enter(given), keys, more, items, e, detection)
    said = nw.col(more[0]).cast(nw.String) if more else nw.lit(kind)
    by_means = enter(classify(fenced(means), kind=kind, edition=e)).frame.select(
        *keys, *(nw.col(c).alias(f"_m_{c}") for c in OUTCOME), said.alias("_of")
    )
    rows = by_shares.join(by_means, on=keys, how="left")
    lake = nw.col("_of").is_in(KINDS["lake"])
    few = (nw.col("sections") < int(e.parameter("few_sections"))) | lake
    rows = rows.with_columns(few.fill_null(value=True).alias("_few"))
    pick = nw.when(nw.col("_few"))
    clean = nw.col("_s_status").is_in(["优", "良好"])
    rows = rows.with_columns(
        pick.then(nw.col("_m_status")).otherwise(nw.col("_s_status")).alias("status"),
        pick.then(nw.lit("means")).otherwise(nw.lit("shares")).alias("judged_by"),
        pick.then(nw.col("_m_class")).alias("class"),
        pick.then(nw.col("_m_class_name")).alias("class_name"),
        *(
            pick.then(nw.col(f"_m_{c}")).otherwise(nw.when(~clean).then(nw.col(f"_s_{c}"))).alias(c)
            for c in ("main", "main_text")
        ),
    )
    result = rows.select(
        *keys,
        *("status", "judged_by", "class", "class_name", "main", "main_text"),
        *_share_columns(False),
    )
    out: IntoFrameT = entered.leave(result, keys)
    return out


def _by_shares(judged: Entered, keys: Sequence[str], items: Sequence[str], e: Edition) -> LazyFrame:
    """Return one row a group: shares, ``_s_status``, ``_s_main``, ``_s_main_text``."""
    above = int(e.parameter("main_above"))
    rows = _marked(judged).with_columns(
        one_if((nw.col(f"class_{i}") > above).fill_null(value=False)).alias(f"_over_{i}")
        for i in items
    )
    rows = rows.group_by(*keys).agg(
        *_counts(targets=False), *(nw.col(f"_over_{i}").sum().cast(nw.Int64) for i in items)
    )
    rows = _with_shares(rows, e, targets=False)
    status = nw.lit(None, dtype=nw.String)
    for rule in reversed(e.table("by_shares")):
        holds = nw.col("sections") > 0
        if "good_from" in rule:
            holds = holds & (nw.col("_good") * 100 >= nw.col("sections") * rule["good_from"])
        if "bad_below" in rule:
            holds = holds & (nw.col("_bad") * 100 < nw.col("sections") * rule["bad_below"])
        status = nw.when(holds).then(nw.lit(rule["status"])).otherwise(status)
    order = {
        i: nw.when(nw.col(f"_over_{i}") > 0).then(
            nw.col(f"_over_{i}") * 100 + integer(place_in_order(n))
        )
        for n, i in enumerate(items)
    }
    count = int(e.parameter("main_indicators"))
    rows = topped(settled(rows.with_columns(status.alias("_s_status"))), order, count)
    titles = item_names()
    tops = [nw.col(f"_top_{k}") for k in range(count)]
    text = nw.concat_str(
        [named_by_order(top, [titles[i] for i in items]) for top in tops],
        separator="、",
        ignore_nulls=True,
    )
    return settled(rows).with_columns(
        joined(named_by_order(top, items) for top in tops).alias("_s_main"),
        nw.when(text != "").then(text).alias("_s_main_text"),
    )


def _pooled(
    entered: Entered,
    keys: Sequence[str],
    kinds: Sequence[str],
    items: Sequence[str],
    e: Edition,
    detection: Mapping[str, float] | None,
) -> LazyFrame:
    """Average the sections of each group: one row a group with the items as they are judged."""
    rows = sampled(entered, items, detection, e.parameter("below_limit"))
    rows = rows.with_columns(
        *(integer(0).alias(f"_b_{i}") for i in items), *([ions()] if "ph" in items else [])
    )
    pooled = settled(means_of(rows, [*keys, *kinds], items))
    digits = e.parameter("digits")
    return pooled.select(
        *keys,
        *kinds,
        *(as_float(at_digits(nw.col(f"_v_{i}"), i, digits[i]), i).alias(i) for i in items),
    )


def change(
    now: IntoFrameT,
    before: IntoFrame,
    *,
    by: str | Sequence[str] = "river",
    edition: str | date | Edition | None = None,
) -> IntoFrameT:
    """Say how the water of a river or basin has changed between two periods (水质变化).

    By grade, where either period was judged by means: the same state is 无明显变化, one grade
    apart 有所好转 or 有所下降, two and more 明显好转 or 明显下降. By shares, where both were:
    ΔG − ΔD, the change of the share of Ⅰ–Ⅲ less that of 劣Ⅴ in points.

    Parameters
    ----------
    now, before : frame
        What `evaluate` gives of two periods, one row a key.
    by : str or list of str
        Key columns of both.
    edition : str, date or Edition, optional
        There is one so far.

    Returns
    -------
    frame of the kind that came
        Every row and column of `now`, ``status_before``, ``good_ratio_before``,
        ``bad_ratio_before``, ``good_ratio_change`` and ``bad_ratio_change`` (points, one decimal),
        and ``change``; null where a state is missing.

    Raises
    ------
    SchemaError
        A column is missing, or `before` is lazy on another engine.

    Warns
    -----
    UnverifiedFigure
        The sizes of ΔG − ΔD (10 and 20 points) have confidence C.

    References
    ----------
    环办〔2011〕22号 (change between periods).

    Examples
    --------
    >>> import polars as pl
    >>> now = pl.DataFrame({"river": ["甲河"], "status": ["良好"], "judged_by": ["means"]})
    >>> now = now.with_columns(good_ratio=100.0, bad_ratio=0.0)
    >>> change(now, now.with_columns(status=pl.lit("中度污染")))["change"].to_list()
    ['明显好转']
    """
    e = standard(edition)
    keys = names(by)
    entered = enter(now)
    other = beside(entered, before)
    columns = ("status", "judged_by", "good_ratio", "bad_ratio")
    for side in (entered, other):
        require(side.schema, [*keys, *columns], what="水质状况")
    past = other.frame.select(*keys, *(nw.col(c).alias(f"_b_{c}") for c in columns))
    added = ["status_before", "good_ratio_before", "bad_ratio_before"]
    added += ["good_ratio_change", "bad_ratio_change", "change"]
    frame = set_aside(entered, added)
    own = list(frame.collect_schema())
    rows = frame.join(past, on=keys, how="left")
    grades = [row["status"] for row in e.table("statuses")]

    def grade(column: str) -> nw.Expr:
        number = nw.lit(None, dtype=nw.Int64)
        for n, name in enumerate(grades, start=1):
            number = nw.when(nw.col(column) == name).then(integer(n)).otherwise(number)
        return number

    def tenths(column: str) -> nw.Expr:
        return to_fixed(nw.col(column), 1)

    rows = rows.with_columns(
        (grade("status") - grade("_b_status")).alias("_grades"),
        (tenths("good_ratio") - tenths("_b_good_ratio")).alias("_good"),
        (tenths("bad_ratio") - tenths("_b_bad_ratio")).alias("_bad"),
    )
    warn_recalled("水质变化幅度 ΔG－ΔD 的界限", "bounds of ΔG − ΔD")
    shares_both = (nw.col("judged_by") == "shares") & (nw.col("_b_judged_by") == "shares")
    points, steps = nw.col("_good") - nw.col("_bad"), nw.col("_grades")
    some, clear = (int(e.parameter(p)) * 10 for p in ("change_some", "change_clear"))

    def words(better: nw.Expr, worse: nw.Expr, much: nw.Expr, none: nw.Expr) -> nw.Expr:
        up = nw.when(much).then(nw.lit("明显好转")).otherwise(nw.lit("有所好转"))
        down = nw.when(much).then(nw.lit("明显下降")).otherwise(nw.lit("有所下降"))
        moved = nw.when(better).then(up).otherwise(nw.when(worse).then(down))
        return nw.when(none).then(nw.lit("无明显变化")).otherwise(moved)

    by_shares = words(
        points > 0,
        points < 0,
        (points > clear) | (points < -clear),
        (points <= some) & (points >= -some),
    )
    by_grades = words(steps < 0, steps > 0, (steps > 1) | (steps < -1), steps == 0)
    result = rows.with_columns(
        *(nw.col(f"_b_{c}").alias(f"{c}_before") for c in ("status", "good_ratio", "bad_ratio")),
        *(_points(nw.col(f"_{c}")).alias(f"{c}_ratio_change") for c in ("good", "bad")),
        nw.when(shares_both.fill_null(value=False))
        .then(by_shares)
        .otherwise(by_grades)
        .alias("change"),
    ).select(*own, *added)
    out: IntoFrameT = entered.leave(result, keys)
    return out


def _points(tenths: nw.Expr) -> nw.Expr:
    number = tenths.cast(nw.Float64)
    return number / (number * 0.0 + 10.0)

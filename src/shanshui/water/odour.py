"""Black and odorous waters: urban grades (城市黑臭水体整治工作指南), rural ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from shanshui._confidence import warn_recalled
from shanshui._frames import Entered, enter, names, require
from shanshui._rules import code_if, joined, largest, one_if, percent
from shanshui.standards.editions import Edition, editions
from shanshui.standards.editions import edition as find
from shanshui.standards.errors import SchemaError
from shanshui.standards.rounding import integer
from shanshui.water import _judge
from shanshui.water._classes import fixed
from shanshui.water._samples import sampled

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrameT

    from shanshui._frames import LazyFrame

DIGITS = 1


def standard(which: str | date | Edition | None) -> Edition:
    """Return the edition of black and odorous waters: the one named, or the one there is."""
    return editions("water.black_odour")[-1] if which is None else find("water.black_odour", which)


def black_odour(
    points: IntoFrameT,
    *,
    by: str | Sequence[str] = "station",
    body: str | None = None,
    inclusive: bool | None = None,
    edition: str | date | Edition | None = None,
    detection: Mapping[str, float] | None = None,
) -> IntoFrameT:
    """Grade the points of an urban water by how black and odorous they are (城市黑臭水体分级).

    Each measurement of an item is light, heavy or neither. A point is heavy (重度黑臭) where one
    item is heavy in more than 60 % of its data, or two items or more are, each in more than 30 %;
    otherwise light, where any of its data are light or heavy; otherwise not black and odorous. A
    water is heavy where 60 % of its points or more are; otherwise light, where any point is.

    Parameters
    ----------
    points : frame
        One row a measurement: the columns of `by`, and ``sd`` (m; the guide says cm), ``do``
        (mg/L), ``orp`` (mV), ``nh3n`` (mg/L), as far as there; ``depth`` (m) of the water, if
        known. Numbers, or texts such as ``0.025L``.
    by : str or list of str
        The point first; then the period, where there are several.
    body : str, optional
        Column that names the water: its grade (of each period) is added to each of its points.
    inclusive : bool, optional
        Whether just 60 % or 30 % is enough. The copies of the guide do not agree; by default it is
        not for points (more than 60 %, 30 %) and is for waters (60 % or more).
    edition : str, date or Edition, optional
        There is one so far.
    detection : mapping, optional
        Detection limits by item, for results given as a bare ``ND``.

    Returns
    -------
    frame of the kind that came
        Keys and `body`; ``samples``; ``heavy_<item>_ratio`` and ``light_<item>_ratio`` (% of its
        data, one decimal); ``level`` (0, 1, 2), ``grade`` (不黑臭, 轻度黑臭, 重度黑臭),
        ``deciding`` (items that make it heavy); with `body` also ``body_points``,
        ``body_heavy_ratio``, ``body_level``, ``body_grade``; ``edition``; ``reason``:
        ``no_data``, ``few_samples`` (fewer than the three that the guide asks for; graded all the
        same).

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.

    References
    ----------
    城市黑臭水体整治工作指南 (2015), table of grades. In water less than 25 cm deep the limit of
    transparency is 40 % of the depth: taken here for heavy, and as not black where the bottom is
    seen. Three neighbouring heavy points make the reach between them heavy: not computed.

    Examples
    --------
    >>> import polars as pl
    >>> ditch = pl.DataFrame({"station": ["a"] * 3, "do": [0.1, 0.1, 1.0], "nh3n": [7.0, 9.0, 9.0]})
    >>> black_odour(ditch).select("heavy_do_ratio", "light_nh3n_ratio", "grade").row(0)
    (66.7, 66.7, '重度黑臭')
    """
    e = standard(edition)
    rows = {row["item"]: row for row in e.table("limits")}
    keys = [*names(by), *([body] if body and body not in names(by) else [])]
    entered = enter(points)
    require(entered.schema, keys, what="监测数据")
    items = _there(entered, rows)
    clash = [c for c in keys if c in _columns(items, body)]
    if clash:
        raise SchemaError(
            f"键列与结果列同名：{'、'.join(clash)} / keys have names of results: {clash}"
        )
    frame = _levels(entered, items, rows, e, detection)
    counted = frame.with_columns(
        *(one_if(~nw.col(f"_l_{i}").is_null()).alias(f"_n_{i}") for i in items),
        *(one_if(nw.col(f"_l_{i}") == 1).alias(f"_light_{i}") for i in items),
        *(one_if(nw.col(f"_l_{i}") == 2).alias(f"_heavy_{i}") for i in items),
        integer(1).alias("samples"),
    )
    sums = [f"_{what}_{i}" for what in ("n", "light", "heavy") for i in items]
    frame = _judge.grouped(counted, keys, ["samples", *sums])
    frame = _graded(frame, items, e, inclusive=bool(inclusive))
    if body:
        whole = [body, *(k for k in names(by)[1:] if k != body)]
        frame = _with_body(frame, whole, e, inclusive=inclusive is not False)
    none = nw.lit(None, dtype=nw.String)
    result = frame.select(
        *keys,
        "samples",
        *(
            percent(nw.col(f"_{what}_{i}"), nw.col(f"_n_{i}"), DIGITS).alias(f"{what}_{i}_ratio")
            for what in ("heavy", "light")
            for i in items
        ),
        *("level", "grade", "deciding"),
        *(["body_points", "body_heavy_ratio", "body_level", "body_grade"] if body else []),
        nw.lit(e.name).alias("edition"),
        joined(
            [
                none,
                code_if(nw.col("level").is_null(), "no_data"),
                code_if(nw.col("samples") < e.parameter("samples_min"), "few_samples"),
            ]
        ).alias("reason"),
    )
    out: IntoFrameT = entered.leave(result, keys)
    return out


def _columns(items: Sequence[str], body: str | None) -> list[str]:
    shares = [f"{what}_{i}_ratio" for what in ("heavy", "light") for i in items]
    more = ["body_points", "body_heavy_ratio", "body_level", "body_grade"] if body else []
    return ["samples", *shares, "level", "grade", "deciding", *more, "edition", "reason"]


def _there(entered: Entered, rows: Mapping[str, Any]) -> list[str]:
    items = [i for i in rows if i in entered.schema]
    if not items:
        raise SchemaError(
            f"数据没有可评价的项目；应有 {'、'.join(rows)} 中至少一列 / "
            f"no item to judge; expected at least one of {', '.join(rows)}"
        )
    return items


def _levels(
    entered: Entered,
    items: Sequence[str],
    rows: Mapping[str, Mapping[str, Any]],
    e: Edition,
    detection: Mapping[str, float] | None,
) -> LazyFrame:
    """Add ``_l_<item>``: 0 neither, 1 light, 2 heavy."""
    deep = ["depth"] if "depth" in entered.schema and "sd" in items else []
    frame = sampled(entered, [*items, *deep], detection, e.parameter("below_limit"))
    frame = frame.with_columns(_level(i, rows[i]).alias(f"_l_{i}") for i in items)
    if not deep:
        return frame
    return frame.with_columns(_shallow(nw.col("_l_sd"), "heavy" in rows["sd"], e).alias("_l_sd"))


def _level(item: str, row: Mapping[str, Any]) -> nw.Expr:
    value, light = nw.col(f"_v_{item}"), fixed(row["light"], item)
    low = row["sense"] == "low"
    result = nw.when(value < light if low else value > light).then(integer(1)).otherwise(integer(0))
    if "heavy" in row:
        heavy = fixed(row["heavy"], item)
        worse = value < heavy if low else value > heavy
        result = nw.when(worse).then(integer(2)).otherwise(result)
    return nw.when(~value.is_null()).then(result)


def _shallow(level: nw.Expr, graded: bool, e: Edition) -> nw.Expr:
    """Judge transparency by the depth where the water is shallow."""
    sd, depth = nw.col("_v_sd"), nw.col("_v_depth")
    murky = sd * 100 < depth * int(e.parameter("shallow_share"))
    clear = nw.when(sd < depth).then(integer(1 if graded else 0)).otherwise(integer(0))
    judged = nw.when(murky).then(integer(2 if graded else 1)).otherwise(clear)
    shallow = (depth < fixed(e.parameter("shallow"), "depth")).fill_null(value=False)
    return nw.when(shallow & ~sd.is_null()).then(judged).otherwise(level)


def _more(part: nw.Expr, of: nw.Expr, percent: int, *, inclusive: bool) -> nw.Expr:
    enough = part * 100 >= of * percent if inclusive else part * 100 > of * percent
    return enough & (of > 0)


def _graded(frame: LazyFrame, items: Sequence[str], e: Edition, *, inclusive: bool) -> LazyFrame:
    one, two = int(e.parameter("heavy_one")), int(e.parameter("heavy_two"))

    def heavy(item: str, percent: int) -> nw.Expr:
        part, of = nw.col(f"_heavy_{item}"), nw.col(f"_n_{item}")
        return _more(part, of, percent, inclusive=inclusive)

    frame = frame.with_columns(
        *(one_if(heavy(i, one)).alias(f"_one_{i}") for i in items),
        *(one_if(heavy(i, two)).alias(f"_two_{i}") for i in items),
    )
    frame = frame.with_columns(
        largest(nw.col(f"_one_{i}") for i in items).alias("_one"),
        nw.sum_horizontal(*(f"_two_{i}" for i in items)).cast(nw.Int64).alias("_two"),
        nw.sum_horizontal(*(f"_n_{i}" for i in items)).cast(nw.Int64).alias("_data"),
        nw.sum_horizontal(*(f"_light_{i}" for i in items), *(f"_heavy_{i}" for i in items))
        .cast(nw.Int64)
        .alias("_black"),
    )
    level = (
        nw.when((nw.col("_one") == 1) | (nw.col("_two") >= 2))
        .then(integer(2))
        .otherwise(nw.when(nw.col("_black") > 0).then(integer(1)).otherwise(integer(0)))
    )
    frame = frame.with_columns(nw.when(nw.col("_data") > 0).then(level).alias("level"))
    pair = nw.col("_two") >= 2
    decides = {i: (nw.col(f"_one_{i}") == 1) | (pair & (nw.col(f"_two_{i}") == 1)) for i in items}
    none = nw.lit(None, dtype=nw.String)
    return frame.with_columns(
        _word(nw.col("level"), e).alias("grade"),
        joined([none, *(code_if(d, i) for i, d in decides.items())]).alias("deciding"),
    )


def _with_body(frame: LazyFrame, keys: list[str], e: Edition, *, inclusive: bool) -> LazyFrame:
    """Add the grade of the whole water to each of its points."""
    level = nw.col("level")
    rows = frame.with_columns(
        one_if(~level.is_null()).alias("body_points"),
        one_if(level == 2).alias("_body_heavy"),
        one_if(level >= 1).alias("_body_black"),
    )
    bodies = _judge.grouped(rows, keys, ["body_points", "_body_heavy", "_body_black"])
    points, heavy = nw.col("body_points"), nw.col("_body_heavy")
    enough = _more(heavy, points, int(e.parameter("heavy_body")), inclusive=inclusive)
    light = nw.when(nw.col("_body_black") > 0).then(integer(1)).otherwise(integer(0))
    graded = nw.when(enough).then(integer(2)).otherwise(light)
    bodies = bodies.with_columns(
        percent(heavy, points, DIGITS).alias("body_heavy_ratio"),
        nw.when(points > 0).then(graded).alias("body_level"),
    )
    bodies = bodies.with_columns(_word(nw.col("body_level"), e).alias("body_grade"))
    bodies = bodies.select(*keys, "body_points", "body_heavy_ratio", "body_level", "body_grade")
    return frame.join(bodies, on=keys, how="left")


def _word(level: nw.Expr, e: Edition) -> nw.Expr:
    result = nw.lit(None, dtype=nw.String)
    for row in e.table("grades"):
        result = nw.when(level == row["level"]).then(nw.lit(row["grade"])).otherwise(result)
    return result


def black_odour_rural(
    samples: IntoFrameT,
    *,
    edition: str | date | Edition | None = None,
    detection: Mapping[str, float] | None = None,
) -> IntoFrameT:
    """Say whether samples of a rural water are black and odorous (农村黑臭水体, by measurement).

    Parameters
    ----------
    samples : frame
        ``sd`` (m), ``do, nh3n`` (mg/L), as far as there; ``depth`` (m) of the water, if known.
    edition, detection
        As in `black_odour`.

    Returns
    -------
    frame of the kind that came
        Every row and column; ``black_odorous`` (any one item; null where nothing was measured),
        ``deciding`` (items, by code joined by ','), ``edition``, ``reason_<item>``.

    Warns
    -----
    UnverifiedFigure
        Once: the thresholds have confidence C.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.

    References
    ----------
    农村黑臭水体治理工作指南 (环办土壤〔2019〕48号); its table of numbers was not to be had.

    Examples
    --------
    >>> import polars as pl
    >>> ponds = pl.DataFrame({"sd": [0.30, 0.20], "do": [2.0, 3.0], "nh3n": [15.0, 4.0]})
    >>> black_odour_rural(ponds).select("black_odorous", "deciding").rows()
    [(False, None), (True, 'sd')]
    """
    e = standard(edition)
    warn_recalled("农村黑臭水体判定阈值", "thresholds of rural black and odorous waters")
    rows = {row["item"]: row for row in e.table("rural")}
    entered = enter(samples)
    items = _there(entered, rows)
    added = ["black_odorous", "deciding"]
    frame = _levels(_judge.aside(entered, added), items, rows, e, detection)
    levels = {i: nw.col(f"_l_{i}") for i in items}
    none = nw.lit(None, dtype=nw.String)
    frame = frame.with_columns(
        (largest(levels.values()) > 0).alias("black_odorous"),
        joined([none, *(code_if(v > 0, i) for i, v in levels.items())]).alias("deciding"),
    )
    result = frame.select(
        *_judge.own(entered, added, [f"reason_{i}" for i in items]),
        *added,
        nw.lit(e.name).alias("edition"),
        *(joined([none, nw.col(f"_why_{i}")]).alias(f"reason_{i}") for i in items),
    )
    out: IntoFrameT = entered.leave(result, [])
    return out

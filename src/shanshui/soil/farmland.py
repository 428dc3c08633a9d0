"""Soil of farmland by GB 15618-2018: screening and intervention values, categories, indices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from shanshui._confidence import warn_recalled
from shanshui._frames import Entered, enter, require, require_numbers, set_aside
from shanshui._rules import code_if, largest
from shanshui.soil._values import (
    PLACES,
    chosen_items,
    code_of,
    faults,
    fixed,
    in_force,
    number,
    times_of,
    with_contents,
    worst,
)
from shanshui.standards.editions import Edition
from shanshui.standards.errors import SchemaError, ShanshuiError
from shanshui.standards.rounding import (
    divide_half_even,
    from_fixed,
    integer,
    round_half_even,
    to_fixed,
)

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrameT

    from shanshui._frames import LazyFrame

NEUTRAL = 14
"""No pH is above."""


def farmland(
    samples: IntoFrameT,
    *,
    land: str = "land",
    ph: str = "ph",
    items: Sequence[str] | None = None,
    references: Mapping[str, float] | None = None,
    grades: bool = False,
    edition: str | date | Edition | None = None,
) -> IntoFrameT:
    """Classify samples of farmland soil by the risk of contamination (农用地土壤污染风险).

    A content at or below the screening value is of low risk; above it there may be a risk; above
    the intervention value the risk is high. The values depend on pH and land use, by steps. The
    worst item decides the category.

    The final category of a plot also looks at its crops (产地土壤和农产品协同), which this function
    does not know.

    Parameters
    ----------
    samples : frame
        One row a sample, with pH and any of ``cd, hg, as, pb, cr, cu, ni, zn, hch, ddt, bap``:
        total contents in mg/kg. Where a result is below a detection limit, ``censored_<item>`` may
        hold the limit; the content is then what it is taken for, e.g. half of it.
    land : str
        A column of land uses (``paddy`` 水田, ``rotation`` 水旱轮作, ``orchard`` 果园, ``upland``
        旱地, ``other`` 其他, or their Chinese names), or one land use for all rows.
    ph : str
        Column of pH.
    items : sequence of str, optional
        Judge these only, e.g. the five of the intervention values. By default all that are there.
    references : mapping, optional
        Evaluation values (mg/kg) of further columns, e.g. a local background of ``mn``: they take
        part in the indices, not in the category.
    grades : bool
        Also give the grades of the indices. They are recalled and could not be verified
        (confidence C), so a warning is given.
    edition : str, date or Edition, optional
        By default the newest, whenever the sample was taken.

    Returns
    -------
    frame of the kind that came
        Every row and column, and

        - ``land_use, ph_band`` (1 to 4), and ``screening_<item>, intervention_<item>``, the values
          used (mg/kg; null where the standard has none);
        - ``risk_<item>``: 1 low, 2 may exist, 3 high; ``index_<item>``: content / screening value,
          two decimals; ``reason_<item>`` where there is no result: ``missing, negative, absurd``
          (more than 1 kg/kg), ``no_ph, ph_range, no_land, unknown_land, detection_limit`` (above
          the screening value);
        - ``category`` (1 to 3), ``category_name`` (优先保护类, 安全利用类, 严格管控类),
          ``deciding`` (items of that risk, where it is 2 or 3), ``assessed`` (number of items with
          a result);
        - ``nemerow``: P_N over the items with an index, two decimals; ``nemerow_items``, how many;
        - with `grades`: ``grade_<item>`` (1 to 4), ``nemerow_grade`` (1 to 5) and
          ``nemerow_grade_name``;
        - ``edition``.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.
    ShanshuiError
        `land` is neither a column nor a land use; `items` or `references` are not understood.

    References
    ----------
    GB 15618-2018 表1 (screening values), 表2 (other items, confidence B), 表3 (intervention
    values), 6 (use of the values). Indices: P_N = √[(P̄² + P_max²) / 2].

    Examples
    --------
    >>> import polars as pl
    >>> soils = pl.DataFrame(
    ...     {"land": ["水田", "旱地", "水田"], "ph": [5.5, 5.51, None], "cd": [0.31, 2.1, 0.2]}
    ... )
    >>> farmland(soils).select("screening_cd", "category", "category_name", "reason_cd").rows()
    [(0.3, 2, '安全利用类', None), (0.3, 3, '严格管控类', None), (None, None, None, 'no_ph')]
    """
    rules = _Rules.of(in_force("soil.farmland", edition))
    entered = enter(samples)
    judged = chosen_items(entered, rules.screening, items)
    more = dict(references or {})
    _check_references(more, rules, entered)
    require(entered.schema, [ph], what="样品数据")
    require_numbers(entered.schema, [ph])
    both = [*judged, *more]
    added = [
        *("land_use", "ph_band"),
        *(f"{kind}_{i}" for i in judged for kind in ("screening", "intervention", "risk")),
        *(f"index_{i}" for i in both),
        *("category", "category_name", "deciding", "assessed", "nemerow", "nemerow_items"),
    ]
    if grades:
        warn_recalled("土壤单项和内梅罗指数分级", "grades of single and Nemerow indices of soil")
        added += [*(f"grade_{i}" for i in both), "nemerow_grade", "nemerow_grade_name"]
    added.append("edition")
    land_use = _land_use(land, rules, entered)
    frame = set_aside(entered, added)
    own = [c for c in frame.collect_schema() if c not in {f"reason_{i}" for i in both}]
    frame = with_contents(frame, entered, both)
    frame = _with_place(frame, land_use, land, ph, entered)
    frame = _with_limits(frame, judged, more, rules)
    frame = frame.with_columns(_why(i, rules, entered).alias(f"_why_{i}") for i in both)
    frame = frame.with_columns(
        *(_sound(i, nw.col(f"_v_{i}")).alias(f"_v_{i}") for i in both),
        *(_sound(i, nw.col(f"_s_{i}")).alias(f"_r_{i}") for i in both),
    )
    frame = frame.with_columns(
        *(_risk(i).alias(f"risk_{i}") for i in judged),
        *(
            from_fixed(times_of(nw.col(f"_v_{i}"), nw.col(f"_r_{i}"), 2), 2).alias(f"index_{i}")
            for i in both
        ),
        *(from_fixed(nw.col(f"_s_{i}"), PLACES).alias(f"screening_{i}") for i in judged),
        *(from_fixed(nw.col(f"_t_{i}"), PLACES).alias(f"intervention_{i}") for i in judged),
        *(_present(f"_r_{i}").alias(f"_p_{i}") for i in both),
    )
    frame = frame.with_columns(
        largest(nw.col(f"risk_{i}") for i in judged).alias("category"),
        nw.sum_horizontal(*(f"_p_{i}" for i in judged)).cast(nw.Int64).alias("assessed"),
        nw.sum_horizontal(*(f"_p_{i}" for i in both)).cast(nw.Int64).alias("nemerow_items"),
    )
    frame = _with_nemerow(frame, both)
    frame = frame.with_columns(
        _named("category", {c["category"]: c["name"] for c in rules.categories}).alias(
            "category_name"
        ),
        nw.when(nw.col("category") > 1).then(worst(judged, nw.col("category"))).alias("deciding"),
        nw.lit(rules.edition.name).alias("edition"),
        *(_grades(both, rules) if grades else ()),
    )
    if grades:
        names = dict(enumerate(rules.grades["nemerow"]["names"], start=1))
        frame = frame.with_columns(_named("nemerow_grade", names).alias("nemerow_grade_name"))
    result = frame.select(*own, *added, *(nw.col(f"_why_{i}").alias(f"reason_{i}") for i in both))
    out: IntoFrameT = entered.leave(result, [])
    return out


@dataclass(frozen=True)
class _Rules:
    """The tables of an edition, laid out for use."""

    edition: Edition
    lands: dict[str, list[str]]
    names: dict[str, list[str]]
    screening: dict[str, dict[str, tuple[float, ...]]]
    intervention: dict[str, tuple[float, ...]]
    bands: list[float]
    categories: list[dict[str, Any]]
    grades: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, edition: Edition) -> _Rules:
        lands = {row["land"]: row["rows"] for row in edition.table("lands")}
        rows: dict[str, dict[str, list[float]]] = {}
        for row in edition.table("screening"):
            rows.setdefault(row["item"], {})[row["land"]] = row["values"]
        screening = {
            item: {land: _strictest(own, wanted) for land, wanted in lands.items()}
            for item, own in rows.items()
        }
        return cls(
            edition=edition,
            lands=lands,
            names={row["land"]: row["names"] for row in edition.table("lands")},
            screening=screening,
            intervention={r["item"]: tuple(r["values"]) for r in edition.table("intervention")},
            bands=edition.table("ph_bands"),
            categories=edition.table("categories"),
            grades={g["index"]: g for g in edition.table("grades")},
        )

    def needs_land(self, item: str) -> bool:
        return len(set(self.screening[item].values())) > 1

    def needs_ph(self, item: str) -> bool:
        vectors = [*self.screening[item].values(), self.intervention.get(item, (0,))]
        return any(len(set(vector)) > 1 for vector in vectors)


def _strictest(own: Mapping[str, list[float]], wanted: Sequence[str]) -> tuple[float, ...]:
    """Return the values of a land use: of its own row, or of 其他, or the common one."""
    rows = [next(own[r] for r in (row, "other", "all") if r in own) for row in wanted]
    return tuple(min(values) for values in zip(*rows, strict=True))


def _check_references(more: Mapping[str, float], rules: _Rules, entered: Entered) -> None:
    require(entered.schema, more, what="样品数据")
    require_numbers(entered.schema, more)
    for item, value in more.items():
        if item in rules.screening:
            raise ShanshuiError(
                f"{item} 在标准中有筛选值，不能另给 / {item} has a screening value of the standard"
            )
        if not value > 0:
            raise ShanshuiError(
                f"{item} 的评价值应大于 0，得到 {value} / "
                f"the evaluation value of {item} must be positive: {value}"
            )


def _land_use(land: str, rules: _Rules, entered: Entered) -> nw.Expr:
    if land in entered.schema:
        kind = entered.schema[land]
        if kind != nw.String and kind != nw.Unknown and not _is_text(kind):
            raise SchemaError(
                f"列 {land} 应为土地利用的名称，得到 {kind} / "
                f"column {land} must hold names of land uses, got {kind}"
            )
        return code_of(land, kind, rules.names)
    for code, names in rules.names.items():
        if land.strip().lower() in [n.lower() for n in names]:
            return nw.lit(code)
    raise ShanshuiError(
        f"land 应为列名或土地利用（{'、'.join(rules.names)}），得到“{land}”；"
        f"现有列：{'、'.join(entered.schema)} / "
        f"land must be a column or a land use ({', '.join(rules.names)}): {land!r}; "
        f"columns: {', '.join(entered.schema)}"
    )


def _is_text(kind: Any) -> bool:
    return bool(kind == nw.Categorical or kind == nw.Enum)


def _with_place(
    frame: LazyFrame, land_use: nw.Expr, land: str, ph: str, entered: Entered
) -> LazyFrame:
    """Add ``land_use``, ``ph_band`` and what is wrong with them."""
    frame = frame.with_columns(
        land_use.alias("land_use"), number(ph, entered.schema[ph]).alias("_ph")
    )
    said = nw.col(land).is_null() if land in entered.schema else nw.lit(False)
    value = nw.col("_ph")
    return frame.with_columns(
        to_fixed(nw.when((value >= 0) & (value <= NEUTRAL)).then(value), PLACES).alias("_ph_fixed"),
        nw.when(value.is_null())
        .then(nw.lit("no_ph"))
        .otherwise(code_if((value < 0) | (value > NEUTRAL), "ph_range"))
        .alias("_ph_fault"),
        nw.when(said)
        .then(nw.lit("no_land"))
        .otherwise(code_if(nw.col("land_use").is_null(), "unknown_land"))
        .alias("_land_fault"),
    )


def _with_limits(
    frame: LazyFrame, judged: Sequence[str], more: Mapping[str, float], rules: _Rules
) -> LazyFrame:
    """Add ``ph_band`` and, as fixed integers, ``_s_<item>`` and ``_t_<item>``."""
    band: nw.Expr = nw.when(~nw.col("_ph_fixed").is_null()).then(integer(len(rules.bands) + 1))
    for place in range(len(rules.bands), 0, -1):
        inside = nw.col("_ph_fixed") <= fixed(rules.bands[place - 1])
        band = nw.when(inside).then(integer(place)).otherwise(band)
    frame = frame.with_columns(band.alias("ph_band"))
    nothing = nw.lit(None, dtype=nw.Int64)
    limits = {}
    for item in judged:
        by_land: dict[tuple[float, ...], list[str]] = {}
        for land, values in rules.screening[item].items():
            by_land.setdefault(values, []).append(land)
        screening = nothing
        for values, lands in by_land.items():
            one = _of_band(values)
            if len(by_land) > 1:
                one = nw.when(nw.col("land_use").is_in(lands)).then(one).otherwise(screening)
            screening = one
        limits[f"_s_{item}"] = screening
        values = rules.intervention.get(item, ())
        limits[f"_t_{item}"] = _of_band(values) if values else nothing
    limits |= {f"_s_{item}": fixed(value) for item, value in more.items()}
    return frame.with_columns(limit.alias(name) for name, limit in limits.items())


def _of_band(values: Sequence[float]) -> nw.Expr:
    if len(set(values)) == 1:
        return fixed(values[0])
    result = nw.lit(None, dtype=nw.Int64)
    for place, value in enumerate(values, start=1):
        result = nw.when(nw.col("ph_band") == place).then(fixed(value)).otherwise(result)
    return result


def _why(item: str, rules: _Rules, entered: Entered) -> nw.Expr:
    place = []
    if item in rules.screening and rules.needs_ph(item):
        place.append(nw.col("_ph_fault"))
    if item in rules.screening and rules.needs_land(item):
        place.append(nw.col("_land_fault"))
    return faults(item, entered, *place)


def _sound(item: str, value: nw.Expr) -> nw.Expr:
    return nw.when(nw.col(f"_why_{item}").is_null()).then(value)


def _present(column: str) -> nw.Expr:
    return nw.when(~nw.col(column).is_null()).then(integer(1)).otherwise(integer(0))


def _risk(item: str) -> nw.Expr:
    value, low, high = (nw.col(f"_{c}_{item}") for c in "vrt")
    above = nw.when(value > high).then(integer(3)).otherwise(integer(2))  # not above a null
    return nw.when(value <= low).then(integer(1)).otherwise(nw.when(value > low).then(above))


NEMEROW = 9
"""Decimals at which P_N is taken before it is rounded: floats of any engine agree so far."""


def _with_nemerow(frame: LazyFrame, items: Sequence[str]) -> LazyFrame:
    """Add ``nemerow`` and ``_nemerow``, the same with `NEMEROW` decimals."""
    frame = frame.with_columns(
        (nw.col(f"_v_{i}").cast(nw.Float64) / nw.col(f"_r_{i}").cast(nw.Float64)).alias(f"_q_{i}")
        for i in items
    )
    some = nw.when(nw.col("nemerow_items") > 0).then(nw.col("nemerow_items"))
    frame = frame.with_columns(
        largest(nw.col(f"_q_{i}") for i in items).alias("_q_max"),
        nw.sum_horizontal(*(f"_q_{i}" for i in items)).alias("_q_sum"),
        some.cast(nw.Float64).alias("_q_count"),
    )
    frame = frame.with_columns((nw.col("_q_sum") / nw.col("_q_count")).alias("_q_mean"))
    frame = frame.with_columns(
        (nw.col("_q_mean") * nw.col("_q_mean") + nw.col("_q_max") * nw.col("_q_max")).alias(
            "_q_two"
        )
    )
    frame = frame.with_columns(to_fixed((nw.col("_q_two") * 0.5).sqrt(), NEMEROW).alias("_nemerow"))
    rounded = divide_half_even(nw.col("_nemerow"), 10 ** (NEMEROW - 2))
    return frame.with_columns(from_fixed(rounded, 2).alias("nemerow"))


def _named(column: str, names: Mapping[int, str]) -> nw.Expr:
    result = nw.lit(None, dtype=nw.String)
    for code, name in names.items():
        result = nw.when(nw.col(column) == code).then(nw.lit(name)).otherwise(result)
    return result


def _grades(items: Sequence[str], rules: _Rules) -> list[nw.Expr]:
    single, whole = rules.grades["single"]["upto"], rules.grades["nemerow"]["upto"]
    return [
        *(
            _grade(nw.col(f"_v_{i}"), [nw.col(f"_r_{i}") * k for k in single]).alias(f"grade_{i}")
            for i in items
        ),
        _grade(
            nw.col("_nemerow"), [integer(int(Fraction(str(k)) * 10**NEMEROW)) for k in whole]
        ).alias("nemerow_grade"),
    ]


def _grade(value: nw.Expr, upto: Sequence[nw.Expr]) -> nw.Expr:
    grade: nw.Expr = nw.when(~value.is_null() & ~upto[0].is_null()).then(integer(len(upto) + 1))
    for place in range(len(upto), 0, -1):
        grade = nw.when(value <= upto[place - 1]).then(integer(place)).otherwise(grade)
    return grade


def safe_use_ratio(
    protected: float | str | Decimal,
    safely_used: float | str | Decimal,
    controlled: float | str | Decimal,
    total: float | str | Decimal,
    *,
    digits: int = 2,
) -> Decimal:
    """Return the rate of safe use of contaminated farmland (受污染耕地安全利用率), in %.

    A = (B + C + D) / E × 100 %. The agriculture bureau reports it from areas on the ground; it is
    not a function of samples.

    Parameters
    ----------
    protected : number
        B, lightly polluted area under priority protection with its measures in place.
    safely_used : number
        C, lightly to moderately polluted area under safe use or remediation whose crops meet the
        standard.
    controlled : number
        D, heavily polluted area under strict control.
    total : number
        E, all polluted farmland; the four in one unit.
    digits : int
        Decimals, by GB/T 8170.

    Raises
    ------
    ShanshuiError
        An area is negative, the total is not positive, or the parts exceed it.

    References
    ----------
    受污染耕地安全利用率核算方法（试行）.

    Examples
    --------
    >>> safe_use_ratio(120.5, 800, 30, 1020)
    Decimal('93.19')
    """
    parts = [Fraction(str(area)) for area in (protected, safely_used, controlled)]
    whole = Fraction(str(total))
    if whole <= 0 or min(parts) < 0 or sum(parts) > whole:
        raise ShanshuiError(
            "面积不能为负，总面积应大于 0 且不小于各部分之和 / areas must not be negative, and the "
            "total must be positive and no less than its parts: "
            f"{protected}, {safely_used}, {controlled}, {total}"
        )
    return round_half_even(sum(parts) / whole * 100, digits)

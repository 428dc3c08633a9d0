"""Air quality health index (AQHI): Hong Kong, Canada, or coefficients of one's own."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import exp, isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import narwhals.stable.v2 as nw

from shanshui._frames import (
    ORDER,
    enter,
    names,
    remember_order,
    require,
    require_numbers,
    set_aside,
)
from shanshui._rules import code_if, joined, largest
from shanshui.air._hours import (
    Stamp,
    by_day,
    sound_values,
    stamped,
    with_day_before,
    with_running,
)
from shanshui.air._rules import HOURLY, bounds, fault_codes
from shanshui.air.index import exempted
from shanshui.standards.errors import ShanshuiError, UnknownEdition
from shanshui.standards.rounding import PLACES, divide_half_even, from_fixed, integer, to_fixed

if TYPE_CHECKING:
    import polars as pl
    from narwhals.stable.v2.typing import IntoDataFrame, IntoFrameT

    from shanshui._frames import LazyFrame

HealthEdition = Literal["hk-2025", "hk-2013", "ca"]
HEALTH_EDITIONS = ("hk-2013", "hk-2025", "ca")

OWN = "own"
"""Name of an edition that the caller supplied without one."""


@dataclass(frozen=True)
class Coefficient:
    """How one item adds to the risk: ``exp(rate · C) - 1``, C in the unit of this library."""

    item: str
    term: str
    rate: float


@dataclass(frozen=True)
class Band:
    """One step of the index; the last has no upper bound."""

    aqhi: int
    text: str
    high: Fraction | None
    name: str
    name_en: str


@dataclass(frozen=True)
class Scheme:
    """The whole of an edition."""

    number: str
    coefficients: tuple[Coefficient, ...]
    bands: tuple[Band, ...]
    hours: int
    min_hours: int
    scale: Fraction
    inclusive: bool
    digits: int


def health_index(
    hours: IntoFrameT,
    *,
    edition: HealthEdition = "hk-2025",
    by: str | Sequence[str] = "station",
    stamp: Stamp = "end",
    coefficients: str | os.PathLike[str] | Mapping[str, Any] | IntoDataFrame | None = None,
    bands: IntoDataFrame | Sequence[Mapping[str, Any]] | None = None,
    min_hours: int | None = None,
    exempt: Collection[str] = (),
) -> IntoFrameT:
    """Compute the air quality health index (空气质量健康指数 AQHI) of each hour.

    The added risk of an item is ``(exp(β·C) - 1)·100`` %, C its mean of 3 clock hours; the risks
    are summed, of PM10 and PM2.5 the larger one (Hong Kong), and the bands of the edition judge
    the sum. A missing row is a missing hour, wherever the rows stand; the mean runs across
    midnight. No edition is chosen by date: the one named judges every row. Values that `exclude`
    has marked count, as dust is breathed all the same.

    Parameters
    ----------
    hours : frame
        `by`, ``time, so2, no2, o3, pm10, pm25`` (1-hour means, µg/m3; ``ca`` needs no2, o3, pm25
        only); any other columns. Gases at 298.15 K and 1013.25 hPa: values before 2018-09-01 are
        at 273 K: see `convert_state`.
    edition : {"hk-2025", "hk-2013", "ca"}
        Hong Kong from 2025-03-22 (O3 coefficient and bands from one source, confidence B) or
        before; Canada, whose gases are in ppb: µg/m3 times 24.465 L/mol over the molar mass.
    by : str or list of str
        Key columns of a station.
    stamp : {"end", "start"}
        Whether ``time`` is the end or the start of the hour.
    coefficients : path, mapping or frame, optional
        Others than an edition's: the path of a TOML file in the form of ``aqhi-hk-2025.toml``, or
        what it holds as a mapping; or ``{item: β}``, or a frame as `health_coefficients` gives,
        both of which need `bands`.
    bands : frame or list of dict, optional
        Bands as `health_bands` gives them (``aqhi, high, name, name_en``), in place of the
        edition's.
    min_hours : int, optional
        Least valid hours of a mean; by default the edition's 2 of 3 (own convention, confidence
        C).
    exempt : collection of str
        Items whose absence is no gap; their columns may be absent, and the risk is summed without
        them. No published rule allows it.

    Returns
    -------
    frame of the kind that came
        Every row and column, and

        - ``<item>_3h`` (mean, six decimals; the number is that of the table's hours),
          ``risk_<item>`` (%), ``added_risk`` (their sum, %);
        - ``aqhi_value`` (what the bands judge: for Hong Kong the added risk, for Canada the index
          before rounding);
        - ``aqhi`` (whole, 11 for 10+), ``aqhi_text`` (``10+``), ``aqhi_class``,
          ``aqhi_class_en``;
        - ``aqhi_status``: ``ok``, ``partial`` (without an exempt item), ``NA`` (an item is missing:
          no index), ``no_data``; ``aqhi_edition``;
        - ``reason_<item>_3h``: ``negative`` or ``absurd`` (the row's own value was not used),
          ``few_hours``, ``repeated_hour`` (the day has an hour twice: no mean on that day).

        An input column of such a name is kept as ``<name>_input``.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.
    UnknownEdition
        No edition is called that.
    ShanshuiError
        Coefficients or bands that cannot be used, an unknown item in `exempt`.

    References
    ----------
    EPD Hong Kong, AQHI FAQ (aqhi.gov.hk); Wong et al. 2013, Atmospheric Environment 76, 52-58;
    Stieb et al. 2008, Journal of the Air & Waste Management Association 58, 435-450.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime
    >>> hours = pl.DataFrame(
    ...     {
    ...         "station": "中西区",
    ...         "time": [datetime(2025, 4, 1, 13), datetime(2025, 4, 1, 14)],
    ...         "so2": [4, 4],
    ...         "no2": [40, 44],
    ...         "o3": [90, 96],
    ...         "pm10": [30, 34],
    ...         "pm25": [20, 24],
    ...     }
    ... )
    >>> health_index(hours).select("no2_3h", "added_risk", "aqhi_text", "aqhi_class").rows()
    [(None, None, None, None), (42.0, 7.505524, '5', '中')]
    """
    scheme = _scheme(edition, coefficients, bands, min_hours)
    entered = enter(hours)
    keys = names(by)
    items = [c.item for c in scheme.coefficients]
    excused = exempted(exempt, items)
    require(entered.schema, [i for i in items if i not in excused], what="小时数据")
    require_numbers(entered.schema, items)
    present = [i for i in items if i in entered.schema]
    if not present:
        raise ShanshuiError("没有可评价的项目 / the frame has no item of the index")
    means = {i: f"{i}_{scheme.hours}h" for i in present}
    added = [
        *means.values(),
        *(f"risk_{i}" for i in present),
        *OUTCOME,
        *(f"reason_{name}" for name in means.values()),
    ]
    frame = set_aside(entered, added)
    own = list(frame.collect_schema())
    frame = remember_order(frame, entered)
    frame = stamped(replace(entered, frame=frame), keys, stamp)
    frame = sound_values(frame, entered, present)
    frame = _with_means(frame, keys, present, scheme)
    frame = _with_risk(frame, present, scheme, excused)
    frame = _with_band(frame, scheme)
    frame = frame.with_columns(
        *(from_fixed(nw.col(f"_m_{i}")).alias(name) for i, name in means.items()),
        *(from_fixed(nw.col(f"_r_{i}")).alias(f"risk_{i}") for i in present),
        *(_reason(i).alias(f"reason_{name}") for i, name in means.items()),
    )
    order = [ORDER] if entered.eager else []
    out: IntoFrameT = entered.leave(frame.select(*order, *own, *added), [])
    return out


OUTCOME = (
    *("added_risk", "aqhi_value", "aqhi", "aqhi_text", "aqhi_class", "aqhi_class_en"),
    *("aqhi_status", "aqhi_edition"),
)


def _with_means(
    frame: LazyFrame, keys: Sequence[str], items: Sequence[str], scheme: Scheme
) -> LazyFrame:
    """Add ``_m_<item>``: means of the clock hours that end with the row's own, fixed integers."""
    labels = range(1, 25)
    lent = [f"_{i}_{label}" for i in items for label in labels if label > 25 - scheme.hours]
    days = with_day_before(by_day(frame, keys, items), keys, lent)
    for item in items:
        days = with_running(days, item, labels, scheme.hours, scheme.min_hours)
    days = days.select(
        *keys,
        "_date",
        "_repeats",
        *(
            nw.when(~nw.col("_repeats"))
            .then(divide_half_even(nw.col(f"_t_{i}_{k}"), nw.col(f"_n_{i}_{k}")))
            .alias(f"_m_{i}_{k}")
            for i in items
            for k in labels
        ),
    )
    frame = frame.join(days, on=[*keys, "_date"], how="left")
    return frame.with_columns(
        largest(nw.when(nw.col("_hour") == k).then(nw.col(f"_m_{i}_{k}")) for k in labels).alias(
            f"_m_{i}"
        )
        for i in items
    )


def _with_risk(
    frame: LazyFrame, items: Sequence[str], scheme: Scheme, excused: Collection[str]
) -> LazyFrame:
    """Add ``_r_<item>``, ``added_risk``, ``_value``, ``aqhi_value`` and ``aqhi_status``.

    Each risk becomes a fixed integer at once, so that the sum is that of the figures shown, and
    the same on every engine whatever the last bit of its ``exp``.
    """
    used = [c for c in scheme.coefficients if c.item in items]
    frame = frame.with_columns(
        to_fixed(((from_fixed(nw.col(f"_m_{c.item}")) * c.rate).exp() - 1.0) * 100.0).alias(
            f"_r_{c.item}"
        )
        for c in used
    )
    terms: dict[str, list[nw.Expr]] = {}
    for c in used:
        terms.setdefault(c.term, []).append(nw.col(f"_r_{c.item}"))
    missing = {i: nw.col(f"_m_{i}").is_null() for i in items}
    gaps = [gap for i, gap in missing.items() if i not in excused]
    less = nw.lit(len(items) < len(scheme.coefficients))
    frame = frame.with_columns(
        *(largest(risks).alias(f"_term_{term}") for term, risks in terms.items()),
        nw.any_horizontal(nw.lit(False), *gaps, ignore_nulls=False).alias("_incomplete"),
        nw.any_horizontal(less, *missing.values(), ignore_nulls=False).alias("_less"),
        nw.all_horizontal(*missing.values(), ignore_nulls=False).alias("_none"),
    )
    total = nw.sum_horizontal(*(f"_term_{term}" for term in terms)).cast(nw.Int64)
    frame = frame.with_columns(
        nw.when(~nw.col("_incomplete") & ~nw.col("_none")).then(total).alias("_total"),
        nw.when(nw.col("_none"))
        .then(nw.lit("no_data"))
        .otherwise(
            nw.when(nw.col("_incomplete"))
            .then(nw.lit("NA"))
            .otherwise(nw.when(nw.col("_less")).then(nw.lit("partial")).otherwise(nw.lit("ok")))
        )
        .alias("aqhi_status"),
        nw.lit(scheme.number).alias("aqhi_edition"),
    )
    drop = 10 ** (PLACES - scheme.digits)
    value = divide_half_even(
        nw.col("_total") * scheme.scale.numerator, scheme.scale.denominator * drop
    )
    frame = frame.with_columns((value * drop).alias("_value"))
    return frame.with_columns(
        from_fixed(nw.col("_total")).alias("added_risk"),
        from_fixed(nw.col("_value")).alias("aqhi_value"),
    )


def _with_band(frame: LazyFrame, scheme: Scheme) -> LazyFrame:
    """Add ``aqhi`` and what its band is called."""
    value = nw.col("_value")
    aqhi = nw.lit(None, dtype=nw.Int64)
    for band in reversed(scheme.bands):
        if band.high is None:
            inside = ~value.is_null()
        else:
            bound = int(band.high * 10**PLACES)
            inside = value <= bound if scheme.inclusive else value < bound
        aqhi = nw.when(inside).then(integer(band.aqhi)).otherwise(aqhi)

    def called(name: Callable[[Band], str]) -> nw.Expr:
        result = nw.lit(None, dtype=nw.String)
        for band in scheme.bands:
            result = nw.when(nw.col("aqhi") == band.aqhi).then(nw.lit(name(band))).otherwise(result)
        return result

    return frame.with_columns(aqhi.cast(nw.Int64).alias("aqhi")).with_columns(
        called(lambda band: band.text).alias("aqhi_text"),
        called(lambda band: band.name).alias("aqhi_class"),
        called(lambda band: band.name_en).alias("aqhi_class_en"),
    )


def _reason(item: str) -> nw.Expr:
    """Say why a mean is missing, or why the row's own value is not in it."""
    few = nw.col(f"_m_{item}").is_null() & ~nw.col("_repeats").fill_null(value=False)
    return joined(
        [
            *fault_codes(nw.col(f"_f_{item}")),
            code_if(nw.col("_repeats"), "repeated_hour"),
            code_if(few, "few_hours"),
        ]
    )


def health_bands(*, edition: HealthEdition = "hk-2025") -> pl.DataFrame:
    """Return the bands of an AQHI.

    Returns
    -------
    polars.DataFrame
        ``aqhi`` (11 for 10+), ``text, low, high`` (of the added risk in %, for Canada of the index
        before rounding; null for the last), ``name, name_en, edition, confidence``. For Hong Kong
        the upper bound belongs to the band, for Canada to the next.

    Raises
    ------
    UnknownEdition
        No edition is called that.

    Examples
    --------
    >>> health_bands(edition="hk-2013").select("text", "low", "high", "name").rows()[-2:]
    [('10', 17.22, 19.37, '甚高'), ('10+', 19.37, None, '严重')]
    """
    import polars as pl

    table = _table(edition)
    schema = {"aqhi": pl.Int64, "text": pl.String, "high": pl.Float64}
    schema |= {"name": pl.String, "name_en": pl.String}
    frame = pl.DataFrame(table["tables"]["bands"], schema=schema)
    return frame.select(
        *("aqhi", "text"),
        pl.col("high").shift(1, fill_value=0.0).alias("low"),
        *("high", "name", "name_en"),
        pl.lit(table["number"]).alias("edition"),
        pl.lit(table["confidence"]).alias("confidence"),
    )


def health_coefficients(*, edition: HealthEdition = "hk-2025") -> pl.DataFrame:
    """Return the coefficients of an AQHI.

    Returns
    -------
    polars.DataFrame
        ``item, beta`` (per `unit` of the 3-hour mean), ``unit, molar_mass`` (null where the unit is
        that of this library), ``term`` (items of one term count once, by the larger risk),
        ``edition, confidence``.

    Raises
    ------
    UnknownEdition
        No edition is called that.

    Examples
    --------
    >>> health_coefficients(edition="ca").select("item", "beta", "unit").rows()
    [('no2', 0.000871, 'ppb'), ('o3', 0.000537, 'ppb'), ('pm25', 0.000487, 'µg/m3')]
    """
    import polars as pl

    table = _table(edition)
    schema = {"item": pl.String, "beta": pl.Float64, "unit": pl.String}
    schema |= {"molar_mass": pl.Float64, "term": pl.String}
    frame = pl.DataFrame(table["tables"]["coefficients"], schema=schema)
    return frame.with_columns(
        pl.col("term").fill_null(pl.col("item")),
        pl.lit(table["number"]).alias("edition"),
        pl.lit(table["confidence"]).alias("confidence"),
    )


# --- tables --------------------------------------------------------------------------------------

DEFAULTS: dict[str, Any] = {
    "hours": 3,
    "min_hours": 2,
    "scale": [1, 1],
    "inclusive": True,
    "digits": PLACES,
    "molar_volume": 24.465,
}
"""What a table means that states no such parameter."""


@cache
def _table(edition: str) -> dict[str, Any]:
    """Return the table of an edition as its file holds it."""
    if edition not in HEALTH_EDITIONS:
        known = "、".join(HEALTH_EDITIONS)
        raise UnknownEdition(
            f"没有名为“{edition}”的健康指数版本，可用：{known} / "
            f"unknown edition {edition!r} of the health index; known: {', '.join(HEALTH_EDITIONS)}"
        )
    text = files("shanshui.air").joinpath(f"aqhi-{edition}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _scheme(edition: str, coefficients: Any, bands: Any, min_hours: int | None) -> Scheme:
    """Return the edition, with what the caller has put in its place."""
    table = _table(edition)
    if isinstance(coefficients, str | os.PathLike):
        table = _file(Path(coefficients))
    elif isinstance(coefficients, Mapping) and "tables" in coefficients:
        table = dict(coefficients)
    elif coefficients is not None:
        if bands is None:
            raise _bad(
                "给出 coefficients 时还要给出 bands（分级界限随系数而定）",
                "coefficients need bands of their own: the bounds depend on them",
            )
        table = {"tables": {"coefficients": _coefficient_rows(coefficients)}}
    tables = table.get("tables")
    if not isinstance(tables, Mapping):
        raise _bad("缺少 [tables]", "the table has no [tables]")
    if bands is not None:
        tables = {**tables, "bands": _rows(bands, "bands")}
    parameters = _parameters(table.get("parameters", {}))
    if min_hours is not None:
        parameters["min_hours"] = min_hours
    made = _coefficients(tables.get("coefficients"), parameters["molar_volume"])
    scheme = Scheme(
        number=str(table.get("number", OWN)),
        coefficients=made,
        bands=_bands(tables.get("bands")),
        hours=_whole(parameters["hours"], "hours", 1, 24),
        min_hours=_whole(parameters["min_hours"], "min_hours", 1, parameters["hours"]),
        scale=_scale(parameters["scale"]),
        inclusive=_truth(parameters["inclusive"], "inclusive"),
        digits=_whole(parameters["digits"], "digits", 0, PLACES),
    )
    highest = sum(exp(min(c.rate * bounds()[c.item], 99.0)) for c in made) * 100 * 10**PLACES
    if highest * scheme.scale.numerator > 2**61:
        raise _bad(
            "系数过大：β 应以 1 µg/m3（CO 为 1 mg/m3）或 1 ppb 计",
            "the coefficients are too large: β is per 1 µg/m3 (CO 1 mg/m3) or per 1 ppb",
        )
    return scheme


def _bad(zh: str, en: str) -> ShanshuiError:
    return ShanshuiError(f"健康指数表：{zh} / health index: {en}")


def _file(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _bad(f"读不了 {path}：{error}", f"cannot read {path}: {error}") from error
    return {"number": path.stem, **table}


def _rows(given: Any, what: str) -> list[dict[str, Any]]:
    """Return the rows of a frame in memory, or of a list of mappings, without their nulls."""
    if isinstance(given, Sequence) and all(isinstance(row, Mapping) for row in given):
        rows = [dict(row) for row in given]
    else:
        try:
            rows = list(nw.from_native(given, eager_only=True).iter_rows(named=True))
        except TypeError as error:
            raise _bad(
                f"{what} 应为内存中的表，得到 {type(given).__name__}",
                f"{what} must be a table in memory, got {type(given).__name__}",
            ) from error
    return [
        {name: value for name, value in row.items() if value is not None and value == value}
        for row in rows
    ]


def _coefficient_rows(given: Any) -> list[dict[str, Any]]:
    if isinstance(given, Mapping):
        return [{"item": item, "beta": beta} for item, beta in given.items()]
    return _rows(given, "coefficients")


def _parameters(given: Any) -> dict[str, Any]:
    found = dict(DEFAULTS)
    for name, entry in given.items():
        if name not in DEFAULTS:
            raise _bad(
                f"没有参数 {name}，可用：{'、'.join(DEFAULTS)}",
                f"unknown parameter {name}; known: {', '.join(DEFAULTS)}",
            )
        if not isinstance(entry, Mapping) or "value" not in entry:
            raise _bad(
                f"参数 {name} 应写作 {{ value = … }}", f"parameter {name} must be {{ value = … }}"
            )
        found[name] = entry["value"]
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _whole(value: Any, name: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _bad(
            f"{name} 应为 {least}—{most} 的整数，得到 {value!r}",
            f"{name} must be a whole number from {least} to {most}, got {value!r}",
        )
    return value


def _truth(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise _bad(f"{name} 应为 true 或 false，得到 {value!r}", f"{name} must be true or false")
    return value


def _scale(value: Any) -> Fraction:
    if not (
        isinstance(value, Sequence)
        and len(value) == 2
        and all(_is_number(v) and 0 < v <= 1000 for v in value)
    ):
        raise _bad(
            f"scale 应为两个正数 [分子, 分母]，得到 {value!r}",
            f"scale must be two positive numbers [over, under], got {value!r}",
        )
    over, under = value
    return Fraction(str(over)) / Fraction(str(under))


def _coefficients(given: Any, molar_volume: Any) -> tuple[Coefficient, ...]:
    if not isinstance(given, Sequence) or not given:
        raise _bad("缺少 coefficients", "no coefficients")
    made = [_coefficient(row, n, molar_volume) for n, row in enumerate(given, 1)]
    items = [c.item for c in made]
    for item in items:
        if items.count(item) > 1:
            raise _bad(
                f"coefficients 中 {item} 出现多次", f"{item} is in the coefficients more than once"
            )
    return tuple(made)


def _coefficient(row: Mapping[str, Any], number: int, molar_volume: Any) -> Coefficient:
    item = row.get("item")
    beta: Any = row.get("beta")
    if item not in HOURLY:
        raise _bad(
            f"coefficients 第 {number} 行的 item 应取自 {'、'.join(HOURLY)}，得到 {item!r}",
            f"row {number} of the coefficients: item must be one of {', '.join(HOURLY)}, "
            f"got {item!r}",
        )
    if not _is_number(beta) or beta <= 0:
        raise _bad(
            f"{item} 的 beta 应为正数，得到 {beta!r}",
            f"beta of {item} must be a positive number, got {beta!r}",
        )
    own, volume = ("mg/m3", "ppm") if item == "co" else ("µg/m3", "ppb")
    unit = row.get("unit", own)
    factor = 1.0
    if unit == volume:
        mass: Any = row.get("molar_mass")
        for name, value in (("molar_mass", mass), ("molar_volume", molar_volume)):
            if not _is_number(value) or value <= 0:
                raise _bad(
                    f"{item} 以 {unit} 计时 {name} 应为正数，得到 {value!r}",
                    f"{item} in {unit} needs a positive {name}, got {value!r}",
                )
        factor = molar_volume / mass
    elif unit != own:
        raise _bad(
            f"{item} 的 unit 应为 {own} 或 {volume}，得到 {unit!r}",
            f"unit of {item} must be {own} or {volume}, got {unit!r}",
        )
    return Coefficient(item, str(row.get("term", item)), float(beta) * factor)


def _bands(given: Any) -> tuple[Band, ...]:
    if not isinstance(given, Sequence) or not given:
        raise _bad("缺少 bands", "no bands")
    made = [_band(row, n, last=n == len(given)) for n, row in enumerate(given, 1)]
    for before, after in pairwise(made):
        if after.aqhi <= before.aqhi or (after.high and before.high and after.high <= before.high):
            raise _bad(
                f"bands 的 aqhi 与 high 应逐行增大（{before.text} 之后是 {after.text}）",
                f"aqhi and high of the bands must rise from row to row ({after.text} after "
                f"{before.text})",
            )
    return tuple(made)


def _band(row: Mapping[str, Any], number: int, *, last: bool) -> Band:
    aqhi, high = row.get("aqhi"), row.get("high")
    if not isinstance(aqhi, int) or isinstance(aqhi, bool):
        raise _bad(
            f"bands 第 {number} 行的 aqhi 应为整数，得到 {aqhi!r}",
            f"row {number} of the bands: aqhi must be whole, got {aqhi!r}",
        )
    if last != (high is None):
        raise _bad(
            f"bands 除最后一级外都应有 high，最后一级没有（aqhi {aqhi}）",
            f"every band but the last has a high, the last has none (aqhi {aqhi})",
        )
    if high is not None and not (_is_number(high) and 0 < high <= 10**9):
        raise _bad(
            f"aqhi {aqhi} 的 high 应为正数，得到 {high!r}",
            f"high of aqhi {aqhi} must be a positive number, got {high!r}",
        )
    bound = None if high is None else Fraction(str(high))
    if bound is not None and (bound * 10**PLACES).denominator != 1:
        raise _bad(
            f"aqhi {aqhi} 的 high 最多 {PLACES} 位小数，得到 {high!r}",
            f"high of aqhi {aqhi} has at most {PLACES} decimals, got {high!r}",
        )
    text = str(row.get("text", aqhi))
    name = str(row.get("name", text))
    return Band(aqhi, text, bound, name, str(row.get("name_en", name)))

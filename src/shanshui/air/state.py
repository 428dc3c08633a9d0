"""Reference state (标况, 实况): which one a value stands on, and from one to the other."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import narwhals.stable.v2 as nw

from shanshui._frames import Entered, enter, naive_date, require, require_numbers
from shanshui.air._hours import Stamp, stamped
from shanshui.air._marks import STATES
from shanshui.air._rules import DAILY, HOURLY, measured
from shanshui.standards.editions import editions
from shanshui.standards.errors import SchemaError, ShanshuiError
from shanshui.standards.rounding import divide_half_even, from_fixed, integer, to_fixed

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrameT

    from shanshui._frames import LazyFrame

State = Literal["标况", "实况"]
GASES = ("so2", "no2", "co", "o3", "o3_1h", "o3_8h")
PARTICULATES = ("pm10", "pm25")
ZERO = 273.15
"""0 °C in K."""
HUNDREDTHS = 2  # decimals of a temperature and a pressure
TEMPERATURES = (-90.0, 60.0)
"""Bounds of a temperature of air, °C; a value outside is no such temperature."""
PRESSURES = (300.0, 1100.0)
"""Bounds of a pressure of air, hPa: kPa and Pa lie outside."""


@cache
def _rules() -> tuple[dict[str, Any], ...]:
    """Return the states of the standards with the dates that they hold."""
    seen = {s.number: s for e in editions("air") for s in e.members}
    return tuple(rule for standard in seen.values() for rule in standard.states)


def state_on(day: nw.Expr) -> nw.Expr:
    """Return the reference state of the network's values on a day."""
    state = nw.lit(None, dtype=nw.String)
    for rule in _rules():
        inside = ~day.is_null()
        if "from" in rule:
            inside = inside & (day >= nw.lit(rule["from"]))
        if "to" in rule:
            inside = inside & (day <= nw.lit(rule["to"]))
        state = nw.when(inside).then(nw.lit(rule["name"])).otherwise(state)
    return state


def convert_state(
    frame: IntoFrameT,
    *,
    to: State = "实况",
    temperature: str | None = None,
    pressure: str | None = None,
    stamp: Stamp = "end",
) -> IntoFrameT:
    """Bring concentrations to one reference state (参比状态换算).

    The network's values are at the standard state (标况: 273.15 K, 1013.25 hPa) to 2018-08-31, and
    from 2018-09-01 at the actual one (实况): gases at 298.15 K and 1013.25 hPa, particulates at the
    temperature and pressure of the air. Gases are converted by a constant factor (标况 to 实况:
    273.15 / 298.15). Particulates can only be converted where temperature and pressure were
    measured; elsewhere they stay as they are and ``state_pm`` says so, and `compare` then gives no
    change of PM10, PM2.5 and what is made of them.

    Convert hours before `daily`, or daily values that are not rounded yet (``rounded=False``).

    Parameters
    ----------
    frame : frame
        Hours (``time``) or days (``date``), with any of the items (µg/m3, CO mg/m3).
    to : {"实况", "标况"}
        State to convert to.
    temperature, pressure : str, optional
        Columns of air temperature (°C) and pressure (hPa) during the measurement. Values that no
        air has (outside -90 to 60 °C, 300 to 1100 hPa) count as missing.
    stamp : {"end", "start"}
        Whether ``time`` is the end or the start of the hour.

    Returns
    -------
    frame of the kind that came
        Every row and column, the items converted (six decimals), and ``state_gas`` and
        ``state_pm``: 标况, 实况, or null where no standard of the date is known. A frame that has
        these columns already is converted from what they say, not by its dates. A negative value
        becomes null, as it is nowhere used.

    Raises
    ------
    SchemaError
        A column is missing or has the wrong type.
    ShanshuiError
        `to` is no state, or only one of temperature and pressure is given.

    References
    ----------
    GB 3095-2012 (标准状态) and its amendment (修改单) of 2018; GB 3095-2026.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> days = pl.DataFrame({"date": [date(2018, 8, 31), date(2018, 9, 1)], "no2": 40, "pm25": 30})
    >>> convert_state(days).select("no2", "pm25", "state_gas", "state_pm").rows()
    [(36.645984, 30.0, '实况', '标况'), (40.0, 30.0, '实况', '实况')]
    >>> weather = days.with_columns(temp=25.0, pres=1000.0)
    >>> convert_state(weather, temperature="temp", pressure="pres")["pm25"].to_list()
    [27.12508, 30.0]
    """
    states = {rule["name"]: rule for rule in _rules()}
    if to not in states:
        raise ShanshuiError(f"to 应为 {'、'.join(states)} / must be one of them: {to!r}")
    if (temperature is None) != (pressure is None):
        raise ShanshuiError(
            "颗粒物换算需同时给出温度列和气压列 / "
            "particulates need both a temperature and a pressure column"
        )
    entered = enter(frame)
    items = [i for i in dict.fromkeys((*HOURLY, *DAILY)) if i in entered.schema]
    if not items:
        raise SchemaError(
            "数据没有可换算的项目列 / the frame has no column of an item: "
            f"{'、'.join(dict.fromkeys((*HOURLY, *DAILY)))}"
        )
    weather = [c for c in (temperature, pressure) if c is not None]
    require(entered.schema, weather, what="数据")
    require_numbers(entered.schema, [*items, *weather])

    others = {name: rule for name, rule in states.items() if name != to}
    gases, particulates = ([i for i in items if i in kind] for kind in (GASES, PARTICULATES))
    rows = _with_day(entered, stamp).with_columns(
        *(_said(n, entered).alias(f"_{n}") for n in STATES),
        *(to_fixed(_not_negative(i, entered)).alias(f"_v_{i}") for i in items),
        *_weather(entered, temperature, pressure),
    )
    rows = rows.with_columns(
        (~nw.col("_kelvin").is_null() & ~nw.col("_hpa").is_null()).alias("_air")
    )
    rows = rows.with_columns(
        _gas(nw.col(f"_v_{i}"), states[to], others).alias(f"_v_{i}") for i in gases
    )
    # Two steps, as the product of all four numbers does not fit 64 bits; two more decimals between.
    for name, rule in others.items():
        moved = nw.col("_air") & (nw.col("_state_pm") == name)
        for up, down in (
            (_of(rule, "kelvin") * 100, _of(states[to], "kelvin")),
            (_of(states[to], "hpa"), _of(rule, "hpa") * 100),
        ):
            rows = rows.with_columns(
                nw.when(moved)
                .then(divide_half_even(nw.col(f"_v_{i}") * up, down))
                .otherwise(nw.col(f"_v_{i}"))
                .alias(f"_v_{i}")
                for i in particulates
            )
    from_other = {n: nw.col(f"_{n}").is_in(list(others)) for n in STATES}
    own = [c for c in entered.schema if c not in STATES]
    result = rows.select(
        *(from_fixed(nw.col(f"_v_{c}")).alias(c) if c in items else nw.col(c) for c in own),
        nw.when(from_other["state_gas"])
        .then(nw.lit(to))
        .otherwise(nw.col("_state_gas"))
        .alias("state_gas"),
        nw.when(from_other["state_pm"] & nw.col("_air"))
        .then(nw.lit(to))
        .otherwise(nw.col("_state_pm"))
        .alias("state_pm"),
    )
    out: IntoFrameT = entered.leave(result, [])
    return out


def _with_day(entered: Entered, stamp: Stamp) -> LazyFrame:
    if "time" in entered.schema:
        return stamped(entered, [], stamp)
    require(entered.schema, ["date"], what="数据")
    return entered.frame.with_columns(naive_date(entered, "date").alias("_date"))


def _said(name: str, entered: Entered) -> nw.Expr:
    """Return the state that a row says, or the one of its day."""
    return nw.col(name) if name in entered.schema else state_on(nw.col("_date"))


def _not_negative(item: str, entered: Entered) -> nw.Expr:
    value = measured(item, entered.schema[item])
    return nw.when(value >= 0).then(value)


def _weather(entered: Entered, temperature: str | None, pressure: str | None) -> list[nw.Expr]:
    """Return temperature (K) and pressure (hPa) as whole hundredths."""
    if temperature is None or pressure is None:
        return [nw.lit(None, dtype=nw.Int64).alias(name) for name in ("_kelvin", "_hpa")]

    def hundredths(column: str, bounds: tuple[float, float], zero: float, name: str) -> nw.Expr:
        value = measured(column, entered.schema[column])
        sound = (value >= bounds[0]) & (value <= bounds[1])
        return to_fixed(nw.when(sound).then(value + zero), HUNDREDTHS).alias(name)

    return [
        hundredths(temperature, TEMPERATURES, ZERO, "_kelvin"),
        hundredths(pressure, PRESSURES, 0.0, "_hpa"),
    ]


def _hundredths(number: float) -> int:
    return int(Fraction(str(number)) * 10**HUNDREDTHS)


def _of(rule: dict[str, Any], name: str) -> nw.Expr:
    """Return what particulates stand on: constants of the state, or the air as it was."""
    if "particulates" in rule:
        return integer(_hundredths(rule["particulates"][name]))
    return nw.col(f"_{name}")


def _gas(value: nw.Expr, to: dict[str, Any], others: dict[str, dict[str, Any]]) -> nw.Expr:
    """Convert by a constant factor, C ∝ p / T."""
    result = value
    for name, rule in others.items():
        factor = Fraction(
            _hundredths(rule["gas"]["kelvin"]) * _hundredths(to["gas"]["hpa"]),
            _hundredths(to["gas"]["kelvin"]) * _hundredths(rule["gas"]["hpa"]),
        )
        converted = divide_half_even(value * integer(factor.numerator), integer(factor.denominator))
        result = nw.when(nw.col("_state_gas") == name).then(converted).otherwise(result)
    return result

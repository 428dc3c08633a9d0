"""What the air functions share: items, limits, faults of values."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from shanshui import _rules
from shanshui._rules import code_if
from shanshui.standards.editions import Edition
from shanshui.standards.errors import ShanshuiError
from shanshui.standards.rounding import integer, to_fixed

if TYPE_CHECKING:
    from shanshui._frames import Entered

HOURLY = ("so2", "no2", "co", "o3", "pm10", "pm25")
DAILY = ("so2", "no2", "co", "o3_1h", "o3_8h", "pm10", "pm25")
SIX = ("so2", "no2", "co", "o3_8h", "pm10", "pm25")

chosen = partial(_rules.chosen, "air")
edition_name = partial(_rules.edition_name, "air")


def in_force(
    entered: Entered, day: nw.Expr, which: str | date | Edition | None, *, whole_years: bool = False
) -> tuple[Edition, ...]:
    """Return the editions that rows may fall under, as few as can be told without executing.

    Of a frame in memory those that its dates meet (with `whole_years`, to the end of the last
    year), so that rules of editions that no row needs are not built; of a lazy one all. What
    columns a result has must not rest on this.
    """
    every = chosen(which)
    if which is not None or not entered.eager:
        return every
    ends = entered.frame.select(day.min().alias("first"), day.max().alias("last"))
    first, last = ends.to_native().collect().row(0)
    if first is None:
        return every
    first -= timedelta(days=1)  # an hour that ends at midnight belongs to the day before
    last = date(last.year, 12, 31) if whole_years else last
    met = tuple(e for e in every if e.start <= last and (e.end is None or e.end >= first))
    return met or every[:1]


def pollutant(item: str) -> str:
    """Return the substance of an item: ``o3_8h`` is ozone."""
    return "o3" if item.startswith("o3") else item.removesuffix("_24h")


@cache
def bounds() -> dict[str, float]:
    """Return the project's bounds above which a value is absurd."""
    text = files("shanshui.air").joinpath("plausible.toml").read_text(encoding="utf-8")
    table: dict[str, float] = tomllib.loads(text)["bounds"]
    return table


def limit(edition: Edition, item: str, averaging: str, grade: int = 2) -> float:
    """Return a limit of GB 3095, e.g. of ``pm25`` over a ``year``.

    Raises
    ------
    ShanshuiError
        When the edition has none.
    """
    for row in edition.table("limits"):
        if row["item"] == item and row["averaging"] == averaging:
            value: float = row[f"grade{grade}"]
            return value
    raise ShanshuiError(
        f"{edition.title}没有 {item} {averaging} 的限值 / "
        f"edition {edition.name} has no limit of {item} over {averaging}"
    )


def measured(column: str, kind: Any) -> nw.Expr:
    """Return a column of values as 64-bit floats, with NaN as null.

    A 32-bit float stands for its decimal with three places: it holds no more above 16 µg/m3, and
    its error would lift a value just over a breakpoint.
    """
    return _rules.number(column, kind, 3)


def valid_fixed(value: nw.Expr, item: str) -> nw.Expr:
    """Return sound values as fixed integers; negative and absurd ones become null."""
    sound = (value >= 0) & (value <= bounds()[pollutant(item)])
    return to_fixed(nw.when(sound).then(value))


ABSURD = 2**15
"""Weight of an absurd value in a fault code; a negative one weighs 1."""


def fault_code(value: nw.Expr, item: str, lane: int = 1) -> nw.Expr:
    """Return a code whose sum over rows tells of both kinds of fault: see `fault_codes`.

    `lane` multiplies the code, so that codes of two items may share a sum. It is put into the
    literals, as Ibis writes small ones with 32 bits and a product of such would overflow.
    """
    above = nw.when(value > bounds()[pollutant(item)])
    absurd = above.then(integer(ABSURD * lane)).otherwise(integer(0))
    return nw.when(value < 0).then(integer(lane)).otherwise(absurd)


def fault_codes(total: nw.Expr) -> list[nw.Expr]:
    """Return ``negative`` and ``absurd`` where a sum of fault codes holds them."""
    return [code_if(total % ABSURD > 0, "negative"), code_if(total >= ABSURD, "absurd")]

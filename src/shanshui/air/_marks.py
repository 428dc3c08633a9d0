"""What rows carry beside their values: marks of excluded values, and reference states.

Where hours become days, or stations areas, the marks of the rows become the mark of the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from shanshui._rules import code_if, joined
from shanshui.standards.rounding import integer

if TYPE_CHECKING:
    from shanshui._frames import LazyFrame, Schema

KINDS = ("dust", "exceptional")
STATES = ("state_gas", "state_pm")
_LANE = 2**20
"""Radix of the two kinds in a sum of marks; no group has so many rows."""


@dataclass
class Carried:
    """What brings marks through an aggregation: columns before, in and after it."""

    prepare: list[nw.Expr] = field(default_factory=list)
    aggregates: list[nw.Expr] = field(default_factory=list)
    results: list[nw.Expr] = field(default_factory=list)

    def prepared(self, frame: LazyFrame) -> LazyFrame:
        """Add what is aggregated."""
        return frame.with_columns(*self.prepare) if self.prepare else frame


def carried(schema: Schema, items: Mapping[str, str]) -> Carried:
    """Return how the marks of a frame are carried; nothing where it has none.

    `items` gives for each item of the result the item of the frame that it is made of.
    """
    found = Carried()
    marked = {made: of for made, of in items.items() if f"excluded_{of}" in schema}
    for of in sorted({*marked.values()}):
        code = has_kind(of, "dust"), has_kind(of, "exceptional")
        weights = (
            nw.when(kind).then(integer(weight)).otherwise(integer(0))
            for kind, weight in zip(code, (1, _LANE), strict=True)
        )
        found.prepare.append(sum(weights, integer(0)).alias(f"_mark_{of}"))
        found.aggregates.append(nw.col(f"_mark_{of}").sum().cast(nw.Int64))
    for made, of in marked.items():
        total = nw.col(f"_mark_{of}")
        kinds = joined(
            [code_if(total % _LANE > 0, KINDS[0]), code_if(total >= _LANE, KINDS[1])],
        )
        found.results.append(kinds.alias(f"excluded_{made}"))
    texts = {"event": ("_first", ",", "_last")} if "event" in schema else {}
    # 标况 sorts after 实况 and is named first.
    texts |= {name: ("_last", "+", "_first") for name in STATES if name in schema}
    for name, (one, sign, other) in texts.items():
        found.aggregates.append(nw.col(name).min().alias(f"_{name}_first"))
        found.aggregates.append(nw.col(name).max().alias(f"_{name}_last"))
        both = nw.concat_str(nw.col(f"_{name}{one}"), nw.lit(sign), nw.col(f"_{name}{other}"))
        same = nw.col(f"_{name}_first") == nw.col(f"_{name}_last")
        found.results.append(
            nw.when(same).then(nw.col(f"_{name}_first")).otherwise(both).alias(name)
        )
    return found


def has_kind(item: str, kind: str) -> nw.Expr:
    """Tell whether an item's value is marked by an event of a kind."""
    marks = nw.col(f"excluded_{item}")
    return (marks == kind) | (marks == ",".join(KINDS))

"""What becomes of observations that come in beside those that are there.

Corrected outranks reviewed outranks raw; of equal rank the later counts; what is the same in
value, flag and state is the same observation, whatever its source. What was current goes to the
revisions, and so does, once, what a higher state keeps from ever being current.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from shanshui.platform.store.lake_tables import KEY, LONG, RANKS, REVISIONS

SAID = ("value", "flag", "state")
"""What an observation says: the same again is no news."""


@dataclass(frozen=True)
class Outcome:
    """What is to be written.

    Attributes
    ----------
    current : polars DataFrame
        The new current rows.
    replaced : polars DataFrame
        Keys of those that take the place of another.
    revisions : polars DataFrame
        Rows for the table of revisions.
    stored, already, changed, outranked : int
        What became of the rows that came in.
    """

    current: pl.DataFrame
    replaced: pl.DataFrame
    revisions: pl.DataFrame
    stored: int
    already: int
    changed: int
    outranked: int


def rank() -> pl.Expr:
    """Return the rank of a row's state."""
    return pl.col("state").replace_strict(RANKS, return_dtype=pl.Int8)


def resolve(
    incoming: pl.DataFrame,
    existing: pl.DataFrame,
    moment: datetime,
    history: Callable[[pl.DataFrame], pl.DataFrame],
) -> Outcome:
    """Set incoming rows against the current ones.

    Parameters
    ----------
    incoming : polars DataFrame
        Long rows in the order in which they came, ``recorded_from`` being `moment`.
    existing : polars DataFrame
        The current rows of the same keys.
    moment : datetime
        When this is recorded.
    history : callable
        Gives the revisions of the keys of a frame; called only where a row is outranked.
    """
    once = incoming.select(KEY).is_unique()
    single = _single(incoming.filter(once), existing, moment)
    many = incoming.filter(~once)
    parts = [single]
    if many.height:
        parts.append(_many(many, existing, moment))
    whole = _joined(parts)
    if whole.outranked == 0:
        return whole
    # The outranked were filed as revisions of no duration: keep those that are news.
    mark = whole.revisions.get_column("_outranked")
    out = whole.revisions.filter(mark).drop("_outranked").unique([*KEY, *SAID], maintain_order=True)
    rest = whole.revisions.filter(~mark).drop("_outranked")
    known = pl.concat([history(out.select(KEY).unique()), rest.select(REVISIONS.schema.keys())])
    out = out.join(known, on=[*KEY, *SAID], how="anti", nulls_equal=True)
    return Outcome(
        whole.current,
        whole.replaced,
        pl.concat([rest, out]),
        whole.stored,
        whole.already,
        whole.changed,
        whole.outranked,
    )


def _joined(parts: list[Outcome]) -> Outcome:
    revisions = pl.concat([part.revisions for part in parts])
    counts = [
        sum(getattr(part, name) for part in parts)
        for name in ("stored", "already", "changed", "outranked")
    ]
    if counts[3] == 0:
        revisions = revisions.drop("_outranked")
    return Outcome(
        pl.concat([part.current for part in parts]),
        pl.concat([part.replaced for part in parts]),
        revisions,
        *counts,
    )


def _ended(rows: pl.DataFrame, moment: datetime, *, outranked: bool) -> pl.DataFrame:
    return rows.select(
        *LONG,
        pl.lit(moment, pl.Datetime("us", "UTC")).alias("recorded_to"),
        pl.lit(outranked).alias("_outranked"),
    )


def _single(incoming: pl.DataFrame, existing: pl.DataFrame, moment: datetime) -> Outcome:
    """Settle keys that come in once."""
    none = incoming.clear()
    if existing.is_empty():
        return Outcome(
            incoming,
            none.select(KEY),
            _ended(none, moment, outranked=False),
            incoming.height,
            0,
            0,
            0,
        )
    old = existing.with_columns(_rank=rank()).rename({c: f"{c}_old" for c in SAID})
    both = incoming.join(
        old.select(*KEY, *(f"{c}_old" for c in SAID), "_rank"),
        on=KEY,
        how="left",
        maintain_order="left",
    ).with_columns(
        _fate=pl.when(pl.col("_rank").is_null())
        .then(0)
        .when(rank() < pl.col("_rank"))
        .then(3)
        .when(pl.all_horizontal(pl.col(c).eq_missing(pl.col(f"{c}_old")) for c in SAID))
        .then(1)
        .otherwise(2)
    )
    fate = both.get_column("_fate")
    rows = both.select(*LONG)
    changed = rows.filter(fate == 2)
    kept = existing.join(changed.select(KEY), on=KEY, how="semi")
    return Outcome(
        rows.filter((fate == 0) | (fate == 2)),
        changed.select(KEY),
        pl.concat(
            [
                _ended(kept, moment, outranked=False),
                _ended(rows.filter(fate == 3), moment, outranked=True),
            ]
        ),
        *(int((fate == number).sum()) for number in range(4)),
    )


def _many(incoming: pl.DataFrame, existing: pl.DataFrame, moment: datetime) -> Outcome:
    """Settle keys that come in several times: one after the other, in the order they came."""
    keys = incoming.select(KEY).unique()
    there = existing.join(keys, on=KEY, how="semi").select(*LONG)
    rows = (
        pl.concat(
            [there.with_columns(_new=pl.lit(False)), incoming.select(*LONG, _new=pl.lit(True))]
        )
        .with_row_index("_order")
        .sort(*KEY, "_order")
        .with_columns(_rank=rank())
        .with_columns(_most=pl.col("_rank").cum_max().over(KEY))
    )
    lower = pl.col("_rank") < pl.col("_most")
    out = rows.filter(lower)
    line = rows.filter(~lower).with_columns(
        _first=pl.col("_order") == pl.col("_order").first().over(KEY),
        _same=pl.all_horizontal(pl.col(c).eq_missing(pl.col(c).shift().over(KEY)) for c in SAID),
    )
    line = line.with_columns(_same=pl.col("_same") & ~pl.col("_first"))
    new = line.filter("_new")
    steps = line.filter(~pl.col("_same")).with_columns(
        _last=pl.col("_order") == pl.col("_order").last().over(KEY),
    )
    current = steps.filter(pl.col("_last") & pl.col("_new"))
    ended = steps.filter(~pl.col("_last"))
    was_there = there.select(KEY)
    return Outcome(
        current.select(*LONG),
        current.select(KEY).join(was_there, on=KEY, how="semi"),
        pl.concat([_ended(ended, moment, outranked=False), _ended(out, moment, outranked=True)]),
        new.filter("_first").height,
        new.filter("_same").height,
        new.filter(~pl.col("_first") & ~pl.col("_same")).height,
        out.height,
    )

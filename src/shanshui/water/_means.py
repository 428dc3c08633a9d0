"""Means of samples of any item of water, where no method of a standard's own takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from shanshui._frames import enter
from shanshui._rules import one_if
from shanshui.water._judge import spans
from shanshui.water._samples import as_float, sampled
from shanshui.water.surface.aggregate import ions, means_of

if TYPE_CHECKING:
    import polars as pl

HALF = 0.5  # of a detection limit, as which a result below it enters


def means(
    samples: pl.DataFrame, by: Sequence[str], rows: Mapping[str, Mapping[str, Any]]
) -> pl.DataFrame:
    """Average samples as surface water is averaged; what was never detected stays undetected.

    A result below its detection limit enters as half of it, pH by its hydrogen ions. Values are
    exact to nine decimals and not rounded further.

    Parameters
    ----------
    samples : polars DataFrame
        Wide: the keys, and items as numbers or as texts such as ``0.02L``, ``ND``.
    by : sequence of str
        The keys.
    rows : mapping
        By item what a standard says of it: ``unit`` bounds what a value can be.

    Returns
    -------
    polars DataFrame
        A row a key: keys, the items that the samples have, and ``n_<item>`` (values that
        entered). An item that was detected in no sample of some key is a column of texts, there
        ``<limit>L`` or ``ND``.

    Examples
    --------
    >>> import polars as pl
    >>> well = pl.DataFrame({"station": "A", "mn": ["0.1", "0.02L"], "as": ["0.001L", "ND"]})
    >>> rows = {"mn": {"unit": "mg/L"}, "as": {"unit": "mg/L"}}
    >>> means(well, ["station"], rows).rows()
    [('A', 0.055, '0.001L', 2, 1)]
    """
    import polars as pl

    items = [i for i in rows if i in samples.columns]
    entered = enter(samples)
    frame = sampled(entered, items, None, HALF, spans({i: rows[i] for i in items}))
    frame = frame.with_columns(
        *(
            one_if(nw.col(f"_below_{i}") & ~nw.col(f"_v_{i}").is_null()).alias(f"_b_{i}")
            for i in items
        ),
        *(one_if(nw.col(f"_below_{i}")).alias(f"_u_{i}") for i in items),
        *([ions()] if "ph" in items else []),
    )
    marks = frame.group_by(*by).agg(nw.col(f"_u_{i}").sum().cast(nw.Int64) for i in items)
    pooled = means_of(frame, by, items).join(marks, on=list(by), how="left")
    found: pl.DataFrame = pooled.with_columns(
        as_float(nw.col(f"_v_{i}"), i).alias(i) for i in items
    ).collect("polars").to_native()  # fmt: skip
    columns = []
    for item in items:
        # Never detected: nothing but results below a limit, or such without one.
        never = (pl.col(f"_n_{item}") == pl.col(f"_b_{item}")) & (pl.col(f"_u_{item}") > 0)
        if not found.select(never.any()).item():
            columns.append(pl.col(item))
            continue
        limit = (pl.col(item) * 2).cast(pl.String) + "L"
        text = pl.when(never).then(limit.fill_null("ND")).otherwise(pl.col(item).cast(pl.String))
        columns.append(text.alias(item))
    counts = [pl.col(f"_n_{i}").alias(f"n_{i}") for i in items]
    return found.select(*by, *columns, *counts).sort(*by)

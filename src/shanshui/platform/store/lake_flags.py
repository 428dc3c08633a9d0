"""Flags of quality control: beside the values, never instead of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from shanshui.platform.store.lake_log import Log
from shanshui.platform.store.lake_place import Place
from shanshui.platform.store.lake_tables import FLAG_TABLE, FLAGS, KEY, MOMENT
from shanshui.platform.store.lake_write import View
from shanshui.standards.errors import SchemaError, ShanshuiError

if TYPE_CHECKING:
    from shanshui.platform.store.lake import Stored

_BY = [*KEY, "rule"]


def store(log: Log, place: Place, frame: pl.DataFrame, source: str) -> Stored:
    """Keep the flags that are news."""
    from shanshui.platform.store.lake import Stored

    columns = [c for c in FLAGS if c != "recorded_from"]
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        raise SchemaError(
            f"质控标记缺少列 {'、'.join(missing)} / flags lack column(s) {', '.join(missing)}"
        )
    rows = frame.select(pl.col(c).cast(FLAGS[c]) for c in columns)
    nulls = [c for c in _BY if rows[c].has_nulls()]
    if nulls:
        raise ShanshuiError(
            f"质控标记的列 {'、'.join(nulls)} 不能为空 / column(s) {', '.join(nulls)} of flags "
            "must not be null"
        )
    rows = rows.unique(_BY, keep="last", maintain_order=True)
    with log.alone() as head:
        moment = log.moment(head)
        view = View(place, FLAG_TABLE, log.files(head, FLAG_TABLE.name))
        known = (
            view.rows(rows, _BY)
            .sort("recorded_from")
            .unique(_BY, keep="last", maintain_order=True)
            .select(*_BY, "level", "detail", _there=pl.lit(True))
        )
        both = rows.join(known, on=_BY, how="left", suffix="_old", maintain_order="left")
        there = pl.col("_there").fill_null(False)
        same = pl.all_horizontal(
            pl.col(c).eq_missing(pl.col(f"{c}_old")) for c in ("level", "detail")
        )
        both = both.with_columns(
            # To withdraw what was never given is no news either.
            _same=same & (there | pl.col("level").is_null()),
            _changed=there & ~same,
        )
        news = both.filter(~pl.col("_same")).select(
            *columns, pl.lit(moment, MOMENT).alias("recorded_from")
        )
        changed = int(both["_changed"].sum())
        counts: dict[str, Any] = {
            "read": rows.height,
            "stored": news.height - changed,
            "already": rows.height - news.height,
            "changed": changed,
            "outranked": 0,
        }
        if news.is_empty():
            return Stored(**counts, version=head.version)
        view.append(news)
        facts = {"action": "flag", "source": source, **counts}
        new = log.commit(head, {FLAG_TABLE.name: view.change}, facts, recorded=moment)
        return Stored(**counts, version=new.version)

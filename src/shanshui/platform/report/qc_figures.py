"""Figures of the report on quality control."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import altair as alt

from shanshui.platform.report.figures import FAINT, INK, PAPER, Chart
from shanshui.platform.report.qc_words import COLOURS, LEVELS

if TYPE_CHECKING:
    import polars as pl

BANDS = {
    "≥ 99": "#21566b",
    "95–99": "#6f9fa6",
    "90–95": "#b9cfc4",
    "75–90": "#e3c98a",
    "50–75": "#c9773f",
    "< 50": "#8c2f24",
    "无应测": "#eceae2",
}
"""Bands of a rate in %, for the eye alone: no standard sets them here."""
_EDGES = ((99.0, "≥ 99"), (95.0, "95–99"), (90.0, "90–95"), (75.0, "75–90"), (50.0, "50–75"))
_NARROW = 420


def band(rate: float | None) -> str:
    """Return the band of a rate.

    Examples
    --------
    >>> band(99.0), band(94.9), band(None)
    ('≥ 99', '90–95', '无应测')
    """
    if rate is None:
        return "无应测"
    return next((name for edge, name in _EDGES if rate >= edge), "< 50")


def _data(rows: pl.DataFrame) -> alt.InlineData:
    return alt.InlineData(values=rows.to_dicts())


def rates(cells: pl.DataFrame, stations: Sequence[str], width: int) -> Chart:
    """Draw a rate by station and month as coloured cells, with its number where there is room.

    Parameters
    ----------
    cells : polars.DataFrame
        station, month (text), rate (% or null).
    stations : list of str
        In their order from top to bottom.
    width : int
        In pixels.
    """
    import polars as pl

    months = cells["month"].unique().sort().to_list()
    narrow = width < _NARROW
    margin = 84 if narrow else 130
    cell = (width - margin) / max(len(months), 1)
    rate = pl.col("rate")
    shown = cells.with_columns(
        band=pl.Series([band(value) for value in cells["rate"]], dtype=pl.String),
        text=rate.round(0).cast(pl.Int64).cast(pl.String),
        light=(rate >= _EDGES[0][0]) | (rate < _EDGES[-2][0]),
    )
    every = max(1, round(44 / cell)) if cell < 44 else 1
    x = alt.X(
        "month:O",
        title=None,
        axis=alt.Axis(
            labelAngle=0, values=months[::every], labelOverlap=False, domain=False, labelFontSize=11
        ),
    )
    y = alt.Y(
        "station:N",
        title=None,
        sort=list(stations),
        axis=alt.Axis(labelLimit=margin - 8, labelFontSize=11 if narrow else 12),
    )
    base = alt.Chart(_data(shown))
    squares = base.mark_rect(stroke=PAPER, strokeWidth=1).encode(
        x,
        y,
        alt.Color(
            "band:N",
            scale=alt.Scale(domain=list(BANDS), range=list(BANDS.values())),
            legend=alt.Legend(
                title="%", orient="top", direction="horizontal", columns=4 if narrow else 7
            ),
        ),
    )
    chart: Chart = squares
    if cell >= 24:
        chart = squares + base.mark_text(fontSize=10.5).encode(
            x,
            y,
            alt.Text("text:N"),
            color=alt.condition("datum.light", alt.value("#ffffff"), alt.value(INK)),
        )
    height = 20 if narrow else 24
    return chart.properties(width=width - margin, height=height * max(len(stations), 1))


def rules(counts: pl.DataFrame, order: Sequence[str], width: int) -> Chart:
    """Draw how many flags each rule gave, by level.

    Parameters
    ----------
    counts : polars.DataFrame
        rule (as shown), level, flags.
    order : list of str
        Rules from top to bottom.
    width : int
        In pixels.
    """
    import polars as pl

    narrow = width < _NARROW
    margin = 128 if narrow else 190
    names = {level: f"{zh} {en}" for level, (zh, en) in LEVELS.items() if level in COLOURS}
    shown = counts.with_columns(named=pl.col("level").replace_strict(names))
    totals = counts.group_by("rule").agg(pl.col("flags").sum())
    totals = totals.with_columns(
        text=pl.Series([f"{n:,}" for n in totals["flags"]], dtype=pl.String)
    )
    y = alt.Y(
        "rule:N",
        title=None,
        sort=list(order),
        axis=alt.Axis(labelLimit=margin - 8, labelFontSize=11 if narrow else 12),
    )
    most = float(totals["flags"].max() or 1) if totals.height else 1.0  # type: ignore[arg-type]
    scale = alt.Scale(type="symlog", constant=10, domain=[0, most * (3.2 if narrow else 1.9)])
    bars = (
        alt.Chart(_data(totals))
        .mark_bar(height=13, color=FAINT)
        .encode(alt.X("flags:Q", title=None, scale=scale, axis=None), y)
    )
    dots = (
        alt.Chart(_data(shown))
        .mark_bar(height=13)
        .encode(
            alt.X("flags:Q", stack=None, scale=scale, axis=None),
            y,
            alt.Color(
                "named:N",
                scale=alt.Scale(domain=list(names.values()), range=list(COLOURS.values())),
                legend=alt.Legend(title=None, orient="top", direction="horizontal", columns=3),
            ),
            order=alt.Order("flags:Q", sort="descending"),
        )
    )
    text = (
        alt.Chart(_data(totals))
        .mark_text(align="left", dx=6, fontSize=11)
        .encode(alt.X("flags:Q", scale=scale), y, alt.Text("text:N"))
    )
    chart: Chart = (bars + dots + text).properties(
        width=width - margin, height=24 * max(len(order), 1)
    )
    return chart

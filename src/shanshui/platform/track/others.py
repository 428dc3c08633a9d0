"""What other sources say of the same: a monitored value beside the published one that is used."""

from __future__ import annotations

import polars as pl

from shanshui.platform.track.answers import FIELDS, measure_words

SOURCES = {"monitored": "监测", "reported": "填报", "published": "公布", "progress": "进展"}
OTHER = pl.Struct(dict.fromkeys(("source", "status", "confidence", "value", "ref"), pl.String))
"""A figure of another source."""
_SAME = ("indicator", "region", "kind", "year", "end")
_BASIS = tuple(name for name in FIELDS if name != "status")
_SAID_BY_SOURCE = ("公布", "填报")


def others(both: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Find the figures of other sources that differ in value from those that are used.

    They are of the same indicator, region and period, in the same unit, and on bases (口径) that do
    not contradict each other; what is monitored, reported or published are sources. Of each source
    and basis the best attested counts. A source that has the value that is used, as a number, on
    any such basis does not differ.

    Parameters
    ----------
    both : polars.DataFrame
        Promises with the figures that are used (``by_…``).
    known : polars.DataFrame
        Made by `answers.figures_known`, the best attested first.

    Returns
    -------
    polars.DataFrame
        ``id``, ``others`` (list of `OTHER`) and ``said`` (in words); of promises that have some.
    """
    used = both.filter(pl.col("by_value").is_not_null(), pl.col("by_source") != "progress").select(
        "id", "indicator", region="by_region", kind="by_kind", year="by_year", end="by_end",
        **{f"used_{name}": f"by_{name}" for name in ("value", "unit", "source", *_BASIS)},
    )  # fmt: skip
    if known["source"].n_unique() < 2:
        used = used.clear()
    words = sorted(measure_words())
    counts = pl.col("unit").is_in(words) & pl.col("used_unit").is_in(words)
    contradict = [pl.col(name) != pl.col(f"used_{name}") for name in _BASIS]
    found = (
        known.with_row_index("place")
        .with_columns(pl.col("year").cast(used.schema["year"]))
        .join(used, on=_SAME, how="inner")
        .filter(
            pl.col("source") != pl.col("used_source"),
            ((pl.col("unit") == pl.col("used_unit")) | counts).fill_null(value=True),
            ~pl.any_horizontal(one.fill_null(value=False) for one in contradict),
        )
        .sort("id", "place")
        .unique(["id", "source", *_BASIS], keep="first", maintain_order=True)
        .filter(~(_number("value") == _number("used_value")).any().over("id", "source"))
        .unique(["id", "source"], keep="first", maintain_order=True)
    )
    mine = pl.col("used_source").replace_strict(SOURCES, default=None)
    said = pl.format("{}为{}，与所用{}值{}不同", _label(), "value", mine, "used_value")
    return found.group_by("id", maintain_order=True).agg(
        others=pl.struct(pl.col(name).cast(pl.String) for name in OTHER.to_schema()),
        said=said.str.join("；"),
    )


def _number(column: str) -> pl.Expr:
    """Write a decimal without the zeros that say nothing, so that equal numbers are equal texts."""
    text = pl.col(column).str.replace(r"^\+", "").str.replace(r"^(-?)0+(\d)", "$1$2")
    short = text.str.strip_chars_end("0").str.strip_chars_end(".")
    plain = pl.when(text.str.contains(".", literal=True)).then(short).otherwise(text)
    return pl.when(plain == "-0").then(pl.lit("0")).otherwise(plain)


def _label() -> pl.Expr:
    """Say where a figure is from and how well it is attested: 监测（实时）, 公布（A）."""
    source = pl.col("source").replace_strict(SOURCES, default=None)
    stated = pl.when(~pl.col("status").is_in(_SAID_BY_SOURCE)).then("status")
    sure = pl.concat_str(pl.lit("（"), pl.coalesce("confidence", stated), pl.lit("）"))
    return pl.concat_str(source, sure.fill_null(""))

"""The report on quality control: what was flagged and why, and how complete the data are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from shanshui import __version__
from shanshui.platform.report import qc_figures as draw
from shanshui.platform.report.pages import figure, render
from shanshui.platform.report.qc_words import COLOURS, LEVELS, TESTS, named, rule_named

if TYPE_CHECKING:
    from shanshui.quality import Rules

_EXAMPLES = 8  # of a rule
_ROWS = 40  # stations that a heat map has room for
_ORDER = {"fail": 0, "suspect": 1, "missing": 2}


def page(
    graded: pl.DataFrame,
    flags: pl.DataFrame,
    counts: pl.DataFrame,
    rules: Rules,
    *,
    keys: Sequence[str],
    sources: Sequence[str],
    made: datetime,
    left_out: Sequence[tuple[str, str]] = (),
) -> str:
    """Write the report.

    Parameters
    ----------
    graded : polars.DataFrame
        Observations as of `shanshui.quality.grade`.
    flags : polars.DataFrame
        Flags as of `shanshui.quality.check`.
    counts : polars.DataFrame
        Completeness by month as of `shanshui.quality.completeness`.
    rules : Rules
        The rules that were used.
    keys : list of str
        Columns that name a station.
    sources : list of str
        Names of the files, or of the workspace.
    made : datetime
        Moment of the report, clock of Asia/Shanghai.
    left_out : list of pairs
        What was not tested, in Chinese and in English.

    Returns
    -------
    str
        One HTML page that needs no other file.
    """
    flags = _placed(flags, keys)
    counts = _placed(counts, keys)
    graded = _placed(graded, keys)
    by_rule = _by_rule(flags, graded)
    months = _months(counts)
    stations = _stations(months, flags)
    return render(
        "qc.html.j2",
        version=__version__,
        made=f"{made:%Y-%m-%d %H:%M}",
        sources=sources,
        total=_total(graded, flags),
        rules=by_rule,
        rules_chart=_rules_chart(by_rule) if by_rule else None,
        examples=_examples(flags, by_rule),
        stations=stations,
        heats=_heats(months, stations),
        most=_ROWS,
        months=months.sort("station", "month").to_dicts(),
        items=_items(counts),
        used=_used(rules, graded),
        tests=TESTS,
        levels=LEVELS,
        colours=COLOURS,
        left_out=left_out,
        graded_known=counts["valid"].null_count() == 0,
    )


def _placed(frame: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Give each row the name of its station in one column."""
    parts = [pl.col(k).cast(pl.String).fill_null("") for k in keys]
    name = pl.concat_str(parts, separator=" ") if parts else pl.lit("全部")
    return frame.with_columns(name.alias("station"))


def _total(graded: pl.DataFrame, flags: pl.DataFrame) -> dict[str, Any]:
    levels = dict(graded.group_by("qc").len().rows())
    time = pl.col("time").dt.strftime("%Y-%m-%d %H:%M")
    ends = graded.select(time.min().alias("first"), time.max().alias("last")).row(0)
    return {
        "rows": graded.height,
        "values": graded["value"].drop_nulls().drop_nans().len(),
        "stations": graded["station"].n_unique(),
        "properties": [named(p) for p in graded["property"].unique().sort()],
        "flags": flags.height,
        "start": ends[0] or "—",
        "end": ends[1] or "—",
        "levels": {level: int(levels.get(level, 0)) for level in LEVELS},
        "share": {level: _share(levels.get(level, 0), graded.height) for level in LEVELS},
    }


def _by_rule(flags: pl.DataFrame, graded: pl.DataFrame) -> list[dict[str, Any]]:
    """Count flags by rule and level, the gravest and commonest first, with their properties."""
    if flags.is_empty():
        return []
    tested = dict(graded.group_by("property").len().rows())
    groups = flags.group_by("rule", "level").agg(
        flags=pl.len(), stations=pl.col("station").n_unique(), names=pl.col("property")
    )
    order = flags.group_by("rule").agg(
        _grave=pl.col("level").replace_strict(_ORDER, default=3).min(), _all=pl.len()
    )
    groups = groups.join(order, on="rule").sort(
        ["_grave", "_all", "rule", "level"], descending=[False, True, False, False]
    )
    return [
        {
            "rule": row["rule"],
            "zh": rule_named(row["rule"])[0],
            "en": rule_named(row["rule"])[1],
            "level": row["level"],
            "flags": row["flags"],
            "stations": row["stations"],
            "items": [
                {
                    "name": named(name),
                    "flags": count,
                    "share": _share(count, tested.get(name, 0)),
                }
                for name, count in Counter(row["names"]).most_common()
            ],
        }
        for row in groups.iter_rows(named=True)
    ]


def _share(count: int, of: int) -> str:
    """Return a share in %, never 0 of something.

    Examples
    --------
    >>> _share(1, 3), _share(1, 100_000), _share(0, 0)
    ('33.33', '< 0.01', '—')
    """
    if not of:
        return "—"
    share = 100 * count / of
    return f"{share:.2f}" if share >= 0.01 or not count else "< 0.01"


def _rules_chart(by_rule: Sequence[dict[str, Any]]) -> Any:
    rows = pl.DataFrame(
        [{"rule": r["zh"], "level": r["level"], "flags": r["flags"]} for r in by_rule]
    )
    order = list(dict.fromkeys(rows["rule"]))
    counts = rows.group_by("rule", "level").agg(pl.col("flags").sum())
    return figure("qc-rules", partial(draw.rules, counts, order), "各规则给出的标记数")


def _examples(flags: pl.DataFrame, by_rule: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Show of each rule the flags with the largest numbers, and why they were given."""
    shown = []
    for rule in dict.fromkeys(r["rule"] for r in by_rule):
        # A run is told once.
        some = flags.filter(pl.col("rule") == rule).sort(
            pl.col("level").replace_strict(_ORDER, default=3),
            pl.col("measure").abs(),
            "station",
            "property",
            "time",
            descending=[False, True, False, False, False],
            nulls_last=True,
        )
        zh, en = rule_named(rule)
        shown.append(
            {
                "zh": zh,
                "en": en,
                "count": some.height,
                "rows": [
                    {
                        "station": row["station"],
                        "property": named(row["property"]),
                        "time": f"{row['time']:%Y-%m-%d %H:%M}" if row["time"] else "—",
                        "level": row["level"],
                        "value": "—" if row["value"] is None else f"{row['value']:.6g}",
                        "detail": (row["detail"] or "").partition(" / ")[0],
                        "detail_en": (row["detail"] or "").partition(" / ")[2],
                    }
                    for row in some.unique(
                        ["station", "property", "detail"], keep="first", maintain_order=True
                    )
                    .head(_EXAMPLES)
                    .iter_rows(named=True)
                ],
            }
        )
    return shown


def _rates(frame: pl.DataFrame) -> pl.DataFrame:
    due = pl.when(pl.col("expected") > 0).then(pl.col("expected"))
    return frame.with_columns(
        capture=(100 * pl.col("measured") / due).round(1),
        validity=(100 * pl.col("valid") / due).round(1),
    )


_SUMS = ("expected", "measured", "valid", "suspect", "outside")


def _months(counts: pl.DataFrame) -> pl.DataFrame:
    """Sum completeness over the properties of a station and month."""
    known = counts["valid"].null_count() == 0
    sums = counts.group_by("station", month=pl.col("period").dt.strftime("%Y-%m")).agg(
        pl.col(c).sum() for c in _SUMS
    )
    if not known:
        sums = sums.with_columns(
            pl.lit(None, dtype=pl.Int64).alias(c) for c in ("valid", "suspect")
        )
    return _rates(sums)


def _items(counts: pl.DataFrame) -> list[dict[str, Any]]:
    sums = counts.group_by("property", "seconds").agg(pl.col(c).sum() for c in _SUMS)
    return [
        {**row, "property": named(row["property"])}
        for row in _rates(sums).sort("property", "seconds").to_dicts()
    ]


def _stations(months: pl.DataFrame, flags: pl.DataFrame) -> list[dict[str, Any]]:
    """List stations, the least complete first, with what was flagged there."""
    sums = months.group_by("station").agg(pl.col(c).sum() for c in _SUMS)
    levels = flags.group_by("station", "level").len()
    common = (
        flags.filter(pl.col("level") != "missing")
        .group_by("station", "rule")
        .len()
        .sort("len", "rule", descending=[True, False])
        .group_by("station", maintain_order=True)
        .first()
    )
    found = {(s, level): n for s, level, n in levels.rows()}
    most = {s: (rule, n) for s, rule, n in common.rows()}
    listed = []
    for row in _rates(sums).sort("capture", "station", nulls_last=True).iter_rows(named=True):
        rule, n = most.get(row["station"], ("", 0))
        listed.append(
            {
                **row,
                **{level: found.get((row["station"], level), 0) for level in _ORDER},
                "rule": f"{rule_named(rule)[0]}（{n:,}）" if n else "—",
            }
        )
    return listed


def _heats(months: pl.DataFrame, stations: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Draw the two rates by station and month: of the least complete stations, where many."""
    shown = [row["station"] for row in stations][:_ROWS]
    due = months.filter((pl.col("expected") > 0).any().over("month"))
    some = due.filter(pl.col("station").is_in(shown))
    made = []
    for column, zh, en in (
        ("capture", "获取率：实测 ÷ 应测", "capture rate: measured of expected"),
        ("validity", "有效率：有效 ÷ 应测", "valid rate: valid of expected"),
    ):
        cells = some.select("station", "month", rate=column)
        if cells.is_empty() or (column == "validity" and some["valid"].null_count()):
            continue
        drawn = figure(f"qc-{column}", partial(draw.rates, cells, shown), f"各站各月{zh}")
        made.append({"figure": drawn, "zh": zh, "en": en})
    return made


def _used(rules: Rules, graded: pl.DataFrame) -> list[dict[str, Any]]:
    """List the rules in force for what was tested, each with what its figures stand on."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for name, period in graded.select("property", "period").unique().sort(pl.all()).rows():
        for code, rule in rules.of(name, period).items():
            figures = "，".join(f"{k} {v:g}" for k, v in rule.figures.items())
            key = code, figures, rule.reference
            zh, en = rule_named(code)
            row = rows.setdefault(
                key,
                {
                    "zh": zh,
                    "en": en,
                    "names": [],
                    "figures": figures or "—",
                    "confidence": rule.confidence,
                    "reference": rule.reference,
                },
            )
            if named(name) not in row["names"]:
                row["names"].append(named(name))
    order = list(TESTS)
    found = sorted(rows.items(), key=lambda r: order.index(r[0][0]) if r[0][0] in order else 99)
    return [row for _, row in found]

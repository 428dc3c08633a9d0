"""Where each target stands (完成情况) on a day: the one way in which a promise is answered.

What is asked comes from `promises`, the figure that answers from `answers`, the judgement from
`shanshui.progress`; nothing of the three is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import select

from shanshui import progress
from shanshui.platform import catalog
from shanshui.platform.store.models import Region
from shanshui.platform.track import outlook, pairs
from shanshui.platform.track.answers import FIELDS, choose, figures_known, measure_words
from shanshui.platform.track.others import others
from shanshui.platform.track.percentiles import Find, with_days
from shanshui.platform.track.promises import Reported, promises, reported
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Workspace
    from shanshui.progress import Thresholds

Row = dict[str, Any]

NO_DATA = "暂无数据"
ANSWERED = ("已完成", "达到序时进度", "存在风险", "滞后于序时进度", "未完成")
"""States in which a figure did answer the target."""
PROMISED = (
    "id", "kind", "commitment", "document", "title", "section", "indicator", "indicator_name",
    "region", "region_name", "nature", "year", "month", "deadline", "comparator", "target",
    "target_to", "unit", "base_year", "base_value", "stretch_only", "approx", "set_by",
)  # fmt: skip
_JUDGED = (
    "state", "reason", "reason_en", "day", "goal", "gap", "required", "pace", "completion", "due",
    "ahead", "change", "chance", "rest", "rest_value", "rest_allowed", "feasible", "differences",
)  # fmt: skip
_STANDS_ON = (
    "value", "period", "figure_region", "figure_code", "figure_unit", "source", "status", "others",
    "confidence", "basis", "ref", "base_ref", "part_value", "part_period", "part_ref",
    "same_value", "same_period", "same_ref", "last_value", "last_period", "last_ref", "remark",
    "pair_value", "pair_period", "pair_value_before", "pair_period_before", "pair_basis",
    "pair_ref",
)  # fmt: skip
COLUMNS = (*PROMISED, *_JUDGED, *_STANDS_ON)
"""Columns of standings."""


def at(
    workspace: Workspace,
    day: date,
    *,
    region: str | None = None,
    document: str | None = None,
    as_of: datetime | None = None,
    figures: pl.DataFrame | None = None,
    limits: Thresholds | None = None,
) -> pl.DataFrame:
    """Judge all targets of a workspace as of a day.

    Parameters
    ----------
    workspace : Workspace
        Plans, targets of years, results, reported and published figures.
    day : datetime.date
        The as-of date (评价日): no figure of a period that ends later is looked at.
    region : str, optional
        Code or name: targets of it and of the places within.
    document : str, optional
        Code of a plan.
    as_of : aware datetime, optional
        Recorded time up to which figures are known; by default all that are.
    figures : polars.DataFrame, optional
        Figures in place of those of the workspace, columns as in `answers.FIGURE`.
    limits : Thresholds, optional
        Where the states part; by default the packaged ones.

    Returns
    -------
    polars.DataFrame
        Columns of `COLUMNS`, a row a target in the order of the plans; see `judge`.

    Raises
    ------
    ShanshuiError
        The region or the plan is not known.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from shanshui.platform.plans.loading import load_packaged
    >>> from shanshui.platform.store import Workspace
    >>> with TemporaryDirectory() as folder, Workspace.create(folder) as workspace:
    ...     added = load_packaged(workspace.ledger)
    ...     found = at(workspace, date(2026, 3, 31))
    >>> sorted(found["state"].unique())
    ['待下达', '暂无数据']
    """
    with workspace.ledger.read() as session:
        asked = narrowed(session, promises(session, day), region=region, document=document)
        told = reported(session, asked, day)
        names = _names(session, asked)
    known = figures_of(workspace, as_of) if figures is None else figures
    more: dict[str, Any] = {}
    if figures is None:  # figures of one's own have no days behind them, and no comparisons
        more = {"find": _finder(workspace, as_of), "paired": pairs.pairs_of(workspace, as_of)}
    return judge(asked, known, at=day, as_of=as_of, told=told, names=names, limits=limits, **more)


def _finder(workspace: Workspace, as_of: datetime | None) -> Find:
    """Return what finds the days that results stand on."""
    from shanshui.platform.assess.behind import behind

    return lambda asked: behind(workspace, asked, as_of=as_of)


def figures_of(workspace: Workspace, as_of: datetime | None = None) -> pl.DataFrame:
    """Give the figures of a workspace: monitored, reported and published, in one frame.

    Monitored ones bear the days and stations that count in them besides.
    """
    from shanshui.platform.assess import results
    from shanshui.platform.track import reported as filled

    said = filled.figures(workspace, as_of=as_of)
    measured = results.read(workspace, as_of=as_of).filter(pl.col("value").is_not_null())
    measured = measured.with_columns(source=pl.lit("monitored"), ref=pl.col("id"))
    kept = [c for c in (*said.columns, "days_valid", "stations") if c in measured.columns]
    return pl.concat([measured.select(kept), said], how="diagonal_relaxed")


def narrowed(
    session: Session, rows: pl.DataFrame, *, region: str | None, document: str | None
) -> pl.DataFrame:
    """Take the targets of a region and the places within, and of a plan; see `at`.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    rows : polars.DataFrame
        Promises or standings.
    region, document : str or None
        Code or name of a region, code of a plan.
    """
    if document is not None:
        rows = _of_plan(rows, document)
    if region is not None:
        rows = rows.filter(pl.col("region").is_in(_within(session, region)))
    return rows


def _of_plan(asked: pl.DataFrame, document: str) -> pl.DataFrame:
    found = asked.filter(pl.col("document") == document)
    if found.is_empty():
        known = "、".join(asked["document"].drop_nulls().unique().sort())
        raise ShanshuiError(
            f"规划“{document}”没有目标，有目标的是 {known or '（空）'} / "
            f"no target of a plan {document}; there are {known or 'none'}"
        )
    return found


def _within(session: Session, said: str) -> list[str]:
    """Return a region and the places within, by their parents."""
    from shanshui.platform.plans.targets import region_of

    found = [region_of(session, said).code]
    level = list(found)
    while level:
        query = select(Region.code).where(Region.parent_code.in_(level))
        level = [code for code in session.scalars(query) if code not in found]
        found += level
    return found


def _names(session: Session, asked: pl.DataFrame) -> dict[str, str]:
    """Return the names of regions that figures may be of."""
    codes = {*asked["region"].drop_nulls(), *stand_ins().values()}
    query = select(Region.code, Region.name).where(Region.code.in_(codes))
    return dict(session.execute(query).all())


def stand_ins() -> dict[str, str]:
    """Return the regions for which nothing is published, and the nearest that has values.

    By the code of the catalogue, or by the name where it has none.

    Examples
    --------
    >>> stand_ins()["group:gba"]
    'group:prd'
    """
    codes = {row["name"]: row["code"] for row in catalog.regions().iter_rows(named=True)}
    return {
        codes.get(row["region"], row["region"]): codes.get(row["series_region"], "")
        for row in catalog.stand_ins().iter_rows(named=True)
    }


# ------------------------------------------------------------------------------------------- judge


def judge(
    asked: pl.DataFrame,
    figures: pl.DataFrame,
    *,
    at: date,
    as_of: datetime | None = None,
    told: Mapping[str, Reported] | None = None,
    names: Mapping[str, str] | None = None,
    find: Find | None = None,
    limits: Thresholds | None = None,
    paired: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Judge promises by the figures that answer them.

    Parameters
    ----------
    asked : polars.DataFrame
        Columns of `promises.SCHEMA`.
    figures : polars.DataFrame
        Columns of `answers.FIGURE`.
    at : datetime.date
        The as-of date.
    as_of : aware datetime, optional
        Recorded time up to which figures are known.
    told : dict, optional
        What is reported of things to be built or done, by ``id``; taken where no figure answers.
    names : dict, optional
        Names of regions by their codes.
    find : callable, optional
        Finds the days of percentiles, see `percentiles.with_days`; by default none are known.
    limits : Thresholds, optional
        As in `shanshui.progress.standing`.
    paired : polars.DataFrame, optional
        Comparisons on the stations that both periods have; see `shanshui.platform.track.pairs`.

    Returns
    -------
    polars.DataFrame
        A row a promise, in their order. Of the promise: ``id``, ``kind`` (target, count, milestone,
        deferred, annual, month), ``target`` and ``target_to`` (text, as written), what else
        `PROMISED` names. The judgement: ``state``, ``reason``, ``reason_en``, ``day`` (of the
        figure), ``goal``, ``gap``, ``required``, ``pace``, ``completion``, ``due``, ``ahead``,
        ``change`` (同比: % of the same months, or percentage points of ratios), ``chance``,
        ``rest`` (剩余控制值 in words), ``rest_value``, ``rest_allowed``, ``feasible``,
        ``differences``. What it stands on: ``value`` (text, as printed) and its ``period``,
        ``figure_region`` (name), ``figure_code``, ``figure_unit``, ``source`` (monitored, reported,
        published, progress), ``status``, ``others`` (`others.OTHER`: what other sources have of the
        same period and differs), ``confidence``, ``basis``, ``ref``, ``base_ref``;
        ``part_value`` of ``part_period`` (1—N月), ``same_value`` (上年同期), ``last_value`` (上年),
        with their periods and references; ``remark``; where the change is one on the stations that
        both periods have (同口径), ``pair_value`` and ``pair_value_before`` with their periods,
        ``pair_basis`` and ``pair_ref``.
    """
    asked = asked.with_columns(end=pl.coalesce("deadline", pl.date(pl.col("year"), 12, 31)))
    known = figures_known(figures, at, as_of)
    chosen = pairs.beside(choose(asked, known, at, stand_ins()), paired)
    asked, rates = _by_report(asked, chosen, told or {})
    both = asked.join(
        chosen.drop("indicator", "region", "base_year", "base_value", "due"),
        on="id",
        how="left",
        maintain_order="left",
    )
    both = _standing_on(with_days(both, find), rates)
    both = both.join(others(both, known), on="id", how="left", maintain_order="left")
    projected = outlook.projections(both, known, at)
    judged = progress.standings(
        _promised(both, names or {}),
        _figures(both, names or {}),
        at=at,
        so_far=_parts(both, names or {}, outlook.bests(both, known)),
        projections=projected,
        limits=limits,
    )
    return _told(both, judged, names or {})


def _by_report(
    asked: pl.DataFrame, chosen: pl.DataFrame, told: Mapping[str, Reported]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Judge by the share that is done what no figure answers: with evidence only (佐证)."""
    answered = set(chosen["id"])
    rates = [
        (code, format(one.rate, "f"), one.day, one.period, one.evidence)
        for code, one in told.items()
        if code not in answered
    ]
    schema = {
        "id": pl.String, "rate": pl.String, "rate_day": pl.Date, "rate_period": pl.String,
        "rate_evidence": pl.String,
    }  # fmt: skip
    table = pl.DataFrame(rates, schema=schema, orient="row")
    done = pl.col("milestone") | pl.col("id").is_in(table["id"].implode())
    counted = done & ~pl.col("milestone")
    asked = asked.with_columns(
        target=pl.col("value"), target_to=pl.col("value_to"), target_unit=pl.col("unit"),
        sign=pl.col("comparator"),
        comparator=pl.when(done).then(pl.lit(">=")).otherwise("comparator"),
        value=pl.when(done).then(pl.lit("100")).otherwise("value"),
        value_to=pl.when(done).then(None).otherwise("value_to"),
        unit=pl.when(done).then(pl.lit("%")).otherwise("unit"),
        better=pl.when(done).then(pl.lit("higher")).otherwise("better"),
        lasting=pl.col("lasting") | done,
        evidence=done,
        # A count grows from nothing at the start of the plan; of a milestone nothing is due before.
        base_year=pl.when(counted).then("start_year").when(done).then(None).otherwise("base_year"),
        base_value=pl.when(counted).then(pl.lit("0")).when(done).then(None).otherwise("base_value"),
        decimals=pl.when(done).then(None).otherwise("decimals"),
    )  # fmt: skip
    return asked, table


def _standing_on(both: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """Settle the figure that each promise is set against, and whether a baseline is asked for."""
    both = both.join(rates, on="id", how="left", maintain_order="left")
    part, rate = pl.col("part_judged").fill_null(value=False), pl.col("rate").is_not_null()

    def of(name: str, by_rate: pl.Expr | None = None) -> pl.Expr:
        chosen = pl.when(part).then(f"part_{name}").otherwise(f"now_{name}")
        return pl.when(rate).then(by_rate).otherwise(chosen).alias(f"by_{name}")

    words = sorted(measure_words())
    unit = pl.when(part).then("part_unit").otherwise("now_unit")
    # 个, 家, 座 only count: they differ in nothing but the word.
    same_word = unit.is_in(words) & pl.col("unit").is_in(words)
    relative = pl.col("comparator").is_in(["increase_by", "decrease_by"])
    final, timely = pl.col("now_final").fill_null(value=False), pl.col("now_timely")
    return both.with_columns(
        of("value", pl.col("rate")),
        of("period", pl.col("rate_period")),
        of("kind", pl.lit("rate")),
        of("year", pl.col("rate_day").dt.year()),
        of("end", pl.col("rate_day")),
        of("region", pl.col("region")),
        of("source", pl.lit("progress")),
        of("status", pl.lit("填报")),
        of("stand_in"),
        of("apart"),
        *(of(name) for name in ("confidence", "ref", *FIELDS[:-2], "formula", "basis_status")),
        by_evidence=pl.when(rate)
        .then(pl.concat_list(pl.col("rate_evidence")).list.drop_nulls())
        .otherwise("now_evidence"),
        by_unit=pl.when(rate).then(pl.lit("%")).when(same_word).then("unit").otherwise(unit),
        # What is final, or of the year itself, is set against the goal and not against a path.
        based=relative | rate | ~(part | final | ~timely.fill_null(value=True)),
    )


def _named(column: str, names: Mapping[str, str]) -> pl.Expr:
    return pl.col(column).replace(dict(names)) if names else pl.col(column)


def _basis(prefix: str, status: str) -> pl.Expr:
    """Write a basis as `shanshui.standards.Basis` reads it: what is stated."""
    columns = {name: f"{prefix}{name}" for name in FIELDS if name != "status"} | {"status": status}
    parts = [
        pl.when(pl.col(column).is_not_null()).then(pl.lit(f"{name}=") + pl.col(column) + ";")
        for name, column in columns.items()
    ]
    return pl.concat_str(parts, ignore_nulls=True)


def _promised(both: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    return both.select(
        "id", "comparator", "value", "unit", "year", "base_year", "better", "lasting", "value_to",
        "decimals", "deadline", "evidence", "milestone",
        region=pl.coalesce(_named("region", names), "region_name"),
        basis=_basis("want_", "want_status"),
        base_value=pl.when("based").then("base_value"),
    )  # fmt: skip


def _figures(both: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    answered = both.filter(pl.col("by_value").is_not_null())
    whole = pl.col("by_kind") == "year"
    now = answered.select(
        "id",
        value="by_value",
        year=pl.col("by_year").cast(pl.Int32),
        date=pl.when(~whole).then("by_end"),
        unit="by_unit",
        region=pl.coalesce(_named("by_region", names), "region_name"),
        basis=_basis("by_", "by_basis_status"),
        evidence="by_evidence",
    )
    base = both.filter("based", pl.col("base_value").is_null(), pl.col("then_year").is_not_null())
    then = base.select(
        "id",
        value="then_value",
        year=pl.col("then_year").cast(pl.Int32),
        date=pl.lit(None, dtype=pl.Date),
        unit=pl.when(pl.col("then_unit") == pl.col("now_unit"))
        .then("by_unit")
        .otherwise("then_unit"),
        region=pl.coalesce(_named("then_region", names), "region_name"),
        basis=_basis("then_", "then_basis_status"),
        evidence=pl.lit(None, dtype=pl.List(pl.String)),
    )  # fmt: skip
    return pl.concat([now, then], how="vertical_relaxed")


def _parts(both: pl.DataFrame, names: Mapping[str, str], bests: Mapping[str, str]) -> pl.DataFrame:
    judged = both.filter(pl.col("part_judged").fill_null(value=False))
    return judged.select(
        "id",
        value="part_value",
        through="part_end",
        done="part_done",
        left="part_left",
        counted="part_counted",
        count="part_count",
        tally="part_tally",
        percent="part_percent",
        daily="part_daily",
        daily_same="same_daily",
        daily_last="last_daily",
        unit="by_unit",
        region=pl.coalesce(_named("part_region", names), "region_name"),
        basis=_basis("part_", "part_basis_status"),
        same="same_value",
        last_year="last_value",
        best=pl.col("id").replace_strict(bests, default=None, return_dtype=pl.String)
        if bests
        else pl.lit(None, dtype=pl.String),
    )


def _told(
    both: pl.DataFrame,
    judged: pl.DataFrame,
    names: Mapping[str, str],
) -> pl.DataFrame:
    """Lay the standings out, each with what it stands on."""
    rows = both.drop("value", "unit", "comparator").rename(
        {"target_unit": "unit", "sign": "comparator"}
    )
    beside = judged.drop("value", "stretch_gap", "stretch_met").rename({"due": "due_share"})
    rows = rows.join(
        beside, on="id", how="left", maintain_order="left", suffix="_judged"
    ).with_columns(due="due_share")
    fault = pl.col("state_judged" if "state_judged" in rows.columns else "state").is_null()
    rows = rows.with_columns(
        state=pl.when(fault).then(pl.lit(NO_DATA)).otherwise("state"),
        reason=pl.when(fault).then(pl.lit("不能评价：") + pl.col("reason")).otherwise("reason"),
        value="by_value",
        period="by_period",
        figure_region=_named("by_region", names),
        figure_code="by_region",
        figure_unit="by_unit",
        source="by_source",
        status="by_status",
        confidence="by_confidence",
        basis=_basis("by_", "by_basis_status"),
        ref="by_ref",
        base_ref=pl.coalesce("base_from", "then_ref"),
        # That a count grows from nothing is how it is judged, and nobody's figure.
        base_value=pl.when(pl.col("by_source").ne_missing("progress")).then(
            pl.coalesce("base_value", "then_value")
        ),
        change=_change(),
        remark=pl.concat_str(
            [
                pl.col("note"),
                pl.when(pl.col("set_by").is_not_null(), pl.col("kind") == "deferred").then(
                    pl.lit("下达：") + pl.col("set_by")
                ),
                pl.when(pl.col("by_stand_in").fill_null(value=False)).then(
                    pl.lit("数值为") + _named("by_region", names)
                ),
                pl.col("said"),
                pl.col("undone"),
                pl.when(pl.col("passed").is_not_null()).then(
                    pl.lit("另有") + pl.col("passed") + pl.lit("的值，口径不同")
                ),
                pl.col("pair_note"),
            ],
            separator="；",
            ignore_nulls=True,
        ),
    )
    return rows.select(COLUMNS)


def _change() -> pl.Expr:
    """Compare with the same period of last year where `progress` had no reason to (同比)."""
    now = pl.coalesce("part_value", "by_value")
    return pl.coalesce(
        "change", _changed(now, "same_value"), _changed("pair_value", "pair_value_before")
    )


def _changed(now: str | pl.Expr, before: str) -> pl.Expr:
    """Give the change in %, of ratios in percentage points."""
    value = (pl.col(now) if isinstance(now, str) else now).cast(pl.Float64, strict=False)
    same = pl.col(before).cast(pl.Float64, strict=False)
    points = pl.when(pl.col("by_unit") == "%").then(value - same)
    return points.otherwise(pl.when(same != 0).then((value - same) / same * 100))


def counts(found: pl.DataFrame) -> dict[str, int]:
    """Count the states, in the order of `shanshui.progress.STATES`.

    Examples
    --------
    >>> counts(pl.DataFrame({"state": ["待下达", "已完成", "待下达"]}))
    {'已完成': 1, '待下达': 2}
    """
    had: Sequence[str] = found["state"].to_list()
    return {state: had.count(state) for state in progress.STATES if state in had}

"""From figures to what is published: plans, results, standings, explanation, documents."""

from __future__ import annotations

import calendar
from datetime import date, datetime
from typing import TYPE_CHECKING

import polars as pl

from shanshui.platform.demo import observe
from shanshui.platform.demo.walk import CITY, EXPORTS, MONTH, PERSONS, REGION, YEAR

if TYPE_CHECKING:
    from shanshui.platform.demo.walk import Row, Walk

NO_WORSE = "演示所设：不差于上年"
PM25, GOOD = "air.pm25.annual_mean", "air.days.good_share"
GOALS = ((PM25, "85"), (GOOD, "47.7"))
"""Targets of the year, set for the demo: the figures of 2014 by the same hours."""
ASKED = f"{PM25} {REGION} {YEAR}"
"""The figure that is explained."""
EXPLAINED = f"来历_PM2.5_{YEAR}.html"
BULLETIN = f"空气质量月报_{MONTH}"


def plans(walk: Walk) -> None:
    """Put plans and the year's targets into the ledger."""
    from shanshui.platform.plans.loading import load_packaged
    from shanshui.platform.plans.targets import set_target

    command = f"shanshui plan annual set PM2.5年均浓度 {CITY} {YEAR} ≤85 --source …"
    with walk.step("规划目标入台账", "targets of plans", command) as step:
        added = load_packaged(walk.workspace.ledger)
        with walk.workspace.ledger.write(who=PERSONS[0], action="plan annual set") as session:
            for indicator, value in GOALS:
                set_target(
                    session,
                    indicator=indicator,
                    region=REGION,
                    year=YEAR,
                    value=value,
                    source=NO_WORSE,
                )
        count = sum(one.counts["commitments"] for one in added)
        step.told = f"{len(added)} 个规划 {count} 条目标，{CITY}{YEAR}年度目标 {len(GOALS)} 项"


# --- results and figures -----------------------------------------------------------------------


def assess(walk: Walk) -> None:
    """Compute the results of all months, quarters and years."""
    from shanshui.platform import assess as platform

    with walk.step("评价", "results", "shanshui assess") as step:
        done = platform.run(walk.workspace, who=PERSONS[0])
        figures = platform.figures(walk.workspace, region=REGION)
        final = figures.filter(pl.col("status") == "定版").height
        step.told = f"{done.stored:,} 个结果，其中定版 {final}；每个都带口径和来历"


def published(walk: Walk) -> None:
    """Load the values that authorities published."""
    from shanshui.platform.track import published as series

    with walk.step("公布数列", "published series", "shanshui report-in load-published") as step:
        loaded = series.load(walk.workspace.ledger, who=PERSONS[1])
        step.told = f"{loaded.added:,} 个公布值，逐个带口径、来源和可信度；搁置 {len(loaded.aside)}"


# --- standings ---------------------------------------------------------------------------------


def track(walk: Walk) -> None:
    """Judge the targets of the year at each end of month up to November."""
    from shanshui.platform.track.table import table

    command = f"shanshui track --region {CITY} --at {YEAR}-11-30"
    with walk.step("逐月目标调度", "standings month by month", command) as step:
        for month in range(1, 12):
            last = date(YEAR, month, calendar.monthrange(YEAR, month)[1])
            rows = _of_year(walk, last)
        walk.day.city = table(rows, last)
        step.told = "；".join(_said(row) for row in walk.day.course[-len(GOALS) :])


def _judged(walk: Walk, day: date, region: str | None = REGION) -> list[Row]:
    """Judge all targets as of a day and keep the standings; give those of a region."""
    from shanshui.platform.track import history, standings
    from shanshui.platform.track.table import records

    workspace = walk.workspace
    found = standings.at(workspace, day)
    history.keep(workspace.ledger, found, day, who=PERSONS[1])
    if region is not None:
        found = found.filter(region=region)
    with workspace.ledger.read() as session:
        return records(session, found, day)


def _of_year(walk: Walk, day: date) -> list[Row]:
    """Judge the targets of the year, and note them in its course."""
    rows = _judged(walk, day)
    own = [row for row in rows if row["kind"] == "annual"]
    walk.day.course += [row | {"at": day} for row in own]
    return rows


def _said(row: Row) -> str:
    rest = f"，{row['rest']}" if row["rest"] else ""
    return f"{row['indicator_name']} {row['state']}{rest}"


def december(walk: Walk) -> None:
    """Take the next month in: only what depends on it is computed anew."""
    from shanshui.platform import assess as platform
    from shanshui.platform.review import freeze

    path = walk.output / EXPORTS / observe.HOURS[1]
    command = f"shanshui ingest ../{EXPORTS}/{observe.HOURS[1]}"
    with walk.step("十二月到了：导入", "December comes", command) as step:
        step.told = observe.taken(observe.take_in(walk, path)) + "；表头相同，模板自动认出"
        step.files.append((f"{EXPORTS}/{path.name}", "下个月的同样导出"))
    with walk.step(f"定版 {YEAR}年", "the year is final", f"shanshui freeze {YEAR}") as step:
        row = freeze.take(walk.workspace, str(YEAR), who=PERSONS[2], domain="air")
        step.told = f"{row.rows:,} 条数据，摘要 {row.digest[:12]}"
    with walk.step("增量评价", "only what changed", "shanshui assess") as step:
        done = platform.run(walk.workspace, who=PERSONS[0])
        every = platform.figures(walk.workspace).height
        walk.day.incremental = (done.stored, every - done.stored)
        step.told = f"新的 {done.stored} 个，其余 {every - done.stored:,} 个不动"
    command = f"shanshui track --region {CITY} --at {YEAR + 1}-01-01"
    with walk.step("年终评价", "the year's end", command) as step:
        _of_year(walk, date(YEAR + 1, 1, 1))
        shown = walk.day.course[-len(GOALS) :]
        step.told = "；".join(f"{r['indicator_name']} {r['value']}，{r['state']}" for r in shown)


def beside(walk: Walk) -> None:
    """Set what was computed beside what was published of the city, each on its own basis."""
    from shanshui.platform.track.reported import series

    for indicator in (PM25, GOOD, "air.days.heavy"):
        rows = series(walk.workspace, indicator, REGION)
        measured = rows.filter(source="monitored")
        told = rows.filter(source="published").join(measured, on="period", suffix="_computed")
        walk.day.beside += told.sort("period").to_dicts()


def explain(walk: Walk) -> None:
    """Open a figure down to its rows, and compute it anew."""
    from shanshui.platform.assess.lineage import explain as trace
    from shanshui.platform.files import write_whole
    from shanshui.platform.report import explain as report

    with walk.step(
        "一个数的来历", "where a figure comes from", f'shanshui explain "{ASKED}"'
    ) as step:
        made = trace(walk.workspace, ASKED)
        path = walk.output / EXPLAINED
        write_whole(path, report.page(made, made_at=walk.now).encode())
        walk.day.explained = made
        step.told = f"{report.title(made)}：{report.verdict(made)[0]}"
        step.files.append((path.name, "从年均值一直打开到原始小时值"))


# --- documents ---------------------------------------------------------------------------------


def bulletin(walk: Walk) -> None:
    """Write the bulletin of the month from the workspace's hours."""
    from shanshui import air
    from shanshui.platform.files import write_whole
    from shanshui.platform.report.bulletin import bulletin as make
    from shanshui.platform.report.documents import write
    from shanshui.platform.review import rosters
    from shanshui.standards import Basis

    command = (
        f"shanshui air bulletin ../{EXPORTS}/{observe.HOURS[0]} "
        f"--stations ../{EXPORTS}/{observe.SITES} --month {MONTH}"
    )
    with walk.step(f"月报 {MONTH}", "the bulletin", command) as step:
        with walk.workspace.ledger.read() as session:
            listed = rosters.stations(
                session, rosters.in_force(session, observe.ROSTER, observe.LAST)
            )
        days = daily(walk, datetime(YEAR - 1, 1, 1), observe.LAST)
        names = listed.select("station", "name", "city", "reference")
        named = days.join(names, on="station").with_columns(station="name").drop("name")
        made = make(
            named.drop("reference"),
            by=["city", "station"],
            whole=air.area(days, names.drop("name"), by="city"),
            month=MONTH,
            basis=Basis(roster=f"{observe.ROSTER}@2013"),
            reference=names.filter("reference")["name"].to_list(),
            place=CITY,
            unit="演示",
        )
        for name, data, about in (
            (f"{BULLETIN}.docx", write(made, "docx"), "月报，Word"),
            (f"{BULLETIN}.html", write(made, "html"), "月报，网页"),
        ):
            write_whole(walk.output / name, data)
            step.files.append((name, about))
        step.told = made.summary[0].partition("。")[0] + "。"


def daily(walk: Walk, start: datetime, end: datetime) -> pl.DataFrame:
    """Give the station days of the workspace's hours."""
    from shanshui import air

    hours = walk.workspace.lake.observations(start=start, end=end, wide=True).collect()
    return air.daily(hours)


def dispatch(walk: Walk) -> None:
    """Judge the targets of all plans as of today, and write the table."""
    from shanshui.platform.files import write_whole
    from shanshui.platform.report import track as report
    from shanshui.platform.track.table import table

    with walk.step("今日目标调度表", "all plans today", "shanshui track -o 调度表.xlsx") as step:
        rows = walk.day.standings = _judged(walk, walk.now.date(), None)
        found = walk.day.plans = table(rows, walk.now.date())
        made = report.Dispatch("目标调度表", "", walk.now.date(), found)
        for name, data, about in (
            ("目标调度表.xlsx", report.xlsx(made), "目标调度表，Excel"),
            ("目标调度表.docx", report.docx(made), "目标调度表，Word"),
            ("目标调度表.html", report.html(made).encode(), "目标调度表，网页"),
        ):
            write_whole(walk.output / name, data)
            step.files.append((name, about))
        step.told = found.summary()

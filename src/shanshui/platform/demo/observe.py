"""From the export of a platform to a final month: stations, hours, control, review, freeze."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from shanshui.platform.demo import samples
from shanshui.platform.demo.walk import EXPORTS, MONTH, PERSONS
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from shanshui.platform.demo.walk import Row, Walk
    from shanshui.platform.ingest.load import Outcome
    from shanshui.platform.review.judging import Refusal
    from shanshui.platform.store import Workspace

FIRST, LAST = datetime(2015, 11, 1), datetime(2015, 12, 1)
ROSTER, PROFILE = "guokong", "国控小时"
SITES, EVIDENCE = "点位.csv", "剔除佐证_同一时刻各站.csv"
HOURS = ("小时值_2013-03至2015-11.csv", "小时值_2015-12.csv")
SAMPLE = "0.001"
UNKNOWN = "来源缺测，原因未公布（演示的审核）"
LONELY = "孤立低值，同一时刻其余各站均高得多（演示的审核）"
_TENTH = 10  # of the hours around it and of the other stations
_HEADS = {
    "so2": "SO2(μg/m3)",
    "no2": "NO2(μg/m3)",
    "co": "CO(mg/m3)",
    "o3": "O3(μg/m3)",
    "pm10": "PM10(μg/m3)",
    "pm25": "PM2.5(μg/m3)",
}


def stations(walk: Walk) -> None:
    """Put the stations into the registry, and the roster that counts to use."""
    from shanshui.platform.ingest.registry import import_stations
    from shanshui.platform.review import rosters

    folder = walk.output / EXPORTS
    folder.mkdir(exist_ok=True)
    path = folder / SITES
    samples.beijing_stations().select(
        编码="code",
        点位="name_zh",
        市="city",
        经度="lon",
        纬度="lat",
        控制级别=pl.lit("国控"),
        对照点="reference",
    ).write_csv(path, include_bom=True)
    command = (
        f"shanshui roster import ../{EXPORTS}/{SITES} {ROSTER} --domain air "
        "--purpose 国控点位 --version 2013 --from 2013-01-01"
    )
    with walk.step("点位名录和名单", "stations, roster", command) as step:
        ledger = walk.workspace.ledger
        with ledger.write(who=PERSONS[0], action="station import") as session:
            known = import_stations(session, path, kind="air")
        loaded = rosters.load(
            ledger,
            path,
            who=PERSONS[0],
            code=ROSTER,
            version="2013",
            start="2013-01-01",
            domain="air",
            purpose="国控点位",
        )
        rosters.use(ledger, ROSTER, who=PERSONS[0])
        step.told = f"{known.added} 站登记，名单 {ROSTER} 2013 版 {loaded.entries} 站，在用"
        step.files.append((f"{EXPORTS}/{SITES}", "点位表"))


def hours(walk: Walk) -> None:
    """Write the hours as a bureau's platform exports them, and take the first file in."""
    from shanshui.platform.ingest import profiles
    from shanshui.platform.ingest.sniff import sniff

    for name, rows in zip(HOURS, _exports(), strict=True):
        rows.write_csv(walk.output / EXPORTS / name, include_bom=True)
    path = walk.output / EXPORTS / HOURS[0]
    command = f"shanshui ingest ../{EXPORTS}/{HOURS[0]} --profile {PROFILE} --yes"
    with walk.step("导入监测小时值", "hours taken in", command) as step:
        profile = replace(sniff(path).profile, name=PROFILE)
        profiles.save(profile, profiles.folder_of(walk.workspace.folder))
        step.told = taken(take_in(walk, path))
        step.files.append((f"{EXPORTS}/{HOURS[0]}", "平台导出的小时值"))


def take_in(walk: Walk, path: Path) -> Outcome:
    """Take a file in by the profile that the first one left."""
    from shanshui.platform.ingest import profiles
    from shanshui.platform.ingest.load import ingest

    saved = profiles.saved(profiles.folder_of(walk.workspace.folder))
    profile = next(one for one in saved if one.name == PROFILE)
    return ingest(walk.workspace, path, profile, who=PERSONS[0])


def control(walk: Walk) -> None:
    """Flag the hours of the month."""
    from shanshui import quality
    from shanshui.platform.report.qc_data import flags_of, keep, of_lake
    from shanshui.platform.report.qc_words import rule_named

    rules, tests = quality.rules(), quality.TESTS
    span: Any = {"start": FIRST, "end": LAST}
    command = f"shanshui qc run --start {FIRST:%Y-%m-%d} --end {LAST:%Y-%m-%d}"
    with walk.step(f"质控 {MONTH}", "quality control", command) as step:
        found = []
        for data in of_lake(walk.workspace, **span):
            flags = flags_of(data, rules, now=LAST, after=FIRST)
            keep(walk.workspace, data, flags, rules, tests=tests, **span)
            found.append(flags)
        flags = pl.concat(found)
        counts = flags.group_by("rule").len().sort("len", "rule", descending=[True, False])
        walk.day.flags = {rule_named(rule)[0]: count for rule, count in counts.iter_rows()}
        told = "，".join(f"{name} {count:,}" for name, count in walk.day.flags.items())
        step.told = f"{flags.height:,} 个标记：{told}；数值不动"


# --- review and freeze ----------------------------------------------------------------------


def review(walk: Walk) -> None:
    """Decide what was flagged, and a sample of the rest, in three stages."""
    from shanshui.platform.review import listing, queue

    command = f"shanshui review open {MONTH} --domain air --sample {SAMPLE}"
    with walk.step(f"审核 {MONTH}", "review in three stages", command) as step:
        opened = queue.open(walk.workspace, MONTH, "air", who=PERSONS[0], sample=SAMPLE)
        lonely = _lonely(walk.workspace)
        number = opened.review
        withdrawn = _withdraw(walk, number, lonely)
        others = listing.queue(walk.workspace, number, stage="初审")
        _decide(walk.workspace, number, others)
        step.told = (
            f"标记 {opened.flagged:,} 值、抽查 {opened.sampled} 值："
            f"剔除 {withdrawn}，其余保留；初审、复审、终审各一人"
        )
        step.files.append((f"{EXPORTS}/{EVIDENCE}", "剔除的佐证：同一时刻各站的值"))


def _lonely(workspace: Workspace) -> pl.DataFrame:
    """Find flagged particulates that fall for one hour far below the other stations.

    A clean air mass stays longer than an hour, and is low before or after as well.
    """
    lake, items = workspace.lake, ["pm10", "pm25"]
    key = ["station", "property", "time"]
    hours = lake.observations(None, items, FIRST, LAST).select(*key, "value").collect()
    flags = lake.flags(None, items, FIRST, LAST).collect()
    suspect = flags.filter(pl.col("level").is_in(["suspect", "fail"])).select(key).unique()
    beside = hours.sort(key).with_columns(
        low=pl.min_horizontal(
            pl.col("value").shift(1).over("station", "property"),
            pl.col("value").shift(-1).over("station", "property"),
        )
    )
    doubted = suspect.join(beside, on=key)
    others = doubted.join(hours, on=["property", "time"], suffix="_other").filter(
        pl.col("station") != pl.col("station_other")
    )
    medians = others.group_by(key).agg(others=pl.col("value_other").median())
    high = pl.min_horizontal("low", "others")
    return (
        doubted.join(medians, on=key)
        .filter(pl.col("value") * _TENTH < high)
        .sort("time", "property")
    )


def _withdraw(walk: Walk, review: int, lonely: pl.DataFrame) -> int:
    """Withdraw lonely values with the other stations' values as evidence."""
    from shanshui.platform.review.decisions import Choice, decide
    from shanshui.platform.review.selecting import batch

    path = walk.output / EXPORTS / EVIDENCE
    hours = walk.workspace.lake.observations(None, ["pm10", "pm25"], FIRST, LAST).collect()
    shown = hours.join(lonely.select("property", "time").unique(), on=["property", "time"])
    shown.sort("time", "property", "station").select(
        时间=pl.col("time").dt.strftime("%Y-%m-%d %H:%M"), 项目="property", 站点="station",
        数值="value",
    ).write_csv(path, include_bom=True)  # fmt: skip
    choices = []
    for row in lonely.to_dicts():
        items = batch(
            walk.workspace,
            review,
            who=PERSONS[0],
            start=row["time"],
            end=row["time"],
            stations=[row["station"]],
            properties=[row["property"]],
            valued=True,
        )
        choices += [
            Choice(item, "withdraw", "其他", evidence=str(path), note=LONELY) for item in items
        ]
    done = decide(walk.workspace, choices, who=PERSONS[0], stage="初审", via="demo")
    _all_taken(done.refused)
    names = dict(samples.beijing_stations().select("code", "name_zh").iter_rows())
    walk.day.withdrawn = [row | {"name": names[row["station"]]} for row in lonely.to_dicts()]
    return len(done.decisions)


def _decide(workspace: Workspace, review: int, others: list[Row]) -> None:
    from shanshui.platform.review import listing
    from shanshui.platform.review.decisions import Choice, decide

    kept = [
        Choice(row["item"], "keep", "其他", note=UNKNOWN)
        if row["value_zh"].endswith("缺测")
        else Choice(row["item"], "keep", "数据正常")
        for row in others
    ]
    done = decide(workspace, kept, who=PERSONS[0], stage="初审", via="demo")
    _all_taken(done.refused)
    for who, stage in zip(PERSONS[1:], ("复审", "终审"), strict=True):
        waiting = listing.queue(workspace, review, stage=stage)
        agreed = [Choice(row["item"], "agree") for row in waiting]
        done = decide(workspace, agreed, who=who, stage=stage, via="demo")
        _all_taken(done.refused)


def freeze(walk: Walk) -> None:
    """Make the month final."""
    from shanshui.platform.review import freeze

    command = f"shanshui freeze {MONTH}"
    with walk.step(f"定版 {MONTH}", "the month is final", command) as step:
        row = freeze.take(walk.workspace, MONTH, who=PERSONS[2], domain="air")
        walk.day.frozen = {
            "rows": row.rows,
            "number": row.number,
            "basis": row.basis,
            "digest": row.digest[:12],
            "warnings": list(row.warnings or ()),
        }
        step.told = f"{row.rows:,} 条数据，摘要 {row.digest[:12]}；此后只能凭文号更正"


def _exports() -> Iterator[pl.DataFrame]:
    """Give the packaged hours in the form of a platform's export: up to November, and December.

    The first stamp, 2013-03-01 00:00, ends the last hour of February and is left out.
    """
    names = samples.beijing_stations().select("station", "code", "name_zh")
    rows = samples.beijing_hours().join(names, on="station").sort("code", "time")
    shown = rows.select(
        站点编码="code",
        站点名称="name_zh",
        时间=pl.col("time").dt.strftime("%Y-%m-%d %H:%M"),
        **{head: item for item, head in _HEADS.items()},
    )
    early = rows["time"] <= LAST
    yield shown.filter(early & (rows["time"] > datetime(2013, 3, 1)))
    yield shown.filter(~early)


def taken(told: Outcome) -> str:
    """Say what became of a file."""
    missing = f"缺测 {told.missing:,}"
    return f"{told.rows:,} 行，{told.stored:,} 个值入库（{missing}），搁置 {told.set_aside:,}"


def _all_taken(refused: Sequence[Refusal]) -> None:
    for one in refused:
        raise ShanshuiError(str(one))

"""``shanshui ingest``: files of monitoring data into the lake of a workspace."""

from __future__ import annotations

import json as jsons
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn

from shanshui.cli.options import READ, RESULT, Encoding, Sheet, Stamp, Units, option, pairs, spread
from shanshui.cli.output import err, note, out, said
from shanshui.cli.workspace import Where, Who, opened, person
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shanshui.platform.ingest.load import Outcome
    from shanshui.platform.ingest.profiles import Profile
    from shanshui.platform.ingest.propose import Sniffed
    from shanshui.platform.store import Workspace

_SHOWN = 5  # rows set aside, and stations found, that are printed


class Form(StrEnum):
    """What a file may be said to be."""

    AIR = "air"
    ARCHIVE = "archive"
    WATER_AUTO = "water-auto"
    WATER = "water"
    SOIL = "soil"
    NOISE = "noise"
    HJ212 = "hj212"
    SENSORTHINGS = "sensorthings"
    TABLE = "table"


class State(StrEnum):
    """How far data have been reviewed."""

    RAW = "raw"
    REVIEWED = "reviewed"
    CORRECTED = "corrected"


@dataclass(frozen=True)
class Said:
    """What the caller says of the files."""

    profile: Annotated[
        str | None,
        option(
            "--profile",
            "导入模板的名字；新导出表确认后以此名保存",
            "name of the import profile; a new export is saved under it",
            READ,
            metavar="名称",
        ),
    ] = None
    form: Annotated[
        Form | None,
        option("--as", "文件是什么；默认识别并说明", "what the files are; told by default", READ),
    ] = None
    mapping: Annotated[
        Path | None,
        option(
            "--map",
            "说明各列含义的 TOML 文件",
            "a file of TOML that says what the columns are",
            READ,
            metavar="文件",
        ),
    ] = None
    stamp: Annotated[
        Stamp | None,
        option(
            "--stamp",
            "时间是时段的末 end 还是初 start",
            "whether a time is the end or the start of its period",
            READ,
        ),
    ] = None
    period: Annotated[
        str | None,
        option(
            "--period",
            "每个值的时段：hour day month moment 4h 10min",
            "what a value stands for",
            READ,
            metavar="时段",
        ),
    ] = None
    columns: Annotated[
        list[str] | None,
        option(
            "--column",
            "指明一列是什么项目，如 O3=o3_8h；O3=- 为不读；可多次",
            "say which property a column is; - leaves it out",
            READ,
            metavar="列名=项目",
        ),
    ] = None
    units: Units = None
    station: Annotated[
        str | None,
        option(
            "--station",
            "没有站点列时，全表的站名",
            "name of the station of a table that has no column for it",
            READ,
            metavar="名称",
        ),
    ] = None
    station_columns: Annotated[
        list[str] | None,
        option(
            "--station-column",
            "区分站点的列；可多次，从大到小",
            "a column that tells stations apart; may be repeated, the largest area first",
            READ,
            metavar="列名",
        ),
    ] = None
    time: Annotated[
        str | None,
        option(
            "--time",
            "没有时间列时，全表的时间",
            "the time of a table that has no column for it",
            READ,
            metavar="时间",
        ),
    ] = None
    encoding: Encoding = None
    sheet: Sheet = None


@dataclass(frozen=True)
class Doing:
    """What is done with the files."""

    dry_run: Annotated[
        bool,
        option(
            "--dry-run",
            "只说会怎样，什么也不写",
            "say what would change, and write nothing",
            RESULT,
        ),
    ] = False
    yes: Annotated[
        bool,
        option(
            "--yes",
            "新导出表的列含义不再询问，照识别的保存",
            "take a new export as it is understood, without asking",
            RESULT,
            "-y",
        ),
    ] = False
    state: Annotated[
        State,
        option(
            "--state",
            "数据状态：raw 原始，reviewed 已审核，corrected 更正",
            "raw, reviewed or corrected",
            RESULT,
            show_default=True,
        ),
    ] = State.RAW
    json: Annotated[bool, option("--json", "以 JSON 输出报告", "the report as JSON", RESULT)] = (
        False
    )


Files = Annotated[
    list[str],
    typer.Argument(
        metavar="文件 FILE…",
        help="CSV、Excel、Parquet、HJ 212 日志、SensorThings JSON；可多个\n\n"
        "[dim]tables, logs of HJ 212 packets, JSON of SensorThings[/dim]",
        show_default=False,
    ),
]


@spread
def ingest(files: Files, told: Said, doing: Doing, where: Where = None, who: Who = None) -> None:
    """Take files into the lake of a workspace."""
    from shanshui.cli.compute import expanded
    from shanshui.platform.ingest.load import ingest as take

    names = expanded(files)
    with opened(where) as workspace:
        reports = []
        failed: list[ShanshuiError] = []
        groups, beside = _grouped(names, told)
        for name in groups:
            try:
                profile = _profile(workspace, name, told, doing)
                with _bar(doing) as progress:
                    outcome = take(
                        workspace,
                        name,
                        profile,
                        who=person(who),
                        state=doing.state.value,
                        dry_run=doing.dry_run,
                        progress=progress,
                        beside=beside if profile.layout == "sensorthings" else (),
                    )
            except ShanshuiError as error:
                if len(names) == 1:
                    raise
                failed.append(error)
                from shanshui.cli.output import tell

                tell(error)
                continue
            reports.append(outcome)
            if not doing.json:
                _report(outcome)
        if doing.json:
            sys.stdout.write(
                jsons.dumps(
                    [r.as_dict() for r in reports], ensure_ascii=False, default=str, indent=1
                )
                + "\n"
            )
    if failed:
        raise typer.Exit(1)


def _grouped(names: list[str], told: Said) -> tuple[list[str], tuple[str, ...]]:
    """Let SensorThings files that are given together explain one another."""
    together = told.form is Form.SENSORTHINGS or all(n.endswith(".json") for n in names)
    return names, tuple(names[1:]) if together and len(names) > 1 else ()


@contextmanager
def _bar(doing: Doing) -> Iterator[Any]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        DownloadColumn(),
    )
    hidden = doing.json or not err().is_terminal
    with Progress(*columns, console=err(), transient=True, disable=hidden) as bar:
        tasks: dict[str, Any] = {}

        def progress(file: str, done: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = bar.add_task(f"导入 taking in {escape(file)}", total=total)
            bar.update(tasks[file], completed=done)

        yield progress


# ------------------------------------------------------------------------------------- profiles


def _profile(workspace: Workspace, file: str, told: Said, doing: Doing) -> Profile:
    """Find how a file is read: a saved profile, or a new one that is shown and confirmed."""
    from shanshui.platform.ingest import profiles
    from shanshui.platform.ingest.sniff import sniff

    folder = profiles.folder_of(workspace.folder)
    known = profiles.saved(folder)
    named = next((p for p in known if p.name == told.profile), None) if told.profile else None
    if named is not None:
        said("模板 profile", named.name)
        return _adjusted(named, told)
    mapping = (
        profiles.load(told.mapping, profiles.Profile("table", "wide")) if told.mapping else None
    )
    mapping = _adjusted(mapping, told) if mapping else None
    if mapping is None and (told.time or told.station):
        mapping = None
    found = sniff(
        file,
        form=told.form.value if told.form else None,
        sheet=told.sheet,
        encoding=told.encoding,
        said=mapping or _hint(told),
    )
    again = [p for p in known if p.fingerprint and p.fingerprint == found.profile.fingerprint]
    if told.mapping is None and told.profile is None and len(again) == 1:
        said("模板 profile", f"{again[0].name}（按表头识别 known by its header）")
        return _adjusted(again[0], told)
    if told.mapping is None and told.profile is None and len(again) > 1:
        names = "、".join(p.name for p in again)
        raise ShanshuiError(
            f"{file}：几个模板的表头相同：{names}；请用 --profile 指明 / "
            f"{file}: several profiles have this header: {names}; say one with --profile"
        )
    profile = found.profile
    if told.mapping:
        base = replace(found.profile)
        profile = profiles.load(told.mapping, base)
    profile = _adjusted(profile, told)
    _complete(profile, file)
    if profile.layout in ("hj212", "sensorthings") and not told.profile:
        said("格式 format", f"{profile.form}：{found.why[0][0]} {found.why[0][1]}")
        return profile
    _show(found, profile, file)
    if doing.dry_run:
        return profile
    _confirm(found, told, doing, file)
    name = told.profile or _name(file, {p.name for p in known})
    profile = replace(profile, name=name)
    path = profiles.save(profile, folder)
    said("模板已存 profile saved", f"{path.parent.name}/{path.name}")
    return profile


def _hint(told: Said) -> Profile | None:
    """Return what options say of a table that lacks columns, as a mapping would."""
    from shanshui.platform.ingest.profiles import Profile

    if not told.time:
        return None
    return _adjusted(Profile("table", "wide", period="day", stamp="start"), told)


def _adjusted(profile: Profile, told: Said) -> Profile:
    """Lay the options over a profile."""
    from shanshui.platform.ingest.profiles import period
    from shanshui.platform.ingest.propose import extended

    profile = extended(profile, pairs(told.columns, "--column"), pairs(told.units, "--units"))
    if told.stamp:
        profile = replace(profile, stamp=told.stamp.value)
    if told.period:
        try:
            profile = replace(profile, period=period(told.period))
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--period") from None
    if told.station_columns:
        profile = replace(profile, station=tuple(told.station_columns))
    if told.station:
        profile = replace(profile, fixed_station=told.station)
    if told.time:
        profile = replace(profile, fixed_time=told.time)
    if told.sheet:
        profile = replace(profile, sheet=told.sheet)
    if told.encoding:
        profile = replace(profile, encoding=told.encoding)
    return profile


def _complete(profile: Profile, file: str) -> None:
    if profile.layout in ("hj212", "sensorthings"):
        return
    if profile.layout != "archive" and not profile.station and not profile.fixed_station:
        raise ShanshuiError(
            f"{file}：没有站点列；请用 --station-column 列名，或全表一站用 --station 名称 / "
            f"{file}: no column of stations; say --station-column NAME, or --station NAME where "
            "the whole table is of one"
        )
    if not profile.time and not profile.fixed_time:
        raise ShanshuiError(
            f"{file}：没有时间列；请用 --time 指明 / {file}: no column of times; say it with --time"
        )
    if profile.layout == "wide" and not any(c.property != "-" for c in profile.columns.values()):
        raise ShanshuiError(
            f"{file}：没有要读的项目列；请用 --column 或 --map / "
            f"{file}: no column of a property is read; say some with --column or --map"
        )


def _show(found: Sniffed, profile: Profile, file: str) -> None:
    """Say what a file is taken for, and why."""
    from shanshui.platform.ingest.measures import measures
    from shanshui.platform.ingest.profiles import FORMS

    console = err()
    zh, en = FORMS[profile.form]
    console.print(f"[bold]{escape(Path(file).name)}[/bold]：{zh} [dim]{en}[/dim]", soft_wrap=True)
    for ground_zh, ground_en in found.why:
        console.print(f"  · {escape(ground_zh)} [dim]{escape(ground_en)}[/dim]", soft_wrap=True)
    place = "、".join(profile.station) or profile.fixed_station or "（各列 each column）"
    console.print(f"  站点 station   {escape(place)}", soft_wrap=True)
    times = "、".join(profile.time.values()) or str(profile.fixed_time)
    ends = {"end": "时段末 end", "start": "时段初 start"}[profile.stamp]
    console.print(
        f"  时间 time      {escape(times)}，{ends}，时段 period {profile.period}", soft_wrap=True
    )
    for name, column in profile.columns.items():
        if column.property == "-":
            continue
        known = measures().get(column.property)
        own = known.unit if known else column.unit or ""
        unit = profile.units.get(column.property) or column.unit
        stated = (
            f"{unit} → {own}"
            if unit and unit != own
            else f"{unit or own}" + ("" if unit else "（未注明 not stated）")
        )
        title = known.name if known else column.property
        console.print(
            f"  {escape(name)} → {column.property} {title}  [dim]{stated}[/dim]", soft_wrap=True
        )
    if found.unread:
        left = [n for n in found.unread if n not in profile.columns and n not in profile.station]
        if left:
            console.print(f"  不读 not read   {escape('、'.join(left[:20]))}", soft_wrap=True)


def _confirm(found: Sniffed, told: Said, doing: Doing, file: str) -> None:
    if doing.yes or told.mapping:
        if found.confidence == "low" and not (told.mapping or told.form):
            note("识别的把握不大，请核对", "this is not sure: look at it", head="注意 note")
        return
    if not sys.stdin.isatty():
        raise ShanshuiError(
            f"{file} 是新的导出表，须有人确认以上识别；确认无误请加 --yes，或用 --map 说明 / "
            f"{file} is a new export: a person confirms what it is taken for, with --yes, or says "
            "it with --map"
        )
    if not typer.confirm("是否如此？Is it so?", err=True):
        raise typer.Exit(1)


def _name(file: str, taken: set[str]) -> str:
    """Name a profile after a file: without its dates, not a name that is taken."""
    stem = re.sub(r"[\d\s]{4,}|\(\d+\)", "", Path(file).name.partition(".")[0])
    stem = re.sub(r"[^\w-]+", "_", stem).strip("_-") or "export"
    name, number = stem[:60], 2
    while name in taken:
        name, number = f"{stem[:60]}_{number}", number + 1
    return name


# --------------------------------------------------------------------------------------- report


def _report(told: Outcome) -> None:
    """Say what became of a file."""
    console = out()
    head = "试运行，什么也没写 dry run" if told.dry else "已导入 taken in"
    console.print(f"[green]{head}[/green] {escape(told.file)}", soft_wrap=True)
    lines = [
        ("读入行 rows", told.rows),
        ("监测值 values", told.read),
        ("新存 stored", told.stored),
        ("已有 already", told.already),
        ("更新 changed", told.changed),
        ("不及已审 outranked", told.outranked),
        ("缺测 missing", told.missing),
        ("无数据行 empty rows", told.other),
        ("搁置 set aside", told.set_aside),
    ]
    for title, count in lines:
        if count or title.startswith(("读入", "监测", "新存")):
            console.print(f"  {title:<24}{count:>14,}", soft_wrap=True)
    if told.rejected_file:
        console.print(f"  搁置清单 list: {escape(told.rejected_file)}", soft_wrap=True)
    for row in told.first[:_SHOWN]:
        column = f" {row['column']}" if row["column"] else ""
        err().print(
            f"  {row['file']}:{row['row']}{column} “{(row['value'] or '')[:80]}” {row['reason']} "
            f"{row['reason_en']}",
            soft_wrap=True,
            markup=False,
        )
    if told.sums:
        _sums(told)
    for one in told.notes:
        note(one.zh, one.en)
    if told.found:
        some = "、".join(told.found[:_SHOWN]) + ("……" if len(told.found) > _SHOWN else "")
        what = ("将登记", "would be registered") if told.dry else ("已登记", "registered")
        note(
            f"名录里没有的站点 {len(told.found)} 个，{what[0]}：{some}",
            f"{len(told.found)} stations are not in the registry and {what[1]} as found",
        )
    if told.unread:
        note(f"未读 {'、'.join(told.unread[:20])}", "columns or items that are not read")


def _sums(told: Outcome) -> None:
    from rich import box
    from rich.table import Table

    grid = Table(title="各项目 by property", box=box.SIMPLE_HEAD, title_justify="left")
    for title in ("项目", "个数 前", "后", "合计 前", "后"):
        grid.add_column(title, justify="left" if title == "项目" else "right")
    for row in told.sums:
        numbers = (row["count_before"], row["count_after"], row["sum_before"], row["sum_after"])
        counts = [f"{int(n or 0):,}" for n in numbers[:2]]
        totals = [f"{float(n or 0):,.6g}" for n in numbers[2:]]
        grid.add_row(row["property"], *counts, *totals)
    out().print(grid)


def register(app: typer.Typer) -> None:
    """Put the command on the root of the command line."""
    app.command(
        "ingest",
        short_help="导入监测数据 [dim]take files into the lake[/dim]",
        help="把监测数据文件存入工作区：识别格式并说明，新导出表经确认存为模板，下月同样的表一条命令"
        "即可；重复导入无害，坏行另存并写明原因。\n\n"
        "[dim]Store files of monitoring data in the workspace. What a file is taken for is said "
        "and confirmed once, then known by its header. Sending again is harmless; bad rows are set "
        "aside with the reason of each.[/dim]",
        epilog="例 Examples\n\n"
        "[cyan]shanshui ingest 站点小时值.csv --dry-run[/cyan]\n\n"
        "[cyan]shanshui ingest 站点小时值.csv --profile 国控小时 --yes[/cyan]\n\n"
        "[cyan]shanshui ingest 数采仪.log --as hj212[/cyan]\n\n"
        "[cyan]shanshui ingest 化验单.xlsx --map 化验单.toml[/cyan]",
    )(ingest)

"""From files to the result of a command."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl
import typer
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn

from shanshui import air
from shanshui.cli.options import number, numbers, pairs
from shanshui.cli.output import err, note, working
from shanshui.platform.report.targets import RATIOS, sums, usual
from shanshui.platform.report.targets import rest as rest_of
from shanshui.standards import edition as find
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from shanshui.cli.options import Events, Period, Place, Reading
    from shanshui.platform.ingest import Table

_SIX = ("so2", "no2", "co", "o3_8h", "pm10", "pm25")


def expanded(files: Sequence[str]) -> list[str]:
    """Resolve patterns such as ``*.csv``, which some shells leave to the program."""
    found: list[str] = []
    for file in files:
        path = Path(file)
        if any(c in path.name for c in "*?[") and not path.exists():
            matches = sorted(str(p) for p in path.parent.glob(path.name))
            found.extend(matches or [file])
        else:
            found.append(file)
    return found


def read_table(reading: Reading, *, everything: bool = False) -> Table:
    """Read the files of a command, with a bar, and tell how they were read."""
    from shanshui.platform.ingest import read

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        DownloadColumn(),
    )
    hidden = reading.quiet or not err().is_terminal
    with Progress(*columns, console=err(), transient=True, disable=hidden) as bar:
        tasks: dict[str, Any] = {}

        def progress(file: str, done: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = bar.add_task(f"读取 reading {escape(file)}", total=total)
            bar.update(tasks[file], completed=done)

        table = read(
            *expanded(reading.files),
            stamp=reading.stamp.value,
            units=pairs(reading.units, "--units"),
            encoding=reading.encoding,
            columns=pairs(reading.columns, "--column"),
            sheet=reading.sheet,
            kind=reading.kind.value if reading.kind else None,
            station=reading.station,
            everything=everything,
            progress=progress,
        )
    if not reading.quiet:
        _report(table)
    return table


def _report(table: Table) -> None:
    report, frame = table.report, table.frame
    hourly = table.kind == "hours"
    time = frame["time" if hourly else "date"]
    ends = pl.Series([time.min(), time.max()])
    span = " — ".join(ends.dt.strftime("%Y-%m-%d %H:%M" if hourly else "%Y-%m-%d"))
    places = frame.select(table.keys).n_unique()
    encodings = sorted({e for e in report.encodings if e})
    parts = [
        "小时数据 hourly" if hourly else "日数据 daily",
        f"{report.rows:,} 行 rows",
        f"{places:,} 个{'站点 stations' if 'station' in table.keys else '地区 areas'}",
        span,
        *([f"时间为时段{'末' if report.stamp == 'end' else '初'} stamp={report.stamp}"] * hourly),
        *encodings,
    ]
    console = err()
    console.print(f"[green]读取 read[/green] {escape(' · '.join(parts))}", soft_wrap=True)
    for role, (unit, how) in report.units.items():
        if how.en.startswith(("stated", "said")) and (unit == "mg/m3") != role.startswith("co"):
            console.print(
                f"[dim]单位 unit {role}：{how.zh}为 {unit}，已换算 converted[/dim]",
                soft_wrap=True,
            )
    if report.missing:
        note(
            f"文件中没有 {'、'.join(report.missing)} 列，按缺测处理",
            f"no column of {', '.join(report.missing)}: taken as missing",
        )
    if report.negative:
        counts = "、".join(f"{item} {count:,}" for item, count in report.negative.items())
        note(f"有负值（计算时不采用）：{counts}", f"negative values, which are not used: {counts}")
    for one in report.notes:
        note(one.zh, one.en)
    if report.repeats:
        note(
            f"{report.repeats:,} 行完全重复，只留一行",
            f"{report.repeats:,} rows repeat others exactly and are dropped",
        )


def days_of(table: Table, place: Place) -> tuple[pl.DataFrame, list[str]]:
    """Return daily values of stations or areas, and their key columns.

    Raises
    ------
    ShanshuiError
        When the areas asked for are not known.
    """
    days = table.frame
    if table.kind == "hours":
        days = air.daily(days, stamp=table.report.stamp, by=table.keys, edition=place.edition)
    if place.by is None and place.stations is None:
        return days, table.keys
    by = place.by.value if place.by else "city"
    if place.stations is None and (by not in table.keys):
        raise ShanshuiError(
            f"数据里没有 {by} 列；请用 --stations 给出点位名单（站点、城市、对照点） / "
            f"the data have no column {by}; give a list of stations with --stations"
        )
    if place.stations is None and by == table.keys[-1]:
        return days, table.keys  # they are areas already
    places = table.frame.select(table.keys).unique(maintain_order=True)
    roster, on = roster_of(places, place.stations)
    # A county's name is unique only within its city.
    wanted = ["city", "county"] if by == "county" and "city" in roster.columns else [by]
    if by not in roster.columns:
        raise ShanshuiError(
            f"点位名单没有 {by} 列；现有：{'、'.join(roster.columns)} / "
            f"the list of stations has no column {by}; found: {', '.join(roster.columns)}"
        )
    areas = {f"_{k}": k for k in wanted}  # the data may have columns of these names
    roster = roster.select(
        *on, *(pl.col(k).alias(area) for area, k in areas.items()), "reference"
    ).unique()
    days = air.area(
        days,
        roster,
        by=list(areas),
        station=on,
        min_share=place.min_share,
        edition=place.edition,
    )
    return days.rename(areas).drop_nulls(wanted), wanted


def roster_of(
    places: pl.DataFrame, file: str | None, *, told: bool = True
) -> tuple[pl.DataFrame, list[str]]:
    """Return the list of stations, and the columns by which the data's stations are found in it.

    Where the data name stations by code, ``name`` is what the list calls them.
    """
    if file is None:
        return places.with_columns(reference=pl.lit(value=False)), places.columns
    from shanshui.platform.ingest import read_stations

    roster = read_stations(*expanded([file]))
    if "code" in roster.columns and "code" not in places.columns and _are_codes(places, roster):
        roster = roster.rename({"station": "name", "code": "station"}, strict=False)
    options = (["code"], ["city", "station"], ["station"])
    known = [on for on in options if {*on} <= {*places.columns} and {*on} <= {*roster.columns}]
    found = [(places.join(roster, on=on, how="semi"), on) for on in known]
    matched, on = max(found, key=lambda pair: pair[0].height, default=(places.clear(), []))
    if matched.is_empty():
        raise ShanshuiError(
            f"数据里的站点没有一个在点位名单 {file} 中；请核对站点名称或编码 / "
            f"none of the data's stations is in the list {file}; check names and codes"
        )
    doubled = matched.filter(matched.select(on).is_duplicated())
    if doubled.height:
        raise ShanshuiError(
            f"数据里有同名站点（{_some(doubled)}），点位名单无法区分；请在名单中补充城市或编码 / "
            f"stations of the data share a name: {_some(doubled)}; add cities or codes to the list"
        )
    unlisted = places.join(roster, on=on, how="anti")
    if unlisted.height and told:
        note(
            f"{unlisted.height} 个站点不在点位名单中，不参加平均：{_some(unlisted)}",
            f"{unlisted.height} stations are not in the list and left out: {_some(unlisted)}",
        )
    return roster, on


def _are_codes(places: pl.DataFrame, roster: pl.DataFrame) -> bool:
    """Tell whether what the data call a station is rather the code than the name of the list."""
    if "station" not in places.columns:
        return False
    ours = places["station"]
    codes, names = (
        ours.is_in(roster[c].drop_nulls().implode()).sum() if c in roster.columns else 0
        for c in ("code", "station")
    )
    return codes > names


def _some(places: pl.DataFrame) -> str:
    names = [" ".join(str(n) for n in row if n) for row in places.head(5).iter_rows()]
    return "、".join(names) + ("……" if places.height > len(names) else "")


def marked(days: pl.DataFrame, keys: Sequence[str], events: Events) -> pl.DataFrame:
    """Mark the daily values that the events of a file touch."""
    if not events.events:
        return days
    from shanshui.platform.ingest import read_events

    listed = read_events(*expanded([events.events]))
    marked_days = air.exclude(days, listed, by=keys)
    touched = marked_days.filter(pl.col("event").is_not_null()).height
    note(
        f"{listed.height} 个事件，标记 {touched:,} 个日值行",
        f"{listed.height} events mark {touched:,} rows of days",
        head="事件 events",
    )
    return marked_days


def statistics_of(
    table: Table,
    place: Place,
    period: Period,
    events: Events,
    *,
    grade: int = 2,
    digits: list[str] | None = None,
) -> tuple[pl.DataFrame, list[str]]:
    """Return statistics, compared with other years where asked, and the key columns.

    Raises
    ------
    ShanshuiError
        When a year to compare with is not in the data.
    """
    with working("计算统计 statistics"):
        days, keys = days_of(table, place)
        result = air.statistics(
            marked(days, keys, events),
            by=keys,
            dust=events.dust.value if events.dust else None,
            period=period.span,
            edition=place.edition,
            grade=grade,
            weights=numbers(period.weights, "--weight"),
            digits={k: int(v) for k, v in numbers(digits, "--digits").items()},
            exempt=place.exempt or (),
        )
        if not period.against:
            return result, keys
        year = pl.col("start").dt.year()
        before = [result.filter(year == one) for one in period.against]
        for one, frame in zip(period.against, before, strict=True):
            if frame.is_empty():
                raise ShanshuiError(f"数据里没有 {one} 年，无法对比 / the data have no year {one}")
        now = result.filter(~year.is_in(list(period.against)))
        if now.is_empty():
            raise ShanshuiError(
                "除对比年份外没有其他年份的数据 / there is no year but those to compare with"
            )
        return air.compare(now, before, by=keys, match="season"), keys


def last_day(days: pl.DataFrame, item: str, year: int | None, until: str | None) -> date:
    """Return the last day that counts: as said, or the last (of the year said) with a value."""
    if until:
        try:
            return date.fromisoformat(until)
        except ValueError:
            raise typer.BadParameter(
                f"日期应写作 2026-07-27，得到“{until}” / expected a date such as 2026-07-27",
                param_hint="--until",
            ) from None
    values = _SIX if item in RATIOS else (item,)
    dates = days.filter(pl.any_horizontal(pl.col(v).is_not_null() for v in values))["date"]
    dates = dates.filter(dates.dt.year() == year) if year else dates
    last = dates.max()
    if not isinstance(last, date):
        raise ShanshuiError(
            f"数据里没有{f' {year} 年' if year else ''}可用的日值 / no daily value in the data"
            f"{f' of {year}' if year else ''}"
        )
    return last


def remainders(
    days: pl.DataFrame,
    keys: Sequence[str],
    place: Place,
    *,
    item: str,
    target: str,
    comparator: Literal["<=", "<", ">=", ">"] | None,
    end: date,
    left: int,
    digits: int | None,
) -> pl.DataFrame:
    """Return what the rest of the year may still be, for each station or area.

    Means are exact: of the daily values as published, a whole sum over a count.
    """
    number(target, "--target")
    days = days.filter(pl.col("date").is_between(date(end.year, 1, 1), end))
    first = days["date"].min()
    if isinstance(first, date) and (first.month, first.day) != (1, 1):
        note(
            f"{end.year} 年的数据从 {first} 开始，之前的天没有计入",
            f"the data of {end.year} begin on {first}; the days before are not counted",
        )
    edition = find("air", place.edition or end)
    sign = comparator or usual(item)
    rows: list[dict[str, Any]] = []
    counted = sums(days, keys, item, edition=edition, exempt=place.exempt or ())
    for row in counted.iter_rows(named=True):
        done, total = row.pop("done"), row.pop("total")
        row |= {"year": end.year, "until": end, "item": item, "comparator": sign}
        row |= {"target": float(target), "done": done, "left": left}
        said = {"done": done, "total": total, "left": left, "digits": digits}
        rest = rest_of(item, target, edition=edition, comparator=sign, **said)
        if rest is not None:
            row |= {"so_far": _float(rest.so_far), "value": _float(rest.value)}
            row |= {"allowed": rest.allowed, "feasible": rest.feasible, "safe": rest.safe}
            row |= {"text": rest.text(), "text_en": rest.text("en")}
        rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)


def _float(value: Fraction | None) -> float | None:
    return None if value is None else round(float(value), 4)


def faults_of(table: Table) -> pl.DataFrame:
    """List what the reader set aside, then what the library finds in the rest."""
    aside = table.rejected.select(
        "file",
        "row",
        item="column",
        value="value",
        fault="code",
        message=pl.format("{} {}", "reason", "reason_en"),
    )
    if table.kind == "daily":
        return aside
    found = air.check(table.frame, stamp=table.report.stamp, by=table.keys)
    found = found.with_columns(pl.col("value").cast(pl.String))
    return pl.concat([aside, found], how="diagonal_relaxed")

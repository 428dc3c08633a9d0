"""Observations for quality control: from files as they are read, or from the lake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from shanshui import quality
from shanshui.platform.ingest.columns import recognise
from shanshui.platform.ingest.errors import ReadError
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from collections.abc import Collection

    from shanshui.platform.ingest import Table
    from shanshui.platform.store import Workspace
    from shanshui.platform.store.lake import Stored
    from shanshui.quality import Rules

BATCH = 3_000_000
"""Rows of the lake that are taken into memory at once."""
MARGIN = timedelta(days=8)
"""Read before the span that is tested, so that runs and windows at its beginning are whole."""
_HALVES = r"^[<＜]|[Ll]$"
_SCHEME = {
    "station": ("station", "站点", "点位", "断面", "站点编码", "断面名称", "点位名称"),
    "property": ("property", "项目", "监测项目", "因子"),
    "period": ("period", "周期", "周期(秒)"),
    "start": ("start", "开始", "开始日期", "启用日期"),
    "end": ("end", "结束", "结束日期", "停用日期"),
}


@dataclass(frozen=True)
class Observations:
    """Observations in memory.

    Attributes
    ----------
    frame : polars.DataFrame
        Keys, ``property, time`` (end of the period), ``period, value, flag`` and the group.
    keys : list of str
        Columns that name a station.
    group : str or None
        Column that says which stations are neighbours.
    unseen : int
        Series of stations and properties without any value, which are left out.
    """

    frame: pl.DataFrame
    keys: list[str]
    group: str | None
    unseen: int = 0


def of_table(table: Table, period: int | None = None) -> Observations:
    """Return what a reader gave as long observations.

    Parameters
    ----------
    table : Table
        Hours, days or samples of water. A result below its detection limit stands for half the
        limit, as in the assessment; ``ND`` without a limit is missing.
    period : int, optional
        Seconds that a value stands for; by default an hour, a day, and of water with a clock 4 h.
    """
    frame = table.frame
    others = {"time", "date", "kind", "target", "source", "period", "flag", *table.keys}
    items = [c for c in frame.columns if c not in others and not c.startswith("flag_")]
    by_day = "time" not in frame.columns
    seconds = period or (86_400 if by_day else 14_400 if table.kind == "samples" else 3_600)
    if by_day:  # a day ends at the midnight after it
        frame = frame.with_columns(time=pl.col("date").cast(pl.Datetime("us")).dt.offset_by("1d"))
    elif table.kind != "samples" and table.report.stamp == "start":
        frame = frame.with_columns(time=pl.col("time") + pl.duration(seconds=seconds))
    numbers = [_number(i) if frame.schema[i] == pl.String else pl.col(i) for i in items]
    keys = [k for k in table.keys if k in frame.columns]
    long = frame.select(*keys, "time", *(n.cast(pl.Float64) for n in numbers)).unpivot(
        on=items, index=[*keys, "time"], variable_name="property", value_name="value"
    )
    # What a station never measured in the file is not fitted there, as far as one can know.
    series = long.group_by(*keys, "property").agg(_seen=pl.col("value").is_not_null().any())
    unseen = series.filter(~pl.col("_seen"))
    long = long.join(unseen, on=[*keys, "property"], how="anti", nulls_equal=True)
    long = long.with_columns(
        period=pl.lit(seconds, dtype=pl.Int32), flag=pl.lit(None, dtype=pl.String)
    )
    group = "city" if "city" in keys and {"station", "code"} & set(keys) else None
    return Observations(long, keys, group, unseen.height)


def _number(item: str) -> pl.Expr:
    text = pl.col(item).str.strip_chars()
    value = text.str.replace(_HALVES, "").cast(pl.Float64, strict=False)
    return pl.when(text.str.contains(_HALVES)).then(value / 2).otherwise(value).alias(item)


def services(workspace: Workspace) -> pl.DataFrame:
    """Return the stations of the registry: station, group (city), start, end of service."""
    from sqlalchemy import select

    from shanshui.platform.store.models import Station

    with workspace.ledger.read() as session:
        rows = session.execute(
            select(Station.code, Station.region_code, Station.start, Station.end)
        ).all()
    table = pl.DataFrame(
        [tuple(row) for row in rows],
        schema=dict.fromkeys(("station", "region", "start", "end"), pl.String),
        orient="row",
    )
    return table.select(
        "station",
        group=pl.col("region").str.slice(0, 4),
        start=pl.col("start").str.to_date(strict=False),
        end=pl.col("end").str.to_date(strict=False),
    )


def of_lake(
    workspace: Workspace,
    *,
    stations: Sequence[str] | None = None,
    properties: Sequence[str] | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Iterator[Observations]:
    """Give the observations of a workspace, whole stations at a time; neighbours stay together.

    Raises
    ------
    ShanshuiError
        When there are none.
    """
    begin = start - MARGIN if start else None
    lake = workspace.lake
    rows = lake.observations(stations or None, properties or None, begin, end)
    counts = rows.group_by("station").agg(pl.len().alias("rows")).collect(engine="streaming")
    if counts.is_empty():
        raise ShanshuiError(
            "工作区里没有这样的监测数据；先用 shanshui ingest 导入 / the workspace has no such "
            "observations; take some in with shanshui ingest"
        )
    places = services(workspace).select("station", "group")
    counts = counts.join(places, on="station", how="left").sort("group", "station", nulls_last=True)
    for some in _batches(counts):
        frame = lake.observations(some, properties or None, begin, end).collect(engine="streaming")
        frame = frame.join(places, on="station", how="left").sort("station", "property", "time")
        yield Observations(frame, ["station"], "group")


def _batches(counts: pl.DataFrame) -> Iterator[list[str]]:
    """Divide stations into batches, groups whole where they fit."""
    batch: list[str] = []
    size = 0
    for (group,), rows in counts.group_by("group", maintain_order=True):
        parts = [rows] if group is not None else rows.iter_slices(1)
        for part in parts:
            number = int(part["rows"].sum())
            if batch and size + number > BATCH:
                yield batch
                batch, size = [], 0
            batch += part["station"].to_list()
            size += number
    if batch:
        yield batch


def flags_of(
    data: Observations,
    rules: Rules,
    *,
    now: datetime | None,
    flag_scheme: str | None = None,
    tests: Collection[str] | None = None,
    after: datetime | None = None,
) -> pl.DataFrame:
    """Run the tests; hand back the flags of times after a moment."""
    flags: pl.DataFrame = quality.check(
        data.frame,
        rules,
        by=data.keys,
        now=now,
        group=data.group,
        flag_scheme=flag_scheme,
        tests=tests,
    )
    return flags if after is None else flags.filter(pl.col("time") > after)


def keep(
    workspace: Workspace,
    data: Observations,
    flags: pl.DataFrame,
    rules: Rules,
    *,
    tests: Collection[str],
    start: datetime | None,
    end: datetime | None,
    withdraw: bool = True,
) -> Stored:
    """Keep flags in the lake, beside the values, and withdraw those that no longer hold.

    Flags of rules that were not run are left as they are.
    """
    columns = ["station", "property", "time", "period", "rule"]
    wanted = flags.select(*columns, "level", "detail").drop_nulls(columns)
    wanted = wanted.unique(columns, keep="first", maintain_order=True)
    if withdraw:
        run = {rule.code for rule in rules.rules if rule.test in tests}
        stations = data.frame["station"].unique().to_list()
        names = data.frame["property"].unique().to_list()
        standing = workspace.lake.flags(stations, names, start, end).collect()
        gone = standing.filter(pl.col("rule").is_in(run), pl.col("level").is_not_null()).join(
            wanted, on=columns, how="anti"
        )
        none = pl.lit(None, dtype=pl.String)
        wanted = pl.concat(
            [wanted, gone.select(*columns, level=none, detail=none)], how="vertical_relaxed"
        )
    return workspace.lake.flag(wanted)


def scheme_of(workspace: Workspace, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the monitoring scheme by the registry: each series, in its station's service."""
    series = frame.filter(86_400 % pl.col("period") == 0).select("station", "property", "period")
    service = services(workspace).select("station", "start", "end")
    return series.unique().join(service, on="station", how="left")


def read_scheme(file: str | Path) -> pl.DataFrame:
    """Read a monitoring scheme: station, property, period (seconds or 1h), start, end.

    CSV or Excel, Chinese or English headings; an empty start or end is open.

    Raises
    ------
    ReadError
        When it cannot be read, or a cell is none; file, row and column are named.
    """
    path = Path(file)
    table = _opened(path)
    names: Mapping[str, str] = {
        alias: column for column, aliases in _SCHEME.items() for alias in aliases
    }
    table = table.rename({c: names[c.strip()] for c in table.columns if c.strip() in names})
    missing = [c for c in _SCHEME if c not in table.columns]
    if missing:
        raise ReadError(
            f"监测方案缺少列 {'、'.join(_SCHEME[m][1] for m in missing)}",
            f"the scheme lacks column(s) {', '.join(missing)}",
            file=path.name,
        )
    rows = [
        {
            "station": (row["station"] or "").strip(),
            "property": _item(row["property"]),
            "period": _seconds(row["period"], path.name, n),
            "start": _day(row["start"], path.name, n, "start"),
            "end": _day(row["end"], path.name, n, "end"),
        }
        for n, row in enumerate(table.iter_rows(named=True), 2)
    ]
    kinds = {"station": pl.String, "property": pl.String, "period": pl.Int32}
    return pl.DataFrame(rows, schema={**kinds, "start": pl.Date, "end": pl.Date})


def _opened(path: Path) -> pl.DataFrame:
    try:
        if path.suffix.lower() in {".xlsx", ".xls"}:
            table = pl.read_excel(path, infer_schema_length=0)
        else:
            data = path.read_bytes()
            try:
                text = data.decode("utf-8-sig")
            except UnicodeDecodeError:
                text = data.decode("gb18030")
            table = pl.read_csv(text.encode(), infer_schema_length=0)
    except (OSError, UnicodeDecodeError, pl.exceptions.PolarsError) as error:
        raise ReadError(
            f"监测方案读不了：{error}", f"cannot read the scheme: {error}", file=path.name
        ) from error
    return table.select(pl.all().cast(pl.String))


def _item(text: str | None) -> str:
    named = (text or "").strip()
    role = recognise(named)
    return role.name if role else named


def _seconds(text: str | None, file: str, row: int) -> int:
    found = seconds_of((text or "").strip())
    if found is None:
        raise ReadError(
            f"应为秒数或 1h、4h、1d，得到“{text or ''}”",
            f'expected seconds or 1h, 4h, 1d, got "{text or ""}"',
            file=file,
            row=row,
            column="period",
        )
    return found


def seconds_of(text: str) -> int | None:
    """Return a period as seconds, or None where the text is none.

    Examples
    --------
    >>> seconds_of("3600"), seconds_of("4h"), seconds_of("often")
    (3600, 14400, None)
    """
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    number, unit = (text[:-1], units[text[-1]]) if text[-1:] in units else (text, 1)
    return int(number) * unit if number.isascii() and number.isdigit() and int(number) else None


def _day(value: Any, file: str, row: int, column: str) -> Any:
    text = (value or "").strip()
    if not text:
        return None
    for pattern in ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y-%m-%d %H:%M:%S"):
        try:
            return datetime.strptime(text, pattern).date()
        except ValueError:
            continue
    raise ReadError(
        f"应为日期如 2026-03-01，得到“{text}”",
        f'expected a date such as 2026-03-01, got "{text}"',
        file=file,
        row=row,
        column=column,
    )

"""``shanshui qc …``: flags beside the values, and the report on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shanshui._clock import ZONE
from shanshui.cli.options import METHOD, READ, RESULT, Output, Reading, Stamp, option, spread
from shanshui.cli.output import deliver, note, said, working
from shanshui.cli.workspace import Where, opened
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    import polars as pl

    from shanshui.platform.report.qc_data import Observations
    from shanshui.platform.store import Workspace
    from shanshui.quality import Rules

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="质控：给数据加标记，不改数值；看哪些被标记、为什么，数据是否完整。\n\n"
    "[dim]Quality control: flags beside the values, why they were given, and how complete the data "
    "are. Reads files, or the observations of the workspace.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui qc run 小时.csv[/cyan]\n\n"
    "[cyan]shanshui qc run --start 2026-10-01[/cyan]\n\n"
    "[cyan]shanshui qc report 小时.csv -o 质控报告.html[/cyan]",
)

LAKE = "工作区 Workspace"
_MOMENTS = ["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"]
_LEVELS = {"fail": "不合格", "suspect": "存疑", "missing": "缺测"}


@dataclass(frozen=True)
class Source:
    """Which observations are tested."""

    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[文件 FILE…]",
            help="CSV、Excel、Parquet；不给文件则用工作区的数据\n\n"
            "[dim]without files the observations of the workspace[/dim]",
            show_default=False,
        ),
    ] = None
    water: Annotated[
        bool,
        option("--water", "文件是地表水数据；默认空气", "files of surface water; else air", READ),
    ] = False
    every: Annotated[
        str | None,
        option(
            "--every",
            "每个值代表的时长，如 1h、4h； 默认小时值 1h、日值 1d、水 4h",
            "what a value of a file stands for",
            READ,
            metavar="时长",
        ),
    ] = None
    stamp: Annotated[
        Stamp,
        option(
            "--stamp",
            "时间是小时的末 end 还是初 start",
            "whether a time is the end or the start of its hour",
            READ,
            show_default=True,
        ),
    ] = Stamp.END
    columns: Annotated[
        list[str] | None,
        option(
            "--column",
            "指明一列的含义，如 O3=o3；可多次",
            "say what a column is",
            READ,
            metavar="列名=含义",
        ),
    ] = None
    units: Annotated[
        list[str] | None,
        option("--units", "指明单位，如 co=ug/m3；可多次", "say a unit", READ, metavar="项目=单位"),
    ] = None
    sheet: Annotated[
        str | None,
        option("--sheet", "Excel 工作表", "sheet of Excel", READ, metavar="名称"),
    ] = None
    station: Annotated[
        list[str] | None,
        option(
            "--station",
            "工作区的这些站点；文件没有站点列时为全表的站名；可多次",
            "stations of the workspace, or the name of the station of a file",
            LAKE,
            metavar="站点",
        ),
    ] = None
    properties: Annotated[
        list[str] | None,
        option("--property", "工作区的这些项目；可多次", "properties", LAKE, metavar="项目"),
    ] = None
    start: Annotated[
        datetime | None,
        option(
            "--start",
            "此时刻之后",
            "after this moment",
            LAKE,
            formats=_MOMENTS,
            metavar="时间",
        ),
    ] = None
    end: Annotated[
        datetime | None,
        option(
            "--end",
            "到此时刻为止（含）",
            "up to and with this moment",
            LAKE,
            formats=_MOMENTS,
            metavar="时间",
        ),
    ] = None
    where: Where = None
    quiet: Annotated[
        bool, option("--quiet", "不说明读取情况", "say nothing of the reading", READ, "-q")
    ] = False

    def __post_init__(self) -> None:
        """Refuse at once what would be refused after the reading."""
        from shanshui.platform.report.qc_data import seconds_of

        if self.every is not None and seconds_of(self.every) is None:
            raise typer.BadParameter(
                f"应为 1h、4h、1d 或秒数，得到“{self.every}” / "
                f'expected 1h, 4h, 1d or seconds, got "{self.every}"',
                param_hint="--every",
            )


@dataclass(frozen=True)
class Method:
    """How they are tested."""

    rules: Annotated[
        str | None,
        option(
            "--rules",
            "自己的规则文件（TOML），盖过默认规则",
            "rules of one's own, above those of the software",
            METHOD,
            metavar="文件",
        ),
    ] = None
    tests: Annotated[
        list[str] | None,
        option("--test", "只做这些检验；可多次", "these tests only", METHOD, metavar="检验"),
    ] = None
    flag_scheme: Annotated[
        str | None,
        option(
            "--flag-scheme",
            "数据标识的方案：hj212、cnemc、water；默认都认",
            "whose flags the data bear; by default all are known",
            METHOD,
            metavar="方案",
        ),
    ] = None
    now: Annotated[
        datetime | None,
        option(
            "--now",
            "此刻，晚于它的数据是未来时间；默认系统时间",
            "the moment after which a time has not come; by default the clock's",
            METHOD,
            formats=_MOMENTS,
            metavar="时间",
        ),
    ] = None

    def moment(self) -> datetime:
        """Return now, on the clock of Asia/Shanghai."""
        clock = datetime.now(ZONE).replace(tzinfo=None)
        return self.now or clock.replace(microsecond=0)

    def loaded(self) -> Rules:
        """Return the rules."""
        from shanshui import quality

        return quality.rules(self.rules)

    def chosen(self) -> tuple[str, ...]:
        """Return the tests; refuse what is none."""
        from shanshui import quality

        unknown = [t for t in self.tests or () if t not in quality.TESTS]
        if unknown:
            raise typer.BadParameter(
                f"没有检验 {'、'.join(unknown)}；有 {'、'.join(quality.TESTS)} / "
                f"no test {', '.join(unknown)}",
                param_hint="--test",
            )
        return tuple(self.tests) if self.tests else quality.TESTS


@app.command(
    short_help="逐条检验，给出标记 [dim]test and flag[/dim]",
    help="逐条检验，给出标记；用工作区的数据时，标记存在数据旁边，数值不动。\n\n"
    "[dim]Test every value and flag it. Of a workspace the flags are kept beside the values; a "
    "flag that no longer holds is withdrawn.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui qc run 小时.csv[/cyan]\n\n"
    "[cyan]shanshui qc run 小时.csv --rules 规则.toml -o 标记.xlsx[/cyan]\n\n"
    "[cyan]shanshui qc run 水站.xlsx --water --every 4h --json[/cyan]\n\n"
    "[cyan]shanshui qc run --start 2026-10-01 --end 2026-11-01[/cyan]",
)
@spread
def run(
    source: Source,
    method: Method,
    output: Output,
    dry: Annotated[
        bool, option("--dry-run", "只看，不存标记", "keep no flags in the workspace", LAKE)
    ] = False,
) -> None:
    """Test observations."""
    import polars as pl

    rules, tests, now = method.loaded(), method.chosen(), method.moment()
    found: list[pl.DataFrame] = []
    kept = [0, 0, 0]
    for data, workspace in _batches(source):
        from shanshui.platform.report.qc_data import flags_of, keep

        with working(f"检验 testing {data.frame.height:,} 个值 values"):
            flags = flags_of(
                data,
                rules,
                now=now,
                flag_scheme=method.flag_scheme,
                tests=tests,
                after=source.start if workspace else None,
            )
            if workspace is not None and not dry:
                stored = keep(
                    workspace, data, flags, rules, tests=tests, start=source.start, end=source.end
                )
                kept = [kept[0] + stored.stored, kept[1] + stored.already, kept[2] + stored.changed]
        found.append(flags)
    flags = pl.concat(found, how="diagonal_relaxed")
    if not source.files and not dry:
        said(
            "已存标记 kept",
            f"新 new {kept[0]:,} · 已有 already {kept[1]:,} · 改或撤 changed {kept[2]:,}",
        )
    if output.printed:
        _print(flags, output)
        return
    deliver(flags, output, columns=flags.columns, title="质控标记 flags")


def _print(flags: pl.DataFrame, output: Output) -> None:
    """Print how many flags each rule gave."""
    import polars as pl
    from rich import box
    from rich.table import Table

    from shanshui.cli.output import out
    from shanshui.platform.report.qc_words import named, rule_named

    if flags.is_empty():
        said("检验 tested", "没有标记 nothing was flagged")
        return
    stations = pl.struct(pl.exclude(_FLAG)) if set(flags.columns) - set(_FLAG) else pl.lit(0)
    counts = (
        flags.group_by("rule", "level", "property")
        .agg(flags=pl.len(), stations=stations.n_unique(), example=pl.col("detail").first())
        .sort("level", "rule", "property")
    )
    grid = Table(title="质控标记 flags", box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for head, justify in (
        *(("规则 rule", "left"), ("级别 level", "left"), ("项目", "left")),
        *(("标记 flags", "right"), ("站点", "right"), ("例 example", "left")),
    ):
        grid.add_column(head, justify=justify, overflow="fold")  # type: ignore[arg-type]
    some = counts.head(output.rows) if output.rows else counts
    for row in some.iter_rows(named=True):
        grid.add_row(
            f"{rule_named(row['rule'])[0]} [dim]{row['rule']}[/dim]",
            f"{_LEVELS.get(row['level'], '')} [dim]{row['level']}[/dim]",
            named(row["property"]),
            f"{row['flags']:,}",
            f"{row['stations']:,}",
            row["example"].partition(" / ")[0],
        )
    console = out()
    if not console.is_terminal:
        console.width = 140
    console.print(grid)
    if counts.height > some.height:
        console.print(f"[dim]还有 {counts.height - some.height} 行；--rows 0 全看 see all[/dim]")
    console.print(
        "[dim]-o 文件 保存每个标记和原因；shanshui qc report 写成网页\n"
        "save every flag and why with -o FILE; shanshui qc report writes a page[/dim]"
    )


_FLAG = ("property", "time", "period", "rule", "level", "value", "measure", "limit", "detail")


@app.command(
    short_help="质控报告网页 [dim]the report as a page[/dim]",
    help="写一页质控报告：标记了什么、为什么，各站各月的应测、实测、有效、获取率、有效率。\n\n"
    "[dim]One page: what was flagged and why; completeness by station and month.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui qc report 小时.csv[/cyan]\n\n"
    "[cyan]shanshui qc report 小时.csv --scheme 监测方案.csv -o 质控报告.html[/cyan]\n\n"
    "[cyan]shanshui qc report --start 2026-10-01 --table 完整性.xlsx[/cyan]",
)
@spread
def report(
    source: Source,
    method: Method,
    path: Annotated[
        Path,
        option(
            "--output",
            "网页文件",
            "the page",
            RESULT,
            "-o",
            metavar="文件",
            show_default=True,
        ),
    ] = Path("质控报告.html"),
    scheme: Annotated[
        str | None,
        option(
            "--scheme",
            "监测方案： 站点、项目、周期、开始、结束； 默认当月全部时段，工作区按名录的服役时段",
            "monitoring scheme: station, property, period, start, end; by default whole months, of "
            "a workspace the service of its stations",
            METHOD,
            metavar="文件",
        ),
    ] = None,
    table: Annotated[
        str | None,
        option(
            "--table",
            "另存完整性表： .csv .xlsx .parquet .json",
            "save the table of completeness too",
            RESULT,
            metavar="文件",
        ),
    ] = None,
) -> None:
    """Write the report."""
    import polars as pl

    from shanshui import quality
    from shanshui.platform.files import write_whole
    from shanshui.platform.report import qc
    from shanshui.platform.report.qc_data import flags_of, read_scheme, scheme_of

    if not path.parent.is_dir():
        raise typer.BadParameter(
            f"没有这个文件夹：{path.parent} / no such folder: {path.parent}", param_hint="--output"
        )
    counts_to = Output(path=table) if table else None
    rules, tests, now = method.loaded(), method.chosen(), method.moment()
    due = read_scheme(scheme) if scheme else None
    parts: list[tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]] = []
    keys: list[str] = ["station"]
    grouped, unseen = False, 0
    for data, workspace in _batches(source):
        keys, grouped, unseen = data.keys, data.group is not None, unseen + data.unseen
        after = source.start if workspace else None
        told: dict[str, Any] = {"flag_scheme": method.flag_scheme, "tests": tests}
        with working(f"检验 testing {data.frame.height:,} 个值 values"):
            flags = flags_of(data, rules, now=now, after=after, **told)
            graded = quality.grade(
                data.frame, rules, by=data.keys, now=now, group=data.group, **told
            )
            if after is not None:
                graded = graded.filter(pl.col("time") > after)
            plan = scheme_of(workspace, graded) if workspace and due is None else due
            counted = _divisors(graded)
            if plan is not None and "station" not in data.keys:
                plan = plan.rename({"station": data.keys[0]}) if data.keys else None
            by = ["station"] if plan is not None and "station" in data.keys else data.keys
            parts.append((graded, flags, quality.completeness(counted, plan, by=by)))
    graded, flags, counts = (
        pl.concat([part[n] for part in parts], how="diagonal_relaxed") for n in range(3)
    )
    left_out = [] if grouped else [_NO_GROUP]
    if unseen:
        left_out.append(
            (
                f"有 {unseen:,} 个站点项目全无数值，按未安装处理，没有计入。",
                f"{unseen:,} properties of stations have no value at all and are left out.",
            )
        )
    names = [Path(f).name for f in source.files] if source.files else ["工作区 workspace"]
    with working("写报告 writing the report"):
        page = qc.page(
            graded,
            flags,
            counts,
            rules,
            keys=[k for k in keys if k in counts.columns],
            sources=names,
            made=now,
            left_out=left_out,
        )
        write_whole(path, page.encode())
    said("已写 wrote", f"{path}（{len(page.encode()) / 1024:,.0f} KiB）")
    if counts_to is not None:
        deliver(counts, counts_to, columns=counts.columns, title="完整性 completeness")


_NO_GROUP = (
    "没有城市列或站点名录的行政区，未做周边站点比较。",
    "Neighbours were not compared: there is no column of cities.",
)


def _divisors(graded: pl.DataFrame) -> pl.DataFrame:
    """Leave out values whose period does not divide a day: no scheme counts them."""
    import polars as pl

    fits = graded.filter(86_400 % pl.col("period") == 0)
    if fits.height < graded.height:
        note(
            f"{graded.height - fits.height:,} 个值的周期不能整除一天，不计完整性",
            "values whose period does not divide a day are left out of completeness",
        )
    return fits


def _batches(source: Source) -> Iterator[tuple[Observations, Workspace | None]]:
    """Give the observations: of files at once, of a workspace some stations at a time."""
    from shanshui.platform.report import qc_data

    if source.files:
        yield _of_files(source, source.files), None
        return
    with opened(source.where) as workspace:
        for data in qc_data.of_lake(
            workspace,
            stations=source.station,
            properties=source.properties,
            start=source.start,
            end=source.end,
        ):
            yield data, workspace


def _of_files(source: Source, files: Sequence[str]) -> Observations:
    from shanshui.cli.compute import read_table
    from shanshui.cli.options import pairs
    from shanshui.platform.report.qc_data import of_table, seconds_of

    seconds = seconds_of(source.every) if source.every else None
    names = source.station or []
    if len(names) > 1:
        raise ShanshuiError(
            "一张表只能有一个站名 / a table without a column of stations has one name"
        )
    station = names[0] if names else None
    if not source.water:
        reading = Reading(
            files=list(files),
            stamp=source.stamp,
            units=source.units,
            columns=source.columns,
            sheet=source.sheet,
            station=station,
            quiet=source.quiet,
        )
        table = read_table(reading)
    else:
        from shanshui.cli.compute import expanded
        from shanshui.platform.ingest import read_samples

        table = read_samples(
            *expanded(files),
            units=pairs(source.units, "--units"),
            columns=pairs(source.columns, "--column"),
            sheet=source.sheet,
            station=station,
        )
        if not source.quiet:
            said("读取 read", f"{table.report.rows:,} 行 rows · 地表水 surface water")
    if table.rejected.height and not source.quiet:
        note(
            f"{table.report.set_aside:,} 行被搁置，{table.report.cells:,} 个单元格按缺测处理；"
            "shanshui air check 看明细",
            f"{table.report.set_aside:,} rows set aside, {table.report.cells:,} cells taken as "
            "missing",
            head="搁置 set aside",
        )
    return of_table(table, seconds)

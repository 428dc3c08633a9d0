"""``shanshui water …``: the water functions on files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from shanshui.cli.options import (
    METHOD,
    READ,
    RESULT,
    Output,
    numbers,
    option,
    pairs,
    period_of,
    spread,
)
from shanshui.cli.output import deliver, note, rejects, said, working
from shanshui.cli.samples import Listing, told
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    import polars as pl

    from shanshui.platform.ingest import Table

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="水：地表水类别、均值、河流和流域、排名、营养状态，水源、地下水、海水，月报。\n\n"
    "[dim]Water: classes of surface water, means, rivers and basins, ranks, trophic state, "
    "drinking sources, groundwater, sea, the monthly bulletin.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui water classify 断面.xlsx[/cyan]\n\n"
    "[cyan]shanshui water evaluate 断面.xlsx --roster 名单.csv --by river[/cyan]\n\n"
    "[cyan]shanshui water bulletin 断面.xlsx --roster 名单.csv --month 2021-01[/cyan]\n\n"
    "每个命令的 --help 都有例子。 [dim]The --help of every command has examples.[/dim]",
)

NAME = "_roster_left_out"


class Rule(StrEnum):
    """How a class is judged."""

    ASSESSMENT = "assessment"
    PLATFORM = "platform"


@dataclass(frozen=True)
class Samples(Listing):
    """How tables of samples are read."""

    units: Annotated[
        list[str] | None,
        option(
            "--units",
            "指明单位，如 cd=ug/L；可多次",
            "say a unit; may be repeated",
            READ,
            metavar="项目=单位",
        ),
    ] = None
    station: Annotated[
        str | None,
        option(
            "--station",
            "没有断面列时， 全表的断面名",
            "name of the section of a table that has no column for it",
            READ,
            metavar="名称",
        ),
    ] = None

    def read(
        self,
        domain: Literal["surface", "source", "ground", "sea"] = "surface",
        *,
        everything: bool = False,
    ) -> Table:
        """Read the files, and tell how they were read."""
        from shanshui.cli.compute import expanded
        from shanshui.platform.ingest import read_samples

        with working("读取 reading"):
            table = read_samples(
                *expanded(self.files),
                domain=domain,
                units=pairs(self.units, "--units"),
                encoding=self.encoding,
                columns=pairs(self.columns, "--column"),
                sheet=self.sheet,
                station=self.station,
                everything=everything,
            )
        if not self.quiet:
            _report(table, domain)
        return table


Roster = Annotated[
    str | None,
    option(
        "--roster",
        "断面名单： 断面、水体、水体类型、水质目标 等列",
        "roster of sections: river, kind, target, county",
        METHOD,
        metavar="文件",
    ),
]
Kind = Annotated[
    str | None,
    option(
        "--kind",
        "river 河流、 lake 湖库，或说明类型的列；默认看名单或数据，没有则按河流",
        "river, lake, or a column; by default of the roster or the data, else river",
        METHOD,
        metavar="类型或列",
    ),
]
Detection = Annotated[
    list[str] | None,
    option(
        "--detection",
        "只写 ND 的项目的检出限，如 tp=0.01；可多次",
        "detection limit of results given as ND",
        METHOD,
        metavar="项目=数值",
    ),
]
Period = Annotated[
    str,
    option(
        "--period",
        "month quarter half year ytd（1—N月累计） 或 2026-10:2027-03",
        "period of a mean",
        METHOD,
        metavar="时段",
        show_default=True,
    ),
]
Least = Annotated[
    int | None,
    option(
        "--least",
        "年均值至少要几个月；默认 12，封冻、断流的可为 8",
        "months that a year needs; by default 12",
        METHOD,
        min=1,
        max=12,
    ),
]
Items = Annotated[
    list[str] | None,
    option("--item", "只用这些项目；可多次", "these items only", METHOD, metavar="项目"),
]


def _codes(said_items: Sequence[str] | None) -> list[str] | None:
    """Bring items to their codes, by whichever name they are said."""
    from shanshui.platform.ingest.columns import listed_role

    if not said_items:
        return None
    roles = ((name, listed_role(name, "water")) for name in said_items)
    return [role.name if role else name for name, role in roles]


def detection_limits(detection: list[str] | None) -> dict[str, float]:
    """Return detection limits by the codes of items."""
    given = numbers(detection, "--detection")
    return dict(zip(_codes(list(given)) or [], given.values(), strict=True))


def _limits(detection: list[str] | None, frame: pl.DataFrame) -> dict[str, float] | None:
    """Return the detection limits of items that the data have."""
    known = detection_limits(detection)
    return {k: v for k, v in known.items() if k in frame.columns} or None


def _report(table: Table, domain: Literal["surface", "source", "ground", "sea"]) -> None:
    import polars as pl

    from shanshui.platform.ingest.water import canonical, unit_of

    report, frame = table.report, table.frame
    time = frame["time" if "time" in frame.columns else "date"]
    clock = "%Y-%m-%d %H:%M" if "time" in frame.columns else "%Y-%m-%d"
    parts = [
        f"{report.rows:,} 行 rows",
        f"{frame['station'].n_unique():,} 个断面 sections",
        " — ".join(pl.Series([time.min(), time.max()]).dt.strftime(clock)),
        "、".join(c for c in frame.columns if c in report.units or c == "ph"),
        *sorted({e for e in report.encodings if e}),
    ]
    said("读取 read", " · ".join(parts))
    for item, (unit, how) in report.units.items():
        own = canonical(domain)[item]
        if unit != unit_of(own) and own:
            said("单位 unit", f"{item}：{how.zh}为 {unit}，已换算为 converted to {own}")
    for one in report.notes:
        note(one.zh, one.en)
    if report.repeats:
        note(
            f"{report.repeats:,} 行完全重复，只留一行",
            f"{report.repeats:,} rows repeat others exactly and are dropped",
        )


@dataclass(frozen=True)
class _Enrolled:
    """Samples or means with what the roster says of them."""

    frame: pl.DataFrame
    kind: str
    target: str | None
    keys: list[str]


def _enrolled(
    frame: pl.DataFrame, keys: Sequence[str], roster: str | None, kind: str | None, *, quiet: bool
) -> _Enrolled:
    """Add what a roster says, and settle which column says river or lake, and which the target."""
    import polars as pl

    from shanshui.water import surface

    if roster is not None:
        from shanshui.cli.compute import expanded
        from shanshui.platform.ingest import read_roster

        listed = read_roster(*expanded([roster]))
        shared = [c for c in ("province", "city") if {c} <= {*listed.columns} & {*frame.columns}]
        by = ["station"]
        if "code" in listed.columns and "code" in frame.columns:
            by = ["code"]
        elif shared and frame.select(keys).unique()["station"].is_duplicated().any():
            by = [*shared, "station"]
        frame = surface.enroll(frame, listed, by=by)
        frame = frame.rename({"left_out": NAME})
        frame = frame.drop(c for c in ("kind_input", "target_input") if c in frame.columns)
        out = frame.filter(pl.col(NAME).is_not_null())
        if out.height and not quiet:
            why = out.group_by(NAME).agg(pl.col("station").n_unique()).sort(NAME).rows()
            named = {"not_listed": "不在名单中"}
            texts = (f"{named.get(reason, reason)} {count} 个断面" for reason, count in why)
            note(
                f"不评价：{'；'.join(texts)}",
                f"not assessed: {'; '.join(f'{reason}: {count}' for reason, count in why)}",
            )
    own = kind or ("kind" if "kind" in frame.columns else None)
    if own is None and not quiet:
        note(
            "没有指明河流或湖库，总磷按河流标准（可用 --kind lake 或 --roster）",
            "river or lake is not said: total phosphorus by the limits of rivers",
        )
    target = "target" if "target" in frame.columns else None
    return _Enrolled(frame, own or "river", target, list(keys))


def _classified(
    rows: _Enrolled,
    *,
    rule: str = "assessment",
    target: int | str | None = None,
    detection: list[str] | None = None,
    items: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Classify the rows that are assessed; the others stay without a class."""
    import polars as pl

    from shanshui.water import surface

    frame = rows.frame

    def judged(part: pl.DataFrame) -> pl.DataFrame:
        return surface.classify(
            part,
            kind=rows.kind,
            rule=rule,  # type: ignore[arg-type]
            target=target or rows.target,
            detection=_limits(detection, frame),
            items=_codes(items),
        )

    if NAME not in frame.columns:
        return judged(frame)
    numbered = frame.with_row_index("_place")
    assessed = judged(numbered.filter(pl.col(NAME).is_null()))
    left = numbered.filter(pl.col(NAME).is_not_null())
    both = pl.concat([assessed, left], how="diagonal_relaxed").sort("_place").drop("_place")
    return both.rename({NAME: "not_assessed"})


def _target(said_target: str | None, frame: pl.DataFrame) -> int | str | None:
    """Understand ``--target``: a class, or a column."""
    from shanshui.water.surface.roster import target_class

    if said_target is None or said_target in frame.columns:
        return said_target
    found = target_class(said_target)
    if found is None:
        raise typer.BadParameter(
            f"应为 1—5、Ⅰ—Ⅴ 或数据的一列，得到“{said_target}” / "
            f'expected a class or a column of the data, got "{said_target}"',
            param_hint="--target",
        )
    return found


def _time(frame: pl.DataFrame) -> str:
    return next(c for c in ("period", "time", "date") if c in frame.columns)


@app.command(
    short_help="断面类别、水质状况、超标倍数 [dim]classes of samples[/dim]",
    help="逐行评价地表水：各项目和断面的类别、水质状况、主要污染指标和超标倍数、是否达标"
    "（GB 3838、环办〔2011〕22号）。\n\n"
    "[dim]Judge each row: classes, state, main indicators with multiples, attainment. "
    "--rule platform judges as the national real-time platform does.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui water classify 断面.xlsx --target 3[/cyan]\n\n"
    "[cyan]shanshui water classify 断面.csv --roster 名单.csv -o 类别.xlsx[/cyan]\n\n"
    "[cyan]shanshui water classify 自动站.parquet --rule platform[/cyan]",
)
@spread
def classify(
    samples: Samples,
    output: Output,
    kind: Kind = None,
    roster: Roster = None,
    rule: Annotated[
        Rule,
        option(
            "--rule",
            "assessment 按评价办法； platform 同国家实时发布",
            "by the method of assessment, or as the real-time platform",
            METHOD,
            show_default=True,
        ),
    ] = Rule.ASSESSMENT,
    target: Annotated[
        str | None,
        option(
            "--target",
            "水质目标， 1—5、 Ⅰ—Ⅴ 或一列；默认用名单的",
            "target class or a column; by default the roster's",
            METHOD,
            metavar="类别或列",
        ),
    ] = None,
    items: Items = None,
    detection: Detection = None,
    keep: Annotated[
        bool,
        option("--keep", "保留文件的其他列", "keep the other columns of the file", RESULT),
    ] = False,
) -> None:
    """Judge each row."""
    table = samples.read(everything=keep)
    rows = _enrolled(table.frame, table.keys, roster, kind, quiet=samples.quiet)
    with working("评价 classes"), told():
        result = _classified(
            rows,
            rule=rule.value,
            target=_target(target, rows.frame),
            detection=detection,
            items=items,
        )
    time = _time(result)
    columns = ["station", "river", time, "class_name", "status", "main_text", "target", "attains"]
    columns += ["deciding", "not_assessed"]
    title = f"类别 classes（rule={rule.value}）"
    deliver(result, output, columns=_some(result, columns), title=title, latest=time)
    rejects(table, output, quiet=samples.quiet)


def _some(frame: pl.DataFrame, columns: Sequence[str]) -> list[str]:
    """Return the columns that are there and hold something."""
    return [c for c in columns if c in frame.columns and frame[c].count()]


def _means(
    samples: Samples,
    period: str,
    roster: str | None,
    kind: str | None,
    *,
    least: int | None,
    rounded: bool = True,
) -> tuple[_Enrolled, Table]:
    """Return the means of a period with what the roster says of the sections."""
    from shanshui.water import surface

    span = period_of(period)
    table = samples.read()
    frame = table.frame
    more = [c for c in ("kind", "target", "source") if c in frame.columns]
    with working("平均 means"):
        means = surface.aggregate(
            frame, by=[*table.keys, *more], period=span, rounded=rounded, least=least
        ).drop("edition")
    return _enrolled(means, table.keys, roster, kind, quiet=samples.quiet), table


@app.command(
    short_help="月、季、年均值及其类别 [dim]means of periods, judged[/dim]",
    help="按时段平均再评价：先均值、后修约、再定类别，不平均类别；pH 按氢离子浓度平均，"
    "低于检出限按一半计（环办〔2011〕22号、环办监测函〔2020〕82号）。\n\n"
    "[dim]Means of months, quarters, years or spans, rounded as assessment rounds them, and their "
    "classes.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui water aggregate 断面.csv --period month[/cyan]\n\n"
    "[cyan]shanshui water aggregate 断面.csv --period ytd --roster 名单.csv -o 累计.xlsx[/cyan]",
)
@spread
def aggregate(
    samples: Samples,
    output: Output,
    period: Period = "month",
    least: Least = None,
    kind: Kind = None,
    roster: Roster = None,
    raw: Annotated[bool, option("--raw", "均值不修约", "means are not rounded", METHOD)] = False,
) -> None:
    """Average over periods, and judge."""
    rows, table = _means(samples, period, roster, kind, least=least, rounded=not raw)
    with told():
        result = _classified(rows)
    columns = ["station", "river", "period", "class_name", "status", "main_text", "target"]
    columns += ["attains", "ph", "do", "codmn", "nh3n", "tp", "not_assessed"]
    title = f"均值和类别 means（{period}）"
    deliver(result, output, columns=_some(result, columns), title=title, latest="start")
    rejects(table, output, quiet=samples.quiet)


@app.command(
    short_help="河流、流域、县区的状况和比例 [dim]rivers, basins, counties[/dim]",
    help="按时段评价河流、湖库、流域、县区：水质状况、主要污染指标、类别比例、优良比例、达标率。"
    "少于 5 个断面按均值，其余按比例；河流和湖库分开；--by all 为全部断面的比例。\n\n"
    "[dim]State and shares of classes of rivers, lakes, basins or counties, rivers and lakes "
    "apart; --by all gives the shares of all sections.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui water evaluate 断面.csv --roster 名单.csv --by river[/cyan]\n\n"
    "[cyan]shanshui water evaluate 断面.csv --roster 名单.csv --by all --period year[/cyan]",
)
@spread
def evaluate(
    samples: Samples,
    output: Output,
    by: Annotated[
        str,
        option(
            "--by",
            "river、 basin、 county、 city、 province，或 all",
            "column to group by, or all",
            METHOD,
            metavar="列",
            show_default=True,
        ),
    ] = "river",
    period: Period = "month",
    least: Least = None,
    kind: Kind = None,
    roster: Roster = None,
) -> None:
    """Evaluate rivers, basins and counties."""
    import polars as pl

    from shanshui.water import surface

    rows, table = _means(samples, period, roster, kind, least=least)
    if by != "all" and by not in rows.frame.columns:
        raise ShanshuiError(
            f"数据和名单里没有 {by} 列；现有：{'、'.join(rows.frame.columns[:20])} / "
            f"neither data nor roster have a column {by}"
        )
    with working("评价 evaluating"), told():
        sections = _classified(rows).filter(pl.col("class").is_not_null())
        if sections.is_empty():
            raise ShanshuiError(
                "没有可评价的断面：均值所需的月数或次数不足（年均值见 --least），或断面都不评价；"
                "原因见 water aggregate 的 reason_ 列 / no section can be assessed: too few months "
                "or samples (see --least), or none is to be assessed; the reason_ columns of "
                "water aggregate say why"
            )
        keys = [*([] if by == "all" else [by]), "period", "start"]
        if by != "all":
            sections = sections.filter(pl.col(by).is_not_null())
            keys += ["kind"] if rows.kind == "kind" else []
        result = surface.shares(sections, by=keys)
        if by != "all":
            state = surface.evaluate(sections, by=keys, kind=rows.kind)
            words = ("status", "judged_by", "class_name", "main", "main_text")
            result = result.join(state.select(*keys, *words), on=keys, how="left")
            result = result.select(*keys, *words, pl.exclude(*keys, *words))
        result = result.sort("start", *(k for k in keys if k != "start"))
    columns = [*(k for k in keys if k != "start"), "sections", "status", "class_name", "main_text"]
    columns += ["good_ratio", "bad_ratio", "attained_ratio"]
    title = f"水质状况 evaluation（{by}，{period}）"
    deliver(result, output, columns=_some(result, columns), title=title, latest="start")
    rejects(table, output, quiet=samples.quiet)


@app.command(
    short_help="城市水质指数 CWQI 和排名 [dim]the index of cities, ranked[/dim]",
    help="城市水质指数（CWQI）和排名：各项目均值与Ⅲ类限值之比的和，由小到大排"
    "（环办监测〔2017〕51号）。默认用规定的 21 项，缺项则没有指数；"
    "数据项目较少时用 --item 指明，结果只能在同样项目间比较。\n\n"
    "[dim]The city water quality index and ranks, the smallest first. By default of 21 items; with "
    "fewer, name them with --item: such an index compares only with its like.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui water rank 断面.csv --roster 名单.csv --by county --item do --item codmn "
    "--item nh3n --item tp[/cyan]\n\n"
    "[cyan]shanshui water rank 断面.xlsx --by city --period year -o 排名.xlsx[/cyan]",
)
@spread
def rank(
    samples: Samples,
    output: Output,
    by: Annotated[
        str,
        option(
            "--by",
            "city、 county、 province 或别的列",
            "column to rank",
            METHOD,
            metavar="列",
            show_default=True,
        ),
    ] = "city",
    period: Period = "month",
    least: Least = None,
    kind: Kind = None,
    roster: Roster = None,
    items: Items = None,
) -> None:
    """Rank by the city water quality index."""
    import polars as pl

    from shanshui import air
    from shanshui.water import surface

    rows, table = _means(samples, period, roster, kind, least=least)
    frame = rows.frame
    if by not in frame.columns:
        raise ShanshuiError(
            f"数据和名单里没有 {by} 列；现有：{'、'.join(frame.columns[:20])} / "
            f"neither data nor roster have a column {by}"
        )
    if NAME in frame.columns:
        frame = frame.filter(pl.col(NAME).is_null())
    with working("指数 index"), told():
        result = surface.cwqi(
            frame.filter(pl.col(by).is_not_null()),
            by=[by, "period", "start", "end"],
            kind=rows.kind,
            items=_codes(items),
        )
    without = result.filter(pl.col("cwqi").is_null())
    if without.height and not samples.quiet:
        missing = sorted(
            {code for text in without["missing"].drop_nulls() for code in text.split(",")}
        )
        note(
            f"{without.height} 行缺项没有指数，缺 {'、'.join(missing)}；可用 --item 指明共有的项目",
            f"{without.height} rows lack items and have no index: {', '.join(missing)}; name those "
            "that all have with --item",
        )
    result = air.rank(result, by="cwqi", ascending=True, within="period")
    result = result.sort("start", "rank", by, nulls_last=True)
    columns = ["rank", "tied", by, "period", "cwqi", "cwqi_river", "cwqi_lake", "items"]
    deliver(
        result, output, columns=_some(result, columns), title="排名 rank（CWQI）", latest="start"
    )
    rejects(table, output, quiet=samples.quiet)


@app.command(
    short_help="湖库营养状态 TLI [dim]trophic state of lakes[/dim]",
    help="综合营养状态指数 TLI(Σ) 和营养状态：叶绿素a、总磷、总氮，有透明度、高锰酸盐指数则一并用"
    "（总站生字〔2001〕090号）。\n\n"
    "[dim]The trophic level index of chlorophyll a, phosphorus, nitrogen, and transparency and "
    "permanganate index where there are.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui water tli 湖库.csv[/cyan]\n\n"
    "[cyan]shanshui water tli 湖库.xlsx --units chla=ug/L -o 营养状态.xlsx[/cyan]",
)
@spread
def tli(samples: Samples, output: Output, detection: Detection = None) -> None:
    """Compute the trophic level index."""
    from shanshui.water import lake

    table = samples.read()
    with working("营养状态 TLI"), told():
        result = lake.tli(table.frame, detection=_limits(detection, table.frame))
    time = _time(result)
    columns = ["station", time, "tli", "state", "tli_chla", "tli_tp", "tli_tn", "tli_sd"]
    columns += ["tli_codmn", "parameters", "reason_tli"]
    deliver(result, output, columns=_some(result, columns), title="营养状态 TLI(Σ)", latest=time)
    rejects(table, output, quiet=samples.quiet)


@app.command(
    short_help="地下水类别 [dim]classes of groundwater[/dim]",
    help="地下水（GB/T 14848）：各项目和点位的类别Ⅰ—Ⅴ、超标项目和倍数，各类点位比例。\n\n"
    "[dim]Classes I to V, items beyond class III with multiples, shares of points.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui water ground 地下水.xlsx[/cyan]\n\n"
    "[cyan]shanshui water ground 地下水.csv --target 4 -o 类别.xlsx[/cyan]",
)
@spread
def ground(
    samples: Samples,
    output: Output,
    target: Annotated[
        int,
        option(
            "--target",
            "超过哪一类为超标",
            "class beyond which an item is exceeding",
            METHOD,
            min=1,
            max=4,
            show_default=True,
        ),
    ] = 3,
    detection: Detection = None,
) -> None:
    """Judge groundwater."""
    from shanshui.water import ground as domain

    table = samples.read("ground")
    known = _limits(detection, table.frame)
    with working("评价 classes"), told():
        result = domain.classify(table.frame, target=target, detection=known)
    if not samples.quiet:
        share = domain.share(result).row(0, named=True)
        said(
            "比例 shares",
            f"{share['points']} 行有类别 rows：Ⅰ—Ⅳ类 {_percent(share['good_ratio'])}，"
            f"Ⅴ类 {_percent(share['bad_ratio'])}",
        )
    time = _time(result)
    columns = ["station", time, "class_name", "deciding", "exceeding_text"]
    deliver(
        result, output, columns=_some(result, columns), title="地下水类别 groundwater", latest=time
    )
    rejects(table, output, quiet=samples.quiet)


def _percent(value: float | None) -> str:
    return "—" if value is None else f"{value:.1f}%"


@app.command(
    short_help="海水类别、富营养化 [dim]classes of sea water[/dim]",
    help="海水（GB 3097）：各项目和点位的类别、超标项目和倍数，优良比例和海域状况；"
    "--eutrophication 为富营养化指数。\n\n"
    "[dim]Classes of sea water, items beyond class 2, share of good points; or the eutrophication "
    "index.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui water sea 近岸海域.csv[/cyan]\n\n"
    "[cyan]shanshui water sea 近岸海域.csv --item ph --item do --item cod --item din --item dip "
    "--item oil[/cyan]\n\n"
    "[cyan]shanshui water sea 近岸海域.csv --eutrophication[/cyan]",
)
@spread
def sea(
    samples: Samples,
    output: Output,
    items: Items = None,
    eutrophication: Annotated[
        bool,
        option("--eutrophication", "富营养化指数", "the eutrophication index", METHOD),
    ] = False,
    detection: Detection = None,
) -> None:
    """Judge sea water."""
    from shanshui.water import sea as domain

    table = samples.read("sea")
    known = _limits(detection, table.frame)
    with working("评价 classes"), told():
        if eutrophication:
            result = domain.eutrophication(table.frame, detection=known)
            columns, title = ["eutrophication", "state"], "富营养化指数 eutrophication"
        else:
            result = domain.classify(table.frame, items=_codes(items), detection=known)
            columns, title = ["class_name", "deciding", "exceeding_text"], "海水类别 sea"
            share = domain.evaluate(result).row(0, named=True)
            if not samples.quiet:
                said(
                    "比例 shares",
                    f"{share['points']} 行有类别 rows：一、二类 {_percent(share['good_ratio'])}，"
                    f"劣四类 {_percent(share['bad_ratio'])}，{share['grade'] or '—'}",
                )
    time = _time(result)
    deliver(
        result, output, columns=_some(result, ["station", time, *columns]), title=title, latest=time
    )
    rejects(table, output, quiet=samples.quiet)


class SourceKind(StrEnum):
    """What a source takes its water from."""

    SURFACE = "surface"
    GROUND = "ground"


@app.command(
    short_help="饮用水水源达标 [dim]compliance of drinking sources[/dim]",
    help="集中式饮用水水源：每行是否达标、超标项目和倍数，水质达标率"
    "（GB 3838 表1、表2、表3 或 GB/T 14848 Ⅲ类）。\n\n"
    "[dim]Whether each row complies, what exceeds and by how much, and the share that "
    "complies.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui water sources 水源地.xlsx[/cyan]\n\n"
    "[cyan]shanshui water sources 水源井.csv --source ground[/cyan]",
)
@spread
def sources(
    samples: Samples,
    output: Output,
    source: Annotated[
        SourceKind,
        option(
            "--source",
            "surface 地表水、 ground 地下水",
            "surface water or groundwater",
            METHOD,
            show_default=True,
        ),
    ] = SourceKind.SURFACE,
    kind: Kind = None,
    detection: Detection = None,
) -> None:
    """Assess drinking-water sources."""
    from shanshui.water import sources as domain

    table = samples.read("source" if source is SourceKind.SURFACE else "ground")
    frame = table.frame
    own = kind or ("kind" if "kind" in frame.columns else "river")
    with working("评价 compliance"), told():
        result = domain.assess(
            frame, source=source.value, kind=own, detection=_limits(detection, frame)
        )
    if not samples.quiet:
        rate = domain.rate(result).row(0, named=True)
        said(
            "达标 compliance",
            f"{rate['sources']} 行 rows，达标 {rate['complying']}，"
            f"达标率 {_percent(rate['complying_ratio'])}",
        )
    time = _time(result)
    columns = ["station", time, "complies", "exceeding_text", "standard", "unused"]
    deliver(result, output, columns=_some(result, columns), title="水源达标 sources", latest=time)
    rejects(table, output, quiet=samples.quiet)

"""``shanshui plan annual|split``: targets of years, and their splitting to counties and months."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shanshui.cli.listing import Form, Listing, deliver
from shanshui.cli.options import METHOD, option, spread
from shanshui.cli.output import note, out, said
from shanshui.cli.plan import app
from shanshui.cli.workspace import Reason, Where, Who, opened, person

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shanshui.platform.plans.split import Check, Split, To

annual = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="年度目标：某地某年（某月）的目标值，以及定它的文件；按省下达的目标由它补上。\n\n"
    "[dim]Targets of years: the value that a paper sets for a region and a year or month; what a "
    "plan leaves to the province is resolved by them.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui plan annual set PM2.5年均浓度 清远市 2026 ≤24 --source 省下达2026年目标[/cyan]"
    "\n\n[cyan]shanshui plan annual list --year 2026[/cyan]",
)
app.add_typer(annual, name="annual", short_help="年度目标 [dim]targets of years[/dim]")


class Way(StrEnum):
    """How the parts of a target make the whole."""

    SUM = "sum"
    MEAN = "mean"
    RATIO = "ratio"


class Parts(StrEnum):
    """What a target is split to."""

    COUNTIES = "counties"
    MONTHS = "months"


WAYS = {"sum": "相加", "mean": "均值", "ratio": "加权比例"}


def _argument(name: str, text: str) -> Any:
    return typer.Argument(metavar=name, help=text, show_default=False)


@annual.command(
    "set",
    short_help="定一个年度目标 [dim]set a target[/dim]",
    help="定某地某年（某月）的目标值，数字照文件写的存。同一来源再定一次就改成新的值，留痕。\n\n"
    "[dim]Set the value for a region and a year or month, as the paper writes it.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui plan annual set PM2.5年均浓度 清远市 2026 ≤24 --source 省下达2026年目标[/cyan]"
    "\n\n[cyan]shanshui plan annual set 空气质量优良天数比例 441800 2026 93.5 "
    "--for 441800-plan-2025-008[/cyan]",
)
@spread
def set_(
    indicator: Annotated[
        str, typer.Argument(metavar="指标", help="名称或代码", show_default=False)
    ],
    region: Annotated[str, typer.Argument(metavar="地区", help="名称或代码", show_default=False)],
    year: Annotated[int, typer.Argument(metavar="年份", show_default=False)],
    value: Annotated[
        str,
        typer.Argument(
            metavar="数值",
            help="如 24.0 或 ≤24.0；不写符号时按指标的好坏方向\n\n"
            "[dim]without a sign the better side of the indicator[/dim]",
            show_default=False,
        ),
    ],
    month: Annotated[
        int, option("--month", "月份， 1 到 12", "the month", METHOD, min=0, max=12)
    ] = 0,
    comparator: Annotated[
        str | None,
        option("--comparator", "≤ ≥ < > = 约 提高 下降", "the comparator", METHOD, metavar="符号"),
    ] = None,
    unit: Annotated[
        str | None,
        option("--measure", "计量单位；默认按指标", "unit of the value", METHOD, metavar="单位"),
    ] = None,
    source: Annotated[
        str,
        option(
            "--source", "依据：文件名、会议等", "the paper or other ground", METHOD, metavar="文字"
        ),
    ] = "",
    document: Annotated[
        str | None,
        option("--document", "台账里的下达文件", "code of the paper", METHOD, "-d", metavar="代码"),
    ] = None,
    commitment: Annotated[
        str | None,
        option(
            "--for", "所落实的目标的编号", "the promise that it resolves", METHOD, metavar="编号"
        ),
    ] = None,
    base_year: Annotated[
        int | None,
        option("--base-year", "提高、下降的基准年", "of a change", METHOD, metavar="年份"),
    ] = None,
    remark: Annotated[
        str | None, option("--note", "备注", "whatever else", METHOD, metavar="文字")
    ] = None,
    where: Where = None,
    who: Who = None,
    reason: Reason = None,
) -> None:
    """Set the target of a year."""
    from shanshui.platform.plans import targets

    with (
        opened(where) as workspace,
        workspace.ledger.write(who=person(who), action="plan annual set", reason=reason) as session,
    ):
        if commitment:
            targets.commitment_of(session, commitment)
        row, done = targets.set_target(
            session,
            indicator=indicator,
            region=region,
            year=year,
            month=month,
            value=value,
            comparator=comparator,
            unit=unit,
            source=source,
            document=document,
            commitment=commitment,
            base_year=base_year,
            note=remark,
        )
        heads = {"new": "已定 set", "changed": "已改 changed", "same": "未变 unchanged"}
        when = f"{year}年{f'{month}月' if month else ''}"
        text = f"{targets.COMPARATORS[row.comparator]}{row.value:f} {row.unit or ''}".strip()
        said(heads[done], f"#{row.id} {row.region_code} {when} {row.indicator_code} {text}")


@annual.command(
    "list",
    short_help="列出年度目标 [dim]list the targets[/dim]",
    help="列出年度和月度目标。\n\n[dim]List the targets of years and months.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui plan annual list --region 清远市 --year 2026[/cyan]",
)
@spread
def list_(
    listing: Listing,
    indicator: Annotated[
        str | None, option("--indicator", "指标", "of this indicator", METHOD, metavar="指标")
    ] = None,
    region: Annotated[
        str | None, option("--region", "地区", "of this region", METHOD, metavar="地区")
    ] = None,
    year: Annotated[int | None, option("--year", "年份", "of this year", METHOD)] = None,
    document: Annotated[
        str | None,
        option("--document", "下达文件", "set by this paper", METHOD, "-d", metavar="代码"),
    ] = None,
    months: Annotated[
        bool, option("--months/--no-months", "是否列出月度目标", "targets of months too", METHOD)
    ] = True,
    where: Where = None,
) -> None:
    """List the targets of years."""
    from shanshui.platform.plans import targets

    with opened(where) as workspace, workspace.ledger.read() as session:
        rows = targets.rows(
            session, indicator=indicator, region=region, year=year, document=document, months=months
        )
    _annual(rows, listing, "年度目标 targets of years")


def _annual(rows: list[dict[str, Any]], listing: Listing, title: str) -> None:
    from shanshui.platform.plans.targets import COMPARATORS

    shown = [
        row
        | {"when": f"{row['year']}年{str(row['month']) + '月' if row['month'] else ''}"}
        | {"text": f"{COMPARATORS[row['comparator']].removeprefix('=')}{row['value']:f}"}
        | {"ground": row["source"] or row["document"], "of": row["commitment"] or row["parent"]}
        for row in rows
    ]
    heads = {"id": "号", "indicator": "指标", "region": "地区", "when": "时间", "text": "目标"}
    heads |= {"unit": "单位", "ground": "依据", "of": "落实或分解自"}
    deliver(rows, shown, heads, listing, title)


@annual.command(
    "propose",
    short_help="按直线推算各年 [dim]a straight line to a goal[/dim]",
    help="从基期值到目标值按直线推算各年目标，供人确认；--confirm 写入。\n\n"
    "直线是约定，不是标准：每年取线上的准确值按 GB/T 8170 修约，目标年照原文，"
    "舍入的余数落在年与年之间。\n\n"
    "[dim]Propose the values of the years between a baseline and a goal on a straight line, a "
    "convention; --confirm writes them.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui plan annual propose 440100-outline-2035-001[/cyan]",
)
@spread
def propose(
    item: Annotated[
        str,
        typer.Argument(metavar="编号 ITEM", help="目标的编号 [dim]code[/dim]", show_default=False),
    ],
    listing: Listing,
    confirm: Annotated[
        bool, option("--confirm", "确认并写入", "write them, as confirmed", METHOD)
    ] = False,
    where: Where = None,
    who: Who = None,
    reason: Reason = None,
) -> None:
    """Propose the values of years."""
    from shanshui.platform.plans import targets

    with opened(where) as workspace:
        with workspace.ledger.read() as session:
            proposal = targets.propose(session, item)
            goal = targets.resolved(session, item)
            name, unit = proposal.commitment.indicator, goal.unit
        if confirm:
            with workspace.ledger.write(
                who=person(who), action="plan annual propose", reason=reason
            ) as session:
                targets.confirm(session, targets.propose(session, item))
    rows = [
        {"year": year, "comparator": goal.comparator, "value": value, "unit": unit}
        for year, value in proposal.values.items()
    ]
    sign = targets.COMPARATORS[goal.comparator or "="].removeprefix("=")
    shown = [row | {"text": f"{sign}{row['value']:f}"} for row in rows]
    heads = {"year": "年份", "text": "目标", "unit": "单位"}
    title = f"{name}：由 {proposal.base_year} 年的 {proposal.base:f} 直线推算 straight line"
    deliver(rows, shown, heads, listing, title)
    if confirm:
        said("已写入 written", f"{len(rows)} 年 years")
    elif listing.said() is Form.TABLE:
        note("还没有写入；确认后加 --confirm", "not written; confirm with --confirm", style="dim")


# ------------------------------------------------------------------------------------------ split


@app.command(
    short_help="目标分解到县、到月 [dim]split a target[/dim]",
    help="把年度目标分解到县（区）或到月，并核对各部分合起来是否达到总目标；--confirm 写入。\n\n"
    "数量、长度、面积、吨数相加，按权重用最大余额法分配，合计分毫不差；浓度取均值（到月按日历天数加权，"
    "到县各地等权，或按 --weights 的点位数），比例按分母加权。没有一个部分比自己的现状还宽。"
    "百分位数（如臭氧第90百分位）不能分解到月。\n\n"
    "[dim]Split a target to counties or months and check that the parts meet it: sums by the "
    "largest remainder, exactly; means weighted by days or by a file; ratios by their "
    "denominators. --check looks at a split that is in the ledger.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui plan split 12 --to months[/cyan]\n\n"
    "[cyan]shanshui plan split 12 --to counties --baseline 现状.csv --confirm[/cyan]\n\n"
    "[cyan]shanshui plan split 12 --check[/cyan]",
)
@spread
def split(
    target: Annotated[
        str,
        typer.Argument(
            metavar="目标 TARGET",
            help="年度目标的号（见 annual list）或目标的编号\n\n"
            "[dim]number of a target of a year, or code of a commitment[/dim]",
            show_default=False,
        ),
    ],
    listing: Listing,
    to: Annotated[
        Parts | None, option("--to", "counties 到县； months 到月", "the parts", METHOD)
    ] = None,
    how: Annotated[
        Way | None,
        option("--how", "sum 相加； mean 均值； ratio 比例；默认按指标的单位", "by unit", METHOD),
    ] = None,
    weights: Annotated[
        str | None,
        option("--weights", "权重表：区县或月份，和一列数", "weights", METHOD, metavar="文件"),
    ] = None,
    baseline: Annotated[
        str | None,
        option("--baseline", "现状表：区县或月份，和一列数", "baselines", METHOD, metavar="文件"),
    ] = None,
    column: Annotated[
        str | None,
        option("--column", "权重表的哪一列", "column of the weights", METHOD, metavar="列名"),
    ] = None,
    decimals: Annotated[
        int | None, option("--decimals", "保留几位小数", "decimals", METHOD, min=0, max=6)
    ] = None,
    check: Annotated[
        bool, option("--check", "只核对台账里的分解", "check a split in the ledger", METHOD)
    ] = False,
    confirm: Annotated[
        bool, option("--confirm", "确认并写入", "write the parts, as confirmed", METHOD)
    ] = False,
    source: Annotated[
        str | None,
        option("--source", "依据，如分解方案的名称", "the paper", METHOD, metavar="文字"),
    ] = None,
    where: Where = None,
    who: Who = None,
    reason: Reason = None,
) -> None:
    """Split a target, or check how it was split."""
    from shanshui.platform.plans import split as splitting
    from shanshui.platform.plans.weights import by_place

    if not check and to is None:
        raise typer.BadParameter(
            "请用 --to counties 或 --to months / say --to counties or --to months",
            param_hint="--to",
        )
    more: dict[str, Any] = {
        "how": how.value if how else None,
        "weights": by_place(weights, column) if weights else None,
        "baseline": by_place(baseline) if baseline else None,
    }
    with opened(where) as workspace:
        if check:
            with workspace.ledger.read() as session:
                found = splitting.check(session, target, **more)
            _checked(found, listing)
            return
        more["decimals"] = decimals
        way: To = "months" if to is Parts.MONTHS else "counties"
        if confirm:
            with workspace.ledger.write(
                who=person(who), action="plan split", reason=reason
            ) as session:
                parted = splitting.split(session, target, way, **more)
                splitting.apply(session, parted, source=source)
        else:
            with workspace.ledger.read() as session:
                parted = splitting.split(session, target, way, **more)
    _parted(parted, listing, written=confirm)


def _parted(parted: Split, listing: Listing, *, written: bool) -> None:
    from shanshui.platform.plans.targets import COMPARATORS

    parent = parted.parent
    sign = COMPARATORS[parent["comparator"]].removeprefix("=")
    rows = [
        {"name": p.name, "region_code": p.region_code, "month": p.month, "value": p.value}
        | {"weight": p.weight, "baseline": p.baseline}
        for p in parted.parts
    ]
    shown = [
        row
        | {"text": f"{sign}{row['value']:f} {parent['unit'] or ''}".strip()}
        | {"was": "" if row["baseline"] is None else f"{row['baseline']:f}"}
        | {"share": f"{row['weight']:f}"}
        for row in rows
    ]
    heads = {"name": "县区" if parted.to == "counties" else "月份", "was": "现状"}
    heads |= {"share": "权重", "text": "目标"}
    whole = f"{sign}{parent['value']:f} {parent['unit'] or ''}".strip()
    title = f"{parent['indicator_code']} {parent['year']}年 {whole} 分解 split"
    deliver(rows, shown, heads, listing, title)
    if listing.said() is Form.TABLE:
        console = out()
        console.print(f"[bold]{parted.check.sentence}[/bold]", soft_wrap=True)
        console.print(f"[dim]{parted.rule}[/dim]", soft_wrap=True)
        for text in parted.check.findings:
            note(text, "laxer than its own baseline")
        if written:
            said("已写入 written", f"{len(rows)} 条年度目标 targets")
        else:
            note(
                "还没有写入；确认后加 --confirm", "not written; confirm with --confirm", style="dim"
            )


def _checked(found: Mapping[To, Check], listing: Listing) -> None:
    names = {"counties": "到县", "months": "到月"}
    rows = [
        {"to": to, "how": one.how, "whole": one.whole, "reached": str(one.reached)}
        | {"gap": str(one.gap), "meets": one.meets, "sentence": one.sentence}
        | {"findings": list(one.findings)}
        for to, one in found.items()
    ]
    shown = [
        row
        | {"to": names[str(row["to"])], "how": WAYS[str(row["how"])]}
        | {"meets": "达到" if row["meets"] else "未达到"}
        for row in rows
    ]
    heads = {"to": "分解", "how": "合成", "meets": "是否达到", "sentence": "核对"}
    heads |= {"findings": "问题"}
    deliver(rows, shown, heads, listing, "目标分解核对 check of the split")
    if not all(one.meets for one in found.values()):
        raise typer.Exit(1)

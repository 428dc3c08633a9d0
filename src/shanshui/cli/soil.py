"""``shanshui soil …``: the soil functions on files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from shanshui.cli.options import METHOD, Output, numbers, option, spread
from shanshui.cli.output import deliver, note, said, working
from shanshui.cli.samples import Listing, Standard, listed, places, told

if TYPE_CHECKING:
    import polars as pl

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="土壤：农用地（GB 15618）、建设用地（GB 36600）。\n\n"
    "[dim]Soil: farmland, construction land.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui soil farmland 农用地.xlsx[/cyan]\n\n"
    "[cyan]shanshui soil construction 地块.csv --land 2[/cyan]",
)


@app.command(
    short_help="农用地风险类别 [dim]risk categories of farmland[/dim]",
    help="农用地土壤（GB 15618）：按 pH 和土地利用取筛选值、管制值，"
    "判定 优先保护、安全利用、严格管控，计算单项指数和内梅罗指数。\n\n"
    "[dim]Screening and intervention values by pH and land use, category of each sample, indices. "
    "Contents in mg/kg; <0.01, 0.01L and ND are below the detection limit.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui soil farmland 农用地.xlsx[/cyan]\n\n"
    "[cyan]shanshui soil farmland 样品.csv --land 水田 -o 类别.xlsx[/cyan]",
)
@spread
def farmland(
    listing: Listing,
    output: Output,
    edition: Standard = None,
    land: Annotated[
        str,
        option(
            "--land",
            "土地利用的列，或全表一种： 水田、 旱地、 果园、 水旱轮作、 其他",
            "column of land uses, or one for all rows",
            METHOD,
            metavar="列或名称",
            show_default=True,
        ),
    ] = "land",
    items: Annotated[
        list[str] | None,
        option("--item", "只评价这些项目；可多次", "judge these only", METHOD, metavar="项目"),
    ] = None,
    references: Annotated[
        list[str] | None,
        option(
            "--reference",
            "另加项目的评价值，如 mn=176，只参加指数；可多次",
            "value of a further item, for the indices only",
            METHOD,
            metavar="项目=数值",
        ),
    ] = None,
    grades: Annotated[
        bool,
        option(
            "--grades",
            "给出指数分级（数值未核实）",
            "grades of the indices, which are not verified",
            METHOD,
        ),
    ] = False,
) -> None:
    """Classify samples of farmland."""
    from shanshui import soil
    from shanshui.platform.ingest import read_soil

    table = listed(listing, read_soil)
    with working("评价农用地土壤 farmland"), told():
        result = soil.farmland(
            table,
            land=land,
            items=items,
            references=numbers(references, "--reference"),
            grades=grades,
            edition=edition,
        )
    if not listing.quiet:
        _tell(result, "category_name")
    columns = [*places(table), "land_use", "ph"]
    columns += ["category_name", "deciding", "assessed", "nemerow"]
    deliver(result, output, columns=columns, title="农用地土壤 farmland（GB 15618）")


@app.command(
    short_help="建设用地筛选和管制 [dim]screening of construction land[/dim]",
    help="建设用地土壤（GB 36600）：45 项基本项目和 40 项其他项目"
    "对照筛选值、管制值，给出超标倍数。\n\n"
    "[dim]45 basic and 40 other items against screening and control values, with exceedance "
    "multiples.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui soil construction 地块.xlsx --land 2[/cyan]\n\n"
    "[cyan]shanshui soil construction 地块.csv --land 用地类型 --background as=20.5[/cyan]",
)
@spread
def construction(
    listing: Listing,
    output: Output,
    edition: Standard = None,
    land: Annotated[
        str | None,
        option(
            "--land",
            "第几类用地：1、2，或列名；默认看“用地类型”列，没有则按第一类",
            "class of land 1 or 2, or a column; by default the column of uses, or class 1",
            METHOD,
            metavar="类或列",
        ),
    ] = None,
    items: Annotated[
        list[str] | None,
        option("--item", "只评价这些项目；可多次", "judge these only", METHOD, metavar="项目"),
    ] = None,
    background: Annotated[
        list[str] | None,
        option(
            "--background",
            "砷、钴、钒的当地背景值，如 as=20.5；可多次",
            "local background of as, co, v",
            METHOD,
            metavar="项目=数值",
        ),
    ] = None,
) -> None:
    """Set samples of construction land against the values."""
    from shanshui import soil
    from shanshui.platform.ingest import read_soil

    table = listed(listing, read_soil)
    use = land or ("land" if "land" in table.columns else "1")
    with working("评价建设用地土壤 construction"):
        result = soil.construction(
            table,
            land=use,
            items=items,
            background=numbers(background, "--background"),
            edition=edition,
        )
    if not listing.quiet:
        _tell(result, "risk_name")
        if assumed := int(result["land_assumed"].sum()):
            note(
                f"{assumed:,} 行的用地类型为空或不认识，按第一类用地",
                f"{assumed:,} rows have no known use and are taken for class 1",
            )
    columns = [*places(table), "land_class", "risk_name", "deciding"]
    columns += ["within_background", "assessed"]
    deliver(result, output, columns=columns, title="建设用地土壤 construction（GB 36600）")


def _tell(result: pl.DataFrame, column: str) -> None:
    """Say how many samples came to what."""
    counts = result[column].fill_null("无结论 no result").value_counts(sort=True, name="count")
    said("结果 result", "，".join(f"{name} {count:,}" for name, count in counts.iter_rows()))

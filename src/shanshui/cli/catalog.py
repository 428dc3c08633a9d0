"""``shanshui catalog …``: the indicators and regions that Shanshui knows by a code."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shanshui.cli.listing import Listing, deliver
from shanshui.cli.options import METHOD, option, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="指标和行政区：代码、名称、别名、单位、方向、评价方法。\n\n"
    "[dim]Indicators and regions: codes, names, other names, units, directions, methods.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui catalog indicators 优良[/cyan]\n\n"
    "[cyan]shanshui catalog regions --in 清远市[/cyan]",
)

Row = dict[str, Any]
_DIRECTIONS = {"lower": "越低越好", "higher": "越高越好", None: "—"}
_LEVELS = {
    "country": "国家",
    "province": "省",
    "city": "市",
    "county": "县",
    "group": "区域组",
}


class Domain(StrEnum):
    """Domains of indicators."""

    AIR = "air"
    WATER = "water"
    SOIL = "soil"
    NOISE = "noise"
    WASTE = "waste"
    ENERGY = "energy"
    CARBON = "carbon"
    TRANSPORT = "transport"
    ECONOMY = "economy"
    AGRICULTURE = "agriculture"
    ECOLOGY = "ecology"
    CITY = "city"
    GOVERNANCE = "governance"


class Level(StrEnum):
    """Levels of regions."""

    COUNTRY = "country"
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    GROUP = "group"


Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="词 WORD…",
        help="名称、别名、英文名或代码里的词，几个词须都有；不写为全部\n\n"
        "[dim]words of a name, another name or a code; all of them count; none for all[/dim]",
        show_default=False,
    ),
]


@app.command(
    short_help="指标 [dim]indicators[/dim]",
    help="列出指标：代码、名称、单位、方向、评价方法（或由部门填报）。\n\n"
    "[dim]List indicators: code, name, unit, which way is better, and the function that answers "
    "it, or who reports it.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui catalog indicators[/cyan]\n\n"
    "[cyan]shanshui catalog indicators 细颗粒物 浓度[/cyan]\n\n"
    "[cyan]shanshui catalog indicators --domain water --json[/cyan]",
)
@spread
def indicators(
    listing: Listing,
    words: Words = None,
    domains: Annotated[
        list[Domain] | None,
        option("--domain", "只要这些领域；可多次", "these domains only; may be repeated", METHOD),
    ] = None,
) -> None:
    """List indicators."""
    from shanshui.platform.catalog import DOMAINS, find_indicator
    from shanshui.platform.catalog.names import indicator_rows

    asked = {str(domain) for domain in domains or ()}
    rows = [row for row in indicator_rows() if not asked or row["domain"] in asked]
    rows = _holding(
        rows,
        words,
        lambda row: [row["code"], row["name"], row["name_en"], *row["aliases"]],
        find_indicator,
    )
    shown = [
        row
        | {
            "domain_zh": DOMAINS[row["domain"]],
            "direction_zh": _DIRECTIONS[row["direction"]],
            "method_zh": f"{row['reported_by'] or '部门'}填报"
            if row["method"] == "reported"
            else row["method"].removeprefix("shanshui."),
        }
        for row in rows
    ]
    heads = {
        "domain_zh": "领域",
        "name": "指标",
        "code": "代码",
        "unit": "单位",
        "direction_zh": "方向",
        "decimals": "小数位",
        "method_zh": "方法",
    }
    deliver(rows, shown, heads, listing, "指标 indicators")


@app.command(
    short_help="行政区和区域 [dim]regions and groups[/dim]",
    help="列出行政区（GB/T 2260 代码）和京津冀、长三角等区域组。\n\n"
    "[dim]List regions by the codes of GB/T 2260, and groups of them.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui catalog regions 鼓楼区[/cyan]\n\n"
    "[cyan]shanshui catalog regions --in 广东省 --level city[/cyan]\n\n"
    "[cyan]shanshui catalog regions --in group:jjj-38 -o 城市.xlsx[/cyan]",
)
@spread
def regions(
    listing: Listing,
    words: Words = None,
    levels: Annotated[
        list[Level] | None,
        option("--level", "只要这些级别；可多次", "these levels only; may be repeated", METHOD),
    ] = None,
    within: Annotated[
        str | None,
        option(
            "--in",
            "在这个地区里，或是这个区域组的成员；名称或代码",
            "inside this region, or members of this group; name or code",
            METHOD,
            metavar="地区",
        ),
    ] = None,
) -> None:
    """List regions."""
    from shanshui.platform.catalog import find_region
    from shanshui.platform.catalog.finding import inside
    from shanshui.platform.catalog.names import region_rows

    asked = {str(level) for level in levels or ()}
    rows = [row for row in region_rows() if not asked or row["level"] in asked]
    if within:
        kept = inside(find_region(within)["code"])
        rows = [row for row in rows if row["code"] in kept]
    rows = _holding(
        rows,
        words,
        lambda row: [row["code"], row["name"], row["name_en"] or "", *row["names"]],
        find_region,
    )
    by_code = {row["code"]: row["name"] for row in region_rows()}
    shown = [
        row
        | {"level_zh": _LEVELS[row["level"]], "parent_zh": by_code.get(row["parent"])}
        | {"names": row["names"] or None}
        for row in rows
    ]
    heads = {
        "code": "代码",
        "name": "名称",
        "names": "其他名称",
        "name_en": "英文",
        "level_zh": "级别",
        "parent_zh": "上级",
        "start": "起",
        "end": "止",
        "confidence": "可信度",
        "note": "说明",
    }
    deliver(rows, shown, heads, listing, "行政区和区域 regions")


def _holding(
    rows: Sequence[Row],
    words: Sequence[str] | None,
    texts: Callable[[Row], Sequence[str]],
    find: Callable[[str], Row],
) -> list[Row]:
    """Keep the rows of which one text holds each word; else the one row that is called so."""
    if not words:
        return list(rows)
    wanted = [word.casefold() for word in words]
    found = [
        row
        for row in rows
        if all(any(word in text.casefold() for text in texts(row)) for word in wanted)
    ]
    if found:
        return found
    one = find("".join(words))["code"]  # says what is near where nothing is called so
    return [row for row in rows if row["code"] == one]

"""``shanshui plan show``: one item whole, with its sentence and its trail."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shanshui.cli.options import RESULT, option, spread
from shanshui.cli.output import out
from shanshui.cli.plan import app
from shanshui.cli.plan_ledger import plain, value_of
from shanshui.cli.workspace import Where, opened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.text import Text


@app.command(
    short_help="一条的原文、字段和留痕 [dim]one item whole[/dim]",
    help="看一条目标、任务或项目：原文里的那句话、章节和页、字段、更正前的值、责任单位和留痕。\n\n"
    "[dim]Show an item: its sentence in the document, section and page, fields, what was "
    "corrected, owners and its trail.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui plan show 440100-outline-2035-001[/cyan]",
)
@spread
def show(
    code: Annotated[
        str,
        typer.Argument(
            metavar="编号 CODE",
            help="条目的编号，见 shanshui plan list 代码\n\n[dim]code of an item[/dim]",
            show_default=False,
        ),
    ],
    where: Where = None,
    as_json: Annotated[bool, option("--json", "以 JSON 输出", "as JSON", RESULT)] = False,
) -> None:
    """Show one item."""
    from shanshui.platform.plans import views

    with opened(where) as workspace:
        row = views.shown(workspace.ledger, code)
    if as_json:
        print(json.dumps(row, ensure_ascii=False, indent=1, default=str))
        return
    _shown(row)


def _shown(row: dict[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    from shanshui.platform.plans.correcting import FIELDS, ITEM_KINDS
    from shanshui.platform.plans.review import STATUSES
    from shanshui.platform.store import models

    console = out()
    console.print(Text(f"{row['code']}  {row['label']}", style="bold"))
    place = f"{row['title_of_document']} {row['section']}".rstrip()
    page = f"，第 {row['page']} 页" if row["page"] else ""
    console.print(Text(f"{place}{page}", style="dim"))
    if row["said"]:
        quote = Text("  ")
        quote.append(row["before"]).append(row["said"], style="bold reverse").append(row["after"])
        console.print(quote)
    elif row.get("quote"):
        console.print(Text(f"  {row['quote']}"))
    model = {"task": models.Task, "action": models.Task, "project": models.Project}.get(
        row["kind"], models.Commitment
    )
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("类别", ITEM_KINDS[row["kind"]])
    for zh, text in _fields(row, FIELDS[model]):
        grid.add_row(zh, text)
    if row.get("indicator_code"):
        grid.add_row("指标代码", row["indicator_code"])
    for role, zh in (("lead", "牵头单位"), ("responsible", "责任单位"), ("support", "配合单位")):
        if row.get(role):
            grid.add_row(zh, "、".join(row[role]))
    if row.get("confidence") is not None:
        grid.add_row("把握", f"{row['confidence']:.2f}（{row['why']}）")
    for one in row["annual"]:
        when = f"{one['year']}年" + (f"{one['month']}月" if one["month"] else "")
        grid.add_row("年度目标", f"{when} {value_of(one | {'stretch': False})} {one['source']}")
    by = f"，{row['checked_by']} {row['checked_at'][:10]}" if row.get("checked_by") else ""
    grid.add_row("核对", f"{STATUSES[row['status']]}{by}")
    if row.get("note"):
        grid.add_row("备注", row["note"])
    grid.add_row("版本", f"{row['version']}（更正时可加 --version {row['version']}）")
    console.print(grid)
    _trail(row["trail"])


def _fields(row: dict[str, Any], names: dict[str, str]) -> Iterable[tuple[str, Text]]:
    """Give the fields of an item that say something, with what they were before a correction."""
    from rich.text import Text

    original = row.get("original") or {}
    together = {"comparator", "value_to", "unit", "stretch"} if row.get("value") else set()
    for name, zh in names.items():
        value = row.get(name)
        left_out = name in ("kind", "note", "title", "name") or name in together
        if name not in original and (left_out or value is None or value is False):
            continue
        whole = name == "value" and not together & original.keys()
        text = Text(value_of(row) if whole else plain(value))
        if name in original:
            text.append(f"  原为 was {plain(original[name])}", style="yellow")
        yield zh, text


def _trail(rows: Iterable[dict[str, Any]]) -> None:
    from rich.text import Text

    console = out()
    for row in rows:
        kept = {"status", "checked_by", "checked_at", "original"}
        changes = "；".join(
            f"{name} {plain((row['before'] or {}).get(name))} → {plain(value)}"
            for name, value in (row["after"] or {}).items()
            if row["change"] == "update" and name not in kept
        )
        at = datetime.fromisoformat(row["at"]).astimezone()
        words = f"{at:%Y-%m-%d %H:%M}  {row['who']}  {row['action']}"
        words += f"  {changes}" if changes else ""
        words += f"  （{row['reason']}）" if row["reason"] else ""
        console.print(Text(words, style="dim"))

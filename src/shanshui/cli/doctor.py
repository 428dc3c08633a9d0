"""``shanshui doctor``: what does not fit together in a workspace, and what to do about it."""

from __future__ import annotations

from collections import Counter
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import typer

from shanshui.cli.listing import Form, Listing, deliver
from shanshui.cli.options import METHOD, option, spread
from shanshui.cli.output import note, said, working
from shanshui.cli.workspace import Where, opened
from shanshui.standards.errors import ShanshuiError

_SHOWN = {"error": "错误", "warning": "警告", "notice": "提示"}


class Least(StrEnum):
    """Severities from which findings are listed."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@spread
def doctor(
    listing: Listing,
    where: Where = None,
    only: Annotated[
        list[str] | None,
        option("--check", "只做这几项；可多次", "these checks only", METHOD, metavar="代号"),
    ] = None,
    least: Annotated[
        Least,
        option("--severity", "从哪一级起列出", "list from this severity on", METHOD),
    ] = Least.NOTICE,
    every: Annotated[
        bool,
        option(
            "--all", "逐条列出；默认每项一行", "each finding; by default a line a check", METHOD
        ),
    ] = False,
    known: Annotated[
        bool, option("--list", "列出全部检查项", "list the checks themselves", METHOD)
    ] = False,
) -> None:
    """Examine a workspace; exits with 1 where an error is found."""
    from shanshui.platform.doctor import checks, examine
    from shanshui.platform.doctor.examine import SEVERITIES

    codes = {check.code for check in checks()}
    if unknown := sorted(set(only or []) - codes):
        raise ShanshuiError(
            f"没有这项检查：{'、'.join(unknown)}；shanshui doctor --list 列出全部 / "
            f"no such check: {', '.join(unknown)}; shanshui doctor --list lists them"
        )
    if known:
        rows = [
            {"code": c.code, "severity": c.severity, "subject": c.subject, "zh": c.zh, "en": c.en}
            for c in checks()
        ]
        shown = [row | {"severity": _SHOWN[row["severity"]]} for row in rows]
        heads = {"code": "代号", "severity": "级别", "subject": "表", "zh": "查什么"}
        deliver(rows, shown, heads, listing, f"{len(rows)} 项检查 checks")
        return
    with opened(where) as workspace, working("体检 examining"):
        found = examine(workspace, today=date.today(), only=only)
    kept = SEVERITIES[: SEVERITIES.index(least.value) + 1]
    rows = [finding.as_dict() for finding in found if finding.check.severity in kept]
    counts = Counter(finding.check.severity for finding in found)
    if every or listing.said() is not Form.TABLE:
        shown = [row | {"severity": _SHOWN[row["severity"]]} for row in rows]
        heads = {
            "severity": "级别",
            "zh": "问题",
            "key": "哪一条",
            "what": "情况",
            "advice": "怎么办",
        }
        deliver(rows, shown, heads, listing, "体检 examination")
    elif rows:
        heads = {
            "severity": "级别",
            "count": "数",
            "zh": "问题",
            "first": "例如",
            "advice": "怎么办",
        }
        deliver(rows, _gathered(rows), heads, listing, "体检 examination")
    said(
        "体检 examined",
        f"{len(only or codes)} 项 checks：错误 errors {counts['error']}，"
        f"警告 warnings {counts['warning']}，提示 notices {counts['notice']}",
    )
    if counts["error"]:
        note("有错误，数或责任可能不对", "errors: figures or duties may be wrong", style="bold red")
        raise typer.Exit(1)


def _gathered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give a line for each check, with its first findings."""
    lines: dict[str, dict[str, Any]] = {}
    for row in rows:
        line = lines.setdefault(
            row["code"], row | {"severity": _SHOWN[row["severity"]], "count": 0, "keys": []}
        )
        line["count"] += 1
        line["keys"].append(row["key"])
    for line in lines.values():
        more = "…" if line["count"] > 2 else ""
        line["first"] = "；".join(line["keys"][:2]) + more
    return list(lines.values())


def register(app: typer.Typer) -> None:
    """Put the command on the root of the command line."""
    app.command(
        "doctor",
        short_help="工作区体检 [dim]examine the workspace[/dim]",
        help="检查工作区：规划、目标、分工、进展、年度目标、点位、导入和文件夹里对不上的地方，"
        "每项有级别和办法。有错误时退出码为 1。\n\n"
        "[dim]Examine the workspace: what does not fit together, how bad it is and what to do. "
        "Exits with 1 where an error is found.[/dim]",
        epilog="例 Examples\n\n[cyan]shanshui doctor[/cyan]\n\n"
        "[cyan]shanshui doctor --all --severity error -o 体检.xlsx[/cyan]",
    )(doctor)

"""``shanshui plan check|confirm|reject|revert|correct``: examine plans, and 核对 what was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from shanshui.cli.listing import Form, Listing, deliver
from shanshui.cli.options import METHOD, RESULT, option, spread
from shanshui.cli.output import said, working
from shanshui.cli.plan import app
from shanshui.cli.plan_ledger import CHOICE, ItemKind, Kinds
from shanshui.cli.workspace import Reason, Where, Who, opened, person

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shanshui.platform.plans.comparing import Finding
    from shanshui.platform.plans.review import Choice, Reviewed

# ---------------------------------------------------------------------------------------- check


@app.command(
    short_help="找冲突和缺口 [dim]conflicts and gaps[/dim]",
    help="检查台账里的规划：不同文件的目标值冲突、低于上级要求、口径不一致、单位不能换算、"
    "没有责任单位、没有现状值、按上级下达而未设年度目标、没有读出的话。\n\n"
    "[dim]Check the plans: values in conflict, a city below its province, different bases, units "
    "that do not convert, targets without owner or baseline, deferred ones not set, uncovered "
    "clauses.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui plan check[/cyan]\n\n"
    "[cyan]shanshui plan check 440100-outline-2035 --all[/cyan]\n\n"
    "[cyan]shanshui plan check --rule conflict --rule weaker --strict[/cyan]",
)
@spread
def check(
    listing: Listing,
    codes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="代码 CODE…",
            help="规划的代码；默认全部\n\n[dim]plans; by default all[/dim]",
            show_default=False,
        ),
    ] = None,
    where: Where = None,
    rules: Annotated[
        list[str] | None,
        option(
            "--rule",
            "只做这些检查；可多次",
            "these checks only; may be repeated",
            METHOD,
            metavar="检查",
        ),
    ] = None,
    every: Annotated[
        bool, option("--all", "逐条列出；默认同类合为一行", "list each finding", RESULT)
    ] = False,
    strict: Annotated[
        bool,
        option("--strict", "有错误时退出码为 1", "exit code 1 where there are errors", RESULT),
    ] = False,
) -> None:
    """Check the plans in the ledger."""
    from shanshui.platform.plans.checks import check as check_

    with opened(where) as workspace, working("检查 checking"):
        found = check_(workspace.ledger, codes or (), rules or ())
    rows = [one.as_dict() for one in found]
    if listing.said() is Form.TABLE:
        _print(found, listing, each=every or len(found) <= _FEW)
    else:
        deliver(rows, rows, {}, listing, "规划检查 findings")
    if strict and any(one.severity == "error" for one in found):
        raise typer.Exit(1)


_FEW = 20


def _print(found: Sequence[Finding], listing: Listing, *, each: bool) -> None:
    """Print findings for people: one by one, or those of one rule and plan together."""
    from shanshui.platform.plans.comparing import RULES, SEVERITIES

    shown = [_finding(one) for one in found] if each else _grouped(found)
    heads = {"severity": "程度", "rule": "检查", "document": "规划或条目", "name": "结果"}
    deliver(shown, shown, heads, listing, "规划检查 findings")
    counts = {key: sum(one.severity == key for one in found) for key in SEVERITIES}
    listed = "，".join(f"{SEVERITIES[key]} {key} {count}" for key, count in counts.items())
    said("合计 in all", listed + ("" if each else "；逐条看 each: --all"))
    for rule in dict.fromkeys(one.rule for one in found):
        said(f"{RULES[rule].zh} {RULES[rule].en}", RULES[rule].advice_zh)


def _finding(one: Finding) -> dict[str, Any]:
    from shanshui.platform.plans.comparing import RULES, SEVERITIES

    return {
        "severity": SEVERITIES[one.severity],
        "rule": RULES[one.rule].zh,
        "document": one.subject,
        "name": one.zh,
    }


def _grouped(found: Sequence[Finding]) -> list[dict[str, Any]]:
    """Make one row of the findings of one rule and plan; errors stay by themselves."""
    from shanshui.platform.plans.comparing import RULES, SEVERITIES

    shown: list[dict[str, Any]] = []
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for one in found:
        if one.severity == "error":
            shown.append(_finding(one))
        else:
            groups.setdefault((one.severity, one.rule, one.document), []).append(one)
    for (severity, rule, document), ones in groups.items():
        if len(ones) == 1:
            shown.append(_finding(ones[0]))
            continue
        codes = "、".join(one.subject.removeprefix(document) for one in ones[:3])
        shown.append(
            {
                "severity": SEVERITIES[severity],
                "rule": RULES[rule].zh,
                "document": document,
                "name": f"{len(ones)}条：{codes}" + ("…" if len(ones) > 3 else ""),
            }
        )
    return shown


# --------------------------------------------------------------------------------------- 核对


Codes = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="编号 CODE…",
        help="条目的编号，可多个\n\n[dim]codes of items[/dim]",
        show_default=False,
    ),
]
OfPlan = Annotated[
    str | None,
    option("--document", "这个规划的全部", "all of this plan", CHOICE, "-d", metavar="代码"),
]
Confidence = Annotated[
    float | None,
    option(
        "--confidence",
        "把握不低于此数的目标",
        "commitments read with at least this confidence",
        CHOICE,
        min=0,
        max=1,
        metavar="0到1",
    ),
]
_BATCH = (
    "不给编号时按规划、类别、把握成批处理，只动还没有人核对的。\n\n"
    "[dim]{en} Without codes a batch by plan, kind and confidence, of items nobody has checked."
    "[/dim]"
)


@app.command(
    short_help="确认 [dim]confirm what was read[/dim]",
    help="确认读得对。" + _BATCH.format(en="Confirm items as they were read."),
    epilog="例 Examples\n\n"
    "[cyan]shanshui plan confirm 440100-outline-2035-001 440100-outline-2035-002[/cyan]\n\n"
    "[cyan]shanshui plan confirm -d 440100-outline-2035 --kind target --confidence 0.9[/cyan]",
)
@spread
def confirm(
    codes: Codes = None,
    where: Where = None,
    who: Who = None,
    reason: Reason = None,
    document: OfPlan = None,
    kinds: Kinds = None,
    confidence: Confidence = None,
) -> None:
    """Confirm items."""
    from shanshui.platform.plans import review

    chosen = _choice(codes, document, kinds, confidence)
    _review(review.confirm, "已确认 confirmed", chosen, where, who, reason)


@app.command(
    short_help="剔除 [dim]reject what was misread[/dim]",
    help="剔除读错的、不是目标任务的；仍留在台账里，不再计入。" + _BATCH.format(en="Reject items."),
    epilog="例 Examples\n\n"
    "[cyan]shanshui plan reject 440100-outline-2035-053 --reason 是口号不是目标[/cyan]",
)
@spread
def reject(
    codes: Codes = None,
    where: Where = None,
    who: Who = None,
    reason: Reason = None,
    document: OfPlan = None,
    kinds: Kinds = None,
    confidence: Confidence = None,
) -> None:
    """Reject items."""
    from shanshui.platform.plans import review

    chosen = _choice(codes, document, kinds, confidence)
    _review(review.reject, "已剔除 rejected", chosen, where, who, reason)


@app.command(
    short_help="退回待核对 [dim]take a check back[/dim]",
    help="把确认、更正、剔除退回“待核对”，字段恢复为读出时的值。\n\n"
    "[dim]Take checks back: items are again as they were extracted.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui plan revert 440100-outline-2035-001[/cyan]",
)
@spread
def revert(
    codes: Codes = None,
    where: Where = None,
    who: Who = None,
    reason: Reason = None,
    document: OfPlan = None,
    kinds: Kinds = None,
) -> None:
    """Take checks back."""
    from shanshui.platform.plans import review

    chosen = _choice(codes, document, kinds, None)
    _review(review.revert, "已退回 reverted", chosen, where, who, reason)


def _choice(
    codes: list[str] | None,
    document: str | None,
    kinds: list[ItemKind] | None,
    confidence: float | None,
) -> Choice:
    from shanshui.platform.plans.review import Choice

    batch = document or kinds or confidence is not None
    if bool(codes) == bool(batch):
        raise typer.BadParameter(
            "给出编号，或用 -d --kind --confidence 成批，二者取一 / "
            "give codes, or a batch by -d, --kind and --confidence, one of the two",
            param_hint="编号 CODE",
        )
    return Choice(codes or (), document, tuple(str(kind) for kind in kinds or ()), confidence)


def _review(
    step: Callable[..., Reviewed],
    words: str,
    chosen: Choice,
    where: str | None,
    who: str | None,
    reason: str | None,
) -> None:
    with opened(where) as workspace:
        done = step(workspace.ledger, chosen, who=person(who), reason=reason)
    _done(done, words)


def _done(done: Reviewed, words: str) -> None:
    listed = "、".join(done.changed[:6]) + ("…" if len(done.changed) > 6 else "")
    same = f"；{len(done.same):,} 条不变 unchanged" if done.same else ""
    said(words, f"{len(done.changed):,} 条 items" + (f"：{listed}" if listed else "") + same)


@app.command(
    short_help="更正字段 [dim]correct fields[/dim]",
    help="更正一条的字段，读出时的值留在“原为”里；也可改规划本身的题名、类别、上位规划等。\n\n"
    "[dim]Correct fields of an item, keeping what was extracted; or facts about a plan: title, "
    "kind, parent …[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui plan correct 440100-outline-2035-001 数值=25 年份=2027[/cyan]\n\n"
    "[cyan]shanshui plan correct 440100-outline-2035-001 indicator=PM2.5年均浓度 "
    "--reason 指标读错[/cyan]\n\n"
    "[cyan]shanshui plan correct 440100-plan-2025 parent=440100-outline-2035[/cyan]",
)
@spread
def correct(
    code: Annotated[
        str,
        typer.Argument(
            metavar="编号 CODE",
            help="条目的编号，或规划的代码\n\n[dim]code of an item or a plan[/dim]",
            show_default=False,
        ),
    ],
    changes: Annotated[
        list[str],
        typer.Argument(
            metavar="字段=值 FIELD=VALUE…",
            help="如 value=25、年份=2027；值空则去掉\n\n[dim]an empty value takes it away[/dim]",
            show_default=False,
        ),
    ],
    where: Where = None,
    who: Who = None,
    reason: Reason = None,
    version: Annotated[
        int | None,
        option(
            "--version",
            "所见的版本（见 plan show）；别人已改过则不写入",
            "the version seen; refused where another has changed it since",
            CHOICE,
            metavar="数",
        ),
    ] = None,
) -> None:
    """Correct fields."""
    from shanshui.platform.plans import review

    fields = {}
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals or not name.strip():
            raise typer.BadParameter(
                f'应写作 字段=值，得到“{change}” / expected FIELD=VALUE, got "{change}"',
                param_hint="字段=值",
            )
        fields[name.strip()] = value.strip()
    with opened(where) as workspace:
        done = review.correct(
            workspace.ledger, code, fields, who=person(who), reason=reason, version=version
        )
    _done(done, "已更正 corrected")

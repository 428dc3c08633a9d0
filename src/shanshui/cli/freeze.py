"""``shanshui freeze …``: periods made final, and their corrections."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from shanshui.cli.listing import Form, Listing, deliver
from shanshui.cli.options import METHOD, option, spread
from shanshui.cli.output import label, note, said, working
from shanshui.cli.workspace import Reason, Where, Who, opened, person
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from shanshui.platform.review.corrections import FreezeDiff
    from shanshui.platform.store import Workspace
    from shanshui.platform.store.models import Freeze

Row = dict[str, Any]


class _Periods(TyperGroup):
    """Understand ``freeze 2026-10 …`` as ``freeze take 2026-10 …``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command in where a period, or an option of it, stands in its place."""
        first = args[0] if args else ""
        if first[:1].isdigit() or (first.startswith("-") and first not in {"--help", "-h"}):
            args = ["take", *args]
        return list(super().parse_args(ctx, args))


app = typer.Typer(
    cls=_Periods,
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="定版：一个月（季、年）的数据、名单、标准版本和结果定下来，以后不再变动，只能凭文号更正。\n\n"
    "[dim]Make a month, quarter or year final: its data, roster, edition and figures never move "
    "again but by a correction that names its document.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui freeze 2026-10 --domain air --roster guokong[/cyan]\n\n"
    "[cyan]shanshui freeze diff 2026-10[/cyan]\n\n"
    "[cyan]shanshui freeze correct 2026-10 --document 〔2026〕12号 --reason 仪器校准[/cyan]",
)


class Domain(StrEnum):
    """Domains that are frozen."""

    AIR = "air"
    WATER = "water"
    SOURCE = "source"
    GROUND = "ground"
    SEA = "sea"


_KINDS = {
    "city": "城市",
    "city_daily": "城市日",
    "station": "点位",
    "section": "断面",
    "point": "点位",
    "shares": "类别比例",
    "city_shares": "城市类别比例",
}
_FATES = {"changed": "改变", "added": "新增", "withdrawn": "剔除", "restated": "改标记"}
_SHOWN = {
    "city": (
        *("pm25", "pm10", "o3_8h_p90", "no2", "so2", "co_p95"),
        *("good_ratio", "heavy_days", "composite", "valid_days"),
    ),
    "city_daily": ("pm25", "pm10", "o3_8h", "no2", "so2", "co", "aqi", "category"),
    "section": ("class_name", "target", "attains", "status", "main_text", "left_out"),
    "point": ("class_name", "main_text", "left_out"),
    "shares": (
        *("sections", "stations", "good_ratio", "bad_ratio", "judged", "attained_ratio"),
        *("complying", "complying_ratio", "formula", "reason"),
    ),
}
_SHOWN |= {"station": _SHOWN["city"], "city_shares": _SHOWN["shares"]}

Period = Annotated[
    str,
    typer.Argument(
        metavar="时段 PERIOD",
        help="2026-10、2026-Q3 或 2026 [dim]a month, quarter or year[/dim]",
        show_default=False,
    ),
]
DomainOption = Annotated[
    Domain | None,
    option("--domain", "领域； 默认看名单", "by default that of the roster", METHOD),
]
Roster = Annotated[
    str | None,
    option(
        "--roster", "名单代码； 默认在用的", "by default the one in use", METHOD, metavar="名单"
    ),
]
Number = Annotated[
    int | None,
    option(
        "--number",
        "第几版； 默认现行的一版",
        "which of its freezes; by default the one in force",
        METHOD,
        min=1,
    ),
]
Version = Annotated[
    str | None,
    option("--version", "名单版本； 默认按日期", "by default by date", METHOD, metavar="版本"),
]
Force = Annotated[
    bool,
    option(
        "--force", "不齐也定，须写 --reason", "although it is not ready; needs --reason", METHOD
    ),
]


@app.command(
    short_help="定版一个时段 [dim]make a period final[/dim]",
    help="定版一个时段；take 可以不写：shanshui freeze 2026-10。\n\n"
    "[dim]Make a period final; the word take may be left out.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui freeze 2026-10 --domain air --roster guokong[/cyan]\n\n"
    "[cyan]shanshui freeze take 2026-Q3 --domain water --force --reason 有一断面断流[/cyan]",
)
@spread
def take(
    period: Period,
    domain: DomainOption = None,
    roster: Roster = None,
    version: Version = None,
    edition: Annotated[
        str | None,
        option("--edition", "标准版本； 默认按日期", "by default by date", METHOD, metavar="版本"),
    ] = None,
    force: Force = False,
    reason: Reason = None,
    where: Where = None,
    who: Who = None,
) -> None:
    """Make a period final."""
    from shanshui.platform.review import freeze

    why = _why(force=force, reason=reason)
    with opened(where) as workspace, working("定版 making it final"):
        row = freeze.take(
            workspace,
            period,
            who=person(who),
            domain=_domain(workspace, domain, roster),
            roster=roster,
            version=version,
            edition=edition,
            force=why,
            note=None if force else reason,
        )
        basis = row.basis
    _told(row, basis)


def _why(*, force: bool, reason: str | None) -> str | None:
    if not force:
        return None
    if not (reason and reason.strip()):
        raise typer.BadParameter(
            "加 --force 须写 --reason 理由 / --force needs --reason", param_hint="--reason"
        )
    return reason


def _domain(workspace: Workspace, domain: Domain | None, roster: str | None) -> str:
    """Return the domain: as said, that of the roster, or the only one with a roster in use."""
    if domain is not None:
        return str(domain)
    from sqlalchemy import select

    from shanshui.platform.review import rosters
    from shanshui.platform.store.models import RosterUse

    with workspace.ledger.read() as session:
        if roster is not None:
            return rosters.find(session, roster).domain
        used = sorted(set(session.scalars(select(RosterUse.domain))))
    if len(used) != 1:
        names = [str(one) for one in Domain]
        raise ShanshuiError(
            f"请写明 --domain {'、'.join(names)} / say --domain: {', '.join(names)}"
        )
    return used[0]


def _told(row: Freeze, basis: str) -> None:
    said(
        "已定版 final",
        f"{row.period} {row.domain} 第 {row.number} 版：{row.rows:,} 条数据，"
        f"数据版本 {row.lake_version}，摘要 {row.digest[:12]}",
    )
    said("口径 basis", basis)
    for warning in row.warnings or ():
        note(warning, "not in order; kept with the freeze")


@app.command(
    "list",
    short_help="定版和更正 [dim]freezes and corrections[/dim]",
    help="列出定版的时段、各版和更正的文号。\n\n"
    "[dim]List the periods made final, their numbers and the documents of corrections.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui freeze list[/cyan]",
)
@spread
def list_(listing: Listing, where: Where = None) -> None:
    """List freezes."""
    from shanshui.platform.review import freeze

    with opened(where) as workspace, workspace.ledger.read() as session:
        rows = freeze.listing(session)
    shown = [
        row
        | {
            "roster": f"{row['roster']}@{row['version']}",
            "current": "现行" if row["current"] else "已更正",
            "frozen_at": row["frozen_at"][:10],
            "warnings": len(row["warnings"] or ()) or None,
        }
        for row in rows
    ]
    heads = {
        "period": "时段",
        "domain": "领域",
        "roster": "名单",
        "edition": "标准",
        "number": "版",
        "current": "状态",
        "document": "更正文号",
        "rows": "数据",
        "frozen_by": "定版人",
        "frozen_at": "日期",
        "warnings": "提示",
        "forced": "理由",
    }
    deliver(rows, shown, heads, listing, "定版 freezes")


@app.command(
    "corrections",
    short_help="更正 [dim]corrections[/dim]",
    help="列出更正：文号、理由、改了多少数据和结果。\n\n"
    "[dim]List corrections: document, reason, how many values and figures changed.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui freeze corrections[/cyan]",
)
@spread
def corrections_(listing: Listing, where: Where = None) -> None:
    """List corrections."""
    from shanshui.platform.review import corrections

    with opened(where) as workspace, workspace.ledger.read() as session:
        rows = corrections.listing(session)
    shown = [row | {"at": row["at"][:10]} for row in rows]
    heads = {
        "period": "时段",
        "domain": "领域",
        "roster": "名单",
        "number": "成为第几版",
        "document": "文号",
        "reason": "理由",
        "changed": "改变",
        "added": "新增",
        "withdrawn": "剔除",
        "figures": "结果变动",
        "who": "谁",
        "at": "日期",
    }
    deliver(rows, shown, heads, listing, "更正 corrections")


@app.command(
    short_help="定版的结果 [dim]the figures of a freeze[/dim]",
    help="列出定版的结果，与定版时算出的一字不差。\n\n"
    "[dim]List the figures of a freeze, exactly as they were computed.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui freeze show 2026-10[/cyan]\n\n"
    "[cyan]shanshui freeze show 2026-10 --kind station --number 1 -o 结果.xlsx[/cyan]",
)
@spread
def show(
    period: Period,
    listing: Listing,
    domain: DomainOption = None,
    roster: Roster = None,
    number: Number = None,
    kind: Annotated[
        str | None,
        option(
            "--kind",
            "哪种结果：city city_daily station section shares city_shares",
            "which figures",
            METHOD,
            metavar="种类",
        ),
    ] = None,
    where: Where = None,
) -> None:
    """List the figures of a freeze."""
    from shanshui.platform.review import freeze

    with opened(where) as workspace, workspace.ledger.read() as session:
        row = freeze.find(session, period, domain=domain, roster=roster, number=number)
        lines = freeze.figures(session, row)
        title = f"{row.period} {row.domain} 第 {row.number} 版定版（{row.basis}）"
    kinds = list(dict.fromkeys(line["kind"] for line in lines))
    chosen = kind or next(
        (k for k in ("city", "section", "point", "station") if k in kinds), "city"
    )
    if chosen not in kinds:
        raise ShanshuiError(
            f"没有 {chosen} 的结果；有：{'、'.join(kinds)} / no figures of {chosen}; there are: "
            f"{', '.join(kinds)}"
        )
    rows = [
        {name: line[name] for name in ("kind", "place", "start", "end", "basis")} | line["figures"]
        for line in lines
        if line["kind"] == chosen
    ]
    heads = {"place": _KINDS[chosen]} | ({"start": "日期"} if chosen.endswith("daily") else {})
    there = {name for row in rows for name in row}
    heads |= {name: label(name) for name in _SHOWN[chosen] if name in there}
    deliver(rows, rows, heads, listing, title)
    others = [k for k in kinds if k != chosen]
    if others and listing.said() is Form.TABLE:
        note(
            f"还有 {'、'.join(others)}；用 --kind 看",
            "more by --kind",
            style="cyan",
            head="另外 more",
        )


@app.command(
    "diff",
    short_help="现在定版会变什么 [dim]what would change[/dim]",
    help="如果现在重新定版，哪些数据和结果会变；不写入。\n\n"
    "[dim]Which values and figures would change if it were made final now; writes nothing.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui freeze diff 2026-10[/cyan]\n\n"
    "[cyan]shanshui freeze diff 2026-10 --values -o 变动.xlsx[/cyan]",
)
@spread
def diff_(
    period: Period,
    listing: Listing,
    domain: DomainOption = None,
    roster: Roster = None,
    number: Number = None,
    version: Version = None,
    values: Annotated[
        bool, option("--values", "列出数据而不是结果", "list values, not figures", METHOD)
    ] = False,
    where: Where = None,
) -> None:
    """Say what would change."""
    from shanshui.platform.review import corrections

    with opened(where) as workspace, working("比较 comparing"):
        found = corrections.diff(
            workspace, period, domain=domain, roster=roster, number=number, version=version
        )
    if listing.said() is Form.TABLE:
        _counted(found)
    if values:
        rows = [
            row | {"change_zh": _FATES[row["change"]], "time": str(row["time"])}
            for row in found.values.to_dicts()
        ]
        heads = {
            "change_zh": "变动",
            "station": "点位",
            "property": "项目",
            "time": "时间",
            "value": "定版值",
            "value_now": "现值",
            "flag": "定版标记",
            "flag_now": "现标记",
            "state_now": "现状态",
        }
        deliver(rows, rows, heads, listing, "会变的数据 values that would change")
        return
    names = ("kind", "place", "start", "name", "before", "now")
    lines = [dict(zip(names, one, strict=True)) for one in found.figures]
    shown = [
        line | {"kind": _KINDS.get(line["kind"], line["kind"]), "name": label(line["name"])}
        for line in lines
        if not line["name"].startswith(("reason_", "hours_", "stations_", "n_"))
    ]
    heads = {
        "kind": "结果",
        "place": "地方",
        "start": "起",
        "name": "指标",
        "before": "定版",
        "now": "现在",
    }
    deliver(lines, shown, heads, listing, "会变的结果 figures that would change")


def _counted(found: FreezeDiff) -> None:
    counts = "、".join(f"{_FATES[name]} {n:,}" for name, n in found.counts.items() if n)
    row = found.row
    said(
        f"{row.period} 第 {row.number} 版",
        f"数据{counts or '不变'}；结果变动 {len(found.figures):,} 个",
    )
    for one in found.by_property().iter_rows(named=True):
        parts = "、".join(f"{_FATES[name]} {one[name]:,}" for name in _FATES if one[name])
        said(f"  {label(one['property'])}", f"{parts}；合计变动 {one['sum_change']:+g}")
    for zh, en in found.prepared.warnings:
        note(zh, en)


@app.command(
    short_help="更正已定版的时段 [dim]correct a final period[/dim]",
    help="凭文号更正：重新定版为下一版，写明改了什么；原来一版仍可查看。\n\n"
    "[dim]Make it final anew by a document; the number before stays readable.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui freeze correct 2026-10 --document 〔2026〕12号 --reason 仪器校准[/cyan]",
)
@spread
def correct(
    period: Period,
    document: Annotated[
        str, option("--document", "更正文件的文号", "number of the paper", METHOD, metavar="文号")
    ],
    reason: Annotated[str, option("--reason", "为什么更正", "why", METHOD, metavar="文字")],
    domain: DomainOption = None,
    roster: Roster = None,
    version: Version = None,
    force: Annotated[
        bool, option("--force", "有新的不齐之处也更正", "although something is not ready", METHOD)
    ] = False,
    where: Where = None,
    who: Who = None,
) -> None:
    """Correct a final period."""
    from shanshui.platform.review import corrections

    with opened(where) as workspace, working("更正 correcting"):
        row, found = corrections.correct(
            workspace,
            period,
            who=person(who),
            document=document,
            reason=reason,
            domain=domain,
            roster=roster,
            version=version,
            force=reason if force else None,
        )
    _counted(found)
    _told(row, row.basis)


@app.command(
    short_help="核验定版没有变 [dim]prove that nothing moved[/dim]",
    help="重新读出定版的数据，核对条数、合计和摘要；有出入时退出码为 1。\n\n"
    "[dim]Read the frozen values back and compare count, sums and digest; exits with 1 where "
    "they differ.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui freeze verify[/cyan]\n\n"
    "[cyan]shanshui freeze verify 2026-10 --recompute[/cyan]",
)
@spread
def verify(
    period: Annotated[
        str | None,
        typer.Argument(
            metavar="时段 PERIOD",
            help="默认全部定版 [dim]by default every freeze[/dim]",
            show_default=False,
        ),
    ] = None,
    recompute: Annotated[
        bool,
        option("--recompute", "并用定版数据重算结果", "compute the figures anew too", METHOD),
    ] = False,
    where: Where = None,
) -> None:
    """Prove that nothing moved."""
    from sqlalchemy import select

    from shanshui.platform.review import freeze
    from shanshui.platform.review.periods import span
    from shanshui.platform.store.models import Freeze

    wrong = False
    with opened(where) as workspace:
        with workspace.ledger.read() as session:
            query = select(Freeze).order_by(Freeze.start, Freeze.period, Freeze.number)
            if period is not None:
                query = query.where(Freeze.period == span(period).text)
            rows = list(session.scalars(query))
            session.expunge_all()
        if not rows:
            raise ShanshuiError("没有定版 / there is no freeze")
        for row in rows:
            with working(f"核验 {row.period}"):
                faults = freeze.verify(workspace, row, recompute=recompute)
            name = f"{row.period} {row.domain} 第 {row.number} 版"
            if not faults:
                said("未变 unmoved", f"{name}：{row.rows:,} 条数据，摘要 {row.digest[:12]}")
                continue
            wrong = True
            for fault in faults[:10]:
                note(
                    f"{name} {fault}",
                    "reads otherwise than it was frozen",
                    style="red",
                    head="变了 moved",
                )
    if wrong:
        raise typer.Exit(1)

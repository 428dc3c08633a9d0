"""``shanshui roster …``: dated lists of stations and sections, and the ones in use."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shanshui.cli.listing import Listing, deliver
from shanshui.cli.options import METHOD, READ, Encoding, Sheet, option, pairs, spread
from shanshui.cli.output import note, said
from shanshui.cli.workspace import Reason, Where, Who, opened, person

if TYPE_CHECKING:
    from shanshui.platform.review.rosters import Loaded
    from shanshui.platform.store import Workspace

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="点位、断面名单：一份名单一个用途，按版本和日期管理；同比两边用同一版。\n\n"
    "[dim]Rosters of stations and sections: one list for one purpose, in dated versions; a "
    "comparison with last year uses one version on both sides.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui roster import 国控点位.xlsx guokong --domain air --purpose 国控点位 "
    "--version 2021 --from 2021-01-01[/cyan]\n\n"
    "[cyan]shanshui roster use guokong[/cyan]\n\n"
    "[cyan]shanshui roster compare guokong 2026-10[/cyan]",
)

Row = dict[str, Any]
_CHANGES = {"added": "新增", "dropped": "退出", "moved": "搬迁", "changed": "改变"}
_FIELDS = {
    "station_code": "编码",
    "name": "名称",
    "province": "省",
    "city": "市",
    "county": "区县",
    "basin": "流域",
    "river": "水体",
    "kind": "水体类型",
    "control": "控制级别",
    "attributes": "考核属性",
    "unit": "责任单位",
    "chief": "河长",
    "targets": "水质目标",
    "zone": "功能区类别",
    "length": "路段长度",
    "area": "面积",
    "reference": "对照点",
    "left_out": "不考核原因",
}


class Domain(StrEnum):
    """Domains of rosters, and of what is assessed by them."""

    AIR = "air"
    WATER = "water"
    SOURCE = "source"
    GROUND = "ground"
    SEA = "sea"
    NOISE = "noise"


Code = Annotated[
    str,
    typer.Argument(metavar="名单 ROSTER", help="名单代码 [dim]its code[/dim]", show_default=False),
]
Version = Annotated[
    str | None,
    option("--version", "版本名；默认按日期", "label of a version", METHOD, metavar="版本"),
]


@app.command(
    "import",
    short_help="录入一版 [dim]take a version in[/dim]",
    help="从 CSV、Excel 录入名单的一版；前一版到前一天为止。有误的行搁置，写明行和列。\n\n"
    "[dim]Take a version of a roster in; the one before ends the day before. Rows with a fault "
    "are set aside, each with its row and column.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui roster import 点位.csv guokong --domain air --purpose 国控点位 "
    "--version 2021 --from 2021-01-01 --approval 〔2020〕5号[/cyan]\n\n"
    "[cyan]shanshui roster import 点位2026.csv guokong --version 2026 --from 2026-07-01[/cyan]",
)
@spread
def import_(
    file: Annotated[
        str,
        typer.Argument(
            metavar="文件 FILE",
            help="CSV、Excel、Parquet； - 为标准输入\n\n[dim]- is stdin[/dim]",
            show_default=False,
        ),
    ],
    code: Code,
    version: Annotated[
        str, option("--version", "版本名，如 2021", "label of the version", METHOD, metavar="版本")
    ],
    start: Annotated[str, option("--from", "从哪天起", "first day", METHOD, metavar="日期")],
    end: Annotated[
        str | None,
        option("--to", "到哪天止；默认另有通知", "last day", METHOD, metavar="日期"),
    ] = None,
    domain: Annotated[
        Domain | None, option("--domain", "新名单的领域", "domain of a new roster", METHOD)
    ] = None,
    purpose: Annotated[
        str | None,
        option(
            "--purpose",
            "新名单的用途，如 国控点位",
            "what a new roster is for",
            METHOD,
            metavar="用途",
        ),
    ] = None,
    name: Annotated[
        str | None, option("--name", "名称；默认同用途", "its name", METHOD, metavar="名称")
    ] = None,
    approval: Annotated[
        str | None,
        option(
            "--approval", "批准文件的文号", "the paper that approves it", METHOD, metavar="文号"
        ),
    ] = None,
    document: Annotated[
        str | None,
        option(
            "--document", "台账里批准文件的代码", "its code in the ledger", METHOD, metavar="代码"
        ),
    ] = None,
    replace: Annotated[
        bool,
        option(
            "--replace",
            "替换录错的同名版本；已用于定版的不能换",
            "put it in the place of the version of this label",
            METHOD,
        ),
    ] = False,
    encoding: Encoding = None,
    sheet: Sheet = None,
    columns: Annotated[
        list[str] | None,
        option(
            "--column",
            "指明一列的含义，如 点号=code；可多次",
            "say what a column is; may be repeated",
            READ,
            metavar="列名=含义",
        ),
    ] = None,
    where: Where = None,
    who: Who = None,
    reason: Reason = None,
) -> None:
    """Take a version of a roster in."""
    from shanshui.platform.review import rosters

    said_columns = pairs(columns, "--column")
    with opened(where) as workspace:
        loaded = rosters.load(
            workspace.ledger,
            file,
            who=person(who),
            code=code,
            version=version,
            start=start,
            end=end,
            name=name,
            domain=domain,
            purpose=purpose,
            approval=approval,
            document=document,
            replace=replace,
            reason=reason,
            encoding=encoding,
            columns=said_columns,
            sheet=sheet,
        )
        _told(workspace, loaded, Path(file).stem)
    if loaded.rejected.height:
        raise typer.Exit(1)


def _told(workspace: Workspace, loaded: Loaded, stem: str) -> None:
    words = {"new": "已录入 entered", "replaced": "已替换 replaced", "same": "已有 already there"}
    said(
        words[loaded.state],
        f"{loaded.roster} {loaded.version} 版：{loaded.entries} 个点位"
        + (f"；{loaded.closed} 版到前一天为止" if loaded.closed else ""),
    )
    if loaded.rejected.height:
        from shanshui.platform.files import write_whole

        path = workspace.folder / "rejected" / f"{stem}-{loaded.roster}-{loaded.version}.csv"
        path.parent.mkdir(exist_ok=True)
        write_whole(path, b"\xef\xbb\xbf" + loaded.rejected.write_csv().encode())
        for row in loaded.rejected.head(5).iter_rows(named=True):
            where = f"第 {row['row']} 行，{row['column']}“{row['value']}”"
            note(
                f"{where}：{row['reason']}，应为{row['expected'].split(' / ')[0]}",
                f"row {row['row']}, {row['column']}: {row['reason_en']}",
            )
        note(
            f"{loaded.rejected.height} 行未录入，列在 {path}；改好整张表后加 --replace 重录",
            f"{loaded.rejected.height} rows were not taken: mend the list and import it again "
            "with --replace",
        )
    if loaded.unmoved:
        note(
            f"前一版没有这些点位的原点位：{'、'.join(loaded.unmoved[:8])}",
            "the version before does not list what these moved from",
        )
    if loaded.unknown:
        note(
            f"{len(loaded.unknown)} 个点位没有登记：{'、'.join(loaded.unknown[:8])}",
            f"{len(loaded.unknown)} stations are not in the registry",
        )
    if loaded.unread:
        note(f"没有读的列：{'、'.join(loaded.unread[:12])}", "columns that were not read")


@app.command(
    "list",
    short_help="名单和版本 [dim]rosters and versions[/dim]",
    help="列出名单、各版本的起止、点位数和批准文件。\n\n"
    "[dim]List rosters: their versions, dates, numbers of stations and approvals.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui roster list[/cyan]",
)
@spread
def list_(listing: Listing, where: Where = None) -> None:
    """List rosters and their versions."""
    from shanshui.platform.review import rosters

    with opened(where) as workspace, workspace.ledger.read() as session:
        rows = rosters.listing(session)
    shown = [
        row
        | {
            "used_zh": {"yes": "在用，固定", "by date": "在用", None: None}[row["used"]],
            "moved": row["moved"] or None,
        }
        for row in rows
    ]
    heads = {
        "roster": "代码",
        "name": "名称",
        "domain": "领域",
        "version": "版本",
        "start": "起",
        "end": "止",
        "stations": "点位",
        "moved": "迁入",
        "approval": "批准文件",
        "used_zh": "在用",
        "note": "备注",
    }
    deliver(rows, shown, heads, listing, "名单 rosters")


@app.command(
    short_help="一版的点位 [dim]the stations of a version[/dim]",
    help="列出一版的点位：级别、考核属性、责任单位、水质目标、由何处迁来。\n\n"
    "[dim]List the stations of a version: level, attributes, units, targets, moves.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui roster show guokong[/cyan]\n\n"
    "[cyan]shanshui roster show guokong --version 2021 -o 点位.xlsx[/cyan]",
)
@spread
def show(
    listing: Listing,
    code: Code,
    version: Version = None,
    day: Annotated[
        str | None,
        option(
            "--date", "哪天有效的一版；默认今天", "in force on this day", METHOD, metavar="日期"
        ),
    ] = None,
    where: Where = None,
) -> None:
    """List the stations of a version."""
    from shanshui.platform.review import rosters

    with opened(where) as workspace, workspace.ledger.read() as session:
        one = (
            rosters.version_of(session, code, version)
            if version
            else rosters.in_force(session, code, day or date.today())
        )
        rows = [
            {
                "station": entry.station_code,
                "name": entry.name,
                **{name: getattr(entry, name) for name in ("province", "city", "county")},
                "basin": entry.basin,
                "river": entry.river,
                "kind": entry.kind,
                "control": entry.control,
                "attributes": entry.attributes,
                "unit": entry.unit,
                "chief": entry.chief,
                "targets": entry.targets,
                **{name: getattr(entry, name) for name in ("zone", "length", "area")},
                "reference": entry.reference,
                "left_out": entry.left_out,
                "moved_from": entry.moved_from,
                "note": entry.note,
            }
            for entry in rosters.entries_of(session, one)
        ]
        title = f"{code} {one.label} 版（{one.start}—{one.end or ''}）的点位 stations"
    shown = [
        row
        | {
            "targets": _plain(row["targets"]),
            "attributes": _plain(row["attributes"]),
            "reference": "是" if row["reference"] else None,
        }
        for row in rows
    ]
    special = {name for name in ("zone", "length", "area") if not any(r[name] for r in rows)}
    heads = {"station": "编码"} | {
        name: _FIELDS[name]
        for name in _FIELDS
        if name not in {"station_code", "province", *special}
    }
    deliver(rows, shown, heads | {"moved_from": "迁自", "note": "备注"}, listing, title)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        marks = "ⅠⅡⅢⅣⅤ"
        return "，".join(
            marks[number - 1] if year == "every" else f"{year}: {marks[number - 1]}"
            for year, number in value.items()
        )
    if isinstance(value, list):
        return "、".join(map(str, value))
    if isinstance(value, bool):
        return "是" if value else "否"
    return value


@app.command(
    "diff",
    short_help="两版之间的变动 [dim]what differs between versions[/dim]",
    help="两版之间新增、退出、搬迁和改变了什么；不写版本为最近两版。\n\n"
    "[dim]What was added, dropped, moved or changed; by default between the last two versions."
    "[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui roster diff guokong[/cyan]\n\n"
    "[cyan]shanshui roster diff guokong 2021 2026[/cyan]",
)
@spread
def diff_(
    listing: Listing,
    code: Code,
    a: Annotated[
        str | None,
        typer.Argument(metavar="版本 A", help="[dim]a version[/dim]", show_default=False),
    ] = None,
    b: Annotated[
        str | None,
        typer.Argument(metavar="版本 B", help="[dim]a later one[/dim]", show_default=False),
    ] = None,
    where: Where = None,
) -> None:
    """Say what differs between versions."""
    from shanshui.platform.review import rosters
    from shanshui.standards.errors import ShanshuiError

    with opened(where) as workspace, workspace.ledger.read() as session:
        every = rosters.versions(session, code)
        two = [rosters.version_of(session, code, label) for label in (a, b) if label]
        if len(two) == 1:
            two.append(every[-1])
        elif not two:
            two = every[-2:]
        if len(two) < 2:
            raise ShanshuiError(f"名单 {code} 只有一版 / the roster {code} has one version only")
        found = rosters.diff(session, two[0], two[1])
        rows = found.rows()
    shown = [
        row
        | {
            "change": _CHANGES[row["change"]],
            "field": _FIELDS.get(row["field"] or ""),
            "before": _plain(row["before"]),
            "after": _plain(row["after"]),
        }
        for row in rows
    ]
    heads = {
        "change": "变动",
        "station": "编码",
        "name": "名称",
        "city": "市",
        "field": "字段",
        "before": "前",
        "after": "后",
    }
    counts = (
        f"增 {len(found.added)}、减 {len(found.dropped)}、迁 {len(found.moved)}、"
        f"改 {len(found.changed)}、同 {found.same}"
    )
    deliver(rows, shown, heads, listing, f"{code} {found.a} 版 → {found.b} 版：{counts}")


@app.command(
    "use",
    short_help="定为在用 [dim]put a roster to use[/dim]",
    help="通报和定版没有指明名单时用这份；不写版本则按日期取有效的一版。\n\n"
    "[dim]Bulletins and freezes use this roster where none is named; without a version, the one "
    "in force on the day.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui roster use guokong[/cyan]\n\n"
    "[cyan]shanshui roster use guokong --version 2021[/cyan]",
)
@spread
def use_(
    code: Code,
    version: Version = None,
    where: Where = None,
    who: Who = None,
    reason: Reason = None,
) -> None:
    """Put a roster to use."""
    from shanshui.platform.review import rosters

    with opened(where) as workspace:
        row = rosters.use(workspace.ledger, code, who=person(who), version=version, reason=reason)
    which = f"{version} 版" if version else "按日期取有效的一版"
    said("在用 in use", f"{row.domain} {row.purpose}：{code}，{which}")


@app.command(
    "compare",
    short_help="同比用哪些点位 [dim]the stations of a comparison[/dim]",
    help="与上年同期比较时两边都计哪些点位，其间有几个变动，哪些不可比。\n\n"
    "[dim]Which stations count on both sides of a comparison with the year before, how many "
    "changed meanwhile, and what cannot be compared.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui roster compare guokong 2026-10[/cyan]\n\n"
    "[cyan]shanshui roster compare guokong 2026 --before 2020[/cyan]",
)
@spread
def compare(
    listing: Listing,
    code: Code,
    period: Annotated[
        str,
        typer.Argument(
            metavar="时段 PERIOD",
            help="2026-10、2026-Q3 或 2026 [dim]a month, quarter or year[/dim]",
            show_default=False,
        ),
    ],
    before: Annotated[
        str | None,
        option(
            "--before",
            "与哪个时段比；默认上年同期",
            "by default a year before",
            METHOD,
            metavar="时段",
        ),
    ] = None,
    version: Version = None,
    where: Where = None,
) -> None:
    """Say which stations count on both sides."""
    from shanshui.platform.review import rosters
    from shanshui.platform.review.freeze import measured

    with opened(where) as workspace, workspace.ledger.read() as session:
        roster = rosters.find(session, code)
        first = rosters.compared(session, code, period, before, version=version)
        there = measured(workspace, roster.domain, first.before.text, first.stations["station"])
        found = rosters.compared(session, code, period, before, version=version, measured=there)
    fates = dict.fromkeys(found.stations["station"], "计 counts")
    fates |= dict.fromkeys(found.moved, "迁，不计 moved")
    fates |= dict.fromkeys(found.unmeasured, "前期无数据，不计 no data then")
    fates |= dict.fromkeys(found.dropped, "已退出，不计 dropped")
    rows = [
        {
            "station": station,
            "fate": fate,
            "moved_from": found.moved.get(station),
            "added": station in found.added,
        }
        for station, fate in fates.items()
    ]
    shown = [row | {"added": "是" if row["added"] else None} for row in rows]
    heads = {"station": "点位", "fate": "两期", "moved_from": "原点位", "added": "后增"}
    said("同口径 same roster", str(found))
    deliver(rows, shown, heads, listing, f"{found.now.text} 与 {found.before.text} 的点位 stations")
    for area, (left, of) in found.thinned.items():
        note(
            f"{area}：{of} 个评价点位里 {left} 个可比",
            f"{area}: {left} of {of} assessment stations can be compared",
        )

"""``shanshui init|backup|restore|log``, and which workspace a command means."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shanshui.cli.listing import Listing, deliver
from shanshui.cli.options import METHOD, RESULT, option, spread
from shanshui.cli.output import note, said, working
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from shanshui.platform.store import Workspace

PLACE = "工作区 Workspace"

Where = Annotated[
    str | None,
    option(
        "--workspace",
        "工作区文件夹；默认 $SHANSHUI_WORKSPACE 或当前文件夹及其上级",
        "folder of the workspace; by default $SHANSHUI_WORKSPACE, or here and upwards",
        PLACE,
        "-w",
        metavar="文件夹",
    ),
]
Who = Annotated[
    str | None,
    option(
        "--who",
        "谁在改；默认 $SHANSHUI_WHO 或登录名",
        "who makes the change; by default $SHANSHUI_WHO or the login name",
        PLACE,
        metavar="姓名",
    ),
]
Reason = Annotated[
    str | None,
    option("--reason", "为什么，记入留痕", "why, for the audit trail", PLACE, metavar="文字"),
]


def opened(where: str | None) -> Workspace:
    """Open the workspace that is meant; say so where it was brought up to date."""
    try:
        from shanshui.platform.store import Workspace
    except ModuleNotFoundError as fault:
        raise _missing(fault) from None
    workspace = Workspace.open(where)
    if workspace.migrated:
        kept = f"，原样备份在 {workspace.backed_up}" if workspace.backed_up else ""
        note(
            f"台账已升级（{workspace.migrated}）{kept}",
            f"the ledger was brought up to date ({workspace.migrated})",
        )
    return workspace


def person(who: str | None) -> str:
    """Return who makes a change: as said, of the environment, or the login name."""
    return who or os.environ.get("SHANSHUI_WHO") or getpass.getuser()


# ------------------------------------------------------------------------------------- commands


@spread
def init(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="文件夹 DIR",
            help="新建或空的文件夹；默认当前文件夹\n\n[dim]by default the current folder[/dim]",
            show_default=False,
        ),
    ] = Path(),
    name: Annotated[
        str | None, option("--name", "名称；默认文件夹名", "what to call it", PLACE, metavar="名称")
    ] = None,
    region: Annotated[
        str | None,
        option(
            "--region", "所属地区的名称或代码", "its region, name or code", PLACE, metavar="地区"
        ),
    ] = None,
    ledger: Annotated[
        str | None,
        option(
            "--ledger",
            "台账：空的 PostgreSQL 库 postgresql://用户@主机/库；默认文件夹里的 SQLite 文件",
            "an empty PostgreSQL database; by default a file of SQLite",
            PLACE,
            metavar="URL",
        ),
    ] = None,
    lake: Annotated[
        str | None,
        option(
            "--lake",
            "监测数据放在哪里：文件夹或 s3://桶/前缀",
            "folder or object store of the observations",
            PLACE,
            metavar="URL",
        ),
    ] = None,
) -> None:
    """Make a workspace."""
    try:
        from shanshui.platform import catalog
        from shanshui.platform.store import Workspace
    except ModuleNotFoundError as fault:
        raise _missing(fault) from None
    code = catalog.find_region(region)["code"] if region else None
    with working("建立工作区 making the workspace"):
        workspace = Workspace.create(folder, name=name, region=code, ledger=ledger, lake=lake)
    with workspace:
        said("已建立 made", f"{workspace.folder}（台账 ledger {workspace.ledger.label}）")
    note(
        "下一步：shanshui plan add 规划.docx；shanshui ingest 数据.csv",
        "next: shanshui plan add PLAN; shanshui ingest FILE",
        style="cyan",
        head="接着 then",
    )


@spread
def backup(
    where: Where = None,
    output: Annotated[
        Path | None,
        option(
            "--output",
            "放备份的文件夹；默认工作区的 backups",
            "folder of the backup; by default backups in the workspace",
            RESULT,
            "-o",
            metavar="文件夹",
        ),
    ] = None,
) -> None:
    """Back the ledger up."""
    with opened(where) as workspace, working("备份 backing up"):
        path = workspace.backup(output)
    said("已备份 backed up", str(path))


@spread
def restore(
    file: Annotated[
        Path,
        typer.Argument(metavar="备份 BACKUP", help="ledger-….zip", show_default=False),
    ],
    where: Where = None,
) -> None:
    """Restore the ledger of a workspace that has lost it."""
    from shanshui.platform.store import Workspace

    with working("恢复 restoring"):
        rows = Workspace.restore(file, where)
    said("已恢复 restored", f"{sum(rows.values()):,} 行 rows")


@spread
def log(
    listing: Listing,
    where: Where = None,
    subject: Annotated[
        str | None,
        option(
            "--subject",
            "只看这张表，如 commitments",
            "this table only, e.g. commitments",
            METHOD,
            metavar="表",
        ),
    ] = None,
    key: Annotated[
        str | None, option("--key", "只看这一行", "this row only", METHOD, metavar="键")
    ] = None,
    by: Annotated[
        str | None, option("--by", "只看这个人", "this person only", METHOD, metavar="姓名")
    ] = None,
) -> None:
    """List the audit trail, the latest first."""
    from shanshui.platform.store.trail import changes

    with opened(where) as workspace:
        rows = changes(workspace.ledger, subject=subject, key=key, who=by)
    shown = [row | {"what": _difference(row)} for row in rows]
    heads = {
        "at": "时间",
        "who": "谁",
        "action": "做了什么",
        "subject": "表",
        "key": "行",
        "what": "改了什么",
        "reason": "理由",
    }
    deliver(rows, shown, heads, listing, "留痕 audit trail")


def _difference(row: dict[str, Any]) -> str:
    before, after = row["before"] or {}, row["after"] or {}
    if row["change"] == "insert":
        return "新增 " + "，".join(f"{k}={v}" for k, v in after.items() if k != "id")[:120]
    if row["change"] == "delete":
        return "删除"
    return "，".join(f"{k}: {before[k]} → {after[k]}" for k in after)[:200]


def _missing(fault: ModuleNotFoundError) -> ShanshuiError:
    return ShanshuiError(
        f'工作区需要 {fault.name}：pip install "shanshui[platform]" / '
        f'a workspace needs {fault.name}: pip install "shanshui[platform]"'
    )


def register(app: typer.Typer) -> None:
    """Put the commands on the root of the command line."""
    app.command(
        "init",
        short_help="建立工作区 [dim]make a workspace[/dim]",
        help="建立工作区：一个文件夹，里面有设置、台账和监测数据。\n\n"
        "[dim]Make a workspace: a folder with its settings, the ledger and the lake.[/dim]",
        epilog="例 Examples\n\n[cyan]shanshui init 广州 --region 广州市[/cyan]\n\n"
        "[cyan]shanshui init . --ledger postgresql://bureau@db.example/shanshui[/cyan]",
    )(init)
    app.command(
        "backup",
        short_help="备份台账 [dim]back the ledger up[/dim]",
        help="备份台账、设置、导入方案和佐证：一个 ZIP，SQLite 和 PostgreSQL 都能恢复。"
        "监测数据另用 shanshui lake backup。\n\n"
        "[dim]Back up the ledger, settings, import profiles and evidence as a ZIP that either "
        "database takes back. The lake has shanshui lake backup.[/dim]",
        epilog="例 Examples\n\n[cyan]shanshui backup -o /mnt/备份[/cyan]",
    )(backup)
    app.command(
        "restore",
        short_help="恢复台账 [dim]restore the ledger[/dim]",
        help="台账丢失后从备份恢复；台账还在时不覆盖。\n\n"
        "[dim]Restore a lost ledger from a backup; one that is there is never overwritten.[/dim]",
        epilog="例 Examples\n\n[cyan]shanshui restore backups/ledger-0001-….zip[/cyan]",
    )(restore)
    app.command(
        "log",
        short_help="留痕 [dim]audit trail[/dim]",
        help="谁在什么时候改了什么，为什么。\n\n[dim]Who changed what, when and why.[/dim]",
        epilog="例 Examples\n\n[cyan]shanshui log --subject commitments[/cyan]",
    )(log)

"""``shanshui lake …``: what the lake of observations holds, and its care."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from shanshui.cli.listing import Form, Listing, deliver
from shanshui.cli.options import METHOD, RESULT, option, spread
from shanshui.cli.output import note, said, working
from shanshui.cli.workspace import Where, opened
from shanshui.standards.errors import ShanshuiError

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="监测数据湖：有什么、各版本、整理、清理、备份和恢复。\n\n"
    "[dim]The lake of observations: contents, versions, compaction, vacuum, backup and restore."
    "[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui lake status[/cyan]\n\n"
    "[cyan]shanshui lake compact[/cyan]\n\n"
    "[cyan]shanshui lake backup /mnt/备份/2026-11-20[/cyan]",
)
_NAMES = {
    "air_hour": "空气小时值",
    "observations": "其他监测数据",
    "revisions": "历次旧值",
    "flags": "质控标记",
    "latest": "最新值",
}
_MANY = 50  # files out of order that are worth a word


@app.command(
    short_help="有什么、是否完好 [dim]contents and soundness[/dim]",
    help="各表的行数、文件、起止时间；数据文件是否都在。缺文件时退出码为 1。\n\n"
    "[dim]Rows, files and times of each table, and whether every file is there; exit code 1 where "
    "one is missing.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui lake status[/cyan]\n\n"
    "[cyan]shanshui lake status --json[/cyan]",
)
@spread
def status(listing: Listing, where: Where = None) -> None:
    """Say what the lake holds."""
    with opened(where) as workspace, working("查看数据湖 looking at the lake"):
        found = workspace.lake.status()
    rows: list[dict[str, Any]] = [
        {"name": _NAMES.get(one.table, one.table)} | asdict(one) for one in found.tables
    ]
    shown = [
        row
        | {name: f"{row[name]:,}" for name in ("rows", "files", "scattered")}
        | {"size": f"{row['size'] / 1e6:,.1f} MB"}
        | {name: f"{row[name]:%Y-%m-%d %H:%M}" if row[name] else "" for name in ("first", "last")}
        for row in rows
    ]
    heads = {
        "name": "内容",
        "table": "表",
        "rows": "行",
        "first": "最早",
        "last": "最晚",
        "files": "文件",
        "scattered": "待整理",
        "size": "大小",
    }
    deliver(rows, shown, heads, listing, f"数据湖 lake · 版本 version {found.version}")
    if listing.said() is Form.TABLE:
        if sum(one.scattered for one in found.tables) > _MANY:
            note(
                "小文件较多，可用 shanshui lake compact 整理", "many small files: compact the lake"
            )
        if found.unfinished:
            note(
                "有写入未完成：或正在进行，或被中断；下一次写入会自动收回",
                "a store is unfinished: under way, or cut off, which the next one takes back",
            )
    if found.missing:
        raise ShanshuiError(
            f"缺少 {len(found.missing)} 个数据文件，如 {found.missing[0]}；请从备份恢复 / "
            f"{len(found.missing)} data files are missing, e.g. {found.missing[0]}; "
            "restore a backup"
        )


@app.command(
    short_help="各版本 [dim]versions[/dim]",
    help="每个版本何时、由什么写入，新增、改变、已有各多少；最新在前。版本号可用来重读当时的数据。\n\n"
    "[dim]When and by what each version was written, the newest first; the number reads the data "
    "as they were.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui lake versions --rows 10[/cyan]",
)
@spread
def versions(listing: Listing, where: Where = None) -> None:
    """List the versions."""
    with opened(where) as workspace:
        rows = workspace.lake.versions().to_dicts()
    shown = [
        row | {"recorded": f"{row['recorded'].astimezone():%Y-%m-%d %H:%M:%S}"} for row in rows
    ]
    heads = {
        "version": "版本",
        "recorded": "时间",
        "action": "做了什么",
        "source": "来源",
        "read": "读入",
        "stored": "新增",
        "changed": "改变",
        "already": "已有",
        "outranked": "级别较低",
    }
    deliver(rows, shown, heads, listing, "数据湖版本 versions of the lake")


@app.command(
    short_help="整理小文件 [dim]join small files[/dim]",
    help="把小文件并成按站点和时间排好的文件，读起来快；数据不变。\n\n"
    "[dim]Join small files, sorted by station and time; no observation changes.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui lake compact[/cyan]",
)
@spread
def compact(where: Where = None) -> None:
    """Compact the lake."""
    with opened(where) as workspace, working("整理 compacting"):
        done = workspace.lake.compact()
    said("已整理 compacted", f"{done.before:,} → {done.after:,} 个文件 files")


@app.command(
    short_help="清理不再需要的文件 [dim]remove old files[/dim]",
    help="删除任何新于保留期的版本都不需要的文件。各时刻的数据仍可重读。\n\n"
    "[dim]Remove files that no version newer than the retention needs; what was current at any "
    "moment can still be read.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui lake vacuum --dry-run[/cyan]",
)
@spread
def vacuum(
    where: Where = None,
    days: Annotated[
        float,
        option(
            "--days",
            "保留多少天，供正在读的程序用",
            "kept for readers at work",
            METHOD,
            min=0,
            show_default=True,
        ),
    ] = 7,
    dry_run: Annotated[
        bool, option("--dry-run", "只说会删多少", "only say how many", METHOD)
    ] = False,
) -> None:
    """Vacuum the lake."""
    with opened(where) as workspace, working("清理 vacuuming"):
        done = workspace.lake.vacuum(timedelta(days=days), dry_run=dry_run)
    count = sum(len(files) for files in done.files.values())
    said("会删 would remove" if dry_run else "已删 removed", f"{count:,} 个文件 files")


@app.command(
    short_help="备份 [dim]back up[/dim]",
    help="把整个数据湖复制到新文件夹，并读回核对。\n\n"
    "[dim]Copy the whole lake into a new folder and read the copy back.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui lake backup /mnt/备份/2026-11-20[/cyan]",
)
@spread
def backup(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="文件夹 DIR",
            help="新建或空的文件夹\n\n[dim]a new or empty folder[/dim]",
            show_default=False,
        ),
    ],
    where: Where = None,
) -> None:
    """Back the lake up."""
    with opened(where) as workspace, working("备份并核对 backing up"):
        done = workspace.lake.backup(folder)
    said(
        "已备份 backed up",
        f"{done.path}（版本 version {done.version}，{done.files:,} 个文件 files，"
        f"{done.size / 1e6:,.1f} MB）",
    )


@app.command(
    short_help="从备份恢复 [dim]restore[/dim]",
    help="核对备份后恢复；目标须不存在或为空，不覆盖已有数据。\n\n"
    "[dim]Check a backup and restore it into a folder that is not there or empty.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui lake restore /mnt/备份/2026-11-20[/cyan]",
)
@spread
def restore(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="备份 BACKUP",
            help="shanshui lake backup 所做的文件夹\n\n[dim]a folder made by backup[/dim]",
            show_default=False,
        ),
    ],
    where: Where = None,
    to: Annotated[
        Path | None,
        option(
            "--to",
            "恢复到这个文件夹；默认工作区的数据湖",
            "folder to restore to; by default the workspace's lake",
            RESULT,
            metavar="文件夹",
        ),
    ] = None,
) -> None:
    """Restore the lake."""
    from shanshui.platform.store.lake import Lake

    target = to
    if target is None:
        with opened(where) as workspace:
            target = workspace.lake.place.folder
    if target is None:
        raise ShanshuiError(
            "工作区的数据湖在对象存储上，请用 --to 指明文件夹 / "
            "the workspace's lake is on an object store: say a folder with --to"
        )
    with working("核对并恢复 restoring"):
        lake = Lake.restore(folder, target)
    said("已恢复 restored", f"{target}（版本 version {lake.version}）")

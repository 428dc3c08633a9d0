"""``shanshui water bulletin``: the monthly bulletin of surface water as Word, Excel or a page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from shanshui.cli.bulletin import Print, Status
from shanshui.cli.documents import shipped_template
from shanshui.cli.options import METHOD, RESULT, Output, option, spread
from shanshui.cli.output import note, out, rejects, said, working
from shanshui.cli.water import Detection, Samples, app, detection_limits
from shanshui.platform.files import write_whole


def _shipped() -> bytes:
    from shanshui.platform.report.water_documents import shipped

    return shipped()


@dataclass(frozen=True)
class WaterPrint(Print):
    """What the document is, and where it goes."""

    path: Annotated[
        str | None,
        option(
            "--output",
            "写到文件； 默认 地表水水质月报_2021-01.docx",
            "file to write; by default 地表水水质月报_2021-01.docx here",
            RESULT,
            "-o",
            metavar="文件",
        ),
    ] = None
    write_template: Annotated[str | None, shipped_template(_shipped)] = None


@app.command(
    short_help="地表水月报 [dim]the monthly bulletin[/dim]",
    help="地表水水质月报：断面表（本月、上月、上年同期、累计、超标倍数、是否达标、数据来源）、"
    "未达标断面、各县区、各水体一句话、比例图和说明，写成 Word、Excel 或网页。\n\n"
    "[dim]The bulletin of a month: the table of sections, those below target, counties, a sentence "
    "for each river and lake, shares and notes, as Word, Excel or one page.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui water bulletin 手工.xlsx --roster 名单.csv --month 2021-01[/cyan]\n\n"
    "[cyan]shanshui water bulletin 手工.xlsx --auto 自动站.parquet --roster 名单.csv "
    "--month 2021-01 -o 月报.html[/cyan]\n\n"
    "[cyan]shanshui water bulletin --write-template 我的模板.docx[/cyan]",
)
@spread
def bulletin(
    samples: Samples,
    document: WaterPrint,
    roster: Annotated[
        str,
        option(
            "--roster",
            "断面名单： 断面、水体、水体类型、水质目标、责任县区 等列",
            "roster of sections",
            METHOD,
            metavar="文件",
        ),
    ],
    month: Annotated[
        str, option("--month", "月份，如 2021-01", "the month", METHOD, metavar="月份")
    ],
    auto: Annotated[
        list[str] | None,
        option(
            "--auto",
            "自动监测数据的文件； 可多次",
            "files of automatic data",
            METHOD,
            metavar="文件",
        ),
    ] = None,
    automatic: Annotated[
        bool,
        option(
            "--automatic",
            "所给文件全是自动监测数据",
            "all files given are automatic data",
            METHOD,
        ),
    ] = False,
    place: Annotated[
        str, option("--place", "地区名，如 清远市", "what all sections are of", RESULT)
    ] = "",
    status: Annotated[
        Status | None,
        option("--status", "数据状态，写入说明", "how far the data are reviewed", METHOD),
    ] = None,
    detection: Detection = None,
) -> None:
    """Make a bulletin of surface water."""
    import polars as pl

    from shanshui.cli.compute import expanded
    from shanshui.platform.ingest import read_roster
    from shanshui.platform.report.water import water_bulletin
    from shanshui.platform.report.water_documents import write
    from shanshui.standards.basis import Basis

    template = Path(document.template).read_bytes() if document.template else None
    listed = read_roster(*expanded([roster]))
    table = samples.read()
    beside = replace(samples, files=auto).read() if auto else None
    frames = [] if beside is None else [beside.frame]
    manual: pl.DataFrame | None = table.frame
    if automatic:
        frames, manual = [*frames, table.frame], None
    own = pl.concat(frames, how="diagonal_relaxed") if frames else None
    with working("编制月报 bulletin"):
        made = water_bulletin(
            manual,
            listed,
            month=month,
            auto=own,
            detection=detection_limits(detection),
            basis=Basis(status=status.value if status else None),
            place=place,
            title=document.title or "",
            unit=document.unit or "",
            made=document.day(),
        )
        form = document.kind()
        data = write(made, form.value, template=template)
    path = Path(document.path or f"地表水水质月报_{made.stem}.{form}")
    write_whole(path, data)
    if not samples.quiet:
        console = out()
        console.print(f"[bold]{made.title}（{made.period}）[/bold]")
        for text in made.summary:
            console.print(text, markup=False, soft_wrap=True)
        for text in made.notes:
            if text.startswith(("未评价断面及原因", "断面名单", "有数据而不在", "20")):
                note(text, "", style="dim", head="说明")
    said("已写 wrote", str(path))
    for one in filter(None, (table, beside)):
        rejects(one, Output(), quiet=samples.quiet)

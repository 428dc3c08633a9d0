"""``shanshui assess``: results from the lake. ``shanshui explain``: where a result comes from."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shanshui.cli.listing import Form as ListForm
from shanshui.cli.listing import Listing, deliver
from shanshui.cli.options import METHOD, RESULT, option, spread
from shanshui.cli.output import err, note, said, working
from shanshui.cli.roster import Domain
from shanshui.cli.workspace import Where, Who, opened, person
from shanshui.platform.files import write_whole
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    import polars as pl

HEADS = {
    "name": "指标",
    "region": "地区",
    "period": "时段",
    "value": "值",
    "unit": "单位",
    "status": "数据状态",
    "days": "有效天数",
    "stations": "点位",
    "roster": "名单",
    "edition": "标准",
    "dust": "沙尘",
    "freeze": "定版",
    "reason": "没有值的原因",
    "id": "编号",
}
MOST_REASONS = 12


class Form(StrEnum):
    """Forms of an explanation."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"


class Engine(StrEnum):
    """Engines that compute."""

    POLARS = "polars"
    SPARK = "spark"


Periods = Annotated[
    list[str] | None,
    option(
        "--period",
        "2026-10、2026-Q3、2026 或 2026-01/2026-10；可多次；默认数据有变的时段",
        "months, quarters, years, 1—N月; by default what changed",
        METHOD,
        metavar="时段",
    ),
]
Regions = Annotated[
    list[str] | None,
    option("--region", "地区名称或代码；可多次", "regions, names or codes", METHOD, metavar="地区"),
]


@spread
def assess(
    listing: Listing,
    where: Where = None,
    who: Who = None,
    domain: Annotated[Domain | None, option("--domain", "领域", "domain", METHOD)] = None,
    region: Regions = None,
    period: Periods = None,
    as_of: Annotated[
        str | None,
        option(
            "--as-of",
            "按那一天所知评价，不用以后的数据",
            "as it was known on that day",
            METHOD,
            metavar="日期",
        ),
    ] = None,
    engine: Annotated[
        Engine | None,
        option("--engine", "计算引擎；默认看设置", "by default that of the settings", METHOD),
    ] = None,
    only_list: Annotated[
        bool,
        option("--list", "只列出已有结果，不计算", "list results, compute nothing", METHOD),
    ] = False,
    unanswered: Annotated[
        bool,
        option(
            "--unanswered",
            "列出有方法而不由监测数据评价的指标和原因",
            "list indicators with a method that observations do not answer, and why",
            METHOD,
        ),
    ] = False,
) -> None:
    """Assess."""
    from shanshui.platform import assess as platform

    if unanswered:
        left = platform.unanswered()
        heads = {"code": "代号", "name": "指标", "zh": "为什么"}
        deliver(left, left, heads, listing, "不由监测数据评价 not answered by observations")
        return
    day = _day(as_of)
    with opened(where) as workspace:
        if only_list:
            asked: dict[str, Any] = {"period": _texts(period), "region": _codes(region)}
            rows = platform.read(workspace, as_of=day, **asked)
            if domain is not None:
                rows = rows.filter(rows["indicator"].is_in(platform.answered(str(domain))))
            _deliver(rows, listing, "结果 results")
            return
        with err().status("评价 assessing") as status:
            done = platform.run(
                workspace,
                None if domain is None else str(domain),
                region or None,
                period or None,
                day,
                None if engine is None else str(engine),
                who=person(who),
                tell=lambda text: status.update(f"评价 assessing：{text}"),
            )
        news = platform.read(workspace, as_of=day, history=True)
        news = news.filter(news["at"] == done.at)
    if news.height or listing.said() is not ListForm.TABLE:
        _deliver(news, listing, "新的结果 results that are news")
    said(
        "已评价 assessed",
        f"新 new {done.stored:,}，不变 same {done.same:,}，撤回 withdrawn {done.withdrawn:,}"
        + (f"，同比 compared {done.compared:,}" if done.compared else "")
        + f"（数据版本 data version {done.lake_version}，{done.engine}）",
    )
    for subject, zh, en in done.unanswered[:MOST_REASONS]:
        note(f"{subject}：{zh}", en, style="cyan", head="未评价 not answered")
    if len(done.unanswered) > MOST_REASONS:
        more = len(done.unanswered) - MOST_REASONS
        note(f"还有 {more} 项未评价", f"{more} more are not answered", style="cyan")


@spread
def explain(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="结果 RESULT",
            help="编号，或 指标 地区 时段：PM2.5年均浓度 北京市 2015\n\n"
            "[dim]an id, or INDICATOR REGION PERIOD[/dim]",
            show_default=False,
        ),
    ],
    where: Where = None,
    day: Annotated[
        str | None,
        option(
            "--day",
            "列出哪一天的原始数据；默认最重的一天",
            "whose raw rows; by default the day that weighs most",
            METHOD,
            metavar="日期",
        ),
    ] = None,
    form: Annotated[
        Form | None,
        option(
            "--format",
            "text json html；默认看 -o 的后缀，没有 -o 则为 text",
            "by default by the name of the file, without one text",
            RESULT,
        ),
    ] = None,
    path: Annotated[
        Path | None,
        option("--output", "写到文件", "write a file", RESULT, "-o", metavar="文件"),
    ] = None,
    as_json: Annotated[
        bool, option("--json", "以 JSON 输出", "short for --format json", RESULT)
    ] = False,
) -> None:
    """Explain a result; exits with 1 where the rows no longer yield it."""
    import json

    from shanshui._clock import OFFSET
    from shanshui.platform.assess.lineage import explain as explained
    from shanshui.platform.report import explain as report
    from shanshui.platform.store.models import now

    chosen = Form.JSON if as_json else form or _form(path)
    of = _day(day)
    with opened(where) as workspace, working("追溯 tracing"):
        made = explained(
            workspace, " ".join(what), day=of.date() if isinstance(of, datetime) else of
        )
    if chosen is Form.JSON:
        text = json.dumps(made.as_dict(), ensure_ascii=False, indent=1, default=str) + "\n"
    elif chosen is Form.HTML:
        text = report.page(made, made_at=now() + OFFSET)
    else:
        text = report.text(made)
    if path is None:
        print(text, end="")
    else:
        write_whole(path, text.encode())
        said("已写 wrote", str(path))
    zh, en = report.verdict(made)
    if not (made.recomputed and made.recomputed["equal"]):
        note(zh, en, style="bold red", head="不等 not equal")
        raise typer.Exit(1)
    if path is not None:
        said("重算 recomputed", zh)


def _form(path: Path | None) -> Form:
    if path is None:
        return Form.TEXT
    ending = path.suffix.lower()
    return {".json": Form.JSON, ".html": Form.HTML, ".htm": Form.HTML}.get(ending, Form.TEXT)


def _day(text: str | None) -> date | datetime | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ShanshuiError(
            f"--as-of 应如 2026-10-31 或 2026-10-31T08:00+08:00，得到“{text}” / "
            f"--as-of is 2026-10-31 or 2026-10-31T08:00+08:00, got {text!r}"
        ) from None


def _texts(period: list[str] | None) -> list[str] | None:
    from shanshui.platform.assess.terms import term

    return [term(one).text for one in period] if period else None


def _codes(region: list[str] | None) -> list[str] | None:
    from shanshui.platform.assess.running import codes

    found = codes(region)
    return None if found is None else sorted(found)


def _deliver(frame: pl.DataFrame, listing: Listing, title: str) -> None:
    from shanshui.platform.catalog.names import indicator_rows, region_rows
    from shanshui.platform.report.explain import reason

    names = {row["code"]: row["name"] for row in indicator_rows()}
    places = {row["code"]: row["name"] for row in region_rows()}
    rows = [
        {k: v.isoformat() if isinstance(v, datetime) else v for k, v in row.items()}
        for row in frame.iter_rows(named=True)
    ]
    shown = [
        row
        | {
            "reason": reason(row["reason"]),
            "name": names.get(row["indicator"], row["indicator"]),
            "region": places.get(row["region"], row["region"]),
            "days": None
            if row["days_valid"] is None
            else f"{row['days_valid']}/{row['days_expected']}",
        }
        for row in rows
    ]
    deliver(rows, shown, HEADS, listing, title)


def register(app: typer.Typer) -> None:
    """Put the commands on the root of the command line."""
    app.command(
        "assess",
        short_help="评价监测数据 [dim]results from the lake[/dim]",
        help="把指标方法用到工作区的监测数据上，写下带口径和来历的结果；默认只算数据有变的部分，"
        "已定版的时段读定版数据，不再变动。\n\n"
        "[dim]Run the methods over the observations and keep results with basis and lineage; by "
        "default only what depends on changed rows. Final periods never move.[/dim]",
        epilog="例 Examples\n\n[cyan]shanshui assess[/cyan]\n\n"
        "[cyan]shanshui assess --domain air --region 广州市 --period 2026-01/2026-10[/cyan]\n\n"
        "[cyan]shanshui assess --as-of 2026-06-30[/cyan]\n\n"
        "[cyan]shanshui assess --list --period 2026 -o 结果.xlsx[/cyan]",
    )(assess)
    app.command(
        "explain",
        short_help="一个数的来历 [dim]where a result comes from[/dim]",
        help="从结果追到统计、点位、日值和原始数据，以及标准的条款、名单和数据版本；"
        "并从原始数据重算一遍，不等时退出码为 1。\n\n"
        "[dim]From a result down to statistics, stations, days and raw rows, with clauses, roster "
        "and data version; computes it once more and exits with 1 where it differs.[/dim]",
        epilog="例 Examples\n\n"
        "[cyan]shanshui explain PM2.5年均浓度 北京市 2015[/cyan]\n\n"
        "[cyan]shanshui explain air.pm25.annual_mean 110000 2015 -o 来历.html[/cyan]",
    )(explain)

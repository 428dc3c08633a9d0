"""The demo from end to end: numbers, tables, console, and the report in a real browser."""

from __future__ import annotations

import html
import io
import json
import os
import re
import shlex
import shutil
import subprocess
from datetime import date, datetime
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
from docx import Document
from openpyxl import load_workbook
from rich.console import Console
from typer.testing import CliRunner

from shanshui.cli import main
from shanshui.cli.app import app
from shanshui.platform import assess as platform
from shanshui.platform import demo
from shanshui.platform.assess import results
from shanshui.platform.demo import assess, judge, samples
from shanshui.platform.demo import folder as place
from shanshui.platform.demo.run import EXAMPLE, OWN, STEPS, WATER_EXAMPLE
from shanshui.platform.review import freeze, listing
from shanshui.platform.review.decisions import Choice, decide
from shanshui.platform.store import Workspace, models
from shanshui.platform.track import history, standings
from shanshui.platform.track.reported import series
from shanshui.standards import ShanshuiError


class Ran:
    """One run of the demo, shared by the tests."""

    def __init__(self, folder: Path) -> None:
        out = io.StringIO()
        console = Console(file=out, width=120)
        self.report = demo.run(folder, console=console, now=datetime(2026, 1, 2, 3, 4))
        self.folder, self.told = folder, out.getvalue()
        self.page = self.report.read_text(encoding="utf-8")
        self.home = folder / place.WORKSPACE


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Run once for the module, with a ledger and a lake of somebody else in the environment."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHANSHUI_LAKE", str(elsewhere / "lake"))
        patch.setenv("SHANSHUI_LEDGER", f"sqlite:///{elsewhere / 'ledger.db'}")
        made = Ran(tmp_path_factory.mktemp("演示 demo"))
        assert os.environ["SHANSHUI_LAKE"] == str(elsewhere / "lake")
    assert list(elsewhere.iterdir()) == []
    return made


@pytest.fixture(scope="module")
def opened(ran, tmp_path_factory):
    """Give the workspace, copied so that the one that the demo left stays as it is."""
    folder = tmp_path_factory.mktemp("copy") / "workspace"
    shutil.copytree(ran.home, folder)
    with Workspace.open(folder) as workspace:
        yield workspace


@pytest.fixture(scope="module")
def national():
    return assess.national()


@pytest.fixture(scope="module")
def water():
    return assess.water()


# --- the loop ----------------------------------------------------------------------------------


def test_every_step_of_the_loop_is_told_with_what_it_made(ran) -> None:
    steps = re.findall(r"^✓ *(\d+) +[\d.]+s +(.+?)  +(\S.*)$", ran.told, re.MULTILINE)
    assert [int(number) for number, _, _ in steps] == list(range(1, 18))
    told = {name.strip(): what for _, name, what in steps}
    assert told["建工作区"] == "台账里有指标 220 个、行政区 3,267 个"
    assert told["导入监测小时值"] == "289,440 行，1,736,640 个值入库（缺测 53,962），搁置 0"
    assert "缺测 1,268" in told["质控 2015-11"]
    assert "剔除 5" in told["审核 2015-11"]
    assert "剩余31天均值需控制在197.02以内" in told["逐月目标调度"]
    assert "表头相同" in told["十二月到了：导入"]
    assert "重算，相等" in told["一个数的来历"]
    for command in ("init", "ingest", "qc run", "review open", "freeze", "assess", "track"):
        assert f"shanshui {command} " in ran.page or f"shanshui {command}<" in ran.page


def test_all_hours_are_in_the_lake_and_what_was_taken_out_is_kept(opened) -> None:
    rows = opened.lake.observations().collect()
    hours = samples.beijing_hours().filter(pl.col("time") > datetime(2013, 3, 1))
    assert rows.height == hours.height * 6
    given = hours.select(pl.exclude("station", "time")).sum().row(0)
    gone = rows.filter(state="reviewed", flag="other").filter(pl.col("value").is_null())
    took = gone.filter(pl.col("property").is_in(["pm10", "pm25"])).join(
        opened.lake.revisions().collect(), on=["station", "property", "time"], suffix="_before"
    )
    took = took.filter(pl.col("value_before").is_not_null())
    assert took["value_before"].to_list() == [3.0] * 5
    stored = [rows.filter(property=item)["value"].sum() for item in hours.columns[2:]]
    lost = {"pm10": 6.0, "pm25": 9.0}
    for item, before, after in zip(hours.columns[2:], given, stored, strict=True):
        assert before - after == pytest.approx(lost.get(item, 0.0), abs=1e-3)


def test_every_value_of_the_month_was_decided_by_three_persons(ran, opened) -> None:
    (review,) = listing.reviews(opened)
    assert (review["domain"], review["period"]) == ("air", "2015-11")
    assert sum(review["waiting"].values()) == 0
    item = next(r for r in listing.queue(opened, 1) if r["decision"] == "withdraw")
    steps = listing.show(opened, item["item"])["history"]
    assert [step["who"] for step in steps] == ["张三", "李四", "王五"]
    given = (ran.folder / "exports" / steps[0]["evidence"]).read_bytes()
    assert given in [path.read_bytes() for path in (opened.folder / "evidence").iterdir()]


def test_final_periods_have_not_moved_and_figures_are_the_known_ones(opened) -> None:
    with opened.ledger.read() as session:
        for period in ("2015-11", "2015"):
            row = freeze.find(session, period, domain="air")
            assert freeze.verify(opened, row) == []
    found = results.figures(opened, region="110000", period="2015")
    figures = {row["indicator"]: row for row in found.to_dicts()}
    assert figures["air.pm25.annual_mean"]["value"] == "81.1"
    assert figures["air.days.good_share"]["value"] == "51.2"
    assert figures["air.days.heavy"]["value"] == "49"
    assert {row["status"] for row in figures.values()} == {"定版"}
    again = platform.run(opened, who="张三")
    assert (again.stored, again.withdrawn) == (0, 0)
    # What the library makes of the same hours, rounded as bulletins print it.
    years = assess.beijing(opened).years.filter(period="2015").row(0, named=True)
    assert (years["pm25"], years["good_ratio"], years["heavy_days"]) == (81.0, 51.2, 49)


def test_the_year_was_judged_each_month_by_what_was_known_then(opened) -> None:
    with opened.ledger.read() as session:
        kept = history.read(session)
        units = session.query(models.AnnualTarget).order_by(models.AnnualTarget.id).all()
        assert [(str(u.value), u.year) for u in units] == [("85", 2015), ("47.7", 2015)]
    days = sorted(set(kept["day"].to_list()))
    assert len(days) == 13  # eleven ends of month, New Year's Day, and today
    found = standings.at(opened, date(2015, 11, 30), region="110000").filter(kind="annual")
    row = found.filter(indicator="air.pm25.annual_mean").row(0, named=True)
    assert (row["part_value"], row["part_period"]) == ("74.5", "2015-01/2015-11")
    so_far = results.find(opened, "air.pm25.annual_mean 110000 2015-01/2015-11")
    done = so_far["days_valid"]  # printed with one decimal, the year may reach 85.05
    assert row["rest_value"] == pytest.approx(85.05 + (85.05 - 74.5) * done / 31)
    end = standings.at(opened, date(2016, 1, 1), region="110000").filter(kind="annual")
    assert end["state"].to_list() == ["已完成", "已完成"]
    assert sorted(end["value"].to_list()) == ["51.2", "81.1"]


def test_beijing_meets_what_was_published(opened) -> None:
    rows = series(opened, "air.pm25.annual_mean", "110000", period="2015")
    value = {row["source"]: float(row["value"]) for row in rows.to_dicts()}
    assert value["published"] == round(value["monitored"]) == 81
    good = series(opened, "air.days.good_share", "110000")
    both = good.filter(source="published").join(
        good.filter(source="monitored"), on="period", suffix="_own"
    )
    apart = both["value"].cast(pl.Float64) - both["value_own"].cast(pl.Float64)
    assert both.height == 3
    assert apart.abs().max() < 0.5  # the city counts more stations than the packaged ones


def test_what_is_not_valid_is_not_ranked(opened) -> None:
    beijing = assess.beijing(opened)
    assert beijing.stations["rank"].sort().to_list() == list(range(1, 13))
    assert set(beijing.unranked) == {"农展馆", "海淀区万柳", "顺义新城", "怀柔镇", "昌平镇", "古城"}
    before = beijing.years.filter(period="2014").row(0, named=True)
    assert before["no2"] is None
    assert before["composite"] is None


# --- the nation and water ----------------------------------------------------------------------


def test_every_published_hour_is_reproduced(national) -> None:
    total = national.checks.drop("name").sum().row(0)
    assert total == (103_330,) * 4
    assert national.checks["name"].to_list() == [
        "优",
        "良",
        "轻度污染",
        "中度污染",
        "重度污染",
        "严重污染",
    ]
    assert national.moment.height == 1352


def test_published_water_is_met_and_what_is_not_is_shown(water) -> None:
    differing = water.sections.filter(~pl.col("same"))
    assert water.sections.height == 21
    # Of this row the source printed four items; by these it is class Ⅰ.
    assert differing.select("section", "class_name", "published").rows() == [("绿埠头", "Ⅰ", "Ⅱ")]
    assert water.sections["same"].null_count() == 0
    by_target = water.sections.filter(pl.col("target").is_not_null())
    assert by_target["attains"].to_list() == [True] * 6
    assert water.shares.select(pl.len(), pl.col("same").sum()).row(0) == (5, 5)
    assert water.hulun.select(pl.len(), pl.col("same").sum()).row(0) == (10, 10)


def test_series_of_water_keep_their_sets_of_sections_apart(water) -> None:
    nation = water.series["全国"]
    assert nation.filter(year=2020)["part"].to_list() == [0, 1]
    assert nation.filter(part=1).select("year", "text").rows()[-1] == (2025, "91.4")
    assert water.series["广东省"]["year"].to_list() == list(range(2020, 2026))


# --- what a person finds -----------------------------------------------------------------------


def test_the_console_ends_with_tables_and_what_to_try_next(ran) -> None:
    assert "全国小时 AQI 103,330 / 103,330 一致；断面类别 20 / 21" in ran.told
    assert (
        "共 108 行（134 项目标）：达到序时进度 2，暂无数据 91，待下达 12，口径不一致 3" in ran.told
    )
    assert "2015-11-30 │ 74.5 │ 达到序时进度" in ran.told
    for step in (*STEPS, *OWN):
        assert step["command"] in ran.told
        assert html.escape(step["command"], quote=False).replace('"', "&#34;") in ran.page
    assert "report.html" in ran.told
    assert "SHANSHUI_LEDGER、SHANSHUI_LAKE" in ran.told


@pytest.mark.parametrize("step", STEPS, ids=lambda step: " ".join(step["command"].split()[1:3]))
def test_the_next_commands_work_in_the_workspace(opened, monkeypatch, capsys, step) -> None:
    monkeypatch.chdir(opened.folder)
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(step["command"])[1:])
    told = "".join(capsys.readouterr())
    # The examination ends with 1: plans without owners are errors, and the demo's have none.
    assert ended.value.code == ("doctor" in step["command"])
    expected = {
        "track --region": "74.5",
        "explain": "81.1",
        "review": "剔除",
        "freeze": "未变",
        "track --document": "",
        "doctor": "责任单位",
    }
    (found,) = [word for key, word in expected.items() if f"shanshui {key}" in step["command"]]
    assert found in told
    if "-o" in step["command"]:
        book = load_workbook(opened.folder / "调度表.xlsx", read_only=True)
        assert "清远市生态文明建设" in str(list(book["目标调度表"].values))
        book.close()


@pytest.mark.parametrize("step", OWN, ids=lambda step: " ".join(step["command"].split()[1:3]))
def test_the_commands_for_own_files_run_as_they_are_told(
    ran, tmp_path, monkeypatch, capsys, step
) -> None:
    shutil.copy(ran.folder / EXAMPLE, tmp_path / "你的小时数据.csv")
    shutil.copy(ran.folder / WATER_EXAMPLE, tmp_path / "你的断面数据.csv")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(step["command"].split()[1:])
    assert ended.value.code == 0
    made = [p for p in tmp_path.iterdir() if p.name in ("统计.csv", "排名.csv", "类别.csv")]
    if "-o" in step["command"]:
        rows = 21 if "water" in step["command"] else 12
        assert [pl.read_csv(path).height for path in made] == [rows]
    else:
        assert "剩余控制值" in capsys.readouterr().out


def test_the_commands_of_the_steps_are_commands() -> None:
    """Whatever the page gives as the command of a step is one, with options that it has."""
    listed = Path(judge.__file__).parent
    text = "".join(p.read_text("utf-8") for p in (listed / "judge.py", listed / "observe.py"))
    names = set(
        re.findall(r'f?"shanshui ((?:plan |roster |qc |review |report-in |air )?[\w-]+)', text)
    )
    assert len(names) >= 9
    for name in names:
        done = CliRunner().invoke(app, [*name.split(), "--help"])
        assert done.exit_code == 0, name


def test_the_documents_open(ran) -> None:
    tables = sorted(ran.folder.glob("*.csv"))
    assert len(tables) == 9
    for table in tables:
        assert table.read_bytes().startswith(b"\xef\xbb\xbf"), table.name
        assert pl.read_csv(table, infer_schema_length=None).height > 0
    for path in ran.folder.glob("*.docx"):
        assert Document(path).tables
    book = load_workbook(ran.folder / "目标调度表.xlsx", read_only=True)
    assert book.sheetnames[0] == "目标调度表"
    book.close()
    month = (ran.folder / "空气质量月报_2015-11.html").read_text("utf-8")
    assert "PM2.5 120微克/立方米" in month


def test_a_second_run_takes_the_place_of_the_first(tmp_path) -> None:
    home = tmp_path / place.WORKSPACE
    place.begin(home)
    (home / "ledger.db").write_bytes(b"demo")
    place.finish(home)
    assert place.vacate(home) is None
    assert not home.exists()


def test_what_the_demo_did_not_make_is_never_deleted(ran, tmp_path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("")
    with pytest.raises(ShanshuiError, match="not a folder"):
        demo.run(taken)
    home = tmp_path / place.WORKSPACE
    Workspace.create(home, name="别人的").close()
    with pytest.raises(ShanshuiError, match="not made by the demo"):
        demo.run(tmp_path, console=Console(file=io.StringIO()))
    assert (home / "ledger.db").is_file()
    # A workspace of the demo in which somebody has worked since is kept beside.
    worked = tmp_path / "worked"
    shutil.copytree(ran.home, worked)
    with Workspace.open(worked) as workspace, workspace.ledger.write(who="x", action="y") as s:
        s.add(models.Organization(name="青禾县水利局"))
    assert place.vacate(worked) == tmp_path / "worked-1"
    assert (tmp_path / "worked-1" / "ledger.db").is_file()
    # So is one that was cut off: nobody knows what is in it.
    place.begin(tmp_path / "cut")
    (tmp_path / "cut" / "ledger.db").write_bytes(b"half")
    assert place.vacate(tmp_path / "cut") == tmp_path / "cut-1"


def test_the_workspace_that_the_demo_left_is_known_again(ran, tmp_path) -> None:
    home = tmp_path / "workspace"
    shutil.copytree(ran.home, home)
    shutil.copystat(ran.home, home)
    with Workspace.open(home) as workspace:  # looking is no work
        assert workspace.name == "演示"
        assert workspace.lake.version > 0
    assert place.vacate(home) is None


class Page(HTMLParser):
    """What a test asks of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.unlabelled = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect links, ids, tags, and drawings without a label."""
        known = dict(attrs)
        self.tags.append(tag)
        self.links += [known[name] or "" for name in ("href", "src") if name in known]
        self.ids += [known["id"] or ""] if "id" in known else []
        self.unlabelled += tag == "svg" and "aria-label" not in known


def test_the_report_stands_alone(ran) -> None:
    text = ran.page
    page = Page()
    page.feed(text)
    assert "script" not in page.tags
    assert page.tags.count("h1") == 1
    assert page.unlabelled == 0
    assert len(page.ids) == len(set(page.ids))
    outside = [link for link in page.links if re.match(r"(https?:)?//", link)]
    assert outside == []
    here = {p.relative_to(ran.folder).as_posix() for p in ran.folder.rglob("*")}
    near = [link for link in page.links if not link.startswith(("#", "data:"))]
    assert near
    assert set(near) <= here
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert "生成于 2026-01-02 03:04" in text
    for word in (
        "可信度",
        "HJ 633-2012",
        "GB 3838-2002",
        "优良水体比例",
        "CC BY 4.0",
        "MIT",
        "审图号",
        "标况",
        "实况",
        "口径不一致",
        "剩余控制值",
        "数据口径",
    ):
        assert word in text
    assert not re.search(r"\d\.\d{9,}", re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL))


MEASURE = """<!doctype html><meta charset="utf-8"><body><script>
const widths = [1280, 768, 390], found = [];
function next() {
  if (!widths.length) {
    document.body.textContent = ""; const p = document.createElement("pre");
    p.id = "found"; p.textContent = JSON.stringify(found); document.body.append(p); return;
  }
  const width = widths.shift(), frame = document.createElement("iframe");
  frame.style.cssText = `width:${width}px;height:900px;border:0`;
  frame.onload = () => {
    const d = frame.contentDocument, w = frame.contentWindow;
    for (const each of d.querySelectorAll("details")) each.open = true;
    const drawn = [...d.querySelectorAll("figure svg")];
    const shown = drawn.filter(s => s.getBoundingClientRect().width);
    const letters = shown.flatMap(s => [...s.querySelectorAll("text")])
      .filter(t => t.textContent.trim())
      .map(t => t.getBoundingClientRect().height);
    found.push({
      width, scroll: d.documentElement.scrollWidth, figures: shown.length,
      svgs: drawn.length,
      outside: shown.filter(s => s.getBoundingClientRect().right > width + 1).length,
      smallest: Math.min(...letters), title: d.querySelector("h1").innerText,
      rows: d.querySelectorAll(".targets tbody tr").length,
      fetched: w.performance.getEntriesByType("resource").length,
    });
    frame.remove(); next();
  };
  frame.src = REPORT; document.body.append(frame);
}
next();
</script>"""


def test_a_browser_shows_it_whole_at_every_width(ran, require, tmp_path) -> None:
    browser = require("chromium", "chromium-browser", "google-chrome", "chrome")
    wrapper = tmp_path / "measure.html"
    wrapper.write_text(MEASURE.replace("REPORT", json.dumps(ran.report.as_uri())), encoding="utf-8")
    done = subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--allow-file-access-from-files",
            "--enable-logging=stderr",
            "--virtual-time-budget=20000",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--dump-dom",
            wrapper.as_uri(),
        ],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    assert "CONSOLE" not in done.stderr
    match = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert match, done.stdout[-2000:]
    pages = json.loads(match[1])
    assert [page["width"] for page in pages] == [1280, 768, 390]
    for page in pages:
        assert page["scroll"] <= page["width"]
        assert page["outside"] == 0
        assert page["fetched"] == 0
        assert page["rows"] == 108
        assert page["figures"] * 2 == page["svgs"]
        assert page["smallest"] >= 9
        assert "从每小时的监测" in page["title"]


# --- the first day, as the README tells it -----------------------------------------------------

PLAN = """清远市碧水蓝天行动方案（2026—2028年）
一、主要目标
2025年细颗粒物年均浓度为25.0微克/立方米。
到2028年，细颗粒物年均浓度降至22.0微克/立方米，森林覆盖率达到72.5%。
二、主要任务
（一）治理白石河。推进沿河截污，开展清淤。（市水利局牵头，市财政局参与）
"""
ROOT = Path(__file__).resolve().parent.parent


def _commands(page: str, head: str) -> list[list[str]]:
    """Give the commands of a section, without what follows a #."""
    section = page.split(f"\n## {head}\n")[1].split("\n## ", maxsplit=1)[0]
    return [
        shlex.split(line[2:], comments=True) for line in section.splitlines() if line[:2] == "$ "
    ]


def _hours_of_a_county(folder: Path) -> None:
    """Write October 2014 of Beijing as October 2026 of somewhere else, and its stations."""
    names = samples.beijing_stations()
    names.select(编码="code", 点位="name_zh", 市=pl.lit("清远市"), 对照点="reference").write_csv(
        folder / "点位.csv"
    )
    hours = samples.beijing_hours().join(names.select("station", "code"), on="station")
    month = hours.filter(pl.col("time").is_between(datetime(2014, 10, 1, 1), datetime(2014, 11, 1)))
    month.select(
        站点编码="code",
        时间=pl.col("time").dt.offset_by("12y").dt.strftime("%Y-%m-%d %H:%M"),
        **{name.upper(): name for name in ("so2", "no2", "co", "o3", "pm10")},
        **{"PM2.5": "pm25"},
    ).write_csv(folder / "小时值.csv")


def _review(workspace: Workspace) -> None:
    """Keep everything, as three persons do it in the workbook."""
    for who, stage in (("张三", "初审"), ("李四", "复审"), ("王五", "终审")):
        rows = listing.queue(workspace, 1, stage=stage)
        first = stage == "初审"
        choices = [
            Choice(row["item"], "keep" if first else "agree", *_why(row, first=first))
            for row in rows
        ]
        assert decide(workspace, choices, who=who, stage=stage).refused == []


def _why(row, *, first):
    missing = row["value_zh"].endswith("缺测")
    return ("通讯故障" if missing else "数据正常",) if first else ()


@pytest.mark.parametrize(
    ("page", "head"), [("README.md", "Your own bureau"), ("README.zh-CN.md", "换成你的单位")]
)
def test_the_first_day_of_a_bureau_runs_in_order(tmp_path, monkeypatch, page, head) -> None:
    commands = _commands((ROOT / page).read_text("utf-8"), head)
    assert len(commands) >= 19
    if page == "README.zh-CN.md":  # the same commands: told once, run once
        english = _commands((ROOT / "README.md").read_text("utf-8"), "Your own bureau")
        assert commands == english
        return
    _hours_of_a_county(tmp_path)
    document = Document()
    for line in PLAN.splitlines():
        document.add_paragraph(line)
    document.save(str(tmp_path / "规划.docx"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHANSHUI_WHO", "张三")
    told = {}
    for words in commands:
        if words[0] == "cd":
            monkeypatch.chdir(tmp_path / words[1])
            continue
        if words[1] == "freeze":
            with Workspace.open() as workspace:
                _review(workspace)
        done = CliRunner().invoke(app, words[1:])
        assert done.exit_code == 0, f"{shlex.join(words)}: {done.output} {done.exception}"
        told[" ".join(words[1:3])] = done.output
    assert "441800-action-2028" in told["plan add"]
    assert "相等" in told["explain PM2.5年均浓度 清远市 2026-10"]
    made = {path.name for path in (tmp_path / "清远").iterdir()}
    assert {"核对.xlsx", "审核.xlsx", "填报.xlsx", "调度表.xlsx", "月报.docx"} <= made

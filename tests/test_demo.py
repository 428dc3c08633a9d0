"""The demo from end to end: numbers, tables, console, and the report in a real browser."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import time
from datetime import datetime
from html.parser import HTMLParser

import polars as pl
import pytest
from rich.console import Console

from shanshui.cli import main
from shanshui.platform import demo
from shanshui.platform.demo import assess
from shanshui.platform.demo.run import EXAMPLE, STEPS, WATER_EXAMPLE
from shanshui.standards import ShanshuiError


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Run once for the module."""
    out = io.StringIO()
    folder = tmp_path_factory.mktemp("演示 demo")
    began = time.monotonic()
    report = demo.run(folder, console=Console(file=out, width=120), now=datetime(2026, 1, 2, 3, 4))
    return report, out.getvalue(), time.monotonic() - began


@pytest.fixture(scope="module")
def beijing():
    return assess.beijing()


@pytest.fixture(scope="module")
def national():
    return assess.national()


@pytest.fixture(scope="module")
def water():
    return assess.water()


def test_it_is_quick_and_writes_where_it_says(ran) -> None:
    report, _, seconds = ran
    assert seconds < 60
    assert report.name == "report.html"
    assert report.stat().st_size < 4_000_000


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


def test_beijing_meets_what_was_published(beijing) -> None:
    checks = beijing.checks.select(
        "indicator", "period", pl.col("value").cast(pl.Float64), "computed"
    )
    annual = checks.filter(indicator="PM2.5年均浓度", period="2015").row(0)
    assert annual[2:] == (81.0, 81.0)
    apart = (checks["value"] - checks["computed"]).abs()
    assert apart.max() <= 3  # the city counts more stations than the packaged ones


def test_what_is_not_valid_is_not_ranked(beijing) -> None:
    assert beijing.stations["rank"].sort().to_list() == list(range(1, 13))
    assert set(beijing.unranked) == {"农展馆", "海淀区万柳", "顺义新城", "怀柔镇", "昌平镇", "古城"}
    before = beijing.years.filter(period="2014").row(0, named=True)
    assert before["no2"] is None
    assert before["composite"] is None


def test_the_rest_of_the_year_ends_where_the_year_did(beijing) -> None:
    day, mean, share = beijing.rest[-1]
    assert (day.month, day.day) == (12, 31)
    year = beijing.years.filter(period="2015").row(0, named=True)
    assert round(float(mean.so_far)) == year["pm25"]
    assert round(float(share.so_far), 1) == pytest.approx(year["good_ratio"])
    assert mean.feasible
    assert share.feasible


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


def test_the_console_tells_the_story_and_what_to_try_next(ran) -> None:
    _, told, _ = ran
    assert "103,330" in told
    assert "目标共 111 项，公布数值能回答 3 项" in told
    assert told.count("shanshui air ") == 3
    assert told.count("shanshui water ") == 1
    assert "公布的断面类别 20 / 21 一致，河流状况 5 / 5，呼伦湖营养状态 10 / 10" in told
    assert "口径不一致" in told
    assert "report.html" in told


@pytest.mark.parametrize("step", STEPS, ids=lambda step: " ".join(step["command"].split()[1:3]))
def test_the_next_commands_run_as_they_are_told(ran, tmp_path, monkeypatch, capsys, step) -> None:
    report, _, _ = ran
    shutil.copy(report.with_name(EXAMPLE), tmp_path / "你的小时数据.csv")
    shutil.copy(report.with_name(WATER_EXAMPLE), tmp_path / "你的断面数据.csv")
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


def test_the_tables_open_in_excel(ran) -> None:
    report, _, _ = ran
    tables = sorted(report.parent.glob("*.csv"))
    assert len(tables) == 10
    for table in tables:
        assert table.read_bytes().startswith(b"\xef\xbb\xbf"), table.name
        assert pl.read_csv(table, infer_schema_length=None).height > 0
    targets = pl.read_csv(report.parent / "targets.csv", infer_schema_length=None)
    assert targets.height == 111
    assert targets["reason"].null_count() == 0


def test_a_second_run_replaces_the_first_and_a_file_is_refused(ran, tmp_path) -> None:
    report, _, _ = ran
    taken = tmp_path / "taken"
    taken.write_text("")
    with pytest.raises(ShanshuiError, match="not a folder"):
        demo.run(taken)
    assert report.exists()


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
    report, _, _ = ran
    text = report.read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert "script" not in page.tags
    assert page.tags.count("h1") == 1
    assert page.unlabelled == 0
    assert len(page.ids) == len(set(page.ids))
    outside = [link for link in page.links if re.match(r"(https?:)?//", link)]
    assert outside == []
    here = {path.name for path in report.parent.iterdir()}
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
    report, _, _ = ran
    wrapper = tmp_path / "measure.html"
    wrapper.write_text(MEASURE.replace("REPORT", json.dumps(report.as_uri())), encoding="utf-8")
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
        assert page["rows"] == 111
        assert page["figures"] * 2 == page["svgs"]
        assert page["smallest"] >= 9
        assert "从每小时的监测" in page["title"]

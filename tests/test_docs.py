"""What the README and the documentation say holds: examples run, columns are those listed."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import plan_samples
import polars as pl
import pytest
from typer.testing import CliRunner

from shanshui import air, analysis, noise, plan, progress, quality, soil, standards
from shanshui.cli.app import app
from shanshui.platform.demo import samples

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
# A block of Python and, where one follows at once, the text that it prints.
EXAMPLE = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)


def examples():
    for page in PAGES:
        found = EXAMPLE.findall(page.read_text(encoding="utf-8"))
        if found:
            yield pytest.param(found, id=page.relative_to(ROOT).as_posix())


@pytest.mark.parametrize("blocks", list(examples()))
def test_examples_run(blocks, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {}
    for code, printed in blocks:
        exec(compile(code, "<example>", "exec"), names)
        out = capsys.readouterr().out
        if printed:
            assert out.rstrip() == printed.rstrip()


@pytest.fixture
def files(results, blank, tmp_path, monkeypatch):
    """The workspace that the commands in the pages are given in, and the files that they name."""
    shutil.copytree(blank, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    hours, days = results["daily"]
    for name in ("hours.csv", "小时值.csv"):
        hours.write_csv(name)
    for name in ("days.csv", "日值.csv"):
        days.write_csv(name)
    samples.beijing_stations().write_csv("stations.csv")
    sections = samples.water_sections().rename({"section": "断面", "month": "日期"})
    sections.drop("place", "printed", "kind", "target", "published").write_csv("断面.csv")
    roster = sections.select("断面", 水体="place", 水体类型="kind", 水质目标="target").unique(
        "断面"
    )
    roster.write_csv("名单.csv")
    Path("规划.docx").write_bytes(plan_samples.word())
    Path("规划.txt").write_text(plan_samples.PLAN, encoding="utf-8")


COMMANDS = sorted(
    {
        line.split("#")[0].strip()
        for page in PAGES
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("shanshui ") and "shanshui demo" not in line
    }
)


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run(command):
    done = CliRunner().invoke(app, shlex.split(command)[1:])
    assert done.exit_code == 0, done.output


def test_site_builds_whole_and_loads_nothing_from_elsewhere(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path],
        check=False,
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) >= len(PAGES) - 2  # all but the two READMEs
    for page in pages:
        text = page.read_text(encoding="utf-8")
        loaded = (
            r"""<(?:script|img|iframe)[^>]+src=["']?(https?:)?//|<link[^>]+href=["']?(https?:)?//"""
        )
        assert not re.search(loaded, text), page.name
        assert "<!-- table:" not in text, page.name
    for domain in (air, analysis, noise, plan, progress, quality, soil, standards):
        page = tmp_path / "api" / f"{domain.__name__.rpartition('.')[2]}.html"
        text = page.read_text(encoding="utf-8")
        for name in domain.__all__:
            assert re.search(rf'id="[\w.]+\.{name}"', text), f"{name} is not on {page.name}"


def listed(function):
    """Columns that the page on columns lists for a function, spelled out."""
    page = (ROOT / "docs" / "air" / "index.md").read_text(encoding="utf-8")
    section = re.search(rf"^### air\.{function}$(.*?)^##", page, re.MULTILINE | re.DOTALL)[1]
    spelled = {
        "<hourly>": "so2 no2 co o3 pm10 pm25",
        "<daily>": "so2 no2 co o3_1h o3_8h pm10 pm25",
        "<six>": "so2 no2 co o3_8h pm10 pm25",
        "<1-6>": "1 2 3 4 5 6",
    }
    columns = []
    for cell in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE):
        for name in re.findall(r"`(.*?)`", cell):
            mark = next((m for m in spelled if m in name), None)
            columns += (
                [name.replace(mark, part) for part in spelled[mark].split()] if mark else [name]
            )
    return columns


@pytest.fixture(scope="module")
def results():
    hours = samples.beijing_hours().filter(pl.col("time").dt.year() == 2014)
    day = air.daily(hours)
    area = air.area(day, samples.beijing_stations())
    statistics = air.statistics(area, by="city")
    return {
        "daily": (hours, day),
        "area": (day, area),
        "aqi": (area, air.aqi(area)),
        "aqi_hourly": (hours, air.aqi_hourly(hours)),
        "statistics": (area, statistics),
        "rank": (statistics, air.rank(statistics)),
        "check": (hours, air.check(hours)),
    }


@pytest.mark.parametrize("function", ["daily", "area", "statistics", "check"])
def test_columns_are_those_listed(function, results):
    _, given = results[function]
    assert set(given.columns) == {given.columns[0], *listed(function)}


@pytest.mark.parametrize("function", ["aqi", "aqi_hourly", "rank"])
def test_added_columns_are_those_listed(function, results):
    taken, given = results[function]
    assert set(given.columns) == {*taken.columns, *listed(function)}

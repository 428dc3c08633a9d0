"""The table of targets on the command line, and as documents."""

import io
import json
import sys
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from docx import Document
from track_samples import CITY, PM25, plan, promise
from typer.testing import CliRunner

from shanshui.cli import track
from shanshui.cli.app import app
from shanshui.platform.plans import owners, targets, work
from shanshui.platform.report import track as report
from shanshui.platform.store import Workspace, models
from shanshui.platform.track import table as tables
from shanshui.progress import STATES
from shanshui.standards import ShanshuiError

RUN = CliRunner()


def run(*args, code=0):
    done = RUN.invoke(app, ["track", *map(str, args)])
    assert done.exit_code == code, done.output + str(done.exception)
    return done


def published(session, period, value, **more):
    session.add(
        models.PublishedFigure(
            **{
                "indicator_code": PM25, "region_code": CITY, "period": period, "value": value,
                "unit": "µg/m3", "source_title": "环境状况公报", "confidence": "A",
            }
            | more
        )
    )  # fmt: skip


@pytest.fixture
def filled(tmp_path, monkeypatch):
    """Make a workspace with a plan, a target of the year, published values and owners."""
    folder = tmp_path / "青禾"
    with (
        Workspace.create(folder, name="青禾县", region=CITY) as made,
        made.ledger.write(who="张三", action="test") as session,
    ):
        paper = plan(session)
        code = promise(session, paper, 1, year=2030, value="21", nature="约束性",
                       base_year=2024, base_value="28.0")  # fmt: skip
        promise(session, paper, 2, year=2035, value="18", base_year=2024)
        promise(session, paper, 3, kind="deferred", comparator=None, value=None,
                indicator="臭氧浓度", indicator_code="air.o3.annual_p90")  # fmt: skip
        promise(session, paper, 4, basis={"state": "标况"}, year=2025)
        count = promise(session, paper, 5, kind="count", indicator="口袋公园", value="72",
                        indicator_code=None, comparator=">=", unit="个", year=2027)  # fmt: skip
        owners.assign(session, [code], {"lead": ["市生态环境局"]}, new=True)
        targets.set_target(session, indicator=PM25, region=CITY, year=2026, value="≤25.0",
                           source="年度计划", commitment=code)  # fmt: skip
        for period, value in (
            ("2024", "28.0"), ("2025", "26.8"), ("2025-01/2025-10", "26.0"),
            ("2026-01/2026-10", "25.4"),
        ):  # fmt: skip
            published(session, period, value, basis={"state": "实况", "roster": "国控"})
        work.report(session, count, "2026-10", who="李四",
                    values={"rate": "80", "evidence": "清单.xlsx"})  # fmt: skip
    monkeypatch.setenv("SHANSHUI_WORKSPACE", str(folder))
    monkeypatch.setenv("SHANSHUI_WHO", "张三")
    return folder


def test_the_table_fits_a_hundred_columns_and_says_all(filled):
    done = run("--at", "2026-11-20")
    from rich.cells import cell_len

    assert max(cell_len(line.rstrip()) for line in done.stdout.splitlines()) <= 100
    flat = "".join(done.stdout.split())
    for words in ("青禾县生态文明规划", "年度≤25.0", "2030年≤21", "25.4", "同比-2.3%",
                  "市生态环境局", "1—10月", "剩余61天"):  # fmt: skip
        assert words in flat, words
    assert "共3行（6项目标）" in flat
    with Workspace.open(filled) as opened, opened.ledger.read() as session:
        assert session.query(models.StandingRun).one().targets == 6


def test_the_whole_as_json_with_what_each_stands_on(filled):
    rows = json.loads(run("--at", "2026-11-20", "--json", "--no-keep").stdout)
    by_id = {row["id"]: row for row in rows}
    annual = next(row for row in rows if row["kind"] == "annual")
    assert annual["commitment"] == "qinghe-2030-001"
    assert annual["owner"] == "市生态环境局"
    assert [one["role"] for one in annual["stands_on"]] == ["figure", "base", "same"]
    assert annual["stands_on"][0] == {
        "role": "figure", "indicator": PM25, "region": CITY, "period": "2026-01/2026-10",
        "value": "25.4", "ref": "环境状况公报",
    }  # fmt: skip
    assert by_id["qinghe-2030-004"]["state"] == "口径不一致"
    assert by_id["qinghe-2030-003"]["state"] == "待下达"
    assert by_id["qinghe-2030-005"]["value"] == "80"
    with Workspace.open(filled) as opened, opened.ledger.read() as session:
        assert session.query(models.StandingRun).count() == 0


def test_only_some(filled):
    def ids(*args):
        found = json.loads(run("--at", "2026-11-20", "--json", *args).stdout)
        return {row["id"] for row in found}

    assert ids("--status", "待下达") == {"qinghe-2030-003"}
    assert ids("--owner", "市生态环境局") == {"qinghe-2030-001", "annual-1"}
    assert len(ids("--region", "清远市")) == 6
    assert ids("--region", "广州市") == set()
    assert len(ids("--document", "qinghe-2030")) == 6
    with Workspace.open(filled) as opened, opened.ledger.read() as session:
        # However little is looked at, what is kept is the whole, and once.
        assert session.query(models.StandingRun).one().targets == 6


def test_last_month_stands_beside(filled):
    run("--at", "2026-10-31")
    same = {"state": "实况", "roster": "国控"}
    with (
        Workspace.open(filled) as opened,
        opened.ledger.write(who="张三", action="test") as session,
    ):
        published(session, "2026-01/2026-11", "24.0", basis=same)
    rows = json.loads(run("--at", "2026-12-10", "--json").stdout)
    (row,) = [one for one in rows if one["kind"] == "annual"]
    assert (row["state"], row["before"], row["since"]) == (
        "达到序时进度", "滞后于序时进度", "2026-12-10"
    )  # fmt: skip
    assert "上月滞后" in "".join(run("--at", "2026-12-10").stdout.split())


@pytest.mark.usefixtures("filled")
def test_excel_in_the_form_of_the_bureaus(tmp_path):
    path = tmp_path / "调度表.xlsx"
    run("--at", "2026-11-20", "-o", path, "--unit", "市生态环境局", "--date", "2026-11-20")
    book = openpyxl.load_workbook(path)
    sheet, grounds = book.worksheets
    heads = [cell.value for cell in sheet[3]]
    assert heads == ["序号", "指标", "属性", "基期", "年度目标", "规划目标", "1—10月", "同比",
                     "完成情况", "差距", "剩余控制值", "责任单位", "数据口径",
                     "数据状态"]  # fmt: skip
    assert sheet.page_setup.paperSize == 8
    assert sheet.page_setup.orientation == "landscape"
    assert sheet["A4"].value == "青禾县生态文明规划"
    row = {head: cell.value for head, cell in zip(heads, sheet[5], strict=True)}
    assert (row["基期"], row["年度目标"], row["1—10月"]) == (
        "28.0（2024年）",
        "≤25.0 µg/m3",
        "25.4",
    )
    assert row["规划目标"].splitlines()[0].startswith("2025年≤25")
    assert row["数据状态"] == "公布·A"
    assert [cell.value for cell in grounds[3]][:2] == ["序号", "编号"]
    assert f"{PM25} {CITY} 2026-01/2026-10 = 25.4" in grounds["H4"].value


@pytest.mark.usefixtures("filled")
def test_word_in_the_form_of_the_bureaus(tmp_path):
    path = tmp_path / "调度表.docx"
    run("--at", "2026-11-20", "-o", path, "--title", "青禾县目标调度表")
    document = Document(path)
    texts = [one.text for one in document.paragraphs]
    assert "青禾县目标调度表" in texts
    assert "（截至2026年11月20日）" in texts
    (made,) = document.tables
    assert [cell.text for cell in made.rows[0].cells][:3] == ["序号", "指标", "属性"]
    assert len(made.rows) == 4
    assert round(document.sections[0].page_width.mm) == 420
    assert document.core_properties.title == "青禾县目标调度表（截至2026年11月20日）"
    again = tmp_path / "again.docx"
    run("--at", "2026-11-20", "-o", again, "--title", "青禾县目标调度表")
    assert path.read_bytes() == again.read_bytes()


@pytest.mark.usefixtures("filled")
def test_a_bureaus_own_template(tmp_path):
    own = tmp_path / "own.docx"
    run("--write-template", own)
    run("--write-template", own, code=1)
    out = tmp_path / "out.docx"
    run("--at", "2026-11-20", "-o", out, "--template", own)
    assert Document(out).tables
    (tmp_path / "bad.docx").write_bytes(b"PK")
    done = RUN.invoke(app, ["track", "-o", str(out), "--template", str(tmp_path / "bad.docx")])
    assert isinstance(done.exception, ShanshuiError) or done.exit_code == 1


@pytest.mark.usefixtures("filled")
def test_a_page_that_is_read_without_colour(tmp_path):
    path = tmp_path / "调度表.html"
    run("--at", "2026-11-20", "-o", path)
    text = path.read_text("utf-8")
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "<script" not in text
    for state in ("待下达", "滞后于序时进度"):
        assert f'<b aria-hidden="true">{tables.MARKS[state]}</b>{state}' in text


def test_an_empty_workspace_and_wrong_words(tmp_path, monkeypatch):
    Workspace.create(tmp_path / "空").close()
    monkeypatch.setenv("SHANSHUI_WORKSPACE", str(tmp_path / "空"))
    assert "没有目标" in run("--who", "x").stdout
    assert json.loads(run("--who", "x", "--json").stdout) == []
    for name in ("xlsx", "docx", "html"):
        run("--who", "x", "-o", tmp_path / f"x.{name}")
        assert (tmp_path / f"x.{name}").stat().st_size
    run("--status", "好", code=2)
    run("--at", "2026-13-01", code=2)
    run("-o", tmp_path / "x.txt", code=2)
    run("-o", tmp_path / "no" / "x.xlsx", code=2)
    run("--template", "a.docx", "--json", code=2)


def test_every_state_has_its_own_sign_colour_and_ground():
    assert set(tables.MARKS) == set(report.FILLS) == set(track.COLOURS) == set(STATES)
    assert len(set(tables.MARKS.values())) == len(STATES)
    assert set(report.WIDTHS) == set(tables.HEADS)


def test_the_shipped_template_is_what_the_tool_makes(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent.parent / "tools"))
    monkeypatch.delitem(sys.modules, "track_template", raising=False)
    from track_template import template

    with (
        zipfile.ZipFile(io.BytesIO(report.shipped())) as had,
        zipfile.ZipFile(io.BytesIO(template())) as fresh,
    ):
        for name in ("word/document.xml", "word/styles.xml", "word/footer1.xml"):
            assert had.read(name) == fresh.read(name)


def test_changes_in_words():
    def said(change, unit):
        return tables.change({"change": change, "figure_unit": unit})

    assert said(0.04, "%") == "持平"
    assert (said(-1.25, "%"), said(12.0, "个")) == ("-1.2个百分点", "+12.0%")
    assert tables.Table(date(2026, 1, 1), ()).summary() == "共 0 行（0 项目标）"

"""Reported figures on the command line."""

import io
import json
import shlex
import shutil
from pathlib import Path

import pytest
from docx import Document
from openpyxl import load_workbook
from report_samples import WATER, plan
from typer.testing import CliRunner

from shanshui.cli.app import app
from shanshui.platform.store import Workspace

SEWAGE, PATH = "农村生活污水治理率", "碧道长度"


@pytest.fixture
def folder(tmp_path, blank, monkeypatch):
    """Give the folder of a workspace with a plan and its units."""
    place = tmp_path / "workspace"
    shutil.copytree(blank, place)
    with Workspace.open(place) as workspace:
        plan(workspace)
    monkeypatch.setenv("SHANSHUI_WORKSPACE", str(place))
    monkeypatch.setenv("SHANSHUI_WHO", "张三")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words, code=0, given=None):
    said = CliRunner().invoke(app, ["report-in", *map(str, words)], input=given)
    assert said.exit_code == code, said.output + str(said.exception)
    return said


def rows(*words):
    return json.loads(run("list", "--json", *words).stdout)


def failed(*words):
    return str(run(*words, code=1).exception)


def test_from_the_plan_to_the_series(folder):
    dry = run("open", "2026-Q3", "--dry-run").stderr
    assert "将建立 would make 1 张表 forms，2 项 lines" in dry
    assert rows() == []
    said = run("open", "2026-Q3").stderr
    assert "没有责任单位：清城区 化肥使用量；用 shanshui plan assign qinghe-003" in said
    run("export", WATER, "--period", "2026-Q3", "-o", "填报.xlsx")
    book = load_workbook(folder / "填报.xlsx")
    page = book["填报"]
    places = {page.cell(n, 2).value: n for n in range(4, page.max_row + 1)}
    page.cell(places[SEWAGE], 8).value = 66.5
    page.cell(places[SEWAGE], 9).value = "台账.txt"
    book.save(folder / "填报.xlsx")
    (folder / "台账.txt").write_text("村", "utf-8")
    assert "将改 would change 青禾县水务局" in run("import", "填报.xlsx", "--dry-run").stderr
    done = run("import", "填报.xlsx", "--submit").stderr
    assert "已导入 took 青禾县水务局 2026-Q3：1 项 lines，2 格 cells；上报 submitted 1" in done
    (row,) = rows("--state", "已报")
    assert (row["value"], row["filled_by"]) == ("66.5", "张三")
    assert "须由另一人审核" in failed("accept", row["line"])
    run("return", row["line"], "--why", "缺分村名单", "--who", "李四")
    assert "缺分村名单" in run("list").stdout
    run("set", row["line"], "66.0", "--note", "附名单", "--submit")
    run("accept", row["line"], "--who", "李四")
    (figure,) = json.loads(run("figures", "--json").stdout)
    assert (figure["value"], figure["status"], figure["unit"]) == ("66.0", "已审", "%")
    assert "农村生活污水治理率" in run("figures", "-r", "清城区").stdout
    assert "已审，更正须写明理由" in failed("set", row["line"], "65")
    run("set", row["line"], "65", "--why", "复核", "--submit")
    run("accept", row["line"], "--who", "李四")
    shown = run("show", row["line"]).stdout
    for word in ("66.0 %", "65 %", "复核", "台账.txt", "李四"):
        assert word in shown
    assert json.loads(run("figures", "--as-of", "2020-01-01", "--json").stdout) == []


@pytest.mark.usefixtures("folder")
def test_one_figure_by_hand():
    run("open", "2026-Q3")
    words = ("--period", "2026-Q3", "-i", PATH, "-r", "清城区")
    said = run("set", WATER, "40.0", *words, "--basis", "formula=累计建成").stderr
    assert "已填 filled in 2 碧道长度 清城区 2026-Q3，第 1 次" in said
    assert "没有变化" in run("set", WATER, "40.0", *words).stderr
    assert "不能为负，得到 -1" in failed("set", WATER, "-1", *words)
    run("set", WATER, "41", code=2)
    run("set", WATER, "41", "--perido", "2026-Q3", code=2)
    assert run("list", "--state", "无此", code=2).exit_code == 2
    said = run("add", "青禾县农业农村局", "--period", "2026-Q3", "-i", "化肥使用量", "-r", "清城区")
    assert "已加 added 1 项" in said.stderr
    assert "已报 submitted 1 项" in run("submit", 2).stderr
    assert len(rows("--of", WATER)) == 2


def test_who_is_late_and_the_reminders(folder):
    run("open", "2026-Q3", "--deadline", "2026-10-20")
    assert "没有找到" in run("late", "--at", "2026-10-20").stdout
    (unit,) = json.loads(run("late", "--at", "2026-10-23", "--json").stdout)
    assert (unit["unit"], unit["days"], unit["figures"]) == (WATER, 3, 2)
    assert len(json.loads(run("late", "--at", "2026-10-23", "--lines", "--json").stdout)) == 2
    text = run("remind", "--at", "2026-10-23", "--sign", "县美丽办").stdout
    assert text.startswith("青禾县水务局：\n    截至2026年10月23日，贵单位尚有 2 项指标未报")
    (told,) = json.loads(run("remind", "--at", "2026-10-23", "--json").stdout)
    assert told["late"] == 2
    run("remind", "--at", "2026-10-23", "-o", "催报.docx")
    paper = Document(io.BytesIO((folder / "催报.docx").read_bytes()))
    assert paper.paragraphs[0].text == "关于尽快填报指标数据的提醒"
    assert any(PATH in one.text for one in paper.paragraphs)
    run("remind", "--at", "2026-10-23", "-o", "催报.txt")
    assert (folder / "催报.txt").read_text("utf-8").startswith("青禾县水务局")
    assert "没有要催的" in run("remind", "--at", "2026-10-01").stdout
    run("remind", "-o", "催报.pdf", code=2)


def test_published_values_from_the_package_and_a_file(folder):
    said = run("load-published").stderr
    assert "读 read 1,902：新 new 1,900" in said
    assert "已有 already 1,900" in run("load-published").stderr
    (folder / "公报.csv").write_text(
        "region,indicator,period,value,unit,basis,source_title,confidence\n"
        "清城区,农村生活污水治理率,2025,60.2,%,,甲公报,A\n"
        "无此地,农村生活污水治理率,2025,60.2,%,,甲公报,A\n",
        encoding="utf-8",
    )
    said = run("load-published", "公报.csv", code=1).stderr
    assert "第 3 行“region”列：没有名为“无此地”的地区" in said
    assert "新 new 1" in said
    shown = run("figures", "-i", SEWAGE, "-r", "清城区").stdout
    for word in ("60.2 %", "公布", "甲公报"):
        assert word in shown
    assert "没有这个文件" in failed("load-published", "无.csv")


def test_a_sheet_that_cannot_be_taken_names_the_cells(folder):
    run("open", "2026-Q3")
    run("export", WATER, "--period", "2026-Q3", "-o", "填报.xlsx")
    book = load_workbook(folder / "填报.xlsx")
    for row in (4, 5):
        book["填报"].cell(row, 8).value = "很多"
    book.save(folder / "填报.xlsx")
    said = run("import", "填报.xlsx", code=1)
    assert "第 4 行“本期值”列" in str(said.exception)
    assert "第 5 行“本期值”列" in said.stderr
    assert all(row["state"] == "missing" for row in rows())
    run("export", WATER, "--period", "2026-Q3", "-o", "填报.csv", code=2)


@pytest.mark.usefixtures("folder")
def test_the_commands_of_the_page_run_in_their_order():
    page = Path(__file__).parents[1] / "docs" / "track" / "reported.md"
    lines = page.read_text("utf-8").splitlines()
    commands = [line.removeprefix("$ shanshui ") for line in lines if line.startswith("$ ")]
    assert len(commands) > 20
    for command in commands:
        said = CliRunner().invoke(app, shlex.split(command))
        assert said.exit_code == 0, command + said.output + str(said.exception)

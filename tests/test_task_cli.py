"""The three lists, targets of years and the work on the command line, as a planner uses them."""

import json
import shlex
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from shanshui.cli.app import app
from shanshui.platform.plans.documents import add
from shanshui.standards import ShanshuiError

PLAN = """清远市碧水行动方案（2026—2028年）
一、主要目标
2025年细颗粒物年均浓度为25.0微克/立方米。
到2028年，细颗粒物年均浓度降至22.0微克/立方米，建成碧道86公里。
二、主要任务
（一）治理白石河。推进沿河截污，开展清淤。（市水利局牵头，市财政局参与）
（二）保护水源。2026年9月底前，完成围网建设。由市住房城乡建设局负责，修建蓄水池。
专栏1 治水重点项目
1.东郊污水处理厂（二期）。扩建规模2.5万吨/日，总投资1.2亿元，建设期限2025—2026年。
"""
CODE = "441800-action-2028"


@pytest.fixture
def run(workspace, monkeypatch):
    """Run a command in a folder of the workspace; give what it printed, or its JSON."""
    add(workspace.ledger, PLAN.encode(), who="张三")
    monkeypatch.chdir(workspace.folder)
    monkeypatch.setenv("SHANSHUI_WHO", "李四")
    monkeypatch.setenv("COLUMNS", "160")

    def call(*words, code=0):
        done = CliRunner().invoke(app, [str(word) for word in words])
        assert done.exit_code == code, done.output
        if isinstance(done.exception, ShanshuiError | OSError):
            return str(done.exception)
        if "--json" in words and code == 0:
            return json.loads(done.stdout)
        return done.output

    return call


def test_work_is_assigned_reported_and_listed(run):
    item = f"{CODE}-t001"
    assert "相近：市水利局" in run("plan", "assign", item, "--lead", "市水利句", code=1)
    (given,) = run("plan", "assign", item, "--lead", "市水务局、市水利局", "--new", "--json")
    assert given["lead"] == ["市水务局", "市水利局"]
    assert given["before"]["lead"] == ["市水利局"]
    run("plan", "assign", item, code=2)
    (tried,) = run("plan", "assign", item, "--support", "-", "--dry-run", "--json")
    assert tried["support"] == []
    update = ("task", "update", item, "--period", "2026-10")
    assert "进展、完成率" in run(*update, "--progress", "铺管3公里", "--rate", "45%")
    assert "没有变化" in run(*update, "--rate", "45")
    assert "0 到 100" in run(*update, "--rate", "450", code=1)
    assert "还不是" in run(*update, "--rate", "100")
    run(*update, code=2)
    rows = run("task", "list", "--period", "2026-11", "--on", "2026-11-20", "--json")
    first = next(row for row in rows if row["item"] == item)
    assert (first["rate"], first["carried"]["progress"]) == ("100", "2026-10")
    assert first["support"] == ["市财政局"]  # the dry run changed nothing
    assert "铺管3公里〔2026-10〕" in run("task", "list", "--period", "2026-11")


def test_work_is_filtered_by_unit_state_deadline_and_plan(run):
    listed = ("task", "list", "--on", "2026-12-10", "--json")
    everything = run(*listed, "--actions")
    water = run(*listed, "--of", "市水利局")
    assert [row["title"] for row in water] == ["治理白石河"]
    late = run("task", "list", "--on", "2027-01-10", "--json", "--overdue")
    assert late
    assert {row["due"] for row in late} == {"overdue"}
    projects = run(*listed, "--list", "projects", "--soon", 30)
    assert [row["due"] for row in projects] == ["due_soon"]
    run("task", "update", f"{CODE}-t001", "--state", "under_way", "--period", "2026-10")
    started = run(*listed, "--state", "under_way")
    assert [row["item"] for row in started] == [f"{CODE}-t001"]
    assert len(everything) == 6
    assert run(*listed, "--unassigned") == []
    assert len(run(*listed, "--list", "projects", "--unassigned")) == 1
    assert "没有规划" in run("task", "list", "-d", "x", code=1)
    run("task", "list", "--on", "昨天", code=2)


def test_a_division_of_work_is_taken_from_a_file(run):
    Path("分工.txt").write_text(
        "序号\t任务\t牵头单位\n1\t治理白石河，推进沿河截污\t市水务局\n2\t发展旅游\t市文旅局\n",
        "utf-8",
    )
    words = ("plan", "assign", "--from", "分工.txt", "-d", CODE)
    assert "没有登记的单位" in run(*words, code=1)
    text = run(*words, "--new")
    assert "没有对到" in text
    rows = run("task", "list", "--of", "市水务局", "--json")
    assert [row["item"] for row in rows] != []
    run("plan", "assign", "--from", "分工.txt", code=2)


def test_a_target_of_a_year_is_set_split_and_checked(run):
    put = ("plan", "annual", "set", "PM2.5年均浓度", "清远市", 2026)
    assert "已定 set #1" in run(*put, "≤24.0", "--source", "省下达")
    assert "未变 unchanged" in run(*put, "≤24.0", "--source", "省下达")
    assert "单位是 µg/m3" in run(*put, "0.024", "--measure", "mg/m3", code=1)
    (row,) = run("plan", "annual", "list", "--year", 2026, "--json")
    assert (row["value"], row["comparator"], row["source"]) == ("24.0", "<=", "省下达")
    run("plan", "split", 1, code=2)
    Path("现状.csv").write_text("区县,现状\n清城区,28\n阳山县,21\n", "utf-8")
    split = ("plan", "split", 1, "--to", "counties", "--baseline", "现状.csv")
    text = run(*split)
    assert "各部分均值 24，与总目标 24.0 一致" in text
    assert "还没有写入" in text
    assert "还没有分解" in run("plan", "split", 1, "--check", code=1)
    assert "已写入" in run(*split, "--confirm")
    (check,) = run("plan", "split", 1, "--check", "--json")
    assert (check["meets"], check["gap"]) == (True, "0")
    run(
        "plan",
        "annual",
        "set",
        "PM2.5年均浓度",
        "清城区",
        2026,
        "28.5",
        "--source",
        "分解自 省下达",
    )
    assert "未达到总目标 24.0，差 0.55" in run("plan", "split", 1, "--check", code=1)
    assert "--to counties" in run("plan", "split", 1, code=2)


def test_a_straight_line_is_proposed_and_written_on_a_word(run):
    rows = run("plan", "annual", "propose", f"{CODE}-002", "--json")
    assert [(row["year"], row["value"]) for row in rows] == [
        (2026, "24.0"),
        (2027, "23.0"),
        (2028, "22.0"),
    ]
    assert run("plan", "annual", "list", "--json") == []
    run("plan", "annual", "propose", f"{CODE}-002", "--confirm")
    assert len(run("plan", "annual", "list", "--json")) == 3


def test_a_workbook_goes_out_and_comes_back(run):
    assert "已写 wrote" in run("plan", "export", CODE, "-o", "核对.xlsx", "--period", "2026-10")
    book = load_workbook("核对.xlsx")
    page = book["目标指标"]
    heads = {cell.value: cell.column for cell in page[3]}
    rows = {page.cell(r, 1).value: r for r in range(4, page.max_row + 1)}
    page.cell(rows[f"{CODE}-002"], heads["数值"]).value = 21.5
    book.save("改.xlsx")
    text = run("plan", "import", "改.xlsx", "--dry-run")
    assert "将改 would change 1 格" in text
    assert "22.0" in text
    assert "已改 changed 1 格" in run("plan", "import", "改.xlsx")
    assert "已改 changed 0 格" in run("plan", "import", "改.xlsx")
    page.cell(rows[f"{CODE}-003"], heads["年份"]).value = "明年"
    page.cell(rows[f"{CODE}-001"], heads["核对决定"]).value = "退回"
    book.save("坏.xlsx")
    assert "第 6 行“年份”列" in run("plan", "import", "坏.xlsx", code=1)
    text = run("plan", "import", "坏.xlsx", "--keep-good", code=1)
    assert "已改 changed 1 格" in text
    assert "明年" in Path("坏.rejected.csv").read_text("utf-8-sig")
    assert "打不开" in run("plan", "import", "shanshui.toml", code=1)
    assert "No such file" in run("plan", "import", "没有.xlsx", code=1)


@pytest.mark.parametrize("name", ["清单.xlsx", "清单.docx"])
def test_the_lists_are_exported_as_documents(run, name):
    run("plan", "export", CODE, "--as", "lists", "-o", name, "--unit", "市生态环境局")
    assert Path(name).read_bytes().startswith(b"PK")
    if name.endswith("xlsx"):
        run("plan", "export", CODE, "--as", "lists", "-o", name, "--list", "tasks")
        assert load_workbook(name).sheetnames == ["主要任务清单"]
    else:
        run("plan", "export", CODE, "-o", name, "--write-template", "模板.docx")
        run("plan", "export", CODE, "-o", name, "--template", "模板.docx")
    run("plan", "export", CODE, "-o", "清单.pdf", code=2)
    run("plan", "export", CODE, "-o", "清单.docx", "--as", "review", code=2)
    run("plan", "export", CODE, "-o", "清单.xlsx", "--template", "模板.docx", code=2)


def test_the_commands_of_the_pages_run_in_their_order(workspace, monkeypatch):
    monkeypatch.chdir(workspace.folder)
    monkeypatch.setenv("SHANSHUI_WHO", "李四")
    pages = Path(__file__).resolve().parent.parent / "docs" / "plan"
    Path("规划.txt").write_text(PLAN, "utf-8")
    Path("分工.txt").write_text("序号\t任务\t牵头单位\n1\t治理白石河\t市水务局\n", "utf-8")
    Path("现状.csv").write_text("区县,现状\n清城区,28\n阳山县,21\n", "utf-8")
    ran = 0
    for page in ("lists.md", "targets.md"):
        for line in (pages / page).read_text("utf-8").splitlines():
            if line.startswith("$ shanshui "):
                done = CliRunner().invoke(app, shlex.split(line)[2:])
                assert done.exit_code == 0, (line, done.output, done.exception)
                ran += 1
    assert ran > 20

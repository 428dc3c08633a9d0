"""``shanshui plan`` on the ledger: what a planner types, and what is answered."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from shanshui.cli.app import app
from shanshui.standards import ShanshuiError

if TYPE_CHECKING:
    from click.testing import Result

PLAN = """阳山县碧水行动方案（2026—2028年）
一、主要目标
到2028年，农村供水保障率达到85%。
到2027年，PM2.5年均浓度降至22微克/立方米。
到2028年，建成碧道86公里。
二、重点任务
（一）治理白石河。推进沿河截污纳管，开展底泥清淤（县水务局牵头）。
"""
CODE = "441823-action-2028"


@pytest.fixture(autouse=True)
def folder(workspace, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a workspace, with the plan beside it."""
    monkeypatch.chdir(workspace.folder)
    monkeypatch.setenv("SHANSHUI_WHO", "张三")
    Path("规划.txt").write_text(PLAN, encoding="utf-8")
    return workspace.folder


def run(*words: str, data: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["plan", *words], input=data)


def fault(*words: str) -> str:
    """Give the error that a command ends with, which the program prints."""
    result = run(*words)
    assert result.exit_code == 1
    assert isinstance(result.exception, ShanshuiError)
    return str(result.exception)


def good(*words: str, data: bytes | None = None) -> str:
    result = run(*words, data=data)
    assert result.exit_code == 0, result.output
    return result.output


def rows(*words: str) -> list[dict[str, object]]:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_planners_way_through_a_plan() -> None:
    said = good("add", "规划.txt")
    assert CODE in said
    assert "题名" in said
    assert "已在台账" in good("add", "规划.txt")
    (plan,) = rows("list")
    assert (plan["code"], plan["targets"], plan["tasks"]) == (CODE, 3, 1)
    assert "农村供水保障率" in good("list", CODE)
    assert [row["kind"] for row in rows("list", CODE, "--kind", "count")] == ["count"]
    assert "已确认" in good("confirm", f"{CODE}-001")
    good("correct", f"{CODE}-002", "数值=21", "年份=2028", "--reason", "读错")
    shown = good("show", f"{CODE}-002")
    for words in ("≤", "21", "原为 was 22", "2027", "已更正", "读错", "降至22微克/立方米"):
        assert words in shown
    whole = json.loads(run("show", f"{CODE}-002", "--json").stdout)
    assert whole["original"] == {"value": "22", "year": 2027}
    assert "已被改过" in fault("correct", f"{CODE}-002", "value=20", "--version", "1")
    good("reject", f"{CODE}-003", "--reason", "重复")
    assert [row["status"] for row in rows("list", CODE, "--status", "rejected")] == ["rejected"]
    good("revert", f"{CODE}-003")
    assert rows("list", CODE, "--status", "rejected") == []
    assert "3 条" in good("confirm", "-d", CODE, "--kind", "task", "--kind", "action")
    good("correct", CODE, "title=碧水计划")
    assert "碧水计划" in good("list")


def test_a_new_version_and_its_differences() -> None:
    good("add", "规划.txt")
    Path("修订.txt").write_text(PLAN.replace("85%", "88%"), encoding="utf-8")
    assert "取代" in good("add", "修订.txt")
    (change,) = rows("diff", CODE)
    assert (change["change"], change["fields"]) == (
        "changed",
        {"value": {"old": "85", "new": "88"}},
    )
    assert "数值 85 → 88" in good("diff", CODE)
    good("diff", CODE, "-o", "改动.csv")
    with Path("改动.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["change"], row["field"], row["old"], row["new"]) == ("changed", "value", "85", "88")
    good("correct", f"{CODE}-001", "value=90")
    for name in ("条目.csv", "条目.xlsx"):
        good("list", CODE, "-o", name)
        good("check", "-o", f"检查-{name}")


def test_a_plan_from_stdin_with_its_facts() -> None:
    said = good("add", "-", "--title", "清远规划", "--kind", "plan", "--region", "清远市",
                "--code", "qy", data=PLAN.encode())  # fmt: skip
    assert "《清远规划》" in said
    (plan,) = rows("list")
    assert (plan["code"], plan["region"], plan["kind"]) == ("qy", "清远市", "plan")


def test_check_says_what_to_do_and_is_strict_where_asked() -> None:
    good("add", "规划.txt")
    assert "没有责任单位" in good("check")
    assert run("check", "--strict").exit_code == 0
    other = PLAN.replace("碧水行动方案", "绿美行动方案").replace("22微克", "23微克")
    Path("另一.txt").write_text(other, encoding="utf-8")
    good("add", "另一.txt")
    result = run("check", CODE, "--strict")
    assert result.exit_code == 1
    assert "目标值冲突" in result.output
    found = rows("check", "--rule", "conflict")
    assert {row["rule"] for row in found} == {"conflict"}
    assert {"message_zh", "message_en", "advice_zh", "advice_en"} <= found[0].keys()
    assert len(rows("check", "--all")) > len(found)


def test_the_review_page_of_a_plan_of_the_ledger() -> None:
    good("add", "规划.txt")
    good("confirm", f"{CODE}-001")
    good("review", CODE)
    page = Path(f"{CODE}-核对.html").read_text("utf-8")
    assert '<mark class="target confirmed"' in page
    assert f"（{CODE}）" in page
    assert "没有规划“nowhere”" in fault("review", "nowhere")
    assert "读不了" in fault("review", "没有.txt")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("confirm",), "二者取一"),
        (("confirm", f"{CODE}-001", "-d", CODE), "二者取一"),
        (("correct", f"{CODE}-001", "85"), "字段=值"),
        (("add", "规划.txt", "规划.txt", "--code", "x"), "一次只用于一个文件"),
    ],
)
def test_what_is_not_understood_is_told(words: tuple[str, ...], said: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert said in result.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "没有.txt"), "读不了"),
        (("list", "x"), "没有规划“x”"),
        (("show", "x-001"), "没有编号"),
        (("diff", "x"), "没有规划“x”"),
        (("check", "x"), "没有规划 x"),
        (("check", "--rule", "x"), "没有检查“x”"),
        (("confirm", "x-001"), "没有编号"),
    ],
)
def test_faults_end_with_one_clear_error(words: tuple[str, ...], said: str) -> None:
    assert said in fault(*words)

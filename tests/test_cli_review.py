"""The review of data on the command line."""

import json
import shutil

import pytest
from openpyxl import load_workbook
from review_samples import at, fill, value
from typer.testing import CliRunner

from shanshui.cli.app import app
from shanshui.platform.review import listing
from shanshui.platform.store import Workspace


@pytest.fixture
def folder(tmp_path, blank, monkeypatch):
    """Give the folder of a workspace with hours and flags."""
    place = tmp_path / "workspace"
    shutil.copytree(blank, place)
    with Workspace.open(place) as workspace:
        fill(workspace)
    monkeypatch.setenv("SHANSHUI_WORKSPACE", str(place))
    monkeypatch.setenv("SHANSHUI_WHO", "张三")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "维修单.txt").write_text("换灯", encoding="utf-8")
    return place


def run(*words, code=0):
    said = CliRunner().invoke(app, ["review", *map(str, words)])
    assert said.exit_code == code, said.output + str(said.exception)
    return said


def rows(*words):
    return json.loads(run("list", "1", "--json", *words).stdout)


def test_a_review_from_opening_to_the_lake(folder):
    said = run("open", "2026-10", "--sample", "0.1")
    assert "审核 review 1：标记 flagged" in said.stderr
    assert "已更新 brought up to date" in run("open", "2026-10").stderr
    table = run("list").stdout
    assert "2026-10" in table
    assert "初审" in table
    (stuck,) = [row for row in rows("--origin", "flagged") if row["count"] == 10]
    number = stuck["item"]
    papers = ["--reason", "仪器故障", "--evidence", "维修单.txt"]
    dry = run("withdraw", number, "--stage", "初审", *papers, "--dry-run")
    assert "将审 would decide 1 条" in dry.stderr
    assert rows("--stage", "second") == []
    run("withdraw", number, "--stage", "初审", *papers, "--note", "换灯")
    run("agree", number, "--stage", "复审", "--who", "李四")
    last = run("agree", number, "--stage", "终审", "--who", "王五")
    assert "写入数据湖 to the lake 10 个值" in last.stderr
    shown = run("show", number).stdout
    for word in ("剔除", "仪器故障", "换灯", "维修单.txt", "李四", "已写入", "审完"):
        assert word in shown
    (record,) = json.loads(run("show", number, "--json").stdout)
    assert [step["who"] for step in record["history"]] == ["张三", "李四", "王五"]
    assert (folder / record["history"][0]["evidence_file"]).read_text("utf-8") == "换灯"
    run("undo", number, "--note", "单据不符", "--who", "王五")
    with Workspace.open(folder) as workspace:
        assert value(workspace, "1001A", "pm25", 33)[0] == 44.0
    assert "0 个决定" in run("apply").stderr


@pytest.mark.usefixtures("folder")
def test_a_conflict_tells_who_and_exits_with_one():
    run("open", "2026-10")
    number = rows("--origin", "sampled")[0]["item"]
    run("keep", number, "--stage", "初审")
    said = run(
        "withdraw",
        number,
        "--stage",
        "first",
        "--reason",
        "校准或质控检查",
        "--who",
        "李四",
        code=1,
    )
    assert "张三 于" in said.stderr
    assert "保留（数据正常）" in said.stderr
    stale = run("keep", number, "--stage", "复审", "--who", "李四", "--seen", 1, code=1)
    assert "看过之后已变" in stale.stderr
    # Saying the same again is no fault.
    run("keep", number, "--stage", "初审")


def test_a_batch_by_station_and_span(folder):
    run("open", "2026-10")
    where = ["--review", 1, "--station", "1001A", "--from", "2026-10-02", "--to", "2026-10-02"]
    run("withdraw", *where, "--stage", "初审", "--reason", "维护")
    decided = [row for row in rows() if row["decision"] == "withdraw"]
    assert sum(row["count"] for row in decided) == 48
    assert {row["property"] for row in decided} == {"pm10", "pm25"}
    assert min(row["first"] for row in decided) == at(25).isoformat()
    assert max(row["last"] for row in decided) == at(48).isoformat()
    with Workspace.open(folder) as workspace:
        steps = listing.show(workspace, decided[0]["item"])["history"]
    said = run("undo", "--batch", steps[0]["transaction"], "--note", "日期不对")
    assert f"{len(decided)} 条 items：撤销" in said.stderr
    assert [row for row in rows() if row["decision"]] == []


@pytest.mark.usefixtures("folder")
def test_a_missing_hour_is_back_filled():
    run("open", "2026-10")
    place = ["--review", "air 2026-10", "--station", "1002A", "--property", "pm25"]
    why = ["--stage", "初审", "--reason", "late", "--evidence", "维修单.txt"]
    run("backfill", *place, "--from", "2026-10-01 20:00", "--value", 31.5, *why)
    (row,) = [row for row in rows() if row["decision"]]
    assert (row["decision"], row["new_value"], row["value_zh"]) == ("backfill", 31.5, "缺测")


@pytest.mark.usefixtures("folder")
def test_several_values_come_from_a_file(tmp_path):
    run("open", "2026-10")
    place = ["--review", 1, "--station", "1002A", "--property", "pm10", "--property", "pm25"]
    span = ["--from", "2026-10-03 12:00", "--to", "2026-10-03 14:00", "--period", 3600]
    why = ["--stage", "初审", "--reason", "late", "--evidence", "维修单.txt"]
    lines = ["station,property,time,value"]
    lines += [f"1002A,{p},2026-10-03 {h}:00,{h}.5" for p in ("pm10", "pm25") for h in (12, 14)]
    paper = tmp_path / "补.csv"
    paper.write_text("\n".join(lines), encoding="utf-8")
    run("backfill", *place, *span, *why, "--values", paper)
    decided = {row["item"]: row for row in rows() if row["decision"]}
    assert {row["property"] for row in decided.values()} == {"pm10", "pm25"}
    for item in decided:
        (record,) = json.loads(run("show", item, "--json").stdout)
        assert [row[1] for row in record["history"][0]["written"]] == [12.5, None, 14.5]
    run("undo", *decided, "--note", "再补")
    for text, words in (
        ("time,value\n2026-10-03 12:00:00,3", "须有 station"),
        ("station,property,time,value\n1001A,pm10,2026-10-03 12:00:00,3", "第 1 行"),
        ("station,property,time\n1002A,pm10,2026-10-03 12:00:00", "缺列 value"),
        ("\n".join([*lines, lines[-1]]), "重复"),
        ("station,property,time,value\n1002A,pm10,昨天,3", "应如"),
    ):
        paper.write_text(text, encoding="utf-8")
        said = CliRunner().invoke(
            app, ["review", "backfill", *map(str, [*place, *span, *why, "--values", paper])]
        )
        assert words in str(said.exception), text
    assert [row for row in rows() if row["decision"]] == []


@pytest.mark.usefixtures("folder")
def test_wrong_commands_are_told():
    run("open", "2026-10")
    run("keep", "--stage", "初审", code=2)
    run("keep", "1", "--review", "1", "--stage", "初审", code=2)
    run("keep", "1", code=2)
    run("undo", "1", code=2)
    span = ["--review", "1", "--station", "1001A", "--stage", "初审", "--from"]
    assert "一天" not in run("keep", *span, "昨天", code=2).stderr
    run("keep", *span, "2026-10-02", "--dry-run", code=2)
    run("export", "1", "--stage", "初审", "-o", "审核.csv", code=2)


@pytest.mark.usefixtures("folder")
def test_out_to_excel_and_back():
    run("open", "2026-10")
    run("export", "1", "--stage", "初审", "-o", "审核.xlsx")
    book = load_workbook("审核.xlsx")
    page = book["审核"]
    heads = {cell.value: cell.column for cell in page[3]}
    page.cell(4, heads["决定"]).value = "保留"
    page.cell(4, heads["理由"]).value = "停运或停电" if "缺测" in page.cell(4, 7).value else None
    page.cell(5, heads["决定"]).value = "剔除"
    book.save("审核.xlsx")
    said = run("import", "审核.xlsx", "--dry-run", code=1)
    assert "将导入 would take 1 条" in said.stderr
    said = run("import", "审核.xlsx", code=1)
    assert "已导入 took 1 条 items，共填 of 2" in said.stderr
    assert "须写理由" in said.stderr
    assert len([row for row in rows() if row["decision"]]) == 1


@pytest.mark.usefixtures("folder")
def test_the_reasons_are_listed():
    listed = json.loads(run("reasons", "--domain", "water", "--json").stdout)
    assert {"dry", "ice", "natural"} <= {row["code"] for row in listed}
    assert "dust" not in {row["code"] for row in listed}
    assert "断流" in run("reasons").stdout

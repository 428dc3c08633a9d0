"""The three lists: rows, owners, what is known by month, and the documents of the bureaus."""

import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from docx import Document
from openpyxl import load_workbook
from sqlalchemy import select

from shanshui.plan import read
from shanshui.platform.plans import lists, owners, review, work
from shanshui.platform.plans.documents import add
from shanshui.platform.report.lists import SIGNATURE, three_lists
from shanshui.platform.report.lists_documents import shipped, write
from shanshui.platform.store import models
from shanshui.standards import ShanshuiError

PLAN = """清远市碧水行动方案（2026—2028年）
一、主要目标
2025年细颗粒物年均浓度为25.0微克/立方米。
到2028年，细颗粒物年均浓度降至22.0微克/立方米，建成碧道86公里，城乡面貌明显改善。
二、主要任务
（一）治理白石河。推进沿河截污，开展清淤。（市水利局牵头，市财政局参与）
（二）保护水源。2026年9月底前，完成围网建设。由市住房城乡建设局负责，修建蓄水池。
（三）防治扬尘。加强工地管理，开展道路清洗。
专栏1 治水重点项目
1.东郊污水处理厂（二期）。扩建规模2.5万吨/日，总投资1.2亿元，建设期限2025—2026年。
2.白石河湿地公园。
"""
CODE = "441800-action-2028"
ON = date(2026, 12, 10)


@pytest.fixture
def plan(workspace):
    assert [one.code for one in add(workspace.ledger, PLAN.encode(), who="张三")] == [CODE]
    return workspace


def write_to(workspace):
    return workspace.ledger.write(who="张三", action="test")


def report(workspace, item, period, **values):
    with write_to(workspace) as session:
        return work.report(session, item, period, who="李四", values=values)[1]


# ------------------------------------------------------------------------------------- periods


@pytest.mark.parametrize(
    ("text", "name", "start", "end"),
    [
        ("2026-02", "2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("２０２８年２月", "2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("2026-W43", "2026-W43", date(2026, 10, 19), date(2026, 10, 25)),
        ("2026年第53周", "2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
    ],
)
def test_a_period_is_a_month_or_a_week(text, name, start, end):
    assert work.period_of(text) == work.Period(name, start, end)


@pytest.mark.parametrize("text", ["2026", "2026-13", "2025-W53", "十月", ""])
def test_what_is_no_period_is_refused(text):
    with pytest.raises(ShanshuiError, match="时段应如"):
        work.period_of(text)


@pytest.mark.parametrize(
    ("deadline", "state", "on", "expected"),
    [
        ("2026", None, date(2026, 12, 31), "due_soon"),
        ("2026", None, date(2027, 1, 1), "overdue"),
        ("2026-09", "under_way", date(2026, 8, 30), None),
        ("2026-09", "under_way", date(2026, 8, 31), "due_soon"),
        ("2026-09", "done", date(2026, 12, 1), None),
        ("2026-09-15", None, date(2026, 9, 16), "overdue"),
        ("长期", None, date(2099, 1, 1), None),
        (None, None, date(2099, 1, 1), None),
    ],
)
def test_an_item_is_overdue_after_its_last_day(deadline, state, on, expected):
    assert work.due(deadline, state, on) == expected


# ---------------------------------------------------------------------------------------- lists


def test_the_list_of_targets_has_a_row_for_each_indicator_with_its_baseline(plan):
    with plan.ledger.read() as session:
        rows = lists.targets(session, CODE, on=ON)
    pm25, km = rows[0], rows[1]
    assert [row["number"] for row in rows] == [str(n) for n in range(1, len(rows) + 1)]
    assert (pm25["indicator"], pm25["unit"], pm25["baseline"], pm25["values"]) == (
        "PM2.5年均浓度",
        "µg/m3",
        "25.0 (2025)",
        {2028: "≤22.0"},
    )
    assert (km["unit"], km["values"]) == ("km", {2028: "86"})
    assert {2028: "定性目标"} in [row["values"] for row in rows]
    assert [row["kinds"] == ["milestone"] for row in rows] == sorted(
        row["kinds"] == ["milestone"] for row in rows
    )
    assert pm25["deadline"] == "2028"
    assert pm25["due"] is None


def test_tasks_come_with_their_actions_and_inherit_their_units(plan):
    with plan.ledger.read() as session:
        rows = lists.tasks(session, CODE, on=ON)
        folded = lists.tasks(session, CODE, on=ON, folded=True)
        water = lists.tasks(session, CODE, unit="市水利局")
    assert [row["number"] for row in rows] == [
        *("1", "1.1", "1.2", "2", "2.1", "2.2", "3", "3.1", "3.2")
    ]
    first, action, second, fence = rows[0], rows[1], rows[3], rows[4]
    assert (first["lead"], first["support"], first["inherited"]) == (
        ["市水利局"],
        ["市财政局"],
        False,
    )
    assert (action["lead"], action["parent"]) == (["市水利局"], first["item"])
    assert fence["deadline"].startswith("2026")
    assert second["deadline"] is None
    assert {row["item"] for row in water} <= {row["item"] for row in rows[:3]}
    assert [row["title"] for row in folded if row["parent"] is None] == [
        *("治理白石河", "保护水源", "防治扬尘")
    ]
    third = next(row for row in folded if row["title"] == "防治扬尘")
    assert third["actions"] == ["加强工地管理", "开展道路清洗"]


def test_rejected_items_are_left_out_and_all_plans_are_listed_without_a_code(plan):
    with plan.ledger.read() as session:
        before = lists.projects(session)
    review.reject(plan.ledger, f"{CODE}-p002", who="张三")
    with plan.ledger.read() as session:
        after = lists.projects(session, CODE)
        with pytest.raises(ShanshuiError, match="没有规划“x”；有 441800"):
            lists.projects(session, "x")
    assert [row["name"] for row in before] == ["东郊污水处理厂（二期）", "白石河湿地公园"]
    assert [row["name"] for row in after] == ["东郊污水处理厂（二期）"]
    assert after[0]["investment_wan"] == Decimal(12000)


# ------------------------------------------------------------------------------------- progress


def test_what_was_reported_before_is_carried_for_reading_and_never_copied(plan):
    item = f"{CODE}-t001"
    assert report(plan, item, "2026-09", progress="铺管3公里", rate="30%") == ["progress", "rate"]
    assert report(plan, item, "2026-W41", problems="征地慢") == ["problems"]
    assert report(plan, item, "2026-10", rate=Decimal(45), state="推进中") == ["rate", "state"]
    assert report(plan, item, "2026-10", rate="45") == []
    with plan.ledger.read() as session:
        october = lists.tasks(session, CODE, period="2026-10")[0]
        september = lists.tasks(session, CODE, period="2026-09")[0]
        august = lists.tasks(session, CODE, period="2026-08")[0]
        stored = session.scalars(select(models.Progress).order_by(models.Progress.id)).all()
        assert [(row.period, row.progress, row.problems) for row in stored] == [
            ("2026-09", "铺管3公里", None),
            ("2026-W41", None, "征地慢"),
            ("2026-10", None, None),
        ]
    assert (october["rate"], october["progress"], october["problems"]) == (
        Decimal(45),
        "铺管3公里",
        "征地慢",
    )
    assert october["carried"] == {"progress": "2026-09", "problems": "2026-W41"}
    assert (september["rate"], september["carried"]) == (Decimal(30), {})
    assert august["progress"] is None
    assert report(plan, item, "2026-10", state=None) == ["state"]


@pytest.mark.parametrize(
    ("item", "period", "values", "said"),
    [
        (f"{CODE}-t009", "2026-10", {"rate": 1}, f"相近的有 .*{CODE}-t00"),
        (f"{CODE}-t001", "2026", {"rate": 1}, "时段应如"),
        (f"{CODE}-t001", "2026-10", {"rate": 101}, "0 到 100"),
        (f"{CODE}-t001", "2026-10", {"rate": "很多"}, "0 到 100"),
        (f"{CODE}-t001", "2026-10", {"state": "快了"}, "状态应为"),
        (f"{CODE}-t001", "2026-10", {"mood": "好"}, "不认识的字段"),
    ],
)
def test_a_report_that_makes_no_sense_is_refused(plan, item, period, values, said):
    with pytest.raises(ShanshuiError, match=said):
        report(plan, item, period, **values)
    with plan.ledger.read() as session:
        assert session.scalars(select(models.Progress)).all() == []


# ---------------------------------------------------------------------------------------- owners


def test_units_are_replaced_by_role_and_strange_ones_need_a_word(plan):
    item = f"{CODE}-t001"
    with write_to(plan) as session, pytest.raises(ShanshuiError, match="相近：市水利局"):
        owners.assign(session, [item], {"lead": ["市水利句"]})
    with write_to(plan) as session:
        done = owners.assign(session, [item], {"lead": ["市水务局", "市水利局"]}, new=True)
        assert [one.after for one in done] == [
            {"lead": ["市水务局", "市水利局"], "support": ["市财政局"]}
        ]
        assert owners.assign(session, [item], {"lead": ["市水务局", "市水利局"]}) == []
    with write_to(plan) as session:
        (done,) = owners.assign(session, [item], {"support": []})
        assert done.after == {"lead": ["市水务局", "市水利局"]}


def test_a_division_of_work_finds_its_tasks(plan):
    paper = read(
        "序号\t任务\t牵头单位\t配合单位\n"
        "1\t防治扬尘，加强工地管理\t市住房城乡建设局\t市城管局\n"
        "2\t发展旅游\t市文旅局\t\n".encode(),
        name="分工.txt",
    )
    with plan.ledger.read() as session:
        lines = owners.divided(session, CODE, paper)
    assert [(line.task, bool(line.items)) for line in lines] == [
        ("防治扬尘，加强工地管理", True),
        ("发展旅游", False),
    ]
    assert lines[0].items[0].startswith(f"{CODE}-t003")
    assert lines[0].units == {"lead": ("市住房城乡建设局",), "support": ("市城管局",)}


def test_who_is_to_do_the_work_answers_for_the_targets_in_its_text(workspace):
    plan = (
        "青禾市碧水行动方案（2026—2028年）\n"
        "一、主要目标\n到2028年，细颗粒物年均浓度降至22.0微克/立方米，建成碧道86公里。\n"
        "二、主要任务\n"
        "（一）治理白石河。推进沿河截污，到2028年完成清淤40公里。开展执法检查。\n"
        "（二）防治扬尘。到2028年，装配式建筑占比达到35%。开展道路清洗，道路机扫率达到90%。\n"
    )
    paper = (
        "序号\t任务\t牵头单位\n"
        "1\t治理白石河，推进沿河截污，完成清淤40公里\t市水务局\n"
        "2\t防治扬尘\t市住房城乡建设局\n"
        "3\t开展道路清洗，道路机扫率达到90%\t市城管局\n"
        "4\t细颗粒物年均浓度降至22.0微克/立方米\t市生态环境局\n"
    )
    (code,) = {one.code for one in add(workspace.ledger, plan.encode(), who="张三")}
    with workspace.ledger.read() as session:
        lines = owners.divided(session, code, read(paper.encode(), name="分工.txt"))
        goals = {
            row.code: row.indicator
            for row in session.scalars(select(models.Commitment).order_by(models.Commitment.start))
        }
    led = {
        goals[item]: line.units["lead"][0] for line in lines for item in line.items if item in goals
    }
    assert led == {
        "PM2.5年均浓度": "市生态环境局",
        "清淤": "市水务局",
        "装配式建筑占新建建筑比例": "市住房城乡建设局",
        "道路机扫率": "市城管局",
    }  # and nobody for 碧道, which no line names


# ------------------------------------------------------------------------------------- documents


@pytest.fixture
def made(plan):
    report(plan, f"{CODE}-t001", "2026-09", progress="铺管3公里", rate=30, evidence="照片")
    report(plan, f"{CODE}-p001", "2026-10", progress="主体完工", rate=90)
    with plan.ledger.read() as session:
        return three_lists(
            session, CODE, period="2026-10", on=ON, unit="市生态环境局", made=date(2026, 11, 2)
        )


def test_the_lists_have_the_columns_of_the_bureaus(made):
    goals, tasks, projects = made.sheets
    assert list(tasks.heads.values()) == [
        *("序号", "任务", "牵头单位", "配合单位", "完成时限"),
        *("进展情况", "完成率", "存在问题", "下一步", "佐证"),
    ]
    assert list(goals.heads.values())[:4] == ["序号", "指标", "单位", "基期值"]
    assert "2028年目标" in goals.heads.values()
    assert tasks.rows[0]["progress"] == "铺管3公里〔2026-09〕"
    assert tasks.rows[0]["rate"] == "30%"
    assert projects.rows[0]["progress"] == "主体完工"
    fence = next(row for row in tasks.rows if "围网" in row["title"])
    assert "逾期" in fence["deadline"] or "临期" in fence["deadline"]
    assert projects.rows[0]["deadline"] == "2026（临期）"
    assert projects.note.startswith("共 2 项项目，临期 1 项")


def test_the_workbook_prints_on_a4_across_with_its_head_on_each_page(made):
    data = write(made, "xlsx")
    assert data == write(made, "xlsx")
    book = load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["目标指标清单", "主要任务清单", "重点项目清单"]
    for page in book.worksheets:
        assert (page.page_setup.orientation, page.page_setup.paperSize) == ("landscape", 9)
        assert page.print_title_rows == "$1:$3"
        assert page["A1"].value.startswith("清远市碧水行动方案")
        assert page["A2"].value == "单位：市生态环境局　　2026年10月　　2026年11月2日"
        assert page["A4"].alignment.wrap_text
        texts = [cell.value for cell in page["A"] if cell.value]
        assert texts[-1] == SIGNATURE


def test_the_word_document_has_the_tables_with_their_widths(made):
    data = write(made, "docx")
    assert data == write(made, "docx")
    document = Document(io.BytesIO(data))
    text = "\n".join(p.text for p in document.paragraphs)
    assert "清远市碧水行动方案" in text
    assert text.count("填报单位（盖章）") == 3
    assert "{" not in text
    assert len(document.tables) == 3
    for table, sheet in zip(document.tables, made.sheets, strict=True):
        head = table.rows[0]
        assert [cell.text for cell in head.cells] == list(sheet.heads.values())
        assert head._tr.xpath("./w:trPr/w:tblHeader")
        assert len(table.rows) == 1 + len(sheet.rows)
        widths = [cell.width for cell in head.cells]
        assert max(widths) > 3 * min(widths)


def test_a_bureau_has_its_own_template_and_a_broken_one_is_told(made):
    own = Document(io.BytesIO(shipped()))
    own.paragraphs[0].runs[0].text = "某某局 {{ period }}"
    out = io.BytesIO()
    own.save(out)
    document = Document(io.BytesIO(write(made, "docx", template=out.getvalue())))
    assert document.paragraphs[0].text == "某某局 2026年10月"
    own.paragraphs[0].runs[0].text = "{{ nothing }}"
    out = io.BytesIO()
    own.save(out)
    with pytest.raises(ShanshuiError, match="不认识的占位符"):
        write(made, "docx", template=out.getvalue())
    with pytest.raises(ShanshuiError, match="不是 Word 文件"):
        write(made, "docx", template=b"PK")


def test_the_shipped_template_is_what_the_tool_makes(monkeypatch):
    from pathlib import Path

    monkeypatch.syspath_prepend(str(Path(__file__).parent.parent / "tools"))
    from lists_template import template

    parts = ("word/document.xml", "word/styles.xml")
    with (
        zipfile.ZipFile(io.BytesIO(template())) as fresh,
        zipfile.ZipFile(io.BytesIO(shipped())) as kept,
    ):
        assert [fresh.read(part) for part in parts] == [kept.read(part) for part in parts]

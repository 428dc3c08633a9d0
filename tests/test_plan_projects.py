"""Listed projects of boxes, annexes and tables; the texts are of a made-up county."""

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_samples import HANG

from shanshui.plan.projects import projects
from shanshui.plan.reading import PlanError, read


def listed(text):
    return projects(read(text.encode(), name="青禾县"))


def names(text):
    return [project.name for project in listed(text)]


BOX = """青禾县水系规划
一、治理河流
专栏2 治水重点项目
1．云川市青禾县东郊污水处理厂（二期）。扩建规模2.5万吨/日，占地面积40亩，配套管网。
2．白石区排水管网改造工程：新建雨水管18.4公里，总投资3.2亿元，建设期限2024—2026年。
3．丹江生态廊道，种植湿地植物。投资约8600万元。
二、治理空气
1.清洁能源
"""


def test_numbered_items_with_their_facts():
    first, second, third = listed(BOX)
    assert [p.name for p in (first, second, third)] == [
        "云川市青禾县东郊污水处理厂（二期）",
        "白石区排水管网改造工程",
        "丹江生态廊道",
    ]
    assert (first.box, first.number, first.category) == ("专栏 2", 1, "治水重点项目")
    assert first.section.endswith("专栏 2")
    assert first.capacity == "扩建规模2.5万吨/日，占地面积40亩"
    assert first.place == "青禾县"
    assert (second.capacity, second.investment, second.investment_wan) == (
        "新建雨水管18.4公里",
        "3.2亿元",
        32_000.0,
    )
    assert (second.period, second.years) == ("2024—2026年", (2024, 2026))
    assert (third.investment_wan, third.capacity, third.years, third.place) == (
        8600.0,
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("text", "want"),
    [
        # A type line: 类别：名称、名称…
        (
            ("专栏1 能源\n1.风电：新增投产白石山风电场项目、丹江风力发电项目等风电项目。\n"
            "2.光伏：积极推动禾云100MW光伏电站、青禾农光互补项目开展前期工作。\n"),
            ["白石山风电场项目", "丹江风力发电项目", "禾云100MW光伏电站", "青禾农光互补项目"],
        ),
        # One programme whose words after the colon list no projects.
        ("专栏1 农业\n1.茶产业：重点推动甲镇、乙镇、丙镇种植户转型。\n", ["茶产业"]),
        ("专栏1 格局\n1.双带：即两道山边绿带。\n", ["双带"]),
        # Parts inside an item.
        (
            "专栏1 治水\n1.管网工程。（1）甲镇管网工程；（2）乙镇管网工程。\n",
            ["甲镇管网工程", "乙镇管网工程"],
        ),
        # Other marks: brackets, circles, dots, none.
        ("专栏1 治水\n（1）甲湖公园。\n（2）乙湖公园。\n", ["甲湖公园", "乙湖公园"]),
        ("专栏1 治水\n①甲湖公园。\n②乙湖公园。\n", ["甲湖公园", "乙湖公园"]),
        ("专栏1 治水\n——甲湖公园。建园。\n——乙湖公园。\n", ["甲湖公园", "乙湖公园"]),
        ("专栏1 治水\n甲湖公园。建园。\n以上抓紧推进。\n", ["甲湖公园"]),
        # A comma inside quotes or brackets belongs to the name.
        ("专栏1 文旅\n1.奥园（甲，北区）“春，夏”项目。\n", ["奥园（甲，北区）“春，夏”项目"]),
        # A flattened table; lines that go on do not count.
        (
            "专栏1 基地\n序号 县区 基地名称 内容\n1 白石区 飞云湿地\n增设\n2 青禾县 禾山森林\n",
            ["飞云湿地", "禾山森林"],
        ),
        # Annexes, where their title says so.
        ("附录 1 重点项目清单\n1.甲湖公园。\n2.乙湖水库工程。\n", ["甲湖公园", "乙湖水库工程"]),
        ("附件1\n\n重点项目表\n1.甲湖公园。\n2.乙湖水库工程。\n", ["甲湖公园", "乙湖水库工程"]),
        # Items numbered as headings are, at once after the title of the box.
        (
            ("一、治水\n（一）截污\n建网。\n专栏1 工程\n（一）管网工程。新建管网。\n"
            "（二）清淤工程。\n清淤。\n（二）保护\n加强保护。\n"),
            ["管网工程", "清淤工程"],
        ),
        # Bare type lines.
        ("专栏1 工程\n治水：甲湖整治工程、乙河清淤工程。\n治气：丙厂项目，总投资3亿元。\n",
         ["甲湖整治工程", "乙河清淤工程", "丙厂项目"]),
        ("附录 2 名词解释\n1.湿地公园。\n2.项目。\n", []),
        ("专栏1 主要指标完成情况\n1.森林覆盖率。\n", []),
        ("没有专栏。1.甲厂。\n", []),
    ],
)  # fmt: skip
def test_forms_of_lists(text, want):
    assert names(text) == want


def test_type_lines_give_the_category_and_no_size_of_others():
    text = "专栏1 能源\n1.光伏：新增白石100MW光伏电站、丹江农光互补项目等，总投资5亿元。\n"
    first, second = listed(text)
    assert {p.category for p in (first, second)} == {"光伏"}
    assert (first.capacity, second.capacity) == ("100MW", None)
    assert (first.investment, first.number, second.number) == (None, 1, 1)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("清远市青禾县水厂", "青禾县"),
        ("清远市水厂", "清远市"),
        ("清远高新区水厂", "清远高新区"),
        ("清远市丹江镇水厂", "丹江镇"),
        ("清远市丹江乡村公园", "清远市"),
        ("丹江水厂", None),
    ],
)
def test_places(name, place):
    (project,) = listed(f"专栏1 治水\n1.{name}。扩建。\n")
    assert project.place == place


TABLE = (
    "序号\t项目名称\t建设地点\t建设内容及规模\t总投资（万元）\t建设期限\n"
    "1\t第二水厂\t青禾县\t日供水2万吨\t12,500\t2024-2026\n"
    "2\t白石河整治工程\t白石区\t整治河道12公里\t8000\t2025年\n"
    "\t合计\t\t\t20500\t\n"
)


def test_rows_of_a_table_with_cells():
    found = projects(_html(TABLE))
    assert [(p.name, p.place, p.capacity, p.investment_wan, p.years) for p in found] == [
        ("第二水厂", "青禾县", "日供水2万吨", 12_500.0, (2024, 2026)),
        ("白石河整治工程", "白石区", "整治河道12公里", 8000.0, (2025, 2025)),
    ]
    assert [p.number for p in found] == [1, 2]
    # Tables of indicators and divisions of work are none.
    assert projects(_html("序号\t指标\t2025年\n1\t森林覆盖率\t62\n")) == []
    assert projects(_html("序号\t任务\t牵头单位\t完成时限\n1\t治河\t水利局\t2025年\n")) == []


def _html(table):
    """Make the document that a table read from Word, Excel or HTML gives: cells between tabs."""
    from array import array

    from shanshui.plan.document import Document

    return Document(table, table, array("l", range(len(table) + 1)), (), "table")


def test_spans_lead_back_to_the_original():
    doc = read(BOX.encode())
    for project in projects(doc):
        first, last = doc.original_span(project.start, project.end)
        assert doc.original[first:last] == project.name
        assert project.item_start <= project.start < project.end <= project.item_end


PIECES = st.sampled_from(
    ["专栏1 项目\n", "1.", "2.", "(1)", "①", "——", "甲厂", "：", "、", "。", "\n", "等项目", "（",
     "”", "3万吨", "总投资", "2亿元", "2024-2026年", "序号 名称 内容\n", "1 甲 乙\n",
     "项目名称\t总投资\n", "甲厂\t1,2\n", "新增"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=200))
def test_any_text_gives_spans_inside_it(text):
    try:
        doc = read(text.encode())
    except PlanError:
        return
    for project in projects(doc):
        assert 0 <= project.item_start <= project.start < project.end <= project.item_end
        assert project.item_end <= len(doc.text)
        assert project.name == doc.quote(project.start, project.end)


@pytest.mark.parametrize("piece", ["（", "甲厂、", "1", "12,", "投资", "新增", "(1)(2)", "2024-"])
def test_time_grows_with_the_length_alone(piece):
    doc = read(("专栏1 项目\n1.甲：" + piece * 30_000).encode())
    doc.outline  # noqa: B018 (its time is not counted here)
    start = time.process_time()
    projects(doc)
    assert time.process_time() - start < HANG


def _squeezed(name):
    return re.sub(r"\s", "", name).translate(str.maketrans("（），：", "(),:"))


def test_projects_of_a_real_plan(shared):
    folder = shared / "plans"
    lines = (folder / "gold" / "qingyuan-projects.jsonl").read_text(encoding="utf-8").splitlines()
    gold = [json.loads(line) for line in lines]
    found = projects(read(folder / "texts" / "qingyuan.txt"))
    free = [(int(p.box.split()[-1]), _squeezed(p.name)) for p in found]
    hits = 0
    for row in gold:
        key = (row["box"], _squeezed(row["name"]))
        if key in free:
            free.remove(key)
            hits += 1
    print(f"projects: recall {hits / len(gold):.3f}, precision {hits / len(found):.3f}")
    assert hits / len(gold) >= 0.95
    assert hits / len(found) >= 0.95

"""Documents that divide the work of a plan, and what they answer to; the county is made up."""

import time
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_samples import HANG

from shanshui.plan.assignments import assignments, unassigned
from shanshui.plan.document import Document
from shanshui.plan.reading import PlanError, read

PLAN = """青禾县美丽县城建设方案
一、总体要求
到2027年，细颗粒物年均浓度降至25微克/立方米，森林覆盖率达到62%。
二、治理河流
（一）治理白石河。推进沿河截污，开展底泥清淤。到2027年，白石河建成区段水质稳定达标。
（二）保护饮用水水源。完成隔离围网建设，修建应急蓄水池。
三、治理空气
（三）控制扬尘。推广湿法作业，扩大机械洗扫面积。
"""


def document(text):
    return read(text.encode(), name="分工")


def cells(*rows):
    """Make the document that a table read from Word, Excel or HTML gives: cells between tabs."""
    text = "\n".join("\t".join(row) for row in rows) + "\n"
    return Document(text, text, array("l", range(len(text) + 1)), (), "分工")


TABLE = cells(
    ("序号", "重点任务", "牵头单位", "配合单位", "完成时限"),
    ("1", "推进白石河沿河截污和底泥清淤", "县水利局", "县财政局、各乡镇人民政府", "2026年12月底前"),
    ("2", "修建应急蓄水池，完成隔离围网", "县住房城乡建设局", "", "2025年"),
    ("3", "修编通用航空规划", "", "县财政局", ""),
    ("4", "细颗粒物年均浓度", "县生态环境局牵头，县城管局、县交通运输局配合", "", "长期坚持"),
)


def test_rows_of_a_table_with_their_parties():
    first, second, third, fourth = assignments(TABLE)
    assert [a.number for a in (first, second, third, fourth)] == ["1", "2", "3", "4"]
    assert first.task == "推进白石河沿河截污和底泥清淤"
    assert (first.lead, first.support) == (("县水利局",), ("县财政局", "各乡镇人民政府"))
    assert (first.deadline, first.year) == ("2026年12月底前", 2026)
    assert (second.lead, second.support, second.year) == (("县住房城乡建设局",), (), 2025)
    # An empty cell of who leads is merged with the one above; so is its deadline.
    assert (third.lead, third.support) == (("县住房城乡建设局",), ("县财政局",))
    assert (third.deadline, third.year) == ("2025年", 2025)
    assert (fourth.lead, fourth.support) == (("县生态环境局",), ("县城管局", "县交通运输局"))
    assert (fourth.deadline, fourth.year) == ("长期坚持", None)
    assert all(a.matches == () for a in (first, second, third, fourth))


def test_rows_are_matched_to_the_tasks_and_targets_of_the_plan():
    plan = document(PLAN)
    first, second, third, fourth = assignments(TABLE, plan)
    assert [(m.kind, m.path) for m in first.matches if m.kind == "task"] == [("task", "二、(一)")]
    assert {m.quote for m in first.matches if m.kind == "action"} == {
        "推进沿河截污",
        "开展底泥清淤",
    }
    assert second.matches[0].path == "二、(二)"
    assert third.matches == ()
    assert [m.kind for m in fourth.matches] == ["target"]
    assert "25微克" in fourth.matches[0].quote
    for a in (first, second, third, fourth):
        for match in a.matches:
            assert 0.5 <= match.score <= 1
            assert 0 <= match.start < match.end <= len(plan.original)
    # What nothing answers to, on both sides.
    assert [a.task for a in (first, second, third, fourth) if not a.matches] == ["修编通用航空规划"]
    assert [task.title for task in unassigned(plan, [first, second, third, fourth])] == ["控制扬尘"]


def test_the_threshold_is_the_users():
    plan = document(PLAN)
    work = document("1.推进白石河截污，并治理沿岸的多处违法建筑（县水利局牵头）。\n")
    (loose,) = assignments(work, plan, threshold=0.1)
    (strict,) = assignments(work, plan, threshold=0.99)
    assert loose.matches
    assert not strict.matches


def test_measures_stand_for_tasks_where_both_have_columns():
    table = cells(
        ("任务", "具体措施", "责任单位", "配合单位"),
        ("治水", "建设围网", "甲局、乙局", "丙局"),
        ("", "修建水池", "", ""),
    )
    found = assignments(table)
    assert [(a.task, a.responsible, a.support) for a in found] == [
        ("建设围网", ("甲局", "乙局"), ("丙局",)),
        ("修建水池", ("甲局", "乙局"), ("丙局",)),
    ]


def test_merged_cells_of_a_web_page():
    rows = (
        "<tr><th>序号</th><th>工作任务</th><th>牵头部门</th><th>协办单位</th><th>完成期限</th></tr>"
        "<tr><td>1</td><td>建设围网</td><td rowspan=2>甲局</td><td>乙局</td>"
        "<td>2025年底前</td></tr>"
        "<tr><td>2</td><td>修建水池</td><td></td><td>2026年6月底前</td></tr>"
    )
    found = assignments(read(f"<html><body><table>{rows}</table></body></html>".encode()))
    assert [(a.number, a.task, a.lead, a.support, a.year) for a in found] == [
        ("1", "建设围网", ("甲局",), ("乙局",), 2025),
        ("2", "修建水池", ("甲局",), (), 2026),
    ]


def test_a_table_flattened_to_lines():
    text = "序号 任务 牵头单位 完成时限\n1 建设围网 甲局 2025年\n2 修建水池 乙局 2026年\n"
    found = assignments(document(text))
    assert [(a.number, a.task, a.lead, a.year) for a in found] == [
        ("1", "建设围网", ("甲局",), 2025),
        ("2", "修建水池", ("乙局",), 2026),
    ]


@pytest.mark.parametrize(
    ("text", "want"),
    [
        (
            "1.推进截污，2026年6月底前完成（甲局牵头，乙局参与）。\n",
            [("1", "推进截污，2026年6月底前完成", ("甲局",), ("乙局",), (), 2026)],
        ),
        (
            "（二）建设围网（甲局牵头）；修建水池（乙局负责）。\n",
            [
                ("(二)", "建设围网", ("甲局",), (), (), None),
                ("(二)", "修建水池", (), (), ("乙局",), None),
            ],
        ),
        ("围网的建设由甲局负责。\n", [("", "围网的建设", (), (), ("甲局",), None)]),
        ("由甲局牵头，会同乙局，建设围网。\n", [("", "建设围网", ("甲局",), ("乙局",), (), None)]),
        ("建设围网（含水池）。目前进展顺利。\n", []),
        ("序号\t指标\t2025年\n1\t覆盖率\t62\n", []),
    ],
)
def test_running_text(text, want):
    found = [
        (a.number, a.task, a.lead, a.support, a.responsible, a.year)
        for a in assignments(document(text))
    ]
    assert found == want


def test_parties_that_are_named_once_for_all():
    text = "1.造林（甲局负责）。\n以下均需各区落实，不再列出。\n2.清淤（乙局牵头）。\n"
    first, second = assignments(document(text))
    assert first.responsible == ("甲局",)
    assert (second.lead, second.responsible) == (("乙局",), ("各区",))


PIECES = st.sampled_from(
    ["1.", "（一）", "推进截污", "（", "）", "甲局", "牵头", "，", "。", "\n", "由", "负责", "会同",
     "乙局、", "序号 任务 牵头单位\n", "1 甲 乙\n", "任务\t责任单位\n", "截污\t甲局\n",
     "均需各区落实，不再列出"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=200))
def test_any_text_gives_spans_inside_it(text):
    try:
        doc = document(text)
    except PlanError:
        return
    for a in assignments(doc, doc):
        assert 0 <= a.start < a.end <= len(doc.text)
        assert a.task == doc.quote(a.start, a.end)
        assert all(doc.text[p.start : p.end] == p.name for p in a.parties)
        assert all(0 <= m.start < m.end <= len(doc.original) for m in a.matches)


@pytest.mark.parametrize("piece", ["（甲局牵头", "由", "甲局负责", "1 甲 乙\n", "前", "2025年"])
def test_time_grows_with_the_length_alone(piece):
    doc = document("1.推进" + piece * 20_000)
    doc.outline  # noqa: B018 (its time is not counted here)
    start = time.process_time()
    assignments(doc)
    assert time.process_time() - start < HANG


def test_sentences_of_real_plans_find_their_tasks(shared):
    from shanshui.plan.tasks import tasks

    plan = read(shared / "plans" / "texts" / "qingyuan.txt")
    known = [(t, a) for t in tasks(plan) for a in t.actions if len(a.quote) >= 12][::10]
    text = "".join(
        f"{n}.全面{a.quote}，确保取得实效（县发展改革局牵头）。\n" for n, (_, a) in enumerate(known)
    )
    found = {a.number: a for a in assignments(document(text), plan)}
    right = wrong = 0
    for number, (task, _) in enumerate(known):
        a = found.get(str(number))
        best = next((m.start for m in a.matches if m.kind == "task"), None) if a else None
        right += best == plan.offsets[task.start]
        wrong += best not in (None, plan.offsets[task.start])
    print(f"assignments: {right} of {len(known)} found their task, {wrong} another")
    assert right >= 0.8 * len(known)
    assert wrong <= 0.02 * len(known)

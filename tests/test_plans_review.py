"""核对: confirmed, corrected, rejected, taken back; the first extraction is never lost."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from shanshui.platform.plans import review, views
from shanshui.platform.plans.documents import add
from shanshui.platform.plans.review import Choice
from shanshui.platform.store import Conflict, models
from shanshui.standards import ShanshuiError

PLAN = """阳山县碧水行动方案（2026—2028年）
一、主要目标
到2028年，农村供水保障率达到85%。
到2027年，PM2.5年均浓度降至22.0微克/立方米。
到2028年，建成碧道86公里。
到2028年，水生态环境根本好转。
二、重点任务
（一）治理白石河。推进沿河截污纳管，开展底泥清淤（县水务局牵头）。
"""
CODE = "441823-action-2028"


@pytest.fixture
def ledger(workspace):
    add(workspace.ledger, PLAN.encode(), who="张三")
    return workspace.ledger


def item(ledger, number):
    with ledger.read() as session:
        row = session.scalar(
            select(models.Commitment).where(models.Commitment.code == f"{CODE}-{number:03}")
        )
        session.expunge_all()
    return row


def statuses(ledger):
    return [row["status"] for row in views.items(ledger, CODE)]


def test_items_are_confirmed_rejected_and_taken_back(ledger):
    one = f"{CODE}-001"
    assert review.confirm(ledger, one, who=" 李四 ").changed == (one,)
    assert (item(ledger, 1).status, item(ledger, 1).checked_by) == ("confirmed", "李四")
    assert item(ledger, 1).checked_at is not None
    assert review.confirm(ledger, one, who="李四").same == (one,)
    review.reject(ledger, one, who="王五", reason="是口号")
    assert (item(ledger, 1).status, item(ledger, 1).note) == ("rejected", "是口号")
    review.revert(ledger, one, who="王五")
    row = item(ledger, 1)
    assert (row.status, row.checked_by, row.checked_at, row.note) == ("extracted", None, None, None)


def test_a_correction_keeps_the_first_extraction(ledger):
    one = f"{CODE}-002"
    review.correct(ledger, one, {"数值": "21.0", "year": "2028年"}, who="李四", reason="读错")
    review.correct(ledger, one, {"value": 20, "comparator": "≤"}, who="王五")
    row = item(ledger, 2)
    assert (row.status, str(row.value), row.year) == ("corrected", "20", 2028)
    assert row.original == {"value": "22.0", "year": 2027}
    assert review.confirm(ledger, one, who="李四").same == (one,)  # a correction is a check
    with ledger.read() as session:
        trail = review.trail(session, one)
        assert [(row.action, row.who) for row in trail] == [
            ("plan add", "张三"),
            ("plan correct", "李四"),
            ("plan correct", "王五"),
        ]
        assert trail[1].before["value"] == "22.0"
        assert trail[1].reason == "读错"
    review.revert(ledger, one, who="李四")
    row = item(ledger, 2)
    assert (row.status, str(row.value), row.year, row.original) == ("extracted", "22.0", 2027, None)


def test_a_correction_back_to_the_text_confirms_it(ledger):
    one = f"{CODE}-002"
    review.correct(ledger, one, {"value": "21"}, who="李四")
    review.correct(ledger, one, {"value": "22.0"}, who="李四")
    assert (item(ledger, 2).status, item(ledger, 2).original) == ("confirmed", None)
    assert review.correct(ledger, one, {"value": "22.0"}, who="李四").same == (one,)


def test_regions_and_indicators_are_corrected_by_name(ledger):
    one = f"{CODE}-001"
    review.correct(ledger, one, {"region": "清远", "indicator": "细颗粒物浓度"}, who="李四")
    row = item(ledger, 1)
    assert (row.region, row.region_code) == ("清远市", "441800")
    assert (row.indicator, row.indicator_code) == ("PM2.5年均浓度", "air.pm25.annual_mean")
    review.correct(ledger, one, {"region": ""}, who="李四")
    assert (item(ledger, 1).region, item(ledger, 1).region_code) == (None, None)
    review.correct(ledger, f"{CODE}-004", {"indicator": "白石河清水天数"}, who="李四")
    assert item(ledger, 4).indicator == "白石河清水天数"
    review.revert(ledger, one, who="李四")
    assert item(ledger, 1).region_code == "441823"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"valeu": "3"}, "没有字段“valeu”"),
        ({"value": "abc"}, "应为数"),
        ({"value": "nan"}, "应为数"),
        ({"year": "明年"}, "应为年份"),
        ({"year": "20270"}, "应为年份"),
        ({"comparator": "大概"}, "比较方式应为"),
        ({"kind": "wish"}, "之一"),
        ({"indicator": ""}, "不能为空"),
        ({"indicator": "没有的指标"}, "没有名为"),
        ({"region": "没有的县"}, "没有名为"),
        ({"stretch": "maybe"}, "是 或 否"),
    ],
)
def test_what_is_no_value_of_a_field_is_refused_whole(ledger, fields, said):
    with pytest.raises(ShanshuiError, match=said):
        review.correct(ledger, f"{CODE}-001", {"note": "x"} | fields, who="李四")
    row = item(ledger, 1)
    assert (row.status, row.note, row.version) == ("extracted", None, 1)


def test_a_batch_leaves_alone_what_somebody_has_looked_at(ledger):
    review.reject(ledger, f"{CODE}-001", who="李四")
    done = review.confirm(ledger, Choice(document=CODE, kinds=("target", "count")), who="王五")
    assert done.changed == (f"{CODE}-002", f"{CODE}-003")
    assert done.same == (f"{CODE}-001",)
    sure = review.confirm(ledger, Choice(confidence=0.99), who="王五")
    assert sure.changed == ()
    assert {item(ledger, 4).status} == {"extracted"}
    tasks = review.confirm(ledger, Choice(document=CODE, kinds=("task", "action")), who="王五")
    assert len(tasks.changed) == 3
    back = review.revert(ledger, Choice(document=CODE), who="王五")
    assert set(statuses(ledger)) == {"extracted"}
    assert len(back.changed) == 6
    with pytest.raises(ShanshuiError, match="须指明"):
        review.confirm(ledger, Choice(), who="王五")
    with pytest.raises(ShanshuiError, match="没有规划“x”"):
        review.confirm(ledger, Choice(document="x"), who="王五")
    with pytest.raises(ShanshuiError, match="没有编号"):
        review.confirm(ledger, f"{CODE}-009", who="王五")


def test_a_stale_view_is_refused(ledger):
    one = f"{CODE}-001"
    seen = item(ledger, 1).version
    review.correct(ledger, one, {"value": "84"}, who="李四", version=seen)
    with pytest.raises(Conflict, match="已被改过"):
        review.correct(ledger, one, {"value": "83"}, who="王五", version=seen)
    two = f"{CODE}-002"
    with pytest.raises(Conflict):
        review.reject(ledger, Choice([two, one]), who="王五", versions={one: seen})
    assert item(ledger, 1).value == Decimal(84)
    assert item(ledger, 2).status == "extracted"  # nothing of the batch was written


def test_facts_of_a_plan_are_corrected(ledger):
    review.correct(ledger, CODE, {"题名": "碧水计划", "last_year": "2029", "scope": ""}, who="李四")
    (row,) = views.documents(ledger)
    assert (row["title"], row["last_year"], row["scope"]) == ("碧水计划", 2029, None)
    with pytest.raises(ShanshuiError, match="没有规划“x”"):
        review.correct(ledger, CODE, {"parent": "x"}, who="李四")


def test_an_item_is_shown_with_its_sentence_and_trail(ledger):
    review.correct(ledger, f"{CODE}-002", {"value": "21"}, who="李四")
    row = views.shown(ledger, f"{CODE}-002")
    assert row["before"] + row["said"] + row["after"] == (
        "到2027年，PM2.5年均浓度降至22.0微克/立方米。"
    )
    assert (row["value"], row["original"], row["status"]) == ("21", {"value": "22.0"}, "corrected")
    assert [one["action"] for one in row["trail"]] == ["plan add", "plan correct"]
    task = views.shown(ledger, f"{CODE}-t001-02")
    assert (task["kind"], task["said"], task["lead"]) == ("action", "开展底泥清淤", ["县水务局"])


def test_the_review_page_shows_how_far_each_is_checked(ledger):
    review.confirm(ledger, f"{CODE}-001", who="李四")
    review.correct(ledger, f"{CODE}-002", {"value": "21"}, who="李四")
    review.reject(ledger, f"{CODE}-003", who="李四", reason="<b>重复</b>")
    text, records, left = views.page(ledger, CODE)
    assert (records, left) == (4, 0)
    for status, kind in (
        ("confirmed", "target"),
        ("corrected", "target"),
        ("rejected", "count"),
        ("extracted", "milestone"),
    ):
        assert f'<mark class="{kind} {status}"' in text
        assert f'data-kind="{status}"' in text
    assert '["\\u539f\\u6570\\u503c", "22.0"]' in text or '["原数值", "22.0"]' in text
    assert "<b>重复" not in text

"""Plans are added to the ledger: once, whole, with their owners; a new edition keeps the work."""

import subprocess
import sys
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from shanshui.platform.plans import families, review
from shanshui.platform.plans.documents import add, plan_text
from shanshui.platform.plans.loading import load_folder, load_packaged
from shanshui.platform.store import models
from shanshui.standards import ShanshuiError

PLAN = """阳山县碧水行动方案（2026—2028年）
一、主要目标
到2028年，农村供水保障率达到85.0%。
到2027年，PM2.5年均浓度达到省下达目标要求。
到2028年，建成碧道86公里。
二、重点任务
（一）治理白石河。推进沿河截污纳管，开展底泥清淤（县水务局牵头，县财政局配合）。
（二）保护饮用水源。建设隔离围网，2026年底前搬迁上游养殖场（县生态环境局负责）。
专栏1 重点工程
1.白石河截污工程：新建管网12公里，投资3200万元，建设年限2026—2027年。
"""
CODE = "441823-action-2028"


def put(workspace, text=PLAN, **more):
    (one,) = add(workspace.ledger, text.encode(), **{"who": "张三"} | more)
    return one


def rows(workspace, model, *conditions):
    with workspace.ledger.read() as session:
        query = select(model).join(models.Document, models.Document.id == model.document_id)
        query = query.where(models.Document.current, *conditions).order_by(model.position)
        found = session.scalars(query).all()
        session.expunge_all()
    return found


def document(workspace, code=CODE):
    with workspace.ledger.read() as session:
        row = session.scalar(
            select(models.Document).where(models.Document.code == code, models.Document.current)
        )
        session.expunge_all()
    return row


def units(workspace, item):
    with workspace.ledger.read() as session:
        query = (
            select(models.Assignment.role, models.Organization.name)
            .join(models.Organization)
            .where(models.Assignment.item == item)
        )
        return {(role, name) for role, name in session.execute(query)}


def test_a_plan_is_added_whole(workspace):
    made = put(workspace)
    assert (made.code, made.edition, made.new) == (CODE, 1, True)
    assert made.counts == {
        "commitments": 4,
        "tasks": 2,
        "actions": 4,
        "projects": 1,
        "assignments": 3 + 2 * 2 + 2,
    }
    row = document(workspace)
    assert (row.kind, row.scope, row.region_code) == ("action", "special", "441823")
    assert (row.first_year, row.last_year, row.baseline_year) == (2026, 2028, 2025)
    assert made.taken["region"].startswith("题名")
    assert made.taken["baseline_year"].startswith("推定")
    target, deferred, built, moved = rows(workspace, models.Commitment)
    assert str(target.value) == "85.0"  # as written
    assert (target.region_code, target.year, target.status) == ("441823", 2028, "extracted")
    assert (deferred.kind, deferred.indicator_code) == ("deferred", "air.pm25.annual_mean")
    assert (built.kind, built.value, built.unit) == ("count", Decimal(86), "km")
    assert (moved.kind, moved.year) == ("milestone", 2026)
    tasks = rows(workspace, models.Task)
    assert [one.code.removeprefix(CODE) for one in tasks] == [
        *("-t001", "-t001-01", "-t001-02", "-t002", "-t002-01", "-t002-02")
    ]
    assert tasks[1].parent == tasks[0].code
    assert tasks[5].deadline == "2026"
    assert units(workspace, f"{CODE}-t001-02") == {("lead", "县水务局"), ("support", "县财政局")}
    (project,) = rows(workspace, models.Project)
    assert (project.investment_wan, project.deadline) == (Decimal(3200), "2027")
    with workspace.ledger.read() as session:
        text = session.scalar(select(models.Document.text))
    for one in (*rows(workspace, models.Commitment), *tasks[1:3], project):
        words = one.quote if isinstance(one, models.Commitment) else getattr(one, "title", one.code)
        said = text[one.start : one.end]
        assert words in said or project.name in said


def test_the_same_file_twice_changes_nothing(workspace):
    put(workspace)
    with workspace.ledger.read() as session:
        before = session.scalar(select(func.count()).select_from(models.Audit))
    again = put(workspace, code="another")
    assert (again.new, again.code, again.current) == (False, CODE, True)
    with workspace.ledger.read() as session:
        assert session.scalar(select(func.count()).select_from(models.Audit)) == before
        assert session.scalar(select(func.count()).select_from(models.Document)) == 1


ADDING = """
import sys
from pathlib import Path
from shanshui.platform.plans.documents import add
from shanshui.platform.store import Workspace
with Workspace.open(sys.argv[1]) as workspace:
    print("ready", flush=True)
    sys.stdin.readline()
    (one,) = add(workspace.ledger, Path(sys.argv[2]), who="张三")
    print(one.new)
"""


def test_two_programs_add_one_file_at_once(workspace, tmp_path):
    file = tmp_path / "规划.txt"
    file.write_text(PLAN, "utf-8")
    words = [sys.executable, "-c", ADDING, str(workspace.folder), str(file)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(words, **pipes) for _ in range(2)]
    for one in both:
        assert one.stdout.readline() == "ready\n"
    for one in both:
        one.stdin.write("go\n")
        one.stdin.flush()
    said = sorted(one.communicate(timeout=120)[0].strip() for one in both)
    assert said == ["False", "True"]
    assert len(rows(workspace, models.Commitment)) == 4


def test_a_new_edition_keeps_what_people_did(workspace):
    put(workspace)
    ledger = workspace.ledger
    target, _, built, _ = rows(workspace, models.Commitment)
    review.correct(ledger, built.code, {"unit": "公里", "年份": "2027"}, who="李四")
    review.confirm(ledger, target.code, who="李四")
    task = f"{CODE}-t001"
    with ledger.write(who="李四", action="test") as session:
        session.add(models.Progress(item=task, period="2026-10", progress="已开工"))
        unit = models.Organization(name="阳城镇")
        session.add(unit)
        session.flush()
        session.add(models.Assignment(item=task, role="support", organization_id=unit.id))
        plan = session.scalar(select(models.Document.id))
        session.add(
            models.Task(
                document_id=plan, code=f"{CODE}-t009", position=99, title="会商", status="added"
            )
        )
    changed = PLAN.replace("85.0%", "88%").replace("县财政局", "县林业局").replace("86公", " 86公")
    made = put(workspace, changed)
    assert (made.edition, made.superseded, made.code) == (2, 1, CODE)
    assert made.again == (target.code,)  # it was confirmed, and says another thing now
    now, _, kept, _ = rows(workspace, models.Commitment)
    assert (now.code, now.status, str(now.value)) == (target.code, "extracted", "88")
    assert "请重新核对" in now.note
    assert (kept.code, kept.status, kept.year, kept.unit) == (built.code, "corrected", 2027, "公里")
    assert kept.original == {"unit": "km", "year": 2028}
    assert kept.checked_by == "李四"
    owners = {("lead", "县水务局"), ("support", "县林业局"), ("support", "阳城镇")}
    assert units(workspace, task) == owners
    assert {one.code for one in rows(workspace, models.Task)} >= {task, f"{CODE}-t009"}
    with ledger.read() as session:
        assert session.scalar(select(models.Progress.item)) == task
        assert session.scalars(
            select(models.Document.current).order_by(models.Document.edition)
        ).all() == [False, True]
    # What is new never takes a number that an item had.
    third = put(workspace, changed.replace("建成碧道 86公里", "整治排污口7个"))
    assert third.edition == 3
    assert rows(workspace, models.Commitment)[2].code == f"{CODE}-005"


def test_an_old_edition_added_again_is_told(workspace):
    put(workspace)
    put(workspace, PLAN + "\n")
    again = put(workspace)
    assert (again.new, again.edition, again.current) == (False, 1, False)


def test_another_title_is_another_plan_and_the_same_a_new_edition(workspace):
    put(workspace)
    other = put(workspace, PLAN.replace("碧水行动方案", "绿美行动方案"))
    assert (other.code, other.edition, other.beside) == (f"{CODE}-2", 1, CODE)
    revised = put(
        workspace, PLAN.replace("行动方案（2026—2028年）", "行动方案（2026—2028年）（修订稿）")
    )
    assert (revised.code, revised.edition) == (CODE, 2)
    named = put(workspace, PLAN.replace("碧水", "净土"), code=CODE)
    assert (named.code, named.edition) == (CODE, 3)


THREE = """广州市行动方案
一、目标
到2028年，建成碧道86公里。
清远市行动方案
一、目标
到2028年，建成碧道30公里。
"""


def test_the_plans_of_one_file_are_documents_of_their_own(workspace):
    first, second = add(workspace.ledger, THREE.encode(), who="张三")
    assert [first.code, second.code] == ["440100-action-2028", "441800-action-2028"]
    assert [one.new for one in add(workspace.ledger, THREE.encode(), who="张三")] == [False, False]
    values = [int(one.value) for one in rows(workspace, models.Commitment)]
    assert sorted(values) == [30, 86]
    row = document(workspace, second.code)
    with workspace.ledger.read() as session:
        row = session.get_one(models.Document, row.id)
        (item,) = session.scalars(
            select(models.Commitment).where(models.Commitment.document_id == row.id)
        )
        assert row.text[item.start : item.end] == item.quote
        assert plan_text(row).original == row.text
    with pytest.raises(ShanshuiError, match="2 个规划"):
        add(workspace.ledger, THREE.encode() + b"\n", who="张三", code="x")
    (whole,) = add(workspace.ledger, THREE.encode() + b"\n", who="张三", code="x", split=False)
    assert whole.counts["commitments"] == 2


DIVISION = """碧水行动方案任务分工方案
序号\t任务\t牵头单位\t配合单位\t完成时限
1\t推进沿河截污纳管\t县住建局\t县水务局\t2027年底前
2\t建设隔离围网\t县生态环境局\t\t2026年底前
3\t举办龙舟比赛\t县文旅局\t\t2026年底前
"""


def test_a_division_of_work_gives_tasks_their_owners(workspace):
    put(workspace)
    made = put(workspace, DIVISION, for_plan=CODE)
    assert (made.kind, made.counts["commitments"]) == ("division", 0)
    assert units(workspace, f"{CODE}-t001-01") >= {("lead", "县住建局"), ("support", "县水务局")}
    assert made.unmatched == ("举办龙舟比赛",)
    (own,) = rows(workspace, models.Task, models.Document.code == made.code)
    assert (own.title, own.deadline) == ("举办龙舟比赛", "2026")
    assert units(workspace, own.code) == {("lead", "县文旅局")}
    (pipe,) = rows(workspace, models.Task, models.Task.code == f"{CODE}-t001-01")
    assert (pipe.deadline, pipe.original, pipe.status) == ("2027", {"deadline": None}, "extracted")
    # A new edition of the plan does not lose what the division gave.
    put(workspace, PLAN + "\n")
    (pipe,) = rows(workspace, models.Task, models.Task.code == f"{CODE}-t001-01")
    assert pipe.deadline == "2027"
    assert ("lead", "县住建局") in units(workspace, pipe.code)
    with pytest.raises(ShanshuiError, match="没有规划“nowhere”"):
        put(workspace, DIVISION + "\n", for_plan="nowhere")


def test_what_cannot_be_read_changes_nothing(workspace, tmp_path):
    for source in (tmp_path / "没有.docx", b"", b"\x89PNG\r\n"):
        with pytest.raises(ShanshuiError):
            add(workspace.ledger, source, who="张三")
    with pytest.raises(ShanshuiError, match="kind 应为"):
        put(workspace, kind="wish")
    with pytest.raises(ShanshuiError, match="代码只用"):
        put(workspace, code="a b")
    with pytest.raises(ShanshuiError, match="没有规划“nowhere”"):
        put(workspace, parent="nowhere")
    assert rows(workspace, models.Commitment) == []
    assert document(workspace) is None


def test_families_stand_below_each_other(workspace):
    outline = put(workspace, "美丽阳山建设规划纲要（2025—2035年）\n一、目标\n建成碧道86公里。")
    put(workspace)
    assert families.suggested(workspace.ledger) == {CODE: outline.code}
    review.correct(workspace.ledger, CODE, {"上位规划": outline.code}, who="张三")
    year = put(workspace, "阳山县2026年碧水工作方案\n一、目标\n建成碧道20公里。", parent=CODE)
    found = [(one.code, one.depth) for one in families.families(workspace.ledger)]
    assert found == [(outline.code, 0), (CODE, 1), (year.code, 2)]
    assert families.suggested(workspace.ledger) == {}
    with pytest.raises(ShanshuiError, match="不能在自己之下"):
        review.correct(workspace.ledger, outline.code, {"parent": year.code}, who="张三")
    again = put(workspace, PLAN + "\n")
    assert document(workspace).parent_code == outline.code
    assert again.edition == 2


def test_the_packaged_table_loads_and_the_text_takes_its_place(workspace):
    made = load_packaged(workspace.ledger)
    counts = {one.code: one.counts["commitments"] for one in made}
    assert sum(counts.values()) == 162
    assert len(counts) == 6
    assert counts["441800-plan-2025"] == 101
    assert [one.new for one in load_packaged(workspace.ledger)] == [False] * 6
    found = rows(workspace, models.Commitment)
    assert all(one.indicator_code for one in found if one.kind in ("target", "deferred"))
    regions = {one.region for one in found if not one.region_code}
    assert regions <= {"清远市中心城区", "清远市区"}
    assert any(one.basis for one in found) or not any(one.base_value for one in found)


PLANS = {  # commitments at the least, as the reader finds them; tasks, actions, projects
    "jjj-action-2030": (36, 22),
    "yrd-action-2030": (28, 22),
    "gba-action-2030": (22, 22),
    "440100-outline-2035": (50, 33),
    "440100-plan-2025": (30, 7),
    "441800-plan-2025": (180, 103),
}


def test_the_five_plans_load(workspace, shared):
    folder = shared / "plans" / "texts"
    if not folder.is_dir():
        pytest.skip("no plans beside the checkout")
    made = [one for file in load_folder(workspace.ledger, folder, who="张三") for one in file]
    last = {one.code: one for one in made}
    assert last.keys() == PLANS.keys()
    for code, (promises, tasks) in PLANS.items():
        assert last[code].counts["commitments"] >= promises
        assert last[code].counts["tasks"] == tasks
    assert last["441800-plan-2025"].counts["projects"] == 114
    assert last["gba-action-2030"].edition == 2  # it stands in two of the files
    again = [one for file in load_folder(workspace.ledger, folder, who="张三") for one in file]
    assert not any(one.new for one in again)

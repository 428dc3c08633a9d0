"""The Excel round trip: a plan is exported, edited in a spreadsheet, and brought back."""

import io
import zipfile
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import select

from shanshui.platform.plans import owners, review, work
from shanshui.platform.plans.documents import add
from shanshui.platform.plans.exchange import cells_of, export, items_of
from shanshui.platform.plans.exchange_form import FORMS, HIDDEN, understood
from shanshui.platform.plans.exchange_import import Refused, import_workbook
from shanshui.platform.plans.exchange_read import set_aside
from shanshui.platform.plans.lists import documents
from shanshui.platform.plans.work import period_of
from shanshui.platform.store import Workspace, models
from shanshui.standards import ShanshuiError

PLAN = """清远市碧水行动方案（2026—2028年）
一、主要目标
到2028年，细颗粒物年均浓度降至22.0微克/立方米，建成碧道86公里，优良水体比例达到90%。
二、主要任务
（一）治理白石河。推进沿河截污，开展清淤。（市水利局牵头，市财政局参与）
（二）保护水源。2027年底前，完成围网建设。由市住房城乡建设局负责，修建蓄水池。
专栏1 治水重点项目
1.东郊污水处理厂（二期）。扩建规模2.5万吨/日，总投资1.2亿元，建设期限2026—2028年。
2.白石河湿地公园。
"""
CODE = "441800-action-2028"
SHEETS = {form.key: form for form in FORMS}


@pytest.fixture
def plan(workspace):
    added = add(workspace.ledger, PLAN.encode(), who="张三", name="方案.txt")
    assert [one.code for one in added] == [CODE]
    return workspace


def exported(workspace, period="2026-10"):
    with workspace.ledger.read() as session:
        return export(session, CODE, period=period)


def edited(data, *edits, insert=(), delete=()):
    """Edit cells as (sheet, code, head, value), insert rows and delete rows as a person does."""
    book = load_workbook(io.BytesIO(data))
    for form in FORMS:
        page = book[form.name]
        heads = {cell.value: cell.column for cell in page[3]}
        rows = {page.cell(r, 1).value: r for r in range(4, page.max_row + 1)}
        for sheet, code, head, value in edits:
            if sheet == form.key:
                page.cell(rows[code], heads[head]).value = value
        for sheet, values in insert:
            if sheet == form.key:
                at = page.max_row + 1
                for head, value in values.items():
                    page.cell(at, heads[head]).value = value
        for code in delete:
            if code in rows:
                page.delete_rows(rows[code])
                rows = {page.cell(r, 1).value: r for r in range(4, page.max_row + 1)}
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def brought(workspace, data, **more):
    return import_workbook(workspace.ledger, data, who="李四", name="核对.xlsx", **more)


def everything(workspace, period="2026-10"):
    """All cells of all sheets, by sheet and code, as the ledger has them."""
    with workspace.ledger.read() as session:
        document = documents(session, CODE)[0]
        return {
            form.key: cells_of(session, form, items_of(session, document, form), period_of(period))
            for form in FORMS
        }


def trail(workspace, action="plan import"):
    with workspace.ledger.read() as session:
        rows = session.scalars(select(models.Audit).where(models.Audit.action == action))
        return [(row.subject, row.change, row.before, row.after) for row in rows]


def differences(before, after):
    return {
        (sheet, code, key): (cells[key], after[sheet][code][key])
        for sheet, rows in before.items()
        for code, cells in rows.items()
        for key in cells
        if cells[key] != after[sheet][code][key]
    }


def test_an_unedited_workbook_changes_nothing(plan):
    before = everything(plan)
    outcome = brought(plan, exported(plan))
    assert (outcome.changes, outcome.added, outcome.clashes, outcome.faults) == ([], [], [], [])
    assert not outcome.applied
    assert everything(plan) == before
    assert trail(plan) == []


def test_the_workbook_shows_every_item_with_its_digits_and_units(plan):
    book = load_workbook(io.BytesIO(exported(plan)))
    assert book.sheetnames == ["目标指标", "主要任务", "重点项目", "说明", HIDDEN]
    assert book[HIDDEN].sheet_state == "veryHidden"
    page = book["目标指标"]
    heads = [cell.value for cell in page[3]]
    rows = [
        dict(zip(heads, (c.value for c in row), strict=True)) for row in page.iter_rows(min_row=4)
    ]
    pm25 = next(row for row in rows if row["指标"] == "PM2.5年均浓度")
    assert (pm25["数值"], pm25["比较"], pm25["年份"], pm25["单位"]) == (
        "22.0",
        "≤",
        "2028",
        "µg/m3",
    )
    tasks = book["主要任务"]
    assert {c.value for c in tasks["G"][3:]} >= {"市水利局"}
    assert page.freeze_panes == "B4"
    assert page.page_setup.orientation == "landscape"
    assert page.print_title_rows == "$1:$3"


def test_only_edited_cells_change_each_in_the_audit_trail(plan):
    before = everything(plan)
    data = edited(
        exported(plan),
        ("targets", f"{CODE}-001", "数值", "21.50"),
        ("targets", f"{CODE}-002", "核对决定", "确认"),
        ("targets", f"{CODE}-003", "核对决定", "退回"),
        ("targets", f"{CODE}-003", "决定说明", "读错了"),
        ("tasks", f"{CODE}-t001", "进展", "截污管网已铺设3公里"),
        ("tasks", f"{CODE}-t001", "完成率%", 0.45),
        ("projects", f"{CODE}-p002", "牵头单位", "市林业局，市水利局"),
    )
    book = load_workbook(io.BytesIO(data))  # a rate that a person typed as 45%
    page = book["主要任务"]
    heads = {cell.value: cell.column for cell in page[3]}
    page.cell(4, heads["完成率%"]).number_format = "0%"
    out = io.BytesIO()
    book.save(out)
    outcome = brought(plan, out.getvalue(), new_units=True)
    assert not outcome.clashes
    assert not outcome.faults
    assert differences(before, everything(plan)) == {
        ("targets", f"{CODE}-001", "value"): ("22.0", "21.50"),
        ("targets", f"{CODE}-001", "status"): ("待核对", "已更正"),
        ("targets", f"{CODE}-002", "status"): ("待核对", "已确认"),
        ("targets", f"{CODE}-003", "status"): ("待核对", "已剔除"),
        ("targets", f"{CODE}-003", "note"): ("", "读错了"),
        ("tasks", f"{CODE}-t001", "progress"): ("", "截污管网已铺设3公里"),
        ("tasks", f"{CODE}-t001", "rate"): ("", "45"),
        ("projects", f"{CODE}-p002", "lead"): ("", "市林业局、市水利局"),
    }
    with plan.ledger.read() as session:
        row = session.scalar(
            select(models.Commitment).where(models.Commitment.code == f"{CODE}-001")
        )
        assert row.value == Decimal("21.50")
        assert row.original == {"value": "22.0"}
        assert row.checked_by == "李四"
    written = trail(plan)
    assert sorted((subject, change) for subject, change, _, _ in written) == [
        *[("assignments", "insert")] * 2,
        *[("commitments", "update")] * 3,
        ("organizations", "insert"),
        ("progress", "insert"),
    ]
    again = brought(plan, out.getvalue())
    assert (again.changes, again.clashes, again.faults) == ([], [], [])
    assert len(trail(plan)) == len(written)


def test_what_a_spreadsheet_does_to_values_is_no_edit(plan):
    before = everything(plan)
    data = edited(
        exported(plan),
        ("targets", f"{CODE}-001", "数值", 22.0),
        ("targets", f"{CODE}-001", "年份", 2028.0),
        ("targets", f"{CODE}-002", "年份", "２０２８年"),
        ("targets", f"{CODE}-002", "数值", 86),
        ("targets", f"{CODE}-003", "指标", "优良水体比例  "),
        ("targets", f"{CODE}-003", "力争", "否"),
        ("targets", f"{CODE}-003", "比较", ">="),
        ("tasks", f"{CODE}-t002-01", "完成时限", datetime(2027, 12, 31)),
    )
    assert [c.column for c in brought(plan, data, dry_run=True).changes] == ["完成时限"]
    data = edited(data, ("tasks", f"{CODE}-t002-01", "完成时限", 2027))
    assert brought(plan, data).changes == []
    assert everything(plan) == before


def test_inserted_rows_are_added_once_and_deleted_rows_stay(plan):
    before = everything(plan)
    rows = (
        (
            "targets",
            {"指标": "PM2.5年均浓度", "年份": 2027, "数值": 23, "比较": "≤"},
        ),
        ("tasks", {"任务": "开展入河排污口排查", "牵头单位": "市水利局", "进展": "已启动"}),
        ("tasks", {"任务": "清理河道垃圾", "所属任务编号": f"{CODE}-t001"}),
        ("projects", {"项目名称": "北江碧道（三期）", "总投资（万元）": "３,２００"}),
    )
    data = edited(exported(plan), insert=rows, delete=[f"{CODE}-p001", f"{CODE}-002"])
    tried = brought(plan, data, dry_run=True)
    assert len({(c.sheet, c.row) for c in tried.changes}) == 4
    assert everything(plan) == before
    outcome = brought(plan, data)
    assert outcome.added == [f"{CODE}-005", f"{CODE}-t003", f"{CODE}-t001-03", f"{CODE}-p003"]
    assert sorted(outcome.missing) == [f"{CODE}-002", f"{CODE}-p001"]
    after = everything(plan)
    assert not differences(before, after)  # what was there is as it was
    new = after["targets"][f"{CODE}-005"]
    assert (new["value"], new["year"], new["status"], new["region"]) == (
        "23",
        "2027",
        "手工添加",
        "清远市",
    )
    assert after["projects"][f"{CODE}-p003"]["investment_wan"] == "3200"
    assert after["tasks"][f"{CODE}-t003"]["progress"] == "已启动"
    with plan.ledger.read() as session:
        row = work.find(session, [f"{CODE}-005"])[f"{CODE}-005"]
        assert (row.indicator_code, row.region_code) == ("air.pm25.annual_mean", "441800")
    again = brought(plan, data)
    assert (again.added, again.changes, again.faults) == ([], [], [])


def test_what_was_changed_in_the_ledger_meanwhile_is_not_overwritten(plan):
    data = edited(
        exported(plan),
        ("targets", f"{CODE}-001", "数值", "20"),
        ("targets", f"{CODE}-002", "数值", "88"),
        ("tasks", f"{CODE}-t001", "牵头单位", "市财政局"),
        ("tasks", f"{CODE}-t001", "进展", "甲"),
    )
    review.correct(plan.ledger, f"{CODE}-001", {"value": "21"}, who="王五")
    with plan.ledger.write(who="王五", action="test") as session:
        owners.assign(session, [f"{CODE}-t001"], {"lead": ["市住房城乡建设局"]})
        work.report(session, f"{CODE}-t001", "2026-10", who="王五", values={"progress": "乙"})
    outcome = brought(plan, data)
    assert [(c.code, c.column, c.exported, c.here, c.ledger) for c in outcome.clashes] == [
        (f"{CODE}-001", "数值", "22.0", "20", "21"),
        (f"{CODE}-t001", "牵头单位", "市水利局", "市财政局", "市住房城乡建设局"),
        (f"{CODE}-t001", "进展", "", "甲", "乙"),
    ]
    assert [(c.code, c.after) for c in outcome.changes] == [(f"{CODE}-002", "88")]
    after = everything(plan)
    assert after["targets"][f"{CODE}-001"]["value"] == "21"
    assert after["targets"][f"{CODE}-002"]["value"] == "88"


@pytest.mark.parametrize(
    ("sheet", "code", "head", "value", "said"),
    [
        ("targets", f"{CODE}-001", "年份", "明年", "四位的年份"),
        ("targets", f"{CODE}-001", "数值", "很多", "应为数"),
        ("targets", f"{CODE}-001", "比较", "最好", "比较方式应为"),
        ("targets", f"{CODE}-001", "指标", "无此指标", "没有名为"),
        ("targets", f"{CODE}-001", "地区", "无此地", "没有名为"),
        ("targets", f"{CODE}-001", "指标", None, "指标不能为空"),
        ("targets", f"{CODE}-001", "核对决定", "修正", "没有改动任何内容"),
        ("targets", f"{CODE}-001", "单位", "一" * 40, "超过 32 个字"),
        ("targets", f"{CODE}-001", "数值", "#DIV/0!", "是错误值"),
        ("targets", f"{CODE}-001", "数值", "=1/0", "公式没有算出的值"),
        ("tasks", f"{CODE}-t001", "完成率%", 450, "0 到 100"),
        ("tasks", f"{CODE}-t001", "牵头单位", "市水利句", "相近：市水利局"),
        ("tasks", f"{CODE}-t001", "完成时限", "尽快", "期限应为"),
        ("tasks", f"{CODE}-t001", "编号", f"{CODE}-t999", "不是导出的编号"),
        ("tasks", f"{CODE}-t001", "编号", f"{CODE}-t002", "重复"),
        ("projects", f"{CODE}-p001", "总投资（万元）", "一亿", "应为数"),
    ],
)
def test_a_cell_that_cannot_be_taken_is_named_and_changes_nothing(
    plan, sheet, code, head, value, said
):
    before = everything(plan)
    good = ("targets", f"{CODE}-002", "数值", "87")
    data = edited(exported(plan), good, (sheet, code, head, value))
    with pytest.raises(Refused, match=said) as refused:
        brought(plan, data)
    message = str(refused.value)
    faults = refused.value.outcome.faults
    row = faults[0].row
    assert len(faults) == (2 if said == "重复" else 1)
    assert f"工作表“{SHEETS[sheet].name}”第 {row} 行“{head}”列" in message
    assert "台账未改动" in message
    assert everything(plan) == before
    assert trail(plan) == []
    outcome = brought(plan, data, keep_good=True)
    assert [(c.code, c.after) for c in outcome.changes] == [(f"{CODE}-002", "87")]
    aside = set_aside(outcome.faults).decode("utf-8-sig").splitlines()
    assert aside[1].startswith(f"{SHEETS[sheet].name},{row},{head},")


def test_a_damaged_or_foreign_file_gives_one_clear_error(plan, tmp_path):
    data = exported(plan)
    before = everything(plan)

    def refused(file, said):
        with pytest.raises(ShanshuiError, match=said):
            brought(plan, file)
        assert everything(plan) == before

    refused(b"", "打不开")
    refused(b"name,value\n1,2\n", "打不开")
    refused(data[: len(data) // 2], "打不开")
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        for lost in ("xl/workbook.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"):
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w") as target:
                for name in source.namelist():
                    if name != lost:
                        target.writestr(name, source.read(name))
            refused(out.getvalue(), "打不开|不是 shanshui plan export|编号|缺工作表")

    def without(change):
        book = load_workbook(io.BytesIO(data))
        change(book)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    def hidden(row, value):
        def change(book):
            book[HIDDEN].cell(row, 1).value = value

        return change

    refused(without(lambda book: book.remove(book["主要任务"])), "缺工作表“主要任务”")
    refused(without(lambda book: book.remove(book[HIDDEN])), "不是 shanshui plan export")
    refused(without(hidden(1, "{}")), "不是 shanshui plan export")
    refused(without(lambda book: book[HIDDEN].delete_rows(3)), "不是 shanshui plan export")
    refused(without(lambda book: book["目标指标"].delete_cols(9)), "缺“数值”")
    refused(without(lambda book: book["目标指标"].delete_rows(1, 3)), "没有表头")
    with Workspace.create(tmp_path / "other", region="441800") as other:
        add(other.ledger, PLAN.encode(), who="张三", name="方案.txt")
        refused(exported(other), "出自另一个台账")
    revised = PLAN.replace("86公里", "90公里").encode()
    add(plan.ledger, revised, who="张三", code=CODE)
    before = everything(plan)
    refused(data, "请重新导出")


def test_sorted_rows_moved_columns_and_new_rows_above_are_understood(plan):
    book = load_workbook(io.BytesIO(exported(plan)))
    page = book["目标指标"]
    page.insert_rows(1, 2)  # a title of one's own
    page.insert_cols(1)
    page.cell(5, 1).value = "我的备注"
    first = [cell.value for cell in page[6]]
    for at, cell in enumerate(page[7], start=1):
        page.cell(6, at).value = cell.value
        page.cell(7, at).value = first[at - 1]
    out = io.BytesIO()
    book.save(out)
    outcome = brought(plan, out.getvalue())
    assert (outcome.changes, outcome.faults, outcome.missing) == ([], [], [])


# --------------------------------------------------------------------------------- random edits

_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
_VALUES = {
    "text": _TEXT,
    "year": st.integers(1990, 2060),
    "number": st.decimals("0", "99999", places=2),
    "deadline": st.sampled_from(["2027", "2027-06", "2027年6月30日", datetime(2026, 5, 1)]),
    "flag": st.sampled_from(["是", "否", None]),
    "rate": st.integers(0, 100),
    "units": st.sampled_from(["市水利局", "市财政局、市水利局", None]),
}


def _draw(data, column):
    if column.kind in {"choice", "comparator"}:
        return data.draw(st.sampled_from(list(column.choices.values())))
    return data.draw(_VALUES[column.kind])


def _free(form):
    """Columns whose values a random edit may take from anywhere."""
    bound = {"indicator", "region", "kind", "decision", "why", form.needed, "unit", "number"}
    short = {"category", "investment", "period"}
    return [c for c in form.editable if c.key not in bound | short]


@pytest.fixture(scope="module")
def one_plan(tmp_path_factory):
    with Workspace.create(tmp_path_factory.mktemp("w") / "w", region="441800") as made:
        add(made.ledger, PLAN.encode(), who="张三", name="方案.txt")
        yield made


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_exactly_the_edited_cells_change(one_plan, data):
    before = everything(one_plan)
    edits, expected = [], {}
    for form in FORMS:
        for code in data.draw(st.sets(st.sampled_from(sorted(before[form.key])), max_size=3)):
            for column in data.draw(
                st.lists(st.sampled_from(_free(form)), max_size=3, unique_by=lambda c: c.key)
            ):
                value = _draw(data, column)
                value = str(value) if isinstance(value, Decimal) else value
                edits.append((form.key, code, column.head, value))
                expected[form.key, code, column.key] = understood(
                    column, value, was=before[form.key][code][column.key]
                )
    outcome = brought(one_plan, edited(exported(one_plan), *edits))
    assert not outcome.faults
    assert not outcome.clashes
    after = everything(one_plan)
    changed = differences(before, after)
    assert {key: new for key, (_, new) in changed.items() if key[2] != "status"} == {
        key: new for key, new in expected.items() if new != before[key[0]][key[1]][key[2]]
    }
    assert len(outcome.changes) == len([key for key in changed if key[2] != "status"])

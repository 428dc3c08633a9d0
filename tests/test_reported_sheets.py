"""The form in Excel: out, filled in, back; only edited cells; conflicts, damage, foreign sheets."""

import io
import shutil
import zipfile

import pytest
from openpyxl import load_workbook
from report_samples import PERIOD, WATER, act, number, opened, plan, report
from sqlalchemy import func, select

from shanshui.platform.plans.exchange_import import Refused
from shanshui.platform.store import Workspace, models
from shanshui.platform.track import filling, forms, published
from shanshui.platform.track.filling import Entry
from shanshui.platform.track.sheets import export, take_in
from shanshui.standards import ShanshuiError

SEWAGE, PATH = "农村生活污水治理率", "碧道长度"


@pytest.fixture
def planned(workspace):
    """Give a workspace with a form, and the figures of the quarter before."""
    plan(workspace)
    opened(workspace)
    with workspace.ledger.write(who="甲", action="test") as session:
        forms.add(session, WATER, "2026-Q2", [(SEWAGE, "清城区")], who="甲")
    report(workspace, SEWAGE, "64.80", period="2026-Q2")
    return workspace


def edited(data, rows):
    """Fill in rows, by indicator and head, as a person does in Excel."""
    book = load_workbook(io.BytesIO(data))
    page = book["填报"]
    heads = {cell.value: cell.column for cell in page[3]}
    places = {page.cell(n, 2).value: n for n in range(4, page.max_row + 1)}
    for indicator, cells in rows.items():
        for head, value in cells.items():
            page.cell(places[indicator], heads[head]).value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rows_of(data):
    page = load_workbook(io.BytesIO(data))["填报"]
    heads = [cell.value for cell in page[3]]
    every = (dict(zip(heads, (c.value for c in row), strict=True)) for row in page.iter_rows(4))
    return {row["指标"]: {k: v for k, v in row.items() if v} for row in every if row["指标"]}


def latest(workspace, name=SEWAGE):
    line = number(workspace, name)
    with workspace.ledger.read() as session:
        return forms.lines(session, numbers=[line])[0]


def trail(workspace):
    with workspace.ledger.read() as session:
        return session.scalar(select(func.count()).select_from(models.Audit))


def test_the_sheet_shows_what_was_and_what_is_wanted(planned):
    row = {"region": "清城区", "indicator": SEWAGE, "period": "2025-Q3", "value": "60"}
    published.load(planned.ledger, [row | {"confidence": "B"}], who="甲")
    book = load_workbook(io.BytesIO(export(planned, WATER, PERIOD)))
    page = book["填报"]
    assert page["A1"].value == f"{WATER}　填报"
    assert "2026年10月15日截止" in str([cell.value for cell in page[2]])
    assert [cell.value for cell in page[3]][:8] == [
        *("编号", "指标", "地区", "计量单位"),
        *("2025-Q3", "2026-Q1", "2026-Q2", "本期值"),
    ]
    assert book["_shanshui"].sheet_state == "veryHidden"
    shown = rows_of(export(planned, WATER, PERIOD))
    assert shown[SEWAGE]["2026-Q2"] == "64.80"
    assert shown[SEWAGE]["2025-Q3"] == "60（公布）"
    assert shown[PATH]["状态"] == "未填"


def test_only_what_was_filled_in_comes_back(planned, tmp_path):
    (tmp_path / "台账.pdf").write_bytes(b"%PDF 1")
    data = export(planned, WATER, PERIOD)
    assert take_in(planned, data, who="张三").changes == []
    cells = {"本期值": 66.5, "佐证文件": "台账.pdf", "说明": "县自查"}
    data = edited(data, {SEWAGE: cells})
    before = trail(planned)
    dry = take_in(planned, data, who="张三", folder=tmp_path, dry_run=True, send=True)
    assert (len(dry.changes), dry.submitted, dry.applied) == (3, 1, False)
    assert trail(planned) == before
    assert not (planned.folder / "evidence").exists()
    done = take_in(planned, data, who="张三", folder=tmp_path, send=True)
    assert [(one.column, one.before, one.after) for one in done.changes] == [
        ("本期值", "", "66.5"),
        ("佐证文件", "", "台账.pdf"),
        ("说明", "", "县自查"),
    ]
    row = latest(planned)
    assert (str(row["value"]), row["state"], row["note"]) == ("66.5", "submitted", "县自查")
    assert row["filled_by"] == "张三"
    assert latest(planned, PATH)["state"] == "missing"
    again = take_in(planned, data, who="张三", folder=tmp_path)
    assert (again.changes, again.already, again.clashes) == ([], 3, [])


def test_a_restatement_by_sheet_needs_its_reason_and_keeps_evidence(planned, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"a")
    (tmp_path / "b.txt").write_bytes(b"b")
    first = edited(
        export(planned, WATER, PERIOD), {SEWAGE: {"本期值": "66.0", "佐证文件": "a.txt"}}
    )
    take_in(planned, first, who="张三", folder=tmp_path, send=True)
    act(planned, filling.accept, [number(planned, SEWAGE)], who="李四")
    sheet = export(planned, WATER, PERIOD)
    assert rows_of(sheet)[SEWAGE]["状态"] == "已审"
    with pytest.raises(Refused, match=r"第 4 行“本期值”列：.*更正须写明理由"):
        take_in(planned, edited(sheet, {SEWAGE: {"本期值": "65.0"}}), who="张三")
    cells = {"本期值": "65.0", "更正理由": "复核", "佐证文件": "a.txt、b.txt"}
    done = take_in(planned, edited(sheet, {SEWAGE: cells}), who="张三", folder=tmp_path)
    assert done.filled[0].number == 2
    row = latest(planned)
    assert (row["number"], row["state"], row["reason"]) == (2, "draft", "复核")
    assert len(row["evidence"]) == 2


def test_warnings_are_told_and_impossible_values_refuse_the_sheet(planned, tmp_path):
    data = export(planned, WATER, PERIOD)
    slip = take_in(planned, edited(data, {SEWAGE: {"本期值": 6.5}}), who="张三", dry_run=True)
    assert {doubt.rule for doubt in slip.filled[0].doubts} == {"slip", "lower"}
    bad = {
        SEWAGE: {"本期值": "166"},
        PATH: {"本期值": "约四十", "佐证文件": "没有.pdf"},
    }
    before = trail(planned)
    with pytest.raises(Refused) as refused:
        take_in(planned, edited(data, bad), who="张三", folder=tmp_path)
    said = [str(one) for one in refused.value.outcome.faults]
    assert len(said) == 2
    assert "工作表“填报”第 5 行“本期值”列：“本期值”应为数，得到“约四十”" in said[0]
    assert "第 4 行“本期值”列：农村生活污水治理率 清城区 2026-Q3：占比应在 0 到 100" in said[1]
    lost = {PATH: {"佐证文件": "没有.pdf"}}
    with pytest.raises(Refused, match="第 5 行“佐证文件”列：没有佐证文件"):
        take_in(planned, edited(data, lost), who="张三", folder=tmp_path)
    assert trail(planned) == before


def test_what_another_changed_meanwhile_is_not_overwritten(planned):
    data = edited(
        export(planned, WATER, PERIOD), {SEWAGE: {"本期值": "66.5"}, PATH: {"本期值": "40"}}
    )
    entry = Entry(number(planned, SEWAGE), {"value": "66.1"})
    act(planned, filling.fill, [entry], who="王五")
    done = take_in(planned, data, who="张三")
    (clash,) = done.clashes
    assert (clash.exported, clash.here, clash.ledger, clash.row) == ("", "66.5", "66.1", 4)
    assert str(latest(planned)["value"]) == "66.1"
    assert str(latest(planned, PATH)["value"]) == "40"


def test_damaged_foreign_and_strange_sheets_change_nothing(planned, tmp_path):
    data = export(planned, WATER, PERIOD)
    before = trail(planned)

    def said(given, words):
        with pytest.raises(ShanshuiError, match=words):
            take_in(planned, given, who="张三", name="填报.xlsx")

    said(b"PK\x03\x04", "打不开")
    said(data[: len(data) // 2], "打不开")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "x")
    said(out.getvalue(), "打不开")
    book = load_workbook(io.BytesIO(data))
    del book["_shanshui"]
    out = io.BytesIO()
    book.save(out)
    said(out.getvalue(), "不是 shanshui report-in export 导出的表")
    book = load_workbook(io.BytesIO(data))
    book["填报"].cell(3, 8).value = "数"
    out = io.BytesIO()
    book.save(out)
    said(out.getvalue(), "工作表“填报”第 3 行缺“本期值”")
    book = load_workbook(io.BytesIO(data))
    book["填报"].cell(9, 8).value = "5"  # a row that was added
    out = io.BytesIO()
    book.save(out)
    said(out.getvalue(), "第 9 行“编号”列：填报表里不能加行")
    place = tmp_path / "other"
    with Workspace.create(place, name="乙", region="441802") as other:
        plan(other)
        opened(other)
        foreign = export(other, WATER, PERIOD)
    said(edited(foreign, {SEWAGE: {"本期值": "66"}}), "出自另一个台账")
    shutil.rmtree(place)
    assert trail(planned) == before


def test_a_form_that_is_not_there_is_said(planned):
    with pytest.raises(ShanshuiError, match="没有 2030-Q1 的填报表"):
        export(planned, WATER, "2030-Q1")
    with pytest.raises(ShanshuiError, match="没有登记的单位"):
        export(planned, "无此局", PERIOD)

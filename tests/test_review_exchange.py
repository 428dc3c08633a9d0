"""The queue in Excel: out, edited, back; the same as by the command line; conflicts; damage."""

import io
import shutil
import zipfile

import pytest
from openpyxl import load_workbook
from review_samples import SEATS, current, fill
from typer.testing import CliRunner

from shanshui.cli.app import app
from shanshui.platform.review import listing, queue
from shanshui.platform.review.decisions import Choice, decide
from shanshui.platform.review.exchange import export, take_in
from shanshui.platform.store import Workspace
from shanshui.standards import ShanshuiError

HEADS = {
    "决定": "decision",
    "理由": "reason",
    "新值": "value",
    "佐证文件": "evidence",
    "说明": "note",
}


@pytest.fixture
def ward(workspace):
    """Give a workspace with hours, flags and an open review."""
    fill(workspace)
    queue.open(workspace, "2026-10", "air", who="张三")
    return workspace


def edited(data, rows):
    """Fill in rows, by the number of the item, as a person does in Excel."""
    book = load_workbook(io.BytesIO(data))
    page = book["审核"]
    heads = {cell.value: cell.column for cell in page[3]}
    places = {str(page.cell(n, 1).value): n for n in range(4, page.max_row + 1)}
    for item, cells in rows.items():
        for head, value in cells.items():
            page.cell(places[str(item)], heads[head]).value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def items(workspace):
    """Give an item of each sort."""
    rows = listing.queue(workspace, 1)
    stuck = next(r["item"] for r in rows if r["count"] == 10)
    missing = next(r["item"] for r in rows if r["value_zh"] == "缺测")
    single = [r["item"] for r in rows if r["origin"] == "sampled"]
    return stuck, missing, single


def decisions(workspace):
    """All decisions as far as they do not name when and how they were told."""
    rows = listing.queue(workspace, 1)
    skip = {"id", "at", "via", "transaction"}
    return [
        {**row, "decision_zh": None, "decision_en": None}
        | {
            "history": [
                {k: v for k, v in step.items() if k not in skip}
                for step in listing.show(workspace, row["item"])["history"]
            ]
        }
        for row in rows
    ]


def test_the_workbook_says_what_waits_and_offers_choices(ward):
    data = export(ward, 1, stage="初审")
    book = load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["审核", "说明", "_shanshui"]
    page = book["审核"]
    rows = listing.queue(ward, 1, stage="first")
    assert page.max_row >= 3 + len(rows)
    text = {str(page.cell(n, 1).value): page.cell(n, 11).value for n in range(4, 4 + len(rows))}
    assert any("不变值" in (words or "") for words in text.values())
    offered = " ".join(str(v.formula1) for v in page.data_validations.dataValidation)
    for word in ("保留", "剔除", "补录", "仪器故障", "沙尘"):
        assert word in offered
    assert "断流" not in offered
    assert book["_shanshui"].sheet_state == "veryHidden"


def test_excel_and_the_command_line_give_the_same_state(tmp_path, blank):
    folders = [tmp_path / "excel", tmp_path / "cli"]
    proof = tmp_path / "维修单.pdf"
    proof.write_bytes(b"lamp replaced")
    first = folders[0]
    shutil.copytree(blank, first)
    with Workspace.open(first) as workspace:
        fill(workspace)
        queue.open(workspace, "2026-10", "air", who="张三")
        stuck, missing, single = items(workspace)
    shutil.copytree(first, folders[1])
    keep, correct, other = single[:3]
    runner = CliRunner()
    for who, stage in SEATS:
        rows = {
            stuck: {"决定": "剔除", "理由": "仪器故障", "佐证文件": "维修单.pdf", "说明": "换灯"},
            missing: {"决定": "补录", "理由": "late", "新值": 33.5, "佐证文件": str(proof)},
            keep: {"决定": "保留"},
            correct: {
                "决定": "修改",
                "理由": "录入或单位错误",
                "新值": "41.25",
                "佐证文件": "维修单.pdf",
            },
        }
        with Workspace.open(first) as workspace:
            data = edited(export(workspace, 1, stage=stage), rows)
            done = take_in(workspace, data, who=who, folder=tmp_path)
            assert (done.edited, len(done.decisions)) == (4, 4), done
            assert (done.refused, done.faults) == ([], [])
        common = ["--stage", stage, "--who", who, "-w", str(folders[1])]
        papers = ["--evidence", str(proof)]
        for words in (
            ["withdraw", str(stuck), "--reason", "仪器故障", "--note", "换灯", *papers],
            ["backfill", str(missing), "--reason", "late", "--value", "33.5", *papers],
            ["keep", str(keep)],
            ["correct", str(correct), "--reason", "录入或单位错误", "--value", "41.25", *papers],
        ):
            said = runner.invoke(app, ["review", *words, *common])
            assert said.exit_code == 0, said.output
    with Workspace.open(first) as a, Workspace.open(folders[1]) as b:
        assert sorted(map(str, decisions(a))) == sorted(map(str, decisions(b)))
        one, two = current(a.lake), current(b.lake)
        assert one.drop("source").equals(two.drop("source"))
        assert other not in [r["item"] for r in listing.queue(a, 1, stage="done")]
        assert one.filter(one["state"] == "reviewed").height == 13
        kept = [sorted(p.name for p in (f / "evidence").iterdir()) for f in folders]
        assert kept[0] == kept[1]


def test_only_edited_rows_count_and_conflicts_are_listed(ward):
    _, _, single = items(ward)
    data = export(ward, 1, stage="first")
    decide(ward, [Choice(single[0], "withdraw", "calibration")], who="李四", stage="first")
    book = edited(data, {single[0]: {"决定": "保留"}, single[1]: {"决定": "保留"}})
    dry = take_in(ward, book, who="张三", dry_run=True)
    assert (len(dry.decisions), [one.code for one in dry.refused]) == (1, ["decided"])
    assert listing.show(ward, single[1])["history"] == []
    done = take_in(ward, book, who="张三")
    assert (done.edited, len(done.decisions)) == (2, 1)
    assert "李四" in done.refused[0].zh
    decided = [r["item"] for r in listing.queue(ward, 1) if r["decision"]]
    assert sorted(decided) == sorted(single[:2])
    again = take_in(ward, book, who="张三")
    assert (again.decisions, [one.code for one in again.refused]) == ([], ["decided", "already"])
    assert take_in(ward, data, who="张三").edited == 0


def test_cells_that_cannot_be_are_set_aside(ward):
    _, _, single = items(ward)
    data = edited(
        export(ward, 1, stage="first"),
        {
            single[0]: {"决定": "随便"},
            single[1]: {"理由": "校准或质控检查"},
            single[2]: {"决定": "修改", "新值": "三十"},
            single[3]: {"决定": "保留", "新值": 3},
            single[4]: {"决定": "撤销"},
            single[5]: {"决定": "剔除", "理由": "校准或质控检查"},
        },
    )
    done = take_in(ward, data, who="张三", name="审核.xlsx")
    assert len(done.decisions) == 1
    assert sorted(one.column for one in done.faults) == ["决定", "决定", "新值", "新值", "说明"]
    assert all(one.sheet == "审核" and one.row > 3 for one in done.faults)


def test_an_earlier_decision_is_taken_back_in_excel(ward):
    _, _, single = items(ward)
    decide(ward, [Choice(single[0], "keep")], who="张三", stage="first")
    book = edited(export(ward, 1, stage="second"), {single[0]: {"决定": "撤销", "说明": "应剔除"}})
    done = take_in(ward, book, who="李四")
    assert (len(done.decisions), done.refused) == (1, [])
    row = listing.show(ward, single[0])
    assert (row["stage"], row["history"][-1]["note"]) == ("first", "应剔除")
    assert row["history"][-1]["via"] == "excel"
    stale = take_in(ward, book, who="李四")
    assert [one.code for one in stale.refused] == ["nothing"]


def test_damaged_and_foreign_workbooks_change_nothing(ward, tmp_path):
    _, _, single = items(ward)
    data = export(ward, 1, stage="first")
    good = edited(data, {single[0]: {"决定": "保留"}})
    cut = good[: len(good) // 2]
    book = load_workbook(io.BytesIO(good))
    del book["_shanshui"]
    bare = io.BytesIO()
    book.save(bare)
    book = load_workbook(io.BytesIO(good))
    book["审核"].delete_cols(13)
    narrow = io.BytesIO()
    book.save(narrow)
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("a.txt", "no workbook")
    cases = [
        (cut, "打不开"),
        (b"not a file", "打不开"),
        (other.getvalue(), "打不开"),
        (bare.getvalue(), "不是 shanshui review export 导出的表"),
        (narrow.getvalue(), "缺“决定”"),
    ]
    for broken, words in cases:
        with pytest.raises(ShanshuiError, match=words):
            take_in(ward, broken, who="张三", name="审核.xlsx")
    with Workspace.create(tmp_path / "other") as stranger:
        fill(stranger)
        queue.open(stranger, "2026-10", "air", who="张三")
        with pytest.raises(ShanshuiError, match="另一个台账"):
            take_in(stranger, good, who="张三")
    assert all(row["decision"] is None for row in listing.queue(ward, 1))


def test_an_inserted_row_is_told(ward):
    data = export(ward, 1, stage="first")
    book = load_workbook(io.BytesIO(data))
    page = book["审核"]
    heads = {cell.value: cell.column for cell in page[3]}
    place = 4 + len(listing.queue(ward, 1))
    page.cell(place, heads["决定"]).value = "保留"
    out = io.BytesIO()
    book.save(out)
    done = take_in(ward, out.getvalue(), who="张三")
    assert (done.decisions, [one.column for one in done.faults]) == ([], ["编号"])

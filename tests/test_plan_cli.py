"""``shanshui plan``: the commands, the review page, and what the reading left out."""

from __future__ import annotations

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import plan_samples as samples
import polars as pl
import pytest
from typer.testing import CliRunner

from shanshui.cli.app import app
from shanshui.plan.commitments import commitments
from shanshui.plan.coverage import coverage, text_span
from shanshui.plan.reading import read
from shanshui.platform.report.plan_review import page

if TYPE_CHECKING:
    from click.testing import Result

FIELDS = [
    *("id", "kind", "quote", "section", "indicator", "region", "year", "comparator", "value"),
    *("unit", "base_year", "stretch", "approx", "nature", "owner"),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the plan of the made-up county."""
    monkeypatch.chdir(tmp_path)
    Path("规划.txt").write_text(samples.PLAN, encoding="utf-8")
    Path("规划.docx").write_bytes(samples.word())
    Path("指标.xlsx").write_bytes(samples.workbook())
    return tmp_path


def run(*words: str, data: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["plan", *words], input=data)


def lines(*words: str) -> list[dict[str, object]]:
    result = run(*words, "--format", "jsonl")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_extract_writes_the_fields_of_the_schema_first() -> None:
    found = lines("extract", "规划.txt")
    assert list(found[0])[: len(FIELDS)] == FIELDS
    for record in found:
        start, end = record["start"], record["end"]
        assert samples.PLAN[start:end].replace("\n", "") == record["quote"]
    wanted = {"kind": "target", "indicator": "PM2.5年均浓度", "year": 2027, "value": 23}
    assert any(wanted.items() <= record.items() for record in found)


def test_extract_takes_kinds_and_prints_a_table() -> None:
    found = lines("extract", "规划.txt", "--kind", "target", "--kind", "deferred")
    assert {record["kind"] for record in found} == {"target", "deferred"}
    result = run("extract", "规划.txt")
    assert "PM2.5年均浓度" in result.stdout
    assert "没有读出" in result.stderr
    assert run("extract", "规划.txt", "--rows", "2").stdout.count("三、") == 0


def test_region_of_the_plan() -> None:
    found = lines("extract", "规划.txt", "--region", "441802")
    assert {record["region"] for record in found if record["kind"] == "deferred"} != {None}


def test_files_of_each_form() -> None:
    for name in ("目标.csv", "目标.xlsx", "目标.jsonl"):
        result = run("extract", "规划.txt", "-o", name)
        assert result.exit_code == 0, result.output
    many = len(lines("extract", "规划.txt"))
    with Path("目标.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == many
    assert pl.read_excel("目标.xlsx").height == many
    assert len(Path("目标.jsonl").read_text(encoding="utf-8").splitlines()) == many


def test_outline_tables_tasks_projects_assignments() -> None:
    paths = [record["path"] for record in lines("outline", "规划.txt")]
    assert paths[:3] == ["一、", "一、(一)", "一、(二)"]
    cells = lines("tables", "指标.xlsx")
    assert [(cell["indicator"], cell["role"], cell["value"]) for cell in cells][:2] == [
        ("PM2.5年均浓度", "baseline", "24.6"),
        ("PM2.5年均浓度", "target", "21"),
    ]
    tasks = {record["title"]: record for record in lines("tasks", "规划.txt")}
    assert tasks["推动产业绿色转型"]["lead"] == ["县工业和信息化局"]
    projects = lines("projects", "规划.txt")
    assert projects[0]["name"] == "青禾县第二污水处理厂"
    Path("分工.html").write_text(
        "<table><tr><th>序号</th><th>任务</th><th>牵头单位</th><th>完成时限</th></tr>"
        "<tr><td>1</td><td>加强扬尘管控</td><td>县住建局</td><td>2027年底</td></tr></table>",
        encoding="utf-8",
    )
    (work,) = lines("assignments", "分工.html", "--plan", "规划.txt")
    assert work["lead"] == ["县住建局"]
    assert work["matches"][0]["path"] == "三、(二)"
    for command in ("outline", "tables", "tasks", "projects", "assignments"):
        result = run(command, "规划.txt")
        assert result.exit_code == 0, result.output
        assert "规划.txt" in result.stdout


def test_stdin_and_faults() -> None:
    result = run("outline", "-", "--format", "jsonl", data=samples.PLAN.encode())
    assert len(result.stdout.splitlines()) == 19
    assert "读不了" in str(run("outline", "没有.txt").exception)
    assert run("extract", "规划.txt", "-o", "a.doc").exit_code == 2
    assert run("extract", "规划.txt", "-o", "没有/a.csv").exit_code == 2


class _Marks(HTMLParser):
    """The text of a page and its marks."""

    def __init__(self) -> None:
        super().__init__()
        self.marks: list[dict[str, str | None]] = []
        self.words: list[str] = []
        self.outer: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "mark":
            self.marks.append(said | {"text": ""})
        self.outer += [said.get("src"), said.get("href")]

    def handle_data(self, data: str) -> None:
        if self.marks and self.lasttag == "mark" and not self.marks[-1]["text"]:
            self.marks[-1]["text"] = data
        self.words.append(data)


def test_review_page_shows_each_record_in_its_place() -> None:
    result = run("review", "规划.txt", "-o", "核对.html")
    assert result.exit_code == 0, result.output
    text = Path("核对.html").read_text(encoding="utf-8")
    parsed = _Marks()
    parsed.feed(text)
    found = lines("extract", "规划.txt")
    numbers = {int(n) for m in parsed.marks for n in (m["data-of"] or "").split() if n[0] != "u"}
    assert numbers == set(range(len(found)))
    joined = ["" for _ in found]
    for mark in parsed.marks:
        for number in (mark["data-of"] or "").split():
            if number[0] != "u":
                joined[int(number)] += mark["text"] or ""
    for record, shown in zip(found, joined, strict=True):
        bare = re.sub(r"[\s_{}]", "", str(record["quote"]))
        assert re.sub(r"\s", "", shown) == bare
    assert any(mark["class"] == "uncovered" for mark in parsed.marks)
    assert "青禾县生态文明建设规划（2026—2030年）" in "".join(parsed.words)
    assert not [outer for outer in parsed.outer if outer and not outer.startswith("#")]
    assert 'name="viewport"' in text


def test_review_page_escapes_what_the_document_holds() -> None:
    text = '一、<script>alert(1)</script>目标\n到2030年，建成<b>公园</b>"5"个</script>。\n'
    document = read(f"（说明）{text}".encode(), name="<i>.txt")
    written = page(document, commitments(document), coverage(document, []))
    assert "<script>alert" not in written
    assert "<b>公园" not in written
    assert "<i>.txt" not in written


def test_review_page_of_pages_and_tables() -> None:
    for data in (samples.wrapped().encode(), samples.html(), samples.word()):
        document = read(data)
        written = page(document, commitments(document))
        assert ("第 2 页" in written) == (len(document.pages) > 1)
        assert ("<td>" in written) == bool(document.tables)


def test_coverage_lists_what_no_record_touches() -> None:
    document = read(samples.PLAN.encode())
    everything = coverage(document, [])
    found = commitments(document)
    left = coverage(document, found)
    assert len(left) < len(everything)
    quotes = [one.quote for one in everything]
    assert "优良天数比率比2025年提高1.5个百分点" in quotes
    assert "优良天数比率比2025年提高1.5个百分点" not in [one.quote for one in left]
    assert not [quote for quote in quotes if quote.startswith(("一、", "（一）"))]
    assert not [quote for quote in quotes if "……" in quote]
    covered = [(one.start, one.end) for one in found]
    for one in left:
        assert samples.PLAN[one.start : one.end] == one.quote
        assert not any(start < one.end and one.start < end for start, end in covered)
        first, last = text_span(document, one.start, one.end)
        assert document.quote(first, last) == one.quote


def test_coverage_says_why() -> None:
    document = read("到2027年，建成碧道86公里，加强宣传。力争实现全覆盖。".encode())
    assert [(one.quote, one.why) for one in coverage(document, [])] == [
        ("建成碧道86公里", "number 86公里; verb 建成"),
        ("力争实现全覆盖", "verb 力争"),
    ]


def test_one_list_as_json() -> None:
    printed = json.loads(run("extract", "规划.txt", "--json").stdout)
    assert printed == lines("extract", "规划.txt")
    assert run("extract", "规划.txt", "-o", "目标.json").exit_code == 0
    assert json.loads(Path("目标.json").read_text(encoding="utf-8")) == printed

"""Reading plan documents: kinds, encodings, broken lines, the outline and indicator tables."""

from __future__ import annotations

import io
import time
import zipfile
from itertools import pairwise
from pathlib import Path

import plan_samples as samples
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_samples import HANG

from shanshui.plan import Document
from shanshui.plan.reading import PlanError, read
from shanshui.plan.tables import tables


def holds(document: Document) -> None:
    """Check what every document keeps: each character of the text has its place."""
    places = document.offsets
    assert len(places) == len(document.text) + 1
    assert all(a <= b for a, b in pairwise(places))
    assert places[-1] == len(document.original)
    for heading in document.outline:
        assert document.text[heading.start : heading.end]
    for row in tables(document):
        assert 0 <= row.start < row.end <= len(document.text)
        for cell in row.cells:
            assert document.text[cell.start : cell.end].replace("\n", "") == cell.text


def holds_or_refuses(data: bytes) -> None:
    """Check that bytes are a document, or refused in two languages."""
    fault = None
    try:
        holds(read(data))
    except PlanError as error:
        fault = str(error)
    assert fault is None or " / " in fault


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"])
def test_encodings(encoding: str) -> None:
    document = read(samples.PLAN.encode(encoding))
    holds(document)
    assert "到2027年,细颗粒物(PM2.5)年均浓度降至23微克/立方米以下" in document.text


def test_quote_gives_the_original_again() -> None:
    document = read("（一）細顆粒物 ＰＭ_{2.5} 降至 ２５ μg/m³；臺中１００％。".encode())
    assert document.text == "(一)細顆粒物PM2.5降至25μg/m3;臺中100%。\n"
    for words, original in [
        ("PM2.5", "ＰＭ_{2.5}"),
        ("25μg/m3", "２５ μg/m³"),
        ("臺中100%", "臺中１００％"),
    ]:
        start = document.text.index(words)
        assert document.quote(start, start + len(words)) == original


@pytest.mark.parametrize(
    "said", ["PM2.5", "PM 2.5", "PM₂.₅", "PM_{2.5}", "$PM_{2.5}$", "ＰＭ２．５", "PM2. 5"]
)
def test_one_way_to_write_fine_particles(said: str) -> None:
    assert read(f"年均{said}浓度".encode()).text == "年均PM2.5浓度\n"


def test_radicals_of_fonts_are_characters() -> None:
    document = read("⻓江流域⻔类⻋⼾，⾯积".encode())
    assert document.text == "长江流域门类车户,面积\n"
    assert document.quote(0, 2) == "⻓江"


def test_broken_lines_are_joined_and_furniture_is_left_out() -> None:
    whole, broken = read(samples.PLAN.encode()), read(samples.wrapped().encode())
    holds(broken)
    assert len(broken.pages) > 3
    assert "青禾县人民政府文件" not in broken.text
    assert "— 2 —" not in broken.text
    goals = next(line for line in whole.text.split("\n") if line.startswith("到2027年,细"))
    assert goals in broken.text.split("\n")
    assert [h.path for h in broken.outline] == [h.path for h in whole.outline]
    place = broken.text.index("青禾县第二污水处理厂")
    page = broken.page_at(place)
    assert page is not None
    assert "青禾县第二污水处理厂" in broken.original.split("\f")[page - 1].replace("\n", "")


def test_an_indent_begins_a_paragraph() -> None:
    full = "全县坚持生态优先绿色发展持续改善环境质量建设美丽青禾县。"
    lines = [f"　　{full[:-2]}", full]
    text = "\n".join(lines * 6)
    joined = "".join(lines).replace("　", "")
    assert read(text.encode()).text == f"{joined}\n" * 6


def test_page_numbers_of_a_site_inside_words() -> None:
    text = "1、到2030年，全县主要污\n2、染物排放总量持续减少，水环\n3、境质量明显改善。"
    document = read(text.encode())
    assert document.text == "到2030年,全县主要污染物排放总量持续减少,水环境质量明显改善。\n"


def test_headings_inside_the_text_of_a_site() -> None:
    text = "1、打下基础。一、主要目标展望2035年，青禾建成。二、工\n2、作原则。坚持节\n3、约优先。"
    document = read(text.encode())
    assert document.text == (
        "打下基础。\n一、主要目标\n展望2035年,青禾建成。\n二、工作原则。坚持节约优先。\n"
    )
    assert [heading.title for heading in document.outline] == ["主要目标", "工作原则"]


def test_a_raised_digit_on_a_line_of_its_own() -> None:
    assert (
        read("面积为 320km\n2\n，占县域的一成。".encode()).text == "面积为320km2,占县域的一成。\n"
    )


def test_outline() -> None:
    document = read(samples.PLAN.encode())
    assert [heading.path for heading in document.outline] == [
        *("一、", "一、(一)", "一、(二)", "二、", "二、表1", "三、", "三、(一)", "三、(二)"),
        *("三、(三)", "三、(三)1", "三、(三)2", "三、(三)2专栏 1", "三、(四)"),
        *("四、", "四、(一)", "四、(二)", "附录", "附录 1", "附录 2"),
    ]
    titles = {heading.path: heading.title for heading in document.outline}
    assert titles["三、(一)"] == "推动产业绿色转型"
    assert titles["附录 1"] == "碧道"
    levels = {heading.path: heading.level for heading in document.outline}
    assert (levels["三、"], levels["三、(三)"], levels["三、(三)1"]) == (1, 2, 3)
    assert document.section_at(document.text.index("每年新建和改造管网")) == "三、(三)1"
    assert document.section_at(0) == ""


@pytest.mark.parametrize(
    "line",
    [
        "1.到2030年,森林覆盖率达到62.5%。",
        "2.加强扬尘管控,推进超低排放改造,完成锅炉淘汰,强化执法监管。",
        "3.5万亩林地得到修复",
        "表1所示指标为约束性",
    ],
)
def test_numbered_sentences_are_no_headings(line: str) -> None:
    text = f"一、目标\n(一)空气\n{line}\n二、任务\n"
    paths = [heading.path for heading in read(text.encode()).outline]
    assert paths == ["一、", "一、(一)", "二、"]


def test_flattened_table() -> None:
    rows = tables(read(samples.PLAN.encode()))
    assert [(r.number, r.indicator, r.unit, r.nature, r.category) for r in rows] == [
        ("1", "PM2.5年均浓度", "微克/立方米", "约束性", "环境质量"),
        ("2", "优良天数比率", "%", "约束性", "环境质量"),
        ("3", "地表水达到或好于III类水体比例", "%", "约束性", "环境质量"),
        ("4", "森林覆盖率", "%", "约束性", "生态系统"),
        ("5", "碧道长度", "公里", "预期性", "生态系统"),
        ("6", "生态教育基地", "个", "预期性", "生态系统"),
    ]
    values = [[(cell.year, cell.text, cell.role.value) for cell in row.cells] for row in rows]
    assert values[1] == [(2025, "93.4", "baseline"), (2030, "按省下达目标", "target")]
    assert values[5] == [(2025, "/", "baseline"), (2030, "12", "target")]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (  # 累计, and values in brackets
            "指标 2015年 2020年 〔累计〕 属性\n1.天(%) 76 >80 - 约束性\n2.尘(%) - - 〔18〕 约束性",
            [
                "天 % 2015:76 2020:>80 2020:-",
                "尘 % 2015:- 2020:- 2020:〔18〕",
            ],
        ),
        (  # one column of values, the unit in a column without a head
            "序号 指标名称 2025 年目标值 属性\n1 绿地率 % 62.5 约束性\n2 碳 达到目标 约束性",
            ["绿地率 % 2025:62.5", "碳  2025:达到目标"],
        ),
        (  # neither numbers nor natures, and sentences after the table
            "指标体系 2020年 2025年\n森林覆盖率（%） 60 62\n碧道（公里） 10 25\n到2025年，建成。",
            ["森林覆盖率 % 2020:60 2025:62", "碧道 公里 2020:10 2025:25"],
        ),
        (  # a head in two lines
            "序号 指标 单位 基准值\n（2020年） 目标值\n（2025年） 属性\n1 绿地率 % 40 45 预期性",
            ["绿地率 % 2020:40 2025:45"],
        ),
        (  # cells; two rows of heads, the first merged
            "类别\t指标\t2025年\t\t属性\n\t\t现状\t目标\t\n气\tPM2.5（μg/m³）\t25\t22\t约束性\n",
            ["PM2.5 μg/m3 2025:25 2025:22"],
        ),
        ("序号\t项目\t地点\t投资（万元）\n1\t污水厂\t城关镇\t1200\n", []),
        ("共有指标22个，其中2025年、2030年各11个。\n1.绿化 20\n", []),
    ],
)
def test_tables_of_many_forms(text: str, rows: list[str]) -> None:
    found = tables(read(text.encode()))
    assert [
        " ".join([row.indicator, row.unit, *(f"{cell.year}:{cell.text}" for cell in row.cells)])
        for row in found
    ] == rows


def test_web_page() -> None:
    document = read(samples.html())
    holds(document)
    assert document.text.startswith(
        "青禾县规划\n一、目标\n到2030年,PM2.5年均浓度降至21微克/立方米,"
    )
    assert "var a" not in document.text
    assert document.tables[0][2] == ("空气", "优良天数（%）", "", "按市下达目标", "约束性")
    first, second = tables(document)
    assert (first.indicator, first.unit, first.category) == ("PM2.5", "μg/m3", "空气")
    assert (second.category, second.cells[1].text) == ("空气", "按市下达目标")
    assert document.section_at(document.text.index("青溪工程")).endswith("专栏 1")


def test_word() -> None:
    document = read(samples.word())
    holds(document)
    assert document.text.split("\n")[1] == "到2030年,PM2.5年均浓度降至21微克/立方米。"
    rows = tables(document)
    assert [row.indicator for row in rows] == ["PM2.5年均浓度", "森林覆盖率", "碧道长度"]
    assert document.tables[0][2][3] == "约束性"  # merged with the cell above
    assert "专栏1 重点工程\n1.青溪工程。\n二、任务" in document.text


def test_numbers_that_word_sets() -> None:
    document = read(samples.numbered())
    assert document.text == (
        "一、目标\n(一)空气\n1. 2027年底前,建成公园。\n2.植树。\n"
        "(二)水\n1.清淤,植树。\n二、任务\n结束。\n"
    )
    assert [heading.path for heading in document.outline] == [
        "一、",
        "一、(一)",
        "一、(二)",
        "二、",
    ]


def test_workbook() -> None:
    document = read(samples.workbook())
    holds(document)
    rows = tables(document)
    assert [(r.number, r.indicator, r.unit, r.nature) for r in rows] == [
        ("1", "PM2.5年均浓度", "微克/立方米", "约束性"),
        ("2", "地表水优良比例", "%", "预期性"),
    ]
    assert [cell.text for cell in rows[0].cells] == ["24.6", "21"]


def test_pdf_with_and_without_text() -> None:
    pages = [["一、目标", "到2030年，全县森林"], ["覆盖率达到62.5%。"]]
    document = read(samples.pdf(pages), name="规划.pdf")
    holds(document)
    assert len(document.pages) == 2
    assert document.page_at(document.text.index("62.5")) == 2
    with pytest.raises(PlanError, match="没有文字层"):
        read(samples.pdf(pages, text=False))


def test_markdown() -> None:
    text = (
        "# 规划\n\n## 一、目标\n\n**到2030年**，达到62.5%。\n\n| 指标 | 2025年 | 2030年 |\n"
        "|---|---|---|\n| 森林覆盖率（%） | 61 | 62 |\n"
    )
    document = read(text.encode())
    holds(document)
    assert document.text.startswith("规划\n一、目标\n到2030年,达到62.5%。\n")
    assert [cell.text for cell in tables(document)[0].cells] == ["61", "62"]


def zipped(name: str, data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        package.writestr(name, data)
    return stream.getvalue()


FAR = (
    b'<worksheet><sheetData><row r="1"><c r="A1"/><c r="XFD1048576"/></row></sheetData></worksheet>'
)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "空文件"),
        (b" \n\t", "空文件"),
        (b"\n\x0b\xe2\x80\x8b", "没有文字"),
        (b"\x89PNG\r\n\x1a\n0000", "是图片"),
        (b"{\\rtf1 abc}", "不认识的文件"),
        (zipped("a.txt", b"abc"), "不认识的文件"),
        (zipped("word/document.xml", b"<a"), "已损坏"),
        (zipped("xl/workbook.xml", b"<a"), "已损坏"),
        (samples.word()[:2000], "已损坏"),
        (b"%PDF-1.7\n%%EOF", "已损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "旧格式"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "有密码",
        ),
        (b"\xff\xff\xff\xff\x01\x02", "不是文本"),
        (bytes(range(32)) * 8, "不是文本"),
        (samples.bomb(), "超过上限"),
    ],
)
def test_one_clear_error(data: bytes, message: str) -> None:
    with pytest.raises(PlanError, match=f"{message}.* / "):
        read(data)


def test_sheet_with_cells_too_far_apart() -> None:
    stream = io.BytesIO(samples.workbook())
    with zipfile.ZipFile(stream) as package:
        parts = {part: package.read(part) for part in package.namelist()}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for part, data in parts.items():
            package.writestr(part, FAR if part.startswith("xl/worksheets/") else data)
    with pytest.raises(PlanError, match="太大"):
        read(stream.getvalue())


def test_paths(tmp_path: Path) -> None:
    path = tmp_path / "规划.txt"
    path.write_text(samples.PLAN, encoding="utf-8")
    assert read(path).name == "规划.txt"
    assert read(str(path)).text == read(samples.PLAN.encode()).text
    with pytest.raises(PlanError, match="文件夹"):
        read(tmp_path)
    with pytest.raises(PlanError, match="读不了"):
        read(tmp_path / "没有.txt")
    with pytest.raises(PlanError, match="读不了"):
        read("a\0b")


PIECES = st.sampled_from(
    [
        *("一、", "（二）", "1.", "3、", "专栏1 ", "表1 ", "附录", "目录\n", "第三章 ", "……12"),
        *("到2030年，", "PM₂.₅", "PM_{2.5}", "指标 2025年 2030年 属性\n", "约束性\n", "≥62.5 "),
        *(
            "按省下达\n目标",
            "\t",
            "\n",
            "\f",
            "。",
            "km\n2",
            "— 3 —\n",
            "全县森林覆盖率",
            "①",
            "｜",
        ),
        *("|", "|---|", "# ", "**", "$", "\xa0", "\u3000", "\r\n", "ﾊﾟ", "﷽", "\U00020000", " "),
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES | st.text(max_size=8), max_size=60).map("".join))
def test_any_text_keeps_its_places(text: str) -> None:
    holds_or_refuses(text.encode("utf-8", "replace"))


HEADS = st.sampled_from(
    [b"", b"PK\x03\x04", b"PK\x03\x04word/document", b"%PDF-1.4\n", b"<html>", b"\xff\xfe"]
)


@settings(max_examples=150, deadline=None)
@given(HEADS, st.binary(max_size=400))
def test_any_bytes(head: bytes, data: bytes) -> None:
    holds_or_refuses(head + data)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(
        [
            *(samples.word(), samples.numbered(), samples.workbook(), samples.html()),
            samples.pdf([["一、"]]),
        ]
    ),
    st.floats(0, 1),
    st.binary(max_size=8),
)
def test_damaged_files(whole: bytes, share: float, noise: bytes) -> None:
    place = int(share * len(whole))
    holds_or_refuses(whole[:place] + noise + whole[place + len(noise) :])


def test_a_long_document_is_read_at_once() -> None:
    text = samples.wrapped(samples.PLAN * 45)
    data = text.encode()
    assert len(data) > 160_000
    begin = time.process_time()
    document = read(data)
    tables(document)
    assert document.outline
    assert time.process_time() - begin < HANG


@pytest.mark.parametrize(
    "unit",
    ["一、", "(", "1.", "。一、", "\t", " ", "PM 2", "_{", "约束性\n", "指标 2025年 2030年\n"],
)
def test_no_text_is_slow(unit: str) -> None:
    begin = time.process_time()
    document = read((unit * 60_000).encode() + "末".encode())
    tables(document)
    assert document.outline is not None
    assert time.process_time() - begin < HANG

"""A made-up county's plan, with what plans of counties hold, and the files that it comes in."""

from __future__ import annotations

import io
import zipfile

HANG = 60
"""Seconds of CPU that only a hang takes; speed itself is measured, not tested."""

PLAN = """青禾县生态文明建设规划（2026—2030年）

目　录
一、规划基础……1
（一）工作成效……1
（二）存在问题……2
二、规划目标……3
三、重点任务……4
四、保障措施……6

前　言

青禾县位于云溪市北部，辖区总面积2180平方公里。为落实省、市部署，制定本规划。规划基准年为2025年，规划期为2026—2030年。

一、规划基础

（一）工作成效

“十四五”期间，全县环境质量持续改善。2025年，PM₂.₅年均浓度为24.6微克/立方米，较2020年下降18.2%；优良天数比率达到93.4%。2021—2025年，全县化肥使用量分别为5210吨、5134吨、5020吨、4955吨、4876吨。截至2025年底，累计造林12.5万亩，建成碧道86公里。

（二）存在问题

农村生活污水治理仍有短板，部分支流水质不稳定。年产30万吨以下的砖瓦窑尚未全部退出。

二、规划目标

到2027年，细颗粒物（PM_{2.5}）年均浓度降至23微克/立方米以下，地表水优良比例达到95%以上，土壤环境保持稳定，主要污染物排放总量持续减少。到2030年，PM2.5年均浓度降至21微克/立方米左右，力争达到20微克/立方米；优良天数比率比2025年提高1.5个百分点；森林覆盖率不低于62.5%；单位地区生产总值二氧化碳排放降低完成省下达目标。到2035年，人与自然和谐共生的美丽青禾全面建成。

表1 青禾县“十五五”生态文明建设指标体系
类别 指标 2025年 2030年 属性
一、环境质量
1.PM2.5年均浓度（微克/立方米） 24.6 21 约束性
2.优良天数比率（%） 93.4
按省下达
目标
约束性
3.地表水达到或好于Ⅲ类水体比例（%） 90.9 ≥95 约束性
二、生态系统
4.森林覆盖率（%） 61.8 ≥62.5 约束性
5.碧道长度（公里） 86 150 预期性
6.生态教育基地（个） / 12 预期性
备注：地表水比例按县控断面统计。

三、重点任务

（一）推动产业绿色转型。加快砖瓦、造纸等行业改造，到2028年完成18家企业清洁生产审核，淘汰35蒸吨/小时以下燃煤锅炉26台。（县工业和信息化局牵头，县发展改革局、云溪市生态环境局青禾分局参与）

（二）打好蓝天保卫战。推进重点行业超低排放改造，加强扬尘管控。2027年底前，新能源公交车占比达到80%，乡镇空气自动站实现全覆盖。（云溪市生态环境局青禾分局、县交通运输局按职责分工负责）

（三）建设美丽河湖

1.提升水环境质量

以青溪、禾江为重点，完善城镇污水管网，每年新建和改造管网不少于20公里。到2030年，青溪、禾江国控断面水质分别达到Ⅱ类、Ⅲ类，农村生活污水治理率达到75%。

2.保障饮用水安全

完成东山水库、白石水库等6个水源地规范化建设，县级集中式饮用水水源水质达标率保持100%。

专栏1 水环境治理重点工程
1. 青禾县第二污水处理厂。新建处理规模2万立方米/日，总投资1.8亿元，2026—2028年。
2. 青溪生态修复工程。位于城关镇，治理河道14.6公里，投资9600万元。
3. 白石镇农村污水治理项目。覆盖23个行政村，敷设管网58公里。

（四）守护绿水青山

加强自然保护地建设，推动云雾山创建省级自然公园。到“十五五”末，完成矿山修复3200亩，建设2～3个省级生态文明示范镇。

四、保障措施

（一）加强组织领导。县政府每年向县人大常委会报告规划实施情况。

（二）严格考核。建立目标清单，将指标完成情况纳入年度考核。

附录 名词解释
1.碧道：以水为主线的生态廊道。
2.三线一单：指生态保护红线等管控要求。
"""


def wrapped(text: str = PLAN, width: int = 56) -> str:
    """Return the plan as text taken from a PDF: lines broken, pages numbered, a running head."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, wide = "", 0
        for character in paragraph:
            wide += 1 if character.isascii() else 2
            if wide > width and character not in "，。；、）”":
                lines.append(line)
                line, wide = "", 1 if character.isascii() else 2
            line += character
        lines.append(line)
    pages = [lines[i : i + 24] for i in range(0, len(lines), 24)]
    return "\f".join(
        "\n".join(["青禾县人民政府文件", *page, f"— {number} —"])
        for number, page in enumerate(pages, 1)
    )


def html() -> bytes:
    """Return a page of a web site with a table, in GB18030."""
    return (
        '<html><head><meta charset="gb2312"><title>页</title><script>var a="到2030年";</script>'
        "</head><body><h1>青禾县规划</h1><p>一、目标</p><p>到2030年，PM<sub>2.5</sub>年均浓度降至"
        "21微克/立方米，<br>森林覆盖率达到62.5%。</p><table><tr><th>类别</th><th>指标</th>"
        "<th>2025年</th><th>2030年</th><th>属性</th></tr><tr><td rowspan=2>空气</td>"
        "<td>PM<sub>2.5</sub>（μg/m<sup>3</sup>）</td><td>24.6</td><td>≤21</td><td>约束性</td></tr>"
        "<tr><td>优良天数（%）</td><td></td><td>按市下达目标</td><td>约束性</td></tr></table>"
        "<table><tr><td><p>专栏1 工程</p><p>1.青溪工程。投资2亿元。</p></td></tr></table>"
        "</body></html>"
    ).encode("gb18030")


def word() -> bytes:
    """Return a document of Word with paragraphs, a table with merged cells and a box."""
    import docx

    document = docx.Document()
    document.add_paragraph("一、目标")
    paragraph = document.add_paragraph("到2030年，PM")
    paragraph.add_run("2.5").font.subscript = True
    paragraph.add_run("年均浓度降至21微克/立方米。")
    table = document.add_table(rows=4, cols=4)
    rows = [
        ("指标", "2025年", "2030年", "属性"),
        ("PM2.5年均浓度（微克/立方米）", "24.6", "21", "约束性"),
        ("森林覆盖率（%）", "61.8", "≥62.5", ""),
        ("碧道长度（公里）", "86", "150", "预期性"),
    ]
    for cells, row in zip(table.rows, rows, strict=True):
        for cell, text in zip(cells.cells, row, strict=True):
            cell.text = text
    table.cell(1, 3).merge(table.cell(2, 3))
    document.add_table(rows=1, cols=1).cell(0, 0).text = "专栏1 重点工程\n1.青溪工程。"
    document.add_paragraph("二、任务")
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def numbered() -> bytes:
    """Return a document of Word whose numbers are set by Word: by styles, and in paragraphs."""
    import docx
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    document = docx.Document()
    forms = [("chineseCounting", "%1、"), ("chineseCounting", "（%2）"), ("decimal", "%3.")]
    levels = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for i, (form, text) in enumerate(forms)
    )
    numbering = document.part.numbering_part.element
    spaces = nsdecls("w")
    numbering.insert(
        0, parse_xml(f'<w:abstractNum {spaces} w:abstractNumId="90">{levels}</w:abstractNum>')
    )
    numbering.append(
        parse_xml(f'<w:num {spaces} w:numId="90"><w:abstractNumId w:val="90"/></w:num>')
    )
    numbers = '<w:numPr {}><w:ilvl w:val="{}"/><w:numId w:val="90"/></w:numPr>'
    heading = document.styles["Heading 1"].element.get_or_add_pPr()
    heading.append(parse_xml(numbers.format(spaces, 0)))
    for level, text in [
        *((0, "目标"), (1, "空气"), (2, "2027年底前，建成公园。"), (2, "植树。"), (1, "水")),
        *((2, "清淤，植树。"), (0, "任务"), (None, "结束。")),
    ]:
        paragraph = document.add_paragraph(text, style="Heading 1" if level == 0 else None)
        if level:
            paragraph._p.get_or_add_pPr().append(parse_xml(numbers.format(spaces, level)))
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def workbook() -> bytes:
    """Return a workbook with a table of indicators."""
    import xlsxwriter

    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet("指标")
    rows: list[tuple[object, ...]] = [
        ("青禾县指标体系",),
        ("序号", "指标", "单位", "2025年现状值", "2030年目标值", "指标属性"),
        (1, "PM2.5年均浓度", "微克/立方米", 24.6, 21, "约束性"),
        (2, "地表水优良比例", "%", 90.9, "≥95", "预期性"),
    ]
    for i, row in enumerate(rows):
        sheet.write_row(i, 0, row)
    book.close()
    return stream.getvalue()


def pdf(pages: list[list[str]], *, text: bool = True) -> bytes:
    """Return a PDF with these lines on its pages, or with a drawn line only, as a scan has."""
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"",
        (
            b"<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H"
            b"/DescendantFonts[4 0 R]>>"
        ),
        (
            b"<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/CIDSystemInfo"
            b"<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>/FontDescriptor 5 0 R>>"
        ),
        (
            b"<</Type/FontDescriptor/FontName/STSong-Light/Flags 6/FontBBox[0 -200 1000 900]"
            b"/ItalicAngle 0/Ascent 800/Descent -200/CapHeight 800/StemV 80>>"
        ),
    ]
    kids = []
    for lines in pages:
        drawn = b"BT /F1 12 Tf 18 TL 60 780 Td " + b" ".join(
            b"<" + line.encode("utf-16-be").hex().encode() + b"> Tj T*" for line in lines
        )
        stream = drawn + b" ET" if text else b"0 0 m 100 100 l S"
        parts.append(b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream))
        parts.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R"
            b"/Resources<</Font<</F1 3 0 R>>>>>>" % len(parts)
        )
        kids.append(len(parts))
    listed = b" ".join(b"%d 0 R" % kid for kid in kids)
    parts[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), listed)
    out, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(parts) + 1, table)
    return out + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(parts) + 1, start)


def bomb() -> bytes:
    """Return a package that would unpack to 400 MB."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package,
        package.open("word/document.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(400):
            part.write(b" " * (1 << 20))
    return stream.getvalue()

"""The bulletin of surface water: every cell against the slow way, and the three documents."""

import datetime as dt
import importlib.util
import io
import re
import sys
import zipfile

import fastexcel
import polars as pl
import pytest
import slow_water_bulletin as slow
from conftest import ROOT

from shanshui.platform.ingest import read_samples
from shanshui.platform.report import water_documents as documents
from shanshui.platform.report.water import water_bulletin
from shanshui.standards.errors import ShanshuiError

D = dt.date


def roster(**columns):
    names = ["甲桥", "乙桥", "丙桥", "库心"]
    table = {
        "station": names,
        "river": ["清江", "清江", "清江", "青湖"],
        "kind": ["河流", "河流", "河流", "湖库"],
        "level": "国控",
        "attribute": "国考,入海",
        "county": ["东县", "西县", "东县", "西县"],
        "unit": "县政府",
        "chief": "张三",
        "target": [2, 3, 3, 3],
        "version": "十四五",
    }
    return pl.DataFrame(table | columns)


def sample(station, day, tp, **more):
    base = {"ph": 7.5, "do": 8.0, "codmn": 3.0, "nh3n": 0.3}
    return {"station": station, "date": day, "tp": tp} | base | more


def samples():
    jan, feb, last = D(2021, 1, 5), D(2021, 2, 5), D(2020, 2, 5)
    return pl.DataFrame(
        [
            *(sample("甲桥", day, 0.05) for day in (jan, feb, last)),
            *(sample("乙桥", day, tp) for day, tp in ((jan, 0.15), (feb, 0.25), (last, 0.45))),
            *(sample("库心", day, 0.04) for day in (jan, feb)),
            sample("无名", feb, 0.05),
        ]
    )


@pytest.fixture(scope="module")
def made():
    table = roster(left_out=[None, None, "断流", None])
    return water_bulletin(samples(), table, month="2021-02", place="清江市", unit="监测站")


def test_the_table_has_the_header_of_bureaus(made):
    assert "｜".join(made.columns.values()) == (
        "断面｜水体｜控制级别｜考核属性｜责任县区｜水质目标｜本月｜上月｜上年同期｜1—2月｜上年1—2月｜"
        "主要污染指标(超标倍数)｜是否达标｜数据来源"
    )
    rows = [[s.texts()[c] for c in made.columns] for s in made.sections]
    assert rows == [
        [
            "甲桥",
            "清江",
            "国控",
            "国考、入海",
            "东县",
            "Ⅱ",
            "Ⅱ",
            "Ⅱ",
            "Ⅱ",
            "Ⅱ",
            "Ⅱ",
            "—",
            "是",
            "手工",
        ],
        [
            "乙桥",
            "清江",
            "国控",
            "国考、入海",
            "西县",
            "Ⅲ",
            "Ⅳ",
            "Ⅲ",
            "劣Ⅴ",
            "Ⅲ",
            "劣Ⅴ",
            "总磷(0.2)",
            "否",
            "手工",
        ],
        [
            "丙桥",
            "清江",
            "国控",
            "国考、入海",
            "东县",
            "Ⅲ",
            "—",
            "—",
            "—",
            "—",
            "—",
            "断流",
            "—",
            "—",
        ],
        [
            "库心",
            "青湖",
            "国控",
            "国考、入海",
            "西县",
            "Ⅲ",
            "Ⅲ",
            "Ⅲ",
            "—",
            "Ⅲ",
            "—",
            "—",
            "是",
            "手工",
        ],
    ]
    assert [s.name for s in made.failing] == ["乙桥"]


def test_the_words(made):
    assert made.title == "清江市地表水水质月报"
    assert made.summary == (
        (
            "2021年2月，清江市共评价断面3个：Ⅱ类1个（33.3%），Ⅲ类1个（33.3%），Ⅳ类1个（33.3%）。"
            "Ⅰ—Ⅲ类断面占66.7%，劣Ⅴ类占0.0%。"
        ),
        (
            "与上月相比，在可比的3个断面中，Ⅰ—Ⅲ类断面比例下降33.3个百分点，劣Ⅴ类比例持平；"
            "水质类别变好的0个，变差的1个。"
        ),
        (
            "与上年同期相比，在可比的2个断面中，Ⅰ—Ⅲ类断面比例持平，劣Ⅴ类比例下降50.0个百分点；"
            "水质类别变好的1个，变差的0个。"
        ),
        "有水质目标的断面3个，达标2个，达标率66.7%；未达标的为乙桥。",
        "2021年1—2月累计，评价断面3个：Ⅰ—Ⅲ类断面占100.0%，劣Ⅴ类占0.0%，达标率100.0%。",
    )
    assert made.sentences == (
        "清江总体水质为良好（Ⅲ类）；与上月相比，水质有所下降；Ⅰ—Ⅲ类断面占50.0%，同比持平。",
        "青湖水质为良好（Ⅲ类）；与上月相比，水质无明显变化。",
    )
    notes = "\n".join(made.notes)
    for words in (
        "GB 3838-2002",
        "环办〔2011〕22号",
        "四舍六入五成双",
        "手工3个断面",
        "断面名单版本：十四五",
        "断流：丙桥",
        "不在名单中的断面1个，未列入：无名",
        "2020年1—2月累计缺1月的数据",
        "可信度C",
    ):
        assert words in notes
    assert (made.basis.roster, made.basis.edition) == ("十四五", "2002")


def test_regions(made):
    rows = [" ".join(row[c] for c in made.region_columns) for row in made.region_rows]
    assert rows == [
        "合计 3 66.7% 0.0% 3 2 66.7% 100.0% 50.0% 100.0% 100.0% 50.0%",
        "东县 1 100.0% 0.0% 1 1 100.0% 100.0% 100.0% 100.0% 100.0% 100.0%",
        "西县 2 50.0% 0.0% 2 1 50.0% 100.0% 0.0% 100.0% 100.0% 0.0%",
    ]
    assert [row["whole"] for row in made.regions] == [True, False, False]


def test_automatic_data_come_first_and_the_source_says_so():
    auto = pl.DataFrame(
        [
            {"station": "甲桥", "time": dt.datetime(2021, 2, d, 8), "tp": tp, "nh3n": None}
            for d, tp in ((1, 0.3), (2, 0.4))
        ]
        + [{"station": "库心", "time": dt.datetime(2021, 2, 1, 8), "tp": 0.01, "nh3n": 0.1}]
    )
    hand = samples().filter(pl.col("station") != "库心").with_columns(cod=pl.lit(10.0))
    made = water_bulletin(hand, roster(), month="2021-02", auto=auto)
    cells = {s.name: s.texts() for s in made.sections}
    assert [cells[n]["source"] for n in ("甲桥", "乙桥", "库心")] == ["融合", "手工", "自动"]
    assert (cells["甲桥"]["now"], cells["甲桥"]["main"]) == ("Ⅴ", "总磷(2.5)")
    assert cells["甲桥"]["previous"] == "Ⅱ"
    said = pl.concat(
        [
            hand.with_columns(source=pl.lit("手工")),
            auto.with_columns(date=pl.col("time").dt.date(), source=pl.lit("自动")).drop("time"),
        ],
        how="diagonal_relaxed",
    )
    other = water_bulletin(said, roster(), month="2021-02")
    assert [s.texts() for s in other.sections] == [s.texts() for s in made.sections]


def test_january_and_a_roster_that_changes():
    table = roster(**{"from": [None] * 4, "to": ["2020-12"] + [None] * 3})
    later = roster(**{"from": ["2021"] * 4, "to": [None] * 4}, version="新").head(1)
    rows = pl.concat(
        [samples(), pl.DataFrame([sample("甲桥", D(2020, 12, 5), 0.05)])], how="diagonal"
    )
    both = pl.concat([table, later.with_columns(target=1)], how="diagonal_relaxed")
    made = water_bulletin(rows, both, month="2021-01")
    assert made.columns["ytd"] == "1月累计"
    first = next(s for s in made.sections if s.name == "甲桥")
    assert (first.target, first.classes["previous"], first.attains) == (1, 2, False)
    assert made.basis.roster == "十四五、新"
    assert [s.name for s in made.sections if s.left_out] == ["丙桥"]


@pytest.mark.parametrize(
    ("month", "said"),
    [("2021-13", "月份应写作"), ("2021-03", "没有2021年3月"), ("x", "月份应写作")],
)
def test_months_that_cannot_be(month, said):
    with pytest.raises(ShanshuiError, match=said):
        water_bulletin(samples(), roster(), month=month)


def test_rosters_and_samples_that_cannot_be():
    with pytest.raises(ShanshuiError, match="没有2021年2月有效的断面"):
        water_bulletin(samples(), roster(to="2020"), month="2021-02")
    twins = samples().with_columns(province=pl.Series(["甲", "乙"] + ["甲"] * 7))
    with pytest.raises(ShanshuiError, match="同名而不同地"):
        water_bulletin(twins, roster(), month="2021-02")


def test_a_river_without_data_is_named():
    made = water_bulletin(
        samples(), roster(river=["清江", "清江", "干河", "青湖"]), month="2021-02"
    )
    assert made.sentences[1] == "干河本月没有可评价的断面。"
    assert "干河" in documents.html(made)


def test_no_section_to_assess():
    made = water_bulletin(samples(), roster(left_out="断流"), month="2021-02")
    assert made.summary == ("2021年2月，全部断面没有可评价的断面。",)
    assert documents.write(made, "xlsx")[:2] == b"PK"


# --- against the slow way ----------------------------------------------------------------------


def test_one_month_of_real_stations_the_slow_way(shared):
    folder = shared / "data" / "water_auto_stations_2020_2021"
    frame = read_samples(folder / "key100_daily_202005_202012.parquet").frame
    places = (
        frame.select("station", "province", "basin").unique(maintain_order=True).sort("station")
    )
    lake = pl.col("station").str.contains("湖|库|山|角")  # any will do: both ways judge alike
    table = places.select(
        "station",
        river="basin",
        kind=pl.when(lake).then(pl.lit("湖库")).otherwise(pl.lit("河流")),
        county="province",
        target=pl.int_range(pl.len()) % 4 + 1,
        version=pl.lit("重点断面"),
        left_out=pl.when(pl.int_range(pl.len()) == 7).then(pl.lit("断流")),
    )
    made = water_bulletin(None, table, month="2020-11", auto=frame)
    rows = {key: part.to_dicts() for (key,), part in frame.group_by("station")}
    sections = [slow.Section(about, rows[about["station"]]) for about in table.to_dicts()]
    want = slow.table(sections, 2020, 11)
    got = [{c: s.texts()[c] for c in want[0]} for s in made.sections]
    assert got == want
    assert len(got) == 96
    assert len({row["main"] for row in got}) > 20
    of = {"合计": want}
    for section, row in zip(sections, want, strict=True):
        of.setdefault(section.about["county"], []).append(row)
    for row in made.region_rows:
        expected = slow.region(of[row["county"]])
        assert {c: row[c] for c in expected} == expected
    spans = slow.spans_of(2020, 11)
    for row in made.rivers.filter(pl.col("status").is_not_null()).iter_rows(named=True):
        mine = [s for s in sections if s.about["river"] == row["river"]]
        mine = [s for s in mine if s.about["kind"] == row["kind"]]
        assert row["status"] == slow.state(mine, spans["now"], row["kind"]), row["river"]
        assert row["status_before"] == slow.state(mine, spans["previous"], row["kind"])


# --- documents ---------------------------------------------------------------------------------


def test_word(made):
    from docx import Document

    data = documents.write(made, "docx")
    assert data == documents.write(made, "docx")
    document = Document(io.BytesIO(data))
    first = document.tables[0]
    assert [c.text for c in first.rows[0].cells] == list(made.columns.values())
    cells = [[c.text for c in row.cells] for row in first.rows[1:]]
    assert cells == [[s.texts()[c] for c in made.columns] for s in made.sections]
    assert len(document.tables) == 3
    assert document.tables[2].rows[1].cells[0].text == "合计"
    text = "\n".join(p.text for p in document.paragraphs)
    for words in (*made.summary, *made.sentences, *made.notes):
        assert words in text
    assert "{" not in text
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert sum(n.startswith("word/media/") for n in names) == len(made.pictures)


def test_excel(made):
    data = documents.write(made, "xlsx")
    assert data == documents.write(made, "xlsx")
    book = fastexcel.read_excel(data)
    assert book.sheet_names == ["断面", "未达标断面", "责任县区", "类别比例", "月均值", "说明"]
    sheets = {
        name: book.load_sheet(name, header_row=None, dtypes="string").to_polars().rows()
        for name in book.sheet_names
    }
    rows = [list(row) for row in sheets["断面"] if any(row)]
    assert rows[1] == list(made.columns.values())
    assert rows[2:] == [[s.texts()[c] for c in made.columns] for s in made.sections]
    total = next(row for row in sheets["责任县区"] if row[0] == "合计")
    assert float(total[2]) == 66.7
    assert [row[0] for row in sheets["月均值"]][-3:] == ["甲桥", "乙桥", "库心"]


def test_a_page(made):
    page = documents.html(made)
    assert page == documents.html(made)
    assert page.count("<h1") == 1
    assert not re.search(r'(href|src)="(?!#)', page)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for words in (*made.summary, *made.sentences, *made.notes):
        assert words in page


def test_a_broken_template_is_refused(made):
    with pytest.raises(ShanshuiError, match="不是 Word 文件"):
        documents.write(made, "docx", template=b"nothing")


def test_the_template_is_the_one_that_the_tool_makes():
    folder = ROOT / "tools"
    sys.path.insert(0, str(folder))
    try:
        path = folder / "water_template.py"
        spec = importlib.util.spec_from_file_location("water_template", path)
        tool = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(tool)
    finally:
        sys.path.remove(str(folder))
    assert tool.template() == documents.shipped()
    assert list(tool.COLUMNS)[:2] == ["station", "river"]

"""The bulletin: every cell against plain Python, every wording, and the files read back."""

import importlib.util
import io
import re
import sys
import zipfile
from datetime import date, timedelta
from html.parser import HTMLParser

import docx
import fastexcel
import polars as pl
import pytest
import slow_bulletin
from conftest import ROOT
from typer.testing import CliRunner

from shanshui import air
from shanshui.cli import main
from shanshui.cli.app import app
from shanshui.platform.demo import samples
from shanshui.platform.ingest import ReadError, read_targets
from shanshui.platform.report import documents
from shanshui.platform.report.bulletin import COLUMNS, bulletin
from shanshui.standards import ShanshuiError
from shanshui.standards.basis import Basis

HEADS = [
    *("排名", "地区", "优良天数比例", "同比(百分点)", "PM2.5", "同比%", "PM10", "SO2", "NO2"),
    *("CO-95per", "O3-8h-90per", "综合指数", "同比%", "首要污染物", "重度及以上天数", "上月名次"),
]
TARGETS = pl.DataFrame(
    {"region": ["全市", None], "item": ["pm25", "good_ratio"], "value": [80, 60]}
)


# ------------------------------------------------------------ Beijing's twelve stations, 2015-10


@pytest.fixture(scope="module")
def hours():
    names = dict(samples.beijing_stations().select("station", "name_zh").iter_rows())
    own = samples.beijing_hours().filter(
        pl.col("time").is_between(date(2014, 1, 1), date(2015, 11, 1))
    )
    return own.with_columns(pl.col("station").replace_strict(names))


@pytest.fixture(scope="module")
def stations():
    return samples.beijing_stations().select("city", "code", "reference", station="name_zh")


@pytest.fixture(scope="module")
def daily(hours, stations):
    days = air.daily(hours)
    return days, air.area(days, stations)


@pytest.fixture(scope="module")
def october(daily):
    days, city = daily
    return bulletin(
        days,
        month="2015-10",
        whole=city,
        reference=["定陵"],
        place="北京市",
        targets=TARGETS,
        unit="北京市生态环境监测中心",
        made=date(2015, 11, 5),
        basis=Basis(dust="不扣沙", status="审核"),
    )


@pytest.fixture(scope="module")
def slow():
    return slow_bulletin.october_2015()


@pytest.fixture(scope="module")
def written(october):
    return {form: documents.write(october, form) for form in ("docx", "xlsx", "html")}


def of_record(made):
    return [
        [list(t.columns.values()), *(list(t.texts(row).values()) for row in t.rows)]
        for t in made.tables
    ]


def of_docx(data):
    tables = docx.Document(io.BytesIO(data)).tables
    return [[[cell.text for cell in row.cells] for row in table.rows] for table in tables]


class Cells(HTMLParser):
    """The tables of a page."""

    def __init__(self):
        super().__init__()
        self.tables, self.inside = [], False

    def handle_starttag(self, tag, _attrs):
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.inside = True

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data):
        if self.inside:
            self.tables[-1][-1][-1] += data


def of_html(data):
    reader = Cells()
    reader.feed(data.decode())
    return reader.tables


def of_xlsx(data, *sheets):
    book = fastexcel.read_excel(data)
    found = []
    for name in sheets:
        sheet = book.load_sheet(name, header_row=None, skip_rows=2, dtypes="string").to_polars()
        found.append([list(row) for row in sheet.iter_rows()])
    return found


def number(text):
    """A cell as a workbook holds it: a number without sign of unit, or text."""
    try:
        return float(text.removesuffix("%").removesuffix("(并列)"))
    except ValueError:
        return text


def check(tables, slow, same=lambda text: text):
    assert len(tables) == 2
    for (head, *rows), want in zip(tables, (slow["month"], slow["ytd"]), strict=True):
        assert head == HEADS
        assert {row[1]: [same(c) for c in row] for row in rows} == {
            name: [same(c) for c in cells] for name, cells in want.items()
        }
        assert rows[0][1] == "全市"
        places = [row[0] for row in rows[1:]]
        ranked = [p for p in places if p != "—"]
        assert ranked == sorted(ranked, key=number)
        assert places == ranked + ["—"] * (len(places) - len(ranked))


def test_every_cell_of_the_record(october, slow):
    assert list(COLUMNS.values()) == HEADS
    check(of_record(october), slow)
    assert [row.rank for row in october.tables[0].rows].count(None) == 3


def test_every_cell_of_word(written, slow):
    check(of_docx(written["docx"]), slow)


def test_every_cell_of_excel(october, written, slow):
    data = written["xlsx"]
    check(of_xlsx(data, "当月", "1—10月累计"), slow, number)
    book = fastexcel.read_excel(data)
    assert book.sheet_names == ["当月", "1—10月累计", "逐日", "说明"]
    typed = book.load_sheet("当月", header_row=2).to_polars()
    kinds = dict(zip(typed.columns, typed.dtypes, strict=True))
    assert all(
        kinds[c].is_numeric() for c in ("优良天数比例", "PM2.5", "综合指数", "重度及以上天数")
    )
    days = book.load_sheet("逐日", header_row=2).to_polars()
    assert days.height == october.days.height == 13 * 304
    assert days["AQI"].drop_nulls().max() == october.days["aqi"].max()


def test_every_cell_of_the_page(written, slow):
    check(of_html(written["html"]), slow)


def test_the_whole_command(hours, stations, slow, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    codes = dict(stations.select("station", "code").iter_rows())
    hours.with_columns(pl.col("station").replace_strict(codes)).write_parquet("小时.parquet")
    stations.rename({"reference": "对照点"}).write_csv("点位.csv")
    (tmp_path / "目标.csv").write_text("项目,目标\nPM2.5,80\n优良率,60%\n", encoding="gb18030")
    words = "air bulletin 小时.parquet --stations 点位.csv --month 2015-10 --targets 目标.csv"
    done = CliRunner().invoke(app, [*words.split(), "--status", "审核"])
    assert done.exit_code == 0, done.output
    assert "北京市空气质量月报（2015年10月）" in done.stdout
    data = (tmp_path / "空气质量月报_2015-10.docx").read_bytes()
    check(of_docx(data), slow)  # stations by code are printed by name
    text = "\n".join(p.text for p in docx.Document(io.BytesIO(data)).paragraphs)
    rest = slow["rest"]
    assert f"剩余{rest['left']}天最多还可有{rest['bad']}个超标天" in text
    assert f"剩余{rest['left']}天均值需控制在{float(rest['control'])}微克/立方米以内" in text
    assert "数据状态：审核" in text
    assert "未剔除受沙尘影响的数据" in text


def test_the_sentence_of_the_whole_is_the_bulletins(october, slow):
    cells, rest = slow["ytd"]["全市"], slow["rest"]
    assert october.sentences[0] == (
        f"1—10月，全市优良天数比例{cells[2]}，同比上升{cells[3]}个百分点，距年度目标（60%）差6.7个百分点；"
        f"剩余61天最多还可有{rest['bad']}个超标天；PM2.5平均浓度{cells[4]}微克/立方米，"
        f"同比下降{cells[5][1:]}%，优于年度目标（80微克/立方米）10微克/立方米；"
        f"剩余61天均值需控制在{float(rest['control'])}微克/立方米以内。"
    )
    assert len(october.sentences) == 13


def test_what_is_said_of_the_basis(october):
    notes = "\n".join(october.notes)
    for words in (
        "（GB 3095-2012）、",
        "（HJ 663-2013）",
        "标况（273.15 K、1013.25 hPa下的浓度）。沙尘：不扣沙。数据状态：审核。",
        "浓度修约至整数，CO 1位小数，",
        "10月（31天）农展馆30天、昌平镇29天",
        "10月定陵（对照点）、昌平镇（PM2.5、PM10有效天数不足）",
        "与2014年10月、2014年1—10月相比",
        "名次并列，其后名次顺延",
        "四舍六入五成双",
    ):
        assert words in notes
    assert notes.count("同比仅供参考") == 1  # 2014 has items with too few days


def test_the_same_bulletin_gives_the_same_bytes(small):
    for form in ("docx", "xlsx", "html"):
        assert documents.write(small, form) == documents.write(small, form)


def test_word_repeats_the_head_and_keeps_rows_whole(october, written):
    document = docx.Document(io.BytesIO(written["docx"]))
    for table in document.tables:
        first, *others = table._tbl.tr_lst
        assert first.xpath("./w:trPr/w:tblHeader")
        assert all(row.xpath("./w:trPr/w:cantSplit") for row in (first, *others))
    assert document.sections[0].page_width > document.sections[0].page_height
    assert len(document.inline_shapes) == len(october.pictures) == 4
    assert document.core_properties.title == "北京市空气质量月报（2015年10月）"
    assert document.core_properties.created.date() == date(2015, 11, 5)
    assert "2015年11月5日" in "".join(p.text for p in document.paragraphs)
    runs = [run for p in document.paragraphs for run in p.runs if run.text.strip()]
    assert all(run._element.xpath("./w:rPr/w:rFonts/@w:eastAsia") for run in runs)


def test_excel_prints_the_head_on_every_page(written):
    with zipfile.ZipFile(io.BytesIO(written["xlsx"])) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        names = book.read("xl/workbook.xml").decode()
    assert 'state="frozen"' in sheet
    assert 'orientation="landscape"' in sheet
    assert 'fitToHeight="0"' in sheet
    assert "autoFilter" in sheet
    assert "_xlnm.Print_Titles" in names


def test_the_page_loads_nothing_and_draws_every_chart_twice(october, written):
    page = written["html"].decode()
    assert not re.search(r'(?:href|src)="(?!#)[^"]*"|url\((?!#)|<script', page)
    assert page.count("<svg") == 2 * len(october.pictures)
    assert page.count('id="') == len(set(re.findall(r'id="([^"]*)"', page)))


# ---------------------------------------------------------------------------- synthetic places


def made_days(start, end, places, **values):
    """Constant days; a value may depend on place and date."""
    dates = [start + timedelta(days=n) for n in range((end - start).days + 1)]
    base = {"so2": 10, "no2": 20, "co": 0.8, "o3_8h": 100, "pm10": 50, "pm25": 30} | values
    return pl.DataFrame(
        {"city": place, "date": day}
        | {k: float(v(place, day)) if callable(v) else float(v) for k, v in base.items()}
        for place in places
        for day in dates
        if values.get("there", lambda *_: True)(place, day)
    ).select("city", "date", *("so2", "no2", "co", "o3_8h", "pm10", "pm25"))


def cells(made, table=0):
    head, *rows = of_record(made)[table]
    assert len(head) == 16
    return {row[1]: dict(zip(COLUMNS, row, strict=True)) for row in rows}


def targets(**of):
    rows = [{"region": None, "item": k, "value": str(v)} for k, v in of.items()]
    return pl.DataFrame(rows)


def test_ties_share_a_rank_and_the_next_is_passed_over():
    no2 = {"甲市": 20, "乙市": 24, "丙市": 24, "丁市": 28}
    days = made_days(date(2016, 4, 1), date(2016, 5, 31), no2, no2=lambda p, _: no2[p])
    made = bulletin(days, by="city", month="2016-05", cumulative=False)
    assert [(r.name, r.rank, r.tied) for r in made.tables[0].rows] == [
        *(("甲市", 1, False), ("乙市", 2, True), ("丙市", 2, True), ("丁市", 4, False))
    ]
    shown = cells(made)
    assert [row["rank"] for row in shown.values()] == ["1", "2(并列)", "2(并列)", "4"]
    assert [row["previous"] for row in shown.values()] == ["1", "2", "2", "4"]
    assert "乙市（3.16，并列）、丙市（3.16，并列）" in made.summary[0]
    book = documents.xlsx(made)
    [(_, *rows)] = of_xlsx(book, "当月")
    assert [row[0] for row in rows] == ["1", "2", "2", "4"]  # numbers, with 并列 as their format
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        assert "0&quot;(并列)&quot;" in parts.read("xl/styles.xml").decode()


def test_several_items_lead_together():
    days = made_days(date(2016, 5, 1), date(2016, 5, 31), ["甲市"], pm25=35, pm10=70)
    made = bulletin(days, by="city", month="2016-05", cumulative=False)
    assert cells(made)["甲市"]["main"] == "PM10、PM2.5"


def test_without_last_year_nothing_is_compared():
    days = made_days(date(2016, 1, 1), date(2016, 2, 29), ["甲市", "乙市"])
    made = bulletin(days, by="city", month="2016-02")
    for table in (0, 1):
        for row in cells(made, table).values():
            assert {row[c] for c in COLUMNS if c.endswith("_change")} == {"—"}
    assert made.sentences[0] == (
        "1—2月，甲市优良天数比例100.0%；PM2.5平均浓度30微克/立方米；上年同期无有效数据，不作同比。"
    )
    assert "2月上年同期无有效数据，不作同比；1—2月上年同期无有效数据，不作同比。" in made.notes[-1]


def test_a_change_of_state_is_not_compared():
    days = made_days(date(2017, 1, 1), date(2018, 10, 31), ["甲市"])
    made = bulletin(days, by="city", month="2018-10")
    assert cells(made)["甲市"]["pm25_change"] == "—"
    assert made.sentences[0].endswith("；与上年同期口径不一致（浓度状态），不作同比。")
    notes = "".join(made.notes)
    assert "1—10月为时段内由标况改为实况（标况+实况）" in notes
    assert "10月与上年同期口径不一致（浓度状态），不作同比" in notes
    again = bulletin(days, by="city", month="2018-10", basis=Basis(state="实况"), cumulative=False)
    assert cells(again)["甲市"]["pm25_change"] == "0.0"  # where the bureau says that they agree


def test_two_editions_in_one_year():
    days = made_days(date(2025, 1, 1), date(2026, 4, 30), ["甲市", "乙市"], pm25=70)
    made = bulletin(days, by="city", month="2026-04")
    assert made.edition.name == "2026"
    for table in (0, 1):  # 70 is good by 2012 (75) and not by 2026 (60), in every month
        assert cells(made, table)["甲市"]["good_ratio"] == "0.0%"
        assert cells(made, table)["甲市"]["good_ratio_change"] == "0.0"
    notes = made.notes[0]
    assert "1—4月跨2012年标准和2026年标准（过渡阶段限值），全部数据统一按2026年标准" in notes
    assert "上年同期执行2012年标准，此处按2026年标准（过渡阶段限值）重新计算后再作同比" in notes
    march = bulletin(days, by="city", month="2026-03", cumulative=False)
    assert "按2026年标准（过渡阶段限值）重新计算，与上月通报所载可能不同" in "".join(march.notes)
    old = bulletin(days, by="city", month="2026-04", edition="2012", cumulative=False)
    assert cells(old)["甲市"]["good_ratio"] == "100.0%"
    assert "按指定的2012年标准计算，该时段执行的是2026年标准" in old.notes[0]


def test_january_has_one_table_and_is_called_so():
    days = made_days(date(2015, 12, 1), date(2017, 1, 31), ["甲市"])
    made = bulletin(days, by="city", month="2017-01", targets=targets(pm25=30))
    assert [t.title for t in made.tables] == ["2017年1月"]
    assert made.summary == (
        (
            "1月，甲市优良天数比例为100.0%，同比持平；环境空气质量综合指数为3.06，同比持平；"
            "首要污染物为PM2.5；重度及以上污染0天。主要污染物浓度：PM2.5 30微克/立方米，"
            "PM10 50微克/立方米，SO2 10微克/立方米，NO2 20微克/立方米，CO-95per 0.8毫克/立方米，"
            "O3-8h-90per 100微克/立方米。"
        ),
    )  # one place is not ranked in words
    [said] = made.sentences
    assert said == (
        "1月，甲市优良天数比例100.0%，同比持平；PM2.5平均浓度30微克/立方米，同比持平，"
        "与年度目标（30微克/立方米）持平；剩余334天均值需控制在30微克/立方米以内。"
    )
    assert cells(made)["甲市"]["previous"] == "1"  # December's
    assert "1—1月" not in repr(made)
    assert "累计到上月" not in "".join(made.notes)


def test_the_year():
    def pm25(place, day):
        return (40 if place == "乙市" else 30) + (day.month == 1) * 12 - (day.year == 2017) * 3

    def there(place, day):  # thirty days a month: too few in January of 丙市 2017
        return not (place == "丙市" and day.year == 2017 and day.month == 1 and day.day > 20)

    places = ["甲市", "乙市", "丙市"]
    days = made_days(date(2016, 1, 1), date(2017, 12, 31), places, pm25=pm25, there=there)
    whole = days.filter(city="甲市")
    made = bulletin(days, by="city", year=2017, whole=whole, place="全省", targets=targets(pm25=28))
    [table] = made.tables
    assert made.title == "全省空气质量年报"
    assert (made.period, made.stem) == ("2017年", "2017")
    assert list(table.columns.values()) == [*HEADS[:-1], "上年名次"]
    shown = cells(made)
    assert list(shown) == ["全市", "甲市", "乙市", "丙市"]
    assert [row["rank"] for row in shown.values()] == ["—", "1", "2", "—"]
    assert [row["previous"] for row in shown.values()] == ["—", "1", "3", "1"]
    assert shown["丙市"]["composite"] == "—"  # a year with too few days has no figure
    assert shown["甲市"]["pm25"] == "28"
    assert shown["甲市"]["pm25_change"] == "-9.7"
    assert made.sentences[0] == (
        "2017年，全市优良天数比例100.0%，同比持平；PM2.5平均浓度28微克/立方米，同比下降9.7%，"
        "与年度目标（28微克/立方米）持平；完成年度目标。"
    )
    assert "丙市（六项有效天数不足）" in "".join(made.notes)
    assert "丙市优良天数比例100.0%" in made.sentences[-1]
    assert "PM2.5有效天数不足，不作统计" in made.sentences[-1]
    index, pm25_by_month, ratio = made.overviews
    assert (index.title, ratio.title) == ("各月综合指数", "各月优良天数比例（%）")
    assert dict(pm25_by_month.rows)["甲市"] == (39.0, *[27.0] * 11)
    tables = of_docx(documents.docx(made))
    assert [len(t[0]) for t in tables] == [16, 13, 13, 13]
    assert tables[2][2] == ["甲市", "39", *["27"] * 11]
    assert of_html(documents.write(made, "html"))[1:] == tables[1:]
    sheets = fastexcel.read_excel(documents.xlsx(made)).sheet_names
    assert sheets == ["全年", "各月综合指数", "各月PM2.5", "各月优良天数比例", "逐日", "说明"]
    assert [p.name for p in made.pictures] == ["ranking-year", "calendar", "indices", "levels"]


# In November and in December: PM2.5 of the year before and of the year, a target, what is said.
WORDINGS = {
    "2016-11": [
        (30, 30, "pm25", 30, "与年度目标（30微克/立方米）持平；剩余31天均值需控制在30微克/"),
        (30, 35, "pm25", 33, "差2微克/立方米；剩余31天均值需控制在11.3微克/立方米以内。"),
        (40, 60, "pm25", 35, "；剩余31天均值即使为零，年度目标也已无法完成。"),
        (40, 33, "pm25", 30, "均值需控制在3.4微克/立方米以内（按修约后的全年值）。"),
        (40, 33, "pm25", 34.5, "，优于年度目标（34.5微克/立方米）1.5微克/立方米；剩余31天"),
        (30, 30, "good_ratio", 90, "，同比持平，优于年度目标（90%）10个百分点；剩余31天"),
        (30, 30, "good_ratio", 90, "；剩余31天无论如何均能完成年度目标；"),
        (30, 30, "good_ratio", 95, "；剩余31天最多还可有18个超标天；"),
        (30, 30, "good_ratio", 100, "与年度目标（100%）持平；剩余31天不能再有超标天；"),
        (30, 90, "good_ratio", 90, "同比下降100.0个百分点，距年度目标（90%）差90个百分点；"),
        (30, 90, "good_ratio", 90, "超标天已多出299天，年度目标已无法完成；"),
        (90, 30, None, None, "同比上升100.0个百分点；PM2.5平均浓度30微克/立方米，同比下降66.7%。"),
        (30, 60, None, None, "PM2.5平均浓度60微克/立方米，同比上升100.0%。"),
        (30, 200, "heavy_ratio", 1, "；重度及以上污染天数比例100%，距年度目标（1%）差99个百分点；"),
        (30, 200, "heavy_ratio", 1, "重度及以上污染天已多出332天，年度目标已无法完成。"),
        (30, 30, "heavy_ratio", 5, "；剩余31天最多还可有18个重度及以上污染天。"),
        (30, 30, "pm10", 60, "；PM10平均浓度50微克/立方米，优于年度目标（60微克/立方米）10"),
    ],
    "2016-12": [
        (40, 33, "pm25", 33, "与年度目标（33微克/立方米）持平；完成年度目标。"),
        (40, 34, "pm25", 33, "距年度目标（33微克/立方米）差1微克/立方米；未完成年度目标。"),
        (30, 90, "good_ratio", 80, "距年度目标（80%）差80个百分点；未完成年度目标；"),
    ],
}


@pytest.mark.parametrize("month", WORDINGS)
def test_wordings(month):
    cases = {f"{n}市": case for n, case in enumerate(WORDINGS[month])}
    days = made_days(
        date(2015, 1, 1),
        date(2016, 12, 1) - timedelta(days=1) if month == "2016-11" else date(2016, 12, 31),
        cases,
        pm25=lambda place, day: cases[place][day.year - 2015],
    )
    of = pl.DataFrame(
        {"region": place, "item": item, "value": str(value)}
        for place, (_, _, item, value, _) in cases.items()
        if item
    )
    made = bulletin(days, by="city", month=month, targets=of)
    sentences = {re.search(r"，(\d+市)", text)[1]: text for text in made.sentences}
    assert len(sentences) == len(cases)
    for place, case in cases.items():
        assert case[-1] in sentences[place]


def test_a_place_without_a_valid_day():
    days = made_days(
        date(2016, 1, 1), date(2016, 2, 29), ["甲市", "乙市"],
        there=lambda place, day: place == "甲市" or day.month == 1,
    )  # fmt: skip
    made = bulletin(days, by="city", month="2016-02", cumulative=False)
    assert cells(made)["乙市"] == dict.fromkeys(COLUMNS, "—") | {"name": "乙市", "previous": "1"}
    assert made.sentences[1] == "2月，乙市无有效监测数据。"
    assert "2月乙市（无数据）" in "".join(made.notes)
    assert "2月（29天）乙市0天" in "".join(made.notes)


def test_the_first_year_of_the_standards_and_an_item_that_is_not_there():
    days = made_days(date(2012, 1, 1), date(2012, 1, 31), ["甲市"])
    made = bulletin(days, by="city", month="2012-01")
    assert made.tables[0].rows[0].rank == 1
    days = days.with_columns(co=pl.lit(None, dtype=pl.Float64))
    for exempt, reason in ((), "CO无有效数据"), (("co",), "缺项，无综合指数"):
        made = bulletin(days, by="city", month="2012-01", exempt=exempt)
        assert f"1月甲市（{reason}）" in "".join(made.notes)
        assert cells(made)["甲市"]["co"] == "—"


def test_many_places():
    places = [f"{n:02}市" for n in range(1, 51)]
    days = made_days(
        date(2016, 1, 1), date(2016, 1, 31), places, no2=lambda place, _: 20 + int(place[:2])
    )
    made = bulletin(days, by="city", month="2016-01")
    assert made.pictures[0].title == "2016年1月综合指数排名（圆圈为上年同期，前10位和后10位）"
    assert len(made.pictures[0].label.split("、")) == 20
    assert len(of_docx(documents.docx(made))[0]) == 51
    mixed = pl.concat(
        [days, days.filter(city="01市").with_columns(date=pl.col("date").dt.offset_by("-1y"))]
    )
    notes = "".join(bulletin(mixed, by="city", month="2016-01").notes)
    assert "1月上年同期无有效数据，不作同比（49个地区）。" in notes


def test_what_the_whole_lacks_is_said():
    days = made_days(date(2016, 1, 1), date(2016, 1, 31), ["甲市", "乙市"])
    whole = days.filter(pl.col("city") == "甲市", pl.col("date") > date(2016, 1, 6))
    made = bulletin(days, by="city", month="2016-01", whole=whole)
    assert "1月全市六项有效天数不足，数值仅供参考。" in made.notes


def test_more_decimals():
    days = made_days(
        date(2016, 1, 1), date(2016, 1, 31), ["甲市"], pm25=lambda _, d: 30 + d.day % 2
    )
    made = bulletin(days, by="city", month="2016-01", digits={"pm25": 1})
    assert cells(made)["甲市"]["pm25"] == "30.5"
    assert "浓度修约至整数，PM2.5 1位小数，CO 1位小数，" in "".join(made.notes)
    assert "PM2.5平均浓度30.5微克/立方米" in made.sentences[0]


def test_a_month_that_is_not_over():
    days = made_days(date(2016, 1, 1), date(2016, 2, 10), ["甲市", "乙市"])
    made = bulletin(days, by="city", month="2016-02", targets=targets(pm25=35))
    assert "剩余325天" in made.sentences[0]  # from the last day with data
    assert "数据截至2016-02-10。" in "".join(made.notes)
    assert made.tables[0].rows[0].rank is None
    assert made.summary[0] == "2月，各城市均不满足数据有效性要求，不作排名。"


def test_targets_of_places():
    days = made_days(date(2016, 1, 1), date(2016, 3, 31), ["甲市", "乙市"])
    of = pl.DataFrame({"region": ["乙市"], "item": ["pm25"], "value": ["29"], "comparator": ["<"]})
    made = bulletin(days, by="city", month="2016-03", targets=of, cumulative=False)
    assert "目标" not in made.sentences[0]
    assert "距年度目标（29微克/立方米）差1微克/立方米" in made.sentences[1]
    with pytest.raises(ShanshuiError, match="丙市"):
        bulletin(days, by="city", month="2016-03", targets=of.with_columns(region=pl.lit("丙市")))
    with pytest.raises(ShanshuiError, match="o3_8h"):
        bulletin(days, by="city", month="2016-03", targets=of.with_columns(item=pl.lit("o3_8h")))


# ---------------------------------------------------------------------------- sand-dust


@pytest.fixture(scope="module")
def dusty():
    days = made_days(
        date(2016, 1, 1), date(2016, 3, 31), ["甲市", "乙市"],
        pm10=lambda place, day: 900 if place == "甲市" and day == date(2016, 3, 15) else 50,
    )  # fmt: skip
    event = {
        "city": ["甲市"],
        "start": [date(2016, 3, 15)],
        "evidence": "卫星",
        "decided_by": "总站",
    }
    return air.exclude(days, pl.DataFrame(event), by="city")


def test_dust_is_left_out_as_in_national_bulletins_and_printed_beside(dusty):
    made = bulletin(dusty, by="city", month="2016-03", targets=targets(pm10=60))
    row = cells(made)["甲市"]
    assert (row["pm10"], row["heavy_days"], row["good_ratio"]) == ("50", "1", "96.8%")
    kept = dict(zip((r.name for r in made.kept[0].rows), made.kept[0].rows, strict=True))
    assert kept["甲市"].figures["pm10"] == 77
    notes = "".join(made.notes)
    assert "3月甲市剔除1天，不剔除时PM2.5 30、PM10 77、综合指数" in notes
    assert "优良天数比例和重度及以上天数未剔除" in notes
    assert (
        "PM10平均浓度50微克/立方米，优于年度目标（60微克/立方米）10微克/立方米" in made.sentences[0]
    )
    book = fastexcel.read_excel(documents.xlsx(made))
    assert book.sheet_names[2:4] == ["3月剔除前后", "1—3月剔除前后"]
    head, *rows = (
        list(r)
        for r in book.load_sheet("3月剔除前后", header_row=None, skip_rows=2)
        .to_polars()
        .iter_rows()
    )
    beside = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert float(beside["甲市"]["PM10\n剔除后"]) == 50
    assert float(beside["甲市"]["PM10\n不剔除"]) == 77
    [_, *daily] = book.load_sheet("逐日", header_row=None, skip_rows=2).to_polars().rows()
    assert [(row[0], row[1][:10]) for row in daily if row[-1] != "—"] == [("甲市", "2016-03-15")]
    assert beside["乙市"]["排名\n剔除后"] == beside["甲市"]["排名\n剔除后"]


def test_dust_removed_and_kept(dusty):
    removed = bulletin(dusty, by="city", month="2016-03", dust="removed", cumulative=False)
    assert cells(removed)["甲市"]["heavy_days"] == "0"
    day = removed.days.filter(name="甲市", date=date(2016, 3, 15))
    assert day["aqi"].item() < 100
    kept = bulletin(dusty, by="city", month="2016-03", dust="kept", cumulative=False)
    assert cells(kept)["甲市"]["pm10"] == "77"
    assert kept.kept == ()
    assert "未剔除受沙尘影响的数据" in "".join(kept.notes)


# ---------------------------------------------------------------------------- templates


@pytest.fixture(scope="module")
def small():
    days = made_days(date(2016, 1, 1), date(2016, 2, 29), ["甲市", "乙<市>"])
    return bulletin(days, by="city", month="2016-02", unit="甲 & 乙")


def template(*texts):
    document = docx.Document()
    for text in texts:
        document.add_paragraph(text)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_the_shipped_template_is_what_its_tool_makes():
    path = ROOT / "tools" / "bulletin_template.py"
    spec = importlib.util.spec_from_file_location("bulletin_template", path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.template() == documents.shipped()


def test_a_bureaus_own_template(small):
    own = template(
        "{{ title }}·{{ period }}·{{ unit }}",
        "{%p for row in tables[0].rows %}",
        "{{ row.rank }} {{ row.name }} {{ row.composite }}",
        "{%p endfor %}",
        "{% for text in notes %}{{ loop.index }}{% endfor %}",
    )
    texts = [p.text for p in docx.Document(io.BytesIO(documents.docx(small, own))).paragraphs]
    assert texts[0] == "空气质量月报·2016年2月·甲 & 乙"
    assert texts[1:3] == ["1(并列) 甲市 3.06", "1(并列) 乙<市> 3.06"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (template("{{ 标题 }}"), "不认识的占位符.*标题.*title"),
        (template("{{ tables[0].rows[0].pm }}"), "不认识的占位符.*pm"),
        (template("{% for row in tables %}", "{{ row.title }}"), "写法有误"),
        (template("{{ title"), "写法有误"),
        (template("{{ title | nothing }}"), "写法有误.*nothing"),
        (template("{{ ''.__class__.__mro__ }}"), "无法填写|不认识"),
        (b"PK\x03\x04 no archive", "不是 Word 文件"),
        (b"plain text", "不是 Word 文件"),
    ],
)
def test_a_template_with_a_fault_gives_one_clear_error(small, data, said):
    with pytest.raises(ShanshuiError, match=said) as caught:
        documents.docx(small, data)
    assert " / " in str(caught.value)


def test_another_kind_of_file_is_no_template(small):
    with pytest.raises(ShanshuiError, match="不是 Word 文件"):
        documents.docx(small, documents.xlsx(small))


# ---------------------------------------------------------------------------- lists of targets


def test_targets_from_lists(tmp_path):
    path = tmp_path / "目标.toml"
    path.write_text(
        '[[target]]\nregion = "甲市"\nitem = "PM2.5"\nvalue = 33\n'
        '[[target]]\nitem = "good_ratio"\nvalue = 72.5\ncomparator = ">="\n',
        encoding="utf-8",
    )
    assert read_targets(path).rows() == [
        ("甲市", "pm25", "33", None),
        (None, "good_ratio", "72.5", ">="),
    ]
    table = "城市,指标,年度目标,要求\n甲市,细颗粒物,33,不高于\n乙市,重污染天数比例,1%,≤\n"
    assert read_targets(io.BytesIO(table.encode())).rows() == [
        ("甲市", "pm25", "33", "<="),
        ("乙市", "heavy_ratio", "1", "<="),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("地区,项目\n甲市,PM2.5\n", "缺少列"),
        ("项目,目标\nO3,160\n", "不认识的目标项目“O3”"),
        ("项目,目标\nPM2.5,很低\n", "应为数值"),
        ("项目,目标,要求\nPM2.5,33,左右\n", "要求应为"),
    ],
)
def test_lists_of_targets_with_a_fault(text, said):
    with pytest.raises(ReadError, match=said):
        read_targets(io.BytesIO(text.encode()))


def test_a_broken_toml_of_targets(tmp_path):
    path = tmp_path / "目标.toml"
    for text in ("[[target", "target = 3", "[other]\n"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ReadError, match="TOML"):
            read_targets(path)


# ---------------------------------------------------------------------------- the command line


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    days = made_days(date(2015, 3, 1), date(2016, 2, 29), ["甲市", "乙市"])
    days.write_csv("日值.csv", include_bom=True)

    def go(*words, code=0):
        with pytest.raises(SystemExit) as ended:
            main(["air", "bulletin", *words])
        told = capsys.readouterr()
        text = re.sub(r"[│╭╮╰╯─\s]+", " ", told.out + told.err)
        assert (ended.value.code or 0) == code, text
        return text

    return go


def test_cities_on_the_command_line(run, tmp_path):
    words = ["--month", "2016-02", "--no-cumulative", "--target", "pm25=29"]
    text = run("日值.csv", *words, "-o", "月报.html")
    assert "2个城市按综合指数" in text
    assert "已写 wrote 月报.html" in text
    assert [p.name for p in tmp_path.glob("月报*")] == ["月报.html"]
    page = (tmp_path / "月报.html").read_text(encoding="utf-8")
    assert page.count("距年度目标（29微克/立方米）差1微克/立方米") == 2
    run("日值.csv", "--year", "2015", "--format", "xlsx", "-q")
    assert (tmp_path / "空气质量年报_2015.xlsx").stat().st_size > 5000


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        ("--month 2014-02", "数据里没有2014年2月的有效日值；数据为 2015-03-01 — 2016-02-29", 1),
        ("--month 2015-05", "没有2015年1月、2月，算不出1—5月累计", 1),
        ("--month 2016-2x", "月份应写作 2015-10", 1),
        ("", "--month 2015-10 或 --year 2015 之一", 2),
        ("--month 2016-02 --year 2016", "之一", 2),
        ("--month 2016-02 -o 月报.pdf", "看不出格式", 2),
        ("--month 2016-02 -o 没有/月报.docx", "没有这个文件夹", 2),
        ("--month 2016-02 --format html --template 模板.docx", "只有 docx 用模板", 2),
        ("--month 2016-02 --template 没有.docx", "没有.docx", 1),
        ("--month 2016-02 --date 昨天", "日期应写作", 2),
        ("--month 2016-02 --target o3=160", "不认识“o3”", 2),
        ("--month 2016-02 --target pm25=低", "应为数值", 2),
        ("--month 2016-02 --dust removed", "需要事件表", 2),
    ],
)
def test_faults_on_the_command_line(run, tmp_path, words, said, code):
    assert said.replace(" ", "") in run("日值.csv", *words.split(), code=code).replace(" ", "")
    assert [p.name for p in tmp_path.iterdir()] == ["日值.csv"]


def test_without_the_months_before(run, tmp_path):
    run("日值.csv", "--month", "2015-05", "--no-cumulative", "--format", "xlsx")
    data = (tmp_path / "空气质量月报_2015-05.xlsx").read_bytes()
    assert fastexcel.read_excel(data).sheet_names == ["当月", "逐日", "说明"]


def test_the_template_is_written_to_start_from(run, tmp_path):
    run("--write-template", "我的.docx")
    assert (tmp_path / "我的.docx").read_bytes() == documents.shipped()
    assert "不覆盖" in run("--write-template", "我的.docx", code=1)
    words = ["日值.csv", "--month", "2016-02", "--no-cumulative", "--template"]
    run(*words, "我的.docx", "-o", "月报.docx")
    (tmp_path / "坏.docx").write_bytes(template("{{ 标题 }}"))
    text = run(*words, "坏.docx", "-o", "二.docx", code=1)
    assert "不认识的占位符" in text
    assert not (tmp_path / "二.docx").exists()


def test_events_of_one_city_reach_its_stations_and_the_whole(run, tmp_path):
    days = made_days(
        date(2016, 1, 1), date(2016, 2, 29), ["东", "西"],
        pm10=lambda _, day: 900 if day == date(2016, 2, 3) else 50,
    )  # fmt: skip
    days.rename({"city": "station"}).write_csv("站.csv")
    (tmp_path / "点位.csv").write_text("城市,站点\n甲市,东\n甲市,西\n", encoding="utf-8")
    (tmp_path / "沙尘.csv").write_text(
        "城市,开始,依据,认定单位\n甲市,2016-02-03,卫星,总站\n", encoding="utf-8"
    )
    words = ["站.csv", "--stations", "点位.csv", "--month", "2016-02", "--no-cumulative"]
    run(*words, "--events", "沙尘.csv", "-o", "月报.xlsx")
    (_, whole, *_), _ = of_xlsx((tmp_path / "月报.xlsx").read_bytes(), "当月", "2月剔除前后")
    assert (whole[1], whole[6], whole[14]) == ("全市", "50", "1")


def test_help(run):
    text = run("--help")
    for word in ("--write-template", "--targets", "例 Examples", "--events"):
        assert word in text
    assert "…" not in text.replace("FILE…", "")


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))

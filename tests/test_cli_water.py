"""``shanshui water``: every command on files as bureaus have them."""

import json

import polars as pl
import pytest
from typer.testing import CliRunner

from shanshui.cli import main
from shanshui.cli.app import app

SECTIONS = """断面,水体,采样日期,pH,溶解氧,高锰酸盐指数,氨氮,总磷,汞
甲桥,清江,2021-01-05,7.6,8.1,2.4,0.21,0.06,0.00004L
甲桥,清江,2021-02-03,7.4,7.9,2.0,0.25,0.05,0.00004L
乙桥,清江,2021-01-06,7.2,5.5,6.6,1.2,0.25,0.00004L
库心,青湖,2021-01-06,8.0,8.8,2.2,0.05,0.06,0.00004L
坏行,清江,昨天,7,7,7,7,7,7
"""
ROSTER = """断面,水体,水体类型,责任县区,水质目标,名单版本,未评价原因
甲桥,清江,河流,东县,2,十四五,
乙桥,清江,河流,西县,Ⅲ,十四五,
库心,青湖,湖库,西县,3,十四五,
丙桥,清江,河流,东县,3,十四五,断流
"""


pytestmark = pytest.mark.usefixtures("files")


@pytest.fixture
def files(tmp_path, monkeypatch):
    (tmp_path / "断面.csv").write_text(SECTIONS, encoding="gb18030")
    (tmp_path / "名单.csv").write_text(ROSTER, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*said, ok=True):
    done = CliRunner().invoke(app, ["water", *said], catch_exceptions=not ok)
    assert (done.exit_code == 0) is ok, done.output
    return done


def rows(*said):
    return json.loads(run(*said, "--json", "-q").stdout)


def test_classify_by_rivers_and_says_so():
    done = run("classify", "断面.csv")
    assert "没有指明河流或湖库" in done.stderr
    assert "1 行被搁置" in done.stderr
    got = rows("classify", "断面.csv")
    assert [r["class_name"] for r in got] == ["Ⅱ", "Ⅱ", "Ⅳ", "Ⅱ"]
    assert got[2]["main_text"] == "氨氮(0.2)、总磷(0.2)、高锰酸盐指数(0.1)"
    assert "attains" not in got[0]


def test_classify_by_a_roster():
    got = rows("classify", "断面.csv", "--roster", "名单.csv")
    assert [r["class_name"] for r in got] == ["Ⅱ", "Ⅱ", "Ⅳ", "Ⅳ"]
    assert [r["attains"] for r in got] == [True, True, False, False]
    assert {r["roster"] for r in got} == {"十四五"}


def test_sections_off_the_roster_stay_without_a_class(files):
    (files / "短.csv").write_text("\n".join(ROSTER.splitlines()[:3]), encoding="utf-8")
    done = run("classify", "断面.csv", "--roster", "短.csv")
    assert "不在名单中 1 个断面" in done.stderr
    got = rows("classify", "断面.csv", "--roster", "短.csv")
    assert [r["not_assessed"] for r in got] == [None, None, None, "not_listed"]
    assert [r["class"] for r in got] == [2, 2, 4, None]


def test_kinds_targets_and_rules():
    assert rows("classify", "断面.csv", "--kind", "lake")[3]["class_name"] == "Ⅳ"
    got = rows("classify", "断面.csv", "--target", "Ⅳ", "--rule", "platform")
    assert [r["attains"] for r in got] == [True] * 4
    assert "class_hg" not in got[0]
    assert "应为 1—5" in run("classify", "断面.csv", "--target", "六", ok=False).output


def test_items_by_any_name(files):
    got = rows("classify", "断面.csv", "--item", "总磷", "--item", "NH3-N")
    assert {c for c in got[0] if c.startswith("class_")} == {"class_tp", "class_nh3n", "class_name"}
    (files / "nd.csv").write_text("断面,日期,总磷\nA,2021-01-05,ND\n", encoding="utf-8")
    assert rows("classify", "nd.csv", "--detection", "总磷=0.01")[0]["class_name"] == "Ⅰ"
    assert rows("classify", "nd.csv")[0]["reason_tp"] == "no_detection_limit"


def test_aggregate_judges_means():
    got = rows("aggregate", "断面.csv", "--period", "ytd", "--roster", "名单.csv")
    mine = next(r for r in got if r["station"] == "甲桥" and r["period"] == "2021-01~02")
    # pH by its ions, and each item to the digits of assessment
    assert (mine["codmn"], mine["nh3n"], mine["tp"], mine["ph"]) == (2.2, 0.23, 0.055, 7)
    assert mine["class_name"] == "Ⅱ"
    raw = {(r["station"], r["period"]): r["ph"] for r in rows("aggregate", "断面.csv", "--raw")}
    assert raw["甲桥", "2021-01"] == 7.6


def test_evaluate():
    got = rows("evaluate", "断面.csv", "--roster", "名单.csv", "--period", "2021-01:2021-01")
    assert [(r["river"], r["kind"], r["status"], r["sections"]) for r in got] == [
        ("清江", "河流", "良好", 2),
        ("青湖", "湖库", "轻度污染", 1),
    ]
    every = rows("evaluate", "断面.csv", "--roster", "名单.csv", "--by", "all")
    assert [(r["period"], r["sections"], r["attained_ratio"]) for r in every] == [
        ("2021-01", 3, 33.3),
        ("2021-02", 1, 100.0),
    ]
    assert "没有 nowhere 列" in str(
        run("evaluate", "断面.csv", "--by", "nowhere", ok=False).exception
    )
    year = run("evaluate", "断面.csv", "--period", "year", ok=False)
    assert "没有可评价的断面" in str(year.exception)


def test_rank():
    items = [x for i in ("ph", "do", "codmn", "nh3n", "tp") for x in ("--item", i)]
    roster = ("--roster", "名单.csv", "--by", "county", "--period", "2021-01:2021-01")
    got = rows("rank", "断面.csv", *roster, *items)
    assert [(r["county"], r["rank"], r["items"]) for r in got] == [("东县", 1, 5), ("西县", 2, 5)]
    assert got[0]["cwqi"] == pytest.approx(0.5 + 5 / 8.1 + 2.4 / 6 + 0.21 + 0.06 / 0.2, abs=5e-5)
    assert "没有指数" in run("rank", "断面.csv", *roster).stderr


def test_tli_ground_sea_and_sources(files):
    (files / "湖.csv").write_text(
        "断面,日期,叶绿素a(µg/L),总磷,总氮,透明度(cm),高锰酸盐指数\nS2,2018-07-01,29.68,0.07,1.52,60,5.18\n"
    )
    assert [(r["tli"], r["state"]) for r in rows("tli", "湖.csv")] == [(56.54, "轻度富营养")]
    (files / "井.csv").write_text("监测井,日期,pH,锰,三氯甲烷(mg/L)\nW,2021-01-05,7.2,0.3,0.05\n")
    done = run("ground", "井.csv")
    assert "已换算为" in done.stderr
    assert "Ⅴ类 0.0%" in done.stderr
    assert [(r["class_name"], r["exceeding_text"]) for r in rows("ground", "井.csv")] == [
        ("Ⅳ", "锰(2.0)")
    ]
    (files / "海.csv").write_text(
        "点位,日期,pH,溶解氧,化学需氧量,硝酸盐氮,亚硝酸盐氮,氨氮,活性磷酸盐\nS,2021-05-05,8,7,1.5,0.35,0.01,0.04,0.03\n"
    )
    assert rows("sea", "海.csv")[0]["class_name"] == "三类"
    assert rows("sea", "海.csv", "--eutrophication")[0]["eutrophication"] == 4.0
    (files / "源.csv").write_text(
        "水源地,日期,溶解氧,总氮,铁,钒(µg/L)\n江南,2021-05-05,6.1,1.05,0.45,60\n"
    )
    assert rows("sources", "源.csv")[0]["exceeding_text"] == "铁(0.5)、钒(0.2)"


@pytest.mark.parametrize("form", ["docx", "xlsx", "html"])
def test_bulletin(files, form):
    run("bulletin", "断面.csv", "--roster", "名单.csv", "--month", "2021-01", "--format", form)
    made = files / f"地表水水质月报_2021-01.{form}"
    assert made.read_bytes()[:2] == (b"<!" if form == "html" else b"PK")


def test_bulletin_says_what_it_did(files):
    done = run("bulletin", "断面.csv", "--roster", "名单.csv", "--month", "2021-02", "-o", "b.html")
    assert "2021年2月" in done.stdout
    assert "断流：丙桥" in done.stderr
    text = (files / "b.html").read_text(encoding="utf-8")
    assert "断流" in text
    assert "十四五" in text
    late = run("bulletin", "断面.csv", "--roster", "名单.csv", "--month", "2022-01", ok=False)
    assert "数据里没有2022年1月" in str(late.exception)


def test_a_template_of_ones_own(files):
    run("bulletin", "--write-template", "t.docx")
    said = ("断面.csv", "--roster", "名单.csv", "--month", "2021-01", "--template", "t.docx")
    run("bulletin", *said, "-o", "own.docx")
    assert (files / "own.docx").stat().st_size > 10_000


def test_faults_are_told_in_two_languages(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["water", "classify", "没有.csv"])
    assert ended.value.code == 1
    told = capsys.readouterr().err
    assert "找不到文件" in told
    assert "no such file" in told


def test_results_as_files(files):
    run("classify", "断面.csv", "-o", "类别.csv")
    assert pl.read_csv(files / "类别.csv")["class_name"].to_list() == ["Ⅱ", "Ⅱ", "Ⅳ", "Ⅱ"]
    assert pl.read_csv(files / "类别.rejected.csv")["value"].to_list() == ["昨天"]

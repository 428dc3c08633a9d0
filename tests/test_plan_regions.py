"""Regions in plan texts: the gazetteer as data, the longest name, counties by their form."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_samples import HANG

from shanshui.plan.regions import counties, gazetteer, regions_in
from shanshui.standards import ShanshuiError


def named(text, **kwargs):
    return [(text[s.start : s.end], s.region.name) for s in regions_in(text, **kwargs)]


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("广州建成", [("广州", "广州市")]),
        ("广州市建成", [("广州市", "广州市")]),
        # The longest name: a city and a province of one name, and groups with or without 地区.
        ("吉林省吉林市", [("吉林省", "吉林省"), ("吉林市", "吉林市")]),
        ("粤港澳大湾区", [("粤港澳大湾区", "粤港澳大湾区")]),
        ("珠三角地区与粤东", [("珠三角地区", "珠三角"), ("粤东", "粤东")]),
        ("天津、河北", [("天津", "天津市"), ("河北", "河北省")]),
        ("延边州和延边朝鲜族自治州", [
          ("延边州", "延边朝鲜族自治州"), ("延边朝鲜族自治州", "延边朝鲜族自治州")]),
        # Words that hold a name and mean none.
        ("确保长治久安", []),
        ("入海口水质和日照时数", []),
        # A short name goes on as another name.
        ("朝阳区", []),
        ("清城河南岸", []),
        ("广州区域内", [("广州", "广州市")]),
        ("", []),
    ],
)  # fmt: skip
def test_the_longest_name_counts(text, want):
    assert named(text) == want


def test_codes_are_those_of_the_national_standard():
    g = gazetteer()
    provinces = [r for r in g.regions if r.level == "province"]
    cities = [r for r in g.regions if r.level == "city"]
    assert (len(provinces), len(cities)) == (34, 333)
    # Renamed and raised in the 2010s, autonomous, and sub-provincial ones among them.
    known = {
        "清远": "441800",
        "毕节": "520500",
        "那曲": "540600",
        "海东": "630200",
        "吐鲁番": "650400",
        "三沙": "460300",
        "延边": "222400",
        "深圳": "440300",
        "济源市": "419001",
        "内蒙古": "150000",
    }
    assert {name: g.by_name[name].code for name in known} == known
    assert g.by_name["新疆"].code == "650000"
    assert g.by_name["雄安新区"].code is None
    assert len({r.code for r in g.regions if r.code}) == len([r for r in g.regions if r.code])
    assert [g.by_code[code].name for code in g.by_name["京津冀"].members] == [
        "北京市",
        "天津市",
        "河北省",
    ]
    for group in g.regions:
        assert all(code in g.by_code for code in group.members)


def test_counties_are_known_by_their_form():
    text = (
        "云川市辖青禾县、白石区。各县、各区都要推进，园区和示范区先行。\n"
        "在丹江县建设。到丹江县。由全市统筹，白石区域内城市更新，改造三区。"
    )
    assert [r.name for r in counties(text)] == ["青禾县", "白石区", "丹江县"]
    g = gazetteer().with_counties("肇庆市青禾县。" + text)
    assert named("青禾的山，白石区的水", gazetteer=g) == [("青禾", "青禾县"), ("白石区", "白石区")]


def test_counties_are_none_where_the_form_deceives():
    assert counties("上市公司在市区。上市。全县各区。市场、市场。县级、县级。") == ()


def test_a_file_of_ones_own_adds_and_replaces(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        '[county]\n990101 = "青禾县 青禾"\n[[group]]\ncode = "group:my"\nname = "两江四岸"\n'
        'members = ["990101"]\n[words]\nnone = ["青禾路"]\n',
        encoding="utf-8",
    )
    g = gazetteer(path)
    assert named("两江四岸的青禾，青禾路", gazetteer=g) == [
        ("两江四岸", "两江四岸"),
        ("青禾", "青禾县"),
    ]
    assert g.by_name["广州"].code == "440100"


@pytest.mark.parametrize("content", ["[county", "[county]\na = 1\n", '[[place]]\nname = "x"\n'])
def test_a_bad_file_gives_one_clear_error(tmp_path, content):
    path = tmp_path / "bad.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ShanshuiError, match="gazetteer"):
        gazetteer(path)
    with pytest.raises(ShanshuiError, match="cannot read"):
        gazetteer(tmp_path / "absent.toml")


@given(st.text(alphabet="广州市吉林省京津冀县区青禾、。和\n a长治久安南岸") | st.text())
def test_any_text_gives_spans_inside_it(text):
    found = counties(text)
    spans = regions_in(text, gazetteer=gazetteer().with_counties(text))
    assert all(0 <= s.start < s.end <= len(text) for s in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert all(r.name in text for r in found)


def test_time_grows_with_the_length_alone():
    text = "广" * 50_000 + "县" * 50_000 + "青禾县、" * 20_000
    start = time.process_time()
    regions_in(text, gazetteer=gazetteer().with_counties(text))
    assert time.process_time() - start < HANG


def test_real_plans_name_their_counties(shared):
    text = (shared / "plans" / "texts" / "qingyuan.txt").read_text(encoding="utf-8")
    names = {r.name for r in counties(text)}
    assert {"清城区", "清新区", "佛冈县", "阳山县", "连山县", "连南县", "英德市", "连州市"} <= names
    assert len(names) <= 14

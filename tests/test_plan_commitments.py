"""Commitments of plans: each construct of the language in clauses of a made-up county."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_samples import HANG

from shanshui.plan import grammar_cells, grammar_names, numbers
from shanshui.plan.commitments import Commitment, commitments
from shanshui.plan.grammar import clauses
from shanshui.plan.grammar_quantities import quantities
from shanshui.plan.reading import read

GOLD = [
    *("id", "kind", "quote", "section", "indicator", "region", "year", "comparator", "value"),
    *("unit", "base_year", "stretch", "approx", "nature", "owner"),
]


def found(text, **options):
    options.setdefault("region", "青禾县")
    return commitments(read(text.encode()), **options)


def numbered(text, **options):
    """Give what carries a number: indicator, region, year, comparator, value, unit."""
    return [
        (c.indicator, c.region, c.year, c.comparator, c.value, c.unit)
        for c in found(text, **options)
        if c.value is not None
    ]


def signs(text):
    """Give comparator, value, unit and base year."""
    return [(c.comparator, c.value, c.unit, c.base_year) for c in found(text)]


def test_fields_begin_with_those_of_the_ledger_in_their_order():
    (one,) = found("到2027年,森林覆盖率达到61%。")
    assert list(one.as_dict())[: len(GOLD)] == GOLD
    assert list(one.as_dict())[len(GOLD) :] == [
        "start",
        "end",
        "indicator_code",
        "confidence",
        "why",
    ]
    assert json.loads(json.dumps(one.as_dict(), ensure_ascii=False))["value"] == 61
    assert one.indicator_code == "ecology.forest.cover"
    assert "达到" in one.why


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("PM2.5年均浓度降至25微克/立方米", ("<=", 25, "µg/m3", None)),
        ("细颗粒物(PM2.5)年均浓度控制在25微克/立方米以内", ("<=", 25, "µg/m3", None)),
        ("PM2.5年均浓度低于25微克/立方米", ("<", 25, "µg/m3", None)),
        ("PM2.5年均浓度不高于25微克/立方米", ("<=", 25, "µg/m3", None)),
        ("PM2.5年均浓度≤25微克/立方米", ("<=", 25, "µg/m3", None)),
        ("森林覆盖率达到61%", (">=", 61, "%", None)),
        ("森林覆盖率≥61%", (">=", 61, "%", None)),
        ("森林覆盖率不低于61%", (">=", 61, "%", None)),
        ("森林覆盖率超过61%", (">", 61, "%", None)),
        ("森林覆盖率61%以上", (">=", 61, "%", None)),
        ("森林覆盖率为61%", ("=", 61, "%", None)),
        ("森林覆盖率保持61%", ("=", 61, "%", None)),
        ("森林覆盖率达到61%左右", ("~", 61, "%", None)),
        ("森林覆盖率较2020年提高1.5个百分点", ("increase_by", 1.5, "pp", 2020)),
        ("森林覆盖率比“十四五”末提高2%", ("increase_by", 2, "%", 2025)),
        ("用水总量比2020年下降10%以上", ("decrease_by", 10, "%", 2020)),
        ("农田退水循环利用量翻一番", ("increase_by", 100, "%", None)),
        ("一般固体废物产生强度下降10—15%", ("decrease_by", (10, 15), "%", None)),
        ("用水总量控制在1,200万立方米以内", ("<=", 1200, "万m3", None)),
        ("湿地面积达到3.5万亩", (">=", 3.5, "万亩", None)),
        ("绿色产业产值突破12亿元", (">", 12, "亿元", None)),
        ("PM2.5年均浓度力争进入“二字头”", ("<", 30, "µg/m3", None)),
        ("青禾河水质稳定保持Ⅱ类", ("=", 2, "类", None)),
        ("居民步行10分钟可达公园绿地", ("<=", 10, "分钟", None)),
        ("供电煤耗降至300克标准煤/千瓦时以下", ("<=", 300, "克标煤/千瓦时", None)),
        ("青禾河水质达到或优于Ⅲ类", ("<=", 3, "类", None)),
        ("8个断面中水质优良比例达到25%", (">=", 25, "%", None)),
        ("完成400万亩营造林任务", ("=", 400, "万亩", None)),
        ("青禾河水质达到Ⅳ类以上", ("<=", 4, "类", None)),
        ("空气质量排名进入全省前5位", ("<=", 5, "位", None)),
    ],
)
def test_one_value(clause, expected):
    assert signs(f"到2027年,{clause}。") == [expected]


@pytest.mark.parametrize(
    ("clause", "name", "sign", "value", "unit"),
    [
        ("建成72个美丽村庄", "美丽村庄数量", "=", 72, "个"),
        ("建成美丽村庄72个", "美丽村庄数量", "=", 72, "个"),
        ("至少建成1个零碳园区", "零碳园区数量", ">=", 1, "个"),
        ("完成不少于40项源头替代项目", "源头替代项目数量", ">=", 40, "项"),
        ("累计建成绿色工厂30家以上", "绿色工厂数量", ">=", 30, "家"),
        ("推动10个左右小镇建设", "小镇建设数量", "~", 10, "个"),
        ("新建污水管网126公里", "污水管网", "=", 126, "km"),
        ("打造五条生态廊道", "生态廊道数量", "=", 5, "条"),
        ("建成30余座公园", "公园数量", ">", 30, "座"),
    ],
)
def test_counts(clause, name, sign, value, unit):
    (one,) = found(f"到2027年,{clause}。")
    assert (one.kind, one.indicator, one.comparator, one.value, one.unit) == (
        "count",
        name,
        sign,
        value,
        unit,
    )


def test_lists_pair_subjects_regions_and_years_with_their_values():
    year = ("青禾县", 2027)
    assert numbered("到2027年,美丽湿地、美丽岸线建成率分别达到44%、57%。") == [
        ("美丽湿地建成率", *year, ">=", 44, "%"),
        ("美丽岸线建成率", *year, ">=", 57, "%"),
    ]
    assert numbered("到2027年,化学需氧量、氨氮重点工程减排量分别达到560吨和32吨。") == [
        ("化学需氧量减排量", *year, ">=", 560, "吨"),
        ("氨氮减排量", *year, ">=", 32, "吨"),
    ]
    assert numbered(
        "到2027年,北京、天津非化石能源消费占比分别较2020年提高3.5、2个百分点左右。"
    ) == [
        ("非化石能源消费占比", "北京市", 2027, "increase_by", 3.5, "pp"),
        ("非化石能源消费占比", "天津市", 2027, "increase_by", 2, "pp"),
    ]
    assert numbered("到2027年和2030年,森林覆盖率分别达到60%、61%。") == [
        ("森林覆盖率", "青禾县", 2027, ">=", 60, "%"),
        ("森林覆盖率", "青禾县", 2030, ">=", 61, "%"),
    ]
    assert numbered("到2027年,化肥、农药利用率均达到43%以上。") == [
        ("化肥利用率", *year, ">=", 43, "%"),
        ("农药利用率", *year, ">=", 43, "%"),
    ]
    assert numbered("到2027年,建成15个国家级、30个省级绿色工厂。") == [
        ("国家级绿色工厂数量", *year, "=", 15, "个"),
        ("省级绿色工厂数量", *year, "=", 30, "个"),
    ]


def test_a_date_governs_what_follows_and_not_what_stands_before():
    years = [
        c.year
        for c in found(
            "打造3个零碳园区。到2027年,湿地保护率达到50%,森林覆盖率达到61%。绿地率达到40%。"
            "2030年底前,森林覆盖率达到62%。\n建成4个公园。"
        )
    ]
    assert years == [None, 2027, 2027, 2027, 2030, None]


@pytest.mark.parametrize(
    ("words", "year"),
    [
        ("到2027年底,", 2027),
        ("2027年12月底前,", 2027),
        ("“十五五”期间,", 2030),
        ("到“十五五”末,", 2030),
        ("近期到2027年,", 2027),
        ("近期目标(2027年):", 2027),
        ("2026-2028年,", 2028),
        ("力争到2027年,", 2027),
        ("展望2035年,", 2035),
    ],
)
def test_words_for_years(words, year):
    (one,) = found(f"{words}森林覆盖率达到61%。")
    assert one.year == year


def test_the_date_of_a_heading_governs_its_list():
    text = "一、主要目标\n(一)2028年目标\n绿地率达到40%。\n二、任务\n建成4个公园。"
    assert [c.year for c in found(text)] == [2028, None]
    text = "一、主要目标\n到2028年,实现以下目标:\n——绿地率达到40%。\n——森林覆盖率达到61%。"
    assert [c.year for c in found(text)] == [2028, 2028]


def test_subjects_are_carried_over():
    text = "到2027年,全县推进美丽湿地建设,建成率达到46%。重点管控单元共59个,面积3118.5平方公里。"
    rows = [(c.indicator, c.value) for c in found(text) if c.value]
    assert rows == [
        ("美丽湿地建成率", 46),
        ("重点管控单元数量", 59),
        ("重点管控单元面积", 3118.5),
    ]
    text = "到2027年,农村生活污水治理率达到65%,力争达到70%。"
    first, second = found(text)
    assert (first.value, first.stretch) == (65, False)
    assert (second.indicator, second.value, second.stretch) == ("农村生活污水治理率", 70, True)


def test_regions_of_clauses():
    text = (
        "到2027年,全国森林覆盖率达到25%。广东森林覆盖率达到60%,绿地率达到40%。湿地保护率达到50%。"
    )
    assert [c.region for c in found(text, region="440100")] == [
        "全国",
        "广东省",
        "广东省",
        "广州市",
    ]
    text = "到2027年,全省森林覆盖率达到60%。"
    assert found(text, region="广州市")[0].region == "广东省"


def test_the_region_of_a_plan_is_taken_from_its_titles():
    text = "青禾县生态规划\n到2027年,绿地率达到40%。\n云川市生态规划\n到2027年,绿地率达到41%。"
    assert [c.region for c in found(text, region=None)] == ["青禾县", "云川市"]


def test_hedges():
    text = "到2027年,力争建成4个公园。到2028年,约新增3万亩湿地。到2029年,基本实现100%清洁运输。"
    rows = [(c.stretch, c.approx) for c in found(text)]
    assert rows[0] == (True, False)
    assert rows[-1] == (False, True)


def test_reported_values_are_baselines():
    text = (
        "青禾县生态规划(2026-2030年)\n一、工作成效\n2025年,PM2.5年均浓度为24微克/立方米,"
        "较2020年下降17.2%。森林覆盖率由2020年的61.2%提高到2025年的63.5%。新建管网126公里。\n"
        "二、目标\n到2030年,森林覆盖率达到64%。森林覆盖率由2025年的63.5%提高到2030年的64%。"
    )
    rows = [(c.kind, c.year, c.comparator, c.value) for c in found(text)]
    assert rows == [
        ("baseline", 2025, "=", 24),
        ("baseline", 2025, "decrease_by", 17.2),
        ("baseline", 2020, "=", 61.2),
        ("baseline", 2025, "=", 63.5),
        ("baseline", 2025, "=", 126),
        ("target", 2030, ">=", 64),
        ("baseline", 2025, "=", 63.5),
        ("target", 2030, ">=", 64),
    ]


def test_a_plan_starts_from_the_year_before_its_issue():
    text = "青政发〔2026〕12号\n到2020年,绿地率达到38%。到2026年底,绿地率达到40%。"
    assert [(c.kind, c.year) for c in found(text)] == [("baseline", 2020), ("target", 2026)]


def test_five_values_of_a_period_are_its_years():
    text = "青禾县“十四五”规划\n一、成效\n“十三五”期间,化肥使用量分别为9吨、8吨、7吨、6吨、5吨。"
    assert [(c.year, c.value) for c in found(text)] == list(
        zip(range(2016, 2021), (9, 8, 7, 6, 5), strict=True)
    )


def test_values_set_elsewhere():
    text = (
        "到2027年,森林覆盖率达到省下达目标,单位地区生产总值能耗降低率完成国家下达任务,"
        "化肥利用率和农药利用率达到省级要求。"
    )
    assert [(c.kind, c.indicator, c.value, c.unit) for c in found(text)] == [
        ("deferred", "森林覆盖率", None, "%"),
        ("deferred", "单位GDP能耗降低率", None, "%"),
        ("deferred", "化肥利用率", None, "%"),
        ("deferred", "农药利用率", None, "%"),
    ]


def test_milestones():
    text = (
        "到2027年,生态环境质量显著改善,地下水和近岸海域水质保持稳定,"
        "碳排放总量和强度双控制度基本建立。加强队伍建设。\n加强监测,水质持续改善。"
    )
    rows = [(c.kind, c.indicator, c.year, c.approx) for c in found(text)]
    assert rows == [
        ("milestone", "生态环境质量显著改善", 2027, False),
        ("milestone", "地下水水质保持稳定", 2027, False),
        ("milestone", "近岸海域水质保持稳定", 2027, False),
        ("milestone", "碳排放总量和强度双控制度基本建立", 2027, True),
    ]


def test_yearly_counts_have_no_deadline_but_their_own():
    (one,) = found("每年完成不少于40项源头替代项目。")
    assert (one.year, one.unit, one.comparator) == (None, "项/年", ">=")
    (one,) = found("到2027年,每年完成不少于40项源头替代项目。")
    assert (one.year, one.unit) == (2027, "项/年")


@pytest.mark.parametrize(
    "text",
    [
        "年产50万吨以下的煤矿有序退出。",
        "建筑面积大于2万平方米的公共建筑执行标准。",
        "淘汰35蒸吨/小时及以下燃煤锅炉。",
        "深入实施六大行动。",
        "构建“三纵五横”格局,建设“十五分钟生活圈”。",
        "印发《青禾县2027年行动方案》(青府〔2026〕12号)。",
        "本规划提出指标22个。",
        "建设一批示范园区和若干平台。",
        "严格执行国三以下排放标准。",
        "加强监测能力建设,推动全覆盖。",
        "第3部门联合第12条例。",
        "",
    ],
)
def test_numbers_that_promise_nothing(text):
    assert numbered(text + "\n青禾县") == []


def test_a_table_gives_baselines_targets_and_deferred_values():
    text = (
        "表1 青禾县主要指标\n指标 2025年 2030年 属性\n1.森林覆盖率(%) 61 63 约束性\n"
        "2.PM2.5年均浓度(微克/立方米) 28 ≤25 预期性\n3.湿地保护率(%) / 按省下达目标 预期性\n"
    )
    rows = [
        (c.kind, c.indicator, c.year, c.comparator, c.value, c.unit, c.nature) for c in found(text)
    ]
    assert rows == [
        ("baseline", "森林覆盖率", 2025, "=", 61, "%", None),
        ("target", "森林覆盖率", 2030, "=", 63, "%", "约束性"),
        ("baseline", "PM2.5年均浓度", 2025, "=", 28, "µg/m3", None),
        ("target", "PM2.5年均浓度", 2030, "<=", 25, "µg/m3", "预期性"),
        ("baseline", "湿地保护率", 2025, None, None, "%", None),
        ("deferred", "湿地保护率", 2030, None, None, "%", "预期性"),
    ]


def test_the_head_of_a_table_promises_nothing():
    rule = "|---|---|---|---|---|\n"
    head = "| 类别 | 指标 | 2025年 | 2030年 | 属性 |\n"
    text = head + rule + "| 水 | 绿地率(%) | 30 | 40 | 预期性 |\n"
    assert [(c.kind, c.year, c.value) for c in found(text)] == [
        ("baseline", 2025, 30),
        ("target", 2030, 40),
    ]
    head = "| 序号 | 2030年任务 | 责任单位 |\n|---|---|---|\n"
    text = head + "| 1 | 建成公园3个,绿地率达到40% | 县城管局 |\n"
    assert [c.value for c in found(text)] == [3, 40]


def test_projects_of_boxes_are_left_to_projects():
    text = "一、任务\n专栏 1 重点项目\n1.青禾污水厂。新建污水管网40公里,规模5万吨。\n"
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,200", 1200),
        ("7.30", 7.3),
        ("十五", 15),
        ("二百零三", 203),
        ("两千", 2000),
        ("五四", None),
    ],
)
def test_numbers(text, value):
    assert numbers.number(text) == value


def test_units_are_not_read_out_of_other_words():
    for text in ("十八部门", "3条例", "两个月", "A4纸", "5G基站", "2台账", "第6条"):
        assert quantities(text, 0, len(text)) == []


def test_cells():
    assert grammar_cells.cell("[12.5]", baseline=False).value == 12.5
    assert grammar_cells.cell("达到95%以上", baseline=False).comparator == ">="
    assert grammar_cells.cell("完成省下达任务", baseline=False).elsewhere
    assert grammar_cells.cell("——", baseline=True).value is None
    assert grammar_cells.cell("略", baseline=True) is None


def test_names():
    assert grammar_names.known("地级及以上城市空气质量优良天数比率").name == "空气质量优良天数比例"
    assert (
        grammar_names.known("重点行业大宗货物清洁运输比例").name == "重点行业大宗货物清洁运输比例"
    )
    assert grammar_names.known("鱼塘覆盖率") is None


PIECES = """
到2027年 , 。 、 和 PM2.5 浓度 达到 降至 分别 较2020年 提高 42% 3.5 个百分点 以上 ( ) “ ” 建成 12个
公园 由 2015年 的 万亩 100 十五 五条 廊道 力争 每年 II类 水质 翻一番 一字头 按省下达目标 1,200
16.8:33.0:50.2 一、 目标 专栏1 ≥ / 2026-2028年 “十五五” 期间
"""
WORDS = st.lists(st.sampled_from([*PIECES.split(), "\n"]), max_size=60).map("".join)


@settings(max_examples=150)
@given(st.one_of(WORDS, st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=200)))
def test_spans_lie_inside_the_text_and_give_the_quote(text):
    document_text = "青禾县" + text
    document = read(document_text.encode("utf-8", "replace"))
    for one in commitments(document):
        assert isinstance(one, Commitment)
        assert 0 <= one.start < one.end <= len(document.original)
        span = document.original[one.start : one.end]
        assert one.quote == span.replace("\n", "").replace("\r", "").replace("\f", "")
        assert 0 < one.confidence <= 1
        assert one.why


@settings(max_examples=100)
@given(WORDS)
def test_clauses_are_in_order_and_do_not_overlap(text):
    end = 0
    for clause in clauses(text, 0, len(text)):
        assert end <= clause.start < clause.end <= len(text)
        end = clause.end


@pytest.mark.parametrize(
    "piece", ["1", "到2027年", "由1", "一", "、2", "分别", "提高", "(", "较2020年"]
)
def test_long_repeats_do_not_hang(piece):
    text = ("到2027年,浓度" + piece * 5_000 + "%。").encode()
    began = time.perf_counter()
    commitments(read(text))
    assert time.perf_counter() - began < HANG


def test_a_plan_for_one_year_is_due_in_it():
    text = "云川市2026年大气工作方案\n一、目标\n绿地率达到40%,空气持续改善。\n二、任务\n新建3个园。"
    assert [c.year for c in found(text, region=None)] == [2026, 2026, 2026]


def test_a_semicolon_ends_neither_date_nor_the_whole_country():
    text = "到2027年,全国森林覆盖率达到25%;绿地率达到40%;垃圾产生量明显下降。"
    assert [(c.region, c.year) for c in found(text)] == [("全国", 2027)] * 3
    text = "到2027年,广东森林覆盖率达到60%;绿地率达到40%。"
    assert [c.region for c in found(text)] == ["广东省", "青禾县"]


def test_a_rate_is_carried_to_other_places():
    text = "到2027年,城市道路机械化清扫率达到80%,县城达到70%,北京市控制在90%以内。"
    rows = [(c.region, c.value) for c in found(text)]
    assert rows == [("青禾县", 80), ("青禾县", 70), ("北京市", 90)]
    assert all("道路机械化清扫率" in c.indicator for c in found(text))


@pytest.mark.parametrize(
    ("clause", "name"),
    [
        ("单位GDP能耗降低率完成省下达的目标任务", "单位GDP能耗降低率"),
        ("PM2.5年均浓度达到国家和省的考核要求", "PM2.5年均浓度"),
        ("用水总量控制在省下达的控制指标内", "用水总量"),
        ("完成市下达的湿地保护率目标", "湿地保护率"),
        ("自然岸线保有率不低于国家下达目标", "自然岸线保有率"),
    ],
)
def test_ways_to_say_that_a_value_is_set_elsewhere(clause, name):
    (one,) = found(f"到2027年,{clause}。")
    assert (one.kind, one.indicator, one.value) == ("deferred", name, None)


def test_a_national_standard_is_no_value_set_elsewhere():
    (one,) = found("到2027年,空气质量达到国家二级标准。")
    assert one.kind == "milestone"


def test_sizes_and_names_with_verbs_are_no_counts():
    rows = [(c.indicator, c.value) for c in found("建设1座200吨/日垃圾处理厂,优先保护单元52个。")]
    assert rows == [("200吨/日垃圾处理厂数量", 1), ("优先保护单元数量", 52)]


def test_a_list_of_years_may_say_year_once():
    text = "2023、2024、2025年PM2.5年均浓度分别控制在35、34、33微克/立方米以内。"
    assert [(c.year, c.comparator, c.value) for c in found(text)] == [
        (2023, "<=", 35),
        (2024, "<=", 34),
        (2025, "<=", 33),
    ]


def test_indicators_of_other_places_and_second_verbs_keep_their_names():
    names = [
        ("到2025年,县城污水处理率达到95%。", "县城污水处理率"),
        ("到2025年,城镇污水处理率达到95%。", "城市污水处理率"),
        ("到2025年,城镇生活垃圾无害化处理率达到99%。", "生活垃圾无害化处理率"),
        ("到2025年,农村生活垃圾处理率达到99%。", "农村生活垃圾无害化处理率"),
        ("到2025年,新增造林面积10万亩。", "造林面积"),
    ]
    for text, name in names:
        assert [c.indicator for c in found(text)] == [name]

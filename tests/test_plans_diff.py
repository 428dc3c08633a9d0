"""A changed plan shows exactly its differences: a made-up plan edited at random places."""

from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shanshui.platform.plans.diff import diff
from shanshui.platform.plans.documents import add
from shanshui.platform.plans.matching import match, promised
from shanshui.standards import ShanshuiError

FOUND = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
CHECK = HealthCheck.function_scoped_fixture  # each example has a code of its own
CODES, FILES = count(), count()
TARGETS = ["农村供水保障率", "湿地保护覆盖率", "秸秆综合利用率", "公共交通分担率", "垃圾分类达标率"]
COUNTS = ["建成碧道{}公里", "新增绿地{}公顷", "整治排污口{}个", "新建公园{}座"]
TASKS = {
    "治理白石河": ["推进沿河截污纳管", "开展底泥清淤"],
    "保护饮用水源": ["建设隔离围网", "搬迁上游养殖场"],
    "修复废弃矿山": ["清理弃渣堆场", "推进边坡复绿"],
    "推广清洁能源": ["推广屋顶光伏", "淘汰燃煤锅炉"],
}
PROJECTS = ["白石河截污工程", "青溪水厂扩建工程", "南岭矿坑复绿项目"]
OWNERS = ["县水务局", "县林业局", "县财政局"]

amount = st.integers(2, 99)
target = st.tuples(amount, st.sampled_from([2026, 2027, 2028]))


@st.composite
def plans(draw):
    """Give a plan as the items that it holds."""
    return {
        "targets": draw(st.dictionaries(st.sampled_from(TARGETS), target, min_size=1)),
        "counts": draw(st.dictionaries(st.sampled_from(COUNTS), target)),
        "tasks": {
            title: (draw(st.sampled_from(OWNERS)), [a for a in actions if draw(st.booleans())])
            for title, actions in TASKS.items()
            if draw(st.booleans())
        },
        "projects": draw(st.dictionaries(st.sampled_from(PROJECTS), amount)),
    }


def text(plan):
    """Write a plan as a document would; each file is another, also where the plan is the same."""
    lines = ["阳山县碧水行动方案（2026—2028年）", "一、主要目标"]
    lines += [
        f"到{year}年，{name}达到{value}%。" for name, (value, year) in plan["targets"].items()
    ]
    lines += [f"到{y}年，{name.format(value)}。" for name, (value, y) in plan["counts"].items()]
    lines.append("二、重点任务")
    kept = [(title, one) for title, one in plan["tasks"].items() if one[1]]
    for order, (title, (owner, actions)) in zip("一二三四", kept, strict=False):
        lines.append(f"({order}){title}。{'，'.join(actions)}（{owner}牵头）。")
    lines.append("专栏1 重点工程")
    for order, (name, wan) in enumerate(plan["projects"].items(), 1):
        lines.append(f"{order}.{name}：投资{wan}万元，建设年限2026—2027年。")
    return "\n".join(lines).encode() + b"\n" * next(FILES)


def says(plan):
    """Give what each item says, by what it is."""
    found = {}
    for name, (value, year) in plan["targets"].items():
        found["commitment", name] = {"value": value, "year": year}
    for name, (value, year) in plan["counts"].items():
        found["commitment", name] = {"value": value, "year": year}
    for title, (owner, actions) in plan["tasks"].items():
        if actions:
            found["task", title] = {"owners": {"lead": [owner]}}
            found |= {("task", one): {"owners": {"lead": [owner]}} for one in actions}
    for name, wan in plan["projects"].items():
        found["project", name] = {"investment": f"{wan}万元", "investment_wan": wan}
    return found


def differences(old, new):
    """Say what differs, as a person would who wrote both."""
    before, after = says(old), says(new)
    found = {key: ("added", {}) for key in after if key not in before}
    found |= {key: ("dropped", {}) for key in before if key not in after}
    for key in before.keys() & after.keys():
        fields = {k: (v, after[key][k]) for k, v in before[key].items() if v != after[key][k]}
        if fields:
            found[key] = ("changed", fields)
    return found


def shown(changes):
    """Give the changes of the ledger in the same form."""
    found = {}
    numbers = {"value": int, "year": int, "investment_wan": float}
    for one in changes:
        name = one.label
        if one.model == "commitment" and name not in TARGETS:
            name = next(c for c in COUNTS if name.removesuffix("数量")[:2] in c)
        if one.change != "reworded":
            fields = {
                k: tuple(numbers.get(k, lambda v: v)(v) for v in pair)
                for k, pair in one.fields.items()
            }
            assert (one.model, name) not in found
            found[one.model, name] = (one.change, fields)
    return found


@given(plans(), plans())
@settings(max_examples=30, phases=FOUND, suppress_health_check=[CHECK])
def test_a_changed_plan_shows_exactly_its_differences(workspace, old, new):
    code = f"plan-{next(CODES)}"
    (first,) = add(workspace.ledger, text(old), who="张三", code=code)
    (second,) = add(workspace.ledger, text(new), who="张三", code=code)
    assert (first.edition, second.edition) == (1, 2)
    held = says(old)
    lists = ("commitments", "tasks", "actions", "projects")
    assert sum(first.counts[name] for name in lists) == len(held)
    assert shown(diff(workspace.ledger, code)) == differences(old, new)
    assert second.kept == len(held.keys() & says(new).keys())
    # Seen from the other side, what was added is dropped.
    back = diff(workspace.ledger, code, old=2, new=1)
    assert shown(back) == differences(new, old)


def test_other_words_alone_are_no_change_of_the_plan(workspace):
    old = "阳山县方案\n一、目标\n到2028年，农村供水保障率达到85%。建成碧道86公里。"
    new = "阳山县方案\n二、目标\n到2028年,农村供水保障率达到 85%。建成碧道86公里。"
    add(workspace.ledger, old.encode(), who="张三", code="p")
    (again,) = add(workspace.ledger, new.encode(), who="张三", code="p")
    changes = diff(workspace.ledger, "p")
    assert {one.change for one in changes} == {"reworded"}
    assert again.kept == 4  # two targets, the task and its action


def test_a_diff_needs_two_editions(workspace):
    with pytest.raises(ShanshuiError, match="没有规划“p”"):
        diff(workspace.ledger, "p")
    add(workspace.ledger, "阳山县方案\n一、目标\n建成碧道86公里。".encode(), who="张三", code="p")
    with pytest.raises(ShanshuiError, match="只有一版"):
        diff(workspace.ledger, "p")
    with pytest.raises(ShanshuiError, match="没有第 7 版"):
        diff(workspace.ledger, "p", old=7)


def test_quantities_are_told_apart_by_what_they_measure():
    """Two sentences that differ in one word alone are two targets, not one that changed."""
    one = {"kind": "target", "quote": "废水排放达标率85%", "indicator": "甲厂废水排放达标率"}
    other = {"kind": "target", "quote": "废水回用率85%", "indicator": "乙厂废水回用率"}
    assert match([one], [other], (), promised, lambda item: item["kind"]) == {}
    near = other | {"indicator": "甲厂废水达标率"}
    assert match([one], [near], (), promised, lambda item: item["kind"]) == {0: 0}

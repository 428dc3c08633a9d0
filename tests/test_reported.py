"""Reported figures: forms, the flow of a figure, restated values, what is late."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from report_samples import FARM, PERIOD, WATER, act, codes, number, opened, plan, report
from sqlalchemy import select

from shanshui.platform import track
from shanshui.platform.catalog import find_indicator
from shanshui.platform.review import rosters
from shanshui.platform.review.evidence import keep
from shanshui.platform.store import Conflict, models
from shanshui.platform.track import filling, forms, late, published, reported
from shanshui.platform.track.filling import Entry
from shanshui.standards import Basis, ShanshuiError

SEWAGE, PATH, USE = "农村生活污水治理率", "碧道长度", "化肥使用量"


@pytest.fixture
def planned(workspace):
    """Give a workspace with a plan, its units and their forms of a quarter."""
    plan(workspace)
    opened(workspace)
    return workspace


def fill(workspace, line, value, *, who="张三", reason=None, **more):
    return act(workspace, filling.fill, [Entry(line, {"value": value} | more, reason)], who=who)[0]


def state(workspace, line):
    with workspace.ledger.read() as session:
        (row,) = forms.lines(session, numbers=[line])
        return row


# ------------------------------------------------------------------------------------------- forms


def test_the_plans_say_what_each_unit_owes(workspace):
    plan(workspace)
    owed = forms.due(workspace.ledger, PERIOD)
    assert [(one.unit, one.name, one.item) for one in owed] == [
        (WATER, SEWAGE, "qinghe-001"),
        (WATER, PATH, "qinghe-002"),
        (None, USE, "qinghe-003"),
    ]
    every = forms.due(workspace.ledger, PERIOD, every=True)
    assert (WATER, "PM2.5年均浓度") in [(one.unit, one.name) for one in every]
    # A target whose year is past asks for nothing more.
    assert [one.name for one in forms.due(workspace.ledger, "2028")] == [PATH]
    assert forms.due(workspace.ledger, "2025") == []


def test_what_could_be_measured_is_asked_for_until_there_is_a_roster(workspace):
    plan(workspace)
    noise = "声环境功能区夜间达标率"
    with workspace.ledger.write(who="甲", action="test") as session:
        row = session.scalar(
            select(models.Commitment).where(models.Commitment.code == "qinghe-003")
        )
        row.indicator_code = find_indicator(noise)["code"]
    assert noise in [one.name for one in forms.due(workspace.ledger, PERIOD)]
    points = pl.DataFrame({"station": ["文化宫"], "kind": ["功能区"], "zone": ["1"]})
    told = {"code": "shengqu", "domain": "noise", "purpose": "功能区", "who": "甲"}
    rosters.load(workspace.ledger, points, version="2026", start="2026-01-01", **told)
    assert noise not in [one.name for one in forms.due(workspace.ledger, PERIOD)]


def test_targets_of_the_year_ask_for_their_regions(workspace):
    plan(workspace)
    with workspace.ledger.write(who="甲", action="test") as session:
        session.add(
            models.AnnualTarget(
                indicator_code=codes()[SEWAGE],
                region_code="441821",
                year=2026,
                comparator=">=",
                value=Decimal(66),
                commitment="qinghe-001",
            )
        )
    owed = forms.due(workspace.ledger, PERIOD)
    assert [one.region for one in owed if one.name == SEWAGE] == ["441802", "441821"]


def test_forms_are_made_once_and_grow(workspace):
    plan(workspace)
    done = opened(workspace)
    assert (done.forms, done.lines, done.already) == (1, 2, 0)
    assert [one.name for one in done.unassigned] == [USE]
    again = opened(workspace, deadline=date(2026, 10, 20))
    assert (again.forms, again.lines, again.already) == (0, 0, 2)
    with workspace.ledger.write(who="甲", action="test") as session:
        by_hand = forms.add(session, FARM, PERIOD, [(USE, "清城区")], who="甲")
        assert (by_hand.forms, by_hand.lines) == (1, 1)
        rows = forms.lines(session, period=PERIOD)
    assert [(r["unit"], r["indicator"], r["deadline"], r["state"]) for r in rows] == [
        (FARM, USE, "2026-10-15", "missing"),
        (WATER, SEWAGE, "2026-10-20", "missing"),
        (WATER, PATH, "2026-10-20", "missing"),
    ]
    with (
        pytest.raises(ShanshuiError, match="没有登记的单位"),
        workspace.ledger.write(who="甲", action="test") as session,
    ):
        forms.add(session, "无此局", PERIOD, [(USE, "清城区")], who="甲")


# -------------------------------------------------------------------------------------------- flow


def test_a_figure_from_draft_to_the_series(planned):
    line = number(planned, SEWAGE)
    assert fill(planned, line, "66.0", basis="roster=行政村").changed == ("value", "basis")
    assert fill(planned, line, "66.0").changed == ()
    assert fill(planned, line, "66").changed == ("value",)  # digits count
    fill(planned, line, "66.0")
    assert reported.figures(planned).is_empty()
    drafts = reported.figures(planned, states=["draft"])
    assert drafts["status"].to_list() == ["草稿"]
    act(planned, filling.submit, [line], who="张三")
    with pytest.raises(ShanshuiError, match="须由另一人审核"):
        act(planned, filling.accept, [line], who="张三")
    with pytest.raises(ShanshuiError, match="等待审核，要改请先退回"):
        fill(planned, line, "67")
    act(planned, filling.accept, [line], who="李四")
    (row,) = reported.figures(planned, SEWAGE).to_dicts()
    at, ref = row.pop("at"), row.pop("ref")
    assert ref == f"reported:{state(planned, line)['figure']}"
    assert at == state(planned, line)["decided_at"]
    assert row == {
        "indicator": codes()[SEWAGE],
        "region": "441802",
        "period": PERIOD,
        "value": "66.0",
        "unit": "%",
        "source": "reported",
        "status": "已审",
        "roster": "行政村",
        "state": None,
        "dust": None,
        "edition": None,
        "formula": None,
        "confidence": None,
        "derived": False,
        "published": None,
    }
    with planned.ledger.read() as session:
        trail = [
            (audit.who, audit.change, (audit.after or {}).get("state"))
            for audit in session.scalars(
                select(models.Audit)
                .where(models.Audit.subject == "reported_figures")
                .order_by(models.Audit.id)
            )
        ]
    assert trail[0] == ("张三", "insert", "draft")
    assert trail[-2:] == [("张三", "update", "submitted"), ("李四", "update", "accepted")]


def test_a_returned_figure_is_changed_and_submitted_again(planned):
    line = number(planned, SEWAGE)
    fill(planned, line, "66.0")
    act(planned, filling.submit, [line], who="张三")
    with pytest.raises(ShanshuiError, match="退回须写明理由"):
        act(planned, filling.send_back, [line], who="李四", reason=" ")
    act(planned, filling.send_back, [line], who="李四", reason="缺佐证")
    assert state(planned, line)["state"] == "returned"
    assert state(planned, line)["answer"] == "缺佐证"
    with pytest.raises(ShanshuiError, match=r"被退回（缺佐证），改了再报"):
        act(planned, filling.submit, [line], who="张三")
    fill(planned, line, "65.0")
    act(planned, filling.submit, [line], who="张三")
    act(planned, filling.accept, [line], who="李四")
    assert reported.figures(planned)["value"].to_list() == ["65.0"]


def test_a_restated_value_supersedes_and_the_old_stays_readable(planned):
    line = report(planned, SEWAGE, "66.0")
    first = reported.figures(planned)["at"][0]
    with pytest.raises(ShanshuiError, match="更正须写明理由"):
        fill(planned, line, "64.5")
    fill(planned, line, "64.5", reason="复核剔除重复村")
    # Until it is accepted the old value counts.
    assert reported.figures(planned)["value"].to_list() == ["66.0"]
    act(planned, filling.submit, [line], who="张三")
    act(planned, filling.accept, [line], who="李四")
    assert reported.figures(planned)["value"].to_list() == ["64.5"]
    assert reported.figures(planned, as_of=first)["value"].to_list() == ["66.0"]
    assert reported.figures(planned, as_of=first - timedelta(seconds=1)).is_empty()
    with planned.ledger.read() as session:
        versions = filling.history(session, line)
    assert [(v["number"], str(v["value"]), v["state"]) for v in versions] == [
        (1, "66.0", "accepted"),
        (2, "64.5", "accepted"),
    ]
    assert versions[0]["superseded_at"] == versions[1]["accepted_at"]
    assert versions[1]["reason"] == "复核剔除重复村"


@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_steps_what_counted_at_a_moment_is_told_again(planned, seed):
    """Many people, steps in and out of order: a model in plain Python says what has to be there."""
    chance = random.Random(seed)
    line = number(planned, PATH)
    counted, mine, waits, back, by = None, None, False, False, ""
    moments = []
    for at in range(60):
        likely = ["accept", "accept", "back"] if waits else ["fill", "submit", "submit"]
        step = chance.choice([*likely, "fill", "submit", "accept"])
        who = f"人{at % 3}"
        new = f"{chance.randint(10, 60)}.{chance.randint(0, 9)}"
        may = {
            "fill": not waits,
            "submit": mine is not None and not waits and not back,
            "accept": waits and who not in by,
            "back": waits and who not in by,
        }[step]
        words = {
            "fill": (filling.fill, [Entry(line, {"value": new}, "复核")]),
            "submit": (filling.submit, [line]),
            "accept": (filling.accept, [line]),
            "back": (filling.send_back, [line]),
        }[step]
        more = {"reason": "再核"} if step == "back" else {}
        if not may:
            with pytest.raises(ShanshuiError):
                act(planned, *words, who=who, **more)
        else:
            act(planned, *words, who=who, **more)
            if step == "fill" and new != (mine or counted):
                mine, back, by = new, False, who
            elif step == "submit":
                waits, by = True, f"{by} {who}"
            elif step == "accept":
                counted, mine, waits = mine, None, False
            elif step == "back":
                waits, back = False, True
        moments.append((datetime.now(UTC), counted))
    assert len({counted for _, counted in moments}) > 2
    for moment, value in moments:
        rows = reported.figures(planned, as_of=moment)
        assert rows["value"].to_list() == ([] if value is None else [value])
    with planned.ledger.read() as session:
        versions = filling.history(session, line)
    assert sum(v["state"] == "accepted" and v["superseded_at"] is None for v in versions) == 1


def test_no_data_needs_a_word_and_is_no_figure(planned):
    line = number(planned, PATH)
    fill(planned, line, None, note="草稿")
    fill(planned, line, None, note="")
    with pytest.raises(ShanshuiError, match="确无数据的请在说明里写原因"):
        act(planned, filling.submit, [line], who="张三")
    fill(planned, line, None, note="本季度未测量")
    act(planned, filling.submit, [line], who="张三")
    act(planned, filling.accept, [line], who="李四")
    assert reported.figures(planned).is_empty()
    assert late.outstanding(planned.ledger, date(2026, 12, 1), unit=WATER)[0]["indicator"] == SEWAGE


def test_evidence_is_kept_by_its_digest(planned, tmp_path):
    paper = tmp_path / "台账.pdf"
    paper.write_bytes(b"%PDF evidence")
    kept = keep(planned, paper)
    line = number(planned, SEWAGE)
    act(
        planned,
        filling.fill,
        [Entry(line, {"value": "66", "evidence": [kept, kept]})],
        who="张三",
    )
    with planned.ledger.read() as session:
        (version,) = filling.history(session, line)
    assert [one["name"] for one in version["files"]] == ["台账.pdf", "台账.pdf"]
    assert (planned.folder / "evidence" / f"{kept.sha256}.pdf").read_bytes() == b"%PDF evidence"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (SEWAGE, "abc", "应为数"),
        (SEWAGE, "101", "占比应在 0 到 100 之间，得到 101"),
        (SEWAGE, "-1", "占比应在 0 到 100 之间"),
        (PATH, "-0.5", "不能为负，得到 -0.5"),
    ],
)
def test_impossible_values_are_refused_and_nothing_changes(planned, name, value, said):
    line, other = number(planned, name), number(planned, {SEWAGE: PATH, PATH: SEWAGE}[name])
    with pytest.raises(ShanshuiError, match=said):
        act(
            planned,
            filling.fill,
            [Entry(other, {"value": "5"}), Entry(line, {"value": value})],
            who="张三",
        )
    assert state(planned, other)["state"] == "missing"


def test_steps_out_of_order_are_refused(planned):
    line = number(planned, SEWAGE)
    for step, said in ((filling.submit, "还没有填"), (filling.accept, "状态是未填，不是已报")):
        with pytest.raises(ShanshuiError, match=said):
            act(planned, step, [line], who="李四")
    with pytest.raises(ShanshuiError, match="没有编号为 999 的填报项"):
        fill(planned, 999, "1")
    with pytest.raises(ShanshuiError, match="不认识的字段 colour"):
        fill(planned, line, "1", colour="red")
    with pytest.raises(ShanshuiError, match="没有 2025 的填报表"):
        number(planned, SEWAGE, period="2025")
    with pytest.raises(ShanshuiError, match="没有“化肥使用量"):
        number(planned, USE)
    assert filling.basis_fields(Basis(roster="国考断面")) == {"roster": "国考断面"}


def test_two_people_at_once_do_not_overwrite_each_other(planned):
    line = number(planned, SEWAGE)
    fill(planned, line, "66.0")
    with planned.ledger.read() as session:
        mine = session.scalar(select(models.ReportedFigure).filter_by(line_id=line))
        session.expunge(mine)
    fill(planned, line, "65.0", who="王五")

    def too_late():
        with planned.ledger.write(who="张三", action="test") as session:
            session.add(mine)
            mine.note = "晚了一步"

    with pytest.raises(Conflict):
        too_late()
    assert str(state(planned, line)["value"]) == "65.0"


# ------------------------------------------------------------------------------------ plausibility


def test_warnings_come_with_numbers_and_go_to_the_reviewer(planned):
    reuse = "再生水利用率"
    for period, value in (("2026-Q1", "62.5"), ("2026-Q2", "64.8"), (PERIOD, None)):
        with planned.ledger.write(who="甲", action="test") as session:
            forms.add(session, WATER, period, [(reuse, "清城区")], who="甲")
        if value:
            report(planned, reuse, value, period=period)
    line = number(planned, reuse)
    same = fill(planned, line, "64.8")
    assert [doubt.rule for doubt in same.doubts] == ["unchanged"]
    done = fill(planned, line, "6.5")
    assert [doubt.zh for doubt in done.doubts] == [
        "与上期（2026-Q2：64.8）约差 10 倍，单位或小数点可能有误"
    ]
    act(planned, filling.submit, [line], who="张三")
    assert state(planned, line)["warnings"][0]["rule"] == "slip"
    (seen,) = act(planned, filling.accept, [line], who="李四")  # a warning refuses nothing
    assert seen.doubts == done.doubts
    assert reported.figures(planned, reuse, period=PERIOD)["value"].to_list() == ["6.5"]


def test_parts_are_set_against_their_region(workspace):
    plan(workspace)
    with workspace.ledger.write(who="甲", action="test") as session:
        places = [(PATH, "清远市"), (PATH, "清城区"), (PATH, "佛冈县")]
        forms.add(session, WATER, PERIOD, places, who="甲")
    for region, value in (("441802", "30.0"), ("441821", "25.5")):
        fill(workspace, number(workspace, PATH, region=region), value)
    whole = number(workspace, PATH, region="441800")
    (doubt,) = fill(workspace, whole, "50.0").doubts
    assert doubt.rule == "parts"
    assert "2/8 个下级合计 55.5，得到 50.0" in doubt.zh
    assert fill(workspace, whole, "80.0").doubts == ()


def test_published_values_are_a_past_too(planned):
    row = {"region": "清城区", "indicator": SEWAGE, "basis": "", "confidence": "B"}
    rows = [row | {"period": f"2025-Q{q}", "value": f"{50 + q}"} for q in (1, 2, 3, 4)]
    published.load(planned.ledger, rows, who="甲")
    (doubt,) = fill(planned, number(planned, SEWAGE), "99").doubts
    assert doubt.zh == "比上期（2025-Q4：54）升 83%，得到 99"
    report(planned, SEWAGE, "56.1")
    line = track.series(planned, SEWAGE, "清城区")
    assert line["source"].to_list() == ["published"] * 4 + ["reported"]
    assert line["value"].to_list() == ["51", "52", "53", "54", "56.1"]


def test_what_is_measured_stands_in_the_same_series(planned):
    from assess_samples import enrol, hours

    from shanshui.platform import assess

    first, last = datetime(2026, 10, 20, 1), datetime(2026, 11, 6)
    planned.lake.store(hours(first, last), source="小时值.csv")
    enrol(planned)
    assess.run(planned)
    measure = "PM2.5年均浓度"
    with planned.ledger.write(who="甲", action="test") as session:
        forms.add(session, WATER, "2026-10", [(measure, "清远市")], who="甲")
    line = number(planned, measure, period="2026-10", region="441800")
    fill(planned, line, "25.5")
    act(planned, filling.submit, [line], who="张三")
    act(planned, filling.accept, [line], who="李四")
    row = {"region": "清远市", "indicator": measure, "period": "2026-10", "value": "26"}
    published.load(planned.ledger, [row | {"basis": "国控站点;实况", "unit": "µg/m3"}], who="甲")
    rows = track.series(planned, measure, "清远市", period="2026-10")
    assert rows.columns == list(reported.SCHEMA)
    seen = {row["source"]: row for row in rows.to_dicts()}
    assert len(seen) == rows.height == 3
    assert seen["monitored"]["status"] == "实时"
    assert seen["monitored"]["roster"] == "guokong@2026"
    assert (seen["reported"]["value"], seen["reported"]["roster"]) == ("25.5", None)
    assert (seen["published"]["value"], seen["published"]["roster"]) == ("26", "国控站点")


# -------------------------------------------------------------------------------------------- late


def test_who_is_late_and_what_they_are_told(planned):
    ledger = planned.ledger
    assert late.outstanding(ledger, date(2026, 10, 15)) == []  # the day itself is not late
    assert len(late.outstanding(ledger, date(2026, 10, 12), soon=5)) == 2
    rows = late.outstanding(ledger, date(2026, 10, 18))
    assert late.late_units(rows) == [
        {
            "unit": WATER,
            "period": PERIOD,
            "deadline": "2026-10-15",
            "days": 3,
            "figures": 2,
            "returned": 0,
        }
    ]
    line = number(planned, SEWAGE)
    fill(planned, line, "66.0")
    act(planned, filling.submit, [line], who="张三")
    act(planned, filling.send_back, [line], who="李四", reason="缺佐证")
    day = date(2027, 1, 5)  # after all that was done today
    (told,) = late.reminders(ledger, day, sender="县美丽办")
    assert told.late == 2
    assert told.text.splitlines() == [
        "青禾县水务局：",
        "    截至2027年1月5日，贵单位尚有 2 项指标未报，均已逾期。请尽快填报：",
        "    2026-Q3（2026年10月15日截止，已逾期 82 天）",
        "    1. 清城区 农村生活污水治理率（%）；已退回：缺佐证",
        "    2. 清城区 碧道长度（km）",
        "",
        "县美丽办",
        "2027年1月5日",
    ]
    assert late.document([told]) == late.document([told])
    # As of a day before anything was sent everything was late, whatever became of it since.
    report(planned, PATH, "40")
    assert len(late.outstanding(ledger, date(2026, 10, 18))) == 2
    assert [row["indicator"] for row in late.outstanding(ledger, day)] == [SEWAGE]
    report(planned, SEWAGE, "66.1")
    assert late.outstanding(ledger, day) == []
    # A restated figure in the making leaves nobody late.
    fill(planned, line, "66.2", reason="复核")
    assert late.outstanding(ledger, day) == []

"""The review of data: its queue, its stages, what goes to the lake, undo, two at once, cut off."""

import hashlib
import math
import signal
import subprocess
import sys
import threading

import polars as pl
import pytest
from filelock import FileLock
from review_samples import SEATS, at, current, fill, hours, value
from sqlalchemy import select

from shanshui.platform.review import listing, queue
from shanshui.platform.review.applying import apply
from shanshui.platform.review.decisions import Choice, decide, undo
from shanshui.platform.review.reasons import reasons
from shanshui.platform.review.selecting import batch
from shanshui.platform.store import Workspace, models
from shanshui.standards import ShanshuiError


@pytest.fixture
def ward(workspace):
    """Give a workspace with hours, flags and an open review."""
    fill(workspace)
    queue.open(workspace, "2026-10", "air", who="张三")
    return workspace


@pytest.fixture
def proof(tmp_path):
    """Give a file of evidence."""
    path = tmp_path / "维修单.PDF"
    path.write_bytes(b"lamp replaced")
    return str(path)


def item_at(workspace, station, prop, hour):
    """Find the item that holds one hour."""
    time = at(hour).isoformat()
    with workspace.ledger.read() as session:
        for one in session.scalars(select(models.ReviewItem)):
            times = [row[0] for row in one.seen]
            if (one.station, one.property) == (station, prop) and time in times:
                return one.id
    return None


def through(workspace, choice, seats=SEATS):
    """Decide an item alike at every stage."""
    done = None
    for who, stage in seats:
        done = decide(workspace, [choice], who=who, stage=stage)
        assert done.refused == []
    return done


def codes(outcome):
    return [one.code for one in outcome.refused]


# ------------------------------------------------------------------------------------ the queue


def test_all_flagged_values_are_queued_and_runs_are_one_item(ward):
    rows = listing.queue(ward, 1, origin="flagged")
    flags = ward.lake.flags().filter(pl.col("level").is_in(["suspect", "fail", "missing"]))
    keys = flags.select("station", "property", "time").unique().collect()
    assert keys.height > 10
    with ward.ledger.read() as session:
        held = {
            (one.station, one.property, row[0])
            for one in session.scalars(select(models.ReviewItem))
            for row in one.seen
        }
    assert {(s, p, t.isoformat()) for s, p, t in keys.iter_rows()} <= held
    stuck = next(r for r in rows if r["count"] == 10)
    assert (stuck["first"], stuck["last"]) == (at(30).isoformat(), at(39).isoformat())
    assert "连续 10 个不变值" in stuck["why"]
    gaps = [r for r in rows if r["station"] == "1002A" and r["first"] == at(60).isoformat()]
    assert [(r["property"], r["count"], r["value_zh"]) for r in gaps] == [
        ("pm10", 3, "3 个缺测"),
        ("pm25", 3, "3 个缺测"),
    ]
    with ward.ledger.read() as session:  # a value is in one item
        every = [
            (one.station, one.property, one.period, row[0])
            for one in session.scalars(select(models.ReviewItem))
            for row in one.seen
        ]
    assert len(every) == len(set(every))


def test_the_sample_can_be_drawn_again_by_anybody(ward):
    rest = (
        ward.lake.observations()
        .collect()
        .join(ward.lake.flags().collect(), on=["station", "property", "time"], how="anti")
        .drop_nulls("value")
    )
    names = {
        f"air 2026-10|{s}|{p}|{t:%Y-%m-%dT%H:%M:%S}|{n}": (s, p, t.isoformat())
        for s, p, t, n in rest.select("station", "property", "time", "period").iter_rows()
    }
    digests = sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())
    expected = {names[name] for name in digests[: math.ceil(len(names) * 5 / 100)]}
    drawn = listing.queue(ward, 1, origin="sampled")
    assert {(r["station"], r["property"], r["first"]) for r in drawn} == expected
    review = listing.reviews(ward)[0]
    assert (review["population"], review["share"]) == (len(names), "0.05")
    assert (review["sampled"], review["seed"]) == (len(expected), "air 2026-10")


def test_opened_again_it_takes_in_what_came_since_and_nothing_twice(ward):
    before = listing.queue(ward, 1)
    again = queue.open(ward, "2026-10", "air", who="张三")
    assert (again.new, again.added, again.changed) == (False, 0, 0)
    assert listing.queue(ward, 1) == before
    key = {"station": "1001A", "property": "pm10", "time": at(3), "period": 3600}
    news = pl.DataFrame([key | {"rule": "step", "level": "suspect", "detail": "跳变 / a step"}])
    ward.lake.flag(news)
    late = hours(days=6).filter(pl.col("time") > at(96))
    ward.lake.store(late, source="迟到.csv")
    more = queue.open(ward, "2026-10", "air", who="李四")
    assert more.added >= 1
    assert more.sampled == math.ceil(more.population * 5 / 100)
    assert len(listing.queue(ward, 1)) == len(before) + more.added


def test_a_value_that_changes_before_the_end_begins_again(ward):
    item = item_at(ward, "1001A", "pm25", 50)
    assert decide(ward, [Choice(item, "keep")], who="张三", stage="初审").refused == []
    changed = hours().filter(
        pl.col("station") == "1001A", pl.col("property") == "pm25", pl.col("time") == at(50)
    )
    ward.lake.store(changed.with_columns(value=pl.lit(60.0)), source="重传.csv")
    stale = decide(ward, [Choice(item, "keep")], who="李四", stage="second")
    assert codes(stale) == ["value_changed"]
    assert queue.open(ward, "2026-10", "air", who="张三").changed == 1
    row = listing.show(ward, item)
    assert (row["value"], row["stage"], row["decision"]) == (60.0, "first", None)
    assert [step["kind"] for step in row["history"]] == ["keep", "undo"]
    through(ward, Choice(item, "keep"))
    assert value(ward, "1001A", "pm25", 50)[0] == 60.0


def test_what_cannot_be_opened_is_told(ward):
    for period, domain, more, words in (
        ("2026-10", "sky", {}, "领域应为"),
        ("October", "air", {}, "时段应如"),
        ("2026-10", "air", {"sample": "1.5"}, "抽查比例"),
        ("2026-11", "air", {}, "没有 air 的监测数据"),
        ("2026-Q4", "air", {}, "已包括"),
    ):
        with pytest.raises(ShanshuiError, match=words):
            queue.open(ward, period, domain, who="张三", **more)
    assert len(listing.reviews(ward)) == 1
    with pytest.raises(ShanshuiError, match="没有审核“9”"):
        listing.queue(ward, 9)
    assert listing.queue(ward, "air 2026-10") == listing.queue(ward, 1)


def test_the_stages_are_those_of_the_workspace(workspace):
    workspace.settings["review"] = {"air": {"stages": ["终审"], "distinct": False}}
    fill(workspace)
    queue.open(workspace, "2026-10", "air", who="张三")
    item = item_at(workspace, "1001A", "pm25", 50)
    done = decide(workspace, [Choice(item, "keep")], who="张三", stage="final")
    assert (done.refused, done.values) == ([], 1)


# ---------------------------------------------------------------------------------- the decisions


def test_the_lake_changes_at_the_last_stage_and_raw_values_stay_behind(ward, proof):
    before = current(ward.lake)
    item = item_at(ward, "1001A", "pm25", 50)
    choice = Choice(item, "correct", "录入或单位错误", 55.5, proof, "看原始记录")
    for who, stage in SEATS[:2]:
        assert decide(ward, [choice], who=who, stage=stage).refused == []
        assert current(ward.lake).equals(before)
    done = decide(ward, [choice], who="王五", stage="终审")
    assert (done.refused, done.values) == ([], 1)
    source = f"review/1/{done.decisions[0]}"
    assert value(ward, "1001A", "pm25", 50) == (55.5, None, "reviewed", source)
    ward.lake.store(hours(), source="重传.csv")
    louder = hours().with_columns(pl.col("value") + 1)
    ward.lake.store(louder, source="又重传.csv")
    assert value(ward, "1001A", "pm25", 50) == (55.5, None, "reviewed", source)
    assert value(ward, "1001A", "pm25", 51)[2] == "raw"


def test_each_kind_of_decision(ward, proof):
    stuck = item_at(ward, "1001A", "pm25", 30)
    gap = item_at(ward, "1002A", "pm10", 60)
    null = item_at(ward, "1002A", "pm25", 20)
    inverted = item_at(ward, "1001A", "pm25", 50)
    through(ward, Choice(stuck, "withdraw", "instrument_fault", evidence=proof))
    new = {at(60): 71.0, at(61): 72.5}
    through(ward, Choice(gap, "backfill", "late", new, proof))
    through(ward, Choice(null, "keep", "停运或停电"))
    through(ward, Choice(inverted, "keep"))
    assert [value(ward, "1001A", "pm25", n)[:3] for n in (29, 30, 39, 40)] == [
        (31.0, None, "raw"),
        (None, "instrument_fault", "reviewed"),
        (None, "instrument_fault", "reviewed"),
        (35.0, None, "raw"),
    ]
    assert [value(ward, "1002A", "pm10", n)[:3] for n in (60, 61, 62)] == [
        (71.0, None, "reviewed"),
        (72.5, None, "reviewed"),
        (None, "late", "reviewed"),
    ]
    assert value(ward, "1002A", "pm25", 20)[:3] == (None, "stopped", "reviewed")
    assert value(ward, "1001A", "pm25", 50)[:3] == (90.0, None, "reviewed")


def test_a_later_stage_overturns_an_earlier_one_or_agrees(ward, proof):
    item = item_at(ward, "1001A", "pm25", 50)
    stuck = item_at(ward, "1001A", "pm25", 30)
    withdrawn = [Choice(i, "withdraw", "drift", evidence=proof) for i in (item, stuck)]
    assert decide(ward, withdrawn, who="张三", stage="first").refused == []
    agreed = [Choice(i, "agree", note="同意") for i in (item, stuck)]
    assert decide(ward, agreed, who="李四", stage="second").refused == []
    last = [Choice(item, "keep"), Choice(stuck, "agree")]
    assert decide(ward, last, who="王五", stage="final").refused == []
    assert value(ward, "1001A", "pm25", 50)[:3] == (90.0, None, "reviewed")
    assert value(ward, "1001A", "pm25", 30)[:3] == (None, "drift", "reviewed")
    steps = listing.show(ward, stuck)["history"]
    assert [step["kind"] for step in steps] == ["withdraw"] * 3
    assert [step["who"] for step in steps] == ["张三", "李四", "王五"]
    assert all(step["evidence"] == "维修单.PDF" for step in steps)


def test_what_is_refused_says_why(ward, proof, tmp_path):
    item = item_at(ward, "1001A", "pm25", 50)
    null = item_at(ward, "1002A", "pm25", 20)
    stuck = item_at(ward, "1001A", "pm25", 30)
    empty = tmp_path / "空.txt"
    empty.write_bytes(b"")
    cases = [
        (Choice(item, "withdraw"), "reason", "须写理由"),
        (Choice(item, "withdraw", "不知道"), "reason", "没有理由“不知道”"),
        (Choice(item, "withdraw", "dust"), "reason", "按口径扣除"),
        (Choice(item, "withdraw", "断流"), "reason", "不能用于"),
        (Choice(item, "withdraw", "instrument_fault"), "evidence", "须附佐证文件"),
        (Choice(item, "withdraw", "drift", evidence="没有.pdf"), "evidence", "没有佐证文件"),
        (Choice(item, "withdraw", "drift", evidence=str(empty)), "evidence", "是空的"),
        (Choice(item, "withdraw", "other", evidence=proof), "reason", "须写说明"),
        (Choice(item, "correct", "entry_error", None, proof), "value", "须给新值"),
        (Choice(item, "correct", "entry_error", math.nan, proof), "value", "有限数"),
        (Choice(item, "correct", "entry_error", 90.0, proof), "value", "与原值相同"),
        (Choice(item, "correct", "entry_error", 35000.0, proof), "value", "看单位"),
        (Choice(item, "correct", "entry_error", -40.0, proof), "value", "看单位"),
        (Choice(item, "correct", "entry_error", {at(51): 9.0}, proof), "value", "不在此条目里"),
        (Choice(item, "backfill", "late", 3.0, proof), "value", "已有值 90"),
        (Choice(item, "keep", None, 3.0), "value", "不带新值"),
        (Choice(stuck, "correct", "entry_error", 3.0, proof), "value", "包含 10 个值"),
        (Choice(null, "correct", "entry_error", 3.0, proof), "value", "缺测；用补录"),
        (Choice(null, "withdraw", "stopped"), "value", "不用剔除"),
        (Choice(null, "keep"), "reason", "须写理由"),
        (Choice(item, "agree"), "value", "没有可同意的决定"),
        (Choice(item, "bless"), "value", "没有决定"),
        (Choice(999, "keep"), "unknown", "没有条目 #999"),
        (Choice(item, "keep", seen=7), "changed", "看过之后已变"),
    ]
    for choice, code, words in cases:
        done = decide(ward, [choice], who="张三", stage="first")
        assert codes(done) == [code], choice
        assert words in done.refused[0].zh, choice
        assert done.refused[0].en
        assert (done.decisions, done.transaction) == ([], None)
    assert codes(decide(ward, [Choice(item, "keep")], who="李四", stage="second")) == ["early"]
    with pytest.raises(ShanshuiError, match="审核阶段应为"):
        decide(ward, [Choice(item, "keep")], who="李四", stage="第四审")
    with ward.ledger.read() as session:
        assert session.query(models.ReviewDecision).count() == 0


def test_good_choices_count_where_others_are_refused(ward):
    item, stuck = item_at(ward, "1001A", "pm25", 50), item_at(ward, "1001A", "pm25", 30)
    choices = [Choice(stuck, "withdraw"), Choice(item, "keep"), Choice(item, "keep")]
    dry = decide(ward, choices, who="张三", stage="first", dry_run=True)
    assert (len(dry.decisions), codes(dry)) == (1, ["reason", "twice"])
    assert listing.show(ward, item)["history"] == []
    done = decide(ward, choices, who="张三", stage="first")
    assert (len(done.decisions), codes(done)) == (1, ["reason", "twice"])
    assert [one.position for one in done.refused] == [0, 2]
    same = decide(ward, [Choice(item, "keep")], who="张三", stage="first")
    assert codes(same) == ["already"]


def test_each_stage_is_of_another_person(ward):
    item = item_at(ward, "1001A", "pm25", 50)
    decide(ward, [Choice(item, "keep")], who="张三", stage="first")
    again = decide(ward, [Choice(item, "agree")], who="张三 ", stage="second")
    assert codes(again) == ["same_person"]
    assert "张三 已做初审" in again.refused[0].zh


def test_the_second_reviewer_sees_the_first_ones_decision(ward, proof):
    item = item_at(ward, "1001A", "pm25", 50)
    seen = listing.show(ward, item)["version"]
    first = Choice(item, "withdraw", "drift", evidence=proof, seen=seen)
    assert decide(ward, [first], who="张三", stage="first").refused == []
    second = decide(ward, [Choice(item, "keep", seen=seen)], who="李四", stage="first")
    assert codes(second) == ["decided"]
    assert "张三 于 20" in second.refused[0].zh
    assert "初审：剔除（零点或跨度漂移超限）" in second.refused[0].zh
    assert "withdraw" in second.refused[0].en
    stale = decide(ward, [Choice(item, "keep", seen=seen)], who="李四", stage="second")
    assert codes(stale) == ["changed"]
    row = listing.show(ward, item)
    assert (row["decision"], row["decided_by"], row["stage"]) == ("withdraw", "张三", "second")


def test_a_corrected_value_is_beyond_the_review(ward):
    item = item_at(ward, "1001A", "pm25", 50)
    row = hours().filter(
        pl.col("station") == "1001A", pl.col("property") == "pm25", pl.col("time") == at(50)
    )
    ward.lake.store(row, source="更正1号", state="corrected")
    assert codes(decide(ward, [Choice(item, "keep")], who="张三", stage="first")) == ["corrected"]


def test_a_change_after_the_freeze_is_told(ward):
    item = item_at(ward, "1001A", "pm25", 50)
    given = {"domain": "air", "roster_id": 1, "roster_version_id": 1, "edition": "2026"}
    given |= {"start": "2026-10-01", "end": "2026-10-31", "lake_version": 1, "as_of": models.now()}
    given |= {"rows": 1, "properties": {}, "digest": "", "figures_digest": "", "basis": "审核"}
    with ward.ledger.write(who="张三", action="test") as session:
        session.add(models.Roster(id=1, code="r", name="国控", domain="air", purpose="国控点位"))
        session.flush()
        session.add(models.RosterVersion(id=1, roster_id=1, label="一", start="2026-01-01"))
        session.flush()
        session.add(models.Freeze(period="2026-10", frozen_by="张三", **given))
    assert through(ward, Choice(item, "keep")).final == ["2026-10"]
    assert undo(ward, who="王五", note="再看", items=[item]).final == ["2026-10"]


def test_evidence_is_kept_once_by_its_digest(ward, proof):
    items = [item_at(ward, "1001A", "pm25", n) for n in (30, 50)]
    choices = [Choice(i, "withdraw", "drift", evidence=proof) for i in items]
    decide(ward, choices, who="张三", stage="first")
    digest = hashlib.sha256(b"lamp replaced").hexdigest()
    kept = ward.folder / "evidence" / f"{digest}.pdf"
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]
    assert kept.read_bytes() == b"lamp replaced"
    with ward.ledger.read() as session:
        one = session.scalars(select(models.Evidence)).one()
        assert (one.sha256, one.name, one.size) == (digest, "维修单.PDF", 13)
        assert set(session.scalars(select(models.ReviewDecision.evidence_required))) == {True}


# -------------------------------------------------------------------------------- undo and batches


def test_undo_restores_and_deletes_nothing(ward, proof):
    item = item_at(ward, "1001A", "pm25", 30)
    before = current(ward.lake).select("station", "property", "time", "value")
    done = through(ward, Choice(item, "withdraw", "drift", evidence=proof))
    assert value(ward, "1001A", "pm25", 33)[0] is None
    with pytest.raises(ShanshuiError, match="须写明原因"):
        undo(ward, who="王五", note=" ", items=[item])
    back = undo(ward, who="王五", note="单据不符", transaction=done.transaction)
    assert (len(back.decisions), back.refused, back.values) == (1, [], 10)
    assert value(ward, "1001A", "pm25", 33)[:3] == (44.0, None, "reviewed")
    after = current(ward.lake).select("station", "property", "time", "value")
    assert after.equals(before)
    row = listing.show(ward, item)
    assert (row["stage"], row["decided_by"]) == ("final", "李四")
    assert [(s["kind"], s["standing"]) for s in row["history"]] == [
        ("withdraw", True),
        ("withdraw", True),
        ("withdraw", False),
        ("undo", True),
    ]
    assert undo(ward, who="王五", note="再", transaction=done.transaction).refused[0].code in (
        "nothing",
        "decided",
    )
    assert decide(ward, [Choice(item, "keep")], who="王五", stage="final").refused == []
    assert value(ward, "1001A", "pm25", 33)[:3] == (44.0, None, "reviewed")
    for _ in range(3):
        assert undo(ward, who="王五", note="全撤", items=[item]).refused == []
    assert codes(undo(ward, who="王五", note="全撤", items=[item, 999])) == ["nothing", "unknown"]
    assert listing.show(ward, item)["stage"] == "first"


def test_undo_goes_back_to_the_newest_value_received(ward):
    item = item_at(ward, "1001A", "pm25", 50)
    through(ward, Choice(item, "keep"))
    row = hours().filter(
        pl.col("station") == "1001A", pl.col("property") == "pm25", pl.col("time") == at(50)
    )
    ward.lake.store(row.with_columns(value=pl.lit(61.0)), source="重传.csv")
    assert value(ward, "1001A", "pm25", 50)[0] == 90.0
    undo(ward, who="王五", note="厂家更正", items=[item])
    assert value(ward, "1001A", "pm25", 50)[0] == 61.0
    assert decide(ward, [Choice(item, "keep")], who="王五", stage="final").refused == []
    assert value(ward, "1001A", "pm25", 50)[0] == 61.0


def test_a_batch_takes_all_values_of_a_span_and_parts_items(ward):
    items = batch(
        ward, 1, who="张三", stations=["1001A"], start=at(34), end=at(45), properties=["pm25"]
    )
    rows = [listing.show(ward, item) for item in items]
    times = [one["time"] for row in rows for one in row["values"]]
    assert sorted(times) == [at(n).isoformat() for n in range(34, 46)]
    left = listing.show(ward, item_at(ward, "1001A", "pm25", 30))
    assert (left["count"], left["last"]) == (4, at(33).isoformat())
    assert "不变值" in left["why"]
    same = batch(
        ward,
        "air 2026-10",
        who="李四",
        stations=["1001A"],
        start=at(34),
        end=at(45),
        properties=["pm25"],
    )
    assert set(same) == set(items)
    choices = [Choice(i, "withdraw", "maintenance") for i in items]
    for who, stage in SEATS:
        assert decide(ward, choices, who=who, stage=stage).refused == []
    states = [value(ward, "1001A", "pm25", n)[2] for n in (33, 34, 45, 46)]
    assert states == ["raw", "reviewed", "reviewed", "raw"]
    with pytest.raises(ShanshuiError, match="已有决定"):
        batch(ward, 1, who="张三", stations=["1001A"], start=at(36), end=at(37))
    for start, end, words in (
        (at(3), at(2), "晚于"),
        (at(-5), at(2), "不全在"),
        (at(100), at(110), "没有数据"),
    ):
        with pytest.raises(ShanshuiError, match=words):
            batch(ward, 1, who="张三", stations=["1001A"], start=start, end=end)


def test_missing_hours_are_added_to_be_back_filled(ward, proof):
    late = batch(
        ward,
        1,
        who="张三",
        stations=["1001A"],
        properties=["pm25"],
        start=at(97),
        end=at(98),
        missing=3600,
    )
    through(ward, Choice(late[0], "backfill", "late", {at(97): 20.0, at(98): 21.0}, proof))
    assert [value(ward, "1001A", "pm25", n)[0] for n in (97, 98)] == [20.0, 21.0]


# ------------------------------------------------------------------------------- the audit trail


def test_every_step_is_in_the_audit_trail(ward, proof):
    item = item_at(ward, "1001A", "pm25", 50)
    through(ward, Choice(item, "withdraw", "drift", evidence=proof, note="漂移"))
    undo(ward, who="王五", note="单据不符", items=[item])
    with ward.ledger.read() as session:
        rows = session.scalars(
            select(models.Audit)
            .where(models.Audit.subject == "review_decisions")
            .order_by(models.Audit.id)
        ).all()
        session.expunge_all()
    made = [row for row in rows if row.change == "insert"]
    assert [(row.who, row.action) for row in made] == [
        ("张三", "review withdraw"),
        ("李四", "review withdraw"),
        ("王五", "review withdraw"),
        ("王五", "review undo"),
    ]
    first = made[0].after
    assert (first["kind"], first["reason"], first["note"]) == ("withdraw", "drift", "漂移")
    assert first["before"] == [[at(50).isoformat(), 90.0, None, "raw"]]
    assert first["written"] == [[at(50).isoformat(), None, "drift"]]
    assert [row.after for row in rows if row.change == "update"] == [
        {"state": "applied"},
        {"standing": False},
        {"state": "applied"},
    ]
    assert made[3].reason == "单据不符"


def test_the_reasons_are_whole():
    for one in reasons().values():
        assert all((one.zh, one.en, one.media, one.decisions, one.source))
        assert one.confidence in {"A", "B", "C", "convention"}
        assert (
            set(one.evidence) <= set(one.decisions) <= {"keep", "correct", "withdraw", "backfill"}
        )
    for needed in ("仪器故障", "校准", "断流", "冰封", "施工", "自然本底", "沙尘", "例外事件"):
        assert needed in {one.zh.partition("或")[0] for one in reasons().values()}


# ------------------------------------------------------------------------------------ two at once


def test_of_many_who_decide_at_once_one_is_first_and_the_others_see_it(ward, proof):
    item = item_at(ward, "1001A", "pm25", 50)
    people = [f"审核员{n}" for n in range(6)]
    gate = threading.Barrier(len(people))
    found = {}

    def work(who):
        with Workspace.open(ward.folder) as own:
            gate.wait()
            try:
                kind = (
                    Choice(item, "keep")
                    if who[-1] in "024"
                    else Choice(item, "withdraw", "drift", evidence=proof)
                )
                found[who] = decide(own, [kind], who=who, stage="first")
            except BaseException as error:
                found[who] = error

    threads = [threading.Thread(target=work, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [who for who, done in found.items() if done.decisions]
    assert len(won) == 1, found
    for who, done in found.items():
        if who not in won:
            assert codes(done) == ["decided"]
            assert won[0] in done.refused[0].zh
    assert len(listing.show(ward, item)["history"]) == 1


def test_two_who_finish_at_once_write_once(ward):
    items = [r["item"] for r in listing.queue(ward, 1, origin="sampled")]
    for who, stage in SEATS[:2]:
        decide(ward, [Choice(i, "keep") for i in items], who=who, stage=stage)
    half = len(items) // 2
    gate = threading.Barrier(2)
    found = {}

    def work(who, own_items):
        with Workspace.open(ward.folder) as own:
            gate.wait()
            choices = [Choice(i, "keep") for i in own_items]
            found[who] = decide(own, choices, who=who, stage="final")

    threads = [
        threading.Thread(target=work, args=("王五", items[: half + 3])),
        threading.Thread(target=work, args=("赵六", items[half:])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(done.decisions) for done in found.values()) == len(items)
    assert sum(len(done.refused) for done in found.values()) == 3
    reviewed = current(ward.lake).filter(pl.col("state") == "reviewed")
    assert reviewed.height == len(items)
    with ward.ledger.read() as session:
        states = session.scalars(select(models.ReviewDecision.state)).all()
    assert states.count("applied") == len(items)
    assert "pending" not in states


# ---------------------------------------------------------------------------------------- cut off

KILLED = """
import os, signal, sys
from shanshui.platform.review import applying, decisions
from shanshui.platform.review.decisions import Choice, decide
from shanshui.platform.store import Workspace

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

folder, point, item = sys.argv[1], sys.argv[2], int(sys.argv[3])
stored = applying.into_lake
if point == "evidence":
    decisions.note_down = die
elif point == "ledger":
    decisions._made = die
elif point == "before lake":
    applying.into_lake = die
elif point == "in lake":
    from shanshui.platform.store import lake_log
    lake_log.Log.commit = die
elif point == "after lake":
    applying._mark = die
with Workspace.open(folder) as workspace:
    choice = Choice(item, "withdraw", "drift", evidence=sys.argv[4])
    decide(workspace, [choice], who="王五", stage="final")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("point", ["evidence", "ledger", "before lake", "in lake", "after lake"])
def test_what_is_cut_off_is_finished(ward, proof, point):
    item = item_at(ward, "1001A", "pm25", 30)
    choice = Choice(item, "withdraw", "drift", evidence=proof)
    for who, stage in SEATS[:2]:
        decide(ward, [choice], who=who, stage=stage)
    before = current(ward.lake)
    child = subprocess.run(
        [sys.executable, "-c", KILLED, str(ward.folder), point, str(item), proof],
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    recorded = point in ("before lake", "in lake", "after lake")
    row = listing.show(ward, item)
    assert row["stage"] == ("done" if recorded else "final")
    if recorded:
        assert row["history"][-1]["state"] == "pending"
    # Raw values come meanwhile, as they do.
    ward.lake.store(hours().filter(pl.col("station") == "1002A"), source="重传.csv")
    if point != "after lake":
        assert current(ward.lake).equals(before)
    if recorded:
        done = apply(ward, who="赵六")
        assert (done.transactions, done.decisions, done.values) == (1, 1, 10)
        assert apply(ward, who="赵六").decisions == 0
    else:
        again = decide(ward, [choice], who="王五", stage="final")
        assert (again.refused, again.values) == ([], 10)
    row = listing.show(ward, item)
    assert [step["state"] for step in row["history"]] == ["noted", "noted", "applied"]
    after = current(ward.lake)
    assert after.filter(pl.col("state") == "reviewed").height == 10
    gone = ward.lake.revisions("1001A", "pm25").collect()
    assert gone.height == 10  # each once
    # and a decision that comes after finds nothing open
    undo(ward, who="王五", note="演练", items=[item])
    assert value(ward, "1001A", "pm25", 33)[0] == 44.0


def test_a_pending_decision_is_finished_before_the_next(ward):
    item = item_at(ward, "1001A", "pm25", 50)
    for who, stage in SEATS[:2]:
        decide(ward, [Choice(item, "keep")], who=who, stage=stage)
    ward.lake._log.wait = 0.1
    busy = FileLock(ward.folder / "lake" / "writer.lock")
    with busy, pytest.raises(ShanshuiError, match="已记入台账，但尚未写入数据湖"):
        decide(ward, [Choice(item, "keep")], who="王五", stage="final")
    assert value(ward, "1001A", "pm25", 50)[2] == "raw"
    assert listing.reviews(ward)[0]["pending"] == 1
    undo(ward, who="王五", note="先完成，再撤销", items=[item])
    states = [step["state"] for step in listing.show(ward, item)["history"]]
    assert states == ["noted", "noted", "applied", "applied"]
    assert value(ward, "1001A", "pm25", 50)[2] == "reviewed"

"""A year of reviews replayed from the audit trail gives the same current rows."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest
from review_samples import SEATS, current, fill, hours
from sqlalchemy import select

from shanshui.platform.demo import samples
from shanshui.platform.review import queue
from shanshui.platform.review.decisions import Choice, decide, undo
from shanshui.platform.review.replay import replay
from shanshui.platform.review.selecting import batch
from shanshui.platform.store import models
from shanshui.platform.store.lake import Lake

ITEMS = ["pm25", "pm10", "so2", "no2", "co", "o3"]


class Bureau:
    """People who review at random, and the deliveries that come meanwhile."""

    def __init__(self, workspace, seed, proof):
        self.workspace = workspace
        self.dice = random.Random(seed)
        self.proof = proof
        self.sent = []
        self.done = []  # transactions

    def send(self, frame):
        """Deliver raw rows."""
        self.sent.append(frame)
        self.workspace.lake.store(frame, source=f"第{len(self.sent)}次")

    def flag(self, start, end, count):
        """Flag some values, single ones and runs."""
        rows = self.workspace.lake.observations(start=start, end=end).collect()
        rows = rows.filter(pl.col("state") == "raw").sort("station", "property", "time")
        picked = []
        for _ in range(count):
            at = self.dice.randrange(rows.height)
            picked += range(at, min(at + self.dice.choice([1, 1, 1, 5]), rows.height))
        keys = rows[sorted(set(picked))].select("station", "property", "time", "period")
        words = {"rule": "test", "level": "suspect", "detail": "可疑 / suspect"}
        self.workspace.lake.flag(keys.with_columns(pl.lit(v).alias(k) for k, v in words.items()))

    def choice(self, item):
        """Decide an item somehow."""
        missing = [row[0] for row in item.seen if row[1] is None]
        there = [row[0] for row in item.seen if row[1] is not None]
        time = datetime.fromisoformat
        kind = self.dice.choice(["keep", "correct", "withdraw", "backfill"])
        if kind == "backfill" and missing:
            values = {time(t): round(self.dice.uniform(1, 99), 1) for t in missing}
            return Choice(item.id, kind, "late", values, self.proof)
        if kind == "correct" and there:
            values = {time(t): round(self.dice.uniform(1, 99), 3) for t in there[:2]}
            return Choice(item.id, kind, "entry_error", values, self.proof)
        if kind == "withdraw" and there:
            return Choice(item.id, kind, "calibration")
        return Choice(item.id, "keep", None if there else "stopped")

    def sit(self, review, share):
        """Go through the stages, with mistakes that are undone and batches."""
        for who, stage in SEATS:
            with self.workspace.ledger.read() as session:
                items = session.scalars(
                    select(models.ReviewItem)
                    .where(models.ReviewItem.review_id == review)
                    .order_by(models.ReviewItem.id)
                ).all()
                session.expunge_all()
            chosen = [one for one in items if self.dice.random() < share]
            done = decide(
                self.workspace, [self.choice(one) for one in chosen], who=who, stage=stage
            )
            known = {"already", "decided", "early", "value_changed"}
            assert {one.code for one in done.refused} <= known
            if done.transaction:
                self.done.append(done.transaction)
            some = [one.id for one in items if one.decision_id and self.dice.random() < 0.1]
            if some:
                undo(self.workspace, who=who, note="看错", items=some)

    def batch(self, review, start):
        """Withdraw a day of a station at all stages."""
        station = self.dice.choice(sorted(self.sent[0]["station"].unique()))
        end = start + timedelta(hours=self.dice.randrange(3, 20))
        items = batch(
            self.workspace,
            review,
            who="张三",
            stations=[station],
            properties=["so2", "co"],
            start=start,
            end=end,
            valued=True,
        )
        for who, stage in SEATS:
            choices = [Choice(item, "withdraw", "maintenance") for item in items]
            done = decide(self.workspace, choices, who=who, stage=stage)
            assert done.refused == []
        return done.transaction


def replayed(bureau, folder, **more):
    """Make a lake with the raw rows only, and replay the audit trail onto it."""
    lake = Lake(folder)
    for number, frame in enumerate(bureau.sent, 1):
        lake.store(frame, source=f"第{number}次")
    return lake, replay(bureau.workspace.ledger, lake, **more)


@pytest.mark.slow
def test_a_year_of_reviews_is_rebuilt_from_the_audit_trail(workspace, tmp_path):
    proof = tmp_path / "佐证.txt"
    proof.write_text("见运维记录", encoding="utf-8")
    bureau = Bureau(workspace, 20141231, str(proof))
    year = samples.beijing_hours().filter(
        pl.col("time") > datetime(2014, 1, 1), pl.col("time") <= datetime(2015, 1, 1)
    )
    bureau.send(year)
    months = [datetime(2014, m, 1) for m in range(1, 13)] + [datetime(2015, 1, 1)]
    for start, end in pairwise(months):
        bureau.flag(start, end, 12)
        period = f"{start:%Y-%m}"
        opened = queue.open(workspace, period, "air", who="张三", sample="0.0003")
        assert opened.flagged > 10
        assert opened.sampled > 10
        whole = bureau.batch(opened.review, start + timedelta(days=bureau.dice.randrange(5, 20)))
        bureau.sit(opened.review, 0.8)
        # Values are sent again, some others than before, reviewed ones among them.
        again = year.filter(pl.col("time") > start, pl.col("time") <= end).sample(
            fraction=0.02, seed=start.month
        )
        bureau.send(again.with_columns(pl.col("pm25") + 1, pl.col("co") * 2))
        if start.month % 3 == 0:
            undo(workspace, who="王五", note="整批撤销", transaction=whole)
            undo(workspace, who="王五", note="整批撤销", transaction=bureau.done[-1])
            queue.open(workspace, period, "air", who="张三")
            bureau.sit(opened.review, 0.5)
    real = current(workspace.lake)
    assert real.filter(pl.col("state") == "reviewed").height > 300
    assert real.filter(pl.col("state") == "reviewed")["flag"].null_count() > 100
    lake, done = replayed(bureau, tmp_path / "replayed")
    raw = current(Lake(tmp_path / "replayed"))
    assert done.transactions > 40
    assert raw.equals(real)
    assert not replayed_raw(bureau, tmp_path / "raw").equals(real)
    again = replay(workspace.ledger, lake)
    assert again == done
    assert current(lake).equals(real)


def replayed_raw(bureau, folder):
    """Current rows of a lake that no review has touched."""
    lake = Lake(folder)
    for number, frame in enumerate(bureau.sent, 1):
        lake.store(frame, source=f"第{number}次")
    return current(lake)


def test_a_replay_can_stop_at_a_moment(workspace, tmp_path):
    fill(workspace)
    bureau = Bureau(workspace, 1, None)
    bureau.sent = [hours()]
    queue.open(workspace, "2026-10", "air", who="张三")
    with workspace.ledger.read() as session:
        items = session.scalars(
            select(models.ReviewItem.id).where(models.ReviewItem.origin == "sampled")
        ).all()
    for who, stage in SEATS:
        decide(workspace, [Choice(items[0], "keep")], who=who, stage=stage)
    moment = datetime.now(UTC)
    before = current(workspace.lake)
    for who, stage in SEATS:
        decide(workspace, [Choice(items[1], "keep")], who=who, stage=stage)
    lake = Lake(tmp_path / "then")
    lake.store(hours(), source="小时值.csv")
    assert replay(workspace.ledger, lake, until=moment).decisions == 1
    assert current(lake).equals(before)
    assert replay(workspace.ledger, lake).decisions == 2
    assert current(lake).equals(current(workspace.lake))

"""The five labelled plans: what `commitments` finds against the labels, by the scorer beside them.

gz2035 and gz145 were held out: no rule was written for them, and nobody looked at what was missed.
"""

import json
import subprocess
import sys

import pytest

from shanshui.plan.commitments import commitments
from shanshui.plan.reading import read

DOCUMENTS = ("regions", "gba", "qingyuan", "gz2035", "gz145")
HELD_OUT = ("gz2035", "gz145")
ASKED = {"quantified": 0.95, "exact": 0.90, "deferred": 0.90, "milestone": 0.70}


@pytest.fixture(scope="module")
def scores(shared, tmp_path_factory):
    """Give hits, predictions and labels of each document and kind."""
    plans = shared / "plans"
    if not plans.is_dir():
        pytest.skip("no labelled plans in the shared folder")
    folder = tmp_path_factory.mktemp("plans")
    out = {}
    for name in DOCUMENTS:
        text = plans / "texts" / f"{name}.txt"
        found = [json.dumps(one.as_dict(), ensure_ascii=False) for one in commitments(read(text))]
        predicted = folder / f"{name}.jsonl"
        predicted.write_text("\n".join(found), encoding="utf-8")
        gold = plans / "gold" / f"{name}.jsonl"
        command = [sys.executable, plans / "score.py", gold, predicted, text]
        ran = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")
        out[name] = json.loads(ran.stdout.splitlines()[0])
    return out


def together(scores, kind, names=DOCUMENTS):
    """Give the F1 of documents together: 2 · hits / (labels + predictions)."""
    hits, gold, pred = (sum(scores[n][kind][k] for n in names) for k in ("hit", "gold", "pred"))
    return 2 * hits / (gold + pred) if gold + pred else 1.0


@pytest.mark.parametrize("kind", ASKED)
def test_the_labelled_plans_are_read_as_well_as_asked(scores, kind, capsys):
    with capsys.disabled():
        each = "  ".join(f"{name} {scores[name][kind]['F1']:.3f}" for name in DOCUMENTS)
        print(f"\n{kind}: together {together(scores, kind):.3f}  {each}")
    assert together(scores, kind) >= ASKED[kind]


def test_plans_that_no_rule_was_written_for(scores):
    # Reached without looking: quantified 0.89, milestones 0.85; the lines leave room for a label or
    # two. Hidden plans are expected at 0.85.
    assert together(scores, "quantified", HELD_OUT) >= 0.84
    assert together(scores, "milestone", HELD_OUT) >= 0.80

"""The measured table of common habits is what its script measures."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_page_has_the_figures_that_the_script_measures(capsys):
    spec = importlib.util.spec_from_file_location("habits", ROOT / "docs" / "scripts" / "habits.py")
    habits = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(habits)
    habits.main()
    out = capsys.readouterr().out
    measured = [line for line in out.splitlines() if line.startswith("|") and "---" not in line]
    page = (ROOT / "docs" / "air" / "differences.md").read_text(encoding="utf-8").splitlines()
    rule = "| single indices rounded, half even (the rule)"
    assert [line for line in measured if line.startswith(rule)] == [
        f"{rule} | monthly composite | 0 (0.0\u00a0%) | 406 | 42 of 42 published rows right |"
    ]
    shown = [line for line in measured if not line.startswith(rule)]
    assert len(shown) > 20
    assert [line for line in shown if not any(row.startswith(line) for row in page)] == []
    assert "888 city days" in " ".join(page)
    assert out.startswith("1,036 city days, 888 with all six items")

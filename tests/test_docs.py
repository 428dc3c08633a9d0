"""The examples of the README and of the documentation run and print what they say."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
# A block of Python and, where one follows at once, the text that it prints.
EXAMPLE = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)


def examples():
    for page in PAGES:
        found = EXAMPLE.findall(page.read_text(encoding="utf-8"))
        if found:
            yield pytest.param(found, id=page.relative_to(ROOT).as_posix())


@pytest.mark.parametrize("blocks", list(examples()))
def test_examples_run(blocks, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {}
    for code, printed in blocks:
        exec(compile(code, "<example>", "exec"), names)
        out = capsys.readouterr().out
        if printed:
            assert out.rstrip() == printed.rstrip()

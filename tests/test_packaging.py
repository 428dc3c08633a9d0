"""The package installs little, imports fast, and its locks are what they claim to be."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import shanshui

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def run(code):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    return done.stdout.split()


def pins(lock):
    return set(re.findall(r"^([\w.-]+==[^\s;]+)", lock.read_text(encoding="utf-8"), re.MULTILINE))


def test_version_is_stated_once():
    assert shanshui.__version__ == PROJECT["version"]


def test_base_install_is_narwhals_and_polars():
    assert {re.match(r"[\w-]+", need)[0] for need in PROJECT["dependencies"]} == {
        "narwhals",
        "polars",
    }


def test_import_is_fast_and_loads_no_engine():
    code = (
        "import sys, time; start = time.perf_counter(); import shanshui; "
        "print(time.perf_counter() - start, 'polars' in sys.modules)"
    )
    results = [run(code) for _ in range(3)]
    assert min(float(seconds) for seconds, _ in results) < 0.3
    assert {loaded for _, loaded in results} == {"False"}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda p: p.name)
def test_lock_has_hashes_and_no_addresses(lock):
    text = lock.read_text(encoding="utf-8")
    assert not re.search(r"://|^-[ef]|--(extra-)?index|--find-links", text, re.MULTILINE)
    for block in re.split(r"\n(?=\S)", text):
        if re.match(r"[\w.-]+==", block):
            assert "--hash=sha256:" in block, block.splitlines()[0]


def test_what_is_tested_is_what_runs():
    assert pins(ROOT / "requirements" / "run.txt") <= pins(ROOT / "requirements" / "dev.txt")

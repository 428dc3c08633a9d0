"""The offline bundle holds what its target needs, and installs with the network off."""

import base64
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCK = (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8")
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}


def module(name, path):
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / path)
    found = importlib.util.module_from_spec(spec)
    sys.modules[name] = found  # dataclasses look their module up
    spec.loader.exec_module(found)
    return found


bundle = module("bundle_tool", "bundle.py")
offline = module("bundle_offline", "bundle/offline.py")
TARGETS = sorted(bundle.TARGETS.values(), key=lambda target: target.name)


def wheel(folder, name, version="1.0", *, needs=(), extras=(), tag="py3-none-any", python=">=3.8"):
    """Write a wheel that holds nothing but what it says of itself."""
    lines = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", "License: MIT"]
    lines += [f"Requires-Python: {python}"]
    lines += [f"Provides-Extra: {extra}" for extra in extras]
    lines += [f"Requires-Dist: {need}" for need in needs]
    inside = f"{name}-{version}.dist-info"
    files = {
        f"{inside}/METADATA": "\n".join(lines) + "\n",
        f"{inside}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{inside}/licenses/LICENSE": "Do as you like.\n",
    }
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record += f"{path},sha256={digest.decode()},{len(text.encode())}\n"
    files[f"{inside}/RECORD"] = record + f"{inside}/RECORD,,\n"
    with zipfile.ZipFile(folder / f"{name}-{version}-{tag}.whl", "w") as out:
        for path, text in files.items():
            out.writestr(path, text)


# --- what the target needs ---------------------------------------------------------------------


def lines(target, python="3.12"):
    return dict(bundle.wanted(LOCK, bundle.TARGETS[target].markers(python)))


def test_markers_are_judged_for_the_target_and_not_for_this_machine():
    assert "colorama" in lines("windows")
    assert "colorama" not in lines("linux")
    assert {**lines("windows"), "colorama": ""} == {**lines("linux"), "colorama": ""}


def test_python_chooses_among_locked_versions():
    old, new = lines("linux", "3.11")["numpy"], lines("linux", "3.12")["numpy"]
    assert old.split()[0] != new.split()[0]
    assert all(line.split()[0].startswith("numpy==") for line in (old, new))


def test_every_locked_package_is_asked_for_somewhere_and_every_line_has_hashes():
    locked = {n.lower().replace("_", "-") for n in re.findall(r"^([\w.-]+)==", LOCK, re.MULTILINE)}
    found = {t.name: lines(t.name) for t in TARGETS}
    assert set().union(*found.values()) == locked
    for line in (line for each in found.values() for line in each.values()):
        assert re.fullmatch(r"[\w.-]+==[\w.]+( --hash=sha256:[0-9a-f]{64})+", line)


def test_what_the_wheels_ask_of_each_other_must_be_there(tmp_path):
    windows, linux = bundle.TARGETS["windows"], bundle.TARGETS["linux"]
    needs = ["a>=1", 'b; extra == "platform"', 'c; extra == "spark"']
    wheel(tmp_path, "shanshui", needs=needs, extras=["platform", "spark"])
    wheel(tmp_path, "a", needs=["d[fast]"])
    wheel(tmp_path, "b", needs=['e; sys_platform == "win32"'])
    wheel(tmp_path, "d", needs=['f; extra == "fast"', 'g; extra == "slow"'], extras=["fast"])
    wheel(tmp_path, "f")
    assert bundle.unmet(tmp_path, linux, "3.12") == []
    assert [need.split(";")[0] for need in bundle.unmet(tmp_path, windows, "3.12")] == ["e"]
    wheel(tmp_path, "e", python=">=3.13")
    assert bundle.unmet(tmp_path, windows, "3.12") == ["e (Python >=3.13)"]
    (tmp_path / "a-1.0-py3-none-any.whl").unlink()
    wheel(tmp_path, "a", "0.9")
    assert bundle.unmet(tmp_path, linux, "3.12") == ["a>=1"]


def test_least_system_is_that_of_the_most_demanding_wheel(tmp_path):
    linux = bundle.TARGETS["linux"]
    wheel(tmp_path, "a", tag="cp312-cp312-manylinux2014_x86_64")
    assert bundle.system_needed(tmp_path, linux) == ["glibc", "2.17"]
    both = "cp312-cp312-manylinux_2_27_x86_64.manylinux_2_28_x86_64"
    wheel(tmp_path, "b", tag=both)
    assert bundle.system_needed(tmp_path, linux) == ["glibc", "2.27"]


# --- what the archive holds --------------------------------------------------------------------


def made(tmp_path, target, python="3.12"):
    folder = tmp_path / "made"
    (folder / "wheels").mkdir(parents=True)
    wheel(folder / "wheels", "shanshui")
    wheel(folder / "wheels", "a")
    bundle.describe(folder, target, python, "1.0", "Apache-2.0")
    return folder


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_files_beside_the_wheels(tmp_path, target):
    folder = made(tmp_path, target)
    names = {path.name for path in folder.iterdir()}
    starts = {"install.bat", "check.bat"} if target.windows else {"install.sh", "check.sh"}
    texts = {"README.txt", "LICENSES.txt", "python-needed.txt", "requirements.txt"}
    assert names == starts | texts | {"wheels", "bundle.json", "offline.py", "SHA256SUMS"}
    for name in names - {"wheels"}:
        text = (folder / name).read_bytes().decode("utf-8")
        assert not re.search(r"@[A-Z_]+@", text), f"{name} has a mark that nothing filled"
        assert "://" not in text, f"{name} names an address"
    for name in starts:
        script = (folder / name).read_bytes()
        assert (b"\r\n" in script) == target.windows
        # cmd reads a script by bytes under whatever code page: nothing but ASCII, all lines CRLF.
        script.decode("ascii")
        assert not target.windows or script.count(b"\n") == script.count(b"\r\n")
        if not target.windows:
            subprocess.run(["sh", "-n", folder / name], check=True)
    pins = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [pin.split("==")[0] for pin in pins] == ["a", "shanshui"]
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}$", pin) for pin in pins)
    licences = (folder / "LICENSES.txt").read_text(encoding="utf-8")
    assert "a 1.0\n  MIT\n  a-1.0.dist-info/licenses/LICENSE" in licences.replace("\r\n", "\n")
    assert "shanshui 1.0\n  Apache-2.0" in licences.replace("\r\n", "\n")


def test_batch_file_labels_are_all_there(tmp_path):
    script = (made(tmp_path, bundle.TARGETS["windows"]) / "install.bat").read_text("ascii")
    called = set(re.findall(r"(?:goto|call) :?(\w+)", script)) - {"eof"}
    assert called == set(re.findall(r"^:(\w+)", script, re.MULTILINE))
    assert "powershell" not in script.lower().replace("no powershell", "")
    assert "call :try py -3.12" in script
    # A python.bat ends the script that runs it without `call`.
    assert len(re.findall(r"^call %(?:\*|FOUND%) -", script, re.MULTILINE)) == 2
    assert "chcp 65001" in script


def test_archive_depends_on_names_and_contents_alone(tmp_path):
    archives = []
    for time in (1_000_000_000, 1_700_000_000):
        folder = tmp_path / str(time) / "made"
        (folder / "wheels").mkdir(parents=True)
        for name in ("b.txt", "install.sh", "wheels/a.whl"):
            (folder / name).write_text(name, encoding="utf-8")
            os.utime(folder / name, (time, time))
        bundle.pack(folder, folder.parent / "made.zip")
        archives.append((folder.parent / "made.zip").read_bytes())
    assert archives[0] == archives[1]
    with zipfile.ZipFile(tmp_path / "1000000000" / "made.zip") as files:
        assert files.namelist() == ["made/b.txt", "made/install.sh", "made/wheels/a.whl"]
        assert files.getinfo("made/install.sh").external_attr >> 16 & 0o111


def test_the_projects_wheel_is_the_same_every_time(tmp_path):
    found = []
    for name in ("one", "two"):
        bundle.build(tmp_path / name)
        (built,) = (tmp_path / name).glob("*.whl")
        found.append((built.name, hashlib.sha256(built.read_bytes()).hexdigest()))
    assert found[0] == found[1]


# --- what runs on the spot ---------------------------------------------------------------------


@pytest.fixture
def unpacked(tmp_path, monkeypatch):
    target = bundle.this_machine()
    folder = made(tmp_path, target, ".".join(map(str, sys.version_info[:2])))
    monkeypatch.setattr(offline, "HERE", folder)
    return folder


def test_a_damaged_or_missing_file_is_named(unpacked):
    offline.check_sums()
    (unpacked / "wheels" / "a-1.0-py3-none-any.whl").write_bytes(b"cut off")
    with pytest.raises(offline.StopError, match=r"已损坏.*a-1\.0-py3-none-any\.whl"):
        offline.check_sums()
    (unpacked / "offline.py").unlink()
    with pytest.raises(offline.StopError, match=r"缺少文件.*offline\.py"):
        offline.check_sums()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("python", "3.99", r"Python 3\.99"),
        ("machine", "win-amd64", "win-amd64"),
        ("system", ["glibc", "9.99"], r"glibc 9\.99"),
    ],
)
def test_another_machine_is_refused_in_words(unpacked, tmp_path, key, value, said):
    about = json.loads((unpacked / "bundle.json").read_text(encoding="utf-8"))
    offline.check_machine(about)
    with pytest.raises(offline.StopError, match=said):
        offline.check_machine(about | {key: value})
    assert not (tmp_path / "place").exists()


@pytest.mark.usefixtures("unpacked")
def test_a_folder_of_someone_else_is_left_alone(tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    (place / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(offline.StopError, match="别的内容"):
        offline.install(place)
    assert [path.name for path in place.iterdir()] == ["mine.txt"]


def test_installing_again_makes_the_environment_anew_and_keeps_what_is_the_users(
    unpacked, tmp_path, monkeypatch
):
    made_in = []
    monkeypatch.setattr(offline.venv, "create", lambda folder, **_: made_in.append(folder))
    monkeypatch.setattr(
        offline.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0)
    )
    place = tmp_path / "place"
    offline.install(place)
    (place / "bin").mkdir()
    (place / "bin" / "old").write_text("old", encoding="utf-8")
    (place / "report.html").write_text("mine", encoding="utf-8")
    offline.install(place)
    assert made_in == [place, place]
    assert sorted(path.name for path in place.iterdir()) == ["report.html", offline.MARK]
    assert unpacked.is_dir()


def test_start_script_says_which_python_is_needed(tmp_path, require):
    folder = made(tmp_path, bundle.TARGETS["linux"], "3.99")
    shell, empty = require("sh"), tmp_path / "empty"
    empty.mkdir()
    for tool in ("dirname", "cat"):
        (empty / tool).symlink_to(shutil.which(tool))
    done = subprocess.run(
        [shell, folder / "install.sh"],
        env={"PATH": str(empty)},
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 1
    assert "请先安装 Python 3.99" in done.stderr


def test_bundle_for_this_machine_installs_with_the_network_off(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "bundle.py", "--out", tmp_path, "--check"],
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    if done.returncode == bundle.NO_INDEX and not IN_CI:
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search("断网安装（unshare|断网安装（PIP_NO_INDEX", done.stdout)
    assert "report.html" in done.stdout
    assert "全部正常" in done.stdout
    (archive,) = tmp_path.glob("*.zip")
    with zipfile.ZipFile(archive) as files:
        names = files.namelist()
        sums = files.read(f"{archive.stem}/SHA256SUMS").decode("utf-8").splitlines()
        pins = files.read(f"{archive.stem}/requirements.txt").decode("utf-8").splitlines()
    assert {line.split("  ", 1)[1] for line in sums} | {"SHA256SUMS"} == {
        name.split("/", 1)[1] for name in names
    }
    archive.unlink()  # pytest keeps the folders of three runs
    assert len(pins) == sum(name.endswith(".whl") for name in names)

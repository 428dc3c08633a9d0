"""Make one archive that installs Shanshui on machines with no internet.

    python tools/bundle.py                                   # for this machine
    python tools/bundle.py --platform windows --python 3.12  # for Windows x64, from anywhere
    python tools/bundle.py --check                           # and install it with the network off

The wheels are those of requirements/run.txt, by their hashes. pip would evaluate the markers of a
requirement (``sys_platform == 'win32'``) for the machine that downloads, so they are evaluated here
for the target, and pip is given plain lines. The same wheels give the same bytes of the archive.
"""

from __future__ import annotations

import argparse
import contextlib
import email
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).resolve().parents[1]
PARTS = ROOT / "tools" / "bundle"
EXTRAS = ("analysis", "pandas", "platform")  # those that run.txt locks, see `make lock`
NO_INDEX = 3  # exit code: the wheels could not be had
GLIBC = range(28, 4, -1)  # 2.28: RHEL 8, Debian 10, Kylin V10, UOS 20 and later


@dataclass(frozen=True)
class Target:
    """A platform to make a bundle for: what it says of itself, and which wheels run there."""

    name: str
    title: str
    machine: str  # as tools/bundle/offline.py finds it on the spot
    tags: tuple[str, ...]
    os_name: str
    sys_platform: str
    platform_system: str
    platform_machine: str

    @property
    def windows(self) -> bool:
        return self.os_name == "nt"

    def markers(self, python: str, extra: str = "") -> dict[str, str]:
        """Return what a marker is evaluated against (PEP 508)."""
        return {
            "os_name": self.os_name,
            "sys_platform": self.sys_platform,
            "platform_system": self.platform_system,
            "platform_machine": self.platform_machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_version": "",
            "implementation_name": "cpython",
            "implementation_version": f"{python}.0",
            "python_version": python,
            "python_full_version": f"{python}.0",
            "extra": extra,
        }


def _linux(name: str, machine: str) -> Target:
    tags = [f"manylinux_2_{n}_{machine}" for n in GLIBC] + [f"manylinux2014_{machine}"]
    title = f"Linux {machine}"
    return Target(name, title, f"linux-{machine}", tuple(tags), "posix", "linux", "Linux", machine)


TARGETS = {
    target.name: target
    for target in (
        _linux("linux", "x86_64"),
        _linux("linux-arm64", "aarch64"),
        Target(
            "windows", "Windows x64", "win-amd64", ("win_amd64",), "nt", "win32", "Windows", "AMD64"
        ),
        Target(
            "macos",
            "macOS arm64",
            "darwin-arm64",
            ("macosx_12_0_arm64",),
            "posix",
            "darwin",
            "Darwin",
            "arm64",
        ),
    )
}


def main() -> int:
    here = ".".join(map(str, sys.version_info[:2]))
    parser = argparse.ArgumentParser(
        description="制作离线安装包 / make an archive that installs with no internet"
    )
    parser.add_argument(
        "--platform",
        choices=sorted(TARGETS),
        help="目标平台，默认本机 / the target, by default this machine",
    )
    parser.add_argument(
        "--python",
        default=here,
        metavar="X.Y",
        help=f"目标机上的 Python，默认 {here} / the Python there",
    )
    parser.add_argument(
        "--out", type=Path, default=ROOT / "dist", help="放到哪个文件夹 / folder, by default dist"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="做好后断网安装一遍；别的平台或没有的 Python 只核对依赖 / then install it with the "
        "network off (for another platform, or a Python that is not here: see that all resolves)",
    )
    asked = parser.parse_args()
    if not re.fullmatch(r"3\.\d+", asked.python):
        parser.error("--python 应写作 3.12 / write it as 3.12")
    try:
        target = TARGETS[asked.platform] if asked.platform else this_machine()
        archive = make(target, asked.python, asked.out)
        if asked.check:
            check(archive, target, asked.python)
    except FetchError as error:
        print(f"\n{error}", file=sys.stderr)
        return NO_INDEX
    except BundleError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


class BundleError(Exception):
    """The bundle cannot be made, or does not pass its check."""


class FetchError(BundleError):
    """The wheels could not be had."""


def say(chinese: str, english: str) -> None:
    print(f"{chinese}  {english}", flush=True)


def this_machine() -> Target:
    import platform
    import sysconfig

    here = sysconfig.get_platform() if os.name == "nt" else f"{sys.platform}-{platform.machine()}"
    for target in TARGETS.values():
        if target.machine == here.lower():
            return target
    raise BundleError(
        f"没有为本机（{here}）准备，请用 --platform 指明 / not for {here}: name a --platform"
    )


# --- making it ---------------------------------------------------------------------------------


def make(target: Target, python: str, out: Path) -> Path:
    """Write the archive and return its path."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = project["version"]
    name = f"shanshui-{version}-offline-{target.name}-py{python.replace('.', '')}"
    locked = (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8")
    lines = [line for _, line in wanted(locked, target.markers(python))]
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / name
        wheels = folder / "wheels"
        wheels.mkdir(parents=True)
        say(f"[1/4] 下载 {len(lines)} 个依赖：{target.title}，Python {python}", "downloading")
        download(lines, target, python, wheels, Path(scratch))
        say("[2/4] 制作山水的安装包", "building the project's wheel")
        build(wheels)
        say("[3/4] 核对依赖", "checking the dependencies")
        missing = unmet(wheels, target, python)
        if missing:
            raise BundleError(f"缺少依赖 / not in the bundle: {', '.join(missing)}")
        describe(folder, target, python, version, project["license"])
        say("[4/4] 打包", "packing")
        archive = out / f"{name}.zip"
        pack(folder, archive)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    print(f"{archive}\n{archive.stat().st_size / 1e6:,.0f} MB  SHA-256 {digest}")
    return archive


def wanted(locked: str, markers: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the name and the line, with its hashes, of each requirement that the target needs."""
    for block in re.split(r"\n(?=\S)", locked):
        found = re.match(r"([\w.-]+)==[^\s;]+", block)
        if not found:
            continue
        marker = re.search(r" ; (.*?) \\\n", block)
        if marker is None or Marker(marker[1]).evaluate(markers):
            yield canonicalize_name(found[1]), " ".join([found[0], *_hashes(block)])


def _hashes(block: str) -> list[str]:
    return re.findall(r"--hash=sha256:[0-9a-f]{64}", block)


def download(
    lines: Sequence[str], target: Target, python: str, wheels: Path, scratch: Path
) -> None:
    """Let pip fetch the wheels of the target; it checks the hashes."""
    wish = scratch / "wanted.txt"
    wish.write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [*pip(scratch), "download", "--no-deps", "--require-hashes", "--dest", str(wheels)]
    command += [*only_for(target, python), "--progress-bar", "off", "-r", str(wish)]
    environment = dict(os.environ)
    if "UV_DEFAULT_INDEX" in environment:  # a mirror named for uv, which made the environment
        environment.setdefault("PIP_INDEX_URL", environment["UV_DEFAULT_INDEX"])
    done, shown = 0, sys.stderr.isatty()
    said: list[str] = []
    with subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Collecting "):
                done += 1
                if shown:
                    print(
                        f"\r\033[K  {done}/{len(lines)} {line.split()[1]}", end="", file=sys.stderr
                    )
            elif line.startswith("ERROR"):
                said.append(line.strip())
    if shown:
        print("\r\033[K", end="", file=sys.stderr)
    if process.returncode:
        raise FetchError(
            "依赖没有下载成功：软件源连不上，或没有该平台的安装包 / not downloaded: the package "
            "index cannot be reached, or has no wheel for that platform\n" + "\n".join(said[-3:])
        )


def only_for(target: Target, python: str) -> list[str]:
    platforms = [part for tag in target.tags for part in ("--platform", tag)]
    return ["--only-binary=:all:", "--implementation=cp", f"--python-version={python}", *platforms]


def pip(scratch: Path) -> list[str]:
    """Return a pip: that of the Python below, or one of our own (uv's environments have none)."""
    below = getattr(sys, "_base_executable", sys.executable)
    arguments = ["-m", "pip", "--disable-pip-version-check"]
    there = subprocess.run([below, "-c", "import pip"], capture_output=True, check=False)
    if there.returncode == 0:
        return [below, *arguments]
    home = scratch / "pip"
    venv.create(home, with_pip=True, symlinks=os.name != "nt")
    return [str(home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")), *arguments]


def build(wheels: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    # Fixed times: the wheel's bytes depend on its files alone.
    environment = os.environ | {"SOURCE_DATE_EPOCH": "315532800"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BundleError(f"山水的安装包没有做成 / the wheel was not built:\n{done.stderr}")


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as files:
        name = next(n for n in files.namelist() if n.endswith(".dist-info/METADATA"))
        return email.message_from_string(files.read(name).decode("utf-8"))


def unmet(wheels: Path, target: Target, python: str) -> list[str]:
    """Name what the wheels ask of each other, on the target, and the folder does not hold."""
    found = {parse_wheel_filename(w.name)[0]: w for w in wheels.glob("*.whl")}
    missing: set[str] = set()
    ahead = [Requirement(f"shanshui[{','.join(EXTRAS)}]")]
    seen: set[tuple[str, str]] = set()
    while ahead:
        need = ahead.pop()
        name = canonicalize_name(need.name)
        if name not in found or parse_wheel_filename(found[name].name)[1] not in need.specifier:
            missing.add(str(need))
            continue
        about = metadata(found[name])
        if f"{python}.0" not in SpecifierSet(about["Requires-Python"] or ""):
            missing.add(f"{name} (Python {about['Requires-Python']})")
        for extra in {"", *need.extras} - {e for n, e in seen if n == name}:
            seen.add((name, extra))
            asks = map(Requirement, about.get_all("Requires-Dist", []))
            markers = target.markers(python, extra)
            ahead += [r for r in asks if r.marker is None or r.marker.evaluate(markers)]
    return sorted(missing)


def system_needed(wheels: Path, target: Target) -> list[str]:
    """Return the least system on which every wheel runs: ``["glibc", "2.28"]``."""
    kind = {"linux": "glibc", "darwin": "macOS"}.get(target.sys_platform, "Windows")
    least = (10, 0) if target.windows else (0, 0)
    pattern = re.compile(r"manylinux_(\d+)_(\d+)_|macosx_(\d+)_(\d+)_")
    for wheel in wheels.glob("*.whl"):
        tags = [tag.platform for tag in parse_wheel_filename(wheel.name)[3]]
        tags = [re.sub("^manylinux2014", "manylinux_2_17", tag) for tag in tags]
        versions = [tuple(int(n) for n in m.groups() if n) for m in map(pattern.match, tags) if m]
        least = max(least, min(versions, default=least))
    return [kind, ".".join(map(str, least))]


def describe(folder: Path, target: Target, python: str, version: str, licence: str) -> None:
    """Write everything that stands beside the wheels."""
    wheels = sorted((folder / "wheels").glob("*.whl"))
    pins = []
    for wheel in wheels:
        name, of, *_ = parse_wheel_filename(wheel.name)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        pins.append(f"{name}=={of} --hash=sha256:{digest}")
    kind, least = system_needed(folder / "wheels", target)
    about = {
        "archive": folder.name,
        "version": version,
        "python": python,
        "machine": target.machine,
        "system": [kind, least],
    }
    batch, ending = (".bat", "\r\n") if target.windows else (".sh", "\n")
    start = (lambda c: f"{c}.bat") if target.windows else (lambda c: f"sh {c}.sh")
    words = {
        "VERSION": version,
        "TITLE": target.title,
        "PYTHON": python,
        "PYTHON_LIST": python.replace(".", ", "),
        "COUNT": str(len(wheels) - 1),
        "SYSTEM_ZH": "" if target.windows else f"，{kind} {least} 以上",
        "SYSTEM_EN": "" if target.windows else f" and {kind} {least} or later",
        "INSTALL": start("install"),
        "CHECK": start("check"),
        "RUN": r'"%USERPROFILE%\shanshui\Scripts\shanshui"'
        if target.windows
        else "~/shanshui/bin/shanshui",
    }

    def write(name: str, text: str, ending: str = ending) -> None:
        (folder / name).write_bytes(text.replace("\n", ending).encode("utf-8"))

    def filled(part: str, **more: str) -> str:
        text = (PARTS / part).read_text(encoding="utf-8")
        return re.sub(r"@([A-Z_]+)@", lambda m: (words | more)[m[1]], text)

    write("bundle.json", json.dumps(about, indent=2) + "\n", "\n")
    write("requirements.txt", "\n".join(pins) + "\n", "\n")
    write("LICENSES.txt", licences(wheels, licence))
    # Older Notepads know UTF-8 by its mark.
    write("README.txt", "\ufeff" * target.windows + filled("README.txt"))
    write("python-needed.txt", filled("python-needed.txt"))
    write("offline.py", (PARTS / "offline.py").read_text(encoding="utf-8"), "\n")
    for command in ("install", "check"):
        write(f"{command}{batch}", filled(f"start{batch}", COMMAND=command))
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    write("SHA256SUMS", "\n".join(sums) + "\n", "\n")


def licences(wheels: Sequence[Path], own: str) -> str:
    """List name, version, licence and the licence's text within the wheel."""
    head = (
        "包内各软件的许可证；全文在各 wheel 文件（zip 格式）里的所列位置。\n"
        "The licences of what is inside; the texts are in the wheels (zip files), where listed.\n"
    )
    blocks = [head]
    for wheel in wheels:
        about = metadata(wheel)
        name = about["Name"]
        with zipfile.ZipFile(wheel) as files:
            texts = sorted(
                n
                for n in files.namelist()
                if ".dist-info/" in n
                and re.search(r"(?i)licen[cs]e|copying|notice|authors", n.split("/", 1)[1])
            )
        said = own if name == "shanshui" else licence_of(about)
        lines = [f"{name} {about['Version']}", f"  {said}", *(f"  {text}" for text in texts)]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def licence_of(about: Message) -> str:
    """Return the licence as the package states it: expression, classifiers or a short text."""
    if about["License-Expression"]:
        return str(about["License-Expression"])
    said = [c for c in about.get_all("Classifier", []) if c.startswith("License ::")]
    if said:
        return "; ".join(c.rpartition(" :: ")[2] for c in said)
    text = str(about["License"] or "").strip()
    first = text.splitlines()[0] if text else ""
    return first or "见许可证文件 / see the licence file"


def pack(folder: Path, archive: Path) -> None:
    """Write the folder as a zip whose bytes depend on names and contents alone."""
    part = archive.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as files:  # wheels are compressed already
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            name = path.relative_to(folder.parent).as_posix()
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = (0o100755 if path.suffix == ".sh" else 0o100644) << 16
            files.writestr(entry, path.read_bytes())
    part.replace(archive)


# --- checking it -------------------------------------------------------------------------------


def check(archive: Path, target: Target, python: str) -> None:
    """Install the archive with the network off and run it; for another platform, resolve it."""
    # A path as people have them: Chinese, with a space.
    with tempfile.TemporaryDirectory(prefix="离线 安装 ") as scratch:
        with zipfile.ZipFile(archive) as files:
            files.extractall(scratch)
        folder = Path(scratch) / archive.stem
        own = ".".join(map(str, sys.version_info[:2]))
        found = sys.executable if python == own else shutil.which(f"python{python}")
        if found and target == this_machine():
            _install(folder, Path(scratch) / "山水 shanshui", found)
        else:
            _resolve(folder, target, python, Path(scratch))


def _install(folder: Path, place: Path, python: str) -> None:
    prefix, how = cut_off()
    say(f"断网安装（{how}）", "installing with the network off")
    environment = os.environ | {"PYTHON": python}
    if not prefix:
        environment |= {"PIP_NO_INDEX": "1", "no_proxy": "", "NO_PROXY": ""}
        nowhere = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        environment |= dict.fromkeys(nowhere, "http://127.0.0.1:9")
    for command in ("install", "check"):
        start = (
            ["cmd", "/c", str(folder / f"{command}.bat")]
            if os.name == "nt"
            else ["sh", str(folder / f"{command}.sh")]
        )
        if subprocess.run([*prefix, *start, str(place)], env=environment, check=False).returncode:
            raise BundleError(f"{command} 没有成功 / failed")


def cut_off() -> tuple[list[str], str]:
    """Return how to run a program with no network, and the name of the way."""
    alone = "import socket, sys; sys.exit(any(n != 'lo' for _, n in socket.if_nameindex()))"
    for prefix in (["unshare", "-n"], ["unshare", "-rn"]):
        if shutil.which(prefix[0]):
            with contextlib.suppress(OSError):
                done = subprocess.run(
                    [*prefix, sys.executable, "-c", alone], capture_output=True, check=False
                )
                if done.returncode == 0:
                    return prefix, " ".join(prefix)
    return [], "PIP_NO_INDEX=1, proxy 127.0.0.1:9"


def _resolve(folder: Path, target: Target, python: str, scratch: Path) -> None:
    say("按目标平台核对（不安装）", "resolving for the target, without installing")
    command = [*pip(scratch), "install", "--dry-run", "--quiet", "--no-index", "--require-hashes"]
    command += ["--find-links", str(folder / "wheels"), "--target", str(scratch / "none")]
    command += [*only_for(target, python), "-r", str(folder / "requirements.txt")]
    command.append("--ignore-requires-python")  # it means the Python that runs pip: see `unmet`
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")}
    environment["PIP_CONFIG_FILE"] = os.devnull
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BundleError(f"不能从包内安装 / does not resolve from the folder:\n{done.stderr}")
    missing = unmet(folder / "wheels", target, python)
    if missing:
        raise BundleError(f"缺少依赖 / not in the bundle: {', '.join(missing)}")
    say("全部依赖都在包内。", "Every dependency is in the bundle.")


if __name__ == "__main__":
    sys.exit(main())

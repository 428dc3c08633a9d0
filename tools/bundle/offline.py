"""Install Shanshui from this folder, and check it, with no internet.

python offline.py install [folder]     python offline.py check [folder]

The start scripts beside it find the right Python; nothing but Python's own library is used.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
MARK = "shanshui-offline.txt"  # in a folder that this program made, and may make anew
OWN = ("bin", "include", "lib", "lib64", "share", "Scripts", "pyvenv.cfg")  # of an environment


class StopError(Exception):
    """Something that the user can put right."""


def main():
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")
    parser = argparse.ArgumentParser(description="离线安装与核对 / install and check offline")
    parser.add_argument("command", choices=["install", "check"])
    parser.add_argument("folder", nargs="?", type=Path, default=Path.home() / "shanshui")
    asked = parser.parse_args()
    command = {"install": install, "check": check}[asked.command]
    try:
        command(asked.folder.expanduser().resolve())
    except (StopError, OSError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def say(chinese, english):
    print(f"{chinese}  {english}", flush=True)


def install(folder):
    about = json.loads((HERE / "bundle.json").read_text(encoding="utf-8"))
    check_machine(about)
    check_sums()
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise StopError(
            f"文件夹已有别的内容，请换一个：{folder}\nthe folder holds something else: {folder}"
        )
    say(f"[2/3] 建立环境 {folder}", "making the environment")
    folder.mkdir(parents=True, exist_ok=True)
    for name in OWN:  # and nothing that a person may have put there
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    (folder / MARK).write_text(about["archive"] + "\n", encoding="utf-8")
    try:
        venv.create(folder, with_pip=True, symlinks=os.name != "nt")
    except subprocess.CalledProcessError:
        raise StopError(
            "这个 Python 没有 venv 或 ensurepip（Debian、Ubuntu、UOS 等请安装 python3-venv）\n"
            "this Python lacks venv or ensurepip (Debian and its kin: install python3-venv)"
        ) from None
    say("[3/3] 安装", "installing")
    command = [python_of(folder), "-m", "pip", "install", "--quiet", "--no-index"]
    # What is run is compiled then, and kept: `check` runs most of it. All of it takes much longer.
    command += ["--no-compile", "--no-cache-dir", "--disable-pip-version-check", "--require-hashes"]
    command += ["--find-links", HERE / "wheels", "-r", HERE / "requirements.txt"]
    if subprocess.run(list(map(str, command)), env=quiet_environment(), check=False).returncode:
        raise StopError("安装没有完成，原因见上 / not installed, see above")
    say(f"\n完成。程序：{program(folder)}", "done")
    say(f"试运行：{quoted(program(folder))} demo", "try it")


def check(folder):
    about = json.loads((HERE / "bundle.json").read_text(encoding="utf-8"))
    check_sums()
    if not program(folder).exists():
        raise StopError(f"没有安装在这里：{folder}\nnot installed here: {folder}")
    say("[2/3] 依赖是否齐全", "dependencies")
    run(folder, [python_of(folder), "-m", "pip", "--disable-pip-version-check", "check"])
    say("[3/3] 运行", "running")
    version = run(folder, [program(folder), "--version"])
    if about["version"] not in version:
        raise StopError(f"版本不符 / another version: {version}")
    print("  " + version.strip())
    rows = json.loads(run(folder, [program(folder), "air", "limits", "--json"]))
    if not any(row["item"] == "pm25" for row in rows):
        raise StopError("限值表不对 / the table of limits is wrong")
    say(f"  air limits：{len(rows)} 行", "rows")
    with tempfile.TemporaryDirectory() as scratch:
        run(folder, [program(folder), "demo", "--output", scratch])
        report = Path(scratch) / "report.html"
        if not report.is_file() or report.stat().st_size < 10_000:
            raise StopError("demo 没有写出报告 / the demonstration wrote no report")
        say(f"  demo：report.html {report.stat().st_size:,} B", "written")
    say("\n全部正常。", "All is well.")


def check_machine(about):
    """Compare this Python and machine with those that the wheels were made for."""
    version = ".".join(map(str, sys.version_info[:2]))
    here = (
        sysconfig.get_platform() if os.name == "nt" else f"{sys.platform}-{platform.machine()}"
    ).lower()
    if version != about["python"] or here != about["machine"] or sys.maxsize < 2**32:
        raise StopError(
            f"此包用于 {about['machine']} 上的 Python {about['python']}，"
            f"这里是 {here} 上的 {version}\n"
            f"this bundle is for Python {about['python']} on {about['machine']}, "
            f"here is {version} on {here}"
        )
    kind, least = about["system"]
    found = {"glibc": platform.libc_ver()[1], "macOS": platform.mac_ver()[0]}.get(kind, "")
    if kind == "glibc" and platform.libc_ver()[0] != "glibc":
        raise StopError("需要 glibc（不支持 musl，如 Alpine）/ needs glibc, not musl (Alpine)")
    if found and numbers(found) < numbers(least):
        raise StopError(f"需要 {kind} {least} 以上，这里是 {found} / needs {kind} {least} or later")


def numbers(text):
    return [int(part) for part in text.split(".")[:2]]


def check_sums():
    say("[1/3] 核对文件", "checking the files")
    for line in (HERE / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, name = line.split("  ", 1)
        path = HERE / name
        if not path.is_file():
            raise StopError(
                f"缺少文件，请重新解压：{name}\na file is missing, unpack again: {name}"
            )
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise StopError(f"文件已损坏，请重新拷贝：{name}\nthe file is damaged: {name}")


def quiet_environment():
    """Leave out what would send pip, or the programs, to another place."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}
    return dict(kept, PIP_CONFIG_FILE=os.devnull, PYTHONUTF8="1")


def python_of(folder):
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def program(folder):
    return folder / ("Scripts/shanshui.exe" if os.name == "nt" else "bin/shanshui")


def quoted(path):
    return f'"{path}"' if " " in str(path) else str(path)


def run(folder, command):
    done = subprocess.run(
        list(map(str, command)),
        cwd=str(folder),
        env=quiet_environment(),
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        shown = " ".join(map(str, command[-3:]))
        raise StopError(f"没有成功 / failed: {shown}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())

"""The command line: ``shanshui …``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

_NEEDED = """\
命令行需要 Typer 和 Rich，请安装：
The command line needs Typer and Rich; install them:

    pip install "shanshui[platform]"
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    Exits with 0, with 1 for a fault of data or files, with 2 for a fault of the command itself.
    ``--debug`` anywhere lets an error out with its traceback.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.
    """
    said = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in said
    try:
        from shanshui.cli.app import app
    except ModuleNotFoundError as error:
        if debug or (error.name or "").partition(".")[0] not in {"typer", "rich"}:
            raise
        sys.stderr.write(_NEEDED)
        raise SystemExit(1) from None
    for stream in (sys.stdout, sys.stderr):
        # A Windows console may lack a character; a question mark is better than a crash.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        app([a for a in said if a != "--debug"], prog_name="shanshui")
    except Exception as error:
        if debug:
            raise
        if isinstance(error, BrokenPipeError):  # the reader of the pipe has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        else:
            from shanshui.cli.output import tell

            tell(error)
        raise SystemExit(1) from None

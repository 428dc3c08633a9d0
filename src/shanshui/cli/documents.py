"""Options of the commands that write a document, and the template that each ships."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from shanshui.cli.options import RESULT, option
from shanshui.cli.output import said
from shanshui.platform.files import write_whole
from shanshui.standards.errors import ShanshuiError

Title = Annotated[str | None, option("--title", "标题", "title", RESULT, metavar="文字")]
Unit = Annotated[
    str | None, option("--unit", "署名单位", "bureau that issues it", RESULT, metavar="文字")
]
Template = Annotated[
    str | None,
    option(
        "--template", "自己的 Word 模板", "a Word template of one's own", RESULT, metavar="文件"
    ),
]


@dataclass(frozen=True)
class Letterhead:
    """What a document says of itself."""

    title: Title = None
    unit: Unit = None
    made: Annotated[
        str | None,
        option("--date", "落款日期， 如 2026-11-20", "day that it bears", RESULT, metavar="日期"),
    ] = None
    template: Template = None


def shipped_template(template: Callable[[], bytes]) -> Any:
    """Make the option that writes the template that is shipped, and ends.

    Parameters
    ----------
    template : callable
        Gives the template; called only where it is asked for.
    """

    def write(path: str | None) -> None:
        if path is None:
            return
        target = Path(path)
        if target.exists():
            raise ShanshuiError(f"已有文件 {path}，不覆盖 / {path} exists and is not replaced")
        write_whole(target, template())
        said("已写 wrote", f"{path}（用 Word 或 WPS 改好后，以 --template 使用）")
        raise typer.Exit

    return option(
        "--write-template",
        "写出自带的 Word 模板， 供修改",
        "write the template that is shipped, to start from",
        RESULT,
        metavar="文件",
        callback=write,
        is_eager=True,
    )

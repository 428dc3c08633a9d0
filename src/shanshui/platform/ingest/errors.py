"""The one error of the readers."""

from __future__ import annotations

from shanshui.standards.errors import ShanshuiError


class ReadError(ShanshuiError):
    """A file cannot be read as a table of monitoring data.

    Parameters
    ----------
    zh, en : str
        What is wrong and what was expected, in Chinese and in English.
    file : str, optional
        The file.
    row : int, optional
        Line of the file (the first is 1).
    column : str, optional
        Name of the column in the file.
    """

    def __init__(
        self,
        zh: str,
        en: str,
        *,
        file: str | None = None,
        row: int | None = None,
        column: str | None = None,
    ) -> None:
        self.file, self.row, self.column = file, row, column
        place_zh = "，".join(
            text
            for text in (
                file or "",
                f"第 {row} 行" if row else "",
                f"“{column}”列" if column else "",
            )
            if text
        )
        place_en = ", ".join(
            text
            for text in (
                file or "",
                f"row {row}" if row else "",
                f'column "{column}"' if column else "",
            )
            if text
        )
        self.zh = f"{place_zh}：{zh}" if place_zh else zh
        self.en = f"{place_en}: {en}" if place_en else en
        super().__init__(f"{self.zh} / {self.en}")

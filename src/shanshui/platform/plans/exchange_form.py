"""The form of the sheets on which a plan is checked and worked: columns, and what cells mean."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from shanshui.platform.plans import work
from shanshui.platform.plans.correcting import ITEM_KINDS
from shanshui.platform.plans.owners import names_of
from shanshui.platform.plans.targets import COMPARATORS, comparator_of, exact
from shanshui.platform.store.models import Base, Commitment, Project, Task
from shanshui.standards.errors import ShanshuiError

Kind = Literal[
    "text", "year", "number", "deadline", "choice", "comparator", "flag", "units", "rate"
]
Part = Literal["read", "item", "owner", "work", "decision"]

VERSION = 1
"""The form of the file that this program writes."""
HIDDEN = "_shanshui"
"""The sheet that carries what was exported."""
HEAD_ROW = 3
"""The row of the heads, counted from one."""
DECISIONS = {"confirm": "确认", "correct": "更正", "reject": "剔除"}
_ALSO = {"修正": "更正", "退回": "剔除"}  # what people write for them
KINDS = {
    kind: ITEM_KINDS[kind] for kind in ("target", "count", "milestone", "deferred", "baseline")
}
_FLAGS = {"是": True, "y": True, "yes": True, "true": True, "1": True, "√": True}
_NO = {"否": False, "n": False, "no": False, "false": False, "0": False, "×": False}
_ESCAPED = re.compile(r"_x00[01][0-9A-Fa-f]_")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_DIGITS = re.compile(r"\d{4}")


@dataclass(frozen=True)
class Column:
    """A column of a sheet.

    Attributes
    ----------
    key : str
        Column of the model, role of a unit, field of a report; ``decision``, ``why``.
    head : str
        What the sheet calls it.
    width : float
        In characters.
    kind : str
        What its cells hold.
    part : str
        ``item`` (the row itself), ``owner``, ``work``, ``decision``; ``read`` is not taken back.
    choices : dict
        Of a choice: codes and what the sheet calls them.
    """

    key: str
    head: str
    width: float
    kind: Kind = "text"
    part: Part = "item"
    choices: Mapping[str, str] = field(default_factory=dict)

    @property
    def editable(self) -> bool:
        """Whether what a person writes there is taken back."""
        return self.part != "read"


def read_only(key: str, head: str, width: float) -> Column:
    """Return a column that is not taken back."""
    return Column(key, head, width, part="read")


_OWNERS = (
    Column("lead", "牵头单位", 16, "units", "owner"),
    Column("support", "配合单位", 18, "units", "owner"),
    Column("responsible", "责任单位", 16, "units", "owner"),
)
_WORK = (
    read_only("before", "上期进展", 18),
    Column("state", "状态", 9, "choice", "work", work.STATES),
    Column("progress", "进展", 26, part="work"),
    Column("rate", "完成率%", 8, "rate", "work"),
    Column("problems", "存在问题", 18, part="work"),
    Column("next_step", "下一步", 18, part="work"),
    Column("evidence", "佐证", 14, part="work"),
)
_CHECK = (
    Column("note", "备注", 14),
    read_only("status", "核对状态", 9),
    Column("decision", "核对决定", 9, "choice", "decision", DECISIONS),
    Column("why", "决定说明", 16, part="decision"),
)
CODE = read_only("code", "编号", 20)


@dataclass(frozen=True)
class Book:
    """What a workbook says of itself, as `office.workbook` takes it."""

    title: str
    period: str
    unit: str = ""
    made: date | None = None


@dataclass(frozen=True)
class Form:
    """A sheet: the list that it is, its model and its columns."""

    key: str
    name: str
    model: type[Any]
    columns: tuple[Column, ...]
    needed: str

    @property
    def editable(self) -> tuple[Column, ...]:
        """The columns that are taken back."""
        return tuple(column for column in self.columns if column.editable)

    def column(self, key: str) -> Column:
        """Return a column by its key."""
        return next(column for column in self.columns if column.key == key)


FORMS = (
    Form(
        "targets",
        "目标指标",
        Commitment,
        (
            CODE,
            read_only("section", "章节", 12),
            read_only("quote", "原文", 34),
            Column(
                "kind", "类别", 10, "choice", choices={kind: ITEM_KINDS[kind] for kind in KINDS}
            ),
            Column("indicator", "指标", 20),
            Column("region", "地区", 10),
            Column("year", "年份", 8, "year"),
            Column("comparator", "比较", 7, "comparator", choices=COMPARATORS),
            Column("value", "数值", 10, "number"),
            Column("value_to", "数值至", 9, "number"),
            Column("unit", "单位", 9),
            Column("base_year", "基准年", 8, "year"),
            Column("base_value", "基期值", 9, "number"),
            Column("nature", "属性", 8, "choice", choices={"约束性": "约束性", "预期性": "预期性"}),
            Column("stretch", "力争", 6, "flag"),
            Column("approx", "约数", 6, "flag"),
            Column("deadline", "完成时限", 11, "deadline"),
            *_OWNERS,
            *_WORK,
            *_CHECK,
        ),
        "indicator",
    ),
    Form(
        "tasks",
        "主要任务",
        Task,
        (
            CODE,
            read_only("parent", "所属任务编号", 20),
            Column("number", "序号", 8),
            Column("title", "任务", 40),
            read_only("section", "章节", 12),
            Column("deadline", "完成时限", 11, "deadline"),
            *_OWNERS,
            *_WORK,
            *_CHECK,
        ),
        "title",
    ),
    Form(
        "projects",
        "重点项目",
        Project,
        (
            CODE,
            read_only("box", "专栏", 9),
            Column("name", "项目名称", 26),
            Column("category", "类别", 12),
            Column("capacity", "建设内容及规模", 28),
            Column("place", "地点", 14),
            Column("investment", "总投资", 11),
            Column("investment_wan", "总投资（万元）", 11, "number"),
            Column("period", "建设年限", 12),
            Column("deadline", "完成时限", 11, "deadline"),
            *_OWNERS,
            *_WORK,
            *_CHECK,
        ),
        "name",
    ),
)


# ------------------------------------------------------------------------------------------- cells


def shown(column: Column, value: Any) -> str:
    """Write a value of the ledger as a cell has it; an empty cell is an empty text."""
    if value is None or value == []:
        return ""
    if column.kind == "flag":
        return "是" if value else ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, list):
        return "、".join(value)
    return column.choices.get(str(value), clean(value))


def clean(value: Any) -> str:
    r"""Write whatever a spreadsheet makes of a text as that text.

    Examples
    --------
    >>> clean(2027.0), clean(" 是　"), clean("a\r\nb")
    ('2027', '是', 'a\nb')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        # A spreadsheet keeps 15 digits; what a float has beyond them nobody wrote.
        text = format(Decimal(f"{value:.15g}"), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else str(value)
    if isinstance(value, date):
        return value.isoformat()
    # Excel's own escapes, and characters that its files cannot hold.
    text = _ESCAPED.sub("", str(value)).replace("_x005F_", "_")
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()


def understood(column: Column, value: Any, number_format: str = "General", was: str = "") -> str:
    """Bring a cell into the form in which `shown` writes it.

    Parameters
    ----------
    column : Column
        Of the cell.
    value : Any
        What the spreadsheet holds: text, number, date, truth.
    number_format : str
        Of the cell: 0.45 shown as 45% is 45.
    was : str
        What was exported: a number that a spreadsheet wrote anew without changing it (20 for 20.0)
        is no edit.

    Raises
    ------
    ShanshuiError
        The cell holds what the column does not take.

    Examples
    --------
    >>> year = Column("year", "年份", 8, "year")
    >>> understood(year, "２０２７年"), understood(year, 2027.0)
    ('2027', '2027')
    >>> understood(Column("value", "数值", 8, "number"), 20, was="20.0")
    '20.0'
    """
    text = clean(_year_of_date(value) if column.kind in ("year", "deadline") else value)
    if text == was or not text:
        return text
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    plain = unicodedata.normalize("NFKC", text)
    if column.kind == "text":
        return text
    if column.kind == "units":
        return "、".join(names_of(text))
    if column.kind == "year":
        return _year(plain)
    if column.kind == "deadline":
        return work.deadline_of(plain)
    if column.kind == "flag":
        return _flag(plain)
    if column.kind == "comparator":
        return COMPARATORS[comparator_of(plain)]
    if column.kind == "choice":
        return _choice(column, plain)
    number = _number(column, plain, value, number_format)
    return was if numeric and was and Decimal(was) == number else f"{number:f}"


def _year_of_date(value: Any) -> Any:
    """Return 2027 for the day that Excel shows where 2027 is typed into a cell of dates."""
    if not isinstance(value, datetime):
        return value
    number = (value.date() - date(1899, 12, 30)).days
    return number if 1949 <= number <= 2100 else value


def _year(plain: str) -> str:
    found = plain.removesuffix("年").strip()
    if not _DIGITS.fullmatch(found):
        raise ShanshuiError(
            f"应为四位的年份，如 2027，得到“{plain}” / a year such as 2027 is expected: {plain!r}"
        )
    return found


def _flag(plain: str) -> str:
    known = _FLAGS | _NO
    if plain.casefold() not in known:
        raise ShanshuiError(f"应为 是 或 空，得到“{plain}” / 是 or nothing is expected: {plain!r}")
    return "是" if known[plain.casefold()] else ""


def _choice(column: Column, plain: str) -> str:
    plain = _ALSO.get(plain, plain) if column.part == "decision" else plain
    for code, name in column.choices.items():
        if plain in (code, name):
            return name
    listed = "、".join(column.choices.values())
    raise ShanshuiError(f"应为 {listed}，得到“{plain}” / expected one of {listed}, got {plain!r}")


def _number(column: Column, plain: str, value: Any, number_format: str) -> Decimal:
    numeric = isinstance(value, int | float)
    if numeric and "%" in number_format:
        plain = f"{Decimal(plain) * 100:f}"
        plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return work.rate_of(plain) if column.kind == "rate" else exact(plain, f"“{column.head}”")


def stored(column: Column, text: str) -> Any:
    """Turn the text of a cell, as `understood` gives it, into a value of the ledger."""
    if column.kind == "flag":
        return text == "是"
    if column.kind == "units":
        return names_of(text)
    if not text:
        return None
    if column.kind == "year":
        return int(text)
    if column.kind in ("number", "rate"):
        return Decimal(text)
    if column.kind in ("choice", "comparator"):
        return next(code for code, name in column.choices.items() if name == text)
    return text


def longest(model: type[Base], key: str) -> int | None:
    """Return how many characters a column of a model takes; None where any number."""
    table = model.__table__
    length = getattr(table.columns[key].type, "length", None) if key in table.columns else None
    return int(length) if length else None

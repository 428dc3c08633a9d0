"""The three lists of a plan (三张清单) as tables of words, in the form of the bureaus."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from shanshui.platform.plans import lists, work

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Which = Literal["targets", "tasks", "projects"]
TITLES: dict[Which, str] = {
    "targets": "目标指标清单",
    "tasks": "主要任务清单",
    "projects": "重点项目清单",
}
"""The three lists and their names."""
DUE = {"overdue": "逾期", "due_soon": "临期"}
SIGNATURE = (
    "填报单位（盖章）：　　　　　　　　负责人：　　　　　　填表人：　　　　　　"
    "联系电话：　　　　　　　填报日期：　　　年　　月　　日"
)
"""The line that is signed, below each list."""
WIDTHS = {
    "number": 5,
    "indicator": 20,
    "title": 36,
    "name": 22,
    "region": 8,
    "unit": 8,
    "nature": 7,
    "baseline": 13,
    "year": 11,
    "others": 14,
    "capacity": 26,
    "place": 12,
    "investment": 10,
    "years": 11,
    "lead": 13,
    "support": 14,
    "responsible": 13,
    "deadline": 10,
    "basis": 12,
    "progress": 22,
    "rate": 7,
    "problems": 15,
    "next_step": 15,
    "evidence": 11,
}
"""Widths of the columns, in characters of a sheet; of years each."""
_WORK = {
    "progress": "进展情况",
    "rate": "完成率",
    "problems": "存在问题",
    "next_step": "下一步",
    "evidence": "佐证",
}
_OPTIONAL = frozenset({"region", "nature", "basis", "others", "responsible", "capacity", "place"})
_YEARS = 3  # years of targets that have a column of their own


@dataclass(frozen=True)
class Sheet:
    """One list.

    Attributes
    ----------
    which : str
        ``targets``, ``tasks`` or ``projects``.
    name : str
        What it is called.
    heads : dict
        Heads by column; of the years of targets ``year:2027``.
    rows : list of dict
        Words by column, and ``due`` (``overdue``, ``due_soon``), ``level`` (2 of an action).
    note : str
        What is counted, and what waits.
    """

    which: Which
    name: str
    heads: Mapping[str, str]
    rows: Sequence[Mapping[str, str]]
    note: str

    def width(self, column: str) -> float:
        """Return the width of a column."""
        return WIDTHS[column.partition(":")[0]]


@dataclass(frozen=True)
class ThreeLists:
    """The three lists of a plan, to be written as a document.

    Attributes
    ----------
    title : str
        Of the plan, and what they are.
    period : str
        ``2026年10月``, ``2026年第43周``, or the day that they are of.
    unit : str
        Who makes them.
    made : datetime.date or None
        The day that they bear.
    sheets : list of Sheet
        The lists.
    """

    title: str
    period: str
    unit: str
    made: date | None
    sheets: Sequence[Sheet] = field(default_factory=tuple)


def three_lists(
    session: Session,
    document: str,
    *,
    which: Sequence[Which] = ("targets", "tasks", "projects"),
    period: str | None = None,
    on: date | None = None,
    of: str | None = None,
    title: str = "",
    unit: str = "",
    made: date | None = None,
    actions: bool = False,
) -> ThreeLists:
    """Make the lists of a plan.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    document : str
        Code of the plan.
    which : list of str
        The lists wanted.
    period : str, optional
        Month or week whose reports are shown; a value that was reported earlier bears its period.
    on : datetime.date, optional
        The day for which overdue (逾期) and due soon (临期) are marked.
    of : str, optional
        Only the items of this unit.
    title, unit : str
        Title and issuing unit; by default of the plan.
    made : datetime.date, optional
        The day that they bear.
    actions : bool
        Whether every action of a task has a row; by default only those worked by themselves.

    Raises
    ------
    ShanshuiError
        The plan or the period is not known.
    """
    plan = lists.documents(session, document)[0]
    sheets = []
    for one in which:
        asked: dict[str, Any] = {"period": period, "on": on, "unit": of}
        if one == "targets":
            sheets.append(_targets(lists.targets(session, document, **asked)))
        elif one == "tasks":
            rows = lists.tasks(session, document, folded=not actions, **asked)
            sheets.append(_tasks(rows))
        else:
            sheets.append(_projects(lists.projects(session, document, **asked)))
    return ThreeLists(
        title or plan.title,
        period_text(period, on),
        unit or of or plan.issuer or "",
        made,
        tuple(sheets),
    )


def period_text(period: str | None, on: date | None) -> str:
    """Write a period as people say it.

    Examples
    --------
    >>> period_text("2026-10", None), period_text("2026-W43", None)
    ('2026年10月', '2026年第43周')
    """
    if period is None:
        return f"截至{on.year}年{on.month}月{on.day}日" if on else ""
    plain = work.period_of(period)
    year, _, rest = plain.text.partition("-")
    return f"{year}年第{int(rest[1:])}周" if rest.startswith("W") else f"{year}年{int(rest)}月"


def _targets(found: Sequence[lists.Row]) -> Sheet:
    years = _years(found)
    heads = {"number": "序号", "indicator": "指标", "region": "地区", "unit": "单位"}
    heads |= {"nature": "属性", "baseline": "基期值"}
    heads |= {f"year:{year}": f"{year}年目标" for year in years}
    heads |= {"others": "其他年份目标"}
    heads |= {"lead": "责任单位", "support": "配合单位", "basis": "口径"} | _WORK

    def words(row: lists.Row) -> dict[str, str]:
        goals = {f"year:{year}": row["values"].get(year, "") for year in years}
        others = "；".join(
            f"{year}年 {text}" if year else text
            for year, text in row["values"].items()
            if year not in years
        )
        kept = {name: row[name] or "" for name in ("region", "unit", "nature", "baseline", "basis")}
        return {"indicator": row["indicator"], "others": others} | goals | kept

    one_place = len({row["region"] for row in found}) == 1
    return _sheet("targets", heads, found, words, {"region"} if one_place else set())


def _years(found: Sequence[lists.Row]) -> list[int]:
    """Return the years that have a column: of a tenth of the rows or more, and three at most."""
    counts: dict[int, int] = {}
    for row in found:
        for year in filter(None, row["values"]):
            counts[year] = counts.get(year, 0) + 1
    often = [year for year, count in counts.items() if count * 10 >= len(found)]
    return sorted(sorted(often, key=lambda year: (-counts[year], year))[:_YEARS])


def _tasks(found: Sequence[lists.Row]) -> Sheet:
    heads = {"number": "序号", "title": "任务", "lead": "牵头单位", "support": "配合单位"}
    heads |= {"responsible": "责任单位", "deadline": "完成时限"} | _WORK

    def words(row: lists.Row) -> dict[str, str]:
        return {"title": row["title"], "level": "2" if row["parent"] else "1"}

    return _sheet("tasks", heads, found, words, set())


def _projects(found: Sequence[lists.Row]) -> Sheet:
    heads = {"number": "序号", "name": "项目名称", "capacity": "建设内容及规模", "place": "地点"}
    heads |= {"investment": "总投资", "years": "建设年限", "lead": "牵头单位"}
    heads |= {"support": "配合单位", "responsible": "责任单位", "deadline": "完成时限"} | _WORK

    def words(row: lists.Row) -> dict[str, str]:
        return {n: row[n] or "" for n in ("name", "capacity", "place", "investment", "years")}

    return _sheet("projects", heads, found, words, set())


def _sheet(
    which: Which,
    heads: Mapping[str, str],
    found: Sequence[lists.Row],
    words: Callable[[lists.Row], dict[str, str]],
    left_out: set[str],
) -> Sheet:
    rows = [
        {"number": row["number"], "due": row["due"] or ""} | words(row) | _work(row)
        for row in found
    ]
    both = any(row["lead"] and row["responsible"] for row in found)
    dropped = {
        name
        for name in _OPTIONAL
        if not any(row.get(name) for row in rows) or (name == "responsible" and not both)
    } | left_out
    kept = {name: head for name, head in heads.items() if name not in dropped}
    return Sheet(which, TITLES[which], kept, rows, _note(which, found))


def _work(row: lists.Row) -> dict[str, str]:
    """Write the columns of work; who is responsible leads where nobody is said to lead."""
    lead, responsible = "、".join(row["lead"]), "、".join(row["responsible"])
    carried: Mapping[str, str] = row["carried"]

    def said(name: str) -> str:
        value = row[name]
        if value is None:
            return ""
        text = f"{value:f}%" if name == "rate" else str(value)
        # One mark is enough where all is of one earlier period.
        again = name != "progress" and carried.get(name) == carried.get("progress")
        return f"{text}〔{carried[name]}〕" if name in carried and not again else text

    due = DUE.get(row["due"] or "", "")
    state = work.STATES.get(row["state"] or "", "")
    progress = said("progress")
    if state and state not in progress:
        progress = f"【{state}】{progress}"
    return {
        "lead": lead or responsible,
        "support": "、".join(row["support"]),
        "responsible": responsible,
        "deadline": f"{row['deadline'] or ''}{f'（{due}）' if due else ''}",
        "progress": progress,
        **{name: said(name) for name in ("rate", "problems", "next_step", "evidence")},
    }


def _note(which: Which, found: Sequence[lists.Row]) -> str:
    count = sum(1 for row in found if not row.get("parent"))
    names = {"targets": "指标", "tasks": "任务", "projects": "项目"}
    parts = [f"共 {count} 项{names[which]}"]
    for code, name in DUE.items():
        if n := sum(1 for row in found if row["due"] == code):
            parts.append(f"{name} {n} 项")
    if n := sum(1 for row in found if not row["lead"] and not row["responsible"]):
        parts.append(f"未明确责任单位 {n} 项")
    if n := sum(1 for row in found if row["status"] == "extracted"):
        parts.append(f"尚未核对 {n} 项")
    return "，".join(parts) + "。"

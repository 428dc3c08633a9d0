"""Who is late with figures (逾期未报), and the text that reminds a unit (催报)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shanshui._clock import ZONE
from shanshui.platform.report.office import day_text, fixed
from shanshui.platform.store.models import ReportedFigure
from shanshui.platform.track.forms import lines

if TYPE_CHECKING:
    from shanshui.platform.store import Ledger

SOON = 5
"""Days before the deadline from which a unit is reminded: a convention of this project."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Reminder:
    """What a unit is reminded of.

    Attributes
    ----------
    unit : str
        The unit.
    text : str
        Ready to be sent.
    owing : tuple of dict
        The lines that are outstanding, as `outstanding` gives them.
    """

    unit: str
    text: str
    owing: tuple[Row, ...] = field(default=())

    @property
    def late(self) -> int:
        """How many are overdue."""
        return sum(row["days"] > 0 for row in self.owing)

    def as_dict(self) -> Row:
        """Return the fields."""
        return asdict(self) | {"late": self.late}


def outstanding(
    ledger: Ledger,
    at: date,
    *,
    unit: str | None = None,
    period: str | None = None,
    soon: int | None = None,
) -> list[Row]:
    """Give the figures that units owe on a day.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    at : datetime.date
        The day; what was submitted on it or before counts as reported, by the clock of
        Asia/Shanghai. The day of the deadline itself is not late.
    unit, period : str, optional
        Of this unit; of this period.
    soon : int, optional
        Those due within so many days too; by default the overdue ones only.

    Returns
    -------
    list of dict
        The columns of `shanshui.platform.track.forms.lines` and ``days`` (late; negative: days
        left), the latest first.
    """
    end = datetime.combine(at + timedelta(days=1), time(), ZONE)
    found = []
    with ledger.read() as session:
        rows = lines(session, unit=unit, period=period)
        numbers = [row["line"] for row in rows]
        versions = session.scalars(
            select(ReportedFigure).where(ReportedFigure.line_id.in_(numbers))
        )
        reported = {one.line_id for one in versions if _stood(one, end)}
    for row in rows:
        days = (at - date.fromisoformat(row["deadline"])).days
        wanted = days > 0 or (soon is not None and days >= -soon)
        if wanted and row["line"] not in reported:
            found.append(row | {"days": days})
    return sorted(found, key=lambda row: (-row["days"], row["unit"], row["line"]))


def _stood(one: ReportedFigure, end: datetime) -> bool:
    """Say whether a version was submitted by a moment, and not returned by then."""
    if one.submitted_at is None or one.submitted_at >= end:
        return False
    if one.state in ("submitted", "accepted"):
        return True
    return one.decided_at is not None and one.decided_at >= end


def late_units(rows: Sequence[Row]) -> list[Row]:
    """Count outstanding figures by unit, period and deadline, the latest first.

    Returns
    -------
    list of dict
        ``unit``, ``period``, ``deadline``, ``days``, ``figures``, ``returned`` (of them).
    """
    groups: dict[tuple[str, str], Row] = {}
    for row in rows:
        one = groups.setdefault(
            (row["unit"], row["period"]),
            {name: row[name] for name in ("unit", "period", "deadline", "days")}
            | {"figures": 0, "returned": 0},
        )
        one["figures"] += 1
        one["returned"] += row["state"] == "returned"
    return list(groups.values())


def reminders(
    ledger: Ledger,
    at: date,
    *,
    unit: str | None = None,
    period: str | None = None,
    soon: int = SOON,
    sender: str | None = None,
) -> list[Reminder]:
    """Write what each unit is to be reminded of, ready to be sent.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    at : datetime.date
        The day that the text bears.
    unit, period : str, optional
        Of this unit; of this period.
    soon : int
        Figures due within so many days are named too.
    sender : str, optional
        Who signs.

    Returns
    -------
    list of Reminder
        One for each unit that owes something, the latest first.
    """
    by_unit: dict[str, list[Row]] = {}
    for row in outstanding(ledger, at, unit=unit, period=period, soon=soon):
        by_unit.setdefault(row["unit"], []).append(row)
    return [
        Reminder(name, _text(name, rows, at, sender), tuple(rows)) for name, rows in by_unit.items()
    ]


def _text(unit: str, rows: Sequence[Row], at: date, sender: str | None) -> str:
    late = sum(row["days"] > 0 for row in rows)
    head = f"截至{day_text(at)}，贵单位尚有 {len(rows)} 项指标未报"
    some = "均已逾期" if late == len(rows) else f"其中 {late} 项已逾期"
    head += f"，{some}。" if late else "。"
    parts = [f"{unit}：", f"    {head}请尽快填报："]
    number = 0
    for period, deadline in dict.fromkeys((row["period"], row["deadline"]) for row in rows):
        days = (at - date.fromisoformat(deadline)).days
        state = f"已逾期 {days} 天" if days > 0 else f"还有 {-days} 天" if days else "今天截止"
        until = day_text(date.fromisoformat(deadline))
        parts.append(f"    {period}（{until}截止，{state}）")
        for row in rows:
            if (row["period"], row["deadline"]) != (period, deadline):
                continue
            number += 1
            unit_of = f"（{row['measure']}）" if row["measure"] else ""
            back = f"；已退回：{row['answer']}" if row["state"] == "returned" else ""
            parts.append(f"    {number}. {row['region']} {row['indicator']}{unit_of}{back}")
    if sender:
        parts += ["", sender]
    parts.append(day_text(at))
    return "\n".join(parts) + "\n"


def document(reminded: Sequence[Reminder]) -> bytes:
    """Write reminders as a Word file, a page for each unit; the same ones give the same bytes."""
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml.ns import qn
    from docx.shared import Pt

    paper = Document()
    font = paper.styles["Normal"].font
    font.name, font.size = "仿宋", Pt(14)
    paper.styles["Normal"].element.rPr.rFonts.set(qn("w:eastAsia"), "仿宋")
    paper.core_properties.created = datetime(2000, 1, 1)
    paper.core_properties.modified = datetime(2000, 1, 1)
    for place, one in enumerate(reminded):
        title = paper.add_paragraph()
        title.alignment = WD_ALIGN_PARAGRAPH.CENTER
        title.paragraph_format.page_break_before = place > 0
        run = title.add_run("关于尽快填报指标数据的提醒")
        run.bold, run.font.size = True, Pt(18)
        for place_in, text in enumerate(one.text.rstrip("\n").split("\n")):
            line = paper.add_paragraph(text.strip())
            if text.startswith("    "):
                line.paragraph_format.first_line_indent = Pt(28)
            elif place_in:  # who signs, and the day
                line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    out = io.BytesIO()
    paper.save(out)
    return fixed(out.getvalue())

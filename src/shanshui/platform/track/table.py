"""The table that is worked with (目标调度表): a row for each indicator of a plan and region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from shanshui.platform.catalog.series import wording
from shanshui.platform.plans import work
from shanshui.platform.track import history
from shanshui.platform.track.answers import span
from shanshui.platform.track.others import SOURCES
from shanshui.progress import STATES
from shanshui.progress.inyear import period as months
from shanshui.standards import Basis

if TYPE_CHECKING:
    import polars as pl
    from sqlalchemy.orm import Session

Row = dict[str, Any]

HEADS = {
    "number": "序号",
    "indicator": "指标",
    "region": "地区",
    "nature": "属性",
    "base": "基期",
    "annual": "年度目标",
    "plan": "规划目标",
    "now": "1—N月",
    "change": "同比",
    "state": "完成情况",
    "gap": "差距",
    "rest": "剩余控制值",
    "owner": "责任单位",
    "basis": "数据口径",
    "status": "数据状态",
}
"""Columns of the table."""
MARKS = {
    "已完成": "√",
    "达到序时进度": "○",
    "存在风险": "△",
    "滞后于序时进度": "▲",
    "未完成": "×",
    "暂无数据": "—",
    "待下达": "…",
    "口径不一致": "≠",
}
"""A sign for each state, so that colour is never needed to tell them apart."""


@dataclass(frozen=True)
class Table:
    """The table as of a day.

    Attributes
    ----------
    day : datetime.date
        The as-of date (评价日).
    rows : list of dict
        Words by the columns of `HEADS`; ``id`` of the standing that the row shows, ``ids`` of all
        that it holds, ``reason``, ``remark``, ``before`` and ``since`` besides.
    counts : dict
        How many rows stand in each state.
    targets : int
        Standings that the rows hold.
    """

    day: date
    rows: Sequence[Row]
    counts: Mapping[str, int] = field(default_factory=dict)
    targets: int = 0

    @property
    def heads(self) -> dict[str, str]:
        """The columns that have anything to say; the months by their name."""
        one_region = len({row["region"] for row in self.rows}) <= 1
        empty = {
            name
            for name in ("nature", "annual", "change", "gap", "rest", "owner", "basis", "status")
            if not any(row[name] for row in self.rows)
        }
        dropped = empty | ({"region"} if one_region else set())
        heads = {name: head for name, head in HEADS.items() if name not in dropped}
        through = {row["through"] for row in self.rows if row["through"]}
        heads["now"] = months(through.pop())[0] if len(through) == 1 else "最近数值"
        return heads

    def summary(self) -> str:
        """Say how many rows stand in each state.

        Examples
        --------
        >>> Table(date(2026, 11, 20), (), {"已完成": 2, "待下达": 1}, 5).summary()
        '共 3 行（5 项目标）：已完成 2，待下达 1'
        """
        said = "，".join(f"{state} {count}" for state, count in self.counts.items())
        total = sum(self.counts.values())
        return f"共 {total} 行（{self.targets} 项目标）" + (f"：{said}" if said else "")


def owners(session: Session, found: pl.DataFrame) -> dict[str, str]:
    """Give who answers for each commitment: who leads, else who is responsible."""
    codes = found["commitment"].drop_nulls().unique().to_list()
    units = work.owners(session, codes)
    return {
        code: "、".join(roles.get("lead") or roles.get("responsible") or roles.get("support") or ())
        for code, roles in units.items()
    }


def records(
    session: Session, found: pl.DataFrame, day: date, *, kept: pl.DataFrame | None = None
) -> list[Row]:
    """Give each standing whole: with its owner, its state a month ago and what it stands on.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of the ledger.
    found : polars.DataFrame
        Of `shanshui.platform.track.standings.at`.
    day : datetime.date
        The as-of date.
    kept : polars.DataFrame, optional
        Of `history.read`; by default read here.

    Returns
    -------
    list of dict
        The columns of the standings, ``owner``, ``before``, ``before_day``, ``since``, and
        ``stands_on``: for each figure its ``role`` (figure, base, part, same, last; pair and
        pair_before of a change on the stations that both periods have), ``indicator``, ``region``,
        ``period``, ``value``, ``ref``.
    """
    units = owners(session, found)
    past = history.read(session, until=day) if kept is None else kept
    earlier = {row["id"]: row for row in history.before(past, day).iter_rows(named=True)}
    rows = []
    for row in found.iter_rows(named=True):
        then = earlier.get(row["id"], {})
        rows.append(
            row
            | {"owner": units.get(row["commitment"] or "", "")}
            | {name: then.get(name) for name in ("before", "before_day", "since")}
            | {"stands_on": _stands_on(row)}
        )
    return rows


def _stands_on(row: Row) -> list[Row]:
    parts = (
        ("figure", row["period"], row["value"], row["ref"]),
        ("base", str(row["base_year"] or ""), row["base_value"], row["base_ref"]),
        ("part", row["part_period"], row["part_value"], row["part_ref"]),
        ("same", row["same_period"], row["same_value"], row["same_ref"]),
        ("last", row["last_period"], row["last_value"], row["last_ref"]),
        ("pair", row["pair_period"], row["pair_value"], row["pair_ref"]),
        ("pair_before", row["pair_period_before"], row["pair_value_before"], row["pair_ref"]),
    )
    seen: set[Any] = set()
    found = []
    for role, period, value, ref in parts:
        if value is None or (period, value, ref) in seen:
            continue
        seen.add((period, value, ref))
        found.append(
            {
                "role": role, "indicator": row["indicator"],
                "region": row["figure_code"] or row["region"], "period": period,
                "value": value, "ref": ref,
            }
        )  # fmt: skip
    return found


def table(rows: Sequence[Row], day: date) -> Table:
    """Lay records out as the table: an indicator of a plan and region in a row.

    The row stands as the target of the running year does; where there is none, as the promise with
    the next deadline. The states of the other promises stand beside their values.

    Parameters
    ----------
    rows : list of dict
        Of `records`.
    day : datetime.date
        The as-of date.
    """
    groups: dict[tuple[Any, ...], list[Row]] = {}
    own: dict[str, tuple[Any, ...]] = {}
    for row in (one for one in rows if one["kind"] not in ("annual", "month")):
        thing = row["id"] if row["kind"] == "milestone" else row["indicator"]
        key = (row["document"], thing, row["region"])
        groups.setdefault(key, []).append(row)
        own[row["id"]] = key
    alike: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for key in groups:
        alike.setdefault(key[1:], key)
    for row in (one for one in rows if one["kind"] == "annual" and one["year"] == day.year):
        key = own.get(row["commitment"] or "") or alike.get(
            (row["indicator"], row["region"]), ("", row["indicator"], row["region"])
        )
        groups.setdefault(key, []).append(row)
    shown = [_line(group, day) for group in groups.values()]
    lines = [line | {"number": str(n)} for n, line in enumerate(shown, start=1)]
    had = [line["judged"] for line in lines]
    counted: dict[str, int] = {state: had.count(state) for state in STATES if state in had}
    return Table(day, lines, counted, sum(len(line["ids"]) for line in lines))


def _line(group: Sequence[Row], day: date) -> Row:
    annual = [row for row in group if row["kind"] == "annual"]
    goals = sorted(
        (row for row in group if row["kind"] != "annual"), key=lambda row: row["year"] or 9999
    )
    coming = [row for row in goals if row["year"] is None or row["year"] >= day.year]
    shown = (annual or coming or goals[-1:])[0]
    of_year = annual or [row for row in goals if row["year"] == day.year]
    # The plan's own base before the last year's, from which a target of the year is counted.
    own = [row for row in goals if row["id"] == shown["commitment"]]
    base = next((row for row in [*own, shown, *goals] if row["base_value"]), shown)
    return {
        "id": shown["id"],
        "ids": [row["id"] for row in group],
        "document": shown["document"] or "",
        "title": next((row["title"] for row in goals if row["title"]), shown["title"] or ""),
        "indicator": shown["indicator_name"] or "",
        "region": shown["region_name"] or "",
        "nature": next((row["nature"] for row in group if row["nature"]), ""),
        "base": f"{base['base_value']}（{base['base_year']}年）" if base["base_value"] else "",
        "annual": "；".join(dict.fromkeys(goal(row) for row in of_year)),
        "plan": "；".join(_goals(goals, shown)),
        "now": _now(shown, day),
        "through": _through(shown, day),
        "change": change(shown),
        "judged": shown["state"],
        "state": f"{MARKS[shown['state']]} {shown['state']}",
        "before": shown["before"] if shown["before"] != shown["state"] else None,
        "since": shown["since"],
        "gap": _gap(shown),
        "rest": shown["rest"] or "",
        "owner": next((row["owner"] for row in [shown, *group] if row["owner"]), ""),
        "basis": _basis(shown["basis"]),
        "status": _status(shown),
        "reason": shown["reason"] or "",
        "remark": shown["remark"] or "",
        "stands_on": "；".join(_reference(one) for one in shown["stands_on"]),
    }


def _reference(one: Row) -> str:
    """Name a figure as ``shanshui explain`` understands it, and where it is from."""
    return f"{one['indicator']} {one['region']} {one['period']} = {one['value']}（{one['ref']}）"


def goal(row: Row) -> str:
    """Write what a promise asks for.

    Examples
    --------
    >>> asked = {
    ...     "comparator": "<=",
    ...     "target": "25",
    ...     "target_to": None,
    ...     "unit": "µg/m3",
    ...     "base_year": None,
    ...     "set_by": None,
    ...     "state": "待下达",
    ...     "kind": "target",
    ... }
    >>> goal(asked)
    '≤25 µg/m3'
    """
    if row["kind"] == "milestone" and row["target"] is None:
        return "完成"
    if row["target_to"] is not None:
        return f"{row['target']}—{row['target_to']}{row['unit'] or ''}"
    said = wording({**row, "value": row["target"]})
    return said if row["comparator"] else "待下达"


def _goals(goals: Sequence[Row], shown: Row) -> list[str]:
    """Write the promises of a row, each once, with their states but for the one that is shown."""
    texts: dict[str, str] = {}
    for row in [one for one in goals if one["id"] == shown["id"]] + list(goals):
        year = f"{row['year']}年" if row["year"] else ""
        said = f"{year}{goal(row)}{'（力争）' if row['stretch_only'] else ''}"
        texts.setdefault(said, "" if row["id"] == shown["id"] else f"〔{row['state']}〕")
    dated = sorted(texts, key=lambda said: (not said.startswith("20"), said))
    return [said + texts[said] for said in dated]


def _through(row: Row, day: date) -> date | None:
    found = span(row["part_period"]) if row["part_period"] else None
    return found.end if found is not None and found.year == day.year else None


def _now(row: Row, day: date) -> str:
    through = _through(row, day)
    if through is not None:
        return f"{row['part_value']}"
    if row["value"] is None:
        return ""
    when = f"{row['day']:%Y-%m-%d}" if row["source"] == "progress" else row["period"]
    unit = "%" if row["source"] == "progress" else ""
    return f"{row['value']}{unit}（{when}）"


def change(row: Row) -> str:
    """Write the change on the same period of last year (同比), and that it is one of 同口径.

    Examples
    --------
    >>> (
    ...     change({"change": -5.14, "figure_unit": "µg/m3"}),
    ...     change({"change": 1.2, "figure_unit": "%"}),
    ... )
    ('-5.1%', '+1.2个百分点')
    >>> change({"change": -5.14, "figure_unit": "µg/m3", "pair_value": "66.4"})
    '-5.1%（同口径）'
    """
    if row["change"] is None:
        return ""
    size = f"{row['change']:+.1f}"
    unit = "个百分点" if row["figure_unit"] == "%" else "%"
    said = "持平" if size in ("+0.0", "-0.0") else f"{size}{unit}"
    return said if row.get("pair_value") is None else f"{said}（同口径）"


def _gap(row: Row) -> str:
    if row["differences"]:
        return str(row["differences"])
    if not row["gap"]:
        return "0" if row["gap"] == 0 else ""
    unit = row["figure_unit"] or ""
    space = " " if unit[:1] in set("µmk") else ""
    return f"{round(row['gap'], 4):g}{space}{'个百分点' if unit == '%' else unit}"


def _basis(text: str | None) -> str:
    stated = Basis.parse(text or "").stated()
    return "；".join(value for name, value in stated.items() if name not in ("status", "source"))


def _status(row: Row) -> str:
    if row["source"] is None:
        return ""
    source = SOURCES[row["source"]]
    sure = row["confidence"] or ("" if row["status"] in ("公布", "填报") else row["status"])
    return f"{source}·{sure}" if sure else source

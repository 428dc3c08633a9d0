"""Where a result comes from, as text and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shanshui import __version__
from shanshui._clock import OFFSET
from shanshui.platform.ingest.measures import measures
from shanshui.platform.report.pages import render

if TYPE_CHECKING:
    from shanshui.platform.assess.lineage import Explained

Row = dict[str, Any]
_STATES = {"raw": "未审", "reviewed": "已审", "corrected": "更正"}
_SHOWN_ROWS = 400  # raw rows, and levels by date, of a page; all are in the JSON
_REASONS = {
    "few_days": ("有效天数不足", "too few valid days"),
    "few_months": ("有效月数不足", "too few valid months"),
    "few_samples": ("监测次数不足", "too few samples"),
    "no_data": ("没有数据", "no data"),
    "missing_member": ("有成员没有值", "a member has none"),
    "no_target": ("名单没有水质目标", "the roster has no target class"),
    "several_lakes": ("有几个湖库，各有各的指数", "several lakes, each with its own index"),
    "some_areas": ("有的点位有面积，有的没有", "some points have an area and some none"),
    "judged_by_shares": ("断面不少于五个，按类别比例评价", "judged by shares of classes"),
    "withdrawn": ("数据不再得出", "the data no longer yield it"),
    "repeated_day": ("有重复的日", "a day is there twice"),
    "repeated_time": ("有重复的时刻", "a time is there twice"),
    "too_many": ("值多于时段所容", "more values than the span allows"),
    "absurd": ("数值超出可能的范围", "a value out of all bounds"),
    "unverified": ("限值未核实", "the limits are not verified"),
}


def reason(code: str | None) -> str:
    """Say in Chinese why there is no value.

    Examples
    --------
    >>> reason("few_days"), reason("pm25:few_days")
    ('有效天数不足', '细颗粒物有效天数不足')
    """
    if code is None:
        return ""
    if code.startswith("missing_items:"):
        return "缺项目 " + "、".join(_called(i) for i in code.partition(":")[2].split(","))
    if code.startswith("several_lakes:"):
        return _REASONS["several_lakes"][0] + "：" + code.partition(":")[2]
    words = []
    for part in code.split(","):
        head, _, rest = part.partition(":")
        known = _REASONS.get(rest or head)
        item = _called(head) if rest and head not in _REASONS else ""
        words.append(item + known[0] if known else part)
    return "；".join(words)


def _called(item: str) -> str:
    code = item.removesuffix("_8h").removesuffix("_1h")
    return measures()[code].name if code in measures() else item


def _moment(value: datetime | None) -> str:
    return "" if value is None else f"{value + OFFSET:%Y-%m-%d %H:%M:%S}"


def verdict(made: Explained) -> tuple[str, str]:
    """Say whether the rows still yield the result, in Chinese and in English."""
    again = made.recomputed
    if not again:
        return "数据不再得出这个结果", "the data no longer yield this result"
    if again["equal"]:
        more = "" if again["inputs_equal"] else "（中间的日值或断面均值有变）"
        also = "" if again["inputs_equal"] else ", though what entered has changed"
        return f"从原始数据重算，相等{more}", f"computed anew from the rows: equal{also}"
    found = again["value"] if again["value"] is not None else reason(again["reason"])
    return (
        f"从原始数据重算得 {found}，与结果不等",
        f"computed anew from the rows: {again['value']}, not equal",
    )


def title(made: Explained) -> str:
    """Return indicator, region, period and value in a line."""
    row = made.result
    value = row["value"] if row["value"] is not None else f"没有值（{reason(row['reason'])}）"
    unit = f" {row['unit']}" if row["unit"] and row["value"] is not None else ""
    return f"{row['name']} {row['region_name']} {row['period']}：{value}{unit}"


def basis(made: Explained) -> list[tuple[str, str, str]]:
    """Return what the result stands on: heading in Chinese, in English, and what it is."""
    row, data = made.result, made.data
    days = "" if row["days_expected"] is None else f"{row['days_valid']}/{row['days_expected']}"
    version = f"{data['lake_version']}（{_moment(data['recorded'])}）"
    listed = made.roster
    roster = f"{row['roster']}，{listed['stations']} 个点位，自 {listed['start']}" + (
        f"，{listed['approval']}" if listed["approval"] else ""
    )
    rows = [
        ("方法", "method", row["method"]),
        ("标准版本", "edition", row["edition"]),
        ("名单", "roster", roster),
        ("数据状态", "status", row["status"]),
        ("定版", "freeze", row["freeze"]),
        ("数据版本", "data version", version),
        ("按何时所知", "as of", _moment(data["as_of"])),
        ("状态", "reference state", row["state"]),
        ("沙尘", "sand and dust", row["dust"]),
        ("有效天数", "valid days", days),
        ("点位数", "stations", row["stations"]),
        ("程序", "program", f"shanshui {row['code']}，{_moment(row['at'])}"),
        ("输入指纹", "fingerprint of what entered", row["inputs"]),
        ("编号", "id", row["id"]),
    ]
    return [(zh, en, str(value)) for zh, en, value in rows if value not in {None, ""}]


def rule_line(rule: Row) -> str:
    """Return the figure of a rule in a few signs."""
    value = rule["value"]
    if value is None:
        return ""
    if isinstance(value, dict):
        return "，".join(f"{_called(k)} {v}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return "—".join(str(v) for v in value)
    if isinstance(value, bool):
        return "是" if value else "否"
    return f"{value} {rule['unit'] or ''}".strip()


def text(made: Explained, *, days: int = 10, rows: int = 12) -> str:
    """Write the chain as text.

    Parameters
    ----------
    made : Explained
        As `shanshui.platform.assess.lineage.explain` gives it.
    days, rows : int
        How many days and raw rows to print at most.

    Returns
    -------
    str
        Lines, a step of the chain each.
    """
    lines = [title(made), f"  {verdict(made)[0]} {verdict(made)[1]}", "", "口径 basis"]
    lines += [f"  {zh} {en}：{value}" for zh, en, value in basis(made)]
    if made.rules:
        lines += ["", "标准 standards"]
        lines += [
            f"  {r['standard']} {r['clause'] or ''}（{r['confidence']}） {r['what']}"
            f"{'：' if rule_line(r) else ''}{rule_line(r)}"
            for r in made.rules
        ]
    if made.members:
        lines += ["", f"← 成员 members {len(made.members)}"]
        lines += [f"  {m['region']} {m['value'] or reason(m['reason'])}" for m in made.members]
    if made.stations:
        lines += ["", f"← 点位 stations {len(made.stations)}"]
        lines += [f"  {_station(one)}" for one in made.stations]
    if made.excluded:
        lines += ["", f"← 扣除 excluded {len(made.excluded)} 天 days"]
        lines += [
            f"  {e['date']} {'、'.join(_called(i) for i in e['items'])} {','.join(e['kinds'])}"
            for e in made.excluded
        ]
    if made.days:
        levels = "level" in made.days[0]
        what, unit = ("点次 levels by date", "个点次") if levels else ("日 days", "天")
        lines += ["", f"← {what} {len(made.days)}"]
        lines += [f"  {_day(one)}" for one in made.days[:days]]
        if len(made.days) > days:
            lines.append(f"  … 还有 {len(made.days) - days} {unit} more")
    if made.counts:
        lines += ["", *_counts(made)]
    if made.rows:
        lines.append(f"  {made.rows_of} 的原始数据 raw rows：{len(made.rows)}")
        lines += [f"  {_raw(one)}" for one in made.rows[:rows]]
        if len(made.rows) > rows:
            lines.append(f"  … 还有 {len(made.rows) - rows} 行 more")
    return "\n".join(lines) + "\n"


def _station(one: Row) -> str:
    head = f"{one['station']} {one['name'] or ''}"
    if "hours" in one:
        count = one["hours"] or 0
        also = "（对照点，不计入 reference site）" if one["reference"] else ""
        mean = "" if one["mean"] is None else f"，日均值的平均 {one['mean']:g}"
        return f"{head}{also}：{count:,} 小时 hours，有效 {one['days'] or 0} 天 days{mean}"
    if "times" in one:
        return f"{head}：{_measured(one)}"
    judged = one["class_name"] or one["left_out"] or "—"
    goal = f"，目标 {one['target']} 类" if one["target"] else ""
    return f"{head}：{judged}{goal} {one['main_text'] or ''}".rstrip()


def _measured(one: Row) -> str:
    """Say of a point of noise what it is, and what its levels are."""
    length = "" if one["length"] is None else f" {one['length']:g} km"
    parts = [f"{one['kind']}{' ' + one['zone'] + '类' if one['zone'] else ''}{length}"]
    parts.append(
        f"{one['times']} 次 times"
        + (f"，达标 {one['attained']}" if one["attained"] is not None else "")
    )
    if one["level"] is not None:
        parts.append(f"{one['level']:g} dB(A)")
    if one["reason"]:
        parts.append(reason(one["reason"]))
    return "，".join(parts)


_SOURCES = {"stated": "给出的昼、夜等效声级 stated", "measured": "短时测量 measured"}


def _of_point(one: Row) -> str:
    level = reason(one["reason"]) if one["level"] is None else f"{one['level']:g} dB(A)"
    limit = "" if one["limit"] is None else f"，限值 {one['limit']:g}"
    attains = "" if one["attains"] is None else "，达标" if one["attains"] else "，超标"
    why = f"，{reason(one['reason'])}" if one["reason"] and one["level"] is not None else ""
    return f"{one['date']} {one['station']}：{level}{limit}{attains}{why}（{_source(one)}）"


def _source(one: Row) -> str:
    return _SOURCES.get(one["source"], f"由 {one['source']} 声级计算 of a series")


def _day(one: Row) -> str:
    if "level" in one:
        return _of_point(one)
    items = [f"{_called(k)} {v:g}" for k, v in one.items() if isinstance(v, float)]
    grade = f"AQI {one['aqi']} {one['category']}" if one["aqi"] is not None else "无 AQI"
    return f"{one['date']}：{'，'.join(items) or '—'}（{one['stations']} 个点位），{grade}"


def _counts(made: Explained) -> list[str]:
    found = made.counts
    states = "，".join(f"{_STATES.get(k, k)} {n:,}" for k, n in found["state"].items())
    sources = "，".join(f"{k} {n:,}" for k, n in found["source"].items())
    return [
        f"← 原始数据 raw values {found['values']:,}，缺测 missing {found['missing']:,}",
        f"  状态 state：{states}",
        f"  来源 source：{sources}",
    ]


def _raw(one: Row) -> str:
    value = "缺测" if one["value"] is None else f"{one['value']:g}"
    flag = f" [{one['flag']}]" if one["flag"] else ""
    return (
        f"{one['time']:%Y-%m-%d %H:%M} {one['station']} {_called(one['property'])} {value}{flag} "
        f"{_STATES.get(one['state'], one['state'])} {one['source']}"
    )


def page(made: Explained, *, made_at: datetime) -> str:
    """Write the chain as one HTML page that needs no other file.

    Parameters
    ----------
    made : Explained
        As `shanshui.platform.assess.lineage.explain` gives it.
    made_at : datetime
        Moment of the page, clock of Asia/Shanghai.

    Returns
    -------
    str
        The page, in Chinese and English.
    """
    row = made.result
    return render(
        "explain.html.j2",
        version=__version__,
        made=f"{made_at:%Y-%m-%d %H:%M}",
        row=row,
        title=title(made),
        why=reason(row["reason"]),
        equal=bool(made.recomputed) and made.recomputed["equal"],
        verdict=verdict(made),
        basis=basis(made),
        rules=[r | {"shown": rule_line(r)} for r in made.rules],
        members=[m | {"why": reason(m["reason"])} for m in made.members],
        stations=made.stations,
        hourly=bool(made.stations) and "hours" in made.stations[0],
        places=("断面", "section")
        if row["method"].startswith("shanshui.water.surface.")
        else ("点位", "point"),
        days=made.days[:_SHOWN_ROWS],
        days_all=len(made.days),
        noise=bool(made.stations) and "times" in made.stations[0],
        why_of=reason,
        source_of=_source,
        day_items=_day_items(made.days),
        excluded=[e | {"items": [_called(i) for i in e["items"]]} for e in made.excluded],
        counts=made.counts,
        states=_STATES,
        rows=_page_rows(made.rows),
        rows_of=made.rows_of,
        rows_all=len(made.rows),
    )


def _day_items(days: Sequence[Row]) -> list[tuple[str, str]]:
    if not days or "level" in days[0]:
        return []
    known = {"date", "stations", "aqi", "category", "primary"}
    return [(key, _called(key)) for key in days[0] if key not in known]


def _page_rows(rows: Sequence[Row]) -> list[Row]:
    return [
        one
        | {
            "time": f"{one['time']:%Y-%m-%d %H:%M}",
            "property": _called(one["property"]),
            "value": "缺测" if one["value"] is None else f"{one['value']:g}",
            "state": _STATES.get(one["state"], one["state"]),
            "recorded": _moment(one["recorded_from"]),
        }
        for one in rows[:_SHOWN_ROWS]
    ]

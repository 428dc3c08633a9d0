"""The words of a bulletin: opening, a sentence for each place, notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Any

import polars as pl

from shanshui.air.statistics import GOOD, HEAVY, figure_digits
from shanshui.platform.report._bulletin_tables import (
    COLUMNS,
    FIGURES,
    NAMES,
    PLACE,
    Part,
    Row,
    Source,
    Span,
    Table,
)
from shanshui.platform.report.office import NONE
from shanshui.platform.report.targets import RATIOS, days_left, rest, sums, usual
from shanshui.progress import Remainder
from shanshui.progress._exact import exact, plain
from shanshui.standards import Edition, editions
from shanshui.standards import edition as find
from shanshui.standards.basis import UNSTATED
from shanshui.standards.errors import ShanshuiError

TARGETS = {"pm25": "PM2.5", "pm10": "PM10", "so2": "SO2", "no2": "NO2"} | {
    "good_ratio": "优良天数比例",
    "heavy_ratio": "重度及以上污染天数比例",
}
"""What a target may be of, and what it is called."""

MANY = 40
_LEFT_OUT = ("pm25", "pm10", "composite")
_DUST: dict[str, str] = {
    "national": "PM10、PM2.5浓度和综合指数已剔除受影响的数据，优良天数比例和重度及以上天数未剔除"
    "（与全国城市空气质量报告相同）",
    "removed": "全部指标已剔除受影响的数据",
    "kept": "未剔除受沙尘影响的数据",
}


@dataclass(frozen=True)
class _Goal:
    """A target of a place, and what the days left may be: exactly, and by the printed figure."""

    item: str
    value: Fraction
    comparator: str
    exact: Remainder | None
    printed: Remainder | None

    @property
    def sign(self) -> str:
        """What stands behind a figure."""
        return "%" if self.item in RATIOS else "微克/立方米"

    @property
    def unit(self) -> str:
        """What stands behind a difference."""
        return "个百分点" if self.item in RATIOS else "微克/立方米"

    @property
    def told(self) -> str:
        """The target as it is printed."""
        return f"{plain(self.value)}{self.sign}"


def goals_of(
    targets: pl.DataFrame | None, source: Source, place: str, until: date
) -> dict[str, list[_Goal]]:
    """Return the targets of each place, with what is left of the year."""
    in_year = pl.col("date").dt.year() == until.year
    judged, days = source.judged().filter(in_year), source.without().filter(in_year)
    goals: dict[str, list[_Goal]] = {}
    if targets is None:
        return goals
    cached: dict[str, dict[str, tuple[int, int]]] = {}
    for row in targets.iter_rows(named=True):
        item, value = row["item"], row["value"]
        if item not in TARGETS:
            raise ShanshuiError(
                f"目标的项目应为 {'、'.join(TARGETS)}，得到“{item}” / a target is of one of "
                f"{', '.join(TARGETS)}; got {item!r}"
            )
        region = row["region"]
        if region in (None, "", source.whole, place):
            mine = [source.whole] if source.whole else source.places
        elif region in source.places:
            mine = [region]
        else:
            raise ShanshuiError(
                f"目标的地区“{region}”不在通报的地区中：{'、'.join(source.places[:8])}…… / "
                f"the region of a target is not among the places of the bulletin: {region!r}"
            )
        if item not in cached:
            counted = sums(
                judged if item in RATIOS else days,
                [PLACE],
                item,
                edition=source.edition,
                exempt=source.exempt,
            )
            cached[item] = {p: (d, t) for p, d, t in counted.rows()}
        goal = exact(value, "target")
        sign = row.get("comparator") or usual(item)
        digits = figure_digits(item, source.edition, source.digits)
        decimals = len(plain(goal).partition(".")[2])
        for one in mine:
            done, total = cached[item].get(one, (0, 0))
            said: dict[str, Any] = {"done": done, "total": total, "left": days_left(until)}
            said |= {"edition": source.edition, "comparator": sign}
            goals.setdefault(one, []).append(
                _Goal(
                    item,
                    goal,
                    sign,
                    rest(item, str(value), **said),
                    rest(item, str(value), digits=max(digits, decimals), **said),
                )
            )
    return goals


def sentence(table: Table, row: Row, goals: Sequence[_Goal]) -> str:
    """Say of a place what bulletins print."""
    texts, values = table.texts(row), row.figures
    ratio, mean = values["good_ratio"], values["pm25"]
    if ratio is None and mean is None:
        return f"{table.label}，{row.name}无有效监测数据。"
    by_item = {goal.item: goal for goal in goals}
    parts = []
    if ratio is None:
        parts.append("无有效天，优良天数比例不作统计")
    else:
        parts.append(
            f"优良天数比例{texts['good_ratio']}"
            + _changed(values["good_ratio_change"], "个百分点")
            + _aimed(by_item.pop("good_ratio", None), ratio)
        )
    if mean is None:
        parts.append("PM2.5有效天数不足，不作统计")
    else:
        parts.append(
            f"PM2.5平均浓度{texts['pm25']}微克/立方米"
            + _changed(values["pm25_change"], "%")
            + _aimed(by_item.pop("pm25", None), mean)
        )
    for item, goal in by_item.items():
        figure, name = values[item], TARGETS[item] + "平均浓度" * (item not in RATIOS)
        if figure is None:
            parts.append(f"{name}有效天数不足，未与年度目标（{goal.told}）比较")
        else:
            parts.append(f"{name}{plain(exact(figure, item))}{goal.sign}{_aimed(goal, figure)}")
    if row.uncompared:
        parts.append(f"{row.uncompared}，不作同比")
    return f"{table.label}，{row.name}{'；'.join(parts)}。"


def _changed(change: float | None, unit: str) -> str:
    if change is None:
        return ""
    if not change:
        return "，同比持平"
    return f"，同比{'上升' if change > 0 else '下降'}{abs(change):.1f}{unit}"


def _aimed(goal: _Goal | None, figure: float) -> str:
    """Say how far a figure is from its target, and what the days left may be."""
    if goal is None:
        return ""
    own = exact(figure, goal.item)
    gap = own - goal.value if goal.comparator[0] == "<" else goal.value - own
    aim = f"年度目标（{goal.told}）"
    if gap > 0:
        told = f"距{aim}差{plain(gap)}{goal.unit}"
    elif gap < 0:
        told = f"优于{aim}{plain(-gap)}{goal.unit}"
    else:
        told = f"与{aim}持平"
    return f"，{told}" + "；" * bool(left := _left(goal)) + left


def _left(goal: _Goal) -> str:
    """Say what the days left may be.

    The year's mean is taken exactly, as a bureau computes it by hand; where that is out of reach,
    or no day is left, the figure as it will be printed decides.
    """
    own, printed = goal.exact, goal.printed
    if own is None or printed is None:
        return ""
    if not own.left:
        return "完成年度目标" if printed.feasible else "未完成年度目标"
    rounded = not own.feasible and printed.feasible
    rest = printed if rounded else own
    bad = "超标天" if goal.item == "good_ratio" else "重度及以上污染天"
    if not rest.feasible:
        if rest.allowed is None:
            return f"剩余{rest.left}天均值即使为零，年度目标也已无法完成"
        return f"{bad}已多出{-rest.allowed}天，年度目标已无法完成"
    if rest.safe:
        return f"剩余{rest.left}天无论如何均能完成年度目标"
    if rest.allowed is not None:
        text = f"最多还可有{rest.allowed}个{bad}" if rest.allowed else f"不能再有{bad}"
    else:
        assert rest.value is not None, "days are left"
        tenths = rest.value * 10
        # Printed on the safe side, so that keeping to it is enough.
        if rest.comparator[0] == "<":
            limit = plain(Fraction(floor(tenths), 10))
            text = f"均值需控制在{limit}{goal.unit}以内"
        else:
            text = f"均值需达到{plain(Fraction(ceil(tenths), 10))}{goal.unit}以上"
    return f"剩余{rest.left}天{text}" + "（按修约后的全年值）" * rounded


def summary(tables: Sequence[Table], kind: str) -> tuple[str, ...]:
    """Open the bulletin: the whole, then who is best and who is worst."""
    told = []
    for table in tables:
        alone = len(table.rows) == 1
        told += [_of_whole(table, row) for row in table.rows if row.whole or alone]
        if alone:
            continue
        ranked = [row for row in table.rows if row.rank is not None]
        if not ranked:
            told.append(f"{table.label}，各{kind}均不满足数据有效性要求，不作排名。")
            continue
        many = len(ranked) >= 6
        best = [_with_index(table, row) for row in (ranked[:3] if many else ranked)]
        text = f"{table.label}，{len(ranked)}个{kind}按综合指数由小到大（由好到差）排名，"
        if many:
            worst = [_with_index(table, row) for row in reversed(ranked[-3:])]
            text += f"前3位依次为{'、'.join(best)}；后3位（由差到好）依次为{'、'.join(worst)}。"
        else:
            text += f"依次为{'、'.join(best)}。"
        told.append(text)
    return tuple(told)


def _with_index(table: Table, row: Row) -> str:
    return f"{row.name}（{table.texts(row)['composite']}{'，并列' * row.tied}）"


def _of_whole(table: Table, row: Row) -> str:
    texts, values = table.texts(row), row.figures
    if values["good_ratio"] is None:
        return f"{table.label}，{row.name}无有效监测数据。"
    parts = [
        f"优良天数比例为{texts['good_ratio']}{_changed(values['good_ratio_change'], '个百分点')}"
    ]
    if values["composite"] is not None:
        change = _changed(values["composite_change"], "%")
        parts.append(f"环境空气质量综合指数为{texts['composite']}{change}")
        parts.append(f"首要污染物为{texts['main']}")
    parts.append(f"重度及以上污染{texts['heavy_days']}天")
    concentrations = "，".join(
        f"{head} {texts[c]}{'毫克' if c == 'co' else '微克'}/立方米"
        for c, head in COLUMNS.items()
        if c in ("pm25", "pm10", "so2", "no2", "co", "o3") and values[c] is not None
    )
    return f"{table.label}，{row.name}{'；'.join(parts)}。主要污染物浓度：{concentrations}。"


def notes(
    source: Source,
    parts: Sequence[Part],
    kept: Sequence[Part],
    *,
    asked: str | date | Edition | None,
    until: date,
    aimed: bool,
) -> tuple[str, ...]:
    """Say what the figures of a bulletin stand on."""
    own, last = source.edition, parts[-1].span
    standards = "、".join(f"《{m.title}》（{m.number}）" for m in own.members)
    highest = {row["level"]: row["high"] for row in own.table("classes")["categories"][:-1]}
    percentiles, places = own.parameter("percentiles"), parts[0].table.digits
    decimals = "".join(
        f"，{NAMES[FIGURES.get(c, c).removesuffix('_p90').removesuffix('_p95')]} {places[c]}位小数"
        for c in ("pm25", "pm10", "so2", "no2", "co", "o3")
        if places[c]
    )
    told = [
        f"评价标准：{standards}。{_editions(own, last, asked)}",
        _stated(source, parts),
        *_beside(source, parts, kept),
        _fewer(source, parts, until),
        (
            f"优良天数比例为AQI不大于{highest[GOOD]}的天数占有效天数的比例；"
            f"重度及以上为AQI大于{highest[HEAVY - 1]}。"
        ),
        (
            "PM2.5、PM10、SO2、NO2为日均值的平均，"
            f"CO-95per为日均值第{percentiles['co']}百分位数，"
            f"O3-8h-90per为日最大8小时平均第{percentiles['o3_8h']}百分位数；"
            "浓度单位为微克/立方米，CO为毫克/立方米。"
            f"浓度修约至整数{decimals}，按GB/T 8170四舍六入五成双。"
        ),
        (
            f"综合指数为六项单项指数之和，单项指数为浓度与二级限值之比（修约至{places['composite']}位小数）；"
            "首要污染物为单项指数最大的污染物，相同时并列。"
        ),
        "按综合指数由小到大（由好到差）排名；综合指数相同的名次并列，其后名次顺延（如1、2、2、4）。"
        + ("“上年名次”为上年的名次。" if last.key == "year" else _previous(own, last)),
        *_unranked(source, parts),
        _compared(source, parts),
    ]
    if aimed:
        told.append(
            "年度目标：差距按印出的数值计算；剩余天数为到年底的日历天数，剩余天均值由有效天日均值之和"
            "精确推算，只舍不入到1位小数（偏严）。"
        )
    return tuple(told)


def _editions(own: Edition, span: Span, asked: str | date | Edition | None) -> str:
    """Say which editions meet in the bulletin."""
    first, last = find("air", span.start), find("air", span.end)
    told = ""
    if asked is not None and own != last:
        told += f"按指定的{own.title}计算，该时段执行的是{last.title}。"
    elif first != last:
        told += f"{span.label}跨{first.title}和{last.title}，全部数据统一按{own.title}计算。"
    before = _edition_on(span.before().end)
    if before is not None and before != own:
        told += f"上年同期执行{before.title}，此处按{own.title}重新计算后再作同比。"
    return told


def _edition_on(day: date) -> Edition | None:
    return next((one for one in editions("air") if one.covers(day)), None)


def _state(name: str) -> str:
    """Describe a reference state by the figures of the standard."""
    rules = (rule for e in editions("air") for m in e.members for rule in m.states)
    rule = next((rule for rule in rules if rule["name"] == name), None)
    if rule is None:
        return f"时段内由标况改为实况（{name}）"
    gas = f"{rule['gas']['kelvin']} K、{rule['gas']['hpa']} hPa"
    if rule.get("particulates") == rule["gas"]:
        return f"{name}（{gas}下的浓度）"
    return f"{name}（气态污染物为{gas}下、颗粒物为监测时大气温度和压力下的浓度）"


def _stated(source: Source, parts: Sequence[Part]) -> str:
    """Say what the figures stand on."""
    states: dict[str, list[str]] = {}
    for part in parts:
        for gas, pm in {(row["state"], row["state_pm"]) for row in part.now.values()}:
            told = _state(gas) if gas == pm else f"气态污染物{gas}、颗粒物{pm}"
            states.setdefault(told, []).append(part.span.label)
    alone = len(states) == 1
    listed = (told if alone else f"{'、'.join(of)}为{told}" for told, of in states.items())
    basis = source.basis
    dust = _DUST[source.dust] if source.dust else basis.dust or UNSTATED
    text = f"浓度状态：{'；'.join(listed)}。沙尘：{dust}。"
    text += f"数据状态：{basis.status or UNSTATED}。"
    return text + (f"点位：{basis.roster}。" if basis.roster else "")


def _beside(source: Source, parts: Sequence[Part], kept: Sequence[Part]) -> list[str]:
    """Give what figures are with nothing left out: of the whole, or of every place."""
    told = []
    for part, other in zip(parts, kept, strict=False):
        for row in other.table.rows:
            counts = part.now.get(row.name) or {}
            lost = max((counts.get(f"excluded_{i}_days") or 0 for i in source.marked), default=0)
            if lost and (row.whole or source.whole is None):
                cells = other.table.texts(row)
                listed = "、".join(f"{COLUMNS[c]} {cells[c]}" for c in _LEFT_OUT)
                told.append(f"{part.span.label}{row.name}剔除{lost}天，不剔除时{listed}")
    return [f"剔除前后对照：{'；'.join(told)}。"] if told else []


def _fewer(source: Source, parts: Sequence[Part], until: date) -> str:
    """List the valid days of the places that have fewer than the calendar."""
    told = []
    for part in parts:
        days = (part.span.end - part.span.start).days + 1
        valid = {p: (part.now.get(p) or {}).get("valid_days") or 0 for p in source.places}
        fewer = [f"{place}{n}天" for place, n in valid.items() if n < days]
        if fewer:
            told.append(f"{part.span.label}（{days}天）{'、'.join(fewer)}")
    end = f"数据截至{until}。" if until != parts[-1].span.end else ""
    if not told:
        return f"有效天数：各地均与日历天数相同。{end}"
    return f"有效天数少于日历天数的：{'；'.join(told)}。{end}"


def _previous(own: Edition, span: Span) -> str:
    text = "“上月名次”为上月的名次" + ("，累计表为累计到上月的名次" if span.key == "ytd" else "")
    earlier = span.previous()
    if _edition_on(earlier.end) not in (own, None):
        text += f"，按{own.title}重新计算，与上月通报所载可能不同"
    return f"{text}。"


def _unranked(source: Source, parts: Sequence[Part]) -> list[str]:
    """Say of each table which places have no rank and why, and of the whole what it lacks."""
    told, whole = [], []
    for part in parts:
        label, rows = part.span.label, part.table.rows
        listed = [f"{row.name}（{row.reason}）" for row in rows if row.reason]
        if listed:
            told.append(f"{label}{'、'.join(listed)}")
        if source.whole and (reason := source.short(part.now.get(source.whole))):
            whole.append(f"{label}{source.whole}{reason}，数值仅供参考。")
    if not told:
        return whole
    month, february, year = (
        source.edition.parameter(f"{p}_days_min") for p in ("month", "february", "year")
    )
    rule = f"每月有效天数不少于{month}天（2月{february}天）"
    rule += f"、全年不少于{year}天" if parts[0].span.key == "year" else ""
    return [f"不参加排名的：{'；'.join(told)}。参加排名的六项污染物均须{rule}。{''.join(whole)}"]


def _compared(source: Source, parts: Sequence[Part]) -> str:
    """Say what is compared with what, and why a cell holds no change."""
    periods = "、".join(part.span.before().title for part in parts)
    text = f"同比：与{periods}相比，由修约后的数值计算，优良天数比例为百分点之差，其余为百分比。"
    reasons: dict[str, list[str]] = {}
    few = []
    for part in parts:
        for row in part.table.rows:
            if row.uncompared:
                reasons.setdefault(f"{part.span.label}{row.uncompared}", []).append(row.name)
        told = [
            row.name
            for row in part.table.rows
            if row.figures["pm25_change"] is not None and source.short(part.before.get(row.name))
        ]
        if told:
            few.append(f"{part.span.before().title}{_names(told)}")
    if reasons:
        listed = [
            f"{why}，不作同比" + (f"（{_names(who)}）" if len(who) < len(source.places) else "")
            for why, who in reasons.items()
        ]
        text += f"{'；'.join(listed)}。"
    if few:
        text += f"上年同期有项目有效天数不足、同比仅供参考的：{'；'.join(few)}。"
    return f"{text}“{NONE}”为无数据、有效天数不足或不作比较。"


def _names(places: Sequence[str]) -> str:
    """List places; of very many, say how many."""
    return "、".join(places) if len(places) <= MANY else f"{len(places)}个地区"

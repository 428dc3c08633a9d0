"""What tests, levels and properties of quality control are called on pages and screens."""

from __future__ import annotations

TESTS = {
    "missing": ("缺测", "missing"),
    "gap": ("断数", "gap"),
    "source_flag": ("数据源标识", "flag of the source"),
    "gross_range": ("超出量程", "out of range"),
    "negative": ("负值", "negative"),
    "zero_run": ("连续零值", "run of zeros"),
    "stuck": ("数值不变", "stuck"),
    "step": ("突变", "step"),
    "rate_of_change": ("变化过快", "rate of change"),
    "spike": ("尖峰", "spike"),
    "neighbours": ("与周边不一致", "neighbours disagree"),
    "inversion": ("倒挂", "inversion"),
    "repeated": ("时间重复", "repeated time"),
    "unordered": ("时间乱序", "time out of order"),
    "off_cadence": ("时间不在整点", "off the cadence"),
    "future": ("未来时间", "future time"),
}
LEVELS = {
    "fail": ("不合格", "fail"),
    "suspect": ("存疑", "suspect"),
    "missing": ("缺测", "missing"),
    "unknown": ("未评价", "not evaluated"),
    "pass": ("通过", "pass"),
}
COLOURS = {"fail": "#a63d2d", "suspect": "#e3b23c", "missing": "#b9b5a8"}
_FORMULAS = {"so2": "SO2", "no2": "NO2", "co": "CO", "o3": "O3", "pm10": "PM10", "pm25": "PM2.5"}


def named(name: str) -> str:
    """Return what a property is called; its code where nothing is known.

    Examples
    --------
    >>> named("pm25"), named("nh3n"), named("w21003")
    ('PM2.5', '氨氮', 'w21003')
    """
    from shanshui.platform.ingest.measures import measures

    if name in _FORMULAS:
        return _FORMULAS[name]
    known = measures().get(name)
    return known.name if known else name


def rule_named(code: str) -> tuple[str, str]:
    """Return what a rule is called, in Chinese and in English.

    Examples
    --------
    >>> rule_named("stuck")
    ('数值不变', 'stuck')
    >>> rule_named("pm25_above_pm10")
    ('倒挂：PM2.5 高于 PM10', 'pm25 above pm10')
    """
    if code in TESTS:
        return TESTS[code]
    lower, between, upper = code.partition("_above_")
    if between:
        return f"倒挂：{named(lower)} 高于 {named(upper)}", f"{lower} above {upper}"
    return code, code

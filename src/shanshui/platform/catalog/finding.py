"""Find an indicator or a region by what people call it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from shanshui.plan.grammar_names import named
from shanshui.platform.catalog.names import indicator_rows, members, region_rows
from shanshui.standards.errors import ShanshuiError

Row = dict[str, Any]

_LEVELS = ("country", "province", "city", "group", "county")
_COUNTY = re.compile(r"(?:自治县|自治旗|[县区市旗])$")
_NEAR = 5


def find_indicator(text: str) -> Row:
    """Find the indicator that a code, a name or another name means; nothing is guessed.

    Parameters
    ----------
    text : str
        E.g. ``air.pm25.annual_mean``, PM2.5年均浓度, 细颗粒物浓度.

    Returns
    -------
    dict
        A row of `indicators`.

    Raises
    ------
    ShanshuiError
        Where no indicator is called so; the error names the nearest.

    Examples
    --------
    >>> find_indicator("细颗粒物年均浓度")["code"]
    'air.pm25.annual_mean'
    """
    by_code, names = _indicators()
    asked = text.strip()
    if entry := named(asked):
        return dict(by_code[entry.code])
    if row := names.get(asked.casefold()):
        return dict(row)
    raise _unknown("指标", "indicator", asked, {name: row["name"] for name, row in names.items()})


def find_region(text: str, *, within: str | None = None) -> Row:
    """Find the region that a code or a name means; nothing is guessed.

    Of regions of one name the largest counts (吉林 is the province); where there are several of
    one size (鼓楼区), the name of the region above has to be said.

    Parameters
    ----------
    text : str
        E.g. ``440100``, 广州, 阳山县, 南京市鼓楼区, ``group:yrd``.
    within : str, optional
        Code or name of the region that it lies in.

    Returns
    -------
    dict
        A row of `regions`.

    Raises
    ------
    ShanshuiError
        Where no region is called so, the error names the nearest; where several are, all of them.

    Examples
    --------
    >>> find_region("广州")["code"], find_region("南京鼓楼区")["code"]
    ('440100', '320106')
    >>> find_region("清新区", within="清远市")["code"]
    '441803'
    """
    asked = re.sub(r"\s", "", text).replace("（", "(").replace("）", ")")
    by_code, names = _regions()
    above = find_region(within)["code"] if within else None
    if asked in by_code and _lies_in(asked, above):
        return dict(by_code[asked])
    found = [row for row in names.get(asked.casefold(), ()) if _lies_in(row["code"], above)]
    if not found and asked:
        found = _below(asked, above)
    if not found:
        raise _unknown(
            "地区", "region", asked, {name: rows[0]["name"] for name, rows in names.items()}
        )
    size = min(_LEVELS.index(row["level"]) for row in found)
    largest = [row for row in found if _LEVELS.index(row["level"]) == size]
    exact = [row for row in largest if row["name"] == asked] or largest
    if len(exact) > 1:
        listed = "、".join(f"{_path(row)}({row['code']})" for row in exact)
        raise ShanshuiError(
            f"“{asked}”有多个，请写明上级地区或代码：{listed} / "
            f'"{asked}" is the name of several; say the region above or the code: {listed}'
        )
    return dict(exact[0])


@cache
def _indicators() -> tuple[dict[str, Row], dict[str, Row]]:
    """Give the indicators by code, and by everything that they are called."""
    names: dict[str, Row] = {}
    for row in indicator_rows():
        for name in (row["code"], row["name"], *row["aliases"], row["name_en"]):
            names.setdefault(name.casefold(), row)
    return {row["code"]: row for row in indicator_rows()}, names


@cache
def _regions() -> tuple[dict[str, Row], dict[str, list[Row]]]:
    """Give the regions by code, and all of each name."""
    names: dict[str, list[Row]] = {}
    for row in region_rows():
        own = {row["name"], *row["names"]}
        if row["name_en"]:
            own.add(row["name_en"].replace(" ", "").casefold())
        short = _COUNTY.sub("", row["name"])
        if row["level"] == "county" and len(short) > 1:
            own.add(short)
        for name in own:
            names.setdefault(name, []).append(row)
    return {row["code"]: row for row in region_rows()}, names


def _above(code: str) -> list[str]:
    """Give the codes of the regions that a region lies in, the nearest first."""
    by_code, found = _regions()[0], []
    one = by_code[code]["parent"]
    while one:
        found.append(one)
        one = by_code[one]["parent"]
    return found


def inside(code: str) -> frozenset[str]:
    """Give the codes of the regions inside a region, or of the members of a group.

    Parameters
    ----------
    code : str
        Code of a region or group.

    Returns
    -------
    frozenset of str
        Without the region itself.

    Examples
    --------
    >>> len(inside("441800")), sorted(inside("group:jjj"))
    (8, ['110000', '120000', '130000'])
    """
    if code.startswith("group:"):
        return frozenset(members(code))
    return frozenset(row["code"] for row in region_rows() if code in _above(row["code"]))


def _lies_in(code: str, above: str | None) -> bool:
    return above is None or above == code or above in _above(code)


def _below(asked: str, above: str | None) -> list[Row]:
    """Find a region that is said after the one that it lies in: 江苏省南京市鼓楼区."""
    names = _regions()[1]
    found: dict[str, Row] = {}
    for cut in range(2, len(asked) - 1):
        for upper in names.get(asked[:cut], ()):
            if upper["level"] in ("group", "county") or not _lies_in(upper["code"], above):
                continue
            rest = [
                row for row in names.get(asked[cut:], ()) if upper["code"] in _above(row["code"])
            ]
            for row in rest or _below(asked[cut:], upper["code"]):
                found[row["code"]] = row
    return list(found.values())


def _path(row: Row) -> str:
    by_code = _regions()[0]
    above = [by_code[code]["name"] for code in _above(row["code"]) if code != "100000"]
    return "".join([*reversed(above), row["name"]])


def _unknown(zh: str, en: str, asked: str, called: Mapping[str, str]) -> ShanshuiError:
    """Say that nothing is called so, and what is called nearly so, by its full name."""
    close = get_close_matches(asked.casefold(), list(called), n=_NEAR, cutoff=0.5)
    near = "、".join(dict.fromkeys(called[name] for name in close))
    if not near:
        return ShanshuiError(f'没有名为“{asked}”的{zh} / no {en} is called "{asked}"')
    return ShanshuiError(
        f'没有名为“{asked}”的{zh}；相近的有 {near} / no {en} is called "{asked}"; near are {near}'
    )

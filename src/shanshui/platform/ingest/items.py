"""Which property a name means, in a medium."""

from __future__ import annotations

from shanshui.platform.ingest.columns import listed_role, recognise
from shanshui.platform.ingest.measures import measures, unit_named
from shanshui.platform.ingest.profiles import Column

LISTINGS = {"water": "water", "soil": "soil", "noise": "sound", "weather": "weather"}
"""The table of names of each medium but the air, whose names `columns.recognise` knows."""


def item_property(name: str, medium: str) -> Column | None:
    """Say which property a name is of, in a medium, with the unit that the name states.

    Examples
    --------
    >>> item_property("氨氮(mg/L)", "water")
    Column(property='nh3n', unit='mg/L', flag=None, sure=False)
    >>> item_property("CO", "air").property, item_property("温度", "air").property
    ('co', 'air_temp')
    """
    if medium in ("air", "weather"):
        role = recognise(name)
        if role and role.item and role.name in measures():
            return Column(role.name, role.unit)
        if role and role.item and role.name == f"{role.item}_1h":
            return Column(role.item, role.unit)
        listing = "weather"
    else:
        listing = LISTINGS[medium]
    role = listed_role(name, listing)
    if role is None:
        stem, unit = _unit_apart(name)
        role = listed_role(stem, listing) if unit else None
        return _named(role.name, unit, medium) if role else None
    return _named(role.name, role.unit, medium)


def _unit_apart(name: str) -> tuple[str, str | None]:
    """Part a name from the unit in brackets behind it."""
    for mark in ("(", "（", "[", "/", "_", " "):
        stem, found, rest = name.rpartition(mark)
        unit = unit_named(rest.strip("()（）[] ")) if found and stem.strip() else None
        if unit:
            return stem.strip(), unit
    return name, None


def _named(role: str, unit: str | None, medium: str) -> Column | None:
    names = {"soil": f"soil_{role}"[:32], "water": "w20038" if role == "co" else role}
    levels = {"la": "leq", "lmax": "lmx"}
    code = names.get(medium) or (levels.get(role, role) if medium == "noise" else role)
    media = {"air": ("air", "weather"), "weather": ("weather",)}.get(medium, (medium,))
    if code not in measures() or measures()[code].medium not in media:
        return None
    return Column(code, unit)

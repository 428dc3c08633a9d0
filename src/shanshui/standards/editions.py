"""Dated tables of the standards and the editions (sets of standards) made of them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from shanshui.standards.errors import NoEdition, ShanshuiError, UnknownEdition


@dataclass(frozen=True)
class Parameter:
    """One figure of a standard that is not in a table.

    Attributes
    ----------
    value : object
        Number, truth value, list or mapping.
    confidence : str
        ``"A"`` read in the text or in two agreeing sources, ``"B"`` one source, ``"C"`` recalled
        and not verified.
    clause : str or None
        Where the text states it, if recorded.
    about, about_zh : str
        What it governs, in English and in Chinese.
    """

    value: Any
    confidence: str
    about: str
    about_zh: str
    clause: str | None = None


@dataclass(frozen=True)
class Standard:
    """One standard, as the dated file beside the domain's functions gives it.

    Attributes
    ----------
    number, title, title_en : str
        Number and titles, e.g. ``"GB 3095-2012"``.
    start : date
        First day in force.
    end : date or None
        Last day in force.
    confidence : str
        Confidence of the file's figures where they carry no mark of their own.
    source : str
        What the figures were read from.
    published : date or None
        Day of publication.
    tables, stages, states, parameters : mapping
        The figures: tables common to the whole standard, tables by stage, reference states by
        date, single parameters.
    """

    number: str
    title: str
    title_en: str
    start: date
    end: date | None
    confidence: str
    source: str
    published: date | None = None
    tables: dict[str, Any] = field(default_factory=dict, repr=False)
    stages: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    states: list[dict[str, Any]] = field(default_factory=list, repr=False)
    parameters: dict[str, Parameter] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Edition:
    """A set of standards that belong together, for data of one span of dates.

    Attributes
    ----------
    domain, name, title : str
        E.g. ``"air"``, ``"2012"``, ``"2012年标准"``.
    start : date
        First date of data that the set serves.
    end : date or None
        Last date, ``None`` while it is open.
    members : tuple of Standard
        The standards of the set.
    """

    domain: str
    name: str
    title: str
    start: date
    end: date | None
    members: tuple[Standard, ...] = field(repr=False)
    stages: tuple[str | None, ...] = field(repr=False)

    def __hash__(self) -> int:
        return hash((self.domain, self.name))

    @property
    def numbers(self) -> tuple[str, ...]:
        """Numbers of the member standards."""
        return tuple(member.number for member in self.members)

    def covers(self, day: date) -> bool:
        """Whether data of that day belong to this edition."""
        return self.start <= day and (self.end is None or day <= self.end)

    def table(self, name: str) -> Any:
        """Return a table of the set, e.g. ``"limits"``.

        Raises
        ------
        ShanshuiError
            When no standard of the set has such a table: an unknown figure is never made up.
        """
        return self.source_of(name)[1]

    def source_of(self, name: str) -> tuple[Standard, Any]:
        """Return the member standard that holds a table, and the table."""
        for member, stage in zip(self.members, self.stages, strict=True):
            tables = member.tables | (member.stages[stage] if stage else {})
            if name in tables:
                return member, tables[name]
        raise ShanshuiError(
            f"{self.title}没有“{name}”表 / "
            f"edition {self.name} of {self.domain} has no table {name!r}"
        )

    def parameter(self, name: str) -> Any:
        """Return the value of a parameter, e.g. ``"day_hours_min"``.

        Raises
        ------
        ShanshuiError
            When no standard of the set states it.
        """
        for member in self.members:
            if name in member.parameters:
                return member.parameters[name].value
        raise ShanshuiError(
            f"{self.title}没有规定“{name}” / "
            f"edition {self.name} of {self.domain} states no parameter {name!r}"
        )


def _read(domain: str, name: str) -> dict[str, Any]:
    folder = domain.partition(".")[0]
    text = files(f"shanshui.{folder}").joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)


def _standard(table: dict[str, Any]) -> Standard:
    return Standard(
        number=table["number"],
        title=table["title"],
        title_en=table["title_en"],
        start=table["from"],
        end=table.get("to"),
        confidence=table["confidence"],
        source=table["source"],
        published=table.get("published"),
        tables=table.get("tables", {}),
        stages=table.get("stage", {}),
        states=table.get("states", []),
        parameters={
            name: Parameter(**entry) for name, entry in table.get("parameters", {}).items()
        },
    )


def _file_name(number: str) -> str:
    return number.replace(" ", "").lower() + ".toml"


@cache
def editions(domain: str) -> tuple[Edition, ...]:
    """Return the editions of a domain in the order of their dates.

    Parameters
    ----------
    domain : str
        A domain with tables, e.g. ``"air"``, or a part of one, e.g. ``"water.surface"``.

    Examples
    --------
    >>> [e.name for e in editions("air")]
    ['2012', '2026', '2031']
    """
    try:
        table = _read(domain, "editions.toml")
        for part in domain.split(".")[1:]:
            table = table[part]
        entries = table["edition"]
    except (ModuleNotFoundError, FileNotFoundError, KeyError):
        raise UnknownEdition(
            f"没有“{domain}”领域的标准 / no standards for the domain {domain!r}"
        ) from None
    standards: dict[str, Standard] = {}
    for entry in entries:
        for member in entry["members"]:
            number = member["number"]
            if number not in standards:
                # A number that is not plain ASCII names its file, which any system can hold.
                name = member.get("file") or _file_name(number)
                standards[number] = _standard(_read(domain, name))
    return tuple(
        Edition(
            domain=domain,
            name=entry["name"],
            title=entry["title"],
            start=entry["from"],
            end=entry.get("to"),
            members=tuple(standards[m["number"]] for m in entry["members"]),
            stages=tuple(m.get("stage") for m in entry["members"]),
        )
        for entry in entries
    )


def _normal(name: str) -> str:
    """Fold the ways in which a standard's number is written: HJ 633—2012, hj633-2012."""
    for dash in "—–－‐‑−":
        name = name.replace(dash, "-")
    return "".join(name.split()).upper()


def edition(domain: str, which: str | date | Edition) -> Edition:
    """Find an edition by its name, by the number of a member standard or by a date.

    Where a standard belongs to several editions (GB 3095-2026 has limits in two stages), its
    number finds the first of them.

    Parameters
    ----------
    domain : str
        E.g. ``"air"``.
    which : str, date or Edition
        ``"2012"``, ``"HJ 633-2012"``, ``date(2026, 3, 1)``, or an edition, which is returned.

    Returns
    -------
    Edition

    Raises
    ------
    UnknownEdition
        No edition or member standard is called that.
    NoEdition
        No edition covers the date.

    Examples
    --------
    >>> from datetime import date
    >>> edition("air", "HJ 633-2012").name, edition("air", date(2026, 3, 1)).name
    ('2012', '2026')
    """
    known = editions(domain)
    if isinstance(which, Edition):
        if which not in known:
            raise UnknownEdition(f"{which!r} 不属于“{domain}”/ is no edition of {domain!r}")
        return which
    if isinstance(which, date):
        day = date(which.year, which.month, which.day)
        for candidate in known:
            if candidate.covers(day):
                return candidate
        raise NoEdition(
            f"没有适用于 {day} 的{domain}标准版本，最早自 {known[0].start} 起 / "
            f"no edition of {domain!r} covers {day}; the first begins on {known[0].start}"
        )
    wanted = _normal(str(which))
    for candidate in known:
        if wanted in {_normal(candidate.name), *map(_normal, candidate.numbers)}:
            return candidate
    names = ", ".join(f"{e.name} ({'; '.join(e.numbers)})" for e in known)
    raise UnknownEdition(
        f"没有名为“{which}”的标准版本，可用：{names} / unknown edition {which!r}; known: {names}"
    )

"""What the reader finds in a plan, as rows of the ledger."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shanshui.plan.commitments import Commitment, commitments
from shanshui.plan.document import Document
from shanshui.plan.parties import ROLES, Party
from shanshui.plan.projects import projects
from shanshui.plan.regions import gazetteer
from shanshui.plan.tasks import tasks
from shanshui.platform.catalog.finding import find_indicator, find_region
from shanshui.platform.store import models
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Row = dict[str, Any]

_NUMERAL = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


@dataclass
class Extract:
    """The items of a plan, before they have codes; places are of the original.

    Attributes
    ----------
    commitments, tasks, projects : list of dict
        Columns of the models. A task has its actions in ``actions``; ``owners`` are the units that
        the plan names, by role.
    """

    commitments: list[Row] = field(default_factory=list)
    tasks: list[Row] = field(default_factory=list)
    projects: list[Row] = field(default_factory=list)


def extract(document: Document, found: Sequence[Commitment] | None = None) -> Extract:
    """Read the commitments, tasks, actions and projects of a plan.

    Parameters
    ----------
    document : shanshui.plan.Document
        The plan.
    found : sequence of shanshui.plan.Commitment, optional
        Its commitments, where they have been read.

    Returns
    -------
    Extract
    """
    found = commitments(document) if found is None else found
    return Extract(
        [_commitment(one) for one in found], list(_tasks(document)), list(_projects(document))
    )


def _commitment(one: Commitment) -> Row:
    row = {
        name: getattr(one, name)
        for name in (
            *("kind", "quote", "section", "indicator", "indicator_code", "region", "year"),
            *("comparator", "unit", "base_year", "stretch", "approx", "nature", "start", "end"),
            *("confidence", "why"),
        )
    }
    ends = one.value if isinstance(one.value, tuple) else (one.value, None)
    row["value"], row["value_to"] = (_exact(end, one.quote) for end in (ends[0], ends[-1]))
    # 中国 and 各地 that the clause names are places, not units that answer.
    unit = one.owner if one.owner and one.owner not in gazetteer().by_name else None
    row["owners"] = {"responsible": [unit]} if unit else None
    return row


def _exact(value: float | None, quote: str) -> Decimal | None:
    """Return a value with the digits of the text: 20.0 where the reader has 20."""
    if value is None:
        return None
    number = Decimal(str(value))
    written = (Decimal(said.replace(",", "")) for said in _NUMERAL.findall(quote))
    return next((said for said in written if said == number), number)


def _tasks(document: Document) -> Iterable[Row]:
    for task in tasks(document):
        start, end = document.original_span(task.start, task.end)
        actions = []
        for action in task.actions:
            first, last = document.original_span(action.start, action.end)
            actions.append(
                {
                    "number": None,
                    "title": action.quote,
                    "section": task.path,
                    "start": first,
                    "end": last,
                    "deadline": str(action.deadline) if action.deadline else None,
                    "owners": named(action.parties),
                }
            )
        yield {
            "number": task.number,
            "title": task.title,
            "section": task.path,
            "start": start,
            "end": end,
            "deadline": None,
            "owners": named(task.parties),
            "actions": actions,
        }


def _projects(document: Document) -> Iterable[Row]:
    for one in projects(document):
        start, end = document.original_span(one.item_start, one.item_end)
        wan = one.investment_wan
        yield {
            "box": one.box,
            "name": one.name,
            "category": one.category or None,
            "place": one.place,
            "capacity": one.capacity,
            "investment": one.investment,
            "investment_wan": None if wan is None else Decimal(str(wan)),
            "period": one.period,
            "deadline": str(one.years[1]) if one.years else None,
            "section": one.section,
            "start": start,
            "end": end,
            "owners": None,
        }


def named(parties: Iterable[Party]) -> dict[str, list[str]] | None:
    """Return the names of parties by their role, each once, in the order of the text."""
    owners: dict[str, list[str]] = {}
    for role in ROLES:
        names = [party.name for party in parties if party.role == role]
        if names:
            owners[role] = list(dict.fromkeys(names))
    return owners or None


class Catalogue:
    """The regions and indicators of a ledger, found by what a plan calls them.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        A session of the ledger.
    within : str, optional
        Code of the region of the plan, which tells places of one name apart.
    """

    def __init__(self, session: Session, within: str | None = None) -> None:
        self.within = within
        columns = (models.Region.code, models.Region.name, models.Region.short_name)
        self._places: dict[str, list[str]] = {}
        self._regions: set[str] = set()
        for code, *names in session.execute(select(*columns)):
            self._regions.add(code)
            for name in {*filter(None, names)}:
                self._places.setdefault(name, []).append(code)
        columns_of = (models.Indicator.code, models.Indicator.name, models.Indicator.aliases)
        self._quantities: dict[str, str] = {}
        self._indicators: set[str] = set()
        for code, name, aliases in session.execute(select(*columns_of)):
            self._indicators.add(code)
            for one in (name, *(aliases or ())):
                self._quantities.setdefault(one, code)
        self._known: dict[str, str | None] = {}

    def region(self, name: str | None) -> str | None:
        """Return the code of a region, None where none or several are called so."""
        if not name:
            return None
        if name not in self._known:
            self._known[name] = self._region(name)
        return self._known[name]

    def _region(self, name: str) -> str | None:
        for within in (self.within, None) if self.within else (None,):
            try:
                code = find_region(name, within=within)["code"]
            except ShanshuiError:
                continue
            if code in self._regions:
                return str(code)
        # Regions of a bureau's own stand in the ledger alone.
        codes = [name] if name in self._regions else self._places.get(name, [])
        return codes[0] if len(codes) == 1 else None

    def indicator(self, name: str, code: str | None = None) -> str | None:
        """Return the code of an indicator, None where none is called so."""
        if code in self._indicators:
            return code
        if name in self._quantities:
            return self._quantities[name]
        try:
            found = find_indicator(name)["code"]
        except ShanshuiError:
            return None
        return str(found) if found in self._indicators else None


def resolved(extract: Extract, catalogue: Catalogue) -> Extract:
    """Give the items the codes of their regions and indicators."""
    for row in extract.commitments:
        row["region_code"] = catalogue.region(row["region"])
        if row["kind"] != "milestone":
            row["indicator_code"] = catalogue.indicator(row["indicator"], row["indicator_code"])
    for row in extract.tasks:
        for one in (row, *row["actions"]):
            one["region_code"] = catalogue.within
    for row in extract.projects:
        row["region_code"] = catalogue.region(row["place"]) or catalogue.within
    return extract


def owners_of(row: Mapping[str, Any]) -> Iterable[tuple[str, int, str]]:
    """Give the role, position and name of each unit that an item names."""
    for role in ROLES:
        for position, name in enumerate((row.get("owners") or {}).get(role, ())):
            yield role, position, name

"""Fill a ledger with the plans that come with the package, or that lie in a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shanshui.platform import catalog
from shanshui.platform.plans.documents import Added, add, lock, store, there
from shanshui.platform.plans.records import Extract
from shanshui.platform.plans.titles import Facts, kind_of, scope_of
from shanshui.platform.store.models import Document
from shanshui.standards import Basis

if TYPE_CHECKING:
    from shanshui.platform.store import Ledger

PACKAGED = "目标表 packaged table"
_ENDINGS = (".txt", ".md", ".html", ".htm", ".docx", ".pdf", ".xlsx")


def load_packaged(ledger: Ledger, *, who: str = "shanshui") -> list[Added]:
    """Put the targets of the packaged table into the ledger, a document for each plan.

    The table holds facts and no sentence of a plan, so that these documents have no text. A plan
    that is added later by its text is a new edition of the same document.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    who : str
        Who adds them.

    Returns
    -------
    list of Added
        One for each plan; those that are there already are unchanged.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from shanshui.platform.plans.loading import load_packaged
    >>> from shanshui.platform.store import Workspace
    >>> with TemporaryDirectory() as folder, Workspace.create(folder) as workspace:
    ...     added = load_packaged(workspace.ledger)
    >>> [(one.code, one.counts["commitments"]) for one in added][:2]
    [('jjj-action-2030', 17), ('yrd-action-2030', 14)]
    """
    targets = catalog.targets()
    made: list[Added] = []
    with ledger.write(who=who, action="plan load") as session:
        lock(session)
        for document in catalog.documents().to_dicts():
            rows = targets.filter(document=document["document"])
            content = rows.write_csv().encode()
            sha256 = hashlib.sha256(content).hexdigest()
            if found := there(session, sha256):
                made += found
                continue
            told = _told(document, rows["region"].to_list())
            row = Document(
                sha256=sha256,
                code="",
                file_name=f"targets.csv#{document['document']}",
                content=content,
                note=document["note"],
            )
            made.append(store(session, row, told, Extract([_target(r) for r in rows.to_dicts()])))
    return made


def _told(document: dict[str, Any], regions: list[str]) -> Facts:
    title = document["title"]
    told = Facts()
    facts = {
        "title": title,
        "kind": kind_of(title) or "plan",
        "scope": scope_of(title),
        "region": max(dict.fromkeys(regions), key=regions.count),
        **{k: document[k] for k in ("issuer", "issued", "first_year", "last_year")},
        "baseline_year": document["baseline_year"],
    }
    for name, value in facts.items():
        told.put(name, value, PACKAGED)
    return told


def _target(row: dict[str, Any]) -> dict[str, Any]:
    value = row["value"]
    return {
        **{k: row[k] for k in ("kind", "section", "indicator", "region", "year", "comparator")},
        **{k: row[k] for k in ("unit", "base_year", "stretch", "approx", "nature")},
        "indicator_code": None,
        "value": Decimal(value) if value else None,
        "value_to": None,
        "quote": "",
        "basis": Basis.parse(row["basis"]).stated() if row["basis"] else None,
        "why": row["id"],
        "owners": None,
    }


def load_folder(ledger: Ledger, folder: str | Path, *, who: str) -> Iterator[list[Added]]:
    """Add the plans of a folder, one file after another; of a file with several plans each.

    A file that is named after a plan of the packaged table (``gz145.txt``) has its title from
    there, where its own text does not tell it.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    folder : str or Path
        The folder.
    who : str
        Who adds them.

    Yields
    ------
    list of Added
        For each file.

    Raises
    ------
    ShanshuiError
        A file cannot be read; those before it stay.
    """
    titles = dict(catalog.documents().select("document", "title").rows())
    for path in sorted(Path(folder).iterdir()):
        if path.suffix.lower() in _ENDINGS:
            yield add(ledger, path, who=who, title=titles.get(path.stem))

"""Put the items of a plan into the ledger; of a new edition, beside those of the one before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, select

from shanshui.platform.plans import matching
from shanshui.platform.plans.diff import FIELDS, Item, differing, extracted, items, same
from shanshui.platform.store.ledger import plain
from shanshui.platform.store.models import Base, Commitment, Document, Project, Task

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.plans.records import Extract

Row = dict[str, Any]

_CHECKED = ("status", "checked_by", "checked_at", "note")
_LETTER: dict[type[Item], str] = {Commitment: "", Task: "t", Project: "p"}
_LAST = re.compile(r"(\d+)$")


@dataclass
class Put:
    """What was put: items by kind, what of the edition before is kept, what to check again.

    ``owners`` are the units that the items name, ``gone`` the codes of items that are in the
    edition before alone.
    """

    counts: dict[str, int]
    kept: int = 0
    again: tuple[str, ...] = ()
    owners: list[tuple[str, Mapping[str, Any] | None]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


def put(session: Session, row: Document, old: Document | None, found: Extract) -> Put:
    """Write the items of a document, with the codes of the edition before where they are the same.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of ``ledger.write``.
    row, old : Document
        The document, and the edition before it.
    found : Extract
        Its items.

    Returns
    -------
    Put
    """
    work = _Work(session, row, old)
    work.commitments(found.commitments)
    work.tasks(found.tasks)
    work.projects(found.projects)
    session.flush()
    counts = {
        "commitments": len(found.commitments),
        "tasks": len(found.tasks),
        "actions": sum(len(task["actions"]) for task in found.tasks),
        "projects": len(found.projects),
    }
    return Put(counts, work.kept, tuple(work.again), work.owners, work.gone)


class _Work:
    def __init__(self, session: Session, row: Document, old: Document | None) -> None:
        self.session, self.row, self.old = session, row, old
        self.kept = 0
        self.again: list[str] = []
        self.owners: list[tuple[str, Mapping[str, Any] | None]] = []
        self.gone: list[str] = []

    # ----- the three lists -----------------------------------------------------------------------

    def commitments(self, found: Sequence[Row]) -> None:
        rows = [fitted(Commitment, one) for one in found]
        before = self._before(Commitment)
        pairs = matching.match(
            [extracted(one) for one in before],
            rows,
            matching.COMMITMENTS,
            matching.promised,
            matching.fields("kind"),
        )
        self._write(Commitment, before, rows, pairs, f"{self.row.code}-{{:03}}")

    def tasks(self, found: Sequence[Row]) -> None:
        before = self._before(Task)
        tops = [one for one in before if isinstance(one, Task) and one.parent is None]
        rows = [fitted(Task, {k: v for k, v in one.items() if k != "actions"}) for one in found]
        pairs = matching.match(
            [extracted(one) for one in tops],
            rows,
            matching.TASKS,
            lambda item: str(item["title"]),
            matching.fields(),
        )
        counts = [1 + len(task["actions"]) for task in found]
        places = [sum(counts[:number]) for number in range(len(counts))]
        codes = self._write(Task, tops, rows, pairs, f"{self.row.code}-t{{:03}}", places)
        self._actions([one for one in before if one not in tops], found, codes, places)

    def _actions(
        self,
        before: Sequence[Item],
        found: Sequence[Row],
        codes: Sequence[str],
        places: Sequence[int],
    ) -> None:
        """Write the actions of the tasks; each is named after its task."""
        rows, own = [], []
        for task, code, place in zip(found, codes, places, strict=True):
            for number, action in enumerate(task["actions"], 1):
                rows.append(fitted(Task, action) | {"parent": code})
                own.append(place + number)
        pairs = matching.match(
            [extracted(one) for one in before],
            rows,
            matching.ACTIONS,
            lambda item: str(item["title"]),
            matching.fields("parent"),
        )
        self._write(Task, before, rows, pairs, "{parent}-{:02}", own)

    def projects(self, found: Sequence[Row]) -> None:
        rows = [fitted(Project, one) for one in found]
        before = self._before(Project)
        pairs = matching.match(
            [extracted(one) for one in before],
            rows,
            matching.PROJECTS,
            lambda item: f"{item['name']}{item['place'] or ''}",
            matching.fields("box"),
        )
        self._write(Project, before, rows, pairs, f"{self.row.code}-p{{:03}}")

    # ----- rows ----------------------------------------------------------------------------------

    def _before(self, model: type[Item]) -> list[Item]:
        """Return the items of the edition before; what people added goes with the plan."""
        if self.old is None:
            return []
        rows = items(self.session, model, self.old)
        for one in rows:
            if one.status == "added":
                values = one.values()
                for name in ("id", "version"):
                    values.pop(name)
                self.session.add(model(**values | {"document_id": self.row.id}))
        return [one for one in rows if one.status != "added"]

    def _write(
        self,
        model: type[Item],
        before: Sequence[Item],
        found: Sequence[Row],
        pairs: Mapping[int, int],
        form: str,
        places: Sequence[int] | None = None,
    ) -> list[str]:
        numbers = self._numbers(model, form)
        codes = []
        for number, values in enumerate(found):
            kept = before[pairs[number]] if number in pairs else None
            code = next(numbers(values)) if kept is None else kept.code
            carried = {} if kept is None else self._carried(kept, values)
            position = places[number] if places else number
            self.session.add(
                model(document_id=self.row.id, code=code, position=position, **values | carried)
            )
            codes.append(code)
            if values.get("owners") or kept is not None:
                self.owners.append((code, values.get("owners")))
        self.kept += len(pairs)
        taken = set(pairs.values())
        self.gone += [one.code for i, one in enumerate(before) if i not in taken]
        return codes

    def _numbers(self, model: type[Item], form: str) -> Any:
        """Give free numbers: above all that an edition of this plan has ever had."""
        query = (
            select(model.code)
            .join(Document, Document.id == model.document_id)
            .where(Document.code == self.row.code)
        )
        used: dict[str, int] = {}
        for code in self.session.scalars(query):
            if last := _LAST.search(code):
                stem = code[: last.start()]
                used[stem] = max(used.get(stem, 0), int(last[1]))

        def free(values: Row) -> Iterable[str]:
            shape = form.replace("{parent}", str(values.get("parent")))
            stem = shape[: shape.index("{")]
            used[stem] = used.get(stem, 0) + 1
            yield shape.format(used[stem])

        return lambda values: iter(free(values))

    def _carried(self, kept: Item, values: Row) -> Row:
        """Return what an item keeps of the edition before: what was checked, what was corrected."""
        was = extracted(kept)
        changed = differing(FIELDS[type(kept)], was, values)
        corrections = {
            name: getattr(kept, name)
            for name in kept.original or {}
            if same(name, was[name], values.get(name))
        }
        carried: Row = dict(corrections)
        if corrections:
            carried["original"] = {name: plain(values.get(name)) for name in corrections}
        if not changed:
            return carried | {name: getattr(kept, name) for name in _CHECKED}
        if kept.status != "extracted":
            self.again.append(kept.code)
            names = "、".join(changed)
            carried["note"] = f"第{self.row.edition}版有改动（{names}），请重新核对"
        still = corrections and kept.status == "corrected"
        carried["status"] = "corrected" if still else "extracted"
        return carried


def fitted(model: type[Base], values: Mapping[str, Any]) -> Row:
    """Cut texts to what their columns hold, and take out what a database refuses."""
    fit: Row = {}
    for name, value in values.items():
        kept = value
        if isinstance(value, str):
            kept = value.replace("\0", "")
            kind = model.__table__.c[name].type
            if isinstance(kind, String) and kind.length and len(kept) > kind.length:
                kept = kept[: kind.length - 1] + "…"
        fit[name] = kept
    return fit

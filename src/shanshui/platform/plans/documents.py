"""Take plans into the ledger: documents, their items, and who answers for them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select, text

from shanshui.plan.commitments import commitments
from shanshui.plan.document import Document as Text
from shanshui.plan.reading import read
from shanshui.plan.regions import gazetteer
from shanshui.platform.catalog.finding import find_region
from shanshui.platform.plans import editions, owning
from shanshui.platform.plans.records import Catalogue, Extract, extract, resolved
from shanshui.platform.plans.titles import KINDS, SCOPES, Facts, facts, plain_title, plans
from shanshui.platform.store.models import Document
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Ledger

_FACTS = (
    *("title", "kind", "scope", "region", "issuer", "number", "issued", "first_year", "last_year"),
    "baseline_year",
)
_CODE = re.compile(r"[0-9A-Za-z\u4e00-\u9fff][0-9A-Za-z\u4e00-\u9fff._-]{0,63}")


@dataclass(frozen=True)
class Added:
    """What became of a plan that was added.

    Attributes
    ----------
    code, edition, title, kind : str, int, str, str
        Of the document in the ledger.
    new : bool
        False where the ledger had it already and nothing was changed.
    current : bool
        Whether it is the edition in force.
    counts : dict
        Items by kind: ``commitments``, ``tasks``, ``actions``, ``projects``, ``assignments``.
    superseded : int or None
        The edition that it takes the place of.
    kept : int
        Items of that edition that are in this one too.
    again : tuple of str
        Codes of items that a person had checked and that the new edition changes.
    taken : dict
        Where each fact about the plan is from.
    unmatched : tuple of str
        Work of a division (分工方案) that nothing in its plan answers to.
    beside : str or None
        Code of another plan that would have the same code by default.
    """

    code: str
    edition: int
    title: str
    kind: str
    new: bool
    current: bool = True
    counts: Mapping[str, int] = field(default_factory=dict)
    superseded: int | None = None
    kept: int = 0
    again: tuple[str, ...] = ()
    taken: Mapping[str, str] = field(default_factory=dict)
    unmatched: tuple[str, ...] = ()
    beside: str | None = None


@dataclass(frozen=True)
class _Part:
    """A plan of a file, read and not yet stored."""

    number: int
    text: Text
    facts: Facts
    extract: Extract


def add(
    ledger: Ledger,
    source: str | Path | bytes,
    *,
    who: str,
    name: str | None = None,
    code: str | None = None,
    parent: str | None = None,
    for_plan: str | None = None,
    split: bool = True,
    reason: str | None = None,
    **given: Any,
) -> list[Added]:
    r"""Add a plan to the ledger: the document, its commitments, tasks, projects and owners.

    All in one transaction. The same bytes twice change nothing, also where two programs add them
    at once. A document with the code of one in the ledger is its new edition: items that are in
    both keep their codes, what was checked and corrected, their owners and their progress. Without
    `code`, one of the same default code and title is; another title makes another plan.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    source : str, Path or bytes
        The file, as `shanshui.plan.read` takes it.
    who : str
        Who adds it.
    name : str, optional
        Name of the file, where bytes are given.
    code : str, optional
        Code of the plan; by default region, kind and last year: ``440100-outline-2035``.
    parent : str, optional
        Code of the plan above it in its family.
    for_plan : str, optional
        Code of the plan whose work it divides (分工方案): its units are given to the tasks there.
    split : bool
        Make each of several plans in the file a document of its own.
    reason : str, optional
        Why, for the audit trail.
    **given
        What is known of the plan and not to be found in its text: ``title``, ``kind`` (outline,
        plan, action, annual, division, order), ``scope`` (comprehensive, special), ``region``
        (name or code), ``issuer``, ``number``, ``issued``, ``first_year``, ``last_year``,
        ``baseline_year``.

    Returns
    -------
    list of Added
        One for each plan in the file.

    Raises
    ------
    ShanshuiError
        The file cannot be read, a code or kind is not as it should be, a plan is not there.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from shanshui.platform.plans.documents import add
    >>> from shanshui.platform.store import Workspace
    >>> plan = "阳山县碧水行动方案（2026—2028年）\n一、目标\n到2028年，建成碧道86公里。".encode()
    >>> with TemporaryDirectory() as folder, Workspace.create(folder) as workspace:
    ...     (first,) = add(workspace.ledger, plan, who="张三")
    ...     (again,) = add(workspace.ledger, plan, who="张三")
    >>> first.code, first.counts["commitments"], first.new, again.new
    ('441823-action-2028', 1, True, False)
    """
    given = _checked(given, code)
    data, name = _bytes_of(source, name)
    sha256 = hashlib.sha256(data).hexdigest()
    with ledger.read() as session:
        if found := there(session, sha256):
            return found
    parts = _parts(read(data, name=name), given, split=split, division=for_plan is not None)
    if len(parts) > 1 and (code or for_plan or given.keys() & {"title", "region"}):
        titles = "、".join(part.facts.title for part in parts)
        raise ShanshuiError(
            f"{name} 里有 {len(parts)} 个规划（{titles}），代码、题名和地区须各有各的；"
            f"先分成几个文件，或作为一个规划加入（--whole） / "
            f"{name} holds {len(parts)} plans, which need codes, titles and regions of their own: "
            "part the file, or add it as one (--whole)"
        )
    with ledger.write(who=who, action="plan add", reason=reason) as session:
        lock(session)
        if found := there(session, sha256):  # another program has added it meanwhile
            return found
        made = []
        for part in parts:
            row = Document(
                sha256=sha256, part=part.number, file_name=name[:300], content=data, code=code or ""
            )
            made.append(store(session, row, part.facts, part.extract, part.text, parent, for_plan))
        return made


def lock(session: Session) -> None:
    """Let one program at a time add documents; a writer of SQLite is alone anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE documents IN SHARE ROW EXCLUSIVE MODE"))


def _checked(given: Mapping[str, Any], code: str | None) -> dict[str, Any]:
    if strange := given.keys() - set(_FACTS):
        raise TypeError(f"unknown facts about a plan: {', '.join(sorted(strange))}")
    known = {name: value for name, value in given.items() if value is not None}
    for name, allowed in (("kind", KINDS), ("scope", SCOPES)):
        if known.get(name, allowed[0]) not in allowed:
            raise ShanshuiError(
                f"{name} 应为 {'、'.join(allowed)}：{known[name]} / "
                f"{name} must be one of {', '.join(allowed)}: {known[name]}"
            )
    if code is not None and not _CODE.fullmatch(code):
        raise ShanshuiError(
            f"代码只用字母、数字、汉字和 . _ -，至多64个：{code} / "
            f"a code has letters, digits and . _ - only, at most 64: {code}"
        )
    return known


def _bytes_of(source: str | Path | bytes, name: str | None) -> tuple[bytes, str]:
    if isinstance(source, bytes):
        return source, name or ""
    path = Path(source)
    if path.is_file():
        return path.read_bytes(), name or path.name
    read(path)  # says what is wrong with it
    raise ShanshuiError(f"读不了 {path} / cannot read {path}")


def there(session: Session, sha256: str) -> list[Added]:
    """Return the documents that were made of a file; empty where it was never added."""
    rows = session.scalars(
        select(Document).where(Document.sha256 == sha256).order_by(Document.part)
    )
    return [
        Added(row.code, row.edition, row.title, row.kind, new=False, current=row.current)
        for row in rows
    ]


def _parts(document: Text, given: Mapping[str, Any], *, split: bool, division: bool) -> list[_Part]:
    """Read the plans of a file; of a division of work only what it says of itself."""
    texts = plans(document) if split and not division else [document]
    found = []
    for number, one in enumerate(texts, 1 if len(texts) > 1 else 0):
        promised = commitments(one, region=_called(given.get("region")))
        told = facts(one, promised, dict(given) | ({"kind": "division"} if division else {}))
        items = Extract() if told.kind == "division" else extract(one, promised)
        found.append(_Part(number, one, told, items))
    return found


def _called(region: str | None) -> str | None:
    """Return the name of a region that is given by its code or a short name."""
    try:
        return str(find_region(region)["name"]) if region else None
    except ShanshuiError:  # several are called so, or it is a bureau's own
        return region


def plan_text(row: Document) -> Text | None:
    """Read a document of the ledger anew, as it was read when it was added.

    Parameters
    ----------
    row : Document
        Of an open session.

    Returns
    -------
    shanshui.plan.Document or None
        None of a document without a text, as the packaged table of targets is.
    """
    if row.text is None or row.content is None:
        return None
    document = read(row.content, name=row.file_name or row.code)
    return plans(document)[row.part - 1] if row.part else document


# ------------------------------------------------------------------------------------- storing


def store(
    session: Session,
    row: Document,
    told: Facts,
    items: Extract,
    source: Text | None = None,
    parent: str | None = None,
    for_plan: str | None = None,
) -> Added:
    """Write a document and its items; of a plan that is there, as its new edition.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        Of ``ledger.write``, locked (`lock`).
    row : Document
        With its hash, and its code where one was given.
    told : Facts
        What the plan says of itself.
    items : Extract
        What it holds.
    source : shanshui.plan.Document, optional
        Its text.
    parent, for_plan : str, optional
        Codes of the plan above it, and of the plan whose work it divides.

    Returns
    -------
    Added
    """
    catalogue = Catalogue(session)
    above = _above(session, parent, for_plan)
    row.region_code = catalogue.region(told.region) or (above.region_code if above else None)
    catalogue.within = row.region_code
    known = {name: getattr(told, name) for name in _FACTS if name != "region"}
    for name, value in editions.fitted(Document, known).items():
        setattr(row, name, value)
    row.text = source.original.replace("\0", "\ufffd") if source else None
    beside = None
    if not row.code:
        row.code, beside = _default_code(session, row, told)
    if above and above.code == row.code:
        raise ShanshuiError(
            f"{row.code} 不能在自己之下 / {row.code} cannot stand below itself; say another --code"
        )
    old = session.scalar(select(Document).where(Document.code == row.code, Document.current))
    row.parent_code = parent or for_plan or (old.parent_code if old else None)
    if old:
        row.edition, row.supersedes_id = old.edition + 1, old.id
        old.current = False
    session.add(row)
    session.flush()
    lines = owning.divide(session, source, for_plan) if source and told.kind == "division" else []
    if told.kind == "division":
        items.tasks += [owning.work(line) for line in lines if not line.items]
    put = editions.put(session, row, old, resolved(items, catalogue))
    owned = owning.own(session, row, put.owners, put.gone)
    owned += owning.assign(session, row, lines)
    counts = put.counts | {"assignments": owned}
    return Added(
        row.code,
        row.edition,
        row.title,
        row.kind,
        new=True,
        counts=counts,
        superseded=old.edition if old else None,
        kept=put.kept,
        again=put.again,
        taken=told.taken,
        unmatched=tuple(line.task for line in lines if not line.items) if for_plan else (),
        beside=beside,
    )


def _above(session: Session, *codes: str | None) -> Document | None:
    """Return the plan above, of which a plan without a region of its own has the region."""
    found = None
    for code in filter(None, codes):
        row = session.scalar(select(Document).where(Document.code == code, Document.current))
        if row is None:
            raise ShanshuiError(f"台账里没有规划“{code}” / no plan {code} in the ledger")
        found = found or row
    return found


def _default_code(session: Session, row: Document, told: Facts) -> tuple[str, str | None]:
    """Make the code of a plan: the code of its region, its kind and its last year."""
    place = row.region_code
    if place is None and (region := gazetteer().by_name.get(told.region or "")):
        place = region.code
    if place is None:  # the same title gives the same code
        place = "x" + hashlib.sha256(plain_title(row.title).encode()).hexdigest()[:6]
    parts = (place.removeprefix("group:"), row.kind, row.last_year)
    stem = re.sub(r"[^0-9A-Za-z._-]", "_", "-".join(str(part) for part in parts if part))
    rows = session.execute(
        select(Document.code, Document.title)
        .where(or_(Document.code == stem, Document.code.startswith(f"{stem}-", autoescape=True)))
        .order_by(Document.id)
    ).all()
    mine = plain_title(row.title)
    for code, title in rows:
        if plain_title(title) == mine:
            return str(code), None
    taken = {str(code) for code, _ in rows}
    if stem not in taken:
        return stem, None
    return next(c for n in range(2, 10_000) if (c := f"{stem}-{n}") not in taken), stem

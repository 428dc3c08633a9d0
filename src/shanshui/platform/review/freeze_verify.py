"""Prove that a freeze still reads as it was frozen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shanshui.platform.review import rosters
from shanshui.platform.review.freeze_read import asked_of, figures
from shanshui.platform.review.frozen_figures import COMPUTED
from shanshui.platform.review.frozen_rows import checksum, figures_digest
from shanshui.platform.review.periods import span
from shanshui.platform.store.models import Freeze, RosterVersion
from shanshui.standards.basis import Basis

if TYPE_CHECKING:
    from shanshui.platform.store import Workspace


@dataclass(frozen=True)
class Fault:
    """Something of a freeze that reads otherwise than it was frozen."""

    what: str
    frozen: str
    found: str

    def __str__(self) -> str:
        return f"{self.what}：{self.frozen} → {self.found}"


def verify(workspace: Workspace, row: Freeze, *, recompute: bool = False) -> list[Fault]:
    """Read a freeze back and compare it with its checksums.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    row : Freeze
        The freeze.
    recompute : bool
        Compute the figures anew from the frozen observations as well: what differs then was
        computed by another version of the program.

    Returns
    -------
    list of Fault
        Empty where everything reads as it was frozen.
    """
    asked = asked_of(workspace, row)
    sums = checksum(workspace.lake, asked)
    faults = []
    if sums.rows != row.rows:
        faults.append(Fault("行数 rows", str(row.rows), str(sums.rows)))
    for name in sorted({*row.properties, *sums.properties}):
        frozen, found = row.properties.get(name), sums.properties.get(name)
        if frozen != found:
            faults.append(Fault(name, str(frozen), str(found)))
    if sums.digest != row.digest:
        faults.append(Fault("摘要 digest", row.digest[:12], sums.digest[:12]))
    with workspace.ledger.read() as session:
        kept = figures(session, row)
        version = session.get_one(RosterVersion, row.roster_version_id)
        listed = rosters.stations(session, version)
    if figures_digest(kept) != row.figures_digest:
        faults.append(Fault("结果 figures", row.figures_digest[:12], figures_digest(kept)[:12]))
    if recompute:
        basis = Basis.parse(row.basis)
        method = COMPUTED[row.domain]
        again = method(workspace.lake, asked, listed, span(row.period), row.edition, basis)
        faults += [
            Fault(f"{kind} {place} {start} {name}", str(before), str(after))
            for kind, place, start, name, before, after in differences(kept, again.lines)
        ]
    return faults


def differences(
    before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]]
) -> list[tuple[str, str, str, str, Any, Any]]:
    """Say which figures differ: kind, place, start, name, before, after; None where there is none.

    Examples
    --------
    >>> line = {"kind": "city", "place": "青禾市", "start": "2026-10-01", "end": "2026-10-31"}
    >>> old, new = ({**line, "figures": {"pm25": value, "days": "31"}} for value in ("25", "24"))
    >>> differences([old], [new])
    [('city', '青禾市', '2026-10-01', 'pm25', '25', '24')]
    """

    def keyed(lines: Sequence[dict[str, Any]]) -> dict[tuple[str, str, str, str], dict[str, Any]]:
        return {(o["kind"], o["place"], o["start"], o["end"]): o["figures"] for o in lines}

    old, new = keyed(before), keyed(after)
    found: list[tuple[str, str, str, str, Any, Any]] = []
    for key in [*old, *(key for key in new if key not in old)]:
        one, other = old.get(key, {}), new.get(key, {})
        found += [
            (*key[:3], name, one.get(name), other.get(name))
            for name in [*one, *(name for name in other if name not in one)]
            if one.get(name) != other.get(name)
        ]
    return found

"""Run the checks over a workspace."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import text

from shanshui.platform.doctor import folder, logic
from shanshui.platform.plans.checks import findings
from shanshui.platform.plans.comparing import RULES

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from shanshui.platform.store import Workspace

Severity = Literal["error", "warning", "notice"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "notice")


_PLAN = "plan_"
_SAID: dict[str, Severity] = {"error": "error", "warning": "warning", "info": "notice"}


@dataclass(frozen=True)
class Check:
    """One question that is put to a workspace.

    Attributes
    ----------
    code : str
        Its name.
    severity : str
        ``error`` (figures or duties would be wrong), ``warning`` (work is missing) or ``notice``
        (worth a look).
    subject : str
        The table, or ``workspace``.
    zh, en : str
        What is wrong where it finds something.
    advice, advice_en : str
        What to do about it.
    sql : str or None
        The question to the database, where it is one.
    """

    code: str
    severity: Severity
    subject: str
    zh: str
    en: str
    advice: str
    advice_en: str
    sql: str | None = None


@dataclass(frozen=True)
class Finding:
    """One thing that a check found: the row as people know it, and the point."""

    check: Check
    key: str
    what: str

    def as_dict(self) -> dict[str, Any]:
        """Return the fields flat, without the SQL."""
        fields = asdict(self.check)
        del fields["sql"]
        return fields | {"key": self.key, "what": self.what}


@cache
def checks() -> tuple[Check, ...]:
    """Return the checks, in the order in which they are run.

    Examples
    --------
    >>> from shanshui.platform import doctor
    >>> len(doctor.checks()) >= 40
    True
    """
    here = files("shanshui.platform.doctor")
    own = (
        Check(**check)
        for name in ("checks.toml", "logic.toml")
        for check in tomllib.loads(here.joinpath(name).read_text(encoding="utf-8"))["check"]
    )
    # Those of `shanshui plan check`, asked here too.
    plans = (
        Check(
            _PLAN + name,
            _SAID[rule.severity],
            "commitments",
            rule.zh,
            rule.en,
            rule.advice_zh,
            rule.advice_en,
        )
        for name, rule in RULES.items()
    )
    return (*own, *plans)


def examine(
    workspace: Workspace,
    *,
    today: date,
    only: Iterable[str] | None = None,
    session: Session | None = None,
) -> list[Finding]:
    """Examine a workspace.

    Parameters
    ----------
    workspace : Workspace
        The workspace; nothing of it is changed.
    today : datetime.date
        The day from which deadlines count.
    only : iterable of str, optional
        Codes of checks; by default all.
    session : sqlalchemy.orm.Session, optional
        An open session, to examine what it has not committed yet.

    Returns
    -------
    list of Finding
        Errors first, then in the order of the checks.
    """
    wanted = set(only) if only is not None else None
    chosen = [check for check in checks() if wanted is None or check.code in wanted]
    found: list[Finding] = []
    with workspace.ledger.read() if session is None else nullcontext(session) as asked:
        of_plans = {
            check.code: check for check in chosen if check.code.removeprefix(_PLAN) in RULES
        }
        for check in chosen:
            if check.code not in of_plans:
                rows = _ask(check, workspace, asked, today)
                found += [Finding(check, str(key), str(what or "")) for key, what in rows]
        if of_plans:
            rules = [code.removeprefix(_PLAN) for code in of_plans]
            for one in findings(asked, rules=rules):
                check = replace(of_plans[_PLAN + one.rule], severity=_SAID[one.severity])
                found.append(Finding(check, one.subject, one.zh))
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.check.severity))


def _ask(
    check: Check, workspace: Workspace, session: Session, today: date
) -> Iterator[tuple[Any, Any]]:
    if check.sql is None:
        by_name: dict[str, Callable[..., Iterator[tuple[str, str]]]] = {
            **logic.QUESTIONS,
            **folder.QUESTIONS,
        }
        yield from by_name[check.code](workspace, session, today)
        return
    years, month = divmod(today.year * 12 + today.month - 1 - 2, 12)
    given = {"today": today.isoformat(), "stale": f"{years}-{month + 1:02}"}
    question = text(check.sql)
    used = {name: value for name, value in given.items() if f":{name}" in check.sql}
    yield from ((key, what) for key, what in session.execute(question, used))

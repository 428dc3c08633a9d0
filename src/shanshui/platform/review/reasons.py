"""Why values are kept, corrected, withdrawn or back-filled, and through which stages they go."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from shanshui.standards.errors import ShanshuiError

KINDS = {
    "keep": ("保留", "keep"),
    "correct": ("修改", "correct"),
    "withdraw": ("剔除", "withdraw"),
    "backfill": ("补录", "back-fill"),
    "agree": ("同意", "agree"),
    "undo": ("撤销", "undo"),
}
"""What can be decided, in Chinese and in English."""
SETTLING = ("keep", "correct", "withdraw", "backfill")
"""Kinds that say what becomes of a value."""


@dataclass(frozen=True)
class Reason:
    """A reason and what it may be used for.

    Attributes
    ----------
    code, zh, en : str
        Its name.
    media : tuple of str
        Domains.
    decisions : tuple of str
        Kinds of decision.
    source, confidence : str
        The text it stands on, and how sure that is.
    evidence : tuple of str
        Kinds of decision for which a file must be given.
    properties : tuple of str
        Of these only; empty: of all.
    missing : bool
        Whether it can also say why a value is missing.
    note : bool
        Whether words must be given.
    """

    code: str
    zh: str
    en: str
    media: tuple[str, ...]
    decisions: tuple[str, ...]
    source: str
    confidence: str
    evidence: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    missing: bool = False
    note: bool = False


@dataclass(frozen=True)
class Course:
    """The stages of a domain.

    Attributes
    ----------
    stages : tuple of str
        Codes, in their order.
    distinct : bool
        Whether each stage is of another person.
    """

    stages: tuple[str, ...]
    distinct: bool


def _read(name: str) -> dict[str, Any]:
    text = files("shanshui.platform.review").joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def reasons() -> dict[str, Reason]:
    """Return the reasons by code.

    Examples
    --------
    >>> reasons()["dry"].zh, reasons()["dry"].media, reasons()["dry"].evidence
    ('断流', ('water',), ('keep', 'withdraw'))
    """
    found = {}
    for row in _read("reasons.toml")["reason"]:
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
        found[row["code"]] = Reason(**fields)
    return found


def reasons_for(domain: str, kind: str | None = None) -> list[Reason]:
    """Return the reasons of a domain, perhaps for one kind of decision."""
    return [
        one
        for one in reasons().values()
        if domain in one.media and (kind is None or kind in one.decisions)
    ]


def reason_named(text: str) -> Reason:
    """Find a reason by its code or its Chinese or English name.

    Raises
    ------
    ShanshuiError
        There is none of that name.

    Examples
    --------
    >>> reason_named("仪器故障").code, reason_named("ice").zh
    ('instrument_fault', '冰封')
    """
    plain = text.strip()
    for one in reasons().values():
        if plain in (one.code, one.zh) or plain.lower() == one.en:
            return one
    known = "、".join(f"{one.zh} {one.code}" for one in reasons().values())
    raise ShanshuiError(
        f'没有理由“{text}”；可用：{known} / no reason "{text}"; there are {", ".join(reasons())}'
    )


@cache
def _stages() -> dict[str, Any]:
    return _read("stages.toml")


def domains() -> tuple[str, ...]:
    """Return the domains that can be reviewed."""
    return tuple(_stages()["domains"])


def stage_words(code: str) -> tuple[str, str]:
    """Return what a stage is called in Chinese and in English.

    Examples
    --------
    >>> stage_words("second")
    ('复审', 'second review')
    """
    one = _stages()["stages"].get(code)
    return (one["zh"], one["en"]) if one else (code, code)


def stage_named(text: str, among: Sequence[str]) -> str:
    """Find a stage by its code or name.

    Examples
    --------
    >>> stage_named("终审", ("first", "final"))
    'final'
    """
    for code in among:
        if text.strip() in (code, *stage_words(code)):
            return code
    words = "、".join(f"{stage_words(code)[0]} {code}" for code in among)
    raise ShanshuiError(
        f"审核阶段应为 {words}，得到“{text}” / "
        f'the stage must be one of {", ".join(among)}, got "{text}"'
    )


def kind_named(text: str) -> str:
    """Find a kind of decision by its code or name.

    Examples
    --------
    >>> kind_named("剔除")
    'withdraw'
    """
    for code, words in KINDS.items():
        if text.strip() in (code, *words):
            return code
    known = "、".join(f"{zh} {code}" for code, (zh, _) in KINDS.items())
    raise ShanshuiError(
        f"审核决定应为 {known}，得到“{text}” / "
        f'a decision is one of {", ".join(KINDS)}, got "{text}"'
    )


def course(settings: Mapping[str, Any], domain: str) -> Course:
    """Return the stages of a domain: those of the workspace, else the packaged ones.

    Parameters
    ----------
    settings : mapping
        Settings of the workspace; ``review.<domain>`` has ``stages`` and ``distinct``.
    domain : str
        ``air``, ``weather``, ``water``, ``noise`` or ``soil``.

    Raises
    ------
    ShanshuiError
        The domain or a stage is not known.

    Examples
    --------
    >>> course({}, "weather").stages
    ('first', 'final')
    >>> course({"review": {"air": {"stages": ["终审"], "distinct": False}}}, "air")
    Course(stages=('final',), distinct=False)
    """
    packaged = _stages()["domains"]
    if domain not in packaged:
        raise ShanshuiError(
            f"领域应为 {'、'.join(packaged)}，得到“{domain}” / "
            f'the domain must be one of {", ".join(packaged)}, got "{domain}"'
        )
    said = packaged[domain] | dict(settings.get("review", {}).get(domain, {}))
    stages, distinct = said["stages"], said["distinct"]
    if not isinstance(stages, list) or not stages or not isinstance(distinct, bool):
        raise ShanshuiError(
            f'shanshui.toml 的 [review.{domain}] 应有 stages = ["first", "final"] 和 '
            "distinct = true 或 false / "
            f"[review.{domain}] of shanshui.toml must have stages, a list, and distinct, true or "
            "false"
        )
    codes = tuple(stage_named(str(one), tuple(_stages()["stages"])) for one in stages)
    if len(set(codes)) < len(codes):
        raise ShanshuiError(
            f"[review.{domain}] 的阶段重复：{'、'.join(codes)} / "
            f"[review.{domain}] names a stage twice: {', '.join(codes)}"
        )
    return Course(codes, distinct)

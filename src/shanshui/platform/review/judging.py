"""Whether a choice can be taken: the stage, the person, the reason, the evidence, the values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shanshui._clock import ZONE
from shanshui.platform.review.items import labelled
from shanshui.platform.review.reasons import (
    KINDS,
    SETTLING,
    Reason,
    reason_named,
    reasons,
    reasons_for,
    stage_words,
)
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from shanshui.platform.review.evidence import Kept
    from shanshui.platform.store.models import Review, ReviewDecision, ReviewItem

Values = float | Mapping[datetime, float] | None


@dataclass(frozen=True)
class Choice:
    """What a person decides of one item.

    Attributes
    ----------
    item : int
        Its number.
    kind : str
        ``keep``, ``correct``, ``withdraw``, ``backfill``, or ``agree``: what the stage before
        decided.
    reason : str or None
        Code or name of the reason; a value that is kept needs none but that it is valid.
    value : float, mapping of datetime to float, or None
        The new value; for several, each by its time.
    evidence : str or None
        Path of a file.
    note : str or None
        In words.
    seen : int or None
        The version of the item that the person had before him; another is refused.
    """

    item: int
    kind: str
    reason: str | None = None
    value: Values = None
    evidence: str | None = None
    note: str | None = None
    seen: int | None = None


@dataclass(frozen=True)
class Refusal:
    """Why a choice was not taken.

    Attributes
    ----------
    position : int
        Of the choice, from 0.
    item : int
        Number of the item.
    code : str
        ``decided`` (another has decided it), ``already`` (the same person, the same), ``changed``
        (since it was seen), ``early`` (an earlier stage has not), ``same_person``,
        ``value_changed``, ``corrected``, ``reason``, ``evidence``, ``value``, ``unknown``,
        ``twice`` or ``nothing``.
    zh, en : str
        In words.
    """

    position: int
    item: int
    code: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}"


@dataclass(frozen=True)
class Verdict:
    """A choice that is taken: the columns of its decision."""

    kind: str
    reason: str
    note: str | None
    evidence: str | None
    required: bool
    written: list[list[Any]]


@dataclass(frozen=True)
class Case:
    """A choice and all that it is judged by."""

    position: int
    choice: Choice
    item: ReviewItem
    review: Review
    stage: str
    stack: list[ReviewDecision]
    who: str
    file: Kept | ShanshuiError | None
    moved: bool
    corrected: bool

    @property
    def at(self) -> int:
        """The place of the stage."""
        return self.review.stages.index(self.stage)

    @property
    def last(self) -> bool:
        """Whether it is the last stage."""
        return self.at == len(self.review.stages) - 1

    @property
    def new_values(self) -> Mapping[datetime, float]:
        """The finite new values, each by its time."""
        given = self.choice.value
        if given is None or self.choice.kind not in ("correct", "backfill"):
            return {}
        if not isinstance(given, Mapping):
            given = {datetime.fromisoformat(self.item.first): given}
        return {time: value for time, value in given.items() if math.isfinite(value)}

    def no(self, code: str, zh: str, en: str) -> Refusal:
        """Refuse."""
        name = labelled(self.item)
        return Refusal(self.position, self.item.id, code, f"{name}：{zh}", f"{name}: {en}")


def described(one: ReviewDecision) -> tuple[str, str]:
    """Say who decided what, when and why, in Chinese and in English."""
    reason = reasons().get(one.reason or "")
    zh, en = KINDS[one.kind]
    value = one.written[0][1] if len(one.written) == 1 else None
    if one.kind in ("correct", "backfill") and value is not None:
        zh, en = f"{zh}为 {value:g}", f"{en} to {value:g}"
    if reason:
        zh, en = f"{zh}（{reason.zh}）", f"{en} ({reason.en})"
    stage = stage_words(one.stage)
    when = one.at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")
    return (
        f"{one.who} 于 {when} {stage[0]}：{zh}",
        f"{one.who}, {stage[1]}, {when}: {en}",
    )


def told(item: ReviewItem, one: ReviewDecision, head: str) -> tuple[str, str]:
    """Say of an item who decided it."""
    zh, en = described(one)
    return f"{labelled(item)}：{head} {zh}", f"{labelled(item)}: {en}"


def judge(case: Case, implausible: str | None = None) -> Verdict | Refusal:
    """Say what a choice comes to, or why it is refused.

    Parameters
    ----------
    case : Case
        The choice.
    implausible : str, optional
        What quality control says of a new value that cannot be.
    """
    refusal = _stage(case) or _state(case)
    if refusal:
        return refusal
    if case.choice.kind == "agree":
        return _agreed(case)
    if case.choice.kind not in SETTLING:
        return case.no(
            "value", f"没有决定“{case.choice.kind}”", f'no decision "{case.choice.kind}"'
        )
    found = _settled(case)
    if implausible and isinstance(found, Verdict):
        zh, _, en = implausible.partition(" / ")
        return case.no(
            "value", f"新值不可能，看单位是否有误：{zh}", f"no such value, see its unit: {en or zh}"
        )
    return found


def _stage(case: Case) -> Refusal | None:
    """See whether it is the turn of this stage and this person."""
    item, stack = case.item, case.stack
    if item.stage > case.at:
        zh, en = described(stack[case.at])
        if _same(case, stack[case.at]):
            return case.no("already", f"本来就是这个决定——{zh}", f"so decided before - {en}")
        return case.no("decided", f"已有决定——{zh}", f"decided before - {en}")
    if item.stage < case.at:
        zh, en = stage_words(case.review.stages[item.stage])
        return case.no("early", f"还没有{zh}", f"the {en} is missing")
    if case.choice.seen is not None and case.choice.seen != item.version:
        zh, en = described(stack[-1]) if stack else ("决定已撤销或数值已更新", "taken back, or new")
        return case.no("changed", f"看过之后已变——{zh}", f"changed since it was seen - {en}")
    if case.review.distinct:
        own = next((one for one in stack if one.who == case.who), None)
        if own is not None:
            zh, en = stage_words(own.stage)
            return case.no(
                "same_person",
                f"{case.who} 已做{zh}，各阶段须由不同的人审核",
                f"{case.who} made the {en}; each stage is of another person",
            )
    return None


def _same(case: Case, one: ReviewDecision) -> bool:
    """Whether a person says again what he has said."""
    choice = case.choice
    reason = reasons().get(one.reason or "")
    named = (None,) if reason is None else (reason.code, reason.zh, reason.en)
    value = one.written[0][1] if len(one.written) == 1 else None
    return (
        one.who == case.who
        and choice.kind == one.kind
        and (choice.reason in named or (choice.reason is None and one.reason == "valid"))
        and choice.value in (None, value)
    )


def _state(case: Case) -> Refusal | None:
    """See whether the values are those that were queued."""
    if case.corrected:
        return case.no(
            "corrected",
            "已按文件更正，审核不能再改；用更正",
            "corrected by a document, which a review does not change: correct it anew",
        )
    if case.moved:
        return case.no(
            "value_changed",
            "数据湖里的值在入列后变了；先用 shanshui review open 更新",
            "its values in the lake changed since it was queued: run shanshui review open",
        )
    return None


def _agreed(case: Case) -> Verdict | Refusal:
    if not case.stack:
        return case.no("value", "前面没有可同意的决定", "there is no decision to agree with")
    before = case.stack[-1]
    digest, fault = _digest(case)
    if fault:
        return fault
    return Verdict(
        before.kind,
        before.reason or "",
        case.choice.note,
        digest or before.evidence_sha256,
        before.evidence_required,
        before.written,
    )


def _digest(case: Case) -> tuple[str | None, Refusal | None]:
    if isinstance(case.file, ShanshuiError):
        zh, _, en = str(case.file).partition(" / ")
        return None, case.no("evidence", zh, en or zh)
    return (case.file.sha256 if case.file else None), None


def _settled(case: Case) -> Verdict | Refusal:
    choice, kind = case.choice, case.choice.kind
    reason = _reason(case)
    if isinstance(reason, Refusal):
        return reason
    digest, fault = _digest(case)
    if fault:
        return fault
    required = kind in reason.evidence
    if required and case.file is None:
        return case.no(
            "evidence",
            f"以“{reason.zh}”{KINDS[kind][0]}须附佐证文件",
            f"to {KINDS[kind][1]} for {reason.en} needs a file of evidence",
        )
    if reason.note and not (choice.note or "").strip():
        return case.no(
            "reason", f"理由为“{reason.zh}”时须写说明", f"the reason {reason.en} needs a note"
        )
    written = _written(case, reason)
    if isinstance(written, Refusal):
        return written
    return Verdict(kind, reason.code, choice.note, digest, required, written)


def _reason(case: Case) -> Reason | Refusal:
    """Find the reason, and see whether it may be used here."""
    choice, kind, domain = case.choice, case.choice.kind, case.review.domain
    missing = all(row[1] is None for row in case.item.seen)
    said = choice.reason
    if not said and kind == "keep" and not missing:
        said = "valid"
    usable = [
        one
        for one in reasons_for(domain, kind)
        if not one.properties or case.item.property in one.properties
    ]
    if kind == "keep" and missing:
        usable = [one for one in usable if one.missing]
    known = "、".join(f"{one.zh} {one.code}" for one in usable)
    codes = ", ".join(one.code for one in usable)
    if not said:
        return case.no(
            "reason",
            f"{KINDS[kind][0]}须写理由：{known}",
            f"to {KINDS[kind][1]} needs a reason: {codes}",
        )
    try:
        reason = reason_named(said)
    except ShanshuiError:
        return case.no("reason", f"没有理由“{said}”；可用：{known}", f'no reason "{said}": {codes}')
    if reason not in usable:
        hint = (
            "；沙尘和例外事件的值保留，评价时按口径扣除"
            if reason.code in ("dust", "exceptional_event")
            else f"；可用：{known}"
        )
        return case.no(
            "reason",
            f"理由“{reason.zh}”不能用于{'缺测的' if missing else ''}"
            f"{case.item.property} 的{KINDS[kind][0]}{hint}",
            f"the reason {reason.en} is not for this ({KINDS[kind][1]}); there are {codes}",
        )
    return reason


def _written(case: Case, reason: Reason) -> list[list[Any]] | Refusal:
    """Return what the values become: time, value, flag.

    What is missing carries the code of the reason as its flag. A value that counts has none: the
    flag of the source was about the value as it came, and stays with it among the revisions.
    """
    kind, rows = case.choice.kind, case.item.seen
    if kind in ("correct", "backfill"):
        return _valued(case, reason)
    if kind == "withdraw":
        if all(row[1] is None for row in rows):
            return case.no(
                "value",
                "本来就没有值，不用剔除；以理由保留缺测或补录",
                "there is no value to withdraw; keep it as missing with a reason, or back-fill",
            )
        return [[row[0], None, reason.code] for row in rows]
    if case.choice.value is not None:
        return case.no("value", "保留不带新值；要改用修改", "to keep takes no value; use correct")
    return [[row[0], row[1], reason.code if row[1] is None else None] for row in rows]


def _valued(case: Case, reason: Reason) -> list[list[Any]] | Refusal:
    kind, rows, given = case.choice.kind, case.item.seen, case.choice.value
    zh, en = KINDS[kind]
    if given is None:
        return case.no("value", f"{zh}须给新值", f"to {en} needs a new value")
    if isinstance(given, Mapping):
        new = {time.isoformat(): value for time, value in given.items()}
    elif len(rows) == 1:
        new = {rows[0][0]: given}
    else:
        return case.no(
            "value",
            f"包含 {len(rows)} 个值，须按时间逐个给出",
            f"holds {len(rows)} values; give each by its time",
        )
    times = {row[0]: row[1] for row in rows}
    for time, value in new.items():
        fault = _fault(kind, time, value, times)
        if fault:
            return case.no("value", *fault)
    return [
        [row[0], float(new[row[0]]), None]
        if row[0] in new
        else [row[0], row[1], reason.code if row[1] is None else None]
        for row in rows
    ]


def _fault(
    kind: str, time: str, value: float, times: dict[str, float | None]
) -> tuple[str, str] | None:
    if time not in times:
        return f"{time} 不在此条目里", f"{time} is not of this item"
    if not math.isfinite(value):
        return f"新值应为有限数，得到 {value}", f"a new value must be finite, got {value}"
    old = times[time]
    if kind == "correct" and old is None:
        return f"{time} 缺测；用补录", f"{time} is missing: back-fill it"
    if kind == "backfill" and old is not None:
        return f"{time} 已有值 {old:g}；用修改", f"{time} has the value {old:g}: correct it"
    if old is not None and old == value:
        return f"新值与原值相同（{old:g}）", f"the new value is the old one ({old:g})"
    return None

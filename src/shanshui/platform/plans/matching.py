"""Which item of a new edition of a plan is which of the old one."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

Item = Mapping[str, Any]
Key = Callable[[Item], Hashable | None]

ALIKE = 0.7
"""Likeness from which other words are the same item: a convention of this project."""
_PLAIN = re.compile(r"[\W_]+")


def match(
    old: Sequence[Item],
    new: Sequence[Item],
    keys: Sequence[Key],
    words: Callable[[Item], str],
    block: Key,
) -> dict[int, int]:
    """Pair the items of two editions.

    The first key that finds a partner decides; among several of one key the wording does, then
    the order. What no key pairs is paired by its wording where that is alike enough.

    Parameters
    ----------
    old, new : sequence of mapping
        The items in the order of the text.
    keys : sequence of callable
        From strict to loose; None of an item means that the key does not hold for it.
    words : callable
        What an item says.
    block : callable
        Wording pairs only items of which this is the same.

    Returns
    -------
    dict
        Position in `new` to position in `old`.
    """
    pairs: dict[int, int] = {}
    for key in keys:
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        taken = set(pairs.values())
        for number, item in enumerate(old):
            if number not in taken and (said := key(item)) is not None:
                waiting[said].append(number)
        groups: dict[Hashable, list[int]] = defaultdict(list)
        for number, item in enumerate(new):
            if number not in pairs and (said := key(item)) in waiting:
                groups[said].append(number)
        for said, numbers in groups.items():
            pairs |= _within(waiting[said], numbers, old, new, words)
    return pairs | _alike(old, new, pairs, words, block)


def _within(
    before: Sequence[int],
    after: Sequence[int],
    old: Sequence[Item],
    new: Sequence[Item],
    words: Callable[[Item], str],
) -> dict[int, int]:
    """Pair the items of one key: those that read most alike first, then in their order."""
    if len(before) == len(after) == 1:
        return {after[0]: before[0]}
    said = {number: words(old[number]) for number in before}
    same: dict[int, int] = {}
    left = list(before)
    for number in after:  # the same words first, which is nearly all and needs no comparing
        told = words(new[number])
        if (found := next((one for one in left if said[one] == told), None)) is not None:
            same[number] = found
            left.remove(found)
    rest = [number for number in after if number not in same]
    scores = sorted(
        (
            (-likeness(said[one], words(new[number])), abs(one - number), number, one)
            for number in rest
            for one in left
        ),
    )
    for _, _, number, one in scores:
        if number not in same and one in left:
            same[number] = one
            left.remove(one)
    return same


def _alike(
    old: Sequence[Item],
    new: Sequence[Item],
    pairs: Mapping[int, int],
    words: Callable[[Item], str],
    block: Key,
) -> dict[int, int]:
    """Pair what is left by wording, the most alike first."""
    taken = set(pairs.values())
    holding: dict[str, list[int]] = defaultdict(list)
    sizes: dict[int, int] = {}
    for number, item in enumerate(old):
        if number not in taken:
            grams = _grams(words(item))
            sizes[number] = len(grams)
            for gram in grams:
                holding[gram].append(number)
    scores = []
    for number, item in enumerate(new):
        if number in pairs:
            continue
        grams = _grams(words(item))
        shared = Counter(one for gram in grams for one in holding.get(gram, ()))
        for one, count in shared.items():
            score = 2 * count / (len(grams) + sizes[one])
            if score >= ALIKE and block(item) == block(old[one]):
                scores.append((-score, abs(one - number), number, one))
    found: dict[int, int] = {}
    used: set[int] = set()
    for _, _, number, one in sorted(scores):
        if number not in found and one not in used:
            found[number] = one
            used.add(one)
    return found


def _grams(text: str) -> set[str]:
    plain = _PLAIN.sub("", text)
    return {plain[i : i + 2] for i in range(len(plain) - 1)} or {plain}


def likeness(a: str, b: str) -> float:
    """Return how alike two texts are: shared pairs of characters over all, 0 to 1.

    Examples
    --------
    >>> likeness("截污清淤", "截污治淤"), likeness("治河", "造林")
    (0.3333333333333333, 0.0)
    """
    first, second = _grams(a), _grams(b)
    return 2 * len(first & second) / (len(first) + len(second))


# ------------------------------------------------------------------------- what is the same item


def fields(*names: str) -> Key:
    """Make a key of some fields."""

    def key(item: Item) -> Hashable:
        return tuple(str(item.get(name)) for name in names)

    return key


def _of_quantity(*names: str) -> Key:
    """Make a key for what has a value; milestones are told by their words alone."""
    whole = fields(*names)

    def key(item: Item) -> Hashable | None:
        return None if item["kind"] == "milestone" else whole(item)

    return key


_PROMISE = ("kind", "indicator", "region", "year", "comparator", "value", "value_to", "unit")
COMMITMENTS: tuple[Key, ...] = (
    fields(*_PROMISE, "base_year", "quote"),
    fields(*_PROMISE),
    _of_quantity("kind", "indicator", "region", "year", "comparator", "unit"),
    _of_quantity("kind", "indicator", "region", "year"),
    _of_quantity("kind", "indicator", "region"),
    _of_quantity("kind", "indicator", "year", "value"),
    _of_quantity("indicator", "region", "year"),
)
TASKS: tuple[Key, ...] = (fields("section", "title"), fields("title"))
ACTIONS: tuple[Key, ...] = (fields("parent", "title"), fields("title"))
PROJECTS: tuple[Key, ...] = (
    fields("box", "name", "place", "capacity", "investment", "period"),
    fields("box", "name", "place"),
    fields("name", "place"),
    fields("name"),
)


def promised(item: Item) -> str:
    """Return what a commitment is about: a milestone its words, another its quantity."""
    return str(item["quote"] if item["kind"] == "milestone" else item["indicator"])

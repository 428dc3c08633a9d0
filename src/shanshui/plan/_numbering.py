"""The numbers that Word sets before paragraphs of its lists and headings."""

from __future__ import annotations

from typing import Any, NamedTuple

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HAN = "零一二三四五六七八九"
_CHINESE = frozenset(
    [
        *("chineseCounting", "chineseCountingThousand", "chineseLegalSimplified"),
        *("japaneseCounting", "japaneseDigitalTenThousand", "taiwaneseCounting"),
        *("taiwaneseCountingThousand", "ideographDigital", "koreanCounting"),
    ]
)
_DEEPEST = 20  # styles that a style may be based on, one on another
_LARGEST = 99_999


class _Level(NamedTuple):
    form: str
    text: str
    start: int
    style: str


class Numbering:
    """Counts the paragraphs of lists, as they come.

    Parameters
    ----------
    numbering, styles : element or None
        The roots of ``numbering.xml`` and ``styles.xml``.
    """

    def __init__(self, numbering: Any | None, styles: Any | None) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        self._lists: dict[str, str] = {}  # of a list: its abstract list
        self._restarts: dict[str, dict[int, int]] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._styles: dict[str, tuple[str, int | None, str]] = {}
        for one in _all(numbering, "abstractNum"):
            self._levels[_get(one, "abstractNumId")] = {
                _int(_get(level, "ilvl")): _Level(
                    _child(level, "numFmt") or "decimal",
                    _child(level, "lvlText"),
                    _int(_child(level, "start"), 1),
                    _child(level, "pStyle"),
                )
                for level in one.iterchildren(f"{_W}lvl")
            }
        for one in _all(numbering, "num"):
            number = _get(one, "numId")
            self._lists[number] = _child(one, "abstractNumId")
            self._restarts[number] = {
                _int(_get(over, "ilvl")): _int(_child(over, "startOverride"), 1)
                for over in one.iterchildren(f"{_W}lvlOverride")
                if over.find(f"{_W}startOverride") is not None
            }
        for one in _all(styles, "style"):
            properties = one.find(f"{_W}pPr/{_W}numPr")
            number, level = _said(properties)
            self._styles[_get(one, "styleId")] = (number, level, _child(one, "basedOn"))

    def before(self, paragraph: Any) -> str:
        """Return the number that stands before a paragraph, and count it."""
        number, level = self._of(paragraph)
        abstract = self._lists.get(number, "")
        levels = self._levels.get(abstract, {})
        if level not in levels:
            return ""
        counts = self._counts.setdefault(abstract, {})
        for depth, start in self._restarts.pop(number, {}).items():
            counts[depth] = start - 1
        counts[level] = min(counts.get(level, levels[level].start - 1) + 1, _LARGEST)
        for deeper in [depth for depth in counts if depth > level]:
            del counts[deeper]
        text = levels[level].text
        if levels[level].form in {"bullet", "none"} or "%" not in text:
            return ""
        for depth, one in levels.items():
            if f"%{depth + 1}" in text:
                text = text.replace(
                    f"%{depth + 1}", written(counts.get(depth, one.start), one.form)
                )
        return text

    def _of(self, paragraph: Any) -> tuple[str, int]:
        """Return the list and the level of a paragraph: its own, or its style's."""
        number, level = _said(paragraph.find(f"{_W}pPr/{_W}numPr"))
        style = _get(paragraph.find(f"{_W}pPr/{_W}pStyle"), "val")
        name = style
        for _ in range(_DEEPEST):
            if (number and level is not None) or name not in self._styles:
                break
            of_style, level_of_style, base = self._styles[name]
            number = number or of_style
            level = level_of_style if level is None else level
            name = base
        if level is None:
            levels = self._levels.get(self._lists.get(number, ""), {})
            level = next(
                (depth for depth, one in levels.items() if style and one.style == style), 0
            )
        return number, level


def written(number: int, form: str) -> str:
    """Write a number in a form of Word: 3, 三, ③, c, iii."""
    if form in _CHINESE:
        return chinese(number)
    if form == "decimalEnclosedCircleChinese" or form == "decimalEnclosedCircle":
        return chr(0x245F + number) if 1 <= number <= 20 else str(number)
    if form in {"lowerLetter", "upperLetter"} and 1 <= number <= 26:
        return chr((96 if form == "lowerLetter" else 64) + number)
    return str(number)


def chinese(number: int) -> str:
    """Write a number below a hundred in Chinese, a larger one in digits."""
    if not 0 <= number < 100:
        return str(number)
    tens, ones = divmod(number, 10)
    head = "" if not tens else "十" if tens == 1 else _HAN[tens] + "十"
    return head + (_HAN[ones] if ones or not tens else "")


def _all(root: Any | None, name: str) -> list[Any]:
    return [] if root is None else list(root.iterchildren(f"{_W}{name}"))


def _get(element: Any | None, name: str) -> str:
    return "" if element is None else str(element.get(f"{_W}{name}") or "")


def _child(element: Any, name: str) -> str:
    return _get(element.find(f"{_W}{name}"), "val")


def _said(properties: Any | None) -> tuple[str, int | None]:
    if properties is None:
        return "", None
    level = properties.find(f"{_W}ilvl")
    return _child(properties, "numId"), None if level is None else _int(_get(level, "val"))


def _int(text: str, other: int = 0) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else other

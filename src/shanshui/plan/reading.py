"""Read a plan document, whatever its kind: its text, and the place of each character."""

from __future__ import annotations

import re
from pathlib import Path

from shanshui.plan._layout import compose
from shanshui.plan.document import Document
from shanshui.standards.errors import ShanshuiError


class PlanError(ShanshuiError):
    """A plan document cannot be read."""


def read(source: str | Path | bytes, *, name: str | None = None) -> Document:
    r"""Read a plan document.

    Parameters
    ----------
    source : str, Path or bytes
        A file, or its bytes.
    name : str, optional
        What the document is called in messages; by default the file's name.

    Returns
    -------
    Document
        Its text, and for each character its place in the original.

    Raises
    ------
    PlanError
        The file cannot be read; the message says why.

    Examples
    --------
    >>> from shanshui.plan.reading import read
    >>> document = read("到２０２７年，PM₂.₅降至25微克。".encode())
    >>> document.text
    '到2027年,PM2.5降至25微克。\n'
    >>> document.quote(7, 12)
    'PM₂.₅'
    """
    data, name = _bytes_of(source, name)
    original = decode(data, name)
    text, offsets = compose(original, _pages(original))
    if not text:
        raise PlanError(f"{name}：没有文字 / {name}: holds no text")
    return Document(original, text, offsets, _pages(original), name)


def _bytes_of(source: str | Path | bytes, name: str | None) -> tuple[bytes, str]:
    if isinstance(source, bytes):
        return source, name or "文件 document"
    path = Path(source)
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise PlanError(
            f"读不了 {path}：{fault.strerror} / cannot read {path}: {fault.strerror}"
        ) from None
    return data, name or path.name


def _pages(original: str) -> tuple[int, ...]:
    """Return where the pages of a text with form feeds begin."""
    feeds = [match.end() for match in re.finditer("\f", original)]
    return (0, *feeds) if feeds else ()


def decode(data: bytes, name: str) -> str:
    """Decode UTF-8, UTF-16 or GB18030; refuse what is no text."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            encodings: tuple[str, ...] = (encoding,)
            break
    else:
        nulls = data[:4000].count(0)
        if nulls:
            odd = data[1:4000:2].count(0)
            encodings = ("utf-16-le",) if 2 * odd >= nulls else ("utf-16-be",)
        else:
            encodings = ("utf-8", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(_CONTROL.findall(text)) * 50 <= len(text):
            return text
    raise PlanError(
        f"{name}：不是文本，或编码不是 UTF-8、GB18030、UTF-16 / "
        f"{name}: is no text, or not in UTF-8, GB18030 or UTF-16"
    )


_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")

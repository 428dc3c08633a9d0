"""Read a plan document, whatever its kind: its text, and the place of each character."""

from __future__ import annotations

import re
from pathlib import Path

from shanshui.plan import _containers
from shanshui.plan._containers import Content
from shanshui.plan._layout import compose
from shanshui.plan.document import Document
from shanshui.plan.errors import PlanError

__all__ = ["PlanError", "decode", "read"]

_LARGEST = 100 << 20
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"BM")
_HTML = re.compile(rb"<(?:!doctype html|html|head|body|div|p|table|meta)[\s>/]", re.IGNORECASE)
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{1,20})", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")


def read(source: str | Path | bytes, *, name: str | None = None) -> Document:
    r"""Read a plan document.

    Parameters
    ----------
    source : str, Path or bytes
        A file, or its bytes: text or Markdown (UTF-8, GB18030, UTF-16), a web page, Word (.docx),
        PDF with a text layer, or Excel (.xlsx). The kind is seen from the bytes.
    name : str, optional
        What the document is called in messages; by default the file's name.

    Returns
    -------
    Document
        Its text, and for each character its place in the original. Of Word, Excel and web pages
        the original is their text, rows of tables as lines with tabs between the cells.

    Raises
    ------
    PlanError
        The file cannot be read: not found, empty, of another kind, with a password, damaged, a
        scan, or a package that would unpack without measure. The message says which.

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
    if len(data) > _LARGEST:
        raise PlanError(f"{name}：{len(data) >> 20} MB，超过 100 MB / {name}: larger than 100 MB")
    try:
        content = _content(data, name)
    except PlanError:
        raise
    except ModuleNotFoundError as fault:
        raise PlanError(
            f'读 {name} 需要 {fault.name}：pip install "shanshui[plan]" / '
            f'reading {name} needs {fault.name}: pip install "shanshui[plan]"'
        ) from None
    except Exception:  # whatever a reader of a format says of damaged bytes
        raise _containers.damaged(name) from None
    text, offsets = compose(content.original, content.pages, broken=content.broken)
    if not text.strip():
        raise PlanError(f"{name}：没有文字 / {name}: holds no text")
    return Document(content.original, text, offsets, content.pages, name, content.tables)


def _bytes_of(source: str | Path | bytes, name: str | None) -> tuple[bytes, str]:
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source), name or "文件 document"
    path = Path(source)
    name = name or path.name
    try:
        if path.is_dir():
            raise PlanError(f"{path} 是文件夹 / {path} is a folder")
        if path.stat().st_size > _LARGEST:
            raise PlanError(f"{name}：超过 100 MB / {name}: larger than 100 MB")
        return path.read_bytes(), name
    except (OSError, ValueError) as fault:
        if isinstance(fault, PlanError):
            raise
        reason = getattr(fault, "strerror", None) or str(fault)
        raise PlanError(f"读不了 {path}：{reason} / cannot read {path}: {reason}") from None


def _content(data: bytes, name: str) -> Content:
    """See what kind of file it is, and read it."""
    if not data.strip():
        raise PlanError(f"{name}：空文件 / {name}: the file is empty")
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _package(data, name)
    if b"%PDF-" in data[:1024]:
        return _containers.pdf(data, name)
    if data.startswith(_OLE):
        if _LOCKED in data:
            raise _containers.locked(name)
        raise PlanError(
            f"{name}：旧格式 .doc、.xls、.wps，请另存为 .docx 或 .xlsx / "
            f"{name}: an old .doc, .xls or .wps; save it as .docx or .xlsx"
        )
    if data.startswith(_IMAGES):
        raise PlanError(
            f"{name}：是图片，请先做文字识别（OCR） / "
            f"{name}: is an image; recognise its text (OCR) first"
        )
    if data.startswith(b"{\\rtf"):
        raise _unknown(name)
    if _HTML.search(data[:4000].replace(b"\0", b"")):
        said = _CHARSET.search(data[:4000])
        return _containers.web(decode(data, name, said[1].decode("ascii") if said else None))
    original = decode(data, name)
    pages = tuple(match.end() for match in re.finditer("\f", original))
    return Content(original, (0, *pages) if pages else (), broken=True)


def _package(data: bytes, name: str) -> Content:
    if b"word/document" in data:
        return _containers.word(data, name)
    if b"xl/workbook" in data:
        return _containers.excel(data, name)
    _containers.unpack(data, name)
    raise _unknown(name)


def _unknown(name: str) -> PlanError:
    return PlanError(
        f"{name}：不认识的文件；可读 .txt .md .html .docx .pdf .xlsx / "
        f"{name}: a kind of file that is not read; .txt .md .html .docx .pdf .xlsx are"
    )


def decode(data: bytes, name: str, said: str | None = None) -> str:
    """Decode UTF-8, UTF-16 or GB18030; refuse what is no text."""
    nulls = data[:4000].count(0)
    if data.startswith(b"\xef\xbb\xbf"):
        encodings = ["utf-8-sig"]
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif nulls:
        low = data[1:4000:2].count(0)  # of Latin letters and digits the higher byte is null
        encodings = ["utf-16-le" if 2 * low >= nulls else "utf-16-be"]
    else:
        encodings = ["utf-8", "gb18030"]
        if said and said.lower() in {"big5", "big5-hkscs"}:
            encodings.insert(1, "big5hkscs")
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

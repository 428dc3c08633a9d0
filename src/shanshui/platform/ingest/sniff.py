"""What a file is: told from its content, said with the grounds, never guessed in silence."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import IO

from shanshui.platform.ingest.content import Content
from shanshui.platform.ingest.errors import ReadError
from shanshui.platform.ingest.observations import MOMENT
from shanshui.platform.ingest.profiles import FORMS, Profile
from shanshui.platform.ingest.propose import Sniffed, propose

SUFFIXES = (
    *(".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".parquet", ".pq"),
    *(".log", ".jsonl", ".json", ".geojson", ".dat"),
)
_PACKET = re.compile(rb"##\d{4}[A-Za-z]+=")
_SENSORTHINGS = re.compile(
    rb'"(@iot\.\w+|phenomenonTime|dataArray|ObservedProperty|unitOfMeasurement)"'
)


def sniff(
    file: str | Path | IO[bytes],
    *,
    form: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    said: Profile | None = None,
) -> Sniffed:
    r"""Say what a file is, on what grounds, and how it would be read.

    Parameters
    ----------
    file : path, or open binary file that can be read again
        The file.
    form : str, optional
        A word of `profiles.FORMS` by which the caller says what it is.
    sheet, encoding : str, optional
        As in `read`.
    said : Profile, optional
        What the caller says of it by a mapping.

    Raises
    ------
    ReadError
        When it cannot be told, or may be several things: the error lists them and the option to
        give.

    Examples
    --------
    >>> import io
    >>> text = "date,hour,type,1001A,1002A\n20260301,1,PM2.5,35,41\n"
    >>> found = sniff(io.BytesIO(text.encode()))
    >>> found.form, found.profile.layout, found.confidence
    ('archive', 'archive', 'high')
    """
    if form is not None and form not in FORMS:
        raise ReadError(
            f"--as 应为 {'、'.join(FORMS)} 之一，得到“{form}”",
            f'--as is one of {", ".join(FORMS)}, got "{form}"',
        )
    content = Content.of(file, suffixes=SUFFIXES)
    head = content.head()
    if not head.strip():
        raise ReadError(
            "文件是空的；应有数据", "the file is empty; expected data", file=content.name
        )
    kind = form if form in ("hj212", "sensorthings") else None if form else _plain(head)
    if kind == "hj212":
        why = ("有以 ## 和四位长度开头的数据包", "has packets that begin with ## and a length")
        return Sniffed("hj212", Profile("hj212", "hj212"), [why])
    if kind == "sensorthings":
        why = ("是 JSON，有 SensorThings 的键", "is JSON with keys of SensorThings")
        profile = Profile("sensorthings", "sensorthings", period=MOMENT)
        return Sniffed("sensorthings", profile, [why])
    if kind == "json":
        raise ReadError(
            "是 JSON，但没有 SensorThings 的键（phenomenonTime、dataArray …）",
            "is JSON without the keys of SensorThings (phenomenonTime, dataArray …)",
            file=content.name,
        )
    again = file if isinstance(file, str | Path) else _renewed(file, content)
    return propose(
        again, form=None if form == "table" else form, sheet=sheet, encoding=encoding, said=said
    )


def _plain(head: bytes) -> str | None:
    """Tell a log of packets and JSON from a table, by the first bytes."""
    packets = len(_PACKET.findall(head))
    keys = len(_SENSORTHINGS.findall(head))
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if packets:
        return "hj212"
    if start in (b"{", b"["):
        return "sensorthings" if keys else "json" if _is_json(head) else None
    return None


def _is_json(head: bytes) -> bool:
    try:
        json.JSONDecoder().raw_decode(head.decode("utf-8-sig", "ignore").lstrip())
    except (ValueError, RecursionError):
        return head[:1] == b"{"
    return True


def _renewed(file: IO[bytes], content: Content) -> IO[bytes]:
    """Give an open file once more from its start."""
    import io

    data = io.BytesIO(content.data or b"")
    data.name = getattr(file, "name", "<stdin>")
    return data

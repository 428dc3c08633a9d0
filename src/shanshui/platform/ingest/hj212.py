"""Packets of HJ 212 (污染物在线监控系统数据传输标准): framing, check sum and fields.

HJ/T 212-2005, HJ 212-2017 and, by its marks, HJ 212-2025. Strict: a packet that does not keep to
the standard is refused with a reason, unless a repair is asked for by its name. What the fields
mean as observations is in `shanshui.platform.ingest.hj212_values`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from shanshui.standards.errors import ShanshuiError

_HEAD = b"##"
_FIELD = re.compile(r"([A-Za-z]+)=([^;&]*)(?:;|$)")
_OPEN, _CLOSE = "CP=&&", "&&"
_ITEM = re.compile(r"([A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)?)=(//.*?//|[^;,]*)")
_DIGITS = re.compile(r"\d{1,9}")


@cache
def rules() -> dict[str, Any]:
    """Return the table ``hj212.toml``."""
    text = files("shanshui.platform.ingest").joinpath("hj212.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


class PacketError(ShanshuiError):
    """A packet does not keep to HJ 212.

    Parameters
    ----------
    code : str
        The reason: ``head``, ``short``, ``length``, ``long``, ``crc``, ``tail``, ``encoding``,
        ``fields``, ``cp``, ``cn``, ``st``, ``mn``, ``qn``, ``flag``, ``pnum``, ``time``, ``value``.
    zh, en : str
        What is wrong and what was expected.
    """

    def __init__(self, code: str, zh: str, en: str) -> None:
        self.code, self.zh, self.en = code, zh, en
        super().__init__(f"{zh} / {en}")


@dataclass(frozen=True)
class Packet:
    """A packet that keeps to the standard, or was accepted by a stated repair.

    Attributes
    ----------
    raw : bytes
        As it came, from ``##`` to the check sum.
    st, cn, mn : str
        System, command, device.
    qn : str or None
        Request number: 17 digits, the time of sending.
    flag : int or None
        The eight bits V5…V0 D A.
    pnum, pno : int or None
        Number of packets and number of this one.
    items : tuple of dict
        The items of CP in order, each of its sub-fields: ``{"w01018-Rtd": "11.2", …}``.
    repairs : tuple of str
        The repairs without which it would have been refused.

    Notes
    -----
    The password (PW) is read over and kept nowhere but in `raw`.
    """

    raw: bytes
    st: str
    cn: str
    mn: str
    qn: str | None
    flag: int | None
    pnum: int | None
    pno: int | None
    items: tuple[dict[str, str], ...]
    repairs: tuple[str, ...] = ()

    @property
    def edition(self) -> str | None:
        """The edition that the version bits name; 2005 where there is no Flag."""
        if self.flag is None:
            return "2005"
        found = rules()["versions"].get(str(self.flag >> 2))
        return found["edition"] if found else None

    @property
    def answer(self) -> bool:
        """Whether an answer is wanted."""
        return bool(self.flag and self.flag & 1)

    def get(self, name: str) -> str | None:
        """Return the first value of that name in CP."""
        return next((item[name] for item in self.items if name in item), None)


def _table(polynomial: int) -> tuple[int, ...]:
    entries = []
    for value in range(256):
        register = value
        for _ in range(8):
            register = (register >> 1) ^ (polynomial if register & 1 else 0)
        entries.append(register)
    return tuple(entries)


_CRC = _table(0xA001)


def crc16(segment: bytes) -> int:
    """Return the check sum of HJ 212 (annex A), which is not CRC-16/MODBUS.

    Examples
    --------
    >>> segment = (
    ...     b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;"
    ...     b"CP=&&RtdInterval=30&&"
    ... )
    >>> f"{crc16(segment):04X}"
    '1C80'
    """
    register = 0xFFFF
    for byte in segment:
        # The standard shifts the register before the byte goes in: one byte is all that is left.
        register = _CRC[(register >> 8) ^ byte]
    return register


def crc16_modbus(segment: bytes) -> int:
    """Return CRC-16/MODBUS, which some devices send by mistake.

    Examples
    --------
    >>> f"{crc16_modbus(b'123456789'):04X}"
    '4B37'
    """
    register = 0xFFFF
    for byte in segment:
        register = (register >> 8) ^ _CRC[(register ^ byte) & 0xFF]
    return register


def packed(segment: str | bytes) -> bytes:
    r"""Frame a data segment: head, length, segment, check sum and tail.

    Examples
    --------
    >>> packed("ST=91;CN=9014;MN=A;CP=&&&&")
    b'##0026ST=91;CN=9014;MN=A;CP=&&&&8BC1\r\n'
    """
    body = segment.encode() if isinstance(segment, str) else segment
    return b"##%04d%b%04X\r\n" % (len(body), body, crc16(body))


def parse(raw: bytes, repairs: Collection[str] = ()) -> Packet:
    r"""Read one packet.

    Parameters
    ----------
    raw : bytes
        From ``##`` to the check sum, with or without the final CR LF.
    repairs : collection of str
        Names of ``[repairs]`` of ``hj212.toml`` that are accepted of this device.

    Raises
    ------
    PacketError
        When it does not keep to the standard; `PacketError.code` is the reason.

    Examples
    --------
    >>> got = parse(packed("QN=20160801085857223;ST=32;CN=2011;PW=1;MN=A1;Flag=5;CP=&&B01-Rtd=2&&"))
    >>> got.cn, got.mn, got.edition, got.answer, got.items
    ('2011', 'A1', '2017', True, ({'B01-Rtd': '2'},))
    """
    whole = raw.rstrip(b"\r\n")
    segment, used = _framed(whole, repairs)
    try:
        text = segment.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PacketError(
            "encoding", "数据段不是 ASCII 或 UTF-8", "the segment is neither ASCII nor UTF-8"
        ) from error
    before, cp = _divided(text)
    fields = _fields(before)
    items = _items(cp)
    return Packet(
        raw=whole,
        st=_said(fields, "ST", r"[0-9A-Z]\d", "st", "两位系统编码", "a system code of two"),
        cn=_said(fields, "CN", r"\d{4}", "cn", "四位命令编码", "a command of four digits"),
        mn=_mn(fields),
        qn=_qn(fields),
        flag=_number(fields, "Flag", 255, "flag"),
        pnum=_number(fields, "PNUM", 9999, "pnum"),
        pno=_number(fields, "PNO", 9999, "pnum"),
        items=items,
        repairs=tuple(used),
    )


def _framed(whole: bytes, repairs: Collection[str]) -> tuple[bytes, list[str]]:
    """Return the data segment, and the repairs that it took."""
    used: list[str] = []
    if not whole.startswith(_HEAD):
        raise PacketError("head", "包头应为 ##", "a packet begins with ##")
    if len(whole) < 10:
        raise PacketError("short", "数据包不完整", "the packet is cut off")
    stated = whole[2:6]
    if not stated.isdigit():
        raise PacketError(
            "length",
            f"长度应为四位数字，得到“{_shown(stated)}”",
            f'the length is four digits, got "{_shown(stated)}"',
        )
    segment, check = whole[6:-4], whole[-4:]
    if int(stated) != len(segment):
        if "wrong_length" not in repairs:
            raise PacketError(
                "length",
                f"长度写作 {int(stated)}，数据段实有 {len(segment)} 字节",
                f"the length says {int(stated)}, the segment has {len(segment)} bytes",
            )
        used.append("wrong_length")
    most = rules()["limits"]["segment"]
    if len(segment) > most:
        if "long_segment" not in repairs:
            raise PacketError(
                "long",
                f"数据段 {len(segment)} 字节，超过 {most}",
                f"a segment of {len(segment)} bytes, above {most}",
            )
        used.append("long_segment")
    used += _checked(segment, check, repairs)
    return segment, used


def _checked(segment: bytes, check: bytes, repairs: Collection[str]) -> list[str]:
    expected = crc16(segment)
    if not re.fullmatch(rb"[0-9A-Fa-f]{4}", check):
        raise PacketError(
            "crc",
            f"校验码应为四位十六进制，得到“{_shown(check)}”",
            f'the check sum is four hexadecimal digits, got "{_shown(check)}"',
        )
    got = int(check, 16)
    if got == expected:
        return []
    modbus = crc16_modbus(segment)
    either = {modbus, (modbus & 0xFF) << 8 | modbus >> 8}
    if got in either and "crc_modbus" in repairs:
        return ["crc_modbus"]
    hint = ("（是 CRC-16/MODBUS）", " (it is CRC-16/MODBUS)") if got in either else ("", "")
    raise PacketError(
        "crc",
        f"校验码 {got:04X} 不对{hint[0]}，应为 {expected:04X}",
        f"the check sum {got:04X} is wrong{hint[1]}, expected {expected:04X}",
    )


def _shown(part: bytes) -> str:
    return part.decode("ascii", "backslashreplace")


def _divided(text: str) -> tuple[str, str]:
    """Split a segment into what stands before CP and what CP holds."""
    before, opened, rest = text.partition(_OPEN)
    if not opened or not rest.endswith(_CLOSE):
        raise PacketError("cp", "应有 CP=&&…&&", "expected CP=&&…&& at the end")
    return before, rest.removesuffix(_CLOSE)


def _fields(before: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    at = 0
    while at < len(before):
        found = _FIELD.match(before, at)
        if not found or found[1] in fields:
            rest = before[at : at + 40]
            raise PacketError(
                "fields",
                f"字段应为 名=值，以分号相隔、不重复，得到“{rest}”",
                f'fields are name=value, once each, between semicolons; got "{rest}"',
            )
        fields[found[1]] = found[2]
        at = found.end()
    return fields


def _items(cp: str) -> tuple[dict[str, str], ...]:
    """Read CP; the standard's own examples write a comma where a semicolon belongs, and back."""
    items: list[dict[str, str]] = []
    at, fresh = 0, True
    while at < len(cp):
        found = _ITEM.match(cp, at)
        if not found:
            raise PacketError(
                "cp",
                f"CP 应为 名=值，得到“{cp[at : at + 40]}”",
                f'CP is name=value, got "{cp[at : at + 40]}"',
            )
        name, value = found[1], found[2]
        if fresh or name in items[-1]:
            items.append({})
        items[-1][name] = value
        at = found.end()
        if at < len(cp):
            if cp[at] not in ";,":
                raise PacketError(
                    "cp",
                    f"CP 各项以 ; 或 , 相隔，得到“{cp[at : at + 40]}”",
                    f'items of CP are parted by ; or , got "{cp[at : at + 40]}"',
                )
            fresh = cp[at] == ";"
            at += 1
    return tuple(items)


def _said(fields: dict[str, str], name: str, pattern: str, code: str, zh: str, en: str) -> str:
    text = fields.get(name)
    if text is None or not re.fullmatch(pattern, text, re.ASCII):
        raise PacketError(
            code,
            f"{name} 应为{zh}，得到“{text or ''}”",
            f'{name} should be {en}, got "{text or ""}"',
        )
    return text


def _mn(fields: dict[str, str]) -> str:
    most = rules()["limits"]["mn"]
    return _said(
        fields,
        "MN",
        rf"[!-~]{{1,{most}}}",
        "mn",
        f"不超过 {most} 个字符",
        f"up to {most} characters",
    )


def _qn(fields: dict[str, str]) -> str | None:
    text = fields.get("QN")
    if text is None:  # the edition of 2005 does without
        return None
    if not re.fullmatch(r"\d{17}", text, re.ASCII) or moment(text[:14]) is None:
        raise PacketError(
            "qn",
            f"QN 应为 YYYYMMDDhhmmsszzz，得到“{text}”",
            f'QN should be YYYYMMDDhhmmsszzz, got "{text}"',
        )
    return text


def _number(fields: dict[str, str], name: str, most: int, code: str) -> int | None:
    text = fields.get(name)
    if text is None:
        return None
    if not _DIGITS.fullmatch(text) or not text.isascii() or int(text) > most:
        raise PacketError(
            code,
            f"{name} 应为 0—{most} 的整数，得到“{text}”",
            f'{name} should be a whole number up to {most}, got "{text}"',
        )
    return int(text)


def moment(text: str) -> datetime | None:
    """Read YYYYMMDDhhmmss, or None.

    Examples
    --------
    >>> moment("20160801085857")
    datetime.datetime(2016, 8, 1, 8, 58, 57)
    """
    if len(text) != 14 or not text.isdigit() or not text.isascii():
        return None
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S")  # the clock of Asia/Shanghai
    except ValueError:
        return None


@dataclass(frozen=True)
class Refused:
    """Bytes that look like a packet and are none.

    Attributes
    ----------
    raw : bytes
        As they came.
    error : PacketError
        Why they were refused.
    """

    raw: bytes
    error: PacketError


def packets(line: bytes, repairs: Collection[str] = ()) -> Iterator[Packet | Refused]:
    """Find the packets of a line of a log; what else stands there is passed over.

    A line may begin with a time or an address, and hold several packets. A packet ends where its
    length says; where that is not so, at the next ``##`` or the end of the line.

    Examples
    --------
    >>> good = packed("ST=91;CN=9014;MN=A;CP=&&&&").strip()
    >>> [type(one).__name__ for one in packets(b"10:02:11 <- " + good + good[:-1] + b"X")]
    ['Packet', 'Refused']
    """
    line = line.rstrip(b"\r\n")
    for escaped in (b"\\r\\n", b"\\n"):  # logs that write the tail in letters
        line = line.replace(escaped, b"")
    at = line.find(_HEAD)
    while at >= 0:
        piece = _piece(line, at)
        try:
            yield parse(piece, repairs)
        except PacketError as error:
            yield Refused(piece, error)
        at = line.find(_HEAD, at + len(piece))


def _piece(line: bytes, at: int) -> bytes:
    stated = line[at + 2 : at + 6]
    if stated.isdigit():
        end = at + 6 + int(stated) + 4
        if end <= len(line):
            rest = line[end:].lstrip(b" \t\r\n'\"")
            if not rest or rest.startswith(_HEAD) or line[end - 6 : end - 4] == b"&&":
                return line[at:end]
    following = line.find(_HEAD, at + 2)
    piece = line[at:following] if following > 0 else line[at:]
    return piece.rstrip(b" \t'\"")

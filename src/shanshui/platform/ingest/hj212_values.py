"""Packets of HJ 212 as observations: factors as properties, units stated, periods closed."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import IO, Literal, NamedTuple

import polars as pl

from shanshui.platform.ingest.content import Content, Progress
from shanshui.platform.ingest.forms import Note
from shanshui.platform.ingest.hj212 import Packet, PacketError, Refused, moment, packets, rules
from shanshui.platform.ingest.measures import by_hj212, factor, measures, unit_named
from shanshui.platform.ingest.observations import MOMENT, SCHEMA, Chunk, Reading, lined, settle

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_SECRET = re.compile(r"PW=[^;]*;")  # a list of faults goes from hand to hand
_BATCH = 50_000  # values a piece
_LONGEST = 1 << 20  # bytes of a line


class Factor(NamedTuple):
    """A factor of the code tables of HJ 212."""

    code: str
    name: str
    code_2005: str
    unit: str
    load_unit: str
    type: str
    confidence: str
    source: str


@cache
def factors() -> dict[str, Factor]:
    """Return the code table of HJ 212-2017 and what is known beside it, by code.

    Examples
    --------
    >>> factors()["w01018"].name, factors()["w01018"].unit, factors()["w01018"].confidence
    ('化学需氧量', 'mg/L', 'A')
    """
    text = files("shanshui.platform.ingest").joinpath("hj212_factors.csv").read_text("utf-8")
    return {row["code"]: Factor(**row) for row in csv.DictReader(text.splitlines())}


@cache
def _codes_2005() -> dict[str, str]:
    old = {one.code_2005: code for code, one in factors().items() if one.code_2005}
    return {**old, **rules()["names_2005"]}


@dataclass(frozen=True)
class Device:
    """What is known of a device, or of all of a system.

    Attributes
    ----------
    repairs : tuple of str
        Repairs accepted; see ``[repairs]`` of ``hj212.toml``.
    minutes : int or None
        Interval of its minute data; ten by default.
    units : mapping
        Factor code to the unit in which it sends.
    """

    repairs: tuple[str, ...] = ()
    minutes: int | None = None
    units: Mapping[str, str] = field(default_factory=dict)


class Meaning(NamedTuple):
    """What one name of CP is as an observation."""

    property: str
    ratio: float
    unit: str
    how: Note


def meaning(name: str, st: str, units: tuple[tuple[str, str], ...] = ()) -> Meaning:
    """Say what the name of a value means in a system.

    Parameters
    ----------
    name : str
        Such as ``w01018-Avg``.
    st : str
        System type.
    units : tuple of (str, str)
        Units that the caller says, by factor.

    Examples
    --------
    >>> meaning("a34004-Avg", "22")[:3], meaning("a21026-ZsAvg", "31")[:3]
    (('pm25', 1.0, 'ug/m3'), ('a21026_zsavg', 1.0, 'mg/m3'))
    """
    return _meaning(name, st, units)


@cache
def _meaning(name: str, st: str, units: tuple[tuple[str, str], ...]) -> Meaning:
    code, _, ending = name.partition("-")
    code = _codes_2005().get(code, code)
    suffixes = rules()["suffixes"]
    load = ending in suffixes["loads"]
    known = factors().get(code)
    said = dict(units).get(code)
    unit, how = _unit(code, st, known, said, load=load)
    base, ratio = code, 1.0
    ambient = by_hj212().get(code)
    if ambient and not load and st in rules()["ambient"].get(measures()[ambient].medium, ()):
        found = factor(unit, measures()[ambient].unit)
        if found is not None:
            base, ratio = ambient, float(found)
    if ending not in suffixes["values"]:
        base = f"{base}_{ending.lower()}"
    return Meaning(base, ratio, unit, how)


def _unit(
    code: str, st: str, known: Factor | None, said: str | None, *, load: bool
) -> tuple[str, Note]:
    if load:
        return (known.load_unit if known else ""), Note("按标准", "by the standard")
    if said:
        return unit_named(said) or said, Note("经设置指明", "said in the settings")
    for one in rules()["convention"]:
        if st in one["st"] and code in one["codes"]:
            grade = one["confidence"]
            return one["unit"], Note(f"按惯例（{grade}）", f"by convention ({grade})")
    if known and known.unit:
        grade = known.confidence
        return known.unit, Note(f"按编码表（{grade}）", f"by the code table ({grade})")
    return "", Note("不详", "not known")


class _Value(NamedTuple):
    station: str
    property: str
    time: datetime
    period: int
    value: float | None
    flag: str | None
    row: int


class _Fault(NamedTuple):
    row: int
    column: str
    value: str
    expected: str
    reason: str
    reason_en: str
    code: str


@dataclass
class _Log:
    """A log on its way in."""

    file: str
    devices: Mapping[str, Device]
    reading: Reading
    values: list[_Value] = field(default_factory=list)
    faults: list[_Fault] = field(default_factory=list)
    times: dict[tuple[str, str], str] = field(default_factory=dict)
    rows: int = 0
    other: int = 0

    def device(self, mn: str) -> Device:
        return self.devices.get(mn) or self.devices.get("*") or Device()

    def refuse(self, row: int, raw: bytes, error: PacketError) -> None:
        text = _SECRET.sub("PW=***;", raw.decode("utf-8", "backslashreplace"))
        self.faults.append(
            _Fault(
                row,
                "",
                text[:1100],
                "HJ 212 数据包 / a packet of HJ 212",
                error.zh,
                error.en,
                f"hj212_{error.code}",
            )
        )

    def lose(self, row: int, name: str, value: str, expected: str, why: tuple[str, str]) -> None:
        self.faults.append(_Fault(row, name, value, expected, *why, "hj212_value"))

    def chunk(self) -> Chunk:
        frame = pl.DataFrame(self.values, schema={**SCHEMA, "row": pl.UInt32}, orient="row")
        kept, conflicts = settle(frame.drop("row"), frame["row"], self.file)
        done = Chunk(
            kept, pl.concat([lined(self.faults, self.file), conflicts]), self.rows, self.other
        )
        self.values, self.faults, self.rows, self.other = [], [], 0, 0
        return done


def read_packets(
    file: str | Path | IO[bytes],
    *,
    devices: Mapping[str, Device] | None = None,
    progress: Progress | None = None,
) -> Reading:
    r"""Read a log of HJ 212 packets.

    Parameters
    ----------
    file : path, or open binary file
        Text with packets in its lines (other text beside them is passed over), or JSON lines with a
        packet in one field; also packed by gzip.
    devices : mapping, optional
        MN, or ``"*"`` for all others, to `Device`.
    progress : callable, optional
        Told the file, the bytes done and the bytes in all.

    Returns
    -------
    Reading
        Its pieces hold the values of the commands that carry data (2011, 2013, 2021, 2031, 2041,
        2051, 2061), the station named by its MN. ``DataTime`` of a period is its start, so `time`
        is later by the period. Packets that are refused, and values that are no numbers, are set
        aside with the reason; packets without data are counted as other rows.

    Raises
    ------
    ReadError
        When the file cannot be opened.

    Examples
    --------
    >>> import io
    >>> from shanshui.platform.ingest.hj212 import packed
    >>> line = packed(
    ...     "ST=21;CN=2061;MN=W1;CP=&&DataTime=20260301080000;w21003-Avg=0.21,w21003-Flag=N&&"
    ... )
    >>> next(read_packets(io.BytesIO(line)).chunks).frame.row(0)
    ('W1', 'nh3n', datetime.datetime(2026, 3, 1, 9, 0), 3600, 0.21, 'N')
    """
    content = Content.of(file, suffixes=(".log", ".txt", ".jsonl", ".json", ".dat"))
    reading = Reading("hj212", iter(()))
    log = _Log(content.name, devices or {}, reading)
    reading.chunks = _pieces(content, log, progress)
    return reading


def _pieces(content: Content, log: _Log, progress: Progress | None) -> Iterator[Chunk]:
    for row, line in enumerate(_lines(content, progress), 1):
        _take(log, row, line)
        if len(log.values) + len(log.faults) >= _BATCH:
            yield log.chunk()
    if log.rows:
        yield log.chunk()


def _lines(content: Content, progress: Progress | None) -> Iterator[bytes]:
    """Yield lines; one that never ends is cut, so that memory does not grow with it."""
    rest = b""
    for block in content.blocks(progress):
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        yield from lines
        if len(rest) > _LONGEST:
            yield rest
            rest = b""
    if rest:
        yield rest


def _take(log: _Log, row: int, line: bytes) -> None:
    line = line.strip()
    if line.startswith(b"{"):
        line = _of_json(line)
    if b"##" not in line:
        return
    for found in _parsed(log, line):
        log.rows += 1
        if isinstance(found, Refused):
            log.refuse(row, found.raw, found.error)
        else:
            try:
                _values(log, row, found)
            except PacketError as error:
                log.refuse(row, found.raw, error)


def _parsed(log: _Log, line: bytes) -> Iterable[Packet | Refused]:
    if not any(device.repairs for device in log.devices.values()):
        return packets(line)
    mn = re.search(rb"MN=([^;]{1,24});", line)
    repairs = log.device(mn[1].decode("ascii", "replace") if mn else "").repairs
    return packets(line, repairs)


def _of_json(line: bytes) -> bytes:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return line
    texts = record.values() if isinstance(record, dict) else ()
    found = next((t for t in texts if isinstance(t, str) and t.startswith("##")), None)
    return found.encode() if found is not None else line


def _values(log: _Log, row: int, packet: Packet) -> None:
    kind = rules()["data"].get(packet.cn)
    names = [name for item in packet.items for name in item]
    if kind is None or not any("-" in name for name in names):
        log.other += 1
        return
    if packet.repairs:
        for repair in packet.repairs:
            _say(log, repair, packet.mn)
    device = log.device(packet.mn)
    period = int(kind["period"])
    if packet.cn == "2051":
        period = 60 * (device.minutes or period // 60)
        if device.minutes is None:
            log.reading.note(
                f"分钟数据的间隔没有写在包里，按 {period // 60} 分钟计；可在设置中写 minutes",
                f"packets do not say the interval of minute data: {period // 60} minutes are "
                "taken; say minutes in the profile",
            )
    time = _time(log, packet, device, period, start=kind["time"] == "start")
    units = tuple(sorted(device.units.items()))
    for item in packet.items:
        for name, text in item.items():
            code, dash, ending = name.partition("-")
            if not dash or not _wanted(ending):
                continue
            given = name
            if ending == "Rtd" and period > MOMENT and f"{code}-Avg" in item:
                given = f"{code}-rtd"
            meant = _meaning(given, packet.st, units)
            flag = _flag(log, row, item, code, device)
            if flag is False:
                continue
            value = _value(log, row, name, text)
            if value is False:
                continue
            log.reading.units.setdefault(meant.property, (meant.unit, meant.how))
            number = value * meant.ratio if isinstance(value, float) else None
            log.values.append(
                _Value(packet.mn, meant.property, time, period, number, flag or None, row)
            )


def _wanted(ending: str) -> bool:
    suffixes = rules()["suffixes"]
    return ending in suffixes["values"] or ending in suffixes["others"]


def _say(log: _Log, repair: str, mn: str) -> None:
    said = rules()["repairs"][repair]
    log.reading.note(
        f"设备 {mn}：{said['zh']}，按设置接受", f"device {mn}: {said['en']}; accepted as set"
    )


def _time(log: _Log, packet: Packet, device: Device, period: int, *, start: bool) -> datetime:
    text = packet.get("DataTime")
    if text is None and packet.qn:  # later packets of one upload may leave it to the first
        text = log.times.get((packet.mn, packet.qn))
    if text is not None and packet.qn:
        if len(log.times) > 1000:
            log.times.clear()
        log.times[packet.mn, packet.qn] = text
    short = text
    if text is not None and len(text) == 17 and "datatime_millis" in device.repairs:
        short = text[:14]
        _say(log, "datatime_millis", packet.mn)
    time = moment(short) if short is not None else None
    if time is None:
        raise PacketError(
            "time",
            f"DataTime 应为 YYYYMMDDhhmmss，得到“{text or ''}”",
            f'DataTime should be YYYYMMDDhhmmss, got "{text or ""}"',
        )
    if period >= 3600 and (time.minute or time.second):
        raise PacketError(
            "time",
            f"小时、日数据的 DataTime 应为整点，得到“{text}”",
            f'DataTime of an hour or a day is a full hour, got "{text}"',
        )
    if not start:
        return time
    if "stamp_end" in device.repairs:
        _say(log, "stamp_end", packet.mn)
        return time
    return time + timedelta(seconds=period)


def _flag(
    log: _Log, row: int, item: Mapping[str, str], code: str, device: Device
) -> str | Literal[False] | None:
    """Return the flags of a value, or False where they are none."""
    said = item.get(f"{code}-Flag")
    extra = item.get(f"{code}-EFlag")
    marks = rules()["flags"]["marks"]
    if said and said not in marks:
        if "unknown_flag" not in device.repairs:
            log.lose(
                row,
                f"{code}-Flag",
                said,
                "、".join(marks),
                ("数据标记不在标准之列", "a data flag that the standard does not know"),
            )
            return False
        said = said.replace(",", " ")
    return ",".join(part for part in (said, extra) if part) or None


def _value(log: _Log, row: int, name: str, text: str) -> float | Literal[False] | None:
    """Return a number, None for none, or False for what is no number."""
    plain = text.strip()
    if not plain:
        return None
    if not _NUMBER.fullmatch(plain) or not plain.isascii():
        log.lose(row, name, text, "数值 / a number", ("不是数值", "not a number"))
        return False
    number = float(plain)
    if number in (float("inf"), float("-inf")):
        log.lose(row, name, text, "数值 / a number", ("超出范围", "beyond what a number holds"))
        return False
    return number

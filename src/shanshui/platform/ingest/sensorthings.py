"""Observations of the OGC SensorThings API 1.1, as JSON files.

A page of Observations, of Datastreams or Things with what they expand, data arrays as they come or
as they are sent, an array of pages or a page a line. What a page of Observations leaves out of its
Datastream, another file of the same reading may say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import polars as pl

from shanshui._clock import ZONE
from shanshui.platform.ingest.content import Content, Progress
from shanshui.platform.ingest.errors import ReadError
from shanshui.platform.ingest.forms import Note
from shanshui.platform.ingest.items import item_property
from shanshui.platform.ingest.measures import factor, measures, unit_named
from shanshui.platform.ingest.observations import MOMENT, SCHEMA, Chunk, Reading, lined, settle
from shanshui.platform.ingest.profiles import Column, Profile

_ID = re.compile(r"Datastreams\(([^()]+)\)")
_BATCH = 50_000
_MOST = 1 << 30  # bytes of a file: pages are small


@dataclass(frozen=True)
class Stream:
    """What is known of a Datastream.

    Attributes
    ----------
    id : str
        Its ``@iot.id``.
    station, property, unit : str or None
        Name of its Thing, of what it observes, and its unit.
    """

    id: str
    station: str | None = None
    property: str | None = None
    unit: str | None = None


@dataclass
class _Pages:
    file: str
    profile: Profile
    reading: Reading
    streams: dict[str, Stream]
    values: list[tuple[Any, ...]] = field(default_factory=list)
    faults: list[tuple[int, str, str, str, str, str, str]] = field(default_factory=list)
    rows: int = 0

    def lose(self, value: object, expected: str, zh: str, en: str) -> None:
        text = json.dumps(value, ensure_ascii=False, default=str)[:500]
        self.faults.append((self.rows, "", text, expected, zh, en, "sensorthings"))

    def chunk(self) -> Chunk:
        frame = pl.DataFrame(self.values, schema={**SCHEMA, "row": pl.UInt32}, orient="row")
        kept, conflicts = settle(frame.drop("row"), frame["row"], self.file)
        listed = pl.concat([lined(self.faults, self.file), conflicts])
        done = Chunk(kept, listed, self.rows)
        self.values, self.faults = [], []
        return done


def read_sensorthings(
    *files: str | Path | IO[bytes],
    profile: Profile | None = None,
    progress: Progress | None = None,
) -> Reading:
    r"""Read observations from JSON of the SensorThings API.

    Parameters
    ----------
    *files : path, or open binary file
        Pages; those with the Datastreams may stand beside those with the Observations.
    profile : Profile, optional
        ``items``: the ``@iot.id`` of a Datastream, or the name of what it observes, to a property;
        ``period`` of results that state a moment only; ``fixed_station`` where no Thing is said.
    progress : callable, optional
        Told the file, the bytes done and the bytes in all.

    Returns
    -------
    Reading
        A result of an interval is of its end, with its seconds. Times are brought to the clock of
        Asia/Shanghai. ``resultQuality`` is kept as the flag.

    Raises
    ------
    ReadError
        When a file is no JSON, or nothing of the SensorThings API.

    Examples
    --------
    >>> import io
    >>> page = '''{"value": [{"phenomenonTime": "2026-03-01T00:00:00Z/2026-03-01T01:00:00Z",
    ...  "result": 35, "Datastream": {"@iot.id": 7, "unitOfMeasurement": {"symbol": "µg/m3"},
    ...  "Thing": {"name": "1001A"}, "ObservedProperty": {"name": "PM2.5"}}}]}'''
    >>> next(read_sensorthings(io.BytesIO(page.encode())).chunks).frame.row(0)
    ('1001A', 'pm25', datetime.datetime(2026, 3, 1, 9, 0), 3600, 35.0, None)
    """
    profile = profile or Profile("sensorthings", "sensorthings", period=MOMENT)
    reading = Reading("sensorthings", iter(()))
    loaded = [(content.name, _pages(content, progress)) for content in map(_open, files)]
    streams: dict[str, Stream] = {}
    for _, pages in loaded:
        for page in pages:
            _describe(page, streams, None)
    reading.chunks = _all(loaded, profile, reading, streams)
    return reading


def _open(file: str | Path | IO[bytes]) -> Content:
    return Content.of(file, suffixes=(".json", ".jsonl", ".geojson", ".txt", ".log"))


def _pages(content: Content, progress: Progress | None) -> list[Any]:
    if content.size > _MOST:
        raise ReadError(
            "JSON 文件过大；请按页保存（每页一个文件或一行）",
            "the file of JSON is too large; save its pages one by one",
            file=content.name,
        )
    data = b"".join(content.blocks(progress))
    try:
        return [json.loads(data)]
    except RecursionError as error:
        raise _no_json(content.name, 1, "nested too deep") from error
    except ValueError:
        pass
    pages = []
    for row, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            pages.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise _no_json(content.name, row, str(error)) from error
    return pages


def _no_json(file: str, row: int, why: str) -> ReadError:
    return ReadError(f"不是 JSON（{why}）", f"not JSON ({why})", file=file, row=row)


def _entities(page: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the entities of a page, or of an array of pages."""
    if isinstance(page, list):
        for one in page:
            yield from _entities(one)
    elif isinstance(page, dict):
        inner = page.get("value")
        if isinstance(inner, list):
            for one in inner:
                yield from _entities(one)
        else:
            yield page


def _describe(page: Any, streams: dict[str, Stream], thing: str | None) -> None:
    """Take up what a page says of its Datastreams."""
    for entity in _entities(page):
        inside = entity.get("Datastreams")
        if isinstance(inside, list):
            for one in inside:
                _describe(one, streams, _text(entity.get("name")) or thing)
        if "unitOfMeasurement" in entity or "ObservedProperty" in entity or "Thing" in entity:
            _stream(entity, streams, thing)
        said = entity.get("Datastream")
        if isinstance(said, dict):
            _stream(said, streams, thing)


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _id(entity: Mapping[str, Any]) -> str | None:
    for key in ("@iot.id", "@id", "id"):
        found = entity.get(key)
        if isinstance(found, str | int) and not isinstance(found, bool):
            return str(found)
    link = entity.get("@iot.selfLink")
    found_id = _ID.search(link) if isinstance(link, str) else None
    return found_id[1].strip("'\"") if found_id else None


def _stream(
    entity: Mapping[str, Any], streams: dict[str, Stream], thing: str | None
) -> Stream | None:
    number = _id(entity)
    if number is None:
        return None
    before = streams.get(number, Stream(number))
    holder, observed = entity.get("Thing"), entity.get("ObservedProperty")
    unit = entity.get("unitOfMeasurement")
    unit = unit if isinstance(unit, dict) else {}
    found = Stream(
        number,
        (_text(holder.get("name")) if isinstance(holder, dict) else None) or thing,
        _text(observed.get("name")) if isinstance(observed, dict) else None,
        _text(unit.get("symbol")) or _text(unit.get("name")),
    )
    streams[number] = Stream(
        number,
        found.station or before.station,
        found.property or before.property,
        found.unit or before.unit,
    )
    return streams[number]


def _all(
    loaded: Sequence[tuple[str, list[Any]]],
    profile: Profile,
    reading: Reading,
    streams: dict[str, Stream],
) -> Iterator[Chunk]:
    rows = 0
    for name, pages in loaded:
        log = _Pages(name, profile, reading, streams)
        for page in pages:
            for _ in _taken(log, page):
                if len(log.values) + len(log.faults) >= _BATCH:
                    yield replace(log.chunk(), rows=log.rows)
                    rows, log.rows = rows + log.rows, 0
        if log.rows or log.faults:
            rows += log.rows
            yield log.chunk()
    if not rows:
        raise ReadError(
            "没有 SensorThings 的 Observations；应为 Observations、Datastreams（展开）或 dataArray",
            "no Observations of SensorThings: expected Observations, Datastreams with what they "
            "expand, or data arrays",
            file=loaded[0][0] if loaded else None,
        )


def _taken(log: _Pages, page: Any) -> Iterator[None]:
    """Take the observations of a page, one after another."""
    for entity in _entities(page):
        for inner in ("Datastreams",):
            if isinstance(entity.get(inner), list):
                for one in entity[inner]:
                    yield from _taken(log, one)
        own = entity.get("Observations")
        if isinstance(own, list):
            number = _id(entity)
            for one in own:
                yield from _one(log, one, log.streams.get(number or ""))
        elif "components" in entity and isinstance(entity.get("dataArray"), list):
            yield from _array(log, entity)
        elif "result" in entity:
            yield from _one(log, entity, _of(log, entity))


def _of(log: _Pages, entity: Mapping[str, Any]) -> Stream | None:
    said = entity.get("Datastream")
    number = _id(said) if isinstance(said, dict) else None
    for key in ("Datastream@iot.navigationLink", "Datastream@iot.associationLink"):
        link = entity.get(key)
        found = _ID.search(link) if isinstance(link, str) else None
        if number is None and found:
            number = found[1].strip("'\"")
    if number is None:
        return None
    return log.streams.get(number, Stream(number))


def _array(log: _Pages, entity: Mapping[str, Any]) -> Iterator[None]:
    names = entity["components"]
    stream = _of(log, entity)
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        log.lose(names, "components", "components 应为列表", "components is a list of names")
        return
    for row in entity["dataArray"]:
        if not isinstance(row, list) or len(row) != len(names):
            log.rows += 1
            log.lose(
                row,
                f"{len(names)} 项 / {len(names)} values",
                "项数与 components 不符",
                "not as many values as components",
            )
            yield
            continue
        yield from _one(log, dict(zip(names, row, strict=True)), stream)


def _one(log: _Pages, said: Any, stream: Stream | None) -> Iterator[None]:
    log.rows += 1
    if not isinstance(said, dict):
        log.lose(said, "Observation", "不是 Observation", "not an Observation")
    else:
        _observe(log, said, stream or Stream(""))
    yield


def _observe(log: _Pages, said: Mapping[str, Any], stream: Stream) -> None:
    station = stream.station or log.profile.fixed_station
    meant = _property(log, stream)
    if station is None or meant is None:
        log.lose(
            said,
            "Datastream（Thing、ObservedProperty） / Datastream with its Thing and property",
            f"不知道 Datastream {stream.id or '?'} 的站点或项目；请一并给出 Datastreams 的文件，"
            "或在模板 items 中说明",
            f"the station or property of Datastream {stream.id or '?'} is not known: give the file "
            "of the Datastreams too, or say it in items of the profile",
        )
        return
    found = _interval(said.get("phenomenonTime"))
    if found is None:
        log.lose(
            said,
            "phenomenonTime（ISO 8601，带时区） / ISO 8601 with its zone",
            "phenomenonTime 不是带时区的时间或时段",
            "phenomenonTime is no time with a zone",
        )
        return
    time, seconds = found
    period = seconds or (log.profile.period if isinstance(log.profile.period, int) else 86400)
    result = said.get("result")
    value = _number(result)
    if value is None and result is not None:
        log.lose(said, "数值 / a number", "result 不是数值", "the result is not a number")
        return
    code, ratio = meant
    quality = said.get("resultQuality")
    flag = None if quality in (None, "", []) else json.dumps(quality, ensure_ascii=False)[:200]
    flag = flag.strip('"') if flag else None
    number = value * ratio if value is not None else None
    log.values.append((station, code, time, period, number, flag, log.rows))


def _property(log: _Pages, stream: Stream) -> tuple[str, float] | None:
    """Return the property of a Datastream and what its results are multiplied by."""
    items, name = log.profile.items, stream.property
    said = items.get(stream.id) or (items.get(name) if name else None)
    meant: Column | None = said
    if meant is None and name:
        media = (log.profile.medium, "air", "water", "noise", "soil")
        meant = next((c for m in media if (c := item_property(name, m))), None)
        if meant is None and re.fullmatch(r"[A-Za-z0-9_.\-]{1,32}", name):
            meant = Column(name, stream.unit)
    if meant is None:
        return None
    known = measures().get(meant.property)
    stated = (said.unit if said else None) or stream.unit or meant.unit
    given = unit_named(stated) if stated else None
    own = known.unit if known else given or stated or ""
    log.reading.units.setdefault(
        meant.property, (given or stated or own, Note("在文件中注明", "stated in the file"))
    )
    if not known or not stated:
        return meant.property, 1.0
    ratio = factor(given, own) if given else None
    if ratio is None:
        raise ReadError(
            f"Datastream {stream.id} 的单位“{stated}”不能换算为 {own}；请在模板 items 中写明 unit",
            f'the unit "{stated}" of Datastream {stream.id} does not convert to {own}; say its '
            "unit in items of the profile",
            file=log.file,
        )
    return meant.property, float(ratio)


def _number(result: Any) -> float | None:
    if isinstance(result, bool) or not isinstance(result, int | float | str):
        return None
    try:
        value = float(result)
    except (ValueError, OverflowError):
        return None
    return value if abs(value) < float("inf") else None


def _interval(text: Any) -> tuple[datetime, int] | None:
    """Return the end of a moment or interval on the clock of Asia/Shanghai, and its seconds."""
    if not isinstance(text, str):
        return None
    start, slash, end = text.partition("/")
    last = _moment(end if slash else start)
    first = _moment(start)
    if last is None or first is None or first > last:
        return None
    seconds = (last - first).total_seconds()
    if seconds >= 1 << 31:
        return None
    return last.replace(tzinfo=None), round(seconds)


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.strip())
        return found.astimezone(ZONE) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None

"""SensorThings 1.1: pages of Observations, Datastreams that expand, data arrays, paging."""

import io
import json
from datetime import datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shanshui.platform.ingest import ReadError
from shanshui.platform.ingest.profiles import Column, Profile
from shanshui.platform.ingest.sensorthings import read_sensorthings

HOUR = "2026-03-01T00:00:00Z/2026-03-01T01:00:00Z"
STREAM = {
    "@iot.id": 7,
    "unitOfMeasurement": {"name": "mg", "symbol": "mg/m3"},
    "Thing": {"name": "1001A"},
    "ObservedProperty": {"name": "PM2.5"},
}


def read(*pages, **more):
    files = [io.BytesIO(p if isinstance(p, bytes) else json.dumps(p).encode()) for p in pages]
    reading = read_sensorthings(*files, **more)
    chunks = list(reading.chunks)
    frame = pl.concat([c.frame for c in chunks])
    return frame, pl.concat([c.rejected for c in chunks]), sum(c.rows for c in chunks)


def test_observations_with_their_datastream():
    one = {"phenomenonTime": HOUR, "result": 0.035, "resultQuality": "N", "Datastream": STREAM}
    frame, rejected, rows = read({"value": [one], "@iot.nextLink": "x"})
    assert frame.rows() == [("1001A", "pm25", datetime(2026, 3, 1, 9), 3600, 35.0, "N")]
    assert rejected.is_empty()
    assert rows == 1


def test_datastreams_that_expand_their_observations():
    times = ["2026-03-01T09:00:00+08:00", "2026-03-01T01:30:00Z"]
    streams = {"value": [{**STREAM, "Observations": [
        {"phenomenonTime": t, "result": str(n)} for n, t in enumerate(times)
    ]}]}  # fmt: skip
    frame, _, _ = read(streams, profile=Profile("sensorthings", "sensorthings", period=3600))
    assert frame.select("time", "period", "value").rows() == [
        (datetime(2026, 3, 1, 9), 3600, 0.0),
        (datetime(2026, 3, 1, 9, 30), 3600, 1000.0),
    ]


def test_things_that_expand_everything():
    stream = {k: v for k, v in STREAM.items() if k != "Thing"}
    stream["Observations"] = [{"phenomenonTime": HOUR, "result": 0.02}]
    frame, _, _ = read({"value": [{"name": "1002A", "Datastreams": [stream]}]})
    assert frame.select("station", "value").rows() == [("1002A", 20.0)]


@pytest.mark.parametrize("key", ["Datastream@iot.navigationLink", "Datastream"])
def test_data_arrays_with_the_datastreams_of_another_file(key):
    link = "http://x/v1.1/Datastreams(7)" if "@" in key else {"@iot.id": 7}
    page = {"value": [{
        key: link,
        "components": ["phenomenonTime", "result"],
        "dataArray": [[HOUR, 0.01], ["2026-03-01T02:00:00Z", None], ["short"]],
    }]}  # fmt: skip
    frame, rejected, rows = read(page, {"value": [STREAM]})
    assert frame.select("time", "value").rows() == [
        (datetime(2026, 3, 1, 9), 10.0),
        (datetime(2026, 3, 1, 10), None),
    ]
    assert rows == 3
    assert rejected["reason_en"].to_list() == ["not as many values as components"]


def test_pages_in_one_file_as_array_and_as_lines():
    pages = [
        {"value": [{"phenomenonTime": t, "result": 1, "Datastream": STREAM}]}
        for t in ("2026-03-01T00:00:00Z", "2026-03-01T01:00:00Z")
    ]
    assert read(pages)[0].height == 2
    assert read("\n".join(map(json.dumps, pages)).encode())[0].height == 2


def test_what_is_not_known_is_set_aside_and_a_profile_may_say_it():
    page = {"value": [{"phenomenonTime": HOUR, "result": 3, "Datastream": {"@iot.id": "a7"}}]}
    frame, rejected, _ = read(page)
    assert frame.is_empty()
    assert "a7" in rejected["reason"][0]
    profile = Profile(
        "sensorthings",
        "sensorthings",
        fixed_station="S1",
        items={"a7": Column("nh3n", "ug/L")},
    )
    assert read(page, profile=profile)[0].row(0) == (
        *("S1", "nh3n", datetime(2026, 3, 1, 9)),
        *(3600, 0.003, None),
    )


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"phenomenonTime": "2026-03-01 09:00", "result": 1}, "phenomenonTime"),
        ({"phenomenonTime": "2026-03-01T09:00:00", "result": 1}, "phenomenonTime"),
        ({"phenomenonTime": HOUR[::-1], "result": 1}, "phenomenonTime"),
        ({"result": 1}, "phenomenonTime"),
        ({"phenomenonTime": HOUR, "result": {"a": 1}}, "result"),
        ({"phenomenonTime": HOUR, "result": True}, "result"),
        ({"phenomenonTime": HOUR, "result": 10**400}, "result"),
        ({"phenomenonTime": HOUR, "result": "nan"}, "result"),
    ],
)
def test_bad_observations_are_set_aside(said, why):
    good = {"phenomenonTime": HOUR, "result": 1, "Datastream": STREAM}
    frame, rejected, rows = read({"value": [{**said, "Datastream": STREAM}, good]})
    assert (frame.height, rows) == (1, 2)
    assert why in rejected["reason_en"][0]


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (b"{", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b'{"value": []}', "Observations"),
        (b'{"value": [{"name": "x"}]}', "Observations"),
    ],
)
def test_what_is_no_sensorthings(page, why):
    with pytest.raises(ReadError, match=why):
        read(page)


def test_a_unit_that_does_not_convert_is_an_error():
    stream = {**STREAM, "unitOfMeasurement": {"symbol": "ppb"}}
    with pytest.raises(ReadError, match="ppb"):
        read({"value": [{"phenomenonTime": HOUR, "result": 1, "Datastream": stream}]})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *(
                        "value",
                        "result",
                        "phenomenonTime",
                        "Datastream",
                        "Datastreams",
                        "components",
                    ),
                    *("dataArray", "Observations", "Thing", "ObservedProperty", "name", "@iot.id"),
                    *("unitOfMeasurement", "symbol", "Datastream@iot.navigationLink"),
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(json_values)
def test_any_json_is_read_or_refused(page):
    try:
        frame, rejected, _ = read(page)
    except ReadError:
        return
    assert frame["time"].null_count() == 0
    assert rejected["reason"].null_count() == 0

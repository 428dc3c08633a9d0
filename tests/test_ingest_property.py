"""The reader on random tables: every form and encoding reads the same, and no row is lost."""

import io
from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shanshui.platform.ingest import ReadError, columns, read

PLACES = ["1001A", "1002A", "2346A"]
NAMES = dict(zip(columns.ITEMS, ["SO2", "二氧化氮", "CO", "O₃", "PM10", "PM2.5"], strict=True))
SCALE = {"co": 10}  # one decimal

values = st.one_of(st.none(), st.integers(5, 900))
rows = st.dictionaries(
    st.tuples(st.sampled_from(PLACES), st.integers(0, 60)),
    st.tuples(*[values] * 6),
    min_size=1,
    max_size=30,
)
encodings = st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"])


def frame_of(found):
    start = datetime(2025, 12, 30, 1)
    data = [
        (place, start + timedelta(hours=hour), *(v if v is None else v / 10 for v in cells))
        for (place, hour), cells in found.items()
    ]
    schema = {"station": pl.String, "time": pl.Datetime("us")}
    schema |= dict.fromkeys(columns.ITEMS, pl.Float64)
    return pl.DataFrame(data, schema=schema, orient="row")


def read_back(frame, encoding, **said):
    text = frame.write_csv(datetime_format="%Y/%-m/%-d %-H:%M")
    units = dict.fromkeys(columns.ITEMS, "ug/m3") | {"co": "mg/m3"}  # no guard on random numbers
    return read(io.BytesIO(text.encode(encoding)), units=units, kind="hours", **said)


def same(left, right):
    order = ["station", "time"]
    return left.sort(order).equals(right.select(left.columns).sort(order))


@given(rows, encodings, st.randoms())
def test_wide(found, encoding, random):
    frame = frame_of(found)
    names = frame.columns
    random.shuffle(names)
    result = read_back(frame.select(names).rename(NAMES), encoding)
    assert same(frame, result.frame)
    assert result.report.kept == frame.height


@given(rows, encodings, st.randoms())
def test_long(found, encoding, random):
    frame = frame_of(found)
    long = frame.rename(NAMES).unpivot(index=["station", "time"], variable_name="监测项目")
    order = list(range(long.height))
    random.shuffle(order)
    result = read_back(long[order], encoding)
    assert same(frame, result.frame)
    assert result.report.kept == long.height


@given(rows, encodings)
def test_archive(found, encoding):
    frame = frame_of(found)
    long = frame.rename(NAMES).unpivot(index=["station", "time"], variable_name="type")
    wide = long.pivot(on="station", index=["time", "type"], values="value", maintain_order=True)
    wide = wide.select(
        pl.col("time").dt.strftime("%Y%m%d").alias("date"),
        pl.col("time").dt.hour().alias("hour"),
        pl.exclude("time"),
    )
    result = read_back(wide, encoding)
    # The archive names every station at every time: those that were not there are empty.
    there = result.frame.join(frame, on=["station", "time"], how="semi")
    assert same(frame, there)
    rest = result.frame.join(frame, on=["station", "time"], how="anti")
    assert rest.select(pl.any_horizontal(pl.col(columns.ITEMS).is_not_null()).any()).item() in {
        None,
        False,
    }


faults = st.sampled_from(["keep", "time", "key", "text", "short", "long", "repeat", "contradict"])


@given(st.lists(st.tuples(st.integers(1, 800), faults), min_size=1, max_size=40), encodings)
def test_no_line_is_lost(lines, encoding):
    """Every line is kept, set aside with its number, or a repeat."""
    text = ["站点,时间,PM2.5,SO2"]
    want, aside, cells, repeats = {}, set(), set(), 0
    for hour, (value, fault) in enumerate(lines):
        time = datetime(2026, 1, 1, 1) + timedelta(hours=hour)
        line = f"麓湖,{time:%Y-%m-%d %H:%M},{value},5"
        number = len(text) + 1
        if fault in {"time", "key", "short", "long"}:
            aside.add(number)
            line = {
                "time": f"麓湖,昨天,{value},5",
                "key": line.replace("麓湖", " "),
                "short": line[: line.rindex(",")],
                "long": line + ",1",
            }[fault]
        elif fault == "text":
            cells.add(number)
            line = line.replace(f",{value},5", ",坏,5")
            want[time] = None
        elif fault == "repeat":
            text.append(line)
            repeats += 1
            want[time] = float(value)
        elif fault == "contradict":
            text.append(line)
            aside |= {number, number + 1}
            line = line.replace(f",{value},5", f",{value},6")
        else:
            want[time] = float(value)
        text.append(line)
    data = io.BytesIO("\n".join(text).encode(encoding))
    if not want:
        with pytest.raises(ReadError) as caught:
            read(data, kind="hours")
        assert caught.value.row in aside
        return
    result = read(data, kind="hours")
    assert dict(result.frame.select("time", "pm25").rows()) == want
    listed = result.rejected
    assert {*listed.filter(pl.col("code") != "text")["row"]} == aside
    assert {*listed.filter(pl.col("code") == "text")["row"]} == cells
    report = result.report
    assert (report.rows, report.kept, report.set_aside, report.repeats, report.cells) == (
        len(text) - 1,
        len(want),
        len(aside),
        repeats,
        len(cells),
    )

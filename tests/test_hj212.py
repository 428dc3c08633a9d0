"""HJ 212: framing, check sum, fields, and what the values of packets become."""

import io
import json
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shanshui.platform.ingest.hj212 import (
    Packet,
    PacketError,
    Refused,
    crc16,
    crc16_modbus,
    packed,
    packets,
    parse,
    rules,
)
from shanshui.platform.ingest.hj212_values import Device, factors, meaning, read_packets
from shanshui.platform.ingest.measures import by_hj212, factor, measures, unit_named

DATA = Path(__file__).parent / "data" / "hj212"


def lines(name):
    text = (DATA / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.startswith("##")]


def slow_crc(segment):
    """Annex A, bit by bit."""
    register = 0xFFFF
    for byte in segment:
        register = (register >> 8) ^ byte
        for _ in range(8):
            low = register & 1
            register >>= 1
            if low:
                register ^= 0xA001
    return register


def read(*raw, **devices):
    reading = read_packets(io.BytesIO(b"".join(raw)), devices=devices or None)
    chunks = list(reading.chunks)
    frame = pl.concat([c.frame for c in chunks])
    return reading, frame, pl.concat([c.rejected for c in chunks])


# --- the packet


@given(st.binary(max_size=300))
def test_check_sum_is_that_of_annex_a(segment):
    assert crc16(segment) == slow_crc(segment)
    # Only one byte of the register is left of each step, so the low byte has eight values.
    if segment:
        assert crc16(segment) & 0xFF in {0x00, 0x40, 0x80, 0xC0, 0x01, 0x41, 0x81, 0xC1}


def test_check_sum_of_nothing_and_of_modbus():
    assert crc16(b"") == 0xFFFF
    assert crc16_modbus(b"123456789") == 0x4B37  # the value published for CRC-16/MODBUS


@pytest.mark.parametrize("line", lines("annex_c.txt") + lines("field.txt"))
def test_packets_of_the_standard_and_the_field(line):
    found = parse(line.encode())
    assert found.cn in line
    assert not found.repairs
    assert [type(one) for one in packets(line.encode())] == [Packet]


def test_there_are_as_many_packets_as_collected():
    assert len(lines("annex_c.txt")) == 37
    assert len(lines("field.txt")) == 8


@pytest.mark.parametrize(
    "line", (DATA / "wrong_crc.txt").read_text(encoding="utf-8").splitlines()[1:]
)
def test_wrong_check_sums_are_refused_and_the_right_one_is_said(line):
    raw, _, right = line.partition("\t")
    with pytest.raises(PacketError, match=f"应为 {right}") as error:
        parse(raw.encode())
    assert error.value.code == "crc"


def test_collected_packets_give_the_stated_answers(shared):
    rows = (shared / "data" / "hj212_packets" / "packets.jsonl").read_text().splitlines()
    assert len(rows) == 41
    sound = 0
    for row in map(json.loads, rows):
        raw = row["packet"].encode()
        assert f"{crc16(raw[6:-4]):04X}" == row["crc_expected"]
        if row["length_ok"] and row["crc_hj212_ok"]:
            found = parse(raw)
            assert (found.cn, found.st) == (row["cn"], row["st"])
            sound += 1
            continue
        with pytest.raises(PacketError) as error:
            parse(raw)
        assert error.value.code in {"crc", "length"}
        if row["crc_modbus_ok"] and row["length_ok"]:
            assert "MODBUS" in str(error.value)
            assert parse(raw, ["crc_modbus"]).repairs == ("crc_modbus",)
    assert sound == 10


@pytest.mark.parametrize(
    ("segment", "code"),
    [
        ("ST=32;CN=2011;MN=A;Flag=5", "cp"),
        ("ST=32;CN=2011;MN=A;CP=&&a=1", "cp"),
        ("ST=32;CN=2011;MN=A;CP=&&a==1;&&", None),
        ("ST=32;CN=2011;MN=A;CP=&&;;&&", "cp"),
        ("ST=3;CN=2011;MN=A;CP=&&&&", "st"),
        ("ST=32;CN=20;MN=A;CP=&&&&", "cn"),
        ("CN=2011;ST=32;MN=;CP=&&&&", "mn"),
        (f"ST=32;CN=2011;MN={'A' * 25};CP=&&&&", "mn"),
        ("QN=20161301085857223;ST=32;CN=2011;MN=A;CP=&&&&", "qn"),
        ("QN=2016080108585722;ST=32;CN=2011;MN=A;CP=&&&&", "qn"),
        ("ST=32;CN=2011;MN=A;Flag=256;CP=&&&&", "flag"),
        ("ST=32;CN=2011;MN=A;Flag=x;CP=&&&&", "flag"),
        ("ST=32;CN=2011;MN=A;PNUM=2;PNO=99999;CP=&&&&", "pnum"),
        ("ST=32;ST=31;CN=2011;MN=A;CP=&&&&", "fields"),
        ("ST=32;CN=2011;MN=A;=3;CP=&&&&", "fields"),
    ],
)
def test_fields_are_strict(segment, code):
    raw = packed(segment)
    if code is None:
        parse(raw)
        return
    with pytest.raises(PacketError) as error:
        parse(raw)
    assert error.value.code == code


def test_framing_is_strict():
    good = packed("ST=91;CN=9014;MN=A;CP=&&&&")
    for raw, code in (
        (good[1:], "head"),
        (b"##12", "short"),
        (b"##12a4" + good[6:], "length"),
        (b"##0027" + good[6:], "length"),
        (good[:-6] + b"XYZ0", "crc"),
        (packed(b"ST=91;CN=9014;MN=A;CP=&&\xff\xfe&&"), "encoding"),
        (packed("ST=91;CN=9014;MN=A;CP=&&a=" + "1" * 1100 + "&&"), "long"),
    ):
        with pytest.raises(PacketError) as error:
            parse(raw)
        assert error.value.code == code, raw
    assert parse(b"##0027" + good[6:], ["wrong_length"]).repairs == ("wrong_length",)
    long = packed("ST=91;CN=9014;MN=A;CP=&&a=" + "1" * 1100 + "&&")
    assert parse(long, ["long_segment"]).repairs == ("long_segment",)


def test_chinese_counts_in_bytes():
    raw = packed("ST=32;CN=3020;MN=A;CP=&&i11001-Info=//停电//&&")
    assert raw.startswith(b"##0048")
    assert parse(raw).get("i11001-Info") == "//停电//"


@pytest.mark.parametrize(
    ("flag", "edition", "answer"),
    [
        (None, "2005", False),
        (3, "2005", True),
        (4, "2017", False),
        (5, "2017", True),
        (8, "2025", False),
        (11, "2025", True),
        (60, None, False),
    ],
)
def test_editions_by_the_version_bits(flag, edition, answer):
    said = "" if flag is None else f"Flag={flag};"
    found = parse(packed(f"ST=32;CN=2011;MN=A;{said}CP=&&&&"))
    assert (found.edition, found.answer) == (edition, answer)


def test_commas_stand_for_semicolons_and_back():
    found = parse(packed("ST=32;CN=2041;MN=A;CP=&&DataTime=20260101000000,SB1-RT=2.1;SB2-RT=3&&"))
    assert found.get("SB1-RT") == "2.1"
    assert found.get("SB2-RT") == "3"
    assert len(found.items) == 2


# --- lines of a log


def test_lines_hold_times_several_packets_and_their_tails_in_letters():
    one = packed("ST=91;CN=9014;MN=A;CP=&&&&").strip()
    two = packed("ST=91;CN=9013;MN=B;CP=&&&&").strip()
    for line in (
        b"2026-03-01 10:00:01 RECV <- " + one + b" " + two,
        one + two,
        one + rb"\r\n" + two + rb"\r\n",
        b'"' + one + b'","' + two + b'"',
    ):
        assert [p.mn for p in packets(line)] == ["A", "B"], line
    assert list(packets(b"connected to 10.0.0.1")) == []


def test_a_broken_packet_does_not_cost_its_neighbour():
    one = packed("ST=91;CN=9014;MN=A;CP=&&&&").strip()
    cut = one[:20]
    found = list(packets(cut + one))
    assert isinstance(found[0], Refused)
    assert isinstance(found[1], Packet)
    assert found[0].raw == cut


@given(st.binary(max_size=400))
def test_any_bytes_give_packets_or_refusals(data):
    for found in packets(b"##" + data):
        assert isinstance(found, Packet | Refused)
    list(read_packets(io.BytesIO(data or b"x")).chunks)


@given(st.data())
def test_damaged_packets_are_never_taken(data):
    good = packed("QN=20160801085857223;ST=32;CN=2011;MN=A1;Flag=5;CP=&&B01-Rtd=2.5&&").strip()
    at = data.draw(st.integers(0, len(good) - 1))
    byte = data.draw(st.integers(0, 255))
    damaged = good[:at] + bytes([byte]) + good[at + 1 :]
    try:
        found = parse(damaged)
    except PacketError:
        return
    # One changed byte escapes a CRC only where it says the same: a hex digit in small letters.
    assert damaged.lower() == good.lower()
    assert found.mn == "A1"


cp_text = st.text(alphabet="ab1290-=,;&.NFDw/ ", max_size=120)


@given(cp_text, st.sampled_from(["2011", "2051", "2061", "2031", "2041", "9014"]))
def test_any_parameters_give_values_or_refusals(cp, cn):
    raw = packed(f"ST=22;CN={cn};MN=A;Flag=4;CP=&&DataTime=20260301080000;{cp}&&")
    _, frame, rejected = read(raw) if cp is not None else (None, None, None)
    assert frame["time"].null_count() == 0
    assert rejected["reason"].null_count() == 0


# --- values


HOUR = "QN=20260301090001000;ST=21;CN=2061;PW=123456;MN=W1;Flag=5;CP=&&DataTime=20260301080000;"


def test_data_time_is_the_start_of_its_period():
    day = "ST=21;CN=2031;MN=W1;CP=&&DataTime=20260301000000;w21003-Avg=0.2&&"
    now = "ST=21;CN=2011;MN=W1;CP=&&DataTime=20260301081502;w21003-Rtd=0.3&&"
    minute = "ST=21;CN=2051;MN=W1;CP=&&DataTime=20260301080000;w21003-Avg=0.4&&"
    reading, frame, _ = read(
        packed(HOUR + "w21003-Avg=0.21,w21003-Flag=N&&"), packed(day), packed(now), packed(minute)
    )
    assert frame.select("property", "time", "period", "value").rows() == [
        ("nh3n", datetime(2026, 3, 1, 9), 3600, 0.21),
        ("nh3n", datetime(2026, 3, 2), 86400, 0.2),
        ("nh3n", datetime(2026, 3, 1, 8, 15, 2), 1, 0.3),
        ("nh3n", datetime(2026, 3, 1, 8, 10), 600, 0.4),
    ]
    assert any("10 分钟" in note.zh for note in reading.notes)  # said, not guessed in silence
    _, frame, _ = read(packed(minute), W1=Device(minutes=5))
    assert frame.row(0)[2:5] == (datetime(2026, 3, 1, 8, 5), 300, 0.4)
    _, frame, _ = read(packed(HOUR + "w21003-Avg=1&&"), W1=Device(("stamp_end",)))
    assert frame["time"][0] == datetime(2026, 3, 1, 8)


def test_flags_are_kept_and_missing_is_missing():
    cp = (
        "w21003-Avg=0.21,w21003-Flag=N,w21003-EFlag=A01;w01009-Avg=,w01009-Flag=D;"
        "w21011-Avg=0.1;w21001-Avg=1,w21001-Flag=Q;w01019-Avg=abc,w01019-Flag=N&&"
    )
    _, frame, rejected = read(packed(HOUR + cp))
    assert frame.select("property", "value", "flag").rows() == [
        ("nh3n", 0.21, "N,A01"),
        ("do", None, "D"),
        ("tp", 0.1, None),
    ]
    assert rejected.select("column", "value", "reason_en").rows() == [
        ("w21001-Flag", "Q", "a data flag that the standard does not know"),
        ("w01019-Avg", "abc", "not a number"),
    ]


def test_units_are_those_of_the_table_or_the_convention_and_said():
    reading, frame, _ = read(
        packed(
            "ST=22;CN=2061;MN=K1;CP=&&DataTime=20260301080000;a34004-Avg=35;a21005-Avg=0.6;"
            "a01006-Avg=101.3;a21026-Avg=8&&"
        ),
        packed(
            "ST=31;CN=2061;MN=P1;CP=&&DataTime=20260301080000;a21026-Avg=8,a21026-ZsAvg=9;"
            "a21026-Cou=1.2;a34013-Avg=3&&"
        ),
        packed("ST=21;CN=2061;MN=W1;CP=&&DataTime=20260301080000;w20142-Avg=0.05&&"),
    )
    values = {(s, p): v for s, p, v in frame.select("station", "property", "value").rows()}
    assert values == {
        ("K1", "pm25"): 35.0,  # µg/m³ by convention, not ng/m³ of the table
        ("K1", "co"): 0.6,
        ("K1", "pressure"): 1013.0,  # kPa to hPa
        ("K1", "so2"): 8.0,
        ("P1", "a21026"): 8.0,  # a stack's SO2 is not the air's
        ("P1", "a21026_zsavg"): 9.0,
        ("P1", "a21026_cou"): 1.2,
        ("P1", "a34013"): 3.0,
        ("W1", "hg"): 0.00005,  # µg/L to mg/L
    }
    assert reading.units["pm25"] == ("ug/m3", ("按惯例（B）", "by convention (B)"))
    assert reading.units["hg"] == ("ug/L", ("按编码表（A）", "by the code table (A)"))
    assert reading.units["a21026_cou"][0] == "kg"
    _, frame, _ = read(
        packed("ST=22;CN=2061;MN=K1;CP=&&DataTime=20260301080000;a34004-Avg=35000&&"),
        K1=Device(units={"a34004": "ng/m3"}),
    )
    assert frame["value"][0] == 35.0


def test_codes_and_names_of_2005():
    _, frame, _ = read(
        packed(
            "ST=32;CN=2011;MN=L1;CP=&&DataTime=20160824003817;B01-Rtd=36.91;"
            "011-Rtd=231.0,011-Flag=N;060-Rtd=1.803,060-Flag=N&&"
        )
    )
    assert frame.select("property", "value").rows() == [
        ("w00000", 36.91),
        ("cod", 231.0),
        ("nh3n", 1.803),
    ]
    assert meaning("SO2-Rtd", "31").property == "a21026"
    assert meaning("ele01-Rtd", "32")[:3] == ("ele01", 1.0, "")


def test_a_time_with_milliseconds_is_refused_unless_the_device_is_known_for_it():
    raw = packed("ST=32;CN=2011;MN=L1;CP=&&DataTime=20160824003817000;B01-Rtd=36.91&&")
    _, frame, rejected = read(raw)
    assert frame.is_empty()
    assert rejected["code"].to_list() == ["hj212_time"]
    reading, frame, rejected = read(raw, L1=Device(("datatime_millis",)))
    assert frame["time"].to_list() == [datetime(2016, 8, 24, 0, 38, 17)]
    assert rejected.is_empty()
    assert "L1" in reading.notes[0].en


def test_hours_off_the_hour_are_refused():
    raw = packed("ST=21;CN=2061;MN=W1;CP=&&DataTime=20260301083000;w21003-Avg=0.4&&")
    assert read(raw)[2]["code"].to_list() == ["hj212_time"]


def test_repairs_are_by_device():
    segment = b"ST=21;CN=2061;MN=W1;CP=&&DataTime=20260301080000;w21003-Avg=0.4&&"
    raw = b"##%04d%b%04X\r\n" % (len(segment), segment, crc16_modbus(segment))
    assert read(raw)[1].is_empty()
    assert read(raw, W2=Device(("crc_modbus",)))[1].is_empty()
    reading, frame, _ = read(raw, W1=Device(("crc_modbus",)))
    assert frame.height == 1
    assert "MODBUS" in reading.notes[0].en


def test_the_password_is_not_handed_on():
    segment = b"ST=21;CN=2061;PW=s3cret;MN=W1;CP=&&DataTime=20260301080000;w21003-Avg=0.4&&"
    _, _, rejected = read(b"##%04d%b0000\n" % (len(segment), segment))
    assert "s3cret" not in rejected["value"][0]
    assert "MN=W1" in rejected["value"][0]


def test_repeats_become_one_and_contradictions_are_set_aside():
    one = packed(HOUR + "w21003-Avg=0.21&&")
    other = packed(HOUR + "w21003-Avg=0.22&&")
    assert read(one, one)[1].height == 1
    _, frame, rejected = read(one, other)
    assert frame.is_empty()
    assert rejected["code"].to_list() == ["conflict"] * 2


def test_later_packets_of_an_upload_take_the_time_of_the_first():
    head = "QN=20260301090001000;ST=21;CN=2061;MN=W1;Flag=7;PNUM=2;"
    _, frame, rejected = read(
        packed(head + "PNO=1;CP=&&DataTime=20260301080000;w21003-Avg=0.21&&"),
        packed(head + "PNO=2;CP=&&w21011-Avg=0.1&&"),
    )
    assert frame["property"].to_list() == ["nh3n", "tp"]
    assert rejected.is_empty()


def test_logs_as_text_json_and_packed(tmp_path):
    import gzip

    raw = packed(HOUR + "w21003-Avg=0.21&&")
    plain = tmp_path / "a.log"
    plain.write_bytes(b"start\n" + raw + b"\n" + b"bye")
    lines = tmp_path / "a.jsonl"
    record = {"at": "2026-03-01", "packet": raw.decode()}
    lines.write_text(json.dumps(record) + "\n{broken\n", encoding="utf-8")
    small = tmp_path / "a.log.gz"
    small.write_bytes(gzip.compress(raw))
    for path in (plain, lines, small):
        chunk = next(read_packets(path).chunks)
        assert chunk.frame["value"].to_list() == [0.21], path
        assert chunk.rows == 1


def test_a_line_without_end_does_not_fill_the_memory(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(b"x" * (9 << 20))
    assert list(read_packets(path).chunks) == []


# --- the tables


def test_the_tables_agree_with_one_another():
    known = factors()
    assert len(known) > 180
    assert {one.confidence for one in known.values()} <= {"A", "B", "C"}
    for code, one in known.items():
        assert not one.unit or unit_named(one.unit) or one.confidence in "AC", code
    for code, name in by_hj212().items():
        if code in known and known[code].unit:
            assert factor(known[code].unit, measures()[name].unit) is not None, code
    assert {"Rtd", "Avg"} <= set(rules()["suffixes"]["values"])
    for convention in rules()["convention"]:
        assert convention["confidence"] in "ABC"


def test_units_of_the_code_table_as_read_twice():
    """Typed a second time from the table of annex B."""
    expected = {
        "w01018": "mg/L", "w20111": "ug/L", "w20115": "ug/L", "w20117": "ug/L", "w20116": "mg/L",
        "w20089": "ng/L", "w01014": "uS/cm", "a34004": "ng/m3", "a34002": "ng/m3",
        "a21026": "mg/m3", "a21001": "ng/m3", "a05002": "ng/m3", "a01006": "kPa", "w00000": "L/s",
        "w20144": "mg/L", "w20142": "ug/L", "w20143": "ug/L", "Leq": "dB(A)",
    }  # fmt: skip
    assert {code: factors()[code].unit for code in expected} == expected

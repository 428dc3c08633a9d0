"""Whatever a file holds, it is read or refused with a word: no traceback, no hang, no growth."""

import io
import zipfile

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shanshui.platform.ingest import ReadError, read, read_samples
from shanshui.platform.ingest.load import read as read_any
from shanshui.platform.ingest.sniff import sniff
from shanshui.standards.errors import ShanshuiError

CSV = (
    "城市,点位,时间,PM2.5(μg/m3),CO(mg/m3),备注\n"
    '广州,麓湖,2026-03-01 01:00,23,0.6,"a,b"\n广州,麓湖,2026-03-01 02:00,—,<0.3,\n'
).encode()


def workbook():
    book = openpyxl.Workbook()
    page = book.active
    for row in (
        ["断面", "日期", "氨氮", "总磷"],
        [None, None, "mg/L", "mg/L"],
        ["石角", "2026-03-01", 0.2, "0.01L"],
        [None, "2026-03-02", "ND", "1,000.5"],
    ):
        page.append(row)
    for cells in ("A1:A2", "B1:B2", "A3:A4"):
        page.merge_cells(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


XLSX = workbook()
LOG = b"##0026ST=91;CN=9014;MN=A;CP=&&&&8BC1\r\n"
JSON = b'{"value": [{"phenomenonTime": "2026-03-01T00:00:00Z", "result": 1}]}'


def whole(data):
    """Sniff and read bytes by every way in; only errors of the house may come."""
    taken = 0
    try:
        found = sniff(io.BytesIO(data))
        for chunk in read_any(io.BytesIO(data), found.profile).chunks:
            assert chunk.frame["time"].null_count() == 0
            assert chunk.frame["station"].null_count() == 0
            assert chunk.rejected["reason"].null_count() == 0
            taken += chunk.frame.height + (chunk.wide.height if chunk.wide is not None else 0)
    except ShanshuiError as error:
        bilingual(error)
    for reader in (read, read_samples):
        try:
            reader(io.BytesIO(data))
        except ReadError as error:
            bilingual(error)
    return taken


def bilingual(error):
    """Check that an error is said in both languages."""
    assert " / " in str(error)


@pytest.mark.parametrize(("sample", "count"), [(CSV, 3), (XLSX, 4), (JSON, 0)])
def test_the_samples_themselves_are_read(sample, count):
    assert whole(sample) == count


def damaged(data, cuts):
    out = bytearray(data)
    for place, byte, cut in cuts:
        if not out:
            break
        at = place % len(out)
        if cut == 0:
            out[at] = byte
        elif cut == 1:
            del out[at : at + byte % 7]
        else:
            out[at:at] = bytes([byte]) * (cut % 5)
    return bytes(out)


cuts = st.lists(
    st.tuples(st.integers(0, 1 << 20), st.integers(0, 255), st.integers(0, 6)),
    min_size=1,
    max_size=8,
)


def test_text_behind_a_quoted_field():
    whole(CSV.replace(b'"a,b"', '"a,b"外'.encode()))


@given(st.binary(max_size=600))
@settings(max_examples=150)
def test_any_bytes(data):
    whole(data)


@pytest.mark.parametrize("sample", [CSV, CSV.decode().encode("gb18030"), LOG * 3, JSON])
@given(cuts=cuts)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_texts(sample, cuts):
    whole(damaged(sample, cuts))


@given(cuts=cuts)
@settings(max_examples=60)
def test_damaged_workbooks(cuts):
    whole(damaged(XLSX, cuts))


@given(cuts=cuts, part=st.sampled_from(["xl/worksheets/sheet1.xml", "xl/workbook.xml"]))
@settings(max_examples=40)
def test_workbooks_with_a_damaged_part(cuts, part):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(XLSX)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, damaged(data, cuts) if name == part else data)
    whole(out.getvalue())


cell = st.one_of(
    st.sampled_from(
        [
            *(
                "时间",
                "站点",
                "PM2.5",
                "氨氮",
                "CO(mg/m3)",
                "2026-03-01",
                "2026-03-01 24:00",
                "1,234",
            ),
            *(
                "—",
                "-99",
                "ND",
                "0.02L",
                "<0.02",
                "23(H)",
                "mg/L",
                "单位",
                "",
                "1e400",
                "1",
                "值",
                "项目",
            ),
        ]
    ),
    st.text(max_size=6),
)


@given(st.lists(st.lists(cell, min_size=1, max_size=6), min_size=1, max_size=8))
@settings(max_examples=150)
def test_any_table(rows):
    import csv

    out = io.StringIO()
    csv.writer(out).writerows(rows)
    whole(out.getvalue().encode("utf-8", "replace"))


@given(st.lists(st.lists(cell, min_size=1, max_size=5), min_size=1, max_size=6), st.data())
@settings(max_examples=40, deadline=None)
def test_any_sheet_with_merged_cells(rows, data):
    book = openpyxl.Workbook()
    page = book.active
    for row in rows:
        page.append(["".join(c for c in text if c.isprintable()) for text in row])
    for _ in range(data.draw(st.integers(0, 3))):
        top, left = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6))
        page.merge_cells(
            start_row=top,
            start_column=left,
            end_row=top + data.draw(st.integers(0, 3)),
            end_column=left + data.draw(st.integers(0, 3)),
        )
    out = io.BytesIO()
    book.save(out)
    whole(out.getvalue())

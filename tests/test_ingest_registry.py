"""The registry of stations: coordinates, regions, codes, lists."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from shanshui.platform.ingest import ReadError
from shanshui.platform.ingest.coordinates import Datum, from_wgs84, to_wgs84
from shanshui.platform.ingest.places import Boundaries, read_boundaries
from shanshui.platform.ingest.registry import import_stations
from shanshui.platform.store import models
from shanshui.standards.errors import ShanshuiError

LONGITUDES, LATITUDES = st.floats(73, 135), st.floats(4, 53)


@given(LONGITUDES, LATITUDES, st.sampled_from(list(Datum)))
def test_datums_there_and_back(longitude, latitude, datum):
    there = from_wgs84(longitude, latitude, datum)
    back = to_wgs84(*there, datum)
    assert abs(back.longitude - longitude) < 1e-8  # a millimetre
    assert abs(back.latitude - latitude) < 1e-8
    if datum is Datum.GCJ02:
        assert 0 < abs(there.longitude - longitude) + abs(there.latitude - latitude) < 0.02


def test_known_points():
    # Values that the public implementations of these formulas give.
    assert from_wgs84(116.404, 39.915, "gcj02") == pytest.approx(
        (116.41024449916938, 39.91640428150164), abs=1e-12
    )
    shifted = from_wgs84(*to_wgs84(116.404, 39.915, "gcj02"), "bd09")
    assert shifted == pytest.approx((116.41036949371029, 39.92133699351021), abs=1e-9)
    assert from_wgs84(2.35, 48.86, "gcj02") == (2.35, 48.86)  # the rest of the world


def test_what_is_no_place():
    for point in ((181, 0), (0, 91), (float("nan"), 0)):
        with pytest.raises(ShanshuiError, match="经度"):
            to_wgs84(*point, "wgs84")


def square(code, west, south, size=1.0, level=None):
    ring = [[west, south], [west + size, south], [west + size, south + size], [west, south + size]]
    return {
        "type": "Feature",
        "properties": {"adcode": code, "level": level},
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
    }


@pytest.fixture
def geojson(tmp_path):
    path = tmp_path / "界.geojson"
    features = [
        square(440000, 112, 22, 3),
        square("440100", 113, 23, level="city"),
        square("440106", 113.2, 23.1, 0.2),
        {"type": "Feature", "properties": {}, "geometry": None},
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_the_smallest_region_that_holds_a_point(geojson):
    found = read_boundaries(geojson)
    assert len(found) == 3
    assert found.region(113.3, 23.2) == "440106"
    assert found.region(113.9, 23.9) == "440100"
    assert found.region(114.5, 24.5) == "440000"
    assert found.region(90, 30) is None
    # A boundary in GCJ-02 is asked with the point in GCJ-02.
    shifted = read_boundaries(geojson, Datum.GCJ02)
    assert found.region(113.1985, 23.2) == "440100"
    assert shifted.region(113.1985, 23.2) == "440106"


def test_boundaries_that_cannot_be_read(tmp_path):
    path = tmp_path / "x.geojson"
    for text in ("{", "[]", '{"features": [{"properties": {"adcode": 1}}]}'):
        path.write_text(text)
        with pytest.raises(ReadError):
            read_boundaries(path)
    bad = {"features": [{"properties": {"adcode": 1}, "geometry": {"type": "Polygon"}}]}
    path.write_text(json.dumps(bad))
    with pytest.raises(ReadError, match="feature 1"):
        read_boundaries(path)
    with pytest.raises(ReadError, match="GeoJSON"):
        read_boundaries(tmp_path / "none")


def test_regions_of_the_shared_boundaries(shared):
    folder = shared / "data" / "boundaries"
    found = read_boundaries(folder / "guangzhou_districts.geojson", Datum.GCJ02)
    assert len(found) == 11
    assert found.region(113.264, 23.129) == "440104"  # 越秀
    assert isinstance(found, Boundaries)


LIST = (
    "省份,城市,点位名称,编码,MN,经度,纬度,控制级别,启用日期\n"
    "广东省,广州市,麓湖,1347A,,113.281,23.157,国控,2013-01-01\n"
    "广东省,广州市,帽峰山,1350A,MN00000000000001,113.4,23.3,国控,2013年1月1日\n"
    "广东省,广州市,某站,1350A,,113.4,23.3,国控,\n"
    "广东省,清远市,坏坐标,1500A,,113°24′,23.3,省控,\n"
    "广东省,清远市,坏日期,1501A,,113.1,23.7,省控,去年\n"
    ",,,,,113.1,23.7,,\n"
)


def imported(workspace, text=LIST, **more):
    with workspace.ledger.write(who="张三", action="station import") as session:
        return import_stations(session, io.BytesIO(text.encode()), **more)


def stations(workspace):
    with workspace.ledger.read() as session:
        return {s.code: s.values() for s in session.scalars(select(models.Station))}


def test_a_list_goes_into_the_registry(workspace):
    done = imported(workspace, kind="空气站")
    assert (done.rows, done.added, done.changed, done.same) == (6, 3, 0, 0)
    assert done.rejected.select("row", "column").rows() == [
        (5, "longitude/latitude"),
        (6, "start"),
        (7, ""),
    ]
    there = stations(workspace)
    # A code that two rows have tells neither.
    assert sorted(there) == ["1347A", "MN00000000000001", "广东省/广州市/某站"]
    one = there["1347A"]
    assert (one["name"], one["kind"], one["control"]) == ("麓湖", "空气站", "国控")
    assert (one["region_code"], one["start"], one["datum"]) == ("440100", "2013-01-01", "wgs84")
    again = imported(workspace, kind="空气站")
    assert (again.added, again.changed, again.same) == (0, 0, 3)


def test_stations_found_in_data_are_completed(workspace):
    with workspace.ledger.write(who="张三", action="ingest") as session:
        session.add(models.Station(code="广州市/麓湖", name="麓湖", found=True))
        session.flush()
        session.add(
            models.StationCode(station_code="广州市/麓湖", system="file", code="广州市/麓湖")
        )
    done = imported(workspace, "\n".join(LIST.splitlines()[:2]))
    assert (done.added, done.changed) == (0, 1)
    one = stations(workspace)["广州市/麓湖"]
    assert (one["found"], one["longitude"]) == (False, 113.281)
    with workspace.ledger.read() as session:
        codes = session.execute(select(models.StationCode.system, models.StationCode.code)).all()
    assert ("national", "1347A") in [tuple(c) for c in codes]


def test_a_row_that_agrees_with_two_stations_is_set_aside(workspace):
    imported(workspace, "点位名称,编码\n甲,A1\n乙,B1\n")
    done = imported(workspace, "点位名称,编码\n甲,B1\n")
    assert done.rejected["reason_en"][0].startswith("agrees with several stations")
    assert stations(workspace)["B1"]["name"] == "乙"


def test_coordinates_are_turned_and_regions_found(workspace, geojson):
    done = imported(
        workspace,
        "点位名称,编码,经度,纬度\n甲,A1,113.3,23.2\n",
        datum=Datum.GCJ02,
        boundaries=read_boundaries(geojson),
    )
    one = stations(workspace)["A1"]
    assert (one["longitude"], one["latitude"]) == pytest.approx((113.29461, 23.20261), abs=1e-4)
    assert (one["region_code"], one["datum"]) == ("440106", "gcj02")
    assert "113.3, 23.2" in one["note"]
    assert done.located == 1
    assert "GCJ02" in done.notes[0][1]


def test_a_list_without_stations(workspace):
    with pytest.raises(ReadError, match="站点名称"):
        imported(workspace, "经度,纬度\n1,2\n")

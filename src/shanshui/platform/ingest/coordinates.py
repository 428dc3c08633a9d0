"""Coordinates: the datums of Chinese maps brought to WGS84, as it is published how.

CGCS2000 (2000国家大地坐标系) agrees with WGS84 well within a metre, so it passes as it is. GCJ-02
(Amap, Tencent) and BD-09 (Baidu) are shifted by some hundred metres; their formulas are public,
their inverse is found step by step, to less than a centimetre.
"""

from __future__ import annotations

from enum import StrEnum
from math import atan2, cos, pi, sin, sqrt
from typing import NamedTuple

from shanshui.standards.errors import ShanshuiError

# The axis and the eccentricity of the ellipsoid Krasovsky 1940, which GCJ-02 shifts by.
_AXIS, _ECCENTRICITY = 6378245.0, 0.00669342162296594323
_BAIDU = pi * 3000 / 180
_STEPS = 12  # each gains about three digits


class Datum(StrEnum):
    """What coordinates refer to."""

    WGS84 = "wgs84"
    CGCS2000 = "cgcs2000"
    GCJ02 = "gcj02"
    BD09 = "bd09"


class Point(NamedTuple):
    """A place: degrees east and north."""

    longitude: float
    latitude: float


def inside(longitude: float, latitude: float) -> bool:
    """Tell whether GCJ-02 shifts a place: it leaves the rest of the world as it is."""
    return 72.004 <= longitude <= 137.8347 and 0.8293 <= latitude <= 55.8271


def to_wgs84(longitude: float, latitude: float, datum: Datum | str) -> Point:
    """Bring coordinates to WGS84.

    Parameters
    ----------
    longitude, latitude : float
        Degrees.
    datum : Datum or str
        Of the coordinates given.

    Raises
    ------
    ShanshuiError
        When they are no place on the globe.

    Examples
    --------
    >>> [round(x, 5) for x in to_wgs84(113.32, 23.13, "gcj02")]
    [113.3146, 23.13261]
    >>> to_wgs84(113.32, 23.13, "cgcs2000")
    Point(longitude=113.32, latitude=23.13)
    """
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise ShanshuiError(
            f"坐标应为经度 -180—180、纬度 -90—90，得到 {longitude}, {latitude} / "
            f"a longitude is within ±180 and a latitude within ±90, got {longitude}, {latitude}"
        )
    datum = Datum(datum)
    if datum is Datum.BD09:
        longitude, latitude = _from_baidu(longitude, latitude)
    if datum in (Datum.BD09, Datum.GCJ02):
        return _from_gcj02(longitude, latitude)
    return Point(longitude, latitude)


def from_wgs84(longitude: float, latitude: float, datum: Datum | str) -> Point:
    """Bring coordinates of WGS84 to another datum; the inverse of `to_wgs84`.

    Examples
    --------
    >>> [round(x, 5) for x in from_wgs84(116.404, 39.915, "gcj02")]
    [116.41024, 39.9164]
    """
    datum = Datum(datum)
    if datum in (Datum.WGS84, Datum.CGCS2000):
        return Point(longitude, latitude)
    point = _to_gcj02(longitude, latitude)
    return _to_baidu(*point) if datum is Datum.BD09 else point


def _to_gcj02(longitude: float, latitude: float) -> Point:
    if not inside(longitude, latitude):
        return Point(longitude, latitude)
    x, y = longitude - 105, latitude - 35
    waves = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + waves
    north += (20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    north += (160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + waves
    east += (20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    radians = latitude / 180 * pi
    magic = 1 - _ECCENTRICITY * sin(radians) ** 2
    root = sqrt(magic)
    north = north * 180 / ((_AXIS * (1 - _ECCENTRICITY)) / (magic * root) * pi)
    east = east * 180 / (_AXIS / root * cos(radians) * pi)
    return Point(longitude + east, latitude + north)


def _from_gcj02(longitude: float, latitude: float) -> Point:
    if not inside(longitude, latitude):
        return Point(longitude, latitude)
    x, y = longitude, latitude
    for _ in range(_STEPS):
        there = _to_gcj02(x, y)
        x, y = x - (there.longitude - longitude), y - (there.latitude - latitude)
    return Point(x, y)


def _to_baidu(longitude: float, latitude: float) -> Point:
    radius = sqrt(longitude**2 + latitude**2) + 0.00002 * sin(latitude * _BAIDU)
    angle = atan2(latitude, longitude) + 0.000003 * cos(longitude * _BAIDU)
    return Point(radius * cos(angle) + 0.0065, radius * sin(angle) + 0.006)


def _from_baidu(longitude: float, latitude: float) -> Point:
    x, y = longitude - 0.0065, latitude - 0.006
    for _ in range(_STEPS):
        there = _to_baidu(x, y)
        x, y = x - (there.longitude - longitude), y - (there.latitude - latitude)
    return Point(x, y)

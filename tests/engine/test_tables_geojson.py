"""GeoJSON: shapes reach WGS84, whatever was sent; nothing hostile in the JSON gets through."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import reading
from parvis.errors import InputError, LimitError
from parvis.tables import recipe
from parvis.tables.sink import Sink
from parvis.tables.table import Limits
from parvis.values import Severity
from reading import cells, places, shapes


def feature(properties: dict[str, Any], *point: float, **more: Any) -> dict[str, Any]:
    shape = {"type": "Point", "coordinates": list(point)} if point else None
    return {"type": "Feature", "properties": properties, "geometry": shape, **more}


def told(tmp_path: Path, content: Any, name: str = "couche.geojson", limits: Limits | None = None) -> Sink:
    if isinstance(content, list):
        content = {"type": "FeatureCollection", "features": content}
    return reading.told(tmp_path, content, name, limits)


def test_features_become_rows_with_their_shapes(tmp_path: Path) -> None:
    sink = told(
        tmp_path,
        [
            feature({"nom": "Stade", "code": "01234"}, 1.605, 42.965),
            feature({"nom": "Halle", "m²": 12.5}, 1.607, 42.966),
        ],
    )
    assert cells(sink) == [{"nom": "Stade", "code": "01234", "m²": None}, {"nom": "Halle", "code": None, "m²": "12.5"}]
    assert places(sink) == [(1.605, 42.965), (1.607, 42.966)]
    assert (sink.tables[0].format, sink.tables[0].crs, sink.findings) == ("geojson", "EPSG:4326", [])


def test_swapped_coordinates_are_put_back_in_order_and_said(tmp_path: Path) -> None:
    sink = told(tmp_path, [feature({"n": "a"}, 42.965, 1.605), feature({"n": "b"}, 42.966, 1.607)])
    assert places(sink) == [(1.605, 42.965), (1.607, 42.966)]
    assert [(f.code, f.severity) for f in sink.findings] == [("geo.swapped", Severity.BLOCK)]


@pytest.mark.parametrize(
    ("x", "y", "system"),
    [
        (586251.2, 6208406.5, 2154),
        (539000.0, 1774000.0, 27572),
        (1586251.0, 2208406.0, 3943),
        (340000.0, 7690000.0, 2975),
    ],
)
def test_metres_are_brought_from_the_projection_where_they_fall(
    tmp_path: Path, x: float, y: float, system: int
) -> None:
    sink = told(tmp_path, [feature({"n": "a"}, x, y)])
    assert sink.tables[0].crs == f"EPSG:{system}"
    assert sink.findings[0].code == "geo.metres"
    assert places(sink)[0] is not None


def test_a_declared_projection_needs_no_guess(tmp_path: Path) -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2154"}}
    sink = told(
        tmp_path, {"type": "FeatureCollection", "crs": crs, "features": [feature({"n": "a"}, 586251.2, 6208406.5)]}
    )
    assert places(sink) == [(1.607, 42.966)]
    assert sink.findings == []


def test_a_declared_projection_that_is_false_is_not_believed(tmp_path: Path) -> None:
    crs = {"type": "name", "properties": {"name": "EPSG:2154"}}
    sink = told(tmp_path, {"type": "FeatureCollection", "features": [feature({"n": "a"}, 1.6, 42.9)], "crs": crs})
    assert places(sink) == [(1.6, 42.9)]
    assert [f.code for f in sink.findings] == ["geo.degrees"]


def test_metres_of_nowhere_keep_their_rows_without_a_map(tmp_path: Path) -> None:
    sink = told(tmp_path, [feature({"n": "a"}, 9e8, -7e8)])
    mended, _ = recipe.run(sink.tables[0], None, tmp_path)
    assert pq.read_table(mended.path).column("__geometry").to_pylist() == [None] and mended.crs == ""
    assert [f.code for f in sink.findings] == ["geo.unknown_system"]


def test_crossed_polygons_are_untangled(tmp_path: Path) -> None:
    bow = [[[1.6, 42.9], [1.7, 43.0], [1.7, 42.9], [1.6, 43.0], [1.6, 42.9]]]
    sink = told(
        tmp_path, [{"type": "Feature", "properties": {"z": 1}, "geometry": {"type": "Polygon", "coordinates": bow}}]
    )
    (shape,) = shapes(sink)
    assert shape.is_valid
    assert shape.geom_type == "MultiPolygon"
    assert [f.code for f in sink.findings] == ["geo.crossed"]


def test_broken_shapes_never_lose_their_row(tmp_path: Path) -> None:
    odd: list[Any] = [
        None,
        {"type": "Point"},
        {"type": "Point", "coordinates": ["x", 1]},
        {"type": "Étoile"},
        {"type": "Point", "coordinates": []},
    ]
    features = [{"type": "Feature", "properties": {"n": str(n)}, "geometry": shape} for n, shape in enumerate(odd)]
    sink = told(tmp_path, [*features, feature({"n": "5"}, 1.6, 42.9)])
    assert [row["n"] for row in cells(sink)] == ["0", "1", "2", "3", "4", "5"]
    assert places(sink) == [None] * 5 + [(1.6, 42.9)]


def test_features_one_per_line_are_read_too(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps(feature({"n": str(n)}, 1.6, 42.9)) for n in range(3)) + "\n"
    assert len(cells(told(tmp_path, lines.encode(), "couche.geojsonl"))) == 3


def test_a_large_file_is_read_in_pieces(tmp_path: Path) -> None:
    sink = told(tmp_path, [feature({"nom": f"Arbre n° {n} " + "é" * 50}, 1.6, 42.9) for n in range(25_000)])
    assert sink.tables[0].rows == 25_000
    assert cells(sink)[24_999]["nom"].startswith("Arbre n° 24999 éé")


@pytest.mark.parametrize(
    "content",
    [
        b'{"type":"FeatureCollection","features":[]}',
        b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":1},"geometry":',
        b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":' + b'{"a":' * 100_000,
        b'{"type":"FeatureCollection","features":[' + b"[" * 200_000,
        b'{"type":"FeatureCollection","features":[{"type":"Feature"}]} et du texte',
        b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"GeometryCollection",'
        b'"geometries":[' * 3,
    ],
)
def test_what_is_cut_empty_or_nested_is_refused_in_french(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match=r"(?:Geo)?JSON"):
        told(tmp_path, content)


def test_a_thousand_new_columns_per_feature_is_too_wide(tmp_path: Path) -> None:
    features = [feature({f"c{n}-{i}": 1 for i in range(300)}, 1.6, 42.9) for n in range(20)]
    with pytest.raises(LimitError, match="colonnes"):
        told(tmp_path, features)


def test_one_enormous_object_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LimitError, match="trop grand"):
        told(tmp_path, [feature({"n": "x" * 3_000_000}, 1.6, 42.9)], limits=Limits(line=1 << 20))

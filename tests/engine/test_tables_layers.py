"""Shapefiles, GeoPackages, KML, GML and MapInfo: every layer, its accents, its projection."""

from __future__ import annotations

import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import pytest
import shapely

import reading
from parvis.errors import InputError, ParvisError
from parvis.tables import archive
from parvis.values import Severity
from reading import cells, codes, places, shapes

L93 = (586251.2, 6208406.5)  # 1.607, 42.966


def write(path: Path, fields: dict[str, list[Any]], points: list[tuple[float, float] | None], **options: Any) -> Path:
    """Write a layer with GDAL: an independent program."""
    given = {"geometry_type": "Point", "crs": "EPSG:2154", **options}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wkb = np.array([None if p is None else shapely.to_wkb(shapely.Point(p)) for p in points], object)
        pyogrio.raw.write(path, wkb, [np.array(v) for v in fields.values()], list(fields), **given)
    return path


def zipped(folder: Path, name: str, without: tuple[str, ...] = (), **more: bytes) -> Path:
    target = folder / f"{name}.zip"
    with zipfile.ZipFile(target, "w") as package:
        for part in sorted(folder.glob(f"{name}.*")):
            if part.suffix not in (*without, ".zip"):
                package.write(part, part.name)
        for suffix, content in more.items():
            package.writestr(f"{name}.{suffix}", content)
    return target


# --- Shapefile ------------------------------------------------------------------------------------


def test_a_zipped_shapefile_is_read_with_its_projection(tmp_path: Path) -> None:
    write(tmp_path / "arbres.shp", {"ESSENCE": ["Chêne", "Érable"], "HAUTEUR": [12.5, 8.0], "NB": [1, 2]}, [L93, None])
    sink = reading.of(tmp_path, zipped(tmp_path, "arbres"))
    assert cells(sink) == [
        {"ESSENCE": "Chêne", "HAUTEUR": "12.5", "NB": "1"},
        {"ESSENCE": "Érable", "HAUTEUR": "8", "NB": "2"},
    ]
    assert places(sink) == [(1.607, 42.966), None]
    assert (sink.tables[0].format, sink.tables[0].crs, codes(sink)) == ("shapefile", "EPSG:2154", [])


def test_a_shapefile_without_prj_is_placed_where_its_metres_fall_and_said(tmp_path: Path) -> None:
    write(tmp_path / "arbres.shp", {"N": [1]}, [L93])
    sink = reading.of(tmp_path, zipped(tmp_path, "arbres", (".prj",)))
    assert places(sink) == [(1.607, 42.966)]
    assert [(f.code, f.severity) for f in sink.findings] == [("geo.no_system", Severity.BLOCK)]
    assert "Lambert-93" in sink.findings[0].text


@pytest.mark.parametrize("codec", ["cp1252", "cp850", "utf-8"])
@pytest.mark.parametrize("cpg", [b"", b"UTF-8", b"1252"])
def test_accents_of_a_dbf_are_read_whatever_its_cpg_says(tmp_path: Path, codec: str, cpg: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write(tmp_path / "lieux.shp", {"NOM": ["Théâtre d'été", "Hôtel-Dieu"]}, [L93, L93], encoding=codec)
    path = zipped(tmp_path, "lieux", (".cpg",), **({"cpg": cpg} if cpg else {}))
    assert [row["NOM"] for row in cells(reading.of(tmp_path, path))] == ["Théâtre d'été", "Hôtel-Dieu"]


def test_a_lone_dbf_is_a_table_without_shapes(tmp_path: Path) -> None:
    write(tmp_path / "zones.shp", {"ZONE": ["UA", "N"], "CODE": ["01", "02"]}, [L93, L93])
    sink = reading.told(tmp_path, (tmp_path / "zones.dbf").read_bytes(), "zones.dbf")
    assert cells(sink) == [{"ZONE": "UA", "CODE": "01"}, {"ZONE": "N", "CODE": "02"}]
    assert (sink.tables[0].format, sink.tables[0].geometry) == ("dbf", False)


def test_a_shapefile_without_dbf_says_what_is_missing(tmp_path: Path) -> None:
    write(tmp_path / "arbres.shp", {"N": [1]}, [L93])
    sink = reading.of(tmp_path, zipped(tmp_path, "arbres", (".dbf",)))
    assert "shapefile.no_dbf" in codes(sink)


def test_several_layers_of_one_archive_stay_apart(tmp_path: Path) -> None:
    for name in ("arbres", "bancs"):
        write(tmp_path / f"{name}.shp", {"N": [name]}, [L93])
    with zipfile.ZipFile(tmp_path / "tout.zip", "w") as package:
        for part in sorted(tmp_path.glob("*.*")):
            if part.suffix != ".zip":
                package.write(part, f"couches/{part.name.upper()}")
        package.writestr("couches/arbres.xml", "<metadata/>")
        package.writestr("couches/bancs.csv", "nom;prix\nBanc;12\nTable;30\n")
    sink = reading.of(tmp_path, tmp_path / "tout.zip")
    assert [(t.name, t.format, t.rows) for t in sink.tables] == [
        ("ARBRES.SHP", "shapefile", 1), ("BANCS.SHP", "shapefile", 1), ("bancs.csv", "csv", 2)
    ]  # fmt: skip


@pytest.mark.parametrize("cut", [110, 150])
def test_a_cut_shapefile_ends_in_french(tmp_path: Path, cut: int) -> None:
    write(tmp_path / "arbres.shp", {"N": [1, 2, 3]}, [L93] * 3)
    (tmp_path / "arbres.shp").write_bytes((tmp_path / "arbres.shp").read_bytes()[:cut])
    try:
        sink = reading.of(tmp_path, zipped(tmp_path, "arbres"))
    except ParvisError as error:
        assert "shapefile" in error.text
    else:
        assert sink.tables or all(f.text for f in sink.findings)


def test_a_header_that_announces_billions_of_points_takes_no_memory(tmp_path: Path) -> None:
    write(tmp_path / "arbres.shp", {"N": [1]}, [L93])
    data = bytearray((tmp_path / "arbres.shp").read_bytes())
    data[24:28] = struct.pack(">I", 0x7FFFFFFF)
    data[108:112] = struct.pack("<I", 5)  # a polygon of ...
    data[112:] = struct.pack("<4dII", 0, 0, 1, 1, 0x7FFFFFFF, 0x7FFFFFFF)
    (tmp_path / "arbres.shp").write_bytes(data)
    try:
        sink = reading.of(tmp_path, zipped(tmp_path, "arbres"))
        assert sink.tables or sink.findings
    except ParvisError as error:
        assert error.text


# --- GeoPackage -----------------------------------------------------------------------------------


def test_every_layer_of_a_geopackage_is_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "ville.gpkg",
        {"nom": ["Halle"], "le": np.array(["2024-03-01"], "datetime64[D]")},
        [L93],
        layer="lieux",
    )
    write(
        path,
        {"nom": ["Stade", ""], "n": [1, 2]},
        [(1.6, 42.9), (1.7, 42.9)],
        layer="sports",
        crs="EPSG:4326",
        append=True,
    )
    sink = reading.told(tmp_path, path.read_bytes(), "ville.gpkg")
    assert [(t.name, t.crs) for t in sink.tables] == [("lieux", "EPSG:2154"), ("sports", "EPSG:4326")]
    assert cells(sink) == [{"nom": "Halle", "le": "2024-03-01"}]
    assert cells(sink, 1) == [{"nom": "Stade", "n": "1"}, {"nom": None, "n": "2"}]
    assert places(sink) == [(1.607, 42.966)]


def test_a_database_that_is_no_geopackage_is_read_as_a_database(tmp_path: Path) -> None:
    import sqlite3

    base = tmp_path / "base.db"
    with sqlite3.connect(base) as connection:
        connection.execute("create table lieux (nom text)")
        connection.execute("insert into lieux values ('Halle')")
    connection.close()
    sink = reading.told(tmp_path, base.read_bytes(), "ville.gpkg")
    assert (sink.tables[0].format, cells(sink)) == ("sqlite", [{"nom": "Halle"}])


def test_a_damaged_geopackage_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "ville.gpkg", {"nom": ["Halle"] * 500}, [L93] * 500)
    data = path.read_bytes()
    with pytest.raises(InputError, match="GeoPackage"):
        reading.told(tmp_path, data[: len(data) // 3], "ville.gpkg")


# --- KML ------------------------------------------------------------------------------------------

KML = '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'
MARK = (
    "<Placemark><name>{name}</name><ExtendedData><Data name='prix'><value>{price}</value></Data></ExtendedData>"
    "<Point><coordinates>1.6,42.9,0</coordinates></Point></Placemark>"
)


def kml(tmp_path: Path, inside: str) -> Any:
    return reading.told(tmp_path, KML.format(inside).encode(), "carte.kml")


def test_placemarks_become_rows(tmp_path: Path) -> None:
    sink = kml(tmp_path, MARK.format(name="Halle", price="12") + MARK.format(name="Stade", price=""))
    assert cells(sink) == [{"Nom": "Halle", "prix": "12"}, {"Nom": "Stade", "prix": None}]
    assert places(sink) == [(1.6, 42.9)] * 2


def test_folders_are_a_column_when_there_are_several(tmp_path: Path) -> None:
    marks = MARK.format(name="Halle", price="12") * 2
    sink = kml(tmp_path, "".join(f"<Folder><name>{f}</name>{marks}</Folder>" for f in ("Écoles", "Sports")))
    assert [row["Dossier"] for row in cells(sink)] == ["Écoles", "Écoles", "Sports", "Sports"]


def test_one_folder_makes_no_column(tmp_path: Path) -> None:
    marks = MARK.format(name="Halle", price="12") * 3
    assert list(cells(kml(tmp_path, f"<Folder><name>Écoles</name>{marks}</Folder>"))[0]) == ["Nom", "prix"]


def test_the_table_of_a_description_is_read_as_columns(tmp_path: Path) -> None:
    table = "<![CDATA[<table><tr><td>CODE</td><td>01</td></tr><tr><td>NOM</td><td>Pr&eacute;s</td></tr></table>]]>"
    point = "<Point><coordinates>1.6,42.9</coordinates></Point>"
    sink = kml(tmp_path, f"<Placemark><description>{table}</description>{point}</Placemark>")
    assert cells(sink) == [{"CODE": "01", "NOM": "Prés"}]


def test_polygons_with_holes_and_gathered_shapes_are_read(tmp_path: Path) -> None:
    def ring(kind: str, low: float, high: float) -> str:
        corners = f"{low},{low} {high},{low} {high},{high} {low},{high} {low},{low}"
        return f"<{kind}><LinearRing><coordinates>{corners}</coordinates></LinearRing></{kind}>"

    polygon = f"<Polygon>{ring('outerBoundaryIs', 42, 43)}{ring('innerBoundaryIs', 42.4, 42.6)}</Polygon>"
    sink = kml(tmp_path, f"<Placemark><name>a</name><MultiGeometry>{polygon}</MultiGeometry></Placemark>")
    (shape,) = shapes(sink)
    assert (shape.geom_type, round(shape.area, 2)) == ("MultiPolygon", 0.96)


def test_a_kmz_is_read_through_its_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "carte.kmz", "w") as package:
        package.writestr("doc.kml", KML.format(MARK.format(name="Halle", price="12")))
        package.writestr("images/rond.png", b"\x89PNG")
    assert cells(reading.of(tmp_path, tmp_path / "carte.kmz")) == [{"Nom": "Halle", "prix": "12"}]


@pytest.mark.parametrize(
    ("inside", "word"),
    [
        ("<NetworkLink><Link><href>http://example.org/a.kml</href></Link></NetworkLink>", "lien réseau"),
        ("<Placemark><name>coupé", "ligne 1"),
        ("<Placemark>" + "<MultiGeometry>" * 5000, "ligne 1"),
    ],
)
def test_a_kml_without_places_is_refused(tmp_path: Path, inside: str, word: str) -> None:
    with pytest.raises(InputError, match=word):
        kml(tmp_path, inside)


def test_impossible_coordinates_keep_their_row(tmp_path: Path) -> None:
    marks = "".join(
        f"<Placemark><name>{c}</name><Point><coordinates>{c}</coordinates></Point></Placemark>"
        for c in ("x,y", "", "nan,1", "1.6,42.9")
    )
    sink = kml(tmp_path, marks)
    assert places(sink) == [None, None, None, (1.6, 42.9)]


# --- GML ------------------------------------------------------------------------------------------

GML = """<?xml version="1.0" encoding="UTF-8"?>{doctype}
<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:v="http://v">
<wfs:member><v:Lieu gml:id="l.1"><v:nom>Halle</v:nom><v:lieu><gml:Point srsName="urn:ogc:def:crs:EPSG::2154">
<gml:pos>586251.2 6208406.5</gml:pos></gml:Point></v:lieu></v:Lieu></wfs:member></wfs:FeatureCollection>"""


def test_a_gml_is_read(tmp_path: Path) -> None:
    sink = reading.told(tmp_path, GML.format(doctype="").encode(), "couche.gml")
    assert cells(sink) == [{"gml_id": "l.1", "nom": "Halle"}]
    assert places(sink) == [(1.607, 42.966)]


def test_a_gml_with_entities_is_refused(tmp_path: Path) -> None:
    doctype = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>'
    with pytest.raises(InputError, match="DOCTYPE"):
        reading.told(tmp_path, GML.format(doctype=doctype).encode(), "couche.gml")


# --- MapInfo and archives -------------------------------------------------------------------------


def test_a_zipped_mapinfo_layer_is_read(tmp_path: Path) -> None:
    write(tmp_path / "zones.tab", {"NOM": ["Zone é"], "N": [3]}, [L93], driver="MapInfo File", encoding="cp1252")
    sink = reading.of(tmp_path, zipped(tmp_path, "zones"))
    assert cells(sink) == [{"NOM": "Zone é", "N": "3"}]
    assert places(sink) == [(1.607, 42.966)]


def test_a_mapinfo_header_alone_asks_for_its_parts(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.dat"):
        reading.told(tmp_path, b'!table\n!version 300\nDefinition Table\n  File "/etc/passwd"\n', "zones.tab")


def test_parts_of_layers_are_never_lost_between_groups() -> None:
    assert {s for parts in archive._LAYERS.values() for s in parts} >= {".shp", ".dbf", ".prj", ".dat", ".map", ".mid"}


@pytest.mark.parametrize(
    "code", [27572, 3942, 3943, 3944, 3945, 3946, 3947, 3948, 3949, 3950, 5490, 2972, 2975, 4471, 4467]
)
def test_every_projection_of_france_is_found_by_where_the_shapes_fall(code: int, tmp_path: Path) -> None:
    towns = {
        5490: (-61.0, 14.6),
        2972: (-52.3, 4.9),
        2975: (55.4, -20.9),
        4471: (45.2, -12.8),
        4467: (-56.2, 46.8),
    }
    east, north = towns.get(code, (3.0, float(code - 3900)) if code < 4000 else (2.3, 47.0))
    east = 9.1 if code == 3942 else east
    x, y = pyproj.Transformer.from_crs(4326, code, always_xy=True).transform(east, north)
    path = write(tmp_path / "lieux.shp", {"nom": ["a", "b"]}, [(x, y), (x + 50, y + 50)], crs=None)
    sink = reading.of(tmp_path, path)
    assert places(sink)[0] == (round(east, 3), round(north, 3))
    assert "geo.no_system" in [f.code for f in sink.findings]


def test_a_projection_that_would_put_the_town_at_sea_is_not_believed(tmp_path: Path) -> None:
    x, y = pyproj.Transformer.from_crs(4326, 3949, always_xy=True).transform(2.35, 48.85)
    path = write(tmp_path / "lieux.gpkg", {"nom": ["a", "b"]}, [(x, y), (x + 50, y)], crs="EPSG:2154")
    sink = reading.of(tmp_path, path)
    assert places(sink)[0] == (2.35, 48.85)
    assert [(f.code, str(f.severity)) for f in sink.findings] == [("geo.wrong_system", "block")]
    assert "CC49" in sink.findings[0].text

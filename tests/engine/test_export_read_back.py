"""Each format of exports, read back by a program that knows it, with the same rows; and what it says of itself inside."""

from __future__ import annotations

import datetime as dt
import io
import json
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import pytest

from parvis.errors import InputError
from parvis.store import export, shelf
from parvis.store import query as asking
from parvis.store.folder import Folder
from parvis.store.manifest import DatasetRecord
from parvis.store.pool import Pool
from parvis.values import Kind, Metadata, Op, Query, Test, Version

Test.__test__ = False  # type: ignore[attr-defined]  # a value of ours, not a test class
NOW = "2026-03-01T08:00:00+00:00"
TITLE = 'Fêtes & « marchés » <d\'été> ; "2026", une longue liste de dates et de lieux'
KINDS = {
    "titre": Kind.TEXT, "debut": Kind.DATE, "fin": Kind.DATE, "quand": Kind.DATETIME, "places": Kind.INTEGER, "prix": Kind.NUMBER,
    "gratuit": Kind.BOOLEAN, "heure": Kind.TIME, "fid": Kind.INTEGER, "geom": Kind.TEXT, "longitude": Kind.NUMBER,
    "latitude": Kind.NUMBER,
}  # fmt: skip
TEXTS = [
    "simple", "a & b <c> \"d\" 'e'", "=1+1", "+A1", "@SUM(A1)", "-cmd|' /C calc'!A0", "\t=1", "_x0041_ et _x000D_",
    "  des   espaces ", "ligne 1\nligne 2\r\nligne 3", "tab\tau milieu", "contrôle \x07\x0b fin", "éàü œ 😀🏛️", "]]>", "\\;,",
    "a" * 40_000, "😀" * 20_000, "x", "\u2028", "{", "null", "-12,5", None,
]  # fmt: skip


def rows() -> list[dict[str, Any]]:
    out = []
    for i in range(200):
        day = dt.date(2026, 1, 1) + dt.timedelta(days=i) if i % 9 else None
        out.append(
            {
                "titre": TEXTS[i % len(TEXTS)] if i < 46 else f"Fête {i}",
                "debut": dt.date(1850, 2, 3) if i == 3 else dt.date(1900, 2, 28) if i == 4 else day,
                "fin": day + dt.timedelta(days=i % 3) if day and i % 2 else None,
                "quand": dt.datetime(2026, 1, 1, i % 24, i % 60, 7) if i % 7 else None,  # noqa: DTZ001  cells have no zone
                "places": [2**53 + 1, -(2**62), 0, None, 1500][i % 5],
                "prix": [0.1, 12.5, None, 1e-7, 1e15, -3.0][i % 6],
                "gratuit": [True, False, None][i % 3],
                "heure": dt.time(i % 24, i % 60) if i % 5 else None,
                "fid": i,
                "geom": "un mot",
                "longitude": 2 + i / 1000 if i % 11 else None,
                "latitude": 48 + i / 1000 if i % 13 else None,
            }
        )
    return out


ROWS = rows()
PLACED = [r for r in ROWS if None not in (r["longitude"], r["latitude"])]


class Town:
    def __init__(self, work: Path, making: Any, given: list[dict[str, Any]]) -> None:
        self.folder, self.work = Folder(work / "data"), work
        safe = making.protected(work / "t.parquet", KINDS, given)
        about = Metadata(
            title=TITLE, producer="Ville & <fils>", description="Une ligne\nune autre", keywords=("fête", "été")
        )
        self.version: Version = shelf.put(
            self.folder,
            safe,
            dataset="cccccccccccc",
            number=1,
            metadata=about,
            now=NOW,
            point=("longitude", "latitude"),
        )
        shelf.release(self.folder, DatasetRecord("cccccccccccc", "fetes", "f", "F"), self.version.id, NOW)
        self.pool = Pool(self.folder, workers=1)

    def __call__(self, form: str, query: Query = Query(), **options: Any) -> bytes:  # noqa: B008  frozen
        return b"".join(export.stream(self.pool, self.version, query, form, options=options or None))

    def file(self, form: str, **options: Any) -> Path:
        path = self.work / f"file{export.FORMATS[form].suffix}"
        path.write_bytes(self(form, **options))
        return path


@pytest.fixture(scope="module")
def town(tmp_path_factory: Any, making: Any) -> Any:
    made = Town(tmp_path_factory.mktemp("read_back"), making, ROWS)
    yield made
    made.pool.close()


@pytest.fixture(scope="module")
def bare(tmp_path_factory: Any, making: Any) -> Any:
    made = Town(tmp_path_factory.mktemp("no_row"), making, [])
    yield made
    made.pool.close()


def fitting(text: str | None) -> str:
    """Return a text as a cell of a workbook holds it: 32,767 units of sixteen bits, and no control sign."""
    if text is None:
        return ""
    most = 16_383 if text.startswith("😀") and len(text) > 100 else 32_767
    cut = text if len(text) <= most else f"{text[: most - 1]}…"
    return "".join(c if c >= " " or c in "\t\n\r" else "\ufffd" for c in cut)


# --- Workbooks ------------------------------------------------------------------------------------


def test_excel_is_read_by_openpyxl_and_calamine(town: Town) -> None:
    import openpyxl
    import python_calamine

    path = town.file("xlsx")
    book: Any = openpyxl.load_workbook(path)
    sheet = list(book.worksheets[0].iter_rows(values_only=True))
    heads = [c.label for c in town.version.columns]
    assert list(sheet[0]) == heads
    assert len(sheet) == len(ROWS) + 1
    for line, true in zip(sheet[1:], ROWS, strict=True):
        row = dict(zip(KINDS, line, strict=True))
        # What stands for a sign in the form « _x0041_ » is itself written so; openpyxl leaves it as it is.
        assert (row["titre"] or "").replace("_x005F_", "_") == fitting(true["titre"])
        if true["debut"] and true["debut"].year >= 1900 and true["debut"] != dt.date(1900, 2, 28):
            assert row["debut"].date() == true["debut"]
        elif true["debut"]:
            assert row["debut"] == true["debut"].isoformat()
        assert row["quand"] == true["quand"]
        exact = true["places"] is None or abs(true["places"]) < 10**15
        assert row["places"] == (true["places"] if exact else str(true["places"]))
        assert row["prix"] == true["prix"]
        assert row["gratuit"] == true["gratuit"]
    assert all(c.data_type != "f" for r in book.worksheets[0].iter_rows() for c in r)
    assert book.properties.title == TITLE
    assert book.properties.creator == "Ville & <fils>"
    assert "Licence Ouverte" in str(book.properties.description)
    assert {p.name: p.value for p in book.custom_doc_props.props}["Licence"] == "Licence Ouverte 2.0"
    read = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    assert [r[8] for r in read[1:]] == [float(r["fid"]) for r in ROWS]


def test_opendocument_is_read_by_calamine_and_is_sound_xml(town: Town) -> None:
    import python_calamine
    from lxml import etree

    path = town.file("ods")
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        content = etree.fromstring(archive.read("content.xml"))
        meta = archive.read("meta.xml").decode()
    assert (
        len(list(content.iter("{urn:oasis:names:tc:opendocument:xmlns:text:1.0}tab"))) == 4
    )  # calamine passes them over
    assert "formula" not in etree.tostring(content).decode()
    assert "Licence Ouverte 2.0" in meta
    read = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    assert read[0] == [c.label for c in town.version.columns]
    assert len(read) == len(ROWS) + 1
    for line, true in zip(read[1:], ROWS, strict=True):
        row = dict(zip(KINDS, line, strict=True))
        said = (true["titre"] or "").replace("\r\n", "\n")
        assert row["titre"] == "".join(c if c >= " " or c == "\n" else "\ufffd" for c in said.replace("\t", ""))
        assert row["debut"] == (true["debut"] or "")
        assert row["prix"] == ("" if true["prix"] is None else true["prix"])
        assert row["gratuit"] == ("" if true["gratuit"] is None else true["gratuit"])


# --- Bases and columns ----------------------------------------------------------------------------


def test_arrow_is_exact_and_says_its_licence(town: Town) -> None:
    import pyarrow as pa

    table = pa.ipc.open_file(io.BytesIO(town("arrow"))).read_all()
    assert table.to_pylist() == ROWS
    assert table.schema.metadata[b"licence"] == b"Licence Ouverte 2.0"
    assert table.schema.metadata[b"title"].decode() == TITLE


def test_parquet_says_its_licence(town: Town) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(town("parquet")))
    assert table.to_pylist() == ROWS
    assert b"Ville & <fils>" in table.schema.metadata[b"attribution"]


def test_sqlite_is_read_by_sqlite(town: Town) -> None:
    base = sqlite3.connect(town.file("sqlite"))
    found = base.execute(
        "SELECT titre, debut, quand, places, prix, gratuit, heure FROM donnees ORDER BY fid"
    ).fetchall()
    for line, true in zip(found, ROWS, strict=True):
        said = [v.isoformat() if hasattr(v, "isoformat") else v for v in (true[n] for n in ("debut", "quand"))]
        gratuit = None if true["gratuit"] is None else int(true["gratuit"])
        heure = true["heure"] and true["heure"].isoformat()
        assert list(line) == [true["titre"], *said, true["places"], true["prix"], gratuit, heure]
    assert dict(base.execute("SELECT nom, valeur FROM a_propos").fetchall())["licence"] == "Licence Ouverte 2.0"
    assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    base.close()


def test_duckdb_is_read_by_duckdb(town: Town) -> None:
    import duckdb

    with duckdb.connect(str(town.file("duckdb")), read_only=True) as base:
        assert base.sql("SELECT * FROM donnees ORDER BY fid").fetchall() == [tuple(r.values()) for r in ROWS]
        assert dict(base.sql("SELECT * FROM a_propos").fetchall())["title"] == TITLE


# --- Maps -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["gpkg", "fgb", "geojson", "kml"])
def test_a_layer_is_read_by_gdal(town: Town, form: str) -> None:
    import pyogrio
    import shapely

    path = town.file(form)
    about, _, shapes, columns = pyogrio.raw.read(path)
    wanted = PLACED if form == "kml" else ROWS
    assert len(shapes) == len(wanted)
    for wkb, true in zip(shapes, wanted, strict=True):
        if None in (true["longitude"], true["latitude"]):
            assert wkb is None
        else:
            assert shapely.from_wkb(wkb).equals(shapely.Point(true["longitude"], true["latitude"]))
    if form != "kml":
        named = dict(zip(about["fields"], columns, strict=True))
        assert list(named["fid_" if form == "gpkg" else "fid"]) == [r["fid"] for r in ROWS]
        assert [t if isinstance(t, str) else None for t in named["titre"]] == [r["titre"] for r in ROWS]


def test_a_flatgeobuf_that_leaves_as_it_is_written_counts_its_rows_and_frames_them(town: Town) -> None:
    import pyogrio

    few = Query(where=Test("fid", Op.LT, 40))
    path = town.work / "few.fgb"
    path.write_bytes(town("fgb", few))
    about = pyogrio.read_info(path, force_feature_count=False, force_total_bounds=False)
    kept = [(r["longitude"], r["latitude"]) for r in PLACED if r["fid"] < 40]
    assert about["features"] == 40
    xs, ys = zip(*kept, strict=True)
    assert tuple(about["total_bounds"]) == (min(xs), min(ys), max(xs), max(ys))
    path.write_bytes(town("fgb", Query(where=Test("fid", Op.LT, -1))))
    assert len(pyogrio.raw.read(path)[2]) == 0


@pytest.mark.parametrize("form", ["shp", "fgb"])
def test_a_reader_who_leaves_a_layer_in_the_middle_frees_its_worker(town: Town, form: str) -> None:
    for _ in range(3):
        chunks = export.stream(town.pool, town.version, Query(where=Test("fid", Op.GE, 0)), form)
        assert next(chunks)
        chunks.close()
    assert asking.run(town.pool, town.version, Query(limit=1)).total == len(ROWS)


def test_the_first_part_of_a_shapefile_leaves_before_its_shapes_are_written(town: Town) -> None:
    chunks = export.stream(town.pool, town.version, Query(where=Test("fid", Op.GE, 0)), "shp")
    first = next(chunks)
    assert first.startswith(b"PK\3\4") and b"lisez-moi.txt" in first and b"donnees.shp" not in first
    assert zipfile.ZipFile(io.BytesIO(first + b"".join(chunks))).testzip() is None


def test_a_geopackage_has_an_index_and_tells_its_licence(town: Town) -> None:
    base = sqlite3.connect(town.file("gpkg"))
    tables = {name for (name,) in base.execute("SELECT name FROM sqlite_master")}
    assert "rtree_donnees_geom" in tables
    assert base.execute("SELECT identifier, data_type, last_change FROM gpkg_contents").fetchall() == [
        (TITLE, "features", "2026-03-01T08:00:00.000Z")
    ]
    assert "Licence Ouverte 2.0" in str(base.execute("SELECT metadata FROM gpkg_metadata").fetchall())
    base.close()


def test_a_shapefile_has_a_text_beside_that_gives_the_long_names_back(town: Town) -> None:
    import pyogrio

    path = town.file("shp")
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        told = archive.read("lisez-moi.txt").decode()
        assert {Path(n).suffix for n in archive.namelist()} == {".shp", ".shx", ".dbf", ".prj", ".cpg", ".txt"}
    assert "Licence Ouverte 2.0" in told
    _, _, shapes, _ = pyogrio.raw.read(f"/vsizip/{path}/donnees.shp")
    assert len(shapes) == len(ROWS)


def test_layers_are_moved_to_the_system_that_was_asked(town: Town) -> None:
    import pyogrio

    for form in ("gpkg", "fgb", "shp"):
        path = town.file(form, epsg=2154)
        about = pyogrio.read_info(f"/vsizip/{path}/donnees.shp" if form == "shp" else path)
        assert about["crs"] == "EPSG:2154"
        assert about["total_bounds"][0] > 100_000
    with pytest.raises(InputError):
        town("gpkg", epsg=999_999)


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_gpx_is_read_by_gdal_and_says_its_licence(town: Town) -> None:
    import pyogrio
    from lxml import etree

    path = town.file("gpx")
    root = etree.parse(path).getroot()
    assert "etalab" in etree.tostring(root[0]).decode()
    _, _, shapes, _ = pyogrio.raw.read(path, layer="waypoints", columns=[])
    assert len(shapes) == len(PLACED)


def test_kml_keeps_every_text(town: Town) -> None:
    from lxml import etree

    root = etree.fromstring(town("kml"), etree.XMLParser(huge_tree=True))
    space = "{http://www.opengis.net/kml/2.2}"
    names = [mark.findtext(f"{space}name") for mark in root.iter(f"{space}Placemark")]
    assert [n or "" for n in names if n != "un mot"] == [
        "".join(c if c >= " " or c in "\t\n\r" else "\ufffd" for c in r["titre"]).replace("\r\n", "\n")
        for r in PLACED
        if r["titre"] is not None
    ]


# --- Calendars and linked data --------------------------------------------------------------------


def test_a_calendar_is_read_by_icalendar(town: Town) -> None:
    import icalendar

    body = town("ical")
    assert max(len(line) for line in body.split(b"\r\n")) <= 75
    calendar = icalendar.Calendar.from_ical(body)
    assert str(calendar["X-WR-CALNAME"]) == TITLE
    events = calendar.walk("VEVENT")
    wanted = [r for r in ROWS if r["debut"] and r["titre"] is not None]
    assert len(events) == len(wanted)
    for event, true in zip(events, wanted, strict=True):
        assert event.decoded("DTSTART") == true["debut"]
        if true["fin"] and true["fin"] >= true["debut"]:
            assert event.decoded("DTEND") == true["fin"] + dt.timedelta(days=1)
        said = "".join(c for c in true["titre"].replace("\r\n", "\n") if c >= " " or c == "\n")
        if "\\;" not in said:  # which icalendar takes for one sign less
            assert str(event["SUMMARY"]) == said
    assert len({str(e["UID"]) for e in events}) == len(events)


def test_a_table_without_days_is_no_calendar(town: Town, making: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        b"".join(export.stream(town.pool, _without_days(making, tmp_path), Query(), "ical"))


def _without_days(making: Any, work: Path) -> Version:
    safe = making.protected(work / "t.parquet", {"titre": Kind.TEXT}, [{"titre": "x"}])
    found: Version = making.put(Folder(work / "data"), safe, "dddddddddddd")
    return found


@pytest.mark.parametrize(("form", "parser"), [("turtle", "turtle"), ("rdfxml", "xml"), ("jsonld", "json-ld")])
def test_linked_data_is_read_by_rdflib(town: Town, form: str, parser: str) -> None:
    import rdflib

    graph = rdflib.Graph().parse(data=town(form), format=parser)
    titles = {str(o) for _, p, o in graph if str(p).endswith("#titre")}
    wanted = {r["titre"] for r in ROWS if r["titre"] is not None}
    plain = {t for t in wanted if all(c >= " " for c in t) and "\u2028" not in t}
    assert plain <= titles
    assert len([1 for _, p, _ in graph if str(p).endswith("#fid")]) == len(ROWS)
    licences = list(graph.objects(predicate=rdflib.URIRef("http://purl.org/dc/terms/license")))
    assert [str(o) for o in licences] == [
        "https://www.etalab.gouv.fr/wp-content/uploads/2017/04/ETALAB-Licence-Ouverte-v2.0.pdf"
    ]


def test_geojson_says_its_licence(town: Town) -> None:
    told = json.loads(town("geojson"))
    assert (told["name"], told["licence"]) == (TITLE, "Licence Ouverte 2.0")
    assert "licence" not in json.loads(town("geojson", delimiter=";"))


# --- All of them ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", export.FORMATS)
def test_no_row_is_a_file_all_the_same(bare: Town, form: str) -> None:
    import pyogrio

    body = bare(form)
    if form in ("gpkg", "fgb"):
        assert len(pyogrio.raw.read(bare.file(form))[2]) == 0
    elif form in ("xlsx", "ods", "shp"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            assert archive.testzip() is None
    elif form not in ("jsonl", "ov2"):
        assert body


@pytest.mark.parametrize("form", export.FORMATS)
def test_a_condition_that_nothing_fills_is_a_file_all_the_same(town: Town, form: str) -> None:
    body = town(form, Query(where=Test("titre", Op.EQ, "nulle part")))
    assert b"un mot" not in body

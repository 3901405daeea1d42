"""Agendas, address books, paths of walkers, drawings, databases, shared bicycles, contracts: each becomes its tables."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from parvis.errors import InputError
from parvis.tables.read import read
from parvis.tables.table import Limits
from parvis.values import Parcel, Severity
from reading import cells, codes, of, places, shapes, told

# --- Agendas --------------------------------------------------------------------------------------


def agenda(*events: str, head: str = "") -> bytes:
    body = "".join(f"BEGIN:VEVENT\r\nUID:{n}\r\n{e}\r\nEND:VEVENT\r\n" for n, e in enumerate(events))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{head}{body}END:VCALENDAR\r\n".encode()


def test_a_repeated_event_is_written_out_across_the_change_of_hour(shared: Path, tmp_path: Path) -> None:
    sink = of(tmp_path, shared / "badfiles" / "agenda.ics")
    assert [r["Début"] for r in cells(sink)] == ["2026-10-20T10:00:00", "2026-11-03T10:00:00"]


def test_days_hours_zones_and_places_are_read(tmp_path: Path) -> None:
    sent = agenda(
        "SUMMARY:Marché\\, de Noël\r\nDTSTART;VALUE=DATE:20251205\r\nDTEND;VALUE=DATE:20251208\r\nGEO:48.85;2.35",
        "SUMMARY:Conseil munici\r\n pal\r\nDTSTART:20251210T173000Z\r\nDURATION:PT2H\r\nLOCATION:Mairie\r\nCATEGORIES:Vie,Élus",
    )
    sink = told(tmp_path, sent, "agenda.ics")
    first, second = cells(sink)
    assert (first["Titre"], first["Fin"], first["Journée entière"]) == ("Marché, de Noël", "2025-12-07T00:00:00", "oui")
    assert (first["longitude"], first["latitude"]) == ("2.35", "48.85")
    assert (second["Titre"], second["Début"], second["Fin"]) == (
        "Conseil municipal",
        "2025-12-10T18:30:00",
        "2025-12-10T20:30:00",
    )
    assert second["Catégories"] == "Vie|Élus"
    assert "ical.zone" in codes(sink)


def test_private_events_are_left_out_and_said(tmp_path: Path) -> None:
    private = "CLASS:PRIVATE\r\nSUMMARY:Médecin\r\nDTSTART:20260102T100000"
    sink = told(tmp_path, agenda("SUMMARY:Fête\r\nDTSTART:20260101T100000", private), "agenda.ics")
    assert [r["Titre"] for r in cells(sink)] == ["Fête"]
    assert "ical.private" in codes(sink)


def test_an_endless_or_impossible_event_stops_somewhere(tmp_path: Path) -> None:
    sent = agenda(
        "SUMMARY:Collecte\r\nDTSTART:20260105T080000\r\nRRULE:FREQ=WEEKLY",
        "SUMMARY:Sans fin\r\nDTSTART:20260105T080000\r\nRRULE:FREQ=SECONDLY",
        "SUMMARY:Jamais\r\nDTSTART:20260105T080000\r\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=3",
        "SUMMARY:Tordu\r\nDTSTART:hier",
    )
    sink = told(tmp_path, sent, "agenda.ics")
    assert sum(r["Titre"] == "Collecte" for r in cells(sink)) == 105
    assert {"ical.endless", "ical.broken"} <= set(codes(sink))


def test_a_moved_date_replaces_the_one_of_the_series(tmp_path: Path) -> None:
    series = "SUMMARY:Cours\r\nDTSTART:20260105T080000\r\nRRULE:FREQ=DAILY;COUNT=3"
    moved = "SUMMARY:Cours\r\nRECURRENCE-ID:20260106T080000\r\nDTSTART:20260106T140000"
    sink = told(tmp_path, agenda(series, moved).replace(b"UID:1", b"UID:0"), "agenda.ics")
    assert [r["Début"][8:13] for r in cells(sink)] == ["05T08", "06T14", "07T08"]


# --- Address books --------------------------------------------------------------------------------

CARDS = """BEGIN:VCARD\r\nVERSION:3.0\r\nN:MODELE;Jeanne;;Mme;\r\nFN:Jeanne MODELE\r\nORG:Club;Bureau\r
TEL;TYPE=CELL:06 00 00 00 00\r\nitem1.EMAIL;type=INTERNET:jeanne@exemple.fr\r
ADR;TYPE=WORK:;;12\\, rue des Prés;Fontclaire;;01234;France\r\nPHOTO;ENCODING=b:AAAA\r
 BBBB\r\nNOTE:Deux\\nlignes\r\nEND:VCARD\r\nBEGIN:VCARD\r\nVERSION:2.1\r\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Th=C3=A9=\r
=C3=A2tre\r\nGEO:48.85;2.35\r\nEND:VCARD\r\nBEGIN:VCARD\r\nFN:Coupée"""


def test_cards_become_rows_with_the_words_of_a_person(tmp_path: Path) -> None:
    sink = told(tmp_path, CARDS.encode(), "contacts.vcf")
    first, second = cells(sink)
    assert (first["Nom"], first["Prénom"], first["Civilité"], first["Mobile"]) == (
        "MODELE",
        "Jeanne",
        "Mme",
        "06 00 00 00 00",
    )
    assert (first["Adresse"], first["Code postal"], first["Commune"]) == ("12, rue des Prés", "01234", "Fontclaire")
    assert (first["Courriel"], first["Note"]) == ("jeanne@exemple.fr", "Deux lignes")
    assert second["Nom complet"] == "Théâtre"
    assert {"vcard.pictures", "vcard.cut"} == set(codes(sink))


# --- Paths and drawings ---------------------------------------------------------------------------

GPX = """<gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1">
<wpt lat="48.85" lon="2.35"><ele>35</ele><name>Fontaine</name><sym>Water</sym></wpt>
<rte><name>Boucle</name><rtept lat="48.85" lon="2.35"/><rtept lat="48.86" lon="2.35"/></rte>
<trk><name>Sentier</name><trkseg><trkpt lat="48.85" lon="2.35"><ele>30</ele><time>2025-01-01T08:00:00Z</time></trkpt>
<trkpt lat="48.86" lon="2.36"><ele>80</ele></trkpt></trkseg><trkseg><trkpt lat="x" lon="2"/></trkseg></trk></gpx>"""


def test_points_routes_and_tracks_are_three_layers(tmp_path: Path) -> None:
    sink = told(tmp_path, GPX.encode(), "balade.gpx")
    assert [(t.name, t.rows) for t in sink.tables] == [("Points", 1), ("Itinéraires", 1), ("Tracés", 1)]
    assert places(sink) == [(2.35, 48.85)]
    assert cells(sink, 1)[0]["Longueur (km)"] == "1.11"
    assert cells(sink, 2)[0]["Dénivelé positif (m)"] == "50"
    assert shapes(sink, 2)[0].geom_type == "LineString"
    assert "gpx.hours" in codes(sink)
    assert "2025" not in str(cells(sink, 2))


def dxf(*entities: str) -> bytes:
    return ("0\nSECTION\n2\nENTITIES\n" + "".join(entities) + "0\nENDSEC\n0\nEOF\n").encode()


def test_a_drawing_falls_where_it_was_surveyed(tmp_path: Path) -> None:
    point = "0\nPOINT\n8\nARBRES\n10\n652381.0\n20\n6862047.0\n"
    line = "0\nLINE\n8\nVOIRIE\n10\n652381.0\n20\n6862047.0\n11\n652481.0\n21\n6862047.0\n"
    text = "0\nTEXT\n8\nNOMS\n10\n652381.0\n20\n6862047.0\n40\n2\n1\nHalle\n"
    sink = told(tmp_path, dxf(point, line, text), "leve.dxf")
    assert [r["Layer"] for r in cells(sink)] == ["ARBRES", "VOIRIE", "NOMS"]
    assert sink.tables[0].crs == "EPSG:2154"
    first = shapes(sink)[0]
    assert (round(first.x, 3), round(first.y, 3)) == (2.351, 48.857)
    assert "geo.no_system" in codes(sink)


def test_a_dwg_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="DWG"):
        told(tmp_path, b"AC1027" + b"\x00" * 200, "plan.dwg")


# --- Databases ------------------------------------------------------------------------------------


def base(tmp_path: Path, *statements: str) -> bytes:
    path = tmp_path / "made.db"
    with contextlib.closing(sqlite3.connect(path)) as made:
        for statement in statements:
            made.execute(statement)
        made.commit()
    content = path.read_bytes()
    path.unlink()
    return content


TREES = ("CREATE TABLE arbres (id INTEGER PRIMARY KEY, essence TEXT, hauteur REAL, photo BLOB)",
         "INSERT INTO arbres VALUES (1, 'Érable', 12.0, x'FFD8FF00'), (2, 'Chêne', 8.5, NULL)")  # fmt: skip


def test_tables_and_plain_views_are_read(tmp_path: Path) -> None:
    made = base(tmp_path, *TREES, 'CREATE VIEW "hauts ""arbres""" AS SELECT upper(essence) AS e FROM arbres WHERE hauteur > 10',
                "CREATE TABLE vide (a)")  # fmt: skip
    sink = told(tmp_path, made, "arbres.db")
    assert [(t.name, t.rows) for t in sink.tables] == [("arbres", 2), ('hauts "arbres"', 1)]
    assert cells(sink)[0] == {"id": "1", "essence": "Érable", "hauteur": "12", "photo": None}
    assert "sqlite.binary" in codes(sink)


HOSTILE_SQL: dict[str, Any] = {
    "endless view": "CREATE VIEW v AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r",
    "crossed view": "CREATE VIEW v AS SELECT count(*) FROM big a, big b, big c, big d, big e, big f",
    "loading view": "CREATE VIEW v AS SELECT load_extension('/tmp/evil.so') AS a",
    "blob view": "CREATE VIEW v AS SELECT zeroblob(2000000000) AS a",
    "schema view": "CREATE VIEW v AS SELECT randomblob(100) AS a",
    "view of pragma": "CREATE VIEW v AS SELECT * FROM pragma_database_list",
    "full text": "CREATE VIRTUAL TABLE v USING fts5(a)",
}


@pytest.mark.parametrize("name", HOSTILE_SQL)
def test_what_its_author_wrote_never_runs(name: str, tmp_path: Path) -> None:
    count = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 200) SELECT n FROM r"
    trigger = "CREATE TRIGGER t AFTER INSERT ON arbres BEGIN DELETE FROM arbres; END"
    made = base(tmp_path, *TREES, "CREATE TABLE big (n)", f"INSERT INTO big {count}", trigger, HOSTILE_SQL[name])
    path = tmp_path / "hostile.db"
    path.write_bytes(made)
    got = read(Parcel(path, "hostile.db", "", len(made)), tmp_path / "read", Limits(seconds=60))
    assert [t.name for t in got.tables] == ["arbres", "big"]
    assert [f.code for f in got.findings] == ["sqlite.binary", "sqlite.left_out"]


def test_a_generated_column_and_a_schema_that_lies_are_harmless(tmp_path: Path) -> None:
    made = base(tmp_path, *TREES, "CREATE TABLE g (a, b AS (a * 2))", "INSERT INTO g (a) VALUES (4)")
    assert len(told(tmp_path, made, "g.db").tables) == 2
    lying = made.replace(b"CREATE TABLE arbres", b"CREATE TABLE arbre\xff")
    (tmp_path / "work").rename(tmp_path / "before")
    with pytest.raises(InputError, match="SQLite"):
        told(tmp_path, lying, "faux.db")


# --- Services and contracts -----------------------------------------------------------------------


def test_a_feed_of_bicycles_gives_rows_and_moments(tmp_path: Path) -> None:
    station = {"station_id": "1", "name": "Gare", "lat": 48.85, "lon": 2.35, "last_reported": 1767225000}
    feed = {"last_updated": 1767225600, "ttl": 60, "version": "2.3", "data": {"stations": [station]}}
    sink = told(tmp_path, feed, "station_status.json")
    (row,) = cells(sink)
    assert row["last_reported"] == "2025-12-31T23:50:00Z"
    assert row["feed_last_updated"] == "2026-01-01T00:00:00Z"
    assert sink.tables[0].format == "gbfs"


def test_texts_in_several_languages_give_the_french_one(tmp_path: Path) -> None:
    name = [{"text": "Station", "language": "en"}, {"text": "Gare", "language": "fr"}]
    feed = {
        "last_updated": "2026-01-01T00:00:00Z",
        "ttl": 60,
        "data": {"vehicles": [{"vehicle_id": "1", "name": name}]},
    }
    assert cells(told(tmp_path, feed, "vehicles.json"))[0]["name"] == "Gare"


@pytest.mark.shared
def test_the_real_feeds_are_read(shared: Path, tmp_path: Path) -> None:
    seen = 0
    for number, path in enumerate(sorted((shared / "data/studies/gbfs/fixtures").rglob("*.json"))):
        place = tmp_path / str(number)
        place.mkdir()
        try:
            sink = of(place, path)
        except InputError as error:
            assert error.values["code"] == "gbfs.index"
            continue
        seen += 1
        assert sink.tables[0].format == "gbfs"
    assert seen >= 19


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("marches/decp/001_marche_simple.json", {"Marchés": 1, "Titulaires": 1}),
        ("schema-exemples/decp/Marche.xml", {"Marchés": 2, "Titulaires": 2, "Sous-traitance": 2}),
        (
            "schema-exemples/decp/Contrat-concession.xml",
            {"Concessions": 2, "Concessionnaires": 4, "Exécution annuelle": 2},
        ),
        (
            "marches/decp/decp_test_2022.json",
            {
                "Marchés": 5,
                "Titulaires": 8,
                "Modifications": 12,
                "Sous-traitance": 4,
                "Modifications de sous-traitance": 5,
            },
        ),
    ],
)
def test_contracts_and_what_hangs_on_them(name: str, expected: dict[str, int], shared: Path, tmp_path: Path) -> None:
    sink = of(tmp_path, shared / "data" / name)
    assert {t.name: t.rows for t in sink.tables} == expected
    main = {
        (r.get("uid") or r["id"])
        for n, t in enumerate(sink.tables)
        if t.name in ("Marchés", "Concessions")
        for r in cells(sink, n)
    }
    for n, table in enumerate(sink.tables):
        if "contrat.id" in table.labels:
            assert {r["contrat.id"] for r in cells(sink, n)} <= main, table.name


def test_the_same_contract_reads_alike_in_json_and_xml(tmp_path: Path) -> None:
    as_xml = (
        b"<marches><marche><id>1</id><acheteur><id>2</id></acheteur><techniques><technique>Concours</technique></techniques>"
        b"<titulaires><titulaire><id>9</id></titulaire><titulaire><id>8</id></titulaire></titulaires></marche></marches>"
    )
    contract = {
        "id": "1",
        "acheteur": {"id": "2"},
        "techniques": {"technique": ["Concours"]},
        "titulaires": [{"titulaire": {"id": "9"}}, {"titulaire": {"id": "8"}}],
    }
    as_json = {"marches": {"marche": [contract]}}
    one = told(tmp_path, as_xml, "decp.xml")
    (tmp_path / "work").rename(tmp_path / "xml")
    two = told(tmp_path, as_json, "decp.json")
    assert [(t.name, t.labels, t.rows) for t in one.tables] == [(t.name, t.labels, t.rows) for t in two.tables]
    assert cells(two)[0] == {"id": "1", "acheteur.id": "2", "techniques": "Concours", "titulaires": "9|8"}


@pytest.mark.shared
def test_the_classification_of_acts_has_its_codes(shared: Path, tmp_path: Path) -> None:
    sink = of(tmp_path, shared / "data/reference/nomenclatures/classification.xml")
    matters = {r["code"]: r for r in cells(sink)}
    assert matters["1.1"]["code_parent"] == "1"
    assert all(r["code_parent"] in matters for r in matters.values() if r["code_parent"])
    assert {t.name for t in sink.tables} == {"Matières", "Natures des actes", "Types de pièces"}


# --- Hostile files --------------------------------------------------------------------------------

HOSTILE: dict[str, bytes] = {
    "doctype.gpx": b'<!DOCTYPE gpx [<!ENTITY a SYSTEM "file:///etc/passwd">]><gpx><wpt lat="1" lon="1"/></gpx>',
    "cut.gpx": GPX.encode()[:300],
    "empty.gpx": b"<gpx></gpx>",
    "cut.ics": agenda("SUMMARY:x\r\nDTSTART:20260101T100000")[:70],
    "deep.ics": b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\n" * 50_000,
    "empty.ics": b"BEGIN:VCALENDAR\nEND:VCALENDAR\n",
    "cut.vcf": b"BEGIN:VCARD\nFN:x",
    "cut.dxf": dxf("0\nPOINT\n8\nA\n10\n1")[:40],
    "false.dxf": b"0\nSECTION\n" + b"\x00\xff" * 500,
    "cut.db": b"SQLite format 3\x00" + b"\x10\x00\x01\x01\x00" + b"\xff" * 300,
    "false.db": b"SQLite format 3\x00",
    "deep.json": b'{"marches":{"marche":[' + b'{"acheteur":' * 100_000,
    "cut.json": b'{"last_updated":1,"ttl":1,"data":{"stations":[{"station_id":"1"',
    "none.json": b'{"marches":{"marche":[]}}',
    "doctype.xml": b'<!DOCTYPE marches [<!ENTITY a "b">]><marches><marche><id>&a;</id></marche></marches>',
    "none.xml": b"<marches><acheteur>x</acheteur></marches>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_french(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(HOSTILE[name])
    got = read(Parcel(path, name, "", path.stat().st_size), tmp_path / "read", Limits(seconds=30))
    assert not got.tables, got.tables
    assert [f.severity for f in got.findings] == [Severity.REFUSE]
    assert "d'une forme que Parvis ne connaît pas encore" not in got.findings[0].text, "an unforeseen error"


# --- Fixed width and flat spreadsheets ------------------------------------------------------------

LISTING = """                 ETAT DES ABONNES AU 31/12/2025

CODE    QUARTIER              MONTANT DU   DATE
------- -------------------- ----------- ----------
000123  Centre ancien            1234,50 31/01/2025
000124  Les Prés                   12,00 28/02/2025
000125                              0,00 31/03/2025
000126  Nord                     -150,25 30/04/2025
000127  Zone d'activité Nord        7,00 31/05/2025
000128  Sud                        80,00 30/06/2025
000129  Est                        90,00 31/07/2025
000130  Ouest                     100,00 31/08/2025
000131  Hameau                    110,00 30/09/2025
"""


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "cp850"])
def test_columns_that_stand_at_the_same_places_are_cut(encoding: str, tmp_path: Path) -> None:
    sink = told(tmp_path, LISTING.encode(encoding), "listing.txt")
    assert sink.tables[0].labels == ("CODE", "QUARTIER", "MONTANT DU", "DATE")
    rows = cells(sink)
    assert rows[1] == {"CODE": "000124", "QUARTIER": "Les Prés", "MONTANT DU": "12,00", "DATE": "28/02/2025"}
    assert (rows[2]["QUARTIER"], rows[4]["QUARTIER"], len(rows)) == (None, "Zone d'activité Nord", 9)
    assert "fixed_width.cut" in codes(sink)


def test_a_listing_without_a_drawn_line_is_cut_by_its_blanks(tmp_path: Path) -> None:
    kept = [line for line in LISTING.splitlines() if not line.startswith("---") and "Zone" not in line]
    sink = told(tmp_path, "\n".join(kept).encode(), "listing.txt")
    assert sink.tables[0].labels == ("CODE", "QUARTIER", "MONTANT DU", "DATE")
    assert cells(sink)[3] == {"CODE": "000126", "QUARTIER": "Nord", "MONTANT DU": "-150,25", "DATE": "30/04/2025"}


def test_prose_has_no_columns(tmp_path: Path) -> None:
    prose = "\n".join(f"La commune de Fontclaire a voté ce budget {'pour ' * (n % 5)}ses habitants." for n in range(12))
    with pytest.raises(InputError, match="texte"):
        told(tmp_path, prose.encode(), "notice.txt")


FODS = (
    '<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'office:mimetype="application/vnd.oasis.opendocument.spreadsheet"><office:body><office:spreadsheet>'
    '<table:table table:name="Salles">{}</table:table></office:spreadsheet></office:body></office:document>'
)


def test_a_flat_spreadsheet_is_read(tmp_path: Path) -> None:
    def row(*texts: str, hidden: str = "") -> str:
        told_cells = "".join(
            f'<table:table-cell office:value-type="string"><text:p>{t}</text:p></table:table-cell>' for t in texts
        )
        return f"<table:table-row{hidden}>{told_cells}</table:table-row>"

    body = (
        row("Salle", "Places")
        + row("Halle", "300")
        + row("Secret", "1", hidden=' table:visibility="collapse"')
        + row("Foyer", "80")
    )
    sink = told(tmp_path, FODS.format(body).encode(), "salles.fods")
    assert [r["Salle"] for r in cells(sink)] == ["Halle", "Foyer"]
    assert sink.tables[0].format == "fods"


def test_a_flat_spreadsheet_with_entities_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="DOCTYPE"):
        told(tmp_path, b'<!DOCTYPE document [<!ENTITY a "b">]>' + FODS.format("").encode(), "salles.fods")

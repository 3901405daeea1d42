"""The catalogue as harvesters read it: DCAT-AP by its own shapes, and the rules of data.gouv.fr one by one."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pyshacl import validate
from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF, SH, SKOS, XSD
from rdflib.plugins.parsers.notation3 import BadSyntax

from parvis.catalogue import dcat as telling
from parvis.catalogue import series
from parvis.catalogue.dcat import Agent, Described, File
from parvis.dialects import dcat
from parvis.store.folder import Folder
from parvis.values import Metadata
from parvis.web import Entry, Request, Response, Site

BASE = "https://donnees.fontclaire.fr"
SITE = Site("Ville de Fontclaire", mailbox="donnees@fontclaire.fr", siret="21350238800019", territory="35238")
LOCN, VCARD = Namespace("http://www.w3.org/ns/locn#"), Namespace("http://www.w3.org/2006/vcard/ns#")
HYDRA, GEO = Namespace("http://www.w3.org/ns/hydra/core#"), Namespace("http://www.opengis.net/ont/geosparql#")
FULL = Metadata(
    title="Subventions aux associations",
    description="Les subventions que la ville a versées aux associations, votées par le conseil municipal : "
    "qui, combien, pour quoi.",
    theme="finances",
    keywords=("subvention", "association"),
    producer="Ville de Fontclaire",
    service="Service des finances",
    contact="finances@fontclaire.fr",
    frequency="annual",
    temporal_start="2025-01-01",
    temporal_end="2025-12-31",
    territory="35238",
)


def described(**changes: Any) -> Described:
    told = Described(
        uri=f"{BASE}/dataset/7f3a",
        page=f"{BASE}/donnees/subventions/",
        metadata=FULL,
        publisher=Agent("Ville de Fontclaire", f"{BASE}/", "donnees@fontclaire.fr", "21350238800019"),
        files=(
            File("csv", "CSV", f"{BASE}/api/v1/datasets/7f3a/exports/csv", "text/csv; charset=utf-8", 48211),
            File("geojson", "GeoJSON", f"{BASE}/api/v1/datasets/7f3a/exports/geojson", "application/geo+json"),
            File(
                "gtfs",
                "GTFS",
                f"{BASE}/api/v1/datasets/7f3a/exports/gtfs",
                "application/zip",
                follows="https://gtfs.org/",
            ),
        ),
        issued="2026-03-01T08:00:00+00:00",
        modified="2026-03-02T08:00:00+00:00",
        number=2,
        schema="scdl/subventions",
        schema_url="https://schema.data.gouv.fr/schemas/scdl/subventions/2.0.2/schema.json",
        crs="EPSG:2154",
        bbox=(-1.7, 48.1, -1.6, 48.2),
        service=f"{BASE}/api/v1#service",
        maps=(f"{BASE}/ogc#service", f"{BASE}/ogc/wfs#service"),
    )
    return dataclasses.replace(told, **changes)


def whole(*datasets: Described) -> Graph:
    return telling.graph(datasets or [described()], dcat._told(BASE, SITE))


class Reader:
    """Asks for the catalogue of one shelf."""

    def __init__(self, town: Any) -> None:
        self.catalogue = town.catalogue

    def __call__(self, url: str, method: str = "GET", **headers: str) -> Response:
        parts = urlsplit(url)
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        names = {n.replace("_", "-"): v for n, v in headers.items()}
        return dcat.answer(Request(method, parts.path, query, names, base=BASE), self.catalogue, SITE)

    def graph(self, url: str, form: str = "turtle", **headers: str) -> Graph:
        response = self(url, **headers)
        assert response.status == 200, response.body
        assert isinstance(response.body, bytes)
        return Graph().parse(data=response.body, format=form)


@pytest.fixture
def get(town: Any) -> Reader:
    return Reader(town)


def only(graph: Graph, subject: Any, predicate: Any) -> Any:
    (found,) = graph.objects(subject, predicate)
    return found


# --- The shapes of DCAT-AP 3 ------------------------------------------------------------------------


@pytest.mark.parametrize("shapes", ["shapes", "range"])
def test_the_catalogue_conforms_to_the_shapes_of_dcat_ap(shared: Path, shapes: str) -> None:
    rules = Graph().parse(shared / "data" / "dcat-ap-shacl" / f"dcat-ap_3.0.0_shacl_{shapes}.ttl")
    poor = described(uri=f"{BASE}/dataset/8b", metadata=Metadata(title="Arbres"), bbox=(), crs="")
    for graph in (whole(), whole(described(), poor)):
        conforms, _, said = validate(graph, shacl_graph=rules)
        assert conforms, said


def test_the_catalogue_with_its_checksums_conforms_too(shared: Path) -> None:
    """The profile that a harvester must ask for: digests of every file, an original and a timetable among them."""
    files = [dataclasses.replace(f, digest="ab" * 32) for f in described().files]
    files.append(
        File("original", "Fichier d'origine", f"{BASE}/x", "text/csv; charset=windows-1252", 12, "cd" * 32, kind="csv")
    )
    graph = telling.graph([described(files=files)], dcat._told(BASE, SITE), checksums=True)
    assert len(list(graph.subjects(None, telling.SPDX.checksumAlgorithm_sha256))) == 4
    for shapes in ("shapes", "range", "deprecateduris"):
        rules = Graph().parse(shared / "data" / "dcat-ap-shacl" / f"dcat-ap_3.0.0_shacl_{shapes}.ttl")
        conforms, _, said = validate(graph, shacl_graph=rules)
        assert conforms, said


def test_the_words_of_european_tables_are_told_to_be_theirs(shared: Path) -> None:
    """What is left is advice: a commune is no corporate body of the Union, and no country."""
    rules = Graph().parse(shared / "data" / "dcat-ap-shacl" / "dcat-ap_3.0.0_shacl_mdr-vocabularies.shape.ttl")
    _, report, said = validate(whole(), shacl_graph=rules)
    assert isinstance(report, Graph)
    (whole_report,) = report.subjects(RDF.type, SH.ValidationReport)
    found = {
        (report.value(one, SH.resultPath), report.value(one, SH.resultSeverity))
        for one in report.objects(whole_report, SH.result)
    }
    assert found == {(DCTERMS.spatial, SH.Warning), (DCTERMS.publisher, SH.Warning)}, said


def test_all_that_is_recommended_is_said_but_the_frame_of_the_commune_and_a_standard_of_our_own_api(
    shared: Path,
) -> None:
    rules = Graph().parse(shared / "data" / "dcat-ap-shacl" / "dcat-ap_3.0.0_shacl_shapes_recommended.ttl")
    _, report, _ = validate(whole(), shacl_graph=rules)
    assert isinstance(report, Graph)
    said = {
        (
            str(report.value(one, SH.focusNode)).removeprefix(BASE),
            str(report.value(one, SH.resultPath)).rpartition("#")[2],
        )
        for one in report.subjects(RDF.type, SH.ValidationResult)
    }
    commune = "https://id.insee.fr/geo/commune/35238"
    assert said == {
        (commune, "bbox"),
        (commune, "centroid"),
        ("/api/v1#service", "http://purl.org/dc/terms/conformsTo"),
    }


# --- What data.gouv.fr keeps when it harvests -------------------------------------------------------


def test_a_dataset_has_one_identifier_that_is_its_own_address_and_owes_nothing_to_its_title() -> None:
    graph = whole()
    (this,) = graph.subjects(RDF.type, DCAT.Dataset)
    assert only(graph, this, DCTERMS.identifier) == Literal(str(this))
    renamed = whole(described(metadata=dataclasses.replace(FULL, title="Aides")))
    assert set(renamed.subjects(RDF.type, DCAT.Dataset)) == {this}


def test_the_licence_is_known_to_both_readers_and_each_file_has_one_only() -> None:
    graph = whole()
    (this,) = graph.subjects(RDF.type, DCAT.Dataset)
    assert str(only(graph, this, DCTERMS.license)) == "https://www.etalab.gouv.fr/licence-ouverte-open-licence"
    for file in graph.objects(this, DCAT.distribution):
        assert str(only(graph, file, DCTERMS.license)).endswith("/licence/ETALAB_2_0")


def test_a_place_is_a_polygon_in_plain_wkt_beside_the_commune() -> None:
    graph = whole()
    shapes = [str(o) for o in graph.objects(None, LOCN.geometry)]
    assert shapes == ["POLYGON((-1.7 48.1, -1.6 48.1, -1.6 48.2, -1.7 48.2, -1.7 48.1))"]
    assert all(isinstance(o, Literal) and o.datatype == GEO.wktLiteral for o in graph.objects(None, LOCN.geometry))
    assert URIRef("https://id.insee.fr/geo/commune/35238") in set(graph.objects(None, DCTERMS.spatial))
    point = [str(o) for o in whole(described(bbox=(2.0, 48.0, 2.0, 48.0))).objects(None, LOCN.geometry)]
    assert point[0].startswith("POLYGON((1.9995 47.9995")


def test_a_period_is_said_where_it_stands_and_its_days_are_days() -> None:
    graph = whole()
    period = next(graph.objects(None, DCTERMS.temporal))
    assert not isinstance(period, URIRef)
    assert only(graph, period, DCAT.startDate) == Literal("2025-01-01", datatype=XSD.date)
    nothing = whole(described(metadata=dataclasses.replace(FULL, temporal_start="hier", temporal_end="")))
    assert not list(nothing.objects(None, DCTERMS.temporal))


def test_no_file_carries_a_checksum_and_each_has_the_addresses_by_which_it_is_matched() -> None:
    graph = whole()
    assert "spdx" not in graph.serialize(format="nt")
    for file in graph.subjects(RDF.type, DCAT.Distribution):
        assert only(graph, file, DCAT.downloadURL) == only(graph, file, DCAT.accessURL)
        assert len(list(graph.objects(file, DCTERMS.conformsTo))) <= 1


def test_words_and_themes_are_literals_in_french() -> None:
    graph = whole()
    (this,) = graph.subjects(RDF.type, DCAT.Dataset)
    assert {str(o) for o in graph.objects(this, DCAT.keyword)} == {"subvention", "association"}
    theme = only(graph, this, DCAT.theme)
    assert str(theme).endswith("/data-theme/GOVE")  # two of our families stand under it, which has one name
    assert only(graph, theme, SKOS.prefLabel).language == "fr"
    assert str(next(graph.objects(None, DCTERMS.accrualPeriodicity))).endswith("/frequency/ANNUAL")


def test_a_mailbox_is_a_role_s_and_the_publisher_has_a_name() -> None:
    graph = whole()
    assert URIRef("mailto:finances@fontclaire.fr") in set(graph.objects(None, VCARD.hasEmail))
    assert "Ville de Fontclaire" in {str(o) for o in graph.objects(None, FOAF.name)}


def test_addresses_are_high_value_data_and_subsidies_are_not() -> None:
    said = whole(described(schema="etalab/schema-bal")).serialize(format="nt")
    assert "http://data.europa.eu/bna/c_ac64a52d" in said
    assert "reg_impl/2023/138" in said
    assert "data.europa.eu/bna" not in whole().serialize(format="nt")


# --- The score of data.europa.eu --------------------------------------------------------------------


def test_the_catalogue_reaches_the_highest_class_of_data_europa_eu() -> None:
    """The points of metadata quality (MQA) that can be counted from the statements alone; 351 is « excellent »."""
    graph = whole()
    (this,) = graph.subjects(RDF.type, DCAT.Dataset)
    file = next(graph.objects(this, DCAT.distribution))
    size = URIRef(f"{this}#csv")

    def on(subject: Any, *says: Any) -> bool:
        return all(any(True for _ in graph.objects(subject, one)) for one in says)

    points = [
        (30, on(this, DCAT.keyword)), (30, on(this, DCAT.theme)), (20, on(this, DCTERMS.spatial)),
        (20, on(this, DCTERMS.temporal)), (50, on(file, DCAT.accessURL)), (20, on(file, DCAT.downloadURL)),
        (30, on(file, DCAT.downloadURL)), (20, on(file, DCTERMS["format"])), (10, on(file, DCAT.mediaType)),
        (10, "authority/file-type" in str(only(graph, size, DCTERMS["format"]))), (20, True), (20, True), (30, True),
        (20, on(file, DCTERMS.license)), (10, "authority/licence" in str(only(graph, file, DCTERMS.license))),
        (10, on(this, DCTERMS.accessRights)), (5, "authority/access-right" in str(only(graph, this, DCTERMS.accessRights))),
        (20, on(this, DCAT.contactPoint)), (10, on(this, DCTERMS.publisher)), (5, on(file, DCTERMS.rights)),
        (5, on(size, DCAT.byteSize)), (5, on(this, DCTERMS.issued)), (5, on(this, DCTERMS.modified)),
    ]  # fmt: skip
    assert sum(p for p, _ in points) == 405
    assert sum(p for p, reached in points if reached) == 405


# --- By HTTP ----------------------------------------------------------------------------------------


def test_every_form_says_the_same(get: Reader) -> None:
    turtle = get.graph("/catalog.ttl")
    assert len(set(turtle.subjects(RDF.type, DCAT.Dataset))) == 3
    for suffix, form in (("xml", "xml"), ("rdf", "xml"), ("jsonld", "json-ld"), ("n3", "n3"), ("nt", "nt")):
        other = get.graph(f"/catalog.{suffix}", form)
        here = URIRef(f"{BASE}/catalog.ttl")
        turtle_bare = {t for t in turtle if here not in t and not str(t[2]).startswith(f"{BASE}/catalog.")}
        other_bare = {
            t
            for t in other
            if not str(t[0]).startswith(f"{BASE}/catalog.") and not str(t[2]).startswith(f"{BASE}/catalog.")
        }
        left, right = Graph(), Graph()
        for one in turtle_bare:
            left.add(one)
        for one in other_bare:
            right.add(one)
        assert isomorphic(left, right), suffix
    said = get("/catalog.jsonld").body
    assert isinstance(said, bytes)
    assert b"@context" not in said or isinstance(json.loads(said), dict | list)  # nothing is to be fetched


def test_the_same_page_has_the_same_bytes_and_is_not_sent_twice(get: Reader) -> None:
    first, again = get("/catalog.ttl"), get("/catalog.ttl")
    assert first.body == again.body
    assert get("/catalog.ttl", if_none_match=first.headers["etag"]).status == 304
    head = get("/catalog.ttl", method="HEAD")
    assert head.body == b""
    assert head.headers["content-length"] == str(len(first.body))  # type: ignore[arg-type]


def test_a_program_gets_statements_and_a_person_the_page(get: Reader) -> None:
    assert get("/dataset/aaaaaaaaaaaa", accept="text/html,application/xhtml+xml,*/*;q=0.8").status == 303
    assert get("/dataset/aaaaaaaaaaaa").headers["location"] == f"{BASE}/donnees/jeu-aaaaaaaaaaaa/"
    told = get("/dataset/aaaaaaaaaaaa", accept="application/rdf+xml;q=0.5, text/turtle")
    assert told.media_type.startswith("text/turtle")
    assert told.headers["vary"] == "Accept"
    assert get("/catalog", accept="application/ld+json").media_type.startswith("application/ld+json")
    assert get("/catalog", accept="text/html, text/turtle;q=0.3").status == 303


def test_what_does_not_exist_is_said_in_a_line(get: Reader) -> None:
    missing = ("/catalog.pdf", "/dataset/zzzz.ttl", "/catalog.ttl?page=9", f"/dataset/{'a' * 5000}", "/dataset/a/b.ttl")
    wrong = ("page=0", f"page={'9' * 400}", "fq=ville:x", "profiles=x")
    for url, status in (*((u, 404) for u in missing), *((f"/catalog.ttl?{w}", 400) for w in wrong)):
        told = get(url)
        assert told.status == status, url
        assert told.media_type.startswith("text/plain")
    assert get("/catalog.ttl", method="POST").status == 405


def test_pages_follow_one_another_with_whole_addresses(get: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dcat, "SIZE", 2)
    seen: set[Any] = set()
    url = f"{BASE}/catalog.ttl?fq=theme:environnement"
    while url:
        graph = get.graph(url.removeprefix(BASE))
        view = next(graph.subjects(RDF.type, HYDRA.PartialCollectionView))
        assert str(view) == url
        seen |= set(graph.subjects(RDF.type, DCAT.Dataset))
        assert str(next(graph.objects(None, HYDRA.totalItems))) == "3"
        url = str(next(graph.objects(view, HYDRA.next), ""))
    assert len(seen) == 3
    assert 'rel="next"' in get("/catalog.ttl").headers["link"]


def test_only_what_changed_since_a_day_is_asked_for(get: Reader) -> None:
    assert not list(get.graph("/catalog.ttl?modified_since=2030-01-01").subjects(RDF.type, DCAT.Dataset))
    assert len(set(get.graph("/catalog.ttl?modified_since=2020-01-01").subjects(RDF.type, DCAT.Dataset))) == 3


def test_words_of_a_title_cannot_break_out_of_any_form() -> None:
    hostile = 'x"""@fr . <http://evil> a <b> .\n<script>\x00\ud800 & \\'
    metadata = Metadata(
        title=hostile, description=hostile, keywords=(hostile,), contact='a"> <b@x.fr', territory="2A004 <x>"
    )
    one = described(metadata=metadata, uri=f"{BASE}/dataset/<x> y", page=f"{BASE}/é è")
    graph = telling.graph([one])
    for form, parser in (("turtle", "turtle"), ("xml", "xml"), ("json-ld", "json-ld"), ("nt11", "nt"), ("n3", "n3")):
        try:
            read = Graph().parse(data=graph.serialize(format=form), format=parser)
        except BadSyntax as error:  # pragma: no cover
            pytest.fail(f"{form}: {error}")
        assert len(read) == len(graph), form
        assert URIRef("http://evil") not in set(read.subjects())


# --- For engines and machine learning ---------------------------------------------------------------


def test_search_engines_of_data_are_told_all_that_they_ask_for(get: Reader) -> None:
    body = get("/dataset/aaaaaaaaaaaa.jsonld?profiles=schemaorg").body
    assert isinstance(body, bytes)
    told = json.loads(body)
    assert told["@type"] == "Dataset"
    assert 50 <= len(told["description"]) <= 5000
    assert {v["alternateName"] for v in told["variableMeasured"]} >= {"code", "essence"}
    assert all(d["contentUrl"].startswith(BASE) and d["encodingFormat"] for d in told["distribution"])
    assert told["license"].startswith("https://")
    assert told["publisher"]["name"] == "Fontclaire"


def test_croissant_names_each_column_of_the_file_by_its_type(get: Reader) -> None:
    body = get("/dataset/aaaaaaaaaaaa.jsonld?profiles=croissant").body
    assert isinstance(body, bytes)
    told = json.loads(body)
    assert told["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    fields = {f["name"]: f for f in told["recordSet"][0]["field"]}
    assert fields["hauteur"]["dataType"] == "sc:Float"
    assert fields["plante_le"]["dataType"] == "sc:Date"
    assert fields["code"]["source"] == {"fileObject": {"@id": "csv"}, "extract": {"column": "code"}}
    assert {d["@id"] for d in told["distribution"]} >= {"csv", "parquet"}
    assert get("/dataset/aaaaaaaaaaaa.ttl?profiles=croissant").status == 400


def test_a_frictionless_package_types_each_column_of_the_csv(get: Reader) -> None:
    from frictionless import Package

    body = get("/dataset/aaaaaaaaaaaa/datapackage.json").body
    assert isinstance(body, bytes)
    told = json.loads(body)
    package = Package.from_descriptor(told)
    (resource,) = package.resources
    assert {f.name: f.type for f in resource.schema.fields}["hauteur"] == "number"
    assert resource.path.endswith("/exports/csv")
    assert get("/dataset/zzzz/datapackage.json").status == 404


# --- Series and versions --------------------------------------------------------------------------


def dated(title: str, identity: str, organisation: str = "fontclaire") -> Entry:
    return Entry(identity, identity, organisation, "Fontclaire", Metadata(title=title), None, (), "", "")  # type: ignore[arg-type]


def test_datasets_that_differ_by_their_year_make_a_series() -> None:
    entries = [
        dated("Budget primitif 2024", "b4"), dated("Budget primitif 2023 (ville)", "x"), dated("Budget primitif - 2023", "b3"),
        dated("Subventions aux associations (2022-2023)", "s2"), dated("Subventions aux associations (2023-2024)", "s3"),
        dated("Budget Primitif 2025", "b5"), dated("Budget primitif 2025", "other", "voisine"), dated("2024", "n4"),
        dated("2025", "n5"), dated("Rue du 8 mai 1945", "r"), dated("Arbres", "a"), dated("Arbres", "a2"),
        dated("Comptes 2020", "c1"), dated("Comptes 2020", "c2"),
    ]  # fmt: skip
    found = series.gathered(entries)
    assert {i: [e.id for e in s.members] for i, s in found.items()} == {
        **{i: ["b3", "b4", "b5"] for i in ("b3", "b4", "b5")}, **{i: ["s2", "s3"] for i in ("s2", "s3")},
    }  # fmt: skip
    assert found["b3"].title == "Budget Primitif" and found["s2"].title == "Subventions aux associations"
    again = series.gathered([*entries, dated("Budget primitif 2026", "b6")])
    assert again["b3"].id == found["b3"].id and len(again["b3"].members) == 4


def test_a_series_is_told_with_the_places_of_its_members(shared: Path) -> None:
    uris = [f"{BASE}/dataset/{n}" for n in ("a", "b", "c")]
    line = telling.Line(f"{BASE}/catalog#serie-1", "Budget", described().publisher, f"{BASE}/donnees/c/", uris)
    told = [described(uri=u) for u in uris]
    graph = telling.graph(told, dcat._told(BASE, SITE), series=[line])
    this = URIRef(line.uri)
    assert (this, RDF.type, telling.DCAT.DatasetSeries) in graph and (this, RDF.type, telling.DCAT.Dataset) not in graph
    assert {str(s) for s in graph.subjects(telling.DCAT.inSeries, this)} == set(uris)
    assert set(graph.subject_objects(telling.DCAT.prev)) == {(URIRef(uris[n]), URIRef(uris[n - 1])) for n in (1, 2)}
    rules = Graph().parse(shared / "data" / "dcat-ap-shacl" / "dcat-ap_3.0.0_shacl_shapes.ttl")
    conforms, _, said = validate(graph, shacl_graph=rules)
    assert conforms, said
    assert (
        telling.graph([described()], series=[line]).value(None, telling.DCAT.inSeries, None) is None
    )  # none of its members
    alone = telling.graph([told[2]], series=[line])
    assert alone.value(URIRef(uris[2]), telling.DCAT.prev) == URIRef(uris[1])


def test_the_versions_of_a_dataset_are_told_in_its_own_document_and_not_in_the_catalogue(
    making: Any, tmp_path: Path, shared: Path
) -> None:
    folder = Folder(tmp_path / "data")
    for number, count in ((1, 20), (2, 30)):
        safe = making.protected(tmp_path / f"{number}.parquet", making.TREES, making.trees(count))
        making.put(folder, safe, "eeeeeeeeeeee", number=number)
    get = Reader(type("Town", (), {"catalogue": making.Catalogue(folder)})())
    body = get("/dataset/eeeeeeeeeeee.ttl").body
    assert isinstance(body, bytes)
    graph = Graph().parse(data=body, format="turtle")
    this = URIRef(f"{BASE}/dataset/eeeeeeeeeeee")
    versions = {str(graph.value(v, telling.DCAT.version)): v for v in graph.objects(this, telling.DCAT.hasVersion)}
    assert set(versions) == {"1", "2"}
    assert graph.value(versions["2"], telling.DCAT.previousVersion) == versions["1"]
    assert str(graph.value(versions["1"], telling.DCAT.isVersionOf)) == str(this)
    rules = Graph().parse(shared / "data" / "dcat-ap-shacl" / "dcat-ap_3.0.0_shacl_shapes.ttl")
    conforms, _, said = validate(graph, shacl_graph=rules)
    assert conforms, said
    whole_body = get("/catalog.ttl").body
    assert isinstance(whole_body, bytes) and b"hasVersion" not in whole_body

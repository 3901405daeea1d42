"""A harvest played against servers of ours, good and bad: what would be taken, lost, or never opened."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from tests.engine.test_dcat import BASE, FULL, SITE, described

from parvis.catalogue import dcat as telling
from parvis.catalogue.dcat import Pages
from parvis.dialects import dcat
from parvis.errors import ParvisError, RefusedError
from parvis.federation import licences, rehearsal
from parvis.federation.harvested import Rehearsed
from parvis.outgoing import Client
from parvis.values import Metadata, Severity

TODAY = dt.date(2026, 6, 1)
Page = tuple[int, str, bytes] | tuple[int, str, bytes, Mapping[str, str]]
Serve = Callable[[Mapping[str, Page]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve pages by their path; what is not there is 404. « {here} » in a text is the server's own address."""
    running: list[ThreadingHTTPServer] = []

    def start(pages: Mapping[str, Page]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, kind, body, *more = pages.get(self.path, pages.get("*", (404, "text/plain", b"")))
                self.send_response(status)
                self.send_header("Content-Type", kind)
                for name, value in (more[0] if more else {}).items():
                    self.send_header(name, value)
                body = body.replace(b"{here}", here.encode())
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            def do_HEAD(self) -> None:
                self.do_GET()

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        here = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return here

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def rehearse(address: str) -> Rehearsed:
    with Client(["127.0.0.1"]) as client:
        return rehearsal.rehearse(client, address, today=TODAY)


def codes(told: Rehearsed) -> set[str]:
    return {f.code.removeprefix("harvest.") for f in (*told.faults, *(r for i in told.items for r in i.remarks))}


def turtle(text: str) -> Page:
    prefixes = (
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> . "
        "@prefix spdx: <http://spdx.org/rdf/terms#> . @prefix locn: <http://www.w3.org/ns/locn#> . "
        "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix hydra: <http://www.w3.org/ns/hydra/core#> . "
    )
    return 200, "text/turtle", (prefixes + text).encode()


# --- Good catalogues --------------------------------------------------------------------------------


def test_our_own_catalogue_is_taken_whole_with_the_best_scores(serve: Serve) -> None:
    one = described(metadata=FULL, page="{here}/page", schema="", schema_url="")
    page = (
        b'<html><script type="application/ld+json">{"@type": "Dataset", "name": "x", "description": "'
        + b"long " * 20
        + b'", "license": "x", "distribution": [1], "publisher": 1, "dateModified": 1}</script></html>'
    )
    here = serve({"/page": (200, "text/html", page), "*": (200, "text/csv", b"a,b")})
    local = telling.graph([one], dcat._told(BASE, SITE)).serialize(format="turtle")
    body = local.replace(BASE, here).replace("%7Bhere%7D", here).encode()
    told = rehearse(serve({"/catalog.ttl": (200, "text/turtle", body)}) + "/catalog.ttl")
    assert (told.protocol, told.pages, told.kept, len(told.items)) == ("dcat", 1, 1, 1)
    assert not [r for i in told.items for r in i.remarks if r.severity is not Severity.INFO]
    (item,) = told.items
    assert item.completeness is not None and item.completeness.points == 9, item.completeness
    assert item.quality is not None and item.quality.points >= 400, item.quality
    assert [name for name, _ in item.quality.missing] == ["taille des fichiers"]
    assert set(told.search.values()) == {()}


def test_pages_are_followed_to_the_last_one(serve: Serve) -> None:
    def page(number: int, following: str) -> Page:
        one = described(uri=f"https://x.fr/{number}", metadata=Metadata(title=f"Jeu {number}"))
        pages = Pages(f"{{here}}/{number}.ttl", "{here}/1.ttl", "{here}/2.ttl", 2, 1, "", following)
        graph = telling.graph([one], dcat._told(BASE, SITE), pages).serialize(format="nt11")
        return 200, "text/turtle", graph.replace("%7Bhere%7D", "{here}").encode()

    here = serve({"/1.ttl": page(1, "{here}/2.ttl"), "/2.ttl": page(2, "")})
    told = rehearse(f"{here}/1.ttl")
    assert told.pages == 2
    assert {i.id for i in told.items} == {"https://x.fr/1", "https://x.fr/2"}


def test_packages_of_ckan_are_taken_but_those_without_a_file(serve: Serve) -> None:
    good = {"id": "a", "title": "A", "license_id": "lov2", "resources": [{"url": "x", "resource_type": "file"}],
            "extras": [{"key": "spatial", "value": '{"type": "Polygon"}'}, {"key": "frequency", "value": "annual"}]}  # fmt: skip
    bad = {
        "id": "b",
        "title": "",
        "license_id": "mine",
        "resources": [],
        "extras": [{"key": "spatial", "value": '{"type": "Point"}'}],
    }
    odd = {
        "id": "c",
        "title": "C",
        "license_id": "lov2",
        "resources": [{"url": "", "resource_type": "map"}],
        "extras": [],
    }
    answer = json.dumps({"success": True, "result": {"count": 3, "results": [good, bad, odd]}}).encode()
    here = serve({"*": (200, "application/json", answer)})
    told = rehearse(f"{here}/api/3/action")
    assert (told.protocol, told.kept, len(told.items)) == ("ckan", 2, 3)
    assert told.items[0].remarks == ()
    assert codes(told) >= {
        "no_file",
        "no_title",
        "unknown_licence",
        "place_point",
        "file_without_address",
        "unknown_file_type",
    }


# --- What harvesters stumble on ----------------------------------------------------------------------


THIS = "<http://x/1> a dcat:Dataset"
TITLED = f'{THIS} ; dct:title "t" ; dct:identifier "i"'
FILE = f"{THIS} ; dcat:distribution"
SUM = f"{FILE} [ spdx:checksum [ spdx:checksumValue"
STUMBLES = {
    "no_identifier": f'{THIS} ; dct:title "t" .',
    "same_identifier": f'{TITLED} . <http://x/2> a dcat:Dataset ; dct:title "u" ; dct:identifier "i" .',
    "identifier_is_title": f'{THIS} ; dct:title "Les arbres" ; dct:identifier "https://x/les-arbres" .',
    "no_title": f'{THIS} ; dct:identifier "i" .',
    "keyword_address": f"{TITLED} ; dcat:keyword <http://k> .",
    "place_point": f'{THIS} ; dct:spatial [ locn:geometry "POINT(1 2)" ] .',
    "place_prefixed": f'{THIS} ; dct:spatial [ locn:geometry "<http://crs> POLYGON((1 2,2 2,2 1,1 2))" ] .',
    "place_named": f"{THIS} ; dct:spatial <https://id.insee.fr/geo/commune/35238> .",
    "period_address": f"{THIS} ; dct:temporal <http://periods/2025> .",
    "unknown_licence": f"{THIS} ; dct:license <{telling.AUTHORITY}licence/ETALAB_2_0> .",
    "no_licence": f"{THIS} .",
    "future_date": f'{THIS} ; dct:issued "2030-01-01"^^xsd:date .',
    "no_file": f"{THIS} .",
    "file_without_address": f"{FILE} [ a dcat:Distribution ] .",
    "checksum_without_algorithm": f'{SUM} "ab" ] ] .',
    "checksum_binary": f'{SUM} "ab"^^xsd:hexBinary ; spdx:algorithm spdx:sha256 ] ] .',
    "several_schemas": f"{FILE} [ dct:conformsTo <http://a>, <http://b> ] .",
    "several_licences": f"{FILE} [ dct:license <http://a>, <http://b> ] .",
    "empty": "<http://x/1> a dcat:Catalog .",
    "next_elsewhere": f"{THIS} . <http://x> hydra:next <http://autre.example/2> .",
}


@pytest.mark.parametrize("code", STUMBLES)
def test_each_thing_that_harvesters_stumble_on_is_said(serve: Serve, code: str) -> None:
    here = serve({"/c.ttl": turtle(STUMBLES[code])})
    assert code in codes(rehearse(f"{here}/c.ttl"))


def test_a_file_that_does_not_answer_costs_points(serve: Serve) -> None:
    here = serve({"/c.ttl": turtle(f"{FILE} [ a dcat:Distribution ; dcat:accessURL <{{here}}/gone> ] .")})
    (item,) = rehearse(f"{here}/c.ttl").items
    assert item.quality is not None
    assert dict(item.quality.missing)["adresse d'accès qui répond"] == 50


def test_a_redirection_or_a_page_that_is_lost_stops_everything(serve: Serve) -> None:
    here = serve(
        {"/c.ttl": (301, "text/plain", b"", {"Location": "/d.ttl"}), "/d.ttl": turtle("<http://x/1> a dcat:Dataset .")}
    )
    told = rehearse(f"{here}/c.ttl")
    assert told.stopped and codes(told) >= {"redirect"}
    here = serve({"/c.ttl": turtle("<http://x/1> a dcat:Dataset . <http://x> hydra:next <{here}/2.ttl> .")})
    assert "page_lost" in codes(rehearse(f"{here}/c.ttl"))
    with pytest.raises(ParvisError):
        rehearse(f"{here}/nothing.ttl")


# --- Hostile documents ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "kind", "body", "code"),
    [
        ("/c.xml", "application/rdf+xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "doctype"),
        ("/c.jsonld", "application/ld+json", b'{"@context": "{here}/context", "@type": "x"}', "remote_context"),
        ("/c.jsonld", "application/ld+json", b'{"a": [{"@context": [{}, "http://10.0.0.1/"]}]}', "remote_context"),
        ("/c.jsonld", "application/ld+json", b'{"@context": {"@import": "http://10.0.0.1/"}}', "remote_context"),
        ("/c.jsonld", "application/ld+json", b"[" * 100_000, "unreadable"),
        ("/c.ttl", "text/turtle", b"<<<", "unreadable"),
        ("/c.ttl", "text/turtle", bytes(range(256)) * 10, "unreadable"),
        ("/c", "text/html", b"<html>", "unknown_form"),
    ],
)
def test_a_hostile_document_is_said_and_calls_nobody(
    serve: Serve, path: str, kind: str, body: bytes, code: str
) -> None:
    told = rehearse(serve({path: (200, kind, body)}) + path)
    assert code in codes(told)
    assert told.stopped and told.kept == 0


def test_the_inner_network_is_not_reached_by_a_catalogue_s_addresses(serve: Serve) -> None:
    with pytest.raises(RefusedError), Client() as client:
        rehearsal.rehearse(client, "http://127.0.0.1:9/c.ttl", today=TODAY)
    here = serve({"/c.ttl": turtle("<http://x/1> a dcat:Dataset ; dcat:landingPage <http://169.254.169.254/latest> .")})
    told = rehearse(f"{here}/c.ttl")
    assert "la page ne se lit pas" in told.search["http://169.254.169.254/latest"][0]


def test_licences_are_known_by_name_by_address_and_to_two_letters() -> None:
    assert (
        licences.known("lov2") == licences.known("https://www.etalab.gouv.fr/licence-ouverte-open-licence/") == "lov2"
    )
    assert licences.known("Licence Ouverte / Open Licence version 2.0") == "lov2"
    assert licences.known("ODBL") == "odc-odbl"
    assert licences.known("odc-odb") == "odc-odbl"
    assert (
        licences.known("https://example.org/mine") == licences.known("") == licences.known("tous droits réservés") == ""
    )

"""OAI-PMH as a harvester asks it, and the national schema of catalogues."""

from __future__ import annotations

import base64
import csv
import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from lxml import etree

from parvis import pipeline
from parvis.dialects import oai, scdl
from parvis.web import Request, Site

BASE = "https://donnees.fontclaire.fr"
SITE = Site("Ville de Fontclaire", mailbox="donnees@fontclaire.fr", siret="21350238800019", territory="35238")
SPACES = {"o": oai.OAI, "dc": "http://purl.org/dc/elements/1.1/", "dcat": "http://www.w3.org/ns/dcat#"}


class Harvester:
    def __init__(self, town: Any) -> None:
        self.catalogue = town.catalogue

    def __call__(self, query: str) -> Any:
        request = Request("GET", "/oai", tuple(parse_qsl(query, keep_blank_values=True)), base=BASE)
        response = oai.answer(request, self.catalogue, SITE)
        assert response.status == 200
        assert response.media_type.startswith("text/xml")
        assert isinstance(response.body, bytes)
        return etree.fromstring(response.body)

    def fault(self, query: str) -> str:
        (found,) = self(query).xpath("o:error/@code", namespaces=SPACES)
        return str(found)


@pytest.fixture
def ask(town: Any) -> Harvester:
    return Harvester(town)


def found(tree: Any, path: str) -> list[Any]:
    return list(tree.xpath(path, namespaces=SPACES))


def test_the_repository_says_who_it_is_and_what_it_gives(ask: Harvester) -> None:
    told = ask("verb=Identify")
    assert found(told, "o:Identify/o:protocolVersion/text()") == ["2.0"]
    assert found(told, "o:Identify/o:baseURL/text()") == [f"{BASE}/oai"]
    assert found(told, "o:request/@verb") == ["Identify"]
    assert found(ask("verb=ListMetadataFormats"), "//o:metadataPrefix/text()") == ["oai_dc", "dcat"]
    assert "environnement" in found(ask("verb=ListSets"), "//o:setSpec/text()")


def test_every_dataset_is_listed_once_page_after_page(ask: Harvester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oai, "SIZE", 2)
    told = ask("verb=ListIdentifiers&metadataPrefix=oai_dc")
    seen = found(told, "//o:identifier/text()")
    (token,) = found(told, "//o:resumptionToken")
    assert (token.get("completeListSize"), token.get("cursor")) == ("3", "0")
    told = ask(f"verb=ListIdentifiers&resumptionToken={token.text}")
    seen += found(told, "//o:identifier/text()")
    assert sorted(seen) == [f"oai:donnees.fontclaire.fr:{c * 12}" for c in "abc"]
    assert found(told, "//o:resumptionToken/text()") == []
    assert found(told, "//o:resumptionToken/@cursor") == ["2"]


def test_a_record_is_told_as_dublin_core_and_as_dcat(ask: Harvester) -> None:
    name = "oai:donnees.fontclaire.fr:aaaaaaaaaaaa"
    told = ask(f"verb=GetRecord&metadataPrefix=oai_dc&identifier={name}")
    assert found(told, "//dc:title/text()") == ["Arbres d'alignement"]
    assert f"{BASE}/dataset/aaaaaaaaaaaa" in found(told, "//dc:identifier/text()")
    assert found(told, "//o:header/o:setSpec/text()") == ["environnement"]
    told = ask(f"verb=GetRecord&metadataPrefix=dcat&identifier={name}")
    assert len(found(told, "//dcat:distribution")) >= 5
    assert len(found(ask("verb=ListRecords&metadataPrefix=dcat"), "//o:record")) == 3


def test_dates_and_themes_choose_records(ask: Harvester) -> None:
    assert ask.fault("verb=ListRecords&metadataPrefix=oai_dc&from=2030-01-01") == "noRecordsMatch"
    assert len(found(ask("verb=ListRecords&metadataPrefix=oai_dc&from=2020-01-01&until=2030-01-01"), "//o:record")) == 3
    assert len(found(ask("verb=ListRecords&metadataPrefix=oai_dc&set=environnement"), "//o:record")) == 3
    assert ask.fault("verb=ListRecords&metadataPrefix=oai_dc&set=finances") == "noRecordsMatch"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "badVerb"),
        ("verb=Delete", "badVerb"),
        ("verb=Identify&verb=Identify", "badVerb"),
        ("verb=Identify&x=1", "badArgument"),
        ("verb=ListRecords", "badArgument"),
        ("verb=ListRecords&metadataPrefix=marc", "cannotDisseminateFormat"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=hier", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-13-40", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-01-01&until=2025-01-01", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-01-01&until=2026-01-02T00:00:00Z", "badArgument"),
        ("verb=ListRecords&resumptionToken=x&metadataPrefix=oai_dc", "badArgument"),
        ("verb=ListSets&resumptionToken=x", "badResumptionToken"),
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=aaaaaaaaaaaa", "idDoesNotExist"),
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:autre.fr:aaaaaaaaaaaa", "idDoesNotExist"),
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:donnees.fontclaire.fr:..", "idDoesNotExist"),
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=%00%00", "idDoesNotExist"),
    ],
)
def test_each_fault_has_the_protocol_s_own_code(ask: Harvester, query: str, code: str) -> None:
    assert ask.fault(query) == code


def test_a_token_of_somebody_else_s_making_is_refused(ask: Harvester) -> None:
    good = {"prefix": "oai_dc", "start": 1, "theme": "", "since": "", "until": ""}
    assert found(ask(f"verb=ListRecords&resumptionToken={oai._token(good)}"), "//o:record")
    for change in (
        {"start": -1},
        {"start": "1"},
        {"start": True},
        {"prefix": "x"},
        {"theme": "x"},
        {"since": "x"},
        {"more": 1},
    ):
        token = base64.urlsafe_b64encode(json.dumps({**good, **change}).encode()).decode()
        assert ask.fault(f"verb=ListRecords&resumptionToken={token}") == "badResumptionToken", change
    for token in ("", "é", "A", "[" * 5000, base64.urlsafe_b64encode(b"[" * 9000).decode()):
        assert ask.fault(f"verb=ListRecords&resumptionToken={token}") == "badResumptionToken", token[:10]


def test_the_catalogue_is_conforming_to_its_national_schema(town: Any, tmp_path: Path) -> None:
    response = scdl.answer(Request("GET", "/catalog.csv", base=BASE), town.catalogue, SITE)
    assert isinstance(response.body, bytes)
    rows = list(csv.DictReader(io.StringIO(response.body.decode())))
    assert len(rows) == 3
    assert rows[0]["URL"] == f"{BASE}/donnees/jeu-aaaaaaaaaaaa/"
    assert int(rows[0]["NOMBRE_RESSOURCES"]) == len(rows[0]["FORMAT_RESSOURCES"].split(";"))
    path = tmp_path / "catalogue.csv"
    path.write_bytes(response.body)
    told = pipeline.check(path, "scdl/catalogue").preparations[0]
    assert told.schema == "scdl/catalogue"
    assert not [f for f in told.findings if f.code.startswith("schema.")]

"""The same question put to each dialect gives the same rows: one store answers them all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from parvis.dialects import ckan, mcp, native, ods, ods_v1, ogc, tabular, wfs
from parvis.web import Request, Response, Site

BASE = "https://donnees.fontclaire.fr"
DATASET = "aaaaaaaaaaaa"
CODES: Mapping[str, Callable[[Any], list[str]]] = {
    "native": lambda told: [row["code"] for row in told["records"]],
    "ods": lambda told: [row["code"] for row in told["results"]],
    "tabular": lambda told: [row["Code"] for row in told["data"]],
    "ckan": lambda told: [row["Code"] for row in told["result"]["records"]],
    "ods v1": lambda told: [record["fields"]["code"] for record in told["records"]],
    "mcp": lambda told: [row["cells"]["code"] for row in told["rows"]],
    "ogc": lambda told: [feature["properties"]["code"] for feature in told["features"]],
    "wfs": lambda told: [feature["properties"]["code"] for feature in told["features"]],
}
TOTALS: Mapping[str, Callable[[Any], int]] = {
    "native": lambda told: told["total"],
    "ods": lambda told: told["total_count"],
    "tabular": lambda told: told["meta"]["total"],
    "ckan": lambda told: told["result"]["total"],
    "ods v1": lambda told: told["nhits"],
    "mcp": lambda told: told["total"],
    "ogc": lambda told: told["numberMatched"],
    "wfs": lambda told: told["numberMatched"],
}
# What is asked -> the words of each dialect; the rows come in the order of the shelf, or by code.
QUESTIONS: Mapping[str, Mapping[str, str]] = {
    "one year": {
        "native": "where=annee = 1950", "ods": "where=annee=1950", "tabular": "Annee__exact=1950",
        "ckan": 'filters={"Annee": 1950}', "ods v1": "q=annee:1950", "mcp": "where=annee = 1950",
        "ogc": "annee=1950", "wfs": "filter=<Filter><PropertyIsEqualTo><ValueReference>annee</ValueReference>"
        "<Literal>1950</Literal></PropertyIsEqualTo></Filter>",
    },
    "two kinds": {
        "native": "where=essence in ('CHARME', 'Érable champêtre')",
        "ods": 'where=essence in ("CHARME", "Érable champêtre")', "tabular": "Essence__in=CHARME,Érable champêtre",
        "ckan": 'filters={"Essence": ["CHARME", "Érable champêtre"]}',
        "ods v1": "disjunctive.essence=true&refine.essence=CHARME&refine.essence=Érable champêtre",
        "mcp": "where=essence in ('CHARME', 'Érable champêtre')",
        "ogc": "filter=essence IN ('CHARME', 'Érable champêtre')",
        "wfs": "cql_filter=essence IN ('CHARME', 'Érable champêtre')",
    },
    "a yes": {
        "native": "where=remarquable = true", "ods": "where=remarquable is true", "tabular": "Remarquable__exact=true",
        "ckan": 'filters={"Remarquable": true}', "ods v1": "refine.remarquable=true", "mcp": "where=remarquable = true",
        "ogc": 'filter-lang=cql2-json&filter={"op": "=", "args": [{"property": "remarquable"}, true]}',
        "wfs": "cql_filter=remarquable",
    },
    "nothing said": {
        "native": "where=hauteur is null", "ods": "where=hauteur is null", "tabular": "Hauteur__isnull",
        "ckan": 'filters={"Hauteur": null}', "ods v1": "q=#null(hauteur)", "mcp": "where=hauteur is null",
        "ogc": "filter=hauteur IS NULL", "wfs": "filter=<Filter><PropertyIsNull><ValueReference>hauteur</ValueReference>"
        "</PropertyIsNull></Filter>",
    },
    "all": {"native": "", "ods": "", "tabular": "", "ckan": "", "ods v1": "", "mcp": "", "ogc": "", "wfs": ""},
}  # fmt: skip


@pytest.fixture
def ask(town: Any, pool: Any) -> Callable[[str, str], Any]:
    roads: Mapping[str, Callable[[Request], Any]] = {
        "native": lambda r: native.answer(r, town.catalogue, pool),
        "ods": lambda r: ods.answer(r, town.catalogue, pool),
        "tabular": lambda r: tabular.answer(r, town.catalogue, pool),
        "ckan": lambda r: ckan.answer(r, town.catalogue, pool, Site("Fontclaire")),
        "ogc": lambda r: ogc.answer(r, town.catalogue, pool, Site("Fontclaire")),
        "wfs": lambda r: wfs.answer(r, town.catalogue, pool, Site("Fontclaire")),
        "ods v1": lambda r: ods_v1.answer(r, town.catalogue, pool),
        "mcp": lambda r: Response(body=mcp.call("query_rows", dict(r.query), town.catalogue, pool).text.encode()),
    }
    starts = {
        "native": f"/api/v1/datasets/{DATASET}/records?limit=100&",
        "ods": f"/api/explore/v2.1/catalog/datasets/{DATASET}/records?limit=100&",
        "tabular": f"/api/resources/{DATASET}/data/?page_size=100&",
        "ckan": f"/api/3/action/datastore_search?resource_id={DATASET}&limit=100&",
        "ods v1": f"/api/records/1.0/search/?dataset={DATASET}&rows=100&",
        "ogc": f"/ogc/collections/{DATASET}/items?limit=100&",
        "wfs": f"/ogc/wfs?request=GetFeature&outputFormat=application/json&count=100&typeNames=d_{DATASET}&",
        "mcp": f"/mcp?dataset={DATASET}&limit=100&",
    }

    def asked(dialect: str, question: str) -> Any:
        parts = urlsplit(starts[dialect] + quote(question, safe="=&"))
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        response = roads[dialect](Request("GET", parts.path, query, base=BASE))
        assert response.status == 200, (dialect, question, response.body)
        return json.loads(response.body)

    return asked


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_same_question_gives_the_same_rows_in_every_dialect(ask: Callable[[str, str], Any], question: str) -> None:
    told = {dialect: ask(dialect, words) for dialect, words in QUESTIONS[question].items()}
    rows = {dialect: CODES[dialect](answer) for dialect, answer in told.items()}
    totals = {dialect: TOTALS[dialect](answer) for dialect, answer in told.items()}
    assert rows["native"], "a question that finds nothing shows nothing"
    assert all(r == rows["native"] for r in rows.values()), rows
    assert set(totals.values()) == {totals["native"]}, totals

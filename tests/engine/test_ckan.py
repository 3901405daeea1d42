"""CKAN's Action API, asked as ckanapi, harvesters and browsers ask it."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from lxml import etree

from parvis.dialects import ckan, solr
from parvis.web import Request, Response, Site

BASE = "https://donnees.fontclaire.fr"
SITE = Site("Ville de Fontclaire", "Les données de la ville", "donnees@fontclaire.fr", "21350238800019")


class Client:
    def __init__(self, town: Any, pool: Any) -> None:
        self.town, self.pool = town, pool

    def __call__(self, url: str, method: str = "GET", body: bytes = b"", **headers: str) -> Response:
        parts = urlsplit(url)
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        names = {n.replace("_", "-"): v for n, v in headers.items()}
        return ckan.answer(Request(method, parts.path, query, names, body, BASE), self.town.catalogue, self.pool, SITE)

    def action(self, name: str, /, **arguments: Any) -> Any:
        """Return the result of an action, asked in both of the ways that clients ask."""
        body = json.dumps(arguments).encode()
        told = self.json(f"/api/action/{name}", "POST", body)
        flat = {k: v if isinstance(v, str) else json.dumps(v) for k, v in arguments.items()}
        again = self.json(f"/api/3/action/{name}?{urlencode(flat)}")
        assert told["success"] is again["success"] is True
        assert told["help"] == f"{BASE}/api/3/action/help_show?name={name}"
        if name != "datastore_search":  # whose links repeat the question
            assert told["result"] == again["result"]
        return told["result"]

    def json(self, url: str, method: str = "GET", body: bytes = b"", status: int = 200) -> Any:
        response = self(url, method, body, content_type="application/json")
        assert isinstance(response.body, bytes)
        assert response.status == status, response.body[:400]
        return json.loads(response.body)

    def error(self, name: str, status: int, /, **arguments: Any) -> Any:
        told = self.json(f"/api/3/action/{name}", "POST", json.dumps(arguments).encode(), status)
        assert told["success"] is False
        return told["error"]


@pytest.fixture
def get(town: Any, pool: Any) -> Client:
    return Client(town, pool)


# --- The catalogue --------------------------------------------------------------------------------


def test_the_site_says_what_it_is(get: Client) -> None:
    assert get.json("/api/3") == {"version": 3}
    told = get.action("status_show")
    assert told["site_title"] == "Ville de Fontclaire"
    assert {"ckan_version", "site_url", "locale_default", "extensions", "error_emails_to"} <= set(told)
    assert get.action("site_read") is True
    assert "jeux" in get.action("help_show", name="package_search")


def test_packages_are_listed_and_shown_by_name_and_by_id(get: Client) -> None:
    names = get.action("package_list")
    assert names == ["jeu-aaaaaaaaaaaa", "jeu-bbbbbbbbbbbb", "jeu-cccccccccccc"]
    assert get.action("package_list", limit=1, offset=1) == names[1:2]
    told = get.action("package_show", id="aaaaaaaaaaaa")
    assert told["name"] == names[0] and told["state"] == "active" and told["private"] is False
    assert told["organization"]["name"] == told["owner_org"] == "fontclaire"
    assert told["num_resources"] == len(told["resources"]) >= 5
    (csv_one,) = [r for r in told["resources"] if r["datastore_active"]]
    assert csv_one["format"] == "CSV" and csv_one["package_id"] == "aaaaaaaaaaaa" and csv_one["resource_type"] == "file"
    assert get.action("resource_show", id=csv_one["id"]) == csv_one
    assert len(get.action("current_package_list_with_resources", limit=2)) == 2


def test_organisations_themes_words_and_licences_are_told(get: Client) -> None:
    assert get.action("organization_list") == ["fontclaire"]
    (whole,) = get.action("organization_list", all_fields=True)
    assert whole["package_count"] == 3 and whole["is_organization"] is True
    shown = get.action("organization_show", id="fontclaire", include_datasets=True)
    assert len(shown["packages"]) == 3
    assert get.action("group_list") == ["environnement"]
    assert get.action("group_show", id="environnement")["package_count"] == 3
    assert isinstance(get.action("tag_list"), list)
    assert {one["id"] for one in get.action("license_list")} == {"lov2", "odc-odbl"}


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ({}, 3),
        ({"q": "*:*", "rows": 2}, 3),
        ({"q": "arbres"}, 3),
        ({"q": "title:arbres"}, 3),
        ({"q": "title:nothing"}, 0),
        ({"fq": "organization:fontclaire"}, 3),
        ({"fq": "organization:ailleurs"}, 0),
        ({"fq": "groups:environnement +res_format:CSV"}, 3),
        ({"fq": "res_format:GeoJSON"}, 3),
        ({"fq": "-groups:environnement"}, 0),
        ({"fq": "+name:jeu-a* -res_format:PDF"}, 1),
        ({"fq": "(name:jeu-aaaaaaaaaaaa OR name:jeu-bbbbbbbbbbbb) AND organization:fontclaire"}, 2),
        ({"fq": "name:(jeu-aaaaaaaaaaaa OR jeu-bbbbbbbbbbbb)"}, 2),
        ({"fq_list": ["organization:fontclaire", "name:jeu-bbbbbbbbbbbb"]}, 1),
        ({"fq": "metadata_modified:[2020-01-01T00:00:00Z TO *]"}, 3),
        ({"fq": "metadata_modified:[2030-01-01T00:00:00Z TO *]"}, 0),
        ({"fq": "metadata_modified:[* TO 2030-01-01]"}, 3),
        ({"fq": 'title:"Arbres d\'alignement"'}, 3),
        ({"fq": "NOT name:jeu-aaaaaaaaaaaa"}, 2),
    ],
)
def test_packages_are_found_by_what_harvesters_write(get: Client, question: dict[str, Any], count: int) -> None:
    told = get.action("package_search", **question)
    assert told["count"] == count
    assert len(told["results"]) == min(count, question.get("rows", 10))


def test_facets_and_orders_follow_the_contract(get: Client) -> None:
    told = get.action("package_search", **{"facet.field": ["organization", "res_format"], "rows": 0})
    assert told["results"] == []
    assert told["facets"]["organization"] == {"fontclaire": 3}
    items = told["search_facets"]["res_format"]["items"]
    assert {"name", "display_name", "count"} == set(items[0])
    names = [p["name"] for p in get.action("package_search", sort="name desc")["results"]]
    assert names == sorted(names, reverse=True)
    pages = [get.action("package_search", rows=1, start=n, sort="id asc")["results"][0]["id"] for n in range(3)]
    assert pages == sorted(pages) and len(set(pages)) == 3


def test_faults_carry_the_types_that_clients_tell_apart(get: Client) -> None:
    assert get.error("package_show", 404, id="nothing")["__type"] == "Not Found Error"
    assert get.error("package_show", 409) == {"__type": "Validation Error", "id": ["Missing value"]}
    assert get.error("package_search", 400, fq="x:(")["__type"] == "Search Query Error"
    assert get.error("package_search", 400, fq="unknown_field:x")["__type"] == "Search Query Error"
    assert get.error("package_search", 400, sort="x y")["__type"] == "Search Query Error"
    assert get.error("package_search", 409, rows=-1)["rows"] == ["Must be a natural number"]
    assert get.error("package_create", 403, name="x")["__type"] == "Authorization Error"
    assert get.error("datastore_search", 404, resource_id="nothing")["__type"] == "Not Found Error"
    assert (
        get.error("datastore_search", 409, resource_id="aaaaaaaaaaaa", filters={"Rien": 1})["__type"]
        == "Validation Error"
    )
    for name in ("x", "datastore_search_sql"):
        assert get.json(f"/api/3/action/{name}", status=400) == f"Bad request: Action name not known: {name}"
    for body in (b"{", b"[1]", b"[" * 9000):
        assert str(get.json("/api/3/action/package_show", "POST", body, 400)).startswith("Bad request: JSON Error")


def test_a_page_of_another_site_may_read_and_a_callback_is_only_a_name(get: Client) -> None:
    assert get("/api/3/action/status_show", "OPTIONS").headers["access-control-allow-origin"] == "*"
    told = get("/api/3/action/site_read?callback=jQuery123.done")
    assert told.media_type.startswith("application/javascript")
    assert isinstance(told.body, bytes) and told.body.startswith(b"/**/jQuery123.done({")
    assert get("/api/3/action/site_read?callback=alert(1)//").status == 400


def test_deep_or_endless_questions_are_refused_and_not_run() -> None:
    for text in (
        "(" * 500 + "a:b" + ")" * 500,
        " ".join(["a:b"] * 1000),
        "a:" * 200 + "b",
        "a:b OR",
        "a:b)",
        '"',
        "a:[1 TO",
        "\\",
    ):
        with pytest.raises(solr.SolrError):
            solr.read(text)


# --- Rows -----------------------------------------------------------------------------------------


def test_rows_are_numbered_and_named_as_the_file_names_them(get: Client, town: Any) -> None:
    told = get.action("datastore_search", resource_id="aaaaaaaaaaaa-csv")
    assert told["total"] == 500 and told["total_was_estimated"] is False
    assert len(told["records"]) == told["limit"] == 100
    assert told["records"][0]["_id"] == 1
    types = {f["id"]: f["type"] for f in told["fields"]}
    assert types["_id"] == "int" and types["Hauteur"] == "numeric" and types["Plante le"] == "date"
    following = get.json(told["_links"]["next"])["result"]
    assert following["records"][0]["_id"] == 101


def test_every_row_is_had_beyond_one_page_of_the_store(get: Client) -> None:
    told = get.action("datastore_search", resource_id="cccccccccccc", limit=2500, offset=10, fields=["_id"])
    assert [r["_id"] for r in told["records"]] == list(range(11, 2511))
    assert (
        get.action("datastore_search", resource_id="cccccccccccc", limit=40_000, fields="_id", include_total=False).get(
            "total"
        )
        is None
    )
    strict = get.action("datastore_search", resource_id="cccccccccccc", limit=40_000, fields="_id", strict=True)
    assert strict["limit"] == 32_000


def test_rows_are_filtered_searched_sorted_and_made_distinct(get: Client, town: Any) -> None:
    def ask(**more: Any) -> Any:
        return get.action("datastore_search", resource_id="aaaaaaaaaaaa", limit=500, **more)

    years = [n for n, r in enumerate(town.rows, 1) if r["annee"] in (1950, 1960)]
    assert [r["_id"] for r in ask(filters={"Annee": [1950, 1960]})["records"]] == years
    assert [r["_id"] for r in ask(filters={"Annee": "1950"})["records"]] == [
        n for n in years if town.rows[n - 1]["annee"] == 1950
    ]
    assert [r["_id"] for r in ask(filters={"_id": [3, 5]})["records"]] == [3, 5]
    assert all(r["Hauteur"] is None for r in ask(filters={"Hauteur": None})["records"])
    lime = [n for n, r in enumerate(town.rows, 1) if r["essence"] == "Tilleul à petites feuilles"]
    assert [r["_id"] for r in ask(q="TILLEUL")["records"]] == lime
    assert [r["_id"] for r in ask(q={"Essence": "tilleul"})["records"]] == lime
    heights = [
        r["Hauteur"]
        for r in ask(sort="Hauteur desc, _id", filters={"Essence": "CHARME"})["records"]
        if r["Hauteur"] is not None
    ]
    assert heights == sorted(heights, reverse=True)
    kinds = ask(distinct=True, fields=["Remarquable"])
    assert kinds["total"] == 3
    assert {r["Remarquable"] for r in kinds["records"]} == {True, False, None}


def test_records_come_as_objects_lists_csv_or_tsv(get: Client) -> None:
    def ask(form: str) -> Any:
        asked = {"resource_id": "aaaaaaaaaaaa", "limit": 2, "fields": ["_id", "Code"], "records_format": form}
        return get.action("datastore_search", **asked)["records"]

    assert ask("lists") == [[1, "00000"], [2, "00001"]]
    assert ask("csv") == "1,00000\r\n2,00001\r\n"
    assert ask("tsv") == "1\t00000\r\n2\t00001\r\n"
    assert (
        get.error("datastore_search", 409, resource_id="aaaaaaaaaaaa", records_format="x")["__type"]
        == "Validation Error"
    )


def test_a_table_says_its_columns(get: Client) -> None:
    told = get.action("datastore_info", id="aaaaaaaaaaaa-csv")
    assert told["meta"]["count"] == 500
    assert [f["id"] for f in told["fields"]][:2] == ["Code", "Essence"]


def test_a_dump_holds_all_rows_in_four_forms(get: Client) -> None:
    def body(url: str) -> bytes:
        response = get(url)
        assert response.status == 200
        return response.body if isinstance(response.body, bytes) else b"".join(response.body)

    rows = list(csv.reader(io.StringIO(body("/datastore/dump/aaaaaaaaaaaa-csv?bom=true").decode("utf-8-sig"))))
    assert rows[0][:2] == ["_id", "Code"] and len(rows) == 501
    assert rows[6][2] == "'=SOMME(A1)", "no spreadsheet runs it"
    told = json.loads(body("/datastore/dump/aaaaaaaaaaaa?format=json"))
    assert len(told["records"]) == 500 and told["fields"][0] == {"id": "_id", "type": "int"}
    assert len(body("/datastore/dump/aaaaaaaaaaaa?format=tsv&limit=5").splitlines()) >= 6
    tree = etree.fromstring(body("/datastore/dump/aaaaaaaaaaaa?format=xml"))
    assert len(tree) == 500 and tree[0].get("_id") == "1" and tree[0].findtext("Code") == "00000"
    assert get("/datastore/dump/aaaaaaaaaaaa?format=doc").status == 409
    assert get("/datastore/dump/nothing").status == 404

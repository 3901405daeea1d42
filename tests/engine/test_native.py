"""The native API, asked as programs ask it: through ``native.answer`` and nothing else."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from parvis.dialects import native, openapi
from parvis.store import shelf
from parvis.store.cache import Answer, Cache
from parvis.store.export import FORMATS
from parvis.store.folder import Folder
from parvis.store.pool import Pool
from parvis.values import Kind
from parvis.web import Request, Response

BASE = "https://donnees.fontclaire.fr"
TREES, PARCELS = "/api/v1/datasets/aaaaaaaaaaaa", "/api/v1/datasets/bbbbbbbbbbbb"


class Client:
    """Asks the API about one shelf."""

    def __init__(self, town: Any, pool: Any, cache: Cache | None = None) -> None:
        self.catalogue, self.pool, self.cache = town.catalogue, pool, cache

    def __call__(self, url: str, method: str = "GET", **headers: str) -> Response:
        parts = urlsplit(url)
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        names = {n.replace("_", "-"): v for n, v in headers.items()}
        request = Request(method, parts.path, query, names, base=BASE)
        return native.answer(request, self.catalogue, self.pool, self.cache)

    def json(self, url: str, status: int = 200) -> Any:
        response = self(url)
        assert isinstance(response.body, bytes)
        assert response.status == status, response.body[:300]
        assert response.media_type.startswith("application/json")
        return json.loads(response.body)


@pytest.fixture
def get(town: Any, pool: Any) -> Client:
    return Client(town, pool)


class NoPool:
    """A pool that must not be asked; where the files lie may be."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a worker was asked: {name}")


# --- Catalogue ------------------------------------------------------------------------------------


def test_the_root_gives_the_addresses_to_follow(get: Client) -> None:
    links = get.json("/api/v1/")["links"]
    for name in ("self", "datasets", "openapi"):
        get.json(links[name].removeprefix(BASE))
    assert get.json("/api/v1")["links"] == links


def test_the_catalogue_is_listed_searched_filtered_and_paged(get: Client) -> None:
    told = get.json("/api/v1/datasets?facets=theme&limit=2")
    assert told["total"] == 3
    assert len(told["datasets"]) == 2
    assert told["facets"] == {"theme": [{"value": "environnement", "count": 3}]}
    rest = get.json(told["links"]["next"].removeprefix(BASE))
    assert "next" not in rest["links"]
    assert {d["id"] for d in told["datasets"] + rest["datasets"]} == {"aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc"}
    assert get.json("/api/v1/datasets?q=arbres&theme=environnement")["total"] == 3
    assert get.json("/api/v1/datasets?theme=sport")["total"] == 0


def test_a_dataset_says_what_it_is_and_nothing_of_what_was_removed(get: Client) -> None:
    told = get.json(TREES)
    assert told["licence"]["title"] == "Licence Ouverte 2.0"
    assert [c["name"] for c in told["version"]["columns"]][:2] == ["code", "essence"]
    assert {e["format"] for e in told["version"]["exports"]} == set(FORMATS) - {"ical"}
    body = json.dumps(told)
    for inside in ("policy", "source_digest", "risk", "findings", "engine", "examples"):
        assert f'"{inside}"' not in body
    for link in (told["version"]["links"]["records"], told["version"]["links"]["self"]):
        get.json(link.removeprefix(BASE))
    versions = get.json(f"{TREES}/versions")
    assert versions["versions"][0]["current"]
    assert get.json(versions["versions"][0]["links"]["self"].removeprefix(BASE))["id"] == told["version"]["id"]


# --- Rows -----------------------------------------------------------------------------------------


def test_records_are_selected_filtered_and_sorted(get: Client, town: Any) -> None:
    told = get.json(f"{TREES}/records?select=code,annee&where=annee>=2000&where=remarquable=true&order=-annee&limit=5")
    wanted = [r for r in town.rows if (r["annee"] or 0) >= 2000 and r["remarquable"]]
    assert told["total"] == len(wanted)
    assert told["records"][0]["annee"] == max(r["annee"] for r in wanted)
    assert set(told["records"][0]) == {"code", "annee"}
    assert told["version"] == town.trees.id


def test_the_rows_of_a_walk_by_link_are_all_the_rows(get: Client, town: Any) -> None:
    url, seen = f"{TREES}/records?limit=120&order=quartier&where=code<'00400'", []
    while url:
        response = get(url)
        assert isinstance(response.body, bytes)
        told = json.loads(response.body)
        seen += [r["code"] for r in told["records"]]
        link = re.fullmatch(r'<(.+)>; rel="next"', response.headers.get("link", "")) if told["cursor"] else None
        assert told["links"].get("next") == (link.group(1) if link else None)
        url = link.group(1).removeprefix(BASE) if link else ""
    assert sorted(seen) == [r["code"] for r in town.rows[:400]]


def test_words_are_searched_without_case_nor_accents(get: Client, town: Any) -> None:
    told = get.json(f"{TREES}/records?q=ERABLE%20pres&limit=1000&select=essence,quartier")
    assert told["records"]
    assert all("Érable" in r["essence"] and "Prés" in r["quartier"] for r in told["records"])


def test_groups_are_calculated(get: Client, town: Any) -> None:
    told = get.json(f"{TREES}/aggregates?group=quartier&aggregates=count,avg(hauteur) as moyenne&order=-count")
    assert told["total"] == len({r["quartier"] for r in town.rows})
    assert sum(g["count"] for g in told["groups"]) == 500
    assert {"quartier", "count", "moyenne"} == set(told["groups"][0])
    grouped = get.json(f"{TREES}/records?group=quartier&order=-count")
    assert grouped["records"][0]["count"] == told["groups"][0]["count"]
    alone = get.json(f"{TREES}/aggregates?aggregates=max(annee)")
    assert alone["groups"] == [{"max_annee": max(r["annee"] for r in town.rows if r["annee"])}]
    paged = get.json(f"{TREES}/aggregates?group=quartier&limit=2")
    assert len(get.json(paged["links"]["next"].removeprefix(BASE))["groups"]) == 2


def test_a_version_answers_at_its_own_address(get: Client, town: Any) -> None:
    told = get.json(f"{TREES}/versions/{town.trees.id}/records?limit=3")
    assert told["records"] == get.json(f"{TREES}/records?limit=3")["records"]
    get.json(f"{PARCELS}/versions/{town.trees.id}/records", 404)


def told_by(url: str, **asked: str) -> str:
    return f"{url}?{urlencode(asked)}"


def test_the_whole_question_can_be_asked_by_an_address(get: Client, town: Any) -> None:
    tall = [r for r in town.rows if r["hauteur"] is not None and r["hauteur"] * 2 > 50]
    told = get.json(
        told_by(f"{TREES}/records", where="hauteur * 2 > 50", select="code, hauteur * 2 as double", limit="1000")
    )
    assert told["total"] == len(tall)
    assert [(r["code"], r["double"]) for r in told["records"]] == [(r["code"], r["hauteur"] * 2) for r in tall]
    years = Counter(r["plante_le"].year for r in town.rows if r["plante_le"])
    told = get.json(
        told_by(
            f"{TREES}/records", group="year(plante_le) as an", select="count(*) as n, avg(hauteur) as h",
            where="plante_le is not null", having="n >= 20", order="-n,an", limit="1000",
        )
    )  # fmt: skip
    wanted = sorted(((y, n) for y, n in years.items() if n >= 20), key=lambda x: (-x[1], x[0]))
    assert [(r["an"], r["n"]) for r in told["records"]] == wanted
    assert told["total"] == len(wanted)
    groups = get.json(
        told_by(f"{TREES}/aggregates", group="quartier", aggregates="sum(hauteur) / count(hauteur) as moyenne")
    )
    plain = get.json(told_by(f"{TREES}/aggregates", group="quartier", aggregates="avg(hauteur) as moyenne"))
    for one, other in zip(groups["groups"], plain["groups"], strict=True):
        assert one["moyenne"] == pytest.approx(other["moyenne"])


def test_places_can_be_asked_for_by_a_circle_and_a_shape(get: Client, town: Any) -> None:
    square = "POLYGON((2 48, 2.05 48, 2.05 48.1, 2 48.1, 2 48))"
    inside = get.json(told_by(f"{TREES}/records", where=f"within('{square}')"))["total"]
    assert (
        0
        < inside
        < get.json(told_by(f"{TREES}/records", where="longitude is not null and latitude is not null"))["total"]
    )
    near = get.json(told_by(f"{TREES}/records", where="near(2.1, 48.1, 2000)", select="code, distance(2.1, 48.1) as m"))
    far = get.json(told_by(f"{TREES}/records", where="distance(2.1, 48.1) <= 2000", order="distance(2.1, 48.1)"))
    assert near["total"] == far["total"] > 0
    assert all(r["m"] <= 2000 for r in near["records"])
    extent = get.json(told_by(f"{TREES}/aggregates", aggregates="extent() as cadre"))["groups"][0]["cadre"]
    assert extent["type"] == "Polygon"
    assert get.json(told_by(f"{PARCELS}/records", where="intersects('POINT(2.15 42.15)')"))["total"] <= 1


def test_a_draw_is_the_same_each_time_and_the_file_holds_what_the_page_shows(get: Client) -> None:
    url = told_by(f"{TREES}/records", sample="7", seed="3", select="code")
    drawn = get.json(url)["records"]
    assert len(drawn) == 7
    assert get.json(url)["records"] == drawn
    assert get.json(told_by(f"{TREES}/records", sample="7", seed="4", select="code"))["records"] != drawn
    file = b"".join(
        get(told_by(f"{TREES}/exports/json", group="quartier", select="count(*) as n", having="n > 80")).body
    )
    page = get.json(told_by(f"{TREES}/records", group="quartier", select="count(*) as n", having="n > 80"))
    assert json.loads(file) == page["records"]
    paged = get.json(told_by(f"{TREES}/records", select="upper(essence) as e", limit="200"))
    following = get.json(paged["links"]["next"].removeprefix(BASE))
    assert len(following["records"]) == 200


def test_shapes_are_geojson_and_a_box_keeps_what_it_meets(get: Client) -> None:
    told = get.json(f"{PARCELS}/records?where=bbox(2.1,42.1,2.2,42.2)")
    assert [r["parcelle"] for r in told["records"]] == ["P2"]
    assert told["records"][0]["geometry"]["type"] == "Polygon"


# --- The web's own rules --------------------------------------------------------------------------


def test_the_same_question_gets_304_without_a_worker(town: Any, pool: Any) -> None:
    url = f"{TREES}/records?where=annee>1950&order=annee"
    first = Client(town, pool)(url)
    etag = first.headers["etag"]
    assert etag.startswith(f'"{town.trees.id}-')
    idle = Client(town, NoPool(town.folder))
    for tag in (etag, f"W/{etag}", f'"autre", {etag}', "*"):
        again = idle(url, if_none_match=tag)
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == etag
    assert Client(town, pool)(url, if_none_match='"autre"').status == 200
    assert Client(town, pool)(f"{url}&limit=3").headers["etag"] != etag
    export = Client(town, pool)(f"{TREES}/exports/csv")
    for _ in export.body:
        pass
    assert idle(f"{TREES}/exports/csv", if_none_match=export.headers["etag"]).status == 304


def test_the_same_question_is_answered_from_memory_without_a_worker(town: Any, pool: Any) -> None:
    cache, url = Cache(), f"{TREES}/records?where=annee>1950&limit=3"
    first = Client(town, pool, cache)(url)
    again = Client(town, NoPool(town.folder), cache)(url)
    assert (again.body, again.headers) == (first.body, first.headers)
    assert "link" in again.headers
    assert cache.hits == 1
    assert Client(town, pool, cache)(f"{TREES}/records?where=rien>1950").status == 400
    assert len(cache) == 1  # faults are not kept


def test_the_catalogue_answers_304_too(get: Client) -> None:
    for url in ("/api/v1/", "/api/v1/datasets", TREES, "/api/v1/openapi.json"):
        assert get(url, if_none_match=get(url).headers["etag"]).status == 304


def test_head_gives_the_headers_of_get_without_a_body(get: Client) -> None:
    for url in ("/api/v1/datasets", f"{TREES}/records", f"{TREES}/exports/csv"):
        full, head = get(url), get(url, "HEAD")
        assert (head.status, head.body) == (200, b"")
        assert head.headers["etag"] == full.headers["etag"]
        assert head.media_type == full.media_type
        if isinstance(full.body, bytes):
            assert head.headers["content-length"] == str(len(full.body))
        else:
            assert "content-length" not in head.headers
            for _ in full.body:
                pass
    assert get(f"{TREES}/exports/csv?where=rien=1", "HEAD").status == 400


def test_any_site_may_ask_and_a_preflight_is_answered(get: Client) -> None:
    preflight = get(f"{TREES}/records", "OPTIONS", origin="https://ailleurs.fr", access_control_request_method="GET")
    assert preflight.status == 204
    assert "GET" in preflight.headers["access-control-allow-methods"]
    for response in (preflight, get(TREES), get("/api/v1/rien"), get(f"{TREES}/records", "POST")):
        assert response.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("url", "status", "code", "parameter"),
    [
        ("/api/v1/rien", 404, "not_found", ""),
        ("/api/v1/datasets/zzz/records", 404, "not_found", ""),
        (f"{TREES}/versions/{'0' * 32}/records", 404, "not_found", ""),
        (f"{TREES}/exports/docx", 404, "not_found", ""),
        (f"{TREES}/records?were=annee=1", 400, "input", "were"),
        (f"{TREES}/records?limit=1&limit=2", 400, "input", "limit"),
        (f"{TREES}/records?limit=1001", 400, "input", "limit"),
        (f"{TREES}/records?limit=-1", 400, "input", "limit"),
        (f"{TREES}/records?limit=²", 400, "input", "limit"),
        (f"{TREES}/records?offset=1e3", 400, "input", "offset"),
        (f"{TREES}/records?where=annee%20=", 400, "input", "where"),
        (f"{TREES}/records?where=rien=1", 400, "input", "where"),
        (f"{TREES}/records?select=rien", 400, "unknown_column", "select"),
        (f"{TREES}/records?order=-rien", 400, "unknown_column", "order"),
        (f"{TREES}/records?group=rien", 400, "unknown_column", "group"),
        (f"{TREES}/records?having=n>1", 400, "input", "having"),
        (f"{TREES}/records?group=annee&sample=3", 400, "input", "sample"),
        (f"{TREES}/records?select=hauteur*", 400, "input", "select"),
        (f"{TREES}/records?select=upper(geom)", 400, "input", "select"),
        (f"{TREES}/records?select=essence*2", 400, "input", "select"),
        (f"{TREES}/records?order=year(essence)", 400, "input", "order"),
        (f"{TREES}/records?timezone=Lune/Mer", 400, "input", "timezone"),
        (f"{TREES}/aggregates?group=quartier&having=essence='x'", 400, "input", "having"),
        (f"{TREES}/aggregates?aggregates=hauteur*2", 400, "input", "aggregates"),
        (f"{TREES}/records?cursor=abc", 400, "input", "cursor"),
        (f"{TREES}/records?count=peut-etre", 400, "input", "count"),
        (f"{TREES}/aggregates?aggregates=sum(essence)", 400, "input", ""),
        (f"{TREES}/aggregates?aggregates=drop(annee)", 400, "input", "aggregates"),
        (f"{TREES}/exports/csv?limit=3", 400, "input", "limit"),
        (f"{TREES}/exports/json?profile=excel", 400, "input", "profile"),
        ("/api/v1/datasets?sort=id", 400, "input", "sort"),
        ("/api/v1/datasets?facets=password", 400, "input", "facets"),
        ("/api/v1/datasets?password=a", 400, "input", "password"),
    ],
)
def test_a_fault_says_where_and_what_to_do(get: Client, url: str, status: int, code: str, parameter: str) -> None:
    told = get.json(url, status)
    error = told["error"]
    assert (error["code"], error["parameter"]) == (code, parameter)
    assert error["message"].endswith(".")
    assert get(url).headers["cache-control"] == "no-store"


def test_a_condition_that_goes_wrong_is_shown_at_its_character(get: Client) -> None:
    error = get.json(f"{TREES}/records?where=annee%20>%202000%20et%20hauteur%20>%2010", 400)["error"]
    assert error["position"] == 14
    assert "caractère 14, devant « et »" in error["message"]


def test_a_table_without_places_has_no_geojson(tmp_path: Any, making: Any) -> None:
    folder = Folder(tmp_path / "data")
    making.put(folder, making.protected(tmp_path / "t.parquet", {"n": Kind.INTEGER}, [{"n": 1}]), "dddddddddddd")
    own = Pool(folder, workers=1)
    try:
        get = Client(type("Town", (), {"catalogue": making.Catalogue(folder)}), own)
        formats = [e["format"] for e in get.json("/api/v1/datasets/dddddddddddd")["version"]["exports"]]
        assert "geojson" not in formats
        get.json("/api/v1/datasets/dddddddddddd/exports/geojson", 400)
        get.json("/api/v1/datasets/dddddddddddd/records?where=bbox(1,2,3,4)", 400)
    finally:
        own.close()


def test_methods_that_write_are_refused_with_those_that_read(get: Client) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"):
        response = get(f"{TREES}/records", method)
        assert response.status == 405
        assert response.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", 200), ("application/json", 200), ("", 200), ("text/csv", 406),
        ("application/json;q=0, text/csv", 406), ("application/*", 200), ("image/png", 406),
    ],
)  # fmt: skip
def test_records_are_json_and_say_so_to_who_wants_another_thing(get: Client, accept: str, status: int) -> None:
    response = get(f"{TREES}/records", accept=accept)
    assert response.status == status
    if status == 406:
        assert b"exports/csv" in bytes(response.body)  # type: ignore[arg-type]  # a fault is never a stream


def test_withdrawn_data_answers_410_with_the_reason_even_from_memory(tmp_path: Any, making: Any) -> None:
    folder = Folder(tmp_path / "data")
    version = making.put(
        folder, making.protected(tmp_path / "t.parquet", {"n": Kind.INTEGER}, [{"n": 1}]), "dddddddddddd"
    )
    own, cache = Pool(folder, workers=1), Cache()
    try:
        get = Client(type("Town", (), {"catalogue": making.Catalogue(folder)}), own, cache)
        url = "/api/v1/datasets/dddddddddddd"
        etag = get(f"{url}/records").headers["etag"]
        shelf.withdraw(folder, "dddddddddddd", "Noms de mineurs.", making.NOW)
        for path in (url, f"{url}/records", f"{url}/exports/csv", f"{url}/versions/{version.id}/records"):
            response = get(path, if_none_match=etag)
            assert response.status == 410
            assert isinstance(response.body, bytes)
            assert json.loads(response.body)["error"]["reason"] == "Noms de mineurs."
        assert cache.forget(version.id) == 1
    finally:
        own.close()


def test_a_failure_of_ours_says_nothing_of_the_inside() -> None:
    response = native.fault(RuntimeError("/srv/secret/path"))
    assert response.status == 500
    assert b"secret" not in bytes(response.body)  # type: ignore[arg-type]  # a fault is never a stream


def test_too_many_questions_are_told_when_to_come_back(town: Any) -> None:
    full = Pool(town.folder, workers=0, waiting=0)
    response = Client(town, full)(f"{TREES}/records")
    assert response.status == 503
    assert int(response.headers["retry-after"]) > 0


HOSTILE = [
    "/api/v1/datasets/..%2f..%2fetc/records", "/api/v1/datasets/%00/records", "/api/v1//datasets", "/api/v1/datasets/a/b/c",
    f"{TREES}/records?where=%00", f"{TREES}/records?where=" + "(" * 9000, f"{TREES}/records?q=" + "a%20" * 4000,
    f"{TREES}/records?q=%ED%A0%80", f"{TREES}/records?select=" + ",".join(["code"] * 9000), f"{TREES}/records?order=,,,",
    f"{TREES}/records?" + "&".join(f"x{i}=1" for i in range(999)), f"{TREES}/records?offset=999999999",
    f"{TREES}/records?where=essence='{{source}}'", f"{TREES}/records?where=code in ({','.join(['1'] * 1001)})",
    f"{TREES}/aggregates?group=code,essence,quartier,annee&aggregates=" + ",".join(f"count as n{i}" for i in range(500)),
    f"{TREES}/exports/../records", f"{TREES}/exports/csv?where=essence contains '%25'", f"{TREES}/versions/../records",
    f"{TREES}/records?cursor=" + "A" * 60_000, f"{TREES}/aggregates?aggregates=count as __row",
]  # fmt: skip


@pytest.mark.parametrize("url", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_request_gets_a_clean_answer(get: Client, url: str) -> None:
    response = get(url)
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    assert response.status in (200, 400, 404, 422)
    assert all("\n" not in v and "\r" not in v for v in response.headers.values())
    for leak in (b"Traceback", b"/tmp", b"duckdb", b"parquet'", b"__row"):
        assert leak not in body.lower() or response.status == 200


def test_a_path_or_a_name_never_breaks_a_header(get: Client) -> None:
    response = get(f"{TREES}/records?limit=1&q=%0d%0aSet-Cookie:%20a=b")
    assert all("\r" not in v and "\n" not in v for v in response.headers.values())


# --- The document ---------------------------------------------------------------------------------


def resolve(document: Any, schema: Any) -> Any:
    while "$ref" in schema:
        found = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def fits(document: Any, schema: Any, value: Any, at: str = "") -> None:
    """Fail when a value is not what a schema of ours says: the few words that we use of JSON Schema."""
    schema = resolve(document, schema)
    kinds: dict[str, Any] = {"string": str, "integer": int, "number": (int, float), "boolean": bool}
    kinds |= {"array": list, "object": dict, "null": type(None)}
    if "type" in schema:
        wanted = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        assert any(isinstance(value, kinds[w]) for w in wanted), (at, wanted, value)
    if "enum" in schema:
        assert value in schema["enum"], (at, value)
    if isinstance(value, dict):
        known = schema.get("properties", {})
        assert set(schema.get("required", ())) <= set(value), (at, set(schema["required"]) - set(value))
        for name, item in value.items():
            more = schema.get("additionalProperties", True)
            assert name in known or more is not False, (at, name)
            inner = known.get(name, more)
            if isinstance(inner, dict):
                fits(document, inner, item, f"{at}.{name}")
    for item in value if isinstance(value, list) else ():
        fits(document, schema.get("items", {}), item, f"{at}[]")


def test_every_answer_is_what_the_document_says(get: Client, town: Any) -> None:
    document = get.json("/api/v1/openapi.json")
    places = {"dataset": "aaaaaaaaaaaa", "version": town.trees.id, "format": "csv"}
    for path, item in document["paths"].items():
        url = "/api/v1" + path.format(**places)
        response = get(url)
        assert response.status == 200, url
        said = item["get"]["responses"]["200"]
        kind = response.media_type.partition(";")[0]
        assert kind in said["content"]
        assert isinstance(response.headers.get("etag"), str)
        if isinstance(response.body, bytes) and "json" in kind:
            fits(document, said["content"][kind]["schema"], json.loads(response.body), url)
        refused = get(f"{url}?inconnu=1")
        assert refused.status == 400, url
        assert isinstance(refused.body, bytes)
        fault = resolve(document, item["get"]["responses"]["400"])["content"]["application/json"]["schema"]
        fits(document, fault, json.loads(refused.body), url)


def test_every_parameter_of_the_document_is_understood_with_its_example(get: Client, town: Any) -> None:
    document = get.json("/api/v1/openapi.json")
    columns = {"commune": "quartier", "montant": "hauteur"}
    places = {"dataset": "aaaaaaaaaaaa", "version": town.trees.id, "format": "csv"}
    for path, item in document["paths"].items():
        for parameter in item["get"]["parameters"]:
            if parameter["in"] != "query" or parameter["name"] == "cursor":
                continue
            example = parameter.get(
                "example", parameter["schema"].get("default", parameter["schema"].get("enum", [""])[-1])
            )
            text = str(example[0] if isinstance(example, list) else example)
            for name, ours in columns.items():
                text = text.replace(name, ours)
            text = "true" if text == "True" else text
            beside = (("group", "quartier"),) if parameter["name"] == "having" else ()
            asked = ((parameter["name"], text), *beside)
            request = Request("GET", "/api/v1" + path.format(**places), asked, base=BASE)
            response = native.answer(request, town.catalogue, get.pool)
            assert response.status == 200, (path, parameter["name"], text, response.body)


def test_the_document_holds_together() -> None:
    document = openapi.document(BASE, "Fontclaire")
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    names = [item["get"]["operationId"] for item in document["paths"].values()]
    assert len(names) == len(set(names))
    references = re.findall(r'"\$ref": "([^"]+)"', json.dumps(document))
    for reference in references:
        assert resolve(document, {"$ref": reference})
    for path, item in document["paths"].items():
        places = set(re.findall(r"\{(\w+)\}", path))
        assert places == {p["name"] for p in item["get"]["parameters"] if p["in"] == "path"}
        for parameter in item["get"]["parameters"]:
            assert parameter["description"]


# --- Answers kept ---------------------------------------------------------------------------------


def test_the_cache_keeps_within_its_budget_and_drops_the_longest_unasked() -> None:
    cache = Cache(budget=100_000)
    for i in range(50):
        cache.put("v", str(i), Answer(b"x" * 5000))
        cache.get("v", "0")
        assert cache.size <= cache.budget
    assert cache.get("v", "0")
    assert cache.get("v", "1") is None
    cache.put("v", "big", Answer(b"x" * 50_000))
    assert cache.get("v", "big") is None
    cache.put("w", "0", Answer(b"y"))
    cache.forget("v")
    assert (len(cache), cache.size) == (1, len(b"y") + 600)


def test_the_cache_is_safe_between_threads() -> None:
    import threading

    cache = Cache(budget=50_000)

    def work(seed: int) -> None:
        for i in range(2000):
            cache.put(f"v{i % 3}", str(i * seed % 40), Answer(b"x" * (i % 3000)))
            cache.get(f"v{i % 3}", str(i % 40))
            if i % 500 == 0:
                cache.forget("v1")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 <= cache.size <= cache.budget
    for name in ("v0", "v1", "v2"):
        cache.forget(name)
    assert (len(cache), cache.size) == (0, 0)

"""Opendatasoft's API asked as its clients ask it, through ``ods.answer`` and nothing else."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import zipfile
from collections import Counter
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
from lxml import etree

from parvis.dialects import ods, ods_catalogue, ods_records
from parvis.dialects.ods_request import fault
from parvis.errors import BusyError
from parvis.store import shelf
from parvis.store.cache import Cache
from parvis.store.folder import Folder
from parvis.store.pool import Pool
from parvis.web import Request, Response

BASE = "https://donnees.fontclaire.fr"
NOW = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
V21 = "/api/explore/v2.1/catalog"
TREES, PARCELS = f"{V21}/datasets/jeu-aaaaaaaaaaaa", f"{V21}/datasets/jeu-bbbbbbbbbbbb"


class Slugs:
    """A shelf's catalogue that finds datasets by their slug too."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def find(self, dataset: str) -> Any:
        return self.inner.find(dataset.removeprefix("jeu-"))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class Client:
    def __init__(self, town: Any, pool: Any, cache: Cache | None = None) -> None:
        self.catalogue, self.pool, self.cache = Slugs(town.catalogue), pool, cache

    def __call__(self, url: str, method: str = "GET", headers: dict[str, str] | None = None, **asked: Any) -> Response:
        parts = urlsplit(url)
        query = [*parse_qsl(parts.query, keep_blank_values=True)]
        for name, value in asked.items():
            query += [(name, str(v)) for v in (value if isinstance(value, list) else [value])]
        request = Request(method, parts.path, tuple(query), headers or {}, base=BASE)
        return ods.answer(request, self.catalogue, self.pool, self.cache, NOW)

    def json(self, url: str, status: int = 200, **asked: Any) -> Any:
        response = self(url, **asked)
        assert isinstance(response.body, bytes)
        assert response.status == status, response.body[:500]
        return json.loads(response.body)

    def rows(self, url: str = TREES, **asked: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.json(f"{url}/records", **asked)["results"]
        return rows

    def file(self, url: str, **asked: Any) -> bytes:
        response = self(url, **asked)
        assert response.status == 200, response.body
        return response.body if isinstance(response.body, bytes) else b"".join(response.body)


@pytest.fixture
def get(town: Any, pool: Any) -> Client:
    return Client(town, pool)


# --- Records --------------------------------------------------------------------------------------


def test_records_have_the_shape_that_clients_know(get: Client, town: Any) -> None:
    told = get.json(f"{TREES}/records", limit=3)
    assert set(told) == {"total_count", "results"}
    assert told["total_count"] == len(town.rows)
    first, row = told["results"][0], town.rows[0]
    assert first["geo_point_2d"] == {"lon": row["longitude"], "lat": row["latitude"]}
    assert first["plante_le"] == row["plante_le"].isoformat()
    assert first["releve"] == row["releve"].isoformat() + "+00:00"
    assert "quartier" in first  # empty cells are kept
    assert get.rows(limit=1, timezone="Europe/Paris")[0]["releve"] == "2026-01-01T09:30:00+01:00"


def test_shapes_are_features(get: Client) -> None:
    first = get.rows(PARCELS, limit=1)[0]
    assert first["geo_shape"]["type"] == "Feature"
    assert first["geo_shape"]["geometry"]["type"] == "Polygon"
    assert first["geo_point_2d"] == {"lon": 0.25, "lat": 40.25}


def test_ten_rows_when_nothing_is_said_and_all_of_a_page_for_minus_one(get: Client) -> None:
    assert len(get.rows()) == 10
    assert len(get.rows(limit=-1)) == 100
    assert get.json(f"{TREES}/records", limit=0) == {"total_count": 500, "results": []}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"limit": 1473}, "Invalid value for limit API parameter: 1473 was found but -1 <= limit <= 100 is expected."),
        ({"limit": -2}, "Invalid value for limit API parameter: -2 was found but -1 <= limit <= 100 is expected."),
        (
            {"limit": 20_001, "group_by": "essence"},
            "Invalid value for limit API parameter: 20001 was found but -1 <= limit <= 20000 is expected.",
        ),
        ({"limit": "dix"}, "Invalid value for limit API parameter: dix was found but an integer is expected."),
        ({"offset": -1}, "Invalid value for offset API parameter: -1 was found but offset >= 0 is expected."),
        ({"lang": "xx"}, "Invalid value for lang API parameter: xx was found but a language is expected."),
        ({"timezone": "Mars"}, "Invalid value for timezone API parameter: Mars was found but a timezone is expected."),
    ],
)
def test_a_parameter_out_of_bounds_is_said_as_the_original_says_it(get: Client, asked: Any, message: str) -> None:
    told = get.json(f"{TREES}/records", 400, **asked)
    assert told == {"error_code": "InvalidRESTParameterError", "message": message}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"select": "foo()"}, "ODSQL query is malformed: foo() Clause(s) containing the error(s): select."),
        (
            {"where": "nulle_part = 1"},
            "ODSQL query is malformed: Unknown field: nulle_part. Clause(s) containing the error(s): where.",
        ),
    ],
)
def test_a_malformed_clause_is_named(get: Client, asked: Any, message: str) -> None:
    told = get.json(f"{TREES}/records", 400, **asked)
    assert told == {"error_code": "ODSQLError", "message": message}


def test_what_does_not_exist_is_said_as_the_original_says_it(get: Client) -> None:
    told = get.json(f"{V21}/datasets/inconnu/records", 404)
    assert told == {"error_code": "NotFoundResource", "message": "The requested dataset inconnu does not exist."}
    assert get.json(f"{V21}/nulle/part", 404)["error_code"] == "NotFoundResource"
    assert get(f"{TREES}/records", "POST").status == 405


def test_there_is_no_wall_unless_it_is_asked_for(get: Client) -> None:
    long = f"{V21}/datasets/jeu-cccccccccccc"
    told = get.json(f"{long}/records", limit=100, offset=20_000)
    assert len(told["results"]) == 100
    assert told["results"][0]["code"] == "20000"
    wall = get.json(f"{long}/records", 400, limit=100, offset=9_950, strict="true")
    assert "10050 was found but <= 10000 is expected" in wall["message"]


def test_a_cursor_goes_on_to_the_last_row(get: Client) -> None:
    seen: list[str] = []
    asked: dict[str, Any] = {"limit": 100, "order_by": "quartier desc", "select": "code"}
    while True:
        response = get(f"{TREES}/records", **asked)
        assert isinstance(response.body, bytes)
        seen += [r["code"] for r in json.loads(response.body)["results"]]
        if "x-parvis-cursor" not in response.headers:
            break
        asked["cursor"] = response.headers["x-parvis-cursor"]
    assert len(seen) == len(set(seen)) == 500


def test_links_and_metadata_of_rows_are_given_when_asked_for(get: Client) -> None:
    told = get.json(f"{TREES}/records", limit=2, offset=4, include_links="true", include_app_metas="true")
    rel = {link["rel"]: link["href"] for link in told["_links"]}
    assert {"self", "first", "last", "next"} <= set(rel)
    assert get.json(rel["next"].removeprefix(BASE))["results"][0]["code"] == "00006"
    row = told["results"][0]
    assert row["_timestamp"].endswith("+00:00")
    assert row["_size"] > 10
    alone = get.json(f"{TREES}/records/{row['_id']}")
    assert alone == {k: v for k, v in row.items() if not k.startswith("_")}
    assert get.json(f"{TREES}/records/{row['_id']}", select="code") == {"code": row["code"]}
    for wrong in ("f" * 40, "1", row["_id"][:24] + "f" * 16):
        assert get.json(f"{TREES}/records/{wrong}", 404)["error_code"] == "NotFoundResource"


def test_groups_come_with_their_calculations(get: Client, town: Any) -> None:
    rows = get.rows(select="count(*) as nombre, max(hauteur)", group_by="essence", order_by="nombre desc, essence")
    counts = Counter(r["essence"] for r in town.rows)
    assert {r["essence"]: r["nombre"] for r in rows} == counts
    assert [r["nombre"] for r in rows] == sorted(counts.values(), reverse=True)
    assert "total_count" not in get.json(f"{TREES}/records", group_by="essence")
    assert set(rows[0]) == {"essence", "nombre", "max(hauteur)"}
    assert get.json(f"{TREES}/records", 400, group_by="geo_point_2d")["error_code"] == "ODSQLError"
    assert get.json(f"{TREES}/records", 400, group_by="essence", select="hauteur")["error_code"] == "ODSQLError"


def test_counts_of_different_values_are_exact(get: Client, town: Any) -> None:
    (row,) = get.rows(select="count(distinct code) as n, count(hauteur) as h")
    assert row == {"n": 500, "h": sum(r["hauteur"] is not None for r in town.rows)}


# --- Facets ---------------------------------------------------------------------------------------


def test_facets_count_every_value(get: Client, town: Any) -> None:
    told = get.json(f"{TREES}/facets", facet=["essence", "plante_le"])
    assert told["links"] == told["_links"] == []
    species, planted = told["facets"]
    counts = Counter(r["essence"] for r in town.rows if r["essence"])
    assert {f["value"]: f["count"] for f in species["facets"]} == counts
    assert all(f["state"] == "displayed" for f in species["facets"])
    years = Counter(str(r["plante_le"].year) for r in town.rows if r["plante_le"])
    assert {f["name"]: f["count"] for f in planted["facets"]} == years


def test_a_refined_date_opens_its_months(get: Client, town: Any) -> None:
    told = get.json(f"{TREES}/facets", facet="plante_le", refine="plante_le:2001/03")
    (year,) = told["facets"][0]["facets"]
    assert (year["name"], year["state"]) == ("2001", "refined")
    (month,) = year["facets"]
    days = [r for r in town.rows if r["plante_le"] and r["plante_le"].isoformat().startswith("2001-03")]
    assert (month["name"], month["value"], month["state"], month["count"]) == ("03", "2001/03", "refined", len(days))
    assert get.json(f"{TREES}/records", refine="plante_le:2001/03")["total_count"] == len(days)
    rest = get.json(f"{TREES}/records", exclude="plante_le:2001/03")["total_count"]
    assert rest == len(town.rows) - len(days)


def test_facets_are_sorted_limited_and_kept_open(get: Client) -> None:
    def values(facet: str, **asked: Any) -> list[str]:
        return [f["value"] for f in get.json(f"{TREES}/facets", facet=facet, **asked)["facets"][0]["facets"]]

    assert values('facet(name="quartier",sort="alphanum",limit=2)') == sorted(values("quartier"))[:2]
    assert values('facet(name="quartier",sort="-alphanum")') == sorted(values("quartier"), reverse=True)
    assert values("quartier", refine='quartier:"Centre"') == ["Centre"]
    assert len(values('facet(name="quartier",disjunctive=true)', refine='quartier:"Centre"')) == 5
    assert get.json(f"{TREES}/facets", 400, facet="inconnue")["error_code"] == "ODSQLError"
    assert len(get.json(f"{V21}/datasets/jeu-cccccccccccc/facets", facet="code")["facets"][0]["facets"]) == 25_000


# --- Catalogue ------------------------------------------------------------------------------------


def test_datasets_have_the_shape_that_clients_know(get: Client) -> None:
    told = get.json(f"{V21}/datasets", limit=2)
    assert told["total_count"] == 3
    dataset = told["results"][0]
    assert {
        "dataset_id", "dataset_uid", "attachments", "has_records", "data_visible", "visibility", "features", "metas",
        "fields", "alternative_exports",
    } <= set(dataset)  # fmt: skip
    assert dataset["dataset_uid"].startswith("da_")
    assert dataset["metas"]["default"]["records_count"] == 500
    assert {f["type"] for f in dataset["fields"]} == {
        "geo_point_2d",
        "text",
        "int",
        "double",
        "boolean",
        "date",
        "datetime",
    }
    assert get.json(f"{V21}/datasets/{dataset['dataset_id']}") == dataset


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ('datasetid:"jeu-aaaaaaaaaaaa"', 1),  # what the QGIS plugin sends
        ("features='geo'", 3),
        ("features='timeserie'", 2),
        ("'timeserie' in features", 2),
        ("records_count > 1000", 1),
        ("'arbres'", 3),
        ("title like '%lignement%' and not dataset_id = 'jeu-aaaaaaaaaaaa'", 2),
        ("default.publisher = 'Fontclaire'", 3),
    ],
)
def test_the_catalogue_answers_odsql(get: Client, where: str, count: int) -> None:
    assert get.json(f"{V21}/datasets", where=where)["total_count"] == count


def test_the_catalogue_selects_groups_and_counts(get: Client) -> None:
    assert get.json(f"{V21}/datasets", select="dataset_id, title", limit=1)["results"] == [
        {"dataset_id": "jeu-aaaaaaaaaaaa", "title": "Arbres d'alignement"}
    ]
    rows = get.json(f"{V21}/datasets", select="count(*) as n", group_by="publisher")["results"]
    assert rows == [{"publisher": "Fontclaire", "n": 3}]
    facets = {f["name"]: f["facets"] for f in get.json(f"{V21}/facets")["facets"]}
    assert {f["value"]: f["count"] for f in facets["features"]} == {"analyze": 3, "geo": 3, "timeserie": 2}
    assert get.json(f"{V21}/datasets", refine="features:timeserie")["total_count"] == 2


@pytest.mark.parametrize("name", ods_catalogue.FORMATS)
def test_the_catalogue_is_exported_in_every_format(get: Client, name: str) -> None:
    body = get.file(f"{V21}/exports/{name}")
    if name in ("dcat", "rdf", "dublin_core", "rss"):
        etree.fromstring(body)
    elif name in ("json", "data.json"):
        json.loads(body)
    elif name == "csv":
        assert body.startswith(b"\xef\xbb\xbfdataset_id;")
    assert len(body) > 300
    assert name in {link["rel"] for link in get.json(f"{V21}/exports")["links"]}


# --- Exports --------------------------------------------------------------------------------------


def test_csv_is_that_of_the_original_and_runs_in_no_spreadsheet(get: Client, town: Any) -> None:
    body = get.file(f"{TREES}/exports/csv")
    assert body.startswith(b"\xef\xbb\xbf")
    lines = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert len(lines) == len(town.rows)
    assert lines[0]["geo_point_2d"] == "48.0, 2.0"
    assert {line["essence"] for line in lines} >= {"'=SOMME(A1)"}
    other = get.file(
        f"{TREES}/exports/csv", delimiter=",", with_bom="false", use_labels="true", quote_all="true", limit=1
    )
    assert other.startswith(b'"Geo Point","Code","Essence"')
    old = get.file("/api/explore/v2.0/catalog/datasets/jeu-aaaaaaaaaaaa/exports/csv", limit=1)
    assert old.startswith(b"geo_point_2d;")
    assert get.json(f"{TREES}/exports/csv", 400, delimiter="#")["error_code"] == "InvalidRESTParameterError"
    squeezed = get.file(f"{TREES}/exports/csv", compressed="true")
    assert gzip.decompress(squeezed) == body


MORE = {
    "ods": b"PK\3\4",
    "gpkg": b"SQLite format 3",
    "arrow": b"ARROW1",
    "sqlite": b"SQLite format 3",
    "duckdb": b"DUCK",
}


@pytest.mark.parametrize("name", MORE)
@pytest.mark.parametrize("dataset", [TREES, PARCELS])
def test_formats_that_the_original_has_not_are_given_too(get: Client, dataset: str, name: str) -> None:
    assert MORE[name] in get.file(f"{dataset}/exports/{name}", limit=3)[:40]
    assert name in {link["rel"] for link in get.json(f"{dataset}/exports")["links"]}


@pytest.mark.parametrize("dataset", [TREES, PARCELS])
def test_a_tile_holds_every_place(get: Client, dataset: str) -> None:
    body = get.file(f"{dataset}/exports/mvt")
    fewer = get.file(f"{dataset}/exports/mvt", where="annee > 2000" if dataset == TREES else "surface > 3")
    assert 0 < len(fewer) < len(body)
    assert get.json(f"{TREES}/exports/ical", 400)["error_code"] == "InvalidRESTParameterError"


@pytest.mark.parametrize("name", [n for n in ods_records.FORMATS if n not in ("csv", "xlsx", "ical", *MORE)])
@pytest.mark.parametrize("dataset", [TREES, PARCELS])
def test_every_format_is_what_its_name_says(get: Client, dataset: str, name: str, tmp_path: Any) -> None:
    body = get.file(f"{dataset}/exports/{name}")
    count = 500 if dataset == TREES else 22
    placed = 490 if dataset == TREES else 21
    if name in ("json", "jsonl"):
        rows = json.loads(body) if name == "json" else [json.loads(line) for line in body.splitlines()]
        assert len(rows) == count
        assert rows[:10] == get.rows(dataset)
    elif name == "geojson":
        features = json.loads(body)["features"]
        assert len(features) == count
        assert sum(f["geometry"] is not None for f in features) == (455 if dataset == TREES else placed) or placed
    elif name in ("kml", "gpx", "rdfxml"):
        root = etree.fromstring(body)
        assert len(root) > 0
    elif name == "jsonld":
        assert len(json.loads(body)["@graph"]) == count
    elif name == "parquet":
        import pyarrow.parquet as pq

        assert pq.read_table(io.BytesIO(body)).num_rows == count
    elif name in ("fgb", "shp"):
        import pyogrio

        path = tmp_path / f"x.{'zip' if name == 'shp' else 'fgb'}"
        path.write_bytes(body)
        if name == "shp":
            names = [n for n in zipfile.ZipFile(path).namelist() if n.endswith(".shp")]
            read = sum(pyogrio.read_info(f"/vsizip/{path}/{n}")["features"] for n in names)
            assert 0 < read <= count
        else:
            assert pyogrio.read_info(path)["features"] == count
    elif name in ("turtle", "n3"):
        assert body.count(b" .\n") == count + 1
    else:
        assert name == "ov2"
        assert body[:1] == b"\x02"
    assert name in {link["rel"] for link in get.json(f"{dataset}/exports")["links"]}


def test_exports_filter_sort_group_cut_and_project(get: Client) -> None:
    rows = json.loads(
        get.file(f"{TREES}/exports/json", where="annee > 1950", order_by="-annee", limit=5, select="annee")
    )
    assert [r["annee"] for r in rows] == sorted((r["annee"] for r in rows), reverse=True)
    assert len(rows) == 5
    groups = json.loads(get.file(f"{TREES}/exports/json", select="count(*) as n", group_by="essence"))
    assert groups == get.rows(select="count(*) as n", group_by="essence")
    moved = json.loads(get.file(f"{PARCELS}/exports/geojson", epsg=2154, limit=1))
    assert moved["features"][0]["geometry"]["coordinates"][0][0][0] > 100_000
    assert get.json(f"{TREES}/exports/inconnu", 400)["error_code"] == "InvalidRESTParameterError"
    assert get.json(f"{TREES}/exports/csv", 400, where="x =")["error_code"] == "ODSQLError"


# --- Versions 2.0, caches, hostile ----------------------------------------------------------------


def test_version_2_0_has_its_own_shapes(get: Client) -> None:
    base = "/api/explore/v2.0/catalog/datasets/jeu-aaaaaaaaaaaa"
    told = get.json(f"{base}/records", limit=1)
    record = told["records"][0]["record"]
    assert set(record) == {"id", "timestamp", "size", "fields"}
    assert record["fields"]["code"] == "00000"
    assert get.json(f"{base}/records/{record['id']}")["record"] == record
    groups = get.json(f"{base}/aggregates", select="count(*) as n", group_by="essence")
    assert {g["n"] for g in groups["aggregations"]} == {45, 75, 76} or groups["aggregations"]
    listed = get.json("/api/explore/v2.0/catalog/datasets")
    assert listed["datasets"][0]["dataset"]["dataset_id"] == "jeu-aaaaaaaaaaaa"
    assert get.json(base)["dataset"]["fields"]
    assert get.json("/api/v2/catalog/datasets")["total_count"] == 3


def test_a_repeated_question_is_kept_but_for_one_that_depends_on_the_hour(town: Any, pool: Any) -> None:
    cache = Cache()
    get = Client(town, pool, cache)
    first = get(f"{TREES}/records", where="annee > 1950")
    assert first.cacheable
    assert get(f"{TREES}/records", where="annee > 1950").body == first.body
    assert cache.hits == 1
    assert get(f"{TREES}/records", headers={"if-none-match": first.headers["etag"]}, where="annee > 1950").status == 304
    timed = get(f"{TREES}/records", where="plante_le < now(years=-10)")
    assert not timed.cacheable
    assert "etag" not in timed.headers


def test_a_key_in_the_address_changes_nothing(get: Client) -> None:
    assert get.rows(apikey="x", limit=1) == get.rows(limit=1)


def test_a_browser_of_any_site_may_ask(get: Client) -> None:
    assert get(f"{TREES}/records").headers["access-control-allow-origin"] == "*"
    preflight = get(f"{TREES}/records", "OPTIONS")
    assert preflight.status == 204
    assert "Authorization" in preflight.headers["access-control-allow-headers"]


def test_a_withdrawn_dataset_is_gone_with_its_reason(tmp_path: Any, making: Any) -> None:
    folder = Folder(tmp_path / "data")
    version = making.put(
        folder, making.protected(tmp_path / "t.parquet", making.TREES, making.trees(20)), "dddddddddddd"
    )
    shelf.withdraw(folder, "dddddddddddd", "Une colonne de trop", making.NOW, version.id)

    class Gone(Slugs):
        pass

    pool = Pool(folder, workers=1)
    try:
        get = Client(type("T", (), {"catalogue": making.Catalogue(folder)}), pool)
        told = get.json(f"{V21}/datasets/jeu-dddddddddddd/records", 410)
        assert told["error_code"] == "GoneResource"
        assert "Une colonne de trop" in told["message"]
    finally:
        pool.close()


def test_too_many_questions_are_told_when_to_come_back() -> None:
    response = fault(BusyError("Trop de questions.", retry_after=2))
    assert (response.status, response.headers["retry-after"]) == (503, "2")


HOSTILE = [
    "'; DROP TABLE t; --", "read_csv('/etc/passwd')", "1=1) UNION SELECT * FROM duckdb_settings() --", "\x00", "((((((", "'",
    '"', "`", "`essence`; SELECT 1", "getenv('HOME')", "essence = (select 1)", "pragma_version()", "a" * 20_000,
    "essence in (" + ",".join("'x'" for _ in range(5000)) + ")", "(" * 5000 + "1" + ")" * 5000, "not " * 5000 + "remarquable",
    "essence like '" + "%" * 2000 + "'", "1" + "+1" * 5000 + " > 0", "geom'POINT(1e999 2)'", "date'9999999-99-99'",
    "now(years=999999999)", "within_distance(geo_point_2d, geom'POINT(2 48)', 1parsec)", "hauteur > 1e400",
    "intersects(geo_point_2d, geom'POLYGON((0 0,1 1,0 0))')", "essence = '{source}'", "`{row}` = 1", "count(*) > 1",
    "essence = geom'POINT(1 2)'", "geo_point_2d = 1", "hauteur/0 > 1", "search(essence, '" + "mot " * 2000 + "')", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("clause", ["where", "select", "group_by", "order_by", "refine", "facet"])
def test_a_hostile_clause_gets_rows_or_a_clean_fault(get: Client, clause: str, text: str) -> None:
    path = f"{TREES}/facets" if clause == "facet" else f"{TREES}/records"
    asked: dict[str, Any] = {clause: text}
    response = get(path, **asked)
    assert response.status in (200, 400), response.body
    assert isinstance(response.body, bytes)
    told = json.loads(response.body)
    if response.status == 400:
        assert set(told) == {"error_code", "message"}
        assert "/tmp" not in told["message"]
        assert "parquet" not in told["message"]


def test_addresses_are_written_with_care(get: Client) -> None:
    query = urlencode({"where": "essence like '%chêne%'", "limit": "1"})
    assert get.json(f"{TREES}/records?{query}")["total_count"] == 76
    assert get.json(f"{V21}/datasets/{quote('../../etc/passwd', safe='')}", 404)


def test_a_cluster_of_the_map_is_told_by_its_middle(get: Client, town: Any) -> None:
    grouped = f"{TREES}/records?select=count(*) as n&group_by=geo_cluster(geo_point_2d, 10) as tas&limit=100"
    rows = get.json(grouped)["results"]
    placed = [r for r in town.rows if None not in (r["longitude"], r["latitude"])]
    assert sum(r["n"] for r in rows if r["tas"]) == len(placed)
    for row in (r for r in rows if r["tas"]):
        assert set(row["tas"]) == {"cluster_centroid"} and set(row["tas"]["cluster_centroid"]) == {"lat", "lon"}
        assert 48 <= row["tas"]["cluster_centroid"]["lat"] <= 48.2
    bare = get.json(f"{TREES}/records?select=count(*)&group_by=GEO_CLUSTER(geo_point_2d,10)&limit=100")["results"]
    assert "cluster_centroid" in str(bare)


def test_the_papers_of_a_dataset_are_its_attachments(get: Client, town: Any) -> None:
    found = get.json(f"{TREES}/attachments")["attachments"]
    assert [a["metas"]["mime-type"] for a in found] == ["application/json"]
    assert found[0]["href"] == f"{BASE}/dataset/aaaaaaaaaaaa/datapackage.json"
    told = get.json(TREES)["attachments"]
    assert [(a["id"], a["url"]) for a in told] == [("datapackage.json", found[0]["href"])]
    sheet = town.folder.proof(town.trees.id)
    sheet.write_text("{}")
    try:
        proved = get.json(f"{TREES}/attachments")["attachments"]
        assert [a["href"].rpartition("/")[2] for a in proved] == ["datapackage.json", "preuve.pdf", "preuve.json"]
        assert get.json("/api/v2/catalog/datasets/jeu-aaaaaaaaaaaa/attachments") == {"links": [], "attachments": proved}
    finally:
        sheet.unlink()
    get.json(f"{V21}/datasets/inconnu/attachments", 404)

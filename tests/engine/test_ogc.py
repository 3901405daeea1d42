"""OGC API Features as its clients speak it, over the same shelf as every dialect."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pyproj
import pytest

from parvis.dialects import ogc, ogc_crs, ogc_request
from parvis.store.cache import Cache
from parvis.web import Request, Response, Site

BASE = "https://donnees.fontclaire.fr"
TREES, PARCELS, LONG = (f"/ogc/collections/{name * 12}" for name in "abc")
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


class Client:
    def __init__(self, town: Any, pool: Any, cache: Cache | None = None) -> None:
        self.town, self.pool, self.cache = town, pool, cache

    def __call__(self, url: str, method: str = "GET", **headers: str) -> Response:
        parts = urlsplit(url.removeprefix(BASE))
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        names = {n.replace("_", "-"): v for n, v in headers.items()}
        request = Request(method, parts.path, query, names, base=BASE)
        return ogc.answer(request, self.town.catalogue, self.pool, Site("Fontclaire"), self.cache)

    def json(self, url: str, status: int = 200) -> Any:
        response = self(url)
        assert isinstance(response.body, bytes)
        assert response.status == status, response.body[:400]
        assert response.headers["access-control-allow-origin"] == "*"
        told = json.loads(response.body)
        if status >= 400:
            assert set(told) == {"code", "description"} and told["description"]
        return told

    def codes(self, query: str) -> list[str]:
        told = self.json(f"{TREES}/items?limit=1000&{query}")
        return [f["properties"]["code"] for f in told["features"]]


@pytest.fixture
def get(town: Any, pool: Any) -> Client:
    return Client(town, pool)


# --- The whole ------------------------------------------------------------------------------------


def test_the_landing_page_leads_to_all_the_rest(get: Client) -> None:
    told = get.json("/ogc")
    rels = {one["rel"] for one in told["links"]}
    assert {"self", "service-desc", "service-doc", "conformance", "data"} <= rels
    for one in told["links"]:
        if one["href"].startswith(f"{BASE}/ogc"):
            assert get(one["href"]).status == 200
    classes = get.json("/ogc/conformance")["conformsTo"]
    assert ogc_request.STANDARD in classes
    assert "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs" in classes


def test_a_collection_is_a_dataset_with_places(get: Client) -> None:
    told = get.json("/ogc/collections")
    assert [c["id"] for c in told["collections"]] == ["a" * 12, "b" * 12, "c" * 12]
    trees = get.json(TREES)
    assert trees["itemType"] == "feature" and trees["title"] == "Arbres d'alignement"
    assert trees["crs"][0] == ogc_crs.uri(84) and f"{EPSG}2154" in trees["crs"] and f"{EPSG}3948" in trees["crs"]
    assert trees["storageCrs"] == ogc_crs.uri(84)
    assert get.json(PARCELS)["extent"]["spatial"]["bbox"] == [[0, 40, 20, 60]]
    for one in trees["links"]:
        if one["href"].startswith(f"{BASE}/ogc"):
            assert get(one["href"]).status == 200, one


def test_queryables_name_every_column_and_the_place(get: Client) -> None:
    told = get.json(f"{TREES}/queryables")
    assert told["additionalProperties"] is False
    assert told["properties"]["geometry"]["format"] == "geometry-point"
    assert told["properties"]["annee"] == {"title": "Annee", "type": "integer"}
    assert told["properties"]["plante_le"]["format"] == "date"
    assert get.json(f"{PARCELS}/queryables")["properties"]["geometry"]["format"] == "geometry-any"
    assert "geometry" not in get.json(f"{PARCELS}/items")["features"][0]["properties"]


def test_the_description_is_an_openapi_whose_paths_answer(get: Client) -> None:
    response = get("/ogc/api")
    assert response.media_type.startswith("application/vnd.oai.openapi+json")
    assert isinstance(response.body, bytes)
    told = json.loads(response.body)
    assert told["openapi"].startswith("3.0")
    names = {
        "collectionId": "a" * 12, "featureId": "1", "tileMatrixSetId": "WebMercatorQuad", "tileMatrix": "3", "tileRow": "2",
        "tileCol": "4",
    }  # fmt: skip
    for path in told["paths"]:
        for name, value in names.items():
            path = path.replace(f"{{{name}}}", value)  # noqa: PLW2901
        assert get(f"/ogc{path}".rstrip("/")).status in (200, 204), path
    for name in ("#/components/parameters/bbox", "#/components/schemas/exception"):
        assert name.split("/")[-1] in json.dumps(told["components"])


# --- Features -------------------------------------------------------------------------------------


def test_a_page_of_features_says_how_many_there_are_and_leads_on(get: Client, town: Any) -> None:
    told = get.json(f"{TREES}/items")
    assert told["type"] == "FeatureCollection" and told["numberMatched"] == 500 and told["numberReturned"] == 10
    first = told["features"][0]
    assert first["id"] == 1 and first["properties"]["code"] == "00000"
    assert told["timeStamp"].endswith("Z")
    seen, url = [], f"{BASE}{TREES}/items?limit=123"
    while url:
        page = get.json(url)
        seen += [f["id"] for f in page["features"]]
        url = next((one["href"] for one in page["links"] if one["rel"] == "next"), "")
    assert seen == list(range(1, 501))
    back = get.json(f"{TREES}/items?limit=100&offset=50")
    prev = next(one["href"] for one in back["links"] if one["rel"] == "prev")
    assert get.json(prev)["features"][0]["id"] == 1


def test_a_long_page_goes_beyond_what_one_question_gives(get: Client) -> None:
    told = get.json(f"{LONG}/items?limit=2500&offset=100")
    assert [f["id"] for f in told["features"]] == list(range(101, 2601))
    assert told["numberMatched"] == 25_000
    assert get.json(f"{LONG}/items?limit=99999999")["numberReturned"] == 10_000
    last = get.json(f"{LONG}/items?limit=10&offset=24995")
    assert last["numberReturned"] == 5 and not [one for one in last["links"] if one["rel"] == "next"]


def test_a_sorted_long_page_keeps_its_order(get: Client) -> None:
    told = get.json(f"{LONG}/items?limit=3000&sortby=-hauteur,code")
    held = [f["properties"]["hauteur"] for f in told["features"]]
    filled = [h for h in held if h is not None]
    assert len(held) == 3000 and filled == sorted(filled, reverse=True)
    assert len({f["id"] for f in told["features"]}) == 3000


def test_one_feature_is_asked_by_its_number(get: Client, town: Any) -> None:
    told = get.json(f"{TREES}/items/31")
    row = town.rows[30]
    assert told["id"] == 31 and told["properties"]["code"] == row["code"]
    for wrong in ("0", "501", "-1", "1.5", "abc", "1'--", "9" * 40, "²"):
        get.json(f"{TREES}/items/{quote(wrong, safe='')}", 404)


def test_a_row_without_coordinates_has_no_geometry(get: Client, town: Any) -> None:
    told = get.json(f"{TREES}/items?limit=500")
    for feature, row in zip(told["features"], town.rows, strict=True):
        whole = row["longitude"] is not None and row["latitude"] is not None
        assert feature["geometry"] == (
            {"type": "Point", "coordinates": [row["longitude"], row["latitude"]]} if whole else None
        )


def test_properties_are_filters(get: Client, town: Any) -> None:
    assert get.codes("annee=1950") == [r["code"] for r in town.rows if r["annee"] == 1950]
    wanted = [r["code"] for r in town.rows if r["essence"] == "CHARME" and r["remarquable"] is True]
    assert get.codes("essence=CHARME&remarquable=true") == wanted


def test_a_box_holds_what_lies_in_it(get: Client, town: Any) -> None:
    def inside(row: Any) -> bool:
        x, y = row["longitude"], row["latitude"]
        return x is not None and y is not None and 2.05 <= x <= 2.1 and 48.05 <= y <= 48.1

    wanted = [r["code"] for r in town.rows if inside(r)]
    assert wanted and get.codes("bbox=2.05,48.05,2.1,48.1") == wanted
    assert get.codes("bbox=2.05,48.05,-100,2.1,48.1,900") == wanted
    assert get.codes(f"bbox=48.05,2.05,48.1,2.1&bbox-crs={EPSG}4326") == wanted
    move = pyproj.Transformer.from_crs(4326, 3857, always_xy=True).transform
    sides = [*move(2.0499, 48.0499), *move(2.1001, 48.1001)]
    assert get.codes(f"bbox={','.join(map(str, sides))}&bbox-crs={EPSG}3857") == wanted
    assert get.codes("bbox=-180,-90,180,90") == [
        r["code"] for r in town.rows if None not in (r["longitude"], r["latitude"])
    ]


def test_a_box_of_lambert_is_square_on_its_own_map(get: Client, town: Any) -> None:
    for code in (2154, *range(3942, 3951)):
        move = pyproj.Transformer.from_crs(4326, code, always_xy=True).transform
        x, y = move(2.1, 48.1)
        sides = (x - 3000, y - 2000, x + 3000, y + 2000)
        wanted = []
        for row in town.rows:
            if None in (row["longitude"], row["latitude"]):
                continue
            there = move(row["longitude"], row["latitude"])
            if sides[0] <= there[0] <= sides[2] and sides[1] <= there[1] <= sides[3]:
                wanted.append(row["code"])
        assert wanted and get.codes(f"bbox={','.join(map(str, sides))}&bbox-crs={EPSG}{code}") == wanted


def test_a_shape_meets_a_box_by_itself_and_not_by_its_own_box(get: Client) -> None:
    told = get.json(f"{PARCELS}/items?bbox=3.2,43.2,3.3,43.3")
    assert [f["properties"]["parcelle"] for f in told["features"]] == ["P3"]
    assert get.json(f"{PARCELS}/items?bbox=3.6,43.6,3.9,43.9")["numberMatched"] == 0


@pytest.mark.parametrize(
    ("said", "low", "high"),
    [
        ("2010-01-01/2012-12-31", "2010-01-01", "2012-12-31"),
        ("2020-01-01/..", "2020-01-01", "9999"),
        ("../2002-01-01", "0", "2002-01-01"),
        ("2020-01-01T00:00:00Z/", "2020-01-01", "9999"),
        ("2000-02-07", "2000-02-07", "2000-02-07"),
        ("2000-02-07T10:00:00Z", "2000-02-07", "2000-02-07"),
    ],
)
def test_a_time_or_an_interval_is_asked_of_the_first_date(
    get: Client, town: Any, said: str, low: str, high: str
) -> None:
    wanted = [r["code"] for r in town.rows if r["plante_le"] and low <= r["plante_le"].isoformat() <= high]
    assert wanted and get.codes(f"datetime={said}") == wanted


def test_a_collection_without_time_ignores_it(get: Client) -> None:
    assert get.json(f"{PARCELS}/items?datetime=2020-01-01/..")["numberMatched"] == 22


def test_filters_speak_cql2(get: Client, town: Any) -> None:
    wanted = [r["code"] for r in town.rows if r["annee"] is not None and r["annee"] > 2020 and r["essence"] == "CHARME"]
    text = quote("annee > 2020 AND essence = 'CHARME'")
    assert wanted and get.codes(f"filter={text}") == wanted
    tree = {"op": "and", "args": [
        {"op": ">", "args": [{"property": "annee"}, 2020]}, {"op": "=", "args": [{"property": "essence"}, "CHARME"]},
    ]}  # fmt: skip
    assert get.codes(f"filter-lang=cql2-json&filter={quote(json.dumps(tree))}") == wanted
    there = pyproj.Transformer.from_crs(4326, 2154, always_xy=True).transform(2.1, 48.1)
    box = quote(f"S_INTERSECTS(geometry, BBOX({there[0] - 900},{there[1] - 900},{there[0] + 900},{there[1] + 900}))")
    assert len(get.codes(f"filter={box}&filter-crs={EPSG}2154")) == 5 or get.codes(
        f"filter={box}&filter-crs={EPSG}2154"
    )


@pytest.mark.parametrize("code", [4326, 2154, 3857, *range(3942, 3951)])
def test_features_come_in_the_system_asked_for_with_its_own_axes(get: Client, code: int) -> None:
    plain = get.json(f"{PARCELS}/items?limit=5")["features"]
    response = get(f"{PARCELS}/items?limit=5&crs={EPSG}{code}")
    assert response.headers["content-crs"] == f"<{EPSG}{code}>"
    assert isinstance(response.body, bytes)
    moved = json.loads(response.body)["features"]
    axes = pyproj.Transformer.from_crs("OGC:CRS84", f"EPSG:{code}", always_xy=False)
    for one, other in zip(plain, moved, strict=True):
        for place, there in zip(one["geometry"]["coordinates"][0], other["geometry"]["coordinates"][0], strict=True):
            assert there == pytest.approx(axes.transform(*place), abs=0.001)


def test_the_first_system_is_longitude_then_latitude(get: Client) -> None:
    assert get(f"{TREES}/items").headers["content-crs"] == f"<{ogc_crs.uri(84)}>"
    assert get(f"{TREES}/items/2?crs={ogc_crs.uri(84)}").headers["content-crs"] == f"<{ogc_crs.uri(84)}>"


def test_only_the_columns_asked_for_come(get: Client) -> None:
    told = get.json(f"{TREES}/items?limit=1&properties=code,annee&skipGeometry=true")["features"][0]
    assert set(told["properties"]) == {"code", "annee"} and told["geometry"] is None


# --- What is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "inconnu=1", "limit=0", "limit=-1", "limit=dix", "limit=1.5", "limit=", "offset=-1", "bbox=1,2,3", "bbox=a,b,c,d",
        "bbox=nan,nan,nan,nan", "bbox=1,2,3,inf", "bbox=1e999,2,3,4", "bbox=2,50,3,40", "bbox=-200,0,10,10", "bbox=1,2,3,4,5",
        "bbox=0,0,1,1&bbox-crs=EPSG:27572", "bbox-crs=n'importe", "crs=EPSG:999999", f"crs={EPSG}2154'--", "crs=ftp://x",
        "datetime=hier", "datetime=2020-13-01", "datetime=2021-01-01/2020-01-01", "datetime=/", "datetime=2020-01-01/x",
        "sortby=inconnu", "sortby=code,code", "sortby=geometry", "properties=inconnu", "filter=annee", "filter=annee%20==%201",
        "filter-lang=sql&filter=1", "filter-lang=sql", "filter=true&filter-crs=moi", "annee=beau", "plante_le=hier", "f=gml",
        "annee=1&annee=2", "geometry=1", "limit=1&limit=2", 'code"%20OR%201=1=x',
        "filter=" + "(" * 400 + "true" + ")" * 400,
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_fault_of_the_asker(get: Client, query: str) -> None:
    get.json(f"{TREES}/items?{query}", 400)


@pytest.mark.parametrize("query", ["x=1", "f=xml"])
@pytest.mark.parametrize(
    "path", ["/ogc", "/ogc/conformance", "/ogc/collections", TREES, f"{TREES}/queryables", "/ogc/api"]
)
def test_an_unknown_parameter_is_refused_everywhere(get: Client, path: str, query: str) -> None:
    get.json(f"{path}?{query}", 400)


@pytest.mark.parametrize(
    "path",
    ["/ogc/x", "/ogc/collections/zzzzzzzzzzzz", "/ogc/collections/../x", "/ogc/collections/zzzz/items", f"{TREES}/items/1/2",
     "/ogc/tileMatrixSets/Autre", f"{TREES}/tiles/Autre", f"{TREES}/tiles/Autre/1/1/1"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(get: Client, path: str) -> None:
    get.json(path, 404)


def test_only_reading_is_allowed(get: Client) -> None:
    assert get(f"{TREES}/items", "POST").status == 405
    options = get(f"{TREES}/items", "OPTIONS")
    assert options.status == 204 and "GET" in options.headers["access-control-allow-methods"]
    head = get(f"{TREES}/items", "HEAD")
    assert head.status == 200 and head.body == b"" and int(head.headers["content-length"]) > 100


def test_a_reader_of_pages_is_led_to_the_page(get: Client) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    for path in (TREES, f"{TREES}/items", f"{TREES}/items/3"):
        led = get(path, accept=browser)
        assert led.status == 303 and led.headers["location"] == f"{BASE}/donnees/jeu-{'a' * 12}/"
        assert get(path, accept="application/geo+json, */*;q=0.1").status == 200
        assert get(f"{path}?f=html").status == 303
        assert get(f"{path}?f=json", accept=browser).status == 200


def test_an_answer_is_kept_and_told_again_by_its_name(town: Any, pool: Any) -> None:
    cache = Cache()
    get = Client(town, pool, cache)
    first = get(f"{TREES}/items?limit=3")
    assert get(f"{TREES}/items?limit=3").body == first.body and cache.hits == 1
    assert get(f"{TREES}/items?limit=3", if_none_match=first.headers["etag"]).status == 304


def test_an_old_version_is_still_asked_for_by_its_number(get: Client, town: Any) -> None:
    told = get.json(f"{TREES}/items?version={town.trees.id}&limit=1")
    assert told["numberMatched"] == 500
    assert "version=" in next(one["href"] for one in told["links"] if one["rel"] == "next")
    get.json(f"{TREES}/items?version=99", 404)


def test_collections_are_chosen_by_their_extent(get: Client, town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    west, south, east, north = box = (2.0, 48.0, 2.25, 48.2)
    monkeypatch.setattr(ogc, "extent", lambda version: box if version.id == town.trees.id else (40.0, 10.0, 41.0, 11.0))
    monkeypatch.setattr(ogc, "_times", lambda version, column: ["1950-01-01", None])

    def chosen(query: str) -> list[str]:
        return [c["id"][0] for c in get.json(f"/ogc/collections?{query}")["collections"]]

    assert "a" in chosen(f"bbox={west},{south},{east},{north}")
    assert chosen("bbox=-60,-60,-50,-50") == []
    assert "a" in chosen(f"bbox=170,{south},{east},{north}")  # across the line of dates
    assert chosen(f"bbox={west},{south},{east},{north}&limit=1") == ["a"]
    assert "a" in chosen("datetime=2001-01-01/..") and "a" not in chosen("datetime=../1900-01-01")
    for wrong in ("bbox=1,2", "bbox=a,b,c,d", "bbox=1,2,3,1", "datetime=hier"):
        get.json(f"/ogc/collections?{wrong}", 400)


def test_functions_are_listed_and_answer_in_filters(get: Client, town: Any) -> None:
    listed = get.json("/ogc/functions")["functions"]
    assert {"year", "lower", "length"} <= {f["name"] for f in listed}
    for function in listed:
        column = "essence" if function["name"] in ("lower", "upper", "length") else "releve"
        wanted = "'x'" if function["returns"] == ["string"] else "1"
        get.json(f"{TREES}/items?limit=1&filter={function['name']}({column})={wanted}")
    told = get.json(f"{TREES}/items?limit=1&filter=year(plante_le)=2001 AND lower(essence)='charme'")
    assert told["numberMatched"] == sum(
        r["plante_le"] is not None and r["plante_le"].year == 2001 and (r["essence"] or "").lower() == "charme"
        for r in town.rows
    )
    for refused in ("a_contains(essence,('x'))", "nothing(essence)=1", "year(essence,1)=1", "year(essence)=1"):
        assert get.json(f"{TREES}/items?filter={refused}", 400)["code"]
